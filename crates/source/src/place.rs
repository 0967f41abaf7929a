//! The files and objects that a name of the settings means, opened.
//!
//! Owner of [`Place`]. A file is read where it lies. An object is fetched once, into a [`Spool`], so that nothing of it stands on the
//! disk in plain and no change of it in the storage reaches what is read here. Invariants: a pipe or a folder is refused without being
//! opened; an object is believed when all the bytes came that the storage had said.
//! Left out on purpose: how a storage is asked (whoever installed it), and what a file holds (`head`).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use bakkt_model::address::shown_address;
use bakkt_model::error::{Failure, ShownPath, unreadable, visible};
use bakkt_model::objects::{
    self, HOW_TO_BUILD, NOT_BUILT_IN, ObjectStorage, ObjectTrouble, ObjectUrl, Wanted,
};
use sha2::{Digest, Sha256};

use super::bytes::Bytes;
use super::spool::Spool;

/// The most files of one export: each stays open.
const MOST_FILES: usize = 500;

/// Where a file of an export lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the disk.
    File(PathBuf),
    /// In an object storage, with what was fetched of it.
    Object(ObjectUrl, FetchedContent),
}

/// The content of an object as it was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchedContent {
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Bytes.
    pub size: u64,
}

/// A file that was opened: its bytes, and how many.
pub(super) struct OpenedPlace {
    pub place: Place,
    /// As a person would write it.
    pub name: String,
    pub bytes: (Arc<Bytes>, u64),
    /// Where temporary files of it belong.
    pub folder: PathBuf,
}

/// Something that a name of the settings means, not yet opened.
pub(super) enum NamedPlace {
    File(PathBuf),
    Object(ObjectUrl),
}

/// The files and objects that a name of the settings means, in the order of their names.
pub(super) fn named(dir: &Path, name: &str) -> anyhow::Result<Vec<NamedPlace>> {
    match ObjectUrl::parse(name) {
        Some(Ok(url)) => {
            let all = objects_named(&url)?;
            Ok(all.into_iter().map(NamedPlace::Object).collect())
        }
        Some(Err(why)) => Err(Failure::configuration(
            format!(
                "\"{}\" names no object: {why}",
                visible(&shown_address(name))
            ),
            "an object is named as s3://BUCKET/KEY, gs://BUCKET/KEY or az://CONTAINER/KEY",
        )),
        None => Ok(files(dir, name)?
            .into_iter()
            .map(NamedPlace::File)
            .collect()),
    }
}

impl NamedPlace {
    /// Opens it; `dir` is the folder that names begin at.
    pub(super) fn open(self, dir: &Path) -> anyhow::Result<OpenedPlace> {
        match self {
            NamedPlace::File(path) => {
                let name = path.strip_prefix(dir).unwrap_or(&path).shown();
                let file = plain_file(&path).map_err(|error| cannot_open(&path, &error))?;
                let size = file
                    .metadata()
                    .with_context(|| format!("cannot read {name}"))?;
                Ok(OpenedPlace {
                    bytes: (Arc::new(Bytes::File(file)), size.len()),
                    folder: path.parent().unwrap_or(Path::new(".")).to_owned(),
                    place: Place::File(path),
                    name,
                })
            }
            NamedPlace::Object(url) => {
                let name = visible(&url.to_string());
                let folder = match dir.as_os_str().is_empty() {
                    true => std::env::temp_dir(),
                    false => dir.to_owned(),
                };
                let (spool, sha256) = fetched(&url, &name, &folder)?;
                let size = spool.length();
                Ok(OpenedPlace {
                    bytes: (Arc::new(Bytes::Spool(Arc::new(spool), 0)), size),
                    place: Place::Object(url, FetchedContent { sha256, size }),
                    folder,
                    name,
                })
            }
        }
    }
}

fn files(dir: &Path, name: &str) -> anyhow::Result<Vec<PathBuf>> {
    let path = dir.join(name);
    if path.exists() || !is_pattern(name) {
        return Ok(vec![path]);
    }
    // The folder is no pattern, whatever its name.
    let folder = glob::Pattern::escape(&dir.to_string_lossy());
    let all = glob::glob(&Path::new(&folder).join(name).to_string_lossy())
        .map_err(|error| wrong(format!("\"{name}\" is no pattern: {error}")))?;
    let mut files = Vec::new();
    for path in all {
        let path = path.map_err(|error| cannot_open(error.path(), error.error()))?;
        if path.is_file() {
            files.push(path);
        }
    }
    counted(files, name)
}

/// The objects whose keys fit the key of a URL.
fn objects_named(url: &ObjectUrl) -> anyhow::Result<Vec<ObjectUrl>> {
    let key = url.key();
    let name = visible(&url.to_string());
    if key.is_empty() || key.ends_with('/') {
        return Err(Failure::configuration(
            format!("{name} names a bucket or a prefix and no object"),
            "name one object; `*` stands for any part of a key",
        ));
    }
    if !is_pattern(key) || storage()?.state(url).is_ok() {
        return Ok(vec![url.clone()]);
    }
    let pattern = glob::Pattern::new(key)
        .map_err(|error| wrong(format!("\"{name}\" is no pattern: {error}")))?;
    let literal = key.find(['*', '?', '[']).map_or(key, |at| &key[..at]);
    let folder = literal.rsplit_once('/').map_or("", |(folder, _)| folder);
    let below = url.with_key(folder).map_err(anyhow::Error::msg)?;
    let within = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::default()
    };
    let (mut found, mut more) = (Vec::new(), 0);
    storage()?
        .list(&below, &mut |key, _| {
            if pattern.matches_with(key, within) {
                match found.len() > MOST_FILES {
                    false => found.push(key.to_owned()),
                    true => more += 1,
                }
            }
            true
        })
        .map_err(|trouble| cannot_fetch(&name, &trouble))?;
    found.sort_unstable();
    let found = found.iter().filter_map(|key| url.with_key(key).ok());
    counted(found.collect(), &name)
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

fn wrong(why: String) -> anyhow::Error {
    Failure::configuration(
        why,
        "`*` stands for any part of a name; check `file` in migration.toml",
    )
}

fn counted<T>(found: Vec<T>, name: &str) -> anyhow::Result<Vec<T>> {
    match found.len() {
        0 => Err(wrong(format!("no file fits \"{name}\""))),
        count if count > MOST_FILES => Err(wrong(format!(
            "more than {MOST_FILES} files fit \"{name}\", which is the most"
        ))),
        _ => Ok(found),
    }
}

/// The error of a file that cannot be opened.
fn cannot_open(path: &Path, error: &io::Error) -> anyhow::Error {
    unreadable(
        &format!("open {}", path.shown()),
        error,
        "check the name of the file, and who may read it",
    )
}

/// Opens a plain file; a pipe or a folder is refused without being opened.
fn plain_file(path: &Path) -> io::Result<File> {
    // Looked at before it is opened: opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a folder, a pipe or a device; give a regular file",
        ));
    }
    File::open(path)
}

fn storage() -> anyhow::Result<&'static dyn ObjectStorage> {
    objects::storage().ok_or_else(|| Failure::configuration(NOT_BUILT_IN.to_owned(), HOW_TO_BUILD))
}

fn cannot_fetch(name: &str, trouble: &ObjectTrouble) -> anyhow::Error {
    let hint = match trouble {
        ObjectTrouble::Missing => "check the URL, and the region and endpoint of the storage",
        ObjectTrouble::Forbidden(_) => {
            "check the variables with its credentials (docs/object-storage.md), and what they allow"
        }
        ObjectTrouble::Failed(_) => {
            "check the variables of the storage (docs/object-storage.md), then run the command again"
        }
    };
    Failure::cannot(format!("cannot read {name}: {trouble}"), hint)
}

/// An object as a spool in a folder, and the hash of its content.
fn fetched(url: &ObjectUrl, name: &str, folder: &Path) -> anyhow::Result<(Spool, [u8; 32])> {
    let opened = storage()?.open(url, Wanted::Whole);
    let (_, reader) = opened.map_err(|trouble| cannot_fetch(name, &trouble))?;
    let mut spool = Spool::new(folder).context("cannot make a temporary file")?;
    let mut hashed = HashedReader {
        reader,
        hash: Sha256::new(),
    };
    spool
        .append(&mut hashed, &mut |_| Ok(()))
        .with_context(|| format!("cannot read {name} to its end"))?;
    Ok((spool, hashed.hash.finalize().into()))
}

/// Hashes what is read through it.
struct HashedReader {
    reader: Box<dyn Read + Send>,
    hash: Sha256,
}

impl Read for HashedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a name in a program without object storage.
    fn told(name: &str) -> String {
        let opened = named(Path::new(""), name).and_then(|all| {
            all.into_iter()
                .map(|one| one.open(Path::new("")))
                .collect::<anyhow::Result<Vec<_>>>()
        });
        match opened {
            Ok(_) => String::new(),
            Err(error) => bakkt_model::error::describe(&error, bakkt_model::error::Style::PLAIN),
        }
    }

    #[test]
    fn without_object_storage_a_url_says_what_to_build() {
        for name in ["s3://b/export.csv", "gs://b/in/*.csv", "az://b/a.zip"] {
            let told = told(name);
            assert!(
                told.contains(NOT_BUILT_IN) && told.contains("--features object-storage"),
                "{told}"
            );
        }
        assert!(told("s3://b/../a").contains("`..`"));
        assert!(told("gs://b").contains("no object"));
    }
}
