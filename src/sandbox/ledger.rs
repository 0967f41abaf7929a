//! The ledger: what was received and what became of it, in order. The judge of what a client sent.
//!
//! Owner: the sandbox; read through `GET /_ledger` and [`LedgerSummary`]. Invariants: entries are in the order of
//! arrival; `n` and `end` come from one counter, so two requests overlapped exactly when their spans do; `end` is
//! taken before the client can see the answer. Left out on purpose: bodies (only their hash is here), times.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

/// What kind of request it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Post,
    Get,
    Status,
    Login,
    Other,
    /// No request: an account appeared that a cut request had left under way.
    Appeared,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Post => "POST",
            Kind::Get => "GET",
            Kind::Status => "STATUS",
            Kind::Login => "LOGIN",
            Kind::Other => "OTHER",
            Kind::Appeared => "APPEARED",
        }
    }
}

/// What the request did to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Created,
    Updated,
    Later,
}

impl Effect {
    fn name(self) -> &'static str {
        match self {
            Effect::None => "none",
            Effect::Created => "created",
            Effect::Updated => "updated",
            Effect::Later => "later",
        }
    }
}

/// One line of the ledger.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) n: u64,
    pub(super) end: Option<u64>,
    pub(super) kind: Kind,
    pub(super) id: Option<Arc<str>>,
    pub(super) body: Option<[u8; 32]>,
    pub(super) answer: &'static str,
    pub(super) effect: Effect,
}

impl Entry {
    pub(super) fn json(&self) -> Value {
        if self.kind == Kind::Appeared {
            return json!({"n": self.n, "kind": self.kind.name(), "id": self.id.as_deref(), "effect": self.effect.name()});
        }
        json!({
            "n": self.n,
            "end": self.end,
            "kind": self.kind.name(),
            "id": self.id.as_deref(),
            "body": self.body.map(|hash| blake3::Hash::from_bytes(hash).to_hex().to_string()),
            "answer": self.answer,
            "effect": self.effect.name(),
        })
    }
}

/// Counters of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerSummary {
    /// Everything received, of any kind.
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
    /// 422 answers.
    pub refused: u64,
    /// Connections cut without an answer.
    pub resets: u64,
    /// 429 answers.
    pub rate_limited: u64,
    /// Accounts of cut requests that have not appeared yet.
    pub pending_late: u64,
}

/// Entries in order, and their totals.
#[derive(Default)]
pub(super) struct Ledger {
    entries: Vec<Entry>,
    counter: u64,
    totals: LedgerSummary,
}

impl Ledger {
    fn tick(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Writes down a request. An open one gets its end by [`Ledger::close`] with the index returned here.
    pub(super) fn record(
        &mut self,
        kind: Kind,
        id: Option<Arc<str>>,
        body: Option<[u8; 32]>,
        answer: &'static str,
        effect: Effect,
        open: bool,
    ) -> usize {
        let n = self.tick();
        let end = if open || kind == Kind::Appeared {
            None
        } else {
            Some(self.tick())
        };
        let totals = &mut self.totals;
        if kind != Kind::Appeared {
            totals.requests += 1;
        }
        match kind {
            Kind::Post => {
                totals.posts += 1;
                totals.open_posts += u64::from(open);
            }
            Kind::Get | Kind::Status => totals.gets += 1,
            Kind::Appeared => totals.pending_late -= 1,
            Kind::Login | Kind::Other => {}
        }
        match effect {
            Effect::Created => totals.accounts += 1,
            Effect::Updated => totals.updated += 1,
            Effect::Later => totals.pending_late += 1,
            Effect::None => {}
        }
        match answer {
            "422" => totals.refused += 1,
            "429" => totals.rate_limited += 1,
            "reset" => totals.resets += 1,
            _ => {}
        }
        self.entries.push(Entry {
            n,
            end,
            kind,
            id,
            body,
            answer,
            effect,
        });
        self.entries.len() - 1
    }

    /// The end of an open request.
    pub(super) fn close(&mut self, index: usize) {
        let end = self.tick();
        if let Some(entry) = self.entries.get_mut(index) {
            entry.end = Some(end);
            if entry.kind == Kind::Post {
                self.totals.open_posts -= 1;
            }
        }
    }

    pub(super) fn summary(&self) -> LedgerSummary {
        self.totals.clone()
    }

    /// The entries of one id, or all. Copied, so that nobody waits while they are written out.
    pub(super) fn entries(&self, id: Option<&str>) -> Vec<Entry> {
        self.entries
            .iter()
            .filter(|entry| id.is_none() || entry.id.as_deref() == id)
            .cloned()
            .collect()
    }
}
