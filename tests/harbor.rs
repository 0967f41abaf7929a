//! The sample of entities does what its README says, judged by the sandbox's ledger and the report.
//!
//! Owner of the expectations about `samples/harbor`. Left out on purpose: kills and faults (the crash tests), and single
//! hostile files (the tests of documents).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{SandboxProcess, copy_folder, program};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/harbor")
}

type Cells = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Cells> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// The accounts of one of the README's tables: the ids in the first cell of each line.
fn told(title: &str) -> BTreeSet<String> {
    let readme = fs::read_to_string(sample().join("README.md")).unwrap();
    let table = readme.split(title).nth(1).unwrap();
    let lines = table.lines().skip(2);
    let lines = lines.take_while(|line| line.starts_with('|'));
    lines
        .flat_map(|line| line.split('|').nth(1).unwrap().split('`'))
        .filter(|piece| piece.starts_with("HB-"))
        .map(str::to_owned)
        .collect()
}

fn ids(numbers: &[u32]) -> BTreeSet<String> {
    numbers
        .iter()
        .map(|number| format!("HB-{number:05}"))
        .collect()
}

#[test]
fn the_sample_does_what_its_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("harbor");
    copy_folder(&sample(), &dir);
    let sandbox = SandboxProcess::start(folder.path(), "seed = 7\n");
    let run = program()
        .arg("run")
        .arg(&dir)
        .args(["--quiet", "--base-url", &sandbox.base_url()])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(3), "{run:?}");
    let ledger = sandbox.ledger();

    let all: BTreeSet<String> = (1..=40).map(|number| format!("HB-{number:05}")).collect();
    let not_sent = ids(&[23, 25, 27, 28, 32, 33]);
    let individuals = ids(&[8, 16, 24, 40]);
    // Documents of an account are there without its KYB, when the checklist is not proven.
    let incomplete = ids(&[2, 4, 6, 9, 10, 13, 15, 18, 19, 21, 35]);
    let created = ledger
        .accounts
        .iter()
        .filter(|(_, account)| account.created);
    let created: BTreeSet<String> = created.map(|(id, _)| id.clone()).collect();
    assert_eq!(created, &all - &not_sent);
    let screened: BTreeSet<String> = ledger.kyb.keys().cloned().collect();
    let complete = &(&(&all - &not_sent) - &individuals) - &incomplete;
    assert_eq!(screened, complete);
    assert!(ledger.kyb.values().all(|times| *times == 1));

    // An owner abroad without a document is told, and needs nothing for KYB.
    let wrong = &(&not_sent | &incomplete) | &ids(&[12]);
    assert_eq!(told("| account | what is wrong |"), wrong);

    let gaps = rows(&dir.join("report/gaps.csv"));
    let of_documents = gaps
        .iter()
        .filter(|gap| gap["path"].starts_with("documents"));
    let refused: BTreeSet<String> = of_documents
        .map(|gap| gap["clientAccountId"].clone())
        .collect();
    let twice = ids(&[31]);
    assert_eq!(told("| account | document |"), &refused | &twice);
    documents(&ledger, &refused, &not_sent);
}

/// Every listed document of an account that is sent is there once, but for those that cannot be sent.
fn documents(
    ledger: &crate::support::judge::Ledger,
    refused: &BTreeSet<String>,
    not_sent: &BTreeSet<String>,
) {
    let mut listed: BTreeMap<String, usize> = BTreeMap::new();
    let mut files = BTreeSet::new();
    for row in rows(&sample().join("documents.csv")) {
        let account = row["ENTITY_NO"].clone();
        let known = account.starts_with("HB-") && !not_sent.contains(&account);
        if known && files.insert(row["FILE"].clone()) {
            *listed.entry(account).or_default() += 1;
        }
    }
    for account in refused {
        *listed.get_mut(account).unwrap() -= 1;
    }
    let mut there: BTreeMap<String, usize> = BTreeMap::new();
    for document in ledger.documents.values() {
        *there.entry(document.account.clone()).or_default() += 1;
        assert_eq!(document.uploads_made, 1);
    }
    assert_eq!(there, listed);
}

#[test]
fn a_backfill_that_frees_kyb_alone_says_that_a_run_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("harbor");
    copy_folder(&sample(), &dir);
    let sandbox = SandboxProcess::start(folder.path(), "seed = 7\n");
    let command = |name: &str, more: &[&str]| {
        let mut command = program();
        command.arg(name).arg(&dir).args(more);
        command.args(["--base-url", &sandbox.base_url()]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    command("run", &["--quiet"]);
    let file = folder.path().join("shares.csv");
    fs::write(
        &file,
        "clientAccountId,owners[0].ownership_percent,owners[1].ownership_percent,owners[0].manages_entity\n\
         HB-00021,,,yes\nHB-00019,60,40,\nHB-00035,0.6,0.4,\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let (look, taken) = (["--dry-run", file], [file, "--reason", "by phone"]);
    for (more, is_look) in [(&look[..], true), (&taken[..], false)] {
        let said = command("backfill", more);
        assert!(said.contains("  0  accounts changed"), "{said}");
        assert!(
            said.contains("  2  KYB triggers held before, sent by the next run"),
            "{said}"
        );
        let due = said.contains("to send them");
        assert_eq!(due, !is_look, "{said}");
    }
    let said = command("run", &["--quiet"]);
    assert!(said.contains("KYB 30: held 9, accepted 21"), "{said}");
}
