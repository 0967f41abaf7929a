//! The manifest of a sealed report: every file with size and SHA-256, and the head of the chain.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::heads::KeptHead;
use bakkt_files::checksums;
use bakkt_files::output::FileStart;

/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
/// The name of its signature, as `ssh-keygen -Y sign` would call it.
pub const SIGNATURE: &str = "manifest.json.sig";
/// What the first key says.
const FORM: &str = "bakkt-migrate report manifest 1";

/// A file of a sealed report.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct SealedFile {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

/// What a manifest says beside its files.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ManifestFacts {
    /// The name of the migration.
    pub name: String,
    /// Whether the target is the sandbox.
    pub sandbox: bool,
    /// The target.
    pub target: String,
    /// When it was sealed, RFC 3339.
    pub sealed_at: String,
    /// The version, commit and build of the program.
    pub program: String,
    /// The fingerprint of the key that signs.
    pub key: String,
    /// The last entry of each chain; one without shards.
    pub heads: Vec<KeptHead>,
    /// SHA-256 over the run record: the entries of runs, one line each, as chain.jsonl has them.
    pub run_record_sha256: String,
}

/// A whole manifest.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub form: String,
    pub report: ManifestFacts,
    pub files: Vec<SealedFile>,
}

/// The lines of the chain's file that are of runs.
pub fn run_record(chain: &str) -> String {
    let is_run = |line: &&str| {
        line.ends_with("\"kind\":\"run\"}") || line.ends_with("\"kind\":\"run-end\"}")
    };
    let lines = chain.lines().filter(is_run);
    lines.map(|line| format!("{line}\n")).collect()
}

/// How a manifest begins.
pub fn manifest_begins() -> FileStart {
    FileStart::Lines(&["{", "  \"form\": \"bakkt-migrate report manifest "])
}

/// How a signature begins.
pub fn signature_begins() -> FileStart {
    FileStart::Text("-----BEGIN SSH SIGNATURE-----")
}

/// Whether a report lies in a folder that is sealed, or that somebody began to seal.
pub fn is_sealed(folder: &Path) -> bool {
    [MANIFEST, SIGNATURE]
        .iter()
        .any(|name| folder.join(name).symlink_metadata().is_ok())
}

/// The text of the manifest of a folder, of all files that are in it now.
pub fn manifest_text(folder: &Path, report: ManifestFacts) -> anyhow::Result<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        anyhow::ensure!(
            entry.file_type()?.is_file(),
            "the folder of a report that is to be sealed holds something that is not a file"
        );
        let found = checksums::of_file(&entry.path())?;
        files.push(SealedFile {
            name,
            size: found.size,
            sha256: found.sha256,
        });
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let manifest = Manifest {
        form: FORM.to_owned(),
        report,
        files,
    };
    Ok(serde_json::to_string_pretty(&manifest)? + "\n")
}

impl Manifest {
    /// Parses a manifest; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Manifest, String> {
        let manifest: Manifest = serde_json::from_str(text)
            .map_err(|_| "it is not a manifest of this program".to_owned())?;
        if manifest.form != FORM {
            return Err("it has a form that this program does not know".to_owned());
        }
        let is_plain = |name: &str| {
            !name.is_empty() && !name.contains(['/', '\0']) && !matches!(name, "." | "..")
        };
        match manifest.files.iter().find(|file| !is_plain(&file.name)) {
            Some(_) => Err("it names something that is not the name of a file".to_owned()),
            None => Ok(manifest),
        }
    }
}
