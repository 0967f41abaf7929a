//! Rows of one customer that contradict each other, and values that a file replaces.

use serde_json::json;

use super::world::{THREE, World};

const PHONE: &str = "owners[0].phoneNumber";
const CITY: &str = "owners[0].identity.personalAddress.city";

#[test]
fn of_rows_that_disagree_none_is_taken_and_both_are_named() {
    let world = World::sent(&THREE);
    let text = format!(
        "clientAccountId,{PHONE},{CITY}\nA-1,(775) 555-0100,\nA-2,,Elko\nA-1,(775) 555-0109,\nA-1,,Sparks\n"
    );
    let (said, code) = world.backfill("phones.csv", &text);
    assert_eq!(code, 3, "{said}");
    assert_eq!((&said["rows"], &said["rows_taken"]), (&json!(4), &json!(2)));
    let named = |row: u64| json!({"row": row, "clientAccountId": "A-1", "path": PHONE});
    assert_eq!(said["disagreeing"], json!([named(2), named(4)]));
    assert_eq!(
        said["left"],
        json!([{"outcome": "another row of this customer says something else", "path": PHONE, "count": 2}])
    );
    // The third row of the same customer contradicts nobody.
    assert_eq!(said["does"]["changed"], json!(2));
    assert_eq!(said["replaced"], json!([{"path": CITY, "count": 2}]));
    world.run();
    let city = "/owners/0/identity/personalAddress/city";
    assert_eq!(world.value("A-1", city), "Sparks");
    assert_eq!(world.value("A-2", city), "Elko");
    assert_eq!(
        world.held("A-1").unwrap()["owners"][0]["phoneNumber"],
        json!(null)
    );
}

#[test]
fn a_row_that_repeats_what_is_known_contradicts_one_that_changes_it() {
    let world = World::sent(&THREE);
    let text = format!("clientAccountId,{PHONE}\nA-2,(775) 555-0101\nA-2,775-555-0177\n");
    let (said, code) = world.backfill("phones.csv", &text);
    assert_eq!((code, &said["rows_taken"]), (3, &json!(0)), "{said}");
    // Rows that say the same in other words agree.
    let text = format!("clientAccountId,{PHONE}\nA-2,(775) 555-0177\nA-2,+17755550177\n");
    let (said, code) = world.backfill("again.csv", &text);
    assert_eq!((code, &said["rows_taken"]), (0, &json!(2)), "{said}");
    assert_eq!(said["replaced"], json!([{"path": PHONE, "count": 1}]));
}

#[test]
fn the_text_names_file_rows_and_fields() {
    let world = World::sent(&THREE);
    let text = format!(
        "clientAccountId,{PHONE},{CITY}\nA-1,(775) 555-0100,Elko\nA-1,(775) 555-0109,Elko\nA-2,,Elko\n"
    );
    world.write("phones.csv", &text);
    let file = world.path("phones.csv");
    let output = world
        .command("backfill", &[file.to_str().unwrap(), "--dry-run"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains(&format!("rows of one customer in phones.csv that say different things, so none of them was taken; keep the right one and give the file again:\n  row 2  A-1  {PHONE}\n  row 3  A-1  {PHONE}")),
        "{said}"
    );
    assert!(
        said.contains(&format!("1  values replaced that were no gap: {CITY}")),
        "{said}"
    );
    assert!(!said.contains("555-01"), "{said}");
}
