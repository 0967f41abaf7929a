//! The operator log: who decided what, when and why. It is only ever added to, and the report repeats it.
//!
//! Every decision of a person comes with an [`OperatorNote`], and every line has its entry in the chain. Left out: what the decisions do (`decisions`, `replan`).

use rusqlite::params;
use serde_json::json;

use crate::chain::{EntryKind, hashed_target};
use crate::write::journal::Journal;

/// Who decided, why and when.
#[derive(Clone, Copy, Debug)]
pub struct OperatorNote<'a> {
    /// Who decided.
    pub by: &'a str,
    /// Why; some decisions need no reason.
    pub reason: Option<&'a str>,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

impl OperatorNote<'_> {
    /// The reason, where a decision needs one.
    pub(crate) fn why(&self) -> &str {
        self.reason.unwrap_or_default()
    }
}

/// How many ids a line of the operator log names one by one.
const NAMED: usize = 20;

/// What a decision was for, in the words of the operator log.
pub(crate) fn target_of(ids: &[String]) -> String {
    match ids.len() {
        many if many > NAMED => format!("{many} ids, from {}", ids[0]),
        _ => ids.join(" "),
    }
}

impl Journal {
    pub(crate) fn log(
        &mut self,
        action: &str,
        target: &str,
        decided: OperatorNote<'_>,
        count: u64,
    ) -> anyhow::Result<()> {
        let OperatorNote { by, reason, at } = decided;
        self.db.execute(
            "INSERT INTO operator_log (at, action, target, reason, count, by) VALUES (?, ?, ?, ?, ?, ?)",
            params![at, action, target, reason, count as i64, by],
        )?;
        let body = json!({
            "row": self.db.last_insert_rowid(),
            "action": action,
            "target": hashed_target(&self.key, target),
            "reason": reason,
            "count": count,
            "by": by,
        });
        self.append_entry(EntryKind::Decision, at, &body)?;
        Ok(())
    }
}
