//! The limiters of a command: rates of its own, or those that all processes with the same target share.
//!
//! Owner of the way from `[limits]` and the rates under `[custody]` to limiters, and of what is told when the quota server ends the work. Left out on purpose:
//! the rates of one shard where nothing is shared (`session`).

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::watch;

use super::target;
use super::variables::{QUOTA_VARIABLE, variable};
use bakkt_engine::custody::stage::CustodyLimiters;
use bakkt_engine::quota::QuotaLink;
use bakkt_engine::quota::registry::unusable;
use bakkt_engine::quota::server::{Fence, RedisServer};
use bakkt_engine::requests::RunEnd;
use bakkt_engine::requests::limiter::Limiter;
use bakkt_folder::settings::Settings;
use bakkt_folder::settings::custody::{CustodyRates, CustodySettings};
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
        let to = &settings.target.base_url;
        Rates::to(to, settings, settings.limits, fence, stop).await
    }

    /// The same for the rates under `[custody]`.
    pub async fn of_custody(
        settings: &Settings,
        custody: &CustodySettings,
        fence: Option<Fence>,
        stop: Arc<watch::Sender<bool>>,
    ) -> anyhow::Result<Rates> {
        let limits = Limits {
            in_flight: custody.in_flight,
            ..settings.limits
        };
        let to = target::custody_url(settings, custody);
        Rates::to(&to, settings, limits, fence, stop).await
    }

    async fn to(
        target: &str,
        settings: &Settings,
        limits: Limits,
        fence: Option<Fence>,
        stop: Arc<watch::Sender<bool>>,
    ) -> anyhow::Result<Rates> {
        let link = match &settings.shared {
            None => None,
            Some(address) => {
                let server = RedisServer::new(address, password()?.as_ref(), target, fence)?;
                let link = QuotaLink::new(server, settings.retry.breaker, stop);
                let reached = link.reach().await;
                reached.map_err(|why| unusable(address, &why))?;
                Some(Arc::new(link))
            }
        };
        Ok(Rates {
            limits,
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

    /// All of custody.
    pub fn custody(&self, rates: &CustodyRates) -> CustodyLimiters {
        CustodyLimiters {
            user: self.limiter("users", "custody-user", rates.users),
            account: self.limiter("bank accounts", "custody-account", rates.accounts),
            recipient: self.limiter("recipients", "custody-recipient", rates.recipients),
            lookup: self.limiter("custody look-ups", "custody-lookup", rates.lookup),
        }
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
        let end = self.link.as_ref().and_then(|link| link.ended());
        match (ended, end) {
            (RunEnd::Interrupted, Some(end)) => {
                RunEnd::Stopped(Failure::stopped(end.why, end.next))
            }
            (ended, _) => ended,
        }
    }
}

/// The password of the quota server, where it wants one.
pub fn password() -> anyhow::Result<Option<SecretString>> {
    Ok(variable(QUOTA_VARIABLE)?.map(SecretString::from))
}
