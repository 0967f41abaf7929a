//! Workbooks as people fill them.

use serde_json::json;

use super::world::{THREE, World};
use crate::support::workbooks::{Cell, Sheet, number, text, xlsx};

/// 2024-05-31 as a date cell.
const DAY: Cell = Cell::Number(45443.0, "yyyy-mm-dd");

fn book(sheets: &[Sheet], world: &World) -> std::path::PathBuf {
    let file = world.folder.path().join("filled.xlsx");
    std::fs::write(&file, xlsx(sheets)).unwrap();
    file
}

fn filled() -> Sheet {
    let header = [
        "clientAccountId",
        "known: name",
        "owners[0].phoneNumber",
        "owners[0].identity.maritalStatus",
        "investmentProfile.accountGoals.investmentObjective",
        "investmentProfile.customerProfile.liquidNetWorthRangeUsd",
        "owners[0].agreements[0].name",
        "owners[0].agreements[0].version",
        "owners[0].agreements[0].eSignedDate",
        "owners[0].mailingAddress.streetAddress",
        "owners[0].mailingAddress.city",
        "owners[0].mailingAddress.state",
        "owners[0].mailingAddress.postalCode",
        "owners[0].mailingAddress.country",
        "owners[0].identity.employment.yearsEmployed",
    ];
    let row = |cells: Vec<Cell>| cells;
    Sheet::new(
        "Backfill",
        vec![
            row(vec![text("Fill in what you know."), Cell::Empty]),
            row(vec![text("Cells with \u{2013} need nothing."), Cell::Empty]),
            header.map(text).to_vec(),
            row(vec![
                text("A-1"),
                text("Ann Ash"),
                number(7_755_550_100.0),
                text("Married"),
                text("Capital Preservation"),
                number(250_000.0),
                text("Terms"),
                number(2.0),
                DAY,
                text("PO Box 7\nBack door"),
                text("Boston"),
                text("massachusetts"),
                number(2134.0),
                text("United States"),
                number(4.0),
            ]),
            row(vec![
                text("A-2"),
                text("Ann Ash"),
                text("\u{2013}"),
                text(" "),
                text("n/a"),
                text("from_1m_to_5m"),
            ]),
        ],
    )
}

#[test]
fn cells_are_read_as_people_write_them() {
    let world = World::sent(&THREE);
    let cover = Sheet::new("Read me", vec![vec![text("How to fill this in")]]);
    let file = book(&[cover, filled()], &world);
    let (said, code) = world.backfill_file(&file, &[]);
    assert_eq!((code, &said["rows_taken"]), (0, &json!(2)), "{said}");
    world.run();
    let held = world.held("A-1").unwrap();
    let owner = &held["owners"][0];
    assert_eq!(owner["phoneNumber"], "+17755550100");
    assert_eq!(owner["identity"]["maritalStatus"], "MARRIED");
    assert_eq!(
        owner["agreements"],
        json!([{"name": "Terms", "version": "2", "eSignedDate": "2024-05-31T00:00:00Z"}])
    );
    assert_eq!(
        owner["mailingAddress"],
        json!({"streetAddress": ["PO Box 7", "Back door"], "city": "Boston", "state": "MA", "postalCode": "02134", "country": "USA"})
    );
    assert_eq!(
        held["investmentProfile"],
        json!({
            "accountGoals": {"investmentObjective": "CAPITAL_PRESERVATION"},
            "customerProfile": {"annualIncomeRangeUsd": "FROM_50K_TO_100K", "liquidNetWorthRangeUsd": "FROM_200K_TO_300K"}
        })
    );
    // A-2's net worth waits for the objective, as its income does.
    assert_eq!(world.value("A-2", "/investmentProfile"), json!(null));
    assert_eq!(world.posts(), 3);
    assert_eq!(
        world.asked("SELECT sheet, form, rows FROM layer"),
        ["Backfill fields 2"]
    );
}

#[test]
fn which_sheet_must_be_said_where_none_is_for_this() {
    let world = World::sent(&THREE);
    let sheet = |name| Sheet { name, ..filled() };
    let file = book(&[sheet("One"), sheet("Two")], &world);
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(
        said.contains("`One`, `Two`") && said.contains("--sheet"),
        "{said}"
    );
    let (said, code) = world.backfill_file(&file, &["--sheet", "Two"]);
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(1)), "{said}");
    // It is read the same way afterwards.
    world.run();
    assert_eq!(world.posts(), 3);
}

#[test]
fn a_second_sheet_to_fill_in_is_told() {
    let world = World::sent(&THREE);
    let sheet = |name, id, phone| {
        let header = ["clientAccountId", "owners[0].phoneNumber"];
        let rows = vec![header.map(text).to_vec(), vec![text(id), text(phone)]];
        Sheet::new(name, rows)
    };
    let (first, second) = (
        sheet("Backfill", "A-1", "7755550100"),
        sheet("Backfill (2)", "A-2", "7755550109"),
    );
    let notes = Sheet::new("Notes", vec![vec![text("called on Monday")]]);
    let file = book(&[first, notes, second], &world);
    let before = world.state();
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(
        said.contains("`Backfill` and `Backfill (2)`") && said.contains("--sheet"),
        "{said}"
    );
    assert_eq!(world.state(), before);
    for name in ["Backfill", "Backfill (2)"] {
        let (said, code) = world.backfill_file(&file, &["--sheet", name]);
        assert_eq!((code, &said["does"]["updates"]), (0, &json!(1)), "{said}");
    }
}
