//! What becomes of picks when all of them are known: people whom nobody speaks of, columns that are not sure beside each other,
//! addresses that are the only ones.
//!
//! Owner of these corrections, each of which only takes picks away, moves them to another object or makes them less sure. Left out on
//! purpose: the picks themselves (`columns`).

use super::{Confidence, Pick, turns};
use crate::guess::fields::ValueKind;
use crate::guess::places::ObjectPlace;
use crate::guess::score::ColumnView;
use crate::guess::words::WordSet;

/// A state or a country where a firm was formed is not sure to be that of its registered address.
pub(super) fn formation_is_no_address(picks: &mut [Pick], seen: &[ColumnView<'_>]) {
    let (formed, registered) = (WordSet::of("formation"), WordSet::of("registered/legal"));
    let only_formed = |pick: &Pick| {
        let column = seen.iter().find(|seen| seen.index == pick.column);
        let words = column.map_or(WordSet::default(), ColumnView::words);
        words.meet(formed) && !words.meet(registered)
    };
    let registered_at = |pick: &Pick| pick.place.prefix == "entity.registeredAddress.";
    let street = |pick: &Pick| pick.concept.kind == ValueKind::Street;
    if picks
        .iter()
        .any(|pick| registered_at(pick) && street(pick) && only_formed(pick))
    {
        return;
    }
    for pick in picks.iter_mut() {
        if registered_at(pick) && only_formed(pick) {
            pick.confidence = Confidence::Low;
        }
    }
}

/// A joint owner or a trusted contact of whom no header speaks is nobody: what feeds them is said twice of the main owner.
pub(super) fn nobody_is_made_up(
    picks: &mut Vec<Pick>,
    seen: &[ColumnView<'_>],
    labels: &[(String, usize)],
    places: &'static [ObjectPlace],
) {
    for head in ["owners[1].", "trustedContacts[0]."] {
        let speaks = |pick: &Pick| {
            let Some(seen) = seen.iter().find(|seen| seen.index == pick.column) else {
                return false;
            };
            let labelled = seen.tokens.iter().any(|token| {
                let mut labels = labels.iter();
                labels.any(|(label, place)| {
                    *label == token.spelled && places[*place].prefix.starts_with(head)
                })
            });
            let marks = pick.place.ground().marks;
            labelled || marks.iter().all(|marks| marks.meet(seen.words()))
        };
        let of_head = |pick: &Pick| pick.place.prefix.starts_with(head);
        if picks.iter().any(|pick| of_head(pick) && speaks(pick)) {
            continue;
        }
        // Of two columns with one header the first is the main owner's.
        let made_up: Vec<Pick> = picks.iter().filter(|pick| of_head(pick)).copied().collect();
        picks.retain(|pick| !of_head(pick));
        let header = |column: usize| {
            seen.iter()
                .find(|seen| seen.index == column)
                .map(|seen| &seen.column.name)
        };
        for other in made_up {
            for pick in picks.iter_mut() {
                let same = pick.concept.field == other.concept.field
                    && header(pick.column) == header(other.column);
                if same && other.column < pick.column {
                    pick.column = other.column;
                    pick.confidence = pick.confidence.min(Confidence::Medium);
                }
            }
        }
    }
}

/// Several columns of one field are sure only where their headers differ by a number or a word for a line or a phone.
pub(super) fn unlike_are_not_sure(picks: &mut [Pick], seen: &[ColumnView<'_>]) {
    let plain =
        WordSet::of("street/line/address/unit/phone/mobile/home/business/number/primary/text/of");
    let other = |column: usize| -> Vec<&str> {
        let tokens = seen
            .iter()
            .filter(|seen| seen.index == column)
            .flat_map(|seen| &seen.tokens);
        let left = tokens.filter(|token| !token.words.meet(plain) || token.is("secondary"));
        left.map(|token| token.spelled.as_str()).collect()
    };
    for at in 0..picks.len() {
        let pick = picks[at];
        let unlike = turns(pick.concept.kind) > 1
            && picks
                .iter()
                .any(|with| with.path() == pick.path() && other(with.column) != other(pick.column));
        if unlike {
            picks[at].confidence = pick.confidence.min(Confidence::Medium);
        }
    }
}

/// Where an owner has a mailing address and no other, they live there, as far as the export knows.
pub(super) fn only_mail_is_home(picks: &mut [Pick], places: &'static [ObjectPlace]) {
    for mail in places
        .iter()
        .filter(|place| place.prefix.ends_with("].mailingAddress."))
    {
        let prefix = mail
            .prefix
            .replace("mailingAddress", "identity.personalAddress");
        let Some(home) = places.iter().find(|place| place.prefix == prefix) else {
            continue;
        };
        let street = |place: &ObjectPlace| {
            picks.iter().any(|pick| {
                pick.place.prefix == place.prefix
                    && matches!(
                        pick.concept.kind,
                        ValueKind::Street | ValueKind::WholeAddress
                    )
            })
        };
        if street(home) || !street(mail) {
            continue;
        }
        for pick in picks
            .iter_mut()
            .filter(|pick| pick.place.prefix == mail.prefix)
        {
            pick.place = home;
            pick.confidence = pick.confidence.min(Confidence::Medium);
        }
    }
}
