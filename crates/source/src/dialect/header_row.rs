//! Which of the first rows of a table is its header.
//!
//! Owner of [`header_row`]. A row is a header when its cells look like names of columns above other things, and none when they
//! look like the rows below: each column has a vote. Where nothing speaks for a header, there is none, since a customer's
//! row that is taken for one would be lost and printed. Left out on purpose: what the names mean (`guess`).

mod pairs;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::HEADER_WITHIN;
use crate::shape;
use bakkt_model::placeholder::is_placeholder;
pub use pairs::{are_pairs, holds_ssn};

/// Which of the first rows is the header: the first, unless rows above it are evidently titles. `None` when the first rows look like data, or none looks like a header.
pub fn header_row(rows: &[Vec<String>]) -> Option<usize> {
    let rows = &rows[..rows.len().min(HEADER_WITHIN)];
    let usual = usual_filled(rows);
    let narrow = |row: &[String]| filled(row) * 2 <= usual && filled(row) < usual;
    let first = rows.iter().position(|row| !narrow(row))?;
    if first == 0 {
        return (!like_data(rows, 0)).then_some(0);
    }
    // Few cells are a title; more may be a header with many of its names left out.
    let titles = rows[..first]
        .iter()
        .all(|row| filled(row) < 2 || filled(row) * 3 <= usual);
    if like_header(rows, first, usual) && (titles || contrasts(rows, first) > 0) {
        return Some(first);
    }
    (filled(&rows[0]) > 1 && !like_data(rows, 0)).then_some(0)
}

/// Whether a row may be the header where a person says that it is one: it is not evidently a customer's.
pub fn may_be_header(rows: &[Vec<String>]) -> bool {
    !rows.is_empty()
        && !matches!(
            votes(rows, 0),
            RowVotes::Certain
                | RowVotes::Count {
                    data: 1..,
                    header: 0,
                    ..
                }
        )
}

fn filled(row: &[String]) -> usize {
    row.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// How many cells of a row are usually filled: so many that the rows with as many or more make the largest block.
fn usual_filled(rows: &[Vec<String>]) -> usize {
    let mut counts: Vec<usize> = rows.iter().map(|row| filled(row)).collect();
    counts.sort_unstable_by_key(|count| Reverse(*count));
    let blocks = counts.iter().enumerate();
    let largest = blocks.max_by_key(|(above, count)| (above + 1) * **count);
    largest.map_or(0, |(_, count)| *count)
}

/// Whether a row below titles is a header: nearly all names, nearly all of them text and different from each other.
fn like_header(rows: &[Vec<String>], at: usize, usual: usize) -> bool {
    let names = rows[at].iter().map(|cell| cell.trim().to_lowercase());
    let names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    let most = |part: usize, whole: usize| part * 10 >= whole * 8;
    let texts = names.iter().filter(|name| CellKind::of(name).name());
    let different: BTreeSet<&String> = names.iter().collect();
    most(names.len(), usual)
        && most(texts.count(), names.len())
        && most(different.len(), names.len())
        && !like_data(rows, at)
}

/// What a cell looks like, as far as a header differs from data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    /// Nothing, or a word for nothing such as "N/A": it says nothing about a header.
    Empty,
    Number,
    Date,
    Email,
    /// Letters and digits.
    Code,
    /// No digits.
    Text,
}

impl CellKind {
    fn of(cell: &str) -> CellKind {
        let cell = cell.trim();
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        let has = |letters: fn(char) -> bool| cell.chars().any(letters);
        if cell.is_empty() {
            CellKind::Empty
        } else if cell.contains('@') && cell.contains('.') && !has(char::is_whitespace) {
            CellKind::Email
        } else if digits == 0 {
            match is_placeholder(cell) {
                true => CellKind::Empty,
                false => CellKind::Text,
            }
        } else if date(cell) {
            CellKind::Date
        } else if !has(char::is_alphabetic) && !cell.starts_with('#') {
            CellKind::Number
        } else {
            CellKind::Code
        }
    }

    /// Whether a name of a column looks so.
    fn name(self) -> bool {
        matches!(self, CellKind::Code | CellKind::Text)
    }
}

/// Three groups of digits, or digits around a month's name, with one kind of separator; a time may follow.
fn date(cell: &str) -> bool {
    let day = cell.split(['T', ' ']).next().unwrap_or_default();
    let Some(separator) = day.chars().find(|c| !c.is_ascii_digit()) else {
        return false;
    };
    let groups: Vec<&str> = day.split(separator).collect();
    let number =
        |group: &str| (1..=4).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit());
    let month = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_alphabetic());
    let [first, middle, last] = groups.as_slice() else {
        return false;
    };
    "-/.".contains(separator)
        && number(first)
        && (month(middle) || (number(middle) && middle.len() < 3))
        && number(last)
        && first.len() + last.len() <= 6
}

/// Whether a row is data: it has a date or an e-mail address as the rows below have, more of its columns look like the rows
/// below than like a name above them, or it is a row of texts like those below.
fn like_data(rows: &[Vec<String>], at: usize) -> bool {
    match votes(rows, at) {
        RowVotes::Certain => true,
        RowVotes::Count { data, header, .. } if data > header => true,
        votes => like_the_others(rows, at, votes),
    }
}

/// Cells like those below, beside which one may differ from its column without a word for it.
const TEXTS_BESIDE_ONE: usize = 3;

/// Whether hardly anything speaks for a row being a header: nothing at all, or among many cells like those below one that
/// only has no digits where they have some, as the id of a test customer.
fn like_the_others(rows: &[Vec<String>], at: usize, votes: RowVotes) -> bool {
    let below = rows[at + 1..].iter().filter(|row| filled(row) > 0);
    // The header of one column may be any word; a customer's name is several.
    let several = filled(&rows[at]) > 1 || rows[at].iter().any(|cell| cell.trim().contains(' '));
    match votes {
        RowVotes::Count {
            data,
            header,
            words: 0,
            alike,
        } if below.count() > 1 && several => {
            header == 0 || header == 1 && data + alike >= TEXTS_BESIDE_ONE
        }
        _ => false,
    }
}

/// What the columns of a row say about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowVotes {
    /// It is data.
    Certain,
    /// How many columns say what.
    Count {
        /// For data.
        data: usize,
        /// For a header.
        header: usize,
        /// Of those for a header: that have a word of columns or are joined as their names are.
        words: usize,
        /// For neither: texts like those below.
        alike: usize,
    },
}

fn votes(rows: &[Vec<String>], at: usize) -> RowVotes {
    let (mut data, mut header, mut words, mut alike) = (0, 0, 0, 0);
    let row = &rows[at];
    if row.iter().any(|cell| pairs::holds_a_value(cell)) {
        return RowVotes::Certain;
    }
    // The header again, as joined files have it, says nothing, and may have another name in it.
    let differs = |other: &&Vec<String>| {
        let cells = other.iter().zip(row);
        let same = cells.filter(|(one, other)| one.trim().eq_ignore_ascii_case(other.trim()));
        same.count() * 10 < row.len() * 9
    };
    let below: Vec<&Vec<String>> = rows[at + 1..].iter().filter(differs).collect();
    for (column, cell) in row.iter().enumerate() {
        let cell = cell.trim();
        let kind = CellKind::of(cell);
        let values = || {
            let cells = below.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.trim())
                .filter(|cell| CellKind::of(cell) != CellKind::Empty)
        };
        let goes_on = goes_on(rows, at, column, kind);
        let alone = values().next().is_none();
        match kind {
            CellKind::Date | CellKind::Email if goes_on => return RowVotes::Certain,
            CellKind::Empty => {}
            _ if pairs::says_a_word_again(cell, values()) => return RowVotes::Certain,
            CellKind::Code | CellKind::Text if alone => {}
            // Columns may be named by years.
            CellKind::Number if is_year(cell) && !values().any(is_year) => {}
            _ if values().any(|value| value == cell) => data += 1,
            CellKind::Number if goes_on => data += 1,
            CellKind::Code if goes_on && same_form(cell, values()) => data += 1,
            CellKind::Code | CellKind::Text if !goes_on || is_name(cell, values()) => {
                header += 1;
                let joined = TextStyle::of(cell) == TextStyle::Joined;
                words += usize::from(joined || has_column_word(cell));
            }
            CellKind::Code | CellKind::Text => alike += 1,
            _ => {}
        }
    }
    RowVotes::Count {
        data,
        header,
        words,
        alike,
    }
}

fn is_year(cell: &str) -> bool {
    cell.len() == 4 && (cell.starts_with("19") || cell.starts_with("20"))
}

/// Whether a cell with digits is made as those below: letters and digits at the same places, or a number before words.
fn same_form<'a>(cell: &str, below: impl Iterator<Item = &'a str>) -> bool {
    let numbered = |cell: &str| {
        let first = cell.split(' ').next().unwrap_or_default();
        first.len() < cell.len() && first.bytes().all(|byte| byte.is_ascii_digit())
    };
    let form = |cell: &str| -> String { cell.chars().map(shape::mask).collect() };
    let (mut all, mut same) = (0, 0);
    let own = form(cell);
    for other in below.take(20) {
        all += 1;
        same += usize::from(form(other) == own || (numbered(cell) && numbered(other)));
    }
    same * 2 >= all
}

/// Whether a text differs from the texts below as a column's name does: it has a word that names columns, it is written in
/// another way, or all below have one length and it has another.
fn is_name<'a>(cell: &str, below: impl Iterator<Item = &'a str>) -> bool {
    let below: Vec<&str> = below.collect();
    let style = TextStyle::of(cell);
    let alike = below
        .iter()
        .filter(|other| TextStyle::of(other) == style)
        .count();
    let length = cell.chars().count();
    let lengths: BTreeSet<usize> = below.iter().map(|other| other.chars().count()).collect();
    let one_length = below.len() > 2 && lengths.len() == 1 && !lengths.contains(&length);
    alike * 4 < below.len() || one_length || has_column_word(cell)
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextStyle {
    /// With underscores, or with a capital letter inside of a word.
    Joined,
    Capitals,
    Small,
    Mixed,
}

impl TextStyle {
    fn of(text: &str) -> TextStyle {
        let joined = |pair: &[char]| pair[0].is_lowercase() && pair[1].is_uppercase();
        let letters: Vec<char> = text.chars().collect();
        if text.contains('_') || letters.windows(2).any(joined) {
            TextStyle::Joined
        } else if !letters.iter().any(|c| c.is_lowercase()) {
            TextStyle::Capitals
        } else if !letters.iter().any(|c| c.is_uppercase()) {
            TextStyle::Small
        } else {
            TextStyle::Mixed
        }
    }
}

/// Words that stand in the names of columns, and in no name of a person or a place.
const COLUMN_WORDS: &[&str] = &[
    "id",
    "name",
    "names",
    "first",
    "last",
    "middle",
    "given",
    "family",
    "surname",
    "firstname",
    "lastname",
    "fullname",
    "email",
    "mail",
    "phone",
    "mobile",
    "cell",
    "fax",
    "telephone",
    "address",
    "addr",
    "line",
    "street",
    "city",
    "town",
    "state",
    "province",
    "zip",
    "zipcode",
    "postal",
    "postcode",
    "country",
    "dob",
    "birth",
    "birthdate",
    "ssn",
    "tin",
    "tax",
    "date",
    "account",
    "acct",
    "number",
    "num",
    "no",
    "nr",
    "code",
    "type",
    "kind",
    "status",
    "gender",
    "sex",
    "title",
    "suffix",
    "prefix",
    "occupation",
    "employer",
    "income",
    "role",
    "key",
    "value",
    "amount",
    "balance",
    "currency",
    "branch",
    "customer",
    "client",
    "column",
    "field",
    "file",
    "path",
    "document",
    "side",
    "vorname",
    "nachname",
    "strasse",
    "straße",
    "ort",
    "plz",
    "land",
    "geburtsdatum",
    "kunde",
    "konto",
    "anrede",
    "nombre",
    "nombres",
    "apellido",
    "apellidos",
    "ciudad",
    "estado",
    "pais",
    "país",
    "correo",
    "prenom",
    "prénom",
    "nom",
    "ville",
    "pays",
    "adresse",
    "cognome",
    "nome",
    "cidade",
    "imie",
    "imię",
    "nazwisko",
];

fn has_column_word(cell: &str) -> bool {
    let words = cell.split(|c: char| !c.is_alphabetic());
    let mut words = words.map(str::to_lowercase);
    words.any(|word| COLUMN_WORDS.contains(&word.as_str()))
}

/// How many columns may have a name in a row, and something of another kind below.
fn contrasts(rows: &[Vec<String>], at: usize) -> usize {
    let kinds = rows[at].iter().map(|cell| CellKind::of(cell)).enumerate();
    let differs =
        |(column, kind): &(usize, CellKind)| kind.name() && !goes_on(rows, at, *column, *kind);
    kinds.filter(differs).count()
}

/// Whether at least half of the filled cells below are of a kind.
fn goes_on(rows: &[Vec<String>], at: usize, column: usize, kind: CellKind) -> bool {
    let (mut all, mut same) = (0, 0);
    for cell in rows[at + 1..]
        .iter()
        .take(20)
        .filter_map(|row| row.get(column))
    {
        let other = CellKind::of(cell);
        all += usize::from(other != CellKind::Empty);
        same += usize::from(other == kind);
    }
    same * 2 >= all
}
