//! A file on its way: read in pieces, hashed as it goes, its last piece held back until the hash is the planned one.
//!
//! Owner of [`Pieces`], the body of an upload. Invariants: no more than a few pieces are in memory, whatever the file's
//! size; when the content is not what was planned, the last piece never leaves, so what Bakkt got is no whole request;
//! exactly the announced number of bytes is sent.
//! Left out on purpose: opening the file safely (`documents`), and what a changed file means (`submit`).

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
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

/// Why the last piece of a document never left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentTrouble {
    /// It is not the planned content.
    Changed,
    /// It could not be read to its end.
    Unread,
}

/// What became of the content, known once all of it was read.
pub(crate) type ContentEnd = Arc<OnceLock<ContentTrouble>>;

/// One document to upload.
pub struct Upload {
    /// The metadata, as JSON.
    pub metadata: Sensitive<Vec<u8>>,
    /// The content, at its first byte.
    pub content: Box<dyn Read + Send>,
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

impl Upload {
    /// Begins to read it, so that its first piece can leave at once when its turn comes: a request that is late arrives in another
    /// second than the one whose rate it was given. The trouble of one that is no longer what was planned.
    pub(crate) async fn begin(self) -> Result<BegunUpload, ContentTrouble> {
        let (pieces, end) = Pieces::start(self.content, self.size, self.is_planned).await;
        let Some(pieces) = pieces else {
            return Err(end.get().copied().unwrap_or(ContentTrouble::Unread));
        };
        Ok(BegunUpload {
            metadata: self.metadata,
            pieces,
            end,
            size: self.size,
            content_type: self.content_type,
            file_name: self.file_name,
        })
    }
}

/// A document whose content is being read.
pub(crate) struct BegunUpload {
    pub(crate) metadata: Sensitive<Vec<u8>>,
    pub(crate) pieces: Pieces,
    pub(crate) end: ContentEnd,
    pub(crate) size: u64,
    pub(crate) content_type: &'static str,
    pub(crate) file_name: String,
}

/// The pieces of one file.
pub(crate) struct Pieces {
    /// Read before the request begins.
    first: Option<Bytes>,
    rest: Receiver<io::Result<Bytes>>,
}

impl Pieces {
    /// Starts reading on a thread of its own. The end says when the content is not the planned one; of a file of one piece that is
    /// known at once, and there are no pieces at all.
    async fn start(
        content: Box<dyn Read + Send>,
        size: u64,
        is_planned: IsPlanned,
    ) -> (Option<Pieces>, ContentEnd) {
        let (pieces, mut rest) = channel(WAITING);
        let end = ContentEnd::default();
        let told = end.clone();
        tokio::task::spawn_blocking(move || read(content, size, is_planned, &pieces, &told));
        let first = rest.recv().await.and_then(Result::ok);
        let pieces = first.map(|first| Pieces {
            first: Some(first),
            rest,
        });
        (pieces, end)
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
    mut content: Box<dyn Read + Send>,
    size: u64,
    is_planned: IsPlanned,
    pieces: &Sender<io::Result<Bytes>>,
    end: &OnceLock<ContentTrouble>,
) {
    let (mut hasher, mut sent, mut held) = (blake3::Hasher::new(), 0u64, Bytes::new());
    let mut trouble = ContentTrouble::Changed;
    loop {
        match piece(&mut content) {
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
            Err(_) => {
                trouble = ContentTrouble::Unread;
                held = Bytes::new();
                break;
            }
        }
    }
    let is_whole = trouble == ContentTrouble::Changed && sent + held.len() as u64 == size;
    if is_whole && is_planned(hasher.finalize().as_bytes()) {
        // Nobody left to take it means that the request has ended already.
        let _ = pieces.blocking_send(Ok(held));
    } else {
        let _ = end.set(trouble);
        let error = io::Error::other("the file is not the planned one");
        let _ = pieces.blocking_send(Err(error));
    }
}

/// The next piece, as full as the content allows; empty at its end.
fn piece(content: &mut dyn Read) -> io::Result<Bytes> {
    let mut buffer = vec![0; PIECE];
    let mut filled = 0;
    while filled < PIECE {
        match content.read(&mut buffer[filled..]) {
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

    fn is_changed(end: &ContentEnd) -> bool {
        end.get() == Some(&ContentTrouble::Changed)
    }

    /// Breaks off.
    struct Broken(&'static [u8]);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("broken off")),
                count => Ok(count),
            }
        }
    }

    #[tokio::test]
    async fn content_that_breaks_off_is_not_said_to_have_changed() {
        let is_planned = Box::new(|_: &[u8; 32]| true);
        // As long as it should be, so that its length does not tell.
        let content = Box::new(Broken(b"whole"));
        let (pieces, end) = Pieces::start(content, 5, is_planned).await;
        assert!(pieces.is_none());
        assert_eq!(end.get(), Some(&ContentTrouble::Unread));
    }

    async fn sent(content: &[u8], size: u64, planned: &[u8]) -> (Vec<u8>, bool, bool) {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(content).expect("written");
        file.rewind().expect("rewound");
        let hash = *blake3::hash(planned).as_bytes();
        let (pieces, end) =
            Pieces::start(Box::new(file), size, Box::new(move |is| *is == hash)).await;
        let Some(mut pieces) = pieces else {
            return (Vec::new(), true, is_changed(&end));
        };
        let (mut all, mut failed) = (pieces.first.take().unwrap_or_default().to_vec(), false);
        while let Some(piece) = pieces.rest.recv().await {
            match piece {
                Ok(piece) => all.extend(piece),
                Err(_) => failed = true,
            }
        }
        (all, failed, is_changed(&end))
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
