//! Reading accounts back: which are still to be read, and what was found.
//!
//! Owner of the tables `verification` and `difference` and of passes: a pass reads every accepted account once, and a call
//! that was killed goes on where the last durable result is. What reads a part only (some ids, the unsettled, the status
//! alone) is a *part*: its results are as good, but no pass is over because of it.
//! Invariants: no value is kept, only paths, kinds, Bakkt's own words and ids; an account that Bakkt was sent something
//! newer than it was compared with counts as unread.
//! Left out on purpose: asking and comparing (`verify`), and counting the results (`verification_lines`).

use std::path::Path;

use anyhow::Context;
use rusqlite::{OptionalExtension, Row, params};

use super::open::Journal;
use super::tasks::{DocumentFacts, Kind, Selection, Task, position};
use crate::contract::decision::{self, Decision, Heard};
use crate::source::Position;

/// What a reading back comes to; the numbers stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Bakkt has what was sent.
    Same = 0,
    /// Something differs.
    Different = 1,
    /// Bakkt does not know the account.
    Unknown = 2,
    /// It is there, and nobody can say what it should be like.
    NotComparable = 3,
}

/// The words of `verification.result`, by number.
pub const OUTCOMES: [&str; 4] = ["same", "different", "unknown to Bakkt", "not comparable"];

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
    whole: bool,
    since: i64,
    unsettled: bool,
    selected: bool,
    status_only: bool,
}

/// Where the journal was read to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    former: bool,
    after: i64,
    end: bool,
}

impl Cursor {
    /// Whether there is nothing behind it.
    pub fn is_at_end(&self) -> bool {
        self.end
    }
}

/// An account to read back.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its row and the keyed hash of what was sent.
    pub task: Task,
    /// Why it cannot be compared with what was sent; `None`: it can.
    pub unlike: Option<&'static str>,
    /// Bakkt's id at acceptance; empty: not known.
    pub bakkt_id: String,
    /// When Bakkt made it, as stated at acceptance; empty: not known.
    pub created_at: String,
    /// What the webhooks say, when they agree.
    pub heard: Option<Decision>,
    /// Where it stood with Bakkt before this reading: webhooks and the last reading together.
    pub known: Decision,
    /// The last reading told something unexpected of its state.
    pub told: bool,
    /// Its documents, as far as the journal knows them.
    pub documents: Vec<Uploaded>,
}

/// A document of an account.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// What it is made from; of a former one, the clientDocumentId alone.
    pub facts: DocumentFacts,
    /// Bakkt accepted it.
    pub accepted: bool,
    /// Its metadata is that of the plan.
    pub comparable: bool,
    /// documentType and documentSide of the plan; `None`: of an earlier plan.
    pub what: Option<(String, Option<String>)>,
}

/// How Bakkt names an account's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// `status`.
    pub status: String,
    /// `mode`.
    pub mode: String,
    /// `canTradeCrypto`, when it is told.
    pub can_trade: Option<bool>,
}

impl Named {
    /// What it means.
    pub fn decision(&self) -> Decision {
        decision::of_account(&self.status, &self.mode, self.can_trade)
    }
}

/// A difference: of the account, or of a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// clientDocumentId; empty: the account's.
    pub document: String,
    /// The path.
    pub path: String,
    /// How it differs.
    pub kind: &'static str,
}

/// The path of an account as a whole.
pub const ACCOUNT_PATH: &str = "account";

/// Paths of differences that are not about what was sent.
const STATE_PATHS: [&str; 4] = [ACCOUNT_PATH, "status", "mode", "canTradeCrypto"];

/// An account that was read back.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its account task.
    pub task: i64,
    /// When.
    pub at: i64,
    /// Its state; `None`: Bakkt does not know it.
    pub named: Option<Named>,
    /// Keyed hash of what it was compared with, or why it was not.
    pub compared: Result<[u8; 32], &'static str>,
    /// Documents that were looked at.
    pub documents: u64,
    /// Documents whose content was.
    pub content: u64,
    /// What differs.
    pub differences: Vec<Difference>,
}

impl Verified {
    /// What it comes to.
    pub fn outcome(&self) -> Outcome {
        match (&self.named, self.differences.is_empty(), self.compared) {
            (None, ..) => Outcome::Unknown,
            (_, false, _) => Outcome::Different,
            (_, true, Ok(_)) => Outcome::Same,
            (_, true, Err(_)) => Outcome::NotComparable,
        }
    }
}

/// Accounts that are looked at together to count them.
const PAGE: usize = 10_000;

/// Why accounts cannot be compared.
mod unlike {
    pub const FORMER: &str = "the plan no longer sends it";
    pub const EXISTED: &str = "it existed before, with other data, and was left as it was";
    pub const DOUBT: &str = "an update of it is in doubt";
    pub const UNSENT: &str = "its update is not sent yet";
    pub const REFUSED: &str = "its update was refused or given up";
    pub const PLAN: &str = "the plan has other data than what was sent";
    pub const NOTHING: &str = "what was sent is not known";
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
            let known = "SELECT 1 FROM ev.sqlite_schema WHERE name = 'party'";
            let known = self.db.query_row(known, [], |_| Ok(())).optional()?;
            if known.is_some() {
                return Ok(());
            }
            self.db.execute_batch("DETACH DATABASE ev")?;
        }
        self.db.execute_batch(
            "ATTACH DATABASE ':memory:' AS ev;
             CREATE TABLE ev.party (client_id TEXT PRIMARY KEY, status TEXT, reason TEXT, documents INTEGER, last_at INTEGER) WITHOUT ROWID;",
        )?;
        Ok(())
    }

    /// Limits reading back to some clientAccountIds; returns those that the journal does not know.
    pub fn select_accounts(&mut self, only: &[String]) -> anyhow::Result<Vec<String>> {
        let selection = Selection {
            only: Some(only.to_owned()),
        };
        let mut unknown = self.select(&selection)?;
        let mut former = self
            .db
            .prepare("SELECT 1 FROM former WHERE client_id = ?")?;
        let mut known = Vec::new();
        for id in &unknown {
            known.push(former.exists([id])?);
        }
        let mut known = known.into_iter();
        unknown.retain(|_| !known.next().unwrap_or(false));
        Ok(unknown)
    }

    /// Up to `most` accounts behind the cursor that are still to be read, in the order of the tasks; former ones last.
    pub fn unread(
        &self,
        round: &Round,
        cursor: &mut Cursor,
        most: usize,
    ) -> anyhow::Result<Vec<Account>> {
        let mut found = Vec::new();
        while found.len() < most && !cursor.end {
            found.extend(self.page(round, cursor, most - found.len())?);
        }
        let beside = self.meta("parts")?.as_deref() == Some("1");
        for account in &mut found {
            if beside {
                account.task.parts = self.parts(account.task.id)?;
            }
            account.documents = self.uploaded(account)?;
        }
        Ok(found)
    }

    /// How many accounts are still to be read.
    pub fn count_unread(&self, round: &Round) -> anyhow::Result<u64> {
        let (mut cursor, mut count) = (Cursor::default(), 0);
        while !cursor.end {
            count += self.page(round, &mut cursor, PAGE)?.len() as u64;
        }
        Ok(count)
    }

    /// The accounts among the next `most` rows that are to be read; without their documents.
    fn page(
        &self,
        round: &Round,
        cursor: &mut Cursor,
        most: usize,
    ) -> anyhow::Result<Vec<Account>> {
        let kind = if cursor.former { 2 } else { 0 };
        let read = if round.whole {
            "v.pass IS NOT ?3 OR v.hash IS NOT NULL AND v.hash IS NOT t.hash"
        } else {
            "v.at IS NULL OR v.at < ?3"
        };
        let selected = if round.selected {
            "AND coalesce(r.client_id, f.client_id) IN (SELECT client_id FROM only_these)"
        } else {
            ""
        };
        let sql = format!(
            "{ACCOUNTS} WHERE t.kind = {kind} AND t.state = 4 AND t.id > ?1 AND ({read}) {selected} ORDER BY t.id LIMIT ?2"
        );
        let mark = if round.whole {
            round.pass as i64
        } else {
            round.since
        };
        let mut statement = self.db.prepare_cached(&sql)?;
        let rows = statement.query_map(params![cursor.after, most as i64, mark], account)?;
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        match rows.last() {
            Some(last) if rows.len() == most => cursor.after = last.task.id,
            // The former ones stand behind all others.
            _ => (cursor.end, cursor.former, cursor.after) = (cursor.former, true, 0),
        }
        rows.retain(|account| !round.unsettled || !account.known.is_made());
        Ok(rows)
    }

    fn uploaded(&self, account: &Account) -> anyhow::Result<Vec<Uploaded>> {
        let mut statement = self.db.prepare_cached(UPLOADED)?;
        let planned = statement.query_map([account.task.id], |row| {
            let place: Option<u32> = row.get(6)?;
            let kind: Option<String> = row.get(8)?;
            let sent: Option<Vec<u8>> = row.get(10)?;
            let facts = DocumentFacts {
                uuid: row.get(0)?,
                hash: row.get(1)?,
                at: position(row, 2)?,
                sealed: row.get(5)?,
                owner: match place {
                    Some(place) => Some((place, row.get(7)?)),
                    None => None,
                },
            };
            Ok(Uploaded {
                // One that was found and never sent is taken for the planned one.
                comparable: sent.is_none_or(|sent| sent == facts.hash),
                facts,
                accepted: row.get::<_, i64>(11)? == 4,
                what: match kind {
                    Some(kind) => Some((kind, row.get(9)?)),
                    None => None,
                },
            })
        })?;
        let mut all: Vec<Uploaded> = planned.collect::<Result<_, _>>()?;
        let mut statement = self
            .db
            .prepare_cached("SELECT uuid FROM temp.former_upload WHERE client_id = ?")?;
        let former = statement.query_map([&account.task.client_id], |row| {
            Ok(Uploaded {
                facts: DocumentFacts {
                    uuid: row.get(0)?,
                    ..DocumentFacts::default()
                },
                accepted: true,
                comparable: false,
                what: None,
            })
        })?;
        all.extend(former.collect::<Result<Vec<_>, _>>()?);
        Ok(all)
    }

    /// Keeps results, in one durable transaction.
    pub fn record_verified(&mut self, round: &Round, all: &[Verified]) -> anyhow::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        self.transaction(|journal| {
            for one in all {
                if round.status_only {
                    journal.record_status(one)?;
                } else {
                    journal.record_one(round, one)?;
                }
            }
            Ok(())
        })
    }

    fn record_one(&mut self, round: &Round, one: &Verified) -> anyhow::Result<()> {
        self.db
            .prepare_cached("DELETE FROM difference WHERE task = ?")?
            .execute([one.task])?;
        self.add_differences(one)?;
        let reason = one.compared.err().map(|why| self.word(why)).transpose()?;
        let pass = if round.whole { round.pass as i64 } else { 0 };
        self.db.prepare_cached(RECORD)?.execute(params![
            one.task,
            pass,
            one.at,
            one.outcome() as i64,
            one.named.as_ref().map(|named| &named.status),
            one.named.as_ref().map(|named| &named.mode),
            one.named.as_ref().and_then(|named| named.can_trade),
            one.compared.ok(),
            one.documents as i64,
            one.content as i64,
            reason,
            round.whole
        ])?;
        Ok(())
    }

    /// Of the status alone: what was compared before still stands.
    fn record_status(&mut self, one: &Verified) -> anyhow::Result<()> {
        for path in STATE_PATHS {
            let path = self.word(path)?;
            self.db
                .prepare_cached(
                    "DELETE FROM difference WHERE task = ? AND document = '' AND path = ?",
                )?
                .execute([one.task, path])?;
        }
        self.add_differences(one)?;
        let reason = one.compared.err().map(|why| self.word(why)).transpose()?;
        self.db.prepare_cached(RECORD_STATUS)?.execute(params![
            one.task,
            one.at,
            one.outcome() as i64,
            one.named.as_ref().map(|named| &named.status),
            one.named.as_ref().map(|named| &named.mode),
            one.named.as_ref().and_then(|named| named.can_trade),
            reason
        ])?;
        Ok(())
    }

    fn add_differences(&mut self, one: &Verified) -> anyhow::Result<()> {
        for difference in &one.differences {
            let (path, kind) = (self.word(&difference.path)?, self.word(difference.kind)?);
            self.db
                .prepare_cached("INSERT OR IGNORE INTO difference VALUES (?, ?, ?, ?)")?
                .execute(params![one.task, difference.document, path, kind])?;
        }
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

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let hash = |column| row.get::<_, Option<[u8; 32]>>(column);
    let (planned, sent) = (hash(6)?, hash(7)?);
    let update: Option<i64> = row.get(11)?;
    let unlike = match (row.get::<_, i64>(1)?, row.get::<_, i64>(8)?, update) {
        (2, ..) => Some(unlike::FORMER),
        (_, 2, _) => Some(unlike::EXISTED),
        (_, _, Some(2 | 3)) => Some(unlike::DOUBT),
        _ if sent.is_none() => Some(unlike::NOTHING),
        _ if sent == planned => None,
        (_, _, Some(0 | 1)) => Some(unlike::UNSENT),
        (_, _, Some(5 | 6)) => Some(unlike::REFUSED),
        _ => Some(unlike::PLAN),
    };
    let heard = heard(row)?;
    Ok(Account {
        task: Task {
            id: row.get(0)?,
            kind: Kind::Account,
            client_id: text(row, 2)?,
            at: match row.get::<_, Option<i64>>(3)? {
                Some(_) => position(row, 3)?,
                None => Position::default(),
            },
            hash: sent.unwrap_or_default(),
            attempts: 0,
            first_at: None,
            parts: Vec::new(),
            document: None,
        },
        unlike,
        bakkt_id: text(row, 9)?,
        created_at: text(row, 10)?,
        heard: heard
            .as_ref()
            .and_then(|(status, reason, ..)| Some(decision::of_event(status.as_deref()?, reason))),
        known: decision::of(
            heard
                .as_ref()
                .map(|(status, reason, documents, last_at)| Heard {
                    status: status.as_deref(),
                    reason,
                    documents: *documents,
                    last_at: *last_at,
                }),
            last_read(row)?,
        ),
        told: row.get(16)?,
        documents: Vec::new(),
    })
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(row.get::<_, Option<String>>(column)?.unwrap_or_default())
}

/// What the last reading said, and when it was.
fn last_read(row: &Row<'_>) -> rusqlite::Result<Option<(Decision, i64)>> {
    let Some(at) = row.get(15)? else {
        return Ok(None);
    };
    let named = Named {
        status: text(row, 12)?,
        mode: text(row, 13)?,
        can_trade: row.get(14)?,
    };
    Ok(Some((named.decision(), at)))
}

/// The columns of what the webhooks said: status, reason, documents wanted, the last one's arrival.
type Events = (Option<String>, String, bool, i64);

fn heard(row: &Row<'_>) -> rusqlite::Result<Option<Events>> {
    let Some(last_at) = row.get(20)? else {
        return Ok(None);
    };
    let documents = row.get::<_, i64>(19)? > 0;
    Ok(Some((row.get(17)?, text(row, 18)?, documents, last_at)))
}

/// Accounts that Bakkt has accepted, with what is known of them.
const ACCOUNTS: &str = "
    SELECT t.id, t.kind, coalesce(r.client_id, f.client_id), r.row, r.offset, r.length, r.hash, t.hash, t.existed,
           t.bakkt_id, t.created_at, u.state, v.status, v.mode, v.can_trade, v.at,
           EXISTS (SELECT 1 FROM difference d JOIN word w ON w.id = d.path WHERE d.task = t.id AND d.document = ''
                   AND w.text IN ('status', 'mode', 'canTradeCrypto')),
           p.status, p.reason, p.documents, p.last_at
    FROM task t LEFT JOIN record r ON r.id = t.record AND t.kind = 0 LEFT JOIN former f ON f.task = t.id
    LEFT JOIN task u ON u.record = t.record AND u.kind = 1 AND u.document = 0
    LEFT JOIN verification v ON v.task = t.id
    LEFT JOIN ev.party p ON p.client_id = coalesce(r.client_id, f.client_id)";

/// The documents of a task's record that can be sent.
const UPLOADED: &str = "
    SELECT d.uuid, d.hash, d.row, d.offset, d.length, d.sealed, d.place, o.id, k.text, s.text, u.hash, u.state
    FROM task t JOIN task u ON u.record = t.record AND u.kind = 3 JOIN document d ON d.id = u.document
    LEFT JOIN owner o ON o.record = d.record AND o.place = d.place
    LEFT JOIN word k ON k.id = d.type LEFT JOIN word s ON s.id = d.side WHERE t.id = ? AND t.kind = 0 ORDER BY u.document";

/// Documents of earlier plans, by account: they stay with Bakkt.
const FORMER_UPLOADS: &str = "
    CREATE TEMP TABLE former_upload (client_id TEXT, uuid TEXT, PRIMARY KEY (client_id, uuid)) WITHOUT ROWID;
    INSERT OR IGNORE INTO temp.former_upload
        SELECT f.client_id, f.uuid FROM main.former_task f JOIN main.task t ON t.id = f.task
        WHERE t.kind = 5 AND t.state = 4 AND f.uuid IS NOT NULL;";

/// The result of an account; of a part, the pass stays as it was.
const RECORD: &str = "
    INSERT INTO verification (task, pass, at, result, status, mode, can_trade, hash, documents, content, reason)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (task) DO UPDATE SET pass = CASE WHEN ?12 THEN excluded.pass ELSE pass END, at = excluded.at,
        result = excluded.result, status = excluded.status, mode = excluded.mode, can_trade = excluded.can_trade,
        hash = excluded.hash, documents = excluded.documents, content = excluded.content, reason = excluded.reason";

/// The state of an account; the result is told anew from what stands.
const RECORD_STATUS: &str = "
    INSERT INTO verification (task, pass, at, result, status, mode, can_trade, reason) VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (task) DO UPDATE SET at = excluded.at, status = excluded.status, mode = excluded.mode,
        can_trade = excluded.can_trade,
        result = CASE WHEN excluded.result = 2 THEN 2
                      WHEN EXISTS (SELECT 1 FROM difference d WHERE d.task = verification.task) THEN 1
                      WHEN verification.result = 2 OR verification.reason IS NOT NULL THEN 3 ELSE 0 END,
        reason = CASE verification.result WHEN 2 THEN excluded.reason ELSE verification.reason END";

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
    fn no_page_of_accounts_sorts() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut journal = Journal::open(folder.path())?;
        journal.begin_verification(None, &Scope::default(), 1)?;
        let sql = format!(
            "EXPLAIN QUERY PLAN {ACCOUNTS} WHERE t.kind = 0 AND t.state = 4 AND t.id > 5 AND (v.pass IS NOT 1) ORDER BY t.id LIMIT 9"
        );
        for sql in [sql, format!("EXPLAIN QUERY PLAN {UPLOADED}")] {
            let mut plan = journal.db.prepare(&sql)?;
            let values = rusqlite::params_from_iter(vec![0; plan.parameter_count()]);
            let steps = plan.query_map(values, |row| row.get(3))?;
            let steps = steps.collect::<rusqlite::Result<Vec<String>>>()?.join("\n");
            assert!(
                !steps.contains("TEMP B-TREE") && !steps.contains("SCAN"),
                "{steps}"
            );
        }
        Ok(())
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
