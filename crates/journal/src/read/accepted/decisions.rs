//! What Bakkt decided about each account, from its webhooks and from reading back; and events of unknown accounts.
//!
//! Left out: writing events (`events`), and what a status and a reason mean (`contract::decision`).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Row;
use serde::Serialize;

use crate::read::columns::{count, index, text, unsigned, word_of};
use crate::read::reader::Reader;
use crate::schema::codes::{STATES, VERDICTS, kind};
pub use bakkt_contract::decision::Decision;
use bakkt_contract::decision::{self, EventSummary, PARTY_EVENT, PARTY_STATUSES, REASON_CODES};

/// Where an account stands: its task, what events said, and what was read back.
#[derive(Clone, Copy, Debug)]
pub struct DecisionLine<'a> {
    /// clientAccountId.
    pub client_id: Option<&'a str>,
    /// The number of its account task.
    pub task: i64,
    /// The word of the task's state.
    pub state: &'static str,
    /// Accepted under an earlier plan, and this one does not send it.
    pub former: bool,
    /// When it was accepted; None when it was not (yet).
    pub accepted_at: Option<i64>,
    /// How many events named it.
    pub events: u64,
    /// What they said.
    pub heard: Option<EventSummary<'a>>,
    /// When the last of them came; one with a status that the contract does not have counts here too.
    pub last_event: Option<i64>,
    /// Every `partyStatus` that they named, separated by commas.
    pub statuses: &'a str,
    /// Every `reasonCode` that they named, likewise.
    pub named_reasons: &'a str,
    /// The latest expiry of a link that they carried.
    pub expires_at: Option<i64>,
    /// What Bakkt answered when it was last read back.
    pub read: Option<ReadBack<'a>>,
}

/// What Bakkt answered when an account was last read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadBack<'a> {
    /// As Bakkt named it; empty when Bakkt does not know the account.
    pub status: &'a str,
    /// As Bakkt named it.
    pub mode: &'a str,
    /// `canTradeCrypto`.
    pub can_trade: Option<bool>,
    /// When, in milliseconds.
    pub at: i64,
}

impl DecisionLine<'_> {
    /// The decision that events and read-back amount to.
    pub fn decision(&self) -> Decision {
        let read = self.read.map(|read| {
            let said = decision::of_account(read.status, read.mode, read.can_trade);
            (said, read.at)
        });
        decision::of(self.heard, read)
    }

    /// The reasons behind the decision, as far as events named them.
    pub fn reasons(&self) -> Vec<&str> {
        decision::reasons(self.decision(), &listed(self.named_reasons))
    }

    /// The statuses that events gave the account.
    pub fn statuses(&self) -> Vec<&str> {
        listed(self.statuses)
    }
}

/// The words of a list, in order.
fn listed(words: &str) -> Vec<&str> {
    let mut listed: Vec<&str> = words.split(',').filter(|word| !word.is_empty()).collect();
    listed.sort_unstable();
    listed.dedup();
    listed
}

/// All events, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventCounts {
    /// Events, each once.
    pub events: u64,
    /// Deliveries of one that was there already.
    pub repeats: u64,
    /// Bodies that are not an event.
    pub unreadable: u64,
    /// Events of other types than those of accounts; they decide nothing.
    pub other_types: u64,
    /// Events with a status or a reason that the contract does not have; such a word decides nothing.
    pub unknown_words: u64,
    /// Events whose account id is unfit to be kept, so that nobody knows whose they are.
    pub without_id: u64,
    /// Accounts that events name, and that are neither in the plan nor accepted under an earlier one.
    pub unknown_accounts: u64,
    /// Events of those.
    pub unknown_events: u64,
    /// Accounts that events name, that the plan has, and that Bakkt should not have: they were left out, or Bakkt refused them. Absent when
    /// there are none.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub not_sent_accounts: u64,
    /// Events of those; absent when there are none.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub not_sent_events: u64,
}

impl EventCounts {
    /// Accounts, and events without one, of which somebody has to find out whose they are.
    pub fn for_a_person(&self) -> u64 {
        self.unknown_accounts + self.not_sent_accounts + self.without_id
    }
}

/// An account that events name and that Bakkt should not have: the plan does not have it, leaves it out, or Bakkt refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLine<'a> {
    /// The partnerPartyRef.
    pub client_id: &'a str,
    /// How many events.
    pub events: u64,
    /// The status of the last event to arrive, which need not be the last that happened.
    pub status: &'a str,
    /// Its reason; empty without one.
    pub reason: &'a str,
    /// When it arrived.
    pub last_at: i64,
    /// Why Bakkt should not have it: the word of its verdict or of its task's state, or [`NOT_IN_THE_PLAN`].
    pub standing: &'static str,
}

/// Of an account that the plan does not have.
pub const NOT_IN_THE_PLAN: &str = "not in the plan";

impl Reader {
    /// Every account task, in the order of the tasks, with what is known of Bakkt's decision.
    pub fn each_decision(
        &self,
        mut each: impl FnMut(DecisionLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::DECISION_LINES, |row| each(decision_line(row)?))
    }

    /// The account tasks of which events or a read-back tell anything, in no particular order; of all others nothing is known.
    pub fn each_known_decision(
        &self,
        mut each: impl FnMut(DecisionLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        sql::KNOWN_LINES
            .into_iter()
            .try_for_each(|sql| self.walk(sql, |row| each(decision_line(row)?)))
    }

    /// All events, counted.
    pub fn event_counts(&self) -> anyhow::Result<EventCounts> {
        let mut counts = EventCounts::default();
        let known = |list: &[&str]| list.join("','");
        let statement = sql::EVENT_COUNTS
            .replace("{STATUSES}", &known(PARTY_STATUSES))
            .replace("{REASONS}", &known(REASON_CODES));
        self.walk(&statement, |row| {
            counts.events = unsigned(row.get(0)?);
            counts.repeats = count(row, 1)?;
            counts.unreadable = count(row, 2)?;
            counts.without_id = count(row, 3)?;
            counts.other_types = count(row, 4)?;
            counts.unknown_words = count(row, 5)?;
            Ok(())
        })?;
        self.each_unknown_event(|line| {
            let (accounts, events) = match line.standing {
                NOT_IN_THE_PLAN => (&mut counts.unknown_accounts, &mut counts.unknown_events),
                _ => (&mut counts.not_sent_accounts, &mut counts.not_sent_events),
            };
            *accounts += 1;
            *events += line.events;
            Ok(())
        })?;
        Ok(counts)
    }

    /// Counts events of other types than those of accounts, and words that the contract does not have: by the field's name
    /// and the word.
    pub fn strange_words(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut words = BTreeMap::new();
        let known = |list: &[&str]| list.join("','");
        let statement = format!(
            "SELECT 'partnerWebhookType', type, count(*) FROM event WHERE status IS NULL AND type <> '{PARTY_EVENT}' GROUP BY type \
             UNION ALL SELECT 'partyStatus', status, count(*) FROM event WHERE status NOT IN ('{}') GROUP BY status \
             UNION ALL SELECT 'reasonCode', reason, count(*) FROM event WHERE reason NOT IN ('{}') GROUP BY reason",
            known(PARTY_STATUSES),
            known(REASON_CODES)
        );
        self.walk(&statement, |row| {
            let (name, word) = (text(row, 0)?, text(row, 1)?);
            let word = format!("{} {}", name.unwrap_or_default(), word.unwrap_or_default());
            words.insert(word, count(row, 2)?);
            Ok(())
        })?;
        Ok(words)
    }

    /// Every account that events name and that Bakkt should not have, in the order of the ids. Those for manual KYB are none: Bakkt opens
    /// them by hand.
    pub fn each_unknown_event(
        &self,
        mut each: impl FnMut(UnknownLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut manual: Option<BTreeSet<String>> = None;
        self.walk(sql::UNKNOWN_LINES, |row| {
            let client_id = text(row, 0)?.unwrap_or_default();
            let verdict: Option<i64> = row.get(5)?;
            let standing = match (row.get::<_, Option<i64>>(6)?, verdict) {
                (Some(_), _) => word_of(&STATES, index(row, 6)?),
                (None, Some(_)) => word_of(&VERDICTS, index(row, 5)?),
                (None, None) => NOT_IN_THE_PLAN,
            };
            if standing != NOT_IN_THE_PLAN {
                let known = match manual.take() {
                    Some(known) => known,
                    None => self.manual_kyb_ids()?,
                };
                if manual.insert(known).contains(client_id) {
                    return Ok(());
                }
            }
            each(UnknownLine {
                client_id,
                standing,
                events: count(row, 1)?,
                last_at: row.get(2)?,
                status: text(row, 3)?.unwrap_or_default(),
                reason: text(row, 4)?.unwrap_or_default(),
            })
        })
    }
}

fn decision_line<'a>(row: &'a Row<'_>) -> anyhow::Result<DecisionLine<'a>> {
    let heard = match row.get::<_, Option<i64>>(5)? {
        None => None,
        Some(last_at) => Some(EventSummary {
            status: text(row, 6)?,
            reason: text(row, 7)?.unwrap_or_default(),
            documents: count(row, 8)? > 0,
            last_at,
        }),
    };
    let read = match row.get::<_, Option<i64>>(11)? {
        None => None,
        Some(at) => Some(ReadBack {
            status: text(row, 12)?.unwrap_or_default(),
            mode: text(row, 13)?.unwrap_or_default(),
            can_trade: row.get(14)?,
            at,
        }),
    };
    Ok(DecisionLine {
        client_id: text(row, 0)?,
        task: row.get(1)?,
        former: row.get::<_, i64>(2)? == kind::FORMER_ACCOUNT,
        state: word_of(&STATES, index(row, 3)?),
        accepted_at: row.get(4)?,
        heard,
        events: count(row, 9)?,
        expires_at: row.get(10)?,
        statuses: text(row, 15)?.unwrap_or_default(),
        last_event: row.get(17)?,
        named_reasons: text(row, 16)?.unwrap_or_default(),
        read,
    })
}

/// The statements; each walks its table in the order of its key.
pub(crate) mod sql {
    macro_rules! lines {
        ($from:literal) => {
            sql!(concat!(
                "SELECT coalesce(r.client_id, f.client_id), t.id, t.kind, t.state, \
                CASE t.state WHEN {state.accepted} THEN t.last_at END, \
                p.last_at, p.status, p.reason, p.documents, p.events, p.expires_at, v.at, v.status, v.mode, v.can_trade, \
                (SELECT group_concat(e.status) FROM event e WHERE e.client_id = p.client_id), \
                (SELECT group_concat(e.reason) FROM event e WHERE e.client_id = p.client_id), \
                (SELECT max(e.at) FROM event e WHERE e.client_id = p.client_id) ",
                $from
            ))
        };
    }
    pub const DECISION_LINES: &str = lines!(
        "FROM task t NOT INDEXED LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = t.id \
        LEFT JOIN party p ON p.client_id = coalesce(r.client_id, f.client_id) LEFT JOIN verification v ON v.task = t.id \
        WHERE t.kind IN ({kind.any_account}) ORDER BY t.id"
    );
    /// Those that were read back; then those that only events name, of this plan and of earlier ones.
    pub const KNOWN_LINES: [&str; 3] = [
        lines!(
            "FROM verification v CROSS JOIN task t ON t.id = v.task LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = t.id \
            LEFT JOIN party p ON p.client_id = coalesce(r.client_id, f.client_id) \
            WHERE t.kind IN ({kind.any_account}) ORDER BY v.task"
        ),
        lines!(
            "FROM party p CROSS JOIN record r ON r.client_id = p.client_id CROSS JOIN task t ON t.record = r.id AND t.kind = {kind.account} \
            LEFT JOIN former f ON f.task = t.id LEFT JOIN verification v ON v.task = t.id WHERE v.task IS NULL"
        ),
        lines!(
            "FROM party p CROSS JOIN former f ON f.client_id = p.client_id CROSS JOIN task t ON t.id = f.task \
            LEFT JOIN record r ON r.id = t.record LEFT JOIN verification v ON v.task = t.id WHERE v.task IS NULL"
        ),
    ];
    pub const EVENT_COUNTS: &str = "SELECT count(*), sum(repeats), \
        sum(status IS NULL AND (type IS NULL OR type = 'PARTY_EVENT')), sum(status IS NOT NULL AND client_id IS NULL), \
        sum(status IS NULL AND type <> 'PARTY_EVENT'), \
        sum(status NOT IN ('{STATUSES}') OR coalesce(reason NOT IN ('{REASONS}'), 0)) FROM event";
    pub const UNKNOWN_LINES: &str = sql!(
        "SELECT p.client_id, p.events, \
        (SELECT max(e.at) FROM event e WHERE e.client_id = p.client_id), \
        (SELECT e.status FROM event e WHERE e.client_id = p.client_id ORDER BY e.id DESC LIMIT 1), \
        (SELECT e.reason FROM event e WHERE e.client_id = p.client_id ORDER BY e.id DESC LIMIT 1), \
        (SELECT min(r.verdict) FROM record r WHERE r.client_id = p.client_id), \
        (SELECT t.state FROM record r JOIN task t ON t.record = r.id AND t.kind = {kind.account} WHERE r.client_id = p.client_id LIMIT 1) \
        FROM party p WHERE NOT EXISTS (SELECT 1 FROM record r JOIN task t ON t.record = r.id AND t.kind = {kind.account} \
            WHERE r.client_id = p.client_id AND t.state NOT IN ({state.stopped})) \
        AND NOT EXISTS (SELECT 1 FROM former f WHERE f.client_id = p.client_id) ORDER BY p.client_id"
    );
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::events::{AddOutcome, ArrivedEvent, EventSource, EventStatement, Events};
    use crate::write::journal::Journal;

    fn event(number: u32, client_id: &str, status: &str, reason: &str) -> ArrivedEvent {
        let body = format!("{number} {client_id} {status} {reason}").into_bytes();
        ArrivedEvent {
            at: i64::from(number) * 1000,
            same: body.clone(),
            body,
            request_id: format!("r-{number}"),
            kind: Some("PARTY_EVENT".into()),
            said: Some(EventStatement {
                client_id: client_id.into(),
                status: status.into(),
                reason: Some(reason.into()),
                expires_at: None,
                linked: false,
            }),
        }
    }

    fn unreadable() -> ArrivedEvent {
        ArrivedEvent {
            said: None,
            kind: None,
            request_id: String::new(),
            ..event(99, "", "", "")
        }
    }

    /// Two accepted accounts, one that is open, one of an earlier plan.
    fn journal(folder: &Path) -> anyhow::Result<Journal> {
        let journal = Journal::open(folder)?;
        journal.db.execute_batch(
            sql!("INSERT INTO record (id, file, row, offset, length, client_id, verdict, gaps) VALUES
               (1, 1, 2, 0, 9, 'A1',{verdict.ready}, 0), (2, 1, 3, 9, 9, 'B2',{verdict.ready}, 0), (3, 1, 4, 18, 9, 'mail@example.com',{verdict.ready}, 0);
             INSERT INTO task (id, record, kind, state, last_at) VALUES
               (1, 1, {kind.account}, {state.accepted}, 500), (2, 2, {kind.account}, {state.accepted}, 600), (3, 3, {kind.account}, {state.open}, NULL), (4, -4, {kind.former_account}, {state.accepted}, 700);
             INSERT INTO former (task, client_id) VALUES (4, 'F4');
             INSERT INTO verification (task, pass, at, result, status, mode, can_trade)
               VALUES (2, 1, 2500, {result.same}, 'COMPLETE', 'OPEN', 1);"),
        )?;
        Ok(journal)
    }

    fn decisions(folder: &Path) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        Reader::open(&Journal::path(folder))?.each_decision(|line| {
            let (id, word) = (line.client_id.unwrap_or("?"), line.decision().word());
            lines.push(format!(
                "{} {id} {}: {word}, {}",
                line.task, line.state, line.events
            ));
            Ok(())
        })?;
        Ok(lines)
    }

    #[test]
    fn decisions_are_told_with_events_and_without() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let _journal = journal(folder.path())?;
        assert_eq!(
            decisions(folder.path())?,
            [
                "1 A1 accepted: undecided, 0",
                "2 B2 accepted: approved, 0",
                "3 mail@example.com open: undecided, 0",
                "4 F4 accepted: undecided, 0"
            ]
        );
        let reader = Reader::open(&Journal::path(folder.path()))?;
        assert_eq!(reader.event_counts()?, EventCounts::default());

        let mut events = Events::open(folder.path())?;
        events.add(
            &[
                event(1, "A1", "INACTIVE", "RISK_KYC"),
                event(2, "B2", "ACTIVE", "OTHER"),
                event(3, "B2", "UNDER_REVIEW", "PENDING_REVIEW"),
                event(4, "mail@example.com", "ACTIVE", "OTHER"),
                event(5, "F4", "CLOSED", "CLOSED"),
            ],
            EventSource::Received,
        )?;
        assert_eq!(
            decisions(folder.path())?,
            [
                "1 A1 accepted: rejected, 1",
                // Read back before the last event of two that contradict each other.
                "2 B2 accepted: unsettled, 2",
                // Unfit, but the plan has it.
                "3 mail@example.com open: approved, 1",
                "4 F4 accepted: closed, 1"
            ]
        );
        Ok(())
    }

    #[test]
    fn events_count_once_and_strangers_are_told_apart() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let _journal = journal(folder.path())?;
        let mut events = Events::open(folder.path())?;
        let all = [
            event(1, "A1", "ACTIVE", "OTHER"),
            event(2, "X9", "ACTIVE", "ENROLLMENT"),
            event(3, "X9", "NEVER_SEEN", "OTHER"),
            event(4, "someone@example.com", "ACTIVE", "OTHER"),
            event(5, "two words", "ACTIVE", "OTHER"),
            unreadable(),
        ];
        assert_eq!(
            events.add(&all, EventSource::Imported)?,
            [AddOutcome::New; 6]
        );
        assert_eq!(
            events.add(&all, EventSource::Imported)?,
            [AddOutcome::Repeat; 6]
        );
        assert_eq!(
            events.add(&all[..2], EventSource::Received)?,
            [AddOutcome::Repeat; 2]
        );
        let reader = Reader::open(&Journal::path(folder.path()))?;
        let expected = EventCounts {
            events: 6,
            repeats: 2,
            unreadable: 1,
            other_types: 0,
            unknown_words: 1,
            without_id: 2,
            unknown_accounts: 1,
            unknown_events: 2,
            not_sent_accounts: 0,
            not_sent_events: 0,
        };
        assert_eq!(reader.event_counts()?, expected);
        let mut unknown = Vec::new();
        reader.each_unknown_event(|line| {
            unknown.push((
                line.client_id.to_owned(),
                line.events,
                line.status.to_owned(),
                line.last_at,
            ));
            Ok(())
        })?;
        assert_eq!(
            unknown,
            [("X9".to_owned(), 2, "NEVER_SEEN".to_owned(), 3000)]
        );
        assert_eq!(events.body(4)?.as_ref(), Some(&all[3].body));
        Ok(())
    }

    #[test]
    fn the_order_of_arrival_decides_nothing() -> anyhow::Result<()> {
        let (one, other) = (
            event(1, "A1", "ACTIVE", "OTHER"),
            event(2, "A1", "UNDER_REVIEW", "DOCUMENT_VERIFICATION"),
        );
        let third = event(3, "A1", "ACTIVE", "RISK_OFAC");
        let mut seen = Vec::new();
        for order in [
            [&one, &other, &third],
            [&third, &one, &other],
            [&other, &third, &one],
        ] {
            let folder = tempfile::tempdir()?;
            let mut events = Events::open(folder.path())?;
            events.add(&order.map(Clone::clone), EventSource::Received)?;
            let _journal = journal(folder.path())?;
            Reader::open(&Journal::path(folder.path()))?.each_decision(|line| {
                if line.client_id == Some("A1") {
                    let heard = line.heard.unwrap_or(EventSummary {
                        status: Some("none"),
                        reason: "",
                        documents: false,
                        last_at: 0,
                    });
                    seen.push(format!(
                        "{:?} {} {} {}",
                        heard.status, heard.reason, heard.documents, heard.last_at
                    ));
                }
                Ok(())
            })?;
        }
        assert_eq!(seen, vec!["None DOCUMENT_VERIFICATION true 3000"; 3]);
        Ok(())
    }
}
