//! The counters of the journal: records by verdict, tasks by state, gaps by field, findings by kind, and what else
//! `status` shows.
//!
//! Owner of what the keys of the table `counter` mean, of adding to it, and of counting all rows again. A counter changes in
//! the transaction of the change that it counts; a new plan that is taken over counts everything once. A report counts all
//! rows again and compares. Left out: what the numbers come to (`read::counts`).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::schema::codes::kind;
use bakkt_model::state::State;

/// Milliseconds of the time in which accepted accounts are counted together.
pub(crate) const MINUTE: i64 = 60_000;

/// What a counter counts; its three numbers beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Counted {
    /// Records by verdict.
    Verdict(i64),
    /// Tasks by kind and state, and by the word of their code while they are held, refused or given up; 0: none.
    Task {
        /// Of the task.
        kind: i64,
        /// Of the task.
        state: i64,
        /// The word.
        code: i64,
    },
    /// Account tasks by how the account relates to the time before the migration.
    Existed(i64),
    /// Gaps by path, level (the letter's number) and status.
    Gap {
        /// The word.
        path: i64,
        /// Number of the letter.
        level: i64,
        /// 0 open, 1 anything else.
        status: i64,
    },
    /// Accepted accounts, former ones too, by the minute since 1970.
    AcceptedIn(i64),
    /// Records by file.
    RecordsOf(i64),
    /// Distinct joined rows by file.
    JoinedOf(i64),
    /// Findings by kind.
    Finding {
        /// The word.
        kind: i64,
        /// 0 customers, 1 groups of customers.
        what: i64,
    },
}

impl Counted {
    fn numbers(self) -> [i64; 4] {
        match self {
            Counted::Verdict(verdict) => [0, verdict, 0, 0],
            Counted::Task { kind, state, code } => [1, kind, state, code],
            Counted::Existed(existed) => [2, existed, 0, 0],
            Counted::Gap {
                path,
                level,
                status,
            } => [3, path, level, status],
            Counted::AcceptedIn(minute) => [4, minute, 0, 0],
            Counted::RecordsOf(file) => [5, file, 0, 0],
            Counted::JoinedOf(file) => [6, file, 0, 0],
            Counted::Finding { kind, what } => [7, kind, what, 0],
        }
    }

    fn of_numbers([what, a, b, c]: [i64; 4]) -> Option<Counted> {
        Some(match what {
            0 => Counted::Verdict(a),
            1 => Counted::Task {
                kind: a,
                state: b,
                code: c,
            },
            2 => Counted::Existed(a),
            3 => Counted::Gap {
                path: a,
                level: b,
                status: c,
            },
            4 => Counted::AcceptedIn(a),
            5 => Counted::RecordsOf(a),
            6 => Counted::JoinedOf(a),
            7 => Counted::Finding { kind: a, what: b },
            _ => return None,
        })
    }

    /// What a person calls it.
    pub(crate) fn group(self) -> &'static str {
        match self {
            Counted::Verdict(_) => "records by verdict",
            Counted::Task { .. } => "tasks by state",
            Counted::Existed(_) => "accounts that existed before",
            Counted::Gap { .. } => "gaps by field",
            Counted::AcceptedIn(_) => "accepted accounts by time",
            Counted::RecordsOf(_) => "records by file",
            Counted::JoinedOf(_) => "joined rows by file",
            Counted::Finding { .. } => "findings by kind",
        }
    }
}

/// What a row of `task` counts as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountedTask {
    pub(crate) kind: i64,
    pub(crate) state: i64,
    /// The word of its code.
    pub(crate) code: Option<i64>,
    pub(crate) existed: i64,
    pub(crate) last_at: Option<i64>,
}

/// Counts, or changes of counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters(BTreeMap<Counted, i64>);

impl Counters {
    /// Adds to one.
    pub(crate) fn add(&mut self, counted: Counted, by: i64) {
        *self.0.entry(counted).or_default() += by;
    }

    /// Adds a task, or takes it away.
    pub(crate) fn add_task(&mut self, task: CountedTask, by: i64) {
        let CountedTask {
            kind,
            state,
            code,
            existed,
            last_at,
        } = task;
        let stands = [State::Held, State::Refused, State::GaveUp].map(|state| state as i64);
        let code = code.filter(|_| stands.contains(&state)).unwrap_or_default();
        self.add(Counted::Task { kind, state, code }, by);
        if kind == kind::ACCOUNT {
            self.add(Counted::Existed(existed), by);
        }
        let is_account = kind == kind::ACCOUNT || kind == kind::FORMER_ACCOUNT;
        if let (true, true, Some(at)) = (is_account, state == State::Accepted as i64, last_at) {
            self.add(Counted::AcceptedIn(at.div_euclid(MINUTE)), by);
        }
    }

    /// Adds a gap, or takes it away.
    pub(crate) fn add_gap(&mut self, path: i64, level: &str, status: &str, by: i64) {
        let level = level
            .chars()
            .next()
            .map_or(0, |letter| i64::from(u32::from(letter)));
        let status = i64::from(status != "open");
        self.add(
            Counted::Gap {
                path,
                level,
                status,
            },
            by,
        );
    }

    /// One of them; 0 when nothing was counted.
    pub(crate) fn get(&self, counted: Counted) -> i64 {
        self.0.get(&counted).copied().unwrap_or_default()
    }

    /// All that are not 0, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Counted, i64)> + '_ {
        let all = self.0.iter().map(|(counted, count)| (*counted, *count));
        all.filter(|(_, count)| *count != 0)
    }

    /// Where other counters say something else than these, in words.
    pub(crate) fn disagreements(&self, stored: &Counters) -> Vec<String> {
        let mut groups: BTreeMap<&'static str, u64> = BTreeMap::new();
        let all: BTreeSet<Counted> = self
            .iter()
            .chain(stored.iter())
            .map(|(one, _)| one)
            .collect();
        for counted in all
            .iter()
            .filter(|one| self.get(**one) != stored.get(**one))
        {
            *groups.entry(counted.group()).or_default() += 1;
        }
        let words = |(group, count): (&str, u64)| {
            format!("counters of {group} that say something else than the rows: {count}")
        };
        groups.into_iter().map(words).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds these changes to the table, and forgets them.
    pub(crate) fn flush(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut add = db.prepare_cached(
            "INSERT INTO counter VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for (counted, by) in std::mem::take(&mut self.0) {
            if by != 0 {
                let [what, a, b, c] = counted.numbers();
                add.execute(params![what, a, b, c, by])?;
            }
        }
        Ok(())
    }

    /// What the table has.
    pub(crate) fn stored(db: &Connection) -> rusqlite::Result<Counters> {
        let mut counters = Counters::default();
        let mut statement = db.prepare("SELECT what, a, b, c, count FROM counter")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let numbers = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            if let Some(counted) = Counted::of_numbers(numbers) {
                counters.add(counted, row.get(4)?);
            }
        }
        Ok(counters)
    }

    /// Counts all rows.
    pub(crate) fn recounted(db: &Connection) -> rusqlite::Result<Counters> {
        let mut counters = Counters::default();
        let mut uses: BTreeMap<i64, i64> = BTreeMap::new();
        let mut records = db.prepare(sql::RECORDS)?;
        let mut rows = records.query([])?;
        while let Some(row) = rows.next()? {
            counters.add(Counted::Verdict(row.get(0)?), 1);
            counters.add(Counted::RecordsOf(row.get(1)?), 1);
            if let Some(set) = row.get::<_, Option<i64>>(2)?.filter(|set| *set > 0) {
                *uses.entry(set).or_default() += 1;
            }
        }
        let mut tasks = db.prepare(sql::TASKS)?;
        let mut rows = tasks.query([])?;
        while let Some(row) = rows.next()? {
            counters.add_task(task(row)?, 1);
        }
        counters.add_sets(db, &uses)?;
        // They are counted when a plan is whole.
        let is_whole =
            "SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'plan' AND value = 'planned')";
        if db.query_row(is_whole, [], |row| row.get(0))? {
            counters.add_joined(db)?;
            counters.add_findings(db, sql::FINDINGS, 1)?;
        }
        Ok(counters)
    }

    /// Adds the gaps of all sets: as often as each is used of those that may be used more than once, and once of those that the
    /// record has to which they belong.
    pub(crate) fn add_sets(
        &mut self,
        db: &Connection,
        uses: &BTreeMap<i64, i64>,
    ) -> rusqlite::Result<()> {
        let mut sets = db.prepare(sql::SETS)?;
        let mut rows = sets.query([])?;
        while let Some(row) = rows.next()? {
            let set: i64 = row.get(0)?;
            let count = match set {
                own if own < 0 => i64::from(row.get::<_, Option<i64>>(4)? == Some(own)),
                shared => uses.get(&shared).copied().unwrap_or_default(),
            };
            let (level, status) = (row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?);
            self.add_gap(row.get(1)?, level, status, count);
        }
        Ok(())
    }

    /// Adds the joined rows of each file; one that several records share counts once.
    pub(crate) fn add_joined(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let mut joined = db.prepare(sql::JOINED)?;
        let mut rows = joined.query([])?;
        while let Some(row) = rows.next()? {
            self.add(Counted::JoinedOf(row.get(0)?), row.get(1)?);
        }
        Ok(())
    }

    /// Adds findings, or takes them away. Several of one kind that a customer has count as one; what belongs to no customer is told
    /// apart by where it stands.
    pub(crate) fn add_findings(
        &mut self,
        db: &Connection,
        sql: &str,
        by: i64,
    ) -> rusqlite::Result<()> {
        let mut findings = db.prepare(sql)?;
        let mut rows = findings.query([])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let (record, kind): (i64, i64) = (row.get(0)?, row.get(1)?);
            let place: (i64, i64) = match record {
                0 => (row.get(3)?, row.get(4)?),
                _ => (0, 0),
            };
            if last.replace((record, kind, place)) == Some((record, kind, place)) {
                continue;
            }
            self.add(Counted::Finding { kind, what: 0 }, by);
            if record != 0 && row.get::<_, i64>(2)? == record {
                self.add(Counted::Finding { kind, what: 1 }, by);
            }
        }
        Ok(())
    }

    /// Whether there are counters of findings. A plan that is still being made has none, and neither has one of an earlier program.
    pub(crate) fn have_findings(&self) -> bool {
        let is_finding = |(counted, _)| matches!(counted, Counted::Finding { .. });
        self.iter().any(is_finding)
    }

    /// Counts all rows, and makes that the table's content.
    pub(crate) fn count_again(db: &Connection) -> rusqlite::Result<()> {
        let mut counters = Counters::recounted(db)?;
        db.execute("DELETE FROM counter", [])?;
        counters.flush(db)
    }
}

/// Five columns: kind, state, code, existed, the last change.
pub(crate) fn task(row: &rusqlite::Row<'_>) -> rusqlite::Result<CountedTask> {
    Ok(CountedTask {
        kind: row.get(0)?,
        state: row.get(1)?,
        code: row.get(2)?,
        existed: row.get(3)?,
        last_at: row.get(4)?,
    })
}

/// Statements over large tables; the last takes a temporary tree, of a file's rows that several records share.
pub(crate) mod sql {
    pub const RECORDS: &str = "SELECT verdict, file, gap_set FROM record";
    pub const TASKS: &str = "SELECT kind, state, code, existed, last_at FROM task";
    /// Five columns: the record, the kind, the first record of its group, the file and the row.
    pub const FINDINGS: &str =
        "SELECT record, kind, first, file, row FROM finding ORDER BY record, kind, path, file, row";
    /// The same of records that are forgotten.
    pub const FORGOTTEN_FINDINGS: &str = "SELECT record, kind, first, file, row FROM finding \
        WHERE record IN (SELECT id FROM temp.forgotten_record) ORDER BY record, kind, path, file, row";
    pub const SETS: &str = "SELECT s.id, s.path, s.level, s.status, r.gap_set \
        FROM gap_set s LEFT JOIN record r ON r.id = -s.id";
    pub const JOINED: &str = "SELECT file, count(DISTINCT offset) FROM part GROUP BY file";
}
