//! What fuzzing calls: one function for each kind of input, which takes any bytes and checks what must hold of them.
//!
//! Owner of those invariants. The targets in `fuzz_targets/` and the test `tests/bytes.rs` include this file, so that both
//! ask the same. A function returns when all is well and panics when it is not.

use std::io::{self, Cursor, Read};

use bakkt_contract::amounts::{self, DecimalMark};
use bakkt_contract::forms::is_e164;
use bakkt_contract::spans::{self, AmountStyle};
use bakkt_contract::usd::{AmountUnit, Scale};
use bakkt_files::toml_file::TomlFile;
use bakkt_mapping::compile::compile;
use bakkt_mapping::dates::DateFormats;
use bakkt_mapping::dates::ordered::{DateStyle, EPOCHS, ORDERS};
use bakkt_mapping::draft::Draft;
use bakkt_mapping::feed::Scratch;
use bakkt_mapping::phones;
use bakkt_model::error::Diagnostics;
use bakkt_model::position::Position;
use bakkt_source::container;
use bakkt_source::dialect::{self, DialectSettings};
use bakkt_source::encoding::Encoding;
use bakkt_source::lines::{RowFormat, RowReader};
use bakkt_source::transcode::{BROKEN, Transcode, whole};
use bakkt_source::workbook::rows::write;
use bakkt_source::workbook::{SheetChoice, WorkbookKind};
use bakkt_source::{Flaw, RereadRow, Rows};

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

/// A few bytes at a time, and no more than some hundred times.
fn step(data: &[u8]) -> usize {
    1 + data.len() % 7 + data.len() / 256
}

/// A file of which nothing is known: what it is, its encoding, its text, its dialect.
pub fn csv_detect(data: &[u8]) {
    let _ = container::of(&data[..data.len().min(container::START)]);
    let found = Encoding::find(&[data]);
    let half = (data.len() / 2) & !1;
    Encoding::find(&[&data[..half], &data[half..]]);
    assert!(found.bom <= data.len());
    // The dialect is told the text alone: it is found in that of the encoding that was found, of UTF-8 and UTF-16, and of
    // another one by turns.
    let by_turns = Encoding::ALL[data.len() % Encoding::ALL.len()];
    let with_dialect = [found.encoding, Encoding::Utf8, Encoding::Utf16Le, by_turns];
    for encoding in Encoding::ALL.iter().copied() {
        let bom = encoding.bom(data);
        let text = whole(encoding, &data[bom..]);
        let mut dripped = Vec::new();
        let drops = Drops(data, step(data));
        let read = Transcode::new(drops, encoding, bom).read_to_end(&mut dripped);
        assert!(
            read.is_ok() && dripped == text,
            "the same, however the bytes come in"
        );
        let decoded = text.split(|byte| *byte == BROKEN);
        assert!(
            decoded
                .into_iter()
                .all(|part| std::str::from_utf8(part).is_ok())
        );
        if !with_dialect.contains(&encoding) {
            continue;
        }
        for whole in [true, false] {
            let guess = dialect::find(&text, whole, DialectSettings::default());
            assert!(guess.sep <= text.len() && guess.columns > 0);
            assert!(guess.header.is_none_or(|row| row < dialect::HEADER_WITHIN));
        }
    }
}

/// The first byte says how a text is made; the rest is the text.
pub fn csv_rows(data: &[u8]) {
    let Some((&how, text)) = data.split_first() else {
        return;
    };
    let form = RowFormat {
        delimiter: dialect::DELIMITERS[usize::from(how & 3)],
        quote: [Some(b'"'), None, Some(b'\''), Some(b'"')][usize::from(how >> 2 & 3)],
        width: usize::from(how >> 4 & 7),
        sheet: how >> 7 == 1,
        records: false,
    };
    let rows = rows_of(text, form);
    assert_eq!(
        rows,
        rows_of(Drops(text, step(text)), form),
        "however the bytes come in"
    );
    let (mut end, mut line) = (0, 0);
    for (at, _, _) in &rows {
        assert!(
            at.offset >= end && at.row > line,
            "rows stand behind each other"
        );
        end = at.offset + u64::from(at.length);
        line = at.row;
    }
    assert!(end <= text.len() as u64);
    let mut again = RereadRow::default();
    for (at, cells, flaw) in rows
        .iter()
        .filter(|(.., flaw)| *flaw != Some(Flaw::TooLong))
    {
        let from = at.offset as usize;
        again.bytes = text[from..from + at.length as usize].to_vec();
        let row = again.split(&form);
        let given: Vec<String> = row.cells().map(|cell| format!("{cell:?}")).collect();
        assert_eq!(
            (&given, row.flaw()),
            (cells, *flaw),
            "a row read again is the same"
        );
    }
}

/// A row: where it stands, its cells, what is wrong with it.
type Known = (Position, Vec<String>, Option<Flaw>);

fn rows_of(text: impl Read, form: RowFormat) -> Vec<Known> {
    let (mut lines, mut rows) = (RowReader::new(text, form, 0, 1), Rows::default());
    while lines.next(&mut rows).unwrap_or(false) {}
    let known = rows.iter().map(|(at, row)| {
        let cells = row.cells().map(|cell| format!("{cell:?}"));
        (at, cells.collect(), row.flaw())
    });
    known.collect()
}

/// A workbook, or what claims to be one. What comes out is canonical text: UTF-8 but for the two marks.
pub fn excel_open(data: &[u8]) {
    let Ok(kind) = WorkbookKind::of(&mut Cursor::new(data)) else {
        return;
    };
    for choice in [SheetChoice::First, SheetChoice::Number(1)] {
        let mut text = Vec::new();
        if write(Cursor::new(data), kind, &choice, &mut text).is_ok() {
            let mut parts = text.split(|byte| *byte >= 0xFE);
            assert!(parts.all(|part| std::str::from_utf8(part).is_ok()));
        }
    }
}

/// The first line is a format, the rest a date.
pub fn dates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (format, date) = text.split_once('\n').unwrap_or((text, text));
    let real = |date: jiff::civil::Date| assert!(date.year() >= 1800);
    if let Ok(formats) = DateFormats::compile(&[format]) {
        formats.parse(date).into_iter().for_each(real);
    }
    for (_, order) in ORDERS {
        for excel in EPOCHS
            .map(|(_, epoch)| Some(epoch))
            .into_iter()
            .chain([None])
        {
            let mut ordered = DateStyle::new(order);
            ordered.excel = excel;
            if let Some(read) = ordered.parse(date) {
                real(read.date);
                ordered.moment(read);
            }
        }
    }
}

/// A phone number.
pub fn phones(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for region in [None, Some("US"), Some("GB"), Some("DE"), Some("??")] {
        let mut out = String::from("before");
        let fits = phones::write(text, region, Some("US"), &mut out).is_ok();
        match out.strip_prefix("before") {
            Some(number) if fits => assert!(is_e164(number)),
            rest => assert_eq!(rest, Some(""), "what is no number leaves nothing behind"),
        }
    }
}

/// An amount, or a range of amounts.
pub fn amounts(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for point in [DecimalMark::Open, DecimalMark::Dot, DecimalMark::Comma] {
        amounts::parse(text, point);
        let units = [AmountUnit::Open, AmountUnit::Thousands];
        for (scale, unit) in [(Scale::A, units[0]), (Scale::B, units[1])] {
            if let Ok(range) = spans::range_of(scale, text, AmountStyle { point, unit }) {
                assert!(scale.names().contains(&range));
            }
        }
    }
}

/// A mapping file, and a row mapped with it when it has no mistakes.
pub fn mapping_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let file = TomlFile {
        name: "mapping.toml".to_owned(),
        text: text.to_owned(),
    };
    let headers = ["ID", "NAME", "BORN", "PHONE", "INCOME"].map(str::to_owned);
    let mut found = Diagnostics::default();
    let Some(mapper) = compile(&[file], &headers, &mut found) else {
        assert!(!found.is_empty(), "what is wrong is told");
        return;
    };
    let form = RowFormat {
        delimiter: b',',
        quote: Some(b'"'),
        width: headers.len(),
        sheet: false,
        records: false,
    };
    let cells = b"A-1,Ann Example,1980-02-03,512-555-0142,\"85,000\"\n".as_slice();
    let (mut lines, mut rows) = (RowReader::new(cells, form, 0, 2), Rows::default());
    while lines.next(&mut rows).unwrap_or(false) {}
    for (_, row) in rows.iter() {
        mapper.map(&row, &mut Draft::default(), &mut Scratch::default());
    }
}
