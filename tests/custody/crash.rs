//! The crash test of custody: killed forty times against a sandbox with every fault, judged by its ledger.
//!
//! `CRASH_SEED=n` draws other kills. Left out on purpose: 403, which is about the merchant's agreement here.

use std::collections::BTreeSet;
use std::process::Stdio;

use fastrand::Rng;

use super::world::{IBANS, World, row};
use crate::support::{Running, wait_for};

const KILLS: usize = 40;
/// So many that there is work left for every kill, however fast the machine is.
const CUSTOMERS: usize = 150;

const FAULTS: &str = r#"
latency_ms = 15
latency_jitter_ms = 10
limited = 0.04
limited_retry_after = "0"
unavailable = 0.02
unavailable_retry_after = "0"
reset_before = 0.06
reset_after = 0.06
late = 0.06
late_ms = 250
error_before = 0.06
error_after = 0.06
truncated = 0.06
unreadable = 0.06
stall = 0.04
stall_ms = 700
lookup_fail = 0.06
max_faults_per_id = 3
"#;

fn customers() -> Vec<String> {
    (1..=CUSTOMERS)
        .map(|n| {
            let currencies = ["EUR", "GBP;USD", "NGN", ""][n % 4];
            let savings = ["Y", "N"][n % 2];
            row(
                &format!("A-{n}"),
                &format!("ann{n}@example.com"),
                currencies,
                savings,
                IBANS[n % 3],
            )
        })
        .collect()
}

fn ids() -> Vec<String> {
    (1..=CUSTOMERS).map(|n| format!("A-{n}")).collect()
}

fn run(world: &World) -> Running {
    let url = world.sandbox.base_url();
    let mut command = world.command(&["run"], &["--quiet", "--base-url", &url]);
    Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

fn hand_in(world: &World, mark: usize) {
    let ids = ids();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    world.sessions(&ids, &format!("#{mark}"));
}

/// Settles what waits for a person, as a person would who looks at Bakkt.
fn settle(world: &World) -> usize {
    let path = world.dir().join(".bakkt-migrate/journal.db");
    let journal = rusqlite::Connection::open(path).unwrap();
    let mut statement = journal
        .prepare(
            "SELECT c.id, c.client_id, c.kind FROM custody_task c JOIN word w ON w.id = c.code
             WHERE c.state = 3 AND w.text = 'for a person'",
        )
        .unwrap();
    let doubts: Vec<(i64, String, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    drop(statement);
    drop(journal);
    let ledger = world.sandbox.custody();
    for (task, client, kind) in &doubts {
        assert_eq!(
            *kind, 0,
            "accounts and recipients of this test are settled by the lists"
        );
        let users = ledger["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["client"] == client.as_str());
        let outcome = user.map_or("not-taken", |user| user["uuid"].as_str().unwrap());
        let task = task.to_string();
        let mut command = world.command(
            &["resolve"],
            &[
                "--custody-task",
                &task,
                "--as",
                outcome,
                "--reason",
                "looked up",
            ],
        );
        world.ended(&mut command, 0);
    }
    doubts.len()
}

fn killed_and_ended(settings: &str, seed: u64) {
    println!("CRASH_SEED={seed}");
    let world = World::new(&customers(), settings, &format!("seed = {seed}\n{FAULTS}"));
    let url = world.sandbox.base_url();
    let plan = ["--quiet", "--limit", "0", "--base-url", &url];
    let planned = world.command(&["run"], &plan).output().unwrap();
    assert!(planned.status.code().is_some(), "{planned:?}");
    let mut rng = Rng::with_seed(seed);
    let calls = || world.sandbox.count("custody_calls");
    let (mut kills, mut rounds) = (0, 0);
    while kills < KILLS && rounds < 3 * KILLS {
        hand_in(&world, rounds);
        rounds += 1;
        let before = calls();
        // Every third goes on for longer, so that what is in doubt comes to be settled.
        let wanted = before
            + match rounds % 3 {
                0 => rng.u64(12..36),
                _ => rng.u64(1..12),
            };
        let mut running = run(&world);
        let mut polls = 0;
        let ended = wait_for("requests of custody", || {
            polls += 1;
            if let Some(code) = running.ended() {
                return Some(Some(code));
            }
            (calls() >= wanted || polls > 4000).then_some(None)
        });
        if ended.is_none() {
            running.kill();
            kills += 1;
        }
        world.made().has_nothing_twice();
        if rounds % 5 == 0 {
            settle(&world);
        }
    }
    println!("killed {kills} times in {rounds} rounds");
    for round in 0..20 {
        hand_in(&world, 1000 + round);
        let url = world.sandbox.base_url();
        let output = world
            .command(&["run"], &["--quiet", "--base-url", &url])
            .output()
            .unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 3 | 4)),
            "{output:?}"
        );
        let settled = settle(&world);
        if output.status.code() == Some(0) && settled == 0 {
            break;
        }
        // What was given up under so many faults is sent again.
        let _ = world
            .command(&["retry"], &["--reason", "again"])
            .output()
            .unwrap();
    }
    let made = world.made();
    made.has_nothing_twice();
    let all: BTreeSet<String> = ids().into_iter().collect();
    assert_eq!(
        made.users.keys().cloned().collect::<BTreeSet<_>>(),
        all,
        "none is lost"
    );
    let mut accounts = 0;
    for n in 1..=CUSTOMERS {
        accounts += [1, 2, 1, 0][n % 4] + [1, 0][n % 2];
    }
    assert_eq!(made.accounts.len(), accounts, "none is lost");
    assert_eq!(made.recipients.len(), CUSTOMERS, "none is lost");
    let states = world.states();
    assert!(
        states.keys().all(|key| key.ends_with("accepted")),
        "{states:?}"
    );
    assert!(kills >= KILLS, "only {kills} kills");
    if settings.is_empty() {
        // Without a window, a user leaves again only after a person's word: then the key is another one.
        let posts = made.of_kind("user");
        for id in &all {
            let lost = |answer: &str| !["201", "200", "429", "503"].contains(&answer);
            let of: Vec<_> = posts
                .iter()
                .filter(|post| post["client"] == id.as_str())
                .collect();
            for pair in of.windows(2) {
                let answer = pair[0]["answer"].as_str().unwrap();
                assert!(
                    !lost(answer) || pair[0]["key"] != pair[1]["key"],
                    "{id} went again after {answer}"
                );
            }
        }
    }
}

fn seed() -> u64 {
    std::env::var("CRASH_SEED")
        .ok()
        .map_or(7, |seed| seed.parse().unwrap())
}

#[test]
fn nothing_is_made_twice_and_nothing_is_lost_within_a_window() {
    killed_and_ended("idempotency_window = \"30m\"\n", seed());
}

#[test]
fn nothing_is_made_twice_and_nothing_is_lost_without_a_window() {
    killed_and_ended("", seed() + 1);
}
