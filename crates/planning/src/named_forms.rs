//! Ids that documents name, as programs write them that write ids differently.
//!
//! Owner of [`NamedForms`]. A spreadsheet takes the zeros in front of ids away, and file names lose capitals and punctuation: the
//! documents of a customer then name an account that the export does not have, and nothing would be uploaded without a word.
//! Forms are kept as hashes with a seed of the moment. Left out on purpose: which documents have no account (`survey`).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use bakkt_model::text::ids;

/// The forms of all ids that documents name, and whether a row of the export has one of that form.
#[derive(Debug, Default)]
pub(crate) struct NamedForms {
    seed: RandomState,
    forms: HashMap<u64, bool>,
    text: String,
}

impl NamedForms {
    /// A document names this id.
    pub(crate) fn add(&mut self, id: &str) {
        let form = self.form(id);
        self.forms.entry(form).or_insert(false);
    }

    /// A row of the export has this id.
    pub(crate) fn note(&mut self, id: &str) {
        if self.forms.is_empty() {
            return;
        }
        let form = self.form(id);
        if let Some(seen) = self.forms.get_mut(&form) {
            *seen = true;
        }
    }

    /// Whether a row of the export has an id of this form.
    pub(crate) fn has_row(&self, id: &str) -> bool {
        let mut text = String::new();
        ids::form(id, &mut text);
        self.forms.get(&self.seed.hash_one(text.as_str())) == Some(&true)
    }

    fn form(&mut self, id: &str) -> u64 {
        self.text.clear();
        ids::form(id, &mut self.text);
        self.seed.hash_one(self.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_row_is_found_in_every_form() {
        let mut forms = NamedForms::default();
        let named = ["1234", "c0001", "C-7", "9", "1001.0"];
        for id in named {
            forms.add(id);
        }
        for row in ["0001234", "C0001", "c7", "99", "1001", "unnamed"] {
            forms.note(row);
        }
        let found = named.map(|id| forms.has_row(id));
        assert_eq!(found, [true, true, true, false, true]);
        assert!(!forms.has_row("unnamed"));
    }
}
