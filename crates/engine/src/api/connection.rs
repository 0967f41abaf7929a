//! Lines to one server: keeping them, and telling which connection an answer came on.
//!
//! Owner of reqwest's clients. HTTP/1.1 has no mark that says which request an answer belongs to, only the order on
//! the connection. A proxy that sends one answer too many shifts all later ones, and what Bakkt accepted would look refused.
//! So one line is one client of its own, which keeps one connection and carries one request at a time; the local
//! address of an answer's connection says which one it was. Invariants: on a connection that this line has not
//! seen before, the first answer is the first request's; a line that brought anything but a proven answer is never used
//! again; what is made ready ahead sends nothing. Bytes that nobody asked for end a resting connection (hyper does that).
//! Left out on purpose: what is asked and what an answer means (`client`, `judge`), the way there (`route`); redirects, retries, HTTP/2.

use std::any::Any;
use std::collections::BTreeSet;
use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{RequestBuilder, Response};
use rustls::ClientConfig;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::route::{self, ServerRoute};
use super::trouble::{NoConnection, no_connection};
use bakkt_model::error::Failure;

/// A connection that rested for longer is not used again: servers close theirs after a minute or so.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How long a connection may take to come to rest after its answer.
const COMES_TO_REST: Duration = Duration::from_millis(200);

/// What does not happen once [`ConnectionPool::new`] has built one.
const NOT_BUILT: NoConnection = NoConnection::Failed("no HTTP client could be built");

/// One connection at a time, in the hands of one request at a time. It closes when the line is dropped.
#[derive(Debug)]
pub(crate) struct SingleConnection {
    http: reqwest::Client,
    gate: Arc<ConnectionGate>,
    /// The connections that brought an answer.
    seen: BTreeSet<SocketAddr>,
    /// The connection of the last answer, and whether that was its first.
    last: Option<(SocketAddr, bool)>,
    rests_since: Instant,
}

impl SingleConnection {
    /// The client, to build a request with that is for this line.
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Whether the last answer was the first on its connection, so that it is certainly the answer to its request.
    pub(super) fn is_first(&self) -> bool {
        self.last.is_some_and(|(_, is_first)| is_first)
    }

    fn is_usable(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.rests_since) < LONGEST_REST
    }

    fn is_unused(&self) -> bool {
        self.seen.is_empty()
    }

    /// Sends a request, and waits for the head of the answer. After an error the line is not to be used again.
    pub(super) async fn send(&mut self, request: RequestBuilder) -> reqwest::Result<Response> {
        self.last = None;
        let response = request.send().await?;
        let info = response.extensions().get::<HttpInfo>();
        self.last = info.map(|info| {
            let connection = info.local_addr();
            (connection, self.seen.insert(connection))
        });
        Ok(response)
    }

    /// Sends a request on the connection of the last answer and on no other one. The answer, if one came on that.
    pub(super) async fn send_on_the_same(&mut self, request: RequestBuilder) -> Option<Response> {
        let (before, _) = self.last?;
        self.gate.state().is_shut = true;
        let response = self.send(request).await.ok()?;
        self.last
            .is_some_and(|(now, _)| now == before)
            .then_some(response)
    }

    /// Connects, and sends nothing.
    async fn make_ready(&self, url: &str) -> Result<(), NoConnection> {
        self.gate.state().keeps_next = true;
        // The gate keeps the connection and reports an error in its place, so this request never leaves.
        let kept = self.http.get(url).send().await;
        let mut state = self.gate.state();
        state.keeps_next = false;
        match (kept, state.ready.is_some()) {
            (_, true) => Ok(()),
            (Err(error), false) => {
                Err(no_connection(&error).unwrap_or(NoConnection::Failed("no connection")))
            }
            (Ok(_), false) => Err(NoConnection::Failed("no connection")),
        }
    }
}

/// The connections to one server.
pub(super) struct ConnectionPool {
    base_url: String,
    route: ServerRoute,
    tls: ClientConfig,
    timeout: Duration,
    most: usize,
    idle: Mutex<IdleConnections>,
}

#[derive(Default)]
struct IdleConnections {
    lines: Vec<SingleConnection>,
    /// Requests that wait for their turn, each of which will want a line.
    reserved: usize,
}

impl std::fmt::Debug for ConnectionPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

/// A line is ready for the request that holds this, until its turn comes.
#[derive(Debug)]
pub struct ReservedConnection<'a>(&'a ConnectionPool);

impl Drop for ReservedConnection<'_> {
    fn drop(&mut self) {
        self.0.idle().reserved -= 1;
    }
}

impl ConnectionPool {
    /// To a base URL; connects to nothing yet.
    pub(super) fn new(
        base_url: &str,
        route: ServerRoute,
        timeout: Duration,
        most: usize,
    ) -> anyhow::Result<ConnectionPool> {
        let tls = match base_url.starts_with("https://") {
            true => route.tls()?,
            false => route::no_tls()?,
        };
        let lines = ConnectionPool {
            base_url: base_url.to_owned(),
            route,
            tls,
            timeout: timeout.min(Duration::from_secs(10)),
            most,
            idle: Mutex::default(),
        };
        // What is wrong with the settings shows here, and not at the first request.
        let built = lines.build().map(drop);
        built.map_err(|error| Failure::cannot(format!("cannot set up HTTP: {error}"), ""))?;
        Ok(lines)
    }

    /// Makes sure that a line is there when the turn of a request comes, so that connecting does not put off the sending;
    /// one that has carried nothing yet, if it is to be new. One that cannot be made is told to whoever needs it.
    pub(super) async fn reserve(&self, is_new: bool) -> ReservedConnection<'_> {
        let missing = {
            let (mut idle, now) = (self.idle(), Instant::now());
            idle.lines.retain(|line| line.is_usable(now));
            idle.reserved += 1;
            let new = || idle.lines.iter().any(SingleConnection::is_unused);
            idle.lines.len() < idle.reserved || (is_new && !new())
        };
        let reserved = ReservedConnection(self);
        if missing && let Ok(line) = self.ready().await {
            self.keep(line);
        }
        reserved
    }

    /// A line that has carried nothing yet: one that was made ready, or a new one.
    pub(super) fn unused(&self) -> Result<SingleConnection, NoConnection> {
        let ready = {
            let (mut idle, now) = (self.idle(), Instant::now());
            let mut lines = idle.lines.iter();
            let place = lines.position(|line| line.is_unused() && line.is_usable(now));
            place.map(|place| idle.lines.swap_remove(place))
        };
        match ready {
            Some(line) => Ok(line),
            None => self.build().map_err(|_| NOT_BUILT),
        }
    }

    /// A line that is there already, if there is one.
    pub(super) fn kept(&self) -> Option<SingleConnection> {
        loop {
            let line = self.idle().lines.pop()?;
            if line.is_usable(Instant::now()) {
                return Some(line);
            }
        }
    }

    /// Takes a line back.
    pub(super) fn keep(&self, mut line: SingleConnection) {
        line.rests_since = Instant::now();
        let mut idle = self.idle();
        if idle.lines.len() < self.most {
            idle.lines.push(line);
        }
    }

    fn idle(&self) -> MutexGuard<'_, IdleConnections> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new line that is connected already.
    async fn ready(&self) -> Result<SingleConnection, NoConnection> {
        let line = self.build().map_err(|_| NOT_BUILT)?;
        line.make_ready(&self.base_url).await?;
        Ok(line)
    }

    /// A new line, which connects when its first request leaves.
    fn build(&self) -> reqwest::Result<SingleConnection> {
        let gate = Arc::new(ConnectionGate::default());
        let is_stand_in = bakkt_model::target::is_stand_in(&self.base_url);
        let http = self
            .route
            .client(is_stand_in)?
            // Shared: reading the certificates that the computer trusts takes its time.
            .tls_backend_preconfigured(self.tls.clone())
            .connect_timeout(self.timeout)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(LONGEST_REST)
            .tcp_nodelay(true)
            .connector_layer(GateLayer(gate.clone()))
            .build()?;
        Ok(SingleConnection {
            http,
            gate,
            seen: BTreeSet::new(),
            last: None,
            rests_since: Instant::now(),
        })
    }
}

/// Every new connection passes this gate: it can keep one for the next request, or let none through.
#[derive(Default)]
struct ConnectionGate(Mutex<GateState>);

#[derive(Default)]
struct GateState {
    /// The next connection is kept.
    keeps_next: bool,
    /// The one that was kept. Its type is reqwest's own.
    ready: Option<Box<dyn Any + Send>>,
    is_shut: bool,
}

impl ConnectionGate {
    fn state(&self) -> MutexGuard<'_, GateState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for ConnectionGate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionGate").finish_non_exhaustive()
    }
}

/// Puts the gate before the connector.
#[derive(Clone)]
struct GateLayer(Arc<ConnectionGate>);

impl<S> Layer<S> for GateLayer {
    type Service = GatedConnector<S>;

    fn layer(&self, connector: S) -> GatedConnector<S> {
        GatedConnector {
            connector,
            gate: self.0.clone(),
        }
    }
}

#[derive(Clone)]
struct GatedConnector<S> {
    connector: S,
    gate: Arc<ConnectionGate>,
}

type BoxError = Box<dyn Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

impl<S, R> Service<R> for GatedConnector<S>
where
    S: Service<R>,
    S::Response: Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Connecting<S::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, address: R) -> Connecting<S::Response> {
        let (is_shut, keeps, ready) = {
            let mut state = self.gate.state();
            (state.is_shut, state.keeps_next, state.ready.take())
        };
        if is_shut {
            return Box::pin(async {
                // The connection that is to be used may not have come to rest yet.
                tokio::time::sleep(COMES_TO_REST).await;
                Err(GateClosed("no new connection is wanted").into())
            });
        }
        if let Some(ready) = ready.and_then(|ready| ready.downcast().ok()) {
            return Box::pin(async { Ok(*ready) });
        }
        let connecting = self.connector.call(address);
        let gate = self.gate.clone();
        Box::pin(async move {
            let connection = connecting.await.map_err(Into::into)?;
            if !keeps {
                return Ok(connection);
            }
            gate.state().ready = Some(Box::new(connection));
            Err(GateClosed("the connection is kept for a request").into())
        })
    }
}

/// Why the gate gives no connection.
#[derive(Debug)]
struct GateClosed(&'static str);

impl std::fmt::Display for GateClosed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for GateClosed {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers so many requests on each connection with an empty 200, then closes it. Counts connections and requests.
    async fn server(answers: usize) -> (String, Arc<[AtomicUsize; 2]>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let counted = counts.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted[0].fetch_add(1, Ordering::SeqCst);
                let counted = counted.clone();
                tokio::spawn(async move {
                    for _ in 0..answers {
                        let mut request = [0; 4096];
                        if !stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                            return;
                        }
                        counted[1].fetch_add(1, Ordering::SeqCst);
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                        let _ = stream.write_all(answer).await;
                    }
                });
            }
        });
        (url, counts)
    }

    fn counted(counts: &[AtomicUsize; 2]) -> (usize, usize) {
        (
            counts[0].load(Ordering::SeqCst),
            counts[1].load(Ordering::SeqCst),
        )
    }

    async fn asked(line: &mut SingleConnection, url: &str) -> String {
        let request = line.http().get(url);
        let response = line.send(request).await.expect("an answer");
        response.text().await.expect("a text")
    }

    #[tokio::test]
    async fn a_line_made_ready_has_sent_nothing_and_uses_that_connection() {
        let (url, counts) = server(10).await;
        let lines = ConnectionPool::new(&url, ServerRoute::default(), Duration::from_secs(5), 8)
            .expect("lines");
        let reserved = lines.reserve(true).await;
        let mut line = lines.unused().expect("a line");
        drop(reserved);
        // Connected on this side means in the listener's queue on the other.
        assert!(line.gate.state().ready.is_some());
        assert_eq!(counted(&counts).1, 0);
        assert_eq!(asked(&mut line, &url).await, "ok");
        assert!(line.is_first());
        assert_eq!(counted(&counts), (1, 1));
        let request = line.http().get(&url);
        let same = line.send_on_the_same(request).await;
        assert_eq!(same.expect("the same").text().await.expect("a text"), "ok");
        assert!(!line.is_first());
        assert_eq!(counted(&counts), (1, 2));
    }

    #[tokio::test]
    async fn no_new_connection_serves_where_the_same_is_wanted() {
        let (url, counts) = server(1).await;
        let lines = ConnectionPool::new(&url, ServerRoute::default(), Duration::from_secs(5), 8)
            .expect("lines");
        let mut line = lines.unused().expect("a line");
        asked(&mut line, &url).await;
        let request = line.http().get(&url);
        assert!(line.send_on_the_same(request).await.is_none());
        assert_eq!(counted(&counts), (1, 1));
        // A line whose connection ended makes another one, and knows it.
        let mut line = lines.unused().expect("a line");
        for _ in 0..2 {
            asked(&mut line, &url).await;
            assert!(line.is_first());
        }
        assert_eq!(counted(&counts), (3, 3));
    }

    #[tokio::test]
    async fn nobody_there_is_no_connection() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        drop(listener);
        let lines = ConnectionPool::new(&url, ServerRoute::default(), Duration::from_secs(5), 8)
            .expect("lines");
        let refused = lines.ready().await.map(drop);
        assert_eq!(refused, Err(NoConnection::Failed("connection refused")));
    }
}
