//! Where the socket of a run lies.
//!
//! A path of a socket has no more than 108 bytes, and a migration folder may lie deeper. So the socket is in a folder for the
//! user alone, below the system's folder for such things, and is named by a hash of the state folder; the state folder has a
//! small file with its path. Whoever runs the program under another user gets another folder, and one that somebody else has made
//! is not used.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

use bakkt_files::state_folder;
use bakkt_model::error::ShownPath;

/// The file in the state folder that says where the socket is.
const NAME: &str = "control.path";
/// What a path of a socket may have, less the zero at its end.
const LONGEST: usize = 107;

/// The folders in which the socket may lie, the best first.
fn folders() -> Vec<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|folder| folder.is_absolute() && is_ours_alone(folder));
    let runtime = runtime.map(|folder| folder.join("bakkt-migrate"));
    let temporary = |folder: PathBuf| folder.join(format!("bakkt-migrate-{user}"));
    let mut all: Vec<PathBuf> = runtime.into_iter().collect();
    all.push(temporary(std::env::temp_dir()));
    all.push(temporary(PathBuf::from("/tmp")));
    all
}

/// A folder, not a link to one, that is this user's and nobody else can look into or write to.
fn is_ours_alone(folder: &Path) -> bool {
    std::fs::symlink_metadata(folder).is_ok_and(|facts| {
        let is_ours = facts.uid() == rustix::process::geteuid().as_raw();
        facts.is_dir() && is_ours && facts.mode() & 0o077 == 0
    })
}

/// The path of the socket for a state folder, in a folder that is ready. What is left of an earlier run is gone.
///
/// # Errors
///
/// There is no fit folder.
pub(super) fn prepare(state: &Path) -> anyhow::Result<PathBuf> {
    let whole = state
        .canonicalize()
        .with_context(|| format!("cannot look at {}", state.shown()))?;
    let hash = blake3::derive_key(
        "bakkt-migrate 2026-11 the control socket of a state folder",
        whole.as_os_str().as_encoded_bytes(),
    );
    let name: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    for folder in folders() {
        let path = folder.join(format!("{name}.sock"));
        let _ = DirBuilder::new().mode(0o700).create(&folder);
        if path.as_os_str().len() > LONGEST || !is_ours_alone(&folder) {
            continue;
        }
        match std::fs::symlink_metadata(&path) {
            // The journal is locked by this process: whoever made it has ended.
            Ok(facts) if facts.file_type().is_socket() => std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove {}", path.shown()))?,
            Ok(_) => continue,
            Err(_) => {}
        }
        return Ok(path);
    }
    anyhow::bail!(
        "there is no folder for a socket that is this user's alone (XDG_RUNTIME_DIR, TMPDIR, /tmp)"
    )
}

/// Says in the state folder where the socket is.
pub(super) fn tell(state: &Path, socket: &Path) -> anyhow::Result<()> {
    let path = state.join(NAME);
    // Whatever is there goes first, so no link is followed.
    let _ = std::fs::remove_file(&path);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.shown()))?;
    file.write_all(socket.as_os_str().as_encoded_bytes())?;
    Ok(())
}

/// Takes that back, and the socket with it.
pub(super) fn forget(state: &Path, socket: &Path) {
    let _ = std::fs::remove_file(state.join(NAME));
    let _ = std::fs::remove_file(socket);
}

/// Where the socket is, if the state folder says so.
pub(super) fn told(state: &Path) -> Option<PathBuf> {
    let path = state.join(NAME);
    if !path.exists() {
        return None;
    }
    let file = state_folder::read_file(&path).ok()?;
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).ok()?;
    let socket = PathBuf::from(text);
    let is_fit = socket.is_absolute() && socket.parent().is_some_and(is_ours_alone);
    is_fit.then_some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_a_short_path_of_its_own_and_what_was_left_is_replaced() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a-rather-long-name/".repeat(12));
        std::fs::create_dir_all(&deep).unwrap();
        let socket = prepare(&deep).unwrap();
        assert!(socket.as_os_str().len() <= LONGEST, "{socket:?}");
        assert_ne!(socket, prepare(place.path()).unwrap());
        let left = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        drop(left);
        assert!(socket.exists());
        assert_eq!(prepare(&deep).unwrap(), socket);
        assert!(!socket.exists());
        assert_eq!(told(&deep), None);
        tell(&deep, &socket).unwrap();
        assert_eq!(told(&deep), Some(socket.clone()));
        forget(&deep, &socket);
        assert_eq!(told(&deep), None);
    }
}
