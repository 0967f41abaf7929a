//! The manifest: an export with one row a document, and its mapping.
//!
//! Owner of [`Manifest`], from row to [`Claim`]. The mapping language is that of accounts; only its fields are others.
//! Left out on purpose: opening files, and judging what is claimed.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::claim::{Claim, FIELDS, Field, Value, resolve};
use crate::error::{Diagnostic, Diagnostics, Failure};
use crate::mapping::Mapper;
use crate::mapping::compile::{Targets, compile_for};
use crate::mapping::draft::{Draft, Slot};
use crate::mapping::feed::Scratch;
use crate::source::{CsvFile, CsvRow, Position, Row};
use crate::toml_file::TomlFile;

/// A manifest whose mapping is compiled.
#[derive(Debug)]
pub struct Manifest {
    /// As the settings name it.
    pub name: String,
    path: PathBuf,
    mapper: Mapper,
    /// By field.
    slots: [Option<usize>; FIELDS.len()],
}

/// Buffers for one row after the other.
#[derive(Debug, Default)]
pub struct Buffers {
    draft: Draft,
    scratch: Scratch,
    row: CsvRow,
}

const CELL_COUNT: &str = "the row has another number of cells than the header";

impl Manifest {
    /// Opens the manifest once to compile its mapping. `None` only when something was reported.
    pub fn open(
        dir: &Path,
        name: &str,
        files: &[TomlFile],
        types: &'static [&'static str],
        found: &mut Diagnostics,
    ) -> anyhow::Result<Option<Manifest>> {
        let path = dir.join(name);
        let export = opened(&path, name)?;
        let targets = Targets {
            account_type: false,
            resolve: &|target, _| resolve(target, types),
        };
        let Some(mapper) = compile_for(&targets, files, export.headers(), found) else {
            return Ok(None);
        };
        let mut slots = [None; FIELDS.len()];
        for (field, name, _) in FIELDS {
            slots[*field as usize] = mapper.slot(name);
        }
        for needed in [Field::File, Field::Account, Field::Type] {
            if slots[needed as usize].is_none() {
                let name = needed.name();
                found.push(Diagnostic {
                    file: files[0].name.clone(),
                    line: 1,
                    column: 1,
                    text: String::new(),
                    message: format!(
                        "nothing feeds `{name}`, without which no document can be sent"
                    ),
                    help: Some(format!("add {name} under [fields]")),
                });
            }
        }
        Ok(Some(Manifest {
            name: name.to_owned(),
            path,
            mapper,
            slots,
        }))
    }

    /// Opens it for one pass.
    pub fn rows(&self) -> anyhow::Result<CsvFile> {
        opened(&self.path, &self.name)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a row says.
    pub fn claim(&self, row: &Row<'_>, buffers: &mut Buffers) -> Claim {
        let mut claim = Claim::default();
        if row.len() != self.mapper.width(0) {
            claim.set(Field::Account, Value::Unread(CELL_COUNT));
            return claim;
        }
        let Buffers { draft, scratch, .. } = buffers;
        self.mapper.map(row, draft, scratch);
        for (field, ..) in FIELDS {
            let Some(slot) = self.slots[*field as usize] else {
                continue;
            };
            match draft.slot(slot) {
                // A manifest has no groups of rows.
                Slot::Missing | Slot::Disagree => {}
                Slot::Invalid(why) if *field == Field::KybItem => claim.items.push(Err(why)),
                Slot::Invalid(why) => claim.set(*field, Value::Unread(why)),
                Slot::Value { span, .. } => {
                    claim.set(*field, Value::Text(draft.text(span).to_owned()));
                }
                Slot::List { first, last, .. } => {
                    let items = (first..last).map(|item| draft.item(item).map(str::to_owned));
                    claim.items.extend(items);
                }
            }
        }
        claim
    }

    /// What the row at a place says, read again.
    pub fn claim_at(&self, file: &File, at: Position) -> std::io::Result<Claim> {
        let mut buffers = Buffers::default();
        let mut again = std::mem::take(&mut buffers.row);
        let row = again.read(file, at)?;
        Ok(self.claim(&row, &mut buffers))
    }
}

fn opened(path: &Path, name: &str) -> anyhow::Result<CsvFile> {
    // The words of the accounts' export, with what they are about here.
    CsvFile::open(path, name).map_err(|error| match error.downcast::<Failure>() {
        Ok(failure) => Failure::configuration(
            failure.message.replace("the export", "the manifest"),
            "check `manifest` under [documents] in migration.toml",
        ),
        Err(error) => error,
    })
}
