//! One custody request in a task of its own. Shares nothing; reports one [`CustodyEnd`].

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::keys::idempotency_key;
use super::lane::QueuedTask;
use super::lists::{self, Listed};
use super::{CustodyBody, CustodyBodyFn};
use crate::api::ConnectionChoice;
use crate::api::Reply;
use crate::api::custody::{self, CustodyCall, CustodyJudgement};
use crate::api::judge::LookupAnswer;
use crate::api::mask::KnownValues;
use crate::requests::disk::DiskReads;
use crate::requests::gate::SendGate;
use crate::requests::limiter::{ClaimPermit, Limiter};
use crate::submit::RunCounters;
use bakkt_journal::custody::sessions::Sessions;
use bakkt_journal::{CodeKey, now};
use bakkt_model::custody::{CustodyKind, CustodyTask};
use bakkt_model::sensitive::Sensitive;

/// The rate of each kind of custody call.
#[derive(Clone)]
pub struct CustodyLimiters {
    /// Users.
    pub user: Arc<Limiter>,
    /// Bank accounts and savings accounts.
    pub account: Arc<Limiter>,
    /// Recipients.
    pub recipient: Arc<Limiter>,
    /// Questions.
    pub lookup: Arc<Limiter>,
}

impl CustodyLimiters {
    fn of(&self, kind: CustodyKind) -> &Limiter {
        match kind {
            CustodyKind::User => &self.user,
            CustodyKind::BankAccount | CustodyKind::Savings => &self.account,
            CustodyKind::Recipient => &self.recipient,
        }
    }
}

/// What every custody request needs.
pub struct CustodyTools {
    /// The way out.
    pub gate: SendGate,
    /// The rates.
    pub limiters: CustodyLimiters,
    /// From task to body.
    pub body: CustodyBodyFn,
    /// Its turns.
    pub disk: DiskReads,
    /// Customers' sessions.
    pub sessions: Sessions,
    /// What hides codes that may not be kept.
    pub codes: CodeKey,
    /// Part of every key.
    pub base_url: String,
    /// For the progress display.
    pub counters: Arc<RunCounters>,
}

/// How a custody request ended.
#[derive(Debug)]
pub(super) enum CustodyEnd {
    /// It may be claimed; none: the run stopped before.
    Due(QueuedTask, Option<ClaimPermit>),
    /// It was sent and judged.
    Sent(CustodyTask, CustodyJudgement),
    /// It was claimed, and the run stopped, or nothing may leave any more, before it was sent.
    NotSent(CustodyTask),
    /// The customer's session was gone before it was sent.
    NoSession(CustodyTask),
    /// The row did not give the planned bytes; nothing was sent.
    Broken(CustodyTask, anyhow::Error),
    /// A question about one in doubt.
    Asked(CustodyTask, AskOutcome),
    /// Whether a call with the key alone succeeds; none: the question failed.
    Probed(CustodyTask, ProbeCause, Option<bool>),
    /// What a call with the key alone says of a task that was forbidden.
    Vouched(CustodyTask, Vouched),
}

/// What reading a user says of the key and the address.
#[derive(Debug)]
pub(super) enum Vouched {
    /// They are good.
    Good,
    /// This is forbidden as well.
    Forbidden,
    /// Bakkt does not know the key.
    WrongKey,
    /// The question failed; with Bakkt's wish for a pause.
    Unknown(String, Option<std::time::Duration>),
    /// The run stopped before it was asked.
    NotAsked,
}

/// What was answered 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeCause {
    /// A request that makes something.
    Sent,
    /// A question about one in doubt.
    Asked,
}

/// What asking about one in doubt came to.
#[derive(Debug)]
pub(super) enum AskOutcome {
    Listed(Listed),
    /// There is no session.
    NoSession,
    /// 401: the session ran out, or the key is wrong.
    Unauthorised,
    /// The body cannot be made any more, so nothing can be compared with it.
    Unread,
    /// The question failed; with Bakkt's wish for a pause.
    Unknown(String, Option<std::time::Duration>),
    /// Going on makes no sense.
    Stop(String, String),
    /// The run stopped before it was asked.
    NotAsked,
}

/// Of these things a customer's accounts and recipients are known already, by uuid.
pub(super) type KnownUuids = Vec<String>;

impl CustodyTools {
    /// The Idempotency-Key of a task.
    pub(super) fn key(&self, task: &CustodyTask) -> String {
        idempotency_key(&self.base_url, task)
    }

    async fn made(&self, task: CustodyTask) -> (CustodyTask, anyhow::Result<CustodyBody>) {
        let make = self.body.clone();
        let made = move || {
            let body = make(&task);
            (task, body)
        };
        self.disk.run(made).await
    }

    /// Waits until a task may be claimed.
    pub(super) async fn claim(self: Arc<Self>, queued: QueuedTask) -> CustodyEnd {
        let permit = self.gate.claim(self.limiters.of(queued.task.kind)).await;
        CustodyEnd::Due(queued, permit)
    }

    /// Sends a task whose intent is durable.
    pub(super) async fn send(
        self: Arc<Self>,
        task: CustodyTask,
        permit: ClaimPermit,
    ) -> CustodyEnd {
        let (task, made) = self.made(task).await;
        let body = match made {
            Ok(made) => made.body,
            Err(error) => return CustodyEnd::Broken(task, error),
        };
        let session = self.sessions.get(&task.client_id, now());
        if session.is_none() && task.kind.needs_session() {
            return CustodyEnd::NoSession(task);
        }
        let session = session.filter(|_| task.kind.needs_session());
        let session = session
            .as_ref()
            .map(|session| session.session.reveal().as_str());
        let key = self.key(&task);
        let request = self.gate.client().custody(CustodyCall {
            path: custody::path(task.kind),
            body: Some(body.clone()),
            session,
            user: None,
            key: Some(&key),
        });
        let limiter = self.limiters.of(task.kind);
        let Some(reply) = self.gate.pass_claimed(limiter, permit, request).await else {
            return CustodyEnd::NotSent(task);
        };
        let session = json!({"session": session}).to_string();
        let sent: &[&[u8]] = &[body.reveal(), session.as_bytes()];
        let judgement = custody::creation(&reply, task.kind, &self.known(sent));
        CustodyEnd::Sent(task, judgement)
    }

    fn known<'a>(&'a self, sent: &'a [&'a [u8]]) -> KnownValues<'a> {
        KnownValues {
            key: &self.codes,
            secrets: self.gate.client().secrets(),
            sent,
            is_complete: true,
            beginnings: &[],
        }
    }

    /// Asks with the key alone, to tell a wrong key from a session that ran out.
    pub(super) async fn probe(self: Arc<Self>, task: CustodyTask, cause: ProbeCause) -> CustodyEnd {
        let user = task.user_uuid.clone();
        let reply = self.question("", None, user.as_deref()).await;
        let is_good = match reply {
            Some(Reply::Answer {
                status: 200..=299 | 404,
                ..
            }) => Some(true),
            Some(Reply::Answer {
                status: 401 | 403, ..
            }) => Some(false),
            _ => None,
        };
        CustodyEnd::Probed(task, cause, is_good)
    }

    /// Reads a user with the key alone, to learn whether key and address are good.
    pub(super) async fn vouch(self: Arc<Self>, task: CustodyTask, user: String) -> CustodyEnd {
        let vouched = match self.question("", None, Some(&user)).await {
            None => Vouched::NotAsked,
            Some(reply) => match reply {
                Reply::Answer {
                    status: 200..=299 | 404,
                    ..
                } => Vouched::Good,
                Reply::Answer { status: 401, .. } => Vouched::WrongKey,
                Reply::Answer { status: 403, .. } => Vouched::Forbidden,
                Reply::Answer {
                    status,
                    retry_after,
                    ..
                } => Vouched::Unknown(status.to_string(), retry_after),
                _ => Vouched::Unknown("no answer".to_owned(), None),
            },
        };
        CustodyEnd::Vouched(task, vouched)
    }

    /// Asks one question; none when the run stops first.
    pub(super) async fn question(
        &self,
        path: &str,
        session: Option<&str>,
        user: Option<&str>,
    ) -> Option<Reply> {
        let request = self.gate.client().custody(CustodyCall {
            path,
            body: None,
            session,
            user,
            key: None,
        });
        let limiter = &self.limiters.lookup;
        self.gate
            .pass(limiter, ConnectionChoice::New, request)
            .await
    }

    /// Asks about one in doubt, by the lists.
    pub(super) async fn ask(self: Arc<Self>, task: CustodyTask, known: KnownUuids) -> CustodyEnd {
        let (task, made) = self.made(task).await;
        let outcome = match made {
            Ok(made) => self.listed(&task, &made, &known).await,
            Err(_) if task.kind == CustodyKind::Recipient => AskOutcome::Unread,
            // An account is known by its currency alone.
            Err(_) => {
                let body = Sensitive::new(Bytes::from_static(b"{}"));
                let made = CustodyBody {
                    body,
                    siblings: Vec::new(),
                };
                self.listed(&task, &made, &known).await
            }
        };
        CustodyEnd::Asked(task, outcome)
    }

    async fn listed(&self, task: &CustodyTask, made: &CustodyBody, known: &[String]) -> AskOutcome {
        let Some(session) = self.sessions.get(&task.client_id, now()) else {
            return AskOutcome::NoSession;
        };
        let session = session.session.reveal();
        let told = match task.kind {
            CustodyKind::Recipient => {
                let parsed = |body: &Sensitive<Bytes>| {
                    serde_json::from_slice(body.reveal()).unwrap_or_default()
                };
                let ours: Value = parsed(&made.body);
                let siblings: Vec<Value> = made.siblings.iter().map(parsed).collect();
                let list = self.entries("bank-account/remote", session).await;
                list.map(|list| lists::recipient(&ours, &siblings, &list, known))
            }
            kind => match self.accounts(session).await {
                Ok(accounts) => Ok(lists::account(kind, &task.item, &accounts, known)),
                Err(outcome) => Err(outcome),
            },
        };
        match told {
            Ok(listed) => AskOutcome::Listed(listed),
            Err(outcome) => outcome,
        }
    }

    /// The accounts of a session's user, each with its currency.
    pub(super) async fn accounts(&self, session: &str) -> Result<Vec<Value>, AskOutcome> {
        let mut accounts = Vec::new();
        for account in self.entries("accounts", session).await? {
            if account.get("currency").is_some_and(Value::is_string) {
                accounts.push(account);
                continue;
            }
            let Some(uuid) = account.get("uuid").and_then(custody::fit_uuid) else {
                return Err(AskOutcome::Unknown("200, not ours".to_owned(), None));
            };
            let path = format!("accounts/{uuid}");
            let whole = self
                .told(&path, session, |value| Some(value.clone()))
                .await?;
            accounts.extend(whole);
        }
        Ok(accounts)
    }

    async fn entries(&self, path: &str, session: &str) -> Result<Vec<Value>, AskOutcome> {
        let read = |value: &Value| {
            let list = custody::list(value, &["accounts", "recipients", "items", "data"])?;
            Some((!custody::has_more(value, list.len())).then(|| list.clone()))
        };
        // A list that is not there says nothing about what it would hold.
        let list = self.told(path, session, read).await?;
        let list = list.ok_or_else(|| AskOutcome::Unknown("404".to_owned(), None))?;
        // Nor does the part of a list say what the rest holds.
        list.ok_or(AskOutcome::Listed(Listed::Ambiguous))
    }

    /// What a question is answered; nothing when Bakkt has nothing of it.
    async fn told<T>(
        &self,
        path: &str,
        session: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, AskOutcome> {
        let reply = self.question(path, Some(session), None).await;
        let reply = reply.ok_or(AskOutcome::NotAsked)?;
        match custody::told(&reply, read) {
            None => Err(AskOutcome::Unauthorised),
            Some(LookupAnswer::There(found)) => Ok(Some(found)),
            Some(LookupAnswer::NotThere) => Ok(None),
            Some(LookupAnswer::Unknown(why, after)) => Err(AskOutcome::Unknown(why, after)),
            Some(LookupAnswer::Stop(message, hint)) => Err(AskOutcome::Stop(message, hint)),
        }
    }
}
