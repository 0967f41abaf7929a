//! One invented account: its cells in the export, and those of its owners.
//!
//! An account is a pure function of the seed and its number, so that nothing is remembered from one file to the next.
//! Invariants: tax ids are of ranges that were never issued (social security numbers above 900, employers' with the
//! prefix 00); what a flaw does to the cells is done here, what it does to papers in `papers`.

use super::flaws::{Flaw, Kind, plan};
use super::lists::*;
use fastrand::Rng;

/// The header of accounts.csv.
pub const ACCOUNT_COLUMNS: &[&str] = &[
    "ENTITY_NO",
    "ACCT_TYPE",
    "STATUS",
    "LEGAL_NAME",
    "LEGAL_FORM",
    "EIN",
    "EMAIL",
    "PHONE",
    "INDUSTRY",
    "REG_STREET",
    "REG_CITY",
    "REG_STATE",
    "REG_ZIP",
    "REG_CTRY",
    "OP_STREET",
    "OP_CITY",
    "OP_STATE",
    "OP_ZIP",
    "OP_CTRY",
    "OFFERS",
    "FORMED",
    "COUNTRIES",
    "FUNDS",
    "CURRENCY_FROM",
    "AML",
    "REGISTERED",
    "OBJECTIVE",
    "EXPERIENCE",
    "NET_INCOME",
    "LIQUID_WORTH",
    "NET_WORTH",
    "DAILY_VOLUME",
    "DAILY_NOTIONAL",
];

/// The header of owners.csv.
pub const OWNER_COLUMNS: &[&str] = &[
    "ENTITY_NO",
    "OWNER_NO",
    "ROLE",
    "KIND",
    "SHARE",
    "MANAGES",
    "FIRST_NM",
    "LAST_NM",
    "BIRTH_DT",
    "TAX_TYPE",
    "TAX_ID",
    "TAX_CTRY",
    "EMAIL",
    "PHONE",
    "STREET",
    "CITY",
    "STATE",
    "ZIP",
    "CTRY",
    "AGREEMENT",
    "SIGNED",
];

/// An account.
pub struct Account {
    pub number: u64,
    pub id: String,
    pub kind: Kind,
    pub flaw: Flaw,
    /// For its papers.
    pub name: String,
    pub owners: Vec<Owner>,
    seed: u64,
}

/// One of its owners.
pub struct Owner {
    pub id: String,
    pub name: String,
    /// Owns more than a quarter.
    pub above: bool,
    pub manages: bool,
    /// Alpha-3 of who issues their papers.
    pub country: &'static str,
    cells: Vec<String>,
}

/// Roles and shares of the owners of a kind, and which of them manages.
fn parts(kind: Kind) -> (&'static [(&'static str, u32)], usize) {
    const OTHER: &str = "BENEFICIAL_OWNER";
    const FIRST: &str = "PRIMARY_OWNER";
    match kind {
        Kind::Corporation => (&[(FIRST, 50), (OTHER, 30), (OTHER, 20)], 2),
        Kind::Llc => (&[(FIRST, 60), (OTHER, 40)], 0),
        Kind::Partnership => (&[(FIRST, 50), (OTHER, 50)], 0),
        Kind::LimitedPartnership => (&[(FIRST, 30), (OTHER, 30), (OTHER, 25), (OTHER, 15)], 0),
        Kind::Trust | Kind::Individual => (&[(FIRST, 100)], 0),
        Kind::PersonalTrust => (&[(FIRST, 100), ("TRUSTEE", 0)], 1),
        Kind::Custodial => (&[(FIRST, 0), ("MINOR_OWNER", 100), ("CUSTODIAN", 0)], 0),
    }
}

/// The dice of one thing of one account, stirred (splitmix64), so that neighbours have nothing in common.
pub fn dice(seed: u64, number: u64, what: u64) -> Rng {
    let mut z = seed
        .wrapping_mul(0xd134_2543_de82_ef95)
        .wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(what.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Rng::with_seed(z ^ (z >> 31))
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}

/// How many owners the account with this number has in owners.csv.
pub fn owner_count(number: u64, flaws: bool) -> usize {
    let (kind, flaw) = plan(number, flaws);
    match flaw {
        Flaw::NoOwners => 0,
        _ => parts(kind).0.len(),
    }
}

impl Account {
    /// The account with this number.
    pub fn new(seed: u64, number: u64, flaws: bool) -> Account {
        let (kind, flaw) = plan(number, flaws);
        let id = format!("HB-{:05}", number + 1);
        let mut rng = dice(seed, number, 0);
        let words = format!("{} {}", pick(&mut rng, FIRST), pick(&mut rng, SECOND));
        let (roles, manager) = parts(kind);
        let owners: Vec<Owner> = roles
            .iter()
            .enumerate()
            .map(|(place, part)| {
                let mut rng = dice(seed, number, 1 + place as u64);
                owner(
                    &id,
                    (kind, flaw),
                    (place, part.0, part.1, place == manager),
                    &mut rng,
                )
            })
            .collect();
        let family = owners[0].name.rsplit(' ').next().unwrap_or("");
        let name = match kind {
            Kind::Corporation => format!("{words}, Inc."),
            Kind::Llc => format!("{words} LLC"),
            Kind::Partnership => format!("{words} & Partners"),
            Kind::LimitedPartnership => format!("{words} LP"),
            Kind::Trust => format!("{words} Business Trust"),
            Kind::PersonalTrust => format!("{family} Family Trust"),
            Kind::Custodial | Kind::Individual => owners[0].name.clone(),
        };
        Account {
            number,
            id,
            kind,
            flaw,
            name,
            owners,
            seed,
        }
    }

    /// Whether KYB asks for its papers.
    pub fn has_kyb(&self) -> bool {
        self.kind != Kind::Individual
    }

    /// The cells of its row; `again`: of the row that contradicts the first one.
    pub fn cells(&self, again: bool) -> Vec<String> {
        let mut rng = dice(self.seed, self.number, 100);
        let code = match self.kind {
            _ if self.flaw == Flaw::UnknownType => "X",
            Kind::PersonalTrust => "T",
            Kind::Custodial => "C",
            Kind::Individual => "I",
            _ => "B",
        };
        let status = if self.flaw == Flaw::Closed { "C" } else { "A" };
        let mut cells: Vec<String> = [self.id.as_str(), code, status].map(str::to_owned).to_vec();
        if matches!(self.kind, Kind::Custodial | Kind::Individual) {
            cells.resize(ACCOUNT_COLUMNS.len(), String::new());
            return cells;
        }
        let form = match self.kind {
            Kind::Corporation => "CORP",
            Kind::Llc => "LLC",
            Kind::Partnership => "GP",
            Kind::LimitedPartnership => "LP",
            _ => "TR",
        };
        let ein = format!("00-{:07}", rng.u32(1..10_000_000));
        let ein = if self.flaw == Flaw::Blocked {
            String::new()
        } else {
            ein
        };
        let (city, state, zip, area) = pick(&mut rng, CITIES);
        let (op_city, op_state, op_zip, _) = pick(&mut rng, CITIES);
        let line = rng.u32(100..=198) + u32::from(again);
        let street = |rng: &mut Rng| format!("{} {}", rng.u32(1..400), pick(rng, STREETS));
        let (registered, operating) = (street(&mut rng), street(&mut rng));
        let mail = format!("office@{}.example", self.id.to_lowercase());
        let formed = format!(
            "{:02}/{:02}/{}",
            rng.u32(1..=12),
            rng.u32(1..=28),
            rng.u32(1975..=2021)
        );
        let mut amount = |most: u32| {
            let thousands = rng.u32(120..most);
            match thousands {
                0..1000 => format!("${thousands},000"),
                _ => format!("${},{:03},000", thousands / 1000, thousands % 1000),
            }
        };
        let amounts = [
            amount(9_000),
            amount(20_000),
            amount(60_000),
            amount(2_500),
            amount(4_000),
        ];
        let industry = pick(&mut rng, INDUSTRIES);
        cells.extend([
            self.name.clone(),
            form.into(),
            ein,
            mail,
            format!("({area}) 555-0{line}"),
            industry.into(),
            registered,
            city.into(),
            state.into(),
            format!("{zip}{:02}", rng.u32(1..99)),
            "US".into(),
            operating,
            op_city.into(),
            op_state.into(),
            format!("{op_zip}{:02}", rng.u32(1..99)),
            "United States".into(),
            format!("{industry} for the harbor"),
            formed,
            pick(&mut rng, &["US", "US;Canada", "United States;Mexico"]).into(),
            "Sales".into(),
            "None yet".into(),
            pick(&mut rng, &["N", "N", "Y"]).into(),
            pick(&mut rng, &["R", "R", "N"]).into(),
            pick(&mut rng, &["G", "B", "I"]).into(),
            pick(&mut rng, &["0", "1", "2"]).into(),
        ]);
        cells.extend(amounts);
        cells
    }
}

impl Owner {
    /// The cells of their row.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }
}

fn owner(
    account: &str,
    (kind, flaw): (Kind, Flaw),
    (place, role, share, manages): (usize, &str, u32, bool),
    rng: &mut Rng,
) -> Owner {
    let id = format!("{account}-{}", place + 1);
    let (given, family) = (pick(rng, GIVEN), pick(rng, FAMILY));
    let minor = role == "MINOR_OWNER";
    let years = if minor { 2014..=2019 } else { 1945..=1998 };
    let born = format!(
        "{}-{:02}-{:02}",
        rng.u32(years),
        rng.u32(1..=12),
        rng.u32(1..=28)
    );
    // The last of a limited partnership and the second of a partnership live abroad.
    let foreign = match kind {
        Kind::LimitedPartnership => place == 3,
        Kind::Partnership => place == 1,
        _ => false,
    };
    let manages = manages && flaw != Flaw::NobodyManages;
    let written = match flaw {
        Flaw::ShareUnknown if place == 1 => String::new(),
        Flaw::ShareUnreadable if place == 1 => "about half".into(),
        _ => share.to_string(),
    };
    let entity = flaw == Flaw::OwnedByEntity && place == 1;
    let mail = format!(
        "{}.{}@example.{}",
        given.to_lowercase(),
        family.to_lowercase(),
        pick(rng, &["com", "org", "net"])
    );
    let street = format!("{} {}", rng.u32(1..900), pick(rng, STREETS));
    let ssn = format!(
        "9{:02}-{:02}-{:04}",
        rng.u32(0..100),
        rng.u32(1..50),
        rng.u32(1..10_000)
    );
    let (city, state, zip, area) = pick(rng, CITIES);
    let home = [
        "S".into(),
        ssn,
        String::new(),
        mail.clone(),
        format!("({area}) 555-0{}", rng.u32(100..=199)),
        street.clone(),
        city.into(),
        state.into(),
        format!("{zip}{:02}", rng.u32(1..99)),
        "US".into(),
    ];
    let (city, land, alpha3, code, phone) = pick(rng, ABROAD);
    let national = rng.bool();
    let number = format!("0000{:05}", rng.u32(1..100_000));
    let abroad = [
        if national { "N".into() } else { String::new() },
        if national { number } else { String::new() },
        if national { land.into() } else { String::new() },
        mail,
        phone.into(),
        street,
        city.into(),
        String::new(),
        code.into(),
        land.to_owned(),
    ];
    let mut cells: Vec<String> = vec![account.into(), id.clone(), role.into()];
    cells.push(if entity { "C".into() } else { "P".into() });
    cells.extend([written, if manages { "Y".into() } else { "N".into() }]);
    cells.extend([given.to_owned(), family.to_owned(), born]);
    cells.extend(if foreign { abroad } else { home });
    cells.extend([
        "Digital Asset Customer Agreement v2.1".into(),
        "2024-03-31".into(),
    ]);
    Owner {
        id,
        name: format!("{given} {family}"),
        above: share > 25,
        manages,
        country: if foreign { alpha3 } else { "USA" },
        cells,
    }
}
