//! One request in a task of its own: wait for the rate, send, judge. Shares nothing; reports one [`Done`].

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use super::PayloadFn;
use super::coordinator::stopped;
use super::counters::Counters;
use super::limiter::Limiter;
use crate::api::{Client, compare, judge};
use crate::journal::tasks::{AccountFacts, Task};

/// What every request needs.
#[derive(Clone)]
pub struct Tools {
    /// The client.
    pub client: Arc<Client>,
    /// Rate of creations.
    pub create: Arc<Limiter>,
    /// Rate of questions.
    pub lookup: Arc<Limiter>,
    /// From task to payload.
    pub payload: PayloadFn,
    /// For the progress display.
    pub counters: Arc<Counters>,
    /// Turns true when the run stops: what still waits for the rate is not sent.
    pub stop: watch::Receiver<bool>,
}

/// What a question found.
#[derive(Debug)]
pub enum Found {
    /// It is there; is it what we would send?
    There(AccountFacts, bool),
    /// It is not there.
    NotThere,
    /// The question failed.
    Unknown(String),
    /// Going on makes no sense: message and hint.
    Stop(String, String),
}

/// How a request ended.
#[derive(Debug)]
pub enum Done {
    /// A creation was sent and judged.
    Sent(Task, judge::Judgement),
    /// The run stopped before the creation was sent.
    NotSent(Task),
    /// A look before a creation.
    Looked(Task, Found),
    /// A question about one in doubt.
    Asked(Task, Found),
    /// The run stopped before the question was sent.
    NotAsked,
    /// The row did not give the planned bytes; nothing was sent. `true`: its intent is in the journal.
    Broken(Task, bool, anyhow::Error),
}

impl Tools {
    /// Creates (or updates) the account of a task whose intent is durable.
    pub async fn create(self, task: Task) -> Done {
        let payload = match (self.payload)(&task) {
            Ok(payload) => payload,
            Err(error) => return Done::Broken(task, true, error),
        };
        if !self.admitted(&self.create).await {
            return Done::NotSent(task);
        }
        let reply = self.client.create(payload.clone()).await;
        let judgement = judge::creation(&reply, &task.client_id, payload.reveal());
        match &judgement {
            judge::Judgement::Accepted(_) | judge::Judgement::Refused(..) => self.create.speed_up(),
            judge::Judgement::NotTaken(_, after) => self.create.slow_down(*after),
            _ => {}
        }
        Done::Sent(task, judgement)
    }

    /// Looks an account up before it is created.
    pub async fn look(self, task: Task) -> Done {
        match self.question(&task).await {
            Some(Ok(found)) => Done::Looked(task, found),
            Some(Err(error)) => Done::Broken(task, false, error),
            None => Done::NotAsked,
        }
    }

    /// Asks about an account in doubt.
    pub async fn ask(self, task: Task) -> Done {
        match self.question(&task).await {
            Some(Ok(found)) => Done::Asked(task, found),
            Some(Err(error)) => Done::Broken(task, false, error),
            None => Done::NotAsked,
        }
    }

    async fn question(&self, task: &Task) -> Option<anyhow::Result<Found>> {
        if !self.admitted(&self.lookup).await {
            return None;
        }
        let reply = self.client.lookup(&task.client_id).await;
        Some(match judge::question(&reply, &task.client_id) {
            judge::Found::There(facts, request) => {
                self.lookup.speed_up();
                // A row that gives other bytes by now is not equal; sending it is what refuses.
                Ok(Found::There(
                    facts,
                    self.equal(task, &request).unwrap_or(false),
                ))
            }
            judge::Found::NotThere => {
                self.lookup.speed_up();
                Ok(Found::NotThere)
            }
            judge::Found::Unknown(why, after) => {
                if after.is_some() || why == "429" {
                    self.lookup.slow_down(after);
                }
                Ok(Found::Unknown(why))
            }
            judge::Found::Stop(message, hint) => Ok(Found::Stop(message, hint)),
        })
    }

    fn equal(&self, task: &Task, theirs: &Value) -> anyhow::Result<bool> {
        let ours = (self.payload)(task)?;
        let ours: Value = serde_json::from_slice(ours.reveal())?;
        Ok(compare::same(&ours, theirs))
    }

    /// Waits for the rate; false when the run stops first.
    async fn admitted(&self, limiter: &Limiter) -> bool {
        let mut stop = self.stop.clone();
        self.counters.waiting.up();
        let admitted = tokio::select! {
            biased;
            () = stopped(&mut stop) => false,
            () = limiter.acquire() => true,
        };
        self.counters.waiting.down();
        admitted
    }
}
