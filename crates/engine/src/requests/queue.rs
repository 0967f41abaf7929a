//! A queue with places: how many requests of a kind are on their way at once.

use std::collections::VecDeque;

/// What waits for its turn, and the places for what is on its way.
#[derive(Debug)]
pub(crate) struct RequestQueue<T> {
    items: VecDeque<T>,
    places: usize,
    taken: usize,
}

impl<T> RequestQueue<T> {
    /// An empty queue with so many places.
    pub(crate) fn new(places: usize) -> RequestQueue<T> {
        RequestQueue {
            items: VecDeque::new(),
            places,
            taken: 0,
        }
    }

    /// Adds one at the end.
    pub(crate) fn push(&mut self, item: T) {
        self.items.push_back(item);
    }

    /// The next one, which takes a place; `None` while there is no place or nothing waits.
    pub(crate) fn start(&mut self) -> Option<T> {
        self.start_within(usize::MAX)
    }

    /// The same, with no more than so many places taken.
    pub(crate) fn start_within(&mut self, most: usize) -> Option<T> {
        let free = self.taken < self.places.min(most);
        let item = free.then(|| self.items.pop_front()).flatten()?;
        self.taken += 1;
        Some(item)
    }

    /// Gives so many places back.
    pub(crate) fn free(&mut self, places: usize) {
        self.taken -= places;
    }

    /// How many wait for their turn.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Nothing waits for its turn.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
