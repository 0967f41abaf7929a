//! Fiat custody in the report: counts, files, and what is not migrated.
//!
//! Owner of its columns. Nothing of it is there for a migration without custody. Left out on purpose: account numbers, which
//! the journal does not have.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::files::sheet;
use super::page::OpenStep;
use super::totals::{States, Totals};
use bakkt_files::output::OutputFolder;
use bakkt_journal::Journals;
use bakkt_journal::custody::{FOR_A_PERSON, FORBIDDEN, NEEDS_SESSION, NOT_IN_AGREEMENT};
use bakkt_model::custody::{CustodyKind, next_step};

/// The columns of `custody.csv`.
pub(super) const CUSTODY: &[&str] = &[
    "task",
    "file",
    "row",
    "clientAccountId",
    "kind",
    "item",
    "state",
    "status",
    "uuid",
    "attempts",
    "generation",
    "lastChange",
    "code",
    "message",
    "readBack",
];
/// The columns of `custody-gaps.csv`.
pub(super) const GAPS: &[&str] = &["file", "row", "clientAccountId", "path", "reason"];
/// The columns of `custody-crosswalk.csv`.
pub(super) const CROSSWALK: &[&str] = &["clientAccountId", "kind", "currency", "uuid"];

/// What no call of Bakkt's can bring along.
pub(super) const NOT_MIGRATED: [&str; 5] = [
    "past transactions, balances and statements: Bakkt has no call that creates them; keep them in the old system",
    "linked banks (Plaid): the customer links them again in your app",
    "settlement accounts: your Bakkt account manager sets them up",
    "cards: they are issued anew where your agreement has them",
    "users of accounts that are not INDIVIDUAL: they are made by hand (custody-gaps.csv lists them)",
];

/// The counts of custody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CustodyTotals {
    /// Users.
    pub user: States,
    /// Bank accounts, one a currency.
    pub bank_account: States,
    /// Savings accounts.
    pub savings: States,
    /// Recipients.
    pub recipient: States,
    /// Things that are not made because something is missing or invalid.
    pub gaps: u64,
    /// Tasks that wait for a customer to log in.
    pub needs_session: u64,
    /// Tasks whose kind is not in the agreement.
    pub not_in_agreement: u64,
    /// Tasks that Bakkt forbade, and nothing showed whether that is about their customer.
    pub forbidden: u64,
    /// Tasks in doubt that a person has to settle.
    pub for_a_person: u64,
    /// Made under an earlier plan, and no longer in this one.
    pub former: u64,
    /// Users that are there, by status.
    pub statuses: BTreeMap<String, u64>,
}

impl CustodyTotals {
    /// Reads them; nothing without custody.
    pub(super) fn read(journals: &Journals) -> anyhow::Result<Option<CustodyTotals>> {
        if !journals.has_custody()? {
            return Ok(None);
        }
        let mut totals = CustodyTotals {
            gaps: journals.custody_gaps()?,
            ..CustodyTotals::default()
        };
        for count in journals.custody_counts()? {
            if count.is_former {
                totals.former += count.count;
                continue;
            }
            let is_user = count.kind == CustodyKind::User;
            let states = match count.kind {
                CustodyKind::User => &mut totals.user,
                CustodyKind::BankAccount => &mut totals.bank_account,
                CustodyKind::Savings => &mut totals.savings,
                CustodyKind::Recipient => &mut totals.recipient,
            };
            states.add(count.state, count.count);
            match count.code.as_str() {
                code if code == NEEDS_SESSION.0 => totals.needs_session += count.count,
                NOT_IN_AGREEMENT => totals.not_in_agreement += count.count,
                FORBIDDEN => totals.forbidden += count.count,
                FOR_A_PERSON => totals.for_a_person += count.count,
                _ => {}
            }
            if is_user && !count.status.is_empty() {
                *totals.statuses.entry(count.status).or_default() += count.count;
            }
        }
        Ok(Some(totals))
    }

    /// The four kinds with what they are called.
    pub(super) fn kinds(&self) -> [(&'static str, &States); 4] {
        [
            (CustodyKind::User.plural(), &self.user),
            (CustodyKind::BankAccount.plural(), &self.bank_account),
            (CustodyKind::Savings.plural(), &self.savings),
            (CustodyKind::Recipient.plural(), &self.recipient),
        ]
    }

    /// Tasks that the next run sends.
    pub(super) fn open(&self) -> u64 {
        self.kinds().iter().map(|(_, states)| states.open).sum()
    }

    /// Whether something waits for a person or for a customer.
    pub(super) fn needs_person(&self) -> bool {
        let stopped: u64 = self
            .kinds()
            .iter()
            .map(|(_, states)| states.refused + states.gave_up)
            .sum();
        let waits = self.needs_session + self.not_in_agreement + self.forbidden + self.for_a_person;
        stopped + self.gaps + waits > 0
    }
}

/// What the template's part about it is called.
pub(super) const NAME: &str = "custody.html";
pub(super) const TEMPLATE: &str = include_str!("custody.html.j2");

/// A kind as the page shows it.
#[derive(Serialize)]
struct KindRow<'a> {
    kind: &'static str,
    #[serde(flatten)]
    states: &'a States,
}

/// Users of one status as the page shows them.
#[derive(Serialize)]
struct StatusRow<'a> {
    status: &'a str,
    count: u64,
    next: &'static str,
}

/// What the template needs.
pub(super) fn context(totals: &Totals) -> Value {
    let custody = totals.custody.iter();
    let kinds: Vec<KindRow<'_>> = custody
        .clone()
        .flat_map(CustodyTotals::kinds)
        .map(|(kind, states)| KindRow { kind, states })
        .collect();
    let statuses: Vec<StatusRow<'_>> = custody
        .flat_map(|custody| &custody.statuses)
        .map(|(status, count)| StatusRow {
            status,
            count: *count,
            next: next_step(status),
        })
        .collect();
    minijinja::context! {
        kinds => Serde(kinds),
        statuses => Serde(statuses),
        not_migrated => Serde(NOT_MIGRATED),
    }
}

/// What comes next about it.
#[rustfmt::skip]
pub(super) fn steps(totals: &Totals) -> Vec<OpenStep> {
    let Some(custody) = &totals.custody else {
        return Vec::new();
    };
    let stopped = |states: &States| states.refused + states.gave_up;
    let stopped: u64 = custody.kinds().iter().map(|(_, states)| stopped(states)).sum();
    let all = [
        (custody.needs_session, "Custody tasks that need a session", "Let the customers log in once (sessions wanted lists them), and hand the sessions in with sessions import.", "custody.csv, code needs a session"),
        (custody.not_in_agreement, "Custody tasks that are not in the agreement", "Ask your Bakkt account manager whether the feature is in your agreement; the next run tries again.", "custody.csv, code not in the agreement"),
        (custody.forbidden, "Custody tasks that Bakkt forbids", "Check the custody key, your address and your agreement; of whom Bakkt truly forbids, say resolve --custody-task with --as refused. The next run tries the others again.", "custody.csv, code forbidden"),
        (custody.for_a_person, "Custody tasks in doubt, for a person", "Find out at Bakkt what became of each, then settle it with resolve --user or --custody-task.", "custody.csv, code for a person"),
        (stopped, "Custody tasks refused or given up", "Correct the source and plan again, or retry.", "custody.csv, state refused or gave up"),
        (custody.gaps, "Parts of custody that are not made", "Correct the source and plan again; users of other accounts are made by hand.", "custody-gaps.csv"),
    ];
    all.into_iter().filter(|step| step.0 > 0).map(|(count, what, todo, place)| OpenStep { count, what, todo, place }).collect()
}

/// Writes `custody.csv`: every custody task.
pub(super) fn tasks(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    if !journals.has_custody()? {
        return Ok(());
    }
    sheet(dir, "custody.csv", CUSTODY, |out| {
        journals.each_custody(|line| {
            out.number(line.task)?;
            out.maybe(line.at.as_ref().map(|(file, _)| file.as_str()))?;
            out.number_or_none(line.at.as_ref().map(|(_, row)| *row))?;
            out.text(line.client_id)?;
            out.text(line.kind.word())?;
            out.text(line.item)?;
            out.text(line.state)?;
            out.maybe(line.status)?;
            out.maybe(line.uuid)?;
            out.number(line.attempts.0)?;
            out.number(line.attempts.1)?;
            out.time(line.last_at)?;
            out.maybe(line.reason.0)?;
            out.maybe(line.reason.1)?;
            out.maybe(line.verified)?;
            out.end()
        })
    })
}

/// Writes `custody-gaps.csv`: what is not made, and the names that go transliterated.
pub(super) fn gaps(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    if !journals.has_custody()? {
        return Ok(());
    }
    sheet(dir, "custody-gaps.csv", GAPS, |out| {
        journals.each_custody_gap(|line| {
            out.maybe(line.at.0)?;
            out.number_or_none(Some(line.at.1))?;
            out.maybe(line.client_id)?;
            out.text(line.path)?;
            out.text(line.reason)?;
            out.end()
        })?;
        journals.each_custody_name(|line| {
            out.text("")?;
            out.text("")?;
            out.maybe(line.client_id)?;
            out.text(line.path)?;
            out.text("transliterated: sent in plain letters")?;
            out.end()
        })
    })
}

/// Writes `custody-crosswalk.csv`: our ids beside the uuids of what was made.
pub(super) fn crosswalk(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    if !journals.has_custody()? {
        return Ok(());
    }
    sheet(dir, "custody-crosswalk.csv", CROSSWALK, |out| {
        journals.each_custody(|line| {
            let Some(uuid) = line.uuid else {
                return Ok(());
            };
            out.text(line.client_id)?;
            out.text(line.kind.word())?;
            out.text(match line.kind {
                CustodyKind::BankAccount => line.item,
                _ => "",
            })?;
            out.text(uuid)?;
            out.end()
        })
    })
}
