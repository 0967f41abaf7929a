//! The upload call: from the first byte of its head to what is stored and answered.
//!
//! Owner: the service. Invariants: who is let in is decided when the head is there, as the rate is felt on the wire; an
//! upload whose body breaks off leaves nothing but its line in the ledger; the metadata is checked before anything is
//! decided. Left out on purpose: the bytes (see `receive`), the faults that all calls share (see `verdict`).

use std::sync::Arc;

use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use super::answer::{self, Answer};
use super::check;
use super::config::Config;
use super::contract_document;
use super::documents::{StoredDocument, StoredFile};
use super::faults;
use super::gate::{Admission, RateClass};
use super::ledger::{Effect, RequestKind, RequestRecord, UploadClaims};
use super::receive::{BodyReceiver, ReceivedUpload};
use super::service::{HandledCall, Inner, LateEffect, PendingEffect, Service};
use super::verdict::{Answers, CallToDecide, CallVerdict, not_admitted};

/// An upload that is arriving. Dropped before its end, it is written down as incomplete.
pub(super) struct IncomingUpload {
    service: Arc<Service>,
    entry: usize,
    admission: Admission,
    said: Option<UploadMetadata>,
    settled: bool,
}

/// The metadata of an upload.
struct UploadMetadata {
    /// Text of a UUID, or whatever was sent in its place.
    id: Option<Arc<str>>,
    key: String,
    /// The how-manieth upload of this id, and whether it is cut short.
    number: u32,
    cut: bool,
    bytes: Bytes,
    metadata: Value,
    about: UploadClaims,
}

impl UploadMetadata {
    fn new(bytes: Bytes) -> UploadMetadata {
        let metadata: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(Arc::from);
        let id: Option<Arc<str>> = text("clientDocumentId").filter(|id: &Arc<str>| !id.is_empty());
        let (kind, side) = contract_document::words(&metadata);
        UploadMetadata {
            key: format!("document {}", id.as_deref().unwrap_or_default()),
            number: 0,
            cut: false,
            about: UploadClaims {
                account: text("account"),
                owner: text("clientOwnerId"),
                kind,
                side,
                file: None,
            },
            id,
            bytes,
            metadata,
        }
    }

    /// Its line in the ledger.
    fn line(&self, file: Option<[u8; 32]>, answer: &'static str, effect: Effect) -> RequestRecord {
        let about = UploadClaims {
            file,
            ..self.about.clone()
        };
        RequestRecord {
            id: self.id.clone(),
            body: Some(*blake3::hash(&self.bytes).as_bytes()),
            about: Some(Arc::new(about)),
            answer,
            effect,
            open: false,
        }
    }
}

/// What an upload may be answered with.
struct UploadAnswers<'a> {
    config: &'a Config,
    said: &'a UploadMetadata,
    created_at: Timestamp,
    complaint: String,
}

impl Answers for UploadAnswers<'_> {
    fn good(&self) -> Answer {
        let id = self.said.id.as_deref().unwrap_or_default();
        let body = answer::document(id, self.created_at, &self.said.metadata);
        answer::json_answer(200, body)
    }

    fn refused(&self) -> Answer {
        answer::error(404, &self.complaint)
    }

    fn unreadable(&self) -> Answer {
        let said = self.said;
        let id = said.id.as_deref().unwrap_or_default();
        let kind = faults::turn(self.config, &said.key, said.number, "unreadable_kind", 3);
        let body = answer::unreadable_document(kind, id, self.created_at, &said.metadata);
        answer::json_answer(200, body)
    }
}

impl Service {
    /// The head of an upload is there.
    pub(super) fn upload(self: &Arc<Service>, authorization: Option<&str>) -> IncomingUpload {
        let inner = &mut *self.lock();
        IncomingUpload {
            service: self.clone(),
            entry: inner.ledger.begin(RequestKind::Upload),
            admission: inner
                .gate
                .enter(RateClass::Upload, &self.config, authorization),
            said: None,
            settled: false,
        }
    }

    /// What is wrong with metadata that the client can be told; nothing when it is good.
    fn complaint(&self, said: &UploadMetadata, file: &StoredFile) -> Option<String> {
        if said.metadata.is_null() {
            return Some("The metadata is not JSON".to_owned());
        }
        let findings = check::check_metadata(&said.metadata, self.config.dialect);
        let mut complaints: Vec<String> = findings.into_iter().map(|f| f.message).collect();
        if file.size == 0 {
            complaints.push("The file is empty".to_owned());
        }
        if let Some(account) = &said.about.account {
            let request = self.lock().store.slot(account, &self.config).request();
            match (request, &said.about.owner) {
                (None, _) => complaints.push(format!("No account of the id '{account}'")),
                (Some(request), Some(owner)) => {
                    let request = serde_json::from_slice(&request).unwrap_or_default();
                    if !contract_document::has_owner(&request, owner) {
                        complaints.push(format!("'{owner}' is not an owner of this account"));
                    }
                }
                (Some(_), None) => {}
            }
        }
        if complaints.is_empty() {
            return faults::document_refusal(&self.config, &said.key, &said.metadata);
        }
        Some(complaints.join("; "))
    }
}

impl IncomingUpload {
    /// Whether to cut the connection now: asked when more of the body is there.
    pub(super) fn is_cut(&mut self, receiver: &BodyReceiver) -> bool {
        if self.said.is_none()
            && receiver.in_file()
            && let Some(metadata) = receiver.metadata()
        {
            self.said = Some(self.hear(Bytes::copy_from_slice(metadata)));
        }
        self.said.as_ref().is_some_and(|said| said.cut)
    }

    /// Takes in the metadata; its upload is counted from now on.
    fn hear(&self, metadata: Bytes) -> UploadMetadata {
        let mut said = UploadMetadata::new(metadata);
        if let (Admission::Open, Some(id)) = (self.admission, &said.id) {
            let config = &self.service.config;
            let inner = &mut *self.service.lock();
            let slot = inner.documents.slot(id);
            said.number = slot.uploads_seen;
            slot.uploads_seen += 1;
            said.cut = slot.faults < config.max_faults_per_id
                && faults::cut_short(config, &said.key, said.number);
            slot.faults += u32::from(said.cut);
        }
        said
    }

    /// The body has ended, or was cut: stores the document or not.
    pub(super) fn finish(mut self, upload: Result<ReceivedUpload, &'static str>) -> HandledCall {
        let (bytes, file, broken) = match upload {
            Ok(upload) => (upload.metadata, Some(upload.file), None),
            Err(mistake) => (Bytes::new(), None, Some(mistake)),
        };
        let said = match self.said.take() {
            Some(said) => said,
            None => self.hear(bytes),
        };
        let service = self.service.clone();
        let config = &service.config;
        let hash = file.as_ref().map(|file| file.hash);
        let complaint = file
            .as_ref()
            .and_then(|file| service.complaint(&said, file));
        let document = file.map(|file| StoredDocument {
            about: Arc::new(UploadClaims {
                file: hash,
                ..said.about.clone()
            }),
            metadata: said.bytes.as_ref().into(),
            file: Arc::new(file),
        });

        let mut guard = service.lock();
        let inner = &mut *guard;
        let mut created_at = Timestamp::now();
        let mut late = None;
        let verdict = match (not_admitted(self.admission), broken, &said.id, document) {
            (Some(verdict), ..) => verdict,
            _ if said.cut => CallVerdict::CutShort,
            (_, Some(mistake), ..) => CallVerdict::Broken(mistake),
            (.., Some(id), Some(document)) => {
                let refused = complaint.is_some();
                let (verdict, left) = decide(config, inner, &said, id, document, refused);
                if verdict == CallVerdict::Late {
                    late = left.map(|document| LateEffect::Document(id.clone(), document));
                }
                let stored = inner.documents.slot(id).document.as_ref();
                created_at = stored.map_or(created_at, |(created_at, _)| *created_at);
                verdict
            }
            _ => CallVerdict::Refused,
        };
        let delay = service.latency(&said.key, said.number) + verdict.stall(config);
        let (answer, effect) = verdict.shown("404");
        let mut line = match self.admission {
            // Who is not let in is not listened to.
            Admission::Unauthorised => RequestRecord::plain(None, answer, false),
            Admission::Open | Admission::Limited(_) => said.line(hash, answer, effect),
        };
        line.open = !delay.is_zero();
        inner.ledger.settle(self.entry, line);
        self.settled = true;
        drop(guard);

        let answers = UploadAnswers {
            config,
            said: &said,
            created_at,
            complaint: complaint.unwrap_or_else(|| "There is no clientDocumentId".to_owned()),
        };
        HandledCall::new(verdict.reply(config, &answers), delay, self.entry)
            .later(late.map(|effect| PendingEffect::new(config, effect)))
    }
}

/// Decides on a whole upload of a known id and stores it; gives it back when it is not stored.
fn decide(
    config: &Config,
    inner: &mut Inner,
    said: &UploadMetadata,
    id: &Arc<str>,
    document: StoredDocument,
    refused: bool,
) -> (CallVerdict, Option<StoredDocument>) {
    let mut had = inner.documents.slot(id).faults;
    let mut document = Some(document);
    let decision = CallToDecide {
        config,
        key: &said.key,
        number: said.number,
        faults: &mut had,
        refused,
    };
    let verdict = decision.take(|| match document.take() {
        Some(document) => inner.documents.store(id, document),
        None => Effect::None,
    });
    inner.documents.slot(id).faults = had;
    (verdict, document)
}

impl Drop for IncomingUpload {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let line = match &self.said {
            Some(said) => said.line(None, "incomplete", Effect::None),
            None => RequestRecord::plain(None, "incomplete", false),
        };
        self.service.lock().ledger.settle(self.entry, line);
    }
}
