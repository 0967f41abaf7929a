//! Rows that somebody altered by hand show in the numbers of a report, and in what a checkpoint hashes.

use super::counters::planned;
use crate::chain::PackedRows;
use crate::{Journal, Reader};

/// A plan in a folder, and the folder's journal for somebody who alters it.
struct Altered {
    folder: tempfile::TempDir,
    db: rusqlite::Connection,
}

impl Altered {
    fn new() -> anyhow::Result<Altered> {
        let folder = tempfile::tempdir()?;
        drop(planned(folder.path())?);
        let db = rusqlite::Connection::open(Journal::path(folder.path()))?;
        Ok(Altered { folder, db })
    }

    fn reader(&self) -> anyhow::Result<Reader> {
        Reader::open(&Journal::path(self.folder.path()))
    }

    /// Open gaps as they are counted, and as they are listed.
    fn open_gaps(&self) -> anyhow::Result<(u64, u64)> {
        let reader = self.reader()?;
        let counted = reader.gap_counts()?.iter().map(|gap| gap.open).sum();
        let mut lines = 0;
        reader.each_gap(|line| {
            lines += u64::from(line.status == "open");
            Ok(())
        })?;
        Ok((counted, lines))
    }

    fn root_of(&self, table: &str) -> anyhow::Result<String> {
        let mut packs = PackedRows::default();
        self.reader()?.pack_table(table, &mut packs)?;
        Ok(packs.end().root()?)
    }
}

#[test]
fn a_record_without_its_own_gaps_has_none_anywhere() -> anyhow::Result<()> {
    let altered = Altered::new()?;
    let (counted, lines) = altered.open_gaps()?;
    assert_eq!(counted, lines);
    // The fourth has gaps of its own, which stay where they are.
    let changed = "UPDATE record SET gap_set = NULL WHERE id = 4 AND gap_set = -4";
    assert_eq!(altered.db.execute(changed, [])?, 1);
    let after = altered.open_gaps()?;
    assert_eq!(after.0, after.1);
    assert!(after.1 < lines, "{after:?}");
    let said = altered.reader()?.counts()?.disagreements;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("counters of gaps by field"), "{said:?}");
    let opened = altered.reader()?.gap_days()?;
    assert_eq!(opened.values().map(|day| day.opened).sum::<u64>(), after.1);
    Ok(())
}

#[test]
fn records_that_swap_their_gaps_are_other_rows_for_a_checkpoint() -> anyhow::Result<()> {
    let altered = Altered::new()?;
    let before = altered.root_of("record")?;
    altered.db.execute_batch(
        "CREATE TEMP TABLE was AS SELECT id, gap_set FROM record;
         UPDATE record SET gap_set = (SELECT w.gap_set FROM temp.was w WHERE w.id = 5 - record.id) WHERE id IN (2, 3)",
    )?;
    assert_ne!(altered.root_of("record")?, before);
    Ok(())
}

#[test]
fn every_column_of_a_record_is_covered() -> anyhow::Result<()> {
    let numbers = [
        "file", "row", "offset", "length", "verdict", "gaps", "gap_set",
    ];
    let numbers = numbers.map(|column| (column, "77"));
    let reason = ("reason", "(SELECT max(id) FROM word)");
    let marks = [
        "client_id",
        "hash",
        "fixed",
        "person",
        "agreements",
        "owners",
        "carried",
    ];
    let marks = marks.map(|column| (column, "x'4d4d4d'"));
    for (column, value) in numbers.into_iter().chain(marks).chain([reason]) {
        let altered = Altered::new()?;
        let before = altered.root_of("record")?;
        let change = format!("UPDATE record SET {column} = {value} WHERE id = 1");
        assert_eq!(altered.db.execute(&change, [])?, 1);
        assert_ne!(altered.root_of("record")?, before, "{column}");
    }
    Ok(())
}

#[test]
fn a_row_of_a_packed_table_that_is_altered_changes_its_root() -> anyhow::Result<()> {
    let altered = Altered::new()?;
    let changes = [
        (
            "attempt",
            "INSERT INTO attempt (task, number, at, hash) VALUES (1, 1, 1, x'00')",
        ),
        ("attempt", "UPDATE attempt SET at = 2"),
        ("document", "UPDATE document SET proves = 9"),
        ("document", "UPDATE document SET shown = 'elsewhere'"),
        ("finding", "DELETE FROM finding WHERE record = 7"),
        (
            "layer_row",
            "INSERT INTO layer_row VALUES (1, 1, 1, 1, 'A-1')",
        ),
        (
            "sent_update",
            "INSERT INTO sent_update VALUES (1, 'A-1', 1, x'00')",
        ),
        ("task", "UPDATE task SET attempts = 9 WHERE id = 2"),
        ("unused", "INSERT INTO unused VALUES (1, 9, 1)"),
    ];
    for (table, change) in changes {
        let before = altered.root_of(table)?;
        altered.db.execute_batch(change)?;
        assert_ne!(altered.root_of(table)?, before, "{change}");
    }
    Ok(())
}
