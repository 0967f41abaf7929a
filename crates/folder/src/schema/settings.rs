//! The schema of `migration.toml`.
//!
//! Owner of the table of its keys: name, default, what each takes, and what it means. From it come the schema, the tables
//! of docs/settings.md ([`rows`]) and the limits of whole numbers that the reader keeps ([`range`]). Tests hold keys and
//! defaults against what the reader does.

use serde_json::{Map, Value, json};

use super::{KeyType, SchemaKey, described, document, table};
use bakkt_contract::account::ACCOUNT_TYPES;
use bakkt_contract::documents::{KYB_ACCOUNT_TYPES, KYB_ITEM_NAMES, SIDES, TYPE_NAMES};
use bakkt_contract::unfit_id::ID_WORDS;
use bakkt_contract::{Level, path};
use bakkt_source::encoding::Encoding;

/// The schema.
pub fn schema() -> Value {
    let mut schema = table(KEYS);
    schema["properties"]["policy"] = policy();
    document("migration.toml of bakkt-migrate", schema, Map::new())
}

/// The rows of docs/settings.md about a table of the file: key, default, values, meaning.
pub fn rows(name: &str) -> Vec<String> {
    let mut rows = Vec::new();
    match KEYS.iter().find(|key| key.name == name) {
        Some(_) if name == "policy" => add_rows("policy.*.", MOVE, &mut rows),
        Some(key) => add_rows(&format!("{name}."), key.takes.keys(), &mut rows),
        None => {}
    }
    rows
}

fn add_rows(head: &str, keys: &[SchemaKey], rows: &mut Vec<String>) {
    for key in keys {
        let path = format!("{head}{}", key.name);
        if !key.takes.keys().is_empty() {
            add_rows(&format!("{path}."), key.takes.keys(), rows);
            continue;
        }
        let default = match key.default {
            "" => "—".to_owned(),
            default => format!("`{default}`"),
        };
        let (takes, says) = (key.takes.words(), key.says);
        rows.push(format!("| `{path}` | {default} | {takes} | {says} |"));
    }
}

/// The least and the most that a whole number may be. `path` is its key with the table around it, such as `limits.burst`.
pub(crate) fn range(path: &str) -> Option<(i64, i64)> {
    let (table, name) = path.split_once('.')?;
    let table = KEYS.iter().find(|key| key.name == table)?;
    match table
        .takes
        .keys()
        .iter()
        .find(|key| key.name == name)?
        .takes
    {
        KeyType::Whole(low, high) => Some((low, high)),
        _ => None,
    }
}

/// A path, from the folder of the migration.
const PATH: KeyType = KeyType::Said("path", &KeyType::Text);
const FILES: KeyType = KeyType::Said("path or pattern", &KeyType::Text);
const RATE: KeyType = KeyType::Said(
    "rate",
    &KeyType::Form(r"^(unlimited|\s*[1-9][0-9]{0,6}\s*/\s*(s|sec|second|m|min|minute)\s*)$"),
);
const DURATION: KeyType = KeyType::Said(
    "duration",
    &KeyType::Form(r"^[0-9]*[1-9][0-9]*\s*(ms|s|m|min)$"),
);
const SIZE: KeyType = KeyType::Said(
    "size such as `\"20MB\"`, `\"500KB\"`, `\"32MiB\"`, up to `\"1GB\"`",
    &KeyType::Form(r"^[0-9]*[1-9][0-9]*\s*(B|KB|KiB|MB|MiB|GB)$"),
);
const DATE: KeyType = KeyType::Said(
    "a date such as `\"2026-12-01\"`",
    &KeyType::Form(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
);
const UUID: KeyType = KeyType::Said(
    "UUID",
    &KeyType::Form(
        r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
    ),
);
const URL: KeyType = KeyType::Said("URL", &KeyType::Form(r"^https?://[^@?# ]+$"));
const HEADER: KeyType = KeyType::Said("name of a header", &KeyType::Form(r"^[A-Za-z0-9._-]+$"));
/// A text that is more than blanks.
const REASON: KeyType = KeyType::Said("text", &KeyType::Form(r"\S"));

/// How an export is read. Other spellings of encodings are taken as well.
const ENCODING: KeyType = KeyType::Any(&[
    KeyType::Words(Encoding::NAMES),
    KeyType::Said("", &KeyType::Text),
]);
const DELIMITER: KeyType = KeyType::Any(&[
    KeyType::Words(&["comma", "semicolon", "tab", "pipe"]),
    // One that cells can be told apart by.
    KeyType::Said(
        "a character",
        &KeyType::Form("^[^A-Za-z0-9 \"'\\r\\n\\u0000]$"),
    ),
]);
const QUOTE: KeyType = KeyType::Words(&["\"", "'", "none"]);
const HEADER_LINE: KeyType = KeyType::Any(&[
    KeyType::Said("line number", &KeyType::Whole(1, LAST_ROW)),
    KeyType::Said("`false`", &KeyType::Boolean),
]);
const SHEET: KeyType = KeyType::Any(&[
    KeyType::Said("name", &KeyType::Text),
    KeyType::Said("number from 1", &KeyType::Whole(1, LAST_SHEET)),
]);
const SKIP_IF: KeyType = KeyType::Said("list of patterns", &KeyType::Texts);

/// Rows beyond any sheet, and more lines than are looked through for a header.
pub(crate) const LAST_ROW: i64 = 1_048_576;
/// More sheets than workbooks have.
pub(crate) const LAST_SHEET: i64 = 1000;

macro_rules! keys {
    ($($name:literal $(= $default:literal)?: $takes:expr, $says:literal;)*) => {
        &[$(SchemaKey {
            name: $name,
            default: concat!("" $(, $default)?),
            takes: $takes,
            says: $says,
        }),*]
    };
}
pub(super) use keys;

const KEYS: &[SchemaKey] = keys! {
    "source": KeyType::Needed(&KeyType::Table(SOURCE)),
        "What to read: the exports and their mappings.";
    "accounts": KeyType::Table(ACCOUNTS),
        "What an account is, and what to do with one that was there before.";
    "target": KeyType::Table(TARGET),
        "Which Bakkt.";
    "limits": KeyType::Table(LIMITS),
        "How fast. Bakkt publishes no limits: ask for yours.";
    "retry": KeyType::Table(RETRY),
        "How long to wait, and how often to try.";
    "window": KeyType::Table(WINDOW),
        "When sending is allowed. Outside of these hours a run pauses, and goes on by itself ([control.md](control.md)).";
    "grace": KeyType::Table(GRACE),
        "When gaps are due.";
    "exclude": KeyType::Table(EXCLUDE),
        "Who is left out. Such a row is read, counted and never sent.";
    "findings": KeyType::Table(FINDINGS),
        "What is done about findings: values that may be sent and that a person should look at.";
    "policy": KeyType::Table(&[]),
        "How strict to be: moves the level of a field.";
    "documents": KeyType::Table(DOCUMENTS),
        "Which files to upload. Absent: none.";
    "custody": KeyType::Table(CUSTODY),
        "Fiat custody: users, bank accounts and recipients for the primary owners of INDIVIDUAL accounts. Absent: none. See [custody.md](custody.md).";
    "events": KeyType::Table(EVENTS),
        "How webhooks prove that they are Bakkt's.";
    "openpgp": KeyType::Table(OPENPGP),
        "Exports that are encrypted or signed with OpenPGP.";
    "approval": KeyType::Table(APPROVAL),
        "Who approves a plan before it is sent. Absent: nobody has to ([approve.md](approve.md)).";
    "notify": KeyType::Table(NOTIFY),
        "Whom to tell how a run ended.";
};

const SOURCE: &[SchemaKey] = keys! {
    "file": KeyType::Needed(&FILES),
        "The export: CSV, a workbook, JSON, or fixed width with a `layout`; as it is or packed with gzip, zstd or zip; a file, or an object ([object-storage.md](object-storage.md)). `*` and `?` name several files that are one export. One account a row, unless `group_by` says otherwise.";
    "mapping": KeyType::Needed(&PATH),
        "The mapping: which column feeds which field. See [mapping.md](mapping.md).";
    "group_by": KeyType::Text,
        "A column of the export: rows with the same text there are one account.";
    "encoding": ENCODING,
        "What the characters are written in; other names of the same are taken, too (`latin2`, `cp1250`, `437`, `mac`). EBCDIC (`cp037`, `cp500`, `cp1140`) is never found; otherwise this and the next five are found where they are not set.";
    "delimiter": DELIMITER,
        "What stands between cells: any one character that is no letter, digit, blank or quote, such as `\"^\"`, `\"§\"` or `\"\\u001F\"`.";
    "quote": QUOTE,
        "What stands around cells; with `\"none\"` quotes are text like any other.";
    "header": HEADER_LINE,
        "The line of the header, or the row of the sheet; `false`: there is none, and columns are named by position.";
    "sheet": SHEET,
        "The sheet of a workbook. It must be said where several that have cells are shown.";
    "skip_if": SKIP_IF,
        "Regular expressions for the first cell of a row that is not empty; rows that fit are left out.";
    "layout": LAYOUT,
        "Where the fields of fixed width stand: a table, or the name of a file with one or of a copybook. See [files.md](files.md).";
    "member": KeyType::Said("pattern", &KeyType::Text),
        "The member of a zip archive that is read. Absent: the only one.";
    "rows": KeyType::Text,
        "Of JSON: the array of every object whose elements are rows, such as `\"owners\"`. See [files.md](files.md).";
    "owners": KeyType::Table(JOINED),
        "An export of owners, one a row.";
    "trusted_contacts": KeyType::Table(JOINED),
        "An export of trusted contacts, one a row.";
    "recipients": KeyType::Table(JOINED),
        "An export of recipients, one a row, for [custody].";
};

const JOINED: &[SchemaKey] = keys! {
    "file": KeyType::Needed(&FILES),
        "The export, one owner or trusted contact a row; as the accounts' may be.";
    "mapping": KeyType::Needed(&PATH),
        "Its mapping: fields are written `owners[].role`, or `trustedContacts[].givenName`, and so on.";
    "key": KeyType::Needed(&KeyType::Text),
        "Its column that says whose row it is.";
    "account_key": KeyType::Text,
        "The column of the accounts' export that `key` equals. Absent: the one of the same name.";
    "encoding": KeyType::Said("as above", &ENCODING),
        "As for the accounts' export.";
    "delimiter": KeyType::Said("as above", &DELIMITER),
        "As for the accounts' export.";
    "quote": KeyType::Said("as above", &QUOTE),
        "As for the accounts' export.";
    "header": KeyType::Said("as above", &HEADER_LINE),
        "As for the accounts' export.";
    "sheet": KeyType::Said("as above", &SHEET),
        "As for the accounts' export.";
    "skip_if": KeyType::Said("as above", &SKIP_IF),
        "As for the accounts' export.";
    "layout": KeyType::Said("as above", &LAYOUT),
        "As for the accounts' export.";
    "member": KeyType::Said("as above", &KeyType::Text),
        "As for the accounts' export.";
    "rows": KeyType::Said("as above", &KeyType::Text),
        "As for the accounts' export.";
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
    "on_existing" = "\"skip\"": KeyType::Words(&["skip", "update", "stop"]),
        "An account that was there before this migration: `skip` looks first and leaves it, `update` overwrites it, `stop` ends the run.";
    "allow_ids_like" = "[]": KeyType::WordList(ID_WORDS),
        "A clientAccountId or clientOwnerId that looks like a tax id, an e-mail address or a phone number with its country code blocks its record, because ids go into URLs, reports and the journal; so does one that holds the tax id or a phone number of its own record. This allows the named kinds.";
    "expected_id_length": KeyType::Whole(1, 256),
        "How many characters every clientAccountId has. Ids of another length are findings ([findings.md](findings.md)).";
    "allow_unissued_tax_ids" = "false": KeyType::Boolean,
        "Lets SSNs, ITINs and EINs through that the SSA or the IRS never gave out ([mapping.md](mapping.md)), for rehearsals with invented customers. Refused where the target is Bakkt's production, `https://api.bakkt.com`: by `check` when `[target]` names it, by every command that would send there in any case. `--sandbox` and loopback are no production.";
};

const TARGET: &[SchemaKey] = keys! {
    "base_url" = "\"https://api.bakkt.com\"": URL,
        "https; plain http to loopback only. `--base-url` replaces it for one command. A journal belongs to one base URL. Requests go straight there unless `proxy` says otherwise: proxies that the environment names (`HTTPS_PROXY`) are not used.";
    "proxy": URL,
        "The proxy through which requests leave your firm, such as `http://proxy.example.com:8080`. Not used for plain http to loopback. If it asks for a user and a password, put them into `BAKKT_PROXY_CREDENTIALS`, as `user:password`.";
    "ca_file": PATH,
        "A file of certificates (PEM) that are trusted beside those that this computer trusts: for a proxy of your firm that opens TLS.";
    "dialect" = "\"guide\"": KeyType::Words(&["guide", "reference"]),
        "Spelling on the wire and way of authentication. `guide`: `Authorization: API-Key`, `NATIONALID`. `reference`: logs in first, `NATIONAL_ID`.";
    "key_file": PATH,
        "A file that holds the key (guide) or the password (reference) on one line, and nothing else. Its mode must be 0600. The environment (`BAKKT_API_KEY`, `BAKKT_PASSWORD`) goes first.";
    "logon_id": KeyType::Text,
        "The logon id of the reference dialect; required there.";
    "partner_id": UUID,
        "Who you are to Bakkt; `links` needs it ([links.md](links.md)). Bakkt gives each partner one: ask your contact there.";
    "api_key": KeyType::Never,
        "Refused: a key does not belong in this file.";
};

const CUSTODY: &[SchemaKey] = keys! {
    "base_url": URL,
        "Where the custody calls go. Absent: `target.base_url`. `--base-url` and `--sandbox` replace it.";
    "key_file": PATH,
        "A file that holds the key of these calls on one line, and nothing else. Its mode must be 0600. The environment (`BAKKT_CUSTODY_KEY`) goes first.";
    "header_prefix" = "\"\"": KeyType::Text,
        "What stands before the key in the `Authorization` header, with its blank.";
    "after_acceptance" = "true": KeyType::Boolean,
        "Whether a user waits until its account is accepted; `false`: it is made whatever becomes of the account.";
    "transliterate" = "false": KeyType::Boolean,
        "Whether names with accents, hyphens or apostrophes are sent in plain letters; the report lists each. `false`: such a name is a gap of the custody stage.";
    "users" = "\"10/s\"": RATE,
        "Users that are made.";
    "accounts" = "\"10/s\"": RATE,
        "Bank accounts and savings accounts that are made.";
    "recipients" = "\"10/s\"": RATE,
        "Recipients that are made.";
    "lookup" = "\"10/s\"": RATE,
        "Reading users, accounts and recipients.";
    "in_flight" = "8": KeyType::Whole(1, 4096),
        "Requests of each kind on their way at once.";
    "settle_after": KeyType::Said("duration, longer than `retry.request_timeout`", &DURATION),
        "How long a lost answer rests before lists are read, or a user is sent again. Absent: `retry.settle_after`.";
    "idempotency_window": KeyType::Said("duration, or `\"off\"`", &KeyType::Form(r"^(off|[0-9]*[1-9][0-9]*\s*(ms|s|m|min))$")),
        "How long Bakkt keeps the answer to an Idempotency-Key, if your contact there has told you. A user whose answer was lost is sent again, with the same key and bytes, within this time only. Absent, or `off`: never; a person settles it.";
    "session_lives" = "\"240m\"": DURATION,
        "How long a session is used after it was issued; an older one is deleted.";
    "terms_of_service_hash": KeyType::Text,
        "Base64 of the SHA-256 of the terms of service that your customers accepted, sent with every user. Absent: not sent.";
    "fields": KeyType::Table(CUSTODY_FIELDS),
        "What a user's optional fields are called on the wire; an empty name leaves one out.";
};

const CUSTODY_FIELDS: &[SchemaKey] = keys! {
    "date_of_birth" = "\"date_of_birth\"": KeyType::Text, "The birth date.";
    "phone_number" = "\"phone_number\"": KeyType::Text, "The phone number, which is mandatory for users in the U.S.";
    "external_id" = "\"external_id\"": KeyType::Text, "The clientAccountId.";
    "terms_of_service_hash" = "\"accepted_terms_of_service_hash\"": KeyType::Text, "The hash of the accepted terms of service.";
};

const LIMITS: &[SchemaKey] = keys! {
    "create" = "\"10/s\"": RATE,
        "Creations and updates. No window of time sees more than this, repetitions included.";
    "lookup" = "\"10/s\"": RATE,
        "Look-ups, of accounts and of documents.";
    "upload" = "\"10/s\"": RATE,
        "Uploads of documents.";
    "kyb" = "\"10/s\"": RATE,
        "KYB triggers.";
    "burst" = "1": KeyType::Whole(1, 10_000),
        "Requests that may leave back to back after a pause. They count: the rate of every window has them inside.";
    "in_flight" = "8": KeyType::Whole(1, 4096),
        "Requests of each kind on their way at once. Rate × answer time is what it takes to keep a rate.";
    "uploads_in_flight" = "4": KeyType::Whole(1, 256),
        "Uploads on their way at once. Each holds a few hundred kilobytes of its file in memory, whatever the file's size.";
    "headroom_percent" = "1": KeyType::Whole(0, 90),
        "Hundredths of the rate that stay unused, because requests jitter on their way.";
    "shared": KeyType::Said(
        "address such as `\"rediss://quota.example.com:6379\"`",
        &KeyType::Form(r"^rediss?://[^:@?#/ ]+(@[^:@?#/ ]+)?(:[0-9]+)?(/[0-9]*)?$|^rediss?://([^:@?#/ ]+@)?\[[0-9A-Fa-f:]+\](:[0-9]+)?(/[0-9]*)?$"),
    ),
        "A Redis or Valkey server, through which all processes with the same target share these rates ([shards.md](shards.md#one-quota-for-all)). `redis://` to loopback only. Its password is read from `BAKKT_REDIS_PASSWORD` and never stands here. `burst` counts for nothing then.";
};

const RETRY: &[SchemaKey] = keys! {
    "request_timeout" = "\"30s\"": DURATION,
        "From the first byte sent to the last byte of the answer.";
    "upload_timeout" = "\"300s\"": DURATION,
        "The same of an upload. A lost upload rests longer before it is asked about, by what this exceeds `request_timeout`.";
    "settle_after" = "\"60s\"": KeyType::Said("duration, longer than `request_timeout`", &DURATION),
        "How long a lost outcome rests before Bakkt is asked about it, and again between the two asks. Counted anew from a restart.";
    "attempts" = "8": KeyType::Whole(1, 1000),
        "Tries per account and run before it is given up. Only what Bakkt is known not to have is given up.";
    "backoff_first" = "\"500ms\"": DURATION,
        "First wait of the exponential backoff.";
    "backoff_most" = "\"60s\"": DURATION,
        "Longest wait of the exponential backoff.";
    "breaker" = "100": KeyType::Whole(1, 1_000_000),
        "Failures in a row, with no success between them, that stop the run. The same command goes on later.";
    "longest_pause" = "\"60m\"": DURATION,
        "Longest pause that a server's `Retry-After` can ask for. A longer wish is cut to this.";
    "clock_tolerance" = "\"5m\"": DURATION,
        "How far Bakkt's clock may be behind ours. An account that was made earlier than the first attempt, less this, was there before.";
};

const WINDOW: &[SchemaKey] = keys! {
    "sending": KeyType::Texts,
        "The hours in which sending is allowed, such as `[\"Mon-Fri 20:00-06:00\", \"Sat-Sun\"]`: days, hours, or both. Hours that end before they begin end on the next day. Absent: always.";
    "closed": KeyType::Texts,
        "Hours in which nothing is sent, written the same way; they come before `sending`.";
    "time_zone": KeyType::Said("name of a time zone", &KeyType::Form(r"^[A-Za-z][A-Za-z0-9_+/-]*$")),
        "Whose clock these hours are told by, such as `\"America/New_York\"`; required with them.";
    "maintenance" = "\"bakkt\"": KeyType::Words(&["bakkt", "none"]),
        "`\"bakkt\"` pauses in the maintenance that Bakkt announces, each day from 16:30 to 17:05 U.S. Central time. It never counts for the sandbox and for addresses of this machine.";
};

const GRACE: &[SchemaKey] = keys! {
    "days": KeyType::Whole(1, 3650),
        "Length of the grace period in days. It is in your agreement with Bakkt. Absent: reports say \"not set\".";
    "from" = "\"accepted\"": KeyType::Any(&[KeyType::Words(&["accepted"]), DATE]),
        "Where the period starts: the day (UTC) on which the account was accepted, or one date for all accepted accounts; a date needs `days`.";
};

const EXCLUDE: &[SchemaKey] = keys! {
    "ids": KeyType::Tables(EXCLUDED_IDS),
        "clientAccountIds to leave out.";
    "rules": KeyType::Tables(EXCLUDED_ROWS),
        "Conditions on columns: one test each.";
};

const EXCLUDED_IDS: &[SchemaKey] = keys! {
    "list": KeyType::Texts,
        "clientAccountIds to leave out.";
    "file": PATH,
        "A file with one id a line.";
    "reason": KeyType::Needed(&REASON),
        "Why.";
};

const EXCLUDED_ROWS: &[SchemaKey] = keys! {
    "column": KeyType::Needed(&KeyType::Text),
        "A column of the export.";
    "equals": KeyType::Texts,
        "Leaves the row out when the cell is one of these, without regard to case ([mapping.md](mapping.md)), unless a rule of the same column spells the cell exactly so: then only that word counts.";
    "not_equals": KeyType::Texts,
        "Leaves the row out when the cell is none of these, without regard to case.";
    "empty": KeyType::Boolean,
        "Leaves the row out when the cell is empty (`true`) or not empty (`false`).";
    "reason": KeyType::Needed(&REASON),
        "Why.";
};

const ACTION: KeyType = KeyType::Words(&["tell", "block", "silence"]);
/// Of a kind that is about no customer.
const SHOWN: KeyType = KeyType::Words(&["tell", "silence"]);

const FINDINGS: &[SchemaKey] = keys! {
    "unused_exclusion" = "\"tell\"": SHOWN,
        "An exclusion that fits no row.";
    "unused_pattern" = "\"tell\"": SHOWN,
        "A pattern of documents that fits no file, or a manifest without a row.";
    "same_person" = "\"tell\"": ACTION,
        "The same person under several ids.";
    "similar_ids" = "\"tell\"": ACTION,
        "Ids that look alike. With `source.group_by` the default is `\"block\"`: a row of an account may stand under another form of its id.";
    "lost_leading_zeros" = "\"tell\"": ACTION,
        "Ids whose leading zeros seem to be cut.";
    "changed_id" = "\"tell\"": ACTION,
        "An id that a spreadsheet seems to have changed: a date, a truth value, or rounded digits.";
    "placeholder_id" = "\"tell\"": ACTION,
        "An id that stands for none, such as zeros or \"n/a\".";
    "id_length" = "\"tell\"": ACTION,
        "Ids of another length than `accounts.expected_id_length`.";
    "misplaced_document" = "\"tell\"": ACTION,
        "A document whose path names another customer.";
    "shared_document" = "\"tell\"": ACTION,
        "A document that several customers claim.";
    "same_tax_id" = "\"tell\"": ACTION,
        "One tax id of several people or entities.";
    "minor_owner" = "\"tell\"": ACTION,
        "An owner under 18 who must be of age.";
    "implausible_birth_date" = "\"tell\"": ACTION,
        "A birth date before 1900 or more than 120 years ago.";
    "date_before_birth" = "\"tell\"": ACTION,
        "An agreement, a screening or a verification from before its owner was born.";
    "swapped_date" = "\"tell\"": ACTION,
        "Birth dates of which a spreadsheet seems to have exchanged day and month.";
    "default_birth_date" = "\"tell\"": ACTION,
        "A birth date that far too many customers have.";
    "amount_unit" = "\"block\"": ACTION,
        "Amounts that are read as dollars and may be thousands, as others of their column.";
    "doubtful_name" = "\"tell\"": ACTION,
        "A name that is none of one person.";
    "mojibake" = "\"tell\"": ACTION,
        "Text that was decoded wrongly.";
    "escaped_text" = "\"tell\"": ACTION,
        "HTML entities and other escapes.";
    "invisible_character" = "\"tell\"": ACTION,
        "Invisible characters inside a text.";
    "look_alike_letters" = "\"tell\"": ACTION,
        "Letters that only look like plain ones.";
    "placeholder_street" = "\"tell\"": ACTION,
        "A street such as \"unknown\".";
    "po_box" = "\"tell\"": ACTION,
        "A P.O. box as residential street.";
    "doubtful_city" = "\"tell\"": ACTION,
        "A city that is a number, or none.";
    "doubtful_state" = "\"tell\"": ACTION,
        "A state that its postal code is not in.";
    "doubtful_country" = "\"tell\"": ACTION,
        "A U.S. state in the place of a country.";
    "doubtful_text" = "\"tell\"": ACTION,
        "An employer or another free text that says nothing, or too much.";
    "too_much_owned" = "\"tell\"": ACTION,
        "Shares of an entity that add up to more than 100 %.";
    "same_email" = "\"tell\"": ACTION,
        "One e-mail address of several customers.";
    "same_email_from" = "2": KeyType::Whole(2, 1_000_000),
        "So many customers with one e-mail address are a finding.";
};

const DOCUMENTS: &[SchemaKey] = keys! {
    "root": KeyType::Needed(&PATH),
        "The folder of the documents, or a prefix of an object storage (`\"s3://..\"`, see [object-storage.md](object-storage.md)). Nothing outside it is ever opened.";
    "accept": KeyType::WordList(&["PDF", "JPEG", "PNG", "GIF", "BMP", "TIFF", "HEIC"]),
        "Types of content that are sent. Absent: PDF, JPEG, PNG, GIF, BMP. Nothing says that Bakkt takes TIFF and HEIC, so they have to be named.";
    "max_bytes": SIZE,
        "A larger file is not sent. Absent: 20MB.";
    "manifest": PATH,
        "A CSV with one row a document.";
    "mapping": PATH,
        "The mapping of the manifest; required with it.";
    "pattern": KeyType::Said("pattern or list of patterns", &PATTERNS),
        "Instead of a manifest: what the paths below the folder say. A pattern is a path, or a table of a `path` and of what is so for all its documents ([documents.md](documents.md)).";
};

const PATTERNS: KeyType =
    KeyType::OneOrMore(&KeyType::Any(&[KeyType::Text, KeyType::Table(PATTERN)]));

/// A pattern, and what is so for every document whose path fits it.
const PATTERN: &[SchemaKey] = keys! {
    "path": KeyType::Text,
        "A path below the folder, such as \"{clientAccountId}_DL_{documentSide}.*\".";
    "documentType": KeyType::Words(TYPE_NAMES),
        "The type of all of them, where the path does not say it.";
    "documentSide": KeyType::Words(SIDES),
        "The side of all of them.";
    "issueCountry": KeyType::Form("^[A-Z]{3}$"),
        "The country of all of them.";
    "owner_place": KeyType::Whole(1, 64),
        "The owner whom they belong to: 1 is owners[0].";
    "kyb_item": KeyType::Words(KYB_ITEM_NAMES),
        "What they are for KYB.";
};

const OPENPGP: &[SchemaKey] = keys! {
    "keys": KeyType::Texts,
        "Files of keys: the secret key that exports are encrypted for (mode 0600), and the public keys of those who sign. Without them, the keys of the user who runs the program count, with their agent. A passphrase stands in `BAKKT_PGP_PASSPHRASE`.";
    "signers": KeyType::Texts,
        "Fingerprints of keys, 40 or 64 hexadecimal digits: one of them must have signed every file that is encrypted or signed.";
    "passphrase": KeyType::Never,
        "Refused: a passphrase does not belong in this file.";
};

const APPROVAL: &[SchemaKey] = keys! {
    "required": KeyType::Whole(1, 5),
        "So many people have to approve, besides the one who runs it. The sandbox inside of the process needs no approval.";
    "signers": KeyType::Needed(&PATH),
        "The keys of those who approve and run, in the form of OpenSSH's allowed_signers.";
    "valid": KeyType::Said("duration such as `\"12h\"`, up to `\"90d\"`", &KeyType::Form(r"^[0-9]*[1-9][0-9]*\s*(s|m|min|h|d)$")),
        "How long an approval holds. Absent: 7d.";
    "run_key": PATH,
        "The key with which the runner signs, unless `run --key` names one: a private key of mode 0600, or the `.pub` of one that an SSH agent has.";
};

const NOTIFY: &[SchemaKey] = keys! {
    "command": KeyType::Texts,
        "A program and its arguments, such as `[\"./tell-operations.sh\", \"bakkt\"]`: it is started when a run has ended or was stopped, with the outcome on its standard input. No shell reads the list.";
    "timeout" = "\"30s\"": DURATION,
        "How long the program may take before it is ended.";
};

const EVENTS: &[SchemaKey] = keys! {
    "path" = "\"/\"": KeyType::Said("path", &KeyType::Form(r"^/[^?# ]*$")),
        "Events are taken at this path and below it.";
    "secret_file": PATH,
        "A file of mode 0600 that holds the secret and nothing else. `BAKKT_WEBHOOK_SECRET` comes first.";
    "signature_header" = "\"X-Bakkt-Signature\"": HEADER,
        "It carries the HMAC-SHA-256 of the body, with the secret as its key.";
    "signature_encoding" = "\"hex\"": KeyType::Words(&["hex", "base64"]),
        "How the signature is written.";
    "signature_prefix" = "\"\"": KeyType::Text,
        "What stands before the signature, such as `\"sha256=\"`.";
    "secret_header": HEADER,
        "It carries the secret itself; instead of a signature.";
    "secret": KeyType::Never,
        "Refused: a secret does not belong in this file.";
};

const MOVE: &[SchemaKey] = keys! {
    "level": KeyType::Needed(&KeyType::Words(&["H", "G", "O"])),
        "The new level of the field that is the key. List elements are written `[]`.";
    "reason": KeyType::Needed(&REASON),
        "Why; the report repeats it.";
};

/// Every field that may be moved, by its pattern, and the types of account whose KYB may be.
fn policy() -> Value {
    let mut entry = table(MOVE);
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
