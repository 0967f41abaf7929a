//! Counts, lists and the history of gaps follow one rule: what Bakkt has.

use super::world::{CALLED, CUSTOMERS, Migration, PHONE};

const FILL: &str = "clientAccountId,owners[0].phoneNumber\nA-1,7755550100\n";

fn outcomes(migration: &Migration) -> Vec<String> {
    let rows = migration.rows("gap-history.csv").into_iter();
    let rows = rows.filter(|row| row["clientAccountId"] == "A-1" && row["path"] == PHONE);
    rows.map(|row| row["outcome"].clone()).collect()
}

#[test]
fn a_waived_gap_whose_value_came_is_open_until_bakkt_has_it() {
    let migration = Migration::sent(&CUSTOMERS);
    migration.waive("A-1", PHONE);
    assert_eq!(migration.gap_counts(), [0, 0, 1]);
    migration.backfill(FILL);
    assert_eq!(migration.gap_counts(), [0, 1, 0]);
    assert_eq!(
        outcomes(&migration),
        ["closed, not at Bakkt yet", "waived, and gone since"]
    );
    migration.refuse(true);
    migration.json("run", &["--yes"]);
    assert_eq!(migration.gap_counts(), [0, 1, 0]);
    migration.refuse(false);
    migration.json("retry", &["--reason", "said so"]);
    migration.json("run", &["--yes"]);
    assert_eq!(migration.gap_counts(), [1, 0, 0]);
}

#[test]
fn a_waived_gap_that_a_changed_export_fills_is_not_at_bakkt_without_an_update() {
    let migration = Migration::sent(&CUSTOMERS);
    migration.waive("A-1", PHONE);
    migration.replan(&CALLED, &[]);
    assert_eq!(migration.gap_counts(), [0, 1, 0]);
}

#[test]
fn a_gap_that_comes_back_before_bakkt_had_its_value_was_never_closed() {
    let migration = Migration::sent(&CUSTOMERS);
    let opened = |migration: &Migration| {
        let days = migration.summary()["burn_down"].clone();
        let days = days.as_array().unwrap().clone();
        days.iter()
            .map(|day| day["opened"].as_u64().unwrap())
            .sum::<u64>()
    };
    migration.gap_counts();
    let before = opened(&migration);
    for round in 1..3 {
        migration.replan(&CALLED, &[]);
        assert_eq!(migration.gap_counts(), [0, 1, 0]);
        migration.replan(&CUSTOMERS, &[]);
        assert_eq!(migration.gap_counts(), [0, 0, 0]);
        assert_eq!(opened(&migration), before);
        assert_eq!(outcomes(&migration), vec!["open again"; round]);
    }
    // Sent once, it is closed, also when it comes back afterwards.
    migration.replan(&CALLED, &["--update-accepted"]);
    migration.json("run", &["--yes"]);
    assert_eq!(migration.gap_counts(), [1, 0, 0]);
}

#[test]
fn a_waived_gap_of_a_customer_who_left_the_plan_stays_waived() {
    let migration = Migration::sent(&CUSTOMERS);
    migration.waive("A-1", PHONE);
    migration.replan(&CUSTOMERS[1..], &[]);
    let [closed, _, waived] = migration.gap_counts();
    assert_eq!((closed, waived), (0, 1));
    let waived = migration.rows("gaps.csv");
    let waived = waived.iter().find(|row| row["status"] == "waived").unwrap();
    assert_eq!(waived["clientAccountId"], "A-1");
    // Back in the plan, it is a waived gap of it.
    migration.replan(&CUSTOMERS, &[]);
    assert_eq!(migration.gap_counts(), [0, 0, 1]);
}

/// The mirror of a gap that is not at Bakkt yet.
#[test]
fn a_value_that_only_the_plan_lost_is_no_gap_at_bakkt() {
    let migration = Migration::sent(&CALLED);
    let before = migration.gap_counts();
    let open = |migration: &Migration| migration.status().0["gaps"]["open"].clone();
    let open_before = open(&migration);
    migration.replan(&CUSTOMERS, &[]);
    assert_eq!(migration.gap_counts(), before);
    assert_eq!(open(&migration), open_before);
    let (status, _) = migration.status();
    assert_eq!(status["gaps"]["only_in_plan"], 1, "{status}");
    let rows = migration.rows("gaps.csv");
    let row = rows.iter().find(|row| row["path"] == PHONE).unwrap();
    assert_eq!(
        [row["status"].as_str(), row["due"].as_str()],
        ["at Bakkt, not in the plan", ""]
    );
    let sheet = migration.world.path("sheet.xlsx");
    let asked = ["--field", PHONE, "--sheet", sheet.to_str().unwrap()];
    let (said, _) = migration.json("gaps", &asked);
    assert_eq!(said["sheet"]["cells"], 0, "{said}");
    migration.replan(&CALLED, &[]);
    assert_eq!(migration.gap_counts(), before);
    assert_eq!(outcomes(&migration), ["only in the plan"]);
}
