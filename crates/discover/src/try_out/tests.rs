//! What is written of small exports: the guess, tried on their own rows.

use super::*;
use crate::guess;
use crate::inspect::{self, distinct::Hasher};
use bakkt_source::export::Options;

/// The mapping that is written of an export with these columns beside the usual ones of 24 invented customers.
fn written(header: &str, cells: impl Fn(usize) -> String) -> String {
    let given = ["Mara", "Joel", "Ann", "Bo", "Cy"];
    let family = ["Quill", "Pike", "Roe", "Hart"];
    let mut text = format!("CustNo,FirstName,LastName,Email,BirthDate,{header}\n");
    for row in 0..24 {
        let (given, family) = (given[row % 5], family[row % 4]);
        let born = format!("19{}-0{}-1{}", 50 + row, row % 9 + 1, row % 9);
        let more = cells(row);
        text += &format!("K{row:05},{given},{family},p{row}@example.com,{born},{more}\n");
    }
    mapping_of(&text)
}

/// The same of an export that has whole names.
fn written_of_names(header: &str, name: impl Fn(&str, &str) -> String) -> String {
    let given = ["MARA", "JOEL", "ANN", "ROSE", "PETER"];
    let family = ["QUILL", "PIKE", "MARLOW", "HART"];
    let mut text = format!("CustNo,{header},Email,BirthDate\n");
    for row in 0..24 {
        let name = name(given[row % 5], family[row % 4]);
        let born = format!("19{}-0{}-1{}", 50 + row, row % 9 + 1, row % 9);
        text += &format!("K{row:05},{name},p{row}@example.com,{born}\n");
    }
    mapping_of(&text)
}

fn mapping_of(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers.csv");
    std::fs::write(&path, text).unwrap();
    let export = inspect::open(&path, &Options::default()).unwrap();
    let profiles = [inspect::survey(&export, &Hasher::default(), |_, _| {}).unwrap()];
    let mut guess = guess::guess(&profiles, &inspect::all_links(&profiles));
    let today = jiff::civil::date(2025, 1, 2);
    weighed(&mut guess, &profiles, &[Arc::new(export)], today).unwrap();
    write::mapping(&guess.sheets[0], &profiles[0], "customers.csv")
}

/// The lines of a mapping about a field, those that are comments with their sign.
fn lines<'t>(mapping: &'t str, field: &str) -> Vec<&'t str> {
    let about = format!("{field}\" = ");
    mapping
        .lines()
        .filter(|line| line.contains(&about))
        .collect()
}

#[test]
fn whole_names_without_a_comma_are_a_decision_unless_something_shows_their_order() {
    let plain = |given: &str, family: &str| format!("{family} {given}");
    let initial = |given: &str, family: &str| format!("{given} J {family}");
    let comma = |given: &str, family: &str| format!("\"{family}, {given}\"");
    type Names<'a> = &'a dyn Fn(&str, &str) -> String;
    let cases: [(&str, Names<'_>, bool, bool); 7] = [
        ("Name", &plain, false, false),
        ("Name", &initial, false, true),
        ("Name", &comma, false, true),
        ("LastFirstName", &plain, true, true),
        ("NAME_LAST_FIRST", &plain, true, true),
        ("Last First Middle", &plain, true, true),
        ("CUST_NAME_LAST_FIRST", &plain, true, true),
    ];
    for (header, name, is_family_first, is_known) in cases {
        let mapping = written_of_names(header, name);
        for (field, part) in [("givenName", "given"), ("familyName", "family")] {
            let found = lines(&mapping, &format!("owners[0].identity.{field}"));
            let cut = match is_family_first {
                true => format!("name = {{ part = \"{part}\", order = \"family-first\" }}"),
                false => format!("name = \"{part}\""),
            };
            assert_eq!(found.len(), 1, "{header}: {mapping}");
            assert!(found[0].contains(&cut), "{header}: {}", found[0]);
            let open = found[0].contains("# medium: without a comma");
            assert_eq!(open, !is_known, "{header}: {}", found[0]);
        }
    }
}

#[test]
fn answers_and_states_are_no_name_of_an_agreement() {
    for (header, cells) in [
        ("TermsAccepted,TermsVersion,TermsDate", "Y,2.1,2024-01-11"),
        ("AgreementSigned,AgreementVersion", "Yes,3"),
        ("CustomerAgreement,AgreementVer", "Accepted,3"),
        (
            "AgreementType,AgreementVer,AgreementDate",
            "Signed,3,2024-01-11",
        ),
        ("AgreementName,AgreementVer,AgreementDate", "1,3,2024-01-11"),
    ] {
        let mapping = written(header, |_| cells.to_owned());
        let found = lines(&mapping, "agreements[0].name");
        assert!(found.iter().all(|line| line.starts_with('#')), "{found:?}");
        let const_hint = |line: &&str| line.contains("{ const = ");
        assert!(found.iter().any(const_hint), "{header}: {found:?}");
    }
    let names = |_| "Customer Agreement,3".to_owned();
    let mapping = written("AgreementName,AgreementVersion", names);
    let found = lines(&mapping, "agreements[0].name");
    assert_eq!(
        found,
        ["\"owners[0].agreements[0].name\" = \"AgreementName\"  # high"]
    );
}

#[test]
fn what_is_not_sent_names_the_field_that_keeps_it_back() {
    let cells = |row: usize| format!("{},{}", 30_000 + row * 1_000, row % 3 + 1);
    let mapping = written("AnnualIncome,InvestmentObjective", cells);
    let income = lines(&mapping, "annualIncomeRangeUsd");
    assert!(
        income[0].contains("investmentProfile.accountGoals.") && !income[0].contains("agreements"),
        "{income:?}"
    );
    let mapping = written("Employer", |_| "Sample Mills".to_owned());
    let employer = lines(&mapping, "employerName");
    let wanted = "owners[0].identity.employment.position is missing, without which it is not sent";
    assert!(employer[0].contains(wanted), "{employer:?}");
}

#[test]
fn amounts_that_are_no_dollars_of_a_year_are_hints() {
    for (header, income, worth) in [
        ("Income,NetWorth", 30, 100),
        ("Income_K,NetWorth_Thousands", 3_000, 9_000),
        ("Income (000s),NetWorth (000s)", 3_000, 9_000),
    ] {
        let mapping = written(header, |row| format!("{},{}", income + row, worth + row));
        for field in ["annualIncomeRangeUsd", "totalNetWorthRangeUsd"] {
            let found = lines(&mapping, field);
            assert!(
                found.iter().all(|line| line.starts_with('#')),
                "{header}: {found:?}"
            );
        }
    }
    for cells in [
        |row: usize| format!("{},{}", 30_000 + row, 100_000 + row),
        |row: usize| format!("{}k,{}k", 30 + row, 100 + row),
    ] {
        let mapping = written("Income,NetWorth", cells);
        let found = lines(&mapping, "annualIncomeRangeUsd");
        assert!(found[0].starts_with('"'), "{found:?}");
    }
}
