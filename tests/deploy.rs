//! The scripts of `deploy/`: what they make, and what they do with exit codes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::shards::world::World;
use crate::support::{Running, wait_for};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name)
}

fn bash(name: &str, arguments: &[&str]) -> (String, i32) {
    let mut bash = Command::new("bash");
    let Output {
        status,
        stdout,
        stderr,
    } = bash.arg(script(name)).args(arguments).output().unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    (text, status.code().unwrap_or(-1))
}

#[test]
fn every_shard_gets_a_job_with_a_volume_of_its_own() {
    let image = ["--image", "registry.example.com/bakkt-migrate:0.1.0"];
    let (text, code) = bash(
        "kubernetes/manifests.sh",
        &[&["--shards", "12"], &image[..]].concat(),
    );
    assert_eq!(code, 0, "{text}");
    for shard in 0..12 {
        assert_eq!(text.matches(&format!("--shard, {shard}/12,")).count(), 1);
        let volume = format!("persistentVolumeClaim: {{claimName: bakkt-migrate-state-{shard}}}");
        assert_eq!(text.matches(&volume).count(), 1);
    }
    assert_eq!(text.matches("kind: Job\n").count(), 12);
    for (options, why) in [
        (&["--shards", "x"][..], "is a number"),
        (&["--shards", "3"], "names an image"),
        (
            &["--shards", "3", "--image", "x", "--folder", "../x"],
            "names a folder",
        ),
        (
            &["--shards", "3", "--image", "x", "--name", "X"],
            "no name for an object",
        ),
        (&["--sharts", "3"], "is not an option"),
    ] {
        let (said, code) = bash("kubernetes/manifests.sh", options);
        assert_eq!(code, 2, "{options:?}: {said}");
        assert!(said.contains(why), "{options:?}: {said}");
    }
}

#[test]
fn manifests_fit_the_published_schemas() {
    let (said, code) = bash("kubernetes/check.sh", &["--if-possible"]);
    println!("{said}");
    assert_eq!(code, 0, "{said}");
}

/// Task 1 of an array of two, with a sandbox as target.
fn task(world: &World) -> Command {
    let mut bash = Command::new("bash");
    let program = world.command("run", "", &[]);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => bash.env(name, value),
            None => bash.env_remove(name),
        };
    }
    let arguments = format!(
        "--base-url {} --registry {}",
        world.sandbox.base_url(),
        world.path("registry").display()
    );
    bash.arg(script("slurm/migrate.sbatch"))
        .env("MIGRATION", world.dir())
        .env("STATE", world.path("state"))
        .env("BAKKT_MIGRATE", program.get_program())
        .env("RUN_ARGUMENTS", arguments)
        .env("SLURM_ARRAY_TASK_ID", "1")
        .env("SLURM_ARRAY_TASK_COUNT", "2")
        .env("SLURM_ARRAY_TASK_MIN", "0")
        .env("SLURM_ARRAY_TASK_MAX", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    bash
}

#[test]
fn a_task_of_an_array_ends_with_a_code_that_slurm_can_start_it_again_by() {
    let world = World::new(200);
    let settings = std::fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    world.write(
        "migration.toml",
        &settings.replace("create = \"unlimited\"", "create = \"60/s\""),
    );
    let sends = |more: u64| {
        let before = world.sandbox.count("posts");
        wait_for("some customers", || {
            (world.sandbox.count("posts") >= before + more).then_some(())
        });
    };
    let signal = |name: &str, pid: u32| {
        let mut kill = Command::new("kill");
        assert!(
            kill.args([name, &pid.to_string()])
                .status()
                .unwrap()
                .success()
        );
    };
    // Stopped by Slurm: the program drains and says 4.
    let mut running = Running::start(&mut task(&world));
    sends(5);
    signal("-TERM", running.0.id());
    assert_eq!(wait_for("the end", || running.ended()), 4);
    // Killed: the script says 137.
    let mut running = Running::start(&mut task(&world));
    sends(5);
    let pid = running.0.id();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let Ok(children) = children else {
        println!("left out: this system does not name the children of a process");
        return;
    };
    signal(
        "-KILL",
        children.split_whitespace().next().unwrap().parse().unwrap(),
    );
    assert_eq!(wait_for("the end", || running.ended()), 137);
    let mut running = Running::start(&mut task(&world));
    assert_eq!(wait_for("the end", || running.ended()), 0);
    let ledger = world.sandbox.ledger();
    assert!(
        ledger
            .accounts
            .values()
            .all(|account| account.posts_made == 1)
    );
}
