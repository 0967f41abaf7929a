//! The process itself: its memory, its threads, and a last line against panics.
//!
//! Owner of what has to be right before and around any command. Left out on purpose: signals (`commands::signals`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};

use bakkt_model::error::started;

/// How long a thread that the system gave may take to run.
const LONGEST_START: Duration = Duration::from_secs(30);
/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// Makes sure that no core dump can hold what is in memory: keys, tax ids, e-mail addresses. Child processes inherit the
/// limit. A system that refuses this has no core dumps to begin with, or will not be told; the work goes on.
pub fn keep_memory_private() {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, nothing);
    // The limit alone does not hold where the system pipes dumps into a program.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Runs the program; a panic, which is a mistake of ours, ends with exit code 1 instead of 101.
pub fn without_panic(work: impl FnOnce() -> u8) -> u8 {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        bakkt_files::terminal::show_line(
            "error: this is a mistake in bakkt-migrate; please report the lines above\n  next: run the same command again: what was sent is recorded, and nothing is sent twice",
        );
        1
    })
}

/// The runtime of commands that talk to a server. Fails when the system does not give it its threads: left to itself the
/// runtime would panic for want of the first one, and wait for ever for work of the second one.
pub fn runtime() -> anyhow::Result<Runtime> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    started(built(workers))
}

/// Whether every thread of a runtime runs: the workers, which start by themselves, and one for blocking work, which a
/// piece of such work brings up. With that one, whatever waits for blocking work gets its turn.
fn all_run(runtime: &Runtime, threads: &StartedThreads) -> bool {
    runtime.spawn_blocking(|| ());
    threads.wait()
}

/// Counts the threads of a runtime as they start. A task would not tell: a worker may take several from the queue and
/// leave the others waiting behind the first.
struct StartedThreads {
    expected: usize,
    arrived: Mutex<usize>,
    changed: Condvar,
}

impl StartedThreads {
    fn new(expected: usize) -> StartedThreads {
        StartedThreads {
            expected,
            arrived: Mutex::new(0),
            changed: Condvar::new(),
        }
    }

    fn arrive(&self) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        *arrived += 1;
        self.changed.notify_all();
    }

    /// Waits for all of them; false when one does not come.
    fn wait(&self) -> bool {
        let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(arrived, LONGEST_START, |arrived| *arrived < self.expected);
        waited.is_ok_and(|(arrived, _)| *arrived >= self.expected)
    }
}

/// Builds the runtime on a thread of its own: where the system gives too few threads, tokio panics and then waits for ever
/// for those that it has, and whoever builds is left behind.
fn built(workers: usize) -> std::io::Result<Runtime> {
    let (outbox, inbox) = sync_channel(1);
    let words = std::panic::take_hook();
    let failed = outbox.clone();
    std::panic::set_hook(Box::new(move |_| {
        let _ = failed.try_send(Err(too_few_threads()));
    }));
    let build = move || {
        let threads = Arc::new(StartedThreads::new(workers + 1));
        let started = threads.clone();
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .on_thread_start(move || started.arrive())
            // Threads for blocking work are started at once and stay, so that none has to be started in the middle.
            .thread_keep_alive(FOR_EVER)
            .enable_all()
            .build();
        let checked = runtime.and_then(|runtime| {
            if all_run(&runtime, &threads) {
                return Ok(runtime);
            }
            // Whoever waits for a thread that never comes is left behind.
            runtime.shutdown_background();
            Err(too_few_threads())
        });
        // Nobody waits any more when a panic came first.
        let _ = outbox.try_send(checked);
    };
    let thread = std::thread::Builder::new().spawn(build);
    let runtime = thread.and_then(|_| {
        inbox
            .recv_timeout(2 * LONGEST_START)
            .unwrap_or_else(|_| Err(too_few_threads()))
    });
    std::panic::set_hook(words);
    runtime
}

fn too_few_threads() -> std::io::Error {
    std::io::ErrorKind::WouldBlock.into()
}
