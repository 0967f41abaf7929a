//! Judges what a client sent by the sandbox's ledger alone.
//!
//! Owner of the rules that hold at every moment of a migration, killed or not; see [`Ledger::complaints`]. Invariant:
//! nothing that the client says about itself is used. Left out on purpose: what must hold only at the end (the tests).

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// One line of the ledger.
pub struct Request {
    pub n: u64,
    pub end: Option<u64>,
    pub kind: String,
    pub id: Option<String>,
    pub body: Option<String>,
    pub answer: String,
    pub effect: String,
}

/// What the sandbox knows of one id.
pub struct Account {
    pub created: bool,
    pub posts_made: u64,
    pub existed: bool,
}

/// The ledger.
pub struct Ledger {
    pub accounts: BTreeMap<String, Account>,
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
            requests: list("requests")
                .map(|line| Request {
                    n: line["n"].as_u64().expect("a number"),
                    end: line["end"].as_u64(),
                    kind: text(&line["kind"]).expect("a kind"),
                    id: text(&line["id"]),
                    body: text(&line["body"]),
                    answer: text(&line["answer"]).unwrap_or_default(),
                    effect: text(&line["effect"]).unwrap_or_default(),
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
        let mut by_id: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
        let mut found = Vec::new();
        for request in &self.requests {
            match &request.id {
                Some(id) => by_id.entry(id).or_default().push(request),
                None if request.kind == "POST" => found.push("a POST without an id".to_owned()),
                None => {}
            }
        }
        for (id, requests) in by_id {
            let mut wrong = bodies(&requests, planned.get(id));
            wrong.extend(again(&requests));
            wrong.extend(overlaps(&requests));
            if !wrong.is_empty() {
                let lines: Vec<String> = requests.iter().map(|request| show(request)).collect();
                found.push(format!(
                    "{id}: {}\n    {}",
                    wrong.join("; "),
                    lines.join("\n    ")
                ));
            }
        }
        found
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

/// A second POST comes after "not taken", or after two lookups that found nothing, with none between that found it. That
/// holds for a refusal as well: whoever died before reading it cannot know of it, and whoever knows asks no more.
fn again(requests: &[&Request]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut last: Option<&Request> = None;
    let (mut absent, mut there) = (0, false);
    for request in requests {
        match (request.kind.as_str(), request.answer.as_str()) {
            ("GET" | "STATUS", "404") => absent += 1,
            ("GET" | "STATUS", "200") => there = true,
            ("POST", _) => {
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
            wrong.push("overwrote an account".to_owned());
        }
    }
    wrong
}

/// No two POSTs of one id are handled at the same time.
fn overlaps(requests: &[&Request]) -> Vec<String> {
    let posts: Vec<&&Request> = requests
        .iter()
        .filter(|request| request.kind == "POST")
        .collect();
    posts
        .windows(2)
        .filter(|pair| pair[0].end.is_none_or(|end| end > pair[1].n))
        .map(|pair| format!("POSTs {} and {} overlap", pair[0].n, pair[1].n))
        .collect()
}
