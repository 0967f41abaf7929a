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

    /// Refuses files of somebody else in a folder that is to be written later, and a folder that cannot be made or written to; makes
    /// nothing.
    pub fn look_at_folder(&self, path: &Path, files: &[(&str, FileStart)]) -> anyhow::Result<()> {
        let real = self.free_folder_place(path)?;
        let folder = OutputFolder {
            protected: self,
            shown: path.to_owned(),
        };
        if real.exists() {
            folder.refuse_foreign(files)?;
        }
        // Of one that is not there, the folder in which it will be made.
        let there = real.ancestors().find(|folder| folder.exists());
        let there = there.unwrap_or(&real);
        // Rights do not tell: the file system may be read-only, and root may write everywhere else. A file without a name is no trace.
        tempfile::tempfile_in(there).map(drop).map_err(|error| {
            let shown = if there == real { path } else { there };
            Failure::cannot(
                format!("nothing can be written into {}: {error}", shown.shown()),
                "make that folder writable, with room on its disk; then run the same command again",
            )
        })
    }

    /// The link by way of which a folder would be reached: itself, or, within the migration's own folder, one above it.
    fn link_on_the_way<'a>(&self, folder: &'a Path) -> Option<&'a Path> {
        let own = self.own.as_deref().filter(|own| folder.starts_with(own));
        let depth = own.map_or(1, |own| {
            folder.components().count() - own.components().count()
        });
        let mut above = folder.ancestors().take(depth.max(1));
        above.find(|folder| folder.is_symlink())
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
        if let Some(link) = self.link_on_the_way(&bare) {
            return Err(Failure::configuration(
                format!("{} is a link", link.shown()),
                format!(
                    "the files in {} are written in place: put a folder there, or name another one",
                    path.shown()
                ),
            ));
        }
        match std::fs::symlink_metadata(&bare) {
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
