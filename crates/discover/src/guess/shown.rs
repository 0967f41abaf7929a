//! A guess in few words, for the page of `inspect`.

use super::columns::Pick;
use super::fields::Kind;

/// What a column says: the field, or what its parts feed.
pub fn words(pick: &Pick) -> String {
    let place = pick.place.prefix.trim_end_matches('.');
    match pick.concept.kind {
        Kind::Aside => "nothing of Bakkt's".into(),
        Kind::FullName => format!("{place}: the names"),
        Kind::CityState => format!("{place}: city and state"),
        Kind::WholeAddress => format!("{place}: the whole address"),
        Kind::Agreement => format!("{}: name and version", pick.path()),
        _ => pick.path(),
    }
}
