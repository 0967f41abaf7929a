//! What exports are and what their columns hold, without a value of theirs.
//!
//! Owner of [`Profile`], made by one pass over a file of any size on all cores, and of the page that shows it. `guess`
//! builds on the same profiles. Invariants: nothing printed here holds a value, only shapes and counts; memory does not
//! grow with the rows of the file. Left out on purpose: which field a column feeds (`guess`).

pub(crate) mod classes;
pub(crate) mod column;
pub(crate) mod dates;
pub mod distinct;
pub(crate) mod findings;
pub mod page;
pub(crate) mod shapes;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use column::ColumnProfile;
use distinct::Hasher;

use bakkt_model::error::started;
use bakkt_source::container::{self, Container};
use bakkt_source::encoding::Encoding;
use bakkt_source::export::{ExportPass, OpenedExport, Options, SkipReason};
use bakkt_source::{Export, Flaw, Rows};

/// Rows of a batch, and cells of one in a wide file.
const BATCH: usize = 512;
const BATCH_CELLS: usize = 1 << 18;

/// Columns that all workers together keep sums of: a very wide file has fewer workers.
const GATHERED: usize = 10_000;

/// Columns of a file that can be the key of another, the first ones: every column of the other is held against each.
const MOST_KEYS: usize = 64;

/// Batches that may wait for each worker.
const WAITING: usize = 4;

/// What is known of one export.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How messages speak of it.
    pub name: String,
    /// What it is, in words: container, encoding, dialect.
    pub made: String,
    /// The sheet, where there are others that may be meant or a person has named it.
    pub sheet: Option<String>,
    /// The other sheets that are shown and have cells.
    pub other_sheets: Vec<String>,
    /// What its characters are written in, where that is not UTF-8.
    pub encoding: Option<Encoding>,
    /// Whether nobody has said so.
    pub is_encoding_found: bool,
    /// Its files, when there are several.
    pub files: Vec<String>,
    /// What a person should know of how it is made.
    pub remarks: Vec<String>,
    /// Bytes of its text.
    pub bytes: u64,
    /// Rows below the header.
    pub rows: u64,
    /// Blank lines.
    pub blank_lines: u64,
    /// Rows above the header.
    pub titles: u64,
    /// Rows that are the header once more.
    pub repeated_headers: u64,
    /// Rows that are broken as a whole, by what is wrong; their cells are in no column.
    pub flaws: Vec<(Flaw, u64)>,
    /// Its columns, in the order of the file.
    pub columns: Vec<ColumnProfile>,
}

/// One column of a file equals one of another: `key` of `of` holds values of `account_key` of `to`.
#[derive(Clone, Debug, PartialEq)]
pub struct FileLink {
    /// The file whose rows belong to rows of the other, by its place.
    pub of: usize,
    /// Its column.
    pub key: usize,
    /// The other file.
    pub to: usize,
    /// Its column, whose values are all different.
    pub account_key: usize,
    /// The share of the first file's values that the other has.
    pub share: f64,
}

/// Opens an export: one file, or those that a pattern names. What cannot seek goes into a spool that is gone with the
/// process.
pub fn open(path: &Path, options: &Options) -> anyhow::Result<Export> {
    let name = path.to_string_lossy();
    let mut options = options.clone();
    // Of several files, those that are no workbooks have no sheets.
    if !is_workbook(path) {
        options.sheet = None;
    }
    let opened = OpenedExport::new(Path::new(""), &name, &options)?;
    opened.ready(&std::env::temp_dir(), &mut |_| Ok(()))
}

/// Whether a file is a workbook; what cannot be looked at is, so that opening it says why.
fn is_workbook(path: &Path) -> bool {
    let mut start = Vec::new();
    let is_file = path.metadata().is_ok_and(|file| file.is_file());
    // A pipe is not opened: that would wait for a writer.
    let read = is_file.then(|| {
        let mut file = File::open(path)?.take(container::START as u64);
        file.read_to_end(&mut start)
    });
    !matches!(read, Some(Ok(_))) || container::of(&start) == Ok(Container::Workbook)
}

/// Reads an export through and profiles it. `each` hears how far the pass is, in bytes and rows.
pub fn survey(
    export: &Export,
    hasher: &Hasher,
    mut each: impl FnMut(u64, u64),
) -> anyhow::Result<Profile> {
    let names = export.headers();
    let empty: Vec<ColumnProfile> = names
        .iter()
        .map(|name| ColumnProfile::new(name, names.len()))
        .collect();
    let mut profile = about(export);
    let wide = names.len().max(1);
    let batch = (BATCH_CELLS / wide).clamp(1, BATCH);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.min((GATHERED / wide).max(1));
    let mut pass = export.pass();
    let read = std::thread::scope(|scope| {
        let (mut lanes, mut parts) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (rows_in, rows_out) = sync_channel::<Rows>(WAITING);
            let (used_in, used_out) = sync_channel::<Rows>(2 * WAITING);
            lanes.push((rows_in, used_out));
            let part = PartialProfile::new(&empty);
            let gather = move || part.gather(export, &rows_out, &used_in, hasher);
            parts.push(started(Builder::new().spawn_scoped(scope, gather))?);
        }
        let read = read(&mut pass, batch, &lanes, &mut each);
        // The workers end when nothing more can come.
        drop(lanes);
        for part in parts {
            let part = part
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            part.merge_into(&mut profile);
        }
        read
    });
    profile.rows = read?.saturating_sub(profile.repeated_headers);
    profile.blank_lines = pass.blank_lines();
    profile
        .flaws
        .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(profile)
}

/// What is known before the first row.
fn about(export: &Export) -> Profile {
    let found: Vec<_> = export.found().collect();
    let files: Vec<String> = export.files().map(|(name, _)| name.to_owned()).collect();
    Profile {
        name: export.name().to_owned(),
        made: found.first().map_or(String::new(), |first| first.made()),
        sheet: found
            .iter()
            .find(|found| !found.other_sheets.is_empty() || found.is_sheet_said)
            .and_then(|found| found.sheet.clone()),
        other_sheets: found
            .iter()
            .flat_map(|found| found.other_sheets.clone())
            .collect(),
        encoding: found.iter().find_map(|found| {
            found
                .encoding
                .filter(|encoding| *encoding != Encoding::Utf8)
        }),
        is_encoding_found: found.iter().any(|found| found.is_encoding_found),
        files: if files.len() > 1 { files } else { Vec::new() },
        remarks: found
            .first()
            .map_or(Vec::new(), |first| first.remarks.clone()),
        bytes: export.size(),
        rows: 0,
        blank_lines: 0,
        titles: found.iter().map(|file| file.titles).sum(),
        repeated_headers: 0,
        flaws: Vec::new(),
        columns: Vec::new(),
    }
}

/// Hands the file's rows to the workers in turn; gives their number.
fn read(
    pass: &mut ExportPass,
    batch: usize,
    lanes: &[(SyncSender<Rows>, Receiver<Rows>)],
    each: &mut impl FnMut(u64, u64),
) -> anyhow::Result<u64> {
    let mut count = 0;
    for (rows_in, used) in lanes.iter().cycle() {
        let mut rows = used.try_recv().unwrap_or_default();
        if !pass.read_batch(&mut rows, batch)? {
            break;
        }
        count += rows.len() as u64;
        let at = rows.iter().last().map_or(0, |(at, _)| at.offset);
        each(at, count);
        if rows_in.send(rows).is_err() {
            break;
        }
    }
    Ok(count)
}

/// What one worker has gathered from its part of a file.
struct PartialProfile {
    columns: Vec<ColumnProfile>,
    repeated_headers: u64,
    flaws: Vec<(Flaw, u64)>,
}

impl PartialProfile {
    fn new(empty: &[ColumnProfile]) -> PartialProfile {
        PartialProfile {
            columns: empty.to_vec(),
            repeated_headers: 0,
            flaws: Vec::new(),
        }
    }

    fn gather(
        mut self,
        export: &Export,
        rows: &Receiver<Rows>,
        used: &SyncSender<Rows>,
        hasher: &Hasher,
    ) -> PartialProfile {
        while let Ok(batch) = rows.recv() {
            for (_, row) in batch.iter() {
                if let Some(flaw) = row.flaw() {
                    count(&mut self.flaws, flaw, 1);
                } else if export.skipped(&row) == Some(SkipReason::Header) {
                    self.repeated_headers += 1;
                } else {
                    for (place, column) in self.columns.iter_mut().enumerate() {
                        column.add(row.cell(place), hasher);
                    }
                }
            }
            // A full or closed return lane only costs the buffer.
            let _ = used.try_send(batch);
        }
        self
    }

    fn merge_into(self, profile: &mut Profile) {
        profile.repeated_headers += self.repeated_headers;
        for (flaw, more) in self.flaws {
            count(&mut profile.flaws, flaw, more);
        }
        // The first part is the beginning of the whole.
        if profile.columns.is_empty() {
            profile.columns = self.columns;
            return;
        }
        for (whole, part) in profile.columns.iter_mut().zip(&self.columns) {
            whole.merge(part);
        }
    }
}

fn count(flaws: &mut Vec<(Flaw, u64)>, flaw: Flaw, more: u64) {
    match flaws.iter_mut().find(|(known, _)| *known == flaw) {
        Some((_, count)) => *count += more,
        None => flaws.push((flaw, more)),
    }
}

/// The share of a file's keys that another must know to be joined.
const JOINED: f64 = 0.8;

/// Files whose rows belong to rows of another: a column of theirs holds the other's distinct values. The best one of
/// each file; between equals that to the first one.
pub fn links(files: &[Profile]) -> Vec<FileLink> {
    let mut found: Vec<FileLink> = Vec::new();
    for link in all_links(files) {
        match found.iter_mut().find(|known| known.of == link.of) {
            Some(known) if rank(files, &link) > rank(files, known) => *known = link,
            Some(_) => {}
            None => found.push(link),
        }
    }
    found
}

/// The same with the best one of each pair of files.
pub fn all_links(files: &[Profile]) -> Vec<FileLink> {
    let mut found: Vec<FileLink> = Vec::new();
    for (of, file) in files.iter().enumerate() {
        for (to, other) in files.iter().enumerate().filter(|(to, _)| *to != of) {
            let all = file_links(of, file, to, other).into_iter();
            found.extend(all.max_by(|a, b| {
                let (a, b) = (rank(files, a), rank(files, b));
                a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal)
            }));
        }
    }
    found
}

/// The surest; between equals, columns of the same name.
fn rank(files: &[Profile], link: &FileLink) -> (f64, u8, f64) {
    let same =
        files[link.of].columns[link.key].name == files[link.to].columns[link.account_key].name;
    (link.share, u8::from(same), -(link.key as f64))
}

fn file_links(of: usize, file: &Profile, to: usize, other: &Profile) -> Vec<FileLink> {
    let mut found = Vec::new();
    let keys =
        other.columns.iter().enumerate().filter(|(_, target)| {
            is_key(target) && (target.filled as f64) >= 0.9 * other.rows as f64
        });
    for (account_key, target) in keys.take(MOST_KEYS) {
        for (key, column) in file.columns.iter().enumerate() {
            if column.filled == 0 || column.average_length() < 3.0 {
                continue;
            }
            let share = column.distinct.within(&target.distinct);
            if share >= JOINED {
                found.push(FileLink {
                    of,
                    key,
                    to,
                    account_key,
                    share,
                });
            }
        }
    }
    found
}

/// Ids: nearly all different, and nothing that people have besides.
fn is_key(column: &ColumnProfile) -> bool {
    use classes::Class::{Date, Email, Money, Name};
    column.distinct.count() as f64 > 0.9 * column.filled as f64
        && column.filled > 1
        && [Date, Email, Money, Name]
            .iter()
            .all(|class| column.share(*class) < 0.5)
}
