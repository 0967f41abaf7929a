//! `check`: the dry run. No network, no journal.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use super::check_documents::{Later, Listed};
use super::planning_documents::LEVEL;
use super::survey::Survey;
use super::unknown_codes::UnknownCodes;
use super::{Output, code, forecast, opening, planning, target};
use crate::assess::{Gap, Plan, Reason, Verdict};
use crate::cli::CheckArgs;
use crate::error::Failure;
use crate::migration::{Binding, Migration, today};
use crate::pipeline::duplicates::{Duplicate, Index};
use crate::pipeline::joins::Join;
use crate::pipeline::reread::Reread;
use crate::pipeline::scan::{Results, Scanned, Want, scan};
use crate::pipeline::{From, Pipeline};
use crate::progress::{Mode, Reading, note};
use crate::report::{Totals, status_lines, thousands};

/// Counts of the records, by verdict and gap.
#[derive(Default)]
struct Tally {
    verdicts: [u64; 5],
    gaps: Vec<u64>,
    reasons: HashMap<(u32, Reason), u64>,
}

impl Tally {
    fn add(&mut self, verdict: Verdict, gaps: &[Gap], up: bool) {
        let change = |count: &mut u64| {
            *count = if up {
                *count + 1
            } else {
                count.saturating_sub(1)
            }
        };
        change(&mut self.verdicts[verdict as usize]);
        for gap in gaps {
            let path = gap.path as usize;
            if self.gaps.len() <= path {
                self.gaps.resize(path + 1, 0);
            }
            change(&mut self.gaps[path]);
            if verdict == Verdict::Blocked && gap.level.breaks() {
                change(self.reasons.entry((gap.path, gap.reason)).or_default());
            }
        }
    }
}

/// Lines that are named of those that nothing uses.
const FIRST_LINES: usize = 5;

/// Runs it.
pub fn run(args: &CheckArgs, mode: Mode) -> anyhow::Result<Output> {
    target::existing_folder(&args.dir)?;
    let settings = crate::migration::settings(&args.dir)?;
    // A key of the moment: hashes only have to agree with each other.
    let key = *blake3::hash(uuid::Uuid::from_u128(fastrand::u128(..)).as_bytes()).as_bytes();
    let binding = Binding {
        key,
        as_of: today(),
    };
    let mut migration = opening::open(settings, binding, mode, || false)?;
    planning::index(&mut migration, mode, || false)?;
    let (documents, policy) = (&migration.documents, &migration.settings.policy);
    let mut survey = Survey::begin(documents.as_ref(), &migration.pipeline, policy, &|| false)?;
    let want = Want {
        facts: true,
        ids: documents.is_some(),
        ..Want::default()
    };
    let (mut tally, mut index, mut read) = (Tally::default(), Index::default(), 0u64);
    let mut unknown = UnknownCodes::default();
    let mut shown = Reading::new(mode, "reading", migration.pipeline.export.size());
    let mut pass = migration.pipeline.export.pass();
    scan(&mut pass, &migration.pipeline, want, |batch| {
        for row in &batch.rows {
            read += 1;
            survey.note(record_number(read)?, batch, row);
            if let Some(id) = &row.id_hash {
                index.add(record_number(read)?, row.at, id);
            }
            tally.add(row.verdict, batch.gaps(row), true);
        }
        unknown.note(batch);
        shown.at(batch.offset, read);
        Ok(())
    })?;
    shown.finish();
    unknown.into_result(&migration)?;
    let duplicates = planning::duplicates(index, &migration)?;
    take_back(&migration, &duplicates, &mut tally)?;
    if read == 0 {
        return Err(no_rows(&migration.settings.export));
    }
    survey.take_out(&duplicates);
    let later = Later::find(
        survey,
        migration.documents.as_ref(),
        args.gaps.is_some(),
        mode,
    )?;
    let turned = later.turned.len() as u64;
    tally.verdicts[Verdict::Ready as usize] -= turned;
    tally.verdicts[Verdict::Grace as usize] += turned;
    let mut totals = totals(&tally, &migration.pipeline.plan, read, pass.blank_lines());
    for (path, count) in &later.gaps {
        totals.gaps.open += count;
        *totals.gaps.by_field.entry(path.clone()).or_default() += count;
    }
    write_files(args, &migration, &duplicates, &later, mode)?;
    let text = if args.json {
        totals.json_text()
    } else {
        describe(&totals, &tally, &later, &migration)
    };
    Ok(Output {
        text,
        code: code(&totals),
    })
}

/// The error of an export without rows.
pub fn no_rows(export: &str) -> anyhow::Error {
    Failure::configuration(
        format!("the export {export} has a header row and nothing else"),
        "check that the export ran to its end",
    )
}

/// Records are numbered in 32 bits, which is four billion.
pub fn record_number(read: u64) -> anyhow::Result<u32> {
    u32::try_from(read).map_err(|_| {
        Failure::cannot(
            "an export of more than four billion rows",
            "split it into several migrations",
        )
    })
}

/// Duplicates were counted under their own verdicts: those rows are read again and counted as what they are.
fn take_back(
    migration: &Migration,
    duplicates: &[Duplicate],
    tally: &mut Tally,
) -> anyhow::Result<()> {
    if duplicates.is_empty() {
        return Ok(());
    }
    let mut reread = Reread::default();
    for duplicate in duplicates {
        let prepared = reread.prepare(&migration.pipeline, duplicate.at, From::Index)?;
        tally.add(prepared.verdict, prepared.gaps, false);
        tally.verdicts[Verdict::Duplicate as usize] += 1;
    }
    Ok(())
}

/// Rows of a joined export that stand with no record, by reason, with the first lines.
fn unused(join: &Join) -> Vec<(String, u64)> {
    let mut reasons: BTreeMap<&str, (u64, Vec<String>)> = BTreeMap::new();
    for (at, reason) in join.unused() {
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

fn totals(tally: &Tally, plan: &Plan, read: u64, blank_lines: u64) -> Totals {
    let mut totals = Totals {
        read,
        blank_lines,
        planned: true,
        ..Totals::default()
    };
    let [ready, grace, blocked, excluded, duplicate] = tally.verdicts;
    totals.verdicts.ready = ready;
    totals.verdicts.grace = grace;
    totals.verdicts.blocked = blocked;
    totals.verdicts.excluded = excluded;
    totals.verdicts.duplicate = duplicate;
    totals.tasks.account.planned = ready + grace;
    totals.tasks.account.open = ready + grace;
    for (path, count) in tally
        .gaps
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        totals.gaps.open += count;
        *totals
            .gaps
            .by_field
            .entry(plan.paths[path].path.clone())
            .or_default() += count;
    }
    totals.balanced = totals.verdicts.sum() == read;
    totals
}

fn describe(totals: &Totals, tally: &Tally, later: &Later, migration: &Migration) -> String {
    let plan = &migration.pipeline.plan;
    let mut text = format!(
        "{}\n\n{}\n\n{}",
        opening::found(migration),
        status_lines(totals).trim_end(),
        forecast::describe(
            &migration.settings,
            forecast::Work {
                accounts: totals.verdicts.sendable(),
                documents: later.sent,
                kyb: later.kyb,
            },
        )
    );
    text.push_str(&later.describe());
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
    let mut blocked: BTreeMap<String, u64> = BTreeMap::new();
    for ((path, reason), count) in tally.reasons.iter().filter(|(_, count)| **count > 0) {
        let info = &plan.paths[*path as usize];
        let from = if info.columns.is_empty() {
            String::new()
        } else {
            format!(" (from {})", info.columns.join(", "))
        };
        *blocked
            .entry(format!("{} {}{from}", info.path, reason.text()))
            .or_default() += count;
    }
    for join in &migration.pipeline.joins {
        let title = format!("rows of {} that nothing uses", join.export.name());
        section(&title, unused(join));
    }
    section("what blocks records", blocked.into_iter().collect());
    section(
        "gap forecast by field",
        totals
            .gaps
            .by_field
            .iter()
            .map(|(path, count)| (path.clone(), *count))
            .collect(),
    );
    text
}

/// `--gaps` and `--payloads`: a second pass, now that the duplicates are known.
fn write_files(
    args: &CheckArgs,
    migration: &Migration,
    duplicates: &[Duplicate],
    later: &Later,
    mode: Mode,
) -> anyhow::Result<()> {
    if args.gaps.is_none() && args.payloads.is_none() {
        return Ok(());
    }
    let skip: HashSet<u32> = duplicates
        .iter()
        .map(|duplicate| duplicate.record)
        .collect();
    let mut export = migration.pipeline.export.pass();
    let mut gaps = args.gaps.as_deref().map(gap_writer).transpose()?;
    let mut payloads = args.payloads.as_deref().map(private_writer).transpose()?;
    let (mut read, mut later_gaps) = (0, later.listed.as_slice());
    let want = Want {
        payloads: payloads.is_some(),
        ..Want::default()
    };
    scan(&mut export, &migration.pipeline, want, |batch| {
        for row in &batch.rows {
            read += 1;
            if skip.contains(&read) {
                continue;
            }
            if let Some(gaps) = &mut gaps {
                let count = later_gaps
                    .iter()
                    .take_while(|gap| gap.record == read)
                    .count();
                let (own, rest) = later_gaps.split_at(count);
                later_gaps = rest;
                write_gaps(gaps, &migration.pipeline, batch, row)?;
                write_later(gaps, own, &migration.pipeline, batch, row)?;
            }
            if let Some(payloads) = &mut payloads
                && row.verdict.sendable()
            {
                payloads.write_all(batch.payload(row))?;
                payloads.write_all(b"\n")?;
            }
        }
        Ok(())
    })
    .context("cannot write the files that were asked for")?;
    if let (Some(mut payloads), Some(path)) = (payloads, &args.payloads) {
        payloads.flush()?;
        note(
            mode,
            &format!(
                "{} holds customers' data: names, birth dates, tax ids. Only you can read it; delete it when you are done",
                path.display()
            ),
        );
    }
    if let Some(mut gaps) = gaps {
        gaps.flush()?;
    }
    Ok(())
}

/// A new file that only its owner can read.
pub fn private_writer(path: &Path) -> anyhow::Result<BufWriter<File>> {
    // One that exists may be readable by others: it is replaced, not filled.
    if path.exists() {
        std::fs::remove_file(path).with_context(|| format!("cannot replace {}", path.display()))?;
    }
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    Ok(BufWriter::new(file.with_context(|| {
        format!("cannot write {}", path.display())
    })?))
}

fn gap_writer(path: &Path) -> anyhow::Result<csv::Writer<BufWriter<File>>> {
    let mut writer = csv::Writer::from_writer(private_writer(path)?);
    writer.write_record([
        "file",
        "row",
        "clientAccountId",
        "verdict",
        "path",
        "level",
        "reason",
        "columns",
    ])?;
    Ok(writer)
}

fn write_gaps(
    out: &mut csv::Writer<BufWriter<File>>,
    pipeline: &Pipeline,
    batch: &Results,
    row: &Scanned,
) -> anyhow::Result<()> {
    for (gap, place) in batch.placed_gaps(row) {
        let (file, line) = match place {
            Some((list, at)) => (pipeline.file_name(list, at), at.row),
            None => (pipeline.export.file_name(row.at), row.at.row),
        };
        let info = &pipeline.plan.paths[gap.path as usize];
        let columns = info.columns.join(" ");
        let row_number = line.to_string();
        let id = crate::report::guarded(batch.id(row).unwrap_or(""));
        out.write_record([
            file,
            &row_number,
            &*id,
            row.verdict.word(),
            &info.path,
            gap.level.letter(),
            &gap.reason.text(),
            &columns,
        ])?;
    }
    Ok(())
}

/// The gaps of a record that were found after its row; only of those that are sent.
fn write_later(
    out: &mut csv::Writer<BufWriter<File>>,
    gaps: &[Listed],
    pipeline: &Pipeline,
    batch: &Results,
    row: &Scanned,
) -> anyhow::Result<()> {
    for gap in gaps {
        let (file, line) = match &gap.at {
            Some((file, line)) => (file.as_str(), *line),
            None => (pipeline.export.file_name(row.at), row.at.row),
        };
        // A path of a folder has no line.
        let line = if line == 0 {
            String::new()
        } else {
            line.to_string()
        };
        let id = crate::report::guarded(batch.id(row).unwrap_or(""));
        out.write_record([
            file,
            &line,
            &*id,
            Verdict::Grace.word(),
            &gap.path,
            LEVEL,
            &gap.reason,
            "",
        ])?;
    }
    Ok(())
}
