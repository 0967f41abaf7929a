//! Spellings that no table has: other endings of a word, and words without their vowels.
//!
//! Owner of [`stem`] and [`short_for`]. What they find is likely and no more: the caller says so where it counts.
//! Left out on purpose: the words themselves (`words`).

/// Endings that leave the meaning of a word where it was.
const ENDINGS: &[&str] = &[
    "ations", "atory", "ators", "ator", "ating", "ative", "ation", "itions", "ition", "ments",
    "ment", "ships", "ship", "ities", "ity", "ings", "ing", "ions", "ion", "ances", "ance",
    "ences", "ence", "ories", "ory", "ives", "ive", "ally", "als", "al", "ates", "ated", "ate",
    "ers", "er", "ors", "or", "ees", "ee", "ies", "ed", "es", "ly", "s", "y", "e",
];

/// The fewest letters that a stem has.
const STEM: usize = 4;

/// A word without its endings: `regulatory`, `regulated` and `regulations` are one.
pub(crate) fn stem(word: &str) -> &str {
    let mut stem = word;
    // "regulations" loses two of them.
    for _ in 0..3 {
        let shorter = ENDINGS.iter().find_map(|ending| {
            let rest = stem.strip_suffix(ending)?;
            (rest.len() >= STEM).then_some(rest)
        });
        match shorter {
            Some(shorter) => stem = shorter,
            None => break,
        }
    }
    stem
}

/// How well a spelling is short for a word, from 0 to 1: its beginning (`regul`), most of its
/// letters (`martl`), or its consonants (`cntrl`, `rgstn`).
pub(crate) fn short_for(short: &str, word: &str) -> f64 {
    if short.len() < 3 || word.len() < 5 || short.len() >= word.len() {
        return 0.0;
    }
    if short.len() > 3 && word.starts_with(short) {
        return 0.95;
    }
    let mut rest = word.chars();
    let letters_of_it = short.chars().all(|letter| rest.any(|c| c == letter));
    let long = short.len() > 3 && short.len() * 10 >= word.len() * 6;
    if long && letters_of_it && short.chars().next() == word.chars().next() {
        return short.len() as f64 / word.len() as f64;
    }
    let vowel = |c: &char| "aeiou".contains(*c);
    let mut letters = short.chars();
    if letters.next() != word.chars().next() || letters.clone().any(|c| vowel(&c)) {
        return 0.0;
    }
    let bones: Vec<char> = word.chars().skip(1).filter(|c| !vowel(c)).collect();
    let mut left = bones.iter();
    let all = letters.all(|letter| left.any(|bone| *bone == letter));
    let share = (short.len() as f64) / (bones.len() as f64 + 1.0);
    if all && share >= 0.6 { share } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_go() {
        for (a, b) in [
            ("regulatory", "regulations"),
            ("funding", "funds"),
            ("operations", "operating"),
            ("employer", "employment"),
            ("citizens", "citizenship"),
        ] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        assert_ne!(stem("county"), stem("country"));
        assert_eq!(stem("cities"), "citi");
    }

    #[test]
    fn consonants_and_beginnings_stand_for_a_word() {
        for (short, word) in [
            ("cntrl", "control"),
            ("prsn", "person"),
            ("rgstn", "registration"),
            ("ownshp", "ownership"),
            ("resid", "residence"),
            ("martl", "marital"),
        ] {
            assert!(short_for(short, word) > 0.0, "{short} {word}");
        }
        for (short, word) in [("cnt", "city"), ("zzz", "zebra"), ("st", "state")] {
            assert_eq!(short_for(short, word), 0.0, "{short} {word}");
        }
    }
}
