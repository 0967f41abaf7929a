//! `inspect`: what exports hold. Reads files and writes none.

use std::path::PathBuf;

use super::Output;
use crate::cli::InspectArgs;
use crate::guess;
use crate::inspect::distinct::Hasher;
use crate::inspect::{self, Profile, page};
use crate::progress::{Mode, Reading};
use crate::source::export::Options;

/// Runs it.
pub fn run(args: &InspectArgs, mode: Mode) -> anyhow::Result<Output> {
    let files = surveyed(&args.files, &args.reading.options(), mode)?;
    let links = inspect::links(&files);
    let meanings = guess::meanings(&guess::guess(&files, &links), &files);
    let read: Vec<page::Read<'_>> = files.iter().zip(meanings).collect();
    let text = if args.json {
        page::json(&read, &links).to_string()
    } else {
        page::text(&read, &links)
    };
    Ok(Output { text, code: 0 })
}

/// The profiles of files.
pub fn surveyed(files: &[PathBuf], options: &Options, mode: Mode) -> anyhow::Result<Vec<Profile>> {
    let hasher = Hasher::default();
    let one = |path: &PathBuf| -> anyhow::Result<Profile> {
        let export = inspect::open(path, options)?;
        let mut shown = Reading::new(mode, "reading", export.size());
        let profile = inspect::survey(&export, &hasher, |bytes, rows| shown.at(bytes, rows))?;
        shown.finish();
        Ok(profile)
    };
    files.iter().map(one).collect()
}
