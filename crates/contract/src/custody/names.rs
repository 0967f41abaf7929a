//! Names that the custody calls take: letters without accents and spaces only, 2 to 48 characters each, 50 together.

/// The most characters of one name, and of both together.
const MOST: usize = 48;
const MOST_TOGETHER: usize = 50;

/// Why a name cannot be sent; none: it can.
pub fn unfit(name: &str) -> Option<&'static str> {
    if name.chars().any(|c| !c.is_ascii_alphabetic() && c != ' ') {
        return Some("holds something other than letters without accents and spaces");
    }
    if name.trim() != name || name.contains("  ") {
        return Some("begins or ends with a space, or has two in a row");
    }
    match name.len() {
        0 | 1 => Some("is shorter than 2 characters"),
        2..=MOST => None,
        _ => Some("is longer than 48 characters"),
    }
}

/// Why two names cannot be sent together; none: they can.
pub fn unfit_together(first: &str, last: &str) -> Option<&'static str> {
    (first.len() + last.len() > MOST_TOGETHER)
        .then_some("is longer than 50 characters together with the other name")
}

/// A name in letters without accents: other alphabets and accents become plain letters, hyphens become spaces, and
/// apostrophes and full stops go. Digits and everything else stay, so that they are still refused.
pub fn transliterated(name: &str) -> String {
    let plain = any_ascii::any_ascii(name);
    let kept = plain.chars().filter_map(|c| match c {
        '\'' | '`' | '.' => None,
        '-' => Some(' '),
        c => Some(c),
    });
    let kept: String = kept.collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_plain_letters_fit() {
        for name in ["Al", "Mary Ann", "Van der Berg", &"a".repeat(48)] {
            assert_eq!(unfit(name), None, "{name}");
        }
        for name in [
            "",
            "A",
            "Zoë",
            "O'Brien",
            "Ann-Marie",
            "Ann2",
            " Ann",
            "Ann  B",
            "Ann ",
            "李",
            &"a".repeat(49),
        ] {
            assert!(unfit(name).is_some(), "{name}");
        }
        assert_eq!(unfit_together(&"a".repeat(25), &"b".repeat(25)), None);
        assert!(unfit_together(&"a".repeat(26), &"b".repeat(25)).is_some());
    }

    #[test]
    fn transliteration_gives_names_that_fit_or_are_still_refused() {
        for (name, plain) in [
            ("Zoë", "Zoe"),
            ("Łukasz", "Lukasz"),
            ("Straße", "Strasse"),
            ("O’Brien", "OBrien"),
            ("Ann-Marie", "Ann Marie"),
            ("St. John", "St John"),
            ("Ann2", "Ann2"),
        ] {
            assert_eq!(transliterated(name), plain);
        }
    }
}
