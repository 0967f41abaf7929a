//! What a value looks like, without the value.
//!
//! Owner of the masked shape, which `inspect` and messages about data show instead of a cell: every digit is `9`, every
//! capital `A`, every other letter `a`, marks that forms are made of stay, whatever else is `?`. Long ones are cut.

/// The most characters of a shape; what follows is `…`.
const LONGEST: usize = 40;

/// Marks that stay: those of dates, numbers, phones, ids, amounts and addresses.
const KEPT: &str = " .,-/+()#@:;'\"&%$€£_|*=<>[]{}!?\\";

/// The masked shape of a text, one line of at most 40 characters: `Jane O'Neil` is `Aaaa A'Aaaa`.
pub fn shape(text: &str) -> String {
    let mut masked: String = text.chars().take(LONGEST).map(mask).collect();
    if text.chars().nth(LONGEST).is_some() {
        masked.push('…');
    }
    masked
}

/// What stands for a character.
#[inline]
pub fn mask(c: char) -> char {
    match c {
        '0'..='9' => '9',
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        _ => mask_other(c),
    }
}

fn mask_other(c: char) -> char {
    if c.is_numeric() {
        '9'
    } else if c.is_uppercase() {
        'A'
    } else if c.is_alphabetic() {
        'a'
    } else if KEPT.contains(c) {
        c
    } else {
        '?'
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_is_left_but_its_form() {
        assert_eq!(shape("Jane O'Neil"), "Aaaa A'Aaaa");
        assert_eq!(shape("987-00-1234"), "999-99-9999");
        assert_eq!(shape("Łódź 2\n"), "Aaaa 9?");
        assert_eq!(shape(&"x".repeat(41)), format!("{}…", "a".repeat(40)));
    }
}
