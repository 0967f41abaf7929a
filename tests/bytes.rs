//! Any bytes: the functions that fuzzing calls, on inputs that proptest makes.
//!
//! `PROPTEST_CASES` says how many for each; `fuzz/README.md` how to look for longer. The inputs are half noise and half
//! built of what the formats are made of, since noise alone seldom comes past the first byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};

#[path = "../fuzz/entries.rs"]
mod entries;

/// The same trials every time, unless PROPTEST_RNG_SEED says otherwise: a test that fails fails for everybody.
fn trials(few: u32) -> Config {
    let mut trials = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        trials.cases = few;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        trials.rng_seed = RngSeed::Fixed(1);
    }
    trials
}

fn run(few: u32, inputs: impl Strategy<Value = Vec<u8>>, entry: fn(&[u8])) {
    let trials = trials(few);
    let result = TestRunner::new(trials).run(&inputs, |input| {
        entry(&input);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Noise, or pieces one after the other.
fn noise_or(pieces: &'static [&'static [u8]], most: usize) -> impl Strategy<Value = Vec<u8>> {
    let noise = vec(any::<u8>(), 0..most);
    let built = vec(select(pieces), 0..most).prop_map(|pieces| pieces.concat());
    prop_oneof![1 => noise, 3 => built]
}

const CSV: &[&[u8]] = &[
    b",",
    b",",
    b",",
    b";",
    b"|",
    b"\t",
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"\"",
    b"\"",
    b"'",
    b"\"\"",
    b"\0",
    b" ",
    b"a",
    b"ID",
    b"NAME",
    b"1",
    b"1980-02-03",
    b"a@example.com",
    b"\xC3\xAB",
    b"\xEB",
    b"\xFF",
    b"\xFE",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\xFE\xFF",
    b"sep=;\n",
    b"\x81",
    b"\xE2\x82",
    b"\x3D\xD8",
    b"1,5",
];

#[test]
fn a_file_of_which_nothing_is_known() {
    run(256, noise_or(CSV, 200), entries::csv_detect);
}

#[test]
fn rows_of_any_text() {
    run(512, noise_or(CSV, 200), entries::csv_rows);
    // Cells longer than a quote is looked for, and rows longer than any that is read.
    let long = select(&[100usize << 10, 130 << 10, 1 << 20, (1 << 20) + 1]);
    let around = noise_or(CSV, 8);
    let long = (around, long, noise_or(CSV, 8))
        .prop_map(|(before, long, after)| [before, vec![b'x'; long], after].concat());
    run(8, long, |data| {
        entries::csv_rows(&[&[0], data].concat());
    });
}

const DATES: &[&[u8]] = &[
    b"%",
    b"Y",
    b"m",
    b"d",
    b"b",
    b"y",
    b"T",
    b"j",
    b"H",
    b"\n",
    b"-",
    b"/",
    b".",
    b" ",
    b",",
    b"1980",
    b"02",
    b"29",
    b"3",
    b"31",
    b"Feb",
    b"march",
    b"T",
    b"Z",
    b"+02:00",
    b"12:30",
    b"24:00",
    b"PM",
    b"44927",
    b"0",
    b"\xC3\xA9",
    b"Monday",
];

#[test]
fn dates() {
    run(2000, noise_or(DATES, 14), entries::dates);
}

const PHONES: &[&[u8]] = &[
    b"+",
    b"1",
    b"0",
    b"00",
    b"(",
    b")",
    b"-",
    b" ",
    b".",
    b"/",
    b"512",
    b"555",
    b"0142",
    b"5125550142",
    b"44",
    b"49",
    b"ext",
    b"x",
    b"#",
    b";",
    b"tel:",
    b"800",
    b"FLOWERS",
    b".0",
    b"e9",
    b"\xC2\xA0",
    b"\xEF\xBC\x91",
];

#[test]
fn phones() {
    run(500, noise_or(PHONES, 12), entries::phones);
}

const AMOUNTS: &[&[u8]] = &[
    b"$",
    b"USD",
    b"1",
    b"0",
    b"25",
    b"000",
    b",",
    b".",
    b"'",
    b" ",
    b"-",
    b"(",
    b")",
    b"k",
    b"mm",
    b"million",
    b"to",
    b"+",
    b"under",
    b"over",
    b"between",
    b"and",
    b"<",
    b">",
    b"\xE2\x80\x93",
    b"9999999999999999999999999999",
    b"e9",
];

#[test]
fn amounts() {
    run(2000, noise_or(AMOUNTS, 12), entries::amounts);
}

/// Every mapping of the cases.
fn mappings() -> Vec<Vec<u8>> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<PathBuf> = fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("mapping.toml"))
        .filter(|path| path.exists())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Something real with pieces of itself and of others in wrong places.
fn mutated(
    seeds: Vec<Vec<u8>>,
    pieces: &'static [&'static [u8]],
) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        select(pieces).prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..4)
    ];
    let change = (any::<prop::sample::Index>(), 0..16usize, piece);
    (select(seeds), vec(change, 0..6)).prop_map(|(mut bytes, changes)| {
        for (at, remove, piece) in changes {
            let at = at.index(bytes.len() + 1);
            let to = (at + remove).min(bytes.len());
            bytes.splice(at..to, piece);
        }
        bytes
    })
}

const TOML: &[&[u8]] = &[
    b"=",
    b"\"",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\n",
    b",",
    b"column",
    b"columns",
    b"first",
    b"lookup",
    b"date",
    b"expr",
    b"split",
    b"const",
    b"\"ID\"",
    b"\"#2\"",
    b"\"#0\"",
    b"true",
    b"[fields]\n",
    b"[lookups.x]\n",
    b"owners[0].identity.givenName",
    b"\"row.ID | upper\"",
    b"-1",
    b"9999999999999999999",
    b"\xC3\xAB",
    b"include",
];

#[test]
fn mapping_files() {
    run(500, mutated(mappings(), TOML), entries::mapping_file);
}

/// Small workbooks of every kind but .xls, whose parser may ask for memory without bounds: below.
fn workbooks(folder: &str, wanted: fn(&str) -> bool) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let named = |path: &PathBuf| {
        wanted(
            path.extension()
                .and_then(|name| name.to_str())
                .unwrap_or(""),
        )
    };
    paths
        .into_iter()
        .filter(named)
        .map(|path| fs::read(path).unwrap())
        .collect()
}

const ZIPPED: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\0\0\0\0",
    b"\xFF\xFF\xFF\xFF",
    b"\x08",
    b"\x01",
];

#[test]
fn workbooks_in_this_process() {
    let seeds = workbooks("tests/fixtures/workbooks", |kind| {
        matches!(kind, "xlsx" | "ods" | "xlsb")
    });
    run(100, mutated(seeds, ZIPPED), entries::excel_open);
}

const COMPOUND: &[&[u8]] = &[
    b"\0",
    b"\xFF\xFF\xFF\xFF",
    b"\xFE\xFF\xFF\xFF",
    b"\x09\x08",
    b"\x0A\0\0\0",
    b"\xFC\0",
    b"\x7F",
];

/// Through the program, which gives the parser a process with limits: whatever the bytes are, it ends by itself.
#[test]
fn workbooks_of_old_excel_end_in_an_answer() {
    let seeds = workbooks("tests/fixtures/workbooks", |kind| kind == "xls");
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write(
        "migration.toml",
        b"[source]\nfile = \"export.xls\"\nmapping = \"mapping.toml\"\nheader = 1\n",
    );
    write(
        "mapping.toml",
        b"account_type = \"INDIVIDUAL\"\n\n[fields]\nclientAccountId = \"#1\"\n",
    );
    let mut trials = trials(16);
    // Each is a process or two.
    trials.cases = trials.cases.min(2000);
    let result = TestRunner::new(trials).run(&mutated(seeds, COMPOUND), |bytes| {
        write("export.xls", &bytes);
        let mut program = Command::new(env!("CARGO_BIN_EXE_bakkt-migrate"));
        let output = program
            .args(["--quiet", "check"])
            .arg(dir.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        prop_assert!(output.status.code().is_some(), "killed");
        prop_assert!(!said.contains("panicked"), "{}", said);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
