//! The journal line by line: one item per record, gap, stopped task or account, handed to a callback.
//!
//! Owner of the four statements that can return as many lines as the export has rows. Each walks its table in the order
//! of its key, so SQLite sorts nothing and memory stays constant at any size (a test asks for the query plans).
//! Texts are borrowed from SQLite and live as long as one callback.
//! Left out on purpose: how a line looks in a file (`report::files`).

use rusqlite::Row;

use super::query::{EXISTED, Reader, STATES, VERDICTS, index, unsigned, word_of};

/// The account task as far as a line shows it.
#[derive(Clone, Copy, Debug)]
pub struct TaskPart<'a> {
    /// The word of the state; empty when the record has no task.
    pub state: &'static str,
    /// Times that it was sent.
    pub attempts: u64,
    /// Intent of the first attempt, milliseconds since 1970.
    pub first_at: Option<i64>,
    /// Last change of state.
    pub last_at: Option<i64>,
    /// The code of a refusal, hold or give-up.
    pub code: Option<&'a str>,
    /// The field that it names.
    pub field: Option<&'a str>,
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The export, relative to the migration folder.
    pub file: Option<&'a str>,
    /// The line where the row starts.
    pub row: u64,
    /// clientAccountId, when it is fit to be kept.
    pub client_id: Option<&'a str>,
}

/// One source row.
#[derive(Clone, Copy, Debug)]
pub struct RecordLine<'a> {
    /// Where it stands.
    pub origin: Origin<'a>,
    /// The word of the verdict.
    pub verdict: &'static str,
    /// Why it was excluded, or of what it is a duplicate.
    pub reason: Option<&'a str>,
    /// Number of gaps.
    pub gaps: u64,
    /// Its account task.
    pub task: TaskPart<'a>,
    /// As Bakkt named it.
    pub bakkt: BakktPart<'a>,
}

/// What Bakkt said about an account.
#[derive(Clone, Copy, Debug)]
pub struct BakktPart<'a> {
    /// Bakkt's id.
    pub id: Option<&'a str>,
    /// Bakkt's status.
    pub status: Option<&'a str>,
    /// As Bakkt stated it.
    pub created_at: Option<&'a str>,
    /// no, equal, different, overwritten; empty while Bakkt has named no account.
    pub existed: &'static str,
}

/// One gap.
#[derive(Clone, Copy, Debug)]
pub struct GapLine<'a> {
    /// Where it stands: the row of its record, or one beside it.
    pub origin: Origin<'a>,
    /// The contract path.
    pub path: &'a str,
    /// W, H, G or O.
    pub level: &'a str,
    /// missing, invalid: …, withheld: …
    pub reason: &'a str,
    /// open, …
    pub status: &'a str,
    /// When the account was accepted; None when it was not (yet).
    pub accepted_at: Option<i64>,
}

/// One task that was refused or given up.
#[derive(Clone, Copy, Debug)]
pub struct StoppedLine<'a> {
    /// The row that it sends.
    pub origin: Origin<'a>,
    /// Whether it is an update of an account and not its creation.
    pub update: bool,
    /// The task.
    pub task: TaskPart<'a>,
    /// The masked message.
    pub message: Option<&'a str>,
}

impl Reader {
    /// Every source row, in the order of the export.
    pub fn each_record(
        &self,
        mut each: impl FnMut(RecordLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::RECORD_LINES, |row| {
            each(RecordLine {
                origin: origin(row)?,
                verdict: word_of(&VERDICTS, index(row, 3)?),
                reason: text(row, 4)?,
                gaps: count(row, 5)?,
                task: task(row, 6)?,
                bakkt: bakkt(row, 12)?,
            })
        })
    }

    /// Every gap, in the order of the export.
    pub fn each_gap(
        &self,
        mut each: impl FnMut(GapLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // A journal of version 1 that no run has opened since: every gap stands in its record's own row.
        let placed = "SELECT count(*) FROM pragma_table_info('gap') WHERE name = 'file'";
        let sql = match self
            .journal
            .query_row(placed, [], |row| row.get::<_, i64>(0))?
        {
            0 => sql::GAP_LINES_V1,
            _ => sql::GAP_LINES,
        };
        self.walk(sql, |row| {
            each(GapLine {
                origin: origin(row)?,
                path: text(row, 3)?.unwrap_or_default(),
                level: text(row, 4)?.unwrap_or_default(),
                reason: text(row, 5)?.unwrap_or_default(),
                status: text(row, 6)?.unwrap_or_default(),
                accepted_at: row.get(7)?,
            })
        })
    }

    /// Every task that was refused or given up, in the order of the tasks.
    pub fn each_stopped(
        &self,
        mut each: impl FnMut(StoppedLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::STOPPED_LINES, |row| {
            each(StoppedLine {
                origin: origin(row)?,
                task: task(row, 3)?,
                message: text(row, 9)?,
                update: index(row, 10)? != 0,
            })
        })
    }

    /// Every account that Bakkt has named, in the order of the tasks.
    pub fn each_account(
        &self,
        mut each: impl FnMut(Option<&str>, BakktPart<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::ACCOUNT_LINES, |row| {
            each(text(row, 0)?, bakkt(row, 1)?)
        })
    }

    fn walk(
        &self,
        sql: &str,
        mut each: impl FnMut(&Row<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut statement = self.journal.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> anyhow::Result<Option<&'a str>> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

/// A count that may be absent, when the line has no task.
fn count(row: &Row<'_>, column: usize) -> anyhow::Result<u64> {
    Ok(unsigned(
        row.get::<_, Option<i64>>(column)?.unwrap_or_default(),
    ))
}

/// Three columns: file, row, client id.
fn origin<'a>(row: &'a Row<'_>) -> anyhow::Result<Origin<'a>> {
    Ok(Origin {
        file: text(row, 0)?,
        row: count(row, 1)?,
        client_id: text(row, 2)?,
    })
}

/// Six columns: state, attempts, first, last, code, field.
fn task<'a>(row: &'a Row<'_>, from: usize) -> anyhow::Result<TaskPart<'a>> {
    let state = match row.get::<_, Option<i64>>(from)? {
        None => "",
        Some(_) => word_of(&STATES, index(row, from)?),
    };
    Ok(TaskPart {
        state,
        attempts: count(row, from + 1)?,
        first_at: row.get(from + 2)?,
        last_at: row.get(from + 3)?,
        code: text(row, from + 4)?,
        field: text(row, from + 5)?,
    })
}

/// Four columns: id, status, created, existed.
fn bakkt<'a>(row: &'a Row<'_>, from: usize) -> anyhow::Result<BakktPart<'a>> {
    let (id, existed) = (text(row, from)?, row.get::<_, Option<i64>>(from + 3)?);
    let existed = match (id, existed) {
        (_, None) | (None, Some(0)) => "",
        (_, Some(_)) => word_of(&EXISTED, index(row, from + 3)?),
    };
    Ok(BakktPart {
        id,
        status: text(row, from + 1)?,
        created_at: text(row, from + 2)?,
        existed,
    })
}

/// The statements. `ORDER BY` names the key of the outermost table, which the left joins keep outermost.
mod sql {
    pub const RECORD_LINES: &str = "SELECT f.name, r.row, r.client_id, r.verdict, w.text, r.gaps, \
        t.state, t.attempts, t.first_at, t.last_at, c.text, d.text, t.bakkt_id, t.status, t.created_at, t.existed \
        FROM record r LEFT JOIN file f ON f.id = r.file LEFT JOIN word w ON w.id = r.reason \
        LEFT JOIN task t ON t.record = r.id AND t.kind = 0 \
        LEFT JOIN word c ON c.id = t.code LEFT JOIN word d ON d.id = t.field ORDER BY r.id";
    pub const GAP_LINES: &str = "SELECT f.name, CASE g.file WHEN 0 THEN r.row ELSE g.row END, r.client_id, p.text, g.level, w.text, g.status, \
        CASE t.state WHEN 4 THEN t.last_at END \
        FROM gap g LEFT JOIN record r ON r.id = g.record \
        LEFT JOIN file f ON f.id = CASE g.file WHEN 0 THEN r.file ELSE g.file END \
        LEFT JOIN word p ON p.id = g.path LEFT JOIN word w ON w.id = g.reason \
        LEFT JOIN task t ON t.record = g.record AND t.kind = 0 ORDER BY g.record, g.path, g.reason";
    pub const GAP_LINES_V1: &str = "SELECT f.name, r.row, r.client_id, p.text, g.level, w.text, g.status, \
        CASE t.state WHEN 4 THEN t.last_at END \
        FROM gap g LEFT JOIN record r ON r.id = g.record LEFT JOIN file f ON f.id = r.file \
        LEFT JOIN word p ON p.id = g.path LEFT JOIN word w ON w.id = g.reason \
        LEFT JOIN task t ON t.record = g.record AND t.kind = 0 ORDER BY g.record, g.path, g.reason";
    pub const STOPPED_LINES: &str = "SELECT f.name, r.row, r.client_id, \
        t.state, t.attempts, t.first_at, t.last_at, c.text, d.text, m.text, t.kind \
        FROM task t LEFT JOIN record r ON r.id = t.record LEFT JOIN file f ON f.id = r.file \
        LEFT JOIN word c ON c.id = t.code LEFT JOIN word d ON d.id = t.field LEFT JOIN word m ON m.id = t.message \
        WHERE t.state IN (5, 6) ORDER BY t.id";
    pub const ACCOUNT_LINES: &str = "SELECT coalesce(r.client_id, f.client_id), t.bakkt_id, t.status, t.created_at, t.existed \
        FROM task t LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = t.id \
        WHERE t.kind IN (0, 2) AND (t.bakkt_id IS NOT NULL OR t.state = 4) ORDER BY t.id";
}

#[cfg(test)]
mod tests {
    use super::super::counts;

    /// Constant memory at any size: no statement over a large table may build a temporary tree.
    #[test]
    fn no_statement_sorts() -> rusqlite::Result<()> {
        let journal = rusqlite::Connection::open_in_memory()?;
        journal.execute_batch(include_str!("schema_v1.sql"))?;
        journal.execute_batch(include_str!("schema_v2.sql"))?;
        let lines = [
            super::sql::RECORD_LINES,
            super::sql::GAP_LINES,
            super::sql::STOPPED_LINES,
            super::sql::ACCOUNT_LINES,
        ];
        let counts = [
            counts::sql::RECORDS,
            counts::sql::TASK_RECORDS,
            counts::sql::TASKS,
            counts::sql::GAPS,
            counts::sql::SENT,
        ];
        for sql in lines.into_iter().chain(counts) {
            let mut plan = journal.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let steps = plan.query_map([], |row| row.get(3))?;
            let steps = steps.collect::<rusqlite::Result<Vec<String>>>()?;
            let steps = steps.join("\n");
            assert!(!steps.contains("TEMP B-TREE"), "{sql}\n{steps}");
            assert!(!steps.contains("AUTOMATIC"), "{sql}\n{steps}");
        }
        Ok(())
    }
}
