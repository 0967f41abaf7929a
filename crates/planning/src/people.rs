//! How a plan follows what people decided about customers.
//!
//! Owner of the words for a row that was not chosen. Invariant: a choice that does not fit the export any more chooses
//! nothing: all rows of the id stay duplicates until a person chooses again.
//! Left out on purpose: the decisions themselves (`journal::chosen`).

use std::collections::HashMap;
use std::sync::Arc;

use bakkt_files::progress::{Mode, note};
use bakkt_journal::Journal;
use bakkt_journal::decisions::{
    CustomerAction, CustomerDecision, FORGOTTEN, LEFT_OUT, LIKE_FORGOTTEN, MANUAL_KYB_ENDED,
};
use bakkt_mapping::exclude::Exclusions;
use bakkt_mapping::pipeline::duplicates::{Duplicate, DuplicateKind};
use bakkt_model::number::thousands;

/// What the reason of a row begins with that a person did not choose.
pub const NOT_CHOSEN: &str = "a person chose";

/// Leaves out whom people left out.
pub(crate) fn leave_out(people: &[CustomerDecision], exclude: &mut Exclusions) {
    for person in people {
        if person.action == CustomerAction::Exclude {
            exclude.leave_out(&person.client_id, &format!("{LEFT_OUT}{}", person.reason));
        }
    }
}

/// Leaves out those whose manual KYB has ended, unless the plan blocks them: a corrected export may say that no owner is an entity
/// any more, but Bakkt has the account already, or has rejected it.
pub(crate) fn leave_out_ended_kyb(
    journal: &Journal,
    exclude: &mut Exclusions,
) -> anyhow::Result<()> {
    for (id, outcome) in journal.ended_manual_kyb()? {
        exclude.leave_out_when_fit(&id, &format!("{MANUAL_KYB_ENDED}{outcome}"));
    }
    Ok(())
}

/// Leaves out who was forgotten, whatever an export says of them.
pub(crate) fn leave_out_forgotten(
    journal: &Journal,
    exclude: &mut Exclusions,
) -> anyhow::Result<()> {
    let forgotten = journal.forgotten_ids()?;
    if forgotten.is_empty() {
        return Ok(());
    }
    let known = Arc::new(forgotten);
    let alike = Arc::clone(&known);
    exclude.leave_out_forgotten(move |id| known.has(id), FORGOTTEN);
    exclude.leave_out_forgotten(move |id| alike.resembles(id), LIKE_FORGOTTEN);
    Ok(())
}

/// What a person should know of forgotten customers whose ids came back in another form, a line each.
pub(crate) fn tell_forgotten(journal: &Journal, mode: Mode) -> anyhow::Result<()> {
    let alike = journal.left_out_for(LIKE_FORGOTTEN)?;
    if alike > 0 {
        let one = alike == 1;
        note(
            mode,
            &format!(
                "{} {} left out because {} that of a customer who was erased but for zeros, capitals or punctuation (reconciliation.csv): \
             `bakkt-migrate forget` erases the same customer under this id too; `exclude --undo` says that it is somebody else",
                thousands(alike),
                if one { "customer is" } else { "customers are" },
                if one { "the id is" } else { "each id is" },
            ),
        );
    }
    let old = journal.forgotten_ids()?.without_form;
    if old > 0 {
        note(
            mode,
            &format!(
                "{} {} erased by an earlier version, and would not be recognised under an id with other zeros, capitals or punctuation: \
             the same `bakkt-migrate forget` once more notes that, too",
                thousands(old as u64),
                if old == 1 {
                    "customer was"
                } else {
                    "customers were"
                },
            ),
        );
    }
    Ok(())
}

/// Takes the chosen rows out of the duplicates; returns the reasons of those that were not chosen, by record.
pub(crate) fn choose(
    people: &[CustomerDecision],
    journal: &Journal,
    duplicates: &mut Vec<Duplicate>,
) -> anyhow::Result<HashMap<u32, String>> {
    let mut reasons = HashMap::new();
    for person in people {
        let Some((chosen, others)) = journal.choice(person)? else {
            continue;
        };
        let place = duplicates.binary_search_by_key(&chosen.record, |duplicate| duplicate.record);
        let Some(place) = place
            .ok()
            .filter(|place| duplicates[*place].kind == DuplicateKind::Conflicting)
        else {
            continue;
        };
        duplicates.remove(place);
        let reason = format!("{NOT_CHOSEN} line {} of {}", chosen.row, chosen.file);
        reasons.extend(others.iter().map(|other| (other.record, reason.clone())));
    }
    Ok(reasons)
}
