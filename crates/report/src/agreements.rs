//! `agreements.csv`: of every source row, whether name, version and date of its agreements were carried over.
//!
//! Owner of its columns, and of what "carried over" means: Bakkt has the account, and with it every part of every agreement. An
//! account that was there with other data and was left alone was sent none. What reading back found counts more than what was sent.
//! Left out: what an agreement says; the journal knows how many there are, and which of their parts.

use std::io::Write;

use super::files::CsvFile;
use bakkt_journal::read::{ACCEPTED_BEFORE, RecordLine};

/// The columns of `agreements.csv`.
pub(super) const AGREEMENTS: &[&str] = &[
    "file",
    "row",
    "clientAccountId",
    "accountState",
    "agreements",
    "name",
    "version",
    "date",
    "carriedOver",
];

/// Adds the line of a row; `files` walks the rows.
pub(super) fn agreements_line<W: Write>(
    record: &RecordLine<'_>,
    out: &mut CsvFile<W>,
) -> anyhow::Result<()> {
    let is_sent = matches!(record.verdict, "ready" | "grace");
    out.origin(&record.origin)?;
    out.text(record.task.state)?;
    // Bakkt has other data of it, and was sent nothing.
    let is_left_alone = record.bakkt.existed == "different";
    let [all, versions, dates] = match (is_sent && !is_left_alone, record.agreements.carried) {
        (true, Some(carried)) => carried,
        _ => {
            (0..4).try_for_each(|_| out.text(""))?;
            let is_former = record.task.state == ACCEPTED_BEFORE;
            let is_known = is_left_alone || !(is_sent || is_former);
            out.text(if is_known { "no" } else { "not known" })?;
            return out.end();
        }
    };
    out.number(all)?;
    for count in [all, versions, dates] {
        match count {
            0 => out.text("no")?,
            count if count == all => out.text("yes")?,
            count => out.text(&format!("{count} of {all}"))?,
        }
    }
    let is_whole = versions == all && dates == all && !record.agreements.left_out;
    out.text(match (record.task.state, all) {
        ("accepted", 1..) if record.agreements.contradicted => "contradicted",
        ("accepted", _) if record.agreements.waiting => "not yet",
        ("accepted", 0) => "no",
        ("accepted", _) if is_whole => "yes",
        ("accepted", _) => "partly",
        ("refused" | "gave up", _) => "no",
        _ => "not yet",
    })?;
    out.end()
}
