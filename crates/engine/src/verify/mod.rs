//! Reading every accepted account back and comparing it with what was sent: pick → limiter → api → compare → record.
//!
//! Owner of that loop. `read` is one account in a task of its own, which shares nothing; [`state`] says which state of
//! an account nobody expected. Invariants: every question passes the limiter; an account keeps its place until its result
//! is durable, so a program that is killed asks again about no more accounts than it had places; a failed question waits
//! without a place, and what fails too often is left for the next call; a stop lets what is on its way end; nothing is
//! sent that changes anything.
//! Left out on purpose: where payloads and metadata come from (it is handed functions), and what the findings mean to a
//! person (`report`).

mod read;
pub mod state;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, Instant};

pub use read::ReadTools;

use crate::api::judge;
use crate::submit::coordinator::stopped;
use crate::submit::counters::Counter;
use crate::submit::{RunEnd, backoff};
use bakkt_journal::write::{
    ACCOUNT_PATH, AccountToVerify, Cursor, Difference, VerificationRound, VerifiedAccount,
};
use bakkt_journal::{Journal, now};
use bakkt_model::error::Failure;
use bakkt_model::limits::Retry;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::task::DocumentFacts;
use read::ReadEnd;

/// Asks that must agree that Bakkt does not know an account or a document.
const ASKS: u8 = 2;
/// Answers 404 without an Error body, and no other answer in this run: the address is wrong.
const STRANGE_404S: u32 = 8;

/// From a clientAccountId and its document to the metadata that was sent; `None`: it cannot be made again.
pub type MetadataFn = Arc<dyn Fn(&str, &DocumentFacts) -> Option<Sensitive<Vec<u8>>> + Send + Sync>;

/// What a reading is told.
pub struct Verify {
    /// For every question.
    pub tools: ReadTools,
    /// Tells the questions that the run stops.
    pub stop: Arc<watch::Sender<bool>>,
    /// What to read.
    pub round: VerificationRound,
    /// Waits and bounds.
    pub retry: Retry,
    /// Accounts that are read at once.
    pub in_flight: usize,
    /// No more than so many accounts.
    pub limit: Option<u64>,
}

/// What a reading has done so far.
#[derive(Debug, Default)]
pub struct VerifyCounters {
    /// Accounts to read.
    pub total: Counter,
    /// Accounts that were read.
    pub read: Counter,
    /// Those of them with something that is not as it was sent.
    pub wrong: Counter,
    /// Questions that wait for the rate now.
    pub waiting: Counter,
}

/// An account that is being read back.
#[derive(Debug)]
struct PendingAccount {
    account: AccountToVerify,
    /// Failed tries in this run.
    tries: u32,
    /// Times that Bakkt did not know it.
    absent: u8,
}

/// Writes results and picks more, on a thread of its own; the journal comes back with it.
type RecorderHandle = JoinHandle<(Journal, anyhow::Result<(Cursor, Vec<AccountToVerify>)>)>;

struct VerifyLoop {
    verify: Verify,
    journal: Option<Journal>,
    keeping: Option<RecorderHandle>,
    cursor: Cursor,
    budget: u64,
    queue: VecDeque<PendingAccount>,
    stages: JoinSet<ReadEnd>,
    waiting: BinaryHeap<Reverse<(Instant, i64)>>,
    parked: HashMap<i64, PendingAccount>,
    results: Vec<VerifiedAccount>,
    /// Results that are being written.
    leaving: usize,
    failures: u32,
    /// Bakkt has answered as Bakkt does, in this run.
    answered: bool,
    strange_404s: u32,
    ending: Option<RunEnd>,
}

/// Reads until nothing is left that can be read now, or until stopped.
pub async fn run(journal: Journal, verify: Verify) -> anyhow::Result<(Journal, RunEnd)> {
    let stop = verify.stop.clone();
    let mut run = VerifyLoop {
        journal: Some(journal),
        keeping: None,
        cursor: Cursor::default(),
        budget: verify.limit.unwrap_or(u64::MAX),
        queue: VecDeque::new(),
        stages: JoinSet::new(),
        waiting: BinaryHeap::new(),
        parked: HashMap::new(),
        results: Vec::new(),
        leaving: 0,
        failures: 0,
        answered: false,
        strange_404s: 0,
        ending: None,
        verify,
    };
    run.work(stop.subscribe()).await?;
    let ended = run.ending.take().unwrap_or(RunEnd::Finished);
    match run.journal.take() {
        Some(journal) => Ok((journal, ended)),
        None => anyhow::bail!("the journal's thread ended"),
    }
}

impl VerifyLoop {
    async fn work(&mut self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        loop {
            if self.ending.is_none() {
                self.wake();
                self.launch();
            }
            self.keep();
            if self.is_idle() {
                return Ok(());
            }
            let alarm = match (&self.ending, self.waiting.peek()) {
                (None, Some(Reverse((at, _)))) => *at,
                _ => Instant::now() + Duration::from_secs(3600),
            };
            tokio::select! {
                kept = kept(&mut self.keeping), if self.keeping.is_some() => self.kept(kept?)?,
                Some(done) = self.stages.join_next() => {
                    self.done(done?);
                    while let Some(done) = self.stages.try_join_next() {
                        self.done(done?);
                    }
                }
                () = tokio::time::sleep_until(alarm) => {}
                () = stopped(&mut stop), if self.ending.is_none() => self.end(RunEnd::Interrupted),
            }
        }
    }

    fn is_idle(&self) -> bool {
        let busy = self.keeping.is_some() || !self.stages.is_empty() || !self.results.is_empty();
        let more = !self.is_exhausted() || !self.queue.is_empty() || !self.waiting.is_empty();
        !busy && (self.ending.is_some() || !more)
    }

    fn is_exhausted(&self) -> bool {
        self.budget == 0 || self.cursor.is_at_end()
    }

    /// Moves what has waited long enough into the queue.
    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, task))) = self.waiting.peek().copied() {
            if at > now {
                return;
            }
            self.waiting.pop();
            self.queue.extend(self.parked.remove(&task));
        }
    }

    fn launch(&mut self) {
        let places = |run: &VerifyLoop| run.stages.len() + run.results.len() + run.leaving;
        while places(self) < self.verify.in_flight
            && let Some(work) = self.queue.pop_front()
        {
            self.stages.spawn(self.verify.tools.clone().read(work));
        }
    }

    /// Hands the journal to a thread that writes what was found and picks more where there is room.
    fn keep(&mut self) {
        let room = (4 * self.verify.in_flight).saturating_sub(self.queue.len());
        let pick =
            self.ending.is_none() && !self.is_exhausted() && room >= 2 * self.verify.in_flight;
        if self.results.is_empty() && !pick {
            return;
        }
        let Some(mut journal) = self.journal.take() else {
            return;
        };
        let results = std::mem::take(&mut self.results);
        self.leaving = results.len();
        let most = (room as u64).min(self.budget) as usize;
        let (round, mut cursor) = (self.verify.round, self.cursor);
        self.keeping = Some(tokio::task::spawn_blocking(move || {
            let done = journal.record_verified(&round, &results).and_then(|()| {
                let picked = match pick {
                    true => journal.unread(&round, &mut cursor, most)?,
                    false => Vec::new(),
                };
                Ok((cursor, picked))
            });
            (journal, done)
        }));
    }

    /// The results are durable: their places are free.
    fn kept(
        &mut self,
        (journal, done): (Journal, anyhow::Result<(Cursor, Vec<AccountToVerify>)>),
    ) -> anyhow::Result<()> {
        self.journal = Some(journal);
        self.leaving = 0;
        let (cursor, picked) = done?;
        self.cursor = cursor;
        self.budget -= picked.len() as u64;
        self.queue
            .extend(picked.into_iter().map(|account| PendingAccount {
                account,
                tries: 0,
                absent: 0,
            }));
        Ok(())
    }

    fn done(&mut self, done: ReadEnd) {
        match done {
            ReadEnd::Read(verified) => {
                self.succeeded();
                self.found(verified);
            }
            ReadEnd::Absent(mut work) => {
                self.succeeded();
                work.absent += 1;
                if work.absent < ASKS {
                    return self.park(work, 1, None);
                }
                self.found(unknown(work.account.task.id));
            }
            ReadEnd::Failed(mut work, why, after) => {
                tracing::debug!(id = %work.account.task.client_id, %why, "not read");
                self.failed(&why);
                work.tries += 1;
                // What fails too often is left for the next call.
                if work.tries < self.verify.retry.attempts {
                    let tries = work.tries;
                    self.park(work, tries, after);
                }
            }
            ReadEnd::Stop(message, hint) => {
                self.end(RunEnd::Stopped(Failure::configuration(message, hint)))
            }
            // The run is stopping; it stays unread.
            ReadEnd::NotAsked => {}
        }
    }

    fn found(&mut self, verified: VerifiedAccount) {
        let counters = &self.verify.tools.counters;
        counters.read.up();
        if !verified.differences.is_empty() {
            counters.wrong.up();
        }
        self.results.push(verified);
    }

    fn park(&mut self, work: PendingAccount, tries: u32, after: Option<Duration>) {
        let retry = &self.verify.retry;
        let wait = backoff::wait(tries, retry.backoff_first, retry.backoff_most);
        let wait = wait.max(after.unwrap_or_default().min(retry.longest_pause));
        let task = work.account.task.id;
        self.waiting.push(Reverse((Instant::now() + wait, task)));
        self.parked.insert(task, work);
    }

    fn succeeded(&mut self) {
        self.failures = 0;
        self.answered = true;
    }

    /// The breaker: nothing but failures, so often in a row, stops the reading.
    fn failed(&mut self, why: &str) {
        self.strange_404s = if why == "404" {
            self.strange_404s + 1
        } else {
            0
        };
        if self.strange_404s >= STRANGE_404S && !self.answered {
            let (message, hint) = judge::no_service();
            return self.end(RunEnd::Stopped(Failure::configuration(message, hint)));
        }
        if why == "403" && !self.answered {
            let (message, hint) = judge::forbidden();
            return self.end(RunEnd::Stopped(Failure::stopped(message, hint)));
        }
        self.failures += 1;
        if self.failures >= self.verify.retry.breaker {
            self.end(RunEnd::Stopped(Failure::stopped(
                format!("{} questions failed in a row and not one was answered between them; the last: {why}", self.failures),
                "when Bakkt can be reached again, run the same command: it goes on where it stopped",
            )));
        }
    }

    /// Ends the reading, unless it is ending already.
    fn end(&mut self, why: RunEnd) {
        if self.ending.is_none() {
            self.ending = Some(why);
            // Nobody left to tell only means that no question waits for the rate.
            let _ = self.verify.stop.send(true);
        }
    }
}

/// Waits for the thread that has the journal.
async fn kept(
    keeping: &mut Option<RecorderHandle>,
) -> anyhow::Result<(Journal, anyhow::Result<(Cursor, Vec<AccountToVerify>)>)> {
    let Some(handle) = keeping else {
        return std::future::pending().await;
    };
    let kept = handle.await;
    *keeping = None;
    Ok(kept?)
}

/// Asked twice, and Bakkt does not know it.
fn unknown(task: i64) -> VerifiedAccount {
    VerifiedAccount {
        task,
        at: now(),
        named: None,
        compared: Err("Bakkt does not know it"),
        documents: 0,
        content: 0,
        differences: vec![Difference {
            document: String::new(),
            path: ACCOUNT_PATH.to_owned(),
            kind: "unknown",
        }],
    }
}
