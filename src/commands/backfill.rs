//! `backfill`: a filled sheet or a corrected export becomes part of the plan, as a layer over the exports.
//!
//! Owner of the order: settle what is in doubt, keep a copy of the file, look what each of its rows would do, plan anew with
//! it, and take plan and file over in one transaction. A program that dies before that leaves the old plan, and a copy that
//! the next backfill removes; one that dies after leaves the new one. Nothing is sent here: `run` does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde_json::json;

use super::backfill_copy::BackfillCopy;
use super::backfill_turn::{self, Turn};
use super::place::{self, StatePlace};
use super::replan::settled_by;
use super::replan_text::{add_agreements, add_reopened};
use super::report::View;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::{CommandOutput, checkpoint, deciding, send};
use crate::cli::BackfillArgs;
use crate::process::runtime;
use bakkt_files::progress::Mode;
use bakkt_folder::migration::{BackfillFile, OverlayForm, today};
use bakkt_journal::decisions::OperatorNote;
use bakkt_journal::read::{DISAGREEING, RESTRICTED};
use bakkt_journal::replan::{
    BackfillEffect, ChangedAgreements, NewBackfill, ReopenedGaps, ReplanOptions, SkippedRow,
    StoredBackfill,
};
use bakkt_journal::{Journal, now};
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
use bakkt_planning::backfill_trial::{TrialResult, try_last};
use bakkt_planning::drift::{self, Rehash};
use bakkt_planning::{erase, journal_plan, opening};
use bakkt_report::{Totals, status_lines};

/// Refused rows that are listed one by one.
const LISTED: usize = 50;

/// Takes a backfill file into the plan, and tells what it changes.
pub fn run(args: &BackfillArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    let view = View::at(StatePlace::new(
        &args.dir,
        args.target.sandbox,
        &args.target.shards,
    )?);
    view.must_be_planned()?;
    // Both are asked for before anything is done.
    let reason = deciding::why_unless(args.dry_run, args.reason.as_deref())?;
    let by = match args.dry_run {
        true => String::new(),
        false => deciding::by(&args.by, &args.dir)?,
    };
    let destination = Destination::resolve(&args.dir, &args.target)?;
    let done = runtime()?.block_on(async {
        let session = Session::open_planned(destination)?;
        // What is in doubt counts as taken: a look need not ask.
        let session = match args.dry_run || session.journal.doubts()? == 0 {
            true => session,
            false => settle(args, session, &signals, mode).await?,
        };
        let decided = OperatorNote {
            by: &by,
            reason,
            at: now(),
        };
        take(args, session, &view.place, decided, &signals, mode)
    });
    let done = checkpoint::end_failed(&view.place, "backfill", done)?;
    let done = match done {
        Taken::Now(done) => done,
        Taken::Before(number) => return before(args, &view, number),
    };
    if !args.dry_run {
        checkpoint::append_at(&view.place, "backfill")?;
    }
    let totals = view.totals()?;
    let text = if args.json {
        done.json(args, &totals)?
    } else {
        done.text(args, &totals)
    };
    let held = !done.agreements.is_empty() && !args.agreements_acknowledged;
    let taken = &done.taken;
    let is_whole = taken.restricted + taken.left_alone == 0 && taken.opened.is_empty();
    let all = done.found.left.is_empty() && is_whole && !held;
    let code = if all { 0 } else { 3 };
    Ok(CommandOutput { text, code })
}

/// What became of a file.
enum Taken {
    /// It was taken, or would be.
    Now(Box<Done>),
    /// This shard took it before, under this number, and another one has yet to.
    Before(i64),
}

/// What was done, or would be.
struct Done {
    kept: BackfillFile,
    found: TrialResult,
    taken: BackfillEffect,
    /// Accepted accounts whose agreements changed.
    agreements: ChangedAgreements,
    /// Gaps that were waived for somebody who stands elsewhere now.
    reopened: ReopenedGaps,
}

/// Asks about what is in doubt. The plan's bytes can be made: nothing but the file is new.
async fn settle(
    args: &BackfillArgs,
    session: Session,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<Session> {
    let Session {
        settings,
        journal,
        state,
    } = session;
    let migration =
        opening::open_planned(settings, &journal, &state, mode, Rehash::Changed, &|| {
            signals.stopping()
        })?;
    let (sources, mut settings) = send::sources(migration)?;
    let to = (args.dir.as_path(), &args.target);
    let journal = settled_by(sources, to, &mut settings, journal, signals, mode).await?;
    Ok(Session {
        settings,
        journal,
        state,
    })
}

/// A file that this shard took before, and another one did not: a command for all of them goes on where it ended.
fn before(args: &BackfillArgs, view: &View, number: i64) -> anyhow::Result<CommandOutput> {
    let totals = view.totals()?;
    let name = args.file.file_name().context("a file without a name")?;
    let name = name.to_string_lossy();
    let text = match args.json {
        true => {
            let mut object = totals.json();
            object["backfill"] = json!({"number": number, "name": name, "taken_before": true});
            object.to_string()
        }
        false => format!(
            "{name} was taken before, as backfill {number}\n\n{}",
            status_lines(&totals).trim_end()
        ),
    };
    Ok(CommandOutput { text, code: 0 })
}

fn take(
    args: &BackfillArgs,
    session: Session,
    place: &StatePlace,
    decided: OperatorNote<'_>,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<Taken> {
    let Session {
        mut settings,
        mut journal,
        state,
    } = session;
    let copy = BackfillCopy::new(args, &journal, &state)?;
    let mut stopping = BTreeSet::new();
    // Which accounts a row blocks by what several records have together, only a plan with it shows.
    let (kept, layer, found) = loop {
        // The plan with the file is a new one of today: what customers signed since the last plan has happened.
        let mut binding = opening::binding(&journal, &state, today())?;
        binding.layers.push(copy.kept(args, journal.next_layer()?)?);
        let mut migration = opening::open(settings, binding, mode, &|| signals.stopping())?;
        erase::refuse_forgotten(&migration, &journal)?;
        let kept = migration.layers().last().context("no layer")?.clone();
        let mut layer = StoredBackfill {
            number: kept.number,
            name: kept.name.clone(),
            kept: copy.name.clone(),
            hash: migration.layer_hash(&kept)?,
            form: kept.form.map_or("", OverlayForm::word).to_owned(),
            sheet: kept.sheet.clone(),
            refused: BTreeSet::new(),
            elements: Vec::new(),
        };
        let turn = backfill_turn::look(place, &journal.layers()?, &layer)?;
        if let (Turn::Taken(number), true) = (&turn, place.is_one_of_all) {
            return Ok(Taken::Before(*number));
        }
        drift::refuse_drift(&journal, &migration, Rehash::Changed)?;
        let found = try_last(&journal, &migration.pipeline, &stopping, &|| {
            signals.stopping()
        })?;
        if found.touched.is_empty() && !matches!(turn, Turn::CatchingUp) {
            refuse_twice(&journal, &layer.hash)?;
        }
        layer.elements.clone_from(&found.elements);
        if let Some(layer) = migration.pipeline.layers.last_mut() {
            layer.refused.clone_from(&found.refused);
        }
        let mut scratch = journal.scratch(&state)?;
        journal_plan::plan(&mut scratch, &mut migration, mode, &|| signals.stopping())?;
        let touched = found.touched.iter().map(|(id, _)| id.as_str()).collect();
        let more = journal.stopping_customers(&scratch, &touched)?;
        if more.is_empty() {
            break (kept, layer, found);
        }
        stopping.extend(more);
        settings = migration.settings;
    };
    let taking = NewBackfill {
        layer: &layer,
        rows: found.rows,
        touched: &found.touched,
        left: &found.left,
    };
    let how = ReplanOptions {
        update_accepted: false,
        accept_changes: &[],
        accept_new_ids: false,
        is_judged_over_all: false,
        agreements_acknowledged: args.agreements_acknowledged,
        dry_run: args.dry_run,
        decided,
        taking: Some(taking),
        chosen: None,
    };
    let done = journal.adopt_taking(&state, how);
    // Whatever went wrong behind the transaction: a file that the journal knows stays.
    let known =
        |layers: Vec<StoredBackfill>| layers.iter().any(|known| known.number == kept.number);
    if journal.layers().map_or(true, known) {
        copy.stays();
    }
    let (changes, taken) = done?;
    Ok(Taken::Now(Box::new(Done {
        kept,
        found,
        taken,
        agreements: changes.agreements,
        reopened: changes.reopened,
    })))
}

/// A file that was taken before and changes nothing now must not be told as done twice.
fn refuse_twice(journal: &Journal, hash: &[u8; 32]) -> anyhow::Result<()> {
    let known = journal.layers()?;
    let Some(known) = known.iter().find(|layer| layer.hash == *hash) else {
        return Ok(());
    };
    Err(Failure::configuration(
        format!("this file was taken already, as backfill {}", known.number),
        "nothing is left to do for it; `bakkt-migrate run` sends what it changed",
    ))
}

impl Done {
    /// Rows of which something was taken.
    fn rows_taken(&self) -> u64 {
        self.found.rows - self.lost() - self.found.of_other_shards
    }

    /// Rows of this shard of which nothing was taken.
    fn lost(&self) -> u64 {
        let whole =
            |left: &&SkippedRow| left.path.is_empty() || self.found.refused.contains(&left.row);
        let rows = self.found.left.iter().filter(whole).map(|left| left.row);
        rows.collect::<BTreeSet<u64>>().len() as u64
    }

    /// Rows and cells that were not taken, by reason and field.
    fn by_reason(&self) -> BTreeMap<(&str, &str), u64> {
        let mut counts = BTreeMap::new();
        for left in &self.found.left {
            let kind = (left.outcome.as_str(), left.path.as_str());
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }

    fn restricted(&self) -> impl Iterator<Item = &SkippedRow> {
        let left = self.found.left.iter();
        left.filter(|left| left.outcome == RESTRICTED)
    }

    fn disagreeing(&self) -> impl Iterator<Item = &SkippedRow> {
        let left = self.found.left.iter();
        left.filter(|left| left.outcome == DISAGREEING)
    }

    fn withheld(&self) -> u64 {
        let closed = self.taken.closed.iter();
        let withheld = closed.filter(|gaps| gaps.reason == "withheld");
        withheld.map(|gaps| gaps.count).sum()
    }

    fn json(&self, args: &BackfillArgs, totals: &Totals) -> anyhow::Result<String> {
        let left = self.by_reason().into_iter().map(
            |((outcome, path), count)| json!({"outcome": outcome, "path": path, "count": count}),
        );
        let listed = |left: &SkippedRow| json!({"row": left.row, "clientAccountId": left.client_id, "path": left.path});
        let by_path = |counts: &BTreeMap<String, u64>| {
            let all = counts.iter();
            all.map(|(path, count)| json!({"path": path, "count": count}))
                .collect::<Vec<_>>()
        };
        let mut object = totals.json();
        object["backfill"] = json!({
            "number": self.kept.number,
            "name": self.kept.name,
            "form": self.kept.form.map(OverlayForm::word),
            "dry_run": args.dry_run,
            "rows": self.found.rows,
            "rows_taken": self.rows_taken(),
            "rows_of_other_shards": self.found.of_other_shards,
            "left": left.collect::<Vec<_>>(),
            "restricted": self.restricted().map(listed).collect::<Vec<_>>(),
            "disagreeing": self.disagreeing().map(listed).collect::<Vec<_>>(),
            "replaced": by_path(&self.found.replaced),
            "placeholders": by_path(&self.found.placeholders),
            "agreements": serde_json::to_value(&self.agreements)?,
            "withheld_now_sent": self.withheld(),
            "does": serde_json::to_value(&self.taken)?,
        });
        if !self.reopened.is_empty() {
            object["backfill"]["reopened"] = serde_json::to_value(&self.reopened)?;
        }
        Ok(object.to_string())
    }

    fn text(&self, args: &BackfillArgs, totals: &Totals) -> String {
        let (taken, name) = (&self.taken, &self.kept.name);
        let mut text = match args.dry_run {
            true => format!("{name} would do this (nothing was changed):"),
            false => format!("{name} was taken as backfill {}:", self.kept.number),
        };
        let mut line = |count: u64, what: &str| {
            text.push_str(&format!("\n  {:>11}  {what}", thousands(count)));
        };
        line(self.found.rows, "rows read");
        line(self.rows_taken(), "rows taken");
        if self.found.of_other_shards > 0 {
            line(self.found.of_other_shards, "rows belong to other shards");
        }
        for ((outcome, path), count) in self.by_reason() {
            let colon = if path.is_empty() { "" } else { ": " };
            line(count, &format!("not taken: {path}{colon}{outcome}"));
        }
        line(taken.changed, "accounts changed");
        line(taken.created, "blocked before, created by the next run");
        line(taken.updates, "accepted before, updated by the next run");
        if taken.kyb > 0 {
            line(taken.kyb, "KYB triggers held before, sent by the next run");
        }
        for gaps in &taken.closed {
            let what = format!("gaps closed: {} ({})", gaps.path, gaps.reason);
            line(gaps.count, &what);
        }
        for gaps in &taken.opened {
            let what = format!("gaps opened: {} ({})", gaps.path, gaps.reason);
            line(gaps.count, &what);
        }
        if taken.left_alone > 0 {
            let why = "existed before with other data, left as they are: nothing of the file is sent for them";
            line(taken.left_alone, why);
        }
        if taken.restricted > 0 {
            let why = "accepted before, not updated: since then the export changed in what no update may change";
            line(taken.restricted, why);
        }
        for (path, count) in &self.found.replaced {
            line(*count, &format!("values replaced that were no gap: {path}"));
        }
        for (path, count) in &self.found.placeholders {
            line(
                *count,
                &format!("placeholders that count as empty cells: {path}"),
            );
        }
        line(self.withheld(), "values withheld before, sent now");
        line(taken.still_open, "gaps of these customers still open");
        self.add_disagreeing(&mut text);
        add_agreements(&mut text, &self.agreements, args.agreements_acknowledged);
        add_reopened(&mut text, &self.reopened);
        self.add_restricted(&mut text);
        if !args.dry_run && taken.created + taken.updates + taken.to_send > 0 {
            text.push_str(&format!(
                "\nrun `bakkt-migrate run {}` to send them",
                place::with_target(&args.dir, &args.target)
            ));
        }
        format!("{text}\n\n{}", status_lines(totals).trim_end())
    }

    /// Rows that contradict each other: a line for each field of each.
    fn add_disagreeing(&self, text: &mut String) {
        let title = format!(
            "\nrows of one customer in {} that say different things, so none of them was taken; keep the right one and give the file again:",
            self.kept.name
        );
        add_listed(text, &title, &self.disagreeing().collect::<Vec<_>>());
    }

    /// What goes by hand: a line for each field that a row would have changed.
    fn add_restricted(&self, text: &mut String) {
        let title = "\nnot to be changed by an update, so nothing of these rows was taken; such changes go by hand, through Bakkt's Operations or Compliance:";
        add_listed(text, title, &self.restricted().collect::<Vec<_>>());
    }
}

/// Rows with their customers and fields below a title; nothing when there are none.
fn add_listed(text: &mut String, title: &str, all: &[&SkippedRow]) {
    if all.is_empty() {
        return;
    }
    text.push_str(title);
    for left in all.iter().take(LISTED) {
        let id = left.client_id.as_deref().unwrap_or("");
        text.push_str(&format!("\n  row {}  {id}  {}", left.row, left.path));
    }
    if all.len() > LISTED {
        let more = thousands((all.len() - LISTED) as u64);
        text.push_str(&format!("\n  and {more} more"));
    }
}
