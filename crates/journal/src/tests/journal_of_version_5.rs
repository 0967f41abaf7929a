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

/// Gaps as lines, in the order of the records: from a table of version 5, or from the view that stands in its place.
fn gaps(db: &Connection) -> anyhow::Result<Vec<String>> {
    let mut statement = db.prepare(
        "SELECT record || ' ' || path || ' ' || reason || ' ' || level || ' ' || status || ' ' || file || ' ' || row || ' ' || opened_at
         FROM gap ORDER BY record, path, reason, file, row",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[test]
fn every_record_keeps_its_gaps() -> anyhow::Result<()> {
    let folder = folder()?;
    let old = Connection::open(Journal::path(folder.path()))?;
    // Three customers lack the same, and one of them something else too.
    old.execute_batch(
        "INSERT INTO gap SELECT id, 2, 3, 'G', 'waived', 0, 0, 5 FROM record WHERE id <= 3;
         INSERT INTO gap SELECT id, 23, 15, 'G', 'open', 0, 0, 6 FROM record WHERE id = 3;",
    )?;
    let before = gaps(&old)?;
    drop(old);
    let journal = Journal::open(folder.path())?;
    assert_eq!(gaps(&journal.db)?, before);
    assert_eq!(before.len(), 8, "{before:?}");
    // Sets of one kind are there once.
    let sql = "SELECT count(DISTINCT gap_set) FROM record WHERE gap_set > 0";
    let used: i64 = journal.db.query_row(sql, [], |row| row.get(0))?;
    let sql = "SELECT count(DISTINCT id) FROM gap_set WHERE id > 0";
    let kept: i64 = journal.db.query_row(sql, [], |row| row.get(0))?;
    assert_eq!((used, kept), (3, 3));
    Ok(())
}

/// Marks of fields that no update may change are half as long, and stand once where Bakkt has what the plan has.
#[test]
fn what_bakkt_has_stays_known() -> anyhow::Result<()> {
    let folder = folder()?;
    let old = Connection::open(Journal::path(folder.path()))?;
    let marks: Vec<u8> = (0..64).collect();
    let other: Vec<u8> = (100..164).collect();
    old.execute("UPDATE record SET fixed = ?", [&marks])?;
    old.execute(
        sql!("UPDATE task SET fixed = ?1 WHERE kind = {kind.account} AND state = {state.accepted}"),
        [&other],
    )?;
    let accepted = sql!(
        "SELECT t.id FROM task t JOIN record r ON r.id = t.record WHERE t.kind = {kind.account} AND t.state = {state.accepted} ORDER BY t.id"
    );
    let (same, differs): (i64, i64) = {
        let mut statement = old.prepare(accepted)?;
        let ids = statement.query_map([], |row| row.get(0))?;
        let ids = ids.collect::<Result<Vec<i64>, _>>()?;
        (ids[0], ids[1])
    };
    old.execute(
        "UPDATE task SET hash = (SELECT hash FROM record r WHERE r.id = task.record) WHERE id = ?",
        [same],
    )?;
    old.execute("UPDATE task SET hash = x'00' WHERE id = ?", [differs])?;
    drop(old);

    let journal = Journal::open(folder.path())?;
    let fixed = |sql: &str, id: i64| -> anyhow::Result<Option<Vec<u8>>> {
        Ok(journal.db.query_row(sql, [id], |row| row.get(0))?)
    };
    let short = |marks: &[u8]| -> Vec<u8> {
        marks
            .chunks(8)
            .flat_map(|mark| &mark[..4])
            .copied()
            .collect()
    };
    let of_task = "SELECT fixed FROM task WHERE id = ?";
    assert_eq!(fixed(of_task, same)?, None);
    assert_eq!(fixed(of_task, differs)?, Some(short(&other)));
    let of_record = "SELECT r.fixed FROM record r JOIN task t ON t.record = r.id WHERE t.id = ?";
    assert_eq!(fixed(of_record, same)?, Some(short(&marks)));
    assert!(Reader::open(&Journal::path(folder.path()))?.may_differ()?);
    Ok(())
}

#[test]
fn it_opens_and_goes_on() -> anyhow::Result<()> {
    let folder = folder()?;
    drop(Journal::open(folder.path())?);
    let counts = || Reader::open(&Journal::path(folder.path()))?.counts();
    let mut journal = Journal::open(folder.path())?;
    let before = counts()?;
    assert_eq!(before.verdicts, [5, 3, 1, 1, 2]);
    assert_eq!(before.accounts.states, [1, 0, 2, 0, 2, 3, 0]);
    assert_eq!(before.documents.states, [0, 23, 0, 0, 15, 0, 0]);
    assert_eq!(before.kyb.states, [0, 3, 0, 0, 1, 0, 0]);
    assert_eq!(before.disagreements, [""; 0]);

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
    assert_eq!(after.disagreements, [""; 0]);
    assert_eq!(after.accounts.states, [4, 0, 0, 1, 3, 0, 0]);
    assert_eq!(
        after.documents.states[State::Open as usize],
        freed.documents
    );
    Ok(())
}
