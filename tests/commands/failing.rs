//! A system that refuses: no further thread, a file that does not open, a disk that fails while rows are read again.
//!
//! The calls of the C library fail by a small library that is put before it (`tests/support/failing.c`).

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::world::{Bakkt, World, gap, row, shown};

/// The small library, built once.
fn library() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/failing.c");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        // A process of another test may build it too: each sees a whole one, whoever comes last.
        let building = tempfile::NamedTempFile::new_in(&folder).unwrap();
        let done = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(building.path())
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(done.unwrap().success(), "a C compiler builds {source}");
        let built = folder.join("failing.so");
        building.persist(&built).unwrap();
        built
    })
}

/// Runs a command with failing calls.
fn failing(world: &World, line: &str, fail: &[(&str, &str)]) -> String {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let mut command = world.command(&arguments);
    command
        .env("LD_PRELOAD", library())
        .envs(fail.iter().copied());
    shown(&command.output().unwrap())
}

#[test]
fn a_thread_that_cannot_be_started_is_said_and_hangs_nothing() {
    let (world, bakkt) = (World::of(40), Bakkt::start(|_| {}));
    let mut refused = 0;
    for first in 1..=16 {
        let said = failing(
            &world,
            &bakkt.run("--yes"),
            &[("FAIL_THREAD", &first.to_string())],
        );
        if said.starts_with("exit code 1") {
            assert!(said.contains("starts no further thread"), "{first}: {said}");
            refused += 1;
        } else {
            // Threads that only show something are not needed.
            assert!(said.starts_with("exit code 0"), "{first}: {said}");
        }
    }
    assert!(refused >= 8, "{refused}");
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 40);
    for command in ["check acme", "inspect acme/export.csv"] {
        let said = failing(&world, command, &[("FAIL_THREAD", "1")]);
        assert!(said.starts_with("exit code 1"), "{said}");
        assert!(said.contains("starts no further thread"), "{said}");
    }
}

#[test]
fn a_clock_that_is_far_off_is_told_once() {
    // Seconds are left out of the words: the answer was on its way for some.
    for (ahead, direction) in [
        ("400", Some("s ahead of the server's")),
        ("-4000", Some("s behind the server's")),
        ("0", None),
    ] {
        let (world, bakkt) = (World::of(4), Bakkt::start(|_| {}));
        let said = failing(&world, &bakkt.run(""), &[("CLOCK_AHEAD", ahead)]);
        let found = said.matches("this machine's clock is").count();
        assert_eq!(found, usize::from(direction.is_some()), "{said}");
        assert!(direction.is_none_or(|words| said.contains(words)), "{said}");
    }
}

#[test]
fn a_system_that_opens_no_file_is_no_mistake_in_the_configuration() {
    let world = World::of(3);
    for (errno, name) in [
        ("5", "export.csv"),
        ("24", "export.csv"),
        ("24", "mapping.toml"),
    ] {
        let said = failing(
            &world,
            "check acme",
            &[("FAIL_OPEN", name), ("FAIL_ERRNO", errno)],
        );
        assert!(said.starts_with("exit code 1"), "{said}");
        assert!(said.contains(name), "{said}");
    }
    std::fs::remove_file(world.path("acme/export.csv")).unwrap();
    assert!(world.bakkt("check acme").starts_with("exit code 2"));
}

#[test]
fn a_disk_that_fails_while_known_values_are_read_is_no_changed_export() {
    let (world, bakkt) = (World::new(&[row("A-1"), gap("A-2")]), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("--limit 0")).0, 0);
    let sheet = "gaps acme --sheet gaps.xlsx --with-known";
    let said = failing(&world, sheet, &[("FAIL_READ", "export.csv:1")]);
    assert!(said.starts_with("exit code 1"), "{said}");
    assert!(said.contains("Input/output error"), "{said}");
    assert!(!said.contains("no longer the one"), "{said}");
    assert_eq!(world.code(sheet).0, 0);
}

#[test]
fn a_disk_that_fails_while_rows_are_read_again_is_no_changed_export() {
    let (world, bakkt) = (World::of(40), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("--limit 0")).0, 0);
    let said = failing(&world, &bakkt.run(""), &[("FAIL_READ", "export.csv:20")]);
    assert!(said.starts_with("exit code 1"), "{said}");
    assert!(said.contains("Input/output error"), "{said}");
    assert!(!said.contains("changed"), "{said}");
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 40);
}

#[test]
fn a_disk_that_fails_while_accounts_are_read_back_is_no_difference() {
    let (world, bakkt) = (World::of(40), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    let verify = bakkt.run("").replacen("run", "verify", 1);
    let said = failing(&world, &verify, &[("FAIL_READ", "export.csv:20")]);
    assert!(said.starts_with("exit code 1"), "{said}");
    assert!(said.contains("Input/output error"), "{said}");
    assert_eq!(world.code(&verify).0, 0);
}
