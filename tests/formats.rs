//! The same customers in eight formats give the same payloads, byte for byte.
//!
//! The four workbooks lie in the cases excel-xlsx, excel-xlsb, excel-xls and excel-ods; the four texts are made here, from
//! one table that says the same.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the workbooks show.
const TABLE: &str = "\
ID,EMAIL,FIRST,LAST,BORN,SSN,STREET,CITY,STATE,ZIP,CTRY,INCOME,SCREENED,CHECKED
X-1,ann@example.com,Ann,Müller,1980-02-03,987-00-0001,\"12 \"\"Sample\"\" Road, Floor 3\",Austin,TX,02139,USA,85000.5,2024-03-31 13:45:00,TRUE
X-2,ann@example.com,Ann,O'Neil; Peña,1950-01-01,987-00-0002,\"12 \"\"Sample\"\" Road, Floor 3\",Austin,TX,73301,USA,0.3,2024-03-31 00:00:00,FALSE

X-3,ann@example.com,Ann,Çelik-Ødegård,2000-01-01,987-00-0003,\"12 \"\"Sample\"\" Road, Floor 3\",Austin,TX,10001,USA,1234567,2023-03-15 06:00:00,TRUE
";

fn case(kind: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/cases").join(format!("excel-{kind}"))
}

/// The table with another delimiter and other line ends.
fn with(delimiter: u8, end: csv::Terminator) -> String {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(TABLE.as_bytes());
    let mut writer = csv::WriterBuilder::new();
    let writer = writer.delimiter(delimiter).terminator(end);
    let mut writer = writer.from_writer(Vec::new());
    for record in reader.records() {
        writer.write_record(&record.unwrap()).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// All characters of the table are those of ISO 8859-1, and so of Windows-1252.
fn windows_1252(text: &str) -> Vec<u8> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap());
    bytes.collect()
}

fn utf_16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xFF, 0xFE].into_iter().chain(units).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// What `check` would send of an export that lies in a folder of its own, with the mapping of the cases.
fn payloads(name: &str, bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    // The mapping includes ../base.toml.
    let base = case("xlsx").with_file_name("base.toml");
    std::fs::copy(base, folder.path().join("base.toml")).unwrap();
    let dir = &folder.path().join("migration");
    std::fs::create_dir(dir).unwrap();
    let settings = std::fs::read_to_string(case("xlsx").join("migration.toml")).unwrap();
    let settings = settings.replace("\"export.xlsx\"", &format!("\"{name}\""));
    std::fs::write(dir.join("migration.toml"), settings).unwrap();
    std::fs::copy(case("xlsx").join("mapping.toml"), dir.join("mapping.toml")).unwrap();
    std::fs::write(dir.join(name), bytes).unwrap();
    let out = dir.join("payloads");
    let mut check = Command::new(env!("CARGO_BIN_EXE_bakkt-migrate"));
    let check = check.args(["--quiet", "check"]).arg(dir);
    let check = check.arg("--payloads").arg(&out).output().unwrap();
    let told = String::from_utf8_lossy(&check.stderr).into_owned();
    assert_eq!(check.status.code(), Some(0), "{name}: {told}");
    std::fs::read(out).unwrap()
}

#[test]
fn eight_formats_give_the_same_payloads_byte_for_byte() {
    let crlf = csv::Terminator::CRLF;
    let mut exports = vec![
        ("utf-8.csv".to_owned(), TABLE.as_bytes().to_vec()),
        (
            "windows-1252.csv".to_owned(),
            windows_1252(&with(b';', crlf)),
        ),
        ("utf-16.tsv".to_owned(), utf_16(&with(b'\t', crlf))),
        ("packed.csv.gz".to_owned(), gzip(TABLE)),
    ];
    for kind in ["xlsx", "xlsb", "xls", "ods"] {
        let name = format!("export.{kind}");
        let bytes = std::fs::read(case(kind).join(&name)).unwrap();
        exports.push((name, bytes));
    }
    let expected = payloads(&exports[0].0, &exports[0].1);
    assert_eq!(expected.iter().filter(|byte| **byte == b'\n').count(), 3);
    for (name, bytes) in &exports[1..] {
        let given = payloads(name, bytes);
        assert!(given == expected, "{name} gives other payloads");
    }
}
