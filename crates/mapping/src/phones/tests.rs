//! Numbers as they stand in exports.

use super::*;
use proptest::prelude::*;
use rlibphonenumber::PhoneNumberFormat;

fn read(text: &str, region: Option<&str>) -> Option<String> {
    let mut out = String::from("kept");
    let done = e164(text, region, None, &mut out);
    assert!(done || out == "kept");
    done.then(|| out["kept".len()..].to_owned())
}

#[test]
fn real_numbers() {
    for (text, region, wanted) in [
        ("(202) 555-0123", Some("US"), "+12025550123"),
        ("202.555.0123", Some("US"), "+12025550123"),
        ("1-202-555-0123", Some("US"), "+12025550123"),
        ("+1 202 555 0123", None, "+12025550123"),
        ("2025550123 x45", Some("US"), "+12025550123"),
        ("202-555-0123 ext. 45", Some("US"), "+12025550123"),
        ("202-555-0123, Extension 4567", Some("US"), "+12025550123"),
        ("202-555-0123 #12", Some("US"), "+12025550123"),
        ("202-555-0123;ext=12", Some("US"), "+12025550123"),
        ("tel:+1-202-555-0123", None, "+12025550123"),
        ("Cell: 202-555-0123", Some("US"), "+12025550123"),
        ("202-555-0123 (home)", Some("US"), "+12025550123"),
        ("011 44 20 7946 0018", Some("US"), "+442079460018"),
        ("0044 20 7946 0018", Some("US"), "+442079460018"),
        ("0044 20 7946 0018", None, "+442079460018"),
        ("020 7946 0018", Some("GB"), "+442079460018"),
        ("+44 (0)20 7946 0018", Some("US"), "+442079460018"),
        ("030 123456", Some("DE"), "+4930123456"),
        ("06 12345678", Some("IT"), "+390612345678"),
        ("+39 06 1234 5678", None, "+390612345678"),
        ("04 12 34 56 78", Some("FR"), "+33412345678"),
        ("0011 44 20 7946 0018", Some("AU"), "+442079460018"),
        ("604 555 0123", Some("CA"), "+16045550123"),
        ("＋１２０２５５５０１２３", None, "+12025550123"),
        ("55 1234 5678", Some("MX"), "+525512345678"),
        ("202-555-0123 / 202-555-0124", Some("US"), "+12025550123"),
        ("0171/3920012, 030/23125180", Some("DE"), "+491713920012"),
        ("0171 3920012 od. 030/23125180", Some("DE"), "+491713920012"),
        (
            "0171/3920012 oder 030/23125180",
            Some("DE"),
            "+491713920012",
        ),
        ("202-555-0123/0124", Some("US"), "+12025550123"),
        ("202-555-0123; 202-555-0124", Some("US"), "+12025550123"),
        ("202-555-0123, 202-555-0124", Some("US"), "+12025550123"),
        ("202-555-0123 or 202-555-0124", Some("US"), "+12025550123"),
        ("555-0123, 202-555-0124", Some("US"), "+12025550124"),
        ("n/a / 202-555-0124", Some("US"), "+12025550124"),
        ("202-555-0123 x4; 202-555-0124", Some("US"), "+12025550123"),
        (
            "H: 202-555-0123 / C: 202-555-0124",
            Some("US"),
            "+12025550123",
        ),
        ("2025550123.0", Some("US"), "+12025550123"),
        ("202-555-0123 #12", Some("US"), "+12025550123"),
        ("202-555-0123 ext 5 or 6", Some("US"), "+12025550123"),
        ("1-800-FLOWERS", Some("US"), "+18003569377"),
        ("(888) 555-HELP", Some("US"), "+18885554357"),
        ("1-800-GO-FEDEX", Some("US"), "+18004633339"),
    ] {
        assert_eq!(read(text, region).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn a_plus_without_a_country_code_is_none() {
    for text in [
        "+312-555-0123",
        "+(312) 555-0123",
        "+512-555-0142",
        "+312 555 0123",
        "+ 512.555.0142 x5",
    ] {
        assert_eq!(read(text, Some("US")), None, "{text}");
        assert_eq!(read(text, Some("NL")), None, "{text}");
    }
    assert_eq!(read("+372-612-3456", Some("US")), None);
    for (text, wanted) in [
        ("+372 612 3456", "+3726123456"),
        ("+1 312-555-0123", "+13125550123"),
        ("+31 20 555 0123", "+31205550123"),
    ] {
        assert_eq!(read(text, Some("US")).as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn a_phone_that_is_not_the_persons_is_none() {
    let written = |text| {
        let mut out = String::new();
        write(text, Some("US"), None, &mut out).map(|()| out)
    };
    for text in [
        "wrong number 312-555-0123",
        "Wrong number, 312-555-0123",
        "DO NOT CALL 312-555-0123",
        "312-555-0123 disconnected",
        "spouse: 312-555-0123",
        "312-555-0123 (wife)",
        "fax 312-555-0123",
        "312-555-0123 (Fax)",
        "Pager: 312-555-0123",
    ] {
        assert!(written(text).is_err(), "{text}");
    }
    for text in [
        "312-555-0123 (home)",
        "Tel/Fax 312-555-0123",
        "312-555-0123, fax 312-555-0124",
        "fax 312-555-0124; 312-555-0123",
    ] {
        assert_eq!(written(text).as_deref(), Ok("+13125550123"), "{text}");
    }
}

#[test]
fn numbers_that_north_america_gives_to_nobody_are_none() {
    for text in [
        // No exchange begins with 0 or 1, or ends in 11.
        "512-055-0142",
        "512-155-0142",
        "512-911-0142",
        "(512) 411 0142",
        "+1 512 211 0142",
        "001 512 911 0142",
        "512.111.2345 x5",
        "5129110142.0",
        "５１２－９１１－０１４２",
        "1-800-911-4567",
        "1-800-1FLOWER",
        // Nor does an area code, and some are set aside.
        "911-234-5678",
        "411-555-0100",
        "(123) 456-7890",
        "999-999-9999",
        "+1 999 555 0142",
        "290-555-0142",
        "370-555-0142",
        "960-555-0142",
        "555-555-0142",
        "(555) 234-5678",
        "0000512555",
        // Directory assistance, and ten equal digits.
        "512-555-1212",
        "1-800-555-1212",
        "222-222-2222",
        "888-888-8888",
        "1 888 888 8888",
    ] {
        assert_eq!(read(text, Some("US")), None, "{text}");
        assert_eq!(read(text, Some("CA")), None, "{text}");
    }
    for text in [
        "512-555-0100",
        "512-555-0199",
        "512-234-1111",
        "812-234-5678",
        "512-999-9999",
        "978-234-5678",
        "888-555-0142",
        "512-911-0142 / 512-555-0142",
    ] {
        assert!(read(text, Some("US")).is_some(), "{text}");
    }
    let why = |text| write(text, Some("US"), None, &mut String::new());
    for text in ["(512) 911-0142", "+1 512 911 0142", "512-911-0142 x5"] {
        assert_eq!(
            why(text),
            Err("a North American number that is given to nobody")
        );
    }
    assert_eq!(why("555-0142"), Err("not a phone number"));
    // A number of another country may look like one.
    assert_eq!(
        read("+49 512 9110142", Some("US")).as_deref(),
        Some("+495129110142")
    );
}

/// A cell, the country of the person, and the number; none where the country cannot have it.
#[test]
fn a_number_is_one_that_its_country_can_have() {
    for (text, region, wanted) in [
        // The zero that the country dials in front stands behind no code.
        ("0871234", "IE", None),
        ("070123", "SE", None),
        ("0803123456", "NG", None),
        ("0532123456", "TR", None),
        ("01012345", "KR", None),
        ("09876543", "IN", None),
        ("+353 0 871234", "US", None),
        ("085 123 4567", "IE", Some("+353851234567")),
        ("06 12345678", "IT", Some("+390612345678")),
        ("+225 07 07 12 34 56", "US", Some("+2250707123456")),
        // A digit is lacking, or too many.
        ("0791112345", "GB", None),
        ("+91 98765 4321", "US", None),
        ("+81 90 1234 567", "US", None),
        ("+44 7911 12345", "US", None),
        ("+31 6 1234 56789", "US", None),
        // Nobody's, but of a range that may be open: fictitious numbers of mobile phones.
        ("+44 7700 900123", "US", Some("+447700900123")),
        ("07700 900123", "GB", Some("+447700900123")),
        // Ten digits of the U.S. behind a plus.
        ("+9175550123", "US", None),
        ("+6175550123", "US", None),
        ("+6505550123", "US", None),
        ("+5125550123", "US", None),
        ("+8185550123", "US", None),
        ("+2065550123", "US", None),
        ("+3125550123", "US", None),
        ("+(312)5550123", "US", None),
        ("0113125550123", "US", None),
        ("+4722123456", "US", Some("+4722123456")),
        ("+6591234567", "US", Some("+6591234567")),
        // Codes that mobile phones had.
        ("+52 1 55 1234 5678", "US", Some("+525512345678")),
        ("044 55 1234 5678", "MX", Some("+525512345678")),
        ("045 55 1234 5678", "MX", Some("+525512345678")),
        ("01 55 1234 5678", "MX", Some("+525512345678")),
        ("1 55 1234 5678", "MX", Some("+525512345678")),
        ("09 8765 4321", "CL", Some("+56987654321")),
        // Buenos Aires without its zero.
        ("(11) 4321-5678", "AR", Some("+541143215678")),
        ("11 4321 5678", "AR", Some("+541143215678")),
        ("3125550123.00", "US", Some("+13125550123")),
    ] {
        assert_eq!(
            read(text, Some(region)).as_deref(),
            wanted,
            "{text} of {region}"
        );
    }
}

/// A cell, the country of the person, the home of the export, and the number.
#[test]
fn a_number_without_its_country_is_read_where_it_can_be_from() {
    for (text, region, home, wanted) in [
        // U.S. numbers of people who live elsewhere.
        ("(212) 555-0123", "DE", "US", Some("+12125550123")),
        ("(212) 555-0123", "DE", "", Some("+12125550123")),
        ("212-555-0123", "GB", "US", Some("+12125550123")),
        ("212.555.0123", "FR", "US", Some("+12125550123")),
        ("1-212-555-0123", "DE", "US", Some("+12125550123")),
        ("+1 212 555 0123", "DE", "US", Some("+12125550123")),
        ("001 212 555 0123", "DE", "US", Some("+12125550123")),
        ("12125550123", "DE", "US", Some("+12125550123")),
        ("(212) 555-0123", "ES", "US", Some("+12125550123")),
        ("2125550123", "ES", "US", Some("+12125550123")),
        ("2125550123", "FR", "US", Some("+12125550123")),
        ("1-800-555-0199", "DE", "US", Some("+18005550199")),
        ("(212) 555-0123 x5", "DE", "US", Some("+12125550123")),
        (
            "(212) 555-0123 / 030 23125 012",
            "DE",
            "US",
            Some("+12125550123"),
        ),
        // Solingen without its zero, or New York.
        ("2125550123", "DE", "US", None),
        ("2125550123", "DE", "", None),
        // Colima, or Chicago.
        ("(312) 555-0123", "MX", "US", None),
        ("(312) 555-0123", "MX", "MX", Some("+523125550123")),
        ("55 1234 5678", "MX", "US", Some("+525512345678")),
        // Numbers of the country, as people there write them.
        ("030 23125 012", "DE", "US", Some("+493023125012")),
        ("(0)30 23125012", "DE", "US", Some("+493023125012")),
        ("0212 5550123", "DE", "US", Some("+492125550123")),
        ("020 7946 0123", "GB", "US", Some("+442079460123")),
        ("0114 496 0123", "GB", "US", Some("+441144960123")),
        ("01 99 00 12 34", "FR", "US", Some("+33199001234")),
        ("612 345 678", "ES", "US", Some("+34612345678")),
        ("06 12345678", "IT", "US", Some("+390612345678")),
        ("(21) 2345-6789", "BR", "US", Some("+552123456789")),
        ("(11) 91234-5678", "BR", "US", Some("+5511912345678")),
        ("8 (912) 345-67-89", "RU", "US", Some("+79123456789")),
        ("06 30 123 4567", "HU", "US", Some("+36301234567")),
        // The zero that a spreadsheet took.
        ("612345678", "FR", "US", Some("+33612345678")),
        ("1712345678", "DE", "US", Some("+491712345678")),
        ("20 7946 0123", "GB", "US", Some("+442079460123")),
        ("44 668 18 00", "CH", "US", Some("+41446681800")),
        // A number of Berlin without its area code, or of Dortmund without its zero.
        ("23125012", "DE", "US", None),
        ("23125012", "DE", "", None),
        // Dialled from North America.
        ("011 49 30 23125012", "DE", "US", Some("+493023125012")),
        ("011 1 212 555 0123", "DE", "US", Some("+12125550123")),
        ("011 44 20 7946 0123", "US", "US", Some("+442079460123")),
        // A number of the export's home, of somebody who lives in the U.S.
        ("0171 2345678", "US", "DE", Some("+491712345678")),
        ("030 23125012", "US", "US", None),
        // Too short, too long, and no country at all.
        ("555-0123", "DE", "US", None),
        ("21255501", "US", "DE", None),
        ("2125550123456789", "DE", "US", None),
        ("(212) 555-0123", "", "US", None),
        ("+2125550123", "US", "US", None),
        ("000-000-0000", "DE", "US", None),
    ] {
        let place = |code: &'static str| Some(code).filter(|code| !code.is_empty());
        let mut out = String::from("kept");
        let done = e164(text, place(region), place(home), &mut out);
        assert!(done || out == "kept");
        let read = out.strip_prefix("kept").filter(|_| done);
        assert_eq!(read, wanted, "{text} of {region}, home {home}");
    }
}

#[test]
fn no_numbers() {
    for (text, region) in [
        ("", Some("US")),
        ("n/a", Some("US")),
        ("555-0123", Some("US")),
        ("202 555 0123", None),
        ("202 555 0123", Some("")),
        ("202 555 0123", Some("USA")),
        ("202 555 0123", Some("é")),
        ("555 123 cell", Some("US")),
        ("202-FLOWERS", Some("US")),
        ("1-800-FLOWERS", Some("GB")),
        ("555-0123 / 555-0124", Some("US")),
        ("+999 123456789", Some("US")),
        ("000-000-0000", Some("US")),
        ("+1 202 555 01234", Some("US")),
        ("2025550", Some("US")),
    ] {
        assert_eq!(read(text, region), None, "{text}");
    }
    assert_eq!(read(&"1".repeat(5000), Some("US")), None);
}

fn library(text: &str, region: Option<&str>) -> Option<String> {
    let region = region.and_then(|region| Region::try_from(region).ok());
    let number = possible(text, region)?;
    Some(
        PHONE_NUMBER_UTIL
            .format(&number, PhoneNumberFormat::E164)
            .into_owned(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn fast_path_agrees_with_the_library(
        text in r"\+?[ (.-]{0,2}1?[ (.-]{0,2}[0-9]{3}[ ).-]{0,2}[0-9]{3}[ .-]{0,2}[0-9]{4}[ )]?",
        region in 0..2usize,
    ) {
        let region = Some(["US", "CA"][region]);
        let mut fast = String::new();
        if north_american(&text, region, &mut fast) {
            prop_assert_eq!(Some(fast), library(&text, region));
        }
    }

    #[test]
    fn writes_what_the_library_writes(text in r"\+[1-9][0-9 ]{4,16}") {
        let wanted = library(&text, None).filter(|number| is_e164(number));
        let wanted = wanted.filter(|_| !lacks_country_code(&text, None));
        prop_assert_eq!(read(&text, None), wanted);
    }

    #[test]
    fn never_panics_and_is_idempotent(any in any::<String>(), near in "[-+0-9 ()./x#;,ext＋１éor8A-F]{0,24}") {
        for text in [&any, &near] {
            for region in [None, Some("US"), Some("GB"), Some("IT"), Some("AR"), Some("BR")] {
                if let Some(number) = read(text, region) {
                    prop_assert!(is_e164(&number));
                    prop_assert_eq!(read(&number, None), Some(number));
                }
            }
        }
    }
}

#[test]
fn no_digit_of_a_number_gets_lost() {
    for (text, region, wanted) in [
        // A 1 that stands there twice: which of the digits is too many, nobody knows.
        ("112345678901", "US", None),
        ("112025550123", "US", None),
        ("1 1 202 555 0123", "US", None),
        ("1 (1) 202-555-0123", "CA", None),
        ("+1 1 202 555 0123", "US", None),
        ("+112025550123", "IT", None),
        ("001 1 202 555 0123", "DE", None),
        ("011 1 1 202 555 0123", "DE", None),
        ("1 202 555 0123", "US", Some("+12025550123")),
        ("011 1 202 555 0123", "DE", Some("+12025550123")),
        ("0011 1 202 555 0123", "AU", Some("+12025550123")),
        ("001 202 555 0123", "DE", Some("+12025550123")),
        // The zero of Italy is a part of the number, also where an export left it out behind the country's code.
        ("06 69812345", "IT", Some("+390669812345")),
        ("06 69812345", "VA", Some("+390669812345")),
        ("+39 06 69812345", "US", Some("+390669812345")),
        ("+39 (0)6 69812345", "US", Some("+390669812345")),
        ("+39 6 69812345", "US", Some("+390669812345")),
        ("+39 2 12345678", "DE", Some("+390212345678")),
        ("0039 6 69812345", "IT", Some("+390669812345")),
        ("011 39 6 69812345", "DE", Some("+390669812345")),
        ("+39 347 1234567", "US", Some("+393471234567")),
        ("+39 9 9", "US", None),
        ("6 69812345", "IT", None),
        // The zero behind the point is none of the number.
        ("202555012.0", "US", None),
        ("202555012.00", "US", None),
        ("1202555012.0", "US", None),
        ("0207946001.0", "GB", None),
        ("21234567.0", "CZ", None),
        ("2025550123.0", "US", Some("+12025550123")),
        ("2025550123.00", "US", Some("+12025550123")),
        ("+12025550123.0", "US", Some("+12025550123")),
        ("212345678.0", "CZ", Some("+420212345678")),
    ] {
        assert_eq!(
            read(text, Some(region)).as_deref(),
            wanted,
            "{text} {region}"
        );
    }
}

#[test]
fn a_number_keeps_the_shape_of_its_country() {
    let write = |text: &str, region, home| {
        let mut out = String::new();
        super::write(text, Some(region), home, &mut out).map(|()| out)
    };
    for text in [
        "138 1234 5678",
        "150-1234-5678",
        "13812345678",
        "55 1234 5678",
        "(55) 1234-5678",
        "98765 43210",
        "31 25 55 01 23",
        "55 1234 5678 x9",
    ] {
        for region in ["US", "CA"] {
            assert_eq!(
                write(text, region, None),
                Err("could be a phone number of two countries: it needs its country code"),
                "{text}"
            );
        }
    }
    // Their own country reads them, or that of the bank.
    assert_eq!(
        write("138 1234 5678", "CN", None).as_deref(),
        Ok("+8613812345678")
    );
    assert_eq!(
        write("138 1234 5678", "US", Some("CN")).as_deref(),
        Ok("+8613812345678")
    );
    assert_eq!(
        write("55 1234 5678", "MX", Some("US")).as_deref(),
        Ok("+525512345678")
    );
    for (text, wanted) in [
        ("12025550123", "+12025550123"),
        ("13125550123", "+13125550123"),
        ("1 312 555 0123", "+13125550123"),
        ("1-381-555-0123", "+13815550123"),
        ("+13812345678", "+13812345678"),
        ("312 5550123", "+13125550123"),
        ("312555 0123", "+13125550123"),
        ("700 555 0123", "+17005550123"),
        ("800 555 0123", "+18005550123"),
    ] {
        assert_eq!(write(text, "US", None).as_deref(), Ok(wanted), "{text}");
    }
    for text in [
        "200-555-0123",
        "222 555 0123",
        "444-555-0123",
        "299 555 0123",
        "391-555-0123",
    ] {
        assert_eq!(
            write(text, "US", None),
            Err("a North American number that is given to nobody"),
            "{text}"
        );
    }
}
