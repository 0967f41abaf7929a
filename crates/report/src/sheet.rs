//! The workbook in which people fill in what is missing.
//!
//! Owner of its layout: the sheet "Backfill" (a title, words, paths, then a line per customer), "Fields", which says what each
//! path is, and the hidden "Lists" behind the drop-downs. Invariants: only cells that are asked for are open, all others are
//! locked and hold a dash; lines go to a temporary file one at a time, so size does not matter; an earlier one is
//! replaced only while nobody filled it in. Left out on purpose: which cells are asked for, and every word about the contract: those are handed in.

use anyhow::Context;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Formula, ProtectionOptions, Workbook, Worksheet, XlsxError,
};

use super::library_calls::with_disk_errors;
use super::marked_archive::MarkedArchive;
use bakkt_files::output::{FileStart, NewFile};
use bakkt_model::error::ShownPath;
use bakkt_model::position::column_letters;

/// The sheet that is filled in.
pub(crate) const SHEET: &str = "Backfill";
/// In a cell that is not to be filled in.
pub(crate) const CLOSED: &str = "–";
/// Before the name of a column that only tells.
pub(crate) const KNOWN: &str = "known:";
/// Most lines that a sheet can have; a spreadsheet ends at 1,048,576.
pub const MOST_LINES: u64 = 1_000_000;
/// Most columns; a spreadsheet ends at 16,384.
pub const MOST_COLUMNS: usize = 16_000;

const KEY: &str = "clientAccountId";
/// Lines above the first customer.
const HEAD: u32 = 3;
/// A spreadsheet's limits of the words beside a cell.
const LONGEST_TITLE: usize = 32;
const LONGEST_MESSAGE: usize = 255;
/// Dates that a spreadsheet may take: what is older is a slip.
const FIRST_DAY: (u16, u8, u8) = (1900, 1, 1);
const LAST_DAY: (u16, u8, u8) = (2199, 12, 31);

/// What may be entered into a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellEntry {
    /// Any text.
    Text,
    /// One of a list, by its number.
    List(usize),
    /// Of a list, by its number, one or several, which a drop-down cannot give.
    Several(usize),
    /// A date.
    Date,
    /// A whole number.
    Whole,
    /// A number from 0 to 100.
    Percent,
}

/// A column to fill in.
#[derive(Clone, Debug)]
pub struct SheetColumn {
    /// The contract path.
    pub path: String,
    /// The same in words.
    pub words: String,
    /// Why it is asked for.
    pub why: String,
    /// What may be written.
    pub form: String,
    /// What the cells take.
    pub entry: CellEntry,
    /// What it is to the account, in words.
    pub level: String,
    /// What is wrong with it, and how often.
    pub wrong: String,
    /// Customers who lack it.
    pub customers: u64,
}

/// A list behind drop-downs.
#[derive(Clone, Debug)]
pub struct DropDownList {
    /// Its name.
    pub name: String,
    /// What can be chosen.
    pub values: Vec<String>,
}

/// The layout of a workbook, and the texts beside its lines.
#[derive(Clone, Debug, Default)]
pub struct SheetPlan {
    /// What it is, for whom and until when.
    pub title: String,
    /// Columns that tell, without their prefix.
    pub known: Vec<&'static str>,
    /// Columns to fill in.
    pub columns: Vec<SheetColumn>,
    /// Lists behind them.
    pub lists: Vec<DropDownList>,
    /// What is not in the sheet, and why.
    pub notes: Vec<String>,
    /// How many customers there will be.
    pub customers: u64,
}

/// At the end of a workbook that nobody but this program has saved. A spreadsheet drops it, so that what people filled in
/// is not taken for an empty sheet.
const COMMENT: &[u8] = b"bakkt-migrate gaps --sheet, not filled in";

/// How an earlier workbook is recognised.
pub fn begins() -> FileStart {
    FileStart::Archive(COMMENT)
}

struct SheetFormats {
    title: Format,
    words: Format,
    head: Format,
    closed: Format,
    open: Format,
    open_date: Format,
    plain: Format,
}

/// A workbook that is being written.
pub struct GapWorkbook {
    file: NewFile,
    workbook: Workbook,
    plan: SheetPlan,
    looks: SheetFormats,
    row: u32,
}

impl GapWorkbook {
    /// Begins a workbook that goes to a file.
    pub fn begin(file: NewFile, plan: SheetPlan) -> anyhow::Result<GapWorkbook> {
        let mut workbook = Workbook::new();
        // What may hold customers' data is on its way where it is to be, and nowhere else.
        workbook
            .set_tempdir(file.folder())
            .with_context(|| format!("{} cannot be written", file.path().shown()))?;
        let mut book = GapWorkbook {
            file,
            workbook,
            plan,
            looks: SheetFormats::new(),
            row: HEAD,
        };
        book.on_disk(GapWorkbook::head)?;
        Ok(book)
    }

    /// Calls the library, which writes temporary files.
    fn on_disk(
        &mut self,
        write: impl FnOnce(&mut GapWorkbook) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        with_disk_errors(|| write(self))
            .with_context(|| format!("{} cannot be written", self.file.path().shown()))
    }

    fn head(&mut self) -> anyhow::Result<()> {
        let (plan, looks) = (&self.plan, &self.looks);
        let last = HEAD + u32::try_from(plan.customers)?.max(1) - 1;
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(SHEET)?;
        sheet.set_freeze_panes(HEAD, 1 + plan.known.len() as u16)?;
        sheet.set_landscape();
        sheet.set_repeat_rows(0, HEAD - 1)?;
        sheet.set_repeat_columns(0, 0)?;
        sheet.set_column_width(0, 22)?;
        sheet.set_row_height(1, 32)?;
        sheet.set_row_height(2, 26)?;
        sheet.write_string_with_format(0, 0, &plan.title, &looks.title)?;
        sheet.write_string_with_format(1, 0, "Account number", &looks.words)?;
        for (place, known) in (1..).zip(&plan.known) {
            sheet.set_column_width(place, 24)?;
            sheet.write_string_with_format(1, place, format!("Known: {known}"), &looks.words)?;
        }
        let first = 1 + plan.known.len() as u16;
        for (place, column) in (first..).zip(&plan.columns) {
            sheet.set_column_width(place, 26)?;
            sheet.write_string_with_format(1, place, &column.words, &looks.words)?;
        }
        sheet.write_string_with_format(2, 0, KEY, &looks.head)?;
        for (place, known) in (1..).zip(&plan.known) {
            sheet.write_string_with_format(2, place, format!("{KNOWN}{known}"), &looks.head)?;
        }
        for (place, column) in (first..).zip(&plan.columns) {
            sheet.write_string_with_format(2, place, &column.path, &looks.head)?;
            sheet.add_data_validation(HEAD, place, last, place, &rule(column, &plan.lists)?)?;
        }
        sheet.autofilter(2, 0, last, first + plan.columns.len() as u16 - 1)?;
        sheet.protect_with_options(&ProtectionOptions {
            use_autofilter: true,
            sort: true,
            format_columns: true,
            format_rows: true,
            ..ProtectionOptions::default()
        });
        Ok(())
    }

    /// Adds a customer: id, what is known, and the columns that are open, in ascending order.
    pub fn line(&mut self, id: &str, known: &[String], open: &[usize]) -> anyhow::Result<()> {
        self.on_disk(|book| book.cells(id, known, open))
    }

    fn cells(&mut self, id: &str, known: &[String], open: &[usize]) -> anyhow::Result<()> {
        let looks = &self.looks;
        let sheet = self.workbook.worksheet_from_index(0)?;
        sheet.write_string_with_format(self.row, 0, id, &looks.closed)?;
        for (place, text) in (1..).zip(known) {
            sheet.write_string_with_format(self.row, place, text, &looks.closed)?;
        }
        let first = 1 + known.len() as u16;
        let mut open = open.iter().peekable();
        for (place, column) in self.plan.columns.iter().enumerate() {
            let at = first + place as u16;
            if open.next_if(|next| **next == place).is_none() {
                sheet.write_string_with_format(self.row, at, CLOSED, &looks.closed)?;
                continue;
            }
            let look = match column.entry {
                CellEntry::Date => &looks.open_date,
                CellEntry::Whole | CellEntry::Percent => &looks.plain,
                CellEntry::Text | CellEntry::List(_) | CellEntry::Several(_) => &looks.open,
            };
            sheet.write_blank(self.row, at, look)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Writes the file.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.on_disk(GapWorkbook::fields)?;
        self.on_disk(GapWorkbook::lists)?;
        let cannot = format!("{} cannot be written", self.file.path().shown());
        let mut bytes = MarkedArchive::new(self.file, COMMENT);
        let saved = with_disk_errors(|| Ok(self.workbook.save_to_writer(&mut bytes)?));
        saved.context(cannot)?;
        bytes.end()?.finish()
    }

    fn fields(&mut self) -> anyhow::Result<()> {
        const COLUMNS: [(&str, f64); 9] = [
            ("Field", 48.0),
            ("In words", 40.0),
            ("Level", 26.0),
            ("Why it is asked for", 44.0),
            ("What is wrong", 44.0),
            ("What to write", 44.0),
            ("List", 24.0),
            ("Allowed values", 60.0),
            ("Customers", 12.0),
        ];
        let (plan, looks) = (&self.plan, &self.looks);
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name("Fields")?;
        sheet.set_freeze_panes(1, 1)?;
        for (place, (name, width)) in (0..).zip(COLUMNS) {
            sheet.set_column_width(place, width)?;
            sheet.write_string_with_format(0, place, name, &looks.head)?;
        }
        let mut row = 1;
        for column in &plan.columns {
            let list = match column.entry {
                CellEntry::List(list) | CellEntry::Several(list) => plan.lists.get(list),
                _ => None,
            };
            let allowed = list.map_or_else(String::new, |list| match list.values.len() {
                few if few <= 15 => list.values.join(", "),
                many => format!("{many} to choose from"),
            });
            let cells = [
                column.path.as_str(),
                &column.words,
                &column.level,
                &column.why,
                &column.wrong,
                &column.form,
                list.map_or("", |list| list.name.as_str()),
                &allowed,
            ];
            for (place, cell) in (0..).zip(cells) {
                sheet.write_string_with_format(row, place, cell, &looks.plain)?;
            }
            sheet.write_number_with_format(row, 8, column.customers as f64, &looks.plain)?;
            row += 1;
        }
        row += 1;
        for note in &plan.notes {
            sheet.write_string(row, 0, note)?;
            row += 1;
        }
        sheet.protect();
        Ok(())
    }

    fn lists(&mut self) -> anyhow::Result<()> {
        let sheet: &mut Worksheet = self.workbook.add_worksheet();
        sheet.set_name("Lists")?;
        for (place, list) in (0..).zip(&self.plan.lists) {
            sheet.write_string_with_format(0, place, &list.name, &self.looks.head)?;
            for (row, value) in (1..).zip(&list.values) {
                sheet.write_string(row, place, value)?;
            }
        }
        sheet.set_hidden(true);
        sheet.protect();
        Ok(())
    }
}

impl SheetFormats {
    fn new() -> SheetFormats {
        let bordered = || {
            Format::new()
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0xC5CDD9))
        };
        let head = || {
            bordered()
                .set_bold()
                .set_background_color(Color::RGB(0xDCE3EC))
        };
        let open = || bordered().set_unlocked();
        SheetFormats {
            title: Format::new().set_bold().set_font_size(13.0),
            words: head().set_text_wrap().set_align(FormatAlign::Top),
            head: head()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_font_size(9.0),
            closed: bordered()
                .set_background_color(Color::RGB(0xEDEFF2))
                .set_font_color(Color::RGB(0x5A6472)),
            // As a text: a phone number keeps its plus, a code its zeros.
            open: open().set_num_format("@"),
            open_date: open().set_num_format("yyyy-mm-dd"),
            plain: open(),
        }
    }
}

/// What a spreadsheet checks and says about the cells of a column.
fn rule(column: &SheetColumn, lists: &[DropDownList]) -> Result<DataValidation, XlsxError> {
    let rule = DataValidation::new();
    let day = |(year, month, day)| ExcelDateTime::from_ymd(year, month, day);
    let rule = match &column.entry {
        CellEntry::Text => rule.allow_any_value(),
        CellEntry::List(list) | CellEntry::Several(list) => {
            let values = lists.get(*list).map_or(0, |list| list.values.len());
            let letters = column_letters(*list);
            let range = format!("=Lists!${letters}$2:${letters}${}", values + 1);
            rule.allow_list_formula(Formula::new(range))
        }
        CellEntry::Date => {
            rule.allow_date(DataValidationRule::Between(day(FIRST_DAY)?, day(LAST_DAY)?))
        }
        CellEntry::Whole => rule.allow_whole_number(DataValidationRule::Between(0, i32::MAX)),
        CellEntry::Percent => rule.allow_decimal_number(DataValidationRule::Between(0.0, 100.0)),
    };
    // A warning lets pass what is not one of the list.
    let rule = match column.entry {
        CellEntry::Several(_) => rule.set_error_style(DataValidationErrorStyle::Warning),
        _ => rule,
    };
    let message = format!("{}. {}.", sentence(&column.why), sentence(&column.form));
    rule.set_input_title(short(&column.words, LONGEST_TITLE))?
        .set_input_message(short(&message, LONGEST_MESSAGE))?
        .set_error_title("This does not fit")?
        .set_error_message(short(
            &format!("Please write: {}.", column.form),
            LONGEST_MESSAGE,
        ))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// At most so many characters.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_within_a_spreadsheets_limits() {
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("abcd", 3), "ab…");
        assert_eq!(sentence("it is. One"), "It is. One");
    }
}
