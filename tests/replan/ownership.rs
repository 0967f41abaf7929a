//! Changed agreements go only when both sides acknowledged them; changed owners of entities are listed for Bakkt.

use serde_json::{Value, json};

use super::Case;
use super::restricted::{ask, export, held, sent};
use crate::support::{program, reason_for};

const PHONE: (&str, &str) = ("PHONE", "+17755550199");

fn lines(case: &Case, name: &str) -> Vec<String> {
    case.report();
    let text = case.file(name);
    text.lines().skip(1).map(str::to_owned).collect()
}

fn version(case: &Case, id: &str) -> Value {
    held(case, id)["owners"][0]["agreements"][0]["version"].clone()
}

#[test]
fn a_changed_agreement_waits_for_its_acknowledgement() {
    let none = [("AGREED", ""), ("AGREED_V", "")];
    let case = sent(&["A", "B", "N"]);
    // N had no agreement when it was sent.
    ask(
        &case,
        "UPDATE task SET agreements = x'' WHERE record = (SELECT id FROM record WHERE client_id = 'N')",
    );
    export(
        &case,
        &vec![("A", Vec::new()), ("B", Vec::new()), ("N", none.to_vec())],
    );
    case.run("replan", &["--update-accepted"]);
    let newer = ("AGREED_V", "2");
    export(
        &case,
        &vec![
            ("A", vec![newer, PHONE]),
            ("B", vec![PHONE]),
            ("N", vec![PHONE]),
        ],
    );
    let (planned, code) = case.run("replan", &["--update-accepted"]);
    let replan = &planned["replan"];
    assert_eq!(
        (&replan["agreements"], &replan["updates"], code),
        (&json!({"accounts": 1, "first": ["A"]}), &json!(2), 0),
        "{planned}"
    );
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (case.sandbox.count("updated"), version(&case, "A")),
        (2, json!("1"))
    );
    assert_eq!((code, &totals["after"]["unacknowledged"]), (3, &json!(1)));
    assert_eq!(lines(&case, "unacknowledged.csv"), ["A,export.csv,2"]);
    let mut status = program();
    let status = status.arg("status").arg(case.folder.path());
    let status = status.output().unwrap();
    let text = String::from_utf8_lossy(&status.stdout);
    let told = "accounts whose changed agreements nobody has acknowledged 1";
    assert!(text.contains(told), "{text}");
    assert_eq!(status.status.code(), Some(3));
    assert_ne!(held(&case, "A")["owners"][0]["phoneNumber"], PHONE.1);

    let refused = |more: &[&str]| {
        let mut command = program();
        command
            .arg("replan")
            .arg(case.folder.path())
            .args(more)
            .args(reason_for("replan", more));
        command.args(["--base-url", &case.sandbox.base_url()]);
        command.output().unwrap().status.code()
    };
    assert_eq!(
        refused(&["--update-accepted", "--agreements-acknowledged"]),
        Some(2)
    );
    assert_eq!(
        refused(&[
            "--update-accepted",
            "--agreements-acknowledged",
            "--reason",
            " "
        ]),
        Some(2)
    );
    // A look needs no reason.
    assert_eq!(
        refused(&[
            "--update-accepted",
            "--agreements-acknowledged",
            "--dry-run"
        ]),
        Some(0)
    );
    let how = [
        "--update-accepted",
        "--agreements-acknowledged",
        "--reason",
        "signed on 3 November",
        "--by",
        "kim",
    ];
    let (planned, _) = case.run("replan", &how);
    assert_eq!(planned["replan"]["updates"], 1, "{planned}");
    assert_eq!(lines(&case, "unacknowledged.csv"), [""; 0]);

    // Acknowledged once: other changes of the account need no further word.
    export(
        &case,
        &vec![
            ("A", vec![newer, ("PHONE", "+17755550198")]),
            ("B", vec![PHONE]),
            ("N", vec![PHONE]),
        ],
    );
    let (planned, _) = case.run("replan", &[]);
    assert_eq!(
        (
            &planned["tasks"]["update"]["open"],
            planned["replan"].get("agreements")
        ),
        (&json!(1), None)
    );
    case.run("run", &[]);
    assert_eq!(
        (case.sandbox.count("updated"), version(&case, "A")),
        (3, json!("2"))
    );
    case.report();
    let summary: Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    let log = summary["operator_log"].as_array().unwrap();
    let entry = log
        .iter()
        .find(|entry| entry["action"] == "acknowledge agreements")
        .unwrap();
    assert_eq!(
        (
            &entry["target"],
            &entry["reason"],
            &entry["by"],
            &entry["count"]
        ),
        (
            &json!("A"),
            &json!("signed on 3 November"),
            &json!("kim"),
            &json!(1)
        )
    );
}

#[test]
fn a_backfill_does_not_send_a_changed_agreement_unasked() {
    let case = sent(&["A"]);
    let sheet = case.folder.path().join("fix.csv");
    std::fs::write(
        &sheet,
        "clientAccountId,owners[0].agreements[0].version\nA,3\n",
    )
    .unwrap();
    let (done, code) = case.run("backfill", &[sheet.to_str().unwrap()]);
    let backfill = &done["backfill"];
    assert_eq!(
        (
            &backfill["agreements"]["first"],
            &backfill["does"]["updates"],
            code
        ),
        (&json!(["A"]), &json!(0), 3),
        "{done}"
    );
    case.run("run", &[]);
    assert_eq!((case.posts(), version(&case, "A")), (1, json!("1")));
    let carried = || {
        agreements_line(&case)
            .rsplit(',')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(carried(), "not yet");
    let how = [
        "--update-accepted",
        "--agreements-acknowledged",
        "--reason",
        "signed",
    ];
    let (planned, _) = case.run("replan", &how);
    assert_eq!(planned["replan"]["updates"], 1);
    case.run("run", &[]);
    assert_eq!((case.posts(), version(&case, "A")), (2, json!("3")));
    // It has no date.
    assert_eq!(carried(), "partly");
}

#[test]
fn an_account_without_one_of_its_agreements_has_them_partly() {
    let case = sent(&["A"]);
    let path = case.folder.path().join("mapping.toml");
    let add = |lines: &str| {
        let mapping = std::fs::read_to_string(&path).unwrap();
        let more = format!("[fields]\n{lines}\n");
        std::fs::write(&path, mapping.replacen("[fields]\n", &more, 1)).unwrap();
        let why = ["--reason", "signed"];
        let how = [
            &["--update-accepted", "--agreements-acknowledged"][..],
            &why,
        ];
        case.run("replan", &how.concat());
        case.run("run", &[]);
        agreements_line(&case)
    };
    let date = "\"owners[0].agreements[0].eSignedDate\" = { const = \"2024-01-01T00:00:00Z\" }";
    assert!(add(date).ends_with(",accepted,1,yes,yes,yes,yes"));
    let another = "\"owners[0].agreements[1].name\" = \"AGREED\"\n\
        \"owners[0].agreements[1].eSignedDate\" = { const = \"2024-01-01T00:00:00Z\" }";
    assert!(add(another).ends_with(",accepted,1,yes,yes,yes,partly"));
}

fn agreements_line(case: &Case) -> String {
    lines(case, "agreements.csv")[0].clone()
}

#[test]
fn entities_whose_owners_changed_are_listed() {
    let case = sent(&["A", "B", "C"]);
    let other = vec![
        ("FIRST_2", "Cy"),
        ("LAST_2", "Cole"),
        ("BORN_2", "1970-01-01"),
        ("TIN_2", "666001234"),
    ];
    export(
        &case,
        &vec![
            ("A", vec![("SHARE_2", "40")]),
            ("B", other),
            ("C", vec![PHONE, ("SHARE_2", "30.0")]),
        ],
    );
    let ownership =
        json!({"accounts": 2, "added": 1, "removed": 1, "changed": 1, "first": ["A", "B"]});
    let (dry, _) = case.run("replan", &["--dry-run"]);
    assert_eq!(dry["replan"]["ownership"], ownership, "{dry}");
    let mut command = program();
    command
        .args(["replan", "--reason", "a test"])
        .arg(case.folder.path());
    command.args(["--base-url", &case.sandbox.base_url()]);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    for said in [
        "2  accepted entities whose owners changed: 1 added, 1 removed, 1 with another role or share",
        "tell Bakkt of these changes of ownership (ownership.csv of the report has all of them): A, B",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("Cole"), "{text}");
    assert_eq!(
        lines(&case, "ownership.csv"),
        ["A,export.csv,2,0,0,1", "B,export.csv,3,1,1,0"]
    );
    let (status, _) = case.run("status", &[]);
    assert_eq!(status["after"]["ownership_changed"], 2);
    // Put back as it was, nothing is left to tell.
    export(
        &case,
        &vec![("A", Vec::new()), ("B", Vec::new()), ("C", Vec::new())],
    );
    let (planned, _) = case.run("replan", &[]);
    assert_eq!(planned["replan"].get("ownership"), None);
    assert_eq!(lines(&case, "ownership.csv"), [""; 0]);
}
