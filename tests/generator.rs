//! The generator of invented customers, and the sample that it made.
//!
//! Owner: `examples/generate`, whose modules are compiled in here. The samples' bytes are pinned: when the
//! generator or the version of its random numbers changes them, this fails until they are made anew.

#[path = "../examples/generate/harbor/mod.rs"]
mod harbor;

#[path = "../examples/generate/joined.rs"]
mod joined;

use crate::export::{self, Recipe, Tally};
use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

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

/// Every file, link and folder below a folder, with what it holds.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut tree, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            let holds = if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                target.to_str().unwrap().as_bytes().to_vec()
            } else if kind.is_dir() {
                open.push(path);
                continue;
            } else {
                fs::read(&path).unwrap()
            };
            tree.insert(name, holds);
        }
    }
    tree
}

fn entities(accounts: u64, seed: u64, flaws: bool) -> (tempfile::TempDir, harbor::Tally) {
    let folder = tempfile::tempdir().unwrap();
    let tally = harbor::write(folder.path(), accounts, seed, flaws).unwrap();
    (folder, tally)
}

type Cells = HashMap<String, String>;

fn rows(folder: &Path, name: &str) -> Vec<Cells> {
    let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn the_sample_of_entities_is_what_the_generator_makes() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/harbor");
    let (folder, _) = entities(40, 7, true);
    let (mut there, made) = (tree(&sample), tree(folder.path()));
    there.retain(|path, _| !path.starts_with(".bakkt-migrate") && !path.starts_with("report"));
    assert!(there.remove(Path::new("README.md")).is_some());
    assert!(
        there == made,
        "run: cargo run --example generate -- --entities --rows 40 --seed 7 --out samples/harbor"
    );
}

#[test]
fn the_same_seed_gives_the_same_folder_and_another_seed_another() {
    let trees: Vec<_> = [(50, 1), (50, 1), (50, 2)]
        .into_iter()
        .map(|(accounts, seed)| tree(entities(accounts, seed, true).0.path()))
        .collect();
    assert!(trees[0] == trees[1]);
    assert!(trees[0] != trees[2]);
    // Once more into the same folder changes nothing.
    let (folder, tally) = entities(50, 1, true);
    let again = harbor::write(folder.path(), 50, 1, true).unwrap();
    assert_eq!(again, tally);
    assert!(tree(folder.path()) == trees[0]);
}

#[test]
fn every_flaw_of_entities_occurs_and_without_flaws_none() {
    let (folder, tally) = entities(40, 3, true);
    assert_eq!(tally.flaws.len(), 37, "{:?}", tally.flaws);
    assert_eq!(tally.flaws.values().sum::<u64>(), 40);
    assert_eq!((tally.accounts, tally.flaws["None"]), (41, 4));

    let root = folder.path().join("documents");
    let documents = rows(folder.path(), "documents.csv");
    let mut seen = BTreeSet::new();
    let mut before = BTreeSet::new();
    for row in &documents {
        let path = root.join(&row["FILE"]);
        let [one, two] = ["FILE", "OWNER_NO"].map(|name| row[name].as_str());
        let metadata = fs::symlink_metadata(&path);
        let content = fs::read(&path).unwrap_or_default();
        let image = content.starts_with(b"\x89PNG");
        let fits = [
            ("listed twice", !before.insert(one)),
            ("climbs", one.contains("..")),
            ("absolute", one.starts_with('/')),
            ("missing", metadata.is_err() && !one.starts_with('/')),
            ("link", path.is_symlink()),
            ("folder", path.is_dir()),
            ("empty", path.is_file() && content.is_empty()),
            ("large", content.len() > 64_000),
            ("text", one.ends_with(".txt")),
            ("disagrees", image && !one.ends_with(".png")),
            ("expired", row["EXPIRES"].ends_with("2019")),
            ("undated", row["EXPIRES"] == "soon"),
            ("unfit type", row["DOC"] == "MISC"),
            ("no country", row["ISSUED_IN"].is_empty()),
            ("stray", row["ENTITY_NO"].starts_with("HX")),
            ("no such owner", two.ends_with("-9")),
            ("two items", row["PROVES"].contains(';')),
            ("by place", row["OWNER_PLACE"] == "1"),
        ];
        seen.extend(fits.iter().filter(|(_, fits)| *fits).map(|(name, _)| *name));
    }
    assert_eq!(seen.len(), 18, "{seen:?}");
    for dated in documents.iter().filter(|row| !row["EXPIRES"].is_empty()) {
        let year = dated["EXPIRES"].rsplit('/').next().unwrap();
        assert!(year == "soon" || year == "2019" || year >= "2036", "{year}");
    }

    let (folder, tally) = entities(80, 3, false);
    assert_eq!(tally.flaws.keys().collect::<Vec<_>>(), ["None"]);
    let mut files = tree(&folder.path().join("documents"));
    for row in rows(folder.path(), "documents.csv") {
        let content = files.remove(Path::new(&row["FILE"]));
        let content = content.unwrap_or_else(|| panic!("{}", row["FILE"]));
        assert!((100..4000).contains(&content.len()), "{}", row["FILE"]);
    }
    assert!(files.is_empty(), "every file is listed");
}

#[test]
fn owners_of_entities_stand_in_no_order_and_are_whole() {
    let (folder, tally) = entities(200, 5, true);
    let owners = rows(folder.path(), "owners.csv");
    assert_eq!(owners.len() as u64, tally.owners);
    let accounts: BTreeSet<String> = rows(folder.path(), "accounts.csv")
        .into_iter()
        .map(|row| row["ENTITY_NO"].clone())
        .collect();
    let mut by_account: BTreeMap<&str, Vec<&Cells>> = BTreeMap::new();
    for row in &owners {
        by_account.entry(&row["ENTITY_NO"]).or_default().push(row);
    }
    let orphans = by_account.keys().filter(|id| !accounts.contains(**id));
    assert_eq!(orphans.count(), 5);
    let without = accounts
        .iter()
        .filter(|id| !by_account.contains_key(id.as_str()));
    assert_eq!(without.count(), 5);
    let mut primary_later = 0;
    for rows in by_account.values() {
        let primary = |row: &&Cells| row["ROLE"] == "PRIMARY_OWNER";
        assert_eq!(rows.iter().filter(|row| primary(row)).count(), 1);
        primary_later += usize::from(!primary(&rows[0]));
    }
    assert!(primary_later > 30, "{primary_later}");
    let sorted = owners
        .windows(2)
        .filter(|two| two[0]["OWNER_NO"] < two[1]["OWNER_NO"]);
    assert!(sorted.count() < owners.len() * 6 / 10);
}

#[test]
fn no_number_of_an_entity_could_be_somebodys() {
    let (folder, _) = entities(400, 5, true);
    for row in rows(folder.path(), "owners.csv") {
        let id = &row["TAX_ID"];
        let never = match row["TAX_TYPE"].as_str() {
            "S" => &id[..1] == "9" && id[4..6].parse::<u32>().unwrap() < 50,
            "N" => id.starts_with("0000"),
            _ => id.is_empty(),
        };
        assert!(never, "{id}");
        assert!(row["EMAIL"].contains("@example."), "{}", row["EMAIL"]);
    }
    for row in rows(folder.path(), "accounts.csv") {
        assert!(
            row["EIN"].is_empty() || row["EIN"].starts_with("00-"),
            "{}",
            row["EIN"]
        );
        assert!(row["EMAIL"].is_empty() || row["EMAIL"].ends_with(".example"));
        let ring = row["PHONE"].split(") 555-0").nth(1).unwrap_or("100");
        assert!((100..200).contains(&ring.parse::<u32>().unwrap()));
    }
}

#[test]
fn a_permutation_leads_everywhere_once() {
    for count in [1, 2, 3, 150, 1024, 1500] {
        let mut seen: Vec<u64> = (0..count)
            .map(|at| joined::shuffled(at, count, 7))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn accounts_and_owners_in_two_extracts_find_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe {
        rows: 300,
        seed: 7,
        clean: true,
    };
    let (mut accounts, mut owners) = (Vec::new(), Vec::new());
    assert_eq!(
        joined::write(&recipe, &mut accounts, &mut owners).unwrap(),
        450
    );
    let whole = include_str!("../samples/acme/mapping.toml");
    let (mapping, of_owners) = joined::mappings(whole);
    for (name, bytes) in [
        ("accounts.csv", accounts.as_slice()),
        ("owners.csv", &owners),
        ("mapping.toml", mapping.as_bytes()),
        ("owners.toml", of_owners.as_bytes()),
        ("migration.toml", joined::SETTINGS.as_bytes()),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_bakkt-migrate"))
        .arg("check")
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let words: Vec<&str> = said.split_whitespace().collect();
    assert!(
        words.windows(2).any(|two| two == ["blocked", "0"]),
        "{said}"
    );
    assert!(!said.contains("nothing uses"), "{said}");
}
