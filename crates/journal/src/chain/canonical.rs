//! Canonical JSON: one text for one value.
//!
//! Keys are sorted by their bytes, there is no space, numbers are whole, and text is escaped only where JSON asks for it. Others
//! get the same with `jq -cS` of such a value. Left out: fractions, which have more than one text.

use serde_json::Value;

/// The canonical text of a value; `None` when it holds a fraction.
pub fn canonical(value: &Value) -> Option<String> {
    let mut text = String::new();
    write_canonical(value, &mut text).then_some(text)
}

/// Adds the canonical text of a value to another; whether it has one.
pub fn write_canonical(value: &Value, out: &mut String) -> bool {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => false,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
            true
        }
        Value::Array(items) => {
            out.push('[');
            let mut is_whole = true;
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                is_whole &= write_canonical(item, out);
            }
            out.push(']');
            is_whole
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            out.push('{');
            let mut is_whole = true;
            for (place, (key, item)) in fields.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                is_whole &= write_canonical(item, out);
            }
            out.push('}');
            is_whole
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::canonical;

    #[test]
    fn one_value_has_one_text() {
        let value = json!({"b": [1, -2, null, true], "a": {"é": "\"\n\u{1}/é", "Z": ""}});
        assert_eq!(
            canonical(&value).as_deref(),
            Some(r#"{"a":{"Z":"","é":"\"\n\u0001/é"},"b":[1,-2,null,true]}"#)
        );
        assert_eq!(canonical(&json!({"a": [1.5]})), None);
    }
}
