//! .ods, the workbooks of OpenDocument, row by row.
//!
//! Read here and not by way of calamine, which holds every cell of every sheet in memory. Rows and cells that stand for many
//! are written as many; an empty end of a sheet that stands for a million is nothing. Invariant: memory is that of one row.
//! A number whose zeros or dashes belong to it is taken as it is shown; every other number as it is.

mod shown;

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader as Xml, XmlVersion};
use zip::ZipArchive;

use super::format::Format;
use super::refused::{WorkbookBound, WorkbookRefusal};
use super::rows::{CellSink, WorkbookReader};
use super::serial::{DayEpoch, ShownParts};
use super::table::{COLUMNS, CellValue, HIDDEN, NO_RESULT, NOT_EXACT, ROWS};
use super::{SheetInfo, zipped};
use bakkt_model::text::trim;
use shown::{ShownNumber, decimals, judge, settle_currency, shows_day};

/// Characters of the longest cell.
const LONGEST: usize = 1 << 20;

pub(crate) struct OdsWorkbook<R> {
    archive: ZipArchive<R>,
    sheets: Vec<SheetInfo>,
}

/// Opens one: a pass over all of its sheets for their names, and whether they hold a value.
pub(crate) fn open<R: Read + Seek>(reader: R) -> Result<OdsWorkbook<R>, WorkbookRefusal> {
    let mut archive = zipped::open(reader)?;
    let mut content = content_of(&mut archive)?;
    let (mut sheets, mut hidden, mut style) = (Vec::new(), HashMap::new(), String::new());
    while let Some(event) = content.next()? {
        let Event::Start(tag) = event else { continue };
        match tag.name().as_ref() {
            "style:style" => style = attribute(&tag, "style:name")?.unwrap_or_default(),
            "style:table-properties" => {
                let shown = attribute(&tag, "table:display")?;
                hidden.insert(style.clone(), shown.as_deref() == Some("false"));
            }
            "table:table" => {
                let style = attribute(&tag, "table:style-name")?.unwrap_or_default();
                let mut sheet = SheetInfo {
                    name: attribute(&tag, "table:name")?.unwrap_or_default(),
                    hidden: hidden.get(&style).copied().unwrap_or(false),
                    filled: false,
                };
                let mut stop = |_, _, value: &CellValue<'_>, _: &Format| {
                    let is_blank = matches!(value, CellValue::Text(text) if trim(text).is_empty());
                    sheet.filled |= !is_blank;
                    Ok(is_blank)
                };
                if !content.rows(&mut stop)? {
                    content.skip("table:table")?;
                }
                sheets.push(sheet);
            }
            _ => {}
        }
    }
    drop(content);
    Ok(OdsWorkbook { archive, sheets })
}

impl<R: Read + Seek> WorkbookReader for OdsWorkbook<R> {
    fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.clone()
    }

    /// Dates stand as text: there is no epoch.
    fn epoch(&self) -> DayEpoch {
        DayEpoch::Of1900
    }

    fn hidden_rows(&mut self, sheet: usize) -> Result<u64, WorkbookRefusal> {
        let Some(part) = zipped::part(&mut self.archive, "content.xml")? else {
            return Ok(0);
        };
        let has = |tag: &[u8], mark: &[u8]| memchr::memmem::find(tag, mark).is_some();
        // A row counts with its first cell that holds something, as often as it stands.
        let (mut table, mut count, mut hidden) = (0_usize, 0_u64, 0_u64);
        zipped::each_tag(part, |name, tag| match name {
            b"table" => table += 1,
            b"table-row" if table == sheet + 1 => {
                let is_hidden =
                    has(tag, b"visibility=\"filter\"") || has(tag, b"visibility=\"collapse\"");
                hidden = if is_hidden { repeats(tag) } else { 0 };
            }
            b"table-cell" if has(tag, b"value-type=") => count += std::mem::take(&mut hidden),
            _ => {}
        })?;
        Ok(count)
    }

    fn is_filled(&mut self, sheet: usize) -> Result<bool, WorkbookRefusal> {
        Ok(self.sheets[sheet].filled)
    }

    fn cells(&mut self, sheet: usize, take: &mut CellSink<'_>) -> Result<(), WorkbookRefusal> {
        let mut content = content_of(&mut self.archive)?;
        let mut before = 0;
        while let Some(event) = content.next()? {
            match event {
                Event::Start(tag) if tag.name().as_ref() == "table:table" => {
                    if before == sheet {
                        return content.rows(take).map(|_| ());
                    }
                    before += 1;
                    content.skip("table:table")?;
                }
                _ => {}
            }
        }
        Err(WorkbookRefusal::Damaged)
    }
}

/// The XML part that holds the cells.
struct ContentPart<P: Read> {
    xml: Xml<BufReader<P>>,
    buffer: Vec<u8>,
}

/// A cell before it is written: how many columns it stands for, and what it holds.
#[derive(Default)]
struct OdsCell {
    columns: u32,
    held: HeldValue,
    text: String,
    /// It has a formula, and does not say of what kind the result is.
    unknown: bool,
}

#[derive(Default)]
enum HeldValue {
    #[default]
    Text,
    Number(f64, Format),
    Boolean(bool),
    When(ShownParts),
    Duration,
    Error,
}

fn content_of<'a, R: Read + Seek>(
    archive: &'a mut ZipArchive<R>,
) -> Result<ContentPart<impl Read + use<'a, R>>, WorkbookRefusal> {
    let part = zipped::part(archive, "content.xml")?.ok_or(WorkbookRefusal::Damaged)?;
    let mut xml = Xml::from_reader(BufReader::with_capacity(64 << 10, part));
    xml.config_mut().expand_empty_elements = true;
    Ok(ContentPart {
        xml,
        buffer: Vec::new(),
    })
}

impl<P: Read> ContentPart<P> {
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

    /// Goes on behind the end of an element that has begun.
    fn skip(&mut self, name: &str) -> Result<(), WorkbookRefusal> {
        let mut depth = 1;
        while depth > 0 {
            match self.must()? {
                Event::Start(tag) if tag.name().as_ref() == name => depth += 1,
                Event::End(tag) if tag.name().as_ref() == name => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// The rows of a table that has begun; true when it came to the table's end, false when no more was wanted.
    fn rows(&mut self, take: &mut CellSink<'_>) -> Result<bool, WorkbookRefusal> {
        let mut row = 0_u32;
        loop {
            let repeated = match self.must()? {
                Event::Start(tag) if tag.name().as_ref() == "table:table-row" => {
                    repeated(&tag, "table:number-rows-repeated")?
                }
                Event::Start(tag) if tag.name().as_ref() == "table:shapes" => {
                    self.skip("table:shapes")?;
                    continue;
                }
                Event::End(tag) if tag.name().as_ref() == "table:table" => return Ok(true),
                _ => continue,
            };
            let cells = self.cells()?;
            let end = row.saturating_add(repeated);
            if !cells.is_empty() {
                if end > ROWS {
                    return Err(WorkbookRefusal::TooLarge(WorkbookBound::Cells));
                }
                for row in row..end {
                    if !put(row, &cells, take)? {
                        return Ok(false);
                    }
                }
            }
            row = end;
        }
    }

    /// The cells of a row that has begun, up to the last that holds something.
    fn cells(&mut self) -> Result<Vec<OdsCell>, WorkbookRefusal> {
        let (mut cells, mut filled) = (Vec::new(), 0);
        loop {
            let (mut cell, covered) = match self.must()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "table:table-cell" => (OdsCell::of(&tag)?, false),
                    // Under a merged cell: what stands there is not shown.
                    "table:covered-table-cell" => (OdsCell::of(&tag)?, true),
                    _ => continue,
                },
                Event::End(tag) if tag.name().as_ref() == "table:table-row" => {
                    cells.truncate(filled);
                    return Ok(cells);
                }
                _ => continue,
            };
            let (shown, has_text) = self.cell_text()?;
            if covered {
                cell = OdsCell {
                    columns: cell.columns,
                    ..OdsCell::default()
                };
            } else {
                cell.settle(shown, has_text);
            }
            let empty = matches!(cell.held, HeldValue::Text) && cell.text.is_empty();
            cells.push(cell);
            if !empty {
                filled = cells.len();
            }
        }
    }

    /// The text that a cell shows: its paragraphs, without comments and drawings; spaces as OpenDocument counts them. And
    /// whether it has a paragraph: a program that shows nothing writes none.
    fn cell_text(&mut self) -> Result<(String, bool), WorkbookRefusal> {
        let (mut text, mut paragraphs, mut depth) = (String::new(), 0, 0);
        loop {
            let mut skip = None;
            match self.must()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "text:p" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                        depth += 1;
                    }
                    "text:s" => {
                        let count = repeated(&tag, "text:c")?.min(LONGEST as u32);
                        text.extend(std::iter::repeat_n('\u{0}', count as usize));
                    }
                    "text:tab" => text.push('\t'),
                    "text:line-break" => text.push('\n'),
                    name @ ("office:annotation" | "table:table" | "text:ruby-text") => {
                        skip = Some(name.to_owned());
                    }
                    name if name.starts_with("draw:") => skip = Some(name.to_owned()),
                    _ => {}
                },
                Event::End(tag) => match tag.name().as_ref() {
                    "text:p" => depth -= 1,
                    // Spaces that are meant are elements; until here they stand as a mark that no text has.
                    "table:table-cell" | "table:covered-table-cell" => {
                        return Ok((text.replace('\u{0}', " "), paragraphs > 0));
                    }
                    _ => {}
                },
                Event::Text(part) if depth > 0 => collapse(&part.xml10_content(), &mut text),
                Event::CData(part) if depth > 0 => collapse(&part.xml10_content(), &mut text),
                Event::GeneralRef(entity) if depth > 0 => {
                    let c = match entity.resolve_char_ref() {
                        Ok(Some(c)) => Some(c),
                        _ => zipped::named(entity.as_ref()),
                    };
                    text.push(c.ok_or(WorkbookRefusal::Damaged)?);
                }
                _ => {}
            }
            if text.len() > LONGEST {
                return Err(WorkbookRefusal::TooLarge(WorkbookBound::Text));
            }
            if let Some(name) = skip {
                self.skip(&name)?;
            }
        }
    }
}

impl OdsCell {
    /// What the attributes of a cell tell.
    fn of(tag: &BytesStart<'_>) -> Result<OdsCell, WorkbookRefusal> {
        let mut cell = OdsCell {
            columns: repeated(tag, "table:number-columns-repeated")?,
            ..OdsCell::default()
        };
        let get = |name| attribute(tag, name);
        if get("calcext:value-type")?.as_deref() == Some("error") {
            cell.held = HeldValue::Error;
            return Ok(cell);
        }
        let kind = get("office:value-type")?;
        cell.unknown = kind.is_none() && get("table:formula")?.is_some();
        match kind.as_deref() {
            Some(kind @ ("float" | "currency" | "percentage")) => {
                let value = get("office:value")?.and_then(|value| value.trim().parse().ok());
                let format = match kind {
                    "percentage" => Format::Percent,
                    "currency" => Format::Money(get("office:currency")?.unwrap_or_default()),
                    _ => Format::Number,
                };
                cell.held = HeldValue::Number(value.ok_or(WorkbookRefusal::Damaged)?, format);
            }
            Some("boolean") => {
                let truth = get("office:boolean-value")?;
                cell.held = HeldValue::Boolean(truth.as_deref() == Some("true"));
            }
            Some("date") => {
                cell.held = HeldValue::When(ShownParts::Date);
                cell.text = get("office:date-value")?.unwrap_or_default();
            }
            Some("time") => {
                cell.held = HeldValue::Duration;
                cell.text = get("office:time-value")?.unwrap_or_default();
            }
            _ => cell.text = get("office:string-value")?.unwrap_or_default(),
        }
        Ok(cell)
    }

    /// Takes the text that the cell shows where that is what it holds.
    fn settle(&mut self, shown: String, has_text: bool) {
        if self.unknown && shown.is_empty() {
            self.held = HeldValue::Error;
            self.text = NO_RESULT.to_owned();
            return;
        }
        if let HeldValue::Number(_, format @ Format::Money(_)) = &mut self.held {
            settle_currency(format, &shown);
        }
        match &self.held {
            // The functions TRUE and FALSE give numbers that are shown as words.
            HeldValue::Number(1.0, _) if shown == "TRUE" => self.held = HeldValue::Boolean(true),
            HeldValue::Number(0.0, _) if shown == "FALSE" => self.held = HeldValue::Boolean(false),
            HeldValue::Number(_, Format::Money(_)) if !has_text || !trim(&shown).is_empty() => {}
            HeldValue::Number(value, format) if has_text => {
                let shift = if *format == Format::Percent { 2 } else { 0 };
                self.settle_number(*value, shift, &shown);
            }
            // What a date leaves out, nobody has written there.
            HeldValue::When(_) if !shown.is_empty() && !shows_day(&shown, &self.text) => {
                self.held = HeldValue::Text;
                self.text = shown;
            }
            HeldValue::When(_) if shown.contains(':') => {
                self.held = HeldValue::When(ShownParts::DateTime)
            }
            HeldValue::Text if self.text.is_empty() => self.text = shown,
            HeldValue::Text
                if has_text && trim(&shown).is_empty() && !trim(&self.text).is_empty() =>
            {
                self.held = HeldValue::Error;
                self.text = HIDDEN.to_owned();
            }
            HeldValue::Error => self.text = shown,
            _ => {}
        }
    }
}

impl OdsCell {
    /// Takes what is shown for a number, where that is more than the number or another one.
    fn settle_number(&mut self, value: f64, shift: i32, shown: &str) {
        (self.held, self.text) = match judge(shown, value, shift) {
            ShownNumber::AsItIs if shift == 0 && value.fract() != 0.0 => {
                let format = Format::Decimals(decimals(shown, value));
                (HeldValue::Number(value, format), String::new())
            }
            ShownNumber::AsItIs => return,
            ShownNumber::Exactly(text) => (HeldValue::Text, text),
            ShownNumber::Empty => (HeldValue::Text, String::new()),
            ShownNumber::Otherwise => (HeldValue::Error, NOT_EXACT.to_owned()),
            ShownNumber::Hidden => (HeldValue::Error, HIDDEN.to_owned()),
        };
    }
}

/// Writes one row; false when no more is wanted.
fn put(row: u32, cells: &[OdsCell], take: &mut CellSink<'_>) -> Result<bool, WorkbookRefusal> {
    let mut column = 0_u32;
    for cell in cells {
        let end = column.saturating_add(cell.columns);
        let format;
        let (value, format) = match &cell.held {
            HeldValue::Text if cell.text.is_empty() => {
                column = end;
                continue;
            }
            HeldValue::Text => (CellValue::Text(&cell.text), &Format::Number),
            HeldValue::Number(value, format) => (CellValue::Number(*value), format),
            HeldValue::Boolean(truth) => (CellValue::Boolean(*truth), &Format::Number),
            HeldValue::When(parts) => {
                format = Format::When(*parts);
                (CellValue::When(&cell.text), &format)
            }
            HeldValue::Duration => (CellValue::Duration(&cell.text), &Format::Number),
            HeldValue::Error => (CellValue::Error(&cell.text), &Format::Number),
        };
        if end > COLUMNS {
            return Err(WorkbookRefusal::TooLarge(WorkbookBound::Cells));
        }
        for column in column..end {
            if !take(row, column, &value, format)? {
                return Ok(false);
            }
        }
        column = end;
    }
    Ok(true)
}

/// Adds text of a paragraph: any run of white space is one space, and none at its beginning.
fn collapse(part: &str, text: &mut String) {
    for c in part.chars() {
        if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            text.push(c);
        } else if !text.is_empty() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
    }
}

/// How many rows a tag stands for, as it is written.
fn repeats(tag: &[u8]) -> u64 {
    let mark = b"number-rows-repeated=\"";
    let at = memchr::memmem::find(tag, mark).map(|at| at + mark.len());
    let digits = at.and_then(|at| tag[at..].split(|byte| !byte.is_ascii_digit()).next());
    let number = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    number.unwrap_or(1)
}

/// How many an element stands for; one unless it says so.
fn repeated(tag: &BytesStart<'_>, name: &str) -> Result<u32, WorkbookRefusal> {
    match attribute(tag, name)? {
        None => Ok(1),
        Some(count) => count.trim().parse().map_err(|_| WorkbookRefusal::Damaged),
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, WorkbookRefusal> {
    let found = tag
        .try_get_attribute(name)
        .map_err(|_| WorkbookRefusal::Damaged)?;
    let value = found.map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0));
    let value = value.transpose().map_err(|_| WorkbookRefusal::Damaged)?;
    Ok(value.map(std::borrow::Cow::into_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_what_opendocument_counts() {
        let mut text = String::new();
        collapse("  a \n b", &mut text);
        collapse("  c ", &mut text);
        assert_eq!(text, "a b c ");
    }
}
