//! What the judge holds against uploads and KYB triggers.
//!
//! Owner: the judge. Invariant: as there, only the ledger is asked. Left out on purpose: which documents should have
//! been sent at all (the tests).

use super::{Ledger, NOT_TAKEN, Request};

/// Answers that say for good that a KYB trigger had no effect.
const REFUSED: [&str; 4] = ["400", "403", "404", "422"];

/// Whatever is sent for a document is always the same: file, metadata, account, owner, type and side. An upload that
/// broke off says less.
pub fn same(requests: &[&Request]) -> Vec<String> {
    let differ = |what: &dyn Fn(&Request) -> Option<String>| {
        let mut seen: Vec<String> = requests
            .iter()
            .filter_map(|request| what(request))
            .collect();
        seen.sort();
        seen.dedup();
        seen.len() > 1
    };
    let mut wrong = Vec::new();
    if differ(&|request| request.file.clone()) {
        wrong.push("uploaded with different files".to_owned());
    }
    if differ(&|request| request.body.clone()) {
        wrong.push("uploaded with different metadata".to_owned());
    }
    if differ(&|request| (request.family() == "UPLOAD").then(|| format!("{:?}", request.about))) {
        wrong.push("uploaded for another account, owner, type or side".to_owned());
    }
    wrong
}

/// Nothing of an account is sent before the account took effect.
pub fn after_account(ledger: &Ledger, requests: &[&Request]) -> Vec<String> {
    let sends = |request: &&&Request| request.kind == "UPLOAD" || request.kind == "KYB";
    requests
        .iter()
        .filter(sends)
        .filter_map(|request| {
            let account = match request.kind.as_str() {
                "KYB" => request.id.as_deref(),
                _ => request.account.as_deref(),
            };
            let born = ledger.born(account.unwrap_or_default());
            born.is_none_or(|born| born > request.n)
                .then(|| format!("{} {} before its account", request.kind, request.n))
        })
        .collect()
}

/// A screening starts once; and as nobody can ask about it, a trigger is sent again only when the one before surely had
/// no effect.
pub fn once(requests: &[&Request]) -> Vec<String> {
    let mut wrong = Vec::new();
    let effects = requests.iter().filter(|line| line.effect == "triggered");
    if effects.count() > 1 {
        wrong.push("screened twice".to_owned());
    }
    let sent: Vec<&&Request> = requests.iter().filter(|line| line.kind == "KYB").collect();
    for pair in sent.windows(2) {
        let before = pair[0].answer.as_str();
        if !NOT_TAKEN.contains(&before) && !REFUSED.contains(&before) {
            wrong.push(format!("triggered again after '{before}'"));
        }
    }
    wrong
}

/// No upload of an account takes effect after its screening was asked for.
pub fn after_uploads<'a>(
    requests: &[&Request],
    uploads: impl Iterator<Item = &'a Request>,
) -> Vec<String> {
    let last = uploads.filter_map(|upload| upload.took).max().unwrap_or(0);
    requests
        .iter()
        .filter(|request| request.kind == "KYB" && request.n < last)
        .map(|request| {
            format!(
                "KYB {} before an upload of its account at {last}",
                request.n
            )
        })
        .collect()
}
