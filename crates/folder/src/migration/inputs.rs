//! Everything that a migration reads, by name: what no output may take the place of.
//!
//! Owner of that list, next to the code that opens these files. A file that cannot be read is on it all the same.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::{Migration, mapping_files};
use crate::documents::DocumentListing;
use crate::settings::Settings;
use crate::settings::documents::DocumentSource;
use bakkt_files::checksums;
use bakkt_model::objects::is_object_url;
use bakkt_source::Place;
use bakkt_source::export::Export;

/// What a file with customers is called.
const EXPORT: &str = "an export";
/// What the list of documents is called.
const MANIFEST: &str = "the manifest of its documents";
/// What a file with a secret is called.
const KEY: &str = "a file with a key";
/// What a file with keys of others is called.
const KEYS: &str = "a file of keys";

/// One input, as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its path from the migration folder; of exports it may be a pattern.
    pub name: String,
    /// What it is, for a person.
    pub what: &'static str,
    /// A file, or a folder with all that is in it.
    pub kind: InputKind,
}

/// What an input is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// A file, or a pattern of files.
    File,
    /// A folder.
    Folder,
}

/// The inputs of a migration, besides migration.toml.
pub fn of(settings: &Settings) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut add = |name: &str, what: &'static str, kind: InputKind| {
        // An object is no place of the disk.
        if !is_object_url(name) {
            let name = name.to_owned();
            inputs.push(Input { name, what, kind });
        }
    };
    add(&settings.export, EXPORT, InputKind::File);
    let mut mappings = vec![&settings.mapping];
    let joined = settings.joins.iter().map(|join| &join.beside);
    let beside: Vec<_> = joined.chain(&settings.recipients).collect();
    let joined = beside.iter().map(|beside| &beside.reading);
    let readings = std::iter::once(&settings.reading).chain(joined);
    for layout in readings.filter_map(|reading| reading.layout.as_ref()) {
        for file in &layout.files {
            add(file, "a layout", InputKind::File);
        }
    }
    for join in &beside {
        add(&join.file, EXPORT, InputKind::File);
        mappings.push(&join.mapping);
    }
    if let Some(documents) = &settings.documents {
        add(&documents.root, "its documents", InputKind::Folder);
        if let DocumentSource::Manifest { file, mapping } = &documents.from {
            add(file, MANIFEST, InputKind::File);
            mappings.push(mapping);
        }
    }
    for mapping in mappings {
        add(mapping, "a mapping", InputKind::File);
        for file in mapping_files(&settings.dir, mapping).unwrap_or_default() {
            add(&file.name, "a mapping", InputKind::File);
        }
    }
    for file in settings.exclude.files() {
        add(file, "a list of ids under [exclude]", InputKind::File);
    }
    let none = None;
    let custody = settings.custody.as_ref();
    let custody = custody.map_or(&none, |custody| &custody.key_file);
    let secrets = [
        &settings.target.key_file,
        &settings.events.secret_file,
        custody,
    ];
    for file in secrets.into_iter().flatten() {
        add(file, KEY, InputKind::File);
    }
    for file in &settings.reading.openpgp.keys {
        add(&file.to_string_lossy(), KEYS, InputKind::File);
    }
    if let Some(file) = &settings.target.way_out.ca_file {
        add(
            &file.to_string_lossy(),
            "the certificates that are trusted",
            InputKind::File,
        );
    }
    inputs
}

/// The files that fit a pattern of an export.
pub fn matching(dir: &Path, pattern: &str) -> Vec<PathBuf> {
    let folder = glob::Pattern::escape(&dir.to_string_lossy());
    let whole = Path::new(&folder).join(pattern);
    let found = glob::glob(&whole.to_string_lossy()).into_iter().flatten();
    found.filter_map(Result::ok).collect()
}

/// An input as it was when it was read: for people who check it with `sha256sum`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InputChecksum {
    /// Its path from the migration folder.
    pub name: String,
    /// What it is, for a person.
    pub what: &'static str,
    /// As hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// All input files in the order of their names: name, what it is, path. Documents are not among them, nor files of keys, which
/// nobody has to know.
pub fn files(settings: &Settings) -> Vec<(String, &'static str, PathBuf)> {
    let dir = &settings.dir;
    let mut files = vec![("migration.toml".to_owned(), "the settings")];
    for input in of(settings) {
        let is_secret = matches!(input.what, KEY | KEYS);
        if is_secret || input.kind == InputKind::Folder {
            continue;
        }
        if dir.join(&input.name).exists() {
            files.push((input.name, input.what));
            continue;
        }
        for path in matching(dir, &input.name) {
            let name = path.strip_prefix(dir).unwrap_or(&path);
            files.push((name.to_string_lossy().into_owned(), input.what));
        }
    }
    files.sort();
    files.dedup_by(|one, other| one.0 == other.0);
    let placed = files.into_iter().map(|(name, what)| {
        let path = dir.join(&name);
        (name, what, path)
    });
    placed.collect()
}

/// The checksums of inputs that were fetched from an object storage, as they were hashed on the way.
pub fn fetched(migration: &Migration) -> Vec<InputChecksum> {
    let of = |export: &Export, what| {
        let places = export.files().map(|(_, place)| place);
        let fetched = places.filter_map(move |place| match place {
            Place::File(_) => None,
            Place::Object(url, content) => Some(InputChecksum {
                name: url.to_string(),
                what,
                sha256: HEXLOWER.encode(&content.sha256),
                size: content.size,
            }),
        });
        fetched.collect::<Vec<_>>()
    };
    let documents = migration.documents.as_ref().map(|found| &found.from);
    let manifest = match documents {
        Some(DocumentListing::Manifest(manifest)) => of(manifest.export(), MANIFEST),
        _ => Vec::new(),
    };
    let exports = migration.exports().flat_map(|export| of(export, EXPORT));
    exports.chain(manifest).collect()
}

/// The checksums of input files. One that cannot be read is left out; who plans from it says so.
pub fn checksums(files: Vec<(String, &'static str, PathBuf)>) -> Vec<InputChecksum> {
    let made = files.into_iter().filter_map(|(name, what, path)| {
        let found = checksums::of_file(&path).ok()?;
        Some(InputChecksum {
            name,
            what,
            sha256: found.sha256,
            size: found.size,
        })
    });
    made.collect()
}
