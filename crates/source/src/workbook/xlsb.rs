//! .xlsb, the binary form of Excel's workbooks, record by record ([MS-XLSB]).
//!
//! Read here and not by way of calamine, which leaves out the cells whose formula gave an error and tells no formats but
//! dates. Texts that cells share are held in memory, everything else is a stream. Invariant: no record is trusted about its
//! length: a field that is not there is a damaged workbook.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use quick_xml::events::Event;
use quick_xml::{Reader as Xml, XmlVersion};
use zip::ZipArchive;

use super::format::Format;
use super::refused::WorkbookRefusal;
use super::rows::{CellSink, WorkbookReader};
use super::serial::DayEpoch;
use super::table::{COLUMNS, CellValue, ROWS};
use super::{SheetInfo, xlsx, zipped};

const FOLDER: &str = "xl/";

/// Bytes of the longest record: a text of 32,767 characters with its formats is far below.
const LONGEST: u32 = 1 << 20;

/// A binary Office Open XML workbook.
pub struct XlsbWorkbook<R> {
    archive: ZipArchive<R>,
    /// Sheets that hold cells, and the paths of their parts.
    sheets: Vec<(SheetInfo, String)>,
    from_1904: bool,
    formats: Vec<Format>,
    strings: Vec<String>,
}

pub(crate) fn open<R: Read + Seek>(reader: R) -> Result<XlsbWorkbook<R>, WorkbookRefusal> {
    let mut open = XlsbWorkbook {
        archive: zipped::open(reader)?,
        sheets: Vec::new(),
        from_1904: false,
        formats: Vec::new(),
        strings: Vec::new(),
    };
    let parts = open.relations()?;
    open.read_workbook(&parts)?;
    for (kind, path) in parts.values() {
        match kind.as_str() {
            "sharedStrings" => open.read_strings(path)?,
            "styles" => open.read_styles(path)?,
            _ => {}
        }
    }
    Ok(open)
}

/// The parts by their relation's id: the last word of its type, and its path.
type Relations = HashMap<String, (String, String)>;

impl<R: Read + Seek> XlsbWorkbook<R> {
    fn relations(&mut self) -> Result<Relations, WorkbookRefusal> {
        let text = zipped::text(&mut self.archive, "xl/_rels/workbook.bin.rels")?;
        let mut xml = Xml::from_reader(text.as_slice());
        let (mut parts, mut buffer) = (Relations::new(), Vec::new());
        loop {
            buffer.clear();
            let event = xml.read_event_into(&mut buffer);
            let (Event::Start(tag) | Event::Empty(tag)) =
                event.map_err(|_| WorkbookRefusal::Damaged)?
            else {
                if xml.buffer_position() >= text.len() as u64 {
                    return Ok(parts);
                }
                continue;
            };
            let (mut id, mut kind, mut path) = (String::new(), String::new(), String::new());
            for attribute in tag.attributes().filter_map(Result::ok) {
                let value = attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map_err(|_| WorkbookRefusal::Damaged)?;
                match attribute.key.as_ref() {
                    "Id" => id = value.into_owned(),
                    "Type" => kind = value.rsplit('/').next().unwrap_or("").to_owned(),
                    "Target" => path = path_of(&value),
                    _ => {}
                }
            }
            parts.insert(id, (kind, path));
        }
    }

    fn read_workbook(&mut self, parts: &Relations) -> Result<(), WorkbookRefusal> {
        let mut records = records_of(&mut self.archive, "xl/workbook.bin")?;
        while let Some(record) = records.next()? {
            match record.id {
                // BrtWbProp
                153 => self.from_1904 = record.u32(0)? & 1 != 0,
                // BrtBundleSh
                156 => {
                    let hidden = record.u32(0)? != 0;
                    let (id, after) = record.text(8)?;
                    let (name, _) = record.text(after)?;
                    let part = parts.get(&id).filter(|(kind, _)| kind == "worksheet");
                    self.sheets.extend(part.map(|(_, path)| {
                        let sheet = SheetInfo {
                            name,
                            hidden,
                            filled: false,
                        };
                        (sheet, path.clone())
                    }));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_strings(&mut self, path: &str) -> Result<(), WorkbookRefusal> {
        let mut records = records_of(&mut self.archive, path)?;
        while let Some(record) = records.next()? {
            // BrtSSTItem: a byte of flags, then the text.
            if record.id == 19 {
                self.strings.push(record.text(1)?.0);
            }
        }
        Ok(())
    }

    fn read_styles(&mut self, path: &str) -> Result<(), WorkbookRefusal> {
        let (mut codes, mut in_cells) = (HashMap::new(), false);
        let mut records = records_of(&mut self.archive, path)?;
        while let Some(record) = records.next()? {
            match record.id {
                // BrtFmt
                44 => {
                    codes.insert(record.u16(0)?, Format::of(&record.text(2)?.0));
                }
                // BrtBeginCellXFs, BrtEndCellXFs
                617 => in_cells = true,
                618 => in_cells = false,
                // BrtXF
                47 if in_cells => {
                    let id = record.u16(2)?;
                    let format = codes.get(&id).cloned();
                    let format = format.unwrap_or_else(|| Format::built_in(id.into()));
                    self.formats.push(format);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl<R: Read + Seek> WorkbookReader for XlsbWorkbook<R> {
    fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.iter().map(|(sheet, _)| sheet.clone()).collect()
    }

    fn epoch(&self) -> DayEpoch {
        xlsx::epoch(self.from_1904)
    }

    fn hidden_rows(&mut self, sheet: usize) -> Result<u64, WorkbookRefusal> {
        let mut records = records_of(&mut self.archive, &self.sheets[sheet].1)?;
        // A row counts with its first cell.
        let (mut count, mut hidden) = (0, false);
        while let Some(record) = records.next()? {
            match record.id {
                // BrtRowHdr: of its flags the fifth of the second byte.
                0 => hidden = record.u8(11)? & 0x10 != 0,
                1..=18 | 62 => count += u64::from(std::mem::take(&mut hidden)),
                146 => break,
                _ => {}
            }
        }
        Ok(count)
    }

    fn cells(&mut self, sheet: usize, take: &mut CellSink<'_>) -> Result<(), WorkbookRefusal> {
        let mut records = records_of(&mut self.archive, &self.sheets[sheet].1)?;
        let (mut row, mut next) = (0, 0);
        while let Some(record) = records.next()? {
            // A short cell has no column: it stands after the one before.
            let (id, at) = match record.id {
                0 => {
                    (row, next) = (record.u32(0)?, 0);
                    continue;
                }
                1..=11 | 62 => (record.id, 4),
                12..=18 => (record.id - 11, 0),
                // BrtEndSheetData
                146 => return Ok(()),
                _ => continue,
            };
            let column = if at == 4 { record.u32(0)? } else { next };
            if row >= ROWS || column >= COLUMNS {
                return Err(WorkbookRefusal::Damaged);
            }
            next = column + 1;
            let style = record.u32(at)? & 0x00FF_FFFF;
            let format = self.formats.get(style as usize);
            let format = format.unwrap_or(&Format::Number);
            let at = at + 4;
            let text;
            let value = match id {
                2 => CellValue::Number(packed(record.u32(at)?)),
                3 | 11 => CellValue::Error(error_text(record.u8(at)?)),
                4 | 10 => CellValue::Boolean(record.u8(at)? != 0),
                5 | 9 => CellValue::Number(f64::from_le_bytes(record.bytes(at)?)),
                7 => {
                    let shared = self.strings.get(record.u32(at)? as usize);
                    CellValue::Text(shared.ok_or(WorkbookRefusal::Damaged)?)
                }
                6 | 8 | 62 => {
                    text = record.text(at + usize::from(id == 62))?.0;
                    CellValue::Text(&text)
                }
                _ => continue,
            };
            if !take(row, column, &value, format)? {
                return Ok(());
            }
        }
        // It ended before its end.
        Err(WorkbookRefusal::Damaged)
    }
}

/// The path of a part in the archive, from a target that is relative to the folder of the workbook.
fn path_of(target: &str) -> String {
    match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{FOLDER}{target}"),
    }
}

/// A number of thirty bits: whole or the upper half of a float, perhaps in hundredths.
fn packed(bits: u32) -> f64 {
    let number = bits & !3;
    let value = if bits & 2 == 0 {
        f64::from_bits(u64::from(number) << 32)
    } else {
        f64::from(number as i32 >> 2)
    };
    if bits & 1 == 0 { value } else { value / 100.0 }
}

/// The text of an error as Excel shows it.
fn error_text(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        0x2B => "#GETTING_DATA",
        _ => "#UNKNOWN!",
    }
}

/// A part that is read.
struct XlsbRecords<P> {
    part: BufReader<P>,
    bytes: Vec<u8>,
}

/// One record.
struct Record<'a> {
    id: u16,
    bytes: &'a [u8],
}

/// The records of a part.
fn records_of<'a, R: Read + Seek>(
    archive: &'a mut ZipArchive<R>,
    path: &str,
) -> Result<XlsbRecords<impl Read + use<'a, R>>, WorkbookRefusal> {
    let part = zipped::part(archive, path)?.ok_or(WorkbookRefusal::Damaged)?;
    Ok(XlsbRecords {
        part: BufReader::with_capacity(64 << 10, part),
        bytes: Vec::new(),
    })
}

impl<P: Read> XlsbRecords<P> {
    /// The next record; none at the end of the part.
    fn next(&mut self) -> Result<Option<Record<'_>>, WorkbookRefusal> {
        let mut first = [0];
        if self.part.read(&mut first).map_err(zipped::broken)? == 0 {
            return Ok(None);
        }
        let mut id = u16::from(first[0]);
        if id & 0x80 != 0 {
            id = (id & 0x7F) | u16::from(self.byte()?) << 7;
        }
        let mut length = 0;
        for place in 0..4 {
            let byte = self.byte()?;
            length |= u32::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        if length > LONGEST {
            return Err(WorkbookRefusal::Damaged);
        }
        self.bytes.resize(length as usize, 0);
        self.part
            .read_exact(&mut self.bytes)
            .map_err(zipped::broken)?;
        Ok(Some(Record {
            id,
            bytes: &self.bytes,
        }))
    }

    fn byte(&mut self) -> Result<u8, WorkbookRefusal> {
        let mut byte = [0];
        self.part.read_exact(&mut byte).map_err(zipped::broken)?;
        Ok(byte[0])
    }
}

impl Record<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> Result<[u8; N], WorkbookRefusal> {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        bytes.copied().ok_or(WorkbookRefusal::Damaged)
    }

    fn u8(&self, at: usize) -> Result<u8, WorkbookRefusal> {
        Ok(self.bytes::<1>(at)?[0])
    }

    fn u16(&self, at: usize) -> Result<u16, WorkbookRefusal> {
        Ok(u16::from_le_bytes(self.bytes(at)?))
    }

    fn u32(&self, at: usize) -> Result<u32, WorkbookRefusal> {
        Ok(u32::from_le_bytes(self.bytes(at)?))
    }

    /// A text that stands after its length, in UTF-16, and the place after it. No text at all is an empty one.
    fn text(&self, at: usize) -> Result<(String, usize), WorkbookRefusal> {
        let length = self.u32(at)?;
        if length == u32::MAX {
            return Ok((String::new(), at + 4));
        }
        let end = (length as usize)
            .checked_mul(2)
            .and_then(|bytes| bytes.checked_add(at + 4));
        let end = end.ok_or(WorkbookRefusal::Damaged)?;
        let bytes = self
            .bytes
            .get(at + 4..end)
            .ok_or(WorkbookRefusal::Damaged)?;
        let units = bytes
            .as_chunks()
            .0
            .iter()
            .map(|pair| u16::from_le_bytes(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        Ok((text.map_err(|_| WorkbookRefusal::Damaged)?, end))
    }
}

#[cfg(test)]
mod tests {
    use super::packed;

    #[test]
    fn packed_numbers_are_whole_or_floats_perhaps_in_hundredths() {
        for (bits, value) in [
            (2, 0.0),
            (5 << 2 | 2, 5.0),
            (((-7_i32) << 2) as u32 | 2, -7.0),
            (12_345 << 2 | 3, 123.45),
            (0x3FF0_0000, 1.0),
            (0x4059_0000 | 1, 1.0),
        ] {
            assert_eq!(packed(bits), value);
        }
    }
}
