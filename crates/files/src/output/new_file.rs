//! A file on its way to the place that a person named.
//!
//! Owner of how it gets there: it is written beside its place (0600), without a name where that can be (`draft`), and put there in
//! one step when it is whole. A place that is taken meanwhile is not written over.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use anyhow::Context;
use bakkt_model::error::{Failure, ShownPath};

/// The state of a file at a path, to detect a later change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileVersion {
    pub(super) file: (u64, u64),
    size: u64,
    changed: (i64, i64),
}

impl FileVersion {
    pub(super) fn of(facts: &Metadata) -> FileVersion {
        FileVersion {
            file: (facts.dev(), facts.ino()),
            size: facts.size(),
            changed: (facts.ctime(), facts.ctime_nsec()),
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct NewFile {
    /// As the person named it.
    shown: PathBuf,
    place: PathBuf,
    out: BufWriter<File>,
    /// None when it is in its place.
    draft: Option<Draft>,
    /// The file that it takes the place of.
    replaces: Option<FileVersion>,
}

impl NewFile {
    /// Begins a file. The place was looked at already.
    pub(super) fn begin(
        shown: &Path,
        place: PathBuf,
        replaces: Option<FileVersion>,
    ) -> anyhow::Result<NewFile> {
        let cannot = || format!("cannot write {}", shown.shown());
        let folder = place.parent().unwrap_or(Path::new("."));
        let draft = Draft::begin(folder).with_context(cannot)?;
        let out = draft.file().try_clone().with_context(cannot)?;
        Ok(NewFile {
            shown: shown.to_owned(),
            place,
            out: BufWriter::with_capacity(1 << 16, out),
            draft: Some(draft),
            replaces,
        })
    }

    /// Its place.
    pub fn path(&self) -> &Path {
        &self.shown
    }

    /// The folder of its place, in which it is written.
    pub fn folder(&self) -> &Path {
        self.place.parent().unwrap_or(Path::new("."))
    }

    /// Writes what was gathered to the disk, for good.
    pub fn sync(&mut self) -> anyhow::Result<()> {
        let cannot = || format!("cannot write {}", self.shown.shown());
        self.out.flush().with_context(cannot)?;
        self.out.get_ref().sync_all().with_context(cannot)
    }

    /// Puts what was written so far in its place; more can be written afterwards. Once is enough.
    pub fn put_in_place(&mut self) -> anyhow::Result<()> {
        self.sync()?;
        let Some(draft) = self.draft.take() else {
            return Ok(());
        };
        let cannot = || format!("cannot write {}", self.shown.shown());
        match self.replaces {
            None => match draft.put_in(&self.place) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(is_there(&self.shown));
                }
                put => put.with_context(cannot)?,
            },
            Some(known) => {
                let now = std::fs::symlink_metadata(&self.place).with_context(cannot)?;
                if FileVersion::of(&now) != known {
                    return Err(Failure::cannot(
                        format!(
                            "{} changed while its replacement was written",
                            self.shown.shown()
                        ),
                        "it was left as it is now; run the command again",
                    ));
                }
                draft.replace(&self.place).with_context(cannot)?;
            }
        }
        // The name is on the disk as well.
        File::open(self.folder())
            .and_then(|folder| folder.sync_all())
            .with_context(cannot)
    }

    /// Takes it out of its place again, when another file that belongs to it could not be put in its own.
    pub fn take_back(self) -> anyhow::Result<()> {
        if self.draft.is_some() {
            return Ok(());
        }
        std::fs::remove_file(&self.place)
            .with_context(|| format!("cannot take back {}", self.shown.display()))
    }

    /// Ends it: whole, on the disk, in its place.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.put_in_place()
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| self.named(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| self.named(&error))
    }
}

impl NewFile {
    /// An error of the system with the name of the file, which those who write to it do not know.
    fn named(&self, error: &io::Error) -> io::Error {
        let text = format!("cannot write {}: {error}", self.shown.shown());
        io::Error::new(error.kind(), text)
    }
}

/// The error of a place that is taken.
pub(super) fn is_there(shown: &Path) -> anyhow::Error {
    Failure::configuration(
        format!("{} is there already", shown.shown()),
        "name another file; --replace replaces an earlier output of this command, and nothing else",
    )
}
