//! A guess in few words, for the page of `inspect`.

use super::columns::Pick;
use super::fields::ValueKind;

/// What a column says: the field, or what its parts feed.
pub(crate) fn words(pick: &Pick) -> String {
    let place = pick.place.prefix.trim_end_matches('.');
    match pick.concept.kind {
        ValueKind::Aside => "nothing of Bakkt's".into(),
        ValueKind::FullName => format!("{place}: the names"),
        ValueKind::CityState => format!("{place}: city and state"),
        ValueKind::WholeAddress => format!("{place}: the whole address"),
        ValueKind::Agreement => format!("{}: name and version", pick.path()),
        _ => pick.path(),
    }
}
