//! [`Events`], the one writer of `events.db`: the receiver, or an import.
//!
//! - An event is durable before [`Events::add`] returns; one transaction takes as many as there are.
//! - An event counts once, however often and by whichever way it arrives, and the order of arrival decides nothing.
//! - The body is sealed. Beside it stand only those of its ids and words that may be kept.
//!
//! Left out: parsing a body (`engine::events`), and reading events for reports (`read::accepted::decisions`).

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, params};

use crate::chain::{erased_name, has_word};
use crate::events::known_ids::KnownIds;
use crate::events::party::{PartyEvent, PartySummary};
use crate::schema::EVENTS;
use crate::schema::check_events_version;
use crate::schema::hidden_codes::{CodeKey, HiddenKind};
use crate::schema::seal::SealPurpose;
use crate::schema::seal::{seal, unseal};
use crate::schema::state_files::{events_path, is_fresh, journal_path, key};
use crate::schema::tombstone::refuse_closed;
use crate::schema::{empty_log, prepare, refused_events};
use bakkt_contract::decision::{OTHER_EVENT_TYPES, PARTY_EVENT, PARTY_STATUSES, REASON_CODES};
use bakkt_contract::masking::{Masker, Personal, may_be_a_number_of_a_person};
use bakkt_contract::unfit_id::{IdRules, unfit};
use bakkt_files::lock::Lock;
use bakkt_files::state_folder;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::shard::Shard;

/// Longest id that is kept, in characters.
const LONGEST: usize = 128;

/// An event as it arrived, and what was read in it. It has no `Debug`, because the body holds a customer's data.
#[derive(Clone)]
pub struct ArrivedEvent {
    /// When, in milliseconds.
    pub at: i64,
    /// The body as it came.
    pub body: Vec<u8>,
    /// The body in a canonical spelling, which with the requestId identifies a repeat.
    pub same: Vec<u8>,
    /// `requestId`; empty without one.
    pub request_id: String,
    /// `partnerWebhookType`, if any.
    pub kind: Option<String>,
    /// What it states; `None` when it is not an event of an account.
    pub said: Option<EventStatement>,
}

impl ArrivedEvent {
    /// Whether it is an event of a type other than those of accounts, which is kept and counted only.
    pub fn is_of_another_type(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind != PARTY_EVENT)
    }
}

/// What an event states about an account, in Bakkt's words.
#[derive(Clone)]
pub struct EventStatement {
    /// `partnerPartyRef`.
    pub client_id: String,
    /// `partyStatus`.
    pub status: String,
    /// `reasonCode`, if any.
    pub reason: Option<String>,
    /// `verificationURLExpiry`, in milliseconds.
    pub expires_at: Option<i64>,
    /// Whether it carries a `verificationURL`.
    pub linked: bool,
}

/// How events arrive; the numbers stand in `event.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSource {
    /// By webhook; one that arrives again is counted as a repeat.
    Received = 0,
    /// From a file; one that is there already is left as it is.
    Imported = 1,
}

/// What became of an event that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddOutcome {
    /// It was not there before.
    New,
    /// It was there already.
    Repeat,
    /// Its customer was forgotten: nothing of it is kept.
    Forgotten,
    /// It belongs to a shard that is not here: nothing of it is kept.
    NotHere(Shard),
}

/// The events, open for writing.
#[derive(Debug)]
pub struct Events {
    db: Connection,
    key: [u8; 32],
    plan: KnownIds,
    _lock: Lock,
}

impl Events {
    /// Opens or creates the events of a state folder, and takes their lock. There need not be a journal yet. Those of a closed
    /// migration are refused.
    pub fn open(folder: &Path) -> anyhow::Result<Events> {
        refuse_closed(folder)?;
        let key = |folder: &Path| key(folder, is_fresh(folder));
        Events::open_with(folder, key)
    }

    /// Those of a migration that is being closed; its key may be gone.
    pub(crate) fn open_closing(folder: &Path) -> anyhow::Result<Events> {
        Events::open_with(folder, |_| Ok([0; 32]))
    }

    fn open_with(
        folder: &Path,
        key: impl FnOnce(&Path) -> anyhow::Result<[u8; 32]>,
    ) -> anyhow::Result<Events> {
        state_folder::open(folder)?;
        let lock = Lock::take(&folder.join("events.lock"))?.ok_or_else(|| {
            Failure::cannot(
                "another bakkt-migrate takes events for this migration",
                "one receiver or import at a time; events that the running receiver takes are there for every command",
            )
        })?;
        let path = events_path(folder);
        let key = key(folder)?;
        state_folder::open_file(&path)?;
        let mut db = Connection::open(&path)
            .with_context(|| format!("cannot open the events {}", path.shown()))?;
        check_events_version(&db, None, &path)?;
        db.busy_timeout(Duration::from_secs(10))?;
        prepare(&mut db, EVENTS, |_, _| Ok(()))
            .map_err(|error| refused_events("cannot be written", &error))?;
        Ok(Events {
            db,
            key,
            plan: KnownIds::new(journal_path(folder)),
            _lock: lock,
        })
    }

    /// Adds events in one durable transaction, and returns what became of each.
    pub fn add<'a>(
        &mut self,
        arrived: impl IntoIterator<Item = &'a ArrivedEvent>,
        source: EventSource,
    ) -> anyhow::Result<Vec<AddOutcome>> {
        let told = |error: anyhow::Error| match error.downcast_ref::<rusqlite::Error>() {
            Some(cause) => refused_events("cannot be written", cause),
            None => error,
        };
        self.add_all(arrived, source).map_err(told)
    }

    fn add_all<'a>(
        &mut self,
        arrived: impl IntoIterator<Item = &'a ArrivedEvent>,
        source: EventSource,
    ) -> anyhow::Result<Vec<AddOutcome>> {
        // Dropped without its commit, it is rolled back.
        let change = self.db.transaction()?;
        let mut added = Vec::new();
        for one in arrived {
            let client_id = one.said.as_ref().map(|said| said.client_id.as_str());
            let name = client_id.map(|id| erased_name(&self.key, id));
            if name.is_some_and(|name| self.plan.has_forgotten(&name)) {
                added.push(AddOutcome::Forgotten);
                continue;
            }
            added.push(EventInsert::new(&change, &self.key, &mut self.plan, one).add(source)?);
        }
        change.commit()?;
        Ok(added)
    }

    /// Deletes all events of a customer, and those of nobody whose sealed body names the customer or one of these uuids.
    /// Returns how many.
    pub fn forget(&mut self, client_id: &str, uuids: &[String]) -> anyhow::Result<u64> {
        self.db.pragma_update(None, "secure_delete", "ON")?;
        let nameless = self.nameless_of(client_id, uuids)?;
        let change = self.db.transaction()?;
        let mut deleted = change.execute("DELETE FROM event WHERE client_id = ?", [client_id])?;
        change.execute("DELETE FROM party WHERE client_id = ?", [client_id])?;
        for id in nameless {
            deleted += change.execute("DELETE FROM event WHERE id = ?", [id])?;
        }
        change.commit()?;
        self.scrub()?;
        Ok(deleted as u64)
    }

    /// Events without an id in whose body one of these texts stands as a word of its own.
    fn nameless_of(&self, client_id: &str, uuids: &[String]) -> anyhow::Result<Vec<i64>> {
        let sought: Vec<&str> = std::iter::once(client_id)
            .chain(uuids.iter().map(String::as_str))
            .filter(|text| !text.is_empty())
            .collect();
        let mut bodies = self
            .db
            .prepare("SELECT id, body FROM event WHERE client_id IS NULL")?;
        let mut rows = bodies.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let sealed: Vec<u8> = row.get(1)?;
            let body = unseal(&self.key, SealPurpose::Event, &sealed).unwrap_or_default();
            let body = String::from_utf8_lossy(&body);
            let names = |text: &&str| has_word(&body, text);
            if sought.iter().any(names) {
                found.push(row.get(0)?);
            }
        }
        Ok(found)
    }

    /// Deletes the bodies of all events; what they said stays.
    pub(crate) fn strip_bodies(&mut self) -> anyhow::Result<()> {
        self.db.pragma_update(None, "secure_delete", "ON")?;
        self.db
            .execute("UPDATE event SET body = x'' WHERE length(body) > 0", [])?;
        self.scrub()
    }

    /// Makes the files hold nothing that was deleted.
    fn scrub(&self) -> anyhow::Result<()> {
        self.db.pragma_update(None, "temp_store", "FILE")?;
        self.db.execute_batch("VACUUM")?;
        self.db.pragma_update(None, "temp_store", "MEMORY")?;
        empty_log(&self.db)
    }

    /// Returns the unsealed body of an event.
    pub fn body(&self, id: i64) -> anyhow::Result<Option<Vec<u8>>> {
        let mut question = self
            .db
            .prepare_cached("SELECT body FROM event WHERE id = ?")?;
        let sealed: Option<Vec<u8>> = question.query_row([id], |row| row.get(0)).optional()?;
        Ok(sealed.and_then(|sealed| unseal(&self.key, SealPurpose::Event, &sealed)))
    }

    /// Up to `most` events after a number whose account id was not kept: their numbers, and when they arrived.
    pub fn nameless(&self, after: i64, most: usize) -> anyhow::Result<Vec<(i64, i64)>> {
        let mut question = self.db.prepare_cached(
            "SELECT id, at FROM event WHERE client_id IS NULL AND status IS NOT NULL AND id > ? ORDER BY id LIMIT ?",
        )?;
        let events = question.query_map(params![after, most as i64], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    /// Gives events whose account id was not kept that id, now that the plan knows it. Returns how many have one now.
    pub fn name(&mut self, events: &[(i64, ArrivedEvent)]) -> anyhow::Result<u64> {
        let change = self.db.transaction()?;
        let mut named = 0;
        for (id, one) in events {
            named +=
                u64::from(EventInsert::new(&change, &self.key, &mut self.plan, one).name(*id)?);
        }
        change.commit()?;
        Ok(named)
    }
}

/// An event that is being added.
struct EventInsert<'a> {
    db: &'a Connection,
    key: &'a [u8; 32],
    one: &'a ArrivedEvent,
    request_id: &'a str,
    client_id: Option<&'a str>,
    /// Its words as they are kept.
    words: KeptWords,
}

/// The words of an event as they are kept.
struct KeptWords {
    kind: Option<String>,
    status: Option<String>,
    reason: Option<String>,
}

impl KeptWords {
    /// Words that the contract has stay; others where they could be nobody's name; what stands for the rest tells them
    /// apart.
    fn of(one: &ArrivedEvent, key: &CodeKey) -> KeptWords {
        let nobody = Personal::unknown();
        let masker = Masker::new(&nobody);
        let kept = |word: &str, known: &[&str]| {
            if known.contains(&word) {
                return word.to_owned();
            }
            let word = word.trim();
            let code = masker.code(word, None);
            code.unwrap_or_else(|| key.hide(HiddenKind::Code, word))
        };
        let said = one.said.as_ref();
        let reason = said.and_then(|said| said.reason.as_deref());
        let kind = one.kind.as_deref();
        KeptWords {
            kind: kind.map(|kind| match kind {
                PARTY_EVENT => kind.to_owned(),
                kind => kept(kind, OTHER_EVENT_TYPES),
            }),
            status: said.map(|said| kept(&said.status, PARTY_STATUSES)),
            reason: reason.map(|reason| kept(reason, REASON_CODES)),
        }
    }

    /// The status and the reason from which a decision is made.
    fn deciding(&self) -> Option<(&str, Option<&str>)> {
        let status = self.status.as_deref()?;
        Some((status, self.reason.as_deref()))
    }
}

impl<'a> EventInsert<'a> {
    fn new(
        db: &'a Connection,
        key: &'a [u8; 32],
        plan: &mut KnownIds,
        one: &'a ArrivedEvent,
    ) -> Self {
        let fit = |id: &str| {
            let is_id = is_plain(id) && unfit(id, IdRules::default()).is_none();
            is_id && !may_be_a_number_of_a_person(id)
        };
        let client_id = one.said.as_ref().map(|said| said.client_id.as_str());
        let nobody = Personal::unknown();
        let masker = Masker::new(&nobody);
        EventInsert {
            words: KeptWords::of(one, &CodeKey::new(key)),
            db,
            key,
            one,
            request_id: Some(one.request_id.as_str())
                .filter(|id| fit(id) && masker.id(id))
                .unwrap_or_default(),
            client_id: client_id.filter(|id| fit(id) || plan.has(id)),
        }
    }

    fn add(&self, source: EventSource) -> anyhow::Result<AddOutcome> {
        let hash = *blake3::keyed_hash(self.key, &self.one.same).as_bytes();
        let there: Option<(i64, Option<String>)> = self
            .db
            // What may be kept of an id has become less: an earlier version may have kept the whole.
            .prepare_cached(
                "SELECT id, client_id FROM event WHERE request_id IN (?1, ?2) AND hash = ?3 ORDER BY id LIMIT 1",
            )?
            .query_row(params![self.request_id, self.one.request_id, hash], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((id, client_id)) = there else {
            self.insert(&hash, source)?;
            return Ok(AddOutcome::New);
        };
        if source == EventSource::Received {
            self.db
                .prepare_cached("UPDATE event SET repeats = repeats + 1 WHERE id = ?")?
                .execute([id])?;
            self.db
                .prepare_cached("UPDATE party SET repeats = repeats + 1 WHERE client_id = ?")?
                .execute([client_id])?;
        }
        Ok(AddOutcome::Repeat)
    }

    /// Gives an event that is stored its account id; false when the id may still not be kept.
    fn name(&self, id: i64) -> anyhow::Result<bool> {
        let (Some(client_id), Some((status, reason))) = (self.client_id, self.words.deciding())
        else {
            return Ok(false);
        };
        self.db
            .prepare_cached("UPDATE event SET client_id = ?2 WHERE id = ?1 AND client_id IS NULL")?
            .execute(params![id, client_id])?;
        self.note_party(client_id, status, reason)?;
        self.db
            .prepare_cached(
                "UPDATE party SET repeats = repeats + (SELECT repeats FROM event WHERE id = ?1) WHERE client_id = ?2",
            )?
            .execute(params![id, client_id])?;
        Ok(true)
    }

    fn insert(&self, hash: &[u8; 32], source: EventSource) -> anyhow::Result<()> {
        let said = self.one.said.as_ref();
        self.db
            .prepare_cached(
                "INSERT INTO event (at, request_id, hash, client_id, type, status, reason, expires_at, linked, source, body)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.one.at,
                self.request_id,
                hash,
                self.client_id,
                self.words.kind,
                self.words.status,
                self.words.reason,
                said.and_then(|said| said.expires_at),
                said.is_some_and(|said| said.linked),
                source as i64,
                seal(self.key, SealPurpose::Event, &self.one.body)?,
            ])?;
        match (self.client_id, self.words.deciding()) {
            (Some(client_id), Some((status, reason))) => self.note_party(client_id, status, reason),
            _ => Ok(()),
        }
    }

    /// Keeps the account's row true.
    fn note_party(
        &self,
        client_id: &str,
        status: &str,
        reason: Option<&str>,
    ) -> anyhow::Result<()> {
        let before = self
            .db
            .prepare_cached(
                "SELECT events, first_at, last_at, status, reason, documents, expires_at FROM party WHERE client_id = ?",
            )?
            .query_row([client_id], |row| {
                Ok(PartySummary {
                    events: row.get(0)?,
                    first_at: row.get(1)?,
                    last_at: row.get(2)?,
                    status: row.get(3)?,
                    reason: row.get(4)?,
                    documents: row.get(5)?,
                    expires_at: row.get(6)?,
                })
            })
            .optional()?;
        let mut party = before.unwrap_or_default();
        party.take(PartyEvent {
            at: self.one.at,
            status,
            reason,
            expires_at: self.one.said.as_ref().and_then(|said| said.expires_at),
        });
        self.db
            .prepare_cached(
                "INSERT INTO party VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (client_id) DO UPDATE SET events = ?2, first_at = ?3, last_at = ?4, status = ?5, reason = ?6,
                 documents = ?7, expires_at = ?8",
            )?
            .execute(params![
                client_id,
                party.events,
                party.first_at,
                party.last_at,
                party.status,
                party.reason,
                party.documents,
                party.expires_at,
            ])?;
        Ok(())
    }
}

/// An id of the kind that systems make: no blanks, no accents, and not long.
fn is_plain(id: &str) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
