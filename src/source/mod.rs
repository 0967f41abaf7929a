//! Rows of an export, with their positions.
//!
//! Owner of reading: bytes → [`Rows`], batches of cells that worker threads can map without copying. Invariants: a
//! row knows where it starts (line and byte offset), so that it can be read again later; a row that is broken is
//! still a row; blank lines are counted and are no rows. Knows no network, no database and no async runtime.
//! Left out on purpose: what the cells mean (`mapping`).

pub mod container;
pub mod csv_file;
pub mod dialect;
pub mod encoding;
pub mod keys;
pub mod shape;
pub mod spool;
pub mod transcode;

pub use csv_file::{CsvFile, CsvRow};

/// Where a row stands in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The line where the row starts; the first line of a file, usually the header, is line 1.
    pub row: u64,
    /// Byte offset of the row's first byte.
    pub offset: u64,
    /// Bytes up to and including the row's line end.
    pub length: u32,
}

/// Rows that stand beside a record's own; the numbers stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Further rows of its group, in the export of the accounts itself.
    Group = 0,
    /// Owners, in an export of their own.
    Owners = 1,
    /// Trusted contacts, in an export of their own.
    Contacts = 2,
}

impl List {
    /// All of them, in the order of their numbers.
    pub const ALL: [List; 3] = [List::Group, List::Owners, List::Contacts];
}

/// One such row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub list: List,
    /// Where it stands.
    pub at: Position,
}

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
}

impl Rows {
    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
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
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Its text, trimmed.
    Text(&'a str),
    /// Bytes that are no UTF-8.
    Undecodable,
}

/// `str::trim`, with the usual case first: printable ASCII at both ends, nothing to take away.
fn trim(text: &str) -> &str {
    let printable = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if printable(bytes.first()) && printable(bytes.last()) {
        text
    } else {
        text.trim()
    }
}

impl<'a> Row<'a> {
    fn new(bytes: &'a [u8], ends: &'a [usize]) -> Self {
        Row {
            bytes,
            text: std::str::from_utf8(bytes).ok(),
            ends,
        }
    }

    /// Whether every cell is the same, untrimmed.
    pub fn same_cells(&self, other: &Row<'_>) -> bool {
        self.ends == other.ends && self.bytes == other.bytes
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell at an index, from 0; one beyond the end of a short row is empty.
    pub fn cell(&self, index: usize) -> Cell<'a> {
        let Some(&end) = self.ends.get(index) else {
            return Cell::Text("");
        };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        let text = match self.text {
            Some(text) => text.get(start..end),
            None => std::str::from_utf8(&self.bytes[start..end]).ok(),
        };
        text.map_or(Cell::Undecodable, |text| Cell::Text(trim(text)))
    }
}
