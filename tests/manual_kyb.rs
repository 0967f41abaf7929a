//! The list of accounts that go by manual KYB: who is on it, what it says, and that it holds no values.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bakkt_migrate::cli::ManualKybArgs;
use bakkt_migrate::commands::{Output, manual_kyb};
use bakkt_migrate::contract::kyb_form::FORM;
use bakkt_migrate::progress::Mode;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(name)
}

fn list(name: &str, out: Option<PathBuf>) -> Output {
    let args = ManualKybArgs {
        dir: case(name),
        out,
    };
    manual_kyb::run(&args, Mode::Quiet).unwrap()
}

type Line = BTreeMap<String, String>;

fn lines(text: &str) -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|line| line.unwrap()).collect()
}

fn item<'l>(lines: &'l [Line], id: &str, item: &str) -> [&'l str; 4] {
    let line = lines
        .iter()
        .find(|line| line["clientAccountId"] == id && line["item"] == item)
        .unwrap_or_else(|| panic!("{id} has no {item}"));
    ["entity_owners", "known", "to_ask", "remains"].map(|column| line[column].as_str())
}

#[test]
fn every_account_with_an_owner_that_is_an_entity_is_listed_item_by_item() {
    let output = list("manual-kyb", None);
    assert_eq!(output.code, 3);
    let lines = lines(&output.text);
    let ids: BTreeSet<&str> = lines.iter().map(|line| &*line["clientAccountId"]).collect();
    assert_eq!(ids, BTreeSet::from(["MK-2", "MK-3", "MK-4", "MK-6"]));
    assert_eq!(lines.len(), ids.len() * FORM.len());

    assert_eq!(
        item(&lines, "MK-2", "tax id"),
        ["owners[1]", "entity.entityTaxId", "", ""]
    );
    for (asked, field) in [
        ("tax id", "entity.entityTaxId"),
        ("phone", "entity.entityPhoneNumber"),
        ("products and services", "entity.entityOfferings"),
    ] {
        assert_eq!(item(&lines, "MK-3", asked), ["owners[1]", "", field, ""]);
    }
    let people = "owners[1].identity.familyName owners[1].identity.givenName";
    let [owners, known, to_ask, remains] = item(&lines, "MK-6", "owners of 25 % or more");
    assert_eq!((owners, known, to_ask), ("owners[0]", people, ""));
    assert!(!remains.is_empty());
}

#[test]
fn the_list_holds_no_values() {
    let text = list("manual-kyb", None).text;
    let export = fs::read_to_string(case("manual-kyb").join("export.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(export.as_bytes());
    let mut looked_for = 0;
    for row in rows.records() {
        for cell in row.unwrap().iter().skip(1).filter(|cell| cell.len() > 3) {
            looked_for += 1;
            assert!(!text.contains(cell), "{cell}");
        }
    }
    assert!(looked_for > 100, "{looked_for}");
}

#[test]
fn a_file_is_private_and_nobody_is_listed_without_need() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("list.csv");
    let output = list("manual-kyb", Some(file.clone()));
    assert_eq!(output.code, 3);
    assert!(output.text.starts_with("4 accounts"), "{}", output.text);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let printed = list("manual-kyb", None).text;
    assert_eq!(fs::read_to_string(&file).unwrap().trim_end(), printed);

    let none = list("entity", None);
    assert_eq!((none.code, lines(&none.text).len()), (0, 0));
}

#[test]
fn its_columns_are_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/manual-kyb.md");
    let page = fs::read_to_string(page).unwrap();
    let documented: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let header = list("entity", None).text;
    assert_eq!(documented.join(","), header);
}
