//! Talking to Bakkt.
//!
//! Owner of [`api`] (requests, and what answers mean), [`requests`] (the engine that all of them pass: places, limiter,
//! retries, stopping), what is asked through it, which is [`submit`] (sending, settling of doubts), [`verify`] (reading back)
//! and [`links`] (verification links), [`events`] (webhooks), [`quota`] (the rate that several processes share), [`metrics`] (a
//! page for whoever watches), [`control`] (the way to a run that goes on), [`objects`] (exports and documents in object storage, as
//! a feature) and [`telemetry`] (metrics and a trace for a collector, as a feature). It is handed payloads and does not
//! know where they come from. The only user of HTTP.

pub mod api;
pub mod control;
pub mod custody;
pub mod events;
pub mod links;
pub mod metrics;
#[cfg(feature = "object-storage")]
pub mod objects;
pub mod quota;
pub mod requests;
pub mod sessions;
pub mod submit;
#[cfg(feature = "opentelemetry")]
pub mod telemetry;
pub mod verify;
