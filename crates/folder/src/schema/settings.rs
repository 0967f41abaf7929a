//! The schema of `migration.toml`.
//!
//! Owner of the table of its keys. Their meaning is told at length in docs/settings.md; a test holds the two and the
//! program together.

use serde_json::{Map, Value, json};

use super::{KeyType, SchemaKey, described, document, table};
use bakkt_contract::account::ACCOUNT_TYPES;
use bakkt_contract::documents::{KYB_ACCOUNT_TYPES, KYB_ITEM_NAMES, SIDES, TYPE_NAMES};
use bakkt_contract::{Level, path};
use bakkt_source::encoding::Encoding;

/// The schema.
pub fn schema() -> Value {
    let mut schema = table(KEYS);
    schema["properties"]["policy"] = policy();
    for (at, required) in REQUIRED {
        if let Some(table) = schema.pointer_mut(at) {
            table["required"] = json!(required);
        }
    }
    document("migration.toml of bakkt-migrate", schema, Map::new())
}

/// Tables that are nothing without some of their keys.
const REQUIRED: &[(&str, &[&str])] = &[
    ("", &["source"]),
    ("/properties/source", &["file", "mapping"]),
    (
        "/properties/source/properties/owners",
        &["file", "mapping", "key"],
    ),
    (
        "/properties/source/properties/trusted_contacts",
        &["file", "mapping", "key"],
    ),
    ("/properties/documents", &["root"]),
];

const RATE: KeyType =
    KeyType::Form(r"^(unlimited|\s*[1-9][0-9]{0,6}\s*/\s*(s|sec|second|m|min|minute)\s*)$");
/// Other spellings of them are taken as well.
const ENCODING: KeyType = KeyType::Any(&[KeyType::Words(Encoding::NAMES), KeyType::Text]);
/// One character that cells can be told apart by.
const DELIMITER: KeyType = KeyType::Form("^[^A-Za-z0-9 \"'\\r\\n\\u0000]$");
const DURATION: KeyType = KeyType::Form(r"^[0-9]*[1-9][0-9]*\s*(ms|s|m|min)$");
const SIZE: KeyType = KeyType::Form(r"^[0-9]*[1-9][0-9]*\s*(B|KB|KiB|MB|MiB|GB)$");
const DATE: KeyType = KeyType::Form(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
const UUID: KeyType =
    KeyType::Form(r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$");
const URL: KeyType = KeyType::Form(r"^https?://[^@?# ]+$");

macro_rules! keys {
    ($($name:literal: $takes:expr, $says:literal;)*) => {
        &[$(SchemaKey { name: $name, takes: $takes, says: $says }),*]
    };
}
pub(super) use keys;

const KEYS: &[SchemaKey] = keys! {
    "source": KeyType::Table(SOURCE), "What to read: the exports and their mappings.";
    "accounts": KeyType::Table(ACCOUNTS), "What an account is, and what to do with one that was there before.";
    "target": KeyType::Table(TARGET), "Which Bakkt.";
    "limits": KeyType::Table(LIMITS), "How fast. Bakkt publishes no limits: ask for yours.";
    "retry": KeyType::Table(RETRY), "How long to wait, and how often to try.";
    "grace": KeyType::Table(GRACE), "When gaps are due.";
    "exclude": KeyType::Table(EXCLUDE), "Who is left out. Such a row is read, counted and never sent.";
    "findings": KeyType::Table(FINDINGS), "What is done about findings: values that may be sent and that a person should look at.";
    "policy": KeyType::Table(&[]), "How strict to be: moves the level of a field.";
    "documents": KeyType::Table(DOCUMENTS), "Which files to upload. Absent: none.";
    "events": KeyType::Table(EVENTS), "How webhooks prove that they are Bakkt's.";
};

const SOURCE: &[SchemaKey] = keys! {
    "file": KeyType::Text, "The export.";
    "mapping": KeyType::Text, "The mapping: which column feeds which field.";
    "group_by": KeyType::Text, "A column of the export: rows with the same text there are one account.";
    "encoding": ENCODING, "What the characters are written in, where it is not left to be found.";
    "delimiter": KeyType::Any(&[KeyType::Words(&["comma", "semicolon", "tab", "pipe"]), DELIMITER]),
        "What stands between cells: one of the words, or a character.";
    "member": KeyType::Text, "Of a zip archive: the member that is read, as a pattern. Absent: the only one.";
    "rows": KeyType::Text, "Of JSON: the array of every object whose elements are rows, such as \"owners\".";
    "layout": LAYOUT, "Where the fields of fixed width stand: a table, or the name of a file with one or of a copybook.";
    "quote": KeyType::Words(&["\"", "'", "none"]), "What stands around cells; with \"none\" quotes are text like any other.";
    "header": KeyType::Any(&[KeyType::Whole(1, 1_048_576), KeyType::Boolean]),
        "The line of the header, from 1; false: there is none, and columns are named by position, as \"#1\".";
    "sheet": KeyType::Any(&[KeyType::Text, KeyType::Whole(1, 1000)]), "The sheet of a workbook: its name, or its number from 1.";
    "skip_if": KeyType::Texts, "Regular expressions for the first cell of a row that is not empty; rows that fit are left out.";
    "owners": KeyType::Table(JOINED), "An export of owners, one a row.";
    "trusted_contacts": KeyType::Table(JOINED), "An export of trusted contacts, one a row.";
};

const JOINED: &[SchemaKey] = keys! {
    "file": KeyType::Text, "The export.";
    "mapping": KeyType::Text, "Its mapping: fields are written owners[].role, or trustedContacts[].givenName, and so on.";
    "key": KeyType::Text, "Its column that says whose row it is.";
    "account_key": KeyType::Text, "The column of the accounts' export that `key` equals. Absent: the one of the same name.";
    "encoding": ENCODING, "What the characters are written in, where it is not left to be found.";
    "delimiter": KeyType::Any(&[KeyType::Words(&["comma", "semicolon", "tab", "pipe"]), DELIMITER]),
        "What stands between cells: one of the words, or a character.";
    "member": KeyType::Text, "Of a zip archive: the member that is read, as a pattern. Absent: the only one.";
    "rows": KeyType::Text, "Of JSON: the array of every object whose elements are rows, such as \"owners\".";
    "layout": LAYOUT, "Where the fields of fixed width stand: a table, or the name of a file with one or of a copybook.";
    "quote": KeyType::Words(&["\"", "'", "none"]), "What stands around cells; with \"none\" quotes are text like any other.";
    "header": KeyType::Any(&[KeyType::Whole(1, 1_048_576), KeyType::Boolean]),
        "The line of the header, from 1; false: there is none, and columns are named by position, as \"#1\".";
    "sheet": KeyType::Any(&[KeyType::Text, KeyType::Whole(1, 1000)]), "The sheet of a workbook: its name, or its number from 1.";
    "skip_if": KeyType::Texts, "Regular expressions for the first cell of a row that is not empty; rows that fit are left out.";
};

const LAYOUT: KeyType = KeyType::Any(&[KeyType::Text, KeyType::Table(LAYOUT_KEYS)]);

const LAYOUT_KEYS: &[SchemaKey] = keys! {
    "fields": KeyType::Tables(LAYOUT_FIELD), "The fields of every record.";
    "copybook": KeyType::Text, "Instead of `fields`: the file of a COBOL copybook that says them.";
    "record_length": BYTES, "Bytes of every record, where no line ends stand between them.";
    "line_length": BYTES, "Bytes of every line. Absent: at least as many as the fields need.";
    "fill_lines": KeyType::Boolean, "Shorter lines lost blanks at their end, and are filled up.";
};

const LAYOUT_FIELD: &[SchemaKey] = keys! {
    "name": KeyType::Text, "The name of its column.";
    "start": BYTES, "Its first byte, from 1.";
    "length": BYTES, "Its bytes.";
    "type": KeyType::Words(&["text", "digits", "zoned", "packed"]),
        "What it holds. Absent: text. zoned and packed have a sign; packed is COMP-3.";
    "decimals": KeyType::Whole(0, 31), "Digits behind the decimal point, which is not written.";
    "digits": KeyType::Whole(1, 31), "Digits of a packed number whose first half byte is unused.";
};

const BYTES: KeyType = KeyType::Whole(1, 65_536);

const ACCOUNTS: &[SchemaKey] = keys! {
    "on_existing": KeyType::Words(&["skip", "update", "stop"]),
        "An account that was there before: skip looks first and leaves it, update overwrites it, stop ends the run.";
    "allow_ids_like": KeyType::WordList(&["tax_id", "email"]),
        "Allows clientAccountIds that look like a tax id or an e-mail address.";
    "expected_id_length": KeyType::Whole(1, 256), "Characters of every clientAccountId; ids of another length are findings.";
    "allow_unissued_tax_ids": KeyType::Boolean,
        "Lets tax ids through that the SSA or the IRS never gave out; for rehearsals, refused for Bakkt's production.";
};

const TARGET: &[SchemaKey] = keys! {
    "base_url": URL, "Where Bakkt is. https; plain http to loopback only.";
    "dialect": KeyType::Words(&["guide", "reference"]), "Spelling on the wire and way of authentication.";
    "key_file": KeyType::Text, "A file of mode 0600 that holds the key (guide) or the password (reference) and nothing else.";
    "logon_id": KeyType::Text, "The logon id of the reference dialect.";
    "partner_id": UUID, "Who you are to Bakkt: in the address of verification links.";
    "api_key": KeyType::Never, "Refused: a key does not belong in this file. BAKKT_API_KEY or `key_file` holds it.";
};

const LIMITS: &[SchemaKey] = keys! {
    "create": RATE, "Creations and updates, such as \"10/s\", \"600/min\" or \"unlimited\".";
    "lookup": RATE, "Look-ups.";
    "upload": RATE, "Uploads of documents.";
    "kyb": RATE, "KYB triggers.";
    "burst": KeyType::Whole(1, 10_000), "Requests that may leave back to back after a pause, inside the rate of every window.";
    "in_flight": KeyType::Whole(1, 4096), "Requests on their way at once.";
    "uploads_in_flight": KeyType::Whole(1, 256), "Uploads on their way at once.";
    "headroom_percent": KeyType::Whole(0, 90), "Hundredths of the rate that stay unused.";
};

const RETRY: &[SchemaKey] = keys! {
    "request_timeout": DURATION, "From the first byte sent to the last byte of the answer, such as \"30s\".";
    "upload_timeout": DURATION, "The same of an upload.";
    "settle_after": DURATION, "How long a lost outcome rests before Bakkt is asked about it; longer than `request_timeout`.";
    "attempts": KeyType::Whole(1, 1000), "Tries per account and run before it is given up.";
    "backoff_first": DURATION, "First wait of the exponential backoff.";
    "backoff_most": DURATION, "Longest wait of the exponential backoff.";
    "breaker": KeyType::Whole(1, 1_000_000), "Failures in a row that stop the run.";
    "longest_pause": DURATION, "Longest pause that a server's Retry-After can ask for.";
    "clock_tolerance": DURATION, "How far Bakkt's clock may be behind ours.";
};

const GRACE: &[SchemaKey] = keys! {
    "days": KeyType::Whole(1, 3650), "Length of the grace period in days.";
    "from": KeyType::Any(&[KeyType::Words(&["accepted"]), DATE]),
        "Where it starts: the day on which the account was accepted, or one date for all.";
};

const EXCLUDE: &[SchemaKey] = keys! {
    "ids": KeyType::Tables(EXCLUDED_IDS), "clientAccountIds to leave out.";
    "rules": KeyType::Tables(EXCLUDED_ROWS), "Conditions on columns: one test each.";
};

const EXCLUDED_IDS: &[SchemaKey] = keys! {
    "list": KeyType::Texts, "The ids.";
    "file": KeyType::Text, "A file with one id a line.";
    "reason": REASON, "Why; the report repeats it.";
};

const EXCLUDED_ROWS: &[SchemaKey] = keys! {
    "column": KeyType::Text, "A column of the export.";
    "equals": KeyType::Texts, "Leaves the row out when the trimmed cell is one of these.";
    "not_equals": KeyType::Texts, "Leaves the row out when the trimmed cell is none of these.";
    "empty": KeyType::Boolean, "Leaves the row out when the cell is empty (true) or not empty (false).";
    "reason": REASON, "Why; the report repeats it.";
};

const ACTION: KeyType = KeyType::Words(&["tell", "block", "silence"]);
/// Of a kind that is about no customer.
const SHOWN: KeyType = KeyType::Words(&["tell", "silence"]);

const FINDINGS: &[SchemaKey] = keys! {
    "unused_exclusion": SHOWN, "An exclusion that fits no row.";
    "same_person": ACTION, "The same person under several ids.";
    "similar_ids": ACTION, "Ids that look alike.";
    "lost_leading_zeros": ACTION, "Ids whose leading zeros seem to be cut.";
    "id_length": ACTION, "Ids of another length than accounts.expected_id_length.";
    "misplaced_document": ACTION, "A document whose file names another customer.";
    "shared_document": ACTION, "A document that several customers claim.";
    "same_tax_id": ACTION, "One tax id of several people.";
    "minor_owner": ACTION, "An owner under 18 who must be of age.";
    "implausible_birth_date": ACTION, "A birth date before 1900 or over 120 years ago.";
    "default_birth_date": ACTION, "A birth date that far too many customers have.";
    "mojibake": ACTION, "Text that was decoded wrongly.";
    "escaped_text": ACTION, "HTML entities and other escapes.";
    "invisible_character": ACTION, "Invisible characters inside a text.";
    "placeholder_street": ACTION, "A residential street such as \"unknown\".";
    "po_box": ACTION, "A P.O. box as residential street.";
    "same_email": ACTION, "One e-mail address of several customers.";
    "same_email_from": KeyType::Whole(2, 1_000_000), "So many customers with one e-mail address are a finding.";
};

const DOCUMENTS: &[SchemaKey] = keys! {
    "root": KeyType::Text, "The folder of the documents. Nothing outside it is ever opened.";
    "accept": KeyType::WordList(&["PDF", "JPEG", "PNG", "GIF", "BMP", "TIFF", "HEIC"]),
        "Types of content that are sent. Absent: PDF, JPEG, PNG, GIF, BMP.";
    "max_bytes": SIZE, "A larger file is not sent, such as \"20MB\". Up to 1GB.";
    "manifest": KeyType::Text, "A file with one row a document.";
    "mapping": KeyType::Text, "The mapping of the manifest.";
    "pattern": KeyType::OneOrMore(&KeyType::Any(&[KeyType::Text, KeyType::Table(PATTERN)])),
        "Instead of a manifest: what the paths below the folder say.";
};

/// A pattern, and what is so for every document whose path fits it.
const PATTERN: &[SchemaKey] = keys! {
    "path": KeyType::Text, "A path below the folder, such as \"{clientAccountId}_DL_{documentSide}.*\".";
    "documentType": KeyType::Words(TYPE_NAMES), "The type of all of them, where the path does not say it.";
    "documentSide": KeyType::Words(SIDES), "The side of all of them.";
    "issueCountry": KeyType::Form("^[A-Z]{3}$"), "The country of all of them.";
    "owner_place": KeyType::Whole(1, 64), "The owner whom they belong to: 1 is owners[0].";
    "kyb_item": KeyType::Words(KYB_ITEM_NAMES), "What they are for KYB.";
};

const EVENTS: &[SchemaKey] = keys! {
    "path": KeyType::Form(r"^/[^?# ]*$"), "Events are taken at this path and below it.";
    "secret_file": KeyType::Text, "A file of mode 0600 that holds the secret and nothing else.";
    "signature_header": HEADER, "The header that carries the HMAC-SHA-256 of the body.";
    "signature_encoding": KeyType::Words(&["hex", "base64"]), "How the signature is written.";
    "signature_prefix": KeyType::Text, "What stands before the signature, such as \"sha256=\".";
    "secret_header": HEADER, "A header that carries the secret itself, instead of a signature.";
    "secret": KeyType::Never, "Refused: a secret does not belong in this file. BAKKT_WEBHOOK_SECRET or `secret_file` holds it.";
};

const HEADER: KeyType = KeyType::Form(r"^[A-Za-z0-9._-]+$");

const MOVE: &[SchemaKey] = keys! {
    "level": KeyType::Words(&["H", "G", "O"]), "H: not sent without it. G: sent with a gap. O: no gap.";
    "reason": REASON, "Why; the report repeats it.";
};

/// A text that is more than blanks.
const REASON: KeyType = KeyType::Form(r"\S");

/// Every field that may be moved, by its pattern, and the types of account whose KYB may be.
fn policy() -> Value {
    let mut entry = table(MOVE);
    entry["required"] = json!(["level", "reason"]);
    let movable = |pattern: &String| {
        let found = path::find_pattern(pattern);
        found.is_some_and(|found| found.field.rule.strongest() != Level::W)
    };
    let fields = path::patterns().into_iter().filter(movable);
    let mut properties: Map<String, Value> = fields.map(|field| (field, entry.clone())).collect();
    entry["properties"]["level"] = json!({ "enum": ["H", "O"] });
    for kind in ACCOUNT_TYPES
        .iter()
        .filter(|kind| KYB_ACCOUNT_TYPES.contains(kind))
    {
        let says = "H: accounts of this type need KYB. O: they do not.";
        properties.insert(format!("kyb.{kind}"), described(entry.clone(), says));
    }
    json!({
        "type": "object",
        "description": "How strict to be: moves the level of a field. List elements are written [].",
        "properties": properties,
        "additionalProperties": false,
    })
}
