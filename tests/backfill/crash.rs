//! What dies on the way leaves the plan as it was, or the new one whole; what is kept stays as it is.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::world::{THREE, World};
use crate::support::Running;

const TEXT: &str = "clientAccountId,owners[0].phoneNumber\nA-1,775-555-0100\n";

#[test]
fn killed_at_any_instant_it_leaves_the_old_plan_or_the_new_one() {
    let world = World::sent(&THREE);
    let before = world.state();
    let file = world.folder.path().join("phones.csv");
    std::fs::write(&file, TEXT).unwrap();
    let layers = world.path(".bakkt-migrate/layers");
    let (mut old, mut delay) = (0, 0);
    // Killed later and later, until it got through.
    loop {
        let mut command = world.command("backfill", &[file.to_str().unwrap(), "--reason", "again"]);
        let mut running = Running::start(
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null()),
        );
        std::thread::sleep(std::time::Duration::from_millis(delay));
        running.kill();
        delay += 7;
        let taken = world.asked("SELECT kept FROM layer");
        if taken.is_empty() {
            old += 1;
            assert_eq!(world.state(), before, "nothing of it");
            continue;
        }
        assert_eq!(taken, ["0001.csv"]);
        assert_eq!(
            std::fs::read_to_string(layers.join("0001.csv")).unwrap(),
            TEXT
        );
        assert_eq!(
            world.asked("SELECT count(*) FROM closed_gap WHERE layer = 1"),
            ["1"]
        );
        assert_eq!(world.asked("SELECT count(*) FROM operator_log"), ["1"]);
        break;
    }
    assert!(old > 0, "it was killed before");
    // Orphans of those that died are gone, and the file is not taken twice.
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(said.contains("taken already, as backfill 1"), "{said}");
    let kept: Vec<_> = std::fs::read_dir(&layers)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(kept, ["0001.csv"]);
    world.run();
    assert_eq!(
        (world.posts(), world.value("A-1", "/owners/0/phoneNumber")),
        (3, json!("+17755550100"))
    );
}

#[test]
fn what_is_kept_is_private_and_must_stay_as_it_is() {
    let world = World::sent(&THREE);
    world.backfill("phones.csv", TEXT);
    let folder = world.path(".bakkt-migrate/layers");
    let kept = folder.join("0001.csv");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&kept)), (0o700, 0o600));
    let before = world.state();
    for changed in [
        Some("clientAccountId,owners[0].phoneNumber\nA-1,775-555-0199\n"),
        None,
    ] {
        match changed {
            Some(text) => std::fs::write(&kept, text).unwrap(),
            None => std::fs::remove_file(&kept).unwrap(),
        }
        for command in ["run", "replan"] {
            let said = world.refused(command, &[], 2);
            assert!(
                said.contains("the backfill file 1 phones.csv") && said.contains("0001.csv"),
                "{said}"
            );
            assert!(said.contains("put it back"), "{said}");
        }
        assert_eq!((world.state(), world.posts()), (before.clone(), 2));
    }
    std::fs::write(&kept, TEXT).unwrap();
    world.run();
    assert_eq!(world.posts(), 3);
}

#[test]
fn what_changed_besides_is_no_part_of_a_backfill() {
    let world = World::sent(&THREE);
    let export = std::fs::read_to_string(world.path("export.csv")).unwrap();
    world.write("export.csv", &export.replace("Ann", "Ada"));
    let file = world.folder.path().join("phones.csv");
    std::fs::write(&file, TEXT).unwrap();
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(
        said.contains("the export export.csv") && !said.contains("phones.csv"),
        "{said}"
    );
    world.write("export.csv", &export);
    assert_eq!(world.backfill("phones.csv", TEXT).1, 0);
    // A new plan of a changed export has the layer as well.
    world.write("export.csv", &export.replace("Ann", "Ada"));
    world.json("replan", &["--update-accepted"]);
    world.run();
    assert_eq!(world.value("A-1", "/owners/0/phoneNumber"), "+17755550100");
    assert_eq!(world.value("A-1", "/owners/0/identity/givenName"), "Ada");
}

#[test]
fn a_refused_update_stays_refused_until_its_payload_changes() {
    let world = World::sent(&THREE);
    let refuse = |id: &str| {
        world.asked(&format!("SELECT count(*) FROM task WHERE kind = 1 AND state = 5 AND record IN (SELECT id FROM record WHERE client_id = '{id}')"))
    };
    world.backfill("phones.csv", TEXT);
    let journal = rusqlite::Connection::open(world.path(".bakkt-migrate/journal.db")).unwrap();
    journal
        .execute("UPDATE task SET state = 5 WHERE kind = 1", [])
        .unwrap();
    drop(journal);
    let (said, _) = world.backfill(
        "other.csv",
        "clientAccountId,owners[0].identity.maritalStatus\nA-2,single\n",
    );
    assert_eq!(
        (said["does"]["updates"].clone(), refuse("A-1")),
        (json!(1), vec!["1".to_owned()])
    );
    world.run();
    assert_eq!((world.posts(), refuse("A-1")), (3, vec!["1".to_owned()]));
    world.backfill(
        "third.csv",
        "clientAccountId,owners[0].identity.maritalStatus\nA-1,single\n",
    );
    assert_eq!(refuse("A-1"), ["0"]);
    world.run();
    assert_eq!(
        (world.posts(), world.value("A-1", "/owners/0/phoneNumber")),
        (4, json!("+17755550100"))
    );
}

#[test]
fn an_update_whose_answer_was_lost_is_settled_first_and_sent_once() {
    let world = World::of("reset_after = 1.0\nmax_faults_per_id = 2\n", &THREE[..1]);
    world.run();
    world.run();
    assert_eq!(
        (world.posts(), world.asked("SELECT state FROM task")),
        (1, vec!["4".to_owned()])
    );
    world.backfill("phones.csv", TEXT);
    world.run();
    let state = "SELECT state FROM task WHERE kind = 1";
    assert_eq!(
        (world.posts(), world.asked(state)),
        (2, vec!["3".to_owned()])
    );
    let (said, code) = world.backfill(
        "other.csv",
        "clientAccountId,owners[0].identity.maritalStatus\nA-1,\n",
    );
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(0)), "{said}");
    assert_eq!(world.asked("SELECT count(*) FROM sent_update"), ["1"]);
    let (said, _) = world.backfill(
        "third.csv",
        "clientAccountId,owners[0].identity.maritalStatus\nA-1,single\n",
    );
    assert_eq!(said["does"]["updates"], 1, "{said}");
    world.run();
    world.run();
    assert_eq!(
        (
            world.posts(),
            world.asked("SELECT count(*) FROM sent_update")
        ),
        (3, vec!["2".to_owned()])
    );
    assert_eq!(world.value("A-1", "/owners/0/phoneNumber"), "+17755550100");
    assert_eq!(
        world.value("A-1", "/owners/0/identity/maritalStatus"),
        "SINGLE"
    );
}
