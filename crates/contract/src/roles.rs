//! The roles of owners, and which of them go together (contract, section 2, owners).
//!
//! Owner of the role words and of the two tables. Left out on purpose: the judgement over a record's owners
//! (`assess`), and who may be what outside of these rules: the guide leaves that to the firm.

/// The 21 roles of an owner.
pub const ROLES: &[&str] = &[
    "AUTHORIZED_AGENT",
    "AUTHORIZED_MEMBER",
    "AUTHORIZED_OWNER",
    BENEFICIAL_OWNER,
    "BENEFICIARY",
    "CUSTODIAN",
    "EDUCATION_BENEFICIARY",
    "EDUCATION_MANAGER",
    "EXECUTOR",
    "GUARDIAN_CONSERVATOR",
    "INITIAL_DEPOSITOR",
    "INTERNAL_POWER_OF_ATTY",
    "JOINT_OWNER",
    "MINOR_OWNER",
    "POWER_OF_ATTY",
    PRIMARY_OWNER,
    "SOLE_PROPRIETOR",
    "TRADING_AUTHORITY",
    "TREASURER",
    "TRUSTEE",
    "TRUSTED_CONTACT",
];

/// The role that exactly one owner has, the first.
pub const PRIMARY_OWNER: &str = "PRIMARY_OWNER";

/// The role of an entity's owners after the first.
pub(crate) const BENEFICIAL_OWNER: &str = "BENEFICIAL_OWNER";

/// What an owner can be; a local field, which is never sent, says so.
pub const OWNER_KINDS: &[&str] = &["person", ENTITY_KIND];

/// An owner that is no person: the account goes by manual KYB.
pub const ENTITY_KIND: &str = "entity";

/// Why an account with such an owner is not sent.
pub const MANUAL_KYB: &str = "an owner that is an entity goes by manual KYB";

/// A role that owners after the first must have.
#[derive(Debug)]
pub struct FurtherOwnerRole {
    /// On accounts of this type.
    pub account_type: &'static str,
    /// The role.
    pub role: &'static str,
    /// What is wrong with any other.
    pub otherwise: &'static str,
}

/// Account types whose owners after the first all have one role.
pub const OTHERS: &[FurtherOwnerRole] = &[FurtherOwnerRole {
    account_type: "ENTITY",
    role: BENEFICIAL_OWNER,
    otherwise: "on an ENTITY account each owner after the first is BENEFICIAL_OWNER",
}];

/// A role that does not stand alone.
#[derive(Debug)]
pub struct Companion {
    /// The role.
    pub role: &'static str,
    /// Another owner has one of these.
    pub beside: &'static [&'static str],
    /// What is wrong when none has.
    pub otherwise: &'static str,
}

/// Roles that need another owner beside them.
pub const COMPANIONS: &[Companion] = &[Companion {
    role: "MINOR_OWNER",
    beside: &["GUARDIAN_CONSERVATOR", "CUSTODIAN"],
    otherwise: "a MINOR_OWNER needs a GUARDIAN_CONSERVATOR or a CUSTODIAN beside them",
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_use_words_that_are_there() {
        assert_eq!(ROLES.len(), 21);
        let named = OTHERS.iter().map(|rule| rule.role);
        let beside = COMPANIONS.iter().flat_map(|rule| rule.beside).copied();
        let companions = COMPANIONS.iter().map(|rule| rule.role);
        for role in named.chain(beside).chain(companions) {
            assert!(ROLES.contains(&role), "{role}");
        }
    }
}
