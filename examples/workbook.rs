//! Makes an .xlsx out of a CSV file, and reads an .xlsx with calamine and nothing else: the yardstick of
//! `scripts/bench-excel.sh`.
//!
//! `cargo run --release --example workbook -- write FILE.csv FILE.xlsx`
//! `cargo run --release --example workbook -- read FILE.xlsx`
//!
//! Owner: the benchmarks. Every cell is text, which is what takes most to read; reading prints what it saw, so that no compiler
//! leaves it out.

use std::process::ExitCode;

use calamine::Reader as _;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["write", from, to] => write(from, to),
        ["read", from] => read(from),
        _ => {
            eprintln!("usage: workbook write FILE.csv FILE.xlsx | workbook read FILE.xlsx");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(from: &str, to: &str) -> Result<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(from)?;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let mut rows = 0;
    for record in reader.records() {
        for (cell, column) in record?.iter().zip(0..) {
            if !cell.is_empty() {
                sheet.write_string(rows, column, cell)?;
            }
        }
        rows += 1;
    }
    book.save(to)?;
    Ok(format!("{rows} rows"))
}

fn read(from: &str) -> Result<String> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(from)?;
    let name = book.sheet_names().first().cloned().unwrap_or_default();
    let mut cells = book.worksheet_cells_reader(&name)?;
    let (mut count, mut bytes) = (0_u64, 0);
    while let Some(cell) = cells.next_cell()? {
        count += 1;
        if let calamine::DataRef::SharedString(text) = cell.get_value() {
            bytes += text.len();
        }
    }
    Ok(format!("{count} cells, {bytes} bytes of text"))
}
