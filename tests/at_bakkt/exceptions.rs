//! The sheet that people sign knows accounts that Bakkt has with other data, and what became of their updates.

use super::world::{CUSTOMERS, Migration, Row};
use crate::backfill::world::Customer;

const MOVED: [Customer<'static>; 3] = [
    CUSTOMERS[0],
    ("A-2", "other@example.com", "7755550101"),
    CUSTOMERS[2],
];

fn lines_of(migration: &Migration, id: &str) -> Vec<[String; 4]> {
    let cells = |row: Row| {
        ["what", "row", "state", "code"].map(|name| row.get(name).cloned().unwrap_or_default())
    };
    let rows = migration.sheet("Exceptions").into_iter();
    rows.filter(|row| row["clientAccountId"] == id)
        .map(cells)
        .collect()
}

fn line(cells: [&str; 4]) -> Vec<[String; 4]> {
    vec![cells.map(str::to_owned)]
}

#[test]
fn an_update_is_an_exception_until_bakkt_has_it() {
    let migration = Migration::sent(&CUSTOMERS);
    migration.status();
    assert_eq!(lines_of(&migration, "A-2"), Vec::<[String; 4]>::new());
    migration.replan(&MOVED, &["--update-accepted"]);
    migration.status();
    assert_eq!(
        lines_of(&migration, "A-2"),
        line(["update", "3", "open", ""])
    );
    migration.refuse(true);
    let (_, code) = migration.json("run", &["--yes"]);
    assert_eq!(code, 3);
    migration.status();
    assert_eq!(
        lines_of(&migration, "A-2"),
        line(["update", "3", "refused", "422"])
    );
    migration.refuse(false);
    let (_, code) = migration.json("retry", &["--reason", "said so"]);
    assert_eq!(code, 0);
    migration.json("run", &["--yes"]);
    let (_, code) = migration.status();
    assert_eq!(lines_of(&migration, "A-2"), Vec::<[String; 4]>::new());
    assert_eq!(code, 0);
}

#[test]
fn updates_in_every_other_state_are_exceptions() {
    let migration = Migration::sent(&CUSTOMERS);
    migration.replan(&MOVED, &["--update-accepted"]);
    for (state, number) in [("held", 1), ("in doubt", 3), ("gave up", 6)] {
        let journal = migration.world.path(".bakkt-migrate/journal.db");
        let journal = rusqlite::Connection::open(journal).unwrap();
        let change = "UPDATE task SET state = ? WHERE kind = 1";
        journal.execute(change, [number]).unwrap();
        migration.json("report", &[]);
        assert_eq!(
            lines_of(&migration, "A-2"),
            line(["update", "3", state, ""])
        );
    }
}

#[test]
fn accepted_accounts_with_other_data_and_no_update_are_for_a_person() {
    let migration = Migration::sent(&CUSTOMERS);
    migration.replan(&MOVED, &[]);
    let (status, code) = migration.status();
    assert_eq!(
        (&status["after"]["outdated"], code),
        (&serde_json::json!(1), 3),
        "{status}"
    );
    assert_eq!(
        lines_of(&migration, "A-2"),
        line(["account", "3", "other data at Bakkt", ""])
    );
    let (text, _) = migration.said("status", &[]);
    assert!(
        text.contains("accounts that Bakkt has with other data, and no update is planned 1"),
        "{text}"
    );
    let page = std::fs::read_to_string(migration.world.path("report/report.html")).unwrap();
    assert!(
        page.contains("--update-accepted"),
        "the page says what to do"
    );
    let (_, code) = migration.json("run", &["--yes"]);
    assert_eq!(code, 3);

    // Asked for, it is an update; put back, it is nothing.
    migration.replan(&MOVED, &["--update-accepted"]);
    let (status, code) = migration.status();
    assert_eq!((status["after"].get("outdated"), code), (None, 0));
    migration.replan(&CUSTOMERS, &[]);
    let (status, code) = migration.status();
    assert_eq!((status["after"].get("outdated"), code), (None, 0));
}
