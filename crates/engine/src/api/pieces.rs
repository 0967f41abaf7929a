//! A file on its way: read in pieces, hashed as it goes, its last piece held back until the hash is the planned one.
//!
//! Owner of [`Pieces`], the body of an upload. Invariants: no more than a few pieces are in memory, whatever the file's
//! size; when the content is not what was planned, the last piece never leaves, so what Bakkt got is no whole request;
//! exactly the announced number of bytes is sent.
//! Left out on purpose: opening the file safely (`documents`), and what a changed file means (`submit`).

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use bakkt_model::sensitive::Sensitive;

/// Bytes of a piece.
const PIECE: usize = 128 << 10;
/// Pieces that may wait for the network.
const WAITING: usize = 2;

/// Whether a content hash (BLAKE3) is the planned one.
pub(crate) type IsPlanned = Box<dyn FnOnce(&[u8; 32]) -> bool + Send>;

/// One document to upload.
pub struct Upload {
    /// The metadata, as JSON.
    pub metadata: Sensitive<Vec<u8>>,
    /// The file, open at its first byte.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
    /// Such as `image/png`.
    pub content_type: &'static str,
    /// The name that is sent: none of the customer's.
    pub file_name: String,
    /// Asked once, before the last piece.
    pub is_planned: IsPlanned,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The pieces of one file.
pub(crate) struct Pieces {
    /// Read before the request begins.
    first: Option<Bytes>,
    rest: Receiver<io::Result<Bytes>>,
}

impl Pieces {
    /// Starts reading on a thread of its own. The flag turns true when the content is not the planned one; of a file of
    /// one piece that is known at once, and there are no pieces at all.
    pub(crate) async fn start(
        file: File,
        size: u64,
        is_planned: IsPlanned,
    ) -> (Option<Pieces>, Arc<AtomicBool>) {
        let (pieces, mut rest) = channel(WAITING);
        let changed = Arc::new(AtomicBool::new(false));
        let flag = changed.clone();
        tokio::task::spawn_blocking(move || read(file, size, is_planned, &pieces, &flag));
        let first = rest.recv().await.and_then(Result::ok);
        let pieces = first.map(|first| Pieces {
            first: Some(first),
            rest,
        });
        (pieces, changed)
    }
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => self.rest.poll_recv(cx),
        }
    }
}

fn read(
    mut file: File,
    size: u64,
    is_planned: IsPlanned,
    pieces: &Sender<io::Result<Bytes>>,
    changed: &AtomicBool,
) {
    let (mut hasher, mut sent, mut held) = (blake3::Hasher::new(), 0u64, Bytes::new());
    loop {
        match piece(&mut file) {
            Ok(next) if next.is_empty() => break,
            Ok(next) => {
                hasher.update(&next);
                let before = std::mem::replace(&mut held, next);
                sent += before.len() as u64;
                // One that grew: no byte beyond its planned size.
                if sent + held.len() as u64 > size {
                    break;
                }
                if !before.is_empty() && pieces.blocking_send(Ok(before)).is_err() {
                    return;
                }
            }
            // An unreadable file is not the planned one either.
            Err(_) => {
                held = Bytes::new();
                break;
            }
        }
    }
    let whole = sent + held.len() as u64 == size;
    if whole && is_planned(hasher.finalize().as_bytes()) {
        // Nobody left to take it means that the request has ended already.
        let _ = pieces.blocking_send(Ok(held));
    } else {
        changed.store(true, Ordering::Release);
        let error = io::Error::other("the file is not the planned one");
        let _ = pieces.blocking_send(Err(error));
    }
}

/// The next piece, as full as the file allows; empty at its end.
fn piece(file: &mut File) -> io::Result<Bytes> {
    let mut buffer = vec![0; PIECE];
    let mut filled = 0;
    while filled < PIECE {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(Bytes::from(buffer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    async fn sent(content: &[u8], size: u64, planned: &[u8]) -> (Vec<u8>, bool, bool) {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(content).expect("written");
        file.rewind().expect("rewound");
        let hash = *blake3::hash(planned).as_bytes();
        let (pieces, changed) = Pieces::start(file, size, Box::new(move |is| *is == hash)).await;
        let Some(mut pieces) = pieces else {
            return (Vec::new(), true, changed.load(Ordering::Acquire));
        };
        let (mut all, mut failed) = (pieces.first.take().unwrap_or_default().to_vec(), false);
        while let Some(piece) = pieces.rest.recv().await {
            match piece {
                Ok(piece) => all.extend(piece),
                Err(_) => failed = true,
            }
        }
        (all, failed, changed.load(Ordering::Acquire))
    }

    #[tokio::test]
    async fn the_last_piece_leaves_only_when_the_content_is_the_planned_one() {
        for size in [1, 7, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 5] {
            let content: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let of = size as u64;
            assert_eq!(
                sent(&content, of, &content).await,
                (content.clone(), false, false)
            );
            let mut other = content.clone();
            other[size - 1] ^= 1;
            for (now, why) in [
                (other, "changed in its last byte"),
                (content[..size - 1].to_vec(), "shorter"),
                ([&content[..], b"x"].concat(), "longer"),
            ] {
                let (left, failed, changed) = sent(&now, of, &content).await;
                assert!(failed && changed, "{why} of {size}");
                assert!(
                    (left.len() as u64) < of,
                    "{why} of {size}: {} left",
                    left.len()
                );
            }
        }
    }
}
