//! The files of a plan, and what became of their rows.
//!
//! Every row of a file begins a record, belongs to one, is a document, or is unused for a stated reason. Rows that several records
//! share are counted once. How many begin a record or belong to one, the journal's counters say.

use crate::read::columns::unsigned;
use crate::read::reader::Reader;
use crate::schema::counters::{Counted, Counters};
use serde::Serialize;

/// One file of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileRow {
    /// As the settings have it.
    pub name: String,
    /// accounts, owners, trusted contacts, documents.
    pub role: String,
    /// Rows read.
    pub rows: u64,
    /// Rows with which a record begins.
    pub records: u64,
    /// Joined rows; one that several records share counts once.
    pub parts: u64,
    /// Rows that are documents.
    pub documents: u64,
    /// Rows that nothing uses.
    pub unused: u64,
    /// Blank lines, which are no rows.
    pub blank_lines: u64,
}

impl FileRow {
    /// Whether every row ended somewhere, once.
    pub fn balanced(&self) -> bool {
        self.rows == self.records + self.parts + self.documents + self.unused
    }
}

/// Why a row is used by nothing, and how many are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnusedCount {
    /// The name of the file.
    pub file: String,
    /// The reason.
    pub reason: String,
    /// How many rows.
    pub count: u64,
}

const FILES: &str = "SELECT f.name, f.role, f.rows, f.id,
    (SELECT count(*) FROM document d WHERE d.file = f.id),
    (SELECT count(*) FROM unused u WHERE u.file = f.id),
    f.blank_lines FROM file f ORDER BY f.id";

const PARTS: &str = "SELECT DISTINCT p.offset FROM part p JOIN file f ON f.id = p.file WHERE f.name = ?1 AND f.role = ?2";

const UNUSED: &str = "SELECT f.name, w.text, count(*) FROM unused u
    JOIN file f ON f.id = u.file JOIN word w ON w.id = u.reason GROUP BY u.file, u.reason";

impl Reader {
    /// The files of the plan, that of the accounts first.
    pub fn files(&self) -> anyhow::Result<Vec<FileRow>> {
        let counters = Counters::stored(&self.journal)?;
        let counted = |one| unsigned(counters.get(one));
        self.all(FILES, |row| {
            let count = |column| row.get(column).map(unsigned);
            let file = row.get(3)?;
            Ok(FileRow {
                name: row.get(0)?,
                role: row.get(1)?,
                rows: count(2)?,
                records: counted(Counted::RecordsOf(file)),
                parts: counted(Counted::JoinedOf(file)),
                documents: count(4)?,
                unused: count(5)?,
                blank_lines: count(6)?,
            })
        })
    }

    /// Adds where the joined rows of a file stand, each once.
    pub(crate) fn part_offsets(
        &self,
        name: &str,
        role: &str,
        offsets: &mut Vec<i64>,
    ) -> anyhow::Result<()> {
        let mut statement = self.journal.prepare(PARTS)?;
        let mut rows = statement.query([name, role])?;
        while let Some(row) = rows.next()? {
            offsets.push(row.get(0)?);
        }
        Ok(())
    }

    /// Rows that nothing uses, by file and reason.
    pub fn unused(&self) -> anyhow::Result<Vec<UnusedCount>> {
        self.all(UNUSED, |row| {
            Ok(UnusedCount {
                file: row.get(0)?,
                reason: row.get(1)?,
                count: unsigned(row.get(2)?),
            })
        })
    }
}
