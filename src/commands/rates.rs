//! The limiters of a command: rates of its own, or those that all processes with the same target share.
//!
//! Owner of the way from `[limits]` to limiters, and of what is told when the quota server ends the work. Left out on purpose:
//! the rates of one shard where nothing is shared (`session`).

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::watch;

use super::variables::{QUOTA_VARIABLE, variable};
use bakkt_engine::quota::QuotaLink;
use bakkt_engine::quota::registry::unusable;
use bakkt_engine::quota::server::{Fence, RedisServer};
use bakkt_engine::requests::RunEnd;
use bakkt_engine::requests::limiter::Limiter;
use bakkt_folder::settings::Settings;
use bakkt_model::error::Failure;
use bakkt_model::limits::{Limits, Rate, Retry};

/// Makes the limiters of one command.
pub struct Rates {
    limits: Limits,
    retry: Retry,
    link: Option<Arc<QuotaLink>>,
}

impl Rates {
    /// The rates under `[limits]`, by way of the quota server where one is named. `stop` ends the work when that server is
    /// lost for too long, or knows another owner of the shard than the one of `fence`.
    ///
    /// # Errors
    ///
    /// The server cannot be reached.
    pub async fn of(
        settings: &Settings,
        fence: Option<Fence>,
        stop: Arc<watch::Sender<bool>>,
    ) -> anyhow::Result<Rates> {
        let link = match &settings.shared {
            None => None,
            Some(address) => {
                let target = &settings.target.base_url;
                let server = RedisServer::new(address, password()?.as_ref(), target, fence)?;
                let link = QuotaLink::new(server, settings.retry.breaker, stop);
                let reached = link.reach().await;
                reached.map_err(|why| unusable(address, &why))?;
                Some(Arc::new(link))
            }
        };
        Ok(Rates {
            limits: settings.limits,
            retry: settings.retry,
            link,
        })
    }

    /// Creations and updates.
    pub fn create(&self) -> Arc<Limiter> {
        self.limiter("accounts", "create", self.limits.create)
    }

    /// Questions.
    pub fn lookup(&self) -> Arc<Limiter> {
        self.limiter("look-ups", "lookup", self.limits.lookup)
    }

    /// Uploads.
    pub fn upload(&self) -> Arc<Limiter> {
        self.limiter("uploads", "upload", self.limits.upload)
    }

    /// KYB triggers.
    pub fn kyb(&self) -> Arc<Limiter> {
        self.limiter("KYB triggers", "kyb", self.limits.kyb)
    }

    fn limiter(&self, name: &'static str, lane: &'static str, rate: Rate) -> Arc<Limiter> {
        Arc::new(match &self.link {
            None => Limiter::new(name, rate, &self.limits, &self.retry),
            Some(link) => {
                Limiter::shared(name, lane, rate, &self.limits, &self.retry, link.clone())
            }
        })
    }

    /// How the work ended, where the quota server ended it.
    pub fn ended(&self, ended: RunEnd) -> RunEnd {
        let why = self.link.as_ref().and_then(|link| link.ended());
        match (ended, why) {
            (RunEnd::Interrupted, Some(why)) => RunEnd::Stopped(Failure::stopped(
                why,
                "run the same command again: it goes on where it stopped",
            )),
            (ended, _) => ended,
        }
    }
}

/// The password of the quota server, where it wants one.
pub fn password() -> anyhow::Result<Option<SecretString>> {
    Ok(variable(QUOTA_VARIABLE)?.map(SecretString::from))
}
