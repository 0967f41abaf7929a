//! [`RoutedEvents`]: the events of one migration, or of all its shards, behind one receiver.
//!
//! An event goes to the shard of the account that it names; one that names none, to shard 0. It is durable where it belongs
//! before [`RoutedEvents::add`] returns. Left out: which folders the shards have (the program).

use crate::events::writer::{AddOutcome, ArrivedEvent, EventSource, Events};
use bakkt_model::shard::shard_of_id;

/// The events of a migration.
#[derive(Debug)]
pub struct RoutedEvents {
    /// By number of the shard; one without shards.
    stores: Vec<Events>,
}

impl RoutedEvents {
    /// Events of shards, by number; a migration without shards has one.
    pub fn new(stores: Vec<Events>) -> RoutedEvents {
        RoutedEvents { stores }
    }

    /// Adds events, and returns what became of each. When one store cannot be written, none of them counts as added; those
    /// that are durable all the same are repeats when they come again.
    pub fn add(
        &mut self,
        arrived: &[ArrivedEvent],
        source: EventSource,
    ) -> anyhow::Result<Vec<AddOutcome>> {
        let count = self.stores.len() as u32;
        let of = |one: &ArrivedEvent| {
            one.said
                .as_ref()
                .map_or(0, |said| shard_of_id(&said.client_id, count))
        };
        let places: Vec<u32> = arrived.iter().map(of).collect();
        let mut outcomes = vec![AddOutcome::New; arrived.len()];
        for (number, store) in (0..).zip(&mut self.stores) {
            let mine = || (0..places.len()).filter(|place| places[*place] == number);
            if mine().next().is_none() {
                continue;
            }
            let added = store.add(mine().map(|place| &arrived[place]), source)?;
            for (place, outcome) in mine().zip(added) {
                outcomes[place] = outcome;
            }
        }
        Ok(outcomes)
    }
}
