//! A file that holds one secret, which only its owner may read.
//!
//! Owner of the check of its rights and of its one line. Both go by the same open file, so that nothing can be exchanged
//! between the look and the reading. Left out on purpose: which secrets there are (`commands::target`).

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::{ReadFailure, is_blank, lines, read_from, trim};

/// No key is longer.
const LARGEST: u64 = 64 << 10;

/// Reads the secret of a file whose rights shut everybody else out.
pub fn read_secret(path: &Path) -> Result<String, ReadFailure> {
    one_line(&read_from(open_private(path)?, LARGEST)?)
}

/// Opens a file whose rights shut everybody else out, for reading.
pub fn open_private(path: &Path) -> Result<File, ReadFailure> {
    let other = |error: std::io::Error| ReadFailure::system(&error);
    // A pipe without a writer must not hold the program up.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(other)?;
    let facts = file.metadata().map_err(other)?;
    if facts.is_dir() {
        return Err(ReadFailure::whole("it is a folder"));
    }
    if facts.permissions().mode() & 0o077 != 0 {
        return Err(ReadFailure::whole("others may read it"));
    }
    Ok(file)
}

/// The only line of a text that is not blank, trimmed.
pub fn one_line(text: &str) -> Result<String, ReadFailure> {
    let lines = lines(text).map(|(number, line)| (number, trim(line)));
    let mut lines = lines.filter(|(_, line)| !line.is_empty());
    let Some((_, first)) = lines.next() else {
        return Err(ReadFailure::whole("it is empty"));
    };
    match lines.next() {
        None => Ok(first.to_owned()),
        Some((number, _)) => Err(ReadFailure::at(
            number,
            "there is a second line, and a key has one",
        )),
    }
}

/// What is odd about an API key, whose owner copied more than the key; nothing of it is repeated.
pub fn odd_key(key: &str) -> Option<&'static str> {
    let lower = key.to_ascii_lowercase();
    let is_quoted = |quote: char| key.len() > 1 && key.starts_with(quote) && key.ends_with(quote);
    if ['"', '\'', '`'].into_iter().any(is_quoted) {
        return Some("the key stands in quotes, which would be sent with it");
    }
    let words = [
        "api-key ",
        "bearer ",
        "basic ",
        "authorization:",
        "x-api-key:",
    ];
    if words.into_iter().any(|word| lower.starts_with(word)) {
        return Some("words of a header stand in front of the key");
    }
    let name = key.split_once('=').map(|(name, _)| name);
    let name = name.map(|name| name.trim().trim_start_matches("export "));
    let is_variable = |name: &str| name.ends_with("_KEY") || name.starts_with("BAKKT_");
    if name.is_some_and(is_variable) {
        return Some("the name of a variable stands in front of the key");
    }
    key.chars()
        .any(|c| !c.is_whitespace() && is_blank(c))
        .then_some("there is an invisible character in the key")
}

#[cfg(test)]
mod tests {
    use super::{odd_key, one_line};

    #[test]
    fn what_was_copied_with_a_key_is_told() {
        for (key, what) in [
            ("\"k3y\"", "quotes"),
            ("'k3y'", "quotes"),
            ("API-Key k3y", "header"),
            ("Authorization: API-Key k3y", "header"),
            ("BAKKT_API_KEY=k3y", "variable"),
            ("export API_KEY=k3y", "variable"),
            ("k3\u{200B}y", "invisible"),
        ] {
            let told = odd_key(key).unwrap_or_default();
            assert!(told.contains(what) && !told.contains("k3"), "{key:?}");
        }
        for key in ["k3y", "a key", "c2VjcmV0IGtleQ==", "k\"3y"] {
            assert_eq!(odd_key(key), None, "{key}");
        }
    }

    #[test]
    fn a_secret_is_one_line_and_nothing_around_it() {
        for text in ["key", "key\r\n", "\n\u{A0}key \n\n", "key\r", "\u{FEFF}key"] {
            assert_eq!(one_line(text).as_deref(), Ok("key"), "{text:?}");
        }
        assert_eq!(one_line(" \r\n").unwrap_err().line, None);
        assert_eq!(one_line("key\n\nother\n").unwrap_err().line, Some(3));
        assert_eq!(one_line("key\rother").unwrap_err().line, Some(2));
    }
}
