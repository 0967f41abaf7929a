//! Fiat custody, as the program's users meet it, judged by the sandbox's ledger.

mod canary;
mod crash;
mod gating;
mod joined;
mod lost_recipients;
mod meridian;
mod outcomes;
mod placeholders;
mod sessions;
mod unclear;
pub mod world;
