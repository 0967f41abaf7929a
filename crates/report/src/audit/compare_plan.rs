//! What the journal says of its plan against the plan's entry, and its counters against its rows.

use serde_json::Value;

use super::check::Audit;
use crate::text::rfc3339;
use bakkt_journal::Reader;
use bakkt_journal::chain::EntryKind;

impl Audit {
    /// The facts of the plan against the entry of the last plan.
    pub(super) fn compare_plan(&mut self, reader: &Reader) -> anyhow::Result<()> {
        let Some(last) = self.of_kind(EntryKind::Plan).pop() else {
            return Ok(());
        };
        let wrong = match reader.meta("plan")?.as_deref() {
            None => vec!["the journal does not say any more that anything is planned"],
            Some("planned") => other_facts(&last.value(), reader)?,
            // A new plan is being made, which has no entry yet.
            Some(_) => Vec::new(),
        };
        if !wrong.is_empty() {
            self.flaw(
                Some(last.id),
                format!(
                    "entry {} (plan, {}): {}",
                    last.id,
                    rfc3339(last.at),
                    wrong.join(", ")
                ),
            );
        }
        Ok(())
    }

    /// The journal's counters against its rows. Both change together, also in a run that was killed.
    pub(super) fn compare_counters(&mut self, reader: &Reader) -> anyhow::Result<()> {
        for what in reader.counts()?.disagreements {
            self.flaw(None, what);
        }
        Ok(())
    }
}

/// In what the journal's facts of its plan differ from an entry's.
fn other_facts(entry: &Value, reader: &Reader) -> anyhow::Result<Vec<&'static str>> {
    let mut wrong = Vec::new();
    let facts = [
        ("as_of", "the journal names another day of the plan"),
        ("mapper", "the journal names another version of the mapping"),
    ];
    for (key, what) in facts {
        if entry[key].as_str() != reader.meta(key)?.as_deref() {
            wrong.push(what);
        }
    }
    let inputs = reader.meta("inputs")?;
    let inputs = inputs.and_then(|text| serde_json::from_str(&text).ok());
    if entry["inputs"] != inputs.unwrap_or(Value::Null) {
        wrong.push("the journal names other inputs of the plan");
    }
    Ok(wrong)
}
