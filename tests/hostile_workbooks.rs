//! Hostile workbooks end in a clear error, in the program itself, whatever they do to the parser.
//!
//! Each file is made here and read by the real binary, whose process for parsing sets its own limits: what shows that they hold
//! is that the error says so and that the program goes on to say it. How much memory and time a file takes is measured by
//! `scripts/bench-excel.sh`; no clock decides here.

use std::io::Write as _;
use std::process::Command;

use crate::support::workbooks::{Cell, Sheet, archive_of, change, number, text, xlsb::xlsb, xlsx};

/// The exit code of a check on a workbook, and what it says.
fn check(name: &str, bytes: &[u8]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let settings = format!("[source]\nfile = \"{name}\"\nmapping = \"mapping.toml\"\n");
    std::fs::write(dir.join("migration.toml"), settings).unwrap();
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    std::fs::copy(format!("{cases}/base.toml"), dir.join("mapping.toml")).unwrap();
    std::fs::write(dir.join(name), bytes).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_bakkt-migrate"));
    let output = program
        .args(["--quiet", "check"])
        .arg(dir)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    (
        output.status.code().expect("no signal ends the program"),
        told,
    )
}

/// Asserts that a workbook is refused in these words, and that what to do is said.
fn refused(name: &str, bytes: &[u8], words: &str) {
    let (code, told) = check(name, bytes);
    assert!(code == 1 || code == 2, "{name}: exit code {code}: {told}");
    assert!(told.contains(words), "{name}: {told}");
    assert!(told.contains("\n  next: "), "{name}: {told}");
}

const HEADER: [&str; 11] = [
    "ID", "EMAIL", "FIRST", "LAST", "BORN", "SSN", "STREET", "CITY", "STATE", "ZIP", "CTRY",
];

/// A few customers with a word that no message may repeat.
fn customers() -> [Sheet; 1] {
    let mut rows = vec![HEADER.iter().copied().map(text).collect::<Vec<Cell>>()];
    for id in 1..40 {
        let mut cells = vec![text("Xyzzy"); HEADER.len()];
        cells[0] = number(f64::from(id));
        cells[4] = Cell::Number(29_254.0, "yyyy-mm-dd");
        rows.push(cells);
    }
    [Sheet::new("Customers", rows)]
}

fn committed(path: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/cases/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// One workbook of each kind.
fn each_kind() -> [(&'static str, Vec<u8>); 4] {
    [
        ("export.xlsx", xlsx(&customers())),
        ("export.xlsb", xlsb(&customers(), false)),
        ("export.xls", committed("excel-xls/export.xls")),
        ("export.ods", committed("excel-ods/export.ods")),
    ]
}

/// A zip archive with one packed part that unpacks to `blocks` MiB of spaces between a beginning and an end; `declared`
/// instead of its true size, if given.
fn bomb(
    parts: &[(&str, &str)],
    name: &str,
    begin: &str,
    blocks: u32,
    declared: Option<u32>,
) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut piece = |bytes: &[u8], times: u32| {
        // A part of a stream that ends on a whole byte and looks back at nothing can be repeated.
        let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
        let mut out = Vec::with_capacity(bytes.len() + 1024);
        compress
            .compress_vec(bytes, &mut out, flate2::FlushCompress::Full)
            .unwrap();
        for _ in 0..times {
            packed.extend_from_slice(&out);
        }
    };
    piece(begin.as_bytes(), 1);
    piece(&vec![b' '; 1 << 20], blocks);
    packed.extend([3, 0]);
    let size = declared.unwrap_or((blocks << 20).saturating_add(begin.len() as u32));
    let mut all: Vec<(&str, Vec<u8>, u16, u32)> = parts
        .iter()
        .map(|(name, text)| (*name, text.as_bytes().to_vec(), 0, text.len() as u32))
        .collect();
    all.push((name, packed, 8, size));
    raw_archive(&all)
}

/// A zip archive of parts as they are: name, bytes, method, size.
fn raw_archive(parts: &[(&str, Vec<u8>, u16, u32)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes, method, size) in parts {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        // Right for stored parts; nobody comes to the end of the packed one.
        let mut fields = vec![20, 0, 0, 0];
        fields.extend(method.to_le_bytes());
        fields.extend([0; 4]);
        fields.extend(crc.sum().to_le_bytes());
        fields.extend((bytes.len() as u32).to_le_bytes());
        fields.extend(size.to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0; 2]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&fields);
        directory.extend([0; 10]);
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend_from_slice(&fields);
        out.extend(name.as_bytes());
        out.extend_from_slice(bytes);
    }
    let (start, count) = (out.len() as u32, parts.len() as u16);
    out.extend_from_slice(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

const TYPES: (&str, &str) = (
    "[Content_Types].xml",
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
);
const RELATIONS: (&str, &str) = (
    "_rels/.rels",
    r#"<Relationships><Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
);
const BOOK: (&str, &str) = (
    "xl/workbook.xml",
    r#"<workbook><sheets><sheet name="S" sheetId="1" r:id="b"/></sheets></workbook>"#,
);
const BOOK_RELATIONS: (&str, &str) = (
    "xl/_rels/workbook.xml.rels",
    r#"<Relationships><Relationship Id="b" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
);
const PARTS: [(&str, &str); 4] = [TYPES, RELATIONS, BOOK, BOOK_RELATIONS];
const SHEET: &str = "xl/worksheets/sheet1.xml";
const BIG_CELL: &str =
    "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">";

#[test]
fn a_zip_bomb_is_told_by_what_it_declares() {
    let bomb = bomb(&PARTS, SHEET, BIG_CELL, 4_095, Some(u32::MAX - 1));
    assert!(bomb.len() < 16 << 20, "{}", bomb.len());
    let big = change_size(&bomb);
    refused("export.xlsx", &big, "unpacks to more than");
}

/// The archive with a second part that is as large: together they are beyond any bound.
fn change_size(bomb: &[u8]) -> Vec<u8> {
    let parts = [
        (
            TYPES.0,
            TYPES.1.as_bytes().to_vec(),
            0,
            TYPES.1.len() as u32,
        ),
        ("xl/workbook.xml", bomb[..64].to_vec(), 8, u32::MAX - 1),
        ("xl/other.xml", bomb[..64].to_vec(), 8, u32::MAX - 1),
    ];
    raw_archive(&parts)
}

#[test]
fn a_cell_that_fills_the_memory_is_an_error() {
    let bomb = bomb(&PARTS, SHEET, BIG_CELL, 1_200, None);
    assert!(bomb.len() < 4 << 20, "{}", bomb.len());
    refused("export.xlsx", &bomb, "needs more than 512 MiB of memory");
}

#[test]
fn a_size_that_is_a_lie_is_an_error() {
    let bomb = bomb(&PARTS, SHEET, BIG_CELL, 1_200, Some(1_000));
    refused("export.xlsx", &bomb, "cannot read the workbook");
}

#[test]
fn shared_texts_without_end_are_an_error() {
    let name = "xl/sharedStrings.xml";
    let memory = "needs more than 512 MiB of memory";
    // Half a gigabyte of texts, which says so; and a count that takes the memory before the first text.
    let many = bomb(&PARTS, name, "<sst><si><t>", 500, None);
    assert!(many.len() < 4 << 20, "{}", many.len());
    refused("export.xlsx", &many, memory);
    let claim = bomb(
        &PARTS,
        name,
        "<sst uniqueCount=\"17000000\"><si><t>",
        300,
        None,
    );
    refused("export.xlsx", &claim, memory);
    let claim = bomb(
        &PARTS,
        name,
        "<sst uniqueCount=\"18446744073709551615\">",
        1,
        None,
    );
    refused("export.xlsx", &claim, "cannot read the workbook");
}

#[test]
fn cells_far_apart_take_no_memory() {
    let far = |sheet: &mut Sheet| {
        sheet.rows.truncate(2);
        sheet.rows[1].clear();
    };
    let [mut sheet] = customers();
    far(&mut sheet);
    let table = xlsx(&[sheet]);
    let last = change(&table, SHEET, |xml| {
        let cell = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData>";
        xml.replace("</sheetData>", cell)
    });
    // It is read: the cell is a row of its own, too wide for the header and so blocked.
    let (code, told) = check("export.xlsx", &last);
    assert_eq!((code, told.as_str()), (3, ""));
    let beyond = change(&table, SHEET, |xml| {
        let cell = "<row r=\"4000000000\"><c r=\"A4000000000\"><v>1</v></c></row></sheetData>";
        xml.replace("</sheetData>", cell)
    });
    refused("export.xlsx", &beyond, "beyond row 1,048,576");
}

#[test]
fn rows_that_stand_for_many_take_no_memory() {
    let rows = |count: &str| {
        format!(
            r#"<office:document-content><office:body><office:spreadsheet><table:table table:name="S"><table:table-row table:number-rows-repeated="{count}"><table:table-cell table:number-columns-repeated="16384"/></table:table-row><table:table-row><table:table-cell office:value-type="string"><text:p>ID</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"#
        )
    };
    let book = |count: &str| {
        archive_stored(&[
            (
                "mimetype",
                "application/vnd.oasis.opendocument.spreadsheet".into(),
            ),
            ("content.xml", rows(count)),
        ])
    };
    refused("export.ods", &book("4000000000"), "beyond row 1,048,576");
    refused("export.ods", &book("99999999999999999999"), "damaged");
    let (_, told) = check("export.ods", &book("1000000"));
    assert!(
        !told.contains("workbook"),
        "the mapping's columns are missing: {told}"
    );
    let full = rows("1048575").replace(
        r#"<table:table-cell table:number-columns-repeated="16384"/>"#,
        &format!(
            r#"<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>{}</text:p></table:table-cell>"#,
            "x".repeat(30_000)
        ),
    );
    let full = archive_stored(&[
        (
            "mimetype",
            "application/vnd.oasis.opendocument.spreadsheet".into(),
        ),
        ("content.xml", full),
    ]);
    refused("export.ods", &full, "more text than a cell can");
}

fn archive_stored(parts: &[(&str, String)]) -> Vec<u8> {
    let parts: Vec<(&str, Vec<u8>, u16, u32)> = parts
        .iter()
        .map(|(name, text)| (*name, text.clone().into_bytes(), 0, text.len() as u32))
        .collect();
    raw_archive(&parts)
}

#[test]
fn a_file_that_is_cut_anywhere_is_an_error() {
    for (name, whole) in each_kind() {
        for tenth in 1..10 {
            let (code, told) = check(name, &whole[..whole.len() * tenth / 10]);
            // Not the settings' fault.
            assert_eq!(code, 1, "{name} at {tenth}/10: {told}");
            assert!(told.contains("cannot read the workbook"), "{name}: {told}");
        }
    }
}

#[test]
fn bytes_that_flipped_never_crash_and_never_leak() {
    let mut random = fastrand::Rng::with_seed(7);
    for (name, whole) in each_kind() {
        for variant in 0..75 {
            let mut bytes = whole.clone();
            for _ in 0..=variant / 10 {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
            let (code, told) = check(name, &bytes);
            assert!((0..=3).contains(&code), "{name} {variant}: {code} {told}");
            assert!(!told.contains("Xyzzy"), "{name} {variant}: {told}");
            assert!(!told.contains("panicked"), "{name} {variant}: {told}");
        }
    }
}

#[test]
fn passwords_and_other_files_are_told() {
    let compound = |stream: &str| {
        let mut bytes = vec![0; 2048];
        bytes[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
        let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[1024..1024 + name.len()].copy_from_slice(&name);
        bytes
    };
    refused(
        "export.xlsx",
        &compound("EncryptedPackage"),
        "has a password",
    );
    refused(
        "export.xls",
        &compound("WordDocument"),
        "is a document, and no workbook",
    );
    refused("export.xls", &compound("Workbook"), "damaged");
    refused(
        "export.xls",
        &compound("Other"),
        "no workbook that can be read",
    );
    let document = archive_of(&[
        ("[Content_Types].xml", vec![]),
        ("word/document.xml", vec![]),
    ]);
    refused("export.xlsx", &document, "is a document, and no workbook");
    let nothing = archive_of(&[("[Content_Types].xml", vec![])]);
    refused("export.xlsx", &nothing, "no workbook that can be read");
    let empty = archive_of(&[("[Content_Types].xml", vec![]), ("xl/styles.xml", vec![])]);
    refused("export.xlsx", &empty, "damaged");
    let manifest = r#"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"#;
    let locked = archive_stored(&[
        (
            "mimetype",
            "application/vnd.oasis.opendocument.spreadsheet".into(),
        ),
        ("META-INF/manifest.xml", manifest.into()),
        ("content.xml", "locked".into()),
    ]);
    refused("export.ods", &locked, "has a password");
}

#[test]
fn a_sheet_without_a_value_is_told() {
    refused(
        "export.xlsx",
        &xlsx(&[Sheet::new("S", vec![])]),
        "has a cell with a value",
    );
}

#[test]
fn another_program_cannot_read_workbooks_and_says_so() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&xlsx(&customers())).unwrap();
    let open = bakkt_source::workbook::Workbook::open(
        file.reopen().unwrap(),
        "export.xlsx",
        &bakkt_source::workbook::SheetChoice::First,
    );
    let told = open.map(|_| ()).unwrap_err().to_string();
    assert!(told.contains("cannot start the process"), "{told}");
}
