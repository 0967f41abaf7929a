//! A journal of the version before custody opens and goes on, and custody is added to it by a new plan.

use bakkt_model::custody::{CustodyChange, CustodyKind, CustodyTransition};
use bakkt_model::state::State;
use rusqlite::Connection;

use crate::custody::{PlannedCustody, PlannedCustodyTask};
use crate::schema::state_files::write_key;
use crate::{Journal, Reader};

const WRITTEN: &str = include_str!("../../fixtures/journal_v6.sql");

fn folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    write_key(folder.path(), &[5; 32])?;
    Connection::open(Journal::path(folder.path()))?.execute_batch(WRITTEN)?;
    Ok(folder)
}

fn schema(db: &Connection) -> anyhow::Result<Vec<String>> {
    let mut statement =
        db.prepare("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[test]
fn it_has_the_tables_of_a_new_journal_and_keeps_its_counts() -> anyhow::Result<()> {
    let (written, new) = (folder()?, tempfile::tempdir()?);
    let journal = Journal::open(written.path())?;
    assert_eq!(
        schema(&journal.db)?,
        schema(&Journal::open(new.path())?.db)?
    );
    drop(journal);
    let reader = Reader::open(&Journal::path(written.path()))?;
    let counts = reader.counts()?;
    assert_eq!(counts.verdicts, [5, 3, 1, 1, 2]);
    assert_eq!(counts.disagreements, [""; 0]);
    assert!(!reader.has_custody()?);
    Ok(())
}

#[test]
fn custody_goes_its_way_in_it() -> anyhow::Result<()> {
    let folder = folder()?;
    let mut journal = Journal::open(folder.path())?;
    let record: i64 = journal.db.query_row(
        sql!(
            "SELECT min(record) FROM task WHERE kind = {kind.account} AND state = {state.accepted}"
        ),
        [],
        |row| row.get(0),
    )?;
    let task = |kind, item: &str| PlannedCustodyTask {
        kind,
        item: item.to_owned(),
        hash: [7; 32],
        at: (0, 0),
    };
    journal.add_custody(&[PlannedCustody {
        record: record.unsigned_abs(),
        tasks: vec![
            task(CustodyKind::User, ""),
            task(CustodyKind::BankAccount, "EUR"),
        ],
        gaps: vec![("custody.savings".into(), "missing".into(), (0, 0))],
        ..PlannedCustody::default()
    }])?;
    journal.begin_custody(false, 1)?;
    let open = |journal: &Journal, kind| journal.pick_custody(kind, State::Open, 0, 10, false);
    let users = open(&journal, CustodyKind::User)?;
    assert_eq!((users.len(), users[0].generation), (1, 1));
    assert!(
        open(&journal, CustodyKind::BankAccount)?.is_empty(),
        "it waits for the user"
    );
    let change = |task, what| CustodyChange { task, at: 2, what };
    let intend = CustodyTransition::Intend {
        hash: [7; 32],
        key: "k".into(),
    };
    journal.commit_custody(&[change(users[0].id, intend)])?;
    // Killed here: it is in doubt, and nobody has it sent again.
    journal.begin_custody(false, 3)?;
    assert!(open(&journal, CustodyKind::User)?.is_empty());
    let doubts = journal.pick_custody(CustodyKind::User, State::InDoubt, 0, 10, false)?;
    assert!(doubts[0].lost);
    let repeat = CustodyTransition::Repeat {
        hash: [7; 32],
        key: "k".into(),
    };
    let accept = CustodyTransition::Accept {
        answer: "200".into(),
        uuid: "3fa85f64-5717-4562-b3fc-2c963f66afa6".into(),
        status: "KYC_NEEDED".into(),
    };
    let freed =
        journal.commit_custody(&[change(users[0].id, repeat), change(users[0].id, accept)])?;
    assert_eq!(freed, 1);
    let accounts = open(&journal, CustodyKind::BankAccount)?;
    assert_eq!(accounts.len(), 1);
    assert!(accounts[0].user_uuid.is_some());
    // What an illegal pair asks for is refused.
    let again = CustodyTransition::Absent;
    assert!(
        journal
            .commit_custody(&[change(accounts[0].id, again)])
            .is_err()
    );
    Ok(())
}
