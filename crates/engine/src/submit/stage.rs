//! One request in a task of its own: wait for the rate, send, judge. Shares nothing; reports one [`RequestEnd`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::coordinator::stopped;
use super::counters::RunCounters;
use super::limiter::{Limiter, SendSlot};
use super::settle;
use super::{DocumentFn, PayloadFn};
use crate::api::mask::KnownValues;
use crate::api::{Client, ConnectionChoice, Question, Reply, compare, judge};
use bakkt_journal::CodeKey;
use bakkt_model::task::{AccountFacts, Task, TaskKind};

/// The rate of each kind of call.
#[derive(Clone)]
pub struct Limiters {
    /// Creations and updates.
    pub create: Arc<Limiter>,
    /// Questions.
    pub lookup: Arc<Limiter>,
    /// Uploads.
    pub upload: Arc<Limiter>,
    /// KYB triggers.
    pub kyb: Arc<Limiter>,
}

impl Limiters {
    fn of(&self, kind: TaskKind) -> &Limiter {
        match kind {
            TaskKind::Account | TaskKind::Update => &self.create,
            TaskKind::Document => &self.upload,
            TaskKind::Kyb => &self.kyb,
        }
    }
}

/// What every request of a run needs.
#[derive(Clone)]
pub struct SendTools {
    /// The client.
    pub client: Arc<Client>,
    /// The rates.
    pub limiters: Limiters,
    /// Longest time of one upload.
    pub upload_timeout: Duration,
    /// How far Bakkt's clock may be behind ours.
    pub clock_tolerance: Duration,
    /// From task to the payload of its account.
    pub payload: PayloadFn,
    /// From document task to what is uploaded.
    pub document: DocumentFn,
    /// What hides codes that may not be kept.
    pub codes: CodeKey,
    /// For the progress display.
    pub counters: Arc<RunCounters>,
    /// Turns true when the run stops: what still waits for the rate is not sent.
    pub stop: watch::Receiver<bool>,
}

/// What a look-up found.
#[derive(Debug)]
pub enum LookupOutcome {
    /// It is there; is it what we would send?
    There(AccountFacts, bool),
    /// It is not there.
    NotThere,
    /// The question failed, to be asked again; with the server's wish for a pause.
    Unknown(String, Option<Duration>),
    /// Going on makes no sense: message and hint.
    Stop(String, String),
}

/// How a request ended.
#[derive(Debug)]
pub enum RequestEnd {
    /// It was sent and judged.
    Sent(Task, judge::Judgement),
    /// The run stopped before it was sent.
    NotSent(Task),
    /// A document that is not as it was planned: nothing whole was sent. Says why.
    Unfit(Task, String),
    /// A look before sending.
    Looked(Task, LookupOutcome),
    /// A question about one in doubt.
    Asked(Task, LookupOutcome),
    /// The run stopped before the question was sent.
    NotAsked,
    /// When the last event about each of these accounts arrived.
    Heard(HashMap<String, i64>),
    /// The row did not give the planned bytes; nothing was sent.
    Broken(Task, anyhow::Error),
}

/// Nothing that was sent.
const NOTHING: &[u8] = b"{}";

/// How long a run that stops waits for the rate to show whose an answer is, and any other run: the connection would not
/// rest for longer.
const ENDING: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Why a document is held when its content differs only once it is read.
const CONTENT_CHANGED: &str = "its content is not what was planned; run replan to plan it anew";

impl SendTools {
    /// Sends a task whose intent is durable.
    pub(crate) async fn send(self, task: Task) -> RequestEnd {
        match task.kind {
            TaskKind::Account | TaskKind::Update => self.create(task).await,
            TaskKind::Document => self.upload(task).await,
            TaskKind::Kyb => self.trigger(task).await,
        }
    }

    async fn create(self, task: Task) -> RequestEnd {
        let payload = match (self.payload)(&task) {
            Ok(payload) => payload,
            Err(error) => return RequestEnd::Broken(task, error),
        };
        let limiter = self.limiters.of(task.kind);
        let Some(slot) = self.connected(limiter, way(&task)).await else {
            return RequestEnd::NotSent(task);
        };
        let sending = self
            .client
            .create(&task.client_id, payload.clone(), way(&task));
        let reply = sending.await;
        heed(limiter, slot, &reply);
        let reply = self.proven(&task, reply).await;
        let sent: &[&[u8]] = &[payload.reveal()];
        let judgement = judge::creation(&reply, &task.client_id, &self.known(sent, true));
        RequestEnd::Sent(task, judgement)
    }

    async fn upload(self, task: Task) -> RequestEnd {
        let (opening, planned) = (self.document.clone(), task.clone());
        // A documents folder may be on a slow or a network disk.
        let opened = tokio::task::spawn_blocking(move || opening(&planned)).await;
        let upload = match opened {
            Ok(Ok(upload)) => upload,
            Ok(Err(why)) => return RequestEnd::Unfit(task, why),
            Err(error) => return RequestEnd::Broken(task, error.into()),
        };
        let limiter = self.limiters.of(task.kind);
        let Some(slot) = self.connected(limiter, way(&task)).await else {
            return RequestEnd::NotSent(task);
        };
        let metadata = upload.metadata.clone();
        let uuid = task
            .document
            .as_ref()
            .map_or("", |document| document.uuid.as_str());
        let sending = self
            .client
            .upload(uuid, upload, self.upload_timeout, way(&task));
        let (reply, changed) = sending.await;
        heed(limiter, slot, &reply);
        if changed {
            return RequestEnd::Unfit(task, CONTENT_CHANGED.to_owned());
        }
        let reply = self.proven(&task, reply).await;
        let account = self.account_values(&task, &reply, |_| true);
        let sent: &[&[u8]] = &[metadata.reveal(), account.as_deref().unwrap_or(NOTHING)];
        let judgement = judge::upload(&reply, uuid, &self.known(sent, account.is_some()));
        RequestEnd::Sent(task, judgement)
    }

    async fn trigger(self, task: Task) -> RequestEnd {
        let limiter = self.limiters.of(task.kind);
        let Some(slot) = self.connected(limiter, ConnectionChoice::New).await else {
            return RequestEnd::NotSent(task);
        };
        let reply = self.client.trigger_kyb(&task.client_id).await;
        heed(limiter, slot, &reply);
        let account = self.account_values(&task, &reply, |status| status != 200);
        let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
        let judgement = judge::kyb(&reply, &self.known(sent, account.is_some()));
        RequestEnd::Sent(task, judgement)
    }

    /// The answer to something that was sent, once it is certain whose it is; [`Reply::Lost`] when that cannot be shown.
    async fn proven(&self, task: &Task, reply: Reply) -> Reply {
        let Reply::Unproven(unproven) = reply else {
            return reply;
        };
        let uuid = task.document.as_ref().map(|document| &*document.uuid);
        let limiter = &self.limiters.lookup;
        // Showing whose an answer is belongs to a request that is on its way: a stop lets it end.
        let mut stop = self.stop.clone();
        let ending = async {
            stopped(&mut stop).await;
            tokio::time::sleep(ENDING).await;
        };
        let slot = tokio::select! {
            slot = limiter.acquire() => slot,
            () = ending => return Reply::Lost("stopped before it was certain whose answer it was"),
            () = tokio::time::sleep(LONGEST_WAIT) => {
                return Reply::Lost("no time to show whose answer it was");
            }
        };
        let question = match uuid {
            Some(uuid) => Question::Document(uuid),
            None => Question::Account(&task.client_id),
        };
        let (reply, told) = self.client.confirm(*unproven, question).await;
        heed(limiter, slot, &told);
        // Of this answer nothing is kept.
        let known = self.known(&[NOTHING], false);
        let found = match uuid {
            Some(uuid) => judge::document_question(&told, uuid, &known).map(|_| true),
            None => judge::question(&told, &task.client_id, &known).map(|(facts, request)| {
                let is_older = task
                    .first_at
                    .is_some_and(|first_at| settle::older(&facts, first_at, self.clock_tolerance));
                // One that was there before says nothing, unless it has what was sent.
                match task.kind == TaskKind::Account && !is_older {
                    true => true,
                    false => self.equal(task, &request).unwrap_or(true),
                }
            }),
        };
        let wants_pause = |reply: &Reply| matches!(reply.status(), Some((429 | 503, _)));
        match found {
            judge::LookupAnswer::There(true) => Reply::Lost("refused, and yet it is there"),
            judge::LookupAnswer::There(false) | judge::LookupAnswer::NotThere => reply,
            // Whichever of the two refusals is the one of what was sent: it was not taken.
            _ if wants_pause(&reply) && wants_pause(&told) => reply,
            _ => Reply::Lost("an answer that may belong to another request"),
        }
    }

    fn known<'a>(&'a self, sent: &'a [&'a [u8]], is_complete: bool) -> KnownValues<'a> {
        KnownValues {
            key: &self.codes,
            secrets: self.client.secrets(),
            sent,
            is_complete,
        }
    }

    /// What an answer could repeat of the account that it is about; an empty object when nothing of an answer of this status
    /// is kept. `None`: it cannot be told any more.
    fn account_values(
        &self,
        task: &Task,
        reply: &Reply,
        is_kept: impl Fn(u16) -> bool,
    ) -> Option<Vec<u8>> {
        if !matches!(reply, Reply::Answer { status, .. } if is_kept(*status)) {
            return Some(NOTHING.to_vec());
        }
        let payload = (self.payload)(task).ok()?;
        Some(payload.into_revealed())
    }

    /// Looks for it before it is sent.
    pub(crate) async fn look(self, task: Task) -> RequestEnd {
        match self.question(&task, ConnectionChoice::Kept).await {
            Some(found) => RequestEnd::Looked(task, found),
            None => RequestEnd::NotAsked,
        }
    }

    /// Asks about one in doubt.
    pub(crate) async fn ask(self, task: Task) -> RequestEnd {
        // What it decides about is in doubt already: its answer has to be certain.
        match self.question(&task, ConnectionChoice::New).await {
            Some(found) => RequestEnd::Asked(task, found),
            None => RequestEnd::NotAsked,
        }
    }

    async fn question(&self, task: &Task, way: ConnectionChoice) -> Option<LookupOutcome> {
        let limiter = &self.limiters.lookup;
        let slot = self.connected(limiter, way).await?;
        // A document's id is made of its content: the one that is there is the same.
        let found = match &task.document {
            Some(document) => {
                let reply = self.client.metadata(&document.uuid, way).await;
                heed(limiter, slot, &reply);
                let account = self.account_values(task, &reply, |status| status == 200);
                let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
                let known = self.known(sent, account.is_some());
                judge::document_question(&reply, &document.uuid, &known).map(|facts| (facts, None))
            }
            None => {
                let reply = self.client.lookup(&task.client_id, way).await;
                heed(limiter, slot, &reply);
                let account = self.account_values(task, &reply, |status| status == 200);
                let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
                let known = self.known(sent, account.is_some());
                judge::question(&reply, &task.client_id, &known)
                    .map(|(facts, request)| (facts, Some(request)))
            }
        };
        Some(match found {
            judge::LookupAnswer::There((facts, request)) => {
                // A row that gives other bytes by now is not equal; sending it is what refuses.
                let equal =
                    request.is_none_or(|request| self.equal(task, &request).unwrap_or(false));
                LookupOutcome::There(facts, equal)
            }
            judge::LookupAnswer::NotThere => LookupOutcome::NotThere,
            judge::LookupAnswer::Unknown(why, after) => LookupOutcome::Unknown(why, after),
            judge::LookupAnswer::Stop(message, hint) => LookupOutcome::Stop(message, hint),
        })
    }

    fn equal(&self, task: &Task, theirs: &Value) -> anyhow::Result<bool> {
        let ours = (self.payload)(task)?;
        let ours: Value = serde_json::from_slice(ours.reveal())?;
        Ok(compare::same(&ours, theirs))
    }

    /// Makes a connection ready and waits for the rate; `None` when the run stops first.
    async fn connected(&self, limiter: &Limiter, way: ConnectionChoice) -> Option<SendSlot> {
        let _line = self.client.reserve(way).await;
        self.admitted(limiter).await
    }

    /// Waits for the rate; `None` when the run stops first.
    async fn admitted(&self, limiter: &Limiter) -> Option<SendSlot> {
        let mut stop = self.stop.clone();
        self.counters.waiting.up();
        let admitted = tokio::select! {
            biased;
            () = stopped(&mut stop) => None,
            slot = limiter.acquire() => Some(slot),
        };
        self.counters.waiting.down();
        admitted
    }
}

/// What is sent again goes out on a new connection, so that a second refusal needs no proof.
fn way(task: &Task) -> ConnectionChoice {
    match task.attempts {
        0 | 1 => ConnectionChoice::Kept,
        _ => ConnectionChoice::New,
    }
}

/// Tells a limiter what came of the request that left in a slot: the one place that decides which answers slow down.
/// Every 429 and every 503 does, whether or not it says for how long. A lost answer and any other failure of the
/// server say nothing about the rate.
pub(crate) fn heed(limiter: &Limiter, slot: SendSlot, reply: &Reply) {
    match reply.status() {
        Some((status @ (429 | 503), retry_after)) => limiter.refused(slot, status, retry_after),
        None | Some((408 | 500.., _)) => {}
        Some(_) => limiter.answered(slot),
    }
}
