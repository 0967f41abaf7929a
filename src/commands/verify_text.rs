//! What `verify` says: totals first, then the differences, the first of each kind by name.
//!
//! Left out on purpose: the whole list, which is verification.csv in the report.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::verify::Call;
use bakkt_contract::decision::{Decision, of_account};
use bakkt_journal::Reader;
use bakkt_journal::read::Verification;
use bakkt_journal::write::{VERIFICATION_OUTCOMES, VerificationOutcome};
use bakkt_model::error::ShownPath;
use bakkt_model::number::thousands;

/// So many lines of a kind are shown.
const SHOWN: usize = 20;

/// What the journal has about accounts that were read back.
#[derive(Debug)]
pub struct ReadBackFindings {
    counts: Verification,
    /// What Bakkt says of them, by its last answer.
    decisions: BTreeMap<Decision, u64>,
    /// The first lines of each kind.
    lines: BTreeMap<String, Vec<String>>,
}

impl ReadBackFindings {
    /// Reads them.
    pub fn read(reader: &Reader) -> anyhow::Result<ReadBackFindings> {
        let (mut decisions, mut lines) = (BTreeMap::new(), BTreeMap::new());
        reader.each_verification(|line| {
            if let Some(status) = line.status {
                let mode = line.mode.unwrap_or_default();
                let decision = of_account(status, mode, line.can_trade);
                *decisions.entry(decision).or_default() += 1;
            }
            Ok(())
        })?;
        reader.each_difference(|line| {
            let lines: &mut Vec<String> = lines.entry(line.kind.to_owned()).or_default();
            if lines.len() < SHOWN {
                let id = line.client_id.unwrap_or_default();
                lines.push(match line.document {
                    "" => format!("{id}  {}", line.path),
                    document => format!("{id}  document {document}  {}", line.path),
                });
            }
            Ok(())
        })?;
        Ok(ReadBackFindings {
            counts: reader.verification()?,
            decisions,
            lines,
        })
    }

    /// Nothing that was compared differs, and Bakkt knows every account.
    pub fn is_clean(&self) -> bool {
        let of = |outcome: VerificationOutcome| self.counts.results[outcome as usize];
        of(VerificationOutcome::Different) == 0 && of(VerificationOutcome::Unknown) == 0
    }

    /// How many differences of each kind.
    fn kinds(&self) -> BTreeMap<&str, u64> {
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for ((kind, ..), count) in &self.counts.differences {
            *kinds.entry(kind).or_default() += count;
        }
        kinds
    }
}

/// For a person.
pub fn describe(findings: &ReadBackFindings, call: &Call, report: &Path) -> String {
    let counts = &findings.counts;
    let mut text = format!("{} accounts read back in this call", thousands(call.read));
    let pass = match (counts.pass, counts.done_at) {
        (0, _) => String::new(),
        (pass, Some(_)) => format!("; pass {pass} is over"),
        (pass, None) => format!("; pass {pass}: {} to come", thousands(counts.to_come)),
    };
    text.push_str(&pass);
    for (word, count) in VERIFICATION_OUTCOMES.iter().zip(counts.results) {
        if count > 0 || *word == VERIFICATION_OUTCOMES[0] {
            text.push_str(&format!("\n  {:>11}  {word}", thousands(count)));
        }
    }
    for (reason, count) in &counts.reasons {
        text.push_str(&format!(
            "\n  {:>11}  not compared: {reason}",
            thousands(*count)
        ));
    }
    if counts.documents > 0 {
        text.push_str(&format!(
            "\n  {:>11}  documents looked at, the content of {}",
            thousands(counts.documents),
            thousands(counts.content)
        ));
    }
    let decided: Vec<String> = findings
        .decisions
        .iter()
        .map(|(decision, count)| format!("{} {}", thousands(*count), decision.word()))
        .collect();
    if !decided.is_empty() {
        text.push_str(&format!("\nby Bakkt's answers: {}", decided.join(" · ")));
    }
    for (kind, count) in findings.kinds() {
        text.push_str(&format!("\n{kind}: {}", thousands(count)));
        let shown = findings.lines.get(kind).map_or(&[][..], Vec::as_slice);
        for line in shown {
            text.push_str(&format!("\n  {line}"));
        }
        if count > shown.len() as u64 {
            text.push_str(&format!(
                "\n  … and {} more",
                thousands(count - shown.len() as u64)
            ));
        }
    }
    let report = report.join("report.html");
    text.push_str(&format!("\n\nreport: {}", report.shown()));
    text
}

/// For a program.
pub fn json(findings: &ReadBackFindings, call: &Call) -> Value {
    let counts = &findings.counts;
    let results: serde_json::Map<String, Value> = VERIFICATION_OUTCOMES
        .iter()
        .zip(counts.results)
        .map(|(word, count)| (word.replace(' ', "_").to_lowercase(), json!(count)))
        .collect();
    let differences: Vec<Value> = counts
        .differences
        .iter()
        .map(|((kind, path, document), count)| {
            let of = if *document { "document" } else { "account" };
            json!({"of": of, "path": path, "kind": kind, "count": count})
        })
        .collect();
    let decisions: serde_json::Map<String, Value> = Decision::ALL
        .iter()
        .filter_map(|one| {
            Some((
                one.word().replace(' ', "_"),
                json!(findings.decisions.get(one)?),
            ))
        })
        .collect();
    json!({
        "read": call.read,
        "left": call.left,
        "pass": counts.pass,
        "complete": counts.done_at.is_some(),
        "accounts": counts.accounts,
        "to_come": counts.to_come,
        "results": results,
        "not_compared": counts.reasons,
        "documents": counts.documents,
        "content": counts.content,
        "differences": differences,
        "decisions": decisions,
    })
}
