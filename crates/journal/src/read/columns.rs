//! Columns that many lines have in common: where a row stands, how far a task is, words for numbers.

use crate::schema::codes::STATES;
use rusqlite::Row;

/// What a line shows of a task.
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

/// When the account of the record `r` with the account task `t` was accepted, if only by an earlier plan.
macro_rules! accepted_at {
    () => {
        "coalesce(CASE t.state WHEN {state.accepted} THEN t.last_at END, \
        (SELECT max(k.last_at) FROM former f JOIN task k ON k.id = f.task WHERE f.client_id = r.client_id))"
    };
}
pub(crate) use accepted_at;

/// Records that have gaps, or may have closed ones that Bakkt still has: `?1` says whether there are such.
macro_rules! has_gaps {
    () => {
        "(r.gap_set IS NOT NULL OR ?1 AND (t.id IS NULL OR t.hash IS NOT r.hash) \
        AND EXISTS (SELECT 1 FROM closed_gap c WHERE c.client_id = r.client_id))"
    };
}
pub(crate) use has_gaps;

/// When the account was accepted, where Bakkt has it with other bytes than the plan, or the plan sends it no longer; else NULL.
macro_rules! unsent_since {
    () => {
        concat!(
            "CASE WHEN ?1 AND (t.id IS NULL OR t.state = {state.accepted} AND t.hash IS NOT r.hash) \
            AND r.verdict IN ({verdict.judged}) THEN ",
            accepted_at!(),
            " END"
        )
    };
}
pub(crate) use unsent_since;

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

pub(crate) fn text<'a>(row: &'a Row<'_>, column: usize) -> anyhow::Result<Option<&'a str>> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

/// A count that may be absent, when the line has no task.
pub(crate) fn count(row: &Row<'_>, column: usize) -> anyhow::Result<u64> {
    Ok(unsigned(
        row.get::<_, Option<i64>>(column)?.unwrap_or_default(),
    ))
}

/// Three columns: file, row, client id.
pub(crate) fn origin<'a>(row: &'a Row<'_>) -> anyhow::Result<Origin<'a>> {
    Ok(Origin {
        file: text(row, 0)?,
        row: count(row, 1)?,
        client_id: text(row, 2)?,
    })
}

/// Six columns: state, attempts, first, last, code, field.
pub(crate) fn task<'a>(row: &'a Row<'_>, from: usize) -> anyhow::Result<TaskPart<'a>> {
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

/// The word of a number; a number without one is `unknown`, and shows as an imbalance in the totals.
pub(crate) fn word_of(words: &[&'static str], number: usize) -> &'static str {
    words.get(number).copied().unwrap_or("unknown")
}

/// A column that is an index into a table of words. A negative number is as unknown as one that is too large.
pub(crate) fn index(row: &Row<'_>, column: usize) -> anyhow::Result<usize> {
    Ok(usize::try_from(row.get::<_, i64>(column)?).unwrap_or(usize::MAX))
}

/// A count as SQLite keeps it; a negative number counts as 0.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
