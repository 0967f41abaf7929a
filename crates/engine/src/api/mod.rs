//! Talking to Bakkt: the only user of an HTTP client.
//!
//! Owner of [`client`] (requests, authentication, time limits), [`judge`] (what an answer means, as pure functions),
//! [`mask`] (what of an answer may be kept), `connection` (which connection an answer came on), `route` (the way there), `trouble` (why none came), `post` (one message to somebody else),
//! `retry_after`, `answers` (how often which came), [`pieces`] (a file on its way), [`compare`] (what Bakkt shows otherwise than we sent it) and
//! [`read_back`] (answers read for that). Invariants: no
//! redirect is followed and nothing is repeated; an answer that says that nothing was taken counts only when it is certainly the
//! answer to its request; a key or a payload appears in no error; `rejectedValue` is never read.
//! Left out on purpose: when to send and what follows (`submit`).

mod address;
mod answers;
pub mod client;
pub mod compare;
mod connection;
mod credentials;
pub mod custody;
pub mod judge;
pub mod link;
pub mod mask;
pub mod pieces;
mod post;
pub mod read_back;
mod receive;
mod retry_after;
mod route;
mod trouble;

pub use answers::AnswerCounts;
pub use client::{Client, ConnectionChoice, Question, Reply};
pub use credentials::{Credentials, Login};
pub(crate) use pieces::ContentTrouble;
pub use pieces::Upload;
pub use post::post_once;
#[cfg(feature = "opentelemetry")]
pub(crate) use route::no_tls;
#[cfg(any(feature = "object-storage", feature = "opentelemetry"))]
pub(crate) use route::{computer_tls, strict_client};
#[cfg(feature = "opentelemetry")]
pub(crate) use trouble::in_words;
