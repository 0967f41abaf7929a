//! The record of a migration, as its chain has it: which program ran where, when, on what, by whom, and how it ended.
//!
//! Pure but for the reading: entries in, a structure out, which the summary and the page share.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::heads::KeptHead;
use crate::text::rfc3339;
use bakkt_journal::Reader;
use bakkt_journal::chain::{ChainHead, EntryKind, EntryRow};

/// What the chain of one journal says.
#[derive(Clone, Debug, Serialize)]
pub struct AuditRecord {
    /// The shard, of migrations with shards.
    pub shard: Option<String>,
    /// The last entry of the chain when the report was made.
    pub head: ChainHead,
    /// The last checkpoint.
    pub checkpoint: Option<CheckpointFacts>,
    /// What the plan was made of.
    pub inputs: Vec<InputFacts>,
    /// The documents that the plan sends.
    pub documents: SentDocuments,
    /// Every run, oldest first.
    pub runs: Vec<RunFacts>,
    /// How many decisions of people the chain has.
    pub decisions: u64,
    /// How many approvals.
    pub approvals: u64,
    /// Approvals, steering, seals, erasures and the end, oldest first.
    pub events: Vec<EventFacts>,
}

/// An entry that is no run and no decision of the operator log.
#[derive(Clone, Debug, Serialize)]
pub struct EventFacts {
    /// Its number.
    pub entry: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Its kind.
    pub kind: String,
    /// What it says, in short.
    pub words: String,
}

/// A checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointFacts {
    /// Its entry.
    pub entry: u64,
    /// When, RFC 3339.
    pub at: String,
    /// The root over the lines of reconciliation.csv.
    pub reconciliation: Option<String>,
    /// The root over the lines of crosswalk.csv.
    pub crosswalk: Option<String>,
}

/// An input of the plan.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct InputFacts {
    /// Its path from the migration folder.
    pub name: String,
    /// What it is.
    pub what: String,
    /// As hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// The documents that the plan sends; documents.csv has the SHA-256 of each.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SentDocuments {
    /// How many have a SHA-256.
    pub hashed: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunFacts {
    /// Its number.
    pub run: u64,
    /// What it did: sending, settling, custody.
    pub what: String,
    /// RFC 3339.
    pub started: String,
    /// RFC 3339; `None`: it was killed, or still runs.
    pub ended: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Of the program.
    pub version: String,
    /// Of the program.
    pub commit: String,
    /// Of the program.
    pub build: String,
    /// SHA-256 of the program's file.
    pub program_sha256: Option<String>,
    /// The machine.
    pub host: String,
    /// The user of the operating system.
    pub user: String,
    /// As they were typed, without what names customers.
    pub arguments: Vec<String>,
    /// The target.
    pub target: String,
    /// The dialect.
    pub dialect: String,
    /// Tasks by kind and state when it began.
    pub tasks_before: Value,
    /// Tasks by kind and state when it ended.
    pub tasks_after: Value,
}

impl AuditRecord {
    /// The head of its chain, to be kept outside of the journal.
    pub fn kept_head(&self) -> KeptHead {
        KeptHead {
            head: self.head.clone(),
            shard: self.shard.clone(),
        }
    }

    /// Reads it from the chain of a journal.
    pub fn read(reader: &Reader) -> anyhow::Result<AuditRecord> {
        let mut record = AuditRecord {
            shard: reader.meta(SHARD)?,
            head: reader.chain_head()?,
            checkpoint: None,
            inputs: Vec::new(),
            documents: documents(reader)?,
            runs: Vec::new(),
            decisions: 0,
            approvals: 0,
            events: Vec::new(),
        };
        reader.each_entry(|entry| {
            record.take(&entry);
            Ok(())
        })?;
        Ok(record)
    }

    fn take(&mut self, entry: &EntryRow) {
        let body = entry.value();
        if let Some(
            EntryKind::Approval
            | EntryKind::Seal
            | EntryKind::Forget
            | EntryKind::Close
            | EntryKind::Upgrade,
        ) = EntryKind::of(&entry.kind)
        {
            self.events.push(EventFacts {
                entry: entry.id.unsigned_abs(),
                at: rfc3339(entry.at),
                kind: entry.kind.clone(),
                words: in_words(&body),
            });
        }
        match EntryKind::of(&entry.kind) {
            Some(EntryKind::Plan) => {
                self.inputs = serde_json::from_value(body["inputs"].clone()).unwrap_or_default();
            }
            Some(EntryKind::Run) => self.runs.push(run(entry.at, &body)),
            Some(EntryKind::RunEnd) => {
                let number = body["run"].as_u64();
                if let Some(run) = self
                    .runs
                    .iter_mut()
                    .rev()
                    .find(|run| Some(run.run) == number)
                {
                    run.ended = Some(rfc3339(entry.at));
                    run.outcome = Some(text(&body["outcome"]));
                    run.tasks_after = body["tasks"].clone();
                }
            }
            Some(EntryKind::Decision) => self.decisions += 1,
            Some(EntryKind::Approval) => self.approvals += 1,
            Some(EntryKind::Checkpoint) => {
                let root = |name: &str| body["sheets"][name]["root"].as_str().map(str::to_owned);
                self.checkpoint = Some(CheckpointFacts {
                    entry: entry.id.unsigned_abs(),
                    at: rfc3339(entry.at),
                    reconciliation: root("reconciliation.csv"),
                    crosswalk: root("crosswalk.csv"),
                });
            }
            _ => {}
        }
    }
}

/// The fact that names the shard of a journal.
pub(super) const SHARD: &str = "shard";
/// What becomes of a document that is sent.
const SENT: &str = "sent";

fn documents(reader: &Reader) -> anyhow::Result<SentDocuments> {
    let mut sent = SentDocuments::default();
    reader.each_document(|line| {
        if line.sha256.is_some() && line.outcome == SENT {
            sent.hashed += 1;
            sent.bytes += line.bytes;
        }
        Ok(())
    })?;
    Ok(sent)
}

fn run(at: i64, body: &Value) -> RunFacts {
    let program = &body["program"];
    let arguments = body["arguments"].as_array().into_iter().flatten();
    RunFacts {
        run: body["run"].as_u64().unwrap_or_default(),
        what: text(&body["what"]),
        started: rfc3339(at),
        version: text(&program["version"]),
        commit: text(&program["commit"]),
        build: text(&program["build"]),
        program_sha256: program["sha256"].as_str().map(str::to_owned),
        host: text(&body["host"]),
        user: text(&body["user"]),
        arguments: arguments.map(text).collect(),
        target: text(&body["target"]),
        dialect: text(&body["dialect"]),
        tasks_before: body["tasks"].clone(),
        ..RunFacts::default()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The longest text of one value that is shown.
const LONGEST: usize = 80;

/// A body as a line for people: its keys and values, those of inner objects left out.
fn in_words(body: &Value) -> String {
    let Value::Object(fields) = body else {
        return String::new();
    };
    let words = fields.iter().filter_map(|(key, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Array(items) => {
                let items = items.iter().filter_map(Value::as_str);
                items.collect::<Vec<_>>().join(" ")
            }
            Value::Null | Value::Object(_) => return None,
        };
        let short: String = text.chars().take(LONGEST).collect();
        (!short.is_empty()).then(|| format!("{key}: {short}"))
    });
    words.collect::<Vec<_>>().join("; ")
}
