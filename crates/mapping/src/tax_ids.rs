//! U.S. tax ids: their nine digits, and which of the three kinds their form says they are.
//!
//! Owner: `mapping`. An EIN is written `12-3456789`, a person's id `987-65-4320`; seven and eight bare digits are ids that lost
//! their leading zeros in a spreadsheet. Invariant: a number has nine digits, and has a type if and only if it is a number.
//! Left out on purpose: whether such a number can have been given out, which the form of the field knows
//! (`contract::tax_ids`), and national ids of other countries, whose forms are theirs.

use bakkt_contract::tax_ids::is_itin_form;

/// A tax id that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxId {
    digits: [u8; 9],
    /// `SSN`, `ITIN` or `EIN`, as the contract spells it.
    pub kind: &'static str,
}

impl TaxId {
    pub(crate) fn number(&self) -> &str {
        // The digits are ASCII by construction.
        str::from_utf8(&self.digits).unwrap_or("")
    }
}

/// What the punctuation says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TaxIdForm {
    /// 123-45-6789
    Person,
    /// 12-3456789
    Employer,
    Bare,
}

/// Reads a tax id; `entity` says what bare digits are that could be either: an entity's EIN, or a person's SSN.
pub(crate) fn read(text: &str, entity: bool) -> Option<TaxId> {
    let (digits, form) = nine(text.trim())?;
    let kind = match form {
        TaxIdForm::Employer => "EIN",
        TaxIdForm::Bare if entity => "EIN",
        TaxIdForm::Person | TaxIdForm::Bare if is_itin_form(&digits) => "ITIN",
        TaxIdForm::Person | TaxIdForm::Bare => "SSN",
    };
    Some(TaxId { digits, kind })
}

/// Nine digits and the form that they are written in.
fn nine(text: &str) -> Option<([u8; 9], TaxIdForm)> {
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
        (0, _, 7..=9) => TaxIdForm::Bare,
        (1, [2, _], 9) => TaxIdForm::Employer,
        (2, [3, 5], 9) => TaxIdForm::Person,
        _ => return None,
    };
    Some((digits, form))
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
            ("000-12-3456", false, "000123456", "SSN"),
            ("987-00-1234", false, "987001234", "SSN"),
            ("999999999", false, "999999999", "ITIN"),
            ("07-1234567", false, "071234567", "EIN"),
        ] {
            let wanted = Some((number.to_owned(), kind));
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
            "XXX-XX-9999",
            "***-**-9999",
            "219-099999",
            "21-90-99999",
            "2190-9-9999",
            "219--09-9999",
            "-219-09-9999",
            "219-09-9999-",
            "A12345678",
            "219-9-9999",
            "２１９09９999",
            "219-09-99990",
            "219/09/9999",
            "2-1909999",
        ] {
            assert_eq!(read(text, false), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_gives_nine_digits(any in any::<String>(), near in "[0-9]{1,3}[- .]?[0-9]{2}[- .]?[0-9]{2,5}[.]?0?", entity: bool) {
            for text in [&any, &near] {
                if let Some(id) = read(text, entity) {
                    prop_assert!(bakkt_contract::forms::is_digits(id.number(), 9));
                    prop_assert!(bakkt_contract::account::US_TAX_ID_TYPES.contains(&id.kind));
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
