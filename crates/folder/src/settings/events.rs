//! `[events]`: how Bakkt's webhooks prove that they are Bakkt's, and where they are taken.

use bakkt_files::toml_file::{Table, Value};
use bakkt_model::error::Diagnostics;
use bakkt_model::webhook::{EventSettings, SignatureEncoding};

pub(crate) fn read(root: &Table<'_>, found: &mut Diagnostics) -> EventSettings {
    let mut events = EventSettings::default();
    let Some(table) = root.table("events", found) else {
        return events;
    };
    if let Some(value) = table.get("path")
        && let Some(path) = value.text(found)
    {
        if path.starts_with('/') && !path.contains(['?', '#', ' ']) {
            events.path = path.to_owned();
        } else {
            value.wrong(found, "`path` is no path", "such as \"/bakkt\"");
        }
    }
    events.secret_file = table.text("secret_file", found).map(str::to_owned);
    signature(&table, &mut events, found);
    if let Some(value) = table.get("secret_header") {
        events.secret_header = header(value, found);
        let signed = ["signature_header", "signature_encoding", "signature_prefix"];
        if signed.iter().any(|key| table.get(key).is_some()) {
            value.wrong_key(
                found,
                "`secret_header` and a signature are two ways to prove the same",
                "leave one of them out",
            );
        }
    }
    if let Some(value) = table.get("secret") {
        value.wrong_key(
            found,
            "a secret does not belong in this file",
            "put it into BAKKT_WEBHOOK_SECRET, or a 0600 file named by `secret_file`",
        );
    }
    table.finish(found);
    events
}

fn signature(table: &Table<'_>, events: &mut EventSettings, found: &mut Diagnostics) {
    if let Some(name) = table
        .get("signature_header")
        .and_then(|value| header(value, found))
    {
        events.signature_header = name;
    }
    let encodings = [
        ("hex", SignatureEncoding::Hex),
        ("base64", SignatureEncoding::Base64),
    ];
    if let Some(encoding) = table.choice("signature_encoding", &encodings, found) {
        events.signature_encoding = encoding;
    }
    if let Some(prefix) = table.text("signature_prefix", found) {
        events.signature_prefix = prefix.to_owned();
    }
}

fn header(value: Value<'_>, found: &mut Diagnostics) -> Option<String> {
    let name = value.text(found)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(fits) {
        value.wrong(
            found,
            "not the name of a header",
            "such as \"X-Bakkt-Signature\"",
        );
        return None;
    }
    Some(name.to_owned())
}
