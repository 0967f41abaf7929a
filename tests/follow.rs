//! Documents wait for their account and KYB for both: the journal's own rules, through its public surface.
//!
//! Owner of the order inside an account (invariant 6), event by event. What is really sent is judged elsewhere, by the
//! sandbox's ledger.

use bakkt_contract::documents::{owner, proof};
use bakkt_journal::Journal;
use bakkt_journal::decisions::OperatorNote;
use bakkt_journal::write::{DocumentVerdict, PlannedDocument, PlannedRow};
use bakkt_model::state::State;
use bakkt_model::task::{
    AccountFacts, Change, FreedTasks, PriorAccount, Refusal, TaskKind, Transition,
};
use bakkt_model::verdict::Verdict;

/// What one complete account needs: owner's place and what it proves.
const COMPLETE: [(Option<u32>, u32); 6] = [
    (None, proof::INCORPORATION),
    (None, proof::GOVERNING | proof::CHART),
    (None, proof::REGISTRY),
    (None, proof::BENEFICIAL_OWNERS),
    (Some(0), proof::LICENSE_FRONT),
    (Some(0), proof::LICENSE_BACK),
];

/// A planned journal with accounts A1, A2 … of these documents; account task n is task n.
fn planned(folder: &std::path::Path, accounts: &[&[(Option<u32>, u32)]]) -> Journal {
    planned_all(folder, accounts, |_| {})
}

/// One account, with more documents than its own list.
fn planned_with(
    folder: &std::path::Path,
    account: &[(Option<u32>, u32)],
    more: impl FnOnce(&mut Vec<Document>),
) -> Journal {
    planned_all(folder, &[account], more)
}

/// Record, owner's place, what it proves, clientDocumentId.
type Document = (u64, Option<u32>, u32, String);

fn planned_all(
    folder: &std::path::Path,
    accounts: &[&[(Option<u32>, u32)]],
    more: impl FnOnce(&mut Vec<Document>),
) -> Journal {
    let mut journal = Journal::open(folder).unwrap();
    journal.begin_plan("2026-01-01").unwrap();
    let file = journal.add_file("export.csv", "accounts").unwrap();
    let ids: Vec<String> = (1..=accounts.len()).map(|n| format!("A{n}")).collect();
    let hash = [7; 16];
    let rows = ids.iter().map(|id| PlannedRow {
        file,
        row: 2,
        offset: 0,
        length: 1,
        client_id: Some(id),
        verdict: Verdict::Ready,
        reason: None,
        hash: Some(&hash),
        fixed: None,
        person: None,
        agreements: None,
        owners: None,
        carried: None,
        gaps: &[],
        parts: &[],
        elements: &[],
    });
    journal.add_rows((1..).zip(rows)).unwrap();
    let manages = owner::ABOVE_25 | owner::MANAGES;
    let records = 1..=accounts.len() as u64;
    journal
        .add_owners(records.clone().map(|record| (record, 0, "O-1", manages)))
        .unwrap();
    let mut uuids = Vec::new();
    for (record, documents) in records.clone().zip(accounts) {
        for (place, proves) in documents.iter() {
            uuids.push((record, *place, *proves, format!("u-{}", uuids.len())));
        }
    }
    more(&mut uuids);
    let documents = uuids
        .iter()
        .map(|(record, place, proves, uuid)| PlannedDocument {
            record: *record,
            file: 1,
            row: 2,
            offset: 0,
            length: 1,
            path: None,
            shown: None,
            place: *place,
            document_type: Some("PASSPORT"),
            side: None,
            side_assumed: false,
            proves: *proves,
            size: 1,
            sha256: None,
            uuid: Some(uuid),
            hash: Some(&hash),
            verdict: DocumentVerdict::Sent,
            reason: None,
        });
    journal.add_documents(documents).unwrap();
    journal.add_kyb(records).unwrap();
    journal.finish_plan(&[], &[], &[]).unwrap();
    journal
}

fn change(journal: &mut Journal, task: i64, what: Transition) -> FreedTasks {
    journal.commit(&[Change { task, at: 1, what }]).unwrap()
}

fn sent(journal: &mut Journal, task: i64, what: Transition) -> FreedTasks {
    change(journal, task, Transition::Intend { hash: [7; 16] });
    change(journal, task, what)
}

fn accept() -> Transition {
    Transition::Accept {
        answer: "200".to_owned(),
        account: AccountFacts::default(),
        existed: PriorAccount::No,
    }
}

fn refuse() -> Transition {
    Transition::Refuse {
        answer: "422".to_owned(),
        refusal: Refusal::default(),
    }
}

fn freed(documents: u64, kyb: u64) -> FreedTasks {
    FreedTasks { documents, kyb }
}

fn open(journal: &Journal, kind: TaskKind) -> Vec<i64> {
    let tasks = journal.pick(kind, State::Open, 0, 100, false).unwrap();
    tasks.iter().map(|task| task.id).collect()
}

/// A decision at a time.
fn decided(reason: Option<&str>, at: i64) -> OperatorNote<'_> {
    OperatorNote {
        by: "kim",
        reason,
        at,
    }
}

#[test]
fn documents_follow_their_account_and_kyb_follows_both() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = planned(folder.path(), &[&COMPLETE, &COMPLETE[1..], &[]]);
    assert_eq!(
        journal
            .count(TaskKind::Document, State::Held, false)
            .unwrap(),
        11
    );
    assert_eq!(journal.count(TaskKind::Kyb, State::Held, false).unwrap(), 3);
    assert!(open(&journal, TaskKind::Document).is_empty());

    assert_eq!(sent(&mut journal, 1, accept()), freed(6, 0));
    let documents = open(&journal, TaskKind::Document);
    assert_eq!(documents.len(), 6);
    let (last, others) = documents.split_last().unwrap();
    for task in others {
        assert_eq!(sent(&mut journal, *task, accept()), freed(0, 0));
    }
    assert!(open(&journal, TaskKind::Kyb).is_empty());
    assert_eq!(sent(&mut journal, *last, accept()), freed(0, 1));
    assert_eq!(open(&journal, TaskKind::Kyb).len(), 1);

    // The certificate of incorporation is lacking: its KYB stays held whatever is accepted.
    assert_eq!(sent(&mut journal, 2, accept()), freed(5, 0));
    for task in open(&journal, TaskKind::Document) {
        assert_eq!(sent(&mut journal, task, accept()), freed(0, 0));
    }
    assert_eq!(sent(&mut journal, 3, accept()), freed(0, 0));
    assert_eq!(journal.count(TaskKind::Kyb, State::Held, false).unwrap(), 2);
}

#[test]
fn a_refused_account_holds_its_documents_until_it_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = planned(folder.path(), &[&COMPLETE]);
    assert_eq!(sent(&mut journal, 1, refuse()), freed(0, 0));
    assert_eq!(
        journal
            .count(TaskKind::Document, State::Held, false)
            .unwrap(),
        6
    );
    let all = Default::default();
    journal.retry(&all, None, decided(None, 1)).unwrap();
    assert_eq!(
        journal
            .count(TaskKind::Document, State::Held, false)
            .unwrap(),
        6
    );
    assert_eq!(sent(&mut journal, 1, accept()), freed(6, 0));
}

#[test]
fn kyb_waits_while_a_document_is_held_or_refused_that_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = planned(folder.path(), &[&COMPLETE]);
    sent(&mut journal, 1, accept());
    let documents = open(&journal, TaskKind::Document);
    for task in &documents[2..] {
        sent(&mut journal, *task, accept());
    }
    assert_eq!(sent(&mut journal, documents[1], refuse()), freed(0, 0));
    let held = Transition::Hold {
        reason: ("changed", "its content is not what was planned".to_owned()),
    };
    assert_eq!(change(&mut journal, documents[0], held), freed(0, 0));
    assert_eq!(journal.count(TaskKind::Kyb, State::Held, false).unwrap(), 1);
    // Again, and accepted this time; the other one is still held.
    journal
        .retry(&Default::default(), None, decided(None, 1))
        .unwrap();
    assert_eq!(sent(&mut journal, documents[1], accept()), freed(0, 0));
    assert_eq!(
        journal
            .count(TaskKind::Document, State::Held, false)
            .unwrap(),
        1
    );
    assert_eq!(journal.count(TaskKind::Kyb, State::Held, false).unwrap(), 1);
}

#[test]
fn kyb_in_doubt_is_settled_by_a_person_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = planned(folder.path(), &[&COMPLETE]);
    assert!(
        journal
            .resolve_kyb("A1", true, decided(Some("why"), 1))
            .is_err()
    );
    sent(&mut journal, 1, accept());
    for task in open(&journal, TaskKind::Document) {
        sent(&mut journal, task, accept());
    }
    let doubt = || Transition::Doubt {
        answer: "timeout".to_owned(),
    };
    let kyb = open(&journal, TaskKind::Kyb)[0];
    sent(&mut journal, kyb, doubt());
    assert_eq!(
        journal.doubts().unwrap(),
        0,
        "nothing that could be asked about"
    );
    assert_eq!(journal.recover(2).unwrap(), 0);
    assert!(open(&journal, TaskKind::Kyb).is_empty());
    journal
        .resolve_kyb("A1", false, decided(Some("not there, says Bakkt"), 3))
        .unwrap();
    assert_eq!(open(&journal, TaskKind::Kyb), [kyb]);
    sent(&mut journal, kyb, doubt());
    journal
        .resolve_kyb("A1", true, decided(Some("there, says Bakkt"), 4))
        .unwrap();
    assert_eq!(
        journal
            .count(TaskKind::Kyb, State::Accepted, false)
            .unwrap(),
        1
    );
    assert!(
        journal
            .resolve_kyb("A1", true, decided(Some("again"), 5))
            .is_err()
    );
    assert!(
        journal
            .resolve_kyb("A2", true, decided(Some("nobody"), 5))
            .is_err()
    );
}

/// An account that a replan no longer has may have left a trigger in doubt behind: it can still be settled.
#[test]
fn a_person_settles_a_trigger_of_an_earlier_plan() {
    for (accepted, state) in [(true, State::Accepted), (false, State::Open)] {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = planned(folder.path(), &[&COMPLETE]);
        sent(&mut journal, 1, accept());
        for task in open(&journal, TaskKind::Document) {
            sent(&mut journal, task, accept());
        }
        let task = open(&journal, TaskKind::Kyb)[0];
        let answer = "timeout".to_owned();
        sent(&mut journal, task, Transition::Doubt { answer });
        // As a replan leaves it.
        let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
        raw.execute(
            "UPDATE task SET kind = 6, record = -id WHERE id = ?",
            [task],
        )
        .unwrap();
        raw.execute("INSERT INTO former_task VALUES (?, NULL, 'A1')", [task])
            .unwrap();
        journal
            .resolve_kyb("A1", accepted, decided(Some("asked by phone"), 2))
            .unwrap();
        let sql = "SELECT state FROM task WHERE id = ?";
        let now: i64 = raw.query_row(sql, [task], |row| row.get(0)).unwrap();
        assert_eq!(now, state as i64);
        assert!(
            journal
                .resolve_kyb("A1", accepted, decided(Some("again"), 3))
                .is_err()
        );
    }
}

#[test]
fn kyb_that_was_not_taken_waits_for_documents_that_came_since() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = planned(folder.path(), &[&[&COMPLETE[..], &[(None, 0)]].concat()]);
    sent(&mut journal, 1, accept());
    let documents = open(&journal, TaskKind::Document);
    let (last, needed) = documents.split_last().unwrap();
    sent(&mut journal, *last, refuse());
    for task in needed {
        sent(&mut journal, *task, accept());
    }
    let kyb = open(&journal, TaskKind::Kyb)[0];
    let answer = "timeout".to_owned();
    sent(&mut journal, kyb, Transition::Doubt { answer });
    journal
        .retry(&Default::default(), None, decided(None, 2))
        .unwrap();
    journal
        .resolve_kyb("A1", false, decided(Some("not there, says Bakkt"), 3))
        .unwrap();
    assert!(open(&journal, TaskKind::Kyb).is_empty());
    assert_eq!(sent(&mut journal, *last, accept()), freed(0, 1));
    assert_eq!(open(&journal, TaskKind::Kyb), [kyb]);
}

#[test]
fn one_file_listed_for_two_things_proves_both() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = planned_with(
        folder.path(),
        &[&COMPLETE[..2], &COMPLETE[3..]].concat(),
        |uuids| {
            let (record, place, _, uuid) = uuids[1].clone();
            uuids.push((record, place, proof::REGISTRY, uuid));
        },
    );
    sent(&mut journal, 1, accept());
    let documents = open(&journal, TaskKind::Document);
    assert_eq!(
        documents.len(),
        5,
        "the second listing is no upload of its own"
    );
    let kyb: Vec<FreedTasks> = documents
        .iter()
        .map(|task| sent(&mut journal, *task, accept()))
        .collect();
    assert_eq!(kyb.last(), Some(&freed(0, 1)));
}
