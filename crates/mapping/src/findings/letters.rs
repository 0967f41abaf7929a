//! Letters that only look like plain ones: of another width, of mathematics, ligatures, and of another alphabet inside of a word.
//!
//! Owner of [`look_alike`], which is asked of text beyond ASCII alone. A name in such letters is another name for every system
//! that compares it. Left out on purpose: ids that differ in such a letter only (`similar_ids`), and full-width letters in
//! streets and firms, which are the usual ones in Japan.

/// What is odd about the letters of a text, if anything is. `is_wide_usual`: full-width letters are none of it.
pub(crate) fn look_alike(text: &str, is_wide_usual: bool) -> Option<&'static str> {
    let mut in_word = Script::None;
    for c in text.chars() {
        match c {
            '\u{ff10}'..='\u{ff19}'
            | '\u{ff21}'..='\u{ff3a}'
            | '\u{ff41}'..='\u{ff5a}'
            | '\u{ff20}'
                if !is_wide_usual =>
            {
                return Some("full-width letters or digits");
            }
            '\u{fb00}'..='\u{fb06}' => return Some("letters that are joined to one (a ligature)"),
            '\u{1d400}'..='\u{1d7ff}'
            | '\u{2460}'..='\u{24ff}'
            | '\u{1f110}'..='\u{1f189}'
            | '\u{2100}'..='\u{2115}'
            | '\u{2117}'..='\u{2121}'
            | '\u{2124}'
            | '\u{212c}'..='\u{2134}' => {
                return Some("letters or digits of mathematics, or in circles");
            }
            _ => {}
        }
        let script = Script::of(c);
        match (in_word, script) {
            (_, Script::None) => in_word = Script::None,
            (Script::None, _) => in_word = script,
            (before, now) if before != now => return Some("letters of two alphabets in one word"),
            _ => {}
        }
    }
    None
}

/// Alphabets whose letters look like each other's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    None,
    Latin,
    Greek,
    Cyrillic,
}

impl Script {
    fn of(c: char) -> Script {
        match c {
            'a'..='z' | 'A'..='Z' | 'À'..='Ö' | 'Ø'..='ö' | 'ø'..='ɏ' | 'Ḁ'..='ỿ' => {
                Script::Latin
            }
            'Ͱ'..='ͽ' | 'Ά'..='Ͽ' | 'ἀ'..='ῼ' => Script::Greek,
            'Ѐ'..='ԯ' => Script::Cyrillic,
            _ => Script::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_only_look_like_plain_ones_are_found() {
        for text in [
            "𝐉𝐚𝐧𝐞",
            "Ｊａｎｅ",
            "Griﬃn",
            "Ⓙane",
            "ℍans",
            "Jаne",
            "Rοe",
            "СRM-2000",
            "７１０００９９",
            "ａｎｎａ＠ｅｘａｍｐｌｅ．ｊｐ",
        ] {
            assert!(look_alike(text, false).is_some(), "{text}");
        }
        for text in [
            "José",
            "Łukasz",
            "Иван",
            "Γιώργος",
            "Иван Smith",
            "山田",
            "ﾔﾏﾀﾞ",
            "Nguyễn",
            "Jose\u{301}",
            "№ 5",
            "µ",
            "عبد",
            "Ann\u{2019}s",
            "東京1-2",
        ] {
            assert_eq!(look_alike(text, false), None, "{text}");
        }
        assert_eq!(look_alike("千代田１－２Ａ", true), None);
    }
}
