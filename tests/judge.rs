//! The judge of ledgers judged: a ledger of a good migration has no complaints, and every rule about documents and KYB
//! finds the one change that breaks it.

use std::collections::HashMap;

use crate::support::judge::Ledger;
use serde_json::{Value, json};

/// One request of a ledger that is being written.
struct Writer(u64, Vec<Value>);

impl Writer {
    fn put(&mut self, kind: &str, id: &str, answer: &str, effect: &str) -> &mut Value {
        let n = self.0 + 1;
        self.0 += 3;
        let mut line = json!({"n": n, "end": n + 2, "kind": kind, "id": id, "answer": answer, "effect": effect});
        if kind == "UPLOAD" {
            let took = (effect == "created").then_some(n + 1);
            let about = json!({"took": took, "account": "E-1", "owner": "o-1", "type": "PASSPORT", "side": "FRONT",
                "file": "f", "body": "m"});
            for (name, value) in about.as_object().unwrap() {
                line[name] = value.clone();
            }
        }
        self.1.push(line);
        self.1.last_mut().unwrap()
    }
}

/// An account, a document that was lost once, a screening that was told to wait once.
fn good() -> Vec<Value> {
    let mut writer = Writer(0, Vec::new());
    writer.put("POST", "E-1", "200", "created")["body"] = json!("b");
    writer.put("UPLOAD", "d-1", "reset", "none");
    writer.put("METADATA", "d-1", "404", "none");
    writer.put("METADATA", "d-1", "404", "none");
    writer.put("UPLOAD", "d-1", "200", "created");
    writer.put("UPLOAD", "d-2", "503", "none");
    writer.put("UPLOAD", "d-2", "500", "created");
    writer.put("METADATA", "d-2", "200", "none");
    writer.put("DOCUMENTS", "E-1", "200", "none");
    writer.put("KYB", "E-1", "429", "none");
    writer.put("KYB", "E-1", "reset", "triggered");
    writer.1
}

fn complaints(requests: &[Value]) -> String {
    let ledger = json!({"accounts": [{"id": "E-1", "created": true, "posts_made": 1, "existed": false}],
        "documents": [], "kyb": [], "requests": requests});
    let planned = HashMap::from([("E-1".to_owned(), "b".to_owned())]);
    Ledger::read(&ledger).complaints(&planned).join("\n")
}

/// The good ledger with one change has this complaint.
fn finds(what: &str, change: impl FnOnce(&mut Vec<Value>)) {
    let mut requests = good();
    change(&mut requests);
    let found = complaints(&requests);
    assert!(found.contains(what), "wanted {what:?}, found {found:?}");
}

/// The same request once more, at the end.
fn again(requests: &mut Vec<Value>, at: usize) -> &mut Value {
    let mut line = requests[at].clone();
    let last = requests.last().unwrap()["end"].as_u64().unwrap();
    line["n"] = json!(last + 1);
    line["end"] = json!(last + 3);
    if !line["took"].is_null() {
        line["took"] = json!(last + 2);
    }
    requests.push(line);
    requests.last_mut().unwrap()
}

#[test]
fn a_good_ledger_has_no_complaints() {
    assert_eq!(complaints(&good()), "");
}

#[test]
fn every_rule_about_documents_finds_its_breach() {
    finds("different files", |requests| {
        requests[1]["file"] = json!("g")
    });
    finds("different metadata", |requests| {
        requests[1]["body"] = json!("n")
    });
    for name in ["account", "owner", "type", "side"] {
        finds("another account, owner, type or side", |requests| {
            requests[1][name] = Value::Null;
        });
    }
    finds("sent again after 1 lookups", |requests| {
        requests.remove(2);
    });
    finds("sent after a lookup found it", |requests| {
        requests[2]["answer"] = json!("200");
    });
    finds("sent again after it was taken", |requests| {
        again(requests, 4);
    });
    finds("overwrote what was there", |requests| {
        requests[6]["effect"] = json!("updated");
    });
    finds("UPLOADs 4 and 13 overlap", |requests| {
        requests[1]["end"] = json!(14)
    });
    finds("UPLOAD 4 before its account", |requests| {
        requests[0]["n"] = json!(5)
    });
    finds("UPLOAD 4 before its account", |requests| {
        requests[0]["effect"] = json!("none");
    });
}

#[test]
fn every_rule_about_kyb_finds_its_breach() {
    finds("screened twice", |requests| {
        requests[9]["effect"] = json!("triggered");
    });
    finds("screened twice", |requests| {
        let late =
            json!({"n": 99, "kind": "APPEARED", "of": "KYB", "id": "E-1", "effect": "triggered"});
        requests.push(late);
    });
    finds("triggered again after 'reset'", |requests| {
        again(requests, 9);
    });
    finds("KYBs 28 and 31 overlap", |requests| {
        requests[9]["end"] = json!(32)
    });
    finds("KYB 28 before its account", |requests| {
        requests[0]["n"] = json!(29)
    });
    finds("KYB 28 before an upload", |requests| {
        requests[6]["took"] = json!(29)
    });
    finds("KYB 28 before an upload", |requests| {
        let late = json!({"n": 99, "took": 99, "kind": "APPEARED", "of": "UPLOAD", "id": "d-3", "effect": "created",
            "account": "E-1"});
        requests.push(late);
    });
}
