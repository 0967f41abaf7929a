//! Sets of gaps: each distinct set is kept once, and its number with the records that have it.
//!
//! Owner of the table `gap_set`; the view `gap` shows the gaps of each record. A set with a gap in a row beside the record's
//! own belongs to that record alone, and so does every set once there are [`SHARED`] different ones, so that memory is bounded.
//! Every change of a record's gaps counts them (`schema::counters`). Left out: which gaps a record has.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};

use crate::write::journal::Journal;

/// So many sets are shared; there are a few thousand patterns in a large migration.
const SHARED: usize = 1 << 16;

/// One gap of a record. The order is that of the table's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeptGap {
    /// The word.
    pub(crate) path: i64,
    /// The word.
    pub(crate) reason: i64,
    /// File and row; 0 and 0: the record's own row.
    pub(crate) at: (i64, i64),
    /// W, H, G or O.
    pub(crate) level: Letter,
    /// open, waived
    pub(crate) is_open: bool,
    /// When a plan first had it.
    pub(crate) opened_at: i64,
}

/// A level's letter.
pub(crate) type Letter = char;

/// The numbers of the shared sets.
#[derive(Debug)]
pub(crate) struct GapSets {
    numbers: HashMap<Vec<KeptGap>, i64>,
    last: i64,
    /// What a set, or none, becomes with one gap more: the same change is made to many records.
    grown: HashMap<(Option<i64>, KeptGap), Option<GrownSet>>,
}

/// A set with one gap more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrownSet {
    pub(crate) set: i64,
    /// Gaps that it has.
    pub(crate) gaps: i64,
}

impl Journal {
    /// Gives a record these gaps instead of those that it has. Several with one path, reason and place are one.
    pub(crate) fn set_gaps(&mut self, record: i64, gaps: Vec<KeptGap>) -> anyhow::Result<()> {
        let before = self.gap_set_of(record)?;
        self.count_gaps(before, -1)?;
        if let Some(own) = before.filter(|set| *set < 0) {
            self.delete_set(own)?;
        }
        let set = self.gap_set(record, gaps)?;
        self.db
            .prepare_cached("UPDATE record SET gap_set = ?2, gaps = (SELECT count(*) FROM gap_set WHERE id = ?2) WHERE id = ?1")?
            .execute(params![record, set])?;
        self.count_gaps(set, 1)
    }

    /// The set of a record that had this one, and gets this gap; `None` when it has one with its path, reason and place. Counts
    /// the gap, and leaves it to the caller to give the record the set.
    pub(crate) fn grown_set(
        &mut self,
        record: i64,
        before: Option<i64>,
        gap: KeptGap,
    ) -> anyhow::Result<Option<GrownSet>> {
        let known = self.shared_sets()?.grown.get(&(before, gap)).copied();
        let grown = match known {
            Some(grown) => grown,
            None => self.grow(record, before, gap)?,
        };
        if grown.is_some() {
            let status = if gap.is_open { "open" } else { "waived" };
            let level = gap.level.to_string();
            self.counters.add_gap(gap.path, &level, status, 1);
        }
        Ok(grown)
    }

    fn grow(
        &mut self,
        record: i64,
        before: Option<i64>,
        gap: KeptGap,
    ) -> anyhow::Result<Option<GrownSet>> {
        let own = before.filter(|set| *set < 0);
        let mut gaps = before.map_or(Ok(Vec::new()), |set| self.gaps_in(set))?;
        let key = |gap: &KeptGap| (gap.path, gap.reason, gap.at);
        let is_there = gaps.iter().any(|other| key(other) == key(&gap));
        let grown = if is_there {
            None
        } else {
            gaps.push(gap);
            if let Some(own) = own {
                self.delete_set(own)?;
            }
            let count = gaps.len() as i64;
            let set = self.gap_set(record, gaps)?;
            set.map(|set| GrownSet { set, gaps: count })
        };
        // A set of this record alone says nothing about others.
        if own.is_none() && grown.is_none_or(|grown| grown.set > 0) {
            self.shared_sets()?.grown.insert((before, gap), grown);
        }
        Ok(grown)
    }

    fn delete_set(&self, set: i64) -> anyhow::Result<()> {
        let mut delete = self.db.prepare_cached("DELETE FROM gap_set WHERE id = ?")?;
        delete.execute([set])?;
        Ok(())
    }

    /// The gaps of a record.
    pub(crate) fn gaps_of(&self, record: i64) -> anyhow::Result<Vec<KeptGap>> {
        match self.gap_set_of(record)? {
            Some(set) => self.gaps_in(set),
            None => Ok(Vec::new()),
        }
    }

    /// The set of a record.
    pub(crate) fn gap_set_of(&self, record: i64) -> anyhow::Result<Option<i64>> {
        let mut statement = self
            .db
            .prepare_cached("SELECT gap_set FROM record WHERE id = ?")?;
        let set = statement.query_row([record], |row| row.get(0)).optional()?;
        Ok(set.flatten())
    }

    fn gaps_in(&self, set: i64) -> anyhow::Result<Vec<KeptGap>> {
        let mut statement = self.db.prepare_cached(
            "SELECT path, reason, file, row, level, status, opened_at FROM gap_set WHERE id = ?",
        )?;
        let rows = statement.query_map([set], kept)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Counts the gaps of a set as often as it is used more, or less.
    pub(crate) fn count_gaps(&mut self, set: Option<i64>, by: i64) -> anyhow::Result<()> {
        let Some(set) = set else {
            return Ok(());
        };
        let mut statement = self
            .db
            .prepare_cached("SELECT path, level, status FROM gap_set WHERE id = ?")?;
        let mut rows = statement.query([set])?;
        while let Some(row) = rows.next()? {
            let (level, status) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
            self.counters.add_gap(row.get(0)?, level, status, by);
        }
        Ok(())
    }

    /// Finds or adds the set of a record with these gaps. Counts nothing.
    pub(crate) fn gap_set(
        &mut self,
        record: i64,
        mut gaps: Vec<KeptGap>,
    ) -> anyhow::Result<Option<i64>> {
        if gaps.is_empty() {
            return Ok(None);
        }
        gaps.sort_unstable();
        gaps.dedup_by_key(|gap| (gap.path, gap.reason, gap.at));
        let is_own = gaps.iter().any(|gap| gap.at != (0, 0));
        let sets = self.shared_sets()?;
        if let Some(set) = sets.numbers.get(&gaps) {
            return Ok(Some(*set));
        }
        if is_own || sets.numbers.len() >= SHARED {
            self.add_set(-record, &gaps)?;
            return Ok(Some(-record));
        }
        sets.last += 1;
        let set = sets.last;
        sets.numbers.insert(gaps.clone(), set);
        self.add_set(set, &gaps)?;
        Ok(Some(set))
    }

    fn add_set(&self, set: i64, gaps: &[KeptGap]) -> anyhow::Result<()> {
        let mut insert = self
            .db
            .prepare_cached("INSERT INTO gap_set VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
        for gap in gaps {
            insert.execute(params![
                set,
                gap.path,
                gap.reason,
                gap.level.to_string(),
                if gap.is_open { "open" } else { "waived" },
                gap.at.0,
                gap.at.1,
                gap.opened_at
            ])?;
        }
        Ok(())
    }

    /// The shared sets, read when they are first asked for.
    fn shared_sets(&mut self) -> anyhow::Result<&mut GapSets> {
        let sets = match self.gap_sets.take() {
            Some(sets) => sets,
            None => self.read_sets()?,
        };
        Ok(self.gap_sets.insert(sets))
    }

    fn read_sets(&self) -> anyhow::Result<GapSets> {
        let mut sets = GapSets {
            numbers: HashMap::new(),
            last: 0,
            grown: HashMap::new(),
        };
        let mut statement = self.db.prepare(
            "SELECT path, reason, file, row, level, status, opened_at, id FROM gap_set WHERE id > 0 ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut gaps = Vec::new();
        while let Some(row) = rows.next()? {
            let set: i64 = row.get(7)?;
            if set != sets.last && !gaps.is_empty() {
                sets.numbers.insert(std::mem::take(&mut gaps), sets.last);
            }
            sets.last = set;
            gaps.push(kept(row)?);
        }
        if !gaps.is_empty() {
            sets.numbers.insert(gaps, sets.last);
        }
        Ok(sets)
    }
}

/// Seven columns: path, reason, file, row, level, status, when it was opened.
pub(crate) fn kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<KeptGap> {
    Ok(KeptGap {
        path: row.get(0)?,
        reason: row.get(1)?,
        at: (row.get(2)?, row.get(3)?),
        level: row.get_ref(4)?.as_str()?.chars().next().unwrap_or('G'),
        is_open: row.get_ref(5)?.as_str()? == "open",
        opened_at: row.get(6)?,
    })
}
