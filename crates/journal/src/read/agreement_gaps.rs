//! Which sets of gaps have one of an agreement.
//!
//! Owner of the question; each set is looked at once. An agreement with such a gap is not sent. Left out: which gaps those are, and
//! agreements of which nothing is known.

use std::collections::HashMap;

use rusqlite::{Connection, Statement};

/// Asks about sets of gaps.
pub(crate) struct AgreementGaps<'c> {
    ask: Statement<'c>,
    /// Of sets that several records share.
    known: HashMap<i64, bool>,
}

impl<'c> AgreementGaps<'c> {
    pub(crate) fn new(journal: &'c Connection) -> rusqlite::Result<AgreementGaps<'c>> {
        Ok(AgreementGaps {
            ask: journal.prepare(sql::OF_AGREEMENTS)?,
            known: HashMap::new(),
        })
    }

    /// Whether a record with this set of gaps has a gap of an agreement.
    pub(crate) fn has(&mut self, set: Option<i64>) -> rusqlite::Result<bool> {
        let Some(set) = set else {
            return Ok(false);
        };
        if let Some(known) = self.known.get(&set) {
            return Ok(*known);
        }
        let has = self.ask.query_row([set], |row| row.get(0))?;
        // One that a single record has is not asked for again.
        if set > 0 {
            self.known.insert(set, has);
        }
        Ok(has)
    }
}

pub(crate) mod sql {
    pub const OF_AGREEMENTS: &str = "SELECT EXISTS (SELECT 1 FROM gap_set g JOIN word p ON p.id = g.path \
        WHERE g.id = ?1 AND p.text GLOB 'owners[[]*].agreements[[]*')";
}
