//! Files with very many columns, columns of other people, and files without a header.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::truth::toml;
use crate::support::{json_of, program};

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// The known columns stand in the middle of `columns` that no table knows.
fn wide(columns: usize) -> String {
    let known = [
        ("CUST_NO", ["A-100", "A-101", "A-102"]),
        ("FIRST_NM", ["Ann", "Bo", "Cy"]),
        ("LAST_NM", ["Lee", "Ray", "Fox"]),
        (
            "EMAIL",
            ["ann@example.com", "bo@example.com", "cy@example.com"],
        ),
    ];
    let half = columns / 2;
    let line = |cell: &dyn Fn(usize) -> String, own: &dyn Fn(usize) -> String| {
        let mut cells: Vec<String> = (0..half).map(cell).collect();
        cells.extend((0..known.len()).map(own));
        cells.extend((half..columns).map(cell));
        cells.join(",") + "\n"
    };
    let mut text = line(&|place| format!("ANSWER_{place}_XQ"), &|place| {
        known[place].0.into()
    });
    for row in 0..3 {
        text += &line(&|place| format!("{}", (place + row) % 7), &|place| {
            known[place].1[row].into()
        });
    }
    text
}

#[test]
fn ten_thousand_columns_are_told_and_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let from = written(folder.path(), "a.csv", &wide(10_000));
    let (json, code) = json_of(program().args(["inspect", "--json"]).arg(&from));
    assert_eq!(code, 0);
    let columns = json["files"][0]["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 10_004);
    assert!(columns.iter().all(|column| column["filled"] == 3));
    let dir = folder.path().join("m");
    let init = program()
        .arg("init")
        .arg(&dir)
        .arg("--from")
        .arg(&from)
        .output()
        .unwrap();
    assert!(
        init.status.success(),
        "{}",
        String::from_utf8_lossy(&init.stderr)
    );
    let mapping = toml(&dir.join("mapping.toml"));
    let fields = &mapping["fields"];
    for (field, column) in [
        ("clientAccountId", "CUST_NO"),
        ("owners[0].identity.givenName", "FIRST_NM"),
        ("owners[0].identity.familyName", "LAST_NM"),
        ("owners[0].emailAddress", "EMAIL"),
    ] {
        assert_eq!(fields[field].as_str(), Some(column), "{field}");
    }
}

/// Runs init on a header and three rows; each field with its line.
fn lines(header: &str, rows: &[&str]) -> (BTreeMap<String, String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{header}\n{}\n", rows.join("\n"));
    let from = written(folder.path(), "a.csv", &text);
    let dir = folder.path().join("m");
    let run = program()
        .arg("init")
        .arg(&dir)
        .arg("--from")
        .arg(&from)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let text = fs::read_to_string(dir.join("mapping.toml")).unwrap();
    let feeds = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .map(|(path, value)| (path.trim_matches('"').to_owned(), value.to_owned()))
        .collect();
    (feeds, text)
}

const GIVEN: &str = "owners[0].identity.givenName";
const POSTAL: &str = "owners[0].identity.personalAddress.postalCode";

#[test]
fn the_plain_column_is_the_main_owners_whoever_else_has_one() {
    let who = [
        "Bene",
        "Beneficiary",
        "Branch",
        "Advisor",
        "Rep",
        "Manager",
        "Emergency",
        "Guarantor",
        "Guardian",
        "Previous",
        "Xqzw",
    ];
    for other in who {
        let (feeds, text) = lines(
            &format!("Customer_No,{other}_First_Name,First_Name,Last_Name,{other}_ZIP,Zip"),
            &[
                "A-100,Di,Ann,Lee,60601,02134",
                "A-101,Ed,Bo,Ray,60602,02135",
                "A-102,Flo,Cy,Fox,60603,02136",
            ],
        );
        assert!(feeds[GIVEN].contains("\"First_Name\""), "{other}: {text}");
        assert!(feeds[POSTAL].contains("\"Zip\""), "{other}: {text}");
        for (path, value) in &feeds {
            assert!(
                !value.contains(&format!("\"{other}_")) || value.contains("# low"),
                "{other}: {path} = {value}"
            );
        }
    }
}

#[test]
fn a_column_of_someone_else_is_left_unused_and_the_mapping_says_why() {
    let (feeds, text) = lines(
        "Customer_No,Bene_First_Name,Last_Name,Branch_ZIP",
        &[
            "A-100,Di,Lee,60601",
            "A-101,Ed,Ray,60602",
            "A-102,Flo,Fox,60603",
        ],
    );
    assert!(feeds[GIVEN].contains("unfed"), "{text}");
    for line in [
        "# \"Bene_First_Name\"  # a beneficiary's",
        "# \"Branch_ZIP\"  # of a branch or of someone who serves the customer",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
}

const ROWS: &str = "A-100,Ann,ann@example.com,03/31/1984,60601\nA-101,Bo,bo@example.com,04/30/1983,60602\nA-102,Cy,cy@example.com,05/31/1982,60603\n";

#[test]
fn a_file_without_a_header_is_read_when_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let from = written(folder.path(), "a.csv", ROWS);
    let dir = folder.path().join("m");
    let init = |more: &[&str]| {
        let mut command = program();
        command
            .arg("init")
            .arg(&dir)
            .args(more)
            .arg("--from")
            .arg(&from);
        command.output().unwrap()
    };
    for refused in [
        init(&[]),
        program().arg("inspect").arg(&from).output().unwrap(),
    ] {
        assert_eq!(refused.status.code(), Some(2));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("--no-header"), "{said}");
        assert!(said.contains("--header LINE"), "{said}");
        assert!(!said.contains("[source]"), "{said}");
    }
    assert!(!dir.exists());
    let (json, code) = json_of(
        program()
            .args(["inspect", "--json", "--no-header"])
            .arg(&from),
    );
    assert_eq!((code, &json["files"][0]["rows"]), (0, &3.into()));
    assert!(init(&["--no-header"]).status.success());
    let settings = toml(&dir.join("migration.toml"));
    assert_eq!(settings["source"]["header"].as_bool(), Some(false));
    let mapping = toml(&dir.join("mapping.toml"));
    assert_eq!(
        mapping["fields"]["owners[0].emailAddress"].as_str(),
        Some("#3")
    );
    let check = program().arg("check").arg(&dir).output().unwrap();
    assert_eq!(
        check.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
}

#[test]
fn the_line_of_the_header_can_be_said() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("A-099,Al,al@example.com,02/28/1981,60600\nNO,FIRST_NM,EMAIL,DOB,ZIP\n{ROWS}");
    let from = written(folder.path(), "a.csv", &text);
    let dir = folder.path().join("m");
    let init = |line: &str| {
        let mut command = program();
        command.arg("init").arg(&dir).args(["--header", line]);
        command.arg("--from").arg(&from).output().unwrap()
    };
    let refused = init("9");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("check the LINE of --header"), "{said}");
    assert!(init("2").status.success());
    let settings = toml(&dir.join("migration.toml"));
    assert_eq!(settings["source"]["header"].as_integer(), Some(2));
    let mapping = toml(&dir.join("mapping.toml"));
    assert_eq!(
        mapping["fields"]["owners[0].emailAddress"].as_str(),
        Some("EMAIL")
    );
}
