//! The file that holds verification links, for its owner alone.
//!
//! Owner of its form and its place. Invariant: the links that a stopped call left in a file are still in it when the same command
//! goes on and replaces it, for they are nowhere else. Left out on purpose: whose links are fetched (`links`).

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;

use crate::cli::LinksArgs;
use bakkt_files::output::{FileStart, NewFile, ProtectedPaths, cells, is_taken};
use bakkt_model::error::ShownPath;

/// The columns of the file, and those of a file of an earlier version, which may be replaced all the same.
const COLUMNS: [&str; 3] = ["clientAccountId", "link", "expires"];
const EARLIER_COLUMNS: [&str; 3] = ["client id", "link", "expires"];

/// The file that holds the links, for its owner alone. It is in its place with the first of them.
pub(super) struct LinkFile {
    file: NewFile,
    /// Links in it.
    pub(super) count: u64,
}

impl LinkFile {
    /// Opens it. Of an earlier file that it takes the place of, the lines stay of which `is_kept` says so by their id and link.
    pub(super) fn open(
        args: &LinksArgs,
        protected: &ProtectedPaths,
        is_kept: impl Fn(&str, &str) -> bool,
    ) -> anyhow::Result<LinkFile> {
        let path = match &args.out {
            Some(path) => path.clone(),
            None => named_by_time(&args.dir),
        };
        let begins = [&COLUMNS, &EARLIER_COLUMNS].map(FileStart::columns);
        let begins = FileStart::AnyOf(begins.into());
        let mut file = protected.open(&path, &begins, args.replacing.replace)?;
        file.write_all(&cells::line(&COLUMNS)?)?;
        let mut open = LinkFile { file, count: 0 };
        open.keep_of(&path, is_kept)?;
        Ok(open)
    }

    /// Where the links are.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Writes the lines of the file that is to be replaced again which are kept.
    fn keep_of(&mut self, path: &Path, is_kept: impl Fn(&str, &str) -> bool) -> anyhow::Result<()> {
        if !is_taken(path) {
            return Ok(());
        }
        for line in cells::read_again(path)? {
            let [client_id, link, _] = &line;
            if is_kept(client_id, link) {
                self.file
                    .write_all(&cells::line(&line.each_ref().map(String::as_str))?)?;
                self.count += 1;
            }
        }
        Ok(())
    }

    pub(super) fn line(
        &mut self,
        client_id: &str,
        link: &str,
        expires_at: Option<i64>,
    ) -> anyhow::Result<()> {
        let expires = expires_at
            .and_then(|at| Timestamp::from_millisecond(at).ok())
            .map_or_else(String::new, |at| {
                at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
            });
        let line = cells::line(&[client_id, link, &expires])?;
        self.count += 1;
        let written = self.file.write_all(&line);
        written.with_context(|| format!("cannot write {}", self.file.path().shown()))
    }

    /// What was written is on the disk and in its place.
    pub(super) fn sync(&mut self) -> anyhow::Result<()> {
        self.file.put_in_place()
    }
}

/// `links-20261121-193005.csv`, or the same with a number behind it.
fn named_by_time(dir: &Path) -> PathBuf {
    let time = Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let first = dir.join(format!("links-{time}.csv"));
    let others = (2..100).map(|number| dir.join(format!("links-{time}-{number}.csv")));
    let mut all = std::iter::once(first.clone()).chain(others);
    all.find(|path| !is_taken(path)).unwrap_or(first)
}
