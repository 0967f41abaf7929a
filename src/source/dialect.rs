//! The dialect of a CSV file, found in its beginning: delimiter, quote, and which row is the header.
//!
//! Owner of [`Dialect`] and of the rules that find one. The right delimiter is the one that cuts most rows, and the
//! header with them, into the same number of cells; the header is the first row unless rows above it are evidently
//! titles. Whatever is not clear is said (`sure`) or left to a person (`header: None`), since a wrong guess would feed
//! the wrong fields, and a customer's row that is taken for the header would print what it holds. Left out on purpose: delimiters
//! beyond [`DELIMITERS`] and [`RARE_DELIMITERS`] and those beyond ASCII (`wide`), and quotes by backslash, which nothing finds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Form, Lines, MOST_COLUMNS};
use super::{Cell, Flaw, Rows};

/// How cells are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dialect {
    /// The byte between cells.
    pub delimiter: u8,
    /// The byte around a cell that holds delimiters or line ends; `None` when no byte does that.
    pub quote: Option<u8>,
}

/// What the settings say; the rest is found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set {
    /// The delimiter.
    pub delimiter: Option<u8>,
    /// The quote; `Some(None)` says that there is none.
    pub quote: Option<Option<u8>>,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guess {
    /// The dialect.
    pub dialect: Dialect,
    /// Whether a person need not look at the dialect.
    pub sure: bool,
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
pub const RARE_DELIMITERS: [(u8, usize); 14] = [
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
pub fn find(sample: &[u8], whole: bool, set: Set) -> Guess {
    let (sep, sep_delimiter) = sep_line(sample);
    let sample = &sample[sep..];
    let quote = set.quote.unwrap_or(Some(b'"'));
    let with = |delimiter| Candidate::new(sample, whole, Dialect { delimiter, quote });
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
        let dialect = Dialect {
            quote: None,
            ..best.dialect
        };
        let plain = Candidate::new(sample, whole, dialect);
        if plain.columns > 1 && plain.same == plain.rows {
            guess = plain.guess(sep, sure);
        }
    }
    if set.quote.is_none() && apostrophes(&best.first) {
        let dialect = Dialect {
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

/// Whether a cell of the first rows has quotes around it.
fn has_quoted_cells(sample: &[u8], dialect: Dialect) -> bool {
    let Some(quote) = dialect.quote else {
        return false;
    };
    let lines = sample
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .take(ROWS);
    let mut cells = lines.flat_map(|line| line.split(|byte| *byte == dialect.delimiter));
    cells.any(|cell| {
        let cell = cell.trim_ascii();
        cell.len() > 1 && cell.first() == Some(&quote) && cell.last() == Some(&quote)
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
    dialect: Dialect,
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
    fn new(sample: &[u8], whole: bool, dialect: Dialect) -> Candidate {
        let form = Form {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            width: 0,
            sheet: false,
        };
        let (mut lines, mut rows) = (Lines::new(sample, form, 0, 1), Rows::default());
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

    fn guess(&self, sep: usize, sure: bool) -> Guess {
        Guess {
            dialect: self.dialect,
            sure,
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

/// Which of the first rows is the header: the first, unless rows above it are evidently titles. `None` when the first rows look like data, or none looks like a header.
pub fn header_row(rows: &[Vec<String>]) -> Option<usize> {
    let rows = &rows[..rows.len().min(HEADER_WITHIN)];
    let usual = usual_filled(rows);
    let narrow = |row: &[String]| filled(row) * 2 <= usual && filled(row) < usual;
    let first = rows.iter().position(|row| !narrow(row))?;
    if first == 0 {
        return (!like_data(rows, 0) && !like_the_others(rows, 0)).then_some(0);
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
            Votes::Certain
                | Votes::Count {
                    data: 1..,
                    header: 0
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
    let texts = names.iter().filter(|name| Kind::of(name).name());
    let different: BTreeSet<&String> = names.iter().collect();
    most(names.len(), usual)
        && most(texts.count(), names.len())
        && most(different.len(), names.len())
        && !like_data(rows, at)
}

/// What a cell looks like, as far as a header differs from data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Empty,
    Number,
    Date,
    Email,
    /// Letters and digits.
    Code,
    /// No digits.
    Text,
}

impl Kind {
    fn of(cell: &str) -> Kind {
        let cell = cell.trim();
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        let has = |letters: fn(char) -> bool| cell.chars().any(letters);
        if cell.is_empty() {
            Kind::Empty
        } else if cell.contains('@') && cell.contains('.') && !has(char::is_whitespace) {
            Kind::Email
        } else if digits == 0 {
            Kind::Text
        } else if date(cell) {
            Kind::Date
        } else if !has(char::is_alphabetic) && !cell.starts_with('#') {
            Kind::Number
        } else {
            Kind::Code
        }
    }

    /// Whether a name of a column looks so.
    fn name(self) -> bool {
        matches!(self, Kind::Code | Kind::Text)
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

/// Whether a row is data: it has a date or an e-mail address as the rows below have, or more of its columns look like the rows
/// below than like a name above them.
fn like_data(rows: &[Vec<String>], at: usize) -> bool {
    match votes(rows, at) {
        Votes::Certain => true,
        Votes::Count { data, header } => data > header,
    }
}

/// Whether nothing at all speaks for a row being a header: it is a row of texts like those below.
fn like_the_others(rows: &[Vec<String>], at: usize) -> bool {
    let below = rows[at + 1..].iter().filter(|row| filled(row) > 0);
    below.count() > 1
        && filled(&rows[at]) > 1
        && votes(rows, at) == Votes::Count { data: 0, header: 0 }
}

/// What the columns of a row say about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Votes {
    /// It is data.
    Certain,
    /// How many columns speak for data, and how many for a header.
    Count { data: usize, header: usize },
}

fn votes(rows: &[Vec<String>], at: usize) -> Votes {
    let (mut data, mut header) = (0, 0);
    let row = &rows[at];
    // The header again, as joined files have it, says nothing.
    let below: Vec<&Vec<String>> = rows[at + 1..]
        .iter()
        .filter(|other| *other != row)
        .collect();
    for (column, cell) in row.iter().enumerate() {
        let cell = cell.trim();
        let kind = Kind::of(cell);
        let values = || {
            let cells = below.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| cell.trim())
                .filter(|cell| !cell.is_empty())
        };
        if kind == Kind::Empty || values().next().is_none() {
            continue;
        }
        let goes_on = goes_on(rows, at, column, kind);
        match kind {
            Kind::Date | Kind::Email if goes_on => return Votes::Certain,
            _ if values().any(|value| value == cell) => data += 1,
            Kind::Number if goes_on => data += 1,
            Kind::Code if goes_on && same_form(cell, values()) => data += 1,
            Kind::Code | Kind::Text if !goes_on => header += 1,
            Kind::Code | Kind::Text if is_name(cell, values()) => header += 1,
            _ => {}
        }
    }
    Votes::Count { data, header }
}

/// Whether a cell with digits is made as those below: letters and digits at the same places, or a number before words.
fn same_form<'a>(cell: &str, below: impl Iterator<Item = &'a str>) -> bool {
    let numbered = |cell: &str| {
        let first = cell.split(' ').next().unwrap_or_default();
        first.len() < cell.len() && first.bytes().all(|byte| byte.is_ascii_digit())
    };
    let form = |cell: &str| -> String { cell.chars().map(super::shape::mask).collect() };
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
    let style = Style::of(cell);
    let alike = below
        .iter()
        .filter(|other| Style::of(other) == style)
        .count();
    let length = cell.chars().count();
    let lengths: BTreeSet<usize> = below.iter().map(|other| other.chars().count()).collect();
    let one_length = below.len() > 2 && lengths.len() == 1 && !lengths.contains(&length);
    alike * 4 < below.len() || one_length || has_column_word(cell)
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// With underscores, or with a capital letter inside of a word.
    Joined,
    Capitals,
    Small,
    Mixed,
}

impl Style {
    fn of(text: &str) -> Style {
        let joined = |pair: &[char]| pair[0].is_lowercase() && pair[1].is_uppercase();
        let letters: Vec<char> = text.chars().collect();
        if text.contains('_') || letters.windows(2).any(joined) {
            Style::Joined
        } else if !letters.iter().any(|c| c.is_lowercase()) {
            Style::Capitals
        } else if !letters.iter().any(|c| c.is_uppercase()) {
            Style::Small
        } else {
            Style::Mixed
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
    let kinds = rows[at].iter().map(|cell| Kind::of(cell)).enumerate();
    let differs =
        |(column, kind): &(usize, Kind)| kind.name() && !goes_on(rows, at, *column, *kind);
    kinds.filter(differs).count()
}

/// Whether at least half of the filled cells below are of a kind.
fn goes_on(rows: &[Vec<String>], at: usize, column: usize, kind: Kind) -> bool {
    let (mut all, mut same) = (0, 0);
    for cell in rows[at + 1..]
        .iter()
        .take(20)
        .filter_map(|row| row.get(column))
    {
        let other = Kind::of(cell);
        all += usize::from(other != Kind::Empty);
        same += usize::from(other == kind);
    }
    same * 2 >= all
}
