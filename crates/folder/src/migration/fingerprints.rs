//! Keyed hashes of whatever decides what is sent, so that a change of it is noticed.

use std::path::Path;

use anyhow::Context;
use bakkt_mapping as mapping;
use bakkt_source::Place;
use bakkt_source::export::Options;
use bakkt_source::found::DetectedFile;
use regex::Regex;

use super::{Fingerprint, KnownExport, Migration};
use crate::documents::root::FileIdentity;

impl Migration {
    pub(super) fn place_hash(&self, place: &Place, name: &str) -> anyhow::Result<[u8; 32]> {
        match place {
            Place::File(path) => file_hash(&self.pipeline.key, path, name),
            Place::Object(_, content) => Ok(self.pipeline.hash(&content.sha256)),
        }
    }

    /// Keyed hashes of whatever changes payloads or verdicts, by the name under which a person knows it. `known` may know the
    /// hash of an export in some state; such an export is not read.
    pub fn fingerprints(&self, known: KnownExport<'_>) -> anyhow::Result<Vec<Fingerprint>> {
        let mut exports = Vec::new();
        for export in self.exports() {
            for (name, place) in export.files() {
                exports.push(self.export_fingerprint(
                    format!("the export {name}"),
                    place,
                    known,
                )?);
            }
        }
        let others = self.other_fingerprints()?.into_iter();
        exports.extend(others.map(|(name, hash)| Fingerprint {
            name,
            hash,
            state: None,
        }));
        Ok(exports)
    }

    fn export_fingerprint(
        &self,
        name: String,
        place: &Place,
        known: KnownExport<'_>,
    ) -> anyhow::Result<Fingerprint> {
        let path = match place {
            Place::File(path) => path,
            // Its content was hashed when it was fetched.
            Place::Object(_, content) => {
                let hash = self.pipeline.hash(&content.sha256);
                let state = None;
                return Ok(Fingerprint { name, hash, state });
            }
        };
        let now = jiff::Timestamp::now().as_second();
        let hashed = || -> std::io::Result<([u8; 32], Option<FileIdentity>)> {
            let file = std::fs::File::open(path)?;
            let state = FileIdentity::of(&file)?;
            if let Some(hash) = known(&name, &state) {
                return Ok((hash, Some(state)));
            }
            let hash = content_hash(&self.pipeline.key, &file)?;
            let stays = FileIdentity::of(&file)? == state && state.is_settled(now);
            Ok((hash, stays.then_some(state)))
        };
        let (hash, state) = hashed().with_context(|| format!("cannot read {name}"))?;
        Ok(Fingerprint { name, hash, state })
    }

    fn other_fingerprints(&self) -> anyhow::Result<Vec<(String, [u8; 32])>> {
        let (mut prints, ids) = (Vec::new(), self.settings.ids);
        for export in self.exports() {
            let made: Vec<String> = export.found().map(DetectedFile::read_as).collect();
            let how = self.pipeline.hash(made.join("\n").as_bytes());
            prints.push((format!("how {} is read", export.name()), how));
        }
        let mut add =
            |name: String, text: &str| prints.push((name, self.pipeline.hash(text.as_bytes())));
        for file in &self.mapping_files {
            add(format!("the mapping {}", file.name), &file.text);
        }
        add(
            "[policy] in migration.toml".into(),
            &format!("{:?}", self.settings.policy),
        );
        add(
            "[exclude] in migration.toml".into(),
            &self.settings.exclude.canonical(),
        );
        // A journal that an earlier version began knows two kinds.
        let likes = (ids.allow_tax_id, ids.allow_email);
        add(
            "[accounts] allow_ids_like in migration.toml".into(),
            &match ids.allow_phone {
                true => format!("{likes:?}, phone"),
                false => format!("{likes:?}"),
            },
        );
        let blocking = self.settings.findings.canonical();
        if !blocking.is_empty() {
            add(
                "what blocks under [findings] in migration.toml".into(),
                &blocking,
            );
        }
        if ids.allow_unissued {
            add(
                "[accounts] allow_unissued_tax_ids in migration.toml".into(),
                "true",
            );
        }
        if !self.pipeline.joins.is_empty() {
            add(
                "the keys under [source] in migration.toml".into(),
                &self.keys(),
            );
        }
        add("the mapper of bakkt-migrate".into(), mapping::VERSION);
        let skip_if = |reading: &Options| {
            let patterns = reading.skip_if.iter().map(Regex::as_str);
            patterns.collect::<Vec<_>>().join("\n")
        };
        let recipients = self.settings.recipients.iter();
        let recipients = recipients.map(|recipients| &recipients.reading);
        let beside = self.settings.joins.iter().map(|join| &join.reading);
        let beside = beside.chain(recipients);
        let all: Vec<String> = std::iter::once(&self.settings.reading)
            .chain(beside)
            .map(skip_if)
            .collect();
        add(
            "skip_if under [source] in migration.toml".into(),
            &format!("{all:?}"),
        );
        if let Some(settings) = &self.settings.custody {
            let keys = self.custody_keys();
            add(
                "[custody] in migration.toml".into(),
                &format!("{} {keys}", settings.canonical()),
            );
        }
        self.document_fingerprints(&mut prints)?;
        for kept in &self.layers {
            prints.push((kept.fingerprint(), self.layer_hash(kept)?));
        }
        Ok(prints)
    }

    /// What decides which rows come together, as one text for the fingerprint.
    fn keys(&self) -> String {
        let group_by = self.settings.group_by.as_ref().map(|column| &column.name);
        let joins = self.settings.joins.iter().map(|join| {
            let (key, account_key) = (&join.key.name, &join.account_key.name);
            (join.list, &join.file, &join.mapping, key, account_key)
        });
        format!("{group_by:?} {:?}", joins.collect::<Vec<_>>())
    }
}

/// Keyed hash of a file's bytes.
pub(super) fn file_hash(key: &[u8; 32], path: &Path, name: &str) -> anyhow::Result<[u8; 32]> {
    std::fs::File::open(path)
        .and_then(|file| content_hash(key, &file))
        .with_context(|| format!("cannot read {name}"))
}

fn content_hash(key: &[u8; 32], file: &std::fs::File) -> std::io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update_reader(file)?;
    Ok(*hasher.finalize().as_bytes())
}
