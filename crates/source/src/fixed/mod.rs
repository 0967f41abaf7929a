//! Fixed width: records whose fields stand at places that a layout says.
//!
//! Owner of [`Layout`], of what its fields hold ([`decode`]), of the stream of rows that a file gives by it ([`reader`]), and of
//! layouts that are written as COBOL copybooks ([`copybook`]). Invariants: bytes that are not what the layout says are marked
//! and cannot be sent; a record of another length than the layout's is a row with a flaw, or ends the reading.
//! Left out on purpose: how settings write a layout (`folder/settings`), and finding one.

pub mod copybook;
mod decode;
pub(crate) mod reader;

pub(crate) use decode::{BAD_PACKED, BAD_ZONED};

/// Bytes of the longest record: more than a data set of a mainframe has.
pub const LONGEST_RECORD: usize = 64 << 10;

/// Digits of the longest number, as COBOL has them.
pub const MOST_DIGITS: usize = 31;

/// How records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordForm {
    /// Each ends with its line.
    Lines {
        /// Bytes of every line; none: at least as many as the fields need.
        length: Option<usize>,
        /// Shorter lines lost blanks at their end, and are filled up.
        fill: bool,
    },
    /// Each has so many bytes, and nothing stands between them.
    Length(usize),
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Characters.
    Text,
    /// A digit in each byte (`PIC 9`, `PIC S9`).
    Zoned {
        /// The last byte may say a sign as well.
        signed: bool,
        /// Digits behind the decimal point, which is not written.
        decimals: usize,
    },
    /// Two digits in each byte, and a sign in the last half (`COMP-3`).
    Packed {
        /// Digits that count: as many as the bytes hold, or one fewer.
        digits: usize,
        /// It may be negative.
        signed: bool,
        /// Digits behind the decimal point, which is not written.
        decimals: usize,
    },
}

/// A field of every record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutField {
    /// The name of its column.
    pub name: String,
    /// Its first byte, from 0.
    pub start: usize,
    /// Its bytes.
    pub length: usize,
    /// What it holds.
    pub kind: FieldKind,
}

/// Where the fields of every record stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// In the order of the columns.
    pub fields: Vec<LayoutField>,
    /// How records are told apart.
    pub form: RecordForm,
    /// The files that say it, as the settings name them.
    pub files: Vec<String>,
}

impl Layout {
    /// Bytes that the fields need.
    pub fn needed(&self) -> usize {
        let ends = self.fields.iter().map(|field| field.start + field.length);
        ends.max().unwrap_or(0)
    }

    /// Whether a field is packed, so that its bytes may look like letters.
    fn has_packed(&self) -> bool {
        let is_packed = |field: &LayoutField| matches!(field.kind, FieldKind::Packed { .. });
        self.fields.iter().any(is_packed)
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.name.clone()).collect()
    }
}
