//! SHA-256 of whole files, which others can check with `sha256sum`.
//!
//! Left out: keyed hashes, which tell nobody else anything (`journal`), and what is hashed.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::OnceLock;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// A file's SHA-256 and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// As lower-case hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// The checksum of what a reader gives.
pub fn of_reader(mut from: impl Read) -> io::Result<Checksum> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                hash.update(&buffer[..count]);
                size += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Checksum {
        sha256: HEXLOWER.encode(&hash.finalize()),
        size,
    })
}

/// The checksum of some bytes.
pub fn of_bytes(bytes: &[u8]) -> Checksum {
    Checksum {
        sha256: HEXLOWER.encode(&Sha256::digest(bytes)),
        size: bytes.len() as u64,
    }
}

/// The checksum of a file.
pub fn of_file(path: &Path) -> io::Result<Checksum> {
    of_reader(File::open(path)?)
}

/// The checksum of the program that runs, made once; `None` where the system does not show it, and of a debug build, whose file is
/// many times as large and which nobody hands to others.
pub fn of_this_program() -> Option<Checksum> {
    static OWN: OnceLock<Option<Checksum>> = OnceLock::new();
    let own = || match cfg!(debug_assertions) {
        true => None,
        false => of_file(Path::new("/proc/self/exe")).ok(),
    };
    OWN.get_or_init(own).clone()
}
