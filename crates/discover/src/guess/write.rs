//! The text of the files: `migration.toml`, the mappings, and the summary.
//!
//! Owner of their wording. Invariant: what is written compiles: a field is fed once, hints are comments, and what is
//! required and has no column is `unfed`.

use std::fmt::Write;

use super::columns::Confidence;
use super::elements;
use super::feeds::{MappingLine, section};
use super::not_asked::NotAsked;
use super::numbered::LikeHeaders;
use super::tables::LookupTable;
use super::values::{comment, key, names, quoted};
use super::words;
use super::{Guess, GuessedFile, Rows};
use crate::inspect::Profile;
use bakkt_contract::Level;
use bakkt_model::shell;

/// A file to be written: its name and its text.
pub type OutputFile = (&'static str, String);

/// The name of a sheet's mapping.
fn mapping_name(rows: Rows) -> &'static str {
    match rows {
        Rows::People | Rows::Firms => "mapping.toml",
        Rows::Owners => "owners.toml",
        Rows::Contacts => "contacts.toml",
    }
}

/// What a person said about how the exports are read, as migration.toml says it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadingKeys<'k> {
    /// The value of `header`.
    pub header: Option<&'k str>,
    /// The file of `layout`, from the migration folder.
    pub layout: Option<&'k str>,
    /// The value of `member`.
    pub member: Option<&'k str>,
    /// The value of `rows`.
    pub rows: Option<&'k str>,
}

/// Every file. `paths` are how migration.toml names the exports, `header` is how it says where their headers are.
pub fn files(
    guess: &Guess,
    profiles: &[Profile],
    paths: &[String],
    written: ReadingKeys<'_>,
) -> Vec<OutputFile> {
    let mut files = vec![("migration.toml", migration(guess, profiles, paths, written))];
    for sheet in &guess.sheets {
        files.push((
            mapping_name(sheet.rows),
            mapping(sheet, &profiles[sheet.file], &paths[sheet.file]),
        ));
    }
    files
}

fn migration(
    guess: &Guess,
    profiles: &[Profile],
    paths: &[String],
    written: ReadingKeys<'_>,
) -> String {
    let mut out = String::from(
        "# Written by `bakkt-migrate init` from the exports. Read it through, then: bakkt-migrate check DIR\n",
    );
    for sheet in &guess.sheets {
        let profile = &profiles[sheet.file];
        let table = match sheet.rows {
            Rows::People | Rows::Firms => "source",
            Rows::Owners => "source.owners",
            Rows::Contacts => "source.trusted_contacts",
        };
        let _ = write!(
            out,
            "\n[{table}]\n# {}\nfile = {}\nmapping = {}\n",
            comment(&profile.made),
            quoted(&paths[sheet.file]),
            quoted(mapping_name(sheet.rows))
        );
        if let Some(name) = &profile.sheet {
            let _ = writeln!(out, "sheet = {}", quoted(name));
        }
        if let Some(encoding) = profile.encoding {
            if profile.is_encoding_found {
                out.push_str(
                    "# Found from the bytes: confirm that names with accents read right.\n",
                );
            }
            let _ = writeln!(out, "encoding = {}", quoted(encoding.word()));
        }
        if let Some(header) = written.header {
            let _ = writeln!(out, "header = {header}");
        }
        let texts = [
            ("layout", written.layout),
            ("member", written.member),
            ("rows", written.rows),
        ];
        for (key, value) in texts {
            if let Some(value) = value {
                let _ = writeln!(out, "{key} = {}", quoted(value));
            }
        }
        if let Some(link) = &sheet.link {
            let own = &names(profile)[link.key];
            let account = &names(&profiles[link.to])[link.account_key];
            let _ = writeln!(
                out,
                "# The column that says whose row it is.\nkey = {}",
                quoted(own)
            );
            if own != account {
                let _ = writeln!(out, "account_key = {}", quoted(account));
            }
        }
        if let Some(column) = guess.group_by.filter(|_| sheet.link.is_none()) {
            let _ = writeln!(
                out,
                "# Rows with the same value here are one account, and each of them is an owner.\ngroup_by = {}",
                quoted(&names(profile)[column])
            );
        }
    }
    for file in &guess.further {
        let _ = write!(
            out,
            "\n# {} holds the accounts' ids as well, and nothing uses it.\n",
            comment(&paths[*file])
        );
    }
    out.push_str(SETTINGS);
    if let Some((sheet, status)) = guess
        .sheets
        .iter()
        .find_map(|sheet| Some((sheet, sheet.mapping.status?)))
    {
        let column = &names(&profiles[sheet.file])[status];
        let _ = write!(
            out,
            "\n# Accounts that stay behind. This column seems to say which are open:\n# [exclude]\n# rules = [\n#   {{ column = {}, equals = [\"…\"], reason = \"account closed before the migration\" }},\n# ]\n",
            quoted(column)
        );
    }
    out
}

/// What every migration has to decide.
const SETTINGS: &str = r#"
[accounts]
# What to do when Bakkt knows an id from before this migration and holds other data for it:
# "skip" leaves it alone and reports it, "update" sends ours, "stop" ends the run.
on_existing = "skip"
# Rehearsals with invented customers have tax ids that were never issued; this lets them through, never to Bakkt's production:
# allow_unissued_tax_ids = true

# Where to send, when it is not Bakkt's production; runs with --sandbox need nothing here.
# [target]
# base_url = "https://api.bakkt.com"
# key_file = "key"

# Bakkt publishes no limits: ask for yours.
# [limits]
# create = "10/s"

# How long a customer has to hand in what is missing. The length is in your agreement with Bakkt.
# [grace]
# days = 90
# from = "accepted"
"#;

/// The text of a sheet's mapping. `path` is how migration.toml names the export.
pub(crate) fn mapping(sheet: &GuessedFile, profile: &Profile, path: &str) -> String {
    let mapping = &sheet.mapping;
    let mut out = format!(
        "# Guessed by `bakkt-migrate init` from {}. Behind each line stands how sure it is:\n",
        comment(path)
    );
    out.push_str(HEADER);
    if !mapping.tables.is_empty() {
        out.push_str(CODES);
    }
    if let Some(account_type) = &mapping.account_type {
        let _ = write!(out, "\naccount_type = {account_type}\n");
    }
    out.push_str(MISSING);
    for table in &mapping.tables {
        let _ = write!(out, "\n{}", table.text());
    }
    out.push_str("\n[fields]\n");
    let mut last = None;
    for feed in &mapping.feeds {
        let here = section(&feed.path);
        if last.as_ref() != Some(&here) {
            if let Some(title) = title(here.1) {
                let _ = write!(out, "\n# --- {title}\n");
            }
            last = Some(here);
        }
        let _ = writeln!(out, "{}", line(feed));
    }
    if !mapping.unfed.is_empty() {
        out.push_str("\n# --- required, and no column seems to hold it. Nothing is sent while these stand here.\n");
        for (path, level) in &mapping.unfed {
            let _ = writeln!(
                out,
                "{} = {{ unfed = \"no column seems to hold this\" }}  # {}",
                key(path),
                level.letter()
            );
        }
    }
    if !mapping.hints.is_empty() {
        out.push_str("\n# --- weak guesses: take the # away where they are right.\n");
        for feed in &mapping.hints {
            let _ = writeln!(out, "# {}", comment(&line(feed)));
        }
    }
    if !mapping.unused.is_empty() {
        out.push_str("\n# --- columns that nothing uses\n");
        let names = names(profile);
        let not_asked = NotAsked::of(&profile.columns);
        let alike = LikeHeaders::of(&profile.columns);
        let mut is_unused = vec![false; profile.columns.len()];
        for column in &mapping.unused {
            is_unused[*column] = true;
        }
        for column in &mapping.unused {
            let foreign = words::foreign(&words::tokens(&profile.columns[*column].name));
            // What only a number tells from a column that feeds something is not left out without a word.
            let like = alike.beside(*column, |other| !is_unused[other]);
            let like = like
                .first()
                .map(|like| format!("called like {}", quoted(&names[*like])));
            let reason = not_asked.reason(*column).or(foreign).map(str::to_owned);
            let whose = reason
                .or(like)
                .map_or(String::new(), |whose| format!("  # {}", comment(&whose)));
            let _ = writeln!(out, "# {}{whose}", quoted(&names[*column]));
        }
    }
    out
}

const HEADER: &str = "#   high    header and values agree, and nothing else comes near
#   medium  likely; look at it
#   low     a hint, and the field is required
# A line without one follows from another. Fields and transforms: docs/mapping.md.
";

const CODES: &str = "# The tables below hold codes that occur in the export. Where a meaning is not obvious the line is a comment: fill it in.
";

const MISSING: &str = "
# N/A, 01/01/1900, 999-99-9999 and the like count as empty.
placeholders = true
";

fn line(feed: &MappingLine) -> String {
    let mut line = format!("{} = {}", key(&feed.path), feed.value);
    let sure = feed.confidence.map_or("", Confidence::word);
    let note = [sure, feed.note.as_str()]
        .iter()
        .filter(|text| !text.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(": ");
    if !note.is_empty() {
        let _ = write!(line, "  # {}", comment(&note));
    }
    line
}

fn title(head: &str) -> Option<&str> {
    Some(match head {
        "" => return None,
        "owners[0]" => "the main owner",
        "owners[1]" => "the joint owner; what is taken from the main owner's columns needs `when`",
        "owners[]" => "each row is an owner",
        "entity" => "the entity",
        "investmentProfile" => "the investment profile",
        head if head.starts_with("trustedContacts") => "a trusted contact",
        head => head,
    })
}

/// What init says when it is done.
pub fn summary(guess: &Guess, profiles: &[Profile], dir: &str) -> String {
    let mut out = String::new();
    let mappings = guess.sheets.iter().map(|sheet| mapping_name(sheet.rows));
    for name in mappings.chain(["migration.toml"]) {
        let _ = writeln!(out, "wrote {dir}/{name}");
    }
    for sheet in &guess.sheets {
        one(&mut out, sheet, &profiles[sheet.file]);
    }
    for file in &guess.alone {
        let _ = writeln!(
            out,
            "\n{}: no column of it holds the accounts' ids, so nothing uses it",
            profiles[*file].name
        );
    }
    for file in &guess.further {
        let _ = writeln!(
            out,
            "\n{}: holds the accounts' ids, and nothing uses it: one file of owners and one of trusted contacts can stand beside the accounts, and {}",
            profiles[*file].name,
            taken(guess, profiles)
        );
    }
    let mut mappings = guess.sheets.iter().map(|sheet| &sheet.mapping);
    let tables = mappings.clone().flat_map(|mapping| &mapping.tables);
    let open: usize = tables.map(LookupTable::open).sum();
    let unfed = mappings.any(|mapping| !mapping.unfed.is_empty());
    out.push_str("\nnext:\n");
    for sheet in &guess.sheets {
        let profile = &profiles[sheet.file];
        if let Some(encoding) = profile.encoding.filter(|_| profile.is_encoding_found) {
            let _ = writeln!(
                out,
                "  confirm that {} is written in {}: names with accents must read right",
                profile.name,
                encoding.word()
            );
        }
        if !profile.other_sheets.is_empty() {
            let _ = writeln!(
                out,
                "  confirm that the customers of {} are in sheet `{}`, not in `{}`: --sheet NAME reads another",
                profile.name,
                profile.sheet.as_deref().unwrap_or_default(),
                profile.other_sheets.join("`, `")
            );
        }
    }
    for profile in guess.sheets.iter().map(|sheet| &profiles[sheet.file]) {
        for array in elements::arrays(profile) {
            let _ = writeln!(
                out,
                "  say which element of `{array}` is meant: it has several, and an address or a phone takes one; --rows {} makes rows of them",
                shell::word(array)
            );
        }
    }
    if unfed {
        out.push_str("  feed what is required and unfed, or nothing can be sent\n");
    }
    if open > 0 {
        let _ = writeln!(
            out,
            "  fill in {open} code{} under [lookups]",
            if open == 1 { "" } else { "s" }
        );
    }
    let _ = write!(
        out,
        "  read the lines marked medium and low, then: bakkt-migrate check {}",
        shell::path(dir)
    );
    out
}

/// Which files have the owners and the trusted contacts, in words.
fn taken(guess: &Guess, profiles: &[Profile]) -> String {
    let of = |sheet: &GuessedFile| {
        let what = match sheet.rows {
            Rows::Owners => "owners",
            Rows::Contacts => "trusted contacts",
            Rows::People | Rows::Firms => return None,
        };
        let name = &profiles[sheet.file].name;
        Some(format!("the {what} come from {name}"))
    };
    let known: Vec<String> = guess.sheets.iter().filter_map(of).collect();
    match known.is_empty() {
        true => "no column of it says that its rows are people".into(),
        false => known.join(", "),
    }
}

fn one(out: &mut String, sheet: &GuessedFile, profile: &Profile) {
    let mapping = &sheet.mapping;
    let count = |confidence| {
        let feeds = mapping.feeds.iter();
        feeds.filter(|feed| feed.confidence == confidence).count()
    };
    let _ = writeln!(
        out,
        "\n{}: {} fields mapped ({} high, {} medium, {} low, {} that follow)",
        profile.name,
        mapping.feeds.len(),
        count(Some(Confidence::High)),
        count(Some(Confidence::Medium)),
        count(Some(Confidence::Low)),
        count(None),
    );
    let mut unfed: Vec<&(String, Level)> = mapping.unfed.iter().collect();
    unfed.sort_by_key(|(_, level)| std::cmp::Reverse(*level));
    if !unfed.is_empty() {
        out.push_str("  required and unfed:\n");
        for (path, level) in unfed {
            let _ = writeln!(out, "    {}  {path}", level.letter());
        }
    }
    if !mapping.unused.is_empty() {
        let all = names(profile);
        let unused = mapping.unused.iter().map(|column| all[*column].as_str());
        let names: Vec<&str> = unused.collect();
        let _ = writeln!(out, "  columns that nothing uses: {}", names.join(", "));
    }
}
