//! How a plan follows what people decided about customers.
//!
//! Owner of the words for a row that was not chosen. Invariant: a choice that does not fit the export any more chooses
//! nothing: all rows of the id stay duplicates until a person chooses again.
//! Left out on purpose: the decisions themselves (`journal::chosen`).

use std::collections::HashMap;

use bakkt_journal::Journal;
use bakkt_journal::chain::erased_name;
use bakkt_journal::decisions::{
    CustomerAction, CustomerDecision, FORGOTTEN, LEFT_OUT, MANUAL_KYB_ENDED,
};
use bakkt_mapping::exclude::Exclusions;
use bakkt_mapping::pipeline::duplicates::{Duplicate, DuplicateKind};

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
    let names = journal.erased()?;
    if !names.is_empty() {
        let key = journal.key;
        let is_one = move |id: &str| names.contains(&erased_name(&key, id));
        exclude.leave_out_forgotten(is_one, FORGOTTEN);
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
