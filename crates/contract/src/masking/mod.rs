//! What may be kept of a server's words: those of a fixed vocabulary, and of these none that is a value of the customer.
//!
//! Owner of the one masker of the program. Everything that a server says and that goes into the journal, a report or a
//! log passes through it: messages ([`Masker::message`]), codes and other words of constants ([`Masker::code`]), ids
//! ([`Masker::id`]). Invariants: a word that the vocabulary does not have is never kept; credentials and the customer's
//! values are never kept, in any case, with or without accents, escaped, cut short, or cut apart.
//! Left out on purpose: where in an answer a message or a code stands (`api::mask`).

mod decode;
mod parts;
mod personal;
mod phrase;
mod vocabulary;

pub use personal::Personal;

use parts::WordOrNumber;
use vocabulary::{WordClass, vocabulary};

/// Longest code that is kept as it is, in characters.
const LONGEST_CODE: usize = 60;
/// Longest id of Bakkt's that is kept, in characters.
const LONGEST_ID: usize = 64;
/// So many characters in a row of a credential are recognised wherever they stand.
const WINDOW: usize = 5;

/// Decides what may be kept of the words of one answer.
#[derive(Debug)]
pub struct Masker<'a> {
    personal: &'a Personal,
}

impl<'a> Masker<'a> {
    /// A masker that knows the customer's values, or that it knows none ([`Personal::unknown`]).
    pub fn new(personal: &'a Personal) -> Masker<'a> {
        Masker { personal }
    }

    /// The message with everything masked that may not be kept.
    pub fn message(&self, text: &str) -> String {
        phrase::mask(text, self.personal)
    }

    /// The code as it came, when each of its parts is a word of the vocabulary or a number, and none of them is in a value
    /// of the customer. `known` is a code that is always kept: the status of the answer itself.
    pub fn code(&self, code: &str, known: Option<u16>) -> Option<String> {
        let code = code.trim();
        if known.is_some_and(|status| code == status.to_string()) {
            return Some(code.to_owned());
        }
        let shaped = (1..=LONGEST_CODE).contains(&code.len())
            && code
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-.:/".contains(&b));
        let personal = self.personal;
        if !shaped || personal.has_of_a_secret(code) {
            return None;
        }
        let parts = parts::of(code);
        if parts.is_empty() || personal.has_sequence(&parts) {
            return None;
        }
        let constant = vocabulary().is_constant(code);
        if personal.is_unknown() && !constant && !has_number_of_an_error(&parts) {
            return None;
        }
        let fits = |part: &WordOrNumber<'_>| match part {
            WordOrNumber::Number(digits) => constant || !personal.has_number(digits),
            WordOrNumber::Word(word) if personal.has_word(word) => false,
            WordOrNumber::Word(_) if constant => true,
            WordOrNumber::Word(word) => self.fits_in_a_code(word, &parts),
        };
        parts.iter().all(fits).then(|| code.to_owned())
    }

    fn fits_in_a_code(&self, word: &str, parts: &[WordOrNumber<'_>]) -> bool {
        let plain = |part: &WordOrNumber<'_>| matches!(part, WordOrNumber::Word(word) if vocabulary().standing(word) == Some(WordClass::Plain));
        match vocabulary().standing(word) {
            Some(WordClass::Plain) => true,
            // Nobody knows whose names these could be: only beside a word that is no name.
            Some(WordClass::SmallWord) => !self.personal.is_doubtful() || parts.iter().any(plain),
            Some(WordClass::Name) => !self.personal.is_doubtful(),
            // The letter of a numbered code, such as E1042.
            None => {
                word.len() == 1
                    && parts
                        .iter()
                        .any(|part| matches!(part, WordOrNumber::Number(_)))
            }
        }
    }

    /// Whether an id of Bakkt's may be kept: it looks like one, and holds no value of the customer.
    pub fn id(&self, id: &str) -> bool {
        let shaped = (1..=LONGEST_ID).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
        let personal = self.personal;
        if !shaped || personal.has_of_a_secret(id) {
            return false;
        }
        if is_uuid(id) {
            return true;
        }
        let runs: Vec<&str> = id.split(['-', '_', '.', ':']).collect();
        if personal.is_unknown() {
            // Without the values, only what neither a name nor a number of a person looks like.
            return runs.iter().all(|run| is_technical(run)) && !may_hold_a_number(id, &runs);
        }
        let all = runs.iter().flat_map(|run| parts::of(run));
        let is_in_a_number = |part: WordOrNumber<'_>| match part {
            WordOrNumber::Number(digits) => personal.is_inside_number(digits),
            WordOrNumber::Word(_) => false,
        };
        if all.into_iter().any(is_in_a_number) {
            return false;
        }
        // Short numbers and words stand in mixed runs by chance.
        let written = runs.into_iter().filter(|run| !is_mixed(run));
        let parts: Vec<WordOrNumber<'_>> = written.flat_map(parts::of).collect();
        let is_personal = |part: &WordOrNumber<'_>| match part {
            // A letter in front of a number is no initial.
            WordOrNumber::Word(word) => word.len() > 1 && personal.has_word(word),
            WordOrNumber::Number(digits) => personal.has_long_number(digits),
        };
        !parts.iter().any(is_personal) && !personal.has_sequence(&parts) && !personal.is_inside(id)
    }
}

/// A word of a constant as it came, when the vocabulary has it and it could be nobody's name: for words of which nobody
/// knows whom they are about. Empty for anything else.
pub fn word(text: &str) -> String {
    let nobody = Personal::unknown();
    Masker::new(&nobody).code(text, None).unwrap_or_default()
}

/// Whether an id is a UUID: no name is one, and in random digits short values are found by chance. So nothing of the customer is
/// looked for in it, only credentials are.
pub fn is_uuid(id: &str) -> bool {
    uuid::Uuid::try_parse(id).is_ok()
}

/// Whether a run is long, and has digits and letters.
fn is_mixed(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    run.len() >= 8 && digits >= 2 && digits < run.len()
}

/// Whether a run looks like random digits and letters, in which a short name or number stands by chance. A value with letters before
/// or behind it does not: there the two change places once or twice.
fn is_random(run: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let pairs = run.as_bytes().windows(2);
    let changes = pairs.filter(|pair| is_digit(&pair[0]) != is_digit(&pair[1]));
    run.len() >= 8 && changes.count() >= 3
}

/// Whether a code has no number, or one that is short enough for that of an error: of a longer one, and of several, nobody knows
/// whether they are a tax id, a phone number, a date or a postal code.
fn has_number_of_an_error(parts: &[WordOrNumber<'_>]) -> bool {
    let numbers = parts.iter().filter_map(|part| match part {
        WordOrNumber::Number(digits) => Some(digits.len()),
        WordOrNumber::Word(_) => None,
    });
    numbers.clone().count() <= 1 && numbers.sum::<usize>() <= 4
}

/// How many digits numbers of a person have: tax ids, phone numbers, dates.
const OF_A_PERSON: std::ops::RangeInclusive<usize> = 7..=15;

/// Whether an id is nothing but digits, as many as a number of a person has: of an id that nobody knows, nobody can tell which it is.
pub fn may_be_a_number_of_a_person(id: &str) -> bool {
    OF_A_PERSON.contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an id has as many digits in a row as a tax id, a phone number or a date, with or without marks between them.
fn may_hold_a_number(id: &str, runs: &[&str]) -> bool {
    // In random letters and digits they stand by chance.
    let written = match runs.iter().any(|run| is_random(run)) {
        true => runs
            .iter()
            .filter(|run| !is_random(run))
            .copied()
            .collect::<Vec<_>>()
            .join(" a "),
        false => id.to_owned(),
    };
    let stretches = written.split(|c: char| c.is_ascii_alphabetic());
    let digits = |stretch: &str| stretch.bytes().filter(u8::is_ascii_digit).count();
    stretches
        .map(digits)
        .any(|count| OF_A_PERSON.contains(&count))
}

/// Whether a run of letters and digits is what programs make: a number, hexadecimal digits, a long mixture, one letter.
fn is_technical(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let letters = run.len() - digits;
    let plain = vocabulary().standing(run) == Some(WordClass::Plain);
    letters <= 1
        || plain
        || (run.len() >= 4 && digits > 0 && run.bytes().all(|b| b.is_ascii_hexdigit()))
        || is_random(run)
}

#[cfg(test)]
mod tests {
    use super::{Masker, Personal};

    #[test]
    fn numbers_of_nobody_knows_whom_are_not_kept() {
        let nobody = Personal::unknown();
        let masker = Masker::new(&nobody);
        for code in [
            "212-11-1234",
            "212111234",
            "ID212111234",
            "KYC_FAILED_212111234",
            "3125551000",
            "312-555-1000",
            "1940-01-01",
            "01/01/1940",
            "ACTIVE_1_1_1940",
            "78701",
        ] {
            assert_eq!(masker.code(code, None), None, "{code}");
        }
        for code in ["E1042", "VERIFICATION_FAILED_404", "VERIFICATION_STARTED"] {
            assert_eq!(masker.code(code, None).as_deref(), Some(code));
        }
        for id in [
            "212111234",
            "1940-01-01",
            "KYC_FAILED_212111234",
            "b19400101",
            "212-11-1234",
            "ID212111234",
        ] {
            assert!(!masker.id(id), "{id}");
        }
        for id in [
            "3fa85f64-5717-4562-b3fc-2c9689501970",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "req-1042",
            "1234567890123456789",
            "01J9Z3K8Q4",
        ] {
            assert!(masker.id(id), "{id}");
        }
    }

    #[test]
    fn a_value_with_letters_around_it_is_found_in_an_id() {
        let mut personal = Personal::default();
        personal.add_sent(
            br#"{"clientAccountId": "C-1", "owners": [{"phoneNumber": "+13125551000", "identity":
            {"givenName": "Mara", "familyName": "Zzyxaquill", "dateOfBirth": "1940-01-31", "taxId": "212111234"}}]}"#,
        );
        let masker = Masker::new(&personal);
        for id in [
            "x212111234",
            "acct212111234z",
            "x2121112345",
            "b3125551000",
            "b13125551000",
            "b19400131",
            "b01311940",
            "Zzyxaquill1",
            "bZzyxaquill",
            "acctMaraZzyxaquill",
            "b-212111234",
        ] {
            assert!(!masker.id(id), "{id}");
        }
        for id in [
            "bk-00fa12cd",
            "1048576",
            "00ed12mara9f3b2a4",
            "b30125551009",
            "acct1000",
        ] {
            assert!(masker.id(id), "{id}");
        }
    }
}
