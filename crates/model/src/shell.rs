//! Words of commands that are suggested to a person, so that a shell reads each as one word.

/// The text as one word of a shell: as it is where nothing of it means anything there, else within quotes.
pub fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._-/:@%+=,".contains(c);
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// The same of a path, which is no option either.
pub fn path(path: &str) -> String {
    match path.starts_with('-') {
        true => word(&format!("./{path}")),
        false => word(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_something_else() {
        for (text, expected) in [
            ("acme", "acme"),
            ("../Kunden/März-2026_v1.2", "../Kunden/März-2026_v1.2"),
            ("our customers", "'our customers'"),
            ("it's", "'it'\\''s'"),
            ("~/a", "'~/a'"),
            ("a;b", "'a;b'"),
            ("$HOME", "'$HOME'"),
            ("-x", "'-x'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), expected);
        }
        assert_eq!(path("-q"), "./-q");
        assert_eq!(path("- q"), "'./- q'");
        assert_eq!(path("a b"), "'a b'");
    }
}
