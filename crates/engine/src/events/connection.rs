//! Connections of the receiver: so many at once, each only as long as it makes itself useful, and always a place for the
//! next one.
//!
//! Owner of those bounds. A connection must be answered within a time from its beginning, and again from each answer on: a
//! sender that trickles bytes, or says nothing, or does not read, gives its place back. When all places are taken, the
//! connection that has been of no use for longest is closed for the next one: whoever keeps connections open keeps no event
//! out. Peers are not counted: behind a proxy everybody is the same one.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::serve::Listener;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

/// Connections at once, as far as the process may have so many files open.
const PLACES: usize = 512;
/// Open files that are left for everything else.
const OTHER_FILES: u64 = 64;
/// There are always so many places.
const FEWEST: usize = 16;
/// Connections that the system holds until they are accepted; what comes beyond them is tried again by its sender only after
/// seconds.
const BACKLOG: u32 = 1024;
/// Time from one answer to the next.
const PATIENCE: Duration = Duration::from_secs(10);
/// A request that has been under way for so long may be closed for another one; an event takes milliseconds.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// How often a place is looked for while every connection has just begun a request.
const AGAIN: Duration = Duration::from_millis(20);

/// Opens an address with room for connections that come all at once.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A receiver that is started again gets its address back at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How many connections the process may have open; asks the system for more files where there are few.
fn places() -> usize {
    let wanted = PLACES as u64 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    let mut allowed = limit.current.unwrap_or(u64::MAX);
    if allowed < wanted {
        let most = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let raised = Rlimit {
            current: Some(most),
            ..limit
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            allowed = most;
        }
    }
    let places = allowed.saturating_sub(OTHER_FILES);
    usize::try_from(places)
        .unwrap_or(PLACES)
        .clamp(FEWEST, PLACES)
}

/// A listener with so many places.
pub(super) struct LimitedListener {
    listener: TcpListener,
    places: usize,
    seats: Vec<Weak<ConnectionWatch>>,
}

impl LimitedListener {
    pub(super) fn new(listener: TcpListener) -> LimitedListener {
        LimitedListener::with(listener, places())
    }

    fn with(listener: TcpListener, places: usize) -> LimitedListener {
        LimitedListener {
            listener,
            places,
            seats: Vec::new(),
        }
    }

    /// Waits until a place is free, and makes one free where that harms no event.
    async fn free_place(&mut self) {
        loop {
            self.seats.retain(|seat| seat.strong_count() > 0);
            let seats = self.seats.iter().filter_map(Weak::upgrade);
            let open: Vec<Arc<ConnectionWatch>> = seats.filter(|seat| !seat.is_closing()).collect();
            // One that is told to close is gone as soon as its task runs.
            if open.len() < self.places {
                return;
            }
            match open
                .iter()
                .filter_map(ConnectionWatch::useless_since)
                .min_by_key(|(_, since)| *since)
            {
                Some((seat, _)) => seat.close(),
                None => sleep(AGAIN).await,
            }
        }
    }
}

impl Listener for LimitedListener {
    type Io = DeadlineStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (DeadlineStream, SocketAddr) {
        // First the connection, so that nobody is closed for one that does not come.
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        self.free_place().await;
        // Answers are small and somebody waits for each.
        let _ = stream.set_nodelay(true);
        let seat = Arc::new(ConnectionWatch::new());
        self.seats.push(Arc::downgrade(&seat));
        let patience = Box::pin(sleep(PATIENCE));
        (
            DeadlineStream {
                stream,
                patience,
                seat,
            },
            addr,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What is known of a connection from outside of its task.
struct ConnectionWatch {
    state: Mutex<WatchState>,
    is_closing: AtomicBool,
}

struct WatchState {
    /// Bytes of a request have come that is not answered yet.
    is_under_way: bool,
    /// Since when that is so, or since when nothing has come.
    since: Instant,
    waker: Option<Waker>,
}

impl ConnectionWatch {
    fn new() -> ConnectionWatch {
        ConnectionWatch {
            state: Mutex::new(WatchState {
                is_under_way: false,
                since: Instant::now(),
                waker: None,
            }),
            is_closing: AtomicBool::new(false),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, WatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Acquire)
    }

    /// Tells the connection's task to end it.
    fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        if let Some(waker) = self.state().waker.take() {
            waker.wake();
        }
    }

    /// Since when the connection could be closed without losing a request that is on its way.
    fn useless_since(seat: &Arc<ConnectionWatch>) -> Option<(&Arc<ConnectionWatch>, Instant)> {
        let state = seat.state();
        let since = state.since;
        (!state.is_under_way || since.elapsed() >= UNDER_WAY).then_some((seat, since))
    }

    /// Bytes have come, or an answer has gone out.
    fn turn(&self, is_under_way: bool) {
        let mut state = self.state();
        if state.is_under_way != is_under_way || !is_under_way {
            state.is_under_way = is_under_way;
            state.since = Instant::now();
        }
    }
}

/// A connection with its place and its deadline.
pub(super) struct DeadlineStream {
    stream: TcpStream,
    patience: Pin<Box<Sleep>>,
    seat: Arc<ConnectionWatch>,
}

impl DeadlineStream {
    /// What is not ready yet waits for as long as the patience lasts, and no longer than the place is not needed.
    fn bounded<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if poll.is_pending() {
            self.seat.state().waker = Some(cx.waker().clone());
            if self.patience.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        if self.seat.is_closing() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        poll
    }
}

impl AsyncRead for DeadlineStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.seat.turn(true);
        }
        // Bytes alone buy no time: only an answer does.
        if self.patience.is_elapsed() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.bounded(cx, poll)
    }
}

impl AsyncWrite for DeadlineStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(_)) = poll {
            self.patience.as_mut().reset(Instant::now() + PATIENCE);
            self.seat.turn(false);
        }
        self.bounded(cx, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        self.bounded(cx, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.bounded(cx, poll)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok";

    /// A server that answers everything, with so many places; time passes when nobody has anything to do.
    async fn server(places: usize) -> anyhow::Result<SocketAddr> {
        let listener = listen("127.0.0.1:0".parse()?)?;
        let addr = listener.local_addr()?;
        let router = Router::new().fallback(|_: axum::body::Bytes| async { "taken" });
        let listener = LimitedListener::with(listener, places);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(addr)
    }

    /// Everything that is answered until the connection ends.
    async fn answers(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        // Cut or closed: it ends.
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The first answer, with the connection left open.
    async fn first_answer(stream: &mut TcpStream) -> anyhow::Result<String> {
        let mut text = String::new();
        while !text.ends_with("taken") {
            let mut bytes = [0; 512];
            let read = stream.read(&mut bytes).await?;
            anyhow::ensure!(read > 0, "it ended: {text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        Ok(text)
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_gives_the_place_to_the_next() -> anyhow::Result<()> {
        let addr = server(1).await?;
        let mut silent = TcpStream::connect(addr).await?;
        let mut next = TcpStream::connect(addr).await?;
        next.write_all(REQUEST).await?;
        assert_eq!(answers(&mut silent).await, "");
        assert!(answers(&mut next).await.ends_with("taken"));
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_are_kept_open_keep_no_event_out() -> anyhow::Result<()> {
        let addr = server(8).await?;
        let begun = Instant::now();
        let mut kept = Vec::new();
        for number in 0..8 {
            let mut stream = TcpStream::connect(addr).await?;
            if number % 2 == 0 {
                stream.write_all(REQUEST).await?;
                first_answer(&mut stream).await?;
            }
            kept.push(stream);
        }
        for _ in 0..20 {
            let mut event = TcpStream::connect(addr).await?;
            event.write_all(REQUEST).await?;
            first_answer(&mut event).await?;
            kept.push(event);
        }
        // This clock moves only when every task waits for it: nobody had to wait for a deadline.
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_trickle_in_keep_no_event_out_for_long() -> anyhow::Result<()> {
        let addr = server(4).await?;
        let begun = Instant::now();
        let mut slow = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(addr).await?;
            stream.write_all(&REQUEST[..20]).await?;
            slow.push(stream);
        }
        let mut event = TcpStream::connect(addr).await?;
        event.write_all(REQUEST).await?;
        first_answer(&mut event).await?;
        assert!(begun.elapsed() < UNDER_WAY * 2, "{:?}", begun.elapsed());
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_alone_buy_no_time_and_answers_do() -> anyhow::Result<()> {
        let addr = server(1).await?;
        let mut slow = TcpStream::connect(addr).await?;
        let mut taken = 0;
        for byte in REQUEST {
            if slow.write_all(&[*byte]).await.is_err() {
                break;
            }
            taken += 1;
            sleep(PATIENCE / 5).await;
        }
        assert!(taken < REQUEST.len(), "it was cut before its end");
        assert_eq!(answers(&mut slow).await, "");

        let mut steady = TcpStream::connect(addr).await?;
        for _ in 0..4 {
            steady.write_all(REQUEST).await?;
            sleep(PATIENCE * 3 / 4).await;
        }
        assert_eq!(answers(&mut steady).await.matches("taken").count(), 4);
        Ok(())
    }
}
