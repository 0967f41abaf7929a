//! Ends a run when its approval does.
//!
//! Owner of that clock. A run of days outlives an approval that was good when it began; nothing is sent under one that has ended.
//! Invariant: it ends as the first Ctrl-C does, so that requests on their way are waited for and the same command goes on once the
//! plan is approved again. Left out on purpose: whether a plan is approved (`planning::approval`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::signals::Signals;
use bakkt_files::progress::{Mode, note};

/// The clock is looked at anew so often: it may be set, and a machine may sleep.
const LOOK: Duration = Duration::from_secs(10);

/// Waits for the end of an approval for as long as it lives.
pub struct ApprovalEnd {
    ends: Timestamp,
    has_ended: Arc<AtomicBool>,
    clock: JoinHandle<()>,
}

impl ApprovalEnd {
    /// Begins to wait.
    pub fn follow(ends: Timestamp, signals: &Signals, mode: Mode) -> ApprovalEnd {
        let has_ended = Arc::new(AtomicBool::new(false));
        let (told, signals) = (has_ended.clone(), signals.clone());
        let clock = tokio::spawn(async move {
            while let Ok(left) = Duration::try_from(ends.duration_since(Timestamp::now()))
                && !left.is_zero()
            {
                tokio::time::sleep(left.min(LOOK)).await;
            }
            if !signals.stopping() {
                told.store(true, Ordering::SeqCst);
                note(
                    mode,
                    "stopping: the approval has ended; requests on their way end first",
                );
                signals.stop.send_replace(true);
            }
        });
        ApprovalEnd {
            ends,
            has_ended,
            clock,
        }
    }

    /// What a person does now, if the run was stopped by this.
    pub fn told(&self) -> Option<String> {
        self.has_ended.load(Ordering::SeqCst).then(|| {
            format!(
                "stopped: the approval ended at {:.0}; have the plan approved again, then run the same command to go on",
                self.ends
            )
        })
    }
}

impl Drop for ApprovalEnd {
    fn drop(&mut self) {
        self.clock.abort();
    }
}
