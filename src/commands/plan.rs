//! `plan` and `approve`: what is to be sent, with its hash, and the signatures of those who agree to it.

use serde_json::json;

use super::inspect::refuse_keyed_export;
use super::place::StatePlace;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::{CommandOutput, checkpoint, code, custody_stage, outputs, report, send, target};
use crate::cli::{ApproveArgs, PlanArgs};
use bakkt_files::progress::Mode;
use bakkt_files::signatures::{AllowedSigners, Signer};
use bakkt_folder::migration::{Migration, today};
use bakkt_folder::settings::Settings;
use bakkt_folder::settings::approval::ApprovalSettings;
use bakkt_journal::Journal;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::number::thousands;
use bakkt_planning::approval::{self, ApprovalSubject, ApprovalTerms, Pilot};
use bakkt_planning::drift::Rehash;
use bakkt_planning::{forecast, journal_plan, opening};
use bakkt_report::plan_page::{self, PlanFacts};
use bakkt_report::status_lines;

/// Makes the plan, or finds it; prints what it is and writes its page.
pub fn run(args: &PlanArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    let destination = Destination::resolve(&args.dir, &args.target)?;
    let (target, place) = (destination.target.clone(), destination.place.clone());
    // Not after a whole export was read.
    let page = place.plan();
    outputs::protected(&destination.settings).look_at_folder(&page, &plan_page::files())?;
    let session = Session::open(destination)?;
    let (mut journal, migration) = planned(session, args.rehash, &signals, mode)?;
    let settings = &migration.settings;
    let hash = checkpoint::append_beside(&mut journal, "plan", |journal| {
        approval::plan_hash(journal, settings)
    })?;
    let mut work = send::work(&journal, None, false)?.words();
    if migration.custody.is_some() {
        let tasks = thousands(custody_stage::unfinished(&journal)?);
        work += &format!(", and up to {tasks} custody tasks");
    }
    let forecasts = forecasts(&journal, settings)?;
    let approvals = approval_words(settings, args.target.sandbox)?;
    let migration_id = bakkt_journal::registry::migration_id(&journal);
    let protected = outputs::protected(settings);
    drop(journal);
    let view = report::View::at(place);
    let totals = view.totals()?;
    let facts = PlanFacts {
        name: target::name(&args.dir),
        hash: hash.clone(),
        migration: migration_id.clone(),
        target: target.clone(),
        dialect: settings.target.dialect.word(),
        work: work.clone(),
        forecasts: forecasts.clone(),
        approvals: approvals.clone(),
        at: jiff::Timestamp::now(),
    };
    let folder = view.place.plan();
    let page = plan_page::write(&protected.open_folder(&folder)?, &totals, &facts)?;
    let text = if args.json {
        let mut object = totals.json();
        object["plan"] = json!({
            "hash": hash, "migration": migration_id, "target": target, "dialect": facts.dialect,
            "to_send": work, "forecast": forecasts,
        });
        object.to_string()
    } else {
        let mut lines = vec![
            format!("plan        {hash}"),
            format!("migration   {migration_id}"),
            format!("target      {target} ({})", facts.dialect),
            format!("to send     {work}"),
        ];
        lines.extend(forecasts);
        lines.push(format!("approval    {approvals}"));
        lines.push(format!("\n{}", status_lines(&totals).trim_end()));
        lines.push(format!("\npage: {}", page.shown()));
        lines.join("\n")
    };
    Ok(CommandOutput {
        text,
        code: code(&totals),
    })
}

/// The journal with a whole plan of the export as it is now: planned before and the same, or planned now.
pub fn planned(
    session: Session,
    rehash: bool,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<(Journal, Migration)> {
    let Session {
        settings,
        mut journal,
        state,
    } = session;
    let stopping = &|| signals.stopping();
    if journal.is_planned()? {
        let rehash = match rehash {
            true => Rehash::Always,
            false => Rehash::Changed,
        };
        let migration = opening::open_planned(settings, &journal, &state, mode, rehash, stopping)?;
        return Ok((journal, migration));
    }
    let binding = opening::binding(&journal, &state, today())?;
    let mut migration = opening::open(settings, binding, mode, stopping)?;
    refuse_keyed_export(&migration.pipeline.export)?;
    journal_plan::plan(&mut journal, &mut migration, mode, stopping)?;
    Ok((journal, migration))
}

/// How long it takes, and what closed hours add.
pub fn forecasts(journal: &Journal, settings: &Settings) -> anyhow::Result<Vec<String>> {
    let work = send::work(journal, None, false)?;
    let window = settings.window_in_force();
    let mut lines = vec![forecast::describe(settings, work)];
    lines.extend(forecast::closed_hours(
        settings,
        &window,
        work,
        jiff::Timestamp::now(),
    ));
    Ok(lines)
}

fn approval_words(settings: &Settings, is_sandbox: bool) -> anyhow::Result<String> {
    let Some(approval) = settings.approval.as_ref().filter(|_| !is_sandbox) else {
        return Ok("none is needed".to_owned());
    };
    let signers = approval::signers(approval)?;
    let people = match approval.required {
        1 => "one person".to_owned(),
        count => format!("{count} people"),
    };
    Ok(format!(
        "needs {people} of {} (SHA-256 {}), besides the one who runs it",
        approval.signers_name,
        signers.sha256()
    ))
}

/// Refuses an approval of another plan than the one that there is.
pub fn must_be_of_the_plan(args: &ApproveArgs) -> anyhow::Result<()> {
    to_approve(args).map(drop)
}

/// What an approval is about, once it is clear that it is about this plan.
struct ToApprove {
    journal: Journal,
    approval: ApprovalSettings,
    signers: AllowedSigners,
    subject: ApprovalSubject,
    target: String,
}

fn to_approve(args: &ApproveArgs) -> anyhow::Result<ToApprove> {
    if args.target.sandbox {
        return Err(Failure::configuration(
            "a run with --sandbox needs no approval",
            "name the target that is approved, or leave --sandbox away for that of the settings",
        ));
    }
    let destination = Destination::resolve(&args.dir, &args.target)?;
    must_be_planned(&destination.place)?;
    let target = destination.target.clone();
    let Some(approval) = destination.settings.approval.clone() else {
        return Err(Failure::configuration(
            "migration.toml has no [approval]",
            "add [approval] with `required` and `signers`: docs/approve.md",
        ));
    };
    let signers = approval::signers(&approval)?;
    let Session {
        settings, journal, ..
    } = Session::open_planned(destination)?;
    let subject = approval::subject(&journal, &settings, &target, &signers)?;
    if !args.plan.contains(&subject.plan) {
        return Err(Failure::configuration(
            format!(
                "the plan is not the one that you approve: its hash is {} now",
                subject.plan
            ),
            "look at it again with `bakkt-migrate plan DIR`, and approve what you saw",
        ));
    }
    Ok(ToApprove {
        journal,
        approval,
        signers,
        subject,
        target,
    })
}

/// Refuses where there is no plan. Looking for a journal makes none.
fn must_be_planned(place: &StatePlace) -> anyhow::Result<()> {
    let view = report::View::at(place.clone());
    // Of a shard it may lie elsewhere.
    match view.has_journal()? || place.shard.is_some() {
        true => view.must_be_planned(),
        false => Err(Failure::configuration(
            "there is no plan yet that could be approved",
            "`bakkt-migrate plan` makes one and prints its hash; look at it before you approve it",
        )),
    }
}

/// Signs an approval and stores it.
pub fn approve(args: &ApproveArgs) -> anyhow::Result<CommandOutput> {
    let ToApprove {
        mut journal,
        approval,
        signers,
        subject,
        target,
    } = to_approve(args)?;
    let signer = Signer::open(&args.key)?;
    let begun = journal.accounts_begun()?;
    let pilot = args.limit.map(|accounts| Pilot { accounts, begun });
    let now = jiff::Timestamp::now();
    let expires = now.checked_add(approval.valid)?;
    let terms = ApprovalTerms::new(&subject, args.plan.clone(), pilot, (now, expires));
    let signed = approval::approve(&mut journal, &terms, &signer, &signers, now)?;
    checkpoint::append(&mut journal, "approve")?;
    let what = match args.limit {
        Some(limit) => format!("a pilot of {} accounts", thousands(limit)),
        None => "the plan".to_owned(),
    };
    Ok(CommandOutput {
        text: format!(
            "{} ({}) approves {what} {} for {target} until {expires:.0}",
            signed.principal(),
            signed.fingerprint,
            subject.plan
        ),
        code: 0,
    })
}
