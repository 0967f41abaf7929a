//! The customers of the acme sample as vendors deliver them: fixed width in EBCDIC with packed decimals, JSON lines, members of
//! zip archives.
//!
//! Owner of two comparisons: the payloads are those of the plain CSV, byte for byte; and a run that is killed in the middle and
//! started again sends each account once, which `verify` then reads back as it was sent. Also of archives that nobody packs in
//! good faith. Left out on purpose: what each format is cut into (`cases`).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bakkt_source::encoding::Encoding;
use bakkt_source::transcode::whole;
use zip::write::SimpleFileOptions;

use crate::crash::world::payload_hashes;
use crate::support::{Running, SandboxProcess, json_of, program, wait_for};

/// Columns that the mainframe keeps as packed decimals with two places, and as digits.
const PACKED: [&str; 3] = ["ANN_INCOME", "NET_WORTH", "LIQ_NET_WORTH"];
const DIGITS: [&str; 1] = ["YRS_EMPL"];

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme")
}

/// The header and the rows of the sample whose characters code page 1140 has.
fn table() -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader
        .has_headers(false)
        .from_path(sample().join("export.csv"));
    let rows = reader.unwrap().into_records().map(|record| {
        let record = record.unwrap();
        record.iter().map(str::to_owned).collect::<Vec<_>>()
    });
    let is_latin = |row: &Vec<String>| {
        let mut characters = row.iter().flat_map(|cell| cell.chars());
        characters.all(|c| c <= '\u{ff}')
    };
    rows.filter(is_latin).collect()
}

pub fn csv_of(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter()
        .for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

pub fn json_of_rows(rows: &[Vec<String>]) -> Vec<u8> {
    let mut lines = Vec::new();
    for row in &rows[1..] {
        let cells = rows[0].iter().cloned();
        let values = row.iter().map(|cell| match cell.as_str() {
            "" => serde_json::Value::Null,
            text => text.into(),
        });
        let object: serde_json::Map<_, _> = cells.zip(values).collect();
        lines.extend(serde_json::to_vec(&object).unwrap());
        lines.push(b'\n');
    }
    lines
}

/// Writes texts in code page 1140.
struct Ebcdic(Vec<Vec<u8>>);

impl Ebcdic {
    fn new() -> Ebcdic {
        let bytes = 0..=0xFF;
        Ebcdic(bytes.map(|byte| whole(Encoding::Cp1140, &[byte])).collect())
    }

    fn bytes(&self, text: &str) -> Vec<u8> {
        let byte = |c: char| {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            let place = self.0.iter().rposition(|known| known == bytes);
            place.unwrap() as u8
        };
        text.chars().map(byte).collect()
    }
}

/// `S9(9)V99 COMP-3`. What is no amount is kept as bytes that are none either.
fn packed(text: &str) -> Vec<u8> {
    let plain: String = text.chars().filter(|c| !matches!(c, '$' | ',')).collect();
    let inner = plain
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let (plain, sign) = match inner {
        Some(inner) => (inner, 'D'),
        None => (plain.as_str(), 'C'),
    };
    let (whole, part) = plain.split_once('.').unwrap_or((plain, "00"));
    if text.is_empty() {
        return vec![0x40; 6];
    }
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return vec![0xFF; 6];
    }
    let digits = format!("{:0>11}{sign}", format!("{whole}{part:0<2}"));
    let halves: Vec<u8> = digits
        .chars()
        .map(|c| c.to_digit(16).unwrap() as u8)
        .collect();
    halves.chunks(2).map(|two| two[0] << 4 | two[1]).collect()
}

/// The data set, and its copybook.
fn fixed(rows: &[Vec<String>]) -> (Vec<u8>, String) {
    fixed_width(rows, &PACKED, &DIGITS)
}

/// The same, with these columns as packed decimals and as digits.
pub fn fixed_width(
    rows: &[Vec<String>],
    packed_columns: &[&str],
    digit_columns: &[&str],
) -> (Vec<u8>, String) {
    let ebcdic = Ebcdic::new();
    let mut copybook = "       01  CUSTOMER.\n".to_owned();
    let width = |column: usize| {
        let lengths = rows[1..].iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0).max(1)
    };
    let mut data = vec![Vec::new(); rows.len() - 1];
    for (column, name) in rows[0].iter().enumerate() {
        let picture = match name.as_str() {
            name if packed_columns.contains(&name) => "S9(9)V99 COMP-3".to_owned(),
            name if digit_columns.contains(&name) => "9(4)".to_owned(),
            _ => format!("X({})", width(column)),
        };
        copybook.push_str(&format!("           05 {name} PIC {picture}.\n"));
        for (record, row) in data.iter_mut().zip(&rows[1..]) {
            let cell = row[column].as_str();
            let is_number = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
            record.extend(match name.as_str() {
                name if packed_columns.contains(&name) => packed(cell),
                name if digit_columns.contains(&name) && is_number => {
                    ebcdic.bytes(&format!("{cell:0>4}"))
                }
                name if digit_columns.contains(&name) => ebcdic.bytes(&format!("{cell:<4}")),
                _ => ebcdic.bytes(&format!("{cell:<width$}", width = width(column))),
            });
        }
    }
    (data.concat(), copybook)
}

pub fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A delivery: the export's file, what `[source]` says of it, and further files.
struct Delivery {
    name: &'static str,
    bytes: Vec<u8>,
    settings: &'static str,
    beside: Option<(&'static str, String)>,
}

fn deliveries(rows: &[Vec<String>]) -> Vec<Delivery> {
    let (data, copybook) = fixed(rows);
    let json = json_of_rows(rows);
    let plain = csv_of(rows);
    let others: &[u8] = b"A,B\n1,2\n";
    let delivery = |name, bytes, settings| Delivery {
        name,
        bytes,
        settings,
        beside: None,
    };
    vec![
        Delivery {
            name: "custmast.dat",
            bytes: data,
            settings: "encoding = \"cp1140\"\nlayout = \"custmast.cpy\"\n",
            beside: Some(("custmast.cpy", copybook)),
        },
        delivery("customers.jsonl", json.clone(), ""),
        delivery(
            "customers.zip",
            zipped(&[("out/customers.csv", &plain)]),
            "",
        ),
        delivery(
            "daily.zip",
            zipped(&[("transfers.csv", others), ("customers.jsonl", &json)]),
            "member = \"customers*\"\n",
        ),
    ]
}

/// A migration folder with an export.
fn folder(delivery: &Delivery) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let settings = std::fs::read_to_string(sample().join("migration.toml")).unwrap();
    let file = format!("file = \"{}\"\n{}", delivery.name, delivery.settings);
    let settings = settings.replace("file = \"export.csv\"\n", &file);
    std::fs::write(folder.path().join("migration.toml"), settings).unwrap();
    std::fs::copy(
        sample().join("mapping.toml"),
        folder.path().join("mapping.toml"),
    )
    .unwrap();
    std::fs::write(folder.path().join(delivery.name), &delivery.bytes).unwrap();
    if let Some((name, text)) = &delivery.beside {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// What `check` would send.
fn payloads(folder: &Path) -> Vec<u8> {
    let out = folder.join("payloads");
    let mut check = program();
    let check = check.args(["--quiet", "check"]).arg(folder);
    let check = check.arg("--payloads").arg(&out).output().unwrap();
    let told = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(matches!(check.status.code(), Some(0 | 3)), "{told}");
    std::fs::read(out).unwrap()
}

#[test]
fn every_delivery_gives_the_payloads_of_the_plain_sample() {
    let rows = table();
    assert!(rows.len() > 400);
    let plain = Delivery {
        name: "export.csv",
        bytes: csv_of(&rows),
        settings: "",
        beside: None,
    };
    let expected = payloads(folder(&plain).path());
    assert!(expected.iter().filter(|byte| **byte == b'\n').count() > 300);
    for delivery in deliveries(&rows) {
        let given = payloads(folder(&delivery).path());
        assert!(given == expected, "{} gives other payloads", delivery.name);
    }
}

#[test]
fn a_run_that_is_killed_goes_on_with_each_of_them() {
    let rows: Vec<_> = table().into_iter().take(121).collect();
    for delivery in deliveries(&rows).iter().take(3) {
        let folder = folder(delivery);
        let settings = folder.path().join("migration.toml");
        let mut text = std::fs::read_to_string(&settings).unwrap();
        // An answer that is too late on a slow machine is one that was lost, and is settled like one.
        text.push_str("\n[retry]\nrequest_timeout = \"1s\"\nsettle_after = \"1100ms\"\n");
        std::fs::write(&settings, text).unwrap();
        let planned = payload_hashes(folder.path());
        let sandbox = SandboxProcess::start(folder.path(), "latency_ms = 20\n");
        let run = || {
            let mut run = program();
            run.arg("run").arg(folder.path());
            run.args(["--json", "--base-url", &sandbox.base_url()]);
            run
        };
        // Limited, so that there is something left however late the kill comes.
        let mut limited = run();
        limited.args(["--limit", "60"]);
        let mut first = Running::start(limited.stdout(Stdio::null()).stderr(Stdio::null()));
        wait_for("some accounts", || {
            (sandbox.count("posts") > 20).then_some(())
        });
        first.kill();
        assert!(planned.len() > 60);
        let (totals, code) = json_of(&mut run());
        assert!(matches!(code, 0 | 3), "{}: {totals}", delivery.name);
        let accepted = totals["tasks"]["account"]["accepted"].as_u64().unwrap();
        assert_eq!(
            accepted,
            planned.len() as u64,
            "{}: {totals}",
            delivery.name
        );
        assert_eq!(sandbox.ledger().complaints(&planned), Vec::<String>::new());
        let mut verify = program();
        verify.arg("verify").arg(folder.path());
        verify.args(["--json", "--base-url", &sandbox.base_url()]);
        let (verified, code) = json_of(&mut verify);
        assert!(matches!(code, 0 | 3), "{}: {verified}", delivery.name);
    }
}

#[test]
fn inspect_and_init_read_fixed_width_by_its_layout() {
    let rows: Vec<_> = table().into_iter().take(201).collect();
    let delivery = &deliveries(&rows)[0];
    let folder = folder(delivery);
    let (dir, data) = (folder.path().join("new"), folder.path().join(delivery.name));
    let layout = folder.path().join("custmast.cpy");
    let reading = |command: &str| {
        let mut program = program();
        program.args(["--quiet", command, "--encoding", "cp1140", "--layout"]);
        program.arg(&layout);
        program
    };
    let output = reading("inspect").arg(&data).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("fixed width · cp1140 · records of"), "{text}");
    assert!(text.contains("LIQ_NET_WORTH"), "{text}");
    let output = reading("init")
        .arg("--from")
        .arg(&data)
        .arg("--")
        .arg(&dir)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    let settings = std::fs::read_to_string(dir.join("migration.toml")).unwrap();
    assert!(
        settings.contains("layout = \"../custmast.cpy\""),
        "{settings}"
    );
    assert!(settings.contains("encoding = \"cp1140\""), "{settings}");
    let check = program()
        .args(["--quiet", "check"])
        .arg(&dir)
        .output()
        .unwrap();
    assert!(matches!(check.status.code(), Some(0 | 3)), "{check:?}");
}

/// What `check` says of an archive.
fn refusal(bytes: Vec<u8>) -> String {
    let folder = folder(&Delivery {
        name: "export.zip",
        bytes,
        settings: "",
        beside: None,
    });
    let mut check = program();
    let check = check.args(["--quiet", "check"]).arg(folder.path());
    let check = check.output().unwrap();
    let code = check.status.code();
    assert!(matches!(code, Some(1 | 2)));
    let told = String::from_utf8(check.stderr).unwrap();
    format!("{told}exit code {}\n", code.unwrap_or_default())
}

#[test]
fn archives_that_nobody_packs_in_good_faith_are_refused() {
    let text = csv_of(&table()[..3]);
    let refused = |bytes: Vec<u8>, what: &str| {
        let told = refusal(bytes);
        assert!(told.contains(what), "{what}: {told}");
    };
    refused(zipped(&[("../../etc/cron", &text)]), "`..`");
    refused(zipped(&[("/etc/passwd", &text)]), "outside");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive
        .add_symlink("export.csv", "/etc/passwd", options)
        .unwrap();
    refused(archive.finish().unwrap().into_inner(), "link");
    let whole = zipped(&[("export.csv", &text)]);
    let directory = memchr::memmem::rfind(&whole, b"PK\x01\x02").unwrap();
    let changed = |place: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[place] = byte;
        bytes
    };
    refused(changed(directory + 8, 1), "encrypted");
    refused(changed(directory + 10, 12), "method 12");
    // Of two gigabytes, it says.
    refused(changed(directory + 27, 0x7F), "times its size");
    // Larger and smaller than it says, and with another checksum.
    let mut small = whole.clone();
    small[directory + 24..directory + 28].copy_from_slice(&9u32.to_le_bytes());
    refused(small, "more than");
    refused(changed(directory + 27, 1), "less than");
    refused(changed(directory + 16, !whole[directory + 16]), "checksum");
    refused(changed(directory + 46, b'f'), "another where it stands");
    refused(whole[..whole.len() - 3].to_vec(), "damaged");
}

#[test]
fn a_damaged_archive_is_not_the_fault_of_the_settings() {
    let text = csv_of(&table());
    let whole = zipped(&[("export.csv", &text)]);
    let directory = memchr::memmem::rfind(&whole, b"PK\x01\x02").unwrap();
    let end = memchr::memmem::rfind(&whole, b"PK\x05\x06").unwrap();
    let changed = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        bytes
    };
    let cut = (1..10).map(|tenth| whole[..whole.len() * tenth / 10].to_vec());
    let damaged = [
        // The directory's mark, the member's checksum and place, its packed bytes, the end of all.
        changed(directory),
        changed(directory + 16),
        changed(directory + 43),
        changed(directory / 2),
        changed(end + 17),
    ];
    for (number, bytes) in cut.chain(damaged).enumerate() {
        let told = refusal(bytes);
        assert!(told.ends_with("exit code 1\n"), "{number}: {told}");
    }
    // What nobody can read, and what nobody says how to read, is.
    let two = zipped(&[("a.csv", &text), ("b.csv", &text)]);
    assert!(refusal(two).ends_with("exit code 2\n"));
}
