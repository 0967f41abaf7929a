//! A folder of outputs: the report.
//!
//! Owner of how files of ours take the place of earlier ones in it: each is recognised by its beginning, and one that is
//! somebody else's stops the command before anything is written.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::begins::FileStart;
use super::is_taken;
use super::new_file::NewFile;
use super::protected::ProtectedPaths;
use bakkt_model::error::{Failure, ShownPath};

/// A folder in which files of ours lie, or will.
#[derive(Debug)]
pub struct OutputFolder<'p> {
    protected: &'p ProtectedPaths,
    shown: PathBuf,
}

impl ProtectedPaths {
    /// A folder that a person named. It is made (0700) unless it is there; one that is there keeps its rights.
    pub fn open_folder(&self, path: &Path) -> anyhow::Result<OutputFolder<'_>> {
        let real = self.free_folder_place(path)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&real)
            .with_context(|| format!("the folder {} cannot be made", path.shown()))?;
        Ok(OutputFolder {
            protected: self,
            shown: path.to_owned(),
        })
    }

    /// Refuses files of somebody else in a folder that is to be written later, and a folder that cannot be written to; makes nothing.
    pub fn look_at_folder(&self, path: &Path, files: &[(&str, FileStart)]) -> anyhow::Result<()> {
        self.free_folder_place(path)?;
        if !path.exists() {
            return Ok(());
        }
        let folder = OutputFolder {
            protected: self,
            shown: path.to_owned(),
        };
        folder.refuse_foreign(files)?;
        // Rights do not tell: the file system may be read-only, and root may write everywhere else. A file without a name is no trace.
        tempfile::tempfile_in(path).map(drop).map_err(|error| {
            Failure::cannot(
                format!("nothing can be written into {}: {error}", path.shown()),
                "make that folder writable, with room on its disk; then run the same command again",
            )
        })
    }

    /// The real place of a folder; of one that is not there, below the nearest that is.
    fn free_folder_place(&self, path: &Path) -> anyhow::Result<PathBuf> {
        let refused = |why: &str| {
            Failure::configuration(
                format!("{} is {why}", path.shown()),
                "name a folder, or one that is not there yet",
            )
        };
        // A slash at the end would lead through a link.
        let bare: PathBuf = path.components().collect();
        // The folders of a rehearsal and of a shard lie below the one that a link may have taken the place of.
        let above = bare
            .ancestors()
            .take_while(|folder| is_below_ours(folder))
            .filter_map(Path::parent);
        if above.into_iter().any(Path::is_symlink) {
            return Err(refused("below a link"));
        }
        match std::fs::symlink_metadata(&bare) {
            Ok(facts) if facts.is_symlink() => return Err(refused("a link")),
            Ok(facts) if !facts.is_dir() => return Err(refused("not a folder")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("the folder {} cannot be made", path.shown()));
            }
        }
        let mut above = if bare.is_absolute() {
            bare
        } else {
            Path::new(".").join(bare)
        };
        let mut below = Vec::new();
        let mut real = loop {
            match above.canonicalize() {
                Ok(real) => break real,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // A link that leads nowhere is not made to lead somewhere.
                    if is_taken(&above) {
                        return Err(refused("below a link that leads nowhere"));
                    }
                    let name = above.file_name().map(|name| name.to_owned());
                    below.push(name.ok_or_else(|| refused("not the name of a folder"))?);
                    above.pop();
                }
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("the folder {} cannot be made", path.shown()));
                }
            }
        };
        real.extend(below.into_iter().rev());
        self.free_folder(path, &real)?;
        Ok(real)
    }
}

/// Whether a folder has a name that this program gives to one below a report's or a plan's.
fn is_below_ours(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name == "sandbox" || name.starts_with("shard-"))
}

impl OutputFolder<'_> {
    /// As the person named it.
    pub fn path(&self) -> &Path {
        &self.shown
    }

    /// Refuses files with these names that are not ours.
    pub fn refuse_foreign(&self, files: &[(&str, FileStart)]) -> anyhow::Result<()> {
        for (name, begins) in files {
            let path = self.shown.join(name);
            let place = self.protected.free_place(&path)?;
            self.protected.earlier(&path, &place, begins, true)?;
        }
        Ok(())
    }

    /// Begins a file in it, which takes the place of an earlier one of ours.
    pub fn file(&self, name: &str, begins: &FileStart) -> anyhow::Result<NewFile> {
        let path = self.shown.join(name);
        let place = self.protected.free_place(&path)?;
        let replaces = self.protected.earlier(&path, &place, begins, true)?;
        NewFile::begin(&path, place, replaces)
    }
}
