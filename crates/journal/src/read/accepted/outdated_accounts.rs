//! Accepted accounts that Bakkt has with other data than the plan, and what became of their updates.
//!
//! Left out: accounts that were there before with other data and were left alone, those of which nobody knows what Bakkt has, and
//! fields that go by hand.

use crate::read::columns::{Origin, TaskPart, origin, task, text, unsigned};
use crate::read::reader::Reader;

/// An accepted account that Bakkt does not have as the plan has it, as far as is known.
#[derive(Clone, Copy, Debug)]
pub struct OutdatedLine<'a> {
    /// Its row.
    pub origin: Origin<'a>,
    /// Its update, which was not accepted; without a state: none is planned.
    pub update: TaskPart<'a>,
    /// Bakkt's words about the update, masked.
    pub message: Option<&'a str>,
}

impl Reader {
    /// Every such account.
    pub fn each_outdated(
        &self,
        mut each: impl FnMut(OutdatedLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // Only a new plan makes one.
        if !self.may_differ()? {
            return Ok(());
        }
        self.walk(sql::OUTDATED, |row| {
            each(OutdatedLine {
                origin: origin(row)?,
                update: task(row, 3)?,
                message: text(row, 9)?,
            })
        })
    }

    /// Those of which no update is planned.
    pub fn without_update(&self) -> anyhow::Result<u64> {
        if !self.may_differ()? {
            return Ok(0);
        }
        let count = self
            .journal
            .query_row(sql::WITHOUT_UPDATE, [], |row| row.get(0))?;
        Ok(unsigned(count))
    }
}

/// Statements over large tables.
pub(crate) mod sql {
    pub const OUTDATED: &str = sql!(concat!(
        "SELECT f.name, r.row, r.client_id, u.state, ",
        times_sent!("u", "attempt"),
        ", u.first_at, u.last_at, c.text, d.text, m.text \
        FROM task t JOIN record r ON r.id = t.record LEFT JOIN file f ON f.id = r.file \
        LEFT JOIN task u ON u.record = r.id AND u.kind = {kind.update} AND u.state <> {state.accepted} \
        LEFT JOIN word c ON c.id = u.code LEFT JOIN word d ON d.id = u.field LEFT JOIN word m ON m.id = u.message \
        WHERE t.kind = {kind.account} AND t.state = {state.accepted} AND t.existed <> {existed.different} \
        AND (t.hash <> r.hash OR u.id IS NOT NULL) ORDER BY t.id"
    ));
    pub const WITHOUT_UPDATE: &str = sql!(
        "SELECT count(*) FROM task t JOIN record r ON r.id = t.record \
        WHERE t.kind = {kind.account} AND t.state = {state.accepted} AND t.existed <> {existed.different} AND t.hash <> r.hash \
        AND NOT EXISTS (SELECT 1 FROM task u WHERE u.record = r.id AND u.kind = {kind.update} AND u.state <> {state.accepted})"
    );
}
