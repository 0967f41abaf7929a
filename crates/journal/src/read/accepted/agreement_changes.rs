//! Accepted accounts whose agreements in the plan are others than Bakkt has, and that nobody has said to be acknowledged: no update of
//! them is planned, whatever else changes, until a person says so.

use crate::read::columns::unsigned;
use crate::read::reader::Reader;
use bakkt_contract::ownership::agreements_changed;

impl Reader {
    /// Every such account: its id, file and line.
    pub fn each_unacknowledged(
        &self,
        mut each: impl FnMut(&str, &str, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::UNACKNOWLEDGED, |row| {
            let (before, after) = (row.get_ref(3)?.as_blob()?, row.get_ref(4)?.as_blob()?);
            if !agreements_changed(before, after) {
                return Ok(());
            }
            let (client_id, file) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            each(client_id, file, unsigned(row.get(2)?))
        })
    }
}

/// Statements over large tables.
pub(crate) mod sql {
    /// An account that was there before and was left as it is gets no update whatever changes.
    pub const UNACKNOWLEDGED: &str = sql!(
        "SELECT r.client_id, f.name, r.row, t.agreements, r.agreements \
        FROM task t JOIN record r ON r.id = t.record JOIN file f ON f.id = r.file \
        WHERE t.kind = {kind.account} AND t.state = {state.accepted} AND t.existed <> {existed.different} \
        AND t.hash IS NOT r.hash AND t.agreements <> r.agreements \
        AND NOT EXISTS (SELECT 1 FROM acknowledged a WHERE a.client_id = r.client_id AND a.agreements = r.agreements) ORDER BY t.id"
    );
}
