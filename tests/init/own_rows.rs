//! What `init` makes of exports whose headers or values mislead: no line takes the wrong column, and none is sure that
//! fails on the rows it was made from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::truth::{confidence, feeds, root, toml};
use crate::support::program;

fn init(dir: &Path, files: &[PathBuf]) -> Output {
    program()
        .arg("init")
        .arg(dir)
        .arg("--from")
        .args(files)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The mapping that init writes: the columns of each field, and its text. On the way it holds that no sure line fails.
fn written(export: &Path) -> (BTreeMap<String, String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("m");
    let output = init(&dir, &[export.to_owned()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let path = dir.join("mapping.toml");
    let mapping = fs::read_to_string(&path).unwrap();
    let taken = feeds(&toml(&path), &Default::default());
    let columns = taken
        .into_iter()
        .filter(|(path, takes)| path != "account_type" && !takes.columns.is_empty())
        .map(|(path, takes)| (path, takes.columns.join("+")));
    for path in failing(&dir, folder.path()) {
        assert_ne!(confidence(&mapping, &path), "high", "{path} in {mapping}");
    }
    (columns.collect(), mapping)
}

/// The fields of which `check` finds more than one value invalid or withheld.
fn failing(dir: &Path, folder: &Path) -> BTreeSet<String> {
    let gaps = folder.join("gaps.csv");
    let check = program()
        .arg("check")
        .arg(dir)
        .arg("--gaps")
        .arg(&gaps)
        .output()
        .unwrap();
    assert!(
        matches!(check.status.code(), Some(0 | 3)),
        "{}",
        text(&check.stderr)
    );
    let mut reader = csv::Reader::from_path(&gaps).unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        if row["reason"].starts_with("invalid") || row["reason"] == "withheld" {
            *counts.entry(row["path"].clone()).or_default() += 1;
        }
    }
    let often = counts.into_iter().filter(|(_, count)| *count > 1);
    often.map(|(path, _)| path).collect()
}

/// The columns of the main owner's usual fields in exports with these headers.
const USUAL: &[(&str, &str)] = &[
    ("clientAccountId", "Id"),
    ("owners[0].identity.givenName", "FirstName"),
    ("owners[0].identity.familyName", "LastName"),
    ("owners[0].emailAddress", "Email"),
    ("owners[0].identity.dateOfBirth", "Birthdate"),
    ("owners[0].identity.personalAddress.streetAddress", "Street"),
    ("owners[0].identity.personalAddress.city", "City"),
    ("owners[0].identity.personalAddress.state", "State"),
    (
        "owners[0].identity.personalAddress.postalCode",
        "PostalCode",
    ),
    ("owners[0].identity.personalAddress.country", "Country"),
];

/// The usual fields with some of another column, or of none, and some more.
fn usual(others: &[(&str, &str)]) -> BTreeMap<String, String> {
    let all = USUAL.iter().chain(others);
    let all: BTreeMap<_, _> = all
        .map(|(path, column)| ((*path).to_owned(), (*column).to_owned()))
        .collect();
    all.into_iter()
        .filter(|(_, column)| !column.is_empty())
        .collect()
}

fn kept(name: &str) -> PathBuf {
    root().join(format!("tests/init/exports/{name}.csv"))
}

/// An export of 24 invented customers with these columns behind the usual ones.
fn customers(folder: &Path, more: &[&str], cells: &dyn Fn(usize) -> Vec<String>) -> PathBuf {
    let path = folder.join("customers.csv");
    let mut writer = csv::Writer::from_path(&path).unwrap();
    let header = USUAL.iter().map(|(_, column)| *column);
    writer
        .write_record(header.chain(more.iter().copied()))
        .unwrap();
    let names = ["Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus"];
    let families = ["Lee", "Fox", "Ray", "Quill", "Hart"];
    for number in 0..24 {
        let mut row = vec![
            format!("A-{number:04}"),
            names[number % 7].to_owned(),
            families[number % 5].to_owned(),
            format!("p{number}@example.com"),
            format!("19{}-0{}-1{}", 60 + number, number % 9 + 1, number % 9),
            format!("{number} Sample Road"),
            ["Austin", "Reno", "Salem"][number % 3].to_owned(),
            ["TX", "NV", "OR"][number % 3].to_owned(),
            ["78701", "89501", "97301"][number % 3].to_owned(),
            "US".to_owned(),
        ];
        row.extend(cells(number));
        writer.write_record(&row).unwrap();
    }
    writer.flush().unwrap();
    path
}

#[test]
fn a_time_without_a_zone_is_read_and_its_agreement_waits_for_a_name() {
    let (columns, mapping) = written(&kept("agreement_signed"));
    let agreement = "owners[0].agreements[0]";
    let more = [
        (format!("{agreement}.version"), "AGMT_VER"),
        (format!("{agreement}.eSignedDate"), "AGMT_SIGNED"),
    ];
    let more: Vec<(&str, &str)> = more
        .iter()
        .map(|(path, column)| (path.as_str(), *column))
        .collect();
    assert_eq!(columns, usual(&more));
    for (path, _) in more {
        assert_eq!(confidence(&mapping, path), "medium", "{mapping}");
    }
    for said in [
        "its times have no zone",
        "owners[0].agreements[0].name is missing, without which it is not sent",
        "# \"owners[0].agreements[0].name\" = { const = ",
    ] {
        assert!(mapping.contains(said), "{said}: {mapping}");
    }
}

#[test]
fn when_a_system_made_a_row_is_no_date_of_the_customer() {
    let (columns, mapping) = written(&kept("created_at"));
    assert_eq!(columns, usual(&[]));
    assert!(mapping.contains("# \"created_at\""), "{mapping}");
}

#[test]
fn headers_of_other_languages_are_read_with_their_accents() {
    let address = |field: &str| format!("owners[0].identity.personalAddress.{field}");
    for (name, wanted) in [
        (
            "german",
            [
                ("clientAccountId", "Kundennummer"),
                ("owners[0].identity.givenName", "Vorname"),
                ("owners[0].identity.familyName", "Nachname"),
                ("owners[0].identity.dateOfBirth", "Geburtsdatum"),
                (&address("streetAddress"), "Straße"),
                (&address("postalCode"), "PLZ"),
                (&address("city"), "Ort"),
                (&address("country"), "Land"),
                ("owners[0].emailAddress", "E-Mail"),
            ]
            .as_slice(),
        ),
        (
            "spanish",
            &[
                ("clientAccountId", "Nº Cliente"),
                ("owners[0].identity.givenName", "Nombre"),
                ("owners[0].identity.familyName", "Primer Apellido"),
                ("owners[0].identity.dateOfBirth", "Fecha de Nacimiento"),
                (&address("streetAddress"), "Domicilio"),
                (&address("postalCode"), "Código Postal"),
                (&address("city"), "Población"),
                (&address("country"), "País"),
                ("owners[0].emailAddress", "Correo Electrónico"),
                ("owners[0].phoneNumber", "Teléfono Móvil"),
            ],
        ),
    ] {
        let (columns, mapping) = written(&kept(name));
        let wanted = wanted
            .iter()
            .map(|(path, column)| ((*path).to_owned(), (*column).to_owned()));
        assert_eq!(columns, wanted.collect::<BTreeMap<_, _>>(), "{name}");
        // No day of it is above 12.
        assert!(
            mapping.contains("date = \"dmy\" }  # medium: no value tells"),
            "{mapping}"
        );
    }
}

#[test]
fn whoever_is_named_twice_is_one_person() {
    let (columns, mapping) = written(&kept("name_beside_parts"));
    assert_eq!(columns, usual(&[]));
    assert!(mapping.contains("# \"Name\""), "{mapping}");
    let (columns, _) = written(&kept("two_emails"));
    assert_eq!(columns["owners[0].emailAddress"], "#3");
    assert!(
        columns.keys().all(|path| !path.starts_with("owners[1]")),
        "{columns:?}"
    );
    // Columns that name a joint owner and hold the main owner's names.
    let folder = tempfile::tempdir().unwrap();
    let names = |number: usize| {
        vec![
            ["Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus"][number % 7].to_owned(),
            ["Lee", "Fox", "Ray", "Quill", "Hart"][number % 5].to_owned(),
        ]
    };
    let from = customers(folder.path(), &["Joint First", "Joint Last"], &names);
    let (columns, mapping) = written(&from);
    assert_eq!(columns, usual(&[]));
    assert!(
        mapping.contains("the same person as the main owner"),
        "{mapping}"
    );
}

#[test]
fn no_address_is_made_of_two() {
    let address = |field: &str| format!("owners[0].identity.personalAddress.{field}");
    let (columns, mapping) = written(&kept("other_and_mailing"));
    let parts = [
        ("streetAddress", "MailingStreet"),
        ("city", "MailingCity"),
        ("state", "MailingState"),
        ("postalCode", "MailingPostalCode"),
        ("country", "MailingCountry"),
    ];
    let parts = parts.map(|(field, column)| (address(field), column));
    let others: Vec<(&str, &str)> = parts
        .iter()
        .map(|(path, column)| (path.as_str(), *column))
        .collect();
    assert_eq!(columns, usual(&others));
    for (path, _) in others {
        assert_eq!(confidence(&mapping, path), "medium", "{mapping}");
    }
    let folder = tempfile::tempdir().unwrap();
    let from = customers(
        folder.path(),
        &[
            "Shipping Street",
            "Shipping City",
            "Shipping State",
            "Shipping Zip",
            "Shipping Country",
        ],
        &|_| {
            ["9 Other Road", "Reno", "NV", "89501", "US"]
                .map(str::to_owned)
                .to_vec()
        },
    );
    let (columns, _) = written(&from);
    for (path, column) in &columns {
        if path.contains("ddress.") {
            assert_eq!(
                path.contains("mailingAddress"),
                column.contains("Shipping"),
                "{path}: {column}"
            );
        }
    }
}

#[test]
fn digits_of_an_id_are_nothing_else() {
    let (columns, mapping) = written(&kept("ten_digits"));
    let wanted = usual(&[
        ("clientAccountId", "CUST_NO"),
        ("owners[0].phoneNumber", "Phone"),
    ]);
    assert_eq!(columns, wanted);
    assert_eq!(confidence(&mapping, "clientAccountId"), "high");
    // Of any length, and beside a phone that is somebody's.
    for length in [5, 8, 9, 11] {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("a.csv");
        let mut lines = vec!["CUST_NO,FIRST_NM,LAST_NM,PHONE".to_owned()];
        lines.extend((0..24).map(|number| {
            let id = 2 * 10u64.pow(length - 1) + 7_919 * number;
            format!(
                "{id},Ann{},Lee,(312) 555-01{number:02}",
                "abcdefgh".chars().nth(number as usize % 8).unwrap()
            )
        }));
        fs::write(&from, lines.join("\n")).unwrap();
        let (columns, mapping) = written(&from);
        assert_eq!(columns["clientAccountId"], "CUST_NO", "{length}: {mapping}");
        assert_eq!(
            columns["owners[0].phoneNumber"], "PHONE",
            "{length}: {mapping}"
        );
        assert!(
            !columns.contains_key("owners[0].identity.taxId"),
            "{length}: {mapping}"
        );
        if length == 9 {
            assert!(
                mapping.contains("looks like a tax id), such as 999999999; `allow_ids_like`"),
                "{mapping}"
            );
        }
    }
}

#[test]
fn a_customer_number_beside_the_id_is_no_phone() {
    let folder = tempfile::tempdir().unwrap();
    for header in ["CIF_NO", "CUST_NO", "MEMBER_NO"] {
        for first in [0u64, 2_125_550_100] {
            let padded = |number: usize| vec![format!("{:010}", first + 7_919 * number as u64)];
            let (columns, mapping) = written(&customers(folder.path(), &[header], &padded));
            assert!(
                !columns.contains_key("owners[0].phoneNumber"),
                "{header}: {mapping}"
            );
        }
    }
}

#[test]
fn two_digit_years_get_the_pivot_of_this_year_and_are_never_sure() {
    let (columns, mapping) = written(&kept("short_years"));
    assert_eq!(columns, usual(&[("owners[0].identity.dateOfBirth", "DOB")]));
    let line = mapping
        .lines()
        .find(|line| line.contains("dateOfBirth"))
        .unwrap();
    let year = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .year()
        % 100;
    assert!(
        line.contains(&format!("pivot = {year} }} }}  # medium: ")),
        "{line}"
    );
    assert!(line.contains("two-digit years up to"), "{line}");
}

#[test]
fn polish_headers_say_who_somebody_is() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("a.csv");
    let mut lines = vec!["Nr klienta;Tytuł;Nazwisko;Imię;Data urodzenia".to_owned()];
    lines.extend((0..24).map(|number| {
        let (title, given) = [("Pan", "Jan"), ("Pani", "Anna")][number % 2];
        let family = ["Nowak", "Kowal", "Lis"][number % 3];
        format!(
            "{:08};{title};{family};{given};{:02}.03.19{}",
            400 + number,
            number + 1,
            50 + number
        )
    }));
    fs::write(&from, lines.join("\n")).unwrap();
    let (columns, mapping) = written(&from);
    for (field, column) in [
        ("clientAccountId", "Nr klienta"),
        ("owners[0].identity.givenName", "Imię"),
        ("owners[0].identity.familyName", "Nazwisko"),
        ("owners[0].identity.dateOfBirth", "Data urodzenia"),
    ] {
        assert_eq!(columns[field], column, "{mapping}");
    }
    assert_eq!(columns.len(), 4, "{mapping}");
}

#[test]
fn a_salutation_is_no_position() {
    let folder = tempfile::tempdir().unwrap();
    for header in ["Salutation", "Title", "Anrede", "Prefix"] {
        let titles = |number: usize| vec![["Mr", "Mrs.", "Dr"][number % 3].to_owned()];
        let (columns, _) = written(&customers(folder.path(), &[header], &titles));
        assert_eq!(columns, usual(&[]), "{header}");
    }
    for (header, said) in [
        ("Anrede", ["Herr", "Frau", "Herr Dr."]),
        ("Tytuł", ["Pan", "Pani", "Pani"]),
        ("Titolo", ["Sig.", "Sig.ra", "Dott."]),
        ("C2", ["Herr", "Frau", "Frau"]),
    ] {
        let titles = |number: usize| vec![said[number % 3].to_owned()];
        let (columns, _) = written(&customers(folder.path(), &[header], &titles));
        assert_eq!(columns, usual(&[]), "{header}");
    }
    let jobs = |number: usize| vec![["Teacher", "Nurse", "Engineer"][number % 3].to_owned()];
    let (columns, _) = written(&customers(folder.path(), &["Title"], &jobs));
    assert_eq!(
        columns,
        usual(&[("owners[0].identity.employment.position", "Title")])
    );
}

#[test]
fn one_odd_tax_id_does_not_spoil_the_others() {
    let folder = tempfile::tempdir().unwrap();
    // In the form of ITINs with a group that none has.
    let ids = |number: usize| match number {
        3 => vec!["XXX-XX-0003".to_owned()],
        number => vec![format!("987-00-{:04}", 4000 + number)],
    };
    let (columns, mapping) = written(&customers(folder.path(), &["SSN"], &ids));
    assert_eq!(columns["owners[0].identity.taxId"], "SSN");
    assert!(
        mapping.contains("{ column = \"SSN\", tax_id = \"number\" }  # medium"),
        "{mapping}"
    );
    // With every one of them masked nothing is left to say for it.
    let masked = |number: usize| vec![format!("XXX-XX-{number:04}")];
    let (columns, _) = written(&customers(folder.path(), &["SSN"], &masked));
    assert!(
        !columns.contains_key("owners[0].identity.taxId"),
        "{columns:?}"
    );
}

#[test]
fn the_order_of_dates_follows_the_country_where_nothing_else_tells() {
    let folder = tempfile::tempdir().unwrap();
    for (country, order) in [("Germany", "dmy"), ("US", "mdy")] {
        let from = folder.path().join("a.csv");
        let mut lines = vec!["ID,FIRST,LAST,DOB,COUNTRY".to_owned()];
        lines.extend((0..24).map(|number| {
            format!(
                "A-{number:03},Ann,Lee,{:02}/{:02}/1984,{country}",
                number % 12 + 1,
                number % 11 + 1
            )
        }));
        fs::write(&from, lines.join("\n")).unwrap();
        let (_, mapping) = written(&from);
        let wanted = format!("date = \"{order}\" }}  # medium: no value tells day and month apart");
        assert!(mapping.contains(&wanted), "{mapping}");
    }
}

#[test]
fn a_whole_name_is_no_middle_name() {
    let folder = tempfile::tempdir().unwrap();
    let whole = |number: usize| {
        let given = ["Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus"][number % 7];
        vec![format!(
            "{given} {}",
            ["Lee", "Fox", "Ray", "Quill", "Hart"][number % 5]
        )]
    };
    for header in ["Middle Name", "Other Name"] {
        let (columns, _) = written(&customers(folder.path(), &[header], &whole));
        assert_eq!(columns, usual(&[]), "{header}");
    }
}

/// Files of invented rows with one id each.
fn files(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    let one = |name: &str| {
        let path = folder.join(format!("{name}.csv"));
        let row = |number: usize| match name {
            "accounts" => format!("A-{number:03},{number} Sample Road,Reno,NV,89501,US"),
            "owners" => format!(
                "A-{number:03},Ann,Lee,1984-0{}-11,p{number}@example.com",
                number % 9 + 1
            ),
            "contacts" => format!("A-{number:03},Bo,Fox,(312) 555-01{number:02}"),
            _ => format!("A-{number:03},Gold,{}", number * 100),
        };
        let header = match name {
            "accounts" => "ID,STREET,CITY,STATE,ZIP,COUNTRY",
            "owners" => "ID,FIRST,LAST,DOB,EMAIL",
            "contacts" => "ID,FIRST,LAST,PHONE",
            _ => "ID,PRODUCT,BALANCE",
        };
        let rows: Vec<String> = std::iter::once(header.to_owned())
            .chain((0..20).map(row))
            .collect();
        fs::write(&path, rows.join("\n")).unwrap();
        path
    };
    names.iter().map(|name| one(name)).collect()
}

#[test]
fn each_file_beside_the_accounts_has_one_use_or_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (place, order) in [
        ["accounts", "contacts", "owners", "more"],
        ["more", "owners", "accounts", "contacts"],
    ]
    .iter()
    .enumerate()
    {
        let dir = folder.path().join(format!("m{place}"));
        let output = init(&dir, &files(folder.path(), order));
        assert!(output.status.success(), "{}", text(&output.stderr));
        let source = &toml(&dir.join("migration.toml"))["source"];
        let ends =
            |value: &toml::Value, name: &str| value["file"].as_str().unwrap().ends_with(name);
        assert!(ends(source, "accounts.csv"), "{source:?}");
        assert!(ends(&source["owners"], "owners.csv"), "{source:?}");
        assert!(
            ends(&source["trusted_contacts"], "contacts.csv"),
            "{source:?}"
        );
        let said = text(&output.stdout);
        assert!(
            said.contains("more.csv: holds the accounts' ids, and nothing uses it"),
            "{said}"
        );
        let check = program().arg("check").arg(&dir).output().unwrap();
        assert_eq!(check.status.code(), Some(3), "{}", text(&check.stderr));
    }
}

#[test]
fn a_file_given_twice_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = files(folder.path(), &["accounts"]).remove(0);
    let copy = folder.path().join("copy.csv");
    fs::copy(&accounts, &copy).unwrap();
    for (second, said) in [(&accounts, "is given twice"), (&copy, "hold the same")] {
        let dir = folder.path().join("m");
        let output = init(&dir, &[accounts.clone(), second.clone()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains(said),
            "{}",
            text(&output.stderr)
        );
        assert!(!dir.exists());
    }
}
