//! What `check` counts and tells beyond the rows: documents, and gaps that are found after the rows.
//!
//! Owner of [`DocumentTally`]. It counts what a plan writes, without hashing a file: the same judgement, so the same
//! numbers, but for files that turn out to be copies of each other, which only their content says.

use std::collections::{BTreeMap, HashSet};

use bakkt_folder::documents::assess::DocumentOutcome;
use bakkt_folder::documents::{DocumentListing, Documents};
use bakkt_model::number::thousands;
use bakkt_model::task::{DOCUMENT_OF_SEVERAL, is_of_unclear_account};
use bakkt_report::DocumentTotals;

use super::survey::{Batch, Foreign, Surveyed};

/// The reason of a gap where nothing was found.
const MISSING: &str = "missing";

/// Places that are named of each kind of refusal.
const FIRST: usize = 3;

/// Kinds that are told one by one.
const KINDS: usize = 25;

/// Counts of documents, and of gaps that are found after the rows.
#[derive(Debug, Default)]
pub struct DocumentTally {
    /// Open gaps by path and reason.
    pub gaps: BTreeMap<(String, String), u64>,
    /// Records that were ready, and are in grace by these gaps; one may stand here several times.
    turned: Vec<u32>,
    /// The gaps one by one, in the order of their records, where somebody wants them.
    pub listed: Vec<ListedGap>,
    /// Documents that are sent.
    pub sent: u64,
    /// Accounts that need KYB.
    pub kyb: u64,
    keeps_list: bool,
    /// Places are lines of a manifest.
    has_lines: bool,
    bytes: u64,
    seen: HashSet<(u32, String, String, u64)>,
    others: [BTreeMap<String, (u64, Vec<String>)>; 3],
    unused: BTreeMap<String, u64>,
    /// Documents that are sent as FRONT because nothing says their side, by type, with the first places.
    assumed: BTreeMap<String, (u64, Vec<String>)>,
}

/// One gap that was found after the rows.
#[derive(Debug)]
pub struct ListedGap {
    /// The record.
    pub record: u32,
    /// The field.
    pub path: String,
    /// What is wrong.
    pub reason: String,
    /// File and line where it stands, when that is not the record's own row.
    pub at: Option<(String, u64)>,
}

/// Titles of what is not sent, by [`DocumentTally::others`].
const TITLES: [&str; 3] = [
    "documents that are missing or unfit",
    "documents of accounts that are not sent",
    "documents of accounts that the export does not have",
];

/// Title of the documents whose side is assumed.
const ASSUMED: &str = "documents that say no side, sent as FRONT";

/// Counts one, and keeps its place while it is among the first.
fn count_place((count, places): &mut (u64, Vec<String>), place: impl FnOnce() -> String) {
    *count += 1;
    if places.len() < FIRST {
        places.push(place());
    }
}

impl DocumentTally {
    /// Begins counting. `keeps_list`: the gaps are kept one by one as well.
    pub fn new(documents: Option<&Documents>, keeps_list: bool) -> DocumentTally {
        DocumentTally {
            keeps_list,
            has_lines: documents
                .is_some_and(|documents| matches!(documents.from, DocumentListing::Manifest(_))),
            ..DocumentTally::default()
        }
    }

    /// Counts owners who are not U.S. persons and of whom no identity document is sent.
    pub fn add_unidentified(&mut self, owners: &[Foreign]) {
        // By the owner's place: half of all customers may be among them.
        let mut counts: Vec<(u64, Foreign)> = Vec::new();
        for owner in owners {
            let place = usize::from(owner.place);
            if counts.len() <= place {
                counts.resize(place + 1, (0, *owner));
            }
            let (count, example) = &mut counts[place];
            (*count, *example) = (*count + 1, *owner);
            if owner.ready {
                self.turned.push(owner.record);
            }
        }
        for (count, owner) in counts.into_iter().filter(|(count, _)| *count > 0) {
            let kind = (owner.path(), MISSING.to_owned());
            *self.gaps.entry(kind).or_default() += count;
        }
        if self.keeps_list {
            self.listed.extend(owners.iter().map(|owner| ListedGap {
                record: owner.record,
                path: owner.path(),
                reason: MISSING.to_owned(),
                at: None,
            }));
        }
    }

    /// Documents whose account a person has to find out: those whose path fits several, and those whose id says too little.
    pub fn unclear(&self) -> (u64, u64) {
        let of = |is_meant: &dyn Fn(&str) -> bool| {
            let all = self.others.iter().flatten();
            let meant = all.filter(|(reason, _)| is_meant(reason));
            meant.map(|(_, (count, _))| count).sum()
        };
        (
            of(&|reason| reason == DOCUMENT_OF_SEVERAL),
            of(&is_of_unclear_account),
        )
    }

    /// The counts as a report has them, but for whose account is unclear. Copies of one file count as sent: only its content says what
    /// is one.
    pub fn totals(&self) -> DocumentTotals {
        let [refused, account_not_sent, no_account] = [0, 1, 2].map(|kind: usize| {
            self.others[kind]
                .values()
                .map(|(count, _)| count)
                .sum::<u64>()
        });
        DocumentTotals {
            given: self.sent + refused + account_not_sent + no_account,
            sent: self.sent,
            refused,
            account_not_sent,
            no_account,
            bytes: self.bytes,
            side_assumed: self.assumed.values().map(|(count, _)| count).sum(),
            ..DocumentTotals::default()
        }
    }

    /// Rows or files that are no documents.
    pub fn unused(&self) -> u64 {
        self.unused.values().sum()
    }

    /// How many records were ready, and are in grace by what was found after the rows.
    pub fn in_grace(&mut self) -> u64 {
        self.turned.sort_unstable();
        self.turned.dedup();
        self.turned.len() as u64
    }

    /// Counts a batch of documents.
    pub fn add(&mut self, documents: &Documents, batch: &Batch<'_>) {
        for (_, why, shape) in &batch.unused {
            let text = shape.map_or((*why).to_owned(), |shape| format!("{why}: {shape}"));
            *self.unused.entry(text).or_default() += 1;
        }
        for document in &batch.documents {
            let judged = &document.judged;
            let others = match judged.outcome {
                DocumentOutcome::Sent => {
                    self.sent += 1;
                    self.bytes += document.facts.map_or(0, |facts| facts.size);
                    if judged.side_assumed {
                        let kind = judged.document_type.unwrap_or("").to_owned();
                        let assumed = self.assumed.entry(kind).or_default();
                        count_place(assumed, || place(documents, document));
                    }
                    None
                }
                DocumentOutcome::Refused => Some(0),
                DocumentOutcome::AccountNotSent => Some(1),
                DocumentOutcome::NoAccount => Some(2),
            };
            if let Some(kind) = others {
                let reason = judged.reason.as_deref().unwrap_or("").to_owned();
                let others = self.others[kind].entry(reason).or_default();
                count_place(others, || place(documents, document));
            }
            let at = (documents.place().to_owned(), document.spoken.at.row);
            for why in &judged.gaps {
                self.gap(judged.record, judged.ready, judged.path(), why, &at);
            }
        }
    }

    /// The same gap at the same place is one.
    fn gap(&mut self, record: u32, ready: bool, path: String, reason: &str, at: &(String, u64)) {
        let seen = (record, path.clone(), reason.to_owned(), at.1);
        if !self.seen.insert(seen) {
            return;
        }
        if ready {
            self.turned.push(record);
        }
        let kind = (path.clone(), reason.to_owned());
        *self.gaps.entry(kind).or_default() += 1;
        if self.keeps_list {
            self.listed.push(ListedGap {
                record,
                path,
                reason: reason.to_owned(),
                at: Some(at.clone()),
            });
        }
    }

    /// In words; empty where there are no documents.
    pub fn describe(&self) -> String {
        let refused: u64 = self
            .others
            .iter()
            .flat_map(BTreeMap::values)
            .map(|(count, _)| count)
            .sum();
        let unused: u64 = self.unused.values().sum();
        if self.sent + refused + unused == 0 {
            return String::new();
        }
        let mut text = format!(
            "\n\ndocuments   {} to send ({} MB), {} not",
            thousands(self.sent),
            thousands(self.bytes.div_ceil(1_000_000)),
            thousands(refused)
        );
        let of = if self.has_lines { "line " } else { "" };
        let all = TITLES.iter().zip(&self.others);
        for (title, reasons) in all.chain([(&ASSUMED, &self.assumed)]) {
            let lines = reasons.iter().map(|(reason, (count, places))| {
                let more = if *count > places.len() as u64 {
                    ", …"
                } else {
                    ""
                };
                (
                    format!("{reason} ({of}{}{more})", places.join(", ")),
                    *count,
                )
            });
            section(&mut text, title, lines.collect());
        }
        let lines = self.unused.iter().map(|(why, count)| (why.clone(), *count));
        section(&mut text, "files that are no documents", lines.collect());
        text
    }
}

fn section(text: &mut String, title: &str, mut lines: Vec<(String, u64)>) {
    if lines.is_empty() {
        return;
    }
    lines.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let total: u64 = lines.iter().map(|(_, count)| count).sum();
    text.push_str(&format!("\n\n{title} ({} in all)", thousands(total)));
    for (line, count) in lines.iter().take(KINDS) {
        text.push_str(&format!("\n  {:>11}  {line}", thousands(*count)));
    }
    if let Some(rest) = lines.get(KINDS..).filter(|rest| !rest.is_empty()) {
        let count: u64 = rest.iter().map(|(_, count)| count).sum();
        text.push_str(&format!(
            "\n  {:>11}  {} more",
            thousands(count),
            rest.len()
        ));
    }
}

/// Where a document is spoken of, for a person; of a path only what is known.
fn place(documents: &Documents, document: &Surveyed<'_>) -> String {
    match document.shown(documents) {
        Some(shown) => shown,
        None => document.spoken.at.row.to_string(),
    }
}
