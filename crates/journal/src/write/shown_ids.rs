//! Ids of Bakkt's that were hidden because nobody knew the customer's values when they came.
//!
//! Owner of two ways out: what ids begin with that are kept already is no value of anybody, and an answer that comes when the values are
//! known replaces the stand-in. Left out: whether an id holds a value (`contract::masking`).

use rusqlite::params;

use crate::schema::hidden_codes::{HiddenKind, is_hidden_id};
use crate::write::journal::Journal;

/// Ids of so many accounts have to begin alike.
const ALIKE: usize = 10;

/// Ids that are looked at.
const LOOKED_AT: i64 = 100;

const IDS_OF_ACCOUNTS: &str =
    sql!("SELECT bakkt_id FROM task WHERE kind IN ({kind.any_account}) AND bakkt_id <> '' LIMIT ?");

const IDS_OF_DOCUMENTS: &str =
    sql!("SELECT bakkt_id FROM task WHERE kind = {kind.document} AND bakkt_id <> '' LIMIT ?");

/// The account's stand-in, and that of its update.
const SHOWN: &str = sql!(
    "UPDATE task SET bakkt_id = ?2 WHERE bakkt_id = ?3 AND (id = ?1
    OR kind IN ({kind.account_or_update}) AND record = (SELECT record FROM task WHERE id = ?1))"
);

impl Journal {
    /// How the ids of accounts begin, and those of documents, where those that are kept begin alike: with the same letters before the
    /// first mark, such as `acct-`.
    pub fn id_beginnings(&self) -> anyhow::Result<Vec<String>> {
        let mut beginnings = Vec::new();
        for sql in [IDS_OF_ACCOUNTS, IDS_OF_DOCUMENTS] {
            let mut statement = self.db.prepare(sql)?;
            let ids = statement.query_map([LOOKED_AT], |row| row.get::<_, String>(0))?;
            let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
            beginnings.extend(common_beginning(&ids));
        }
        Ok(beginnings)
    }

    /// Sets the id of a task's account in place of what stood for it, where that stood for this very id.
    pub(crate) fn show_id(&self, task: i64, id: &str) -> anyhow::Result<()> {
        if !is_hidden_id(id) {
            let hidden = self.code_key().hide(HiddenKind::Id, id);
            let mut statement = self.db.prepare_cached(SHOWN)?;
            statement.execute(params![task, id, hidden])?;
        }
        Ok(())
    }
}

fn common_beginning(ids: &[String]) -> Option<String> {
    let kept: Vec<&String> = ids.iter().filter(|id| !is_hidden_id(id)).collect();
    let first = kept.first().filter(|_| kept.len() >= ALIKE)?;
    let letters = first.find(|c: char| !c.is_ascii_alphabetic())?;
    let beginning = first.get(..=letters)?;
    let is_marked = beginning.ends_with(['-', '_', '.', ':']) && letters > 0;
    let is_common = is_marked && kept.iter().all(|id| id.starts_with(beginning));
    is_common.then(|| beginning.to_owned())
}

#[cfg(test)]
mod tests {
    use super::common_beginning;

    #[test]
    fn ids_of_many_accounts_that_begin_alike_tell_how() {
        let ids = |beginning: &str, count: usize| -> Vec<String> {
            (0..count).map(|n| format!("{beginning}{n}f3")).collect()
        };
        assert_eq!(common_beginning(&ids("bk-", 10)).as_deref(), Some("bk-"));
        assert_eq!(common_beginning(&ids("bk-", 9)), None);
        assert_eq!(common_beginning(&ids("", 20)), None);
        assert_eq!(common_beginning(&ids("bk", 20)), None);
        assert_eq!(common_beginning(&ids("0-", 20)), None);
        let mut two = ids("bk-", 10);
        two.push("id-0123456789".to_owned());
        assert_eq!(common_beginning(&two).as_deref(), Some("bk-"));
        two.push("ann-1".to_owned());
        assert_eq!(common_beginning(&two), None);
    }
}
