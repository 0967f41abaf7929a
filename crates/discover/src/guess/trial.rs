//! What a guess is worth on the rows that it was made from.
//!
//! Owner of [`Guess::weigh`]: a line of which more than a few values fail is not sure and says why; one of which most fail
//! feeds nothing and stands among the hints. Invariant: what was tried is told in counts, reasons and shapes, never in
//! values. Left out on purpose: the trial itself, which needs the compiler of mappings (`try_out`).

use super::Guess;
use super::columns::Confidence;
use super::feeds::{Mapping, MappingLine};
use crate::inspect::Profile;
use bakkt_contract::path;

/// What became of the values of one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineTrial {
    /// The field, as the mapping has it.
    pub path: String,
    /// Rows in which its columns hold something.
    pub filled: u64,
    /// Those of them that are no value of the field.
    pub failed: u64,
    /// Why the first of these is none.
    pub reason: String,
    /// What it looks like; empty where nothing can be shown.
    pub shape: String,
    /// The setting that lets them through, in words; empty where there is none.
    pub setting: &'static str,
    /// Rows whose value is a whole name where a part of one belongs.
    pub whole_names: u64,
    /// Rows whose value is fit and cannot be sent because something beside it is missing.
    pub withheld: u64,
    /// What that is; empty where it is not known.
    pub needs: String,
    /// The export has nothing there, rather than something that is invalid.
    pub needs_is_missing: bool,
}

/// What became of the rows of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct SheetTrial {
    /// By line.
    pub lines: Vec<LineTrial>,
    /// Rows with a joint owner.
    pub joint: u64,
    /// Those of them whose joint owner has the names of the main owner.
    pub same_person: u64,
}

/// Marks a remark that a trial has left.
const TRIED: &str = "tried";

impl Guess {
    /// Takes back what a trial does not bear out; by sheet, none where nothing was tried. Whether a line is gone, so that
    /// others may fare differently.
    pub(crate) fn weigh(&mut self, profiles: &[Profile], trials: &[Option<SheetTrial>]) -> bool {
        let mut gone = false;
        for (sheet, trial) in self.sheets.iter_mut().zip(trials) {
            if let Some(trial) = trial {
                gone |= sheet.mapping.weigh(trial);
                sheet.mapping.settle(profiles[sheet.file].columns.len());
            }
        }
        gone
    }
}

impl Mapping {
    fn weigh(&mut self, trial: &SheetTrial) -> bool {
        let before = self.feeds.len();
        let mut kept = Vec::with_capacity(before);
        for mut feed in std::mem::take(&mut self.feeds) {
            let line = trial.lines.iter().find(|line| line.path == feed.path);
            match line.is_some_and(|line| feed.weigh(line)) {
                true => self.hints.push(MappingLine {
                    confidence: Some(Confidence::Low),
                    ..feed
                }),
                false => kept.push(feed),
            }
        }
        self.feeds = kept;
        if trial.same_person * 2 > trial.joint {
            self.leave_out("owners[1].", "the same person as the main owner");
        }
        self.leave_dependents();
        self.feeds.len() < before
    }

    /// Turns the names and addresses of somebody into hints.
    fn leave_out(&mut self, head: &str, why: &str) {
        let all = std::mem::take(&mut self.feeds);
        let (out, kept): (Vec<MappingLine>, Vec<MappingLine>) = all
            .into_iter()
            .partition(|feed| feed.path.starts_with(head));
        self.feeds = kept;
        // What follows from other lines would only repeat them.
        let own = out
            .into_iter()
            .filter(|feed| feed.confidence.is_some() && !feed.value.contains("when = "));
        self.hints.extend(own.map(|feed| MappingLine {
            confidence: Some(Confidence::Low),
            note: why.to_owned(),
            ..feed
        }));
    }

    /// Lines that follow from one that is gone go with it.
    fn leave_dependents(&mut self) {
        let has = |feeds: &[MappingLine], path: &str| feeds.iter().any(|feed| feed.path == path);
        let head = "owners[1].";
        let named = ["identity.familyName", "identity.givenName"]
            .iter()
            .any(|name| has(&self.feeds, &format!("{head}{name}")));
        if !named {
            self.feeds.retain(|feed| {
                !feed.path.starts_with(head)
                    || feed.confidence.is_some() && !feed.value.contains("when = ")
            });
        }
        let feeds = self.feeds.clone();
        self.feeds.retain(|feed| {
            let id = feed
                .path
                .strip_suffix("taxIdType")
                .map(|head| format!("{head}taxId"));
            feed.confidence.is_some() || id.is_none_or(|id| has(&feeds, &id))
        });
    }
}

impl MappingLine {
    /// Notes what a trial shows. Whether nothing is left to say for the line.
    fn weigh(&mut self, line: &LineTrial) -> bool {
        if self.note.contains(TRIED) {
            return false;
        }
        let few = line.few();
        let codes = self.value.contains("lookup = ");
        if line.whole_names * 2 > line.filled {
            self.add_note(&format!("of the values {TRIED}, most are whole names"));
            return true;
        }
        if line.failed > few {
            self.confidence = self.confidence.map(|sure| sure.min(Confidence::Medium));
            // Codes without a meaning are told already, and wait for a person.
            if !codes || self.note.is_empty() {
                self.add_note(&line.why());
            }
            return line.failed * 2 > line.filled && !codes && line.setting.is_empty();
        }
        let sure = self.confidence.is_some_and(|sure| sure > Confidence::Low);
        if line.withheld * 2 > line.filled && line.withheld > 0 && sure {
            self.confidence = self.confidence.min(Some(Confidence::Medium));
            let needs = match (line.needs.is_empty(), line.needs_is_missing) {
                (true, _) => "what Bakkt wants beside it is missing".to_owned(),
                (_, true) => format!("{} is missing, without which it is not sent", line.needs),
                (_, false) => format!(
                    "{} has no valid value, without which it is not sent",
                    line.needs
                ),
            };
            self.add_note(&format!("in the rows {TRIED}, {needs}"));
        }
        false
    }

    fn add_note(&mut self, note: &str) {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(note);
    }
}

/// Whether a gap keeps the value of another path from being sent: each field from the object that both stand in down to the gap
/// is one without which its object is not sent, or the two go together. Says how many objects both stand in; none: the gap
/// has nothing to do with it.
pub(crate) fn withholds(gap: &str, value: &str) -> Option<usize> {
    let (gaps, values): (Vec<&str>, Vec<&str>) =
        (gap.split('.').collect(), value.split('.').collect());
    let shared = gaps.iter().zip(&values).take_while(|(a, b)| a == b).count();
    // Of a record that is not sent at all, nothing is withheld.
    if shared == 0 || shared == gaps.len() || shared == values.len() {
        return None;
    }
    let field = |steps: &[&str]| {
        let path = steps.join(".");
        // An element of a list has the level of the list.
        let pattern = path::pattern(path.strip_suffix(']').map_or(path.as_str(), |path| {
            path.rsplit_once('[').map_or(path, |(list, _)| list)
        }));
        path::find_pattern(&pattern).map(|found| found.field)
    };
    let breaks = |end: usize| field(&gaps[..end]).is_some_and(|it| it.rule.strongest().breaks());
    let siblings = gaps.len() == shared + 1 && values.len() == shared + 1;
    let partners =
        siblings && field(&values).is_some_and(|field| field.partner == gaps.last().copied());
    ((shared + 1..=gaps.len()).all(breaks) || partners).then_some(shared)
}

impl LineTrial {
    /// So many values may fail that nothing is said about it.
    pub(crate) fn few(&self) -> u64 {
        (self.filled / 50).max(1)
    }

    fn why(&self) -> String {
        let shown = match self.shape.is_empty() {
            true => String::new(),
            false => format!(", such as {}", self.shape),
        };
        let setting = match self.setting.is_empty() {
            true => String::new(),
            false => format!("; {}", self.setting),
        };
        format!(
            "{} of {} values {TRIED} are invalid ({}){shown}{setting}",
            self.failed, self.filled, self.reason
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_object_needs_keeps_it_from_being_sent() {
        let income = "investmentProfile.customerProfile.annualIncomeRangeUsd";
        let employer = "owners[0].identity.employment.employerName";
        for (gap, value, wanted) in [
            (
                "investmentProfile.accountGoals.investmentObjective",
                income,
                Some(1),
            ),
            (
                "investmentProfile.customerProfile.totalNetWorthRangeUsd",
                income,
                None,
            ),
            ("owners[0].agreements", income, None),
            ("owners[0].identity.employment.position", employer, Some(3)),
            (
                "owners[0].identity.employment.employerAddress.country",
                employer,
                None,
            ),
            (
                "owners[0].identity.employment.employerAddress",
                employer,
                None,
            ),
            (
                "owners[0].agreements[0].name",
                "owners[0].agreements[0].version",
                Some(2),
            ),
            (
                "owners[0].agreements[1].name",
                "owners[0].agreements[0].version",
                None,
            ),
            (
                "owners[1].agreements[0].name",
                "owners[0].agreements[0].version",
                None,
            ),
            (
                "trustedContacts[0].familyName",
                "trustedContacts[0].givenName",
                Some(1),
            ),
            (
                "trustedContacts[0].emailAddress",
                "trustedContacts[0].givenName",
                None,
            ),
        ] {
            assert_eq!(withholds(gap, value), wanted, "{gap} {value}");
        }
    }

    #[test]
    fn a_value_that_is_not_sent_says_what_is_wrong_beside_it() {
        for (is_missing, wanted) in [
            (true, "a.b is missing, without which it is not sent"),
            (
                false,
                "a.b has no valid value, without which it is not sent",
            ),
        ] {
            let mut line = MappingLine {
                path: "a.c".into(),
                value: String::new(),
                confidence: Some(Confidence::High),
                note: String::new(),
                columns: Vec::new(),
            };
            assert!(!line.weigh(&LineTrial {
                filled: 9,
                withheld: 9,
                needs: "a.b".into(),
                needs_is_missing: is_missing,
                ..LineTrial::default()
            }));
            assert_eq!(line.confidence, Some(Confidence::Medium));
            assert_eq!(line.note, format!("in the rows tried, {wanted}"));
        }
    }
}
