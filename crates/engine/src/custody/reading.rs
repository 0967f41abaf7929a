//! Reading back what custody has made: statuses of users, accounts with their numbers, recipients.
//!
//! A user is read with the key alone; everything else needs its customer's session. What is read is handed on and kept
//! nowhere here: an account has numbers.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::api::ConnectionChoice;
use crate::api::custody::{self, CustodyCall};
use crate::api::judge::LookupAnswer;
use crate::requests::counter::Counter;
use crate::requests::gate::SendGate;
use crate::requests::limiter::Limiter;
use crate::requests::outage::FailureWords;
use crate::requests::queue::RequestQueue;
use crate::requests::{RequestEngine, RunEnd, Work};
use bakkt_journal::custody::MadeCustody;
use bakkt_journal::custody::sessions::Sessions;
use bakkt_journal::now;
use bakkt_model::custody::CustodyKind;
use bakkt_model::limits::Retry;
use bakkt_model::sensitive::Sensitive;

/// What a reading needs to start.
pub struct CustodyReading {
    /// The way out.
    pub gate: SendGate,
    /// The rate of questions.
    pub limiter: Arc<Limiter>,
    /// Customers' sessions.
    pub sessions: Sessions,
    /// Waits and bounds.
    pub retry: Retry,
    /// Any user that was made: reading it tells a wrong key from a session that ran out.
    pub user: Option<MadeCustody>,
    /// Questions on their way at once.
    pub in_flight: usize,
    /// Tells the questions that the command stops.
    pub stop: Arc<watch::Sender<bool>>,
    /// How many were read so far.
    pub read: Counter,
}

/// What reading one thing came to.
#[derive(Debug)]
pub enum ReadOutcome {
    /// Bakkt has it, like this.
    There(Sensitive<Value>),
    /// Bakkt does not have it.
    Gone,
    /// Its customer has no session that is good.
    NeedsSession,
    /// No answer that counts; the last one that came.
    Failed(String),
}

impl ReadOutcome {
    /// The status of a user that is there.
    pub fn status(&self) -> Option<String> {
        match self {
            ReadOutcome::There(value) => custody::status(value.reveal()),
            _ => None,
        }
    }
}

struct Pending {
    made: MadeCustody,
    tries: u32,
    /// It is asked to learn whether the key is good; what it shows is not told.
    is_probe: bool,
}

/// How one question ended.
enum QuestionEnd {
    /// The command stopped before it was asked.
    NotAsked,
    /// Its customer has no session.
    NoSession(Pending),
    /// 401 or 403: the key, or the session.
    Unauthorised(Pending),
    /// Any other answer.
    Answered(Pending, LookupAnswer<Value>),
}

struct ReadLoop {
    engine: RequestEngine<ReadLoop>,
    tools: Arc<CustodyReading>,
    queue: RequestQueue<Pending>,
    results: Vec<(MadeCustody, ReadOutcome)>,
    /// An answer was given to the key.
    key_is_good: bool,
    /// Answered 401 or 403 with a session, while nobody knows whether that is about the key.
    unproven: Vec<MadeCustody>,
}

/// Reads all of them, or until stopped; `keep` is handed what came, on a thread of its own.
pub async fn run(
    made: Vec<MadeCustody>,
    reading: CustodyReading,
    mut keep: impl FnMut(Vec<(MadeCustody, ReadOutcome)>) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<RunEnd> {
    let words = FailureWords {
        failures: "custody questions failed in a row and not one was answered between them; the last",
        names_address: false,
    };
    let record = move |(): &mut (), results| keep(results);
    let tools = Arc::new(reading);
    let mut run = ReadLoop {
        engine: RequestEngine::new((), record, tools.retry, tools.stop.clone(), words)?,
        queue: RequestQueue::new(tools.in_flight),
        tools,
        results: Vec::new(),
        key_is_good: false,
        unproven: Vec::new(),
    };
    for made in made {
        run.queue.push(Pending {
            made,
            tries: 0,
            is_probe: false,
        });
    }
    let (run, ended) = crate::requests::run(run).await?;
    run.engine.into_owner()?;
    Ok(ended)
}

impl CustodyReading {
    async fn ask(self: Arc<Self>, pending: Pending) -> QuestionEnd {
        let made = &pending.made;
        let is_user = made.kind == CustodyKind::User;
        let session = self.sessions.get(&made.client_id, now());
        if !is_user && session.is_none() {
            return QuestionEnd::NoSession(pending);
        }
        let path = match made.kind {
            CustodyKind::User => String::new(),
            CustodyKind::BankAccount | CustodyKind::Savings => format!("accounts/{}", made.uuid),
            CustodyKind::Recipient => format!("bank-account/remote/{}", made.uuid),
        };
        let question = self.gate.client().custody(CustodyCall {
            path: &path,
            body: None,
            session: session
                .as_ref()
                .filter(|_| !is_user)
                .map(|session| session.session.reveal().as_str()),
            user: is_user.then_some(made.uuid.as_str()),
            key: None,
        });
        let reply = self
            .gate
            .pass(&self.limiter, ConnectionChoice::New, question)
            .await;
        let uuid = made.uuid.clone();
        let names = |value: &Value| {
            let named = value
                .get("user_uuid")
                .or_else(|| value.get("uuid"))
                .or_else(|| value.get("id"));
            (named.and_then(custody::fit_uuid).as_ref() == Some(&uuid)).then(|| value.clone())
        };
        match reply.map(|reply| custody::told(&reply, names)) {
            None => QuestionEnd::NotAsked,
            Some(None) => QuestionEnd::Unauthorised(pending),
            Some(Some(answer)) => QuestionEnd::Answered(pending, answer),
        }
    }
}

impl Work for ReadLoop {
    type Item = Pending;
    type End = QuestionEnd;
    type Batch = Vec<(MadeCustody, ReadOutcome)>;
    type Recorded = ();
    type Owner = ();

    fn engine(&mut self) -> &mut RequestEngine<ReadLoop> {
        &mut self.engine
    }

    fn resume(&mut self, _: Instant, pending: Pending) {
        self.queue.push(pending);
    }

    fn launch(&mut self) {
        while let Some(pending) = self.queue.start() {
            self.engine.spawn(self.tools.clone().ask(pending));
        }
    }

    fn batch(&mut self) -> Option<Self::Batch> {
        let results = std::mem::take(&mut self.results);
        (!results.is_empty()).then_some(results)
    }

    fn recorded(&mut self, (): ()) {}

    fn ended(&mut self, end: QuestionEnd) {
        self.queue.free(1);
        let (mut pending, answer) = match end {
            QuestionEnd::NotAsked => return,
            QuestionEnd::NoSession(pending) => {
                return self.found(pending, ReadOutcome::NeedsSession);
            }
            QuestionEnd::Unauthorised(pending) if pending.made.kind == CustodyKind::User => {
                return self.engine.misdirected(
                    "Bakkt does not know the custody key (401 or 403)",
                    "check BAKKT_CUSTODY_KEY or [custody] key_file, and [custody] header_prefix",
                );
            }
            QuestionEnd::Unauthorised(pending) => return self.unauthorised(pending),
            QuestionEnd::Answered(pending, answer) => (pending, answer),
        };
        let (why, after) = match answer {
            LookupAnswer::There(value) => {
                self.engine.answered();
                self.key_is_good();
                return self.found(pending, ReadOutcome::There(Sensitive::new(value)));
            }
            LookupAnswer::NotThere => {
                self.engine.answered();
                self.key_is_good();
                return self.found(pending, ReadOutcome::Gone);
            }
            LookupAnswer::Stop(message, hint) => return self.engine.misdirected(message, hint),
            LookupAnswer::Unknown(why, after) => (why, after),
        };
        self.engine.question_failed(&why);
        pending.tries += 1;
        if pending.tries >= self.tools.retry.attempts {
            self.found(pending, ReadOutcome::Failed(why));
        } else {
            let due = self.engine.next_try(pending.tries, after);
            self.engine.waiting.add(number(&pending), due, pending);
        }
    }

    fn has_more(&self) -> bool {
        !self.queue.is_empty()
    }
}

/// What a question that waits is known by: the task, or for the probe a number that no task has.
fn number(pending: &Pending) -> i64 {
    match pending.is_probe {
        true => 0,
        false => pending.made.task,
    }
}

impl ReadLoop {
    /// A session was not taken. It is deleted once it is known that the key is not why.
    fn unauthorised(&mut self, pending: Pending) {
        let is_first = self.unproven.is_empty();
        self.unproven.push(pending.made);
        if self.key_is_good {
            return self.sessions_ended();
        }
        if !is_first {
            return;
        }
        match self.tools.user.clone() {
            Some(made) => self.queue.push(Pending {
                made,
                tries: 0,
                is_probe: true,
            }),
            None => self.unread(),
        }
    }

    fn key_is_good(&mut self) {
        self.key_is_good = true;
        self.sessions_ended();
    }

    /// The sessions that were not taken ran out.
    fn sessions_ended(&mut self) {
        for made in &self.unproven {
            self.tools.sessions.delete(&made.client_id);
        }
        self.unread();
    }

    fn unread(&mut self) {
        for made in std::mem::take(&mut self.unproven) {
            self.tools.read.up();
            self.results.push((made, ReadOutcome::NeedsSession));
        }
    }

    fn found(&mut self, pending: Pending, outcome: ReadOutcome) {
        if pending.is_probe {
            // Without an answer to it, nobody knows why sessions were not taken; they stay.
            return self.unread();
        }
        self.tools.read.up();
        self.results.push((pending.made, outcome));
    }
}
