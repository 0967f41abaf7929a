//! The script in a real server: step for step the arithmetic of `memory`, and what it refuses.
//!
//! Where no `redis-server` (or `valkey-server`) is installed, these tests say that they are left out; with TESTS_NEED_REDIS
//! set they fail instead.

use std::process::{Child, Command, Stdio};

use tokio::time::{Duration, sleep};

use super::memory::{LaneRecord, lease};
use super::server::{Fence, RedisServer};
use super::*;
use bakkt_model::quota::QuotaAddress;

const TARGET: &str = "https://bakkt.example";

/// A server of its own on a free port, which ends with it.
struct Server {
    process: Child,
    address: QuotaAddress,
    client: redis::Client,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// None where there is none to start.
    fn start() -> Option<Server> {
        let program = ["redis-server", "valkey-server"].into_iter().find(|name| {
            let mut asked = Command::new(name);
            asked.arg("--version").stdout(Stdio::null());
            asked.status().is_ok_and(|status| status.success())
        });
        let Some(program) = program else {
            let needed = std::env::var_os("TESTS_NEED_REDIS").is_some();
            assert!(!needed, "no redis-server is installed");
            println!("left out: no redis-server is installed");
            return None;
        };
        (0..20).find_map(|_| Server::on(program, fastrand::u16(15_000..30_000)))
    }

    /// None where the port is taken. It is none of those that the system gives to clients: one that asks for a port of those
    /// before anybody listens there may be connected with itself.
    fn on(program: &str, port: u16) -> Option<Server> {
        let mut process = Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("redis://127.0.0.1:{port}");
        let client = redis::Client::open(url.as_str()).unwrap();
        for _ in 0..2000 {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            if client.get_connection().is_ok() {
                return Some(Server {
                    process,
                    address: url.parse().unwrap(),
                    client,
                });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server never listened");
    }

    fn quota(&self, fence: Option<Fence>) -> RedisServer {
        RedisServer::new(&self.address, None, TARGET, fence).unwrap()
    }

    fn query<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command
            .query(&mut self.client.get_connection().unwrap())
            .unwrap()
    }

    fn run_id(&self) -> String {
        let info: String = self.query(&["INFO", "server"]);
        let line = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        line.unwrap().trim().to_owned()
    }
}

/// What becomes of the lane in the server before a step, and in the record beside it.
fn meddle(server: &Server, record: &mut LaneRecord, how: u64) {
    let key = format!("{}:lane:create", super::server::target_key(TARGET));
    match how {
        0 => {
            let _: u64 = server.query(&["DEL", &key]);
            *record = LaneRecord::default();
        }
        1 => {
            let _: u64 = server.query(&["HSET", &key, "run", "another"]);
            record.run = "another".to_owned();
        }
        2 => {
            // As after a clock that was set back.
            let next = record.next.unwrap_or_default() + 3_600_000_000;
            let _: u64 = server.query(&["HSET", &key, "next", &next.to_string()]);
            record.next = Some(next);
        }
        3..=40 => {
            // As if nobody with that rate had asked for a long time.
            let _: u64 = server.query(&["HSET", &key, "asked", "1"]);
            record.slowest.1 = 1;
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_script_and_the_arithmetic_agree_step_for_step() {
    let Some(server) = Server::start() else {
        return;
    };
    let (quota, run) = (server.quota(None), server.run_id());
    let mut record = LaneRecord::default();
    let mut random = fastrand::Rng::with_seed(3);
    let mut granted = 0;
    for step in 0..600 {
        meddle(&server, &mut record, random.u64(0..120));
        let is_known = random.u8(0..4) > 0;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.unwrap().as_micros() as u64;
        let update = (random.u8(0..3) == 0).then(|| ControllerUpdate {
            state: format!("{{\"step\":{step}}}"),
            interval: [0, 0, 900, 40_000][random.usize(0..4)],
            paused_until: [0, 0, now + 1000, now + 700_000][random.usize(0..4)],
        });
        let request = LeaseRequest {
            lane: "create",
            wanted: random.u32(0..60),
            interval: [0, 100, 2526, 1_000_000][random.usize(0..4)],
            version: if is_known { record.version } else { 999 },
            update,
        };
        let reply = quota.lease(&request).await.unwrap();
        let expected = lease(&mut record, reply.now, &run, &request);
        assert_eq!(reply, expected, "step {step}: {request:?}");
        granted += reply.count;
        if random.u8(0..30) == 0 {
            sleep(Duration::from_millis(random.u64(0..600))).await;
        }
    }
    assert!(granted > 300, "{granted}");
}

#[tokio::test]
async fn the_lowest_rate_of_all_processes_holds_for_all_of_them() {
    let Some(server) = Server::start() else {
        return;
    };
    let quota = server.quota(None);
    let asking = |interval| LeaseRequest {
        lane: "create",
        interval,
        ..LeaseRequest::default()
    };
    let (fast, slow) = (asking(2_500), asking(10_000));
    assert_eq!(quota.lease(&fast).await.unwrap().interval, 2_500);
    assert_eq!(quota.lease(&slow).await.unwrap().interval, 10_000);
    assert_eq!(quota.lease(&fast).await.unwrap().interval, 10_000);
    assert_eq!(quota.lease(&asking(0)).await.unwrap().interval, 10_000);
    // The slow one asks no more.
    let key = format!("{}:lane:create", super::server::target_key(TARGET));
    let _: u64 = server.query(&["HSET", &key, "asked", "1"]);
    assert_eq!(quota.lease(&fast).await.unwrap().interval, 2_500);
}

#[tokio::test]
async fn who_is_not_the_owner_gets_no_times() {
    let Some(server) = Server::start() else {
        return;
    };
    let registry = "a registry".to_owned();
    let fence = |epoch| Fence {
        registry: registry.clone(),
        shard: 3,
        epoch,
    };
    let request = LeaseRequest {
        lane: "create",
        wanted: 1,
        interval: 1000,
        ..LeaseRequest::default()
    };
    let before = server.quota(Some(fence(1)));
    assert!(matches!(
        before.lease(&request).await,
        Err(NoLease::Forgotten)
    ));
    let _: u64 = server.query(&["HSET", &registry, "epoch:3", "1"]);
    assert!(before.lease(&request).await.is_ok());
    let seen: Option<String> = server.query(&["HGET", &registry, "seen:3"]);
    assert!(seen.is_some());
    let _: u64 = server.query(&["HSET", &registry, "epoch:3", "2"]);
    assert!(matches!(before.lease(&request).await, Err(NoLease::Taken)));
    assert!(server.quota(Some(fence(2))).lease(&request).await.is_ok());
}

#[tokio::test]
async fn a_server_that_lost_the_shard_is_not_taken_for_another_process() {
    let Some(server) = Server::start() else {
        return;
    };
    let fence = Fence {
        registry: "a registry".to_owned(),
        shard: 0,
        epoch: 1,
    };
    let _: u64 = server.query(&["HSET", &fence.registry, "epoch:0", "1"]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let quota = server.quota(Some(fence));
    let link = QuotaLink::new(quota, 20, std::sync::Arc::new(stop));
    let request = LeaseRequest {
        lane: "create",
        wanted: 1,
        interval: 1000,
        ..LeaseRequest::default()
    };
    assert!(link.lease(&request).await.is_some() && link.ended().is_none());
    let _: String = server.query(&["FLUSHALL"]);
    assert!(link.lease(&request).await.is_none() && *stopped.borrow());
    let end = link.ended().unwrap();
    assert!(end.why.contains("has lost this shard"), "{end:?}");
    assert!(end.next.contains("docs/shards.md"), "{end:?}");
    assert!(!end.why.contains("another process"), "{end:?}");
}

#[tokio::test]
async fn a_server_that_is_gone_or_speaks_no_tls_is_a_failure() {
    let Some(server) = Server::start() else {
        return;
    };
    let quota = server.quota(None);
    let request = LeaseRequest {
        lane: "create",
        ..LeaseRequest::default()
    };
    assert!(quota.lease(&request).await.is_ok());
    let address = server.address.clone();
    drop(server);
    assert!(matches!(
        quota.lease(&request).await,
        Err(NoLease::Failed(_))
    ));
    let wrong = QuotaAddress {
        is_encrypted: true,
        ..address
    };
    let encrypted = RedisServer::new(&wrong, None, TARGET, None).unwrap();
    assert!(matches!(
        encrypted.lease(&request).await,
        Err(NoLease::Failed(_))
    ));
}

#[tokio::test]
async fn a_password_is_used_and_not_told() {
    let Some(server) = Server::start() else {
        return;
    };
    let _: String = server.query(&["CONFIG", "SET", "requirepass", "sesame-open"]);
    let request = LeaseRequest::default();
    let password = secrecy::SecretString::from("sesame-open");
    let quota = RedisServer::new(&server.address, Some(&password), TARGET, None).unwrap();
    assert!(quota.lease(&request).await.is_ok());
    for wrong in [None, Some(secrecy::SecretString::from("sesame-shut"))] {
        let quota = RedisServer::new(&server.address, wrong.as_ref(), TARGET, None).unwrap();
        let Err(NoLease::Failed(why)) = quota.lease(&request).await else {
            panic!("it was let in");
        };
        assert!(!why.contains("sesame"), "{why}");
    }
}
