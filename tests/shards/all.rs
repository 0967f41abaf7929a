//! `--shard all`: what one shard would refuse is refused as a whole, and a stop is one for all shards.

use std::path::PathBuf;
use std::process::Stdio;

use bakkt_model::shard::shard_of_id;

use super::world::World;
use crate::support::{Running, wait_for};

/// The folder of a shard's state.
fn state(world: &World, shard: u32) -> PathBuf {
    let name = format!(".bakkt-migrate/shard-{shard}-of-3");
    world.dir().join(name)
}

/// The customers of a shard among the first thirty.
fn customers(shard: u32) -> Vec<String> {
    let ids = (1..=30).map(|number| format!("C-{number:04}"));
    ids.filter(|id| shard_of_id(id, 3) == shard).collect()
}

/// Three planned shards, and what a command of all of them is refused with.
fn planned() -> World {
    let world = World::new(30);
    for shard in ["0/3", "1/3", "2/3"] {
        assert_eq!(world.json("run", shard, &["--limit", "0"]).1, 0);
    }
    world
}

fn refused(world: &World, command: &str, more: &[&str], why: &str) {
    let (said, code) = world.said(command, "all", more);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains(why), "{why}: {said}");
}

fn excluded(world: &World) -> u64 {
    world.json("status", "", &[]).0["verdicts"]["excluded"]
        .as_u64()
        .unwrap()
}

const WHY: [&str; 2] = ["--reason", "they left"];

#[test]
fn a_stop_is_one_for_all_shards() {
    let world = World::new(60);
    let settings = std::fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    let slow = settings.replace("create = \"unlimited\"", "create = \"6/s\"");
    world.write("migration.toml", &slow);
    let mut run = world.command("run", "all/3", &[]);
    let mut running = Running::start(run.stdout(Stdio::null()).stderr(Stdio::null()));
    wait_for("the first customer", || {
        (world.sandbox.count("posts") > 0).then_some(())
    });
    let id = rustix::process::Pid::from_raw(running.0.id().cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let code = wait_for("the end of the run", || running.ended());
    assert_eq!(code, 4);
    assert!(world.sandbox.count("posts") < 20);
    assert!(state(&world, 0).exists());
    assert!(!state(&world, 1).exists() && !state(&world, 2).exists());
}

#[test]
fn who_is_named_must_be_in_the_plan_of_a_shard_that_is_here() {
    let world = planned();
    let (one, other) = (&customers(0)[0], &customers(2)[0]);
    let named = |ids: &[&str]| -> Vec<String> {
        let ids = ids.iter().flat_map(|id| ["--id", id]);
        ids.chain(WHY).map(str::to_owned).collect()
    };
    let unknown = named(&[one, other, "NOPE"]);
    let unknown: Vec<&str> = unknown.iter().map(String::as_str).collect();
    refused(&world, "exclude", &unknown, "does not have 1 of these ids");
    assert_eq!(excluded(&world), 0);

    let of_other = named(&[other]);
    let of_other: Vec<&str> = of_other.iter().map(String::as_str).collect();
    let (said, code) = world.said("exclude", "0/3", &of_other);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("do not belong to shard 0/3"), "{said}");

    let elsewhere = world.path("elsewhere");
    std::fs::rename(state(&world, 2), &elsewhere).unwrap();
    refused(
        &world,
        "exclude",
        &of_other,
        "fall to shards that are not here",
    );
    refused(
        &world,
        "waive",
        &[&of_other[..], &["--field", "owners[0].phoneNumber"]].concat(),
        "not here",
    );
    let mut forget = world.command("forget", "", &["--id", other, "--reason", "asked for"]);
    let (said, code) = super::world::said(&mut forget);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no journal of shard 2/3"), "{said}");

    let list = world.path("ids.txt");
    std::fs::write(&list, format!("{one}\n{other}\n")).unwrap();
    let from = ["--from", list.to_str().unwrap(), WHY[0], WHY[1]];
    let (said, code) = world.said("exclude", "all", &from);
    assert_eq!(code, 3, "{said}");
    assert_eq!(excluded(&world), 1);
    std::fs::rename(&elsewhere, state(&world, 2)).unwrap();
    let (said, code) = world.said("exclude", "all", &from);
    assert_eq!(code, 0, "{said}");
    assert_eq!(excluded(&world), 2);
}

#[test]
fn a_list_is_taken_by_the_other_shards_when_one_knows_nobody_of_it() {
    let world = planned();
    let unknown = (0..).map(|n| format!("X-{n}"));
    let unknown = unknown.into_iter().find(|id| shard_of_id(id, 3) == 0);
    let path = world.path("ids.txt");
    let unknown = unknown.unwrap();
    let write = |place: usize| {
        let (first, second) = (&customers(1)[place], &customers(2)[place]);
        std::fs::write(&path, format!("{unknown}\n{first}\n{second}\n")).unwrap();
    };
    write(0);
    let list = path.to_str().unwrap();
    let (said, code) = world.said("run", "all", &["--only", list]);
    assert_eq!(code, 3, "{said}");
    assert_eq!(world.sandbox.count("posts"), 2, "{said}");
    // Whom Bakkt has stays; the others are left out.
    write(1);
    let (said, code) = world.said("exclude", "all", &["--from", list, WHY[0], WHY[1]]);
    assert_eq!(code, 3, "{said}");
    assert_eq!(excluded(&world), 2);
}

#[test]
fn what_means_something_else_in_each_shard_is_refused() {
    let world = planned();
    refused(
        &world,
        "run",
        &["--limit", "5"],
        "counts the accounts of one shard",
    );
    let task = ["--custody-task", "5", "--as", "not-taken", WHY[0], WHY[1]];
    refused(&world, "resolve", &task, "a task in one shard");
    let document = ["--document", "d-1", "--as", "accepted", "--bakkt-id", "b-1"];
    let document = [&document[..], &WHY[..]].concat();
    refused(&world, "resolve", &document, "a document of one shard");
    assert_eq!(world.sandbox.count("posts"), 0);
}

#[test]
fn a_folder_of_state_that_is_named_twice_counts_once() {
    let world = planned();
    let folder = world.dir().join(".bakkt-migrate");
    let folder = folder.to_str().unwrap();
    let rows = |more: &[&str]| world.json("status", "", more).0["verdicts"].clone();
    let once = rows(&[]);
    assert_eq!(rows(&["--state", folder]), once);
    assert_eq!(rows(&["--state", folder, "--state", folder]), once);
    // A copy is another journal.
    let copies = world.path("copies");
    std::fs::create_dir(&copies).unwrap();
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(state(&world, 1))
        .arg(&copies)
        .status();
    assert!(copied.unwrap().success());
    let (said, code) = world.said("status", "", &["--state", copies.to_str().unwrap()]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("several journals of shard 1/3"), "{said}");
}

#[test]
fn a_shard_that_is_not_here_is_told_alike_by_every_command_and_not_made() {
    let world = World::new(30);
    for shard in ["0/3", "2/3"] {
        assert_eq!(world.json("run", shard, &["--limit", "0"]).1, 0);
    }
    let hash = &"0".repeat(64);
    let file = world.path("filled.csv");
    std::fs::copy(world.dir().join("export.csv"), &file).unwrap();
    let file = file.to_str().unwrap();
    let out = world.path("out.csv");
    let out = out.to_str().unwrap();
    let id = &customers(1)[0];
    let url = world.sandbox.base_url();
    let commands: [&[&str]; 16] = [
        &["status"],
        &["status", "--json"],
        &["report"],
        &["report", "--json"],
        &["audit"],
        &["gaps", "--csv", out],
        &[
            "waive",
            "--id",
            id,
            "--field",
            "owners[0].phoneNumber",
            WHY[0],
            WHY[1],
        ],
        &["exclude", "--id", id, WHY[0], WHY[1]],
        &["backfill", file, "--base-url", &url, WHY[0], WHY[1]],
        &["retry", WHY[0], WHY[1]],
        &["resolve", "--kyb", id, "--as", "accepted", WHY[0], WHY[1]],
        &["verify"],
        &["links", "--out", out, "--base-url", &url],
        &["replan"],
        &["replan", "--dry-run"],
        &["approve", "--plan", hash, "--key", file, "--base-url", &url],
    ];
    for words in commands {
        let (said, code) = world.said(words[0], "1/3", &words[1..]);
        assert!(
            said.contains("has no journal yet") && said.contains("shard 1/3 of "),
            "{words:?}: {said}"
        );
        assert!(said.contains("with --state"), "{words:?}: {said}");
        assert_eq!(code, 2, "{words:?}: {said}");
        assert!(!state(&world, 1).exists(), "{words:?} made a folder");
    }
}

#[test]
fn commands_that_look_take_all_shards_as_well() {
    let world = planned();
    let (said, code) = world.said("audit", "all", &[]);
    assert!([0, 3].contains(&code), "{said}");
    for shard in 0..3 {
        assert!(said.contains(&format!("shard {shard}/3")), "{said}");
    }
}
