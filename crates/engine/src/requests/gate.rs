//! The one way by which requests leave: a connection is ready, the rate allows it, nobody has asked to stop or to pause.
//!
//! Invariant 7: whatever is sent passes here, and the limiter hears what came of it. (The question that shows whose an answer
//! is belongs to the request before it, and passes the limiter in `submit`.)

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::counter::Counter;
use super::limiter::{ClaimPermit, Limiter, SendSlot};
use super::steering::Steering;
use crate::api::{Client, ConnectionChoice, Reply};

/// How waiting for the rate ended.
#[derive(Debug)]
pub(super) enum Turn {
    /// The request leaves now.
    Leaves(SendSlot),
    /// The work is asked to stop.
    Stopped,
    /// Nothing may leave for a while.
    Shut,
}

/// What a request needs to leave.
#[derive(Clone)]
pub struct SendGate {
    client: Arc<Client>,
    waiting: Counter,
    stop: watch::Receiver<bool>,
    steering: Option<Steering>,
}

impl SendGate {
    /// A gate to a client's server. `waiting` counts what waits for the rate; once `stop` is true, nothing passes.
    pub fn new(client: Client, waiting: Counter, stop: watch::Receiver<bool>) -> SendGate {
        SendGate {
            client: Arc::new(client),
            waiting,
            stop,
            steering: None,
        }
    }

    /// The same gate, which is shut while the steering says so.
    pub fn steered_by(self, steering: &Steering) -> SendGate {
        SendGate {
            steering: Some(steering.clone()),
            ..self
        }
    }

    /// Whose requests leave here.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Lets a request leave when its turn comes, and gives its answer; `None` when the stop comes first.
    pub(crate) async fn pass(
        &self,
        limiter: &Limiter,
        choice: ConnectionChoice,
        request: impl Future<Output = Reply>,
    ) -> Option<Reply> {
        let slot = self.turn(limiter, choice).await?;
        Some(self.answer(limiter, slot, request).await)
    }

    /// Waits until a request may be claimed whose outcome cannot be looked up; `None` when the stop comes first.
    pub(crate) async fn claim(&self, limiter: &Limiter) -> Option<ClaimPermit> {
        loop {
            self.opened().await?;
            self.waiting.up();
            let permit = tokio::select! {
                biased;
                () = self.stopped() => None,
                permit = limiter.claim() => permit,
            };
            self.waiting.down();
            let permit = permit?;
            // Somebody may have shut the gate while this one waited.
            if self.is_open() {
                return Some(permit);
            }
        }
    }

    /// Lets a claimed request leave when its turn comes, and gives its answer; `None` when the gate is shut first, or the stop comes.
    pub(crate) async fn pass_claimed(
        &self,
        limiter: &Limiter,
        permit: ClaimPermit,
        request: impl Future<Output = Reply>,
    ) -> Option<Reply> {
        let _ready = self.client.reserve(ConnectionChoice::New).await;
        self.waiting.up();
        let turn = self.turn_while_open(limiter).await;
        self.waiting.down();
        drop(permit);
        match turn {
            Turn::Leaves(slot) => Some(self.answer(limiter, slot, request).await),
            Turn::Stopped | Turn::Shut => None,
        }
    }

    /// Sends a request in its slot.
    async fn answer(
        &self,
        limiter: &Limiter,
        slot: SendSlot,
        request: impl Future<Output = Reply>,
    ) -> Reply {
        let began = Instant::now();
        let reply = request.await;
        heed(limiter, slot, &reply);
        if let Some(steering) = &self.steering {
            let status = reply.status().map(|(status, _)| status);
            steering.heard(limiter.name(), status, began.elapsed());
        }
        reply
    }

    async fn turn(&self, limiter: &Limiter, choice: ConnectionChoice) -> Option<SendSlot> {
        loop {
            self.opened().await?;
            // A connection would not rest for as long as the gate may be shut.
            let _ready = self.client.reserve(choice).await;
            self.waiting.up();
            let turn = self.turn_while_open(limiter).await;
            self.waiting.down();
            match turn {
                Turn::Leaves(slot) => return Some(slot),
                Turn::Stopped => return None,
                Turn::Shut => {}
            }
        }
    }

    /// Waits for the rate, and no longer than something may leave.
    pub(super) async fn turn_while_open(&self, limiter: &Limiter) -> Turn {
        tokio::select! {
            biased;
            () = self.stopped() => Turn::Stopped,
            () = self.shut() => Turn::Shut,
            slot = limiter.acquire() => Turn::Leaves(slot),
        }
    }

    fn is_open(&self) -> bool {
        let shut = |steering: &Steering| steering.state().is_shut();
        !self.steering.as_ref().is_some_and(shut)
    }

    /// Waits until something may leave; `None` when the stop comes first.
    pub(super) async fn opened(&self) -> Option<()> {
        let Some(steering) = &self.steering else {
            return Some(());
        };
        tokio::select! {
            biased;
            () = self.stopped() => None,
            () = steering.opened() => Some(()),
        }
    }

    async fn shut(&self) {
        match &self.steering {
            Some(steering) => steering.shut().await,
            None => std::future::pending().await,
        }
    }

    /// Ends when the work is asked to stop.
    pub(crate) async fn stopped(&self) {
        stopped(&mut self.stop.clone()).await;
    }
}

/// Ends when the work is asked to stop. The guard that the channel gives must not live on: it locks the channel.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone asks for nothing any more, but there is always one: the work's own.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Tells a limiter what came of the request that left in a slot: the one place that decides which answers slow down.
/// Every 429 and every 503 does, whether or not it says for how long, and 403 and 425 where they say it. A lost answer and any other
/// failure of the server say nothing about the rate.
pub(crate) fn heed(limiter: &Limiter, slot: SendSlot, reply: &Reply) {
    match reply.status() {
        Some((status @ (429 | 503), retry_after)) => limiter.refused(slot, status, retry_after),
        Some((status @ (403 | 425), after @ Some(_))) => limiter.refused(slot, status, after),
        None | Some((408 | 500.., _)) => limiter.ended(),
        Some(_) => limiter.answered(slot),
    }
}
