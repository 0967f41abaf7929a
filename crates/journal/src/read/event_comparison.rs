//! The events of webhooks against those that the last checkpoint saw, and the rows of accounts against their events.
//!
//! Left out: what follows from a difference (`write::alteration`, `report::audit`).

use rusqlite::Row;
use serde_json::{Value, json};

use crate::chain::{EVENT_SHEET, EntryKind, EventComparison, PARTY_SHEET, RowHashes, canonical};
use crate::events::party::{PartyEvent, PartySummary};
use crate::read::reader::Reader;
use crate::read::vouched_rows::write_columns;
use crate::schema::seal::{SealPurpose, unseal};
use crate::schema::state_files::known_key;
use crate::write::alteration::checkpoint_before;

/// The columns of an event that a checkpoint covers, but for its account.
const COVERED: usize = 11;

impl Reader {
    /// Compares events, and what they come to for each account, with the last checkpoint. `None` where there is no checkpoint, or
    /// something was done since that takes events away, or the checkpoint did not look at events.
    pub fn compare_events(
        &self,
        events: &RowHashes,
        parties: &RowHashes,
    ) -> anyhow::Result<Option<EventComparison>> {
        let checkpoint = checkpoint_before(&self.journal, EntryKind::changes_events)?;
        let Some(checkpoint) = checkpoint.map(|entry| entry.value()) else {
            return Ok(None);
        };
        let seen = |sheet: &str| &checkpoint["sheets"][sheet];
        let seen_events = seen(EVENT_SHEET);
        let (Some(root), Some(count)) =
            (seen_events["root"].as_str(), seen_events["rows"].as_u64())
        else {
            return Ok(None);
        };
        let mut found = EventComparison {
            came: events.count().saturating_sub(count),
            ..EventComparison::default()
        };
        if events.count() < count || events.root_of_first(count)? != root {
            match self.named_since(events, root)? {
                Some(named) => found.named = named,
                None => found.is_altered = true,
            }
        }
        let is_same = events.root()? == root;
        if !is_same || seen(PARTY_SHEET)["root"].as_str() != Some(&parties.root()?) {
            let expected = self.expected_parties()?;
            let differs = expected.root()? != parties.root()?;
            found.expected_parties = differs.then_some(expected);
        }
        Ok(Some(found))
    }

    /// How many events that a checkpoint saw got their account since; `None` where one of them is gone, or was changed in another
    /// way. They are named when the plan knows whose they are ([`Events::name`](crate::events::Events::name)).
    fn named_since(&self, now: &RowHashes, root: &str) -> anyhow::Result<Option<u64>> {
        let stored = self.checkpoint_rows()?.remove(EVENT_SHEET);
        let kept = stored.unwrap_or_default();
        if kept.root()? != root {
            return Ok(None);
        }
        // Without a key nothing is named.
        let key = self.path.parent().and_then(|folder| known_key(folder).ok());
        let mut before = RowHashes::default();
        let mut text = String::new();
        self.walk(sql::NAMED, |row| {
            text.clear();
            let is_its_own = match (row.get::<_, Option<String>>(COVERED)?, &key) {
                (Some(client_id), Some(key)) => is_of_account(row, key, &client_id)?,
                _ => false,
            };
            // What is not in its body was not found there: then the row only counts as it is.
            if is_its_own {
                write_columns(row, 0..COVERED, &mut text)?;
            }
            before.add(text.as_bytes());
            Ok(())
        })?;
        Ok(kept.count_of_others(now, &before)?)
    }

    /// The rows of accounts that the events come to.
    fn expected_parties(&self) -> anyhow::Result<RowHashes> {
        let mut rows = RowHashes::default();
        let mut current: Option<(String, PartySummary)> = None;
        self.walk(sql::EVENTS_OF_ACCOUNTS, |row| {
            let client_id: String = row.get(0)?;
            if current.as_ref().is_none_or(|(id, _)| *id != client_id) {
                add_party(&mut rows, current.take())?;
            }
            let (status, reason): (String, Option<String>) = (row.get(2)?, row.get(3)?);
            let (_, party) = current.get_or_insert_with(|| (client_id, PartySummary::default()));
            party.take(PartyEvent {
                at: row.get(1)?,
                status: &status,
                reason: reason.as_deref(),
                expires_at: row.get(4)?,
            });
            Ok(())
        })?;
        add_party(&mut rows, current)?;
        Ok(rows)
    }
}

/// Adds the row of an account, with the columns that a checkpoint covers.
fn add_party(rows: &mut RowHashes, party: Option<(String, PartySummary)>) -> anyhow::Result<()> {
    let Some((client_id, party)) = party else {
        return Ok(());
    };
    let row = json!([
        client_id,
        party.events,
        party.first_at,
        party.last_at,
        party.status,
        party.reason,
        party.documents,
        party.expires_at,
    ]);
    rows.add(canonical(&row).unwrap_or_default().as_bytes());
    Ok(())
}

/// Whether the sealed body of an event names this account.
fn is_of_account(row: &Row<'_>, key: &[u8; 32], client_id: &str) -> anyhow::Result<bool> {
    let sealed: Vec<u8> = row.get(COVERED + 1)?;
    let body = unseal(key, SealPurpose::Event, &sealed).unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let named = body["partnerPartyRef"].as_str();
    Ok(named.is_some_and(|named| named.trim() == client_id))
}

/// The statements, in the order of a key.
pub(crate) mod sql {
    /// Events as they were before they got their accounts, then the account and the body.
    pub const NAMED: &str = "SELECT id, at, request_id, hash, NULL, type, status, reason, expires_at, linked, source, client_id, body \
        FROM event ORDER BY id";
    pub const EVENTS_OF_ACCOUNTS: &str = "SELECT client_id, at, status, reason, expires_at FROM event \
        WHERE client_id IS NOT NULL AND status IS NOT NULL ORDER BY client_id";
}
