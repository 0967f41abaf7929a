//! Events that came before the plan knew whose they are.
//!
//! An id that is unfit to be kept stands in the sealed body alone. When a plan has it by now (`allow_ids_like`), the event
//! gets its account: nothing that arrived is thrown away.

use super::body;
use bakkt_journal::events::Events;

/// Events of one transaction.
const MOST: usize = 500;

/// Looks at every event without an account; returns how many have one now.
pub fn name(events: &mut Events) -> anyhow::Result<u64> {
    let (mut after, mut named) = (0, 0);
    loop {
        let page = events.nameless(after, MOST)?;
        let Some((last, _)) = page.last() else {
            return Ok(named);
        };
        after = *last;
        let mut batch = Vec::new();
        for (id, at) in page {
            // A body that cannot be opened any more says nothing; what stands beside it stays.
            if let Some(bytes) = events.body(id)? {
                batch.push((id, body::read(bytes, at)));
            }
        }
        named += events.name(&batch)?;
    }
}
