//! `close`: what stops it, what goes and what stays, and that nothing runs here afterwards.

use std::fs;

use super::world::{CUSTOMERS, World, files_below, holding, local, said, state, status};
use crate::support::wait_for;

const WHY: [&str; 4] = ["--reason", "all is done", "--by", "kim"];

fn close(world: &World, more: &[&str]) -> (String, i32) {
    said(local(world, "close", &WHY).args(more))
}

#[test]
fn a_migration_with_loose_ends_stays_open_and_each_is_named() {
    let world = World::new(&CUSTOMERS);
    let (text, code) = close(&world, &["--yes"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("no journal yet"), "{text}");
    world.json("run", &["--yes", "--limit", "1"]);
    let (text, code) = close(&world, &["--yes"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("accounts open: 2"), "{text}");
    for (change, says) in [
        (
            "UPDATE task SET state = 1 WHERE state = 0",
            "accounts held: 2",
        ),
        (
            "UPDATE task SET state = 3 WHERE state = 1",
            "accounts in doubt: 2",
        ),
        ("DELETE FROM task WHERE state = 3", "does not balance: "),
    ] {
        let journal = rusqlite::Connection::open(state(&world).join("journal.db")).unwrap();
        journal.execute_batch(change).unwrap();
        drop(journal);
        let (text, code) = close(&world, &["--yes"]);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(state(&world).join("journal.key").exists());
    assert!(!state(&world).join("closed.json").exists());
}

#[test]
fn what_must_not_stay_goes_and_nothing_runs_here_again() {
    let world = World::sent(&CUSTOMERS);
    world.write(
        "fill.csv",
        "clientAccountId,owners[0].phoneNumber\n00700-A,+17755550100\n",
    );
    world.json(
        "backfill",
        &[
            world.path("fill.csv").to_str().unwrap(),
            "--reason",
            "called",
            "--by",
            "kim",
        ],
    );
    world.run();
    let before = fs::read(world.path("export.csv")).unwrap();
    assert!(!files_below(&state(&world).join("layers")).is_empty());
    let unasked = close(&world, &[]);
    assert_eq!(unasked.1, 2, "{unasked:?}");
    assert!(unasked.0.contains("no terminal to ask on"), "{}", unasked.0);

    let (text, code) = close(&world, &["--yes"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("export.csv: an export"), "{text}");
    assert!(text.contains("may still hold them"), "{text}");
    for gone in ["journal.key", "layers", "sessions", "replan"] {
        assert!(!state(&world).join(gone).exists(), "{gone}");
    }
    assert!(holding(&state(&world), "+17755550100").is_empty());
    assert_eq!(fs::read(world.path("export.csv")).unwrap(), before);
    assert!(world.path("report/reconciliation.csv").exists());
    let journal = rusqlite::Connection::open(state(&world).join("journal.db")).unwrap();
    let count = |sql: &str| {
        journal
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(
        count("SELECT count(*) FROM document WHERE sealed IS NOT NULL"),
        0
    );
    assert_eq!(count("SELECT count(*) FROM entry WHERE kind = 'close'"), 1);
    assert!(count("SELECT count(*) FROM entry") > 3);
    drop(journal);

    let file = world.path("fill.csv");
    let file = file.to_str().unwrap();
    for (command, more) in [
        ("run", &["--yes"][..]),
        ("replan", &["--reason", "more", "--by", "kim"]),
        ("verify", &[]),
        ("backfill", &[file, "--reason", "more", "--by", "kim"]),
    ] {
        let (text, code) = said(&mut world.command(command, more));
        assert_eq!(code, 2, "{command}: {text}");
        assert!(text.contains("was closed by kim on"), "{command}: {text}");
    }
    let who = ["--id", "B-2", "--reason", "late", "--by", "kim"];
    for (command, more) in [
        ("exclude", &who[..]),
        ("retry", &who),
        ("forget", &who),
        (
            "waive",
            &[
                "--id",
                "B-2",
                "--field",
                "owners[0].phoneNumber",
                "--reason",
                "late",
                "--by",
                "kim",
            ],
        ),
        ("events", &["x"]),
    ] {
        let mut program = match command {
            "events" => {
                let mut program = crate::support::program();
                program
                    .args(["events", "import"])
                    .arg(world.dir())
                    .arg(file);
                program
            }
            _ => local(&world, command, more),
        };
        let (text, code) = said(&mut program);
        assert_eq!(code, 2, "{command}: {text}");
        assert!(text.contains("was closed by kim on"), "{command}: {text}");
    }
    assert_eq!(status(&world)["balanced"], true);
    let (text, _) = said(&mut local(&world, "status", &[]));
    assert!(text.contains("closed by kim"), "{text}");
    // Without the key whom decisions were about cannot be compared; all else is as it was.
    let (text, code) = said(&mut local(&world, "audit", &[]));
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("Nothing that could be checked was altered"),
        "{text}"
    );
    assert_eq!(close(&world, &["--yes"]).1, 0, "again: it says the same");
}

#[test]
fn a_close_that_was_cut_off_goes_on() {
    let world = World::sent(&CUSTOMERS);
    // As a kill between the tombstone and the first deletion leaves it.
    assert_eq!(close(&world, &["--yes"]).1, 0);
    let tombstone = state(&world).join("closed.json");
    let begun = fs::read_to_string(&tombstone)
        .unwrap()
        .replace("true", "false");
    fs::write(&tombstone, begun).unwrap();
    fs::create_dir(state(&world).join("layers")).unwrap();
    fs::write(state(&world).join("layers/0001.csv"), "left").unwrap();
    fs::write(state(&world).join("journal.key"), [7; 32]).unwrap();
    let (text, code) = said(&mut world.command("run", &["--yes"]));
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("is being closed"), "{text}");
    assert_eq!(close(&world, &["--yes"]).1, 0);
    assert!(!state(&world).join("layers").exists());
    assert!(!state(&world).join("journal.key").exists());
}

#[test]
fn a_killed_close_ends_with_the_next_one() {
    for wait in 0..6u32 {
        let world = World::sent(&CUSTOMERS);
        let mut child = local(&world, "close", &WHY).arg("--yes").spawn().unwrap();
        // Wherever it is by then: before the tombstone, behind it, or done.
        if wait > 0 {
            wait_for("the tombstone or the end", || {
                let is_there = state(&world).join("closed.json").exists();
                (is_there || child.try_wait().unwrap().is_some()).then_some(())
            });
            for _ in 1..wait {
                std::thread::yield_now();
            }
        }
        let _ = child.kill();
        child.wait().unwrap();
        let (text, code) = close(&world, &["--yes"]);
        assert_eq!(code, 0, "{text}");
        let left = files_below(&state(&world));
        assert!(
            !left.iter().any(|path| path.ends_with("journal.key")),
            "{left:?}"
        );
        let (text, _) = said(&mut world.command("run", &["--yes"]));
        assert!(text.contains("was closed by kim"), "{text}");
        assert_eq!(status(&world)["balanced"], true);
    }
}
