//! `gaps`: the open gaps by the day they are due, beside a running run; and the workbook in which they can be filled.
//!
//! Owner of what the options mean. Invariant: the journal is only read. Left out on purpose: the workbook (`gap_sheet`).

use std::path::{Path, PathBuf};

use jiff::Span;

use super::report::View;
use super::{CommandOutput, deciding, outputs, place, target};
use crate::cli::GapsArgs;
use bakkt_contract::path;
use bakkt_files::progress::Mode;
use bakkt_folder::migration::today;
use bakkt_journal::Reader;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::number::thousands;
use bakkt_planning::gap_known::KnownCells;
use bakkt_planning::gap_sheet::{self, WrittenSheet};
use bakkt_report::gap_list::{self, DueBasis, Filter};
use bakkt_report::sheet;

/// Lists the open gaps, or writes a workbook to fill in.
pub fn run(args: &GapsArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let view = View::of(&args.view)?;
    view.place.must_be_one()?;
    let reader = view.planned_reader()?;
    deciding::known_fields(&args.field)?;
    if let Some(source) = &args.source {
        known_source(&reader, source)?;
    }
    let settings = bakkt_folder::migration::settings(&args.view.dir)?;
    let today = today();
    let until = match (args.due_within, args.past_due) {
        (Some(days), _) => Some(later(today, days)?),
        (None, true) => Some(today.yesterday()?),
        (None, false) => None,
    };
    let covers = |path: &str| {
        args.field.is_empty() || args.field.iter().any(|field| path::covers(field, path))
    };
    let filter = Filter {
        covers: &covers,
        source: args.source.as_deref(),
        waived: args.waived,
        until,
    };
    let seen = DueBasis {
        today,
        grace: &settings.grace,
    };
    // Both are opened before anything is read for them.
    let protected = outputs::protected(&settings);
    let open = |path: &Option<PathBuf>, begins| {
        let open = |path: &PathBuf| protected.open(path, &begins, args.replacing.replace);
        path.as_ref().map(open).transpose()
    };
    let csv = open(&args.csv, gap_list::begins())?;
    if let (Some(path), Some(file)) = (&args.sheet, open(&args.sheet, sheet::begins())?) {
        let state = view.place.folder();
        let open = || KnownCells::open(&args.view.dir, (&reader, &state), mode);
        let known = args.with_known.then(open);
        let known = known.transpose()?;
        let name = target::name(&args.view.dir);
        let written = gap_sheet::write(&reader, (&filter, seen), (file, &name), known)?;
        if csv.is_some() {
            gap_list::list(&reader, &filter, seen, csv)?;
        }
        return Ok(sheet_written(args, path, &written));
    }
    let list = gap_list::list(&reader, &filter, seen, csv)?;
    let what = match (args.waived, args.past_due) {
        (true, _) => "waived gaps",
        (false, true) => "open gaps past due",
        (false, false) => "open gaps",
    };
    let text = if args.view.json {
        serde_json::to_string(&list)?
    } else {
        list.text(what)
    };
    let code = if args.past_due && list.gaps > 0 { 3 } else { 0 };
    Ok(CommandOutput { text, code })
}

fn known_source(reader: &Reader, source: &str) -> anyhow::Result<()> {
    let names: Vec<String> = reader.files()?.into_iter().map(|file| file.name).collect();
    if names.iter().any(|name| name == source) {
        return Ok(());
    }
    Err(Failure::configuration(
        "--source names no file of the plan",
        format!("its files are {}", names.join(", ")),
    ))
}

fn sheet_written(args: &GapsArgs, file: &Path, written: &WrittenSheet) -> CommandOutput {
    if args.view.json {
        let text = serde_json::json!({
            "sheet": { "customers": written.customers, "cells": written.cells, "notes": written.notes }
        });
        return CommandOutput {
            text: text.to_string(),
            code: 0,
        };
    }
    let mut lines = match written.customers {
        0 => vec!["nothing to fill in: no file was written".to_owned()],
        customers => {
            let holds = if args.with_known {
                "it holds customers' data: names, e-mail addresses and phone numbers"
            } else {
                "it holds clientAccountIds and due dates, no other data of customers until people fill it in"
            };
            vec![
                format!(
                    "{}: {} customers, {} cells to fill in",
                    file.shown(),
                    thousands(customers),
                    thousands(written.cells)
                ),
                format!("only you can read it; {holds}"),
                format!(
                    "when it is filled in: bakkt-migrate backfill {} FILE",
                    place::arguments(&args.view.dir, args.view.sandbox, &args.view.shards)
                ),
            ]
        }
    };
    lines.extend(written.notes.iter().cloned());
    CommandOutput {
        text: lines.join("\n"),
        code: 0,
    }
}

fn later(today: jiff::civil::Date, days: u32) -> anyhow::Result<jiff::civil::Date> {
    let span = Span::new().try_days(days);
    span.and_then(|span| today.checked_add(span)).map_err(|_| {
        Failure::configuration(
            "--due-within leads past the last date there is",
            "a number of days such as 30",
        )
    })
}
