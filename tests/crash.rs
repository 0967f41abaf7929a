//! The crash test: a migration that is killed dozens of times against a sandbox with every fault on, judged by the
//! sandbox's ledger alone.
//!
//! Owner of the proof of invariant 1. Kills are triggered by what the ledger and the journal have seen, drawn by a seed
//! that is printed; `CRASH_SEED=n` draws others, `CRASH=small` takes a smaller migration with fewer kills. Left out on
//! purpose: 403, which stops a run until a person looks, and power cuts (see `tests/mutations`).

#[allow(dead_code)]
#[path = "../examples/generate/export/mod.rs"]
mod export;
mod support;

#[path = "crash/end.rs"]
mod end;
#[path = "crash/migration.rs"]
mod migration;

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use fastrand::Rng;
use rusqlite::{Connection, OpenFlags};
use support::judge::Ledger;
use support::{Running, SandboxProcess, program, wait_for};

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
latency_ms = 15
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

/// When to kill a run that was just started.
#[derive(Clone, Copy, Debug)]
enum Kill {
    /// So many rows of the plan are in the journal.
    Planning(i64),
    /// So many POSTs came since the start, and one is being handled.
    InFlight(u64),
    /// So many lookups came since the start.
    Asking(u64),
    /// After so many milliseconds, whatever it does by then.
    Anywhere(u64),
    /// The same in a run that starts few new accounts, so that it is asking about those in doubt.
    Settling(u64),
}

struct World {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
    /// The ids that may be sent, and the hash of each one's only body.
    planned: HashMap<String, String>,
}

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
    let world = World::new(&size, seed);
    let mut kills = [0usize; 3];
    for kill in kills_of(&size, seed) {
        let Some(in_flight) = world.killed(kill) else {
            println!("{kill:?}: the run ended before");
            continue;
        };
        match kill {
            Kill::Planning(_) => kills[0] += usize::from(!world.is_planned()),
            Kill::InFlight(_) => kills[1] += usize::from(in_flight > 0),
            Kill::Asking(_) | Kill::Anywhere(_) | Kill::Settling(_) => kills[2] += 1,
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

impl World {
    fn new(size: &Size, seed: u64) -> World {
        let folder = tempfile::tempdir().unwrap();
        migration::write(folder.path(), size, seed);
        let planned = migration::payload_hashes(folder.path());
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
        }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join(".bakkt-migrate")
    }

    /// Starts a run; what it says goes to a file.
    fn run(&self, limit: Option<u32>) -> Running {
        let said = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("said"));
        let mut command = program();
        command.arg("run").arg(self.folder.path());
        command.args(["--quiet", "--base-url", &self.sandbox.base_url()]);
        if let Some(limit) = limit {
            command.arg("--limit").arg(limit.to_string());
        }
        Running::start(command.stdout(Stdio::null()).stderr(said.unwrap()))
    }

    /// Runs, and kills at the given point. The number of requests that were in flight, or None when the run ended before.
    fn killed(&self, kill: Kill) -> Option<usize> {
        let before = self.sandbox.summary();
        let since = |name: &str| {
            let now = self.sandbox.summary();
            (
                now[name].as_u64().unwrap() - before[name].as_u64().unwrap(),
                now["open_posts"].as_u64().unwrap(),
            )
        };
        let mut run = self.run(matches!(kill, Kill::Settling(_)).then_some(20));
        let ended = match kill {
            Kill::Anywhere(pause) | Kill::Settling(pause) => {
                std::thread::sleep(Duration::from_millis(pause));
                run.ended()
            }
            _ => wait_for(&format!("{kill:?}"), || {
                if let Some(code) = run.ended() {
                    return Some(Some(code));
                }
                let now = match kill {
                    Kill::Planning(rows) => {
                        matches!(self.plan(), Some((word, there)) if word == "planning" && there >= rows)
                    }
                    Kill::InFlight(posts) => {
                        matches!(since("posts"), (count, open) if count >= posts && open > 0)
                    }
                    Kill::Asking(gets) => since("gets").0 >= gets,
                    Kill::Anywhere(_) | Kill::Settling(_) => true,
                };
                now.then_some(None)
            }),
        };
        match ended {
            None => run.kill(),
            Some(0 | 3 | 4) => {}
            Some(code) => panic!("a run ended with {code}:\n{}", self.said()),
        }
        let ledger = self.sandbox.ledger();
        self.agree(&ledger);
        ended.is_none().then(|| ledger.in_flight())
    }

    /// `meta.plan` and the number of rows planned, as another process sees them.
    fn plan(&self) -> Option<(String, i64)> {
        let path = self.state().join("journal.db");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let journal = Connection::open_with_flags(path, flags).ok()?;
        let word = "SELECT value FROM meta WHERE key = 'plan'";
        let rows = "SELECT coalesce(max(id), 0) FROM record";
        Some((
            journal.query_row(word, [], |row| row.get(0)).ok()?,
            journal.query_row(rows, [], |row| row.get(0)).ok()?,
        ))
    }

    fn is_planned(&self) -> bool {
        matches!(self.plan(), Some((word, _)) if word == "planned")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    /// The rules that hold at every moment.
    fn agree(&self, ledger: &Ledger) {
        let found = ledger.complaints(&self.planned);
        assert!(
            found.is_empty(),
            "{} ids break a rule:\n{}",
            found.len(),
            found[..found.len().min(5)].join("\n")
        );
    }

    /// Runs until a run ends by itself with nothing left to do.
    fn to_the_end(&self) {
        for _ in 0..20 {
            let mut run = self.run(None);
            let mut polls = 0;
            let code = wait_for("the end of the last run", || {
                polls += 1;
                // A client that goes wrong might do so for ever.
                if polls % 2000 == 0 {
                    self.agree(&self.sandbox.ledger());
                }
                run.ended()
            });
            match code {
                0 | 3 => return,
                4 => {}
                code => panic!("the last run ended with {code}:\n{}", self.said()),
            }
        }
        panic!("twenty runs did not come to an end:\n{}", self.said());
    }
}
