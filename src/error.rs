//! What a person is told when something is wrong.
//!
//! Owner of two things: [`Failure`], an error with a kind (which decides the exit code) and the next step, and
//! [`Diagnostics`], the list of all mistakes in the files that people write, reported together and sorted
//! (`diagnostic`), each under the line that it stands in (`snippet`).
//! Neither ever holds a customer's value: texts quote settings, columns and paths only.
//! Left out on purpose: bad data. That is a gap, which is a value and not an error (`assess`).

mod diagnostic;
mod snippet;
mod style;

pub use diagnostic::{Diagnostic, Diagnostics, Mistakes};
pub use snippet::{Snippet, visible};
pub use style::Style;

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
    /// The mistakes in files that it is about, if any.
    pub mistakes: Mistakes,
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
            mistakes: Mistakes::default(),
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.message, self.mistakes.text(Style::PLAIN))
    }
}

impl std::error::Error for Failure {}

/// The exit code of an error: its [`Kind`] wherever it stands in the chain, else "cannot go on".
pub fn exit_code(error: &anyhow::Error) -> u8 {
    failure(error)
        .map_or(Kind::CannotGoOn, |f| f.kind)
        .exit_code()
}

/// The whole text for a person: the chain of causes, the mistakes in files, then the next step.
pub fn describe(error: &anyhow::Error, style: Style) -> String {
    let mut text = format!("{} ", style.wrong("error:"));
    for (place, cause) in error.chain().enumerate() {
        if place > 0 {
            text.push_str("\n  because: ");
        }
        match cause.downcast_ref::<Failure>() {
            Some(failure) => {
                text.push_str(&failure.message);
                text.push_str(&failure.mistakes.text(style));
            }
            None => text.push_str(&cause.to_string()),
        }
    }
    if let Some(found) = failure(error).filter(|f| !f.hint.is_empty()) {
        text.push_str(&format!("\n  {} {}", style.quiet("next:"), found.hint));
    }
    text
}

fn failure(error: &anyhow::Error) -> Option<&Failure> {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>())
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
