//! A migration of which nothing is planned yet, however the first run was cut off: every command says so.

use std::fs;

use super::world::{Bakkt, World};
use crate::support::note_work;

const JOURNAL: &str = "acme/.bakkt-migrate/journal.db";
/// Commands that need a plan.
const NEED_PLAN: [&str; 9] = [
    "gaps acme",
    "replan acme",
    "verify acme",
    "links acme --out links.csv",
    "waive acme --id A-1 --field owners[0].phoneNumber --reason x",
    "exclude acme --id A-1 --reason x",
    "retry acme --reason x",
    "resolve acme --kyb A-1 --as accepted --reason x",
    "backfill acme acme/export.csv --reason x",
];
/// Commands that say where a migration stands.
const LOOK: [&str; 2] = ["status acme", "report acme"];

fn says_nothing_is_planned(world: &World, lines: &[&str], when: &str) {
    for line in lines {
        let said = world.bakkt(line);
        assert!(said.starts_with("exit code 2"), "{when}: {line}: {said}");
        assert!(
            said.contains("nothing is planned yet"),
            "{when}: {line}: {said}"
        );
        assert!(
            said.contains("`bakkt-migrate run`"),
            "{when}: {line}: {said}"
        );
    }
}

#[test]
fn a_first_run_that_was_cut_off_has_planned_nothing() {
    let (world, bakkt) = (World::of(2), Bakkt::start(|_| {}));
    let mut all = NEED_PLAN.to_vec();
    all.extend(LOOK);
    // Killed before the schema: the file is empty.
    fs::create_dir(world.path("acme/.bakkt-migrate")).unwrap();
    let modes = |path: &str, mode| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(world.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    modes("acme/.bakkt-migrate", 0o700);
    fs::write(world.path(JOURNAL), "").unwrap();
    fs::write(world.path("acme/.bakkt-migrate/journal.key"), [7; 32]).unwrap();
    modes(JOURNAL, 0o600);
    modes("acme/.bakkt-migrate/journal.key", 0o600);
    says_nothing_is_planned(&world, &all, "an empty journal");
    // Killed before planning: the schema is there.
    assert_eq!(world.code(&bakkt.run("--limit 0")).0, 0);
    note_work(&world.path("acme/.bakkt-migrate"));
    let journal = rusqlite::Connection::open(world.path(JOURNAL)).unwrap();
    journal
        .execute("DELETE FROM meta WHERE key = 'plan'", [])
        .unwrap();
    says_nothing_is_planned(&world, &all, "a schema alone");
    // Killed while planning.
    journal
        .execute("INSERT INTO meta VALUES ('plan', 'planning')", [])
        .unwrap();
    says_nothing_is_planned(&world, &NEED_PLAN, "half a plan");
    drop(journal);
    // And the same `run` heals it.
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 2);
}
