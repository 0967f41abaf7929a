//! An account type that the row says gives what the same type gives when the mapping says it for the whole export.

use std::fs;
use std::path::Path;

use bakkt_contract::account::ACCOUNT_TYPES;
use bakkt_contract::path;
use bakkt_files::progress::Mode;
use bakkt_migrate::cli::{CheckArgs, ReplaceArgs, ShardArgs};
use bakkt_migrate::commands::check;
use bakkt_model::error::Style;
use regex::Regex;

/// What stands in every column once, beside what belongs there.
const EDGES: &[&str] = &[
    "",
    "x",
    "USA",
    "-1",
    "2999-01-01",
    "C",
    "BENEFICIAL_OWNER",
    "\u{1}",
];

/// Feeds of an entity with two owners, line by line, and what else stands in the case's mappings is left out.
fn feeds() -> Vec<&'static str> {
    let parts = [
        include_str!("cases/base.toml"),
        include_str!("cases/entity.toml"),
        include_str!("cases/manual-kyb/mapping.toml"),
    ];
    let parts = parts.into_iter();
    parts
        .flat_map(|part| part.split("[fields]").nth(1).unwrap().lines())
        .filter(|line| line.contains(" = "))
        // An owner who is not there, but for what an individual's owner does not have.
        .chain([
            r#""owners[2].kind" = { column = "O3_KIND", lookup = { P = "person", C = "entity" } }"#,
        ])
        .collect()
}

/// The rows of a case, with every edge in every column, and the type in a column of its own.
fn export(account_type: &str) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(include_str!("cases/manual-kyb/export.csv").as_bytes());
    let mut cases = reader.records().map(|row| row.unwrap());
    let header = cases.next().unwrap();
    let cases: Vec<Vec<String>> = cases
        .map(|row| row.iter().map(str::to_owned).collect())
        .collect();
    let mut rows = cases.clone();
    for column in 1..header.len() {
        rows.extend(EDGES.iter().enumerate().map(|(number, edge)| {
            let mut row = cases[0].clone();
            row[0] = format!("E-{column}-{number}");
            row[column] = (*edge).to_owned();
            row
        }));
    }
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(header.iter().chain(["TYPE"])).unwrap();
    for row in &rows {
        let cells = row.iter().map(String::as_str);
        out.write_record(cells.chain([account_type])).unwrap();
    }
    out.into_inner().unwrap()
}

/// The payloads and gaps of an export under a mapping.
fn outcome(mapping: &str, export: &[u8]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let settings = "[source]\nfile = \"export.csv\"\nmapping = \"mapping.toml\"\n[accounts]\nallow_unissued_tax_ids = true\n";
    fs::write(at("migration.toml"), settings).unwrap();
    fs::write(at("mapping.toml"), mapping).unwrap();
    fs::write(at("export.csv"), export).unwrap();
    let args = CheckArgs {
        dir: folder.path().to_owned(),
        gaps: Some(at("gaps")),
        payloads: Some(at("payloads")),
        replacing: ReplaceArgs { replace: true },
        findings: None,
        shards: ShardArgs::default(),
        json: true,
    };
    if let Err(error) = check::run(&args, Mode::Quiet) {
        panic!("{}", bakkt_model::error::describe(&error, Style::PLAIN));
    }
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    (read(&at("payloads")), read(&at("gaps")))
}

#[test]
fn a_type_by_row_is_the_same_as_that_type_for_all() {
    let by_row = format!(
        "account_type = {{ column = \"TYPE\" }}\n[fields]\n{}\n",
        feeds().join("\n")
    );
    let lines = Regex::new(r",mapping\.toml:[0-9]+,").unwrap();
    for account_type in ACCOUNT_TYPES {
        // A mapping for one type may feed only what the type has.
        let has = |line: &&str| {
            let target = line.split('"').nth(1).unwrap_or(line);
            path::find(target).is_none_or(|found| found.is_on(account_type))
        };
        let own: Vec<&str> = feeds().into_iter().filter(has).collect();
        let fixed = format!(
            "account_type = \"{account_type}\"\n[fields]\n{}\n",
            own.join("\n")
        );
        let export = export(account_type);
        let (payloads, gaps) = outcome(&fixed, &export);
        assert!(payloads.lines().count() > 100, "{account_type}");
        assert!(gaps.lines().count() > 100, "{account_type}");
        let (by_row_payloads, by_row_gaps) = outcome(&by_row, &export);
        assert!(by_row_payloads == payloads, "{account_type}");
        // The lines of the mapping are others.
        let without_lines = |gaps: &str| lines.replace_all(gaps, ",,").into_owned();
        assert!(
            without_lines(&by_row_gaps) == without_lines(&gaps),
            "{account_type}"
        );
    }
}
