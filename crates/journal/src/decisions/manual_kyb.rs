//! Accounts that need manual KYB, and how it ended.
//!
//! An account needs it while the plan blocks it because one of its owners is an entity. Bakkt decides outside the API, and a person
//! enters the outcome; for other accounts none is taken. Owner of the table `manual_kyb`.
//!
//! Invariant: an account with an outcome is sent by no later plan, whatever the export says of its owners then.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, params};

use crate::read::columns::{Origin, origin, text};
use crate::read::reader::Reader;
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use bakkt_contract::roles::MANUAL_KYB;
use bakkt_model::error::Failure;

/// What the reason of a record begins with that no plan sends, because its manual KYB has ended; the outcome stands behind it.
pub const MANUAL_KYB_ENDED: &str = "manual KYB has ended: ";

const APPROVED: &str = "approved";
const REJECTED: &str = "rejected";

/// Accounts for manual KYB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ManualKyb {
    /// How many accounts.
    pub accounts: u64,
    /// Those that Bakkt approved.
    pub approved: u64,
    /// Those that Bakkt rejected.
    pub rejected: u64,
}

/// An account for manual KYB.
#[derive(Clone, Copy, Debug)]
pub struct ManualKybLine<'a> {
    /// Where its row stands.
    pub origin: Origin<'a>,
    /// How it ended; `None` when it has not yet.
    pub outcome: Option<&'a str>,
    /// Why, or how that is known.
    pub reason: Option<&'a str>,
    /// Who said so.
    pub by: Option<&'a str>,
    /// When, in milliseconds since 1970.
    pub at: Option<i64>,
    /// The plan blocks the account because of an owner; otherwise it is left out for its outcome.
    pub is_blocked: bool,
}

impl Journal {
    /// Records how manual KYB of an account ended. A later outcome replaces an earlier one; the log keeps both.
    pub fn resolve_manual_kyb(
        &mut self,
        client_id: &str,
        is_approved: bool,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let outcome = if is_approved { APPROVED } else { REJECTED };
        self.transaction(|journal| {
            let found = journal
                .db
                .prepare_cached(IS_MANUAL)?
                .query_row(params![client_id, reason()], |_| Ok(()))
                .optional()?;
            if found.is_none() {
                return Err(Failure::configuration(
                    "the plan has no account for manual KYB with this id",
                    "manual-kyb.csv of the report lists them, by clientAccountId",
                ));
            }
            let OperatorNote { by, at, .. } = decided;
            journal.db.execute(
                "INSERT OR REPLACE INTO manual_kyb VALUES (?, ?, ?, ?, ?)",
                params![client_id, outcome, decided.why(), by, at],
            )?;
            journal.log(
                &format!("resolve manual KYB: {outcome}"),
                client_id,
                decided,
                1,
            )
        })
    }

    /// The accounts whose manual KYB has ended, each with its outcome.
    pub fn ended_manual_kyb(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut statement = self
            .db
            .prepare("SELECT client_id, outcome FROM manual_kyb")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Copies outcomes into a scratch journal, so that its plan follows them.
    pub(crate) fn follow_manual_kyb(
        &mut self,
        ended: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            let mut add = journal
                .db
                .prepare("INSERT INTO manual_kyb VALUES (?, ?, '', '', 0)")?;
            for (client_id, outcome) in ended {
                add.execute([client_id, outcome])?;
            }
            Ok(())
        })
    }
}

impl Reader {
    /// Every account for manual KYB, and those that were for it when it ended, in the order of the export.
    pub fn each_manual_kyb(
        &self,
        mut each: impl FnMut(ManualKybLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if !self.journal.prepare(sql::SETS)?.exists([reason()])? {
            return Ok(());
        }
        let mut statement = self.journal.prepare(sql::MANUAL_KYB)?;
        let mut rows = statement.query([reason()])?;
        while let Some(row) = rows.next()? {
            each(ManualKybLine {
                origin: origin(row)?,
                outcome: text(row, 3)?,
                reason: text(row, 4)?,
                by: text(row, 5)?,
                at: row.get(6)?,
                is_blocked: row.get(7)?,
            })?;
        }
        Ok(())
    }

    /// Counts the accounts that the plan blocks for manual KYB, by outcome.
    pub fn manual_kyb(&self) -> anyhow::Result<ManualKyb> {
        let mut counts = ManualKyb::default();
        self.each_manual_kyb(|line| {
            if !line.is_blocked {
                return Ok(());
            }
            counts.accounts += 1;
            counts.approved += u64::from(line.outcome == Some(APPROVED));
            counts.rejected += u64::from(line.outcome == Some(REJECTED));
            Ok(())
        })?;
        Ok(counts)
    }

    /// The ids of the accounts for manual KYB, those of which it has ended among them.
    pub(crate) fn manual_kyb_ids(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut ids = BTreeSet::new();
        self.each_manual_kyb(|line| {
            ids.extend(line.origin.client_id.map(str::to_owned));
            Ok(())
        })?;
        Ok(ids)
    }

    /// How manual KYB ended, by clientAccountId.
    pub fn manual_kyb_outcomes(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut outcomes = BTreeMap::new();
        self.each_manual_kyb(|line| {
            if let (Some(id), Some(outcome)) = (line.origin.client_id, line.outcome) {
                outcomes.insert(id.to_owned(), outcome.to_owned());
            }
            Ok(())
        })?;
        Ok(outcomes)
    }
}

/// The reason of their gaps.
fn reason() -> String {
    format!("invalid: {MANUAL_KYB}")
}

const IS_MANUAL: &str =
    "SELECT 1 FROM record r JOIN gap g ON g.record = r.id JOIN word w ON w.id = g.reason
    WHERE r.client_id = ?1 AND w.text = ?2 UNION ALL SELECT 1 FROM manual_kyb WHERE client_id = ?1";

/// Statements over large tables.
pub(crate) mod sql {
    /// Sets of gaps with this reason, or outcomes; most migrations have none.
    pub const SETS: &str = "SELECT 1 FROM gap_set WHERE reason = (SELECT id FROM word WHERE text = ?1) \
        UNION ALL SELECT 1 FROM manual_kyb LIMIT 1";
    pub const MANUAL_KYB: &str = "SELECT f.name, r.row, r.client_id, m.outcome, m.reason, m.by, m.at, \
        ifnull(r.gap_set IN (SELECT g.id FROM gap_set g WHERE g.reason = (SELECT id FROM word WHERE text = ?1)), 0) AS is_blocked \
        FROM record r LEFT JOIN file f ON f.id = r.file LEFT JOIN manual_kyb m ON m.client_id = r.client_id \
        WHERE is_blocked OR m.outcome IS NOT NULL ORDER BY r.id";
}
