//! The text that a person would read in a message: tags taken out, escapes resolved, invisible characters gone.
//!
//! Owner of the spellings in which a value can hide: HTML entities, percent-encoding (UTF-8 or Latin-1), `\u` escapes of
//! JSON, compatibility forms, soft hyphens. Escapes inside of escapes are resolved as often as there are any, up to a bound.
//! Left out on purpose: base64 and hexadecimal spellings: no word of the vocabulary is one.

use bakkt_model::text::is_invisible;
use unicode_normalization::UnicodeNormalization;

/// How often escapes are resolved in the result of resolving them.
const DEEPEST: usize = 4;

/// The readable text of what a server said.
pub(super) fn readable(text: &str) -> String {
    let mut text = without_tags(text);
    for _ in 0..DEEPEST {
        let decoded = unescaped(&unpercented(&htmlize::unescape(text.as_str())));
        if decoded == text {
            break;
        }
        text = decoded;
    }
    // Blanks of other widths still part words.
    let is_shown = |c: &char| c.is_whitespace() || !is_invisible(*c);
    text.nfkc().filter(is_shown).collect()
}

/// Tags of HTML and XML become blanks, and so does what stands inside of scripts and styles.
fn without_tags(text: &str) -> String {
    if !text.contains('<') {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        kept.push_str(before);
        let named =
            tag[1..].starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '!' | '?'));
        let Some(close) = tag.find('>').filter(|_| named) else {
            kept.push('<');
            rest = &tag[1..];
            continue;
        };
        kept.push(' ');
        let lower = tag[..close].to_ascii_lowercase();
        let unread = ["script", "style"]
            .into_iter()
            .find(|name| lower[1..].starts_with(name));
        rest = &tag[close + 1..];
        if let Some(name) = unread {
            let end = rest.to_ascii_lowercase().find(&format!("</{name}"));
            rest = end.map_or("", |end| &rest[end..]);
        }
    }
    kept.push_str(rest);
    kept
}

/// Runs of `%XX` as the bytes that they stand for; what is no UTF-8 is read as Latin-1.
fn unpercented(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let mut bytes = Vec::new();
        while let Some(byte) = rest
            .strip_prefix('%')
            .and_then(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok())
        {
            bytes.push(byte);
            rest = &rest[3..];
        }
        match String::from_utf8(bytes) {
            Ok(run) if run.is_empty() => {
                decoded.push('%');
                rest = &rest[1..];
            }
            Ok(run) => decoded.push_str(&run),
            Err(wrong) => decoded.extend(wrong.into_bytes().into_iter().map(char::from)),
        }
    }
    decoded.push_str(rest);
    decoded
}

/// `\uXXXX` and `\xXX` as the characters that they stand for.
fn unescaped(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let before = &rest[..start];
        if !before.is_empty() {
            decoded.push_str(&String::from_utf16_lossy(&units));
            units.clear();
            decoded.push_str(before);
        }
        rest = &rest[start + 1..];
        let length = match rest.as_bytes().first() {
            Some(b'u' | b'U') => 4,
            Some(b'x') => 2,
            _ => 0,
        };
        let unit = rest
            .get(1..1 + length)
            .filter(|hex| !hex.is_empty())
            .and_then(|hex| u16::from_str_radix(hex, 16).ok());
        match unit {
            Some(unit) => {
                units.push(unit);
                rest = &rest[1 + length..];
            }
            None => {
                decoded.push_str(&String::from_utf16_lossy(&units));
                units.clear();
                // A line break or a quote that was escaped; the backslash itself says nothing.
                decoded.push(' ');
                rest = rest.strip_prefix(['n', 'r', 't', '\\']).unwrap_or(rest);
            }
        }
    }
    decoded.push_str(&String::from_utf16_lossy(&units));
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn escapes_become_what_they_stand_for() {
        for (text, read) in [
            ("M&uuml;ller", "Müller"),
            ("M&#252;ller &amp;#252;", "Müller ü"),
            ("M%C3%BCller, M%FCller, 100%", "Müller, Müller, 100%"),
            ("M%25C3%25BCller", "Müller"),
            (
                r"M\u00fcller, \ud83d\ude00, M\xfcller, a\nb, c\\",
                "Müller, 😀, Müller, a b, c ",
            ),
            ("A\u{ad}n\u{200b}a", "Ana"),
            ("Ｌｉ", "Li"),
            (
                "<html><style>p {}</style><h1>403 Forbidden</h1></html>",
                "    403 Forbidden",
            ),
            ("age < 18 and > 5 <", "age < 18 and > 5 <"),
        ] {
            let found = readable(text);
            assert_eq!(found.trim_end(), read.trim_end(), "{text}");
        }
    }
}
