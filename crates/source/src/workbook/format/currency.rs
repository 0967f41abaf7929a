//! Currencies beside a number, and the dollars that are not those of the United States.
//!
//! Owner of the marks, and of what a language behind a dollar sign says: Excel writes the Mexican peso as `[$$-80A]`.

/// Currencies that stand beside a number, but for their signs.
const CURRENCIES: [&str; 30] = [
    "USD", "EUR", "GBP", "CHF", "CAD", "AUD", "JPY", "MXN", "BRL", "INR", "CNY", "SEK", "NOK",
    "DKK", "PLN", "CZK", "HUF", "US$", "R$", "kr", "kr.", "Fr.", "zł", "Kč", "Ft", "lei", "DM",
    "TL", "Rs", "Rs.",
];
/// Those of them that are the dollar.
const DOLLARS: [&str; 2] = ["USD", "US$"];
/// Signs of currencies, but for the dollar's.
const SIGNS: &str = "€£¥¢₹₽₩₺₪₫₱฿₴₦";

/// Regions whose money is the dollar of the United States.
const US_DOLLARS: &[&str] = &[
    "US", "PR", "GU", "VI", "AS", "MP", "UM", "EC", "SV", "PA", "TL", "FM", "MH", "PW", "TC", "VG",
    "BQ", "IO",
];

/// Languages of Windows and the region that each is spoken in, where the sign of the money is `$`.
const LANGUAGES: &[(u32, &str)] = &[
    (0x0409, "US"),
    (0x540A, "US"),
    (0x045C, "US"),
    (0x0475, "US"),
    (0x500A, "PR"),
    (0x300A, "EC"),
    (0x440A, "SV"),
    (0x180A, "PA"),
    (0x1009, "CA"),
    (0x0C0C, "CA"),
    (0x045D, "CA"),
    (0x085D, "CA"),
    (0x047C, "CA"),
    (0x0C09, "AU"),
    (0x1409, "NZ"),
    (0x0481, "NZ"),
    (0x080A, "MX"),
    (0x340A, "CL"),
    (0x047A, "CL"),
    (0x240A, "CO"),
    (0x2C0A, "AR"),
    (0x380A, "UY"),
    (0x4C0A, "NI"),
    (0x1C0A, "DO"),
    (0x5C0A, "CU"),
    (0x0416, "BR"),
    (0x4809, "SG"),
    (0x1004, "SG"),
    (0x3C09, "HK"),
    (0x0C04, "HK"),
    (0x1404, "MO"),
    (0x0404, "TW"),
    (0x043E, "BN"),
    (0x083E, "BN"),
    (0x2009, "JM"),
    (0x2809, "BZ"),
    (0x2C09, "TT"),
    (0x2409, "AG"),
    (0x3009, "ZW"),
];

/// Codes of the money that is written with a dollar sign, by region.
const MONEY: &[(&str, &str)] = &[
    ("CA", "CAD"),
    ("AU", "AUD"),
    ("NZ", "NZD"),
    ("MX", "MXN"),
    ("CL", "CLP"),
    ("CO", "COP"),
    ("AR", "ARS"),
    ("UY", "UYU"),
    ("NI", "NIO"),
    ("DO", "DOP"),
    ("CU", "CUP"),
    ("BR", "BRL"),
    ("SG", "SGD"),
    ("HK", "HKD"),
    ("MO", "MOP"),
    ("TW", "TWD"),
    ("BN", "BND"),
    ("JM", "JMD"),
    ("BZ", "BZD"),
    ("TT", "TTD"),
    ("AG", "XCD"),
    ("ZW", "ZWL"),
    ("NA", "NAD"),
    ("FJ", "FJD"),
    ("BB", "BBD"),
    ("BS", "BSD"),
    ("BM", "BMD"),
    ("KY", "KYD"),
    ("GY", "GYD"),
    ("LR", "LRD"),
];

/// The mark of the money that a dollar sign stands for with a language behind it: none where it is the dollar of the United
/// States, or where the language has no region. `locale` is a number of Windows in hexadecimal, with a calendar before it at
/// times (`1010409`), or a tag such as `en-CA`.
pub(super) fn dollars_abroad(locale: &str) -> Option<String> {
    let number = u32::from_str_radix(locale, 16);
    let region = match number.map(|number| number & 0xFFFF) {
        // The language of the person who looks, or one of no region.
        Ok(language) if language < 0x0400 || matches!(language, 0x0400 | 0x0800) => return None,
        Ok(language) => {
            let known = LANGUAGES.iter().find(|(known, _)| *known == language);
            known.map(|(_, region)| (*region).to_owned())
        }
        Err(_) => {
            let mut parts = locale.split(['-', '_']).skip(1);
            let region = parts.find(|part| match part.len() {
                2 => part.bytes().all(|byte| byte.is_ascii_alphabetic()),
                // Latin America is 419.
                3 => part.bytes().all(|byte| byte.is_ascii_digit()),
                _ => false,
            });
            Some(region?.to_ascii_uppercase())
        }
    };
    let region = region.as_deref().unwrap_or_default();
    if US_DOLLARS.contains(&region) {
        return None;
    }
    let code = MONEY.iter().find(|(of, _)| *of == region);
    Some(code.map_or_else(|| format!("$-{locale}"), |(_, code)| (*code).to_owned()))
}

/// The mark of a currency that is not the dollar.
pub(super) fn foreign_currency(text: &str) -> Option<&str> {
    let mark = without_signs(text);
    let named = CURRENCIES.contains(&mark) && !DOLLARS.contains(&mark);
    (named || mark.contains(|c| SIGNS.contains(c))).then_some(mark)
}

/// A text without what writes a negative number.
fn without_signs(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "()-\u{2212}".contains(c))
}

/// Whether characters around a number belong to it: letters, digits and marks do, and so do a plus and a sign of hundredths.
/// Blanks, currencies and what writes a negative number are ways of writing an amount.
pub(crate) fn belongs(text: &str) -> bool {
    let text = without_signs(text);
    let amount = |c: char| c.is_whitespace() || "$.,'’()-\u{2212}".contains(c) || SIGNS.contains(c);
    !text.chars().all(amount) && !CURRENCIES.contains(&text)
}

/// Whether characters before and after the digits of a number write a negative one. Dashes in the place of decimals (`85,-`) do
/// not.
pub(crate) fn is_negative(before: &str, after: &str) -> bool {
    let minus = |c: char| matches!(c, '-' | '\u{2212}');
    let after = after.trim_start();
    before.contains(|c| minus(c) || c == '(')
        || after.contains(')')
        || (after.contains(minus) && !after.starts_with([',', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_says_whose_dollar_it_is() {
        for locale in [
            "409", "0409", "1010409", "540A", "300A", "440A", "500A", "9", "400", "en-US", "es-PR",
            "en", "es-EC", "",
        ] {
            assert_eq!(dollars_abroad(locale), None, "{locale}");
        }
        for (locale, mark) in [
            ("1009", "CAD"),
            ("c0c", "CAD"),
            ("1011009", "CAD"),
            ("C09", "AUD"),
            ("80A", "MXN"),
            ("340A", "CLP"),
            ("404", "TWD"),
            ("en-CA", "CAD"),
            ("zh-Hant-TW", "TWD"),
            ("en-KI", "$-en-KI"),
            ("es-419", "$-es-419"),
            ("7C67", "$-7C67"),
        ] {
            assert_eq!(dollars_abroad(locale).as_deref(), Some(mark), "{locale}");
        }
    }
}
