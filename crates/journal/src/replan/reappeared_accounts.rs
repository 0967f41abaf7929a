//! Customers whom Bakkt has under an id that is gone from the plan, and who come back under a new id.
//!
//! A spreadsheet that strips leading zeros from ids does this to a whole export, and every such customer would get a second
//! account. So two plans are compared: ids that Bakkt has, or may have, and no row of the new plan bears, against ids that only the
//! new plan sends. They belong together when their keyed person hashes are equal, or when the ids differ in leading zeros, capitals,
//! punctuation and a prefix of letters only. When most ids are gone and about as many new ones came, the ids seem to have changed
//! their form, and a plan stops even though nothing tells which of them belong together. A person whose old id stays in the plan is never counted, because people may have several accounts.
//! A shard's journal compares over the whole export as well: it knows the ids and person hashes of the other shards' customers
//! (`other_shard`), though not whom of them Bakkt has, and so takes everybody whom an earlier plan sent for somebody whom Bakkt may have.
//! Left out: the same person twice in one export, which is a finding.

use rusqlite::params;
use serde::Serialize;

use crate::read::columns::unsigned;
use crate::write::journal::Journal;
use crate::write::operator_log::{OperatorNote, target_of};
use bakkt_model::error::Failure;
use bakkt_model::text::ids;

/// How many pairs are shown.
const SHOWN: i64 = 10;

/// People whom Bakkt has under an id that is gone from the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReappearedAccounts {
    /// Accounts that would be second ones.
    pub accounts: u64,
    /// The first of them.
    pub first: Vec<ReappearedId>,
    /// Most ids are gone, and about as many new ones came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_ids: Option<ChangedIds>,
}

/// How many ids changed, when most did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedIds {
    /// Accounts that Bakkt has or may have.
    pub accounts: u64,
    /// Those of them whose ids are gone.
    pub gone: u64,
    /// Ids that came.
    pub new: u64,
}

impl ChangedIds {
    /// The fewest ids that have to be gone.
    const LEAST: u64 = 2;

    /// What a plan shows in which of `of` accounts at Bakkt `gone` ids are gone, of the whole earlier plan `gone_of_plan`,
    /// and to which `new` ids came: at least half of the accounts are concerned, and neither the ids that are gone nor
    /// those that came are more than twice the others.
    fn of(accounts: u64, gone: u64, gone_of_plan: u64, new: u64) -> Option<ChangedIds> {
        let most = gone >= ChangedIds::LEAST && gone * 2 >= accounts;
        let as_many = new * 2 >= gone && new <= gone_of_plan * 2;
        (most && as_many).then_some(ChangedIds {
            accounts,
            gone,
            new,
        })
    }
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
        self.accounts == 0 && self.changed_ids.is_none()
    }

    /// Their number and the first of them, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(ChangedIds {
            accounts,
            gone,
            new,
        }) = self.changed_ids
        {
            lines.push(format!(
                "the ids seem to have changed their form: of {accounts} accounts that Bakkt has, {gone} have ids that are no longer in the plan, and {new} new ids came"
            ));
        }
        if self.accounts == 0 {
            return lines;
        }
        let one = self.accounts == 1;
        lines.push(format!(
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
        ));
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
        self.db.execute_batch(GATHER)?;
        self.note_forms()?;
        self.db.execute_batch(PAIR)?;
        let accounts = self
            .db
            .query_row("SELECT count(*) FROM temp.reappeared", [], |row| row.get(0))?;
        let mut statement = self.db.prepare(
            "SELECT p.old_id, p.new_id, f.name, r.row, p.same FROM temp.reappeared p
             JOIN n.record r ON r.id = p.record JOIN n.file f ON f.id = r.file ORDER BY p.record LIMIT ?",
        )?;
        let rows = statement.query_map([SHOWN], |row| {
            Ok(ReappearedId {
                old_id: row.get(0)?,
                new_id: row.get(1)?,
                file: row.get(2)?,
                row: unsigned(row.get(3)?),
                same: match row.get::<_, i64>(4)? {
                    0 => SAME_FORM,
                    1 => "same name, birth date and tax id",
                    _ => "same id but for a prefix of letters",
                },
            })
        })?;
        Ok(ReappearedAccounts {
            accounts: unsigned(accounts),
            first: rows.collect::<Result<_, _>>()?,
            changed_ids: self.changed_ids()?,
        })
    }

    /// Notes the forms of all ids that are gone or new.
    fn note_forms(&self) -> anyhow::Result<()> {
        let mut ids = self.db.prepare(
            "SELECT client_id FROM temp.vanished UNION ALL SELECT client_id FROM temp.arrived",
        )?;
        let mut note = self
            .db
            .prepare("INSERT OR IGNORE INTO temp.id_form VALUES (?, ?, ?)")?;
        let mut rows = ids.query([])?;
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            let (alike, bare) = forms(&id);
            note.execute(params![id, alike, bare])?;
        }
        Ok(())
    }

    fn changed_ids(&self) -> anyhow::Result<Option<ChangedIds>> {
        let count = |sql: &str| -> anyhow::Result<u64> {
            Ok(unsigned(self.db.query_row(sql, [], |row| row.get(0))?))
        };
        // Customers who left earlier are no part of the plan that is compared.
        let had = sql!(
            "SELECT (SELECT count(*) FROM temp.was w WHERE state IN ({state.perhaps_at_bakkt}) AND EXISTS (SELECT 1 FROM main.record m WHERE m.client_id = w.client_id))
             + (SELECT count(*) FROM main.other_shard WHERE record IS NOT NULL)"
        );
        Ok(ChangedIds::of(
            count(had)?,
            count("SELECT count(*) FROM temp.vanished WHERE planned")?,
            count(
                "SELECT (SELECT count(*) FROM temp.was w WHERE EXISTS (SELECT 1 FROM main.record m WHERE m.client_id = w.client_id)
                 AND NOT EXISTS (SELECT 1 FROM n.record r WHERE r.client_id = w.client_id))
                 + (SELECT count(*) FROM main.other_shard e WHERE e.record IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM n.other_shard x WHERE x.client_id = e.client_id))",
            )?,
            count(
                "SELECT (SELECT count(*) FROM temp.arrived) + (SELECT count(*) FROM n.other_shard x
                 WHERE NOT EXISTS (SELECT 1 FROM main.other_shard e WHERE e.client_id = x.client_id))",
            )?,
        ))
    }

    /// New ids of people who have an accepted account under another id that stays in the plan.
    pub(crate) fn further_accounts(&self) -> anyhow::Result<u64> {
        let count = self.db.query_row(FURTHER, [], |row| row.get(0))?;
        Ok(unsigned(count))
    }

    /// Records that a person takes the new ids for further accounts; `all` of them, or those that belong to old ones.
    pub(crate) fn accept_new_ids(
        &mut self,
        all: bool,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let mut statement = self
            .db
            .prepare("SELECT client_id FROM temp.arrived WHERE ?1 OR record IN (SELECT record FROM temp.reappeared) ORDER BY record")?;
        let ids = statement.query_map(params![all], |row| row.get(0))?;
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        drop(statement);
        if ids.is_empty() {
            return Ok(());
        }
        let target = target_of(&ids);
        self.log("accept new ids", &target, decided, ids.len() as u64)
    }
}

/// What ids have in common that differ in nothing else.
const SAME_FORM: &str = "same id but for leading zeros, capitals or punctuation";

/// An id as programs that write it differently agree on it; and the number that it is without a prefix of letters, or nothing.
fn forms(id: &str) -> (String, String) {
    let alike = ids::alike(id);
    let number = alike.trim_start_matches(char::is_alphabetic);
    let is_bare = number.len() < alike.len() && number.bytes().all(|byte| byte.is_ascii_digit());
    let bare = if is_bare {
        number.to_owned()
    } else {
        String::new()
    };
    (alike, bare)
}

/// `vanished`: ids that Bakkt has or may have, and no row of the new plan. `arrived`: ids that the new plan sends and no
/// earlier one did. `id_form`: what [`forms`] makes of both.
const GATHER: &str = sql!("
    CREATE TEMP TABLE vanished (client_id TEXT PRIMARY KEY, person BLOB, planned INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO temp.vanished SELECT w.client_id, w.person, EXISTS (SELECT 1 FROM main.record m WHERE m.client_id = w.client_id)
        FROM temp.was w WHERE w.state IN ({state.perhaps_at_bakkt}) AND w.record IS NULL
        AND NOT EXISTS (SELECT 1 FROM n.record r WHERE r.client_id = w.client_id);
    INSERT OR IGNORE INTO temp.vanished SELECT e.client_id, e.person, e.record IS NOT NULL
        FROM main.other_shard e WHERE NOT EXISTS (SELECT 1 FROM n.other_shard x WHERE x.client_id = e.client_id);
    CREATE TEMP TABLE arrived (client_id TEXT PRIMARY KEY, person BLOB, record INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO temp.arrived SELECT r.client_id, r.person, r.id
        FROM n.record r WHERE r.verdict IN ({verdict.sendable}) AND NOT EXISTS (SELECT 1 FROM temp.was w WHERE w.client_id = r.client_id);
    CREATE TEMP TABLE id_form (client_id TEXT PRIMARY KEY, alike TEXT NOT NULL, bare TEXT NOT NULL) WITHOUT ROWID;
");

/// `reappeared`: ids that are gone and new ids that belong together, one for one.
const PAIR: &str = "
    CREATE INDEX temp.id_form_alike ON id_form (alike);
    CREATE INDEX temp.id_form_bare ON id_form (bare);
    CREATE TEMP TABLE reappeared (record INTEGER PRIMARY KEY, old_id TEXT NOT NULL UNIQUE, new_id TEXT NOT NULL, same INTEGER NOT NULL);
    INSERT OR IGNORE INTO temp.reappeared SELECT a.record, v.client_id, a.client_id, v.person IS NOT NULL AND v.person IS a.person
        FROM temp.vanished v JOIN temp.id_form o ON o.client_id = v.client_id
        JOIN temp.id_form f ON f.alike = o.alike JOIN temp.arrived a ON a.client_id = f.client_id WHERE o.alike <> '';
    INSERT OR IGNORE INTO temp.reappeared SELECT a.record, v.client_id, a.client_id, 1
        FROM (SELECT client_id, person, row_number() OVER (PARTITION BY person ORDER BY client_id) AS place FROM temp.vanished
              WHERE person IS NOT NULL AND client_id NOT IN (SELECT old_id FROM temp.reappeared)) v
        JOIN (SELECT client_id, person, record, row_number() OVER (PARTITION BY person ORDER BY client_id) AS place FROM temp.arrived
              WHERE person IS NOT NULL AND record NOT IN (SELECT record FROM temp.reappeared)) a
        ON a.person = v.person AND a.place = v.place;
    INSERT OR IGNORE INTO temp.reappeared SELECT a.record, v.client_id, a.client_id, 2
        FROM temp.vanished v JOIN temp.id_form o ON o.client_id = v.client_id
        JOIN temp.id_form f ON f.alike = o.bare JOIN temp.arrived a ON a.client_id = f.client_id WHERE o.bare <> '';
    INSERT OR IGNORE INTO temp.reappeared SELECT a.record, v.client_id, a.client_id, 2
        FROM temp.vanished v JOIN temp.id_form o ON o.client_id = v.client_id
        JOIN temp.id_form f ON f.bare = o.alike JOIN temp.arrived a ON a.client_id = f.client_id WHERE o.alike <> '';
";

const FURTHER: &str = sql!("WITH had AS MATERIALIZED (SELECT DISTINCT person FROM temp.was WHERE state = {state.accepted} AND record IS NOT NULL AND person IS NOT NULL)
    SELECT count(*) FROM temp.arrived a WHERE a.person IN (SELECT person FROM had)
    AND a.record NOT IN (SELECT record FROM temp.reappeared)");
