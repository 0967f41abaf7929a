//! The dialect of a CSV file, found in its beginning: delimiter, quote, and which row is the header.
//!
//! Owner of [`CsvDialect`] and of the rules that find one. The right delimiter is the one that cuts most rows, and the
//! header with them, into the same number of cells; the header is the first row unless rows above it are evidently
//! titles. Whatever is not clear is said (`sure`) or left to a person (`header: None`), since a wrong guess would feed
//! the wrong fields, and a customer's row that is taken for the header would print what it holds. Left out on purpose: delimiters
//! beyond [`DELIMITERS`] and [`RARE_DELIMITERS`] and those beyond ASCII (`wide`), and quotes by backslash, which nothing finds.

mod header_row;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::lines::{MOST_COLUMNS, RowFormat, RowReader};
use super::{Cell, Flaw, Rows};

mod printed;

pub use header_row::{are_pairs, header_row, holds_ssn, may_be_header};
pub(crate) use printed::are_printed;

/// How cells are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CsvDialect {
    /// The byte between cells.
    pub delimiter: u8,
    /// The byte around a cell that holds delimiters or line ends; `None` when no byte does that.
    pub quote: Option<u8>,
}

/// What the settings say; the rest is found.
#[derive(Clone, Copy, Debug, Default)]
pub struct DialectSettings {
    /// The delimiter.
    pub delimiter: Option<u8>,
    /// The quote; `Some(None)` says that there is none.
    pub quote: Option<Option<u8>>,
}

/// The dialect that was found, and what else the rows show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DialectGuess {
    /// The dialect.
    pub dialect: CsvDialect,
    /// No other dialect scored close.
    pub is_confident: bool,
    /// Bytes of a first line like `sep=;`, with its line end: it is no row.
    pub sep: usize,
    /// How many cells most rows have.
    pub columns: usize,
    /// Whether rows have quotes where none can be.
    pub stray_quotes: bool,
    /// The index of the header among the rows that have a text; the `sep=` line is not counted. Rows before it are titles.
    /// `None` when no row looks like one.
    pub header: Option<usize>,
}

/// The delimiters that are found, the more usual first.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Delimiters that are found where none of the usual ones cuts the rows, and how many columns they must make: a colon or a
/// hash is a part of texts as well.
pub(crate) const RARE_DELIMITERS: [(u8, usize); 14] = [
    (b'^', 2),
    (b'~', 2),
    (0x1F, 2),
    (0x01, 2),
    (0x02, 2),
    (0x14, 2),
    (0x1C, 2),
    (0x1D, 2),
    (0x1E, 2),
    (b':', 3),
    (b'!', 3),
    (b'#', 3),
    (b'*', 3),
    (b'`', 3),
];

/// Rows that are counted.
const ROWS: usize = 1000;

/// Rows among which a header is looked for.
pub const HEADER_WITHIN: usize = 50;

/// Finds the dialect of a text in UTF-8 without a byte order mark. `whole` says that the text is the whole file: else
/// its last row may be cut and does not count.
pub fn find(sample: &[u8], whole: bool, set: DialectSettings) -> DialectGuess {
    let (sep, sep_delimiter) = sep_line(sample);
    let sample = &sample[sep..];
    let quote = set.quote.unwrap_or(Some(b'"'));
    let with = |delimiter| Candidate::new(sample, whole, CsvDialect { delimiter, quote });
    let (best, sure) = match set.delimiter.or(sep_delimiter) {
        Some(delimiter) => (with(delimiter), true),
        None => {
            let usual = DELIMITERS.iter().map(|delimiter| with(*delimiter));
            let (best, sure) = choose(usual.collect());
            match (best.score >= 5 && best.columns > 1) || sample.is_empty() {
                true => (best, sure),
                false => rare(&with).unwrap_or((best, sure)),
            }
        }
    };
    let mut guess = best.guess(sep, sure);
    if set.quote.is_none() && best.stray > 0 && !has_quoted_cells(sample, best.dialect) {
        let dialect = CsvDialect {
            quote: None,
            ..best.dialect
        };
        let plain = Candidate::new(sample, whole, dialect);
        if plain.columns > 1 && plain.same == plain.rows {
            guess = plain.guess(sep, sure);
        }
    }
    if set.quote.is_none() && apostrophes(&best.first) {
        let dialect = CsvDialect {
            quote: Some(b'\''),
            ..guess.dialect
        };
        guess = Candidate::new(sample, whole, dialect).guess(sep, sure);
    }
    guess
}

/// The delimiter beyond the usual ones that cuts nearly all rows into the same number of cells.
fn rare(with: &dyn Fn(u8) -> Candidate) -> Option<(Candidate, bool)> {
    let all = RARE_DELIMITERS
        .iter()
        .map(|(byte, least)| (with(*byte), *least));
    let fits = all.filter(|(candidate, least)| candidate.score >= 8 && candidate.columns >= *least);
    // Of equals the first: the last of `max_by_key` is the first of the reversed.
    let fits: Vec<Candidate> = fits.map(|(candidate, _)| candidate).collect();
    let best = fits.into_iter().rev();
    let best = best.max_by_key(|candidate| (candidate.score, candidate.columns))?;
    let sure = best.rows > 1 && best.columns > 2;
    Some((best, sure))
}

/// Whether a cell of the first rows has quotes around it, or one that was left open.
fn has_quoted_cells(sample: &[u8], dialect: CsvDialect) -> bool {
    let Some(quote) = dialect.quote else {
        return false;
    };
    let lines = sample
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .take(ROWS);
    let mut cells = lines.flat_map(|line| line.split(|byte| *byte == dialect.delimiter));
    cells.any(|cell| {
        let cell = cell.trim_ascii();
        let around = cell.len() > 1 && cell.last() == Some(&quote);
        let open = memchr::memchr_iter(quote, cell).count() % 2 == 1;
        cell.first() == Some(&quote) && (around || open)
    })
}

/// A first line that names the delimiter for Excel: its bytes, and what it names.
fn sep_line(sample: &[u8]) -> (usize, Option<u8>) {
    let ends = memchr::memchr2(b'\n', b'\r', sample).unwrap_or(sample.len());
    let line = &sample[..ends];
    let line = match line {
        [b'"', inner @ .., b'"'] => inner,
        line => line,
    };
    match line {
        [s, e, p, b'=', delimiter]
            if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep"
                && !delimiter.is_ascii_alphanumeric() =>
        {
            let end = if sample[ends..].starts_with(b"\r\n") {
                2
            } else {
                1
            };
            ((ends + end).min(sample.len()), Some(*delimiter))
        }
        _ => (0, None),
    }
}

/// A delimiter, and how it cuts the sample.
struct Candidate {
    dialect: CsvDialect,
    /// How many cells most rows have; 1 when it cuts none.
    columns: usize,
    /// How well it does, in tenths.
    score: usize,
    rows: usize,
    /// Rows with the usual number of cells.
    same: usize,
    /// Rows whose quotes make no sense.
    stray: usize,
    header: Option<usize>,
    first: Vec<Vec<String>>,
}

impl Candidate {
    fn new(sample: &[u8], whole: bool, dialect: CsvDialect) -> Candidate {
        let form = RowFormat {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            width: 0,
            sheet: false,
            records: false,
        };
        let (mut lines, mut rows) = (RowReader::new(sample, form, 0, 1), Rows::default());
        let mut first: Vec<Vec<String>> = Vec::new();
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut count, mut stray) = (0, 0);
        // Reading from memory cannot fail.
        while count < ROWS && lines.next(&mut rows).unwrap_or(false) {
            let at_end = lines.next_at().0 == sample.len() as u64;
            // A row that the end of the sample cut; a single one is better than nothing.
            if at_end && !whole && !sample.ends_with(b"\n") && count > 0 {
                break;
            }
            for (_, row) in rows.iter() {
                count += 1;
                *counts.entry(row.len()).or_default() += 1;
                stray += usize::from(matches!(
                    row.flaw(),
                    Some(Flaw::StrayQuote | Flaw::OpenQuote)
                ));
                if first.len() < HEADER_WITHIN {
                    // A table is no wider; what a wrong delimiter makes of a text may be.
                    first.push(row.cells().take(MOST_COLUMNS + 1).map(text).collect());
                }
            }
            rows.clear();
        }
        let cut = counts.iter().filter(|(cells, _)| **cells > 1);
        let usual = cut.max_by_key(|(cells, rows)| (**rows, **cells));
        let (columns, same) = usual.map_or((1, 0), |(cells, rows)| (*cells, *rows));
        let header = header_row(&first);
        let in_header = first.get(header.unwrap_or(0)).map_or(0, Vec::len);
        let mut score = 10.0 * same as f64 / count.max(1) as f64;
        if in_header < 2 || in_header + 1 < columns {
            score /= 4.0;
        }
        if inside_of_texts(sample, dialect.delimiter) {
            score /= 2.0;
        }
        Candidate {
            dialect,
            columns,
            score: score.round() as usize,
            rows: count,
            same,
            stray,
            header,
            first,
        }
    }

    fn guess(&self, sep: usize, sure: bool) -> DialectGuess {
        DialectGuess {
            dialect: self.dialect,
            is_confident: sure,
            sep,
            columns: self.columns,
            stray_quotes: self.stray > 0,
            header: self.header,
        }
    }
}

/// The delimiter that cuts best, and whether no other comes near.
fn choose(mut candidates: Vec<Candidate>) -> (Candidate, bool) {
    // A stable sort: of equals the more usual stays first.
    candidates.sort_by_key(|candidate| Reverse((candidate.score, candidate.columns)));
    let rival = candidates.get(1).map_or(0, |second| second.score);
    let best = candidates.swap_remove(0);
    let clear = best.score >= 5 && rival * 2 <= best.score;
    let sure = clear && (best.rows > 1 || best.columns > 2);
    (best, sure)
}

/// Whether a byte mostly stands as texts have it: before a blank, or as the comma of a number.
fn inside_of_texts(sample: &[u8], delimiter: u8) -> bool {
    let (mut all, mut inside) = (0, 0);
    for at in memchr::memchr_iter(delimiter, sample) {
        let before = at.checked_sub(1).map_or(b'\n', |at| sample[at]);
        let after = sample.get(at + 1).copied().unwrap_or(b'\n');
        all += 1;
        let number = delimiter == b',' && before.is_ascii_digit() && after.is_ascii_digit();
        inside += usize::from(number || after == b' ');
    }
    inside * 2 > all
}

/// Whether apostrophes stand around every name of the header and around cells below it.
fn apostrophes(rows: &[Vec<String>]) -> bool {
    let quoted = |cell: &String| cell.len() > 1 && cell.starts_with('\'') && cell.ends_with('\'');
    let Some((header, below)) = rows.split_first() else {
        return false;
    };
    header.iter().all(quoted) && below.iter().all(|row| row.iter().any(quoted))
}

/// A cell that is no text has one all the same: it is no empty cell.
fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => text.to_owned(),
        Cell::Broken(_) => char::REPLACEMENT_CHARACTER.to_string(),
    }
}
