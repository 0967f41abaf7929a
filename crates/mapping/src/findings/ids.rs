//! Customer ids that look alike, and ids whose leading zeros are gone.
//!
//! Owner of [`skeleton`], under which ids that a person would take for the same are equal, and of [`Lengths`], which tells
//! from the lengths of a whole export's ids whether zeros were cut. Left out on purpose: ids that cannot be used at all
//! (`assess::unfit_id`).

use unicode_normalization::UnicodeNormalization;

use super::text::is_invisible;

/// Appends an id as a person sees it: without case, blanks, invisible characters, spelling variants of one character,
/// and without the zeros in front of its first number.
pub(crate) fn skeleton(id: &str, out: &mut String) {
    let start = out.len();
    if id.is_ascii() {
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

/// Appends an id as programs that write it differently agree on it: like [`skeleton`], and without punctuation. An id that
/// has nothing else keeps it.
pub(crate) fn form(id: &str, out: &mut String) {
    let start = out.len();
    skeleton(id, out);
    let kept: String = out[start..]
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    if !kept.is_empty() {
        out.replace_range(start.., &kept);
        drop_zeros(out, start);
    }
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

/// How many digits an id has that consists of digits; 0 for any other.
pub(crate) fn digits(id: &str) -> u8 {
    let all = (1..64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if all { id.len() as u8 } else { 0 }
}

/// What is counted about the lengths of ids.
#[derive(Debug)]
pub(crate) struct Lengths {
    /// By length and first digit, of ids that are digits only.
    first_digits: Box<[[u64; 10]; 64]>,
    others: u64,
}

impl Default for Lengths {
    fn default() -> Lengths {
        Lengths {
            first_digits: Box::new([[0; 10]; 64]),
            others: 0,
        }
    }
}

impl Lengths {
    /// Counts an id by its first byte and its number of digits.
    pub(crate) fn add(&mut self, first: u8, digits: u8) {
        match (digits, first) {
            (1..64, b'0'..=b'9') => {
                self.first_digits[usize::from(digits)][usize::from(first - b'0')] += 1;
            }
            _ => self.others += 1,
        }
    }

    fn of(&self, length: usize) -> u64 {
        self.first_digits
            .get(length)
            .map_or(0, |counts| counts.iter().sum())
    }

    /// The length that ids should have, when shorter ones look as if zeros had been cut in front of them.
    ///
    /// Told in two cases. Some ids begin with a zero, all of these have one length that most ids have, and there are
    /// shorter ones: a part of the zeros was lost. Or no id begins with a zero, and the lengths are those of random
    /// numbers that lost them: about one in ten is one digit shorter, and the others begin with every digit alike.
    /// Numbers that were given out one after the other are shorter at their beginning as well; those are dense, and no
    /// finding.
    pub(crate) fn expected(&self) -> Option<u8> {
        let total: u64 = (1..64).map(|length| self.of(length)).sum();
        let (length, most) = (1..64)
            .map(|length| (length, self.of(length)))
            .max_by_key(|(length, count)| (*count, *length))?;
        let shorter: u64 = (1..length).map(|length| self.of(length)).sum();
        if length < 2 || shorter == 0 || self.others * 10 > total || most * 10 < total * 6 {
            return None;
        }
        let zeros: u64 = (2..64).map(|length| self.first_digits[length][0]).sum();
        let cut = match zeros {
            0 => self.looks_random(length, total, shorter),
            zeros => zeros == self.first_digits[length][0] && total >= 5,
        };
        cut.then_some(length as u8)
    }

    fn looks_random(&self, length: usize, total: u64, shorter: u64) -> bool {
        let longer: u64 = (length + 1..64).map(|length| self.of(length)).sum();
        let next = self.of(length - 1);
        let share = shorter * 100 / total.max(1);
        let possible = 9 * 10u64.saturating_pow(length as u32 - 2);
        let even = self.of(length) / 9;
        total >= 50
            && longer * 1000 <= total
            && (4..=20).contains(&share)
            && next * 10 >= shorter * 7
            && next * 10 < possible
            && self.first_digits[length][1..]
                .iter()
                .all(|count| count * 3 >= even)
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

    fn expected(ids: impl IntoIterator<Item = String>) -> Option<u8> {
        let mut lengths = Lengths::default();
        for id in ids {
            lengths.add(id.as_bytes()[0], digits(&id));
        }
        lengths.expected()
    }

    /// Numbers that are spread over a range, always the same ones.
    fn spread(count: u64, below: u64) -> impl Iterator<Item = u64> {
        (1..=count).map(move |n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % below)
    }

    #[test]
    fn a_part_of_the_zeros_was_lost() {
        let padded = || (0..20).map(|n| format!("{:07}", 91_234 + n * 7));
        assert_eq!(expected(padded()), None);
        assert_eq!(expected(padded().chain(["91233".into()])), Some(7));
        // Ids that are no numbers have no zeros to lose.
        assert_eq!(expected((0..20).map(|n| format!("C{n}"))), None);
    }

    #[test]
    fn all_of_the_zeros_were_lost() {
        let random = spread(2000, 100_000_000);
        assert_eq!(expected(random.map(|n| n.to_string())), Some(8));
        let random = spread(2000, 100_000_000);
        assert_eq!(expected(random.map(|n| format!("{n:08}"))), None);
    }

    #[test]
    fn numbers_given_out_one_after_the_other_are_no_finding() {
        assert_eq!(expected((1..=1500u64).map(|n| n.to_string())), None);
        assert_eq!(expected((1..=99_999u64).map(|n| n.to_string())), None);
        // An old series of six digits and a new one of seven.
        let series = (100_000..100_100u64).chain(1_000_000..1_001_000);
        assert_eq!(expected(series.map(|n| n.to_string())), None);
        assert_eq!(expected((10..20u64).map(|n| n.to_string())), None);
    }
}
