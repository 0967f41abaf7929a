//! Whether a journal and its chain fit each other, and a head from outside.
//!
//! In the order in which an auditor would look: what the database is made of, the chain itself, heads from outside, the operator
//! log against its entries, the runs against theirs, the plan against its own (`compare_plan`), and the rows against the last
//! checkpoint (`compare_rows`). The first flaw of each is named; so is what could not be checked, and why.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::alterations::{NO_CHAIN, flaw_words, other_target};
use super::heads::KeptHead;
use super::record::SHARD;
use crate::text::rfc3339;
use bakkt_journal::chain::{ChainCheck, ChainHead, ERASED, EntryKind, EntryRow, target_agrees};
use bakkt_journal::read::DecisionRow;
use bakkt_journal::{Journals, Reader};

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// The entry that does not fit, where it is one.
    pub entry: Option<u64>,
    /// What is wrong, in words.
    pub what: String,
}

/// What an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct AuditResult {
    /// How many entries the chain has.
    pub entries: u64,
    /// The last of them, as it is stored.
    pub head: ChainHead,
    /// The entry of the last checkpoint.
    pub checkpoint: Option<u64>,
    /// Rows that are as the checkpoint saw them.
    pub rows: u64,
    /// How many heads from outside are in the chain.
    pub heads: u64,
    /// What does not fit; the first one is where to begin.
    pub flaws: Vec<Flaw>,
    /// What could not be checked, and why.
    pub unchecked: Vec<String>,
}

/// Heads that were kept outside of the journal.
#[derive(Debug, Default)]
pub struct KeptHeads {
    /// Those that were kept together, which of several shards are one of each.
    pub together: Vec<Vec<KeptHead>>,
    /// They are for the journals of all shards: one that names no shard may be another's.
    pub are_for_all: bool,
}

/// Audits a journal. Of `heads` that were kept together, one has to be this journal's, unless they name other shards; `key` is the journal's, to compare what people decided about customers.
pub fn audit(
    reader: Reader,
    heads: &KeptHeads,
    key: Option<&[u8; 32]>,
) -> anyhow::Result<AuditResult> {
    let journals = Journals::from(reader);
    let [reader] = journals.readers() else {
        anyhow::bail!("an audit is of one journal");
    };
    let mut audit = Audit::default();
    for flaw in reader.schema_flaws()? {
        audit.flaw(
            None,
            format!("the journal is not as this program makes it: {flaw}"),
        );
    }
    audit.walk(reader)?;
    audit.compare_heads(heads, reader.meta(SHARD)?.as_deref());
    audit.compare_log(reader, key)?;
    audit.compare_runs(reader)?;
    audit.compare_forgotten(reader)?;
    audit.compare_plan(reader)?;
    audit.compare_checkpoints();
    audit.compare_rows(&journals, reader)?;
    audit.compare_counters(reader)?;
    Ok(AuditResult {
        entries: audit.entries.len() as u64,
        head: reader.chain_head()?,
        checkpoint: audit
            .checkpoint
            .as_ref()
            .map(|entry| entry.id.unsigned_abs()),
        rows: audit.rows,
        heads: audit.heads,
        flaws: audit.flaws,
        unchecked: audit.unchecked,
    })
}

/// An audit that goes on.
#[derive(Default)]
pub(super) struct Audit {
    pub(super) entries: Vec<EntryRow>,
    pub(super) checkpoint: Option<EntryRow>,
    pub(super) rows: u64,
    heads: u64,
    flaws: Vec<Flaw>,
    pub(super) unchecked: Vec<String>,
}

impl Audit {
    pub(super) fn flaw(&mut self, entry: Option<i64>, what: String) {
        let entry = entry.map(i64::unsigned_abs);
        self.flaws.push(Flaw { entry, what });
    }

    fn walk(&mut self, reader: &Reader) -> anyhow::Result<()> {
        let (mut check, mut first) = (ChainCheck::default(), None);
        reader.each_entry(|entry| {
            if let Some(flaw) = check.next(&entry)
                && first.is_none()
            {
                first = Some((entry.id, flaw_words(&entry, &flaw)));
            }
            if EntryKind::of(&entry.kind) == Some(EntryKind::Checkpoint) {
                self.checkpoint = Some(entry.clone());
            }
            self.entries.push(entry);
            Ok(())
        })?;
        match first {
            Some((entry, what)) => self.flaw(Some(entry), what),
            None if self.entries.is_empty() => self.flaw(None, NO_CHAIN.to_owned()),
            None => {}
        }
        Ok(())
    }

    pub(super) fn of_kind(&self, kind: EntryKind) -> Vec<EntryRow> {
        let wanted = self
            .entries
            .iter()
            .filter(|entry| entry.kind == kind.word());
        wanted.cloned().collect()
    }

    /// What the entry of an upgrade says of the time before.
    fn before(&self) -> Value {
        let upgrade = self.of_kind(EntryKind::Upgrade).into_iter().next();
        upgrade.map_or(Value::Null, |entry| entry.value())
    }

    fn compare_heads(&mut self, heads: &KeptHeads, shard: Option<&str>) {
        let (mut unnamed, mut is_any) = (0, false);
        for together in &heads.together {
            let names_it = together.iter().any(|kept| kept.shard.is_some());
            let own = |kept: &&KeptHead| !names_it || kept.shard.as_deref() == shard;
            let own: Vec<&ChainHead> = together.iter().filter(own).map(|kept| &kept.head).collect();
            let Some(first) = own.first() else {
                continue;
            };
            is_any = true;
            if own
                .iter()
                .any(|head| self.hash_of(head).as_ref() == Some(&head.hash))
            {
                self.heads += 1;
            } else if heads.are_for_all && !names_it {
                unnamed += 1;
            } else {
                self.flaw_of_head(first);
            }
        }
        if unnamed > 0 {
            self.unchecked.push(format!(
                "{unnamed} of the heads from outside name no shard and are not in this chain: another shard's, or this chain was computed anew; --shard with the number of theirs tells"
            ));
        } else if !is_any {
            let of_it = if heads.together.is_empty() {
                ""
            } else {
                " of this shard"
            };
            self.unchecked.push(format!(
                "there is no head from outside{of_it} (--head): whoever can write to the journal can compute a whole chain anew, and that would not show here"
            ));
        }
    }

    /// The hash of the entry that a head names, where there is one.
    fn hash_of(&self, head: &ChainHead) -> Option<String> {
        let mut entries = self.entries.iter();
        let found = entries.find(|entry| entry.id.unsigned_abs() == head.entry);
        found.map(|entry| bakkt_journal::chain::hex(&entry.hash))
    }

    fn flaw_of_head(&mut self, head: &ChainHead) {
        let last = self
            .entries
            .last()
            .map_or(0, |entry| entry.id.unsigned_abs());
        let entry = Some(head.entry.cast_signed());
        let what = match self.hash_of(head) {
            Some(_) => format!(
                "entry {} is not the one whose hash was kept outside: the chain was computed anew, or it is another migration's",
                head.entry
            ),
            None => format!(
                "entry {} was kept outside and is gone: the chain ends with entry {last}",
                head.entry
            ),
        };
        self.flaw(entry, what);
    }

    /// The operator log, line by line, against the entries of decisions.
    fn compare_log(&mut self, reader: &Reader, key: Option<&[u8; 32]>) -> anyhow::Result<()> {
        let (log, before) = (reader.decisions()?, self.before());
        let old = before["operator_log"]["rows"].as_u64().unwrap_or(0);
        if key.is_none() {
            self.unchecked.push(
                "the journal's key is gone: whom decisions were about cannot be compared"
                    .to_owned(),
            );
        }
        if let (Some(key), Some(root)) = (key, before["operator_log"]["root"].as_str())
            && reader.log_hashes(key, old)?.root()? != root
        {
            let entry = self
                .of_kind(EntryKind::Upgrade)
                .first()
                .map(|entry| entry.id);
            self.flaw(entry, format!(
                "the first {old} lines of the operator log are not those that the entry of the upgrade hashed"
            ));
        }
        let decisions = self.of_kind(EntryKind::Decision);
        let lines: BTreeMap<u64, &DecisionRow> = log.iter().map(|line| (line.line, line)).collect();
        let mut known = Vec::new();
        for entry in &decisions {
            let body = entry.value();
            let number = body["row"].as_u64().unwrap_or(0);
            known.push(number);
            let wrong = match lines.get(&number) {
                None => vec!["it is gone"],
                Some(line) => differs(entry, &body, line, key),
            };
            if !wrong.is_empty() {
                let by = body["by"]
                    .as_str()
                    .unwrap_or_default()
                    .escape_default()
                    .to_string();
                let action = body["action"]
                    .as_str()
                    .unwrap_or_default()
                    .escape_default()
                    .to_string();
                self.flaw(Some(entry.id), format!(
                    "entry {} (decision, {}): line {number} of the operator log does not fit \"{action}\" by {by}: {}",
                    entry.id,
                    rfc3339(entry.at),
                    wrong.join(", ")
                ));
                break;
            }
        }
        let extra = log
            .iter()
            .find(|line| line.line > old && !known.contains(&line.line));
        if let Some(line) = extra {
            self.flaw(
                None,
                format!("line {} of the operator log has no entry", line.line),
            );
        }
        let first = log.iter().filter(|line| line.line <= old).count() as u64;
        if first < old && before["operator_log"]["root"].is_string() && key.is_none() {
            self.flaw(
                None,
                format!("the operator log has {first} lines of the {old} from before the chain"),
            );
        }
        Ok(())
    }

    /// Who was forgotten, against the entries: a plan sends whoever is not noted any more.
    fn compare_forgotten(&mut self, reader: &Reader) -> anyhow::Result<()> {
        let noted = reader.forgotten()?;
        let forgotten = self.of_kind(EntryKind::Forget).into_iter();
        let missing = forgotten.filter(|entry| {
            let body = entry.value();
            let customer = body["customer"].as_str();
            let customer = customer.map(|hash| format!("{ERASED}{hash}"));
            let form = body["form"].as_str().map(str::to_owned);
            customer
                .into_iter()
                .chain(form)
                .any(|row| !noted.contains(&row))
        });
        if let Some(entry) = missing.into_iter().next() {
            self.flaw(
                Some(entry.id),
                format!(
                    "entry {} (forget): this customer is not noted as forgotten any more",
                    entry.id
                ),
            );
        }
        Ok(())
    }

    /// The runs against their entries.
    fn compare_runs(&mut self, reader: &Reader) -> anyhow::Result<()> {
        let (rows, old) = (reader.runs()?, self.before()["runs"].as_u64().unwrap_or(0));
        let (begun, ended) = (
            self.of_kind(EntryKind::Run),
            self.of_kind(EntryKind::RunEnd),
        );
        for entry in &begun {
            let number = entry.value()["run"].as_u64().unwrap_or(0);
            let row = rows.iter().find(|row| row.id == number);
            let end = ended
                .iter()
                .find(|end| end.value()["run"].as_u64() == Some(number));
            let what = match (row, end) {
                (None, _) => Some("is not among the runs any more"),
                (Some(row), _) if row.at != entry.at => Some("began at another time"),
                (Some(row), Some(end)) if row.ended != Some(end.at) => {
                    Some("ended at another time")
                }
                (Some(row), Some(end))
                    if row.outcome.as_deref() != end.value()["outcome"].as_str() =>
                {
                    Some("ended otherwise")
                }
                (Some(row), None) if row.ended.is_some() => Some("has no end in the chain"),
                _ => None,
            };
            if let Some(what) = what {
                self.flaw(
                    Some(entry.id),
                    format!("entry {} (run): run {number} {what}", entry.id),
                );
                break;
            }
        }
        let known = |id: u64| {
            begun
                .iter()
                .any(|entry| entry.value()["run"].as_u64() == Some(id))
        };
        if let Some(row) = rows.iter().find(|row| row.id > old && !known(row.id)) {
            self.flaw(None, format!("run {} has no entry", row.id));
        }
        if let Some(last) = begun.last() {
            for what in other_target(reader, last)? {
                self.flaw(Some(last.id), what);
            }
        }
        Ok(())
    }
}

/// In what a line of the operator log differs from its entry.
fn differs(
    entry: &EntryRow,
    body: &Value,
    line: &DecisionRow,
    key: Option<&[u8; 32]>,
) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: &'static str| {
        if !holds {
            wrong.push(what);
        }
    };
    must(line.at == entry.at, "another time");
    must(
        body["action"].as_str() == Some(&line.action),
        "another action",
    );
    must(body["by"].as_str() == line.by.as_deref(), "another name");
    must(
        body["reason"].as_str() == line.reason.as_deref(),
        "another reason",
    );
    must(body["count"].as_u64() == Some(line.count), "another number");
    if let Some(key) = key {
        let hashed = body["target"].as_str().unwrap_or_default();
        must(target_agrees(key, &line.target, hashed), "about others");
    }
    wrong
}
