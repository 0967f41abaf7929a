//! The form of manual KYB with the values that the export has (`manual-kyb --with-values`).
//!
//! Owner of that file: its columns, and that only its owner can read it. It holds customers' data, because a person asked
//! for it by name; nothing of it goes anywhere else. Invariant: a file that is there is never written over.
//! Left out on purpose: who is on the list and what is known of them (`manual_kyb`).

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::manual_kyb::Fields;
use crate::contract::kyb_form::{FORM, Item};
use crate::error::Failure;
use crate::mapping::draft::{Draft, Slot};
use crate::progress::{Mode, note};
use crate::report::guarded;

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
pub struct Form {
    path: PathBuf,
    lines: csv::Writer<Vec<u8>>,
}

impl Form {
    /// Begins. Refuses at once when the file is there.
    pub fn new(path: &Path) -> anyhow::Result<Form> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(there(path));
        }
        let mut lines = csv::Writer::from_writer(Vec::new());
        lines.write_record(COLUMNS)?;
        let path = path.to_owned();
        Ok(Form { path, lines })
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
        item: &Item,
        fields: &Fields<'_>,
        draft: &Draft,
    ) -> anyhow::Result<()> {
        let patterns = item.fields.iter().chain(item.beside);
        let mut known: Vec<_> = patterns.flat_map(|pattern| fields.of(pattern)).collect();
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
        let cells = cells.map(guarded);
        Ok(self
            .lines
            .write_record(cells.iter().map(|cell| cell.as_bytes()))?)
    }

    /// Writes them, and says what the file holds.
    pub fn write(self, mode: Mode) -> anyhow::Result<()> {
        let (path, lines) = (self.path, self.lines.into_inner()?);
        let mut file = match super::private_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(there(&path)),
            file => file.with_context(|| format!("cannot write {}", path.display()))?,
        };
        if let Err(error) = file.write_all(&lines) {
            // Half a form helps nobody, and it holds customers' data.
            let _ = fs::remove_file(&path);
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
        note(
            mode,
            &format!(
                "{} holds customers' data: of entities, and the names of their owners. Only you can read it; delete it when you are done",
                path.display()
            ),
        );
        Ok(())
    }
}

fn there(path: &Path) -> anyhow::Error {
    Failure::configuration(
        format!("{} is there already", path.display()),
        "name another file, or delete that one if nobody needs it: forms with values are not written over",
    )
}

/// The value of a slot, as it would be sent.
fn value(draft: &Draft, slot: usize) -> String {
    match draft.slot(slot) {
        Slot::Value { span, .. } => draft.text(span).to_owned(),
        Slot::List { first, last, .. } => {
            let texts: Vec<&str> = (first..last)
                .filter_map(|item| draft.item(item).ok())
                .collect();
            texts.join(BETWEEN)
        }
        _ => String::new(),
    }
}
