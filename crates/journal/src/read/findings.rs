//! The findings of the plan: counted by kind, and line by line. Left out: how a line looks in a file (`report`).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::read::columns::{Origin, count, origin, text, unsigned};
use crate::read::reader::Reader;
use crate::schema::counters::{self, Counted, Counters};
use bakkt_model::finding::{FindingAction, FindingKind};

/// The findings of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FindingCount {
    /// The name of the kind.
    pub kind: &'static str,
    /// tell or block.
    pub action: &'static str,
    /// Customers concerned; of exclusions that fit nobody, their number.
    pub count: u64,
    /// Groups of customers, of kinds that compare them; absent for the others.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    pub groups: u64,
    /// The first places; absent where they are not listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<FindingPlace>,
}

/// Where something was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FindingPlace {
    /// The name of the file.
    pub file: String,
    /// Its row; 0 where there is none.
    pub row: u64,
    /// The clientAccountId, when it may be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The number of its group, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u64>,
    /// What stood there, masked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub shape: String,
}

/// What a kind means, and what to do about it.
pub fn meaning_and_advice(kind: &str) -> (&'static str, &'static str) {
    FindingKind::named(kind).map_or(("", ""), |kind| (kind.meaning(), kind.advice()))
}

/// One finding.
#[derive(Clone, Copy, Debug)]
pub struct FindingLine<'a> {
    /// Where it stands.
    pub origin: Origin<'a>,
    /// The name of its kind.
    pub kind: &'a str,
    /// The contract path.
    pub path: Option<&'a str>,
    /// The record that its group begins with; 0: it belongs to none.
    pub first: u64,
}

impl Reader {
    /// The findings by kind, in the order of importance.
    pub fn finding_counts(&self) -> anyhow::Result<Vec<FindingCount>> {
        let blocking = self.meta("findings_block")?.unwrap_or_default();
        let mut counters = Counters::stored(&self.journal)?;
        if !counters.have_findings() {
            counters.add_findings(&self.journal, counters::sql::FINDINGS, 1)?;
        }
        let mut tallies: BTreeMap<FindingKind, [u64; 2]> = BTreeMap::new();
        for (counted, count) in counters.iter() {
            if let Counted::Finding { kind, what } = counted
                && let Some(kind) = FindingKind::named(&self.word(Some(kind))?)
            {
                let tally = tallies.entry(kind).or_default();
                tally[usize::from(what != 0)] += unsigned(count);
            }
        }
        let counts = tallies
            .into_iter()
            .map(|(kind, [count, groups])| FindingCount {
                kind: kind.name(),
                action: match blocking.split(' ').any(|name| name == kind.name()) {
                    true => FindingAction::Block.word(),
                    false => FindingAction::Tell.word(),
                },
                count,
                groups,
                places: Vec::new(),
            });
        Ok(counts.collect())
    }

    /// Every finding, in the order of the export.
    pub fn each_finding(
        &self,
        mut each: impl FnMut(FindingLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::LINES, |row| {
            each(FindingLine {
                origin: origin(row)?,
                kind: text(row, 3)?.unwrap_or_default(),
                path: text(row, 4)?,
                first: count(row, 5)?,
            })
        })
    }
}

pub(crate) mod sql {
    pub const LINES: &str = "SELECT f.name, CASE g.file WHEN 0 THEN r.row ELSE g.row END, r.client_id, k.text, p.text, g.first \
        FROM finding g LEFT JOIN record r ON r.id = g.record \
        LEFT JOIN file f ON f.id = CASE g.file WHEN 0 THEN r.file ELSE g.file END \
        LEFT JOIN word k ON k.id = g.kind LEFT JOIN word p ON p.id = g.path \
        ORDER BY g.record, g.kind, g.path, g.file, g.row";
}
