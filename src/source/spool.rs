//! An export that can be read at any place: the file itself, or what a gzip file holds.
//!
//! Owner of the spool, a temporary file without a name, mode 0600, in the migration folder: it is gone with the process,
//! however that ends. Invariant: whatever is opened here is a plain file, so that reading it twice gives the same.
//! Left out on purpose: other compressions.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Opens a plain file; a pipe or a folder is refused without being opened.
pub fn plain_file(path: &Path) -> io::Result<File> {
    // Looked at before it is opened: opening a pipe would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file that can be read twice"));
    }
    File::open(path)
}

/// Opens an export; one that begins like a gzip file is spooled into `folder`.
pub fn open(path: &Path, folder: &Path) -> io::Result<File> {
    let mut file = plain_file(path)?;
    let mut start = Vec::new();
    (&mut file)
        .take(GZIP.len() as u64)
        .read_to_end(&mut start)?;
    file.rewind()?;
    if start != GZIP {
        return Ok(file);
    }
    let mut spool = tempfile::tempfile_in(folder)?;
    io::copy(&mut MultiGzDecoder::new(BufReader::new(file)), &mut spool)?;
    spool.rewind()?;
    Ok(spool)
}
