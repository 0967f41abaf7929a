//! A file that has no name yet.
//!
//! Owner of what a half-written output is. Invariant: whatever ends the program, a kill as well, nothing of it stays in the folder.
//! Where the system or the file system makes no files without a name (macOS, NFS), it has a hidden one, which stays when the program
//! is killed. Left out on purpose: what may stand at its place (`new_file`).

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// How the names begin of files that cannot do without one.
const PREFIX: &str = ".draft-";

/// A file on its way to a place in the same folder; readable by its owner alone.
#[derive(Debug)]
pub(super) enum Draft {
    /// It is gone with the program.
    Nameless(File),
    /// It is deleted when it is dropped.
    Named(NamedTempFile),
}

impl Draft {
    /// Begins one in a folder.
    pub(super) fn begin(folder: &Path) -> io::Result<Draft> {
        if let Some(file) = nameless(folder) {
            return Ok(Draft::Nameless(file));
        }
        Ok(Draft::Named(
            Builder::new().prefix(PREFIX).tempfile_in(folder)?,
        ))
    }

    /// What is written to.
    pub(super) fn file(&self) -> &File {
        match self {
            Draft::Nameless(file) => file,
            Draft::Named(named) => named.as_file(),
        }
    }

    /// Puts it in a place that is free; `AlreadyExists` when it is not.
    pub(super) fn put_in(self, place: &Path) -> io::Result<()> {
        match self {
            Draft::Nameless(file) => link(&file, place),
            Draft::Named(named) => {
                named.persist_noclobber(place)?;
                Ok(())
            }
        }
    }

    /// Puts it in the place of another file.
    pub(super) fn replace(self, place: &Path) -> io::Result<()> {
        match self {
            // Only a name can take the place of a name.
            Draft::Nameless(file) => {
                let folder = place.parent().unwrap_or(Path::new("."));
                let named = Builder::new()
                    .prefix(PREFIX)
                    .make_in(folder, |path| link(&file, path))?;
                named.persist(place)?;
            }
            Draft::Named(named) => drop(named.persist(place)?),
        }
        Ok(())
    }
}

/// A file without a name, where there can be one that gets a name later.
#[cfg(target_os = "linux")]
fn nameless(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR).ok()?;
    let file = File::from(file);
    Path::new(&numbered(&file)).exists().then_some(file)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> Option<File> {
    None
}

/// Gives a file its name.
#[cfg(target_os = "linux")]
fn link(file: &File, place: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    linkat(CWD, numbered(file), CWD, place, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Where the system shows an open file.
#[cfg(target_os = "linux")]
fn numbered(file: &File) -> String {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd())
}
