//! What the lanes of one process share of a quota server: the way to it, and the end when it is lost.
//!
//! Owner of the count of failures. Invariants: while the server does not answer nothing is granted, so nothing is sent
//! for longer than a lease; after as many failures in a row as end any work, or when the process does not have the shard any more, the
//! work is asked to stop, and the reason is there to be told.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::{LeaseReply, LeaseRequest, NoLease, QuotaServer};

const TAKEN: QuotaEnd = QuotaEnd {
    why: Cow::Borrowed("another process has this shard now, says the quota server"),
    next: "find out who works on it before you start it again",
};
const FORGOTTEN: QuotaEnd = QuotaEnd {
    why: Cow::Borrowed(
        "the registry in the quota server has lost this shard: the server was emptied, or started anew without its data",
    ),
    next: "bring the server's data back before you start it again; docs/shards.md says what to do when the registry is lost",
};
const GOES_ON: &str = "run the same command again: it goes on where it stopped";

/// Why the work was asked to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaEnd {
    /// What happened.
    pub why: Cow<'static, str>,
    /// What to do next.
    pub next: &'static str,
}

/// The way to a quota server.
pub struct QuotaLink {
    server: Box<dyn QuotaServer>,
    breaker: u32,
    stop: Arc<watch::Sender<bool>>,
    trouble: Mutex<Trouble>,
}

#[derive(Default)]
struct Trouble {
    /// Failures in a row, since when, and the last.
    failures: u32,
    since: Option<Instant>,
    last: String,
    /// Why the work was asked to stop.
    ended: Option<QuotaEnd>,
}

impl QuotaLink {
    /// A link that ends the work, by `stop`, after so many failures in a row.
    pub fn new(
        server: impl QuotaServer,
        breaker: u32,
        stop: Arc<watch::Sender<bool>>,
    ) -> QuotaLink {
        QuotaLink {
            server: Box::new(server),
            breaker,
            stop,
            trouble: Mutex::default(),
        }
    }

    /// Asks the server for nothing, to see whether it can be used; says why not.
    pub async fn reach(&self) -> Result<(), String> {
        let nothing = LeaseRequest {
            lane: "create",
            ..LeaseRequest::default()
        };
        match self.server.lease(&nothing).await {
            Ok(_) => Ok(()),
            Err(NoLease::Failed(why)) => Err(why),
            Err(NoLease::Taken) => Err(TAKEN.why.into_owned()),
            Err(NoLease::Forgotten) => Err(FORGOTTEN.why.into_owned()),
        }
    }

    /// Leases times; `None` when there is none to be had at present.
    pub(crate) async fn lease(&self, request: &LeaseRequest) -> Option<LeaseReply> {
        match self.server.lease(request).await {
            Ok(reply) => {
                let mut trouble = self.trouble();
                if let Some(since) = trouble.since.take() {
                    tracing::info!(lost = ?since.elapsed(), "the quota server is back");
                }
                trouble.failures = 0;
                Some(reply)
            }
            Err(NoLease::Taken) => {
                self.end(&mut self.trouble(), TAKEN);
                None
            }
            Err(NoLease::Forgotten) => {
                self.end(&mut self.trouble(), FORGOTTEN);
                None
            }
            Err(NoLease::Failed(why)) => {
                let mut trouble = self.trouble();
                if trouble.since.is_none() {
                    tracing::warn!(%why, "the quota server is lost: nothing is sent until it is back");
                    trouble.since = Some(Instant::now());
                }
                trouble.failures += 1;
                trouble.last.clone_from(&why);
                if trouble.failures >= self.breaker {
                    let why = format!(
                        "{} questions in a row to the quota server failed; the last: {why}",
                        trouble.failures
                    );
                    let (why, next) = (why.into(), GOES_ON);
                    self.end(&mut trouble, QuotaEnd { why, next });
                }
                None
            }
        }
    }

    /// What a person should know while the server is lost.
    pub fn words(&self) -> Option<String> {
        let trouble = self.trouble();
        let since = trouble.since?.elapsed().as_secs();
        let last = &trouble.last;
        Some(format!(
            "the quota server is lost for {since} s, nothing is sent until it is back ({last})"
        ))
    }

    /// Why the work was asked to stop, if it was.
    pub fn ended(&self) -> Option<QuotaEnd> {
        self.trouble().ended.clone()
    }

    fn end(&self, trouble: &mut Trouble, end: QuotaEnd) {
        trouble.ended.get_or_insert(end);
        self.stop.send_replace(true);
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
