//! The queue of one kind of request: what was picked, what is on its way, where the journal was read to.
//!
//! Owner of picking in order. Accounts are picked once, in the order of the plan. Documents and KYB are freed while a
//! run goes on, behind and before the place that was read to: their lane begins again when it comes to the end and
//! something was freed meanwhile. Invariant: a task is in a lane's hands at most once.

use std::collections::HashSet;

use super::forbidden::ForbiddenTasks;
use crate::requests::queue::RequestQueue;
use bakkt_model::task::{Task, TaskKind};

/// Open tasks of a kind above a number, up to so many.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskPick {
    pub(super) kind: TaskKind,
    pub(super) after: i64,
    pub(super) most: usize,
}

/// Tasks that are picked ahead for each place: enough that picking costs little, and no more than fits into memory with ease.
const QUEUED: usize = 16;

/// One lane.
#[derive(Debug)]
pub(super) struct Lane {
    kinds: &'static [TaskKind],
    turn: usize,
    cursor: i64,
    exhausted: bool,
    freed: bool,
    /// Look before the first sending.
    looks: bool,
    /// Start no more than so many tasks.
    budget: u64,
    /// Picked and not done with; only where a second reading could come upon them.
    owned: HashSet<i64>,
    /// Requests of a kind that are on their way at once.
    places: usize,
    pub(super) to_look: RequestQueue<Task>,
    pub(super) to_send: RequestQueue<Task>,
    /// Answers of 403 that nothing has confirmed yet.
    pub(super) forbidden: ForbiddenTasks,
}

impl Lane {
    pub(super) fn new(kinds: &'static [TaskKind], places: usize, looks: bool, budget: u64) -> Lane {
        Lane {
            kinds,
            turn: 0,
            cursor: 0,
            exhausted: budget == 0,
            freed: false,
            looks,
            budget,
            owned: HashSet::new(),
            places,
            to_look: RequestQueue::new(places),
            to_send: RequestQueue::new(places),
            forbidden: ForbiddenTasks::default(),
        }
    }

    /// Whether it carries tasks of a kind.
    pub(super) fn is_of(&self, kind: TaskKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Nothing is queued, and the journal has nothing more.
    pub(super) fn is_done(&self) -> bool {
        self.exhausted && self.to_look.is_empty() && self.to_send.is_empty()
    }

    /// The next task to look for. Looking ahead of sending by more than the places for sending gains nothing.
    pub(super) fn next_look(&mut self, most: usize) -> Option<Task> {
        let wanted = self.to_send.len() < self.places;
        wanted.then(|| self.to_look.start_within(most)).flatten()
    }

    /// What to pick, where there is room.
    pub(super) fn pick(&self) -> Option<TaskPick> {
        let queued = self.to_look.len() + self.to_send.len();
        let room = (QUEUED * self.places).saturating_sub(queued);
        (!self.exhausted && room >= QUEUED / 2 * self.places).then(|| TaskPick {
            kind: self.kinds[self.turn],
            after: self.cursor,
            most: (room as u64).min(self.budget) as usize,
        })
    }

    /// Takes what was picked.
    pub(super) fn take(&mut self, picked: Vec<Task>) {
        if picked.is_empty() {
            self.reached_the_end();
        }
        for task in picked {
            self.cursor = task.id;
            if self.owned.contains(&task.id) {
                continue;
            }
            if self.may_begin_again() {
                self.owned.insert(task.id);
            }
            self.budget -= 1;
            // One that was sent before was looked up then, or is known not to be there.
            if self.looks && task.kind != TaskKind::Update && task.attempts == 0 {
                self.to_look.push(task);
            } else {
                self.to_send.push(task);
            }
        }
        self.exhausted |= self.budget == 0;
    }

    /// Something that it carries was freed.
    pub(super) fn freed(&mut self) {
        self.freed = true;
        self.exhausted = self.budget == 0;
    }

    /// A task that was in doubt at the start: it may become open while it waits here.
    pub(super) fn own(&mut self, task: i64) {
        self.owned.insert(task);
    }

    /// A task is done with, durably.
    pub(super) fn forget(&mut self, task: i64) {
        self.owned.remove(&task);
    }

    fn may_begin_again(&self) -> bool {
        self.kinds.len() == 1
    }

    fn reached_the_end(&mut self) {
        if self.turn + 1 < self.kinds.len() {
            self.turn += 1;
            self.cursor = 0;
        } else if self.freed {
            self.freed = false;
            self.cursor = 0;
        } else {
            self.exhausted = true;
        }
    }
}
