//! Dates and times that a workbook keeps as text of ISO 8601 rather than as numbers.
//!
//! Owner of turning them into what the same cell of another format gives: `2024-03-31`, `2024-03-31 13:45:00`, `13:45:00`.
//! Invariant: what is not understood stays as it is, so that a mapping refuses it.

use super::format::Format;
use super::serial::ShownParts;

/// A date, or a date and time; the format says which of them is shown, if it says anything.
pub(crate) fn write_when(text: &str, format: &Format, out: &mut String) {
    let (day, time) = text.split_once('T').unwrap_or((text, ""));
    if let Format::When(ShownParts::PartOfDate(shown)) = format {
        shown.write(day, out);
        return;
    }
    out.push_str(day);
    let shown = match format {
        Format::When(ShownParts::Date) => false,
        Format::When(ShownParts::DateTime) => true,
        _ => !time.is_empty(),
    };
    if !shown {
        return;
    }
    let time = time.trim_end_matches('Z');
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    out.push(' ');
    out.push_str(if time.is_empty() { "00:00" } else { time });
    if time.matches(':').count() < 2 {
        out.push_str(":00");
    }
}

/// A length of time, `PT13H45M00S`.
pub(crate) fn write_duration(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    match seconds(text) {
        Some(total) => {
            let (hours, minutes) = (total / 3600, total / 60 % 60);
            // Writing to a string cannot fail.
            let _ = write!(out, "{hours:02}:{minutes:02}:{:02}", total % 60);
        }
        None => out.push_str(text),
    }
}

fn seconds(text: &str) -> Option<u64> {
    let mut total = 0.0;
    let mut number = String::new();
    for c in text.strip_prefix("PT")?.chars() {
        let unit = match c {
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            // LibreOffice writes a comma in some languages.
            ',' => {
                number.push('.');
                continue;
            }
            c => {
                number.push(c);
                continue;
            }
        };
        total += std::mem::take(&mut number).parse::<f64>().ok()? * unit;
    }
    (number.is_empty() && (0.0..1e12).contains(&total)).then_some(total.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_as_from_a_number() {
        let (date, both) = (
            Format::When(ShownParts::Date),
            Format::When(ShownParts::DateTime),
        );
        for (text, format, shown) in [
            ("2024-03-31", &Format::Number, "2024-03-31"),
            (
                "2024-03-31T13:45:00",
                &Format::Number,
                "2024-03-31 13:45:00",
            ),
            ("2024-03-31T13:45", &Format::Number, "2024-03-31 13:45:00"),
            (
                "2024-03-31T13:45:00.120000Z",
                &Format::Number,
                "2024-03-31 13:45:00",
            ),
            ("2024-03-31T13:45:00", &date, "2024-03-31"),
            ("2024-03-31", &both, "2024-03-31 00:00:00"),
        ] {
            let mut out = String::new();
            write_when(text, format, &mut out);
            assert_eq!(out, shown);
        }
        let mut out = String::new();
        let month = Format::of("mmm yyyy");
        write_when("1984-03-01T00:00:00", &month, &mut out);
        assert_eq!(out, "1984-03");
        for (text, shown) in [
            ("PT13H45M00S", "13:45:00"),
            ("PT36H00M01.6S", "36:00:02"),
            ("PT5M", "00:05:00"),
            ("P1D", "P1D"),
            ("PTxH", "PTxH"),
        ] {
            let mut out = String::new();
            write_duration(text, &mut out);
            assert_eq!(out, shown);
        }
    }
}
