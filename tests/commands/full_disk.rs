//! A disk without room, whatever a command keeps there: what is told is the system's word, in plain text, and what to do.

use std::path::Path;
use std::process::Command;

use super::world::{World, shown};

/// Mounts a small disk at a folder, fills it up and runs the rest.
const FULL: &str = "mount -t tmpfs -o size=4m tmpfs \"$0\" && \
    { head -c 9000000 /dev/zero > \"$0/fill\"; } 2> /dev/null; exec \"$@\"";

/// Whether this system lets a user mount; says so where not.
fn mounts() -> bool {
    let probe = [
        "--map-root-user",
        "--mount",
        "mount",
        "-t",
        "tmpfs",
        "tmpfs",
        "/mnt",
    ];
    let is_possible = Command::new("unshare")
        .args(probe)
        .output()
        .is_ok_and(|done| done.status.success());
    if !is_possible {
        eprintln!("left out: nothing can be mounted here (unshare --map-root-user --mount)");
    }
    is_possible
}

fn on_full_disk(world: &World, disk: &Path, line: &str) -> String {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let program = world.command(&arguments);
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "bash", "-c", FULL])
        .arg(disk)
        .arg(program.get_program())
        .args(program.get_args())
        .envs(world.environment.iter().cloned())
        .current_dir(world.path(""));
    shown(&command.output().unwrap())
}

#[test]
fn a_disk_without_room_is_told_in_plain_words() {
    if !mounts() {
        return;
    }
    let world = World::of(3);
    let disk = world.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let shard = "run acme --sandbox --shard 0/2 --limit 1 --registry";
    let lines = [
        (
            format!("{shard} disk/shards.db"),
            "the registry disk/shards.db",
        ),
        (format!("{shard} shards.db --state disk"), "journal.key"),
    ];
    for (line, what) in &lines {
        tells(&on_full_disk(&world, &disk, line), line, what);
    }
}

fn tells(said: &str, line: &str, what: &str) {
    assert!(said.starts_with("exit code 1"), "{line}: {said}");
    assert!(
        said.contains("No space left on device (os error 28)\n"),
        "{line}: {said}"
    );
    assert!(said.contains(what), "{line}: {said}");
    assert!(
        said.contains("next: make room on the disk"),
        "{line}: {said}"
    );
    assert!(!said.contains(" at path "), "{line}: {said}");
}
