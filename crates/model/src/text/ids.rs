//! Ids as a person compares them: what looks the same, and what programs write for the same.
//!
//! Owner of the two spellings in which ids are compared, [`skeleton`] and the coarser [`form`]. Neither is ever sent. Left out
//! on purpose: which ids can be used at all (`contract::unfit_id`).

use unicode_normalization::UnicodeNormalization;

use super::invisible::is_invisible;
use super::lost::whole_number;

/// Appends an id as a person sees it: without case, blanks, invisible characters, spelling variants of one character,
/// and without the zeros in front of its first number.
pub fn skeleton(id: &str, out: &mut String) {
    let start = out.len();
    if id.bytes().all(|byte| byte.is_ascii_graphic()) {
        out.push_str(id);
        out[start..].make_ascii_lowercase();
    } else if id.is_ascii() {
        let seen = id.bytes().filter(|byte| !byte.is_ascii_whitespace());
        out.extend(seen.map(|byte| char::from(byte.to_ascii_lowercase())));
    } else {
        let seen = id
            .nfkc()
            .filter(|c| !is_invisible(*c) && !c.is_whitespace());
        // A capital and its small letter may have different compositions: once more, after the case is gone.
        let folded: String = seen.flat_map(char::to_lowercase).map(look).collect();
        out.extend(folded.nfkc());
    }
    drop_zeros(out, start);
}

/// Appends an id as programs that write it differently agree on it: like [`skeleton`], and without punctuation, decimals that say
/// nothing and exponents. An id that has nothing but punctuation keeps it.
pub fn form(id: &str, out: &mut String) {
    let start = out.len();
    match whole_number(id) {
        Some(number) => skeleton(&number, out),
        None => skeleton(id, out),
    }
    let kept: String = out[start..]
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    if !kept.is_empty() {
        out.replace_range(start.., &kept);
        drop_zeros(out, start);
    }
}

/// The [`skeleton`] of an id alone.
pub fn skeleton_of(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    skeleton(id, &mut out);
    out
}

/// The [`form`] of an id alone.
pub fn form_of(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    form(id, &mut out);
    out
}

/// The form of an id without any zeros in front: ids that have it in common may be one customer's.
pub fn alike(id: &str) -> String {
    form_of(id).trim_start_matches('0').to_owned()
}

/// Takes away the zeros in front of the first number; one zero alone stays.
fn drop_zeros(out: &mut String, start: usize) {
    let bytes = &out.as_bytes()[start..];
    let Some(first) = bytes.iter().position(u8::is_ascii_digit) else {
        return;
    };
    let zeros = bytes[first..].iter().take_while(|byte| **byte == b'0');
    let mut zeros = zeros.count();
    if !bytes.get(first + zeros).is_some_and(u8::is_ascii_digit) {
        zeros = zeros.saturating_sub(1);
    }
    if zeros > 0 {
        out.replace_range(start + first..start + first + zeros, "");
    }
}

/// The Latin letter or the mark that a character of another script is taken for. Small letters only.
fn look(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'е' | 'ε' => 'e',
        'н' | 'η' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' | 'μ' => 'm',
        'ν' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'х' | 'χ' => 'x',
        'у' | 'υ' => 'y',
        'ζ' => 'z',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: &str) -> String {
        let mut out = String::new();
        skeleton(id, &mut out);
        out
    }

    #[test]
    fn ids_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("C-100", "c-100"),
            ("0091234", "91234"),
            ("C-00124", "C-124"),
            ("A1", "A\u{200b}1"),
            ("A1", "\u{feff}A1"),
            ("JOS\u{c9}", "Jose\u{301}"),
            ("A1", "Ａ１"),
            ("A1", "А1"),
            ("A 1", "A\u{a0}1"),
            ("A-1", "A\u{2011}1"),
            ("000", "0"),
        ] {
            assert_eq!(seen(one), seen(other), "{one} {other}");
        }
        for (one, other) in [("A1", "A2"), ("A10", "A1"), ("A-1-2", "A-12"), ("0", "1")] {
            assert_ne!(seen(one), seen(other), "{one} {other}");
        }
    }

    #[test]
    fn what_programs_write_differently_has_one_form() {
        let form_of = |id: &str| {
            let mut out = String::new();
            form(id, &mut out);
            out
        };
        for (one, other) in [
            ("A-1", "a1"),
            ("A1.", "A1"),
            ("0020", "20"),
            ("A/0012", "a12"),
            ("００３", "3"),
            ("1001.0", "1001"),
            ("1001.00", "01001"),
            ("1.001E+03", "1001"),
            ("1,001", "1001"),
        ] {
            assert_eq!(form_of(one), form_of(other), "{one} {other}");
        }
        assert_ne!(form_of("A1"), form_of("A10"));
        assert_eq!(form_of("--"), "--");
    }
}
