//! `check`: the dry run. No network, no journal.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;

use super::{CommandOutput, code, outputs, target};
use crate::cli::CheckArgs;
use bakkt_files::output::cells::CellWriter;
use bakkt_files::output::{FileStart, NewFile};
use bakkt_files::progress::{Mode, ReadingProgress, note};
use bakkt_folder::migration::{Binding, Migration, today};
use bakkt_folder::settings::Settings;
use bakkt_mapping::assess::AssessPlan;
use bakkt_mapping::exclude::UnusedEntry;
use bakkt_mapping::findings::gather::{Gathering, RecordStanding};
use bakkt_mapping::pipeline::duplicates::{Duplicate, DuplicateIndex};
use bakkt_mapping::pipeline::joins::Join;
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_mapping::pipeline::scan::{PlacedGap, Results, ScanOptions, ScannedRow, scan};
use bakkt_mapping::pipeline::{JoinedRowSource, Pipeline};
use bakkt_model::error::ShownPath;
use bakkt_model::number::thousands;
use bakkt_model::verdict::Verdict;
use bakkt_planning::document_tally::{DocumentTally, ListedGap};
use bakkt_planning::documents::LEVEL;
use bakkt_planning::finding_file::FindingWriter;
use bakkt_planning::findings::{self, Findings};
use bakkt_planning::planner::{self, no_rows, record_number};
use bakkt_planning::survey::Survey;
use bakkt_planning::tally::{self, LISTED, Problem, VerdictTally};
use bakkt_planning::unknown_codes::UnknownCodes;
use bakkt_planning::{exclusions, forecast, opening};
use bakkt_report::exclusions::UnusedExclusion;
use bakkt_report::{Totals, status_lines};

/// Lines that are named of those that nothing uses.
const FIRST_LINES: usize = 5;

/// Runs it.
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
    let mut migration = opening::open(settings, binding, mode, || false)?;
    planner::index(&mut migration, mode, || false)?;
    let (documents, policy) = (&migration.documents, &migration.settings.policy);
    let mut survey = Survey::begin(documents.as_ref(), &migration.pipeline, policy, &|| false)?;
    let want = ScanOptions {
        facts: true,
        shapes: true,
        ids: documents.is_some(),
        findings: true,
        people: findings::compare_people(&migration.settings.findings),
        ..ScanOptions::default()
    };
    let rules = &migration.settings.findings;
    let mut gathering = Gathering::new(rules);
    let (mut tally, mut index, mut read) =
        (VerdictTally::default(), DuplicateIndex::default(), 0u64);
    let mut unknown = UnknownCodes::default();
    let mut shown = ReadingProgress::new(mode, "reading", migration.pipeline.export.size());
    let mut pass = migration.pipeline.export.pass();
    scan(&mut pass, &migration.pipeline, want, |batch| {
        for row in &batch.rows {
            read += 1;
            survey.note(record_number(read)?, batch, row);
            if let Some(id) = &row.id_hash {
                index.add(record_number(read)?, row.at, id);
            }
            let place = (record_number(read)?, row.at);
            tally.add(row.verdict, place, batch.placed_gaps(row));
        }
        findings::note(&mut gathering, &migration.pipeline, batch);
        unknown.note(batch);
        shown.at(batch.offset, read);
        Ok(())
    })?;
    shown.finish();
    unknown.into_result(&migration)?;

    if read == 0 {
        return Err(no_rows(&migration.settings.export));
    }
    let unused = exclusions::unused(&migration.pipeline.exclude)?;
    let duplicates = planner::duplicates(&mut index, &migration)?;
    take_back(&migration, &duplicates, &mut tally)?;
    survey.take_out(&duplicates);
    let found = Findings::finish(gathering, &duplicates, rules, &mut survey, Vec::new());
    for (_, _, standing) in &found.blocked {
        let verdict = match standing {
            RecordStanding::Grace => Verdict::Grace,
            _ => Verdict::Ready,
        };
        tally.verdicts[verdict as usize] -= 1;
        tally.verdicts[Verdict::Blocked as usize] += 1;
    }
    let later = DocumentTally::find(
        survey,
        migration.documents.as_ref(),
        args.gaps.is_some(),
        mode,
    )?;
    let turned = later.turned.len() as u64;
    tally.verdicts[Verdict::Ready as usize] -= turned;
    tally.verdicts[Verdict::Grace as usize] += turned;
    let mut totals = totals(&tally, &migration.pipeline.plan, read, pass.blank_lines());
    totals.lost_rows = planner::lost_rows(&migration);
    for ((path, _), count) in &later.gaps {
        totals.gaps.open += count;
        *totals.gaps.by_field.entry(path.clone()).or_default() += count;
    }
    let ids = found.ids(&index, &migration.pipeline)?;
    let documents = migration.documents.as_ref();
    totals.findings = found.counts(rules, &migration.pipeline, documents, &ids);
    write_files(args, outputs, &migration, &duplicates, &later, &found, mode)?;
    let problems = tally.problems(&migration.pipeline, &later.gaps);
    let text = if args.json {
        json_text(&totals, &problems, &unused)
    } else {
        describe(&totals, &problems, (&later, &unused), &migration)
    };
    Ok(CommandOutput {
        text,
        code: code(&totals),
    })
}

/// Duplicates were counted under their own verdicts: those rows are read again and counted as what they are.
fn take_back(
    migration: &Migration,
    duplicates: &[Duplicate],
    tally: &mut VerdictTally,
) -> anyhow::Result<()> {
    if duplicates.is_empty() {
        return Ok(());
    }
    let mut reread = RecordReader::default();
    for duplicate in duplicates {
        let (pipeline, at) = (&migration.pipeline, duplicate.at);
        let prepared = reread.prepare(pipeline, at, JoinedRowSource::Index)?;
        let (verdict, gaps) = (prepared.verdict, prepared.gaps.to_vec());
        let shapes = reread.shapes_of(pipeline, &gaps, at)?;
        let found = gaps.iter().zip(&shapes).map(|(gap, shape)| PlacedGap {
            gap,
            at: None,
            shape,
            laid: None,
        });
        tally.take_back(verdict, duplicate.record, found);
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

fn totals(tally: &VerdictTally, plan: &AssessPlan, read: u64, blank_lines: u64) -> Totals {
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

/// The object of `--json`: the totals, and the kinds of gaps.
fn json_text(totals: &Totals, problems: &[Problem], unused: &[UnusedEntry]) -> String {
    #[derive(serde::Serialize)]
    struct Checked<'a> {
        #[serde(flatten)]
        totals: &'a Totals,
        /// How many kinds there are; `problems` may list fewer.
        problem_kinds: usize,
        problems: &'a [Problem],
        /// Ids and rules of `[exclude]` that leave nobody out.
        unused_exclusions: Vec<UnusedExclusion>,
    }
    let checked = Checked {
        totals,
        problem_kinds: problems.len(),
        problems: &problems[..problems.len().min(LISTED)],
        unused_exclusions: exclusions::facts(unused),
    };
    // A struct of numbers, texts and maps with text keys always has a value.
    serde_json::to_string(&checked).unwrap_or_default()
}

fn describe(
    totals: &Totals,
    problems: &[Problem],
    (later, exclusions): (&DocumentTally, &[UnusedEntry]),
    migration: &Migration,
) -> String {
    let mut text = format!(
        "{}\n\n{}\n\n{}",
        opening::found(migration),
        status_lines(totals).trim_end(),
        forecast::describe(
            &migration.settings,
            forecast::PlannedWork {
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
    for join in &migration.pipeline.joins {
        let title = format!("rows of {} that nothing uses", join.export.name());
        section(&title, unused(join));
    }
    if !exclusions.is_empty() {
        text.push_str(&format!(
            "\n\n{}",
            bakkt_planning::exclusions::describe(exclusions)
        ));
    }
    text.push_str(&tally::describe(problems));
    text.push_str(&findings::describe(&totals.findings));
    text
}

/// `--gaps`, `--payloads` and `--findings`: a second pass, now that the duplicates are known.
fn write_files(
    args: &CheckArgs,
    outputs: Outputs,
    migration: &Migration,
    duplicates: &[Duplicate],
    later: &DocumentTally,
    found: &Findings,
    mode: Mode,
) -> anyhow::Result<()> {
    let Outputs {
        mut gaps,
        mut payloads,
        findings,
    } = outputs;
    if gaps.is_none() && payloads.is_none() && findings.is_none() {
        return Ok(());
    }
    let skip: HashSet<u32> = duplicates
        .iter()
        .map(|duplicate| duplicate.record)
        .collect();
    let mut export = migration.pipeline.export.pass();
    let mut findings = match findings {
        Some(out) => Some(FindingWriter::new(out, migration, found)?),
        None => None,
    };
    let (mut read, mut later_gaps) = (0, later.listed.as_slice());
    let want = ScanOptions {
        payloads: payloads.is_some(),
        shapes: gaps.is_some() || findings.is_some(),
        findings: true,
        ..ScanOptions::default()
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
                let verdict = match found.blocks(read) {
                    true => Verdict::Blocked,
                    false => row.verdict,
                };
                write_gaps(gaps, &migration.pipeline, batch, (row, verdict))?;
                write_later(gaps, own, &migration.pipeline, batch, row)?;
            }
            if let Some(findings) = &mut findings {
                findings.write(read, batch, row)?;
            }
            if let Some(payloads) = &mut payloads
                && row.verdict.sendable()
                && !found.blocks(read)
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
        gaps.into_inner()?.finish()?;
    }
    if let Some(findings) = findings {
        findings.finish()?;
    }
    Ok(())
}

/// The columns of `--gaps`.
const GAPS: [&str; 10] = [
    "file",
    "row",
    "clientAccountId",
    "verdict",
    "path",
    "level",
    "reason",
    "columns",
    "mapping",
    "shape",
];
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
            gaps: cells(&args.gaps, &GAPS)?,
            payloads: open(&args.payloads, &PAYLOADS)?,
            findings: cells(&args.findings, &bakkt_planning::finding_file::COLUMNS)?,
        })
    }
}

fn write_gaps(
    out: &mut CellWriter<NewFile>,
    pipeline: &Pipeline,
    batch: &Results,
    (row, verdict): (&ScannedRow, Verdict),
) -> anyhow::Result<()> {
    for PlacedGap { gap, at, shape, .. } in batch.placed_gaps(row) {
        let (file, line) = match at {
            Some((list, at)) => (pipeline.file_name(list, at), at.row),
            None => (pipeline.export.file_name(row.at), row.at.row),
        };
        let info = &pipeline.plan.paths[gap.path as usize];
        let columns = info.columns.join(" ");
        let row_number = line.to_string();
        out.row(&[
            file,
            &row_number,
            batch.id(row).unwrap_or(""),
            verdict.word(),
            &info.path,
            gap.level.letter(),
            &gap.reason.text(),
            &columns,
            &info.written,
            shape,
        ])?;
    }
    Ok(())
}

/// The gaps of a record that were found after its row; only of those that are sent.
fn write_later(
    out: &mut CellWriter<NewFile>,
    gaps: &[ListedGap],
    pipeline: &Pipeline,
    batch: &Results,
    row: &ScannedRow,
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
        out.row(&[
            file,
            &line,
            batch.id(row).unwrap_or(""),
            Verdict::Grace.word(),
            &gap.path,
            LEVEL,
            &gap.reason,
            "",
            "",
            "",
        ])?;
    }
    Ok(())
}
