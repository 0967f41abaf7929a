//! What became of gaps that left the plan, and those of them that are still open at Bakkt: no update with the value was accepted.
//!
//! Owner of the rule whether a closed gap is closed at Bakkt, and since when ([`ClosureFate`]); counts, lists and the history follow
//! it. A gap of an account that Bakkt has is closed when Bakkt accepts an update after it left the plan. Until then it counts as
//! open wherever gaps are counted by what Bakkt has, also one that was waived before its value came. One that the plan has again
//! before that was never closed. One whose customer left the plan is no other, but for one that a person has waived: it stays
//! waived. Left out: gaps that the plan has (`gap_lines`, `gap_history`).

use std::collections::HashMap;

use rusqlite::{CachedStatement, Row};

use crate::read::columns::{Origin, text, unsigned};
use crate::read::reader::Reader;
use crate::schema::codes::EXISTED;
use crate::write::journal::REOPENED;
use bakkt_model::state::State;

/// The status of a gap that is closed in the plan, and not at Bakkt.
pub const NOT_AT_BAKKT: &str = "not at Bakkt yet";

/// The status of one that a person has let go.
pub(crate) const WAIVED: &str = "waived";

/// What became of a gap that left the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosureFate {
    /// Bakkt has the value since then, in milliseconds since 1970; of a customer whom it does not have, the plan has.
    Closed(i64),
    /// Bakkt still lacks it.
    Unsent,
    /// A later plan has it again since then, and Bakkt never had the value in between: it is one gap.
    OpenAgain(i64),
    /// It came after Bakkt had accepted the account and went again before anything was sent: Bakkt had the value all the time.
    OnlyInPlan,
    /// A person waived it at that time, and its customer left the plan: nobody brings the value any more.
    Waived(i64),
}

/// What is known of a gap that left the plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closure {
    pub(crate) closed_at: i64,
    opened_at: i64,
    /// When a later plan had it again.
    again_at: Option<i64>,
    /// When the account was accepted.
    accepted_at: Option<i64>,
    /// Whether Bakkt has the account with other bytes than the plan, or the plan sends it no longer.
    differs: bool,
    /// When it was waived, of a customer who left the plan.
    waived_at: Option<i64>,
    /// When the first update after it was accepted.
    updated_at: Option<i64>,
}

impl Closure {
    /// Six columns, but for the updates.
    pub(crate) fn read(
        row: &Row<'_>,
        from: usize,
        updated_at: Option<i64>,
    ) -> anyhow::Result<Closure> {
        Ok(Closure {
            closed_at: row.get(from)?,
            again_at: row.get(from + 1)?,
            accepted_at: row.get(from + 2)?,
            differs: row.get(from + 3)?,
            waived_at: row.get(from + 4)?,
            opened_at: row.get(from + 5)?,
            updated_at,
        })
    }

    /// Whether it was opened when Bakkt had the account already.
    fn is_younger(&self) -> bool {
        self.accepted_at.is_some_and(|at| at < self.opened_at)
    }

    pub(crate) fn fate(&self) -> ClosureFate {
        // The account went without the value if it was there before.
        let was_there = self.accepted_at.is_some_and(|at| at < self.closed_at);
        let arrived_at = match was_there {
            true => self.updated_at,
            false => self.accepted_at,
        };
        let is_at_bakkt = |by: i64| arrived_at.is_some_and(|at| at < by);
        let closed_at = match was_there {
            true => self.updated_at.unwrap_or(self.closed_at),
            false => self.closed_at,
        };
        match (self.again_at, self.waived_at) {
            (Some(again), _) if !is_at_bakkt(again) => ClosureFate::OpenAgain(again),
            (Some(_), _) => ClosureFate::Closed(closed_at),
            (None, waived_at) if was_there && self.differs && arrived_at.is_none() => {
                waived_at.map_or(ClosureFate::Unsent, ClosureFate::Waived)
            }
            (None, _) if was_there && arrived_at.is_none() && self.is_younger() => {
                ClosureFate::OnlyInPlan
            }
            (None, _) => ClosureFate::Closed(closed_at),
        }
    }
}

/// How many gaps that left the plan came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosureCounts {
    /// Closed, and so at Bakkt.
    pub closed: u64,
    /// Open at Bakkt.
    pub unsent: u64,
    /// Waived, of customers who left the plan.
    pub waived: u64,
}

/// A gap that left the plan and is still open at Bakkt.
#[derive(Debug)]
pub(crate) struct UnsentClosure<'a> {
    pub(crate) path: &'a str,
    pub(crate) level: &'a str,
    /// What it lacked, and why Bakkt does not have it yet.
    pub(crate) reason: &'a str,
    pub(crate) status: &'static str,
    pub(crate) opened_at: i64,
    pub(crate) waived_by: Option<&'a str>,
    pub(crate) waived_for: Option<&'a str>,
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

    /// Hands over those of a customer whose account Bakkt has with other bytes than the plan. Without a record the plan has the
    /// customer no longer.
    pub(crate) fn each(
        &mut self,
        (record, client_id): (Option<i64>, Option<&str>),
        accepted_at: Option<i64>,
        each: &mut dyn FnMut(UnsentClosure<'_>) -> anyhow::Result<()>,
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
            // While the plan has the customer, a value that came after all is sent as any other.
            let waived_by = match record {
                Some(_) => None,
                None => text(row, 6)?,
            };
            let reason = match (record, waived_by) {
                (Some(_), _) => format!("{lacked}; {}", why(row.get(4)?, row.get(5)?)),
                (None, None) => format!("{lacked}; {LEFT}"),
                (None, Some(_)) => lacked.to_owned(),
            };
            each(UnsentClosure {
                path: text(row, 0)?.unwrap_or_default(),
                level: text(row, 1)?.unwrap_or_default(),
                reason: &reason,
                status: match waived_by {
                    Some(_) => WAIVED,
                    None => NOT_AT_BAKKT,
                },
                opened_at: row.get(3)?,
                waived_by,
                waived_for: waived_by.and(text(row, 7)?),
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

    /// Whether gaps that left the plan can have come to anything but being closed then.
    fn may_be_otherwise(&self) -> anyhow::Result<bool> {
        Ok(self.may_have_unsent_closures()? || self.meta(REOPENED)?.as_deref() != Some("0"))
    }

    /// Every gap that left the plan: when it was opened, by which backfill file it was closed, and what became of it.
    pub(crate) fn each_closure(
        &self,
        mut each: impl FnMut(i64, i64, ClosureFate) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let updates = self.first_updates()?;
        if self.may_be_otherwise()? {
            return self.walk(sql::CLOSURES, |row| {
                let closure = Closure::read(row, 3, updates.get(row.get(0)?))?;
                each(row.get(1)?, row.get(2)?, closure.fate())
            });
        }
        // All are closed; only those that an update closed ended later than the plan says.
        let mut accepted = self.journal.prepare_cached(sql::ACCEPTED_AT)?;
        self.walk(sql::CLOSED, |row| {
            let (id, closed_at): (i64, i64) = (row.get(0)?, row.get(3)?);
            let mut ended_at = closed_at;
            if let Some(at) = updates.get(id) {
                let accepted_at: Option<i64> = accepted.query_row([id], |row| row.get(0))?;
                if accepted_at.is_some_and(|at| at < closed_at) {
                    ended_at = at;
                }
            }
            each(row.get(1)?, row.get(2)?, ClosureFate::Closed(ended_at))
        })
    }

    /// How many of them came to what.
    pub fn closures(&self) -> anyhow::Result<ClosureCounts> {
        let mut counts = ClosureCounts::default();
        if !self.may_be_otherwise()? {
            let sql = "SELECT count(*) FROM closed_gap";
            counts.closed = unsigned(self.journal.query_row(sql, [], |row| row.get(0))?);
            return Ok(counts);
        }
        self.each_closure(|_, _, fate| {
            match fate {
                ClosureFate::Closed(_) => counts.closed += 1,
                ClosureFate::Unsent => counts.unsent += 1,
                ClosureFate::Waived(_) => counts.waived += 1,
                ClosureFate::OpenAgain(_) | ClosureFate::OnlyInPlan => {}
            }
            Ok(())
        })?;
        Ok(counts)
    }

    /// When the first update was accepted after each gap left the plan.
    pub(crate) fn first_updates(&self) -> anyhow::Result<FirstUpdates> {
        let mut updates = FirstUpdates::default();
        self.walk(sql::FIRST_UPDATES, |row| {
            updates.add(row.get(0)?, row.get(1)?);
            Ok(())
        })?;
        Ok(updates)
    }
}

/// When the first update was accepted after each gap left the plan, by the number of the closed gap: eight bytes for each.
#[derive(Debug, Default)]
pub(crate) struct FirstUpdates(Vec<i64>);

impl FirstUpdates {
    /// Adds an update; they come in the order of time.
    fn add(&mut self, closure: i64, at: i64) {
        let Ok(place) = usize::try_from(closure) else {
            return;
        };
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        let first = &mut self.0[place];
        if *first == 0 {
            *first = at;
        }
    }

    pub(crate) fn get(&self, closure: i64) -> Option<i64> {
        let at = usize::try_from(closure)
            .ok()
            .and_then(|place| self.0.get(place));
        at.copied().filter(|at| *at != 0)
    }
}

/// When Bakkt accepted the account of the closed gap `c`.
macro_rules! account_accepted_at {
    () => {
        "coalesce((SELECT t.last_at FROM record r JOIN task t ON t.record = r.id AND t.kind = {kind.account} \
            WHERE r.client_id = c.client_id AND t.state = {state.accepted}), \
        (SELECT max(k.last_at) FROM former f JOIN task k ON k.id = f.task WHERE f.client_id = c.client_id))"
    };
}
pub(crate) use account_accepted_at;

/// Whether a gap in the place of the closed gap `c` is the same one again. Where owners are rows of an export and come in another
/// order, the gap of somebody else begins in the moment in which this one ends. One of a customer who had left the plan goes on.
macro_rules! is_again {
    ($gap:literal) => {
        concat!(
            "(",
            $gap,
            ".opened_at > c.closed_at OR ",
            $gap,
            ".opened_at = c.opened_at)"
        )
    };
}
pub(crate) use is_again;

/// Six columns of the closed gap `c`, for [`Closure`]: when it was closed, and was there again; when Bakkt accepted its account;
/// whether that differs from the plan; when it was waived, of a customer who left the plan; when it was opened.
macro_rules! fate_columns {
    () => {
        concat!(
            "c.closed_at, \
            coalesce((SELECT min(d.opened_at) FROM closed_gap d WHERE d.client_id = c.client_id AND d.path = c.path AND d.id > c.id AND ",
            is_again!("d"),
            "), (SELECT min(g.opened_at) FROM record r JOIN gap g ON g.record = r.id WHERE r.client_id = c.client_id AND g.path = c.path AND ",
            is_again!("g"),
            ")), ",
            account_accepted_at!(),
            ", NOT EXISTS (SELECT 1 FROM record r JOIN task t ON t.record = r.id AND t.kind = {kind.account} \
                WHERE r.client_id = c.client_id AND t.state = {state.accepted} AND t.hash IS r.hash), \
            CASE WHEN NOT EXISTS (SELECT 1 FROM record j WHERE j.client_id = c.client_id AND j.verdict IN ({verdict.judged})) \
                THEN (SELECT v.at FROM waiver v WHERE v.client_id = c.client_id AND v.path = c.path) END, c.opened_at"
        )
    };
}
pub(crate) use fate_columns;

/// Whether the closed gap `c` is the one to count: the plan does not have it again, and it was not closed later once more.
macro_rules! is_counted {
    () => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM record r JOIN gap g ON g.record = r.id WHERE r.client_id = c.client_id AND g.path = c.path AND ",
            is_again!("g"),
            ") AND NOT EXISTS (SELECT 1 FROM closed_gap d WHERE d.client_id = c.client_id AND d.path = c.path AND d.id > c.id AND ",
            is_again!("d"),
            ")"
        )
    };
}

/// The statements. Those over all closed gaps walk them by their number, so that SQLite sorts nothing.
pub(crate) mod sql {
    pub const FORMER: &str = sql!(
        "SELECT (SELECT name FROM file WHERE id = r.file), coalesce(r.row, 0), f.client_id, f.task, k.last_at \
        FROM former f JOIN task k ON k.id = f.task \
        LEFT JOIN record r ON r.id = (SELECT min(m.id) FROM record m WHERE m.client_id = f.client_id) \
        WHERE EXISTS (SELECT 1 FROM closed_gap c WHERE c.client_id = f.client_id) \
        AND NOT EXISTS (SELECT 1 FROM record j WHERE j.client_id = f.client_id AND j.verdict IN ({verdict.judged})) ORDER BY k.last_at / 86400000, f.task"
    );
    pub const CLOSED: &str = "SELECT id, opened_at, layer, closed_at FROM closed_gap ORDER BY id";
    pub const ACCEPTED_AT: &str = sql!(concat!(
        "SELECT ",
        account_accepted_at!(),
        " FROM closed_gap c WHERE c.id = ?"
    ));
    pub const CLOSURES: &str = sql!(concat!(
        "SELECT c.id, c.opened_at, c.layer, ",
        fate_columns!(),
        " FROM closed_gap c ORDER BY c.id"
    ));
    /// Updates in the order of time, each with the closed gaps of its customer that were closed before.
    pub const FIRST_UPDATES: &str = "SELECT c.id, u.at FROM sent_update u \
        CROSS JOIN closed_gap c ON c.client_id = u.client_id AND c.closed_at <= u.at ORDER BY u.id";
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
            (SELECT existed FROM task WHERE record = ?3 AND kind = {kind.account}), v.by, v.reason \
        FROM closed_gap c LEFT JOIN word p ON p.id = c.path LEFT JOIN word w ON w.id = c.reason \
        LEFT JOIN waiver v ON v.client_id = c.client_id AND v.path = c.path \
        WHERE c.client_id = ?1 AND c.closed_at > ?2 AND ",
        is_counted!(),
        " ORDER BY c.path"
    ));
}
