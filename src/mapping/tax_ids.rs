//! U.S. tax ids: their nine digits, and which of the three kinds their form says they are.
//!
//! Owner: `mapping`. The rules are the issuers': an SSN's first three digits are no 000, 666 or 9xx, and no part of it is
//! all zeros; an ITIN is 9xx with a group of 50–65, 70–88, 90–92 or 94–99; an EIN is written `12-3456789` and begins with a
//! prefix that the IRS has given out. Seven and eight bare digits are ids that lost their leading zeros in a spreadsheet.
//! Invariants: a number has nine digits, and has a type if and only if it is a number. Left out on purpose: whether an id
//! was given to anybody, and national ids of other countries, whose forms are theirs.

/// A tax id that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxId {
    digits: [u8; 9],
    /// `SSN`, `ITIN` or `EIN`, as the contract spells it.
    pub kind: &'static str,
}

impl TaxId {
    /// Its nine digits.
    pub fn number(&self) -> &str {
        // The digits are ASCII by construction.
        str::from_utf8(&self.digits).unwrap_or("")
    }
}

/// Two-digit prefixes of EINs that the IRS has never given out.
const NO_EIN: [u8; 17] = [
    0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97,
];

/// What the punctuation says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// 123-45-6789
    Person,
    /// 12-3456789
    Employer,
    Bare,
}

/// Reads a tax id; `entity` says what bare digits are that could be either: an entity's EIN, or a person's SSN.
pub fn read(text: &str, entity: bool) -> Option<TaxId> {
    let (digits, form) = nine(text.trim())?;
    let kind = match form {
        Form::Person => personal(&digits)?,
        Form::Employer => employer(&digits)?,
        Form::Bare if entity => employer(&digits)?,
        Form::Bare => personal(&digits)?,
    };
    Some(TaxId { digits, kind })
}

/// Nine digits and the form that they are written in.
fn nine(text: &str) -> Option<([u8; 9], Form)> {
    // "987654320.0" is how some programs write a number of a spreadsheet.
    let text = text.strip_suffix(".0").unwrap_or(text);
    let mut digits = [b'0'; 9];
    let (mut count, mut marks, mut last) = (0, [0usize; 2], 0usize);
    let mut marked = 0;
    let bare = text.bytes().filter(u8::is_ascii_digit).count();
    // Lost zeros belong in front.
    let lost = 9usize.checked_sub(bare)?;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(lost + count)? = byte;
                count += 1;
            }
            // One mark between two digits.
            b'-' | b' ' | b'.' if count > last => {
                *marks.get_mut(marked)? = count;
                marked += 1;
                last = count;
            }
            _ => return None,
        }
    }
    let form = match (marked, marks, count) {
        (0, _, 7..=9) => Form::Bare,
        (1, [2, _], 9) => Form::Employer,
        (2, [3, 5], 9) => Form::Person,
        _ => return None,
    };
    Some((digits, form))
}

fn number(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

fn personal(digits: &[u8; 9]) -> Option<&'static str> {
    let [area, group, serial] = [&digits[..3], &digits[3..5], &digits[5..]].map(number);
    match (area, group, serial) {
        (900.., 50..=65 | 70..=88 | 90..=92 | 94..=99, _) => Some("ITIN"),
        (0 | 666 | 900.., ..) | (_, 0, _) | (.., 0) => None,
        _ => Some("SSN"),
    }
}

fn employer(digits: &[u8; 9]) -> Option<&'static str> {
    let (prefix, rest) = (number(&digits[..2]), number(&digits[2..]));
    let given = !NO_EIN.iter().any(|none| u32::from(*none) == prefix);
    (given && rest != 0).then_some("EIN")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn both(text: &str, entity: bool) -> Option<(String, &'static str)> {
        read(text, entity).map(|id| (id.number().to_owned(), id.kind))
    }

    // No id here is anybody's: where an SSN is needed it is one of the two that were printed on samples and withdrawn.
    #[test]
    fn real_forms() {
        for (text, entity, number, kind) in [
            ("219-09-9999", false, "219099999", "SSN"),
            ("219 09 9999", false, "219099999", "SSN"),
            ("219.09.9999", false, "219099999", "SSN"),
            ("219099999", false, "219099999", "SSN"),
            ("219099999.0", false, "219099999", "SSN"),
            (" 219-09-9999 ", false, "219099999", "SSN"),
            ("78051120", false, "078051120", "SSN"),
            ("219-09-9999", true, "219099999", "SSN"),
            ("987-65-4320", false, "987654320", "ITIN"),
            ("987654320", false, "987654320", "ITIN"),
            ("900-70-0001", false, "900700001", "ITIN"),
            ("12-3456789", false, "123456789", "EIN"),
            ("12-3456789", true, "123456789", "EIN"),
            ("123456789", true, "123456789", "EIN"),
            ("1234567", true, "001234567", "EIN"),
            ("12345678", true, "012345678", "EIN"),
        ] {
            let wanted = match text {
                // The prefix 00 was never given out.
                "1234567" => None,
                _ => Some((number.to_owned(), kind)),
            };
            assert_eq!(both(text, entity), wanted, "{text}");
        }
    }

    #[test]
    fn no_tax_ids() {
        for text in [
            "",
            "-",
            "12345",
            "123456",
            "1234567890",
            "000-12-3456",
            "666-12-3456",
            "987-00-1234",
            "987-66-1234",
            "987-89-1234",
            "987-93-1234",
            "900-49-1234",
            "219-00-9999",
            "219-09-0000",
            "000000000",
            "999999999",
            "XXX-XX-9999",
            "***-**-9999",
            "219-099999",
            "21-90-99999",
            "2190-9-9999",
            "219--09-9999",
            "-219-09-9999",
            "219-09-9999-",
            "07-1234567",
            "00-1234567",
            "12-0000000",
            "A12345678",
            "219-9-9999",
            "２１９09９999",
            "219-09-99990",
            "219/09/9999",
            "2-1909999",
        ] {
            // 999999999 has an ITIN's area and group.
            let is_itin = text == "999999999";
            assert_eq!(read(text, false).is_some(), is_itin, "{text}");
        }
        // For an entity, bare digits that begin like no EIN are none.
        assert_eq!(read("071234567", true), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_gives_nine_digits(any in any::<String>(), near in "[0-9]{1,3}[- .]?[0-9]{2}[- .]?[0-9]{2,5}[.]?0?", entity: bool) {
            for text in [&any, &near] {
                if let Some(id) = read(text, entity) {
                    prop_assert!(crate::contract::forms::is_digits(id.number(), 9));
                    prop_assert!(crate::contract::account::US_TAX_ID_TYPES.contains(&id.kind));
                    if !entity && id.kind != "EIN" {
                        prop_assert_eq!(read(id.number(), false), Some(id));
                    }
                }
            }
        }

        #[test]
        fn every_way_to_write_one_gives_the_same(area in 1u32..=899, group in 1u32..=99, serial in 1u32..=9999) {
            prop_assume!(area != 666);
            let dashed = format!("{area:03}-{group:02}-{serial:04}");
            let id = read(&dashed, false);
            prop_assert!(id.is_some_and(|id| id.kind == "SSN"));
            let bare = dashed.replace('-', "");
            for text in [bare.clone(), dashed.replace('-', " "), bare.trim_start_matches('0').to_owned()] {
                prop_assert_eq!(read(&text, false), id, "{}", text);
            }
        }
    }
}
