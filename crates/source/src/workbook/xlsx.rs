//! .xlsx and .xlsm, cell by cell.
//!
//! Read here and not by way of calamine, which refuses a sheet whose declared size it cannot read, takes a number format that
//! a file gives another meaning for the one that Excel ships, and does not tell a formula without a result from an empty
//! cell. Texts that cells share are held in memory, everything else is a stream. Invariants: the size that a sheet
//! declares is never looked at; a number format is the file's own, and Excel's only where the file has none.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader as Xml, XmlVersion};
use zip::ZipArchive;

use super::format::Format;
use super::refused::{WorkbookBound, WorkbookRefusal};
use super::rows::{CellSink, WorkbookReader};
use super::serial::DayEpoch;
use super::table::{COLUMNS, CellValue, NO_RESULT};
use super::{SheetInfo, zipped};

/// Characters of the longest text of a cell.
const LONGEST: usize = 1 << 20;

/// An Office Open XML workbook.
pub struct XlsxWorkbook<R> {
    archive: ZipArchive<R>,
    /// Sheets that hold cells, and the paths of their parts; charts are left out.
    sheets: Vec<(SheetInfo, String)>,
    from_1904: bool,
    /// Whether the results of formulas are to be computed when the workbook is opened: those that it holds are a program's
    /// placeholders.
    recalculated: bool,
    formats: Vec<Format>,
    strings: Vec<String>,
}

/// The parts by their relation's id: the last word of its type, and its path.
type Relations = HashMap<String, (String, String)>;

pub(crate) fn open<R: Read + Seek>(reader: R) -> Result<XlsxWorkbook<R>, WorkbookRefusal> {
    let mut open = XlsxWorkbook {
        archive: zipped::open(reader)?,
        sheets: Vec::new(),
        from_1904: false,
        recalculated: false,
        formats: Vec::new(),
        strings: Vec::new(),
    };
    let main = open.relations("")?;
    let main = main.values().find(|(kind, _)| kind == "officeDocument");
    let main = main.map_or("xl/workbook.xml".to_owned(), |(_, path)| path.clone());
    let parts = open.relations(&main)?;
    open.read_workbook(&main, &parts)?;
    // A part that is there although nothing refers to it is read, too, as other programs do.
    let part = |wanted: &str| {
        let named = parts.values().find(|(kind, _)| kind == wanted);
        let (folder, _) = main.rsplit_once('/').unwrap_or(("", &main));
        named.map_or(format!("{folder}/{wanted}.xml"), |(_, path)| path.clone())
    };
    open.read_strings(&part("sharedStrings"))?;
    open.read_styles(&part("styles"))?;
    Ok(open)
}

impl<R: Read + Seek> XlsxWorkbook<R> {
    /// The parts that another one refers to; `""` is the archive itself.
    fn relations(&mut self, of: &str) -> Result<Relations, WorkbookRefusal> {
        let (folder, name) = of.rsplit_once('/').unwrap_or(("", of));
        let path = format!("{folder}/_rels/{name}.rels");
        let Some(mut part) = part_of(&mut self.archive, &path)? else {
            return Ok(Relations::new());
        };
        let mut parts = Relations::new();
        while let Some(event) = part.next()? {
            let Event::Start(tag) = event else { continue };
            if tag.local_name().as_ref() != "Relationship" {
                continue;
            }
            let (id, kind) = (attribute(&tag, "Id")?, attribute(&tag, "Type")?);
            let target = attribute(&tag, "Target")?.unwrap_or_default();
            let kind = kind.unwrap_or_default();
            let kind = kind.rsplit('/').next().unwrap_or("").to_owned();
            parts.insert(id.unwrap_or_default(), (kind, resolve(folder, &target)));
        }
        Ok(parts)
    }

    fn read_workbook(&mut self, path: &str, parts: &Relations) -> Result<(), WorkbookRefusal> {
        let mut part = part_of(&mut self.archive, path)?.ok_or(WorkbookRefusal::Damaged)?;
        while let Some(event) = part.next()? {
            let Event::Start(tag) = event else { continue };
            match tag.local_name().as_ref() {
                "workbookPr" => self.from_1904 = is_true(attribute(&tag, "date1904")?),
                "calcPr" => self.recalculated = is_true(attribute(&tag, "fullCalcOnLoad")?),
                "sheet" => {
                    let id = attribute(&tag, "id")?.unwrap_or_default();
                    let Some((kind, path)) = parts.get(&id) else {
                        return Err(WorkbookRefusal::Damaged);
                    };
                    let state = attribute(&tag, "state")?;
                    let sheet = SheetInfo {
                        name: attribute(&tag, "name")?.unwrap_or_default(),
                        hidden: state.is_some_and(|state| state != "visible"),
                        filled: false,
                    };
                    if kind == "worksheet" {
                        self.sheets.push((sheet, path.clone()));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_strings(&mut self, path: &str) -> Result<(), WorkbookRefusal> {
        let Some(mut part) = part_of(&mut self.archive, path)? else {
            return Ok(());
        };
        let mut strings = Vec::new();
        while let Some(event) = part.next()? {
            if let Event::Start(tag) = event
                && tag.local_name().as_ref() == "si"
            {
                strings.push(part.rich_text("si")?);
            }
        }
        self.strings = strings;
        Ok(())
    }

    fn read_styles(&mut self, path: &str) -> Result<(), WorkbookRefusal> {
        let Some(mut part) = part_of(&mut self.archive, path)? else {
            return Ok(());
        };
        let (mut codes, mut styles, mut in_cells) = (HashMap::new(), Vec::new(), false);
        while let Some(event) = part.next()? {
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "numFmt" => {
                        let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                        codes.insert(number_of(&tag, "numFmtId")?, Format::of(&code));
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => styles.push(number_of(&tag, "numFmtId")?),
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
                _ => {}
            }
        }
        let format = |id: &u32| {
            let own = codes.get(id).cloned();
            own.unwrap_or_else(|| Format::built_in(*id))
        };
        self.formats = styles.iter().map(format).collect();
        Ok(())
    }
}

impl<R: Read + Seek> WorkbookReader for XlsxWorkbook<R> {
    fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.iter().map(|(sheet, _)| sheet.clone()).collect()
    }

    fn epoch(&self) -> DayEpoch {
        epoch(self.from_1904)
    }

    fn hidden_rows(&mut self, sheet: usize) -> Result<u64, WorkbookRefusal> {
        let path = self.sheets[sheet].1.clone();
        let Some(part) = zipped::part(&mut self.archive, &path)? else {
            return Ok(0);
        };
        let marks: [&[u8]; 3] = [b"hidden=\"1\"", b"hidden=\"true\"", b"hidden='1'"];
        let is_hidden = |tag: &[u8]| {
            marks
                .iter()
                .any(|mark| memchr::memmem::find(tag, mark).is_some())
        };
        // A row counts with its first cell.
        let (mut count, mut hidden) = (0, false);
        zipped::each_tag(part, |name, tag| match name {
            b"row" => hidden = is_hidden(tag),
            b"c" => count += u64::from(std::mem::take(&mut hidden)),
            _ => {}
        })?;
        Ok(count)
    }

    fn cells(&mut self, sheet: usize, take: &mut CellSink<'_>) -> Result<(), WorkbookRefusal> {
        let path = self.sheets[sheet].1.clone();
        let mut part = part_of(&mut self.archive, &path)?.ok_or(WorkbookRefusal::Damaged)?;
        let mut cell = XlsxCell::default();
        let (mut row, mut column, mut in_data, mut is_sheet) = (0_u32, 0_u32, false, false);
        while let Some(event) = part.next()? {
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "worksheet" => is_sheet = true,
                    "sheetData" => in_data = true,
                    "row" if in_data => {
                        if let Some(number) = attribute(&tag, "r")? {
                            row = row_of(&number)?;
                        }
                        column = 0;
                    }
                    "c" if in_data => {
                        if let Some(place) = cell.begin(&tag)? {
                            (row, column) = place;
                        }
                        part.cell(&mut cell)?;
                        let format = self.formats.get(cell.style).unwrap_or(&Format::Number);
                        if let Some(value) = cell.value(&self.strings, self.recalculated)?
                            && !take(row, column, &value, format)?
                        {
                            return Ok(());
                        }
                        column += 1;
                    }
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "row" if in_data => row = row.saturating_add(1),
                    "sheetData" => return Ok(()),
                    _ => {}
                },
                _ => {}
            }
        }
        // A sheet without cells may have no place for them; one that was cut is damaged.
        if is_sheet && !in_data {
            Ok(())
        } else {
            Err(WorkbookRefusal::Damaged)
        }
    }
}

/// What a cell says of itself, in buffers that are used again.
#[derive(Default)]
struct XlsxCell {
    kind: String,
    style: usize,
    has_formula: bool,
    /// The text of the value; none where there is no such element.
    held: Option<String>,
}

impl XlsxCell {
    /// Takes its attributes; its place, where it has one.
    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<Option<(u32, u32)>, WorkbookRefusal> {
        self.kind.clear();
        (self.style, self.has_formula, self.held) = (0, false, None);
        let mut place = None;
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| WorkbookRefusal::Damaged)?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| WorkbookRefusal::Damaged)?;
            match attribute.key.as_ref() {
                "r" => place = Some(place_of(&value)?),
                "s" => self.style = value.trim().parse().map_err(|_| WorkbookRefusal::Damaged)?,
                "t" => self.kind.push_str(&value),
                _ => {}
            }
        }
        Ok(place)
    }

    /// What it holds; none when it is empty.
    fn value<'a>(
        &'a self,
        strings: &'a [String],
        recalculated: bool,
    ) -> Result<Option<CellValue<'a>>, WorkbookRefusal> {
        let held = self.held.as_deref();
        let trimmed = held.unwrap_or("").trim();
        // A formula that gives no text has an empty one for its result.
        let empty_text = held.is_some() && matches!(self.kind.as_str(), "str" | "inlineStr");
        if self.has_formula && trimmed.is_empty() && !empty_text {
            return Ok(Some(CellValue::Error(NO_RESULT)));
        }
        let value = match self.kind.as_str() {
            "str" | "inlineStr" | "is" => CellValue::Text(held.unwrap_or("")),
            _ if trimmed.is_empty() => return Ok(None),
            "s" => {
                let place: usize = trimmed.parse().map_err(|_| WorkbookRefusal::Damaged)?;
                CellValue::Text(strings.get(place).ok_or(WorkbookRefusal::Damaged)?)
            }
            "b" => match trimmed.to_ascii_lowercase().as_str() {
                "0" | "false" => CellValue::Boolean(false),
                "1" | "true" => CellValue::Boolean(true),
                _ => return Err(WorkbookRefusal::Damaged),
            },
            "e" => CellValue::Error(trimmed),
            "d" => CellValue::When(trimmed),
            "n" => CellValue::Number(trimmed.parse().map_err(|_| WorkbookRefusal::Damaged)?),
            "" => match trimmed.parse() {
                Ok(number) => CellValue::Number(number),
                Err(_) => CellValue::Text(held.unwrap_or("")),
            },
            _ => return Err(WorkbookRefusal::Damaged),
        };
        // A program that writes formulas and does not compute them writes a zero.
        let placeholder = self.has_formula && recalculated && value == CellValue::Number(0.0);
        Ok(Some(if placeholder {
            CellValue::Error(NO_RESULT)
        } else {
            value
        }))
    }
}

/// The XML part of a sheet that is being read.
struct SheetPart<P: Read> {
    xml: Xml<BufReader<P>>,
    buffer: Vec<u8>,
}

fn part_of<'a, R: Read + Seek>(
    archive: &'a mut ZipArchive<R>,
    path: &str,
) -> Result<Option<SheetPart<impl Read + use<'a, R>>>, WorkbookRefusal> {
    let Some(part) = zipped::part(archive, path)? else {
        return Ok(None);
    };
    let mut xml = Xml::from_reader(BufReader::with_capacity(64 << 10, part));
    xml.config_mut().expand_empty_elements = true;
    Ok(Some(SheetPart {
        xml,
        buffer: Vec::new(),
    }))
}

impl<P: Read> SheetPart<P> {
    /// The next event; none at the end.
    fn next(&mut self) -> Result<Option<Event<'_>>, WorkbookRefusal> {
        self.buffer.clear();
        match self.xml.read_event_into(&mut self.buffer) {
            Ok(Event::Eof) => Ok(None),
            Ok(event) => Ok(Some(event)),
            Err(quick_xml::Error::Io(error)) => {
                Err(zipped::broken(std::io::Error::from(error.kind())))
            }
            Err(_) => Err(WorkbookRefusal::Damaged),
        }
    }

    /// The same where the end is too early.
    fn must(&mut self) -> Result<Event<'_>, WorkbookRefusal> {
        self.next()?.ok_or(WorkbookRefusal::Damaged)
    }

    /// What stands in a cell that has begun, up to its end.
    fn cell(&mut self, cell: &mut XlsxCell) -> Result<(), WorkbookRefusal> {
        loop {
            let (value, text) = match self.must()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "v" => (true, false),
                    "is" => (false, true),
                    "f" => {
                        cell.has_formula = true;
                        (false, false)
                    }
                    _ => (false, false),
                },
                Event::End(tag) if tag.local_name().as_ref() == "c" => return Ok(()),
                _ => continue,
            };
            if text {
                cell.held = Some(self.rich_text("is")?);
            } else if value && cell.kind != "inlineStr" {
                let held = cell.held.insert(String::new());
                self.plain_text("v", held)?;
                if cell.kind == "str" {
                    unescape(held);
                }
            }
        }
    }

    /// Adds the text of an element that has begun, up to its end.
    fn plain_text(&mut self, name: &str, text: &mut String) -> Result<(), WorkbookRefusal> {
        loop {
            match self.must()? {
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(entity) => {
                    let c = match entity.resolve_char_ref() {
                        Ok(Some(c)) => Some(c),
                        _ => zipped::named(entity.as_ref()),
                    };
                    text.push(c.ok_or(WorkbookRefusal::Damaged)?);
                }
                Event::End(tag) if tag.local_name().as_ref() == name => return Ok(()),
                _ => {}
            }
            if text.len() > LONGEST {
                return Err(WorkbookRefusal::TooLarge(WorkbookBound::Text));
            }
        }
    }

    /// A text that may have parts of several formats, without what tells its pronunciation.
    fn rich_text(&mut self, name: &str) -> Result<String, WorkbookRefusal> {
        let (mut text, mut spoken) = (String::new(), 0);
        loop {
            let begins = match self.must()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "rPh" => {
                        spoken += 1;
                        false
                    }
                    "t" => true,
                    _ => false,
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "rPh" => {
                        spoken -= 1;
                        false
                    }
                    end if end == name => break,
                    _ => false,
                },
                _ => false,
            };
            if begins {
                let mut part = String::new();
                self.plain_text("t", &mut part)?;
                if spoken == 0 {
                    text.push_str(&part);
                }
            }
            if text.len() > LONGEST {
                return Err(WorkbookRefusal::TooLarge(WorkbookBound::Text));
            }
        }
        unescape(&mut text);
        Ok(text)
    }
}

/// Turns `_x000D_` into the character that XML cannot hold; `_x005F_` is the underscore that would begin another.
fn unescape(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let (mut units, mut rest): (Vec<u16>, &str) = (Vec::new(), text);
    while let Some(at) = rest.find("_x") {
        units.extend(rest[..at].encode_utf16());
        rest = &rest[at..];
        let code = rest
            .get(2..6)
            .filter(|_| rest.as_bytes().get(6) == Some(&b'_'));
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|code| u16::from_str_radix(code, 16).ok()) {
            Some(unit) => {
                units.push(unit);
                rest = &rest[7..];
            }
            None => {
                units.extend("_x".encode_utf16());
                rest = &rest[2..];
            }
        }
    }
    units.extend(rest.encode_utf16());
    *text = String::from_utf16_lossy(&units);
}

/// The path of a part in the archive, from a target that is relative to a folder.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let base = if target.starts_with('/') { "" } else { folder };
    let mut path: Vec<&str> = Vec::new();
    for step in base.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

/// The row, from 0, that a number from 1 means.
fn row_of(number: &str) -> Result<u32, WorkbookRefusal> {
    let number: u32 = number
        .trim()
        .parse()
        .map_err(|_| WorkbookRefusal::Damaged)?;
    number.checked_sub(1).ok_or(WorkbookRefusal::Damaged)
}

/// The row and the column, from 0, that a reference like `B2` means.
fn place_of(reference: &str) -> Result<(u32, u32), WorkbookRefusal> {
    let reference = reference.trim();
    let digits = reference.find(|c: char| c.is_ascii_digit());
    let (letters, digits) = reference.split_at(digits.ok_or(WorkbookRefusal::Damaged)?);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        if !letter.is_ascii_alphabetic() {
            return Err(WorkbookRefusal::Damaged);
        }
        column = column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
        if column > COLUMNS {
            return Err(WorkbookRefusal::TooLarge(WorkbookBound::Cells));
        }
    }
    Ok((
        row_of(digits)?,
        column.checked_sub(1).ok_or(WorkbookRefusal::Damaged)?,
    ))
}

/// An attribute by its name, whatever the prefix of its namespace.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, WorkbookRefusal> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| WorkbookRefusal::Damaged)?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return Ok(Some(
                value.map_err(|_| WorkbookRefusal::Damaged)?.into_owned(),
            ));
        }
    }
    Ok(None)
}

/// An attribute that is a number; 0 where it is missing.
fn number_of(tag: &BytesStart<'_>, name: &str) -> Result<u32, WorkbookRefusal> {
    match attribute(tag, name)? {
        None => Ok(0),
        Some(number) => number.trim().parse().map_err(|_| WorkbookRefusal::Damaged),
    }
}

fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| matches!(value.trim(), "1" | "true" | "on"))
}

/// The epoch of a workbook's flag.
pub(crate) fn epoch(from_1904: bool) -> DayEpoch {
    if from_1904 {
        DayEpoch::Of1904
    } else {
        DayEpoch::Of1900
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_references() {
        assert_eq!(place_of("A1"), Ok((0, 0)));
        assert_eq!(place_of("aa10"), Ok((9, 26)));
        assert_eq!(place_of("XFD1048576"), Ok((1_048_575, 16_383)));
        assert_eq!(
            place_of("XFE1"),
            Err(WorkbookRefusal::TooLarge(WorkbookBound::Cells))
        );
        for wrong in ["", "A", "1", "A0", "$A$1", "A1:B2"] {
            assert_eq!(place_of(wrong), Err(WorkbookRefusal::Damaged), "{wrong}");
        }
    }

    #[test]
    fn targets_are_relative_to_the_folder_of_their_part() {
        for (target, path) in [
            ("worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("..\\other\\sheet1.xml", "other/sheet1.xml"),
            ("./styles.xml", "xl/styles.xml"),
        ] {
            assert_eq!(resolve("xl", target), path);
        }
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_escaped_in_texts() {
        for (text, plain) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("ID_x", "ID_x"),
            ("a_xZZZZ_b", "a_xZZZZ_b"),
            ("_xD83D__xDE00_", "\u{1f600}"),
            ("größe_x0041_", "größeA"),
        ] {
            let mut given = text.to_owned();
            unescape(&mut given);
            assert_eq!(given, plain);
        }
    }
}
