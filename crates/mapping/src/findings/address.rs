//! Streets that are none: P.O. boxes and their like, words that say that there is no street, remarks, names without a
//! street, and bare numbers.
//!
//! Owner of the words of many languages for them. A word that is common elsewhere counts only where the address stands in
//! a country that uses it, and only with a number behind it. Rural routes and military boxes are residential addresses in
//! the U.S. and are no finding. Left out on purpose: where a P.O. box may stand (`checks::addresses`).

mod boxes;
mod no_streets;
mod remarks;
mod slipped;

pub(crate) use boxes::is_box;
use boxes::is_plain_street;
use no_streets::{NO_STREETS, REMARKS};
pub(crate) use remarks::is_care_of;
use remarks::{carries_remark, may_end_in_remark};
pub(crate) use slipped::{Beside, repeats_rest, slipped};

use super::ids::made_by_spreadsheet;
use super::other_field::is_of_another_field;
use bakkt_contract::fold::{fold, fold_into};
use bakkt_model::masked::is_masked;
use bakkt_model::no_values::says_nothing;

/// What is wrong with a street.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreetProblem {
    /// It is a P.O. box.
    Box,
    /// It says that there is none, or is a number without a name.
    NoStreet,
}

/// Judges the lines of a street. `scratch` is a buffer to keep.
pub(crate) fn doubt<'a>(
    lines: impl Iterator<Item = &'a str>,
    country: Option<&str>,
    scratch: &mut String,
) -> Option<StreetProblem> {
    let mut has_street = false;
    let mut has_letter = false;
    let mut boxed = false;
    // Whether a line says whom the mail is for, and whether any other line says where.
    let (mut is_for_somebody, mut has_place) = (false, false);
    for (place, line) in lines.enumerate() {
        if is_plain_street(line) && !may_end_in_remark(line.as_bytes()) && !is_masked(line) {
            has_letter = true;
            has_place = true;
            has_street |= !boxed;
            continue;
        }
        if match place {
            0 => is_no_street(line, scratch),
            _ => is_remark(line, scratch),
        } || is_masked(line)
            || is_of_another_field(line)
            || carries_remark(line, scratch)
        {
            return Some(StreetProblem::NoStreet);
        }
        has_letter |= line.contains(char::is_alphabetic);
        let has_digit = line.bytes().any(|byte| byte.is_ascii_digit());
        match !has_digit && is_care_of(line) {
            true => is_for_somebody = true,
            false => has_place |= !is_unit(line),
        }
        if is_box(line, country) {
            boxed = true;
            continue;
        }
        // A street with its number in front of the box, on a line of its own.
        has_street |= !boxed && has_digit && !is_unit(line);
    }
    // In Japan a block and a building have numbers, and streets no names.
    if !has_letter && !boxed && country != Some("JPN") {
        return Some(StreetProblem::NoStreet);
    }
    if is_for_somebody && !has_place {
        return Some(StreetProblem::NoStreet);
    }
    (boxed && !has_street).then_some(StreetProblem::Box)
}

/// Whether a line says that there is no street.
fn is_no_street(line: &str, scratch: &mut String) -> bool {
    let bytes = line.as_bytes();
    // Most streets of the U.S. begin with their number.
    if bytes.len() > 48
        || (bytes.first().is_some_and(u8::is_ascii_digit)
            && bytes.iter().any(u8::is_ascii_alphabetic))
    {
        return bytes.len() <= 8 && made_by_spreadsheet(line).is_some();
    }
    scratch.clear();
    fold_into(line, scratch);
    // An e-mail address.
    if line.contains('@') && !line.contains(' ') {
        return true;
    }
    let same_digit = || {
        let mut digits = scratch.bytes();
        let first = digits.next();
        first
            .is_some_and(|first| matches!(first, b'0' | b'9') && digits.all(|digit| digit == first))
    };
    NO_STREETS.contains(scratch.as_str())
        || says_nothing(line)
        || same_digit()
        || are_remarks(line)
        || made_by_spreadsheet(line).is_some()
        || is_japanese_day(line)
}

/// Whether a line is several remarks with marks between them: "DO NOT MAIL - BAD ADDRESS".
fn are_remarks(line: &str) -> bool {
    let marks: &[_] = &['-', '/', ',', ';', ':', '.', '*', '(', ')', '|'];
    if !line.contains(marks) || line.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let mut parts = line.split(marks).map(fold).filter(|part| !part.is_empty());
    parts.all(|part| part.len() > 2 && NO_STREETS.contains(part.as_str()))
}

/// Whether a further line says something about the customer or the mail.
fn is_remark(line: &str, scratch: &mut String) -> bool {
    // Most further lines are apartments and have a number.
    if line.len() > 32 || line.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    scratch.clear();
    fold_into(line, scratch);
    // A line of nothing but dashes or dots.
    !line.chars().any(char::is_alphanumeric) || REMARKS.contains(&scratch.as_str())
}

/// Whether a line is an apartment or the like and nothing else.
pub(crate) fn is_unit(line: &str) -> bool {
    const UNITS: [&str; 14] = [
        "apt",
        "apartment",
        "unit",
        "ste",
        "suite",
        "rm",
        "room",
        "fl",
        "floor",
        "bldg",
        "building",
        "lot",
        "trlr",
        "no",
    ];
    let first = line.as_bytes().first();
    if !first.is_some_and(|first| first.is_ascii_alphabetic() || *first == b'#') {
        return false;
    }
    let mut words = line
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let (Some(first), second, None) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let is_unit = UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(first));
    match second {
        Some(_) => is_unit,
        None => line.starts_with('#'),
    }
}

/// "1月2日", which a spreadsheet made of the block and the building 1-2.
fn is_japanese_day(line: &str) -> bool {
    let is_number = |text: &str| {
        (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts = line.split_once('月');
    parts.is_some_and(|(month, day)| {
        is_number(month) && day.strip_suffix('日').is_some_and(is_number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_plain_street_is_one_when_it_is_looked_at_further(
            line in "[0-9]{1,4}[-/ ]?([A-Za-z0-9./' -]{5,44}|Unknown Street|same as above|[0-9]{1,2}-[0-9]{2}|P0 Box 7)",
        ) {
            if is_plain_street(&line) && !may_end_in_remark(line.as_bytes()) {
                let scratch = &mut String::new();
                prop_assert!(!is_no_street(&line, scratch) && !is_remark(&line, scratch), "{}", line);
                prop_assert!(!is_box(&line, Some("DEU")) && !is_unit(&line), "{}", line);
            }
        }
    }

    #[test]
    fn every_script_can_say_that_there_is_no_street() {
        for line in [
            "Unknown",
            "n/a",
            "Άγνωστο",
            "Неизвестно",
            "なし",
            "모름",
            "없음",
            "غير معروف",
        ] {
            let doubt = doubt([line].into_iter(), None, &mut String::new());
            assert_eq!(doubt, Some(StreetProblem::NoStreet), "{line}");
        }
    }

    fn judged(lines: &[&str], country: &str) -> Option<StreetProblem> {
        doubt(lines.iter().copied(), Some(country), &mut String::new())
    }

    #[test]
    fn boxes_of_many_countries_are_found() {
        for (line, country) in [
            ("PO Box 123", "USA"),
            ("P.O. Box 123", "USA"),
            ("P. O. BOX 12", "USA"),
            ("p o box 9", "USA"),
            ("POB 12", "USA"),
            ("POBox123", "USA"),
            ("Post Office Box 12", "USA"),
            ("Box 123", "USA"),
            ("GPO Box 4", "AUS"),
            ("Locked Bag 12", "AUS"),
            ("Private Bag X12", "ZAF"),
            ("PMB 12", "USA"),
            ("P.O. DRAWER 412", "USA"),
            ("Post Office Drawer 9", "USA"),
            ("Postschließfach 12", "DEU"),
            ("Apdo. de Correos 12", "ESP"),
            ("Postfach 12 34", "DEU"),
            ("Pf. 12", "DEU"),
            ("Apartado 123", "ESP"),
            ("Apartado Postal 5", "MEX"),
            ("Apdo. Correos 7", "ESP"),
            ("Apartado de correos 7", "ESP"),
            ("Casilla 12", "CHL"),
            ("Casilla de Correo 12", "ARG"),
            ("BP 123", "FRA"),
            ("B.P. 123", "FRA"),
            ("Boîte postale 12", "FRA"),
            ("Case postale 12", "CHE"),
            ("C.P. 123", "ITA"),
            ("Caixa Postal 12", "BRA"),
            ("Postbus 12", "NLD"),
            ("Postboks 12", "NOR"),
            ("PL 12", "FIN"),
            ("skr. poczt. 12", "POL"),
            ("Kotak Pos 12", "IDN"),
            ("私書箱12号", "JPN"),
            ("а/я 12", "RUS"),
            ("ص.ب 12", "ARE"),
            ("ת.ד. 12", "ISR"),
            ("General Delivery", "USA"),
            ("Attn PO Box 12", "USA"),
            ("CS 20001", "FRA"),
            ("P0 BOX 12", "USA"),
            ("P.0. Box 12", "USA"),
            ("P 0 Box 12", "USA"),
            ("PO B0X 12", "USA"),
            ("P0B0X 12", "USA"),
            ("B0X 12", "USA"),
            ("CALLER BOX 12", "USA"),
            ("PO 12", "USA"),
            ("Postal Box 12", "USA"),
            ("Mailbox 12", "USA"),
            ("Box No. 12", "USA"),
            ("Drawer 12", "USA"),
            ("POST OFFICE BX 12", "USA"),
            ("Gen. Delivery", "USA"),
            ("Gen Del", "USA"),
            ("123 Main St PMB 12", "USA"),
            ("123 Main St #PMB12", "USA"),
            ("c/o The UPS Store 12", "USA"),
            ("DHL Packstation 123", "DEU"),
            ("Packstation", "DEU"),
            ("P.F. 12", "SVK"),
            ("Apartado", "ESP"),
            ("A.A. 12", "COL"),
            ("Casella 12", "ITA"),
            ("Cassetta postale 12", "ITA"),
            ("Case 12", "CHE"),
            ("Skrytka 12", "POL"),
            ("Paczkomat WAW12", "POL"),
            ("Ｐ０ ＢＯＸ １２", "USA"),
        ] {
            assert_eq!(judged(&[line], country), Some(StreetProblem::Box), "{line}");
        }
        assert_eq!(
            judged(&["Jane Roe", "PO Box 5"], "USA"),
            Some(StreetProblem::Box)
        );
        assert_eq!(
            judged(&["PO Box 5", "Apt 4"], "USA"),
            Some(StreetProblem::Box)
        );
    }

    #[test]
    fn streets_are_no_boxes() {
        for (line, country) in [
            ("12 Sample Rd", "USA"),
            ("12 Box Canyon Rd", "USA"),
            ("Box Hill 3", "GBR"),
            ("RR 2 Box 33", "USA"),
            ("HC 62 Box 10", "USA"),
            ("PSC 3 Box 12", "USA"),
            ("Unit 100 Box 4", "USA"),
            ("Calle Apartado", "ESP"),
            ("C.P. 06500 Av. Juárez 5", "MEX"),
            ("12 Post Office Rd", "USA"),
            ("Post Office Box Rd", "USA"),
            ("Poststraße 12", "DEU"),
            ("CP 28001", "ESP"),
            ("12 Pobox Lane", "USA"),
            ("12 Main St PO Box 55", "USA"),
            ("Boxwood Dr 5", "USA"),
            ("Casilla Street 12", "USA"),
            ("PL 12", "USA"),
            ("Paseo de la Caja 5", "ESP"),
            ("12 Drawer Rd", "USA"),
            ("Mailbox Rd 5", "USA"),
            ("Case Ave 5", "USA"),
            ("Po Valley Rd 5", "USA"),
            ("100 Apt B0", "USA"),
            ("Station Rd 5", "USA"),
            ("Upsala Store Rd 4", "USA"),
            ("1-2-3", "JPN"),
        ] {
            assert_eq!(judged(&[line], country), None, "{line}");
        }
        for lines in [
            ["c/o John Doe", "12 Main St"],
            ["12 Main St", "c/o John Doe"],
            ["Attn: Legal", "Main St"],
        ] {
            assert_eq!(judged(&lines, "USA"), None, "{lines:?}");
        }
        let alone = judged(&["c/o John Doe", "Apt 4"], "USA");
        assert_eq!(alone, Some(StreetProblem::NoStreet));
        assert_eq!(judged(&["12 Main St", "PO Box 5"], "USA"), None);
        // What slipped from other fields.
        for line in [
            "987-00-1234",
            "SSN 987-00-1234",
            "mara@example.com",
            "(312) 555-0123",
            "312-555-0123",
            "+44 20 7946 0123",
            "same",
            "Redacted",
            "Tel. 312-555-0123",
        ] {
            let judged = judged(&["12 Main St", line], "USA");
            assert_eq!(judged, Some(StreetProblem::NoStreet), "{line}");
        }
        for line in [
            "Apt 5",
            "# 5",
            "Bldg 312 Unit 555",
            "5-12-3",
            "Suite 312-555",
            "Mara Quill Hall",
            "100-200-300",
        ] {
            assert_eq!(judged(&["12 Main St", line], "USA"), None, "{line}");
        }
        assert_eq!(judged(&["12 Main St", "Apt 5"], "USA"), None);
        assert_eq!(judged(&["12", "Main St"], "USA"), None);
        assert_eq!(judged(&["12", "34"], "USA"), Some(StreetProblem::NoStreet));
    }

    #[test]
    fn words_for_no_street_are_found() {
        for line in [
            "Unknown",
            "N/A",
            "n.a.",
            "same as above",
            "SAME AS MAILING",
            "-",
            "---",
            "...",
            "0",
            "00000",
            "99999",
            "none",
            "TBD",
            "see above",
            "ditto",
            "unbekannt",
            "k.A.",
            "desconocido",
            "inconnu",
            "同上",
            "неизвестно",
            "No fixed abode",
            "XXX",
            "Não informado",
            "Okänd",
            "No Known Address",
            "keine",
            "Adresse unbekannt",
            "ninguna",
            "pas d'adresse",
            "entfällt",
            "s/n",
            "n/d",
            "Same as owner 1",
            "ann@example.com",
            "c/o John Doe",
            "Attn: Legal",
            "DECEASED 12 Sample Rd",
            "12 Sample Rd DECEASED",
            "12 Deceased Sample Rd",
            "12 Sample Rd (old)",
            "12 Sample Rd (old) Apt 4",
            "foreign address",
            "Foreign",
            // A number without a name.
            "12",
            "1234567",
            "12-34",
            "#12",
            "１２",
        ] {
            assert_eq!(
                judged(&[line], "USA"),
                Some(StreetProblem::NoStreet),
                "{line}"
            );
        }
        for line in [
            "REDACTED",
            "** Sample Rd",
            "S***** Rd",
            "12 XXXXX Street",
            "•• Sample Rd",
        ] {
            assert_eq!(
                judged(&[line], "USA"),
                Some(StreetProblem::NoStreet),
                "{line}"
            );
        }
        for line in [
            "1 Same St",
            "12 Old Mill Rd",
            "12 Desert Rd",
            "12 Water Gate Circle",
            "c/o John Doe, 12 Sample Rd",
            "12 Sample Rd (rear)",
            "Unknown Rd 5",
            "Sameway 12",
            "12A",
            "Main St",
            "Testgasse 5",
            "None Such Lane 4",
        ] {
            assert_eq!(judged(&[line], "USA"), None, "{line}");
        }
    }
}
