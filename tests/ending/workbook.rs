//! `report.xlsx`: ids as they are, no formulas, the totals on the cover, and nothing that differs but times.

use std::collections::BTreeMap;
use std::fs;

use calamine::{Data, Reader, Xlsx, open_workbook};

use super::world::{World, local, rows, said, unpacked};

/// Ids that a spreadsheet would take for something else.
const IDS: [&str; 5] = ["00700", "1E5", "07030", "=1+1", "+17755550100"];

fn migration() -> World {
    let customers = IDS.map(|id| (id, "", "7755550101"));
    World::new(&customers)
}

fn read(world: &World) -> BTreeMap<String, Vec<Vec<Data>>> {
    let mut book: Xlsx<_> = open_workbook(world.path("report/report.xlsx")).unwrap();
    let names = book.sheet_names();
    let mut sheet = |name: &String| {
        let formulas = book.worksheet_formula(name).unwrap();
        assert_eq!(formulas.used_cells().count(), 0, "{name}");
        let range = book.worksheet_range(name).unwrap();
        (name.clone(), range.rows().map(<[Data]>::to_vec).collect())
    };
    names.iter().map(&mut sheet).collect()
}

#[test]
fn ids_are_texts_and_the_sheets_say_what_the_files_say() {
    let world = migration();
    let (text, _) = said(&mut world.command("run", &["--yes"]));
    assert!(world.path("report/report.xlsx").exists(), "{text}");
    let sheets = read(&world);
    let names: Vec<&str> = sheets.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["Cover", "Decisions", "Exceptions", "Gaps", "Refusals"]
    );
    let of = |sheet: &str, column: usize| -> Vec<String> {
        let cells = sheets[sheet].iter().skip(1).map(|row| match &row[column] {
            Data::String(text) => text.clone(),
            Data::Empty => String::new(),
            other => panic!("{other:?} is not a text"),
        });
        cells.collect()
    };
    let blocked: Vec<String> = rows(&world, "reconciliation.csv")
        .iter()
        .map(|row| row["clientAccountId"].trim_start_matches('\'').to_owned())
        .collect();
    assert_eq!(of("Exceptions", 3), blocked);
    assert!(blocked.iter().any(|id| id == "00700"), "{blocked:?}");
    assert_eq!(sheets["Gaps"].len() - 1, rows(&world, "gaps.csv").len());
    let cover = format!("{:?}", sheets["Cover"]);
    for says in [
        "BALANCES",
        "Prepared by",
        "Reviewed by",
        "Approved by",
        "Rows read",
    ] {
        assert!(cover.contains(says), "{says}");
    }
}

#[test]
fn two_workbooks_of_one_journal_differ_in_times_alone() {
    let world = migration();
    said(&mut world.command("run", &["--yes"]));
    let packed = |world: &World| {
        let text =
            String::from_utf8_lossy(&unpacked(&world.path("report/report.xlsx"))).into_owned();
        let times = regex::Regex::new(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+( UTC|Z)").unwrap();
        let chain = regex::Regex::new(r"[0-9a-f]{64}|entry [0-9]+").unwrap();
        let text = times.replace_all(&text, "TIME").into_owned();
        chain.replace_all(&text, "HASH").into_owned()
    };
    assert_eq!(said(&mut local(&world, "report", &[])).1, 3);
    let first = packed(&world);
    assert_eq!(said(&mut local(&world, "report", &[])).1, 3);
    assert_eq!(first, packed(&world));
    // One that somebody has saved, perhaps with a signature, is not replaced.
    let path = world.path("report/report.xlsx");
    let mut bytes = fs::read(&path).unwrap();
    let marked = bytes.len() - b"bakkt-migrate report, not signed".len();
    bytes.truncate(marked);
    fs::write(&path, &bytes).unwrap();
    let (text, code) = said(&mut local(&world, "report", &[]));
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("report.xlsx is there already"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}
