//! `waive`, `exclude`, `retry` and `resolve --duplicate`: what people decide, and that plans and reports follow.
//!
//! The sandbox's ledger judges what was sent.

mod manual;
mod owners;
mod sent;

use std::process::Output;

use crate::support::small::{MAPPING, export};
use crate::support::{SandboxProcess, json_of, program, reason_for};
use bakkt_journal::Reader;
use bakkt_journal::read::GapDay;
use serde_json::Value;

const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
[limits]
create = "unlimited"
lookup = "unlimited"
upload = "unlimited"
[retry]
request_timeout = "2s"
upload_timeout = "2s"
settle_after = "2100ms"
backoff_first = "10ms"
backoff_most = "50ms"
breaker = 1
"#;

struct Case {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl Case {
    fn new(sandbox: &str, customers: &[(&str, &str)]) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = SandboxProcess::start(folder.path(), sandbox);
        let case = Case { folder, sandbox };
        case.write("mapping.toml", MAPPING);
        case.write("migration.toml", SETTINGS);
        case.export(customers);
        case
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// See [`small::export`](crate::support::small::export).
    fn export(&self, customers: &[(&str, &str)]) {
        let text = export(customers);
        self.write("export.csv", &text);
    }

    fn command(&self, command: &str, more: &[&str]) -> std::process::Command {
        let mut run = program();
        run.env("BAKKT_OPERATOR", "pat")
            .arg(command)
            .arg(self.folder.path());
        if matches!(command, "run" | "replan") || more.contains(&"--duplicate") {
            run.args(["--base-url", &self.sandbox.base_url()]);
        }
        run.args(more).args(reason_for(command, more));
        run
    }

    fn run(&self, command: &str, more: &[&str]) -> (Value, i32) {
        json_of(self.command(command, more).arg("--json"))
    }

    fn said(&self, command: &str, more: &[&str]) -> Output {
        self.command(command, more).output().unwrap()
    }

    /// A command that is refused: what it says.
    fn refused(&self, command: &str, more: &[&str]) -> String {
        let before = std::fs::read(self.journal()).unwrap();
        let output = self.said(command, more);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(std::fs::read(self.journal()).unwrap(), before, "{said}");
        said
    }

    fn journal(&self) -> std::path::PathBuf {
        self.folder.path().join(".bakkt-migrate/journal.db")
    }

    /// A file of a new report.
    fn report(&self, name: &str) -> String {
        self.said("report", &[]);
        std::fs::read_to_string(self.folder.path().join("report").join(name)).unwrap()
    }

    /// Action, reason and name of every line of the operator log.
    fn log(&self) -> Vec<[String; 3]> {
        let summary: Value = serde_json::from_str(&self.report("summary.json")).unwrap();
        let log = summary["operator_log"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        log.map(|line| ["action", "reason", "by"].map(|key| text(&line[key])))
            .collect()
    }

    /// The account as the sandbox has it.
    fn account(&self, id: &str) -> Value {
        let path = format!("/apex-crypto/api/v2/accounts/{id}");
        let (status, body) = self.sandbox.get(&path).unwrap();
        assert_eq!(status, 200);
        serde_json::from_slice(&body).unwrap()
    }
}

fn count(totals: &Value, pointer: &str) -> u64 {
    totals
        .pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_else(|| panic!("{pointer}: {totals}"))
}

const PHONE: &str = "owners[0].phoneNumber";

#[test]
fn a_waived_gap_is_not_open_until_it_is_taken_back() {
    let case = Case::new("", &[("A", ""), ("B!", ""), ("C", "7755550102")]);
    let (totals, _) = case.run("run", &[]);
    let open = count(&totals, "/gaps/open");
    assert_eq!(totals["gaps"]["by_field"][PHONE], 2);

    let (totals, code) = case.run(
        "waive",
        &[
            "--id",
            "A",
            "--field",
            PHONE,
            "--reason",
            "no phone at all",
            "--by",
            "kim",
        ],
    );
    assert_eq!((count(&totals, "/waive/gaps"), code), (1, 0));
    assert_eq!(count(&totals, "/gaps/open"), open - 1);
    assert_eq!(totals["gaps"]["by_field"][PHONE], 1);
    assert_eq!(totals["balanced"], true);
    assert!(
        case.report("gaps.csv")
            .contains(",A,owners[0].phoneNumber,G,missing,not set,waived\n")
    );

    // What blocks a customer cannot be let go, nor can what is not there.
    let blocked = ["--id", "B", "C", "--field", "owners[0]", "--reason", "x"];
    let (totals, code) = case.run("waive", &blocked);
    assert_eq!((count(&totals, "/waive/blocked"), code), (1, 3));
    let none = ["--id", "C", "--field", PHONE, "--reason", "x"];
    let (totals, code) = case.run("waive", &none);
    assert_eq!((count(&totals, "/waive/without"), code), (1, 3));

    // A new plan keeps to it.
    case.export(&[("C", "7755550102"), ("A", ""), ("B!", "")]);
    let (totals, _) = case.run("replan", &[]);
    assert!(
        case.report("gaps.csv")
            .contains(",A,owners[0].phoneNumber,G,missing,not set,waived\n")
    );
    let waived = count(&totals, "/gaps/open");

    case.write("ids.txt", "A\n");
    let ids = case.folder.path().join("ids.txt");
    let undo = [
        "--from",
        ids.to_str().unwrap(),
        "--field",
        "owners[].phoneNumber",
        "--reason",
        "found",
        "--undo",
    ];
    let (totals, code) = case.run("waive", &undo);
    assert_eq!((count(&totals, "/waive/gaps"), code), (1, 0));
    assert_eq!(count(&totals, "/gaps/open"), waived + 1);

    // A waiver of a gap that is gone is taken back as well, and that is said.
    let again = ["--id", "A", "--field", PHONE, "--reason", "none"];
    case.run("waive", &again);
    case.export(&[("C", "7755550102"), ("A", "7755550100"), ("B!", "")]);
    case.run("replan", &[]);
    let (totals, code) = case.run("waive", &undo);
    assert_eq!(code, 0);
    assert_eq!(
        (count(&totals, "/waive/gaps"), count(&totals, "/waive/gone")),
        (0, 1)
    );

    let log = case.log();
    assert_eq!(log[0], ["waive", "no phone at all", "kim"]);
    assert_eq!(log.last().unwrap(), &["waive: taken back", "found", "pat"]);

    // So is that of a customer who left the plan.
    case.export(&[("C", "7755550102"), ("A", ""), ("B!", "")]);
    case.run("replan", &[]);
    case.run("waive", &again);
    case.export(&[("C", "7755550102"), ("B!", "")]);
    case.run("replan", &[]);
    let (totals, code) = case.run("waive", &undo);
    assert_eq!((count(&totals, "/waive/gone"), code), (1, 0), "{totals}");
    let said = case.refused(
        "waive",
        &["--id", "A", "--field", PHONE, "--reason", "x", "--undo"],
    );
    assert!(said.contains("does not have"), "{said}");
    case.export(&[("C", "7755550102"), ("A", ""), ("B!", "")]);
    let (totals, _) = case.run("replan", &[]);
    assert_eq!(totals["gaps"]["by_field"][PHONE], 2, "{totals}");

    for wrong in [
        vec!["--id", "ZZ-9", "--field", PHONE, "--reason", "x"],
        vec!["--id", "A", "--field", "owners[0].phone", "--reason", "x"],
        vec!["--id", "A", "--field", PHONE, "--reason", " "],
        vec!["--field", PHONE, "--reason", "x"],
    ] {
        let said = case.refused("waive", &wrong);
        assert!(!said.contains("ZZ-9"), "{said}");
    }
}

#[test]
fn who_is_left_out_stays_so_in_every_plan_until_it_is_taken_back() {
    let case = Case::new(
        "refuse = 1.0\n",
        &[("A", "7755550100"), ("B!", "7755550101"), ("C", "")],
    );
    let (totals, _) = case.run("run", &[]);
    assert_eq!(count(&totals, "/tasks/account/refused"), 2);
    let posts = case.sandbox.count("posts");
    let refused = case.report("refused.csv");
    let code = refused.lines().nth(1).unwrap().split(',').nth(4).unwrap();

    let misspelt = ["--code", "NO_SUCH_CODE", "--reason", "a test account"];
    let said = case.refused("exclude", &misspelt);
    assert!(said.contains(&format!("one of: {code}")), "{said}");
    let (totals, exit) = case.run("exclude", &["--code", code, "--reason", "a test account"]);
    assert_eq!((count(&totals, "/verdicts/excluded"), exit), (2, 0));
    assert_eq!(count(&totals, "/tasks/account/planned"), 0);
    assert_eq!(totals["balanced"], true);
    let (totals, _) = case.run("exclude", &["--id", "B", "--reason", "moved away"]);
    assert_eq!(count(&totals, "/verdicts/excluded"), 3);
    assert_eq!(count(&totals, "/gaps/open"), 0);
    let lines = case.report("reconciliation.csv");
    assert_eq!(
        lines
            .matches(",excluded,left out by a person: a test account,")
            .count(),
        2
    );
    assert_eq!(
        lines
            .matches(",excluded,left out by a person: moved away,")
            .count(),
        1
    );

    // A plan that is made anew says the same, line by line.
    case.export(&[("A", "7755550100"), ("B!", "7755550101"), ("C", "")]);
    case.run("replan", &[]);
    assert_eq!(case.report("reconciliation.csv"), lines);
    let (_, exit) = case.run("run", &[]);
    assert_eq!((exit, case.sandbox.count("posts")), (0, posts));

    case.run(
        "exclude",
        &["--id", "A", "--undo", "--reason", "a customer after all"],
    );
    let (totals, _) = case.run("replan", &[]);
    assert_eq!(count(&totals, "/tasks/account/open"), 1);
    assert_eq!(count(&totals, "/verdicts/excluded"), 2);
    let actions: Vec<String> = case.log().into_iter().map(|[action, ..]| action).collect();
    assert_eq!(
        actions,
        [
            "exclude",
            "exclude",
            "replan",
            "exclude: taken back",
            "replan"
        ]
    );
}

#[test]
fn nobody_is_left_out_whom_bakkt_has_or_may_have() {
    let case = Case::new("", &[("A", "7755550100"), ("B!", "7755550101")]);
    case.run("run", &[]);
    let said = case.refused("exclude", &["--id", "A", "B", "--reason", "x"]);
    assert!(said.contains("A for one: Bakkt has the account"), "{said}");
    assert!(said.contains("closing an account goes by Bakkt"), "{said}");
    // Not even when the export no longer has them.
    case.export(&[("A!", "7755550100"), ("B!", "7755550101")]);
    case.run("replan", &[]);
    let said = case.refused("exclude", &["--id", "A", "--reason", "x"]);
    assert!(said.contains("Bakkt has the account"), "{said}");

    let doubt = Case::new(
        "reset_after = 1.0\nmax_faults_per_id = 1\n",
        &[("A", "7755550100")],
    );
    doubt.run("run", &[]);
    let said = doubt.refused("exclude", &["--id", "A", "--reason", "x"]);
    assert!(said.contains("or may have it"), "{said}");
}

#[test]
fn the_documents_of_who_is_left_out_stay() {
    let case = Case::new("", &[("A", "7755550100"), ("B", "7755550101")]);
    let settings = format!(
        "{SETTINGS}[documents]\nroot = \"documents\"\npattern = \"{{clientAccountId}}/{{documentType}}_{{documentSide}}.*\"\n"
    );
    case.write("migration.toml", &settings);
    for id in ["A", "B"] {
        std::fs::create_dir_all(case.folder.path().join("documents").join(id)).unwrap();
        case.write(
            &format!("documents/{id}/PASSPORT_FRONT.pdf"),
            &format!("%PDF-1.4 {id}"),
        );
    }
    case.run("run", &["--limit", "0"]);
    let (totals, _) = case.run("exclude", &["--id", "A", "--reason", "x"]);
    assert_eq!(totals["balanced"], true, "{totals}");
    assert_eq!(count(&totals, "/documents/account_not_sent"), 1);
    let lines = case.report("documents.csv");
    case.run("replan", &[]);
    assert_eq!(case.report("documents.csv"), lines);
    let (totals, _) = case.run("run", &[]);
    assert_eq!(count(&totals, "/tasks/document/accepted"), 1);
}

#[test]
fn of_rows_with_one_id_the_chosen_one_is_sent() {
    let rows = [
        ("D", "7755550100"),
        ("A", "7755550101"),
        ("D", "7755550102"),
        ("D!", ""),
    ];
    let case = Case::new("", &rows);
    let (totals, code) = case.run("run", &[]);
    assert_eq!((count(&totals, "/verdicts/duplicate"), code), (3, 3));

    let resolve =
        |take: &'static str| ["--duplicate", "D", "--take", take, "--reason", "the newest"];
    let said = case.refused("resolve", &resolve("export.csv:3"));
    assert!(
        said.contains("export.csv:2, export.csv:4, export.csv:5"),
        "{said}"
    );
    case.refused("resolve", &resolve("export.csv"));
    let other = [
        "--duplicate",
        "A",
        "--take",
        "export.csv:3",
        "--reason",
        "x",
    ];
    assert!(
        case.refused("resolve", &other)
            .contains("no rows with different data")
    );

    let (totals, code) = case.run("resolve", &resolve("export.csv:4"));
    assert_eq!((count(&totals, "/verdicts/duplicate"), code), (2, 0));
    assert_eq!(totals["balanced"], true);
    let (totals, _) = case.run("run", &[]);
    assert_eq!(count(&totals, "/tasks/account/accepted"), 2);
    assert_eq!(
        case.account("D")["request"]["owners"][0]["phoneNumber"],
        "+17755550102"
    );
    let lines = case.report("reconciliation.csv");
    assert_eq!(
        lines
            .matches(",duplicate,a person chose line 4 of export.csv,")
            .count(),
        2
    );

    // Later plans keep to it, and Bakkt's account is not chosen anew.
    case.run("replan", &[]);
    assert_eq!(case.report("reconciliation.csv"), lines);
    let said = case.refused("resolve", &resolve("export.csv:2"));
    assert!(said.contains("Bakkt has the account"), "{said}");
    assert_eq!(case.log()[0], ["resolve duplicate", "the newest", "pat"]);
}

/// A choice names a line. When the export loses a row above it, Bakkt has an account that no row is chosen for.
#[test]
fn an_account_whose_row_moved_is_chosen_anew() {
    let case = Case::new(
        "",
        &[
            ("A", "7755550101"),
            ("D", "7755550100"),
            ("D", "7755550102"),
        ],
    );
    case.run("run", &[]);
    let resolve =
        |take: &'static str| ["--duplicate", "D", "--take", take, "--reason", "the newest"];
    case.run("resolve", &resolve("export.csv:4"));
    case.run("run", &[]);
    case.export(&[("D", "7755550100"), ("D", "7755550102")]);
    let (planned, _) = case.run("replan", &[]);
    // Of A as well: Bakkt has both.
    assert_eq!(count(&planned, "/replan/former"), 2);
    let (totals, code) = case.run("resolve", &resolve("export.csv:3"));
    assert_eq!((count(&totals, "/verdicts/duplicate"), code), (1, 0));
    assert_eq!(count(&totals, "/former"), 1);
    let (totals, _) = case.run("run", &[]);
    assert_eq!(count(&totals, "/tasks/account/accepted"), 1);
    assert_eq!(case.sandbox.count("posts"), 2, "nobody is sent twice");
    // It is in the plan again, so nobody chooses anew, and a change of its data is an update.
    assert!(
        case.refused("resolve", &resolve("export.csv:2"))
            .contains("Bakkt has the account")
    );
    case.export(&[("D", "7755550100"), ("D", "7755550109")]);
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(count(&planned, "/replan/updates"), 1);
}

#[test]
fn a_choice_is_no_replan() {
    let case = Case::new("", &[("D", "7755550100"), ("D", "7755550102")]);
    case.run("run", &[]);
    case.export(&[
        ("D", "7755550100"),
        ("D", "7755550102"),
        ("E", "7755550103"),
    ]);
    let said = case.refused(
        "resolve",
        &[
            "--duplicate",
            "D",
            "--take",
            "export.csv:2",
            "--reason",
            "x",
        ],
    );
    assert!(said.contains("export.csv"), "{said}");
    // A blocked row that is chosen stays blocked, with its own gaps.
    case.export(&[("D!", ""), ("D", "7755550102")]);
    case.run("replan", &[]);
    let chosen = [
        "--duplicate",
        "D",
        "--take",
        "export.csv:2",
        "--reason",
        "x",
    ];
    let (totals, _) = case.run("resolve", &chosen);
    assert_eq!(
        (
            count(&totals, "/verdicts/blocked"),
            count(&totals, "/verdicts/duplicate")
        ),
        (1, 1)
    );
    // Another choice takes its place.
    let (totals, _) = case.run(
        "resolve",
        &[
            "--duplicate",
            "D",
            "--take",
            "export.csv:3",
            "--reason",
            "x",
        ],
    );
    assert_eq!(
        (
            count(&totals, "/verdicts/blocked"),
            count(&totals, "/tasks/account/open")
        ),
        (0, 1)
    );
}

#[test]
fn retry_takes_ids_from_a_file() {
    let case = Case::new(
        "refuse = 1.0\n",
        &[("A", "7755550100"), ("B", "7755550101")],
    );
    case.run("run", &[]);
    case.write("ids.txt", "\nA\n");
    let ids = case.folder.path().join("ids.txt");
    let from = ["--from", ids.to_str().unwrap(), "--by", "kim"];
    let without = case.said("retry", &from);
    assert_eq!(without.status.code(), Some(2), "a decision has a reason");
    let (totals, code) = case.run("retry", &[&from[..], &["--reason", "corrected"]].concat());
    assert_eq!((count(&totals, "/tasks/account/open"), code), (1, 0));
    assert_eq!(case.log(), [["retry", "corrected", "kim"]]);
}

#[test]
fn the_history_of_gaps_comes_to_what_is_open() {
    let case = Case::new("", &[("A", ""), ("B", ""), ("C", "7755550102")]);
    case.run("run", &[]);
    case.run(
        "waive",
        &["--id", "A", "--field", PHONE, "--reason", "has none"],
    );
    // One gap is filled, one that was waived too, and the value of one that Bakkt has is lost.
    case.export(&[("A", "7755550100"), ("B", "7755550101"), ("C", "")]);
    let (totals, _) = case.run("replan", &[]);
    let reader = Reader::open(&case.journal()).unwrap();
    let days: Vec<GapDay> = reader.gap_days().unwrap().into_values().collect();
    // No update was asked for, so that Bakkt has A and B without a phone, and C with one.
    let not_at_bakkt = count(&totals, "/gaps/not_at_bakkt");
    let open = count(&totals, "/gaps/open") + not_at_bakkt;
    assert_eq!(not_at_bakkt, 2, "{totals}");
    assert_eq!(count(&totals, "/gaps/only_in_plan"), 1, "{totals}");
    // Midnight may be between.
    assert_eq!(days.last().unwrap().open, open);
    let sum = |of: fn(&GapDay) -> u64| days.iter().map(of).sum::<u64>();
    assert_eq!([sum(|day| day.closed), sum(|day| day.waived)], [0, 0]);
    assert_eq!(sum(|day| day.opened), open);
    assert_eq!(reader.closed_by().unwrap().len(), 0);
    let mut waivers = Vec::new();
    reader
        .each_waiver(|line| {
            let (level, lacks) = (line.level.to_owned(), line.lacks.to_owned());
            assert!(line.opened_at.is_some_and(|at| at <= line.at));
            waivers.push((line.client_id.to_owned(), line.stands, level, lacks));
            Ok(())
        })
        .unwrap();
    let gone = ("A".to_owned(), false, "G".to_owned(), "missing".to_owned());
    assert_eq!(waivers, [gone]);
}

#[test]
fn the_log_is_only_added_to() {
    let case = Case::new("", &[("A", "7755550100")]);
    case.run("run", &["--limit", "0"]);
    case.run("exclude", &["--id", "A", "--reason", "x"]);
    let journal = rusqlite::Connection::open(case.journal()).unwrap();
    for sql in [
        "DELETE FROM operator_log",
        "UPDATE operator_log SET by = 'me'",
    ] {
        let refused = journal.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("append only"), "{refused}");
    }
}
