//! What goes back to the client: the bodies of answers, and the ways in which an answer can fail to arrive.
//!
//! Owner: the sandbox. Invariants: as a real service does, a request that is read back has other key order, a masked
//! tax id and fields of the service's own; nothing of the client's is compared or judged here.
//! Left out on purpose: hyper types, so that answers can be made and looked at without a connection.

use std::borrow::Cow;
use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::Finding;
use super::decide::ShownState;
use super::faults::SurplusTiming;

/// One answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Cow<'static, str>,
    pub(super) retry_after: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What goes out over the connection.
pub(super) enum ReplyAction {
    /// An answer.
    Whole(Answer),
    /// An answer that promises more bytes than come before the connection closes.
    Truncated(Answer),
    /// An answer, and one too many on the same connection if that served others before.
    Surplus(Answer, SurplusTiming),
    /// No answer: the connection is reset.
    Cut,
}

/// An answer of JSON.
pub(super) fn json_answer(status: u16, body: Vec<u8>) -> Answer {
    Answer {
        status,
        content_type: Cow::Borrowed("application/json"),
        retry_after: None,
        body,
    }
}

/// An `Error` body.
pub(super) fn error(status: u16, message: &str) -> Answer {
    json_answer(
        status,
        json!({"code": status, "message": message})
            .to_string()
            .into_bytes(),
    )
}

/// A page as a proxy in front of the service would send it.
pub(super) fn page(status: u16, title: &str) -> Answer {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    Answer {
        status,
        content_type: Cow::Borrowed("text/html"),
        retry_after: None,
        body: body.into_bytes(),
    }
}

/// An answer of plain text.
pub(super) fn plain(text: &str) -> Answer {
    Answer {
        status: 200,
        content_type: Cow::Borrowed("text/plain"),
        retry_after: None,
        body: text.as_bytes().to_vec(),
    }
}

/// A `ValidationErrors` body.
pub(super) fn validation_errors(findings: &[Finding]) -> Answer {
    let list: Vec<Value> = findings
        .iter()
        .map(|f| json!({"code": f.code, "field": f.field, "message": f.message, "rejectedValue": f.rejected}))
        .collect();
    let body =
        json!({"code": 422, "message": "The request is not valid", "validationErrors": list});
    json_answer(422, body.to_string().into_bytes())
}

/// An `Account` body.
pub(super) fn account(
    id: &str,
    created_at: Timestamp,
    standing: &ShownState,
    request: &Value,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(2048);
    out.extend_from_slice(b"{\"status\":");
    text(&mut out, &standing.status);
    out.extend_from_slice(b",\"mode\":");
    text(&mut out, &standing.mode);
    // Deprecated: it says nothing, whatever was decided.
    out.extend_from_slice(b",\"cipClearanceState\":\"PENDING\",\"id\":\"");
    out.extend_from_slice(given_id("bk-", id).as_bytes());
    // Writing to a Vec cannot fail; the result is dropped knowingly, here and below.
    let _ = write!(out, "\",\"createdAt\":\"{created_at:.6}\",\"request\":");
    value(&mut out, request, RequestPlace::Request, id);
    out.push(b'}');
    out
}

/// An `AccountOpeningStatus` body.
pub(super) fn opening_status(standing: &ShownState, request: &Value) -> Vec<u8> {
    let settlement = request
        .get("settlementMethod")
        .and_then(Value::as_str)
        .unwrap_or("NET_SETTLEMENT");
    json!({"canTradeCrypto": standing.can_trade, "cipClearanceState": "PENDING",
        "settlementMethod": settlement})
    .to_string()
    .into_bytes()
}

/// A `Document` body.
pub(super) fn document(id: &str, created_at: Timestamp, metadata: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(b"{\"id\":\"");
    out.extend_from_slice(given_uuid(id).as_bytes());
    let _ = write!(out, "\",\"createdAt\":\"{created_at:.3}\",\"request\":");
    value(&mut out, metadata, RequestPlace::Elsewhere, id);
    out.push(b'}');
    out
}

/// The documents of an account, as their metadata.
pub(super) fn document_list(metadata: &[Value]) -> Vec<u8> {
    let mut out = b"{\"documentMetadata\":[".to_vec();
    for (at, one) in metadata.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        value(&mut out, one, RequestPlace::Elsewhere, "");
    }
    out.extend_from_slice(b"]}");
    out
}

/// A 200 to an upload that a client cannot read: not JSON, JSON of another shape, or another document.
pub(super) fn unreadable_document(
    kind: u64,
    id: &str,
    created_at: Timestamp,
    metadata: &Value,
) -> Vec<u8> {
    match kind {
        0 => b"<OK/> document received".to_vec(),
        1 => b"{\"stored\":[\"1 file\"]}".to_vec(),
        _ => {
            let other = given_uuid(&format!("{id}-other"));
            let mut metadata = metadata.clone();
            metadata["clientDocumentId"] = Value::from(other.as_str());
            document(&other, created_at, &metadata)
        }
    }
}

/// An id of the service's own, made of a name.
pub(super) fn given_uuid(name: &str) -> String {
    let hex = blake3::hash(name.as_bytes()).to_hex();
    let group = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        group(0, 8),
        group(8, 12),
        group(12, 16),
        group(16, 20),
        group(20, 32)
    )
}

/// The service's own id for something the client named.
fn given_id(prefix: &str, name: &str) -> String {
    format!("{prefix}{}", &blake3::hash(name.as_bytes()).to_hex()[..24])
}

/// Where in the request the writer is: only these places get something of the service's own.
#[derive(Clone, Copy)]
enum RequestPlace {
    Request,
    Owners,
    Owner(usize),
    Elsewhere,
}

fn value(out: &mut Vec<u8>, what: &Value, place: RequestPlace, id: &str) {
    match what {
        Value::Object(object) => {
            out.push(b'{');
            // Backwards: an order the client did not send.
            for (at, (name, inner)) in object.iter().rev().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                text(out, name);
                out.push(b':');
                match (name.as_str(), inner) {
                    ("taxId", Value::String(tax_id)) => text(out, &masked(tax_id)),
                    ("owners", _) if matches!(place, RequestPlace::Request) => {
                        value(out, inner, RequestPlace::Owners, id)
                    }
                    _ => value(out, inner, RequestPlace::Elsewhere, id),
                }
            }
            match place {
                RequestPlace::Request => out.extend_from_slice(b",\"enrollments\":[]"),
                RequestPlace::Owner(index) => {
                    let _ = write!(out, ",\"ownerId\":\"{}-{index}\"", given_id("ow-", id));
                }
                RequestPlace::Owners | RequestPlace::Elsewhere => {}
            }
            out.push(b'}');
        }
        Value::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let inner = if matches!(place, RequestPlace::Owners) {
                    RequestPlace::Owner(index)
                } else {
                    RequestPlace::Elsewhere
                };
                value(out, element, inner, id);
            }
            out.push(b']');
        }
        Value::String(string) => text(out, string),
        other => {
            let _ = serde_json::to_writer(out, other);
        }
    }
}

fn text(out: &mut Vec<u8>, string: &str) {
    let _ = serde_json::to_writer(out, string);
}

/// All but the last four characters starred; a short one wholly.
fn masked(tax_id: &str) -> String {
    let length = tax_id.chars().count();
    let shown = if length > 4 { 4 } else { 0 };
    tax_id
        .chars()
        .enumerate()
        .map(|(at, c)| if at < length - shown { '*' } else { c })
        .collect()
}

/// A 200 that a client cannot read: not JSON, JSON of another shape, or another account.
pub(super) fn unreadable(
    kind: u64,
    id: &str,
    created_at: Timestamp,
    standing: &ShownState,
    request: &Value,
) -> Vec<u8> {
    match kind {
        0 => b"<OK/> account received".to_vec(),
        1 => b"{\"ok\":true,\"items\":[1,2,3]}".to_vec(),
        _ => {
            let other = format!("{id}-other");
            let mut request = request.clone();
            request["clientAccountId"] = Value::from(other.as_str());
            account(&other, created_at, standing, &request)
        }
    }
}
