//! Backfill files without the rows of a customer who is forgotten.
//!
//! Owner of how such a file is written anew. Every other row keeps its line and its cells: both files are read side by side
//! before the new one counts, and where no way of writing it gives the same rows, nobody is forgotten. A text file keeps all
//! bytes but those of the rows; anything else becomes a workbook of texts. Left out: the other places where a customer stands
//! (`journal::decisions::erasures`).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::opening::layers_folder;
use bakkt_files::state_folder;
use bakkt_folder::migration::{BackfillFile, Migration};
use bakkt_journal::Journal;
use bakkt_journal::decisions::RewrittenLayer;
use bakkt_mapping::pipeline::layers::{Overlay, OverlayWorker};
use bakkt_model::error::Failure;
use bakkt_model::position::Position;
use bakkt_report::plain_sheet::PlainSheet;
use bakkt_source::{Cell, Row, Rows};

/// Rows that are read at once.
const BATCH: usize = 1024;
/// The sheet of a file that has none.
const SHEET: &str = "Backfill";

/// Writes every backfill file anew that has rows of a customer, beside the one that it replaces. `noted` are rows that the
/// journal knows: the file's number and the line.
pub fn without_customer(
    migration: &Migration,
    client_id: &str,
    noted: &BTreeSet<(i64, u64)>,
    state: &Path,
) -> anyhow::Result<Vec<RewrittenLayer>> {
    let mut rewritten = Vec::new();
    for (kept, overlay) in migration.layers().iter().zip(&migration.pipeline.layers) {
        let mut lines = lines_of(migration, overlay, client_id)?;
        let noted = noted.iter().filter(|(layer, _)| *layer == kept.number);
        lines.rows.extend(noted.map(|(_, row)| *row));
        if lines.rows.is_empty() {
            continue;
        }
        rewritten.push(rewrite(migration, kept, overlay, &lines, state)?);
    }
    Ok(rewritten)
}

/// Refuses the last backfill file when it has rows of customers who were forgotten: a copy of it is kept, and would hold what
/// they asked to have erased.
pub fn refuse_forgotten(migration: &Migration, journal: &Journal) -> anyhow::Result<()> {
    let erased = journal.forgotten_ids()?;
    let Some(overlay) = migration
        .pipeline
        .layers
        .last()
        .filter(|_| !erased.is_empty())
    else {
        return Ok(());
    };
    let (mut rows, mut worker) = (Vec::new(), OverlayWorker::default());
    each_row(overlay, |at, row| {
        let id = match row.flaw() {
            None => overlay.id_of(&migration.pipeline.mapper, row, &mut worker),
            Some(_) => None,
        };
        if id.is_some_and(|id| erased.has(id) || erased.resembles(id)) {
            rows.push(at.row.to_string());
        }
        Ok(())
    })?;
    if rows.is_empty() {
        return Ok(());
    }
    let count = rows.len();
    rows.truncate(NAMED);
    let more = if count > NAMED { " and others" } else { "" };
    Err(Failure::configuration(
        format!(
            "the file has rows of customers who were forgotten: {}{more}",
            rows.join(", ")
        ),
        "take these rows out of the file; a backfill file is kept, and nothing of these customers may be",
    ))
}

/// Rows that are named one by one.
const NAMED: usize = 20;

/// The rows of a customer in a file.
#[derive(Default)]
struct CustomerLines {
    rows: BTreeSet<u64>,
    /// The first row of the file.
    first: Option<u64>,
}

fn lines_of(
    migration: &Migration,
    overlay: &Overlay,
    client_id: &str,
) -> anyhow::Result<CustomerLines> {
    let (mut lines, mut worker) = (CustomerLines::default(), OverlayWorker::default());
    each_row(overlay, |at, row| {
        lines.first.get_or_insert(at.row);
        let has_cell = row
            .cells()
            .any(|cell| matches!(cell, Cell::Text(text) if text == client_id));
        let is_of = row.flaw().is_none()
            && overlay.id_of(&migration.pipeline.mapper, row, &mut worker) == Some(client_id);
        if has_cell || is_of {
            lines.rows.insert(at.row);
        }
        Ok(())
    })?;
    Ok(lines)
}

fn each_row(
    overlay: &Overlay,
    mut each: impl FnMut(Position, &Row<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut pass, mut rows) = (overlay.export.pass(), Rows::default());
    while pass.read_batch(&mut rows, BATCH)? {
        for (at, row) in rows.iter() {
            each(at, &row)?;
        }
    }
    Ok(())
}

fn rewrite(
    migration: &Migration,
    kept: &BackfillFile,
    overlay: &Overlay,
    lines: &CustomerLines,
    state: &Path,
) -> anyhow::Result<RewrittenLayer> {
    let folder = layers_folder(state);
    let ways: [(&str, Write); 2] = [("", blanked), ("xlsx", as_workbook)];
    for (extension, write) in ways {
        let Some(bytes) = write(kept, overlay, lines, &folder)? else {
            continue;
        };
        let path = free_name(kept, extension, &folder)?;
        state_folder::replace_file(&path, &bytes)?;
        let sheet = match extension {
            "" => kept.sheet.clone(),
            _ => Some(kept.sheet.clone().unwrap_or_else(|| SHEET.to_owned())),
        };
        let new = BackfillFile {
            path: path.clone(),
            sheet: sheet.filter(|_| extension == "xlsx" || kept.sheet.is_some()),
            ..kept.clone()
        };
        if reads_the_same(migration, &new, overlay, lines).unwrap_or(false) {
            let name = path.file_name().and_then(|name| name.to_str());
            return Ok(RewrittenLayer {
                number: kept.number,
                kept: name.context("a file without a name")?.to_owned(),
                hash: migration.layer_hash(&new)?,
                sheet: new.sheet,
                fingerprint: kept.fingerprint(),
                rows: lines.rows.clone(),
            });
        }
        state_folder::remove_file(&path)?;
    }
    Err(Failure::cannot(
        format!(
            "{} cannot be written anew without the rows of this customer, so nothing was changed",
            kept.fingerprint()
        ),
        "put what it says into the exports, take the customer out there, and run `bakkt-migrate replan`; then forget again",
    ))
}

/// Makes the bytes of a file without some rows; `None`: not of this one.
type Write = fn(&BackfillFile, &Overlay, &CustomerLines, &Path) -> anyhow::Result<Option<Vec<u8>>>;

/// The same bytes, with nothing but the line breaks left of the rows.
fn blanked(
    kept: &BackfillFile,
    overlay: &Overlay,
    lines: &CustomerLines,
    _: &Path,
) -> anyhow::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(&kept.path)?.read_to_end(&mut bytes)?;
    let mut places = Vec::new();
    each_row(overlay, |at, _| {
        if lines.rows.contains(&at.row) {
            places.push((at.offset as usize, at.offset as usize + at.length as usize));
        }
        Ok(())
    })?;
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for (start, end) in places {
        let (Some(before), Some(row)) = (bytes.get(from..start), bytes.get(start..end)) else {
            return Ok(None);
        };
        out.extend_from_slice(before);
        out.extend(row.iter().filter(|byte| matches!(byte, b'\n' | b'\r')));
        from = end;
    }
    out.extend_from_slice(&bytes[from..]);
    Ok(Some(out))
}

/// A workbook of texts, each row where it was.
fn as_workbook(
    kept: &BackfillFile,
    overlay: &Overlay,
    lines: &CustomerLines,
    folder: &Path,
) -> anyhow::Result<Option<Vec<u8>>> {
    let name = kept.sheet.as_deref().unwrap_or(SHEET);
    let mut sheet = PlainSheet::begin(name, folder)?;
    let head = lines.first.unwrap_or(2).saturating_sub(1).max(1);
    let headers = overlay.export.headers();
    sheet.row(head, headers.iter().map(String::as_str))?;
    let mut is_whole = true;
    each_row(overlay, |at, row| {
        if lines.rows.contains(&at.row) {
            return Ok(());
        }
        let cells = row.cells().map(|cell| match cell {
            Cell::Text(text) => Some(text),
            Cell::Broken(_) => None,
        });
        match cells.collect::<Option<Vec<&str>>>() {
            Some(cells) => sheet.row(at.row, cells.into_iter()),
            None => {
                is_whole = false;
                Ok(())
            }
        }
    })?;
    if !is_whole {
        return Ok(None);
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    sheet.finish(&mut bytes)?;
    Ok(Some(bytes.into_inner()))
}

/// Whether a new file has the rows that are left, each at its line, and no other.
fn reads_the_same(
    migration: &Migration,
    new: &BackfillFile,
    overlay: &Overlay,
    lines: &CustomerLines,
) -> anyhow::Result<bool> {
    let reopened = migration.reopened(new)?;
    let mut same = reopened.export.headers() == overlay.export.headers();
    let (mut pass, mut rows, mut next) = (reopened.export.pass(), Rows::default(), 0);
    each_row(overlay, |at, row| {
        if lines.rows.contains(&at.row) || !same {
            return Ok(());
        }
        if next == rows.len() {
            same &= pass.read_batch(&mut rows, BATCH)?;
            next = 0;
        }
        let found = rows.iter().nth(next);
        next += 1;
        same &= found.is_some_and(|(place, other)| {
            place.row == at.row && other.flaw() == row.flaw() && other.cells().eq(row.cells())
        });
        Ok(())
    })?;
    let more = next < rows.len() || pass.read_batch(&mut rows, 1)?;
    Ok(same && !more)
}

/// A name beside that of a file which nobody has.
fn free_name(kept: &BackfillFile, extension: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let own = kept
        .path
        .extension()
        .and_then(|end| end.to_str())
        .unwrap_or("data");
    let extension = if extension.is_empty() { own } else { extension };
    let names =
        (1u32..).map(|count| folder.join(format!("{:04}-{count}.{extension}", kept.number)));
    let mut free = names.filter(|path| !path.exists());
    free.next().context("a name for a file")
}
