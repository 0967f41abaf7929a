//! Asking for documents: one's metadata, one's content, all of an account.
//!
//! Owner: the service. Invariant: what is not there is answered 404 with an Error body. Left out on purpose: faults of
//! any look-up but that of the metadata, for nothing is decided by the others.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::answer::{self, Answer, Reply};
use super::faults::{self, Lookup};
use super::gate::Line as Queue;
use super::ledger::{Kind, Line};
use super::service::{Handled, Inner, Service};
use super::verdict::{Verdict, at_the_door, too_many, unauthorised};

/// What was found, to be written out without the lock.
enum Found {
    Answer(&'static str, Reply),
    Metadata(jiff::Timestamp, Arc<[u8]>),
    Content(Arc<super::documents::File>),
    List(Vec<Arc<[u8]>>),
}

impl Service {
    /// Looks up a document, or the documents of an account.
    pub(super) fn look_up_documents(
        &self,
        kind: Kind,
        id: &str,
        authorization: Option<&str>,
    ) -> Handled {
        let config = &self.config;
        let key = format!("document {id}");
        let id: Arc<str> = Arc::from(id);
        let mut guard = self.lock();
        let inner = &mut *guard;
        let door = inner.gate.enter(Queue::Lookup, config, authorization);
        let mut number = 0;
        let mut named = Some(id.clone());
        let found = match at_the_door(door) {
            Some(Verdict::Limited(wait)) => Found::Answer("429", Reply::Whole(too_many(wait))),
            Some(_) => {
                named = None;
                Found::Answer("401", Reply::Whole(unauthorised()))
            }
            None if kind == Kind::Documents => self.of_account(inner, &id),
            None => {
                let slot = inner.documents.slot(&id);
                number = slot.lookups_seen;
                slot.lookups_seen += 1;
                let fault = (kind == Kind::Metadata && slot.faults < config.max_faults_per_id)
                    .then(|| faults::lookup(config, &key, number))
                    .flatten();
                slot.faults += u32::from(fault.is_some());
                match (fault, &slot.document) {
                    (Some(fault), _) => faulty(fault),
                    (None, None) => missing("No document of this id"),
                    (None, Some((created_at, document))) if kind == Kind::Metadata => {
                        Found::Metadata(*created_at, document.metadata.clone())
                    }
                    (None, Some((_, document))) if document.file.kept.is_some() => {
                        Found::Content(document.file.clone())
                    }
                    (None, Some(_)) => {
                        missing("The sandbox kept no content of this document: see keep_documents")
                    }
                }
            }
        };
        let shown = match &found {
            Found::Answer(shown, _) => shown,
            _ => "200",
        };
        let delay = self.latency(&key, number);
        let line = Line::plain(named, shown, !delay.is_zero());
        let entry = inner.ledger.record(kind, line);
        drop(guard);
        Handled::new(written(found, &id), delay, entry)
    }

    fn of_account(&self, inner: &mut Inner, id: &str) -> Found {
        if inner.store.slot(id, &self.config).account.is_none() {
            return missing("No account of this id");
        }
        let documents = inner.documents.of(id);
        Found::List(documents.map(|one| one.metadata.clone()).collect())
    }
}

fn missing(message: &str) -> Found {
    Found::Answer("404", Reply::Whole(answer::error(404, message)))
}

fn faulty(fault: Lookup) -> Found {
    let (shown, reply) = fault.shown();
    Found::Answer(shown, reply)
}

fn written(found: Found, id: &str) -> Reply {
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    Reply::Whole(match found {
        Found::Answer(_, reply) => return reply,
        Found::Metadata(created_at, bytes) => {
            answer::json_answer(200, answer::document(id, created_at, &parse(&bytes)))
        }
        Found::List(list) => {
            let list: Vec<Value> = list.iter().map(|bytes| parse(bytes)).collect();
            answer::json_answer(200, answer::document_list(&list))
        }
        Found::Content(file) => Answer {
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
