//! Columns that no field asks for, although their words look like those of one.
//!
//! Owner of [`NotAsked`], what the headers of a whole file say about each other: whose a column is, whether it is about
//! another column. Owner of [`Exclusions`] as well: places that a column cannot
//! belong to. Left out on purpose: words of strangers that may be part of a field's name (`words`).

use super::columns::ConceptSlot;
use super::fields::{Group, ValueKind};
use super::headers::are_wrapped;
use super::score::ColumnView;
use super::words::{HeaderToken, WordSet, says, tokens};
use crate::inspect::classes::Class;
use crate::inspect::column::ColumnProfile;
use bakkt_source::json::array_beside;

/// What the headers of a file say about each other.
pub(crate) struct NotAsked {
    /// By column: why nothing asks for it.
    reasons: Vec<Option<&'static str>>,
}

/// Words of a header and why no field asks for its column.
const REASONS: &[(&str, &str)] = &[
    (
        "assistant executor executrix payee referral referred cpa preparer lawyer landlord child children son daughter \
         mother father madre padre hijo hija mutter vater kinder",
        "someone else's",
    ),
    (
        "check checks checked chk verified verify verification validated validation valid validity match matched \
         matches score",
        "the result of a check, not what was checked",
    ),
    (
        "fax telefax facsimile faks faxnummer telecopie",
        "a fax number",
    ),
    ("dl driver drivers fuhrerschein", "of a driver's license"),
    (
        "colonia asentamiento fraccionamiento barrio bairro ortsteil stadtteil neighborhood neighbourhood",
        "a part of a town, which may stand in a second line of the street",
    ),
    (
        "eroffnet eroffnung alta apertura ouverture",
        "about the account, not about an agreement",
    ),
];

/// Words for the husband or the wife of the customer.
const SPOUSE: &str = "spouse spse spousal wife husband partner prtnr conyuge conjuge conjoint epoux epouse ehepartner \
    ehefrau ehemann lebenspartner";
const OF_SPOUSE: &str =
    "a spouse's: who is married to a customer owns no part of the account for that";

const OF_WRAPPER: &str = "of the program that keeps the objects, not of a customer";
const OF_OTHERS: &str = "of objects beside the rows, none of which is a row";

/// A smaller share of the customers, one in so many, is not that of joint accounts.
const FEWEST: u64 = 12;

/// Words for income and wealth, and for amounts of them that are not yearly, not in U.S. dollars, or not amounts. Those in thousands
/// are hints (`unfit`).
const MONEY: &str = "income incomes incm salary earnings pay wage wages ingreso ingresos sueldo einkommen gehalt lohn revenu \
    revenus reddito renda revenue worth networth";
const OTHER_MONEY: &str = "monthly month mensual mensuales mensuel mensuels mensile mensal monatlich monatliches weekly week \
    hourly hour quarterly eur euro euros gbp cad aud chf mxn brl jpy inr currency ccy band";
const OF_MONEY: &str = "not a yearly amount in U.S. dollars";

/// Why no field asks for a column, by the words of its own header.
fn by_words(header: &str, tokens: &[HeaderToken]) -> Option<&'static str> {
    // As words stand in the header: `valid` comes apart as `val id`.
    let plain = header.to_lowercase();
    let written = |words: &str| {
        let mut parts = plain.split(|c: char| !c.is_alphanumeric());
        parts.any(|part| words.split_whitespace().any(|word| word == part))
    };
    let mut reasons = REASONS.iter();
    if let Some((_, reason)) = reasons.find(|(words, _)| says(tokens, words) || written(words)) {
        return Some(reason);
    }
    if says(tokens, MONEY) && says(tokens, OTHER_MONEY) {
        return Some(OF_MONEY);
    }
    let tax_form =
        |token: &HeaderToken| token.spelled == "w" && matches!(token.number, Some(8 | 9));
    let of_system = says(tokens, "app application software") && says(tokens, "version ver date dt");
    (of_system || tokens.iter().any(tax_form))
        .then_some("about a form or a system, not about an agreement")
}

impl NotAsked {
    /// What the headers of a file say.
    pub(crate) fn of(columns: &[ColumnProfile]) -> NotAsked {
        let headers: Vec<Vec<HeaderToken>> =
            columns.iter().map(|column| tokens(&column.name)).collect();
        let mut reasons: Vec<Option<&'static str>> = columns
            .iter()
            .zip(&headers)
            .map(|(column, tokens)| by_words(&column.name, tokens))
            .collect();
        if !spouse_is_joint(columns, &headers) {
            for (reason, tokens) in reasons.iter_mut().zip(&headers) {
                if reason.is_none() && says(tokens, SPOUSE) {
                    *reason = Some(OF_SPOUSE);
                }
            }
        }
        if are_wrapped(columns) {
            let (customer, id) = (WordSet::of("customer/account"), WordSet::of("number/id"));
            let has = |tokens: &[HeaderToken], words: WordSet| {
                tokens.iter().any(|token| token.words.meet(words))
            };
            let mut own = headers.iter();
            let has_id = own.any(|tokens| has(tokens, customer) && has(tokens, id));
            for (reason, column) in reasons.iter_mut().zip(columns) {
                let is_beside = column.name.starts_with('_') && !column.name.contains('.');
                if is_beside && (has_id || column.name != "_id") {
                    *reason = Some(OF_WRAPPER);
                }
            }
        }
        let names = columns.iter().map(|column| column.name.as_str());
        let own = names
            .clone()
            .find_map(|name| name.split_once("[].").map(|(own, _)| own));
        let beside = own.and_then(|own| array_beside(own, names));
        // Trusted contacts are called so, and are the account's.
        let contacts = WordSet::of("contact/trusted");
        let is_contacts =
            |array: &&str| tokens(array).iter().any(|token| token.words.meet(contacts));
        if let Some(array) = beside.filter(|array| !is_contacts(array)) {
            let is_inside = |column: &ColumnProfile| {
                let rest = column.name.strip_prefix(array);
                rest.is_some_and(|rest| rest.starts_with('['))
            };
            for (reason, column) in reasons.iter_mut().zip(columns) {
                if is_inside(column) {
                    *reason = Some(OF_OTHERS);
                }
            }
        }
        NotAsked { reasons }
    }

    /// Why nothing asks for a column.
    pub(crate) fn reason(&self, column: usize) -> Option<&'static str> {
        self.reasons.get(column).copied().flatten()
    }
}

/// Whether the columns of spouses may be those of joint owners: some customers have one with a tax id, as many as have joint
/// accounts, which are neither most of them nor nearly none. Where all people of a file are called partners, they are the
/// customers.
fn spouse_is_joint(columns: &[ColumnProfile], headers: &[Vec<HeaderToken>]) -> bool {
    let (named, tax) = (
        WordSet::of("first/last/name/birth/dob"),
        WordSet::of("ssn/tin/tax"),
    );
    let has =
        |tokens: &[HeaderToken], words: WordSet| tokens.iter().any(|token| token.words.meet(words));
    let most = columns
        .iter()
        .map(|column| column.filled)
        .max()
        .unwrap_or(0);
    let (mut own, mut some) = (false, false);
    for (column, tokens) in columns.iter().zip(headers) {
        match says(tokens, SPOUSE) {
            true => {
                let filled = column.filled;
                some |= has(tokens, tax) && filled * 2 <= most && filled * FEWEST >= most;
            }
            false => own |= has(tokens, named),
        }
    }
    some || !own
}

/// Whether a header speaks of a spouse.
pub(crate) fn names_a_spouse(tokens: &[HeaderToken]) -> bool {
    says(tokens, SPOUSE)
}

/// Words of headers that are about a name, an address or the like and do not hold it.
const ABOUT: &str = "type typ status flag indicator source src date dt quality";

/// Words of addresses where nobody lives or gets their mail.
const NOT_LIVED_AT: &str =
    "shipping ship license licence driver issue issued issuing branch birth work arbeit";

/// Words of ids that are not the customer's: those of a check, a session or a request.
const OF_CHECK: &str = "kyc kyb session inquiry verification screening request ticket case";

/// So many values, each once, are those of a counter and no chance.
const COUNTED: u64 = 10;

/// Whether a column numbers its rows: nothing but whole numbers, each of them once.
fn counts_rows(column: &ColumnProfile) -> bool {
    column.filled >= COUNTED && column.share(Class::Integer) > 0.95 && column.all_distinct()
}

/// Whether a column holds only what stands behind the dash of a ZIP code: `ZIP4`, `Zip+4`, `ZIP_PLUS4`.
fn is_zip_addition(seen: &ColumnView<'_>) -> bool {
    let zip = seen.words().meet(WordSet::of("zip"));
    let four = seen.tokens.iter().any(|token| token.number == Some(4));
    zip && (four || says(&seen.tokens, "plus zipplus")) && seen.column.length.1 <= 4
}

/// Whether a header names a part of a person's name: in `First Name (Latin)` no word is an address.
fn is_part_of_name(seen: &ColumnView<'_>) -> bool {
    let words = seen.words();
    let address = WordSet::of("address/street/line/unit/city/state/zip/country");
    let mut tokens = seen.tokens.iter();
    words.meet(WordSet::of("first/last/middle"))
        && !tokens.any(|token| token.sure && token.words.meet(address))
}

/// What the header of a column says against places, whatever its words and values are like.
pub(crate) struct Exclusions {
    words: WordSet,
    /// About a value, and not the value.
    is_about: bool,
    is_of_employer: bool,
    is_not_lived_at: bool,
    is_shipped_to: bool,
    /// A phone or an e-mail, and every word of the header is known.
    is_reached: bool,
    /// Whole numbers that number the rows.
    counts_rows: bool,
    /// Only the four digits behind a ZIP code.
    is_zip_addition: bool,
    /// Of a passport or another document that a country gave out.
    is_issued: bool,
    /// Of a check or a session, and not of the customer.
    is_of_check: bool,
    /// A part of a person's name, and no word of it is surely one of addresses.
    is_name: bool,
}

impl Exclusions {
    /// What a column's header says.
    pub(crate) fn of(seen: &ColumnView<'_>) -> Exclusions {
        let words = seen.words();
        let known = seen.tokens.iter().all(|token| !token.words.is_empty());
        Exclusions {
            words,
            is_about: says(&seen.tokens, ABOUT),
            is_of_employer: words.meet(WordSet::of("employer")),
            is_not_lived_at: says(&seen.tokens, NOT_LIVED_AT),
            is_shipped_to: says(&seen.tokens, "shipping ship"),
            is_reached: known && words.meet(WordSet::of("email/phone/mobile")),
            counts_rows: counts_rows(seen.column) && !words.meet(WordSet::of("years")),
            is_zip_addition: is_zip_addition(seen),
            is_issued: says(&seen.tokens, "issue issued issuing issuance")
                && !words.meet(WordSet::of("tax/tin")),
            is_of_check: says(&seen.tokens, OF_CHECK),
            is_name: is_part_of_name(seen),
        }
    }

    /// Whether the column cannot belong to a place.
    pub(crate) fn exclude(&self, slot: &ConceptSlot) -> bool {
        let email = slot.concept.forms.contains(&Class::Email);
        let address = slot.concept.group == Group::Address;
        let data = email
            || address
            || matches!(
                slot.concept.kind,
                ValueKind::Name | ValueKind::FullName | ValueKind::Phone | ValueKind::TaxId
            );
        let prefix = slot.place.prefix;
        let marked = || slot.ground.marks.iter().all(|marks| marks.meet(self.words));
        let at_work = prefix.contains("employer");
        if data && self.is_about {
            return true;
        }
        let is_excluded = match slot.concept.kind {
            // A tier of a check is no bracket of a tax.
            ValueKind::Integer => self.counts_rows || self.is_of_check,
            ValueKind::Street => self.counts_rows || self.is_name,
            ValueKind::PostalCode => self.is_zip_addition,
            ValueKind::Country => self.is_issued,
            ValueKind::Text => self.is_of_check && slot.concept.field == "clientAccountId",
            _ => false,
        };
        if is_excluded {
            return true;
        }
        let of_firm = prefix.starts_with("entity.");
        let lives = address && !at_work && prefix.contains("Address") && !of_firm;
        if lives && (self.is_of_employer || self.is_not_lived_at) {
            return true;
        }
        // A country where parcels go is not that of a tax id either.
        if slot.concept.kind == ValueKind::Country && !of_firm && self.is_shipped_to {
            return true;
        }
        // An e-mail address or a phone is another person's only where the header says so.
        let reaches = email || slot.concept.kind == ValueKind::Phone;
        reaches && self.is_reached && !slot.ground.marks.is_empty() && !of_firm && !marked()
    }
}
