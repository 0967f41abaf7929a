//! The body of a request: bytes, or a form with a file in it that is read as it leaves.
//!
//! Owner of the two shapes. Invariant: the length is known before the first byte leaves, and exactly so many bytes are sent
//! or the connection breaks. Left out on purpose: reading and checking the file (`pieces`).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream as _;
use hyper::body::{Frame, SizeHint};

use super::pieces::Pieces;

/// A body.
pub struct Body {
    head: Bytes,
    file: Option<(Pieces, u64)>,
    tail: Bytes,
}

impl Body {
    /// Of bytes.
    pub(super) fn of(bytes: Vec<u8>) -> Body {
        Body {
            head: bytes.into(),
            file: None,
            tail: Bytes::new(),
        }
    }

    /// Of a form with two parts, and the form's content type.
    pub(super) fn form(metadata: &Metadata<'_>, file: FilePart<'_>) -> (Body, String) {
        let boundary = format!("{:032x}", fastrand::u128(..));
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n",
            metadata.name
        )
        .into_bytes();
        if metadata.says_json {
            head.extend_from_slice(b"Content-Type: application/json\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(metadata.json);
        let file_name: String = file
            .file_name
            .chars()
            .map(|c| if c == '"' || c.is_control() { '_' } else { c })
            .collect();
        let part = format!(
            "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{file_name}\"\r\n\
             Content-Type: {}\r\n\r\n",
            file.name, file.content_type
        );
        head.extend_from_slice(part.as_bytes());
        let body = Body {
            head: head.into(),
            file: Some((file.pieces, file.size)),
            tail: format!("\r\n--{boundary}--\r\n").into(),
        };
        (body, format!("multipart/form-data; boundary={boundary}"))
    }
}

/// The part that says what the file is.
pub(super) struct Metadata<'a> {
    pub(super) name: &'static str,
    pub(super) json: &'a [u8],
    pub(super) says_json: bool,
}

/// The part that is the file.
pub(super) struct FilePart<'a> {
    pub(super) name: &'static str,
    pub(super) file_name: &'a str,
    pub(super) content_type: &'static str,
    pub(super) pieces: Pieces,
    pub(super) size: u64,
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.head.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.head)))));
        }
        if let Some((pieces, left)) = &mut self.file {
            match Pin::new(pieces).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(piece)) => {
                    if let Ok(piece) = &piece {
                        *left = left.saturating_sub(piece.len() as u64);
                    }
                    return Poll::Ready(Some(piece.map(Frame::data)));
                }
                Poll::Ready(None) => self.file = None,
            }
        }
        let tail = std::mem::take(&mut self.tail);
        Poll::Ready((!tail.is_empty()).then(|| Ok(Frame::data(tail))))
    }

    fn is_end_stream(&self) -> bool {
        self.head.is_empty() && self.file.is_none() && self.tail.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let file = self.file.as_ref().map_or(0, |(_, left)| *left);
        SizeHint::with_exact((self.head.len() + self.tail.len()) as u64 + file)
    }
}
