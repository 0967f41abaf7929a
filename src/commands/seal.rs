//! Sealing a report: its manifest, the signature, and the entry in the chain.
//!
//! Owner of the order: the report is whole and the checkpoint made before the manifest is, and the signature comes last. Left out on
//! purpose: what a manifest holds (`report::audit`), and how it is signed (`files::signatures`).

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use super::report::View;
use super::target;
use crate::built;
use bakkt_files::checksums;
use bakkt_files::output::ProtectedPaths;
use bakkt_files::signatures::{REPORT, Signer};
use bakkt_journal::chain::EntryKind;
use bakkt_journal::{Journal, now};
use bakkt_model::error::ShownPath;
use bakkt_report::WrittenReport;
use bakkt_report::audit::{
    CHAIN, MANIFEST, ManifestFacts, SIGNATURE, manifest_begins, manifest_text, run_record,
    signature_begins,
};

/// A seal that is about to be put on a report.
pub struct Seal {
    signer: Signer,
    at: Timestamp,
}

impl Seal {
    /// Opens the key, before anything is written.
    pub fn with(key: &Path) -> anyhow::Result<Seal> {
        Ok(Seal {
            signer: Signer::open(key)?,
            at: Timestamp::now(),
        })
    }

    /// The folder below that of reports: named by the second, and by a number where that one is there already.
    pub fn folder(&self, reports: &Path) -> PathBuf {
        let name = format!("sealed-{}", self.at.strftime("%Y-%m-%dT%H%M%SZ"));
        let mut folder = reports.join(&name);
        for number in 2.. {
            if std::fs::symlink_metadata(&folder).is_err() {
                break;
            }
            folder = reports.join(format!("{name}-{number}"));
        }
        folder
    }

    /// Writes manifest and signature into the folder of a report, and notes that in the chain.
    pub fn seal(
        &self,
        protected: &ProtectedPaths,
        folder: &Path,
        view: &View,
        written: &WrittenReport,
        journal: Option<&mut Journal>,
    ) -> anyhow::Result<()> {
        let chain = std::fs::read_to_string(folder.join(CHAIN))?;
        let facts = ManifestFacts {
            name: target::name(&view.place.dir),
            sandbox: view.place.sandbox,
            target: written.target.clone(),
            sealed_at: self.at.to_string(),
            program: built::TEXT.to_owned(),
            key: self.signer.fingerprint(),
            heads: written.heads.clone(),
            run_record_sha256: checksums::of_bytes(run_record(&chain).as_bytes()).sha256,
        };
        let text = manifest_text(folder, facts)?;
        let signature = self.signer.sign(REPORT, text.as_bytes())?;
        let open = protected.open_folder(folder)?;
        for (name, begins, text) in [
            (MANIFEST, manifest_begins(), &text),
            (SIGNATURE, signature_begins(), &signature),
        ] {
            let mut file = open.file(name, &begins)?;
            file.write_all(text.as_bytes())?;
            file.finish()?;
        }
        if let Some(journal) = journal {
            let body = json!({
                "folder": folder.shown(),
                "key": self.signer.fingerprint(),
                "manifest_sha256": checksums::of_bytes(text.as_bytes()).sha256,
            });
            journal.append_entry(EntryKind::Seal, now(), &body)?;
        }
        Ok(())
    }
}
