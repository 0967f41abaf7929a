//! What `replan` says of the changes that a new plan makes. It names fields and ids, never values.

use crate::cli::ReplanArgs;
use bakkt_journal::replan::{
    ChangedAgreements, ChangedFields, ChangedOwners, Changes, ReopenedGaps, RestrictedAccounts,
};
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;

/// All that the new plan changes.
pub(super) fn describe(changes: &Changes, args: &ReplanArgs) -> String {
    let lines = [
        (changes.unchanged, "unchanged"),
        (
            changes.changed_not_sent,
            "changed, not accepted before: planned anew",
        ),
        (changes.left_alone, "changed, accepted before: left alone"),
        (changes.added, "new"),
        (
            changes.further_accounts,
            "of them, people who have an accepted account under another id as well",
        ),
        (changes.dropped, "no longer to be sent"),
        (
            changes.former,
            "accepted before, no longer to be sent: kept as former accounts",
        ),
        (
            changes.updates,
            "updates planned for changed accepted accounts",
        ),
    ];
    let mut text = String::from(if args.dry_run {
        "the new plan would be (nothing was changed):"
    } else {
        "the new plan:"
    });
    let always = |(count, what): &(u64, &str)| *count > 0 || !what.starts_with("of them");
    for (count, what) in lines.into_iter().filter(always) {
        text.push_str(&format!("\n  {:>11}  {what}", thousands(count)));
    }
    add_changed_fields(&mut text, &changes.changed_fields, args.update_accepted);
    let documents = [
        (changes.documents.unchanged, "documents unchanged"),
        (changes.documents.added, "documents new, or with a new file"),
        (changes.documents.dropped, "documents no longer to be sent"),
        (
            changes.documents.former,
            "documents accepted before, no longer in the plan",
        ),
    ];
    for (count, what) in documents.iter().filter(|_| !changes.documents.is_empty()) {
        text.push_str(&format!("\n  {:>11}  {what}", thousands(*count)));
    }
    add_refusal(&mut text, changes, args);
    add_ownership(&mut text, &changes.ownership);
    add_agreements(&mut text, &changes.agreements, args.agreements_acknowledged);
    add_restricted(&mut text, &changes.restricted);
    add_reopened(&mut text, &changes.reopened);
    if changes.may_update > 0 {
        text.push_str(
            "\nadd --update-accepted to send the changed ones among the accepted as updates",
        );
    }
    text
}

/// What updates would change, field by field.
fn add_changed_fields(text: &mut String, changed: &ChangedFields, is_asked: bool) {
    let mut lines = changed.lines().peekable();
    if lines.peek().is_none() {
        return;
    }
    text.push_str(match is_asked {
        true => "\nwhat updates change, by field:",
        false => "\nwhat --update-accepted would change, by field:",
    });
    for (count, what) in lines {
        text.push_str(&format!("\n  {:>11}  {what}", thousands(count)));
    }
}

/// Customers who get further accounts, and why a plan would be refused.
fn add_refusal(text: &mut String, changes: &Changes, args: &ReplanArgs) {
    if args.accept_new_ids && !changes.reappeared.is_empty() {
        text.push('\n');
        text.push_str(&changes.reappeared.lines().join("\n    "));
        text.push_str(
            "\n--accept-new-ids takes them for further accounts: they are sent with the next run",
        );
    }
    if let Some(refusal) = &changes.refusal {
        text.push_str(&format!(
            "\nwithout --dry-run this plan is refused: {refusal}"
        ));
        if let Some(failure) = refusal.downcast_ref::<Failure>() {
            text.push_str(&format!("\nnext: {}", failure.hint));
        }
    }
}

/// Owners of entities that changed.
fn add_ownership(text: &mut String, ownership: &ChangedOwners) {
    if ownership.is_empty() {
        return;
    }
    let ChangedOwners {
        accounts,
        added,
        removed,
        changed,
        first,
    } = ownership;
    text.push_str(&format!(
        "\n  {:>11}  accepted entities whose owners changed: {} added, {} removed, {} with another role or share",
        thousands(*accounts),
        thousands(*added),
        thousands(*removed),
        thousands(*changed)
    ));
    text.push_str(&format!(
        "\ntell Bakkt of these changes of ownership (ownership.csv of the report has all of them): {}",
        named(first, *accounts)
    ));
}

/// Agreements that changed, and whether updates may send them.
pub(super) fn add_agreements(
    text: &mut String,
    agreements: &ChangedAgreements,
    is_acknowledged: bool,
) {
    if agreements.is_empty() {
        return;
    }
    let (accounts, ids) = (
        agreements.accounts,
        named(&agreements.first, agreements.accounts),
    );
    text.push_str(&format!(
        "\n  {:>11}  accepted accounts whose agreements changed{}",
        thousands(accounts),
        if is_acknowledged {
            ": acknowledged by both sides"
        } else {
            ", so nothing of them is sent"
        }
    ));
    if !is_acknowledged {
        text.push_str(&format!(
            "\nwhen both sides have acknowledged the changed agreements, add --agreements-acknowledged with --reason WHY: {ids}"
        ));
    }
}

/// Gaps that were waived for somebody else.
pub(super) fn add_reopened(text: &mut String, reopened: &ReopenedGaps) {
    if reopened.is_empty() {
        return;
    }
    let first: Vec<String> = reopened
        .first
        .iter()
        .map(|(id, path)| format!("{id} {path}"))
        .collect();
    text.push_str(&format!(
        "\n  {:>11}  waived gaps open again: their places are those of other owners or contacts now, or it cannot be told whose: {}",
        thousands(reopened.gaps),
        named(&first, reopened.gaps)
    ));
}

/// The first ids, and how many more there are.
fn named(first: &[String], all: u64) -> String {
    let more = all.saturating_sub(first.len() as u64);
    let ids = first.join(", ");
    match more {
        0 => ids,
        more => format!("{ids} and {} more", thousands(more)),
    }
}

/// What goes by hand: fields and ids, never values.
fn add_restricted(text: &mut String, restricted: &RestrictedAccounts) {
    if restricted.is_empty() {
        return;
    }
    let all = restricted.accounts;
    text.push_str(&format!(
        "\n  {:>11}  accepted accounts changed in what no update may change, so nothing of them is sent:",
        thousands(all)
    ));
    for field in &restricted.fields {
        let count = thousands(field.accounts);
        text.push_str(&format!("\n  {count:>11}    {}", field.path));
    }
    text.push_str(&format!(
        "\nput their rows back as they were, or hand these changes to Bakkt's Operations or Compliance (restricted.csv of the report has all of them): {}",
        restricted.first.join(", ")
    ));
    let more = all - restricted.first.len() as u64;
    if more > 0 {
        text.push_str(&format!(" and {} more", thousands(more)));
    }
}
