//! Counts of documents: what became of each in planning, and of its upload, by type.
//!
//! One pass over the table; memory grows with the number of types and reasons only.

use std::collections::{BTreeMap, HashMap};

use crate::read::columns::{index, unsigned, word_of};
use crate::read::counts::{TaskCounts, bump};
use crate::read::reader::Reader;
use crate::schema::codes::DOCUMENT_OUTCOMES;
use crate::schema::codes::DocumentVerdict;
use serde::Serialize;

/// Everything counted about documents.
#[derive(Debug, Default)]
pub struct DocumentCounts {
    /// By number of the verdict.
    pub verdicts: [u64; 5],
    /// All of them; a verdict that is none is in this only.
    pub given: u64,
    /// Bytes of those that are sent.
    pub bytes: u64,
    /// Those that are sent as FRONT because nothing says their side and they need one.
    pub side_assumed: u64,
    /// Those that are sent, by type.
    pub types: Vec<TypeCount>,
    /// Those that are not, by outcome and reason, most frequent first.
    pub unsent: Vec<UnsentCount>,
    /// Those that are sent without a task.
    pub without_task: u64,
    /// Those that are not sent and have a task.
    pub stray: u64,
    /// KYB tasks of a record that must not be sent, or of none.
    pub stray_kyb: u64,
}

/// Uploads of one documentType.
#[derive(Debug)]
pub struct TypeCount {
    /// The type.
    pub document_type: String,
    /// Their tasks.
    pub tasks: TaskCounts,
}

/// Documents that are not sent for one reason.
#[derive(Debug, Serialize)]
pub struct UnsentCount {
    /// Of [`DOCUMENT_OUTCOMES`].
    pub outcome: &'static str,
    /// As the journal has it.
    pub reason: String,
    /// How many there are.
    pub count: u64,
}

impl Reader {
    /// Counts documents.
    pub fn document_counts(&self) -> anyhow::Result<DocumentCounts> {
        let mut counts = DocumentCounts::default();
        let mut types: HashMap<Option<i64>, TaskCounts> = HashMap::new();
        let mut unsent: HashMap<(usize, Option<i64>), u64> = HashMap::new();
        let mut statement = self.journal.prepare(sql::DOCUMENTS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let verdict = index(row, 0)?;
            counts.given += 1;
            bump(&mut counts.verdicts, verdict);
            let has_task = row.get::<_, Option<i64>>(4)?.is_some();
            if verdict != DocumentVerdict::Sent as usize {
                *unsent.entry((verdict, row.get(2)?)).or_default() += 1;
                counts.stray += u64::from(has_task);
                continue;
            }
            counts.bytes += unsigned(row.get(3)?);
            counts.side_assumed += unsigned(row.get(5)?);
            let tasks = types.entry(row.get(1)?).or_default();
            if has_task {
                tasks.planned += 1;
                bump(&mut tasks.states, index(row, 4)?);
            } else {
                counts.without_task += 1;
            }
        }
        let stray_kyb = self
            .journal
            .query_row(sql::STRAY_KYB, [], |row| row.get(0))?;
        counts.stray_kyb = unsigned(stray_kyb);
        // By name, so that two reports can be laid side by side.
        let mut named: BTreeMap<String, TaskCounts> = BTreeMap::new();
        for (kind, tasks) in types {
            named.insert(self.word(kind)?, tasks);
        }
        let typed = named.into_iter().map(|(document_type, tasks)| TypeCount {
            document_type,
            tasks,
        });
        counts.types = typed.collect();
        for ((verdict, reason), count) in unsent {
            counts.unsent.push(UnsentCount {
                outcome: word_of(&DOCUMENT_OUTCOMES, verdict),
                reason: self.word(reason)?,
                count,
            });
        }
        let order = |r: &UnsentCount| (std::cmp::Reverse(r.count), r.outcome, r.reason.clone());
        counts.unsent.sort_by_key(order);
        Ok(counts)
    }
}

/// The statements that walk a large table. None may need a sort: a test asks SQLite for their plans.
pub(crate) mod sql {
    pub const DOCUMENTS: &str = sql!(
        "SELECT d.verdict, d.type, d.reason, d.size, t.state, d.side_assumed FROM document d \
        LEFT JOIN task t ON t.record = d.record AND t.kind = {kind.document} AND t.document = d.id"
    );
    pub const STRAY_KYB: &str = sql!(
        "SELECT count(*) FROM task t LEFT JOIN record r ON r.id = t.record \
        WHERE t.kind = {kind.kyb} AND (r.verdict IS NULL OR r.verdict NOT IN ({verdict.sendable}))"
    );
}
