//! Folders on a file system that takes no changes: what is to be written is refused before anything goes, what only looks works.

use std::path::Path;
use std::process::Command;

use crate::commands::world::{Bakkt, World as Bare};

use super::world::{CUSTOMERS, World, local, said, state, status};

const WHY: [&str; 4] = ["--reason", "request 17", "--by", "kim"];

/// A command in a namespace in which a folder is mounted read-only.
fn frozen(folder: &Path, program: &Command) -> Command {
    let mut command = Command::new("unshare");
    let line = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"";
    command.args(["--map-root-user", "--mount", "bash", "-c", line]);
    command.arg(folder).arg(program.get_program());
    command.args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Whether this system lets a user mount; says so where not.
fn mounts(folder: &Path) -> bool {
    let mut probe = frozen(folder, &Command::new("true"));
    let is_possible = probe.output().is_ok_and(|done| done.status.success());
    if !is_possible {
        eprintln!("left out: nothing can be mounted here (unshare --map-root-user --mount)");
    }
    is_possible
}

#[test]
fn a_report_folder_that_takes_no_file_stops_a_forget_before_anything_goes() {
    let world = World::sent(&CUSTOMERS);
    let report = world.path("report");
    if !mounts(&report) {
        return;
    }
    let before = status(&world);
    for more in [&["--dry-run"][..], &WHY] {
        let mut forget = local(&world, "forget", &["--id", "00700-A"]);
        let (text, code) = said(&mut frozen(&report, forget.args(more)));
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("nothing can be written into"), "{text}");
        assert!(text.contains("next:"), "{text}");
        assert_eq!(status(&world), before);
    }
    let (text, code) = said(&mut frozen(&report, &local(&world, "report", &[])));
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("next: make the file system writable"),
        "{text}"
    );
}

/// Also one in which the folder of the report is yet to be made.
#[test]
fn a_report_folder_that_takes_no_file_stops_a_run_before_its_first_request() {
    let world = Bare::of(3);
    let report = world.path("acme/report");
    std::fs::create_dir(&report).unwrap();
    if !mounts(&report) {
        return;
    }
    let sandbox = Bakkt::start(|_| {});
    let run = sandbox.run("--yes");
    let runs = [
        run.as_str(),
        "run acme --sandbox",
        "run acme --sandbox --shard 0/2",
    ];
    for line in runs {
        let arguments: Vec<&str> = line.split(' ').collect();
        let mut run = frozen(&report, &world.command(&arguments));
        run.current_dir(world.path(""));
        let (text, code) = said(&mut run);
        assert_eq!(code, 1, "{line}: {text}");
        assert!(
            text.contains("nothing can be written into"),
            "{line}: {text}"
        );
        assert!(!text.contains("to send"), "{line}: {text}");
    }
    assert_eq!(sandbox.ledger().accounts, 0);
}

#[test]
fn a_state_folder_that_takes_no_changes_can_be_looked_at() {
    let world = World::sent(&CUSTOMERS);
    let state = state(&world);
    if !mounts(&state) {
        return;
    }
    let out = world.path("elsewhere");
    let looks = [
        ("status", vec![]),
        ("audit", vec![]),
        ("gaps", vec![]),
        ("report", vec!["--out", out.to_str().unwrap()]),
    ];
    for (command, more) in &looks {
        let expected = said(&mut local(&world, command, more));
        // What readers leave who cannot write, and a copy has not.
        for name in ["journal.db-wal", "journal.db-shm"] {
            let _ = std::fs::remove_file(state.join(name));
        }
        let (text, code) = said(&mut frozen(&state, &local(&world, command, more)));
        assert_eq!(code, expected.1, "{command}: {text}");
        assert_eq!(text, expected.0, "{command}");
    }
    // What stands in the log file alone is not passed over.
    let journal = rusqlite::Connection::open(state.join("journal.db")).unwrap();
    journal
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0; UPDATE task SET attempts = 9 WHERE record = 1",
        )
        .unwrap();
    std::fs::copy(state.join("journal.db-wal"), state.join("kept")).unwrap();
    drop(journal);
    std::fs::rename(state.join("kept"), state.join("journal.db-wal")).unwrap();
    let (text, code) = said(&mut frozen(&state, &local(&world, "status", &[])));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("copy the whole state folder"), "{text}");
}
