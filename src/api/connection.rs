//! Connections to one server: making them, keeping them, and telling whether an answer on one is an answer to its request.
//!
//! Owner of TCP, TLS and the pool, on top of hyper's HTTP/1.1. HTTP/1.1 has no mark that says which request an answer
//! belongs to, only the order on the connection. A proxy that sends one answer too many shifts all later ones, and what
//! Bakkt accepted would look refused. So the pool knows what a general client does not tell: how many requests a
//! connection has served. Invariants: on a new connection the first answer is the first request's; a
//! connection that brings bytes nobody asked for is never used again; so is one that brought anything but a
//! proven answer. `Line::ends_in_order` proves an answer afterwards: one more question on the same connection, which
//! is the last one, must bring exactly one more answer and then the end.
//! Left out on purpose: what is asked and what an answer means (`client`, `judge`); proxies, HTTP/2.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Parts, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::body::Body;
use crate::error::Failure;

/// A connection that rested for longer is not used again: servers close theirs after a minute or so.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How long the end of a connection is waited for after its last answer. A surplus answer would come no later than that.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why a request did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoConnection {
    /// It may work the next time.
    Failed(&'static str),
    /// The server's certificate was refused; what is wrong with it.
    Certificate(&'static str),
}

/// Bytes that go both ways.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

type Stream = TokioIo<Box<dyn Io>>;

/// One connection, in the hands of one request at a time. It closes when it is dropped.
pub struct Line {
    sender: SendRequest<Body>,
    /// Ends with the connection; with an error when bytes came that nobody asked for.
    task: JoinHandle<hyper::Result<Parts<Stream>>>,
    /// Requests that it carried.
    served: u32,
    rests_since: Instant,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Line");
        shown.field("served", &self.served).finish_non_exhaustive()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The connections to one server.
pub(super) struct Connections {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
    most: usize,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    lines: Vec<Line>,
    /// Requests that wait for their turn, each of which will want a line.
    reserved: usize,
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

/// A line is ready for the request that holds this, until its turn comes.
#[derive(Debug)]
pub struct Reserved<'a>(&'a Connections);

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.0.idle().reserved -= 1;
    }
}

impl Connections {
    /// Of a base URL; connects to nothing yet.
    pub(super) fn new(
        base_url: &str,
        timeout: Duration,
        most: usize,
    ) -> anyhow::Result<Connections> {
        let url: hyper::Uri = base_url.parse().map_err(|_| {
            Failure::configuration(
                format!("\"{base_url}\" is not a URL"),
                "check [target] base_url, or --base-url",
            )
        })?;
        let https = url.scheme_str() == Some("https");
        let host = url.host().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let tls = if https { Some(tls(&host)?) } else { None };
        Ok(Connections {
            port: url.port_u16().unwrap_or(if https { 443 } else { 80 }),
            host,
            tls,
            timeout: timeout.min(Duration::from_secs(10)),
            most,
            idle: Mutex::default(),
        })
    }

    /// Makes sure that a line is there when the turn of a request comes, so that connecting does not put off the sending;
    /// one that has carried nothing yet, if it is to be new. One that cannot be made is told to whoever needs it.
    pub(super) async fn reserve(&self, is_new: bool) -> Reserved<'_> {
        let missing = {
            let mut idle = self.idle();
            idle.lines.retain(Line::is_usable);
            idle.reserved += 1;
            let new = || idle.lines.iter().any(|line| line.served == 0);
            idle.lines.len() < idle.reserved || (is_new && !new())
        };
        let reserved = Reserved(self);
        if missing && let Ok(line) = self.connect().await {
            self.keep(line);
        }
        reserved
    }

    /// A line that has carried nothing yet: one that was made ready, or a new one.
    pub(super) async fn unused(&self) -> Result<Line, NoConnection> {
        let ready = {
            let mut idle = self.idle();
            let mut lines = idle.lines.iter();
            let place = lines.position(|line| line.served == 0 && line.is_usable());
            place.map(|place| idle.lines.swap_remove(place))
        };
        match ready {
            Some(line) => Ok(line),
            None => self.connect().await,
        }
    }

    /// A line that served requests before, if there is one.
    pub(super) async fn kept(&self) -> Option<Line> {
        loop {
            let mut line = self.idle().lines.pop()?;
            if line.is_usable() && line.sender.ready().await.is_ok() {
                return Some(line);
            }
        }
    }

    /// Takes a line back.
    pub(super) fn keep(&self, mut line: Line) {
        line.rests_since = Instant::now();
        let mut idle = self.idle();
        if idle.lines.len() < self.most && line.is_usable() {
            idle.lines.push(line);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new line.
    pub(super) async fn connect(&self) -> Result<Line, NoConnection> {
        match timeout(self.timeout, self.open()).await {
            Ok(line) => line,
            Err(_) => Err(NoConnection::Failed("no connection in time")),
        }
    }

    async fn open(&self) -> Result<Line, NoConnection> {
        let stream = self.dial().await?;
        let stream: Box<dyn Io> = match &self.tls {
            None => Box::new(stream),
            Some((connector, name)) => {
                let connected = connector.connect(name.clone(), stream).await;
                Box::new(connected.map_err(|error| refused(&error))?)
            }
        };
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|_| NoConnection::Failed("no connection"))?;
        let task = tokio::spawn(connection.without_shutdown());
        let ready = sender.ready().await;
        ready.map_err(|_| NoConnection::Failed("no connection"))?;
        Ok(Line {
            sender,
            task,
            served: 0,
            rests_since: Instant::now(),
        })
    }

    async fn dial(&self) -> Result<TcpStream, NoConnection> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let addresses: Vec<SocketAddr> = match found {
            Ok(addresses) => addresses.collect(),
            Err(_) => return Err(NoConnection::Failed("the server's name is not known")),
        };
        let mut last = NoConnection::Failed("no connection");
        // One address that nothing answers at leaves time for the next.
        let each = self.timeout / (addresses.len() as u32).max(1);
        for address in addresses {
            let connected = timeout(each, TcpStream::connect(address)).await;
            match connected.unwrap_or(Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => {
                    last = NoConnection::Failed(match error.kind() {
                        io::ErrorKind::ConnectionRefused => "connection refused",
                        io::ErrorKind::TimedOut => "no connection in time",
                        _ => "no connection",
                    });
                }
            }
        }
        Err(last)
    }
}

/// How sending ended without an answer.
pub(super) enum NoAnswer {
    /// Nothing of it left: the connection had ended. The request comes back.
    NotSent(Box<Request<Body>>),
    /// It left, or may have.
    Lost,
}

impl Line {
    /// Whether the request that it carried last was its first, so that the answer is certainly the answer to that.
    pub(super) fn is_first(&self) -> bool {
        self.served == 1
    }

    fn is_usable(&self) -> bool {
        !self.sender.is_closed() && self.rests_since.elapsed() < LONGEST_REST
    }

    /// Sends a request, and waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<hyper::Response<Incoming>, NoAnswer> {
        let sent = self.sender.try_send_request(request).await;
        self.served += 1;
        sent.map_err(|mut error| match error.take_message() {
            Some(request) => NoAnswer::NotSent(Box::new(request)),
            None => NoAnswer::Lost,
        })
    }

    /// After the answer to a last question (`Connection: close`): nothing more comes before the end. A server that does
    /// not close has then had its time to say more.
    pub(super) async fn ends_in_order(self) -> bool {
        self.stays_silent(LAST_WORDS).await
    }

    /// Listens for a while: whether nothing came that nobody asked for. A line that ends meanwhile is silent.
    pub(super) async fn stays_silent(mut self, time: Duration) -> bool {
        let mut rest = match timeout(time, &mut self.task).await {
            Err(_) => return true,
            Ok(Ok(Ok(rest))) if rest.read_buf.is_empty() => rest.io,
            Ok(Ok(Err(error))) => return !is_unexpected(&error),
            Ok(_) => return false,
        };
        // The answer said that it was the last; what else is there was not read.
        let mut byte = [0];
        let mut byte = ReadBuf::new(&mut byte);
        let read = poll_fn(|cx| Pin::new(rest.inner_mut()).poll_read(cx, &mut byte));
        let _ = timeout(time, read).await;
        byte.filled().is_empty()
    }

    /// Whether another request can still go out on it.
    pub(super) async fn is_open(&mut self) -> bool {
        !self.sender.is_closed() && self.sender.ready().await.is_ok()
    }
}

/// Whether a connection ended because of bytes that nobody asked for: hyper has words for that, but no name. Any end that
/// is not known to be an ordinary one counts.
fn is_unexpected(error: &hyper::Error) -> bool {
    let broke = error
        .source()
        .is_some_and(|source| source.is::<io::Error>());
    !broke && !error.is_incomplete_message() && !error.is_closed() && !error.is_canceled()
}

fn tls(host: &str) -> anyhow::Result<(TlsConnector, ServerName<'static>)> {
    let cannot = |error: rustls::Error| {
        Failure::cannot(
            format!("cannot set up TLS: {error}"),
            "the certificates that this computer trusts could not be read; SSL_CERT_FILE can name a file of them",
        )
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(cannot)?
        .with_platform_verifier()
        .map_err(cannot)?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        Failure::configuration(
            format!("\"{host}\" is not a name or address of a server"),
            "check [target] base_url, or --base-url",
        )
    })?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// Why TLS failed: what is wrong with the certificate, or no more than that.
fn refused(error: &io::Error) -> NoConnection {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => NoConnection::Certificate(said(why)),
        Some(rustls::Error::NoCertificatesPresented) => {
            NoConnection::Certificate("the server showed none")
        }
        Some(_) => NoConnection::Failed("no TLS with this server"),
        None => NoConnection::Failed("no connection"),
    }
}

/// What is wrong with a certificate.
fn said(why: &CertificateError) -> &'static str {
    use CertificateError::{
        ApplicationVerificationFailure, BadEncoding, BadSignature, Expired, ExpiredContext,
        InvalidPurpose, InvalidPurposeContext, NotValidForName, NotValidForNameContext,
        NotValidYet, NotValidYetContext, Other, Revoked, UnknownIssuer,
    };
    match why {
        Expired | ExpiredContext { .. } => "it has expired, or the clock of this computer is wrong",
        NotValidYet | NotValidYetContext { .. } => {
            "it is not valid yet, or the clock of this computer is wrong"
        }
        NotValidForName | NotValidForNameContext { .. } => {
            "it belongs to another server name than that of the address"
        }
        UnknownIssuer => {
            "it is signed by itself, or by an authority that this computer does not trust"
        }
        // How self-signed ones without the marks of a server's certificate are refused.
        Other(_) | ApplicationVerificationFailure => {
            "it is signed by itself, or is not a certificate for a server"
        }
        Revoked => "it was revoked",
        BadSignature | BadEncoding => "it is damaged, or its signature is wrong",
        InvalidPurpose | InvalidPurposeContext { .. } => "it is not a certificate for a server",
        _ => "it is not valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_said() {
        let refused = |why: CertificateError| {
            refused(&io::Error::new(
                io::ErrorKind::InvalidData,
                rustls::Error::InvalidCertificate(why),
            ))
        };
        for (why, part) in [
            (CertificateError::Expired, "expired"),
            (CertificateError::NotValidYet, "not valid yet"),
            (CertificateError::NotValidForName, "another server name"),
            (CertificateError::UnknownIssuer, "does not trust"),
            (CertificateError::Revoked, "revoked"),
        ] {
            match refused(why) {
                NoConnection::Certificate(said) => assert!(said.contains(part), "{said}"),
                NoConnection::Failed(said) => panic!("{said}"),
            }
        }
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(
            super::refused(&reset),
            NoConnection::Failed("no connection")
        );
    }
}
