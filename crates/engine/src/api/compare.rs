//! What of that which we sent Bakkt shows differently.
//!
//! Owner of that comparison, of accounts and of documents' metadata. Bakkt may add fields and ids, reorder keys and the
//! elements of lists, mask texts, write a date-time with another offset, and leave away what is empty: that is the same.
//! Everything else that we sent must be there and equal, in case and spaces too, and no list that we sent may have grown.
//! Invariant: a difference is a path and a kind, never a value.
//! Left out on purpose: fields that we did not send; Bakkt may fill them.

use std::fmt::Write;

use serde_json::Value;

/// How something that we sent differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Bakkt lacks it.
    Missing,
    /// Bakkt has something else.
    Different,
    /// Bakkt has more of it than we sent.
    Added,
}

impl DifferenceKind {
    /// The word in the journal and in reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            DifferenceKind::Missing => "missing",
            DifferenceKind::Different => "different",
            DifferenceKind::Added => "added",
        }
    }
}

/// One difference; indexes are those of what we sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// As the contract writes it: `owners[0].phoneNumber`.
    pub path: String,
    /// How it differs.
    pub kind: DifferenceKind,
}

/// Lists of objects whose elements name themselves: the list, the keys, and whether an element with other keys is
/// surely another one.
const NAMED: &[(&str, &[&str], bool)] = &[
    ("owners", &["clientOwnerId"], true),
    ("agreements", &["name", "version"], false),
];

/// Lists of texts whose order says nothing.
const UNORDERED: &[&str] = &["operatingCountries"];

/// Whether `theirs` holds all of `ours`.
pub(crate) fn same(ours: &Value, theirs: &Value) -> bool {
    diff(ours, theirs).is_empty()
}

/// Everything of `ours` that `theirs` shows differently, in the order of `ours`.
pub(crate) fn diff(ours: &Value, theirs: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(ours, theirs, &SentPath::Top, &mut found);
    found
}

/// A place in what we sent; written out only when something is wrong there.
enum SentPath<'a> {
    Top,
    Field(&'a SentPath<'a>, &'a str),
    Element(&'a SentPath<'a>, usize),
}

impl SentPath<'_> {
    /// The name of the innermost field.
    fn name(&self) -> &str {
        match self {
            SentPath::Top => "",
            SentPath::Field(_, name) => name,
            SentPath::Element(list, _) => list.name(),
        }
    }

    fn write(&self, path: &mut String) {
        match self {
            SentPath::Top => {}
            SentPath::Field(parent, name) => {
                parent.write(path);
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            SentPath::Element(list, index) => {
                list.write(path);
                // Writing to a String cannot fail.
                let _ = write!(path, "[{index}]");
            }
        }
    }

    fn note(&self, kind: DifferenceKind, found: &mut Vec<Difference>) {
        let mut path = String::new();
        self.write(&mut path);
        found.push(Difference { path, kind });
    }
}

fn compare(ours: &Value, theirs: &Value, at: &SentPath<'_>, found: &mut Vec<Difference>) {
    if is_nothing(ours) {
        if theirs.as_array().is_some_and(|list| !list.is_empty()) {
            at.note(DifferenceKind::Added, found);
        }
        return;
    }
    match (ours, theirs) {
        (_, Value::Null) => at.note(DifferenceKind::Missing, found),
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, ours) in ours {
                let theirs = theirs.get(key).unwrap_or(&Value::Null);
                compare(ours, theirs, &SentPath::Field(at, key), found);
            }
        }
        (Value::Array(_), Value::Array(theirs)) if theirs.is_empty() => {
            at.note(DifferenceKind::Missing, found)
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.iter().any(Value::is_object) => {
            elements(ours, theirs, at, found)
        }
        (Value::Array(ours), Value::Array(theirs))
            if same_texts(ours, theirs, UNORDERED.contains(&at.name())) => {}
        (ours, theirs) if same_leaf(ours, theirs) => {}
        _ => at.note(DifferenceKind::Different, found),
    }
}

/// The elements of a list of objects: each of ours with the one of theirs that it is, wherever it stands.
fn elements(ours: &[Value], theirs: &[Value], at: &SentPath<'_>, found: &mut Vec<Difference>) {
    let (keys, sure) = NAMED
        .iter()
        .find(|(name, ..)| *name == at.name())
        .map_or((&[][..], false), |(_, keys, sure)| (*keys, *sure));
    let mut pairs: Vec<Option<usize>> = vec![None; ours.len()];
    let mut free: Vec<usize> = (0..theirs.len()).collect();
    let named = |one: &Value, other: &Value| {
        !keys.is_empty() && keys.iter().all(|key| one.get(key) == other.get(key))
    };
    let may_be = |other: &Value| {
        let nameless = |key: &&str| other.get(*key).is_none_or(Value::is_null);
        !sure || keys.iter().all(nameless)
    };
    // Equal ones first, then those of the same name, then what is left by likeness.
    for is_it in [&same as &dyn Fn(&Value, &Value) -> bool, &named] {
        for (one, pair) in ours
            .iter()
            .zip(&mut pairs)
            .filter(|(_, pair)| pair.is_none())
        {
            let place = free.iter().position(|other| is_it(one, &theirs[*other]));
            *pair = place.map(|place| free.remove(place));
        }
    }
    for (_, one, other) in by_likeness(ours, theirs, &pairs, &free, may_be) {
        if pairs[one].is_none()
            && let Some(place) = free.iter().position(|left| *left == other)
        {
            pairs[one] = Some(free.remove(place));
        }
    }
    for (index, (one, pair)) in ours.iter().zip(&pairs).enumerate() {
        let at = SentPath::Element(at, index);
        match pair {
            Some(other) => compare(one, &theirs[*other], &at, found),
            None => at.note(DifferenceKind::Missing, found),
        }
    }
    if !free.is_empty() {
        at.note(DifferenceKind::Added, found);
    }
}

/// Every pair of what has no partner yet, as (number of differences, place in ours, place in theirs), the likest first.
fn by_likeness(
    ours: &[Value],
    theirs: &[Value],
    pairs: &[Option<usize>],
    free: &[usize],
    may_be: impl Fn(&Value) -> bool,
) -> Vec<(usize, usize, usize)> {
    let alone = (0..ours.len()).filter(|one| pairs[*one].is_none());
    let mut all: Vec<_> = alone
        .flat_map(|one| free.iter().map(move |other| (one, *other)))
        .filter(|(_, other)| may_be(&theirs[*other]))
        .map(|(one, other)| (diff(&ours[one], &theirs[other]).len(), one, other))
        .collect();
    all.sort_unstable();
    all
}

fn same_texts(ours: &[Value], theirs: &[Value], in_any_order: bool) -> bool {
    if ours.len() != theirs.len() {
        return false;
    }
    if !in_any_order {
        return ours
            .iter()
            .zip(theirs)
            .all(|(ours, theirs)| same_leaf(ours, theirs));
    }
    let mut free: Vec<&Value> = theirs.iter().collect();
    ours.iter().all(|one| {
        let place = free.iter().position(|other| same_leaf(one, other));
        place.map(|place| free.swap_remove(place)).is_some()
    })
}

fn same_leaf(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::String(ours), Value::String(theirs)) => {
            ours == theirs || is_mask_of(theirs, ours) || is_same_time(ours, theirs)
        }
        // 5 and 5.0 are one number.
        (Value::Number(ours), Value::Number(theirs)) => {
            ours == theirs || ours.as_f64() == theirs.as_f64()
        }
        (ours, theirs) => ours == theirs,
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// The same instant, with whatever offset.
fn is_same_time(ours: &str, theirs: &str) -> bool {
    let instant = |text: &str| text.parse::<jiff::Timestamp>().ok();
    instant(ours).is_some_and(|ours| instant(theirs) == Some(ours))
}

/// `*****1234`, `XXX-XX-1234`, `+1*******0101`, `p***@example.com`: what shows is right, in its order, from the first character to
/// the last, and something is covered between. An X may be a letter of its own, so it masks numbers only.
fn is_mask_of(masked: &str, text: &str) -> bool {
    let number = !text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let covers = |c: char| matches!(c, '*' | '#' | '•') || number && matches!(c, 'X' | 'x');
    if !masked.chars().any(covers) || text.chars().any(covers) {
        return false;
    }
    // What parts a number stands beside what is covered: `XXX-XX-1234`, `+1 (***) ***-0101`.
    let parts = |c: char| matches!(c, '-' | ' ' | '(' | ')' | '.');
    let shown: Vec<&str> = masked.split(covers).collect();
    let last = shown.len() - 1;
    let mut rest = text;
    for (place, part) in shown.into_iter().enumerate() {
        let part = match (number, place) {
            (false, _) => part,
            (true, 0) => part.trim_end_matches(parts),
            (true, place) if place == last => part.trim_start_matches(parts),
            (true, _) => part.trim_matches(parts),
        };
        let found = match place {
            0 => rest.strip_prefix(part),
            _ if place == last => rest
                .strip_suffix(part)
                .filter(|covered| !covered.is_empty()),
            _ if part.is_empty() => Some(rest),
            _ => rest.split_once(part).map(|(_, behind)| behind),
        };
        match found {
            Some(left) => rest = left,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ours() -> Value {
        json!({
            "clientAccountId": "A-1",
            "owners": [
                {"clientOwnerId": "o-1", "phoneNumber": "+15550100", "agreements": [
                    {"name": "Terms", "version": "1", "eSignedDate": "2024-05-01T12:00:00Z"},
                    {"name": "Privacy", "version": "2"}],
                 "identity": {"givenName": "Xavier", "taxId": "987651234",
                    "personalAddress": {"streetAddress": ["1 Main St", "Apt 2"], "city": "Reno"},
                    "employment": {"employerName": "ACME", "yearsEmployed": 5}}},
                {"clientOwnerId": "o-2", "phoneNumber": "+15550101", "agreements": []}],
            "trustedContacts": [{"givenName": "Ann", "familyName": "Lee"}, {"givenName": "Bob", "familyName": "Lee"}],
            "entity": {"operatingCountries": ["USA", "CAN", "USA"]},
            "shareToken": null})
    }

    /// What one change of what Bakkt has comes to, as `path kind`.
    fn after(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut theirs = ours();
        change(&mut theirs);
        let found = diff(&ours(), &theirs);
        found
            .iter()
            .map(|one| format!("{} {}", one.path, one.kind.word()))
            .collect()
    }

    fn remove(value: &mut Value, pointer: &str, key: &str) {
        let object = value.pointer_mut(pointer).and_then(Value::as_object_mut);
        assert!(object.is_some_and(|object| object.remove(key).is_some()));
    }

    fn list<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Vec<Value> {
        let list = value.pointer_mut(pointer).and_then(Value::as_array_mut);
        list.unwrap_or_else(|| panic!("{pointer} is no list"))
    }

    #[test]
    fn what_bakkt_adds_reorders_or_masks_is_the_same() {
        let found = after(|theirs| {
            theirs["id"] = json!(7);
            theirs["enrollments"] = json!([]);
            theirs["owners"][0]["ownerId"] = json!("x");
            theirs["owners"][0]["agreements"][0]["eSignedDate"] =
                json!("2024-05-01T08:00:00-04:00");
            theirs["owners"][0]["identity"]["taxId"] = json!("*****1234");
            theirs["owners"][0]["identity"]["employment"]["yearsEmployed"] = json!(5.0);
            theirs["owners"][1]["mailingAddress"] = json!(null);
            remove(theirs, "/owners/1", "agreements");
            remove(theirs, "", "shareToken");
            for lists in [
                "/owners",
                "/owners/1/agreements",
                "/trustedContacts",
                "/entity/operatingCountries",
            ] {
                list(theirs, lists).reverse();
            }
        });
        assert_eq!(found, [] as [&str; 0]);
        for masked in [
            "XXX-XX-1234",
            "*********",
            "xxxxx1234",
            "#1234",
            "***-**-1234",
            "98*****34",
            "9XX-XX-1234",
            "987 (**) 1*34",
        ] {
            let found = after(|theirs| theirs["owners"][0]["identity"]["taxId"] = json!(masked));
            assert_eq!(found, [] as [&str; 0], "{masked}");
        }
        for masked in ["X****r", "Xa*", "*ier", "X*v*r"] {
            let found =
                after(|theirs| theirs["owners"][0]["identity"]["givenName"] = json!(masked));
            assert_eq!(found, [] as [&str; 0], "{masked}");
        }
    }

    #[test]
    fn every_other_change_is_found_where_it_is() {
        let tax = "owners[0].identity.taxId different";
        for masked in [
            "*****1235",
            "XXX-XX-4321",
            "---",
            "",
            "1234",
            "*8765-1234",
            "97*****34",
            "98*******9",
            "987651234*",
            "9*4*4",
            "987-65-1234",
        ] {
            assert_eq!(
                after(|theirs| theirs["owners"][0]["identity"]["taxId"] = json!(masked)),
                [tax],
                "{masked}"
            );
        }
        for name in ["xavier", "Xavier ", "Xvier", "XXvier", "X"] {
            let found = after(|theirs| theirs["owners"][0]["identity"]["givenName"] = json!(name));
            assert_eq!(found, ["owners[0].identity.givenName different"], "{name}");
        }
        type Case<'a> = (&'a str, &'a dyn Fn(&mut Value));
        let cases: [Case<'_>; 16] = [
            ("clientAccountId different", &|t| {
                t["clientAccountId"] = json!("A-2")
            }),
            ("owners[1].phoneNumber different", &|t| {
                t["owners"][1]["phoneNumber"] = json!("+15550102")
            }),
            ("owners[1].phoneNumber missing", &|t| {
                remove(t, "/owners/1", "phoneNumber")
            }),
            ("owners[1].phoneNumber missing", &|t| {
                t["owners"][1]["phoneNumber"] = Value::Null
            }),
            ("owners[0].identity.employment missing", &|t| {
                remove(t, "/owners/0/identity", "employment")
            }),
            (
                "owners[0].identity.employment.yearsEmployed different",
                &|t| t["owners"][0]["identity"]["employment"]["yearsEmployed"] = json!("5"),
            ),
            (
                "owners[0].identity.personalAddress.streetAddress different",
                &|t| list(t, "/owners/0/identity/personalAddress/streetAddress").reverse(),
            ),
            (
                "owners[0].identity.personalAddress.streetAddress missing",
                &|t| list(t, "/owners/0/identity/personalAddress/streetAddress").clear(),
            ),
            ("owners[1] missing", &|t| drop(list(t, "/owners").pop())),
            ("owners[0] missing", &|t| drop(list(t, "/owners").remove(0))),
            ("owners added", &|t| {
                list(t, "/owners").insert(0, json!({"clientOwnerId": "o-9"}))
            }),
            ("owners[0].agreements[1] missing", &|t| {
                drop(list(t, "/owners/0/agreements").pop())
            }),
            ("owners[0].agreements[1].version different", &|t| {
                t["owners"][0]["agreements"][1]["version"] = json!("3")
            }),
            ("owners[0].agreements[0].eSignedDate different", &|t| {
                t["owners"][0]["agreements"][0]["eSignedDate"] = json!("2024-05-01T12:00:00-04:00")
            }),
            ("owners[1].agreements added", &|t| {
                list(t, "/owners/1/agreements").push(json!({"name": "Terms"}))
            }),
            ("entity.operatingCountries different", &|t| {
                drop(list(t, "/entity/operatingCountries").pop())
            }),
        ];
        for (wanted, change) in cases {
            assert_eq!(after(change), [wanted]);
        }
        assert_eq!(
            after(|theirs| theirs["trustedContacts"] =
                json!([{"givenName": "Bob", "familyName": "Leigh"}])),
            [
                "trustedContacts[0] missing",
                "trustedContacts[1].familyName different"
            ]
        );
        // A stranger in an owner's place is not that owner with other data.
        assert_eq!(
            after(|theirs| theirs["owners"][1]["clientOwnerId"] = json!("o-9")),
            ["owners[1] missing", "owners added"]
        );
        assert_eq!(
            after(|theirs| remove(theirs, "/owners/1", "clientOwnerId")),
            ["owners[1].clientOwnerId missing"]
        );
        assert_eq!(diff(&ours(), &json!("x")).len(), 1);
    }
}
