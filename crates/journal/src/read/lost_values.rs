//! Gaps that only the plan has: Bakkt has the value, and a changed export or mapping lost it.
//!
//! Owner of the rule which gaps these are: Bakkt has the account with other bytes than the plan, accepted it before the gap was
//! opened, and has more values of the field than the plan. They are not open at Bakkt, and nobody has to bring the value. What
//! is kept of fields tells (`contract::field_marks`); where it does not, a gap counts as open. Left out: those that left the plan
//! again (`unsent_closures`).

use rusqlite::Row;

use crate::read::reader::Reader;
use bakkt_contract::changes::is_in;
use bakkt_contract::field_marks::{FieldChange, changes};
use bakkt_contract::path;

/// The status of a gap that only the plan has.
pub const AT_BAKKT: &str = "at Bakkt, not in the plan";

/// The fields of an account of which Bakkt has values that the plan lost.
#[derive(Debug, Default)]
pub(crate) struct LostValues {
    fields: Vec<&'static str>,
    accepted_at: i64,
}

impl LostValues {
    /// Three columns: what is kept of the fields that Bakkt has, and of those of the plan; when the account was accepted. NULL:
    /// Bakkt has it as the plan does, or not at all.
    pub(crate) fn read(row: &Row<'_>, from: usize) -> anyhow::Result<LostValues> {
        let [before, after] = [from, from + 1].map(|column| row.get_ref(column));
        let (Some(before), Some(after)) = (before?.as_blob_or_null()?, after?.as_blob_or_null()?)
        else {
            return Ok(LostValues::default());
        };
        let changes = changes(before, after).into_iter().flatten();
        let lost = changes.filter(|(_, _, change)| *change == FieldChange::Removed);
        Ok(LostValues {
            fields: lost.map(|(_, field, _)| field).collect(),
            accepted_at: row.get(from + 2)?,
        })
    }

    /// Whether a gap of the plan is none at Bakkt.
    pub(crate) fn has(&self, at: &str, opened_at: i64) -> bool {
        if self.fields.is_empty() || opened_at <= self.accepted_at {
            return false;
        }
        let pattern = path::pattern(at);
        self.fields.iter().any(|field| is_in(field, &pattern))
    }
}

impl Reader {
    /// Every open gap that only the plan has: its path, and when it was opened.
    pub fn each_lost_value(
        &self,
        mut each: impl FnMut(&str, i64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // Only a new plan loses one.
        if !self.may_differ()? {
            return Ok(());
        }
        self.walk(sql::LOST, |row| {
            let (at, opened_at) = (row.get_ref(3)?.as_str()?, row.get(4)?);
            match LostValues::read(row, 0)?.has(at, opened_at) {
                true => each(at, opened_at),
                false => Ok(()),
            }
        })
    }
}

/// Three columns of the record `r` with the account task `t`, for [`LostValues`].
macro_rules! lost_columns {
    () => {
        concat!(
            "CASE WHEN t.state = {state.accepted} AND t.existed <> {existed.different} AND t.hash IS NOT r.hash THEN t.fixed END, \
            r.fixed, t.last_at"
        )
    };
}
pub(crate) use lost_columns;

/// Statements over large tables.
pub(crate) mod sql {
    pub const LOST: &str = sql!(concat!(
        "SELECT ",
        lost_columns!(),
        ", p.text, g.opened_at FROM task t JOIN record r ON r.id = t.record JOIN gap g ON g.record = r.id JOIN word p ON p.id = g.path \
        WHERE t.kind = {kind.account} AND t.state = {state.accepted} AND t.existed <> {existed.different} AND t.hash IS NOT r.hash \
        AND g.status = 'open' AND g.opened_at > t.last_at ORDER BY t.id"
    ));
}
