//! The order in which the feeds of a row are evaluated, and what each knows of those beside it.
//!
//! Owner of [`in_order`]: what looks at the country of its address stands behind it, and feeds in a row that depend on the same
//! column are passed over together. Left out on purpose: how a feed is evaluated (`feed`).

use super::{FieldMapping, Route, TextSource};
use crate::draft::Draft;
use bakkt_contract::countries;

/// The feeds of one row, in the order in which they are evaluated: what looks at the country of its address stands behind it.
/// `numbers` are for those whose values are remembered.
pub(crate) fn in_order(
    mut feeds: Vec<FieldMapping>,
    numbers: &mut impl Iterator<Item = u16>,
) -> Vec<FieldMapping> {
    for feed in &mut feeds {
        // Where there is no other column to turn to, the form of the field tells what is no e-mail address.
        if feed.has_one_column() && (feed.steps.is_empty() || !feed.is_email) {
            feed.skips_unreadable = false;
        }
        feed.route = feed.short_route();
        feed.remembered = match feed.may_be_remembered() {
            true => numbers.next(),
            false => None,
        };
    }
    feeds.sort_by_key(FieldMapping::needs_country);
    for place in 0..feeds.len() {
        let feed = &feeds[place];
        let country = feed.target.rsplit_once('.').and_then(|(address, _)| {
            let country = format!("{address}.country");
            feeds.iter().position(|other| other.target == country)
        });
        feeds[place].country = country.filter(|country| feed.needs_country() && *country < place);
    }
    for place in (0..feeds.len()).rev() {
        let same = |next: &&FieldMapping| next.when == feeds[place].when;
        let behind = feeds
            .get(place + 1)
            .filter(same)
            .map_or(0, |next| next.same_when);
        feeds[place].same_when = feeds[place].when.map_or(0, |_| behind + 1);
    }
    feeds
}

/// The country of the address that a feed belongs to, where the row says it.
pub(crate) fn country_beside(
    feed: &FieldMapping,
    first: usize,
    draft: &Draft,
) -> Option<&'static str> {
    let code = draft.value(first + feed.country?)?;
    countries::alpha3(code).and_then(countries::alpha2_of)
}

impl FieldMapping {
    fn has_one_column(&self) -> bool {
        matches!(&self.source, TextSource::First(columns) if columns.len() == 1)
    }

    /// How its value is made, where nothing is hidden in the cell.
    fn short_route(&self) -> Route {
        let is_simple = self.has_one_column()
            && self.regex.is_none()
            && self.split.is_none()
            && self.default.is_none()
            && !self.skips_unreadable
            && !self.list;
        match self.steps.len() {
            0 if is_simple => Route::Copy,
            1 if is_simple && !self.form.is_prose() => Route::Step,
            _ => Route::Any,
        }
    }
}
