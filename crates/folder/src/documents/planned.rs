//! A planned document, opened again to be sent.
//!
//! Owner of [`Reopen`]. The manifest's row or the path is read again, the metadata made again, and its keyed hash compared
//! with the planned one; the file is opened below the folder, safely, once, and the handle goes to whoever sends it.
//! Invariant: whatever does not fit holds that document and nothing else: `Err` is a reason, never the end of a run.
//! Left out on purpose: hashing the content, which happens while it is sent.

use std::borrow::Cow;
use std::io::{self, Read};

use jiff::civil::Date;

use super::assess::again;
use super::claim::{Claim, DocumentField};
use super::objects::object_refusal;
use super::{DocumentListing, Documents, inspect, pattern};
use bakkt_model::position::Position;
use bakkt_model::task::PayloadHash;

/// A document as the journal has it.
#[derive(Clone, Copy, Debug)]
pub struct JournalDocument<'a> {
    /// clientAccountId.
    pub account: &'a str,
    /// clientOwnerId and the owner's place; none: the account's own document.
    pub owner: Option<(&'a str, u32)>,
    /// clientDocumentId.
    pub uuid: &'a str,
    /// Keyed hash of the metadata.
    pub hash: &'a PayloadHash,
    /// Where it is described.
    pub place: DocumentOrigin<'a>,
}

/// Where a document is described.
#[derive(Clone, Copy, Debug)]
pub enum DocumentOrigin<'a> {
    /// A row of the manifest.
    Manifest(Position),
    /// A path below the documents folder.
    Path(&'a str),
}

/// A document that can be sent.
pub struct OpenedDocument {
    /// The metadata as JSON.
    pub metadata: Vec<u8>,
    /// At its first byte.
    pub content: Box<dyn Read + Send>,
    /// Bytes.
    pub size: u64,
    /// Such as `image/png`.
    pub content_type: &'static str,
    /// documentType.
    pub document_type: &'static str,
    /// documentSide.
    pub side: Option<&'static str>,
}

/// Opens planned documents.
#[derive(Debug)]
pub struct Reopen {
    documents: Documents,
    key: [u8; 32],
    today: Date,
}

/// What is said of a document, its type and side, and its metadata.
type ClaimedDocument = (Claim, &'static str, &'static str, Vec<u8>);

const CHANGED: &str = "what is said of it is not what was planned; run replan to plan it anew";
const GONE: &str = "its place in the manifest or the folder is gone; run replan to plan it anew";
const EXPIRED: &str = "it expired since it was planned";
const NO_STORAGE: &str =
    "the object storage does not answer; once it does, the next run takes the document up again";
const UNFIT: &str = "its file is missing or unfit now; run check to see why";

impl Reopen {
    /// `key` is that of the journal's hashes.
    pub fn new(documents: Documents, key: [u8; 32], today: Date) -> Reopen {
        Reopen {
            documents,
            key,
            today,
        }
    }

    /// Opens one. The error says why it is held.
    pub fn open(&self, planned: &JournalDocument<'_>) -> Result<OpenedDocument, Cow<'static, str>> {
        let (claim, document_type, side, metadata) = self.claimed(planned, self.today)?;
        let path = claim.path().ok_or(CHANGED)?;
        let opened = inspect::open(&self.documents.root, path, self.documents.accepted);
        let opened = opened.map_err(|why| match why {
            object_refusal::STORAGE => NO_STORAGE,
            _ => UNFIT,
        })?;
        Ok(OpenedDocument {
            metadata,
            content: opened.content,
            size: opened.size,
            content_type: opened.media_type,
            document_type,
            side: Some(side),
        })
    }

    /// The metadata of one as it was planned, whatever became of its file and however long ago it expired.
    pub fn metadata(&self, planned: &JournalDocument<'_>) -> Result<Vec<u8>, Cow<'static, str>> {
        let (.., metadata) = self.claimed(planned, Date::MIN)?;
        Ok(metadata)
    }

    fn claimed(
        &self,
        planned: &JournalDocument<'_>,
        today: Date,
    ) -> Result<ClaimedDocument, Cow<'static, str>> {
        let is_of =
            |claim: &Claim| claim.value(DocumentField::Account).text() == Some(planned.account);
        let claim = match (&self.documents.from, planned.place) {
            (DocumentListing::Manifest(manifest), DocumentOrigin::Manifest(at)) => {
                manifest.claim_at(at).map_err(unread)?
            }
            (DocumentListing::Folder(patterns), DocumentOrigin::Path(path)) => {
                let mut readings = pattern::readings(patterns, path);
                let mine = readings.iter().position(|(_, claim)| is_of(claim));
                match (mine, readings.is_empty()) {
                    (Some(mine), _) => readings.swap_remove(mine).1,
                    (None, false) => return Err(CHANGED.into()),
                    (None, true) => return Err(GONE.into()),
                }
            }
            _ => return Err(GONE.into()),
        };
        if !is_of(&claim) {
            return Err(CHANGED.into());
        }
        let types = self.documents.types;
        let (document_type, sides, rest) = again(&claim, types, today, planned.owner.is_some())
            .map_err(|why| match &*why == super::assess::EXPIRED {
                true => EXPIRED,
                false => CHANGED,
            })?;
        let owner = planned.owner.map(|(id, _)| id);
        for side in sides {
            let about = (document_type, Some(*side));
            let metadata = rest.metadata((planned.account, planned.uuid), about, owner);
            if blake3::keyed_hash(&self.key, &metadata)
                .as_bytes()
                .starts_with(planned.hash)
            {
                return Ok((claim, document_type, side, metadata));
            }
        }
        Err(CHANGED.into())
    }
}

/// Why a row of the manifest cannot be read again: the file is shorter now, or the disk fails.
fn unread(error: io::Error) -> Cow<'static, str> {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => GONE.into(),
        _ => format!("the manifest cannot be read: {error}; once it can, the next run takes the document up again").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_is_no_row_that_is_gone() {
        assert_eq!(unread(io::ErrorKind::UnexpectedEof.into()), GONE);
        // EIO.
        let told = unread(io::Error::from_raw_os_error(5));
        assert!(
            told.contains("the manifest cannot be read: Input/output error"),
            "{told}"
        );
        assert!(told.contains("the next run"), "{told}");
    }
}
