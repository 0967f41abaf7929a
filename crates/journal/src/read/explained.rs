//! What a person is told of an error that SQLite gives in the middle of a command.
//!
//! Owner of [`explained`], which every command's error passes. Left out on purpose: errors while a database is opened, which say so
//! themselves (`schema::refused`).

use rusqlite::ErrorCode;

use crate::schema::refused;
use bakkt_model::error::Failure;

/// The error for a person, where a command ended with a damaged page somewhere in a database, or with a disk without room: what was
/// being done then says nothing to them. Any other error stays as it is.
pub fn explained(error: anyhow::Error) -> anyhow::Error {
    let mut causes = error.chain();
    let found = causes.find_map(|cause| {
        let error = cause.downcast_ref::<rusqlite::Error>()?;
        error.sqlite_error_code().map(|code| (error, code))
    });
    match found {
        Some((damage, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => Failure::cannot(
            format!("the journal cannot be read: {damage}"),
            "journal.db, or events.db beside it, is damaged; `sqlite3 FILE 'PRAGMA quick_check'` says which. Restore that file alone from a backup before going on",
        ),
        Some((other, ErrorCode::DiskFull | ErrorCode::SystemIoFailure)) => refused("used", other),
        _ => error,
    }
}
