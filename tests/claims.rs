//! What nobody can ask Bakkt about afterwards is claimed only when it is about to leave: a kill leaves in doubt what was on its way,
//! and not what waited for the rate or for a person.
//!
//! Owner of that promise for KYB triggers and custody users. Left out on purpose: accounts and documents, which a resumed run
//! asks about.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::custody::world::{World, rows};
use crate::support::{Running, SandboxProcess, copy_folder, json_of, program, wait_for};

/// One that is claimed, and one whose answer has not been recorded.
const MOST: u64 = 2;

/// The sample of entities at one KYB trigger a second.
struct Harbor {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl Harbor {
    fn new() -> Harbor {
        let folder = tempfile::tempdir().unwrap();
        let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/harbor");
        copy_folder(&sample, &folder.path().join("harbor"));
        let sandbox = SandboxProcess::start(folder.path(), "seed = 7\n");
        let harbor = Harbor { folder, sandbox };
        harbor.rate("50/s", "1/s");
        harbor
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("harbor")
    }

    fn rate(&self, from: &str, to: &str) {
        let file = self.dir().join("migration.toml");
        let settings = std::fs::read_to_string(&file).unwrap();
        let line = |rate: &str| format!("kyb = \"{rate}\"");
        assert!(settings.contains(&line(from)));
        std::fs::write(file, settings.replace(&line(from), &line(to))).unwrap();
    }

    fn start(&self) -> Running {
        let mut run = program();
        run.arg("run").arg(self.dir()).arg("--quiet");
        run.args(["--base-url", &self.sandbox.base_url()]);
        Running::start(run.stdout(Stdio::null()).stderr(Stdio::null()))
    }

    fn triggered(&self) -> usize {
        self.sandbox.ledger().kyb.len()
    }

    fn kyb(&self, state: &str) -> u64 {
        let (status, _) = json_of(program().arg("status").arg(self.dir()).arg("--json"));
        status["tasks"]["kyb"][state].as_u64().unwrap()
    }
}

#[test]
fn kyb_that_waits_for_the_rate_is_not_in_doubt_after_a_kill() {
    let harbor = Harbor::new();
    let mut run = harbor.start();
    wait_for("KYB triggers", || (harbor.triggered() >= 2).then_some(()));
    run.kill();
    assert!(harbor.kyb("in_doubt") <= MOST);
    assert!(harbor.kyb("open") > MOST, "none waits any more");
}

#[test]
fn a_pause_gives_up_what_was_claimed_and_nothing_is_lost() {
    let harbor = Harbor::new();
    let mut run = harbor.start();
    wait_for("KYB triggers", || (harbor.triggered() >= 2).then_some(()));
    pause(&harbor.dir());
    wait_for("no trigger in doubt", || {
        (harbor.kyb("in_doubt") == 0).then_some(())
    });
    run.kill();
    let before = harbor.triggered();
    assert_eq!(harbor.kyb("in_doubt"), 0);

    harbor.rate("1/s", "50/s");
    let mut run = harbor.start();
    let code = wait_for("the end of the run", || run.ended());
    assert_eq!(code, 3);
    let kyb = harbor.sandbox.ledger().kyb;
    assert!(kyb.len() > before);
    assert!(kyb.values().all(|times| *times == 1), "{kyb:?}");
    assert_eq!((harbor.kyb("in_doubt"), harbor.kyb("open")), (0, 0));
}

/// A migration with custody that makes one user a second, at work.
fn at_work() -> (World, Running) {
    let world = World::new(&rows(12), "", "seed = 7\n");
    let file = world.dir().join("migration.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let slow = settings.replace("users = \"unlimited\"", "users = \"1/s\"");
    std::fs::write(file, slow).unwrap();
    let url = world.sandbox.base_url();
    let mut run = world.command(&["run"], &["--quiet", "--base-url", &url]);
    let run = Running::start(run.stdout(Stdio::null()).stderr(Stdio::null()));
    let users = || world.made().of_kind("user").len();
    wait_for("custody users", || (users() >= 2).then_some(()));
    (world, run)
}

#[test]
fn users_that_wait_for_the_rate_are_not_in_doubt_after_a_kill() {
    let (world, mut run) = at_work();
    run.kill();
    let (status, _) = json_of(program().arg("status").arg(world.dir()).arg("--json"));
    let users: &Value = &status["custody"]["user"];
    assert!(users["in_doubt"].as_u64().unwrap() <= MOST, "{users}");
    assert!(users["open"].as_u64().unwrap() > MOST, "{users}");
}

#[test]
fn status_says_that_custody_is_paused() {
    let (world, _run) = at_work();
    pause(&world.dir());
    let paused = || {
        let status = program().arg("status").arg(world.dir()).output().unwrap();
        let said = String::from_utf8(status.stdout).unwrap();
        said.contains("at present: paused by N. Operator")
            .then_some(())
    };
    wait_for("the pause in status", paused);
}

fn pause(dir: &Path) {
    let mut pause = program();
    pause.arg("control").arg(dir);
    pause.args(["pause", "--by", "N. Operator", "--reason", "a test"]);
    assert!(pause.output().unwrap().status.success());
}
