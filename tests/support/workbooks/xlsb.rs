//! A writer of .xlsb for tests: the records that a reader needs, and no others ([MS-XLSB]).

use super::{Cell, Sheet, archive_of};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/><Override PartName="/xl/sharedStrings.bin" ContentType="application/vnd.ms-excel.sharedStrings"/><Override PartName="/xl/styles.bin" ContentType="application/vnd.ms-excel.styles"/>SHEETS</Types>"#;
const TYPE: &str = r#"<Override PartName="/xl/worksheets/sheetN.bin" ContentType="application/vnd.ms-excel.worksheet"/>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">ALL</Relationships>"#;
const BASE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relations(all: &[(String, &str, String)]) -> Vec<u8> {
    let each = all.iter().map(|(id, kind, target)| {
        format!(r#"<Relationship Id="{id}" Type="{BASE}/{kind}" Target="{target}"/>"#)
    });
    let each: String = each.collect();
    RELATIONS.replace("ALL", &each).into_bytes()
}

/// The bytes of an .xlsb.
pub fn xlsb(sheets: &[Sheet], from_1904: bool) -> Vec<u8> {
    let mut codes: Vec<&str> = vec!["General"];
    let mut strings: Vec<String> = Vec::new();
    let bodies: Vec<Vec<u8>> = sheets
        .iter()
        .map(|sheet| body(sheet, &mut codes, &mut strings))
        .collect();
    let numbers = 1..=sheets.len();
    let types: String = numbers
        .clone()
        .map(|number| TYPE.replace('N', &number.to_string()))
        .collect();
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            TYPES.replace("SHEETS", &types).into_bytes(),
        ),
        (
            "_rels/.rels".to_owned(),
            relations(&[("rId1".into(), "officeDocument", "xl/workbook.bin".into())]),
        ),
        ("xl/workbook.bin".to_owned(), book(sheets, from_1904)),
    ];
    let mut all: Vec<(String, &str, String)> = numbers
        .map(|number| {
            let target = format!("worksheets/sheet{number}.bin");
            (format!("rId{number}"), "worksheet", target)
        })
        .collect();
    all.push(("rIdA".into(), "styles", "styles.bin".into()));
    all.push(("rIdB".into(), "sharedStrings", "sharedStrings.bin".into()));
    parts.push(("xl/_rels/workbook.bin.rels".to_owned(), relations(&all)));
    for (number, body) in bodies.into_iter().enumerate() {
        parts.push((format!("xl/worksheets/sheet{}.bin", number + 1), body));
    }
    parts.push(("xl/styles.bin".to_owned(), styles(&codes)));
    parts.push(("xl/sharedStrings.bin".to_owned(), shared(&strings)));
    archive_of(&parts)
}

fn book(sheets: &[Sheet], from_1904: bool) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 131, &[]);
    let flags = u32::from(from_1904).to_le_bytes();
    record(&mut out, 153, &[&flags[..], &[0; 4], &[0; 4]].concat());
    record(&mut out, 143, &[]);
    for (number, sheet) in sheets.iter().enumerate() {
        let number = number as u32 + 1;
        let mut body = u32::from(sheet.hidden).to_le_bytes().to_vec();
        body.extend(number.to_le_bytes());
        body.extend(wide(&format!("rId{number}")));
        body.extend(wide(sheet.name));
        record(&mut out, 156, &body);
    }
    record(&mut out, 144, &[]);
    record(&mut out, 132, &[]);
    out
}

fn styles(codes: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 278, &[]);
    record(&mut out, 615, &(codes.len() as u32).to_le_bytes());
    for (number, code) in codes.iter().enumerate() {
        let mut body = (164 + number as u16).to_le_bytes().to_vec();
        body.extend(wide(code));
        record(&mut out, 44, &body);
    }
    record(&mut out, 616, &[]);
    record(&mut out, 617, &(codes.len() as u32).to_le_bytes());
    for number in 0..codes.len() as u16 {
        let mut body = vec![0; 16];
        body[2..4].copy_from_slice(&(164 + number).to_le_bytes());
        record(&mut out, 47, &body);
    }
    record(&mut out, 618, &[]);
    record(&mut out, 279, &[]);
    out
}

fn shared(strings: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 159, &[0; 8]);
    for text in strings {
        record(&mut out, 19, &[&[0][..], &wide(text)].concat());
    }
    record(&mut out, 160, &[]);
    out
}

fn body(sheet: &Sheet, codes: &mut Vec<&'static str>, strings: &mut Vec<String>) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 129, &[]);
    record(&mut out, 148, &[0; 16]);
    record(&mut out, 145, &[]);
    let mut current = None;
    for (row, column, cell) in sheet.cells() {
        if matches!(cell, Cell::Empty) {
            continue;
        }
        if current != Some(row) {
            current = Some(row);
            let mut about = [0; 13];
            // Not shown: of the flags of a row the fifth of the second byte.
            about[7] = u8::from(sheet.hidden_rows.contains(&row)) << 4;
            record(&mut out, 0, &[&row.to_le_bytes()[..], &about].concat());
        }
        let mut style = 0;
        let (id, value) = value(cell, codes, strings, &mut style);
        let mut body = u32::from(column).to_le_bytes().to_vec();
        body.extend(style.to_le_bytes());
        body.extend(value);
        record(&mut out, id, &body);
    }
    record(&mut out, 146, &[]);
    record(&mut out, 130, &[]);
    out
}

/// The record of a cell, and what stands in it behind its place.
fn value(
    cell: &Cell,
    codes: &mut Vec<&'static str>,
    strings: &mut Vec<String>,
    style: &mut u32,
) -> (u16, Vec<u8>) {
    // What a formula is made of is not read: an empty one will do.
    let formula = [0; 10];
    match cell {
        Cell::Empty => (1, Vec::new()),
        Cell::Text(text) => {
            let place = strings.iter().position(|other| other == text);
            let place = place.unwrap_or_else(|| {
                strings.push(text.clone());
                strings.len() - 1
            });
            (7, (place as u32).to_le_bytes().to_vec())
        }
        Cell::Number(value, code) => {
            let place = codes.iter().position(|other| other == code);
            *style = place.unwrap_or_else(|| {
                codes.push(code);
                codes.len() - 1
            }) as u32;
            // Small whole numbers are packed, as Excel does it.
            if value.fract() == 0.0 && value.abs() < f64::from(1 << 29) {
                (2, ((*value as i32) << 2 | 2).to_le_bytes().to_vec())
            } else {
                (5, value.to_le_bytes().to_vec())
            }
        }
        Cell::Boolean(truth) => (4, vec![u8::from(*truth)]),
        Cell::Formula(_, "#N/A") => (11, [&[0x2A][..], &formula].concat()),
        Cell::Formula(_, "#REF!") => (11, [&[0x17][..], &formula].concat()),
        Cell::Formula(_, gave) => match gave.parse::<f64>() {
            Ok(value) => (9, [&value.to_le_bytes()[..], &formula].concat()),
            Err(_) => (8, [&wide(gave)[..], &formula].concat()),
        },
    }
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = (units.len() as u32).to_le_bytes().to_vec();
    bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    bytes
}

fn record(out: &mut Vec<u8>, id: u16, body: &[u8]) {
    if id < 0x80 {
        out.push(id as u8);
    } else {
        out.extend([(id & 0x7F) as u8 | 0x80, (id >> 7) as u8]);
    }
    let mut length = body.len();
    loop {
        let more = length > 0x7F;
        out.push((length & 0x7F) as u8 | if more { 0x80 } else { 0 });
        length >>= 7;
        if !more {
            break;
        }
    }
    out.extend_from_slice(body);
}
