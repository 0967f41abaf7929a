//! Addresses in messages, without what may be a secret of them.
//!
//! People write passwords into addresses although every setting refuses them there: before the host (`user:password@`), or behind
//! it (`?password=…`, `#…`). Owner of what is shown of an address that nobody has judged yet. Left out: which addresses are fit
//! (`target`, `quota`, `objects`).

use std::borrow::Cow;

/// Stands where something is left out.
const LEFT_OUT: &str = "…";
/// What stands between a scheme and the rest.
const BEHIND_SCHEME: &str = "://";

/// An address without its user, its query and its fragment.
pub fn shown_address(address: &str) -> Cow<'_, str> {
    let start = address
        .find(BEHIND_SCHEME)
        .map_or(0, |at| at + BEHIND_SCHEME.len());
    let (scheme, rest) = address.split_at(start);
    let user = rest.rfind('@');
    let (from, to) = match (user, rest.find(['?', '#'])) {
        (None, None) => return address.into(),
        // A password with such a mark, or a query with an `@`: nobody can tell.
        (Some(at), Some(mark)) if mark < at => (rest.len(), rest.len()),
        (at, mark) => (at.unwrap_or(0), mark.map_or(rest.len(), |mark| mark + 1)),
    };
    let before = if from > 0 { LEFT_OUT } else { "" };
    let behind = if to < rest.len() { LEFT_OUT } else { "" };
    format!("{scheme}{before}{}{behind}", &rest[from..to]).into()
}

/// A text in which every address that it holds is shown so. An address ends where its quotation mark closes, else at a blank.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    if !text.contains(BEHIND_SCHEME) {
        return text.into();
    }
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEHIND_SCHEME) {
        let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
        let start = rest[..at].trim_end_matches(is_of_scheme).len();
        let behind = at + BEHIND_SCHEME.len();
        let end = behind + length(&rest[behind..], rest[..start].chars().next_back());
        shown.push_str(&rest[..start]);
        shown.push_str(&shown_address(&rest[start..end]));
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown.into()
}

/// How far an address reaches that has this character before it.
fn length(text: &str, before: Option<char>) -> usize {
    let is_blank = |c: char| c.is_whitespace();
    let Some(quote) = before.filter(|c| "\"'`".contains(*c)) else {
        return text.find(is_blank).unwrap_or(text.len());
    };
    let mut is_escaped = false;
    let closing = text.char_indices().find(|(_, c)| {
        let closes = *c == quote && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        closes
    });
    closing.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_scheme_host_and_path() {
        for (address, shown) in [
            ("https://api.example.com/v1", "https://api.example.com/v1"),
            ("redis://127.0.0.1?password=sesame", "redis://127.0.0.1?…"),
            ("redis://127.0.0.1/0#sesame", "redis://127.0.0.1/0#…"),
            ("rediss://me:sesame@host:1/0", "rediss://…@host:1/0"),
            ("https://me:sesame@host/a?sesame", "https://…@host/a?…"),
            ("https://sesame@host", "https://…@host"),
            ("https://host?a=sesame@sesame", "https://…"),
            ("https://me:ses?ame@host", "https://…"),
            ("https://me:ses@ame@host", "https://…@host"),
            ("https://me:ses/ame@host/a", "https://…@host/a"),
            ("me:sesame@host", "…@host"),
            ("host?sesame", "host?…"),
            ("host:6379", "host:6379"),
            ("https://host?", "https://host?"),
            ("", ""),
        ] {
            assert_eq!(shown_address(address), shown, "{address}");
            assert_eq!(shown_address(shown), shown, "once more");
        }
    }

    #[test]
    fn every_address_of_a_text_is_shown_without_secrets() {
        for (text, shown) in [
            ("no address: a@b?", "no address: a@b?"),
            (
                "shared = \"redis://h?password=ses ame\" # see https://a.example/b",
                "shared = \"redis://h?…\" # see https://a.example/b",
            ),
            (
                "a = 'https://me:ses\"ame@h', b = \"https://h#ses\\\"ame\"",
                "a = 'https://…@h', b = \"https://h#…\"",
            ),
            (
                "cannot reach https://h/a?token=sesame now",
                "cannot reach https://h/a?… now",
            ),
            ("open = \"redis://h?ses ame", "open = \"redis://h?…"),
            ("(x)://me:sesame@h", "(x)://…@h"),
            ("ü://ü@ü", "ü://…@ü"),
        ] {
            assert_eq!(without_secrets(text), shown, "{text}");
            assert_eq!(without_secrets(shown), shown, "once more");
        }
    }
}
