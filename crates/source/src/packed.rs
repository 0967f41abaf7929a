//! A file through whatever it is packed in, as a stream that can be begun again.
//!
//! Owner of [`Stream`], and of taking one container after the other off a file. Invariants: memory does not grow with the file; what is
//! packed deeper than [`DEEPEST`] is refused. Left out on purpose: what a container is (`container`).

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use bakkt_model::error::{Failure, visible};
use rustix::fs::{MemfdFlags, memfd_create};

use super::archive::{self, Member};
use super::bytes::{Bytes, BytesReader};
use super::container::{self, Container};
use super::export::Options;
use super::openpgp;

/// Containers inside of each other.
const DEEPEST: usize = 4;

/// Bytes that can be read from their beginning as often as is needed.
#[derive(Clone, Debug)]
pub(super) enum Stream {
    /// As they lie, and how many.
    Bytes(Arc<Bytes>, u64),
    /// Packed as gzip or zstd.
    Packed(Box<Stream>, Container),
    /// A member of a zip archive.
    Member(Member),
}

impl Stream {
    /// Begins at the beginning.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Stream::Bytes(bytes, length) => {
                Ok(Box::new(BytesReader::new(bytes.clone(), 0, *length)))
            }
            Stream::Member(member) => Ok(member.open()),
            Stream::Packed(inner, container) => container::reader(inner.open()?, *container),
        }
    }

    /// The bytes, where they can be read at any place.
    pub(super) fn bytes(&self) -> Option<(&Arc<Bytes>, u64)> {
        match self {
            Stream::Bytes(bytes, length) => Some((bytes, *length)),
            Stream::Packed(..) | Stream::Member(_) => None,
        }
    }

    /// The first bytes.
    pub(super) fn start(&self) -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        let reader = self.open()?;
        reader
            .take(container::START as u64)
            .read_to_end(&mut start)?;
        Ok(start)
    }
}

/// A file without its containers.
pub(super) struct UnpackedFile {
    /// What is in it.
    pub stream: Stream,
    /// What that is: plain, JSON or a workbook.
    pub container: Container,
    /// What it was in, from the inside to the outside.
    pub containers: Vec<String>,
}

impl UnpackedFile {
    /// What the file is, in words: what is in it, and what that is in.
    pub(super) fn format(&self, inside: &str) -> String {
        let parts = std::iter::once(inside).chain(self.containers.iter().map(String::as_str));
        parts.collect::<Vec<_>>().join(" in ")
    }
}

/// Takes the containers off a file. The beginnings of whatever is packed are read; what is encrypted is decrypted into a spool in a
/// folder.
pub(super) fn unpack(
    bytes: (Arc<Bytes>, u64),
    name: &str,
    options: &Options,
    folder: &Path,
) -> anyhow::Result<UnpackedFile> {
    let pattern = options.member.as_ref();
    let unreadable = || format!("cannot read {name}");
    let mut stream = Stream::Bytes(bytes.0, bytes.1);
    let mut containers = Vec::new();
    let container = loop {
        let start = stream.start().with_context(unreadable)?;
        let container = container::of(&start).map_err(|why| refused(name, why))?;
        let (inner, word) = match container {
            Container::Plain | Container::Json | Container::Workbook => break container,
            Container::Gzip => (packed(stream, container), "gzip".to_owned()),
            Container::Zstd => (packed(stream, container), "zstd".to_owned()),
            Container::OpenPgp => {
                let encrypted = stream.open().with_context(unreadable)?;
                let spool = openpgp::decrypt(name, encrypted, &options.openpgp, folder)?;
                let length = spool.length();
                let bytes = Arc::new(Bytes::Spool(Arc::new(spool), 0));
                (Stream::Bytes(bytes, length), OPENPGP.to_owned())
            }
            Container::Zip => {
                let Stream::Bytes(bytes, length) = &stream else {
                    return Err(refused(name, PACKED_ARCHIVE));
                };
                let (member, own) = archive::member(bytes, *length, name, pattern)?;
                (Stream::Member(member), format!("zip ({})", visible(&own)))
            }
        };
        stream = inner;
        containers.push(word);
        if containers.len() > DEEPEST {
            return Err(refused(name, TOO_DEEP));
        }
    };
    if !containers.iter().any(|it| it == OPENPGP) {
        openpgp::must_be_signed(name, &options.openpgp)?;
    }
    if let Some(pattern) = pattern.filter(|_| !containers.iter().any(|it| it.starts_with("zip"))) {
        return Err(Failure::configuration(
            format!(
                "{name} is not a zip archive and has no member \"{}\"",
                pattern.as_str()
            ),
            "take `member` away, or name another file",
        ));
    }
    containers.reverse();
    Ok(UnpackedFile {
        stream,
        container,
        containers,
    })
}

/// The largest workbook that is read from where no process can read it by itself: it is held in memory meanwhile.
const LARGEST_WORKBOOK: u64 = 256 << 20;

/// A workbook as a file for the process that reads it: the file itself, or memory without a name, so that nothing of what was
/// packed, encrypted or fetched stands on the disk.
pub(super) fn as_file(stream: &Stream, name: &str) -> anyhow::Result<File> {
    let unreadable = || format!("cannot read {name}");
    if let Some((bytes, _)) = stream.bytes()
        && let Bytes::File(file) = &**bytes
    {
        return file.try_clone().with_context(unreadable);
    }
    let memory = memfd_create("workbook", MemfdFlags::CLOEXEC);
    let mut memory = File::from(memory.context("cannot make room for a workbook")?);
    let content = stream.open().with_context(unreadable)?;
    let mut content = content.take(LARGEST_WORKBOOK + 1);
    if io::copy(&mut content, &mut memory).with_context(unreadable)? > LARGEST_WORKBOOK {
        return Err(refused(name, LARGE_WORKBOOK));
    }
    memory.rewind().with_context(unreadable)?;
    Ok(memory)
}

fn packed(stream: Stream, container: Container) -> Stream {
    Stream::Packed(Box::new(stream), container)
}

/// What a file that was encrypted or signed was in.
const OPENPGP: &str = "OpenPGP";
const PACKED_ARCHIVE: &str = "it is a zip archive that is packed once more; unpack the outer one";
const LARGE_WORKBOOK: &str = "it is a workbook of more than 256 MB in another file or in a storage; save the export as CSV, or give the workbook as it is";
const TOO_DEEP: &str = "it is packed more than four times; unpack it and name what is in it";

/// The error of a file that is not read, and why.
pub(super) fn refused(name: &str, why: impl std::fmt::Display) -> anyhow::Error {
    Failure::configuration(format!("{name} cannot be read: {why}"), "")
}
