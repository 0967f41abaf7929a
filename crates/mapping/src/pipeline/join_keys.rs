//! What a cell is as a key by which rows of several exports, or several rows of one, are found to belong together.
//!
//! Owner of [`JoinKeys`]. A placeholder is no key: a row that says `N/A` would belong to every account that says so. A cell that
//! cannot be read, and one of which digits may be lost, is none either, but of that a person has to hear: whose row it is nobody
//! knows, or which rows its account has. Left out on purpose: what follows for a row and for an account (`joins`,
//! `custody::recipients`).

use crate::missing::EmptyCells;
use bakkt_contract::forms;
use bakkt_model::placeholder::{KeptPlaceholders, is_placeholder_but};
use bakkt_source::{Cell, Row};

/// What is wrong with a key that cannot be compared.
pub(crate) const UNFIT_KEY: &str = "its key holds a character that nobody sees, is a formula or an error of a spreadsheet, or is a number of which digits may be lost";

/// What is wrong with an account whose own key is such a one.
pub(crate) const UNREADABLE_KEY: &str = "the cell by which its rows are found in another export cannot be read: a lost character, a formula or an error of a spreadsheet, or a number of which digits may be lost";

/// What is wrong with an account that has a placeholder for the id by which its rows are found.
pub(crate) const NO_KEY: &str = "the id by which its rows are found in another export is a placeholder: they may be there under its real one";

/// What a cell is as a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCell<'a> {
    /// Empty, or a placeholder.
    None,
    /// A key.
    Key(&'a str),
    /// A key that cannot be compared, as it stands in its cell: another program may drop what makes it another one.
    Unfit(&'a str),
    /// Nobody can tell what the key was, and why.
    Unread(&'static str),
}

/// What counts as no key in two exports that are joined.
#[derive(Clone, Debug, Default)]
pub struct JoinKeys {
    /// Of the accounts' mapping, and of the mapping of the rows beside them.
    empty: Vec<EmptyCells>,
}

impl JoinKeys {
    /// Takes what counts as empty in either export: a key is one on both sides or on neither.
    pub fn new(empty: impl IntoIterator<Item = EmptyCells>) -> JoinKeys {
        JoinKeys {
            empty: empty.into_iter().collect(),
        }
    }

    /// What the cell of a row is; of a broken row nothing is believed.
    pub fn of<'a>(&self, row: &Row<'a>, column: usize) -> KeyCell<'a> {
        let text = match (row.flaw(), row.cell(column)) {
            (Some(flaw), _) => return KeyCell::Unread(flaw.text()),
            (None, Cell::Broken(why)) => return KeyCell::Unread(why),
            (None, Cell::Text(text)) => text,
        };
        if text.is_empty() || self.empty.iter().any(|empty| empty.is_named(text)) {
            KeyCell::None
        } else if forms::unfit_id(text).is_some() {
            match crate::unreadable::why(text) {
                Some(_) => KeyCell::Unread(UNFIT_KEY),
                None => KeyCell::Unfit(text),
            }
        } else if is_no_key(text) {
            KeyCell::None
        } else {
            KeyCell::Key(text)
        }
    }

    /// The key of a row that has one.
    pub fn key<'a>(&self, row: &Row<'a>, column: usize) -> Option<&'a str> {
        match self.of(row, column) {
            KeyCell::Key(key) => Some(key),
            _ => None,
        }
    }
}

/// Whether a text stands for no key, whatever the mapping says of placeholders: no customer and no contract is called so. Digits
/// that repeat or count up may be somebody's; zeros alone are nobody's.
fn is_no_key(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0') || is_placeholder_but(text, KeptPlaceholders::Numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_none_is_no_key() {
        for text in [
            "N/A",
            "n/a",
            "-",
            "--",
            "NONE",
            "null",
            "0",
            "000",
            "?",
            "01/01/1900",
            "xxx",
        ] {
            assert!(is_no_key(text), "{text}");
        }
        for text in [
            "1",
            "10",
            "A-0",
            "00123",
            "123456789",
            "99999999",
            "NA",
            "X",
            "NEW",
            "A",
        ] {
            assert!(!is_no_key(text), "{text}");
        }
    }
}
