//! One request in a task of its own: payload, gate, judgement. Shares nothing; reports one [`RequestEnd`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::counters::RunCounters;
use super::settle;
use super::{DocumentFn, PayloadFn};
use crate::api::mask::KnownValues;
use crate::api::{ConnectionChoice, ContentTrouble, Question, Reply, compare, judge};
use crate::requests::disk::DiskReads;
use crate::requests::gate::{SendGate, heed};
use crate::requests::limiter::{ClaimPermit, Limiter};
use bakkt_journal::CodeKey;
use bakkt_model::error::is_io;
use bakkt_model::sensitive::Sensitive;
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
pub struct SendTools {
    /// The way out.
    pub gate: SendGate,
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
    /// The turns of both.
    pub disk: DiskReads,
    /// What hides codes that may not be kept.
    pub codes: CodeKey,
    /// How the ids of many accounts begin, for ids of those whose values are not known.
    pub beginnings: Vec<String>,
    /// For the progress display.
    pub counters: Arc<RunCounters>,
}

/// What a look-up found: the account, and whether it is what we would send.
pub type LookupOutcome = judge::LookupAnswer<(AccountFacts, bool)>;

/// How a request ended.
#[derive(Debug)]
pub enum RequestEnd {
    /// It may be claimed; none: the run stopped before.
    Due(Task, Option<ClaimPermit>),
    /// It was sent and judged.
    Sent(Task, judge::Judgement),
    /// It was claimed, and the run stopped, or nothing may leave any more, before it was sent.
    NotSent(Task),
    /// A document that is not as it was planned: nothing whole was sent. Says why.
    Unfit(Task, String),
    /// A look before sending.
    Looked(Task, LookupOutcome),
    /// A question about one in doubt.
    Asked(Task, LookupOutcome),
    /// A question about one that was forbidden, which tells about key and address.
    Probed(Task, LookupOutcome),
    /// The run stopped before the question was sent.
    NotAsked,
    /// What the answer is to be compared with cannot be read; the task stays as it is.
    Unread(anyhow::Error),
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
/// Why it is held when it breaks off: its disk or its storage failed.
const CONTENT_UNREAD: &str = "its content could not be read to its end; once it can, the next run takes the document up again";

/// Why a document is held whose content is not sent.
fn unfit(trouble: ContentTrouble) -> String {
    let why = match trouble {
        ContentTrouble::Changed => CONTENT_CHANGED,
        ContentTrouble::Unread => CONTENT_UNREAD,
    };
    why.to_owned()
}

impl SendTools {
    /// Waits until a task may be claimed that nobody can ask about afterwards.
    pub(crate) async fn claim(self: Arc<Self>, task: Task) -> RequestEnd {
        let permit = self.gate.claim(self.limiters.of(task.kind)).await;
        RequestEnd::Due(task, permit)
    }

    /// Sends a task whose intent is durable, with its permit where it needed one.
    pub(crate) async fn send(
        self: Arc<Self>,
        task: Task,
        permit: Option<ClaimPermit>,
    ) -> RequestEnd {
        match (task.kind, permit) {
            (TaskKind::Account | TaskKind::Update, _) => self.create(task).await,
            (TaskKind::Document, _) => self.upload(task).await,
            (TaskKind::Kyb, Some(permit)) => self.trigger(task, permit).await,
            (TaskKind::Kyb, None) => RequestEnd::NotSent(task),
        }
    }

    async fn create(&self, task: Task) -> RequestEnd {
        let (task, payload) = self.payload(task).await;
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => return RequestEnd::Broken(task, error),
        };
        let limiter = self.limiters.of(task.kind);
        let (client, id) = (self.gate.client(), &task.client_id);
        let request = client.create(id, payload.clone(), way(&task));
        let Some(reply) = self.gate.pass(limiter, way(&task), request).await else {
            return RequestEnd::NotSent(task);
        };
        let reply = self.proven(&task, reply, payload.reveal()).await;
        let sent: &[&[u8]] = &[payload.reveal()];
        let judgement = judge::creation(&reply, &task.client_id, &self.known(sent, true));
        RequestEnd::Sent(task, judgement)
    }

    async fn upload(&self, task: Task) -> RequestEnd {
        let opening = self.document.clone();
        let open = move || {
            let opened = opening(&task);
            (task, opened)
        };
        let (task, upload) = match self.disk.run(open).await {
            (task, Ok(upload)) => (task, upload),
            (task, Err(why)) => return RequestEnd::Unfit(task, why),
        };
        let metadata = upload.metadata.clone();
        let upload = match upload.begin().await {
            Ok(upload) => upload,
            Err(trouble) => return RequestEnd::Unfit(task, unfit(trouble)),
        };
        let limiter = self.limiters.of(task.kind);
        let document = task.document.as_ref();
        let uuid = document.map_or("", |document| document.uuid.as_str());
        let mut trouble = None;
        let request = async {
            let sending = self
                .gate
                .client()
                .upload(uuid, upload, self.upload_timeout, way(&task));
            let (reply, found) = sending.await;
            trouble = found;
            reply
        };
        let Some(reply) = self.gate.pass(limiter, way(&task), request).await else {
            return RequestEnd::NotSent(task);
        };
        if let Some(trouble) = trouble {
            return RequestEnd::Unfit(task, unfit(trouble));
        }
        let reply = self.proven(&task, reply, NOTHING).await;
        let account = self.account_values(&task, &reply, |_| true).await.ok();
        let sent: &[&[u8]] = &[metadata.reveal(), account.as_deref().unwrap_or(NOTHING)];
        let judgement = judge::upload(&reply, uuid, &self.known(sent, account.is_some()));
        RequestEnd::Sent(task, judgement)
    }

    async fn trigger(&self, task: Task, permit: ClaimPermit) -> RequestEnd {
        let limiter = self.limiters.of(task.kind);
        let request = self.gate.client().trigger_kyb(&task.client_id);
        let Some(reply) = self.gate.pass_claimed(limiter, permit, request).await else {
            return RequestEnd::NotSent(task);
        };
        let account = self
            .account_values(&task, &reply, |status| status != 200)
            .await
            .ok();
        let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
        let judgement = judge::kyb(&reply, &self.known(sent, account.is_some()));
        RequestEnd::Sent(task, judgement)
    }

    /// The payload of a task's account, made beside the async workers.
    async fn payload(&self, task: Task) -> (Task, anyhow::Result<Sensitive<Bytes>>) {
        let make = self.payload.clone();
        let made = move || {
            let payload = make(&task);
            (task, payload)
        };
        self.disk.run(made).await
    }

    /// The answer to something that was sent, once it is certain whose it is; [`Reply::Lost`] when that cannot be shown.
    async fn proven(&self, task: &Task, reply: Reply, sent: &[u8]) -> Reply {
        let Reply::Unproven(unproven) = reply else {
            return reply;
        };
        let uuid = task.document.as_ref().map(|document| &*document.uuid);
        let limiter = &self.limiters.lookup;
        // Showing whose an answer is belongs to a request that is on its way: a stop lets it end.
        let ending = async {
            self.gate.stopped().await;
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
        let (reply, told) = self.gate.client().confirm(*unproven, question).await;
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
                let is_new = task.kind == TaskKind::Account && !is_older;
                is_new || is_equal(sent, &request)
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
            secrets: self.gate.client().secrets(),
            sent,
            is_complete,
            beginnings: &self.beginnings,
        }
    }

    /// What an answer could repeat of the account that it is about; an empty object when nothing of an answer of this status
    /// is kept. An error when it cannot be told any more.
    async fn account_values(
        &self,
        task: &Task,
        reply: &Reply,
        is_kept: impl Fn(u16) -> bool,
    ) -> anyhow::Result<Bytes> {
        if !matches!(reply, Reply::Answer { status, .. } if is_kept(*status)) {
            return Ok(Bytes::from_static(NOTHING));
        }
        let (_, payload) = self.payload(task.clone()).await;
        Ok(payload?.into_revealed())
    }

    /// Looks for it before it is sent.
    pub(crate) async fn look(self: Arc<Self>, task: Task) -> RequestEnd {
        match self.question(&task, ConnectionChoice::Kept).await {
            Ok(found) => RequestEnd::Looked(task, found),
            Err(end) => end,
        }
    }

    /// Asks about one in doubt.
    pub(crate) async fn ask(self: Arc<Self>, task: Task) -> RequestEnd {
        // What it decides about is in doubt already: its answer has to be certain.
        match self.question(&task, ConnectionChoice::New).await {
            Ok(found) => RequestEnd::Asked(task, found),
            Err(end) => end,
        }
    }

    /// Asks about one that was forbidden, to learn whether key and address are good.
    pub(crate) async fn probe(self: Arc<Self>, task: Task) -> RequestEnd {
        match self.question(&task, ConnectionChoice::New).await {
            Ok(found) => RequestEnd::Probed(task, found),
            Err(end) => end,
        }
    }

    async fn question(
        &self,
        task: &Task,
        way: ConnectionChoice,
    ) -> Result<LookupOutcome, RequestEnd> {
        let (client, limiter) = (self.gate.client(), &self.limiters.lookup);
        let request = async {
            match &task.document {
                Some(document) => client.metadata(&document.uuid, way).await,
                None => client.lookup(&task.client_id, way).await,
            }
        };
        let reply = self.gate.pass(limiter, way, request).await;
        let reply = reply.ok_or(RequestEnd::NotAsked)?;
        let account = self
            .account_values(task, &reply, |status| status == 200)
            .await;
        let account = match account {
            Err(error) if is_io(&error) => return Err(RequestEnd::Unread(error)),
            // A row that gives other bytes by now is not equal; sending it is what refuses.
            account => account.ok(),
        };
        let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
        let known = self.known(sent, account.is_some());
        Ok(match &task.document {
            // A document's id is made of its content: the one that is there is the same.
            Some(document) => {
                judge::document_question(&reply, &document.uuid, &known).map(|facts| (facts, true))
            }
            None => judge::question(&reply, &task.client_id, &known).map(|(facts, request)| {
                let ours = account.as_deref();
                (facts, ours.is_some_and(|ours| is_equal(ours, &request)))
            }),
        })
    }
}

/// Whether Bakkt has what is sent.
fn is_equal(ours: &[u8], theirs: &Value) -> bool {
    serde_json::from_slice(ours).is_ok_and(|ours: Value| compare::same(&ours, theirs))
}

/// What is sent again goes out on a new connection, so that a second refusal needs no proof.
fn way(task: &Task) -> ConnectionChoice {
    match task.attempts {
        0 | 1 => ConnectionChoice::Kept,
        _ => ConnectionChoice::New,
    }
}
