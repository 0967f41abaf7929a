//! Which fields a person fills in to close a gap.
//!
//! Owner of two answers, both from the tree: the leaves that a gap needs ([`leaves`]), and those that are needed only
//! because of what is filled in beside them ([`companions`]): who names a country may have to name a postal code.
//! Left out on purpose: gaps that no value closes, such as documents (`None`), and what an update may not change (`changes`).

use super::path::{find, join};
use super::{Field, FieldShape, Form, Level, LevelRule};

/// The leaves that a gap at this path needs; none when no value closes it.
pub fn leaves(path: &str) -> Option<Vec<String>> {
    let field = find(path)?.field;
    let mut leaves = Vec::new();
    match field.shape {
        FieldShape::Leaf(Form::ClientId) => return None,
        // Owners come with the export alone.
        FieldShape::List(_) if path == "owners" => return None,
        _ => collect(field, path, &mut leaves),
    }
    Some(leaves)
}

fn collect(field: &Field, path: &str, leaves: &mut Vec<String>) {
    let (fields, path) = match field.shape {
        FieldShape::Leaf(_) | FieldShape::Lines(_) => return leaves.push(path.to_owned()),
        FieldShape::Object(fields) => (fields, path.to_owned()),
        FieldShape::List(fields) => (fields, format!("{path}[0]")),
    };
    for inner in fields.iter().filter(|inner| needed(inner)) {
        collect(inner, &join(&path, inner.name), leaves);
    }
}

/// Whether an object is not whole without a field, whatever stands beside it.
fn needed(field: &Field) -> bool {
    matches!(field.rule, LevelRule::Is(level) if level.breaks()) && field.local.is_none()
}

/// The fields beside a leaf that its value may make necessary.
pub fn companions(path: &str) -> Vec<String> {
    let Some((parent, name)) = path.rsplit_once('.') else {
        return Vec::new();
    };
    let Some(FieldShape::Object(fields)) = find(parent).map(|found| found.field.shape) else {
        return Vec::new();
    };
    let hangs = |field: &&Field| match field.rule {
        LevelRule::When(conditions, level) => {
            level >= Level::G && conditions.iter().any(|(on, _)| *on == name)
        }
        _ => false,
    };
    let fields = fields.iter().filter(hangs);
    fields.map(|field| join(parent, field.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_needs_its_leaves() {
        let of = |path: &str| leaves(path).unwrap_or_default();
        assert_eq!(of("owners[0].phoneNumber"), ["owners[0].phoneNumber"]);
        assert_eq!(
            of("owners[1].agreements"),
            [
                "owners[1].agreements[0].name",
                "owners[1].agreements[0].version"
            ]
        );
        assert_eq!(of("investmentProfile").len(), 2);
        assert_eq!(of("owners[0].mailingAddress").len(), 3);
        for beyond in [
            "owners",
            "clientAccountId",
            "documents.PASSPORT",
            "row",
            "owners[0].identityDocument",
            "",
        ] {
            assert_eq!(leaves(beyond), None, "{beyond}");
        }
    }

    #[test]
    fn a_country_may_ask_for_a_postal_code() {
        let address = "owners[0].identity.employment.employerAddress";
        assert_eq!(
            companions(&format!("{address}.country")),
            [format!("{address}.postalCode")]
        );
        assert!(companions(&format!("{address}.city")).is_empty());
        assert_eq!(companions("owners[0].identity.taxIdType").len(), 3);
        assert!(companions("shareToken").is_empty());
    }
}
