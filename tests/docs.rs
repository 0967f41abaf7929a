//! The documentation says what the program does.
//!
//! Owner of the comparison of README.md and docs/ with the program: settings and their defaults, the mapping language
//! and its examples, the sandbox's configuration and ledger, the report's columns, `--json`.
//! The program is asked for what it knows: an unknown key in a table makes it list the known ones.

mod guide;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::update;
use bakkt_files::progress::Mode;
use bakkt_files::toml_file::TomlFile;
use bakkt_folder::schema::settings::rows as rows_of_table;
use bakkt_folder::settings::Settings;
use bakkt_mapping::compile::{MappingPart, Targets, compile, compile_for};
use bakkt_mapping::draft::{Draft, SlotValue};
use bakkt_mapping::feed::Scratch;
use bakkt_mapping::target::resolve_each;
use bakkt_migrate::cli::{RunArgs, ShardArgs, TargetArgs};
use bakkt_model::error::Diagnostics;
use bakkt_sandbox as sandbox;
use bakkt_source::Rows;
use bakkt_source::export::{HeaderRow, OpenedExport, Options};

/// A key that is like no other.
const UNKNOWN: &str = "zzqq";
const MINIMAL: &str = "[source]\nfile = \"export.csv\"\nmapping = \"mapping.toml\"\n";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The cells of every table row whose first cell is code, without their backticks; header rows have no code.
fn rows(page: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim_start_matches('|').trim_end_matches('|');
        inner
            .split(" | ")
            .map(|cell| cell.trim_matches([' ', '|']).to_owned())
            .collect()
    };
    page.lines()
        .filter(|line| line.starts_with("| `"))
        .map(cells)
        .collect()
}

/// The rows of the table whose header begins with these columns.
fn table(page: &str, header: &str) -> Vec<Vec<String>> {
    let start = page
        .find(header)
        .unwrap_or_else(|| panic!("no table {header}"));
    rows(page[start..].split("\n\n").next().unwrap())
}

fn code(cell: &str) -> &str {
    cell.trim_matches('`')
}

/// Every name in backticks of a cell.
fn codes(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn section<'a>(page: &'a str, title: &str) -> &'a str {
    let start = page
        .find(title)
        .unwrap_or_else(|| panic!("no section {title}"));
    let rest = &page[start + title.len()..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

fn settings(dir: &Path, text: &str) -> Result<Settings, String> {
    std::fs::write(dir.join("migration.toml"), text).unwrap();
    bakkt_folder::migration::settings(dir).map_err(|error| error.to_string())
}

/// The names behind "known here:" in a message.
fn known_in(message: &str) -> BTreeSet<String> {
    let list = message
        .split("known here: ")
        .nth(1)
        .unwrap_or_else(|| panic!("{message}"));
    list.lines()
        .next()
        .unwrap()
        .split(", ")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_setting_is_documented_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let documented: BTreeSet<String> = rows(&page("docs/settings.md"))
        .iter()
        .map(|row| code(&row[0]).to_owned())
        .collect();
    let probes = [
        ("", format!("{UNKNOWN} = 1\n{MINIMAL}")),
        ("source.", format!("{MINIMAL}{UNKNOWN} = 1\n")),
        (
            "source.owners.",
            format!("{MINIMAL}[source.owners]\n{UNKNOWN} = 1\n"),
        ),
        (
            "source.trusted_contacts.",
            format!("{MINIMAL}[source.trusted_contacts]\n{UNKNOWN} = 1\n"),
        ),
        ("accounts.", format!("{MINIMAL}[accounts]\n{UNKNOWN} = 1\n")),
        ("target.", format!("{MINIMAL}[target]\n{UNKNOWN} = 1\n")),
        ("limits.", format!("{MINIMAL}[limits]\n{UNKNOWN} = 1\n")),
        ("retry.", format!("{MINIMAL}[retry]\n{UNKNOWN} = 1\n")),
        ("grace.", format!("{MINIMAL}[grace]\n{UNKNOWN} = 1\n")),
        ("custody.", format!("{MINIMAL}[custody]\n{UNKNOWN} = 1\n")),
        (
            "custody.fields.",
            format!("{MINIMAL}[custody.fields]\n{UNKNOWN} = 1\n"),
        ),
        ("events.", format!("{MINIMAL}[events]\n{UNKNOWN} = 1\n")),
        (
            "documents.",
            format!(
                "{MINIMAL}[documents]\nroot = \"d\"\npattern = \"{{clientAccountId}}/{{documentType}}\"\n{UNKNOWN} = 1\n"
            ),
        ),
        ("exclude.", format!("{MINIMAL}[exclude]\n{UNKNOWN} = 1\n")),
        (
            "exclude.ids.",
            format!("{MINIMAL}[exclude.ids]\nlist = [\"A\"]\nreason = \"x\"\n{UNKNOWN} = 1\n"),
        ),
        (
            "exclude.rules.",
            format!(
                "{MINIMAL}[exclude.rules]\ncolumn = \"A\"\nempty = true\nreason = \"x\"\n{UNKNOWN} = 1\n"
            ),
        ),
        (
            "policy.*.",
            format!(
                "{MINIMAL}[policy]\n\"owners[].phoneNumber\" = {{ level = \"H\", reason = \"x\", {UNKNOWN} = 1 }}\n"
            ),
        ),
    ];
    for (prefix, text) in probes {
        let known = known_in(&settings(dir.path(), &text).unwrap_err());
        let here: BTreeSet<String> = documented
            .iter()
            .filter_map(|key| {
                key.strip_prefix(prefix)?
                    .split('.')
                    .next()
                    .map(str::to_owned)
            })
            .collect();
        assert_eq!(here, known, "under \"{prefix}\"");
    }
}

/// The tables of the page come from the table of keys: `UPDATE=1` writes them.
#[test]
fn the_rows_of_settings_are_those_of_the_table_of_keys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
    let page = page("docs/settings.md");
    let mut lines: Vec<String> = Vec::new();
    let mut last = None;
    for line in page.lines() {
        let table = line.strip_prefix("| `").and_then(|row| row.split_once('.'));
        match table.map(|(name, _)| name) {
            Some(name) if last == Some(name) => continue,
            Some(name) => lines.extend(rows_of_table(name)),
            None => lines.push(line.to_owned()),
        }
        last = table.map(|(name, _)| name);
    }
    let wanted = lines.join("\n") + "\n";
    if update::is_wanted() {
        update::write(std::path::Path::new(path), Some(wanted.as_bytes()));
    } else {
        assert_eq!(page, wanted, "UPDATE=1 writes the rows of docs/settings.md");
    }
}

#[test]
fn documented_defaults_are_the_real_ones() {
    let dir = tempfile::tempdir().unwrap();
    let real = settings(dir.path(), &format!("{MINIMAL}[custody]\n")).unwrap();
    let mut text = MINIMAL.to_owned();
    let mut count = 0;
    for row in rows(&page("docs/settings.md")) {
        if row[1] != "—" {
            text.push_str(&format!("{} = {}\n", code(&row[0]), code(&row[1])));
            count += 1;
        }
    }
    // Dotted keys stand before the first table.
    let (keys, source): (Vec<&str>, Vec<&str>) = text
        .lines()
        .partition(|line| line.split(" = ").next().unwrap().contains('.'));
    let text = format!("{}\n{}\n", keys.join("\n"), source.join("\n"));
    let written = settings(dir.path(), &text).unwrap();
    assert_eq!(format!("{written:?}"), format!("{real:?}"));
    assert!(count > 10, "{count}");
    // The comparison has teeth: another value shows.
    let other = text.replace("limits.in_flight = 8", "limits.in_flight = 9");
    assert_ne!(
        format!("{:?}", settings(dir.path(), &other).unwrap()),
        format!("{real:?}")
    );
}

#[test]
fn documented_ranges_are_the_real_ones() {
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for row in rows(&page("docs/settings.md")) {
        let Some((low, high)) = row[2].split_once(" to ") else {
            continue;
        };
        let (Ok(low), Ok(high)) = (low.parse::<i64>(), high.parse::<i64>()) else {
            continue;
        };
        count += 1;
        for (value, good) in [
            (low, true),
            (high, true),
            (low - 1, false),
            (high + 1, false),
        ] {
            let key = code(&row[0]);
            // Without the file of those who may approve nobody can.
            let beside = match key.starts_with("approval.") {
                true => "approval.signers = \"signers\"\n",
                false => "",
            };
            let text = format!("{key} = {value}\n{beside}{MINIMAL}");
            assert_eq!(settings(dir.path(), &text).is_ok(), good, "{text}");
        }
    }
    assert!(count >= 6, "{count}");
}

#[test]
fn documented_examples_of_settings_are_right() {
    let dir = tempfile::tempdir().unwrap();
    for block in blocks(&page("docs/settings.md")) {
        settings(dir.path(), &format!("{MINIMAL}{block}")).unwrap();
    }
}

/// The contents of every fenced block of TOML.
fn blocks(page: &str) -> Vec<String> {
    let parts = page.split("```toml\n").skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}

fn compiled(dir: &Path, text: &str, headers: &[String]) -> Result<bakkt_mapping::Mapper, String> {
    let path = dir.join("mapping.toml");
    std::fs::write(&path, text).unwrap();
    let mut found = Diagnostics::default();
    let file = TomlFile::load(&path, "mapping.toml").unwrap();
    let mapper = compile(&[file], headers, &mut found);
    found.into_result().map_err(|error| error.to_string())?;
    mapper.ok_or_else(|| "no mapper".to_owned())
}

/// A mapping whose rows are owners, of an export with every column that it names.
fn compiled_for_owners(dir: &Path, text: &str) -> Result<(), String> {
    std::fs::write(dir.join("owners.toml"), text).unwrap();
    let file = TomlFile::load(&dir.join("owners.toml"), "owners.toml").unwrap();
    let column = regex::Regex::new(r#""([A-Z_]+)""#).unwrap();
    let headers: BTreeSet<String> = column
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect();
    let headers: Vec<String> = headers.into_iter().collect();
    let mut found = Diagnostics::default();
    let targets = Targets {
        account_type: false,
        rows: true,
        part: MappingPart::Whole,
        day_epochs: &[],
        resolve: &|target, types| resolve_each(target, "owners", types),
    };
    compile_for(&targets, &[file], &headers, &mut found);
    found.into_result().map_err(|error| error.to_string())
}

fn acme_headers() -> Vec<String> {
    let folder = root().join("samples/acme");
    let opened = OpenedExport::new(&folder, "export.csv", &Options::default());
    opened.unwrap().headers().to_vec()
}

#[test]
fn every_key_of_the_mapping_language_is_documented() {
    let dir = tempfile::tempdir().unwrap();
    let page = page("docs/mapping.md");
    let keys = |title: &str| -> BTreeSet<String> {
        rows(section(&page, title))
            .iter()
            .map(|row| code(&row[0]).to_owned())
            .collect()
    };
    let head = "account_type = \"INDIVIDUAL\"\n[fields]\nclientAccountId = ";
    let known = |text: &str| known_in(&compiled(dir.path(), text, &acme_headers()).err().unwrap());
    assert_eq!(
        keys("## The file"),
        known(&format!("{UNKNOWN} = 1\n{head}\"CUST_NO\"\n"))
    );
    let mut feed = keys("## Sources: exactly one");
    feed.extend(keys("## Transforms: always in this order"));
    let text =
        format!("{head}{{ column = \"CUST_NO\", lookup = {{ A = \"B\" }}, {UNKNOWN} = 1 }}\n");
    assert_eq!(feed, known(&text));
    // The transforms that are tables themselves.
    for (key, value) in [
        ("split", "by = \";\""),
        ("phone", "default = \"US\""),
        ("date", "order = \"mdy\""),
        ("name", "part = \"full\""),
        ("postal_code", "default = \"US\""),
        ("tax_id", "part = \"type\""),
        ("integer", "decimal = \",\""),
        ("yes_no", "yes = \"A\""),
    ] {
        let text =
            format!("{head}{{ column = \"CUST_NO\", {key} = {{ {value}, {UNKNOWN} = 1 }} }}\n");
        let row = rows(&page)
            .into_iter()
            .find(|row| code(&row[0]) == key)
            .unwrap();
        for name in known(&text) {
            assert!(row[1].contains(&name), "{key}: {name} is not in {}", row[1]);
        }
    }
}

#[test]
fn the_examples_of_the_mapping_language_compile() {
    let dir = tempfile::tempdir().unwrap();
    let page = page("docs/mapping.md");
    let mut all = String::new();
    for block in blocks(&page) {
        all.push_str(&block);
        // A block repeats fields of another, so each is a mapping of its own; in one block a field may have several feeds.
        if block.contains("[]") {
            compiled_for_owners(dir.path(), &block).unwrap();
            continue;
        }
        if block.contains("account_type") {
            compiled(dir.path(), &block, &acme_headers()).unwrap();
            continue;
        }
        for line in block.lines().filter(|line| !line.starts_with('#')) {
            let text = format!("account_type = \"INDIVIDUAL\"\n[fields]\n{line}\n");
            compiled(dir.path(), &text, &acme_headers()).unwrap();
        }
    }
    for title in [
        "## Sources: exactly one",
        "## Transforms: always in this order",
    ] {
        for row in rows(section(&page, title)) {
            let key = code(&row[0]);
            let shown = [format!(" {key} = "), format!("{{ {key} = ")];
            assert!(
                shown.iter().any(|shown| all.contains(shown)),
                "no example of {key}"
            );
        }
    }
}

/// What the page says cannot be combined is told, not ignored.
#[test]
fn a_transform_that_does_nothing_is_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    for (field, feed, message) in [
        (
            "owners[0].role",
            r#"const = "PRIMARY_OWNER", case = "upper""#,
            "a constant takes no",
        ),
        (
            "owners[0].role",
            r#"const = "PRIMARY_OWNER", default = "TRUSTEE""#,
            "a constant takes no",
        ),
        (
            "clientAccountId",
            r#"column = "CUST_NO", join = " ""#,
            "nothing to join",
        ),
        (
            "owners[0].identity.personalAddress.streetAddress",
            r#"columns = ["ADDR_1", "ADDR_2"], regex = "^(.+)$""#,
            "gives a list",
        ),
    ] {
        let text = format!("account_type = \"INDIVIDUAL\"\n[fields]\n\"{field}\" = {{ {feed} }}\n");
        let error = compiled(dir.path(), &text, &acme_headers()).err().unwrap();
        assert!(error.contains(message), "{feed}: {error}");
    }
}

#[test]
fn cells_become_what_the_examples_say() {
    let dir = tempfile::tempdir().unwrap();
    let page = page("docs/mapping.md");
    let header = "| field | transform | cell | gives |";
    let starts = page.match_indices(header).map(|(at, _)| at);
    let examples: Vec<Vec<String>> = starts.flat_map(|at| table(&page[at..], header)).collect();
    assert!(examples.len() > 100, "{}", examples.len());
    for row in &examples {
        let [field, transform, cell, gives] = [0, 1, 2, 3].map(|at| code(&row[at]).trim());
        let text = format!(
            "account_type = \"INDIVIDUAL\"\n[fields]\n\"{field}\" = {{ column = \"C\", {transform} }}\n"
        );
        let headers = ["C".to_owned(), "D".to_owned()];
        let mapper = compiled(dir.path(), &text, &headers).unwrap();
        let export = dir.path().join("one.csv");
        std::fs::write(&export, format!("C,D\n\"{cell}\",x\n")).unwrap();
        let mut rows = Rows::default();
        let options = Options {
            header: HeaderRow::At(1),
            ..Options::default()
        };
        let opened = OpenedExport::new(dir.path(), "one.csv", &options).unwrap();
        let export = opened.ready(dir.path(), &mut |_| Ok(())).unwrap();
        export.pass().read_batch(&mut rows, 1).unwrap();
        let (_, one) = rows.iter().next().unwrap();
        let mut draft = Draft::default();
        mapper.map(&one, &mut draft, &mut Scratch::default());
        let got = match draft.slot(0) {
            SlotValue::Missing => "missing",
            SlotValue::Invalid(_) => "invalid",
            _ => draft.value(0).unwrap(),
        };
        assert_eq!(got, gives, "{row:?}");
    }
    let transforms = rows(section(&page, "## Transforms: always in this order"));
    // These need a second column or a source of another kind, or show only in what ends a run.
    let elsewhere = ["join", "skip_unreadable", "unknown", "when"];
    let transforms = transforms.iter().map(|row| code(&row[0]));
    for key in transforms.filter(|key| !elsewhere.contains(key)) {
        let shown = |row: &Vec<String>| row[1].contains(&format!("{key} = "));
        assert!(
            examples.iter().any(shown),
            "no table of cells in docs/mapping.md has a row with `{key} = …`"
        );
    }
}

/// The languages and the words for yes and no are those of the code.
#[test]
fn words_of_transforms_are_documented() {
    use bakkt_mapping::dates::words::LANGUAGES;
    use bakkt_mapping::step::{NO, YES};
    let page = page("docs/mapping.md");
    let row = table(&page, "| key | meaning |\n|---|---|\n| `order`");
    let languages = row.iter().find(|row| code(&row[0]) == "languages").unwrap();
    let codes_of: Vec<&str> = LANGUAGES.iter().map(|language| language.code).collect();
    assert_eq!(codes(&languages[1]), codes_of);
    let all = |words: &[&str]| {
        format!(
            "{} or {}",
            words[..words.len() - 1].join(", "),
            words[words.len() - 1]
        )
    };
    let text = format!("Yes is {}; no is {}.", all(YES), all(NO));
    let plain = page.replace('\n', " ");
    assert!(plain.contains(&text), "{text}");
}

/// The ranges that a mapping's amounts become, as the contract lists them.
#[test]
fn the_usd_ranges_are_documented() {
    use bakkt_contract::usd::{RANGE_A, RANGE_B};
    let ranges: Vec<[String; 2]> = table(&page("docs/mapping.md"), "| people | entities |")
        .iter()
        .map(|row| [0, 1].map(|at| code(&row[at]).to_owned()))
        .collect();
    let known: Vec<[String; 2]> = RANGE_A
        .iter()
        .zip(RANGE_B)
        .map(|(people, entities)| [(*people).to_owned(), entities.to_owned()])
        .collect();
    assert_eq!(ranges, known);
}

/// The page of documents, against the tables of fields, types, items and accepted content, and its examples.
#[test]
fn documents_are_documented() {
    use bakkt_contract::documents::{ENTITY_TYPES, KYB_ITEMS, OWNER_TYPES, TYPES};
    use bakkt_folder::documents::claim::{FIELDS, resolve};
    use bakkt_folder::documents::content::TYPES as CONTENT_TYPES;
    use bakkt_folder::documents::pattern::Pattern;

    let page = page("docs/documents.md");
    let fields: Vec<(String, bool)> = table(&page, "| field | may stand in a pattern |")
        .iter()
        .map(|row| (code(&row[0]).to_owned(), row[1] == "yes"))
        .collect();
    let known: Vec<(String, bool)> = FIELDS
        .iter()
        .map(|(_, name, pattern)| ((*name).to_owned(), *pattern))
        .collect();
    assert_eq!(fields, known);

    let types = table(&page, "| type | dialect | belongs to |");
    assert_eq!(types.len(), TYPES.len());
    for (row, (name, guide)) in types.iter().zip(TYPES) {
        let whose = match (OWNER_TYPES.contains(name), ENTITY_TYPES.contains(name)) {
            (true, _) => "an owner",
            (_, true) => "the entity",
            _ => "whom it names",
        };
        let dialect = if *guide { "both" } else { "reference" };
        assert_eq!([code(&row[0]), &row[1], &row[2]], [*name, dialect, whose]);
    }
    for (word, _) in KYB_ITEMS {
        assert!(page.contains(&format!("`{word}`")), "{word}");
    }
    for known in CONTENT_TYPES {
        assert!(page.contains(known.name), "{}", known.name);
    }

    let names = bakkt_contract::documents::GUIDE_TYPE_NAMES;
    let targets = Targets {
        account_type: false,
        rows: true,
        part: MappingPart::Whole,
        day_epochs: &[],
        resolve: &|target, _| resolve(target, names),
    };
    for text in blocks(&page) {
        let mut found = Diagnostics::default();
        let file = TomlFile {
            name: "documents.toml".into(),
            text,
        };
        let headers = [
            "FILE", "CUST_NO", "KIND", "SIDE", "COUNTRY", "EXPIRES", "OWNER_NO", "ITEMS",
        ];
        compile_for(&targets, &[file], &headers.map(str::to_owned), &mut found);
        found.into_result().unwrap();
    }
    let patterns: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("    {"))
        .collect();
    assert_eq!(patterns.len(), 3);
    for pattern in patterns {
        Pattern::compile(&pattern.trim().into()).unwrap();
    }
    // The example of patterns with fixed parts.
    let start = page.find("    [documents]").unwrap();
    let lines = page[start..]
        .lines()
        .take_while(|line| line.starts_with("    "));
    let table: String = lines.map(|line| format!("{line}\n")).collect();
    let dir = tempfile::tempdir().unwrap();
    settings(dir.path(), &format!("{MINIMAL}{table}")).unwrap();
}

/// The first row of the table that fits a status and a reason is what they mean.
#[test]
fn what_events_mean_is_documented() {
    use bakkt_contract::decision::{PARTY_STATUSES, REASON_CODES, of_event};
    let page = page("docs/events.md");
    let table = section(&page, "## What it means");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("partyStatus |"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    assert!(rows.len() > 5);
    let fits = |cell: &str, word: &str| {
        let words = codes(cell);
        words.is_empty() || words.iter().any(|known| known == word)
    };
    for status in PARTY_STATUSES.iter().chain(&["?"]) {
        for reason in REASON_CODES.iter().chain(&["?", ""]) {
            let row = rows
                .iter()
                .find(|row| fits(row[0], status) && fits(row[1], reason));
            let meant = row.map(|row| row[2]);
            assert_eq!(
                meant,
                Some(of_event(status, reason).word()),
                "{status} {reason}"
            );
        }
    }
    for block in blocks(&page) {
        settings(
            tempfile::tempdir().unwrap().path(),
            &format!("{MINIMAL}{block}"),
        )
        .unwrap();
    }
}

#[test]
fn the_sandbox_is_documented() {
    let page = page("docs/sandbox.md");
    let expected = toml::from_str::<sandbox::Config>(&format!("{UNKNOWN} = 1"))
        .unwrap_err()
        .to_string();
    // The list of known keys is in backticks behind "expected".
    let known = |message: &str| -> BTreeSet<String> {
        codes(
            message
                .split(", expected ")
                .nth(1)
                .unwrap_or_else(|| panic!("{message}")),
        )
        .into_iter()
        .collect()
    };
    let (below, own): (Vec<_>, Vec<_>) = rows(section(&page, "## Configuration"))
        .into_iter()
        .partition(|row| code(&row[0]).contains('.'));
    let own_keys: BTreeSet<String> = own.iter().map(|row| code(&row[0]).to_owned()).collect();
    assert_eq!(own_keys, known(&expected));

    let mut written = String::new();
    for row in own.iter().filter(|row| row[1] != "—") {
        written.push_str(&format!("{} = {}\n", code(&row[0]), code(&row[1])));
    }
    let config = |text: &str| format!("{:?}", sandbox::Config::from_toml(text).unwrap());
    assert_eq!(
        config(&written),
        format!("{:?}", sandbox::Config::default())
    );
    // The tables, each with what it must have.
    for (name, least) in [
        ("rate", "requests = 1, per_ms = 1"),
        ("decide", ""),
        ("webhook", "url = \"http://127.0.0.1:1/\""),
        ("links", ""),
        ("custody", ""),
    ] {
        let prefix = format!("{name}.");
        let rows = below
            .iter()
            .filter_map(|row| Some((code(&row[0]).strip_prefix(&prefix)?, &row[1])));
        let keys: BTreeSet<String> = rows.clone().map(|(key, _)| key.to_owned()).collect();
        let unknown = toml::from_str::<sandbox::Config>(&format!("{name} = {{ {UNKNOWN} = 1 }}"));
        assert_eq!(keys, known(&unknown.unwrap_err().to_string()));
        let explicit: Vec<String> = rows
            .filter(|(_, default)| *default != "—")
            .map(|(key, default)| format!("{key} = {}", code(default)))
            .collect();
        let all = [least.to_owned(), explicit.join(", ")];
        let all: Vec<String> = all.into_iter().filter(|part| !part.is_empty()).collect();
        assert_eq!(
            config(&format!("{name} = {{ {least} }}")),
            config(&format!("{name} = {{ {} }}", all.join(", ")))
        );
    }
    for block in blocks(&page) {
        sandbox::Config::from_toml(&block).unwrap();
    }

    let counters = serde_json::to_value(sandbox::LedgerSummary::default()).unwrap();
    let counters: BTreeSet<String> = counters.as_object().unwrap().keys().cloned().collect();
    let documented: BTreeSet<String> = table(&page, "| counter | meaning |")
        .iter()
        .map(|row| code(&row[0]).to_owned())
        .collect();
    assert_eq!(documented, counters);
}

/// One small run, and what it wrote.
fn sample_run(dir: &Path) -> String {
    for name in ["export.csv", "mapping.toml"] {
        std::fs::copy(root().join("samples/acme").join(name), dir.join(name)).unwrap();
    }
    let text = format!("{MINIMAL}[limits]\ncreate = \"unlimited\"\nlookup = \"unlimited\"\n");
    std::fs::write(dir.join("migration.toml"), text).unwrap();
    run_in_sandbox(dir, Some(3))
}

/// The sample with fiat custody, which has files of its own in the report.
fn custody_run(dir: &Path) -> String {
    crate::support::copy_folder(&root().join("samples/meridian"), dir);
    run_in_sandbox(dir, None)
}

fn run_in_sandbox(dir: &Path, limit: Option<u64>) -> String {
    let args = RunArgs {
        head: bakkt_migrate::cli::HeadArgs::default(),
        dir: dir.to_owned(),
        target: TargetArgs {
            sandbox: true,
            base_url: None,
            shards: ShardArgs::default(),
        },
        sandbox_config: None,
        yes: false,
        rehash: false,
        limit,
        only: None,
        registry: None,
        metrics_listen: None,
        key: None,
        done_is_zero: false,
        json: true,
    };
    bakkt_migrate::commands::run::run(&args, Mode::Quiet)
        .unwrap()
        .text
}

#[test]
fn files_and_columns_of_the_report_and_the_json_object_are_documented() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let jsons = [sample_run(dir.path()), custody_run(other.path())];
    let page_text = page("docs/report.md");
    let files: BTreeSet<String> = table(&page_text, "| file | one line for |")
        .iter()
        .map(|row| code(&row[0]).to_owned())
        .collect();
    let folder = other.path().join("report/sandbox");
    let written = |folder: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(files, written(&folder));
    let mut without = files.clone();
    without.retain(|name| !name.starts_with("custody"));
    assert_eq!(without, written(&dir.path().join("report/sandbox")));
    for name in files.iter().filter(|name| name.ends_with(".csv")) {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let columns: BTreeSet<String> = text
            .lines()
            .next()
            .unwrap()
            .split(',')
            .map(str::to_owned)
            .collect();
        let own = section(&page_text, &format!("## {name}"));
        let documented: BTreeSet<String> =
            rows(own).iter().flat_map(|row| codes(&row[0])).collect();
        let lacking: Vec<_> = columns.difference(&documented).collect();
        let left: Vec<_> = documented.difference(&columns).collect();
        assert!(
            lacking.is_empty() && left.is_empty(),
            "docs/report.md, table of {name}: add rows for {lacking:?}, take away {left:?}"
        );
    }

    let keys: BTreeSet<String> = jsons
        .iter()
        .flat_map(|json| {
            let object: serde_json::Value = serde_json::from_str(json).unwrap();
            object
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        })
        .collect();
    let commands = page("docs/commands.md");
    let mut documented: BTreeSet<String> = table(&commands, "| key | holds |")
        .iter()
        .flat_map(|row| codes(&row[0]))
        .map(|key| key.split('.').next().unwrap().to_owned())
        .collect();
    // Of an altered journal alone (`audit::altered`).
    assert!(documented.remove("altered"));
    // Where two customers stand under one id (`shared_ids`).
    assert!(documented.remove("repeated_ids"));
    assert_eq!(documented, keys);
}

/// The decision of the first row that fits these words; a cell is `any`, or a list of words.
fn decided<'a>(table: &'a [Vec<String>], words: &[&str]) -> &'a str {
    let fits = |row: &&Vec<String>| {
        words.iter().zip(row.iter()).all(|(word, cell)| {
            let known = codes(cell);
            let fits =
                |one: &str| one == "any" || one == *word || (one == "none" && word.is_empty());
            known.iter().any(|one| fits(one))
        })
    };
    table.iter().find(fits).unwrap()[words.len()].as_str()
}

#[test]
fn what_means_which_decision_is_documented() {
    use bakkt_contract::decision::{Decision, PARTY_STATUSES, REASON_CODES, of_account, of_event};
    let page = page("docs/verify.md");
    let events = table(&page, "| `partyStatus` of an event | `reasonCode` |");
    let mut seen = BTreeSet::new();
    for status in PARTY_STATUSES.iter().chain(&["?"]) {
        for reason in REASON_CODES.iter().chain(&["", "?"]) {
            let word = of_event(status, reason).word();
            assert_eq!(
                decided(&events[1..], &[status, reason]),
                word,
                "{status} {reason}"
            );
            seen.insert(word);
        }
    }
    let accounts = table(&page, "| `status` | `mode` | `canTradeCrypto` |");
    for status in [
        "PENDING",
        "ACCEPTED",
        "IN_PROGRESS",
        "REJECTED",
        "CANCELLED",
        "COMPLETE",
        "",
    ] {
        for mode in ["OPEN", "CLOSED", "LOCKED", "CLOSING_ONLY", "", "?"] {
            for (shown, can_trade) in [("true", Some(true)), ("false", Some(false)), ("", None)] {
                let word = of_account(status, mode, can_trade).word();
                let words = [status, mode, shown];
                assert_eq!(decided(&accounts[1..], &words), word, "{words:?}");
                seen.insert(word);
            }
        }
    }
    let others: Vec<&str> = Decision::ALL
        .map(Decision::word)
        .into_iter()
        .filter(|word| !seen.contains(word))
        .collect();
    assert_eq!(others, ["unsettled"]);
}
