//! The crash test: a migration that is killed dozens of times against a sandbox with every fault on, judged by the
//! sandbox's ledger alone.
//!
//! Owner of the proof of invariant 1. Kills are triggered by what the ledger and the journal have seen, drawn by a seed
//! that is printed; `CRASH_SEED=n` draws others, `CRASH=small` takes a smaller migration with fewer kills. Left out on
//! purpose: 403, which stops a run until a person looks, and power cuts (see `tests/mutations`).

mod end;
mod migration;
pub mod world;

use crate::support::SandboxProcess;
use fastrand::Rng;
use world::{Kill, World};

/// How much of everything.
struct Size {
    /// Generated rows; about nine of ten can be sent.
    rows: u64,
    /// At least so many can.
    sendable: usize,
    /// Rows that are left out: they make planning long enough to be killed in.
    closed: u64,
    planning: usize,
    in_flight: usize,
    anywhere: usize,
    most_posts: u64,
}

/// So often is a kill tried that has to hit a request.
const TRIES: usize = 5;

const FULL: Size = Size {
    rows: 2400,
    sendable: 2000,
    closed: 20_000,
    planning: 12,
    in_flight: 36,
    anywhere: 12,
    most_posts: 50,
};
const SMALL: Size = Size {
    rows: 760,
    sendable: 600,
    closed: 10_000,
    planning: 3,
    in_flight: 12,
    anywhere: 5,
    most_posts: 30,
};

const FAULTS: &str = r#"
latency_ms = 35
latency_jitter_ms = 30
rate = { requests = 160, per_ms = 500, retry_after = true }
refuse = 0.03
unavailable = 0.004
reset_before = 0.03
reset_after = 0.03
late = 0.03
late_ms = 700
error_before = 0.03
error_after = 0.03
truncated = 0.03
unreadable = 0.03
stall = 0.02
stall_ms = 900
lookup_fail = 0.06
existing = 0.05
max_faults_per_id = 3
"#;

#[test]
fn no_account_is_made_twice_and_none_is_lost() {
    let size = match std::env::var("CRASH").as_deref() {
        Ok("small") => SMALL,
        _ => FULL,
    };
    let seed = std::env::var("CRASH_SEED")
        .ok()
        .map_or(7, |seed| seed.parse().unwrap());
    println!("CRASH_SEED={seed}");
    let world = new_world(&size, seed);
    let mut kills = [0usize; 3];
    for kill in kills_of(&size, seed) {
        // On a slow machine the answer may come before the kill: that one is tried again.
        for _ in 0..TRIES {
            let Some(in_flight) = world.killed(kill) else {
                println!("{kill:?}: the run ended before");
                break;
            };
            match kill {
                Kill::Planning(_) => kills[0] += usize::from(!world.is_planned()),
                Kill::InFlight(_) if in_flight == 0 => continue,
                Kill::InFlight(_) => kills[1] += 1,
                _ => kills[2] += 1,
            }
            break;
        }
    }
    println!(
        "killed {} times while planning, {} in flight, {} elsewhere",
        kills[0], kills[1], kills[2]
    );
    world.to_the_end();
    // One more of each at the end: there is nothing to do, and nothing may be done again.
    for pause in [0, 60, 150] {
        world.killed(Kill::Anywhere(pause));
    }
    world.judge();
    let wanted = [
        size.planning * 9 / 10,
        size.in_flight * 9 / 10,
        size.anywhere * 9 / 10,
    ];
    for (kind, (got, wanted)) in kills.iter().zip(wanted).enumerate() {
        assert!(
            *got >= wanted,
            "kills of kind {kind}: {got}, not {wanted}: the test's sizes do not fit any more"
        );
    }
}

/// Planning comes first; the others are mixed.
fn kills_of(size: &Size, seed: u64) -> Vec<Kill> {
    let mut rng = Rng::with_seed(seed);
    let most_rows = (size.closed + size.rows) as i64 / 2;
    let mut kills: Vec<Kill> = (0..size.planning)
        .map(|_| Kill::Planning(rng.i64(1..most_rows)))
        .collect();
    let mut rest: Vec<Kill> = (0..size.in_flight)
        .map(|_| Kill::InFlight(rng.u64(1..size.most_posts)))
        .collect();
    rest.extend((0..size.anywhere).map(|place| match place % 3 {
        0 => Kill::Asking(rng.u64(1..150)),
        1 => Kill::Anywhere(rng.u64(0..600)),
        // From one `settle_after` on they are asked about, and from two on sent again.
        _ => Kill::Settling(rng.u64(1500..3600)),
    }));
    rng.shuffle(&mut rest);
    kills.extend(rest);
    kills
}

fn new_world(size: &Size, seed: u64) -> World {
    let folder = tempfile::tempdir().unwrap();
    migration::write(folder.path(), size, seed);
    let planned = world::payload_hashes(folder.path());
    assert!(
        planned.len() >= size.sendable,
        "{} can be sent: the test's sizes do not fit any more",
        planned.len()
    );
    let sandbox = SandboxProcess::start(folder.path(), &format!("seed = {seed}\n{FAULTS}"));
    World {
        folder,
        sandbox,
        planned,
        settled: Default::default(),
    }
}
