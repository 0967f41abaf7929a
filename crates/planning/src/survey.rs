//! What is found out about records beside their own rows: documents, KYB, owners without an identity document.
//!
//! Owner of [`Survey`], which planning and `check` both go through, so that they count the same. In four steps: every
//! document says which account it names; the scan of the export notes what must be known of accounts and owners; the
//! duplicates are taken out; the documents are judged, their files opened and, for a plan, hashed. Memory grows with the
//! documents and with the owners who are no U.S. persons, in eight bytes each, never with the export.
//! Left out on purpose: where the results go (journal, or the text of `check`).

use std::collections::{BTreeSet, HashMap};

use bakkt_contract::documents::{IDENTITY, KYB_ACCOUNT_TYPES, owner};
use bakkt_files::progress::{InspectingProgress, Mode};
use bakkt_folder::documents::accounts::{AccountRow, AccountStanding, Accounts, key};
use bakkt_folder::documents::assess::{DocumentOutcome, JudgedDocument, judge, of_several};
use bakkt_folder::documents::claim::DocumentField;
use bakkt_folder::documents::conflicts::{Conflict, Conflicts};
use bakkt_folder::documents::inspect::{EarlierHash, FileFacts, Inspector};
use bakkt_folder::documents::{
    DocumentEntry, DocumentListing, DocumentMention, Documents, EntryContent, PassCounts,
};
use bakkt_mapping::assess::policy::Policy;
use bakkt_mapping::exclude::WrittenPlace;
use bakkt_mapping::findings::gather;
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::duplicates::Duplicate;
use bakkt_mapping::pipeline::other_forms::OtherForms;
use bakkt_mapping::pipeline::scan::{Results, ScannedRow};
use bakkt_model::error::Failure;
use bakkt_model::finding::FindingKind;
use bakkt_model::verdict::Verdict;

use super::members::ShardMembers;

/// Files that are looked into between two questions whether to stop.
const AT_ONCE: usize = 64;

/// Everything that is gathered.
pub struct Survey<'m> {
    documents: Option<&'m Documents>,
    pipeline: &'m Pipeline,
    /// Account types that need KYB.
    kyb_types: Vec<&'static str>,
    accounts: Accounts,
    /// Of the ids that documents name.
    forms: OtherForms,
    conflicts: Conflicts,
    /// Patterns that fit no file, or the manifest without a row.
    unused: Vec<WrittenPlace>,
    foreign: Vec<Foreign>,
    kyb: Vec<u32>,
    spoken: u64,
    /// Some wanted account is not INDIVIDUAL, so that its documents need a side.
    needs_sides: bool,
    /// Documents that could be the front of one type and owner, where several could.
    fronts: HashMap<FrontKey, Front>,
    today: jiff::civil::Date,
}

/// An owner who is no U.S. person.
#[derive(Clone, Copy, Debug)]
pub struct Foreign {
    /// The record.
    pub record: u32,
    /// The owner's place, from 0.
    pub place: u16,
    /// The record has no gap of its own.
    pub ready: bool,
    identified: bool,
}

impl Foreign {
    /// The path of the gap.
    pub fn path(self) -> String {
        format!("owners[{}].identityDocument", self.place)
    }
}

/// A document that looks as if it were another customer's.
#[derive(Clone, Copy, Debug)]
pub struct DocumentFinding {
    /// The record of the customer who claims it.
    pub record: u32,
    /// The record of the customer who claims it first, or whom its path names.
    pub other: Option<u32>,
    /// Whether the customer is sent.
    pub standing: gather::RecordStanding,
    /// The row of the manifest; 0 with a folder.
    pub row: u64,
    /// Those of one group are about one file.
    pub group: u64,
    is_left_out: bool,
}

/// A document, judged, its file looked into.
pub struct Surveyed<'a> {
    /// What the manifest or the folder says.
    pub spoken: &'a DocumentMention,
    /// What becomes of it.
    pub judged: JudgedDocument,
    /// Its file, when it is sent.
    pub facts: Option<FileFacts>,
}

impl Surveyed<'_> {
    /// The clientAccountId, when it may be shown: it is that of an account of the export.
    pub fn known_account(&self) -> Option<&str> {
        let known = self.judged.outcome != DocumentOutcome::NoAccount;
        self.spoken
            .claim
            .value(DocumentField::Account)
            .text()
            .filter(|_| known)
    }

    /// The pattern of a document with what may be shown filled in; none with a manifest.
    pub fn shown(&self, documents: &Documents) -> Option<String> {
        documents.shown(self.spoken, |field| match field {
            DocumentField::Account => self.known_account(),
            DocumentField::Type => self.judged.document_type,
            DocumentField::Side => self.judged.side,
            DocumentField::OwnerId => self.judged.owner.as_ref().map(|(_, id)| id.as_str()),
            // Digits that are no owner's place may be anything.
            DocumentField::OwnerPlace => self
                .spoken
                .claim
                .value(field)
                .text()
                .filter(|_| self.judged.owner.is_some()),
            _ => None,
        })
    }
}

/// What a survey hands over of a batch.
pub struct Batch<'a> {
    /// Documents, in order.
    pub documents: Vec<Surveyed<'a>>,
    /// Documents of other shards' customers, of which only copies are looked for.
    pub elsewhere: Vec<Surveyed<'a>>,
    /// What is no document: its number, why, and its masked shape.
    pub unused: Vec<(u64, &'static str, Option<&'a str>)>,
}

impl<'a> Batch<'a> {
    /// The documents of a shard's records, apart from those of others; what is no document belongs to nobody.
    pub(crate) fn limited_to(self, members: &ShardMembers) -> Batch<'a> {
        if !members.is_part() {
            return self;
        }
        let is_member = |one: &Surveyed<'_>| members.has(one.judged.record);
        let (documents, elsewhere) = self.documents.into_iter().partition(is_member);
        Batch {
            documents,
            elsewhere,
            unused: if members.has(0) {
                self.unused
            } else {
                Vec::new()
            },
        }
    }
}

impl<'m> Survey<'m> {
    /// The first step: which accounts the documents name.
    pub fn begin(
        documents: Option<&'m Documents>,
        pipeline: &'m Pipeline,
        policy: &Policy,
        stopping: &dyn Fn() -> bool,
    ) -> anyhow::Result<Survey<'m>> {
        let mut survey = Survey {
            documents,
            pipeline,
            kyb_types: KYB_ACCOUNT_TYPES
                .iter()
                .copied()
                .filter(|name| policy.needs_kyb(name))
                .collect(),
            accounts: Accounts::default(),
            forms: OtherForms::default(),
            conflicts: Conflicts::default(),
            unused: Vec::new(),
            foreign: Vec::new(),
            kyb: Vec::new(),
            spoken: 0,
            needs_sides: false,
            fronts: HashMap::new(),
            today: bakkt_folder::migration::today(),
        };
        if let Some(documents) = documents {
            let mut fitting = BTreeSet::new();
            let pass = documents.each(&mut |batch| {
                refuse_when(stopping)?;
                for found in batch {
                    if let EntryContent::Document(spoken) = &found.what {
                        fitting.extend(spoken.patterns());
                    }
                    if let EntryContent::Document(spoken) = &found.what
                        && let Some(id) = spoken.claim.value(DocumentField::Account).text()
                    {
                        for id in spoken.accounts() {
                            survey.accounts.want(&pipeline.hash(id.as_bytes()));
                            survey.forms.add_row(id);
                        }
                        if let Some(path) = spoken.claim.path() {
                            let hash = |text: &str| key(&pipeline.hash(text.as_bytes()));
                            survey.conflicts.note(id, path, found.number, hash);
                        }
                    }
                }
                Ok(())
            })?;
            survey.conflicts.sort();
            survey.unused = documents.unused(&fitting, pass)?;
            survey.spoken = pass.rows;
        }
        Ok(survey)
    }

    /// Where patterns stand that fit no file, or a manifest without a row.
    pub fn unused(&self) -> &[WrittenPlace] {
        &self.unused
    }

    /// The second step: a record of the export. True: its owners belong into the journal.
    pub fn note(&mut self, record: u32, batch: &Results, row: &ScannedRow) -> bool {
        let of = |types: &[&str]| row.account_type.is_some_and(|name| types.contains(&name));
        let sent = row.verdict.sendable();
        let kyb = of(&self.kyb_types);
        if sent {
            let foreign = |flags: u32| flags & owner::FOREIGN != 0;
            let found = batch.owners(row).filter(|(.., flags)| foreign(*flags));
            self.foreign.extend(found.map(|(place, ..)| Foreign {
                record,
                place: place as u16,
                ready: row.verdict == Verdict::Ready,
                identified: false,
            }));
        }
        if sent && kyb {
            self.kyb.push(record);
        }
        if self.accounts.is_empty() {
            return sent && kyb;
        }
        // An excluded record has an id that may be shown, and no hash of it.
        let hash = row
            .id_hash
            .or_else(|| Some(self.pipeline.hash(batch.id(row)?.as_bytes())));
        let has_documents = hash.is_some_and(|hash| self.accounts.wants(&hash));
        // Whoever is left out needs no documents.
        if let Some(id) = batch.id(row).filter(|_| row.verdict != Verdict::Excluded) {
            self.forms.has(id, || has_documents);
        }
        if let Some(hash) = hash.filter(|_| !self.conflicts.is_empty()) {
            self.conflicts.note_account(key(&hash), record);
        }
        let Some(hash) = hash.filter(|_| has_documents) else {
            return sent && kyb;
        };
        let entity = of(KYB_ACCOUNT_TYPES);
        self.needs_sides |= entity;
        let seen = AccountRow {
            record,
            standing: standing(row.verdict),
            ready: row.verdict == Verdict::Ready,
            entity,
            kyb,
        };
        let owners = batch.owners(row).map(|(place, id, _)| (place, id));
        self.accounts.note(&hash, seen, owners);
        sent
    }

    /// The third step: these records are not sent.
    pub fn take_out(&mut self, duplicates: &[Duplicate]) {
        if duplicates.is_empty() {
            return;
        }
        let is_duplicate = |record: u32| {
            duplicates
                .binary_search_by_key(&record, |duplicate| duplicate.record)
                .is_ok()
        };
        self.leave(is_duplicate);
        self.accounts.mark_duplicates(is_duplicate);
    }

    /// These records are not sent either, because of findings. In order.
    pub fn block(&mut self, records: &[u32]) {
        if records.is_empty() {
            return;
        }
        let is_blocked = |record: u32| records.binary_search(&record).is_ok();
        self.leave(is_blocked);
        self.accounts.mark(AccountStanding::Blocked, is_blocked);
    }

    fn leave(&mut self, is_left: impl Fn(u32) -> bool) {
        self.foreign.retain(|foreign| !is_left(foreign.record));
        self.kyb.retain(|record| !is_left(*record));
    }

    /// Documents that look as if they were another customer's: of two customers whom the export has.
    pub fn conflicts(&self, kind: FindingKind) -> Vec<DocumentFinding> {
        let is_folder = self
            .documents
            .is_some_and(|documents| matches!(documents.from, DocumentListing::Folder(_)));
        let of = |conflict: Conflict| {
            let account = self.accounts.find_key(conflict.account)?;
            Some(DocumentFinding {
                record: account.record,
                other: match self.accounts.find_key(conflict.other) {
                    Some(other) => Some(other.record),
                    None => self.conflicts.record_of(conflict.other),
                },
                standing: match (account.standing, account.ready) {
                    (AccountStanding::Sent, true) => gather::RecordStanding::Ready,
                    (AccountStanding::Sent, false) => gather::RecordStanding::Grace,
                    _ => gather::RecordStanding::NotSent,
                },
                is_left_out: matches!(
                    account.standing,
                    AccountStanding::Excluded | AccountStanding::Duplicate
                ),
                // A name of a folder has no line.
                row: if is_folder { 0 } else { conflict.row },
                group: conflict.group,
            })
        };
        let found = match kind {
            FindingKind::SharedDocument => self.conflicts.shared(),
            FindingKind::MisplacedDocument => self.conflicts.misplaced(),
            _ => Vec::new(),
        };
        let found = found.into_iter().filter_map(of);
        found.filter(|one| !one.is_left_out).collect()
    }

    /// The fourth step: every document in order, in batches. `reading`: their content as well, unless an earlier plan did.
    pub fn judge(
        &mut self,
        reading: Option<EarlierHash<'_>>,
        mode: Mode,
        stopping: &dyn Fn() -> bool,
        mut sink: impl FnMut(Batch<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<PassCounts> {
        let Some(documents) = self.documents else {
            return Ok(PassCounts::default());
        };
        self.find_fronts(documents, stopping)?;
        let inspector = Inspector::new(
            &documents.root,
            documents.accepted,
            reading.is_some(),
            reading.unwrap_or(&|_| None),
        );
        let what = match reading {
            Some(_) => "hashing documents",
            None => "documents",
        };
        let mut shown = InspectingProgress::new(mode, what, self.spoken);
        let pass = documents.each(&mut |batch| {
            self.settle(batch);
            let mut judged = self.judged(documents, batch);
            for part in judged.documents.chunks_mut(AT_ONCE) {
                refuse_when(stopping)?;
                look_into(&inspector, part);
                documents.root.refuse_failed()?;
                let sizes = part
                    .iter()
                    .filter_map(|one| one.facts)
                    .map(|facts| facts.size);
                shown.add(part.len() as u64, sizes.sum());
            }
            self.identify(&judged);
            sink(judged)
        })?;
        shown.finish();
        Ok(pass)
    }

    /// Finds out whose each document is, of those whom its path fits.
    fn settle(&self, batch: &mut [DocumentEntry]) {
        for found in batch {
            if let EntryContent::Document(spoken) = &mut found.what {
                let known = |id: &str| self.accounts.find(&self.pipeline.hash(id.as_bytes()));
                spoken.settle(|id| known(id).is_some());
            }
        }
    }

    /// Everything but what other documents and the file say.
    fn judged_alone(&self, documents: &Documents, spoken: &DocumentMention) -> JudgedDocument {
        if spoken.several_customers {
            return of_several(&spoken.claim, documents.types);
        }
        let account = |id: &str| self.accounts.find(&self.pipeline.hash(id.as_bytes()));
        let mut judged = judge(&spoken.claim, documents.types, self.today, account);
        let id = spoken.claim.value(DocumentField::Account).text();
        if judged.outcome == DocumentOutcome::NoAccount
            && id.is_some_and(|id| self.forms.has_account(id))
        {
            judged.name_other_form();
        }
        judged
    }

    /// Finds where several files could be the front of the same document: those that say so, and those that say nothing.
    fn find_fronts(
        &mut self,
        documents: &Documents,
        stopping: &dyn Fn() -> bool,
    ) -> anyhow::Result<()> {
        if !self.needs_sides {
            return Ok(());
        }
        let mut fronts: HashMap<FrontKey, Front> = HashMap::new();
        documents.each(&mut |batch| {
            refuse_when(stopping)?;
            self.settle(batch);
            for found in batch {
                let EntryContent::Document(spoken) = &found.what else {
                    continue;
                };
                let judged = self.judged_alone(documents, spoken);
                let (Some(key), Some(path)) = (front_key(&judged), spoken.claim.path()) else {
                    continue;
                };
                // Rows that name one file mean one document.
                let file = *blake3::hash(path.as_bytes()).as_bytes();
                let front = fronts.entry(key).or_insert(Front {
                    file,
                    several: false,
                });
                front.several |= front.file != file;
            }
            Ok(())
        })?;
        fronts.retain(|_, front| front.several);
        self.fronts = fronts;
        Ok(())
    }

    fn judged<'b>(&self, documents: &Documents, batch: &'b [DocumentEntry]) -> Batch<'b> {
        let mut judged = Batch {
            documents: Vec::with_capacity(batch.len()),
            elsewhere: Vec::new(),
            unused: Vec::new(),
        };
        for found in batch {
            match &found.what {
                EntryContent::Unused { why, shape } => {
                    judged.unused.push((found.number, why, shape.as_deref()));
                }
                EntryContent::Document(spoken) => {
                    let mut one = self.judged_alone(documents, spoken);
                    let key = front_key(&one);
                    let several = || self.fronts.get(&key?).map(|front| front.several);
                    if one.side_assumed && several() == Some(true) {
                        one.doubt_side();
                    }
                    judged.documents.push(Surveyed {
                        judged: one,
                        spoken,
                        facts: None,
                    });
                }
            }
        }
        judged
    }

    fn identify(&mut self, batch: &Batch<'_>) {
        for judged in batch.documents.iter().map(|document| &document.judged) {
            let Some((place, _)) = judged
                .owner
                .as_ref()
                .filter(|_| judged.proves & IDENTITY != 0)
            else {
                continue;
            };
            let key = (judged.record, *place as u16);
            let found = self
                .foreign
                .binary_search_by_key(&key, |foreign| (foreign.record, foreign.place));
            if let Ok(at) = found {
                self.foreign[at].identified = true;
            }
        }
    }

    /// Owners who are no U.S. persons and of whom no identity document is sent, by record.
    pub fn unidentified(&self) -> impl Iterator<Item = Foreign> {
        self.foreign
            .iter()
            .filter(|foreign| !foreign.identified)
            .copied()
    }

    /// Records that need KYB.
    pub fn kyb(&self) -> &[u32] {
        &self.kyb
    }
}

/// Record, owner's place and documentType.
type FrontKey = (u32, Option<u32>, &'static str);

/// What could be the front of one document.
struct Front {
    /// Hash of the first file's path.
    file: [u8; 32],
    several: bool,
}

/// What a document could be the front of; none where that does not matter. Due diligence is several papers by its nature.
fn front_key(judged: &JudgedDocument) -> Option<FrontKey> {
    let document_type = judged.document_type?;
    let counts = judged.needs_side
        && judged.outcome == DocumentOutcome::Sent
        && judged.side == Some("FRONT")
        && document_type != "ENTITY_DUE_DILIGENCE";
    // Of the entity's own papers only those count that say nothing: FRONT is the rule for all of them.
    let says_nothing = judged.owner.is_some() || judged.side_assumed;
    let place = judged.owner.as_ref().map(|(place, _)| *place);
    (counts && says_nothing).then_some((judged.record, place, document_type))
}

fn standing(verdict: Verdict) -> AccountStanding {
    match verdict {
        Verdict::Ready | Verdict::Grace => AccountStanding::Sent,
        Verdict::Blocked => AccountStanding::Blocked,
        Verdict::Excluded => AccountStanding::Excluded,
        Verdict::Duplicate => AccountStanding::Duplicate,
    }
}

fn look_into(inspector: &Inspector<'_>, documents: &mut [Surveyed<'_>]) {
    let paths: Vec<Option<&str>> = documents
        .iter()
        .map(|document| {
            let sent = document.judged.outcome == DocumentOutcome::Sent;
            sent.then(|| document.spoken.claim.path().unwrap_or(""))
        })
        .collect();
    for (document, facts) in documents.iter_mut().zip(inspector.all(&paths)) {
        match facts {
            Some(Ok(facts)) => document.facts = Some(facts),
            Some(Err(why)) => document.judged.refuse(why.into()),
            None => {}
        }
    }
}

/// Ends planning when somebody asked for it.
pub fn refuse_when(stopping: &dyn Fn() -> bool) -> anyhow::Result<()> {
    if !stopping() {
        return Ok(());
    }
    Err(Failure::stopped(
        "stopped while planning; nothing was sent",
        "run the same command: it plans from the beginning",
    ))
}
