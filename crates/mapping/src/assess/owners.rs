//! Whether the owners of one account go together.
//!
//! Owner of the judgement over roles; the rules are tables of the contract ([`bakkt_contract::roles`]).
//! Invariant: a role that does not fit is a gap of level H at the role of the owner in question, one an owner.
//! Left out on purpose: whether each owner is whole (`walk`) and who owns how much, which no account request says.

use super::{Gap, GapReason};
use bakkt_contract::Level;
use bakkt_contract::roles::{COMPANIONS, OTHERS, PRIMARY_OWNER, ROLES};

/// The role of an owner that is sent, and its path.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SentOwner {
    role: &'static str,
    role_path: u32,
}

impl SentOwner {
    /// An owner with a role of the contract, and where a gap about it stands.
    pub(crate) fn new(role: &str, role_path: u32) -> SentOwner {
        let role = ROLES.iter().find(|word| **word == role);
        SentOwner {
            role: role.copied().unwrap_or_default(),
            role_path,
        }
    }
}

/// Judges the roles of all owners of an account of this type.
pub(crate) fn judge_roles(owners: &[SentOwner], account_type: &str, gaps: &mut Vec<Gap>) {
    let Some((first, others)) = owners.split_first() else {
        return;
    };
    let mut gap = |owner: &SentOwner, why| {
        gaps.push(Gap {
            path: owner.role_path,
            reason: GapReason::Invalid(why),
            level: Level::H,
        });
    };
    let primary = owners.iter().filter(|owner| owner.role == PRIMARY_OWNER);
    if first.role != PRIMARY_OWNER || primary.count() != 1 {
        gap(
            first,
            "exactly one owner is PRIMARY_OWNER, and it stands first",
        );
        // Which of them is the first decides what the others should be.
        return;
    }
    for owner in others {
        let other = OTHERS
            .iter()
            .find(|rule| rule.account_type == account_type && rule.role != owner.role)
            .map(|rule| rule.otherwise);
        let alone = COMPANIONS
            .iter()
            .find(|rule| {
                rule.role == owner.role
                    && !owners.iter().any(|other| rule.beside.contains(&other.role))
            })
            .map(|rule| rule.otherwise);
        if let Some(why) = other.or(alone) {
            gap(owner, why);
        }
    }
}
