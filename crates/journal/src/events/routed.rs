//! [`RoutedEvents`]: the events of one migration, or of all its shards, behind one receiver.
//!
//! An event goes to the shard of the account that it names; one that names none, to the first shard that is here. It is durable
//! where it belongs before [`RoutedEvents::add`] returns. Invariant: no shard gets a folder here because an event names one of
//! its accounts. Such an event is not kept, and whoever brought it is told. Left out: which folders the shards have (the program).

use std::collections::BTreeMap;

use crate::events::writer::{AddOutcome, ArrivedEvent, EventSource, Events};
use bakkt_model::shard::{Shard, shard_of_id};

/// Opens the events of a shard; `None` where the shard is not here.
pub type OpenShard = Box<dyn FnMut(Shard) -> anyhow::Result<Option<Events>> + Send>;

/// The events of a migration.
pub struct RoutedEvents {
    /// By number of the shard; one without shards.
    stores: BTreeMap<u32, Events>,
    shards: Option<(u32, OpenShard)>,
}

impl RoutedEvents {
    /// Events of a migration without shards.
    pub fn whole(events: Events) -> RoutedEvents {
        RoutedEvents {
            stores: BTreeMap::from([(0, events)]),
            shards: None,
        }
    }

    /// Events of so many shards. Those that are here are opened now; a shard that comes later, with its first event.
    pub fn of_shards(count: u32, mut open: OpenShard) -> anyhow::Result<RoutedEvents> {
        let mut stores = BTreeMap::new();
        for shard in Shard::all(count) {
            if let Some(events) = open(shard)? {
                stores.insert(shard.number(), events);
            }
        }
        Ok(RoutedEvents {
            stores,
            shards: Some((count, open)),
        })
    }

    /// The shards that are not here.
    pub fn absent(&self) -> Vec<Shard> {
        let count = self.shards.as_ref().map_or(0, |(count, _)| *count);
        Shard::all(count)
            .filter(|shard| !self.stores.contains_key(&shard.number()))
            .collect()
    }

    /// Adds events, and returns what became of each. When one store cannot be written, none of them counts as added; those
    /// that are durable all the same are repeats when they come again.
    pub fn add(
        &mut self,
        arrived: &[ArrivedEvent],
        source: EventSource,
    ) -> anyhow::Result<Vec<AddOutcome>> {
        let mut places: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (place, one) in arrived.iter().enumerate() {
            places.entry(self.number(one)).or_default().push(place);
        }
        let mut outcomes = vec![AddOutcome::New; arrived.len()];
        for (number, mine) in places {
            let added = match self.store(number)? {
                Ok(store) => store.add(mine.iter().map(|place| &arrived[*place]), source)?,
                Err(absent) => vec![AddOutcome::NotHere(absent); mine.len()],
            };
            for (place, outcome) in mine.into_iter().zip(added) {
                outcomes[place] = outcome;
            }
        }
        Ok(outcomes)
    }

    /// The number of the shard to which an event goes.
    fn number(&self, arrived: &ArrivedEvent) -> u32 {
        match (&self.shards, &arrived.said) {
            (None, _) => 0,
            (Some((count, _)), Some(said)) => shard_of_id(&said.client_id, *count),
            (Some(_), None) => self.stores.keys().next().copied().unwrap_or(0),
        }
    }

    /// The events of a shard, or the shard that is not here.
    fn store(&mut self, number: u32) -> anyhow::Result<Result<&mut Events, Shard>> {
        if let Some((count, open)) = &mut self.shards
            && !self.stores.contains_key(&number)
            && let Some(shard) = Shard::new(number, *count)
        {
            match open(shard)? {
                Some(events) => self.stores.insert(number, events),
                None => return Ok(Err(shard)),
            };
        }
        let store = self.stores.get_mut(&number);
        Ok(Ok(store.ok_or_else(|| {
            anyhow::anyhow!("no events of shard {number}")
        })?))
    }
}
