//! Receives the body of an upload: the metadata and what is known of the file, without holding the file.
//!
//! Owner: the sandbox's uploads. Invariants: the file is hashed as it comes; it is held only as far as the budget for
//! kept documents allows; the parts may come in either order. Left out on purpose: what the metadata says.

use hyper::body::Bytes;

use super::config::Dialect;
use super::documents::{Budget, KeptContent, StoredFile};
use super::multipart::{Multipart, MultipartEvent};

/// No metadata comes near this.
const MOST_METADATA_BYTES: usize = 64 << 10;

/// An upload that was received whole.
pub(super) struct ReceivedUpload {
    pub(super) metadata: Bytes,
    pub(super) file: StoredFile,
}

/// The names of the two parts.
fn names(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Guide => ("file", "request"),
        Dialect::Reference => ("document", "metadata"),
    }
}

/// Which part is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CurrentPart {
    None,
    File,
    Metadata,
}

/// A body that is being received.
pub(super) struct BodyReceiver {
    multipart: Option<Multipart>,
    parts: PartReader,
    broken: Option<&'static str>,
}

struct PartReader {
    dialect: Dialect,
    now: CurrentPart,
    metadata: Option<Vec<u8>>,
    metadata_is_whole: bool,
    hasher: blake3::Hasher,
    size: u64,
    content_type: Option<Box<str>>,
    kept: Option<KeptContent>,
}

impl BodyReceiver {
    /// For a body of this Content-Type.
    pub(super) fn new(
        content_type: Option<&str>,
        dialect: Dialect,
        budget: &Budget,
    ) -> BodyReceiver {
        let multipart = content_type.and_then(Multipart::new);
        BodyReceiver {
            broken: multipart
                .is_none()
                .then_some("The body is not multipart/form-data with a boundary"),
            multipart,
            parts: PartReader {
                dialect,
                now: CurrentPart::None,
                metadata: None,
                metadata_is_whole: false,
                hasher: blake3::Hasher::new(),
                size: 0,
                content_type: None,
                kept: Some(KeptContent::new(budget)),
            },
        }
    }

    /// Takes the next piece. What comes behind a mistake is let go.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let Some(multipart) = self.multipart.as_mut().filter(|_| self.broken.is_none()) else {
            return;
        };
        let mut mistake = None;
        let parts = &mut self.parts;
        let read = multipart.push(piece, |event| {
            if mistake.is_none() {
                mistake = parts.take(event).err();
            }
        });
        self.broken = mistake.or(read.err());
    }

    /// The metadata, once it is whole.
    pub(super) fn metadata(&self) -> Option<&[u8]> {
        let metadata = self.parts.metadata.as_deref();
        metadata.filter(|_| self.parts.metadata_is_whole)
    }

    /// Whether some of the file has come.
    pub(super) fn in_file(&self) -> bool {
        self.parts.content_type.is_some()
    }

    /// What came, once the body has ended; or what is wrong with it.
    pub(super) fn finish(self) -> Result<ReceivedUpload, &'static str> {
        if let Some(mistake) = self.broken {
            return Err(mistake);
        }
        let parts = self.parts;
        if !self.multipart.is_some_and(|multipart| multipart.ended()) {
            return Err("The body ends before its last boundary");
        }
        let (Some(metadata), Some(content_type)) = (parts.metadata, parts.content_type) else {
            return Err("A part is missing: the file or its metadata");
        };
        Ok(ReceivedUpload {
            metadata: metadata.into(),
            file: StoredFile {
                hash: *parts.hasher.finalize().as_bytes(),
                size: parts.size,
                content_type,
                kept: parts.kept,
            },
        })
    }
}

impl PartReader {
    fn take(&mut self, event: MultipartEvent<'_>) -> Result<(), &'static str> {
        match event {
            MultipartEvent::Part { name, content_type } => return self.begin(&name, &content_type),
            MultipartEvent::Data(bytes) if self.now == CurrentPart::File => {
                self.hasher.update(bytes);
                self.size += bytes.len() as u64;
                if self.kept.as_mut().is_some_and(|kept| !kept.extend(bytes)) {
                    // All of it or nothing.
                    self.kept = None;
                }
            }
            MultipartEvent::Data(bytes) => {
                let metadata = self.metadata.get_or_insert_default();
                if metadata.len() + bytes.len() > MOST_METADATA_BYTES {
                    return Err("The metadata is too long");
                }
                metadata.extend_from_slice(bytes);
            }
            MultipartEvent::PartEnd => {
                self.metadata_is_whole |= self.now == CurrentPart::Metadata;
                self.now = CurrentPart::None;
            }
        }
        Ok(())
    }

    fn begin(&mut self, name: &str, content_type: &str) -> Result<(), &'static str> {
        let (file, metadata) = names(self.dialect);
        if name == file && self.content_type.is_none() {
            self.now = CurrentPart::File;
            let known = Some(content_type).filter(|text| !text.is_empty());
            self.content_type = Some(known.unwrap_or("application/octet-stream").into());
            return Ok(());
        }
        if name != metadata || self.metadata.is_some() {
            return Err("A part has another name than the two that are wanted, or comes twice");
        }
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if self.dialect == Dialect::Guide && !kind.eq_ignore_ascii_case("application/json") {
            return Err("The part of the metadata is not of the type application/json");
        }
        self.now = CurrentPart::Metadata;
        self.metadata = Some(Vec::new());
        Ok(())
    }
}
