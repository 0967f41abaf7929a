//! Gaps that are closed in the plan and still open at Bakkt: no update with the value was accepted.
//!
//! Owner of the rule whether a closed gap is closed at Bakkt: Bakkt has the account with other bytes than the plan, and accepted
//! neither the account nor an update of it since the gap was closed. Such a gap counts as open wherever gaps are counted by what
//! Bakkt has. One whose customer left the plan is no other. Left out of that: one that the plan has again, and one that was waived.

use std::collections::HashMap;

use rusqlite::CachedStatement;

use crate::read::columns::{Origin, text, unsigned};
use crate::read::reader::Reader;
use crate::schema::codes::EXISTED;
use bakkt_model::state::State;

/// The status of a gap that is closed in the plan, and not at Bakkt.
pub const NOT_AT_BAKKT: &str = "not at Bakkt yet";

/// A closed gap that is still open at Bakkt.
#[derive(Debug)]
pub(crate) struct UnsentClosure<'a> {
    pub(crate) path: &'a str,
    pub(crate) level: &'a str,
    /// What it lacked, and why Bakkt does not have it yet.
    pub(crate) reason: &'a str,
    pub(crate) opened_at: i64,
}

/// Finds them, customer by customer.
pub(crate) struct UnsentClosures<'r> {
    /// When the last update of an account was accepted, of those that differ now.
    last_updates: HashMap<String, i64>,
    statement: CachedStatement<'r>,
}

impl<'r> UnsentClosures<'r> {
    pub(crate) fn new(reader: &'r Reader) -> anyhow::Result<UnsentClosures<'r>> {
        let mut last_updates = HashMap::new();
        if reader.may_have_unsent_closures()? {
            reader.walk(sql::LAST_UPDATES, |row| {
                last_updates.insert(row.get(0)?, row.get(1)?);
                Ok(())
            })?;
        }
        Ok(UnsentClosures {
            last_updates,
            statement: reader.journal.prepare_cached(sql::UNSENT_OF)?,
        })
    }

    /// Whether Bakkt still has a gap that was closed at this time. `accepted_at` is when the account was accepted; none: Bakkt has
    /// no such account, or has it as the plan does.
    pub(crate) fn waits(&self, client_id: &str, accepted_at: Option<i64>, closed_at: i64) -> bool {
        accepted_at.is_some_and(|at| at < closed_at)
            && self
                .last_updates
                .get(client_id)
                .is_none_or(|at| *at < closed_at)
    }

    /// Hands over those of a customer whose account Bakkt has with other bytes than the plan. Without a record the plan has the
    /// customer no longer.
    pub(crate) fn each(
        &mut self,
        (record, client_id): (Option<i64>, Option<&str>),
        accepted_at: Option<i64>,
        mut each: impl FnMut(UnsentClosure<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (Some(client_id), Some(accepted)) = (client_id, accepted_at) else {
            return Ok(());
        };
        let last = self
            .last_updates
            .get(client_id)
            .copied()
            .unwrap_or(i64::MIN);
        let since = last.max(accepted);
        let mut rows = self.statement.query((client_id, since, record))?;
        while let Some(row) = rows.next()? {
            let lacked = text(row, 2)?.unwrap_or_default();
            let why = match record {
                Some(_) => why(row.get(4)?, row.get(5)?),
                None => LEFT,
            };
            let reason = format!("{lacked}; {why}");
            each(UnsentClosure {
                path: text(row, 0)?.unwrap_or_default(),
                level: text(row, 1)?.unwrap_or_default(),
                reason: &reason,
                opened_at: row.get(3)?,
            })?;
        }
        Ok(())
    }
}

/// What is said of the gaps of customers who are in no row that is sent.
const LEFT: &str = "Bakkt has the account, and the plan no longer sends this customer: put the row back and replan, or hand the value to Bakkt by another way";

/// Why Bakkt does not have the value, and what to do, by the state of the update and how the account relates to the time before.
fn why(update: Option<i64>, existed: Option<i64>) -> &'static str {
    let is_left_alone =
        existed.and_then(|number| EXISTED.get(usize::try_from(number).ok()?)) == Some(&"different");
    match update.and_then(State::from_number) {
        Some(State::Refused | State::GaveUp) => {
            "the value is known, but its update was not accepted: see refused.csv, correct it and replan, or retry"
        }
        Some(_) => "the value is known, and its update is still to be sent: run sends it",
        None if is_left_alone => {
            "the value is known, but the account existed before and is left as it is"
        }
        None => {
            "the value is known, but no update is planned: see restricted.csv and agreements.csv, or replan with --update-accepted"
        }
    }
}

/// An account that Bakkt has, and that no row of the plan sends.
#[derive(Debug)]
pub(crate) struct FormerCustomer {
    /// The number of its task, below zero: no record has it.
    pub(crate) number: i64,
    /// Where the customer stands in the export, if there is a row that is not sent.
    file: Option<String>,
    row: u64,
    client_id: String,
    pub(crate) accepted_at: Option<i64>,
}

impl FormerCustomer {
    /// Where its gaps come from.
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin {
            file: self.file.as_deref(),
            row: self.row,
            client_id: Some(&self.client_id),
        }
    }
}

impl Reader {
    /// Those of these accounts that may have gaps, by the day on which they were accepted. They are few.
    pub(crate) fn former_customers(&self) -> anyhow::Result<Vec<FormerCustomer>> {
        if !self.may_have_unsent_closures()? {
            return Ok(Vec::new());
        }
        self.all(sql::FORMER, |row| {
            Ok(FormerCustomer {
                file: row.get(0)?,
                row: unsigned(row.get(1)?),
                client_id: row.get(2)?,
                number: -row.get::<_, i64>(3)?,
                accepted_at: row.get(4)?,
            })
        })
    }

    /// Whether there can be closed gaps that Bakkt still has: gaps were closed, and Bakkt has an account that the plan has
    /// otherwise, or no longer sends.
    pub(crate) fn may_have_unsent_closures(&self) -> anyhow::Result<bool> {
        let has = |sql: &str| -> anyhow::Result<bool> {
            Ok(self.journal.query_row(sql, [], |row| row.get(0))?)
        };
        Ok(has("SELECT EXISTS (SELECT 1 FROM closed_gap)")?
            && (self.may_differ()? || has("SELECT EXISTS (SELECT 1 FROM former)")?))
    }

    /// Whether customers came back into the plan with gaps that went on: their closures are none.
    fn has_returned_gaps(&self) -> anyhow::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'gaps_returned')";
        Ok(self.journal.query_row(sql, [], |row| row.get(0))?)
    }

    /// Every closed gap: when it was opened and closed, by which backfill file, and whether Bakkt still has it.
    pub(crate) fn each_closure(
        &self,
        mut each: impl FnMut(i64, i64, i64, bool) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        if !self.may_have_unsent_closures()? && !self.has_returned_gaps()? {
            return self.walk(sql::CLOSED, |row| {
                each(row.get(0)?, row.get(1)?, row.get(2)?, false)
            });
        }
        let unsent = UnsentClosures::new(self)?;
        self.walk(sql::CLOSED_AND_UNSENT, |row| {
            if row.get(5)? {
                return Ok(());
            }
            let (client_id, closed_at) = (text(row, 3)?.unwrap_or_default(), row.get(1)?);
            let waits = unsent.waits(client_id, row.get(4)?, closed_at);
            each(row.get(0)?, closed_at, row.get(2)?, waits)
        })
    }

    /// How many gaps were closed and are so at Bakkt, and how many of those that were closed it still has.
    pub fn closures(&self) -> anyhow::Result<(u64, u64)> {
        let sql = "SELECT count(*) FROM closed_gap";
        let closed = unsigned(self.journal.query_row(sql, [], |row| row.get(0))?);
        if !self.may_have_unsent_closures()? && !self.has_returned_gaps()? {
            return Ok((closed, 0));
        }
        let (mut sent, mut unsent) = (0, 0);
        self.each_closure(|_, _, _, waits| {
            sent += u64::from(!waits);
            unsent += u64::from(waits);
            Ok(())
        })?;
        Ok((sent, unsent))
    }
}

/// When Bakkt accepted the account of the closed gap `c`; NULL where it has the account as the plan does, or has none.
macro_rules! accepted_with_other_bytes {
    () => {
        "coalesce((SELECT t.last_at FROM record r JOIN task t ON t.record = r.id AND t.kind = {kind.account} \
            WHERE r.client_id = c.client_id AND t.state = {state.accepted} AND t.hash IS NOT r.hash), \
        (SELECT max(k.last_at) FROM former f JOIN task k ON k.id = f.task WHERE f.client_id = c.client_id))"
    };
}
pub(crate) use accepted_with_other_bytes;

/// Whether the closed gap `c` is the one to count: the plan does not have it again, nobody waived it, it was not closed later once more.
macro_rules! is_counted {
    () => {
        "NOT EXISTS (SELECT 1 FROM record r JOIN gap g ON g.record = r.id WHERE r.client_id = c.client_id AND g.path = c.path) \
        AND NOT EXISTS (SELECT 1 FROM waiver v WHERE v.client_id = c.client_id AND v.path = c.path) \
        AND NOT EXISTS (SELECT 1 FROM closed_gap d WHERE d.client_id = c.client_id AND d.path = c.path AND d.id > c.id)"
    };
}

/// Whether the closed gap `c` was open all the time: its customer left the plan and came back with it, or with one that was closed later.
macro_rules! went_on {
    () => {
        "(c.opened_at > 0 AND (EXISTS (SELECT 1 FROM record r JOIN gap g ON g.record = r.id \
            WHERE r.client_id = c.client_id AND g.path = c.path AND g.opened_at = c.opened_at) \
        OR EXISTS (SELECT 1 FROM closed_gap d WHERE d.client_id = c.client_id AND d.path = c.path AND d.opened_at = c.opened_at AND d.id > c.id)))"
    };
}
pub(crate) use went_on;

/// The statements. Those over all closed gaps walk them by their number, so that SQLite sorts nothing.
pub(crate) mod sql {
    pub const FORMER: &str = sql!(
        "SELECT (SELECT name FROM file WHERE id = r.file), coalesce(r.row, 0), f.client_id, f.task, k.last_at \
        FROM former f JOIN task k ON k.id = f.task \
        LEFT JOIN record r ON r.id = (SELECT min(m.id) FROM record m WHERE m.client_id = f.client_id) \
        WHERE EXISTS (SELECT 1 FROM closed_gap c WHERE c.client_id = f.client_id) \
        AND NOT EXISTS (SELECT 1 FROM record j WHERE j.client_id = f.client_id AND j.verdict IN ({verdict.judged})) ORDER BY k.last_at / 86400000, f.task"
    );
    pub const CLOSED: &str = "SELECT opened_at, closed_at, layer FROM closed_gap";
    pub const CLOSED_AND_UNSENT: &str = sql!(concat!(
        "SELECT c.opened_at, c.closed_at, c.layer, c.client_id, CASE WHEN ",
        is_counted!(),
        " THEN ",
        accepted_with_other_bytes!(),
        " END, ",
        went_on!(),
        " FROM closed_gap c ORDER BY c.id"
    ));
    /// Updates of accounts that the plan has otherwise by now, the last of each account last.
    pub const LAST_UPDATES: &str = sql!(
        "SELECT u.client_id, u.at FROM sent_update u WHERE EXISTS (SELECT 1 FROM former f WHERE f.client_id = u.client_id) \
        OR EXISTS (SELECT 1 FROM record r JOIN task t ON t.record = r.id AND t.kind = {kind.account} \
            WHERE r.client_id = u.client_id AND t.hash IS NOT r.hash) ORDER BY u.id"
    );
    /// Of one customer: a handful.
    pub const UNSENT_OF: &str = sql!(concat!(
        "SELECT p.text, c.level, w.text, c.opened_at, \
            (SELECT state FROM task WHERE record = ?3 AND kind = {kind.update}), \
            (SELECT existed FROM task WHERE record = ?3 AND kind = {kind.account}) \
        FROM closed_gap c LEFT JOIN word p ON p.id = c.path LEFT JOIN word w ON w.id = c.reason \
        WHERE c.client_id = ?1 AND c.closed_at > ?2 AND ",
        is_counted!(),
        " ORDER BY c.path"
    ));
}
