//! A migration of invented entities, of any size: accounts of several types, owners in an export of their own, and a folder
//! of documents with its manifest. `samples/harbor` is forty accounts of it.
//!
//! Owner of the files' names and order. Invariants: the same accounts, seed and share of flaws give the same bytes on every
//! machine; owners stand in no order; settings files that are there already are kept.
//! Left out on purpose: papers that a repository cannot hold (devices, pipes, unreadable files). Tests make those.

mod account;
mod bytes;
mod flaws;
mod lists;
mod papers;

use account::{ACCOUNT_COLUMNS, Account, OWNER_COLUMNS, owner_count};
use flaws::Flaw;
use papers::{Content, Paper};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::symlink;
use std::path::Path;

const SETTINGS: [(&str, &str); 4] = [
    (
        "migration.toml",
        include_str!("../../../samples/harbor/migration.toml"),
    ),
    (
        "mapping.toml",
        include_str!("../../../samples/harbor/mapping.toml"),
    ),
    (
        "owners.toml",
        include_str!("../../../samples/harbor/owners.toml"),
    ),
    (
        "documents.toml",
        include_str!("../../../samples/harbor/documents.toml"),
    ),
];

/// What was written.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    /// Rows of accounts.csv.
    pub accounts: u64,
    /// Rows of owners.csv.
    pub owners: u64,
    /// Rows of documents.csv.
    pub documents: u64,
    /// Accounts by flaw; those without one are under `None`.
    pub flaws: BTreeMap<String, u64>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            accounts,
            owners,
            documents,
            flaws,
        } = self;
        write!(
            f,
            "{accounts} accounts, {owners} owners, {documents} documents"
        )?;
        let none = flaws.get("None").copied().unwrap_or(0);
        write!(f, "; {none} accounts have nothing wrong with them")
    }
}

/// Stands for a row of owners.csv whose account is in no export.
const ORPHAN: u8 = u8::MAX;

/// Writes the folder.
pub fn write(folder: &Path, accounts: u64, seed: u64, flaws: bool) -> io::Result<Tally> {
    fs::create_dir_all(folder)?;
    let mut tally = Tally::default();
    for number in 0..accounts {
        let flaw = format!("{:?}", flaws::plan(number, flaws).1);
        *tally.flaws.entry(flaw).or_default() += 1;
    }
    tally.accounts = write_accounts(folder, accounts, seed, flaws)?;
    tally.owners = write_owners(folder, accounts, seed, flaws)?;
    tally.documents = write_documents(folder, accounts, seed, flaws)?;
    for (name, text) in SETTINGS {
        let path = folder.join(name);
        if !path.exists() {
            fs::write(path, text)?;
        }
    }
    Ok(tally)
}

/// A CSV file with a header. It appears under its name only when it is whole.
fn table(
    folder: &Path,
    name: &str,
    columns: &[&str],
    rows: impl FnOnce(&mut csv::Writer<BufWriter<File>>) -> io::Result<u64>,
) -> io::Result<u64> {
    let part = folder.join(format!("{name}.part"));
    let mut out = csv::Writer::from_writer(BufWriter::new(File::create(&part)?));
    out.write_record(columns)?;
    let count = rows(&mut out)?;
    out.flush()?;
    fs::rename(part, folder.join(name))?;
    Ok(count)
}

fn write_accounts(folder: &Path, accounts: u64, seed: u64, flaws: bool) -> io::Result<u64> {
    table(folder, "accounts.csv", ACCOUNT_COLUMNS, |out| {
        let mut count = 0;
        for number in 0..accounts {
            let account = Account::new(seed, number, flaws);
            let again = account.flaw == Flaw::Twice;
            for copy in [false, true].into_iter().take(1 + usize::from(again)) {
                out.write_record(account.cells(copy))?;
                count += 1;
            }
        }
        Ok(count)
    })
}

fn write_owners(folder: &Path, accounts: u64, seed: u64, flaws: bool) -> io::Result<u64> {
    // A row is made when its turn comes, so that only its number is remembered.
    let mut rows: Vec<(u64, u8)> = Vec::new();
    for number in 0..accounts {
        rows.extend((0..owner_count(number, flaws)).map(|place| (number, place as u8)));
        if flaws::plan(number, flaws).1 == Flaw::Orphan {
            rows.push((number, ORPHAN));
        }
    }
    account::dice(seed, accounts, 7).shuffle(&mut rows);
    table(folder, "owners.csv", OWNER_COLUMNS, |out| {
        for (number, place) in &rows {
            let account = Account::new(seed, *number, flaws);
            if *place != ORPHAN {
                out.write_record(account.owners[usize::from(*place)].cells())?;
                continue;
            }
            let mut cells = account.owners[0].cells().to_vec();
            for cell in &mut cells[..2] {
                *cell = cell.replace("HB", "HX");
            }
            out.write_record(cells)?;
        }
        Ok(rows.len() as u64)
    })
}

fn write_documents(folder: &Path, accounts: u64, seed: u64, flaws: bool) -> io::Result<u64> {
    let root = folder.join("documents");
    table(folder, "documents.csv", papers::COLUMNS, |out| {
        let mut count = 0;
        for number in 0..accounts {
            let account = Account::new(seed, number, flaws);
            fs::create_dir_all(root.join(&account.id))?;
            for paper in papers::of(&account) {
                out.write_record(&paper.cells)?;
                count += 1;
                make(&root, &paper)?;
            }
        }
        Ok(count)
    })
}

fn make(root: &Path, paper: &Paper) -> io::Result<()> {
    let path = root.join(&paper.cells[1]);
    match &paper.content {
        Content::Bytes(bytes) => fs::write(path, bytes),
        Content::Link(target)
            if fs::read_link(&path).is_ok_and(|there| there == Path::new(target)) =>
        {
            Ok(())
        }
        Content::Link(target) => symlink(target, path),
        Content::Nothing => Ok(()),
    }
}
