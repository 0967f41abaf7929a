//! Rows of `events.db` that somebody altered: no report and no run covers that up, whatever came or was done since.

use std::path::{Path, PathBuf};

use bakkt_journal::Journal;
use bakkt_journal::chain::EntryKind;
use rusqlite::Connection;

use super::copied;
use crate::commands::world::World;
use crate::events::receiver::body;

/// A migration with a rejected customer and an approved one, and its report.
fn decided() -> World {
    let world = World::of(3);
    let (code, said) = world.code("run acme --sandbox");
    assert_eq!(code, 0, "{said}");
    let told = [
        body("r1", "A-1", "INACTIVE", "RISK_OFAC"),
        body("r2", "A-2", "ACTIVE", "ENROLLMENT"),
    ];
    import(&world, "acme", &told);
    let (code, said) = world.code("report acme --sandbox --head-to head.json");
    assert_eq!(code, 0, "{said}");
    world
}

fn import(world: &World, folder: &str, bodies: &[String]) {
    world.write("events.jsonl", &bodies.join("\n"));
    let (code, said) = world.code(&format!("events import {folder} events.jsonl --sandbox"));
    assert_eq!(code, 0, "{said}");
}

fn state(world: &World, folder: &str) -> PathBuf {
    world.path(folder).join(".bakkt-migrate/sandbox")
}

fn alter(state: &Path, change: &str) {
    let db = Connection::open(state.join("events.db")).unwrap();
    db.execute_batch(change).unwrap();
}

/// Whoever may write to the file makes a rejection an approval, or takes it away.
const ALTERATIONS: [(&str, &str, &str); 4] = [
    (
        "approved",
        "UPDATE event SET status = 'ACTIVE', reason = 'ENROLLMENT' WHERE request_id = 'r1';
         UPDATE party SET status = 'ACTIVE', reason = 'ENROLLMENT' WHERE client_id = 'A-1'",
        "table event",
    ),
    (
        "deleted",
        "DELETE FROM event WHERE request_id = 'r1'; DELETE FROM party WHERE client_id = 'A-1'",
        "table event",
    ),
    (
        "party",
        "UPDATE party SET status = 'ACTIVE', reason = 'ENROLLMENT' WHERE client_id = 'A-1'",
        "table party",
    ),
    // By which a decision is weighed against what was read back.
    (
        "time",
        "UPDATE party SET last_at = last_at - 1 WHERE client_id = 'A-1'",
        "table party",
    ),
];

#[test]
fn no_report_and_no_run_covers_an_alteration_of_events_up() {
    let world = decided();
    for (name, change, sheet) in ALTERATIONS {
        for (command, with_event, with_entry) in [
            ("report", false, false),
            ("report", true, false),
            ("report", false, true),
            ("run", true, false),
        ] {
            let folder = format!("{name}-{command}-{with_event}-{with_entry}");
            copied(&world.path("acme"), &world.path(&folder));
            let state = state(&world, &folder);
            alter(&state, change);
            if with_event {
                import(
                    &world,
                    &folder,
                    &[body("r3", "A-3", "ACTIVE", "ENROLLMENT")],
                );
            }
            if with_entry {
                // A command that was killed, which changes no event.
                let journal = Journal::open(&state).unwrap();
                let body = serde_json::json!({"command": "verify"});
                let now = bakkt_journal::now();
                journal.append_entry(EntryKind::Work, now, &body).unwrap();
            }
            let audit = format!("audit {folder} --sandbox --head head.json");
            let (code, said) = world.code(&audit);
            assert_eq!(code, 1, "{folder}: {said}");
            assert!(said.contains(sheet), "{folder}: {said}");
            let (code, said) = world.code(&format!("{command} {folder} --sandbox"));
            assert_eq!(code, 1, "{folder}: {said}");
            assert!(said.contains("THE JOURNAL WAS ALTERED"), "{folder}: {said}");
            assert!(said.contains(sheet), "{folder}: {said}");
            let (code, said) = world.code(&audit);
            assert_eq!(code, 1, "{folder}: {said}");
            assert!(said.contains(sheet), "{folder}: {said}");
        }
    }
}

#[test]
fn events_that_come_cover_no_other_alteration_up() {
    let world = decided();
    import(&world, "acme", &[body("r3", "A-3", "ACTIVE", "ENROLLMENT")]);
    let (code, said) = world.code("audit acme --sandbox --head head.json");
    assert_eq!(code, 3, "{said}");
    let db = Connection::open(state(&world, "acme").join("journal.db")).unwrap();
    db.execute_batch("UPDATE record SET row = row + 1 WHERE id = 1")
        .unwrap();
    drop(db);
    let (code, said) = world.code("report acme --sandbox");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("reconciliation.csv"), "{said}");
}

#[test]
fn events_that_come_are_no_alteration() {
    let world = decided();
    for (number, (id, status, reason)) in [
        ("A-1", "INACTIVE", "RISK_KYC"),
        ("A-1", "ACTIVE", "ENROLLMENT"),
        ("A-3", "UNDER_REVIEW", "DOCUMENT_VERIFICATION"),
        ("A-3", "STRANGE", "OTHER"),
        ("A-2", "ACTIVE", "ENROLLMENT"),
        ("nobody's", "ACTIVE", "ENROLLMENT"),
    ]
    .into_iter()
    .enumerate()
    {
        import(
            &world,
            "acme",
            &[body(&format!("n{number}"), id, status, reason)],
        );
        let (code, said) = world.code("audit acme --sandbox --head head.json");
        assert_eq!(code, 3, "{said}");
        let (code, said) = world.code("report acme --sandbox");
        assert_ne!(code, 1, "{said}");
        assert!(!said.contains("ALTERED"), "{said}");
        let (code, said) = world.code("audit acme --sandbox --head head.json");
        assert_eq!(code, 0, "{said}");
    }
    let forget = "forget acme --sandbox --id A-3 --by Ada --reason asked";
    let (code, said) = world.code(forget);
    assert_eq!(code, 0, "{said}");
    let (code, said) = world.code("audit acme --sandbox --head head.json");
    assert_eq!(code, 0, "{said}");
}
