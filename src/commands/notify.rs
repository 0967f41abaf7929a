//! Telling a program of the firm how a run ended.
//!
//! Owner of what it is told and of how it is started: without a shell, with an empty environment, in a group of processes of its
//! own that is ended when it takes too long. Invariants: what it is told holds no value of a customer; whatever it does
//! changes neither the run's exit code nor its report. Left out on purpose: who is told (`[notify]`).

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::session::Destination;
use super::{CommandOutput, target};
use bakkt_engine::requests::RunEnd;
use bakkt_files::progress::{Mode, note};
use bakkt_folder::settings::NotifySettings;
use bakkt_model::error::{self, Style};
use rustix::process::{Pid, Signal, kill_process_group};

/// Where programs are looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// What there is to tell of a run, gathered on its way.
#[derive(Debug)]
pub struct News {
    settings: NotifySettings,
    dir: PathBuf,
    target: String,
    has_begun: Cell<bool>,
    outcome: Cell<&'static str>,
    why: RefCell<Option<String>>,
    summary: RefCell<Value>,
}

impl News {
    /// Of a run to this destination.
    pub fn of(destination: &Destination) -> News {
        News {
            settings: destination.settings.notify.clone(),
            dir: destination.settings.dir.clone(),
            target: destination.target.clone(),
            has_begun: Cell::new(false),
            outcome: Cell::new("failed"),
            why: RefCell::new(None),
            summary: RefCell::new(Value::Null),
        }
    }

    /// From here on the run sends. What goes wrong before, the person who started it sees.
    pub fn begin(&self) {
        self.has_begun.set(true);
    }

    /// Notes how the sending ended, and the object of `run --json`.
    pub fn note(&self, ended: &RunEnd, summary: Value) {
        self.summary.replace(summary);
        self.outcome.set(match ended {
            RunEnd::Finished => "finished",
            RunEnd::Interrupted => "interrupted",
            RunEnd::Stopped(why) => {
                self.why.replace(Some(error::describe(why, Style::PLAIN)));
                "stopped"
            }
        });
    }

    /// Tells how the run ended, unless there is nobody to tell or nothing was begun.
    pub fn tell(&self, ended: &anyhow::Result<CommandOutput>) {
        if self.settings.command.is_empty() || !self.has_begun.get() {
            return;
        }
        let (code, why) = match ended {
            Ok(output) => (output.code, self.why.borrow().clone()),
            Err(why) => (
                error::exit_code(why),
                Some(error::describe(why, Style::PLAIN)),
            ),
        };
        let outcome = match ended {
            Ok(_) => self.outcome.get(),
            Err(_) => "failed",
        };
        let news = json!({
            "outcome": outcome,
            "exit_code": code,
            "why": why,
            "migration": target::name(&self.dir),
            "target": self.target,
            "summary": *self.summary.borrow(),
        });
        if let Err(why) = self.hand_over(&news.to_string()) {
            let program = self.settings.command.first().map_or("", String::as_str);
            note(
                Mode::Lines,
                &format!("the program of [notify], {program}: {why}"),
            );
        }
    }

    fn hand_over(&self, news: &str) -> Result<(), String> {
        let Some((program, arguments)) = self.settings.command.split_first() else {
            return Ok(());
        };
        // Found from the folder of the migration, wherever the run was started.
        let program = match program.contains('/') {
            true => self.dir.join(program).canonicalize(),
            false => Ok(PathBuf::from(program)),
        };
        let mut child = program
            .and_then(|program| self.started(&program, arguments))
            .map_err(|error| format!("it could not be started: {error}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            let news = format!("{news}\n");
            // A program that does not read is waited for no longer than any other.
            std::thread::spawn(move || stdin.write_all(news.as_bytes()));
        }
        match wait(&mut child, self.settings.timeout) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("it ended with {status}")),
            None => Err(format!(
                "it took longer than {:?} and was ended",
                self.settings.timeout
            )),
        }
    }

    fn started(&self, program: &Path, arguments: &[String]) -> std::io::Result<Child> {
        Command::new(program)
            .args(arguments)
            .current_dir(&self.dir)
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
    }
}

/// How a program ended; none when it took too long, and was ended with all that it started.
fn wait(child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
    let until = Instant::now() + timeout;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.wait();
                return None;
            }
        }
    }
}
