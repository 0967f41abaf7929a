//! `control`: decisions about a run that goes on.
//!
//! With several shards, a rate is that of all of them together and is divided; the number of requests at once is that of each.

use super::place::StatePlace;
use super::{CommandOutput, deciding, target};
use crate::cli::{ControlArgs, ControlVerb, ShardChoice};
use bakkt_engine::control::client;
use bakkt_engine::control::protocol::{ControlAction, ControlReply, ControlRequest};
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::limits::Rate;

/// Tells the run, or the runs of all shards, what was decided.
pub fn run(args: &ControlArgs) -> anyhow::Result<CommandOutput> {
    target::existing_folder(&args.dir)?;
    let reason = deciding::why(&args.reason)?;
    let by = deciding::by(&args.by, &args.dir)?;
    let place = StatePlace::new(&args.dir, args.sandbox, &args.shards)?;
    let places = match args.shards.shard {
        Some(ShardChoice::All(_)) => place
            .shards()
            .iter()
            .map(|shard| place.of(*shard))
            .collect(),
        _ => {
            place.must_be_one()?;
            vec![place]
        }
    };
    let actions = actions(args, u32::try_from(places.len()).unwrap_or(u32::MAX))?;
    let (mut lines, mut told, mut unrecorded) = (Vec::new(), 0, false);
    for place in &places {
        let name = place
            .shard
            .map_or_else(String::new, |shard| format!("shard {shard}: "));
        let mut now = None;
        for what in &actions {
            let request = ControlRequest::Decide {
                what: what.clone(),
                by: by.clone(),
                reason: reason.to_owned(),
            };
            match client::ask(&place.folder(), &request)? {
                Some(ControlReply::Done {
                    now: words,
                    recorded,
                }) => {
                    now = Some(words);
                    unrecorded |= !recorded;
                }
                Some(ControlReply::Refused { why, hint }) => {
                    return Err(Failure::configuration(format!("{name}{why}"), hint));
                }
                Some(ControlReply::Stands(_)) | None => break,
            }
        }
        lines.push(match now {
            None => format!("{name}no run is sending"),
            Some(words) => {
                told += 1;
                format!("{name}{}", in_force(args.what, &words))
            }
        });
    }
    if told == 0 {
        return Err(Failure::cannot(
            format!("no run of {} is sending", args.dir.shown()),
            "`control` is about a run that goes on, on this machine and under this user; add --sandbox for one that sends to the sandbox",
        ));
    }
    if unrecorded {
        lines.push(
            "in force, and not in the journal yet: look whether the run still goes on".to_owned(),
        );
    }
    let is_all = told == places.len() && !unrecorded;
    Ok(CommandOutput {
        text: lines.join("\n"),
        code: if is_all { 0 } else { 3 },
    })
}

fn in_force(what: ControlVerb, words: &str) -> String {
    match (what, words) {
        (ControlVerb::Stop, _) => "stopping: requests on their way end first".to_owned(),
        (ControlVerb::Resume, "") => "goes on".to_owned(),
        (_, "") => "as the settings have it".to_owned(),
        (_, words) => words.to_owned(),
    }
}

/// What each of so many runs is told.
fn actions(args: &ControlArgs, runs: u32) -> anyhow::Result<Vec<ControlAction>> {
    let alone = |action| match args.values.is_empty() {
        true => Ok(vec![action]),
        false => Err(Failure::configuration(
            "this takes no value",
            "such as `control DIR pause --reason \"..\"`",
        )),
    };
    match args.what {
        ControlVerb::Pause => alone(ControlAction::Pause),
        ControlVerb::Resume => alone(ControlAction::Resume),
        ControlVerb::Stop => alone(ControlAction::Stop),
        ControlVerb::Rate if args.values.is_empty() => Err(Failure::configuration(
            "rate takes a kind of call and how often",
            RATES,
        )),
        ControlVerb::Rate => args.values.iter().map(|text| rate(text, runs)).collect(),
        ControlVerb::InFlight => {
            let count = match args.values.as_slice() {
                [text] if text == "limits" => Some(None),
                [text] => text.parse().ok().map(Some),
                _ => None,
            };
            let count = count.ok_or_else(|| {
                Failure::configuration(
                    "in-flight takes one number, or limits",
                    "such as in-flight 4",
                )
            })?;
            Ok(vec![ControlAction::InFlight { count }])
        }
    }
}

const RATES: &str = "such as create=20/s, lookup=300/min or create=limits";

fn rate(text: &str, runs: u32) -> anyhow::Result<ControlAction> {
    let wrong = |why: &str| Failure::configuration(why.to_owned(), RATES);
    let (lane, rate) = text
        .split_once('=')
        .ok_or_else(|| wrong("a rate has a kind of call and how often"))?;
    let rate = match rate {
        "limits" => None,
        rate => {
            let rate: Rate = rate.parse().map_err(|_| wrong("this is not a rate"))?;
            let share = rate.divided(runs).ok_or_else(|| {
                Failure::configuration(
                    format!("{lane}={rate} cannot be divided among {runs} shards: each would have less than one request in its window"),
                    "take a longer window, such as create=120/min for create=2/s",
                )
            })?;
            Some(share.to_string())
        }
    };
    Ok(ControlAction::Rate {
        lane: lane.to_owned(),
        rate,
    })
}
