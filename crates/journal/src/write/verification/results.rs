//! Keeping what was found when accounts were read back: the last result of each.
//!
//! Owner of the tables `verification` and `difference`, which hold paths, kinds, Bakkt's own words and ids, never a value.
//! Left out: asking and comparing (`engine::verify`), and counting results (`read::accepted::verification`).

use rusqlite::params;

use crate::schema::codes::VerificationOutcome;
use crate::write::journal::Journal;
use crate::write::verification::passes::VerificationRound;
use bakkt_contract::decision::{self, Decision};
use bakkt_model::task::PayloadHash;

/// How Bakkt names an account's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountState {
    /// `status`.
    pub status: String,
    /// `mode`.
    pub mode: String,
    /// `canTradeCrypto`, when it is told.
    pub can_trade: Option<bool>,
}

impl AccountState {
    /// What it means.
    pub fn decision(&self) -> Decision {
        decision::of_account(&self.status, &self.mode, self.can_trade)
    }
}

/// A difference: of the account, or of a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// clientDocumentId; empty: the account's.
    pub document: String,
    /// The contract path that differs.
    pub path: String,
    /// How it differs.
    pub kind: &'static str,
}

/// The path of an account as a whole.
pub const ACCOUNT_PATH: &str = "account";

/// Paths of differences that are not about what was sent.
const STATE_PATHS: [&str; 6] = [
    ACCOUNT_PATH,
    "id",
    "createdAt",
    "status",
    "mode",
    "canTradeCrypto",
];

/// An account that was read back.
#[derive(Clone, Debug)]
pub struct VerifiedAccount {
    /// Its account task.
    pub task: i64,
    /// When it was begun.
    pub at: i64,
    /// Its state; `None`: Bakkt does not know it.
    pub named: Option<AccountState>,
    /// Bakkt's id of it, where the journal has a stand-in that is not needed.
    pub bakkt_id: Option<String>,
    /// Keyed hash of what it was compared with, or why it was not.
    pub compared: Result<PayloadHash, &'static str>,
    /// Documents that were looked at.
    pub documents: u64,
    /// Documents whose content was.
    pub content: u64,
    /// What differs.
    pub differences: Vec<Difference>,
}

impl VerifiedAccount {
    /// What it comes to.
    pub fn outcome(&self) -> VerificationOutcome {
        match (&self.named, self.differences.is_empty(), self.compared) {
            (None, ..) => VerificationOutcome::Unknown,
            (_, false, _) => VerificationOutcome::Different,
            (_, true, Ok(_)) => VerificationOutcome::Same,
            (_, true, Err(_)) => VerificationOutcome::NotComparable,
        }
    }
}

impl Journal {
    /// Keeps results, in one durable transaction.
    pub fn record_verified(
        &mut self,
        round: &VerificationRound,
        all: &[VerifiedAccount],
    ) -> anyhow::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        self.transaction(|journal| {
            for one in all {
                if round.status_only {
                    journal.record_status(one)?;
                } else {
                    journal.record_one(round, one)?;
                }
            }
            Ok(())
        })
    }

    fn record_one(
        &mut self,
        round: &VerificationRound,
        one: &VerifiedAccount,
    ) -> anyhow::Result<()> {
        self.db
            .prepare_cached("DELETE FROM difference WHERE task = ?")?
            .execute([one.task])?;
        self.add_differences(one)?;
        if let Some(id) = &one.bakkt_id {
            self.show_id(one.task, id)?;
        }
        let reason = one.compared.err().map(|why| self.word(why)).transpose()?;
        let pass = if round.whole { round.pass as i64 } else { 0 };
        self.db.prepare_cached(RECORD)?.execute(params![
            one.task,
            pass,
            one.at,
            one.outcome() as i64,
            one.named.as_ref().map(|named| &named.status),
            one.named.as_ref().map(|named| &named.mode),
            one.named.as_ref().and_then(|named| named.can_trade),
            one.compared.ok(),
            one.documents as i64,
            one.content as i64,
            reason,
            round.whole
        ])?;
        Ok(())
    }

    /// Of the status alone: what was compared before still stands.
    fn record_status(&mut self, one: &VerifiedAccount) -> anyhow::Result<()> {
        for path in STATE_PATHS {
            let path = self.word(path)?;
            self.db
                .prepare_cached(
                    "DELETE FROM difference WHERE task = ? AND document = '' AND path = ?",
                )?
                .execute([one.task, path])?;
        }
        self.add_differences(one)?;
        let reason = one.compared.err().map(|why| self.word(why)).transpose()?;
        self.db.prepare_cached(RECORD_STATUS)?.execute(params![
            one.task,
            one.at,
            one.outcome() as i64,
            one.named.as_ref().map(|named| &named.status),
            one.named.as_ref().map(|named| &named.mode),
            one.named.as_ref().and_then(|named| named.can_trade),
            reason
        ])?;
        Ok(())
    }

    fn add_differences(&mut self, one: &VerifiedAccount) -> anyhow::Result<()> {
        for difference in &one.differences {
            let (path, kind) = (self.word(&difference.path)?, self.word(difference.kind)?);
            self.db
                .prepare_cached("INSERT OR IGNORE INTO difference VALUES (?, ?, ?, ?)")?
                .execute(params![one.task, difference.document, path, kind])?;
        }
        Ok(())
    }
}

/// The result of an account; of a part, the pass stays as it was.
const RECORD: &str = "
    INSERT INTO verification (task, pass, at, result, status, mode, can_trade, hash, documents, content, reason)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (task) DO UPDATE SET pass = CASE WHEN ?12 THEN excluded.pass ELSE pass END, at = excluded.at,
        result = excluded.result, status = excluded.status, mode = excluded.mode, can_trade = excluded.can_trade,
        hash = excluded.hash, documents = excluded.documents, content = excluded.content, reason = excluded.reason";

/// The state of an account; the result is told anew from what stands.
const RECORD_STATUS: &str = sql!("
    INSERT INTO verification (task, pass, at, result, status, mode, can_trade, reason) VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (task) DO UPDATE SET at = excluded.at, status = excluded.status, mode = excluded.mode,
        can_trade = excluded.can_trade,
        result = CASE WHEN excluded.result = {result.unknown} THEN {result.unknown}
                      WHEN EXISTS (SELECT 1 FROM difference d WHERE d.task = verification.task) THEN {result.different}
                      WHEN verification.result = {result.unknown} OR verification.reason IS NOT NULL THEN {result.not_comparable}
                      ELSE {result.same} END,
        reason = CASE verification.result WHEN {result.unknown} THEN excluded.reason ELSE verification.reason END");
