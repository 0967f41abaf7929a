//! How far reading back has come: passes, and parts.
//!
//! A *pass* reads every accepted account once and continues after a kill where the last durable result is. A *part* reads less:
//! some ids, the undecided ones, or the status alone. It continues too when the same part is asked for again, but ends no pass.
//! Owner of the facts `verify_*` in `meta`.

use std::path::Path;

use crate::events::attach::attach_for_writer;
use crate::write::journal::Journal;

/// What is to be read.
#[derive(Clone, Debug, Default)]
pub struct VerificationScope {
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
pub struct VerificationRound {
    /// The number of the pass; of a part, that of the last one.
    pub pass: u64,
    pub(crate) whole: bool,
    /// Of a part: when it was begun.
    pub(crate) since: i64,
    /// When this call was.
    pub(crate) called: i64,
    pub(crate) unsettled: bool,
    pub(crate) selected: bool,
    pub(crate) status_only: bool,
}

impl Journal {
    /// Begins a reading, or finds the one to go on with. `events`: the events database, where there is one.
    pub fn begin_verification(
        &mut self,
        events: Option<&Path>,
        scope: &VerificationScope,
        at: i64,
    ) -> anyhow::Result<VerificationRound> {
        attach_for_writer(&self.db, events)?;
        self.db.execute_batch(FORMER_UPLOADS)?;
        let pass = self.number("verify_pass")?;
        let whole = scope.only.is_none() && !scope.unsettled && !scope.status_only;
        let round = VerificationRound {
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

    fn begin_pass(
        &mut self,
        round: VerificationRound,
        scope: &VerificationScope,
    ) -> anyhow::Result<VerificationRound> {
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
        Ok(VerificationRound { pass, ..round })
    }

    fn begin_part(
        &mut self,
        round: VerificationRound,
        scope: &VerificationScope,
    ) -> anyhow::Result<VerificationRound> {
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
            Some(since) => Ok(VerificationRound { since, ..round }),
            None => {
                self.set_meta("verify_part", &format!("{key}{}", round.since))?;
                Ok(round)
            }
        }
    }

    /// The last reading with nothing left to read is over.
    pub fn end_verification(&mut self, round: &VerificationRound, at: i64) -> anyhow::Result<()> {
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
}

/// Documents of earlier plans, by account: they stay with Bakkt.
const FORMER_UPLOADS: &str = sql!("
    CREATE TEMP TABLE former_upload (client_id TEXT, uuid TEXT, PRIMARY KEY (client_id, uuid)) WITHOUT ROWID;
    INSERT OR IGNORE INTO temp.former_upload
        SELECT f.client_id, f.uuid FROM main.former_task f JOIN main.task t ON t.id = f.task
        WHERE t.kind = {kind.former_document} AND t.state = {state.accepted} AND f.uuid IS NOT NULL;");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_follow_each_other_and_parts_end_none() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let begin = |scope: &VerificationScope, at: i64| {
            let mut journal = Journal::open(folder.path())?;
            let round = journal.begin_verification(None, scope, at)?;
            anyhow::Ok((journal, round))
        };
        let all = VerificationScope::default();
        let (_, first) = begin(&all, 10)?;
        let (journal, same) = begin(&all, 20)?;
        assert_eq!((first.pass, same.pass), (1, 1));
        drop(journal);
        let part = VerificationScope {
            only: Some(vec!["A".into()]),
            ..VerificationScope::default()
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
        let again = VerificationScope {
            again: true,
            ..part.clone()
        };
        assert_eq!(begin(&again, 70)?.1.since, 70);
        let content = VerificationScope {
            content: true,
            ..VerificationScope::default()
        };
        let (mut journal, second) = begin(&content, 80)?;
        assert_eq!(second.pass, 2);
        journal.end_verification(&second, 90)?;
        drop(journal);
        assert_eq!(begin(&content, 100)?.1.pass, 3);
        Ok(())
    }
}
