//! Sessions: the sandbox has no customers who could log in, so a session is good by its name.
//!
//! `sandbox-session <external id>` is one of that customer, and so is the same with `#` and any text behind it: as many as
//! a test needs.

use std::collections::HashMap;

/// How often sessions were used.
#[derive(Default)]
pub(super) struct SessionUses(HashMap<String, u32>);

/// The customer of a session.
pub(super) fn customer(session: &str) -> Option<&str> {
    let name = session.strip_prefix("sandbox-session ")?;
    let id = name.split_once('#').map_or(name, |(id, _)| id);
    (!id.is_empty()).then_some(id)
}

impl SessionUses {
    /// Counts a use; false when it is one too many.
    pub(super) fn count(&mut self, session: &str, most: Option<u32>) -> bool {
        let uses = self.0.entry(session.to_owned()).or_default();
        if most.is_some_and(|most| *uses >= most) {
            return false;
        }
        *uses += 1;
        true
    }
}
