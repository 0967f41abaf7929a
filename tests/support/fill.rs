//! Fills in a sheet that `gaps --sheet` wrote, as a diligent person would: every open cell, by what the sheet itself says.
//!
//! Owner of the invented values. Invariant: nothing but the workbook is asked: which cells are open, what its sheet "Fields"
//! says about form and list. Left out on purpose: taking it (`backfill`).

use std::collections::BTreeMap;
use std::path::Path;

use bakkt_contract::{countries, postal_codes};
use calamine::{Data, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

/// The sheet as it was written.
pub struct Sheet {
    /// The three lines above the customers.
    pub head: Vec<Vec<String>>,
    /// A line per customer; empty: to be filled in.
    pub lines: Vec<Vec<String>>,
    /// By path: what the sheet "Fields" says, by its header.
    pub fields: BTreeMap<String, BTreeMap<String, String>>,
    /// By name: what can be chosen.
    pub lists: BTreeMap<String, Vec<String>>,
    /// How often this was asked already: whoever is asked again gives another answer.
    pub asked_before: usize,
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Reads a workbook.
pub fn read(path: &Path) -> Sheet {
    let mut workbook: Xlsx<_> = open_workbook(path).expect("a workbook");
    let mut rows = |name: &str| -> Vec<Vec<String>> {
        let range = workbook.worksheet_range(name).expect("a sheet");
        let row = |row: &[Data]| row.iter().map(text).collect();
        range.rows().map(row).collect()
    };
    let mut head = rows("Backfill");
    let lines = head.split_off(3);
    let fields = rows("Fields");
    let names = &fields[0];
    let fields = fields[1..]
        .iter()
        .filter(|row| !row[1].is_empty())
        .map(|row| {
            let cells = names.iter().cloned().zip(row.iter().cloned());
            (row[0].clone(), cells.collect())
        })
        .collect();
    let lists = rows("Lists");
    let column = |place: usize| {
        let cells = lists.iter().map(|row| row.get(place).cloned());
        let mut cells = cells.flatten().filter(|cell| !cell.is_empty());
        (cells.next().unwrap_or_default(), cells.collect())
    };
    let width = lists.first().map_or(0, Vec::len);
    Sheet {
        head,
        lines,
        fields,
        lists: (0..width).map(column).collect(),
        asked_before: 0,
    }
}

/// A code of some country each.
#[rustfmt::skip]
const CODES: &[&str] = &[
    "62701", "1234567", "K1A 0B1", "SW1A 1AA", "12345-678", "123456", "1234", "1234 AB", "123",
    "1234567890", "AD100", "HM 12", "BA1111", "BB11000", "VLT 1117", "AI-2640", "A65 F4E2", "H100",
    "GX11 1AA", "FIQQ 1ZZ", "KY1-1100", "PCRN 1ZZ", "STHL 1ZZ", "BBND 1ZZ", "SIQQ 1ZZ", "TKCA 1ZZ",
    "VG1110",
];

impl Sheet {
    /// A postal code of the country that is filled in beside it.
    fn postal_code(&self, path: &str, line: usize) -> String {
        let country = path.replace(".postalCode", ".country");
        let asked = self.fields.contains_key(&country);
        let name = asked.then(|| self.value(&country, line));
        let code = name.and_then(|name| countries::alpha3(&name));
        let fits = |code: &str, postal: &str| !postal_codes::is_certainly_wrong(code, postal);
        let fitting = code.and_then(|code| CODES.iter().find(|postal| fits(code, postal)));
        let guess = &CODES[self.asked_before % CODES.len()];
        (*fitting.unwrap_or(guess)).to_owned()
    }

    /// The paths of the columns; the first are not to be filled in.
    pub fn paths(&self) -> &[String] {
        &self.head[2]
    }

    /// The line of a customer, by path.
    pub fn line(&self, id: &str) -> BTreeMap<&str, &str> {
        let line = self.lines.iter().find(|line| line[0] == id);
        let line = line.unwrap_or_else(|| panic!("no line of {id}"));
        let cells = self.paths().iter().map(String::as_str);
        cells.zip(line.iter().map(String::as_str)).collect()
    }

    /// What a person who knows the form writes at a path, in the line of this number.
    pub fn value(&self, path: &str, line: usize) -> String {
        let field = &self.fields[path];
        if let Some(list) = self.lists.get(&field["List"]) {
            // A postal code that is there already stays: five digits are one of the country that is chosen.
            let has_five_digits = |name: &&String| {
                let code = countries::alpha3(name);
                code.is_some_and(|code| !postal_codes::is_certainly_wrong(code, CODES[0]))
            };
            let fitting: Vec<&String> = match path.ends_with("ddress.country") {
                true => list.iter().filter(has_five_digits).collect(),
                false => list.iter().collect(),
            };
            return fitting[line % fitting.len()].clone();
        }
        let form = field["What to write"].as_str();
        let says = |word: &str| form.contains(word);
        match () {
            () if says("a date") => "1985-04-03".to_owned(),
            () if says("international format") => format!("+1312555{:04}", 100 + line % 100),
            () if says("e-mail") => format!("person{line}@example.com"),
            () if says("nine digits") => format!("98765{:04}", 4320 + line % 10),
            () if says("five digits") => self.postal_code(path, line),
            () if says("two letters") => "IL".to_owned(),
            () if says("number from 0") || says("whole number") => "12".to_owned(),
            () => format!("Filled {line}"),
        }
    }
}

/// Writes the sheet again with every open cell filled in whose path is wanted; returns how many.
pub fn fill(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool) -> usize {
    let mut sheet = read(from);
    let name = to.file_stem().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.rsplit('-').next()?.parse::<usize>().ok());
    sheet.asked_before = number.map_or(0, |number| number.saturating_sub(1));
    let mut workbook = Workbook::new();
    let out = workbook.add_worksheet();
    out.set_name("Backfill").unwrap();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let mut filled = 0;
    for (row, cells) in (0..).zip(sheet.head.iter().chain(&sheet.lines)) {
        for (column, cell) in (0..).zip(cells) {
            let path = &sheet.paths()[usize::from(column)];
            if row < 3 || !cell.is_empty() || !wanted(path) {
                out.write_string(row, column, cell).unwrap();
                continue;
            }
            filled += 1;
            let value = sheet.value(path, row as usize);
            let form = &sheet.fields[path]["What to write"];
            if form.contains("number from 0") || form.contains("whole number") {
                // As a spreadsheet has what was typed.
                out.write_number(row, column, value.parse::<f64>().unwrap())
                    .unwrap();
            } else if form.contains("a date") {
                let date = ExcelDateTime::parse_from_str(&value).unwrap();
                out.write_datetime_with_format(row, column, date, &day)
                    .unwrap();
            } else {
                out.write_string(row, column, value).unwrap();
            }
        }
    }
    workbook.save(to).unwrap();
    filled
}
