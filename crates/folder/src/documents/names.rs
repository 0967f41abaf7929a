//! Finding the file that a manifest means, where its path is not the file's name letter for letter.
//!
//! Manifests are written on one system and read on another: with `\` between folders, with blanks behind a name, with
//! letters composed (NFC) where the disk has them taken apart (NFD), with other capitals, or beside names that an old
//! archive wrote in Latin-1. Owner of these spellings. Invariants: a path is tried as it stands first; another name is
//! taken only when it is the only one that fits; nothing here opens a file, and what is found is opened below the folder
//! as every path is (`root`). Left out on purpose: names in other old encodings, and paths that lead upwards.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;
use unicode_normalization::UnicodeNormalization;

use super::root::refusal;

/// Names that are remembered of all folders together.
const REMEMBERED: usize = 1_000_000;

/// A path with `/` between its parts, without blanks at its ends and without `.` parts; a leading `\` says no more than
/// that it begins at the folder. The error says why it is no path below the folder.
pub(crate) fn cleaned(path: &str) -> Result<String, &'static str> {
    let path = path.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if path.starts_with(r"\\") || has_drive(path) {
        return Err(refusal::ABSOLUTE);
    }
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    let path = path.replace('\\', "/");
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    Ok(parts.collect::<Vec<_>>().join("/"))
}

/// Whether it begins with the letter of a Windows drive.
fn has_drive(path: &str) -> bool {
    let mut letters = path.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && letters.next().is_none_or(|c| matches!(c, '\\' | '/'))
}

/// The names of folders, by how they are compared.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: Mutex<KnownNames>,
}

#[derive(Debug, Default)]
struct KnownNames {
    folders: HashMap<PathBuf, Arc<Folder>>,
    names: usize,
}

/// By the loosest spelling, the names that have it.
type Folder = HashMap<String, Vec<OsString>>;

impl Names {
    /// The file whose path is this one but for normal forms, capitals and Latin-1; none when there is none.
    pub(crate) fn find(&self, dir: &Dir, path: &str) -> Result<Option<PathBuf>, &'static str> {
        let mut found = PathBuf::new();
        for part in path.split('/') {
            if part.is_empty() || part == ".." {
                return Ok(None);
            }
            let Some(folder) = self.folder(dir, &found) else {
                return Ok(None);
            };
            let Some(names) = folder.get(&loosely(part)) else {
                return Ok(None);
            };
            match only(names, part) {
                Some(name) => found.push(name),
                None => return Err(refusal::AMBIGUOUS),
            }
        }
        Ok(Some(found))
    }

    /// The names of one folder; none when it cannot be read.
    fn folder(&self, dir: &Dir, path: &Path) -> Option<Arc<Folder>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = known.folders.get(path) {
            return Some(folder.clone());
        }
        let below = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let mut folder = Folder::new();
        let mut count = 0;
        for entry in dir.read_dir(below).ok()? {
            let name = entry.ok()?.file_name();
            folder
                .entry(loosely(&decoded(&name)))
                .or_default()
                .push(name);
            count += 1;
        }
        if known.names + count > REMEMBERED {
            known.folders.clear();
            known.names = 0;
        }
        known.names += count;
        let folder = Arc::new(folder);
        known.folders.insert(path.to_owned(), folder.clone());
        Some(folder)
    }
}

/// The one name that is meant: the same letters in another normal form before other capitals; none when several could be.
fn only<'n>(names: &'n [OsString], part: &str) -> Option<&'n OsString> {
    let exact = names
        .iter()
        .find(|name| name.as_os_str() == OsStr::new(part));
    if exact.is_some() {
        return exact;
    }
    let composed: String = part.trim().nfc().collect();
    let mut same = names
        .iter()
        .filter(|name| decoded(name).trim().nfc().eq(composed.chars()));
    match (same.next(), same.next(), names) {
        (Some(one), None, _) => Some(one),
        (None, _, [one]) => Some(one),
        _ => None,
    }
}

/// A name as text: one that is not UTF-8 is taken for Latin-1.
fn decoded(name: &OsStr) -> String {
    match name.to_str() {
        Some(name) => name.to_owned(),
        None => name
            .as_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect(),
    }
}

/// The loosest spelling: composed, without capitals, and without blanks at the ends.
fn loosely(name: &str) -> String {
    let name = name.trim();
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.nfc().flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_other_systems_are_read() {
        for (path, clean) in [
            (r"A1\passport.pdf", Ok("A1/passport.pdf")),
            (r".\A1\.\passport.pdf", Ok("A1/passport.pdf")),
            (r"\A1\passport.pdf", Ok("A1/passport.pdf")),
            ("./A1//passport.pdf", Ok("A1/passport.pdf")),
            (" \u{a0}A1/passport.pdf \t", Ok("A1/passport.pdf")),
            ("\u{feff}a.pdf", Ok("a.pdf")),
            (r"..\secret.pdf", Ok("../secret.pdf")),
            ("/etc/passwd", Ok("/etc/passwd")),
            (r"C:\scans\a.pdf", Err(refusal::ABSOLUTE)),
            ("c:/scans/a.pdf", Err(refusal::ABSOLUTE)),
            (r"\\server\scans\a.pdf", Err(refusal::ABSOLUTE)),
            ("  ", Ok("")),
        ] {
            assert_eq!(cleaned(path), clean.map(str::to_owned), "{path}");
        }
    }
}
