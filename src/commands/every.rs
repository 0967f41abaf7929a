//! `--shard all`: a command, done for each shard in turn.
//!
//! Owner of which commands that means, of how their outputs stand together, and of the names of the files that they write. Commands that read all shards at once
//! (`status`, `report --merge`, `events`) take `all` themselves. A command about one customer goes to the customer's shard.
//! Left out on purpose: what is done in a shard (the commands).

use std::path::{Path, PathBuf};

use super::place::StatePlace;
use super::{CommandOutput, one};
use crate::cli::{Command, SessionsCommand, ShardArgs, ShardChoice};
use anyhow::Context;
use bakkt_files::progress::Mode;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::shard::{Shard, shard_of_id};

/// Exit codes, the gravest first.
const GRAVEST: [u8; 5] = [1, 2, 4, 3, 0];

/// Runs a command: for every shard, where that is asked for.
pub fn run(mut command: Command, mode: Mode) -> anyhow::Result<CommandOutput> {
    let shards = match shards_of(&mut command)? {
        None => return one(&command, mode),
        Some(shards) => shards,
    };
    let is_json = is_json(&command);
    let given: Vec<Option<PathBuf>> = outputs(&mut command)
        .into_iter()
        .map(|path| path.clone())
        .collect();
    let (mut texts, mut code) = (Vec::new(), 0);
    for shard in shards {
        if let Some((.., args)) = place_of(&mut command) {
            args.shard = Some(ShardChoice::One(shard));
        }
        for (path, given) in outputs(&mut command).into_iter().zip(&given) {
            *path = given.as_deref().map(|path| named_for(path, shard));
        }
        let output = one(&command, mode).with_context(|| format!("shard {shard}"))?;
        texts.push(match is_json {
            true => output.text,
            false => format!("shard {shard}\n{}", output.text),
        });
        let rank = |code: u8| GRAVEST.iter().position(|known| *known == code);
        if rank(output.code) < rank(code) {
            code = output.code;
        }
    }
    let between = if is_json { "\n" } else { "\n\n" };
    Ok(CommandOutput {
        text: texts.join(between),
        code,
    })
}

/// The shards to go through; none: the command is done once.
fn shards_of(command: &mut Command) -> anyhow::Result<Option<Vec<Shard>>> {
    let customer = match command {
        Command::Resolve(args) => args
            .kyb
            .clone()
            .or(args.manual.clone())
            .or(args.user.clone())
            .or(args.duplicate.clone()),
        _ => None,
    };
    let Some((dir, sandbox, args)) = place_of(command) else {
        return Ok(None);
    };
    let Some(ShardChoice::All(count)) = args.shard else {
        return Ok(None);
    };
    let place = StatePlace::new(&dir, sandbox, args)?;
    let shards = match count {
        Some(count) => Shard::all(count).collect(),
        None => place.shards(),
    };
    let Some(count) = shards.first().map(|shard| shard.count()) else {
        return Err(Failure::configuration(
            format!("{} has no shards yet", dir.shown()),
            "say how many there are to be, such as --shard all/16",
        ));
    };
    Ok(Some(match customer {
        Some(id) => Shard::new(shard_of_id(&id, count), count)
            .into_iter()
            .collect(),
        None => shards,
    }))
}

/// Folder, sandbox or not, and shard of a command that is done shard by shard.
fn place_of(command: &mut Command) -> Option<(PathBuf, bool, &mut ShardArgs)> {
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
        Command::Sessions(args) => match &mut args.what {
            SessionsCommand::Import(args) => (&args.dir, args.sandbox, &mut args.shards),
            _ => return None,
        },
        _ => return None,
    };
    Some((dir.clone(), sandbox, args))
}

/// The files and folders that a command writes where a person says.
fn outputs(command: &mut Command) -> Vec<&mut Option<PathBuf>> {
    match command {
        Command::Check(args) => vec![&mut args.gaps, &mut args.payloads, &mut args.findings],
        Command::Report(args) => vec![&mut args.out],
        Command::Gaps(args) => vec![&mut args.csv, &mut args.sheet],
        Command::Links(args) => vec![&mut args.out],
        _ => Vec::new(),
    }
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
        Command::Sessions(args) => matches!(&args.what, SessionsCommand::Import(args) if args.json),
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
