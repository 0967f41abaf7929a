//! Picking the accounts that are to be read back, with all that reading and comparing needs.
//!
//! SQLite sorts nothing here, whatever the size. An account counts as unread again when Bakkt was sent something newer than what it
//! was compared with. An account that cannot be compared comes with the reason.

use rusqlite::{Row, params};

use crate::schema::codes::kind;
use crate::write::journal::Journal;
use crate::write::tasks::only_selected;
use crate::write::tasks::{Selection, position};
use crate::write::verification::passes::VerificationRound;
use crate::write::verification::results::AccountState;
use bakkt_contract::decision::{self, Decision, EventSummary};
use bakkt_model::position::Position;
use bakkt_model::state::State;
use bakkt_model::task::{DocumentFacts, PayloadHash, PriorAccount, Task, TaskKind};

/// How far the accounts were read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    former: bool,
    after: i64,
    end: bool,
}

impl Cursor {
    /// Whether no account is left.
    pub fn is_at_end(&self) -> bool {
        self.end
    }
}

/// An account to read back.
#[derive(Clone, Debug)]
pub struct AccountToVerify {
    /// Its row and the keyed hash of what was sent.
    pub task: Task,
    /// Why it cannot be compared with what was sent; `None` when it can.
    pub unlike: Option<&'static str>,
    /// Bakkt's id at acceptance; empty: not known.
    pub bakkt_id: String,
    /// When Bakkt made it, as stated at acceptance; empty: not known.
    pub created_at: String,
    /// What the webhooks say, when they agree.
    pub heard: Option<Decision>,
    /// The decision before this reading, from webhooks and the last reading together.
    pub known: Decision,
    /// Whether the last reading found something unexpected in its state.
    pub told: bool,
    /// Its documents, as far as the journal knows them.
    pub documents: Vec<UploadedDocument>,
}

/// A document of an account.
#[derive(Clone, Debug)]
pub struct UploadedDocument {
    /// What it is made from; of a former one, the clientDocumentId alone.
    pub facts: DocumentFacts,
    /// Bakkt accepted it.
    pub accepted: bool,
    /// Its metadata is that of the plan.
    pub comparable: bool,
    /// documentType and documentSide of the plan; `None`: of an earlier plan.
    pub what: Option<(String, Option<String>)>,
}

/// How many accounts are read at a time when they are counted.
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
        round: &VerificationRound,
        cursor: &mut Cursor,
        most: usize,
    ) -> anyhow::Result<Vec<AccountToVerify>> {
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
    pub fn count_unread(&self, round: &VerificationRound) -> anyhow::Result<u64> {
        let (mut cursor, mut count) = (Cursor::default(), 0);
        while !cursor.end {
            count += self.page(round, &mut cursor, PAGE)?.len() as u64;
        }
        Ok(count)
    }

    /// The accounts among the next `most` rows that are to be read; without their documents.
    fn page(
        &self,
        round: &VerificationRound,
        cursor: &mut Cursor,
        most: usize,
    ) -> anyhow::Result<Vec<AccountToVerify>> {
        let kind = if cursor.former {
            FORMER_ACCEPTED
        } else {
            ACCEPTED
        };
        let read = if round.whole {
            "v.pass IS NOT ?3 OR v.hash IS NOT NULL AND v.hash IS NOT t.hash".to_owned()
        } else {
            // A part that goes on reads again who was heard of in between; what is heard now is for the next one.
            let called = round.called;
            format!("v.at IS NULL OR v.at < ?3 OR p.last_at > v.at AND p.last_at < {called}")
        };
        let selected = only_selected("coalesce(r.client_id, f.client_id)", round.selected);
        let sql = format!(
            "{ACCOUNTS} WHERE {kind} AND t.id > ?1 AND ({read}) {selected} ORDER BY t.id LIMIT ?2"
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

    fn uploaded(&self, account: &AccountToVerify) -> anyhow::Result<Vec<UploadedDocument>> {
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
            Ok(UploadedDocument {
                // One that was found and never sent is taken for the planned one.
                comparable: sent.is_none_or(|sent| sent == facts.hash),
                facts,
                accepted: row.get::<_, i64>(11)? == State::Accepted as i64,
                what: match kind {
                    Some(kind) => Some((kind, row.get(9)?)),
                    None => None,
                },
            })
        })?;
        let mut all: Vec<UploadedDocument> = planned.collect::<Result<_, _>>()?;
        let mut statement = self
            .db
            .prepare_cached("SELECT uuid FROM temp.former_upload WHERE client_id = ?")?;
        let former = statement.query_map([&account.task.client_id], |row| {
            Ok(UploadedDocument {
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
}

fn account(row: &Row<'_>) -> rusqlite::Result<AccountToVerify> {
    let hash = |column| row.get::<_, Option<PayloadHash>>(column);
    let (planned, sent) = (hash(6)?, hash(7)?);
    let is_former = row.get::<_, i64>(1)? == kind::FORMER_ACCOUNT;
    let is_left_alone = row.get::<_, i64>(8)? == PriorAccount::Different as i64;
    let update = row.get::<_, Option<i64>>(11)?.and_then(State::from_number);
    let unlike = match update {
        _ if is_former => Some(unlike::FORMER),
        _ if is_left_alone => Some(unlike::EXISTED),
        Some(State::Sending | State::InDoubt) => Some(unlike::DOUBT),
        _ if sent.is_none() => Some(unlike::NOTHING),
        _ if sent == planned => None,
        Some(State::Open | State::Held) => Some(unlike::UNSENT),
        Some(State::Refused | State::GaveUp) => Some(unlike::REFUSED),
        _ => Some(unlike::PLAN),
    };
    let heard = heard(row)?;
    Ok(AccountToVerify {
        task: Task {
            id: row.get(0)?,
            kind: TaskKind::Account,
            client_id: text(row, 2)?,
            at: match row.get::<_, Option<i64>>(3)? {
                Some(_) => position(row, 3)?,
                None => Position::default(),
            },
            hash: sent.unwrap_or_default(),
            attempts: 0,
            first_at: None,
            parts: Vec::new(),
            bakkt_id: None,
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
                .map(|(status, reason, documents, last_at)| EventSummary {
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
    let named = AccountState {
        status: text(row, 12)?,
        mode: text(row, 13)?,
        can_trade: row.get(14)?,
    };
    Ok(Some((named.decision(), at)))
}

/// The columns of what the webhooks said: status, reason, documents wanted, the last one's arrival.
type HeardColumns = (Option<String>, String, bool, i64);

fn heard(row: &Row<'_>) -> rusqlite::Result<Option<HeardColumns>> {
    let Some(last_at) = row.get(20)? else {
        return Ok(None);
    };
    let documents = row.get::<_, i64>(19)? > 0;
    Ok(Some((row.get(17)?, text(row, 18)?, documents, last_at)))
}

/// Accounts that Bakkt has accepted, with what is known of them.
const ACCOUNTS: &str = sql!("
    SELECT t.id, t.kind, coalesce(r.client_id, f.client_id), r.row, r.offset, r.length, r.hash, t.hash, t.existed,
           t.bakkt_id, t.created_at, u.state, v.status, v.mode, v.can_trade, v.at,
           EXISTS (SELECT 1 FROM difference d JOIN word w ON w.id = d.path WHERE d.task = t.id AND d.document = ''
                   AND w.text IN ('status', 'mode', 'canTradeCrypto')),
           p.status, p.reason, p.documents, p.last_at
    FROM task t LEFT JOIN record r ON r.id = t.record AND t.kind = {kind.account} LEFT JOIN former f ON f.task = t.id
    LEFT JOIN task u ON u.record = t.record AND u.kind = {kind.update} AND u.document = 0
    LEFT JOIN verification v ON v.task = t.id
    LEFT JOIN ev.party p ON p.client_id = coalesce(r.client_id, f.client_id)");

/// The condition for accounts of this plan, and for those that it no longer sends.
const ACCEPTED: &str = sql!("t.kind = {kind.account} AND t.state = {state.accepted}");
const FORMER_ACCEPTED: &str = sql!("t.kind = {kind.former_account} AND t.state = {state.accepted}");

/// The documents of a task's record that can be sent.
const UPLOADED: &str = sql!("
    SELECT d.uuid, d.hash, d.row, d.offset, d.length, d.sealed, d.place, o.id, k.text, s.text, u.hash, u.state
    FROM task t JOIN task u ON u.record = t.record AND u.kind = {kind.document} JOIN document d ON d.id = u.document
    LEFT JOIN owner o ON o.record = d.record AND o.place = d.place
    LEFT JOIN word k ON k.id = d.type LEFT JOIN word s ON s.id = d.side WHERE t.id = ? AND t.kind = {kind.account} ORDER BY u.document");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::verification::passes::VerificationScope;

    #[test]
    fn no_page_of_accounts_sorts() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut journal = Journal::open(folder.path())?;
        journal.begin_verification(None, &VerificationScope::default(), 1)?;
        let sql = format!(
            "EXPLAIN QUERY PLAN {ACCOUNTS} WHERE {ACCEPTED} AND t.id > 5 AND (v.pass IS NOT 1) ORDER BY t.id LIMIT 9"
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
}
