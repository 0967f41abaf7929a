//! SQLite sorts nothing, whatever the size of a migration.

use crate::custody::lines as custody;
use crate::decisions::manual_kyb;
use crate::read::accepted::{decisions, outdated_accounts, owner_changes, verification};
use crate::read::{
    backfills, counts, document_counts, documents, ended_tasks, event_comparison, findings,
    gap_history, gap_lines, kyb_checklists, lost_values, records, unsent_closures, vouched_rows,
};
use crate::schema::{self, counters};

/// Constant memory at any size: no statement over a large table may build a temporary tree.
#[test]
fn no_statement_sorts() -> rusqlite::Result<()> {
    let journal = rusqlite::Connection::open_in_memory()?;
    for sql in schema::JOURNAL.iter().chain(schema::EVENTS) {
        journal.execute_batch(sql)?;
    }
    let lines = [
        custody::sql::LINES,
        custody::sql::GAPS,
        custody::sql::NAMES,
        custody::sql::COUNTS,
        records::sql::RECORD_LINES,
        gap_lines::sql::RECORDS,
        gap_lines::sql::SET,
        records::sql::STOPPED_LINES,
        records::sql::ACCOUNT_LINES,
        records::sql::UPLOADS,
        records::sql::UNSENT,
        documents::sql::DOCUMENT_LINES,
        documents::sql::UNUSED_LINES,
        kyb_checklists::sql::KYB_LINES,
        kyb_checklists::sql::OWNERS,
        kyb_checklists::sql::PROOFS,
        kyb_checklists::sql::FORMER_DOUBTS,
        findings::sql::LINES,
        gap_history::sql::OPENED,
        lost_values::sql::LOST,
        gap_history::sql::CLOSED_LINES,
        unsent_closures::sql::CLOSED,
        unsent_closures::sql::CLOSURES,
        unsent_closures::sql::FIRST_UPDATES,
        unsent_closures::sql::LAST_UPDATES,
        gap_history::sql::WAIVED,
        gap_history::sql::WAIVERS,
        gap_history::sql::GAPS_OF,
        decisions::sql::DECISION_LINES,
        decisions::sql::KNOWN_LINES[0],
        decisions::sql::KNOWN_LINES[1],
        decisions::sql::KNOWN_LINES[2],
        decisions::sql::UNKNOWN_LINES,
        decisions::sql::EVENT_COUNTS,
        backfills::sql::DIFFERING,
        owner_changes::sql::OWNERSHIP,
        outdated_accounts::sql::OUTDATED,
        outdated_accounts::sql::WITHOUT_UPDATE,
        ended_tasks::sql::SET_ASIDE_LINES,
        ended_tasks::sql::DROPPED,
        ended_tasks::sql::DROPPED_STOPS,
        verification::sql::READ,
        verification::sql::VERIFICATIONS,
        verification::sql::DIFFERENCES,
        event_comparison::sql::NAMED,
        event_comparison::sql::EVENTS_OF_ACCOUNTS,
    ];
    let counts = [
        counts::sql::RECORDS,
        counts::sql::TASK_RECORDS,
        counts::sql::TASKS,
        counts::sql::GAPS,
        counts::sql::SENT,
        counters::sql::RECORDS,
        counters::sql::TASKS,
        counters::sql::SETS,
        counters::sql::FINDINGS,
        manual_kyb::sql::SETS,
        document_counts::sql::DOCUMENTS,
        manual_kyb::sql::MANUAL_KYB,
        document_counts::sql::STRAY_KYB,
    ];
    let packed = vouched_rows::sql::PACKED.map(|(_, sql)| sql);
    for sql in lines.into_iter().chain(counts).chain(packed) {
        let mut plan = journal.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let values = rusqlite::params_from_iter(vec![0; plan.parameter_count()]);
        let steps = plan.query_map(values, |row| row.get(3))?;
        let steps = steps.collect::<rusqlite::Result<Vec<String>>>()?;
        let steps = steps.join("\n");
        assert!(!steps.contains("TEMP B-TREE"), "{sql}\n{steps}");
        assert!(!steps.contains("AUTOMATIC"), "{sql}\n{steps}");
    }
    Ok(())
}
