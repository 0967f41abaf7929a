//! The way to a collector: the same HTTP client and the same TLS as to Bakkt, and what became of the exports.
//!
//! Owner of [`Collector`], by which the library sends, and of [`Deliveries`]. Proxies that the environment names are not used, nor is
//! what `[target]` says of the way to Bakkt. Invariants: an export is sent once; none lasts longer than its time limit, or than
//! the end of the run allows; of the address no more is told than scheme, host and port, and nothing of the headers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::settings::Signal;
use crate::api::{computer_tls, in_words, no_tls, strict_client};
use bakkt_model::target::is_stand_in;

/// More of an answer is not read; it says which values were not taken.
const LONGEST_ANSWER: usize = 64 * 1024;

const TOO_LATE: &str = "no answer in time";

/// A collector, for one kind of data.
#[derive(Debug)]
pub(super) struct Collector {
    client: reqwest::Client,
    origin: String,
    timeout: Duration,
    runtime: Handle,
    deliveries: Arc<Deliveries>,
}

impl Collector {
    /// Must be called from within a runtime, which does the sending.
    pub(super) fn new(signal: &Signal, deliveries: Arc<Deliveries>) -> anyhow::Result<Collector> {
        let is_here = is_stand_in(&signal.endpoint);
        let tls = if is_here { no_tls() } else { computer_tls() };
        let client = strict_client()
            .https_only(!is_here)
            .tls_backend_preconfigured(tls?);
        Ok(Collector {
            client: client.build()?,
            origin: signal.origin.clone(),
            timeout: signal.timeout,
            runtime: Handle::current(),
            deliveries,
        })
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if self.deliveries.is_closed.load(Ordering::Relaxed) {
            return Err("the run has ended".into());
        }
        let exchange = exchange(self.client.clone(), request);
        let (limit, end) = (self.timeout, self.deliveries.end.subscribe());
        let bounded = async move {
            tokio::select! {
                answer = timeout(limit, exchange) => answer.unwrap_or_else(|_| Err(TOO_LATE.to_owned())),
                () = ended(end) => Err(TOO_LATE.to_owned()),
            }
        };
        // The library calls from threads of its own, which are none of the runtime's.
        let answer = self.runtime.spawn(bounded).await;
        let answer = answer.unwrap_or_else(|_| Err("the program ended".to_owned()));
        self.deliveries.note(&self.origin, &answer);
        Ok(answer?)
    }
}

async fn exchange(
    client: reqwest::Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, String> {
    let (parts, body) = request.into_parts();
    let request = client
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body);
    let mut answer = request.send().await.map_err(|error| in_words(&error))?;
    let mut text = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| in_words(&error))? {
        text.extend_from_slice(&part);
        if text.len() > LONGEST_ANSWER {
            text.clear();
            break;
        }
    }
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = answer.status();
    Ok(response)
}

/// Waits for the instant at which the last export must be done.
async fn ended(mut end: watch::Receiver<Option<Instant>>) {
    let at = end.wait_for(Option::is_some).await.map(|at| *at);
    match at {
        Ok(Some(at)) => sleep_until(at).await,
        _ => std::future::pending().await,
    }
}

/// What became of the exports of a run.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    taken: AtomicU64,
    failed: AtomicU64,
    /// Why the last one of them failed.
    why: Mutex<String>,
    end: watch::Sender<Option<Instant>>,
    is_closed: AtomicBool,
}

impl Deliveries {
    fn note(&self, origin: &str, answer: &Result<Response<Bytes>, String>) {
        let why = match answer {
            Ok(answer) if answer.status().is_success() => {
                self.taken.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Ok(answer) => format!("{origin} answered {}", answer.status().as_u16()),
            Err(why) => format!("{origin}: {why}"),
        };
        self.failed.fetch_add(1, Ordering::Relaxed);
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// From now on nothing lasts longer than this, all together.
    pub(super) fn end_within(&self, limit: Duration) {
        self.end.send_replace(Some(Instant::now() + limit));
    }

    /// Nothing leaves any more.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// What there is to tell of exports that failed.
    pub(super) fn told(&self) -> Option<String> {
        let failed = self.failed.load(Ordering::Relaxed);
        let all = failed + self.taken.load(Ordering::Relaxed);
        let why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        let how_many = match (failed, all) {
            (0, _) => return None,
            (1, 1) => "the only export failed".to_owned(),
            _ => format!("{failed} of {all} exports failed"),
        };
        Some(format!(
            "OpenTelemetry: {how_many} ({why}); this changes nothing about the run"
        ))
    }
}
