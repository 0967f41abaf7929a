//! Whose turn a shard is: the claim of a run in the registry, and what the run does when it loses it.
//!
//! Owner of how often it looks, and how long its successor waits. Invariant: a run that has not seen its own claim in a file for
//! `LONGEST_UNSEEN` sends nothing more, and whoever takes a shard over from another machine waits longer than that. (With a quota
//! server every time to send at is checked against the claim.) The registry is read by a thread of its own: one that hangs on a dead network holds nothing up. Left out on purpose: the
//! registry itself (`journal::registry`).

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::rates;
use super::signals::Signals;
use crate::cli::RunArgs;
use bakkt_engine::quota::registry::ServerOwnership;
use bakkt_engine::quota::server::Fence;
use bakkt_files::progress::{Mode, note};
use bakkt_folder::settings::Settings;
use bakkt_journal::Journal;
use bakkt_journal::registry::{ClaimStanding, Ownership};
use bakkt_model::error::{Failure, started};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// A claim that was not seen for so long counts as lost.
const LONGEST_UNSEEN: Duration = Duration::from_secs(5);
/// How long the end of a run waits for the registry.
const LONGEST_RELEASE: Duration = Duration::from_secs(3);
/// How long a successor waits: longer than that, and than a request that was about to leave.
const SUCCESSOR_WAITS: Duration = Duration::from_secs(10);

/// What is told of a claim that another process has taken over.
const TAKEN: &str = "stopped: the registry says that another process has this shard now; find out who works on it before you start it again";
/// The same of a registry without the shard.
const FORGOTTEN: &str = "stopped: the registry has lost this shard; bring the registry back before you start it again (docs/shards.md)";
/// The same of a registry that nobody can read.
const UNREADABLE: &str = "stopped: the registry cannot be read any more, so another process may have this shard now; find out who works on it before you start it again";

/// A claim to a shard, in a file or in the quota server.
pub enum ShardClaim {
    /// In the file of `--registry`.
    File(Ownership),
    /// In the server of `[limits] shared`.
    Server(Box<ServerOwnership>),
}

impl ShardClaim {
    fn standing(&self) -> anyhow::Result<ClaimStanding> {
        match self {
            ShardClaim::File(ownership) => ownership.standing(),
            ShardClaim::Server(ownership) => ownership.standing(),
        }
    }

    /// An owner before this one may live and not know yet that it lost the shard. (One that asks the quota server for every
    /// time at which it sends does.)
    fn must_wait(&self) -> bool {
        match self {
            ShardClaim::File(ownership) => ownership.must_wait(),
            ShardClaim::Server(_) => false,
        }
    }

    /// What every lease of the quota server is checked against.
    pub fn fence(&self) -> Option<Fence> {
        match self {
            ShardClaim::File(_) => None,
            ShardClaim::Server(ownership) => Some(ownership.fence()),
        }
    }
}

/// Claims the shard of a journal: in the registry that the arguments name, or else in the quota server. The run of a shard
/// needs one.
pub fn claim(
    args: &RunArgs,
    settings: &Settings,
    journal: &Journal,
    target: &str,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<Option<ShardClaim>> {
    let shard = journal.shard()?;
    let Some(path) = &args.registry else {
        return match (shard, &settings.shared) {
            (_, Some(address)) => {
                let password = rates::password()?;
                let waits = |time: std::time::Duration| {
                    let seconds = time.as_secs();
                    note(
                        mode,
                        &format!(
                            "the last run did not end as it should: looking for {seconds} s whether it lives"
                        ),
                    );
                };
                let stopping = || signals.stopping();
                let password = password.as_ref();
                ServerOwnership::claim(address, password, journal, target, waits, stopping)
                    .map(|ownership| ShardClaim::Server(Box::new(ownership)))
                    .map(Some)
            }
            // A sandbox inside the process is nobody else's.
            (Some(shard), None) if !args.target.sandbox => Err(Failure::configuration(
                format!("nothing says that shard {shard} runs only once"),
                "name a file that every machine of this migration reaches with --registry, the same for all shards, or a quota server (`shared` under [limits])",
            )),
            _ => Ok(None),
        };
    };
    let ownership = ShardClaim::File(Ownership::claim(path, journal, target)?);
    if ownership.must_wait() {
        let seconds = SUCCESSOR_WAITS.as_secs();
        note(
            mode,
            &format!(
                "the last run was on another machine and did not end as it should: waiting {seconds} s, in which it stops"
            ),
        );
    }
    Ok(Some(ownership))
}

/// Waits until an owner before this one has found out that it is not any more, or a signal comes.
pub async fn wait_for_predecessor(ownership: &ShardClaim, signals: &Signals) {
    if !ownership.must_wait() {
        return;
    }
    let begin = Instant::now();
    while begin.elapsed() < SUCCESSOR_WAITS && !signals.stopping() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Looks at the registry for as long as it lives, stops the run when the claim is lost, and gives the claim back at the end.
pub struct OwnerWatch {
    /// Ends both threads when they go.
    ends: Vec<Sender<()>>,
    /// Told when the claim is given back.
    released: Receiver<()>,
    lost: Arc<OnceLock<&'static str>>,
}

/// What the last look at the registry said of the claim.
#[derive(Clone, Copy)]
struct LastLook {
    standing: ClaimStanding,
    /// When it could be read.
    at: Instant,
}

impl LastLook {
    fn now(standing: ClaimStanding) -> LastLook {
        let at = Instant::now();
        LastLook { standing, at }
    }

    /// Why the run must not go on.
    fn end(self) -> Option<&'static str> {
        match self.standing {
            ClaimStanding::Taken => Some(TAKEN),
            ClaimStanding::Forgotten => Some(FORGOTTEN),
            ClaimStanding::Held if self.at.elapsed() > LONGEST_UNSEEN => Some(UNREADABLE),
            ClaimStanding::Held => None,
        }
    }
}

impl OwnerWatch {
    /// Starts looking.
    pub fn start(ownership: ShardClaim, signals: &Signals) -> anyhow::Result<OwnerWatch> {
        let seen = Arc::new(Mutex::new(LastLook::now(ClaimStanding::Held)));
        let lost = Arc::new(OnceLock::new());
        let (end_looking, ended) = channel();
        let (give_back, released) = channel();
        let looks = seen.clone();
        let looking = move || {
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                match ownership.standing() {
                    Ok(standing) => set(&looks, standing),
                    // Without that server there is nothing to send at, and it says whose the shard is before there is again.
                    Err(_) if ownership.fence().is_some() => set(&looks, ClaimStanding::Held),
                    // Told when it lasts.
                    Err(error) => tracing::warn!(%error, "the registry cannot be read"),
                }
            }
            drop(ownership);
            // Nobody waits any more when it took too long.
            let _ = give_back.send(());
        };
        started(
            std::thread::Builder::new()
                .name("registry".into())
                .spawn(looking),
        )?;
        let (end_stopping, ended) = channel();
        let (stop, is_lost) = (signals.stop.clone(), lost.clone());
        let stopping = move || {
            while ended.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let last = *seen.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(why) = last.end() {
                    let _ = is_lost.set(why);
                    stop.send_replace(true);
                    return;
                }
            }
        };
        started(
            std::thread::Builder::new()
                .name("owner".into())
                .spawn(stopping),
        )?;
        Ok(OwnerWatch {
            ends: vec![end_looking, end_stopping],
            released,
            lost,
        })
    }

    /// What to tell of a claim that was lost.
    pub fn told(&self) -> Option<&'static str> {
        self.lost.get().copied()
    }
}

impl Drop for OwnerWatch {
    fn drop(&mut self) {
        self.ends.clear();
        let _ = self.released.recv_timeout(LONGEST_RELEASE);
    }
}

fn set(seen: &Mutex<LastLook>, standing: ClaimStanding) {
    *seen.lock().unwrap_or_else(PoisonError::into_inner) = LastLook::now(standing);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_registry_is_not_taken_for_another_process() {
        let told = |standing| LastLook::now(standing).end().unwrap_or_default();
        assert_eq!(told(ClaimStanding::Held), "");
        assert!(told(ClaimStanding::Taken).contains("another process"));
        let forgotten = told(ClaimStanding::Forgotten);
        assert!(forgotten.contains("has lost this shard"), "{forgotten}");
        assert!(!forgotten.contains("another process"), "{forgotten}");
        let Some(before) = Instant::now().checked_sub(2 * LONGEST_UNSEEN) else {
            return;
        };
        let unseen = LastLook {
            standing: ClaimStanding::Held,
            at: before,
        };
        assert_eq!(unseen.end(), Some(UNREADABLE));
    }
}
