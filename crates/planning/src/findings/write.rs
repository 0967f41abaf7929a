//! Findings of several records or documents in the journal.
//!
//! Owner of the order in which they are written: by record, some thousands in a statement. Left out on purpose: findings of single
//! records, which are written with their record.

use std::collections::{BTreeMap, BTreeSet};

use bakkt_journal::Journal;
use bakkt_journal::write::PlannedFinding;
use bakkt_model::finding::{FindingAction, FindingKind, FindingRules};

use super::{AT_ONCE, DocumentCopy, Findings};
use crate::members::ShardMembers;

impl Findings {
    /// Writes what only several records have together, and what it blocks, of the members of a shard. `manifest` is the number of the documents' file
    /// in the journal; `list` gives that of a list of ids.
    pub fn write(
        &self,
        journal: &mut Journal,
        members: &ShardMembers,
        manifest: i64,
        mut list: impl FnMut(&mut Journal, &str) -> anyhow::Result<i64>,
    ) -> anyhow::Result<()> {
        let mut found = self.members().filter(|member| members.has(member.record));
        while let Some(next) = found.next() {
            let part = std::iter::once(next).chain(found.by_ref().take(AT_ONCE));
            journal.add_findings(part.map(|member| PlannedFinding {
                record: member.record.into(),
                kind: member.kind,
                path: None,
                at: (0, 0),
                first: member.first.into(),
            }))?;
        }
        self.check()?;
        for part in self.documents.chunks(AT_ONCE) {
            let part = part.iter().filter(|one| members.has(one.record));
            journal.add_findings(part.map(|one| PlannedFinding {
                record: one.record.into(),
                kind: one.kind,
                path: None,
                at: one.row.map_or((0, 0), |row| (manifest, row)),
                first: one.first.into(),
            }))?;
        }
        let mut files: BTreeMap<&str, i64> = BTreeMap::new();
        for (kind, place) in self.of_nobody.iter().filter(|_| members.has(0)) {
            let file = match files.get(place.file.as_str()) {
                Some(file) => *file,
                None => list(journal, &place.file)?,
            };
            files.insert(&place.file, file);
            journal.add_findings(std::iter::once(PlannedFinding {
                record: 0,
                kind: *kind,
                path: None,
                at: (file, place.line as u64),
                first: 0,
            }))?;
        }
        journal.block(
            self.blocked
                .iter()
                .map(|(record, kind, _)| (*record, *kind)),
        )
    }

    /// Writes that several customers have copies of one file, which only its content says; returns the records that are
    /// blocked because of it, in order. Their documents stay.
    pub fn write_copies(
        &self,
        journal: &mut Journal,
        (rules, members): (&FindingRules, &ShardMembers),
        manifest: i64,
        mut copies: Vec<DocumentCopy>,
    ) -> anyhow::Result<Vec<u32>> {
        let kind = FindingKind::SharedDocument;
        if !rules.looks_for(kind) {
            return Ok(Vec::new());
        }
        copies.sort_unstable();
        let groups = copies.chunk_by(|a, b| a.content == b.content);
        let shared = groups.filter(|group| group.iter().any(|copy| copy.record != group[0].record));
        let mut records = BTreeSet::new();
        let mut found = Vec::new();
        for group in shared {
            records.extend(group.iter().map(|copy| copy.record));
            for copy in group.iter().filter(|copy| members.has(copy.record)) {
                found.push(PlannedFinding {
                    record: copy.record.into(),
                    kind,
                    path: None,
                    at: (manifest, copy.row),
                    first: group[0].record.into(),
                });
            }
        }
        for part in found.chunks(AT_ONCE) {
            journal.add_findings(part.iter().copied())?;
        }
        if rules.action(kind) != FindingAction::Block {
            return Ok(Vec::new());
        }
        journal.block(records.iter().map(|record| (*record, kind)))?;
        journal.leave_documents(records.iter().copied())?;
        Ok(records.into_iter().collect())
    }
}
