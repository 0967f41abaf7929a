//! What the program is built from: licences, sources, and no dependency that nobody uses.
//!
//! Owner of these checks, so that they need nothing but Cargo. deny.toml holds the list of licences, for cargo-deny too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The packages that this machine's build is made of, as Cargo lists them; nothing is downloaded.
fn packages() -> Vec<Value> {
    let version = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(["--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The licences in the list of deny.toml.
fn allowed_licences() -> BTreeSet<String> {
    let file: toml::Table = read("deny.toml").parse().unwrap();
    let list = file["licenses"]["allow"].as_array().unwrap();
    let names = list.iter().map(|name| name.as_str().unwrap().to_owned());
    names.collect()
}

/// Whether an SPDX expression can be met with the allowed licences. Old manifests write `/` for `OR`.
fn is_permitted(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any_of(&words, &mut at, allowed);
    assert_eq!(at, words.len(), "cannot be read: {expression}");
    met
}

fn any_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(words, at, allowed);
    }
    met
}

fn all_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut name = words[*at].to_owned();
    *at += 1;
    if name == "(" {
        let met = any_of(words, at, allowed);
        assert_eq!(words.get(*at), Some(&")"), "{words:?}");
        *at += 1;
        return met;
    }
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words[*at + 1]);
        *at += 2;
    }
    allowed.contains(&name)
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "A WITH B".to_owned()]);
    for (expression, permitted) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND MIT", true),
        ("MIT AND (GPL-3.0 OR A)", false),
        ("A", false),
        ("A WITH B", true),
    ] {
        assert_eq!(
            is_permitted(expression, &allowed),
            permitted,
            "{expression}"
        );
    }
}

#[test]
fn every_licence_is_on_the_list() {
    let allowed = allowed_licences();
    let mut wrong = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        match package["license"].as_str() {
            Some(licence) if is_permitted(licence, &allowed) => {}
            licence => wrong.push(format!("{name}: {licence:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_comes_from_crates_io() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let mut wrong = Vec::new();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let source = package.get("source").and_then(|source| source.as_str());
        let ours = source.is_none() && name.starts_with("bakkt-");
        if !ours && (source != Some(CRATES_IO) || package.get("checksum").is_none()) {
            wrong.push(format!("{name}: {source:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Everything that is written in Rust below these folders.
fn sources(folders: &[PathBuf]) -> String {
    let mut text = String::new();
    let mut waiting = folders.to_vec();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

/// The folders of all packages: the program and the crates.
fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("crates")).unwrap();
    let crates = entries.map(|entry| entry.unwrap().path());
    crates.chain([root().to_owned()]).collect()
}

#[test]
fn every_dependency_is_used() {
    let mut wrong = Vec::new();
    let mut inherited = BTreeSet::new();
    for folder in folders() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let below = |names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|name| folder.join(name)).collect()
        };
        for (table, places) in [
            ("dependencies", below(&["src"])),
            (
                "dev-dependencies",
                below(&["src", "tests", "benches", "examples"]),
            ),
        ] {
            let text = sources(&places);
            let names = manifest.get(table).and_then(|table| table.as_table());
            for name in names.into_iter().flat_map(|table| table.keys()) {
                inherited.insert(name.clone());
                let used = format!(r"\b{}\b", name.replace('-', "_"));
                if !Regex::new(&used).unwrap().is_match(&text) {
                    wrong.push(format!("{}: {table}: {name}", folder.display()));
                }
            }
        }
    }
    let workspace: toml::Table = read("Cargo.toml").parse().unwrap();
    let shared = workspace["workspace"]["dependencies"].as_table().unwrap();
    for name in shared.keys().filter(|name| !inherited.contains(*name)) {
        wrong.push(format!("workspace.dependencies: {name}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
