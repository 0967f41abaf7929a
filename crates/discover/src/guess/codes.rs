//! What a legacy code stands for, where that is obvious.
//!
//! Owner of [`meaning`]. A code is obvious when it is the word itself, begins exactly one of the field's words, or is one
//! that every system uses. Numbers are never obvious: 1 is the lowest risk here and the highest there.

/// Codes beyond the words' own beginnings, parted by strokes: field, codes, word.
const USUAL: &[(&str, &str, &str)] = &[
    ("accountType", "i/ind/indv/personal", "INDIVIDUAL"),
    ("accountType", "c/cust/utma/ugma", "CUSTODIAL"),
    ("accountType", "t/tr/trust", "ENTITY_PERSONAL_TRUST"),
    ("accountType", "b/bus/business/corp/llc/entity/e", "ENTITY"),
    ("entityType", "c/inc/corporation", "CORPORATE"),
    ("entityType", "gp", "PARTNERSHIP"),
    ("entityType", "lp", "LIMITED_PARTNERSHIP"),
    ("entityType", "l", "LLC"),
    ("kind", "p/i/ind/individual/natural", "person"),
    ("kind", "c/corp/company/b/business/legal", "entity"),
    ("role", "p/primary", "PRIMARY_OWNER"),
    ("role", "j/joint", "JOINT_OWNER"),
    ("taxIdType", "f/foreign", "NATIONALID"),
    ("maritalStatus", "never married", "SINGLE"),
];

/// The last name of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The word of `words` that a code of a field stands for.
pub(crate) fn meaning(path: &str, code: &str, words: &[&'static str]) -> Option<&'static str> {
    let code: String = plain(code).collect();
    let exact = words.iter().find(|word| plain(word).eq(code.chars()));
    if exact.is_some() || code.is_empty() || !code.starts_with(char::is_alphabetic) {
        return exact.copied();
    }
    let name = last(path);
    let usual = USUAL
        .iter()
        .find(|(field, usual, _)| *field == name && usual.split('/').any(|usual| usual == code));
    if let Some((_, _, word)) = usual {
        return words.iter().find(|known| *known == word).copied();
    }
    let mut hits = words.iter().filter(|word| begins_with(word, &code));
    match (hits.next(), hits.next()) {
        (Some(word), None) => Some(word),
        _ => None,
    }
}

/// A text in lower case, with a space for whatever is no letter or digit.
fn plain(text: &str) -> impl Iterator<Item = char> {
    text.trim().chars().map(|c| match c.is_alphanumeric() {
        true => c.to_ascii_lowercase(),
        false => ' ',
    })
}

/// Whether a word, or one of the parts that it is made of, begins with a plain code; codes of several parts begin the whole.
fn begins_with(word: &str, code: &str) -> bool {
    let mut parts = word
        .split(|c: char| !c.is_alphanumeric())
        .chain(std::iter::once(word));
    parts.any(|part| {
        let mut rest = plain(part);
        code.chars().all(|c| rest.next() == Some(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_contract::account::TAX_ID_TYPES;

    #[test]
    fn only_the_obvious_has_a_meaning() {
        let marital = ["SINGLE", "MARRIED", "DIVORCED", "WIDOWED"];
        let objective = [
            "BALANCED",
            "CAPITAL_PRESERVATION",
            "GROWTH",
            "INCOME",
            "SPECULATION",
            "OTHER",
        ];
        let registration = [
            "CURRENTLY_REGISTERED",
            "NOT_REGISTERED",
            "REGISTRATION_IN_PROGRESS",
        ];
        for (path, code, words, wanted) in [
            ("a.maritalStatus", "m", &marital[..], Some("MARRIED")),
            ("a.maritalStatus", "Single", &marital, Some("SINGLE")),
            ("a.maritalStatus", "X", &marital, None),
            ("a.maritalStatus", "1", &marital, None),
            (
                "a.investmentObjective",
                "P",
                &objective,
                Some("CAPITAL_PRESERVATION"),
            ),
            (
                "a.investmentObjective",
                "capital preservation",
                &objective,
                Some("CAPITAL_PRESERVATION"),
            ),
            ("a.entityRegistrationStatus", "R", &registration, None),
            (
                "owners[0].identity.taxIdType",
                "S",
                TAX_ID_TYPES,
                Some("SSN"),
            ),
            (
                "owners[0].identity.taxIdType",
                "N",
                TAX_ID_TYPES,
                Some("NATIONALID"),
            ),
        ] {
            assert_eq!(meaning(path, code, words), wanted, "{path} {code}");
        }
    }
}
