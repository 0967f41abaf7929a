//! Which column says what: headers and values together, each column at most once, each field once.
//!
//! Owner of [`Pick`]s and of their confidence, and of the second look: a header that says nothing is read by its
//! neighbours, and a word that several headers share and no table knows (`corrCity`, `corrZip`) names a place of its own.

mod corrections;

use std::collections::HashSet;
use std::rc::Rc;

use super::assign;
use super::elements::one_element_each;
use super::families::one_address_each;
use super::fields::{CONCEPTS, Concept, Group, ValueKind};
use super::headers::seen;
use super::joined_parts::JoinedParts;
use super::labels::labels;
use super::not_asked::{Exclusions, NotAsked, names_a_spouse};
use super::numbered::{second_given_name_is_middle, the_first_is_taken};
use super::places::{ObjectPlace, PlaceWords};
use super::rest;
use super::score::{ColumnView, Fit, LEAST, Label, bases, fit};
use super::words::WordSet;
use crate::inspect::column::ColumnProfile;
use corrections::{
    formation_is_no_address, nobody_is_made_up, only_mail_is_home, unlike_are_not_sure,
};

/// How sure a guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// A hint, no more.
    Low,
    /// Likely; look at it.
    Medium,
    /// Header and values agree, and nothing else comes near.
    High,
}

impl Confidence {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A column and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Pick {
    /// The column's place in its file.
    pub column: usize,
    /// What it says.
    pub concept: &'static Concept,
    /// Of which object.
    pub place: &'static ObjectPlace,
    /// A number in the header, for lines of an address.
    pub number: u32,
    /// How sure that is.
    pub confidence: Confidence,
}

impl Pick {
    /// The path of what it says.
    pub(crate) fn path(&self) -> String {
        self.path_of(self.concept.field)
    }

    /// The path of a field of its object; the names of an owner stand with their identity.
    pub(crate) fn path_of(&self, field: &str) -> String {
        let names = ["givenName", "middleNames", "familyName"].contains(&field);
        let of_owner = self.place.prefix.starts_with("owners");
        let identity = if names && of_owner { "identity." } else { "" };
        format!("{}{identity}{field}", self.place.prefix)
    }
}

/// A concept at a place; several columns may be lines of one address or phones of one person.
#[derive(Clone)]
pub struct ConceptSlot {
    /// The concept that the column holds.
    pub concept: &'static Concept,
    /// Its place among the concepts.
    pub row: usize,
    /// Of which object.
    pub place: &'static ObjectPlace,
    /// The object's words.
    pub ground: Rc<PlaceWords>,
    /// The object's place among the places.
    pub number: usize,
    /// The how manieth column of it.
    pub turn: usize,
}

impl ConceptSlot {
    /// What it feeds.
    fn path(&self) -> (&'static str, &'static str, ValueKind) {
        (self.place.prefix, self.concept.field, self.concept.kind)
    }
}

/// Columns that one field can have.
pub(super) fn turns(kind: ValueKind) -> usize {
    match kind {
        ValueKind::Street | ValueKind::Phone => 3,
        ValueKind::Aside => 12,
        _ => 1,
    }
}

/// How often neighbours are looked at.
const ROUNDS: usize = 3;

/// Columns of a file that are all weighed against each other. Of a file with more, so many that fit each field best.
const WEIGHED: usize = 250;
const OF_EACH: usize = 8;

/// How far columns that belong together stand from each other.
const REACH: usize = 3;

/// Every slot of some places.
fn slots(places: &'static [ObjectPlace]) -> Vec<ConceptSlot> {
    let mut all = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let ground = Rc::new(place.ground());
        for (row, concept) in CONCEPTS
            .iter()
            .enumerate()
            .filter(|(_, concept)| place.groups.contains(&concept.group))
        {
            all.extend((0..turns(concept.kind)).map(|turn| ConceptSlot {
                concept,
                row,
                place,
                ground: Rc::clone(&ground),
                number,
                turn,
            }));
        }
    }
    all
}

/// What each column says at most. `taken` are columns that say something already.
pub(crate) fn picks(
    columns: &[ColumnProfile],
    places: &'static [ObjectPlace],
    taken: &[usize],
) -> Vec<Pick> {
    let not_asked = NotAsked::of(columns);
    let joined = JoinedParts::of(columns);
    let mut seen = seen(columns);
    seen.retain(|column| {
        !taken.contains(&column.index)
            && not_asked.reason(column.index).is_none()
            && !joined.is_second(column.index)
    });
    for column in &mut seen {
        joined.without_ordinal(column.index, &mut column.tokens);
    }
    second_given_name_is_middle(&mut seen);
    let slots = slots(places);
    if seen.len() > WEIGHED {
        only_the_best(&mut seen, &slots);
    }
    let plain = self::fits(&seen, &slots, &[]);
    let first = choose(&plain);
    let names = labels(&seen, &slots, &plain, &first, places);
    let labels: Vec<Label<'_>> = names
        .iter()
        .map(|(name, place)| (name.as_str(), *place))
        .collect();
    let plain = if labels.is_empty() {
        plain
    } else {
        self::fits(&seen, &slots, &labels)
    };
    let mut chosen = choose(&plain);
    let mut fits = plain.clone();
    // What stands beside a column is known better every time.
    for _ in 0..ROUNDS {
        fits.clone_from(&plain);
        by_neighbours(&seen, &slots, &mut fits, &chosen);
        chosen = choose(&fits);
    }
    let pick = |row: usize, slot: usize, confidence: Confidence| Pick {
        column: seen[row].index,
        concept: slots[slot].concept,
        place: slots[slot].place,
        number: ordinal(&seen[row]),
        confidence,
    };
    let mut picks = Vec::new();
    for (row, slot) in chosen.iter().enumerate() {
        let Some(slot) = slot else { continue };
        let labelled = seen[row]
            .tokens
            .iter()
            .any(|token| names.iter().any(|(name, _)| *name == token.spelled));
        let most = match () {
            // Whether a spouse owns a part of the account is for a person to say.
            () if names_a_spouse(&seen[row].tokens) => Confidence::Medium,
            () if labelled || !seen[row].sure() => Confidence::Medium,
            () => Confidence::High,
        };
        let confidence = confidence(&fits, &slots, &chosen, row, *slot).min(most);
        picks.push(pick(row, *slot, confidence));
    }
    let rest = rest::found(&seen, &slots, &fits, &chosen, &free(&slots, &chosen));
    picks.extend(
        rest.iter()
            .map(|rest| pick(rest.row, rest.slot, rest.confidence)),
    );
    one_address_each(&mut picks, &seen, &slots, &plain);
    one_element_each(&mut picks, &seen);
    nobody_is_made_up(&mut picks, &seen, &names, places);
    unlike_are_not_sure(&mut picks, &seen);
    only_mail_is_home(&mut picks, places);
    formation_is_no_address(&mut picks, &seen);
    the_first_is_taken(&mut picks, &seen);
    picks.sort_by_key(|pick| pick.column);
    picks
}

/// The slots that nothing is chosen for, and that are no part nor whole of what is.
fn free(slots: &[ConceptSlot], chosen: &[Option<usize>]) -> Vec<bool> {
    let taken: Vec<&ConceptSlot> = chosen.iter().flatten().map(|slot| &slots[*slot]).collect();
    let open = |slot: &ConceptSlot| {
        slot.turn == 0
            && slot.concept.kind != ValueKind::Aside
            && taken.iter().all(|other| {
                let same = slot.place.prefix == other.place.prefix;
                let part = parts_of(other.concept.kind).contains(&slot.concept.field)
                    || parts_of(slot.concept.kind).contains(&other.concept.field)
                    || slot.concept.field.starts_with("agreements")
                        && other.concept.kind == ValueKind::Agreement
                        && slot.concept.kind != ValueKind::DateTime;
                slot.path() != other.path() && !(same && part)
            })
    };
    slots.iter().map(open).collect()
}

/// How near the columns around one are to an object, by what they say.
pub(crate) fn near<'a>(
    seen: &'a [ColumnView<'_>],
    slots: &'a [ConceptSlot],
    chosen: &'a [Option<usize>],
    row: usize,
) -> impl Fn(&str) -> f64 + 'a {
    let around = row.saturating_sub(REACH)..(row + REACH + 1).min(seen.len());
    let prefix = |row: usize| {
        let slot = &slots[(*chosen.get(row)?)?];
        (slot.concept.kind != ValueKind::Aside).then_some(slot.place.prefix)
    };
    let near: Vec<&str> = around
        .filter(|other| *other != row)
        .filter(|other| seen[*other].index.abs_diff(seen[row].index) <= REACH + 1)
        .filter_map(prefix)
        .collect();
    move |place| near.iter().map(|near| kinship(near, place)).sum()
}

/// Leaves out the columns of a very wide file that are not among the best of any field, so that what is kept of the rest
/// does not grow with their number. Between equals the first ones stay.
fn only_the_best(seen: &mut Vec<ColumnView<'_>>, slots: &[ConceptSlot]) {
    let mut best: Vec<Vec<(f64, usize)>> = vec![Vec::new(); slots.len()];
    for column in seen.iter() {
        for (best, fit) in best.iter_mut().zip(fits_of(column, slots, &[])) {
            if fit.total < LEAST {
                continue;
            }
            let place = best.partition_point(|(total, _)| *total >= fit.total);
            best.insert(place, (fit.total, column.index));
            best.truncate(OF_EACH);
        }
    }
    let kept: HashSet<usize> = best.into_iter().flatten().map(|(_, index)| index).collect();
    seen.retain(|column| kept.contains(&column.index));
}

fn fits(seen: &[ColumnView<'_>], slots: &[ConceptSlot], labels: &[Label<'_>]) -> Vec<Vec<Fit>> {
    seen.iter()
        .map(|column| fits_of(column, slots, labels))
        .collect()
}

/// The fits of one column at every slot.
fn fits_of(column: &ColumnView<'_>, slots: &[ConceptSlot], labels: &[Label<'_>]) -> Vec<Fit> {
    let (bases, exclusions) = (bases(column), Exclusions::of(column));
    let one = |slot: &ConceptSlot| {
        let basis = bases[slot.row];
        if exclusions.exclude(slot) {
            return Fit {
                value: -1.0,
                ..Fit::default()
            };
        }
        let mut fit = fit(column, basis, &slot.ground, slot.number, labels);
        // A second line or phone is one by its name, and comes after the first.
        if slot.turn > 0 && fit.name < 0.6 {
            fit.total = 0.0;
        }
        // Between equals the first column stays.
        fit.total -= 0.01 * slot.turn as f64 + 1e-7 * column.index as f64;
        // What the rows are known by stands first most often.
        let key = slot.concept.field == "clientAccountId" && column.index == 0;
        if key && fit.total > 0.0 && column.column.all_distinct() {
            fit.total += 0.04;
        }
        fit.total = fit.total.max(0.0);
        fit
    };
    slots.iter().map(one).collect()
}

/// The number in a header, where it counts something.
fn ordinal(seen: &ColumnView<'_>) -> u32 {
    let number = seen.tokens.iter().rev().find_map(|token| token.number);
    let counts = !seen.mute() || seen.words().meet(WordSet::of("line"));
    number.filter(|_| counts).unwrap_or(0)
}

/// The slot of each column. The slots choose: there are as many whatever the file, so that the time grows with the columns
/// as their number does.
fn choose(fits: &[Vec<Fit>]) -> Vec<Option<usize>> {
    let slots = fits.first().map_or(0, Vec::len);
    // Squares: one good fit is worth more than two poor ones, so that a plain name is not pushed aside to another place.
    let worth = |fit: Fit| match fit.total >= LEAST {
        true => fit.total * fit.total,
        false => 0.0,
    };
    let worth: Vec<Vec<f64>> = (0..slots)
        .map(|slot| fits.iter().map(|row| worth(row[slot])).collect())
        .collect();
    let mut chosen = vec![None; fits.len()];
    for (slot, row) in assign::best(&worth).into_iter().enumerate() {
        if let Some(row) = row {
            chosen[row] = Some(slot);
        }
    }
    chosen
}

/// Columns whose header says little are read by those beside them: between street and state of the mailing address
/// stands its city.
fn by_neighbours(
    seen: &[ColumnView<'_>],
    slots: &[ConceptSlot],
    fits: &mut [Vec<Fit>],
    chosen: &[Option<usize>],
) {
    let named = |prefix: &str, fields: &[&str]| {
        chosen.iter().enumerate().any(|(row, slot)| {
            slot.is_some_and(|slot| {
                slots[slot].place.prefix == prefix
                    && fields.contains(&slots[slot].concept.field)
                    && fits[row][slot].name > 0.6
            })
        })
    };
    let spoken_for: Vec<bool> = slots
        .iter()
        .map(|slot| named(slot.place.prefix, parts_of(slot.concept.kind)))
        .collect();
    for row in 0..seen.len() {
        let near = near(seen, slots, chosen, row);
        let (mute, names_an_id) = (seen[row].mute(), seen[row].names_an_id());
        let (mut last, mut beside) = (None, 0.0);
        for (number, slot) in slots.iter().enumerate() {
            let fit = &mut fits[row][number];
            if last != Some(slot.number) {
                last = Some(slot.number);
                beside = near(slot.place.prefix);
            }
            let address = slot.concept.group == Group::Address;
            let is_id = names_an_id && slot.concept.kind.reads_numbers();
            let silent = mute
                && !slot.concept.forms.is_empty()
                && fit.value > 0.8
                && slot.turn == 0
                && !is_id;
            // Unmarked as it is, it stands among columns of that place.
            if beside >= 1.0 && !fit.marked && (silent || address && fit.name >= LEAST) {
                fit.total = fit.total.max(0.28 + 0.15 * fit.value);
            }
            if fit.total > 0.0 {
                fit.total = (fit.total + 0.03 * beside).min(1.0);
            }
            // A whole whose parts have columns of their own has none.
            if spoken_for[number] {
                fit.total = 0.0;
            }
        }
    }
}

/// The fields that a cell with several things in it feeds.
fn parts_of(kind: ValueKind) -> &'static [&'static str] {
    match kind {
        ValueKind::CityState => &["city"],
        ValueKind::WholeAddress => &["streetAddress", "city"],
        ValueKind::FullName => &["givenName", "familyName"],
        _ => &[],
    }
}

/// How near two objects are: the same, parts of the same owner, or strangers.
fn kinship(a: &str, b: &str) -> f64 {
    fn head(prefix: &str) -> Option<&str> {
        prefix.split('.').next()
    }
    if a == b {
        1.0
    } else if head(a) == head(b) {
        0.4
    } else {
        0.0
    }
}

/// Whether a header marks the address that a column is to belong to. Only the addresses that nobody must have need it.
fn is_spoken_of(
    fits: &[Vec<Fit>],
    slots: &[ConceptSlot],
    chosen: &[Option<usize>],
    row: usize,
    slot: usize,
) -> bool {
    let place = slots[slot].place.prefix;
    let marks = |(row, at): (usize, &Option<usize>)| {
        at.is_some_and(|at| slots[at].place.prefix == place && fits[row][at].marked)
    };
    let is_optional = place.ends_with("mailingAddress.") || place.ends_with("employerAddress.");
    !is_optional
        || slots[slot].ground.marks.is_empty()
        || fits[row][slot].marked
        || chosen.iter().enumerate().any(marks)
}

fn confidence(
    fits: &[Vec<Fit>],
    slots: &[ConceptSlot],
    chosen: &[Option<usize>],
    row: usize,
    slot: usize,
) -> Confidence {
    let fit = fits[row][slot];
    let own = slots[slot].path();
    // Another field that this column fits as well.
    let other_field = fits[row]
        .iter()
        .zip(slots)
        .filter(|(_, other)| other.path() != own)
        .map(|(fit, _)| fit.total)
        .fold(0.0, f64::max);
    // Another column that fits this field as well and feeds nothing, or something else for want of a better; by its values alone too, when they are as telling.
    let elsewhere = |other: usize| {
        chosen[other].is_some_and(|at| {
            let alike = slots[at].concept.field == slots[slot].concept.field;
            let ill = fits[other][slot].total > fits[other][at].total;
            ill || alike && slots[at].path() != own && !fits[other][at].marked
        })
    };
    let other_column = (0..fits.len())
        .filter(|other| *other != row && (chosen[*other].is_none() || elsewhere(*other)))
        .map(|other| {
            let rival = fits[other][slot];
            let telling = rival.value >= 0.8 && !slots[slot].concept.forms.is_empty();
            if telling && rival.name < LEAST {
                fit.total
            } else {
                rival.total
            }
        })
        .fold(0.0, f64::max);
    let clear = fit.total - other_field >= 0.08 && fit.total - other_column >= 0.08;
    // Of an address, neighbours say which part is missing among them; of anything else they say nothing.
    let is_told = fit.is_told || slots[slot].concept.group == Group::Address;
    if !is_told || !is_spoken_of(fits, slots, chosen, row, slot) {
        return Confidence::Low;
    }
    if fit.name >= 0.85 && fit.value >= 0.5 && fit.marked && clear {
        Confidence::High
    } else if fit.total >= 0.5 || fit.total >= 0.4 && fit.marked && clear {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}
