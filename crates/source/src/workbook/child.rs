//! The process that parses a workbook, from the outside.
//!
//! Owner of [`Workbook`], its text as a stream. The process is this program with another command, its standard input is the
//! file, it has no environment and sets its own limits (`commands::read_workbook`). Invariants: nothing that it prints but
//! frames is read; however it ends, a person is told in a sentence without a cell's content; dropping the stream ends it.
//! Works in the program alone: a library or a test that is another program has no such command, and is told so.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use super::frames::{Frame, FrameReceiver};
use super::refused::{WorkbookBound, WorkbookRefusal};
use super::{SheetChoice, WorkbookHead};
use crate::carried::carried;
use bakkt_model::error::{Failure, FailureKind, Mistakes};

/// The command of this program that parses.
pub(crate) const COMMAND: &str = "read-workbook";

/// A sheet as canonical CSV text.
#[derive(Debug)]
pub struct Workbook {
    name: String,
    head: WorkbookHead,
    process: Process,
    receiver: FrameReceiver<ChildStdout>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Workbook {
    /// Opens the workbook in a file; `name` is how messages speak of it.
    pub fn open(file: File, name: &str, choice: &SheetChoice) -> anyhow::Result<Workbook> {
        let mut child = command(choice)
            .and_then(|mut command| command.stdin(Stdio::from(file)).spawn())
            .map_err(|error| cannot_start(name, &error))?;
        let output = child.stdout.take();
        let mut process = Process(child);
        let output = output.ok_or_else(|| cannot_start(name, &io::ErrorKind::BrokenPipe.into()))?;
        let mut text = Vec::new();
        let mut receiver = match FrameReceiver::new(output) {
            Ok(receiver) => receiver,
            Err(error) => {
                // Killed before its first word, or another program.
                return Err(match process.ended() {
                    Some(refused) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        failure(name, &refused).into()
                    }
                    _ => cannot_start(name, &error),
                });
            }
        };
        match receiver.next(&mut text) {
            Ok(Frame::Head(head)) => Ok(Workbook {
                name: name.to_owned(),
                head,
                process,
                receiver,
                text: Vec::new(),
                at: 0,
                ended: false,
            }),
            Ok(Frame::Refused(refused)) => Err(failure(name, &refused).into()),
            Ok(_) => Err(failure(name, &WorkbookRefusal::Damaged).into()),
            Err(_) => {
                let refused = process.ended().unwrap_or(WorkbookRefusal::Damaged);
                Err(failure(name, &refused).into())
            }
        }
    }

    /// What the workbook is.
    pub(crate) fn head(&self) -> &WorkbookHead {
        &self.head
    }

    /// The next piece of text; false at the end.
    fn fill(&mut self) -> Result<bool, WorkbookRefusal> {
        self.at = 0;
        match self.receiver.next(&mut self.text) {
            Ok(Frame::Text) => Ok(true),
            Ok(Frame::End) => {
                self.text.clear();
                self.ended = true;
                match self.process.ended() {
                    None => Ok(false),
                    Some(refused) => Err(refused),
                }
            }
            Ok(Frame::Refused(refused)) => Err(refused),
            Ok(Frame::Head(_)) => Err(WorkbookRefusal::Damaged),
            Err(_) => Err(self.process.ended().unwrap_or(WorkbookRefusal::Damaged)),
        }
    }
}

impl Read for Workbook {
    /// An error of the workbook has a [`Failure`] for its cause.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.ended {
            self.fill().map_err(|refused| {
                self.ended = true;
                self.text.clear();
                let failure = failure(&self.name, &refused);
                carried(&self.name, failure)
            })?;
        }
        let count = buffer.len().min(self.text.len() - self.at);
        buffer[..count].copy_from_slice(&self.text[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// The process; dropping it ends it.
#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Waits for the end; why it was no good one.
    fn ended(&mut self) -> Option<WorkbookRefusal> {
        match self.0.wait() {
            Ok(status) => cause(status),
            Err(error) => Some(error.into()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended; either way nobody waits for what it still does.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What an end means: the limits of the process end it with a signal.
fn cause(status: ExitStatus) -> Option<WorkbookRefusal> {
    use rustix::process::Signal;
    let is = |signal: Signal| status.signal() == Some(signal.as_raw());
    if status.success() {
        None
    } else if is(Signal::XCPU) {
        Some(WorkbookRefusal::TooLarge(WorkbookBound::Time))
    } else if is(Signal::ABORT) || is(Signal::KILL) {
        Some(WorkbookRefusal::TooLarge(WorkbookBound::Memory))
    } else {
        Some(WorkbookRefusal::Damaged)
    }
}

fn command(choice: &SheetChoice) -> io::Result<Command> {
    // On Linux the program that runs, also when its file was replaced meanwhile.
    let running = PathBuf::from("/proc/self/exe");
    let program = if running.exists() {
        running
    } else {
        std::env::current_exe()?
    };
    let mut command = Command::new(program);
    command
        .arg(COMMAND)
        .env_clear()
        .stdout(Stdio::piped())
        // A parser that panics says what it read.
        .stderr(Stdio::null());
    match choice {
        SheetChoice::First => {}
        SheetChoice::Name(name) => {
            command.arg(format!("--sheet-name={name}"));
        }
        SheetChoice::Number(number) => {
            command.arg(format!("--sheet-number={number}"));
        }
    }
    Ok(command)
}

fn cannot_start(name: &str, error: &io::Error) -> anyhow::Error {
    Failure::cannot(
        format!(
            "cannot start the process that reads the workbook {name}: {}",
            error.kind()
        ),
        "a workbook is read by the program bakkt-migrate alone, not by a library; save the export as CSV UTF-8 to do without",
    )
}

fn failure(name: &str, refused: &WorkbookRefusal) -> Failure {
    let kind = match refused {
        WorkbookRefusal::Damaged
        | WorkbookRefusal::DamagedAfter { .. }
        | WorkbookRefusal::Io(_) => FailureKind::CannotGoOn,
        _ => FailureKind::Configuration,
    };
    Failure {
        kind,
        message: format!("cannot read the workbook {name}: {refused}"),
        hint: refused.hint().to_owned(),
        mistakes: Mistakes::default(),
    }
}
