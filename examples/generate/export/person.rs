//! One ordinary customer, complete and right; `flaws` breaks it afterwards.
//!
//! Invariants: the result depends on the dice alone; a social security number is only of a never-issued range;
//! whoever the contract counts as a U.S. person has one.
//! Left out on purpose: what a customer lacks in reality. A customer from here has no gap except those that
//! the extract has no column for (a joint owner's employment, a foreign customer's documents).

use super::lists::{self, Name};
use super::places::{self, Country, UsCity, fill as pattern};
use super::row::{Col, Row};
use fastrand::Rng;

/// What kind of person a flaw needs.
#[derive(Clone, Copy, Default)]
pub struct Wish {
    /// Living abroad, or not; otherwise the dice decide.
    pub abroad: Option<bool>,
    /// With a joint owner for certain.
    pub joint: bool,
    /// Abroad with a national id for certain.
    pub national_id: bool,
}

enum Home {
    Us(&'static UsCity),
    Abroad(&'static Country),
}

/// Fills every cell of a row with a new customer.
pub fn fill(row: &mut Row, number: u64, wish: Wish, rng: &mut Rng) {
    row.clear();
    row.set(Col::CustNo, |cell| customer(number, cell));
    row.put(Col::AcctStat, if chance(rng, 70) { "D" } else { "A" });
    let home = if wish.abroad.unwrap_or(chance(rng, 150)) {
        Home::Abroad(one(places::COUNTRIES, rng))
    } else {
        Home::Us(one(places::US_CITIES, rng))
    };
    let (given, family) = match home {
        Home::Us(_) => (lists::GIVEN, lists::FAMILY),
        Home::Abroad(country) => (country.given, country.family),
    };
    let (first, last) = (pick(given, rng), pick(family, rng));
    row.put(Col::FirstNm, first.0);
    row.put(Col::LastNm, last.0);
    match rng.u8(0..10) {
        0..4 => row.set(Col::MiddleNm, |cell| {
            cell.push(char::from(rng.u8(b'A'..=b'W')));
            cell.push('.');
        }),
        4 => row.put(Col::MiddleNm, pick(given, rng).0),
        _ => {}
    }
    row.set(Col::BirthDt, |cell| birth_date(1938, 2004, cell, rng));
    row.set(Col::Email, |cell| email(first, last, cell, rng));
    tax(row, &home, wish, rng);
    phones(row, &home, rng);
    address(row, &home, rng);
    work(row, &home, rng);
    money(row, rng);
    row.put(Col::AgrDoc, pick(lists::AGREEMENTS, rng));
    row.set(Col::AgrSigned, |cell| {
        date(
            2012 + rng.u32(0..13),
            rng.u32(1..=12),
            rng.u32(1..=28),
            cell,
        );
        for (sign, most) in [('T', 24), (':', 60), (':', 60)] {
            cell.push(sign);
            digits(rng.u32(0..most), 2, cell);
        }
        cell.push('Z');
    });
    if chance(rng, 80) || wish.joint {
        joint_owner(row, &home, given, last, rng);
    }
}

/// The customer's number in the extract.
pub fn customer(number: u64, cell: &mut String) {
    cell.push('C');
    digits(10_000_000 + number as u32, 8, cell);
}

fn tax(row: &mut Row, home: &Home, wish: Wish, rng: &mut Rng) {
    let citizen = rng.u32(0..1000);
    match home {
        Home::Us(_) => {
            ssn(row, Col::Ssn, rng);
            match citizen {
                0..100 => {}
                100..140 => row.put(Col::CtznCtry, pick(&one(places::COUNTRIES, rng).names, rng)),
                _ => row.put(Col::CtznCtry, pick(places::US_NAMES, rng)),
            }
        }
        Home::Abroad(_) if citizen < 40 && !wish.national_id => {
            row.put(Col::CtznCtry, pick(places::US_NAMES, rng));
            ssn(row, Col::Ssn, rng);
        }
        Home::Abroad(country) => {
            if citizen >= 140 {
                row.put(Col::CtznCtry, pick(&country.names, rng));
            }
            // The guide allows a foreign owner without a national id: about a quarter here.
            if wish.national_id || chance(rng, 740) {
                row.put(Col::TaxType, "N");
                row.set(Col::Ssn, |cell| pattern(country.national_id, "", cell, rng));
                row.put(Col::TaxCtry, pick(&country.names, rng));
            }
        }
    }
    if !row.is_blank(Col::Ssn) && row.is_blank(Col::TaxCtry) {
        row.put(Col::TaxType, "S");
        if rng.bool() {
            row.put(Col::TaxCtry, "US");
        }
    }
}

/// A number that no one was ever given: area 000 or 666, or an area from 900 with a group below the ITIN's.
pub fn ssn(row: &mut Row, col: Col, rng: &mut Rng) {
    let (area, group) = match rng.u32(0..4) {
        0 => (0, rng.u32(1..=99)),
        1 => (rng.u32(900..=999), rng.u32(1..=49)),
        _ => (666, rng.u32(1..=99)),
    };
    let dash = if chance(rng, 700) { "-" } else { "" };
    row.set(col, |cell| {
        digits(area, 3, cell);
        cell.push_str(dash);
        digits(group, 2, cell);
        cell.push_str(dash);
        digits(rng.u32(1..=9999), 4, cell);
    });
}

fn phones(row: &mut Row, home: &Home, rng: &mut Rng) {
    let cols: &[Col] = match rng.u32(0..10) {
        0..4 => &[Col::CellPhone],
        4..6 => &[Col::HomePhone],
        _ => &[Col::CellPhone, Col::HomePhone],
    };
    for col in cols {
        row.set(*col, |cell| phone(home, cell, rng));
    }
}

fn phone(home: &Home, cell: &mut String, rng: &mut Rng) {
    match home {
        Home::Us(city) => pattern(pick(places::US_PHONES, rng), city.area, cell, rng),
        Home::Abroad(country) => pattern(pick(&country.phones, rng), "", cell, rng),
    }
}

fn address(row: &mut Row, home: &Home, rng: &mut Rng) {
    match home {
        Home::Us(place) => {
            row.set(Col::Addr1, |cell| {
                pattern(pick(lists::STREETS, rng), "", cell, rng)
            });
            if chance(rng, 220) {
                row.set(Col::Addr2, |cell| {
                    pattern(pick(lists::ROOMS, rng), "", cell, rng)
                });
            }
            row.put(Col::City, place.city);
            row.put(
                Col::State,
                if chance(rng, 200) {
                    place.state
                } else {
                    place.code
                },
            );
            row.set(Col::Zip, |cell| zip(place, cell, rng));
            row.put(Col::Ctry, pick(places::US_NAMES, rng));
        }
        Home::Abroad(country) => {
            let (city, region, postal) = pick(country.cities, rng);
            row.set(Col::Addr1, |cell| {
                pattern(pick(country.streets, rng), "", cell, rng)
            });
            row.put(Col::City, city);
            row.put(Col::State, region);
            row.set(Col::Zip, |cell| pattern(postal, "", cell, rng));
            row.put(Col::Ctry, pick(&country.names, rng));
        }
    }
    // A mailing address of one's own is a U.S. address in this extract, wherever one lives.
    if chance(rng, 120) {
        let place = one(places::US_CITIES, rng);
        row.set(Col::MailAddr1, |cell| {
            pattern(pick(lists::STREETS, rng), "", cell, rng)
        });
        row.set(Col::MailCitySt, |cell| {
            cell.push_str(place.city);
            cell.push_str(", ");
            cell.push_str(place.code);
        });
        row.set(Col::MailZip, |cell| zip(place, cell, rng));
        row.put(Col::MailCtry, pick(places::US_NAMES, rng));
    }
}

fn zip(place: &UsCity, cell: &mut String, rng: &mut Rng) {
    pattern(place.zip, "", cell, rng);
    if chance(rng, 150) {
        pattern("-####", "", cell, rng);
    }
}

fn work(row: &mut Row, home: &Home, rng: &mut Rng) {
    row.put(Col::Employer, pick(lists::EMPLOYERS, rng));
    row.put(Col::JobTitle, pick(lists::JOBS, rng));
    row.set(Col::YrsEmpl, |cell| number(rng.u32(0..41), cell));
    row.set(Col::EmpAddr, |cell| match home {
        Home::Us(_) => {
            let place = one(places::US_CITIES, rng);
            pattern(pick(lists::STREETS, rng), "", cell, rng);
            for piece in [place.city, place.code] {
                cell.push(';');
                cell.push_str(piece);
            }
            cell.push(';');
            zip(place, cell, rng);
            cell.push_str(";USA");
        }
        Home::Abroad(country) => {
            let (city, region, postal) = pick(country.cities, rng);
            pattern(pick(country.streets, rng), "", cell, rng);
            for piece in [city, region] {
                cell.push(';');
                cell.push_str(piece);
            }
            cell.push(';');
            pattern(postal, "", cell, rng);
            cell.push(';');
            cell.push_str(country.names[2]);
        }
    });
}

fn money(row: &mut Row, rng: &mut Rng) {
    let income = 12 + rng.u32(0..90) * rng.u32(1..6);
    let wealth = 1 + rng.u32(0..400) * rng.u32(1..20);
    row.set(Col::AnnIncome, |cell| amount(income, cell, rng));
    row.set(Col::NetWorth, |cell| amount(wealth, cell, rng));
    row.set(Col::LiqNetWorth, |cell| {
        amount((wealth / 3).max(1), cell, rng)
    });
    for (col, codes) in [
        (
            Col::Objective,
            &["G", "G", "G", "I", "B", "B", "P", "S", "O"][..],
        ),
        (Col::Risk, &["1", "2", "2", "3"]),
        (Col::Horizon, &["S", "A", "A", "L"]),
        (Col::Liquidity, &["V", "S", "S", "N"]),
        (Col::Experience, &["0", "1", "1", "2", "3"]),
        (
            Col::TaxBracket,
            &["10", "12", "22", "24", "24%", "32", "35", "37"],
        ),
        (Col::Marital, &["S", "M", "M", "D", "W"]),
    ] {
        row.put(col, pick(codes, rng));
    }
}

/// An amount of thousands, written the way that four generations of clerks did.
fn amount(thousands: u32, cell: &mut String, rng: &mut Rng) {
    let form = rng.u32(0..4);
    let grouped = form < 3;
    if form == 1 {
        cell.push('$');
    }
    if thousands >= 1000 && grouped {
        number(thousands / 1000, cell);
        cell.push(',');
        digits(thousands % 1000, 3, cell);
    } else {
        number(thousands, cell);
    }
    cell.push_str(if grouped { ",000" } else { "000" });
    if form == 1 || form == 2 {
        cell.push_str(".00");
    }
}

fn joint_owner(row: &mut Row, home: &Home, given: &[Name], last: Name, rng: &mut Rng) {
    let first = pick(given, rng);
    row.put(Col::JtFirstNm, first.0);
    row.put(Col::JtLastNm, last.0);
    row.set(Col::JtBirthDt, |cell| birth_date(1938, 2004, cell, rng));
    row.set(Col::JtEmail, |cell| email(first, last, cell, rng));
    if chance(rng, 850) {
        row.set(Col::JtPhone, |cell| phone(home, cell, rng));
    }
    if matches!(home, Home::Us(_)) {
        ssn(row, Col::JtSsn, rng);
    }
}

/// Appends an e-mail address under a name reserved for examples.
pub fn email(first: Name, last: Name, cell: &mut String, rng: &mut Rng) {
    cell.push_str(first.1);
    cell.push_str(pick(&[".", "_", ""], rng));
    cell.push_str(last.1);
    number(rng.u32(1..10_000), cell);
    cell.push('@');
    cell.push_str(pick(lists::DOMAINS, rng));
}

/// Appends a birth date: mostly mm/dd/yyyy, some rows of a later import yyyy-mm-dd.
pub fn birth_date(from: u32, to: u32, cell: &mut String, rng: &mut Rng) {
    let (year, month, day) = (rng.u32(from..=to), rng.u32(1..=12), rng.u32(1..=28));
    if chance(rng, 150) {
        return date(year, month, day, cell);
    }
    digits(month, 2, cell);
    cell.push('/');
    digits(day, 2, cell);
    cell.push('/');
    digits(year, 4, cell);
}

fn date(year: u32, month: u32, day: u32, cell: &mut String) {
    digits(year, 4, cell);
    cell.push('-');
    digits(month, 2, cell);
    cell.push('-');
    digits(day, 2, cell);
}

/// True so many times in a thousand.
pub fn chance(rng: &mut Rng, of_thousand: u32) -> bool {
    rng.u32(0..1000) < of_thousand
}

/// A copy of one of a list.
pub fn pick<T: Copy>(list: &[T], rng: &mut Rng) -> T {
    *one(list, rng)
}

/// One of a list (which is never empty: all lists are constants).
fn one<'a, T>(list: &'a [T], rng: &mut Rng) -> &'a T {
    &list[rng.u32(0..list.len() as u32) as usize]
}

fn number(value: u32, cell: &mut String) {
    digits(value, value.checked_ilog10().unwrap_or(0) + 1, cell);
}

/// Appends a number with leading zeros.
fn digits(value: u32, width: u32, cell: &mut String) {
    for place in (0..width).rev() {
        cell.push(char::from(b'0' + (value / 10u32.pow(place) % 10) as u8));
    }
}
