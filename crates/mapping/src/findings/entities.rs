//! Text with escapes that a program wrote for another program: HTML entities, percent codes, `\u00fc`.
//!
//! Owner of the table of entity names that stand in names and addresses. Left out on purpose: every other name of HTML,
//! and a lone `&`, which belongs to companies.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Entities by name, each with its character.
#[rustfmt::skip]
const NAMED: &[(&str, char)] = &[
    ("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", '\u{a0}'),
    ("iexcl", '¡'), ("sect", '§'), ("ordf", 'ª'), ("laquo", '«'), ("shy", '\u{ad}'), ("reg", '®'), ("deg", '°'),
    ("acute", '´'), ("micro", 'µ'), ("middot", '·'), ("cedil", '¸'), ("ordm", 'º'), ("raquo", '»'), ("frac12", '½'),
    ("iquest", '¿'), ("Agrave", 'À'), ("Aacute", 'Á'), ("Acirc", 'Â'), ("Atilde", 'Ã'), ("Auml", 'Ä'), ("Aring", 'Å'),
    ("AElig", 'Æ'), ("Ccedil", 'Ç'), ("Egrave", 'È'), ("Eacute", 'É'), ("Ecirc", 'Ê'), ("Euml", 'Ë'), ("Igrave", 'Ì'),
    ("Iacute", 'Í'), ("Icirc", 'Î'), ("Iuml", 'Ï'), ("ETH", 'Ð'), ("Ntilde", 'Ñ'), ("Ograve", 'Ò'), ("Oacute", 'Ó'),
    ("Ocirc", 'Ô'), ("Otilde", 'Õ'), ("Ouml", 'Ö'), ("Oslash", 'Ø'), ("Ugrave", 'Ù'), ("Uacute", 'Ú'), ("Ucirc", 'Û'),
    ("Uuml", 'Ü'), ("Yacute", 'Ý'), ("THORN", 'Þ'), ("szlig", 'ß'), ("agrave", 'à'), ("aacute", 'á'), ("acirc", 'â'),
    ("atilde", 'ã'), ("auml", 'ä'), ("aring", 'å'), ("aelig", 'æ'), ("ccedil", 'ç'), ("egrave", 'è'), ("eacute", 'é'),
    ("ecirc", 'ê'), ("euml", 'ë'), ("igrave", 'ì'), ("iacute", 'í'), ("icirc", 'î'), ("iuml", 'ï'), ("eth", 'ð'),
    ("ntilde", 'ñ'), ("ograve", 'ò'), ("oacute", 'ó'), ("ocirc", 'ô'), ("otilde", 'õ'), ("ouml", 'ö'), ("oslash", 'ø'),
    ("ugrave", 'ù'), ("uacute", 'ú'), ("ucirc", 'û'), ("uuml", 'ü'), ("yacute", 'ý'), ("thorn", 'þ'), ("yuml", 'ÿ'),
    ("OElig", 'Œ'), ("oelig", 'œ'), ("Scaron", 'Š'), ("scaron", 'š'), ("Zcaron", 'Ž'), ("zcaron", 'ž'), ("Ccaron", 'Č'),
    ("ccaron", 'č'), ("Rcaron", 'Ř'), ("rcaron", 'ř'), ("ecaron", 'ě'), ("ncaron", 'ň'), ("Lstrok", 'Ł'), ("lstrok", 'ł'),
    ("aogon", 'ą'), ("eogon", 'ę'), ("Sacute", 'Ś'), ("sacute", 'ś'), ("cacute", 'ć'), ("nacute", 'ń'), ("zacute", 'ź'),
    ("zdot", 'ż'), ("Zdot", 'Ż'), ("odblac", 'ő'), ("udblac", 'ű'), ("dstrok", 'đ'), ("Dstrok", 'Đ'), ("Yuml", 'Ÿ'),
    ("ndash", '–'), ("mdash", '—'), ("lsquo", '\u{2018}'), ("rsquo", '\u{2019}'), ("ldquo", '\u{201c}'),
    ("rdquo", '\u{201d}'), ("sbquo", '‚'), ("bdquo", '„'), ("hellip", '…'), ("bull", '•'), ("euro", '€'), ("trade", '™'),
    ("zwj", '\u{200d}'), ("zwnj", '\u{200c}'), ("ensp", '\u{2002}'), ("emsp", '\u{2003}'), ("thinsp", '\u{2009}'),
];

/// Ends of the names of letters: of these, browsers and people forget the semicolon.
const LETTERS: &[&str] = &[
    "uml", "acute", "grave", "circ", "tilde", "cedil", "ring", "slash", "lig",
];

/// A text whose escapes are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnescapedText {
    /// What kind of escapes there are.
    pub note: &'static str,
    /// The text without them.
    pub text: String,
}

/// Reads the escape that a text begins with: what it means, and its bytes.
type ReadEscape = fn(&str) -> Option<(String, usize)>;

/// Whether a text may have escapes at all: a quick look at its bytes.
pub(crate) fn may_have(text: &[u8]) -> bool {
    memchr::memchr3_iter(b'&', b'%', b'\\', text).any(|at| {
        let next = text.get(at + 1).copied().unwrap_or(b' ');
        match text[at] {
            b'&' => next == b'#' || next.is_ascii_alphabetic(),
            b'%' => next.is_ascii_hexdigit(),
            _ => next == b'u' || next == b'x',
        }
    }) || WORKBOOK_ESCAPE.find(text).is_some()
}

/// How the escapes of a workbook begin. The contract's own words are full of underscores.
static WORKBOOK_ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"_x0"));

/// Reads the escapes of a text; none where there are none.
pub(crate) fn unescape(text: &str) -> Option<UnescapedText> {
    let kinds: [(&'static str, u8, ReadEscape); 4] = [
        ("HTML entities", b'&', entity),
        ("percent codes", b'%', percent),
        ("escapes of a programming language", b'\\', backslash),
        ("escapes of a workbook", b'_', workbook),
    ];
    kinds.into_iter().find_map(|(note, mark, read)| {
        let text = replaced(text, mark, read)?;
        Some(UnescapedText { note, text })
    })
}

fn replaced(text: &str, mark: u8, read: ReadEscape) -> Option<String> {
    let mut out = String::new();
    let (mut rest, mut found) = (text, false);
    while let Some(at) = memchr::memchr(mark, rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (meant, length) = match read(rest) {
            Some((meant, length)) => {
                found = true;
                (meant, length)
            }
            None => (char::from(mark).to_string(), 1),
        };
        out.push_str(&meant);
        rest = &rest[length..];
    }
    out.push_str(rest);
    found.then_some(out)
}

/// The entity that a text begins with, and its bytes.
fn entity(text: &str) -> Option<(String, usize)> {
    let body = &text[1..];
    let end = body
        .bytes()
        .position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#')
        .unwrap_or(body.len());
    let (name, closed) = (&body[..end], body.as_bytes().get(end) == Some(&b';'));
    let length = 1 + end + usize::from(closed);
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        let meant = code.ok().filter(|code| *code > 8 && closed)?;
        return Some((char::from_u32(meant)?.to_string(), length));
    }
    let known = |name: &str| NAMED.iter().find(|(known, _)| *known == name);
    if closed {
        return known(name).map(|(_, meant)| (meant.to_string(), length));
    }
    let (name, meant) = NAMED.iter().find(|(known, _)| {
        name.starts_with(known)
            && LETTERS
                .iter()
                .any(|end| known.len() > end.len() && known.ends_with(end))
    })?;
    Some((meant.to_string(), 1 + name.len()))
}

/// The percent codes that a text begins with: letters beyond ASCII, and blanks.
fn percent(text: &str) -> Option<(String, usize)> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [b'%', high, low, more @ ..] = rest {
        let Some(byte) = hex(&[*high, *low]) else {
            break;
        };
        bytes.push(byte as u8);
        rest = more;
    }
    let escapes = bytes.iter().any(|byte| *byte >= 0x80) || bytes.first() == Some(&b' ');
    let meant = String::from_utf8(bytes).ok().filter(|_| escapes)?;
    Some((meant, text.len() - rest.len()))
}

/// `\u00fc`, `\xfc` or `\303`-like escapes of a letter.
fn backslash(text: &str) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let digits = match bytes.get(1)? {
        b'u' => 4,
        b'x' => 2,
        _ => return None,
    };
    let code = hex(bytes.get(2..2 + digits)?)?;
    Some((char::from_u32(code).unwrap_or('?').to_string(), 2 + digits))
}

/// `_x000D_`: a control character of a workbook's text, which some programs leave as it stands.
fn workbook(text: &str) -> Option<(String, usize)> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let code = hex(digits.as_bytes()).filter(|code| *code < 0x20)?;
    let closed = text.as_bytes().get(6) == Some(&b'_');
    closed.then(|| (char::from_u32(code).unwrap_or('?').to_string(), 7))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| {
        char::from(*digit)
            .to_digit(16)
            .map(|digit| sum * 16 + digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read() {
        for (text, meant) in [
            ("O&#39;Brien", "O'Brien"),
            ("12 Main &amp; 3rd St", "12 Main & 3rd St"),
            ("M&uuml;ller", "Müller"),
            ("M&uumlller", "Müller"),
            ("M&#xFC;ller", "Müller"),
            ("M%C3%BCller", "Müller"),
            ("Main%20Street", "Main Street"),
            ("M\\u00fcller", "Müller"),
            ("M\\xfcller", "Müller"),
            ("12 Main St_x000D_", "12 Main St\r"),
            ("Mu&ntilde;oz &amp; Sons", "Muñoz & Sons"),
        ] {
            assert!(may_have(text.as_bytes()));
            let read = unescape(text).map(|read| read.text);
            assert_eq!(read.as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_stays() {
        for text in [
            "AT&T",
            "Gable, Moss & Co.",
            "Smith &Sons; Partners",
            "50% owner",
            "100%AB",
            "R&D",
            "B&B Inn",
            "a\\b",
            "\\users",
            "&",
            "100 %",
            "%",
            "\\",
            "&;",
            "&#;",
            "&#99999999;",
            "Procter&Gamble",
            "&#7;",
            "T&C;",
        ] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }
}
