//! Findings, as `check` and planning both make them: gathered while the export is scanned, finished when the duplicates are
//! known, then shown or written into the journal.
//!
//! Owner of [`Findings`], which joins what was found of records with what was found of documents and exclusions, and of its
//! words for a terminal. Invariant: `check` and planning go through here, so they tell and block the same.
//! Left out on purpose: what a finding is (`findings`, `documents::conflicts`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bakkt_contract::account::ACCOUNT_TYPES;
use bakkt_folder::documents::Documents;
use bakkt_journal::read::{FindingCount, FindingPlace, meaning_and_advice};
use bakkt_mapping::exclude::WrittenPlace;
use bakkt_mapping::findings::gather::{
    FindingSpot, GatheredFindings, Gathering, KindSummary, Member, PLACES, RecordStanding,
    ScannedRecord,
};
use bakkt_mapping::pipeline::duplicates::{Duplicate, DuplicateIndex};
use bakkt_mapping::pipeline::person::half;
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_mapping::pipeline::scan::Results;
use bakkt_mapping::pipeline::{JoinedRowSource, Pipeline};
use bakkt_model::finding::first_of;
use bakkt_model::finding::{FindingAction, FindingKind, FindingRules};
use bakkt_model::number::thousands;
use bakkt_model::text::is_invisible;
use bakkt_source::Export;

use super::survey::Survey;

mod write;

/// Records that are written at once.
const AT_ONCE: usize = 10_000;

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Findings {
    outcome: GatheredFindings,
    documents: Vec<DocumentMember>,
    /// Places in `documents`, by record.
    documents_of: BTreeMap<u32, Vec<usize>>,
    /// What is found of no record.
    of_nobody: Vec<(FindingKind, WrittenPlace)>,
    /// Records that would be sent and are not, because of what only several records have together. By record.
    pub blocked: Vec<(u32, FindingKind, RecordStanding)>,
}

/// A customer who is concerned by a document.
#[derive(Clone, Copy, Debug)]
struct DocumentMember {
    kind: FindingKind,
    /// By its number among those of its kind.
    group: u64,
    record: u32,
    first: u32,
    /// The row of the manifest; none: it is the customer's own row.
    row: Option<u64>,
}

/// What a document holds, in eight bytes of its hash, and who claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentCopy {
    /// Of the content.
    pub content: u64,
    /// The row of the manifest; 0 with a folder.
    pub row: u64,
    /// The customer's record.
    pub record: u32,
}

/// Whether a kind of finding that is looked for compares people.
pub fn compare_people(rules: &FindingRules) -> bool {
    let kinds = [
        FindingKind::SamePerson,
        FindingKind::SameTaxId,
        FindingKind::SameEmail,
    ];
    kinds.into_iter().any(|kind| rules.looks_for(kind))
}

/// Notes a batch of the scan.
pub fn note(gathering: &mut Gathering, pipeline: &Pipeline, batch: &Results) {
    for (row, keys) in batch.rows.iter().zip(batch.keys()) {
        let account_type = row.account_type.and_then(|name| {
            let place = ACCOUNT_TYPES.iter().position(|known| *known == name)?;
            u8::try_from(place + 1).ok()
        });
        gathering.add(&ScannedRecord {
            at: (pipeline.export.file_of(row.at.offset), row.at.row),
            account_type: account_type.unwrap_or_default(),
            standing: match row.verdict {
                bakkt_model::verdict::Verdict::Ready => RecordStanding::Ready,
                bakkt_model::verdict::Verdict::Grace => RecordStanding::Grace,
                _ => RecordStanding::NotSent,
            },
            person: row.person.map_or(0, half),
            keys: *keys,
            further: batch.further(row),
            found: batch.found(row),
        });
    }
}

impl Findings {
    /// Compares records and documents, once the duplicates are known and taken out of the survey; what is blocked is taken
    /// out of it as well. `exclusions` are those that fit no row.
    pub fn finish(
        gathering: Gathering,
        duplicates: &[Duplicate],
        rules: &FindingRules,
        survey: &mut Survey<'_>,
        exclusions: Vec<WrittenPlace>,
    ) -> Findings {
        let duplicates = duplicates.iter().map(|duplicate| duplicate.record);
        let mut findings = Findings {
            outcome: gathering.finish(duplicates),
            ..Findings::default()
        };
        let exclusions = exclusions.into_iter();
        let exclusions = exclusions.map(|place| (FindingKind::UnusedExclusion, place));
        let patterns = survey.unused().iter().cloned();
        let patterns = patterns.map(|place| (FindingKind::UnusedPattern, place));
        let told = exclusions.chain(patterns);
        findings.of_nobody = told.filter(|(kind, _)| rules.looks_for(*kind)).collect();
        let mut blocked: BTreeMap<u32, (u32, RecordStanding)> = BTreeMap::new();
        for kind in [FindingKind::MisplacedDocument, FindingKind::SharedDocument] {
            if rules.looks_for(kind) {
                let blocks = rules.action(kind) == FindingAction::Block;
                findings.add_documents(kind, survey, blocks.then_some(&mut blocked));
            }
        }
        for (place, one) in findings.documents.iter().enumerate() {
            findings
                .documents_of
                .entry(one.record)
                .or_default()
                .push(place);
        }
        findings.blocked = std::mem::take(&mut findings.outcome.blocked);
        findings.block(blocked);
        let blocked = findings.blocked.iter();
        let records: Vec<u32> = blocked.map(|(record, ..)| *record).collect();
        survey.block(&records);
        findings
    }

    /// Adds the records that their documents block, each by the kinds that do, to those that are blocked already.
    fn block(&mut self, by_documents: BTreeMap<u32, (u32, RecordStanding)>) {
        let known = self.blocked.len();
        for (record, (kinds, standing)) in by_documents {
            let before = &mut self.blocked[..known];
            match before.binary_search_by_key(&record, |(record, ..)| *record) {
                Ok(place) => {
                    let kind = &mut before[place].1;
                    *kind = first_of(kinds | kind.bit()).unwrap_or(*kind);
                }
                Err(_) => {
                    let kind = first_of(kinds);
                    self.blocked
                        .extend(kind.map(|kind| (record, kind, standing)));
                }
            }
        }
        self.blocked.sort_unstable_by_key(|(record, ..)| *record);
    }

    fn add_documents(
        &mut self,
        kind: FindingKind,
        survey: &Survey<'_>,
        mut blocked: Option<&mut BTreeMap<u32, (u32, RecordStanding)>>,
    ) {
        let all = survey.conflicts(kind);
        let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (place, one) in all.iter().enumerate() {
            groups.entry(one.group).or_default().push(place);
        }
        let mut number = 0;
        for group in groups.into_values() {
            let of_record = |place: &usize| all[*place].record;
            let records: BTreeSet<u32> = group.iter().map(of_record).collect();
            let other = all[group[0]].other;
            if kind == FindingKind::SharedDocument && records.len() < 2 {
                continue;
            }
            number += 1;
            let first = match kind {
                FindingKind::SharedDocument => all[group[0]].record,
                _ => other.unwrap_or(all[group[0]].record),
            };
            for one in group.iter().map(|place| &all[*place]) {
                self.documents.push(DocumentMember {
                    kind,
                    group: number,
                    record: one.record,
                    first,
                    row: Some(one.row),
                });
                if let Some(blocked) = &mut blocked
                    && one.standing != RecordStanding::NotSent
                {
                    let entry = blocked.entry(one.record).or_insert((0, one.standing));
                    entry.0 |= kind.bit();
                }
            }
            if kind == FindingKind::MisplacedDocument
                && let Some(other) = other
            {
                self.documents.push(DocumentMember {
                    kind,
                    group: number,
                    record: other,
                    first,
                    row: None,
                });
            }
        }
    }

    /// Whether a record is blocked by what was found in groups.
    pub fn blocks(&self, record: u32) -> bool {
        self.blocked
            .binary_search_by_key(&record, |(record, ..)| *record)
            .is_ok()
    }

    /// The counts by kind with the first places; `ids` of the records that places are shown of.
    pub fn counts(
        &self,
        rules: &FindingRules,
        pipeline: &Pipeline,
        documents: Option<&Documents>,
        ids: &BTreeMap<u32, String>,
    ) -> Vec<FindingCount> {
        let places = Places {
            outcome: &self.outcome,
            pipeline,
            names: file_names(&pipeline.export),
            ids,
        };
        let mut all: Vec<(FindingKind, FindingCount)> = self
            .outcome
            .told
            .iter()
            .map(|told| (told.kind, places.count(told)))
            .collect();
        for kind in [FindingKind::MisplacedDocument, FindingKind::SharedDocument] {
            let members: Vec<_> = self
                .documents
                .iter()
                .filter(|one| one.kind == kind)
                .collect();
            let Some(last) = members.last() else { continue };
            let records: BTreeSet<u32> = members.iter().map(|one| one.record).collect();
            let shown = members.iter().filter(|one| one.group <= PLACES as u64);
            all.push((
                kind,
                FindingCount {
                    kind: kind.name(),
                    action: rules.action(kind).word(),
                    count: records.len() as u64,
                    groups: last.group,
                    places: shown.map(|one| places.document(one, documents)).collect(),
                },
            ));
        }
        for group in self.of_nobody.chunk_by(|(one, _), (other, _)| one == other) {
            let kind = group[0].0;
            let shown = group.iter().take(PLACES);
            all.push((
                kind,
                FindingCount {
                    kind: kind.name(),
                    action: rules.action(kind).word(),
                    count: group.len() as u64,
                    groups: 0,
                    places: shown.map(|(_, place)| unused_place(place)).collect(),
                },
            ));
        }
        all.sort_by_key(|(kind, _)| *kind);
        all.into_iter().map(|(_, count)| count).collect()
    }

    /// The ids of the records that places are shown of, read again; of those only that have an id which may be shown.
    pub fn ids(
        &self,
        index: &DuplicateIndex,
        pipeline: &Pipeline,
    ) -> anyhow::Result<BTreeMap<u32, String>> {
        let mut wanted: BTreeSet<u32> = self.outcome.shown().collect();
        let documents = self
            .documents
            .iter()
            .filter(|one| one.group <= PLACES as u64);
        wanted.extend(documents.map(|one| one.record));
        let mut ids = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(ids);
        }
        let places = index.places_of(&wanted);
        // Where a place could not be read again, another record would be read there.
        self.check()?;
        let mut reread = RecordReader::default();
        for (record, at) in places {
            let prepared = reread.prepare(pipeline, at, JoinedRowSource::Index)?;
            ids.extend(prepared.id.map(|id| (record, id.to_owned())));
        }
        Ok(ids)
    }

    /// What is found of no record: where, and what.
    pub fn of_nobody(&self) -> impl Iterator<Item = (FindingKind, FindingPlace)> {
        let places = self.of_nobody.iter();
        places.map(|(kind, place)| (*kind, unused_place(place)))
    }

    /// What records have together with others, by record. It counts only once [`check`](Findings::check) was asked.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        self.outcome.members()
    }

    /// Fails when something could not be read again.
    pub fn check(&self) -> anyhow::Result<()> {
        self.outcome.check()
    }

    /// What is found of a record's documents; the group is the number of the record that it begins with.
    pub fn of_documents(
        &self,
        record: u32,
        documents: Option<&Documents>,
    ) -> impl Iterator<Item = (FindingKind, u32, Option<FindingPlace>)> {
        let own = self.documents_of.get(&record).into_iter().flatten();
        own.map(move |place| {
            let one = &self.documents[*place];
            let place = one.row.map(|row| FindingPlace {
                file: documents.map_or(String::new(), |documents| documents.place().to_owned()),
                row,
                ..FindingPlace::default()
            });
            (one.kind, one.first, place)
        })
    }
}

fn unused_place(written: &WrittenPlace) -> FindingPlace {
    FindingPlace {
        file: written.file.clone(),
        row: written.line as u64,
        ..FindingPlace::default()
    }
}

fn file_names(export: &Export) -> Vec<String> {
    export.files().map(|(name, _)| name.to_owned()).collect()
}

/// How places are shown.
struct Places<'a> {
    outcome: &'a GatheredFindings,
    pipeline: &'a Pipeline,
    names: Vec<String>,
    ids: &'a BTreeMap<u32, String>,
}

impl Places<'_> {
    fn count(&self, told: &KindSummary) -> FindingCount {
        let mut groups: Vec<u32> = Vec::new();
        let places = told.spots.iter().map(|spot| {
            let mut place = self.spot(spot);
            if let Some(first) = spot.first {
                if groups.last() != Some(&first) {
                    groups.push(first);
                }
                place.group = Some(groups.len() as u64);
            }
            place
        });
        FindingCount {
            places: places.collect(),
            kind: told.kind.name(),
            action: told.action.word(),
            count: told.count,
            groups: told.groups,
        }
    }

    fn row(&self, record: u32) -> FindingPlace {
        let (file, row) = self.outcome.line_of(record);
        FindingPlace {
            file: self.names.get(file).cloned().unwrap_or_default(),
            row,
            id: self.ids.get(&record).cloned(),
            ..FindingPlace::default()
        }
    }

    fn spot(&self, spot: &FindingSpot) -> FindingPlace {
        let mut place = self.row(spot.record);
        if let Some((list, at)) = spot.at {
            place.file = self.pipeline.file_name(list, at).to_owned();
            place.row = at.row;
        }
        let fields = &self.pipeline.checks.fields;
        let field = spot.field.and_then(|field| fields.get(usize::from(field)));
        place.path = field.map(|field| field.path.clone());
        place.shape = spot.shape.clone();
        place
    }

    fn document(&self, one: &DocumentMember, documents: Option<&Documents>) -> FindingPlace {
        let mut place = self.row(one.record);
        if let Some(row) = one.row {
            place.file = documents.map_or(String::new(), |documents| documents.place().to_owned());
            place.row = row;
        }
        place.group = Some(one.group);
        place
    }
}

/// The section of `check`: nothing when nothing was found.
pub fn describe(counts: &[FindingCount]) -> String {
    let mut text = String::new();
    if counts.is_empty() {
        return text;
    }
    let total: u64 = counts.iter().map(|count| count.count).sum();
    let _ = write!(
        text,
        "\n\nfindings ({} in all; docs/findings.md)",
        thousands(total)
    );
    let margin = " ".repeat(15);
    for count in counts {
        let (meaning, advice) = meaning_and_advice(count.kind);
        let blocks = match count.action {
            "block" => " (blocks)",
            _ => "",
        };
        let _ = write!(
            text,
            "\n  {:>11}  {}{blocks}: {meaning}",
            thousands(count.count),
            count.kind
        );
        if !count.places.is_empty() {
            let _ = write!(text, "\n{margin}{}", shown_places(count));
        }
        let _ = write!(text, "\n{margin}{advice}");
    }
    text
}

/// The first places; those of a group stand together.
fn shown_places(count: &FindingCount) -> String {
    let mut text = String::new();
    let mut group = None;
    for (number, place) in count.places.iter().enumerate() {
        if number > 0 {
            text.push_str(if place.group == group { ", " } else { "; " });
        }
        group = place.group;
        text.push_str(&place.file);
        if place.row > 0 {
            let _ = write!(text, ":{}", place.row);
        }
        if let Some(id) = &place.id {
            let _ = write!(text, " ({})", printable(id));
        }
        if let Some(path) = &place.path {
            let _ = write!(text, " {path}");
        }
        if !place.shape.is_empty() {
            let _ = write!(text, " `{}`", place.shape);
        }
    }
    if count.count > count.places.len() as u64 {
        text.push_str(", …");
    }
    text
}

/// An id in which everything can be seen: what a terminal would hide or obey is written as its code.
fn printable(id: &str) -> String {
    let mut shown = String::with_capacity(id.len());
    for c in id.chars() {
        match c.is_control() || is_invisible(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown
}

/// One line for a terminal before anything is sent; nothing when nothing was found.
pub fn in_short(counts: &[FindingCount]) -> Option<String> {
    if counts.is_empty() {
        return None;
    }
    let words = counts.iter().map(|count| {
        let blocks = match count.action {
            "block" => " (blocked)",
            _ => "",
        };
        format!("{} {}{blocks}", count.kind, thousands(count.count))
    });
    Some(format!(
        "findings: {}; `check` shows where, findings.csv of the report lists them all",
        words.collect::<Vec<_>>().join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn ids_show_what_is_hidden_in_them() {
        assert_eq!(printable("A\u{202e}1\u{200b}"), "A\\u{202e}1\\u{200b}");
        assert_eq!(printable("O'Neil-É"), "O'Neil-É");
    }
}
