//! One request in a task of its own: wait for the rate, send, judge. Shares nothing; reports one [`Done`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::coordinator::stopped;
use super::counters::Counters;
use super::limiter::Limiter;
use super::{DocumentFn, PayloadFn};
use crate::api::mask::Known;
use crate::api::{Client, Reply, compare, judge};
use crate::journal::codes::CodeKey;
use crate::journal::tasks::{AccountFacts, Kind, Task};

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
    fn of(&self, kind: Kind) -> &Limiter {
        match kind {
            Kind::Account | Kind::Update => &self.create,
            Kind::Document => &self.upload,
            Kind::Kyb => &self.kyb,
        }
    }
}

/// What every request needs.
#[derive(Clone)]
pub struct Tools {
    /// The client.
    pub client: Arc<Client>,
    /// The rates.
    pub limiters: Limiters,
    /// Longest time of one upload.
    pub upload_timeout: Duration,
    /// From task to the payload of its account.
    pub payload: PayloadFn,
    /// From document task to what is uploaded.
    pub document: DocumentFn,
    /// What hides codes that may not be kept.
    pub codes: CodeKey,
    /// For the progress display.
    pub counters: Arc<Counters>,
    /// Turns true when the run stops: what still waits for the rate is not sent.
    pub stop: watch::Receiver<bool>,
}

/// What a question found.
#[derive(Debug)]
pub enum Found {
    /// It is there; is it what we would send?
    There(AccountFacts, bool),
    /// It is not there.
    NotThere,
    /// The question failed.
    Unknown(String),
    /// Going on makes no sense: message and hint.
    Stop(String, String),
}

/// How a request ended.
#[derive(Debug)]
pub enum Done {
    /// It was sent and judged.
    Sent(Task, judge::Judgement),
    /// The run stopped before it was sent.
    NotSent(Task),
    /// A document that is not as it was planned: nothing whole was sent. Says why.
    Unfit(Task, String),
    /// A look before sending.
    Looked(Task, Found),
    /// A question about one in doubt.
    Asked(Task, Found),
    /// The run stopped before the question was sent.
    NotAsked,
    /// When the last event about each of these accounts arrived.
    Heard(HashMap<String, i64>),
    /// The row did not give the planned bytes; nothing was sent.
    Broken(Task, anyhow::Error),
}

/// Nothing that was sent.
const NOTHING: &[u8] = b"{}";

/// Why a document is held when its content differs only once it is read.
const CONTENT_CHANGED: &str = "its content is not what was planned; run replan to plan it anew";

impl Tools {
    /// Sends a task whose intent is durable.
    pub async fn send(self, task: Task) -> Done {
        match task.kind {
            Kind::Account | Kind::Update => self.create(task).await,
            Kind::Document => self.upload(task).await,
            Kind::Kyb => self.trigger(task).await,
        }
    }

    async fn create(self, task: Task) -> Done {
        let payload = match (self.payload)(&task) {
            Ok(payload) => payload,
            Err(error) => return Done::Broken(task, error),
        };
        if !self.admitted(self.limiters.of(task.kind)).await {
            return Done::NotSent(task);
        }
        let reply = self.client.create(payload.clone()).await;
        let sent: &[&[u8]] = &[payload.reveal()];
        let judgement = judge::creation(&reply, &task.client_id, &self.known(sent, true));
        self.judged(task, judgement)
    }

    async fn upload(self, task: Task) -> Done {
        let (opening, planned) = (self.document.clone(), task.clone());
        // A documents folder may be on a slow or a network disk.
        let opened = tokio::task::spawn_blocking(move || opening(&planned)).await;
        let upload = match opened {
            Ok(Ok(upload)) => upload,
            Ok(Err(why)) => return Done::Unfit(task, why),
            Err(error) => return Done::Broken(task, error.into()),
        };
        if !self.admitted(self.limiters.of(task.kind)).await {
            return Done::NotSent(task);
        }
        let metadata = upload.metadata.clone();
        let uuid = task
            .document
            .as_ref()
            .map_or("", |document| document.uuid.as_str());
        let (reply, changed) = self.client.upload(upload, self.upload_timeout).await;
        if changed {
            return Done::Unfit(task, CONTENT_CHANGED.to_owned());
        }
        let account = self.account_values(&task, &reply, |_| true);
        let sent: &[&[u8]] = &[metadata.reveal(), account.as_deref().unwrap_or(NOTHING)];
        let judgement = judge::upload(&reply, uuid, &self.known(sent, account.is_some()));
        self.judged(task, judgement)
    }

    async fn trigger(self, task: Task) -> Done {
        if !self.admitted(self.limiters.of(task.kind)).await {
            return Done::NotSent(task);
        }
        let reply = self.client.trigger_kyb(&task.client_id).await;
        let account = self.account_values(&task, &reply, |status| status != 200);
        let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
        let judgement = judge::kyb(&reply, &self.known(sent, account.is_some()));
        self.judged(task, judgement)
    }

    fn known<'a>(&'a self, sent: &'a [&'a [u8]], is_complete: bool) -> Known<'a> {
        Known {
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

    fn judged(self, task: Task, judgement: judge::Judgement) -> Done {
        let limiter = self.limiters.of(task.kind);
        match &judgement {
            judge::Judgement::Accepted(_) | judge::Judgement::Refused(..) => limiter.speed_up(),
            judge::Judgement::NotTaken(_, after) => limiter.slow_down(*after),
            _ => {}
        }
        Done::Sent(task, judgement)
    }

    /// Looks for it before it is sent.
    pub async fn look(self, task: Task) -> Done {
        match self.question(&task).await {
            Some(found) => Done::Looked(task, found),
            None => Done::NotAsked,
        }
    }

    /// Asks about one in doubt.
    pub async fn ask(self, task: Task) -> Done {
        match self.question(&task).await {
            Some(found) => Done::Asked(task, found),
            None => Done::NotAsked,
        }
    }

    async fn question(&self, task: &Task) -> Option<Found> {
        let limiter = &self.limiters.lookup;
        if !self.admitted(limiter).await {
            return None;
        }
        // A document's id is made of its content: the one that is there is the same.
        let found = match &task.document {
            Some(document) => {
                let reply = self.client.metadata(&document.uuid).await;
                let account = self.account_values(task, &reply, |status| status == 200);
                let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
                let known = self.known(sent, account.is_some());
                judge::document_question(&reply, &document.uuid, &known).map(|facts| (facts, None))
            }
            None => {
                let reply = self.client.lookup(&task.client_id).await;
                let account = self.account_values(task, &reply, |status| status == 200);
                let sent: &[&[u8]] = &[account.as_deref().unwrap_or(NOTHING)];
                let known = self.known(sent, account.is_some());
                judge::question(&reply, &task.client_id, &known)
                    .map(|(facts, request)| (facts, Some(request)))
            }
        };
        Some(match found {
            judge::Found::There((facts, request)) => {
                limiter.speed_up();
                // A row that gives other bytes by now is not equal; sending it is what refuses.
                let equal =
                    request.is_none_or(|request| self.equal(task, &request).unwrap_or(false));
                Found::There(facts, equal)
            }
            judge::Found::NotThere => {
                limiter.speed_up();
                Found::NotThere
            }
            judge::Found::Unknown(why, after) => {
                if after.is_some() || why == "429" {
                    limiter.slow_down(after);
                }
                Found::Unknown(why)
            }
            judge::Found::Stop(message, hint) => Found::Stop(message, hint),
        })
    }

    fn equal(&self, task: &Task, theirs: &Value) -> anyhow::Result<bool> {
        let ours = (self.payload)(task)?;
        let ours: Value = serde_json::from_slice(ours.reveal())?;
        Ok(compare::same(&ours, theirs))
    }

    /// Waits for the rate; false when the run stops first.
    async fn admitted(&self, limiter: &Limiter) -> bool {
        let mut stop = self.stop.clone();
        self.counters.waiting.up();
        let admitted = tokio::select! {
            biased;
            () = stopped(&mut stop) => false,
            () = limiter.acquire() => true,
        };
        self.counters.waiting.down();
        admitted
    }
}
