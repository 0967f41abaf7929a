//! Gaps, line by line.
//!
//! Each shared set of gaps is read once and kept, with the texts of its words, so that a line costs no search: memory grows with the
//! number of sets, which is bounded where they are written (`write::gap_sets`). A record's own set is read when it comes. Left
//! out: how a line looks in a file (`report`).

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::CachedStatement;

use crate::read::columns::{Origin, count, text, unsigned};
use crate::read::lost_values::{AT_BAKKT, LostValues};
use crate::read::reader::Reader;
use crate::read::unsent_closures::UnsentClosures;

/// One gap.
#[derive(Clone, Copy, Debug)]
pub struct GapLine<'a> {
    /// Where it stands: the row of its record, or a joined row.
    pub origin: Origin<'a>,
    /// The contract path.
    pub path: &'a str,
    /// W, H, G or O.
    pub level: &'static str,
    /// missing, invalid: …, withheld: …
    pub reason: &'a str,
    /// open, waived; `not at Bakkt yet`: closed in the plan, and Bakkt still has it; `at Bakkt, not in the plan`: only the plan has it
    pub status: &'static str,
    /// When the account was accepted, if only by an earlier plan; None when it was not (yet).
    pub accepted_at: Option<i64>,
}

/// One gap of a set; texts by the numbers of their words.
#[derive(Clone, Copy, Debug)]
struct SetGap {
    path: i64,
    reason: i64,
    level: &'static str,
    status: &'static str,
    /// 0: the file and the row of the record.
    file: i64,
    row: i64,
    opened_at: i64,
}

/// The letters of levels.
const LEVELS: [&str; 4] = ["W", "H", "G", "O"];

/// The sets that were read, and the texts that they name.
struct Sets<'r> {
    reader: &'r Reader,
    statement: CachedStatement<'r>,
    shared: HashMap<i64, Rc<[SetGap]>>,
    words: HashMap<i64, String>,
}

impl<'r> Sets<'r> {
    fn new(reader: &'r Reader) -> anyhow::Result<Sets<'r>> {
        Ok(Sets {
            reader,
            statement: reader.journal.prepare_cached(sql::SET)?,
            shared: HashMap::new(),
            words: HashMap::new(),
        })
    }

    fn gaps(&mut self, set: i64) -> anyhow::Result<Rc<[SetGap]>> {
        if let Some(gaps) = self.shared.get(&set) {
            return Ok(gaps.clone());
        }
        let rows = self.statement.query_map([set], |row| {
            Ok(SetGap {
                path: row.get(0)?,
                reason: row.get(1)?,
                level: known(&LEVELS, row.get_ref(2)?.as_str()?),
                status: known(&["open", "waived"], row.get_ref(3)?.as_str()?),
                file: row.get(4)?,
                row: row.get(5)?,
                opened_at: row.get(6)?,
            })
        })?;
        let gaps = rows.collect::<rusqlite::Result<Rc<[SetGap]>>>()?;
        for gap in gaps.iter() {
            for word in [gap.path, gap.reason] {
                if !self.words.contains_key(&word) {
                    self.words.insert(word, self.reader.word(Some(word))?);
                }
            }
        }
        if set > 0 {
            self.shared.insert(set, gaps.clone());
        }
        Ok(gaps)
    }

    fn word(&self, number: i64) -> &str {
        self.words.get(&number).map_or("", String::as_str)
    }
}

/// A word that a column may hold; any other shows as `unknown`.
fn known(words: &[&'static str], text: &str) -> &'static str {
    let word = words.iter().find(|word| **word == text);
    word.copied().unwrap_or("unknown")
}

impl Reader {
    /// Every gap, in the order of the export; of each customer those last that are closed and that Bakkt still has. Those of accounts
    /// that the plan does not send come last.
    pub fn each_gap(
        &self,
        mut each: impl FnMut(GapLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let files = self.all(sql::FILES, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let files: HashMap<i64, String> = files.into_iter().collect();
        let mut sets = Sets::new(self)?;
        let mut unsent = UnsentClosures::new(self)?;
        let mut statement = self.journal.prepare(sql::RECORDS)?;
        let mut rows = statement.query([self.may_have_unsent_closures()?])?;
        while let Some(row) = rows.next()? {
            let gaps = match row.get(0)? {
                Some(set) => sets.gaps(set)?,
                None => Rc::new([]),
            };
            let (file, line, client_id) = (row.get(1)?, count(row, 2)?, text(row, 3)?);
            let accepted_at = row.get(4)?;
            let lost = LostValues::read(row, 7)?;
            gaps.iter().try_for_each(|gap| {
                let (file, row) = match gap.file {
                    0 => (file, line),
                    file => (file, unsigned(gap.row)),
                };
                each(GapLine {
                    origin: Origin {
                        file: files.get(&file).map(String::as_str),
                        row,
                        client_id,
                    },
                    path: sets.word(gap.path),
                    level: gap.level,
                    reason: sets.word(gap.reason),
                    status: match gap.status {
                        "open" if lost.has(sets.word(gap.path), gap.opened_at) => AT_BAKKT,
                        status => status,
                    },
                    accepted_at,
                })
            })?;
            unsent.each((Some(row.get(5)?), client_id), row.get(6)?, &mut |gap| {
                each(GapLine {
                    origin: Origin {
                        file: files.get(&file).map(String::as_str),
                        row: line,
                        client_id,
                    },
                    path: gap.path,
                    level: known(&LEVELS, gap.level),
                    reason: gap.reason,
                    status: gap.status,
                    accepted_at,
                })
            })?;
        }
        for customer in self.former_customers()? {
            let origin = customer.origin();
            unsent.each((None, origin.client_id), customer.accepted_at, &mut |gap| {
                each(GapLine {
                    origin,
                    path: gap.path,
                    level: known(&LEVELS, gap.level),
                    reason: gap.reason,
                    status: gap.status,
                    accepted_at: customer.accepted_at,
                })
            })?;
        }
        Ok(())
    }
}

/// The statements. The first walks its table in the order of its key, so that SQLite sorts nothing.
pub(crate) mod sql {
    use crate::read::columns::{accepted_at, has_gaps, unsent_since};
    use crate::read::lost_values::lost_columns;

    pub const RECORDS: &str = sql!(concat!(
        "SELECT r.gap_set, r.file, r.row, r.client_id, ",
        accepted_at!(),
        ", r.id, ",
        unsent_since!(),
        ", ",
        lost_columns!(),
        " FROM record r LEFT JOIN task t ON t.record = r.id AND t.kind = {kind.account} WHERE ",
        has_gaps!(),
        " ORDER BY r.id"
    ));
    pub const SET: &str = "SELECT path, reason, level, status, file, row, opened_at FROM gap_set \
        WHERE id = ? ORDER BY path, reason, file, row";
    pub const FILES: &str = "SELECT id, name FROM file";
}
