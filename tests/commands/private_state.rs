//! A state folder that somebody else has a hand in is not used.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::world::{Bakkt, World};

#[test]
fn a_folder_that_others_may_write_to_is_refused_by_every_command() {
    let (world, bakkt) = (World::of(1), Bakkt::start(|_| {}));
    let state = world.path("acme/.bakkt-migrate");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    let text = world.bakkt(&bakkt.run(""));
    assert!(text.contains("exit code 1"), "{text}");
    assert!(
        text.contains("acme/.bakkt-migrate is not used: others may write to it"),
        "{text}"
    );
    assert!(text.contains("chmod -R go-rwx"), "{text}");
    assert_eq!(bakkt.ledger().posts, 0);
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o720)).unwrap();
    for line in [
        "status acme",
        "report acme",
        "gaps acme",
        "retry acme --reason x",
        "run acme --sandbox",
    ] {
        let text = world.bakkt(line);
        assert!(
            text.contains("exit code 1") && text.contains("is not used"),
            "{line}: {text}"
        );
    }
}

#[test]
fn a_link_in_place_of_a_file_is_refused_and_not_followed() {
    for name in [
        "journal.lock",
        "log.jsonl",
        "journal.key",
        "journal.db",
        "journal.db-wal",
        "events.db",
    ] {
        for hard in [false, true] {
            let (world, bakkt) = (World::of(1), Bakkt::start(|_| {}));
            let state = world.path("acme/.bakkt-migrate");
            fs::create_dir(&state).unwrap();
            fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
            world.write("theirs", "mine");
            match hard {
                true => fs::hard_link(world.path("theirs"), state.join(name)).unwrap(),
                false => symlink(world.path("theirs"), state.join(name)).unwrap(),
            }
            let text = world.bakkt(&bakkt.run(""));
            assert!(text.contains("exit code 1"), "{text}");
            assert!(text.contains(&format!("{name} is not used: it ")), "{text}");
            assert_eq!(world.read("theirs"), "mine", "{name}");
            assert_eq!(bakkt.ledger().posts, 0);
        }
    }
}

#[test]
fn a_link_in_place_of_the_folder_is_refused() {
    let (world, bakkt) = (World::of(1), Bakkt::start(|_| {}));
    fs::create_dir(world.path("theirs")).unwrap();
    for target in ["theirs", "nowhere"] {
        symlink(world.path(target), world.path("acme/.bakkt-migrate")).unwrap();
        let text = world.bakkt(&bakkt.run(""));
        assert!(
            text.contains("exit code 1") && text.contains("is not used"),
            "{text}"
        );
        fs::remove_file(world.path("acme/.bakkt-migrate")).unwrap();
    }
    assert_eq!(fs::read_dir(world.path("theirs")).unwrap().count(), 0);
    assert!(!world.path("nowhere").exists());
}
