//! A journal in which a row was altered: whoever gets a report of it, or signs one, reads that in every file.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

use super::Recorded;
use super::sealed::sign;
use crate::shards::world::{World as Shards, said};
use crate::support::program;

/// Gives an account of a journal another id of Bakkt's, as somebody does who may write to the file.
fn alter(journal: &Path, record: i64) {
    let db = Connection::open(journal).unwrap();
    let change = "UPDATE task SET bakkt_id = 'bk-altered' WHERE record = ?";
    assert_eq!(db.execute(change, [record]).unwrap(), 1);
}

/// A part of the workbook of a report, as text.
fn workbook_texts(folder: &Path) -> String {
    let file = File::open(folder.join("report.xlsx")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut text = String::new();
    for part in ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"] {
        if let Ok(mut part) = archive.by_name(part) {
            part.read_to_string(&mut text).unwrap();
        }
    }
    text
}

/// Every file that a person or a program signs or reads says that rows were altered, and which sheets.
fn tells(folder: &Path) {
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("THE JOURNAL WAS ALTERED"), "{page}");
    let book = workbook_texts(folder);
    assert!(book.contains("THE JOURNAL WAS ALTERED"), "{book}");
    for text in [&page, &book] {
        assert!(text.contains("crosswalk.csv"));
    }
    let summary = fs::read_to_string(folder.join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert!(names_crosswalk(&summary["totals"]), "{summary}");
}

fn names_crosswalk(totals: &Value) -> bool {
    let lines = totals["altered"].as_array();
    lines.is_some_and(|lines| {
        lines
            .iter()
            .any(|line| line.as_str().unwrap().contains("crosswalk.csv"))
    })
}

#[test]
fn a_sealed_report_of_an_altered_journal_says_so_in_every_file() {
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let world = &recorded.world;
    alter(&world.path("acme/.bakkt-migrate/sandbox/journal.db"), 2);
    let (code, text) = world.code("report acme --sandbox --seal-with key --out altered");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("THE JOURNAL WAS ALTERED"), "{text}");
    tells(&world.path("altered"));
    let (code, text) = world.code("verify-report altered --signers signers");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("signed by ada@example.com"), "{text}");
    assert!(text.contains("crosswalk.csv"), "{text}");
    assert!(!text.contains("altered: crosswalk.csv"), "{text}");
    assert!(!text.contains("whole and as it was signed"), "{text}");
    let (code, text) = world.code("verify-report altered --signers signers --json");
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &found["flaws"]), (1, &serde_json::json!([])));
    assert!(!found["journal"].as_array().unwrap().is_empty(), "{found}");
    // Its head is one to compare a journal with all the same.
    let (_, text) = world.code("audit acme --sandbox --head altered --signers signers");
    assert!(
        text.contains("the head from outside: in the chain"),
        "{text}"
    );
    // Nothing that comes later makes it good.
    for command in [
        "status acme --sandbox --json",
        "report acme --sandbox --json",
        "run acme --sandbox --json",
        "report acme --sandbox --out unsealed --json",
    ] {
        let (code, text) = world.code(command);
        assert_eq!(code, 1, "{command}: {text}");
        let totals: Value = serde_json::from_str(&text).unwrap();
        assert!(names_crosswalk(&totals), "{command}: {text}");
    }
    let (_, text) = world.code("status acme --sandbox");
    assert!(text.contains("THE JOURNAL WAS ALTERED"), "{text}");
    tells(&world.path("unsealed"));
}

#[test]
fn a_sealed_report_that_does_not_balance_is_not_called_whole() {
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let world = &recorded.world;
    let db = Connection::open(world.path("acme/.bakkt-migrate/sandbox/journal.db")).unwrap();
    db.execute_batch("UPDATE counter SET count = count + 1 WHERE what = 0")
        .unwrap();
    drop(db);
    let (code, text) = world.code("report acme --sandbox --seal-with key --out unbalanced");
    assert_eq!(code, 1, "{text}");
    let (code, text) = world.code("verify-report unbalanced --signers signers");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("does not balance"), "{text}");
    assert!(!text.contains("whole and as it was signed"), "{text}");
}

#[test]
fn a_report_of_a_closed_migration_tells_what_was_altered_since() {
    let recorded = Recorded::new();
    let world = &recorded.world;
    let (code, text) = world.code("report acme --sandbox --out before");
    assert_eq!(code, 3, "{text}");
    let mark = world.path("acme/.bakkt-migrate/sandbox/journal.db");
    let text = world.bakkt("close acme --sandbox --by Ada --reason done --yes");
    assert!(text.contains("closed: nothing"), "{text}");
    assert_ne!(world.code("report acme --sandbox --out whole").0, 1);
    alter(&mark, 1);
    let (code, text) = world.code("report acme --sandbox --out changed");
    assert_eq!(code, 1, "{text}");
    tells(&world.path("changed"));
}

/// A key, and the file of those who may sign with it; `None` where nothing makes keys.
fn key_in(world: &Shards) -> Option<()> {
    let mut made = Command::new("ssh-keygen");
    let made = made.args(["-q", "-t", "ed25519", "-N", "", "-f"]);
    let Ok(made) = made.arg(world.path("key")).status() else {
        eprintln!("left out: there is no ssh-keygen (Debian: openssh-client)");
        return None;
    };
    assert!(made.success());
    let public = fs::read_to_string(world.path("key.pub")).unwrap();
    let line = format!("ada@example.com namespaces=\"bakkt-migrate-report\" {public}");
    fs::write(world.path("signers"), line).unwrap();
    Some(())
}

/// Seals the report of all shards into a folder: exit code and words.
fn merge(world: &Shards, name: &str) -> (String, i32) {
    let mut report = world.command("report", "", &["--merge", "--seal-with"]);
    said(
        report
            .arg(world.path("key"))
            .arg("--out")
            .arg(world.path(name)),
    )
}

fn verify(world: &Shards, name: &str) -> (String, i32) {
    let mut verify = program();
    let verify = verify.arg("verify-report").arg(world.path(name));
    said(verify.arg("--signers").arg(world.path("signers")))
}

#[test]
fn a_merged_report_is_compared_with_the_last_checkpoint_of_each_shard() {
    let world = Shards::new(30);
    if key_in(&world).is_none() {
        return;
    }
    world.run_all(3);
    let (text, code) = merge(&world, "whole");
    assert_eq!(code, 0, "{text}");
    let (text, code) = verify(&world, "whole");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("whole and as it was signed"), "{text}");

    // Whoever has the key changes a line and signs again: the lines are not those of the checkpoints.
    let folder = super::copied(&world.path("whole"), &world.path("changed"));
    let before = fs::read_to_string(folder.join("crosswalk.csv")).unwrap();
    let last = before.lines().last().unwrap();
    let cells: Vec<&str> = last.split(',').collect();
    let changed = before.replace(cells[1], "bk-altered");
    assert_ne!(before, changed);
    fs::write(folder.join("crosswalk.csv"), &changed).unwrap();
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let digest = |text: &str| super::chain::sha256(text.as_bytes());
    let manifest = manifest.replace(&digest(&before), &digest(&changed));
    let manifest = manifest.replace(
        &format!("\"size\": {}", before.len()),
        &format!("\"size\": {}", changed.len()),
    );
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    sign(&folder, &world.path("key"), "bakkt-migrate-report");
    let (text, code) = verify(&world, "changed");
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("crosswalk.csv: its lines of shard 2/3"),
        "{text}"
    );

    alter(
        &world.dir().join(".bakkt-migrate/shard-1-of-3/journal.db"),
        1,
    );
    let (text, code) = world.json("report", "", &["--merge"]);
    assert_eq!(code, 1, "{text}");
    assert!(names_crosswalk(&text), "{text}");
    assert!(text["altered"][0].as_str().unwrap().contains("shard 1/3"));
    let (text, code) = merge(&world, "altered");
    assert_eq!(code, 1, "{text}");
    tells(&world.path("altered"));
    let (text, code) = verify(&world, "altered");
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("crosswalk.csv: its lines of shard 1/3"),
        "{text}"
    );
    assert!(text.contains("shard 1/3: rows"), "{text}");
    // What its own next checkpoint notes is told of all shards together as well.
    assert_eq!(world.said("report", "1/3", &[]).1, 1);
    let (status, code) = world.json("status", "", &[]);
    assert_eq!(code, 1, "{status}");
    assert!(names_crosswalk(&status), "{status}");
}

#[test]
fn a_shard_that_was_killed_is_told_as_not_compared() {
    let world = Shards::new(20);
    if key_in(&world).is_none() {
        return;
    }
    world.run_all(2);
    let db = world.dir().join(".bakkt-migrate/shard-0-of-2/journal.db");
    let db = Connection::open(db).unwrap();
    super::chain::begin_run(&db);
    db.execute_batch("UPDATE task SET last_at = last_at + 1 WHERE record = 1")
        .unwrap();
    drop(db);
    let (text, code) = merge(&world, "killed");
    assert_eq!(code, 0, "{text}");
    let (text, code) = verify(&world, "killed");
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("not compared: shard 0/2"), "{text}");
}
