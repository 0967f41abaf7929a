//! `resolve`: a person's word about what nobody can ask: a KYB trigger whose answer was lost, how manual KYB ended, or which
//! of several rows with one id is right.

use std::cell::Cell;

use anyhow::Context;

use super::place::StatePlace;
use super::report::View;
use super::{CommandOutput, checkpoint, deciding, replan};
use crate::cli::{Resolution, ResolveArgs, ResolvedAs};
use bakkt_files::progress::Mode;
use bakkt_journal::custody::UserResolution;
use bakkt_journal::decisions::{AccountResolution, DuplicateChoice, OperatorNote};
use bakkt_journal::replan::ReplanOptions;
use bakkt_journal::{Journal, Reader, now};
use bakkt_mapping::pipeline::duplicates::DuplicateKind;
use bakkt_model::error::Failure;
use bakkt_planning::drift::{self, Rehash};
use bakkt_planning::people::NOT_CHOSEN;
use bakkt_report::status_lines;

/// Records what a person found out.
pub fn run(args: &ResolveArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let view = View::at(StatePlace::new(
        &args.dir,
        args.target.sandbox,
        &args.target.shards,
    )?);
    view.place.must_be_one()?;
    view.must_be_planned()?;
    let decided = OperatorNote {
        by: &deciding::by(&args.by, &args.dir)?,
        reason: Some(deciding::why(&args.reason)?),
        at: now(),
    };
    let what = match (args, args.outcome.clone()) {
        (ResolveArgs { user: Some(id), .. }, Some(outcome)) => {
            custody(&view.place, &CustodyName::User(id), &outcome, decided)?
        }
        (
            ResolveArgs {
                custody_task: Some(task),
                ..
            },
            Some(outcome),
        ) => custody(&view.place, &CustodyName::Task(*task), &outcome, decided)?,
        (
            ResolveArgs {
                account: Some(id),
                bakkt_id,
                ..
            },
            Some(ResolvedAs::Outcome(outcome)),
        ) => account(&view.place, id, (outcome, bakkt_id.as_deref()), decided)?,
        (
            ResolveArgs {
                document: Some(id),
                bakkt_id: Some(own),
                ..
            },
            Some(outcome),
        ) => document(&view.place, (id, own), &outcome, decided)?,
        (_, Some(ResolvedAs::Uuid(_))) => {
            return Err(Failure::configuration(
                "a uuid is no outcome of KYB or of an account",
                "--user and --custody-task take --as UUID or --as not-taken; --account takes --as accepted with --bakkt-id, or --as not-taken",
            ));
        }
        (ResolveArgs { kyb: Some(id), .. }, Some(ResolvedAs::Outcome(outcome))) => {
            kyb(&view.place, id, outcome, decided)?
        }
        (
            ResolveArgs {
                manual: Some(id), ..
            },
            Some(ResolvedAs::Outcome(outcome)),
        ) => manual(&view.place, id, outcome, decided)?,
        (
            ResolveArgs {
                duplicate: Some(id),
                take: Some(take),
                ..
            },
            _,
        ) => duplicate(args, (id, take), decided, mode)?,
        _ => {
            return Err(Failure::configuration(
                "nothing to resolve",
                "--kyb ID --as OUTCOME, --manual ID --as OUTCOME, --account ID --as accepted|not-taken, --document ID --as accepted --bakkt-id ID, --user ID --as UUID|not-taken, or --duplicate ID --take FILE:ROW",
            ));
        }
    };
    checkpoint::append_at(&view.place, "resolve")?;
    let totals = view.totals()?;
    let text = if args.json {
        totals.json_text()
    } else {
        format!("{what}\n\n{}", status_lines(&totals).trim_end())
    };
    Ok(CommandOutput { text, code: 0 })
}

/// How a custody task is named.
enum CustodyName<'a> {
    User(&'a str),
    Task(i64),
}

fn custody(
    place: &StatePlace,
    name: &CustodyName<'_>,
    outcome: &ResolvedAs,
    decided: OperatorNote<'_>,
) -> anyhow::Result<String> {
    let resolution = match outcome {
        ResolvedAs::Uuid(uuid) => UserResolution::Uuid(uuid),
        ResolvedAs::Outcome(Resolution::NotTaken) => UserResolution::NotTaken,
        ResolvedAs::Outcome(Resolution::Refused) => UserResolution::Refused,
        ResolvedAs::Outcome(_) => {
            return Err(Failure::configuration(
                "that is not an outcome of custody",
                "--as UUID when Bakkt has it, under that uuid; --as not-taken when it has not; --as refused when Bakkt forbids it to the customer",
            ));
        }
    };
    if let UserResolution::Uuid(uuid) = resolution {
        in_other_shards(place, |reader, shard| reader.refuse_taken_uuid(uuid, shard))?;
    }
    let mut journal = place.open_journal()?;
    let task = match name {
        CustodyName::User(id) => journal.user_task(id)?,
        CustodyName::Task(task) => Some(*task),
    };
    if let (UserResolution::Uuid(own), Some(task)) = (resolution, task)
        && journal.correct_custody_uuid(
            task,
            own,
            |uuid| is_in_other_shard(place, |reader| reader.has_custody_uuid(uuid)),
            decided,
        )?
    {
        return Ok("it has that uuid now, and nothing else has".to_owned());
    }
    match name {
        CustodyName::User(id) => journal.resolve_user(id, resolution, decided)?,
        CustodyName::Task(task) => journal.resolve_custody_task(*task, resolution, decided)?,
    }
    let what = match resolution {
        UserResolution::Uuid(_) => "it counts as made; what waited for it goes with the next run",
        UserResolution::NotTaken => "it is sent again with the next run, under a new key",
        UserResolution::Refused => "it counts as refused; `retry` sends it again",
    };
    Ok(what.to_owned())
}

/// Asks every other shard whose journal lies here; such as to refuse a uuid under which Bakkt has a customer of it.
fn in_other_shards(
    place: &StatePlace,
    ask: impl Fn(&Reader, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (shard, path) in place.journals_of_other_shards() {
        let reader = Reader::open(&path)
            .with_context(|| format!("cannot look the id up in shard {shard}"))?;
        ask(&reader, &shard.to_string())?;
    }
    Ok(())
}

/// An account that was answered with the bakktId of another one.
fn account(
    place: &StatePlace,
    id: &str,
    (outcome, bakkt_id): (Resolution, Option<&str>),
    decided: OperatorNote<'_>,
) -> anyhow::Result<String> {
    let resolution = match (outcome, bakkt_id) {
        (Resolution::Accepted, bakkt_id) => AccountResolution::Accepted(bakkt_id),
        (Resolution::NotTaken, None) => AccountResolution::NotTaken,
        _ => {
            return Err(Failure::configuration(
                "that is not an outcome of an account",
                "--account takes --as accepted, with --bakkt-id where you know it, or --as not-taken",
            ));
        }
    };
    if let AccountResolution::Accepted(Some(id)) = resolution {
        in_other_shards(place, |reader, shard| {
            reader.refuse_taken_bakkt_id(id, shard)
        })?;
    }
    let mut journal = place.open_journal()?;
    if let AccountResolution::Accepted(Some(own)) = resolution
        && journal.correct_bakkt_id(
            id,
            own,
            |id| is_in_other_shard(place, |reader| reader.has_bakkt_id(id)),
            decided,
        )?
    {
        return Ok("the account has that bakktId now, and no other customer's".to_owned());
    }
    journal.resolve_account(id, resolution, decided)?;
    let what = match resolution {
        AccountResolution::Accepted(_) => {
            "the account counts as accepted; what waited for it goes with the next run"
        }
        AccountResolution::NotTaken => "the account is sent again with the next run",
    };
    Ok(what.to_owned())
}

/// A document that stands under the id of another one.
fn document(
    place: &StatePlace,
    (document, own): (&str, &str),
    outcome: &ResolvedAs,
    decided: OperatorNote<'_>,
) -> anyhow::Result<String> {
    if *outcome != ResolvedAs::Outcome(Resolution::Accepted) {
        return Err(Failure::configuration(
            "that is not an outcome of a document",
            "--document takes --as accepted with --bakkt-id, the id under which Bakkt has it",
        ));
    }
    in_other_shards(place, |reader, shard| {
        reader.refuse_taken_document_id(own, shard)
    })?;
    place.open_journal()?.correct_document_id(
        document,
        own,
        |id| is_in_other_shard(place, |reader| reader.has_document_id(id)),
        decided,
    )?;
    Ok("the document has that id now, and no other one".to_owned())
}

/// Whether another shard here has an id of Bakkt's.
fn is_in_other_shard(
    place: &StatePlace,
    has: impl Fn(&Reader) -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    let is_there = Cell::new(false);
    in_other_shards(place, |reader, _| {
        is_there.set(is_there.get() || has(reader)?);
        Ok(())
    })?;
    Ok(is_there.get())
}

fn kyb(
    place: &StatePlace,
    id: &str,
    outcome: Resolution,
    decided: OperatorNote<'_>,
) -> anyhow::Result<String> {
    let accepted = match outcome {
        Resolution::Accepted => true,
        Resolution::NotTaken => false,
        Resolution::Approved | Resolution::Rejected | Resolution::Refused => {
            return Err(Failure::configuration(
                "that is not an outcome of a KYB trigger",
                "--kyb takes --as accepted or --as not-taken; manual KYB is approved or rejected",
            ));
        }
    };
    let mut journal = place.open_journal()?;
    journal.resolve_kyb(id, accepted, decided)?;
    let what = if accepted {
        "the KYB screening counts as triggered"
    } else {
        "the KYB screening is triggered again with the next run"
    };
    Ok(what.to_owned())
}

fn manual(
    place: &StatePlace,
    id: &str,
    outcome: Resolution,
    decided: OperatorNote<'_>,
) -> anyhow::Result<String> {
    let is_approved = match outcome {
        Resolution::Approved => true,
        Resolution::Rejected => false,
        Resolution::Accepted | Resolution::NotTaken | Resolution::Refused => {
            return Err(Failure::configuration(
                "that is not an outcome of manual KYB",
                "--manual takes --as approved or --as rejected",
            ));
        }
    };
    let mut journal = place.open_journal()?;
    journal.resolve_manual_kyb(id, is_approved, decided)?;
    let what = if is_approved {
        "manual KYB of this account ended with an approval"
    } else {
        "manual KYB of this account ended with a rejection"
    };
    Ok(what.to_owned())
}

/// The plan is made anew with the row that was chosen: it gets a verdict of its own.
fn duplicate(
    args: &ResolveArgs,
    (id, take): (&str, &str),
    decided: OperatorNote<'_>,
    mode: Mode,
) -> anyhow::Result<String> {
    let place = take.rsplit_once(':');
    let place = place.and_then(|(file, row)| Some((file, row.parse::<u64>().ok()?)));
    let Some((file, row)) = place else {
        return Err(Failure::configuration(
            "--take names no row",
            "a file and a line as reconciliation.csv names them, such as export.csv:12",
        ));
    };
    let how = ReplanOptions {
        update_accepted: false,
        accept_changes: &[],
        accept_new_ids: false,
        is_judged_over_all: false,
        agreements_acknowledged: false,
        dry_run: false,
        decided,
        taking: None,
        chosen: Some(DuplicateChoice {
            client_id: id,
            file,
            row,
        }),
    };
    replan::plan_anew(&args.dir, &args.target, how, mode, |journal, migration| {
        // Only the choice changes the plan; whatever else changed is for `replan` to show.
        drift::refuse_drift(journal, migration, Rehash::Changed)?;
        contested(journal, id, (file, row))?;
        journal.may_choose(id)
    })?;
    Ok(format!(
        "line {row} of {file} is the one that counts; the other rows stay duplicates"
    ))
}

/// Refuses a choice where there is none.
fn contested(journal: &Journal, id: &str, place: (&str, u64)) -> anyhow::Result<()> {
    let rivals = journal.rivals(id)?;
    let mut open = false;
    for rival in &rivals {
        open |= journal.is_contested(
            rival.record,
            &[DuplicateKind::Conflicting.reason(), NOT_CHOSEN],
        )?;
    }
    if !open {
        return Err(Failure::configuration(
            "no rows with different data share this id",
            "reconciliation.csv lists duplicates with their reasons",
        ));
    }
    if rivals
        .iter()
        .any(|rival| (rival.file.as_str(), rival.row) == place)
    {
        return Ok(());
    }
    let places = rivals
        .iter()
        .map(|rival| format!("{}:{}", rival.file, rival.row));
    Err(Failure::configuration(
        "--take names no row with this id",
        format!(
            "its rows are {}",
            places.take(20).collect::<Vec<_>>().join(", ")
        ),
    ))
}
