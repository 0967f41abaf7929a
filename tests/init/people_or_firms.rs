//! Whether `init` takes the rows of an export for people or for firms.
//!
//! Firms have no birth date and no first name, but a legal form and a number of their own; what the people beside them are
//! called says nothing.

use std::fs;

use crate::support::program;

/// The account type that init writes for an export of these columns, each with its values in turn.
fn account_type(columns: &[(&str, &[&str])]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("customers.csv");
    let mut writer = csv::Writer::from_path(&export).unwrap();
    writer
        .write_record(columns.iter().map(|(name, _)| *name))
        .unwrap();
    for row in 0..40 {
        let cells = columns.iter().map(|(_, values)| {
            let value = values[row % values.len()];
            // Numbers differ from row to row.
            value.replace("##", &format!("{:02}", row + 10))
        });
        writer.write_record(cells).unwrap();
    }
    writer.flush().unwrap();
    let dir = folder.path().join("m");
    let mut init = program();
    let output = init
        .arg("init")
        .arg(&dir)
        .arg("--from")
        .arg(&export)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let mapping = fs::read_to_string(dir.join("mapping.toml")).unwrap();
    let line = mapping
        .lines()
        .find_map(|line| line.strip_prefix("account_type = "));
    let word = line.unwrap_or_else(|| panic!("{mapping}"));
    word.split('#').next().unwrap().trim().to_owned()
}

const ADDRESS: [(&str, &[&str]); 4] = [
    ("Street", &["12 Sample Rd", "7 Sample Ave"]),
    ("City", &["Austin", "Boise"]),
    ("State", &["TX", "ID"]),
    ("Zip", &["78701", "83702"]),
];

fn with_address(columns: &[(&'static str, &'static [&'static str])]) -> String {
    account_type(&[columns, &ADDRESS].concat())
}

#[test]
fn rows_with_names_and_birth_dates_are_people() {
    let people = with_address(&[
        ("Acct", &["N000##"]),
        ("First Name", &["Mara", "Tobias"]),
        ("Last Name", &["Quill", "Ahorn", "Birke"]),
        ("DOB", &["03/31/1984", "01/02/1960"]),
        ("SSN", &["987-65-43##"]),
    ]);
    assert_eq!(people, "\"INDIVIDUAL\"");
}

#[test]
fn people_of_a_bank_with_an_empty_second_name_are_no_firms() {
    let people = with_address(&[
        ("Acct", &["N000##"]),
        ("Name 1", &["QUILL, MARA", "AHORN, TOBIAS", "BIRKE, INES"]),
        ("Name 2", &[""]),
        ("SSN/TIN", &["987-65-43##"]),
        ("Birth Date", &["03/31/1984", "01/02/1960"]),
        ("Ownership", &["SOLE"]),
        ("Cust Since", &["05/06/2001", "07/08/2011"]),
    ]);
    assert_eq!(people, "\"INDIVIDUAL\"");
}

#[test]
fn rows_with_a_legal_form_and_a_number_of_firms_are_firms() {
    let firms = with_address(&[
        ("Acct", &["N000##"]),
        ("Entity Name", &["Sample Harbor ## LLC", "Quill ## Inc"]),
        ("EIN", &["00-00012##"]),
        ("Formation Date", &["04/05/2010", "06/07/1999"]),
        ("Entity Type", &["LLC", "Inc", "LP"]),
    ]);
    assert_eq!(firms, "\"ENTITY\"");
}

#[test]
fn contacts_beside_firms_make_no_people_of_them() {
    let firms = with_address(&[
        ("Acct", &["N000##"]),
        ("Entity Name", &["Sample Harbor ## LLC", "Quill ## Inc"]),
        ("EIN", &["00-00012##"]),
        ("Formation Date", &["04/05/2010", "06/07/1999"]),
        ("Entity Type", &["LLC", "Inc", "LP"]),
        ("Contact First Name", &["Mara", "Tobias"]),
        ("Contact Last Name", &["Quill", "Ahorn", "Birke"]),
        ("Contact DOB", &["03/31/1984", "01/02/1960"]),
        ("Contact SSN", &["987-65-43##"]),
    ]);
    assert_eq!(firms, "\"ENTITY\"");
}
