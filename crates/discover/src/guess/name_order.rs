//! Which name comes first in cells that hold whole names.
//!
//! Owner of [`NameOrder`]. With a comma the family name stands first, whatever anybody says. Without one the header may say the
//! order (`LAST_FIRST`), or initials may: they stand for middle names, so `JOHN Q DOE` begins with the given name and
//! `DOE JOHN Q` with the family name. Where neither does, a person has to decide. Left out on purpose: how a name is
//! cut (`mapping::names`).

use super::words::{HeaderToken, tokens};
use crate::inspect::classes::Class;
use crate::inspect::column::ColumnProfile;
use crate::inspect::shapes;

/// The order of a column of whole names.
pub(super) struct NameOrder {
    /// The transforms say that the family name stands first.
    pub is_family_first: bool,
    /// What a person has to decide; empty where the order is known.
    pub note: &'static str,
}

const UNKNOWN: &str = "without a comma no value tells which name stands first: read as given name first, which `order = \"family-first\"` turns round";
const DISAGREE: &str = "its header says one order and initials in its values the other: decide which name stands first";

/// So many values with an initial show an order.
const LEAST_INITIALS: u64 = 3;

impl NameOrder {
    pub(super) fn of(column: &ColumnProfile) -> NameOrder {
        let header = family_first_by_header(&tokens(&column.name));
        let commas = column.share(Class::NameComma) > 0.9;
        let values = family_first_by_initials(column);
        let note = match (header, values) {
            _ if commas => "",
            (Some(header), Some(values)) if header != values => DISAGREE,
            (None, None) => UNKNOWN,
            _ => "",
        };
        NameOrder {
            is_family_first: header.or(values.filter(|_| !commas)).unwrap_or(false),
            note,
        }
    }

    /// The transform that takes a part of the name.
    pub(super) fn transform(&self, part: &str) -> String {
        match self.is_family_first {
            true => format!("name = {{ part = \"{part}\", order = \"family-first\" }}"),
            false => format!("name = \"{part}\""),
        }
    }
}

/// Which of the two names a header has first; none where it does not have both.
fn family_first_by_header(header: &[HeaderToken]) -> Option<bool> {
    let place = |word: &str, other: &str| {
        let own = |token: &HeaderToken| token.is(word) && !token.is(other);
        header.iter().position(own)
    };
    let (family, given) = (place("last", "first")?, place("first", "last")?);
    Some(family < given)
}

/// What initials say: behind the first word of several the given name stands first, at the end the family name.
fn family_first_by_initials(column: &ColumnProfile) -> Option<bool> {
    let (mut inside, mut last) = (0, 0);
    for (shape, count) in column.shapes.top(shapes::MOST) {
        let words: Vec<&str> = shape.split(' ').collect();
        let is_initial = |word: &&str| matches!(*word, "A" | "A.");
        if words.len() < 3 || shape.contains(',') {
            continue;
        }
        let between = words.get(1..words.len() - 1).unwrap_or_default();
        match (
            between.iter().any(is_initial),
            words.last().is_some_and(is_initial),
        ) {
            (true, false) => inside += count,
            (false, true) => last += count,
            _ => {}
        }
    }
    let shows = |many: u64, few: u64| many >= LEAST_INITIALS && few * 5 <= many;
    match () {
        () if shows(inside, last) => Some(false),
        () if shows(last, inside) => Some(true),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::distinct::Hasher;
    use bakkt_source::Cell;

    fn column(name: &str, values: &[&str]) -> ColumnProfile {
        let mut column = ColumnProfile::new(name, 1);
        let hasher = Hasher::default();
        for value in values {
            column.add(Cell::Text(value), &hasher);
        }
        column
    }

    const PLAIN: &[&str] = &["QUILL MARA", "PIKE JOEL", "ROE ANN", "HART BO", "FOX CY"];

    #[test]
    fn the_order_is_that_of_the_header_or_of_the_initials_or_open() {
        let commas = &["QUILL, MARA", "PIKE, JOEL", "ROE, ANN"];
        let inside = &["MARA J QUILL", "JOEL P. PIKE", "ANN Q ROE JR", "BO HART"];
        let last = &["QUILL MARA J", "PIKE JOEL P.", "ROE ANN Q", "HART BO"];
        for (name, values, is_family_first, note) in [
            ("Name", PLAIN, false, UNKNOWN),
            ("Name", commas, false, ""),
            ("Name", inside, false, ""),
            ("Name", last, true, ""),
            ("LastFirstName", PLAIN, true, ""),
            ("NAME_LAST_FIRST", PLAIN, true, ""),
            ("JT_NAME_LAST_FIRST", PLAIN, true, ""),
            ("Nachname Vorname", PLAIN, true, ""),
            ("Apellidos y Nombre", PLAIN, true, ""),
            ("LAST_FIRST_MI", last, true, ""),
            ("CUST_NAME_LF", PLAIN, true, ""),
            ("CustName LFM", PLAIN, true, ""),
            ("FULLNAME_FL", PLAIN, false, ""),
            ("NAME_FML", last, false, DISAGREE),
            ("LF", PLAIN, false, UNKNOWN),
            ("LAST_FIRST", inside, true, DISAGREE),
            ("First Last Name", PLAIN, false, ""),
            ("LastName", PLAIN, false, UNKNOWN),
        ] {
            let order = NameOrder::of(&column(name, values));
            let found = (order.is_family_first, order.note);
            assert_eq!(found, (is_family_first, note), "{name} {values:?}");
        }
    }
}
