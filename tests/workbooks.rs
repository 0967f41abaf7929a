//! What a workbook's cells are as text, in every kind of workbook.
//!
//! Owner of the values: the tables here are written as .xlsx and .xlsb and read back in this process; their copies in .xls and
//! .ods were made by LibreOffice and lie in tests/fixtures (`UPDATE=1 cargo test --test program workbooks::` writes the .xlsx that they
//! are made of). How hostile files end is shown in `hostile_workbooks`, whole migrations in `cases`.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::slice;

use crate::support::update;
use crate::support::workbooks::{
    self, Cell, Sheet, change, from_1904, number, text, xlsb::xlsb, xlsx,
};
use bakkt_source::ERROR_MARK;
use bakkt_source::workbook::{SheetChoice, WorkbookHead, WorkbookKind, WorkbookRefusal, rows};

fn read(bytes: &[u8], choice: &SheetChoice) -> Result<(WorkbookHead, String), WorkbookRefusal> {
    let mut reader = Cursor::new(bytes);
    let kind = WorkbookKind::of(&mut reader)?;
    let mut out = Vec::new();
    let head = rows::write(reader, kind, choice, &mut out)?;
    // The mark of an error, where people can read it.
    for byte in &mut out {
        if *byte == ERROR_MARK {
            *byte = b'!';
        }
    }
    Ok((head, String::from_utf8(out).unwrap()))
}

fn text_of(bytes: &[u8]) -> String {
    read(bytes, &SheetChoice::First).unwrap().1
}

/// A cell, and what it is as text; `!` stands for the mark of an error.
fn values() -> Vec<(Cell, &'static str)> {
    let n = Cell::Number;
    vec![
        (text("plain"), "plain"),
        (text(" spaces "), " spaces "),
        (text("Łódź, \"Süd\""), "\"Łódź, \"\"Süd\"\"\""),
        (text("two\nlines"), "\"two\nlines\""),
        (text("00123"), "00123"),
        (text("#N/A"), "!#N/A"),
        (number(1_234_567_890.0), "1234567890"),
        (number(0.1 + 0.2), "0.3"),
        (number(-1.5), "-1.5"),
        (number(0.0), "0"),
        (number(123_456_789_012_345.0), "123456789012345"),
        (
            number(1_234_567_890_123_456.0),
            "!a number of more than 15 digits",
        ),
        (n(1234.5, "#,##0.00"), "1234.50"),
        (n(0.24, "0%"), "24%"),
        (n(0.075, "0.00%"), "7.5%"),
        (n(1.0, "0%"), "100%"),
        (n(45_382.0, "yyyy-mm-dd"), "2024-03-31"),
        (n(45_382.0, "m/d/yy"), "2024-03-31"),
        (n(45_382.572_916_666_664, "yyyy-mm-dd"), "2024-03-31"),
        (
            n(45_382.572_916_666_664, "m/d/yy h:mm"),
            "2024-03-31 13:45:00",
        ),
        (n(45_382.0, "yyyy-mm-dd hh:mm"), "2024-03-31 00:00:00"),
        (n(0.572_916_666_666_666_6, "h:mm"), "13:45:00"),
        (n(1.5, "[h]:mm"), "36:00:00"),
        (n(2139.0, "00000"), "02139"),
        (n(987_650_001.0, "000-00-0000"), "987-65-0001"),
        (Cell::Boolean(true), "TRUE"),
        (Cell::Boolean(false), "FALSE"),
        (Cell::Formula("=1+1", "2"), "2"),
        (Cell::Formula("=NA()", "#N/A"), "!#N/A"),
    ]
}

/// Results of formulas that LibreOffice does not take over as they are.
fn results() -> Vec<(Cell, &'static str)> {
    vec![
        (Cell::Formula("=\"a\"&\"b\"", "ab"), "ab"),
        (Cell::Formula("=B99:INDEX(1,9)", "#REF!"), "!#REF!"),
    ]
}

/// The values under one another in the first column.
fn sheet(values: Vec<(Cell, &'static str)>) -> Sheet {
    let rows = values.into_iter().map(|(cell, _)| vec![cell]);
    Sheet::new("Values", rows.collect())
}

fn expected(values: Vec<(Cell, &'static str)>) -> String {
    let lines = values.into_iter().map(|(_, text)| format!("{text}\n"));
    lines.collect()
}

fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures/workbooks").join(name)
}

#[test]
fn cells_are_what_a_person_sees() {
    for values in [values(), results()] {
        let (sheet, expected) = (sheet(values.clone()), expected(values));
        assert_eq!(text_of(&xlsx(slice::from_ref(&sheet))), expected);
        assert_eq!(text_of(&xlsb(slice::from_ref(&sheet), false)), expected);
    }
}

#[test]
fn libreoffice_writes_the_same_cells() {
    if update::is_wanted() {
        update::write(&fixture("values.xlsx"), Some(&xlsx(&[sheet(values())])));
    }
    for kind in ["xlsx", "xls", "ods"] {
        let bytes = std::fs::read(fixture(&format!("values.{kind}"))).unwrap();
        assert_eq!(text_of(&bytes), expected(values()), "{kind}");
    }
}

/// Numbers whose formats have letters, fixed places or more than one section.
fn formatted() -> Vec<(Cell, &'static str)> {
    let n = Cell::Number;
    vec![
        (n(42_001.0, "\"C-\"0"), "C-42001"),
        (n(42.0, "\"ACCT\"#"), "ACCT42"),
        (n(42.0, "0\"-A\""), "42-A"),
        (n(42.0, "\"C\"00000"), "C00042"),
        (n(42.0, "000\\-000"), "000-042"),
        (n(42.0, "\"N°\" 0"), "N° 42"),
        (n(42.0, "\\C0"), "C42"),
        (n(-5.0, "\"P\"0;\"N\"0"), "N5"),
        (n(2.0, "[=1]\"Male\";[=2]\"Female\";0"), "Female"),
        (n(42.7, "\"C-\"0"), "!a number that is shown as another"),
        (n(1.5, "00000"), "!a number that is shown as another"),
        (n(1234.5, "[$€-407] #,##0.00"), "€1234.5"),
        (n(85_000.0, "#,##0\" EUR\""), "EUR 85000"),
        (n(85_000.0, "\"$\"#,##0"), "85000"),
        (n(45_382.0, "dd/mm/yyyy;@"), "2024-03-31"),
    ]
}

#[test]
fn letters_of_a_format_belong_to_the_number() {
    let (sheet, expected) = (sheet(formatted()), expected(formatted()));
    assert_eq!(text_of(&xlsx(slice::from_ref(&sheet))), expected);
    assert_eq!(text_of(&xlsb(slice::from_ref(&sheet), false)), expected);
}

/// Numbers whose formats change what a person sees in them: signs, dollars of other countries, zeros that are hidden.
fn signed() -> Vec<(Cell, &'static str)> {
    let n = Cell::Number;
    let phone = 6_569_812_340.0;
    vec![
        (n(phone, "\"+\"0"), "+6569812340"),
        (n(phone, "\\+0"), "+6569812340"),
        (n(phone, "+0"), "+6569812340"),
        (n(phone, "+## #### ####"), "+65 6981 2340"),
        (n(phone, "\\+00\\ 0000\\ 0000"), "+65 6981 2340"),
        (n(1_000_000.0, "#,##0\"+\""), "1000000+"),
        (n(500.0, "\"(\"0\")\""), "(500)"),
        (n(25.0, "0\"%\""), "25%"),
        (n(0.25, "+0%"), "+25%"),
        (n(85_000.0, "[$$-409]#,##0"), "85000"),
        (n(85_000.0, "[$$-80A]#,##0"), "MXN 85000"),
        (n(85_000.0, "[$$-1009]#,##0"), "CAD 85000"),
        (n(85_000.0, "[$$-C09]#,##0"), "AUD 85000"),
        (n(85_000.0, "[$$-340A]#,##0"), "CLP 85000"),
        (
            n(1_500_000.0, "#,##0,"),
            "!a number that is shown as another",
        ),
        (n(-5.0, "0;0"), "!a number that is shown as another"),
        (n(5.0, ";;;"), "!a value that its format hides"),
        (n(0.0, "#,##0;;"), ""),
        (n(0.0, "#"), ""),
        (n(0.0, "0;-0;;@"), ""),
        (n(0.0, ";;;"), ""),
        (n(0.0, "[=0]\"\";0"), ""),
        (n(7.0, "0;-0;;@"), "7"),
        (n(0.0, "_-* #,##0_-;-* #,##0_-;_-* \"-\"??_-;_-@_-"), "0"),
    ]
}

#[test]
fn signs_and_hidden_zeros_are_what_a_person_sees() {
    let (sheet, expected) = (sheet(signed()), expected(signed()));
    assert_eq!(text_of(&xlsx(slice::from_ref(&sheet))), expected);
    assert_eq!(text_of(&xlsb(slice::from_ref(&sheet), false)), expected);
    if update::is_wanted() {
        update::write(&fixture("signs.xlsx"), Some(&xlsx(&[sheet])));
    }
    for kind in ["xlsx", "xls", "ods"] {
        let bytes = std::fs::read(fixture(&format!("signs.{kind}"))).unwrap();
        assert_eq!(text_of(&bytes), expected, "{kind}");
    }
}

#[test]
fn an_ods_shows_nothing_of_a_hidden_value() {
    let cell = |kind: &str, shown: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"string\"><text:p>x</text:p></table:table-cell>\
             <table:table-cell office:value-type={kind}>{shown}</table:table-cell></table:table-row>"
        )
    };
    for (kind, shown, expected) in [
        ("\"float\" office:value=\"0\"", "<text:p/>", "x\n"),
        // A program that shows nothing at all writes no text.
        ("\"float\" office:value=\"0\"", "", "x,0\n"),
        (
            "\"float\" office:value=\"5\"",
            "<text:p/>",
            "x,!a value that its format hides\n",
        ),
        (
            "\"string\" office:string-value=\"Ann\"",
            "<text:p/>",
            "x,!a value that its format hides\n",
        ),
        ("\"string\" office:string-value=\"Ann\"", "", "x,Ann\n"),
    ] {
        assert_eq!(text_of(&ods(&cell(kind, shown))), expected, "{kind}");
    }
}

#[test]
fn other_programs_write_letters_of_formats_and_formulas_without_results() {
    let fixture = |name: &str| std::fs::read(fixture(name)).unwrap();
    assert_eq!(
        text_of(&fixture("formats.ods")),
        "LABEL,VALUE,PLAIN\nr42,ID-00042,00042\nr7,ID-00007,00007\n"
    );
    let xls = fixture("formats.xls");
    assert_eq!(
        text_of(&xls),
        "C-42001\nACCT42\n42-A\nC00042\n!a number that is shown as another\n1234.50\n2024-03-31\n45382\n"
    );
    let (_, formulas) = read(&xls, &SheetChoice::Name("Formulas".into())).unwrap();
    assert_eq!(
        formulas,
        "ID,PHONE\nF-1,!a formula without a result\nF-2,555-0100\n"
    );
}

#[test]
fn a_format_is_the_one_of_the_file_before_the_one_of_excel() {
    let cells = vec![
        (Cell::Number(40_000.0, "0000000"), "0040000"),
        (number(40_000.0), "40000"),
    ];
    let (sheet, expected) = (sheet(cells.clone()), expected(cells));
    let own = |id: &str| {
        change(&xlsx(slice::from_ref(&sheet)), "xl/styles.xml", |text| {
            text.replace("numFmtId=\"164\"", &format!("numFmtId=\"{id}\""))
        })
    };
    for id in ["14", "22", "46", "9", "164"] {
        assert_eq!(text_of(&own(id)), expected, "{id}");
    }
}

#[test]
fn the_declared_size_of_a_sheet_says_nothing() {
    let sheet = Sheet::new(
        "Values",
        vec![vec![text("a"), text("b")], vec![text("c"), text("d")]],
    );
    let whole = xlsx(slice::from_ref(&sheet));
    for size in [
        "<dimension ref=\"1:4\"/>",
        "<dimension ref=\"A:XFD\"/>",
        "<dimension ref=\"A1\"/>",
        "<dimension ref=\"\"/>",
        "<dimension ref=\"Z9:A1\"/>",
        "<dimension/>",
        "",
    ] {
        let other = change(&whole, "xl/worksheets/sheet1.xml", |text| {
            assert!(text.contains("<dimension ref=\"A1:B2\"/>"));
            text.replace("<dimension ref=\"A1:B2\"/>", size)
        });
        assert_eq!(text_of(&other), "a,b\nc,d\n", "{size}");
    }
}

#[test]
fn a_sheet_that_cannot_be_read_is_not_passed_over() {
    let sheets = [
        Sheet::new("East", vec![vec![text("a")]]),
        Sheet::new("West", vec![vec![text("b")]]),
    ];
    let damaged = change(&xlsx(&sheets), "xl/worksheets/sheet1.xml", |text| {
        text.replace("<row r=\"1\"", "<row r=\"x\"")
    });
    let refused = read(&damaged, &SheetChoice::First);
    assert!(
        matches!(&refused, Err(WorkbookRefusal::DamagedAfter { sheet, .. }) if sheet == "East"),
        "{refused:?}"
    );
    assert_eq!(read(&damaged, &SheetChoice::Number(2)).unwrap().1, "b\n");
}

#[test]
fn parts_may_be_named_as_windows_names_files() {
    let sheet = sheet(values());
    let whole = workbooks::renamed(&xlsx(slice::from_ref(&sheet)), |name| {
        name.replace('/', "\\")
    });
    assert_eq!(text_of(&whole), expected(values()));
}

#[test]
fn days_count_from_1904_where_the_workbook_says_so() {
    let day = || Cell::Number(43_920.0, "yyyy-mm-dd");
    let sheet = Sheet::new("Days", vec![vec![day()]]);
    let old = from_1904(&xlsx(slice::from_ref(&sheet)));
    for bytes in [old, xlsb(slice::from_ref(&sheet), true)] {
        let (head, text) = read(&bytes, &SheetChoice::First).unwrap();
        assert!(head.from_1904);
        assert_eq!(text, "2024-03-31\n");
    }
    assert_eq!(text_of(&xlsx(&[sheet])), "2020-03-30\n");
}

#[test]
fn rows_and_columns_are_those_that_excel_shows() {
    let row = |one: &str, two: &str| vec![text(one), Cell::Empty, text(two)];
    let mut table = Sheet::new(
        "Table",
        vec![row("a", "b"), vec![], row("c", "d"), vec![], vec![]],
    );
    table.at = (2, 1);
    table.hidden_rows = vec![4];
    let expected = "\n\n,a,,b\n\n,c,,d\n";
    assert_eq!(text_of(&xlsx(slice::from_ref(&table))), expected);
    assert_eq!(text_of(&xlsb(&[table], false)), expected);
}

/// An .ods with one table, whose rows are given as XML.
fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content \
         xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\">\
         <office:body><office:spreadsheet><table:table table:name=\"Table\">{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>"
    );
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
    ] {
        archive.start_file(name, stored).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A row of an .ods with one cell of text.
fn ods_row(attributes: &str, text: &str) -> String {
    format!(
        "<table:table-row{attributes}><table:table-cell office:value-type=\"string\"><text:p>{text}</text:p>\
         </table:table-cell></table:table-row>"
    )
}

#[test]
fn rows_that_are_not_shown_are_read_and_counted() {
    let mut table = Sheet::new(
        "Table",
        ["a", "b", "c", "d"].map(|cell| vec![text(cell)]).into(),
    );
    table.hidden_rows = vec![1, 3];
    let kinds = [
        xlsx(slice::from_ref(&table)),
        xlsb(slice::from_ref(&table), false),
        // A filter and a hand; a row without cells that is hidden many times counts for nothing.
        ods(&[
            ods_row("", "a"),
            ods_row(" table:visibility=\"filter\"", "b"),
            ods_row("", "c"),
            ods_row(" table:visibility=\"collapse\"", "d"),
            "<table:table-row table:visibility=\"collapse\" table:number-rows-repeated=\"1000\"><table:table-cell/>\
             </table:table-row>"
                .to_owned(),
        ]
        .concat()),
    ];
    for bytes in kinds {
        let (head, text) = read(&bytes, &SheetChoice::First).unwrap();
        assert_eq!(
            (head.hidden_rows, text.as_str()),
            (2, "a\nb\nc\nd\n"),
            "{:?}",
            head.kind
        );
    }
    table.hidden_rows = Vec::new();
    let (head, _) = read(&xlsx(&[table]), &SheetChoice::First).unwrap();
    assert_eq!(head.hidden_rows, 0);
}

#[test]
fn rows_of_an_old_workbook_that_are_not_shown_are_counted() {
    let mut bytes = std::fs::read(fixture("values.xls")).unwrap();
    let (head, before) = read(&bytes, &SheetChoice::First).unwrap();
    assert_eq!(head.hidden_rows, 0);
    // The records of rows: what they are, their length, and what is said of them behind twelve bytes.
    let records: Vec<usize> = memchr::memmem::find_iter(&bytes, b"\x08\x02\x10\x00").collect();
    for record in &records[1..3] {
        bytes[record + 4 + 12] |= 0x20;
    }
    let (head, text) = read(&bytes, &SheetChoice::First).unwrap();
    assert_eq!((head.hidden_rows, text), (2, before));
}

#[test]
fn amounts_of_an_ods_keep_their_currency() {
    let cell = |currency: &str, shown: &str| {
        format!(
            "<table:table-row><table:table-cell office:value-type=\"currency\"{currency} office:value=\"85000\">\
             <text:p>{shown}</text:p></table:table-cell></table:table-row>"
        )
    };
    let named = |code: &str| format!(" office:currency=\"{code}\"");
    for (currency, shown, expected) in [
        (named("EUR"), "85.000,00 €", "EUR 85000"),
        (named("JPY"), "￥85,000", "JPY 85000"),
        // What the cell does not say, the text beside its digits does.
        (String::new(), "85'000.00 CHF", "CHF 85000"),
        (String::new(), "£85,000.00", "£85000"),
        // A dollar is a plain number, as it is in other workbooks.
        (named("USD"), "$85,000.00", "85000"),
        (String::new(), "$85,000.00", "85000"),
        (String::new(), "85,000.00", "85000"),
    ] {
        assert_eq!(
            text_of(&ods(&cell(&currency, shown))),
            format!("{expected}\n"),
            "{currency} {shown}"
        );
    }
}

#[test]
fn of_merged_cells_the_first_has_the_value() {
    let mut table = Sheet::new(
        "Merged",
        vec![
            vec![text("both"), Cell::Empty, text("x")],
            vec![],
            vec![text("y")],
        ],
    );
    table.merged = vec![(0, 0, 1, 1)];
    assert_eq!(text_of(&xlsx(&[table])), "both,,x\n\ny\n");
}

#[test]
fn the_sheet_is_the_first_that_is_shown_and_has_a_value() {
    let one = |name, hidden, value: &str| Sheet {
        hidden,
        ..Sheet::new(name, vec![vec![text(value)]])
    };
    let mut empty = Sheet::new("Empty", vec![]);
    empty.hidden = false;
    let sheets = [
        empty,
        one("Old", true, "old"),
        one("Customers", false, "new"),
        one("Notes", false, "note"),
    ];
    for bytes in [xlsx(&sheets), xlsb(&sheets, false)] {
        let (head, text) = read(&bytes, &SheetChoice::First).unwrap();
        assert_eq!((head.sheet_name(), text.as_str()), ("Customers", "new\n"));
        let others: Vec<&str> = head.others().map(|sheet| sheet.name.as_str()).collect();
        assert_eq!(others, ["Notes"]);
        for (choice, expected) in [
            (SheetChoice::Name("Old".into()), "old\n"),
            (SheetChoice::Name("no tes".into()), "note\n"),
            (SheetChoice::Number(2), "old\n"),
            (SheetChoice::Number(1), ""),
        ] {
            assert_eq!(read(&bytes, &choice).unwrap().1, expected, "{choice:?}");
        }
        assert!(matches!(
            read(&bytes, &SheetChoice::Number(5)),
            Err(WorkbookRefusal::NoSheet(names)) if names.len() == 4
        ));
    }
    let refused = read(&xlsx(&sheets[..1]), &SheetChoice::First);
    assert!(matches!(refused, Err(WorkbookRefusal::Empty)));
}

/// What a case's workbook holds, whatever wrote its archive.
fn held(bytes: &[u8]) -> Vec<Result<(WorkbookHead, String), WorkbookRefusal>> {
    let choices = (1..=3).map(SheetChoice::Number);
    choices.map(|choice| read(bytes, &choice)).collect()
}

#[test]
fn the_cases_hold_the_tables_that_are_written_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for (path, bytes) in workbooks::cases::all() {
        let path = root.join(path);
        if update::is_wanted() {
            update::write(&path, Some(&bytes));
        }
        let committed = std::fs::read(&path).unwrap();
        assert!(held(&committed) == held(&bytes), "{}", path.display());
    }
}
