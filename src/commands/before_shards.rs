//! What is asked of all shards before a command changes the first of them.
//!
//! Owner of these questions: whether each customer who is named is in a plan, each plan that is approved the plan of its
//! shard, and whether new plans change most accounts of all shards together. A command that one shard would refuse is refused as a whole, before anything has happened. Left out on purpose: how
//! the shards are gone through (`every`).

use std::collections::BTreeMap;
use std::path::Path;

use super::deciding::{self, NamedCustomers};
use super::other_forms::OtherForms;
use super::place::StatePlace;
use super::report::View;
use super::{every, plan, replan};
use crate::cli::{Command, ReplanArgs, ShardChoice, WhoseArgs};
use bakkt_files::progress::{Mode, note};
use bakkt_journal::Reader;
use bakkt_model::error::{Failure, Style, describe};
use bakkt_model::shard::{Shard, shard_of_id};

/// Asks all shards. Returns the exit code that the command ends with even if all goes well.
pub fn look(
    command: &mut Command,
    place: &StatePlace,
    shards: &[Shard],
    mode: Mode,
) -> anyhow::Result<u8> {
    if let Command::Replan(args) = command {
        return no_wide_change(args, shards, mode);
    }
    if let Some(named) = customers(command)? {
        return all_known(&named, place, shards);
    }
    for shard in shards {
        if let Some((.., args)) = every::place_of(command) {
            args.shard = Some(ShardChoice::One(*shard));
        }
        if let Command::Approve(args) = &*command {
            plan::must_be_of_the_plan(args)
                .map_err(|error| error.context(format!("shard {shard}")))?;
        }
    }
    Ok(0)
}

/// Of a change of most accounts, each shard may have too few to notice.
fn no_wide_change(args: &mut ReplanArgs, shards: &[Shard], mode: Mode) -> anyhow::Result<u8> {
    match replan::look_at_all(args, shards, mode)? {
        None => Ok(0),
        Some(refusal) if args.dry_run => {
            note(
                Mode::Lines,
                &format!(
                    "of all shards together: without --dry-run these plans are refused: {}",
                    describe(&refusal, Style::PLAIN)
                ),
            );
            Ok(2)
        }
        Some(refusal) => Err(refusal),
    }
}

/// The customers whom a command names, by id or in a list.
fn customers(command: &Command) -> anyhow::Result<Option<NamedCustomers>> {
    match command {
        Command::Run(args) => only(args.only.as_deref(), &args.dir),
        Command::Verify(args) => only(args.only.as_deref(), &args.dir),
        _ => match whose(command) {
            Some((args, dir)) => deciding::named(args, dir),
            None => Ok(None),
        },
    }
}

fn only(list: Option<&Path>, dir: &Path) -> anyhow::Result<Option<NamedCustomers>> {
    let read = list.map(|path| deciding::read_ids(path, "--only", dir));
    read.transpose()
}

fn whose(command: &Command) -> Option<(&WhoseArgs, &Path)> {
    match command {
        Command::Exclude(args) => Some((&args.whose, &args.view.dir)),
        Command::Waive(args) => Some((&args.whose, &args.view.dir)),
        Command::Retry(args) => Some((&args.whose, &args.view.dir)),
        _ => None,
    }
}

/// The ids that are typed, which each go to one shard.
pub fn typed_ids(command: &mut Command) -> Option<&mut Vec<String>> {
    let whose = match command {
        Command::Exclude(args) => &mut args.whose,
        Command::Waive(args) => &mut args.whose,
        Command::Retry(args) => &mut args.whose,
        _ => return None,
    };
    Some(&mut whose.id).filter(|ids| !ids.is_empty())
}

fn all_known(named: &NamedCustomers, place: &StatePlace, shards: &[Shard]) -> anyhow::Result<u8> {
    let (mut readers, mut unknown, mut absent) = (BTreeMap::new(), Vec::new(), 0_usize);
    for id in &named.ids {
        let count = shards.first().map_or(1, |shard| shard.count());
        let shard = Shard::new(shard_of_id(id, count), count).filter(|it| shards.contains(it));
        let Some(shard) = shard else {
            absent += 1;
            continue;
        };
        // Without a plan nobody can tell; the shard says so itself.
        let open = || View::at(place.of(shard)).planned_reader().ok();
        let reader: &Option<Reader> = readers.entry(shard).or_insert_with(open);
        if let Some(reader) = reader
            && !reader.has_customer(id)?
        {
            unknown.push(id.clone());
        }
    }
    for shard in shards {
        let open = || View::at(place.of(*shard)).planned_reader().ok();
        readers.entry(*shard).or_insert_with(open);
    }
    let readers: Vec<&Reader> = readers.values().flatten().collect();
    OtherForms::of(named, place).refuse_in_all(&unknown, &readers)?;
    named.without(&unknown)?;
    if absent == 0 {
        return Ok(0);
    }
    let what = format!("{absent} of the ids fall to shards that are not here");
    match named.is_list() && absent < named.ids.len() {
        true => {
            note(Mode::Lines, &format!("{what}; the others are taken"));
            Ok(3)
        }
        false => Err(Failure::configuration(
            what,
            "name the folders in which those shards lie with --state",
        )),
    }
}
