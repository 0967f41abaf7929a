//! What each row of a new backfill file would do, before anything is taken.
//!
//! Owner of the decision which rows are left out: those of customers whom the plan does not read, those that would change
//! what an update may not change, those with which an account that Bakkt has could not be sent any more. Looks at the plan
//! that is, and changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::Context;

use bakkt_journal::Journal;
use bakkt_journal::read::{DISAGREEING, RESTRICTED, UNSENDABLE};
use bakkt_journal::replan::{KnownRecord, RowElement, SkippedRow};
use bakkt_mapping::pipeline::layers::{
    NEVER_SENT, NO_ELEMENT, NO_ID, OTHER_FORM, OverlayTrial, OverlayWorker, TYPE_OF_MAPPING,
    UNKNOWN,
};
use bakkt_mapping::pipeline::reread::RecordReader;
use bakkt_mapping::pipeline::{JoinedRowSource, Pipeline};
use bakkt_model::placeholder::is_placeholder;
use bakkt_model::position::Position;
use bakkt_model::shard::Shard;
use bakkt_model::text::key_marks::{self, KeyMark};
use bakkt_source::{Cell, Row, Rows};

use super::survey::refuse_when;

/// Rows per batch.
const BATCH: usize = 256;
/// What is wrong with a row of a customer whom the plan leaves out or has several times.
const NOT_SENT: &str = "its account is left out, or is there more than once";

/// What laying a backfill file over the plan would change.
#[derive(Debug, Default)]
pub struct TrialResult {
    /// Rows read.
    pub rows: u64,
    /// Rows that another shard takes, or tells of.
    pub of_other_shards: u64,
    /// Rows that were not taken, or not wholly.
    pub left: Vec<SkippedRow>,
    /// Lines of rows of which nothing is taken, now or later.
    pub refused: BTreeSet<u64>,
    /// Of whom the rows speak, where that is an element of a list with rows of its own.
    pub elements: Vec<RowElement>,
    /// Values that were no gap and are replaced, by path.
    pub replaced: BTreeMap<String, u64>,
    /// Cells with a placeholder, which count as empty ones, by path.
    pub placeholders: BTreeMap<String, u64>,
    /// Customers of whom something changes, and the last row that does it.
    pub touched: Vec<(String, u64)>,
}

/// Tries the last layer of a pipeline on the plan of a journal. Nothing is taken of customers by whose rows an account that Bakkt has
/// could not be sent, as a plan with the layer showed (`blocking`).
pub fn try_last(
    journal: &Journal,
    pipeline: &Pipeline,
    blocking: &BTreeSet<String>,
    stopping: &dyn Fn() -> bool,
) -> anyhow::Result<TrialResult> {
    let place = pipeline.layers.len().checked_sub(1).context("no layer")?;
    let mut trying = BackfillTrial {
        journal,
        pipeline,
        blocking,
        place,
        shard: journal.shard()?,
        seen: HashSet::new(),
        columns: pipeline.layers[place].columns(),
        laying: OverlayWorker::default(),
        reread: RecordReader::default(),
        unknown: HashMap::new(),
        found: TrialResult::default(),
    };
    let (mut pass, mut rows) = (pipeline.layers[place].export.pass(), Rows::default());
    while pass.read_batch(&mut rows, BATCH)? {
        refuse_when(stopping)?;
        for (at, row) in rows.iter() {
            trying.row(&row, at)?;
        }
    }
    trying.name_other_forms()?;
    Ok(trying.found)
}

struct BackfillTrial<'a> {
    journal: &'a Journal,
    pipeline: &'a Pipeline,
    blocking: &'a BTreeSet<String>,
    place: usize,
    /// The shard whose customers are tried; none: all.
    shard: Option<Shard>,
    /// Customers whose rows were tried.
    seen: HashSet<String>,
    /// The fields of the file, with their columns.
    columns: Vec<(String, usize)>,
    laying: OverlayWorker,
    reread: RecordReader,
    /// Rows of customers whom the plan does not have: their ids, with places in `left`.
    unknown: HashMap<String, Vec<usize>>,
    found: TrialResult,
}

impl BackfillTrial<'_> {
    fn row(&mut self, row: &Row<'_>, at: Position) -> anyhow::Result<()> {
        self.found.rows += 1;
        let layer = &self.pipeline.layers[self.place];
        let broken = layer.export.skipped(row).map(|skipped| skipped.text());
        if let Some(why) = broken.or(row.flaw().map(|flaw| flaw.text())) {
            self.leave_to_nobody(at.row, why);
            return Ok(());
        }
        let mapper = &self.pipeline.mapper;
        let Some(id) = layer.id_of(mapper, row, &mut self.laying) else {
            self.leave_to_nobody(at.row, NO_ID);
            return Ok(());
        };
        if self.shard.is_some_and(|shard| !shard.has_id(id)) {
            self.found.of_other_shards += 1;
            return Ok(());
        }
        let id = id.to_owned();
        self.count_placeholders(row);
        let records = self.journal.records_of(&id)?;
        match records.iter().find(|record| record.is_read()) {
            Some(record) => {
                if self.seen.insert(id.clone()) {
                    self.customer(&id, record)?;
                }
            }
            // Nobody looked whether it may change what it says: it is not taken later either, when the plan knows the id.
            None => {
                self.found.refused.insert(at.row);
                match records.is_empty() {
                    true => {
                        let place = self.found.left.len();
                        self.unknown.entry(id).or_default().push(place);
                        self.leave(at.row, "", UNKNOWN, None);
                    }
                    false => self.leave(at.row, "", NOT_SENT, Some(&id)),
                }
            }
        }
        Ok(())
    }

    /// Counts cells that say nothing although something stands in them: whoever filled them in has not closed a gap.
    fn count_placeholders(&mut self, row: &Row<'_>) {
        for (path, column) in &self.columns {
            if let Cell::Text(text) = row.cell(*column)
                && text.contains(char::is_alphanumeric)
                && is_placeholder(text)
            {
                *self.found.placeholders.entry(path.clone()).or_default() += 1;
            }
        }
    }

    /// Notes a row of which nobody knows whose it is; among shards, in the one that has what belongs to nobody.
    fn leave_to_nobody(&mut self, row: u64, why: &'static str) {
        match self.shard.is_none_or(Shard::has_rest) {
            true => self.leave(row, "", why, None),
            false => self.found.of_other_shards += 1,
        }
    }

    /// Names the customers whom unknown rows seem to mean: the plan has their ids in another form.
    fn name_other_forms(&mut self) -> anyhow::Result<()> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let (seen, left) = (&self.seen, &mut self.found.left);
        let mut marks: HashMap<KeyMark, Vec<usize>> = HashMap::new();
        for (id, places) in &self.unknown {
            for mark in key_marks::of_row(id) {
                marks.entry(mark).or_default().extend(places);
            }
        }
        self.journal.each_client_id(|id| {
            for mark in key_marks::of_account(id, seen.contains(id)) {
                for place in marks.get(&mark).into_iter().flatten() {
                    let row = &mut left[*place];
                    row.outcome = OTHER_FORM.to_owned();
                    row.client_id.get_or_insert_with(|| id.to_owned());
                }
            }
        })
    }

    /// All rows of one customer.
    fn customer(&mut self, id: &str, record: &KnownRecord) -> anyhow::Result<()> {
        let from = JoinedRowSource::Noted(&record.parts);
        let mut out = BTreeSet::new();
        // A second time without the rows that contradict each other: nobody can tell which of them is right.
        let (trial, verdict, stops) = loop {
            let trial = OverlayTrial {
                layer: self.place,
                locked: record.at_bakkt,
                out: out.clone(),
                rows: Vec::new(),
            };
            let tried = self
                .reread
                .try_layer(self.pipeline, record.at, from, trial)?;
            let disagreeing = tried.0.disagreeing();
            if disagreeing.is_empty() {
                break tried;
            }
            for (row, paths) in disagreeing {
                for path in paths {
                    self.leave(row, path, DISAGREEING, Some(id));
                }
                self.found.refused.insert(row);
                out.insert(row);
            }
        };
        let is_blocking = self.blocking.contains(id);
        let stops = if is_blocking {
            vec![String::new()]
        } else {
            stops
        };
        let is_lost = record.at_bakkt && record.is_sent() && !verdict.sendable();
        let unsendable = is_lost || is_blocking;
        let mut last = None;
        for tried in trial.rows {
            for path in &tried.restricted {
                self.leave(tried.row, path, RESTRICTED, Some(id));
                self.found.refused.insert(tried.row);
            }
            if unsendable && tried.restricted.is_empty() {
                for path in &stops {
                    self.leave(tried.row, path, UNSENDABLE, Some(id));
                }
                self.found.refused.insert(tried.row);
                continue;
            }
            for (path, why) in &tried.left {
                let told = match *why {
                    NO_ELEMENT | NEVER_SENT | TYPE_OF_MAPPING => (*why).to_owned(),
                    why => format!("invalid: {why}"),
                };
                self.leave(tried.row, path, &told, Some(id));
            }
            self.found
                .elements
                .extend(tried.who.iter().map(|((list, place), who)| RowElement {
                    row: tried.row,
                    list: *list,
                    place: *place,
                    id: who.id,
                    named: who.named,
                }));
            for path in tried.replaced {
                *self.found.replaced.entry(path).or_default() += 1;
            }
            last = (tried.changed > 0).then_some(tried.row).or(last);
        }
        self.found
            .touched
            .extend(last.map(|row| (id.to_owned(), row)));
        Ok(())
    }

    fn leave(&mut self, row: u64, path: &str, outcome: &str, client_id: Option<&str>) {
        self.found.left.push(SkippedRow {
            row,
            path: path.to_owned(),
            outcome: outcome.to_owned(),
            client_id: client_id.map(str::to_owned),
        });
    }
}
