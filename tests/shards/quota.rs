//! One quota for all shards, in a real Redis: what is sent, what is refused, and what happens without the server.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::world::World;
use crate::support::redis::Redis;
use crate::support::{Running, wait_for};

/// Half of the rate stays unused, so that a machine under load exceeds no window either.
fn limits(redis: &Redis, create: &str) -> String {
    format!(
        "create = \"{create}\"\nheadroom_percent = 50\nshared = \"{}\"",
        redis.url()
    )
}

/// A world whose shards share a quota, and have their registry in its server.
fn world(redis: &Redis, customers: usize, create: &str, sandbox: &str) -> World {
    let mut world = World::with_sandbox(customers, sandbox);
    world.uses_registry = false;
    set(&world, "create = \"unlimited\"", &limits(redis, create));
    world
}

fn set(world: &World, from: &str, to: &str) {
    let settings = std::fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    assert!(settings.contains(from), "{from}");
    world.write("migration.toml", &settings.replace(from, to));
}

fn start(world: &World, shard: &str) -> Running {
    let mut run = world.command("run", shard, &["--quiet"]);
    Running::start(run.stdout(Stdio::null()).stderr(Stdio::null()))
}

fn end(running: &mut Running) -> i32 {
    wait_for("the end of a shard", || running.ended())
}

/// Every customer was sent once, and the merged report says so.
fn is_complete(world: &World, customers: u64) {
    let ledger = world.sandbox.ledger();
    let once = |made| made == 1;
    assert!(
        ledger
            .accounts
            .values()
            .all(|account| once(account.posts_made))
    );
    assert_eq!(ledger.accounts.len() as u64, customers);
    let (merged, code) = world.json("report", "", &["--merge"]);
    let accepted = merged["tasks"]["account"]["accepted"].as_u64();
    assert_eq!((accepted, code), (Some(customers), 0), "{merged}");
    assert_eq!(merged["balanced"], true);
}

#[test]
fn shards_at_once_exceed_no_window_of_the_shared_quota() {
    let Some(redis) = Redis::start() else { return };
    // The sandbox refuses whatever is beyond the quota in any second.
    let judge = "rate = { requests = 100, per_ms = 1000 }\n";
    let world = world(&redis, 240, "100/s", judge);
    let mut running = ["0/3", "1/3", "2/3"].map(|shard| start(&world, shard));
    assert_eq!(running.each_mut().map(end), [0, 0, 0]);
    assert_eq!(world.sandbox.count("rate_limited"), 0);
    is_complete(&world, 240);
    let (said, code) = world.said("run", "1/3", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains(
            "shard 1/3: the rates under [limits] are shared, by way of redis://127.0.0.1"
        ),
        "{said}"
    );
}

#[test]
fn nothing_is_sent_while_the_quota_server_is_gone_and_nothing_is_lost() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let world = world(&redis, 200, "60/s", "seed = 3\n");
    let mut running = ["0/2", "1/2"].map(|shard| start(&world, shard));
    wait_for("some customers", || {
        (world.sandbox.count("posts") > 20).then_some(())
    });
    redis.stop();
    // Times that were leased before are over, and what left at them has come.
    std::thread::sleep(Duration::from_secs(3));
    let before = world.sandbox.count("posts");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(world.sandbox.count("posts"), before);
    assert!(before < 200, "{before}");
    let (status, _) = world.said("status", "0/2", &[]);
    assert!(status.contains("the quota server is lost for"), "{status}");
    redis.go_on();
    assert_eq!(running.each_mut().map(end), [0, 0]);
    is_complete(&world, 200);
}

#[test]
fn a_quota_server_that_stays_away_ends_the_run_and_it_goes_on_later() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let world = world(&redis, 120, "60/s", "seed = 3\n");
    set(&world, "[retry]", "[retry]\nbreaker = 4");
    let mut run = world.command("run", "0/1", &[]);
    let running = std::thread::scope(|scope| {
        let run = scope.spawn(move || super::world::said(&mut run));
        wait_for("some customers", || {
            (world.sandbox.count("posts") > 20).then_some(())
        });
        redis.stop();
        run.join().unwrap()
    });
    let (said, code) = running;
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("4 questions in a row to the quota server failed"),
        "{said}"
    );
    let (said, code) = world.said("run", "0/1", &[]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("the quota server redis://127.0.0.1") && said.contains("cannot be used"),
        "{said}"
    );
    redis.go_on();
    let (totals, code) = world.json("run", "0/1", &[]);
    assert_eq!(code, 0, "{totals}");
    is_complete(&world, 120);
}

#[test]
fn the_quota_server_keeps_shards_from_running_twice() {
    let Some(redis) = Redis::start() else { return };
    let world = world(&redis, 40, "unlimited", "seed = 3\n");
    world.run_all(4);
    let refused = |shard: &str, more: &[&str], why: &str| {
        let (said, code) = world.said("run", shard, more);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(why), "{why}: {said}");
    };
    let empty = world.path("elsewhere");
    let elsewhere = ["--state", empty.to_str().unwrap()];
    refused("1/4", &elsewhere, "has another journal");
    refused("1/8", &[], "has 4 shards, not 8");
    // On a machine that has nothing but the folder and the key.
    let state = world.dir().join(".bakkt-migrate");
    for shard in 0..4 {
        let name = format!("shard-{shard}-of-4");
        std::fs::rename(state.join(&name), world.path(&name)).unwrap();
    }
    refused("2/8", &[], "with 4 shards, not with 8 shards");
    assert!(!state.join("shard-2-of-8").exists());
    refused("2/4", &[], "has another journal");
    assert_eq!(world.sandbox.count("posts"), 40);
}

#[test]
fn a_killed_shard_goes_on_and_a_second_living_owner_is_refused() {
    let Some(redis) = Redis::start() else { return };
    let world = world(&redis, 200, "60/s", "seed = 3\n");
    let mut running = start(&world, "0/2");
    wait_for("some customers", || {
        (world.sandbox.count("posts") > 5).then_some(())
    });
    // A copy of the state, as a volume that is mounted twice.
    let copy = world.path("copy");
    std::fs::create_dir(&copy).unwrap();
    let state = world.dir().join(".bakkt-migrate/shard-0-of-2");
    crate::support::copy_folder(&state, &copy.join("shard-0-of-2"));
    let more = ["--state", copy.to_str().unwrap()];
    let (said, code) = world.said("run", "0/2", &more);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("another process works on shard 0/2"),
        "{said}"
    );
    running.kill();
    let (said, code) = world.said("run", "0/2", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("the last run did not end as it should"),
        "{said}"
    );
    // The copy is older than the journal by now.
    let (said, code) = world.said("run", "0/2", &more);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("an older copy"), "{said}");
    assert_eq!(world.json("run", "1/2", &[]).1, 0);
    is_complete(&world, 200);
}

#[test]
fn what_is_wrong_with_the_address_is_told_without_its_password() {
    let world = World::new(2);
    let plain = std::fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    for (address, why) in [
        ("redis://:sesame@127.0.0.1:6379", "has a password in it"),
        ("redis://127.0.0.1?password=sesame", "behind `?` or `#`"),
        ("redis://127.0.0.1/0#sesame", "behind `?` or `#`"),
        ("mover:sesame@127.0.0.1", "begins with redis://"),
        (
            "rediss://mover:sesame@quota.example.com",
            "has a password in it",
        ),
        ("redis://quota.example.com", "on this machine only"),
    ] {
        let shared = format!("[limits]\nshared = \"{address}\"");
        world.write("migration.toml", &plain.replace("[limits]", &shared));
        let (said, code) = world.said("run", "", &[]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(why) && !said.contains("sesame"), "{said}");
        assert!(said.contains("BAKKT_REDIS_PASSWORD"), "{said}");
    }
}

#[test]
fn a_server_elsewhere_is_reached_over_tls_and_must_be_trusted() {
    let Some(redis) = Redis::start_encrypted() else {
        println!("left out: this server knows no TLS");
        return;
    };
    let world = world(&redis, 12, "unlimited", "seed = 3\n");
    let (said, code) = world.said("run", "0/1", &[]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("cannot be used") && said.contains("certificate"),
        "{said}"
    );
    assert_eq!(world.sandbox.count("posts"), 0);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let mut run = world.command("run", "0/1", &[]);
    run.env("SSL_CERT_FILE", folder.join("authority.pem"));
    let (said, code) = super::world::said(&mut run);
    assert_eq!(code, 0, "{said}");
    is_complete(&world, 12);
}
