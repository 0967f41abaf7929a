//! A migration that is killed and started again: what the crash tests share.
//!
//! Owner of killing at a point that the ledger or the journal has reached, and of the rules that hold at every moment.
//! Left out on purpose: what is migrated, and what must hold at the end.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::support::judge::Ledger;
use crate::support::{Running, SandboxProcess, program, wait_for};

/// When to kill a run that was just started.
#[derive(Clone, Copy, Debug)]
pub enum Kill {
    /// So many rows of the plan are in the journal.
    Planning(i64),
    /// So many POSTs came since the start, and one is being handled.
    InFlight(u64),
    /// So many uploads came since the start, and one is being handled.
    Uploading(u64),
    /// So many KYB triggers came since the start.
    Screening(u64),
    /// So many lookups came since the start.
    Asking(u64),
    /// After so many milliseconds, whatever it does by then.
    Anywhere(u64),
    /// The same in a run that starts few new accounts, so that it is asking about those in doubt.
    Settling(u64),
}

pub struct World {
    pub folder: tempfile::TempDir,
    pub sandbox: SandboxProcess,
    /// The ids that may be sent, and the hash of each one's only body.
    pub planned: HashMap<String, String>,
    /// Accounts whose KYB a person settled as not taken: it may be triggered again.
    pub settled: Mutex<HashSet<String>>,
}

impl World {
    pub fn state(&self) -> PathBuf {
        self.folder.path().join(".bakkt-migrate")
    }

    /// Starts a run; what it says goes to a file.
    pub fn run(&self, limit: Option<u32>) -> Running {
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
    pub fn killed(&self, kill: Kill) -> Option<usize> {
        let before = self.sandbox.summary();
        let since = |name: &str| {
            let now = self.sandbox.summary();
            (
                now[name].as_u64().unwrap() - before[name].as_u64().unwrap(),
                now[format!("open_{name}")].as_u64().unwrap_or_default(),
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
                    Kill::Uploading(uploads) => {
                        matches!(since("uploads"), (count, open) if count >= uploads && open > 0)
                    }
                    Kill::Screening(triggers) => since("kyb").0 >= triggers,
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

    pub fn is_planned(&self) -> bool {
        matches!(self.plan(), Some((word, _)) if word == "planned")
    }

    fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    /// The rules that hold at every moment.
    pub fn agree(&self, ledger: &Ledger) {
        let mut found = ledger.complaints(&self.planned);
        let settled = self.settled.lock().unwrap();
        found.retain(|complaint| {
            let (id, wrong) = complaint.split_once(": ").unwrap_or_default();
            // An answer may be lost again after a person said that the one before was not taken.
            let only = wrong.lines().next().is_some_and(|wrong| {
                let mut wrongs = wrong.split("; ");
                wrongs.all(|wrong| wrong.starts_with("triggered again after"))
            });
            !(only && settled.contains(id))
        });
        assert!(
            found.is_empty(),
            "{} ids break a rule:\n{}",
            found.len(),
            found[..found.len().min(5)].join("\n")
        );
    }

    /// Runs until a run ends by itself with nothing left to do.
    pub fn to_the_end(&self) {
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

/// What a dry run would send: the hash of each one's body, by id.
pub fn payload_hashes(folder: &Path) -> HashMap<String, String> {
    payload_hashes_of(program(), folder)
}

/// The same by a program that is set up already.
pub fn payload_hashes_of(mut program: Command, folder: &Path) -> HashMap<String, String> {
    let file = folder.join("payloads");
    let output = program
        .arg("check")
        .arg(folder)
        .arg("--quiet")
        .arg("--payloads")
        .arg(&file)
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
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
