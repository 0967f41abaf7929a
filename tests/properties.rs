//! Properties: whatever stands in an export or a mapping, nothing panics, every row ends somewhere, and nothing is
//! sent that the contract refuses.
//!
//! The judge of the last is the sandbox, which states the contract in its own words.

use std::fs;

use bakkt_files::progress::Mode;
use bakkt_folder::migration::{Binding, Migration};
use bakkt_mapping::pipeline::scan::{ScanOptions, scan};
use bakkt_migrate::cli::{CheckArgs, ReplaceArgs, ShardArgs};
use bakkt_migrate::commands::check;
use bakkt_model::error::Failure;
use bakkt_model::verdict::Verdict;
use bakkt_sandbox::{Config, Sandbox};
use proptest::prelude::*;
use proptest::test_runner::{Config as Trials, RngSeed, TestRunner};
use tempfile::TempDir;

use crate::export;

const MAPPING: &str = include_str!("../samples/acme/mapping.toml");
const SETTINGS: &str = include_str!("../samples/acme/migration.toml");

/// The same trials every time, unless PROPTEST_RNG_SEED says otherwise: a test that fails fails for everybody.
fn trials(cases: u32) -> Trials {
    let mut trials = Trials {
        failure_persistence: None,
        ..Trials::with_cases(cases)
    };
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        trials.rng_seed = RngSeed::Fixed(1);
    }
    trials
}

fn folder(mapping: &str, export: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("migration.toml"), SETTINGS).unwrap();
    fs::write(dir.path().join("mapping.toml"), mapping).unwrap();
    fs::write(dir.path().join("export.csv"), export).unwrap();
    dir
}

/// An extract of the generator, as cells; the header comes first.
fn extract(rows: u64, seed: u64) -> Vec<Vec<String>> {
    let mut bytes = Vec::new();
    let recipe = export::Recipe {
        rows,
        seed,
        clean: false,
    };
    export::write(&recipe, &mut bytes).unwrap();
    csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes.as_slice())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn written(rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        out.write_record(row).unwrap();
    }
    out.into_inner().unwrap()
}

/// Checks a folder: every row ended somewhere, or a person was told why not.
fn checked(dir: &TempDir) -> Result<(), TestCaseError> {
    let args = CheckArgs {
        dir: dir.path().to_owned(),
        gaps: Some(dir.path().join("gaps.csv")),
        payloads: None,
        replacing: ReplaceArgs { replace: true },
        findings: None,
        shards: ShardArgs::default(),
        json: true,
    };
    match check::run(&args, Mode::Quiet) {
        Ok(output) => {
            let json: serde_json::Value = serde_json::from_str(&output.text).unwrap();
            let verdicts = json["verdicts"].as_object().unwrap();
            let sum: u64 = verdicts.values().map(|count| count.as_u64().unwrap()).sum();
            prop_assert_eq!(json["read"].as_u64(), Some(sum));
            prop_assert_eq!(&json["balanced"], true);
        }
        Err(error) => prop_assert!(
            error.chain().any(|cause| cause.is::<Failure>()),
            "nobody is told what to do about: {error:#}"
        ),
    }
    Ok(())
}

/// Texts that break things.
const EDGES: &[&str] = &[
    "",
    " ",
    "-",
    "N/A",
    ".",
    "..",
    "0",
    "-1",
    "987001234",
    "987-00-1234",
    "a@b.co",
    "@",
    "02/30/2001",
    "02/29/2000",
    "2999-01-01",
    "0001-01-01",
    "9999-12-31",
    "+1",
    "+15125550142",
    "00",
    "$1,000,000.00",
    "1e9",
    "99999999999999999999999",
    "0.1",
    "USA",
    "Deutschland",
    "XX",
    "\u{feff}",
    "\u{200b}",
    "\u{a0}",
    "\u{3000}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}abc",
    "\u{0}",
    "\u{7f}",
    "a\u{301}",
    "ﬀ",
    "İ",
    "ß",
    "👩‍👩‍👧",
    "\"",
    "\\",
    "a\nb",
    "a\rb",
    "\t",
    "=1+1",
    "=\"00124\"",
    "=\"a\"&\"b\"",
    "'00124",
    "12345.0",
    "1.90000E+18",
    "1,90000E+18",
    "########",
    "a\u{fffd}b",
    "a\u{200b}b",
    "9\u{ad}87\u{2011}00\u{a0}1234",
    "a\u{1b}b",
    "a\u{9b}b",
    "999999999999999999",
    " v",
    " v1",
    "x v2 v3",
    ";",
    ";;;;",
    ",",
    ", ",
    "Y",
    "true",
    "null",
    "S",
    "N",
    "C",
    "B",
    "2020-01-02T03:04:05Z",
    "2020-01-02T03:04:05+25:00",
    "9999-12-31T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "2020-01-02T24:00:00Z",
    "1800-01-01T00:00:00+14:00",
];

/// Those, and any text at all.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(EDGES.to_vec()).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => "[ -~]{0,40}",
        1 => "[0-9(). +-]{0,20}",
        1 => "[a-z.+_@-]{1,12}@[a-z.-]{1,12}",
    ]
}

/// A change to one cell: to a text, or to what stands in another column of the row.
#[derive(Clone, Debug)]
enum Change {
    Text(usize, usize, String),
    Copy(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (any::<usize>(), any::<usize>(), cell()).prop_map(|(r, c, t)| Change::Text(r, c, t)),
        1 => (any::<usize>(), any::<usize>(), any::<usize>()).prop_map(|(r, c, d)| Change::Copy(r, c, d)),
    ]
}

fn changed(mut rows: Vec<Vec<String>>, changes: &[Change]) -> Vec<Vec<String>> {
    let (count, width) = (rows.len() - 1, rows[0].len());
    for change in changes {
        match change {
            Change::Text(row, column, text) => {
                rows[1 + row % count][column % width].clone_from(text);
            }
            Change::Copy(row, to, from) => {
                let text = rows[1 + row % count][from % width].clone();
                rows[1 + row % count][to % width] = text;
            }
        }
    }
    rows
}

/// The payloads that would be sent.
fn payloads(dir: &TempDir) -> Vec<Vec<u8>> {
    let binding = Binding {
        key: [7; 32],
        as_of: jiff::civil::date(2026, 6, 1),
        layers: Vec::new(),
    };
    let migration = Migration::open(
        bakkt_folder::migration::settings(dir.path()).unwrap(),
        binding,
        &mut |_| Ok(()),
    )
    .unwrap();
    let want = ScanOptions {
        payloads: true,
        ..ScanOptions::default()
    };
    let mut all = Vec::new();
    scan(
        &mut migration.pipeline.export.pass(),
        &migration.pipeline,
        want,
        &mut |batch| {
            for row in &batch.rows {
                assert_eq!(row.verdict.sendable(), !batch.payload(row).is_empty());
                assert_ne!(row.verdict, Verdict::Duplicate, "a row alone is none");
                if row.verdict.sendable() {
                    all.push(batch.payload(row).to_vec());
                }
            }
            Ok(())
        },
    )
    .unwrap();
    all
}

/// Whether no text holds what no text may hold; ids hold nothing that is not seen either.
fn is_clean(name: &str, value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => {
            let seen = |c: char| !bakkt_model::text::is_invisible(c);
            let id = [
                "clientAccountId",
                "clientOwnerId",
                "taxId",
                "postalCode",
                "emailAddress",
            ];
            text.trim() == text
                && text.chars().any(seen)
                && !text
                    .chars()
                    .any(|c| c.is_control() || matches!(c, '\u{fffd}'..='\u{ffff}'))
                && (!id.contains(&name) || text.chars().all(seen))
        }
        serde_json::Value::Array(values) => values.iter().all(|value| is_clean(name, value)),
        serde_json::Value::Object(fields) => {
            fields.iter().all(|(name, value)| is_clean(name, value))
        }
        serde_json::Value::Number(number) => {
            number.as_i64().is_some_and(|n| (0..=100).contains(&n))
        }
        _ => true,
    }
}

/// A sandbox to post payloads to.
struct Judge {
    runtime: tokio::runtime::Runtime,
    sandbox: Sandbox,
    client: reqwest::Client,
}

impl Judge {
    fn new() -> Judge {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let config = Config {
            key: Some("any".to_owned()),
            ..Config::default()
        };
        let sandbox = runtime.block_on(Sandbox::start(config, 0)).unwrap();
        let client = crate::support::http_client();
        Judge {
            runtime,
            sandbox,
            client,
        }
    }

    /// Posts payloads; the first that is refused is shown with what was said about it.
    fn takes(&self, payloads: Vec<Vec<u8>>) -> Result<(), String> {
        for payload in &payloads {
            let value = serde_json::from_slice(payload).unwrap();
            if !is_clean("", &value) {
                let payload = String::from_utf8_lossy(payload);
                return Err(format!("an unclean text in {payload:?}"));
            }
        }
        let url = format!("{}/apex-crypto/api/v2/accounts", self.sandbox.base_url());
        self.runtime.block_on(async {
            for payload in payloads {
                let answer = self
                    .client
                    .post(&url)
                    .header("Authorization", "API-Key any")
                    .body(payload.clone())
                    .send()
                    .await
                    .unwrap();
                if answer.status() != 200 {
                    let payload = String::from_utf8_lossy(&payload).into_owned();
                    return Err(format!("{} for {payload}", answer.text().await.unwrap()));
                }
            }
            Ok(())
        })
    }
}

#[test]
fn whatever_the_cells_hold_the_sandbox_takes_what_is_sent() {
    let judge = Judge::new();
    let base = extract(12, 3);
    TestRunner::new(trials(300))
        .run(&proptest::collection::vec(change(), 0..30), |changes| {
            let dir = folder(MAPPING, &written(&changed(base.clone(), &changes)));
            judge.takes(payloads(&dir)).map_err(TestCaseError::fail)
        })
        .unwrap();
    assert!(judge.sandbox.ledger().posts > 1000, "few were sendable");
}

#[test]
fn every_edge_in_every_column_is_sent_fit_or_not_at_all() {
    let judge = Judge::new();
    let base = extract(200, 9);
    let sendable: Vec<&Vec<String>> = base[1..]
        .iter()
        .filter(|row| {
            let alone = [base[0].clone(), (*row).clone()];
            !payloads(&folder(MAPPING, &written(&alone))).is_empty()
        })
        .collect();
    let mut rows = vec![base[0].clone()];
    for column in 0..base[0].len() {
        // A row that is sent and has something there, so that the edge is all that is wrong with it.
        let used = |row: &&&Vec<String>| !row[column].is_empty();
        let row = sendable.iter().find(used).unwrap_or(&sendable[0]);
        for edge in EDGES {
            let mut row = (*row).clone();
            row[column] = (*edge).to_owned();
            rows.push(row);
        }
    }
    let sent = payloads(&folder(MAPPING, &written(&rows)));
    assert!(sent.len() > rows.len() / 2, "only {} are sent", sent.len());
    judge.takes(sent).unwrap();
}

/// The same for an entity, its lists and its ranges, and two owners.
#[test]
fn every_edge_in_every_column_of_an_entity_is_sent_fit_or_not_at_all() {
    let judge = Judge::new();
    let mut feeds = String::new();
    for part in [
        include_str!("cases/base.toml"),
        include_str!("cases/entity.toml"),
        include_str!("cases/entity/mapping.toml"),
    ] {
        feeds.push_str(part.split("[fields]").nth(1).unwrap());
    }
    let base: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(include_str!("cases/entity/export.csv").as_bytes())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    for account_type in ["ENTITY", "CUSTODIAL", "ENTITY_PERSONAL_TRUST"] {
        let mapping = format!("account_type = \"{account_type}\"\n[fields]\n{feeds}");
        let mut rows = vec![base[0].clone()];
        for column in 0..base[0].len() {
            for edge in EDGES.iter().chain(ENTITY_EDGES) {
                let mut row = base[1].clone();
                row[column] = (*edge).to_owned();
                rows.push(row);
            }
        }
        let dir = folder(&mapping, &written(&rows));
        let settings = "[source]\nfile = \"export.csv\"\nmapping = \"mapping.toml\"\n[accounts]\nallow_unissued_tax_ids = true\n";
        fs::write(dir.path().join("migration.toml"), settings).unwrap();
        let sent = payloads(&dir);
        assert!(sent.len() > rows.len() / 3, "only {} are sent", sent.len());
        judge.takes(sent).unwrap();
    }
}

/// Texts that break entities.
const ENTITY_EDGES: &[&str] = &[
    "MINOR_OWNER",
    "CUSTODIAN",
    "JOINT_OWNER",
    "BENEFICIAL_OWNER",
    "UNDER_25K",
    "OVER_50M",
    "250,000",
    "USA;USA",
    "US;;GB",
    "US;Narnia",
    "Narnia;Oz",
    "an0123456789an0123456789an0123456789an0123456789an0123456789an0123456789an0123456789an0123456789 1234",
    "an0123456789an0123456789an0123456789an0123456789an0123456789an0123456789an0123456789an0123456789 12345",
];

proptest! {
    #![proptest_config(trials(150))]

    #[test]
    fn any_bytes_are_an_export(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        checked(&folder(MAPPING, &bytes))?;
    }

    #[test]
    fn any_bytes_are_rows(bytes in proptest::collection::vec(
        prop_oneof![any::<u8>(), Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r')], 0..2000)) {
        let mut export = written(&extract(3, 1)[..1]);
        export.extend(bytes);
        checked(&folder(MAPPING, &export))?;
    }

    #[test]
    fn bytes_that_change_on_the_way_are_rows(at in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..20)) {
        let rows = extract(20, 2);
        let head = written(&rows[..1]).len();
        let mut export = written(&rows);
        for (place, byte) in at {
            let place = head + place % (export.len() - head);
            export[place] = byte;
        }
        checked(&folder(MAPPING, &export))?;
    }

    #[test]
    fn a_mapping_with_typing_mistakes_is_told_or_works(
        mistakes in proptest::collection::vec((any::<usize>(), 0usize..12, snippet()), 1..5)
    ) {
        let mut text = MAPPING.to_owned();
        for (at, length, put) in mistakes {
            let at = boundary(&text, at % (text.len() + 1));
            let end = boundary(&text, (at + length).min(text.len()));
            text.replace_range(at.min(end)..end, &put);
        }
        checked(&folder(&text, &written(&extract(8, 5))))?;
    }
}

/// What fingers put into a mapping.
fn snippet() -> impl Strategy<Value = String> {
    let words = [
        "",
        "\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        "=",
        "\n",
        ",",
        " ",
        "#",
        "columns",
        "first",
        "const",
        "expr",
        "default",
        "when",
        "join = \" \"",
        "split = { by = \"\", take = 1 }",
        "date",
        "phone = \"XX\"",
        "regex = '('",
        "regex = '()'",
        "lookup = {}",
        "\"\"",
        "[fields]",
        "-1",
        "99999999999999999999",
        "true",
        "owners[0]",
        "owners[63]",
        "owners[]",
        ".identity",
        "row.CTRY",
        "missing = []",
        "include = [\"mapping.toml\"]",
        "usd_range = true",
        "integer = true",
        "\u{feff}",
        "é",
        "digits = true",
        "case = \"title\"",
    ];
    prop_oneof![
        4 => proptest::sample::select(words.map(str::to_owned).to_vec()),
        1 => any::<String>(),
    ]
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
