//! What a person is told when something is wrong.
//!
//! Owner of two things: [`Failure`], an error with a kind (which decides the exit code) and the next step, and
//! [`Diagnostics`], the list of all mistakes in the files that people write, reported together and sorted.
//! Neither ever holds a customer's value: texts quote settings, columns and paths only.
//! Left out on purpose: bad data. That is a gap, which is a value and not an error (`assess`).

use std::fmt;

/// Why the program could not go on; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The world refused: a file, a disk, a lock, the network.
    CannotGoOn,
    /// Arguments, `migration.toml`, a mapping or the key are wrong.
    Configuration,
    /// Stopped on purpose and resumable: the same command goes on.
    Stopped,
}

impl Kind {
    /// The exit code, as documented in the README.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::CannotGoOn => 1,
            Kind::Configuration => 2,
            Kind::Stopped => 4,
        }
    }
}

/// An error for a person: what is wrong, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: Kind,
    /// What is wrong, and where.
    pub message: String,
    /// What to do next; empty when the message says it all.
    pub hint: String,
}

impl Failure {
    /// Arguments or configuration are wrong: exit code 2.
    pub fn configuration(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self::error(Kind::Configuration, message, hint)
    }

    /// Something outside refuses: exit code 1.
    pub fn cannot(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self::error(Kind::CannotGoOn, message, hint)
    }

    /// Stopped, and the same command goes on: exit code 4.
    pub fn stopped(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self::error(Kind::Stopped, message, hint)
    }

    fn error(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Failure {
            kind,
            message: message.into(),
            hint: hint.into(),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The exit code of an error: its [`Kind`] wherever it stands in the chain, else "cannot go on".
pub fn exit_code(error: &anyhow::Error) -> u8 {
    failure(error)
        .map_or(Kind::CannotGoOn, |f| f.kind)
        .exit_code()
}

/// The whole text for a person: the chain of causes, then the next step.
pub fn describe(error: &anyhow::Error) -> String {
    let mut text = String::from("error: ");
    for (place, cause) in error.chain().enumerate() {
        if place > 0 {
            text.push_str("\n  because: ");
        }
        text.push_str(&cause.to_string());
    }
    if let Some(found) = failure(error).filter(|f| !f.hint.is_empty()) {
        text.push_str("\n  next: ");
        text.push_str(&found.hint);
    }
    text
}

fn failure(error: &anyhow::Error) -> Option<&Failure> {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>())
}

/// One mistake in a file that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file, as the person named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The offending text, shortened to one line.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What it should be; often the nearest right name.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )?;
        if !self.text.is_empty() {
            write!(f, "\n    | {}", self.text)?;
        }
        match &self.help {
            Some(help) => write!(f, "\n    = {help}"),
            None => Ok(()),
        }
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
        let count = self.0.len();
        let mut text = format!(
            "the configuration has {count} mistake{}",
            if count == 1 { "" } else { "s" }
        );
        for diagnostic in &self.0 {
            text.push('\n');
            text.push_str(&diagnostic.to_string());
        }
        Err(Failure::configuration(
            text,
            "correct the lines above and run the command again",
        ))
    }
}

/// The name among `known` that is nearest to `wrong`, when one is near enough to be what was meant.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
