//! Whether an id is that of a customer who was forgotten, or the same but for what programs write differently.
//!
//! Of a forgotten customer two keyed hashes stay: of the id, and of its form without zeros in front, capitals and punctuation, under
//! which a spreadsheet brings them back. Where another customer's id has the same form, there is no hash of the form: it would keep
//! that one from being sent. A person may say that an id is somebody else's.
//! Left out: what is left out of a plan because of it (`planning::people`).

use std::collections::BTreeSet;

use crate::chain::{ERASED, id_hash};
use crate::decisions::customers::{CustomerAction, CustomerDecision, people};
use crate::read::reader::Reader;
use crate::write::journal::Journal;
use bakkt_model::text::ids;

/// The reason of a record whose id is like that of a customer who was forgotten.
pub const LIKE_FORGOTTEN: &str =
    "its id is that of an erased customer but for zeros, capitals or punctuation";

/// What the rows of `erased` begin with that hold the hash of a form: it follows, then a colon and the hash of the id.
const FORM: &str = "form:";

/// The customers who were forgotten, by keyed hashes.
#[derive(Clone, Debug)]
pub struct ForgottenIds {
    key: [u8; 32],
    ids: BTreeSet<String>,
    forms: BTreeSet<String>,
    /// Ids of which a person said that they are somebody else's.
    others: BTreeSet<String>,
    /// Customers of whom no form was noted, by an earlier version.
    pub without_form: usize,
}

impl ForgottenIds {
    /// Whether nobody was forgotten.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether it is the id of one of them.
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(&id_hash(&self.key, id))
    }

    /// Whether it is the id of one of them but for zeros in front, capitals and punctuation.
    pub fn resembles(&self, id: &str) -> bool {
        !self.forms.is_empty()
            && self.forms.contains(&form_hash(&self.key, id))
            && !self.others.contains(id)
    }
}

/// The keyed hash of an id's form.
fn form_hash(key: &[u8; 32], id: &str) -> String {
    id_hash(key, &format!("form\n{}", ids::alike(id)))
}

fn forgotten(key: [u8; 32], erased: BTreeSet<String>, people: &[CustomerDecision]) -> ForgottenIds {
    let (mut ids, mut forms, mut noted) = (BTreeSet::new(), BTreeSet::new(), 0);
    for row in erased {
        if let Some(hash) = row.strip_prefix(ERASED) {
            ids.insert(hash.to_owned());
        } else if let Some((form, _)) = row.strip_prefix(FORM).and_then(|rest| rest.split_once(':'))
        {
            noted += 1;
            forms.insert(form.to_owned());
        }
    }
    // Of a form that others share.
    forms.remove("");
    let kept = people
        .iter()
        .filter(|person| person.action == CustomerAction::Keep);
    ForgottenIds {
        key,
        without_form: ids.len().saturating_sub(noted),
        ids,
        forms,
        others: kept.map(|person| person.client_id.clone()).collect(),
    }
}

/// Whom people and erasures leave out of every plan.
#[derive(Clone, Debug)]
pub struct LeftOut {
    excluded: BTreeSet<String>,
    forgotten: ForgottenIds,
}

impl LeftOut {
    /// Whether the customer with this id is left out.
    pub fn has(&self, id: &str) -> bool {
        self.excluded.contains(id) || self.forgotten.has(id) || self.forgotten.resembles(id)
    }
}

impl Reader {
    /// Whom people and erasures leave out; `key` is the journal's.
    pub fn left_out(&self, key: [u8; 32]) -> anyhow::Result<LeftOut> {
        let people = people(&self.journal)?;
        let names = self.all("SELECT name FROM erased", |row| row.get(0))?;
        let excluded = people
            .iter()
            .filter(|person| person.action == CustomerAction::Exclude);
        Ok(LeftOut {
            excluded: excluded.map(|person| person.client_id.clone()).collect(),
            forgotten: forgotten(key, names.into_iter().collect(), &people),
        })
    }
}

const LEFT_OUT_FOR: &str = sql!(
    "SELECT count(DISTINCT r.client_id) FROM record r JOIN word w ON w.id = r.reason WHERE r.verdict = {verdict.excluded} AND w.text = ?"
);

impl Journal {
    /// The customers who were forgotten.
    pub fn forgotten_ids(&self) -> anyhow::Result<ForgottenIds> {
        Ok(forgotten(self.key, self.erased()?, &self.people()?))
    }

    /// How many customers the plan leaves out for a reason.
    pub fn left_out_for(&self, reason: &str) -> anyhow::Result<u64> {
        let count: i64 = self
            .db
            .query_row(LEFT_OUT_FOR, [reason], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// The row of `erased` with the form of an id, which is empty where somebody else's id has it.
    pub(crate) fn erased_form(&self, client_id: &str) -> anyhow::Result<String> {
        let form = match self.is_form_shared(client_id)? {
            true => String::new(),
            false => form_hash(&self.key, client_id),
        };
        Ok(format!("{FORM}{form}:{}", id_hash(&self.key, client_id)))
    }

    fn is_form_shared(&self, client_id: &str) -> anyhow::Result<bool> {
        let form = ids::alike(client_id);
        let mut statement = self.db.prepare(
            "SELECT client_id FROM record WHERE client_id IS NOT NULL
             UNION ALL SELECT client_id FROM former UNION ALL SELECT client_id FROM other_shard",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let other = row.get_ref(0)?.as_str()?;
            if other != client_id && ids::alike(other) == form {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
