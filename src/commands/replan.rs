//! `replan`: after a changed export, mapping or policy (invariant 9).

use std::path::Path;
use std::sync::Arc;

use super::place::StatePlace;
use super::report::View;
use super::run::start_sandbox;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::{CommandOutput, checkpoint, deciding, send, target};
use crate::cli::{ReplanArgs, TargetArgs};
use crate::process::runtime;
use bakkt_engine::requests::RunEnd;
use bakkt_files::progress::Mode;
use bakkt_folder::migration::{Migration, today};
use bakkt_folder::settings::Settings;
use bakkt_journal::decisions::OperatorNote;
use bakkt_journal::replan::{
    ChangedAgreements, ChangedOwners, Changes, ReappearedAccounts, ReplanOptions,
    RestrictedAccounts,
};
use bakkt_journal::{Journal, now};
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
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
    let how = ReplanOptions {
        update_accepted: args.update_accepted,
        accept_new_ids: args.accept_new_ids,
        agreements_acknowledged: args.agreements_acknowledged,
        dry_run: args.dry_run,
        decided: OperatorNote {
            by: &by,
            reason,
            at: now(),
        },
        taking: None,
        chosen: None,
    };
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
            describe(&changes, args),
            status_lines(&totals).trim_end()
        )
    };
    // A look at a plan that would be refused ends as the refusal does.
    let refused = !changes.reappeared.is_empty() && !args.accept_new_ids;
    let code = if refused { 2 } else { 0 };
    Ok(CommandOutput { text, code })
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
    runtime()?.block_on(async {
        let Session {
            mut settings,
            journal,
            state,
        } = Session::open_planned(destination)?;
        let mut journal = settled((dir, target), &mut settings, journal, &signals, mode).await?;
        let binding = opening::binding(&journal, &state, today())?;
        let mut migration = opening::open(settings, binding, mode, || signals.stopping())?;
        first(&mut journal, &migration)?;
        let mut scratch = journal.scratch(&state)?;
        if let Some(choice) = how.chosen {
            scratch.try_choice(choice, how.decided)?;
        }
        journal_plan::plan(&mut scratch, &mut migration, mode, || signals.stopping())?;
        drop(scratch);
        journal.adopt(&state, how)
    })
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

fn describe(changes: &Changes, args: &ReplanArgs) -> String {
    let lines = [
        (changes.unchanged, "unchanged"),
        (
            changes.changed_not_sent,
            "changed, not accepted before: planned anew",
        ),
        (changes.left_alone, "changed, accepted before: left alone"),
        (changes.added, "new"),
        (
            changes.further_accounts,
            "of them, people who have an accepted account under another id as well",
        ),
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
    let always = |(count, what): &(u64, &str)| *count > 0 || !what.starts_with("of them");
    for (count, what) in lines.into_iter().filter(always) {
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
    for (count, what) in documents.iter().filter(|_| !changes.documents.is_empty()) {
        text.push_str(&format!("\n  {:>11}  {what}", thousands(*count)));
    }
    add_reappeared(&mut text, changes, args);
    add_ownership(&mut text, &changes.ownership);
    add_agreements(&mut text, &changes.agreements, args.agreements_acknowledged);
    add_restricted(&mut text, &changes.restricted);
    if changes.may_update > 0 {
        text.push_str(
            "\nadd --update-accepted to send the changed ones among the accepted as updates",
        );
    }
    text
}

/// Customers who would get a second account.
fn add_reappeared(text: &mut String, changes: &Changes, args: &ReplanArgs) {
    if changes.reappeared.is_empty() {
        return;
    }
    text.push('\n');
    text.push_str(&changes.reappeared.lines().join("\n    "));
    text.push_str(match args.accept_new_ids {
        true => {
            "\n--accept-new-ids takes them for further accounts: they are sent with the next run"
        }
        false => "\nwithout --dry-run this plan is refused: ",
    });
    if !args.accept_new_ids {
        text.push_str(ReappearedAccounts::REMEDY);
    }
}

/// Owners of entities that changed.
fn add_ownership(text: &mut String, ownership: &ChangedOwners) {
    if ownership.is_empty() {
        return;
    }
    let ChangedOwners {
        accounts,
        added,
        removed,
        changed,
        first,
    } = ownership;
    text.push_str(&format!(
        "\n  {:>11}  accepted entities whose owners changed: {} added, {} removed, {} with another role or share",
        thousands(*accounts),
        thousands(*added),
        thousands(*removed),
        thousands(*changed)
    ));
    text.push_str(&format!(
        "\ntell Bakkt of these changes of ownership (ownership.csv of the report has all of them): {}",
        named(first, *accounts)
    ));
}

/// Agreements that changed, and whether updates may send them.
pub(super) fn add_agreements(
    text: &mut String,
    agreements: &ChangedAgreements,
    is_acknowledged: bool,
) {
    if agreements.is_empty() {
        return;
    }
    let (accounts, ids) = (
        agreements.accounts,
        named(&agreements.first, agreements.accounts),
    );
    text.push_str(&format!(
        "\n  {:>11}  accepted accounts whose agreements changed{}",
        thousands(accounts),
        if is_acknowledged {
            ": acknowledged by both sides"
        } else {
            ", so nothing of them is sent"
        }
    ));
    if !is_acknowledged {
        text.push_str(&format!(
            "\nwhen both sides have acknowledged the changed agreements, add --agreements-acknowledged with --reason WHY: {ids}"
        ));
    }
}

/// The first ids, and how many more there are.
fn named(first: &[String], all: u64) -> String {
    let more = all.saturating_sub(first.len() as u64);
    let ids = first.join(", ");
    match more {
        0 => ids,
        more => format!("{ids} and {} more", thousands(more)),
    }
}

/// What goes by hand: fields and ids, never values.
fn add_restricted(text: &mut String, restricted: &RestrictedAccounts) {
    if restricted.is_empty() {
        return;
    }
    let all = restricted.accounts;
    text.push_str(&format!(
        "\n  {:>11}  accepted accounts changed in what no update may change, so nothing of them is sent:",
        thousands(all)
    ));
    for field in &restricted.fields {
        let count = thousands(field.accounts);
        text.push_str(&format!("\n  {count:>11}    {}", field.path));
    }
    text.push_str(&format!(
        "\nput their rows back as they were, or hand these changes to Bakkt's Operations or Compliance (restricted.csv of the report has all of them): {}",
        restricted.first.join(", ")
    ));
    let more = all - restricted.first.len() as u64;
    if more > 0 {
        text.push_str(&format!(" and {} more", thousands(more)));
    }
}
