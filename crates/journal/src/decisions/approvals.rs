//! Approvals of plans, as entries of the chain: what was signed, and the signature.
//!
//! Nothing here is believed: `planning::approval` checks signatures and terms.

use rusqlite::params;
use serde_json::{Value, json};

use crate::chain::EntryKind;
use crate::write::journal::Journal;

/// An approval as it is stored.
#[derive(Clone, Debug)]
pub struct StoredApproval {
    /// The number of its entry.
    pub entry: u64,
    /// What was signed.
    pub text: String,
    /// The signature.
    pub signature: String,
}

impl Journal {
    /// Stores an approval; returns the number of its entry. `by` is the principal who signed.
    pub fn add_approval(
        &mut self,
        text: &str,
        signature: &str,
        by: &str,
        at: i64,
    ) -> anyhow::Result<u64> {
        let body = json!({"action": "approve", "by": by, "signature": signature, "text": text});
        Ok(self.append_entry(EntryKind::Approval, at, &body)?.entry)
    }

    /// Notes which approvals a run relies on, and what its runner signed.
    pub fn use_approvals(
        &mut self,
        entries: &[u64],
        text: &str,
        signature: &str,
        by: &str,
        at: i64,
    ) -> anyhow::Result<()> {
        let body = json!({
            "action": "run", "approvals": entries, "by": by, "signature": signature, "text": text,
        });
        self.append_entry(EntryKind::Approval, at, &body).map(drop)
    }

    /// Every approval, oldest first.
    pub fn approvals(&self) -> anyhow::Result<Vec<StoredApproval>> {
        let sql = "SELECT id, body FROM entry WHERE kind = ? ORDER BY id";
        let mut statement = self.db.prepare(sql)?;
        let mut rows = statement.query(params![EntryKind::Approval.word()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let body: Value = serde_json::from_str(&row.get::<_, String>(1)?).unwrap_or_default();
            let part = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
            if body["action"] == "approve" {
                found.push(StoredApproval {
                    entry: row.get::<_, i64>(0)?.unsigned_abs(),
                    text: part("text"),
                    signature: part("signature"),
                });
            }
        }
        Ok(found)
    }
}
