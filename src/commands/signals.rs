//! Ctrl-C and SIGTERM: the first one drains, the second one stops (invariant 11). A terminal that goes away (SIGHUP) drains as well.
//!
//! Owner of both. A thread of its own hears the signals, so that neither a slow disk under the runtime's threads nor a
//! terminal that nobody reads can hold them up; what they ask for comes before any word about it.
//! Commands that do not drain end at the first signal, with the exit code of whoever was stopped.
//! Invariants: a terminal that goes away never stops at once, however often it says so, and a run that `nohup` started does not heed
//! it; a second signal ends the program within `GRACE`, whatever it is doing: what it leaves behind is what
//! `kill -9` leaves behind. Left out on purpose: SIGQUIT, which ends the program as it always does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tokio::sync::watch;

use bakkt_files::progress::{Mode, note};
use bakkt_model::error::{FailureKind, started};

/// How long the program may take to end by itself after the second signal.
const GRACE: Duration = Duration::from_millis(500);
/// How long its last words may take.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Those of this process: a command that is done for several shards listens once.
static HEARD: OnceLock<Signals> = OnceLock::new();

/// Whether a signal ends the program at once, as long as no command listens.
static ENDS_AT_ONCE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Lets each signal end the program at once with the exit code of a stop, until a command listens.
pub fn end_at_once() -> anyhow::Result<()> {
    let ends = ENDS_AT_ONCE.get_or_init(|| Arc::new(AtomicBool::new(true)));
    let code = i32::from(FailureKind::Stopped.exit_code());
    for signal in heeded() {
        signal_hook::flag::register_conditional_shutdown(*signal, code, ends.clone())
            .context("cannot listen to Ctrl-C")?;
    }
    Ok(())
}

/// Whether what this process does was asked to stop, by a signal or by `control`.
pub fn is_stop_asked() -> bool {
    HEARD.get().is_some_and(Signals::stopping)
}

/// What the signals have asked for so far.
#[derive(Clone)]
pub struct Signals {
    /// True after the first.
    pub stop: Arc<watch::Sender<bool>>,
    /// True after the second.
    abort: Arc<watch::Sender<bool>>,
}

impl Signals {
    /// Starts listening, for as long as the process lives. Fails when no thread can be started.
    pub fn listen(mode: Mode) -> anyhow::Result<Signals> {
        if let Some(signals) = HEARD.get() {
            return Ok(signals.clone());
        }
        let signals = Signals {
            stop: Arc::new(watch::Sender::new(false)),
            abort: Arc::new(watch::Sender::new(false)),
        };
        let mut arriving =
            signal_hook::iterator::Signals::new(heeded()).context("cannot listen to Ctrl-C")?;
        if let Some(ends) = ENDS_AT_ONCE.get() {
            ends.store(false, Ordering::SeqCst);
        }
        let listener = signals.clone();
        let thread = std::thread::Builder::new().name("signals".to_owned());
        started(thread.spawn(move || {
            // Others ask for a stop as well: only a signal makes the next one the second.
            let mut is_first = true;
            for signal in arriving.forever() {
                match signal {
                    _ if std::mem::take(&mut is_first) => listener.drain(mode),
                    // The system and the shell both tell of the same terminal.
                    SIGHUP => {}
                    _ => listener.end_now(),
                }
            }
        }))?;
        Ok(HEARD.get_or_init(|| signals).clone())
    }

    fn drain(&self, mode: Mode) {
        self.stop.send_replace(true);
        note(
            mode,
            "stopping: what is under way ends first; press Ctrl-C again to abort",
        );
    }

    fn end_now(&self) {
        self.abort.send_replace(true);
        // Whoever waits for a request ends now and says so. Whoever reads, plans or writes a report does not look up.
        std::thread::sleep(GRACE);
        bakkt_files::terminal::show_line("stopped at once; run the same command to go on");
        bakkt_files::terminal::flush_within(LAST_WORDS);
        signal_hook::low_level::exit(i32::from(FailureKind::Stopped.exit_code()));
    }

    /// Whether it is time to stop.
    pub fn stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ends at the first signal.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Ends at the second signal.
    pub async fn aborted(&self) {
        // The sender lives as long as `self`.
        let _ = self.abort.subscribe().wait_for(|abort| *abort).await;
    }
}

/// The signals that mean something here.
fn heeded() -> &'static [i32] {
    match is_hang_up_ignored() {
        true => &[SIGINT, SIGTERM],
        false => &[SIGINT, SIGTERM, SIGHUP],
    }
}

/// Whether whoever started the program wants it to outlive its terminal, as `nohup` does. Where the system does not say so, it is left to act as it does.
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut ignored = status
        .lines()
        .filter_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored
        .next()
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (SIGHUP - 1) & 1 == 1)
}
