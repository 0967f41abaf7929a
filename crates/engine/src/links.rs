//! Fetching verification links: who is to get one → limiter → api → whoever keeps them.
//!
//! Owner of that loop. Invariants: every question passes the limiter, and nothing sleeps on a place of the limiter; a
//! question is asked again only when its answer may be another one; one account that fails holds up nobody else; a stop
//! lets what is on its way end, and everything that was given is kept. Left out on purpose: what is asked for (`journal`),
//! and what is done with a link: it is handed a function.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::judge::{self, LookupAnswer};
use crate::api::link::{LinkAnswer, link};
use crate::api::{Client, ConnectionChoice};
use crate::submit::coordinator::stopped;
use crate::submit::counters::Counter;
use crate::submit::limiter::Limiter;
use crate::submit::stage::heed;
use crate::submit::{RunEnd, backoff};
use bakkt_journal::read::WantedLink;
use bakkt_model::error::Failure;
use bakkt_model::limits::Retry;

/// What a fetching is told.
#[derive(Clone)]
pub struct Fetch {
    /// The client.
    pub client: Arc<Client>,
    /// The rate of questions.
    pub limiter: Arc<Limiter>,
    /// Who we are to Bakkt.
    pub partner_id: String,
    /// Waits and bounds.
    pub retry: Retry,
    /// Questions on their way at once.
    pub in_flight: usize,
    /// Tells the questions that the command stops.
    pub stop: Arc<watch::Sender<bool>>,
    /// For the progress display.
    pub counters: Arc<LinkCounters>,
}

/// What a fetching has done so far.
#[derive(Debug, Default)]
pub struct LinkCounters {
    /// Accounts to ask about.
    pub total: Counter,
    /// Those that were asked about, whatever the answer.
    pub done: Counter,
    /// Questions that wait for the rate now.
    pub waiting: Counter,
    /// Failures in a row.
    failures: AtomicU32,
    /// Bakkt has answered as Bakkt does.
    answered: AtomicBool,
}

/// The answer about one account.
#[derive(Debug)]
pub struct LinkResult {
    /// The account.
    pub wanted: WantedLink,
    /// What Bakkt answered.
    pub outcome: LinkOutcome,
}

/// What asking for the link of one account came to.
#[derive(Debug, PartialEq)]
pub enum LinkOutcome {
    /// Bakkt answered.
    Told(LinkAnswer),
    /// Bakkt does not know the account.
    Unknown,
    /// No answer that counts; the last one that came.
    Failed(String),
}

/// How one question ended.
enum QuestionOutcome {
    Done(LinkResult),
    /// Going on makes no sense.
    Stop(anyhow::Error),
    /// The command stopped before it was asked.
    NotAsked,
}

/// Asks about all of them, or until stopped; `keep` is handed what came, in the order of its coming.
pub async fn run(
    wanted: Vec<WantedLink>,
    fetch: Fetch,
    mut keep: impl FnMut(Vec<LinkResult>) -> anyhow::Result<()>,
) -> anyhow::Result<RunEnd> {
    fetch.counters.total.set(wanted.len() as u64);
    let mut queue = VecDeque::from(wanted);
    let mut steps = JoinSet::new();
    let mut ended = RunEnd::Finished;
    loop {
        while steps.len() < fetch.in_flight
            && matches!(ended, RunEnd::Finished)
            && let Some(wanted) = queue.pop_front()
        {
            steps.spawn(fetch.clone().one(wanted));
        }
        let Some(first) = steps.join_next().await else {
            return Ok(ended);
        };
        let mut done = Vec::new();
        let mut next = Some(first);
        while let Some(step) = next {
            match step? {
                QuestionOutcome::Done(one) => {
                    fetch.counters.done.up();
                    done.push(one);
                }
                QuestionOutcome::Stop(error) if matches!(ended, RunEnd::Finished) => {
                    ended = RunEnd::Stopped(error);
                    fetch.stop.send_replace(true);
                }
                QuestionOutcome::NotAsked if matches!(ended, RunEnd::Finished) => {
                    ended = RunEnd::Interrupted
                }
                QuestionOutcome::Stop(_) | QuestionOutcome::NotAsked => {}
            }
            next = steps.try_join_next();
        }
        keep(done)?;
    }
}

impl Fetch {
    /// Asks about one account until there is an answer that counts.
    async fn one(self, wanted: WantedLink) -> QuestionOutcome {
        let mut tries = 0;
        loop {
            self.counters.waiting.up();
            let line = self.client.reserve(ConnectionChoice::New).await;
            let slot = self.or_stopped(self.limiter.acquire()).await;
            drop(line);
            self.counters.waiting.down();
            let Some(slot) = slot else {
                return QuestionOutcome::NotAsked;
            };
            let question = self
                .client
                .verification_link(&self.partner_id, &wanted.client_id);
            let reply = question.await;
            heed(&self.limiter, slot, &reply);
            let (why, after) = match link(&reply) {
                LookupAnswer::There(told) => return self.answered(wanted, LinkOutcome::Told(told)),
                LookupAnswer::NotThere => return self.answered(wanted, LinkOutcome::Unknown),
                LookupAnswer::Stop(message, hint) => {
                    return QuestionOutcome::Stop(Failure::configuration(message, hint));
                }
                LookupAnswer::Unknown(why, after) => (why, after),
            };
            tracing::debug!(id = %wanted.client_id, %why, "no link");
            if why == "403" && !self.counters.answered.load(Ordering::Relaxed) {
                let (message, hint) = judge::forbidden();
                return QuestionOutcome::Stop(Failure::stopped(message, hint));
            }
            if let Some(error) = self.breaker(&why) {
                return QuestionOutcome::Stop(error);
            }
            tries += 1;
            if is_final(&why) || tries >= self.retry.attempts {
                let outcome = LinkOutcome::Failed(why);
                return QuestionOutcome::Done(LinkResult { wanted, outcome });
            }
            let wait = backoff::wait(tries, self.retry.backoff_first, self.retry.backoff_most);
            let wait = wait.max(after.unwrap_or_default().min(self.retry.longest_pause));
            let waited = self.or_stopped(tokio::time::sleep(wait)).await;
            if waited.is_none() {
                return QuestionOutcome::NotAsked;
            }
        }
    }

    fn answered(&self, wanted: WantedLink, outcome: LinkOutcome) -> QuestionOutcome {
        self.counters.failures.store(0, Ordering::Relaxed);
        self.counters.answered.store(true, Ordering::Relaxed);
        QuestionOutcome::Done(LinkResult { wanted, outcome })
    }

    /// Nothing but failures, so often in a row, stops the fetching.
    fn breaker(&self, why: &str) -> Option<anyhow::Error> {
        let failures = self.counters.failures.fetch_add(1, Ordering::Relaxed) + 1;
        (failures >= self.retry.breaker).then(|| {
            Failure::stopped(
                format!("{failures} questions failed in a row and not one was answered between them; the last: {why}"),
                "when Bakkt can be reached again, run the same command: it goes on where it stopped",
            )
        })
    }

    /// Waits; `None` when the command stops first.
    async fn or_stopped<T>(&self, waiting: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.subscribe();
        tokio::select! {
            biased;
            () = stopped(&mut stop) => None,
            done = waiting => Some(done),
        }
    }
}

/// Whether asking again would change nothing: a 4xx, but one that says that it was too early.
pub fn is_final(why: &str) -> bool {
    why.len() == 3 && why.starts_with('4') && !["408", "425", "429"].contains(&why)
}
