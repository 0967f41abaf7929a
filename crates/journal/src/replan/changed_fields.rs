//! Which fields of accepted accounts the new plan changes, and whether updates may change them without a further word.
//!
//! An update replaces all that Bakkt has of an account, so a column that was emptied, or a line that was taken out of the mapping,
//! takes values away, and a column that was sorted by itself gives every customer another one's. Invariant: no update that takes
//! values away, and none that is part of a change of most accounts, is planned before a person has named the field.
//! Left out: what is kept of values and how it is compared (`contract::field_marks`), and fields that no update may change
//! (`restricted_accounts`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::COMPARED_FIELDS;
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use bakkt_contract::changes::is_in;
use bakkt_contract::field_marks::{FieldChange, changes};
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;

/// Over how many accounts a change of most of them is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeScope {
    /// All accounts of the migration.
    All,
    /// Those of some of its shards. Of the others nothing is known, and a change of most accounts may be of few in each.
    SomeShards,
    /// It was judged over all shards together.
    JudgedBefore,
}

impl ChangeScope {
    /// How many changed accounts are told by field alone, however few there are altogether.
    fn few(self) -> u64 {
        match self {
            ChangeScope::All => 20,
            // Where most accounts of a migration change, most change in one of its shards.
            ChangeScope::SomeShards => 2,
            ChangeScope::JudgedBefore => u64::MAX,
        }
    }
}

/// The fields that differ between Bakkt and the new plan, over the accepted accounts that an update may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangedFields {
    /// Accepted accounts that the new plan still sends.
    #[serde(skip)]
    pub accepted: u64,
    /// Accounts of which it is not known which fields changed: an earlier version planned them.
    #[serde(
        rename = "changed_fields_unknown",
        skip_serializing_if = "bakkt_model::number::is_zero"
    )]
    pub unknown: u64,
    /// The fields, in the order of the contract.
    #[serde(rename = "changed_fields", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ChangedField>,
}

/// One field of them, in numbers of accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedField {
    /// The field's pattern.
    pub path: &'static str,
    /// Without a value before, with one now.
    pub added: u64,
    /// With another value. One in 128 is not seen.
    pub changed: u64,
    /// With a value before, without one now; or fewer of their owners have one.
    pub removed: u64,
}

impl ChangedField {
    fn new(path: &'static str) -> ChangedField {
        ChangedField {
            path,
            added: 0,
            changed: 0,
            removed: 0,
        }
    }

    fn lines(&self) -> impl Iterator<Item = (u64, String)> + '_ {
        let told = [
            (self.added, "a value where there was none"),
            (self.changed, "another value"),
            (self.removed, "the value is gone"),
        ];
        let told = told.into_iter().filter(|(count, _)| *count > 0);
        told.map(|(count, what)| (count, format!("{}: {what}", self.path)))
    }
}

impl ChangedFields {
    /// The fields that no update changes before a person has named them: of which values go away, or which change for more
    /// than half of the accepted accounts.
    pub fn unconfirmed<'a>(
        &'a self,
        confirmed: &'a [String],
        scope: ChangeScope,
    ) -> impl Iterator<Item = &'a ChangedField> {
        let is_wide = move |field: &ChangedField| {
            field.changed >= scope.few() && field.changed.saturating_mul(2) > self.accepted
        };
        let fields = self.fields.iter();
        fields.filter(move |field| {
            let is_named = || confirmed.iter().any(|named| is_in(field.path, named));
            (field.removed > 0 || is_wide(field)) && !is_named()
        })
    }

    /// Adds those of another shard.
    pub fn add(&mut self, other: &ChangedFields) {
        self.accepted += other.accepted;
        self.unknown += other.unknown;
        for field in &other.fields {
            match self.fields.iter_mut().find(|own| own.path == field.path) {
                Some(own) => {
                    own.added += field.added;
                    own.changed += field.changed;
                    own.removed += field.removed;
                }
                None => self.fields.push(field.clone()),
            }
        }
    }

    /// Lines for each field: how many accounts, and what becomes of it.
    pub fn lines(&self) -> impl Iterator<Item = (u64, String)> + '_ {
        let unknown = "planned by an earlier version: which fields changed is not known";
        let unknown = (self.unknown > 0).then(|| (self.unknown, unknown.to_owned()));
        let fields = self.fields.iter().flat_map(ChangedField::lines);
        fields.chain(unknown)
    }

    /// What stops a plan, and how to go on; none when nothing does.
    pub fn stop(&self, confirmed: &[String], scope: ChangeScope) -> Option<anyhow::Error> {
        let fields: Vec<&ChangedField> = self.unconfirmed(confirmed, scope).collect();
        if fields.is_empty() {
            return None;
        }
        let mut message = format!(
            "updates would take values away, or change most accounts, of {} accepted accounts:",
            thousands(self.accepted)
        );
        // That a field gets a value where there was none stops nobody.
        let harms = |field: &ChangedField| ChangedField {
            added: 0,
            ..field.clone()
        };
        let harmful: Vec<ChangedField> = fields.iter().map(|field| harms(field)).collect();
        let lines = harmful.iter().flat_map(ChangedField::lines);
        for (count, what) in lines {
            message.push_str(&format!("\n  {:>11}  {what}", thousands(count)));
        }
        message.push_str("\nthe plan is as it was");
        Some(Failure::configuration(message, remedy(&fields, confirmed)))
    }
}

/// What a person does about fields that nobody named.
fn remedy(fields: &[&ChangedField], confirmed: &[String]) -> String {
    let named = confirmed.iter().map(String::as_str);
    let named: Vec<&str> = named.chain(fields.iter().map(|field| field.path)).collect();
    format!(
        "look at these columns of the export and at their lines in the mapping; if Bakkt shall have it so, `bakkt-migrate replan` takes --accept-changes \"{}\" with --reason WHY",
        named.join(",")
    )
}

impl Journal {
    /// Compares the fields of the accepted accounts that get updates when these are asked for as `asked` says (`UPDATED`).
    pub(crate) fn changed_fields(&self, asked: [bool; 2]) -> anyhow::Result<ChangedFields> {
        let accepted = self
            .db
            .query_row(ACCEPTED, [], |row| row.get::<_, i64>(0))?;
        let mut found: BTreeMap<usize, ChangedField> = BTreeMap::new();
        let mut unknown = 0;
        let mut statement = self.db.prepare(COMPARED_FIELDS)?;
        let mut rows = statement.query(asked)?;
        while let Some(row) = rows.next()? {
            let [before, after] = [0, 1].map(|column| row.get_ref(column));
            let (before, after) = (before?.as_blob_or_null()?, after?.as_blob_or_null()?);
            let both = before.zip(after);
            let Some(changed) = both.and_then(|(before, after)| changes(before, after)) else {
                unknown += 1;
                continue;
            };
            for (place, path, change) in changed {
                let field = found.entry(place).or_insert(ChangedField::new(path));
                match change {
                    FieldChange::Added => field.added += 1,
                    FieldChange::Changed => field.changed += 1,
                    FieldChange::Removed => field.removed += 1,
                }
            }
        }
        Ok(ChangedFields {
            accepted: accepted.unsigned_abs(),
            unknown,
            fields: found.into_values().collect(),
        })
    }

    /// Records which of the changes that would stop the plan a person has accepted: the fields, and how many accounts get an update with
    /// one of them. What was named and stops nothing is accepted by nobody.
    pub(crate) fn log_accepted_changes(
        &mut self,
        accepted: &AcceptedChanges,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        if accepted.fields.is_empty() {
            return Ok(());
        }
        let target = accepted.fields.join(",");
        self.log("accept changes", &target, decided, accepted.accounts)
    }

    /// What a person who names these fields accepts, of the updates that are asked for as `asked` says.
    pub(crate) fn accepted_changes(
        &self,
        changed: &ChangedFields,
        named: &[String],
        scope: ChangeScope,
        asked: [bool; 2],
    ) -> anyhow::Result<AcceptedChanges> {
        // What was judged over all shards is accepted in each that has a part in it.
        let scope = match scope {
            ChangeScope::JudgedBefore => ChangeScope::SomeShards,
            scope => scope,
        };
        let still = changed.unconfirmed(named, scope).map(|field| field.path);
        let still: Vec<&str> = still.collect();
        let stopping = changed.unconfirmed(&[], scope).map(|field| field.path);
        let fields: Vec<&'static str> = stopping.filter(|path| !still.contains(path)).collect();
        let mut accounts = 0;
        if !fields.is_empty() {
            let mut statement = self.db.prepare(COMPARED_FIELDS)?;
            let mut rows = statement.query(asked)?;
            while let Some(row) = rows.next()? {
                let [before, after] = [0, 1].map(|column| row.get_ref(column));
                let both = before?.as_blob_or_null()?.zip(after?.as_blob_or_null()?);
                let changed = both.and_then(|(before, after)| changes(before, after));
                let is_accepted = |(_, path, change): &(usize, &'static str, FieldChange)| {
                    *change != FieldChange::Added && fields.contains(path)
                };
                accounts += u64::from(changed.into_iter().flatten().any(|one| is_accepted(&one)));
            }
        }
        Ok(AcceptedChanges { fields, accounts })
    }
}

/// Changes that would stop a plan, and that a person has accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct AcceptedChanges {
    fields: Vec<&'static str>,
    /// Accounts that get an update with one of them.
    accounts: u64,
}

const ACCEPTED: &str = sql!(
    "SELECT count(*) FROM temp.was WHERE state = {state.accepted} AND record IS NOT NULL AND NOT untouched"
);
