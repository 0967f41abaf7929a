//! `verify` against a sandbox whose stored accounts and documents become other than they were sent.
//!
//! Owner of what reading back must find and must not find, and of how it goes on. The sandbox's ledger is the judge of what
//! was asked; the journal, read through the library, of what was found.

mod going_on;
mod scope;
mod tampering;
mod world;
