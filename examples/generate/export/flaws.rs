//! What is wrong with customers in reality: a table of gaps, which come freely and together, and a table of
//! blocking flaws, of which a row has at most one.
//!
//! Invariants: a gap never blocks (the sample's mapping and contract levels taken as they are); a blocking flaw
//! always does. The shares are the whole statistics: change a number here, and the sample, its test and its
//! README have to be made anew.

use super::person::{self, Wish, chance, pick};
use super::row::{Col, Row};
use fastrand::Rng;

/// A flaw that blocks.
pub struct Flaw {
    /// How many rows in 100,000 have it.
    pub share: u32,
    /// The customer that it needs.
    pub wish: Wish,
    /// Breaks the row.
    pub spoil: fn(&mut Row, &mut Rng),
}

const ANYONE: Wish = Wish {
    abroad: None,
    joint: false,
    national_id: false,
};
const AT_HOME: Wish = Wish {
    abroad: Some(false),
    ..ANYONE
};
const JOINT: Wish = Wish {
    joint: true,
    ..ANYONE
};
const WITH_NATIONAL_ID: Wish = Wish {
    abroad: Some(true),
    national_id: true,
    ..ANYONE
};

const fn flaw(share: u32, wish: Wish, spoil: fn(&mut Row, &mut Rng)) -> Flaw {
    Flaw { share, wish, spoil }
}

/// Every kind of block that an individual's account can run into.
pub const BLOCKING: &[Flaw] = &[
    flaw(150, ANYONE, |row, _| row.blank(&[Col::CustNo])),
    flaw(150, ANYONE, |row, rng| person::ssn(row, Col::CustNo, rng)),
    flaw(100, ANYONE, |row, rng| {
        row.set(Col::CustNo, |cell| {
            person::email(("id", "id"), ("", ""), cell, rng)
        });
    }),
    flaw(350, ANYONE, |row, _| row.blank(&[Col::FirstNm])),
    flaw(350, ANYONE, |row, _| row.put(Col::LastNm, "N/A")),
    flaw(700, ANYONE, |row, _| row.blank(&[Col::BirthDt])),
    // Two-digit years that were once read into the wrong century.
    flaw(350, ANYONE, |row, rng| {
        row.set(Col::BirthDt, |cell| {
            person::birth_date(2051, 2068, cell, rng)
        })
    }),
    flaw(450, ANYONE, |row, rng| {
        row.put(
            Col::BirthDt,
            pick(
                &[
                    "13/45/1970",
                    "02/30/1981",
                    "1975",
                    "see file",
                    "00/00/0000",
                    "1969-00-12",
                ],
                rng,
            ),
        );
    }),
    flaw(800, AT_HOME, |row, _| row.blank(&[Col::Ssn])),
    flaw(500, AT_HOME, |row, _| {
        row.shorten(Col::Ssn, row.get(Col::Ssn).len() - 1)
    }),
    flaw(200, WITH_NATIONAL_ID, |row, _| row.blank(&[Col::TaxCtry])),
    flaw(200, WITH_NATIONAL_ID, |row, _| {
        row.put(Col::TaxCtry, "Nowhere")
    }),
    flaw(800, ANYONE, |row, rng| {
        row.put(Col::Email, pick(&["", "N/A", "-"], rng))
    }),
    flaw(600, ANYONE, |row, rng| {
        row.put(
            Col::Email,
            pick(
                &[
                    "x.example.com",
                    "ann@",
                    "ann@@example.com",
                    "a nn@example.org",
                    "@example.net",
                ],
                rng,
            ),
        );
    }),
    flaw(350, ANYONE, |row, _| row.blank(&[Col::City])),
    flaw(350, ANYONE, |row, _| row.blank(&[Col::Addr1, Col::Addr2])),
    flaw(150, ANYONE, |row, _| row.blank(&[Col::Ctry])),
    flaw(350, ANYONE, |row, rng| {
        row.put(
            Col::Ctry,
            pick(&["Atlantis", "ZZZ", "Old Kingdom", "Q1"], rng),
        )
    }),
    flaw(500, AT_HOME, |row, _| row.blank(&[Col::Zip])),
    flaw(150, JOINT, |row, _| row.blank(&[Col::JtLastNm])),
    flaw(200, JOINT, |row, _| row.blank(&[Col::JtBirthDt])),
];

/// How many rows in a thousand have a gap, and how it comes about.
type Gap = (u32, fn(&mut Row, &mut Rng));

const GAPS: &[Gap] = &[
    (25, |row, _| row.blank(&[Col::CellPhone, Col::HomePhone])),
    (20, |row, rng| {
        row.blank(&[Col::HomePhone]);
        row.put(
            Col::CellPhone,
            pick(&["555", "none", "ask spouse", "0"], rng),
        );
    }),
    (30, |row, _| row.blank(&[Col::AgrDoc, Col::AgrSigned])),
    (15, |row, _| {
        row.put(Col::AgrDoc, "Digital Asset Customer Agreement")
    }),
    (8, |row, rng| {
        row.put(
            Col::AgrSigned,
            pick(&["on paper", "2015-13-01", "yes"], rng),
        )
    }),
    (60, |row, _| {
        row.blank(&[Col::Employer, Col::JobTitle, Col::EmpAddr, Col::YrsEmpl])
    }),
    (20, |row, _| row.blank(&[Col::JobTitle])),
    (15, |row, _| row.put(Col::Employer, "-")),
    (25, |row, _| row.blank(&[Col::EmpAddr])),
    (12, |row, _| row.put(Col::EmpAddr, "1 Market Sq;;;;USA")),
    (8, |row, rng| {
        row.put(Col::YrsEmpl, pick(&["5+", "since 2011", "many"], rng))
    }),
    (20, |row, _| row.blank(&[Col::AnnIncome])),
    (12, |row, rng| {
        row.put(
            Col::AnnIncome,
            pick(&["see file", "about 60", "(1,000)"], rng),
        )
    }),
    (25, |row, _| row.blank(&[Col::Objective])),
    (12, |row, _| row.put(Col::Objective, "X")),
    (20, |row, _| {
        row.blank(&[
            Col::AnnIncome,
            Col::NetWorth,
            Col::LiqNetWorth,
            Col::Objective,
            Col::Risk,
        ]);
        row.blank(&[
            Col::Horizon,
            Col::Liquidity,
            Col::Experience,
            Col::TaxBracket,
        ]);
    }),
    (8, |row, _| row.put(Col::LiqNetWorth, "(12,000)")),
    (8, |row, _| row.put(Col::Risk, "9")),
    (6, |row, _| row.put(Col::Horizon, "?")),
    (8, |row, _| row.put(Col::Marital, "Q")),
    (30, |row, _| row.blank(&[Col::Marital])),
    (5, |row, _| row.put(Col::CtznCtry, "stateless")),
    (10, |row, rng| {
        if !row.is_blank(Col::MailAddr1) {
            let cols = [Col::MailAddr1, Col::MailCitySt, Col::MailZip, Col::MailCtry];
            row.blank(&[pick(&cols, rng)]);
        }
    }),
    (10, |row, _| {
        if !row.is_blank(Col::MailAddr1) {
            row.put(Col::MailCtry, "Moon");
        }
    }),
];

/// Gives a row the gaps that the dice say.
pub fn gaps(row: &mut Row, rng: &mut Rng) {
    for (share, spoil) in GAPS {
        if chance(rng, *share) {
            spoil(row, rng);
        }
    }
}

/// Makes a copy of a row tell another story than its original.
pub fn contradict(row: &mut Row, rng: &mut Rng) {
    match rng.u32(0..3) {
        0 => row.set(Col::Email, |cell| {
            person::email(("moved", "moved"), ("", ""), cell, rng)
        }),
        1 => row.put(Col::LastNm, "Newname"),
        _ => row.put(Col::Addr1, "1 Elsewhere Rd"),
    }
}
