//! Bytes that can be read at any place, wherever they lie.
//!
//! Owner of [`Bytes`]: a file as it is, or what a spool holds, and of [`BytesReader`], which reads a piece of them in sequence.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::spool::Spool;

/// Bytes that can be read at any place.
#[derive(Debug)]
pub(super) enum Bytes {
    /// Of a file.
    File(File),
    /// Of a spool, from an offset on.
    Spool(Arc<Spool>, u64),
}

impl Bytes {
    /// Reads what stands at a place; fewer bytes than asked for may come, and none at the end.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Bytes::File(file) => file.read_at(buffer, offset),
            Bytes::Spool(spool, start) => spool.read_at(buffer, start + offset),
        }
    }
}

/// Reads a piece of bytes, from its beginning to its end.
#[derive(Clone, Debug)]
pub(super) struct BytesReader {
    bytes: Arc<Bytes>,
    start: u64,
    offset: u64,
    end: u64,
}

impl BytesReader {
    /// Begins at an offset, and ends before another.
    pub(super) fn new(bytes: Arc<Bytes>, start: u64, end: u64) -> BytesReader {
        BytesReader {
            bytes,
            start,
            offset: start,
            end,
        }
    }
}

impl Read for BytesReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let count = self.bytes.read_at(&mut buffer[..most], self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

impl Seek for BytesReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.offset.checked_add_signed(offset),
        };
        let place = place.filter(|place| *place >= self.start);
        self.offset = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset - self.start)
    }
}
