//! Events from a file, one body a line: they came by another way, or were asked for again.
//!
//! Owner of the lines: blank ones are skipped, one that is too long for an event is named and left out, every other goes
//! in as a delivery would. A line that is no event is kept as such, and named. Importing a file again adds nothing.

use std::io::{BufRead, Read};

use anyhow::Context;

use super::tally::ReceiverCounters;
use super::{LONGEST_BODY, body};
use bakkt_files::small_files;
use bakkt_journal::events::{AddOutcome, ArrivedEvent, EventSource, RoutedEvents};
use bakkt_journal::now;

/// Lines of one transaction.
const MOST: usize = 500;

/// What is wrong with a line of an imported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineProblem {
    /// It is no event; kept all the same.
    Unreadable,
    /// No event is so long; left out.
    TooLong,
}

impl LineProblem {
    /// For a person.
    pub fn says(self) -> &'static str {
        match self {
            LineProblem::Unreadable => "no event of an account; kept as it is",
            LineProblem::TooLong => "longer than any event; left out",
        }
    }
}

/// Adds every line of a file; tells the number of each that is wrong.
pub fn import(
    mut from: impl BufRead,
    events: &mut RoutedEvents,
    tally: &ReceiverCounters,
    mut wrong: impl FnMut(u64, LineProblem),
) -> anyhow::Result<()> {
    let mut lines = 0;
    let mut batch = Vec::new();
    let mut line = Vec::new();
    loop {
        let more = next(&mut from, &mut line).context("the file cannot be read further")?;
        if let Some(fits) = more {
            lines += 1;
            if !fits {
                tally.count_invalid();
                wrong(lines, LineProblem::TooLong);
            } else if let line @ [_, ..] = trimmed(&line) {
                let arrived = body::read(line.to_vec(), now());
                if arrived.said.is_none() && !arrived.is_of_another_type() {
                    wrong(lines, LineProblem::Unreadable);
                }
                batch.push(arrived);
            }
        }
        if batch.len() == MOST || more.is_none() {
            let added = events.add(&batch, EventSource::Imported)?;
            count(&batch, &added, tally);
            batch.clear();
        }
        if more.is_none() {
            return Ok(());
        }
    }
}

/// A line without blanks of any kind around it; one that is no UTF-8 stays as it is.
fn trimmed(line: &[u8]) -> &[u8] {
    match std::str::from_utf8(line) {
        Ok(text) => small_files::trim(text).as_bytes(),
        Err(_) => line.trim_ascii(),
    }
}

fn count(batch: &[ArrivedEvent], added: &[AddOutcome], tally: &ReceiverCounters) {
    for (arrived, added) in batch.iter().zip(added) {
        tally.added(arrived, *added);
    }
}

/// Reads the next line; whether it fits, or None at the end. What does not fit is read over in pieces.
fn next(from: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Option<bool>> {
    // A line break more than a body may have.
    let most = LONGEST_BODY as u64 + 2;
    let mut fits = true;
    loop {
        line.clear();
        let read = from.by_ref().take(most).read_until(b'\n', line)?;
        let ended = line.last() == Some(&b'\n') || (read as u64) < most;
        match (read, ended, fits) {
            (0, _, true) => return Ok(None),
            (_, true, _) => return Ok(Some(fits && line.trim_ascii().len() <= LONGEST_BODY)),
            (_, false, _) => fits = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_length_are_told_apart() {
        let long = "x".repeat(3 * LONGEST_BODY);
        let most = "y".repeat(LONGEST_BODY);
        let text = format!("a\n\n{long}\nb\r\n{most}\n{most}z\nc");
        let mut from = std::io::BufReader::with_capacity(7, text.as_bytes());
        let (mut line, mut seen) = (Vec::new(), Vec::new());
        while let Some(fits) = next(&mut from, &mut line).unwrap() {
            seen.push((fits, line.len().min(9)));
        }
        let fits: Vec<bool> = seen.iter().map(|(fits, _)| *fits).collect();
        assert_eq!(fits, [true, true, false, true, true, false, true]);
        assert_eq!(line, b"");
    }
}
