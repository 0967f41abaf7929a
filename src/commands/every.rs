//! `--shard all`: a command, done for each shard in turn.
//!
//! Owner of which commands that means, of how their outputs stand together, and of the names of the files that they write. Commands that read all shards at once
//! (`status`, `report --merge`, `events`) take `all` themselves. A command about one customer goes to the customer's shard.
//! Invariants: once a stop is asked for, no further shard begins; a shard that fails keeps neither the others nor what they
//! print. Left out on purpose: what is done in a shard (the commands), and what is asked of all of them before one is
//! changed (`before_shards`).

use std::path::{Path, PathBuf};

use super::place::{StatePlace, no_shards_yet};
use super::{CommandOutput, before_shards, one, signals};
use crate::cli::{Command, CustodyCommand, SessionsCommand, ShardArgs, ShardChoice};
use bakkt_files::progress::{Mode, note};
use bakkt_model::error::{Failure, FailureKind, Style, describe, exit_code};
use bakkt_model::shard::{Shard, shard_of_id};

/// Exit codes, the gravest first.
const GRAVEST: [u8; 5] = [1, 2, 4, 3, 0];

/// Runs a command: for every shard, where that is asked for.
pub fn run(mut command: Command, mode: Mode) -> anyhow::Result<CommandOutput> {
    let (place, shards) = match shards_of(&mut command)? {
        None => return one(&command, mode),
        Some(found) => found,
    };
    let looked = before_shards::look(&mut command, &place, &shards, mode)?;
    let typed = before_shards::typed_ids(&mut command).map(|ids| ids.clone());
    let is_json = is_json(&command);
    let given: Vec<PathBuf> = outputs(&mut command)
        .into_iter()
        .map(|path| path.clone())
        .collect();
    let (mut texts, mut codes, mut failed) = (Vec::new(), vec![looked], Vec::new());
    for shard in &shards {
        if let Some(ids) = &typed
            && !take_own(&mut command, ids, *shard)
        {
            continue;
        }
        if let Some((.., args)) = place_of(&mut command) {
            args.shard = Some(ShardChoice::One(*shard));
            args.is_one_of_all = true;
        }
        for (path, given) in outputs(&mut command).into_iter().zip(&given) {
            *path = named_for(given, *shard);
        }
        match one(&command, mode) {
            Ok(output) => {
                texts.push(match is_json {
                    true => output.text,
                    false => format!("shard {shard}\n{}", output.text),
                });
                codes.push(output.code);
            }
            Err(error) => failed.push(error.context(format!("shard {shard}"))),
        }
        if signals::is_stop_asked() && Some(shard) != shards.last() {
            note(Mode::Lines, "the shards behind this one were not begun");
            codes.push(FailureKind::Stopped.exit_code());
            break;
        }
    }
    if texts.is_empty() && !failed.is_empty() {
        return Err(failed.swap_remove(0));
    }
    for error in &failed {
        note(Mode::Lines, &describe(error, Style::PLAIN));
        codes.push(match command {
            // What one shard has nothing of, another one has.
            Command::Exclude(_) | Command::Retry(_) => 3,
            _ => exit_code(error),
        });
    }
    let between = if is_json { "\n" } else { "\n\n" };
    Ok(CommandOutput {
        text: texts.join(between),
        code: gravest(&codes),
    })
}

/// Leaves a command the typed ids that fall to a shard; false: there are none.
fn take_own(command: &mut Command, ids: &[String], shard: Shard) -> bool {
    let own = ids.iter().filter(|id| shard.has_id(id));
    let own: Vec<String> = own.cloned().collect();
    let is_asked = !own.is_empty();
    if let Some(typed) = before_shards::typed_ids(command).filter(|_| is_asked) {
        *typed = own;
    }
    is_asked
}

fn gravest(codes: &[u8]) -> u8 {
    let grave = GRAVEST.into_iter().find(|code| codes.contains(code));
    grave.unwrap_or_default()
}

/// The shards to go through, and where they lie; none: the command is done once.
fn shards_of(command: &mut Command) -> anyhow::Result<Option<(StatePlace, Vec<Shard>)>> {
    let (customer, of_one) = (customer(command), of_one_shard(command));
    let Some((dir, sandbox, args)) = place_of(command) else {
        return Ok(None);
    };
    let Some(ShardChoice::All(count)) = args.shard else {
        return Ok(None);
    };
    let place = StatePlace::new(&dir, sandbox, args)?;
    if let Some(what) = of_one {
        return Err(Failure::configuration(
            format!("{what}, and --shard all names every shard"),
            "name the shard, such as --shard 0/16",
        ));
    }
    let shards: Vec<Shard> = match count {
        Some(count) => Shard::all(count).collect(),
        None => place.shards_with_journals(),
    };
    let Some(count) = shards.first().map(|shard| shard.count()) else {
        return Err(no_shards_yet(&dir));
    };
    let shards = match customer {
        Some(id) => Shard::new(shard_of_id(&id, count), count)
            .into_iter()
            .collect(),
        None => shards,
    };
    Ok(Some((place, shards)))
}

/// The customer whom a command is about.
fn customer(command: &Command) -> Option<String> {
    let Command::Resolve(args) = command else {
        return None;
    };
    let named = [
        &args.kyb,
        &args.manual,
        &args.account,
        &args.user,
        &args.duplicate,
    ];
    named.into_iter().find_map(Clone::clone)
}

/// What a command names that means something else in each shard.
fn of_one_shard(command: &Command) -> Option<&'static str> {
    match command {
        Command::Resolve(args) if args.custody_task.is_some() => {
            Some("--custody-task is the number of a task in one shard")
        }
        Command::Resolve(args) if args.document.is_some() => {
            Some("--document is a document of one shard")
        }
        Command::Run(args) if args.limit.is_some() => {
            Some("--limit counts the accounts of one shard")
        }
        _ => None,
    }
}

/// Folder, sandbox or not, and shard of a command that is done shard by shard.
pub(super) fn place_of(command: &mut Command) -> Option<(PathBuf, bool, &mut ShardArgs)> {
    let (dir, sandbox, args) = match command {
        Command::Check(args) => (&args.dir, false, &mut args.shards),
        Command::Plan(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Approve(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Run(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Report(args) if !args.merge => {
            (&args.view.dir, args.view.sandbox, &mut args.view.shards)
        }
        Command::Replan(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Gaps(args) => (&args.view.dir, args.view.sandbox, &mut args.view.shards),
        Command::Waive(args) => (&args.view.dir, args.view.sandbox, &mut args.view.shards),
        Command::Exclude(args) => (&args.view.dir, args.view.sandbox, &mut args.view.shards),
        Command::Backfill(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Retry(args) => (&args.view.dir, args.view.sandbox, &mut args.view.shards),
        Command::Resolve(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Verify(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Links(args) => (&args.dir, args.target.sandbox, &mut args.target.shards),
        Command::Audit(args) => (&args.view.dir, args.view.sandbox, &mut args.view.shards),
        Command::Sessions(args) => match &mut args.what {
            SessionsCommand::Import(args) => (&args.dir, args.sandbox, &mut args.shards),
            SessionsCommand::Wanted(args) => (&args.dir, args.sandbox, &mut args.shards),
            SessionsCommand::Serve(_) => return None,
        },
        Command::Custody(args) => match &mut args.what {
            CustodyCommand::Numbers(args) => {
                (&args.dir, args.target.sandbox, &mut args.target.shards)
            }
        },
        _ => return None,
    };
    Some((dir.clone(), sandbox, args))
}

/// The files and folders that a command writes where a person says.
fn outputs(command: &mut Command) -> Vec<&mut PathBuf> {
    let optional = match command {
        Command::Check(args) => vec![&mut args.gaps, &mut args.payloads, &mut args.findings],
        Command::Report(args) => vec![&mut args.out],
        Command::Gaps(args) => vec![&mut args.csv, &mut args.sheet],
        Command::Links(args) => vec![&mut args.out],
        Command::Sessions(args) => {
            return match &mut args.what {
                SessionsCommand::Wanted(args) => vec![&mut args.out],
                _ => Vec::new(),
            };
        }
        Command::Custody(args) => {
            let CustodyCommand::Numbers(args) = &mut args.what;
            return vec![&mut args.out];
        }
        _ => Vec::new(),
    };
    optional.into_iter().flatten().collect()
}

/// The same path with the shard in its name, `links-shard-3-of-16.csv`, so that no shard replaces the file of another.
fn named_for(path: &Path, shard: Shard) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{}", shard.folder()));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn is_json(command: &Command) -> bool {
    match command {
        Command::Check(args) => args.json,
        Command::Plan(args) => args.json,
        Command::Run(args) => args.json,
        Command::Report(args) => args.view.json,
        Command::Replan(args) => args.json,
        Command::Gaps(args) => args.view.json,
        Command::Waive(args) => args.view.json,
        Command::Exclude(args) => args.view.json,
        Command::Backfill(args) => args.json,
        Command::Retry(args) => args.view.json,
        Command::Resolve(args) => args.json,
        Command::Verify(args) => args.json,
        Command::Links(args) => args.json,
        Command::Audit(args) => args.view.json,
        Command::Sessions(args) => match &args.what {
            SessionsCommand::Import(args) => args.json,
            SessionsCommand::Wanted(args) => args.json,
            SessionsCommand::Serve(_) => false,
        },
        Command::Custody(args) => {
            let CustodyCommand::Numbers(args) = &args.what;
            args.json
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_for_their_shards() {
        let shard = Shard::new(3, 16).unwrap();
        for (given, named) in [
            ("out/links.csv", "out/links-shard-3-of-16.csv"),
            ("report", "report-shard-3-of-16"),
            ("a.b.csv", "a.b-shard-3-of-16.csv"),
        ] {
            assert_eq!(named_for(Path::new(given), shard), Path::new(named));
        }
    }
}
