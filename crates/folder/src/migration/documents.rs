//! The documents of a folder: their manifest or patterns, found from the settings, and their fingerprints.

use super::{Migration, mapping_files};
use crate::documents::manifest::Manifest;
use crate::documents::pattern::Pattern;
use crate::documents::root::Root;
use crate::documents::{DocumentListing, Documents};
use crate::settings::Settings;
use crate::settings::documents::DocumentSource;
use bakkt_contract::documents::{GUIDE_TYPE_NAMES, TYPE_NAMES};
use bakkt_files::toml_file::TomlFile;
use bakkt_model::error::Diagnostics;
use bakkt_model::target::Dialect;

/// Mistakes that stand beside those of the settings. What cannot be opened is told when the settings are right.
pub(super) fn look_for_mistakes(settings: &Settings, found: &mut Diagnostics) {
    let opened = files(settings).and_then(|files| open(settings, &files, found));
    drop(opened);
}

/// The mapping of the manifest and the files that it includes; none without one.
pub(super) fn files(settings: &Settings) -> anyhow::Result<Vec<TomlFile>> {
    match settings.documents.as_ref().map(|documents| &documents.from) {
        Some(DocumentSource::Manifest { mapping, .. }) => mapping_files(&settings.dir, mapping),
        _ => Ok(Vec::new()),
    }
}

/// The documents that the settings name. Mistakes go to `found`.
pub(super) fn open(
    settings: &Settings,
    files: &[TomlFile],
    found: &mut Diagnostics,
) -> anyhow::Result<Option<Documents>> {
    let Some(named) = &settings.documents else {
        return Ok(None);
    };
    let types = match settings.target.dialect {
        Dialect::Guide => GUIDE_TYPE_NAMES,
        Dialect::Reference => TYPE_NAMES,
    };
    let from = match &named.from {
        DocumentSource::Manifest { file, .. } => Manifest::open(
            &settings.dir,
            (file, &settings.reading.openpgp),
            files,
            types,
            found,
        )?
        .map(|manifest| DocumentListing::Manifest(Box::new(manifest))),
        DocumentSource::Patterns(written) => {
            // A wrong one was reported with the settings.
            let patterns = written.iter().filter_map(|one| Pattern::compile(one).ok());
            Some(DocumentListing::Folder(patterns.collect()))
        }
    };
    let root = Root::open(
        &settings.dir.join(&named.root),
        &named.root,
        named.max_bytes,
    )?;
    Ok(from.map(|from| Documents {
        root,
        name: named.root.clone(),
        accepted: named.accepted,
        from,
        types,
    }))
}

impl Migration {
    /// Fingerprints of what decides which documents are sent; the documents themselves are not among it.
    pub(super) fn document_fingerprints(
        &self,
        prints: &mut Vec<(String, [u8; 32])>,
    ) -> anyhow::Result<()> {
        let Some(named) = &self.settings.documents else {
            return Ok(());
        };
        let mut add =
            |name: String, text: &str| prints.push((name, self.pipeline.hash(text.as_bytes())));
        add(
            "[documents] in migration.toml".into(),
            &format!("{named:?}"),
        );
        for file in &self.document_files {
            add(
                format!("the mapping of documents {}", file.name),
                &file.text,
            );
        }
        if let Some(DocumentListing::Manifest(manifest)) =
            self.documents.as_ref().map(|found| &found.from)
        {
            for (name, place) in manifest.export().files() {
                let hash = self.place_hash(place, name)?;
                prints.push((format!("the manifest {name}"), hash));
            }
        }
        Ok(())
    }
}
