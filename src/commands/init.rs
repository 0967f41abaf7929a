//! `init`: a first migration.toml and mapping, guessed from exports.
//!
//! It writes only files that are not there yet, for their owner alone, because a lookup table holds codes of the export.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;

use super::inspect::{options, surveyed};
use super::{Output, outputs};
use crate::cli::InitArgs;
use crate::error::{Failure, ShownPath};
use crate::guess::{self, write};
use crate::inspect;
use crate::output::{Begins, Protected};
use crate::progress::Mode;

/// What init may write.
const FILES: [&str; 4] = [
    "migration.toml",
    "mapping.toml",
    "owners.toml",
    "contacts.toml",
];

/// Runs it.
pub fn run(args: &InitArgs, mode: Mode) -> anyhow::Result<Output> {
    refuse_what_exists(&args.dir)?;
    let profiles = surveyed(&args.files, &options(&args.reading)?, mode)?;
    if let Some(empty) = profiles.iter().find(|profile| profile.rows == 0) {
        return Err(Failure::configuration(
            format!("the export {} has no rows below its header", empty.name),
            "give an export with rows: what columns hold decides how they are mapped",
        ));
    }
    let guess = guess::guess(&profiles, &inspect::links(&profiles));
    let protected = outputs::protected_folder(&args.dir);
    protected.open_folder(&args.dir)?;
    let paths = args
        .files
        .iter()
        .map(|file| relative(&args.dir, file))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let header = args.reading.header_setting();
    for (name, text) in write::files(&guess, &profiles, &paths, header.as_deref()) {
        create(&protected, &args.dir.join(name), &text)?;
    }
    let text = write::summary(&guess, &profiles, &args.dir.shown());
    Ok(Output { text, code: 0 })
}

fn refuse_what_exists(dir: &Path) -> anyhow::Result<()> {
    for name in FILES {
        if dir.join(name).symlink_metadata().is_ok() {
            return Err(Failure::configuration(
                format!(
                    "{} is there already, and init overwrites nothing",
                    dir.join(name).shown()
                ),
                "give another folder, or move the file away",
            ));
        }
    }
    Ok(())
}

/// A new file for its owner alone.
fn create(protected: &Protected, path: &Path, text: &str) -> anyhow::Result<()> {
    // What it begins with is no matter: settings and mappings are inputs, and never replaced.
    let mut file = protected.open(path, &Begins::Text("#"), false)?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.shown()))?;
    file.finish()
}

/// How a file is named from a folder.
fn relative(dir: &Path, file: &Path) -> anyhow::Result<String> {
    let whole = |path: &Path| {
        path.canonicalize()
            .with_context(|| format!("cannot find {}", path.shown()))
    };
    let (dir, file) = (whole(dir)?, whole(file)?);
    let shared = dir
        .components()
        .zip(file.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = dir.components().skip(shared).map(|_| Component::ParentDir);
    let down = file.components().skip(shared);
    let path: PathBuf = up.chain(down).collect();
    path.into_os_string().into_string().map_err(|_| {
        Failure::configuration(
            format!("the path of {} is not UTF-8", file.shown()),
            "move the export to a path without such characters",
        )
    })
}
