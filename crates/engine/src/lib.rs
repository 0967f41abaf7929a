//! Talking to Bakkt.
//!
//! Owner of [`api`] (requests, and what answers mean), [`submit`] (the loop of a run, limiter, settling of doubts),
//! [`verify`] (reading back), [`links`] (verification links) and [`events`] (webhooks). It is handed payloads and does not
//! know where they come from. The only user of HTTP.

pub mod api;
pub mod events;
pub mod links;
pub mod submit;
pub mod verify;
