//! One report of all shards: equal to that of the whole migration, or refused.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::world::{World, said};
use crate::support::{copy_folder, json_of, program};

/// What a merged report and that of a whole migration have in common: everything but when it was.
const SAME: [&str; 13] = [
    "read",
    "verdicts",
    "tasks",
    "gaps",
    "balanced",
    "imbalances",
    "blank_lines",
    "lost_rows",
    "planned",
    "documents",
    "kyb",
    "files",
    "findings",
];

/// The columns of a report's file that no clock decides, as a set of lines.
fn lines(report: &Path, name: &str, columns: usize) -> BTreeSet<Vec<String>> {
    let mut reader = csv::Reader::from_path(report.join(name)).unwrap();
    let rows = reader.records();
    rows.map(|row| {
        row.unwrap()
            .iter()
            .take(columns)
            .map(str::to_owned)
            .collect()
    })
    .collect()
}

#[test]
fn entities_with_documents_in_three_shards_are_the_whole_migration() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/harbor");
    let command = |dir: &Path, command: &str, more: &[&str]| {
        let mut program = program();
        program
            .arg(command)
            .arg(dir)
            .args(["--sandbox", "--json"])
            .args(more);
        program
    };
    let (whole, parts) = (
        folder.path().join("harbor"),
        folder.path().join("parts/harbor"),
    );
    copy_folder(&sample, &whole);
    copy_folder(&sample, &parts);
    let (expected, code) = json_of(&mut command(&whole, "run", &["--yes"]));
    assert_eq!(code, 3);
    for shard in ["0/3", "1/3", "2/3"] {
        let (totals, _) = json_of(&mut command(&parts, "run", &["--yes", "--shard", shard]));
        assert_eq!(totals["balanced"], true, "{totals}");
        assert!(totals["read"].as_u64() < expected["read"].as_u64());
        let of_shard = parts
            .join("report/sandbox")
            .join(format!("shard-{}-of-3", &shard[..1]));
        assert!(of_shard.join("report.html").exists());
    }
    let (merged, code) = json_of(&mut command(&parts, "report", &["--merge"]));
    assert_eq!(code, 3);
    for key in SAME {
        assert_eq!(merged[key], expected[key], "{key}");
    }
    let (status, _) = json_of(&mut command(&parts, "status", &[]));
    assert_eq!(status["verdicts"], expected["verdicts"]);
    for (name, columns) in [
        ("reconciliation.csv", 6),
        ("documents.csv", 9),
        ("gaps.csv", 6),
        ("findings.csv", 7),
        ("unused.csv", 3),
        ("manual-kyb.csv", 3),
    ] {
        let of = |dir: &Path| lines(&dir.join("report/sandbox"), name, columns);
        assert_eq!(of(&parts), of(&whole), "{name}");
    }
}

#[test]
fn check_counts_one_shard_or_all() {
    let world = World::new(40);
    let (whole, _) = world.json("check", "", &[]);
    let (text, code) = world.said("check", "all/4", &["--json"]);
    assert_eq!(code, 0);
    let parts: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert_eq!(parts.len(), 4);
    let read = parts.iter().map(|part| part["read"].as_u64().unwrap());
    assert_eq!(read.sum::<u64>(), whole["read"].as_u64().unwrap());
    assert!(parts.iter().all(|part| part["balanced"] == true));
    // Findings are those of the whole export.
    assert!(
        parts
            .iter()
            .all(|part| part["findings"] == whole["findings"])
    );
}

#[test]
fn what_is_not_all_of_one_plan_is_not_merged() {
    let world = World::new(30);
    let merge = |more: &[&str]| {
        let (said, code) = world.said("report", "", &[&["--merge"], more].concat());
        assert_eq!(code, 2, "{said}");
        said
    };
    assert!(merge(&[]).contains("there is no journal of a shard"));
    for shard in ["0/3", "2/3"] {
        assert_eq!(world.json("run", shard, &[]).1, 0);
    }
    assert!(merge(&[]).contains("there is no journal of shard 1/3"));
    let (status, _) = world.said("status", "", &[]);
    assert!(status.contains("of 2 of 3 shards; not here: 1"), "{status}");
    let (said_plain, code) = world.said("report", "", &[]);
    assert_eq!(code, 2);
    assert!(
        said_plain.contains("--merge makes one report"),
        "{said_plain}"
    );

    // The last shard has planned another export.
    let before = std::fs::read_to_string(world.dir().join("export.csv")).unwrap();
    world.write("export.csv", &before.replace("1 Elm St", "2 Elm St"));
    assert_eq!(world.json("run", "1/3", &[]).1, 0);
    let said_other = merge(&[]);
    assert!(
        said_other
            .contains("not planned from the same inputs; what differs: the export export.csv"),
        "{said_other}"
    );
    let (status, code) = world.said("status", "", &["--json"]);
    assert_eq!(code, 2, "{status}");
    assert!(
        status.contains("the shards are not counted together: shards 0/3 and 1/3 were not planned from the same inputs; what differs: the export export.csv"),
        "{status}"
    );
    // One shard is told alone.
    assert_eq!(world.json("status", "1/3", &[]).1, 0);

    // A copy of a journal.
    let copy = world.path("copy");
    let shard = "shard-0-of-3";
    std::fs::create_dir(&copy).unwrap();
    let state = world.dir().join(".bakkt-migrate").join(shard);
    assert!(
        std::process::Command::new("cp")
            .arg("-rp")
            .arg(state)
            .arg(&copy)
            .status()
            .unwrap()
            .success()
    );
    let said_twice = merge(&["--state", copy.to_str().unwrap()]);
    assert!(
        said_twice.contains("there are several journals of shard 0/3"),
        "{said_twice}"
    );
}

#[test]
fn states_lie_where_a_person_puts_them() {
    let world = World::new(24);
    let places = [world.path("disk-a"), world.path("disk-b")];
    for (number, place) in places.iter().enumerate() {
        let place = place.to_str().unwrap();
        let shard = format!("{number}/2");
        assert_eq!(world.json("run", &shard, &["--state", place]).1, 0);
        let (status, code) = world.json("status", &shard, &["--state", place]);
        assert_eq!((&status["balanced"], code), (&Value::Bool(true), 0));
    }
    let [a, b] = places.each_ref().map(|place| place.to_str().unwrap());
    let (merged, code) = world.json("report", "", &["--merge", "--state", a, "--state", b]);
    assert_eq!(code, 0);
    assert_eq!(merged["tasks"]["account"]["accepted"], 24);
    assert_eq!(world.sandbox.count("posts"), 24);
    let (said_without, code) = said(world.command("report", "", &["--merge"]).arg("--json"));
    assert_eq!(code, 2, "{said_without}");
}
