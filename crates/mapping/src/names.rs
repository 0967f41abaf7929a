//! A person's name in one cell, taken apart: "DOE, JOHN Q JR", "Dr. John Q Doe III, MD", "de la Cruz, Maria".
//!
//! Owner: `mapping`. With a comma the family name stands first; without one the mapping says which does. Honorifics,
//! degrees and quoted nicknames go; particles belong to the family name. Invariants: a cell that may name several people, a firm
//! or an estate, that holds a remark, or that could be cut in two ways, has no parts at all; nothing is added but the usual
//! spelling of a suffix; a particle or a title is nobody's given name.
//! Left out on purpose: which of several words without a particle is a second family name, where the given name stands first
//! (the mapping says how many a family name has).

mod doubts;
pub(crate) mod field;
mod firms;
mod notes;
mod order;
mod pairs;
mod particles;
mod titles;
mod tokens;
mod words;

use order::ShownOrder;
use particles::is_particle;
use tokens::{
    are_several, ends_in_doubt, ends_in_number, ends_in_trade, in_name, initial, is_degree,
    is_honorific, is_long_degree, is_mark, is_no_person, is_person, is_title, letters,
    particles_behind, plain, suffix, tokens, without_honorifics,
};
use words::DEGREES_OR_NAMES;

/// Which name stands first where no comma says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameOrder {
    /// John Doe
    GivenFirst,
    /// DOE JOHN
    FamilyFirst,
}

/// Their names in mappings.
pub(crate) const ORDERS: [(&str, NameOrder); 2] = [
    ("given-first", NameOrder::GivenFirst),
    ("family-first", NameOrder::FamilyFirst),
];

/// What a feed takes of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart {
    /// The first given name.
    Given,
    /// The other given names and initials.
    Middle,
    /// The family name with its particles.
    Family,
    /// Jr, Sr, II and so on.
    Suffix,
    /// All of it, given name first.
    Full,
}

/// Their names in mappings.
pub(crate) const PARTS: [(&str, NamePart); 5] = [
    ("given", NamePart::Given),
    ("middle", NamePart::Middle),
    ("family", NamePart::Family),
    ("suffix", NamePart::Suffix),
    ("full", NamePart::Full),
];

/// How the names of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameHabit {
    /// Which name stands first where no comma says so.
    pub order: NameOrder,
    /// How many words the family name has where no comma says so, particles aside: one, or two as in Spain.
    pub family_names: u8,
}

impl From<NameOrder> for NameHabit {
    fn from(order: NameOrder) -> NameHabit {
        NameHabit {
            order,
            family_names: 1,
        }
    }
}

/// What a feed takes of the names of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTransform {
    /// The part of the name.
    pub part: NamePart,
    /// How the names are written.
    pub habit: NameHabit,
    /// The family name keeps its suffix.
    pub suffix: bool,
    /// A cell may name two people, and this is the one who is meant, 0 or 1; none: a cell names one.
    pub person: Option<usize>,
}

impl NameTransform {
    /// Writes the part of a cell's name onto `out`; nothing where the name has none, or the cell has no second person.
    pub(crate) fn write(&self, text: &str, out: &mut String) -> Result<(), &'static str> {
        let name = match self.person {
            None => Name::parse(text, self.habit)
                .ok_or("not the name of one person, or it can be cut in several ways")?,
            Some(person) => {
                let people = pairs::parse(text, self.habit).ok_or(
                    "not the names of one or two people, or they can be cut in several ways",
                )?;
                match people.into_iter().nth(person).flatten() {
                    Some(name) => name,
                    None => return Ok(()),
                }
            }
        };
        name.write(self.part, self.suffix, out);
        Ok(())
    }
}

/// A name, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name<'t> {
    given: Vec<&'t str>,
    family: Vec<&'t str>,
    suffix: Option<&'static str>,
}

/// No name is longer, and no person has so many.
const LONGEST: usize = 120;

impl<'t> Name<'t> {
    /// Takes a cell apart.
    pub(crate) fn parse(text: &'t str, habit: impl Into<NameHabit>) -> Option<Name<'t>> {
        if text.len() > LONGEST {
            return None;
        }
        if field::says_that_none_is_known(text) {
            return None;
        }
        let mut parts = Vec::new();
        for part in text.split(',') {
            parts.push(tokens(part)?);
        }
        if is_no_person(&parts)
            || are_several(&parts)
            || doubts::has_remark(&parts)
            || doubts::is_parted_by_space(&parts)
        {
            return None;
        }
        let is_feminine = doubts::is_feminine(&parts);
        let mut name = Name::default();
        name.peel(&mut parts)?;
        match parts.as_slice() {
            [all] => name.uncut(all, habit.into())?,
            [family, given] => name.cut(family, given)?,
            _ => return None,
        }
        let first = name.given.first()?;
        // "Mrs. John Smith" is called something else.
        let is_husband = is_feminine && doubts::is_male(first);
        (name.is_sound() && !is_husband && !doubts::is_no_given_name(first)).then_some(name)
    }

    /// Both names are there, and no word in them is a suffix or a title that was not understood.
    fn is_sound(&self) -> bool {
        let Some((first, others)) = self.given.split_first() else {
            return false;
        };
        // An initial is no family name, but a character of East Asia is a whole one.
        let is_whole = |name: &&str| letters(name) > 1 || name.chars().any(doubts::is_east_asian);
        let family_ends = self.family.last().is_some_and(is_whole);
        // "Junior Doe" and "Hon, Maria" are people; "John III Doe" and "John Doe Fr" say something else.
        let first_is_name = suffix(first).is_none() || plain(first) == "junior";
        let family_is_name = match self.family.as_slice() {
            [one] => !is_title(one) && suffix(one).is_none(),
            several => !several.iter().any(|token| is_mark(token)),
        };
        family_ends
            && first_is_name
            && family_is_name
            && !is_title(first)
            && !others
                .iter()
                .any(|token| is_mark(token) || is_long_degree(token))
            && !titles::may_be_in_front(&self.given)
            && !self.given.iter().any(|token| doubts::is_cut_short(token))
            && !particles::stand_among_given(&self.given)
    }

    /// Parts behind a comma that are suffixes and degrees: "Doe, John, Jr., MD".
    fn peel(&mut self, parts: &mut Vec<Vec<&'t str>>) -> Option<()> {
        let mut place = 1;
        while place < parts.len() {
            let part = &parts[place];
            let doubtful = |token: &&str| DEGREES_OR_NAMES.contains(&plain(token).as_str());
            let ends = |token: &&str| is_degree(token) || suffix(token).is_some();
            if part.is_empty() {
                return None;
            } else if part.iter().all(ends) {
                for token in parts.remove(place) {
                    self.keep_suffix(token)?;
                }
            } else if part.iter().all(doubtful) && (parts[0].len() > 1 || place > 1) {
                return None;
            } else {
                place += 1;
            }
        }
        Some(())
    }

    fn keep_suffix(&mut self, token: &str) -> Option<()> {
        match (suffix(token), self.suffix) {
            (Some(one), Some(other)) if one != other => None,
            (Some(one), _) => {
                self.suffix = Some(one);
                Some(())
            }
            (None, _) => Some(()),
        }
    }

    /// Family name, given names.
    fn cut(&mut self, family: &[&'t str], given: &[&'t str]) -> Option<()> {
        let titled = without_honorifics(family, 1).len() < family.len();
        let family = self.without_ends(without_honorifics(family, 1), 1)?;
        let given = self.without_ends(without_honorifics(given, 1), 1)?;
        let doubtful = doubts::is_whole_name(family, titled, given)
            || doubts::begins_with_title(family)
            || particles::may_be_irish_behind(family, given)
            || doubts::joins_people(given);
        if doubtful {
            return None;
        }
        let trade = |tokens: &[&str]| tokens.len() > 1 && ends_in_trade(tokens);
        // "John Doe, V" and "Doe, John Q V"; in "Doe, John V" it is an initial.
        let numbered = given.len() != 2 && ends_in_number(given);
        if ends_in_doubt(given, 2) || numbered || trade(family) || trade(given) {
            return None;
        }
        // "Cruz, Maria de la": two particles or more, or one that ends nobody's given names.
        let count = particles_behind(given, family.first().copied());
        let trailing = |token: &&str| {
            let lower = token.chars().all(char::is_lowercase);
            let is_saint = |next: &&str| particles::are_saint(token, next);
            particles::is_trailing(token)
                || (lower && is_particle(token))
                || family.first().is_some_and(is_saint)
        };
        let moved = match count {
            0 => 0,
            1 if given.last().is_some_and(trailing) => 1,
            1 => 0,
            several => several,
        };
        let (given, particles) = given.split_at(given.len() - moved);
        self.family.extend(particles);
        // "Berg van der, Anna", as lists in the Netherlands have it.
        let behind = particles::trailing(family);
        let (name, particles) = family.split_at(family.len() - behind);
        self.family.extend(particles);
        self.family.extend(name);
        self.given.extend(given);
        Some(())
    }

    fn uncut(&mut self, all: &[&'t str], habit: NameHabit) -> Option<()> {
        // "Smith John Mr": whoever writes the title last may write the family name first.
        if habit.order == NameOrder::GivenFirst && all.last().is_some_and(|last| is_title(last)) {
            return None;
        }
        let all = self.without_ends(without_honorifics(all, 1), 1)?;
        let (order, shown) = match order::shown(all, habit.order) {
            ShownOrder::Nothing => (habit.order, None),
            ShownOrder::GivenFirst => (NameOrder::GivenFirst, None),
            ShownOrder::FamilyFirst(words) => (NameOrder::FamilyFirst, Some(words)),
            ShownOrder::Doubt => return None,
        };
        let titled =
            order == NameOrder::FamilyFirst && all.len() > 2 && doubts::begins_with_title(all);
        // "Jan Novak CSc."
        let tailed = all.len() > 2 && all.last().is_some_and(|last| doubts::is_cut_short(last));
        if titled || tailed || doubts::can_be_cut_elsewhere(all, order) {
            return None;
        }
        let least = match order {
            NameOrder::GivenFirst => 3,
            // "DOE JOHN V" has an initial, "DOE JOHN Q V" may have a number.
            NameOrder::FamilyFirst => 4,
        };
        let numbered = all.len() >= least && ends_in_number(all);
        let trade = ends_in_trade(all) && !(order == NameOrder::GivenFirst && is_person(all));
        let titled = all.last().is_some_and(|last| is_mark(last));
        let lettered = order == NameOrder::GivenFirst && titles::ends_in_letters(all);
        if ends_in_doubt(all, 3) || numbered || trade || titled || lettered {
            return None;
        }
        let at = match (order, shown) {
            (_, Some(words)) => words,
            (NameOrder::GivenFirst, None) => {
                let last = all.len().checked_sub(1)?;
                let before = all.get(1..last).unwrap_or_default();
                let behind = particles::count_before(before, all.last().copied());
                // "Maria del Carmen Lopez" and "Maria de la Cruz Lopez" are cut in different places.
                if before.iter().filter(|token| is_particle(token)).count() > behind {
                    return None;
                }
                let at = last - behind;
                // "João Silva Neto": the grandson is called after the family name.
                let generation = match before.last() {
                    Some(before) if behind == 0 => {
                        usize::from(particles::is_generation(before, all[last]))
                    }
                    _ => 0,
                };
                let at = if at > 1 { at - generation } else { at };
                // An initial is no family name.
                match habit.family_names {
                    2 if at > 1 && letters(all[at - 1]) > 1 => at - 1,
                    _ => at,
                }
            }
            (NameOrder::FamilyFirst, None) => {
                let particles = particles::count_at_start(all);
                let second = all.get(particles + 1).filter(|_| all.len() > particles + 2);
                let words = match second {
                    Some(second) if particles::is_generation(all[particles], second) => 2,
                    Some(second) if habit.family_names == 2 && letters(second) > 1 => 2,
                    _ => 1,
                };
                // A family name that is a particle itself stands before the given name: "DO ANNA", but not "DE SOUZA".
                match all {
                    [family, given] if particles == 1 && particles::is_family_name(family) => {
                        doubts::is_common_given_name(given).then_some(1)?
                    }
                    _ if particles + words < all.len() => particles + words,
                    _ => return None,
                }
            }
        };
        let (head, tail) = all.split_at_checked(at)?;
        let (given, family) = match order {
            NameOrder::GivenFirst => (head, tail),
            NameOrder::FamilyFirst => (tail, head),
        };
        // "DOE JR JOHN": the suffix stays with the family name.
        let given = match given {
            [first, rest @ ..]
                if order == NameOrder::FamilyFirst
                    && suffix(first).is_some()
                    && !rest.is_empty() =>
            {
                self.keep_suffix(first)?;
                rest
            }
            given => given,
        };
        self.given.extend(given);
        self.family.extend(family);
        Some(())
    }

    /// Takes suffixes, degrees and honorifics off the end as long as so many names stay.
    fn without_ends<'a>(
        &mut self,
        mut tokens: &'a [&'t str],
        least: usize,
    ) -> Option<&'a [&'t str]> {
        while let [rest @ .., last] = tokens
            && rest.len() >= least
        {
            if suffix(last).is_none() && !is_degree(last) && !is_title(last) {
                break;
            }
            self.keep_suffix(last)?;
            tokens = rest;
        }
        Some(tokens)
    }

    /// Writes a part; nothing where the name has none.
    pub(crate) fn write(&self, part: NamePart, with_suffix: bool, out: &mut String) {
        let (first, others) = self.given.split_at(self.given.len().min(1));
        let suffix: Vec<&str> = self.suffix.into_iter().collect();
        let lists: &[&[&str]] = match part {
            NamePart::Given => &[first],
            NamePart::Middle => &[others],
            NamePart::Family if with_suffix => &[&self.family, &suffix],
            NamePart::Family => &[&self.family],
            NamePart::Suffix => &[&suffix],
            NamePart::Full => &[first, others, &self.family, &suffix],
        };
        let mut before = None;
        for token in lists.iter().copied().flatten() {
            // "Al- Rashid" is written as one word.
            if before.is_some_and(|before| !particles::is_article(before)) {
                out.push(' ');
            }
            out.push_str(initial(token));
            before = Some(token);
        }
    }
}

#[cfg(test)]
mod tests;
