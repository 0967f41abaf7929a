//! People whose ids changed: no second account is opened for anyone whom Bakkt has under an id that is gone.

use serde_json::{Value, json};

use super::Case;
use crate::support::small::HEADER;

/// Id, given name, family name, tax id.
type Customer<'a> = (&'a str, &'a str, &'a str, &'a str);

fn write(case: &Case, customers: &[Customer<'_>]) {
    let mut text = format!("{HEADER}\n");
    for (id, first, last, tax_id) in customers {
        text.push_str(&format!(
            "{id},{first},{last},1980-02-03,{tax_id},ann@example.com,7755550100,1 Elm St,Reno,NV,89501,US\n"
        ));
    }
    std::fs::write(case.folder.path().join("export.csv"), text).unwrap();
}

/// A migration that was run with these customers.
fn sent(customers: &[Customer<'_>]) -> Case {
    let case = Case::new("", &[]);
    write(&case, customers);
    let (totals, code) = case.run("run", &[]);
    assert_eq!(totals["tasks"]["account"]["accepted"], customers.len());
    assert_eq!(code, 0);
    case
}

/// A command that must be refused: what it says.
fn refused(case: &Case, command: &str, more: &[&str]) -> String {
    let ([out, said], code) = case.said(command, more);
    assert_eq!(code, Some(2), "{said}");
    assert!(out.is_empty());
    said
}

#[test]
fn an_export_whose_ids_lost_their_zeros_opens_no_second_account() {
    const PEOPLE: usize = 500;
    let texts: Vec<[String; 4]> = (0..PEOPLE)
        .map(|n| {
            let name = char::from(b'A' + (n % 26) as u8);
            let tax_id = format!("666-{:02}-{:04}", n / 400 + 1, n + 1);
            [
                format!("{:07}", n * 13 + 91),
                format!("Ann{name}"),
                format!("Ash{name}"),
                tax_id,
            ]
        })
        .collect();
    let people = |id_of: fn(&str) -> &str| -> Vec<Customer<'_>> {
        let all = texts.iter();
        all.map(|[id, first, last, tax]| (id_of(id), first.as_str(), last.as_str(), tax.as_str()))
            .collect()
    };
    let case = sent(&people(|id| id));
    write(&case, &people(|id| id.trim_start_matches('0')));

    let (dry, code) = case.run("replan", &["--dry-run"]);
    assert_eq!(code, 2);
    assert_eq!(dry["replan"]["reappeared"]["accounts"], PEOPLE);
    assert_eq!(
        dry["replan"]["reappeared"]["first"][0],
        json!({"old_id": "0000091", "new_id": "91", "file": "export.csv", "row": 2, "same": "same name, birth date and tax id"})
    );
    let said = refused(&case, "replan", &[]);
    for part in [
        "500 customers under new ids would get a second account",
        "0000091 is now 91 (export.csv:2, same name, birth date and tax id)",
        "and 490 more; the plan is as it was",
        "restore the id column",
        "--accept-new-ids with --reason",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let drift = refused(&case, "run", &["--yes"]);
    assert!(drift.contains("the export export.csv"), "{drift}");
    let ledger = case.sandbox.ledger();
    assert_eq!(
        (ledger.accounts.len(), ledger.posts().count()),
        (PEOPLE, PEOPLE)
    );

    // The column restored, everything is as it was.
    write(&case, &people(|id| id));
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (totals["tasks"]["account"]["accepted"].as_u64(), code),
        (Some(PEOPLE as u64), 0)
    );
    assert_eq!(case.posts(), PEOPLE as u64);
}

#[test]
fn a_person_says_that_they_are_further_accounts() {
    let case = sent(&[
        ("C-1", "Ann", "Ash", "666-12-0001"),
        ("C-2", "Bo", "Birch", "666-12-0002"),
    ]);
    write(
        &case,
        &[
            ("N-7", "Ann", "Ash", "666-12-0001"),
            ("C-2", "Bo", "Birch", "666-12-0002"),
        ],
    );
    let one = refused(&case, "replan", &[]);
    assert!(
        one.contains("1 customer under a new id would get a second account: Bakkt has this person under an id that is no longer in the plan"),
        "{one}"
    );
    refused(&case, "replan", &["--accept-new-ids"]);
    refused(&case, "replan", &["--accept-new-ids", "--reason", " "]);
    let how = [
        "--accept-new-ids",
        "--reason",
        "opened another one",
        "--by",
        "kim",
    ];
    let (planned, code) = case.run("replan", &how);
    assert_eq!(
        (code, planned["replan"]["reappeared"]["accounts"].as_u64()),
        (0, Some(1))
    );
    assert_eq!(planned["tasks"]["account"]["open"], 1);
    case.run("run", &[]);
    assert_eq!(case.posts(), 3);
    let summary: Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    let entry = &summary["operator_log"][0];
    assert_eq!(
        (
            &entry["action"],
            &entry["target"],
            &entry["reason"],
            &entry["by"],
            &entry["count"]
        ),
        (
            &"accept new ids".into(),
            &"N-7".into(),
            &"opened another one".into(),
            &"kim".into(),
            &1.into()
        )
    );
    // Decided once; the next plan is none of these any more.
    write(
        &case,
        &[
            ("N-7", "Ann", "Ash", "666-12-0001"),
            ("C-2", "Bo", "Birch", "666-12-0002"),
            ("C-3", "Cy", "Cole", "666-12-0003"),
        ],
    );
    let (planned, code) = case.run("replan", &[]);
    assert_eq!((code, &planned["replan"]["reappeared"]), (0, &Value::Null));
}

#[test]
fn people_are_known_whatever_became_of_their_names_or_ids() {
    let before = [
        ("0012", "Ana", "Núñez", "666-12-0001"),
        ("c-002x", "Bo", "Birch", "666-12-0002"),
        ("gone", "Cy", "Cole", "666-12-0003"),
        ("stays", "Di", "Drew", "666-12-0004"),
    ];
    let case = sent(&before);
    // Another spelling and another id; other capitals and dashes of an id, and another name; the third only leaves.
    write(
        &case,
        &[
            ("K9", "ANA", "NUNEZ", "666120001"),
            ("C002X", "Bob", "Birch-Ash", "666-12-0002"),
            ("stays", "Di", "Drew", "666-12-0004"),
            ("more", "Di", "Drew", "666-12-0004"),
            ("other", "Di", "Drew", "666-12-0005"),
        ],
    );
    let (dry, code) = case.run("replan", &["--dry-run"]);
    let first = dry["replan"]["reappeared"]["first"].as_array().unwrap();
    let pairs: Vec<(&Value, &Value, &Value)> = first
        .iter()
        .map(|pair| (&pair["old_id"], &pair["new_id"], &pair["same"]))
        .collect();
    assert_eq!(code, 2);
    assert_eq!(
        pairs,
        [
            (
                &"0012".into(),
                &"K9".into(),
                &"same name, birth date and tax id".into()
            ),
            (
                &"c-002x".into(),
                &"C002X".into(),
                &"same id but for leading zeros, capitals or punctuation".into()
            ),
        ]
    );
    assert_eq!(
        (&dry["replan"]["further_accounts"], &dry["replan"]["former"]),
        (&1.into(), &3.into()),
        "whose old id stays may have another account"
    );

    // Who left is remembered, and comes back under another id much later.
    write(&case, &before[3..]);
    let (planned, code) = case.run("replan", &[]);
    assert_eq!((code, &planned["replan"]["former"]), (0, &3.into()));
    write(&case, &[before[3], ("back", "Cy", "Cole", "666-12-0003")]);
    let said = refused(&case, "replan", &[]);
    assert!(said.contains("gone is now back (export.csv:3"), "{said}");
    write(&case, &[before[3], before[2]]);
    let (planned, code) = case.run("replan", &[]);
    assert_eq!((code, &planned["replan"]["unchanged"]), (0, &2.into()));
    assert_eq!(case.posts(), 4);
}

#[test]
fn a_journal_without_person_hashes_still_knows_ids_that_are_alike() {
    let case = sent(&[
        ("0091234", "Ann", "Ash", "666-12-0001"),
        ("B", "Bo", "Birch", "666-12-0002"),
    ]);
    let journal = case.folder.path().join(".bakkt-migrate/journal.db");
    let journal = rusqlite::Connection::open(journal).unwrap();
    let hashes: Vec<Vec<u8>> = {
        let mut all = journal.prepare("SELECT person FROM record").unwrap();
        all.query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    };
    assert!(
        hashes.iter().all(|hash| hash.len() == 16) && hashes[0] != hashes[1],
        "{hashes:?}"
    );
    journal
        .execute("UPDATE record SET person = NULL", [])
        .unwrap();
    drop(journal);
    write(
        &case,
        &[
            ("91234", "Ann", "Ash", "666-12-0001"),
            ("B", "Bo", "Birch", "666-12-0002"),
        ],
    );
    let said = refused(&case, "replan", &[]);
    assert!(said.contains("0091234 is now 91234"), "{said}");
}

#[test]
fn who_was_refused_may_come_with_another_id() {
    let case = Case::new("refuse_id_containing = \"R\"\n", &[]);
    write(&case, &[("R-1", "Ann", "Ash", "666-12-0001")]);
    let (totals, _) = case.run("run", &[]);
    assert_eq!(totals["tasks"]["account"]["refused"], 1);
    write(&case, &[("A-1", "Ann", "Ash", "666-12-0001")]);
    let (planned, code) = case.run("replan", &[]);
    assert_eq!((code, &planned["replan"]["added"]), (0, &1.into()));
}

#[test]
fn ids_that_differ_in_punctuation_width_or_a_prefix_are_the_same() {
    for (before, after) in [
        ("A_1", "A1"),
        ("A/1", "a1"),
        ("A:1", "A-1"),
        ("A#1", "A.1"),
        ("A\u{2013}1", "A1"),
        ("C100", "100"),
        ("100", "C-0100"),
        ("１２", "12"),
        ("ä１", "Ä-1"),
    ] {
        // Names and tax ids were corrected as well: nothing but the id tells who it is.
        let stays = ("stays", "Ann", "Ash", "666-12-0001");
        let case = sent(&[(before, "Bo", "Birch", "666-12-0002"), stays]);
        write(&case, &[(after, "Bob", "Birch", "666-12-0003"), stays]);
        let said = refused(&case, "replan", &[]);
        assert!(said.contains(&format!("{before} is now {after}")), "{said}");
    }
}

#[test]
fn a_plan_in_which_most_ids_are_gone_and_as_many_came_is_refused() {
    let before = [
        ("K-1", "Ann", "Ash", "666-12-0001"),
        ("K-2", "Bo", "Birch", "666-12-0002"),
        ("K-3", "Cy", "Cole", "666-12-0003"),
        ("K-4", "Di", "Dune", "666-12-0004"),
    ];
    let other = |id, n| (id, "New", "Name", n);
    let case = sent(&before);
    // One is gone and one came, or two are gone and none or many came: customers leave and join.
    let one = [before[0], before[1], before[2], other("X", "666-12-0011")];
    let many = ["11", "12", "13", "14", "15"].map(|n| (format!("N{n}x"), format!("666-12-00{n}")));
    let mut joined = vec![before[0], before[1]];
    joined.extend(
        many.iter()
            .map(|(id, tax)| other(id.as_str(), tax.as_str())),
    );
    for rows in [&one[..], &before[..2], &joined] {
        write(&case, rows);
        let (planned, code) = case.run("replan", &["--dry-run"]);
        assert_eq!(
            (code, &planned["replan"]["reappeared"]["changed_ids"]),
            (0, &Value::Null)
        );
    }
    write(
        &case,
        &[
            before[0],
            other("p1", "666-12-0011"),
            other("p2", "666-12-0012"),
            other("p3", "666-12-0013"),
        ],
    );
    let (dry, code) = case.run("replan", &["--dry-run"]);
    assert_eq!(
        (code, &dry["replan"]["reappeared"]["changed_ids"]),
        (2, &json!({"accounts": 4, "gone": 3, "new": 3}))
    );
    let said = refused(&case, "replan", &[]);
    assert!(
        said.contains("the ids seem to have changed their form: of 4 accounts that Bakkt has, 3 have ids that are no longer in the plan, and 3 new ids came; the plan is as it was"),
        "{said}"
    );
    let (planned, code) = case.run(
        "replan",
        &["--accept-new-ids", "--reason", "other customers"],
    );
    assert_eq!((code, &planned["replan"]["added"]), (0, &3.into()));
}
