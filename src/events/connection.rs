//! Connections of the receiver: so many at once, and each only as long as it makes itself useful.
//!
//! Owner of those bounds. A connection must be answered within a time from its beginning, and again from each answer on:
//! a sender that trickles bytes, or says nothing, or does not read, gives its place back.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// Connections at once; more of them wait to be accepted.
const PLACES: usize = 256;
/// Time from one answer to the next.
const PATIENCE: Duration = Duration::from_secs(10);

/// A listener with so many places.
pub(super) struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(listener: TcpListener) -> Door {
        Door::with(listener, PLACES)
    }

    fn with(listener: TcpListener, places: usize) -> Door {
        Door {
            listener,
            places: Arc::new(Semaphore::new(places)),
        }
    }
}

impl Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        // It is never closed; without a place there would be no bound, and so no connection.
        let Ok(place) = self.places.clone().acquire_owned().await else {
            return std::future::pending().await;
        };
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        // Answers are small and somebody waits for each.
        let _ = stream.set_nodelay(true);
        let patience = Box::pin(sleep(PATIENCE));
        (
            Guest {
                stream,
                patience,
                _place: place,
            },
            addr,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection with its place.
pub(super) struct Guest {
    stream: TcpStream,
    patience: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Guest {
    /// What is not ready yet waits for as long as the patience lasts.
    fn bounded<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if poll.is_pending() && self.patience.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        poll
    }
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(cx, buffer);
        // Bytes alone buy no time: only an answer does.
        if self.patience.is_elapsed() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.bounded(cx, poll)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(_)) = poll {
            self.patience.as_mut().reset(Instant::now() + PATIENCE);
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

    /// A server that answers everything, with one place; time passes when nobody has anything to do.
    async fn server() -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let router = Router::new().fallback(|_: axum::body::Bytes| async { "taken" });
        tokio::spawn(async move { axum::serve(Door::with(listener, 1), router).await });
        Ok(addr)
    }

    /// Everything that is answered until the connection ends.
    async fn answers(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        // Cut or closed: it ends.
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_gives_the_place_to_the_next() -> anyhow::Result<()> {
        let addr = server().await?;
        let mut silent = TcpStream::connect(addr).await?;
        let mut next = TcpStream::connect(addr).await?;
        next.write_all(REQUEST).await?;
        assert_eq!(answers(&mut silent).await, "");
        assert!(answers(&mut next).await.ends_with("taken"));
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_alone_buy_no_time_and_answers_do() -> anyhow::Result<()> {
        let addr = server().await?;
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
