//! A gap ends when Bakkt has its value, and not when a file brought it.

use super::world::{CUSTOMERS, Migration, PHONE};
use crate::report::case::{Case, EVERYTHING};

#[test]
fn a_gap_ends_when_the_update_is_accepted() {
    let migration = Migration::sent(&CUSTOMERS);
    migration.backfill("clientAccountId,owners[0].phoneNumber\nA-1,7755550100\n");
    migration.json("run", &["--yes"]);
    assert_eq!(migration.gap_counts(), [1, 0, 0]);
    let times = migration
        .world
        .asked("SELECT at, (SELECT closed_at FROM closed_gap) FROM sent_update");
    let (sent, filled) = times[0].split_once(' ').unwrap();
    let shown = |at: &str| bakkt_report::rfc3339(at.parse().unwrap());
    assert_ne!(shown(sent), shown(filled));
    let rows = migration.rows("gap-history.csv");
    let row = rows.iter().find(|row| row["path"] == PHONE).unwrap();
    assert_eq!(
        [&row["ended"], &row["filled"]],
        [&shown(sent), &shown(filled)]
    );
}

/// A day of the burn-down is the day on which Bakkt got the value.
#[test]
fn the_burn_down_closes_a_gap_on_the_day_of_the_update() {
    // Accepted on day 0; filled in on day 9; sent on day 20.
    let late = "\
        INSERT INTO closed_gap (client_id, path, reason, level, opened_at, closed_at, layer, row)
            VALUES ('C-1', 1, 2, 'G', 1795000000000, 1795000000000 + 9 * 86400000, 0, 0);
        INSERT INTO sent_update (client_id, at, hash) VALUES ('C-1', 1795000000000 + 20 * 86400000, x'00');";
    let case = Case::new(&[EVERYTHING, late]);
    case.totals();
    let summary: serde_json::Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    let days = summary["burn_down"].as_array().unwrap();
    let closed: Vec<&str> = days
        .iter()
        .filter(|day| day["closed"] == 1)
        .map(|day| day["day"].as_str().unwrap())
        .collect();
    assert_eq!(closed, ["2026-12-08"]);
    let history = case.file("gap-history.csv");
    assert!(history.contains("2026-12-08T"), "{history}");
}
