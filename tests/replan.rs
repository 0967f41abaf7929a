//! `replan` and `retry`: the ways on after a changed export, mapping or policy, and after refusals.
//!
//! The sandbox's ledger judges what was sent.

mod changed_fields;
mod identity;
mod ownership;
mod restricted;

use std::path::Path;

use crate::support::small::{MAPPING, export};
use crate::support::{SandboxProcess, json_of, program, reason_for};
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
[retry]
request_timeout = "2s"
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
        std::fs::write(folder.path().join("mapping.toml"), MAPPING).unwrap();
        std::fs::write(folder.path().join("migration.toml"), SETTINGS).unwrap();
        let case = Case { folder, sandbox };
        case.export(customers);
        case
    }

    /// See [`small::export`](crate::support::small::export).
    fn export(&self, customers: &[(&str, &str)]) {
        let text = export(customers);
        std::fs::write(self.folder.path().join("export.csv"), text).unwrap();
    }

    fn run(&self, command: &str, more: &[&str]) -> (Value, i32) {
        let mut program = program();
        program
            .arg(command)
            .arg(self.folder.path())
            .arg("--json")
            .args(more)
            .args(reason_for(command, more));
        if command != "retry" && command != "status" {
            program.args(["--base-url", &self.sandbox.base_url()]);
        }
        json_of(&mut program)
    }

    /// What a command says, on stdout and on stderr, and its exit code.
    fn said(&self, command: &str, more: &[&str]) -> ([String; 2], Option<i32>) {
        let output = program()
            .arg(command)
            .arg(self.folder.path())
            .args(["--base-url", &self.sandbox.base_url()])
            .args(more)
            .args(reason_for(command, more))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            [text(output.stdout), text(output.stderr)],
            output.status.code(),
        )
    }

    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("report").join(name)).unwrap()
    }

    fn report(&self) {
        let path: &Path = self.folder.path();
        assert!(
            program()
                .arg("report")
                .arg(path)
                .output()
                .unwrap()
                .stdout
                .starts_with(b"rows read")
        );
    }

    fn posts(&self) -> u64 {
        self.sandbox.count("posts")
    }
}

#[test]
fn what_was_accepted_is_left_alone_and_the_rest_planned_anew() {
    let case = Case::new(
        "",
        &[
            ("A", "7755550100"),
            ("B", "7755550101"),
            ("C", "7755550102"),
            ("D", "7755550103"),
        ],
    );
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (totals["tasks"]["account"]["accepted"].as_u64(), code),
        (Some(4), 0)
    );

    // A has another phone, B is gone, C lost its e-mail address, D moved up, E is new.
    case.export(&[
        ("D", "7755550103"),
        ("A", "7755550199"),
        ("C!", "7755550102"),
        ("E", "7755550104"),
    ]);
    let stopped = program()
        .arg("run")
        .arg(case.folder.path())
        .args(["--base-url", &case.sandbox.base_url()])
        .output()
        .unwrap();
    assert_eq!(stopped.status.code(), Some(2));
    let said = String::from_utf8(stopped.stderr).unwrap();
    assert!(
        said.contains("the export export.csv") && said.contains("replan"),
        "{said}"
    );

    let (dry, _) = case.run("replan", &["--dry-run"]);
    let (planned, code) = case.run("replan", &[]);
    assert_eq!(dry["replan"], planned["replan"]);
    assert_eq!(code, 0);
    let expected = serde_json::json!({"unchanged": 1, "changed_not_sent": 0, "changed_accepted": 1, "added": 1,
        "dropped": 0, "former": 2, "updates": 0,
        "changed_fields": [{"path": "owners[].phoneNumber", "added": 0, "changed": 1, "removed": 0}]});
    assert_eq!(planned["replan"], expected);
    assert_eq!(
        (planned["balanced"].as_bool(), planned["former"].as_u64()),
        (Some(true), Some(2))
    );

    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (
            totals["tasks"]["account"]["accepted"].as_u64(),
            totals["balanced"].as_bool(),
            code
        ),
        (Some(3), Some(true), 3)
    );
    assert_eq!(case.posts(), 5, "only the new one was sent");
    let crosswalk = case.file("crosswalk.csv");
    for id in ["A,", "B,", "C,", "D,", "E,"] {
        assert!(crosswalk.contains(&format!("\n{id}bk-")), "{crosswalk}");
    }

    // The changed one goes out when asked for, as an update; asked again, there is nothing left to update.
    let (planned, _) = case.run("replan", &["--update-accepted", "--reason", "new phones"]);
    assert_eq!(planned["replan"]["updates"], 1);
    let (totals, _) = case.run("run", &[]);
    assert_eq!(totals["tasks"]["update"]["accepted"], 1);
    assert_eq!((case.posts(), case.sandbox.count("updated")), (6, 1));
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(
        (
            &planned["replan"]["updates"],
            &planned["replan"]["unchanged"]
        ),
        (&0.into(), &3.into())
    );

    // A former customer who comes back is known.
    case.export(&[
        ("D", "7755550103"),
        ("A", "7755550199"),
        ("B", "7755550101"),
        ("C", "7755550102"),
        ("E", "7755550104"),
    ]);
    let (planned, _) = case.run("replan", &[]);
    assert_eq!(
        (&planned["replan"]["unchanged"], &planned["former"]),
        (&5.into(), &0.into())
    );
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (
            totals["tasks"]["account"]["accepted"].as_u64(),
            code,
            case.posts()
        ),
        (Some(5), 0, 6)
    );
}

#[test]
fn a_refused_record_is_sent_again_only_when_it_changed_or_a_person_says_so() {
    let case = Case::new(
        "refuse_id_containing = \"R\"\n",
        &[
            ("R1", "7755550100"),
            ("R2", "7755550101"),
            ("A", "7755550102"),
        ],
    );
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (totals["tasks"]["account"]["refused"].as_u64(), code),
        (Some(2), 3)
    );
    case.run("run", &[]);
    assert_eq!(
        case.posts(),
        3,
        "a refused record is not sent again by itself"
    );

    case.export(&[
        ("R1", "7755550199"),
        ("R2", "7755550101"),
        ("A", "7755550102"),
    ]);
    let (planned, _) = case.run("replan", &[]);
    let states = &planned["tasks"]["account"];
    assert_eq!(
        (&states["open"], &states["refused"], &states["accepted"]),
        (&1.into(), &1.into(), &1.into())
    );
    case.run("run", &[]);
    assert_eq!(case.posts(), 4);

    let (totals, code) = case.run("retry", &["--id", "R2", "--reason", "corrected at Bakkt"]);
    assert_eq!(
        (totals["tasks"]["account"]["open"].as_u64(), code),
        (Some(1), 0)
    );
    case.run("run", &[]);
    assert_eq!(case.posts(), 5);
    let unknown = program()
        .arg("retry")
        .arg(case.folder.path())
        .args(["--code", "NO_SUCH_CODE", "--reason", "why"])
        .output()
        .unwrap();
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(unknown.status.code(), Some(2), "{said}");
    // What was typed may be anything; the codes that there are help.
    assert!(
        said.contains("one of: ") && !said.contains("NO_SUCH_CODE"),
        "{said}"
    );
    let (totals, _) = case.run("retry", &["--reason", "the outage is over"]);
    assert_eq!(totals["tasks"]["account"]["open"], 2);
    let unknown = program()
        .arg("retry")
        .arg(case.folder.path())
        .args(["--id", "nobody", "--reason", "why"])
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    case.report();
    let summary: Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    let actions: Vec<&str> = summary["operator_log"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert_eq!(actions, ["replan", "retry", "retry"]);
}

#[test]
fn what_is_in_doubt_is_settled_before_the_plan_changes() {
    // The account is made, and the answer is lost; the breaker stops the run at the first failure.
    let case = Case::new(
        "reset_after = 1.0\nmax_faults_per_id = 1\n",
        &[("A", "7755550100")],
    );
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (totals["tasks"]["account"]["in_doubt"].as_u64(), code),
        (Some(1), 4)
    );
    case.export(&[("A", "7755550199")]);
    let (planned, code) = case.run("replan", &[]);
    assert_eq!(
        (&planned["replan"]["changed_accepted"], code),
        (&1.into(), 0)
    );
    // Bakkt has the earlier data, and nobody asked for an update.
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (totals["tasks"]["account"]["accepted"].as_u64(), code),
        (Some(1), 3)
    );
    assert_eq!(totals["after"]["outdated"], 1);
    assert_eq!(case.posts(), 1);
}

/// An update that Bakkt refused, and that a new plan or a backfill file replaces: it is planned again, and nothing was dropped.
#[test]
fn a_refused_update_that_is_planned_anew_is_not_dropped() {
    let case = Case::new("", &[("A", "7755550100"), ("B", "7755550101")]);
    let (_, code) = case.run("run", &[]);
    assert_eq!(code, 0);
    case.export(&[("A", "7755550199"), ("B", "7755550101")]);
    case.run("replan", &["--update-accepted"]);
    // As when Bakkt has refused it.
    let refuse = || {
        let journal = case.folder.path().join(".bakkt-migrate/journal.db");
        let db = rusqlite::Connection::open(journal).unwrap();
        db.execute_batch(
            "UPDATE task SET state = 5, attempts = 1, first_at = 1, last_at = 2 WHERE kind = 1;
             INSERT INTO attempt (task, number, at, ended, hash) SELECT id, 1, 1, 2, x'00' FROM task WHERE kind = 1",
        )
        .unwrap();
    };
    refuse();
    case.export(&[("A", "7755550198"), ("B", "7755550101")]);
    let (totals, code) = case.run("replan", &["--update-accepted"]);
    assert_eq!((&totals["replan"]["updates"], code), (&1.into(), 0));
    assert_eq!(totals["dropped"], Value::Null);
    case.report();
    let refused = case.file("refused.csv");
    assert!(refused.contains("changed and planned again"), "{refused}");
    assert!(!refused.contains("no longer in the plan"), "{refused}");

    // Once nothing is to be updated any more, it is.
    refuse();
    case.export(&[("A", "7755550100"), ("B", "7755550101")]);
    let (totals, code) = case.run("replan", &["--update-accepted"]);
    assert_eq!((&totals["replan"]["updates"], code), (&0.into(), 0));
    assert_eq!(totals["dropped"]["tasks"], 1);
}

/// Each customer's id of Bakkt's, as the crosswalk has it.
fn bakkt_ids(case: &Case) -> Vec<String> {
    let crosswalk = case.file("crosswalk.csv");
    let lines = crosswalk.lines().skip(1);
    lines
        .map(|line| line.split(',').nth(1).unwrap_or_default().to_owned())
        .collect()
}

/// One account among so many is in doubt when the plan changes, with an export of which no row gives what was sent.
fn settled_by_replan(others: usize) -> Case {
    let ids: Vec<String> = (1..=others).map(|number| format!("A{number}")).collect();
    let customers = |phone| {
        let all = ids.iter().map(|id| (id.as_str(), phone));
        all.chain([("Z", phone)]).collect::<Vec<_>>()
    };
    let case = Case::new(
        "reset_after = 1.0\nmax_faults_per_id = 1\n",
        &customers("7755550100"),
    );
    let settings = SETTINGS.replace("breaker = 1", "breaker = 1000");
    let settings = settings.replace("settle_after = \"2100ms\"", "settle_after = \"2001ms\"");
    std::fs::write(case.folder.path().join("migration.toml"), settings).unwrap();
    if others > 0 {
        let list = case.folder.path().join("others.txt");
        std::fs::write(&list, ids.join("\n")).unwrap();
        case.run("run", &["--only", &list.to_string_lossy()]);
    }
    let settings = SETTINGS.to_owned();
    std::fs::write(case.folder.path().join("migration.toml"), settings).unwrap();
    let (totals, _) = case.run("run", &[]);
    let doubt = &totals["tasks"]["account"]["in_doubt"];
    assert_eq!(doubt.as_u64(), Some(1));
    case.export(&customers("7755550199"));
    let (_, code) = case.run("replan", &["--update-accepted"]);
    assert_eq!(code, 0);
    case.report();
    case
}

#[test]
fn an_id_that_replan_settles_stays_when_it_begins_as_the_others_do() {
    let case = settled_by_replan(12);
    let ids = bakkt_ids(&case);
    assert_eq!(ids.len(), 13);
    assert!(ids.iter().all(|id| id.starts_with("bk-")), "{ids:?}");
}

/// Where nothing tells that an id is no value of the customer, a hash stands for it, until an answer comes while the values are known.
#[test]
fn an_id_that_replan_hid_is_shown_by_an_update_and_by_verify() {
    for command in ["run", "verify"] {
        let case = settled_by_replan(0);
        let hidden = bakkt_ids(&case);
        assert!(hidden[0].starts_with("id-"), "{hidden:?}");
        if command == "verify" {
            // As it was sent: nothing is to be updated.
            case.export(&[("Z", "7755550100")]);
            case.run("replan", &["--update-accepted"]);
        }
        let (_, code) = case.run(command, &[]);
        assert_eq!(code, 0, "{command}");
        let ids = bakkt_ids(&case);
        assert!(ids[0].starts_with("bk-"), "{command}: {ids:?}");
    }
}

/// The update of an account that existed before is cut off before it arrives: what Bakkt then shows is the old account,
/// which does not mean that ours was taken.
#[test]
fn an_old_account_does_not_stand_for_an_update_that_was_lost() {
    let sandbox = "existing = 1.0\nreset_before = 1.0\nmax_faults_per_id = 1\n";
    let case = Case::new(sandbox, &[("A", "7755550100")]);
    let settings = SETTINGS
        .replace("breaker = 1", "breaker = 100")
        .replace("[accounts]\n", "[accounts]\non_existing = \"update\"\n");
    std::fs::write(case.folder.path().join("migration.toml"), settings).unwrap();
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (totals["existed"]["overwritten"].as_u64(), code),
        (Some(1), 0)
    );
    assert_eq!((case.posts(), case.sandbox.count("updated")), (2, 1));
}

/// What `replan` says in words of updates, without one that is planned already.
#[test]
fn an_update_that_is_planned_is_not_left_alone() {
    let case = Case::new("", &[("A", "7755550100"), ("B", "7755550101")]);
    case.run("run", &[]);
    case.export(&[("A", "7755550109"), ("B", "7755550108")]);
    let lines = |more: &[&str]| {
        let mut replan = program();
        let replan = replan.arg("replan").arg(case.folder.path()).args(more);
        let replan = replan.args(["--base-url", &case.sandbox.base_url()]);
        let output = replan.args(["--reason", "x", "--by", "pat"]).output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        let count = |what: &str| {
            let line = text.lines().find(|line| line.ends_with(what)).unwrap();
            line.trim()
                .split(' ')
                .next()
                .unwrap()
                .parse::<u64>()
                .unwrap()
        };
        (
            count("changed, accepted before: left alone"),
            count("updates planned for changed accepted accounts"),
            text.contains("add --update-accepted"),
        )
    };
    assert_eq!(lines(&[]), (2, 0, true));
    assert_eq!(lines(&["--update-accepted", "--dry-run"]), (0, 2, false));
    assert_eq!(lines(&["--update-accepted"]), (0, 2, false));
    // Nobody has taken that back.
    assert_eq!(lines(&[]), (0, 2, false));
    assert_eq!(lines(&["--update-accepted"]), (0, 2, false));
}

#[test]
fn an_account_that_was_left_alone_is_not_overwritten_by_a_replan() {
    let case = Case::new(
        "existing = 1.0\n",
        &[("A", "7755550100"), ("B", "7755550101")],
    );
    let (totals, _) = case.run("run", &[]);
    assert_eq!(totals["existed"]["different"], 2);
    let (planned, _) = case.run("replan", &["--update-accepted"]);
    assert_eq!(
        (
            &planned["replan"]["updates"],
            &planned["replan"]["unchanged"],
            &planned["replan"]["changed_accepted"]
        ),
        (&0.into(), &2.into(), &0.into())
    );
    case.run("run", &[]);
    assert_eq!(case.posts(), 0);
}
