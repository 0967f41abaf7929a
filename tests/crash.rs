//! The crash test: a migration that is killed dozens of times against a sandbox with every fault on, judged by the
//! sandbox's ledger alone.
//!
//! Owner of the proof of invariant 1. Kills are triggered by what the ledger and the journal have seen, drawn by a seed
//! that is printed; `CRASH_SEED=n` repeats one, `CRASH=small` takes a smaller migration with fewer kills. Left out on
//! purpose: 403, which stops a run until a person looks, and power cuts (see `tests/mutations`).

#[allow(dead_code)]
#[path = "../examples/generate/export/mod.rs"]
mod export;
mod support;

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use export::Recipe;
use fastrand::Rng;
use rusqlite::{Connection, OpenFlags};
use support::judge::Ledger;
use support::{Running, SandboxProcess, json_of, program, wait_for};

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
    rows: 2300,
    sendable: 2000,
    closed: 20_000,
    planning: 11,
    in_flight: 36,
    anywhere: 12,
    most_posts: 50,
};
const SMALL: Size = Size {
    rows: 700,
    sendable: 600,
    closed: 10_000,
    planning: 3,
    in_flight: 12,
    anywhere: 5,
    most_posts: 30,
};

/// Longer than any answer and any late account takes: `settle_after` > `late_ms`, `stall_ms` + `request_timeout`.
const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"

[limits]
create = "unlimited"
lookup = "unlimited"
in_flight = 32

[retry]
request_timeout = "400ms"
settle_after = "1500ms"
attempts = 1000
backoff_first = "20ms"
backoff_most = "200ms"
breaker = 1000000

[grace]
days = 30

[exclude]
rules = [{ column = "ACCT_STAT", equals = ["C"], reason = "closed" }]
"#;

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
        .map_or_else(|| fastrand::u64(..1_000_000), |seed| seed.parse().unwrap());
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
        migration(folder.path(), size, seed);
        let planned = payload_hashes(folder.path());
        assert!(planned.len() >= size.sendable, "{} sendable", planned.len());
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
            "{} ids break a rule; the first ones:\n{}",
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

    fn judge(&self) {
        wait_for("the end of what the sandbox still handles", || {
            let now = self.sandbox.summary();
            (now["open_posts"] == 0 && now["pending_late"] == 0).then_some(())
        });
        let ledger = self.sandbox.ledger();
        println!("{}", ledger.answers());
        self.agree(&ledger);
        let refused: BTreeSet<&str> = ledger
            .posts()
            .filter(|post| post.answer == "422")
            .filter_map(|post| post.id.as_deref())
            .collect();
        let there: BTreeSet<&str> = ledger
            .accounts
            .iter()
            .filter(|(_, account)| account.created || account.existed)
            .map(|(id, _)| id.as_str())
            .collect();
        for (id, account) in &ledger.accounts {
            assert!(self.planned.contains_key(id), "{id} was never planned");
            let made = u64::from(!account.existed && !refused.contains(id.as_str()));
            assert_eq!(
                (account.posts_made, u64::from(account.created)),
                (made, made),
                "{id}: POSTs that made it, and whether one did"
            );
        }
        for id in self.planned.keys() {
            let is_there = there.contains(id.as_str());
            assert_ne!(is_there, refused.contains(id.as_str()), "{id} at the end");
        }
        self.judge_report(&ledger, &refused, &there);
    }

    /// The report says what the ledger says.
    fn judge_report(&self, ledger: &Ledger, refused: &BTreeSet<&str>, there: &BTreeSet<&str>) {
        let (totals, code) = json_of(
            program()
                .args(["report", "--json"])
                .arg(self.folder.path()),
        );
        assert_eq!(totals["balanced"], true, "{totals}");
        // Blocked and duplicate rows need a person.
        assert_eq!(code, 3, "{totals}");
        let tasks = &totals["tasks"]["account"];
        let wanted = [
            ("planned", self.planned.len()),
            ("open", 0),
            ("held", 0),
            ("in_doubt", 0),
            ("accepted", there.len()),
            ("refused", refused.len()),
            ("gave_up", 0),
        ];
        for (state, count) in wanted {
            assert_eq!(tasks[state], count, "{state} in {totals}");
        }
        let report = self.folder.path().join("report");
        let of_state = |state: &str| -> BTreeSet<String> {
            rows(&report.join("reconciliation.csv"))
                .into_iter()
                .filter(|row| row["accountState"] == state)
                .map(|row| row["clientAccountId"].clone())
                .collect()
        };
        assert!(of_state("accepted").iter().map(String::as_str).eq(there.iter().copied()));
        assert!(of_state("refused").iter().map(String::as_str).eq(refused.iter().copied()));
        let crosswalk = rows(&report.join("crosswalk.csv"));
        assert_eq!(crosswalk.len(), there.len(), "lines of the crosswalk");
        for row in &crosswalk {
            let id = row["clientAccountId"].as_str();
            assert!(there.contains(id), "{id} is in the crosswalk");
            let existed = ledger.accounts[id].existed;
            assert_eq!(row["existedBefore"] != "no", existed, "{id}: existed before");
        }
        self.judge_ids(&crosswalk);
    }

    /// Bakkt's ids in the crosswalk are the ones that Bakkt gave.
    fn judge_ids(&self, crosswalk: &[HashMap<String, String>]) {
        std::thread::scope(|scope| {
            for part in crosswalk.chunks(crosswalk.len().div_ceil(16)) {
                scope.spawn(move || {
                    for row in part {
                        let path =
                            format!("/apex-crypto/api/v2/accounts/{}", row["clientAccountId"]);
                        // Lookups fail at times.
                        let account = wait_for("an account", || {
                            let (status, body) = self.sandbox.get(&path)?;
                            (status == 200).then_some(body)
                        });
                        let account: serde_json::Value = serde_json::from_slice(&account).unwrap();
                        assert_eq!(account["id"], row["bakktId"].as_str(), "{path}");
                    }
                });
            }
        });
    }
}

/// Generated customers, flaws and duplicates among them, and behind them the rows that are left out.
fn migration(folder: &Path, size: &Size, seed: u64) {
    let mut file = Vec::new();
    let recipe = Recipe {
        rows: size.rows,
        seed,
        clean: false,
    };
    export::write(&recipe, &mut file).unwrap();
    let cells = file.split(|byte| *byte == b'\n').next().unwrap();
    let commas = cells.iter().filter(|byte| **byte == b',').count();
    for number in 0..size.closed {
        let row = format!("X{number:08},C{}\n", ",".repeat(commas - 1));
        file.extend_from_slice(row.as_bytes());
    }
    fs::write(folder.join("export.csv"), file).unwrap();
    fs::write(folder.join("migration.toml"), SETTINGS).unwrap();
    fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/samples/acme/mapping.toml"),
        folder.join("mapping.toml"),
    )
    .unwrap();
}

/// What a dry run would send: the hash of each one's body, by id.
fn payload_hashes(folder: &Path) -> HashMap<String, String> {
    let file = folder.join("payloads");
    let output = program()
        .arg("check")
        .arg(folder)
        .arg("--quiet")
        .arg("--payloads")
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let payloads = fs::read(&file).unwrap();
    let bodies = payloads
        .split(|byte| *byte == b'\n')
        .filter(|body| !body.is_empty());
    bodies
        .map(|body| {
            let payload: serde_json::Value = serde_json::from_slice(body).unwrap();
            let id = payload["clientAccountId"].as_str().unwrap().to_owned();
            (id, blake3::hash(body).to_hex().to_string())
        })
        .collect()
}

/// A CSV file, row by row, by the names of its columns.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(File::open(path).unwrap());
    reader.deserialize().map(Result::unwrap).collect()
}
