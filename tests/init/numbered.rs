//! What `init` makes of columns that a number, an ordinal or a script alone tells apart, and of headers and values that read like
//! another field's: none of them is dropped or moved without a word.

use std::fs;

use super::misleading::{base, written};
use super::truth::confidence;
use crate::support::program;

const FAMILY_NAME: &str = "owners[0].identity.familyName";
const GIVEN_NAME: &str = "owners[0].identity.givenName";

/// The line of a mapping that feeds a field.
fn line<'m>(mapping: &'m str, path: &str) -> &'m str {
    let start = format!("\"{path}\" = ");
    let found = mapping.lines().find(|line| line.starts_with(&start));
    found.unwrap_or_else(|| panic!("{path}: {mapping}"))
}

#[test]
fn two_counted_family_names_make_one() {
    for [second, first] in [
        ["APELLIDO2", "APELLIDO1"],
        ["Apellido 2", "Apellido 1"],
        ["Apellido_2", "Apellido_1"],
        ["Last Name 2", "Last Name 1"],
        ["LNAME2", "LNAME"],
        ["LAST_NM_2", "LAST_NM"],
        ["Second Last Name", "Last Name"],
        ["Second Last Name", "First Last Name"],
        ["2nd Last Name", "1st Last Name"],
    ] {
        let cells = |row: usize| vec![base("Last Name", row + 2), base("Last Name", row)];
        let cells_turned = |row: usize| vec![base("Last Name", row), base("Last Name", row + 2)];
        for (more, cells) in [
            ([second, first], &cells as &dyn Fn(usize) -> Vec<String>),
            ([first, second], &cells_turned),
        ] {
            let (columns, mapping) = written(&["Last Name"], &more, cells);
            assert_eq!(
                columns[FAMILY_NAME],
                format!("{first}+{second}"),
                "{mapping}"
            );
            let line = line(&mapping, FAMILY_NAME);
            let said = line.contains("join = \" \"") && line.contains("two family names");
            assert!(said, "{line}");
            assert_eq!(confidence(&mapping, FAMILY_NAME), "medium", "{line}");
            assert!(!mapping.contains("owners[1]"), "{mapping}");
        }
    }
}

#[test]
fn a_second_person_keeps_their_family_name() {
    let cells = |row: usize| {
        vec![
            base("First Name", row + 1),
            base("Last Name", row + 1),
            base("DOB", row + 3),
        ]
    };
    let more = ["First Name 2", "Last Name 2", "DOB 2"];
    let (columns, mapping) = written(&[], &more, &cells);
    assert_eq!(columns[FAMILY_NAME], "Last Name", "{mapping}");
    let second = "owners[1].identity.familyName";
    assert_eq!(columns[second], "Last Name 2", "{mapping}");
}

#[test]
fn of_numbered_columns_the_first_is_taken_and_the_other_is_named() {
    for (column, more, path) in [
        ("Email", ["Email 1", "Email 2"], "owners[0].emailAddress"),
        ("Email", ["Email_2", "Email"], "owners[0].emailAddress"),
        ("DOB", ["DOB1", "DOB2"], "owners[0].identity.dateOfBirth"),
        ("SSN", ["SSN", "SSN2"], "owners[0].identity.taxId"),
        (
            "First Name",
            ["First Name (Local)", "First Name (Latin)"],
            GIVEN_NAME,
        ),
    ] {
        let cells = |row: usize| vec![base(column, row), base(column, row + 20)];
        let (columns, mapping) = written(&[column], &more, &cells);
        let taken = columns[path].as_str();
        let other = more.into_iter().find(|name| *name != taken).unwrap();
        assert!(!taken.ends_with('2'), "{mapping}");
        let line = line(&mapping, path);
        // Of a tax id the line says what the rows show instead.
        let named = format!("\"{other}\" is called like it and feeds nothing");
        assert!(column == "SSN" || line.contains(&named), "{line}");
        assert_eq!(confidence(&mapping, path), "medium", "{line}");
        let unused = format!("# \"{other}\"  # called like \"{taken}\"");
        assert!(mapping.contains(&unused), "{mapping}");
    }
}

#[test]
fn a_second_given_name_is_a_middle_name() {
    let cells = |row: usize| vec![base("First Name", row), base("First Name", row + 1)];
    let more = ["First Name 1", "First Name 2"];
    let (columns, mapping) = written(&["First Name"], &more, &cells);
    assert_eq!(columns[GIVEN_NAME], "First Name 1", "{mapping}");
    let middle = "owners[0].identity.middleNames";
    assert_eq!(columns[middle], "First Name 2", "{mapping}");
}

#[test]
fn names_and_postal_codes_are_no_lines_of_a_street() {
    let street = "owners[0].identity.personalAddress.streetAddress";
    let cells = |row: usize| vec![base("First Name", row), base("First Name", row + 1)];
    let more = ["First Name (Local)", "First Name (Latin)"];
    let (columns, mapping) = written(&["First Name"], &more, &cells);
    assert_eq!(columns[street], "Address", "{mapping}");
    // The headers of states and ZIP codes stand over each other's values.
    let cells = |row: usize| vec![base("State", row), base("Zip", row)];
    let (columns, mapping) = written(&["State", "Zip"], &["ZIPCODE", "ST"], &cells);
    assert_eq!(columns[street], "Address", "{mapping}");
}

#[test]
fn tiers_of_checks_and_documents_that_were_shown_feed_nothing() {
    let cells = |row: usize| {
        let document = ["passport", "drivers_license"][row % 2];
        vec![(row % 3 + 1).to_string(), document.to_owned()]
    };
    let (columns, mapping) = written(&[], &["kyc_tier", "id_type"], &cells);
    let taken = |name: &str| columns.values().any(|column| column == name);
    assert!(!taken("kyc_tier") && !taken("id_type"), "{mapping}");
    assert_eq!(columns["owners[0].identity.taxIdType"], "SSN", "{mapping}");
}

#[test]
fn the_types_of_mongodb_are_no_words_of_a_header() {
    for key in ["_id.$oid", "customerId.$oid", "accountId.$numberLong"] {
        let (outer, inner) = key.split_once('.').unwrap();
        let row = |row: usize| {
            let id = match inner {
                "$oid" => format!("64b7f0c2a1{row:014x}"),
                _ => (90_071_992_547_u64 + row as u64).to_string(),
            };
            format!(
                "{{\"{outer}\":{{\"{inner}\":\"{id}\"}},\"first_name\":\"Jane{}\",\"last_name\":\"Roe\",\"email\":\"u{row}@example.com\"}}\n",
                ["a", "b", "c", "d"][row % 4]
            )
        };
        let text: String = (0..40).map(row).collect();
        let folder = tempfile::tempdir().unwrap();
        let export = folder.path().join("customers.jsonl");
        fs::write(&export, text).unwrap();
        let dir = folder.path().join("m");
        let run = program()
            .arg("init")
            .arg(&dir)
            .arg("--from")
            .arg(&export)
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        let mapping = fs::read_to_string(dir.join("mapping.toml")).unwrap();
        let line = mapping
            .lines()
            .find(|line| line.starts_with("clientAccountId = "));
        assert!(line.is_some_and(|line| line.contains(key)), "{mapping}");
        assert!(!mapping.contains("sourceOfFunds\" = \"_id"), "{mapping}");
    }
}
