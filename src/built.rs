//! What this program was built from: version, commit, kind of build.
//!
//! `build.rs` puts the commit in. The same words stand in `--version`, in the chain of each journal and in every report.

/// The version, as Cargo.toml has it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit; "unknown" where the sources did not say.
pub const COMMIT: &str = env!("BAKKT_MIGRATE_BUILT_COMMIT");
/// The profile and the system, such as "release for x86_64-unknown-linux-gnu".
pub const BUILD: &str = env!("BAKKT_MIGRATE_BUILD");
/// What `--version` says.
pub const TEXT: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("BAKKT_MIGRATE_BUILT_COMMIT"),
    ", ",
    env!("BAKKT_MIGRATE_BUILD"),
    ")"
);
