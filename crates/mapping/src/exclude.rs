//! Records that the operator leaves out, with a reason (`[exclude]`).
//!
//! Owner of the compiled rules, and of which of them left anybody out: after a pass over the export, [`Exclusions::unused`]
//! tells ids and rules that hit no row. Rules are tested before everything else (contract, section 4).
//! Invariant: an id is told by the place where it is written, never by its text, which may be anything.

mod words;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::missing::EmptyCells;
use crate::unreadable;
use bakkt_model::text::cell;
use bakkt_model::text::listed_ids::{ListedIds, Resemblance, Resemblances};
use bakkt_source::export::SkipReason;
use bakkt_source::{Cell, Row};
pub use words::Word;
use words::{WordMatch, compare};

/// Why a record is blocked of which nobody can tell whether a rule leaves it out.
const UNREAD: &str = "a cell that decides whether [exclude] leaves it out cannot be read: a lost character, a formula or an error of a spreadsheet";

/// Why a record is blocked whose cell is a word of a rule and something besides.
const OTHER_FORM: &str = "a cell has a word of an [exclude] rule in another form, with a label or among several; name the cell's text in the rule as well, or correct it";

/// The compiled rules.
#[derive(Debug, Default)]
pub struct Exclusions {
    /// By clientAccountId.
    ids: HashMap<String, KnownId>,
    /// Every id as it is written in settings and lists.
    listed: Vec<ExcludedId>,
    /// The files that hold ids.
    files: Vec<String>,
    /// By number of an id: whether a row has it.
    hits: Vec<AtomicBool>,
    /// The ids by the forms in which a row may have them, under their numbers.
    forms: ListedIds,
    /// By number of an id: the rows that are not left out and that it may mean.
    near: Mutex<Resemblances>,
    /// Conditions on columns.
    pub rules: Vec<ColumnRule>,
    /// Cells that count as empty, as the mapping says.
    pub empty: EmptyCells,
    /// The reasons of these rules, then those for which no rule is needed.
    pub reasons: Vec<String>,
    /// Customers whose ids nobody here may know; the first that fits counts.
    forgotten: Vec<Forgotten>,
    /// By clientAccountId: the reason of those who are left out as soon as nothing else keeps them from being sent.
    settled: HashMap<String, u16>,
}

/// Tells customers who were forgotten, without a list of their ids.
struct Forgotten {
    is_one: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Index of the reason.
    reason: u16,
}

impl fmt::Debug for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forgotten")
    }
}

#[derive(Debug)]
struct KnownId {
    /// Index of the reason.
    reason: u16,
    /// Its number among the hits; none when a person left it out, and not the settings.
    hit: Option<usize>,
}

#[derive(Debug)]
struct ExcludedId {
    place: WrittenPlace,
    hit: usize,
    /// Number of the file in which it stands.
    file: Option<usize>,
    /// The first line, and it reads like a header: nobody has it, and nobody needs to.
    may_be_header: bool,
    /// The first line, and nothing says that it is an id.
    may_be_words: bool,
}

/// One condition on a column.
#[derive(Debug)]
pub struct ColumnRule {
    /// Index of the column.
    pub column: usize,
    /// The test.
    pub test: ColumnTest,
    /// Index of the reason.
    pub reason: u16,
    /// Where it is written.
    pub place: WrittenPlace,
    /// Whether it fits a row.
    pub hit: AtomicBool,
}

/// What rules on columns say of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnVerdict {
    /// The index of the reason why it is left out.
    pub reason: Option<u16>,
    /// Why nobody can tell of a rule whether it leaves the record out.
    pub unread: Option<&'static str>,
}

impl ColumnVerdict {
    /// That of two rows of one record.
    pub(crate) fn or(self, other: ColumnVerdict) -> ColumnVerdict {
        ColumnVerdict {
            reason: self.reason.or(other.reason),
            unread: self.unread.or(other.unread),
        }
    }
}

/// Whether a rule leaves a row out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RuleFit {
    Fits,
    Misses,
    Unread(&'static str),
}

/// Where an id or a rule is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenPlace {
    /// The file, as a person named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// An id of `[exclude]`, as it is written.
#[derive(Clone, Debug)]
pub struct WrittenId<'a> {
    /// The id.
    pub id: &'a str,
    /// Where it stands.
    pub place: WrittenPlace,
    /// It is the first line of a list, and reads like a header.
    pub may_be_header: bool,
    /// It is the first line of a list, and may be a header that is not known for one.
    pub may_be_words: bool,
}

/// An exclusion that leaves nobody out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedEntry {
    /// Where it is written.
    pub place: WrittenPlace,
    /// What it is.
    pub what: UnusedKind,
}

/// What leaves nobody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusedKind {
    /// An id that no row has.
    Id,
    /// The same, on the first line of a list of which other lines are ids: it may be a header.
    FirstLine,
    /// A rule that fits no row.
    Rule,
}

impl UnusedEntry {
    /// What is wrong with it.
    pub fn what_text(&self) -> &'static str {
        match self.what {
            UnusedKind::Id => "no row has this id",
            UnusedKind::FirstLine => "no row has this id; is this line a header?",
            UnusedKind::Rule => "no row fits this rule",
        }
    }
}

impl fmt::Display for UnusedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrittenPlace { file, line } = &self.place;
        write!(f, "{file}:{line}: {}", self.what_text())
    }
}

/// An id as the cell of an export that holds the same would be read.
fn as_cell(id: &str) -> String {
    let id = cell::value(id).unwrap_or(id);
    cell::compose(id).unwrap_or_else(|| id.to_owned())
}

/// What a cell is tested for.
#[derive(Debug)]
pub enum ColumnTest {
    /// One of these.
    Equals(Vec<Word>),
    /// None of these.
    NotEquals(Vec<Word>),
    /// Empty (true) or not empty (false).
    Empty(bool),
}

impl Exclusions {
    /// Adds ids that are left out for a reason. `file` names the list that holds them, if they stand in one.
    pub fn add_ids<'a>(
        &mut self,
        ids: impl IntoIterator<Item = WrittenId<'a>>,
        reason: u16,
        file: Option<&str>,
    ) {
        let file = file.map(|name| {
            self.files.push(name.to_owned());
            self.files.len() - 1
        });
        for written in ids {
            let fresh = self.hits.len();
            let known = self
                .ids
                .entry(as_cell(written.id))
                .or_insert(KnownId { reason, hit: None });
            known.reason = reason;
            let hit = *known.hit.get_or_insert(fresh);
            if hit == fresh {
                self.hits.push(AtomicBool::new(false));
                self.forms.add(hit, written.id);
            }
            self.listed.push(ExcludedId {
                place: written.place,
                hit,
                file,
                may_be_header: written.may_be_header,
                may_be_words: written.may_be_words,
            });
        }
    }

    /// Adds the reasons for which no rule is needed; after all others.
    pub fn finish(&mut self) {
        let skips = SkipReason::ALL.map(|skipped| skipped.text().to_owned());
        self.reasons.extend(skips);
    }

    /// Leaves an id out as well, after [`Exclusions::finish`]. A reason beyond those that can be told apart is that of the last.
    pub fn leave_out(&mut self, id: &str, reason: &str) {
        let reason = self.reason_number(reason);
        self.ids
            .entry(as_cell(id))
            .or_insert(KnownId { reason, hit: None });
    }

    /// Leaves an id out unless its record is blocked, which then says more: a customer about whom something was settled elsewhere.
    pub fn leave_out_when_fit(&mut self, id: &str, reason: &str) {
        let reason = self.reason_number(reason);
        self.settled.insert(as_cell(id), reason);
    }

    /// Leaves everybody out of whom `is_one` says so: customers who were forgotten.
    pub fn leave_out_forgotten(
        &mut self,
        is_one: impl Fn(&str) -> bool + Send + Sync + 'static,
        reason: &str,
    ) {
        let reason = self.reason_number(reason);
        let is_one = Box::new(is_one);
        self.forgotten.push(Forgotten { is_one, reason });
    }

    /// The index of a reason, which is added unless it is there.
    fn reason_number(&mut self, reason: &str) -> u16 {
        let end = self.reasons.len().saturating_sub(SkipReason::ALL.len());
        let known = self.reasons[..end]
            .iter()
            .rposition(|known| known == reason);
        let place = known
            .unwrap_or(end)
            .min(usize::from(u16::MAX) - SkipReason::ALL.len());
        if known.is_none() && place == end {
            self.reasons.insert(end, reason.to_owned());
        }
        place as u16
    }

    /// Ids and rules that left nobody out in the passes so far, in the order in which they are written.
    pub fn unused(&self) -> Vec<UnusedEntry> {
        let is_hit = |listed: &ExcludedId| self.hits[listed.hit].load(Ordering::Relaxed);
        let others_hit = |file: Option<usize>| {
            let mut others = self.listed.iter().filter(|listed| listed.file == file);
            file.is_some() && others.any(is_hit)
        };
        let ids = self
            .listed
            .iter()
            .filter(|listed| !is_hit(listed) && !listed.may_be_header);
        let ids = ids.map(|listed| UnusedEntry {
            place: listed.place.clone(),
            what: match listed.may_be_words && others_hit(listed.file) {
                true => UnusedKind::FirstLine,
                false => UnusedKind::Id,
            },
        });
        let rules = self
            .rules
            .iter()
            .filter(|rule| !rule.hit.load(Ordering::Relaxed));
        let rules = rules.map(|rule| UnusedEntry {
            place: rule.place.clone(),
            what: UnusedKind::Rule,
        });
        ids.chain(rules).collect()
    }

    /// Ids that no row has as they are written, while a row that is not left out has them in another form or with something
    /// besides: whom they mean would be sent.
    pub fn misspelled(&self) -> Vec<(WrittenPlace, Resemblance)> {
        let near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        let is_hit = |hit: usize| self.hits[hit].load(Ordering::Relaxed);
        let ids = self.listed.iter();
        let ids = ids.filter(|listed| !is_hit(listed.hit) && !listed.may_be_header);
        ids.filter_map(|listed| Some((listed.place.clone(), near.of_line(listed.hit)?.clone())))
            .collect()
    }

    /// List files of which no id left anybody out, with the number of their ids.
    pub fn unused_files(&self) -> Vec<(&str, usize)> {
        let mut counts = vec![(0, false); self.files.len()];
        for listed in &self.listed {
            if let Some(file) = listed.file {
                counts[file].0 += usize::from(!listed.may_be_header);
                counts[file].1 |= self.hits[listed.hit].load(Ordering::Relaxed);
            }
        }
        let files = self.files.iter().zip(counts);
        files
            .filter(|(_, (_, hit))| !hit)
            .map(|(name, (count, _))| (name.as_str(), count))
            .collect()
    }

    /// The index of the reason why a row is left out whatever its cells mean.
    pub(crate) fn skipped(&self, skipped: SkipReason) -> u16 {
        let first = self.reasons.len().saturating_sub(SkipReason::ALL.len());
        (first + skipped as usize) as u16
    }

    /// Whether and why a row is left out by its columns.
    pub(crate) fn by_columns(&self, row: &Row<'_>) -> ColumnVerdict {
        let mut verdict = ColumnVerdict::default();
        for rule in &self.rules {
            // Behind the first that fits, the others are tried until it is known of each that it fits some row.
            if verdict.reason.is_some() && rule.hit.load(Ordering::Relaxed) {
                continue;
            }
            match self.fit(rule, row) {
                RuleFit::Fits => {
                    mark(&rule.hit);
                    verdict.reason = verdict.reason.or(Some(rule.reason));
                }
                RuleFit::Misses => {}
                RuleFit::Unread(why) => verdict.unread = verdict.unread.or(Some(why)),
            }
        }
        verdict
    }

    /// Whether a rule of a column has a word that is spelled just so.
    fn is_spelled_out(&self, column: usize, text: &str) -> bool {
        let mut rules = self.rules.iter().filter(|rule| rule.column == column);
        rules.any(|rule| match &rule.test {
            ColumnTest::Equals(words) | ColumnTest::NotEquals(words) => {
                words.iter().any(|word| word.is_exactly(text))
            }
            ColumnTest::Empty(_) => false,
        })
    }

    /// Whether a rule of a column leaves a row out. That it does so is not noted.
    pub fn leaves_out(&self, row: &Row<'_>) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| self.fit(rule, row) == RuleFit::Fits)
    }

    /// Whether a rule leaves a row out. What cannot be read is no reason to send somebody, and none to leave somebody out.
    fn fit(&self, rule: &ColumnRule, row: &Row<'_>) -> RuleFit {
        let Cell::Text(text) = row.cell(rule.column) else {
            return RuleFit::Unread(UNREAD);
        };
        let (words, wanted) = match &rule.test {
            ColumnTest::Equals(words) => (words, true),
            ColumnTest::NotEquals(words) => (words, false),
            ColumnTest::Empty(empty) => {
                let unread = unreadable::why(text).is_some() && !self.empty.is_named(text);
                return match self.empty.contains(text) == *empty {
                    _ if unread => RuleFit::Unread(UNREAD),
                    true => RuleFit::Fits,
                    false => RuleFit::Misses,
                };
            }
        };
        let is_one = match compare(text, words, || self.is_spelled_out(rule.column, text)) {
            WordMatch::Same => true,
            WordMatch::SpelledElsewhere => false,
            _ if self.empty.is_named(text) => words.iter().any(Word::is_empty),
            _ if unreadable::why(text).is_some() => return RuleFit::Unread(UNREAD),
            _ if self.empty.contains(text) => words.iter().any(Word::is_empty),
            WordMatch::OtherForm => return RuleFit::Unread(OTHER_FORM),
            WordMatch::None => false,
        };
        match is_one == wanted {
            true => RuleFit::Fits,
            false => RuleFit::Misses,
        }
    }

    /// The index of the reason why an id is left out. One that is not fit for an account is that of nobody who could be sent, and
    /// may be anything.
    pub(crate) fn by_id(&self, id: &str, is_fit: bool) -> Option<u16> {
        // Asked in any case, so that an id of a list counts as found.
        let listed = self.by_listed_id(id);
        let forgotten = self.forgotten.iter().find(|one| (one.is_one)(id));
        let reason = forgotten.map(|one| one.reason).or(listed);
        if reason.is_none() && is_fit && !self.forms.is_empty() {
            self.forms.each_meaning(id, |hit, likeness| {
                let near = self.near.lock();
                let mut near = near.unwrap_or_else(PoisonError::into_inner);
                near.note(hit, likeness, id);
            });
        }
        reason
    }

    /// Why a record that could be sent is left out all the same; the index of a reason.
    pub(crate) fn when_fit(&self, id: &str) -> Option<u16> {
        self.settled.get(id).copied()
    }

    fn by_listed_id(&self, id: &str) -> Option<u16> {
        let known = self.ids.get(id)?;
        if let Some(hit) = known.hit {
            mark(&self.hits[hit]);
        }
        Some(known.reason)
    }
}

/// Written to only once: threads share it.
fn mark(hit: &AtomicBool) {
    if !hit.load(Ordering::Relaxed) {
        hit.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(id: &str, line: usize, may_be_header: bool) -> WrittenId<'_> {
        let file = "ids.txt".to_owned();
        WrittenId {
            id,
            place: WrittenPlace { file, line },
            may_be_header,
            may_be_words: line == 1,
        }
    }

    #[test]
    fn an_id_is_told_until_a_row_has_it() {
        let mut exclude = Exclusions::default();
        let ids = [
            written("id", 1, true),
            written("A1", 2, false),
            written("A2", 4, false),
        ];
        exclude.add_ids(ids, 0, Some("ids.txt"));
        exclude.add_ids([written("A2", 9, false)], 1, Some("other.txt"));
        let lines = |exclude: &Exclusions| -> Vec<(usize, UnusedKind)> {
            let unused = exclude.unused().into_iter();
            unused.map(|one| (one.place.line, one.what)).collect()
        };
        let id = UnusedKind::Id;
        assert_eq!(lines(&exclude), [(2, id), (4, id), (9, id)]);
        assert_eq!(exclude.unused_files(), [("ids.txt", 2), ("other.txt", 1)]);
        // The last reason counts, and each place of an id is hit with it.
        assert_eq!(exclude.by_id("A2", true), Some(1));
        assert_eq!(lines(&exclude), [(2, id)]);
        assert!(exclude.unused_files().is_empty());
        assert_eq!(exclude.by_id("A3", true), None);
        exclude.leave_out("A3", "a person");
        assert!(exclude.by_id("A3", true).is_some());
    }

    #[test]
    fn an_id_in_another_form_is_told_unless_a_row_has_it_as_it_is() {
        let mut exclude = Exclusions::default();
        let ids = [
            written("id", 1, true),
            written("a-1", 2, false),
            written("B2.", 3, false),
            written("0030", 4, false),
            written("D4", 5, false),
        ];
        exclude.add_ids(ids, 0, Some("ids.txt"));
        for row in ["A1", "B2", "30", "0030", "D44"] {
            exclude.by_id(row, true);
        }
        let lines: Vec<usize> = exclude
            .misspelled()
            .iter()
            .map(|(place, _)| place.line)
            .collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn a_first_line_that_nobody_has_may_be_a_header() {
        let mut exclude = Exclusions::default();
        let ids = [written("Kundennr", 1, false), written("A1", 2, false)];
        exclude.add_ids(ids, 0, Some("ids.txt"));
        exclude.by_id("A1", true);
        let told: Vec<String> = exclude
            .unused()
            .iter()
            .map(UnusedEntry::to_string)
            .collect();
        assert_eq!(
            told,
            ["ids.txt:1: no row has this id; is this line a header?"]
        );
    }
}
