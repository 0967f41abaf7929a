//! A customer who was put back is to be sent: nothing is done before a plan has them.

use super::world::{CUSTOMERS, Migration};

fn exclude(migration: &Migration, more: &[&str]) {
    let named = ["--id", "A-2", "--reason", "moved away"];
    let (_, code) = migration.json("exclude", &[&named, more].concat());
    assert_eq!(code, 0);
}

#[test]
fn a_customer_who_was_put_back_holds_up_the_end_until_a_plan_has_them() {
    let migration = Migration::new(&CUSTOMERS);
    migration.json("plan", &[]);
    exclude(&migration, &[]);
    let (status, code) = migration.json("run", &["--yes"]);
    assert_eq!((status.get("put_back"), code), (None, 0), "{status}");
    exclude(&migration, &["--undo"]);

    let (status, code) = migration.status();
    assert_eq!(
        (status["put_back"].as_u64(), code),
        (Some(1), 3),
        "{status}"
    );
    let (text, code) = migration.said("run", &["--yes"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("put back"), "{text}");
    let line = migration.rows("reconciliation.csv").remove(1);
    assert!(
        line["reason"].starts_with("put back by a person"),
        "{line:?}"
    );
    let (text, code) = migration.said("close", &["--reason", "done", "--yes"]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("customers put back whom the plan does not have: 1"),
        "{text}"
    );

    // Left out again, nothing is to be done; put back and planned, they are sent.
    exclude(&migration, &[]);
    let (status, code) = migration.status();
    assert_eq!((status.get("put_back"), code), (None, 0), "{status}");
    let line = migration.rows("reconciliation.csv").remove(1);
    assert_eq!(line["reason"], "left out by a person: moved away");
    exclude(&migration, &["--undo"]);
    migration.replan(&CUSTOMERS, &[]);
    let (status, code) = migration.json("run", &["--yes"]);
    assert_eq!((status.get("put_back"), code), (None, 0), "{status}");
    assert_eq!(migration.world.posts(), 3);
}
