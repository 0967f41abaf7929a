//! Asking for documents: one's metadata, one's content, all of an account.
//!
//! Owner: the service. Invariant: what is not there is answered 404 with an Error body. Left out on purpose: faults of
//! any look-up but that of the metadata, for nothing is decided by the others.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::answer::{self, Answer, ReplyAction};
use super::faults::{self, Lookup};
use super::gate::RateClass;
use super::ledger::{RequestKind, RequestRecord};
use super::service::{HandledCall, Inner, Service};
use super::verdict::{CallVerdict, not_admitted, too_many, unauthorised};

/// What was found, to be written out without the lock.
enum DocumentReply {
    Answer(&'static str, ReplyAction),
    Metadata(jiff::Timestamp, Arc<[u8]>),
    Content(Arc<super::documents::StoredFile>),
    List(Vec<Arc<[u8]>>),
}

impl Service {
    /// Looks up a document, or the documents of an account.
    pub(super) fn look_up_documents(
        &self,
        kind: RequestKind,
        id: &str,
        authorization: Option<&str>,
    ) -> HandledCall {
        let config = &self.config;
        let key = format!("document {id}");
        let id: Arc<str> = Arc::from(id);
        let mut guard = self.lock();
        let inner = &mut *guard;
        let admission = inner.gate.enter(RateClass::Lookup, config, authorization);
        let mut number = 0;
        let mut named = Some(id.clone());
        let found = match not_admitted(admission) {
            Some(CallVerdict::Limited(wait)) => {
                DocumentReply::Answer("429", ReplyAction::Whole(too_many(wait)))
            }
            Some(_) => {
                named = None;
                DocumentReply::Answer("401", ReplyAction::Whole(unauthorised()))
            }
            None if kind == RequestKind::Documents => self.of_account(inner, &id),
            None => {
                let slot = inner.documents.slot(&id);
                number = slot.lookups_seen;
                slot.lookups_seen += 1;
                let fault = (kind == RequestKind::Metadata
                    && slot.faults < config.max_faults_per_id)
                    .then(|| faults::lookup(config, &key, number))
                    .flatten();
                slot.faults += u32::from(fault.is_some());
                match (fault, &slot.document) {
                    (Some(fault), _) => faulty(fault),
                    (None, None) => missing("No document of this id"),
                    (None, Some((created_at, document))) if kind == RequestKind::Metadata => {
                        DocumentReply::Metadata(*created_at, document.metadata.clone())
                    }
                    (None, Some((_, document))) if document.file.kept.is_some() => {
                        DocumentReply::Content(document.file.clone())
                    }
                    (None, Some(_)) => {
                        missing("The sandbox kept no content of this document: see keep_documents")
                    }
                }
            }
        };
        let shown = match &found {
            DocumentReply::Answer(shown, _) => shown,
            _ => "200",
        };
        let delay = self.latency(&key, number);
        let line = RequestRecord::plain(named, shown, !delay.is_zero());
        let entry = inner.ledger.record(kind, line);
        drop(guard);
        HandledCall::new(written(found, &id), delay, entry)
    }

    fn of_account(&self, inner: &mut Inner, id: &str) -> DocumentReply {
        if inner.store.slot(id, &self.config).account.is_none() {
            return missing("No account of this id");
        }
        let documents = inner.documents.of(id);
        DocumentReply::List(documents.map(|one| one.metadata.clone()).collect())
    }
}

fn missing(message: &str) -> DocumentReply {
    DocumentReply::Answer("404", ReplyAction::Whole(answer::error(404, message)))
}

fn faulty(fault: Lookup) -> DocumentReply {
    let (shown, reply) = fault.shown();
    DocumentReply::Answer(shown, reply)
}

fn written(found: DocumentReply, id: &str) -> ReplyAction {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    ReplyAction::Whole(match found {
        DocumentReply::Answer(_, reply) => return reply,
        DocumentReply::Metadata(created_at, bytes) => {
            answer::json_answer(200, answer::document(id, created_at, &parse(&bytes)))
        }
        DocumentReply::List(list) => {
            let list: Vec<Value> = list.iter().map(|bytes| parse(bytes)).collect();
            answer::json_answer(200, answer::document_list(&list))
        }
        DocumentReply::Content(file) => Answer {
            status: 200,
            content_type: Cow::Owned(file.content_type.to_string()),
            retry_after: None,
            body: file
                .kept
                .as_ref()
                .map(|kept| kept.bytes().to_vec())
                .unwrap_or_default(),
        },
    })
}
