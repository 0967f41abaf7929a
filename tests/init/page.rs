//! What `inspect` prints.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::truth::root;
use crate::support::{json_of, program};

/// Every cell of an export that is long enough to be told from the program's own words: not a word of Bakkt's, not the
/// text of a header, at least five characters, of which one is a digit or that are two words.
pub fn values(export: &Path) -> BTreeSet<String> {
    let mut reader = csv::Reader::from_path(export).unwrap();
    let headers: BTreeSet<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let mut all = BTreeSet::new();
    for row in reader.byte_records() {
        for cell in &row.unwrap() {
            let text = String::from_utf8_lossy(cell).trim().to_owned();
            let telling = text.bytes().any(|byte| byte.is_ascii_digit()) || text.contains(' ');
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            if text.len() > 4 && telling && !(digits && text.len() < 5) && !headers.contains(&text)
            {
                all.insert(text);
            }
        }
    }
    assert!(all.len() > 50);
    all
}

fn inspect(files: &[&str], more: &[&str]) -> String {
    let output = program()
        .current_dir(root().join("samples"))
        .arg("inspect")
        .args(files)
        .args(more)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

const FILES: [&str; 3] = [
    "acme/export.csv",
    "harbor/accounts.csv",
    "harbor/owners.csv",
];

/// Words of the program's own that occur as cells too.
const OWN: [&str; 2] = ["United States", "01/01/1900"];

#[test]
fn no_value_is_printed() {
    for more in [&[][..], &["--json"]] {
        let printed = inspect(&FILES, more);
        for file in FILES {
            for value in values(&root().join("samples").join(file)) {
                if OWN.contains(&value.as_str()) {
                    continue;
                }
                assert!(!printed.contains(&value), "{file}: {value}");
            }
        }
    }
}

#[test]
fn the_page_of_the_sample_of_owners() {
    insta::assert_snapshot!(inspect(&["harbor/owners.csv", "harbor/accounts.csv"], &[]));
}

#[test]
fn what_looks_wrong_is_said_with_its_form_and_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("ID,ZIP,BORN,ACTIVE_FROM,BALANCE,MAIL,WORTH\n");
    for number in 0..40u32 {
        let zip = if number % 4 == 0 {
            "2134".to_owned()
        } else {
            format!("6{:04}", number * 7 + 100)
        };
        let born = if number % 2 == 0 {
            "12/31/1980"
        } else {
            "31/12/1980"
        };
        let from = format!("0{}/0{}/2020", number % 9 + 1, number % 8 + 1);
        let balance = if number % 5 == 0 {
            format!("€{number}00.50")
        } else {
            format!("${number}00.50")
        };
        let mail = if number == 7 {
            "n/a".to_owned()
        } else {
            format!("p{number}@example.com")
        };
        let worth = if number % 2 == 0 { "25-50" } else { "500+" };
        text += &format!("K-{number:04},{zip},{born},{from},\"{balance}\",{mail},{worth}\n");
    }
    text += "K-0040,1,2\n";
    let path = folder.path().join("a.csv");
    fs::write(&path, text).unwrap();
    let (json, code) = json_of(program().args(["inspect", "--json"]).arg(&path));
    assert_eq!(code, 0);
    let file = &json["files"][0];
    let found: BTreeSet<(String, String, u64)> = file["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (
                finding["column"].as_str().unwrap_or("").to_owned(),
                finding["kind"].as_str().unwrap().to_owned(),
                finding["count"].as_u64().unwrap(),
            )
        })
        .collect();
    let wanted = [
        ("", "broken_rows", 1),
        ("ACTIVE_FROM", "open_date_order", 40),
        ("BALANCE", "two_currencies", 8),
        ("BORN", "mixed_date_orders", 20),
        ("MAIL", "placeholders", 1),
        ("WORTH", "open_unit", 40),
        ("ZIP", "lost_zeros", 10),
    ];
    let wanted: BTreeSet<(String, String, u64)> = wanted
        .iter()
        .map(|(column, kind, count)| ((*column).to_owned(), (*kind).to_owned(), *count))
        .collect();
    assert_eq!(found, wanted);
    assert_eq!(file["rows"], 41);
}

/// A U.S. spreadsheet read dates with the day in front: those that it could read are date cells with day and month exchanged.
#[test]
fn date_cells_with_day_and_month_exchanged_are_told_and_left_to_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("ID,First Name,Last Name,Date of Birth\n");
    for number in 0..40u32 {
        let born = match number % 2 {
            0 => format!(
                "{}-{:02}-{:02}",
                1950 + number,
                number % 12 + 1,
                number % 11 + 1
            ),
            _ => format!(
                "{}/{:02}/{}",
                number % 16 + 13,
                number % 12 + 1,
                1950 + number
            ),
        };
        text += &format!("K-{number:04},Ann,Example,{born}\n");
    }
    let path = folder.path().join("a.csv");
    fs::write(&path, text).unwrap();
    let (json, _) = json_of(program().args(["inspect", "--json"]).arg(&path));
    let found = json["files"][0]["findings"].as_array().unwrap();
    let kinds: Vec<_> = found
        .iter()
        .filter_map(|one| one["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["swapped_dates"]);
    let mut init = program();
    init.arg("init").arg(folder.path().join("first"));
    assert!(
        init.arg("--from")
            .arg(&path)
            .output()
            .unwrap()
            .status
            .success()
    );
    let mapping = fs::read_to_string(folder.path().join("first/mapping.toml")).unwrap();
    let line = mapping.lines().find(|line| line.contains("dateOfBirth"));
    let line = line.unwrap_or_default();
    assert!(line.contains("# medium"), "{mapping}");
    assert!(line.contains("exchanged day and month"), "{mapping}");
}

#[test]
fn a_file_that_belongs_to_another_is_said_so() {
    let (json, _) = json_of(program().current_dir(root().join("samples")).args([
        "inspect",
        "--json",
        "harbor/accounts.csv",
        "harbor/owners.csv",
    ]));
    let links = json["links"].as_array().unwrap();
    assert_eq!(links.len(), 1, "{links:?}");
    assert_eq!(
        (&links[0]["file"], &links[0]["belongs_to"]),
        (&"harbor/owners.csv".into(), &"harbor/accounts.csv".into())
    );
    assert_eq!(
        (&links[0]["key"], &links[0]["account_key"]),
        (&"ENTITY_NO".into(), &"ENTITY_NO".into())
    );
}

#[test]
fn packed_files_and_other_dialects_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv.gz");
    let lines =
        "Extract of accounts\n\nNR;NAME;CITY\n1;Ann Lee;K\u{f6}ln\n2;Bo Ray;Bonn\n3;Cy Fox;Trier\n";
    let mut bytes: Vec<u8> = Vec::new();
    bytes.extend(lines.chars().map(|c| u8::try_from(u32::from(c)).unwrap()));
    let mut packed = flate2::write::GzEncoder::new(
        fs::File::create(&path).unwrap(),
        flate2::Compression::fast(),
    );
    std::io::Write::write_all(&mut packed, &bytes).unwrap();
    packed.finish().unwrap();
    let (json, code) = json_of(program().args(["inspect", "--json"]).arg(&path));
    assert_eq!(code, 0);
    let file = &json["files"][0];
    let made = file["made"].as_str().unwrap();
    for part in ["CSV in gzip", "windows-1252", "semicolon"] {
        assert!(made.contains(part), "{part}: {made}");
    }
    assert_eq!(
        (&file["rows"], &file["rows_above_header"]),
        (&3.into(), &1.into())
    );
}
