//! JSON of which one object holds many customers, keyed by ids or by columns: `init` and `inspect` stop, and show none of its keys;
//! `check` and `plan` stop as well, whatever their mapping makes of it.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::support::program;

/// An invented customer.
fn person(row: usize) -> Value {
    let given = ["Mara", "Ian", "Tess"][row % 3];
    let family = ["Quill", "Marsh", "Dorn", "Yale"][row % 4];
    json!({
        "Customer No": format!("{}", 10_000 + row * 7),
        "First Name": given,
        "Last Name": family,
        "E-Mail": format!("p{row}@example.com"),
        "Date of Birth": format!("19{}-02-1{}", 50 + row, row % 9),
        "SSN": format!("987-65-4{row:03}"),
        "Address": {"line1": format!("{row} Sample Rd"), "city": "Austin", "state": "TX", "zip": "78701", "country": "US"},
    })
}

/// The same without an object within it, as a table has it.
fn flat(row: usize) -> Map<String, Value> {
    let Value::Object(mut person) = person(row) else {
        unreachable!("an object")
    };
    person.insert("Address".to_owned(), json!(format!("{row} Sample Rd")));
    person.insert("City".to_owned(), json!("Austin"));
    person
}

/// What `init` and `inspect` say of a text, and whether both refuse it.
fn refused(folder: &Path, name: &str, text: &str) -> bool {
    let from = folder.join(name);
    fs::write(&from, text).unwrap();
    let dir = folder.join("m");
    let init = program()
        .arg("init")
        .arg(&dir)
        .arg("--from")
        .arg(&from)
        .output()
        .unwrap();
    let inspect = program().arg("inspect").arg(&from).output().unwrap();
    let is_refused = init.status.code() == Some(2);
    assert_eq!(inspect.status.code(), init.status.code(), "{name}");
    assert_eq!(is_refused, !dir.exists(), "{name}");
    if is_refused {
        for output in [init, inspect] {
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(
                said.contains("one object for each customer"),
                "{name}: {said}"
            );
            for value in ["10007", "987-65", "Mara", "p1@"] {
                assert!(!said.contains(value), "{name}: {value}: {said}");
            }
        }
    } else {
        fs::remove_dir_all(dir).unwrap();
    }
    is_refused
}

/// Objects of which each is a customer by its key.
fn keyed(key: &dyn Fn(usize) -> String, rows: usize) -> Value {
    (0..rows)
        .map(|row| (key(row), person(row)))
        .collect::<Map<_, _>>()
        .into()
}

#[test]
fn customers_that_are_keys_of_one_object_must_be_rows() {
    let folder = tempfile::tempdir().unwrap();
    let id = |row: usize| format!("{}", 10_000 + row * 7);
    let push = |row: usize| format!("-NxYpQ{}aBcD{row}", row * 31);
    let ssn = |row: usize| format!("987-65-4{row:03}");
    let mail = |row: usize| format!("p{row}@example.com");
    let lines: String = (0..20)
        .map(|row| json!({id(row): person(row)}).to_string() + "\n")
        .collect();
    for (name, text) in [
        ("index.json", keyed(&id, 40).to_string()),
        ("two.json", keyed(&id, 2).to_string()),
        ("push.json", keyed(&push, 30).to_string()),
        (
            "within.json",
            json!({"exported": "2030-01-01", "customers": keyed(&id, 40)}).to_string(),
        ),
        ("ssn.json", keyed(&ssn, 40).to_string()),
        ("mail.json", keyed(&mail, 40).to_string()),
        (
            "pretty.json",
            serde_json::to_string_pretty(&keyed(&id, 40)).unwrap(),
        ),
        ("lines.jsonl", lines),
    ] {
        assert!(refused(folder.path(), name, &text), "{name}");
    }
}

/// The fields of a mapping as an older `init` wrote it for an object that holds many customers.
fn mapping(prefix: &str) -> String {
    let fields = [
        ("clientAccountId", "Customer No"),
        ("owners[0].emailAddress", "E-Mail"),
        ("owners[0].identity.givenName", "First Name"),
        ("owners[0].identity.familyName", "Last Name"),
        ("owners[0].identity.dateOfBirth", "Date of Birth"),
        ("owners[0].identity.taxId", "SSN"),
        (
            "owners[0].identity.personalAddress.streetAddress",
            "Address.line1",
        ),
        ("owners[0].identity.personalAddress.city", "Address.city"),
        ("owners[0].identity.personalAddress.state", "Address.state"),
        (
            "owners[0].identity.personalAddress.postalCode",
            "Address.zip",
        ),
    ]
    .map(|(field, column)| format!("\"{field}\" = \"{prefix}{column}\"\n"));
    let constants = [
        ("owners[0].role", "PRIMARY_OWNER"),
        ("owners[0].identity.taxIdType", "SSN"),
        ("owners[0].identity.personalAddress.country", "USA"),
    ]
    .map(|(field, word)| format!("\"{field}\" = {{ const = \"{word}\" }}\n"));
    let (fields, constants) = (fields.concat(), constants.concat());
    format!("account_type = \"INDIVIDUAL\"\n[fields]\n{fields}{constants}")
}

#[test]
fn a_mapping_of_one_customer_for_many_is_refused_before_anything_is_planned() {
    let id = |row: usize| format!("{}", 10_000 + row * 7);
    let rows: String = (0..20).map(|row| person(row).to_string() + "\n").collect();
    for (text, is_refused) in [
        (keyed(&id, 40).to_string(), true),
        (rows, false),
        (person(1).to_string(), false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(dir.join("export.json"), text).unwrap();
        let settings = "[source]\nfile = \"export.json\"\nmapping = \"mapping.toml\"\n";
        fs::write(dir.join("migration.toml"), settings).unwrap();
        let prefix = if is_refused { "10007." } else { "" };
        fs::write(dir.join("mapping.toml"), mapping(prefix)).unwrap();
        for command in [&["check"][..], &["plan", "--sandbox"]] {
            let (name, options) = command.split_first().unwrap();
            let output = program().arg(name).arg(dir).args(options).output().unwrap();
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            let is_told = said.contains("has several customers as keys");
            assert_eq!(is_told, is_refused, "{command:?}: {said}");
            let is_wrong = output.status.code() == Some(2);
            assert_eq!(is_wrong, is_refused, "{command:?}: {said}");
            assert!(!said.contains("10007"), "{said}");
        }
    }
}

/// Customers of a second array are in no row: who reads the first one alone has to hear of them.
#[test]
fn customers_of_a_second_array_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let people = |rows: std::ops::Range<usize>| rows.map(person).collect::<Vec<_>>();
    let text = json!({"active": people(0..20), "dormant": people(20..40)}).to_string();
    fs::write(dir.join("export.json"), text).unwrap();
    let settings =
        "[source]\nfile = \"export.json\"\nmapping = \"mapping.toml\"\nrows = \"active\"\n";
    fs::write(dir.join("migration.toml"), settings).unwrap();
    fs::write(dir.join("mapping.toml"), mapping("active[].")).unwrap();
    let told = "the objects of `dormant` have the same keys as those of `active`";
    let check = program().arg("check").arg(dir).output().unwrap();
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(said.contains(told), "{said}");
    let mut init = program();
    init.arg("init")
        .arg(dir.join("m"))
        .args(["--rows", "active"]);
    let init = init.arg("--from").arg(dir.join("export.json"));
    assert!(init.output().unwrap().status.success());
    let mapping = fs::read_to_string(dir.join("m/mapping.toml")).unwrap();
    let own = "\"owners[0].identity.givenName\" = \"active[].First Name\"";
    assert!(
        mapping.contains(own) && !mapping.contains("= \"dormant["),
        "{mapping}"
    );
}

#[test]
fn customers_that_are_columns_of_one_object_must_be_rows() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = flat(0).keys().cloned().collect();
    let cell = |name: &str, row: usize| flat(row)[name].clone();
    let columns = |of: &dyn Fn(&str) -> Value| -> Value {
        names
            .iter()
            .map(|name| (name.clone(), of(name)))
            .collect::<Map<_, _>>()
            .into()
    };
    for rows in [2, 40] {
        let by_key = columns(&|name| {
            (0..rows)
                .map(|row| (row.to_string(), cell(name, row)))
                .collect::<Map<_, _>>()
                .into()
        });
        let lists = columns(&|name| (0..rows).map(|row| cell(name, row)).collect());
        let data: Vec<Value> = (0..rows)
            .map(|row| names.iter().map(|name| cell(name, row)).collect())
            .collect();
        let split = json!({"columns": names, "index": (0..rows).collect::<Vec<_>>(), "data": data});
        for (name, text) in [
            ("columns.json", by_key),
            ("lists.json", lists),
            ("split.json", split),
        ] {
            assert!(
                refused(folder.path(), name, &text.to_string()),
                "{name} {rows}"
            );
        }
    }
    // Names that no table knows.
    let unknown: Map<String, Value> = ["zq1", "zq2", "zq3", "zq4"]
        .iter()
        .map(|name| {
            let cells = (0..20).map(|row| (row.to_string(), json!(format!("v{row}"))));
            ((*name).to_owned(), cells.collect::<Map<_, _>>().into())
        })
        .collect();
    assert!(refused(
        folder.path(),
        "unknown.json",
        &Value::from(unknown).to_string()
    ));
}

#[test]
fn an_object_with_others_within_it_is_one_customer() {
    let folder = tempfile::tempdir().unwrap();
    let address = json!({"line1": "1 Elm St", "city": "Dallas", "state": "TX", "zip": "75201"});
    let mut one = flat(0);
    one.insert(
        "addresses".to_owned(),
        json!({"home": address, "mailing": address, "work": address}),
    );
    one.insert("phones".to_owned(), json!(["+13125550100", "+13125550101"]));
    one.insert("scores".to_owned(), json!([[1, 2, 3], [4, 5, 6]]));
    let joint = json!({"account": "A-1", "primary": person(1), "joint": person(2)});
    let numbered = json!({"account": "A-1", "owner1": person(1), "owner2": person(2)});
    let lines: String = (0..20)
        .map(|row| {
            let mut line = flat(row);
            if row == 3 {
                line.insert("joint".to_owned(), person(30));
                line.insert(
                    "spouse".to_owned(),
                    json!({"First Name": "Kim", "Last Name": "Yale"}),
                );
            }
            Value::from(line).to_string() + "\n"
        })
        .collect();
    for (name, text) in [
        ("one.json", Value::from(one).to_string()),
        ("joint.json", joint.to_string()),
        ("numbered.json", numbered.to_string()),
        ("lines.jsonl", lines),
    ] {
        assert!(!refused(folder.path(), name, &text), "{name}");
    }
}
