//! Opening a migration's files, with progress, and what was found out about them.

use std::path::{Path, PathBuf};

use bakkt_files::progress::{Mode, UnpackingProgress};
use bakkt_folder::documents::DocumentListing;
use bakkt_folder::migration::{BackfillFile, Binding, Migration, OverlayForm};
use bakkt_folder::settings::Settings;
use bakkt_journal::Journal;
use bakkt_journal::replan::{RowElement, StoredBackfill};
use bakkt_mapping::pipeline::layers::OwnerIdentity;
use bakkt_source::Export;
use bakkt_source::found::DetectedFile;

use super::drift::{self, Rehash};
use super::survey::refuse_when;

/// Files of one export that are made alike and are named one by one.
const NAMED: usize = 3;

/// The folder below a state folder that keeps backfill files.
pub fn layers_folder(state: &Path) -> PathBuf {
    state.join("layers")
}

/// What a journal binds a migration to: its key, and the backfill files that it took.
pub fn binding(
    journal: &Journal,
    state: &Path,
    as_of: jiff::civil::Date,
) -> anyhow::Result<Binding> {
    Ok(Binding {
        key: journal.key,
        as_of,
        layers: kept(journal.layers()?, state),
    })
}

/// The backfill files of a state folder.
pub(crate) fn kept(layers: Vec<StoredBackfill>, state: &Path) -> Vec<BackfillFile> {
    let folder = layers_folder(state);
    let known = |element: &RowElement| {
        let spoken = (element.row, element.list, element.place);
        let (id, named) = (element.id, element.named);
        (spoken, OwnerIdentity { id, named })
    };
    let kept = |layer: StoredBackfill| BackfillFile {
        path: folder.join(&layer.kept),
        form: OverlayForm::of(&layer.form),
        number: layer.number,
        name: layer.name,
        hash: Some(layer.hash),
        sheet: layer.sheet,
        refused: layer.refused,
        who: layer.elements.iter().map(known).collect(),
    };
    layers.into_iter().map(kept).collect()
}

/// Opens the folder of some settings; `stopping` is asked while what cannot be read in place is unpacked.
pub fn open(
    settings: Settings,
    binding: Binding,
    mode: Mode,
    stopping: &dyn Fn() -> bool,
) -> anyhow::Result<Migration> {
    let mut shown = UnpackingProgress::new(mode);
    let opened = Migration::open(settings, binding, &mut |bytes| {
        shown.at(bytes);
        refuse_when(stopping)
    });
    shown.finish();
    opened
}

/// Opens the folder of a migration as it was planned; refuses what changed since. Keeps in which states the exports are.
pub fn open_planned(
    settings: Settings,
    journal: &Journal,
    state: &Path,
    mode: Mode,
    rehash: Rehash,
    stopping: &dyn Fn() -> bool,
) -> anyhow::Result<Migration> {
    let binding = binding(journal, state, drift::as_of(journal)?)?;
    let migration = open(settings, binding, mode, stopping)?;
    let prints = drift::refuse_drift(journal, &migration, rehash)?;
    // What was hashed in another state than before, and is the same, the next start need not read.
    journal.know_states(&prints)?;
    Ok(migration)
}

/// What was found about every export and the manifest, and the lines of `[policy]` that change nothing, in lines.
pub fn found(migration: &Migration) -> String {
    let manifest = migration.documents.as_ref().and_then(|documents| {
        let DocumentListing::Manifest(manifest) = &documents.from else {
            return None;
        };
        Some(manifest.export())
    });
    let all = migration.exports().chain(manifest);
    let idle = migration.pipeline.plan.idle_moves.iter().map(|pattern| {
        format!("[policy]: \"{pattern}\" changes nothing: no account here has it, nothing feeds the object that it stands in, or this is its level anyway")
    });
    let lines: Vec<String> = all.flat_map(of_export).chain(idle).collect();
    lines.join("\n")
}

/// The lines of one export: files that are made the same way share one.
fn of_export(export: &Export) -> Vec<String> {
    let all: Vec<&DetectedFile> = export.found().collect();
    let mut lines = Vec::new();
    for alike in all.chunk_by(|a, b| (a.made(), &a.remarks) == (b.made(), &b.remarks)) {
        let [first, ..] = alike else { continue };
        let names: Vec<&str> = alike.iter().map(|found| found.file.as_str()).collect();
        let names = match names.len() {
            count if count > NAMED => {
                format!("{} to {} ({count} files)", names[0], names[count - 1])
            }
            _ => names.join(", "),
        };
        lines.push(format!("{names}: {}", first.made()));
        lines.extend(first.remarks.iter().map(|remark| format!("  {remark}")));
    }
    lines
}
