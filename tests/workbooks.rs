//! What a workbook's cells are as text, in every kind of workbook.
//!
//! Owner of the values: the tables here are written as .xlsx and .xlsb and read back in this process; their copies in .xls and
//! .ods were made by LibreOffice and lie in tests/fixtures (`UPDATE=1 cargo test --test workbooks` writes the .xlsx that they
//! are made of). How hostile files end is shown in `hostile_workbooks`, whole migrations in `cases`.

#[path = "support/workbooks/mod.rs"]
mod workbooks;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use bakkt_migrate::source::workbook::{Choice, Head, Kind, Refused, rows};
use workbooks::{Cell, Sheet, from_1904, number, text, xlsb::xlsb, xlsx};

fn read(bytes: &[u8], choice: &Choice) -> Result<(Head, String), Refused> {
    let mut reader = Cursor::new(bytes);
    let kind = Kind::of(&mut reader)?;
    let mut out = Vec::new();
    struct Out<'a>(&'a mut Vec<u8>);
    impl std::io::Write for Out<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl rows::Sink for Out<'_> {
        fn head(&mut self, _: &Head) -> std::io::Result<()> {
            Ok(())
        }
    }
    let head = rows::write(reader, kind, choice, Out(&mut out))?;
    // The mark of an error, where people can read it.
    let marked: Vec<u8> = out
        .iter()
        .flat_map(|byte| {
            match byte {
                0xFE => "!".bytes(),
                _ => "".bytes(),
            }
            .chain((*byte != 0xFE).then_some(*byte))
        })
        .collect();
    Ok((head, String::from_utf8(marked).unwrap()))
}

fn text_of(bytes: &[u8]) -> String {
    read(bytes, &Choice::First).unwrap().1
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
        (n(1234.5, "#,##0.00"), "1234.5"),
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
        (Cell::Formula("=\"a\"&\"b\"", "ab"), "ab"),
        (Cell::Formula("=1+1", "2"), "2"),
        (Cell::Formula("=NA()", "#N/A"), "!#N/A"),
        (Cell::Formula("=B99:INDEX(1,9)", "#REF!"), "!#REF!"),
    ]
}

/// The values under one another in the first column, with something beside the text of two lines.
fn values_sheet() -> Sheet {
    let rows = values().into_iter().map(|(cell, _)| vec![cell]).collect();
    Sheet::new("Values", rows)
}

fn expected() -> String {
    let lines = values().into_iter().map(|(_, text)| format!("{text}\n"));
    lines.collect()
}

fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures/workbooks").join(name)
}

#[test]
fn cells_are_what_a_person_sees() {
    assert_eq!(text_of(&xlsx(&[values_sheet()])), expected());
    assert_eq!(text_of(&xlsb(&[values_sheet()], false)), expected());
}

#[test]
fn libreoffice_writes_the_same_cells() {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(fixture("values.xlsx"), xlsx(&[values_sheet()])).unwrap();
    }
    for kind in ["xlsx", "xls", "ods"] {
        let bytes = std::fs::read(fixture(&format!("values.{kind}"))).unwrap();
        assert_eq!(text_of(&bytes), expected(), "{kind}");
    }
}
