//! A sealed report, checked with nothing but its folder and the signers' file.
//!
//! First the signature of the manifest; then every file against the manifest; then whether the chain in the report holds and ends
//! with the manifest's head, and whether the last checkpoint saw the lines that the report has: of a merged report those of each shard.
//! A report can be as it was signed and still say of its journal that it was altered; that is told beside the flaws.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::CHAIN;
use super::alterations::{noted_words, of_shard, target_flaws};
use super::lines::LineHasher;
use super::manifest::{MANIFEST, Manifest, ManifestFacts, SIGNATURE};
use crate::SUMMARY;
use bakkt_files::checksums;
use bakkt_files::signatures::{AllowedSigners, REPORT};
use bakkt_journal::chain::{ALTERED, ChainCheck, ChainHead, EntryKind, EntryRow, RowHashes};
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
    /// What the report itself says against the journal that it is of: what was altered there, and what does not balance.
    pub journal: Vec<String>,
    /// What could not be compared, and why.
    pub unchecked: Vec<String>,
}

/// Checks a folder as of a time.
pub fn verify_folder(
    folder: &Path,
    signers: &AllowedSigners,
    at: Timestamp,
) -> anyhow::Result<FolderResult> {
    let mut result = FolderResult::default();
    let Some(bytes) = read(&folder.join(MANIFEST)) else {
        result.flaws.push(format!(
            "{MANIFEST}: missing, or not a file that can be read"
        ));
        return Ok(result);
    };
    let signature = read(&folder.join(SIGNATURE)).and_then(|bytes| String::from_utf8(bytes).ok());
    match signature {
        None => result
            .flaws
            .push(format!("{SIGNATURE}: missing, or not a text")),
        Some(signature) => match signers.verify(REPORT, &bytes, &signature, at) {
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
        let chains = chain(folder, &manifest, &mut result)?;
        summary(folder, &chains, &mut result)?;
    }
    result.report = Some(manifest.report);
    Ok(result)
}

/// The bytes of a file; none where something else stands in its place. A link leads out of what was signed, and a pipe may never end.
fn read(path: &Path) -> Option<Vec<u8>> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|facts| facts.is_file());
    is_file.then(|| fs::read(path).ok()).flatten()
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

/// Checks the chains that the report holds, and its lines against the last checkpoint of each.
fn chain(
    folder: &Path,
    manifest: &Manifest,
    result: &mut FolderResult,
) -> anyhow::Result<Vec<SealedChain>> {
    if !manifest.files.iter().any(|file| file.name == CHAIN) {
        return Ok(Vec::new());
    }
    let chains = match chains(folder, manifest)? {
        Ok(chains) => chains,
        Err(flaw) => {
            result.flaws.push(flaw);
            return Ok(Vec::new());
        }
    };
    let heads = chains.iter().map(|chain| &chain.head);
    if !heads.eq(manifest.report.heads.iter().map(|kept| &kept.head)) {
        let flaw = format!("{CHAIN}: it does not end where the manifest says");
        result.flaws.push(flaw);
    }
    result.journal = chains
        .iter()
        .flat_map(|chain| &chain.altered)
        .cloned()
        .collect();
    for name in ["reconciliation.csv", "crosswalk.csv", "documents.csv"] {
        let is_vouched_for = |chain: &SealedChain| chain.seen(name).is_some();
        if !chains.iter().any(is_vouched_for) {
            continue;
        }
        let mut hasher = LineHasher::new(io::sink());
        let mut file = fs::File::open(folder.join(name))?;
        io::copy(&mut file, &mut hasher)?;
        hasher.flush()?;
        compare_lines(name, &hasher.end().1, &chains, manifest, result)?;
    }
    Ok(chains)
}

/// What a report holds of the chain of one journal.
#[derive(Default)]
struct SealedChain {
    /// The shard, of migrations with shards.
    shard: Option<String>,
    head: ChainHead,
    /// The body of its last checkpoint.
    checkpoint: Option<Value>,
    /// Something that changes rows was done after it.
    is_behind: bool,
    /// What its checkpoints note as altered.
    altered: Vec<String>,
    /// The entry of its last run.
    run: Option<EntryRow>,
}

impl SealedChain {
    /// How many lines of a file the last checkpoint saw, and the root over them.
    fn seen(&self, name: &str) -> Option<(u64, &str)> {
        let seen = &self.checkpoint.as_ref()?["sheets"][name];
        Some((seen["rows"].as_u64()?, seen["root"].as_str()?))
    }

    /// Whether its last checkpoint was made by the program that sealed the report; another one may have written lines otherwise.
    fn is_of_program(&self, sealed_by: &str) -> bool {
        let program = self.checkpoint.as_ref().map(|body| &body["program"]);
        let text = |key: &str| program.and_then(|program| program[key].as_str());
        let parts = (text("version"), text("commit"), text("build"));
        matches!(parts, (Some(version), Some(commit), Some(build))
            if sealed_by == format!("{version} (commit {commit}, {build})"))
    }

    fn take(&mut self, entry: &EntryRow) {
        match EntryKind::of(&entry.kind) {
            Some(EntryKind::Checkpoint) => {
                let body = entry.value();
                if body[ALTERED].is_object() {
                    let words = noted_words(entry, &body[ALTERED]);
                    self.altered.push(of_shard(self.shard.as_deref(), &words));
                }
                (self.checkpoint, self.is_behind) = (Some(body), false);
            }
            Some(kind) => {
                self.is_behind |= kind.changes_rows();
                if kind == EntryKind::Run {
                    self.run = Some(entry.clone());
                }
            }
            None => {}
        }
    }

    /// In what the target of the summary is not that of the last run.
    fn other_target(&self, summary: &Value) -> Vec<String> {
        let run = self.run.iter();
        let flaws = run.flat_map(|run| target_flaws(run, SUMMARY, summary));
        flaws
            .map(|words| of_shard(self.shard.as_deref(), &words))
            .collect()
    }
}

/// Walks the chains of the file, which stand one after the other; the flaw of the first that does not hold.
fn chains(folder: &Path, manifest: &Manifest) -> anyhow::Result<Result<Vec<SealedChain>, String>> {
    let shard = |number: usize| manifest.report.heads.get(number)?.shard.clone();
    let (mut all, mut check) = (Vec::new(), ChainCheck::default());
    let mut now = SealedChain {
        shard: shard(0),
        ..SealedChain::default()
    };
    for line in BufReader::new(fs::File::open(folder.join(CHAIN))?).lines() {
        let Some(entry) = entry(&line?) else {
            return Ok(Err(format!("{CHAIN}: a line is not an entry")));
        };
        if entry.id == 1 && check.head().entry > 0 {
            now.head = std::mem::take(&mut check).head();
            let next = SealedChain {
                shard: shard(all.len() + 1),
                ..SealedChain::default()
            };
            all.push(std::mem::replace(&mut now, next));
        }
        if let Some(flaw) = check.next(&entry) {
            return Ok(Err(format!("{CHAIN}: entry {}: {flaw}", entry.id)));
        }
        now.take(&entry);
    }
    now.head = check.head();
    all.push(now);
    Ok(Ok(all))
}

/// Compares the lines of a file, which stand chain by chain, with those that the last checkpoint of each saw.
fn compare_lines(
    name: &str,
    lines: &RowHashes,
    chains: &[SealedChain],
    manifest: &Manifest,
    result: &mut FolderResult,
) -> anyhow::Result<()> {
    if let [chain] = chains {
        // Its report made the checkpoint itself, so there is nothing that could excuse other lines.
        if chain
            .seen(name)
            .is_some_and(|(_, root)| lines.root().is_ok_and(|found| found != root))
        {
            result.flaws.push(format!(
                "{name}: its lines are not those that the last checkpoint saw"
            ));
        }
        return Ok(());
    }
    let mut first = 0;
    for (place, chain) in chains.iter().enumerate() {
        let shard = chain.shard.as_deref().unwrap_or("unknown").escape_default();
        let Some((count, root)) = chain.seen(name).filter(|_| !chain.is_behind) else {
            result.unchecked.push(format!(
                "shard {shard} had done something since its last checkpoint, so nobody can tell which lines of {name} are its own: these and those behind them could not be compared"
            ));
            return Ok(());
        };
        let is_last = place + 1 == chains.len();
        let count = if is_last {
            lines.count().saturating_sub(first)
        } else {
            count
        };
        if lines.root_of(first..first + count)?.as_deref() != Some(root) {
            match chain.is_of_program(&manifest.report.program) {
                true => result.flaws.push(format!(
                    "{name}: its lines of shard {shard} are not those that its last checkpoint saw"
                )),
                false => result.unchecked.push(format!(
                    "another version of bakkt-migrate made the last checkpoint of shard {shard}: its lines of {name} could not be compared"
                )),
            }
        }
        first += count;
    }
    Ok(())
}

/// What the summary says of the journal: what was altered, and what does not balance; and whether its target is that of the runs.
fn summary(folder: &Path, chains: &[SealedChain], result: &mut FolderResult) -> anyhow::Result<()> {
    let Ok(text) = fs::read_to_string(folder.join(SUMMARY)) else {
        return Ok(());
    };
    let summary: Value = serde_json::from_str(&text).unwrap_or_default();
    let others = chains.iter().flat_map(|chain| chain.other_target(&summary));
    result.journal.extend(others);
    let totals = &summary["totals"];
    let lines = |key: &str| {
        let lines = totals[key].as_array().into_iter().flatten();
        let lines = lines.filter_map(Value::as_str);
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for words in lines("altered") {
        // The chain may say the same.
        if !result.journal.contains(&words) {
            result.journal.push(words);
        }
    }
    if totals["balanced"] == false {
        let why = lines("imbalances").join("; ");
        result
            .journal
            .push(format!("the report does not balance: {why}"));
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
