//! A migration folder, opened: settings, export, mapping, and the pipeline that they make.
//!
//! Owner of the order in which mistakes are looked for, and of
//! the fingerprints of whatever changes payloads or verdicts (invariant 9).

pub mod custody;
mod documents;
mod fingerprints;
mod includes;
pub mod inputs;
mod layer_fields;
mod layers;
mod sheets;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use crate::documents::Documents;
use crate::documents::root::FileIdentity;
use crate::settings::Settings;
use crate::settings::source::BesideSettings;
use bakkt_contract::custody::PREFIX;
use bakkt_files::toml_file::TomlFile;
use bakkt_mapping::Mapper;
use bakkt_mapping::assess::plan::{AssessPlan, Spelling, UnfedPath};
use bakkt_mapping::compile::{MappingPart, Targets, compile_sheet};
use bakkt_mapping::exclude::Exclusions;
use bakkt_mapping::findings::Checks;
use bakkt_mapping::pipeline::Pipeline;
use bakkt_mapping::pipeline::join_keys::JoinKeys;
use bakkt_mapping::pipeline::joins::{Join, ROOM};
use bakkt_mapping::pipeline::keys_above::KeysAbove;
use bakkt_mapping::pipeline::other_forms::OtherForms;
use bakkt_mapping::pipeline::record::PrimaryRows;
use bakkt_mapping::target::{resolve, resolve_each};
use bakkt_model::error::{Diagnostic, Diagnostics};
use bakkt_model::position::JoinedList;
use bakkt_model::target::Dialect;
use bakkt_source::export::OpenedExport;
use bakkt_source::keys::KeyIndex;
use bakkt_source::{Export, Row, Rows};

use custody::Custody;
use fingerprints::file_hash;
use includes::mapping_files;
use layers::OpenedOverlay;
pub use layers::{BackfillFile, KEY as LAYER_KEY, OverlayForm};

/// Everything of a folder that is known before the first row.
#[derive(Debug)]
pub struct Migration {
    /// The settings.
    pub settings: Settings,
    /// From row to payload.
    pub pipeline: Pipeline,
    /// The documents, where the settings name some.
    pub documents: Option<Documents>,
    /// Fiat custody, where the settings have it.
    pub custody: Option<Custody>,
    mapping_files: Vec<TomlFile>,
    document_files: Vec<TomlFile>,
    layers: Vec<BackfillFile>,
}

/// What a pipeline needs that is in no file of the folder.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Key of the payload hashes.
    pub key: [u8; 32],
    /// The day of the plan.
    pub as_of: jiff::civil::Date,
    /// Backfill files, in the order in which they are laid over the exports.
    pub layers: Vec<BackfillFile>,
}

/// The keyed hash of something that changes payloads or verdicts.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    /// The name under which a person knows it.
    pub name: String,
    /// The keyed hash.
    pub hash: [u8; 32],
    /// Of an export: the state of its file that has this hash; none when it had changed only just then.
    pub state: Option<FileIdentity>,
}

/// The hash of an export by its fingerprint's name and the state of its file, where it was hashed in that state before.
pub type KnownExport<'a> = &'a dyn Fn(&str, &FileIdentity) -> Option<[u8; 32]>;

/// Today, in UTC.
pub fn today() -> jiff::civil::Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// The validated settings of a folder. When they hold a mistake, those of the mapping are looked for as well, so that a
/// person sees all of them at once.
pub fn settings(dir: &Path) -> anyhow::Result<Settings> {
    let mut found = Diagnostics::default();
    let settings = Settings::read(dir, &mut found)?;
    if let Some(settings) = settings {
        if found.is_empty() {
            return Ok(settings);
        }
        // A file that cannot be read is told when the settings that name it are right.
        if let Ok(inputs) = Inputs::open(&settings, &[]) {
            compiled(&settings, &inputs, today(), &mut found);
        }
        documents::look_for_mistakes(&settings, &mut found);
    }
    found.into_result()?;
    anyhow::bail!("migration.toml could not be read")
}

/// The files that settings name, opened.
struct Inputs {
    export: OpenedExport,
    files: Vec<TomlFile>,
    joined: Vec<JoinedExport>,
    recipients: Option<JoinedExport>,
    layers: Vec<OpenedOverlay>,
}

/// An export beside that of the accounts.
struct JoinedExport {
    export: OpenedExport,
    files: Vec<TomlFile>,
}

impl Inputs {
    fn open(settings: &Settings, layers: &[BackfillFile]) -> anyhow::Result<Inputs> {
        let beside = |beside: &BesideSettings| -> anyhow::Result<JoinedExport> {
            Ok(JoinedExport {
                export: OpenedExport::new(&settings.dir, &beside.file, &beside.reading)?
                    .one_sheet()?,
                files: mapping_files(&settings.dir, &beside.mapping)?,
            })
        };
        let joined = settings.joins.iter().map(|join| beside(join));
        let export =
            OpenedExport::new(&settings.dir, &settings.export, &settings.reading)?.one_sheet()?;
        let accounts = export.headers().to_vec();
        let layers = layers.iter();
        Ok(Inputs {
            export,
            layers: layers
                .map(|kept| OpenedOverlay::new(settings, &accounts, kept))
                .collect::<anyhow::Result<_>>()?,
            files: mapping_files(&settings.dir, &settings.mapping)?,
            joined: joined.collect::<anyhow::Result<_>>()?,
            recipients: settings.recipients.as_ref().map(beside).transpose()?,
        })
    }
}

/// The mapping and what belongs to it, compiled from settings and files.
struct CompiledMigration {
    mapper: Mapper,
    plan: AssessPlan,
    exclude: Exclusions,
    group_by: Option<usize>,
    /// By joined export: its key, and the accounts' column that it equals.
    keys: Vec<(usize, usize)>,
    custody: Option<custody::CompiledCustody>,
}

/// The parts of a pipeline. Mistakes go to `found`.
fn compiled(
    settings: &Settings,
    inputs: &Inputs,
    as_of: jiff::civil::Date,
    found: &mut Diagnostics,
) -> Option<CompiledMigration> {
    let headers = inputs.export.headers();
    let mut exclude = settings.exclude.compile(headers, found);
    let group_by = settings
        .group_by
        .as_ref()
        .map(|column| column.index(&settings.export, headers, found));
    let of_account =
        |target: &str, types: &[&str]| match group_by.is_some() && target.contains("[]") {
            _ if target.starts_with(PREFIX) => Err(custody::without_settings(target)),
            true => resolve_each(target, "owners", types),
            false => resolve(target, types),
        };
    let epochs = inputs.export.day_epochs();
    let targets = Targets {
        day_epochs: &epochs,
        account_type: true,
        rows: true,
        part: match settings.custody {
            Some(_) => MappingPart::Account,
            None => MappingPart::Whole,
        },
        resolve: &of_account,
    };
    let main = compile_sheet(&targets, &inputs.files, headers, found);
    let types = main.as_ref().map_or(Vec::new(), |(types, _)| types.clone());
    let owners = main.as_ref().is_some_and(|(_, sheet)| sheet.has_elements());
    let (mut joined, mut keys) = (Vec::new(), Vec::new());
    for (join, files) in settings.joins.iter().zip(&inputs.joined) {
        let own = files.export.headers();
        let key = join.key.index(&join.file, own, found);
        let account_key = join.account_key.index(&settings.export, headers, found);
        keys.push(key.zip(account_key));
        if join.list == JoinedList::Owners && owners {
            join.key.wrong(
                found,
                format!(
                    "owners come from {} and from `owners[]` in {}",
                    join.file, settings.mapping
                ),
                Some("keep one of the two".to_owned()),
            );
        }
        let of_row = |target: &str, _: &[&str]| resolve_each(target, join.field(), &types);
        let epochs = files.export.day_epochs();
        let targets = Targets {
            day_epochs: &epochs,
            account_type: false,
            rows: true,
            part: MappingPart::Whole,
            resolve: &of_row,
        };
        let compiled = compile_sheet(&targets, &files.files, own, found);
        joined.push(compiled.map(|(_, sheet)| (join.field(), sheet)));
    }
    let joined: Option<Vec<_>> = joined.into_iter().collect();
    let (types, sheet) = main?;
    for layer in &inputs.layers {
        layer.check(&types, found);
    }
    let open: Vec<String> = inputs
        .layers
        .iter()
        .flat_map(OpenedOverlay::paths)
        .cloned()
        .collect();
    let mapper = Mapper::new(types, sheet, joined?, &open);
    exclude.empty = mapper.empty_cells(0);
    let spelling = match settings.target.dialect {
        Dialect::Guide => Spelling::Guide,
        Dialect::Reference => Spelling::Reference,
    };
    let (plan, unfed) = AssessPlan::new(&mapper, &settings.policy, settings.ids, spelling, as_of);
    for unfed in unfed {
        found.push(nothing_feeds(unfed, settings, inputs, &mapper));
    }
    let custody = custody::compiled(settings, inputs, found);
    Some(CompiledMigration {
        mapper,
        plan,
        exclude,
        group_by: group_by.flatten(),
        keys: keys.into_iter().collect::<Option<_>>()?,
        custody,
    })
}

/// The mistake of a required field without a feed, in the file that should have one.
fn nothing_feeds(
    (path, types): UnfedPath,
    settings: &Settings,
    inputs: &Inputs,
    mapper: &Mapper,
) -> Diagnostic {
    let (sent, or) = match types.len() == mapper.account_types.len() {
        true => ("no customer".to_owned(), ""),
        false => (
            format!("no account of type {}", types.join(" or ")),
            ", or take the type out of `account_type`",
        ),
    };
    let each = mapper.each().iter().find(|each| {
        let head = format!("{}[{}].", each.list, each.base);
        path.starts_with(&head)
    });
    let joined = settings.joins.iter().zip(&inputs.joined);
    let own = each.and_then(|each| {
        joined
            .into_iter()
            .find(|(join, _)| join.field() == each.list)
    });
    let (file, path) = match (own, each) {
        (Some((_, joined)), _) => (&joined.files[0], path.replacen("[0]", "[]", 1)),
        (None, Some(_)) => (&inputs.files[0], path.replacen("[0]", "[]", 1)),
        (None, None) => (&inputs.files[0], path.to_owned()),
    };
    Diagnostic::of_file(
        &file.name,
        format!("nothing feeds `{path}`, without which {sent} can be sent"),
        format!("add \"{path}\" under [fields]{or}"),
    )
}

impl Migration {
    /// Opens the folder of some settings; every mistake in its files is reported together.
    /// `each_block` hears how many bytes were unpacked so far, and may stop it.
    pub fn open(
        settings: Settings,
        binding: Binding,
        each_block: &mut dyn FnMut(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Migration> {
        for kept in &binding.layers {
            layers::as_taken(kept, file_hash(&binding.key, &kept.path, &kept.name))?;
        }
        let inputs = Inputs::open(&settings, &binding.layers)?;
        let mut found = Diagnostics::default();
        let parts = compiled(&settings, &inputs, binding.as_of, &mut found);
        let document_files = documents::files(&settings)?;
        let documents = documents::open(&settings, &document_files, &mut found)?;
        found.into_result()?;
        let parts = parts.context("the mapping could not be read")?;
        let mut ready = |opened: OpenedExport| -> anyhow::Result<Arc<Export>> {
            Ok(Arc::new(opened.ready(&settings.dir, each_block)?))
        };
        let export = ready(inputs.export)?;
        let each = |list: &str| {
            parts
                .mapper
                .each()
                .iter()
                .position(|each| each.list == list)
        };
        let mut joins = Vec::new();
        if let Some(column) = parts.group_by {
            joins.push(group(export.clone(), &parts.mapper, column));
        }
        let mut joined_files = Vec::new();
        for ((join, opened), (key, account_key)) in
            settings.joins.iter().zip(inputs.joined).zip(parts.keys)
        {
            let each = each(join.field());
            let sheet = each.map(|each| parts.mapper.each()[each].sheet);
            let sheets = [0].into_iter().chain(sheet);
            joins.push(Join {
                is_id: parts.mapper.id_column() == Some(account_key),
                join_keys: JoinKeys::new(sheets.map(|sheet| parts.mapper.empty_cells(sheet))),
                list: join.list,
                export: ready(opened.export)?,
                each,
                key,
                account_key,
                room: each.map_or(ROOM, |each| parts.mapper.each()[each].room()),
                keys: KeyIndex::default(),
                other_forms: OtherForms::default(),
                keys_above: KeysAbove::default(),
                counts: Vec::new(),
            });
            joined_files.extend(opened.files);
        }
        let custody = match parts.custody {
            Some(compiled) => {
                let recipients = inputs.recipients.map(|opened| {
                    joined_files.extend(opened.files);
                    ready(opened.export)
                });
                Some(compiled.ready(&settings, binding.as_of, recipients.transpose()?))
            }
            None => None,
        };
        let mut mapping_files = inputs.files;
        for file in joined_files {
            if !mapping_files.iter().any(|known| known.name == file.name) {
                mapping_files.push(file);
            }
        }
        let (mut kept, mut layers) = (Vec::new(), Vec::new());
        for opened in inputs.layers {
            let made = (&parts.mapper, &parts.plan);
            let (known, mut layer) = opened.ready(&settings, made, each_block)?;
            layer.index(&parts.mapper, &mut |_| each_block(0))?;
            kept.push(known);
            layers.push(layer);
        }
        let rules = settings.findings.clone();
        let pipeline = Pipeline {
            checks: Checks::new(&parts.mapper, &parts.plan, rules),
            export,
            mapper: parts.mapper,
            plan: parts.plan,
            exclude: parts.exclude,
            key: binding.key,
            joins,
            layers,
        };
        Ok(Migration {
            settings,
            pipeline,
            documents,
            custody,
            mapping_files,
            document_files,
            layers: kept,
        })
    }

    /// Reads the exports that stand beside that of the accounts, once, so that rows can be found by their keys. Before a
    /// scan. `each_batch` hears which of `pipeline.joins`, how far and how many rows, and may stop it.
    pub fn index(
        &mut self,
        each_batch: &mut dyn FnMut(usize, u64, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.add_account_keys(&mut || each_batch(0, 0, 0))?;
        let Pipeline { joins, exclude, .. } = &mut self.pipeline;
        for (number, join) in joins.iter_mut().enumerate() {
            let is_own = join.list == JoinedList::Group;
            let leaves_out = |row: &Row<'_>| is_own && exclude.leaves_out(row);
            join.index(&leaves_out, &mut |offset, rows| {
                each_batch(number, offset, rows)
            })?;
        }
        Ok(())
    }

    /// Reads which keys the accounts have, so that keys of the other exports that fit none of them are known as such.
    fn add_account_keys(
        &mut self,
        each_batch: &mut dyn FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let Pipeline {
            export,
            joins,
            mapper,
            ..
        } = &mut self.pipeline;
        let mut asking: Vec<&mut Join> = joins
            .iter_mut()
            .filter(|join| join.list != JoinedList::Group || join.each.is_some())
            .collect();
        if asking.is_empty() {
            return Ok(());
        }
        let (mut pass, mut rows) = (export.pass(), Rows::default());
        let mut primary = PrimaryRows::default();
        while pass.read_batch(&mut rows, 1024)? {
            for (_, row) in rows.iter() {
                for join in &mut asking {
                    // Of several rows that are one account, that of its primary owner says which it is.
                    if let Some(key) = join.join_keys.key(&row, join.account_key)
                        && (join.list != JoinedList::Group || primary.has(mapper, join, &row))
                    {
                        join.other_forms.add_account(key);
                    }
                }
            }
            each_batch()?;
        }
        Ok(())
    }

    /// The exports: that of the accounts, then those beside it.
    pub fn exports(&self) -> impl Iterator<Item = &Export> {
        let joins = self.pipeline.joins.iter();
        let beside = joins.filter(|join| join.list != JoinedList::Group);
        let recipients = self.custody.as_ref().and_then(Custody::export);
        std::iter::once(&self.pipeline.export)
            .chain(beside.map(|join| &join.export))
            .map(Arc::as_ref)
            .chain(recipients)
    }
}

/// Rows of the accounts' own export with the same key, as one account.
fn group(export: Arc<Export>, mapper: &Mapper, column: usize) -> Join {
    let each = mapper.each().iter().position(|each| each.sheet == 0);
    // The row that a record begins with takes one place itself.
    let room = each
        .map_or(ROOM, |each| mapper.each()[each].room())
        .saturating_sub(1);
    Join {
        is_id: false,
        join_keys: JoinKeys::new([mapper.empty_cells(0)]),
        list: JoinedList::Group,
        export,
        each,
        key: column,
        account_key: column,
        room,
        keys: KeyIndex::default(),
        other_forms: OtherForms::default(),
        keys_above: KeysAbove::default(),
        counts: Vec::new(),
    }
}
