//! The same invented customers in two extracts: accounts, and their owners in another order.
//!
//! Every account has a main owner, every second account a joint owner too. An owner is a pure function of the seed and
//! its number, and the order is a permutation that is computed place by place: nothing is remembered, so memory does not
//! grow with the number of rows.

use crate::export::row::{Col, Row};
use crate::export::{Recipe, dice, person};
use std::io::{self, Write};

type Columns = [(Col, &'static str)];

const ACCOUNT: &Columns = &[
    (Col::CustNo, "CUST_NO"),
    (Col::AcctStat, "ACCT_STAT"),
    (Col::AnnIncome, "ANN_INCOME"),
    (Col::NetWorth, "NET_WORTH"),
    (Col::LiqNetWorth, "LIQ_NET_WORTH"),
    (Col::Objective, "OBJECTIVE"),
    (Col::Risk, "RISK"),
    (Col::Horizon, "HORIZON"),
    (Col::Liquidity, "LIQUIDITY"),
    (Col::Experience, "EXPERIENCE"),
    (Col::TaxBracket, "TAX_BRACKET"),
];

const OWNER: &Columns = &[
    (Col::CustNo, "CUST_NO"),
    (Col::FirstNm, "FIRST_NM"),
    (Col::MiddleNm, "MIDDLE_NM"),
    (Col::LastNm, "LAST_NM"),
    (Col::BirthDt, "BIRTH_DT"),
    (Col::TaxType, "TAX_TYPE"),
    (Col::Ssn, "SSN"),
    (Col::TaxCtry, "TAX_CTRY"),
    (Col::CtznCtry, "CTZN_CTRY"),
    (Col::Email, "EMAIL"),
    (Col::CellPhone, "CELL_PHONE"),
    (Col::HomePhone, "HOME_PHONE"),
    (Col::Addr1, "ADDR_1"),
    (Col::Addr2, "ADDR_2"),
    (Col::City, "CITY"),
    (Col::State, "STATE"),
    (Col::Zip, "ZIP"),
    (Col::Ctry, "CTRY"),
    (Col::MailAddr1, "MAIL_ADDR_1"),
    (Col::MailCitySt, "MAIL_CITY_ST"),
    (Col::MailZip, "MAIL_ZIP"),
    (Col::MailCtry, "MAIL_CTRY"),
    (Col::Marital, "MARITAL"),
    (Col::Employer, "EMPLOYER"),
    (Col::JobTitle, "JOB_TITLE"),
    (Col::EmpAddr, "EMP_ADDR"),
    (Col::YrsEmpl, "YRS_EMPL"),
    (Col::AgrDoc, "AGR_DOC"),
    (Col::AgrSigned, "AGR_SIGNED"),
];

/// Writes both extracts; returns the number of owners.
pub fn write(
    recipe: &Recipe,
    accounts: &mut impl Write,
    owners: &mut impl Write,
) -> io::Result<u64> {
    let mut row = Row::default();
    let mut accounts = csv::Writer::from_writer(accounts);
    accounts.write_record(names(ACCOUNT))?;
    for number in 0..recipe.rows {
        let mut dice = dice(recipe.seed, number);
        person::fill(&mut row, number, Default::default(), &mut dice);
        accounts.write_record(cells(&row, ACCOUNT))?;
    }
    accounts.flush()?;

    let mut owners = csv::Writer::from_writer(owners);
    owners.write_record(std::iter::once("ROLE").chain(names(OWNER)))?;
    let count = recipe.rows + recipe.rows / 2;
    for place in 0..count {
        let number = shuffled(place, count, recipe.seed);
        let (account, role) = match number.checked_sub(recipe.rows) {
            None => (number, "PRIMARY_OWNER"),
            Some(joint) => (2 * joint, "JOINT_OWNER"),
        };
        let mut dice = dice(recipe.seed, number);
        person::fill(&mut row, number, Default::default(), &mut dice);
        row.set(Col::CustNo, |cell| person::customer(account, cell));
        owners.write_record(std::iter::once(role).chain(cells(&row, OWNER)))?;
    }
    owners.flush()?;
    Ok(count)
}

fn names(columns: &'static Columns) -> impl Iterator<Item = &'static str> {
    columns.iter().map(|(_, name)| *name)
}

fn cells<'r>(row: &'r Row, columns: &'static Columns) -> impl Iterator<Item = &'r str> {
    columns.iter().map(|(col, _)| row.get(*col))
}

/// Where a place of a permutation of `0..count` leads: a Feistel network over the next power of four, walked until it
/// leads inside.
pub fn shuffled(place: u64, count: u64, seed: u64) -> u64 {
    let half = (64 - count.leading_zeros()).div_ceil(2).max(1);
    let mask = (1u64 << half) - 1;
    let mut at = place;
    loop {
        let (mut left, mut right) = (at >> half, at & mask);
        for round in 0..4 {
            let stirred = dice(seed ^ (round + 1), right).u64(..) & mask;
            (left, right) = (right, left ^ stirred);
        }
        at = left << half | right;
        if at < count {
            return at;
        }
    }
}

/// The lines of a mapping's head, without the tables of codes that none of its fields names.
fn with_named_tables(head: &[&str], fields: &str) -> String {
    let mut is_kept = true;
    let mut kept = Vec::new();
    for line in head {
        if line.starts_with('[') {
            let table = line.strip_prefix("[lookups.");
            let name = table.and_then(|rest| rest.split(']').next());
            is_kept = name.is_none_or(|name| {
                let lookup = format!("lookup = \"{name}\"");
                fields.contains(&lookup) || head.iter().any(|line| line.contains(&lookup))
            });
        }
        if is_kept {
            kept.push(*line);
        }
    }
    kept.join("\n")
}

/// The mappings of the two extracts, made of the one of the whole extract.
pub fn mappings(whole: &str) -> (String, String) {
    let (head, fields) = whole.split_once("[fields]\n").unwrap_or((whole, ""));
    let account_type = |line: &&str| line.starts_with("account_type");
    let shared: Vec<&str> = head.lines().filter(|line| !account_type(line)).collect();
    let feeds = || {
        fields
            .lines()
            .filter(|line| line.contains(" = ") && !line.starts_with('#'))
    };
    let of_accounts: Vec<&str> = feeds()
        .filter(|line| !line.starts_with("\"owners["))
        .collect();
    let of_owners: Vec<String> = feeds()
        .filter(|line| line.starts_with("\"owners[0].") && !line.contains("].role\""))
        .map(|line| line.replacen("[0]", "[]", 1))
        .collect();
    let (of_accounts, of_owners) = (of_accounts.join("\n"), of_owners.join("\n"));
    let head: Vec<&str> = head.lines().collect();
    (
        format!(
            "{}\n[fields]\n{of_accounts}\n",
            with_named_tables(&head, &of_accounts)
        ),
        format!(
            "{}\n[fields]\n\"owners[].role\" = \"ROLE\"\n{of_owners}\n",
            with_named_tables(&shared, &of_owners)
        ),
    )
}

/// The settings of the two extracts.
pub const SETTINGS: &str = r#"[source]
file = "accounts.csv"
mapping = "mapping.toml"

[source.owners]
file = "owners.csv"
mapping = "owners.toml"
key = "CUST_NO"

[accounts]
allow_unissued_tax_ids = true
"#;
