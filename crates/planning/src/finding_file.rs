//! `check --findings`: every finding, one a line.
//!
//! Owner of the columns of that file. Shapes stand here and not in the report: the journal has none.

use std::iter::Peekable;

use super::findings::Findings;
use bakkt_files::output::NewFile;
use bakkt_files::output::cells::CellWriter;
use bakkt_folder::documents::Documents;
use bakkt_folder::migration::Migration;
use bakkt_mapping::findings::gather::Member;
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::scan::{Results, ScannedRow};
use bakkt_model::finding::{FindingKind, FindingRules};

/// The columns.
pub const COLUMNS: [&str; 8] = [
    "kind",
    "action",
    "file",
    "row",
    "clientAccountId",
    "field",
    "group",
    "shape",
];

/// The file while it is written.
pub struct FindingWriter<'a> {
    out: CellWriter<NewFile>,
    pipeline: &'a Pipeline,
    rules: &'a FindingRules,
    documents: Option<&'a Documents>,
    found: &'a Findings,
    /// What records that are still to come have together with others.
    members: Peekable<Box<dyn Iterator<Item = Member> + 'a>>,
}

/// A line of the file: where a finding stands, and what it says.
struct FindingFileLine<'a> {
    kind: FindingKind,
    at: (&'a str, u64),
    id: &'a str,
    field: &'a str,
    group: u32,
    shape: &'a str,
}

impl<'a> FindingWriter<'a> {
    /// Begins the file with what is found of no record.
    pub fn new(
        out: CellWriter<NewFile>,
        migration: &'a Migration,
        found: &'a Findings,
    ) -> anyhow::Result<FindingWriter<'a>> {
        let mut writer = FindingWriter {
            out,
            pipeline: &migration.pipeline,
            rules: &migration.settings.findings,
            documents: migration.documents.as_ref(),
            found,
            members: (Box::new(found.members()) as Box<dyn Iterator<Item = _>>).peekable(),
        };
        for (kind, place) in found.of_nobody() {
            writer.line(&FindingFileLine {
                kind,
                at: (&place.file, place.row),
                id: "",
                field: "",
                group: 0,
                shape: "",
            })?;
        }
        Ok(writer)
    }

    /// The findings of a record; records come in their order.
    pub fn write(&mut self, record: u32, batch: &Results, row: &ScannedRow) -> anyhow::Result<()> {
        let pipeline = self.pipeline;
        let own = (pipeline.export.file_name(row.at), row.at.row);
        let id = batch.id(row).unwrap_or("");
        for found in batch.found(row) {
            let at = found
                .at
                .map_or(own, |(list, at)| (pipeline.file_name(list, at), at.row));
            let field = found
                .field
                .and_then(|field| pipeline.checks.fields.get(usize::from(field)));
            self.line(&FindingFileLine {
                kind: found.kind,
                at,
                id,
                field: field.map_or("", |field| &field.path),
                group: 0,
                shape: &found.shape,
            })?;
        }
        while self.members.next_if(|one| one.record < record).is_some() {}
        let mut together = Vec::new();
        while let Some(one) = self.members.next_if(|one| one.record == record) {
            together.push((one.kind, one.first, None));
        }
        together.extend(self.found.of_documents(record, self.documents));
        for (kind, group, place) in together {
            self.line(&FindingFileLine {
                kind,
                at: place.as_ref().map_or(own, |place| (&place.file, place.row)),
                id,
                field: "",
                group,
                shape: "",
            })?;
        }
        Ok(())
    }

    fn line(&mut self, line: &FindingFileLine<'_>) -> anyhow::Result<()> {
        let number = |number: u64| {
            if number == 0 {
                String::new()
            } else {
                number.to_string()
            }
        };
        let (file, row) = line.at;
        self.out.row(&[
            line.kind.name(),
            self.rules.action(line.kind).word(),
            file,
            &number(row),
            line.id,
            line.field,
            &number(line.group.into()),
            line.shape,
        ])
    }

    /// Ends the file.
    pub fn finish(self) -> anyhow::Result<()> {
        self.found.check()?;
        self.out.into_inner()?.finish()
    }
}
