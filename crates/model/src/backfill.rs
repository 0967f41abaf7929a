//! What a taken backfill file is called: in reports, and among the fingerprints of a plan.

/// Its name in reports.
pub fn shown(number: i64, name: &str) -> String {
    format!("{name} (backfill {number})")
}

/// The name under which its fingerprint is known.
pub fn fingerprint(number: i64, name: &str) -> String {
    format!("the backfill file {number} {name}")
}
