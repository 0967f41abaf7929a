//! A journal of the version before the chain opens and goes on, and what happened before is covered by one entry.

use rusqlite::Connection;
use serde_json::json;

use crate::chain::ChainCheck;
use crate::decisions::OperatorNote;
use crate::schema::state_files::write_key;
use crate::write::Selection;
use crate::{Journal, Reader};

const WRITTEN: &str = include_str!("../../fixtures/journal_v7.sql");

fn folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    write_key(folder.path(), &[5; 32])?;
    Connection::open(Journal::path(folder.path()))?.execute_batch(WRITTEN)?;
    Ok(folder)
}

fn schema(db: &Connection) -> anyhow::Result<Vec<(String, String)>> {
    let mut statement =
        db.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[test]
fn it_has_the_tables_of_a_new_journal_and_keeps_its_log() -> anyhow::Result<()> {
    let (written, new) = (folder()?, tempfile::tempdir()?);
    let journal = Journal::open(written.path())?;
    assert_eq!(
        schema(&journal.db)?,
        schema(&Journal::open(new.path())?.db)?
    );
    drop(journal);
    let reader = Reader::open(&Journal::path(written.path()))?;
    assert_eq!(reader.counts()?.disagreements, [""; 0]);
    assert_eq!(reader.decisions()?.len(), 3);
    Ok(())
}

#[test]
fn one_entry_covers_what_happened_before_and_the_chain_goes_on() -> anyhow::Result<()> {
    let folder = folder()?;
    let mut journal = Journal::open(folder.path())?;
    let note = OperatorNote {
        by: "Ada Keeper",
        reason: Some("again"),
        at: 9,
    };
    journal.retry(&Selection::default(), None, note)?;
    drop(journal);
    // Opening it again adds nothing.
    drop(Journal::open(folder.path())?);
    let reader = Reader::open(&Journal::path(folder.path()))?;
    let (mut entries, mut check) = (Vec::new(), ChainCheck::default());
    reader.each_entry(|entry| {
        assert_eq!(check.next(&entry), None);
        entries.push((entry.kind.clone(), entry.value()));
        Ok(())
    })?;
    let [(upgrade, before), (decision, after)] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    assert_eq!(
        (upgrade.as_str(), decision.as_str()),
        ("upgrade", "decision")
    );
    assert_eq!((&before["from"], &before["schema"]), (&json!(7), &json!(9)));
    assert_eq!(before["operator_log"]["rows"], 3);
    assert_eq!(before["operator_log"]["root"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&after["row"], &after["by"]),
        (&json!(4), &json!("Ada Keeper"))
    );
    assert_eq!(reader.chain_head()?, check.head());
    Ok(())
}
