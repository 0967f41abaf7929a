//! What the page shows of decisions, read-backs and the history of gaps.
//!
//! Owner of what each decision means in words. Left out on purpose: anything while no account was accepted and no gap was
//! ever open.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::after::GapDay;
use super::burn_down::burn_down;
use super::chart;
use super::page::{OpenStep, Word, parts, rows, safe};
use super::summary::Summary;
use super::totals::Totals;
use bakkt_model::grace::Due;

/// What the template's part about them is called.
pub(super) const NAME: &str = "after.html";
pub(super) const TEMPLATE: &str = include_str!("after.html.j2");

#[rustfmt::skip]
const DECISIONS: [Word; 8] = [
    ("undecided", "received, and nothing said yet", "#c5cdd9", "#1d2530"),
    ("in review", "Bakkt is looking at it", "#4d74ad", "#ffffff"),
    ("documents wanted", "the customer is to verify a document by the link; links fetches it", "#e3b549", "#1d2530"),
    ("approved", "the account may trade", "#1f6f54", "#ffffff"),
    ("rejected", "Bakkt turned the customer down", "#a8322d", "#ffffff"),
    ("suspended", "locked, or may only close", "#5f1f2b", "#ffffff"),
    ("closed", "closed or cancelled", "#8a94a3", "#1d2530"),
    ("unsettled", "events contradict each other or a reading before them; verify reads the account and settles them", "#65549a", "#ffffff"),
];

/// A reason that Bakkt gave for a decision.
#[derive(Serialize)]
struct DecisionReason {
    decision: &'static str,
    word: String,
    count: u64,
}

#[derive(Serialize)]
struct WaitingCount {
    word: &'static str,
    count: u64,
}

/// What the template needs beside the summary.
pub(super) fn context(summary: &Summary, due_on: &BTreeMap<Due, u64>, today: Date) -> Value {
    let after = &summary.totals.after;
    let counts = DECISIONS.map(|(word, ..)| after.of(word));
    let decisions = rows(&DECISIONS, &counts);
    let chart = chart::stacked("Accounts by decision", &parts(&DECISIONS, &decisions));
    let there: Vec<_> = decisions.into_iter().filter(|row| row.count > 0).collect();
    let waiting = after.waiting.iter();
    let waiting: Vec<WaitingCount> = waiting
        .map(|(word, count)| WaitingCount {
            word,
            count: *count,
        })
        .collect();
    let reasons: Vec<DecisionReason> = DECISIONS
        .iter()
        .filter_map(|(decision, ..)| Some((*decision, after.reasons.get(decision)?)))
        .flat_map(|(decision, reasons)| {
            let each = reasons.iter();
            each.map(move |(word, count)| DecisionReason {
                decision,
                word: word.clone(),
                count: *count,
            })
        })
        .collect();
    let gaps = &summary.totals.gaps;
    let days = days(&summary.burn_down, gaps.open + gaps.not_at_bakkt, today);
    minijinja::context! {
        accounts => after.accounts(),
        chart => safe(chart),
        decisions => Serde(there),
        waiting => Serde(waiting),
        reasons => Serde(reasons),
        strange => Serde(&after.strange_words),
        burn_down => safe(burn_down(&days, due_on)),
    }
}

/// Every day that the chart has a step at, the last one today.
fn days(history: &[GapDay], open: u64, today: Date) -> Vec<(Date, u64)> {
    let mut days: Vec<(Date, u64)> = history
        .iter()
        .filter_map(|day| Some((day.day.parse().ok()?, day.open)))
        .filter(|(date, _)| *date < today)
        .collect();
    if !history.is_empty() {
        days.push((today, open));
    }
    days
}

/// What comes next about them.
#[rustfmt::skip]
pub(super) fn steps(totals: &Totals) -> Vec<OpenStep> {
    let after = &totals.after;
    let v = &after.verification;
    let all = [
        (after.of("rejected"), "Customers whom Bakkt turned down", "Tell them, and decide what becomes of their holdings.", "decisions.csv, decision rejected"),
        (after.of("suspended"), "Accounts locked by Bakkt", "See with Bakkt what it needs.", "decisions.csv, decision suspended"),
        (after.of("documents wanted").saturating_sub(after.links.used_up), "Customers who are to verify a document", "Fetch their links and mail them before they run out.", "links; decisions.csv, decision documents wanted"),
        (after.of("unsettled"), "Accounts whose events contradict each other or a reading before them", "Read them back: verify --unsettled.", "decisions.csv, decision unsettled"),
        (v.different, "Accounts that differ from what was sent", "Look at the fields, and see with Bakkt or send an update.", "verification.csv"),
        (v.unknown, "Accounts that Bakkt does not know any more", "Ask Bakkt: it had accepted them.", "verification.csv, kind unknown"),
        (after.outdated, "Accepted accounts that Bakkt has with other data than the plan, and no update", "If the plan is right, replan with --update-accepted; what is in restricted.csv goes by hand.", "report.xlsx, Exceptions, other data at Bakkt"),
        (after.unacknowledged, "Accepted accounts whose changed agreements nobody has acknowledged", "When both sides have, replan with --update-accepted --agreements-acknowledged; or put the agreements back.", "unacknowledged.csv"),
        (after.ownership_changed, "Accepted entities whose owners changed", "Tell Bakkt of each change of ownership.", "ownership.csv"),
        (after.restricted, "Changes that no update may make", "Hand the list to Bakkt's Operations or Compliance.", "restricted.csv"),
        (after.links.used_up, "Customers whose verification links are used up", "Ask Bakkt what is to become of them.", "links; decisions.csv, decision documents wanted"),
        (after.events.unknown_words, "Events with a status or a reason that the contract does not have", "Ask Bakkt what they mean; they decide nothing here.", "summary.json, strange_words; decisions.csv, partyStatus and reason"),
        (after.events.unknown_accounts, "Events of accounts that this migration does not know", "Find out whose they are.", "unknown-events.csv"),
        (after.events.not_sent_accounts, "Events of customers who were not sent, or whom Bakkt refused", "Find out why Bakkt has an account of theirs.", "unknown-events.csv, column standing"),
        (after.events.without_id, "Events whose account id may not be kept", "Find out whose they are; the id is in what Bakkt sent.", "events.db"),
        (after.of("undecided") + after.of("in review"), "Accounts that Bakkt has not decided", "No decision is needed: events tell, or the next read-back.", "decisions.csv"),
    ];
    all.into_iter().filter(|step| step.0 > 0).map(|(count, what, todo, place)| OpenStep { count, what, todo, place }).collect()
}
