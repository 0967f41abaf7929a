//! A stand-in for Bakkt on loopback, with its own ledger, its own checks, and faults on demand.
//!
//! Owner: tests, rehearsals and the sandbox command. Invariants: it binds 127.0.0.1 only; it states the contract a
//! second time, in its own words, and shares no code with the client's contract, mapping, assess or api modules, or it
//! would only prove that we agree with ourselves; nobody without its key learns anything, for other people use this machine
//! too; what a call does is never half done, whoever hangs up; the ledger
//! holds no customer data, only hashes. Left out on purpose: durability, TLS.
//!
//! ```text
//! server ── routes ──▶ service: gate ──▶ create · kyb · look-up: check (contract…, countries), faults, verdict
//!    └──── receive (multipart) ────────▶ upload · document_calls       ──▶ store, documents + ledger ──▶ answer
//!                                        decide (agenda) ──▶ webhook ──▶ sender ──▶ the receiver of events
//! ```

mod agenda;
mod answer;
mod check;
mod config;
mod config_after;
mod contract;
mod contract_document;
mod contract_entity;
mod countries;
mod create;
mod custody;
mod decide;
mod document_calls;
mod documents;
mod faults;
mod gate;
mod kyb;
mod ledger;
mod links;
mod multipart;
mod receive;
mod routes;
mod sender;
mod server;
mod service;
mod store;
mod tamper;
mod upload;
mod verdict;
mod webhook;

use std::fs::File;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use custody::Custody;

pub use config::{Config, Decide, Dialect, Links, Rate, Webhook};
pub use ledger::LedgerSummary;

/// A running sandbox. It stops when it is stopped or dropped.
pub struct Sandbox {
    addr: SocketAddr,
    service: Arc<service::Service>,
    /// Connections, decisions, events.
    tasks: JoinSet<()>,
}

impl Sandbox {
    /// Starts on 127.0.0.1 at `port`, or at a free one for 0.
    pub async fn start(mut config: Config, port: u16) -> io::Result<Sandbox> {
        config.check()?;
        if config.key.is_none() {
            config.key = Some(random_key()?);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let addr = listener.local_addr()?;
        let service = Arc::new(service::Service::new(config));
        let mut tasks = JoinSet::new();
        tasks.spawn(server::accept(listener, service.clone()));
        tasks.spawn(decide::decide(service.clone()));
        if let Some(webhook) = service.config.webhook.clone() {
            tasks.spawn(sender::send(service.clone(), webhook));
        }
        Ok(Sandbox {
            addr,
            service,
            tasks,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL for a client, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What lets a caller see what it holds.
    pub fn key(&self) -> &str {
        self.service.config.key.as_deref().unwrap_or_default()
    }

    /// The key, or the password, that its API asks for.
    pub fn api_secret(&self) -> &str {
        self.service.config.api_secret()
    }

    /// The key that its custody calls ask for.
    pub fn custody_secret(&self) -> &str {
        let own = self.service.config.custody.key.as_deref();
        own.unwrap_or(self.service.config.api_secret())
    }

    /// The ledger's counters.
    pub fn ledger(&self) -> LedgerSummary {
        self.service.summary()
    }

    /// Stops accepting, deciding and sending, and ends every connection.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// A key that nobody can guess: 32 hexadecimal digits.
fn random_key() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

/// Serves until Ctrl-C and returns the ledger's counters. Prints nothing: `ready` is called once it listens.
pub async fn serve_until<E: From<io::Error>>(
    stop: impl Future<Output = ()>,
    config: Config,
    port: u16,
    ready: impl FnOnce(&Sandbox) -> Result<(), E>,
) -> Result<LedgerSummary, E> {
    let sandbox = Sandbox::start(config, port).await?;
    ready(&sandbox)?;
    stop.await;
    let summary = sandbox.ledger();
    sandbox.stop().await;
    Ok(summary)
}
