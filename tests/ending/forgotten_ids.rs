//! Whom a plan takes for a customer who was forgotten: their id in another form as well, unless it is somebody else's.

use std::fs;

use super::world::{World, holding, local, rows, said, state};
use crate::backfill::world::{Customer, export};

const CUSTOMERS: [Customer<'static>; 2] = [
    ("Z-00004", "a1@example.com", "7755550100"),
    ("B-2", "a2@example.com", "7755550101"),
];
const WHY: [&str; 4] = ["--reason", "request 17", "--by", "kim"];

fn forget(world: &World, id: &str, more: &[&str]) -> (String, i32) {
    said(local(world, "forget", &["--id", id]).args(WHY).args(more))
}

/// What `replan` says, and how many accounts were sent to Bakkt behind it.
fn planned_and_sent(world: &World, customers: &[Customer<'_>]) -> (String, u64) {
    world.write("export.csv", &export(customers));
    let (text, code) = said(&mut world.command("replan", &WHY));
    assert_eq!(code, 0, "{text}");
    world.run();
    (text, world.sandbox.count("posts"))
}

#[test]
fn a_forgotten_customer_is_not_sent_under_another_form_of_the_id() {
    let world = World::sent(&CUSTOMERS);
    let (text, code) = forget(&world, "Z-00004", &[]);
    assert_eq!(code, 0, "{text}");
    for id in ["Z00004", "z-4", "Z/0004"] {
        let (text, posts) = planned_and_sent(
            &world,
            &[(id, "new@example.com", "7755550109"), CUSTOMERS[1]],
        );
        assert_eq!(posts, 2, "{id}: {text}");
        assert!(
            text.contains(
                "1 customer is left out because the id is that of a customer who was erased"
            ),
            "{text}"
        );
    }
    let line = rows(&world, "reconciliation.csv").remove(0);
    assert_eq!(
        (
            line["clientAccountId"].as_str(),
            line["verdict"].as_str(),
            line["reason"].as_str()
        ),
        (
            "Z/0004",
            "excluded",
            "its id is that of an erased customer but for zeros, capitals or punctuation"
        )
    );
    // Nor does a file bring them back, whose copy would hold what they say.
    world.write(
        "fill.csv",
        "clientAccountId,owners[0].phoneNumber\nZ00004,+17755550107\n",
    );
    let file = world.path("fill.csv");
    let (text, code) =
        said(&mut world.command("backfill", &[&[file.to_str().unwrap()][..], &WHY].concat()));
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("rows of customers who were forgotten: 2\n"),
        "{text}"
    );

    // The same customer: erased under this id as well.
    let (text, code) = forget(&world, "Z/0004", &[]);
    assert_eq!(code, 0, "{text}");
    assert!(holding(&state(&world), "Z/0004").is_empty());
    let (text, code) = said(&mut local(&world, "audit", &[]));
    assert_eq!(code, 3, "{text}");
}

#[test]
fn somebody_else_with_such_an_id_is_sent_once_a_person_says_so() {
    let world = World::sent(&CUSTOMERS);
    forget(&world, "Z-00004", &[]);
    let others = [("Z-4", "new@example.com", "7755550109"), CUSTOMERS[1]];
    assert_eq!(planned_and_sent(&world, &others).1, 2);
    let other = [&["--id", "Z-4", "--undo"][..], &WHY].concat();
    let (text, code) = said(&mut local(&world, "exclude", &other));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 no longer left out"), "{text}");
    let (text, posts) = planned_and_sent(&world, &others);
    assert_eq!(posts, 3, "{text}");
    assert!(!text.contains("was erased"), "{text}");
}

#[test]
fn a_customer_whose_id_is_like_that_of_a_forgotten_one_stays_in_the_plan() {
    let both = [
        ("A-1-2", "a1@example.com", "7755550100"),
        ("A-12", "a2@example.com", "7755550101"),
    ];
    let world = World::new(&both);
    // Nothing is sent yet.
    let (text, code) = said(&mut world.command("run", &["--yes", "--limit", "0"]));
    assert!(matches!(code, 0 | 3), "{text}");
    let (text, code) = forget(&world, "A-12", &[]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(planned_and_sent(&world, &both).1, 1);
    assert_eq!(world.run()["tasks"]["account"]["accepted"], 1);
}

#[test]
fn who_was_forgotten_by_an_earlier_version_is_told_of() {
    let world = World::sent(&CUSTOMERS);
    forget(&world, "Z-00004", &[]);
    let journal = rusqlite::Connection::open(state(&world).join("journal.db")).unwrap();
    let gone = journal.execute("DELETE FROM erased WHERE name LIKE 'form:%'", []);
    assert_eq!(gone.unwrap(), 1);
    drop(journal);
    let (text, _) = planned_and_sent(&world, &CUSTOMERS);
    assert!(
        text.contains("1 customer was erased by an earlier version"),
        "{text}"
    );
    let (text, code) = forget(&world, "Z-00004", &[]);
    assert_eq!(code, 0, "{text}");
    let (text, posts) = planned_and_sent(
        &world,
        &[("Z00004", "new@example.com", "7755550109"), CUSTOMERS[1]],
    );
    assert_eq!(posts, 2, "{text}");
    assert!(!text.contains("earlier version"), "{text}");
}

#[test]
fn the_erasure_of_somebody_in_no_plan_is_noted() {
    let world = World::sent(&CUSTOMERS);
    let (text, code) = forget(&world, "E-5", &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("--in-no-plan"), "{text}");
    let (text, code) = forget(&world, "E-5", &["--in-no-plan"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("from now on no plan sends them"), "{text}");
    assert!(text.contains("0 records forgotten"), "{text}");
    let later = [
        CUSTOMERS[0],
        CUSTOMERS[1],
        ("E-5", "e5@example.com", "7755550105"),
    ];
    assert_eq!(planned_and_sent(&world, &later).1, 2);
    assert!(holding(&state(&world), "E-5").is_empty());
    let (text, code) = said(&mut local(&world, "audit", &[]));
    assert_eq!(code, 3, "{text}");
    // A look needs no name and no reason.
    let (text, code) = said(&mut local(&world, "forget", &["--id", "B-2", "--dry-run"]));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("nothing was changed"), "{text}");
    let (_, code) = said(&mut local(&world, "forget", &["--id", "B-2"]));
    assert_eq!(code, 2);
    assert!(fs::exists(world.path("report/summary.json")).unwrap());
}
