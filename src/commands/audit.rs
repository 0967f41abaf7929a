//! `audit` and `verify-report`: whether a record was altered.

use std::path::Path;

use super::CommandOutput;
use super::report::View;
use crate::cli::{AuditArgs, VerifyReportArgs};
use bakkt_files::signatures::AllowedSigners;
use bakkt_files::small_files;
use bakkt_journal::known_key;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::number::thousands;
use bakkt_report::audit::{
    self, AuditResult, FolderResult, KeptHead, KeptHeads, MANIFEST, heads_in, verify_folder,
};

/// Exit code of something that was altered.
const ALTERED: u8 = 1;
/// Exit code of what could not be checked in full.
const UNCHECKED: u8 = 3;

/// `audit`.
pub fn run(args: &AuditArgs) -> anyhow::Result<CommandOutput> {
    let view = View::of(&args.view)?;
    view.place.must_be_one()?;
    let reader = view.audited_reader()?;
    let (mut heads, mut doubts) = (KeptHeads::default(), Vec::new());
    heads.are_for_all = view.place.is_one_of_all;
    for path in &args.head {
        let found = read_head(path, args.signers.as_deref(), &mut doubts)?;
        heads.together.extend(found);
    }
    let key = known_key(&view.place.folder()).ok();
    let mut found = audit::audit(reader, &heads, key.as_ref())?;
    found.unchecked.extend(doubts);
    let code = match (found.flaws.is_empty(), found.unchecked.is_empty()) {
        (false, _) => ALTERED,
        (true, false) => UNCHECKED,
        (true, true) => 0,
    };
    let text = match args.view.json {
        true => serde_json::to_string(&found)?,
        false => describe(&found),
    };
    Ok(CommandOutput { text, code })
}

/// The heads of a file, or of a sealed report, whose signature is checked when there are signers.
fn read_head(
    path: &Path,
    signers: Option<&Path>,
    doubts: &mut Vec<String>,
) -> anyhow::Result<Vec<Vec<KeptHead>>> {
    let file = match path.is_dir() {
        true => path.join(MANIFEST),
        false => path.to_owned(),
    };
    let text = small_files::read(&file).map_err(|error| {
        Failure::configuration(
            format!("cannot read {}: {error}", file.shown()),
            "--head takes a file that --head-to wrote, or the folder of a sealed report",
        )
    })?;
    let heads = heads_in(&text);
    if heads.is_empty() {
        return Err(Failure::configuration(
            format!("{} holds no head of a chain", file.shown()),
            "--head takes a file that --head-to wrote, or the folder of a sealed report",
        ));
    }
    if path.is_dir() {
        match signers {
            Some(signers) => {
                let signers = AllowedSigners::read(signers)?;
                let found = verify_folder(path, &signers, jiff::Timestamp::now())?;
                if let Some(flaw) = found.flaws.first() {
                    return Err(Failure::configuration(
                        format!("{} is not a report to believe: {flaw}", path.shown()),
                        "`bakkt-migrate verify-report` says all that is wrong with it",
                    ));
                }
            }
            None => doubts.push(format!(
                "the signature of {} was not checked (--signers)",
                path.shown()
            )),
        }
    }
    Ok(heads)
}

fn describe(found: &AuditResult) -> String {
    let mut text = format!(
        "{} entries; the last one is {}\n",
        thousands(found.entries),
        found.head.hash
    );
    if let Some(checkpoint) = found.checkpoint {
        text += &format!(
            "{} rows are as the last checkpoint saw them (entry {checkpoint})\n",
            thousands(found.rows)
        );
    }
    if found.heads > 0 {
        text += &format!("{} from outside: in the chain\n", heads(found.heads));
    }
    for (place, flaw) in found.flaws.iter().enumerate() {
        let first = if place == 0 { "altered" } else { "and" };
        text += &format!("{first}: {}\n", flaw.what);
    }
    for what in &found.unchecked {
        text += &format!("not checked: {what}\n");
    }
    text += match (found.flaws.is_empty(), found.unchecked.is_empty()) {
        (false, _) => "The record was altered, or it is damaged.",
        (true, false) => "Nothing that could be checked was altered.",
        (true, true) => "Nothing was altered.",
    };
    text
}

fn heads(count: u64) -> String {
    match count {
        1 => "the head".to_owned(),
        count => format!("{} heads", thousands(count)),
    }
}

/// `verify-report`.
pub fn verify_report(args: &VerifyReportArgs) -> anyhow::Result<CommandOutput> {
    if !args.folder.is_dir() {
        return Err(Failure::configuration(
            format!("{} is not a folder", args.folder.shown()),
            "name the folder of a sealed report, in which manifest.json lies",
        ));
    }
    let signers = AllowedSigners::read(&args.signers)?;
    let found = verify_folder(&args.folder, &signers, jiff::Timestamp::now())?;
    let code = match (&*found.flaws, &*found.journal, &*found.unchecked) {
        ([], [], []) => 0,
        ([], [], _) => UNCHECKED,
        _ => ALTERED,
    };
    let text = match args.json {
        true => serde_json::to_string(&found)?,
        false => describe_folder(&found),
    };
    Ok(CommandOutput { text, code })
}

fn describe_folder(found: &FolderResult) -> String {
    let mut text = String::new();
    if let (Some(name), Some(key)) = (&found.signed_by, &found.key) {
        text += &format!("signed by {name} ({key})\n");
    }
    if let Some(report) = &found.report {
        text += &format!(
            "{}, to {}, sealed {} by bakkt-migrate {}\n",
            report.name, report.target, report.sealed_at, report.program
        );
        for KeptHead { head, .. } in &report.heads {
            text += &format!("the chain ends with entry {}, {}\n", head.entry, head.hash);
        }
        text += &format!("{} files are as they were\n", thousands(found.files));
    }
    for flaw in &found.flaws {
        text += &format!("altered: {flaw}\n");
    }
    for words in &found.journal {
        text += &format!("says of its journal: {words}\n");
    }
    for words in &found.unchecked {
        text += &format!("not compared: {words}\n");
    }
    text += match (&*found.flaws, &*found.journal, &*found.unchecked) {
        ([], [], []) => "The report is whole and as it was signed.",
        ([], [], _) => {
            "The files are as they were signed; not all of their lines could be compared."
        }
        ([], _, _) => {
            "The files are as they were signed, and say that something is wrong with the journal: do not rely on them before it is explained."
        }
        _ => "The report is not as it was signed, or not by one of these signers.",
    };
    text
}
