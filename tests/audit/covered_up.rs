//! Commands that plan, send or read back compare the journal with its last checkpoint beside their work: what was altered before them
//! is told and noted, and is not covered up by the checkpoint that they make.

use rusqlite::Connection;

use crate::commands::world::{Bakkt, World, gap, row, shown};

/// A migration that was sent to a sandbox of its own.
fn sent() -> (World, Bakkt) {
    let bakkt = Bakkt::start(|_| ());
    let rows: Vec<String> = (1..=6).map(|number| row(&format!("A-{number}"))).collect();
    let world = World::new(&[rows, vec![gap("G-1")]].concat());
    let (code, said) = world.code(&bakkt.run("--yes"));
    assert!([0, 3].contains(&code), "{said}");
    (world, bakkt)
}

/// Somebody who may write to the file gives an account another id of Bakkt's.
fn alter(world: &World, task: i64) {
    let db = Connection::open(world.path("acme/.bakkt-migrate/journal.db")).unwrap();
    let change = "UPDATE task SET bakkt_id = 'bk-altered' WHERE id = ?";
    assert_eq!(db.execute(change, [task]).unwrap(), 1);
}

fn does(world: &World, line: &str) -> String {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    shown(&world.command(&arguments).output().unwrap())
}

/// What `audit` says, and its exit code.
fn audit(world: &World) -> (i32, String) {
    world.code("report acme --head-to head.json");
    world.code("audit acme --head head.json")
}

#[test]
fn what_was_altered_before_a_command_stays_noted() {
    let (world, bakkt) = sent();
    world.write(
        "phones.csv",
        "clientAccountId,owners[0].phoneNumber\nG-1,+15125550109\n",
    );
    let to = format!("--base-url {}", bakkt.url());
    for command in [
        format!("run acme {to} --yes"),
        format!("run acme {to} --yes --quiet"),
        format!("replan acme {to} --reason test"),
        format!("backfill acme phones.csv {to} --reason test"),
        format!("verify acme {to}"),
    ] {
        let copy = world.copy();
        let said = does(&copy, &command);
        assert!(
            !said.contains("not as its last checkpoint"),
            "{command}: {said}"
        );
        let (code, said) = audit(&copy);
        assert_eq!(code, 0, "{command}: {said}");

        let copy = world.copy();
        alter(&copy, 2);
        let said = does(&copy, &command);
        assert!(
            said.contains("not as its last checkpoint"),
            "{command}: {said}"
        );
        let (code, said) = audit(&copy);
        assert_eq!(code, 1, "{command}: {said}");
        assert!(
            said.contains("nothing was done between: "),
            "{command}: {said}"
        );
        assert!(said.contains("table task"), "{command}: {said}");
        let (code, said) = copy.code("status acme");
        assert_eq!(code, 1, "{command}: {said}");
        assert!(
            said.contains("THE JOURNAL WAS ALTERED"),
            "{command}: {said}"
        );
    }
}

/// A command that fails after it has begun: what it found is noted, and its own changes are no alteration.
#[test]
fn a_command_that_fails_notes_it_as_well() {
    let (world, bakkt) = sent();
    for (altered, expected) in [(false, 0), (true, 1)] {
        let copy = world.copy();
        if altered {
            alter(&copy, 2);
        }
        // Every customer gets another address: refused, after something was settled or not.
        let rows: Vec<String> = (1..=6).map(|number| row(&format!("A-{number}"))).collect();
        let rows = [rows, vec![gap("G-1")]].concat();
        copy.export(
            &rows
                .iter()
                .map(|row| row.replace("1980-02-03", "1980-03-02"))
                .collect::<Vec<_>>(),
        );
        let refused = format!(
            "replan acme --base-url {} --reason test --update-accepted",
            bakkt.url()
        );
        does(&copy, &refused);
        let (code, said) = audit(&copy);
        assert_eq!(code, expected, "{said}");
    }
}

/// What a replan settled before it was refused has its checkpoint: whatever is altered afterwards shows.
#[test]
fn a_replan_that_is_refused_after_settling_ends_with_a_checkpoint() {
    let bakkt = Bakkt::start(|config| {
        config.reset_after = 1.0;
        config.max_faults_per_id = 1;
    });
    let world = World::of(1);
    world.change("acme/migration.toml", "breaker = 5", "breaker = 1");
    world.change(
        "acme/migration.toml",
        "request_timeout = \"60s\"",
        "request_timeout = \"1s\"",
    );
    world.change(
        "acme/migration.toml",
        "settle_after = \"61s\"",
        "settle_after = \"1100ms\"",
    );
    assert_eq!(world.code(&bakkt.run("--yes")).0, 4);
    world.code("report acme --head-to head.json");
    // The name of a column is lost.
    world.change("acme/export.csv", "EMAIL", "MAIL");
    let said = does(
        &world,
        &format!("replan acme --base-url {} --reason test", bakkt.url()),
    );
    assert!(said.starts_with("exit code 2"), "{said}");
    let (code, said) = world.code("audit acme --head head.json");
    assert_eq!(code, 0, "{said}");
    alter(&world, 1);
    let (code, said) = world.code("audit acme --head head.json");
    assert_eq!(code, 1, "{said}");
}
