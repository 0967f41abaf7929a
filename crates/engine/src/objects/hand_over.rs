//! A queue from async tasks to threads that wait, of which one may be driving another runtime at that moment.
//!
//! Owner of [`queue`]. tokio's own queue refuses to be waited for on such a thread. Invariants: no more items wait than there is room
//! for; a receiver that is gone ends whoever sends.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::Semaphore;

/// A queue with room for so many items.
pub(super) fn queue<T>(room: usize) -> (Outbox<T>, Inbox<T>) {
    let (sender, receiver) = channel();
    let room = Arc::new(Semaphore::new(room));
    let outbox = Outbox {
        sender,
        room: room.clone(),
    };
    (outbox, Inbox { receiver, room })
}

/// Where items are put in.
pub(super) struct Outbox<T> {
    sender: Sender<T>,
    room: Arc<Semaphore>,
}

impl<T> Outbox<T> {
    /// Waits for room; false when nobody takes anything any more.
    pub(super) async fn send(&self, item: T) -> bool {
        match self.room.acquire().await {
            Ok(place) => {
                place.forget();
                self.sender.send(item).is_ok()
            }
            Err(_) => false,
        }
    }
}

/// Where items come out.
pub(super) struct Inbox<T> {
    receiver: Receiver<T>,
    room: Arc<Semaphore>,
}

impl<T> Inbox<T> {
    /// Waits for the next item; none at the end.
    pub(super) fn next(&self) -> Option<T> {
        let item = self.receiver.recv().ok()?;
        self.room.add_permits(1);
        Some(item)
    }
}

impl<T> Drop for Inbox<T> {
    fn drop(&mut self) {
        self.room.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_thread_of_a_runtime_may_wait() {
        let (outbox, inbox) = queue(2);
        let sending = tokio::spawn(async move {
            let mut sent = 0;
            while outbox.send(sent).await {
                sent += 1;
            }
            sent
        });
        // This is a thread that drives the runtime of the test.
        let got: Vec<i32> = (0..1000).filter_map(|_| inbox.next()).collect();
        assert_eq!(got, (0..1000).collect::<Vec<i32>>());
        drop(inbox);
        assert!((1000..=1003).contains(&sending.await.expect("it ends")));
    }
}
