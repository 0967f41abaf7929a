//! Verification links that were fetched: when, until when they are good, how many ran out before. Never a link itself.
//!
//! Owner of the table `link`. Of a link there is a keyed hash, which tells a new one from the same. Left out: which
//! accounts are asked for documents (`read::accepted::links`), and fetching.

use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use rusqlite::params;

/// How many links of an account may expire; after that Bakkt gives no more.
pub const MOST_EXPIRATIONS: i64 = 3;

/// In the log of decisions: a call has its first link, of so many customers whom it asks about.
pub const LINKS_ASKED_FOR: &str = "verification links are asked for";
/// In the log of decisions: a call has ended, with so many links.
pub const LINKS_FETCHED: &str = "verification links were fetched";

/// The link of an account that was fetched last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// When it expires, in milliseconds; when it was fetched, if Bakkt did not say.
    pub expires_at: i64,
    /// How many links expired before it; [`MOST_EXPIRATIONS`] means that all are used up.
    pub expirations: i64,
    /// Keyed hash of the link.
    pub hash: [u8; 32],
}

/// A link that was fetched.
#[derive(Clone, Copy, Debug)]
pub struct FetchedLink {
    /// The number of the account task.
    pub task: i64,
    /// When it was fetched.
    pub at: i64,
    /// The link itself, without its text.
    pub link: Link,
}

impl Journal {
    /// Records links that were fetched; the file that holds them is durable by then.
    pub fn record_links(&mut self, fetched: &[FetchedLink]) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for one in fetched {
                let Link {
                    expires_at,
                    expirations,
                    hash,
                } = one.link;
                journal.db.prepare_cached(KEEP)?.execute(params![
                    one.task,
                    one.at,
                    expires_at,
                    expirations,
                    hash
                ])?;
            }
            Ok(())
        })
    }

    /// Whether a call that fetched links was stopped before it was done.
    pub fn links_unfinished(&self) -> anyhow::Result<bool> {
        Ok(self.meta(UNFINISHED)?.as_deref() == Some("1"))
    }

    /// Notes that a call fetches links, or that it is done.
    pub fn note_links_unfinished(&self, is_so: bool) -> anyhow::Result<()> {
        self.set_meta(UNFINISHED, if is_so { "1" } else { "0" })
    }

    /// Records that Bakkt gives these accounts no link any more.
    pub fn record_used_up(&mut self, tasks: &[i64], at: i64) -> anyhow::Result<()> {
        self.transaction(|journal| {
            for task in tasks {
                journal.db.prepare_cached(USED_UP)?.execute(params![
                    task,
                    at,
                    MOST_EXPIRATIONS,
                    [0_u8; 32]
                ])?;
            }
            Ok(())
        })
    }

    /// Adds to the operator log that links were asked for, or fetched.
    pub fn log_links(
        &mut self,
        what: &str,
        count: u64,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| journal.log("links", what, decided, count))
    }

    /// How many accounts have a link in the journal.
    pub fn links(&self) -> anyhow::Result<u64> {
        let sql = "SELECT count(*) FROM link";
        Ok(self.db.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
    }
}

/// The fact of `meta` that says so.
const UNFINISHED: &str = "links_unfinished";

const KEEP: &str = "INSERT INTO link (task, at, expires_at, expirations, hash) VALUES (?, ?, ?, ?, ?) \
    ON CONFLICT (task) DO UPDATE SET at = excluded.at, expires_at = excluded.expires_at, \
    expirations = excluded.expirations, hash = excluded.hash";
/// The last link that is known stays.
const USED_UP: &str = "INSERT INTO link (task, at, expires_at, expirations, hash) VALUES (?1, ?2, ?2, ?3, ?4) \
    ON CONFLICT (task) DO UPDATE SET expirations = excluded.expirations";
