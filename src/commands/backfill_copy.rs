//! The copy of a backfill file that the plan is made with.
//!
//! Owner of the folder `layers` below a state folder. A copy is whole and on the disk before the journal knows it; one
//! that the journal never came to know is removed, by its handle or by the next backfill. It holds customer data: 0600.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cli::BackfillArgs;
use bakkt_files::state_folder::{begin_file, private_folder};
use bakkt_folder::migration::BackfillFile;
use bakkt_journal::Journal;
use bakkt_model::error::{ShownPath, unreadable};
use bakkt_planning::opening;

/// A copy of a backfill file, removed again unless the file was taken. For a look only, the file itself.
pub struct BackfillCopy {
    path: PathBuf,
    /// Its name below the folder.
    pub name: String,
    ours: bool,
    stays: Cell<bool>,
}

impl BackfillCopy {
    /// Copies the file, under the number that it will have.
    pub fn new(
        args: &BackfillArgs,
        journal: &Journal,
        state: &Path,
    ) -> anyhow::Result<BackfillCopy> {
        let cannot = |error: io::Error| {
            unreadable(
                &format!("read {}", args.file.shown()),
                &error,
                "name the filled sheet or the corrected export",
            )
        };
        if !fs::metadata(&args.file).map_err(cannot)?.is_file() {
            return Err(cannot(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            )));
        }
        let name = format!("{:04}.{}", journal.next_layer()?, extension(&args.file));
        let stays = Cell::new(false);
        if args.dry_run {
            let path = args.file.canonicalize().map_err(cannot)?;
            let ours = false;
            return Ok(BackfillCopy {
                path,
                name,
                ours,
                stays,
            });
        }
        let folder = opening::layers_folder(state);
        private_folder(&folder)?;
        remove_orphans(journal, &folder)?;
        let mut file = File::open(&args.file).map_err(cannot)?;
        let path = folder.join(&name);
        let mut copy = || -> io::Result<()> {
            let copy = begin_file(&folder)?;
            io::copy(&mut file, &mut copy.as_file())?;
            copy.as_file().sync_all()?;
            copy.persist(&path)?;
            File::open(&folder)?.sync_all()
        };
        copy().with_context(|| format!("cannot copy {}", args.file.shown()))?;
        let ours = true;
        Ok(BackfillCopy {
            path,
            name,
            ours,
            stays,
        })
    }

    /// As a layer that is about to be taken.
    pub fn kept(&self, args: &BackfillArgs, number: i64) -> anyhow::Result<BackfillFile> {
        let name = args.file.file_name().context("a file without a name")?;
        Ok(BackfillFile {
            number,
            name: name.to_string_lossy().into_owned(),
            path: self.path.clone(),
            hash: None,
            form: None,
            sheet: args.sheet.clone(),
            refused: BTreeSet::new(),
            who: BTreeMap::new(),
        })
    }

    /// The journal knows it.
    pub fn stays(&self) {
        self.stays.set(true);
    }
}

impl Drop for BackfillCopy {
    fn drop(&mut self) {
        if self.ours && !self.stays.get() {
            // What stays behind here, the next backfill removes.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Files that the journal does not know: of a backfill that died before it was taken.
fn remove_orphans(journal: &Journal, folder: &Path) -> anyhow::Result<()> {
    let layers = journal.layers()?.into_iter();
    let known: BTreeSet<String> = layers.map(|layer| layer.kept).collect();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_known = name.to_str().is_some_and(|name| known.contains(name));
        if !is_known && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The end of the name, where it is a plain one.
fn extension(file: &Path) -> String {
    let end = file.extension().and_then(|end| end.to_str()).unwrap_or("");
    let plain =
        (1..=8).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain {
        end.to_lowercase()
    } else {
        "data".to_owned()
    }
}
