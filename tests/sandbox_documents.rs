//! Documents and KYB in the sandbox, over HTTP: what it takes, what it refuses, and its faults, against its ledger.
//!
//! Nothing here judges by a clock: waits poll the ledger until it says what must come.

mod calls;
mod faults;
mod tamper;
mod world;
