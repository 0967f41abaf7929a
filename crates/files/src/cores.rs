//! One thing done for many items on several threads.
//!
//! Owner of [`for_each`]. Results come in the order of the items, whichever thread had them. Left out on purpose: streams whose
//! end is not known (`mapping::pipeline::scan`), and work with a resource of its own for each thread (`report`).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, available_parallelism};

/// How many threads work at once; 1 where the system does not say.
pub fn count() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Does `work` for each item, on at most so many threads, which take `share` items in turn and have a state each.
/// Fails with the error of the first item that has one; items behind it may be left out.
pub fn for_each<I: Sync, S, T: Send, E: Send>(
    items: &[I],
    (threads, share): (usize, usize),
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &I) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let share = share.max(1);
    let next = AtomicUsize::new(0);
    let take = || {
        let (mut state, mut done) = (state(), Vec::new());
        loop {
            let first = next.fetch_add(share, Ordering::Relaxed);
            let Some(rest) = items.get(first..).filter(|rest| !rest.is_empty()) else {
                return done;
            };
            let taken = rest.iter().take(share);
            let results: Result<Vec<T>, E> = taken.map(|item| work(&mut state, item)).collect();
            if results.is_err() {
                // What comes behind an error is not asked for.
                next.fetch_max(items.len(), Ordering::Relaxed);
            }
            done.push((first, results));
        }
    };
    let threads = threads.min(items.len().div_ceil(share));
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            // With fewer threads it takes longer, and that is all.
            .filter_map(|_| Builder::new().spawn_scoped(scope, take).ok())
            .collect();
        let mut done = take();
        for other in others {
            done.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        done
    });
    done.sort_unstable_by_key(|(first, _)| *first);
    let mut all = Vec::with_capacity(items.len());
    for (_, results) in done {
        all.extend(results?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(items: &[u32], odd: u32, share: usize) -> Result<Vec<u32>, u32> {
        let work = |_: &mut (), item: &u32| {
            if *item < odd {
                Ok(item * 2)
            } else {
                Err(*item)
            }
        };
        for_each(items, (4, share), || (), work)
    }

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for (count, share) in [(0, 16), (1, 16), (16, 16), (17, 16), (1000, 16), (1000, 1)] {
            let items: Vec<u32> = (0..count).collect();
            let wanted: Vec<u32> = items.iter().map(|item| item * 2).collect();
            assert_eq!(double(&items, count, share), Ok(wanted));
        }
    }

    #[test]
    fn the_first_error_is_told() {
        let items: Vec<u32> = (0..1000).collect();
        for odd in [0, 16, 500, 999] {
            assert_eq!(double(&items, odd, 16), Err(odd));
        }
    }
}
