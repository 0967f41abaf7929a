//! What surrounds a text without being part of it: blanks, and characters that nobody sees.
//!
//! Owner of that list for small files. Cells of exports are trimmed by `source`; a text must come out the same by both.

/// Takes blanks and invisible characters away from both ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Whether a character is a blank of any kind, or shows nothing at all.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            // Soft hyphen, joiners, marks of direction, word joiner and its relatives, byte order mark.
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            // Letters that are drawn as nothing.
            | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
            // Variants of the letter before, and tags.
            | '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::trim;

    #[test]
    fn ends_are_trimmed_and_the_inside_stays() {
        for blank in [
            "\u{FEFF}", "\u{A0}", "\u{200B}", "\u{AD}", "\u{3000}", " \t", "\u{202E}",
        ] {
            assert_eq!(trim(&format!("{blank}A 1{blank}{blank}")), "A 1");
        }
        assert_eq!(trim("\u{FEFF}\u{200B}"), "");
    }
}
