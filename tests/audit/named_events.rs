//! Events that came before the plan knew their account: they get its id once a receiver or an import knows it, behind a
//! checkpoint that saw them without one.

use rusqlite::Connection;

use crate::commands::world::{World, row};
use crate::events::receiver::body;

/// An id that is kept only where the plan has it, because it looks like a tax id.
const UNFIT: &str = "987654321";

/// Runs a command that must not fail.
fn done(world: &World, command: &str) -> String {
    let (code, said) = world.code(command);
    assert!([0, 3].contains(&code), "{command}: {code}: {said}");
    said
}

fn audit(world: &World) -> (i32, String) {
    world.code("audit acme --sandbox --head head.json")
}

#[test]
fn an_event_that_gets_its_account_later_is_no_alteration() {
    let world = World::of(2);
    done(&world, "run acme --sandbox");
    let told = [
        body("r0", "123456789", "UNDER_REVIEW", "OTHER"),
        body("r1", UNFIT, "UNDER_REVIEW", "OTHER"),
        body("r2", "A-1", "ACTIVE", "ENROLLMENT"),
    ];
    world.write("events.jsonl", &told.join("\n"));
    let import = "events import acme events.jsonl --sandbox";
    assert_eq!(world.code(import).0, 0);
    done(&world, "report acme --sandbox --head-to head.json");
    let (code, said) = audit(&world);
    assert_eq!(code, 0, "{said}");

    world.set("[accounts]\nallow_ids_like = [\"tax_id\"]");
    world.export(&[row("A-1"), row("A-2"), row(UNFIT)]);
    done(
        &world,
        "replan acme --sandbox --by Ada --reason a-customer-more",
    );
    done(&world, "run acme --sandbox");
    let (code, said) = audit(&world);
    assert_eq!(code, 0, "{said}");
    assert_eq!(world.code(import).0, 0);
    let db = Connection::open(world.path("acme/.bakkt-migrate/sandbox/events.db")).unwrap();
    let named = "SELECT count(*) FROM party WHERE client_id = ?";
    let named: u32 = db.query_row(named, [UNFIT], |row| row.get(0)).unwrap();
    assert_eq!(named, 1);
    let (code, said) = audit(&world);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("1 event got its account after the last checkpoint"),
        "{said}"
    );
    // And another one came.
    world.write("events.jsonl", &body("r3", "A-2", "ACTIVE", "ENROLLMENT"));
    assert_eq!(world.code(import).0, 0);
    let (code, said) = audit(&world);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("got its account"), "{said}");
    assert!(said.contains("1 event came after"), "{said}");

    // An event that has an account keeps it, and one without gets none but its own.
    for change in [
        "UPDATE event SET client_id = 'A-2' WHERE request_id = 'r0'",
        "UPDATE event SET client_id = 'A-2' WHERE request_id = 'r2'",
        "UPDATE event SET client_id = NULL WHERE request_id = 'r2'",
        "UPDATE event SET status = 'ACTIVE' WHERE request_id = 'r1'",
        "DELETE FROM event WHERE request_id = 'r1'",
    ] {
        let before = world.path("events-before.db");
        let _ = std::fs::remove_file(&before);
        db.execute("VACUUM INTO ?", [before.to_str().unwrap()])
            .unwrap();
        assert_eq!(db.execute(change, []).unwrap(), 1);
        let (code, said) = audit(&world);
        assert_eq!(code, 1, "{change}: {said}");
        assert!(said.contains("table event"), "{change}: {said}");
        db.execute("ATTACH ? AS old", [before.to_str().unwrap()])
            .unwrap();
        db.execute_batch(
            "DELETE FROM event; INSERT INTO event SELECT * FROM old.event; DETACH old",
        )
        .unwrap();
    }
    done(&world, "report acme --sandbox");
    let (code, said) = audit(&world);
    assert_eq!(code, 0, "{said}");
}
