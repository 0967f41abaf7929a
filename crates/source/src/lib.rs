//! Rows of an export, with their positions.
//!
//! Owner of reading: files → [`Export`] → [`Rows`], batches of cells that worker threads can map without copying.
//! Invariants: a row knows where it starts (line and byte offset), so that it can be read again later; a row that is broken
//! is still a row; blank lines are counted and are no rows. Knows no network, no database and no async runtime.
//! Left out on purpose: what the cells mean (`mapping`).

mod archive;
mod bytes;
mod carried;
pub mod container;
pub mod dialect;
mod doubt;
pub mod encoding;
pub mod export;
pub mod fixed;
pub mod found;
mod head;
pub mod header;
pub mod json;
pub mod keys;
pub mod lines;
pub mod openpgp;
mod packed;
mod place;
mod read_ahead;
mod records;
pub mod shape;
pub mod spool;
pub mod transcode;
pub mod wide;
pub mod workbook;

pub use export::Export;
pub use lines::RereadRow;
pub use place::Place;

use bakkt_model::position::Position;
use bakkt_model::text::{cell, is_latin};

/// A batch of rows in two flat buffers.
#[derive(Debug, Default)]
pub struct Rows {
    data: Vec<u8>,
    ends: Vec<usize>,
    rows: Vec<Extent>,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    data: usize,
    data_end: usize,
    ends: usize,
    ends_end: usize,
    at: Position,
    flaw: Option<Flaw>,
}

impl Rows {
    /// Forgets the rows and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.data.clear();
        self.ends.clear();
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = (Position, Row<'_>)> {
        self.rows.iter().map(|extent| {
            let row = Row::new(
                &self.data[extent.data..extent.data_end],
                &self.ends[extent.ends..extent.ends_end],
                extent.flaw,
            );
            (extent.at, row)
        })
    }
}

/// One row: its cells as bytes and, when the whole row is UTF-8, as text.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    bytes: &'a [u8],
    text: Option<&'a str>,
    ends: &'a [usize],
    flaw: Option<Flaw>,
    /// See [`is_latin`].
    is_latin: bool,
    /// A cell may hold a character that stands for a lost one.
    may_be_lost: bool,
}

/// What is wrong with a row as a whole. Its cells are what could be made out, fit for nothing but finding it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Fewer cells than the header has.
    TooFew,
    /// More cells than the header has.
    TooMany,
    /// A quote inside of a cell.
    StrayQuote,
    /// A quoted cell that does not end within reach.
    OpenQuote,
    /// A NUL byte.
    Nul,
    /// A line beyond what is read.
    TooLong,
    /// Fewer bytes than the layout has.
    ShortRecord,
    /// More bytes than the layout has.
    LongRecord,
    /// Letters of several bytes, behind which the fields of the layout stand elsewhere.
    WideLetters,
    /// No JSON object.
    NotJson,
    /// JSON with NaN or Infinity in the place of a number.
    NoNumber,
    /// JSON with a comment.
    Comment,
    /// JSON with a comma that nothing follows.
    LastComma,
    /// A JSON object that has a key twice.
    TwiceNamed,
    /// An element of the array that gives the rows that is no object, where others are.
    NoObject,
    /// A JSON object with too many others inside of each other.
    TooDeep,
}

impl Flaw {
    /// What is wrong.
    pub fn text(self) -> &'static str {
        match self {
            Flaw::TooFew => "the row has fewer cells than the header",
            Flaw::TooMany => "the row has more cells than the header",
            Flaw::StrayQuote => "the row has a quote where none can be",
            Flaw::OpenQuote => "the row has a quote that never closes",
            Flaw::Nul => "the row has a NUL byte",
            Flaw::TooLong => "the row is longer than a megabyte",
            Flaw::ShortRecord => "the record is shorter than its layout",
            Flaw::LongRecord => "the record is longer than its layout",
            Flaw::WideLetters => {
                "the record has letters of several bytes (UTF-8), behind which fields stand elsewhere than its layout says; export the file in an encoding of one byte a letter and name it with `encoding`"
            }
            Flaw::NotJson => "the line is not a JSON object",
            Flaw::NoNumber => {
                "the JSON object has NaN or Infinity, which JSON does not have; export it as null"
            }
            Flaw::Comment => "the JSON object has a comment, which JSON does not have; take it out",
            Flaw::LastComma => {
                "the JSON object has a comma with nothing behind it, which JSON does not have; take it out"
            }
            Flaw::TwiceNamed => "the JSON object has a key twice",
            Flaw::NoObject => {
                "the element of the JSON array is not an object, as others are, so that its values have no names"
            }
            Flaw::TooDeep => "the JSON object is nested more than 32 deep",
        }
    }
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Its text, without what [`cell::value`] takes away.
    Text(&'a str),
    /// No text, and why.
    Broken(&'static str),
}

/// First byte of a cell of a workbook that holds an error instead of a value; the error's name follows.
pub const ERROR_MARK: u8 = 0xFE;

/// The first byte of the characters that [`cell::has_lost`] finds.
const LOST_LEAD: u8 = 0xEF;

/// Why a cell that is no UTF-8 is no text.
fn broken(bytes: &[u8]) -> &'static str {
    const ERRORS: &[(&[u8], &str)] = &[
        (b"#N/A", "the cell holds the error #N/A"),
        (b"#REF!", "the cell holds the error #REF!"),
        (b"#NAME?", "the cell holds the error #NAME?"),
        (b"#DIV/0!", "the cell holds the error #DIV/0!"),
        (b"#NULL!", "the cell holds the error #NULL!"),
        (b"#NUM!", "the cell holds the error #NUM!"),
        (b"#VALUE!", "the cell holds the error #VALUE!"),
        (
            workbook::table::DIGITS.as_bytes(),
            "the cell holds a number of more than 15 digits, of which a workbook keeps 15: its column must be text",
        ),
        (
            workbook::table::NO_RESULT.as_bytes(),
            "the cell holds a formula whose result the workbook does not have: open it in a spreadsheet program and save it",
        ),
        (
            workbook::table::NOT_EXACT.as_bytes(),
            "the cell holds a number that its format shows as another: format the column as plain numbers or as text",
        ),
        (
            fixed::BAD_PACKED.as_bytes(),
            "the cell does not hold a packed decimal",
        ),
        (
            fixed::BAD_ZONED.as_bytes(),
            "the cell does not hold the digits that its layout says",
        ),
        (
            workbook::table::NO_DATE.as_bytes(),
            "the cell holds a number as a date that no calendar has",
        ),
    ];
    match bytes.split_first() {
        Some((&ERROR_MARK, name)) => ERRORS
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("the cell holds an error", |(_, text)| text),
        _ => "the cell holds a character that does not decode",
    }
}

impl<'a> Row<'a> {
    /// Every cell ends where `ends` says, with one byte behind it that is no part of any.
    fn new(bytes: &'a [u8], ends: &'a [usize], flaw: Option<Flaw>) -> Self {
        let text = std::str::from_utf8(bytes).ok();
        let is_latin = text.is_some_and(is_latin);
        Row {
            bytes,
            text,
            ends,
            flaw,
            is_latin,
            may_be_lost: !is_latin && memchr::memchr(LOST_LEAD, bytes).is_some(),
        }
    }

    /// What is wrong with the row as a whole.
    pub fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// Whether every cell is the same, untrimmed.
    pub fn same_cells(&self, other: &Row<'_>) -> bool {
        self.ends == other.ends && self.bytes == other.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where a cell begins and ends.
    fn place(&self, index: usize) -> Option<(usize, usize)> {
        let end = *self.ends.get(index)?;
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1] + 1,
        };
        Some((start, end))
    }

    /// The bytes of a cell, untrimmed.
    fn bytes_of(&self, index: usize) -> &'a [u8] {
        let place = self.place(index);
        place.map_or(&[], |(start, end)| &self.bytes[start..end])
    }

    /// The text of the whole row, its cells one behind the other, where every cell is of the usual characters.
    pub fn latin(&self) -> Option<&'a str> {
        self.text.filter(|_| self.is_latin)
    }

    /// Where the text of one of its cells begins in the text of the row.
    #[inline]
    pub fn offset_of(&self, cell: &str) -> Option<usize> {
        let offset = cell
            .as_ptr()
            .addr()
            .checked_sub(self.bytes.as_ptr().addr())?;
        (offset + cell.len() <= self.bytes.len()).then_some(offset)
    }

    /// Whether every cell is of the usual characters ([`is_latin`]): none is invisible, lost, or ends a line.
    pub fn is_latin(&self) -> bool {
        self.is_latin
    }

    /// The cell at an index, from 0; one beyond the end of a short row is empty.
    #[inline]
    pub fn cell(&self, index: usize) -> Cell<'a> {
        match self.plain_cell(index) {
            Some(text) => Cell::Text(text),
            None => self.any_cell(index),
        }
    }

    /// A cell that stands as it is: most do.
    #[inline]
    fn plain_cell(&self, index: usize) -> Option<&'a str> {
        let (start, end) = self.place(index)?;
        let text = self.text?.get(start..end)?;
        let (Some(first), Some(last)) = (text.as_bytes().first(), text.as_bytes().last()) else {
            return Some(text);
        };
        let is_wrapped = matches!(first, b'=' | b'\'');
        let stands = self.is_latin && first.is_ascii_graphic() && last.is_ascii_graphic();
        (stands && !is_wrapped).then_some(text)
    }

    #[inline(never)]
    fn any_cell(&self, index: usize) -> Cell<'a> {
        let Some((start, end)) = self.place(index) else {
            return Cell::Text("");
        };
        let text = match self.text {
            Some(text) => text.get(start..end),
            None => std::str::from_utf8(&self.bytes[start..end]).ok(),
        };
        match text {
            Some(text) if self.may_be_lost && cell::has_lost(text) => Cell::Broken(cell::LOST),
            Some(text) => match cell::value(text) {
                Ok(text) => Cell::Text(text),
                Err(why) => Cell::Broken(why),
            },
            None => Cell::Broken(broken(&self.bytes[start..end])),
        }
    }

    /// The cells.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'a>> {
        let row = *self;
        (0..row.len()).map(move |index| row.cell(index))
    }
}
