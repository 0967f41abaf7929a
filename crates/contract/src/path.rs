//! Paths into the field tree, as people write them: `owners[0].identity.taxId`.
//!
//! Owner of the one spelling. A path with an index names one place; the same path with empty brackets
//! (`owners[].identity.taxId`) names the field wherever it occurs, which is what `[policy]` moves.

use std::fmt::Write;

use super::account::ACCOUNT;
use super::{Field, FieldShape, Level, LevelRule};

/// The highest index of a list element that a mapping may name.
pub const MAX_INDEX: usize = 63;

/// The field that a path leads to, and where it exists.
#[derive(Clone, Copy, Debug)]
pub struct ResolvedField {
    /// The field.
    pub field: &'static Field,
    /// Account types that have it; none: all of them.
    pub only_on: Option<&'static [(&'static str, Level)]>,
}

impl ResolvedField {
    /// Whether accounts of a type have the field.
    pub fn is_on(&self, account_type: &str) -> bool {
        self.only_on
            .is_none_or(|levels| levels.iter().any(|(name, _)| *name == account_type))
    }
}

/// Finds the field of a path with indexes, `streetAddress` and other lists of texts without one.
pub fn find(path: &str) -> Option<ResolvedField> {
    // Written in one way only: `[00]` would be another slot of the same field.
    walk(path, |index| {
        index
            .parse::<usize>()
            .is_ok_and(|i| i <= MAX_INDEX && i.to_string() == index)
    })
}

/// Finds the field of a pattern with empty brackets.
pub fn find_pattern(pattern: &str) -> Option<ResolvedField> {
    walk(pattern, str::is_empty)
}

fn walk(path: &str, index_fits: impl Fn(&str) -> bool) -> Option<ResolvedField> {
    let mut fields = ACCOUNT;
    let mut only_on = None;
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        let (name, index) = match step.split_once('[') {
            Some((name, rest)) => (name, Some(rest.strip_suffix(']')?)),
            None => (step, None),
        };
        let field = fields.iter().find(|field| field.name == name)?;
        if let LevelRule::Of(levels) = field.rule {
            only_on = Some(levels);
        }
        fields = match (field.shape, index) {
            (FieldShape::Object(inner), None) => inner,
            (FieldShape::List(inner), Some(index)) if index_fits(index) => inner,
            (FieldShape::List(_), None) | (FieldShape::Leaf(_) | FieldShape::Lines(_), None)
                if steps.peek().is_none() =>
            {
                &[]
            }
            _ => return None,
        };
        if steps.peek().is_none() {
            return Some(ResolvedField { field, only_on });
        }
    }
    None
}

/// The pattern of a path: indexes taken out of the brackets.
pub fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        inside = c == '[' || (inside && c != ']');
        if !inside || c == '[' {
            pattern.push(c);
        }
    }
    pattern
}

/// Whether a path is the one that a person named, or stands inside it; empty brackets in what was named stand for any index.
pub fn covers(named: &str, path: &str) -> bool {
    let path = if named.contains("[]") {
        pattern(path).into()
    } else {
        std::borrow::Cow::Borrowed(path)
    };
    path.strip_prefix(named)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The index of the element of a top-level list to which a path belongs.
pub fn index(path: &str, list: &str) -> Option<usize> {
    let rest = path.strip_prefix(list)?.strip_prefix('[')?;
    rest.split(']').next()?.parse().ok()
}

/// The same path with the index of its top-level list left out: what a field is called in every element of the list.
pub fn without_index(path: &str, list: &str) -> Option<String> {
    let rest = path.strip_prefix(list)?.strip_prefix('[')?;
    let (_, rest) = rest.split_once(']')?;
    Some(format!("{list}[]{rest}"))
}

/// Every pattern of the contract, objects and lists included, in contract order.
pub fn patterns() -> Vec<String> {
    let mut all = Vec::new();
    collect(ACCOUNT, "", &mut all);
    all
}

fn collect(fields: &[Field], prefix: &str, all: &mut Vec<String>) {
    for field in fields {
        let path = join(prefix, field.name);
        all.push(path.clone());
        match field.shape {
            FieldShape::Object(inner) => collect(inner, &path, all),
            FieldShape::List(inner) => collect(inner, &format!("{path}[]"), all),
            FieldShape::Leaf(_) | FieldShape::Lines(_) => {}
        }
    }
}

/// `prefix.name`, or the name alone at the top.
pub fn join(prefix: &str, name: &str) -> String {
    let mut path = String::with_capacity(prefix.len() + name.len() + 1);
    if !prefix.is_empty() {
        let _ = write!(path, "{prefix}.");
    }
    path.push_str(name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_path_covers_what_is_inside() {
        let phone = "owners[1].phoneNumber";
        for named in [
            "owners",
            "owners[1]",
            "owners[]",
            "owners[].phoneNumber",
            phone,
        ] {
            assert!(covers(named, phone), "{named}");
        }
        for named in [
            "owners[0]",
            "owners[1].phone",
            "phoneNumber",
            "owners[1].phoneNumber.x",
            "o",
        ] {
            assert!(!covers(named, phone), "{named}");
        }
    }

    #[test]
    fn an_index_is_written_in_one_way() {
        for other in [
            "owners[00].phoneNumber",
            "owners[+0].phoneNumber",
            "owners[064].phoneNumber",
        ] {
            assert!(find(other).is_none(), "{other}");
        }
        assert!(find("owners[63].phoneNumber").is_some());
    }

    #[test]
    fn paths_lead_to_fields() {
        assert_eq!(
            find("owners[0].identity.taxId").map(|f| f.field.name),
            Some("taxId")
        );
        assert_eq!(
            find("owners[1].mailingAddress.streetAddress").map(|f| f.field.name),
            Some("streetAddress")
        );
        for wrong in [
            "owners.identity",
            "owners[x].role",
            "owners[0].identity.taxid",
            "owners[99].role",
            "",
            "a.b",
            "shareToken.x",
        ] {
            assert!(find(wrong).is_none(), "{wrong}");
        }
        assert!(find_pattern("owners[].identity.employment").is_some());
        assert!(find_pattern("owners[0].role").is_none());
        assert_eq!(
            pattern("owners[12].agreements[0].name"),
            "owners[].agreements[].name"
        );
        for pattern in patterns() {
            assert!(find_pattern(&pattern).is_some(), "{pattern}");
        }
    }
}
