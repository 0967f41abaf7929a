//! The one way by which requests leave: a connection is ready, the rate allows it, nobody has asked to stop.
//!
//! Invariant 7: whatever is sent passes here, and the limiter hears what came of it. (The question that shows whose an answer
//! is belongs to the request before it, and passes the limiter in `submit`.)

use std::sync::Arc;

use tokio::sync::watch;

use super::counter::Counter;
use super::limiter::{Limiter, SendSlot};
use crate::api::{Client, ConnectionChoice, Reply};

/// What a request needs to leave.
#[derive(Clone)]
pub struct SendGate {
    client: Arc<Client>,
    waiting: Counter,
    stop: watch::Receiver<bool>,
}

impl SendGate {
    /// A gate to a client's server. `waiting` counts what waits for the rate; once `stop` is true, nothing passes.
    pub fn new(client: Client, waiting: Counter, stop: watch::Receiver<bool>) -> SendGate {
        SendGate {
            client: Arc::new(client),
            waiting,
            stop,
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
        let reply = request.await;
        heed(limiter, slot, &reply);
        Some(reply)
    }

    async fn turn(&self, limiter: &Limiter, choice: ConnectionChoice) -> Option<SendSlot> {
        let _ready = self.client.reserve(choice).await;
        self.waiting.up();
        let slot = tokio::select! {
            biased;
            () = self.stopped() => None,
            slot = limiter.acquire() => Some(slot),
        };
        self.waiting.down();
        slot
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
/// Every 429 and every 503 does, whether or not it says for how long. A lost answer and any other failure of the
/// server say nothing about the rate.
pub(crate) fn heed(limiter: &Limiter, slot: SendSlot, reply: &Reply) {
    match reply.status() {
        Some((status @ (429 | 503), retry_after)) => limiter.refused(slot, status, retry_after),
        None | Some((408 | 500.., _)) => limiter.ended(),
        Some(_) => limiter.answered(slot),
    }
}
