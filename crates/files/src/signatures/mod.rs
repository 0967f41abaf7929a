//! Signatures that everybody can check with `ssh-keygen -Y verify`: SSHSIG with Ed25519.
//!
//! Owner of how this program signs (a key file of its owner alone, or an SSH agent) and of whom it believes (an allowed_signers
//! file). Invariants: what is signed is bound to a namespace, so that a signature of one kind is none of another; a key is used
//! where it lies and never kept. Left out: what is signed, and what a signature means.

mod agent;
mod allowed_signers;
mod signer;

pub use allowed_signers::{AllowedSigners, Signed};
pub use signer::Signer;

/// The namespace of sealed reports.
pub const REPORT: &str = "bakkt-migrate-report";
/// The namespace of approvals.
pub const APPROVAL: &str = "bakkt-migrate-approval";
/// The namespace of what a runner signs.
pub const RUN: &str = "bakkt-migrate-run";

#[cfg(test)]
mod tests;
