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
pub mod pattern;
pub mod planned;
pub mod root;
pub mod walk;

use claim::Claim;
use content::Accepted;
use manifest::{Buffers, Manifest};
use pattern::Pattern;
use root::Root;
use walk::{Met, Walk};

use bakkt_model::position::Position;
use bakkt_source::Rows;

/// The documents of a migration, before they are read.
#[derive(Debug)]
pub struct Documents {
    /// The folder.
    pub root: Root,
    /// Its name in the settings.
    pub name: String,
    /// Where they are spoken of.
    pub from: From,
    /// The types of content that are sent.
    pub accepted: Accepted,
    /// The document types of the dialect.
    pub types: &'static [&'static str],
}

/// Where documents are spoken of.
#[derive(Debug)]
pub enum From {
    /// In a manifest.
    Manifest(Box<Manifest>),
    /// In the names of the folder itself.
    Folder(Vec<Pattern>),
}

/// One row of the manifest, or one name of the folder.
#[derive(Debug)]
pub struct Found {
    /// Its number, from 1.
    pub number: u64,
    /// What it is.
    pub what: What,
}

/// What a row or a name is.
#[derive(Debug)]
pub enum What {
    /// A document.
    Document(Box<Spoken>),
    /// No document; why, and the shape of its name where that helps.
    Unused {
        /// Why.
        why: &'static str,
        /// Its name with letters and digits masked.
        shape: Option<String>,
    },
}

/// A document as it is spoken of.
#[derive(Debug)]
pub struct Spoken {
    /// What is said.
    pub claim: Claim,
    /// The manifest's row; all zero with a pattern.
    pub at: Position,
    /// The number of its pattern.
    pub pattern: Option<usize>,
}

/// What a pass over all documents counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Rows of the manifest, or names of the folder that are no folders.
    pub rows: u64,
    /// Blank lines of the manifest.
    pub blank_lines: u64,
}

/// Documents that are handed over at once. Each batch becomes one durable transaction, which writes the pages of three
/// indexes in no order: small batches write the same pages again and again.
pub const BATCH: usize = 8192;

/// The reason of a file that no pattern fits.
pub const NO_PATTERN: &str = "no pattern fits its path";

impl Documents {
    /// What a person calls the place where the documents are spoken of.
    pub fn place(&self) -> &str {
        match &self.from {
            From::Manifest(manifest) => &manifest.name,
            From::Folder(_) => &self.name,
        }
    }

    /// Hands over everything that is spoken of, in order, in batches; an error of `sink` ends the pass.
    pub fn each(
        &self,
        mut sink: impl FnMut(&[Found]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Pass> {
        match &self.from {
            From::Manifest(manifest) => each_row(manifest, &mut sink),
            From::Folder(patterns) => self.each_file(patterns, &mut sink),
        }
    }

    fn each_file(
        &self,
        patterns: &[Pattern],
        sink: &mut impl FnMut(&[Found]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Pass> {
        let (mut walk, mut pass, mut batch) = (Walk::new(&self.root)?, Pass::default(), Vec::new());
        while let Some(met) = walk.step()? {
            pass.rows += 1;
            let unused = |why, shape| What::Unused { why, shape };
            let what = match met {
                Met::Useless(why) => unused(why, None),
                Met::File(path) => match pattern::read(patterns, &path) {
                    Some((number, claim)) => What::Document(Box::new(Spoken {
                        claim,
                        at: Position::default(),
                        pattern: Some(number),
                    })),
                    None => unused(NO_PATTERN, Some(walk::shape(&path))),
                },
            };
            batch.push(Found {
                number: pass.rows,
                what,
            });
            if batch.len() == BATCH {
                sink(&batch)?;
                batch.clear();
            }
        }
        sink(&batch)?;
        Ok(pass)
    }

    /// The pattern of a document with what is known filled in.
    pub fn shown<'a>(
        &self,
        spoken: &Spoken,
        known: impl Fn(claim::Field) -> Option<&'a str>,
    ) -> Option<String> {
        match &self.from {
            From::Manifest(_) => None,
            From::Folder(patterns) => Some(patterns.get(spoken.pattern?)?.shown(known)),
        }
    }
}

fn each_row(
    manifest: &Manifest,
    sink: &mut impl FnMut(&[Found]) -> anyhow::Result<()>,
) -> anyhow::Result<Pass> {
    let mut export = manifest.rows();
    let (mut rows, mut buffers) = (Rows::default(), Buffers::default());
    let mut pass = Pass::default();
    while export.read_batch(&mut rows, BATCH)? {
        let mut batch = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter() {
            pass.rows += 1;
            let what = match manifest.export().skipped(&row) {
                Some(skipped) => What::Unused {
                    why: skipped.text(),
                    shape: None,
                },
                None => What::Document(Box::new(Spoken {
                    claim: manifest.claim(&row, &mut buffers),
                    at,
                    pattern: None,
                })),
            };
            batch.push(Found {
                number: at.row,
                what,
            });
        }
        sink(&batch)?;
    }
    pass.blank_lines = export.blank_lines();
    Ok(pass)
}
