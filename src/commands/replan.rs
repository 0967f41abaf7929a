//! `replan`: after a changed export, mapping or policy (invariant 9).
//!
//! Left out: what is said of the changes (`replan_text`).

use std::path::Path;
use std::sync::Arc;

use super::inspect::refuse_keyed_export;
use super::place::StatePlace;
use super::report::View;
use super::run::start_sandbox;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::{CommandOutput, checkpoint, deciding, replan_text, send, target};
use crate::cli::{ReplanArgs, ShardChoice, TargetArgs};
use crate::process::runtime;
use bakkt_engine::requests::RunEnd;
use bakkt_files::progress::Mode;
use bakkt_folder::migration::{Migration, today};
use bakkt_folder::settings::Settings;
use bakkt_journal::decisions::OperatorNote;
use bakkt_journal::replan::{ChangeScope, ChangedFields, Changes, ReplanOptions};
use bakkt_journal::{Journal, now};
use bakkt_model::error::Failure;
use bakkt_model::shard::Shard;
use bakkt_planning::{journal_plan, opening};
use bakkt_report::status_lines;

/// Plans anew, and tells what the new plan changes.
pub fn run(args: &ReplanArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let view = View::at(StatePlace::new(
        &args.dir,
        args.target.sandbox,
        &args.target.shards,
    )?);
    view.must_be_planned()?;
    let by = match args.dry_run {
        true => String::new(),
        false => deciding::by(&args.by, &args.dir)?,
    };
    let reason = deciding::why_unless(args.dry_run, args.reason.as_deref())?;
    let decided = OperatorNote {
        by: &by,
        reason,
        at: now(),
    };
    let how = options(args, decided, args.dry_run);
    let changes = plan_anew(&args.dir, &args.target, how, mode, |_, _| Ok(()))?;
    // After a look as well: what was in doubt may have been settled for it.
    checkpoint::append_at(&view.place, "replan")?;
    let totals = view.totals()?;
    let text = if args.json {
        let mut object = totals.json();
        object["replan"] = serde_json::to_value(&changes)?;
        object.to_string()
    } else {
        format!(
            "{}\n\n{}",
            replan_text::describe(&changes, args),
            status_lines(&totals).trim_end()
        )
    };
    // A look at a plan that would be refused ends as the refusal does.
    let code = if changes.refusal.is_some() { 2 } else { 0 };
    Ok(CommandOutput { text, code })
}

fn options<'a>(
    args: &'a ReplanArgs,
    decided: OperatorNote<'a>,
    dry_run: bool,
) -> ReplanOptions<'a> {
    ReplanOptions {
        update_accepted: args.update_accepted,
        accept_changes: &args.accept_changes,
        accept_new_ids: args.accept_new_ids,
        agreements_acknowledged: args.agreements_acknowledged,
        is_judged_over_all: args.target.shards.is_one_of_all,
        dry_run,
        decided,
        taking: None,
        chosen: None,
    }
}

/// What the updates that are asked for would change in each of several shards, before the first of them gets its new plan; together they are
/// judged as those of a whole migration. Returns why they would be refused.
pub fn look_at_all(
    args: &mut ReplanArgs,
    shards: &[Shard],
    mode: Mode,
) -> anyhow::Result<Option<anyhow::Error>> {
    let mut all = ChangedFields::default();
    let mut places = Vec::new();
    for shard in shards {
        args.target.shards.shard = Some(ShardChoice::One(*shard));
        args.target.shards.is_one_of_all = true;
        let place = StatePlace::new(&args.dir, args.target.sandbox, &args.target.shards)?;
        let view = View::at(place);
        // What is wrong with a shard, it says itself.
        let Ok(reader) = view.planned_reader() else {
            continue;
        };
        let has_any = args.update_accepted || reader.has_updates()?;
        drop(reader);
        if !has_any {
            continue;
        }
        let nobody = OperatorNote {
            by: "",
            reason: None,
            at: now(),
        };
        let how = options(args, nobody, true);
        let changes = plan_anew(&args.dir, &args.target, how, mode, |_, _| Ok(()))
            .map_err(|error| error.context(format!("shard {shard}")))?;
        all.add(&changes.asked_fields);
        places.push(view.place);
    }
    let count = shards.first().map_or(0, |shard| shard.count());
    let scope = match shards.len() == count as usize {
        true => ChangeScope::All,
        false => ChangeScope::SomeShards,
    };
    let refusal = all.stop(&args.accept_changes, scope);
    if refusal.is_some() {
        // What was in doubt may have been settled for the look.
        for place in &places {
            checkpoint::append_at(place, "replan")?;
        }
    }
    Ok(refusal)
}

/// Settles what is in doubt, plans anew, and takes the new plan over. `first` comes between the settling and the plan.
pub(super) fn plan_anew(
    dir: &Path,
    target: &TargetArgs,
    how: ReplanOptions<'_>,
    mode: Mode,
    first: impl FnOnce(&mut Journal, &Migration) -> anyhow::Result<()>,
) -> anyhow::Result<Changes> {
    let signals = Signals::listen(mode)?;
    let destination = Destination::resolve(dir, target)?;
    let place = destination.place.clone();
    let done = runtime()?.block_on(async {
        let Session {
            mut settings,
            journal,
            state,
        } = Session::open_planned(destination)?;
        let mut journal = settled((dir, target), &mut settings, journal, &signals, mode).await?;
        let binding = opening::binding(&journal, &state, today())?;
        let mut migration = opening::open(settings, binding, mode, &|| signals.stopping())?;
        refuse_keyed_export(&migration.pipeline.export)?;
        first(&mut journal, &migration)?;
        let mut scratch = journal.scratch(&state)?;
        if let Some(choice) = how.chosen {
            scratch.try_choice(choice, how.decided)?;
        }
        journal_plan::plan(&mut scratch, &mut migration, mode, &|| signals.stopping())?;
        drop(scratch);
        journal.adopt(&state, how)
    });
    checkpoint::end_failed(&place, "replan", done)
}

/// Nothing may be in doubt when the plan changes: what is, is asked about first; nothing is sent.
pub(super) async fn settled(
    to: (&Path, &TargetArgs),
    settings: &mut Settings,
    journal: Journal,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<Journal> {
    // The old plan's bytes cannot be made any more; whether an older account equals them stays open.
    let sources = send::Sources {
        payload: Arc::new(|_: &_| anyhow::bail!("nothing is sent while settling")),
        document: Arc::new(|_: &_| Err("nothing is sent while settling".to_owned())),
        custody: None,
    };
    settled_by(sources, to, settings, journal, signals, mode).await
}

/// The same, with the bytes that what Bakkt has is compared with.
pub(super) async fn settled_by(
    sources: send::Sources,
    (dir, args): (&Path, &TargetArgs),
    settings: &mut Settings,
    journal: Journal,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<Journal> {
    journal.refuse_shared_ids()?;
    if journal.doubts()? == 0 {
        return Ok(journal);
    }
    let (sandbox, credentials) = if args.sandbox {
        let (sandbox, credentials) = start_sandbox(None, settings).await?;
        (Some(sandbox), credentials)
    } else {
        (None, target::credentials(settings)?)
    };
    let place = StatePlace::new(dir, args.sandbox, &args.shards)?;
    let scope = send::SendScope {
        settle_only: true,
        place: Some(&place),
        ..send::SendScope::default()
    };
    let (journal, ended) = send::send(
        journal,
        settings,
        credentials,
        sources,
        scope,
        signals,
        mode,
    )
    .await?;
    drop(sandbox);
    match ended {
        RunEnd::Stopped(error) => return Err(error),
        RunEnd::Interrupted => {
            return Err(Failure::stopped(
                "stopped; the plan is as it was",
                "run the same command to go on",
            ));
        }
        RunEnd::Finished => {}
    }
    journal.refuse_shared_ids()?;
    let left = journal.doubts()?;
    if left > 0 {
        return Err(Failure::stopped(
            format!("{left} records are still in doubt; the plan is as it was"),
            "when Bakkt can be asked again, run the same command",
        ));
    }
    Ok(journal)
}
