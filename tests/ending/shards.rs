//! Closing and forgetting where a migration has shards: all of them, or none.

use super::world::holding;
use crate::shards::world::World;

const WHY: [&str; 4] = ["--reason", "request 17", "--by", "kim"];

#[test]
fn all_shards_forget_and_all_are_closed_together() {
    let world = World::new(8);
    let state = world.dir().join(".bakkt-migrate");
    let close = || world.said("close", "", &[&WHY[..], &["--yes"]].concat());
    world.json("run", "0/2", &[]);
    let (text, code) = close();
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("there is no journal of shard 1/2"), "{text}");
    world.run_all(2);
    let (text, code) = world.said("report", "", &["--merge"]);
    assert_eq!(code, 0, "{text}");

    // Each shard knows who is sent by the others.
    assert!(holding(&state, "C-0003").len() > 1);
    let (text, code) = world.said("forget", "", &[&WHY[..], &["--id", "C-0003"]].concat());
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("account C-0003, at Bakkt "), "{text}");
    assert!(
        holding(&state, "C-0003").is_empty(),
        "{:?}",
        holding(&state, "C-0003")
    );
    let report = world.dir().join("report");
    assert!(
        holding(&report, "C-0003").is_empty(),
        "{:?}",
        holding(&report, "C-0003")
    );
    for shard in ["0/2", "1/2"] {
        let (text, code) = world.said("replan", shard, &WHY);
        assert_eq!(code, 0, "{text}");
    }
    world.run_all(2);
    assert!(
        holding(&state, "C-0003").is_empty(),
        "{:?}",
        holding(&state, "C-0003")
    );

    assert_eq!(
        world
            .said("close", "1/2", &[&WHY[..], &["--yes"]].concat())
            .1,
        2
    );
    let (text, code) = close();
    assert_eq!(code, 0, "{text}");
    for key in [
        "shards.key",
        "shard-0-of-2/journal.key",
        "shard-1-of-2/journal.key",
    ] {
        assert!(!state.join(key).exists(), "{key}");
    }
    for shard in ["0/2", "1/2"] {
        let (text, code) = world.said("run", shard, &[]);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("was closed by kim"), "{text}");
    }
    let (text, code) = world.said("status", "", &[]);
    assert_eq!(code, 0, "{text}");
}
