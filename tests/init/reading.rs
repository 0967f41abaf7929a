//! How files are read where that is not plain: encodings, headers that are missing, sheets, tables that are too wide.

use std::fs;
use std::path::Path;
use std::process::Output;

use super::truth::root;
use crate::support::program;

const HEADER: &str = "ID,FIRST,LAST,DOB,EMAIL,CITY,STATE,ZIP";

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// What a run that must end with a code says on both streams.
fn said(arguments: &[&str], code: i32) -> String {
    let output = run(arguments);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

/// Rows of customers with these family names, in the bytes that they have.
fn export(folder: &Path, names: &[&[u8]]) -> String {
    let mut file = format!("{HEADER}\n").into_bytes();
    for (row, name) in names.iter().enumerate() {
        file.extend(format!("C-{row}00,Ann,").bytes());
        file.extend(*name);
        file.extend(
            format!(
                ",02/{:02}/1980,p{row}@example.com,Austin,TX,73301\n",
                row + 13
            )
            .bytes(),
        );
    }
    let path = folder.join("export.csv");
    fs::write(&path, file).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn init_writes_the_encoding_that_it_found_and_asks_to_confirm_it() {
    let folder = tempfile::tempdir().unwrap();
    let from = export(folder.path(), &[b"Pe\xA4a", b"M\x81ller", b"Jim\x82nez"]);
    let dir = folder.path().join("dir");
    let dir = dir.to_str().unwrap();
    let text = said(&["init", dir, "--from", &from], 0);
    assert!(
        text.contains("confirm that") && text.contains("written in cp437"),
        "{text}"
    );
    let written = fs::read_to_string(Path::new(dir).join("migration.toml")).unwrap();
    assert!(written.contains("encoding = \"cp437\""), "{written}");
    assert!(written.contains("confirm that names"), "{written}");
    let page = said(&["inspect", &from], 0);
    assert!(
        page.contains("cp437") && page.contains("--encoding cp437 confirms it"),
        "{page}"
    );
}

#[test]
fn a_file_in_doubt_stops_and_shows_a_letter_and_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let from = export(
        folder.path(),
        &[b"Nov\xE1k", b"Dvo\xF8\xE1k", b"\xC8ern\xFD", b"Ji\xF8\xED"],
    );
    let dir = folder.path().join("dir");
    let dir = dir.to_str().unwrap();
    for arguments in [&["inspect", &from][..], &["init", dir, "--from", &from]] {
        let text = said(arguments, 2);
        assert!(
            text.contains("line 3, column #3 is `Aaaøaa` (U+00F8) in windows-1252")
                && text.contains("`Aaařaa` (U+0159) in windows-1250"),
            "{text}"
        );
        assert!(text.contains("--encoding windows-1250"), "{text}");
        assert!(!text.contains("Dvo") && !text.contains("Nov"), "{text}");
    }
    assert!(!Path::new(dir).exists());
    let text = said(&["init", dir, "--encoding", "CP1250", "--from", &from], 0);
    assert!(!text.contains("confirm that"), "{text}");
    let written = fs::read_to_string(Path::new(dir).join("migration.toml")).unwrap();
    assert!(written.contains("encoding = \"windows-1250\""), "{written}");
    let page = said(&["inspect", "--encoding", "latin2", &from], 0);
    assert!(page.contains("iso-8859-2"), "{page}");
    let wrong = said(&["inspect", "--encoding", "ebcdic", &from], 2);
    assert!(wrong.contains("windows-1250"), "{wrong}");
}

#[test]
fn a_first_customer_becomes_no_header_and_is_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    for case in ["csv-no-header-names", "csv-no-header-codes"] {
        let from = root().join("tests/cases").join(case).join("export.csv");
        let from = from.to_str().unwrap();
        let dir = folder.path().join(case);
        let dir = dir.to_str().unwrap();
        for arguments in [&["inspect", from][..], &["init", dir, "--from", from]] {
            let text = said(arguments, 2);
            assert!(
                text.contains("no header row") && text.contains("--no-header"),
                "{text}"
            );
            assert!(!text.contains("Mara") && !text.contains("Quill"), "{text}");
        }
        assert!(!Path::new(dir).exists());
        let text = said(&["init", dir, "--no-header", "--from", from], 0);
        assert!(!text.contains("Quill"), "{text}");
        let mapping = fs::read_to_string(Path::new(dir).join("mapping.toml")).unwrap();
        assert!(!mapping.contains("Quill"), "{mapping}");
    }
}

#[test]
fn apostrophes_around_cells_and_strange_ends_of_lines_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    let from = path.to_str().unwrap();
    let rows = ["'C-100','Ann','Sample'", "'C-200','Bo','Sample'"];
    fs::write(&path, format!("ID,FIRST,LAST\n{}\n", rows.join("\n"))).unwrap();
    let page = said(&["inspect", from], 0);
    assert!(page.contains("cells stand within apostrophes"), "{page}");
    let lines = ["ID,FIRST,LAST", "C-100,Ann,Sample", "C-200,Bo,Sample", ""];
    for (end, called) in [
        ("\u{85}", "U+0085"),
        ("\u{2028}", "U+2028"),
        ("\u{1e}", "U+001E"),
    ] {
        fs::write(&path, lines.join(end)).unwrap();
        let text = said(&["inspect", from], 2);
        assert!(
            text.contains(called) && text.contains("LF or CRLF"),
            "{text}"
        );
        assert!(!text.contains("Ann"), "{text}");
    }
}

#[test]
fn a_table_that_is_wider_than_a_sheet_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.csv");
    fs::write(
        &path,
        format!("{}\n{}\n", "C,".repeat(100_000), "1,".repeat(100_000)),
    )
    .unwrap();
    let from = path.to_str().unwrap();
    let dir = folder.path().join("dir");
    for arguments in [
        &["inspect", from][..],
        &["init", dir.to_str().unwrap(), "--from", from],
    ] {
        let text = said(arguments, 2);
        assert!(
            text.contains("line 1 of") && text.contains("100001 columns; 16384 is the most"),
            "{text}"
        );
    }
    fs::write(&path, format!("{}\n1,2\n", "C,".repeat(600_000))).unwrap();
    let text = said(&["inspect", from], 2);
    assert!(text.contains("longer than a megabyte"), "{text}");
}

#[test]
fn a_sheet_is_named_and_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("tests/cases/excel-size-wrong/export.xlsx");
    let from = from.to_str().unwrap();
    let page = said(&["inspect", from], 0);
    assert!(
        page.contains("the others are `Other`: --sheet NAME says which is read"),
        "{page}"
    );
    let first = folder.path().join("first");
    let text = said(&["init", first.to_str().unwrap(), "--from", from], 0);
    assert!(
        text.contains("in sheet `Customers`, not in `Other`"),
        "{text}"
    );
    let other = folder.path().join("other");
    let csv = export(folder.path(), &[b"Example", b"Sample", b"Specimen"]);
    said(
        &[
            "init",
            other.to_str().unwrap(),
            "--sheet",
            "other",
            "--from",
            from,
        ],
        0,
    );
    // Files that are no workbooks do not mind it.
    said(&["inspect", "--sheet", "other", from, &csv], 0);
    let written = |dir: &Path| fs::read_to_string(dir.join("migration.toml")).unwrap();
    assert!(
        written(&first).contains("sheet = \"Customers\""),
        "{}",
        written(&first)
    );
    assert!(
        written(&other).contains("sheet = \"Other\""),
        "{}",
        written(&other)
    );
    let text = said(&["inspect", "--sheet", "Nowhere", from], 2);
    assert!(text.contains("1 `Customers`, 2 `Other`"), "{text}");
}
