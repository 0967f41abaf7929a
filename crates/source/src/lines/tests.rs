//! Rows whole and broken, by small texts.

use super::buffer::{BLOCK, places};
use super::*;
use crate::Cell;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Hands out a few bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

const COMMA: RowFormat = RowFormat {
    delimiter: b',',
    quote: Some(b'"'),
    width: 2,
    sheet: false,
    records: false,
};

/// Line, cells joined by `|`, and the flaw of every row; read whole, byte by byte, and again, which must be the same.
fn read(form: RowFormat, bytes: &[u8]) -> (Vec<(u64, String, Option<Flaw>)>, u64) {
    read_by(&[1, 7, usize::MAX], form, bytes)
}

/// The same in pieces of these sizes.
fn read_by(
    drops: &[usize],
    form: RowFormat,
    bytes: &[u8],
) -> (Vec<(u64, String, Option<Flaw>)>, u64) {
    let mut seen = Vec::new();
    for drop in drops.iter().copied() {
        let mut lines = RowReader::new(Drops(bytes, drop), form, 0, 1);
        let mut rows = Rows::default();
        while lines.next(&mut rows).unwrap() {}
        let mut again = RereadRow::default();
        let mut all = Vec::new();
        for (at, row) in rows.iter() {
            let from = at.offset as usize;
            again.bytes = bytes[from..from + at.length as usize].to_vec();
            let second = again.split(&form);
            assert!(row.same_cells(&second));
            assert_eq!(row.flaw().is_some(), second.flaw().is_some());
            let cells = (0..row.len()).map(|i| match row.cell(i) {
                Cell::Text(text) => text.to_owned(),
                Cell::Broken(_) => "?".to_owned(),
            });
            let text = cells.collect::<Vec<_>>().join("|");
            all.push((at.row, text, row.flaw()));
        }
        seen.push((all, lines.blank_lines()));
    }
    assert!(seen.windows(2).all(|two| two[0] == two[1]));
    seen.pop().unwrap()
}

#[test]
fn rows_know_their_lines_whatever_ends_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["1,x", "", "2,\"y\"", "3,z", " , ", ",", ""].join(end);
        let (rows, blank) = read(COMMA, text.as_bytes());
        let lines: Vec<u64> = rows.iter().map(|(line, ..)| *line).collect();
        assert_eq!((lines, blank), (vec![1, 3, 4], 3), "{end:?}");
    }
    let (rows, blank) = read(COMMA, b"\"1\n2\",x\r\n\xFF,y\rlast,\"a\"\"b\"");
    assert_eq!(blank, 0);
    let expected = [(1, "1\n2|x"), (3, "?|y"), (4, "last|a\"b")];
    assert_eq!(
        rows,
        expected.map(|(line, text)| (line, text.to_owned(), None))
    );
}

#[test]
fn a_broken_row_costs_no_row_beside_it() {
    let cases: &[(&str, &str, Flaw)] = &[
        ("1,\"x", "1|x", Flaw::OpenQuote),
        ("1,a\"b", "1|a\"b", Flaw::StrayQuote),
        ("1,\"a\"b\"", "1|a\"b", Flaw::StrayQuote),
        ("1", "1", Flaw::TooFew),
        ("1,2,3", "1|2|3", Flaw::TooMany),
        ("1,a\0b", "1|a\0b", Flaw::Nul),
    ];
    for (row, cells, flaw) in cases {
        for after in ["4,\"d\"\n5,e", "4,d\n5,e"] {
            let text = format!("0,a\n{row}\n{after}");
            let (rows, _) = read(COMMA, text.as_bytes());
            let whole = |line, text: &str| (line, text.to_owned(), None);
            let broken = (2, (*cells).to_owned(), Some(*flaw));
            assert_eq!(
                rows,
                [whole(1, "0|a"), broken, whole(3, "4|d"), whole(4, "5|e")],
                "{row}"
            );
        }
    }
}

#[test]
fn rows_between_two_stray_quotes_are_no_cell() {
    let all = |width, text: &str| {
        let rows = read(RowFormat { width, ..COMMA }, text.as_bytes()).0;
        let rows = rows.into_iter().map(|(line, cells, flaw)| {
            let flaw = flaw.map_or(String::new(), |flaw| format!(" {flaw:?}"));
            format!("{line} {cells}{flaw}")
        });
        rows.collect::<Vec<String>>()
    };
    // The quotes agree, and even the number of cells may.
    let rest = "4,x,y,z,x,y\n";
    for (open, closed) in [
        ("1,a,b,\"c,d,e", "3,a,b,c\",d,e"),
        ("1,a,b,\"c,d,e", "3,a,b,c,d,e\""),
        ("1,a,b,\"c", "3,a,b,c\",d,e"),
    ] {
        let text = format!("{open}\n2,a,b,c,d,e\n{closed}\n{rest}");
        let cells = |line: &str| line.replace('"', "").replace(',', "|");
        assert_eq!(
            all(6, &text),
            [
                format!("1 {} OpenQuote", cells(open)),
                "2 2|a|b|c|d|e".to_owned(),
                format!("3 {} StrayQuote", cells(closed)),
                "4 4|x|y|z|x|y".to_owned(),
            ],
            "{text:?}"
        );
    }
    // A cell of several lines that are no rows stays one, commas or not; and so does a row that has too few.
    assert_eq!(
        all(3, "1,a,\"b\nc, d\"\n2,e,f\n"),
        ["1 1|a|b\nc, d", "3 2|e|f"]
    );
    assert_eq!(all(3, "1,\"a, b\nc\",g\n"), ["1 1|a, b\nc|g"]);
    assert_eq!(
        all(3, "1,\"a\nb\"\n2,e,f\n"),
        ["1 1|a\nb TooFew", "3 2|e|f"]
    );
}

#[test]
fn spaces_around_quotes_are_no_part_of_a_cell() {
    let (rows, _) = read(COMMA, b"1, \"a,b\" \n");
    assert_eq!(rows, [(1, "1|a,b".to_owned(), None)]);
    let plain = RowFormat {
        quote: None,
        ..COMMA
    };
    let (rows, _) = read(plain, b"1,5\" pipe\n");
    assert_eq!(rows, [(1, "1|5\" pipe".to_owned(), None)]);
}

#[test]
fn the_end_of_a_quoted_cell_is_looked_for_in_bounds() {
    let lines: String = (0..40_000).map(|n| format!("{n},xx\n")).collect();
    let text = format!("a,b\nc,\"d\n{lines}");
    // Byte by byte a text of this size would take its time, and show no more.
    let (rows, _) = read_by(&[4096, usize::MAX], COMMA, text.as_bytes());
    assert_eq!(rows.len(), 40_002);
    let broken: Vec<u64> = rows
        .iter()
        .filter_map(|(line, _, flaw)| flaw.map(|_| *line))
        .collect();
    assert_eq!(broken, [2]);
}

#[test]
fn a_line_that_is_too_long_is_one_broken_row() {
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("a,b{end}{}{end}c,d{end}", "x".repeat(3 * MAX_ROW));
        let mut lines = RowReader::new(text.as_bytes(), COMMA, 0, 1);
        let mut rows = Rows::default();
        while lines.next(&mut rows).unwrap() {}
        let seen: Vec<_> = rows.iter().map(|(at, row)| (at.row, row.flaw())).collect();
        assert_eq!(seen, [(1, None), (2, Some(Flaw::TooLong)), (3, None)]);
    }
}

#[test]
fn no_delimiter_makes_a_row_look_as_if_it_held_odd_characters() {
    let read = |form: RowFormat, bytes: &[u8]| {
        let mut lines = RowReader::new(bytes, form, 0, 1);
        let mut rows = Rows::default();
        while lines.next(&mut rows).unwrap() {}
        let latin: Vec<bool> = rows.iter().map(|(_, row)| row.is_latin()).collect();
        latin
    };
    for delimiter in [b',', b';', b'|', b'\t', 0x01] {
        let form = RowFormat { delimiter, ..COMMA };
        let text = "1,x\n\"2\",\"y\"\n\"3\",\"a\u{200b}b\"\n"
            .replace(',', &char::from(delimiter).to_string());
        assert_eq!(read(form, text.as_bytes()), [true, true, false]);
    }
    let mut writer = records::RecordWriter::default();
    for (number, cells) in [["1", "x"], ["2", "y\u{1}"]].iter().enumerate() {
        writer.begin(number as u64);
        cells.iter().for_each(|cell| writer.cell(cell.as_bytes()));
        writer.end(None);
    }
    let mut text = [0; 64];
    let count = writer.take(&mut text);
    assert_eq!(read(RowFormat::records(2), &text[..count]), [true, false]);
}

#[test]
fn a_sheet_counts_rows_of_any_length() {
    let sheet = RowFormat {
        width: 3,
        sheet: true,
        records: false,
        ..COMMA
    };
    let (rows, blank) = read(sheet, b"1,\"a\nb\"\n\n3\n4,5,6,7\n");
    assert_eq!(blank, 1);
    let lines: Vec<_> = rows.iter().map(|(row, _, flaw)| (*row, *flaw)).collect();
    assert_eq!(lines, [(1, None), (3, None), (4, None)]);
}

proptest! {
    #[test]
    fn places_are_those_of_the_byte(block in vec(select(b"\x00\x7f\x80\xff,;-+".to_vec()), 0..=BLOCK), byte in any::<u8>()) {
        for byte in [byte, b',', 0, 0x80] {
            let found = places(&block, byte);
            let wanted = memchr::memchr_iter(byte, &block).fold(0u64, |found, at| found | 1 << at);
            prop_assert_eq!(found, wanted);
        }
    }
}

#[test]
fn a_cell_that_a_spreadsheet_takes_as_text_needs_no_quotes_around_it() {
    let (rows, _) = read(
        COMMA,
        b"=\"001,24\",Ann\n \"B\", =\"C1\"\n=\"D\"\"1\",x\n=\"a\"&\"b\",x\na=\"b\",x\n=\"E\nF\",x\n",
    );
    let stray = Some(Flaw::StrayQuote);
    let texts: Vec<(&str, Option<Flaw>)> = rows
        .iter()
        .map(|(_, text, flaw)| (text.as_str(), *flaw))
        .collect();
    assert_eq!(texts[0], ("001,24|Ann", None));
    assert_eq!(texts[1], ("B|C1", None));
    assert_eq!(texts[2], ("D\"1|x", None));
    assert_eq!((texts[3].1, texts[4].1), (stray, stray));
    assert_eq!(texts[5], ("E\nF|x", None));
}

#[test]
fn marks_before_and_behind_the_text_of_a_file_are_no_part_of_a_row() {
    let plain = |rows: &[(u64, &str)]| -> Vec<(u64, String, Option<Flaw>)> {
        let rows = rows.iter();
        rows.map(|(line, text)| (*line, (*text).to_owned(), None))
            .collect()
    };
    let rows = plain(&[(1, "a|b"), (2, "1|2")]);
    for text in [
        &b"a,b\n1,2\x1A"[..],
        b"a,b\n1,2\n\x1A",
        b"a,b\n1,2\r\n\x1A\0\0\0",
        b"a,b\n1,2\0\0",
        b"a,b\n\xEF\xBB\xBF1,2\n",
        b"a,b\n\xEF\xBB\xBF\"1\",2\n",
        b"a,b\n\x1A\xEF\xBB\xBF\"1\",2\n\x1A",
    ] {
        assert_eq!(read(COMMA, text), (rows.clone(), 0), "{text:?}");
    }
    // On a line of its own the mark is a blank line, wherever that is.
    let (around, blank) = read(COMMA, b"a,b\n\x1A\n1,2\n\x1A\x1A\r\n\x1A");
    assert_eq!((around[1].1.as_str(), around.len(), blank), ("1|2", 2, 2));
    for text in [
        &b"a,b\n1,\"2\"\x1A\n"[..],
        b"a,b\n1,\"2\"\x1A\x1A\r\n",
        b"a,b\n1,\"2\"\x1A",
    ] {
        assert_eq!(read(COMMA, text), (rows.clone(), 0), "{text:?}");
    }
    // It may stand for a letter that was lost.
    for text in [
        &b"a,b\n\x1Akerman,2\n"[..],
        b"a,b\n\x1Akerman,2",
        b"\x1Akerman,2\x1A",
    ] {
        let rows = read(COMMA, text).0;
        assert_eq!(rows.last().unwrap().1, "\u{1a}kerman|2", "{text:?}");
    }
    // Within a row they are what they are.
    let within = read(COMMA, b"a,b\n1,\0\n2,3\0\n").0;
    assert_eq!(within[1].2, Some(Flaw::Nul));
    assert_eq!(within[2].2, Some(Flaw::Nul));
}

#[test]
fn a_broken_row_has_no_more_cells_than_a_table_columns() {
    let text = format!("a,b\n{}\n1,2\n", "x,".repeat(50_000));
    let mut lines = RowReader::new(text.as_bytes(), COMMA, 0, 1);
    let mut rows = Rows::default();
    while lines.next(&mut rows).unwrap() {}
    let lengths: Vec<usize> = rows.iter().map(|(_, row)| row.len()).collect();
    assert_eq!(lengths, [2, MOST_COLUMNS + 1, 2]);
    let flaws: Vec<_> = rows.iter().map(|(_, row)| row.flaw()).collect();
    assert_eq!(flaws, [None, Some(Flaw::TooMany), None]);
}
