//! Backfill files of shards: taken by all of them, in one order, or counted together all the same.

use super::world::World;

/// Writes a file that gives some customers a telephone number.
fn phones(world: &World, name: &str, customers: std::ops::RangeInclusive<usize>, last: usize) {
    let mut text = "clientAccountId,owners[0].phoneNumber\n".to_owned();
    for number in customers {
        text.push_str(&format!(
            "C-{number:04},+17755550{last}{:02}\n",
            number % 100
        ));
    }
    world.write(name, &text);
}

/// Two shards whose plan was sent, and two files that both have customers in each of them.
fn sent() -> World {
    let world = World::new(24);
    world.run_all(2);
    phones(&world, "one.csv", 1..=12, 2);
    phones(&world, "two.csv", 9..=24, 3);
    world
}

/// Gives a file to a shard.
fn give(world: &World, name: &str, shard: &str, more: &[&str]) -> (String, i32) {
    let (path, url) = (world.dir().join(name), world.sandbox.base_url());
    let file = [path.to_str().unwrap(), "--base-url", &url];
    world.said("backfill", shard, &[&file, more].concat())
}

fn is_merged(world: &World, more: &[&str]) -> serde_json::Value {
    let (merged, code) = world.json("report", "", &[&["--merge"], more].concat());
    assert_eq!((&merged["balanced"], code), (&true.into(), 0), "{merged}");
    let (status, code) = world.json("status", "", more);
    assert_eq!((&status["balanced"], code), (&true.into(), 0), "{status}");
    merged
}

#[test]
fn a_file_that_another_shard_took_comes_first() {
    let world = sent();
    // As after a kill between the shards.
    assert_eq!(give(&world, "one.csv", "0/2", &[]).1, 0);
    let (said, code) = give(&world, "two.csv", "all", &[]);
    assert_eq!(code, 2, "{said}");
    let why = "shard 0/2 took one.csv (backfill 1) before, and shard 1/2 did not";
    assert!(said.contains(why), "{said}");
    let next =
        "backfill DIR FILE --shard 1/2`; a copy lies in the state of shard 0/2, as layers/0001.csv";
    assert!(said.contains(next), "{said}");
    let (said, code) = world.said("report", "", &["--merge"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("shard 0/2 took one.csv (backfill 1), and shard 1/2 did not"),
        "{said}"
    );
    assert!(said.contains(next), "{said}");

    // The same command once more ends what was begun; who has the file already is not given it again.
    let (said, code) = give(&world, "one.csv", "all", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("one.csv was taken before, as backfill 1"),
        "{said}"
    );
    assert!(said.contains("one.csv was taken as backfill 1:"), "{said}");
    let (said, code) = give(&world, "two.csv", "all", &["--json"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(r#""taken_before":true"#), "{said}");
    world.run_all(2);
    is_merged(&world, &[]);
}

#[test]
fn files_that_shards_took_in_another_order_are_counted_together() {
    let world = World::new(24);
    let places = [world.path("disk-a"), world.path("disk-b")];
    let [a, b] = places.each_ref().map(|place| place.to_str().unwrap());
    // Each on a machine of its own, which does not see the other.
    let shards = [("0/2", a), ("1/2", b)];
    for (shard, place) in shards {
        assert_eq!(world.json("run", shard, &["--state", place]).1, 0);
    }
    phones(&world, "one.csv", 1..=12, 2);
    phones(&world, "two.csv", 9..=24, 3);
    let orders = [["one.csv", "two.csv"], ["two.csv", "one.csv"]];
    for ((shard, place), files) in shards.into_iter().zip(orders) {
        for file in files {
            let (said, code) = give(&world, file, shard, &["--state", place]);
            assert_eq!(code, 0, "{said}");
        }
        assert_eq!(world.json("run", shard, &["--state", place]).1, 0);
    }
    let merged = is_merged(&world, &["--state", a, "--state", b]);
    let files: Vec<(&str, u64)> = merged["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["name"].as_str().unwrap(),
                file["rows"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("export.csv", 24),
        ("one.csv (backfill 1)", 12),
        ("two.csv (backfill 2)", 16),
    ];
    assert_eq!(files, expected);
}

#[test]
fn a_file_that_changes_nothing_in_a_shard_is_taken_as_often_as_by_the_others() {
    let world = sent();
    for file in ["one.csv", "two.csv"] {
        assert_eq!(give(&world, file, "all", &[]).1, 0);
    }
    // What the second one said of a customer of both is taken back in the one shard; in the other, nothing is new.
    assert_eq!(give(&world, "one.csv", "0/2", &[]).1, 0);
    let (said, code) = give(&world, "one.csv", "1/2", &[]);
    assert_eq!(code, 0, "{said}");
    let (said, code) = give(&world, "one.csv", "1/2", &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("this file was taken already"), "{said}");
    world.run_all(2);
    is_merged(&world, &[]);
}
