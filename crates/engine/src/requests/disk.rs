//! Reading and mapping beside the async workers, so that a disk that stalls stalls neither answers nor a stop.
//!
//! Owner of the threads that read: a few, started at once, so that none has to be started in the middle of a run. A read
//! waits in their queue and not for a turn that an async worker has to give, which would cost two changes of threads.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, available_parallelism};

use tokio::sync::oneshot;

use bakkt_model::error::started;

/// Threads on a small machine: as many as keep a network disk busy.
const FEWEST: usize = 4;

type Read = Box<dyn FnOnce() + Send>;

/// The threads that read; they end when this is dropped.
pub struct DiskReads(Sender<Read>);

impl DiskReads {
    /// Starts the threads. Fails when the system gives too few.
    pub fn start() -> anyhow::Result<DiskReads> {
        let (reads, queue) = channel::<Read>();
        let queue = Arc::new(Mutex::new(queue));
        let workers = available_parallelism().map_or(1, usize::from);
        for _ in 0..workers.max(FEWEST) {
            let queue = queue.clone();
            let thread = Builder::new().name("reads".to_owned());
            started(thread.spawn(move || {
                while let Some(read) = next(&queue) {
                    read();
                }
            }))?;
        }
        Ok(DiskReads(reads))
    }

    /// Runs a read on one of the threads.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let (done, answer) = oneshot::channel();
        let read = move || {
            // Nobody waits any more when the run ended at once.
            let _ = done.send(read());
        };
        // It waits until the answer is dropped, which a thread that is gone has done.
        let _ = self.0.send(Box::new(read));
        match answer.await {
            Ok(done) => done,
            // The read panicked, and said why: so does the request.
            Err(_) => std::panic::resume_unwind(Box::new("a read failed")),
        }
    }
}

fn next(queue: &Mutex<Receiver<Read>>) -> Option<Read> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.recv().ok()
}
