//! `replan`: after a changed export, mapping or policy (invariant 9).

use std::sync::Arc;

use super::report::View;
use super::run::{runtime, sandbox_credentials, start_sandbox};
use super::signals::Signals;
use super::{Output, opening, planning, send, target};
use crate::cli::ReplanArgs;
use crate::error::Failure;
use crate::journal::replan::{Adopt, Changes};
use crate::journal::{Journal, now};
use crate::migration::{Binding, today};
use crate::progress::Mode;
use crate::report::{status_lines, thousands};
use crate::settings::Settings;
use crate::submit::Ended;

/// Runs it.
pub fn run(args: &ReplanArgs, mode: Mode) -> anyhow::Result<Output> {
    let view = View::new(&args.dir, args.target.sandbox);
    view.totals()?;
    let mut settings = crate::migration::settings(&args.dir)?;
    let bound = target::resolve(&args.target, &mut settings)?;
    let folder = target::state_folder(&args.dir, args.target.sandbox);
    let runtime = runtime()?;
    let changes = runtime.block_on(async {
        let signals = Signals::listen(mode)?;
        let journal = Journal::open(&folder)?;
        crate::logging::to_file(&folder);
        journal.bind(&bound, settings.target.dialect.word())?;
        if !journal.is_planned()? {
            return Err(Failure::configuration(
                "there is no whole plan yet",
                "`bakkt-migrate run` makes one",
            ));
        }
        let mut journal = settled(args, &mut settings, journal, &signals, mode).await?;
        let binding = Binding {
            key: journal.key,
            as_of: today(),
        };
        let mut migration = opening::open(settings, binding, mode, || signals.stopping())?;
        let mut scratch = journal.scratch(&folder)?;
        planning::plan(&mut scratch, &mut migration, mode, || signals.stopping())?;
        drop(scratch);
        let how = Adopt {
            update_accepted: args.update_accepted,
            dry_run: args.dry_run,
            reason: args.reason.as_deref(),
            at: now(),
        };
        journal.adopt(&folder, how)
    })?;
    let totals = view.totals()?;
    let text = if args.json {
        let mut object = totals.json();
        object["replan"] = serde_json::to_value(&changes)?;
        object.to_string()
    } else {
        format!(
            "{}\n\n{}",
            describe(&changes, args),
            status_lines(&totals).trim_end()
        )
    };
    Ok(Output { text, code: 0 })
}

/// Nothing may be in doubt when the plan changes: what is, is asked about first; nothing is sent.
async fn settled(
    args: &ReplanArgs,
    settings: &mut Settings,
    journal: Journal,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<Journal> {
    if journal.doubts()? == 0 {
        return Ok(journal);
    }
    let (sandbox, credentials) = if args.target.sandbox {
        (
            Some(start_sandbox(None, settings).await?),
            sandbox_credentials(settings.target.dialect),
        )
    } else {
        (None, target::credentials(settings)?)
    };
    let scope = send::Scope {
        settle_only: true,
        ..send::Scope::default()
    };
    // The old plan's bytes cannot be made any more; whether an older account equals them stays open.
    let sources = send::Sources {
        payload: Arc::new(|_: &_| anyhow::bail!("nothing is sent while settling")),
        document: Arc::new(|_: &_| Err("nothing is sent while settling".to_owned())),
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
        Ended::Stopped(error) => return Err(error),
        Ended::Interrupted => {
            return Err(Failure::stopped(
                "stopped; the plan is as it was",
                "run the same command to go on",
            ));
        }
        Ended::Finished => {}
    }
    let left = journal.doubts()?;
    if left > 0 {
        return Err(Failure::stopped(
            format!("{left} records are still in doubt; the plan is as it was"),
            "when Bakkt can be asked again, run the same command",
        ));
    }
    Ok(journal)
}

fn describe(changes: &Changes, args: &ReplanArgs) -> String {
    let lines = [
        (changes.unchanged, "unchanged"),
        (
            changes.changed_not_sent,
            "changed, not accepted before: planned anew",
        ),
        (
            changes.changed_accepted,
            "changed, accepted before: left alone",
        ),
        (changes.added, "new"),
        (changes.dropped, "no longer to be sent"),
        (
            changes.former,
            "accepted before, no longer to be sent: kept as former accounts",
        ),
        (
            changes.updates,
            "updates planned for changed accepted accounts",
        ),
    ];
    let mut text = String::from(if args.dry_run {
        "the new plan would be (nothing was changed):"
    } else {
        "the new plan:"
    });
    for (count, what) in lines {
        text.push_str(&format!("\n  {:>11}  {what}", thousands(count)));
    }
    let documents = [
        (changes.documents.unchanged, "documents unchanged"),
        (changes.documents.added, "documents new, or with a new file"),
        (changes.documents.dropped, "documents no longer to be sent"),
        (
            changes.documents.former,
            "documents accepted before, no longer in the plan",
        ),
    ];
    for (count, what) in documents.iter().filter(|_| !changes.documents.none()) {
        text.push_str(&format!("\n  {:>11}  {what}", thousands(*count)));
    }
    if changes.changed_accepted > 0 && !args.update_accepted {
        text.push_str(
            "\nadd --update-accepted to send the changed ones among the accepted as updates",
        );
    }
    text
}
