//! A journal of the version before tasks were shortened opens and goes on, and what its last checkpoint saw is compared with nothing.

use rusqlite::Connection;

use crate::schema::state_files::write_key;
use crate::{Journal, Reader};
use bakkt_model::state::State;
use bakkt_model::task::{Change, TaskKind, Transition};

const WRITTEN: &str = include_str!("../../fixtures/journal_v8.sql");
/// Every column of a task by its name, in the order of version 8; of its hash the half that is kept.
const TASKS: &str = "SELECT json_array(id, record, kind, state, attempts, first_at, last_at, hex(substr(hash, 1, 16)), bakkt_id, status, \
    created_at, existed, code, field, message, document, hex(fixed), hex(agreements), hex(owners)) FROM task ORDER BY id";

fn folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    write_key(folder.path(), &[5; 32])?;
    Connection::open(Journal::path(folder.path()))?.execute_batch(WRITTEN)?;
    Ok(folder)
}

fn texts(db: &Connection, sql: &str) -> anyhow::Result<Vec<String>> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[test]
fn it_has_the_tables_of_a_new_journal_and_its_tasks_as_they_were() -> anyhow::Result<()> {
    let (written, new) = (folder()?, tempfile::tempdir()?);
    let before = texts(&Connection::open(Journal::path(written.path()))?, TASKS)?;
    assert_eq!(before.len(), 10);
    let journal = Journal::open(written.path())?;
    assert_eq!(texts(&journal.db, TASKS)?, before);
    let schema =
        "SELECT name || ': ' || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    assert_eq!(
        texts(&journal.db, schema)?,
        texts(&Journal::open(new.path())?.db, schema)?
    );
    drop(journal);
    let reader = Reader::open(&Journal::path(written.path()))?;
    assert_eq!(reader.counts()?.disagreements, [""; 0]);
    assert_eq!(reader.schema_flaws()?, [""; 0]);
    Ok(())
}

#[test]
fn what_is_open_is_sent_in_it() -> anyhow::Result<()> {
    let folder = folder()?;
    let mut journal = Journal::open(folder.path())?;
    let open = |journal: &Journal| journal.pick(TaskKind::Account, State::Open, 0, 100, false);
    let tasks = open(&journal)?;
    assert_eq!(tasks.len(), 5);
    let what = Transition::Intend {
        hash: tasks[0].intent(),
    };
    journal.commit(&[Change {
        task: tasks[0].id,
        at: 9,
        what,
    }])?;
    assert_eq!(open(&journal)?.len(), 4);
    Ok(())
}

/// A checkpoint that saw other columns is compared with nothing, and its place in the chain says why.
#[test]
fn rows_that_stand_in_another_form_are_no_alteration() -> anyhow::Result<()> {
    let folder = folder()?;
    let journal = Journal::open(folder.path())?;
    assert!(!journal.can_compare()?);
    let last = journal.last_entry()?.map(|entry| entry.value());
    let last = last.unwrap_or_default();
    assert_eq!((&last["from"], &last["schema"]), (&8.into(), &9.into()));
    drop(journal);
    let reader = Reader::open(&Journal::path(folder.path()))?;
    let kept = reader.checkpoint_rows()?;
    assert!(kept.contains_key("table task"));
    assert!(!kept.contains_key("reconciliation.csv"));
    Ok(())
}
