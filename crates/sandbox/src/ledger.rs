//! The ledger: what was received and what became of it, in order. The judge of what a client sent.
//!
//! Owner: the sandbox; read through `GET /_ledger` and [`LedgerSummary`]. Invariants: entries are in the order of
//! arrival; `n`, `took` and `end` come from one counter, so two requests overlapped exactly when their spans do; `end`
//! is taken before the client can see the answer; an upload is there from its first byte on. Left out on purpose: bodies
//! (only their hash is here), file names, times.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// What kind of request it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Post,
    Get,
    Status,
    Upload,
    Metadata,
    Document,
    Documents,
    Link,
    Kyb,
    Login,
    Other,
}

impl RequestKind {
    fn name(self) -> &'static str {
        match self {
            RequestKind::Post => "POST",
            RequestKind::Get => "GET",
            RequestKind::Status => "STATUS",
            RequestKind::Upload => "UPLOAD",
            RequestKind::Metadata => "METADATA",
            RequestKind::Document => "DOCUMENT",
            RequestKind::Documents => "DOCUMENTS",
            RequestKind::Link => "LINK",
            RequestKind::Kyb => "KYB",
            RequestKind::Login => "LOGIN",
            RequestKind::Other => "OTHER",
        }
    }
}

/// What the request did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Created,
    Updated,
    /// A screening was started.
    Triggered,
    Later,
}

impl Effect {
    fn name(self) -> &'static str {
        match self {
            Effect::None => "none",
            Effect::Created => "created",
            Effect::Updated => "updated",
            Effect::Triggered => "triggered",
            Effect::Later => "later",
        }
    }
}

/// What an upload said of its document; only words of the contract, ids and a hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UploadClaims {
    pub(super) account: Option<Arc<str>>,
    pub(super) owner: Option<Arc<str>>,
    pub(super) kind: Option<&'static str>,
    pub(super) side: Option<&'static str>,
    /// Hash of the file part, once it was whole.
    pub(super) file: Option<[u8; 32]>,
}

impl UploadClaims {
    /// As the ledger shows it.
    pub(super) fn json(&self) -> Value {
        let mut out = Map::new();
        self.write(&mut out);
        Value::Object(out)
    }

    fn write(&self, out: &mut Map<String, Value>) {
        out.insert("account".to_owned(), json!(self.account.as_deref()));
        out.insert("owner".to_owned(), json!(self.owner.as_deref()));
        out.insert("type".to_owned(), json!(self.kind));
        out.insert("side".to_owned(), json!(self.side));
        out.insert("file".to_owned(), json!(self.file.map(hex)));
    }
}

/// One line of the ledger.
#[derive(Clone)]
pub(super) struct LedgerEntry {
    n: u64,
    took: Option<u64>,
    end: Option<u64>,
    kind: RequestKind,
    /// No request: what a cut request had left under way has come.
    appeared: bool,
    id: Option<Arc<str>>,
    body: Option<[u8; 32]>,
    about: Option<Arc<UploadClaims>>,
    answer: &'static str,
    effect: Effect,
}

impl LedgerEntry {
    pub(super) fn json(&self) -> Value {
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
        put("n", json!(self.n));
        put("id", json!(self.id.as_deref()));
        put("effect", json!(self.effect.name()));
        if self.appeared {
            put("kind", json!("APPEARED"));
            put("of", json!(self.kind.name()));
        } else {
            put("end", json!(self.end));
            put("kind", json!(self.kind.name()));
            put("body", json!(self.body.map(hex)));
            put("answer", json!(self.answer));
        }
        if self.has_took() {
            put("took", json!(self.took));
        }
        if let Some(about) = &self.about {
            about.write(&mut line);
        }
        Value::Object(line)
    }

    fn has_took(&self) -> bool {
        matches!(self.kind, RequestKind::Upload | RequestKind::Kyb)
    }

    fn is_about(&self, id: &str) -> bool {
        let account = self
            .about
            .as_ref()
            .and_then(|about| about.account.as_deref());
        self.id.as_deref() == Some(id) || account == Some(id)
    }
}

/// A hash as text.
pub(super) fn hex(hash: [u8; 32]) -> String {
    blake3::Hash::from_bytes(hash).to_hex().to_string()
}

/// Counters of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerSummary {
    /// Everything received, of any kind but custody.
    pub requests: u64,
    /// Create calls.
    pub posts: u64,
    /// Lookups: account and status.
    pub gets: u64,
    /// Create calls being handled now.
    pub open_posts: u64,
    /// Accounts that a POST made.
    pub accounts: u64,
    /// Times that a POST updated an account.
    pub updated: u64,
    /// Uploads, also those that broke off.
    pub uploads: u64,
    /// Uploads being received or handled now.
    pub open_uploads: u64,
    /// Documents that an upload stored.
    pub documents: u64,
    /// Lookups of documents: metadata, content, the documents of an account.
    pub document_gets: u64,
    /// Look-ups of verification links.
    pub link_gets: u64,
    /// Calls of custody, whatever became of them; `requests` has none of them.
    pub custody_calls: u64,
    /// KYB triggers, whatever became of them.
    pub kyb_posts: u64,
    /// KYB triggers that took effect.
    pub kyb: u64,
    /// 422 answers.
    pub refused: u64,
    /// Uploads answered 404.
    pub refused_documents: u64,
    /// Connections cut without an answer.
    pub resets: u64,
    /// 429 answers.
    pub rate_limited: u64,
    /// Effects of cut requests that have not come yet.
    pub pending_late: u64,
}

/// Entries in order, and their totals.
#[derive(Default)]
pub(super) struct Ledger {
    entries: Vec<LedgerEntry>,
    counter: u64,
    totals: LedgerSummary,
}

/// What the ledger notes of a request once it is decided.
pub(super) struct RequestRecord {
    pub(super) id: Option<Arc<str>>,
    pub(super) body: Option<[u8; 32]>,
    pub(super) about: Option<Arc<UploadClaims>>,
    pub(super) answer: &'static str,
    pub(super) effect: Effect,
    /// It gets its end by [`Ledger::close`].
    pub(super) open: bool,
}

impl RequestRecord {
    /// A request that had no effect and carried nothing.
    pub(super) fn plain(id: Option<Arc<str>>, answer: &'static str, open: bool) -> RequestRecord {
        RequestRecord {
            id,
            body: None,
            about: None,
            answer,
            effect: Effect::None,
            open,
        }
    }
}

impl Ledger {
    fn tick(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// A request has begun to arrive. It is written down by [`Ledger::settle`] with the index returned here.
    pub(super) fn begin(&mut self, kind: RequestKind) -> usize {
        let n = self.tick();
        let totals = &mut self.totals;
        totals.requests += 1;
        match kind {
            RequestKind::Post => {
                totals.posts += 1;
                totals.open_posts += 1;
            }
            RequestKind::Upload => {
                totals.uploads += 1;
                totals.open_uploads += 1;
            }
            RequestKind::Kyb => totals.kyb_posts += 1,
            RequestKind::Get | RequestKind::Status => totals.gets += 1,
            RequestKind::Metadata | RequestKind::Document | RequestKind::Documents => {
                totals.document_gets += 1
            }
            RequestKind::Link => totals.link_gets += 1,
            RequestKind::Login | RequestKind::Other => {}
        }
        self.entries.push(LedgerEntry {
            n,
            took: None,
            end: None,
            kind,
            appeared: false,
            id: None,
            body: None,
            about: None,
            answer: "receiving",
            effect: Effect::None,
        });
        self.entries.len() - 1
    }

    /// Writes down what became of a request that has begun.
    pub(super) fn settle(&mut self, index: usize, line: RequestRecord) {
        // An account is made the moment its request is there; an upload takes its time until then.
        let apart = self.entries.get(index).is_some_and(LedgerEntry::has_took);
        let took = match line.effect {
            Effect::Created | Effect::Updated | Effect::Triggered if apart => Some(self.tick()),
            _ => None,
        };
        let Some(entry) = self.entries.get_mut(index) else {
            return;
        };
        entry.took = took;
        entry.id = line.id;
        entry.body = line.body;
        entry.about = line.about;
        entry.answer = line.answer;
        entry.effect = line.effect;
        let kind = entry.kind;
        self.count(kind, line.effect);
        match (kind, line.answer) {
            (_, "422") => self.totals.refused += 1,
            (_, "429") => self.totals.rate_limited += 1,
            (_, "reset") => self.totals.resets += 1,
            (RequestKind::Upload, "404") => self.totals.refused_documents += 1,
            _ => {}
        }
        if !line.open {
            self.close(index);
        }
    }

    /// Writes down a request that came whole; the index is for [`Ledger::close`] when the line is open.
    pub(super) fn record(&mut self, kind: RequestKind, line: RequestRecord) -> usize {
        let index = self.begin(kind);
        self.settle(index, line);
        index
    }

    /// What a cut request of this kind had left under way has come.
    pub(super) fn appear(&mut self, kind: RequestKind, line: RequestRecord) {
        self.totals.pending_late -= 1;
        self.count(kind, line.effect);
        let n = self.tick();
        self.entries.push(LedgerEntry {
            n,
            took: Some(n),
            end: None,
            kind,
            appeared: true,
            id: line.id,
            body: line.body,
            about: line.about,
            answer: line.answer,
            effect: line.effect,
        });
    }

    fn count(&mut self, kind: RequestKind, effect: Effect) {
        let totals = &mut self.totals;
        match (effect, kind) {
            (Effect::Created, RequestKind::Upload) => totals.documents += 1,
            (Effect::Created, _) => totals.accounts += 1,
            (Effect::Updated, RequestKind::Post) => totals.updated += 1,
            (Effect::Triggered, _) => totals.kyb += 1,
            (Effect::Later, _) => totals.pending_late += 1,
            (Effect::Updated | Effect::None, _) => {}
        }
    }

    /// The end of an open request.
    pub(super) fn close(&mut self, index: usize) {
        let end = self.tick();
        if let Some(entry) = self.entries.get_mut(index) {
            entry.end = Some(end);
            match entry.kind {
                RequestKind::Post => self.totals.open_posts -= 1,
                RequestKind::Upload => self.totals.open_uploads -= 1,
                _ => {}
            }
        }
    }

    pub(super) fn summary(&self) -> LedgerSummary {
        self.totals.clone()
    }

    /// The entries of one id, those of an account with its uploads, or all. Copied, so that nobody waits while they are
    /// written out.
    pub(super) fn entries(&self, id: Option<&str>) -> Vec<LedgerEntry> {
        self.entries
            .iter()
            .filter(|entry| id.is_none_or(|id| entry.is_about(id)))
            .cloned()
            .collect()
    }
}
