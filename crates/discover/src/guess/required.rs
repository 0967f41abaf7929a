//! The fields without which nothing can be sent, from the contract's own table.
//!
//! Owner of [`required`]. Left out on purpose: levels that depend on values beside them, and what `[policy]` moves.

use bakkt_contract::account::ACCOUNT;
use bakkt_contract::{Field, FieldShape, Form, Level, LevelRule};

/// Paths that accounts of any of these types need, with their levels. `owners` is how the paths of an owner begin, such as
/// `owners[0]`; none: owners are elsewhere.
pub(crate) fn required(types: &[&str], owners: Option<&str>) -> Vec<(String, Level)> {
    let mut found = Vec::new();
    for account_type in types {
        walk(ACCOUNT, "", account_type, owners, &mut found);
    }
    found
}

fn walk(
    fields: &[Field],
    prefix: &str,
    account_type: &str,
    owners: Option<&str>,
    found: &mut Vec<(String, Level)>,
) {
    for field in fields {
        let level = match field.rule.on(account_type) {
            Some(LevelRule::Is(level)) if level.breaks() => level,
            _ => continue,
        };
        let path = format!("{prefix}{}", field.name);
        match field.shape {
            // What the mapping says at its top, and what is derived.
            FieldShape::Leaf(Form::AccountType | Form::OwnerId) => {}
            FieldShape::Leaf(_) | FieldShape::Lines(_)
                if found.iter().all(|(known, _)| *known != path) =>
            {
                found.push((path, level))
            }
            FieldShape::Leaf(_) | FieldShape::Lines(_) => {}
            FieldShape::Object(inner) => {
                walk(inner, &format!("{path}."), account_type, owners, found)
            }
            FieldShape::List(inner) => {
                if let Some(owners) = owners.filter(|_| field.name == "owners") {
                    walk(inner, &format!("{owners}."), account_type, None, found);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_needs_and_what_a_firm() {
        let names = |types: &[&str]| -> Vec<String> {
            required(types, Some("owners[0]"))
                .into_iter()
                .map(|(path, _)| path)
                .collect()
        };
        let person = names(&["INDIVIDUAL"]);
        assert!(person.contains(&"owners[0].identity.personalAddress.city".to_owned()));
        assert!(
            person
                .iter()
                .all(|path| !path.starts_with("entity.") && !path.contains("mailing"))
        );
        assert!(names(&["INDIVIDUAL", "ENTITY"]).contains(&"entity.entityLegalName".to_owned()));
    }
}
