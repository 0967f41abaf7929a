//! Who may use whom, as far as Cargo does not keep it: the manifests and the sources against a few tables.
//!
//! Between crates the compiler keeps the walls; a manifest says what a crate may use. What stands here is which entries a
//! manifest must not have, which rooms of one crate may use each other, and who may open files for writing. A line that a
//! change needs is a decision to be made here, in the open.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// A name, and the names that it may use.
type MayUse = (&'static str, &'static [&'static str]);

/// The pure half: no network, no database, no async runtime, not by way of others either.
const PURE: &[&str] = &["model", "contract", "source", "mapping", "discover"];

/// Outside crates that are somebody's own, and whose; `program` is the package at the top.
const OWNED: &[MayUse] = &[
    ("tokio", &["engine", "sandbox", "program"]),
    ("reqwest", &["engine"]),
    ("rustls", &["engine"]),
    ("rustls-platform-verifier", &["engine"]),
    ("tower-layer", &["engine"]),
    ("tower-service", &["engine"]),
    ("axum", &["engine"]),
    ("object_store", &["engine"]),
    ("opentelemetry", &["engine"]),
    ("opentelemetry-http", &["engine"]),
    ("opentelemetry-otlp", &["engine"]),
    ("opentelemetry_sdk", &["engine"]),
    ("hyper", &["sandbox"]),
    ("hyper-util", &["engine", "sandbox"]),
    ("redis", &["engine"]),
    ("rusqlite", &["journal"]),
    ("rust_xlsxwriter", &["report"]),
    ("ratatui", &["report"]),
];

/// Crates that are to know little of the others, and what they may know.
const NARROW: &[MayUse] = &[
    ("model", &[]),
    // It states the contract a second time, or it would only prove that we agree with ourselves.
    ("sandbox", &[]),
    ("source", &["model"]),
    ("contract", &["model"]),
    ("report", &["files", "journal", "model"]),
    ("journal", &["contract", "files", "model"]),
    // It is handed payloads and does not know where they come from.
    ("engine", &["contract", "files", "journal", "model"]),
];

/// Rooms of one crate and what each may use of the others in it. What stands beside the named rooms is the room "".
const ROOMS: &[(&str, &[MayUse])] = &[
    (
        "model",
        &[
            ("address", &[]),
            ("error", &["address"]),
            ("sensitive", &[]),
            ("text", &[]),
            ("", &["address", "text"]),
        ],
    ),
    (
        "files",
        &[
            ("checksums", &[]),
            ("cores", &[]),
            ("lock", &["state_folder"]),
            ("machine", &[]),
            ("output", &[]),
            ("progress", &["terminal"]),
            ("signatures", &["checksums", "small_files"]),
            ("small_files", &["output"]),
            ("state_folder", &[]),
            ("terminal", &[]),
            ("toml_file", &["small_files"]),
        ],
    ),
    ("contract", &[("masking", &[""]), ("", &[])]),
    (
        "mapping",
        &[
            ("", &[]),
            ("assess", &[""]),
            // After the account was judged, of migrations with custody alone.
            ("custody", &["", "findings", "pipeline"]),
            ("findings", &["", "assess"]),
            ("pipeline", &["", "assess", "findings"]),
        ],
    ),
    (
        "discover",
        &[
            ("inspect", &[]),
            ("guess", &["inspect"]),
            ("try_out", &["guess", "inspect"]),
        ],
    ),
    (
        "journal",
        &[
            ("chain", &[]),
            ("schema", &["chain"]),
            ("events", &["chain", "schema"]),
            ("write", &["", "chain", "events", "schema"]),
            ("read", &["chain", "events", "schema", "write"]),
            ("decisions", &["chain", "read", "schema", "write"]),
            ("replan", &["decisions", "read", "schema", "write"]),
            // Users, accounts and recipients: tasks of their own beside those of accounts.
            ("custody", &["", "read", "schema", "write"]),
            (
                "journals",
                &["custody", "decisions", "read", "replan", "write"],
            ),
            ("registry", &["", "schema", "write"]),
            (
                "tests",
                &[
                    "",
                    "chain",
                    "custody",
                    "decisions",
                    "read",
                    "schema",
                    "write",
                ],
            ),
        ],
    ),
    (
        "folder",
        &[
            ("documents", &[]),
            ("settings", &["documents", "schema"]),
            ("schema", &["documents"]),
            ("migration", &["documents", "settings"]),
        ],
    ),
    (
        "engine",
        &[
            ("api", &[]),
            ("quota", &[]),
            ("requests", &["api", "quota"]),
            ("submit", &["api", "requests"]),
            ("verify", &["api", "requests"]),
            ("links", &["api", "requests"]),
            ("metrics", &[]),
            // The same connections, and the table of the metrics.
            ("telemetry", &["api", "metrics"]),
            // It steers the requests, and shows what is counted of them.
            ("control", &["requests", "submit"]),
            // The same connections, and nothing of Bakkt.
            ("objects", &["api"]),
            // It counts for the same progress display as sending does.
            ("custody", &["api", "requests", "submit"]),
            // Sessions come in as events do, and know nothing of what they are for.
            ("sessions", &[]),
            // What Bakkt says unasked: it stands beside sending, and knows nothing of it.
            ("events", &[]),
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names under `[dependencies]` of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let table = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    let name = |line: &str| line.split(['.', ' ', '=']).next().unwrap().to_owned();
    table
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(name)
        .collect()
}

/// What each crate uses, by the name of its folder; `program` is the package at the top. Crates of ours stand without
/// their prefix.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let mut folders = vec![("program".to_owned(), root().to_owned())];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        folders.push((path.file_name().unwrap().to_str().unwrap().to_owned(), path));
    }
    folders
        .into_iter()
        .map(|(name, folder)| {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            let uses = dependencies(&manifest);
            let short = |used: String| used.strip_prefix("bakkt-").unwrap_or(&used).to_owned();
            (name, uses.into_iter().map(short).collect())
        })
        .collect()
}

/// A crate and all crates of ours that it uses, directly or not.
fn below(name: &str, uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut all = BTreeSet::from([name.to_owned()]);
    let mut next = vec![name.to_owned()];
    while let Some(name) = next.pop() {
        for used in uses[&name].iter().filter(|used| uses.contains_key(*used)) {
            if all.insert(used.clone()) {
                next.push(used.clone());
            }
        }
    }
    all
}

#[test]
fn manifests_have_no_more_than_the_tables_allow() {
    let uses = uses();
    let ours: BTreeSet<&String> = uses.keys().collect();
    let mut wrong = Vec::new();
    for (outside, owners) in OWNED {
        for (name, used) in &uses {
            if used.contains(*outside) && !owners.contains(&name.as_str()) {
                wrong.push(format!("{name} uses {outside}"));
            }
        }
        for owner in *owners {
            if !uses[*owner].contains(*outside) {
                wrong.push(format!("{owner} is said to use {outside}, and does not"));
            }
        }
    }
    for (name, allowed) in NARROW {
        for used in uses[*name].iter().filter(|used| ours.contains(used)) {
            if !allowed.contains(&used.as_str()) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    for name in PURE {
        for deep in below(name, &uses) {
            for (outside, _) in OWNED {
                if uses[&deep].contains(*outside) {
                    wrong.push(format!("{name} uses {outside}, by way of {deep}"));
                }
            }
        }
    }
    if ours.len() > 13 {
        wrong.push("more than twelve crates below the program".to_owned());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The sources below a folder of the repository, as (path from the repository, text without comments).
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    source_files(&root().join(folder), &mut files);
    files.sort();
    files
        .iter()
        .map(|path| {
            let text: String = fs::read_to_string(path)
                .unwrap()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            (
                path.strip_prefix(root()).unwrap().display().to_string(),
                text,
            )
        })
        .collect()
}

/// What a text names of its own crate: `crate::x`, and the top of `crate::{x, y::z}`.
fn own_names(text: &str) -> BTreeSet<String> {
    static FORMS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [r"\bcrate::(\w+)", r"\bcrate::\{([^;]*)\};"].map(|form| Regex::new(form).unwrap())
    });
    let [single, group] = &*FORMS;
    let mut names: BTreeSet<String> = single
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect();
    for found in group.captures_iter(text) {
        // Only what stands at the top of the group.
        let mut depth = 0;
        let mut name = String::new();
        for c in found[1].chars().chain([',']) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    let first = name.trim().split("::").next().unwrap_or("");
                    names.insert(first.to_owned());
                    name.clear();
                }
                c if depth == 0 => name.push(c),
                _ => {}
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn rooms_of_a_crate_use_no_more_than_the_table_allows() {
    let mut wrong = Vec::new();
    for (name, rooms) in ROOMS {
        let known = |room: &str| rooms.iter().any(|(known, _)| *known == room);
        let folder = format!("crates/{name}/src");
        for (path, text) in sources(&folder) {
            let first = path[folder.len() + 1..].split('/').next().unwrap();
            let first = first.trim_end_matches(".rs");
            if first == "lib" {
                continue;
            }
            let room = if known(first) { first } else { "" };
            let Some((_, allowed)) = rooms.iter().find(|(known, _)| *known == room) else {
                wrong.push(format!("{path} stands in no room of {name}"));
                continue;
            };
            for used in own_names(&text) {
                let used = if known(&used) { used.as_str() } else { "" };
                if used != room && !allowed.contains(&used) {
                    let used = if used.is_empty() {
                        "the crate's own"
                    } else {
                        used
                    };
                    wrong.push(format!("{path} uses {used}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_are_found_however_they_are_written() {
    let text = "use crate::error::Failure;\nuse crate::{source::Row, mapping::{draft, feed}, assess};\nfn f() { crate::journal::now() }";
    let names: Vec<String> = own_names(text).into_iter().collect();
    assert_eq!(names, ["assess", "error", "journal", "mapping", "source"]);
    let manifest = "[package]\nname = \"a\"\n\n[dependencies]\nbytes.workspace = true\ntokio = { workspace = true }\n\n[dev-dependencies]\nregex = \"1\"\n";
    let names: Vec<String> = dependencies(manifest).into_iter().collect();
    assert_eq!(names, ["bytes", "tokio"]);
}

/// Ways to make, change or remove a file, and to write cells.
const WRITING: &[&str] = &[
    "File::create",
    "File::options",
    "fs::write",
    "fs::rename",
    "fs::copy",
    "fs::remove",
    "create_new",
    "create_dir",
    "OpenOptions::new",
    "DirBuilder",
    "NamedTempFile",
    "tempfile_in",
    "csv::Writer",
    "WriterBuilder",
];

/// Who may do so. Whoever writes what a person names goes through `output`; state goes through `state_folder`.
const WRITERS: &[MayUse] = &[
    // A file that a person names, and cells.
    ("crates/files/src/output/", WRITING),
    // The state folder.
    (
        "crates/files/src/state_folder.rs",
        &[
            "OpenOptions::new",
            "create_new",
            "DirBuilder",
            "NamedTempFile",
            "fs::remove",
        ],
    ),
    // A session goes when it is not needed any more.
    ("crates/journal/src/custody/sessions.rs", &["fs::remove"]),
    ("crates/journal/src/replan/mod.rs", &["fs::remove"]),
    // The copy of a backfill file, below the state folder.
    ("src/commands/backfill_copy.rs", &["fs::remove"]),
    // What a run tells `status`, in the state folder.
    (
        "src/commands/pressure_file.rs",
        &["OpenOptions::new", "create_new", "fs::remove"],
    ),
    // The socket of a run, in a folder of its own, and the small file that says where it is.
    (
        "crates/engine/src/control/place.rs",
        &["OpenOptions::new", "create_new", "fs::remove", "DirBuilder"],
    ),
    // Reading, and temporary files without a name.
    (
        "crates/files/src/small_files/secret.rs",
        &["OpenOptions::new"],
    ),
    ("crates/folder/src/documents/root.rs", &["OpenOptions::new"]),
    ("crates/source/src/spool.rs", &["tempfile_in"]),
];

#[test]
fn nobody_else_opens_files_for_writing() {
    let mut wrong = Vec::new();
    for (path, text) in [sources("src"), sources("crates")].concat() {
        if path.ends_with("/tests.rs") {
            continue;
        }
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        let allowed = WRITERS.iter().find(|(place, _)| path.starts_with(place));
        let allowed = allowed.map_or(&[][..], |(_, ways)| ways);
        for way in WRITING {
            if program.contains(way) && !allowed.contains(way) {
                wrong.push(format!("{path}: {way}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
