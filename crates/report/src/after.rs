//! What comes after acceptance: decisions, read-backs, the history of gaps, events of nobody.
//!
//! Owner of [`AfterAcceptance`], which `status`, `--json` and the page all show, and of the files about it. What is counted per
//! account is counted while the files are written; where only the totals are wanted, from the journal's counters and the accounts
//! that events or a read-back tell of.
//! Left out on purpose: what an event means (`contract::decision`, through the journal's reader).

use std::collections::BTreeMap;

use serde::Serialize;

use super::files::sheet;
use super::text::rfc3339;
use bakkt_files::output::OutputFolder;
use bakkt_journal::Journals;
use bakkt_journal::read::{
    ClosureFate, Decision, DecisionLine, EventCounts, LinkCounts, Verification,
};

/// The columns of `decisions.csv`.
pub(super) const DECISIONS: &[&str] = &[
    "clientAccountId",
    "decision",
    "days",
    "acceptedAt",
    "events",
    "lastEvent",
    "readBack",
    "bakktStatus",
    "mode",
    "canTradeCrypto",
    "reason",
    "partyStatus",
];
/// The columns of `unknown-events.csv`.
pub(super) const UNKNOWN: &[&str] = &[
    "clientAccountId",
    "events",
    "lastEvent",
    "status",
    "reason",
    "standing",
];
/// The columns of `verification.csv`.
pub(super) const VERIFICATION: &[&str] = &["clientAccountId", "clientDocumentId", "path", "kind"];
/// The columns of `restricted.csv`.
pub(super) const RESTRICTED: &[&str] = &["clientAccountId", "path", "file", "row"];
/// The columns of `ownership.csv`.
pub(super) const OWNERSHIP: &[&str] = &[
    "clientAccountId",
    "file",
    "row",
    "ownersAdded",
    "ownersRemoved",
    "ownersChanged",
];
/// The columns of `unacknowledged.csv`.
pub(super) const UNACKNOWLEDGED: &[&str] = &["clientAccountId", "file", "row"];
/// The columns of `gap-history.csv`.
pub(super) const HISTORY: &[&str] = &[
    "clientAccountId",
    "path",
    "level",
    "reason",
    "outcome",
    "opened",
    "ended",
    "file",
    "row",
    "by",
    "why",
    "filled",
];

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// What happened after acceptance, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AfterAcceptance {
    /// Accepted accounts by what Bakkt decided, former ones included; a word that none has is absent.
    pub decisions: BTreeMap<&'static str, u64>,
    /// Of those that were decided against or are being looked at, the reasons that events named, by decision.
    pub reasons: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// Types, statuses and reasons of events that the contract does not have or that are not of accounts.
    pub strange_words: BTreeMap<String, u64>,
    /// Those without a decision, by how many days ago they were accepted.
    pub waiting: BTreeMap<&'static str, u64>,
    /// Updates that Bakkt accepted.
    pub updates_sent: u64,
    /// Gaps that were closed, and are so at Bakkt.
    pub gaps_closed: u64,
    /// Gaps that were closed in the plan, and that Bakkt still has; the totals tell them with the open ones.
    #[serde(skip)]
    pub gaps_not_at_bakkt: u64,
    /// Open gaps of the plan that are none at Bakkt, by contract path; the totals tell them beside the open ones.
    #[serde(skip)]
    pub gaps_only_in_plan: BTreeMap<String, u64>,
    /// Gaps that people have waived.
    pub gaps_waived: u64,
    /// Webhooks.
    pub events: EventCounts,
    /// The last read-back of every account.
    pub verification: ReadBack,
    /// Verification links.
    pub links: LinkCounts,
    /// Changes that backfill files or a changed export ask for and no update may make: they go by hand, through Bakkt.
    pub restricted: u64,
    /// Accepted accounts of entities whose owners changed: Bakkt must be told. Absent when there are none.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub ownership_changed: u64,
    /// Accepted accounts whose agreements changed, and of whom nobody has said that both sides acknowledged them: no update of them is
    /// planned. Absent when there are none.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub unacknowledged: u64,
    /// Accepted accounts that Bakkt has with other data than the plan, and of which no update is planned; those of `unacknowledged`
    /// and of changes that go by hand are among them. Absent when there are none.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub outdated: u64,
}

/// What reading back has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadBack {
    /// The number of the last pass; 0: there was none.
    pub pass: u64,
    /// Every accepted account was read in it, and nothing newer was sent since.
    pub complete: bool,
    /// Accepted accounts that it has not read yet, or that were sent something newer since.
    pub to_come: u64,
    /// Accounts that were ever read.
    pub checked: u64,
    /// As they were sent.
    pub same: u64,
    /// Not as they were sent.
    pub different: u64,
    /// Bakkt does not know them.
    pub unknown: u64,
    /// What was sent cannot be made again.
    pub not_comparable: u64,
    /// Documents that were looked at.
    pub documents: u64,
    /// Documents whose content was downloaded and compared.
    pub content: u64,
    /// Differences, of accounts and of documents.
    pub differences: u64,
}

impl From<Verification> for ReadBack {
    fn from(read: Verification) -> ReadBack {
        let [same, different, unknown, not_comparable] = read.results;
        ReadBack {
            pass: read.pass,
            complete: read.done_at.is_some() && read.to_come == 0,
            to_come: read.to_come,
            checked: read.results.iter().sum(),
            same,
            different,
            unknown,
            not_comparable,
            documents: read.documents,
            content: read.content,
            differences: read.differences.values().sum(),
        }
    }
}

/// How long accounts have waited: the first of these that is not exceeded.
const WAITING: [(i64, &str); 5] = [
    (0, "less than a day"),
    (3, "1 to 3 days"),
    (7, "4 to 7 days"),
    (30, "8 to 30 days"),
    (i64::MAX, "more than 30 days"),
];

/// Decisions by the accounts of which something is known; the others were accepted at these minutes.
struct Unheard {
    accounts: u64,
    by_minute: BTreeMap<i64, u64>,
}

impl Unheard {
    /// Takes an accepted account out of them.
    fn leave(&mut self, line: &DecisionLine<'_>) {
        self.accounts = self.accounts.saturating_sub(1);
        let minute = line.accepted_at.map(|at| at.div_euclid(MINUTE));
        if let Some(count) = minute.and_then(|minute| self.by_minute.get_mut(&minute)) {
            *count = count.saturating_sub(1);
        }
    }
}

impl AfterAcceptance {
    /// Reads them all without a walk over the accounts: of most of them nothing is known but that they were accepted. `now` is
    /// what ages are counted to, in milliseconds.
    pub(crate) fn read(journals: &Journals, now: i64) -> anyhow::Result<AfterAcceptance> {
        let mut after = AfterAcceptance::default();
        let (accounts, by_minute) = journals.accepted()?;
        let mut unheard = Unheard {
            accounts,
            by_minute,
        };
        journals.each_known_decision(|line| {
            if line.state == "accepted" {
                unheard.leave(&line);
                after.count(&line, now);
            }
            Ok(())
        })?;
        after.count_unheard(&unheard, now);
        // Only a new plan can make a difference.
        if journals.may_differ()? {
            journals.each_restricted(|_| {
                after.restricted += 1;
                Ok(())
            })?;
            journals.each_changed_ownership(|_, _, _, _| {
                after.ownership_changed += 1;
                Ok(())
            })?;
            journals.each_unacknowledged(|_, _, _| {
                after.unacknowledged += 1;
                Ok(())
            })?;
        } else {
            after.restricted = journals.restricted_rows()?;
        }
        after.read_beside(journals, now)?;
        Ok(after)
    }

    /// Reads what is not counted account by account.
    pub(crate) fn read_beside(&mut self, journals: &Journals, now: i64) -> anyhow::Result<()> {
        self.updates_sent = journals.updates_sent()?;
        let closures = journals.closures()?;
        self.gaps_closed = closures.closed;
        self.gaps_not_at_bakkt = closures.unsent;
        self.gaps_waived = journals.waived()? + closures.waived;
        journals.each_lost_value(|path, _| {
            *self.gaps_only_in_plan.entry(path.to_owned()).or_default() += 1;
            Ok(())
        })?;
        self.outdated = journals.without_update()?;
        self.events = journals.event_counts()?;
        self.strange_words = journals.strange_words()?;
        self.verification = journals.verification()?.into();
        self.links = journals.link_counts(now)?;
        Ok(())
    }

    fn count(&mut self, line: &DecisionLine<'_>, now: i64) {
        if line.state != "accepted" {
            return;
        }
        let decision = line.decision();
        *self.decisions.entry(decision.word()).or_default() += 1;
        // That an account was approved needs no reason.
        if decision != Decision::Approved {
            for reason in line.reasons() {
                let reasons = self.reasons.entry(decision.word()).or_default();
                *reasons.entry(reason.to_owned()).or_default() += 1;
            }
        }
        if !decision.is_made() {
            let minute = line.accepted_at.map(|at| at.div_euclid(MINUTE));
            self.wait(minute, 1, now);
        }
    }

    fn count_unheard(&mut self, unheard: &Unheard, now: i64) {
        let decision = Decision::Undecided;
        if unheard.accounts > 0 {
            *self.decisions.entry(decision.word()).or_default() += unheard.accounts;
        }
        let known: u64 = unheard.by_minute.values().sum();
        self.wait(None, unheard.accounts.saturating_sub(known), now);
        for (minute, count) in &unheard.by_minute {
            self.wait(Some(*minute), *count, now);
        }
    }

    /// Counts undecided accounts by their age, in whole minutes.
    fn wait(&mut self, accepted: Option<i64>, accounts: u64, now: i64) {
        if accounts == 0 {
            return;
        }
        let age = |minute: i64| (now.div_euclid(MINUTE) - minute).max(0) * MINUTE / DAY;
        let days = accepted.map_or(0, age);
        let group = WAITING.iter().find(|(most, _)| days <= *most);
        *self
            .waiting
            .entry(group.map_or("", |(_, word)| word))
            .or_default() += accounts;
    }

    /// Accepted accounts, by decisions.
    pub fn accounts(&self) -> u64 {
        self.decisions.values().sum()
    }

    /// How many have one of these words.
    pub fn of(&self, word: &str) -> u64 {
        self.decisions.get(word).copied().unwrap_or_default()
    }
}

/// Writes `decisions.csv`: every accepted account, and where it stands with Bakkt; and counts them.
pub(super) fn decisions(
    journals: &Journals,
    dir: &OutputFolder<'_>,
    now: i64,
) -> anyhow::Result<AfterAcceptance> {
    let mut counts = AfterAcceptance::default();
    sheet(dir, "decisions.csv", DECISIONS, |out| {
        journals.each_decision(|line| {
            if line.state != "accepted" {
                return Ok(());
            }
            counts.count(&line, now);
            let heard = line.last_event;
            let read = line.read.map(|read| read.at);
            let since = heard.max(read).or(line.accepted_at).unwrap_or(now);
            out.maybe(line.client_id)?;
            out.text(line.decision().word())?;
            out.number(((now - since).max(0) / DAY) as u64)?;
            out.time(line.accepted_at)?;
            out.number(line.events)?;
            out.time(heard)?;
            out.time(read)?;
            out.maybe(line.read.map(|read| read.status))?;
            out.maybe(line.read.map(|read| read.mode))?;
            out.text(match line.read.and_then(|read| read.can_trade) {
                None => "",
                Some(true) => "true",
                Some(false) => "false",
            })?;
            out.text(&line.reasons().join(" "))?;
            out.text(&line.statuses().join(" "))?;
            out.end()
        })
    })?;
    Ok(counts)
}

/// Writes `unknown-events.csv`: every account that events name and that Bakkt should not have.
pub(super) fn unknown(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    sheet(dir, "unknown-events.csv", UNKNOWN, |out| {
        journals.each_unknown_event(|line| {
            out.text(line.client_id)?;
            out.number(line.events)?;
            out.time(Some(line.last_at))?;
            out.text(line.status)?;
            out.text(line.reason)?;
            out.text(line.standing)?;
            out.end()
        })
    })
}

/// Writes `verification.csv`: every difference between what was sent and what Bakkt has, as far as it was read back.
pub(super) fn verification(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    sheet(dir, "verification.csv", VERIFICATION, |out| {
        journals.each_difference(|line| {
            out.maybe(line.client_id)?;
            out.text(line.document)?;
            out.text(line.path)?;
            out.text(line.kind)?;
            out.end()
        })
    })
}

/// Writes `restricted.csv`: what only Bakkt's Operations or Compliance can change, by field and never by value. Returns how
/// many lines.
pub(super) fn restricted(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<u64> {
    let mut lines = 0;
    sheet(dir, "restricted.csv", RESTRICTED, |out| {
        journals.each_restricted(|line| {
            lines += 1;
            out.maybe(line.client_id)?;
            out.text(line.path)?;
            out.text(line.file)?;
            out.number(line.row)?;
            out.end()
        })
    })?;
    Ok(lines)
}

/// Writes `unacknowledged.csv`: the accepted accounts whose changed agreements nobody has acknowledged. Returns how many there are.
pub(super) fn unacknowledged(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<u64> {
    let mut lines = 0;
    sheet(dir, "unacknowledged.csv", UNACKNOWLEDGED, |out| {
        journals.each_unacknowledged(|client_id, file, row| {
            lines += 1;
            out.text(client_id)?;
            out.text(file)?;
            out.number(row)?;
            out.end()
        })
    })?;
    Ok(lines)
}

/// Writes `ownership.csv`: the accepted accounts of entities whose owners changed. Bakkt must be told of them. Returns how many
/// there are.
pub(super) fn ownership(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<u64> {
    let mut lines = 0;
    sheet(dir, "ownership.csv", OWNERSHIP, |out| {
        journals.each_changed_ownership(|client_id, file, row, changes| {
            lines += 1;
            out.text(client_id)?;
            out.text(file)?;
            out.number(row)?;
            out.number(changes.added)?;
            out.number(changes.removed)?;
            out.number(changes.changed)?;
            out.end()
        })
    })?;
    Ok(lines)
}

/// Writes `gap-history.csv`: every gap that was closed or let go, by what and by whom.
pub(super) fn history(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<()> {
    sheet(dir, "gap-history.csv", HISTORY, |out| {
        journals.each_closed_gap(|line| {
            let file = line.layer_name.unwrap_or("(a new plan)");
            let (outcome, ended) = match line.fate {
                ClosureFate::Closed(at) => ("closed", Some(at)),
                ClosureFate::Unsent => ("closed, not at Bakkt yet", None),
                ClosureFate::OpenAgain(_) => ("open again", None),
                ClosureFate::OnlyInPlan => ("only in the plan", None),
                // Its waiver has a line of its own.
                ClosureFate::Waived(_) => return Ok(()),
            };
            let texts = [line.client_id, line.path, line.level, line.reason, outcome];
            texts.iter().try_for_each(|text| out.text(text))?;
            out.time(Some(line.opened_at))?;
            out.time(ended)?;
            out.text(file)?;
            out.number_or_none(Some(line.row))?;
            out.text("")?;
            out.text("")?;
            out.time(Some(line.closed_at))?;
            out.end()
        })?;
        journals.each_waiver(|line| {
            let outcome = if line.stands {
                "waived"
            } else {
                "waived, and gone since"
            };
            let texts = [line.client_id, line.path, line.level, line.lacks, outcome];
            texts.iter().try_for_each(|text| out.text(text))?;
            out.time(line.opened_at)?;
            out.time(Some(line.at))?;
            let texts = ["", "", line.by, line.reason, ""];
            texts.iter().try_for_each(|text| out.text(text))?;
            out.end()
        })
    })
}

/// A day of the burn-down, in the summary.
#[derive(Debug, Serialize)]
pub(super) struct GapDay {
    pub day: String,
    pub opened: u64,
    pub closed: u64,
    pub waived: u64,
    pub open: u64,
}

/// The burn-down: the days on which something happened, and the last day's count today.
pub(super) fn burn_down(journals: &Journals) -> anyhow::Result<Vec<GapDay>> {
    let days = journals.gap_days()?;
    let shown = days.iter().map(|(day, count)| GapDay {
        day: rfc3339(day * DAY).get(..10).unwrap_or_default().to_owned(),
        opened: count.opened,
        closed: count.closed,
        waived: count.waived,
        open: count.open,
    });
    Ok(shown.collect())
}
