//! `init`: a first migration.toml and mapping, guessed from exports.
//!
//! It writes only files that are not there yet, for their owner alone, because a lookup table holds codes of the export.

mod parts;

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;

use super::inspect::{options, surveyed};
use super::{CommandOutput, outputs};
use crate::cli::InitArgs;
use bakkt_discover::guess::{self, write};
use bakkt_discover::inspect::{self, Profile};
use bakkt_discover::try_out;
use bakkt_files::output::{FileStart, NewFile, ProtectedPaths, is_taken};
use bakkt_files::progress::Mode;
use bakkt_folder::migration::today;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::objects::is_object_url;

/// What init may write.
const FILES: [&str; 4] = [
    "migration.toml",
    "mapping.toml",
    "owners.toml",
    "contacts.toml",
];

/// Writes a first migration.toml and mapping.
pub fn run(args: &InitArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    refuse_what_exists(&args.dir)?;
    refuse_twice(&args.files)?;
    let (profiles, exports) = surveyed(&args.files, &options(&args.reading)?, mode)?;
    refuse_copies(&profiles)?;
    parts::refuse(&args.files, &profiles)?;
    refuse_arrays(&profiles)?;
    if let Some(empty) = profiles.iter().find(|profile| profile.rows == 0) {
        return Err(Failure::configuration(
            format!("the export {} has no rows below its header", empty.name),
            "give an export with rows: what columns hold decides how they are mapped",
        ));
    }
    let mut guess = guess::guess(&profiles, &inspect::all_links(&profiles));
    try_out::weighed(&mut guess, &profiles, &exports, today())?;
    let protected = outputs::protected_folder(&args.dir);
    protected.open_folder(&args.dir)?;
    let paths = args
        .files
        .iter()
        .map(|file| relative(&args.dir, file))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let header = args.reading.header_setting();
    let layout = args.reading.layout.as_ref();
    let layout = layout.map(|file| relative(&args.dir, file)).transpose()?;
    let written = write::ReadingKeys {
        header: header.as_deref(),
        layout: layout.as_deref(),
        rows: args.reading.rows.as_deref(),
        member: args.reading.member.as_deref(),
    };
    let files = write::files(&guess, &profiles, &paths, written);
    create_all(&protected, &args.dir, &files)?;
    let text = write::summary(&guess, &profiles, &args.dir.shown());
    Ok(CommandOutput { text, code: 0 })
}

fn refuse_what_exists(dir: &Path) -> anyhow::Result<()> {
    for name in FILES {
        if is_taken(&dir.join(name)) {
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

/// New files for their owner alone: all of them, or none.
fn create_all(
    protected: &ProtectedPaths,
    dir: &Path,
    files: &[write::OutputFile],
) -> anyhow::Result<()> {
    let mut written = Vec::with_capacity(files.len());
    for (name, text) in files {
        let path = dir.join(name);
        // What it begins with is no matter: settings and mappings are inputs, and never replaced.
        let mut file = protected.open(&path, &FileStart::Text("#"), false)?;
        file.write_all(text.as_bytes())
            .with_context(|| format!("cannot write {}", path.shown()))?;
        file.sync()?;
        written.push(file);
    }
    let mut placed = Vec::new();
    for mut file in written {
        if let Err(error) = file.put_in_place() {
            placed.into_iter().try_for_each(NewFile::take_back)?;
            return Err(error);
        }
        placed.push(file);
    }
    Ok(())
}

/// One file under two names would be taken for owners of its own accounts.
fn refuse_twice(files: &[PathBuf]) -> anyhow::Result<()> {
    for (place, file) in files.iter().enumerate() {
        let Ok(whole) = file.canonicalize() else {
            continue;
        };
        let same = |other: &&PathBuf| other.canonicalize().is_ok_and(|other| other == whole);
        if let Some(first) = files[..place].iter().find(same) {
            return Err(given_twice(&first.shown(), &file.shown()));
        }
    }
    Ok(())
}

/// So would a copy of it.
fn refuse_copies(profiles: &[Profile]) -> anyhow::Result<()> {
    for (place, profile) in profiles.iter().enumerate() {
        let same = |other: &&Profile| {
            let columns = other.columns.iter().zip(&profile.columns);
            other.bytes == profile.bytes
                && other.rows == profile.rows
                && other.columns.len() == profile.columns.len()
                && columns.into_iter().all(|(a, b)| {
                    a.name == b.name
                        && a.filled == b.filled
                        && (a.filled == 0 || a.distinct.within(&b.distinct) >= 1.0)
                })
        };
        if let Some(first) = profiles[..place].iter().find(same) {
            return Err(given_twice(&first.name, &profile.name));
        }
    }
    Ok(())
}

/// Elements that are columns would leave behind everybody but the first.
fn refuse_arrays(profiles: &[Profile]) -> anyhow::Result<()> {
    for profile in profiles {
        if let Some(array) = guess::of_people(profile) {
            return Err(Failure::configuration(
                format!(
                    "{} has several people or firms in the array `{array}` of one object",
                    profile.name
                ),
                format!("add --rows {array}: each element is a row of its own then"),
            ));
        }
    }
    Ok(())
}

fn given_twice(first: &str, second: &str) -> anyhow::Error {
    Failure::configuration(
        match first == second {
            true => format!("{first} is given twice with --from"),
            false => format!("{first} and {second} are given with --from and hold the same"),
        },
        "name each export once: that of the accounts, and those of owners or trusted contacts beside it",
    )
}

/// How a file is named from a folder.
fn relative(dir: &Path, file: &Path) -> anyhow::Result<String> {
    if let Some(url) = file.to_str().filter(|name| is_object_url(name)) {
        return Ok(url.to_owned());
    }
    let whole = |path: &Path| {
        path.canonicalize()
            .with_context(|| format!("cannot find {}", path.shown()))
    };
    let (dir, file) = match parts::is_pattern(file) {
        true => (whole(dir)?, parts::whole_pattern(file, &whole)?),
        false => (whole(dir)?, whole(file)?),
    };
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
