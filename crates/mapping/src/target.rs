//! What a feed aims at: a field of the contract, found by its path.
//!
//! Owner of the checks that can be made before the first row: is the path a field, may it be fed, does a constant
//! or a lookup's word fit its form.

use bakkt_contract::account::{ACCOUNT_TYPES, NEVER_SENT, TAX_ID_TYPES};
use bakkt_contract::roles::{OWNER_KINDS, ROLES};
use bakkt_contract::shares::Share;
use bakkt_contract::{FieldShape, Form, countries, forms, path, texts};
use bakkt_model::error::nearest;
use bakkt_model::text::trim;

/// The one field that is not fed under `[fields]`.
pub const ACCOUNT_TYPE: &str = "accountType";

/// Before the path of a field in the draft: not the field's value, but whether the record owes it.
pub const OWED: &str = "owed_if ";

/// Finds what a path of `owed_if` names on accounts of these types, and a field of it that can be fed. The error is (what is
/// wrong, what it should be).
pub(crate) fn owed_leaf(target: &str) -> Result<String, (String, String)> {
    let found = path::find(&target.replacen("[]", "[0]", 1)).ok_or_else(|| {
        let patterns = path::patterns();
        let near = nearest(&path::pattern(target), patterns.iter().map(String::as_str));
        let help = near.map_or_else(
            || "field names are those of Bakkt's AccountRequest".to_owned(),
            |near| format!("did you mean `{}`?", with_indexes(near, target)),
        );
        (format!("the contract has no field `{target}`"), help)
    })?;
    if found.field.rule.strongest().breaks() || found.field.local.is_some() {
        return Err((
            format!("`{target}` is always owed"),
            "only what may follow in the grace period (G) can be owed under a condition, such as \
             owners[0].identity.employment"
                .to_owned(),
        ));
    }
    let (mut leaf, mut shape) = (target.to_owned(), found.field.shape);
    loop {
        let inner = match shape {
            FieldShape::Leaf(_) | FieldShape::Lines(_) => return Ok(leaf),
            FieldShape::Object(inner) => inner,
            FieldShape::List(inner) => {
                leaf.push_str("[0]");
                inner
            }
        };
        // Objects of the contract have fields.
        let Some(first) = inner.first() else {
            return Ok(leaf);
        };
        leaf = path::join(&leaf, first.name);
        shape = first.shape;
    }
}

/// The kind of value that a target takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetForm {
    /// One text of this form.
    One(Form),
    /// A list of texts of this form.
    Lines(Form),
}

impl TargetForm {
    /// The form of one text.
    pub fn form(self) -> Form {
        match self {
            TargetForm::One(form) | TargetForm::Lines(form) => form,
        }
    }
}

/// Finds what a path takes on accounts of these types. The error is (what is wrong, what it should be).
/// No types: which there are is not known.
pub fn resolve(target: &str, account_types: &[&str]) -> Result<TargetForm, (String, String)> {
    if NEVER_SENT.contains(&path::pattern(target).as_str()) {
        return Err((
            format!("`{target}` is never sent"),
            "Bakkt gives it out; take the line away".into(),
        ));
    }
    if target == ACCOUNT_TYPE {
        return Err((
            "`accountType` has two feeds".into(),
            "it comes from `account_type` at the top; take this line away".into(),
        ));
    }
    let Some(found) = path::find(target) else {
        let patterns = path::patterns();
        let pattern = path::pattern(target);
        let near = nearest(&pattern, patterns.iter().map(String::as_str));
        let help = near.map_or_else(
            || "field names are those of Bakkt's AccountRequest, such as owners[0].identity.givenName".to_owned(),
            |name| match with_indexes(name, target) {
                same if same == target => format!("an index is a number up to {}", path::MAX_INDEX),
                other => format!("did you mean `{other}`?"),
            },
        );
        return Err((format!("the contract has no field `{target}`"), help));
    };
    if let Some(levels) = found.only_on
        && !account_types.is_empty()
        && !account_types.iter().any(|own| found.is_on(own))
    {
        let types: Vec<&str> = levels.iter().map(|(name, _)| *name).collect();
        return Err((
            format!(
                "an account of type {} has no `{target}`",
                account_types.join(" or ")
            ),
            format!(
                "accounts of these types have it: {}; take the line away",
                types.join(", ")
            ),
        ));
    }
    match found.field.shape {
        FieldShape::Leaf(form) => Ok(TargetForm::One(form)),
        FieldShape::Lines(form) => Ok(TargetForm::Lines(form)),
        FieldShape::Object(_) | FieldShape::List(_) => Err((
            format!("`{target}` is an object, not a value"),
            "feed the fields inside it".into(),
        )),
    }
}

/// Finds what a path takes whose first brackets are empty, because every row of an export is an element of its list.
pub fn resolve_each(
    target: &str,
    list: &str,
    account_types: &[&str],
) -> Result<TargetForm, (String, String)> {
    let head = format!("{list}[].");
    if !target.starts_with(&head) {
        return Err((
            format!("`{target}` does not belong in this mapping"),
            format!("what each row says begins with `{head}`"),
        ));
    }
    resolve(&target.replacen("[]", "[0]", 1), account_types).map_err(|(message, help)| {
        (
            message.replacen("[0]", "[]", 1),
            help.replacen("[0]", "[]", 1),
        )
    })
}

/// Puts the indexes of `like` into a pattern's empty brackets, 0 where there are none left.
fn with_indexes(pattern: &str, like: &str) -> String {
    let mut indexes = like
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split(']').next());
    let mut path = String::new();
    for (place, part) in pattern.split("[]").enumerate() {
        if place > 0 {
            path.push_str(&format!(
                "[{}]",
                indexes.next().filter(|i| !i.is_empty()).unwrap_or("0")
            ));
        }
        path.push_str(part);
    }
    path
}

/// The words that a form takes, where the contract lists them.
pub fn words(form: Form) -> &'static [&'static str] {
    match form {
        Form::AccountType => ACCOUNT_TYPES,
        Form::OneOf(words) => words,
        Form::Role => ROLES,
        Form::OwnerKind => OWNER_KINDS,
        Form::TaxIdType => TAX_ID_TYPES,
        Form::Usd(scale) => scale.names(),
        _ => &[],
    }
}

/// Whether a text that stands in the mapping itself fits a form; the error says what would.
pub(crate) fn fits(form: Form, text: &str) -> Result<(), String> {
    let one_of = |words: &[&str]| {
        if words.contains(&text) {
            return Ok(());
        }
        match nearest(text, words.iter().copied()) {
            Some(word) => Err(format!("did you mean \"{word}\"?")),
            None => Err(format!("one of: {}", words.join(", "))),
        }
    };
    let must = |fits: bool, help: &str| if fits { Ok(()) } else { Err(help.to_owned()) };
    match form {
        Form::AccountType
        | Form::OneOf(_)
        | Form::Role
        | Form::OwnerKind
        | Form::TaxIdType
        | Form::Usd(_) => one_of(words(form)),
        Form::Country => must(
            countries::is_alpha3(text),
            "an ISO 3166-1 alpha-3 code such as USA",
        ),
        Form::Phone => must(forms::is_e164(text), "an E.164 number such as +13125550123"),
        Form::Email => must(forms::is_email(text), "an e-mail address"),
        Form::EventDate(_) | Form::PastDate => {
            must(forms::is_date(text).is_some(), "a date as YYYY-MM-DD")
        }
        Form::EventTime(_) | Form::DateTime => must(
            forms::is_date_time(text),
            "a date and time as 2024-05-31T12:00:00Z",
        ),
        Form::Integer(least, most) => must(
            text.parse::<i64>()
                .is_ok_and(|number| (least..=most).contains(&number)),
            &format!("a whole number from {least} to {most}"),
        ),
        Form::Boolean => must(text == "true" || text == "false", "true or false"),
        Form::Percent => must(
            Share::read(text).is_some(),
            "a number from 0 to 100 such as 12.5 or 12.5%",
        ),
        Form::Short(most) => text_of(text, most, texts::unfit_text),
        Form::AgreementName(most) => text_of(text, most, |text, most| {
            texts::unfit_text(text, most).or_else(|| texts::unfit_agreement_name(text))
        }),
        Form::Text => text_of(text, texts::NOTE, texts::unfit_text),
        Form::State => text_of(text, texts::PLACE, texts::unfit_text),
        Form::Code(most) => text_of(text, most, texts::unfit_code),
        Form::PostalCode => text_of(text, texts::POSTAL_CODE, texts::unfit_code),
        Form::TaxId | Form::EntityTaxId => text_of(text, texts::TAX_ID, texts::unfit_code),
        Form::ClientId | Form::OwnerId => text_of(text, texts::ID, |text, _| forms::unfit_id(text)),
    }
}

/// A text that is not empty and not unfit.
fn text_of(
    text: &str,
    most: usize,
    unfit: fn(&str, usize) -> Option<&'static str>,
) -> Result<(), String> {
    match unfit(text, most) {
        _ if trim(text).is_empty() => Err("a text that is not empty".to_owned()),
        Some(texts::TOO_LONG) => Err(format!("a text of at most {most} characters")),
        Some(why) if why.starts_with("holds") || why.starts_with("begins") => {
            Err(format!("the text {why}"))
        }
        Some(why) if why.starts_with("the ") => Err(why.to_owned()),
        Some(why) => Err(format!("the text is {why}")),
        None => Ok(()),
    }
}
