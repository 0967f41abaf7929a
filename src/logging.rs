//! Logs: to stderr as far as `-v` asks for, and as JSON lines to a 0600 file beside the journal.
//!
//! Owner of what may be logged: events of this program only, which name ids, states and codes. Other crates are kept out
//! whatever the level, because they could log requests and phone numbers (invariant 8).

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use bakkt_files::terminal::LogLines;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::cli::LogFormat;
use bakkt_files::state_folder;

static FILE: OnceLock<Mutex<File>> = OnceLock::new();

/// What the names of the program's own crates begin with.
const OURS: &str = "bakkt_";

/// Sets logging up; `verbose` counts the -v of the command line.
pub fn start(verbose: u8, format: LogFormat) {
    let ours = |level| Targets::new().with_target(OURS, level);
    let level = match verbose {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| LogLines)
        .with_ansi(false)
        .with_target(false);
    let terminal = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    }
    .with_filter(ours(level));
    let file = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(|| LogFileWriter)
        .with_filter(ours(level.max(LevelFilter::INFO)));
    // A second start (tests) keeps the first.
    let _ = tracing_subscriber::registry()
        .with(terminal)
        .with(file)
        .try_init();
}

/// From here on, events go to `log.jsonl` of a state folder too. A log that cannot be written stops nothing; one that is a
/// link was refused when the folder was opened.
pub fn to_file(folder: &Path) {
    if let Ok(file) = state_folder::open_file(&folder.join("log.jsonl")) {
        let _ = FILE.set(Mutex::new(file));
    }
}

/// Writes log lines to the file, once there is one.
struct LogFileWriter;

impl std::io::Write for LogFileWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match FILE.get().and_then(|file| file.lock().ok()) {
            Some(mut file) => file.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
