//! Fetching verification links: who is to get one → limiter → api → whoever keeps them.
//!
//! Owner of what is asked and what follows, as the request engine's [`Work`]. Invariants: a
//! question is asked again only when its answer may be another one; everything that was given is kept. Left out on purpose: what is asked for (`journal`),
//! and what is done with a link: it is handed a function.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::api::ConnectionChoice;
use crate::api::judge::LookupAnswer;
use crate::api::link::{LinkAnswer, link};
use crate::requests::counter::Counter;
use crate::requests::gate::SendGate;
use crate::requests::limiter::Limiter;
use crate::requests::outage::FailureWords;
use crate::requests::queue::RequestQueue;
use crate::requests::{RequestEngine, RunEnd, Work};
use bakkt_journal::read::WantedLink;
use bakkt_model::limits::Retry;

/// What a fetching is told.
pub struct Fetch {
    /// What every question needs.
    pub tools: Arc<FetchTools>,
    /// Waits and bounds.
    pub retry: Retry,
    /// Questions on their way at once.
    pub in_flight: usize,
    /// Tells the questions that the command stops.
    pub stop: Arc<watch::Sender<bool>>,
    /// For the progress display.
    pub counters: Arc<LinkCounters>,
}

/// What every question needs.
pub struct FetchTools {
    /// The way out.
    pub gate: SendGate,
    /// The rate of questions.
    pub limiter: Arc<Limiter>,
    /// Who we are to Bakkt.
    pub partner_id: String,
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

/// An account whose link is to be asked for.
struct PendingLink {
    wanted: WantedLink,
    /// Failed tries.
    tries: u32,
}

/// How one question ended; no answer when the command stopped before it was asked.
type QuestionEnd = (PendingLink, Option<LookupAnswer<LinkAnswer>>);

struct LinkLoop {
    engine: RequestEngine<LinkLoop>,
    tools: Arc<FetchTools>,
    counters: Arc<LinkCounters>,
    attempts: u32,
    queue: RequestQueue<PendingLink>,
    results: Vec<LinkResult>,
}

/// Asks about all of them, or until stopped; `keep` is handed what came, in the order of its coming, on a thread of its own.
pub async fn run(
    wanted: Vec<WantedLink>,
    fetch: Fetch,
    mut keep: impl FnMut(Vec<LinkResult>) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<RunEnd> {
    fetch.counters.total.set(wanted.len() as u64);
    let words = FailureWords {
        failures: "questions failed in a row and not one was answered between them; the last",
        // It is another service than that of accounts.
        names_address: false,
    };
    let record = move |(): &mut (), results| keep(results);
    let mut run = LinkLoop {
        engine: RequestEngine::new((), record, fetch.retry, fetch.stop, words)?,
        tools: fetch.tools,
        counters: fetch.counters,
        attempts: fetch.retry.attempts,
        queue: RequestQueue::new(fetch.in_flight),
        results: Vec::new(),
    };
    for wanted in wanted {
        run.queue.push(PendingLink { wanted, tries: 0 });
    }
    let (run, ended) = crate::requests::run(run).await?;
    run.engine.into_owner()?;
    Ok(ended)
}

impl FetchTools {
    async fn ask(self: Arc<Self>, link_of: PendingLink) -> QuestionEnd {
        let client = self.gate.client();
        let question = client.verification_link(&self.partner_id, &link_of.wanted.client_id);
        let passed = self
            .gate
            .pass(&self.limiter, ConnectionChoice::New, question);
        let reply = passed.await;
        (link_of, reply.map(|reply| link(&reply)))
    }
}

impl Work for LinkLoop {
    type Item = PendingLink;
    type End = QuestionEnd;
    type Batch = Vec<LinkResult>;
    type Recorded = ();
    type Owner = ();

    fn engine(&mut self) -> &mut RequestEngine<LinkLoop> {
        &mut self.engine
    }

    fn resume(&mut self, _: Instant, pending: PendingLink) {
        self.queue.push(pending);
    }

    fn launch(&mut self) {
        while let Some(pending) = self.queue.start() {
            self.engine.spawn(self.tools.clone().ask(pending));
        }
    }

    fn batch(&mut self) -> Option<Vec<LinkResult>> {
        let results = std::mem::take(&mut self.results);
        (!results.is_empty()).then_some(results)
    }

    fn recorded(&mut self, (): ()) {}

    fn ended(&mut self, (mut pending, answer): QuestionEnd) {
        self.queue.free(1);
        let (why, after) = match answer {
            Some(LookupAnswer::There(told)) => {
                return self.answered(pending.wanted, LinkOutcome::Told(told));
            }
            Some(LookupAnswer::NotThere) => {
                return self.answered(pending.wanted, LinkOutcome::Unknown);
            }
            Some(LookupAnswer::Stop(message, hint)) => {
                return self.engine.misdirected(message, hint);
            }
            Some(LookupAnswer::Unknown(why, after)) => (why, after),
            None => return,
        };
        tracing::debug!(id = %pending.wanted.client_id, %why, "no link");
        let was_ending = self.engine.is_ending();
        self.engine.question_failed(&why);
        if self.engine.is_ending() && !was_ending {
            return;
        }
        pending.tries += 1;
        if is_final(&why) || pending.tries >= self.attempts {
            self.found(pending.wanted, LinkOutcome::Failed(why));
        } else {
            let due = self.engine.next_try(pending.tries, after);
            self.engine.waiting.add(pending.wanted.task, due, pending);
        }
    }

    fn has_more(&self) -> bool {
        !self.queue.is_empty()
    }
}

impl LinkLoop {
    fn answered(&mut self, wanted: WantedLink, outcome: LinkOutcome) {
        self.engine.answered();
        self.found(wanted, outcome);
    }

    fn found(&mut self, wanted: WantedLink, outcome: LinkOutcome) {
        self.counters.done.up();
        self.results.push(LinkResult { wanted, outcome });
    }
}

/// Whether asking again would change nothing: a 4xx, but one that says that it was too early.
pub fn is_final(why: &str) -> bool {
    why.len() == 3 && why.starts_with('4') && !["408", "425", "429"].contains(&why)
}
