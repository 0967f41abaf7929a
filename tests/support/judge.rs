//! Judges what a client sent by the sandbox's ledger alone.
//!
//! Owner of the rules that hold at every moment of a migration, killed or not; see [`Ledger::complaints`]. Invariant:
//! nothing that the client says about itself is used. Left out on purpose: what must hold only at the end (the tests).

#[path = "judge_documents.rs"]
mod documents;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// One line of the ledger.
pub struct Request {
    pub n: u64,
    pub end: Option<u64>,
    /// When it took effect, of uploads and KYB triggers.
    pub took: Option<u64>,
    pub kind: String,
    /// Of an APPEARED: the kind of the request that had left it under way.
    pub of: Option<String>,
    pub id: Option<String>,
    pub body: Option<String>,
    pub answer: String,
    pub effect: String,
    /// Of an upload: its account, and everything else that must never change.
    pub account: Option<String>,
    pub about: [Option<String>; 4],
    /// Hash of its file, once that was whole.
    pub file: Option<String>,
}

impl Request {
    /// The kind of request that this line is about.
    pub fn family(&self) -> &str {
        self.of.as_deref().unwrap_or(&self.kind)
    }
}

/// What the sandbox knows of one id.
pub struct Account {
    pub created: bool,
    pub posts_made: u64,
    pub existed: bool,
}

/// A document as the sandbox has it.
pub struct Document {
    pub account: String,
    pub owner: Option<String>,
    pub document_type: String,
    pub side: Option<String>,
    pub uploads_made: u64,
}

/// The ledger.
pub struct Ledger {
    pub accounts: BTreeMap<String, Account>,
    /// By clientDocumentId.
    pub documents: BTreeMap<String, Document>,
    /// How often KYB took effect, by account.
    pub kyb: BTreeMap<String, u64>,
    pub requests: Vec<Request>,
}

/// Lookups that must have found nothing before a request whose answer was lost may go out again.
const ASKS: usize = 2;
/// Answers that say that a request was not taken.
const NOT_TAKEN: [&str; 3] = ["401", "429", "503"];

impl Ledger {
    pub fn read(value: &Value) -> Ledger {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let list = |name: &str| value[name].as_array().expect("a list").iter();
        Ledger {
            accounts: list("accounts")
                .map(|account| {
                    let facts = Account {
                        created: account["created"] == true,
                        posts_made: account["posts_made"].as_u64().unwrap_or_default(),
                        existed: account["existed"] == true,
                    };
                    (text(&account["id"]).expect("an id"), facts)
                })
                .collect(),
            documents: list("documents")
                .map(|document| {
                    let must = |name: &str| text(&document[name]).expect("text");
                    let facts = Document {
                        account: must("account"),
                        owner: text(&document["owner"]),
                        document_type: must("type"),
                        side: text(&document["side"]),
                        uploads_made: document["uploads_made"].as_u64().expect("a count"),
                    };
                    (must("id"), facts)
                })
                .collect(),
            kyb: list("kyb")
                .map(|line| {
                    let account = text(&line["account"]).expect("an id");
                    (account, line["triggered"].as_u64().expect("a count"))
                })
                .collect(),
            requests: list("requests")
                .map(|line| Request {
                    n: line["n"].as_u64().expect("a number"),
                    end: line["end"].as_u64(),
                    took: line["took"].as_u64(),
                    kind: text(&line["kind"]).expect("a kind"),
                    of: text(&line["of"]),
                    id: text(&line["id"]),
                    body: text(&line["body"]),
                    answer: text(&line["answer"]).unwrap_or_default(),
                    effect: text(&line["effect"]).unwrap_or_default(),
                    account: text(&line["account"]),
                    about: ["account", "owner", "type", "side"].map(|name| text(&line[name])),
                    file: text(&line["file"]),
                })
                .collect(),
        }
    }

    /// POSTs that are being handled and will be answered soon (so not those whose answer stalls).
    pub fn in_flight(&self) -> usize {
        self.posts()
            .filter(|post| post.end.is_none() && post.answer != "stalled-200")
            .count()
    }

    /// Every POST.
    pub fn posts(&self) -> impl Iterator<Item = &Request> {
        self.requests
            .iter()
            .filter(|request| request.kind == "POST")
    }

    /// How often each answer was given, for people.
    pub fn answers(&self) -> String {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for request in &self.requests {
            *counts
                .entry(format!(
                    "{} {} {}",
                    request.kind, request.answer, request.effect
                ))
                .or_default() += 1;
        }
        let lines = counts
            .iter()
            .map(|(what, count)| format!("  {count:>6}  {what}\n"));
        lines.collect()
    }

    /// Everything that breaks a rule, in words. `planned`: the ids that may be sent, with the hash of their only body.
    pub fn complaints(&self, planned: &HashMap<String, String>) -> Vec<String> {
        let mut accounts: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
        let mut documents: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
        let mut screenings: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
        let mut found = Vec::new();
        for request in &self.requests {
            let by_id = match request.family() {
                "UPLOAD" | "METADATA" | "DOCUMENT" => &mut documents,
                "KYB" => &mut screenings,
                "DOCUMENTS" => continue,
                _ => &mut accounts,
            };
            match (&request.id, request.family()) {
                (Some(id), _) => by_id.entry(id).or_default().push(request),
                (None, "POST") => found.push("a POST without an id".to_owned()),
                // An upload may be cut, killed or turned away before its metadata is read.
                (None, "UPLOAD") if request.answer == "200" => {
                    found.push("an upload without an id".to_owned());
                }
                (None, _) => {}
            }
        }
        for (id, requests) in &accounts {
            let mut wrong = bodies(requests, planned.get(*id));
            wrong.extend(again(requests, "POST", &["GET", "STATUS"]));
            wrong.extend(overlaps(requests, "POST"));
            complain(id, wrong, requests, &mut found);
        }
        for (id, requests) in &documents {
            let mut wrong = documents::same(requests);
            wrong.extend(again(requests, "UPLOAD", &["METADATA"]));
            wrong.extend(overlaps(requests, "UPLOAD"));
            wrong.extend(documents::after_account(self, requests));
            complain(id, wrong, requests, &mut found);
        }
        for (id, requests) in &screenings {
            let uploads = self.requests.iter().filter(|request| {
                request.family() == "UPLOAD" && request.account.as_deref() == Some(id)
            });
            let mut wrong = documents::once(requests);
            wrong.extend(overlaps(requests, "KYB"));
            wrong.extend(documents::after_account(self, requests));
            wrong.extend(documents::after_uploads(requests, uploads));
            complain(id, wrong, requests, &mut found);
        }
        found
    }

    /// When the account came to be; 0 when it was there before anything was sent, None when it never did.
    fn born(&self, id: &str) -> Option<u64> {
        if self.accounts.get(id).is_some_and(|account| account.existed) {
            return Some(0);
        }
        let mut posts = self.requests.iter().filter(|request| {
            request.family() == "POST"
                && request.id.as_deref() == Some(id)
                && request.effect == "created"
        });
        posts.next().map(|post| post.n)
    }
}

fn complain(id: &str, wrong: Vec<String>, requests: &[&Request], found: &mut Vec<String>) {
    if !wrong.is_empty() {
        let lines: Vec<String> = requests.iter().map(|request| show(request)).collect();
        found.push(format!(
            "{id}: {}\n    {}",
            wrong.join("; "),
            lines.join("\n    ")
        ));
    }
}

fn show(request: &Request) -> String {
    format!(
        "{}–{} {} {} {}",
        request.n,
        request.end.map_or("…".to_owned(), |end| end.to_string()),
        request.kind,
        request.answer,
        request.effect
    )
}

/// Whatever is sent for an id is the planned body, and always the same.
fn bodies(requests: &[&Request], planned: Option<&String>) -> Vec<String> {
    let mut sent: Vec<&String> = requests
        .iter()
        .filter_map(|request| request.body.as_ref())
        .collect();
    sent.sort();
    sent.dedup();
    let mut wrong = Vec::new();
    if sent.len() > 1 {
        wrong.push("sent with different bodies".to_owned());
    }
    match planned {
        None => wrong.push("nobody planned this id".to_owned()),
        Some(body) if sent.iter().any(|one| *one != body) => {
            wrong.push("another body than the planned one".to_owned());
        }
        Some(_) => {}
    }
    wrong
}

/// A second request that sends comes after "not taken", or after two lookups that found nothing, with none between that found it. That
/// holds for a refusal as well: whoever died before reading it cannot know of it, and whoever knows asks no more.
fn again(requests: &[&Request], sends: &str, asks: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut last: Option<&Request> = None;
    let (mut absent, mut there) = (0, false);
    for request in requests {
        match (request.kind.as_str(), request.answer.as_str()) {
            (kind, "404") if asks.contains(&kind) => absent += 1,
            (kind, "200") if asks.contains(&kind) => there = true,
            (kind, _) if kind == sends => {
                let before = last.replace(request);
                match before {
                    None => {}
                    Some(before) if NOT_TAKEN.contains(&before.answer.as_str()) => {}
                    Some(before) if before.effect != "none" => {
                        wrong.push("sent again after it was taken".to_owned());
                    }
                    Some(_) if absent < ASKS => {
                        wrong.push(format!("sent again after {absent} lookups found nothing"));
                    }
                    Some(_) => {}
                }
                if there {
                    wrong.push("sent after a lookup found it".to_owned());
                }
                absent = 0;
            }
            _ => {}
        }
        if request.effect == "updated" {
            wrong.push("overwrote what was there".to_owned());
        }
    }
    wrong
}

/// No two requests that send of one id are handled at the same time.
fn overlaps(requests: &[&Request], sends: &str) -> Vec<String> {
    let posts: Vec<&&Request> = requests
        .iter()
        .filter(|request| request.kind == sends)
        .collect();
    posts
        .windows(2)
        .filter(|pair| pair[0].end.is_none_or(|end| end > pair[1].n))
        .map(|pair| format!("{sends}s {} and {} overlap", pair[0].n, pair[1].n))
        .collect()
}
