//! Reading every accepted account back and comparing it with what was sent: pick → limiter → api → compare → record.
//!
//! Owner of what is read and what follows, as the request engine's [`Work`]. `read` is one account in a task of its own, which
//! shares nothing; [`state`] says which state of
//! an account nobody expected. Invariants: an account keeps its place until its result
//! is durable, so a program that is killed asks again about no more accounts than it had places; what fails too often is left
//! for the next call; nothing is sent that changes anything.
//! Left out on purpose: where payloads and metadata come from (it is handed functions), and what the findings mean to a
//! person (`report`).

mod read;
pub mod state;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

pub use read::ReadTools;

use crate::requests::counter::Counter;
use crate::requests::outage::FailureWords;
use crate::requests::queue::RequestQueue;
use crate::requests::{RequestEngine, RunEnd, Work};
use bakkt_journal::write::{
    ACCOUNT_PATH, AccountToVerify, Cursor, Difference, VerificationRound, VerifiedAccount,
};
use bakkt_journal::{Journal, now};
use bakkt_model::limits::Retry;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::task::DocumentFacts;
use read::{Halt, ReadEnd};

/// Asks that must agree that Bakkt does not know an account or a document.
const ASKS: u8 = 2;

/// From a clientAccountId and its document to the metadata that was sent; `None`: it cannot be made again.
pub type MetadataFn = Arc<dyn Fn(&str, &DocumentFacts) -> Option<Sensitive<Vec<u8>>> + Send + Sync>;

/// What a reading is told.
pub struct Verify {
    /// For every question.
    pub tools: Arc<ReadTools>,
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

struct VerifyLoop {
    engine: RequestEngine<VerifyLoop>,
    tools: Arc<ReadTools>,
    attempts: u32,
    in_flight: usize,
    cursor: Cursor,
    budget: u64,
    /// An account has its place until its result is durable.
    queue: RequestQueue<PendingAccount>,
    results: Vec<VerifiedAccount>,
    /// Results that are with the recorder.
    leaving: usize,
}

/// What the recorder is handed: what was found, and from where on to pick how many more.
struct RecorderBatch {
    results: Vec<VerifiedAccount>,
    pick: Option<(Cursor, usize)>,
}

/// Reads until nothing is left that can be read now, or until stopped.
pub async fn run(journal: Journal, verify: Verify) -> anyhow::Result<(Journal, RunEnd)> {
    let round = verify.round;
    let record = move |journal: &mut Journal, batch: RecorderBatch| {
        journal.record_verified(&round, &batch.results)?;
        let Some((mut cursor, most)) = batch.pick else {
            return Ok(None);
        };
        let picked = journal.unread(&round, &mut cursor, most)?;
        Ok(Some((cursor, picked)))
    };
    let words = FailureWords {
        failures: "questions failed in a row and not one was answered between them; the last",
        names_address: true,
    };
    let run = VerifyLoop {
        engine: RequestEngine::new(journal, record, verify.retry, verify.stop, words)?,
        tools: verify.tools,
        attempts: verify.retry.attempts,
        in_flight: verify.in_flight,
        cursor: Cursor::default(),
        budget: verify.limit.unwrap_or(u64::MAX),
        queue: RequestQueue::new(verify.in_flight),
        results: Vec::new(),
        leaving: 0,
    };
    let (run, ended) = crate::requests::run(run).await?;
    Ok((run.engine.into_owner()?, ended))
}

impl Work for VerifyLoop {
    type Item = PendingAccount;
    type End = ReadEnd;
    type Batch = RecorderBatch;
    type Recorded = Option<(Cursor, Vec<AccountToVerify>)>;
    type Owner = Journal;

    fn engine(&mut self) -> &mut RequestEngine<VerifyLoop> {
        &mut self.engine
    }

    fn resume(&mut self, _: Instant, account: PendingAccount) {
        self.queue.push(account);
    }

    fn launch(&mut self) {
        while let Some(account) = self.queue.start() {
            self.engine.spawn(self.tools.clone().read(account));
        }
    }

    /// What was found, and more accounts where there is room.
    fn batch(&mut self) -> Option<RecorderBatch> {
        let room = (4 * self.in_flight).saturating_sub(self.queue.len());
        let wants = !self.engine.is_ending() && self.can_pick() && room >= 2 * self.in_flight;
        if self.results.is_empty() && !wants {
            return None;
        }
        let results = std::mem::take(&mut self.results);
        self.leaving = results.len();
        let most = (room as u64).min(self.budget) as usize;
        let pick = wants.then_some((self.cursor, most));
        Some(RecorderBatch { results, pick })
    }

    fn recorded(&mut self, picked: Option<(Cursor, Vec<AccountToVerify>)>) {
        self.queue.free(std::mem::take(&mut self.leaving));
        let Some((cursor, picked)) = picked else {
            return;
        };
        self.cursor = cursor;
        self.budget -= picked.len() as u64;
        for account in picked {
            self.queue.push(PendingAccount {
                account,
                tries: 0,
                absent: 0,
            });
        }
    }

    fn ended(&mut self, (mut account, read): ReadEnd) {
        match read {
            Ok(Some(verified)) => {
                self.engine.answered();
                self.found(verified);
            }
            Ok(None) => {
                self.engine.answered();
                account.absent += 1;
                if account.absent < ASKS {
                    return self.park(account, 1, None);
                }
                self.found(unknown(account.account.task.id));
            }
            Err(Halt::Failed(why, after)) => {
                tracing::debug!(id = %account.account.task.client_id, %why, "not read");
                account.tries += 1;
                let tries = account.tries;
                if tries < self.attempts {
                    self.park(account, tries, after);
                } else {
                    // What fails too often is left for the next call.
                    self.queue.free(1);
                }
                self.engine.question_failed(&why);
            }
            Err(Halt::Stop(error)) => self.engine.end(RunEnd::Stopped(error)),
            // The run is stopping; it stays unread.
            Err(Halt::NotAsked) => {}
        }
    }

    fn has_more(&self) -> bool {
        self.can_pick() || !self.queue.is_empty()
    }
}

impl VerifyLoop {
    fn can_pick(&self) -> bool {
        self.budget > 0 && !self.cursor.is_at_end()
    }

    fn found(&mut self, verified: VerifiedAccount) {
        let counters = &self.tools.counters;
        counters.read.up();
        if !verified.differences.is_empty() {
            counters.wrong.up();
        }
        self.results.push(verified);
    }

    /// Lets an account wait, without its place.
    fn park(&mut self, account: PendingAccount, tries: u32, after: Option<Duration>) {
        let due = self.engine.next_try(tries, after);
        let task = account.account.task.id;
        self.engine.waiting.add(task, due, account);
        self.queue.free(1);
    }
}

/// Asked twice, and Bakkt does not know it.
fn unknown(task: i64) -> VerifiedAccount {
    VerifiedAccount {
        task,
        at: now(),
        named: None,
        bakkt_id: None,
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
