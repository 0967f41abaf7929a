//! Agreements of accounts that existed before: nothing was sent, so nothing was carried over.

use super::world::CUSTOMERS;
use crate::backfill::world::{MAPPING, World};

#[test]
fn agreements_of_accounts_that_were_left_alone_are_not_carried_over() {
    let world = World::of("existing = 1.0\n", &CUSTOMERS);
    let agreement = [
        ("name", "Terms"),
        ("version", "1"),
        ("eSignedDate", "2024-03-04T12:00:00Z"),
    ];
    let lines = agreement.map(|(field, text)| {
        format!("\"owners[0].agreements[0].{field}\" = {{ const = \"{text}\" }}\n")
    });
    world.write("mapping.toml", &format!("{MAPPING}{}", lines.concat()));
    let (totals, code) = world.json("run", &["--yes"]);
    assert_eq!(
        (totals["existed"]["different"].as_u64(), code),
        (Some(3), 3)
    );
    assert_eq!(world.posts(), 0);
    let path = world.path("report/agreements.csv");
    let text = std::fs::read_to_string(path).unwrap();
    for line in text.lines().skip(1) {
        assert!(line.ends_with(",accepted,,,,,no"), "{line}");
    }
    assert_eq!(text.lines().count(), 4);
}
