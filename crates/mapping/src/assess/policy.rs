//! `[policy]`: levels that the operator moved, each with a reason.
//!
//! Owner of [`Policy`]. H, G and O move in both directions; W never, nor what an object needs to be whole. Whether accounts
//! of a type need KYB moves here too, between H and O.

use std::collections::BTreeMap;

use bakkt_contract::documents::KYB_ACCOUNT_TYPES;
use bakkt_contract::{Level, LevelRule, path};

/// What stands before an account type where a line speaks of its KYB.
pub const KYB: &str = "kyb.";

/// The moves, by path pattern such as `owners[].identity.employment`, or by type of account as `kyb.CUSTODIAL`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    moves: BTreeMap<String, LevelMove>,
}

/// A level that the policy gives to a field.
#[derive(Clone)]
pub struct LevelMove {
    /// The new level.
    pub level: Level,
    /// The operator's reason, for the report.
    pub reason: String,
}

// Part of the fingerprint of `[policy]`: plans of earlier versions hold this text.
impl std::fmt::Debug for LevelMove {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Move")
            .field("level", &self.level)
            .field("reason", &self.reason)
            .finish()
    }
}

impl Policy {
    /// Adds a move. The error says why it cannot be.
    pub fn add(&mut self, pattern: &str, level: Level, reason: String) -> Result<(), String> {
        let found = path::find_pattern(pattern).ok_or("not a field of the contract")?;
        if let Some(list) = pattern.strip_suffix("[]") {
            return Err(format!(
                "an element has no level of its own; the list is \"{list}\""
            ));
        }
        if found.field.rule.strongest() == Level::W {
            return Err("it is W: the wire refuses a request (or an object) without it".into());
        }
        if level == Level::W {
            return Err("W is Bakkt's to give; H is the strongest level of yours".into());
        }
        self.moves
            .insert(pattern.to_owned(), LevelMove { level, reason });
        Ok(())
    }

    /// Adds a move of a type of account: H, it needs KYB; O, it does not. The error says why it cannot be.
    pub fn add_kyb(
        &mut self,
        account_type: &str,
        level: Level,
        reason: String,
    ) -> Result<(), String> {
        if !KYB_ACCOUNT_TYPES.contains(&account_type) {
            return Err(format!(
                "KYB is for accounts of the types {}",
                KYB_ACCOUNT_TYPES.join(", ")
            ));
        }
        if !matches!(level, Level::H | Level::O) {
            return Err("an account needs KYB or it does not".into());
        }
        self.moves
            .insert(format!("{KYB}{account_type}"), LevelMove { level, reason });
        Ok(())
    }

    /// Whether accounts of a type need KYB.
    pub fn needs_kyb(&self, account_type: &str) -> bool {
        match self.moves.get(&format!("{KYB}{account_type}")) {
            Some(moved) => moved.level == Level::H,
            None => KYB_ACCOUNT_TYPES.contains(&account_type),
        }
    }

    /// Whether a customer without a field is not sent because a line says so, wherever the field stands.
    pub(crate) fn demands(&self, pattern: &str) -> bool {
        let moved = self.moves.get(pattern);
        moved.is_some_and(|moved| moved.level == Level::H)
    }

    /// The rule of a field, moved or not. Of a conditional rule the level moves and the condition stays.
    pub(crate) fn rule(&self, pattern: &str, rule: LevelRule) -> LevelRule {
        match (self.moves.get(pattern), rule) {
            (None, rule) => rule,
            (Some(moved), LevelRule::When(conditions, _)) => {
                LevelRule::When(conditions, moved.level)
            }
            (Some(moved), LevelRule::Is(_) | LevelRule::Of(_)) => LevelRule::Is(moved.level),
        }
    }

    /// All moves, by pattern.
    pub fn moves(&self) -> impl Iterator<Item = (&str, &LevelMove)> {
        self.moves
            .iter()
            .map(|(pattern, moved)| (pattern.as_str(), moved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_fingerprint_never_changes() {
        let moved = LevelMove {
            level: Level::H,
            reason: "rule 7".into(),
        };
        assert_eq!(
            format!("{moved:?}"),
            "Move { level: H, reason: \"rule 7\" }"
        );
    }
}
