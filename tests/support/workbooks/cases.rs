//! The workbooks of the case folders tests/cases/excel-*, as tables.

use super::{Cell, Sheet, change, from_1904, number, renamed, text, xlsb::xlsb, xlsx};

const HEADER: [&str; 11] = [
    "ID", "EMAIL", "FIRST", "LAST", "BORN", "SSN", "STREET", "CITY", "STATE", "ZIP", "CTRY",
];

fn words(words: &[&str]) -> Vec<Cell> {
    words.iter().copied().map(text).collect()
}

fn header(more: &[&str]) -> Vec<Cell> {
    words(&[&HEADER[..], more].concat())
}

/// A whole customer, in texts.
fn customer(id: &str, more: &[&str]) -> Vec<Cell> {
    let cells = [
        id,
        "ann@example.com",
        "Ann",
        "Example",
        "1980-02-03",
        "987001234",
        "12 Sample Road",
        "Austin",
        "TX",
        "73301",
        "USA",
    ];
    words(&[&cells[..], more].concat())
}

/// A customer with one cell that is another.
fn with(id: &str, column: &str, cell: Cell) -> Vec<Cell> {
    let mut cells = customer(id, &[]);
    cells[HEADER.iter().position(|name| *name == column).unwrap()] = cell;
    cells
}

fn day(serial: f64) -> Cell {
    Cell::Number(serial, "m/d/yyyy")
}

fn one(rows: Vec<Vec<Cell>>) -> [Sheet; 1] {
    [Sheet::new("Customers", rows)]
}

/// Every workbook, by its path in tests/cases.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("excel-dates/export.xlsx", xlsx(&dates())),
        (
            "excel-dates-1904/export.xlsx",
            from_1904(&xlsx(&dates_1904())),
        ),
        (
            "excel-dates-1904-contradicted/export.xlsx",
            from_1904(&xlsx(&dates_1904())),
        ),
        ("excel-date-times/export.xlsx", xlsx(&date_times())),
        ("excel-numbers/export.xlsx", xlsx(&numbers())),
        ("excel-results/export.xlsx", xlsx(&results())),
        ("excel-errors/export.xlsx", xlsx(&errors())),
        ("excel-errors-xlsb/export.xlsb", xlsb(&errors(), false)),
        ("excel-lost-zeros/export.xlsx", xlsx(&lost_zeros())),
        ("excel-shown-zeros/export.xlsx", xlsx(&shown_zeros())),
        ("excel-titles/export.xlsx", xlsx(&titles())),
        ("excel-not-at-a1/export.xlsx", xlsx(&not_at_a1())),
        ("excel-hidden-sheet/export.xlsx", xlsx(&sheets())),
        ("excel-sheet-number/export.xlsb", xlsb(&sheets(), false)),
        ("excel-sheet-unknown/export.xlsx", xlsx(&sheets())),
        ("excel-sheet-first/export.xlsx", xlsx(&sheets())),
        ("excel-merged/export.xlsx", xlsx(&merged())),
        ("excel-blank-rows/export.xlsx", xlsx(&blank_rows())),
        ("excel-lines-in-cells/export.xlsx", xlsx(&lines())),
        ("excel-xlsx/export.xlsx", xlsx(&mixed())),
        ("excel-xlsb/export.xlsb", xlsb(&mixed(), false)),
        ("excel-damaged/export.xlsx", damaged()),
        ("excel-shown-decimals/export.xlsx", xlsx(&shown_decimals())),
        ("excel-own-formats/export.xlsx", own_formats()),
        ("excel-formula-no-result/export.xlsx", no_results()),
        ("excel-header-error/export.xlsx", xlsx(&header_error())),
        ("excel-size-wrong/export.xlsx", size_wrong()),
        ("excel-backslashes/export.xlsx", backslashes()),
        ("excel-blank-sheet/export.xlsx", xlsx(&blank_sheet())),
        (
            "finding-cells-of-spreadsheets/export.xlsx",
            xlsx(&cells_of_spreadsheets()),
        ),
    ]
}

/// A sheet with a blank in one cell stands before that of the customers.
fn blank_sheet() -> [Sheet; 2] {
    [
        Sheet::new("Sheet1", vec![vec![text(" ")]]),
        Sheet::new("Customers", vec![header(&[]), customer("BS-1", &[])]),
    ]
}

/// Dates and truth values in the cells of ids, names and streets.
fn cells_of_spreadsheets() -> [Sheet; 1] {
    one(vec![
        header(&[]),
        with("", "ID", day(45_293.0)),
        with("", "ID", Cell::Boolean(true)),
        with("CS-3", "FIRST", Cell::Boolean(true)),
        with("CS-4", "LAST", day(45_293.0)),
        with("CS-5", "STREET", day(45_293.0)),
        with("CS-6", "STREET", Cell::Boolean(false)),
    ])
}

fn dates() -> [Sheet; 1] {
    one(vec![
        header(&[]),
        with("D-1", "BORN", Cell::Number(29_254.0, "yyyy-mm-dd")),
        with("D-2", "BORN", day(29_254.0)),
        with(
            "D-3",
            "BORN",
            Cell::Number(29_254.0, "[$-409]mmmm d, yyyy;@"),
        ),
        with("D-4", "BORN", Cell::Number(29_254.75, "dd.mm.yyyy")),
        with("D-5", "BORN", text("1980-02-03")),
        with("D-6", "BORN", day(60.0)),
        with("D-7", "BORN", day(0.0)),
        with("D-8", "BORN", day(-1.0)),
        with("D-9", "BORN", number(29_254.0)),
        with("D-10", "BORN", Cell::Number(0.5, "h:mm")),
    ])
}

fn dates_1904() -> [Sheet; 1] {
    one(vec![
        header(&[]),
        with("E-1", "BORN", day(27_792.0)),
        with("E-2", "BORN", day(60.0)),
        with("E-3", "BORN", day(0.0)),
    ])
}

fn date_times() -> [Sheet; 1] {
    let row = |id: &str, screened: Cell| {
        let mut cells = customer(id, &[]);
        cells.push(screened);
        cells
    };
    let both = "yyyy-mm-dd h:mm";
    one(vec![
        header(&["SCREENED"]),
        row("T-1", Cell::Number(45_382.572_916_666_664, both)),
        row("T-2", Cell::Number(45_382.0, both)),
        row("T-3", Cell::Number(45_382.999_995, both)),
        row("T-4", Cell::Number(0.572_916_666_666_666_6, "h:mm")),
        row("T-5", Cell::Number(45_382.0, "yyyy-mm-dd")),
    ])
}

fn numbers() -> [Sheet; 1] {
    let row = |id: Cell, years: Cell, income: Cell| {
        let mut cells = customer("", &["Sample Ltd", "Clerk"]);
        cells[0] = id;
        cells.extend([years, income]);
        cells
    };
    one(vec![
        header(&["EMPLOYER", "POSITION", "YEARS", "INCOME"]),
        row(number(1_234_567_890.0), number(7.0), number(85_000.5)),
        row(
            number(2e9),
            number(0.0),
            Cell::Number(1_250_000.0, "$#,##0.00"),
        ),
        row(
            number(100_200_300_400_500.0),
            number(0.1 + 0.2),
            number(24_999.999),
        ),
        row(number(1_234_567_890_123_456.0), number(1.0), number(5.0)),
        row(number(5e-3), number(1.0), number(5.0)),
    ])
}

fn results() -> [Sheet; 1] {
    let row = |id: &str, first: Cell, manual: Cell, tax: Cell| {
        let mut cells = customer(id, &[]);
        cells[2] = first;
        cells.extend([manual, tax]);
        cells
    };
    let formula = Cell::Formula;
    one(vec![
        header(&["CHECKED", "TAX"]),
        row(
            "R-1",
            formula("=\"A\"&\"nn\"", "Ann"),
            Cell::Boolean(true),
            Cell::Number(0.24, "0%"),
        ),
        row(
            "R-2",
            text("Ann"),
            Cell::Boolean(false),
            Cell::Number(0.1, "0.0%"),
        ),
        row("R-3", text("Ann"), text("yes"), formula("=20+4", "24")),
    ])
}

fn errors() -> [Sheet; 1] {
    let not_there = || Cell::Formula("=NA()", "#N/A");
    let mut optional = customer("F-4", &[]);
    optional.push(Cell::Formula("=INDEX(A1,9)", "#REF!"));
    one(vec![
        header(&["MIDDLE"]),
        with("F-1", "LAST", not_there()),
        with("F-2", "LAST", text("#N/A")),
        with("F-3", "LAST", text("Na")),
        optional,
        with("F-5", "ZIP", not_there()),
    ])
}

fn lost_zeros() -> [Sheet; 1] {
    let row = |id: f64, ssn: f64, zip: f64| {
        let mut cells = customer("", &[]);
        cells[0] = number(id);
        cells[5] = number(ssn);
        cells[9] = number(zip);
        cells
    };
    one(vec![
        header(&[]),
        row(42.0, 987_001_234.0, 73_301.0),
        row(43.0, 987_001_234.0, 2_139.0),
        row(44.0, 987_001_234.0, 21_390_123.0),
    ])
}

fn shown_zeros() -> [Sheet; 1] {
    let row = |id: f64, zip: f64, code: &'static str| {
        let mut cells = customer("", &[]);
        cells[0] = Cell::Number(id, "\"C-\"00000");
        cells[5] = Cell::Number(987_001_234.0, "000-00-0000");
        cells[9] = Cell::Number(zip, code);
        cells
    };
    one(vec![
        header(&[]),
        row(42.0, 2_139.0, "00000"),
        row(43.0, 21_390_123.0, "00000-0000"),
    ])
}

fn titles() -> [Sheet; 1] {
    let mut rows = vec![
        vec![text("Customers of the Sample Brokerage")],
        vec![text("As of"), Cell::Number(45_382.0, "yyyy-mm-dd")],
        vec![],
        header(&[]),
        customer("H-1", &[]),
        customer("H-2", &[]),
    ];
    rows.push(vec![text("Total"), number(2.0)]);
    one(rows)
}

fn not_at_a1() -> [Sheet; 1] {
    let [mut sheet] = one(vec![
        header(&[]),
        customer("J-1", &[]),
        with("J-2", "BORN", text("soon")),
    ]);
    sheet.at = (4, 2);
    [sheet]
}

fn sheets() -> [Sheet; 3] {
    let sheet = |name, hidden, id: &str| Sheet {
        hidden,
        ..Sheet::new(name, vec![header(&[]), customer(id, &[])])
    };
    [
        sheet("Customers", false, "K-1"),
        sheet("Customers 2023", true, "K-2023"),
        sheet("Closed", false, "K-9"),
    ]
}

fn merged() -> [Sheet; 1] {
    let mut below = customer("M-2", &[]);
    below[6] = Cell::Empty;
    let [mut sheet] = one(vec![header(&[]), customer("M-1", &[]), below]);
    sheet.rows[1][6] = Cell::Empty;
    sheet.merged = vec![(1, 6, 2, 6)];
    sheet.rows[1][6] = text("12 Sample Road");
    [sheet]
}

fn blank_rows() -> [Sheet; 1] {
    let spaces = vec![text("  "), text(" ")];
    let [mut sheet] = one(vec![
        header(&[]),
        customer("B-1", &[]),
        vec![],
        customer("B-2", &[]),
        spaces,
        customer("B-3", &[]),
        vec![Cell::Number(0.0, "General"); 0],
        vec![],
    ]);
    // B-2 is hidden, and a customer all the same.
    sheet.hidden_rows = vec![3];
    [sheet]
}

fn lines() -> [Sheet; 1] {
    one(vec![
        header(&[]),
        with("L-1", "STREET", text("12 Sample Road\nFloor 3")),
        with("L-2", "STREET", text("12 \"Sample\" Road, Floor 3")),
        with("L-3", "FIRST", text("Anne\nMarie")),
    ])
}

/// What the kinds of workbooks are compared with: tests/formats.csv holds the same.
pub fn mixed() -> [Sheet; 1] {
    let row = |id: &str, last: &str, born: f64, ssn: f64, zip: f64, income: f64, seen: f64| {
        let mut cells = customer(id, &[]);
        cells[3] = text(last);
        cells[4] = day(born);
        cells[5] = Cell::Number(ssn, "000-00-0000");
        cells[6] = text("12 \"Sample\" Road, Floor 3");
        cells[9] = Cell::Number(zip, "00000");
        cells.push(number(income));
        cells.push(Cell::Number(seen, "yyyy-mm-dd hh:mm:ss"));
        cells.push(Cell::Boolean(income > 50_000.0));
        cells
    };
    one(vec![
        header(&["INCOME", "SCREENED", "CHECKED"]),
        row(
            "X-1",
            "Müller",
            29_254.0,
            987_000_001.0,
            2_139.0,
            85_000.5,
            45_382.572_916_666_664,
        ),
        row(
            "X-2",
            "O'Neil; Peña",
            18_264.0,
            987_000_002.0,
            73_301.0,
            0.1 + 0.2,
            45_382.0,
        ),
        vec![],
        row(
            "X-3",
            "Çelik-Ødegård",
            36_526.0,
            987_000_003.0,
            10_001.0,
            1_234_567.0,
            45_000.25,
        ),
    ])
}

/// A sheet that ends within a row.
fn damaged() -> Vec<u8> {
    let whole = xlsx(&one(vec![
        header(&[]),
        customer("Q-1", &[]),
        customer("Q-2", &[]),
    ]));
    change(&whole, "xl/worksheets/sheet1.xml", |text| {
        let end = text.rfind("<c r=\"C3\"").unwrap();
        text[..end].to_owned()
    })
}

/// The first format takes the number of Excel's usual date.
fn own_formats() -> Vec<u8> {
    let id = |value: f64, code: &'static str| with("", "ID", Cell::Number(value, code));
    let whole = xlsx(&one(vec![
        header(&[]),
        id(40_000.0, "0000000"),
        id(42_001.0, "\"C-\"0"),
        id(42.0, "\"ACCT\"#"),
        id(42.0, "0\"-A\""),
        id(7.0, "\"C\"00000"),
        id(123.0, "000\\-000"),
        id(42.7, "\"C-\"0"),
    ]));
    change(&whole, "xl/styles.xml", |text| {
        text.replace("numFmtId=\"164\"", "numFmtId=\"14\"")
    })
}

/// Numbers that are shown with decimals, separators, an exponent or as a fraction.
fn shown_decimals() -> [Sheet; 1] {
    let id = |value: f64, code: &'static str| with("", "ID", Cell::Number(value, code));
    one(vec![
        header(&[]),
        id(100.1, "0.00"),
        id(1_100.1, "#,##0.00"),
        id(100.125, "0.00"),
        id(1_001.0, "0.00"),
        id(1_234_567.0, "#,##0"),
        id(1_234_567_890.0, "0.00E+00"),
        id(7.0, "00000"),
        id(0.5, "# ?/?"),
        id(100.1, "\"C-\"0.00"),
        id(100.0, "\"C-\"0.00"),
    ])
}

/// A formula without a result, one with the zero of a program that computes nothing, one that gives a text, and one that gives
/// an empty one.
fn no_results() -> Vec<u8> {
    let first = |id: &str, gave| with(id, "FIRST", Cell::Formula("=D2", gave));
    let whole = xlsx(&one(vec![
        header(&[]),
        first("F-1", "777"),
        first("F-2", "0"),
        first("F-3", "Ann"),
        first("F-4", "EMPTY"),
    ]));
    change(&whole, "xl/worksheets/sheet1.xml", |text| {
        text.replace("<v>777</v>", "")
            .replace("<v>EMPTY</v>", "<v></v>")
    })
}

fn header_error() -> [Sheet; 1] {
    one(vec![
        header(&["#REF!"]),
        customer("H-1", &["x"]),
        customer("H-2", &["y"]),
    ])
}

/// The declared size of the first sheet has no columns.
fn size_wrong() -> Vec<u8> {
    let other = Sheet::new("Other", vec![header(&[]), customer("O-1", &[])]);
    let [customers] = one(vec![
        header(&[]),
        customer("W-1", &[]),
        customer("W-2", &[]),
    ]);
    change(
        &xlsx(&[customers, other]),
        "xl/worksheets/sheet1.xml",
        |text| text.replace("<dimension ref=\"A1:K3\"/>", "<dimension ref=\"1:3\"/>"),
    )
}

fn backslashes() -> Vec<u8> {
    let whole = xlsx(&one(vec![header(&[]), customer("S-1", &[])]));
    renamed(&whole, |name| name.replace('/', "\\"))
}
