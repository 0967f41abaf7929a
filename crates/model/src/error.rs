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
pub use snippet::{Snippet, is_hidden, visible};
pub use style::Style;

use std::fmt;
use std::io;

use crate::address::without_secrets;

/// Why the program could not go on; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The world refused: a file, a disk, a lock, the network.
    CannotGoOn,
    /// Arguments, `migration.toml`, a mapping or the key are wrong.
    Configuration,
    /// Stopped on purpose and resumable: the same command goes on.
    Stopped,
}

impl FailureKind {
    /// The exit code, as documented in the README.
    pub fn exit_code(self) -> u8 {
        match self {
            FailureKind::CannotGoOn => 1,
            FailureKind::Configuration => 2,
            FailureKind::Stopped => 4,
        }
    }
}

/// An error for a person: what is wrong, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: FailureKind,
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
        Self::error(FailureKind::Configuration, message, hint)
    }

    /// Something outside refuses: exit code 1.
    pub fn cannot(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self::error(FailureKind::CannotGoOn, message, hint)
    }

    /// Stopped, and the same command goes on: exit code 4.
    pub fn stopped(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        Self::error(FailureKind::Stopped, message, hint)
    }

    fn error(
        kind: FailureKind,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> anyhow::Error {
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

/// How a path is named in a message.
pub trait ShownPath {
    /// On one line, with whatever a terminal would obey or hide written out.
    fn shown(&self) -> String;
}

impl ShownPath for std::path::Path {
    fn shown(&self) -> String {
        visible(&self.to_string_lossy())
    }
}

/// What a person is told when a file that they named cannot be read; `doing` is such as "open accounts.csv". A name that
/// leads nowhere or to something else is for them to correct (exit code 2); a disk that fails, or a system without a
/// free file handle, is not (exit code 1).
pub fn unreadable(doing: &str, error: &io::Error, hint: impl Into<String>) -> anyhow::Error {
    let text = format!("cannot {doing}: {error}");
    match is_wrong_name(error) {
        true => Failure::configuration(text, hint),
        false => Failure::cannot(text, SYSTEM_HINT),
    }
}

/// What to do about a system that cannot read a file.
pub const SYSTEM_HINT: &str = "run the same command again when the system reads the file";

/// Whether a file cannot be read because of its name, its kind, its content or its rights, and not because of the system.
pub fn is_wrong_name(error: &io::Error) -> bool {
    use io::ErrorKind::{
        InvalidData, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound,
        PermissionDenied,
    };
    let circle = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    circle
        || matches!(
            error.kind(),
            NotFound
                | PermissionDenied
                | IsADirectory
                | NotADirectory
                | InvalidFilename
                | InvalidData
                | InvalidInput
        )
}

/// What a person is told when a result cannot be written.
pub fn unwritable(what: &str, error: &io::Error) -> anyhow::Error {
    Failure::cannot(
        format!("cannot write to {what}: {error}"),
        "make room, or write to another place; then run the same command again",
    )
}

/// A thread that was started, or what a person is told when the system starts no further one.
pub fn started<T>(thread: io::Result<T>) -> anyhow::Result<T> {
    thread.map_err(|error| {
        Failure::cannot(
            format!("the system starts no further thread: {error}"),
            "free some memory, or raise the limit of processes (ulimit -u) or of memory (ulimit -v); then run the same command",
        )
    })
}

/// Whether an error is about something outside of the program and its inputs: a disk, a system without handles.
pub fn is_io(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| is_failed_read(cause) || is_kind(cause, FailureKind::CannotGoOn))
}

/// A file that has become shorter, or that does not decode any more, was changed by somebody; a disk that fails was not.
fn is_failed_read(cause: &(dyn std::error::Error + 'static)) -> bool {
    use io::ErrorKind::{InvalidData, UnexpectedEof};
    cause
        .downcast_ref::<io::Error>()
        .is_some_and(|error| !matches!(error.kind(), UnexpectedEof | InvalidData))
}

fn is_kind(cause: &(dyn std::error::Error + 'static), kind: FailureKind) -> bool {
    cause
        .downcast_ref::<Failure>()
        .is_some_and(|failure| failure.kind == kind)
}

/// The exit code of an error: its [`FailureKind`] wherever it stands in the chain, else "cannot go on".
pub fn exit_code(error: &anyhow::Error) -> u8 {
    failure(error)
        .map_or(FailureKind::CannotGoOn, |f| f.kind)
        .exit_code()
}

/// The whole text for a person: the chain of causes, the mistakes in files, then the next step.
pub fn describe(error: &anyhow::Error, style: Style) -> String {
    let mut text = format!("{} ", style.wrong("error:"));
    let mut before = String::new();
    for (place, cause) in error.chain().enumerate() {
        // A library's error that says no more than the one that caused it.
        let said = cause.to_string();
        if place > 0 && said == before {
            continue;
        }
        before = said;
        if place > 0 {
            text.push_str("\n  because: ");
        }
        match cause.downcast_ref::<Failure>() {
            Some(failure) => {
                text.push_str(&without_secrets(&failure.message));
                text.push_str(&failure.mistakes.text(style));
            }
            None => text.push_str(&without_secrets(&cause.to_string())),
        }
    }
    if let Some(hint) = next_step(error) {
        let hint = without_secrets(hint);
        text.push_str(&format!("\n  {} {hint}", style.quiet("next:")));
    }
    text
}

/// What to do next: what the failure says, or what helps against a disk that has no room, whoever was writing.
fn next_step(error: &anyhow::Error) -> Option<&str> {
    let hint = failure(error).map(|failure| failure.hint.as_str());
    let is_full = |cause: &(dyn std::error::Error + 'static)| {
        let error = cause.downcast_ref::<io::Error>();
        error.is_some_and(|error| {
            use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
            matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
        })
    };
    let is_read_only = |cause: &(dyn std::error::Error + 'static)| {
        let error = cause.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.kind() == io::ErrorKind::ReadOnlyFilesystem)
    };
    match hint {
        Some(hint) if !hint.is_empty() => Some(hint),
        _ if error.chain().any(is_full) => Some(FULL_DISK),
        _ => error.chain().any(is_read_only).then_some(READ_ONLY),
    }
}

/// What to do about a disk without room.
const FULL_DISK: &str =
    "make room on the disk, or name a file on another one; then run the same command again";

/// What to do about a file system that takes no changes.
const READ_ONLY: &str = "make the file system writable, or name a place on another one; then run the same command again";

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

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_full_disk_has_a_next_step_whoever_was_writing() {
        let full = || io::Error::from_raw_os_error(28);
        let named = io::Error::new(full().kind(), format!("cannot write gaps.csv: {}", full()));
        for error in [
            anyhow::Error::new(full()),
            anyhow::Error::new(named),
            Err::<(), _>(full())
                .context("cannot write gaps.csv")
                .unwrap_err(),
        ] {
            let text = describe(&error, Style::PLAIN);
            assert!(text.contains("next: make room on the disk"), "{text}");
            assert_eq!(text.matches("No space left").count(), 1, "{text}");
        }
        let other = io::Error::from(io::ErrorKind::TimedOut);
        let text = describe(&anyhow::Error::new(other), Style::PLAIN);
        assert!(!text.contains("next:"), "{text}");
    }
}
