//! The thread that owns `events.db` while a receiver listens.
//!
//! It takes what has come while it was waiting for the disk, commits it in one transaction, and answers all of it: fifty
//! senders share an fsync without any timer. An error of the disk is nobody's 200: the thread ends, and the receiver
//! with it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::tally::ReceiverCounters;
use bakkt_journal::events::{AddOutcome, ArrivedEvent, EventSource, RoutedEvents};
use bakkt_model::error::started;

/// Events that wait for the thread.
pub(super) const WAITING: usize = 1024;
/// Events of one transaction.
const MOST: usize = 512;

/// An event, and whoever waits for it to be durable. Nobody is told anything else: an answer that never comes is a no.
pub(super) struct Incoming {
    pub(super) arrived: ArrivedEvent,
    pub(super) durable: oneshot::Sender<()>,
}

/// Starts the thread; it ends when every sender is gone, or with an error, which stops the receiver.
pub(super) fn start(
    events: RoutedEvents,
    tally: Arc<ReceiverCounters>,
    stop: Arc<watch::Sender<bool>>,
) -> anyhow::Result<(
    mpsc::Sender<Incoming>,
    std::thread::JoinHandle<anyhow::Result<()>>,
)> {
    let (outbox, inbox) = mpsc::channel(WAITING);
    let thread = std::thread::Builder::new().name("events".to_owned());
    let thread = started(thread.spawn(move || {
        let done = work(events, inbox, &tally);
        if done.is_err() {
            stop.send_replace(true);
        }
        done
    }))?;
    Ok((outbox, thread))
}

fn work(
    mut events: RoutedEvents,
    mut inbox: mpsc::Receiver<Incoming>,
    tally: &ReceiverCounters,
) -> anyhow::Result<()> {
    while let Some(first) = inbox.blocking_recv() {
        let mut batch = Vec::from([first.arrived]);
        let mut waiting = Vec::from([first.durable]);
        while batch.len() < MOST
            && let Ok(next) = inbox.try_recv()
        {
            batch.push(next.arrived);
            waiting.push(next.durable);
        }
        let added = events.add(&batch, EventSource::Received)?;
        for ((arrived, added), durable) in batch.iter().zip(added).zip(waiting) {
            tally.added(arrived, added);
            if !matches!(added, AddOutcome::NotHere(_)) {
                // A sender that went away will send it again.
                let _ = durable.send(());
            }
        }
        tracing::debug!(count = batch.len(), "events committed");
    }
    Ok(())
}
