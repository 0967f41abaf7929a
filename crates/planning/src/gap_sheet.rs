//! `gaps --sheet`: which cells the workbook has.
//!
//! Owner of what a gap comes to: cells to fill in, or a reason why a cell does not help. Two passes over the journal: the
//! first finds the columns, the second writes the lines. Invariant: a cell is open only where its customer lacks the field,
//! or where what is filled in beside it may ask for it.
//! Left out on purpose: the workbook itself (`report::sheet`), and the values that are known (`gap_known`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::gap_known::KnownCells;
use bakkt_contract::roles::MANUAL_KYB;
use bakkt_contract::{FieldShape, Form, cells, changes, countries, path, words};
use bakkt_files::output::NewFile;
use bakkt_journal::Reader;
use bakkt_journal::read::{DatedGap, GapRecord, NOT_AT_BAKKT};
use bakkt_mapping::target;
use bakkt_model::error::Failure;
use bakkt_model::{grace::Due, number::thousands};
use bakkt_report::gap_list::{DueBasis, Filter, each};
use bakkt_report::sheet::{
    CellEntry, DropDownList, GapWorkbook, MOST_COLUMNS, MOST_LINES, SheetColumn, SheetPlan,
};

/// Why gaps have no cell, by number.
const WITHOUT: [&str; 8] = [
    "documents: they are uploads; put them into the documents folder and run `replan`",
    "withheld values: they are known, and go with the fields that are asked for",
    "fields that an update of an account which Bakkt has may not change: they go by Bakkt's Operations or Compliance",
    "gaps of rows without a clientAccountId: correct the export",
    "owners that are entities: they go by manual KYB",
    "gaps that no single value closes, such as broken rows: correct the export",
    "gaps of accounts that were there before with other data: they are left as they are",
    "gaps whose value is known but not at Bakkt yet: no update with it was accepted; `gaps` says why",
];

/// What the sheet holds.
pub struct WrittenSheet {
    /// Customers in the sheet.
    pub customers: u64,
    /// Cells to fill in.
    pub cells: u64,
    /// Gaps that a spreadsheet cannot close, in words.
    pub notes: Vec<String>,
}

/// What is wrong with a field, seen over all customers.
#[derive(Default)]
struct FieldGaps {
    customers: u64,
    /// The strongest letter last.
    levels: BTreeSet<&'static str>,
    reasons: BTreeMap<String, u64>,
}

/// What the first pass over all customers finds out.
#[derive(Default)]
struct GapSurvey {
    /// By path.
    wanted: HashMap<String, FieldGaps>,
    without: [u64; WITHOUT.len()],
    customers: u64,
    cells: u64,
    due: BTreeSet<Due>,
}

/// Cells of one customer, by path, with what is wrong.
#[derive(Default)]
struct CustomerCells {
    of: Option<(GapRecord, Due)>,
    id: String,
    cells: BTreeMap<String, (&'static str, String)>,
}

/// Writes the workbook.
pub fn write(
    reader: &Reader,
    (filter, seen): (&Filter<'_>, DueBasis<'_>),
    (file, name): (NewFile, &str),
    mut known: Option<KnownCells>,
) -> anyhow::Result<WrittenSheet> {
    let mut survey = GapSurvey::default();
    let mut without = [0; WITHOUT.len()];
    each_customer(reader, filter, seen, &mut without, |open| {
        survey.add(open);
        Ok(())
    })?;
    survey.without = without;
    refuse_too_large(&survey)?;
    let notes = survey.notes();
    if survey.customers == 0 {
        return Ok(WrittenSheet {
            customers: 0,
            cells: 0,
            notes,
        });
    }
    let (customers, cells) = (survey.customers, survey.cells);
    let plan = survey.plan(name, seen, known.is_some(), notes.clone());
    let places: HashMap<String, usize> = plan
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| (column.path.clone(), place))
        .collect();
    let mut book = GapWorkbook::begin(file, plan)?;
    each_customer(reader, filter, seen, &mut without, |open| {
        let Some((record, due)) = open.of else {
            return Ok(());
        };
        let mut columns: Vec<usize> = open
            .cells
            .keys()
            .filter_map(|path| places.get(path).copied())
            .collect();
        columns.sort_unstable();
        let mut told = vec![due.to_string()];
        if let Some(known) = &mut known {
            told.extend(known.of(reader, record.record, &open.id)?);
        }
        book.line(&open.id, &told, &columns)
    })?;
    book.finish()?;
    Ok(WrittenSheet {
        customers,
        cells,
        notes,
    })
}

fn refuse_too_large(survey: &GapSurvey) -> anyhow::Result<()> {
    let hint = "make several sheets: --source FILE, --field PATH and --due-within DAYS choose what goes into one";
    if survey.customers > MOST_LINES {
        return Err(Failure::configuration(
            format!(
                "{} customers are more than a sheet can have",
                thousands(survey.customers)
            ),
            hint,
        ));
    }
    if survey.wanted.len() > MOST_COLUMNS {
        return Err(Failure::configuration(
            format!(
                "{} fields are more than a sheet can have",
                survey.wanted.len()
            ),
            hint,
        ));
    }
    Ok(())
}

/// Every customer with at least one cell to fill in.
fn each_customer(
    reader: &Reader,
    filter: &Filter<'_>,
    seen: DueBasis<'_>,
    without: &mut [u64; WITHOUT.len()],
    mut take: impl FnMut(&CustomerCells) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut open = CustomerCells::default();
    each(reader, filter, seen, |record, gap, due| {
        if open.of.is_some_and(|(of, _)| of.record != record.record) {
            open.end(&mut take)?;
        }
        open.of = Some((record, due));
        match asked(record, gap) {
            Ok(leaves) => open.add(gap, leaves),
            Err(why) => without[why] += 1,
        }
        Ok(())
    })?;
    open.end(&mut take)
}

/// The fields to fill in for a gap, or why there are none.
fn asked(record: GapRecord, gap: &DatedGap<'_>) -> Result<Vec<String>, usize> {
    // The numbers are places in [`WITHOUT`].
    if gap.path.starts_with("documents") || gap.path.ends_with(".identityDocument") {
        return Err(0);
    }
    if gap.status == NOT_AT_BAKKT {
        return Err(7);
    }
    if gap.reason == "withheld" {
        return Err(1);
    }
    if gap.origin.client_id.is_none() {
        return Err(3);
    }
    if record.left_alone {
        return Err(6);
    }
    if gap.reason.ends_with(MANUAL_KYB) {
        return Err(4);
    }
    let mut leaves = cells::leaves(gap.path).ok_or(5usize)?;
    leaves.retain(|leaf| !record.at_bakkt || !changes::by_hand(leaf));
    if leaves.is_empty() {
        Err(2)
    } else {
        Ok(leaves)
    }
}

impl CustomerCells {
    fn add(&mut self, gap: &DatedGap<'_>, leaves: Vec<String>) {
        if self.id.is_empty() {
            self.id.push_str(gap.origin.client_id.unwrap_or_default());
        }
        let level = letter(gap.level);
        for leaf in leaves {
            self.cells.insert(leaf, (level, gap.reason.to_owned()));
        }
    }

    /// Hands over the customer, and begins the next.
    fn end(
        &mut self,
        take: &mut impl FnMut(&CustomerCells) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if !self.cells.is_empty() {
            let at_bakkt = self.of.is_some_and(|(of, _)| of.at_bakkt);
            let beside: Vec<String> = self
                .cells
                .keys()
                .flat_map(|path| cells::companions(path))
                .filter(|path| !self.cells.contains_key(path))
                .filter(|path| !at_bakkt || !changes::by_hand(path))
                .collect();
            for path in beside {
                self.cells
                    .insert(path, ("O", "may be needed with what is filled in".into()));
            }
            take(self)?;
        }
        *self = CustomerCells::default();
        Ok(())
    }
}

fn letter(level: &str) -> &'static str {
    match level {
        "W" => "W",
        "H" => "H",
        "G" => "G",
        _ => "O",
    }
}

impl GapSurvey {
    fn add(&mut self, open: &CustomerCells) {
        self.customers += 1;
        self.cells += open.cells.len() as u64;
        self.due.extend(open.of.map(|(_, due)| due));
        for (path, (level, reason)) in &open.cells {
            if !self.wanted.contains_key(path) {
                self.wanted.insert(path.clone(), FieldGaps::default());
            }
            let Some(wanted) = self.wanted.get_mut(path) else {
                continue;
            };
            wanted.customers += 1;
            wanted.levels.insert(level);
            match wanted.reasons.get_mut(reason) {
                Some(count) => *count += 1,
                None => {
                    wanted.reasons.insert(reason.clone(), 1);
                }
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let counts = self.without.iter().zip(WITHOUT);
        counts
            .filter(|(count, _)| **count > 0)
            .map(|(count, what)| format!("{} not in the sheet: {what}", thousands(*count)))
            .collect()
    }

    fn plan(
        self,
        name: &str,
        seen: DueBasis<'_>,
        with_known: bool,
        notes: Vec<String>,
    ) -> SheetPlan {
        let mut lists = Vec::new();
        let patterns = path::patterns();
        let order = |path: &str| {
            let pattern = path::pattern(path);
            let owner: usize = path::index(path, "owners").unwrap_or_default();
            let place = patterns.iter().position(|known| *known == pattern);
            (owner, place, path.to_owned())
        };
        let mut wanted: Vec<(String, FieldGaps)> = self.wanted.into_iter().collect();
        wanted.sort_by_cached_key(|(path, _)| order(path));
        let columns = wanted
            .into_iter()
            .map(|(path, wanted)| column(path, wanted, &mut lists))
            .collect();
        let known = ["due", "name", "email", "phone"];
        SheetPlan {
            title: title(name, seen, &self.due),
            known: known[..if with_known { known.len() } else { 1 }].to_vec(),
            columns,
            lists,
            notes,
            customers: self.customers,
        }
    }
}

fn title(name: &str, seen: DueBasis<'_>, due: &BTreeSet<Due>) -> String {
    let dates = due.iter().filter_map(|due| match due {
        Due::On(date) => Some(date),
        _ => None,
    });
    let until = match (dates.clone().min(), dates.max()) {
        (Some(first), Some(last)) if first == last => format!(" Due on {first}."),
        (Some(first), Some(last)) => format!(" The first are due on {first}, the last on {last}."),
        _ => String::new(),
    };
    format!(
        "Missing customer data of {name}, as of {}. Fill in the white cells; leave empty what nobody knows.{until} Then: bakkt-migrate backfill DIR FILE",
        seen.today
    )
}

fn column(path: String, wanted: FieldGaps, lists: &mut Vec<DropDownList>) -> SheetColumn {
    let (form, several) = match path::find(&path).map(|found| found.field.shape) {
        Some(FieldShape::Leaf(form)) => (form, false),
        Some(FieldShape::Lines(form)) => (form, true),
        Some(FieldShape::Object(_) | FieldShape::List(_)) | None => (Form::Text, false),
    };
    let reasons = wanted.reasons.iter();
    let wrong: Vec<String> = reasons
        .map(|(reason, count)| format!("{reason} ({})", thousands(*count)))
        .collect();
    SheetColumn {
        words: words::words(&path).unwrap_or_else(|| path.clone()),
        why: words::why(&path).to_owned(),
        form: words::form(form, &path).to_owned(),
        entry: entry(form, several, lists),
        level: wanted
            .levels
            .iter()
            .map(|level| level_words(level))
            .collect::<Vec<_>>()
            .join("; "),
        wrong: wrong.join("; "),
        customers: wanted.customers,
        path,
    }
}

fn level_words(level: &str) -> &'static str {
    match level {
        "W" | "H" => "without it, no account",
        "G" => "needed in the grace period",
        _ => "optional",
    }
}

/// What the cells of a form take; lists are made once.
fn entry(form: Form, several: bool, lists: &mut Vec<DropDownList>) -> CellEntry {
    let (name, values): (String, Vec<&str>) = match form {
        Form::PastDate | Form::EventDate(_) | Form::EventTime(_) | Form::DateTime => {
            return CellEntry::Date;
        }
        Form::Integer(..) => return CellEntry::Whole,
        Form::Percent => return CellEntry::Percent,
        Form::Country => (
            format!("countries {}", lists.len() + 1),
            countries::names(several),
        ),
        Form::Boolean => ("yes or no".to_owned(), vec!["yes", "no"]),
        form => match target::words(form) {
            [] => return CellEntry::Text,
            values => (format!("list {}", lists.len() + 1), values.to_vec()),
        },
    };
    let known = lists.iter().position(|list| list.values == values);
    let list = known.unwrap_or_else(|| {
        lists.push(DropDownList {
            name,
            values: values.into_iter().map(str::to_owned).collect(),
        });
        lists.len() - 1
    });
    if several {
        CellEntry::Several(list)
    } else {
        CellEntry::List(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_spreadsheet_can_have_is_refused_with_a_way_out() {
        let mut survey = GapSurvey {
            customers: MOST_LINES,
            ..GapSurvey::default()
        };
        assert!(refuse_too_large(&survey).is_ok());
        survey.customers += 1;
        let said = refuse_too_large(&survey).unwrap_err().to_string();
        assert!(said.contains("1,000,001 customers"), "{said}");
        survey.customers = 1;
        let wide = |number: usize| (number.to_string(), FieldGaps::default());
        survey.wanted = (0..=MOST_COLUMNS).map(wide).collect();
        assert!(refuse_too_large(&survey).is_err());
    }
}
