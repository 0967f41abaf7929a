//! The migration folder of the crash test, and what may be sent from it.
//!
//! Owner of its export and settings. Left out on purpose: the sandbox's faults, which stand beside the kills.

use std::fs;
use std::path::Path;

use super::Size;
use crate::export::{self, Recipe};

/// Longer than any answer and any late account takes: `settle_after` > `late_ms`, `stall_ms` + `request_timeout`.
const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"

[accounts]
allow_unissued_tax_ids = true

[limits]
create = "unlimited"
lookup = "unlimited"
in_flight = 32

[retry]
request_timeout = "400ms"
settle_after = "1500ms"
attempts = 1000
backoff_first = "20ms"
backoff_most = "200ms"
breaker = 1000000

[grace]
days = 30

[exclude]
rules = [{ column = "ACCT_STAT", equals = ["C"], reason = "closed" }]
"#;

/// Generated customers, flaws and duplicates among them, and behind them the rows that are left out.
pub fn write(folder: &Path, size: &Size, seed: u64) {
    let mut file = Vec::new();
    let recipe = Recipe {
        rows: size.rows,
        seed,
        clean: false,
    };
    export::write(&recipe, &mut file).unwrap();
    let cells = file.split(|byte| *byte == b'\n').next().unwrap();
    let commas = cells.iter().filter(|byte| **byte == b',').count();
    for number in 0..size.closed {
        let row = format!("X{number:08},C{}\n", ",".repeat(commas - 1));
        file.extend_from_slice(row.as_bytes());
    }
    fs::write(folder.join("export.csv"), file).unwrap();
    fs::write(folder.join("migration.toml"), SETTINGS).unwrap();
    fs::copy(
        concat!(env!("CARGO_MANIFEST_DIR"), "/samples/acme/mapping.toml"),
        folder.join("mapping.toml"),
    )
    .unwrap();
}
