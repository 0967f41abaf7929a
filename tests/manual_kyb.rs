//! The list of accounts that go by manual KYB: who is on it, what it says, and that it holds no values.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bakkt_contract::kyb_form::FORM;
use bakkt_files::progress::Mode;
use bakkt_migrate::cli::{ManualKybArgs, ReplaceArgs, ShardArgs};
use bakkt_migrate::commands::{CommandOutput, manual_kyb};
use bakkt_model::error::Style;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(name)
}

fn list(name: &str, out: Option<PathBuf>) -> CommandOutput {
    let args = ManualKybArgs {
        dir: case(name),
        out,
        with_values: None,
        replacing: ReplaceArgs::default(),
        shards: ShardArgs::default(),
    };
    manual_kyb::run(&args, Mode::Quiet).unwrap()
}

/// The list with the filled form beside it.
fn with_values(out: Option<PathBuf>, form: &Path) -> anyhow::Result<CommandOutput> {
    let args = ManualKybArgs {
        dir: case("manual-kyb"),
        out,
        with_values: Some(form.to_owned()),
        replacing: ReplaceArgs::default(),
        shards: ShardArgs::default(),
    };
    manual_kyb::run(&args, Mode::Quiet)
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
    let share = "owners[1].ownership_percent";
    assert_eq!((owners, known, to_ask), ("owners[0]", people, share));
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
    let (list_page, form_page) = page.split_once("## The filled form").unwrap();
    let documented = |page: &str| {
        let lines = page.lines();
        let names = lines.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        names.collect::<Vec<_>>().join(",")
    };
    assert_eq!(documented(list_page), list("entity", None).text);
    let dir = tempfile::tempdir().unwrap();
    let form = dir.path().join("form.csv");
    with_values(None, &form).unwrap();
    let form = fs::read_to_string(form).unwrap();
    assert_eq!(documented(form_page), form.lines().next().unwrap());
}

#[test]
fn the_filled_form_has_the_values_and_the_list_beside_it_has_not() {
    let dir = tempfile::tempdir().unwrap();
    let (list, form) = (dir.path().join("list.csv"), dir.path().join("form.csv"));
    let output = with_values(Some(list.clone()), &form).unwrap();
    assert_eq!(output.code, 3);
    let mode = fs::metadata(&form).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (list, form) = (
        fs::read_to_string(list).unwrap(),
        fs::read_to_string(form).unwrap(),
    );
    assert_eq!(list.trim_end(), self::list("manual-kyb", None).text);
    for canary in [
        "Sample Harbor LLC",
        "000001234",
        "+15125550142",
        "2 Dock Lane",
        "Galveston",
        "77550",
        "Berths and moorings",
        "Harbour fees",
        "Example",
    ] {
        assert!(form.contains(canary), "{canary}");
        assert!(!list.contains(canary), "{canary}");
        assert!(!output.text.contains(canary), "{canary}");
    }

    let lines = lines(&form);
    let answers = |id: &str, asked: &str| -> Vec<[&str; 4]> {
        let here = |line: &&Line| line["clientAccountId"] == id && line["item"] == asked;
        lines
            .iter()
            .filter(here)
            .map(|line| ["field", "value", "status", "remains"].map(|name| line[name].as_str()))
            .collect()
    };
    assert_eq!(
        answers("MK-2", "tax id"),
        [["entity.entityTaxId", "000001234", "known", ""]]
    );
    assert_eq!(
        answers("MK-3", "tax id"),
        [["entity.entityTaxId", "", "to be asked", ""]]
    );
    assert_eq!(
        answers("MK-2", "countries of operation"),
        [["entity.operatingCountries", "USA; CAN", "known", ""]]
    );
    let volume = answers("MK-2", "anticipated transaction volume");
    assert_eq!(volume.len(), 2);
    assert_eq!(volume[0][1..3], ["FROM_10M_TO_20M", "known"]);
    assert_eq!(volume[1], ["", "", "to be asked", "the volume of a month"]);
    // An owner that is an entity is not one of the people.
    let people = answers("MK-6", "owners of 25 % or more");
    assert!(people.iter().all(|line| !line[0].starts_with("owners[0]")));
    assert!(people.iter().any(|line| line[1] == "Ben"));
    for line in &lines {
        let known = line["status"] == "known";
        assert_eq!(known, !line["value"].is_empty(), "{line:?}");
    }
}

#[test]
fn a_form_that_is_there_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let form = dir.path().join("form.csv");
    fs::write(&form, "a person's work").unwrap();
    let link = dir.path().join("link.csv");
    std::os::unix::fs::symlink(dir.path().join("nowhere"), &link).unwrap();
    for (out, path) in [
        (None, form.as_path()),
        (None, link.as_path()),
        (None, dir.path()),
    ] {
        let error = with_values(out, path).unwrap_err();
        let text = bakkt_model::error::describe(&error, Style::PLAIN);
        assert!(text.contains("is there already"), "{text}");
        assert_eq!(bakkt_model::error::exit_code(&error), 2);
    }
    assert_eq!(fs::read_to_string(&form).unwrap(), "a person's work");
    let both = dir.path().join("both.csv");
    assert!(with_values(Some(both.clone()), &both).is_err());
    assert!(!both.exists());
}

#[test]
fn an_owner_of_less_than_a_quarter_is_none_of_the_owners_that_the_form_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["base.toml", "entity.toml"] {
        fs::copy(case(name), folder.path().join(name)).unwrap();
    }
    let dir = folder.path().join("shares");
    crate::support::copy_folder(&case("manual-kyb"), &dir);
    let mapping = fs::read_to_string(dir.join("mapping.toml")).unwrap();
    let shares = "[fields]\n\"owners[0].ownership_percent\" = \"SHARE\"\n";
    fs::write(
        dir.join("mapping.toml"),
        mapping.replacen("[fields]\n", shares, 1),
    )
    .unwrap();
    let export = fs::read_to_string(dir.join("export.csv")).unwrap();
    let (header, _) = export.split_once('\n').unwrap();
    let row = export
        .lines()
        .find(|line| line.starts_with("MK-2,"))
        .unwrap();
    let rows = [
        ("A", "5"),
        ("B", "24.99"),
        ("C", "25"),
        ("D", ""),
        ("A", "5"),
    ]
    .map(|(id, share)| format!("{},{share}\n", row.replacen("MK-2", id, 1)));
    fs::write(
        dir.join("export.csv"),
        format!("{header},SHARE\n{}", rows.concat()),
    )
    .unwrap();
    let form = folder.path().join("form.csv");
    let args = ManualKybArgs {
        dir,
        out: None,
        with_values: Some(form.clone()),
        replacing: ReplaceArgs::default(),
        shards: ShardArgs::default(),
    };
    let output = manual_kyb::run(&args, Mode::Quiet).unwrap();
    let listed = lines(&output.text);
    assert_eq!(listed.len(), 4 * FORM.len(), "a copy is listed once");
    let asked = "owners of 25 % or more";
    let names = "owners[0].identity.familyName owners[0].identity.givenName";
    let share = "owners[0].ownership_percent";
    let expected = [
        ("A", "", ""),
        ("B", "", ""),
        ("C", names, ""),
        ("D", names, share),
    ];
    for (id, known, missing) in expected {
        let [_, found, ask, _] = item(&listed, id, asked);
        assert_eq!(found, known, "{id}");
        assert_eq!(ask, missing, "{id}");
    }
    let form = lines(&fs::read_to_string(form).unwrap());
    let minor =
        |line: &&Line| line["item"] == asked && ["A", "B"].contains(&&*line["clientAccountId"]);
    let minor: Vec<_> = form.iter().filter(minor).collect();
    assert!(
        minor.iter().all(|line| line["field"].is_empty()),
        "{minor:?}"
    );
}
