//! `summary.json`, and what the page shows: the totals and everything that explains them.
//!
//! Owner of the names of its keys. The page is made from the same structure, so the two cannot disagree.
//! Left out on purpose: anything per record; that is in the CSV files.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::after::{self, AfterAcceptance, GapDay};
use super::audit::AuditRecord;
use super::beside::KybTally;
use super::exclusions::{self, UnusedExclusion};
use super::text::rfc3339;
use super::totals::{States, Totals};
use bakkt_files::output::FileStart;
use bakkt_journal::Journals;
use bakkt_journal::read::{
    Counts, DecisionRow, DocumentCounts, FileClosures, GapCount, Minute, PolicyRow, ReasonCount,
    RunRow, StopCount, TypeCount, UnsentCount, UnusedCount,
};
use bakkt_model::grace::{Due, Grace, GraceFrom};

/// How every summary begins.
pub(super) const BEGINS: FileStart = FileStart::Lines(&[
    "{",
    "  \"name\": ",
    "  \"sandbox\": ",
    "  \"target\": ",
    "  \"dialect\": ",
]);

/// What the report needs and the journal does not have.
#[derive(Clone, Debug)]
pub struct ReportFacts {
    /// The name of the migration.
    pub name: String,
    /// Whether the target is the sandbox.
    pub sandbox: bool,
    /// The `[grace]` settings.
    pub grace: Grace,
    /// When the report is made.
    pub at: Timestamp,
    /// What was altered in the journal and no checkpoint notes, in words; `audit::unnoted` finds it.
    pub altered: Vec<String>,
}

/// The whole summary.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub name: String,
    pub sandbox: bool,
    pub target: String,
    pub dialect: String,
    pub mapper: String,
    pub as_of: String,
    pub planned_at: String,
    pub made_at: String,
    pub grace: String,
    pub totals: Totals,
    pub reasons: Vec<ReasonCount>,
    pub gaps_by_field: Vec<GapCount>,
    pub due: Vec<DueCount>,
    pub overdue: u64,
    pub stops: Vec<StopCount>,
    pub policy: Vec<PolicyRow>,
    pub runs: Vec<RunSummary>,
    pub operator_log: Vec<OperatorDecision>,
    pub throughput: Vec<PerMinute>,
    pub documents_by_type: Vec<TypeStates>,
    pub documents_not_sent: Vec<UnsentCount>,
    pub kyb: KybTally,
    pub unused: Vec<UnusedCount>,
    pub unused_exclusions: Vec<UnusedExclusion>,
    pub burn_down: Vec<GapDay>,
    pub closed_by: Vec<FileClosures>,
    pub audit: Vec<AuditRecord>,
}

/// Uploads of one type by state.
#[derive(Debug, Serialize)]
pub(super) struct TypeStates {
    pub document_type: String,
    #[serde(flatten)]
    pub states: States,
}

#[derive(Debug, Serialize)]
pub(super) struct DueCount {
    pub due: String,
    pub open: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct RunSummary {
    pub id: u64,
    pub started: String,
    pub ended: Option<String>,
    pub outcome: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct OperatorDecision {
    pub at: String,
    pub action: String,
    pub target: String,
    pub reason: Option<String>,
    pub count: u64,
    pub by: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct PerMinute {
    pub minute: String,
    pub sent: u64,
    pub accepted: u64,
}

/// What all rows together show.
#[derive(Debug)]
pub(super) struct RowCounts {
    counts: Counts,
    gaps: Vec<GapCount>,
    documents: DocumentCounts,
    burn_down: Vec<GapDay>,
}

impl RowCounts {
    /// Counts all rows.
    pub(super) fn read(journals: &Journals) -> anyhow::Result<RowCounts> {
        Ok(RowCounts {
            counts: journals.counts()?,
            gaps: journals.gap_counts()?,
            documents: journals.document_counts()?,
            burn_down: after::burn_down(journals)?,
        })
    }

    /// The totals that they come to.
    pub(super) fn totals(
        &self,
        journals: &Journals,
        after: AfterAcceptance,
    ) -> anyhow::Result<Totals> {
        Totals::new(journals, &self.counts, &self.documents, &self.gaps, after)
    }
}

/// What was counted while the files were written.
pub(super) struct Walked<'a> {
    /// Open gaps by the day they are due.
    pub due_on: &'a BTreeMap<Due, u64>,
    /// What was sent and accepted.
    pub minutes: &'a BTreeMap<i64, Minute>,
    /// The checklists.
    pub kyb: KybTally,
    /// All rows.
    pub rows: RowCounts,
    /// What comes after acceptance.
    pub after: AfterAcceptance,
}

/// Makes the summary of what was counted, and of the small questions.
pub(super) fn read(
    journals: &Journals,
    facts: &ReportFacts,
    walked: Walked<'_>,
    audit: Vec<AuditRecord>,
) -> anyhow::Result<Summary> {
    let Walked {
        due_on,
        minutes,
        kyb,
        rows,
        after,
    } = walked;
    let RowCounts {
        counts,
        gaps,
        documents,
        burn_down,
    } = rows;
    let mut totals = Totals::new(journals, &counts, &documents, &gaps, after)?;
    totals.compare_gap_lines(due_on.values().sum());
    let today = facts.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let overdue = due_on
        .iter()
        .filter(|(due, _)| matches!(due, Due::On(date) if *date < today));
    let meta =
        |key: &str| -> anyhow::Result<String> { Ok(journals.meta(key)?.unwrap_or_default()) };
    Ok(Summary {
        name: facts.name.clone(),
        sandbox: facts.sandbox,
        target: meta("target")?,
        dialect: meta("dialect")?,
        mapper: meta("mapper")?,
        as_of: moment(meta("as_of")?),
        planned_at: moment(meta("planned_at")?),
        made_at: facts.at.to_string(),
        grace: grace_words(&facts.grace),
        totals,
        reasons: counts.reasons,
        gaps_by_field: gaps,
        due: due_on
            .iter()
            .map(|(due, open)| DueCount {
                due: due.to_string(),
                open: *open,
            })
            .collect(),
        overdue: overdue.map(|(_, open)| open).sum(),
        stops: counts.stops,
        policy: journals.policy()?,
        runs: journals.runs()?.into_iter().map(run).collect(),
        operator_log: journals.decisions()?.into_iter().map(decision).collect(),
        throughput: minutes
            .iter()
            .map(|(at, count)| per_minute(*at, *count))
            .collect(),
        documents_by_type: documents.types.into_iter().map(type_states).collect(),
        documents_not_sent: documents.unsent,
        kyb,
        unused: journals.unused()?,
        unused_exclusions: exclusions::read(journals)?,
        burn_down,
        closed_by: journals.closed_by()?,
        audit,
    })
}

fn type_states(count: TypeCount) -> TypeStates {
    TypeStates {
        document_type: count.document_type,
        states: count.tasks.into(),
    }
}

fn run(row: RunRow) -> RunSummary {
    RunSummary {
        id: row.id,
        started: rfc3339(row.at),
        ended: row.ended.map(rfc3339),
        outcome: row.outcome,
    }
}

fn decision(row: DecisionRow) -> OperatorDecision {
    let at = rfc3339(row.at);
    OperatorDecision {
        at,
        action: row.action,
        target: row.target,
        reason: row.reason,
        by: row.by,
        count: row.count,
    }
}

fn per_minute(minute: i64, count: Minute) -> PerMinute {
    let minute = rfc3339(minute.saturating_mul(60_000));
    PerMinute {
        minute,
        sent: count.sent,
        accepted: count.accepted,
    }
}

/// A time of `meta`: milliseconds become RFC 3339, any other text stays as it is.
fn moment(value: String) -> String {
    value.parse::<i64>().map(rfc3339).unwrap_or(value)
}

fn grace_words(grace: &Grace) -> String {
    match (grace.days, grace.from) {
        (None, GraceFrom::Accepted) => "not set".to_owned(),
        (Some(days), GraceFrom::Accepted) => format!("{days} days after an account is accepted"),
        (Some(days), GraceFrom::Date(date)) => format!("{days} days from {date}"),
        (None, GraceFrom::Date(date)) => format!("due on {date}"),
    }
}
