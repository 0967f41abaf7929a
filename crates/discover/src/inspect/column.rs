//! What a column holds, gathered in one pass.
//!
//! Owner of [`ColumnProfile`]. Invariants: its memory is bounded whatever the file holds; two of them, of two parts of one file,
//! merge to that of the whole; of the values themselves only [`ColumnProfile::codes`] keeps any: a few short ones, for lookup
//! tables, and none once there are too many to be codes. They are never printed here.

use std::collections::BTreeMap;

use super::classes::{self, Class};
use super::dates;
use super::distinct::{Distinct, Hasher};
use super::shapes::{self, Shapes};
use bakkt_mapping::findings::date_cells::{DateForm, DateForms};
use bakkt_model::placeholder;
use bakkt_source::Cell;

/// The most codes that a column of codes has.
pub(crate) const MOST_CODES: usize = 40;

/// The longest code, in bytes.
const LONGEST_CODE: usize = 32;

/// Lengths of values of digits only that are counted one by one.
const LENGTHS: usize = 24;

/// Marks of currencies that are told apart.
pub(crate) const CURRENCIES: [&str; 8] = ["$", "€", "£", "¥", "USD", "EUR", "GBP", "CHF"];

/// Values that were seen lately and need not be looked at again; cities, codes and names come back all the time.
const RECENT: usize = 256;

/// What is known of one value, identified by its hash; nothing of the value itself is kept.
#[derive(Clone, Debug, Default)]
struct ValueFacts {
    hash: u64,
    placeholder: bool,
    length: u64,
    set: classes::ClassSet,
    date: Option<dates::DateReadings>,
    shape: String,
    /// Its number, where it is one.
    number: Option<f64>,
    /// A bit for each of [`CURRENCIES`] whose mark stands in a number.
    currencies: u8,
}

impl ValueFacts {
    fn look(&mut self, text: &str, hash: u64) {
        self.hash = hash;
        self.placeholder = placeholder::is_placeholder(text);
        self.length = text.chars().count() as u64;
        (self.set, self.date) = classes::classes(text);
        shapes::write(text, &mut self.shape);
        let is_number = self.set & classes::bit(Class::Number) != 0;
        self.number = is_number.then(|| number_of(text));
        self.currencies = 0;
        // Most numbers have no mark at all.
        if is_number && !text.bytes().all(is_bare) {
            for (place, mark) in CURRENCIES.iter().enumerate() {
                self.currencies |= u8::from(text.contains(mark)) << place;
            }
        }
    }
}

/// A byte of a number without a currency.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-')
}

/// The number that the digits and dots of a text make; the lowest of all where they make none.
fn number_of(text: &str) -> f64 {
    let fits = |c: char| c.is_ascii_digit() || c == '.';
    let read = match text.chars().all(fits) {
        true => text.parse(),
        false => text
            .chars()
            .filter(|c| fits(*c))
            .collect::<String>()
            .parse(),
    };
    read.unwrap_or(f64::MIN)
}

/// The sums of a column.
#[derive(Clone, Debug)]
pub struct ColumnProfile {
    /// Its name, as the header has it.
    pub name: String,
    /// Cells that hold something.
    pub filled: u64,
    /// Cells that could not be decoded.
    pub broken: u64,
    /// Cells that hold what people type when they know nothing.
    pub placeholders: u64,
    /// Length in characters: least, most, sum.
    pub length: (u64, u64, u64),
    /// Years of dates: least, most, sum.
    pub years: (u16, u16, u64),
    /// How its dates are written.
    pub date_forms: DateForms,
    /// The greatest number.
    pub greatest: f64,
    /// Shapes.
    pub shapes: Shapes,
    /// Different values.
    pub distinct: Distinct,
    /// Values of digits only, by their length.
    pub lengths: [u64; LENGTHS],
    /// Values with a mark of these currencies.
    pub currencies: [u64; CURRENCIES.len()],
    /// The most parts that semicolons or bars make, and the one that does.
    pub parts: (u64, char),
    counts: [u64; Class::COUNT],
    codes: Option<BTreeMap<String, u64>>,
    recent: Vec<ValueFacts>,
}

impl ColumnProfile {
    /// An empty one, of a file with so many columns.
    pub(crate) fn new(name: &str, columns: usize) -> ColumnProfile {
        ColumnProfile {
            name: name.to_owned(),
            filled: 0,
            broken: 0,
            placeholders: 0,
            length: (u64::MAX, 0, 0),
            years: (u16::MAX, 0, 0),
            date_forms: DateForms::default(),
            greatest: f64::MIN,
            shapes: Shapes::default(),
            distinct: Distinct::new(columns),
            lengths: [0; LENGTHS],
            currencies: [0; CURRENCIES.len()],
            parts: (1, ';'),
            counts: [0; Class::COUNT],
            codes: Some(BTreeMap::new()),
            recent: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, cell: Cell<'_>, hasher: &Hasher) {
        let text = match cell {
            Cell::Text("") => return,
            Cell::Text(text) => text,
            Cell::Broken(_) => {
                self.broken += 1;
                return;
            }
        };
        let hash = hasher.hash(text);
        let place = hash as usize % RECENT;
        if self.recent.len() < RECENT {
            self.recent.resize_with(RECENT, ValueFacts::default);
        }
        if self.recent[place].hash != hash {
            self.recent[place].look(text, hash);
        }
        let looked = std::mem::take(&mut self.recent[place]);
        if looked.placeholder {
            self.placeholders += 1;
        } else {
            self.filled += 1;
            self.length.0 = self.length.0.min(looked.length);
            self.length.1 = self.length.1.max(looked.length);
            self.length.2 += looked.length;
            self.shapes.add(&looked.shape, 1);
            self.distinct.add(hash);
            self.sum(text, &looked);
            self.keep_code(text, 1);
        }
        self.recent[place] = looked;
    }

    fn sum(&mut self, text: &str, looked: &ValueFacts) {
        let (set, date) = (looked.set, looked.date);
        let mut rest = set;
        while rest != 0 {
            self.counts[rest.trailing_zeros() as usize] += 1;
            rest &= rest - 1;
        }
        let is = |class| set & classes::bit(class) != 0;
        if let Some(date) = date {
            self.date_forms.add(DateForm::of(text));
            self.years.0 = self.years.0.min(date.year);
            self.years.1 = self.years.1.max(date.year);
            self.years.2 += u64::from(date.year);
        }
        if is(Class::Digits) {
            self.lengths[text.len().min(LENGTHS - 1)] += 1;
        }
        if let Some(number) = looked.number {
            self.greatest = self.greatest.max(number);
            for (place, count) in self.currencies.iter_mut().enumerate() {
                *count += u64::from(looked.currencies >> place & 1);
            }
        }
        if is(Class::List) {
            for separator in [';', '|'] {
                let parts = text.matches(separator).count() as u64 + 1;
                if parts > self.parts.0 {
                    self.parts = (parts, separator);
                }
            }
        }
    }

    fn keep_code(&mut self, text: &str, count: u64) {
        let Some(codes) = &mut self.codes else {
            return;
        };
        if let Some(known) = codes.get_mut(text) {
            *known += count;
        } else if codes.len() < MOST_CODES && text.len() <= LONGEST_CODE {
            codes.insert(text.to_owned(), count);
        } else {
            self.codes = None;
        }
    }

    /// Adds what another part of the same column has.
    pub(crate) fn merge(&mut self, other: &ColumnProfile) {
        self.filled += other.filled;
        self.broken += other.broken;
        self.placeholders += other.placeholders;
        self.length.0 = self.length.0.min(other.length.0);
        self.length.1 = self.length.1.max(other.length.1);
        self.length.2 += other.length.2;
        self.years.0 = self.years.0.min(other.years.0);
        self.years.1 = self.years.1.max(other.years.1);
        self.years.2 += other.years.2;
        self.date_forms.merge(&other.date_forms);
        self.greatest = self.greatest.max(other.greatest);
        self.shapes.merge(&other.shapes);
        self.distinct.merge(&other.distinct);
        if other.parts.0 > self.parts.0 {
            self.parts = other.parts;
        }
        add(&mut self.lengths, &other.lengths);
        add(&mut self.currencies, &other.currencies);
        add(&mut self.counts, &other.counts);
        match &other.codes {
            Some(codes) => codes
                .iter()
                .for_each(|(code, count)| self.keep_code(code, *count)),
            None => self.codes = None,
        }
    }

    /// Values of a class.
    pub(crate) fn count(&self, class: Class) -> u64 {
        self.counts[class as usize]
    }

    /// The share of the filled cells that are of a class, from 0 to 1.
    pub(crate) fn share(&self, class: Class) -> f64 {
        self.part(self.count(class))
    }

    /// The share of so many of the filled cells.
    pub(crate) fn part(&self, count: u64) -> f64 {
        if self.filled == 0 {
            0.0
        } else {
            count as f64 / self.filled as f64
        }
    }

    /// Whether every value occurs once, as far as the sketch can tell.
    pub(crate) fn all_distinct(&self) -> bool {
        let count = self.distinct.count();
        self.filled > 0
            && if self.distinct.exact() {
                count == self.filled
            } else {
                count as f64 > 0.95 * self.filled as f64
            }
    }

    /// The average length of a value, in characters.
    pub(crate) fn average_length(&self) -> f64 {
        self.part(self.length.2)
    }

    /// The average year of its dates.
    pub(crate) fn average_year(&self) -> f64 {
        match self.count(Class::Date) {
            0 => 0.0,
            dates => self.years.2 as f64 / dates as f64,
        }
    }

    /// The values, when they are few and short, and how often each occurs. They are the export's own: whoever writes them
    /// anywhere must have been asked to.
    pub(crate) fn codes(&self) -> Option<&BTreeMap<String, u64>> {
        self.codes.as_ref().filter(|codes| !codes.is_empty())
    }

    /// The usual length of values of digits only, how many have it, and how many are shorter by up to two.
    pub(crate) fn lost_zeros(&self) -> Option<(usize, u64, u64)> {
        let (usual, count) = self
            .lengths
            .iter()
            .copied()
            .enumerate()
            .max_by_key(|(length, count)| (*count, *length))?;
        let short: u64 = (usual.saturating_sub(2).max(1)..usual)
            .map(|length| self.lengths[length])
            .sum();
        let longer: u64 = self.lengths[usual + 1..].iter().sum();
        let fits = usual >= 4 && short > 0 && short * 2 < count && longer * 10 < count;
        fits.then_some((usual, count, short))
    }
}

fn add(own: &mut [u64], other: &[u64]) {
    for (own, other) in own.iter_mut().zip(other) {
        *own += other;
    }
}
