//! How far a submission is, for the display of its progress.

use std::time::{Duration, Instant};

use bakkt_engine::submit::RunCounters;
use bakkt_files::progress::{Progress, span};
use bakkt_model::number::thousands;

/// How far a submission is. What rests in doubt is told with its time: no speed says anything about that.
pub fn so_far(counters: &RunCounters) -> Progress {
    let mut state = vec![format!("{} refused", thousands(counters.refused.get()))];
    let (in_doubt, now) = (counters.in_doubt.get(), Instant::now());
    let mut rests = Duration::ZERO;
    match counters.resting() {
        None => state.push(format!("{} in doubt", thousands(in_doubt))),
        Some(resting) => {
            rests = resting.last.saturating_duration_since(now);
            let first = span(resting.first.saturating_duration_since(now));
            let when = if resting.last > resting.first + Duration::from_secs(1) {
                format!(
                    "the first is asked about in {first}, the last in {}",
                    span(rests)
                )
            } else {
                format!("asked about in {first}")
            };
            let count = thousands(resting.count);
            state.push(format!(
                "{} in doubt, {count} at rest: {when}",
                thousands(in_doubt)
            ));
        }
    }
    state.push(format!(
        "{} waiting for the rate",
        thousands(counters.waiting.get())
    ));
    let held_back = counters.held_back();
    state.extend(Some(held_back).filter(|words| !words.is_empty()));
    Progress {
        done: counters.done(),
        total: counters.total.get(),
        detail: state.join(" · "),
        minimum_time: rests.max(counters.closed_for()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_engine::submit::counters::RestingTasks;

    #[test]
    fn what_rests_in_doubt_is_told_with_its_time() {
        let counters = RunCounters::default();
        counters.total.set(100);
        for _ in 0..98 {
            counters.accepted.up();
        }
        counters.in_doubt.set(2);
        let now = Instant::now();
        counters.rest(Some(RestingTasks {
            count: 2,
            first: now + Duration::from_millis(20_400),
            last: now + Duration::from_millis(54_400),
        }));
        let so = so_far(&counters);
        assert!(
            so.detail.contains(
                "2 in doubt, 2 at rest: the first is asked about in 20 s, the last in 54 s"
            ),
            "{}",
            so.detail
        );
        counters.rest(None);
        let so = so_far(&counters);
        assert!(so.detail.contains("2 in doubt ·"), "{}", so.detail);
    }
}
