//! `[findings]`: what is done about each kind of finding.

use super::amounts::whole;
use bakkt_files::toml_file::Table;
use bakkt_model::error::Diagnostics;
use bakkt_model::finding::{FindingAction, FindingKind, FindingRules};

/// Reads the table; `accounts.expected_id_length` is read with the accounts. Where several rows are one account (`source.group_by`),
/// a row whose id is written in another form may be an owner that the account would be sent without: such ids block unless they are
/// said to be told or passed over.
pub(crate) fn read(root: &Table<'_>, is_grouped: bool, found: &mut Diagnostics) -> FindingRules {
    let mut rules = FindingRules::default();
    if is_grouped {
        rules.set(FindingKind::SimilarIds, FindingAction::Block);
    }
    let Some(table) = root.table("findings", found) else {
        return rules;
    };
    for kind in FindingKind::all() {
        // What is about no customer cannot keep one from being sent.
        let words = FindingAction::WORDS;
        let words = words
            .iter()
            .filter(|(_, action)| *action != FindingAction::Block || kind.can_block());
        let words: Vec<_> = words.copied().collect();
        if let Some(action) = table.choice(kind.name(), &words, found) {
            rules.set(kind, action);
        }
    }
    if let Some(from) = whole(&table, "findings.same_email_from", found) {
        rules.same_email_from = from;
    }
    table.finish(found);
    rules
}
