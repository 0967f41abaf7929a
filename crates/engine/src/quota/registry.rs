//! The registry of a migration's shards in the quota server: which journal each shard has, and who works on it.
//!
//! Owner of how a claim is made there. It says the same as a registry's file, and refuses the same
//! (`journal::registry`). Invariants: what it says is replaced only by who has read its newest state, in one step with the epoch that
//! every lease is checked against, so a process that lost its shard gets no times to send at; a claim to a shard whose last owner did not
//! end as it should waits until nobody was seen for `UNSEEN`, and is refused when somebody is; after it, the times are over that the
//! owner before had leased.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{Client, Connection, Script};
use secrecy::SecretString;

use super::LEASE;
use super::server::{Fence, LONGEST_ANSWER, client, target_key};
use bakkt_journal::Journal;
use bakkt_journal::registry::{Claim, ClaimStanding, another_process, given_back, migration_id};
use bakkt_model::error::Failure;
use bakkt_model::quota::{PASSWORD_VARIABLE, QuotaAddress};

/// An owner that was not seen for so long is gone; it shows itself every second.
const UNSEEN: Duration = Duration::from_secs(4);
/// Time between two looks for it.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// How often a claim is judged anew, because others claim other shards meanwhile.
const TRIES: u32 = 100;

/// A claim to a shard in a quota server, for as long as it lives.
pub struct ServerOwnership {
    registry: ServerRegistry,
    fence: Fence,
}

/// The registry of one migration.
struct ServerRegistry {
    client: Client,
    connection: Mutex<Option<Connection>>,
    key: String,
    name: String,
}

/// What the registry said.
struct Look {
    now: u64,
    text: String,
    epoch: String,
    seen: u64,
}

impl ServerOwnership {
    /// Claims the shard of a journal, or the whole migration, in the registry of a quota server; the first claim makes it.
    /// `waits` is called when it waits for an owner that may live; `stopping` ends that.
    ///
    /// # Errors
    ///
    /// Those of [`Claim::judge`]; an owner that lives; a server that cannot be used.
    pub fn claim(
        address: &QuotaAddress,
        password: Option<&SecretString>,
        journal: &Journal,
        target: &str,
        waits: impl FnOnce(Duration),
        stopping: impl Fn() -> bool,
    ) -> anyhow::Result<ServerOwnership> {
        let registry = ServerRegistry {
            client: client(address, password)?,
            connection: Mutex::default(),
            key: format!("{}:shards:{}", target_key(target), migration_id(journal)),
            name: format!("in {address}"),
        };
        let unusable = |error: redis::RedisError| unusable(address, &error.to_string());
        let mut waits = Some(waits);
        let mut is_gone = None;
        for _ in 0..TRIES {
            let number = journal.shard()?.map_or(0, |shard| shard.number());
            let look = registry.look(number, None).map_err(unusable)?;
            let said = Some(look.text.as_str()).filter(|text| !text.is_empty());
            let claim = Claim::judge(&registry.name, said, journal, target)?;
            if claim.is_running && is_gone.as_ref() != Some(&look.epoch) {
                if let Some(waits) = waits.take() {
                    waits(UNSEEN);
                }
                if registry
                    .is_alive(number, look.seen, &stopping)
                    .map_err(unusable)?
                {
                    return Err(another_process(journal.shard()?, &claim.last_host));
                }
                is_gone = Some(look.epoch);
                continue;
            }
            claim.note(journal)?;
            if registry
                .replace(&look.text, &claim.text, claim.shard, claim.epoch)
                .map_err(unusable)?
            {
                claim.registered(journal)?;
                if claim.is_running {
                    std::thread::sleep(2 * LEASE);
                }
                let fence = Fence {
                    registry: registry.key.clone(),
                    shard: claim.shard,
                    epoch: claim.epoch,
                };
                return Ok(ServerOwnership { registry, fence });
            }
        }
        Err(Failure::stopped(
            format!("the registry {} changes all the time", registry.name),
            "run the same command again",
        ))
    }

    /// What has become of the claim; the owner is seen by that. Fails when the server does not answer.
    pub fn standing(&self) -> anyhow::Result<ClaimStanding> {
        let look = self
            .registry
            .look(self.fence.shard, Some(self.fence.epoch))?;
        Ok(match look.epoch {
            none if none.is_empty() => ClaimStanding::Forgotten,
            own if own == self.fence.epoch.to_string() => ClaimStanding::Held,
            _ => ClaimStanding::Taken,
        })
    }

    /// What every lease is checked against.
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    fn release(&self) -> redis::RedisResult<()> {
        let Fence { shard, epoch, .. } = self.fence;
        for _ in 0..TRIES {
            let said = self.registry.look(shard, None)?.text;
            let Some(text) = given_back(&said, shard, epoch) else {
                break;
            };
            if self.registry.replace(&said, &text, shard, epoch)? {
                break;
            }
        }
        Ok(())
    }
}

impl Drop for ServerOwnership {
    fn drop(&mut self) {
        // Whoever comes next waits a little where this cannot be told.
        let _ = self.release();
    }
}

impl ServerRegistry {
    /// Whether an owner that was seen last at this time of the server is seen again, or until a stop is asked for.
    fn is_alive(
        &self,
        shard: u32,
        seen: u64,
        stopping: impl Fn() -> bool,
    ) -> redis::RedisResult<bool> {
        let unseen = UNSEEN.as_micros() as u64;
        loop {
            let look = self.look(shard, None)?;
            if look.seen != seen {
                return Ok(true);
            }
            if look.now.saturating_sub(seen) >= unseen || stopping() {
                return Ok(false);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    fn look(&self, shard: u32, owner: Option<u64>) -> redis::RedisResult<Look> {
        let script = Script::new(include_str!("look.lua"));
        let epoch = owner.map_or(String::new(), |epoch| epoch.to_string());
        let (now, text, epoch, seen) = self.call(|connection| {
            script
                .key(&self.key)
                .arg(shard)
                .arg(&epoch)
                .invoke(connection)
        })?;
        Ok(Look {
            now,
            text,
            epoch,
            seen,
        })
    }

    fn replace(&self, said: &str, text: &str, shard: u32, epoch: u64) -> redis::RedisResult<bool> {
        let script = Script::new(include_str!("claim.lua"));
        self.call(|connection| {
            let mut call = script.key(&self.key);
            call.arg(said).arg(text).arg(shard).arg(epoch);
            call.invoke(connection)
        })
    }

    fn call<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> redis::RedisResult<T>,
    ) -> redis::RedisResult<T> {
        let mut kept = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => {
                let connection = self.client.get_connection_with_timeout(LONGEST_ANSWER)?;
                connection.set_read_timeout(Some(LONGEST_ANSWER))?;
                connection.set_write_timeout(Some(LONGEST_ANSWER))?;
                connection
            }
        };
        let answer = work(&mut connection);
        // One that failed is not used again.
        *kept = Some(connection).filter(|_| answer.is_ok());
        answer
    }
}

/// A quota server that a command cannot begin without.
pub fn unusable(address: &QuotaAddress, why: &str) -> anyhow::Error {
    Failure::stopped(
        format!("the quota server {address} cannot be used: {why}"),
        format!(
            "start it, or correct `shared` under [limits]; where it wants a password, {PASSWORD_VARIABLE} has it; then run the same command"
        ),
    )
}
