//! How the postal codes of a country begin, where that is certain.
//!
//! Owner of the one table. A range is two beginnings of one length, and everything between them in the order of the alphabet;
//! a code whose beginning is in no range of its country was never given out there. Invariants: a country without a range has no
//! rule, and the ranges are wide, because a real code that is refused costs more than a wrong one that passes. The ranges of
//! ZIP codes are not here ([`super::zip_states`]), nor are those of countries that are changing theirs.

/// A country (ISO 3166-1 alpha-2), and the first and the last beginning of its codes.
type CodeRange = (&'static str, &'static str, &'static str);

/// Sorted by country.
#[rustfmt::skip] // reads as the table it is
static RANGES: &[CodeRange] = &[
    ("AR", "1", "9"), ("AR", "A", "Z"), // before the province's letter there were digits alone
    ("AT", "1", "9"), ("AU", "02", "99"), ("AX", "22", "22"), ("BA", "7", "8"), ("BD", "1", "9"), ("BE", "1", "9"),
    ("BG", "1", "9"), ("BL", "971", "978"), ("BN", "B", "B"), ("BN", "K", "K"), ("BN", "P", "P"), ("BN", "T", "T"),
    ("BR", "01", "99"), ("BY", "2", "2"), ("CC", "6799", "6799"), ("CH", "1", "9"), ("CL", "1", "9"), ("CR", "1", "7"),
    ("CX", "6798", "6798"), ("CZ", "1", "7"), ("DE", "01", "99"), ("EE", "1", "9"),
    ("ES", "01", "52"), // the number of the province
    ("GF", "973", "973"), ("GG", "GY", "GY"),
    ("GL", "2412", "2412"), ("GL", "39", "39"), // the first is that of Santa Claus
    ("GP", "971", "971"), ("GR", "1", "8"), ("GT", "01", "22"), ("HR", "1", "5"), ("HU", "1", "9"), ("ID", "1", "9"),
    ("IM", "IM", "IM"),
    ("IN", "1", "9"), // 9 is the army's
    ("IT", "00", "98"), ("JE", "JE", "JE"), ("KG", "7", "7"), ("LI", "9485", "9498"), ("MA", "1", "9"),
    ("MC", "980", "980"), ("ME", "8", "8"), ("MF", "971", "978"), ("MQ", "972", "972"), ("MX", "01", "99"),
    ("MY", "01", "98"), ("NC", "988", "988"), ("NF", "2899", "2899"), ("NG", "1", "9"), ("NL", "1", "9"),
    ("PE", "01", "25"), ("PF", "987", "987"), ("PM", "975", "975"), ("PT", "1", "9"), ("RE", "974", "978"), // the last are those of large recipients
    ("RS", "1", "3"), ("RU", "1", "9"), ("SE", "1", "9"), ("SI", "1", "9"), ("SJ", "8099", "8099"), ("SJ", "917", "917"),
    ("SK", "0", "0"), ("SK", "8", "9"), ("SM", "4789", "4789"), ("TH", "1", "9"), ("TJ", "7", "7"), ("TM", "7", "7"),
    ("TN", "1", "9"), ("TR", "01", "81"), ("VA", "00120", "00120"), ("WF", "986", "986"), ("YT", "976", "976"),
];

/// Whether a code (letters and digits, capitals) begins as no code of a country (ISO 3166-1 alpha-2) does.
pub(crate) fn begins_elsewhere(code: &[u8], country: &str) -> bool {
    let start = RANGES.partition_point(|(known, ..)| *known < country);
    let mut own = RANGES[start..]
        .iter()
        .take_while(|(known, ..)| *known == country)
        .peekable();
    let is_in = |(_, first, last): &CodeRange| {
        code.get(..first.len())
            .is_some_and(|begins| (first.as_bytes()..=last.as_bytes()).contains(&begins))
    };
    own.peek().is_some() && !own.any(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::countries;

    #[test]
    fn the_table_is_sound() {
        assert!(
            RANGES
                .windows(2)
                .all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1))
        );
        for (country, first, last) in RANGES {
            assert!(countries::alpha3(country).is_some(), "{country}");
            assert!(first.len() == last.len() && first <= last, "{country}");
        }
    }

    #[test]
    fn codes_begin_as_those_of_their_country() {
        for (country, code, elsewhere) in [
            ("MC", "98000", false),
            ("MC", "75001", true),
            ("LI", "9490", false),
            ("LI", "8001", true),
            ("ES", "00", true),
            ("AR", "C1425CLA", false),
            ("AR", "1425", false),
            ("AR", "0425", true),
            ("HK", "999077", false),
            ("ZZ", "1", false),
            ("", "1", false),
            ("VA", "", true),
        ] {
            assert_eq!(
                begins_elsewhere(code.as_bytes(), country),
                elsewhere,
                "{country} {code}"
            );
        }
    }
}
