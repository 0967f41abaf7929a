//! Spellings of dates as they stand in exports, by order.

use super::*;
use proptest::prelude::*;

fn read(dates: &DateStyle, text: &str) -> Option<String> {
    dates.parse(text).map(|read| read.date.to_string())
}

fn moment(dates: &DateStyle, text: &str) -> Option<String> {
    Some(dates.moment(dates.parse(text)?)?.to_string())
}

fn speaking(order: DateOrder, codes: &[&str]) -> DateStyle {
    DateStyle {
        languages: codes
            .iter()
            .filter_map(|code| Language::find(code))
            .collect(),
        ..DateStyle::new(order)
    }
}

#[test]
fn every_usual_spelling_of_an_order() {
    for (order, texts) in [
        (
            DateOrder::MonthDayYear,
            "03/31/1984|3/31/1984|3/31/84|03-31-1984|3.31.1984|03 31 1984|3 / 31 / 1984|03311984|19840331|1984-03-31|\
             1984/3/31|March 31, 1984|March 31 1984|Mar 31, 1984|Mar. 31, 1984|MAR 31 84|31-MAR-84|31-Mar-1984|31MAR1984|\
             31 March 1984|March 31st, 1984|31st of March 1984|31st March, 1984|Saturday, March 31, 1984|Sat 31 Mar 1984|\
             Sat. Mar 31 1984|Mar-31-1984|1984 March 31|03/31/1984 00:00|3/31/1984 12:00:00 AM|03/31/1984 12:00 a.m.|\
             1984-03-31T00:00:00|1984-03-31 00:00:00.000|1984-03-31T00:00:00Z|1984-03-31T00:00:00.000+02:00|\
             1984-03-31 00:00:00 UTC|1984-03-31T00:00:00-0500|1984-03-31Z|1984-03-31+02:00|1984-03-31-00.00.00.000000|\
             31-MAR-84 12.00.00.000000 AM|31-MAR-84 12.00.00.000000000 AM -05:00|31MAR1984:00:00:00|03/31/1984 at 10:15 PM|\
             03/31/1984 10:15 PM EST|1984-03-31 10:15 GMT+2|19840331T101500Z|Mar 31, '84|3/31/1984  9:05",
        ),
        (
            DateOrder::DayMonthYear,
            "31/03/1984|31/3/84|31.03.1984|31.3.84|31. 3. 1984|31-03-1984|31 03 1984|31031984|19840331|1984-03-31|\
             1984.03.31|31 March 1984|31-MAR-84|31.Mar.1984|March 31, 1984|31.03.1984 12:30|31.03.1984 12:30:45|31.3.1984 12.30",
        ),
        (
            DateOrder::YearMonthDay,
            "1984-03-31|1984/03/31|1984.3.31|84-03-31|84/3/31|19840331|1984 03 31|84-MAR-31|1984-Mar-31|31 March 1984|\
             1984-03-31 23:59:60",
        ),
    ] {
        for text in texts.split('|') {
            let read = read(&DateStyle::new(order), text);
            assert_eq!(read.as_deref(), Some("1984-03-31"), "{order:?}: {text}");
        }
    }
}

#[test]
fn names_of_months_in_other_languages() {
    for (code, texts) in [
        (
            "de",
            "31. März 1984|31.März 1984|31 MÄRZ 1984|31. Mrz. 1984|31-MRZ-84|Samstag, 31. März 1984|Sa, 31.03.1984|31 Maerz 1984",
        ),
        (
            "fr",
            "31 mars 1984|31 MARS 84|samedi 31 mars 1984|le 31 mars 1984|sam. 31 mars 1984",
        ),
        (
            "es",
            "31 de marzo de 1984|31 marzo 1984|31-mar-84|sábado, 31 de marzo de 1984|31 de marzo del 1984",
        ),
        (
            "it",
            "31 marzo 1984|31º marzo 1984|sabato 31 marzo 1984|31-mar-1984",
        ),
        (
            "pt",
            "31 de março de 1984|31 marco 1984|31/mar/1984|sábado, 31 de março de 1984",
        ),
        (
            "nl",
            "31 maart 1984|31 mrt 1984|31 mrt. 1984|za 31 maart 1984",
        ),
        (
            "pl",
            "31 marca 1984|31 marca 1984 r.|31 mar 1984|sobota, 31 marca 1984 roku",
        ),
        ("en", "31 March 1984"),
    ] {
        let dates = speaking(DateOrder::DayMonthYear, &[code]);
        for text in texts.split('|') {
            assert_eq!(
                read(&dates, text).as_deref(),
                Some("1984-03-31"),
                "{code}: {text}"
            );
        }
    }
    // "mar" is Tuesday in French and March in Italian.
    let both = speaking(DateOrder::DayMonthYear, &["fr", "it"]);
    assert_eq!(
        read(&both, "mar. 27 mars 1984").as_deref(),
        Some("1984-03-27")
    );
    assert_eq!(read(&both, "27 mar 1984").as_deref(), Some("1984-03-27"));
    for (code, text) in [
        ("de", "1er août 1984"),
        ("en", "31 März 1984"),
        ("fr", "31 March 1984"),
    ] {
        assert_eq!(
            read(&speaking(DateOrder::DayMonthYear, &[code]), text),
            None,
            "{code}: {text}"
        );
    }
    let french = speaking(DateOrder::DayMonthYear, &["fr"]);
    assert_eq!(
        read(&french, "1er août 1984").as_deref(),
        Some("1984-08-01")
    );
    assert_eq!(
        read(&french, "1 ao\u{fb}t 1984").as_deref(),
        Some("1984-08-01")
    );
}

#[test]
fn no_dates() {
    for (order, texts) in [
        (
            DateOrder::MonthDayYear,
            "|31/03/1984|31.03.1984|13/13/1984|02/30/1984|2/29/1983|00/10/1984|3/0/1984|3/31/184|3/31/19845|3/31|1984|3311984|\
             033184|0331|3-31/1984|3/31.1984|03/31/1984x|03/31/1984 25:00|03/31/1984 12:60|03/31/1984 13:00 PM|03/31/1984 0:30 AM|\
             03/31/1984 12|03/31/1984 Mars|03/31/1984 12:00 XST|x03/31/1984|March 1984|31 Marvh 1984|1/1/1799|31770|31770.5|\
             1984-03-31T|1984-03-31T12|1984-03-31T12:00:00+25:00|03/31/1984 03/31/1984|March March 1984|31 31 March|1984-13-01|\
             １/２/１９８４|—|Sat|of|the of the|001/1/1984|1/001/1984|3/31/1984 - 4/1/1984",
        ),
        (
            DateOrder::DayMonthYear,
            "03/31/1984|12/31/84|1984-31-03|03311984|31/03/1984 12:00:61",
        ),
        (
            DateOrder::YearMonthDay,
            "31/03/1984|03/31/1984|31-03-84 x|31031984|84-31-03",
        ),
    ] {
        for text in texts.split('|') {
            assert_eq!(
                read(&DateStyle::new(order), text),
                None,
                "{order:?}: {text}"
            );
        }
    }
    assert_eq!(
        read(&DateStyle::new(DateOrder::MonthDayYear), &"1/".repeat(500)),
        None
    );
}

#[test]
fn two_digit_years_turn_at_the_pivot() {
    let mut dates = DateStyle::new(DateOrder::MonthDayYear);
    assert_eq!(read(&dates, "1/2/30").as_deref(), Some("2030-01-02"));
    assert_eq!(read(&dates, "1/2/31").as_deref(), Some("1931-01-02"));
    dates.pivot = 8;
    assert_eq!(read(&dates, "1/2/08").as_deref(), Some("2008-01-02"));
    assert_eq!(read(&dates, "2-Jan-09").as_deref(), Some("1909-01-02"));
}

#[test]
fn serial_numbers_of_spreadsheets() {
    let with = |excel| DateStyle {
        excel: Some(excel),
        ..DateStyle::new(DateOrder::MonthDayYear)
    };
    for (text, y1900, y1904) in [
        // Ages, two-digit years, months with days, years, times: each would be a day of the 1900s.
        ("0", None, None),
        ("1", None, None),
        ("45", None, None),
        ("60", None, None),
        ("84", None, None),
        ("1231", None, None),
        ("1984", None, None),
        ("1984.0", None, None),
        ("2026", None, None),
        ("2359", None, None),
        ("2399", None, None),
        ("2400", Some("1906-07-27"), Some("1910-07-28")),
        ("9999", Some("1927-05-17"), Some("1931-05-18")),
        // A zero in front, which no spreadsheet writes; six and seven digits, which lost it.
        ("033184", None, None),
        ("09999", None, None),
        ("123184", None, None),
        ("3311984", None, None),
        ("1011984", None, None),
        ("30772", Some("1984-03-31"), Some("1988-04-01")),
        ("29310", Some("1980-03-30"), Some("1984-03-31")),
        ("30772.0", Some("1984-03-31"), Some("1988-04-01")),
        ("30772.75", Some("1984-03-31"), Some("1988-04-01")),
        ("30772,75", Some("1984-03-31"), Some("1988-04-01")),
        ("30,772", None, None),
        ("30.772", None, None),
        ("30 772", None, None),
        ("3.0772E4", None, None),
        ("71588", Some("2095-12-30"), Some("2099-12-31")),
        ("73050", Some("2099-12-31"), None),
        ("73051", None, None),
        ("2957003", None, Some("9999-12-31")),
        ("2958465", Some("9999-12-31"), None),
        ("2958466", None, None),
        ("9999999", None, None),
        ("-1", None, None),
        ("19840331", Some("1984-03-31"), Some("1984-03-31")),
        ("3/31/1984", Some("1984-03-31"), Some("1984-03-31")),
    ] {
        assert_eq!(
            read(&with(SerialEpoch::Y1900), text).as_deref(),
            y1900,
            "{text}"
        );
        assert_eq!(
            read(&with(SerialEpoch::Y1904), text).as_deref(),
            y1904,
            "{text}"
        );
    }
    assert_eq!(
        moment(&with(SerialEpoch::Y1900), "30772.75").as_deref(),
        Some("1984-03-31T18:00:00Z")
    );
    assert_eq!(
        moment(&with(SerialEpoch::Y1900), "30772").as_deref(),
        Some("1984-03-31T00:00:00Z")
    );
    assert_eq!(
        moment(&with(SerialEpoch::Y1900), "30772.9999999").as_deref(),
        Some("1984-03-31T23:59:59Z")
    );
}

#[test]
fn moments_become_utc() {
    let mut dates = DateStyle::new(DateOrder::MonthDayYear);
    for (text, wanted) in [
        ("2024-03-31T12:00:00Z", "2024-03-31T12:00:00Z"),
        ("2024-03-31T12:00:00+02:00", "2024-03-31T10:00:00Z"),
        ("2024-03-31 23:30:00 -05:00", "2024-04-01T04:30:00Z"),
        ("3/31/2024 11:15 PM EST", "2024-04-01T04:15:00Z"),
        ("2024-03-31 12:00 UTC+2", "2024-03-31T10:00:00Z"),
        ("3/31/2024 12:00:05.999", "2024-03-31T12:00:05Z"),
        ("3/31/2024", "2024-03-31T00:00:00Z"),
    ] {
        assert_eq!(moment(&dates, text).as_deref(), Some(wanted), "{text}");
    }
    dates.zone = zone("America/New_York");
    for (text, wanted) in [
        ("1/15/2024 12:00", "2024-01-15T17:00:00Z"),
        ("7/15/2024 12:00", "2024-07-15T16:00:00Z"),
        // Said by the cell itself.
        ("7/15/2024 12:00 Z", "2024-07-15T12:00:00Z"),
        // A time that the clocks skipped, and one that they showed twice: the later reading, and the first.
        ("3/10/2024 2:30 AM", "2024-03-10T07:30:00Z"),
        ("11/3/2024 1:30 AM", "2024-11-03T05:30:00Z"),
        ("7/15/2024", "2024-07-15T00:00:00Z"),
    ] {
        assert_eq!(moment(&dates, text).as_deref(), Some(wanted), "{text}");
    }
    for name in [
        "Europe/Berlin",
        "UTC",
        "Asia/Kolkata",
        "-05:00",
        "+0530",
        "Z",
    ] {
        assert!(zone(name).is_some(), "{name}");
    }
    for name in ["", "Mars/Base", "New York", "+25:00"] {
        assert!(zone(name).is_none(), "{name}");
    }
}

/// How a date is written in an order, so that nothing can misread it in that order.
const WRITTEN: [(DateOrder, &str); 16] = [
    (DateOrder::MonthDayYear, "%m/%d/%Y"),
    (DateOrder::MonthDayYear, "%-m-%-d-%Y"),
    (DateOrder::MonthDayYear, "%m%d%Y"),
    (DateOrder::MonthDayYear, "%B %-d, %Y"),
    (DateOrder::MonthDayYear, "%d%b%Y:%H:%M:%S"),
    (DateOrder::MonthDayYear, "%A, %d %B %Y"),
    (DateOrder::MonthDayYear, "%-m/%-d/%Y %-I:%M:%S %p"),
    (DateOrder::MonthDayYear, "%Y%m%d"),
    (DateOrder::DayMonthYear, "%d/%m/%Y"),
    (DateOrder::DayMonthYear, "%-d.%-m.%Y"),
    (DateOrder::DayMonthYear, "%d%m%Y"),
    (DateOrder::DayMonthYear, "%d-%b-%Y %H.%M.%S"),
    (DateOrder::DayMonthYear, "%Y%m%d"),
    (DateOrder::YearMonthDay, "%Y-%m-%d"),
    (DateOrder::YearMonthDay, "%Y%m%d"),
    (DateOrder::YearMonthDay, "%Y-%m-%dT%H:%M:%SZ"),
];

proptest! {
    #[test]
    fn written_dates_come_back(days in 0i64..140_000, written in 0..WRITTEN.len()) {
        let (order, format) = WRITTEN[written];
        let date = Date::constant(1800, 1, 1).saturating_add(days.days());
        let text = date.at(12, 30, 5, 0).strftime(format).to_string();
        prop_assert_eq!(read(&DateStyle::new(order), &text), Some(date.to_string()), "{}", text);
    }

    #[test]
    fn several_orders_at_once_read_what_each_reads_alone(
        near in "(Mon |mar )?([0-9]{1,8}|Mar|of)[-/. ]?([0-9]{1,2}|Mar|May)[-/. ]?[0-9]{0,4}( [0-9]{2}:[0-9]{2}Z?| PM|!)?",
    ) {
        let orders = ORDERS.map(|(_, order)| order);
        // Whatever the own order of the style that is asked.
        for own in orders {
            let at_once = DateStyle::new(own).parse_in(&near, orders);
            let alone = orders.map(|order| DateStyle::new(order).parse(&near));
            prop_assert_eq!(at_once, alone, "{}", near);
        }
    }

    #[test]
    fn serials_come_back(number in FIRST_USUAL_SERIAL..=LAST_USUAL_SERIAL) {
        let dates = DateStyle { excel: Some(SerialEpoch::Y1900), ..DateStyle::new(DateOrder::DayMonthYear) };
        let date = Date::constant(1899, 12, 30).saturating_add(number.days());
        prop_assert_eq!(read(&dates, &number.to_string()), Some(date.to_string()));
    }

    #[test]
    fn no_number_outside_of_the_usual_days_is_a_serial(number in prop_oneof![0i64..FIRST_USUAL_SERIAL, LAST_USUAL_SERIAL + 1..10_000_000], zeros in 0usize..3) {
        prop_assume!(number != LAST_SERIAL);
        let text = format!("{}{number}", "0".repeat(zeros));
        let dates = |excel| DateStyle { excel, ..DateStyle::new(DateOrder::MonthDayYear) };
        // Eight digits are a date without marks, whatever the column counts in.
        prop_assert_eq!(read(&dates(Some(SerialEpoch::Y1900)), &text), read(&dates(None), &text));
    }

    /// What two orders both read, they read alike or the text says nothing that tells them apart.
    #[test]
    fn never_panics_and_gives_real_days(any in any::<String>(), near in "[0-9]{0,4}[-/. ]?([0-9]{1,2}|Mar|mars|of)?[-/. ]?[0-9]{0,8}[T ]?[-0-9:.+Zapm ]{0,12}") {
        let all = DateStyle {
            excel: Some(SerialEpoch::Y1904),
            zone: zone("Europe/Berlin"),
            ..speaking(DateOrder::DayMonthYear, &["en", "de", "fr", "es", "it", "pt", "nl", "pl"])
        };
        for text in [&any, &near] {
            for dates in [&DateStyle::new(DateOrder::MonthDayYear), &DateStyle::new(DateOrder::YearMonthDay), &all] {
                if let Some(read) = dates.parse(text) {
                    let date = read.date.to_string();
                    prop_assert!(bakkt_contract::forms::is_date(&date).is_some(), "{}", date);
                    if let Some(moment) = dates.moment(read).map(|moment| moment.to_string()) {
                        prop_assert!(bakkt_contract::forms::is_date_time(&moment) || read.date.year() >= 9998 || read.date.year() == FIRST_YEAR);
                    }
                }
            }
        }
    }
}
