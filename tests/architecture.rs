//! Who may use whom: the imports of every source file against one table.
//!
//! Owner of the allowed directions (ARCHITECTURE.md). The table is the rule; a line that a change needs is a decision
//! to be made here, in the open. Comments do not count, tests inside the modules do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// A module, the modules of this crate that it may use, and the outside crates that only some may use.
const ALLOWED: &[(&str, &[&str], &[&str])] = &[
    ("error", &[], &[]),
    ("sensitive", &[], &[]),
    ("terminal", &["error"], &[]),
    ("logging", &["state_folder", "terminal"], &[]),
    ("process", &["error", "terminal"], &["tokio"]),
    // How files are opened that are no exports: for output, as state, as small texts of people.
    ("output", &["error"], &[]),
    ("state_folder", &["error"], &[]),
    ("small_files", &["error", "output"], &[]),
    ("toml_file", &["error", "small_files"], &[]),
    // Types that several share, without input and output.
    ("model", &[], &[]),
    // The pure half: no network, no database, no async runtime.
    ("text", &[], &[]),
    ("contract", &["text"], &[]),
    // What of a server's words may be kept: pure, so that everything that keeps some can ask it.
    ("masking", &["contract"], &[]),
    ("source", &["error", "text", "model"], &[]),
    (
        "mapping",
        &["contract", "source", "error", "text", "toml_file", "model"],
        &[],
    ),
    ("assess", &["contract", "mapping", "text", "model"], &[]),
    // What a person should see although no rule refuses it: of one draft, and of many.
    (
        "findings",
        &["contract", "source", "mapping", "assess", "text", "model"],
        &[],
    ),
    (
        "pipeline",
        &[
            "contract", "error", "source", "mapping", "assess", "findings", "text", "model",
        ],
        &[],
    ),
    // What exports hold, and what that seems to mean: no settings, no folder, nothing but the files themselves.
    ("inspect", &["contract", "error", "source", "mapping"], &[]),
    ("guess", &["contract", "error", "inspect"], &[]),
    (
        "try_out",
        &[
            "assess",
            "contract",
            "error",
            "findings",
            "guess",
            "inspect",
            "mapping",
            "model",
            "pipeline",
            "source",
            "toml_file",
        ],
        &[],
    ),
    // Files of other people: nothing here knows where the documents go.
    (
        "documents",
        &[
            "contract",
            "source",
            "mapping",
            "error",
            "text",
            "toml_file",
            "model",
        ],
        &[],
    ),
    // The journal is the only user of the database.
    (
        "journal",
        &["contract", "error", "masking", "state_folder", "model"],
        &["rusqlite"],
    ),
    // The api is the only user of HTTP.
    (
        "api",
        &[
            "contract",
            "error",
            "journal",
            "masking",
            "sensitive",
            "model",
        ],
        &[
            "hyper_util",
            "reqwest",
            "rustls",
            "rustls_platform_verifier",
            "tokio",
            "tower_layer",
            "tower_service",
        ],
    ),
    // Submission is handed payloads; it does not know where they come from.
    (
        "submit",
        &["api", "journal", "error", "masking", "sensitive", "model"],
        &["tokio"],
    ),
    // Reading back is handed payloads as well, and keeps to the rates and waits of submission.
    (
        "verify",
        &[
            "api",
            "contract",
            "journal",
            "error",
            "sensitive",
            "submit",
            "model",
        ],
        &["tokio"],
    ),
    // What Bakkt says unasked: it stands beside sending, and knows nothing of it.
    (
        "events",
        &[
            "contract",
            "error",
            "journal",
            "masking",
            "sensitive",
            "small_files",
            "model",
        ],
        &["tokio", "axum"],
    ),
    // Links are for a file of the merchant's own: whoever calls says where they go.
    (
        "links",
        &["api", "journal", "error", "submit", "model"],
        &["tokio"],
    ),
    (
        "report",
        &["error", "journal", "output", "model"],
        &["rust_xlsxwriter"],
    ),
    // What may stand in files: names and words, no settings and no data.
    (
        "schema",
        &["contract", "documents", "mapping", "source"],
        &[],
    ),
    // It states the contract a second time, or it would only prove that we agree with ourselves.
    ("sandbox", &[], &["tokio", "hyper", "hyper_util"]),
    (
        "settings",
        &[
            "error",
            "toml_file",
            "small_files",
            "contract",
            "source",
            "assess",
            "mapping",
            "documents",
            "text",
            "model",
        ],
        &[],
    ),
    (
        "migration",
        &[
            "error",
            "toml_file",
            "settings",
            "source",
            "mapping",
            "assess",
            "findings",
            "pipeline",
            "contract",
            "documents",
            "model",
        ],
        &[],
    ),
    // What is known of every row before anything is sent, and what is said of it.
    (
        "planning",
        &[
            "assess",
            "contract",
            "documents",
            "error",
            "findings",
            "journal",
            "mapping",
            "migration",
            "model",
            "output",
            "pipeline",
            "progress",
            "report",
            "settings",
            "source",
        ],
        &[],
    ),
    ("progress", &["terminal", "model"], &[]),
    ("cli", &[], &[]),
    (
        "main",
        &["cli", "commands", "error", "logging", "process", "terminal"],
        &[],
    ),
];

/// Outside crates that are somebody's own.
const OWNED: &[&str] = &[
    "tokio",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "tower_layer",
    "tower_service",
    "rusqlite",
    "hyper",
    "hyper_util",
    "axum",
    "rust_xlsxwriter",
];

/// Modules that put everything together.
const WIRING: &[&str] = &["lib", "commands"];

/// What the wiring may not use either: those have one user each.
const NOT_IN_WIRING: &[&str] = &[
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "tower_layer",
    "tower_service",
    "rusqlite",
    "hyper",
    "hyper_util",
    "axum",
    "rust_xlsxwriter",
];

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

/// The files of `src`, as (module, path, text without comments).
fn modules() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    files.sort();
    let module = |path: &Path| {
        let first = path.components().next().unwrap().as_os_str();
        first.to_str().unwrap().trim_end_matches(".rs").to_owned()
    };
    files
        .iter()
        .map(|path| {
            let text: String = fs::read_to_string(path)
                .unwrap()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            let path = path.strip_prefix(&root).unwrap();
            (module(path), path.display().to_string(), text)
        })
        .collect()
}

/// The modules of this crate that a text names: `crate::x`, `crate::{x, y::z}`, and `bakkt_migrate::x` in the binary.
fn own_modules(text: &str) -> BTreeSet<String> {
    static FORMS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            r"\b(?:crate|bakkt_migrate)::([a-z_]+)",
            r"\b(?:crate|bakkt_migrate)::\{([^;]*)\};",
        ]
        .map(|form| Regex::new(form).unwrap())
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

fn owned_crates(text: &str) -> BTreeSet<&'static str> {
    static USES: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
        let uses = |name| Regex::new(&format!(r"(?:\buse {name}\b|\b{name}::)")).unwrap();
        OWNED.iter().map(|name| (*name, uses(name))).collect()
    });
    let used = USES.iter().filter(|(_, uses)| uses.is_match(text));
    used.map(|(name, _)| *name).collect()
}

#[test]
fn nobody_uses_more_than_the_table_allows() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for (module, path, text) in modules() {
        seen.insert(module.clone());
        if WIRING.contains(&module.as_str()) {
            for name in owned_crates(&text) {
                if NOT_IN_WIRING.contains(&name) {
                    wrong.push(format!("{path} uses {name}"));
                }
            }
            continue;
        }
        let Some((_, own, outside)) = ALLOWED.iter().find(|(name, ..)| *name == module) else {
            wrong.push(format!("{path}: the module `{module}` is not in the table"));
            continue;
        };
        for name in own_modules(&text) {
            if name != module && !own.contains(&name.as_str()) {
                wrong.push(format!("{path} uses crate::{name}"));
            }
        }
        for name in owned_crates(&text) {
            if !outside.contains(&name) {
                wrong.push(format!("{path} uses {name}"));
            }
        }
    }
    for (module, ..) in ALLOWED {
        if !seen.contains(*module) {
            wrong.push(format!("the table has `{module}`, and src has not"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_what_matters() {
    let of = |module: &str| ALLOWED.iter().find(|(name, ..)| *name == module).unwrap();
    for module in ["contract", "source", "mapping", "assess", "pipeline"] {
        assert!(of(module).2.is_empty(), "{module} is pure");
    }
    for module in ["source", "mapping", "assess", "pipeline"] {
        assert!(
            !of("submit").1.contains(&module),
            "submit knows no {module}"
        );
    }
    assert_eq!(of("report").1, ["error", "journal", "output", "model"]);
    assert!(of("sandbox").1.is_empty());
}

#[test]
fn names_are_found_however_they_are_written() {
    let text = "use crate::error::Failure;\nuse crate::{source::Row, mapping::{draft, feed}, assess};\nfn f() { crate::journal::now() }";
    let names: Vec<String> = own_modules(text).into_iter().collect();
    assert_eq!(names, ["assess", "error", "journal", "mapping", "source"]);
    let crates: Vec<&str> = owned_crates("use tokio;\nfn f() { rusqlite::params![] }")
        .into_iter()
        .collect();
    assert_eq!(crates, ["rusqlite", "tokio"]);
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
const WRITERS: &[(&str, &[&str])] = &[
    // A file that a person names, and cells.
    ("output/", WRITING),
    // The state folder.
    ("state_folder.rs", &["OpenOptions::new", "DirBuilder"]),
    // The key of a journal is there whole or not at all; a scratch journal is removed.
    ("journal/open.rs", &["NamedTempFile"]),
    ("journal/replan.rs", &["fs::remove"]),
    // The copy of a backfill file, below the state folder.
    (
        "commands/backfill_copy.rs",
        &["NamedTempFile", "fs::remove"],
    ),
    // What a run tells `status`, in the state folder.
    (
        "commands/pressure_file.rs",
        &["OpenOptions::new", "create_new", "fs::remove"],
    ),
    // Reading, and temporary files without a name.
    ("small_files/secret.rs", &["OpenOptions::new"]),
    ("documents/root.rs", &["OpenOptions::new"]),
    ("source/spool.rs", &["tempfile_in"]),
];

#[test]
fn nobody_else_opens_files_for_writing() {
    let mut wrong = Vec::new();
    for (_, path, text) in modules() {
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
