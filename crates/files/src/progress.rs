//! The terminal while work goes on: bars, or plain lines in a log, and the one question.
//!
//! Owner of what is shown while work goes on. Everything shown is a number or a name of the program's own; no customer
//! value gets here. A display is never a reason to fail, to stop or to wait.
//! Left out on purpose: how a line gets to stderr (`terminal`), and results, which `main` prints to stdout.

use std::fmt::Write;
use std::io::{BufRead, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::terminal::{show, show_line};
use bakkt_model::number::thousands;

/// Time between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);
/// The same while nothing comes on.
const EVERY_IDLE: Duration = Duration::from_secs(60);

/// How to show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bars.
    Bars,
    /// Lines.
    Lines,
    /// Nothing.
    Quiet,
}

/// The mode that fits the terminal.
pub fn mode(quiet: bool) -> Mode {
    match (quiet, std::io::stderr().is_terminal()) {
        (true, _) => Mode::Quiet,
        (false, true) => Mode::Bars,
        (false, false) => Mode::Lines,
    }
}

/// A note to the person, unless quiet.
pub fn note(mode: Mode, text: &str) {
    if mode != Mode::Quiet {
        show_line(text);
    }
}

/// One line on stdout at once, for programs that wait for it.
pub fn announce(text: &str) -> anyhow::Result<()> {
    crate::terminal::print_result(text).context("cannot write to stdout")
}

/// Progress of reading an export, in bytes and rows.
pub struct ReadingProgress {
    bar: Option<ProgressBar>,
    mode: Mode,
    size: u64,
    last: Instant,
}

impl ReadingProgress {
    /// Starts; `size` is the export's size in bytes.
    pub fn new(mode: Mode, what: &'static str, size: u64) -> ReadingProgress {
        let bar = (mode == Mode::Bars).then(|| {
            let style = "{msg:9} [{bar:30}] {percent:>3}% · {prefix} rows · {binary_bytes_per_sec} · {eta} left";
            bar(size, style, what)
        });
        ReadingProgress {
            bar,
            mode,
            size,
            last: Instant::now(),
        }
    }

    /// So far.
    pub fn at(&mut self, bytes: u64, rows: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_prefix(thousands(rows));
        } else if self.mode == Mode::Lines && self.last.elapsed() >= EVERY {
            self.last = Instant::now();
            let percent = bytes * 100 / self.size.max(1);
            show_line(&format!(
                "reading: {} rows, {percent} % of the export",
                thousands(rows)
            ));
        }
    }

    /// Done.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Progress of unpacking exports, of which nobody knows how long they get.
pub struct UnpackingProgress {
    bar: Option<ProgressBar>,
    mode: Mode,
    last: Instant,
}

impl UnpackingProgress {
    /// Starts; nothing is shown before there is something to unpack.
    pub fn new(mode: Mode) -> UnpackingProgress {
        UnpackingProgress {
            bar: None,
            mode,
            last: Instant::now(),
        }
    }

    /// So far.
    pub fn at(&mut self, bytes: u64) {
        if self.mode == Mode::Bars {
            let style = "{msg} {human_bytes} · {binary_bytes_per_sec}";
            self.bar
                .get_or_insert_with(|| bar(0, style, "unpacking"))
                .set_position(bytes);
        } else if self.mode == Mode::Lines && self.last.elapsed() >= EVERY {
            self.last = Instant::now();
            show_line(&format!("unpacking: {} MB", thousands(bytes / 1_000_000)));
        }
    }

    /// Done.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Progress of looking into files, in files and bytes.
pub struct InspectingProgress {
    bar: Option<ProgressBar>,
    mode: Mode,
    what: &'static str,
    /// Files in all, files so far, bytes so far.
    counts: (u64, u64, u64),
    last: Instant,
}

impl InspectingProgress {
    /// Starts; `files` is how many there will be.
    pub fn new(mode: Mode, what: &'static str, files: u64) -> InspectingProgress {
        let style = "{msg} [{bar:30}] {human_pos}/{human_len} · {prefix} MB · {eta} left";
        InspectingProgress {
            bar: (mode == Mode::Bars).then(|| bar(files, style, what)),
            mode,
            what,
            counts: (files, 0, 0),
            last: Instant::now(),
        }
    }

    /// So many more.
    pub fn add(&mut self, more: u64, bytes: u64) {
        let (all, files, read) = &mut self.counts;
        *files += more;
        *read += bytes;
        let megabytes = thousands(*read / 1_000_000);
        if let Some(bar) = &self.bar {
            bar.set_position(*files);
            bar.set_prefix(megabytes);
        } else if self.mode == Mode::Lines && self.last.elapsed() >= EVERY {
            self.last = Instant::now();
            show_line(&format!(
                "{}: {} of {}, {megabytes} MB",
                self.what,
                thousands(*files),
                thousands(*all)
            ));
        }
    }

    /// Done.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64, style: &str, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
    if let Ok(style) = ProgressStyle::with_template(style) {
        // As the lines say it: of a rate nobody wants four decimals.
        let rate = |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{:.1}/s", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
    }
    bar.set_message(what);
    bar
}

/// Progress of work whose end is known: a thread that looks at how far it is.
pub struct WorkProgress {
    done: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl WorkProgress {
    /// Starts showing what `look` finds.
    pub fn watch(
        mode: Mode,
        what: &'static str,
        look: impl Fn() -> Progress + Send + 'static,
    ) -> WorkProgress {
        let done = Arc::new(AtomicBool::new(false));
        let seen = done.clone();
        let display = move || show_progress(mode, what, &look, &seen);
        WorkProgress {
            done,
            thread: start_display(mode, display),
        }
    }

    /// Stops showing.
    pub fn finish(mut self) {
        finish_display(&self.done, self.thread.take());
    }
}

/// How far some work has come.
#[derive(Debug)]
pub struct Progress {
    /// How much is done.
    pub done: u64,
    /// How much there is in all, as far as that is known.
    pub total: u64,
    /// Further figures, as a phrase.
    pub detail: String,
    /// The least time that the rest takes, whatever the speed so far.
    pub minimum_time: Duration,
}

/// How long the rest takes at the speed so far, in words: never less than what rests has to wait.
fn left(far: u64, of: u64, elapsed: Duration, rests: Duration) -> String {
    let rate = far as f64 / elapsed.as_secs_f64().max(0.001);
    let left = of.saturating_sub(far) as f64 / rate.max(0.001);
    if far == 0 && rests.is_zero() {
        return "time left not known yet".to_owned();
    }
    let left = if far == 0 { 0.0 } else { left };
    let left = Duration::from_secs_f64(left.min(1e8)).max(rests);
    format!("about {} left", span(left))
}

/// Starts a thread that shows something; without one the work goes on unseen.
fn start_display(
    mode: Mode,
    display: impl FnOnce() + Send + 'static,
) -> Option<std::thread::JoinHandle<()>> {
    let thread = std::thread::Builder::new().name("progress".to_owned());
    (mode != Mode::Quiet)
        .then(|| thread.spawn(display).ok())
        .flatten()
}

/// Ends a thread that shows something. One that a terminal holds up is left behind.
fn finish_display(done: &AtomicBool, thread: Option<std::thread::JoinHandle<()>>) {
    done.store(true, Ordering::Relaxed);
    let Some(thread) = thread else { return };
    thread.thread().unpark();
    let until = Instant::now() + Duration::from_secs(1);
    while !thread.is_finished() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Time between two lines: longer where the next would say the same.
fn idle_or(every: Duration, is_same: bool) -> Duration {
    if is_same { EVERY_IDLE } else { every }
}

fn show_progress(mode: Mode, what: &'static str, look: &impl Fn() -> Progress, done: &AtomicBool) {
    let (begin, mut last) = (Instant::now(), Instant::now());
    let mut shown = None;
    let style = "{msg:9} [{bar:30}] {human_pos}/{human_len} · {rate} · {prefix}";
    let bar = (mode == Mode::Bars).then(|| bar(look().total, style, what));
    while !done.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(200));
        let Progress {
            done: far,
            total: of,
            detail: state,
            minimum_time: rests,
        } = look();
        let left = left(far, of, begin.elapsed(), rests);
        if let Some(bar) = &bar {
            bar.set_length(of);
            bar.set_position(far);
            bar.set_prefix(format!("{left} · {state}"));
        } else if last.elapsed() >= idle_or(EVERY, shown.as_ref() == Some(&(far, state.clone()))) {
            last = Instant::now();
            shown = Some((far, state.clone()));
            let rate = far as f64 / begin.elapsed().as_secs_f64();
            show_line(&format!(
                "{what}: {} of {} · {rate:.1}/s · {left} · {state}",
                thousands(far),
                thousands(of)
            ));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// A changing line that shows the state of work without an end.
pub struct StatusLine {
    done: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl StatusLine {
    /// Starts showing what `says` says.
    pub fn start(
        mode: Mode,
        what: &'static str,
        says: impl Fn() -> String + Send + 'static,
    ) -> StatusLine {
        let done = Arc::new(AtomicBool::new(false));
        let seen = done.clone();
        let display = move || show_standing(mode, what, says, &seen);
        StatusLine {
            done,
            thread: start_display(mode, display),
        }
    }

    /// Stops showing.
    pub fn finish(mut self) {
        finish_display(&self.done, self.thread.take());
    }
}

fn show_standing(mode: Mode, what: &'static str, says: impl Fn() -> String, done: &AtomicBool) {
    let bar = (mode == Mode::Bars).then(|| bar(0, "{msg}: {prefix}", what));
    let (mut last, mut said) = (Instant::now(), String::new());
    while !done.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(200));
        let says = says();
        if let Some(bar) = &bar {
            bar.set_prefix(says);
        } else if last.elapsed() >= EVERY && says != said {
            last = Instant::now();
            show_line(&format!("{what}: {says}"));
            said = says;
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// A length of time for people: `1 h 5 min`, `40 s`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0 => "under a second".to_owned(),
        1..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Asks a yes-or-no question on the terminal; a stop while it waits for the answer means no. `None` when there is no
/// terminal to ask on.
pub fn ask(question: &str, stopping: impl Fn() -> bool) -> Option<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return None;
    }
    show(&format!("{question} [y/N] "));
    let a_moment = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    loop {
        if stopping() {
            return Some(false);
        }
        let mut waiting = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut waiting, Some(&a_moment)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => break,
            Err(_) => return None,
        }
    }
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_never_less_than_what_rests_has_to_wait() {
        let half_done = Duration::from_secs(50);
        let left = |far, of, rests| left(far, of, half_done, Duration::from_secs_f64(rests));
        // Two of a hundred at the speed so far would be a second.
        assert_eq!(left(98, 100, 54.4), "about 54 s left");
        assert_eq!(left(98, 100, 0.0), "about 1 s left");
        assert_eq!(left(0, 7, 0.0), "time left not known yet");
    }
}
