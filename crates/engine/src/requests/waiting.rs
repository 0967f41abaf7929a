//! What waits until it is due, and can be taken out before.

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

/// Items by their number, in the order in which they are due.
pub(crate) struct WaitingItems<T> {
    order: BTreeSet<(Instant, i64)>,
    items: HashMap<i64, (Instant, T)>,
}

impl<T> Default for WaitingItems<T> {
    fn default() -> Self {
        WaitingItems {
            order: BTreeSet::new(),
            items: HashMap::new(),
        }
    }
}

impl<T> WaitingItems<T> {
    /// Lets an item wait that does not wait yet.
    pub(crate) fn add(&mut self, number: i64, due: Instant, item: T) {
        self.order.insert((due, number));
        self.items.insert(number, (due, item));
    }

    /// Takes an item out, with the time at which it was due.
    pub(crate) fn take(&mut self, number: i64) -> Option<(Instant, T)> {
        let (due, item) = self.items.remove(&number)?;
        self.order.remove(&(due, number));
        Some((due, item))
    }

    /// Takes the first item whose wait is over.
    pub(crate) fn pop_due(&mut self) -> Option<(Instant, T)> {
        let (due, number) = *self.order.first()?;
        (due <= Instant::now()).then(|| self.take(number)).flatten()
    }

    /// When the first wait is over.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.order.first().map(|(due, _)| *due)
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.values().map(|(_, item)| item)
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
