//! Killed, interrupted, refused for a while: the same command goes on, and asks about nobody twice.

use std::process::Stdio;

use super::world::{SETTINGS, World, individuals};
use crate::support::{Running, SandboxProcess, wait_for};

const ROWS: u64 = 150;
const PLACES: usize = 4;

fn world(folder: &std::path::Path, sandbox: &SandboxProcess) -> World {
    let world = individuals(folder, sandbox, ROWS, SETTINGS);
    world.run();
    world
}

fn started(world: &World) -> Running {
    Running::start(
        world
            .verify(&["--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )
}

/// How an audit without a head ends.
fn audited(world: &World) -> i32 {
    let mut audit = crate::support::program();
    let ended = audit.arg("audit").arg(&world.dir).output().unwrap();
    ended.status.code().unwrap_or(-1)
}

/// So many look-ups more than before.
fn after_more(sandbox: &SandboxProcess, more: u64) {
    let before = sandbox.count("gets");
    wait_for("questions", || {
        (sandbox.count("gets") >= before + more).then_some(())
    });
}

#[test]
fn killed_at_any_place_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(folder.path(), "latency_ms = 15\nlatency_jitter_ms = 10\n");
    let world = world(folder.path(), &sandbox);
    const KILLS: usize = 4;
    for _ in 0..KILLS {
        let mut running = started(&world);
        after_more(&sandbox, 19);
        // Neither beside it nor after it is what it wrote an alteration.
        assert_eq!(audited(&world), 3);
        running.kill();
        assert_eq!(audited(&world), 3);
    }
    let (said, code) = world.verified(&[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        (&said["pass"], &said["complete"]),
        (&1.into(), &true.into())
    );
    assert!(said["read"].as_u64() < Some(ROWS), "{said}");
    assert_eq!(world.counts().results, [ROWS, 0, 0, 0]);
    let asked = sandbox.asked();
    assert_eq!(asked.len() as u64, ROWS);
    let again: usize = asked.values().map(|times| times - 1).sum();
    assert!(again <= KILLS * PLACES, "{again} asked again");
    assert!(again > 0, "no kill hit an account on its way");
}

#[test]
fn the_first_ctrl_c_keeps_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(folder.path(), "latency_ms = 20\n");
    let world = world(folder.path(), &sandbox);
    let mut running = started(&world);
    after_more(&sandbox, 20);
    let id = running.0.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(sent.unwrap().success());
    assert_eq!(wait_for("the end", || running.ended()), 4);
    let counts = world.counts();
    assert!(counts.to_come > 0 && counts.results[0] > 0, "{counts:?}");
    assert_eq!(counts.done_at, None);
    let (said, code) = world.verified(&[]);
    assert_eq!((said["read"].as_u64(), code), (Some(counts.to_come), 0));
    let again: usize = sandbox.asked().values().map(|times| times - 1).sum();
    assert!(again <= PLACES, "{again} asked again");
}

#[test]
fn failing_questions_are_asked_again_and_the_rate_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(
        folder.path(),
        "lookup_fail = 0.4\nrate = { requests = 80, per_ms = 1000, count_lookups = true }\n",
    );
    let settings = SETTINGS
        .replace("in_flight = 4", "in_flight = 32")
        .replace("\"unlimited\"", "\"45/s\"");
    let world = individuals(folder.path(), &sandbox, 40, &settings);
    world.run();
    // What the run was let do does not count against the questions.
    let before = sandbox.count("rate_limited");
    let (said, code) = world.verified(&[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(world.counts().results, [40, 0, 0, 0]);
    assert_eq!(sandbox.count("rate_limited"), before);
    assert!(sandbox.count("gets") > 90, "questions failed");
}

#[test]
fn what_cannot_be_asked_is_left_for_the_next_call() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(
        folder.path(),
        "lookup_fail = 1.0\nmax_faults_per_id = 1000000\n",
    );
    let settings = SETTINGS.replace("[retry]", "[retry]\nattempts = 2\nbreaker = 1000");
    let world = individuals(folder.path(), &sandbox, 5, &settings);
    world.run();
    let (said, code) = world.verified(&[]);
    assert_eq!(code, 4, "{said}");
    assert_eq!(
        (&said["left"], &said["complete"]),
        (&5.into(), &false.into())
    );
    let settings = SETTINGS.replace("[retry]", "[retry]\nbreaker = 3");
    std::fs::write(world.dir.join("migration.toml"), settings).unwrap();
    let output = world.verify(&[]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("3 questions failed in a row"), "{told}");
    assert_eq!(world.counts().results, [0; 4]);
}
