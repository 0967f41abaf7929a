//! The receiver killed at random while events come in: none that it answered 200 is lost, and none counts twice.
//!
//! Owner of that proof. Fifty senders keep their connections and send again, with the same bytes, what was not
//! answered 200; some send again what was. The database is looked into after every kill, before the receiver is back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::events::receiver::{Receiver, Sender, body, database, events, folder, lines, state};
use crate::support::wait_for;

const EVENTS: usize = 10_000;
const SENDERS: usize = 50;
const ACCOUNTS: usize = 4_000;
const KILLS: u64 = 12;

struct Event {
    request: String,
    account: String,
    status: &'static str,
    reason: &'static str,
    body: String,
}

/// Several of one account, some of which contradict each other.
fn all() -> Vec<Event> {
    let said = [
        ("ACTIVE", "ENROLLMENT"),
        ("ACTIVE", "OTHER"),
        ("UNDER_REVIEW", "PENDING_REVIEW"),
        ("UNDER_REVIEW", "DOCUMENT_VERIFICATION"),
        ("INACTIVE", "RISK_KYC"),
    ];
    (0..EVENTS)
        .map(|number| {
            let of = number * 7 % ACCOUNTS;
            // Most accounts hear the same thing again and again.
            let what = if of.is_multiple_of(5) {
                number % said.len()
            } else {
                of % said.len()
            };
            let (status, reason) = said[what];
            let (request, account) = (format!("req-{number:05}"), format!("C{of:07}"));
            let body = body(&request, &account, status, reason);
            Event {
                request,
                account,
                status,
                reason,
                body,
            }
        })
        .collect()
}

/// What the senders have seen.
#[derive(Default)]
struct Seen {
    answered: Mutex<BTreeSet<String>>,
    /// Answers 200.
    answers: AtomicU64,
    /// Requests, answered or not.
    tries: AtomicU64,
    /// Answers 200 to an event that had one.
    again: AtomicU64,
}

impl Seen {
    fn send(&self, sender: &mut Sender, event: &Event) {
        wait_for("an answer", || {
            self.tries.fetch_add(1, Ordering::Relaxed);
            if sender.event(&event.body) == Some(200) {
                self.answers.fetch_add(1, Ordering::Relaxed);
                let mut answered = self.answered.lock().unwrap();
                if !answered.insert(event.request.clone()) {
                    self.again.fetch_add(1, Ordering::Relaxed);
                }
                return Some(());
            }
            std::thread::sleep(Duration::from_millis(2));
            None
        });
    }

    fn count(&self) -> u64 {
        self.answered.lock().unwrap().len() as u64
    }
}

/// What party must hold, from what was sent.
fn parties(events: &[Event]) -> Vec<String> {
    let mut accounts: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in events {
        accounts.entry(&event.account).or_default().push(event);
    }
    let order = [
        "DOCUMENT_VERIFICATION",
        "RISK_KYC",
        "PENDING_REVIEW",
        "ENROLLMENT",
        "OTHER",
    ];
    let party = |(account, events): (&&str, &Vec<&Event>)| {
        let same = events.iter().all(|event| event.status == events[0].status);
        let status = if same { events[0].status } else { "-" };
        let said = |reason: &&&str| events.iter().any(|event| event.reason == **reason);
        let reason = order.iter().find(said).unwrap();
        let documents = events
            .iter()
            .filter(|event| event.reason == order[0])
            .count();
        format!("{account} {} {status} {reason} {documents}", events.len())
    };
    accounts.iter().map(party).collect()
}

#[test]
fn no_event_that_was_answered_is_lost_and_none_counts_twice() {
    let dir = folder("");
    let all = all();
    let seen = Seen::default();
    let start = |port| Receiver::start(&mut events(&["serve", "--quiet"], dir.path()), port);
    let mut receiver = start(0);
    let (addr, port) = (receiver.addr.clone(), receiver.port());
    let mut random = fastrand::Rng::new();
    let seed = random.u64(..);
    random.seed(seed);
    println!("seed {seed}");
    std::thread::scope(|scope| {
        for place in 0..SENDERS {
            let (all, seen, addr) = (&all, &seen, &addr);
            let mut random = fastrand::Rng::with_seed(seed ^ place as u64);
            scope.spawn(move || {
                let mut sender = Sender::new(addr.clone());
                let mut own: Vec<&Event> = all.iter().skip(place).step_by(SENDERS).collect();
                random.shuffle(&mut own);
                for (number, event) in own.iter().enumerate() {
                    seen.send(&mut sender, event);
                    if random.u32(..10) == 0 {
                        seen.send(&mut sender, own[random.usize(..=number)]);
                    }
                }
            });
        }
        for kill in 1..=KILLS {
            let until = EVENTS as u64 * kill / (KILLS + 1);
            wait_for("enough answers", || (seen.count() >= until).then_some(()));
            std::thread::sleep(Duration::from_micros(random.u64(..20_000)));
            receiver.running.kill();
            let answered = seen.answered.lock().unwrap().clone();
            assert!(answered.len() < EVENTS, "killed while events come in");
            let kept = lines(
                &database(&state(dir.path())),
                "SELECT request_id FROM event",
            );
            let kept: BTreeSet<String> = kept.into_iter().collect();
            let lost: Vec<&String> = answered.difference(&kept).collect();
            assert!(lost.is_empty(), "kill {kill}: {lost:?}");
            receiver = start(port);
        }
    });
    let (code, said) = receiver.stop();
    assert_eq!(code, 0, "{said}");

    let database = database(&state(dir.path()));
    let kept = lines(
        &database,
        "SELECT request_id FROM event ORDER BY request_id",
    );
    let sent: Vec<String> = all.iter().map(|event| event.request.clone()).collect();
    assert!(kept == sent, "{} events are kept", kept.len());
    let sum = |sql: &str| -> u64 { lines(&database, sql)[0].parse().unwrap() };
    let repeats = sum("SELECT sum(repeats) FROM event");
    assert_eq!(repeats, sum("SELECT sum(repeats) FROM party"));
    let (again, answers, tries) = (
        seen.again.load(Ordering::Relaxed),
        seen.answers.load(Ordering::Relaxed),
        seen.tries.load(Ordering::Relaxed),
    );
    // What was answered was counted; what was counted was sent.
    assert!(again > 0 && repeats >= again, "{repeats} {again}");
    assert!(EVENTS as u64 + repeats >= answers);
    assert!(EVENTS as u64 + repeats <= tries);
    let party = lines(
        &database,
        "SELECT client_id, events, status, reason, documents FROM party ORDER BY client_id",
    );
    assert!(party == parties(&all));
    println!("{KILLS} kills, {tries} requests, {answers} answers, {repeats} repeats");
}
