//! What reading back found: counted, and line by line. Left out: how a line looks in a file (`report`).

use crate::read::columns::{count, index, text, unsigned, word_of};
use crate::read::reader::Reader;
use crate::schema::codes::VERIFICATION_OUTCOMES;
use std::collections::BTreeMap;

/// How far reading back has come, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// The number of the last pass; 0: there was none.
    pub pass: u64,
    /// When it began.
    pub begun_at: Option<i64>,
    /// When it was over; `None`: it is not.
    pub done_at: Option<i64>,
    /// Accounts that Bakkt has accepted, former ones too.
    pub accounts: u64,
    /// Those of them that the last pass has not read yet, or that were sent something newer since.
    pub to_come: u64,
    /// Accounts by number of the result, whenever they were read; one that was never read is in none.
    pub results: [u64; 4],
    /// Why accounts could not be compared.
    pub reasons: BTreeMap<String, u64>,
    /// Documents that were looked at.
    pub documents: u64,
    /// Documents whose content was.
    pub content: u64,
    /// Differences by kind and path, of documents (true) and of accounts.
    pub differences: BTreeMap<(String, String, bool), u64>,
    /// The last reading.
    pub last_at: Option<i64>,
}

/// One account that was read back.
#[derive(Clone, Copy, Debug)]
pub struct VerificationLine<'a> {
    /// clientAccountId.
    pub client_id: Option<&'a str>,
    /// Of [`VERIFICATION_OUTCOMES`].
    pub result: &'static str,
    /// Why it could not be compared.
    pub reason: Option<&'a str>,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The pass that read it; 0: none.
    pub pass: u64,
    /// As Bakkt named it.
    pub status: Option<&'a str>,
    /// As Bakkt named it.
    pub mode: Option<&'a str>,
    /// canTradeCrypto, when it was told.
    pub can_trade: Option<bool>,
    /// Documents that were looked at.
    pub documents: u64,
    /// Documents whose content was.
    pub content: u64,
}

/// One difference.
#[derive(Clone, Copy, Debug)]
pub struct DifferenceLine<'a> {
    /// clientAccountId.
    pub client_id: Option<&'a str>,
    /// clientDocumentId; empty: of the account.
    pub document: &'a str,
    /// The contract path that differs.
    pub path: &'a str,
    /// missing, different, added, …
    pub kind: &'a str,
}

impl Reader {
    /// Everything counted about reading back.
    pub fn verification(&self) -> anyhow::Result<Verification> {
        let time = |key: &str| anyhow::Ok(self.meta(key)?.and_then(|text| text.parse().ok()));
        let mut all = Verification {
            pass: self.meta_count("verify_pass")?.unwrap_or(0),
            begun_at: time("verify_begun_at")?,
            done_at: time("verify_done_at")?,
            ..Verification::default()
        };
        let mut current = 0;
        self.walk(sql::READ, |row| {
            let newer: bool = row.get(1)?;
            let is_last = row.get::<_, i64>(0)? == all.pass as i64 && all.pass > 0;
            current += u64::from(is_last && !newer);
            all.last_at = all.last_at.max(Some(row.get(3)?));
            if let Some(count) = all.results.get_mut(index(row, 2)?) {
                *count += 1;
            }
            if let Some(reason) = text(row, 4)? {
                *all.reasons.entry(reason.to_owned()).or_default() += 1;
            }
            all.documents += unsigned(row.get(5)?);
            all.content += unsigned(row.get(6)?);
            Ok(())
        })?;
        (all.accounts, _) = self.accepted()?;
        all.to_come = all.accounts.saturating_sub(current);
        self.each_difference(|line| {
            let (kind, path) = (line.kind.to_owned(), line.path.to_owned());
            let key = (kind, path, !line.document.is_empty());
            *all.differences.entry(key).or_default() += 1;
            Ok(())
        })?;
        Ok(all)
    }

    /// Every account that was read back, in the order of the tasks.
    pub fn each_verification(
        &self,
        mut each: impl FnMut(VerificationLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::VERIFICATIONS, |row| {
            each(VerificationLine {
                client_id: text(row, 0)?,
                result: word_of(&VERIFICATION_OUTCOMES, index(row, 1)?),
                reason: text(row, 2)?,
                at: row.get(3)?,
                pass: count(row, 4)?,
                status: text(row, 5)?,
                mode: text(row, 6)?,
                can_trade: row.get(7)?,
                documents: count(row, 8)?,
                content: count(row, 9)?,
            })
        })
    }

    /// Every difference, in the order of the tasks.
    pub fn each_difference(
        &self,
        mut each: impl FnMut(DifferenceLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::DIFFERENCES, |row| {
            each(DifferenceLine {
                client_id: text(row, 0)?,
                document: text(row, 1)?.unwrap_or_default(),
                path: text(row, 2)?.unwrap_or_default(),
                kind: text(row, 3)?.unwrap_or_default(),
            })
        })
    }
}

/// The statements; only accounts that are accepted count, whatever was read of others before.
pub(crate) mod sql {
    pub const READ: &str = sql!(
        "SELECT v.pass, v.hash IS NOT NULL AND v.hash IS NOT t.hash, v.result, v.at, w.text, v.documents, v.content \
        FROM verification v CROSS JOIN task t ON t.id = v.task LEFT JOIN word w ON w.id = v.reason \
        WHERE t.kind IN ({kind.any_account}) AND t.state = {state.accepted}"
    );
    pub const VERIFICATIONS: &str = sql!(
        "SELECT coalesce(r.client_id, f.client_id), v.result, w.text, v.at, v.pass, v.status, v.mode, \
        v.can_trade, v.documents, v.content FROM verification v CROSS JOIN task t ON t.id = v.task AND t.state = {state.accepted} \
        LEFT JOIN record r ON r.id = t.record AND t.kind = {kind.account} LEFT JOIN former f ON f.task = t.id \
        LEFT JOIN word w ON w.id = v.reason ORDER BY v.task"
    );
    pub const DIFFERENCES: &str = sql!(
        "SELECT coalesce(r.client_id, f.client_id), d.document, p.text, k.text \
        FROM difference d CROSS JOIN task t ON t.id = d.task AND t.state = {state.accepted} \
        LEFT JOIN record r ON r.id = t.record AND t.kind = {kind.account} LEFT JOIN former f ON f.task = t.id \
        LEFT JOIN word p ON p.id = d.path LEFT JOIN word k ON k.id = d.kind ORDER BY d.task, d.document, d.path, d.kind"
    );
}

#[cfg(test)]
mod tests {
    use crate::read::reader::Reader;
    use crate::write::journal::Journal;
    use crate::write::verification::passes::VerificationScope;
    use crate::write::verification::results::{AccountState, Difference, VerifiedAccount};

    #[test]
    fn what_a_status_alone_no_longer_shows_is_gone() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut journal = Journal::open(folder.path())?;
        journal.db.execute_batch(
            sql!("INSERT INTO record (id, file, row, offset, length, client_id, verdict, gaps) VALUES (1, 1, 2, 0, 9, 'A1',{verdict.ready}, 0);
             INSERT INTO task (id, record, kind, state, last_at) VALUES (1, 1, {kind.account}, {state.accepted}, 500);"),
        )?;
        let scope = VerificationScope {
            status_only: true,
            ..VerificationScope::default()
        };
        let round = journal.begin_verification(None, &scope, 1)?;
        let read = |paths: &[&str]| VerifiedAccount {
            task: 1,
            at: 5,
            named: Some(AccountState::default()),
            bakkt_id: None,
            compared: Err("only the status was asked for"),
            documents: 0,
            content: 0,
            differences: paths
                .iter()
                .map(|path| Difference {
                    document: String::new(),
                    path: (*path).to_owned(),
                    kind: "different",
                })
                .collect(),
        };
        let all = ["id", "createdAt", "mode", "status", "canTradeCrypto"];
        for (paths, results) in [(&all[..], [0, 1, 0, 0]), (&[], [0, 0, 0, 1])] {
            journal.record_verified(&round, &[read(paths)])?;
            let found = Reader::open(&Journal::path(folder.path()))?.verification()?;
            assert_eq!(found.results, results);
            assert_eq!(found.differences.len(), paths.len());
        }
        Ok(())
    }
}
