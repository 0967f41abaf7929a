//! Accepted accounts of entities whose owners in the plan differ from those that Bakkt has, line by line.

use crate::read::columns::unsigned;
use crate::read::reader::Reader;
use bakkt_contract::ownership::{OwnerChanges, owner_changes};

impl Reader {
    /// Every accepted account of an entity whose owners are others in the plan: its id, file and line, and the changes.
    pub fn each_changed_ownership(
        &self,
        mut each: impl FnMut(&str, &str, u64, OwnerChanges) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::OWNERSHIP, |row| {
            let (before, after) = (row.get_ref(3)?.as_blob()?, row.get_ref(4)?.as_blob()?);
            let changes = owner_changes(before, after);
            if changes.none() {
                return Ok(());
            }
            let (client_id, file) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            each(client_id, file, unsigned(row.get(2)?), changes)
        })
    }
}

/// Statements over large tables.
pub(crate) mod sql {
    pub const OWNERSHIP: &str = sql!(
        "SELECT r.client_id, f.name, r.row, t.owners, r.owners \
        FROM task t JOIN record r ON r.id = t.record JOIN file f ON f.id = r.file \
        WHERE t.kind = {kind.account} AND t.state = {state.accepted} AND t.existed <> {existed.different} AND t.owners <> r.owners ORDER BY t.id"
    );
}
