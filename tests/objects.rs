//! Exports and documents in object storages, from real servers of all three kinds.
//!
//! Owner of what a migration does with objects: the same as with files, and what it says where they change, are gone or lie. Left out
//! on purpose: what is in the files.

mod delivered;
mod hostile;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::stores::{Kind, SECRET, Store};
use crate::support::{SandboxProcess, copy_folder, json_of, program};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}

/// The program, with the variables of a storage and none of the caller's.
fn with_store(store: &Store) -> Command {
    let mut program = program();
    program.env_remove("AWS_PROFILE").envs(store.variables());
    program
}

/// A copy of the sample whose documents have no links: a storage has none.
fn harbor(folder: &Path, name: &str) -> PathBuf {
    let dir = folder.join(name);
    copy_folder(&sample("harbor"), &dir);
    let link = dir.join("documents/HB-00022/scan.pdf");
    let content = fs::read(&link).unwrap();
    fs::remove_file(&link).unwrap();
    fs::write(&link, content).unwrap();
    dir
}

/// The same with all its files in a storage, and only settings and mappings on the disk.
fn harbor_in(store: &Store, folder: &Path) -> PathBuf {
    let dir = harbor(folder, "stored");
    let mut settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    for name in ["accounts.csv", "owners.csv", "documents.csv"] {
        let key = format!("harbor/{name}");
        store.put(&key, &fs::read(dir.join(name)).unwrap());
        fs::remove_file(dir.join(name)).unwrap();
        settings = settings.replace(&format!("\"{name}\""), &format!("\"{}\"", store.url(&key)));
    }
    store.put_folder("harbor/documents", &dir.join("documents"));
    fs::remove_dir_all(dir.join("documents")).unwrap();
    let root = format!("root = \"{}\"", store.url("harbor/documents"));
    settings = settings.replace("root = \"documents\"", &root);
    fs::write(dir.join("migration.toml"), settings).unwrap();
    dir
}

/// What `check` would send.
fn payloads(mut check: Command, dir: &Path) -> Vec<u8> {
    let out = dir.join("payloads.jsonl");
    let check = check.args(["--quiet", "check"]).arg(dir);
    let check = check.arg("--payloads").arg(&out).output().unwrap();
    let told = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(matches!(check.status.code(), Some(0 | 3)), "{told}");
    let all = fs::read(&out).unwrap();
    fs::remove_file(&out).unwrap();
    all
}

/// A table of the report without the columns that name a place or a moment.
fn table(dir: &Path, name: &str) -> Vec<Vec<String>> {
    const OTHERS: [&str; 7] = [
        "file",
        "row",
        "bakktId",
        "attempts",
        "firstSent",
        "lastChange",
        "due",
    ];
    let mut reader = csv::Reader::from_path(dir.join("report").join(name)).unwrap();
    let headers = reader.headers().unwrap().clone();
    let mut rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let cells = headers.iter().zip(row.iter());
            let cells = cells.filter(|(header, _)| !OTHERS.contains(header));
            cells.map(|(_, cell)| cell.to_owned()).collect()
        })
        .collect();
    rows.sort();
    rows
}

/// Runs both, and compares payloads, what Bakkt has of documents, and the reports.
fn same_migration(plain: &Path, stored: (&Store, &Path), environment: &[(&str, String)]) {
    let (store, stored) = stored;
    let other = || {
        let mut program = with_store(store);
        program.envs(environment.iter().map(|(name, value)| (name, value)));
        program
    };
    let wanted = payloads(program(), plain);
    assert!(wanted.len() > 10_000);
    assert!(payloads(other(), stored) == wanted, "other payloads");
    let run = |mut command: Command, dir: &Path| {
        let sandbox = SandboxProcess::start(dir, "seed = 7\n");
        let (summary, code) = json_of(command.arg("run").arg(dir).args([
            "--json",
            "--base-url",
            &sandbox.base_url(),
        ]));
        assert!(matches!(code, 0 | 3), "{summary}");
        let ledger = sandbox.ledger();
        // The id of a document is made of the hash of its content.
        let documents: Vec<(String, u64)> = ledger
            .documents
            .into_iter()
            .map(|(id, document)| (id, document.uploads_made))
            .collect();
        (documents, ledger.kyb, code)
    };
    assert_eq!(run(program(), plain), run(other(), stored));
    for name in ["reconciliation.csv", "gaps.csv", "documents.csv"] {
        let (stored, plain) = (table(stored, name), table(plain, name));
        for (stored, plain) in stored.iter().zip(&plain) {
            assert_eq!(stored, plain, "{name}");
        }
        assert_eq!(stored.len(), plain.len(), "{name}");
    }
}

/// Of each export and manifest that the plan was made from: what it is, its SHA-256 and its size.
fn inputs(dir: &Path) -> Vec<(String, String, u64)> {
    let chain = fs::read_to_string(dir.join("report/chain.jsonl")).unwrap();
    let mut entries = chain.lines().map(|line| {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        entry
    });
    let plan = entries.rfind(|entry| entry["kind"] == "plan").unwrap();
    let body: serde_json::Value = serde_json::from_str(plan["body"].as_str().unwrap()).unwrap();
    let all = body["inputs"].as_array().unwrap().iter();
    let mut all: Vec<(String, String, u64)> = all
        .map(|input| {
            let text = |key: &str| input[key].as_str().unwrap().to_owned();
            let size = input["size"].as_u64().unwrap();
            (text("what"), text("sha256"), size)
        })
        .filter(|(what, ..)| what == "an export" || what.starts_with("the manifest"))
        .collect();
    all.sort();
    all
}

fn harbor_is_the_same_from(kind: Kind) {
    let Some(store) = Store::start(kind) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let plain = harbor(folder.path(), "plain");
    let stored = harbor_in(&store, folder.path());
    same_migration(&plain, (&store, &stored), &[]);
    assert_eq!(inputs(&stored), inputs(&plain));
    assert_eq!(inputs(&stored).len(), 3);
    // No credential stands in anything that a run writes.
    let mut found = Vec::new();
    files_below(&stored, &mut found);
    for file in found {
        let bytes = fs::read(&file).unwrap();
        let secret = memchr::memmem::find(&bytes, SECRET.as_bytes());
        assert_eq!(secret, None, "{}", file.display());
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files_below(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn an_address_of_a_storage_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = harbor(folder.path(), "stored");
    let settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    let settings = settings.replace("\"accounts.csv\"", "\"s3://bucket/accounts.csv\"");
    fs::write(dir.join("migration.toml"), settings).unwrap();
    for (address, plain, told) in [
        ("nonsense", "true", "is not the address of a server"),
        ("", "true", "is not the address of a server"),
        ("127.0.0.1:9", "true", "is not the address of a server"),
        ("http://a b", "true", "is not the address of a server"),
        ("http://127.0.0.1:9", "false", "AWS_ALLOW_HTTP=true"),
    ] {
        let mut check = program();
        check.env_remove("AWS_PROFILE").envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", address),
            ("AWS_ALLOW_HTTP", plain),
        ]);
        let output = check.arg("check").arg(&dir).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{address}\n{said}");
        assert!(said.contains(told), "{address}\n{said}");
        assert!(!said.contains("panicked"), "{address}\n{said}");
    }
}

#[test]
fn harbor_is_the_same_from_an_s3_server() {
    harbor_is_the_same_from(Kind::S3);
}

#[test]
fn harbor_is_the_same_from_an_azure_server() {
    harbor_is_the_same_from(Kind::Azure);
}

#[test]
fn harbor_is_the_same_from_a_google_server() {
    harbor_is_the_same_from(Kind::Google);
}

/// Harbor with documents that are found by their paths in a storage.
fn by_pattern(store: &Store, folder: &Path) -> PathBuf {
    let dir = folder.join("migration");
    copy_folder(&sample("harbor"), &dir);
    fs::remove_dir_all(dir.join("documents")).unwrap();
    let settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    let settings = settings
        .replace(
            "root = \"documents\"",
            &format!("root = \"{}\"", store.url("scans")),
        )
        .replace(
            "manifest = \"documents.csv\"\nmapping = \"documents.toml\"",
            "pattern = \"{clientAccountId}/{documentType}_{documentSide}_{issueCountry}.*\"",
        );
    fs::write(dir.join("migration.toml"), settings).unwrap();
    dir
}

/// Why documents are held, as the report says.
fn held(dir: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(dir.join("report/documents.csv")).unwrap();
    let rows = reader
        .deserialize()
        .map(|row| row.unwrap())
        .collect::<Vec<std::collections::HashMap<String, String>>>();
    let held = rows.iter().filter(|row| row["state"] == "held");
    held.map(|row| row["message"].clone()).collect()
}

/// Individuals of the sample, whose documents wait for nothing.
const INDIVIDUALS: [&str; 3] = ["HB-00008", "HB-00016", "HB-00024"];

fn scan(number: u32) -> Vec<u8> {
    format!("%PDF-1.7 scan {number:04} of a paper").into_bytes()
}

#[test]
fn objects_that_changed_are_held_and_those_that_have_not_are_not_read_again() {
    for kind in [Kind::S3, Kind::Google] {
        let Some(store) = Store::start(kind) else {
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let dir = by_pattern(&store, folder.path());
        let keys: Vec<String> = INDIVIDUALS
            .iter()
            .map(|id| format!("scans/{id}/TRUST_CERTIFICATION_FRONT_USA.pdf"))
            .collect();
        for (number, key) in keys.iter().enumerate() {
            store.put(key, &scan(number as u32));
        }
        let sandbox = SandboxProcess::start(&dir, "");
        let run = |more: &[&str]| {
            let mut run = with_store(&store);
            let run = run.arg("run").arg(&dir);
            let run = run.args(["--json", "--base-url", &sandbox.base_url()]);
            json_of(run.args(more))
        };
        let (summary, code) = run(&["--limit", "0"]);
        assert!(matches!(code, 0 | 3), "{summary}");
        // One changes, as long as before; one is emptied.
        store.put(&keys[1], &scan(9));
        store.put(&keys[2], b"");
        if kind == Kind::S3 {
            let reads: Vec<usize> = keys.iter().map(|key| store.reads(key)).collect();
            assert_eq!(reads, [1, 1, 1]);
        }
        run(&[]);
        assert_eq!(sandbox.count("documents"), 1);
        assert_eq!(
            held(&dir),
            [
                "its content is not what was planned; run replan to plan it anew",
                "its file is missing or unfit now; run check to see why",
            ]
        );
        // A new plan reads what changed, and nothing else.
        let mut replan = with_store(&store);
        let replan = replan.arg("replan").arg(&dir);
        let replan = replan
            .args([
                "--reason",
                "scans changed",
                "--base-url",
                &sandbox.base_url(),
            ])
            .output();
        let replan = replan.unwrap();
        assert!(replan.status.success(), "{replan:?}");
        let (summary, code) = run(&[]);
        assert!(matches!(code, 0 | 3), "{summary}");
        assert_eq!(sandbox.count("documents"), 2);
        if kind == Kind::S3 {
            let reads: Vec<usize> = keys.iter().map(|key| store.reads(key)).collect();
            // Planned and sent; planned, found changed, planned again and sent; planned.
            assert_eq!(reads[..2], [2, 4], "{}", store.log());
        }
    }
}

#[test]
fn a_pattern_of_exports_is_a_list_of_objects() {
    let Some(store) = Store::start(Kind::S3) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("acme");
    copy_folder(&sample("acme"), &dir);
    let wanted = payloads(program(), &dir);
    let text = fs::read_to_string(dir.join("export.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (head, rows) = lines.split_first().unwrap();
    // The sample has no line break inside of a cell.
    for (number, part) in rows.chunks(rows.len() / 2 + 1).enumerate() {
        let part = format!("{head}\n{}\n", part.join("\n"));
        store.put(&format!("in/customers-{number}.csv"), part.as_bytes());
    }
    store.put("in/transfers.csv", b"A,B\n1,2\n");
    store.put("in/old/customers-0.csv", b"A,B\n1,2\n");
    fs::remove_file(dir.join("export.csv")).unwrap();
    let settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    let url = store.url("in/customers-*.csv");
    let settings = settings.replace("\"export.csv\"", &format!("\"{url}\""));
    fs::write(dir.join("migration.toml"), settings).unwrap();
    assert!(payloads(with_store(&store), &dir) == wanted);

    // `inspect` and `init` take a URL as they take a file.
    let export = store.url("in/customers-0.csv");
    let inspect = with_store(&store).args(["inspect", &export]).output();
    let inspect = inspect.unwrap();
    assert!(inspect.status.success(), "{inspect:?}");
    let new = folder.path().join("new");
    let init = with_store(&store)
        .args(["--quiet", "init", "--from", &export, "--"])
        .arg(&new)
        .output()
        .unwrap();
    assert!(init.status.success(), "{init:?}");
    let written = fs::read_to_string(new.join("migration.toml")).unwrap();
    assert!(written.contains(&export), "{written}");
}
