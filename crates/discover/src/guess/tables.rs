//! Lookup tables with the codes that occur.
//!
//! Owner of [`table`]. Invariants: only codes of a column of codes are written, and only below a field that takes a word;
//! a code whose meaning is not obvious stands as a comment, so that it is a gap until a person fills it in.

use super::codes::meaning;
use super::values::key;
use crate::inspect::classes::Class;
use crate::inspect::column::ColumnProfile;
use bakkt_contract::account::{ACCOUNT_TYPES, TAX_ID_TYPES};
use bakkt_contract::roles::{OWNER_KINDS, ROLES};
use bakkt_contract::{FieldShape, Form, path};

/// A code of the export, and how often it occurs.
#[derive(Clone, Debug)]
pub struct CodeEntry {
    /// The code as the export has it.
    pub code: String,
    /// Its word, where that is obvious.
    pub word: Option<&'static str>,
    /// Rows that have it.
    pub count: u64,
}

/// A lookup table.
#[derive(Clone, Debug)]
pub struct LookupTable {
    /// Its name in the mapping.
    pub name: String,
    /// The words that its field takes.
    pub words: &'static [&'static str],
    /// The codes.
    pub entries: Vec<CodeEntry>,
}

/// The words that the field at a path takes.
pub(crate) fn words(path: &str) -> Option<&'static [&'static str]> {
    let indexed = path.replacen("[]", "[0]", 1);
    match path::find(&indexed)?.field.shape {
        FieldShape::Leaf(Form::OneOf(words)) => Some(words),
        FieldShape::Leaf(Form::Role) => Some(ROLES),
        FieldShape::Leaf(Form::OwnerKind) => Some(OWNER_KINDS),
        FieldShape::Leaf(Form::TaxIdType) => Some(TAX_ID_TYPES),
        FieldShape::Leaf(Form::AccountType) => Some(ACCOUNT_TYPES),
        _ => None,
    }
}

/// Forms that a code never has.
const NO_CODES: &[Class] = &[
    Class::Email,
    Class::Phone,
    Class::Date,
    Class::Ssn,
    Class::Nine,
    Class::Ein,
    Class::Street,
    Class::Money,
    Class::NameComma,
    Class::Company,
];

/// Whether the values of a column may be written down as codes.
fn of_codes(column: &ColumnProfile) -> bool {
    NO_CODES.iter().all(|class| column.share(*class) < 0.05)
        && column
            .codes()
            .is_some_and(|codes| codes.len() < 13 || column.part(codes.len() as u64) < 0.5)
}

/// The table of a field and the column that feeds it; none when its values are no codes.
pub(crate) fn table(path: &str, column: &ColumnProfile) -> Option<LookupTable> {
    let words = words(path)?;
    let codes = column.codes().filter(|_| of_codes(column))?;
    let mut entries: Vec<CodeEntry> = codes
        .iter()
        .map(|(code, count)| CodeEntry {
            code: code.clone(),
            word: meaning(path, code, words),
            count: *count,
        })
        .collect();
    entries.sort_by(|a, b| b.count.cmp(&a.count).then(a.code.cmp(&b.code)));
    let last = path.rsplit('.').next().unwrap_or(path);
    Some(LookupTable {
        name: snake(last),
        words,
        entries,
    })
}

impl LookupTable {
    /// Every code is the word itself: no table is needed.
    pub(crate) fn is_plain(&self) -> bool {
        self.entries
            .iter()
            .all(|entry| entry.word == Some(entry.code.as_str()))
    }

    /// The words that its codes stand for.
    pub(crate) fn known(&self) -> Vec<&'static str> {
        let mut known: Vec<&'static str> =
            self.entries.iter().filter_map(|entry| entry.word).collect();
        known.sort_unstable();
        known.dedup();
        known
    }

    /// Codes whose meaning is open.
    pub(crate) fn open(&self) -> usize {
        self.entries
            .iter()
            .filter(|entry| entry.word.is_none())
            .count()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "[lookups.{}]\n# one of: {}\n",
            key(&self.name),
            self.words.join(", ")
        );
        for entry in &self.entries {
            let rows = if entry.count == 1 {
                "1 row"
            } else {
                &format!("{} rows", entry.count)
            };
            let code = key(&entry.code);
            text.push_str(&match entry.word {
                Some(word) => format!("{code} = \"{word}\"  # {rows}\n"),
                None => format!("# {code} = \"\"  # {rows}: fill in its meaning\n"),
            });
        }
        text
    }
}

/// `investmentObjective` as `investment_objective`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
