//! What a manifest's row or a file's path says about a document, before anybody judged it.
//!
//! Owner of the names of a document's fields, in manifests and in patterns alike, and of [`Claim`].
//! Left out on purpose: whether any of it is true (`assess`).

use std::borrow::Cow;

use bakkt_contract::Form;
use bakkt_contract::documents::{KYB_ITEM_NAMES, SIDES};
use bakkt_mapping::target::TargetForm;
use bakkt_model::error::nearest;

/// The longest path of a file.
const LONGEST_PATH: usize = 4096;

/// Why something is refused or dropped; never repeats a value.
pub(crate) type RefusalReason = Cow<'static, str>;

/// A field of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentField {
    /// The path below the documents folder.
    File,
    /// clientAccountId.
    Account,
    /// documentType.
    Type,
    /// documentSide.
    Side,
    /// issueCountry.
    Country,
    /// documentExpiration.
    Expiration,
    /// description.
    Description,
    /// clientOwnerId.
    OwnerId,
    /// The owner's place, from 1.
    OwnerPlace,
    /// What it is for KYB, of the documents that share ENTITY_DUE_DILIGENCE.
    KybItem,
}

/// Every field, its name, and whether a pattern may hold it: a path can say what a word can say.
pub const FIELDS: &[(DocumentField, &str, bool)] = &[
    (DocumentField::File, "file", false),
    (DocumentField::Account, "clientAccountId", true),
    (DocumentField::Type, "documentType", true),
    (DocumentField::Side, "documentSide", true),
    (DocumentField::Country, "issueCountry", true),
    (DocumentField::Expiration, "documentExpiration", false),
    (DocumentField::Description, "description", false),
    (DocumentField::OwnerId, "clientOwnerId", true),
    (DocumentField::OwnerPlace, "owner_place", true),
    (DocumentField::KybItem, "kyb_item", true),
];

impl DocumentField {
    pub(crate) fn name(self) -> &'static str {
        FIELDS[self as usize].1
    }

    /// What a manifest's mapping may feed it with.
    fn takes(self, types: &'static [&'static str]) -> TargetForm {
        match self {
            // A file's name is found byte by byte.
            DocumentField::File => TargetForm::One(Form::Code(LONGEST_PATH)),
            DocumentField::Description => TargetForm::One(Form::Text),
            DocumentField::Account => TargetForm::One(Form::ClientId),
            DocumentField::Type => TargetForm::One(Form::OneOf(types)),
            DocumentField::Side => TargetForm::One(Form::OneOf(SIDES)),
            DocumentField::Country => TargetForm::One(Form::Country),
            DocumentField::Expiration => TargetForm::One(Form::DateTime),
            DocumentField::OwnerId => TargetForm::One(Form::OwnerId),
            DocumentField::OwnerPlace => TargetForm::One(Form::Integer(1, 1000)),
            DocumentField::KybItem => TargetForm::Lines(Form::OneOf(KYB_ITEM_NAMES)),
        }
    }
}

/// Finds what a field of a document mapping takes. The error is (what is wrong, what it should be).
pub fn resolve(
    target: &str,
    types: &'static [&'static str],
) -> Result<TargetForm, (String, String)> {
    if let Some((field, ..)) = FIELDS.iter().find(|(_, name, _)| *name == target) {
        return Ok(field.takes(types));
    }
    let names = || FIELDS.iter().map(|(_, name, _)| *name);
    let help = match nearest(target, names()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err((format!("a document has no field `{target}`"), help))
}

/// One field's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClaimValue {
    /// Nothing is given.
    #[default]
    Missing,
    /// A text.
    Text(String),
    /// Something that cannot be read; says why.
    Unread(&'static str),
}

impl ClaimValue {
    /// The text, nothing, or why it cannot be read.
    pub(crate) fn get(&self) -> Result<Option<&str>, &'static str> {
        match self {
            ClaimValue::Missing => Ok(None),
            ClaimValue::Text(text) => Ok(Some(text)),
            ClaimValue::Unread(why) => Err(why),
        }
    }

    /// The text, if there is one.
    pub fn text(&self) -> Option<&str> {
        self.get().ok().flatten()
    }
}

/// Everything that is said about one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    values: [ClaimValue; FIELDS.len()],
    /// The words of `kyb_item`.
    pub items: Vec<Result<String, &'static str>>,
}

impl Claim {
    /// The value of a field.
    pub fn value(&self, field: DocumentField) -> &ClaimValue {
        &self.values[field as usize]
    }

    /// Sets the value of a field.
    pub(crate) fn set(&mut self, field: DocumentField, value: ClaimValue) {
        self.values[field as usize] = value;
    }

    /// The path of its file, when one is named.
    pub fn path(&self) -> Option<&str> {
        self.value(DocumentField::File).text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_fields() {
        for (place, (field, ..)) in FIELDS.iter().enumerate() {
            assert_eq!(*field as usize, place);
        }
    }
}
