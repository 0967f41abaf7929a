//! Which customers of a backfill file must not be taken, because with them an account that Bakkt has could not be sent.
//!
//! Owner of this rule for what several records have together, such as an e-mail address that is set to block: only the new plan
//! shows it. Left out on purpose: what a record has alone, which is tried row by row (`planning::backfill_trial`).

use std::collections::{BTreeSet, HashSet};

use crate::write::journal::Journal;

impl Journal {
    /// Of the customers whom a file `touched`, those who belong to a group that blocks an account in the plan of `scratch` which
    /// Bakkt has and this plan sends.
    pub fn stopping_customers(
        &self,
        scratch: &Journal,
        touched: &HashSet<&str>,
    ) -> anyhow::Result<BTreeSet<String>> {
        let mut blocked = scratch.db.prepare(BLOCKED)?;
        let mut rows = blocked.query([])?;
        let mut groups: HashSet<(i64, i64)> = HashSet::new();
        let mut found = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (client_id, kind): (String, i64) = (row.get(0)?, row.get(1)?);
            let first: i64 = row.get(2)?;
            if groups.contains(&(kind, first)) {
                continue;
            }
            let own = self.records_of(&client_id)?;
            if own.iter().any(|record| record.at_bakkt && record.is_sent()) {
                groups.insert((kind, first));
            }
        }
        if groups.is_empty() {
            return Ok(found);
        }
        let mut members = scratch.db.prepare(MEMBERS)?;
        let mut rows = members.query([])?;
        while let Some(row) = rows.next()? {
            let client_id: String = row.get(2)?;
            if groups.contains(&(row.get(0)?, row.get(1)?)) && touched.contains(client_id.as_str())
            {
                found.insert(client_id);
            }
        }
        Ok(found)
    }
}

/// Records that a finding of several records blocks: the customer, the kind, and the first record of the group.
const BLOCKED: &str = sql!("SELECT r.client_id, f.kind, f.first FROM record r JOIN word w ON w.id = r.reason
    JOIN finding f ON f.record = r.id AND f.first <> 0 JOIN word k ON k.id = f.kind AND w.text = 'finding: ' || k.text
    WHERE r.verdict = {verdict.blocked} AND r.client_id IS NOT NULL");

/// Every member of a group.
const MEMBERS: &str =
    "SELECT f.kind, f.first, r.client_id FROM finding f JOIN record r ON r.id = f.record
    WHERE f.first <> 0 AND r.client_id IS NOT NULL";
