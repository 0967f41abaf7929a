//! `status --watch`: the journal and the runs that send, for the view on the whole terminal.

use super::report::View;
use super::signals::Signals;
use super::{CommandOutput, target};
use crate::cli::StatusArgs;
use bakkt_engine::control::client;
use bakkt_engine::control::protocol::RunView;
use bakkt_files::progress::Mode;
use bakkt_model::number::thousands;
use bakkt_report::watch::{WatchFacts, WatchedRun, watch};

/// Unknown outcomes that are listed.
const LISTED: u32 = 50;

/// Shows it until a person or a signal ends it.
pub fn run(args: &StatusArgs) -> anyhow::Result<CommandOutput> {
    // It sends nothing, so that nothing is on its way which would have to end first.
    let signals = Signals::listen(Mode::Quiet)?;
    let view = View::of(&args.view)?;
    target::existing_folder(&args.view.dir)?;
    watch(|| look(&view), || signals.stopping())?;
    Ok(CommandOutput {
        text: String::new(),
        code: 0,
    })
}

fn look(view: &View) -> anyhow::Result<WatchFacts> {
    let journals = view.journals()?;
    let to = journals.meta("target")?.unwrap_or_default();
    let place = &view.place;
    let places = match view.is_sharded() {
        true => place
            .shards()
            .iter()
            .map(|shard| place.of(*shard))
            .collect(),
        false => vec![place.clone()],
    };
    let runs = places.iter().filter_map(|place| {
        let run = client::look(&place.folder())?;
        let name = match place.shard {
            Some(shard) => format!("Shard {shard}: {}", run.stage),
            None => format!("Sending {}", run.stage),
        };
        Some(watched(run, name))
    });
    Ok(WatchFacts {
        title: format!("{} → {to}", target::name(&place.dir)),
        totals: bakkt_report::Totals::read(&journals)?,
        unknown: journals.unknown_outcomes(LISTED)?,
        now: bakkt_journal::now(),
        runs: runs.collect(),
    })
}

fn watched(run: RunView, name: String) -> WatchedRun {
    let tasks = &run.tasks;
    let done = tasks.accepted + tasks.refused + tasks.gave_up + tasks.held;
    let lanes = run.lanes.into_iter().map(|lane| {
        let in_force = lane
            .steered
            .map_or_else(String::new, |(rate, by)| format!("{rate} by {by}"));
        let sent = lane
            .per_second
            .map_or_else(String::new, |rate| format!("{rate:.1}"));
        [
            lane.name,
            lane.configured,
            in_force,
            sent,
            lane.pressure.unwrap_or_default(),
        ]
    });
    let answers = run.answers.into_iter().rev().map(|answer| {
        [
            format!("{:.1} s", answer.ago_ms as f64 / 1000.0),
            answer.what,
            answer
                .status
                .map_or_else(|| "none".to_owned(), |status| status.to_string()),
            format!("{} ms", thousands(answer.took_ms)),
        ]
    });
    WatchedRun {
        name,
        progress: format!(
            "{} of {} in this run · {} accepted · {} refused · {} in doubt · {} waiting",
            thousands(done),
            thousands(tasks.total),
            thousands(tasks.accepted),
            thousands(tasks.refused),
            thousands(tasks.in_doubt),
            thousands(tasks.waiting),
        ),
        held_back: run.words,
        resting: run
            .resting
            .map_or_else(String::new, |(count, first, last)| match first == last {
                true => format!("{} asked about in {first} s", thousands(count)),
                false => format!("{} asked about in {first} to {last} s", thousands(count)),
            }),
        lanes: lanes.collect(),
        answers: answers.collect(),
    }
}
