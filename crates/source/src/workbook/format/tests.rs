//! What codes mean, and how numbers and texts are written under them.

use super::*;

#[test]
fn codes_mean_what_excel_shows() {
    use Format::{Decimals, Number, Percent, When};
    for (code, format) in [
        ("General", Number),
        ("0", Number),
        ("0.00", Decimals(2)),
        ("#,##0.000", Decimals(3)),
        ("0.0#", Decimals(1)),
        ("0.##", Number),
        ("#,##0", Number),
        ("# ##0", Number),
        ("#\\ ##0", Number),
        (
            "_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)",
            Decimals(2),
        ),
        ("0.00E+00", Number),
        ("# ?/?", Number),
        ("@", Number),
        ("", Number),
        ("#,##0\" USD\"", Number),
        ("#'##0", Number),
        ("0;-0;0;@", Number),
        ("[$USD] #,##0", Number),
        ("#,##0;[Red]#,##0", Number),
        ("[<0]-0;0", Number),
        ("#,##0;(#,##0);\"-\"", Number),
        ("[Red]", Number),
        ("0.--", Number),
        ("0\",-\"", Number),
        ("General;-General;General;@", Number),
        ("[$$-409]#,##0.00", Decimals(2)),
        ("[$$-en-US]#,##0", Number),
        ("0%", Percent),
        ("0.00%", Percent),
        ("mm-dd-yy", When(ShownParts::Date)),
        ("yyyy\\-mm\\-dd", When(ShownParts::Date)),
        ("d. mmmm yyyy", When(ShownParts::Date)),
        ("[$-409]mmmm\\ d\\,\\ yyyy;@", When(ShownParts::Date)),
        ("dddd, mmmm d, yyyy", When(ShownParts::Date)),
        ("[$-411]ggge\"年\"m\"月\"d\"日\"", When(ShownParts::Date)),
        ("[$-404]e/m/d", When(ShownParts::Date)),
        ("m/d/yy h:mm", When(ShownParts::DateTime)),
        ("yyyy-mm-dd hh:mm:ss", When(ShownParts::DateTime)),
        ("h:mm AM/PM", When(ShownParts::Time)),
        ("h:mm:ss", When(ShownParts::Time)),
        ("mm:ss", When(ShownParts::Time)),
        ("[h]:mm:ss", When(ShownParts::Elapsed)),
        ("[mm]:ss", When(ShownParts::Elapsed)),
    ] {
        assert_eq!(Format::of(code), format, "{code}");
    }
}

#[test]
fn a_format_that_leaves_parts_of_a_date_out_is_no_date() {
    for (code, text) in [
        ("mmm-yy", "1984-03"),
        ("mmmm yyyy", "1984-03"),
        ("yyyy\\-mm", "1984-03"),
        ("mm/yyyy;@", "1984-03"),
        ("yyyy-mm hh:mm", "1984-03"),
        ("yyyy", "1984"),
        ("[Red]yyyy", "1984"),
        ("mmmmm-yy", "1984"),
        ("mmm", "03"),
        ("d-mmm", "03-01"),
        ("dd/mm hh:mm", "03-01"),
        ("d", "01"),
        ("dddd", ""),
        ("dddd, mmmm yyyy", "1984-03"),
        ("[$-411]ggge\"年\"m\"月\"", "1984-03"),
    ] {
        let Format::When(parts) = Format::of(code) else {
            panic!("{code} shows a date");
        };
        let mut shown = String::new();
        let epoch = crate::workbook::serial::DayEpoch::Of1900;
        assert!(crate::workbook::serial::write(
            30_742.0, epoch, parts, &mut shown
        ));
        assert_eq!(shown, text, "{code}");
    }
    for (id, code) in [
        (14, "m/d/yy"),
        (15, "d-mmm-yy"),
        (16, "d-mmm"),
        (17, "mmm-yy"),
    ] {
        assert_eq!(Format::built_in(id), Format::of(code), "{id}");
    }
}

/// What a number is written as; `None` where it is not shown as it is.
fn written(code: &str, value: f64) -> Option<String> {
    let Format::Written(sections) = Format::of(code) else {
        panic!("{code} has letters or places");
    };
    let mut shown = String::new();
    match write_number(&sections, value, &mut shown) {
        NumberDisplay::Exactly => Some(shown),
        NumberDisplay::Empty => Some(String::new()),
        NumberDisplay::Hidden | NumberDisplay::Otherwise => None,
    }
}

#[test]
fn fixed_places_keep_their_zeros_and_marks() {
    let phone = "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####";
    for (code, value, text) in [
        ("00000", 2139.0, "02139"),
        ("00000", 0.0, "00000"),
        ("00000", 123_456.0, "123456"),
        ("00000", -5.0, "-00005"),
        ("000-00-0000", 987_650_001.0, "987-65-0001"),
        ("000\\-00\\-0000", 20_003.0, "000-02-0003"),
        ("000\\-000", 42.0, "000-042"),
        ("#\\-####", 12_345.0, "1-2345"),
        ("00000\\-0000", 21_390_123.0, "02139-0123"),
        (phone, 5_550_100.0, "555-0100"),
        (phone, 2_125_550_100.0, "(212) 555-0100"),
        ("\"C\"000000", 42.0, "C000042"),
        ("[$-409]00000", 7.0, "00007"),
    ] {
        assert_eq!(written(code, value).as_deref(), Some(text), "{code}");
    }
    for (code, value) in [("00000", 1.5), (phone, -5.0), ("*0#", 5.0)] {
        assert_eq!(written(code, value), None, "{code}");
    }
}

#[test]
fn letters_and_marks_belong_to_the_number() {
    for (code, value, text) in [
        ("\"C-\"0", 42_001.0, "C-42001"),
        ("\"C-\"0", -7.0, "-C-7"),
        ("\"ACCT\"#", 42.0, "ACCT42"),
        ("\"ACCT\"#", 0.0, "ACCT"),
        ("0\"-A\"", 42.0, "42-A"),
        ("\"N°\" 0", 42.0, "N° 42"),
        ("\\C0", 42.0, "C42"),
        ("C0", 42.0, "C42"),
        ("[$ACCT-409]0", 42.0, "ACCT42"),
        ("\"#\"0", 42.0, "#42"),
        ("\"day\" 0", 3.0, "day 3"),
        ("\"C-\"General", 42.0, "C-42"),
        ("General\"-A\"", 42.5, "42.5-A"),
        ("\"C-\"@", 42.0, "C-42"),
        ("0.0\" kg\"", 12.5, "12.5 kg"),
        ("\"C-\"0.00", 100.1, "C-100.10"),
        ("\"C-\"0.00", 100.0, "C-100.00"),
        ("\"C-\"0.0#", 100.25, "C-100.25"),
        ("#,##0\" pcs\"", 1234.0, "1234 pcs"),
        ("\"P\"0;\"N\"0", 5.0, "P5"),
        ("\"P\"0;\"N\"0", -5.0, "N5"),
        ("\"P\"0;\"N\"0;\"none\"", 0.0, "none"),
        ("\"Yes\";\"Yes\";\"No\"", 1.0, "Yes"),
        ("\"Yes\";\"Yes\";\"No\"", 0.0, "No"),
        ("[=1]\"Male\";[=2]\"Female\";0", 2.0, "Female"),
        ("[=1]\"Male\";[=2]\"Female\";0", 3.0, "3"),
    ] {
        assert_eq!(written(code, value).as_deref(), Some(text), "{code}");
    }
    for (code, value) in [
        ("\"C-\"0", 42.7),
        ("0.0,,\"M\"", 1_500_000.0),
        ("\"C-\"???", 42.0),
        ("\"C-\"0.00", 42.125),
        ("\"C-\"0E+0", 42.0),
        ("0\"x\"0.0", 42.0),
    ] {
        assert_eq!(written(code, value), None, "{code}");
    }
}

#[test]
fn signs_of_a_format_belong_to_the_number() {
    for (code, value, text) in [
        ("\"+\"0", 6_569_812_340.0, "+6569812340"),
        ("\\+0", 6_569_812_340.0, "+6569812340"),
        ("+0", 6_569_812_340.0, "+6569812340"),
        ("+## #### ####", 6_569_812_340.0, "+65 6981 2340"),
        (
            "\"+\"##\" \"####\" \"####",
            6_569_812_340.0,
            "+65 6981 2340",
        ),
        ("+##########", 6_569_812_340.0, "+6569812340"),
        ("#,##0\"+\"", 1_000_000.0, "1000000+"),
        ("$#,##0\"+\"", 1_000_000.0, "$1000000+"),
        ("[$$-1009]#,##0\"+\"", 1_000_000.0, "CAD 1000000+"),
        ("\"(\"0\")\"", 500.0, "(500)"),
        ("\"-\"#,##0", 500.0, "-500"),
        ("#,##0\"-\"", 500.0, "500-"),
        ("(0)", -500.0, "-(500)"),
        ("+0;-0;0", 5.0, "+5"),
        ("+0;-0;0", -5.0, "-5"),
        ("+0;-0;0", 0.0, "0"),
        ("0\"%\"", 25.0, "25%"),
        ("0.0\\%", 2.5, "2.5%"),
        ("+0%", 0.25, "+25%"),
        ("0\"‰\"", 5.0, "5‰"),
        ("0\"k\"", 85.0, "85k"),
        ("0.0\" Mio\"", 1.5, "1.5 Mio"),
        ("0%;-0%;\"none\"", 0.25, "25%"),
        ("0%;-0%;\"none\"", 0.0, "none"),
        ("€#,##0;-€#,##0;\"none\"", 500.0, "€500"),
        ("0.00;-0.00;\"none\"", 100.1, "100.10"),
        ("0\"000\"", 500.0, "500000"),
    ] {
        assert_eq!(written(code, value).as_deref(), Some(text), "{code}");
    }
    for (code, value) in [
        ("#,##0,", 1_500_000.0),
        ("0.00,", 1_500_000.0),
        ("0,.0", 1_500_000.0),
        ("#,##0,\"+\"", 1_500_000.0),
        ("#,##0\",000\"", 1_500.0),
        ("0;0", -5.0),
        ("*-0", 5.0),
        ("\"+\"0", 1.5),
    ] {
        assert_eq!(written(code, value), None, "{code}");
    }
}

#[test]
fn a_zero_of_which_nothing_is_shown_is_empty() {
    for code in [
        "#,##0;;",
        "#",
        "#,###",
        "??",
        "0;-0;;@",
        ";;;",
        "0;;;@",
        "[=0]\"\";0",
        "[<1]\"\";0",
        "#,##0;-#,##0;\"\"",
        "\"$\"#,###",
        "0%;;",
        "€#,##0;;",
        "00;;",
    ] {
        assert_eq!(written(code, 0.0).as_deref(), Some(""), "{code}");
    }
    for (code, value, text) in [
        ("#,##0;;", 5.0, "5"),
        ("#", 5.0, "5"),
        ("0;-0;;@", -5.0, "-5"),
        ("[=0]\"\";0", 7.0, "7"),
        ("\"over \"0;;\"nothing\"", 0.0, "nothing"),
    ] {
        assert_eq!(written(code, value).as_deref(), Some(text), "{code}");
    }
    // What is not zero is not empty.
    for (code, value) in [
        (";;;", 5.0),
        ("#,##0;;", -5.0),
        ("[<1]\"\";0", 0.5),
        ("#", 0.3),
    ] {
        assert_eq!(written(code, value), None, "{code}");
    }
}

#[test]
fn a_currency_is_shown_unless_it_is_the_dollar() {
    for (code, mark) in [
        ("€#,##0", "€"),
        ("[$€-407] #,##0", "€"),
        ("#,##0.00\\ [$€-407];[Red]-#,##0.00", "€"),
        ("#,##0 \"EUR\"", "EUR"),
        ("#,##0.00 \"kr\"", "kr"),
        ("[$CAD] #,##0", "CAD"),
        ("[$£-809]#,##0.00", "£"),
        ("[$$-1009]#,##0", "CAD"),
        ("[$$-C09]#,##0", "AUD"),
        ("[$$-80A]#,##0.00", "MXN"),
        ("[$$-340A]#,##0;[Red]-[$$-340A]#,##0", "CLP"),
        ("[$$-en-CA]#,##0", "CAD"),
        ("[$¥-411]#,##0", "¥"),
        ("[$kr-41D] #,##0", "kr"),
    ] {
        assert_eq!(Format::of(code), Format::Money(mark.to_owned()), "{code}");
    }
    for code in ["$#,##0", "\"$\"#,##0", "[$USD] #,##0", "[$-409]#,##0"] {
        assert_eq!(Format::of(code), Format::Number, "{code}");
    }
}

#[test]
fn texts_have_the_letters_of_their_section() {
    for (code, text, shown) in [
        ("\"C-\"@", "42", "C-42"),
        ("0;0;0;\"C-\"@", "42", "C-42"),
        ("\"C-\"0", "42", "42"),
        ("\"C-\"0;;;@", "42", "42"),
    ] {
        let Format::Written(sections) = Format::of(code) else {
            panic!("{code} has letters");
        };
        let mut given = String::new();
        assert!(write_text(&sections, text, &mut given), "{code}");
        assert_eq!(given, shown, "{code}");
    }
    for code in [";;;", "0;-0;0;", "0;0;0;\"text\""] {
        let Format::Written(sections) = Format::of(code) else {
            panic!("{code} hides texts");
        };
        assert!(!write_text(&sections, "42", &mut String::new()), "{code}");
    }
}
