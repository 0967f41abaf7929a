//! What an export holds that cannot be read at any place: unpacked, decoded, row by row.
//!
//! Owner of [`Spool`], a temporary file without a name, mode 0600, encrypted under a key that only this process's memory
//! holds: it is gone with the process, however that ends, and nobody can read what may be left on the disk. So what
//! cannot seek is read once, in sequence, and is then read again at any place like a plain CSV.
//! Left out on purpose: authentication. Nobody else has the file open.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

const BLOCK: usize = 64 << 10;

/// Bytes that one key covers: the cipher's counter has 32 bits.
pub(crate) const MOST: u64 = 256 << 30;

/// The temporary file.
pub struct Spool {
    file: File,
    key: [u8; 32],
    length: u64,
    block: Vec<u8>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spool({} bytes)", self.length)
    }
}

impl Spool {
    /// An empty one, on the disk of a folder.
    pub fn new(folder: &Path) -> io::Result<Spool> {
        let mut key = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut key)?;
        Ok(Spool {
            file: tempfile::tempfile_in(folder)?,
            key,
            length: 0,
            block: vec![0; BLOCK],
        })
    }

    /// Bytes that it holds.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends what a reader still has; `each_block` hears how much that is so far, and may stop it.
    pub fn append(
        &mut self,
        mut from: impl Read,
        each_block: &mut dyn FnMut(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let start = self.length;
        loop {
            let count = match from.read(&mut self.block) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if self.length + count as u64 > MOST {
                return Err(io::Error::other("it holds more than 256 GB").into());
            }
            let block = &mut self.block[..count];
            cipher(&self.key, block, self.length)?;
            self.file.write_all_at(block, self.length)?;
            self.length += count as u64;
            each_block(self.length - start)?;
        }
    }

    /// Reads what stands at a place; fewer bytes than asked for only at the end.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let count = self.file.read_at(buffer, offset)?;
        cipher(&self.key, &mut buffer[..count], offset)?;
        Ok(count)
    }
}

fn cipher(key: &[u8; 32], bytes: &mut [u8], offset: u64) -> io::Result<()> {
    let mut cipher = ChaCha20::new(key.into(), &[0; 12].into());
    cipher
        .try_seek(offset)
        .and_then(|()| cipher.try_apply_keystream(bytes))
        .map_err(|_| io::Error::other("it holds more than 256 GB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_at_any_place_and_by_nobody_else() -> anyhow::Result<()> {
        let text: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
        let mut spool = Spool::new(&std::env::temp_dir())?;
        spool.append(&text[..1000], &mut |_| Ok(()))?;
        let mut heard = 0;
        spool.append(&text[1000..], &mut |so_far| {
            heard = so_far;
            Ok(())
        })?;
        assert_eq!((spool.length(), heard), (1_200_000, 1_199_000));
        for offset in [0usize, 1, 63, 64, 65_535, 999_999] {
            let mut buffer = [0; 130];
            assert_eq!(spool.read_at(&mut buffer, offset as u64)?, 130);
            assert_eq!(buffer, text[offset..offset + 130]);
        }
        let mut raw = vec![0; 4096];
        spool.file.read_exact_at(&mut raw, 0)?;
        assert!(raw.windows(8).all(|window| window != &text[..8]));
        Ok(())
    }
}
