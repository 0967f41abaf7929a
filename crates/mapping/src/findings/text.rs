//! Text that went through a wrong decoding, and characters that nobody sees.
//!
//! Owner of the judgement whether a text is mojibake, and of its likely reading. A reading is believed only where the
//! characters as they stand are no words of any language: `MATÚŠ` is a name although its last two letters would be one
//! letter of UTF-8. Left out on purpose: U+FFFD and control characters, which are invalid and so gaps.

use std::sync::LazyLock;

use bakkt_model::text::{is_invisible, is_latin};

/// How a text came to be what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextRepair {
    /// What probably happened.
    pub note: &'static str,
    /// The text as it was probably meant; empty where that cannot be told.
    pub text: String,
}

/// The characters of windows-1252 from 0x80 to 0x9F; bytes that it does not have are the control characters.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '•', '–', '—', '˜', '™', 'š', '›',
    'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The byte that windows-1252 decodes to a character.
fn byte(c: char) -> Option<u8> {
    match c as u32 {
        code @ (0..0x80 | 0xa0..=0xff) => Some(code as u8),
        code @ 0x80..0xa0 => Some(code as u8),
        _ => {
            let place = HIGH.iter().position(|high| *high == c)?;
            Some(0x80 + place as u8)
        }
    }
}

/// What is wrong with a text that is not ASCII, if it was decoded wrongly. `is_name`: names, streets and cities, in
/// which a word of nothing but accented letters stands for another alphabet.
pub(crate) fn mojibake(text: &str, is_name: bool) -> Option<TextRepair> {
    let bytes = text.as_bytes();
    let twice = may_be_decoded_twice(bytes);
    if let Some(text) = twice.then(|| twice_utf8(text)).flatten() {
        return Some(TextRepair {
            note: "UTF-8 that was decoded as windows-1252",
            text,
        });
    }
    if let Some(text) = twice.then(|| twice_utf8_of_central_europe(text)).flatten() {
        return Some(TextRepair {
            note: "UTF-8 that was decoded as windows-1250 or iso-8859-2",
            text,
        });
    }
    if is_name && has_sign_inside(text) {
        return Some(TextRepair {
            note: "a sign inside of a word, where another encoding has a letter",
            text: String::new(),
        });
    }
    if is_name && bytes.contains(&0xc3) && text.split([' ', '-', '\'']).any(has_capital_for_letter)
    {
        return Some(TextRepair {
            note: "a capital letter inside of a word, where another encoding has a small one",
            text: String::new(),
        });
    }
    if is_name && bytes.contains(&0xc3) && text.split([' ', '-', '\'']).any(ends_in_capital) {
        return Some(TextRepair {
            note: "a capital letter behind small ones, as half a character of UTF-8 reads",
            text: String::new(),
        });
    }
    if bytes.contains(&0xe2) && text.chars().any(is_of_no_text) {
        return Some(TextRepair {
            note: "characters of a text terminal or of Mac OS Roman between letters",
            text: String::new(),
        });
    }
    if is_name && text.split(' ').any(is_all_accents) {
        return Some(TextRepair {
            note: "another alphabet (such as Cyrillic) that was decoded as windows-1252",
            text: String::new(),
        });
    }
    None
}

/// Whether a letter that may be the first byte of another one has no ASCII behind it: a quick look at the bytes of the text.
fn may_be_decoded_twice(text: &[u8]) -> bool {
    text.windows(3)
        .any(|part| matches!(part[0], 0xc3 | 0xc4) && !part[2].is_ascii())
}

/// Reads the characters as bytes of UTF-8, wherever several of them make one character. None where too little speaks
/// for it.
fn twice_utf8(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut read = String::with_capacity(text.len());
    let (mut sequences, mut certain, mut at) = (0u32, false, 0);
    while let Some(c) = chars.get(at) {
        match sequence(&chars[at..]) {
            Some((meant, length, is_certain)) => {
                sequences += 1;
                certain |= is_certain;
                read.push(meant);
                at += length;
            }
            None => {
                read.push(*c);
                at += 1;
            }
        }
    }
    // Two sequences that are not certain by themselves speak for each other, when nothing else is accented.
    let rest = read.chars().filter(|c| !c.is_ascii()).count();
    let agreed = sequences >= 2 && rest == sequences as usize;
    (certain || agreed).then_some(read)
}

/// The character that the first characters are the bytes of, their number, and whether they can be nothing else.
fn sequence(chars: &[char]) -> Option<(char, usize, bool)> {
    let lead = byte(*chars.first()?)?;
    let length = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    for (place, c) in chars.get(..length)?.iter().enumerate() {
        bytes[place] = byte(*c)?;
    }
    let meant = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    let odd = |c: &char| !c.is_alphabetic() || matches!(c, 'ª' | 'º');
    let quoted = |c: &char| "\u{2019}\u{201d}…–—»".contains(*c);
    let rest = &chars[1..length];
    let certain = match lead {
        // Â before a mark, and Ã: what every accented letter of Western Europe becomes.
        0xc2 => rest.iter().all(odd) && !rest.iter().all(quoted),
        0xc3 => !rest.iter().all(quoted) || chars.get(2).is_some_and(|c| c.is_lowercase()),
        // The letters of Central Europe and Turkey. No language has a Ÿ behind these capitals, or another small letter of these.
        0xc4 | 0xc5 if rest.iter().all(|c| "Ÿžšœ".contains(*c)) => true,
        0xc4 | 0xc5 | 0xc8 => rest.iter().all(odd) && !rest.iter().all(quoted),
        0xe0..=0xef => rest.iter().any(odd) && !meant.is_control(),
        0xf0..=0xf4 => true,
        _ => false,
    };
    Some((meant, length, certain))
}

/// The characters of windows-1250 and of iso-8859-2 for the bytes that go on with a character of UTF-8, from 0x80 to 0xBF.
static CENTRAL: LazyLock<[Vec<char>; 2]> = LazyLock::new(|| {
    let bytes: Vec<u8> = (0x80..0xc0).collect();
    [encoding_rs::WINDOWS_1250, encoding_rs::ISO_8859_2].map(|encoding| {
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        text.chars().collect()
    })
});

/// The same for the encodings of Central Europe, where accented letters become Ă and Ĺ with a letter or a sign. Both letters
/// are letters of names: alone they are believed only where a small letter or a sign stands behind one inside of a word.
fn twice_utf8_of_central_europe(text: &str) -> Option<String> {
    if !text.contains(['Ă', 'Ĺ']) {
        return None;
    }
    let capitals = |text: &String| text.chars().filter(|c| c.is_uppercase()).count();
    let readings = CENTRAL.iter().filter_map(|page| twice_utf8_of(page, text));
    readings.min_by_key(capitals)
}

fn twice_utf8_of(page: &[char], text: &str) -> Option<String> {
    let mut read = String::with_capacity(text.len());
    let (mut sequences, mut certain, mut before) = (0, false, ' ');
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let lead = match c {
            'Â' => 0xc2,
            'Ă' => 0xc3,
            'Ä' => 0xc4,
            'Ĺ' => 0xc5,
            _ => 0,
        };
        let small = |place: usize| chars.get(place).is_some_and(|c| c.is_lowercase());
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let place = page.iter().position(|one| *one == next);
        if let Some(place) = place.filter(|_| lead > 0) {
            let bytes = [lead, 0x80 + place as u8];
            read.push_str(std::str::from_utf8(&bytes).ok()?);
            sequences += 1;
            // No word begins with Ĺ.
            let inside = before.is_alphabetic() || c == 'Ĺ';
            let is_small = small(at + 1) || small(at + 2);
            certain |=
                matches!(lead, 0xc3 | 0xc5) && ((inside && is_small) || !next.is_alphabetic());
            before = next;
            at += 2;
        } else {
            read.push(c);
            before = c;
            at += 1;
        }
    }
    let rest = read.chars().filter(|c| !c.is_ascii()).count();
    (certain || (sequences > 1 && rest == sequences)).then_some(read)
}

/// Whether a sign stands where a letter belongs: "Bia³ystok" and "¯yrardów" are Polish that was decoded as windows-1252,
/// "Mu¤oz" is Spanish of DOS, "MŸller" German of the old Mac OS, and "Mⁿller" German that was decoded as DOS.
fn has_sign_inside(text: &str) -> bool {
    const SIGNS: &[char] = &[
        '£', '³', '¹', '¿', '¯', '¥', '¼', '½', '¾', '¶', '¤', '¦', '¬', '±', '¢', '¡', '‚', '„',
        '‡', '†', 'ˆ', '‰', 'º', '²', '€', 'ⁿ', '≤', '≥', '÷', '≡', '∩', '≈', '⌠', '⌡',
    ];
    /// Signs of DOS at the end of a name, and dashes of Mac OS and points of Windows that stand for a letter of it.
    const ENDS: [char; 4] = ['‚', '‡', '¢', '¡'];
    const CAPITALS: [char; 4] = ['Š', 'Ž', 'Ÿ', 'Œ'];
    const DASHES: [char; 3] = ['–', '—', '…'];
    // All of these begin with one of five bytes.
    if !text
        .bytes()
        .any(|byte| matches!(byte, 0xc2 | 0xc3 | 0xc5 | 0xcb | 0xe2))
    {
        return false;
    }
    let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
    let small = |c: Option<&char>| c.is_some_and(|c| c.is_lowercase());
    let chars: Vec<char> = text.chars().collect();
    chars.iter().enumerate().any(|(at, c)| {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let begins = matches!(c, '£' | '¯' | 'ª') && !before.is_some_and(|c| c.is_alphanumeric());
        let ends = ENDS.contains(c) && letter(before) && after.is_none_or(|c| *c == ' ');
        let sign = |c: Option<&char>| c.is_some_and(|c| SIGNS.contains(c));
        // Two of them stand for a character of several bytes.
        (SIGNS.contains(c) && letter(before) && sign(after))
            || (SIGNS.contains(c) && letter(after) && (letter(before) || begins))
            || (*c == 'ª' && begins && small(after))
            || ends
            || (CAPITALS.contains(c) && small(before))
            || (*c == 'Ÿ' && letter(before) && small(after))
            || (DASHES.contains(c) && small(before) && small(after))
    })
}

/// Whether a word of small letters holds or ends in one of the capitals that Mac OS Roman and DOS have where windows-1252 has small
/// letters: "JosÈ", "GarcÌa", "NuÒez", "RenÚe". Words of two parts ("DeÈmil") begin with a part that is known, and Irish ones
/// ("hÉanaí") with a small letter.
fn has_capital_for_letter(word: &str) -> bool {
    const CAPITALS: [char; 8] = ['È', 'Ì', 'Ò', 'Ë', 'Û', 'Ú', 'Ý', 'Ù'];
    const PARTS: [&str; 16] = [
        "Al", "Da", "De", "Del", "Di", "Du", "El", "Fitz", "La", "Le", "Lo", "Mac", "Mc", "San",
        "Van", "Von",
    ];
    let Some(at) = word.find(CAPITALS) else {
        return false;
    };
    let (before, rest) = word.split_at(at);
    let mut letters = before.chars();
    let mut behind = rest.chars().skip(1);
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().next().is_some()
        && letters.all(char::is_lowercase)
        && !PARTS.contains(&before)
        && behind.all(char::is_lowercase)
}

/// Whether a word ends in a capital of windows-1252 behind small letters: "MarÃ", where a program cut a name by its bytes.
fn ends_in_capital(word: &str) -> bool {
    let mut letters = word.chars();
    let is_capital = |c: char| matches!(c, 'À'..='Ö' | 'Ø'..='Þ');
    letters.next_back().is_some_and(is_capital)
        && letters.as_str().chars().count() > 2
        && letters.next_back().is_some_and(char::is_lowercase)
}

/// Box drawing, blocks, and the signs that Mac OS Roman has where UTF-8 begins a letter.
fn is_of_no_text(c: char) -> bool {
    matches!(c, '\u{2500}'..='\u{259f}' | '√' | '∆' | '◊')
}

/// A word of four letters or more, all of them accented ones of windows-1252.
fn is_all_accents(word: &str) -> bool {
    let mut count = 0;
    for c in word.chars() {
        match c {
            'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ÿ' => count += 1,
            '-' | '\'' | '.' | ',' => {}
            _ => return false,
        }
    }
    count >= 4
}

/// Whether a letter was replaced by a question mark: one stands between two letters, before the first letter of a word, or
/// behind the last of a word that is not the last.
pub(crate) fn has_lost_letter(text: &str) -> bool {
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        let is_last = words.peek().is_none();
        let mut chars = word.chars().peekable();
        let mut before = None;
        while let Some(c) = chars.next() {
            let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
            let after = chars.peek().copied();
            let (left, right) = (letter(before), letter(after));
            let whole = before.is_none() || left;
            let ends = left
                && after.is_none()
                && (!is_last || word.chars().all(|c| c == '?' || c.is_alphabetic()));
            if c == '?' && ((whole && right) || ends) {
                return true;
            }
            before = Some(c);
        }
    }
    false
}

/// What is hidden in a text, if anything is. Joiners belong to the spelling of Arabic and Indian scripts.
pub(crate) fn hidden(text: &str) -> Option<&'static str> {
    if is_latin(text) {
        return None;
    }
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        let joins = matches!(c, '\u{200c}' | '\u{200d}') && (is_joined(before) || is_joined(after));
        // What selects a form of a character belongs to it in Mongolian and Chinese.
        let selects = matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
            && before > '\u{17ff}';
        // Blanks of other widths are seen.
        if is_invisible(c) && !c.is_whitespace() && !joins && !selects {
            return Some(match c {
                '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' => "a mark that changes the direction of the text",
                '\u{ad}' => "a soft hyphen",
                '\u{feff}' => "a byte order mark",
                _ => "an invisible character",
            });
        }
        before = c;
    }
    None
}

/// Scripts whose letters join.
fn is_joined(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1780}'..='\u{18af}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as UTF-8 that was decoded as windows-1252.
    fn twice(text: &str) -> String {
        let char_of = |byte: u8| match byte {
            0x80..0xa0 => HIGH[usize::from(byte - 0x80)],
            byte => char::from(byte),
        };
        text.bytes().map(char_of).collect()
    }

    #[test]
    fn names_that_were_decoded_twice_are_read_back() {
        for name in [
            "José",
            "Müller",
            "Ñuñez",
            "Žižka",
            "Łukasz",
            "Ðorđe Čović",
            "Åse Ødegård",
            "Иван",
            "Γιώργος",
            "山田太郎",
            "O\u{2019}Brien",
            "Nguyễn Thị",
            "Šárka",
            "MÜNCHEN",
            "Ștefan",
            "François",
            "김철수",
            "Björk",
            "Œuvre Noël",
            "Straße 5",
            "Ateş",
            "Şahin",
            "Çelik",
            "Dağ",
            "Işık",
        ] {
            let wrong = twice(name);
            let reading = mojibake(&wrong, true);
            assert_eq!(
                reading.map(|reading| reading.text).as_deref(),
                Some(name),
                "{wrong}"
            );
        }
    }

    #[test]
    fn names_that_were_decoded_as_those_of_central_europe_are_read_back() {
        for (wrong, name) in [
            ("KĂśln", "Köln"),
            ("KĂ¶ln", "Köln"),
            ("MĂĽller", "Müller"),
            ("WrocĹ‚aw", "Wrocław"),
            ("Ĺšlusarski", "Ślusarski"),
            ("GdaĹ„sk", "Gdańsk"),
        ] {
            let reading = mojibake(wrong, true);
            assert_eq!(
                reading.map(|reading| reading.text).as_deref(),
                Some(name),
                "{wrong}"
            );
        }
    }

    #[test]
    fn names_as_they_are_are_no_mojibake() {
        for name in [
            "José",
            "MATÚŠ",
            "TOMÁŠ",
            "ALEŠ",
            "Ñuñez",
            "JOSÉ\u{2019}S GRILL",
            "Åse Ødegård",
            "São João",
            "SÃO PAULO",
            "Žižka",
            "Łukasz",
            "Иван",
            "Γιώργος",
            "山田太郎",
            "김철수",
            "عبد الله",
            "Nguyễn Thị Ánh",
            "ÎLE-DE-FRANCE",
            "ÉLÉONORE",
            "Zoë",
            "Þórður",
            "ÅÄÖ",
            "BÄÄÄR",
            "D\u{2019}Août",
            "CAFÉ »",
            "Côte d\u{2019}Ivoire",
            "½ Main St",
            "12 Rue de l\u{2019}Église",
            "Straße 5 – Hof",
            "LUÍŽA",
            "Conceição",
            "CONCEIÇÃO",
            "JOÃO™",
            "Ă",
            "PĂŞUNE",
            "BĂLAN",
            "STĹP",
            "Bălţi",
            "£50 Lane",
            "Smith–Jones",
            "Šimo Žák",
            "Œuvre",
            "LEŠ",
            "Apt ½",
            "Flat 2½ a",
            "¿Qué?",
            "Đặng",
            "DeÈmil",
            "McÈ",
            "Ó hÚrdail",
            "Èlia",
            "D'Ùrso",
            "JOSÈ",
            "NICOLÒ",
            "Mª Carmen",
            "Nº 5",
            "3º B",
            "1ª Travessa",
        ] {
            assert_eq!(mojibake(name, true), None, "{name}");
        }
    }

    #[test]
    fn other_encodings_leave_traces() {
        for name in [
            "Jos├⌐",
            "M├╝ller",
            "Jos√©",
            "M√ºller",
            "Èâàíîâ",
            "Ïåòðîâ Èâàí",
            "Bia³ystok",
            "¯yrardów",
            "£ukasz",
            "M¿nchen",
            "Mu¤oz",
            "Garc¡a",
            "Jos‚",
            "Jos‚ Maria",
            "M„rz",
            "JosŽ",
            "MŸller",
            "Mu–oz",
            "Fran‡ois",
            "JosÈ",
            "AndrÈ",
            "GarcÌa",
            "NuÒez",
            "PeÒa",
            "RenÈe",
            "JosÚ",
            "RenÚe",
            "GarcÝa",
            "Jose GarcÌa-Lopez",
            "Mⁿller",
            "Garc≤n",
            "Bj÷rn",
            "Baºak",
            "ªahin",
            "MarÃ",
            "MarÃ Smith",
            "MaÀ€ra",
            "Maí²€ra",
            "Ma…ra",
        ] {
            assert!(mojibake(name, true).is_some(), "{name}");
        }
        assert!(has_lost_letter("M?ller") && has_lost_letter("Mu?oz"));
        assert!(
            has_lost_letter("Jos? Maria") && has_lost_letter("?ngel") && has_lost_letter("Jos?")
        );
        assert!(!has_lost_letter("? ? ?") && !has_lost_letter("12?") && !has_lost_letter("(?)"));
    }

    #[test]
    fn what_nobody_sees_is_found() {
        for (name, what) in [
            ("An\u{200b}na", "an invisible character"),
            ("\u{200b}", "an invisible character"),
            (
                "Anna\u{202e}",
                "a mark that changes the direction of the text",
            ),
            ("Jo\u{ad}hann", "a soft hyphen"),
            ("\u{feff}Anna", "a byte order mark"),
            ("An\u{200d}na", "an invisible character"),
            ("An\u{fe0f}na", "an invisible character"),
        ] {
            assert_eq!(hidden(name), Some(what), "{name:?}");
        }
        for name in [
            "Anna",
            "José",
            "Jose\u{301}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "葛\u{e0100}城",
        ] {
            assert_eq!(hidden(name), None, "{name:?}");
        }
    }
}
