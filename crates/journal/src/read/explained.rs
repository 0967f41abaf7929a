//! What a person is told of an error that SQLite gives in the middle of a command.
//!
//! Owner of [`explained`], which every command's error passes. Left out on purpose: errors while a database is opened, which say so
//! themselves (`schema::refused`).

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::read::reader::Reader;
use crate::schema::{has_log, refused};
use bakkt_files::state_folder::is_frozen;
use bakkt_model::error::{Failure, ShownPath};

/// Which journal an error is of, where there are several.
#[derive(Debug)]
struct DamagedJournal(PathBuf);

impl fmt::Display for DamagedJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the journal {} cannot be read", self.0.shown())
    }
}

/// The first error of SQLite in a chain.
fn of_sqlite(error: &anyhow::Error) -> Option<(&rusqlite::Error, ErrorCode)> {
    let mut causes = error.chain();
    causes.find_map(|cause| {
        let error = cause.downcast_ref::<rusqlite::Error>()?;
        error.sqlite_error_code().map(|code| (error, code))
    })
}

fn is_damage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
}

impl Reader {
    /// An answer of this journal. Damage says of which journal it is; any other error stays as it is.
    pub fn named<T>(&self, answer: anyhow::Result<T>) -> anyhow::Result<T> {
        named(&self.path, answer)
    }
}

/// The same of a journal that is being opened.
pub(super) fn named<T>(path: &Path, answer: anyhow::Result<T>) -> anyhow::Result<T> {
    answer.map_err(|error| {
        let is_ours = of_sqlite(&error).is_some_and(|(_, code)| is_damage(code));
        match is_ours && error.downcast_ref::<DamagedJournal>().is_none() {
            true => error.context(DamagedJournal(path.to_owned())),
            false => error,
        }
    })
}

/// What is told of a journal that cannot be read; where its log cannot be read into it either, what to do about that.
pub(crate) fn unreadable_journal(path: &Path, error: anyhow::Error) -> anyhow::Error {
    let what = DamagedJournal(path.to_owned());
    match is_frozen(path) && has_log(path) {
        true => Failure::cannot(
            format!(
                "{what}: the file beside it that ends in -wal has what journal.db lacks, and this file system takes no changes"
            ),
            "copy the whole state folder to a disk that can be written, and look at it there",
        ),
        false => error.context(what),
    }
}

/// The error for a person, where a command ended with a damaged page somewhere in a database, or with a disk without room: what was
/// being done then says nothing to them. Any other error stays as it is.
pub fn explained(error: anyhow::Error) -> anyhow::Error {
    match of_sqlite(&error) {
        Some((damage, code)) if is_damage(code) => {
            let place = match error.downcast_ref::<DamagedJournal>() {
                Some(DamagedJournal(path)) => format!("{}: ", path.shown()),
                None => String::new(),
            };
            Failure::cannot(
                format!("the journal cannot be read: {place}{damage}"),
                "journal.db, or events.db beside it, is damaged; `sqlite3 FILE 'PRAGMA quick_check'` says which. Restore that file alone from a backup before going on",
            )
        }
        Some((other, ErrorCode::DiskFull | ErrorCode::SystemIoFailure)) => refused("used", other),
        _ => error,
    }
}
