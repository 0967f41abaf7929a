//! `check`: the dry run. No network, no journal.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use super::inspect::refuse_keyed_export;
use super::place::StatePlace;
use super::{CommandOutput, code, outputs, target};
use crate::cli::CheckArgs;
use bakkt_files::output::cells::CellWriter;
use bakkt_files::output::{FileStart, NewFile};
use bakkt_files::progress::{Mode, note};
use bakkt_folder::migration::{Binding, Migration, today};
use bakkt_folder::settings::Settings;
use bakkt_mapping::pipeline::scan::{ScanOptions, scan};
use bakkt_model::error::ShownPath;
use bakkt_model::number::thousands;
use bakkt_model::position::Position;
use bakkt_model::shard::Shard;
use bakkt_model::verdict::Verdict;
use bakkt_planning::check_tally::{self, Checked};
use bakkt_planning::custody::CustodyTally;
use bakkt_planning::finding_file::{self, FindingWriter};
use bakkt_planning::gap_file::{self, GapWriter};
use bakkt_planning::planner::lost_rows;
use bakkt_planning::tally::{self, LISTED, Problem};
use bakkt_planning::{custody, exclusions, findings, forecast, opening};
use bakkt_report::exclusions::UnusedExclusion;
use bakkt_report::{Totals, status_lines};

/// Lines that are named of those that nothing uses.
const FIRST_LINES: usize = 5;

/// Reads the whole export and tells what a plan would hold; writes the files that were asked for.
pub fn run(args: &CheckArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    target::existing_folder(&args.dir)?;
    let settings = bakkt_folder::migration::settings(&args.dir)?;
    // A folder that names no target may be there to be tried with `--sandbox`; whoever sends is asked again.
    if settings.rehearses_in_production {
        settings.refuse_rehearsal()?;
    }
    let outputs = Outputs::open(args, &settings)?;
    // A key of the moment: hashes only have to agree with each other.
    let key = *blake3::hash(uuid::Uuid::from_u128(fastrand::u128(..)).as_bytes()).as_bytes();
    let binding = Binding {
        key,
        as_of: today(),
        // It knows no journal, and so no backfill files.
        layers: Vec::new(),
    };
    let mut migration = opening::open(settings, binding, mode, &|| false)?;
    refuse_keyed_export(&migration.pipeline.export)?;
    let shard = StatePlace::new(&args.dir, false, &args.shards)?.shard;
    let mut checked = check_tally::check(&mut migration, shard, args.gaps.is_some(), mode)?;
    write_files(args, shard, outputs, &migration, &checked, mode)?;
    let custody = custody::check(&mut migration, &checked.planned, shard, mode)?;
    checked.totals.custody = custody.as_ref().map(CustodyTally::totals);
    checked.totals.lost_rows = lost_rows(&migration);
    let totals = checked.whole_totals();
    let code = code(&totals);
    let text = if args.json {
        json_text(&checked, &totals)
    } else {
        // Told in its own words: nothing of it waits for anybody yet.
        checked.totals.custody = None;
        let custody = custody.map(|custody| custody.describe(&migration.settings));
        describe(&checked, &totals, &migration) + &custody.unwrap_or_default()
    };
    Ok(CommandOutput { text, code })
}

/// Rows of a joined export that stand with no record, by reason, with the first lines.
fn unused(rows: Vec<(Position, &'static str)>) -> Vec<(String, u64)> {
    let mut reasons: BTreeMap<&str, (u64, Vec<String>)> = BTreeMap::new();
    for (at, reason) in rows {
        let (count, lines) = reasons.entry(reason).or_default();
        *count += 1;
        if lines.len() < FIRST_LINES {
            lines.push(at.row.to_string());
        }
    }
    let line = |(reason, (count, lines)): (&str, (u64, Vec<String>))| {
        let more = if count > lines.len() as u64 {
            ", …"
        } else {
            ""
        };
        let word = if count > 1 { "lines" } else { "line" };
        (
            format!("{reason} ({word} {}{more})", lines.join(", ")),
            count,
        )
    };
    reasons.into_iter().map(line).collect()
}

/// The object of `--json`: the totals, and the kinds of gaps.
fn json_text(checked: &Checked, totals: &Totals) -> String {
    #[derive(serde::Serialize)]
    struct Object<'a> {
        #[serde(flatten)]
        totals: &'a Totals,
        /// How many kinds there are; `problems` may list fewer.
        problem_kinds: usize,
        problems: &'a [Problem],
        /// Ids and rules of `[exclude]` that leave nobody out.
        unused_exclusions: Vec<UnusedExclusion>,
    }
    let problems = &checked.problems;
    let object = Object {
        totals,
        problem_kinds: problems.len(),
        problems: &problems[..problems.len().min(LISTED)],
        unused_exclusions: exclusions::facts(&checked.planned.unused_exclusions),
    };
    // A struct of numbers, texts and maps with text keys always has a value.
    serde_json::to_string(&object).unwrap_or_default()
}

/// What was found, for a person; `totals` are those with documents and files, of which most is told in words of its own.
fn describe(checked: &Checked, totals: &Totals, migration: &Migration) -> String {
    let mut text = format!(
        "{}\n\n{}\n\n{}",
        opening::found(migration),
        status_lines(&checked.totals).trim_end(),
        forecast::describe(&migration.settings, checked.work())
    );
    // Maintenance comes each day; whether it meets the run, nobody knows before it begins.
    let mut window = migration.settings.window.clone();
    window.maintenance = None;
    let now = jiff::Timestamp::now();
    let closed = forecast::closed_hours(&migration.settings, &window, checked.work(), now);
    text.extend(closed.map(|closed| format!("\n{closed}")));
    text.push_str(&checked.documents.describe());
    let mut section = |title: &str, mut counts: Vec<(String, u64)>| {
        if counts.is_empty() {
            return;
        }
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        text.push_str(&format!("\n\n{title} ({} in all)", thousands(total)));
        for (name, count) in counts.iter().take(25) {
            text.push_str(&format!("\n  {:>11}  {name}", thousands(*count)));
        }
        if counts.len() > 25 {
            let rest: u64 = counts[25..].iter().map(|(_, count)| count).sum();
            text.push_str(&format!(
                "\n  {:>11}  {} more",
                thousands(rest),
                counts.len() - 25
            ));
        }
    };
    for join in &migration.pipeline.joins {
        let title = format!("rows of {} that nothing uses", join.export.name());
        section(&title, unused(join.unused()));
    }
    let custody = migration.custody.as_ref();
    if let Some(recipients) = custody.and_then(|custody| custody.recipients.as_ref()) {
        let title = format!("rows of {} that nothing uses", recipients.export.name());
        section(&title, unused(recipients.unused()));
    }
    for sentence in totals.of_nobody() {
        text.push_str(&format!("\n\n{sentence}"));
    }
    let unused_exclusions = exclusions::describe(&checked.planned.unused_exclusions);
    if !unused_exclusions.is_empty() {
        text.push_str(&format!("\n\n{unused_exclusions}"));
    }
    text.push_str(&tally::describe(&checked.problems));
    text.push_str(&findings::describe(&checked.totals.findings));
    text
}

/// `--gaps`, `--payloads` and `--findings`: a second pass, now that the duplicates are known.
fn write_files(
    args: &CheckArgs,
    shard: Option<Shard>,
    outputs: Outputs,
    migration: &Migration,
    checked: &Checked,
    mode: Mode,
) -> anyhow::Result<()> {
    let Outputs {
        gaps,
        mut payloads,
        findings,
    } = outputs;
    if gaps.is_none() && payloads.is_none() && findings.is_none() {
        return Ok(());
    }
    let (pipeline, found) = (&migration.pipeline, &checked.planned.findings);
    let duplicates = checked.planned.duplicates.iter();
    let duplicates: HashSet<u32> = duplicates.map(|duplicate| duplicate.record).collect();
    let mut gaps = gaps.map(|out| GapWriter::new(out, pipeline, &checked.documents.listed));
    let findings = findings.map(|out| FindingWriter::new(out, migration, found));
    let mut findings = findings.transpose()?;
    let mut record = 0;
    let want = ScanOptions {
        payloads: payloads.is_some(),
        shapes: gaps.is_some() || findings.is_some(),
        findings: true,
        ..ScanOptions::default()
    };
    scan(&mut pipeline.export.pass(), pipeline, want, &mut |batch| {
        for row in &batch.rows {
            record += 1;
            let is_member = shard.is_none_or(|shard| shard.has(batch.id(row), row.at.row));
            if duplicates.contains(&record) || !is_member {
                continue;
            }
            let verdict = match found.blocks(record) {
                true => Verdict::Blocked,
                false => row.verdict,
            };
            if let Some(gaps) = &mut gaps {
                gaps.write((record, verdict), batch, row)?;
            }
            if let Some(findings) = &mut findings {
                findings.write(record, batch, row)?;
            }
            if let Some(payloads) = &mut payloads
                && row.verdict.sendable()
                && verdict.sendable()
            {
                payloads.write_all(batch.payload(row))?;
                payloads.write_all(b"\n")?;
            }
        }
        Ok(())
    })
    .context("cannot write the files that were asked for")?;
    if let (Some(payloads), Some(path)) = (payloads, &args.payloads) {
        payloads.finish()?;
        note(
            mode,
            &format!(
                "{} holds customers' data: names, birth dates, tax ids. Only you can read it; delete it when you are done",
                path.shown()
            ),
        );
    }
    if let Some(gaps) = gaps {
        gaps.finish()?;
    }
    if let Some(findings) = findings {
        findings.finish()?;
    }
    Ok(())
}

/// How every payload begins.
const PAYLOADS: FileStart = FileStart::Text("{\"clientAccountId\":");

/// The files that were asked for.
struct Outputs {
    gaps: Option<CellWriter<NewFile>>,
    payloads: Option<NewFile>,
    findings: Option<CellWriter<NewFile>>,
}

impl Outputs {
    fn open(args: &CheckArgs, settings: &Settings) -> anyhow::Result<Outputs> {
        let protected = outputs::protected(settings);
        let open = |path: &Option<PathBuf>, begins: &FileStart| {
            let open = |path: &PathBuf| protected.open(path, begins, args.replacing.replace);
            path.as_ref().map(open).transpose()
        };
        let cells = |path: &Option<PathBuf>, columns: &'static [&'static str]| {
            let file = open(path, &FileStart::columns(columns))?;
            file.map(|file| CellWriter::new(file, columns)).transpose()
        };
        Ok(Outputs {
            gaps: cells(&args.gaps, &gap_file::COLUMNS)?,
            payloads: open(&args.payloads, &PAYLOADS)?,
            findings: cells(&args.findings, &finding_file::COLUMNS)?,
        })
    }
}
