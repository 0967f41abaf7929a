//! The schemas of mapping files: of accounts, owners and contacts, and of a manifest of documents.
//!
//! Owner of the table of a feed's keys. The fields come from the contract: each with what it takes, its words, and its
//! level in the text for people. A field of a list's element is there with index 0 and with empty brackets, where an
//! editor offers it, and with every other index as a pattern.

use serde_json::{Map, Value, json};

use super::settings::keys;
use super::{KeyType, SchemaKey, described, document, table};
use crate::documents::claim::{FIELDS, resolve};
use bakkt_contract::account::{ACCOUNT, ACCOUNT_TYPES, TAX_ID_TYPES};
use bakkt_contract::custody::PREFIX;
use bakkt_contract::documents::TYPE_NAMES;
use bakkt_contract::path::MAX_INDEX;
use bakkt_contract::roles::{OWNER_KINDS, ROLES};
use bakkt_contract::{Field, FieldShape, Form, Level, LevelRule, path};
use bakkt_mapping::compile::FORMS;
use bakkt_mapping::custody::fields::{MOST_COLUMNS, RECIPIENT_FIELDS, USER_FIELDS};
use bakkt_mapping::target::{ACCOUNT_TYPE, TargetForm as Target};

/// The top of a mapping file.
const FILE: &[SchemaKey] = keys! {
    "account_type": KeyType::Defined("account_type"), "The type of the accounts, or a feed that says it row by row.";
    "include": KeyType::Texts, "Files whose tables and fields are taken over; what stands here wins.";
    "missing": KeyType::Texts, "Words that count as an empty cell, whatever their case.";
    "placeholders": KeyType::Boolean, "The usual placeholders, such as \"N/A\" or 01/01/1900, count as empty cells too.";
    "lookups": KeyType::Each(&KeyType::Each(&KeyType::Scalar)), "Named tables from a code to a word of Bakkt's.";
    "fields": KeyType::Table(&[]), "The feeds: field = source and transforms.";
    "owed_if": KeyType::Table(&[]), "Conditions: field = a feed that says true where a record owes the field, and false where not.";
};

/// A feed: one source, and transforms, which always come in this order.
const FEED: &[SchemaKey] = keys! {
    "column": KeyType::Texts, "Source: one column.";
    "first": KeyType::Texts, "Source: the first of these columns that is not empty.";
    "columns": KeyType::Texts, "Source: all of these columns, empty ones left out: a list, or with `join` one text.";
    "const": KeyType::Scalar, "Source: always this text.";
    "expr": KeyType::Text, "Source: an expression over row.COLUMN or row[\"Any Header\"], for whatever has no transform.";
    "unfed": KeyType::Text, "Instead of a source: nothing feeds this required field yet, and why. It is missing in every record.";
    "when": KeyType::Texts, "The feed yields nothing where this column is empty.";
    "join": KeyType::Text, "Puts this between the texts of `columns`, which become one.";
    "skip_unreadable": KeyType::Boolean,
        "With `first`: passes over what the transforms cannot read. True by itself for dates, phone numbers and e-mail addresses.";
    "regex": KeyType::Text, "Keeps the first group, or the whole match. A text that does not match is invalid.";
    "no_match": KeyType::Words(&["gap", "empty"]), "With `regex`: a text that does not match is invalid, or counts as an empty cell.";
    "split": KeyType::Table(SPLIT), "Cuts the text: one part of it, or all of them as a list.";
    "digits": KeyType::Boolean, "Keeps the digits only.";
    "pad": KeyType::Whole(1, 40), "Puts zeros in front, up to so many characters: for ids and codes that lost them.";
    "case": KeyType::Words(&["upper", "lower", "title"]), "Upper, lower or title case; `title` leaves words alone that mix cases already.";
    "lookup": KeyType::Any(&[KeyType::Text, KeyType::Each(&KeyType::Scalar)]), "Translates a code by this table, or the one of this name under [lookups].";
    "otherwise": KeyType::Scalar, "With `lookup`: stands for the codes that are not in the table.";
    "unknown": KeyType::Words(&["gap", "error"]),
        "With `lookup`: a code that is not in the table is a gap of its record, or ends the run before anything is sent.";
    "date": KeyType::Any(&[KeyType::Words(&["mdy", "dmy", "ymd"]), KeyType::Texts, KeyType::Table(DATE)]),
        "Reads a date: in any usual spelling of this order, or by the first of these formats (strftime's) that fits.";
    "phone": KeyType::Any(&[REGION, KeyType::Table(PLACE)]), "Makes an E.164 number; one without a country code is of this region.";
    "name": KeyType::Any(&[KeyType::Words(PARTS), KeyType::Table(NAME)]), "A part of a person's name that stands in one cell.";
    "country": KeyType::Boolean, "Any usual name or code of a country becomes its alpha-3 code.";
    "us_state": KeyType::Any(&[KeyType::Boolean, KeyType::Table(PLACE)]),
        "The name of a U.S. state or territory becomes its two letters; any other text stays, and so do addresses abroad.";
    "postal_code": KeyType::Any(&[REGION, KeyType::Table(PLACE)]),
        "A code gets its country's form and the zeros that it lost. The country of the same address counts first.";
    "tax_id": KeyType::Any(&[KeyType::Words(ID_PARTS), KeyType::Table(TAX_ID)]), "The nine digits of a U.S. tax id, or which of the three kinds it is.";
    "usd_range": KeyType::Any(&[KeyType::Boolean, KeyType::Table(AMOUNT)]), "An amount or a range becomes Bakkt's range that holds all of it.";
    "integer": KeyType::Any(&[KeyType::Boolean, KeyType::Table(NUMBER)]), "A whole number, in the same spellings as amounts.";
    "yes_no": KeyType::Any(&[KeyType::Boolean, KeyType::Table(YES_NO)]), "Words for yes and no become true and false.";
    "default": KeyType::Scalar, "Where the source gave nothing. An invalid value stays invalid.";
};

const SPLIT: &[SchemaKey] = keys! {
    "by": KeyType::Texts, "Where to cut: at this, or at any of these.";
    "take": KeyType::Whole(0, 1000), "Which part to keep, from 0. Absent: all of them, as a list.";
};

/// ISO 3166-1 alpha-2.
const REGION: KeyType = KeyType::Form("^[A-Z]{2}$");

const PLACE: &[SchemaKey] = keys! {
    "region_column": KeyType::Texts, "The column that names the country.";
    "default": REGION, "The region where that column is empty: an ISO 3166-1 alpha-2 code.";
};

const DATE: &[SchemaKey] = keys! {
    "order": KeyType::Words(&["mdy", "dmy", "ymd"]), "What comes first, in the whole column.";
    "formats": KeyType::Texts, "Instead of an order: formats (strftime's), tried in turn.";
    "pivot": KeyType::Whole(0, 99), "Two-digit years above it are 19xx, the others 20xx.";
    "languages": KeyType::WordList(&["en", "de", "fr", "es", "it", "pt", "nl", "pl"]), "Whose names of months count.";
    "excel": KeyType::Words(&["1900", "1904"]), "A plain number is a day of a spreadsheet, counted from this year.";
    "zone": KeyType::Text, "Of date-times without one: a name such as \"America/New_York\", or an offset such as \"-05:00\".";
};

const PARTS: &[&str] = &["given", "middle", "family", "suffix", "full"];

const NAME: &[SchemaKey] = keys! {
    "part": KeyType::Words(PARTS), "What of the name.";
    "order": KeyType::Words(&["given-first", "family-first"]), "Of names without a comma; with one the family name stands first.";
    "suffix": KeyType::Boolean, "The family name keeps Jr., III and the like.";
    "family_names": KeyType::Whole(1, 2), "How many words a family name has where no comma says so: 2 as in Spain, else 1.";
    "person": KeyType::Whole(1, 2), "Which person is meant of a cell that may name two: \"John & Mary Doe\".";
};

const ID_PARTS: &[&str] = &["number", "type"];

const TAX_ID: &[SchemaKey] = keys! {
    "part": KeyType::Words(ID_PARTS), "The nine digits, or which kind it is.";
    "entity": KeyType::Boolean, "Nine bare digits are an EIN.";
};

const NUMBER: &[SchemaKey] = keys! {
    "decimal": KeyType::Words(&[".", ","]), "What begins the decimals.";
};

const AMOUNT: &[SchemaKey] = keys! {
    "decimal": KeyType::Words(&[".", ","]), "What begins the decimals.";
    "unit": KeyType::Words(&["dollars", "thousands", "millions"]), "What numbers without a k or an m count, in the whole column.";
};

const YES_NO: &[SchemaKey] = keys! {
    "yes": KeyType::Texts, "Further words for yes.";
    "no": KeyType::Texts, "Further words for no.";
};

/// Exactly one of these is a feed's source.
const SOURCES: &[&str] = &["column", "first", "columns", "const", "expr", "unfed"];

/// The schema of a mapping of accounts, of owners or of contacts.
pub fn schema() -> Value {
    let (mut properties, mut patterns) = (Map::new(), Map::new());
    let (mut owed, mut owed_patterns) = (Map::new(), Map::new());
    collect_owed(ACCOUNT, &FieldSpelling::default(), &mut |place| {
        let schema = json!({ "$ref": reference(Target::One(Form::Boolean)) });
        for name in [&place.first, &place.each] {
            owed.insert(name.clone(), schema.clone());
        }
        if place.first != place.pattern {
            owed_patterns.insert(format!("^{}$", place.pattern), schema);
        }
    });
    collect(
        ACCOUNT,
        &FieldSpelling::default(),
        &mut |place, field, takes| {
            let schema = field_schema(takes, &level(field.rule, field.local));
            for name in [&place.first, &place.each] {
                properties.insert(name.clone(), schema.clone());
            }
            if place.first != place.pattern {
                patterns.insert(
                    format!("^{}$", place.pattern),
                    json!({ "$ref": reference(takes) }),
                );
            }
        },
    );
    for (name, pattern, takes) in custody_fields() {
        properties.insert(name, field_schema(takes, "Fiat custody"));
        if let Some(pattern) = pattern {
            patterns.insert(pattern, json!({ "$ref": reference(takes) }));
        }
    }
    let mut schema = file("mapping of bakkt-migrate", properties, patterns);
    let says = schema["properties"]["owed_if"]["description"].take();
    schema["properties"]["owed_if"] = json!({
        "type": "object",
        "description": says,
        "properties": owed,
        "patternProperties": owed_patterns,
        "additionalProperties": false,
    });
    schema
}

/// The fields of custody: of a recipient in its three spellings, as those of other lists.
fn custody_fields() -> Vec<(String, Option<String>, Target)> {
    let user = USER_FIELDS
        .iter()
        .map(|(_, name, takes)| (format!("{PREFIX}{name}"), None, *takes));
    let indexes: Vec<String> = (0..=MOST_COLUMNS).map(|index| index.to_string()).collect();
    let recipients = RECIPIENT_FIELDS.iter().flat_map(|(_, name, takes)| {
        let spelled = |brackets: &str| format!("{PREFIX}recipients{brackets}.{name}");
        let pattern = format!(
            r"^custody\.recipients\[(?:{})\]\.{name}$",
            indexes.join("|")
        );
        [
            (spelled("[0]"), Some(pattern), *takes),
            (spelled("[]"), None, *takes),
        ]
    });
    user.chain(recipients).collect()
}

/// The schema of the mapping of a manifest of documents.
pub fn documents() -> Value {
    let fields = FIELDS.iter().filter_map(|(_, name, _)| {
        let takes = resolve(name, TYPE_NAMES).ok()?;
        Some((
            (*name).to_owned(),
            field_schema(takes, "A field of a document"),
        ))
    });
    let mut schema = file(
        "mapping of documents of bakkt-migrate",
        fields.collect(),
        Map::new(),
    );
    // A document has no type of account.
    if let Some(keys) = schema["properties"].as_object_mut() {
        keys.remove("account_type");
        // It owes nothing either.
        keys.remove("owed_if");
    }
    schema
}

fn file(title: &str, fields: Map<String, Value>, patterns: Map<String, Value>) -> Value {
    let mut schema = table(FILE);
    let says = schema["properties"]["fields"]["description"].take();
    schema["properties"]["fields"] = json!({
        "type": "object",
        "description": says,
        "properties": fields,
        "patternProperties": patterns,
        "additionalProperties": false,
    });
    document(title, schema, definitions())
}

/// A field's name in its spellings.
#[derive(Clone, Default)]
struct FieldSpelling {
    /// With the index 0 everywhere.
    first: String,
    /// With empty brackets first: every row is an element.
    each: String,
    /// As a regular expression, with any index.
    pattern: String,
}

impl FieldSpelling {
    fn field(&self, name: &str) -> FieldSpelling {
        FieldSpelling {
            first: path::join(&self.first, name),
            each: path::join(&self.each, name),
            pattern: match self.pattern.as_str() {
                "" => name.to_owned(),
                before => format!(r"{before}\.{name}"),
            },
        }
    }

    fn element(&self) -> FieldSpelling {
        // Rows are elements of the outermost list only.
        let brackets = if self.each.contains('[') { "[0]" } else { "[]" };
        FieldSpelling {
            first: format!("{}[0]", self.first),
            each: format!("{}{brackets}", self.each),
            pattern: format!(r"{}\[(?:{})\]", self.pattern, indexes()),
        }
    }
}

/// The indexes up to the highest, as a regular expression.
fn indexes() -> String {
    let all: Vec<String> = (0..=MAX_INDEX).map(|index| index.to_string()).collect();
    all.join("|")
}

fn collect(
    fields: &'static [Field],
    at: &FieldSpelling,
    add: &mut impl FnMut(&FieldSpelling, &Field, Target),
) {
    for field in fields.iter().filter(|field| field.name != ACCOUNT_TYPE) {
        let place = at.field(field.name);
        match field.shape {
            FieldShape::Object(inner) => collect(inner, &place, add),
            FieldShape::List(inner) => collect(inner, &place.element(), add),
            FieldShape::Leaf(form) => add(&place, field, Target::One(form)),
            FieldShape::Lines(form) => add(&place, field, Target::Lines(form)),
        }
    }
}

/// Every field and object that can be owed under a condition.
fn collect_owed(
    fields: &'static [Field],
    at: &FieldSpelling,
    add: &mut impl FnMut(&FieldSpelling),
) {
    for field in fields.iter().filter(|field| field.name != ACCOUNT_TYPE) {
        let place = at.field(field.name);
        if !field.rule.strongest().breaks() && field.local.is_none() {
            add(&place);
        }
        match field.shape {
            FieldShape::Object(inner) => collect_owed(inner, &place, add),
            FieldShape::List(inner) => collect_owed(inner, &place.element(), add),
            FieldShape::Leaf(_) | FieldShape::Lines(_) => {}
        }
    }
}

fn field_schema(takes: Target, level: &str) -> Value {
    let list = match takes {
        Target::One(_) => "",
        Target::Lines(_) => "A list: ",
    };
    let says = format!("{level}. {list}{}.", form(takes.form()).2);
    described(json!({ "$ref": reference(takes) }), &says)
}

fn level(rule: LevelRule, local: Option<Level>) -> String {
    let one = |level: Level| match level {
        Level::W => "W: the request, or the object that it stands in, cannot be sent without it",
        Level::H => "H: a customer without it is not sent",
        Level::G => "G: may follow in the grace period",
        Level::O => "O: optional",
    };
    match (local, rule) {
        (Some(_), _) => "Never sent: it says what KYB needs to know of an owner".to_owned(),
        (None, LevelRule::Is(level)) => one(level).to_owned(),
        (None, LevelRule::When(_, level)) => {
            format!("For some customers {}; else O: optional", one(level))
        }
        (None, LevelRule::Of(levels)) => {
            let all = levels
                .iter()
                .map(|(name, level)| format!("{name} {}", level.letter()));
            format!("By account type: {}", all.collect::<Vec<_>>().join(", "))
        }
    }
}

fn reference(takes: Target) -> String {
    format!("#/$defs/feed.{}", form(takes.form()).0)
}

/// Every form that a field may have, once.
fn definitions() -> Map<String, Value> {
    let mut definitions = Map::new();
    let mut feed = table(FEED);
    let sources: Vec<Value> = SOURCES
        .iter()
        .map(|key| json!({ "required": [key] }))
        .collect();
    feed["oneOf"] = json!(sources);
    definitions.insert(
        "feed".to_owned(),
        json!({ "anyOf": [{ "type": "string" }, feed] }),
    );
    definitions.insert(
        "account_type".to_owned(),
        json!({ "anyOf": [{ "enum": ACCOUNT_TYPES }, { "type": "object", "$ref": "#/$defs/feed.accountType" }] }),
    );
    let mut add = |takes: Target| {
        let (name, word, _) = form(takes.form());
        definitions
            .entry(format!("feed.{name}"))
            .or_insert_with(|| feed_of(&word));
    };
    add(Target::One(Form::AccountType));
    collect(ACCOUNT, &FieldSpelling::default(), &mut |_, _, takes| {
        add(takes)
    });
    for (_, name, _) in FIELDS {
        if let Ok(takes) = resolve(name, TYPE_NAMES) {
            add(takes);
        }
    }
    for (_, _, takes) in custody_fields() {
        add(takes);
    }
    definitions
}

/// A feed whose own words must be such.
fn feed_of(word: &Value) -> Value {
    let mut own = Map::new();
    for key in ["const", "default", "otherwise"] {
        own.insert(key.to_owned(), word.clone());
    }
    // A form makes another text of what a lookup gives, whose words are free then.
    let after: Vec<Value> = FORMS
        .iter()
        .map(|key| json!({ "required": [key] }))
        .collect();
    json!({
        "$ref": "#/$defs/feed",
        "properties": own,
        "if": { "type": "object", "not": { "anyOf": after } },
        "then": { "properties": { "lookup": {
            "anyOf": [{ "type": "string" }, { "type": "object", "additionalProperties": word }]
        } } },
    })
}

/// A form's name, the schema of a word of it that stands in a mapping, and what it is.
fn form(form: Form) -> (String, Value, String) {
    let words = |name: String, words: &[&str]| {
        (
            name,
            json!({ "enum": words }),
            format!("One of {}", words.join(", ")),
        )
    };
    let text = |name: &str, pattern: &str, says: &str| {
        (
            name.to_owned(),
            json!({ "type": "string", "pattern": pattern }),
            says.to_owned(),
        )
    };
    match form {
        Form::AccountType => words("accountType".into(), ACCOUNT_TYPES),
        Form::OneOf(known) => words(known.join("-"), known),
        Form::Role => words("role".into(), ROLES),
        Form::OwnerKind => words("kind".into(), OWNER_KINDS),
        Form::TaxIdType => words("taxIdType".into(), TAX_ID_TYPES),
        Form::Usd(scale) => words(format!("usd.{scale:?}"), scale.names()),
        Form::Country => text("country", "^[A-Z]{3}$", "A country, as ISO 3166-1 alpha-3"),
        Form::Phone => text("phone", r"^\+[1-9][0-9]{3,14}$", "A phone number, as E.164"),
        Form::Email => text("email", "@", "An e-mail address"),
        Form::PastDate => text(
            "date",
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "A date, in the past",
        ),
        Form::EventDate(_) => text("date", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "A date"),
        Form::EventTime(_) | Form::DateTime => text(
            "dateTime",
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}T",
            "A date and time",
        ),
        Form::Integer(least, most) => {
            let (_, mut word, _) = scalar("", "integer", "^[+-]?[0-9]+$", "");
            word["anyOf"][0]["minimum"] = json!(least);
            word["anyOf"][0]["maximum"] = json!(most);
            let says = format!("A whole number from {least} to {most}");
            (format!("integer{least}-{most}"), word, says)
        }
        Form::Boolean => scalar("boolean", "boolean", "^(true|false)$", "true or false"),
        Form::Percent => scalar(
            "percent",
            "number",
            "^[0-9.]+( *%)?$",
            "A number from 0 to 100",
        ),
        Form::Short(most) | Form::AgreementName(most) => {
            let (_, mut word, _) = anything("");
            word["maxLength"] = json!(most);
            let says = format!("A text of at most {most} characters");
            (format!("short{most}"), word, says)
        }
        Form::Code(most) => {
            let (_, mut word, _) = anything("");
            word["maxLength"] = json!(most);
            let says = format!("A code of at most {most} characters");
            (format!("code{most}"), word, says)
        }
        Form::Text => anything("A text"),
        Form::ClientId => anything("The account's id; unique in the migration"),
        Form::OwnerId => anything("The owner's id; derived where there is none"),
        Form::TaxId => anything("A tax id; nine digits where its type is SSN, ITIN or EIN"),
        Form::EntityTaxId => {
            anything("A tax id; nine digits where the entity is registered in the U.S.")
        }
        Form::State => anything("A state: two letters in the U.S., else any text"),
        Form::PostalCode => anything("A postal code, in a form of the country beside it"),
    }
}

/// Any text that is more than blanks, or what TOML writes without quotes.
fn anything(says: &str) -> (String, Value, String) {
    let word = json!({ "type": ["string", "number", "boolean"], "pattern": r"\S" });
    ("text".to_owned(), word, says.to_owned())
}

/// A text of a form, or a value of another type.
fn scalar(name: &str, kind: &str, pattern: &str, says: &str) -> (String, Value, String) {
    let word = json!({ "anyOf": [{ "type": kind }, { "type": "string", "pattern": pattern }] });
    (name.to_owned(), word, says.to_owned())
}
