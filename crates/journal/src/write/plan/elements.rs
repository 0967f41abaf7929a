//! Who stands where in the lists of owners and contacts that are rows of an export.
//!
//! `owners[1]` is a place: another person may stand there in the next export. Owner of the table `gap_element`, by which a later plan
//! knows whose a gap was, and of the paths of such places. A mark is made of what finds the people of backfill files again
//! (`mapping::pipeline::layers::who`). Left out: what follows for gaps and waivers (`replan`).

use rusqlite::params;

use crate::write::journal::Journal;
use bakkt_contract::path::{index, without_index};
use bakkt_model::position::JoinedList;

/// The lists of a payload whose elements may be rows, with their numbers.
const LISTS: [(&str, JoinedList); 2] = [
    ("owners", JoinedList::Owners),
    ("trustedContacts", JoinedList::Contacts),
];

/// Who stands in a place of a list whose elements are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedElement {
    /// 1 owner, 2 trusted contact.
    pub list: u8,
    /// The index in paths.
    pub place: u8,
    /// Keyed marks of the own id and of names and birth date, zeros for what is not there.
    pub mark: [u8; 16],
}

impl Journal {
    /// Adds them, inside a transaction.
    pub(crate) fn add_elements(
        &mut self,
        record: i64,
        elements: &[PlannedElement],
    ) -> anyhow::Result<()> {
        for PlannedElement { list, place, mark } in elements {
            self.db
                .prepare_cached("INSERT OR IGNORE INTO gap_element VALUES (?, ?, ?, ?)")?
                .execute(params![record, list, place, mark])?;
        }
        Ok(())
    }

    /// Drops those without a gap that can be waived, once all gaps are known, those of documents too.
    pub(crate) fn keep_elements_with_gaps(&self) -> anyhow::Result<()> {
        self.fill_element_paths()?;
        self.db.execute_batch(
            "DELETE FROM gap_element WHERE NOT EXISTS (
                SELECT 1 FROM gap g JOIN temp.element_path p ON p.path = g.path
                WHERE g.record = gap_element.record AND p.list = gap_element.list AND p.place = gap_element.place
                AND g.level IN ('G', 'O'));
             DROP TABLE temp.element_path",
        )?;
        Ok(())
    }

    /// Selects the words that are paths of places in these lists.
    pub(crate) fn fill_element_paths(&self) -> anyhow::Result<()> {
        self.db.execute_batch(
            "DROP TABLE IF EXISTS temp.element_path;
             CREATE TEMP TABLE element_path (path INTEGER PRIMARY KEY, list INTEGER NOT NULL, place INTEGER NOT NULL, field TEXT NOT NULL,
                UNIQUE (list, place, field))",
        )?;
        let mut words = self.db.prepare("SELECT id, text FROM main.word")?;
        let mut insert = self
            .db
            .prepare("INSERT OR IGNORE INTO temp.element_path VALUES (?, ?, ?, ?)")?;
        let mut rows = words.query([])?;
        while let Some(row) = rows.next()? {
            let word = row.get_ref(1)?.as_str()?;
            for (name, list) in LISTS {
                if let (Some(place), Some(field)) = (index(word, name), without_index(word, name)) {
                    let id: i64 = row.get(0)?;
                    insert.execute(params![id, list as i64, place as i64, field])?;
                }
            }
        }
        Ok(())
    }
}
