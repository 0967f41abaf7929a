//! The sample of custody does what its README says, judged by the sandbox's ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::world::{Made, private};
use crate::support::{SandboxProcess, copy_folder, program};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/meridian")
}

fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(sample().join(name)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The ids in the first cell of each line of the README's table with this heading.
fn told(heading: &str) -> BTreeSet<String> {
    let readme = fs::read_to_string(sample().join("README.md")).unwrap();
    let table = readme.split(heading).nth(1).unwrap();
    let lines = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    lines
        .flat_map(|line| line.split('|').nth(1).unwrap().split('`'))
        .filter(|piece| piece.starts_with("MD-"))
        .map(str::to_owned)
        .collect()
}

/// The number in front of a word in the README's table of what is made.
fn count(what: &str) -> usize {
    let readme = fs::read_to_string(sample().join("README.md")).unwrap();
    let line = readme
        .lines()
        .find(|line| line.starts_with(&format!("| {what} |")))
        .unwrap();
    line.split('|').nth(2).unwrap().trim().parse().unwrap()
}

#[test]
fn the_sample_does_what_its_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("meridian");
    copy_folder(&sample(), &dir);
    let sandbox = SandboxProcess::start(folder.path(), "seed = 7\n");
    let run = |code: i32| {
        let url = sandbox.base_url();
        let output = program()
            .arg("run")
            .arg(&dir)
            .args(["--quiet", "--base-url", &url])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    };
    let check = program().arg("check").arg(&dir).output().unwrap();
    let check = String::from_utf8(check.stdout).unwrap();
    assert!(
        check.contains("at the rates of [custody], after the accounts"),
        "{check}"
    );
    run(3);
    let made = Made::of(&sandbox.custody());
    made.has_nothing_twice();
    let all: BTreeSet<String> = (1..=60).map(|n| format!("MD-{n:05}")).collect();
    let users: BTreeSet<String> = made.users.keys().cloned().collect();
    assert_eq!(users, &all - &told("| no user | why |"));
    assert_eq!(users.len(), count("users"));
    assert_eq!(
        (made.accounts.len(), made.recipients.len()),
        (0, 0),
        "no session yet"
    );

    let sessions = dir.join("sessions.jsonl");
    private(&sessions);
    let import = program()
        .args(["sessions", "import"])
        .arg(&dir)
        .arg(&sessions)
        .output()
        .unwrap();
    assert_eq!(import.status.code(), Some(0), "{import:?}");
    run(3);
    let made = Made::of(&sandbox.custody());
    made.has_nothing_twice();
    let waiting = told("| no session |");
    // What the extracts say, read once more.
    let mut accounts = BTreeSet::new();
    for row in rows("export.csv")
        .iter()
        .filter(|row| users.contains(&row["CUST_NO"]) && !waiting.contains(&row["CUST_NO"]))
    {
        let known = row["CCY"]
            .split(';')
            .filter(|code| ["EUR", "GBP", "USD", "NGN"].contains(code));
        accounts.extend(known.map(|code| {
            (
                row["CUST_NO"].clone(),
                "bank account".to_owned(),
                code.to_owned(),
            )
        }));
        if row["SAV"] == "Y" {
            accounts.insert((
                row["CUST_NO"].clone(),
                "savings".to_owned(),
                "USD".to_owned(),
            ));
        }
    }
    assert_eq!(
        made.accounts.keys().cloned().collect::<BTreeSet<_>>(),
        accounts
    );
    let of = |kind: &str| {
        made.accounts
            .keys()
            .filter(|(_, known, _)| known == kind)
            .count()
    };
    assert_eq!(of("bank account"), count("bank accounts"));
    assert_eq!(of("savings"), count("savings accounts"));
    assert_eq!(made.recipients.len(), count("recipients"));
    let wrong = told("| a recipient | why |");
    let gaps = csv::Reader::from_path(dir.join("report/custody-gaps.csv")).unwrap();
    let gaps: Vec<BTreeMap<String, String>> = gaps.into_deserialize().map(Result::unwrap).collect();
    let of_recipients: BTreeSet<String> = gaps
        .iter()
        .filter(|gap| gap["path"].starts_with("custody.recipients"))
        .map(|gap| gap["clientAccountId"].clone())
        .collect();
    assert_eq!(of_recipients, wrong);

    // The rest goes on when their customers have logged in.
    let late: Vec<String> = waiting
        .iter()
        .map(|id| {
            serde_json::json!({"clientAccountId": id, "session": format!("sandbox-session {id}"),
                "issued_at": jiff::Timestamp::now().to_string()})
            .to_string()
        })
        .collect();
    fs::write(&sessions, late.join("\n")).unwrap();
    let import = program()
        .args(["sessions", "import"])
        .arg(&dir)
        .arg(&sessions)
        .output()
        .unwrap();
    assert_eq!(import.status.code(), Some(0), "{import:?}");
    run(3);
    let made = Made::of(&sandbox.custody());
    made.has_nothing_twice();
    let of = |client: &str| {
        made.accounts.keys().filter(|(id, ..)| id == client).count()
            + made
                .recipients
                .keys()
                .filter(|(id, _)| id == client)
                .count()
    };
    assert!(waiting.iter().all(|id| of(id) > 0), "{waiting:?}");
}
