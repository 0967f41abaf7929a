//! Documents: finding them, judging them, opening them safely.
//!
//! Owner of everything between a documents folder and the journal's list of uploads: the folder's border ([`root`]), file
//! types ([`content`]), where documents are spoken of ([`manifest`] or [`pattern`] with [`walk`]), the judgement
//! ([`assess`], over [`accounts`]) and opening again for sending ([`planned`]). Invariants: nothing outside the folder is
//! opened; no file is in memory as a whole; the same folder gives the same documents in the same order.
//! Left out on purpose: journal and network; what an upload's answer means (`api`, `submit`).

pub mod accounts;
pub mod assess;
pub mod claim;
pub mod conflicts;
pub mod content;
pub mod inspect;
pub mod manifest;
pub mod names;
mod objects;
pub mod pattern;
pub mod planned;
pub mod root;
pub mod walk;

use std::collections::BTreeSet;

use claim::Claim;
use content::AcceptedTypes;
use manifest::{Buffers, Manifest};
use pattern::Pattern;
use root::Root;
use walk::{Walk, WalkEntry};

use bakkt_mapping::exclude::WrittenPlace;
use bakkt_model::error::Failure;
use bakkt_model::position::Position;
use bakkt_model::system_file::{is_system_file, is_unfinished};
use bakkt_source::Rows;

/// The documents of a migration, before they are read.
#[derive(Debug)]
pub struct Documents {
    /// The folder.
    pub root: Root,
    /// Its name in the settings.
    pub name: String,
    /// Where they are spoken of.
    pub from: DocumentListing,
    /// The types of content that are sent.
    pub accepted: AcceptedTypes,
    /// The document types of the dialect.
    pub types: &'static [&'static str],
}

/// Where the documents are listed.
#[derive(Debug)]
pub enum DocumentListing {
    /// In a manifest.
    Manifest(Box<Manifest>),
    /// In the names of the folder itself.
    Folder(Vec<Pattern>),
}

/// One row of the manifest, or one name of the folder.
#[derive(Debug)]
pub struct DocumentEntry {
    /// Its number, from 1.
    pub number: u64,
    /// What it is.
    pub what: EntryContent,
}

/// What a row of the manifest or a name of the folder stands for.
#[derive(Debug)]
pub enum EntryContent {
    /// A document.
    Document(Box<DocumentMention>),
    /// No document; why, and the shape of its name where that helps.
    Unused {
        /// Why.
        why: &'static str,
        /// Its name with letters and digits masked.
        shape: Option<String>,
    },
}

/// A document as the manifest or its path describes it.
#[derive(Debug)]
pub struct DocumentMention {
    /// What the manifest or the path says of the document.
    pub claim: Claim,
    /// The manifest's row; all zero with a pattern.
    pub at: Position,
    /// The number of its pattern.
    pub pattern: Option<usize>,
    /// What its path says when it is taken for one of another customer, with the numbers of the patterns.
    others: Vec<(usize, Claim)>,
    /// Several customers of the export could be the one whose it is.
    pub several_customers: bool,
}

impl DocumentMention {
    fn of_path(readings: Vec<(usize, Claim)>) -> Option<DocumentMention> {
        let mut readings = readings.into_iter();
        let (number, claim) = readings.next()?;
        Some(DocumentMention {
            claim,
            at: Position::default(),
            pattern: Some(number),
            others: readings.collect(),
            several_customers: false,
        })
    }

    /// Every clientAccountId that it may have.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        let others = self.others.iter().map(|(_, claim)| claim);
        let all = std::iter::once(&self.claim).chain(others);
        all.filter_map(|claim| claim.value(claim::DocumentField::Account).text())
    }

    /// The numbers of all patterns that its path fits.
    pub fn patterns(&self) -> impl Iterator<Item = usize> {
        let others = self.others.iter().map(|(number, _)| *number);
        self.pattern.into_iter().chain(others)
    }

    /// Takes it for that of the only customer whom the export has, or says that there are several.
    pub fn settle(&mut self, known: impl Fn(&str) -> bool) {
        if self.others.is_empty() {
            return;
        }
        let is_known = |claim: &Claim| {
            let id = claim.value(claim::DocumentField::Account).text();
            id.is_some_and(&known)
        };
        let first = is_known(&self.claim);
        let mut others = std::mem::take(&mut self.others);
        others.retain(|(_, claim)| is_known(claim));
        self.several_customers = others.len() + usize::from(first) > 1;
        if let (false, false, Some((number, claim))) = (first, self.several_customers, others.pop())
        {
            (self.pattern, self.claim) = (Some(number), claim);
        }
    }
}

/// What a pass over all documents counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassCounts {
    /// Rows of the manifest, or names of the folder that are no folders.
    pub rows: u64,
    /// Blank lines of the manifest.
    pub blank_lines: u64,
}

/// Documents that are handed over at once. Each batch becomes one durable transaction, which writes the pages of three
/// indexes in no order: small batches write the same pages again and again.
pub(crate) const BATCH: usize = 8192;

/// Why a file is no document that no person made.
const SYSTEM_FILE: &str = "a file that an operating system or an office program left";
/// Why a file is no document that is not whole, or was replaced.
const UNFINISHED: &str =
    "a download that was not finished, or a copy that a program kept of a file";

/// The reason of a file that no pattern fits.
pub(crate) const NO_PATTERN: &str = "no pattern fits its path";

impl Documents {
    /// What a person calls the place where the documents are spoken of.
    pub fn place(&self) -> &str {
        match &self.from {
            DocumentListing::Manifest(manifest) => &manifest.name,
            DocumentListing::Folder(_) => &self.name,
        }
    }

    /// Where that stands which names no document at all, when `fitting` are the numbers of the patterns that fit a path of `pass`. A
    /// folder without any file is an error: nobody means that.
    pub fn unused(
        &self,
        fitting: &BTreeSet<usize>,
        pass: PassCounts,
    ) -> anyhow::Result<Vec<WrittenPlace>> {
        match &self.from {
            DocumentListing::Manifest(manifest) if pass.rows == 0 => Ok(vec![WrittenPlace {
                file: manifest.name.clone(),
                line: 0,
            }]),
            DocumentListing::Manifest(_) => Ok(Vec::new()),
            DocumentListing::Folder(_) if pass.rows == 0 => Err(Failure::configuration(
                format!("no file is in the documents folder {}", self.name),
                "check that it is the right folder and that its disk or share is mounted; leave [documents] out as long as there are none",
            )),
            DocumentListing::Folder(patterns) => {
                let unused = patterns
                    .iter()
                    .enumerate()
                    .filter(|(number, _)| !fitting.contains(number));
                Ok(unused.map(|(_, pattern)| pattern.place.clone()).collect())
            }
        }
    }

    /// Hands over everything that is spoken of, in order, in batches; an error of `sink` ends the pass. A path may be that of
    /// several customers until [`DocumentMention::settle`].
    pub fn each(
        &self,
        sink: &mut dyn FnMut(&mut [DocumentEntry]) -> anyhow::Result<()>,
    ) -> anyhow::Result<PassCounts> {
        match &self.from {
            DocumentListing::Manifest(manifest) => each_row(manifest, sink),
            DocumentListing::Folder(patterns) => self.each_file(patterns, sink),
        }
    }

    fn each_file(
        &self,
        patterns: &[Pattern],
        sink: &mut dyn FnMut(&mut [DocumentEntry]) -> anyhow::Result<()>,
    ) -> anyhow::Result<PassCounts> {
        let (mut pass, mut batch) = (PassCounts::default(), Vec::new());
        let dir = match self.root.dir() {
            Ok(dir) => dir,
            Err(objects) => {
                objects.each(BATCH, &mut |paths| {
                    let met = paths.iter().cloned().map(WalkEntry::File);
                    batch.extend(met.map(|met| pass.entry(met, patterns)));
                    sink(&mut batch)?;
                    batch.clear();
                    Ok(())
                })?;
                return Ok(pass);
            }
        };
        let mut walk = Walk::new(dir)?;
        while let Some(met) = walk.step()? {
            batch.push(pass.entry(met, patterns));
            if batch.len() == BATCH {
                sink(&mut batch)?;
                batch.clear();
            }
        }
        sink(&mut batch)?;
        Ok(pass)
    }

    /// The pattern of a document with what is known filled in.
    pub fn shown<'a>(
        &self,
        spoken: &DocumentMention,
        known: impl Fn(claim::DocumentField) -> Option<&'a str>,
    ) -> Option<String> {
        match &self.from {
            DocumentListing::Manifest(_) => None,
            DocumentListing::Folder(patterns) => Some(patterns.get(spoken.pattern?)?.shown(known)),
        }
    }
}

impl PassCounts {
    /// What a name of the folder stands for, counted.
    fn entry(&mut self, met: WalkEntry, patterns: &[Pattern]) -> DocumentEntry {
        self.rows += 1;
        let unused = |why, shape| EntryContent::Unused { why, shape };
        let what = match met {
            WalkEntry::Useless(why) => unused(why, None),
            WalkEntry::File(path) if is_system_file(&path) => unused(SYSTEM_FILE, None),
            WalkEntry::File(path) if is_unfinished(&path) => {
                unused(UNFINISHED, Some(walk::shape(&path)))
            }
            WalkEntry::File(path) => {
                match DocumentMention::of_path(pattern::readings(patterns, &path)) {
                    Some(document) => EntryContent::Document(Box::new(document)),
                    None => unused(NO_PATTERN, Some(walk::shape(&path))),
                }
            }
        };
        DocumentEntry {
            number: self.rows,
            what,
        }
    }
}

fn each_row(
    manifest: &Manifest,
    sink: &mut dyn FnMut(&mut [DocumentEntry]) -> anyhow::Result<()>,
) -> anyhow::Result<PassCounts> {
    let mut export = manifest.rows();
    let (mut rows, mut buffers) = (Rows::default(), Buffers::default());
    let mut pass = PassCounts::default();
    while export.read_batch(&mut rows, BATCH)? {
        let mut batch = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter() {
            pass.rows += 1;
            let what = match manifest.export().skipped(&row) {
                Some(skipped) => EntryContent::Unused {
                    why: skipped.text(),
                    shape: None,
                },
                None => EntryContent::Document(Box::new(DocumentMention {
                    claim: manifest.claim(&row, &mut buffers),
                    at,
                    pattern: None,
                    others: Vec::new(),
                    several_customers: false,
                })),
            };
            batch.push(DocumentEntry {
                number: at.row,
                what,
            });
        }
        sink(&mut batch)?;
    }
    pass.blank_lines = export.blank_lines();
    Ok(pass)
}
