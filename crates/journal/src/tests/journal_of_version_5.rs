//! A journal that an earlier program wrote opens and goes on, and its tables are those that a new journal has.

use std::collections::BTreeMap;

use bakkt_model::state::State;
use bakkt_model::task::{AccountFacts, Change, PriorAccount, TaskKind, Transition};
use rusqlite::Connection;

use crate::decisions::OperatorNote;
use crate::schema::state_files::write_key;
use crate::{Journal, Reader};

const WRITTEN: &str = include_str!("../../fixtures/journal_v5.sql");

/// A state folder with the journal as it was written.
fn folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    write_key(folder.path(), &[5; 32])?;
    Connection::open(Journal::path(folder.path()))?.execute_batch(WRITTEN)?;
    Ok(folder)
}

/// Tables, indexes and triggers, with the SQL that made them.
fn schema(db: &Connection) -> anyhow::Result<BTreeMap<String, String>> {
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[test]
fn a_new_journal_has_the_same_tables() -> anyhow::Result<()> {
    let (written, new) = (folder()?, tempfile::tempdir()?);
    let written = Journal::open(written.path())?;
    let new = Journal::open(new.path())?;
    assert_eq!(schema(&written.db)?, schema(&new.db)?);
    Ok(())
}

#[test]
fn it_opens_and_goes_on() -> anyhow::Result<()> {
    let folder = folder()?;
    drop(Journal::open(folder.path())?);
    let counts = || Reader::open(&Journal::path(folder.path()))?.counts();
    let before = counts()?;
    assert_eq!(before.verdicts, [5, 3, 1, 1, 2]);
    assert_eq!(before.accounts.states, [1, 0, 2, 0, 2, 3, 0]);
    assert_eq!(before.documents.states, [0, 23, 0, 0, 15, 0, 0]);
    assert_eq!(before.kyb.states, [0, 3, 0, 0, 1, 0, 0]);

    let mut journal = Journal::open(folder.path())?;
    assert!(journal.is_planned()?);
    // What was being sent is in doubt; Bakkt turns out to have one of them.
    assert_eq!(journal.recover(1)?, 2);
    let doubts = journal.pick(TaskKind::Account, State::InDoubt, 0, 10, false)?;
    let accepted = Change {
        task: doubts[0].id,
        at: 2,
        what: Transition::Accept {
            answer: "200".into(),
            account: AccountFacts::default(),
            existed: PriorAccount::No,
        },
    };
    let freed = journal.commit(&[accepted])?;
    assert!(freed.documents > 0);
    let decided = OperatorNote {
        by: "a test",
        reason: None,
        at: 3,
    };
    assert_eq!(journal.retry(&Default::default(), None, decided)?, 3);

    let after = counts()?;
    assert_eq!(after.accounts.states, [4, 0, 0, 1, 3, 0, 0]);
    assert_eq!(
        after.documents.states[State::Open as usize],
        freed.documents
    );
    Ok(())
}
