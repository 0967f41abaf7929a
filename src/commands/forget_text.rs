//! What `forget` tells: what Bakkt has, what is the merchant's own, and how much went.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::place::{self, StatePlace};
use crate::cli::{ForgetArgs, ShardArgs};
use bakkt_journal::decisions::KnownCustomer;
use bakkt_model::error::ShownPath;
use bakkt_model::number::thousands;
use bakkt_report::audit::is_sealed;
use bakkt_report::rfc3339;

/// How many records went.
pub fn records_in_words(records: u64) -> String {
    match records {
        1 => "1 record".to_owned(),
        records => format!("{} records", thousands(records)),
    }
}

/// The state of the rehearsal, or of a rehearsal that of the migration, and whether the customer goes there as well.
pub enum OtherState {
    /// There is none.
    None,
    /// That of the rehearsal, from which the customer goes.
    Rehearsal(PathBuf),
    /// The same, which stays as it is, and why.
    RehearsalLeft(PathBuf, String),
    /// That of the migration, which stays as it is.
    Real(PathBuf),
}

impl OtherState {
    /// The exit code: a state that still has the customer is for a person.
    pub fn code(&self) -> u8 {
        match self {
            OtherState::None | OtherState::Rehearsal(_) => 0,
            OtherState::RehearsalLeft(..) | OtherState::Real(_) => 3,
        }
    }

    fn line(&self, dir: &Path) -> Option<String> {
        Some(match self {
            OtherState::None => return None,
            OtherState::Rehearsal(root) => {
                format!(
                    "the state of the rehearsal in {} goes as well",
                    root.shown()
                )
            }
            OtherState::RehearsalLeft(root, why) => format!(
                "not erased: the state of the rehearsal in {} may have the customer, and stays as it is: {why}\n  then `bakkt-migrate forget {}` does it, or delete that folder and {}",
                root.shown(),
                place::arguments(dir, true, &ShardArgs::default()),
                dir.join("report/sandbox").shown()
            ),
            OtherState::Real(root) => format!(
                "not erased: the state of the migration itself in {} may have the customer; `bakkt-migrate forget {}` does both",
                root.shown(),
                place::arguments(dir, false, &ShardArgs::default())
            ),
        })
    }

    fn json(&self) -> Value {
        match self {
            OtherState::None => Value::Null,
            OtherState::Rehearsal(root) => json!({"state": root, "erased": true}),
            OtherState::RehearsalLeft(root, why) => {
                json!({"state": root, "erased": false, "why": why})
            }
            OtherState::Real(root) => json!({"state": root, "erased": false}),
        }
    }
}

/// What Bakkt has, and what stays here.
pub fn told(
    args: &ForgetArgs,
    known: &KnownCustomer,
    place: &StatePlace,
    other: &OtherState,
) -> String {
    if args.view.json {
        return json!({
            "dry_run": args.dry_run,
            "at_bakkt": known.at_bakkt,
            "forgotten_before": known.forgotten_at.map(rfc3339),
            "rows": known.rows.iter().map(|(file, row)| json!({"file": file, "row": row})).collect::<Vec<_>>(),
            "entries_that_name_the_id": known.entries,
            "other_state": other.json(),
            "sealed_reports": sealed_reports(&place.dir),
        })
        .to_string();
    }
    let mut lines = Vec::new();
    if args.dry_run {
        lines.push("nothing was changed; this is what would go".to_owned());
    }
    if known.forgotten_at.is_some() && !known.is_known {
        let left = match args.dry_run {
            true => "whatever a killed forget left would go",
            false => "whatever a killed forget left goes",
        };
        lines.push(format!("this customer was forgotten before; {left}"));
    }
    if known.forgotten_at.is_none() && !known.is_known {
        lines.push(
            "nothing here is known of this customer; from now on no plan sends them".to_owned(),
        );
    }
    lines.extend(other.line(&place.dir));
    lines.push(at_bakkt(args.id.trim(), known));
    lines.push("yours, and left alone (the customer is still in them):".to_owned());
    let rows: BTreeSet<String> = known
        .rows
        .iter()
        .map(|(file, row)| format!("  {}: line {row}", place.dir.join(file).shown()))
        .collect();
    lines.extend(rows);
    lines.push("  documents of the customer, and whatever was written where you named it: workbooks, payloads, links".to_owned());
    lines.push("  reports that were sealed or copied before now".to_owned());
    let sealed = sealed_reports(&place.dir).into_iter();
    lines.extend(sealed.map(|folder| format!("    {} is sealed", folder.shown())));
    if !known.entries.is_empty() {
        let entries: Vec<String> = known.entries.iter().map(i64::to_string).collect();
        lines.push(format!(
            "a reason in the chain names the id, and stays: entry {}",
            entries.join(", ")
        ));
    }
    lines.join("\n")
}

/// The sealed reports that lie where `report` puts them: nothing is taken out of them, whoever is in them.
fn sealed_reports(dir: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut sealed = Vec::new();
    let mut to_look_at = vec![dir.join("report")];
    while let Some(folder) = to_look_at.pop() {
        match is_sealed(&folder) {
            true => sealed.push(folder),
            false => to_look_at.extend(below(&folder)),
        }
    }
    sealed.sort();
    sealed
}

/// What Bakkt has, for the request that goes there.
fn at_bakkt(id: &str, known: &KnownCustomer) -> String {
    let held = &known.at_bakkt;
    match known.forgotten_at {
        _ if !held.is_empty() => {}
        Some(at) => {
            return format!(
                "what Bakkt has of this customer was told when they were forgotten, on {}; nothing here knows it any more",
                rfc3339(at)
            );
        }
        None => return "Bakkt has nothing of this customer, as far as is known here".to_owned(),
    }
    let mut lines = vec!["Bakkt has, and must be asked to erase:".to_owned()];
    for account in &held.accounts {
        let known = [&account.bakkt_id, &account.status];
        let known: Vec<&str> = known
            .into_iter()
            .map(String::as_str)
            .filter(|one| !one.is_empty())
            .collect();
        lines.push(format!("  account {id}, at Bakkt {}", known.join(" ")));
    }
    for document in &held.documents {
        lines.push(format!(
            "  document {} {}",
            document.client_document_id, document.document_type
        ));
    }
    if held.kyb {
        lines.push("  the KYB screening of the account".to_owned());
    }
    for one in &held.custody {
        lines.push(format!("  {} {}", one.kind, one.uuid));
    }
    lines.join("\n")
}
