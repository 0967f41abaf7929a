//! `inspect`: what exports hold. Reads files and writes none.

use std::path::PathBuf;
use std::sync::Arc;

use super::CommandOutput;
use crate::cli::{InspectArgs, ReadingArgs};
use bakkt_discover::guess::{self, KeyedPeople};
use bakkt_discover::inspect::distinct::Hasher;
use bakkt_discover::inspect::{self, Profile, page};
use bakkt_files::progress::{Mode, ReadingProgress};
use bakkt_folder::settings::layout;
use bakkt_model::error::Failure;
use bakkt_source::encoding::Encoding;
use bakkt_source::export::{HeaderRow, Options, SetBy, SheetSetting, member_pattern};
use bakkt_source::found::DetectedFile;
use bakkt_source::json::JsonRows;
use bakkt_source::{Export, Rows};

/// Prints what exports hold.
pub fn run(args: &InspectArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let (files, _) = surveyed(&args.files, &options(&args.reading)?, mode)?;
    let links = inspect::links(&files);
    let meanings = guess::meanings(&guess::guess(&files, &inspect::all_links(&files)), &files);
    let read: Vec<page::FileReading<'_>> = files.iter().zip(meanings).collect();
    let text = if args.json {
        page::json(&read, &links).to_string()
    } else {
        page::text(&read, &links)
    };
    Ok(CommandOutput { text, code: 0 })
}

/// How the arguments say that files are read.
pub fn options(args: &ReadingArgs) -> anyhow::Result<Options> {
    let encoding = |word: &String| {
        Encoding::from_word(word).ok_or_else(|| {
            Failure::configuration(
                format!("--encoding {word} is no encoding that is known here"),
                format!("one of: {}", Encoding::NAMES.join(", ")),
            )
        })
    };
    let member = |pattern: &String| {
        member_pattern(pattern).map_err(|why| {
            Failure::configuration(
                format!("--member {pattern} is not a pattern: {why}"),
                "such as \"customers*.csv\"",
            )
        })
    };
    Ok(Options {
        encoding: args.encoding.as_ref().map(encoding).transpose()?,
        header: match args.header {
            _ if args.no_header => HeaderRow::None,
            Some(line) => HeaderRow::At(line),
            None => HeaderRow::Find,
        },
        member: args.member.as_ref().map(member).transpose()?,
        rows: args.rows.clone().map(|array| JsonRows {
            array,
            only_elements: false,
        }),
        layout: match &args.layout {
            Some(file) => Some(Arc::new(layout::of_file(file)?)),
            None => None,
        },
        sheet: args.sheet.clone().map(SheetSetting::Name),
        set_by: SetBy::Arguments,
        ..Options::default()
    })
}

/// An object that holds many customers would be one of them, and their ids would be shown as names of columns.
fn refuse_keyed(profile: &Profile) -> anyhow::Result<()> {
    let Some(KeyedPeople(place)) = guess::keyed_people(profile) else {
        return Ok(());
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    let (within, path) = match place.as_str() {
        "" => (String::new(), String::new()),
        place if place.chars().all(is_plain) => (format!(" in `{place}`"), format!(".{place} | ")),
        place => (format!(" in `{place}`"), ".… | ".to_owned()),
    };
    Err(Failure::configuration(
        format!(
            "{} has several customers{within} as keys or as columns of one object, where one object is one row",
            profile.name
        ),
        format!(
            "export one object for each customer: `to_json(orient=\"records\", lines=True)` in pandas; `jq -c '{path}to_entries[] | {{key}} + .value'` makes such lines of objects that are keyed by ids"
        ),
    ))
}

/// Rows of an export that may be objects of several customers each: one that was read as more has a customer in each.
const FEW: usize = 3;

/// Refuses a JSON export of one object, or a few, that hold many customers: with the mapping that suits one of them, all would be one.
pub fn refuse_keyed_export(export: &Export) -> anyhow::Result<()> {
    if !export.found().any(DetectedFile::is_json) {
        return Ok(());
    }
    let mut rows = Rows::default();
    let is_full = export.pass().read_batch(&mut rows, FEW + 1)? && rows.len() > FEW;
    if is_full {
        return Ok(());
    }
    refuse_keyed(&inspect::survey(export, &Hasher::default(), |_, _| {})?)
}

/// The profiles of files, and the files themselves. A file of which one object holds many customers is refused.
pub fn surveyed(
    files: &[PathBuf],
    options: &Options,
    mode: Mode,
) -> anyhow::Result<(Vec<Profile>, Vec<Arc<Export>>)> {
    let hasher = Hasher::default();
    let (mut profiles, mut exports) = (Vec::new(), Vec::new());
    for path in files {
        let export = inspect::open(path, options)?;
        let mut shown = ReadingProgress::new(mode, "reading", export.size());
        let profile = inspect::survey(&export, &hasher, |bytes, rows| shown.at(bytes, rows))?;
        shown.finish();
        refuse_keyed(&profile)?;
        profiles.push(profile);
        exports.push(Arc::new(export));
    }
    Ok((profiles, exports))
}
