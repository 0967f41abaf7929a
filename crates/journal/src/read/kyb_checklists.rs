//! The KYB checklist of every account that needs one, line by line: which items are accepted, planned or missing.
//!
//! One account is in memory at a time. Left out: what the checklist asks for (`contract::documents`), and when KYB is freed
//! (`write::waiting_tasks`).

use rusqlite::Statement;

use crate::read::columns::{index, text, word_of};
use crate::read::reader::Reader;
use crate::schema::codes::STATES;
use bakkt_contract::documents::{OwnerFlags, checklist};

/// How far an item of the checklist is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemProgress {
    /// Accepted documents prove it.
    Accepted,
    /// Documents that are still to be sent, or are in doubt, will prove it.
    Planned,
    /// No document proves it, except refused ones.
    Missing,
}

impl ItemProgress {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            ItemProgress::Accepted => "accepted",
            ItemProgress::Planned => "planned",
            ItemProgress::Missing => "missing",
        }
    }
}

/// One account that needs KYB.
#[derive(Clone, Copy, Debug)]
pub struct KybLine<'a> {
    /// clientAccountId.
    pub client_id: Option<&'a str>,
    /// The word of its KYB task's state.
    pub state: &'static str,
    /// Why it is held, refused or given up.
    pub code: Option<&'a str>,
    /// The same as a masked message.
    pub message: Option<&'a str>,
    /// The checklist: item, owner's place from 1, how far it is.
    pub items: &'a [(&'static str, Option<u64>, ItemProgress)],
}

impl Reader {
    /// Every account that needs KYB, in the order of the export.
    pub fn each_kyb(
        &self,
        mut each: impl FnMut(KybLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut owners = self.journal.prepare(sql::OWNERS)?;
        let mut documents = self.journal.prepare(sql::PROOFS)?;
        self.walk(sql::KYB_LINES, |row| {
            let record: i64 = row.get(0)?;
            let items = items(record, &mut owners, &mut documents)?;
            each(KybLine {
                client_id: text(row, 1)?,
                state: word_of(&STATES, index(row, 2)?),
                code: text(row, 3)?,
                message: text(row, 4)?,
                items: &items,
            })
        })
    }

    /// KYB triggers of an earlier plan that are in doubt: their clientAccountIds, in the order of the tasks.
    pub fn each_former_kyb_in_doubt(
        &self,
        mut each: impl FnMut(Option<&str>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::FORMER_DOUBTS, |row| each(text(row, 0)?))
    }
}

fn items(
    record: i64,
    owners: &mut Statement<'_>,
    documents: &mut Statement<'_>,
) -> anyhow::Result<Vec<(&'static str, Option<u64>, ItemProgress)>> {
    let owners = owners.query_map([record], |row| {
        Ok(OwnerFlags {
            place: row.get(0)?,
            flags: row.get(1)?,
        })
    })?;
    let owners: Vec<OwnerFlags> = owners.collect::<Result<_, _>>()?;
    let (mut accepted, mut hoped) = (Vec::new(), Vec::new());
    let mut rows = documents.query([record])?;
    while let Some(row) = rows.next()? {
        let proof: (Option<u32>, u32) = (row.get(0)?, row.get(1)?);
        match word_of(&STATES, index(row, 2)?) {
            "accepted" => accepted.push(proof),
            "open" | "held" | "in doubt" => hoped.push(proof),
            _ => {}
        }
    }
    hoped.extend_from_slice(&accepted);
    let (now, then) = (checklist(&owners, &accepted), checklist(&owners, &hoped));
    let items = now.iter().zip(&then).map(|(now, then)| {
        let far = match (now.there, then.there) {
            (true, _) => ItemProgress::Accepted,
            (false, true) => ItemProgress::Planned,
            (false, false) => ItemProgress::Missing,
        };
        // Which manager is identified may change with the documents; the later word counts.
        let shown = if now.there { now } else { then };
        (
            shown.name,
            shown.place.map(|place| u64::from(place) + 1),
            far,
        )
    });
    Ok(items.collect())
}

pub(crate) mod sql {
    pub const KYB_LINES: &str = sql!(
        "SELECT t.record, r.client_id, t.state, c.text, m.text \
        FROM task t INDEXED BY task_record LEFT JOIN record r ON r.id = t.record \
        LEFT JOIN word c ON c.id = t.code LEFT JOIN word m ON m.id = t.message \
        WHERE t.kind = {kind.kyb} ORDER BY t.record"
    );
    pub const OWNERS: &str = "SELECT place, flags FROM owner WHERE record = ?1 ORDER BY place";
    pub const PROOFS: &str = sql!(
        "SELECT d.place, d.proves, t.state FROM task t JOIN document d ON d.id = t.document \
        WHERE t.record = ?1 AND t.kind = {kind.document}"
    );
    pub const FORMER_DOUBTS: &str = sql!(
        "SELECT f.client_id FROM task t JOIN former_task f ON f.task = t.id \
        WHERE t.kind = {kind.former_kyb} AND t.state IN ({state.unknown_outcome}) ORDER BY t.id"
    );
}
