//! The hash of a plan: of everything that would be sent, and of what made it so.
//!
//! It is made of keyed hashes, so it tells nothing of a customer, and of nothing that changes while the plan is sent: the same plan
//! has the same hash before, while and after it is sent. Another row, document, mapping or policy, a customer who is left out, and an
//! update that is planned give another one.

use blake3::Hasher;
use rusqlite::types::ValueRef;

use crate::write::journal::Journal;

/// Part of every such hash: another form of it needs another text.
const FORM: &str = "bakkt-migrate 2026-11 hash of a plan";

/// The records that get or got an update. Looked up for all of them at once: for each record, all updates that were sent would be gone
/// through.
const UPDATED: &str = sql!(
    "DROP TABLE IF EXISTS temp.updated;
    CREATE TEMP TABLE updated (record INTEGER PRIMARY KEY);
    INSERT OR IGNORE INTO temp.updated SELECT record FROM task WHERE kind = {kind.update};
    INSERT OR IGNORE INTO temp.updated
        SELECT r.id FROM sent_update u CROSS JOIN record r ON r.client_id = u.client_id AND r.hash = u.hash;"
);

/// What is hashed, in this order: a name, and its rows.
const PARTS: [(&str, &str); 6] = [
    (
        "facts",
        "SELECT key, value FROM meta WHERE key IN ('as_of', 'mapper', 'findings_block') ORDER BY key",
    ),
    ("fingerprints", "SELECT name, hash FROM fingerprint ORDER BY name"),
    ("policy", "SELECT path, level, reason FROM policy ORDER BY path"),
    (
        "records",
        "SELECT r.id, f.name, r.row, r.client_id, r.verdict, r.hash,
                EXISTS (SELECT 1 FROM temp.updated u WHERE u.record = r.id)
             FROM record r LEFT JOIN file f ON f.id = r.file ORDER BY r.id",
    ),
    (
        "documents",
        "SELECT d.id, d.record, d.place, t.text, s.text, d.proves, d.size, d.uuid, d.verdict, d.hash
         FROM document d LEFT JOIN word t ON t.id = d.type LEFT JOIN word s ON s.id = d.side ORDER BY d.id",
    ),
    (
        "custody",
        "SELECT client_id, kind, item, hash FROM custody_task WHERE record IS NOT NULL ORDER BY client_id, kind, item",
    ),
];

impl Journal {
    /// The hash of the plan, as hexadecimal digits. `also` are settings that change what is sent and are no part of the plan.
    pub fn plan_hash(&self, also: &[(&str, &str)]) -> anyhow::Result<String> {
        let mut hash = Hasher::new_derive_key(FORM);
        for (name, value) in also {
            add(&mut hash, name.as_bytes());
            add(&mut hash, value.as_bytes());
        }
        self.db.execute_batch(UPDATED)?;
        for (name, sql) in PARTS {
            add(&mut hash, name.as_bytes());
            let mut statement = self.db.prepare(sql)?;
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    match row.get_ref(column)? {
                        ValueRef::Null => add(&mut hash, b"-"),
                        ValueRef::Integer(number) => add(&mut hash, number.to_string().as_bytes()),
                        ValueRef::Real(number) => add(&mut hash, &number.to_be_bytes()),
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => add(&mut hash, bytes),
                    }
                }
            }
        }
        self.db.execute_batch("DROP TABLE temp.updated")?;
        Ok(hash.finalize().to_hex().to_string())
    }

    /// Accounts that were sent or are being sent, those of earlier plans among them, and those whose task a decision or a new plan
    /// has taken out since.
    pub fn accounts_begun(&self) -> anyhow::Result<u64> {
        let count: i64 = self.db.query_row(BEGUN, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// Accounts and updates that were sent, or are being sent, since then: also who had been sent before.
    pub fn accounts_sent_since(&self, at: i64) -> anyhow::Result<u64> {
        let count: i64 = self.db.query_row(SENT_SINCE, [at], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

/// What was taken out and is sent again counts once.
const BEGUN: &str = sql!(
    "SELECT (SELECT count(*) FROM task WHERE kind IN ({kind.any_account}, {kind.update}) AND attempts > 0)
     + (SELECT count(*) FROM (SELECT DISTINCT s.kind, s.client_id FROM set_aside s WHERE s.gone AND s.kind IN ({kind.account_or_update})
        AND NOT EXISTS (SELECT 1 FROM record r JOIN task t ON t.record = r.id WHERE r.client_id = s.client_id AND t.kind = s.kind AND t.attempts > 0)))"
);

/// A customer counts once, also when their task was made anew in between.
const SENT_SINCE: &str = sql!(
    "SELECT count(*) FROM (SELECT DISTINCT coalesce(t.kind, s.kind) = {kind.update}, coalesce(r.client_id, f.client_id, s.client_id)
     FROM attempt a LEFT JOIN task t ON t.id = a.task LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = a.task
     LEFT JOIN (SELECT DISTINCT task, kind, client_id FROM set_aside WHERE kind IN ({kind.account_or_update})) s ON s.task = a.task AND t.id IS NULL
     WHERE a.at >= ? AND a.outcome IS NOT coalesce((SELECT id FROM word WHERE text = 'not sent'), -1) AND coalesce(t.kind, s.kind) IN ({kind.any_account}, {kind.update}))"
);

/// Adds a value after its length, so that no two rows of values give the same bytes.
fn add(hash: &mut Hasher, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use crate::write::PlannedRow;
    use crate::write::journal::Journal;
    use bakkt_model::verdict::Verdict;

    /// Two customers who are sent, and a row of nobody that is not.
    fn planned(folder: &std::path::Path) -> anyhow::Result<Journal> {
        let mut journal = Journal::open(folder)?;
        journal.begin_plan("2026-11-30")?;
        let file = journal.add_file("export.csv", "accounts")?;
        let row = |client_id, hash| PlannedRow {
            file,
            row: 2,
            offset: 0,
            length: 1,
            client_id,
            verdict: match hash {
                Some(_) => Verdict::Ready,
                None => Verdict::Blocked,
            },
            reason: None,
            hash,
            fixed: None,
            person: None,
            agreements: None,
            owners: None,
            carried: None,
            gaps: &[],
            parts: &[],
            elements: &[],
        };
        let rows = [
            row(Some("A-1"), Some(&[1; 16])),
            row(Some("A-2"), Some(&[2; 16])),
            row(None, None),
        ];
        journal.add_rows((1..).zip(rows))?;
        journal.finish_plan(&[], &[], &[])?;
        Ok(journal)
    }

    #[test]
    fn an_update_counts_alike_before_and_after_it_is_sent() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let journal = planned(folder.path())?;
        let change = |sql: &str| journal.db.execute(sql, []);
        let without = journal.plan_hash(&[])?;
        change(sql!(
            "UPDATE task SET kind = {kind.update} WHERE record = 2"
        ))?;
        let planned = journal.plan_hash(&[])?;
        assert_ne!(planned, without);
        change(sql!(
            "UPDATE task SET kind = {kind.account} WHERE record = 2"
        ))?;
        change(
            "INSERT INTO sent_update (client_id, at, hash) SELECT client_id, 1, hash FROM record WHERE id = 2",
        )?;
        assert_eq!(journal.plan_hash(&[])?, planned);
        change("UPDATE sent_update SET hash = x'00'")?;
        assert_eq!(journal.plan_hash(&[])?, without);
        Ok(())
    }
}
