//! What exports are and what their columns hold, without a value of theirs.
//!
//! Owner of [`Profile`], made by one pass over a file of any size on all cores, and of the page that shows it. `guess`
//! builds on the same profiles. Invariants: nothing printed here holds a value, only shapes and counts; memory does not
//! grow with the file. Left out on purpose: which field a column feeds (`guess`).

pub mod classes;
pub mod column;
pub mod dates;
pub mod distinct;
pub mod findings;
pub mod page;
mod placeholder;
pub mod shapes;

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use column::Column;
use distinct::Hasher;

use crate::error::Failure;
use crate::source::{CsvFile, Rows};

/// Rows of a batch.
const BATCH: usize = 512;

/// Batches that may wait for each worker.
const WAITING: usize = 4;

/// What is known of one export.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How messages speak of it.
    pub name: String,
    /// What it is, in words: container, encoding, dialect.
    pub format: Vec<String>,
    /// Size in bytes.
    pub bytes: u64,
    /// Rows below the header.
    pub rows: u64,
    /// Blank lines.
    pub blank_lines: u64,
    /// Rows with fewer cells than the header, and with more.
    pub uneven: (u64, u64),
    /// Its columns, in the order of the file.
    pub columns: Vec<Column>,
}

/// One column of a file equals one of another: `key` of `of` holds values of `account_key` of `to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
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

/// Reads a file through and profiles it. `each` hears how far the pass is, in bytes and rows.
pub fn survey(
    path: &Path,
    hasher: &Hasher,
    mut each: impl FnMut(u64, u64),
) -> anyhow::Result<Profile> {
    let name = path.display().to_string();
    let mut export =
        CsvFile::open(path, &name).map_err(|error| match error.downcast::<Failure>() {
            Ok(failure) => Failure::cannot(failure.message, "give the path of an export"),
            Err(error) => error,
        })?;
    let empty: Vec<Column> = export
        .headers()
        .iter()
        .map(|name| Column::new(name))
        .collect();
    let mut profile = Profile {
        name,
        format: vec!["CSV".into(), "UTF-8".into(), "comma".into()],
        bytes: export.size(),
        rows: 0,
        blank_lines: 0,
        uneven: (0, 0),
        columns: empty.clone(),
    };
    let read = std::thread::scope(|scope| {
        let (mut lanes, mut parts) = (Vec::new(), Vec::new());
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (rows_in, rows_out) = sync_channel::<Rows>(WAITING);
            let (used_in, used_out) = sync_channel::<Rows>(2 * WAITING);
            lanes.push((rows_in, used_out));
            let part = Part::new(&empty);
            parts.push(scope.spawn(move || part.gather(&rows_out, &used_in, hasher)));
        }
        let read = read(&mut export, &lanes, &mut each);
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
    profile.rows = read?;
    profile.blank_lines = export.blank_lines();
    Ok(profile)
}

/// Hands the file's rows to the workers in turn; gives their number.
fn read(
    export: &mut CsvFile,
    lanes: &[(SyncSender<Rows>, Receiver<Rows>)],
    each: &mut impl FnMut(u64, u64),
) -> anyhow::Result<u64> {
    let mut count = 0;
    for (rows_in, used) in lanes.iter().cycle() {
        let mut rows = used.try_recv().unwrap_or_default();
        if !export.read_batch(&mut rows, BATCH)? {
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

/// What one worker has gathered.
struct Part {
    columns: Vec<Column>,
    uneven: (u64, u64),
}

impl Part {
    fn new(empty: &[Column]) -> Part {
        Part {
            columns: empty.to_vec(),
            uneven: (0, 0),
        }
    }

    fn gather(mut self, rows: &Receiver<Rows>, used: &SyncSender<Rows>, hasher: &Hasher) -> Part {
        while let Ok(batch) = rows.recv() {
            for (_, row) in batch.iter() {
                self.uneven.0 += u64::from(row.len() < self.columns.len());
                self.uneven.1 += u64::from(row.len() > self.columns.len());
                for (place, column) in self.columns.iter_mut().enumerate() {
                    column.add(row.cell(place), hasher);
                }
            }
            // A full or closed return lane only costs the buffer.
            let _ = used.try_send(batch);
        }
        self
    }

    fn merge_into(self, profile: &mut Profile) {
        profile.uneven.0 += self.uneven.0;
        profile.uneven.1 += self.uneven.1;
        for (whole, part) in profile.columns.iter_mut().zip(&self.columns) {
            whole.merge(part);
        }
    }
}

/// The share of a file's keys that another must know to be joined.
const JOINED: f64 = 0.8;

/// Files whose rows belong to rows of another: a column of theirs holds the other's distinct values. The best one of
/// each file.
pub fn links(files: &[Profile]) -> Vec<Link> {
    let mut found: Vec<Link> = Vec::new();
    for (of, file) in files.iter().enumerate() {
        let others = files.iter().enumerate().filter(|(to, _)| *to != of);
        let all = others.flat_map(|(to, other)| file_links(of, file, to, other));
        // The surest; between equals, columns of the same name.
        let same = |link: &Link| {
            files[link.of].columns[link.key].name == files[link.to].columns[link.account_key].name
        };
        found.extend(all.max_by(|a, b| {
            let rank = |link: &Link| (link.share, u8::from(same(link)), -(link.key as f64));
            rank(a)
                .partial_cmp(&rank(b))
                .unwrap_or(std::cmp::Ordering::Equal)
        }));
    }
    found
}

fn file_links(of: usize, file: &Profile, to: usize, other: &Profile) -> Vec<Link> {
    let mut found = Vec::new();
    for (account_key, target) in other.columns.iter().enumerate() {
        if !is_key(target) || (target.filled as f64) < 0.9 * other.rows as f64 {
            continue;
        }
        for (key, column) in file.columns.iter().enumerate() {
            if column.filled == 0 || column.average_length() < 3.0 {
                continue;
            }
            let share = column.distinct.within(&target.distinct);
            if share >= JOINED {
                found.push(Link {
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
fn is_key(column: &Column) -> bool {
    use classes::Class::{Date, Email, Money, Name};
    column.distinct.count() as f64 > 0.9 * column.filled as f64
        && column.filled > 1
        && [Date, Email, Money, Name]
            .iter()
            .all(|class| column.share(*class) < 0.5)
}
