//! Whether an account that Bakkt shows is what we would send.
//!
//! Owner of that comparison. Bakkt may add fields, reorder and mask: every field that we send must be there and equal;
//! what Bakkt adds does not count; a masked text is equal when the characters that it still shows are.

use serde_json::Value;

/// Whether `theirs` holds all of `ours`.
pub fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.iter().all(|(key, ours)| match theirs.get(key) {
                Some(theirs) => same(ours, theirs),
                None => is_nothing(ours),
            })
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::String(ours), Value::String(theirs)) => ours == theirs || is_mask_of(theirs, ours),
        (ours, theirs) => ours == theirs,
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// `*****1234`, `XXX-XX-1234`: the same characters at the end, and only masking before them.
fn is_mask_of(masked: &str, text: &str) -> bool {
    let shown = masked.trim_start_matches(['*', 'X', 'x', '-', '#', '•']);
    shown.len() < masked.len()
        && shown.len() <= 4
        && text.len() > shown.len()
        && text.ends_with(shown)
        && !text.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_bakkt_adds_reorders_or_masks_is_the_same() {
        let ours = json!({"a": "x", "tax": "666121234", "list": [{"b": 1}], "none": []});
        let theirs =
            json!({"list": [{"id": 7, "b": 1}], "tax": "*****1234", "a": "x", "extra": true});
        assert!(same(&ours, &theirs));
        for theirs in [
            json!({"list": [{"b": 1}], "tax": "*****1235", "a": "x"}),
            json!({"list": [{"b": 2}], "tax": "666121234", "a": "x"}),
            json!({"list": [], "tax": "666121234", "a": "x"}),
            json!({"list": [{"b": 1}], "tax": "666121234"}),
            json!(null),
        ] {
            assert!(!same(&ours, &theirs), "{theirs}");
        }
    }
}
