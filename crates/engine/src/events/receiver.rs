//! The receiver: an HTTP server that answers 200 when an event is on the disk, and not before.
//!
//! Owner of the answers: 200 taken, 401 not proved, 404 and 405 no place for events, 413 too long, 503 the disk refuses
//! (then it stops) or the shard of the account is not here (it goes on). `GET /health` is for whoever watches it. Behind every answer but those to events the connection
//! ends.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use super::connection::{LimitedListener, listen};
use super::proof::Proof;
use super::tally::{ReceiverCounters, ReceiverCounts};
use super::writer::{self, Incoming};
use super::{LONGEST_BODY, body};
use bakkt_journal::events::RoutedEvents;
use bakkt_journal::now;
use bakkt_model::error::Failure;

/// A receiver that has its address, and takes nothing yet.
pub struct WebhookReceiver {
    listener: TcpListener,
    proof: Proof,
    path: String,
    tally: Arc<ReceiverCounters>,
}

/// What the receiver needs for every request.
struct ReceiverState {
    proof: Proof,
    path: String,
    tally: Arc<ReceiverCounters>,
    writer: mpsc::Sender<Incoming>,
}

type StatusAnswer = (StatusCode, &'static str);

/// An answer behind which the connection stays open, or ends: only who sends events keeps a place.
type HttpReply = ([(HeaderName, &'static str); 1], StatusAnswer);

impl WebhookReceiver {
    /// Takes the address. Without a proof, only one that nobody else can reach.
    pub async fn bind(
        address: SocketAddr,
        proof: Proof,
        path: &str,
    ) -> anyhow::Result<WebhookReceiver> {
        if matches!(proof, Proof::Nothing) && !address.ip().is_loopback() {
            return Err(Failure::configuration(
                format!(
                    "--listen {address}: others could send events, and there is no secret that tells Bakkt's from theirs"
                ),
                "set BAKKT_WEBHOOK_SECRET, or name a 0600 file as `secret_file` under [events]; or listen on 127.0.0.1",
            ));
        }
        let listener = listen(address).map_err(|error| {
            Failure::cannot(
                format!("cannot listen on {address}: {error}"),
                "another program may have the port; --listen names another one",
            )
        })?;
        Ok(WebhookReceiver {
            listener,
            proof,
            path: path.to_owned(),
            tally: Arc::default(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("no address")
    }

    /// Its counters.
    pub fn tally(&self) -> Arc<ReceiverCounters> {
        self.tally.clone()
    }

    /// Takes events until it is told to stop; what is being committed then is finished and answered.
    pub async fn serve(
        self,
        events: RoutedEvents,
        stop: Arc<watch::Sender<bool>>,
    ) -> anyhow::Result<ReceiverCounts> {
        let (writer, thread) = writer::start(events, self.tally.clone(), stop.clone())?;
        let state = ReceiverState {
            proof: self.proof,
            path: self.path,
            tally: self.tally.clone(),
            writer,
        };
        let router = Router::new()
            .fallback(take)
            .layer(DefaultBodyLimit::max(LONGEST_BODY))
            .with_state(Arc::new(state));
        let mut stopping = stop.subscribe();
        let stopped = async move {
            // There is always a sender: the caller's.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let served = axum::serve(LimitedListener::new(self.listener), router)
            .with_graceful_shutdown(stopped)
            .await;
        // Every connection is gone and with it every sender: the thread finishes what it has.
        let written = tokio::task::spawn_blocking(move || thread.join()).await?;
        written.map_err(|_| anyhow::anyhow!("the events' thread failed"))??;
        served.context("the receiver ended")?;
        Ok(self.tally.taken())
    }
}

async fn take(
    State(state): State<Arc<ReceiverState>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> HttpReply {
    if method == Method::GET && uri.path() == "/health" {
        return reply("close", (StatusCode::OK, "ok"));
    }
    match state.refusal(&method, uri.path(), &headers, body) {
        Ok(body) => reply("keep-alive", state.keep(body).await),
        Err(answer) => {
            if answer.0 == StatusCode::UNAUTHORIZED {
                state.tally.refused();
            } else {
                state.tally.count_invalid();
            }
            reply("close", answer)
        }
    }
}

fn reply(connection: &'static str, answer: StatusAnswer) -> HttpReply {
    ([(CONNECTION, connection)], answer)
}

impl ReceiverState {
    /// The body of a delivery, or the answer to what is none.
    fn refusal(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<Bytes, StatusAnswer> {
        let below =
            |rest: &str| rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/');
        if !path.strip_prefix(&self.path).is_some_and(below) {
            return Err((StatusCode::NOT_FOUND, "events are not taken here"));
        }
        if method != Method::POST {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "events are posted"));
        }
        let body = body.map_err(|why| (why.status(), "the body is too long, or was cut"))?;
        let given = self.proof.header().and_then(|name| headers.get(name));
        if !self.proof.holds(given.map(|value| value.as_bytes()), &body) {
            return Err((StatusCode::UNAUTHORIZED, "the proof is wrong or missing"));
        }
        Ok(body)
    }

    /// Answers once the event is durable.
    async fn keep(&self, body: Bytes) -> StatusAnswer {
        let refused = (StatusCode::SERVICE_UNAVAILABLE, "not kept; send it again");
        let (durable, waiting) = oneshot::channel();
        let arrived = body::read(body.into(), now());
        if self
            .writer
            .send(Incoming { arrived, durable })
            .await
            .is_err()
        {
            return refused;
        }
        match waiting.await {
            Ok(()) => (StatusCode::OK, "ok"),
            Err(_) => refused,
        }
    }
}
