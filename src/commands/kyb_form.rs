//! The form of manual KYB with the values that the export has (`manual-kyb --with-values`).
//!
//! Owner of that file: its columns, and that only its owner can read it. It holds customers' data, because a person asked
//! for it by name; nothing of it goes anywhere else. Invariant: only an earlier form is ever replaced.
//! Left out on purpose: who is on the list and what is known of them (`manual_kyb`).

use std::path::Path;

use super::manual_kyb::Fields;
use bakkt_contract::kyb_form::{FORM, FormItem};
use bakkt_files::output::cells::CellWriter;
use bakkt_files::output::{FileStart, NewFile, ProtectedPaths};
use bakkt_files::progress::{Mode, note};
use bakkt_mapping::FilledSlot;
use bakkt_mapping::draft::{Draft, SlotValue};
use bakkt_model::error::ShownPath;

const COLUMNS: [&str; 6] = [
    "clientAccountId",
    "item",
    "field",
    "value",
    "status",
    "remains",
];

const KNOWN: &str = "known";
const TO_ASK: &str = "to be asked";

/// Between the texts of a field that is a list.
const BETWEEN: &str = "; ";

/// The forms of all accounts on the list.
pub struct KybFormFile {
    lines: CellWriter<NewFile>,
}

impl KybFormFile {
    /// Begins. Refuses at once a place that is taken.
    pub fn open(
        protected: &ProtectedPaths,
        path: &Path,
        replace: bool,
    ) -> anyhow::Result<KybFormFile> {
        let file = protected.open(path, &FileStart::columns(&COLUMNS), replace)?;
        let lines = CellWriter::new(file, &COLUMNS)?;
        Ok(KybFormFile { lines })
    }

    /// Adds the form of one account.
    pub(super) fn add(
        &mut self,
        id: &str,
        fields: &Fields<'_>,
        draft: &Draft,
    ) -> anyhow::Result<()> {
        for item in FORM {
            self.item(id, item, fields, draft)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        id: &str,
        item: &FormItem,
        fields: &Fields<'_>,
        draft: &Draft,
    ) -> anyhow::Result<()> {
        let patterns = item.fields.iter().chain(item.beside);
        let mut known: Vec<_> = patterns
            .flat_map(|pattern| fields.of(item, pattern))
            .collect();
        // Owner by owner; their places have one digit or two.
        known.sort_by_key(|known| {
            known
                .path
                .split_once("].")
                .map(|(owner, _)| (owner.len(), owner))
        });
        for known in known {
            let value = value(draft, known.slot);
            self.line([id, item.asks, known.path, &value, KNOWN, ""])?;
        }
        for field in fields.to_ask(item) {
            self.line([id, item.asks, field, "", TO_ASK, ""])?;
        }
        match item.remains {
            Some(remains) => self.line([id, item.asks, "", "", TO_ASK, remains]),
            None => Ok(()),
        }
    }

    fn line(&mut self, cells: [&str; COLUMNS.len()]) -> anyhow::Result<()> {
        self.lines.row(&cells)
    }

    /// Writes them, and says what the file holds.
    pub fn write(self, mode: Mode) -> anyhow::Result<()> {
        let file = self.lines.into_inner()?;
        let path = file.path().to_owned();
        // Half a form helps nobody: it is there when it is whole.
        file.finish()?;
        note(
            mode,
            &format!(
                "{} holds customers' data: of entities, and the names of their owners. Only you can read it; delete it when you are done",
                path.shown()
            ),
        );
        Ok(())
    }
}

/// A hash of all that a row says, to know a copy of it.
pub(super) fn hash(fed: &[FilledSlot<'_>], draft: &Draft) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for fed in fed {
        let text = value(draft, fed.slot);
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// The value of a slot, as it would be sent.
fn value(draft: &Draft, slot: usize) -> String {
    match draft.slot(slot) {
        SlotValue::Value { span, .. } => draft.text(span).to_owned(),
        SlotValue::List { first, last, .. } => {
            let texts: Vec<&str> = (first..last)
                .filter_map(|item| draft.item(item).ok())
                .collect();
            texts.join(BETWEEN)
        }
        _ => String::new(),
    }
}
