//! A journal that has a chain gets the tables of a later version, and its chain and its rows stay as they were.

use rusqlite::Connection;

use crate::Journal;

fn schema(journal: &Journal) -> anyhow::Result<Vec<(String, String)>> {
    let mut statement = journal
        .db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[test]
fn it_has_the_tables_of_a_new_journal_and_its_own_chain() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let journal = Journal::open(folder.path())?;
    let (tables, head) = (schema(&journal)?, journal.chain_head()?);
    drop(journal);
    // As version 8 left it.
    Connection::open(Journal::path(folder.path()))?.execute_batch(
        "DROP TABLE gap_element; DROP TABLE waiver_element; PRAGMA user_version = 8",
    )?;
    let journal = Journal::open(folder.path())?;
    assert_eq!(schema(&journal)?, tables);
    // Nothing stands between the last checkpoint and what is compared with it.
    assert_eq!(journal.chain_head()?, head);
    Ok(())
}
