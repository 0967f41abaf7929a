//! One account in a task of its own: ask, compare, report one [`ReadEnd`]. Shares nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::{ASKS, MetadataFn, PendingAccount, VerifyCounters, state};
use crate::api::judge::LookupAnswer;
use crate::api::mask::KnownValues;
use crate::api::read_back::BakktAccount;
use crate::api::{ConnectionChoice, Reply, compare, read_back};
use crate::requests::PayloadFn;
use crate::requests::disk::DiskReads;
use crate::requests::gate::SendGate;
use crate::requests::limiter::Limiter;
use bakkt_contract::documents::client_document_id;
use bakkt_journal::write::{
    AccountState, AccountToVerify, Difference, UploadedDocument, VerifiedAccount,
};
use bakkt_journal::{CodeKey, HiddenKind, is_hidden_id, now};
use bakkt_model::error::{Failure, is_io};
use bakkt_model::sensitive::Sensitive;

/// What every question of a read-back needs.
pub struct ReadTools {
    /// The way out.
    pub gate: SendGate,
    /// The rate of questions.
    pub limiter: Arc<Limiter>,
    /// Longest time of one download.
    pub download_timeout: Duration,
    /// From an account's task to the payload that was sent.
    pub payload: PayloadFn,
    /// From a document to the metadata that was sent.
    pub metadata: MetadataFn,
    /// The turns of both.
    pub disk: DiskReads,
    /// What hides ids that may not be kept.
    pub codes: CodeKey,
    /// Compare nothing.
    pub status_only: bool,
    /// Download documents too.
    pub content: bool,
    /// For the progress display.
    pub counters: Arc<VerifyCounters>,
}

/// How the reading of an account ended: with what was found, or with nothing when Bakkt does not know it.
pub(super) type ReadEnd = (PendingAccount, Result<Option<VerifiedAccount>, Halt>);

/// Why an account is not read to its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// A question failed; with the server's wish for a pause.
    Failed(String, Option<Duration>),
    /// Going on makes no sense.
    Stop(anyhow::Error),
    /// The run stopped before everything was asked.
    NotAsked,
}

const STATUS_ONLY: &str = "only the status was asked for";
const CHANGED: &str = "its row does not give what was sent any more";

impl ReadTools {
    /// Reads one account and everything of it that is wanted.
    pub(super) async fn read(self: Arc<Self>, work: PendingAccount) -> ReadEnd {
        let read = self.account(&work.account, work.absent).await;
        (work, read)
    }

    async fn account(
        &self,
        account: &AccountToVerify,
        absent: u8,
    ) -> Result<Option<VerifiedAccount>, Halt> {
        let (id, client) = (&account.task.client_id, self.gate.client());
        // An event that comes from now on is newer than what is read.
        let at = now();
        let question = client.lookup(id, way(absent));
        let Some(theirs) = self.ask(question, read_back::account).await? else {
            return Ok(None);
        };
        let told = self.ask(client.status(id), read_back::can_trade).await?;
        let named = AccountState {
            status: theirs.status.clone(),
            mode: theirs.mode.clone(),
            can_trade: told.flatten(),
        };
        let mut differences = state::remarkable(account, &named);
        state::identity(account, &theirs, &mut differences);
        let ours = self.sent(account).await?;
        let known = ours.as_ref().ok();
        let bakkt_id = known.and_then(|ours| self.plain_id(account, &theirs, ours.reveal()));
        let compared = ours.and_then(|ours| {
            let ours: Value = serde_json::from_slice(ours.reveal()).map_err(|_| CHANGED)?;
            note(&mut differences, "", &ours, &theirs.request);
            Ok(account.task.hash)
        });
        let (documents, content) = if self.status_only {
            (0, 0)
        } else {
            self.documents(account, &mut differences).await?
        };
        Ok(Some(VerifiedAccount {
            task: account.task.id,
            at,
            named: Some(named),
            bakkt_id,
            compared,
            documents,
            content,
            differences,
        }))
    }

    /// What was sent of it, or why it cannot be compared.
    async fn sent(
        &self,
        account: &AccountToVerify,
    ) -> Result<Result<Sensitive<Bytes>, &'static str>, Halt> {
        if self.status_only {
            return Ok(Err(STATUS_ONLY));
        }
        if let Some(why) = account.unlike {
            return Ok(Err(why));
        }
        let (make, task) = (self.payload.clone(), account.task.clone());
        match self.disk.run(move || make(&task)).await {
            Ok(ours) => Ok(Ok(ours)),
            // A disk that fails says nothing about the row.
            Err(error) if is_io(&error) => Err(Halt::Stop(error)),
            Err(_) => Ok(Err(CHANGED)),
        }
    }

    /// The id of an account that was hidden when nobody knew the customer's values, where it holds none of them.
    fn plain_id(
        &self,
        account: &AccountToVerify,
        theirs: &BakktAccount,
        sent: &[u8],
    ) -> Option<String> {
        if !is_hidden_id(&account.bakkt_id)
            || self.codes.hide(HiddenKind::Id, &theirs.id) != account.bakkt_id
        {
            return None;
        }
        let known = KnownValues {
            key: &self.codes,
            secrets: self.gate.client().secrets(),
            sent: &[sent],
            is_complete: true,
            beginnings: &[],
        };
        let id = known.id(&Value::from(theirs.id.as_str()))?;
        (id == theirs.id).then_some(id)
    }

    /// How many documents were looked at, and of how many the content.
    async fn documents(
        &self,
        account: &AccountToVerify,
        differences: &mut Vec<Difference>,
    ) -> Result<(u64, u64), Halt> {
        let accepted = || account.documents.iter().filter(|one| one.accepted);
        if accepted().next().is_none() {
            return Ok((0, 0));
        }
        let id = &account.task.client_id;
        let question = self.gate.client().account_documents(id);
        let listed = self.ask(question, read_back::documents).await?;
        let listed: Vec<(String, Value)> = listed
            .unwrap_or_default()
            .into_iter()
            .map(|one| (read_back::document_id(&one).unwrap_or_default(), one))
            .collect();
        let mut content = 0;
        for one in accepted() {
            content += u64::from(self.document(id, one, &listed, differences).await?);
        }
        // Old documents stay with Bakkt: what the journal knows was sent once.
        let known = |id: &str| {
            let mut all = account.documents.iter();
            all.any(|one| one.facts.uuid.eq_ignore_ascii_case(id))
        };
        let added = listed.iter().filter(|(id, _)| !known(id));
        differences.extend(added.map(|(id, _)| Difference {
            document: id.clone(),
            path: "document".into(),
            kind: compare::DifferenceKind::Added.word(),
        }));
        Ok((accepted().count() as u64, content))
    }

    /// Compares one document; whether its content was.
    async fn document(
        &self,
        account: &str,
        one: &UploadedDocument,
        listed: &[(String, Value)],
        differences: &mut Vec<Difference>,
    ) -> Result<bool, Halt> {
        let uuid = &one.facts.uuid;
        let missing = |path: &str| Difference {
            document: uuid.clone(),
            path: path.into(),
            kind: compare::DifferenceKind::Missing.word(),
        };
        let theirs = listed.iter().find(|(id, _)| id.eq_ignore_ascii_case(uuid));
        let theirs = match theirs {
            Some((_, theirs)) => Some(theirs.clone()),
            None => self.asked_for(uuid).await?,
        };
        let Some(theirs) = theirs else {
            differences.push(missing("document"));
            return Ok(false);
        };
        if one.comparable
            && let Some(ours) = self.made_again(account, one).await
        {
            note(differences, uuid, &ours, &theirs);
        }
        let Some((document_type, side)) = one.what.as_ref().filter(|_| self.content) else {
            return Ok(false);
        };
        let Some(hash) = self.downloaded(uuid).await? else {
            differences.push(missing("content"));
            return Ok(true);
        };
        // The id is made of the content, so it tells, whatever became of the file here.
        let owner = one.facts.owner.as_ref().map(|(_, id)| id.as_str());
        let id = client_document_id(account, owner, document_type, side.as_deref(), &hash);
        if !id.to_string().eq_ignore_ascii_case(uuid) {
            differences.push(Difference {
                document: uuid.clone(),
                path: "content".into(),
                kind: compare::DifferenceKind::Different.word(),
            });
        }
        Ok(true)
    }

    /// The metadata of a document that no list has: asked for by its own id, twice before it is missing.
    async fn asked_for(&self, uuid: &str) -> Result<Option<Value>, Halt> {
        for _ in 0..ASKS {
            let question = self.gate.client().metadata(uuid, ConnectionChoice::New);
            let found = self.ask(question, read_back::document).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn made_again(&self, account: &str, one: &UploadedDocument) -> Option<Value> {
        let (metadata, account, facts) =
            (self.metadata.clone(), account.to_owned(), one.facts.clone());
        let made = self.disk.run(move || metadata(&account, &facts)).await;
        serde_json::from_slice(made?.reveal()).ok()
    }

    /// The hash of a document's content, a piece at a time; `None`: Bakkt has no content of it.
    async fn downloaded(&self, uuid: &str) -> Result<Option<[u8; 32]>, Halt> {
        let mut hasher = blake3::Hasher::new();
        let mut take = |piece: &[u8]| {
            hasher.update(piece);
        };
        let question = self
            .gate
            .client()
            .download(uuid, self.download_timeout, &mut take);
        let found = self.ask(question, read_back::content).await?;
        Ok(found.map(|()| *hasher.finalize().as_bytes()))
    }

    /// Asks one question, when the rate allows it; `None`: what was asked about is not there.
    async fn ask<T>(
        &self,
        question: impl Future<Output = Reply>,
        read: impl Fn(&Reply) -> LookupAnswer<T>,
    ) -> Result<Option<T>, Halt> {
        let passed = self
            .gate
            .pass(&self.limiter, ConnectionChoice::Kept, question);
        let reply = passed.await.ok_or(Halt::NotAsked)?;
        match read(&reply) {
            LookupAnswer::There(found) => Ok(Some(found)),
            LookupAnswer::NotThere => Ok(None),
            LookupAnswer::Unknown(why, after) => Err(Halt::Failed(why, after)),
            LookupAnswer::Stop(message, hint) => {
                Err(Halt::Stop(Failure::configuration(message, hint)))
            }
        }
    }
}

/// An account that was not there once is asked for on a new connection: that answer is certainly about it.
fn way(absent: u8) -> ConnectionChoice {
    match absent {
        0 => ConnectionChoice::Kept,
        _ => ConnectionChoice::New,
    }
}

/// Notes what differs of an account, or of a document.
fn note(differences: &mut Vec<Difference>, document: &str, ours: &Value, theirs: &Value) {
    let found = compare::diff(ours, theirs).into_iter();
    differences.extend(found.map(|one| Difference {
        document: document.to_owned(),
        path: one.path,
        kind: one.kind.word(),
    }));
}
