//! How far reading back has come: passes, and parts of them.
//!
//! Owner of the facts `verify_*` in `meta`. A *pass* reads every accepted account once, and a call that was killed goes on
//! where the last durable result is. What reads less (some ids, the unsettled, the status alone) is a *part*: its results
//! are as good, but no pass is over because of it; it too goes on when the same part is asked for again.
//! Left out on purpose: which accounts those are (`unread`).

use std::path::Path;

use anyhow::Context;

use super::events::check_version;
use super::open::Journal;

/// What is to be read.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only these clientAccountIds.
    pub only: Option<Vec<String>>,
    /// Only accounts that Bakkt has not decided about, as far as it is known.
    pub unsettled: bool,
    /// Only whether they are there and their status; nothing is compared.
    pub status_only: bool,
    /// The content of documents too.
    pub content: bool,
    /// From the beginning, whatever was read before.
    pub again: bool,
}

/// A pass or a part that is being read.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// The number of the pass; of a part, that of the last one.
    pub pass: u64,
    pub(super) whole: bool,
    /// Of a part: when it was begun.
    pub(super) since: i64,
    /// When this call was.
    pub(super) called: i64,
    pub(super) unsettled: bool,
    pub(super) selected: bool,
    pub(super) status_only: bool,
}

impl Journal {
    /// Begins a reading, or finds the one to go on with. `events`: the events database, where there is one.
    pub fn begin_verification(
        &mut self,
        events: Option<&Path>,
        scope: &Scope,
        at: i64,
    ) -> anyhow::Result<Round> {
        self.attach_events(events)?;
        self.db.execute_batch(FORMER_UPLOADS)?;
        let pass = self.number("verify_pass")?;
        let whole = scope.only.is_none() && !scope.unsettled && !scope.status_only;
        let round = Round {
            pass: pass.unsigned_abs(),
            whole,
            since: at,
            called: at,
            unsettled: scope.unsettled,
            selected: scope.only.is_some(),
            status_only: scope.status_only,
        };
        if whole {
            self.begin_pass(round, scope)
        } else {
            self.begin_part(round, scope)
        }
    }

    fn begin_pass(&mut self, round: Round, scope: &Scope) -> anyhow::Result<Round> {
        let of = if scope.content { "all, content" } else { "all" };
        let open = round.pass > 0 && self.meta("verify_done_at")?.as_deref() == Some("");
        if open && !scope.again && self.meta("verify_pass_of")?.as_deref() == Some(of) {
            return Ok(round);
        }
        let pass = round.pass + 1;
        self.transaction(|journal| {
            journal.set_meta("verify_pass", &pass.to_string())?;
            journal.set_meta("verify_pass_of", of)?;
            journal.set_meta("verify_begun_at", &round.since.to_string())?;
            journal.set_meta("verify_done_at", "")
        })?;
        Ok(Round { pass, ..round })
    }

    fn begin_part(&mut self, round: Round, scope: &Scope) -> anyhow::Result<Round> {
        let ids = scope.only.as_ref().map(|ids| {
            let hash = self.hash(ids.join("\n").as_bytes());
            blake3::Hash::from(hash).to_hex().to_string()
        });
        let (unsettled, status) = (scope.unsettled, scope.status_only);
        let key = format!(
            "{unsettled} {status} {} {} ",
            scope.content,
            ids.unwrap_or_default()
        );
        let known = self.meta("verify_part")?.unwrap_or_default();
        let since = known.strip_prefix(&key).and_then(|at| at.parse().ok());
        match since.filter(|_| !scope.again) {
            Some(since) => Ok(Round { since, ..round }),
            None => {
                self.set_meta("verify_part", &format!("{key}{}", round.since))?;
                Ok(round)
            }
        }
    }

    /// The last reading with nothing left to read is over.
    pub fn end_verification(&mut self, round: &Round, at: i64) -> anyhow::Result<()> {
        if round.whole {
            self.set_meta("verify_done_at", &at.to_string())
        } else {
            self.set_meta("verify_part", "")
        }
    }

    fn number(&self, key: &str) -> anyhow::Result<i64> {
        let text = self.meta(key)?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// What was heard by webhook, to read beside the journal; without an events database, as if nothing was.
    fn attach_events(&self, events: Option<&Path>) -> anyhow::Result<()> {
        if let Some(path) = events.filter(|path| path.exists()) {
            let path = path
                .to_str()
                .context("the migration folder's name is not UTF-8")?;
            // Read-only: its writer may be at work, and a transaction here must not lock it.
            self.db
                .execute("ATTACH DATABASE ? AS ev", [read_only(path)])?;
            if check_version(&self.db, Some("ev"))? > 0 {
                return Ok(());
            }
            // It is being made this very moment.
            self.db.execute_batch("DETACH DATABASE ev")?;
        }
        self.db.execute_batch(
            "ATTACH DATABASE ':memory:' AS ev;
             CREATE TABLE ev.party (client_id TEXT PRIMARY KEY, status TEXT, reason TEXT, documents INTEGER, last_at INTEGER) WITHOUT ROWID;",
        )?;
        Ok(())
    }
}

/// The database's name as an address that allows reading only.
fn read_only(path: &str) -> String {
    let mut uri = String::from("file:");
    for c in path.chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    uri + "?mode=ro"
}

/// Documents of earlier plans, by account: they stay with Bakkt.
const FORMER_UPLOADS: &str = "
    CREATE TEMP TABLE former_upload (client_id TEXT, uuid TEXT, PRIMARY KEY (client_id, uuid)) WITHOUT ROWID;
    INSERT OR IGNORE INTO temp.former_upload
        SELECT f.client_id, f.uuid FROM main.former_task f JOIN main.task t ON t.id = f.task
        WHERE t.kind = 5 AND t.state = 4 AND f.uuid IS NOT NULL;";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_folder_is_no_address() {
        assert_eq!(
            read_only("/a b/c?d#e%/x"),
            "file:/a b/c%3fd%23e%25/x?mode=ro"
        );
    }

    #[test]
    fn passes_follow_each_other_and_parts_end_none() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let begin = |scope: &Scope, at: i64| {
            let mut journal = Journal::open(folder.path())?;
            let round = journal.begin_verification(None, scope, at)?;
            anyhow::Ok((journal, round))
        };
        let all = Scope::default();
        let (_, first) = begin(&all, 10)?;
        let (journal, same) = begin(&all, 20)?;
        assert_eq!((first.pass, same.pass), (1, 1));
        drop(journal);
        let part = Scope {
            only: Some(vec!["A".into()]),
            ..Scope::default()
        };
        let (mut journal, other) = begin(&part, 30)?;
        assert_eq!((other.pass, other.since), (1, 30));
        assert_eq!(journal.select_accounts(&["A".into()])?, ["A"]);
        drop(journal);
        // Not over: the same part goes on, another begins.
        let (mut journal, other) = begin(&part, 40)?;
        assert_eq!(other.since, 30);
        journal.end_verification(&other, 50)?;
        drop(journal);
        assert_eq!(begin(&part, 60)?.1.since, 60);
        let again = Scope {
            again: true,
            ..part.clone()
        };
        assert_eq!(begin(&again, 70)?.1.since, 70);
        let content = Scope {
            content: true,
            ..Scope::default()
        };
        let (mut journal, second) = begin(&content, 80)?;
        assert_eq!(second.pass, 2);
        journal.end_verification(&second, 90)?;
        drop(journal);
        assert_eq!(begin(&content, 100)?.1.pass, 3);
        Ok(())
    }
}
