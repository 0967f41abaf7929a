//! The connections: an accept loop of HTTP/1.1 on loopback that can also cut a connection on purpose.
//!
//! Owner: the sandbox. Invariants: what a call does is done before its first await, and a delay runs in a task of its
//! own, so a client that hangs up changes nothing; a cut is a TCP reset; only an upload's body is not held whole. Left out on purpose: TLS, HTTP/2.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body as _, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::answer::{self, ReplyAction};
use super::custody::CustodyHeaders;
use super::faults::SurplusTiming;
use super::receive::BodyReceiver;
use super::routes::{self, Call};
use super::service::{HandledCall, Service};
use super::upload::IncomingUpload;

/// No request of the contract comes near this, but an upload.
const MOST_BODY_BYTES: usize = 4 << 20;
/// And no upload near this.
const MOST_UPLOAD_BYTES: u64 = 256 << 20;

/// Accepts connections until it is dropped; its connections end with it.
pub(super) async fn accept(listener: TcpListener, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, service.clone()));
                }
                // Out of descriptors, most likely: some will be given back.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, service: Arc<Service>) {
    // Without this, small answers on a kept-alive connection wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let cut = Arc::new(AtomicBool::new(false));
    let stream = Arc::new(stream);
    let io = TokioIo::new(Stream {
        stream: stream.clone(),
        cut: cut.clone(),
    });
    let carried = AtomicU64::new(0);
    let answering = service_fn(move |request| {
        let (service, cut, stream) = (service.clone(), cut.clone(), stream.clone());
        let is_kept = carried.fetch_add(1, Ordering::Relaxed) > 0;
        async move {
            match finish(&service, call(&service, request).await?).await {
                ReplyAction::Whole(answer) => Ok(response(answer, None)),
                ReplyAction::Surplus(answer, when) => {
                    if is_kept {
                        surplus(stream, when);
                    }
                    Ok(response(answer, None))
                }
                ReplyAction::Truncated(answer) => {
                    let shown = answer.body.len() / 2;
                    Ok(response(answer, Some(shown)))
                }
                ReplyAction::Cut => {
                    cut.store(true, Ordering::Relaxed);
                    Err(AbortedReply)
                }
            }
        }
    });
    // An error here is a client that went away, or a cut of our own: nothing to tell anyone.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(io, answering)
        .await;
}

/// Sends an answer that belongs to no request.
fn surplus(stream: Arc<TcpStream>, when: SurplusTiming) {
    let body = "{\"code\":422,\"message\":\"The request is not valid\",\"validationErrors\":[]}";
    let answer = format!(
        "HTTP/1.1 422 Unprocessable Entity\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let wait = match when {
        // A connection that cannot take so few bytes at once is as good as gone.
        SurplusTiming::Before => return drop(stream.try_write(answer.as_bytes())),
        SurplusTiming::Behind => Duration::from_millis(1),
        SurplusTiming::Later => Duration::from_millis(30),
    };
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        let _ = stream.try_write(answer.as_bytes());
    });
}

/// Receives the whole request, then carries it out.
async fn call(
    service: &Arc<Service>,
    request: Request<Incoming>,
) -> Result<HandledCall, AbortedReply> {
    let (head, mut incoming) = request.into_parts();
    let mut call = routes::call(head.method.as_str(), head.uri.path(), head.uri.query());
    let header = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
    if !header(HOST).is_some_and(is_this_machine) {
        // A page in a browser can call this address by a name of its own, and would not see the answer otherwise.
        return Ok(HandledCall::at_once(answer::error(
            421,
            "The host is not this address",
        )));
    }
    let authorization = header(AUTHORIZATION);
    let key = authorization.and_then(|given| given.strip_prefix("API-Key "));
    if call.is_of_the_owner() && !key.is_some_and(|key| service.config.is_owner(key)) {
        call = Call::Unknown;
    }
    if call == Call::Upload {
        let arriving = service.upload(authorization);
        return receive(arriving, header(CONTENT_TYPE), service, incoming).await;
    }
    if let Call::Custody(call) = &call {
        let Some(body) = collect(&mut incoming).await? else {
            return Ok(too_large());
        };
        let named = |name: &'static str| header(HeaderName::from_static(name));
        let headers = CustodyHeaders {
            authorization,
            session: named("bakkt-session-id"),
            user: named("user-uuid"),
            key: named("idempotency-key"),
        };
        return Ok(service.custody(call, headers, &body));
    }
    match collect(&mut incoming).await? {
        Some(body) => Ok(service.handle(call, authorization, body)),
        None => Ok(too_large()),
    }
}

/// Whether a request was made to this machine by the name or the address of every machine for itself.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost")
}

/// Receives an upload as it comes, and carries it out.
async fn receive(
    mut arriving: IncomingUpload,
    content_type: Option<&str>,
    service: &Service,
    mut incoming: Incoming,
) -> Result<HandledCall, AbortedReply> {
    let mut receiver = BodyReceiver::new(content_type, service.config.dialect, &service.budget);
    let promised = incoming.size_hint().exact().unwrap_or_default();
    let mut received = 0;
    while let Some(data) = next(&mut incoming).await? {
        received += data.len() as u64;
        if received > MOST_UPLOAD_BYTES {
            return Ok(too_large());
        }
        receiver.push(&data);
        if arriving.is_cut(&receiver) && received * 2 >= promised {
            return Ok(arriving.finish(Err("The connection was cut")));
        }
    }
    Ok(arriving.finish(receiver.finish()))
}

/// The next piece of a body; None at its end.
async fn next(incoming: &mut Incoming) -> Result<Option<Bytes>, AbortedReply> {
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx)).await {
        if let Ok(data) = frame.map_err(|_| AbortedReply)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// The whole body, or None when it is too large.
async fn collect(incoming: &mut Incoming) -> Result<Option<Bytes>, AbortedReply> {
    let mut first: Option<Bytes> = None;
    let mut rest: Vec<u8> = Vec::new();
    while let Some(data) = next(incoming).await? {
        match &first {
            // Nearly every body comes in one piece and needs no copy.
            None => first = Some(data),
            Some(start) => {
                if rest.is_empty() {
                    rest.extend_from_slice(start);
                }
                if rest.len() + data.len() > MOST_BODY_BYTES {
                    return Ok(None);
                }
                rest.extend_from_slice(&data);
            }
        }
    }
    Ok(Some(if rest.is_empty() {
        first.unwrap_or_default()
    } else {
        Bytes::from(rest)
    }))
}

fn too_large() -> HandledCall {
    HandledCall::at_once(answer::error(413, "The body is too large"))
}

/// Waits as decided, in tasks that outlive the connection, and hands over the reply.
async fn finish(service: &Arc<Service>, handled: HandledCall) -> ReplyAction {
    if let Some(late) = handled.late {
        let service = service.clone();
        tokio::spawn(async move {
            tokio::time::sleep(late.after).await;
            service.appear(late);
        });
    }
    if !handled.delay.is_zero() {
        let service = service.clone();
        let waiting = tokio::spawn(async move {
            tokio::time::sleep(handled.delay).await;
            if let Some(entry) = handled.open {
                service.close(entry);
            }
        });
        let _ = waiting.await;
    }
    handled.reply
}

fn response(answer: answer::Answer, shown: Option<usize>) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody {
        bytes: Some(Bytes::from(answer.body)),
        shown,
        flushed: false,
    });
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // A document's type is the client's word, and may be none that can be said back.
    let content_type = HeaderValue::from_str(&answer.content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    // What cannot stand in a header was refused with the configuration.
    if let Some(Ok(wish)) = answer.retry_after.as_deref().map(HeaderValue::from_str) {
        response.headers_mut().insert(RETRY_AFTER, wish);
    }
    response
}

/// A body that may end too early.
struct ReplyBody {
    bytes: Option<Bytes>,
    /// Only so many bytes come, then the connection closes.
    shown: Option<usize>,
    flushed: bool,
}

impl hyper::body::Body for ReplyBody {
    type Data = Bytes;
    type Error = AbortedReply;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AbortedReply>>> {
        match (self.bytes.take(), self.shown) {
            (Some(bytes), None) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            (Some(bytes), Some(shown)) => Poll::Ready(Some(Ok(Frame::data(bytes.slice(..shown))))),
            (None, None) => Poll::Ready(None),
            (None, Some(_)) if self.flushed => Poll::Ready(Some(Err(AbortedReply))),
            (None, Some(_)) => {
                // Pending once: what came so far is flushed before the error closes the connection.
                self.flushed = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.shown.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// Ends a connection without an answer.
#[derive(Debug)]
struct AbortedReply;

impl fmt::Display for AbortedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut on purpose")
    }
}

impl std::error::Error for AbortedReply {}

/// A connection that is reset, not closed, when it was cut; a surplus answer goes around it.
struct Stream {
    stream: Arc<TcpStream>,
    cut: Arc<AtomicBool>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.cut.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read(buf.initialize_unfilled()) {
                Ok(read) => {
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Stream {
    fn write(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_write_ready(cx))?;
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream| stream.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Whoever has the last hold of the connection closes it, in a moment.
        Poll::Ready(Ok(()))
    }
}
