//! Lines of a table's sheet as the text that a workbook holds.
//!
//! Owner of how a cell is written: the library's own form, byte for byte, as the tests compare. Left out: what surrounds the lines
//! (`table_frame`).

/// A spreadsheet's limit of one cell, in UTF-16 units.
const LONGEST: usize = 32_767;

/// What the cells of a column begin with.
pub(super) struct ColumnText {
    /// Before the number of the row.
    cell: String,
    /// Between that and a text.
    text: String,
    /// Between that and a number.
    number: String,
}

impl ColumnText {
    /// The column of this place, from 0, below 26, whose cells have the look of this number.
    pub(super) fn new(place: u8, look: &str) -> ColumnText {
        debug_assert!(place < 26, "a column has one letter here");
        ColumnText {
            cell: format!("<c r=\"{}", char::from(b'A' + place)),
            text: format!("\" s=\"{look}\" t=\"inlineStr\"><is><t"),
            number: format!("\" s=\"{look}\"><v>"),
        }
    }
}

/// Lines that were not handed on yet.
#[derive(Default)]
pub(super) struct RowText {
    out: String,
    /// The number of the row.
    row: String,
}

impl RowText {
    /// Begins the row of a number, counted from 1.
    pub(super) fn begin(&mut self, row: u32) {
        self.row.clear();
        self.row.push_str(&row.to_string());
        self.push("<row r=\"");
        self.out.push_str(&self.row);
        self.push("\">");
    }

    pub(super) fn end(&mut self) {
        self.push("</row>");
    }

    /// A cell with a text, which is cut where it is longer than a cell can be.
    pub(super) fn text(&mut self, column: &ColumnText, text: &str) {
        let text = fitting(text);
        self.cell(column, &column.text);
        let blank = ['\t', '\n', ' '];
        if text.starts_with(blank) || text.ends_with(blank) {
            self.push(" xml:space=\"preserve\"");
        }
        self.push(">");
        escape(text, &mut self.out);
        self.push("</t></is></c>");
    }

    /// A cell with a number.
    pub(super) fn number(&mut self, column: &ColumnText, number: u64) {
        self.cell(column, &column.number);
        self.push(&number.to_string());
        self.push("</v></c>");
    }

    fn cell(&mut self, column: &ColumnText, after_row: &str) {
        self.push(&column.cell);
        self.out.push_str(&self.row);
        self.push(after_row);
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// How many bytes wait.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Hands on what waits.
    pub(super) fn hand_on(
        &mut self,
        into: impl FnOnce(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        into(self.out.as_bytes())?;
        self.out.clear();
        Ok(())
    }
}

/// As much of a text as a cell can hold.
pub(super) fn fitting(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > LONGEST
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Adds a text as XML. A character that XML cannot hold is written as `_xHHHH_`, and what looks like that gets an escaped `_`.
fn escape(text: &str, out: &mut String) {
    let is_plain = |byte: &u8| !matches!(byte, 0..=8 | 11..=31 | b'&' | b'<' | b'>' | b'_' | 0xEF);
    let plain = text.as_bytes().iter().take_while(|byte| is_plain(byte));
    // What ends it is a character of its own, or begins one.
    let (plain, rest) = text.split_at(plain.count());
    out.push_str(plain);
    for (at, c) in rest.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if is_escape(&rest.as_bytes()[at..]) => out.push_str("_x005F_"),
            '\t' | '\n' => out.push(c),
            '\0'..='\x1F' | '\u{FFFE}' | '\u{FFFF}' => {
                out.push_str(&format!("_x{:04X}_", u32::from(c)));
            }
            c => out.push(c),
        }
    }
}

/// Whether a text begins with what stands for another character.
fn is_escape(text: &[u8]) -> bool {
    let Some([b'_', b'x', digits @ .., b'_']) = text.get(..7) else {
        return false;
    };
    digits.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbook::table_frame::parts;
    use rust_xlsxwriter::Workbook;

    #[test]
    fn a_cell_is_written_as_the_library_writes_it() {
        let texts = [
            "C-1",
            "=1+1",
            " a ",
            "a\n",
            "\ta",
            "a & b <c> \"d\"",
            "_x0041_",
            "_x00e9_ _x005F_x_x0041_",
            "_x004",
            "_x00é1_",
            "a_b",
            "\u{1}\r\u{b}\u{1f}\u{7f}",
            "\u{fffe}\u{ffff}\u{feff}\u{fffd}",
            "žluťoučký 😀",
        ];
        let folder = tempfile::tempdir().unwrap();
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder.path()).unwrap();
        let sheet = workbook.add_worksheet_with_constant_memory().unwrap();
        let (column, mut rows) = (ColumnText::new(1, "0"), RowText::default());
        for (row, text) in (0..).zip(texts) {
            sheet.write_string(row, 1, text).unwrap();
            rows.begin(row + 1);
            rows.text(&column, text);
            rows.end();
        }
        sheet.write_number(100, 1, 1_234_567.0).unwrap();
        rows.begin(101);
        rows.number(&column, 1_234_567);
        rows.end();
        let parts = parts(workbook.save_to_buffer().unwrap()).unwrap();
        let written = parts.iter().find(|part| part.name.ends_with("sheet1.xml"));
        let written = &written.unwrap().text;
        let (_, lines) = written.split_once("<sheetData>").unwrap();
        let (lines, _) = lines.split_once("</sheetData>").unwrap();
        assert_eq!(rows.out.replace(" s=\"0\"", ""), lines);
    }

    #[test]
    fn no_text_is_longer_than_a_cell() {
        assert_eq!(fitting("abc"), "abc");
        let long = "é".repeat(40_000);
        assert_eq!(fitting(&long).chars().count(), LONGEST);
        let wide = "😀".repeat(20_000);
        assert_eq!(fitting(&wide).chars().count(), LONGEST / 2);
    }
}
