//! One document: what is claimed, against the contract and its account.
//!
//! Owner of [`judge`] (contract, section 5) and of the metadata's bytes. Invariants: metadata that is written fits the
//! contract's words and forms; an unfit value of a field that may be absent is dropped and is a gap, one that decides what
//! the document is refuses it; gaps name types, sides and reasons, never values.
//! Left out on purpose: the file (`inspect`), and what an accepted document proves in the end (`journal`).

use jiff::civil::Date;
use serde::Serialize;

use super::accounts::{WantedAccount, WantedOwner};
use super::claim::{Claim, DocumentField, RefusalReason};
use bakkt_contract::documents::{ENTITY_TYPES, KYB_ITEMS, OWNER_TYPES, SIDES, proves};
use bakkt_contract::{countries, forms, texts};
use bakkt_model::task::{DOCUMENT_IN_ANOTHER_FORM, DOCUMENT_OF_SEVERAL, DOCUMENT_WITHOUT_ID};

/// What happens to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentOutcome {
    /// The document is sent once its account is accepted.
    Sent,
    /// The document is unfit, missing or expired, which is a gap.
    Refused,
    /// Its account is not sent.
    AccountNotSent,
    /// Its account is not in the export.
    NoAccount,
}

/// A document that was judged, with the reasons.
#[derive(Clone, Debug)]
pub struct JudgedDocument {
    /// What becomes of it.
    pub outcome: DocumentOutcome,
    /// Why it is not sent.
    pub reason: Option<RefusalReason>,
    /// Its account's record; 0: none.
    pub record: u32,
    /// The record has no gap of its own.
    pub ready: bool,
    /// documentType, when it is one.
    pub document_type: Option<&'static str>,
    /// documentSide, when it is one.
    pub side: Option<&'static str>,
    /// Its account is not INDIVIDUAL, so that it needs a side.
    pub needs_side: bool,
    /// Nothing says its side, and it needs one: `side` is FRONT by assumption.
    pub side_assumed: bool,
    /// Its owner's place and clientOwnerId; none: the account's own.
    pub owner: Option<(u32, String)>,
    /// Bits of `contract::documents::proof`.
    pub proves: u32,
    /// What was dropped from it, or why it is refused.
    pub gaps: Vec<RefusalReason>,
    /// The rest of the metadata.
    pub rest: OtherMetadata,
}

/// What a document says of itself beyond its type, side and owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherMetadata {
    description: Option<String>,
    expiration: Option<String>,
    country: Option<String>,
}

/// The reason of a document whose time is over.
pub(crate) const EXPIRED: &str = "expired";
/// Why an owner's document without a side is kept back.
pub(crate) const SEVERAL: &str = "invalid: it does not say its documentSide, and another file of this type and owner could be the front as well";
const SEVERAL_OF_ENTITY: &str =
    "invalid: several files of this type do not say their documentSide; each is sent as FRONT";
const NO_ACCOUNT: &str = "no row of the export has its clientAccountId";

/// The metadata as it is sent, in the guide's spelling and order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    client_document_id: &'a str,
    account: &'a str,
    document_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_side: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_owner_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_expiration: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_country: Option<&'a str>,
}

impl OtherMetadata {
    /// The metadata of a document of this account, with this id.
    pub fn metadata(
        &self,
        (account, uuid): (&str, &str),
        (document_type, side): (&str, Option<&str>),
        owner: Option<&str>,
    ) -> Vec<u8> {
        let metadata = Metadata {
            client_document_id: uuid,
            account,
            document_type,
            document_side: side,
            client_owner_id: owner,
            description: self.description.as_deref(),
            document_expiration: self.expiration.as_deref(),
            issue_country: self.country.as_deref(),
        };
        // Texts under fixed keys: there is nothing that could fail.
        serde_json::to_vec(&metadata).unwrap_or_default()
    }
}

impl JudgedDocument {
    /// Judged as far as its fields go: `Err` of one says why the document is refused.
    fn of(record: u32) -> JudgedDocument {
        JudgedDocument {
            outcome: DocumentOutcome::Sent,
            reason: None,
            record,
            ready: false,
            document_type: None,
            side: None,
            needs_side: false,
            side_assumed: false,
            owner: None,
            proves: 0,
            gaps: Vec::new(),
            rest: OtherMetadata::default(),
        }
    }

    /// Stays where it is, without a gap: its account is not sent either.
    fn stays(record: u32, outcome: DocumentOutcome, reason: RefusalReason) -> JudgedDocument {
        JudgedDocument {
            outcome,
            reason: Some(reason),
            ..JudgedDocument::of(record)
        }
    }

    /// It is not sent, and that is a gap.
    pub fn refuse(&mut self, reason: RefusalReason) {
        self.outcome = DocumentOutcome::Refused;
        self.proves = 0;
        self.gaps.clear();
        self.gaps.push(reason.clone());
        self.reason = Some(reason);
    }

    /// Nobody can tell its side, because another file of the same owner or entity could have it as well.
    pub fn doubt_side(&mut self) {
        if self.owner.is_none() {
            // The entity's own papers all have the side FRONT, so they go; a person should look at them.
            self.gaps.push(SEVERAL_OF_ENTITY.into());
            return;
        }
        self.refuse(SEVERAL.into());
        self.side = None;
        self.side_assumed = false;
    }

    /// The path of its gaps.
    pub fn path(&self) -> String {
        match (self.document_type, self.side) {
            (Some(document_type), Some(side)) => format!("documents.{document_type}.{side}"),
            (Some(document_type), None) => format!("documents.{document_type}"),
            (None, _) => "documents".to_owned(),
        }
    }
}

/// Judges everything but the file. `account` finds the account with an id; `types` are those of the dialect.
pub fn judge<'a>(
    claim: &Claim,
    types: &'static [&'static str],
    today: Date,
    account: impl FnOnce(&str) -> Option<WantedAccount<'a>>,
) -> JudgedDocument {
    let account = match claim.value(DocumentField::Account).get() {
        Ok(Some(id)) => account(id).ok_or(RefusalReason::from(NO_ACCOUNT)),
        Ok(None) => Err(DOCUMENT_WITHOUT_ID.into()),
        Err(why) => Err(unread(DocumentField::Account, why)),
    };
    let account = match account {
        Ok(account) => account,
        Err(why) => {
            return about(
                claim,
                types,
                JudgedDocument::stays(0, DocumentOutcome::NoAccount, why),
            );
        }
    };
    if let Some(why) = account.standing.reason() {
        let judged =
            JudgedDocument::stays(account.record, DocumentOutcome::AccountNotSent, why.into());
        return about(claim, types, judged);
    }
    let mut judged = about(claim, types, JudgedDocument::of(account.record));
    judged.ready = account.ready;
    judged.needs_side = account.entity;
    if let Err(why) = fill(&mut judged, claim, types, today, &account) {
        judged.refuse(why);
    }
    judged
}

impl JudgedDocument {
    /// Says that the export has the account that it names in another form, where it has none of its id.
    pub fn name_other_form(&mut self) {
        if self.reason.as_deref() == Some(NO_ACCOUNT) {
            self.reason = Some(DOCUMENT_IN_ANOTHER_FORM.into());
        }
    }
}

/// A document whose path fits several customers of the export: it is nobody's.
pub fn of_several(claim: &Claim, types: &'static [&'static str]) -> JudgedDocument {
    let outcome = DocumentOutcome::NoAccount;
    about(
        claim,
        types,
        JudgedDocument::stays(0, outcome, DOCUMENT_OF_SEVERAL.into()),
    )
}

/// Type and side as far as they are said, for whoever looks for it.
fn about(
    claim: &Claim,
    types: &'static [&'static str],
    mut judged: JudgedDocument,
) -> JudgedDocument {
    judged.document_type = word(claim, DocumentField::Type, types).ok().flatten();
    judged.side = word(claim, DocumentField::Side, SIDES).ok().flatten();
    judged
}

fn fill(
    judged: &mut JudgedDocument,
    claim: &Claim,
    types: &'static [&'static str],
    today: Date,
    account: &WantedAccount<'_>,
) -> Result<(), RefusalReason> {
    text(claim, DocumentField::File)?;
    let document_type = word(claim, DocumentField::Type, types)?
        .ok_or_else(|| RefusalReason::from("invalid: it does not say its documentType"))?;
    let said = word(claim, DocumentField::Side, SIDES)?;
    let owner = whose(claim, document_type, account)?;
    let (side, assumed) = side(said, owner.is_some(), account.entity)?;
    (judged.side, judged.side_assumed) = (Some(side), assumed);
    judged.rest = rest(claim, today, &mut judged.gaps)?;
    let of_entity = ENTITY_TYPES.contains(&document_type) || account.entity;
    if owner.is_none() && of_entity && judged.rest.country.is_none() {
        return Err(match claim.value(DocumentField::Country).text() {
            Some(_) => "invalid: issueCountry is not an ISO 3166-1 alpha-3 code, and a document of the entity needs it".into(),
            None => "invalid: a document of the entity needs its issueCountry".into(),
        });
    }
    let items = items(claim, &mut judged.gaps);
    judged.proves = proves(document_type, judged.side, items, owner.is_some());
    judged.owner = owner.map(|owner| (owner.place, owner.id.to_owned()));
    Ok(())
}

/// Type, the sides that it may have been planned with, and the rest of a document whose owner is known, as at planning.
/// `Err`: it is not what was planned, or cannot be sent any more.
pub(crate) fn again(
    claim: &Claim,
    types: &'static [&'static str],
    today: Date,
    of_owner: bool,
) -> Result<(&'static str, &'static [&'static str], OtherMetadata), RefusalReason> {
    let document_type =
        word(claim, DocumentField::Type, types)?.ok_or(RefusalReason::from("missing"))?;
    let sides = possible_sides(word(claim, DocumentField::Side, SIDES)?, of_owner);
    Ok((document_type, sides, rest(claim, today, &mut Vec::new())?))
}

fn unread(field: DocumentField, why: &str) -> RefusalReason {
    format!("invalid: {}: {why}", field.name()).into()
}

/// A field's text.
fn text(claim: &Claim, field: DocumentField) -> Result<Option<&str>, RefusalReason> {
    claim.value(field).get().map_err(|why| unread(field, why))
}

/// A field's word, one of these.
fn word(
    claim: &Claim,
    field: DocumentField,
    words: &'static [&'static str],
) -> Result<Option<&'static str>, RefusalReason> {
    let Some(text) = text(claim, field)? else {
        return Ok(None);
    };
    match words.iter().find(|word| **word == text) {
        Some(word) => Ok(Some(word)),
        None => Err(format!("invalid: {} is not one of Bakkt's words", field.name()).into()),
    }
}

/// The side, and whether it is only assumed: documents of accounts that are not INDIVIDUAL need one.
fn side(
    said: Option<&'static str>,
    of_owner: bool,
    needs_side: bool,
) -> Result<(&'static str, bool), RefusalReason> {
    match (said, of_owner) {
        (None | Some("UNSPECIFIED"), _) if needs_side => Ok(("FRONT", true)),
        (Some(side), true) => Ok((side, false)),
        (None, true) => Ok(("UNSPECIFIED", false)),
        (None | Some("FRONT"), false) => Ok(("FRONT", false)),
        (Some(_), false) => {
            Err("invalid: documentSide of a document of the account itself is FRONT".into())
        }
    }
}

/// The sides that [`side`] can give: which of them it was depends on the account, which only planning looks at.
fn possible_sides(said: Option<&'static str>, of_owner: bool) -> &'static [&'static str] {
    match (said, of_owner) {
        (None | Some("UNSPECIFIED"), true) => &["UNSPECIFIED", "FRONT"],
        (Some("BACK"), true) => &["BACK"],
        _ => &["FRONT"],
    }
}

/// The owner it belongs to; none: the account itself.
fn whose<'a>(
    claim: &Claim,
    document_type: &str,
    account: &WantedAccount<'a>,
) -> Result<Option<WantedOwner<'a>>, RefusalReason> {
    let (id, place) = (
        text(claim, DocumentField::OwnerId)?,
        text(claim, DocumentField::OwnerPlace)?,
    );
    if id.is_none() && place.is_none() {
        return whose_unsaid(document_type, account);
    }
    if ENTITY_TYPES.contains(&document_type) {
        return Err(
            "invalid: a document of the entity has no owner, and this one names one".into(),
        );
    }
    let by_id = id.map(|id| account.owners().find(|owner| owner.id == id));
    let by_place = place.map(|place| {
        let place = place
            .parse::<u32>()
            .ok()
            .and_then(|place| place.checked_sub(1));
        place.and_then(|place| account.owners().find(|owner| owner.place == place))
    });
    match (by_id, by_place) {
        (Some(None), _) => Err("invalid: clientOwnerId is that of no owner of the account".into()),
        (_, Some(None)) => Err("invalid: owner_place is that of no owner of the account".into()),
        (Some(Some(one)), Some(Some(other))) if one != other => {
            Err("invalid: clientOwnerId and owner_place mean two owners".into())
        }
        (Some(Some(owner)), _) | (None, Some(Some(owner))) => Ok(Some(owner)),
        (None, None) => Ok(None),
    }
}

fn whose_unsaid<'a>(
    document_type: &str,
    account: &WantedAccount<'a>,
) -> Result<Option<WantedOwner<'a>>, RefusalReason> {
    if !OWNER_TYPES.contains(&document_type) {
        return Ok(None);
    }
    let mut owners = account.owners();
    match (owners.next(), owners.next()) {
        (Some(only), None) if !account.kyb => Ok(Some(only)),
        _ => Err(
            "invalid: it does not say which owner it belongs to (clientOwnerId or owner_place)"
                .into(),
        ),
    }
}

fn rest(
    claim: &Claim,
    today: Date,
    gaps: &mut Vec<RefusalReason>,
) -> Result<OtherMetadata, RefusalReason> {
    Ok(OtherMetadata {
        expiration: expiration(claim, today)?,
        country: optional(claim, DocumentField::Country, gaps, |text| {
            countries::unfit_code(text).map_or(Ok(()), Err)
        }),
        description: optional(claim, DocumentField::Description, gaps, |text| {
            texts::unfit_text(text, texts::NOTE).map_or(Ok(()), Err)
        }),
    })
}

/// A value that may be absent: an unfit one is dropped, and that is a gap.
fn optional(
    claim: &Claim,
    field: DocumentField,
    gaps: &mut Vec<RefusalReason>,
    fits: impl Fn(&str) -> Result<(), &'static str>,
) -> Option<String> {
    let value = claim.value(field).get().and_then(|text| match text {
        Some(text) => fits(text).map(|()| Some(text.to_owned())),
        None => Ok(None),
    });
    value.unwrap_or_else(|why| {
        gaps.push(unread(field, why));
        None
    })
}

/// A date and time; of a date, its midnight. One that cannot be read refuses the document, which may have expired.
fn expiration(claim: &Claim, today: Date) -> Result<Option<String>, RefusalReason> {
    let Some(text) = text(claim, DocumentField::Expiration)? else {
        return Ok(None);
    };
    let whole = match forms::is_date(text) {
        Some(_) => format!("{text}T00:00:00Z"),
        None => text.to_owned(),
    };
    let moment = forms::is_date_time(&whole).then(|| whole.parse::<jiff::Timestamp>().ok());
    let Some(moment) = moment.flatten() else {
        return Err(unread(
            DocumentField::Expiration,
            "neither a date nor a date and time with offset",
        ));
    };
    // On the day itself a document still counts.
    match moment.to_zoned(jiff::tz::TimeZone::UTC).date() < today {
        true => Err(EXPIRED.into()),
        false => Ok(Some(whole)),
    }
}

fn items(claim: &Claim, gaps: &mut Vec<RefusalReason>) -> u32 {
    let mut bits = 0;
    for item in &claim.items {
        let known = item
            .as_ref()
            .map(|word| KYB_ITEMS.iter().find(|(name, _)| name == word));
        match known {
            Ok(Some((_, bit))) => bits |= bit,
            Ok(None) => gaps.push(unread(DocumentField::KybItem, "not one of its words")),
            Err(why) => gaps.push(unread(DocumentField::KybItem, why)),
        }
    }
    bits
}
