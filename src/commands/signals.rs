//! Ctrl-C and SIGTERM: the first one drains, the second one stops (invariant 11).

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

use crate::progress::{Mode, note};

/// What the signals have said so far.
#[derive(Clone)]
pub struct Signals {
    /// True after the first.
    pub stop: Arc<watch::Sender<bool>>,
    /// Woken by the second.
    pub at_once: Arc<Notify>,
}

impl Signals {
    /// Starts listening; needs a runtime.
    pub fn listen(mode: Mode) -> anyhow::Result<Signals> {
        let signals = Signals {
            stop: Arc::new(watch::Sender::new(false)),
            at_once: Arc::new(Notify::new()),
        };
        let told = signals.clone();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(async move {
            let mut count = 0;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                count += 1;
                if count == 1 {
                    note(
                        mode,
                        "stopping: what is on its way ends first; once more stops at once",
                    );
                    told.stop.send_replace(true);
                } else {
                    told.at_once.notify_waiters();
                }
            }
        });
        Ok(signals)
    }

    /// Whether it is time to stop.
    pub fn stopping(&self) -> bool {
        *self.stop.borrow()
    }
}
