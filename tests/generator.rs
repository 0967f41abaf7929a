//! The generator of invented customers, and the sample that it made.
//!
//! Owner: `examples/generate`, whose modules are compiled in here. The sample's bytes are pinned: when the
//! generator or the version of its random numbers changes them, this fails until the sample is made anew.

#[path = "../examples/generate/export/mod.rs"]
mod export;

use export::{Recipe, Tally};
use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

fn extract(rows: u64, seed: u64, clean: bool) -> (String, Tally) {
    let mut bytes = Vec::new();
    let tally = export::write(&Recipe { rows, seed, clean }, &mut bytes).unwrap();
    (String::from_utf8(bytes).unwrap(), tally)
}

/// The header and the records.
fn parse(text: &str) -> (Vec<String>, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    // The reader is strict about the number of cells: every row has as many as the header.
    let rows = reader.records().collect::<Result<_, _>>().unwrap();
    (header, rows)
}

fn at(header: &[String], name: &str) -> usize {
    header.iter().position(|column| column == name).unwrap()
}

#[test]
fn the_sample_is_what_the_generator_makes() {
    let sample = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/samples/acme/export.csv"
    ))
    .unwrap();
    let (text, _) = extract(500, 7, false);
    assert!(
        text == sample,
        "run: cargo run --example generate -- --rows 500 --seed 7 --out samples/acme"
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (text, tally) = extract(300, 1, false);
    assert_eq!(extract(300, 1, false), (text.clone(), tally));
    assert_ne!(extract(300, 2, false).0, text);
    assert!(
        extract(900, 1, false).0.starts_with(&text),
        "a small extract is the beginning of a big one"
    );
}

#[test]
fn every_row_has_45_cells_and_quoting_survives_a_strict_reader() {
    let (text, tally) = extract(3000, 3, false);
    let (header, rows) = parse(&text);
    assert_eq!((header.len(), rows.len()), (45, 3000));
    assert_eq!(
        tally.plain + tally.closed + tally.same + tally.differing + tally.blocked,
        3000
    );
    for awkward in [
        "Gable, Moss & Co.",
        "\"Blue Door\" Bakery",
        "=Quanta Design",
    ] {
        let employer = at(&header, "EMPLOYER");
        assert!(
            rows.iter().any(|row| &row[employer] == awkward),
            "{awkward}"
        );
    }
    assert!(rows.iter().any(|row| &row[at(&header, "CITY")] == "Łódź"));
}

#[test]
fn no_number_could_be_somebodys() {
    let (text, _) = extract(20_000, 5, false);
    let (header, rows) = parse(&text);
    let [kind, own, joint, id] =
        ["TAX_TYPE", "SSN", "JT_SSN", "CUST_NO"].map(|name| at(&header, name));
    let mut seen = 0;
    for row in &rows {
        let own = if &row[kind] == "N" { "" } else { &row[own] };
        let id = if row[id].starts_with('C') || row[id].contains('@') {
            ""
        } else {
            &row[id]
        };
        for cell in [own, &row[joint], id]
            .into_iter()
            .filter(|cell| !cell.is_empty())
        {
            let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
            let (area, group) = (&digits[..3], digits[3..5].parse::<u32>().unwrap());
            let never = matches!(area, "000" | "666") || (area >= "900" && group < 50);
            assert!(never && digits.len() >= 8, "{cell}");
            seen += 1;
        }
        if &row[kind] == "N" {
            assert!(row[at(&header, "SSN")].starts_with('0'));
        }
    }
    assert!(seen > 15_000);
}

#[test]
fn phones_and_addresses_reach_nobody() {
    let (text, _) = extract(4000, 11, true);
    let (header, rows) = parse(&text);
    let columns = ["CELL_PHONE", "HOME_PHONE", "JT_PHONE", "CTRY"].map(|name| at(&header, name));
    // By the country's name or code; the first beginning that fits decides.
    let regions = [
        ("MX MEX Mex", Region::MX),
        ("CA Can", Region::CA),
        ("DE Ger", Region::DE),
        ("J", Region::JP),
        ("B", Region::BR),
        ("F", Region::FR),
        ("P", Region::PL),
        ("V", Region::VN),
        ("G United-K", Region::GB),
        ("C", Region::CZ),
        ("U", Region::US),
    ];
    let unreadable = ["", "555", "none", "ask spouse", "0"];
    for row in &rows {
        let country = row[columns[3]].replace(' ', "-");
        let fits = |starts: &str| starts.split(' ').any(|start| country.starts_with(start));
        let region = regions.iter().find(|(starts, _)| fits(starts)).unwrap().1;
        for phone in columns[..3]
            .iter()
            .map(|column| &row[*column])
            .filter(|cell| !unreadable.contains(cell))
        {
            let number = PHONE_NUMBER_UTIL.parse(phone, Some(region)).unwrap();
            assert!(
                PHONE_NUMBER_UTIL.is_possible_number(&number),
                "{phone} in {country}"
            );
        }
        let mail = &row[at(&header, "EMAIL")];
        assert!(
            mail.contains("@example.") || mail.ends_with(".example"),
            "{mail}"
        );
    }
}

#[test]
fn a_clean_extract_has_gaps_at_the_most() {
    let (text, tally) = extract(5000, 9, true);
    assert_eq!(
        tally,
        Tally {
            plain: 5000,
            ..Tally::default()
        }
    );
    let (header, rows) = parse(&text);
    let ids: std::collections::HashSet<_> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(ids.len(), 5000);
    for must in [
        "CUST_NO", "FIRST_NM", "LAST_NM", "BIRTH_DT", "EMAIL", "ADDR_1", "CITY", "ZIP", "CTRY",
    ] {
        assert!(
            rows.iter().all(|row| !row[at(&header, must)].is_empty()),
            "{must}"
        );
    }
    assert!(
        rows.iter()
            .any(|row| row[at(&header, "OBJECTIVE")].is_empty())
    );
}

#[test]
fn the_shares_are_those_of_the_tables() {
    let (_, tally) = extract(50_000, 4, false);
    assert!((43_000..45_500).contains(&tally.plain), "{tally:?}");
    assert!((1300..1700).contains(&tally.closed), "{tally:?}");
    assert!(
        (200..320).contains(&tally.same) && (200..320).contains(&tally.differing),
        "{tally:?}"
    );
}
