//! The connections to the receiver of events: HTTP/1.1 on loopback, kept alive, several at once.
//!
//! Owner: the sandbox. Invariants: a delivery counts as answered by a 200 that came whole, and by nothing else; it is
//! reported back exactly once. Left out on purpose: TLS, redirects, and when to send again (see `webhook`).

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Body as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::config::Webhook;
use super::service::Service;
use super::webhook::{Delivery, signature};

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends events until it is dropped.
pub(super) async fn send(service: Arc<Service>, webhook: Webhook) {
    let Ok((address, path)) = webhook.target() else {
        return;
    };
    let (hand_over, deliveries) = mpsc::channel(1);
    let deliveries = Arc::new(Mutex::new(deliveries));
    let mut senders = JoinSet::new();
    for _ in 0..webhook.senders {
        let receiver = EventTarget {
            address,
            path: path.clone(),
            connection: None,
        };
        let (service, webhook) = (service.clone(), webhook.clone());
        senders.spawn(work(service, webhook, receiver, deliveries.clone()));
    }
    loop {
        match service.next_delivery() {
            Ok(delivery) => {
                if hand_over.send(delivery).await.is_err() {
                    return;
                }
            }
            Err(None) => service.sending.notified().await,
            Err(Some(at)) => tokio::select! {
                () = service.sending.notified() => {}
                () = tokio::time::sleep_until(at) => {}
            },
        }
    }
}

/// One sender: one delivery after the other.
async fn work(
    service: Arc<Service>,
    webhook: Webhook,
    mut receiver: EventTarget,
    deliveries: Arc<Mutex<mpsc::Receiver<Delivery>>>,
) {
    loop {
        let next = deliveries.lock().await.recv().await;
        let Some(delivery) = next else { return };
        let body = delivery.body(&service.config);
        let sent = tokio::time::timeout(PATIENCE, receiver.post(&webhook, body)).await;
        let answered = matches!(sent, Ok(Some(StatusCode::OK)));
        if sent.is_err() {
            receiver.connection = None;
        }
        service.delivered(&webhook, delivery, answered);
    }
}

/// Where events go, and the connection that is open.
struct EventTarget {
    address: SocketAddr,
    path: String,
    connection: Option<Connection>,
}

struct Connection {
    sender: SendRequest<String>,
    /// Drives it; ends with it.
    _driver: JoinSet<()>,
}

impl EventTarget {
    /// Posts one body; None when no whole answer came.
    async fn post(&mut self, webhook: &Webhook, body: String) -> Option<StatusCode> {
        let mut request = Request::post(self.path.as_str())
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/json");
        if let Some(secret) = &webhook.secret {
            request = request.header(webhook.header.as_str(), signature(secret, body.as_bytes()));
        }
        let request = request.body(body).ok()?;
        let mut connection = self.open().await?;
        let answer = connection.sender.send_request(request).await.ok()?;
        let status = answer.status();
        let mut body = answer.into_body();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            frame.ok()?;
        }
        self.connection = Some(connection);
        Some(status)
    }

    /// The open connection if it is still good, or a new one.
    async fn open(&mut self) -> Option<Connection> {
        if let Some(mut connection) = self.connection.take()
            && connection.sender.ready().await.is_ok()
        {
            return Some(connection);
        }
        let stream = TcpStream::connect(self.address).await.ok()?;
        let _ = stream.set_nodelay(true);
        let (sender, driver) = handshake(TokioIo::new(stream)).await.ok()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // An error here is one that the request on it sees as well.
            let _ = driver.await;
        });
        Some(Connection {
            sender,
            _driver: tasks,
        })
    }
}
