//! The gaps by the day they are due: counted for people, line by line for a spreadsheet.
//!
//! Owner of the columns of `gaps --csv`. Lines go from the journal to the file one at a time, and only the first few are
//! kept for the text. Invariant: a gap is counted once in every table.
//! Left out on purpose: what fills a gap (`sheet`), and printing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::files::CsvFile;
use bakkt_files::output::{FileStart, NewFile};
use bakkt_journal::Reader;
use bakkt_journal::read::{AT_BAKKT, DatedGap, GapRecord};
use bakkt_model::grace::{Bucket, Due, Grace};
use bakkt_model::number::thousands;

/// Lines that the text shows.
const SHOWN: usize = 50;
/// Fields that the text shows.
const FIELDS: usize = 30;

const COLUMNS: &[&str] = &[
    "due",
    "clientAccountId",
    "path",
    "level",
    "reason",
    "file",
    "row",
    "opened",
    "ageDays",
    "status",
    "waivedBy",
    "waivedFor",
];

/// Which gaps.
pub struct Filter<'a> {
    /// Whether a path is wanted.
    pub covers: &'a dyn Fn(&str) -> bool,
    /// Only those that stand in this file.
    pub source: Option<&'a str>,
    /// Those that were waived, instead of the open ones and those that Bakkt still has although the plan has their value.
    pub waived: bool,
    /// Only those that are due by this day.
    pub until: Option<Date>,
}

impl Filter<'_> {
    /// Whether a gap is one of them.
    pub(crate) fn takes(&self, gap: &DatedGap<'_>, due: Due) -> bool {
        let soon = || match (self.until, due) {
            (None, _) => true,
            (Some(until), Due::On(date)) => date <= until,
            (Some(_), _) => false,
        };
        let here = || {
            self.source
                .is_none_or(|source| gap.origin.file == Some(source))
        };
        let is_asked = gap.status != AT_BAKKT && self.waived == (gap.status == "waived");
        is_asked && soon() && here() && (self.covers)(gap.path)
    }
}

/// The day of the list and the grace period, which decide what is past due.
#[derive(Clone, Copy, Debug)]
pub struct DueBasis<'a> {
    /// The day.
    pub today: Date,
    /// The grace period.
    pub grace: &'a Grace,
}

/// The gaps, counted.
#[derive(Debug, Default, Serialize)]
pub struct GapList {
    /// All of them.
    pub gaps: u64,
    /// Customers who have them.
    pub customers: u64,
    /// Those that are past due.
    pub past_due: u64,
    /// By how soon they are due, the most urgent first.
    pub due: Vec<GroupCount>,
    /// By contract path, most frequent first.
    pub fields: Vec<GroupCount>,
    /// By source file, most frequent first.
    pub sources: Vec<GroupCount>,
    /// The first ones.
    pub first: Vec<GapListLine>,
}

/// How many gaps a group has.
#[derive(Debug, Serialize)]
pub struct GroupCount {
    /// What the group has in common.
    pub of: String,
    /// How many.
    pub gaps: u64,
}

/// A line of the list of gaps.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // the columns of the file
pub struct GapListLine {
    pub due: String,
    #[serde(rename = "clientAccountId")]
    pub client_id: String,
    pub path: String,
    pub level: String,
    pub reason: String,
    pub file: String,
    pub row: u64,
    pub opened: String,
    #[serde(rename = "ageDays")]
    pub age: i64,
}

#[derive(Default)]
struct GapTally {
    due: BTreeMap<Bucket, u64>,
    fields: BTreeMap<String, u64>,
    sources: BTreeMap<String, u64>,
    last: Option<i64>,
}

/// How `gaps --csv` begins.
pub fn begins() -> FileStart {
    FileStart::columns(COLUMNS)
}

/// Lists the gaps; `csv` gets every line.
pub fn list(
    reader: &Reader,
    filter: &Filter<'_>,
    seen: DueBasis<'_>,
    csv: Option<NewFile>,
) -> anyhow::Result<GapList> {
    let (mut list, mut tally) = (GapList::default(), GapTally::default());
    match csv {
        None => each(reader, filter, seen, |record, gap, due| {
            list.add(record, gap, (due, seen.today), &mut tally)
        })?,
        Some(file) => {
            let mut out = CsvFile::new(file, COLUMNS)?;
            each(reader, filter, seen, |record, gap, due| {
                list.add(record, gap, (due, seen.today), &mut tally)?;
                out.text(&due.to_string())?;
                out.maybe(gap.origin.client_id)?;
                out.text(gap.path)?;
                out.text(gap.level)?;
                out.text(gap.reason)?;
                out.maybe(gap.origin.file)?;
                out.number_or_none(Some(gap.origin.row))?;
                let (opened, age) = age(gap.opened_at, seen.today)?;
                out.text(&opened)?;
                out.number(age)?;
                out.text(gap.status)?;
                out.maybe(gap.waived_by)?;
                out.maybe(gap.waived_for)?;
                out.end()
            })?;
            out.into_inner()?.finish()?;
        }
    }
    list.finish(tally);
    Ok(list)
}

/// Every gap that a filter takes, by the day it is due.
pub fn each(
    reader: &Reader,
    filter: &Filter<'_>,
    seen: DueBasis<'_>,
    mut each: impl FnMut(GapRecord, &DatedGap<'_>, Due) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    reader.each_gap_by_day(|record, gap| {
        let due = seen.grace.due(record.accepted_at)?;
        if filter.takes(&gap, due) {
            each(record, &gap, due)?;
        }
        Ok(())
    })
}

/// The day on which a gap was opened, and how many days ago that was.
fn age(opened_at: i64, today: Date) -> anyhow::Result<(String, i64)> {
    let opened = Timestamp::from_millisecond(opened_at)?
        .to_zoned(TimeZone::UTC)
        .date();
    let days = today.duration_since(opened).as_hours() / 24;
    Ok((opened.to_string(), days))
}

impl GapList {
    fn add(
        &mut self,
        record: GapRecord,
        gap: &DatedGap<'_>,
        (due, today): (Due, Date),
        tally: &mut GapTally,
    ) -> anyhow::Result<()> {
        let bucket = due.bucket(today);
        self.gaps += 1;
        self.past_due += u64::from(bucket == Bucket::PastDue);
        self.customers += u64::from(tally.last.replace(record.record) != Some(record.record));
        *tally.due.entry(bucket).or_default() += 1;
        bump(&mut tally.fields, gap.path);
        bump(&mut tally.sources, gap.origin.file.unwrap_or_default());
        if self.first.len() < SHOWN {
            let (opened, age) = age(gap.opened_at, today)?;
            self.first.push(GapListLine {
                due: due.to_string(),
                client_id: gap.origin.client_id.unwrap_or_default().to_owned(),
                path: gap.path.to_owned(),
                level: gap.level.to_owned(),
                reason: gap.reason.to_owned(),
                file: gap.origin.file.unwrap_or_default().to_owned(),
                row: gap.origin.row,
                opened,
                age,
            });
        }
        Ok(())
    }

    fn finish(&mut self, tally: GapTally) {
        let of = |bucket: Bucket| GroupCount {
            of: bucket.word().to_owned(),
            gaps: tally.due.get(&bucket).copied().unwrap_or_default(),
        };
        self.due = Bucket::ALL.into_iter().map(of).collect();
        self.fields = most_first(tally.fields);
        self.sources = most_first(tally.sources);
    }

    /// The list in lines; `what` are the gaps of the list, such as "open gaps".
    pub fn text(&self, what: &str) -> String {
        let mut lines = vec![format!(
            "{} {what} of {} customers",
            thousands(self.gaps),
            thousands(self.customers)
        )];
        if self.gaps == 0 {
            return lines.concat();
        }
        let count = |count: &GroupCount| format!("  {:>11}  {}", thousands(count.gaps), count.of);
        lines.push("\nby the day they are due".to_owned());
        lines.extend(self.due.iter().filter(|due| due.gaps > 0).map(count));
        lines.push("\nby field".to_owned());
        lines.extend(self.fields.iter().take(FIELDS).map(count));
        let (fields, sum) = rest(&self.fields);
        if fields > 0 {
            lines.push(format!("  {:>11}  of {fields} more", thousands(sum)));
        }
        lines.push("\nby source".to_owned());
        lines.extend(self.sources.iter().map(count));
        lines.push(match self.first.len() as u64 {
            few if few < self.gaps => format!("\nthe first {few}; --csv FILE has all of them"),
            _ => "\nall of them".to_owned(),
        });
        lines.extend(self.first.iter().map(GapListLine::text));
        lines.join("\n")
    }
}

fn rest(fields: &[GroupCount]) -> (usize, u64) {
    let rest = fields.get(FIELDS..).unwrap_or_default();
    (rest.len(), rest.iter().map(|field| field.gaps).sum())
}

impl GapListLine {
    fn text(&self) -> String {
        let GapListLine {
            due,
            client_id,
            path,
            level,
            reason,
            ..
        } = self;
        let id = if client_id.is_empty() {
            "(no id)"
        } else {
            client_id
        };
        let (file, row, opened, age) = (&self.file, self.row, &self.opened, self.age);
        format!(
            "  {due:<16}  {id}  {path} {level} {reason}  {file}:{row}  opened {opened}, {age} days ago"
        )
    }
}

fn bump(counts: &mut BTreeMap<String, u64>, of: &str) {
    match counts.get_mut(of) {
        Some(count) => *count += 1,
        None => {
            counts.insert(of.to_owned(), 1);
        }
    }
}

fn most_first(counts: BTreeMap<String, u64>) -> Vec<GroupCount> {
    let counts = counts.into_iter();
    let mut counts: Vec<GroupCount> = counts.map(|(of, gaps)| GroupCount { of, gaps }).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.gaps));
    counts
}
