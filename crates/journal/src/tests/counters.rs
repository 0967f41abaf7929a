//! The counters are what the rows add up to, whatever happens to tasks and gaps.

use bakkt_model::finding::FindingKind;
use bakkt_model::state::State;
use bakkt_model::task::{AccountFacts, Change, PriorAccount, Refusal, TaskKind, Transition};
use bakkt_model::verdict::Verdict;

use crate::decisions::OperatorNote;
use crate::write::{
    DocumentVerdict, LaterGap, PlannedDocument, PlannedFinding, PlannedRow, Selection,
};
use crate::{Journal, Reader};

const DECIDED: OperatorNote<'_> = OperatorNote {
    by: "a test",
    reason: Some("because"),
    at: 9,
};

type Gap = (&'static str, &'static str, &'static str, (i64, u64));

const PHONE: Gap = ("owners[0].phoneNumber", "missing", "G", (0, 0));
const EMAIL: Gap = ("owners[0].emailAddress", "missing", "G", (0, 0));
const OWNER: Gap = ("owners[1].phoneNumber", "missing", "G", (2, 7));

/// A finding: its record, its kind, its field, its row, and the record that its group begins with.
type Found = (u64, FindingKind, Option<&'static str>, u64, u64);

/// Two groups of one kind, of which one customer is in both places; two fields of another customer; and two of nobody.
const FOUND: [Found; 8] = [
    (1, FindingKind::SamePerson, None, 0, 1),
    (1, FindingKind::SamePerson, Some("owners[1]"), 0, 0),
    (2, FindingKind::SamePerson, None, 0, 1),
    (3, FindingKind::SamePerson, None, 0, 3),
    (
        7,
        FindingKind::DoubtfulName,
        Some("owners[0].givenName"),
        0,
        0,
    ),
    (
        7,
        FindingKind::DoubtfulName,
        Some("owners[0].familyName"),
        0,
        0,
    ),
    (0, FindingKind::UnusedExclusion, None, 4, 0),
    (0, FindingKind::UnusedExclusion, None, 5, 0),
];

fn finding((record, kind, path, row, first): Found) -> PlannedFinding<'static> {
    PlannedFinding {
        record,
        kind,
        path,
        at: (i64::from(row > 0), row),
        first,
    }
}

/// Ten records: two of them blocked, most with gaps, one with a gap in a joined row; a document and KYB of the third.
pub(super) fn planned(folder: &std::path::Path) -> anyhow::Result<Journal> {
    let mut journal = Journal::open(folder)?;
    journal.begin_plan("2026-11-30")?;
    let file = journal.add_file("export.csv", "accounts")?;
    let ids: Vec<String> = (1..=10).map(|number| format!("A-{number}")).collect();
    let gaps: [&[Gap]; 5] = [&[], &[PHONE], &[PHONE, EMAIL], &[OWNER, EMAIL], &[PHONE]];
    let rows = ids.iter().zip(0..).map(|(id, place)| PlannedRow {
        file,
        row: place + 2,
        offset: place * 10,
        length: 10,
        client_id: Some(id),
        verdict: match (place % 5, gaps[place as usize % 5]) {
            (4, _) => Verdict::Blocked,
            (_, []) => Verdict::Ready,
            _ => Verdict::Grace,
        },
        reason: None,
        hash: Some(&[1; 16]),
        fixed: Some(&[2; 32]),
        person: None,
        agreements: None,
        owners: None,
        carried: None,
        gaps: gaps[place as usize % 5],
        parts: &[],
        elements: &[],
    });
    journal.add_rows((1..).zip(rows))?;
    journal.mark_duplicates([(10, "identical copy")].into_iter())?;
    journal.count_file(file, 10, 0)?;
    let document = PlannedDocument {
        record: 3,
        file,
        row: 0,
        offset: 0,
        length: 0,
        path: None,
        shown: None,
        place: None,
        document_type: None,
        side: None,
        side_assumed: false,
        proves: 0,
        size: 1,
        sha256: None,
        uuid: Some("d-1"),
        hash: Some(&[3; 16]),
        verdict: DocumentVerdict::Sent,
        reason: None,
    };
    journal.add_documents([document].into_iter())?;
    let later = ("documents[0]", "missing", "G");
    // The first and the sixth have the same gaps before, and so have the second and the seventh.
    let later = [1, 2, 2, 10, 6, 7, 4].map(|record| LaterGap {
        record,
        gap: later,
        at: (0, 0),
    });
    journal.add_gaps(later.into_iter())?;
    journal.add_kyb([3].into_iter())?;
    journal.block(
        [(
            6,
            FindingKind::all().next().unwrap_or(FindingKind::SamePerson),
        )]
        .into_iter(),
    )?;
    journal.leave_documents([2].into_iter())?;
    journal.add_findings(FOUND.map(finding).into_iter())?;
    journal.finish_plan(&[], &[], &[])?;
    Ok(journal)
}

/// Looks at the counters: they agree with the rows, and so does what `status` is made of.
fn agree(folder: &std::path::Path) -> anyhow::Result<()> {
    let reader = Reader::open(&Journal::path(folder))?;
    let counts = reader.counts()?;
    assert_eq!(counts.disagreements, [""; 0]);
    let (stored, gaps) = reader.stored_counts()?;
    assert_eq!(stored.verdicts, counts.verdicts);
    assert_eq!(stored.existed, counts.existed);
    assert_eq!(stored.former, counts.former);
    for (one, other) in [
        (&stored.accounts, &counts.accounts),
        (&stored.documents, &counts.documents),
        (&stored.kyb, &counts.kyb),
    ] {
        assert_eq!((one.planned, one.states), (other.planned, other.states));
    }
    let open = |counts: &[crate::read::GapCount]| -> Vec<(String, String, u64)> {
        let mut open: Vec<_> = counts
            .iter()
            .map(|gap| (gap.path.clone(), gap.level.clone(), gap.open))
            .collect();
        open.sort();
        open
    };
    assert_eq!(open(&gaps), open(&reader.gap_counts()?));
    Ok(())
}

#[test]
fn a_plan_counts_what_it_has() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let journal = planned(folder.path())?;
    agree(folder.path())?;
    let reader = Reader::open(&Journal::path(folder.path()))?;
    let counts = reader.counts()?;
    // The fifth is blocked by itself, the sixth by a finding, the tenth is a copy; the first has a document too few.
    assert_eq!(counts.verdicts, [0, 7, 2, 0, 1]);
    assert_eq!(counts.accounts.states, [7, 0, 0, 0, 0, 0, 0]);
    assert_eq!(counts.documents.states, [0, 1, 0, 0, 0, 0, 0]);
    let mut lines = Vec::new();
    reader.each_gap(|line| {
        lines.push(format!("{} {}", line.origin.row, line.path));
        Ok(())
    })?;
    assert_eq!(lines.len(), 15, "{lines:?}");
    let later = lines.iter().filter(|line| line.ends_with(" documents[0]"));
    let later: Vec<&str> = later.map(String::as_str).collect();
    // The documents of the second are left out afterwards.
    let rows = [2, 5, 7, 8].map(|row| format!("{row} documents[0]"));
    assert_eq!(later, rows);
    let shared: i64 = journal.db.query_row(
        "SELECT count(DISTINCT id) FROM gap_set WHERE id > 0",
        [],
        |row| row.get(0),
    )?;
    assert!(shared <= 4, "{shared}");
    Ok(())
}

#[test]
fn they_follow_every_transition_and_decision() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut journal = planned(folder.path())?;
    let refusal = Refusal {
        code: "422/1004".into(),
        field: "owners[0].identity.taxId".into(),
        message: "taken".into(),
    };
    let account = AccountFacts::default();
    let accept = |existed| Transition::Accept {
        answer: "200".into(),
        account: account.clone(),
        existed,
    };
    let intend = || Transition::Intend { hash: [1; 16] };
    // By task, of which there is one for each record that is sent, with its number.
    let steps: [(i64, Transition); 14] = [
        (1, intend()),
        (1, accept(PriorAccount::No)),
        (2, intend()),
        (
            2,
            Transition::Doubt {
                answer: "timeout".into(),
            },
        ),
        (2, Transition::Absent),
        (
            2,
            Transition::GiveUp {
                answer: "503".into(),
            },
        ),
        (3, intend()),
        (3, accept(PriorAccount::Overwritten)),
        (4, intend()),
        (
            4,
            Transition::Refuse {
                answer: "422".into(),
                refusal,
            },
        ),
        (7, accept(PriorAccount::Equal)),
        (8, intend()),
        (
            8,
            Transition::Postpone {
                answer: "429".into(),
                outcome: "not taken",
            },
        ),
        (
            8,
            Transition::Hold {
                reason: ("changed", "its file changed".into()),
            },
        ),
    ];
    for (at, (task, what)) in (1..).zip(steps) {
        let at = at * 70_000;
        journal.commit(&[Change { task, at, what }])?;
        agree(folder.path())?;
    }
    let held = journal.count(TaskKind::Account, State::Held, false)?;
    assert_eq!(held, 1);
    assert_eq!(journal.retry(&Selection::default(), None, DECIDED)?, 2);
    agree(folder.path())?;

    let these = Selection {
        only: Some(vec!["A-2".into(), "A-4".into(), "A-9".into()]),
    };
    let fields = ["owners".to_owned()];
    journal.select(&these)?;
    let waived = journal.waive(&these, &fields, false, DECIDED)?;
    assert_eq!((waived.gaps, waived.customers), (5, 3));
    agree(folder.path())?;
    assert_eq!(Reader::open(&Journal::path(folder.path()))?.waived()?, 5);
    journal.waive(&these, &fields, true, DECIDED)?;
    agree(folder.path())?;

    let these = Selection {
        only: Some(vec!["A-9".into(), "A-4".into()]),
    };
    journal.select(&these)?;
    assert_eq!(journal.exclude(&these, None, DECIDED)?, 2);
    agree(folder.path())?;
    // What failed changes no counter.
    let wrong = Change {
        task: 1,
        at: 5,
        what: Transition::Absent,
    };
    assert!(journal.commit(&[wrong]).is_err());
    agree(folder.path())
}

#[test]
fn several_readers_see_one_instant() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut journal = planned(folder.path())?;
    let path = Journal::path(folder.path());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &done;
        let writer = scope.spawn(move || -> anyhow::Result<()> {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for task in [1, 2, 3] {
                    let what = Transition::Intend { hash: [1; 16] };
                    journal.commit(&[Change { task, at: 1, what }])?;
                }
                for task in [1, 2, 3] {
                    let what = Transition::Postpone {
                        answer: "429".into(),
                        outcome: "not taken",
                    };
                    journal.commit(&[Change { task, at: 1, what }])?;
                }
            }
            Ok(())
        });
        // While it writes, there may be fewer than were asked for.
        let look = || -> anyhow::Result<()> {
            for _ in 0..20 {
                let readers = Reader::open_several(&path, 3)?;
                let states = readers.iter().map(|reader| reader.stored_counts());
                let states = states.collect::<anyhow::Result<Vec<_>>>()?;
                for (counts, _) in &states {
                    assert_eq!(counts.accounts.states, states[0].0.accounts.states);
                }
            }
            Ok(())
        };
        let looked = look();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().expect("the writer")?;
        assert_eq!(Reader::open_several(&path, 3)?.len(), 3);
        looked
    })
}

#[test]
fn findings_are_counted_by_customer_and_by_group() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    drop(planned(folder.path())?);
    let path = Journal::path(folder.path());
    let counts = || -> anyhow::Result<_> {
        let found = Reader::open(&path)?.finding_counts()?.into_iter();
        Ok(found
            .map(|one| (one.kind, one.count, one.groups))
            .collect::<Vec<_>>())
    };
    let wanted = [
        ("unused_exclusion", 2, 0),
        ("same_person", 3, 2),
        ("doubtful_name", 1, 0),
    ];
    assert_eq!(counts()?, wanted);
    agree(folder.path())?;
    // When rows are gone, the counters still show what was counted, and the disagreement is reported.
    let db = rusqlite::Connection::open(&path)?;
    db.execute("DELETE FROM finding WHERE record = 7", [])?;
    assert_eq!(counts()?, wanted);
    let disagreements = Reader::open(&path)?.counts()?.disagreements;
    assert_eq!(
        disagreements,
        ["counters of findings by kind that say something else than the rows: 1"]
    );
    // A plan that an earlier program made has no counters of findings.
    db.execute("DELETE FROM counter WHERE what = 7", [])?;
    assert_eq!(counts()?, wanted[..2]);
    agree(folder.path())
}

#[test]
fn the_findings_of_a_customer_who_is_forgotten_are_counted_no_more() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut journal = planned(folder.path())?;
    journal.look_at_customer("A-1")?;
    journal.forget("A-1", &[], DECIDED)?;
    drop(journal);
    let found = Reader::open(&Journal::path(folder.path()))?.finding_counts()?;
    let same_person = found.iter().find(|one| one.kind == "same_person");
    assert_eq!(same_person.map(|one| (one.count, one.groups)), Some((2, 1)));
    agree(folder.path())
}
