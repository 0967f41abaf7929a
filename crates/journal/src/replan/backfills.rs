//! Backfill files that were taken: their rows, and what became of them.
//!
//! A file is taken in the one transaction that takes over the plan which was made with it: before it the journal does not know the
//! file, after it the plan has its rows. The journal keeps lines, paths and ids of them, never a value.
//! Owner of the tables `layer`, `layer_row` and `layer_element`.

use std::collections::BTreeSet;

use rusqlite::{Connection, Params, params};
use serde::Serialize;

use crate::read::backfills::{DISAGREEING, RESTRICTED, UNSENDABLE};
use crate::read::reader::Reader;
use crate::write::journal::Journal;
use crate::write::operator_log::OperatorNote;
use crate::write::tasks::position;
use bakkt_model::backfill;
use bakkt_model::position::{JoinedList, JoinedRow, Position};
use bakkt_model::verdict::Verdict;

/// A backfill file that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBackfill {
    /// Its number, from 1.
    pub number: i64,
    /// Its name when it was taken.
    pub name: String,
    /// Its name below the folder `layers`.
    pub kept: String,
    /// Keyed hash of its bytes.
    pub hash: [u8; 32],
    /// 'fields' or 'export'.
    pub form: String,
    /// Of a workbook: its sheet.
    pub sheet: Option<String>,
    /// Lines of rows that are left out for good.
    pub refused: BTreeSet<u64>,
    /// Which owner or contact a row refers to, where it names one.
    pub elements: Vec<RowElement>,
}

impl StoredBackfill {
    /// Its name in reports.
    pub fn shown(&self) -> String {
        backfill::shown(self.number, &self.name)
    }

    /// The name under which its fingerprint is known.
    pub fn fingerprint(&self) -> String {
        backfill::fingerprint(self.number, &self.name)
    }

    /// Whether another one has the same rows: the same bytes, and of a workbook the same sheet.
    pub fn is_same(&self, other: &StoredBackfill) -> bool {
        (self.hash, &self.sheet) == (other.hash, &other.sheet)
    }
}

/// The owner or trusted contact that a row refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowElement {
    /// The line where the row starts.
    pub row: u64,
    /// 1 owner, 2 trusted contact.
    pub list: u8,
    /// The index in the column's name.
    pub place: u8,
    /// Keyed hash of its own id.
    pub id: Option<[u8; 32]>,
    /// Keyed hash of its names.
    pub named: Option<[u8; 32]>,
}

/// A record of the plan that a row may refer to.
#[derive(Clone, Debug)]
pub struct KnownRecord {
    /// Verdict, by its number.
    pub verdict: i64,
    /// Where its row stands.
    pub at: Position,
    /// Its joined rows.
    pub parts: Vec<JoinedRow>,
    /// Whether Bakkt has its account, or may have it.
    pub at_bakkt: bool,
}

impl KnownRecord {
    /// Whether the plan neither excluded it nor marked it as a duplicate.
    pub fn is_read(&self) -> bool {
        self.verdict < Verdict::Excluded as i64
    }

    /// Whether the plan sends it.
    pub fn is_sent(&self) -> bool {
        self.verdict < Verdict::Blocked as i64
    }
}

/// A row that was not taken, or only in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedRow {
    /// The line where its row starts.
    pub row: u64,
    /// The field; empty for the whole row.
    pub path: String,
    /// Why it was not taken.
    pub outcome: String,
    /// clientAccountId, when the plan knows it.
    pub client_id: Option<String>,
}

/// A backfill file to take with a new plan.
#[derive(Clone, Copy, Debug)]
pub struct NewBackfill<'a> {
    /// The file.
    pub layer: &'a StoredBackfill,
    /// Rows read.
    pub rows: u64,
    /// Customers of whom its rows changed something, and the last of those rows.
    pub touched: &'a [(String, u64)],
    /// Rows that were not taken, or only in part.
    pub left: &'a [SkippedRow],
}

impl<'a> NewBackfill<'a> {
    /// Customers of rows that are not left out as a whole: what a row says in vain makes a gap as well.
    fn customers(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let refused = &self.layer.refused;
        let in_vain = self.left.iter();
        let in_vain = in_vain.filter(move |left| !refused.contains(&left.row));
        let touched = self.touched.iter().map(|(client_id, _)| client_id.as_str());
        touched.chain(in_vain.filter_map(|left| left.client_id.as_deref()))
    }
}

/// What taking a file changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BackfillEffect {
    /// Accounts whose payload it changes.
    pub changed: u64,
    /// Gaps that it closes, by field.
    pub closed: Vec<FieldGaps>,
    /// Gaps that the customers of its rows had not before, by field: a new country makes a postal code unfit, and what is sent has
    /// none any more.
    pub opened: Vec<FieldGaps>,
    /// Gaps that the customers of its rows still have.
    pub still_open: u64,
    /// Customers who were blocked, and are created by the next run.
    pub created: u64,
    /// Accounts that get an update by the next run because of it.
    pub updates: u64,
    /// Accounts that would, but for a change of the export that no update may make.
    pub restricted: u64,
    /// Accounts that existed before with other data: they are left as they are, and nothing of the file is sent for them.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub left_alone: u64,
    /// KYB triggers of the customers of its rows that were held, and are sent by the next run.
    pub kyb: u64,
    /// Customers of its rows of whom the next run sends something.
    pub to_send: u64,
}

/// Gaps of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldGaps {
    /// The contract path.
    pub path: String,
    /// What it was: missing, withheld, invalid: ….
    pub reason: String,
    /// How many there are.
    pub count: u64,
}

impl Journal {
    /// The taken files, in the order in which they apply.
    pub fn layers(&self) -> anyhow::Result<Vec<StoredBackfill>> {
        taken(&self.db)
    }

    /// The number that the next file gets.
    pub fn next_layer(&self) -> anyhow::Result<i64> {
        Ok(self
            .db
            .query_row("SELECT coalesce(max(id), 0) + 1 FROM layer", [], |row| {
                row.get(0)
            })?)
    }

    /// Hands over the id of every record of the plan.
    pub fn each_client_id(&self, mut each: impl FnMut(&str)) -> anyhow::Result<()> {
        let mut statement = self
            .db
            .prepare("SELECT client_id FROM record WHERE client_id IS NOT NULL")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(row.get_ref(0)?.as_str()?);
        }
        Ok(())
    }

    /// The records of the plan with an id.
    pub fn records_of(&self, client_id: &str) -> anyhow::Result<Vec<KnownRecord>> {
        let mut statement = self.db.prepare_cached(
            sql!("SELECT r.id, r.verdict, r.row, r.offset, r.length,
                    EXISTS (SELECT 1 FROM task t WHERE t.record = r.id AND t.kind = {kind.account} AND t.state IN ({state.perhaps_at_bakkt}))
                    OR EXISTS (SELECT 1 FROM former f WHERE f.client_id = r.client_id)
             FROM record r WHERE r.client_id = ? ORDER BY r.id"),
        )?;
        let rows = statement.query_map([client_id], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                KnownRecord {
                    verdict: row.get(1)?,
                    at: position(row, 2)?,
                    at_bakkt: row.get(5)?,
                    parts: Vec::new(),
                },
            ))
        })?;
        let mut records = rows.collect::<Result<Vec<_>, _>>()?;
        let mut statement = self.db.prepare_cached(
            sql!("SELECT row, offset, length, list FROM part WHERE record = ? AND list < {list.backfill} ORDER BY list, place"),
        )?;
        for (id, record) in &mut records {
            let parts = statement.query_map([*id], |row| {
                let list = JoinedList::ALL
                    .get(usize::from(row.get::<_, u8>(3)?))
                    .copied();
                Ok(JoinedRow {
                    list: list.unwrap_or(JoinedList::Group),
                    at: position(row, 0)?,
                })
            })?;
            record.parts = parts.collect::<Result<_, _>>()?;
        }
        Ok(records.into_iter().map(|(_, record)| record).collect())
    }

    /// Gives the comparison of two plans (`compare.sql`) its time, and the customers whose rows the file changed.
    pub(crate) fn begin_taking(
        &mut self,
        at: i64,
        taking: Option<&NewBackfill<'_>>,
    ) -> anyhow::Result<()> {
        let number = taking.map_or(0, |taking| taking.layer.number);
        self.db
            .execute("INSERT INTO temp.adopting VALUES (?, ?)", [at, number])?;
        let mut insert = self
            .db
            .prepare("INSERT OR REPLACE INTO temp.touched VALUES (?, ?)")?;
        for (client_id, row) in taking.map_or(&[][..], |taking| taking.touched) {
            insert.execute(params![client_id, *row as i64])?;
        }
        let mut insert = self
            .db
            .prepare("INSERT OR IGNORE INTO temp.spoken_of VALUES (?)")?;
        for client_id in taking.iter().flat_map(|taking| taking.customers()) {
            insert.execute([client_id])?;
        }
        Ok(())
    }

    /// Records a file, after the plan that was made with it was taken over.
    pub(crate) fn take_layer(
        &mut self,
        taking: &NewBackfill<'_>,
        decided: OperatorNote<'_>,
        created: u64,
        kyb_before: u64,
    ) -> anyhow::Result<BackfillEffect> {
        let layer = taking.layer;
        let changed = self.count_of(CHANGED)?;
        self.db.execute(
            "INSERT INTO layer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                layer.number,
                decided.at,
                layer.name,
                layer.kept,
                layer.hash,
                layer.form,
                layer.sheet,
                taking.rows as i64,
                changed as i64,
                decided.reason
            ],
        )?;
        for element in &layer.elements {
            let RowElement {
                row,
                list,
                place,
                id,
                named,
            } = element;
            self.db
                .prepare_cached("INSERT OR IGNORE INTO layer_element VALUES (?, ?, ?, ?, ?, ?)")?
                .execute(params![layer.number, *row as i64, list, place, id, named])?;
        }
        for left in taking.left {
            let (path, outcome) = (self.word(&left.path)?, self.word(&left.outcome)?);
            self.db
                .prepare_cached("INSERT OR IGNORE INTO layer_row VALUES (?, ?, ?, ?, ?)")?
                .execute(params![
                    layer.number,
                    left.row as i64,
                    path,
                    outcome,
                    left.client_id
                ])?;
        }
        self.log("backfill", &layer.name, decided, changed)?;
        Ok(BackfillEffect {
            changed,
            closed: self.by_field(CLOSED, [layer.number])?,
            opened: self.by_field(OPENED, [])?,
            still_open: self.count_of(STILL_OPEN)?,
            created,
            updates: self.count_of(UPDATES)?,
            restricted: self.count_of(KEPT_BACK)?,
            left_alone: self.count_of(LEFT_ALONE)?,
            kyb: self.open_kyb()?.saturating_sub(kyb_before),
            to_send: self.count_of(TO_SEND)?,
        })
    }

    /// KYB triggers of the customers of the file's rows that the next run sends.
    pub(crate) fn open_kyb(&self) -> anyhow::Result<u64> {
        self.count_of(OPEN_KYB)
    }

    /// Gaps that a statement counts by field and reason.
    fn by_field(&self, sql: &str, given: impl Params) -> anyhow::Result<Vec<FieldGaps>> {
        let mut statement = self.db.prepare(sql)?;
        let rows = statement.query_map(given, |row| {
            Ok(FieldGaps {
                path: row.get(0)?,
                reason: row.get(1)?,
                count: row.get::<_, i64>(2)? as u64,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn count_of(&self, sql: &str) -> anyhow::Result<u64> {
        Ok(self.db.query_row(sql, [], |row| row.get::<_, i64>(0))? as u64)
    }
}

const CHANGED: &str = sql!("SELECT count(*) FROM temp.touched o JOIN main.record r ON r.client_id = o.client_id AND r.verdict IN ({verdict.sendable})
    LEFT JOIN temp.was w ON w.client_id = o.client_id WHERE r.hash IS NOT w.hash AND w.untouched IS NOT 1");

const STILL_OPEN: &str =
    "SELECT count(*) FROM temp.touched o JOIN main.record r ON r.client_id = o.client_id
    JOIN main.gap g ON g.record = r.id WHERE g.status = 'open'";

const UPDATES: &str = sql!(
    "SELECT count(*) FROM temp.touched o JOIN main.record r ON r.client_id = o.client_id
    JOIN main.task t ON t.record = r.id AND t.kind = {kind.update} AND t.state = {state.open}"
);

const OPEN_KYB: &str = sql!(
    "SELECT count(*) FROM temp.touched o JOIN main.record r ON r.client_id = o.client_id
    JOIN main.task t ON t.record = r.id AND t.kind = {kind.kyb} AND t.state = {state.open}"
);

const TO_SEND: &str = sql!(
    "SELECT count(DISTINCT o.client_id) FROM temp.touched o JOIN main.record r ON r.client_id = o.client_id
    JOIN main.task t ON t.record = r.id AND t.state = {state.open}"
);

const KEPT_BACK: &str = "SELECT count(*) FROM temp.touched o JOIN temp.was w ON w.client_id = o.client_id WHERE w.restricted";

const LEFT_ALONE: &str = "SELECT count(*) FROM temp.touched o JOIN temp.was w ON w.client_id = o.client_id WHERE w.untouched";

const CLOSED: &str = "SELECT p.text, w.text, count(*) FROM closed_gap c JOIN word p ON p.id = c.path JOIN word w ON w.id = c.reason
    WHERE c.layer = ?1 GROUP BY p.text, w.text ORDER BY p.text, w.text";

/// A gap that was there before keeps the time since when it is open; all others have that of the new plan. What is withheld was not
/// there before: the file brought a part of something that is not whole yet.
const OPENED: &str = "SELECT p.text, w.text, count(*) FROM temp.spoken_of o JOIN main.record r ON r.client_id = o.client_id
    JOIN main.gap g ON g.record = r.id JOIN main.word p ON p.id = g.path JOIN main.word w ON w.id = g.reason
    WHERE g.status = 'open' AND w.text <> 'withheld' AND g.opened_at >= (SELECT min(opened_at) FROM n.gap_set) GROUP BY p.text, w.text ORDER BY p.text, w.text";

/// The taken files, with the rows of them that are left out.
fn taken(db: &Connection) -> anyhow::Result<Vec<StoredBackfill>> {
    let mut statement =
        db.prepare("SELECT id, name, kept, hash, form, sheet FROM layer ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(StoredBackfill {
            number: row.get(0)?,
            name: row.get(1)?,
            kept: row.get(2)?,
            hash: row.get(3)?,
            form: row.get(4)?,
            sheet: row.get(5)?,
            refused: BTreeSet::new(),
            elements: Vec::new(),
        })
    })?;
    let mut layers = rows.collect::<Result<Vec<_>, _>>()?;
    let mut refused = db.prepare(
        "SELECT DISTINCT r.row FROM layer_row r JOIN word w ON w.id = r.outcome JOIN word p ON p.id = r.path
         WHERE r.layer = ?1 AND (p.text = '' OR w.text IN (?2, ?3, ?4))",
    )?;
    let mut elements = db.prepare(
        "SELECT row, list, place, id, named FROM layer_element WHERE layer = ? ORDER BY row, list, place",
    )?;
    for layer in &mut layers {
        let whole = params![layer.number, RESTRICTED, UNSENDABLE, DISAGREEING];
        let rows = refused.query_map(whole, |row| row.get::<_, i64>(0))?;
        layer.refused = rows
            .map(|row| row.map(|row| row as u64))
            .collect::<Result<_, _>>()?;
        let rows = elements.query_map([layer.number], |row| {
            Ok(RowElement {
                row: row.get::<_, i64>(0)? as u64,
                list: row.get(1)?,
                place: row.get(2)?,
                id: row.get(3)?,
                named: row.get(4)?,
            })
        })?;
        layer.elements = rows.collect::<Result<_, _>>()?;
    }
    Ok(layers)
}

impl Reader {
    /// The same as [`Journal::layers`], read beside a run.
    pub fn taken_layers(&self) -> anyhow::Result<Vec<StoredBackfill>> {
        taken(&self.journal)
    }
}
