//! What was sent stays in every report, with its answer and the later decision, whatever a person decides afterwards.

use serde_json::json;

use super::{Case, count};

/// The cells of one column of a report file, in the order of its lines.
fn column(case: &Case, file: &str, name: &str) -> Vec<String> {
    let text = case.report(file);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let place = headers.iter().position(|known| known == name).unwrap();
    let rows = reader.records().map(|row| row.unwrap()[place].to_owned());
    rows.collect()
}

/// Three refused customers and an accepted one.
fn refused() -> Case {
    let case = Case::new(
        "refuse_id_containing = \"R\"\n",
        &[
            ("R1", "7755550100"),
            ("R2", "7755550101"),
            ("R3", "7755550102"),
            ("A", "7755550103"),
        ],
    );
    let (totals, _) = case.run("run", &[]);
    assert_eq!(count(&totals, "/tasks/account/refused"), 3);
    case
}

#[test]
fn who_is_left_out_after_a_refusal_keeps_the_answer_and_the_decision() {
    let case = refused();
    let how = ["--code", "REFUSED", "--reason", "not served", "--by", "kim"];
    let (totals, exit) = case.run("exclude", &how);
    assert_eq!((exit, &totals["balanced"]), (0, &true.into()));
    assert_eq!(
        totals["dropped"],
        json!({"tasks": 3, "refused": 3, "gave_up": 0, "attempts": 3})
    );
    let check = |what: &str| {
        assert_eq!(
            column(&case, "refused.csv", "clientAccountId"),
            ["R1", "R2", "R3"],
            "{what}"
        );
        assert_eq!(
            column(&case, "refused.csv", "row"),
            ["2", "3", "4"],
            "{what}"
        );
        assert_eq!(
            column(&case, "refused.csv", "code"),
            ["REFUSED"; 3],
            "{what}"
        );
        assert_eq!(
            column(&case, "refused.csv", "state"),
            ["refused"; 3],
            "{what}"
        );
        assert_eq!(column(&case, "refused.csv", "attempts"), ["1"; 3], "{what}");
        assert_eq!(
            column(&case, "refused.csv", "decision"),
            ["excluded: not served"; 3],
            "{what}"
        );
        assert_eq!(
            column(&case, "refused.csv", "decidedBy"),
            ["kim"; 3],
            "{what}"
        );
        let decided = column(&case, "refused.csv", "decidedAt");
        assert!(
            decided.iter().all(|at| at.ends_with('Z')),
            "{what}: {decided:?}"
        );
        assert_eq!(
            column(&case, "reconciliation.csv", "attempts"),
            ["1"; 4],
            "{what}"
        );
        assert_eq!(
            column(&case, "reconciliation.csv", "code"),
            ["REFUSED", "REFUSED", "REFUSED", ""],
            "{what}"
        );
        assert_eq!(
            column(&case, "reconciliation.csv", "accountState"),
            [
                "refused, then dropped",
                "refused, then dropped",
                "refused, then dropped",
                "accepted"
            ],
            "{what}"
        );
        let first = column(&case, "reconciliation.csv", "firstSent");
        assert!(first.iter().all(|at| !at.is_empty()), "{what}");
        let summary: serde_json::Value =
            serde_json::from_str(&case.report("summary.json")).unwrap();
        let stops = summary["stops"].as_array().unwrap();
        let dropped = stops
            .iter()
            .filter(|stop| stop["state"] == "refused, then dropped" && stop["code"] == "REFUSED");
        let counted: u64 = dropped.map(|stop| stop["count"].as_u64().unwrap()).sum();
        assert_eq!(counted, 3, "{what}: {stops:?}");
    };
    check("after the decision");
    let (totals, _) = case.run("replan", &[]);
    assert_eq!(
        (&totals["balanced"], count(&totals, "/dropped/tasks")),
        (&true.into(), 3)
    );
    check("after a new plan");

    // Taken back, and sent once more: both times count.
    case.run(
        "exclude",
        &["--id", "R1", "--undo", "--reason", "a mistake"],
    );
    case.run("replan", &[]);
    let (totals, exit) = case.run("run", &[]);
    assert_eq!((exit, &totals["balanced"]), (3, &true.into()));
    assert_eq!(
        column(&case, "reconciliation.csv", "attempts"),
        ["2", "1", "1", "1"]
    );
    assert_eq!(
        column(&case, "reconciliation.csv", "accountState")[0],
        "refused"
    );
    assert_eq!(
        column(&case, "refused.csv", "clientAccountId"),
        ["R1", "R1", "R2", "R3"]
    );
    assert_eq!(
        column(&case, "refused.csv", "decision")[..2],
        ["", "excluded: not served"]
    );
}

#[test]
fn a_new_plan_and_a_retry_keep_earlier_answers() {
    let case = refused();
    // R1 leaves the export, R2 gets another phone, R3 is sent again as it is.
    case.export(&[
        ("R2", "7755550199"),
        ("R3", "7755550102"),
        ("A", "7755550103"),
    ]);
    let (totals, _) = case.run("replan", &["--reason", "a new export", "--by", "kim"]);
    assert_eq!(
        (&totals["balanced"], &totals["dropped"]),
        (
            &true.into(),
            &json!({"tasks": 1, "refused": 1, "gave_up": 0, "attempts": 1})
        )
    );
    case.run("retry", &["--id", "R3", "--reason", "corrected at Bakkt"]);
    assert_eq!(
        column(&case, "refused.csv", "clientAccountId"),
        ["R1", "R2", "R3"]
    );
    assert_eq!(
        column(&case, "refused.csv", "decision"),
        [
            "no longer in the plan: a new export",
            "changed and planned again: a new export",
            "sent again: corrected at Bakkt"
        ]
    );
    assert_eq!(column(&case, "refused.csv", "code"), ["REFUSED"; 3]);
    let (totals, _) = case.run("run", &[]);
    assert_eq!(totals["balanced"], true);
    // The new refusals come first, those of before behind them.
    assert_eq!(
        column(&case, "refused.csv", "clientAccountId"),
        ["R2", "R3", "R1", "R2", "R3"]
    );
    assert_eq!(
        column(&case, "refused.csv", "attempts"),
        ["2", "2", "1", "1", "1"]
    );
    let journal = rusqlite::Connection::open(case.journal()).unwrap();
    assert!(journal.execute("DELETE FROM set_aside", []).is_err());
}

#[test]
fn who_is_taken_out_before_being_sent_again_keeps_the_answer() {
    let case = refused();
    case.run("retry", &["--reason", "once more"]);
    // R1 by a person, R2 by a new plan; R3 is sent again, refused, and excluded then.
    case.run("exclude", &["--id", "R1", "--reason", "not served"]);
    case.export(&[
        ("R1", "7755550100"),
        ("R3", "7755550102"),
        ("A", "7755550103"),
    ]);
    case.run("replan", &["--reason", "a new export"]);
    case.run("run", &[]);
    let (totals, _) = case.run("exclude", &["--id", "R3", "--reason", "nor this one"]);
    assert_eq!(totals["balanced"], true);
    assert_eq!(
        totals["dropped"],
        json!({"tasks": 3, "refused": 3, "gave_up": 0, "attempts": 4})
    );
    let refusals = |name: &str| column(&case, "refused.csv", name);
    assert_eq!(refusals("clientAccountId"), ["R3", "R1", "R2", "R3"]);
    assert_eq!(
        refusals("decision"),
        [
            "sent again: once more",
            "excluded: not served",
            "no longer in the plan: a new export",
            "excluded: nor this one"
        ]
    );
    assert_eq!(refusals("code"), ["REFUSED"; 4]);
    assert_eq!(refusals("attempts"), ["1", "1", "1", "2"]);
    let account = |name: &str| column(&case, "reconciliation.csv", name);
    assert_eq!(account("code"), ["REFUSED", "REFUSED", ""]);
    assert_eq!(account("attempts"), ["1", "2", "1"]);
    assert_eq!(
        account("accountState"),
        ["refused, then dropped", "refused, then dropped", "accepted"]
    );
}
