//! Mistakes in the files that people write, told like a good compiler's.
//!
//! Owner of [`Diagnostic`], one mistake, and of how all of them are told together: sorted by file and line, each once, only
//! the first of each kind where there are many, with a total that counts them all.
//! A kind is a message without what it quotes, so that a new message needs no name of its own.

use std::collections::HashMap;

use super::{Failure, FailureKind, Snippet, Style, visible};
use crate::address::without_secrets;

/// Mistakes of one kind that are told one by one.
const OF_A_KIND: usize = 20;
/// Columns that a marker and what stands behind it may take together.
const WIDEST: usize = 120;

/// One mistake in a file that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file, as the person named it.
    pub file: String,
    /// Line, from 1; 0 is the file as a whole.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What it should be; often the nearest right name.
    pub help: Option<String>,
    /// The line, with a marker under the offending text.
    pub snippet: Option<Snippet>,
}

impl Diagnostic {
    /// A mistake that is in no line: something that the file lacks.
    pub fn of_file(file: &str, message: String, help: String) -> Diagnostic {
        Diagnostic {
            file: file.to_owned(),
            line: 0,
            column: 0,
            message,
            help: Some(help),
            snippet: None,
        }
    }

    fn place(&self) -> String {
        // People name files by addresses as well.
        let file = visible(&without_secrets(&self.file));
        match self.line {
            0 => file,
            line => format!("{file}:{line}:{}", self.column),
        }
    }

    /// The message without what it quotes: what is the same in all mistakes of a kind.
    fn kind(&self) -> String {
        let mut kind = String::new();
        let mut closing = None;
        for c in self.message.chars() {
            match (closing, c) {
                (Some(end), _) if c == end => closing = None,
                (Some(_), _) => {}
                (None, '`' | '"') => {
                    closing = Some(c);
                    kind.push('…');
                }
                (None, '(') => closing = Some(')'),
                (None, _) if c.is_ascii_digit() => {}
                (None, _) => kind.push(c),
            }
        }
        kind
    }

    fn text(&self, style: Style) -> String {
        let message = visible(&without_secrets(&self.message));
        let help = self.help.as_deref().map(visible);
        let number = match &self.snippet {
            Some(_) => self.line.to_string(),
            None => " ".to_owned(),
        };
        let margin = " ".repeat(number.len());
        let (arrow, bar) = (style.frame("-->"), style.frame("|"));
        let mut text = format!(
            "\n\n{} {message}\n{margin}{arrow} {}",
            style.wrong("error:"),
            self.place()
        );
        let mut below = help.as_deref();
        if let Some(snippet) = &self.snippet {
            let (blank, mark) = (" ".repeat(snippet.before), "^".repeat(snippet.width));
            text.push_str(&format!("\n{margin} {bar}"));
            text.push_str(&format!(
                "\n{} {bar} {}\n{margin} {bar} {blank}{}",
                style.frame(&number),
                snippet.text,
                style.wrong(&mark)
            ));
            let columns = snippet.before + snippet.width;
            let fits = |help: &&str| columns + help.chars().count() < WIDEST;
            if let Some(beside) = below.filter(fits) {
                text.push_str(&format!(" {}", style.wrong(beside)));
                below = None;
            }
        }
        if let Some(help) = below {
            text.push_str(&format!("\n{margin} {} {help}", style.frame("=")));
        }
        text
    }
}

/// All mistakes found so far.
#[derive(Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many were found.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Nothing found → `Ok`; else one error that lists them all, by file and line.
    pub fn into_result(mut self) -> anyhow::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort();
        self.0.dedup();
        let (mistakes, them) = match self.0.len() {
            1 => ("1 mistake".to_owned(), "it".to_owned()),
            count => (format!("{count} mistakes"), format!("these {count}")),
        };
        Err(anyhow::Error::new(Failure {
            kind: FailureKind::Configuration,
            message: format!("the configuration has {mistakes}"),
            hint: format!("correct {them} and run the command again"),
            mistakes: Mistakes(self.0),
        }))
    }
}

/// Mistakes as they are told: sorted, each once.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<Diagnostic>);

impl Mistakes {
    /// Each under its line, the first of each kind; empty without mistakes.
    pub(super) fn text(&self, style: Style) -> String {
        let mut kinds: HashMap<String, (usize, usize)> = HashMap::new();
        let by_kind: Vec<String> = self.0.iter().map(Diagnostic::kind).collect();
        for (place, kind) in by_kind.iter().enumerate() {
            let (count, last) = kinds.entry(kind.clone()).or_default();
            *count += 1;
            *last = place;
        }
        let mut told: HashMap<&str, usize> = HashMap::new();
        let mut text = String::new();
        for (mistake, kind) in self.0.iter().zip(&by_kind) {
            let told = told.entry(kind).or_default();
            *told += 1;
            if *told <= OF_A_KIND {
                text.push_str(&mistake.text(style));
            }
            let (count, last) = kinds[kind];
            if *told == OF_A_KIND && count > OF_A_KIND {
                text.push_str(&format!(
                    "\n\n… and {} more of this kind, the last at {}",
                    count - OF_A_KIND,
                    self.0[last].place()
                ));
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(line: usize, message: &str) -> Diagnostic {
        Diagnostic {
            file: "mapping.toml".into(),
            line,
            column: 7,
            message: message.into(),
            help: Some("another".into()),
            snippet: Some(Snippet::new("key = \"A\"", 6..9)),
        }
    }

    fn told(mistakes: impl IntoIterator<Item = Diagnostic>) -> String {
        let mut found = Diagnostics::default();
        mistakes.into_iter().for_each(|mistake| found.push(mistake));
        super::super::describe(&found.into_result().unwrap_err(), Style::PLAIN)
    }

    #[test]
    fn a_mistake_stands_under_its_line() {
        assert_eq!(
            told([mistake(12, "no column `A`")]),
            "error: the configuration has 1 mistake\n\
             \n\
             error: no column `A`\n  \
               --> mapping.toml:12:7\n   \
                |\n\
             12 | key = \"A\"\n   \
                |       ^^^ another\n\n  \
             next: correct it and run the command again"
        );
    }

    #[test]
    fn many_of_a_kind_are_cut_and_the_total_is_not() {
        let many = (1..=60).map(|line| mistake(line, &format!("no column `C{line}`")));
        let other = mistake(99, "no field `x`");
        let text = told(many.chain([other.clone(), other]));
        assert!(text.starts_with("error: the configuration has 61 mistakes\n"));
        assert_eq!(text.matches("error: no column").count(), OF_A_KIND);
        assert_eq!(text.matches("error: no field").count(), 1);
        assert!(text.contains("\n… and 40 more of this kind, the last at mapping.toml:60:7\n"));
    }

    #[test]
    fn a_kind_is_what_a_message_does_not_quote() {
        let kind = |message| mistake(1, message).kind();
        assert_eq!(
            kind("no column `A` (for 12)"),
            kind("no column `B 2` (for X)")
        );
        assert_ne!(kind("no column `A`"), kind("no field `A`"));
    }

    #[test]
    fn colours_are_around_the_same_text() {
        let mut found = Diagnostics::default();
        found.push(mistake(3, "no column `A`"));
        let error = found.into_result().unwrap_err();
        let coloured = super::super::describe(&error, Style::COLOURED);
        let bare = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
        assert!(coloured.contains("\u{1b}[1;31m"));
        assert_eq!(
            bare.replace_all(&coloured, ""),
            super::super::describe(&error, Style::PLAIN)
        );
    }

    #[test]
    fn an_address_for_a_file_is_shown_without_its_password() {
        let file = "https://me:sesame@host/l.toml";
        let of_file = Diagnostic::of_file(file, "not here".into(), "check it".into());
        let in_line = Diagnostic {
            file: file.into(),
            ..mistake(1, "no column")
        };
        let text = told([of_file, in_line]);
        assert!(
            !text.contains("sesame") && text.contains("https://…@host/l.toml:1:7"),
            "{text}"
        );
    }

    /// A file's text cannot reach the terminal with anything that it obeys.
    #[test]
    fn controls_are_written_out() {
        let text = told([mistake(1, "no column `\u{1b}[2J`")]);
        assert!(!text.contains('\u{1b}') && text.contains("\\u{1b}[2J"));
    }
}
