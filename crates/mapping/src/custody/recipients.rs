//! The export of recipients, one a row, found by its key.
//!
//! Invariant: the rows of a customer come in the order of the file; every row ends as a customer's or as one that nothing
//! uses, with a reason.

use std::sync::Arc;

use anyhow::Context;

use crate::pipeline::join_keys::{JoinKeys, KeyCell, UNFIT_KEY};
use crate::pipeline::joins::{KEYLESS, may_be_anybodys};
use crate::pipeline::keys_above::KeysAbove;
use crate::pipeline::other_forms::OtherForms;
use bakkt_model::position::Position;
use bakkt_source::keys::{KeyFate, KeyIndex, key};
use bakkt_source::{Export, RereadRow, Row, Rows};

/// Rows per batch of the pass that fills the index.
const BATCH: usize = 1024;
/// The most recipients that a customer can have.
const MOST: usize = 256;

/// Why a customer may have recipients that are not known to be theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientDoubt {
    /// The customer's own key cannot be read.
    UnreadableKey,
    /// Rows that nobody has have the key in another form.
    OtherForm,
    /// A row without a key stands right below one of theirs.
    AboveKeyless,
    /// A row whose key cannot be read stands right above or below one of theirs.
    BesideUnread,
    /// A broken row has the key in one of its cells.
    Broken,
}

/// An export of recipients.
#[derive(Debug)]
pub struct RecipientExport {
    /// The export.
    pub export: Arc<Export>,
    /// Column of its key.
    pub key: usize,
    /// Column of the accounts' export that the key equals.
    pub account_key: usize,
    /// What is no key.
    join_keys: JoinKeys,
    /// Filled by the pass.
    keys: KeyIndex,
    /// Keys that fit no customer, filled by the pass; the customers' keys are added before.
    other_forms: OtherForms,
    /// Keys beside which a row stands that may be their customer's, filled by the pass.
    keys_above: KeysAbove,
    /// Rows and blank lines that the pass saw, by file.
    counts: Vec<(u64, u64)>,
}

impl RecipientExport {
    /// An export whose rows were not read yet.
    pub fn new(
        export: Arc<Export>,
        (key, account_key): (usize, usize),
        join_keys: JoinKeys,
    ) -> RecipientExport {
        RecipientExport {
            export,
            key,
            account_key,
            join_keys,
            keys: KeyIndex::default(),
            other_forms: OtherForms::default(),
            keys_above: KeysAbove::default(),
            counts: Vec::new(),
        }
    }

    /// Reads which keys the accounts have, so that keys of recipients that fit none of them are known as such. Before
    /// [`RecipientExport::index`], where somebody asks for [`RecipientExport::doubts`].
    pub fn add_accounts(
        &mut self,
        accounts: &Export,
        each_batch: &mut dyn FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut pass, mut rows) = (accounts.pass(), Rows::default());
        while pass.read_batch(&mut rows, BATCH)? {
            for (_, row) in rows.iter() {
                if let Some(key) = self.join_keys.key(&row, self.account_key) {
                    self.other_forms.add_account(key);
                }
            }
            each_batch()?;
        }
        Ok(())
    }

    /// Why recipients of this customer's row may be missing, each with the row that may be one, where there is such a row.
    pub fn doubts(&self, row: &Row<'_>) -> Vec<(RecipientDoubt, Option<Position>)> {
        let key = match self.join_keys.of(row, self.account_key) {
            KeyCell::None => return Vec::new(),
            KeyCell::Unfit(_) | KeyCell::Unread(_) => {
                return vec![(RecipientDoubt::UnreadableKey, None)];
            }
            KeyCell::Key(key) => key,
        };
        let has_rows = || !self.keys.find(key).is_empty();
        let by_key = [
            (
                self.other_forms.has(key, has_rows),
                RecipientDoubt::OtherForm,
            ),
            (self.keys_above.has(key), RecipientDoubt::AboveKeyless),
            (
                self.keys_above.has_beside(key),
                RecipientDoubt::BesideUnread,
            ),
        ];
        let by_key = by_key.into_iter().filter(|(is_so, _)| *is_so);
        let broken = self.keys.suspects(key);
        by_key
            .map(|(_, doubt)| (doubt, None))
            .chain(broken.map(|at| (RecipientDoubt::Broken, Some(at))))
            .collect()
    }

    /// Reads the export once and fills the index; `each_batch` hears the offset and the rows so far, and may stop it.
    pub fn index(
        &mut self,
        each_batch: &mut dyn FnMut(u64, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (mut pass, mut rows) = (self.export.pass(), Rows::default());
        self.keys = KeyIndex::default();
        self.keys_above = KeysAbove::default();
        while pass.read_batch(&mut rows, BATCH)? {
            let mut last = 0;
            for (at, row) in rows.iter() {
                last = at.offset;
                self.keys_above.enter(self.export.file_of(at.offset));
                match (self.export.skipped(&row), self.join_keys.of(&row, self.key)) {
                    (Some(skipped), _) => self.keys.add_keyless(at, skipped.text()),
                    (None, KeyCell::Unread(why)) => {
                        match may_be_anybodys(&row) {
                            true => self.keys_above.pass_unread(),
                            false => self.keys_above.pass_broken(),
                        }
                        self.keys.add_broken(&row, at, why);
                    }
                    (None, KeyCell::Unfit(key)) => {
                        self.keys_above.pass_broken();
                        self.other_forms.add_row(key);
                        self.keys.add_broken(&row, at, UNFIT_KEY);
                    }
                    (None, KeyCell::Key(key)) => {
                        self.keys_above.pass(key);
                        self.other_forms.add_row(key);
                        self.keys.add(key, at)?;
                    }
                    (None, KeyCell::None) => {
                        self.keys_above.pass_keyless(row.cells());
                        self.keys.add_keyless(at, KEYLESS);
                    }
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
        let Some(wanted) = self.join_keys.key(row, self.account_key) else {
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

    /// Where rows stand that may be of a customer's row, by their key alone; none of them counts as used.
    pub fn places_of(&self, row: &Row<'_>) -> Vec<Position> {
        let wanted = self.join_keys.key(row, self.account_key);
        let found = wanted.map(|wanted| self.keys.find(wanted));
        let entries = found.into_iter().flatten();
        entries.map(|entry| self.keys.at(entry)).collect()
    }

    /// Rows of which nobody knows whose they are, because they are broken or have no key, and why.
    pub fn lost(&self) -> impl Iterator<Item = (Position, &'static str)> {
        let keyless = self.keys.keyless().iter().copied();
        let keyless = keyless.filter(|(_, why)| *why == KEYLESS);
        self.keys.lost().chain(keyless)
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
