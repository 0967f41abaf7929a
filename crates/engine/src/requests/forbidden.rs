//! Answers of 403: one customer is refused, or the key or the address may do nothing any more.
//!
//! Owner of that judgement, for everything that is sent; each kind of request has a series of its own. A 403 counts as the refusal
//! of its customer once a request of the same kind that left after it was answered is read by Bakkt. Until then it is held here,
//! and in the journal its task is open: whoever runs the same command later goes on with it. An answer to a request that left
//! before says nothing: the key may have been revoked since.
//! Left out on purpose: what several of them end, and what is asked when nothing is left that could confirm; before the first
//! success another word is said of a 403 (`judge::forbidden`), as soon as nothing else is on its way.

use std::collections::{HashMap, HashSet};

use bakkt_model::task::Refusal;

/// So many customers who are forbidden, with nothing of the kind succeeding between them, are not meant themselves.
const SEVERAL: usize = 5;

/// Answers of refusals that Bakkt's application gives, and a gateway in front of it does not.
const READ_BY_BAKKT: [&str; 4] = ["400", "404", "409", "422"];

/// Whether the answer of a refusal says that Bakkt read the request.
pub(crate) fn is_read_by_bakkt(answer: &str) -> bool {
    READ_BY_BAKKT.contains(&answer)
}

/// A refusal that nothing has confirmed yet.
#[derive(Debug)]
pub(crate) struct HeldRefusal<T> {
    pub(crate) task: T,
    id: i64,
    client_id: String,
    pub(crate) answer: String,
    pub(crate) refusal: Refusal,
    /// Requests that had left when it was answered.
    since: u64,
}

/// The 403s of one kind of request that may be about more than their customers.
#[derive(Debug)]
pub(crate) struct ForbiddenSeries<T> {
    /// Requests so far.
    requests: u64,
    /// The number of each request that is on its way, by its task.
    on_way: HashMap<i64, u64>,
    held: Vec<HeldRefusal<T>>,
    /// Tasks that were sent once more because nothing was left that could confirm.
    repeated: HashSet<i64>,
}

impl<T> Default for ForbiddenSeries<T> {
    fn default() -> ForbiddenSeries<T> {
        ForbiddenSeries {
            requests: 0,
            on_way: HashMap::new(),
            held: Vec::new(),
            repeated: HashSet::new(),
        }
    }
}

impl<T> ForbiddenSeries<T> {
    /// A task is about to be sent.
    pub(crate) fn leaves(&mut self, task: i64) {
        self.on_way.insert(task, self.requests);
        self.requests += 1;
    }

    /// A task was answered, or not sent after all; the number of its request.
    pub(crate) fn ends(&mut self, task: i64) -> Option<u64> {
        self.on_way.remove(&task)
    }

    /// Whether no request is on its way.
    pub(crate) fn is_nothing_on_way(&self) -> bool {
        self.on_way.is_empty()
    }

    /// Holds a refusal until something confirms it.
    pub(crate) fn hold(&mut self, task: T, id: i64, client_id: &str, answer: &str, why: Refusal) {
        self.held.push(HeldRefusal {
            task,
            id,
            client_id: client_id.to_owned(),
            answer: answer.to_owned(),
            refusal: why,
            since: self.requests,
        });
    }

    /// Bakkt read the request with this number: takes out what that confirms.
    pub(crate) fn confirmed_by(&mut self, number: Option<u64>) -> Vec<HeldRefusal<T>> {
        let is_after = |held: &HeldRefusal<T>| number.is_some_and(|number| number >= held.since);
        let (confirmed, held) = self.held.drain(..).partition(is_after);
        self.held = held;
        confirmed
    }

    /// How many customers are held.
    fn customers(&self) -> usize {
        let ids: HashSet<&str> = self.held.iter().map(|held| &*held.client_id).collect();
        ids.len()
    }

    /// The same in words.
    pub(crate) fn customers_in_words(&self) -> String {
        match self.customers() {
            1 => "one customer".to_owned(),
            count => format!("{count} customers"),
        }
    }

    /// Whether one of a customer's is held.
    pub(crate) fn holds(&self, client_id: &str) -> bool {
        self.held.iter().any(|held| held.client_id == client_id)
    }

    /// Whether so many are held that it is about the key, the address or the agreement.
    pub(crate) fn is_about_all(&self) -> bool {
        self.customers() >= SEVERAL
    }

    /// The task that was forbidden first.
    pub(crate) fn first(&self) -> Option<&T> {
        self.held.first().map(|held| &held.task)
    }

    /// Key and address are good: takes out those that leave once more; or, where all of them did, those that are refusals.
    pub(crate) fn judged(&mut self) -> (Vec<T>, Vec<HeldRefusal<T>>) {
        let again = self.take_for_repeating();
        let refused = match again.is_empty() {
            true => self.take(),
            false => Vec::new(),
        };
        (again, refused)
    }

    /// Takes out those that were not sent once more; they are to be.
    fn take_for_repeating(&mut self) -> Vec<T> {
        let is_new = |held: &HeldRefusal<T>| !self.repeated.contains(&held.id);
        let (new, repeated): (Vec<_>, Vec<_>) = self.held.drain(..).partition(is_new);
        self.held = repeated;
        self.repeated.extend(new.iter().map(|held| held.id));
        new.into_iter().map(|held| held.task).collect()
    }

    /// Takes out all that are held.
    pub(crate) fn take(&mut self) -> Vec<HeldRefusal<T>> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbid(series: &mut ForbiddenSeries<i64>, task: i64) {
        let client_id = format!("A-{task}");
        series.hold(task, task, &client_id, "403", Refusal::default());
    }

    fn tasks(held: Vec<HeldRefusal<i64>>) -> Vec<i64> {
        held.into_iter().map(|held| held.task).collect()
    }

    #[test]
    fn only_what_left_after_an_answer_confirms_it() {
        let mut series = ForbiddenSeries::default();
        for task in [1, 2, 3] {
            series.leaves(task);
        }
        series.ends(1);
        forbid(&mut series, 1);
        series.leaves(4);
        series.ends(2);
        forbid(&mut series, 2);
        let left_before = series.ends(3);
        assert!(series.confirmed_by(left_before).is_empty());
        let left_between = series.ends(4);
        assert_eq!(tasks(series.confirmed_by(left_between)), [1]);
        assert!(series.confirmed_by(None).is_empty());
        series.leaves(5);
        let left_after = series.ends(5);
        assert_eq!(tasks(series.confirmed_by(left_after)), [2]);
    }

    #[test]
    fn customers_are_counted_and_sent_once_more_one_time_each() {
        let mut series = ForbiddenSeries::default();
        for task in 1..SEVERAL as i64 {
            forbid(&mut series, task);
        }
        series.hold(90, 90, "A-1", "403", Refusal::default());
        assert!(!series.is_about_all());
        assert_eq!(series.take_for_repeating(), [1, 2, 3, 4, 90]);
        for task in 1..=SEVERAL as i64 {
            forbid(&mut series, task);
        }
        assert!(series.is_about_all());
        assert_eq!(series.take_for_repeating(), [5]);
        assert_eq!(tasks(series.take()), [1, 2, 3, 4]);
        assert_eq!(series.first(), None);
    }
}
