//! What changes payloads or verdicts stops the next run by name; what does not, does not.

use insta::assert_snapshot;

use super::world::{Bakkt, World, row};
use crate::support::note_work;

fn begun() -> (World, Bakkt) {
    let (world, bakkt) = (World::of(4), Bakkt::start(|_| {}));
    world.write("acme/piece.toml", "[lookups.none]\nA = \"B\"\n");
    let mapping = world.read("acme/mapping.toml");
    world.write(
        "acme/mapping.toml",
        &format!("include = [\"piece.toml\"]\n{mapping}"),
    );
    world.set("[exclude]\nids = { file = \"held.txt\", reason = \"held\" }");
    world.write("acme/held.txt", "A-4\n");
    assert_eq!(world.code(&bakkt.run("--limit 1")).0, 0);
    (world, bakkt)
}

/// The next run ends with 2, says what changed, and sends nothing; put back, it goes on.
fn stops(change: impl FnOnce(&World), names: &str) {
    let (world, bakkt) = begun();
    let files = [
        "export.csv",
        "mapping.toml",
        "piece.toml",
        "migration.toml",
        "held.txt",
    ];
    let before = files.map(|name| world.read(&format!("acme/{name}")));
    change(&world);
    let text = world.bakkt(&bakkt.run(""));
    let expected = format!("error: since the plan was made, this changed: {names}\n");
    assert!(
        text.starts_with("exit code 2") && text.contains(&expected),
        "{text}"
    );
    assert!(text.contains("bakkt-migrate replan"), "{text}");
    assert_eq!(bakkt.ledger().posts, 1);
    for (name, text) in files.iter().zip(&before) {
        world.write(&format!("acme/{name}"), text);
    }
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 3);
}

#[test]
fn the_export() {
    stops(
        |world| world.export(&[row("A-1"), row("A-2"), row("A-3"), row("A-5")]),
        "the export export.csv",
    );
}

/// The journal knows another hash than the export has: only a run that reads the export sees it.
#[test]
fn an_export_in_a_known_state_is_read_only_when_asked_for() {
    let (world, bakkt) = begun();
    // Until a file's times can tell every later change, it is read.
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(world.code(&bakkt.run("--limit 1")).0, 0);
    note_work(&world.path("acme/.bakkt-migrate"));
    let journal = rusqlite::Connection::open(world.path("acme/.bakkt-migrate/journal.db")).unwrap();
    let other = "UPDATE fingerprint SET hash = zeroblob(32) WHERE name = 'the export export.csv' AND state IS NOT NULL";
    assert_eq!(journal.execute(other, []).unwrap(), 1);
    drop(journal);
    assert_eq!(world.code(&bakkt.run("--limit 1")).0, 0);
    let (code, text) = world.code(&bakkt.run("--rehash"));
    assert_eq!(code, 2, "{text}");
    // So does one whose file was written since, whatever stands in it.
    let export = world.read("acme/export.csv");
    world.write("acme/export.csv", &export);
    assert_eq!(world.code(&bakkt.run("")).0, 2);
    assert_eq!(bakkt.ledger().posts, 3);
}

#[test]
fn the_mapping() {
    stops(
        |world| world.change("acme/mapping.toml", "12 Sample", "13 Sample"),
        "the mapping mapping.toml",
    );
}

#[test]
fn a_piece_of_the_mapping() {
    stops(
        |world| world.write("acme/piece.toml", ""),
        "the mapping piece.toml",
    );
}

#[test]
fn a_piece_that_is_gone() {
    stops(
        |world| world.change("acme/mapping.toml", "include = [\"piece.toml\"]\n", ""),
        "the mapping mapping.toml, the mapping piece.toml",
    );
}

#[test]
fn the_policy() {
    stops(
        |world| {
            world.change(
                "acme/migration.toml",
                "[policy]",
                "[policy]\n\"owners[].phoneNumber\" = { level = \"H\", reason = \"calls\" }",
            )
        },
        "[policy] in migration.toml",
    );
}

#[test]
fn the_exclusions() {
    stops(
        |world| world.write("acme/held.txt", "A-3\n"),
        "[exclude] in migration.toml",
    );
}

#[test]
fn the_rules_for_ids() {
    stops(
        |world| world.set("[accounts]\nallow_ids_like = [\"email\"]"),
        "[accounts] allow_ids_like in migration.toml",
    );
}

#[test]
fn several_at_once() {
    let (world, bakkt) = begun();
    world.change("acme/export.csv", "Austin", "Dallas");
    world.change("acme/mapping.toml", "12 Sample", "13 Sample");
    world.change(
        "acme/migration.toml",
        "investmentProfile = {",
        "\"owners[].phoneNumber\" = { level = \"O\", reason = \"later\" }\ninvestmentProfile = {",
    );
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: since the plan was made, this changed: the export export.csv, the mapping mapping.toml, [policy] in migration.toml
      next: run `bakkt-migrate replan` to plan anew what was not accepted, or put the files back as they were
    "#);
}

#[test]
fn limits_retries_and_grace_are_no_drift() {
    let (world, bakkt) = begun();
    world.change(
        "acme/migration.toml",
        "create = \"unlimited\"",
        "create = \"1000/s\"\nin_flight = 2",
    );
    world.change("acme/migration.toml", "breaker = 5", "breaker = 7");
    world.set("[grace]\ndays = 30\n[target]\nkey_file = \"unused\"");
    world.set("[accounts]\non_existing = \"update\"");
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 3);
}
