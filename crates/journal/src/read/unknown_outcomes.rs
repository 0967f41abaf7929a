//! Tasks whose outcome is unknown at present: what was sent, from which row, and since when.

use crate::read::reader::Reader;
use crate::schema::codes::KINDS;
use bakkt_model::state::State;
use rusqlite::params;

/// A task that was sent, and of which nobody knows yet whether it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOutcome {
    /// account, update, document or KYB.
    pub kind: &'static str,
    /// The file and the line of its record; empty where the plan has it no longer.
    pub place: String,
    /// How often it was sent.
    pub attempts: u64,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// It is on its way now, as far as the journal knows; false: in doubt.
    pub is_on_its_way: bool,
}

const UNKNOWN: &str = sql!(
    "SELECT t.kind, f.name, r.row, t.attempts, coalesce(t.last_at, t.first_at, 0), t.state
     FROM task t LEFT JOIN record r ON r.id = t.record LEFT JOIN file f ON f.id = r.file
     WHERE t.state IN ({state.in_doubt}, {state.sending})
     ORDER BY t.state DESC, 5, t.id LIMIT ?"
);

impl Reader {
    /// The oldest of them, those in doubt first; no more than so many.
    pub fn unknown_outcomes(&self, most: u32) -> anyhow::Result<Vec<UnknownOutcome>> {
        let mut statement = self.journal.prepare(UNKNOWN)?;
        let rows = statement.query_map(params![most], |row| {
            let kind: i64 = row.get(0)?;
            let place = match (
                row.get::<_, Option<String>>(1)?,
                row.get::<_, Option<i64>>(2)?,
            ) {
                (Some(file), Some(line)) => format!("{file}:{line}"),
                _ => String::new(),
            };
            let word = usize::try_from(kind).ok().and_then(|kind| KINDS.get(kind));
            Ok(UnknownOutcome {
                kind: word.copied().unwrap_or_default(),
                place,
                attempts: row.get::<_, i64>(3)?.unsigned_abs(),
                since: row.get(4)?,
                is_on_its_way: row.get::<_, i64>(5)? == State::Sending as i64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
