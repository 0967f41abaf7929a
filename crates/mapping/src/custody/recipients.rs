//! The export of recipients, one a row, found by its key.
//!
//! Invariant: the rows of a customer come in the order of the file; every row ends as a customer's or as one that nothing
//! uses, with a reason.

use std::sync::Arc;

use anyhow::Context;

use crate::pipeline::other_forms::OtherForms;
use bakkt_contract::forms;
use bakkt_model::position::Position;
use bakkt_source::keys::{KeyFate, KeyIndex, key};
use bakkt_source::{Cell, Export, RereadRow, Row, Rows};

/// Rows per batch of the pass that fills the index.
const BATCH: usize = 1024;
/// The most recipients that a customer can have.
const MOST: usize = 256;

/// An export of recipients.
#[derive(Debug)]
pub struct RecipientExport {
    /// The export.
    pub export: Arc<Export>,
    /// Column of its key.
    pub key: usize,
    /// Column of the accounts' export that the key equals.
    pub account_key: usize,
    /// Filled by the pass.
    keys: KeyIndex,
    /// Keys that fit no customer, filled by the pass; the customers' keys are added before.
    other_forms: OtherForms,
    /// Rows and blank lines that the pass saw, by file.
    counts: Vec<(u64, u64)>,
}

impl RecipientExport {
    /// An export whose rows were not read yet.
    pub fn new(export: Arc<Export>, key: usize, account_key: usize) -> RecipientExport {
        RecipientExport {
            export,
            key,
            account_key,
            keys: KeyIndex::default(),
            other_forms: OtherForms::default(),
            counts: Vec::new(),
        }
    }

    /// Reads which keys the accounts have, so that keys of recipients that fit none of them are known as such. Before
    /// [`RecipientExport::index`], where somebody asks for [`RecipientExport::in_another_form`].
    pub fn add_accounts(
        &mut self,
        accounts: &Export,
        mut each_batch: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut pass, mut rows) = (accounts.pass(), Rows::default());
        while pass.read_batch(&mut rows, BATCH)? {
            for (_, row) in rows.iter() {
                if let Some(key) = key(&row, self.account_key) {
                    self.other_forms.add_account(key);
                }
            }
            each_batch()?;
        }
        Ok(())
    }

    /// Whether recipients have the key of this customer's row in another form, and are nobody's.
    pub fn in_another_form(&self, row: &Row<'_>) -> bool {
        key(row, self.account_key).is_some_and(|key| {
            let has_rows = || !self.keys.find(key).is_empty();
            self.other_forms.has(key, has_rows)
        })
    }

    /// Reads the export once and fills the index; `each_batch` hears the offset and the rows so far, and may stop it.
    pub fn index(
        &mut self,
        mut each_batch: impl FnMut(u64, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut pass, mut rows) = (self.export.pass(), Rows::default());
        self.keys = KeyIndex::default();
        while pass.read_batch(&mut rows, BATCH)? {
            let mut last = 0;
            for (at, row) in rows.iter() {
                last = at.offset;
                let broken = match (row.flaw(), row.cell(self.key)) {
                    (Some(flaw), _) => Some(flaw.text()),
                    (None, Cell::Broken(why)) => Some(why),
                    (None, Cell::Text(text)) => forms::unfit_id(text)
                        .map(|_| "its key holds a character that nobody sees, or is a number of which digits may be lost"),
                };
                match (self.export.skipped(&row), broken, key(&row, self.key)) {
                    (Some(skipped), ..) => self.keys.add_keyless(at, skipped.text()),
                    (None, Some(why), other) => {
                        if let Some(key) = other {
                            self.other_forms.add_row(key);
                        }
                        self.keys.add_broken(&row, at, why);
                    }
                    (None, None, Some(key)) => {
                        self.other_forms.add_row(key);
                        self.keys.add(key, at)?;
                    }
                    (None, None, None) => self.keys.add_keyless(at, "no key"),
                }
            }
            each_batch(last, self.keys.rows())?;
        }
        self.counts = pass.counts().to_vec();
        self.keys.finish();
        self.other_forms.finish();
        Ok(())
    }

    /// Rows and blank lines of each of its files.
    pub fn counts(&self) -> &[(u64, u64)] {
        &self.counts
    }

    /// The recipients of a customer's row, each with where it stands, in the order of the file. A row that repeats an earlier
    /// one counts once.
    pub fn of(&self, row: &Row<'_>) -> anyhow::Result<Vec<(Position, RereadRow)>> {
        let mut found: Vec<(Position, RereadRow)> = Vec::new();
        let Some(wanted) = key(row, self.account_key) else {
            return Ok(found);
        };
        for entry in self.keys.find(wanted) {
            let at = self.keys.at(entry);
            if found.len() >= MOST {
                self.keys.note(entry, KeyFate::Beyond);
                continue;
            }
            let mut again = RereadRow::default();
            let name = self.export.file_name(at);
            self.export
                .read(at, &mut again)
                .with_context(|| format!("cannot read {name}, line {}, again", at.row))?;
            if key(&again.row(), self.key) != Some(wanted) {
                continue;
            }
            let repeats = found
                .iter()
                .any(|(_, earlier)| earlier.row().same_cells(&again.row()));
            self.keys.note(
                entry,
                if repeats {
                    KeyFate::Repeat
                } else {
                    KeyFate::Used
                },
            );
            if !repeats {
                found.push((at, again));
            }
        }
        Ok(found)
    }

    /// Every row that is no customer's, in file order, with the reason.
    pub fn unused(&self) -> Vec<(Position, &'static str)> {
        let why = |fate| match fate {
            KeyFate::Repeat => "repeats an earlier row of its customer",
            KeyFate::Beyond => "its customer has more recipients than it may",
            KeyFate::Orphan | KeyFate::Used => "no customer with custody has its key",
        };
        let keyed = self
            .keys
            .unused()
            .into_iter()
            .map(|(at, fate)| (at, why(fate)));
        let keyless = self.keys.keyless().iter().copied();
        let mut all: Vec<_> = keyed.chain(keyless).chain(self.keys.lost()).collect();
        all.sort_unstable_by_key(|(at, _)| at.offset);
        all
    }
}
