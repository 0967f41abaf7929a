//! `run --metrics-listen`, and what of a run is counted for whoever watches it.
//!
//! Owner of the address that waits for a run, and of when the numbers of a run begin and end. Left out on purpose: which numbers
//! there are (`numbers`), the server (`engine::metrics`), and the export that a run makes by itself (`telemetry`).

pub mod numbers;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use bakkt_engine::metrics::MetricsServer;
use bakkt_model::error::Failure;
use numbers::{RunNumbers, RunSources};

/// How often it is looked whether the run has come on.
const LOOK: Duration = Duration::from_secs(1);

/// What watches a run that has not begun to send yet.
pub struct RunWatchers {
    numbers: Arc<RunNumbers>,
    listener: Option<TcpListener>,
}

/// The metrics of a run are kept up and served for as long as this lives.
pub struct WatchedRun {
    _server: Option<MetricsServer>,
    clock: JoinHandle<()>,
}

impl Drop for WatchedRun {
    fn drop(&mut self) {
        self.clock.abort();
    }
}

impl RunWatchers {
    /// Takes the address, if there is one, so that a run does not find out later that it is in use.
    pub fn new(
        numbers: Arc<RunNumbers>,
        address: Option<SocketAddr>,
    ) -> anyhow::Result<RunWatchers> {
        let listener = address.map(bind).transpose()?;
        Ok(RunWatchers { numbers, listener })
    }

    /// Counts a run from here on, and serves its metrics.
    pub fn begin(self, sources: RunSources) -> anyhow::Result<WatchedRun> {
        let numbers = self.numbers;
        numbers.attach(sources);
        let clock = tokio::spawn(watch(numbers.clone()));
        let serve = |listener| MetricsServer::start(listener, Arc::new(move || numbers.table()));
        Ok(WatchedRun {
            _server: self.listener.map(serve).transpose()?,
            clock,
        })
    }
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|error| {
        Failure::configuration(
            format!("--metrics-listen: {address} cannot be listened on: {error}"),
            "name another port of this machine",
        )
    })
}

async fn watch(numbers: Arc<RunNumbers>) {
    loop {
        tokio::time::sleep(LOOK).await;
        numbers.note_progress();
    }
}
