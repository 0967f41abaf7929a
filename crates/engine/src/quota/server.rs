//! A real quota server: Redis or Valkey.
//!
//! Owner of the connection, of the names of its keys and of the call of its script. The password comes from the caller, never
//! from the address. Invariants: TLS unless the server is on this machine (the address says so, `model::quota`); an answer that does not come within
//! `LONGEST_ANSWER` is a failure, and the next question goes out on a new connection. Keys of one target share a hash tag, so
//! that a cluster keeps them together.

use std::time::Duration;

use anyhow::Context;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Script};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::{LEAD, LEASE, LeaseReply, LeaseRequest, Leasing, NoLease, QuotaServer};
use bakkt_model::quota::QuotaAddress;

/// How long an answer may take, and a connection.
pub(super) const LONGEST_ANSWER: Duration = Duration::from_secs(2);
/// What the names of all keys begin with.
const PREFIX: &str = "bakkt-migrate";

/// The owner of a shard, as the server's registry has it.
#[derive(Clone, Debug)]
pub struct Fence {
    /// The key of the registry.
    pub(crate) registry: String,
    /// The number of the shard.
    pub(crate) shard: u32,
    /// How often it was claimed.
    pub(crate) epoch: u64,
}

/// A server that speaks the protocol of Redis.
pub struct RedisServer {
    client: Client,
    config: AsyncConnectionConfig,
    connection: Mutex<Option<MultiplexedConnection>>,
    script: Script,
    target: String,
    fence: Option<Fence>,
}

impl RedisServer {
    /// The server of an address, for a target. With a fence it grants nothing to a process that is not the shard's owner
    /// any more.
    pub fn new(
        address: &QuotaAddress,
        password: Option<&SecretString>,
        target: &str,
        fence: Option<Fence>,
    ) -> anyhow::Result<RedisServer> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LONGEST_ANSWER))
            .set_response_timeout(Some(LONGEST_ANSWER));
        Ok(RedisServer {
            client: client(address, password)?,
            config,
            connection: Mutex::default(),
            script: Script::new(include_str!("lease.lua")),
            target: target_key(target),
            fence,
        })
    }

    async fn connection(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let client = &self.client;
        let opened = client.get_multiplexed_async_connection_with_config(&self.config);
        Ok(connection.insert(opened.await?).clone())
    }

    async fn ask(&self, request: &LeaseRequest) -> redis::RedisResult<Result<LeaseReply, NoLease>> {
        let mut connection = self.connection().await?;
        let update = request.update.as_ref();
        let fence = self.fence.as_ref();
        let mut call = self.script.prepare_invoke();
        call.key(format!("{}:lane:{}", self.target, request.lane))
            .key(fence.map_or(self.target.as_str(), |fence| &fence.registry))
            .arg(request.wanted)
            .arg(request.interval)
            .arg(LEAD.as_micros() as u64)
            .arg(LEASE.as_micros() as u64)
            .arg(request.version)
            .arg(u32::from(update.is_some()))
            .arg(update.map_or("", |update| &update.state))
            .arg(update.map_or(0, |update| update.interval))
            .arg(update.map_or(0, |update| update.paused_until))
            .arg(fence.map_or(String::new(), |fence| fence.shard.to_string()))
            .arg(fence.map_or(0, |fence| fence.epoch));
        type Answer = (u64, u8, u64, u32, u64, u64, u64, u8, String);
        let answer: Answer = call.invoke_async(&mut connection).await?;
        let (now, taken, first, count, interval, next, version, stored, state) = answer;
        match taken {
            0 => {}
            1 => return Ok(Err(NoLease::Taken)),
            _ => return Ok(Err(NoLease::Forgotten)),
        }
        let stored = stored == 1;
        Ok(Ok(LeaseReply {
            now,
            first,
            count,
            interval,
            next,
            version,
            stored,
            state: (!stored && version != request.version).then_some(state),
        }))
    }
}

impl QuotaServer for RedisServer {
    fn lease<'a>(&'a self, request: &'a LeaseRequest) -> Leasing<'a> {
        Box::pin(async move {
            match self.ask(request).await {
                Ok(answer) => answer,
                Err(error) => {
                    *self.connection.lock().await = None;
                    Err(NoLease::Failed(error.to_string()))
                }
            }
        })
    }
}

/// A client that has not connected yet.
pub(super) fn client(
    address: &QuotaAddress,
    password: Option<&SecretString>,
) -> anyhow::Result<Client> {
    use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};
    let host = address.host.clone();
    let addr = match address.is_encrypted {
        false => ConnectionAddr::Tcp(host, address.port),
        true => ConnectionAddr::TcpTls {
            host,
            port: address.port,
            insecure: false,
            tls_params: None,
        },
    };
    let mut settings = RedisConnectionInfo::default().set_db(address.database);
    if let Some(user) = &address.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = password {
        settings = settings.set_password(password.expose_secret());
    }
    let info = addr
        .into_connection_info()
        .map(|info| info.set_redis_settings(settings));
    info.and_then(Client::open)
        .with_context(|| format!("cannot use the quota server {address}"))
}

/// What the names of all keys of a target begin with.
pub(super) fn target_key(target: &str) -> String {
    let hash = blake3::derive_key(
        "bakkt-migrate 2026-11 the target of a quota",
        target.as_bytes(),
    );
    let short: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}:{{{short}}}")
}
