//! The manifest: an export with one row a document, and its mapping.
//!
//! Owner of [`Manifest`], from row to [`Claim`]. The mapping language is that of accounts; only its fields are others.
//! Left out on purpose: opening files, and judging what is claimed.

use std::path::Path;

use super::claim::{Claim, ClaimValue, DocumentField, FIELDS, resolve};
use bakkt_files::toml_file::TomlFile;
use bakkt_mapping::Mapper;
use bakkt_mapping::compile::{MappingPart, Targets, compile_for};
use bakkt_mapping::draft::{Draft, SlotValue};
use bakkt_mapping::feed::Scratch;
use bakkt_model::error::{Diagnostic, Diagnostics, Failure};
use bakkt_model::position::Position;
use bakkt_source::export::{ExportPass, OpenedExport, Options};
use bakkt_source::openpgp::OpenPgp;
use bakkt_source::{Export, RereadRow, Row};

/// A manifest whose mapping is compiled.
#[derive(Debug)]
pub struct Manifest {
    /// As the settings name it.
    pub name: String,
    export: Export,
    mapper: Mapper,
    /// By field.
    slots: [Option<usize>; FIELDS.len()],
}

/// Buffers for one row after the other.
#[derive(Debug, Default)]
pub struct Buffers {
    draft: Draft,
    scratch: Scratch,
    row: RereadRow,
}

impl Manifest {
    /// Opens the manifest once to compile its mapping. `None` only when something was reported.
    pub(crate) fn open(
        dir: &Path,
        (name, openpgp): (&str, &OpenPgp),
        files: &[TomlFile],
        types: &'static [&'static str],
        found: &mut Diagnostics,
    ) -> anyhow::Result<Option<Manifest>> {
        let opened = opened(dir, name, openpgp)?;
        let epochs = opened.day_epochs();
        let targets = Targets {
            day_epochs: &epochs,
            account_type: false,
            rows: false,
            part: MappingPart::Whole,
            resolve: &|target, _| resolve(target, types),
        };
        let Some(mapper) = compile_for(&targets, files, opened.headers(), found) else {
            return Ok(None);
        };
        let mut slots = [None; FIELDS.len()];
        for (field, name, _) in FIELDS {
            slots[*field as usize] = mapper.slot(name);
        }
        for needed in [
            DocumentField::File,
            DocumentField::Account,
            DocumentField::Type,
        ] {
            if slots[needed as usize].is_none() {
                let name = needed.name();
                found.push(Diagnostic::of_file(
                    &files[0].name,
                    format!("nothing feeds `{name}`, without which no document can be sent"),
                    format!("add {name} under [fields]"),
                ));
            }
        }
        // Its rows are few beside those of the documents' bytes.
        let export = opened.ready(dir, &mut |_| Ok(()))?;
        Ok(Some(Manifest {
            name: name.to_owned(),
            export,
            mapper,
            slots,
        }))
    }

    /// Starts a pass over its rows.
    pub(crate) fn rows(&self) -> ExportPass {
        self.export.pass()
    }

    /// The export that it is.
    pub fn export(&self) -> &Export {
        &self.export
    }

    /// What a row says.
    pub(crate) fn claim(&self, row: &Row<'_>, buffers: &mut Buffers) -> Claim {
        let mut claim = Claim::default();
        if let Some(flaw) = row.flaw() {
            claim.set(DocumentField::Account, ClaimValue::Unread(flaw.text()));
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
                SlotValue::Missing | SlotValue::Disagree => {}
                SlotValue::Invalid(why) if *field == DocumentField::KybItem => {
                    claim.items.push(Err(why))
                }
                SlotValue::Invalid(why) => claim.set(*field, ClaimValue::Unread(why)),
                SlotValue::Value { span, .. } => {
                    claim.set(*field, ClaimValue::Text(draft.text(span).to_owned()));
                }
                SlotValue::List { first, last, .. } => {
                    let items = (first..last).map(|item| draft.item(item).map(str::to_owned));
                    claim.items.extend(items);
                }
            }
        }
        claim
    }

    /// What the row at a place says, read again.
    pub(crate) fn claim_at(&self, at: Position) -> std::io::Result<Claim> {
        let mut buffers = Buffers::default();
        let mut again = std::mem::take(&mut buffers.row);
        let row = self.export.read(at, &mut again)?;
        Ok(self.claim(&row, &mut buffers))
    }
}

fn opened(dir: &Path, name: &str, openpgp: &OpenPgp) -> anyhow::Result<OpenedExport> {
    // What it says of settings is about others.
    let options = Options {
        openpgp: openpgp.clone(),
        ..Options::default()
    };
    let opened = OpenedExport::new(dir, name, &options);
    opened.map_err(|error| match error.downcast::<Failure>() {
        Ok(failure) => Failure::configuration(
            failure.message,
            "check `manifest` under [documents] in migration.toml: a CSV in UTF-8 or a workbook, with a header row",
        ),
        Err(error) => error,
    })
}
