//! Makes a complete migration of invented customers, of any size, to try the tool on and to measure it with.
//!
//! `cargo run --release --example generate -- --rows 1000000 --seed 7 --out /some/folder`
//!
//! Owner: nobody downstream; the tool does not know that this program exists.
//! Invariants: the same rows and seed give the same bytes on every machine, memory does not grow with the
//! number of rows, and `export.csv` appears under its name only when it is whole. Settings files that are already there
//! are kept, so a folder can be filled again with more rows without losing its limits.

mod export;
mod harbor;
mod joined;

use clap::Parser;
use export::Recipe;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const SETTINGS: [(&str, &str); 2] = [
    (
        "migration.toml",
        include_str!("../../samples/acme/migration.toml"),
    ),
    (
        "mapping.toml",
        include_str!("../../samples/acme/mapping.toml"),
    ),
];

/// Write a migration of invented customers: export.csv, mapping.toml and migration.toml.
#[derive(Parser)]
#[command(name = "generate")]
struct Args {
    /// How many customers (rows below the header)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rows: u64,
    /// The same seed gives the same customers
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The folder to write to; made when it is missing
    #[arg(long)]
    out: PathBuf,
    /// No duplicates, no blocked and no closed customers; gaps remain
    #[arg(long)]
    clean: bool,
    /// Entities with owners and documents instead, in the shape of samples/harbor; --rows counts accounts
    #[arg(long)]
    entities: bool,
    /// The owners in an extract of their own, in another order; --rows counts accounts
    #[arg(long)]
    joined: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: cannot write to {}: {error}", args.out.display());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<String> {
    if args.entities {
        let tally = harbor::write(&args.out, args.rows, args.seed, !args.clean)?;
        return Ok(format!("{}: {tally}", args.out.display()));
    }
    fs::create_dir_all(&args.out)?;
    let recipe = Recipe {
        rows: args.rows,
        seed: args.seed,
        clean: args.clean,
    };
    if args.joined {
        return two_extracts(&args.out, &recipe);
    }
    let part = args.out.join("export.csv.part");
    let tally = export::write(&recipe, &mut File::create(&part)?)?;
    fs::rename(&part, args.out.join("export.csv"))?;
    let mut said = format!("{}: {} rows: {tally}", args.out.display(), args.rows);
    for (name, text) in SETTINGS {
        if !place(&args.out.join(name), text)? {
            said.push_str(&format!(
                "\n{name} was there already and differs: it is kept"
            ));
        }
    }
    Ok(said)
}

/// Accounts and owners in two extracts.
fn two_extracts(out: &Path, recipe: &Recipe) -> io::Result<String> {
    let mut accounts = File::create(out.join("accounts.csv"))?;
    let mut owners = File::create(out.join("owners.csv"))?;
    let count = joined::write(recipe, &mut accounts, &mut owners)?;
    let (mapping, of_owners) = joined::mappings(SETTINGS[1].1);
    for (name, text) in [
        ("mapping.toml", mapping.as_str()),
        ("owners.toml", &of_owners),
        ("migration.toml", joined::SETTINGS),
    ] {
        place(&out.join(name), text)?;
    }
    Ok(format!(
        "{}: {} accounts, {count} owners",
        out.display(),
        recipe.rows
    ))
}

/// Writes a settings file; false when another one stands in its place.
fn place(path: &Path, text: &str) -> io::Result<bool> {
    match fs::read_to_string(path) {
        Ok(there) => Ok(there == text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::write(path, text).map(|()| true)
        }
        Err(error) => Err(error),
    }
}
