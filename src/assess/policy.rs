//! `[policy]`: levels that the operator moved, each with a reason.
//!
//! Owner of [`Policy`]. H, G and O move in both directions; W never, nor what an object needs to be whole.

use std::collections::BTreeMap;

use crate::contract::{Level, Rule, path};

/// The moves, by path pattern such as `owners[].identity.employment`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    moves: BTreeMap<String, Move>,
}

/// One move.
#[derive(Clone, Debug)]
pub struct Move {
    /// The new level.
    pub level: Level,
    /// The operator's reason, for the report.
    pub reason: String,
}

impl Policy {
    /// Adds a move. The error says why it cannot be.
    pub fn add(&mut self, pattern: &str, level: Level, reason: String) -> Result<(), String> {
        let found = path::find_pattern(pattern).ok_or("not a field of the contract")?;
        if found.field.rule.strongest() == Level::W {
            return Err("it is W: the wire refuses a request (or an object) without it".into());
        }
        if level == Level::W {
            return Err("W is Bakkt's to give; H is the strongest level of yours".into());
        }
        self.moves
            .insert(pattern.to_owned(), Move { level, reason });
        Ok(())
    }

    /// The rule of a field, moved or not. Of a conditional rule the level moves and the condition stays.
    pub fn rule(&self, pattern: &str, rule: Rule) -> Rule {
        match (self.moves.get(pattern), rule) {
            (None, rule) => rule,
            (Some(moved), Rule::When(conditions, _)) => Rule::When(conditions, moved.level),
            (Some(moved), Rule::Is(_) | Rule::Of(_)) => Rule::Is(moved.level),
        }
    }

    /// All moves, by pattern.
    pub fn moves(&self) -> impl Iterator<Item = (&str, &Move)> {
        self.moves
            .iter()
            .map(|(pattern, moved)| (pattern.as_str(), moved))
    }
}
