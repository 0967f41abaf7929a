//! What the process that parses sends to the one that asks: a head, the text in pieces, and how it ended.
//!
//! Owner of both ends. Invariant: a stream that stops before its last frame is told from one that is whole, and no frame is
//! longer than its bound, whatever the other process does.

use std::io::{self, Read, Write};

use super::rows::Sink;
use super::{WorkbookHead, WorkbookRefusal};

/// The first bytes of a stream: no other program begins like this.
const MAGIC: &[u8; 8] = b"bkwb\x01\r\n\0";

/// Bytes of the longest piece of text, and of a head or a refusal.
const PIECE: usize = 64 << 10;
const WORDS: usize = 4 << 20;

/// A frame.
#[derive(Debug, PartialEq)]
pub enum Frame {
    /// What the workbook is.
    Head(WorkbookHead),
    /// So many bytes of text, in the buffer.
    Text,
    /// All text was there.
    End,
    /// The workbook is not read, or not to its end.
    Refused(WorkbookRefusal),
}

/// The sending end.
#[derive(Debug)]
pub struct FrameSender<W> {
    out: W,
    piece: Vec<u8>,
}

impl<W: Write> FrameSender<W> {
    /// Begins a stream.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(FrameSender {
            out,
            piece: Vec::with_capacity(2 * PIECE),
        })
    }

    /// Ends the stream.
    pub fn end(mut self, outcome: Result<WorkbookHead, WorkbookRefusal>) -> io::Result<()> {
        match outcome {
            Ok(_) => {
                self.flush()?;
                self.send(b'E', &[])?;
            }
            Err(refused) => self.send(b'R', &serde_json::to_vec(&refused)?)?,
        }
        self.out.flush()
    }

    fn send(&mut self, kind: u8, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.out.write_all(&[kind])?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(bytes)
    }
}

impl<W: Write> Write for FrameSender<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        for part in piece.chunks(PIECE) {
            self.send(b'T', part)?;
        }
        self.piece = piece;
        self.piece.clear();
        Ok(())
    }
}

impl<W: Write> Sink for &mut FrameSender<W> {
    fn head(&mut self, head: &WorkbookHead) -> io::Result<()> {
        self.send(b'H', &serde_json::to_vec(head)?)
    }
}

/// Reads the frames that a `FrameSender` wrote.
#[derive(Debug)]
pub(crate) struct FrameReceiver<R> {
    input: R,
}

impl<R: Read> FrameReceiver<R> {
    /// Expects the beginning of a stream.
    pub(crate) fn new(mut input: R) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic)?;
        if &magic == MAGIC {
            Ok(FrameReceiver { input })
        } else {
            Err(unexpected())
        }
    }

    /// The next frame; its text replaces what is in the buffer.
    pub(crate) fn next(&mut self, text: &mut Vec<u8>) -> io::Result<Frame> {
        let mut start = [0; 5];
        self.input.read_exact(&mut start)?;
        let [kind, length @ ..] = start;
        let length = u32::from_le_bytes(length) as usize;
        let most = if kind == b'T' { PIECE } else { WORDS };
        if length > most {
            return Err(unexpected());
        }
        text.resize(length, 0);
        self.input.read_exact(text)?;
        Ok(match kind {
            b'H' => Frame::Head(serde_json::from_slice(text)?),
            b'T' => Frame::Text,
            b'E' => Frame::End,
            b'R' => Frame::Refused(serde_json::from_slice(text)?),
            _ => return Err(unexpected()),
        })
    }
}

fn unexpected() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbook::WorkbookKind;

    fn head() -> WorkbookHead {
        WorkbookHead {
            kind: WorkbookKind::Ods,
            sheets: Vec::new(),
            sheet: 0,
            hidden_rows: 0,
            from_1904: false,
        }
    }

    fn stream(text: &[u8], outcome: Result<WorkbookHead, WorkbookRefusal>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sender = FrameSender::new(&mut bytes).unwrap();
        (&mut sender).head(&head()).unwrap();
        sender.write_all(text).unwrap();
        sender.end(outcome).unwrap();
        bytes
    }

    /// The text of a stream, and how it ended.
    fn receive(bytes: &[u8]) -> io::Result<(Vec<u8>, Frame)> {
        let mut receiver = FrameReceiver::new(bytes)?;
        let (mut all, mut piece) = (Vec::new(), Vec::new());
        loop {
            match receiver.next(&mut piece)? {
                Frame::Head(given) => assert_eq!(given, head()),
                Frame::Text => all.extend_from_slice(&piece),
                last => return Ok((all, last)),
            }
        }
    }

    #[test]
    fn a_whole_stream_comes_back_and_a_cut_one_does_not() {
        let text = vec![b'x'; 3 * PIECE + 17];
        let whole = stream(&text, Ok(head()));
        assert_eq!(receive(&whole).unwrap(), (text, Frame::End));
        for length in [0, 4, MAGIC.len(), 40, whole.len() / 2, whole.len() - 1] {
            assert!(receive(&whole[..length]).is_err(), "{length}");
        }
        let refused = stream(b"", Err(WorkbookRefusal::Damaged));
        let end = Frame::Refused(WorkbookRefusal::Damaged);
        assert_eq!(receive(&refused).unwrap(), (Vec::new(), end));
    }

    #[test]
    fn what_another_program_prints_is_no_stream() {
        assert!(receive(b"running 0 tests\n").is_err());
        let mut long = MAGIC.to_vec();
        long.extend([b'T', 0xFF, 0xFF, 0xFF, 0xFF]);
        assert!(receive(&long).is_err());
    }
}
