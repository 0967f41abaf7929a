//! The thread that records while the work goes on.
//!
//! One batch at a time: while the thread waits for the disk, the work gathers the next batch, so that many results share
//! one fsync without any timer. An answer comes only when the batch is durable.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use bakkt_model::error::started;

/// The loop's end of the thread.
pub(crate) struct Recorder<Owner, Batch, Answer> {
    batches: std::sync::mpsc::Sender<Batch>,
    answers: UnboundedReceiver<anyhow::Result<Answer>>,
    thread: std::thread::JoinHandle<Owner>,
    is_busy: bool,
}

impl<Owner, Batch, Answer> Recorder<Owner, Batch, Answer>
where
    Owner: Send + 'static,
    Batch: Send + 'static,
    Answer: Send + 'static,
{
    /// Starts the thread, which owns what it records in.
    pub(crate) fn start(
        mut owner: Owner,
        mut record: impl FnMut(&mut Owner, Batch) -> anyhow::Result<Answer> + Send + 'static,
    ) -> anyhow::Result<Recorder<Owner, Batch, Answer>> {
        let (batches, inbox) = std::sync::mpsc::channel();
        let (outbox, answers) = unbounded_channel();
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = started(thread.spawn(move || {
            while let Ok(batch) = inbox.recv() {
                if outbox.send(record(&mut owner, batch)).is_err() {
                    break;
                }
            }
            owner
        }))?;
        Ok(Recorder {
            batches,
            answers,
            thread,
            is_busy: false,
        })
    }

    /// Whether a batch is with the thread.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Hands a batch over; at most one at a time is with the thread.
    pub(crate) fn ask(&mut self, batch: Batch) -> anyhow::Result<()> {
        self.is_busy = true;
        self.batches
            .send(batch)
            .map_err(|_| anyhow::anyhow!("the journal's thread ended"))
    }

    /// Waits for the answer.
    pub(crate) async fn answer(&mut self) -> anyhow::Result<Answer> {
        let answer = self.answers.recv().await;
        self.is_busy = false;
        answer.unwrap_or_else(|| Err(anyhow::anyhow!("the journal's thread ended")))
    }

    /// Ends the thread and gives back what it owned.
    pub(crate) fn finish(self) -> anyhow::Result<Owner> {
        drop(self.batches);
        self.thread
            .join()
            .map_err(|_| anyhow::anyhow!("the journal's thread failed"))
    }
}
