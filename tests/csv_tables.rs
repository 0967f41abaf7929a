//! Tables written by somebody else's CSV writer come back through an export as they were, in every dialect and encoding;
//! and a broken row costs no row beside it.

use std::fs;
use std::io::Write;

use bakkt_source::encoding::Encoding;
use bakkt_source::export::{OpenedExport, Options};
use bakkt_source::{Cell, Export, RereadRow, Rows};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};

/// The same trials every time, unless PROPTEST_RNG_SEED says otherwise: a test that fails fails for everybody.
fn run<T: std::fmt::Debug>(
    few: u32,
    inputs: impl Strategy<Value = T>,
    test: impl Fn(T) -> TestCaseResult,
) {
    let mut trials = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        trials.cases = few;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        trials.rng_seed = RngSeed::Fixed(1);
    }
    if let Err(error) = TestRunner::new(trials).run(&inputs, test) {
        panic!("{error}");
    }
}

/// A row: its line, its cells (trimmed), what is wrong with it.
type Given = (u64, Vec<String>, Option<&'static str>);

/// What an export of these bytes gives; every row is read again by its place too.
fn read(bytes: &[u8], options: &Options) -> anyhow::Result<(Vec<String>, Vec<Given>)> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("export.csv"), bytes)?;
    let export: Export =
        OpenedExport::new(dir.path(), "export.csv", options)?.ready(dir.path(), &mut |_| Ok(()))?;
    let (mut pass, mut rows, mut again) = (export.pass(), Rows::default(), RereadRow::default());
    let mut all = Vec::new();
    while pass.read_batch(&mut rows, 3)? {
        for (at, row) in rows.iter() {
            assert!(export.read(at, &mut again)?.same_cells(&row));
            let cells = row.cells().map(|cell| match cell {
                Cell::Text(text) => text.to_owned(),
                Cell::Broken(why) => format!("({why})"),
            });
            all.push((at.row, cells.collect(), row.flaw().map(|flaw| flaw.text())));
        }
    }
    Ok((export.headers().to_vec(), all))
}

const ALL_DELIMITERS: &[u8] = b",;\t|^";
const ALL_QUOTES: &[u8] = b"\"'";

/// Encodings in which the letters of these tables are where Unicode has them, and the UTFs.
const LATIN: [Encoding; 6] = [
    Encoding::Utf8,
    Encoding::Utf16Le,
    Encoding::Utf16Be,
    Encoding::Windows1252,
    Encoding::Iso8859_1,
    Encoding::Iso8859_15,
];

/// How a table is written.
#[derive(Clone, Debug)]
struct Written {
    delimiter: u8,
    quote: u8,
    every_cell_quoted: bool,
    end: csv::Terminator,
    encoding: Encoding,
    mark: bool,
}

fn ways(delimiters: &'static [u8], quotes: &'static [u8]) -> impl Strategy<Value = Written> {
    let ends = [
        csv::Terminator::CRLF,
        csv::Terminator::Any(b'\n'),
        csv::Terminator::Any(b'\r'),
    ];
    (
        select(delimiters),
        select(quotes),
        any::<bool>(),
        select(ends.to_vec()),
        select(LATIN.to_vec()),
        any::<bool>(),
    )
        .prop_map(
            |(delimiter, quote, every_cell_quoted, end, encoding, mark)| Written {
                delimiter,
                quote,
                every_cell_quoted,
                end,
                encoding,
                mark,
            },
        )
}

impl Written {
    fn bytes(&self, rows: &[Vec<String>]) -> Vec<u8> {
        let mut out = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote)
            .quote_style(match self.every_cell_quoted {
                true => csv::QuoteStyle::Always,
                false => csv::QuoteStyle::Necessary,
            })
            .terminator(self.end)
            .from_writer(Vec::new());
        for row in rows {
            out.write_record(row).unwrap();
        }
        let text = String::from_utf8(out.into_inner().unwrap()).unwrap();
        let text = if self.mark {
            format!("\u{feff}{text}")
        } else {
            text
        };
        encoded(&text, self.encoding)
    }

    fn options(&self) -> Options {
        Options {
            encoding: Some(self.encoding),
            delimiter: Some(self.delimiter),
            quote: Some(Some(self.quote)),
            ..Options::default()
        }
    }
}

/// In an encoding; letters beyond ASCII are at the same places in all of those of one byte, and only those are used.
fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.into(),
        Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => text
            .chars()
            .filter_map(|c| u8::try_from(u32::from(c)).ok())
            .collect(),
    }
}

/// A cell without blanks around it, and never empty: rows of nothing are blank lines. It has line breaks or delimiters, not
/// both: lines with just the delimiters of rows are taken for rows behind a quote that was left open.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9ëÑü][a-zA-Z0-9ëÑü ,;|'\"\t^.-]{0,12}[a-zA-Z0-9ëÑü]",
        "[a-zA-Z0-9ëÑü][a-zA-Z0-9ëÑü '\"\r\n.-]{0,12}[a-zA-Z0-9ëÑü]",
    ]
}

/// A header, and rows below it, all of one width.
fn tables() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..6usize).prop_flat_map(|width| {
        let rows = prop::collection::vec(prop::collection::vec(cell(), width), 1..8);
        rows.prop_map(move |mut rows| {
            rows.insert(
                0,
                (1..=width)
                    .map(|number| format!("COLUMN {number}"))
                    .collect(),
            );
            rows
        })
    })
}

#[test]
fn what_another_program_wrote_comes_back() {
    run(
        200,
        (ways(ALL_DELIMITERS, ALL_QUOTES), tables()),
        |(way, table)| {
            let bytes = way.bytes(&table);
            let (headers, rows) = read(&bytes, &way.options()).unwrap();
            prop_assert_eq!(&headers, &table[0]);
            let given: Vec<&Vec<String>> = rows.iter().map(|(_, cells, _)| cells).collect();
            let whole: Vec<&Vec<String>> = table[1..].iter().collect();
            prop_assert_eq!(given, whole);
            prop_assert!(rows.iter().all(|(.., flaw)| flaw.is_none()));
            Ok(())
        },
    );
}

/// Cells that are found in any dialect: no marks that others use to tell cells apart.
fn plain_tables() -> impl Strategy<Value = Vec<Vec<String>>> {
    (3..6usize).prop_flat_map(|width| {
        // Letters stand where names have them, or nobody could tell the encoding.
        let cell = "(Zoë|Noël|Müller|Jürgen|Ñuflo|MUÑOZ|[A-Z][a-z]{1,7})( [A-Za-z0-9]{1,8})?";
        let rows = prop::collection::vec(prop::collection::vec(cell, width), 3..12);
        rows.prop_map(move |mut rows| {
            rows.insert(
                0,
                (1..=width)
                    .map(|number| format!("COLUMN {number}"))
                    .collect(),
            );
            rows
        })
    })
}

#[test]
fn dialect_and_encoding_need_not_be_said() {
    // The marks of ISO-8859-1 and -15 are letters of Windows-1252 as well.
    let found = ways(b",;\t|", b"\"");
    run(200, (found, plain_tables()), |(way, table)| {
        let (headers, rows) = read(&way.bytes(&table), &Options::default()).unwrap();
        prop_assert_eq!(&headers, &table[0]);
        let given: Vec<&Vec<String>> = rows.iter().map(|(_, cells, _)| cells).collect();
        prop_assert_eq!(given, table[1..].iter().collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn packed_it_is_the_same() {
    run(
        40,
        (ways(ALL_DELIMITERS, ALL_QUOTES), tables()),
        |(way, table)| {
            let bytes = way.bytes(&table);
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&bytes).unwrap();
            let plain = read(&bytes, &way.options()).unwrap();
            prop_assert_eq!(
                &read(&gzip.finish().unwrap(), &way.options()).unwrap(),
                &plain
            );
            let zstd = zstd::encode_all(bytes.as_slice(), 1).unwrap();
            prop_assert_eq!(&read(&zstd, &way.options()).unwrap(), &plain);
            Ok(())
        },
    );
}

/// Lines that break a row, whatever stands around them: in a table of six columns with commas.
const BROKEN: &[&str] = &[
    "X",
    "X,1,2,3,4",
    "X,1,2,3,4,5,6",
    "X,\"1,2,3,4,5",
    "X,1,2,3,4,\"5",
    "\"X,1,2,3,4,5",
    "X,1\",2,3,4,5",
    "X,\"1\"x,2,3,4,5",
    "X,1,2,3,4,5\"",
    "X,1\0,2,3,4,5",
    "X,\"\",2,3,4,\"5",
];

#[test]
fn a_broken_row_loses_none_of_its_neighbours() {
    let whole = prop_oneof![
        Just("1,2,3,4,5,6"),
        Just("1,b c,,4,,6"),
        Just("a,\"b\",c,d,e,f"),
        Just("\"a, b\",c,\"d\",e,f,g"),
        Just("a,\"b \"\"x\"\" c\",d,e,f,g"),
    ];
    let line = prop_oneof![4 => whole.prop_map(|line| (line, true)), 1 => select(BROKEN).prop_map(|line| (line, false))];
    let ends = select(&["\n", "\r\n", "\r"]);
    run(
        500,
        (prop::collection::vec(line, 1..20), ends),
        |(lines, end)| {
            let mut text = format!("A,B,C,D,E,F{end}");
            for (line, _) in &lines {
                text.push_str(line);
                text.push_str(end);
            }
            let options = Options {
                header: bakkt_source::export::HeaderRow::At(1),
                delimiter: Some(b','),
                // Else quotes that stand around no cell would be text.
                quote: Some(Some(b'"')),
                ..Options::default()
            };
            let (_, rows) = read(text.as_bytes(), &options).unwrap();
            let broken = |(number, (_, whole)): (usize, &(&str, bool))| (number as u64 + 2, !whole);
            let expected: Vec<(u64, bool)> = lines.iter().enumerate().map(broken).collect();
            let given: Vec<(u64, bool)> = rows
                .iter()
                .map(|(line, _, flaw)| (*line, flaw.is_some()))
                .collect();
            prop_assert_eq!(given, expected, "{:?}", text);
            Ok(())
        },
    );
}
