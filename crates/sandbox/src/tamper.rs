//! A test's hand in what is stored: an account or a document becomes other than it was sent.
//!
//! Owner: the service; asked through `POST /_tamper`, which is not written down in the ledger. Invariants: nothing of it
//! is checked against the contract, for it stands for a service that went wrong; no event tells of it. Left out on
//! purpose: what a client has to find of it.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{self, Answer};
use super::decide::{ShownState, Stage};
use super::documents::{KeptContent, StoredFile};
use super::service::{Inner, Service};
use super::store::AccountSlot;

/// A test's request to change what a look-up shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TamperRequest {
    account: Option<String>,
    document: Option<String>,
    op: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    value: Value,
}

/// What a look-up shows instead of what came to be.
#[derive(Clone, Debug, Default)]
pub(super) struct TamperedState {
    status: Option<String>,
    mode: Option<String>,
    can_trade: Option<bool>,
    /// The answer says the same in other words.
    pub(super) benign: bool,
}

impl TamperedState {
    /// Laid over what came to be.
    pub(super) fn over(&self, standing: ShownState) -> ShownState {
        ShownState {
            status: self.status.clone().unwrap_or(standing.status),
            mode: self.mode.clone().unwrap_or(standing.mode),
            can_trade: self.can_trade.unwrap_or(standing.can_trade),
        }
    }
}

/// Why a wish is not granted: the status of the answer, and a text.
type TamperRefusal = (u16, &'static str);

const UNKNOWN_OP: TamperRefusal = (400, "No such op: see docs/sandbox.md");

impl Service {
    /// Carries out one wish.
    pub(super) fn tamper(&self, body: &[u8]) -> Answer {
        let done = serde_json::from_slice::<TamperRequest>(body)
            .map_err(|_| (400, "Not a wish: see docs/sandbox.md"))
            .and_then(|wish| match (&wish.account, &wish.document) {
                (Some(account), None) => self.tamper_account(account, &wish),
                (None, Some(document)) => self.tamper_document(document, &wish),
                _ => Err((400, "Name an account or a document")),
            });
        match done {
            Ok(()) => answer::json_answer(200, json!({"tampered": true}).to_string().into_bytes()),
            Err((status, why)) => answer::error(status, why),
        }
    }

    fn tamper_account(&self, id: &str, wish: &TamperRequest) -> Result<(), TamperRefusal> {
        let inner = &mut *self.lock();
        let slot = inner.store.slot(id, &self.config);
        let account = slot
            .account
            .as_mut()
            .ok_or((404, "No account of this id"))?;
        let word = || wish.value.as_str().map(str::to_owned);
        let no_word = (400, "value is a text");
        match wish.op.as_str() {
            "set" | "remove" => account.request = changed(&account.request, wish)?,
            "status" => slot.tampered().status = Some(word().ok_or(no_word)?),
            "mode" => slot.tampered().mode = Some(word().ok_or(no_word)?),
            "can_trade" => {
                let can_trade = wish
                    .value
                    .as_bool()
                    .ok_or((400, "value is true or false"))?;
                slot.tampered().can_trade = Some(can_trade);
            }
            "benign" => slot.tampered().benign = true,
            "forget" => {
                slot.account = None;
                slot.stage = Stage::Waiting;
                slot.link = None;
                slot.tampered = None;
                inner.outbox.forget(id);
            }
            _ => return Err(UNKNOWN_OP),
        }
        Ok(())
    }

    fn tamper_document(&self, id: &str, wish: &TamperRequest) -> Result<(), TamperRefusal> {
        let Inner { documents, .. } = &mut *self.lock();
        if wish.op == "forget" {
            let forgotten = documents.forget(id);
            return forgotten
                .then_some(())
                .ok_or((404, "No document of this id"));
        }
        let document = documents
            .stored(id)
            .ok_or((404, "No document of this id"))?;
        match wish.op.as_str() {
            "set" | "remove" => document.metadata = changed(&document.metadata, wish)?,
            "content" => {
                let kept = document.file.kept.as_ref();
                let kept = kept.ok_or((400, "The sandbox kept no content of this document"))?;
                let mut other = KeptContent::new(&self.budget);
                let flipped: Vec<u8> = kept.bytes().iter().map(|byte| !byte).collect();
                if !other.extend(&flipped) {
                    return Err((400, "There is no room for other content"));
                }
                document.file = Arc::new(StoredFile {
                    hash: document.file.hash,
                    size: document.file.size,
                    content_type: document.file.content_type.clone(),
                    kept: Some(other),
                });
            }
            _ => return Err(UNKNOWN_OP),
        }
        Ok(())
    }
}

impl AccountSlot {
    fn tampered(&mut self) -> &mut TamperedState {
        self.tampered.get_or_insert_default()
    }
}

/// Stored JSON, with one place of it set or removed.
fn changed(bytes: &[u8], wish: &TamperRequest) -> Result<Arc<[u8]>, TamperRefusal> {
    let mut stored: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let nowhere = (
        400,
        "path leads nowhere: a JSON pointer such as /owners/0/phoneNumber",
    );
    let (parent, last) = wish.path.rsplit_once('/').ok_or(nowhere)?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let set = wish.op == "set";
    match stored.pointer_mut(parent).ok_or(nowhere)? {
        Value::Object(object) if set => {
            object.insert(last, wish.value.clone());
        }
        Value::Object(object) => {
            object.remove(&last).ok_or(nowhere)?;
        }
        Value::Array(list) => {
            let at = match last.as_str() {
                "-" => list.len(),
                number => number.parse().map_err(|_| nowhere)?,
            };
            match (at.cmp(&list.len()), set) {
                (Ordering::Less, true) => list[at] = wish.value.clone(),
                (Ordering::Less, false) => drop(list.remove(at)),
                (Ordering::Equal, true) => list.push(wish.value.clone()),
                _ => return Err(nowhere),
            }
        }
        _ => return Err(nowhere),
    }
    Ok(stored.to_string().into_bytes().into())
}

/// The same request in other words: ids and fields of the service's own in every object, nulls and an empty list where
/// nothing was said.
pub(super) fn reworded(request: &mut Value, id: &str) {
    reword(request, id, "request");
    if let Value::Object(request) = request {
        for absent in ["trustedContacts", "pendingUpdateIds"] {
            request.entry(absent).or_insert_with(|| json!([]));
        }
        request.entry("shareToken").or_insert(Value::Null);
        request.insert("riskScore".to_owned(), json!(3));
    }
}

fn reword(value: &mut Value, id: &str, place: &str) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object.iter_mut() {
                reword(inner, id, &format!("{place}.{name}"));
            }
            for optional in ["middleNames", "state", "description"] {
                object.entry(optional).or_insert(Value::Null);
            }
            let own = answer::given_uuid(&format!("{id} {place}"));
            object.insert("bakktId".to_owned(), json!(own));
        }
        Value::Array(list) => {
            for (at, inner) in list.iter_mut().enumerate() {
                reword(inner, id, &format!("{place}[{at}]"));
            }
        }
        _ => {}
    }
}
