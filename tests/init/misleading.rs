//! What `init` makes of columns that look like a field and are not it: those of other people, those about another column,
//! and those that are a part of a value. A column that is left out is better than a wrong line.

use std::collections::BTreeMap;
use std::fs;

use super::truth::{confidence, feeds, toml};
use crate::support::program;

/// The columns that each invented export has.
const BASE: [&str; 12] = [
    "ID",
    "First Name",
    "Last Name",
    "DOB",
    "SSN",
    "Email",
    "Phone",
    "Address",
    "City",
    "State",
    "Zip",
    "Country",
];

const GIVEN: [&str; 7] = ["Mara", "Tobias", "Ines", "Rolf", "Petra", "Anton", "Clara"];
const FAMILY: [&str; 5] = ["Quill", "Ahorn", "Birke", "Dorn", "Esche"];
const CITIES: [[&str; 3]; 5] = [
    ["Austin", "TX", "78701"],
    ["Raleigh", "NC", "27601"],
    ["Boise", "ID", "83702"],
    ["Salem", "OR", "97301"],
    ["Albany", "NY", "12207"],
];

/// A value of an invented customer for a column of the base, or of one named like it.
pub(super) fn base(column: &str, row: usize) -> String {
    let [city, state, zip] = CITIES[row % 5];
    match column {
        "ID" => format!("N{row:05}"),
        "First Name" => GIVEN[row % 7].into(),
        "Last Name" => FAMILY[row % 5].into(),
        "DOB" => format!(
            "{:02}/{:02}/{}",
            row % 12 + 1,
            row * 7 % 28 + 1,
            1950 + row % 50
        ),
        "SSN" => format!("987-65-43{row:02}"),
        "Email" => format!("p{row}@example.com"),
        "Phone" => format!("(312) 555-01{row:02}"),
        "Address" => format!("{} Sample Rd", row + 1),
        "City" => city.into(),
        "State" => state.into(),
        "Zip" => zip.into(),
        _ => "US".into(),
    }
}

/// The columns of each field and the text of the mapping that init writes for the base columns but some, and some more.
pub(super) fn written(
    without: &[&str],
    more: &[&str],
    cells: &dyn Fn(usize) -> Vec<String>,
) -> (BTreeMap<String, String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("customers.csv");
    let mut writer = csv::Writer::from_path(&export).unwrap();
    let kept = || BASE.iter().filter(|column| !without.contains(column));
    writer.write_record(kept().chain(more)).unwrap();
    for row in 0..60 {
        let own = kept().map(|column| base(column, row));
        writer.write_record(own.chain(cells(row))).unwrap();
    }
    writer.flush().unwrap();
    let dir = folder.path().join("m");
    let mut init = program();
    let output = init
        .arg("init")
        .arg(&dir)
        .arg("--from")
        .arg(&export)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let path = dir.join("mapping.toml");
    let columns = feeds(&toml(&path), &Default::default())
        .into_iter()
        .filter(|(_, takes)| !takes.columns.is_empty())
        .map(|(path, takes)| (path, takes.columns.join("+")));
    (columns.collect(), fs::read_to_string(&path).unwrap())
}

/// That init maps none of some columns, and names them among the unused ones with a word about why.
fn left_out(more: &[&str], cells: &dyn Fn(usize) -> Vec<String>) {
    let (columns, mapping) = written(&[], more, cells);
    for column in more {
        for (path, taken) in &columns {
            assert!(
                !taken.split('+').any(|one| one == *column),
                "{path}: {mapping}"
            );
        }
        let line = format!("# \"{column}\"  # ");
        assert!(
            mapping.lines().any(|known| known.starts_with(&line)),
            "{column}: {mapping}"
        );
    }
    assert_eq!(columns["owners[0].emailAddress"], "Email", "{mapping}");
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn relatives_own_no_account() {
    let of_spouse = |row: usize| {
        let own = ["First Name", "Last Name", "DOB", "SSN"].map(|column| base(column, row + 3));
        own.into_iter()
            .chain([format!("s{row}@example.com")])
            .collect()
    };
    left_out(
        &[
            "Spouse First Name",
            "Spouse Last Name",
            "Spouse DOB",
            "Spouse SSN",
            "Spouse Email",
        ],
        &of_spouse,
    );
    // Somebody's tax id is known in hardly any row: those are no joint accounts.
    left_out(
        &["Spouse First Name", "Spouse Last Name", "Spouse SSN"],
        &|row| {
            let known = |column: &str| match row % 20 {
                0 => base(column, row + 3),
                _ => String::new(),
            };
            ["First Name", "Last Name", "SSN"].map(known).into()
        },
    );
    left_out(&["Wife First Name", "Wife Last Name"], &|row| {
        ["First Name", "Last Name"]
            .map(|column| base(column, row + 3))
            .into()
    });
    left_out(
        &[
            "Partner Name",
            "Mother First Name",
            "Father Last Name",
            "Child DOB",
            "Cónyuge",
        ],
        &|row| {
            let whole = format!(
                "{} {}",
                base("First Name", row + 2),
                base("Last Name", row + 1)
            );
            let given = base("First Name", row + 1);
            vec![
                whole.clone(),
                given,
                base("Last Name", row),
                base("DOB", row + 1),
                whole,
            ]
        },
    );
    left_out(&["Assistant Email", "Emergency Contact Phone"], &|row| {
        vec![format!("a{row}@example.com"), base("Phone", row + 20)]
    });
    let (columns, mapping) = written(&["Email"], &["Assistant Email"], &|row| {
        vec![format!("a{row}@example.com")]
    });
    assert!(!columns.contains_key("owners[0].emailAddress"), "{mapping}");
}

#[test]
fn whether_a_spouse_owns_a_part_of_the_account_is_asked() {
    let spouse = ["First Name", "Last Name", "DOB", "SSN"];
    let headers = spouse.map(|column| format!("Spouse {column}"));
    let headers = headers.each_ref().map(String::as_str);
    // As many as have joint accounts: more than one in twelve, and not most of them.
    let (_, mapping) = written(&[], &headers, &|row| match row % 4 {
        0 => spouse.map(|column| base(column, row + 3)).into(),
        _ => vec![String::new(); 4],
    });
    let feed = "\"owners[1].identity.familyName\" = \"Spouse Last Name\"";
    let line = mapping
        .lines()
        .find(|line| line.starts_with(feed))
        .expect(&mapping);
    assert!(
        line.contains("# medium: a spouse's: are these accounts joint?"),
        "{line}"
    );
}

#[test]
fn a_part_of_a_town_is_nobodys_name() {
    left_out(&["Colonia", "Bairro"], &|row| {
        let colonia = ["Centro", "Del Valle", "Roma Norte"][row % 3];
        texts(&[colonia, ["Moema", "Pinheiros"][row % 2]])
    });
}

#[test]
fn the_result_of_a_check_is_not_what_was_checked() {
    left_out(
        &[
            "NAME_CHECK",
            "ADDR_CHECK",
            "Addr_Verified",
            "Zip_Valid",
            "SSN Match",
        ],
        &|_| texts(&["PASS", "PASS", "Y", "Y", "FULL"]),
    );
}

#[test]
fn income_is_yearly_and_in_dollars() {
    for (column, value) in [
        ("Gross Monthly Income", "3070"),
        ("Ingresos mensuales", "3140"),
        ("Annual Income (EUR)", "37000"),
        ("Income Currency", "EUR"),
        ("IncomeBand", "B"),
    ] {
        left_out(&[column], &|_| texts(&[value]));
    }
    let (columns, _) = written(&[], &["Annual Income"], &|row| {
        vec![format!("{}", 30_000 + row)]
    });
    let income = "investmentProfile.customerProfile.annualIncomeRangeUsd";
    assert_eq!(columns[income], "Annual Income");
}

#[test]
fn what_may_be_thousands_waits_for_a_person_or_has_its_unit() {
    let income = "investmentProfile.customerProfile.annualIncomeRangeUsd";
    let ranges = ["25-50", "50-100", "100-250", "500-1,000"];
    let cells = |row: usize| vec![ranges[row % 4].to_owned()];
    let (columns, mapping) = written(&[], &["Annual Income Range"], &cells);
    assert!(!columns.contains_key(income), "{mapping}");
    assert!(mapping.contains("say which with `unit`"), "{mapping}");

    let (_, mapping) = written(&[], &["Annual Income Range ($000)"], &cells);
    let unit = "usd_range = { unit = \"thousands\" }";
    assert!(mapping.contains(unit), "{mapping}");
    assert!(mapping.contains("speaks of thousands"), "{mapping}");

    // Numbers alone, of which a person confirms that they are thousands.
    let (columns, mapping) = written(&[], &["Income ($000)"], &|_| texts(&["40"]));
    assert!(!columns.contains_key(income), "{mapping}");
    let hint = format!("# \"{income}\" = {{ column = \"Income ($000)\", {unit} }}");
    assert!(mapping.contains(&hint), "{mapping}");
}

#[test]
fn dates_and_versions_of_other_things_are_no_agreements() {
    left_out(
        &[
            "W9 Signed",
            "Application Date",
            "Application Version",
            "Eröffnet am",
            "Fecha de Alta",
        ],
        &|_| {
            texts(&[
                "2021-02-03",
                "2021-02-03",
                "3.1",
                "2021-02-04",
                "2021-03-03",
            ])
        },
    );
}

#[test]
fn a_fax_is_no_phone() {
    left_out(&["Telefax", "Fax"], &|row| {
        vec![base("Phone", row + 20), base("Phone", row + 30)]
    });
}

/// A joint owner of every fifth customer: names and birth date.
fn joint(row: usize) -> Vec<String> {
    match row % 5 {
        0 => ["First Name", "Last Name", "DOB"]
            .map(|column| base(column, row + 3))
            .into(),
        _ => vec![String::new(); 3],
    }
}

#[test]
fn a_second_email_address_is_not_the_joint_owners() {
    for second in ["Secondary Email", "Email 2", "Alternate Email"] {
        let cells = |row: usize| {
            let mut cells = vec![format!("q{row}@example.com")];
            cells.extend(joint(row));
            cells
        };
        let more = [second, "Joint First Name", "Joint Last Name", "Joint DOB"];
        let (columns, mapping) = written(&[], &more, &cells);
        assert_eq!(columns["owners[0].emailAddress"], "Email", "{mapping}");
        assert!(!columns.contains_key("owners[1].emailAddress"), "{mapping}");
        assert_eq!(columns["owners[1].identity.givenName"], "Joint First Name");
    }
}

#[test]
fn a_column_about_an_address_holds_none() {
    let more = [
        "Addr_Type",
        "Addr_Status",
        "Name Source",
        "Email Status",
        "Phone Type",
    ];
    let (columns, mapping) = written(&[], &more, &|_| texts(&["HOME", "OK", "WEB", "OK", "M"]));
    for (path, taken) in columns {
        assert!(
            !more.iter().any(|column| taken.contains(column)),
            "{path}: {mapping}"
        );
    }
}

#[test]
fn nobody_lives_where_parcels_go_or_where_a_license_was_issued() {
    let parts = ["Street", "City", "State", "Zip", "Country"];
    let headers: Vec<String> = ["Shipping", "Billing"]
        .iter()
        .flat_map(|kind| parts.map(|part| format!("{kind}{part}")))
        .chain(["DL_State", "Issue_State", "Branch_State"].map(str::to_owned))
        .collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let cells = |row: usize| {
        let address = |row: usize| {
            ["Address", "City", "State", "Zip", "Country"].map(|column| base(column, row))
        };
        let others = [1, 2, 3].map(|more| base("State", row + more));
        [address(row + 1), address(row)]
            .concat()
            .into_iter()
            .chain(others)
            .collect()
    };
    let none = ["Address", "City", "State", "Zip", "Country"];
    let home = "owners[0].identity.personalAddress.";
    let (columns, mapping) = written(&none, &headers, &cells);
    for (field, column) in [
        ("streetAddress", "BillingStreet"),
        ("city", "BillingCity"),
        ("state", "BillingState"),
        ("postalCode", "BillingZip"),
        ("country", "BillingCountry"),
    ] {
        assert_eq!(columns[&format!("{home}{field}")], column, "{mapping}");
        assert_ne!(
            confidence(&mapping, &format!("{home}{field}")),
            "high",
            "{mapping}"
        );
    }
    for (path, taken) in columns {
        assert!(
            !taken.contains("Shipping") && !taken.contains('_'),
            "{path}: {mapping}"
        );
    }
    let (columns, mapping) = written(&["State"], &["DL_State"], &|row| {
        vec![base("State", row + 1)]
    });
    assert!(!columns.contains_key(&format!("{home}state")), "{mapping}");
}

#[test]
fn a_phone_at_work_is_no_persons_own() {
    let phones = |row: usize| vec![base("Phone", row + 20), base("Phone", row + 30)];
    let (columns, mapping) = written(&[], &["Work_Ph", "employer_phone"], &phones);
    assert_eq!(columns["owners[0].phoneNumber"], "Phone", "{mapping}");
    let (_, mapping) = written(&["Phone"], &["Work_Ph", "Telefax"], &phones);
    assert!(
        ["low", ""].contains(&confidence(&mapping, "owners[0].phoneNumber").as_str()),
        "{mapping}"
    );
}

/// Entities with a contact, where the ID column is the entity's.
fn firm(row: usize) -> Vec<String> {
    let name = base("Last Name", row);
    vec![
        format!("E{row:04}"),
        format!("{name} Holdings LLC"),
        ["LLC", "CORP", "LP"][row % 3].into(),
        format!("00-12345{row:02}"),
        base("DOB", row),
        base("State", row),
        "Farming".into(),
        format!("{} {name}", base("First Name", row)),
    ]
}

const FIRM: [&str; 8] = [
    "entity_id",
    "legal_name",
    "entity_type",
    "ein",
    "formation_date",
    "formation_state",
    "industry",
    "contact_name",
];

#[test]
fn an_id_is_not_written_in_words() {
    let (columns, mapping) = written(&BASE, &FIRM, &firm);
    assert_eq!(columns["entity.entityLegalName"], "legal_name", "{mapping}");
    for (path, taken) in columns {
        assert!(
            !path.ends_with("Id") || taken != "contact_name",
            "{path}: {mapping}"
        );
    }
}

#[test]
fn where_a_firm_was_formed_is_not_where_it_is_registered() {
    let (_, mapping) = written(&BASE, &FIRM, &firm);
    let said = confidence(&mapping, "entity.registeredAddress.state");
    assert!(["low", ""].contains(&said.as_str()), "{mapping}");
}

#[test]
fn the_number_of_a_house_stands_beside_its_street() {
    for (number, street, first) in [
        ("House Number", "Street Name", true),
        ("Street No", "Street", true),
        ("Hausnummer", "Straße", false),
        ("Número", "Calle", false),
    ] {
        let cells = |row: usize| vec![format!("{}", row + 1), "Sample Rd".into()];
        let (columns, mapping) = written(&["Address"], &[number, street], &cells);
        let wanted = match first {
            true => format!("{number}+{street}"),
            false => format!("{street}+{number}"),
        };
        let path = "owners[0].identity.personalAddress.streetAddress";
        assert_eq!(columns[path], wanted, "{mapping}");
        let line = mapping.lines().find(|line| line.contains(path)).unwrap();
        assert!(line.contains("join = \" \""), "{line}");
        let taken = columns.values().filter(|taken| taken.contains(number));
        assert_eq!(taken.count(), 1, "{mapping}");
    }
}

#[test]
fn both_surnames_make_the_family_name() {
    let more = ["Apellido Materno", "Apellido Paterno"];
    let cells = |row: usize| vec![base("Last Name", row + 2), base("Last Name", row)];
    let (columns, mapping) = written(&["Last Name"], &more, &cells);
    let wanted = "Apellido Paterno+Apellido Materno";
    assert_eq!(
        columns["owners[0].identity.familyName"], wanted,
        "{mapping}"
    );
    assert_eq!(columns["owners[0].identity.givenName"], "First Name");
}

#[test]
fn letters_behind_a_name_say_its_order() {
    let cells = |row: usize| vec![format!("{} {}", FAMILY[row % 5], GIVEN[row % 7])];
    for (header, is_family_first) in [
        ("CUST_NAME_LF", true),
        ("CustNameLF", true),
        ("CLIENT_NM_LFM", true),
        ("CUST_NAME_FL", false),
    ] {
        let (columns, mapping) = written(&["First Name", "Last Name"], &[header], &cells);
        for (part, field) in [("given", "givenName"), ("family", "familyName")] {
            let path = format!("owners[0].identity.{field}");
            assert_eq!(columns[&path], header, "{mapping}");
            let line = mapping.lines().find(|line| line.contains(&path)).unwrap();
            let turned = format!("part = \"{part}\", order = \"family-first\"");
            assert_eq!(line.contains(&turned), is_family_first, "{header}: {line}");
            let is_open = line.contains("without a comma no value tells");
            assert!(!is_open, "{header}: {line}");
        }
    }
}

#[test]
fn counters_and_leftovers_feed_nothing_above_low() {
    let counted = |row: usize| vec![(row + 1).to_string()];
    for header in ["Row", "Line", "Row Number", "Seq", "No.", "Nr"] {
        let (columns, mapping) = written(&[], &[header], &counted);
        let taken = columns
            .values()
            .any(|taken| taken.split('+').any(|one| one == header));
        assert!(!taken, "{header}: {mapping}");
    }
    let leftovers: [(&str, &str); 6] = [
        ("Deceased", "N"),
        ("Vendor", "Sample"),
        ("Routing", "021000021"),
        ("Zip4", "1042"),
        ("Ownership", "SOLE"),
        ("Country of Issue", "US"),
    ];
    for (header, cell) in leftovers {
        // In the middle of the file, where fields that have no column are near.
        let behind = ["Address", "City", "State", "Zip", "Country"];
        let more: Vec<&str> = [header].into_iter().chain(behind).collect();
        let (columns, mapping) = written(&behind, &more, &|row| {
            let cells = behind.map(|column| base(column, row));
            [cell.to_owned()].into_iter().chain(cells).collect()
        });
        let taken = columns
            .values()
            .any(|taken| taken.split('+').any(|one| one == header));
        assert!(!taken, "{header}: {mapping}");
    }
    let (columns, mapping) = written(&[], &["Years Employed"], &|row| {
        vec![(row % 40).to_string()]
    });
    assert_eq!(
        columns["owners[0].identity.employment.yearsEmployed"], "Years Employed",
        "{mapping}"
    );
}

#[test]
fn the_flat_stands_behind_the_street() {
    let (columns, mapping) = written(&["Address"], &["Apt", "Address 1"], &|row| {
        let flat = match row % 3 {
            0 => format!("Apt {}", row % 7 + 1),
            _ => String::new(),
        };
        vec![flat, base("Address", row)]
    });
    let street = "owners[0].identity.personalAddress.streetAddress";
    assert_eq!(columns[street], "Address 1+Apt", "{mapping}");
}

#[test]
fn a_bare_number_behind_a_street_is_the_house() {
    let street = "owners[0].identity.personalAddress.streetAddress";
    for (more, wanted) in [
        (["Strasse", "Nr"], "Strasse+Nr"),
        (["Calle", "No Ext"], "Calle+No Ext"),
        (["Via", "Civico"], "Via+Civico"),
        (["Ulica", "Nr domu"], "Ulica+Nr domu"),
        (["Street", "Number"], "Number+Street"),
    ] {
        let (columns, mapping) = written(&["Address"], &more, &|row| {
            vec!["Musterweg".into(), (row + 1).to_string()]
        });
        assert_eq!(columns[street], wanted, "{mapping}");
    }
}

#[test]
fn an_id_of_a_check_is_no_account() {
    let (columns, mapping) = written(&["ID"], &["user_id", "kyc_reference"], &|row| {
        vec![(row + 1).to_string(), format!("J-{row:05}")]
    });
    assert_eq!(columns["clientAccountId"], "user_id", "{mapping}");
}

#[test]
fn a_street_that_stands_in_two_columns_is_taken_once() {
    let street = "owners[0].identity.personalAddress.streetAddress";
    for bare in ["Ulica", "Street"] {
        let (columns, mapping) = written(&["Address"], &[bare, "Address 1"], &|row| {
            vec!["Sample Rd".into(), base("Address", row)]
        });
        assert_eq!(columns[street], "Address 1", "{mapping}");
        assert!(mapping.contains("seems to be the same street"), "{mapping}");
    }
    // A first line that is no street stands beside it.
    let (columns, mapping) = written(&["Address"], &["Address 1", "Street"], &|row| {
        vec!["Sample Building".into(), base("Address", row)]
    });
    assert!(columns[street].contains("Street"), "{mapping}");
}

#[test]
fn birth_dates_that_a_spreadsheet_counted_are_read_as_days() {
    let (columns, mapping) = written(&["DOB"], &["DOB"], &|row| {
        vec![(20_000 + row * 97).to_string()]
    });
    let born = "owners[0].identity.dateOfBirth";
    assert_eq!(columns[born], "DOB", "{mapping}");
    assert_ne!(confidence(&mapping, born), "high", "{mapping}");
    assert!(
        mapping.contains("excel = \"1900\"") && mapping.contains("\"1904\""),
        "{mapping}"
    );
}
