//! What an auditor asks: the record of the runs, whether journal and chain fit each other, and sealed reports.
//!
//! Owner of which sheets a checkpoint vouches for ([`mod@sheets`]), of the comparison with what is there ([`check`]), and of the
//! manifest of a sealed report ([`manifest`]). Invariants: what is compared comes from the journal as it is, never from what the
//! chain says of it; a flaw is named with its entry, line or file. Left out: how an entry is hashed (`journal::chain`), and how
//! something is signed (`files::signatures`).

mod alterations;
mod check;
mod compare_plan;
mod compare_rows;
mod heads;
mod lines;
mod manifest;
mod record;
mod sheets;
mod verify_folder;

pub(crate) use alterations::noted;
pub use alterations::{altered, chain_flaws, unnoted};
pub use check::{AuditResult, Flaw, KeptHeads, audit};
pub use heads::{KeptHead, heads_in};
pub use lines::LineHasher;
pub use manifest::{
    MANIFEST, ManifestFacts, SIGNATURE, is_sealed, manifest_begins, manifest_text, run_record,
    signature_begins,
};
pub use record::{AuditRecord, CheckpointFacts, EventFacts, InputFacts, RunFacts, SentDocuments};
pub use sheets::sheets;
pub(crate) use sheets::{FileHashes, tables};
pub use verify_folder::{FolderResult, verify_folder};

/// The chain, entry by entry, in a report.
pub const CHAIN: &str = "chain.jsonl";
