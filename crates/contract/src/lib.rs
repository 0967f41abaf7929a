//! What Bakkt accepts, as data: the field tree of AccountRequest with level and form of every field.
//!
//! Owner of names on the wire, levels (W, H, G, O), enums, countries, ranges and form checks. Invariant: data, not
//! code paths; `mapping` and `assess` walk this tree and know no field by name beyond it.
//! Left out on purpose: how a value is found (`mapping`) and what follows when it is not (`assess`).

pub mod account;
pub mod amounts;
pub mod cells;
pub mod changes;
pub mod countries;
pub mod custody;
pub mod decision;
pub mod documents;
pub mod entity;
pub mod expiry;
pub mod field_marks;
pub mod fold;
pub mod forms;
pub mod kyb_form;
pub mod masking;
pub mod national_ids;
pub mod ownership;
pub mod path;
pub mod postal_codes;
mod postal_ranges;
pub mod roles;
pub mod shares;
pub mod spans;
pub mod tax_ids;
pub mod texts;
pub mod unfit_id;
pub mod us_states;
pub mod usd;
pub mod words;
pub mod zip_states;

/// How much a field matters, weakest first (contract, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Optional.
    O,
    /// Required of new accounts; a migrated account may backfill it in the grace period.
    G,
    /// A customer without it is not sent, by policy.
    H,
    /// The wire refuses a request without it; no setting moves it.
    W,
}

impl Level {
    /// The letter of the contract.
    pub fn letter(self) -> &'static str {
        match self {
            Level::O => "O",
            Level::G => "G",
            Level::H => "H",
            Level::W => "W",
        }
    }

    /// Without it, the object that it stands in cannot be sent.
    pub fn breaks(self) -> bool {
        self >= Level::H
    }
}

/// The level of a field, which may depend on values beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelRule {
    /// Always this level.
    Is(Level),
    /// `then` if any of the fields (paths relative to the object that the field stands in) has one of the values,
    /// else O.
    When(&'static [Condition], Level),
    /// By account type. On accounts of a type that is not listed the field does not exist.
    Of(&'static [(&'static str, Level)]),
}

impl LevelRule {
    /// The rule on accounts of a type; none where the field does not exist.
    pub fn on(self, account_type: &str) -> Option<LevelRule> {
        match self {
            LevelRule::Of(levels) => levels
                .iter()
                .find(|(name, _)| *name == account_type)
                .map(|(_, level)| LevelRule::Is(*level)),
            rule => Some(rule),
        }
    }

    /// The strongest level that it can give.
    pub fn strongest(self) -> Level {
        match self {
            LevelRule::Is(level) | LevelRule::When(_, level) => level,
            LevelRule::Of(levels) => levels
                .iter()
                .map(|(_, level)| *level)
                .max()
                .unwrap_or(Level::O),
        }
    }
}

/// A field, and the values of it that a [`LevelRule::When`] looks for.
pub type Condition = (&'static str, &'static [&'static str]);

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Any text that is not empty.
    Text,
    /// A text of at most so many characters.
    Short(usize),
    /// What an agreement is called, of at most so many characters: no answer to whether it was made.
    AgreementName(usize),
    /// Digits and letters that mean one thing and no other, of at most so many characters.
    Code(usize),
    /// The clientAccountId: it goes into URLs.
    ClientId,
    /// The clientOwnerId: derived when the export has none.
    OwnerId,
    /// The type of the account: a word of the mapping, or what its row says.
    AccountType,
    /// One of the words.
    OneOf(&'static [&'static str]),
    /// One of the roles; exactly one PRIMARY_OWNER per account, and it stands first.
    Role,
    /// What an owner is, "person" or "entity": a local field, never sent.
    OwnerKind,
    /// One of the tax id types.
    TaxIdType,
    /// A number that can have been given out when `taxIdType` beside it is SSN, ITIN or EIN.
    TaxId,
    /// The same of an entity that is registered in the U.S.
    EntityTaxId,
    /// ISO 3166-1 alpha-3.
    Country,
    /// Two letters when `country` beside it is USA, else free text.
    State,
    /// A postal code: of a form that the country beside it has, where the country's forms are known.
    PostalCode,
    /// E.164.
    Phone,
    /// An e-mail address.
    Email,
    /// A date in the past.
    PastDate,
    /// The date of something that has happened, in the given year or later.
    EventDate(i16),
    /// Like `EventDate`, with time and offset.
    EventTime(i16),
    /// A date and time with offset.
    DateTime,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// true or false.
    Boolean,
    /// How much of something, in hundredths: a number from 0 to 100.
    Percent,
    /// A USD range.
    Usd(usd::Scale),
}

impl Form {
    /// Text of people, in which line breaks and tabs become blanks. Elsewhere they are part of no value.
    pub fn is_prose(self) -> bool {
        matches!(
            self,
            Form::Text | Form::Short(_) | Form::AgreementName(_) | Form::State
        )
    }

    /// Whether a date may lie ahead, as that of a document's expiration does. All others are of what has happened.
    pub fn may_lie_ahead(self) -> bool {
        self == Form::DateTime
    }

    /// Whether a value is a date and time, so that a date alone gets one.
    pub fn is_date_time(self) -> bool {
        matches!(self, Form::EventTime(_) | Form::DateTime)
    }

    /// Whether a value says when something happened. Nothing happens to people before they are born.
    pub fn is_event(self) -> bool {
        matches!(self, Form::EventDate(_) | Form::EventTime(_))
    }

    /// Whether what fits depends on fields beside it: the country of an address, the type of a tax id.
    pub fn depends_on_others(self) -> bool {
        use Form::{EntityTaxId, PostalCode, State, TaxId};
        matches!(self, PostalCode | State | TaxId | EntityTaxId)
    }

    /// Digits that say which, and not how many: one that is lost makes it another.
    pub fn counts_every_digit(self) -> bool {
        use Form::{ClientId, Code, EntityTaxId, OwnerId, Phone, TaxId};
        matches!(
            self,
            ClientId | OwnerId | Code(_) | TaxId | EntityTaxId | Phone
        )
    }
}

/// What the value of a field is made of.
#[derive(Clone, Copy, Debug)]
pub enum FieldShape {
    /// One value.
    Leaf(Form),
    /// An object.
    Object(&'static [Field]),
    /// A list of objects.
    List(&'static [Field]),
    /// A list of texts of one form, not empty.
    Lines(Form),
}

/// One field of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name on the wire.
    pub name: &'static str,
    /// Its level inside its object.
    pub rule: LevelRule,
    /// What stands there.
    pub shape: FieldShape,
    /// Another field beside it without which it is not sent ("both or neither").
    pub partner: Option<&'static str>,
    /// A list that is sent empty rather than left out.
    pub empty_list: bool,
    /// An address that stands in for this one when this one is absent or invalid.
    pub stand_in: Option<&'static str>,
    /// A local field, never sent: an unfit value is a gap of at least this level. One that stops nobody (below H) does not
    /// say that its object is there either.
    pub local: Option<Level>,
    /// A free text that is the firm's or the contract's and says nothing about the customer, such as the name of an
    /// agreement. See [`Field::is_personal`].
    pub of_the_firm: bool,
}

impl Field {
    /// Whether a value here is the customer's own, so that nothing that is kept of an answer may repeat it. Words that
    /// the contract lists are not, for everybody sends the same ones; nor are the firm's own ids, which reports show.
    pub(crate) fn is_personal(&self) -> bool {
        let listed = |form: Form| {
            matches!(
                form,
                Form::AccountType
                    | Form::ClientId
                    | Form::OwnerId
                    | Form::OneOf(_)
                    | Form::Role
                    | Form::OwnerKind
                    | Form::TaxIdType
                    | Form::Boolean
                    | Form::Usd(_)
            )
        };
        !self.of_the_firm
            && match self.shape {
                FieldShape::Leaf(form) | FieldShape::Lines(form) => !listed(form),
                FieldShape::Object(_) | FieldShape::List(_) => false,
            }
    }

    /// Whether its values are codes from a short list: of countries, or of U.S. states.
    pub(crate) fn is_place_code(&self) -> bool {
        matches!(
            self.shape,
            FieldShape::Leaf(Form::Country | Form::State) | FieldShape::Lines(Form::Country)
        )
    }

    /// Whether a value here says that the object around it is there.
    pub fn tells_presence(&self) -> bool {
        self.local.is_none_or(Level::breaks)
    }
}
