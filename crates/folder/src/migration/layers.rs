//! Backfill files, opened: which form one has, and what its columns say.
//!
//! Owner of [`BackfillFile`], what the journal knows of such a file, and of the two forms. A file whose columns are fields of the
//! contract gets a mapping of its own (`sheets`); one with the columns of the accounts' export is read by their mapping. Invariant: a kept file that is not the one that was taken is refused, and
//! no command takes it for changed.
//! Left out on purpose: how rows are laid over records (`pipeline::layers`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use super::Migration;
use super::layer_fields::fields;
use super::sheets::{targets, written};
use crate::settings::Settings;
use bakkt_contract::account::NEVER_SENT;
use bakkt_contract::path;
use bakkt_mapping::Mapper;
use bakkt_mapping::assess::AssessPlan;
use bakkt_mapping::dates::ordered::SerialEpoch;
use bakkt_mapping::feed::FieldMapping;
use bakkt_mapping::pipeline::layers::{Overlay, OverlayReading, OwnerIdentity, OwnerRef, tells};
use bakkt_mapping::target::{ACCOUNT_TYPE, OWED, resolve};
use bakkt_model::backfill;
use bakkt_model::error::{Diagnostic, Diagnostics, Failure, ShownPath};
use bakkt_source::export::{HeaderRow, OpenedExport, Options, SheetSetting};
use bakkt_source::header;
use bakkt_source::keys::KeyIndex;
use bakkt_source::shape::shape;

/// The column that says whose a row is.
pub const KEY: &str = "clientAccountId";
/// The sheet that is read when a workbook has one of this name.
pub(crate) const SHEET: &str = "Backfill";

/// What to do with a file that has neither form.
const SHEETS: &str = "`bakkt-migrate gaps --sheet` writes a sheet to fill in";

/// A backfill file that is part of the plan, or is about to be.
#[derive(Clone, Debug)]
pub struct BackfillFile {
    /// Its number, from 1.
    pub number: i64,
    /// As it was called when it was taken.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Keyed hash of its bytes when it was taken; none: it is about to be.
    pub hash: Option<[u8; 32]>,
    /// Its form; none: it is found.
    pub form: Option<OverlayForm>,
    /// Of a workbook: the sheet that is read.
    pub sheet: Option<String>,
    /// Lines of rows that are left out, because what they say may not be changed.
    pub refused: BTreeSet<u64>,
    /// Of whom its rows speak: line, list and place.
    pub who: BTreeMap<OwnerRef, OwnerIdentity>,
}

impl BackfillFile {
    /// Its name in reports.
    pub fn shown(&self) -> String {
        backfill::shown(self.number, &self.name)
    }

    /// The name under which its fingerprint is known.
    pub fn fingerprint(&self) -> String {
        backfill::fingerprint(self.number, &self.name)
    }
}

/// The forms of a backfill file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayForm {
    /// Its columns are fields of the contract.
    Fields,
    /// Its columns are those of the accounts' export.
    Export,
}

impl OverlayForm {
    /// The word in the journal.
    pub fn word(self) -> &'static str {
        match self {
            OverlayForm::Fields => "fields",
            OverlayForm::Export => "export",
        }
    }

    /// From the word.
    pub fn of(word: &str) -> Option<OverlayForm> {
        let all = [OverlayForm::Fields, OverlayForm::Export];
        all.into_iter().find(|form| form.word() == word)
    }
}

/// What the columns of a backfill file are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OverlayColumns {
    /// By column: the field; none where the column is only for people.
    Fields(Vec<Option<String>>),
    /// By column of the accounts' export: the file's column.
    Export(Vec<Option<usize>>),
}

/// One whose beginning was looked at.
pub(super) struct OpenedOverlay {
    kept: BackfillFile,
    export: OpenedExport,
    has: OverlayColumns,
}

impl OpenedOverlay {
    pub(super) fn new(
        settings: &Settings,
        accounts: &[String],
        kept: &BackfillFile,
    ) -> anyhow::Result<OpenedOverlay> {
        let mut kept = kept.clone();
        if kept.form != Some(OverlayForm::Export) {
            let led = Options {
                header: HeaderRow::Led(KEY),
                openpgp: settings.reading.openpgp.without_signers(),
                ..Options::default()
            };
            let is_said = kept.sheet.is_some();
            let export = open(&mut kept, led.clone())?;
            let leads = export.headers().first().is_some_and(|first| first == KEY);
            let fields = kept.form.is_some() || columns(accounts, export.headers()).is_none();
            if leads && fields {
                if !is_said && kept.hash.is_none() {
                    only_one(&kept, led)?;
                }
                kept.form = Some(OverlayForm::Fields);
                let has = OverlayColumns::Fields(targets(&kept.name, export.headers())?);
                return Ok(OpenedOverlay { kept, export, has });
            }
        }
        let (export, has) = corrected(settings, accounts, &mut kept)?;
        if settings.group_by.is_some() {
            return Err(grouped(&kept.name));
        }
        kept.form = Some(OverlayForm::Export);
        let has = OverlayColumns::Export(has);
        Ok(OpenedOverlay { kept, export, has })
    }

    /// Mistakes of a file that is about to be taken: fields that no account of these types has.
    pub(super) fn check(&self, types: &[&str], found: &mut Diagnostics) {
        if self.kept.hash.is_some() {
            return;
        }
        for path in self.paths() {
            if let Err((what, help)) = resolve(path, types) {
                found.push(Diagnostic::of_file(&self.kept.name, what, help));
            }
        }
    }

    /// Paths that it can say.
    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        let fields = match &self.has {
            OverlayColumns::Fields(fields) => fields.as_slice(),
            OverlayColumns::Export(_) => &[],
        };
        fields.iter().flatten().filter(|path| laid_over(path))
    }

    /// Ready to be read. Its index is empty.
    pub(super) fn ready(
        self,
        settings: &Settings,
        (mapper, plan): (&Mapper, &AssessPlan),
        each_block: &mut dyn FnMut(u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<(BackfillFile, Overlay)> {
        let epochs = self.export.day_epochs();
        let own_epoch = epochs.first().map(|(_, epoch)| SerialEpoch::of(*epoch));
        let is_sheet = matches!(self.has, OverlayColumns::Fields(_));
        let (read, says) = match self.has {
            OverlayColumns::Fields(fields) => {
                let epoch = own_epoch.unwrap_or(SerialEpoch::Y1900);
                let (name, headers) = (&self.kept.name, self.export.headers());
                let own = written(name, headers, (&fields, epoch), mapper)?;
                let says = own.fed().into_iter().map(|fed| (fed.slot, fed.target));
                let says: Vec<_> = says.collect();
                (OverlayReading::Fields(own), says)
            }
            OverlayColumns::Export(columns) => {
                let there = |column: usize| columns.get(column).is_some_and(Option::is_some);
                if self.kept.hash.is_none() {
                    halves(&self.kept.name, settings, mapper, &there)?;
                }
                let fed = mapper.fed().into_iter().filter(|fed| {
                    let whole = fed.feed.looks_at().all(there);
                    let value = !fed.target.starts_with(OWED) && !fed.feed.is_open();
                    mapper.slot(&fed.target) == Some(fed.slot) && value && whole
                });
                let fed: Vec<_> = fed.collect();
                let contradicts = |feed: &FieldMapping| {
                    let both = feed.counts_from().zip(own_epoch);
                    both.is_some_and(|(said, own)| said != own)
                };
                if let Some(one) = fed.iter().find(|fed| contradicts(fed.feed)) {
                    return Err(other_epoch(&self.kept.name, one.feed));
                }
                let says: Vec<_> = fed.into_iter().map(|fed| (fed.slot, fed.target)).collect();
                (OverlayReading::Export(columns), says)
            }
        };
        let id = says.iter().find(|(_, path)| path == KEY);
        let (id, _) = id.ok_or_else(|| {
            Failure::configuration(
                format!(
                    "{} lacks columns from which the mapping makes {KEY}",
                    self.kept.name
                ),
                "nobody can tell whose its rows are: add those columns, as they are in the export",
            )
        })?;
        let id = *id;
        let layer = Overlay {
            number: self.kept.number,
            export: Arc::new(self.export.ready(&settings.dir, each_block)?),
            read,
            fields: fields(says, mapper, plan, is_sheet),
            id,
            refused: self.kept.refused.clone(),
            who: self.kept.who.clone(),
            tells: tells(mapper),
            keys: KeyIndex::default(),
            counts: (0, 0),
        };
        Ok((self.kept, layer))
    }
}

/// Opens the file; of a workbook with several sheets the one that is said, else the one for this.
fn open(kept: &mut BackfillFile, mut options: Options) -> anyhow::Result<OpenedExport> {
    let folder = kept.path.parent().context("a file without a folder")?;
    let file = kept.path.file_name().context("a file without a name")?;
    let file = file.to_str().context("a file whose name is not UTF-8")?;
    options.sheet = kept.sheet.clone().map(SheetSetting::Name);
    let opened =
        OpenedExport::new(folder, file, &options).map_err(|error| called(error, file, kept))?;
    if kept.sheet.is_some() {
        return Ok(opened);
    }
    let sheets = opened.sheets();
    if sheets.len() < 2 {
        return Ok(opened);
    }
    if sheets.iter().any(|sheet| sheet == SHEET) {
        kept.sheet = Some(SHEET.to_owned());
        options.sheet = Some(SheetSetting::Name(SHEET.to_owned()));
        return OpenedExport::new(folder, file, &options);
    }
    Err(Failure::configuration(
        format!(
            "{} has several sheets with cells: `{}`",
            kept.name,
            sheets.join("`, `")
        ),
        "say which one is read: --sheet NAME",
    ))
}

/// Refuses a workbook that has a further sheet of fields beside the one that was chosen: nobody would read it.
fn only_one(kept: &BackfillFile, mut options: Options) -> anyhow::Result<()> {
    let (Some(chosen), Some(folder), Some(file)) =
        (&kept.sheet, kept.path.parent(), kept.path.file_name())
    else {
        return Ok(());
    };
    let file = file.to_str().context("a file whose name is not UTF-8")?;
    // Opened as it is without a sheet, it tells the names of all.
    let sheets = OpenedExport::new(folder, file, &Options::default())?.sheets();
    for sheet in sheets.into_iter().filter(|sheet| sheet != chosen) {
        options.sheet = Some(SheetSetting::Name(sheet.clone()));
        let is_one = OpenedExport::new(folder, file, &options)
            .is_ok_and(|export| export.headers().first().is_some_and(|first| first == KEY));
        if is_one {
            return Err(Failure::configuration(
                format!(
                    "{} has two sheets to fill in, `{chosen}` and `{sheet}`, and one is read",
                    kept.name
                ),
                "say which with --sheet NAME, and give the file once more with the other",
            ));
        }
    }
    Ok(())
}

/// An error about the copy of a file, in the words of who gave it: by its own name, and no setting of the exports helps.
fn called(error: anyhow::Error, file: &str, kept: &BackfillFile) -> anyhow::Error {
    let mut failure = match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) => return error,
    };
    failure.message = failure.message.replace(file, &kept.name);
    if failure.message.contains("two encodings") {
        failure.hint = "save the file as UTF-8 (\"CSV UTF-8\" in a spreadsheet program)".to_owned();
    } else if failure.hint.contains("[source]") {
        failure.hint = SHEETS.to_owned();
    }
    failure.into()
}

/// The error of a corrected export whose plain numbers would be other days than those of the export.
fn other_epoch(name: &str, feed: &FieldMapping) -> anyhow::Error {
    Failure::configuration(
        format!(
            "{name} counts days from another year than `excel` in {} says",
            feed.written
        ),
        "give the dates of the file a date format, and save it with days counted from the same year as the export (Excel: 1904 date system)",
    )
}

/// Refuses a corrected export that has a column of a field and lacks another one that the field is read with, such as the country of a
/// phone number: nothing of the field would be taken. Columns of the id stand in every such file.
fn halves(
    name: &str,
    settings: &Settings,
    mapper: &Mapper,
    there: &dyn Fn(usize) -> bool,
) -> anyhow::Result<()> {
    let fed = mapper.fed();
    let id = fed.iter().find(|fed| fed.target == KEY);
    let of_id = |column: usize| id.is_some_and(|id| id.feed.looks_at().any(|one| one == column));
    let mut found = Diagnostics::default();
    for fed in fed
        .iter()
        .filter(|fed| mapper.slot(&fed.target) == Some(fed.slot))
    {
        let has_own = fed
            .feed
            .reads
            .iter()
            .any(|column| there(*column) && !of_id(*column));
        let lacks = fed.feed.looks_at().any(|column| !there(column));
        if has_own && lacks && fed.target != KEY {
            found.push(Diagnostic::of_file(
                name,
                format!(
                    "it has a column of `{}` and lacks another one that {} reads with it",
                    fed.target, fed.feed.written
                ),
                format!(
                    "add that column as it is in {}, or nothing of the field would be taken",
                    settings.export
                ),
            ));
        }
    }
    found.into_result()
}

/// The error of a corrected export where several rows are one account.
fn grouped(name: &str) -> anyhow::Error {
    Failure::configuration(
        format!("{name} is a corrected export, and with `group_by` several rows are one account"),
        format!(
            "fill in a sheet with a column {KEY} and the fields, as `bakkt-migrate gaps --sheet` writes it; or put the corrected export in its place and run `bakkt-migrate replan`"
        ),
    )
}

/// Opens a corrected export, and finds the accounts' columns in it. It need not be written as theirs is: where what is set
/// for them does not fit, it is found.
fn corrected(
    settings: &Settings,
    accounts: &[String],
    kept: &mut BackfillFile,
) -> anyhow::Result<(OpenedExport, Vec<Option<usize>>)> {
    let as_set = Options {
        certain_encoding: true,
        openpgp: settings.reading.openpgp.without_signers(),
        ..settings.reading.clone()
    };
    let as_found = Options {
        skip_if: settings.reading.skip_if.clone(),
        openpgp: settings.reading.openpgp.without_signers(),
        ..Options::default()
    };
    let first = open(kept, as_set);
    if let Ok(export) = &first
        && let Some(has) = columns(accounts, export.headers())
    {
        return first.map(|export| (export, has));
    }
    if let Ok(export) = open(kept, as_found)
        && let Some(has) = columns(accounts, export.headers())
    {
        return Ok((export, has));
    }
    let own = first?;
    Err(match kept.hash {
        Some(_) => renamed(kept, settings, accounts, own.headers()),
        None => neither(&kept.name, settings, accounts, own.headers()),
    })
}

/// The error of a taken file with columns that the accounts' export has no longer. Their names were the export's.
fn renamed(
    kept: &BackfillFile,
    settings: &Settings,
    accounts: &[String],
    own: &[String],
) -> anyhow::Error {
    let gone = own.iter().filter(|header| !accounts.contains(header));
    let gone: Vec<&str> = gone.map(String::as_str).collect();
    Failure::configuration(
        format!(
            "{} has columns that {} does not have any more: `{}`",
            kept.fingerprint(),
            settings.export,
            gone.join("`, `")
        ),
        "name them in the export, and in the mapping, as they are named there: what the file filled in would be lost",
    )
}

/// Where the columns of the accounts' export stand in a file, by their names. One with other columns is none.
fn columns(accounts: &[String], own: &[String]) -> Option<Vec<Option<usize>>> {
    let mut left: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, name) in own.iter().enumerate().rev() {
        left.entry(name).or_default().push(place);
    }
    left.remove("");
    let mut take = |name: &String| left.get_mut(name.as_str())?.pop();
    let columns: Vec<Option<usize>> = accounts.iter().map(&mut take).collect();
    let some = columns.iter().any(Option::is_some);
    (some && left.values().all(Vec::is_empty)).then_some(columns)
}

/// The error of a file that has neither form. Its columns are nobody's word yet: what they look like is told.
fn neither(name: &str, settings: &Settings, accounts: &[String], own: &[String]) -> anyhow::Error {
    let strange = own
        .iter()
        .enumerate()
        .find(|(_, header)| !header.is_empty() && !accounts.contains(header));
    let which = strange.map_or_else(String::new, |(place, header)| {
        format!(
            "; its column {} looks like {}",
            header::position(place),
            shape(header)
        )
    });
    Failure::configuration(
        format!(
            "{name} is neither a sheet of fields (its first column is {KEY}, the others are fields such as owners[0].phoneNumber) nor a corrected {}{which}",
            settings.export
        ),
        format!(
            "{SHEETS}. A corrected export of owners or contacts belongs in its place: then run `bakkt-migrate replan`"
        ),
    )
}

/// Whether a record can have a slot for a path because a file names it: the type decides on the tree, and the rest of
/// what is left out here is never sent.
fn laid_over(path: &str) -> bool {
    path != ACCOUNT_TYPE && !NEVER_SENT.contains(&path::pattern(path).as_str())
}

impl Migration {
    /// The backfill files, in the order in which they apply.
    pub fn layers(&self) -> &[BackfillFile] {
        &self.layers
    }

    /// Opens a backfill file again, or another file in its place: with its form, and ready to be read.
    pub fn reopened(&self, kept: &BackfillFile) -> anyhow::Result<Overlay> {
        let accounts = self.pipeline.export.headers();
        let opened = OpenedOverlay::new(&self.settings, accounts, kept)?;
        let (mapper, plan) = (&self.pipeline.mapper, &self.pipeline.plan);
        let (_, overlay) = opened.ready(&self.settings, (mapper, plan), &mut |_| Ok(()))?;
        Ok(overlay)
    }

    /// Keyed hash of a backfill file's bytes.
    pub fn layer_hash(&self, kept: &BackfillFile) -> anyhow::Result<[u8; 32]> {
        super::file_hash(&self.pipeline.key, &kept.path, &kept.name)
    }
}

/// Refuses a kept file that is gone or is not the one that was taken.
pub(super) fn as_taken(kept: &BackfillFile, hash: anyhow::Result<[u8; 32]>) -> anyhow::Result<()> {
    let Some(taken) = kept.hash else {
        return Ok(());
    };
    let place = kept.path.shown();
    let what = match hash {
        Ok(hash) if hash == taken => return Ok(()),
        Ok(_) => "changed since it was taken",
        Err(_) => "cannot be read",
    };
    Err(Failure::configuration(
        format!("{} ({place}) {what}", kept.fingerprint()),
        "put it back as it was: the plan, and what Bakkt has, are made with it",
    ))
}
