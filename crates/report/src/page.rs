//! `report.html`: one page that explains itself, offline and on paper.
//!
//! Owner of the words that a reader without help needs: what each verdict and state means, and what to do next. The
//! template escapes everything; only the charts of `chart` are let through as they are, and they escape for themselves.
//! Left out on purpose: lists without an end. A page shows the first lines and their total; the files have all of them.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use super::chart::{self, BarPart};
use super::summary::{DueCount, Summary};
use super::text::{WAS_ALTERED, readable, readable_bytes};
use super::totals::Totals;
use super::{custody, findings, page_after, page_audit, page_beside};
use bakkt_files::output::FileStart;
use bakkt_journal::read::Minute;
use bakkt_model::grace::Due;
use bakkt_model::number::thousands;

/// The name ends in `.html`: that is what switches escaping on.
const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("report.html.j2");

/// How every page begins: up to the first thing that differs, which is the name in its title.
pub(super) fn begins() -> FileStart {
    FileStart::Text(TEMPLATE.split("{%").next().unwrap_or(TEMPLATE))
}
/// Lines of a table before the rest is shown as one sum.
const MOST: usize = 30;

/// A word, its meaning and its colours.
pub(super) type Word = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const VERDICTS: [Word; 5] = [
    ("ready", "complete; it is sent", "#1f6f54", "#ffffff"),
    ("grace", "it is sent, with gaps that must be filled in the grace period", "#e3b549", "#1d2530"),
    ("blocked", "something is missing or invalid without which no account can be opened; not sent", "#a8322d", "#ffffff"),
    ("excluded", "the operator left it out, with a reason; not sent", "#8a94a3", "#1d2530"),
    ("duplicate", "its clientAccountId is on several rows; not sent until a person chooses (an identical copy needs no choice)", "#65549a", "#ffffff"),
];

#[rustfmt::skip]
const STATES: [Word; 6] = [
    ("open", "not sent yet, or to be sent again", "#c5cdd9", "#1d2530"),
    ("held", "set aside; it is not sent until what holds it is settled", "#e3b549", "#1d2530"),
    ("in doubt", "sent, and nobody knows yet whether it was taken; the next run asks Bakkt (of KYB, a person must)", "#4d74ad", "#ffffff"),
    ("accepted", "Bakkt has received it; its own review comes later", "#1f6f54", "#ffffff"),
    ("refused", "Bakkt has said no", "#a8322d", "#ffffff"),
    ("gave up", "tried as often as the settings allow, and not taken", "#5f1f2b", "#ffffff"),
];

#[rustfmt::skip]
const GLOSSARY: [(&str, &str); 9] = [
    ("row, record", "one line of an export, which is one customer account to migrate; blank lines are no rows"),
    ("gap", "one field that is missing, invalid, expired or withheld; never its value"),
    ("withheld", "known, but it cannot be sent before another field is there"),
    ("level W", "Bakkt refuses a request without this field; no setting moves it"),
    ("level H", "by policy, a customer without this field is not sent"),
    ("level G", "required, but a migrated account may fill it in the grace period"),
    ("level O", "optional"),
    ("task", "one request to make, such as creating an account"),
    ("existed before", "Bakkt already had the account before this migration: equal to what was sent, different, or overwritten by an update"),
];

#[derive(Serialize)]
pub(super) struct WordRow {
    word: &'static str,
    meaning: &'static str,
    colour: &'static str,
    pub(super) count: u64,
    share: String,
}

/// Something to do, or to wait for.
#[derive(Serialize)]
pub(super) struct OpenStep {
    pub(super) count: u64,
    pub(super) what: &'static str,
    pub(super) todo: &'static str,
    pub(super) place: &'static str,
}

/// The first lines of a table, and what is left of it.
#[derive(Serialize)]
pub(super) struct Top<'a, T> {
    rows: &'a [T],
    most: u64,
    more: usize,
    more_count: u64,
    total: u64,
}

/// Makes the page.
pub(super) fn render(
    summary: &Summary,
    minutes: &BTreeMap<i64, Minute>,
    due_on: &BTreeMap<Due, u64>,
    today: jiff::civil::Date,
) -> anyhow::Result<String> {
    let totals = &summary.totals;
    let (verdicts, states) = (verdict_rows(totals), state_rows(totals));
    let by_verdict = |word: &str| -> Vec<_> {
        summary
            .reasons
            .iter()
            .filter(|r| r.verdict == word)
            .collect()
    };
    let (excluded, duplicate) = (by_verdict("excluded"), by_verdict("duplicate"));
    let by_finding = by_verdict("blocked");
    let mut blocking: Vec<_> = summary
        .gaps_by_field
        .iter()
        .filter(|gap| is_blocking(gap))
        .collect();
    blocking.sort_by(|a, b| b.blocked.cmp(&a.blocked).then_with(|| a.path.cmp(&b.path)));

    let due = due_rows(&summary.due);
    let mut engine = Environment::new();
    // A misspelt name stops the report instead of leaving a hole in it.
    engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    engine.add_filter("n", thousands);
    engine.add_filter("path", |path: &str| safe(breakable(path)));
    engine.add_filter("when", |time: &str| readable(time));
    engine.add_filter("bar", |count: u64, most: u64, colour: &str| {
        safe(chart::bar(count, most, colour))
    });
    engine.add_filter("swatch", |colour: &str| safe(chart::swatch(colour)));
    engine.add_filter("bytes", readable_bytes);
    engine.add_template(page_beside::NAME, page_beside::TEMPLATE)?;
    engine.add_template(page_after::NAME, page_after::TEMPLATE)?;
    engine.add_template(findings::NAME, findings::TEMPLATE)?;
    engine.add_template(custody::NAME, custody::TEMPLATE)?;
    engine.add_template(page_audit::NAME, page_audit::TEMPLATE)?;
    engine.add_template(NAME, TEMPLATE)?;
    let after = page_after::context(summary, due_on, today);
    let after = engine
        .get_template(page_after::NAME)?
        .render(context! { s => Serde(summary), t => Serde(totals), b => after })?;
    let beside = engine.get_template(page_beside::NAME)?.render(
        context! { s => Serde(summary), t => Serde(totals), b => page_beside::context(summary) },
    )?;
    let found = engine
        .get_template(findings::NAME)?
        .render(context! { b => findings::context(totals) })?;
    let of_custody = engine
        .get_template(custody::NAME)?
        .render(context! { b => custody::context(totals) })?;
    let record = engine
        .get_template(page_audit::NAME)?
        .render(context! { b => page_audit::context(summary) })?;
    let page = context! {
        audit => safe(record),
        findings => safe(found),
        custody => safe(of_custody.trim_start().to_owned()),
        s => Serde(summary),
        t => Serde(totals),
        beside => safe(beside),
        after => safe(after),
        was_altered => WAS_ALTERED,
        sendable => totals.verdicts.sendable(),
        verdict_sum => totals.verdicts.sum(),
        state_sum => totals.tasks.account.sum(),
        verdict_chart => safe(chart::stacked("Rows by verdict", &parts(&VERDICTS, &verdicts))),
        state_chart => safe(chart::stacked("Account tasks by state", &parts(&STATES, &states))),
        throughput_chart => safe(chart::throughput(minutes)),
        sent => minutes.values().map(|minute| minute.sent).sum::<u64>(),
        peak => minutes.values().map(|minute| minute.sent).max(),
        steps => Serde(steps(totals)),
        gaps => Serde(top(&summary.gaps_by_field, |gap| gap.open)),
        blocking => Serde(top(&blocking, |gap| gap.blocked)),
        stops => Serde(top(&summary.stops, |stop| stop.count)),
        excluded => Serde(top(&excluded, |reason| reason.count)),
        duplicate => Serde(top(&duplicate, |reason| reason.count)),
        by_finding => Serde(&by_finding),
        unused_exclusions => Serde(top(&summary.unused_exclusions, |_| 1)),
        due => Serde(top(&due, |due| due.open)),
        runs => Serde(last(&summary.runs)),
        log => Serde(last(&summary.operator_log)),
        glossary => Serde(GLOSSARY),
        verdicts => Serde(verdicts),
        states => Serde(states),
    };
    Ok(engine.get_template(NAME)?.render(page)?)
}

/// A contract path that may break behind its dots, and nowhere else when that is enough.
fn breakable(path: &str) -> String {
    chart::escape(path).replace('.', ".<wbr>")
}

/// Due dates as the page shows them: by day, and by month when the days are too many for a table.
fn due_rows(days: &[DueCount]) -> Vec<DueCount> {
    let by_month = days.len() > MOST;
    let mut rows: Vec<DueCount> = Vec::new();
    for day in days {
        let due = match day.due.rsplit_once('-') {
            Some((month, _)) if by_month => month,
            _ => &day.due,
        };
        match rows.last_mut().filter(|row| row.due == due) {
            Some(row) => row.open += day.open,
            None => rows.push(DueCount {
                due: due.to_owned(),
                open: day.open,
            }),
        }
    }
    rows
}

pub(super) fn safe(svg: String) -> Value {
    Value::from_safe_string(svg)
}

/// What blocks a record is a gap of level W or H; the others that it has would not stop it.
fn is_blocking(gap: &bakkt_journal::read::GapCount) -> bool {
    gap.blocked > 0 && matches!(gap.level.as_str(), "W" | "H")
}

pub(super) fn top<T>(all: &[T], count: impl Fn(&T) -> u64) -> Top<'_, T> {
    let (rows, rest) = all.split_at(all.len().min(MOST));
    Top {
        rows,
        most: rows.iter().map(&count).max().unwrap_or_default(),
        more: rest.len(),
        more_count: rest.iter().map(&count).sum(),
        total: all.iter().map(&count).sum(),
    }
}

/// The newest lines of a list in the order of time.
fn last<T>(all: &[T]) -> Top<'_, T> {
    let (rest, rows) = all.split_at(all.len().saturating_sub(MOST));
    Top {
        rows,
        most: 0,
        more: rest.len(),
        more_count: 0,
        total: all.len() as u64,
    }
}

pub(super) fn rows(words: &[Word], counts: &[u64]) -> Vec<WordRow> {
    let total = counts.iter().sum();
    let row = |((word, meaning, colour, _), count): (&Word, &u64)| {
        let share = chart::percent(*count, total);
        WordRow {
            word,
            meaning,
            colour,
            count: *count,
            share,
        }
    };
    words.iter().zip(counts).map(row).collect()
}

pub(super) fn parts(words: &[Word], rows: &[WordRow]) -> Vec<BarPart<'static>> {
    let part = |(row, word): (&WordRow, &Word)| BarPart {
        word: word.0,
        count: row.count,
        colour: word.2,
        ink: word.3,
    };
    rows.iter().zip(words).map(part).collect()
}

fn verdict_rows(totals: &Totals) -> Vec<WordRow> {
    let v = &totals.verdicts;
    rows(
        &VERDICTS,
        &[v.ready, v.grace, v.blocked, v.excluded, v.duplicate],
    )
}

fn state_rows(totals: &Totals) -> Vec<WordRow> {
    let t = &totals.tasks.account;
    rows(
        &STATES,
        &[t.open, t.held, t.in_doubt, t.accepted, t.refused, t.gave_up],
    )
}

#[rustfmt::skip]
fn steps(totals: &Totals) -> Vec<OpenStep> {
    let (v, t, u) = (&totals.verdicts, &totals.tasks.account, &totals.tasks.update);
    let (d, k) = (&totals.tasks.document, &totals.tasks.kyb);
    let all = [
        (v.blocked, "Rows blocked", "Add what is missing or correct what is invalid at the source, then plan again.", "gaps.csv, levels W and H"),
        (v.duplicate, "Rows that are duplicates", "Choose which row of each clientAccountId counts.", "reconciliation.csv, verdict duplicate"),
        (t.refused + u.refused + d.refused + k.refused, "Tasks refused by Bakkt", "Read code and field, correct the source, then plan again.", "refused.csv"),
        (t.gave_up + u.gave_up + d.gave_up + k.gave_up, "Tasks given up", "Find out why Bakkt could not take them, then retry.", "refused.csv"),
        (totals.shared_ids, "Accounts answered with the bakktId of another", "Ask Bakkt under which id it has each of them, then settle it with resolve --account.", "refused.csv, code id of another"),
        (totals.repeated_ids, "Ids of Bakkt's under which two customers stand", "One of the two was answered wrongly: verify reads each back and tells which one. Ask Bakkt under which id it has that customer, document or user, then settle it with resolve: --account or --document with --bakkt-id, --user or --custody-task with --as.", "shared-ids.csv"),
        (totals.put_back, "Customers who were put back, and whom the plan does not have", "Run replan, which plans them; then run sends them.", "reconciliation.csv, reason put back by a person"),
        (t.held + u.held, "Account tasks held", "Settle what holds them.", "reconciliation.csv, accountState held"),
        (totals.existed.different, "Accounts that existed before, with other data", "Decide whether Bakkt's data or the export's is right. Nothing is sent for such an account: a change goes by hand through Bakkt's Operations.", "reconciliation.csv, existedBefore different"),
        (totals.gaps.open, "Gaps open", "Collect the fields from the customers before they are due.", "gaps.csv"),
        ((t.in_doubt + u.in_doubt + d.in_doubt).saturating_sub(totals.shared_ids), "Accounts and documents in doubt", "No decision is needed: the next run asks Bakkt and settles them.", "reconciliation.csv, accountState in doubt; documents.csv"),
        (t.open + u.open + d.open + k.open, "Tasks open", "No decision is needed: the next run sends them.", "reconciliation.csv, accountState open; documents.csv; kyb.csv"),
    ];
    // What a person must decide comes first, then what customers must bring, and what only takes its time last.
    let mut steps: Vec<OpenStep> = all.into_iter().filter(|step| step.0 > 0).map(|(count, what, todo, place)| OpenStep { count, what, todo, place }).collect();
    steps.extend(page_beside::steps(totals));
    steps.extend(page_after::steps(totals));
    steps.extend(findings::step(totals));
    steps.extend(custody::steps(totals));
    steps.sort_by_key(|step| (step.todo.starts_with("No decision"), step.what == "Gaps open"));
    steps
}
