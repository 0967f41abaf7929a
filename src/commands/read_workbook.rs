//! `read-workbook`: the process that parses a workbook, started by `source::workbook`; nobody else's command.
//!
//! Owner of the limits that the process sets for itself before it reads a byte: `MEMORY`, computing time by the size of the
//! file, no file written, no core dump, which would hold customers' data. Invariant: standard output has frames only, and
//! what a parser says when it panics is printed nowhere.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::CommandOutput;
use crate::cli::ReadWorkbookArgs;
use bakkt_source::workbook::frames::FrameSender;
use bakkt_source::workbook::{SheetChoice, WorkbookKind, rows};

/// Bytes of memory, the program itself included.
const MEMORY: u64 = 512 << 20;

/// Seconds of computing for any workbook, and for each MiB of its file; a plain one takes a tenth of the latter.
const SECONDS: u64 = 60;
const SECONDS_A_MIB: u64 = 2;

/// Runs the command.
pub fn run(args: &ReadWorkbookArgs) -> anyhow::Result<CommandOutput> {
    std::panic::set_hook(Box::new(|_| {}));
    let input = io::stdin().as_fd().try_clone_to_owned();
    let mut file = File::from(input.context("no workbook to read")?);
    let size = file.metadata().context("no workbook to read")?.len();
    limit(size).context("cannot set limits")?;
    let choice = match (&args.sheet_name, args.sheet_number) {
        (Some(name), _) => SheetChoice::Name(name.clone()),
        (None, Some(number)) => SheetChoice::Number(number),
        (None, None) => SheetChoice::First,
    };
    let mut sender = FrameSender::new(io::stdout().lock())?;
    let outcome =
        WorkbookKind::of(&mut file).and_then(|kind| rows::write(file, kind, &choice, &mut sender));
    sender.end(outcome)?;
    Ok(CommandOutput {
        text: String::new(),
        code: 0,
    })
}

fn limit(size: u64) -> io::Result<()> {
    let seconds = SECONDS + (size >> 20).saturating_mul(SECONDS_A_MIB);
    for (resource, most, grace) in [
        (Resource::As, MEMORY, 0),
        // At the first bound comes a signal that says why, at the second one that is obeyed.
        (Resource::Cpu, seconds, 5),
        (Resource::Fsize, 0, 0),
        (Resource::Core, 0, 0),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most + grace),
        };
        setrlimit(resource, limit)?;
    }
    Ok(())
}
