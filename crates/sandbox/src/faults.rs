//! Decides which fault a request meets, and words the refusals.
//!
//! Owner: the sandbox. Invariant: a decision depends on nothing but the seed, the id, the number of the request for
//! that id and the fault's name. Left out on purpose: clocks, shared random state and the order of requests.

use serde_json::Value;

use super::answer::{self, ReplyAction};
use super::check::Finding;
use super::config::Config;
use super::verdict::internal_error;

/// A fault before anything was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultBefore {
    Forbid,
    Limited,
    Unavailable,
    Reset,
    Error,
}

/// A fault around a request that is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultAfter {
    Late,
    Reset,
    Error,
    Truncated,
    Unreadable,
    Stall,
    Surplus(SurplusTiming),
}

/// When a surplus answer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SurplusTiming {
    Before,
    Behind,
    Later,
}

/// A fault of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    Error,
    Reset,
    Page,
}

impl Lookup {
    /// The ledger's word for it, and what the client meets.
    pub(super) fn shown(self) -> (&'static str, ReplyAction) {
        match self {
            Lookup::Error => ("500", ReplyAction::Whole(internal_error())),
            Lookup::Reset => ("reset", ReplyAction::Cut),
            Lookup::Page => (
                "404-html",
                ReplyAction::Whole(answer::page(404, "404 Not Found")),
            ),
        }
    }
}

/// 64 bits for one decision.
pub(super) fn draw(seed: u64, id: &str, number: u32, name: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(&number.to_le_bytes());
    hasher.update(name.as_bytes());
    hasher.update(&[0]);
    hasher.update(id.as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// The same as a number from 0 to below 1: 53 bits are exact.
pub(super) fn fraction(config: &Config, id: &str, number: u32, name: &str) -> f64 {
    (draw(config.seed, id, number, name) >> 11) as f64 / (1u64 << 53) as f64
}

fn hits(config: &Config, share: f64, id: &str, number: u32, name: &str) -> bool {
    // A share of 1 always hits, and a share of 0 costs no hash.
    share > 0.0 && fraction(config, id, number, name) < share
}

/// The first fault, in the order of the table, that hits this POST before it is looked at.
pub(super) fn before(config: &Config, id: &str, number: u32) -> Option<FaultBefore> {
    let table = [
        (config.forbid, "forbid", FaultBefore::Forbid),
        (config.limited, "limited", FaultBefore::Limited),
        (config.unavailable, "unavailable", FaultBefore::Unavailable),
        (config.reset_before, "reset_before", FaultBefore::Reset),
        (config.error_before, "error_before", FaultBefore::Error),
    ];
    table
        .into_iter()
        .find(|(share, name, _)| hits(config, *share, id, number, name))
        .map(|(_, _, fault)| fault)
}

/// The first fault, in the order of the table, that hits this good POST.
pub(super) fn after(config: &Config, id: &str, number: u32) -> Option<FaultAfter> {
    let when = match config.surplus > 0.0 {
        true => turn(config, id, number, "surplus_when", 3),
        false => 0,
    };
    let when = [
        SurplusTiming::Before,
        SurplusTiming::Behind,
        SurplusTiming::Later,
    ][when as usize];
    let table = [
        (config.late, "late", FaultAfter::Late),
        (config.reset_after, "reset_after", FaultAfter::Reset),
        (config.error_after, "error_after", FaultAfter::Error),
        (config.truncated, "truncated", FaultAfter::Truncated),
        (config.unreadable, "unreadable", FaultAfter::Unreadable),
        (config.stall, "stall", FaultAfter::Stall),
        (config.surplus, "surplus", FaultAfter::Surplus(when)),
    ];
    table
        .into_iter()
        .find(|(share, name, _)| hits(config, *share, id, number, name))
        .map(|(_, _, fault)| fault)
}

/// The fault of this lookup; the three kinds take turns.
pub(super) fn lookup(config: &Config, id: &str, number: u32) -> Option<Lookup> {
    if !hits(config, config.lookup_fail, id, number, "lookup_fail") {
        return None;
    }
    Some(match turn(config, id, number, "lookup_kind", 3) {
        0 => Lookup::Error,
        1 => Lookup::Reset,
        _ => Lookup::Page,
    })
}

/// Whose turn it is among `of` kinds: the first is drawn for the id, then one after the other.
pub(super) fn turn(config: &Config, id: &str, number: u32, name: &str, of: u64) -> u64 {
    (draw(config.seed, id, 0, name) % of + u64::from(number)) % of
}

/// Whether this upload is cut in the middle of its body.
pub(super) fn cut_short(config: &Config, key: &str, number: u32) -> bool {
    hits(config, config.upload_cut, key, number, "upload_cut")
}

/// Whether the trigger of this key is refused by the `refuse_kyb` share.
pub(super) fn refuses_kyb(config: &Config, key: &str) -> bool {
    hits(config, config.refuse_kyb, key, 0, "refuse_kyb")
}

/// Whether the id has had an account since 2019.
pub(super) fn existed(config: &Config, id: &str) -> bool {
    hits(config, config.existing, id, 0, "existing")
}

/// How the value of a field is repeated in a message.
type Wording = fn(&str) -> String;

const WORDINGS: [Wording; 3] = [
    |value| value.to_owned(),
    |value| value.to_uppercase(),
    without_separators,
];

/// The fields a refusal can be about: path, pointer, what is said.
const SUBJECTS: [(&str, &str, &str); 6] = [
    (
        "owners[0].identity.taxId",
        "/owners/0/identity/taxId",
        "is on file for another customer",
    ),
    (
        "owners[0].identity.dateOfBirth",
        "/owners/0/identity/dateOfBirth",
        "does not match the record of birth",
    ),
    (
        "owners[0].identity.familyName",
        "/owners/0/identity/familyName",
        "has no match",
    ),
    (
        "owners[0].emailAddress",
        "/owners/0/emailAddress",
        "cannot be reached",
    ),
    (
        "owners[0].phoneNumber",
        "/owners/0/phoneNumber",
        "is not in service",
    ),
    (
        "owners[0].identity.personalAddress.streetAddress[0]",
        "/owners/0/identity/personalAddress/streetAddress/0",
        "is not a deliverable address",
    ),
];

/// The findings of a refusal by the `refuse` share; none when the id is not refused. They repeat the customer's
/// values in every way that a careless client could let through.
pub(super) fn refusals(config: &Config, id: &str, request: &Value) -> Vec<Finding> {
    let by_name = config
        .refuse_id_containing
        .as_deref()
        .is_some_and(|part| id.contains(part));
    if !by_name && !hits(config, config.refuse, id, 0, "refuse") {
        return Vec::new();
    }
    let pick = draw(config.seed, id, 0, "refuse_pick");
    let first = (pick % 6) as usize;
    let wanted = 1 + (pick >> 8) as usize % 3;
    let mut findings: Vec<Finding> = (0..SUBJECTS.len())
        .map(|step| SUBJECTS[(first + step) % SUBJECTS.len()])
        .filter_map(|(field, pointer, complaint)| {
            let raw = request.pointer(pointer)?.as_str()?;
            let said = word(field, raw, request, (pick >> 16) as usize);
            Some(Finding {
                code: "REFUSED",
                field: field.to_owned(),
                message: format!("{said} {complaint}"),
                rejected: Value::from(raw),
            })
        })
        .take(wanted)
        .collect();
    if findings.is_empty() {
        // A request without any of the subjects is still refused.
        let message = format!("{id} cannot be opened");
        findings.push(Finding {
            code: "REFUSED",
            field: "clientAccountId".to_owned(),
            message,
            rejected: id.into(),
        });
    }
    findings
}

fn word(field: &str, raw: &str, request: &Value, pick: usize) -> String {
    let given = request
        .pointer("/owners/0/identity/givenName")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match (field.rsplit('.').next(), pick % 4) {
        (Some("familyName"), 1) => format!("{}, {}", raw.to_uppercase(), given.to_uppercase()),
        (Some("familyName"), _) => format!("{raw}, {given}"),
        (Some("dateOfBirth"), 0) => raw.to_owned(),
        (Some("dateOfBirth"), style) => date_in_words(raw, style),
        (_, style) => WORDINGS[style % WORDINGS.len()](raw),
    }
}

fn without_separators(value: &str) -> String {
    value.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn date_in_words(raw: &str, style: usize) -> String {
    let Ok(date) = raw.parse::<jiff::civil::Date>() else {
        return raw.to_owned();
    };
    let format = ["%m/%d/%Y", "%d %B %Y", "%Y%m%d"][style % 3];
    date.strftime(format).to_string()
}

/// What is said of a document that is refused by the `refuse_documents` share; None when it is not. It repeats what the
/// metadata says, as a careless service would.
pub(super) fn document_refusal(config: &Config, key: &str, metadata: &Value) -> Option<String> {
    if !hits(config, config.refuse_documents, key, 0, "refuse_documents") {
        return None;
    }
    let text = |name: &str| metadata.get(name).and_then(Value::as_str);
    let subjects = [
        (text("description"), "does not show what it says"),
        (
            text("documentExpiration"),
            "is not the date on the document",
        ),
        (text("account"), "has another document of this kind"),
    ];
    let first = (draw(config.seed, key, 0, "refuse_pick") % 3) as usize;
    let said = (0..3).find_map(|step| {
        let (value, complaint) = subjects[(first + step) % 3];
        Some(format!("'{}' {complaint}", value?))
    });
    Some(said.unwrap_or_else(|| "The document cannot be read".to_owned()))
}
