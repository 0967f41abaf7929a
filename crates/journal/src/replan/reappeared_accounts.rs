//! Customers whom Bakkt has under an id that is gone from the plan, and who come back under a new id.
//!
//! A spreadsheet that strips leading zeros from ids does this to a whole export, and every such customer would get a second
//! account. So two plans are compared: ids that Bakkt has, or may have, and no row of the new plan bears, against ids that only the
//! new plan sends. They belong together when their keyed person hashes are equal, or when the ids differ in leading zeros, capitals
//! and punctuation only. A person whose old id stays in the plan is never counted, because people may have several accounts.
//! Left out: the same person twice in one export, which is a finding.

use rusqlite::params;
use serde::Serialize;

use crate::read::columns::unsigned;
use crate::write::journal::Journal;
use crate::write::operator_log::{OperatorNote, target_of};
use bakkt_model::error::Failure;

/// How many pairs are shown.
const SHOWN: i64 = 10;

/// People whom Bakkt has under an id that is gone from the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReappearedAccounts {
    /// Accounts that would be second ones.
    pub accounts: u64,
    /// The first of them.
    pub first: Vec<ReappearedId>,
}

/// A customer under an old and a new id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReappearedId {
    /// The id that Bakkt has.
    pub old_id: String,
    /// The id of the new plan.
    pub new_id: String,
    /// The file of the row with the new id.
    pub file: String,
    /// The line where its row starts.
    pub row: u64,
    /// What the two have in common.
    pub same: &'static str,
}

impl ReappearedAccounts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.accounts == 0
    }

    /// Their number and the first of them, a line each.
    pub fn lines(&self) -> Vec<String> {
        let one = self.accounts == 1;
        let mut lines = vec![format!(
            "{} under {} would get a second account: Bakkt has {} under {} that {} no longer in the plan",
            if one {
                "1 customer".to_owned()
            } else {
                format!("{} customers", self.accounts)
            },
            if one { "a new id" } else { "new ids" },
            if one { "this person" } else { "these people" },
            if one { "an id" } else { "ids" },
            if one { "is" } else { "are" },
        )];
        lines.extend(self.first.iter().map(|pair| {
            let ReappearedId {
                old_id,
                new_id,
                file,
                row,
                same,
            } = pair;
            format!("{old_id} is now {new_id} ({file}:{row}, {same})")
        }));
        let more = self.accounts.saturating_sub(self.first.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }

    /// What to do about them.
    pub const REMEDY: &'static str = "if the ids changed by mistake, restore the id column (a spreadsheet takes leading zeros \
        away unless the column is text) and replan; if these really are further accounts, `bakkt-migrate replan` takes \
        --accept-new-ids with --reason WHY";

    /// The error that stops a plan which has them.
    pub fn stop(&self) -> anyhow::Error {
        let message = format!("{}; the plan is as it was", self.lines().join("\n    "));
        Failure::configuration(message, ReappearedAccounts::REMEDY)
    }
}

impl Journal {
    /// Compares the ids of two plans; the tables of the comparison are there.
    pub(crate) fn reappeared(&self) -> anyhow::Result<ReappearedAccounts> {
        self.db.execute_batch(PAIR)?;
        let accounts = self
            .db
            .query_row("SELECT count(*) FROM temp.reappeared", [], |row| row.get(0))?;
        let mut statement = self.db.prepare(
            "SELECT p.old_id, p.new_id, f.name, r.row, p.same_person FROM temp.reappeared p
             JOIN n.record r ON r.id = p.record JOIN n.file f ON f.id = r.file ORDER BY p.record LIMIT ?",
        )?;
        let rows = statement.query_map([SHOWN], |row| {
            Ok(ReappearedId {
                old_id: row.get(0)?,
                new_id: row.get(1)?,
                file: row.get(2)?,
                row: unsigned(row.get(3)?),
                same: match row.get(4)? {
                    true => "same name, birth date and tax id",
                    false => "same id but for leading zeros, capitals or punctuation",
                },
            })
        })?;
        Ok(ReappearedAccounts {
            accounts: unsigned(accounts),
            first: rows.collect::<Result<_, _>>()?,
        })
    }

    /// New ids of people who have an accepted account under another id that stays in the plan.
    pub(crate) fn further_accounts(&self) -> anyhow::Result<u64> {
        let count = self.db.query_row(FURTHER, [], |row| row.get(0))?;
        Ok(unsigned(count))
    }

    /// Records that a person takes the new ids for further accounts.
    pub(crate) fn accept_new_ids(&mut self, decided: OperatorNote<'_>) -> anyhow::Result<()> {
        let mut statement = self
            .db
            .prepare("SELECT new_id FROM temp.reappeared ORDER BY record")?;
        let ids = statement.query_map(params![], |row| row.get(0))?;
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        drop(statement);
        if ids.is_empty() {
            return Ok(());
        }
        let target = target_of(&ids);
        self.log("accept new ids", &target, decided, ids.len() as u64)
    }
}

/// `vanished`: ids that Bakkt has or may have, and no row of the new plan. `arrived`: ids that the new plan sends and no
/// earlier one did. `reappeared`: those of both that belong together, one old id for one new id.
const PAIR: &str = sql!("
    CREATE TEMP TABLE vanished (client_id TEXT PRIMARY KEY, person BLOB, alike TEXT) WITHOUT ROWID;
    INSERT INTO temp.vanished SELECT w.client_id, w.person, lower(ltrim(replace(replace(replace(w.client_id, '-', ''), ' ', ''), '.', ''), '0'))
        FROM temp.was w WHERE w.state IN ({state.perhaps_at_bakkt}) AND w.record IS NULL
        AND NOT EXISTS (SELECT 1 FROM n.record r WHERE r.client_id = w.client_id);
    CREATE TEMP TABLE arrived (client_id TEXT PRIMARY KEY, person BLOB, alike TEXT, record INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO temp.arrived SELECT r.client_id, r.person, lower(ltrim(replace(replace(replace(r.client_id, '-', ''), ' ', ''), '.', ''), '0')), r.id
        FROM n.record r WHERE r.verdict IN ({verdict.sendable}) AND NOT EXISTS (SELECT 1 FROM temp.was w WHERE w.client_id = r.client_id);
    CREATE INDEX temp.arrived_alike ON arrived (alike);
    CREATE TABLE temp.reappeared (record INTEGER PRIMARY KEY, old_id TEXT NOT NULL UNIQUE, new_id TEXT NOT NULL, same_person INTEGER NOT NULL);
    INSERT OR IGNORE INTO temp.reappeared SELECT a.record, v.client_id, a.client_id, v.person IS NOT NULL AND v.person IS a.person
        FROM temp.vanished v JOIN temp.arrived a ON a.alike = v.alike WHERE v.alike <> '';
    INSERT OR IGNORE INTO temp.reappeared SELECT a.record, v.client_id, a.client_id, 1
        FROM (SELECT client_id, person, row_number() OVER (PARTITION BY person ORDER BY client_id) AS place FROM temp.vanished
              WHERE person IS NOT NULL AND client_id NOT IN (SELECT old_id FROM temp.reappeared)) v
        JOIN (SELECT client_id, person, record, row_number() OVER (PARTITION BY person ORDER BY client_id) AS place FROM temp.arrived
              WHERE person IS NOT NULL AND record NOT IN (SELECT record FROM temp.reappeared)) a
        ON a.person = v.person AND a.place = v.place;
");

const FURTHER: &str = sql!("WITH had AS MATERIALIZED (SELECT DISTINCT person FROM temp.was WHERE state = {state.accepted} AND record IS NOT NULL AND person IS NOT NULL)
    SELECT count(*) FROM temp.arrived a WHERE a.person IN (SELECT person FROM had)
    AND a.record NOT IN (SELECT record FROM temp.reappeared)");
