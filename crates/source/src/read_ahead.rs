//! A reader's bytes that were read ahead: those that somebody looks at before deciding where a row or an object ends.
//!
//! Owner of [`ReadAhead`]. Invariants: bytes come in their order and none is lost; the buffer grows only when all of it is
//! still needed, so it is bounded by what its user looks at in one go, twice over.

use std::io::{self, Read};

const BUFFER: usize = 256 << 10;

/// A reader and the bytes of it that are not used yet.
#[derive(Debug)]
pub(crate) struct ReadAhead<R> {
    input: R,
    buffer: Vec<u8>,
    /// The bytes that are not used yet: from `at` to `filled`.
    at: usize,
    filled: usize,
    ended: bool,
}

impl<R: Read> ReadAhead<R> {
    pub(crate) fn new(input: R) -> ReadAhead<R> {
        ReadAhead {
            input,
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            ended: false,
        }
    }

    /// The bytes that were read and not used.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.filled]
    }

    /// The bytes that were used last. They stay until more is read.
    pub(crate) fn used(&self, count: usize) -> &[u8] {
        &self.buffer[self.at - count..self.at]
    }

    /// Whether [`Self::rest`] is all that is left.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Uses bytes of the rest.
    pub(crate) fn pass(&mut self, count: usize) {
        self.at += count;
    }

    /// Reads on; false when there is no more.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        while !self.ended {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => {
                    self.filled += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
