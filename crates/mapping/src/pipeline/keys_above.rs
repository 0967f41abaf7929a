//! Keys of rows that stand above a row without one.
//!
//! Owner of [`KeysAbove`]. Whoever writes several rows for one account often writes its key only into the first of them, or merges
//! the cells: a workbook then has the key in the first row alone. The account would be opened without the owners of the other
//! rows, and nobody would know. Of a row whose key cannot be read the account above or below may be meant. Keys are kept as
//! hashes with a seed of the moment.
//! The rule: a row without a key is in doubt for the account of the nearest row above it in the same file that has a key, with
//! nothing between them that may have had another one (a broken row may have), unless it is a trailer ([`is_trailer`]).
//! Left out on purpose: giving a row the key from above, which would be a guess about who owns an account; and what an
//! account is refused for (`record`).

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use bakkt_source::Cell;

/// The keys below which a row without a key stands, and those beside which one stands whose key cannot be read.
#[derive(Debug, Default)]
pub struct KeysAbove {
    seed: RandomState,
    keys: HashSet<u64>,
    /// Right above or below a row whose key cannot be read.
    beside: HashSet<u64>,
    /// The row before had such a key.
    is_behind_unread: bool,
    /// The key of the last row that had one.
    last: Option<u64>,
    /// The file of the row at hand.
    file: usize,
}

impl KeysAbove {
    /// The next row stands in this file: no key governs rows of another.
    pub(crate) fn enter(&mut self, file: usize) {
        if self.file != file {
            (self.file, self.last, self.is_behind_unread) = (file, None, false);
        }
    }

    /// The next row has this key.
    pub(crate) fn pass(&mut self, key: &str) {
        let key = self.seed.hash_one(key);
        self.last = Some(key);
        if std::mem::take(&mut self.is_behind_unread) {
            self.beside.insert(key);
        }
    }

    /// The key of the next row cannot be read: exports are sorted by account mostly, so it is that of the row above or below.
    pub(crate) fn pass_unread(&mut self) {
        self.beside.extend(self.last.take());
        self.is_behind_unread = true;
    }

    /// The next row is broken and may have had any key.
    pub(crate) fn pass_broken(&mut self) {
        (self.last, self.is_behind_unread) = (None, false);
    }

    /// The next row has no key, and is the account's above it unless it is a trailer.
    pub(crate) fn pass_keyless<'c>(&mut self, cells: impl Iterator<Item = Cell<'c>>) {
        if self.last.is_some() && !is_trailer(cells) {
            self.keys.extend(self.last);
        }
    }

    /// Whether a row without a key stands below one with this key, with nothing but such rows between them.
    pub(crate) fn has(&self, key: &str) -> bool {
        !self.keys.is_empty() && self.keys.contains(&self.seed.hash_one(key))
    }

    /// Whether a row whose key cannot be read stands right above or below one with this key.
    pub(crate) fn has_beside(&self, key: &str) -> bool {
        !self.beside.is_empty() && self.beside.contains(&self.seed.hash_one(key))
    }
}

/// Words one of which the label of a trailer has.
const LABELS: &[&str] = &[
    "total",
    "totals",
    "subtotal",
    "subtotals",
    "sum",
    "count",
    "counts",
    "number",
    "end",
    "eof",
    "eod",
    "trailer",
    "footer",
    "page",
    "printed",
    "generated",
    "exported",
    "records",
    "rows",
    "lines",
    "entries",
    "items",
    "customers",
    "accounts",
    "clients",
    "owners",
    "contacts",
    "summe",
    "gesamt",
    "anzahl",
    "ende",
    "seite",
];

/// Words that stand beside them.
const BESIDE_LABELS: &[&str] = &[
    "grand", "sub", "overall", "record", "row", "of", "the", "for", "in", "on", "at", "this", "no",
    "and", "all", "file", "report", "list", "data", "date", "time", "customer", "account",
    "client", "owner", "contact", "der", "von",
];

/// The most digits of a count that stands alone; a tax id has more.
const MOST_DIGITS: usize = 8;

/// Whether a row without a key is a trailer: what is filled of it is labels ("Total", "Record count: 12") and numbers, or one short
/// number alone. Any other word may be a customer's.
fn is_trailer<'c>(cells: impl Iterator<Item = Cell<'c>>) -> bool {
    let (mut labels, mut numbers, mut digits) = (0_usize, 0_usize, 0_usize);
    for cell in cells {
        let Cell::Text(text) = cell else { return false };
        if text.chars().any(char::is_alphabetic) {
            if !is_label(text) {
                return false;
            }
            labels += 1;
        } else if text.chars().any(char::is_numeric) {
            numbers += 1;
            digits += text.chars().filter(|c| c.is_numeric()).count();
        }
    }
    labels > 0 || (numbers <= 1 && digits <= MOST_DIGITS)
}

fn is_label(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphabetic());
    let mut has_label = false;
    for word in words.filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        let is_one = LABELS.contains(&word.as_str());
        if !is_one && !BESIDE_LABELS.contains(&word.as_str()) {
            return false;
        }
        has_label |= is_one;
    }
    has_label
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &'static [&'static str]) -> impl Iterator<Item = Cell<'static>> {
        cells.iter().map(|text| Cell::Text(text))
    }

    #[test]
    fn only_the_key_right_above_is_in_doubt() {
        let owner = || row(&["", "Ann"]);
        let mut keys = KeysAbove::default();
        keys.pass_keyless(owner());
        for key in ["1", "2"] {
            keys.pass(key);
        }
        keys.pass_keyless(owner());
        keys.pass_keyless(owner());
        for key in ["3", "4"] {
            keys.pass(key);
        }
        keys.pass_broken();
        keys.pass_keyless(owner());
        keys.pass("5");
        keys.enter(1);
        keys.pass_keyless(owner());
        keys.pass("6");
        keys.pass_keyless(row(&["", "Total", "6"]));
        assert!(keys.has("2"));
        for key in ["1", "3", "4", "5", "6", ""] {
            assert!(!keys.has(key), "{key}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_puts_both_neighbours_in_doubt() {
        let mut keys = KeysAbove::default();
        keys.pass_unread();
        for key in ["1", "2", "3"] {
            keys.pass(key);
        }
        keys.pass_unread();
        keys.pass_unread();
        for key in ["4", "5"] {
            keys.pass(key);
        }
        keys.pass_unread();
        keys.enter(1);
        for key in ["6", "7"] {
            keys.pass(key);
        }
        for key in ["1", "3", "4", "5"] {
            assert!(keys.has_beside(key) && !keys.has(key), "{key}");
        }
        for key in ["2", "6", "7", ""] {
            assert!(!keys.has_beside(key), "{key}");
        }
    }

    #[test]
    fn labels_and_counts_are_trailers_and_what_may_be_a_customers_is_not() {
        for cells in [
            &["", "", "Total", "12", "4,500.00"][..],
            &["", "Record count: 12"],
            &["", "*** End of report ***"],
            &["", "Page 3 of 7"],
            &["", "2 customers", "Printed 2024-05-01"],
            &["", "12"],
            &["", "-"],
            &["", ""],
        ] {
            assert!(is_trailer(row(cells)), "{cells:?}");
        }
        for cells in [
            &["", "Ann Example"][..],
            &["", "Total", "Ann"],
            &["", "987001201"],
            &["", "12 Sample Road"],
            &["", "J", "1980-02-03"],
            &["", "1980-02-03", "73301"],
            &["", "Of The"],
        ] {
            assert!(!is_trailer(row(cells)), "{cells:?}");
        }
    }
}
