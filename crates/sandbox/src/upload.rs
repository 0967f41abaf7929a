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
use super::documents::{Document, File};
use super::faults;
use super::gate::{Door, Line as Queue};
use super::ledger::{About, Effect, Kind, Line};
use super::receive::{Receiver, Upload};
use super::service::{Handled, Inner, Late, LateEffect, Service};
use super::verdict::{Answers, Decision, Verdict, at_the_door};

/// An upload that is arriving. Dropped before its end, it is written down as incomplete.
pub(super) struct Arriving {
    service: Arc<Service>,
    entry: usize,
    door: Door,
    said: Option<Said>,
    settled: bool,
}

/// What the metadata says.
struct Said {
    /// Text of a UUID, or whatever was sent in its place.
    id: Option<Arc<str>>,
    key: String,
    /// The how-manieth upload of this id, and whether it is cut short.
    number: u32,
    cut: bool,
    bytes: Bytes,
    metadata: Value,
    about: About,
}

impl Said {
    fn new(bytes: Bytes) -> Said {
        let metadata: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| metadata.get(name).and_then(Value::as_str).map(Arc::from);
        let id: Option<Arc<str>> = text("clientDocumentId").filter(|id: &Arc<str>| !id.is_empty());
        let (kind, side) = contract_document::words(&metadata);
        Said {
            key: format!("document {}", id.as_deref().unwrap_or_default()),
            number: 0,
            cut: false,
            about: About {
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
    fn line(&self, file: Option<[u8; 32]>, answer: &'static str, effect: Effect) -> Line {
        let about = About {
            file,
            ..self.about.clone()
        };
        Line {
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
struct Answering<'a> {
    config: &'a Config,
    said: &'a Said,
    created_at: Timestamp,
    complaint: String,
}

impl Answers for Answering<'_> {
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
    pub(super) fn upload(self: &Arc<Service>, authorization: Option<&str>) -> Arriving {
        let inner = &mut *self.lock();
        Arriving {
            service: self.clone(),
            entry: inner.ledger.begin(Kind::Upload),
            door: inner.gate.enter(Queue::Upload, &self.config, authorization),
            said: None,
            settled: false,
        }
    }

    /// What is wrong with metadata that the client can be told; nothing when it is good.
    fn complaint(&self, said: &Said, file: &File) -> Option<String> {
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

impl Arriving {
    /// Whether to cut the connection now: asked when more of the body is there.
    pub(super) fn is_cut(&mut self, receiver: &Receiver) -> bool {
        if self.said.is_none()
            && receiver.in_file()
            && let Some(metadata) = receiver.metadata()
        {
            self.said = Some(self.hear(Bytes::copy_from_slice(metadata)));
        }
        self.said.as_ref().is_some_and(|said| said.cut)
    }

    /// Takes in the metadata; its upload is counted from now on.
    fn hear(&self, metadata: Bytes) -> Said {
        let mut said = Said::new(metadata);
        if let (Door::Open, Some(id)) = (self.door, &said.id) {
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
    pub(super) fn finish(mut self, upload: Result<Upload, &'static str>) -> Handled {
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
        let document = file.map(|file| Document {
            about: Arc::new(About {
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
        let verdict = match (at_the_door(self.door), broken, &said.id, document) {
            (Some(verdict), ..) => verdict,
            _ if said.cut => Verdict::CutShort,
            (_, Some(mistake), ..) => Verdict::Broken(mistake),
            (.., Some(id), Some(document)) => {
                let refused = complaint.is_some();
                let (verdict, left) = decide(config, inner, &said, id, document, refused);
                if verdict == Verdict::Late {
                    late = left.map(|document| LateEffect::Document(id.clone(), document));
                }
                let stored = inner.documents.slot(id).document.as_ref();
                created_at = stored.map_or(created_at, |(created_at, _)| *created_at);
                verdict
            }
            _ => Verdict::Refused,
        };
        let delay = service.latency(&said.key, said.number) + verdict.stall(config);
        let (answer, effect) = verdict.shown("404");
        let mut line = match self.door {
            // Who is not let in is not listened to.
            Door::Unauthorised => Line::plain(None, answer, false),
            Door::Open | Door::Limited(_) => said.line(hash, answer, effect),
        };
        line.open = !delay.is_zero();
        inner.ledger.settle(self.entry, line);
        self.settled = true;
        drop(guard);

        let answers = Answering {
            config,
            said: &said,
            created_at,
            complaint: complaint.unwrap_or_else(|| "There is no clientDocumentId".to_owned()),
        };
        Handled::new(verdict.reply(config, &answers), delay, self.entry)
            .later(late.map(|effect| Late::new(config, effect)))
    }
}

/// Decides on a whole upload of a known id and stores it; gives it back when it is not stored.
fn decide(
    config: &Config,
    inner: &mut Inner,
    said: &Said,
    id: &Arc<str>,
    document: Document,
    refused: bool,
) -> (Verdict, Option<Document>) {
    let mut had = inner.documents.slot(id).faults;
    let mut document = Some(document);
    let decision = Decision {
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

impl Drop for Arriving {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let line = match &self.said {
            Some(said) => said.line(None, "incomplete", Effect::None),
            None => Line::plain(None, "incomplete", false),
        };
        self.service.lock().ledger.settle(self.entry, line);
    }
}
