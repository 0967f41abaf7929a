//! The ids that other shards have whose journals lie here: an answer with one of them is not of a customer of this shard.

use super::place::StatePlace;
use bakkt_engine::requests::taken::TakenIds;
use bakkt_files::progress::{Mode, note};
use bakkt_journal::Reader;
use bakkt_model::error::{Style, describe};

/// Bakkt's ids of accounts.
pub fn of_accounts(place: &StatePlace, mode: Mode) -> TakenIds {
    of_other_shards(place, "accounts: bakktIds", mode, |reader, taken| {
        reader.each_bakkt_id(|id| taken.note(id))
    })
}

/// The uuids of custody.
pub fn of_custody(place: &StatePlace, mode: Mode) -> TakenIds {
    let mut taken = of_other_shards(place, "custody: uuids", mode, |reader, taken| {
        reader.each_custody_uuid(|uuid| taken.note(uuid))
    });
    taken.sort();
    taken
}

/// One that cannot be read is told, and keeps nobody waiting.
fn of_other_shards(
    place: &StatePlace,
    what: &str,
    mode: Mode,
    read: impl Fn(&Reader, &mut TakenIds) -> anyhow::Result<()>,
) -> TakenIds {
    let mut taken = TakenIds::default();
    for (shard, path) in place.journals_of_other_shards() {
        let done = Reader::open(&path).and_then(|reader| read(&reader, &mut taken));
        if let Err(error) = done {
            note(
                mode,
                &format!(
                    "{what} are not compared with those of shard {shard}: {}",
                    describe(&error, Style::PLAIN)
                ),
            );
        }
    }
    taken
}
