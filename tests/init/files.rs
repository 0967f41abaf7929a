//! What `init` writes, and what it leaves alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use super::truth::{root, toml};
use crate::support::program;

fn init(dir: &Path, files: &[&Path]) -> Output {
    program()
        .arg("init")
        .arg(dir)
        .arg("--from")
        .args(files)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An export of a few invented rows.
fn export(folder: &Path, name: &str, lines: &[&str]) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, lines.join("\n")).unwrap();
    path
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("samples/acme/export.csv");
    for name in ["migration.toml", "mapping.toml", "owners.toml"] {
        let dir = folder.path().join(name.trim_end_matches(".toml"));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(name), "mine").unwrap();
        let output = init(&dir, &[&from]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains("overwrites nothing"),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(fs::read_to_string(dir.join(name)).unwrap(), "mine");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
    }
}

#[test]
fn files_are_for_their_owner_alone_and_the_export_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("exports/a.csv");
    fs::create_dir(folder.path().join("exports")).unwrap();
    fs::copy(root().join("samples/acme/export.csv"), &from).unwrap();
    let dir = folder.path().join("new/migration");
    assert!(init(&dir, &[&from]).status.success());
    for name in ["migration.toml", "mapping.toml"] {
        let mode = fs::metadata(dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let settings = toml(&dir.join("migration.toml"));
    assert_eq!(
        settings["source"]["file"].as_str(),
        Some("../../exports/a.csv")
    );
    assert!(from.exists());
}

#[test]
fn files_that_a_key_joins_become_owners_whatever_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let (accounts, owners) = (
        root().join("samples/harbor/accounts.csv"),
        root().join("samples/harbor/owners.csv"),
    );
    for (name, files) in [("a", [&accounts, &owners]), ("b", [&owners, &accounts])] {
        let dir = folder.path().join(name);
        assert!(init(&dir, &[files[0], files[1]]).status.success());
        let settings = toml(&dir.join("migration.toml"));
        let source = &settings["source"];
        assert!(source["file"].as_str().unwrap().ends_with("accounts.csv"));
        assert!(
            source["owners"]["file"]
                .as_str()
                .unwrap()
                .ends_with("owners.csv")
        );
        assert_eq!(source["owners"]["key"].as_str(), Some("ENTITY_NO"));
        assert!(source["owners"].get("account_key").is_none());
    }
}

#[test]
fn what_is_required_and_has_no_column_is_said_and_blocks_without_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let from = export(
        folder.path(),
        "a.csv",
        &[
            "CUST_NO,FIRST_NM,LAST_NM",
            "A-100,Ann,Lee",
            "A-101,Bo,Ray",
            "A-102,Cy,Fox",
        ],
    );
    let dir = folder.path().join("m");
    let output = init(&dir, &[&from]);
    assert!(output.status.success());
    let said = text(&output.stdout);
    for line in [
        "required and unfed:",
        "W  owners[0].identity.dateOfBirth",
        "W  owners[0].emailAddress",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let mapping = toml(&dir.join("mapping.toml"));
    assert!(
        mapping["fields"]["owners[0].emailAddress"]
            .get("unfed")
            .is_some()
    );
    let check = program()
        .args(["check", "--json"])
        .arg(&dir)
        .output()
        .unwrap();
    assert_eq!(check.status.code(), Some(3), "{}", text(&check.stderr));
    let totals: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(totals["verdicts"]["blocked"], 3);
}

#[test]
fn rows_that_repeat_the_account_are_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let from = export(
        folder.path(),
        "a.csv",
        &[
            "ACCT_NBR,ROLE,FIRST_NM,LAST_NM,DOB,EMAIL",
            "A-100,PRIMARY_OWNER,Ann,Lee,03/31/1984,ann@example.com",
            "A-100,JOINT_OWNER,Bo,Lee,04/30/1983,bo@example.com",
            "A-101,PRIMARY_OWNER,Cy,Fox,05/31/1982,cy@example.com",
            "A-101,JOINT_OWNER,Di,Fox,06/30/1981,di@example.com",
            "A-102,PRIMARY_OWNER,Ed,Ray,07/31/1980,ed@example.com",
        ],
    );
    let dir = folder.path().join("m");
    assert!(init(&dir, &[&from]).status.success());
    assert_eq!(
        toml(&dir.join("migration.toml"))["source"]["group_by"].as_str(),
        Some("ACCT_NBR")
    );
    let mapping = toml(&dir.join("mapping.toml"));
    let fields = mapping["fields"].as_table().unwrap();
    assert_eq!(
        fields["owners[].identity.familyName"].as_str(),
        Some("LAST_NM")
    );
    assert_eq!(fields["owners[].role"].as_str(), Some("ROLE"));
    let check = program().arg("check").arg(&dir).output().unwrap();
    assert_eq!(check.status.code(), Some(3), "{}", text(&check.stderr));
}

#[test]
fn a_letter_says_what_an_owner_of_several_rows_is() {
    let folder = tempfile::tempdir().unwrap();
    let row = |number: usize| {
        let part = ["P", "J"][number % 2];
        let account = 5000 + number / 2;
        format!(
            "{account},{part},Ann,Quill,1980-01-1{},a{number}@example.com",
            number % 9
        )
    };
    let rows: Vec<String> = std::iter::once("acct,role,first_name,last_name,dob,email".to_owned())
        .chain((0..20).map(row))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let from = export(folder.path(), "a.csv", &rows);
    let dir = folder.path().join("m");
    assert!(init(&dir, &[&from]).status.success());
    let mapping = toml(&dir.join("mapping.toml"));
    let role = &mapping["fields"]["owners[].role"];
    assert_eq!(role["column"].as_str(), Some("role"));
    let codes = &mapping["lookups"][role["lookup"].as_str().unwrap()];
    assert_eq!(codes["P"].as_str(), Some("PRIMARY_OWNER"));
    assert_eq!(codes["J"].as_str(), Some("JOINT_OWNER"));
}

#[test]
fn what_a_search_engine_wraps_around_each_customer_is_no_part_of_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let row = |number: usize| {
        format!(
            r#"{{"_index":"c","_id":"x{number}","_source":{{"Customer No":"{}","First Name":"Ann","Last Name":"Quill","Date of Birth":"1980-01-1{}","E-Mail":"a{number}@example.com"}}}}"#,
            5000 + number * 7,
            number % 9
        )
    };
    let rows: Vec<String> = (0..20).map(row).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let from = export(folder.path(), "a.jsonl", &rows);
    let dir = folder.path().join("m");
    assert!(init(&dir, &[&from]).status.success());
    let mapping = toml(&dir.join("mapping.toml"));
    let fields = &mapping["fields"];
    for (field, column) in [
        ("clientAccountId", "_source.Customer No"),
        ("owners[0].identity.givenName", "_source.First Name"),
        ("owners[0].identity.familyName", "_source.Last Name"),
        ("owners[0].emailAddress", "_source.E-Mail"),
    ] {
        assert_eq!(fields[field].as_str(), Some(column), "{field}");
    }
    let middle = fields.get("owners[0].identity.middleNames");
    assert_eq!(middle, None);
}

#[test]
fn an_open_order_of_days_and_months_is_never_sure() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (0..30)
        .map(|number| {
            format!(
                "A-{number:03},Ann,Lee,{:02}/{:02}/1984",
                number % 12 + 1,
                number % 11 + 1
            )
        })
        .collect();
    let mut all = vec!["CUST_NO,FIRST_NM,LAST_NM,DOB"];
    all.extend(lines.iter().map(String::as_str));
    let from = export(folder.path(), "a.csv", &all);
    let dir = folder.path().join("m");
    assert!(init(&dir, &[&from]).status.success());
    let mapping = fs::read_to_string(dir.join("mapping.toml")).unwrap();
    let line = mapping
        .lines()
        .find(|line| line.contains("dateOfBirth"))
        .unwrap();
    assert!(
        line.contains("# medium: no value tells day and month apart"),
        "{line}"
    );
}

/// Names, ids, birth dates, addresses and the like are nowhere in what is written; codes of a lookup table are.
#[test]
fn no_value_but_a_code_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("m");
    let from = root().join("samples/acme/export.csv");
    let output = init(&dir, &[&from]);
    let mut written = text(&output.stdout) + &text(&output.stderr);
    for name in ["migration.toml", "mapping.toml"] {
        written += &fs::read_to_string(dir.join(name)).unwrap();
    }
    for value in super::page::values(&from) {
        assert!(!written.contains(&value), "{value}");
    }
}
