//! Puts the commit and the kind of build into the program, for `--version` and the record of each run.
//!
//! Reads git's files and starts no process, so that it works offline and from a source archive: there, the commit is what
//! `BAKKT_MIGRATE_COMMIT` says, or what `git archive` wrote into `.commit`, else "unknown". Runs again only when the commit changes.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BAKKT_MIGRATE_COMMIT");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let said = env::var("BAKKT_MIGRATE_COMMIT")
        .ok()
        .as_deref()
        .and_then(commit);
    let found = said.or_else(|| of_git(&root)).or_else(|| of_archive(&root));
    println!(
        "cargo::rustc-env=BAKKT_MIGRATE_BUILT_COMMIT={}",
        found.as_deref().unwrap_or("unknown")
    );
    let of = |name: &str| env::var(name).unwrap_or_else(|_| "unknown".to_owned());
    println!(
        "cargo::rustc-env=BAKKT_MIGRATE_BUILD={} for {}",
        of("PROFILE"),
        of("TARGET")
    );
}

/// A text that is the name of a commit, and nothing else.
fn commit(text: &str) -> Option<String> {
    let text = text.trim();
    let is_commit =
        (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit.then(|| text.to_ascii_lowercase())
}

/// The commit that is checked out, from git's files.
fn of_git(root: &Path) -> Option<String> {
    let dot_git = root.join(".git");
    // Of a further work tree it is a file that says where the folder is.
    let folder = match fs::read_to_string(&dot_git) {
        Ok(text) => root.join(text.strip_prefix("gitdir:")?.trim()),
        Err(_) => dot_git,
    };
    let shared = match fs::read_to_string(folder.join("commondir")) {
        Ok(text) => folder.join(text.trim()),
        Err(_) => folder.clone(),
    };
    // The log grows with each commit, whichever file then has its name.
    let head = read(&folder.join("HEAD"))?;
    watch(&folder.join("logs/HEAD"));
    let Some(name) = head.trim().strip_prefix("ref:").map(str::trim) else {
        return commit(&head);
    };
    if let Some(text) = read(&shared.join(name)) {
        return commit(&text);
    }
    let packed = read(&shared.join("packed-refs"))?;
    let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
    lines
        .find(|(_, packed)| *packed == name)
        .and_then(|(hash, _)| commit(hash))
}

/// The commit that `git archive` wrote.
fn of_archive(root: &Path) -> Option<String> {
    commit(&read(&root.join(".commit"))?)
}

fn read(path: &Path) -> Option<String> {
    watch(path);
    fs::read_to_string(path).ok()
}

/// Of a file that is not there the build would run again each time.
fn watch(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
