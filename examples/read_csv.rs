//! Reads a CSV file with the csv crate and nothing else: the yardstick of `scripts/bench-check.sh`.
//!
//! `cargo run --release --example read_csv -- FILE`
//!
//! Owner: the benchmarks. It prints the records and cells that it saw, so that no compiler leaves the reading out.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: read_csv FILE");
        return ExitCode::from(2);
    };
    match count(&path) {
        Ok((records, cells)) => {
            println!("{records} records, {cells} cells");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn count(path: &std::ffi::OsStr) -> csv::Result<(u64, u64)> {
    let mut reader = csv::Reader::from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let (mut records, mut cells) = (0, 0);
    while reader.read_byte_record(&mut record)? {
        records += 1;
        cells += record.len() as u64;
    }
    Ok((records, cells))
}
