//! What `check` tells of data: every kind of gap with its count, the first places, and what stood there, masked.
//!
//! Owner of [`VerdictTally`], which counts records and gaps, and of [`Problem`], a kind of gap as it is shown. A kind is a field, a
//! reason, and whether it blocks; rows of an export of owners are one field whatever their number in the account.
//! Invariants: no value, only shapes; counts are whole, however little of a kind is shown; memory does not grow with the
//! rows: of each kind a few places and a bounded number of shapes are kept.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use serde::Serialize;

use bakkt_mapping::assess::GapReason;
use bakkt_mapping::assess::plan::PathInfo;
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::scan::PlacedGap;
use bakkt_model::number::thousands;
use bakkt_model::position::{JoinedList, Position, column_letters};
use bakkt_model::verdict::Verdict;

/// Places of a kind that are shown.
const PLACES: usize = 3;
/// Places of a kind that are kept: some may turn out to be duplicates.
const KEPT_PLACES: usize = 12;
/// Shapes of a kind that are shown.
const SHAPES: usize = 3;
/// Shapes of a kind that are told apart: a spelling that is worth a line in the mapping comes before so many others.
const KEPT_SHAPES: usize = 512;
/// Kinds of a section that are shown.
const KINDS: usize = 25;
/// Kinds that `--json` lists.
pub const LISTED: usize = 200;

/// Counts of the records, by verdict and gap.
#[derive(Default)]
pub struct VerdictTally {
    /// Records by verdict.
    pub verdicts: [u64; 5],
    /// Gaps by path.
    pub gaps: Vec<u64>,
    /// By path.
    kinds: Vec<Vec<GapKindTally>>,
}

/// The gaps of one path and reason.
struct GapKindTally {
    reason: GapReason,
    blocks: bool,
    count: u64,
    places: Vec<GapSpot>,
    shapes: HashMap<String, u64>,
    /// Values whose shapes came when there was room for no more.
    others: u64,
}

/// Where a gap stands, and the masked shape of the value there.
#[derive(Debug)]
struct GapSpot {
    record: u32,
    list: JoinedList,
    at: Position,
    shape: String,
}

impl VerdictTally {
    /// Counts a record, by its number and where it begins.
    pub fn add<'a>(
        &mut self,
        verdict: Verdict,
        (record, at): (u32, Position),
        gaps: impl IntoIterator<Item = PlacedGap<'a>>,
    ) {
        self.verdicts[verdict as usize] += 1;
        for found in gaps {
            let (count, seen) = self.kind(verdict, &found);
            *count += 1;
            seen.count += 1;
            if seen.places.len() < KEPT_PLACES {
                seen.places.push(GapSpot {
                    record,
                    list: found.at.map_or(JoinedList::Group, |(list, _)| list),
                    at: found.at.map_or(at, |(_, at)| at),
                    shape: found.shape.to_owned(),
                });
            }
            if found.shape.is_empty() {
                continue;
            }
            let room = seen.shapes.len() < KEPT_SHAPES;
            match seen.shapes.get_mut(found.shape) {
                Some(count) => *count += 1,
                None if room => {
                    seen.shapes.insert(found.shape.to_owned(), 1);
                }
                None => seen.others += 1,
            }
        }
    }

    /// Takes a record back that was counted, because it turned out to be a duplicate.
    pub fn take_back<'a>(
        &mut self,
        verdict: Verdict,
        record: u32,
        gaps: impl IntoIterator<Item = PlacedGap<'a>>,
    ) {
        let less = |count: &mut u64| *count = count.saturating_sub(1);
        less(&mut self.verdicts[verdict as usize]);
        for found in gaps {
            let (count, seen) = self.kind(verdict, &found);
            less(count);
            less(&mut seen.count);
            seen.places.retain(|place| place.record != record);
            if found.shape.is_empty() {
                continue;
            }
            // A shape that was told apart was so from its first time on.
            less(match seen.shapes.get_mut(found.shape) {
                Some(count) => count,
                None => &mut seen.others,
            });
        }
    }

    /// Counts records of one verdict under another.
    pub fn change(&mut self, from: Verdict, to: Verdict, records: u64) {
        self.verdicts[from as usize] -= records;
        self.verdicts[to as usize] += records;
    }

    fn kind(&mut self, verdict: Verdict, found: &PlacedGap<'_>) -> (&mut u64, &mut GapKindTally) {
        let path = found.gap.path as usize;
        if self.gaps.len() <= path {
            self.gaps.resize(path + 1, 0);
            self.kinds.resize_with(path + 1, Vec::new);
        }
        let blocks = verdict == Verdict::Blocked && found.gap.level.breaks();
        let kinds = &mut self.kinds[path];
        let known = kinds
            .iter()
            .position(|kind| kind.blocks == blocks && kind.reason == found.gap.reason);
        let place = known.unwrap_or_else(|| {
            kinds.push(GapKindTally {
                reason: found.gap.reason,
                blocks,
                count: 0,
                places: Vec::new(),
                shapes: HashMap::new(),
                others: 0,
            });
            kinds.len() - 1
        });
        (&mut self.gaps[path], &mut kinds[place])
    }

    /// Every kind that there is, the most frequent first. `further` are gaps that no row has, by path and reason.
    pub fn problems(
        &self,
        pipeline: &Pipeline,
        further: &BTreeMap<(String, String), u64>,
    ) -> Vec<Problem> {
        let mut problems: BTreeMap<(bool, String, String), Problem> = BTreeMap::new();
        for (info, kinds) in pipeline.plan.paths.iter().zip(&self.kinds) {
            let path = shown_path(info, pipeline);
            for kind in kinds.iter().filter(|kind| kind.count > 0) {
                let key = (!kind.blocks, path.clone(), kind.reason.text());
                let problem = problems
                    .entry(key)
                    .or_insert_with(|| Problem::of(info, &path, kind));
                problem.add(kind, pipeline, info.reads.first().copied());
            }
        }
        for ((path, reason), count) in further {
            let key = (true, path.clone(), reason.clone());
            let problem = problems.entry(key).or_insert_with(|| Problem {
                path: path.clone(),
                reason: reason.clone(),
                ..Problem::default()
            });
            problem.count += count;
        }
        let mut problems: Vec<Problem> = problems.into_values().collect();
        problems.iter_mut().for_each(Problem::finish);
        problems.sort_by_key(|problem| (!problem.blocks, std::cmp::Reverse(problem.count)));
        problems
    }
}

/// The path of a gap; rows of an export of their own are all the same field.
fn shown_path(info: &PathInfo, pipeline: &Pipeline) -> String {
    let Some((each, place)) = info.element else {
        return info.path.clone();
    };
    let each = &pipeline.mapper.each()[each];
    info.path
        .replacen(&format!("[{}]", each.base + place), "[]", 1)
}

/// A kind of gap, as it is shown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Problem {
    /// The field.
    pub path: String,
    /// What is wrong.
    pub reason: String,
    /// Whether the records are not sent because of it.
    pub blocks: bool,
    /// Gaps of this kind.
    pub count: u64,
    /// The columns that the field comes from.
    pub columns: Vec<String>,
    /// File and line of the mapping; null where nothing feeds the field.
    pub mapping: Option<String>,
    /// The first places.
    pub places: Vec<ValuePlace>,
    /// What stood there, masked: the most frequent shapes.
    pub shapes: Vec<ShapeCount>,
    /// Values of other shapes.
    pub other_shapes: u64,
}

/// Where a value stands, as a person finds it.
#[derive(Clone, Debug, Serialize)]
pub struct ValuePlace {
    /// The name of the file.
    pub file: String,
    /// The sheet, of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The line where its row begins, or the row of the sheet.
    pub row: u64,
    /// As a spreadsheet names it, of a workbook: the first of the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// What stood there, masked; empty where nothing did.
    pub shape: String,
}

/// What values look like, and how many do.
#[derive(Clone, Debug, Serialize)]
pub struct ShapeCount {
    /// The masked shape.
    pub shape: String,
    /// Values.
    pub count: u64,
}

impl Problem {
    fn of(info: &PathInfo, path: &str, kind: &GapKindTally) -> Problem {
        Problem {
            path: path.to_owned(),
            reason: kind.reason.text(),
            blocks: kind.blocks,
            columns: info.columns.clone(),
            mapping: (!info.written.is_empty()).then(|| info.written.clone()),
            ..Problem::default()
        }
    }

    fn add(&mut self, kind: &GapKindTally, pipeline: &Pipeline, column: Option<usize>) {
        self.count += kind.count;
        self.other_shapes += kind.others;
        self.places.extend(kind.places.iter().map(|spot| {
            let export = pipeline.export_of(spot.list);
            let sheet = export.sheet(spot.at).map(str::to_owned);
            ValuePlace {
                file: export.file_name(spot.at).to_owned(),
                cell: sheet
                    .as_ref()
                    .and(column)
                    .map(|column| format!("{}{}", column_letters(column), spot.at.row)),
                sheet,
                row: spot.at.row,
                shape: spot.shape.clone(),
            }
        }));
        for (shape, count) in kind.shapes.iter().filter(|(_, count)| **count > 0) {
            match self.shapes.iter_mut().find(|known| known.shape == *shape) {
                Some(known) => known.count += count,
                None => self.shapes.push(ShapeCount {
                    shape: shape.clone(),
                    count: *count,
                }),
            }
        }
    }

    /// The first places and the most frequent shapes.
    fn finish(&mut self) {
        self.places
            .sort_by(|a, b| (&a.file, a.row).cmp(&(&b.file, b.row)));
        self.places.truncate(PLACES);
        self.shapes
            .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.shape.cmp(&b.shape)));
        let rest = self.shapes.iter().skip(SHAPES).map(|shape| shape.count);
        self.other_shapes += rest.sum::<u64>();
        self.shapes.truncate(SHAPES);
    }

    fn describe(&self, text: &mut String) {
        let _ = write!(
            text,
            "\n  {:>11}  {} {}",
            thousands(self.count),
            self.path,
            self.reason
        );
        let from: Vec<String> = [(!self.columns.is_empty()).then(|| self.columns.join(", "))]
            .into_iter()
            .chain([self.mapping.clone()])
            .flatten()
            .collect();
        if !from.is_empty() {
            let _ = write!(text, " ({})", from.join("; "));
        }
        let margin = " ".repeat(15);
        let places: Vec<String> = self.places.iter().map(ValuePlace::describe).collect();
        if !places.is_empty() {
            let more = if self.count > places.len() as u64 {
                ", …"
            } else {
                ""
            };
            let _ = write!(text, "\n{margin}{}{more}", places.join(", "));
        }
        let looked_at: u64 = self.shapes.iter().map(|shape| shape.count).sum();
        if looked_at + self.other_shapes <= places.len() as u64 {
            return;
        }
        let mut shapes: Vec<String> = self
            .shapes
            .iter()
            .map(|shape| format!("`{}` {}", shape.shape, thousands(shape.count)))
            .collect();
        if self.other_shapes > 0 {
            shapes.push(format!("others {}", thousands(self.other_shapes)));
        }
        let _ = write!(text, "\n{margin}shapes: {}", shapes.join(", "));
    }
}

impl ValuePlace {
    fn describe(&self) -> String {
        let mut text = match (&self.sheet, &self.cell) {
            (Some(sheet), Some(cell)) => format!("{}:{sheet}!{cell}", self.file),
            (Some(sheet), None) => format!("{}:{sheet}!{}", self.file, self.row),
            (None, _) => format!("{}:{}", self.file, self.row),
        };
        if !self.shape.is_empty() {
            let _ = write!(text, " `{}`", self.shape);
        }
        text
    }
}

/// The kinds that block records, then the others.
pub fn describe(problems: &[Problem]) -> String {
    let mut text = String::new();
    for (title, blocks) in [("what blocks records", true), ("other gaps", false)] {
        let kinds = problems.iter().filter(|problem| problem.blocks == blocks);
        let kinds: Vec<&Problem> = kinds.collect();
        if kinds.is_empty() {
            continue;
        }
        let sum = |kinds: &[&Problem]| kinds.iter().map(|kind| kind.count).sum::<u64>();
        let _ = write!(text, "\n\n{title} ({} in all)", thousands(sum(&kinds)));
        let (shown, rest) = kinds.split_at(kinds.len().min(KINDS));
        shown.iter().for_each(|kind| kind.describe(&mut text));
        if !rest.is_empty() {
            let _ = write!(
                text,
                "\n  {:>11}  of {} more kinds",
                thousands(sum(rest)),
                rest.len()
            );
        }
    }
    text
}
