//! Planning beyond the rows: documents, KYB and the gaps of owners who are no U.S. persons, into the journal.

use bakkt_contract::documents::client_document_id;
use bakkt_files::progress::Mode;
use bakkt_folder::documents::Documents;
use bakkt_folder::documents::assess::DocumentOutcome;
use bakkt_folder::documents::claim::DocumentField;
use bakkt_folder::documents::root::FileIdentity;
use bakkt_folder::migration::Migration;
use bakkt_journal::documents::{DocumentVerdict, LaterGap, PlannedDocument};
use bakkt_journal::{Journal, now};
use bakkt_mapping::pipeline::scan::Results;

use super::findings::{DocumentCopy, Findings};
use super::survey::{Batch, Survey, Surveyed, refuse_when};
use crate::planner::record_number;

/// Records and gaps that are written at once.
const AT_ONCE: usize = 10_000;

/// What a file is, in the journal, that names customers to leave out.
const EXCLUSIONS: &str = "exclusions";

/// Shapes of names that are told apart; there is no end to what lies in folders.
const SHAPES: usize = 50;

/// Notes a batch of rows; the owners whom documents or KYB ask for go into the journal.
pub(crate) fn note(
    survey: &mut Survey<'_>,
    journal: &mut Journal,
    first: u64,
    batch: &Results,
) -> anyhow::Result<()> {
    let mut owners = Vec::new();
    for (place, row) in batch.rows.iter().enumerate() {
        let record = record_number(first + place as u64)?;
        if survey.note(record, batch, row) {
            let record = u64::from(record);
            owners.extend(
                batch
                    .owners(row)
                    .map(|(place, id, flags)| (record, place, id, flags)),
            );
        }
    }
    if owners.is_empty() {
        return Ok(());
    }
    journal.add_owners(owners.into_iter())
}

/// Plans documents and KYB, once the duplicates and what findings block are known and taken out of the survey; writes the
/// findings of several records before, because documents of a blocked account stay.
pub(crate) fn plan(
    mut survey: Survey<'_>,
    journal: &mut Journal,
    migration: &Migration,
    found: &Findings,
    mode: Mode,
    stopping: &impl Fn() -> bool,
) -> anyhow::Result<()> {
    let file = match &migration.documents {
        Some(documents) => journal.add_file(documents.place(), "documents")?,
        None => 0,
    };
    found.write(journal, file, |journal, name| {
        journal.add_file(name, EXCLUSIONS)
    })?;
    if let Some(documents) = &migration.documents {
        let known = journal.known_files()?;
        let key = migration.pipeline.key;
        let earlier = |identity: &FileIdentity| known.find(&state(&key, identity));
        let mut writer = DocumentWriter {
            file,
            journal,
            documents,
            migration,
            shapes: Vec::new(),
            copies: Vec::new(),
        };
        let pass = survey.judge(Some(&earlier), mode, stopping, |batch| writer.write(&batch))?;
        let copies = std::mem::take(&mut writer.copies);
        let rules = &migration.settings.findings;
        let blocked = found.write_copies(journal, rules, file, copies)?;
        survey.block(&blocked);
        journal.count_file(file, pass.rows, pass.blank_lines)?;
        journal.forget_files()?;
    }
    let missing: Vec<_> = survey.unidentified().collect();
    for part in missing.chunks(AT_ONCE) {
        refuse_when(stopping)?;
        let paths: Vec<String> = part.iter().map(|foreign| foreign.path()).collect();
        let gaps = part.iter().zip(&paths).map(|(foreign, path)| LaterGap {
            record: foreign.record.into(),
            gap: (path, "missing", LEVEL),
            at: (0, 0),
        });
        journal.add_gaps(gaps)?;
    }
    for part in survey.kyb().chunks(AT_ONCE) {
        refuse_when(stopping)?;
        journal.add_kyb(part.iter().map(|record| u64::from(*record)))?;
    }
    Ok(())
}

/// A file's times count in ticks: one that changed just now may change again within the same tick.
const SETTLED: i64 = 3;

/// A state of a file, as the journal knows it.
fn state(key: &[u8; 32], identity: &FileIdentity) -> [u8; 32] {
    *blake3::keyed_hash(key, &identity.bytes()).as_bytes()
}

/// The level of a gap about a document: it may follow in the grace period.
pub const LEVEL: &str = "G";

struct DocumentWriter<'a> {
    journal: &'a mut Journal,
    documents: &'a Documents,
    migration: &'a Migration,
    file: i64,
    shapes: Vec<String>,
    /// What the documents hold, to find copies of one file.
    copies: Vec<DocumentCopy>,
}

/// What a document needs before it is written into the plan.
struct PreparedDocument {
    uuid: Option<String>,
    hash: Option<[u8; 32]>,
    shown: Option<String>,
    path: String,
}

impl DocumentWriter<'_> {
    fn write(&mut self, batch: &Batch<'_>) -> anyhow::Result<()> {
        let made: Vec<PreparedDocument> = batch
            .documents
            .iter()
            .map(|document| self.make(document))
            .collect();
        self.copies
            .extend(batch.documents.iter().filter_map(|document| {
                let content = document.facts.and_then(|facts| facts.hash)?;
                Some(DocumentCopy {
                    content: u64::from_le_bytes(content.first_chunk().copied().unwrap_or_default()),
                    row: document.spoken.at.row,
                    record: document.judged.record,
                })
            }));
        let file = self.file;
        let planned = batch
            .documents
            .iter()
            .zip(&made)
            .map(|(document, made)| planned(document, made, file));
        self.journal.add_documents(planned)?;
        let (key, settled) = (self.migration.pipeline.key, now() / 1000 - SETTLED);
        let facts = batch.documents.iter().filter_map(|document| document.facts);
        let files = facts.filter(|facts| facts.identity.is_before(settled));
        let files = files.filter_map(|facts| Some((state(&key, &facts.identity), facts.hash?)));
        self.journal.keep_files(files)?;
        let gaps = batch
            .documents
            .iter()
            .zip(&made)
            .flat_map(|(document, made)| {
                document.judged.gaps.iter().map(move |why| LaterGap {
                    record: document.judged.record.into(),
                    gap: (&made.path, why, LEVEL),
                    at: (file, document.spoken.at.row),
                })
            });
        self.journal.add_gaps(gaps)?;
        let reasons: Vec<(u64, String)> = batch
            .unused
            .iter()
            .map(|(number, why, shape)| (*number, self.reason(why, *shape)))
            .collect();
        let unused = reasons
            .iter()
            .map(|(number, why)| (file, *number, why.as_str()));
        self.journal.add_unused(unused)
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

    fn make(&self, document: &Surveyed<'_>) -> PreparedDocument {
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
                Some((uuid, self.migration.pipeline.hash(&metadata)))
            }
            _ => None,
        };
        let shown = document.shown(self.documents);
        let (uuid, hash) = sent.unzip();
        PreparedDocument {
            uuid,
            hash,
            shown,
            path: judged.path(),
        }
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
