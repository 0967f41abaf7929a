//! What no output may touch: the inputs of a migration, its documents, and every state folder.
//!
//! Owner of the decision whether a place that a person named may be written to. Files are compared by device and number,
//! so that another name, a link or `..` makes no difference; places that do not exist yet are compared by their real
//! folder and name, so that no output becomes an input of the next run.
//! Left out on purpose: which files those are: whoever knows the settings adds them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use glob::{MatchOptions, Pattern};

use super::begins::FileStart;
use super::new_file::{FileVersion, NewFile, is_there};
use bakkt_model::error::{Failure, ShownPath};

/// The folder that holds the state of a migration.
const STATE: &str = ".bakkt-migrate";

/// The paths that no output of this command may overwrite.
#[derive(Debug, Default)]
pub struct ProtectedPaths {
    files: Vec<KnownFile>,
    folders: Vec<KnownFolder>,
    patterns: Vec<(Pattern, String)>,
    /// The folder of the migration.
    pub(super) own: Option<PathBuf>,
    /// Outputs of this command.
    chosen: Mutex<Vec<PathBuf>>,
}

#[derive(Debug)]
struct KnownFile {
    place: PathBuf,
    identity: Option<(u64, u64)>,
    what: String,
}

#[derive(Debug)]
struct KnownFolder {
    place: PathBuf,
    identity: (u64, u64),
    what: String,
}

impl ProtectedPaths {
    /// Names the folder of the migration. No folder of outputs below it is reached by way of a link: with `--sandbox` and of a shard the
    /// report lies a step deeper, and the same rule holds for both.
    pub fn set_own(&mut self, folder: &Path) {
        self.own = Some(folder.components().collect());
    }

    /// Adds a file that is read. It need not exist.
    pub fn add_file(&mut self, path: &Path, what: &str) {
        let facts = std::fs::metadata(path).ok();
        let identity = facts.map(|facts| (facts.dev(), facts.ino()));
        // By the name that is written, and by that of what a link leads to.
        let places = [real_place(path).ok(), path.canonicalize().ok()];
        for place in places.into_iter().flatten() {
            self.files.push(KnownFile {
                place,
                identity,
                what: what.to_owned(),
            });
        }
    }

    /// Adds a folder that is read, with everything below it.
    pub fn add_folder(&mut self, path: &Path, what: &str) {
        let (Ok(place), Ok(facts)) = (path.canonicalize(), std::fs::metadata(path)) else {
            return;
        };
        self.folders.push(KnownFolder {
            place,
            identity: (facts.dev(), facts.ino()),
            what: what.to_owned(),
        });
    }

    /// Adds a pattern of files that are read, below a folder.
    pub fn add_pattern(&mut self, folder: &Path, pattern: &str, what: &str) {
        let is_plain =
            |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
        let parts: Vec<Component<'_>> = Path::new(pattern).components().collect();
        let plain = parts.iter().take_while(|part| is_plain(part)).count();
        let known: PathBuf = parts[..plain].iter().collect();
        let Ok(known) = folder.join(known).canonicalize() else {
            return;
        };
        let rest: PathBuf = parts[plain..].iter().collect();
        let whole = Path::new(&Pattern::escape(&known.to_string_lossy())).join(rest);
        if let Ok(pattern) = Pattern::new(&whole.to_string_lossy()) {
            self.patterns.push((pattern, what.to_owned()));
        }
    }

    /// Opens a file that a person named. Everything that can be told before its content is made is told here.
    pub fn open(&self, path: &Path, begins: &FileStart, replace: bool) -> anyhow::Result<NewFile> {
        let place = self.free_place(path)?;
        let chosen = || self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        if chosen().contains(&place) {
            return Err(Failure::configuration(
                format!("{} is named for two outputs", path.shown()),
                "give each output a file of its own",
            ));
        }
        let replaces = self.earlier(path, &place, begins, replace)?;
        let file = NewFile::begin(path, place.clone(), replaces)?;
        chosen().push(place);
        Ok(file)
    }

    /// The earlier output at a place, when it may be replaced; none when nothing is there.
    pub(super) fn earlier(
        &self,
        path: &Path,
        place: &Path,
        begins: &FileStart,
        replace: bool,
    ) -> anyhow::Result<Option<FileVersion>> {
        match std::fs::symlink_metadata(place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot write {}", path.shown()));
            }
            Ok(_) if !replace => return Err(is_there(path)),
            Ok(facts) if !facts.is_file() => {
                return Err(not_replaced(path, "it is not a regular file"));
            }
            Ok(_) => {}
        }
        let mut file =
            no_link(place).with_context(|| format!("cannot look into {}", path.shown()))?;
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(not_replaced(path, "it is not a regular file"));
        }
        let identity = FileVersion::of(&facts);
        if let Some(known) = self
            .files
            .iter()
            .find(|known| known.identity == Some(identity.file))
        {
            return Err(taken(path, &known.what));
        }
        if facts.nlink() > 1 {
            return Err(not_replaced(path, "it has a second name (a hard link)"));
        }
        let ours = begins
            .fits(&mut file)
            .with_context(|| format!("cannot look into {}", path.shown()))?;
        match ours {
            true => Ok(Some(identity)),
            false => Err(not_replaced(
                path,
                "it does not begin as this output does, so it is not an earlier one",
            )),
        }
    }

    /// The real place of a path that may be written to; refuses what belongs to a migration.
    pub(super) fn free_place(&self, path: &Path) -> anyhow::Result<PathBuf> {
        let place = real_place(path)?;
        if let Some(known) = self.files.iter().find(|known| known.place == place) {
            return Err(taken(path, &known.what));
        }
        let literal = MatchOptions {
            require_literal_separator: true,
            ..MatchOptions::default()
        };
        let fits = |(pattern, _): &&(Pattern, String)| pattern.matches_path_with(&place, literal);
        if let Some((_, what)) = self.patterns.iter().find(fits) {
            return Err(taken(path, what));
        }
        self.free_folder(path, place.parent().unwrap_or(&place))?;
        if place.file_name().is_some_and(|name| name == STATE) {
            return Err(taken(path, "the state of a migration"));
        }
        Ok(place)
    }

    /// Refuses a folder that is, or lies below, one that belongs to a migration. It has no links in its path.
    pub(super) fn free_folder(&self, shown: &Path, folder: &Path) -> anyhow::Result<()> {
        if folder.components().any(|part| part.as_os_str() == STATE) {
            return Err(taken(shown, "the state of a migration"));
        }
        for above in folder.ancestors() {
            let facts = std::fs::metadata(above).ok();
            let identity = facts.map(|facts| (facts.dev(), facts.ino()));
            let known = self.folders.iter().find(|known| {
                known.place == above || identity.is_some_and(|identity| identity == known.identity)
            });
            if let Some(known) = known {
                return Err(taken(shown, &known.what));
            }
        }
        Ok(())
    }
}

/// Opens a file for reading, unless it is a link.
fn no_link(place: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(place)
}

/// The real folder of a path, and the name in it: nothing of the name is followed.
fn real_place(path: &Path) -> anyhow::Result<PathBuf> {
    let unnamed = || {
        Failure::configuration(
            format!("{} is not the name of a file", path.shown()),
            "name a file, not a folder",
        )
    };
    let ends_in_slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    let name = path.file_name().filter(|_| !ends_in_slash);
    let name = name.ok_or_else(unnamed)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let real = folder.canonicalize().map_err(|error| {
        Failure::cannot(
            format!(
                "cannot write {}: the folder {}: {error}",
                path.shown(),
                folder.shown()
            ),
            "make the folder first, or name another",
        )
    })?;
    Ok(real.join(name))
}

fn taken(path: &Path, what: &str) -> anyhow::Error {
    Failure::configuration(
        format!("{} belongs to the migration: {what}", path.shown()),
        "outputs never take the place of what a migration is made of; name another file",
    )
}

fn not_replaced(path: &Path, why: &str) -> anyhow::Error {
    Failure::configuration(
        format!(
            "{} is there already and is not replaced: {why}",
            path.shown()
        ),
        "name another file, or move that one away if nobody needs it",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn begins() -> FileStart {
        FileStart::columns(&["a", "b", "c"])
    }

    fn refused(protected: &ProtectedPaths, path: &Path, replace: bool) -> String {
        protected
            .open(path, &begins(), replace)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_file_is_new_private_and_there_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let protected = ProtectedPaths::default();
        let mut file = protected.open(&path, &begins(), false).unwrap();
        file.write_all(b"a,b,c\n1,2,3\n").unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a,b,c\n1,2,3\n");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // One that is given up leaves the earlier one, and nothing else.
        let protected = ProtectedPaths::default();
        let mut file = protected.open(&path, &begins(), true).unwrap();
        file.write_all(b"a,b,c\nhalf").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"a,b,c\n1,2,3\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut file = ProtectedPaths::default()
            .open(&path, &begins(), true)
            .unwrap();
        file.write_all(b"a,b,c\n4,5,6\n").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a,b,c\n4,5,6\n");
    }

    #[test]
    fn what_came_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let file = ProtectedPaths::default()
            .open(&path, &begins(), false)
            .unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(file.finish().is_err());
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        fs::write(&path, "a,b,c\n").unwrap();
        let file = ProtectedPaths::default()
            .open(&path, &begins(), true)
            .unwrap();
        fs::write(&path, "mine again").unwrap();
        assert!(file.finish().is_err());
        assert_eq!(fs::read(&path).unwrap(), b"mine again");
    }

    #[test]
    fn no_name_leads_to_an_input_or_to_state() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["docs/sub", ".bakkt-migrate/sandbox", "exports"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("export.csv"), "a,b,c\n").unwrap();
        fs::write(at("docs/sub/a.pdf"), "a,b,c\n").unwrap();
        fs::hard_link(at("export.csv"), at("hard")).unwrap();
        symlink(at("export.csv"), at("soft")).unwrap();
        symlink(at("docs"), at("to-docs")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        let mut protected = ProtectedPaths::default();
        protected.add_file(&at("export.csv"), "an export");
        protected.add_file(&at("key"), "the key file");
        protected.add_folder(&at("docs"), "the documents");
        protected.add_pattern(folder.path(), "exports/*.csv", "an export");
        for name in [
            "export.csv",
            "exports/../export.csv",
            "key",
            "hard",
            "soft",
            "docs/new",
            "docs/sub/a.pdf",
            "to-docs/new",
            ".bakkt-migrate",
            ".bakkt-migrate/new",
            ".bakkt-migrate/sandbox/new",
            "exports/new.csv",
            "dangling",
            "docs",
            "missing/new",
            "new/",
            "..",
        ] {
            for replace in [false, true] {
                refused(&protected, &at(name), replace);
            }
        }
        assert!(!at("nowhere").exists() && !at("key").exists());
        // Beside them there is room, once for each name.
        let _first = protected
            .open(&at("exports/new.txt"), &begins(), false)
            .unwrap();
        let said = refused(&protected, &at("docs/../exports/new.txt"), false);
        assert!(said.contains("two outputs"), "{said}");
    }
}
