//! Whose turn a backfill file is where a migration has shards: they take the same files in one order.
//!
//! A file that another shard took and this one did not comes first, as far as the other's journal lies here: what a later file says
//! counts more, and shards that lack a file are not counted together. Left out on purpose: taking it (`backfill`).

use anyhow::Context;

use super::place::StatePlace;
use bakkt_journal::journals::{give_it, missing};
use bakkt_journal::replan::StoredBackfill;
use bakkt_journal::{Journal, Reader};
use bakkt_model::error::Failure;
use bakkt_model::shard::Shard;

/// What a file is for a shard.
pub enum Turn {
    /// One that it takes.
    Next,
    /// One that another shard took and this one did not.
    CatchingUp,
    /// One that it took, and another shard did not: that one takes it.
    Taken(i64),
}

/// Looks a file up in the shards whose journals lie here. Refuses one while another file has to come first.
pub fn look(
    place: &StatePlace,
    own: &[StoredBackfill],
    file: &StoredBackfill,
) -> anyhow::Result<Turn> {
    let Some(shard) = place.shard else {
        return Ok(Turn::Next);
    };
    let (mut first, mut is_ahead) = (Vec::new(), false);
    for (other, layers) in others(place, shard)? {
        if let Some(one) = missing(own, &layers).first() {
            first.push((other, (*one).clone()));
        }
        is_ahead |= missing(&layers, own).iter().any(|one| one.is_same(file));
    }
    if first.iter().any(|(_, one)| one.is_same(file)) {
        return Ok(Turn::CatchingUp);
    }
    if let Some((other, one)) = first.first() {
        return Err(Failure::configuration(
            format!(
                "shard {other} took {} before, and shard {shard} did not: all shards take the files in one order",
                one.shown()
            ),
            give_it(one, *other, shard),
        ));
    }
    let taken = own.iter().find(|known| known.is_same(file));
    Ok(match taken.filter(|_| is_ahead) {
        Some(known) => Turn::Taken(known.number),
        None => Turn::Next,
    })
}

/// The files that the other shards took.
fn others(place: &StatePlace, own: Shard) -> anyhow::Result<Vec<(Shard, Vec<StoredBackfill>)>> {
    let mut all = Vec::new();
    for shard in place.shards_with_journals() {
        if shard == own {
            continue;
        }
        let path = Journal::path(&place.of(shard).folder());
        let layers = Reader::open(&path).and_then(|reader| reader.taken_layers());
        let layers =
            layers.with_context(|| format!("cannot look up what files shard {shard} took"))?;
        all.push((shard, layers));
    }
    Ok(all)
}
