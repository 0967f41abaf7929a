//! The words that may be kept: those that error messages are made of (`words.txt`), and the contract's own.
//!
//! Built once. Some words are names of people as well; they are marked in the file, and kept only where they are not
//! written as a name. Left out on purpose: names of people and places; the rest of a dictionary.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::account::ACCOUNT;
use crate::decision::{ACCOUNT_STATUSES, MODES, OTHER_EVENT_TYPES, PARTY_STATUSES, REASON_CODES};
use crate::documents::{KYB_ITEM_NAMES, METADATA, SIDES, TYPE_NAMES};
use crate::roles::{OWNER_KINDS, ROLES};
use crate::usd::{RANGE_A, RANGE_B};
use crate::{Field, FieldShape, Form, account};

use super::parts::{self, WordOrNumber};

const WORDS: &str = include_str!("words.txt");

/// Names of fields in answers, beside those that the contract's tree has.
const OTHER_FIELDS: &[&str] = &[
    "id",
    "createdAt",
    "pendingUpdateIds",
    "cipClearanceState",
    "canTradeCrypto",
    "validationErrors",
    "rejectedValue",
    "requestId",
    "partnerPartyRef",
    "partnerWebhookType",
    "partyStatus",
    "reasonCode",
    "verificationURL",
    "verificationURLExpiry",
    "logonId",
    "password",
    "token",
    "documentMetadata",
    "partnerId",
];

/// What else a word of the vocabulary can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordClass {
    /// Nothing else.
    Plain,
    /// A small word that is a name as well, such as `an`.
    SmallWord,
    /// A name as well, such as `grant`.
    Name,
}

/// The words and the constants that may be kept.
#[derive(Debug)]
pub(super) struct Vocabulary {
    /// In lower case.
    words: HashMap<String, WordClass>,
    /// The contract's words as they are written: names of fields and words of enums.
    constants: HashSet<&'static str>,
}

/// The vocabulary.
pub(super) fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
    VOCABULARY.get_or_init(Vocabulary::build)
}

impl Vocabulary {
    fn build() -> Vocabulary {
        let mut words = HashMap::new();
        let lines = WORDS.lines().filter(|line| !line.starts_with('#'));
        for word in lines.flat_map(str::split_whitespace) {
            let (word, standing) = match (word.strip_suffix('?'), word.strip_suffix('~')) {
                (Some(word), _) => (word, WordClass::Name),
                (_, Some(word)) => (word, WordClass::SmallWord),
                _ => (word, WordClass::Plain),
            };
            words.insert(word.to_owned(), standing);
        }
        let mut constants = HashSet::new();
        collect(ACCOUNT, &mut constants);
        collect(METADATA, &mut constants);
        for list in [
            OTHER_FIELDS,
            account::TAX_ID_TYPES,
            account::ACCOUNT_TYPES,
            ROLES,
            OWNER_KINDS,
            TYPE_NAMES,
            SIDES,
            KYB_ITEM_NAMES,
            PARTY_STATUSES,
            REASON_CODES,
            ACCOUNT_STATUSES,
            MODES,
            OTHER_EVENT_TYPES,
            &["PARTY_EVENT", "NATIONAL_ID", "SUCCESS"],
            &RANGE_A,
            &RANGE_B,
        ] {
            constants.extend(list);
        }
        for constant in &constants {
            for part in parts::of(constant) {
                if let WordOrNumber::Word(word) = part
                    && word.len() > 1
                {
                    words.entry(word.to_lowercase()).or_insert(WordClass::Plain);
                }
            }
            if constant.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                words
                    .entry(constant.to_lowercase())
                    .or_insert(WordClass::Plain);
            }
        }
        Vocabulary { words, constants }
    }

    /// What a word is; none when it may not be kept.
    pub(super) fn standing(&self, word: &str) -> Option<WordClass> {
        if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.words.get(&word.to_ascii_lowercase()).copied();
        }
        self.words.get(word).copied()
    }

    /// Whether it is a word of the contract, as the contract writes it.
    pub(super) fn is_constant(&self, text: &str) -> bool {
        self.constants.contains(text)
    }
}

fn collect(fields: &'static [Field], constants: &mut HashSet<&'static str>) {
    for field in fields {
        constants.insert(field.name);
        match field.shape {
            FieldShape::Leaf(Form::OneOf(words)) | FieldShape::Lines(Form::OneOf(words)) => {
                constants.extend(words);
            }
            FieldShape::Object(inner) | FieldShape::List(inner) => collect(inner, constants),
            FieldShape::Leaf(_) | FieldShape::Lines(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_in_order_and_has_no_names_of_people_alone() {
        let lines = WORDS.lines().filter(|line| !line.starts_with('#'));
        let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        assert!(words.len() > 1000);
        let bare = |word: &str| word.trim_end_matches(['?', '~']).to_owned();
        assert!(words.is_sorted_by_key(|word| bare(word)));
        for word in words.iter().map(|word| bare(word)) {
            assert!(
                word.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
                "{word}"
            );
        }
        for name in [
            "ana", "li", "ng", "john", "jane", "smith", "miller", "mueller", "garcia", "kim",
            "lee", "wang", "austin", "texas", "berlin", "ibm", "apple", "dawn", "maggic",
            "jackson", "green", "brown",
        ] {
            assert_eq!(vocabulary().standing(name), None, "{name}");
        }
        for name in [
            "grant", "mark", "will", "may", "field", "state", "case", "page", "long", "young",
            "bill",
        ] {
            assert_eq!(vocabulary().standing(name), Some(WordClass::Name), "{name}");
        }
    }
}
