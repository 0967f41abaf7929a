//! A sealed report, checked with nothing but its folder and the signers' file.
//!
//! First the signature of the manifest; then every file against the manifest; then whether the chain in the report holds and ends
//! with the manifest's head, and whether the last checkpoint saw the lines that the report has.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::CHAIN;
use super::lines::LineHasher;
use super::manifest::{MANIFEST, Manifest, ManifestFacts, SIGNATURE};
use bakkt_files::checksums;
use bakkt_files::signatures::{AllowedSigners, REPORT};
use bakkt_journal::chain::{ChainCheck, EntryKind, EntryRow};
use bakkt_model::error::ShownPath;

/// What was found of a sealed report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FolderResult {
    /// Who signed it, if the signature holds.
    pub signed_by: Option<String>,
    /// The fingerprint of the key.
    pub key: Option<String>,
    /// What the manifest says; `None` when it cannot be read.
    pub report: Option<ManifestFacts>,
    /// How many files are as the manifest has them.
    pub files: u64,
    /// What does not hold, each with the file's name.
    pub flaws: Vec<String>,
}

/// Checks a folder as of a time.
pub fn verify_folder(
    folder: &Path,
    signers: &AllowedSigners,
    at: Timestamp,
) -> anyhow::Result<FolderResult> {
    let mut result = FolderResult::default();
    let Ok(bytes) = fs::read(folder.join(MANIFEST)) else {
        result.flaws.push(format!(
            "{MANIFEST}: missing, or not a file that can be read"
        ));
        return Ok(result);
    };
    match fs::read_to_string(folder.join(SIGNATURE)) {
        Err(_) => result
            .flaws
            .push(format!("{SIGNATURE}: missing, or not a text")),
        Ok(signature) => match signers.verify(REPORT, &bytes, &signature, at) {
            Err(why) => result.flaws.push(format!("{MANIFEST}: {why}")),
            Ok(signed) => {
                result.signed_by = Some(signed.principal().to_owned());
                result.key = Some(signed.fingerprint);
            }
        },
    }
    let text = String::from_utf8_lossy(&bytes);
    let manifest = match Manifest::parse(&text) {
        Ok(manifest) => manifest,
        Err(why) => {
            result.flaws.push(format!("{MANIFEST}: {why}"));
            return Ok(result);
        }
    };
    result.files = files(folder, &manifest, &mut result.flaws)?;
    if result.flaws.is_empty() {
        chain(folder, &manifest, &mut result.flaws)?;
    }
    result.report = Some(manifest.report);
    Ok(result)
}

/// Compares every file; how many are as they were.
fn files(folder: &Path, manifest: &Manifest, flaws: &mut Vec<String>) -> anyhow::Result<u64> {
    let mut same = 0;
    for file in &manifest.files {
        let path = folder.join(&file.name);
        let name = Path::new(&file.name).shown();
        match fs::symlink_metadata(&path) {
            Err(_) => flaws.push(format!("{name}: missing")),
            Ok(facts) if !facts.is_file() => {
                flaws.push(format!("{name}: it is a link or a folder now"))
            }
            Ok(_) => match checksums::of_file(&path) {
                Err(error) => flaws.push(format!("{name}: cannot be read: {error}")),
                Ok(found) if (&found.sha256, found.size) == (&file.sha256, file.size) => same += 1,
                Ok(found) if found.size != file.size => flaws.push(format!(
                    "{name}: changed; it has {} bytes, and the manifest says {}",
                    found.size, file.size
                )),
                Ok(found) => flaws.push(format!(
                    "{name}: changed; its SHA-256 is {}, and the manifest says {}",
                    found.sha256, file.sha256
                )),
            },
        }
    }
    let known: BTreeSet<&str> = manifest
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    let mut added = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !known.contains(name.as_str()) && ![MANIFEST, SIGNATURE].contains(&name.as_str()) {
            added.push(name);
        }
    }
    added.sort();
    flaws.extend(added.iter().map(|name| {
        format!(
            "{}: added; it is not in the manifest",
            Path::new(name).shown()
        )
    }));
    Ok(same)
}

/// Checks the chain that the report holds, one chain after the other.
fn chain(folder: &Path, manifest: &Manifest, flaws: &mut Vec<String>) -> anyhow::Result<()> {
    if !manifest.files.iter().any(|file| file.name == CHAIN) {
        return Ok(());
    }
    let (mut check, mut heads, mut checkpoint) = (ChainCheck::default(), Vec::new(), None);
    for line in BufReader::new(fs::File::open(folder.join(CHAIN))?).lines() {
        let Some(entry) = entry(&line?) else {
            flaws.push(format!("{CHAIN}: a line is not an entry"));
            return Ok(());
        };
        if entry.id == 1 && check.head().entry > 0 {
            heads.push(std::mem::take(&mut check).head());
        }
        if let Some(flaw) = check.next(&entry) {
            flaws.push(format!("{CHAIN}: entry {}: {flaw}", entry.id));
            return Ok(());
        }
        if EntryKind::of(&entry.kind) == Some(EntryKind::Checkpoint) {
            checkpoint = Some(entry.value());
        }
    }
    heads.push(check.head());
    let sealed = manifest.report.heads.iter().map(|kept| &kept.head);
    if !heads.iter().eq(sealed) {
        flaws.push(format!("{CHAIN}: it does not end where the manifest says"));
    }
    let Some(checkpoint) = checkpoint.filter(|_| heads.len() == 1) else {
        return Ok(());
    };
    for name in ["reconciliation.csv", "crosswalk.csv", "documents.csv"] {
        let Some(root) = checkpoint["sheets"][name]["root"].as_str() else {
            continue;
        };
        let mut hasher = LineHasher::new(io::sink());
        let mut file = fs::File::open(folder.join(name))?;
        io::copy(&mut file, &mut hasher)?;
        hasher.flush()?;
        if hasher.end().1.root()? != root {
            flaws.push(format!(
                "{name}: its lines are not those that the last checkpoint saw"
            ));
        }
    }
    Ok(())
}

/// An entry of a line of the chain's file.
fn entry(line: &str) -> Option<EntryRow> {
    let value: Value = serde_json::from_str(line).ok()?;
    let bytes = |key: &str| bakkt_journal::chain::unhex(value[key].as_str()?);
    Some(EntryRow {
        id: value["id"].as_i64()?,
        at: value["at"].as_i64()?,
        kind: value["kind"].as_str()?.to_owned(),
        body: value["body"].as_str()?.to_owned(),
        before: bytes("before")?,
        hash: bytes("hash")?,
    })
}
