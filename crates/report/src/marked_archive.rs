//! A workbook on its way to its file, with a comment at its end by which it is recognised later.
//!
//! A spreadsheet program drops the comment when it saves, so that what people wrote into a workbook is never taken for an output
//! that may be replaced. Left out: what is in the workbook.

use std::io::Write;

use bakkt_files::output::NewFile;

/// Writes a zip archive and adds a comment to it: the last two bytes of an archive are the length of its comment.
pub(crate) struct MarkedArchive {
    file: NewFile,
    held: Vec<u8>,
    comment: &'static [u8],
}

impl MarkedArchive {
    /// Begins an archive that will end with this comment.
    pub(crate) fn new(file: NewFile, comment: &'static [u8]) -> MarkedArchive {
        MarkedArchive {
            file,
            held: Vec::new(),
            comment,
        }
    }

    /// Adds the comment, once the whole archive was written.
    pub(crate) fn end(mut self) -> anyhow::Result<NewFile> {
        anyhow::ensure!(self.held == [0, 0], "the workbook has no plain end");
        let length = u16::try_from(self.comment.len())?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(self.comment)?;
        Ok(self.file)
    }
}

impl Write for MarkedArchive {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.held.extend_from_slice(bytes);
        let whole = self.held.len().saturating_sub(2);
        self.file.write_all(&self.held[..whole])?;
        self.held.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
