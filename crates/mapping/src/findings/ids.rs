//! Customer ids that a spreadsheet changed: dates, truth values, and ids whose leading zeros or last digits are gone; and ids that
//! stand for none.
//!
//! Owner of [`made_by_spreadsheet`] and [`stands_for_none`], of [`LongIds`], which tells whether the last digits of an export's long
//! ids were rounded, and of [`Lengths`], which tells from the lengths of a whole export's
//! ids whether zeros were cut. Left out on purpose: ids that look alike (`model::text::ids`), and ids that cannot be used at all
//! (`assess::unfit_id`).

use bakkt_contract::fold::fold;
use bakkt_model::masked::is_masked_id;
use bakkt_model::placeholder::is_placeholder;
use bakkt_source::shape::shape;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What a spreadsheet seems to have made of an id, if it has: `1-2` becomes a date, and so does `MAR1`.
pub(crate) fn made_by_spreadsheet(id: &str) -> Option<&'static str> {
    if matches!(id, "TRUE" | "FALSE") {
        return Some("a truth value of a spreadsheet");
    }
    // A look at the first byte and the length settles most.
    let begins = id
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'A'..=b'S'));
    if !begins || !(5..=19).contains(&id.len()) || !id.is_ascii() {
        return None;
    }
    memchr::memchr2(b'-', b'/', id.as_bytes())?;
    let number = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let day = id.split([' ', 'T']).next().unwrap_or(id);
    let parts: Vec<&str> = day.split(['-', '/']).take(4).collect();
    let is_date = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => {
            number(year, 4)
                && year.starts_with(['1', '2'])
                && month.len() == 2
                && number(month, 2)
                && day.len() == 2
                && number(day, 2)
        }
        [month, day, year] => {
            id.contains('/')
                && number(month, 2)
                && number(day, 2)
                && number(year, 4)
                && year.len() != 3
        }
        [one, two] => {
            (number(one, 2) && MONTHS.contains(two)) || (MONTHS.contains(one) && number(two, 4))
        }
        _ => false,
    };
    is_date.then_some("a date of a spreadsheet")
}

/// What an id is that a spreadsheet shows as an amount, or that is several ids: `$1,001`, `(1001)`, `1,001`, `1001-`, `1001;1002`.
pub(crate) fn formatted(id: &str) -> Option<&'static str> {
    let is_sign = |c: char| {
        matches!(
            c,
            '(' | ')' | '-' | ',' | ';' | '|' | '&' | '/' | '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}'
        )
    };
    if !id.contains(is_sign) {
        return None;
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = id.trim_start_matches(['$', '\u{20ac}', '\u{a3}', '\u{a5}']);
    let thousands = |text: &str| {
        let mut groups = text.split(',');
        let first = groups
            .next()
            .is_some_and(|first| first.len() <= 3 && digits(first));
        first && text.contains(',') && groups.all(|group| group.len() == 3 && digits(group))
    };
    let negative = id
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| id.strip_suffix('-'))
        .or_else(|| id.strip_prefix('-'));
    if thousands(unsigned) || (unsigned.len() < id.len() && digits(unsigned)) {
        return Some("an amount of a spreadsheet");
    }
    if negative.is_some_and(digits) {
        return Some("a negative number of a spreadsheet");
    }
    are_several(id).then_some("several ids in one cell")
}

/// Whether a text is several ids of one form. A stroke stands inside of ids as well: with one, they follow each other.
fn are_several(text: &str) -> bool {
    let has_digit = |part: &str| part.len() > 2 && part.contains(|c: char| c.is_ascii_digit());
    let mut marks = [';', ',', '|', '&', '/'].into_iter();
    let Some(mark) = marks.find(|mark| text.contains(*mark)) else {
        return false;
    };
    let parts: Vec<&str> = text.split(mark).map(str::trim).collect();
    let [first, others @ ..] = parts.as_slice() else {
        return false;
    };
    let is_near = |part: &str| {
        let end = first.len().saturating_sub(2);
        mark != '/' || (first.len() > 3 && first.get(..end) == part.get(..end))
    };
    let is_like = |part: &&str| shape(part) == shape(first) && is_near(part);
    has_digit(first) && others.iter().all(is_like)
}

/// Words that clerks and programs write where there is no id; folded. Those of `placeholders` are known besides.
#[rustfmt::skip]
const NO_IDS: &[&str] = &[
    "na", "nan", "nil", "no", "nope", "null", "none", "test", "tests", "testid", "dummy", "temp", "tmp", "new", "neu", "nuevo",
    "pending", "missing", "blank", "empty", "id", "customerid", "clientid", "x", "xx", "xxx", "todo", "tbc", "unbekannt", "keine",
    "unk", "false", "error", "default", "sample", "example",
];

/// Whether an id stands for none: zeros, nines, counting up, a word such as "n/a" or "test". Three bytes settle most.
pub(crate) fn stands_for_none(id: &str) -> bool {
    let bytes = id.as_bytes();
    if is_masked_id(id) {
        return true;
    }
    let may_be = match bytes {
        // Digits that repeat or count up; most numbers do neither at their beginning.
        [first @ b'0'..=b'9', second @ b'0'..=b'9', third, ..] if third.is_ascii_digit() => {
            (first == second && second == third) || (*first + 1 == *second && *second + 1 == *third)
        }
        [b'0'..=b'9', ..] => true,
        _ => bytes.len() <= 16 && !bytes.last().is_some_and(u8::is_ascii_digit),
    };
    if !may_be {
        return false;
    }
    let is_digits = bytes.iter().all(u8::is_ascii_digit);
    if is_digits && !bytes.is_empty() {
        let all = |digit: u8| bytes.iter().all(|byte| *byte == digit);
        // A number of few digits is somebody's, but for zero.
        return all(b'0') || (bytes.len() >= 6 && all(b'9')) || is_placeholder(id);
    }
    let folded = fold(id);
    folded.is_empty() || NO_IDS.contains(&folded.as_str()) || is_placeholder(id)
}

/// How many digits an id has that consists of digits; 0 for any other.
pub(crate) fn digits(id: &str) -> u8 {
    let all = (1..64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if all { id.len() as u8 } else { 0 }
}

/// How many digits of a number a spreadsheet keeps.
const KEPT_DIGITS: usize = 15;

/// What stands behind the digits that a spreadsheet keeps of an id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigitsBehind {
    /// Nothing: the id has no more digits, or is no number.
    #[default]
    Nothing,
    /// Digits that a spreadsheet would not have kept.
    Others,
    /// Zeros, and another digit in front of them.
    Zeros,
    /// Zeros, and a zero in front of them.
    LongerZeros,
}

impl DigitsBehind {
    /// Whether they may be what rounding left.
    pub(crate) fn may_be_rounded(self) -> bool {
        matches!(self, DigitsBehind::Zeros | DigitsBehind::LongerZeros)
    }

    /// Those of an id.
    pub(crate) fn of(id: &str) -> DigitsBehind {
        if usize::from(digits(id)) <= KEPT_DIGITS {
            return DigitsBehind::Nothing;
        }
        let (kept, behind) = id.as_bytes().split_at(KEPT_DIGITS);
        match (behind.iter().all(|byte| *byte == b'0'), kept.last()) {
            (false, _) => DigitsBehind::Others,
            (true, Some(b'0')) => DigitsBehind::LongerZeros,
            (true, _) => DigitsBehind::Zeros,
        }
    }
}

/// Long ids of an export, counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LongIds {
    others: u64,
    zeros: u64,
    longer_zeros: u64,
}

impl LongIds {
    /// The fewest ids that are told: five that end in a zero by chance are one in 100,000 exports.
    const FEWEST: u64 = 5;

    pub(crate) fn add(&mut self, behind: DigitsBehind) {
        match behind {
            DigitsBehind::Nothing => {}
            DigitsBehind::Others => self.others += 1,
            DigitsBehind::Zeros => self.zeros += 1,
            DigitsBehind::LongerZeros => self.longer_zeros += 1,
        }
    }

    /// Whether nearly all of them end in zeros from the sixteenth digit on, and not before it: rounding leaves zeros just
    /// there. Ids that end in more zeros, such as a number of a branch with an empty sub-account, were made so. A scheme whose
    /// fixed zeros begin at the sixteenth digit looks the same; that is why this is only told.
    pub(crate) fn are_rounded(self) -> bool {
        let ends_in_zeros = self.zeros + self.longer_zeros;
        ends_in_zeros >= LongIds::FEWEST
            && self.others * 10 <= ends_in_zeros
            && self.zeros > self.longer_zeros
    }
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

    #[test]
    fn dates_and_truth_values_are_no_ids() {
        for id in [
            "TRUE",
            "FALSE",
            "2024-01-02",
            "2024-01-02 00:00:00",
            "2-Jan",
            "Mar-01",
            "1/2/2024",
            "01/02/24",
        ] {
            assert!(made_by_spreadsheet(id).is_some(), "{id}");
        }
        for id in [
            "A1",
            "True",
            "C-100",
            "12-345",
            "2024-0102",
            "2024-001-02",
            "1-2",
            "MAR1",
            "12/345/6789",
            "Mar-A1",
            "9024-01-02",
        ] {
            assert_eq!(made_by_spreadsheet(id), None, "{id}");
        }
    }

    #[test]
    fn ids_in_the_formats_of_spreadsheets_are_told() {
        for id in [
            "$1,001",
            "\u{20ac}1001",
            "1,001",
            "12,345,678",
            "(1001)",
            "1001-",
            "-1001",
            "1001;1002",
            "1001, 1002",
            "C-1001 & C-1002",
            "1001/1002",
            "A101|A102|A103",
        ] {
            assert!(formatted(id).is_some(), "{id}");
        }
        for id in [
            "1001",
            "C-1001",
            "A;1",
            "12-345",
            "2023/1001",
            "12/345/6789",
            "1-2",
            "(A)",
            "A(1)",
            "12,34",
            "1,2",
            "{1001}",
            "ABC/ABD",
            "AT&T",
            "A1/B2",
        ] {
            assert_eq!(formatted(id), None, "{id}");
        }
    }

    #[test]
    fn what_stands_for_no_id_is_told() {
        for id in [
            "0",
            "00",
            "0000000000",
            "999999",
            "9999999999",
            "1111111111",
            "123456789",
            "-",
            "--",
            "N/A",
            "n/a",
            "NA",
            "None",
            "NULL",
            "(null)",
            "test",
            "TEST",
            "Test-ID",
            "x",
            "XXX",
            "?",
            "#N/A",
            "unknown",
            "TBD",
            "new",
            "****1234",
            "1234****",
            "XXXX1235",
            "##1238",
            "XXX-XX-1234",
        ] {
            assert!(stands_for_none(id), "{id}");
        }
        for id in [
            "1",
            "9",
            "99",
            "999",
            "9999",
            "10",
            "12",
            "123",
            "1234",
            "12345",
            "1112223334",
            "0000000001",
            "1000000",
            "9990001",
            "C-1",
            "C0",
            "A",
            "NEW1",
            "Test1",
            "TX-0001",
            "P",
            "SMITH",
            "0035g00000AbCdE",
            "a-b",
            "1-0",
            "0-1",
            "0A",
            "XXL-12",
            "XX12",
            "12-XX",
            "#12",
            "ACXXXX17",
            "AC##17",
        ] {
            assert!(!stands_for_none(id), "{id}");
        }
    }

    fn are_rounded(ids: impl IntoIterator<Item = String>) -> bool {
        let mut long = LongIds::default();
        ids.into_iter()
            .for_each(|id| long.add(DigitsBehind::of(&id)));
        long.are_rounded()
    }

    #[test]
    fn ids_that_a_spreadsheet_rounded_are_told() {
        let rounded = |length: usize, count: u64| {
            spread(count, 900_000_000_000_000).map(move |n| {
                let kept = (n + 100_000_000_000_000).to_string();
                format!("{kept}{}", "0".repeat(length - kept.len()))
            })
        };
        assert!(are_rounded(rounded(16, 30)));
        assert!(are_rounded(rounded(18, 6)));
        assert!(are_rounded(
            (0..30u64).map(|n| format!("{}0", 400_000_000_000_000 + n))
        ));
        // Short ids beside them say nothing, and neither does one that was typed.
        let mixed = (1..50).map(|n| n.to_string());
        assert!(are_rounded(rounded(17, 20).chain(mixed)));
        let typed = ["4000000000000017".to_owned()];
        assert!(are_rounded(rounded(16, 20).chain(typed)));
        assert!(!are_rounded(rounded(16, 4)));
        assert!(!are_rounded(rounded(15, 30)));
        // Numbers as they are, one in ten of which ends in a zero.
        let whole =
            spread(500, 9_000_000_000_000_000).map(|n| (n + 1_000_000_000_000_000).to_string());
        assert!(!are_rounded(whole));
        // Branches with an empty sub-account: their zeros begin earlier.
        assert!(!are_rounded(
            (1000..1050).map(|n| format!("{n}00000000000000"))
        ));
        assert!(!are_rounded(
            (0..30).map(|n| format!("C{}0", 400_000_000_000_000u64 + n))
        ));
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
