//! What was found out about a file of an export, for the person who has to judge it.
//!
//! Owner of [`DetectedFile`], in words and as JSON. It holds names of columns and counts, never a cell.

use std::sync::Arc;

use serde::Serialize;

use super::encoding::Encoding;
use super::export::SetBy;
use super::fixed::{Layout, RecordForm};
use super::header::remarks;
use super::lines::RowFormat;
use super::workbook::WorkbookHead;
use super::workbook::serial::DayEpoch;
use bakkt_model::number::thousands;

/// A file of an export: its format, encoding and layout as they were detected.
#[derive(Clone, Debug, Serialize)]
pub struct DetectedFile {
    /// As a person would write it.
    pub file: String,
    /// `CSV`, `CSV in gzip`, `CSV in zstd`, or the kind of workbook.
    pub format: String,
    /// The sheet that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Whether a person has said which one.
    #[serde(skip)]
    pub is_sheet_said: bool,
    /// Other sheets that are shown and have cells, where the settings do not say which is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_sheets: Vec<String>,
    /// Not of a workbook.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "word")]
    pub encoding: Option<Encoding>,
    /// Whether nobody has said so.
    #[serde(skip)]
    pub is_encoding_found: bool,
    /// `comma` and so on; not of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The character, or `none`; not of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Line or row of the header; none: there is no header.
    pub header: Option<u64>,
    /// Rows above it, which are no customers.
    pub titles: u64,
    /// Number of columns.
    pub columns: usize,
    /// The format says the names of the columns, and no row does.
    #[serde(skip)]
    pub(super) names_columns: bool,
    /// From what its plain numbers count the days, when it is a workbook.
    #[serde(skip)]
    pub day_epoch: Option<DayEpoch>,
    /// Where its fields stand, when they have fixed widths.
    #[serde(skip)]
    pub(super) layout: Option<Arc<Layout>>,
    /// Of JSON: the array whose elements are rows.
    #[serde(skip)]
    pub(super) rows_of: Option<String>,
    /// What a person should know.
    pub remarks: Vec<String>,
}

fn word<S: serde::Serializer>(encoding: &Option<Encoding>, to: S) -> Result<S::Ok, S::Error> {
    encoding.map(Encoding::word).serialize(to)
}

impl DetectedFile {
    pub(super) fn new(file: &str, format: String) -> DetectedFile {
        DetectedFile {
            file: file.to_owned(),
            format,
            sheet: None,
            is_sheet_said: false,
            other_sheets: Vec::new(),
            encoding: None,
            is_encoding_found: false,
            delimiter: None,
            quote: None,
            header: None,
            titles: 0,
            columns: 0,
            names_columns: false,
            day_epoch: None,
            layout: None,
            rows_of: None,
            remarks: Vec::new(),
        }
    }

    /// Whether it is JSON, packed or not.
    pub fn is_json(&self) -> bool {
        self.format.starts_with("JSON")
    }

    pub(super) fn workbook(&mut self, head: &WorkbookHead, found: bool, set_by: SetBy) {
        self.is_sheet_said = !found;
        self.format = head.kind.word().to_owned();
        self.day_epoch = Some(match head.from_1904 {
            true => DayEpoch::Of1904,
            false => DayEpoch::Of1900,
        });
        self.sheet = Some(head.sheet_name().to_owned());
        let others = head.others().filter(|_| found);
        self.other_sheets = others.map(|sheet| sheet.name.clone()).collect();
        if !self.other_sheets.is_empty() {
            self.remarks.push(format!(
                "the sheet is one of several that are shown; the others are `{}`: {} says which is read",
                self.other_sheets.join("`, `"),
                set_by.sheet()
            ));
        }
        let (rows, are) = match head.hidden_rows {
            0 => return,
            1 => ("1 row".to_owned(), "is"),
            many => (format!("{} rows", thousands(many)), "are"),
        };
        self.remarks.push(format!(
            "{rows} of the sheet {are} hidden, by a filter or by hand, and read like all others: show every row, and delete those that are not meant"
        ));
    }

    pub(super) fn form(&mut self, form: RowFormat, headers: &[String]) {
        self.columns = headers.len();
        if !form.sheet {
            self.delimiter = Some(delimiter(form.delimiter));
            self.quote = Some(
                form.quote
                    .map_or("none".to_owned(), |quote| char::from(quote).to_string()),
            );
        }
        if self.header.is_some() {
            self.remarks.extend(remarks(headers));
        }
    }

    /// Takes the columns that the format names.
    pub(super) fn named(&mut self, columns: &[String]) {
        self.columns = columns.len();
        self.names_columns = true;
        self.remarks.extend(remarks(columns));
    }

    /// Whatever decides how the file is read: what [`made`](Self::made) says, and its layout.
    pub fn read_as(&self) -> String {
        let made = self.made();
        match &self.layout {
            Some(layout) => format!("{made}\n{:?} {:?}", layout.form, layout.fields),
            None => made,
        }
    }

    /// How the file is made, in words; the same for files that are made the same way.
    pub fn made(&self) -> String {
        let mut text = self.format.clone();
        let mut add = |more: &str| {
            text.push_str(", ");
            text.push_str(more);
        };
        if let Some(sheet) = &self.sheet {
            add(&format!("sheet \"{sheet}\""));
        }
        if let Some(encoding) = self.encoding {
            add(encoding.word());
        }
        if let Some(array) = &self.rows_of {
            add(&format!("rows from `{array}`"));
        }
        if let Some(RecordForm::Length(length)) = self.layout.as_ref().map(|layout| layout.form) {
            add(&format!("records of {length} bytes"));
        }
        if let Some(delimiter) = &self.delimiter {
            add(&format!("{delimiter} between cells"));
        }
        match self.quote.as_deref() {
            Some("\"") | None => {}
            Some("none") => add("no quotes"),
            Some(quote) => add(&format!("quote {quote}")),
        }
        let row = if self.sheet.is_some() { "row" } else { "line" };
        match self.header {
            _ if self.names_columns => {}
            Some(line) => add(&format!("header in {row} {line}")),
            None => add("no header"),
        }
        add(&format!("{} columns", self.columns));
        text
    }
}

fn delimiter(byte: u8) -> String {
    match byte {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        b'|' => "pipe".to_owned(),
        other if other.is_ascii_control() => format!("character {other}"),
        other => format!("`{}`", char::from(other)),
    }
}
