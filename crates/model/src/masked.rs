//! Masked values: signs that stand for characters which somebody left out, "***-**-1234", "XXXX1234", "••••1234", "Mxxxx".
//!
//! Owner of the one rule by which ids, tax ids, names, streets and other texts are judged, and of the sign itself. Left out on purpose:
//! words such as "redacted", which each field knows for itself, and single marks between letters, which firms have (`E*TRADE`).
//! Invariant: Roman numerals ("Calle XXXV"), sizes ("XXL-12") and apartments ("#12") are not masked.

/// Signs that programs write for a character; each means the same in any number. `#` and `x` have other meanings too.
const SIGNS: [char; 8] = ['*', '•', '●', '∙', '▪', '■', '█', '＊'];

/// Whether a character is a sign for one that was left out and is nothing else.
pub fn is_mask_sign(c: char) -> bool {
    SIGNS.contains(&c)
}

/// Whether a text, in part or whole, is masked.
pub fn is_masked(text: &str) -> bool {
    // Most texts have none of the signs.
    let may_be = |byte: u8| matches!(byte, b'*' | b'#' | b'x' | b'X') || byte >= 0x80;
    if !text.bytes().any(may_be) {
        return false;
    }
    let is_x = |c: char| matches!(c, 'x' | 'X');
    let mut before = ' ';
    // The letter in front of a run, how long the run is, and whether all of it are small letters.
    let (mut run, mut in_front, mut is_small) = (0_usize, ' ', true);
    // What there is beside the signs decides about few of them.
    let (mut signs, mut crosses, mut pairs, mut has_other) = (0_usize, 0_usize, 0_usize, false);
    for c in text.chars() {
        let is_mask = is_mask_sign(c) || c == '#' || is_x(c);
        let goes_on = is_mask && (c == before || (is_x(c) && is_x(before)));
        if !goes_on {
            (run, in_front, is_small) = (0, before, true);
        }
        if is_mask {
            run += 1;
            is_small &= c == 'x';
            signs += usize::from(is_mask_sign(c));
            crosses += usize::from(is_x(c));
            pairs += usize::from(run == 2);
            // Capitals in a row may be a Roman numeral, up to three of them.
            let is_long = match is_x(c) {
                true => run >= 4 || (run == 3 && is_small && in_front.is_alphabetic()),
                false => run >= 2,
            };
            if is_long {
                return true;
            }
        } else {
            has_other |= !(c.is_numeric() || is_mark(c));
        }
        before = c;
    }
    // "*1234", "XXX-XX-1234": nothing but digits beside them. A star between digits parts the halves of a key: "123*456".
    let is_at_edge = text.starts_with(is_mask_sign) || text.ends_with(is_mask_sign);
    let is_signed = is_at_edge && signs < text.chars().count();
    !has_other && (is_signed || (crosses >= 3 && pairs > 0))
}

/// Whether an id is masked. `#` and `x` beside letters are letters of an id that is somebody's ("ACXXXX17", "AC##17"): only where
/// nothing but digits and marks is beside them do they stand for what was left out. Two of the other signs always do.
pub fn is_masked_id(id: &str) -> bool {
    let is_letter = |c: char| {
        !(c.is_numeric() || is_mark(c) || is_mask_sign(c) || matches!(c, '#' | 'x' | 'X'))
    };
    let has_two_signs = || {
        let mut pairs = id.chars().zip(id.chars().skip(1));
        pairs.any(|(one, two)| is_mask_sign(one) && is_mask_sign(two))
    };
    is_masked(id) && (!id.contains(is_letter) || has_two_signs())
}

fn is_mark(c: char) -> bool {
    matches!(c, '-' | ' ' | '.' | '/' | '(' | ')')
}

/// Whether a text is nothing but `x` and marks, at least three of them: "xxx", "XXX-XX-XXXX".
pub(crate) fn is_all_crosses(text: &str) -> bool {
    let is_x = |c: &char| matches!(c, 'x' | 'X');
    text.chars().filter(is_x).count() >= 3 && text.chars().all(|c| is_x(&c) || is_mark(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn signs_for_what_was_left_out_are_found() {
        for text in [
            "***-**-1234",
            "****1234",
            "1234****",
            "*1234",
            "*******12",
            "XXXX1234",
            "XXXXX1234",
            "XXX-XX-1234",
            "xx-xx-1234",
            "XX-XXX1234",
            "1234XXXX",
            "##1238",
            "########",
            "••••1234",
            "•1234",
            "●●●●●1234",
            "＊＊1234",
            "S***** Rd",
            "** Sample Rd",
            "12 XXXXX ST",
            "Mxxxx",
            "Mxxx",
            "XXXX",
            "XXX",
            "xxx",
            "J**n",
            "ABCD######XX1",
        ] {
            assert!(is_masked(text), "{text}");
        }
    }

    #[test]
    fn other_values_are_not_masked() {
        for text in [
            "",
            "12345678901",
            "XXL-12",
            "XX12",
            "12-XX",
            "#12",
            "12 Main St #4",
            "*",
            "x",
            "XX",
            "Calle XXXV 5",
            "XXX Aniversario",
            "Maxx",
            "Exxon",
            "Xavier",
            "E*TRADE",
            "123*456",
            "M*A*S*H",
            "12 Main St *",
            "12 Main St • Apt 4",
            "XAXX010101000",
            "José",
            "山田",
            "12 x 14",
        ] {
            assert!(!is_masked(text), "{text}");
        }
    }

    #[test]
    fn letters_make_an_id_somebodys() {
        for id in [
            "XXXX1234",
            "##1238",
            "XXX-XX-1234",
            "XXXXXX",
            "xxx",
            "AC****17",
            "*1234",
        ] {
            assert!(is_masked_id(id), "{id}");
        }
        for id in [
            "ACXXXX17", "AC##17", "abxxx12", "Mxxxx", "XXXXL-7", "C-1234", "AC*17",
        ] {
            assert!(!is_masked_id(id), "{id}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), near in "[-*#xX•1 é]{0,12}") {
            let _ = (is_masked(&text), is_masked_id(&text), is_all_crosses(&text));
            // Digits beside it unmask nothing.
            let longer = is_masked(&format!("{near} 1"));
            prop_assert!(!is_masked(&near) || longer || !near.starts_with(is_mask_sign));
        }
    }
}
