//! What `init` makes of people in arrays, of persons who are counted by numbers, of exports in parts and of texts that are no
//! table: nobody is left out, and nobody gets another person's data.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::truth::{feeds, toml};
use crate::support::program;

/// What `init` says on both streams, and the code that it ends with.
fn init(dir: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let output = program()
        .arg("init")
        .arg(dir)
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (text, output.status.code())
}

/// The columns of each field of the mapping that `init` writes for a text.
fn written(name: &str, text: &str) -> (BTreeMap<String, String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join(name);
    fs::write(&from, text).unwrap();
    let dir = folder.path().join("m");
    let (said, code) = init(&dir, &["--from", from.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    let columns = feeds(&toml(&dir.join("mapping.toml")), &Default::default())
        .into_iter()
        .filter(|(path, takes)| path != "account_type" && !takes.columns.is_empty())
        .map(|(path, takes)| (path, takes.columns.join("+")));
    (columns.collect(), said)
}

/// An invented customer as JSON, without the last brace.
fn person(row: usize) -> String {
    format!(
        r#"{{"id":"C-{row:04}","first_name":"{}","last_name":"{}","birth_date":"19{}-02-1{}","ssn":"987-65-43{row:02}","email":"p{row}@example.com","phone":"+1312555{row:04}""#,
        ["Mara", "Ian", "Tess"][row % 3],
        ["Quill", "Marsh", "Dorn"][row % 3],
        50 + row,
        row % 9
    )
}

fn address(kind: &str, street: &str) -> String {
    format!(
        r#"{{"type":"{kind}","line1":"{street}","city":"Austin","state":"TX","zip":"78701","country":"US"}}"#
    )
}

#[test]
fn an_array_of_people_must_be_rows() {
    let folder = tempfile::tempdir().unwrap();
    let owners = (0..20).map(|row| {
        let (one, other) = (person(row), person(row + 20));
        format!(r#"{{"account":"A-{row:03}","owners":[{one}}},{other}}}]}}"#)
    });
    let people: Vec<String> = (0..20).map(|row| person(row) + "}").collect();
    let wrapped = format!(r#"{{"total":20,"data":[{}]}}"#, people.join(","));
    for (name, array, text) in [
        (
            "owners.jsonl",
            "owners",
            owners.collect::<Vec<_>>().join("\n"),
        ),
        ("data.json", "data", wrapped),
    ] {
        let from = folder.path().join(name);
        fs::write(&from, text).unwrap();
        let dir = folder.path().join(array);
        let (said, code) = init(&dir, &["--from", from.to_str().unwrap()]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(&format!("add --rows {array}")), "{said}");
        assert!(!said.contains("Mara") && !dir.exists(), "{said}");
        let (said, code) = init(&dir, &["--rows", array, "--from", from.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{said}");
    }
}

#[test]
fn an_address_and_a_phone_are_of_one_element() {
    let rows = (0..20).map(|row| {
        let home = address("home", &format!("{row} Sample Rd"));
        let mail = match row % 2 {
            0 => String::new(),
            _ => ",".to_owned() + &address("mailing", &format!("PO Box {row}")),
        };
        format!(r#"{},"addresses":[{home}{mail}]}}"#, person(row))
    });
    let (columns, said) = written("c.jsonl", &rows.collect::<Vec<_>>().join("\n"));
    assert!(said.contains("--rows addresses"), "{said}");
    let home = "owners[0].identity.personalAddress.";
    for (path, column) in columns.iter().filter(|(path, _)| path.starts_with(home)) {
        assert!(!column.contains("addresses[1]"), "{path}: {column}");
    }
    assert_eq!(
        columns[&format!("{home}streetAddress")],
        "addresses[0].line1"
    );
}

#[test]
fn numbered_persons_keep_their_addresses_and_phones() {
    let of = |number| {
        let names = [
            "First Name",
            "Last Name",
            "DOB",
            "SSN",
            "Email",
            "Phone",
            "Street",
            "City",
            "State",
            "Zip",
        ];
        names.map(|name| format!("{name}{number}")).join(",")
    };
    let mut text = format!("Account,{},{}\n", of(1), of(2));
    for row in 0..30 {
        text += &format!(
            "A-{row:04},Mara,Quill,02/1{}/1960,987-65-43{row:02},p{row}@example.com,3125550{row:03},{row} Sample Rd,Austin,TX,78701,",
            row % 9
        );
        text += &match row % 3 {
            0 => format!(
                "Kim,Yale,03/1{}/1970,987-65-44{row:02},k{row}@example.com,2145550{row:03},{row} Joint Ave,Waco,TX,76701\n",
                row % 9
            ),
            _ => ",,,,,,,,,\n".to_owned(),
        };
    }
    let (columns, said) = written("c.csv", &text);
    for (path, column) in &columns {
        let (mine, other) = match path.starts_with("owners[1]") {
            true => ('2', '1'),
            false => ('1', '2'),
        };
        assert!(!column.contains(other), "{path}: {column}: {said}");
        assert!(
            column == "Account" || column.contains(mine),
            "{path}: {column}"
        );
    }
    let joint = "owners[1].identity.personalAddress.streetAddress";
    assert_eq!(columns[joint], "Street2", "{said}");
    assert_eq!(columns["owners[1].phoneNumber"], "Phone2", "{said}");
}

#[test]
fn parts_of_one_export_are_named_by_a_pattern() {
    let folder = tempfile::tempdir().unwrap();
    for part in 1..3 {
        let mut text = "ID,FIRST,LAST,DOB,EMAIL\n".to_owned();
        for row in 0..20 {
            text += &format!(
                "C-{part}{row:02},Ann,Quill,02/{:02}/1980,p{part}{row}@example.com\n",
                row % 9 + 13
            );
        }
        fs::write(folder.path().join(format!("part-{part}.csv")), text).unwrap();
    }
    let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let dir = folder.path().join("m");
    let (said, code) = init(&dir, &["--from", &name("part-1.csv"), &name("part-2.csv")]);
    assert_eq!(code, Some(2), "{said}");
    let pattern = name("part-*.csv");
    assert!(said.contains(&format!("--from '{pattern}'")), "{said}");
    let (said, code) = init(&dir, &["--from", &pattern]);
    assert_eq!(code, Some(0), "{said}");
    let settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    assert!(settings.contains("file = \"../part-*.csv\""), "{settings}");
    let check = program().arg("check").arg(&dir).output().unwrap();
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(said.contains("40"), "{said}");
}

#[test]
fn a_customer_in_pairs_of_words_and_values_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let people = |form: &dyn Fn(usize) -> String| (0..9).map(form).collect::<String>();
    for (name, text) in [
        (
            "a.yaml",
            people(&|row| format!("- name: Mara Quill\n  ssn: 212-11-12{row}4\n  id: C{row}\n")),
        ),
        (
            "b.yaml",
            people(&|row| format!("- ssn: 212-11-12{row}4\n  name: Mara Quill\n")),
        ),
        (
            "c.txt",
            people(&|row| format!("Name=Mara Quill\nId=C{row}\n\n")),
        ),
        (
            "d.csv",
            people(&|row| format!("ID C{row},Name: Mara Quill,SSN 212-11-12{row}4\n")),
        ),
    ] {
        let from = folder.path().join(name);
        fs::write(&from, text).unwrap();
        let from = from.to_str().unwrap();
        let dir = folder.path().join("m");
        let page = program().args(["inspect", from]).output().unwrap();
        let page = String::from_utf8([page.stdout, page.stderr].concat()).unwrap();
        let (said, code) = init(&dir, &["--from", from]);
        assert_eq!(code, Some(2), "{name}: {said}");
        for text in [page, said] {
            assert!(
                !text.contains("Quill") && !text.contains("212"),
                "{name}: {text}"
            );
        }
        assert!(!dir.exists());
    }
}

#[test]
fn a_mail_address_beside_its_city_is_a_street() {
    for street in ["Mail Address 1", "MAIL_ADDRESS_1", "Mail Address"] {
        let mut text = format!(
            "ID,First Name,Last Name,DOB,Email,Street,City,State,Zip,{street},Mail City,Mail State,Mail Zip\n"
        );
        for row in 0..20 {
            text += &format!(
                "C-{row:03},Ann,Quill,02/{:02}/1980,p{row}@example.com,{row} Sample Rd,Austin,TX,78701,{row} Elm St,Dallas,TX,75201\n",
                row % 9 + 13
            );
        }
        let (columns, said) = written("c.csv", &text);
        let path = "owners[0].mailingAddress.streetAddress";
        assert_eq!(
            columns.get(path).map(String::as_str),
            Some(street),
            "{said}"
        );
        assert_eq!(columns["owners[0].emailAddress"], "Email", "{said}");
    }
}
