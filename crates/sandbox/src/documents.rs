//! The documents, and what the sandbox remembers of every clientDocumentId.
//!
//! Owner: the sandbox. Invariants: one document per clientDocumentId, whatever is sent; `createdAt` never moves; the
//! content that is kept of all documents together, and of uploads on their way, stays within a budget. Left out on
//! purpose: durability; file names; the older contents that the real service retains.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

use super::ledger::{Effect, UploadClaims};

/// What is kept of all documents together, in bytes.
const MOST_KEPT: usize = 64 << 20;

/// How much content may still be kept.
#[derive(Clone)]
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// The whole of it, or nothing.
    pub(super) fn new(keep: bool) -> Budget {
        Budget(Arc::new(AtomicUsize::new(if keep { MOST_KEPT } else { 0 })))
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

/// Content that is kept; what it takes of the budget comes back with its end.
pub(super) struct KeptContent {
    bytes: Vec<u8>,
    budget: Budget,
}

impl KeptContent {
    /// Nothing yet.
    pub(super) fn new(budget: &Budget) -> KeptContent {
        KeptContent {
            bytes: Vec::new(),
            budget: budget.clone(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes more, if the budget allows it.
    pub(super) fn extend(&mut self, more: &[u8]) -> bool {
        let allowed = self.budget.take(more.len());
        if allowed {
            self.bytes.extend_from_slice(more);
        }
        allowed
    }
}

impl Drop for KeptContent {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes.len(), Ordering::Relaxed);
    }
}

/// A file part, read to its end.
pub(super) struct StoredFile {
    pub(super) hash: [u8; 32],
    pub(super) size: u64,
    pub(super) content_type: Box<str>,
    pub(super) kept: Option<KeptContent>,
}

/// A document as it is stored.
pub(super) struct StoredDocument {
    pub(super) about: Arc<UploadClaims>,
    /// The metadata as received.
    pub(super) metadata: Arc<[u8]>,
    pub(super) file: Arc<StoredFile>,
}

/// What the sandbox knows of one clientDocumentId.
#[derive(Default)]
pub(super) struct DocumentSlot {
    /// Uploads that were looked at, also the refused ones.
    pub(super) uploads_seen: u32,
    pub(super) lookups_seen: u32,
    pub(super) faults: u32,
    /// Uploads that stored something.
    pub(super) uploads_made: u32,
    pub(super) document: Option<(Timestamp, StoredDocument)>,
}

/// The documents by clientDocumentId, and which of them an account has; trees, as `Store` is one.
#[derive(Default)]
pub(super) struct DocumentStore {
    slots: BTreeMap<Arc<str>, DocumentSlot>,
    of_account: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

impl DocumentStore {
    /// What is known of `id`, from now on if nothing was.
    pub(super) fn slot(&mut self, id: &Arc<str>) -> &mut DocumentSlot {
        self.slots.entry(id.clone()).or_default()
    }

    /// Stores a document, for the first time or again.
    pub(super) fn store(&mut self, id: &Arc<str>, document: StoredDocument) -> Effect {
        let account = document.about.account.clone();
        let slot = self.slots.entry(id.clone()).or_default();
        slot.uploads_made += 1;
        let former = match &mut slot.document {
            Some((_, stored)) => Some(std::mem::replace(stored, document)),
            None => {
                slot.document = Some((Timestamp::now(), document));
                None
            }
        };
        let effect = match &former {
            Some(_) => Effect::Updated,
            None => Effect::Created,
        };
        let owner = former.and_then(|former| former.about.account.clone());
        if owner != account || effect == Effect::Created {
            let theirs = owner.and_then(|owner| self.of_account.get_mut(&owner));
            if let Some(theirs) = theirs {
                theirs.retain(|one| one != id);
            }
            if let Some(account) = account {
                self.of_account.entry(account).or_default().push(id.clone());
            }
        }
        effect
    }

    /// The document of this id.
    pub(super) fn stored(&mut self, id: &str) -> Option<&mut StoredDocument> {
        Some(&mut self.slots.get_mut(id)?.document.as_mut()?.1)
    }

    /// Loses the document of this id; whether there was one.
    pub(super) fn forget(&mut self, id: &str) -> bool {
        let document = self.slots.get_mut(id).and_then(|slot| slot.document.take());
        let account = document
            .as_ref()
            .and_then(|(_, document)| document.about.account.as_ref());
        if let Some(theirs) = account.and_then(|account| self.of_account.get_mut(account)) {
            theirs.retain(|one| **one != *id);
        }
        document.is_some()
    }

    /// The documents of an account, in the order of their first upload.
    pub(super) fn of(&self, account: &str) -> impl Iterator<Item = &StoredDocument> {
        let ids = self.of_account.get(account).into_iter().flatten();
        ids.filter_map(|id| Some(&self.slots.get(id)?.document.as_ref()?.1))
    }

    /// The `documents` of the ledger: those stored, of this id or account or all, sorted by id.
    pub(super) fn list(&self, id: Option<&str>) -> Vec<(Arc<str>, Arc<UploadClaims>, u32)> {
        self.slots
            .iter()
            .filter_map(|(key, slot)| {
                let about = &slot.document.as_ref()?.1.about;
                let wanted =
                    id.is_none_or(|id| &**key == id || about.account.as_deref() == Some(id));
                wanted.then(|| (key.clone(), about.clone(), slot.uploads_made))
            })
            .collect()
    }
}
