//! Documents into the journal.
//!
//! Owner of what the journal keeps of a document: its derived id, the keyed hash of its metadata, where it stands, and the
//! state of its file, so that the next plan need not read it again.
//! Left out on purpose: which documents there are and what becomes of them (`survey`).

use bakkt_contract::documents::client_document_id;
use bakkt_folder::documents::assess::DocumentOutcome;
use bakkt_folder::documents::claim::DocumentField;
use bakkt_folder::documents::inspect::ContentHashes;
use bakkt_folder::documents::root::FileIdentity;
use bakkt_folder::documents::{Documents, PassCounts};
use bakkt_folder::migration::Migration;
use bakkt_journal::write::{DocumentVerdict, LaterGap, PlannedDocument};
use bakkt_journal::{Journal, now};
use bakkt_mapping::pipeline::Pipeline;
use bakkt_model::task::PayloadHash;

use super::findings::{DocumentCopy, Findings};
use super::members::ShardMembers;
use super::planner::KnownContent;
use super::survey::{Batch, Surveyed};

/// Shapes of names that are told apart; there is no end to what lies in folders.
const SHAPES: usize = 50;

/// A state of a file, as the journal knows it.
pub(crate) fn state(key: &[u8; 32], identity: &FileIdentity) -> [u8; 32] {
    *blake3::keyed_hash(key, &identity.bytes()).as_bytes()
}

/// The level of a gap about a document: it may follow in the grace period.
pub const LEVEL: &str = "G";

/// Writes the documents of a plan into the journal.
#[derive(Default)]
pub struct DocumentWriter {
    /// The number of the manifest or the folder among the journal's files; 0 without documents.
    pub file: i64,
    /// Shapes of names that are told apart so far.
    shapes: Vec<String>,
    /// What the documents hold, to find copies of one file.
    copies: Vec<DocumentCopy>,
}

/// What a document needs before it is written into the plan.
struct PreparedDocument {
    uuid: Option<String>,
    hash: Option<PayloadHash>,
    shown: Option<String>,
    path: String,
}

impl DocumentWriter {
    /// Names the manifest or the folder to the journal.
    pub fn begin(&mut self, journal: &mut Journal, migration: &Migration) -> anyhow::Result<()> {
        if let Some(documents) = &migration.documents {
            self.file = journal.add_file(documents.place(), "documents")?;
        }
        Ok(())
    }

    /// What an earlier plan read, for the plan that begins.
    pub fn known_content(journal: &Journal, migration: &Migration) -> anyhow::Result<KnownContent> {
        let (known, key) = (journal.known_files()?, migration.pipeline.key);
        Ok(Box::new(move |identity: &FileIdentity| {
            let [blake3, sha256] = known.find(&state(&key, identity))?;
            Some(ContentHashes { blake3, sha256 })
        }))
    }

    /// Writes a batch of documents, their gaps, and the files that are no documents.
    pub fn write(
        &mut self,
        journal: &mut Journal,
        migration: &Migration,
        documents: &Documents,
        batch: &Batch<'_>,
    ) -> anyhow::Result<()> {
        let pipeline = &migration.pipeline;
        let made: Vec<PreparedDocument> = batch
            .documents
            .iter()
            .map(|document| make(document, documents, pipeline))
            .collect();
        let everywhere = batch.documents.iter().chain(&batch.elsewhere);
        self.copies.extend(everywhere.filter_map(|document| {
            let content = document.facts.and_then(|facts| facts.hash)?;
            Some(DocumentCopy {
                content: u64::from_le_bytes(content.first_chunk().copied().unwrap_or_default()),
                row: document.spoken.at.row,
                record: document.judged.record,
            })
        }));
        let file = self.file;
        let all = || batch.documents.iter().zip(&made);
        journal.add_documents(all().map(|(document, made)| planned(document, made, file)))?;
        let (key, seconds) = (pipeline.key, now() / 1000);
        let everywhere = batch.documents.iter().chain(&batch.elsewhere);
        let facts = everywhere.filter_map(|document| document.facts);
        let files = facts.filter(|facts| facts.identity.is_settled(seconds));
        let files = files
            .filter_map(|facts| Some((state(&key, &facts.identity), [facts.hash?, facts.sha256?])));
        journal.keep_files(files)?;
        let gaps = all().flat_map(|(document, made)| {
            document.judged.gaps.iter().map(move |why| LaterGap {
                record: document.judged.record.into(),
                gap: (&made.path, why, LEVEL),
                at: (file, document.spoken.at.row),
            })
        });
        journal.add_gaps(gaps)?;
        let reasons: Vec<(u64, String)> = batch
            .unused
            .iter()
            .map(|(number, why, shape)| (*number, self.reason(why, *shape)))
            .collect();
        let unused = reasons
            .iter()
            .map(|(number, why)| (file, *number, why.as_str()));
        journal.add_unused(unused)
    }

    /// Writes which customers have copies of one file, and how many documents there were; returns the records that copies
    /// block, in order.
    pub fn end(
        &mut self,
        journal: &mut Journal,
        migration: &Migration,
        found: (&Findings, &ShardMembers),
        pass: PassCounts,
    ) -> anyhow::Result<Vec<u32>> {
        let (findings, members) = found;
        let copies = std::mem::take(&mut self.copies);
        let rules = &migration.settings.findings;
        let blocked = findings.write_copies(journal, (rules, members), self.file, copies)?;
        journal.count_file(self.file, pass.rows, pass.blank_lines)?;
        journal.forget_files()?;
        Ok(blocked)
    }

    fn reason(&mut self, why: &str, shape: Option<&str>) -> String {
        let Some(shape) = shape else {
            return why.to_owned();
        };
        if !self.shapes.iter().any(|known| known == shape) {
            if self.shapes.len() == SHAPES {
                return why.to_owned();
            }
            self.shapes.push(shape.to_owned());
        }
        format!("{why}: {shape}")
    }
}

fn make(document: &Surveyed<'_>, documents: &Documents, pipeline: &Pipeline) -> PreparedDocument {
    let (judged, claim) = (&document.judged, &document.spoken.claim);
    let account = claim.value(DocumentField::Account).text();
    let owner = judged.owner.as_ref().map(|(_, id)| id.as_str());
    let content = document.facts.and_then(|facts| facts.hash);
    let sent = match (account, judged.document_type, content) {
        (Some(account), Some(document_type), Some(content)) => {
            let uuid = client_document_id(account, owner, document_type, judged.side, &content);
            let uuid = uuid.to_string();
            let about = (document_type, judged.side);
            let metadata = judged.rest.metadata((account, &uuid), about, owner);
            Some((uuid, pipeline.payload_hash(&metadata)))
        }
        _ => None,
    };
    let (uuid, hash) = sent.unzip();
    PreparedDocument {
        uuid,
        hash,
        shown: document.shown(documents),
        path: judged.path(),
    }
}

fn planned<'a>(
    document: &'a Surveyed<'_>,
    made: &'a PreparedDocument,
    file: i64,
) -> PlannedDocument<'a> {
    let (judged, at) = (&document.judged, document.spoken.at);
    let folder = document.spoken.pattern.is_some();
    PlannedDocument {
        record: judged.record.into(),
        file,
        row: at.row,
        offset: at.offset,
        length: at.length,
        path: document.spoken.claim.path().filter(|_| folder),
        shown: made.shown.as_deref(),
        place: judged.owner.as_ref().map(|(place, _)| *place),
        document_type: judged.document_type,
        side: judged.side,
        side_assumed: judged.side_assumed && judged.outcome == DocumentOutcome::Sent,
        proves: judged.proves,
        size: document.facts.map_or(0, |facts| facts.size),
        uuid: made.uuid.as_deref(),
        hash: made.hash.as_ref(),
        sha256: document.facts.and_then(|facts| facts.sha256),
        verdict: verdict(judged.outcome),
        reason: judged.reason.as_deref(),
    }
}

fn verdict(outcome: DocumentOutcome) -> DocumentVerdict {
    match outcome {
        DocumentOutcome::Sent => DocumentVerdict::Sent,
        DocumentOutcome::Refused => DocumentVerdict::Refused,
        DocumentOutcome::AccountNotSent => DocumentVerdict::AccountNotSent,
        DocumentOutcome::NoAccount => DocumentVerdict::NoAccount,
    }
}
