//! The thread that owns the journal while a run goes on.
//!
//! One request at a time: apply these changes durably, then pick more tasks. While it waits for the disk, the loop
//! gathers the next changes, so that many share one fsync without any timer.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use bakkt_journal::Journal;
use bakkt_model::error::started;
use bakkt_model::state::State;
use bakkt_model::task::{Change, FreedTasks, Task, TaskKind};

/// What the loop asks for.
pub struct Request {
    /// Changes, in one transaction.
    pub changes: Vec<Change>,
    /// Then: more open tasks.
    pub picks: Vec<TaskPick>,
}

/// Open tasks of a kind above a number, up to so many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskPick {
    pub kind: TaskKind,
    /// Above this number.
    pub after: i64,
    /// How many.
    pub most: usize,
}

/// What it gets, and nothing before the changes are durable: what they freed, and what was picked, pick by pick.
pub(crate) type RecorderAnswer = anyhow::Result<(FreedTasks, Vec<Vec<Task>>)>;

/// The loop's end of the thread.
pub(crate) struct Recorder {
    requests: std::sync::mpsc::Sender<Request>,
    answers: UnboundedReceiver<RecorderAnswer>,
    thread: std::thread::JoinHandle<Journal>,
}

impl Recorder {
    pub(crate) fn start(mut journal: Journal, selected: bool) -> anyhow::Result<Recorder> {
        let (requests, inbox) = std::sync::mpsc::channel::<Request>();
        let (outbox, answers) = unbounded_channel();
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = started(thread.spawn(move || {
            while let Ok(request) = inbox.recv() {
                let answer = journal.commit(&request.changes).and_then(|freed| {
                    let pick = |pick: &TaskPick| {
                        journal.pick(pick.kind, State::Open, pick.after, pick.most, selected)
                    };
                    let picked = request.picks.iter().map(pick).collect::<Result<_, _>>()?;
                    Ok((freed, picked))
                });
                if outbox.send(answer).is_err() {
                    break;
                }
            }
            journal
        }))?;
        Ok(Recorder {
            requests,
            answers,
            thread,
        })
    }

    /// Hands a request over; at most one at a time is under way.
    pub(crate) fn ask(&self, request: Request) -> anyhow::Result<()> {
        self.requests
            .send(request)
            .map_err(|_| anyhow::anyhow!("the journal's thread ended"))
    }

    /// Waits for the answer.
    pub(crate) async fn answer(&mut self) -> RecorderAnswer {
        self.answers
            .recv()
            .await
            .unwrap_or_else(|| Err(anyhow::anyhow!("the journal's thread ended")))
    }

    /// Ends the thread and gives the journal back.
    pub(crate) fn finish(self) -> anyhow::Result<Journal> {
        drop(self.requests);
        self.thread
            .join()
            .map_err(|_| anyhow::anyhow!("the journal's thread failed"))
    }
}
