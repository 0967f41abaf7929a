//! Free texts that say nothing, or hold what belongs into another field: employers, occupations, names of firms, sources of funds; and
//! mailboxes that nobody has.
//!
//! Owner of which fields are such texts, and of [`doubt`]. Left out on purpose: names of people (`names::field`), streets (`address`)
//! and cities (`places`), which have words of their own for nothing.

use super::checks::cell;
use super::other_field::is_of_another_field;
use crate::draft::Draft;
use crate::memo::Memo;
use crate::names::field::says_that_nothing_is_known;
use bakkt_contract::fold::fold;
use bakkt_model::masked::is_masked;
use bakkt_model::no_values;
use bakkt_model::placeholder::is_placeholder;

/// The ends of their paths.
const FIELDS: [&str; 7] = [
    "employerName",
    "position",
    "entityLegalName",
    "operatingIndustry",
    "entityOfferings",
    "sourceOfFunds",
    "sourceOfCurrency",
];

/// Words for nothing that are no placeholder everywhere; folded. There are people, but no firms, called Test.
const NO_TEXTS: [&str; 19] = [
    "0", "00", "000", "blank", "dummy", "empty", "example", "missing", "na", "nan", "nil", "no",
    "nope", "tbc", "test", "testing", "tests", "todo", "xx",
];

/// Longer texts say something.
const LONGEST: usize = 24;

/// A slot that holds such a text, with the number of its field.
#[derive(Clone, Copy, Debug)]
pub(super) struct FreeTextSlot {
    pub slot: usize,
    pub field: u16,
    /// It is an e-mail address.
    pub is_mailbox: bool,
}

/// Whether a field, by the end of its path, holds such a text.
pub(super) fn is_free_text(name: &str) -> bool {
    FIELDS.contains(&name)
}

/// Whether a field, by the end of its path, is an e-mail address.
pub(super) fn is_mailbox(name: &str) -> bool {
    matches!(name, "emailAddress" | "entityEmailAddress")
}

/// The doubtful texts of a record, each with what is wrong and its field. `judged` remembers what was found of a text before:
/// occupations and employers repeat.
pub(super) fn doubts<'a>(
    slots: &'a [FreeTextSlot],
    draft: &'a Draft,
    judged: &'a mut Memo<Option<&'static str>>,
) -> impl Iterator<Item = (&'a str, &'static str, u16)> {
    let present = slots.iter().filter(|text| draft.has_texts(text.slot));
    present.filter_map(|slot| {
        let text = cell(draft, slot.slot)?;
        if slot.is_mailbox {
            let why = "a mailbox that nobody has";
            return is_placeholder(text).then_some((text, why, slot.field));
        }
        let why = match judged.find(0, text) {
            Some(known) => *known,
            None => {
                let why = doubt(text);
                judged.keep(0, text, why);
                why
            }
        }?;
        Some((text, why, slot.field))
    })
}

/// What is wrong with such a text, if something is.
pub(crate) fn doubt(text: &str) -> Option<&'static str> {
    let says_nothing = || {
        text.len() <= LONGEST
            && (NO_TEXTS.contains(&fold(text).as_str()) || says_that_nothing_is_known(text))
    };
    if is_placeholder(text) || no_values::says_nothing(text) || says_nothing() {
        Some("a word that says that none is known")
    } else if is_masked(text) {
        Some("masked: some of its characters are left out")
    } else if is_of_another_field(text) {
        Some("a tax id, a phone number or an e-mail address stands in it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_say_nothing_or_too_much_are_found() {
        for text in [
            "N/A",
            "na",
            "UNKNOWN",
            "TEST",
            "Test",
            "XXX",
            "xx",
            "-",
            "TBD",
            "None",
            "0",
            "see above",
            "False",
            "null null",
            "unbekannt",
            "不明",
            "S***** Shop",
            "Sample Shop 987-00-1234",
            "mara@example.com",
        ] {
            assert!(doubt(text).is_some(), "{text}");
        }
        for text in [
            "Sample Shop LLC",
            "Test Kitchen",
            "Self-employed",
            "Retired",
            "3M",
            "7-11",
            "E*TRADE",
            "Nation",
            "Unknown Worlds",
            "XX Brands",
            "株式会社見本",
            "Savings",
            "IT",
        ] {
            assert_eq!(doubt(text), None, "{text}");
        }
    }
}
