//! Updates that take values away, or change most accounts, are planned once a person has named the field.

use serde_json::{Value, json};

use super::Case;
use crate::support::small::MAPPING;

const PHONE: &str = "owners[].phoneNumber";

fn accepted(customers: &[(&str, &str)]) -> Case {
    let case = Case::new("", customers);
    let (totals, code) = case.run("run", &[]);
    let sent = totals["tasks"]["account"]["accepted"].as_u64();
    assert_eq!((sent, code), (Some(customers.len() as u64), 0));
    case
}

fn update(case: &Case, more: &[&str]) -> (Value, i32) {
    case.run("replan", &[&["--update-accepted"], more].concat())
}

/// What a refusal says, with its exit code.
fn refused(case: &Case, more: &[&str]) -> (String, Option<i32>) {
    let (said, code) = case.said("replan", more);
    (said.concat(), code)
}

#[test]
fn a_value_that_is_gone_is_named_and_goes_only_when_a_person_says_so() {
    let case = accepted(&[
        ("A", "7755550100"),
        ("B", "7755550101"),
        ("C", "7755550102"),
    ]);
    case.export(&[("A", "7755550199"), ("B", ""), ("C", "7755550102")]);
    let expected = json!([{"path": PHONE, "added": 0, "changed": 1, "removed": 1}]);

    // Without updates it is told and taken; with them it is refused, and a look says the same.
    let (dry, code) = update(&case, &["--dry-run"]);
    assert_eq!((&dry["replan"]["changed_fields"], code), (&expected, 2));
    let (text, code) = refused(&case, &["--update-accepted"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("1  owners[].phoneNumber: the value is gone")
            && text.contains("--accept-changes \"owners[].phoneNumber\"")
            && !text.contains("7755550"),
        "{text}"
    );
    let (text, code) = refused(&case, &["--update-accepted", "--dry-run"]);
    assert!(
        code == Some(2) && text.contains("the value is gone"),
        "{text}"
    );
    // The plan is as it was: the run still wants a new one.
    assert_eq!(case.said("run", &[]).1, Some(2));
    let (text, code) = refused(
        &case,
        &[
            "--update-accepted",
            "--accept-changes",
            "owners[].emailAddress",
        ],
    );
    assert_eq!(code, Some(2), "{text}");
    let (_, wrong) = refused(
        &case,
        &[
            "--update-accepted",
            "--accept-changes",
            "owners[0].phoneNumber",
        ],
    );
    assert_eq!(wrong, Some(2));

    let whole = ["--accept-changes", "owners[].mailingAddress,owners"];
    let (dry, code) = update(&case, &[&whole[..], &["--dry-run"]].concat());
    assert_eq!((dry["replan"]["updates"].as_u64(), code), (Some(2), 0));
    let (planned, code) = update(&case, &["--accept-changes", PHONE]);
    assert_eq!((&planned["replan"]["changed_fields"], code), (&expected, 0));
    assert_eq!(planned["replan"]["updates"], 2);
    case.run("run", &[]);
    assert_eq!(case.posts(), 5);
    let summary: Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    let entry = &summary["operator_log"][0];
    // Both accounts: one loses the value, the other one gets another.
    let expected = json!(["accept changes", PHONE, 2]);
    assert_eq!(
        json!([entry["action"], entry["target"], entry["count"]]),
        expected
    );
}

/// What a person names is a decision only where it lets changes through, and says which ones.
#[test]
fn what_is_accepted_without_a_change_is_no_decision() {
    let case = accepted(&[("A", "7755550100"), ("B", "7755550101")]);
    let log = |case: &Case| -> Vec<Value> {
        case.report();
        let summary: Value = serde_json::from_str(&case.file("summary.json")).unwrap();
        let entries = summary["operator_log"].as_array().cloned();
        let accepted = entries.into_iter().flatten();
        let accepted = accepted.filter(|entry| entry["action"] == "accept changes");
        accepted
            .map(|entry| json!([entry["target"], entry["count"]]))
            .collect()
    };
    let (_, code) = update(&case, &["--accept-changes", "owners"]);
    assert_eq!((code, log(&case)), (0, vec![]));
    case.export(&[("A", ""), ("B", "7755550101")]);
    let (_, code) = case.run("replan", &["--accept-changes", "owners"]);
    assert_eq!((code, log(&case)), (0, vec![]), "no update is planned");
    let (_, code) = update(&case, &["--accept-changes", "owners"]);
    assert_eq!((code, log(&case)), (0, vec![json!([PHONE, 1])]));
}

/// A look at what would be accepted needs neither a name nor a reason.
#[test]
fn a_look_needs_no_reason() {
    let case = accepted(&[("A", "7755550100"), ("B", "7755550101")]);
    case.export(&[("A", ""), ("B", "7755550101")]);
    for more in [
        &["--accept-changes", PHONE][..],
        &["--accept-new-ids"],
        &["--agreements-acknowledged"],
    ] {
        let output = crate::support::program()
            .arg("replan")
            .arg(case.folder.path())
            .args(["--base-url", &case.sandbox.base_url(), "--dry-run"])
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{more:?}: {said}");
    }
}

#[test]
fn a_line_taken_out_of_the_mapping_is_a_value_that_is_gone() {
    let case = accepted(&[("A", "7755550100"), ("B", "7755550101")]);
    let lines = MAPPING.lines().filter(|line| !line.contains("phoneNumber"));
    let mapping: Vec<&str> = lines.collect();
    std::fs::write(case.folder.path().join("mapping.toml"), mapping.join("\n")).unwrap();
    let (planned, code) = case.run("replan", &[]);
    let expected = json!([{"path": PHONE, "added": 0, "changed": 0, "removed": 2}]);
    assert_eq!((&planned["replan"]["changed_fields"], code), (&expected, 0));
    let (text, code) = refused(&case, &["--update-accepted"]);
    assert_eq!(code, Some(2), "{text}");

    // Put back, nothing differs.
    std::fs::write(case.folder.path().join("mapping.toml"), MAPPING).unwrap();
    let (planned, code) = update(&case, &[]);
    assert_eq!((planned["replan"].get("changed_fields"), code), (None, 0));
    assert_eq!(planned["replan"]["unchanged"], 2);
}

#[test]
fn a_column_that_was_shifted_by_itself_is_refused_and_one_that_few_rows_changed_in_is_not() {
    let ids: Vec<String> = (10..40).map(|number| format!("A{number}")).collect();
    let phones: Vec<String> = (10..40).map(|number| format!("77555501{number}")).collect();
    let with = |first: usize| -> Vec<(&str, &str)> {
        let phones = phones.iter().cycle().skip(first).map(String::as_str);
        ids.iter().map(String::as_str).zip(phones).collect()
    };
    let case = accepted(&with(0));
    case.export(&with(1));
    let (text, code) = refused(&case, &["--update-accepted"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("owners[].phoneNumber: another value")
            && text.contains("of 30 accepted accounts"),
        "{text}"
    );

    let mut few = with(0);
    for customer in few.iter_mut().take(12) {
        customer.1 = "7755550199";
    }
    case.export(&few);
    let (planned, code) = update(&case, &[]);
    assert_eq!((planned["replan"]["updates"].as_u64(), code), (Some(12), 0));
    let changed = planned["replan"]["changed_fields"][0]["changed"]
        .as_u64()
        .unwrap();
    assert!((10..=12).contains(&changed), "{planned}");
}

#[test]
fn an_update_that_was_asked_for_before_takes_nothing_away_either() {
    let case = accepted(&[("A", "7755550100"), ("B", "7755550101")]);
    case.export(&[("A", "7755550199"), ("B", "7755550101")]);
    let (planned, code) = update(&case, &[]);
    assert_eq!((planned["replan"]["updates"].as_u64(), code), (Some(1), 0));
    case.export(&[("A", ""), ("B", "7755550101")]);
    let (text, code) = refused(&case, &[]);
    assert!(code == Some(2) && text.contains(PHONE), "{text}");
    // Put back, the update goes out as it was asked for.
    case.export(&[("A", "7755550199"), ("B", "7755550101")]);
    assert_eq!(case.run("replan", &[]).1, 0);
    case.run("run", &[]);
    assert_eq!(case.posts(), 3);
}
