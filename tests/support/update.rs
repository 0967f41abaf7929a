//! Expected files that tests write anew under `UPDATE=1`.
//!
//! Owner of telling which files those were: whoever runs the tests has to read each of them before committing it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Whether expected files are to be written anew.
pub fn is_wanted() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Writes an expected file, or takes it away where nothing is expected any more, and names it when that changed it.
pub fn write(path: &Path, content: Option<&[u8]>) {
    let done = match (fs::read(path).ok(), content) {
        (before, after) if before.as_deref() == after => return,
        (_, Some(after)) => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, after).unwrap();
            "written"
        }
        (_, None) => {
            fs::remove_file(path).unwrap();
            "taken away"
        }
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown = path.strip_prefix(root).unwrap_or(path).display();
    // Past the test harness, which shows what a test prints only when it fails.
    let line = format!("{done}: {shown}\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
}

#[test]
fn a_file_is_written_only_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases/one/expected.txt");
    write(&path, None);
    write(&path, Some(b"one"));
    assert_eq!(fs::read(&path).unwrap(), b"one");
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    write(&path, Some(b"one"));
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    write(&path, None);
    assert!(!path.exists());
}
