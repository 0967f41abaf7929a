//! Cells of CSV files, such that no spreadsheet runs one of them.
//!
//! Owner of the guard and of the only writer of CSV: every text passes the guard, headers from an export too. A formula
//! begins with `=`, `+`, `-` or `@`, in their full width as well. The guard puts an apostrophe before such a sign where
//! a cell begins, and wherever a spreadsheet that parts cells otherwise would begin one: behind a delimiter, a quote, a
//! line break. Phone numbers begin with `+` and get their apostrophe too. Numbers of our own are written as numbers.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use bakkt_model::error::ShownPath;

/// What a formula begins with.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Behind these, some program may begin a new cell.
const PARTS: [char; 7] = [';', ',', '\t', '\n', '\r', '|', '"'];

/// The lines of a file of ours, as their cells stand there, without the names of the columns. A line with fewer cells has empty ones.
pub fn read_again<const CELLS: usize>(path: &Path) -> anyhow::Result<Vec<[String; CELLS]>> {
    let cannot = || format!("cannot read {}", path.shown());
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.flexible(true).from_path(path).with_context(cannot)?;
    let lines = reader.records().map(|line| {
        let line = line.with_context(cannot)?;
        Ok(std::array::from_fn(|place| {
            line.get(place).unwrap_or_default().to_owned()
        }))
    });
    lines.collect()
}

/// A CSV file that is being written.
#[derive(Debug)]
pub struct CellWriter<W: Write>(csv::Writer<W>);

impl<W: Write> CellWriter<W> {
    /// Begins with the names of the columns.
    pub fn new(out: W, columns: &[&str]) -> anyhow::Result<CellWriter<W>> {
        let mut writer = CellWriter(csv::Writer::from_writer(out));
        writer.row(columns)?;
        Ok(writer)
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> anyhow::Result<()> {
        self.0
            .write_field(guarded(text).as_bytes())
            .map_err(of_system)
    }

    /// A text, or an empty cell.
    pub fn maybe(&mut self, text: Option<&str>) -> anyhow::Result<()> {
        self.text(text.unwrap_or_default())
    }

    /// A number of our own: it stays one, below zero too.
    pub fn number(&mut self, number: impl Into<i128>) -> anyhow::Result<()> {
        let number: i128 = number.into();
        self.0.write_field(number.to_string()).map_err(of_system)
    }

    /// Ends the row.
    pub fn end(&mut self) -> anyhow::Result<()> {
        self.0.write_record(None::<&[u8]>).map_err(of_system)
    }

    /// A whole row of texts.
    pub fn row(&mut self, cells: &[&str]) -> anyhow::Result<()> {
        for cell in cells {
            self.text(cell)?;
        }
        self.end()
    }

    /// What it writes to, with everything that was written.
    pub fn into_inner(self) -> anyhow::Result<W> {
        let inner = self.0.into_inner();
        inner.map_err(|error| error.into_error().into())
    }
}

/// The error of the system that the library hides within its own: a full disk is told by its kind.
fn of_system(error: csv::Error) -> anyhow::Error {
    if !error.is_io_error() {
        return error.into();
    }
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        // It was asked for above.
        _ => io::Error::other("a cell cannot be written").into(),
    }
}

/// One row of texts as it stands in a file, for files whose rows are put on the disk one by one.
pub fn line(cells: &[&str]) -> anyhow::Result<Vec<u8>> {
    let mut writer = CellWriter(csv::Writer::from_writer(Vec::new()));
    writer.row(cells)?;
    writer.into_inner()
}

/// A text that no spreadsheet runs as a formula.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return text.into();
    }
    let (mut safe, mut begins) = (String::new(), true);
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if may_run(at, c, begins) {
            safe.push_str(&text[from..at]);
            safe.push('\'');
            from = at;
        }
        begins = begins_behind(c, begins);
    }
    match safe.is_empty() {
        true => text.into(),
        false => {
            safe.push_str(&text[from..]);
            safe.into()
        }
    }
}

/// A text without the apostrophes of [`guarded`].
pub(crate) fn unguarded(text: &str) -> Cow<'_, str> {
    let (mut bare, mut begins) = (String::new(), true);
    let mut from = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        let behind = letters.peek().map(|(_, next)| *next);
        if c == '\'' && behind.is_some_and(|next| may_run(at, next, begins)) {
            bare.push_str(&text[from..at]);
            from = at + 1;
        } else {
            begins = begins_behind(c, begins);
        }
    }
    match from {
        0 => text.into(),
        from => {
            bare.push_str(&text[from..]);
            bare.into()
        }
    }
}

/// Whether a text begins with a letter or a digit of ASCII, and no cell may begin behind a character of it. So it is with nearly
/// every text.
fn is_plain(text: &str) -> bool {
    let first = text.as_bytes().first();
    first.is_none_or(u8::is_ascii_alphanumeric)
        && text.bytes().all(|byte| !IS_PART[usize::from(byte)])
}

/// Which bytes are of [`PARTS`].
static IS_PART: [bool; 256] = {
    let (mut table, mut place) = ([false; 256], 0);
    while place < PARTS.len() {
        table[PARTS[place] as usize] = true;
        place += 1;
    }
    table
};

/// Whether a character at a place of a text could begin a formula there.
fn may_run(at: usize, c: char, begins: bool) -> bool {
    (begins && SIGNS.contains(&c)) || (at == 0 && matches!(c, '\t' | '\r' | '\n'))
}

/// Whether a cell may begin behind a character.
fn begins_behind(c: char, begins: bool) -> bool {
    PARTS.contains(&c) || (begins && is_unseen(c))
}

/// Whether a spreadsheet may overlook a character before a formula.
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_texts_wherever_a_cell_may_begin() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("+15550100", "'+15550100"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("＠x", "'＠x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("\nx", "'\nx"),
            ("\t=1", "'\t'=1"),
            ("  =1", "  '=1"),
            ("\u{FEFF}=1", "\u{FEFF}'=1"),
            ("a;=1", "a;'=1"),
            ("a; -1", "a; '-1"),
            ("a,@x", "a,'@x"),
            ("a\t+x", "a\t'+x"),
            ("a\n=x", "a\n'=x"),
            ("a\"=x", "a\"'=x"),
            ("a|=x", "a|'=x"),
            ("=a;=b", "'=a;'=b"),
        ] {
            assert_eq!(guarded(cell), safe, "{cell:?}");
            assert_eq!(unguarded(safe), cell, "{safe:?}");
            assert_eq!(guarded(&guarded(cell)), safe, "{cell:?}");
        }
        for cell in ["", "A-1", "x=1", "'=1", "ä", "a-b; c", "1-2", "a@b", "'x"] {
            assert_eq!(guarded(cell), cell);
        }
        assert_eq!(unguarded("'x"), "'x");
    }

    #[test]
    fn headers_pass_the_guard_and_numbers_stay_numbers() {
        let mut out = CellWriter::new(Vec::new(), &["=HYPERLINK(1)", "b", "c"]).unwrap();
        out.text("a;=1").unwrap();
        out.number(-3i64).unwrap();
        out.maybe(None).unwrap();
        out.end().unwrap();
        let text = String::from_utf8(out.into_inner().unwrap()).unwrap();
        assert_eq!(text, "'=HYPERLINK(1),b,c\na;'=1,-3,\n");
    }
}
