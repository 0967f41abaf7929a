//! Reading and mapping beside the async workers, so that a disk that stalls stalls neither answers nor a stop.
//!
//! Owner of how many reads go on at once: more would start threads in the middle of a run and win nothing.

use std::thread::available_parallelism;

use tokio::sync::Semaphore;

/// Reads at once on a small machine: as many as keep a network disk busy.
const FEWEST: usize = 4;

/// The turns of reads.
pub struct DiskReads(Semaphore);

impl Default for DiskReads {
    fn default() -> Self {
        let workers = available_parallelism().map_or(1, usize::from);
        DiskReads(Semaphore::new(workers.max(FEWEST)))
    }
}

impl DiskReads {
    /// Runs a read on a thread for blocking work, when its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        // It is never closed.
        let _turn = self.0.acquire().await;
        match tokio::task::spawn_blocking(read).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends: so does whoever waits here.
                Err(_) => std::future::pending().await,
            },
        }
    }
}
