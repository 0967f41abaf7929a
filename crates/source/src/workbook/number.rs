//! A number as a person reads it: decimal digits, no exponent, no artefacts of binary fractions.
//!
//! Owner of the fifteen significant digits that a spreadsheet keeps: `0.1 + 0.2` is `0.3`, `1.23456789e9` is
//! `1234567890`. A whole number with more digits is no number that a sheet can hold: [`is_exact`] says so.

/// From here on a whole number has more digits than a spreadsheet keeps.
const MOST: f64 = 1e15;

/// Whether the digits are those that somebody typed.
pub(crate) fn is_exact(value: f64) -> bool {
    value.abs() < MOST
}

/// The number in plain digits, times ten to the `shift`: a percentage is its number with a shift of two.
pub(crate) fn plain(value: f64, shift: i32, out: &mut String) {
    if shift == 0 && value.fract() == 0.0 && is_exact(value) {
        // The usual case; `as` is exact here, and makes the negative zero a zero.
        out.push_str(&(value as i64).to_string());
        return;
    }
    let text = format!("{value:.14e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        // Not finite: nothing that digits can say.
        return;
    };
    let exponent = exponent.parse::<i32>().unwrap_or(0) + shift;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        out.push('0');
        return;
    }
    if value < 0.0 {
        out.push('-');
    }
    place(digits, exponent + 1, out);
}

/// The number in plain digits; where it has decimals, with zeros behind them up to so many. Three of them could be thousands.
pub(crate) fn with_decimals(value: f64, least: usize, out: &mut String) {
    let start = out.len();
    plain(value, 0, out);
    if let Some(point) = out[start..].find('.').filter(|_| least != 3) {
        let decimals = out.len() - start - point - 1;
        out.extend(std::iter::repeat_n('0', least.saturating_sub(decimals)));
    }
}

/// Digits with the decimal point after so many of them.
fn place(digits: &str, point: i32, out: &mut String) {
    let Ok(whole) = usize::try_from(point) else {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        out.push_str(digits);
        return;
    };
    match digits.split_at_checked(whole) {
        None | Some((_, "")) => {
            out.push_str(digits);
            out.extend(std::iter::repeat_n('0', whole - digits.len()));
        }
        Some((before, after)) => {
            out.push_str(if before.is_empty() { "0" } else { before });
            out.push('.');
            out.push_str(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, shift: i32) -> String {
        let mut text = String::new();
        plain(value, shift, &mut text);
        text
    }

    #[test]
    fn numbers_have_no_artefacts() {
        for (value, text) in [
            (1_234_567_890.0, "1234567890"),
            (1.234_567_89e9, "1234567890"),
            (0.1 + 0.2, "0.3"),
            (0.1, "0.1"),
            (-0.0, "0"),
            (-12.5, "-12.5"),
            (1e-7, "0.0000001"),
            (2.5e-3, "0.0025"),
            (123_456.789, "123456.789"),
            (999_999_999_999_999.0, "999999999999999"),
            (1.5e20, "150000000000000000000"),
            (4.35, "4.35"),
            (1.1 * 1.1, "1.21"),
            (100.0, "100"),
            (1e15, "1000000000000000"),
        ] {
            assert_eq!(shown(value, 0), text);
        }
    }

    #[test]
    fn fractions_have_the_zeros_that_are_shown() {
        for (value, least, text) in [
            (100.1, 2, "100.10"),
            (-100.1, 3, "-100.1"),
            (-100.1, 4, "-100.1000"),
            (100.25, 2, "100.25"),
            (100.125, 2, "100.125"),
            (100.0, 2, "100"),
            (0.5, 0, "0.5"),
        ] {
            let mut shown = "C-".to_owned();
            with_decimals(value, least, &mut shown);
            assert_eq!(shown, format!("C-{text}"));
        }
    }

    #[test]
    fn percentages_move_the_point_and_nothing_else() {
        for (value, text) in [
            (0.24, "24"),
            (0.07, "7"),
            (1.0, "100"),
            (0.0, "0"),
            (0.256_78, "25.678"),
            (0.001, "0.1"),
            (-0.5, "-50"),
            (12.0, "1200"),
        ] {
            assert_eq!(shown(value, 2), text);
        }
    }
}
