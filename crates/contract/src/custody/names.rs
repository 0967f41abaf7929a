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

/// Why a name is not transliterated.
pub const READING_UNKNOWN: &str = "is in letters that do not say how it is read: feed it as the customer writes it in plain letters";

/// Blocks of alphabets whose letters each stand for a sound, vowels too: Latin, Greek, Cyrillic, Armenian, Georgian. Chinese
/// characters are read in many ways, in Japanese names above all; Arabic and Hebrew leave vowels out, those of India and Thailand imply them,
/// and Korean and Japanese syllables have usual spellings that no table of letters gives.
#[rustfmt::skip] // a table: one alphabet a line
const ALPHABETS: &[(char, char)] = &[
    ('\u{aa}', '\u{ba}'), ('\u{c0}', '\u{2ff}'), ('\u{1d00}', '\u{1dbf}'), ('\u{1e00}', '\u{1eff}'), ('\u{2c60}', '\u{2c7f}'), ('\u{a720}', '\u{a7ff}'), ('\u{ab30}', '\u{ab6f}'), ('\u{fb00}', '\u{fb06}'), ('\u{ff21}', '\u{ff5a}'),
    ('\u{370}', '\u{3ff}'), ('\u{1f00}', '\u{1fff}'),
    ('\u{400}', '\u{52f}'), ('\u{1c80}', '\u{1c8f}'), ('\u{2de0}', '\u{2dff}'), ('\u{a640}', '\u{a69f}'),
    ('\u{531}', '\u{587}'), ('\u{fb13}', '\u{fb17}'),
    ('\u{10a0}', '\u{10ff}'), ('\u{1c90}', '\u{1cbf}'), ('\u{2d00}', '\u{2d2f}'),
];

/// Whether a character stands for plain letters by rule, or for none: a mark, a hyphen, an apostrophe.
fn says_its_reading(c: char) -> bool {
    let is_of_alphabet = || {
        let mut alphabets = ALPHABETS.iter();
        alphabets.any(|(first, last)| (*first..=*last).contains(&c))
    };
    let is_letter = || {
        any_ascii::any_ascii_char(c)
            .bytes()
            .any(|byte| byte.is_ascii_alphabetic())
    };
    c.is_ascii() || c.is_alphabetic() && is_of_alphabet() || !c.is_alphabetic() && !is_letter()
}

/// A name in letters without accents, or why it has no such form: letters of other alphabets and accents become plain letters,
/// hyphens become spaces, and apostrophes and full stops go. Digits and everything else stay, so that they are still refused.
pub fn transliterated(name: &str) -> Result<String, &'static str> {
    if !name.chars().all(says_its_reading) {
        return Err(READING_UNKNOWN);
    }
    let plain = any_ascii::any_ascii(name);
    let kept = plain.chars().filter_map(|c| match c {
        '\'' | '`' | '.' => None,
        '-' => Some(' '),
        c => Some(c),
    });
    let kept: String = kept.collect();
    Ok(kept.split_whitespace().collect::<Vec<_>>().join(" "))
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
            ("Nu\u{301}n\u{303}ez", "Nunez"),
            ("Þór", "Thor"),
            ("D\u{2bc}Ávila", "DAvila"),
            ("Ｊａｎｅ", "Jane"),
            ("Straße\u{2011}Ｄｏｅ", "Strasse Doe"),
            ("Олександр", "Oleksandr"),
            ("Γιώργος", "Giorgos"),
            ("Արամ", "Aram"),
            ("გიორგი", "giorgi"),
        ] {
            assert_eq!(transliterated(name).as_deref(), Ok(plain), "{name}");
        }
    }

    #[test]
    fn letters_that_do_not_say_how_they_are_read_are_not_transliterated() {
        for name in [
            "山田",
            "太郎",
            "ヤマダ",
            "はなこ",
            "王 Wang",
            "محمد",
            "דוד",
            "สมชาย",
            "김",
            "रवि",
            "Zoë ™",
            "Ⅷ",
            "Ann 😀",
        ] {
            assert_eq!(transliterated(name), Err(READING_UNKNOWN), "{name}");
        }
    }
}
