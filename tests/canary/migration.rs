//! The migration of the canary scan: values in the columns where they belong, and in those that cannot take them.
//!
//! Owner of its rows and settings. The values themselves are in `CANARIES`, spelled as here and in other ways.

use std::collections::HashMap;

/// The settings.
pub const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"

[accounts]
allow_unissued_tax_ids = true

[limits]
create = "unlimited"
lookup = "unlimited"
in_flight = 8

[grace]
days = 30

[exclude]
rules = [{ column = "ACCT_STAT", equals = ["C"], reason = "closed" }]
"#;

/// A whole customer, in the columns of the sample.
const CUSTOMER: &[(&str, &str)] = &[
    ("ACCT_STAT", "A"),
    ("FIRST_NM", "Quillonde"),
    ("LAST_NM", "Zephyrantha"),
    ("BIRTH_DT", "11/23/1961"),
    ("TAX_TYPE", "S"),
    ("SSN", "987-00-4321"),
    ("TAX_CTRY", "US"),
    ("CTZN_CTRY", "USA"),
    ("EMAIL", "zephyrantha.q@canary.example"),
    ("CELL_PHONE", "(512) 555-0147"),
    ("ADDR_1", "4711 Wunderbaum Terrace"),
    ("CITY", "Austin"),
    ("STATE", "TX"),
    ("ZIP", "73301"),
    ("CTRY", "USA"),
    ("EMPLOYER", "Kolibri Instruments"),
    ("JOB_TITLE", "Clerk"),
    ("AGR_DOC", "Digital Asset Customer Agreement v2.1"),
    ("AGR_SIGNED", "2020-09-21T10:02:36Z"),
];

/// Customers with one thing changed: values in columns that cannot take them, ids that give someone away.
const ODD: &[(&str, &str)] = &[
    ("FIRST_NM", ""),
    ("BIRTH_DT", "1961-11-23"),
    ("BIRTH_DT", "23 November 1961"),
    ("BIRTH_DT", "987-00-4321"),
    ("BIRTH_DT", "Zephyrantha"),
    ("EMAIL", "Quillonde Zephyrantha"),
    ("EMAIL", "987004321"),
    ("SSN", "zephyrantha.q@canary.example"),
    ("SSN", "512-555-0147"),
    ("TAX_TYPE", "987-00-4321"),
    ("CTRY", "4711 Wunderbaum Terrace"),
    ("STATE", "Zephyrantha"),
    ("ZIP", "(512) 555-0147"),
    ("CELL_PHONE", "1961-11-23"),
    ("CELL_PHONE", "512.555.0147"),
    ("CTZN_CTRY", "Wunderbaum"),
    ("MARITAL", "Zephyrantha"),
    ("ANN_INCOME", "987-00-4321"),
    ("OBJECTIVE", "zephyrantha.q@canary.example"),
    ("TAX_BRACKET", "11/23/1961"),
    ("YRS_EMPL", "5125550147"),
    ("AGR_DOC", "Zephyrantha"),
    ("AGR_SIGNED", "23 November 1961"),
    ("MAIL_CITY_ST", "4711 Wunderbaum Terrace"),
    ("EMP_ADDR", "4711 Wunderbaum Terrace;Quillonde"),
    ("JT_LAST_NM", "Zephyrantha"),
    ("CUST_NO", ""),
    ("CUST_NO", "987-00-8642"),
    ("CUST_NO", "987008642"),
    ("CUST_NO", "id.of.zephyr@canary.example"),
];

/// Rows that go through whole, so that there is something in flight to be killed.
pub const PLAIN: usize = 40;

/// The export under the sample's header.
pub fn export(header: &str) -> Vec<u8> {
    let columns: Vec<&str> = header.split(',').collect();
    let row = |number: usize, odd: Option<(&str, &str)>| -> Vec<u8> {
        let number = format!("C{number:05}");
        let mut cells: HashMap<&str, &str> = CUSTOMER.iter().copied().collect();
        cells.insert("CUST_NO", &number);
        if let Some((column, value)) = odd {
            assert!(columns.contains(&column), "{column}");
            cells.insert(column, value);
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(
                columns
                    .iter()
                    .map(|column| cells.get(column).unwrap_or(&"")),
            )
            .unwrap();
        writer.into_inner().unwrap()
    };
    let mut file = format!("{header}\n").into_bytes();
    for number in 0..PLAIN {
        file.extend(row(number, None));
    }
    for (number, odd) in ODD.iter().enumerate() {
        file.extend(row(1000 + number, Some(*odd)));
    }
    // An identical and a differing copy, a row that is left out, a short one, a long one, and one in another encoding.
    file.extend(row(0, None));
    file.extend(row(1, Some(("EMAIL", "other.q@canary.example"))));
    file.extend(row(2000, Some(("ACCT_STAT", "C"))));
    file.extend(b"C2001,A,Quillonde,,Zephyrantha,11/23/1961\n");
    let mut long = row(2002, None);
    long.pop();
    long.extend(b",Zephyrantha,987-00-4321\n");
    file.extend(long);
    let mut latin = row(2003, None);
    let at = memchr::memmem::find(&latin, b"Austin").unwrap();
    latin[at] = 0xC4;
    file.extend(latin);
    file
}
