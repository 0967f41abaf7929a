//! The queue of one kind of custody call.
//!
//! Tasks are freed while a run goes on, so a lane begins again when it comes to the end and something was freed meanwhile.
//! Until a kind has succeeded once, one request of it is on its way at a time: if it is not in the agreement, one answer says
//! so. Invariant: a task is in a lane's hands at most once.

use std::collections::HashSet;

use crate::requests::forbidden::ForbiddenSeries;
use crate::requests::queue::RequestQueue;
use bakkt_model::custody::{CustodyKind, CustodyTask};

/// Tasks that are picked ahead for each place.
const QUEUED: usize = 8;

/// A task that is to be sent.
#[derive(Debug)]
pub(super) struct QueuedTask {
    pub(super) task: CustodyTask,
    /// Its answer was lost: it goes out once more with the same key and bytes.
    pub(super) is_repeat: bool,
}

/// Open tasks of a kind above a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct CustodyPick {
    pub(super) kind: CustodyKind,
    pub(super) after: i64,
    pub(super) most: usize,
}

/// One lane.
#[derive(Debug)]
pub(super) struct CustodyLane {
    kind: CustodyKind,
    cursor: i64,
    exhausted: bool,
    freed: bool,
    owned: HashSet<i64>,
    places: usize,
    on_way: usize,
    queue: RequestQueue<QueuedTask>,
    /// A call of this kind has succeeded: it is in the agreement.
    pub(super) has_succeeded: bool,
    /// Why nothing more of this kind is sent in this run: code and message.
    pub(super) gated: Option<(&'static str, String)>,
    /// Answers of 403 and 404 that nothing has confirmed yet.
    pub(super) forbidden: ForbiddenSeries<CustodyTask>,
}

impl CustodyLane {
    pub(super) fn new(kind: CustodyKind, places: usize, has_succeeded: bool) -> CustodyLane {
        CustodyLane {
            kind,
            cursor: 0,
            exhausted: false,
            freed: false,
            owned: HashSet::new(),
            places,
            on_way: 0,
            queue: RequestQueue::new(places),
            has_succeeded,
            gated: None,
            forbidden: ForbiddenSeries::default(),
        }
    }

    /// Nothing is queued, and the journal has nothing more.
    pub(super) fn is_done(&self) -> bool {
        self.exhausted && self.queue.is_empty()
    }

    pub(super) fn push(&mut self, task: CustodyTask, is_repeat: bool) {
        self.queue.push(QueuedTask { task, is_repeat });
    }

    /// The next task, which takes a place, with no more than so many taken.
    pub(super) fn start(&mut self, most: usize) -> Option<QueuedTask> {
        let first = !self.has_succeeded && self.gated.is_none() && self.on_way > 0;
        let task = (!first).then(|| self.queue.start_within(most)).flatten()?;
        self.on_way += 1;
        Some(task)
    }

    /// A request of it is not on its way any more.
    pub(super) fn free(&mut self) {
        self.on_way -= 1;
        self.queue.free(1);
    }

    /// What to pick, where there is room.
    pub(super) fn pick(&self) -> Option<CustodyPick> {
        let room = (QUEUED * self.places).saturating_sub(self.queue.len());
        (!self.exhausted && room > 0).then_some(CustodyPick {
            kind: self.kind,
            after: self.cursor,
            most: room,
        })
    }

    /// Takes what was picked.
    pub(super) fn take(&mut self, picked: Vec<CustodyTask>) {
        if picked.is_empty() {
            if self.freed {
                (self.freed, self.cursor) = (false, 0);
            } else {
                self.exhausted = true;
            }
        }
        for task in picked {
            self.cursor = task.id;
            if self.owned.insert(task.id) {
                self.push(task, false);
            }
        }
    }

    /// Something that it carries was freed.
    pub(super) fn freed(&mut self) {
        (self.freed, self.exhausted) = (true, false);
    }

    /// A task that was in doubt at the start.
    pub(super) fn own(&mut self, task: i64) {
        self.owned.insert(task);
    }

    /// A task is done with, durably.
    pub(super) fn forget(&mut self, task: i64) {
        self.owned.remove(&task);
    }
}
