//! No shard twice: what a registry refuses, and what a migration is.

use std::process::Stdio;

use super::world::World;
use crate::support::{Running, program, wait_for};

#[test]
fn a_shard_is_sent_from_one_journal() {
    let world = World::new(40);
    world.run_all(4);
    assert_eq!(world.sandbox.count("posts"), 40);
    let refused = |shard: &str, more: &[&str], why: &str| {
        let (said, code) = world.said("run", shard, more);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(why), "{why}: {said}");
    };
    // Elsewhere, with an empty journal.
    let empty = world.path("elsewhere");
    refused(
        "1/4",
        &["--state", empty.to_str().unwrap()],
        "has another journal",
    );
    // On another machine, which has a copy of the folder without its state.
    let here = world.dir().join(".bakkt-migrate/shard-2-of-4");
    let moved = world.path("moved");
    std::fs::rename(&here, &moved).unwrap();
    refused("2/4", &[], "has another journal");
    // What was refused leaves no shard behind.
    assert!(!here.exists());
    assert!(!empty.join("shard-1-of-4").exists());
    std::fs::rename(&moved, &here).unwrap();
    refused("1/8", &[], "has 4 shards, not 8");
    refused("", &[], "has 4 shards");
    // Everything as before: nothing is left to do.
    world.run_all(4);
    assert_eq!(world.sandbox.count("posts"), 40);
}

#[test]
fn a_lost_key_of_the_shards_is_not_made_anew() {
    let world = World::new(8);
    world.run_all(2);
    let state = world.dir().join(".bakkt-migrate");
    let key = state.join("shards.key");
    std::fs::remove_file(&key).unwrap();
    for shard in ["0/2", "1/2"] {
        let (said, code) = world.said("run", shard, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("shards.key is not there"), "{said}");
        assert!(!key.exists());
    }
    std::fs::copy(state.join("shard-0-of-2/journal.key"), &key).unwrap();
    world.run_all(2);
    assert_eq!(world.sandbox.count("posts"), 8);
}

#[test]
fn a_run_of_a_shard_needs_a_registry_and_a_whole_migration_has_no_shards() {
    let world = World::new(6);
    let mut run = program();
    run.arg("run")
        .arg(world.dir())
        .args(["--yes", "--shard", "0/2"]);
    run.args(["--base-url", &world.sandbox.base_url()]);
    let (said, code) = super::world::said(&mut run);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("nothing says that shard 0/2 runs only once"),
        "{said}"
    );
    std::fs::remove_dir_all(world.dir().join(".bakkt-migrate")).unwrap();

    // One that began as a whole goes on as a whole; its registry knows.
    assert_eq!(world.json("run", "", &[]).1, 0);
    let (said, code) = world.said("run", "0/2", &[]);
    assert_eq!(code, 2);
    assert!(
        said.contains("has a journal of the whole migration"),
        "{said}"
    );
    std::fs::remove_dir_all(world.dir().join(".bakkt-migrate")).unwrap();
    let (said, code) = world.said("run", "0/2", &[]);
    assert_eq!(code, 2);
    assert!(said.contains("with no shards, not with 2 shards"), "{said}");
    assert_eq!(world.sandbox.count("posts"), 6);
}

#[test]
fn a_rate_that_cannot_be_divided_is_refused_and_a_share_is_told() {
    let world = World::new(6);
    let settings = std::fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    world.write(
        "migration.toml",
        &settings.replace("create = \"unlimited\"", "create = \"100/s\""),
    );
    let (said, code) = world.said("run", "0/2", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("the rates under [limits] are divided by 2"),
        "{said}"
    );
    world.write(
        "migration.toml",
        &settings.replace("create = \"unlimited\"", "create = \"1/s\""),
    );
    let (said, code) = world.said("run", "1/2", &[]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("`create` under [limits] cannot be divided among 2 shards"),
        "{said}"
    );
}

#[test]
fn a_killed_shard_goes_on_and_a_living_one_is_left_alone() {
    let world = World::new(300);
    let settings = std::fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    world.write(
        "migration.toml",
        &settings.replace("create = \"unlimited\"", "create = \"200/s\""),
    );
    let mut run = world.command("run", "0/2", &["--quiet"]);
    let mut running = Running::start(run.stdout(Stdio::null()).stderr(Stdio::null()));
    wait_for("some customers", || {
        (world.sandbox.count("posts") > 3).then_some(())
    });
    let (said, code) = world.said("run", "0/2", &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("another bakkt-migrate is working"), "{said}");
    running.kill();
    let (totals, code) = world.json("run", "0/2", &[]);
    assert_eq!(code, 0, "{totals}");
    assert_eq!(world.json("run", "1/2", &[]).1, 0);
    let ledger = world.sandbox.ledger();
    assert!(
        ledger
            .accounts
            .values()
            .all(|account| account.posts_made == 1)
    );
    assert_eq!(ledger.accounts.len(), 300);
    let (merged, code) = world.json("report", "", &["--merge"]);
    assert_eq!(
        (merged["tasks"]["account"]["accepted"].as_u64(), code),
        (Some(300), 0)
    );
}

#[test]
fn schedulers_name_the_shard() {
    let world = World::new(20);
    let (said, code) = world.said("run", "auto", &[]);
    assert_eq!(code, 2, "{said}");
    for task in ["0", "1"] {
        let mut run = world.command("run", "auto", &["--done-is-zero"]);
        run.env("SLURM_ARRAY_TASK_ID", task)
            .env("SLURM_ARRAY_TASK_COUNT", "2")
            .env("SLURM_ARRAY_TASK_MIN", "0")
            .env("SLURM_ARRAY_TASK_MAX", "1");
        let (said, code) = super::world::said(&mut run);
        assert_eq!(code, 0, "{said}");
    }
    assert_eq!(world.sandbox.count("posts"), 20);
    // A customer without an e-mail address needs a person: done, for a scheduler.
    world.customers(&["D-1!".to_owned(), "D-2".to_owned()]);
    let (said, _) = world.said("replan", "all", &[]);
    assert!(said.contains("the new plan"), "{said}");
    let run = |more: &[&str]| {
        let codes: Vec<i32> = ["0/2", "1/2"]
            .iter()
            .map(|shard| world.said("run", shard, more).1)
            .collect();
        codes.into_iter().max()
    };
    assert_eq!(run(&[]), Some(3));
    assert_eq!(run(&["--done-is-zero"]), Some(0));
}
