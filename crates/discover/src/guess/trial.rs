//! What a guess is worth on the rows that it was made from.
//!
//! Owner of [`Guess::weigh`]: a line of which more than a few values fail is not sure and says why; one of which most fail
//! feeds nothing and stands among the hints. Invariant: what was tried is told in counts, reasons and shapes, never in
//! values. Left out on purpose: the trial itself, which needs the compiler of mappings (`try_out`).

use super::Guess;
use super::columns::Confidence;
use super::feeds::{Mapping, MappingLine};
use crate::inspect::Profile;

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
            let needs = match line.needs.is_empty() {
                true => "what Bakkt wants beside it is missing".to_owned(),
                false => format!("{} is missing, without which it is not sent", line.needs),
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
