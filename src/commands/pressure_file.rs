//! What a run that goes on tells `status`: that the server refuses for the rate, which rate is held, until when it pauses, and what
//! a person has set.
//!
//! Owner of one small file in the state folder. Invariants: it is there only while there is something to tell; it is
//! written anew every second, so an older one was left by a program that was killed, and says nothing. The journal has
//! none of this: it is about the moment. Left out on purpose: what is told (`requests::limiter`).

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use bakkt_engine::submit::RunCounters;

const NAME: &str = "pressure.txt";
/// Time between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// An older file says nothing any more.
const OLDEST: Duration = Duration::from_secs(10);

/// Keeps the file for as long as it lives.
pub struct PressureFile {
    path: Option<PathBuf>,
    task: Option<JoinHandle<()>>,
}

impl PressureFile {
    /// Starts, when there is a folder.
    pub fn start(folder: Option<PathBuf>, counters: Arc<RunCounters>) -> PressureFile {
        let path = folder.map(|folder| folder.join(NAME));
        let task = path.clone().map(|path| {
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(EVERY).await;
                    // A file that cannot be written is no reason to disturb a run.
                    let _ = write(&path, &counters.held_back());
                }
            })
        });
        PressureFile { path, task }
    }
}

impl Drop for PressureFile {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whatever is at the path goes first, so no link is followed.
fn write(path: &Path, words: &str) -> std::io::Result<()> {
    if words.is_empty() && !path.exists() {
        return Ok(());
    }
    let _ = fs::remove_file(path);
    if words.is_empty() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(words.as_bytes())
}

/// What the run that works on this state folder tells at present.
pub fn read(folder: &Path) -> Option<String> {
    let path = folder.join(NAME);
    let age = fs::metadata(&path).ok()?.modified().ok()?.elapsed().ok()?;
    let words = fs::read_to_string(&path).ok()?;
    (age < OLDEST && !words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_only_while_there_is_something_to_tell() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(NAME);
        write(&path, "").expect("nothing to do");
        assert_eq!(read(folder.path()), None);
        write(&path, "the server answers 429 to accounts").expect("written");
        assert_eq!(
            read(folder.path()).as_deref(),
            Some("the server answers 429 to accounts")
        );
        let old = std::time::SystemTime::now() - Duration::from_secs(60);
        let file = fs::File::options().write(true).open(&path).expect("open");
        file.set_modified(old).expect("aged");
        assert_eq!(read(folder.path()), None);
        write(&path, "").expect("removed");
        assert!(!path.exists());
    }
}
