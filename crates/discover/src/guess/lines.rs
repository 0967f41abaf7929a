//! The lines that one pick makes: its columns, with the transforms that its values need.
//!
//! Owner of what a kind of value comes to, by hand of `values` and `tables`. Left out on purpose: which lines a mapping
//! takes (`feeds`).

use super::columns::{Confidence, Pick};
use super::feeds::{Maker, MappingLine};
use super::fields::ValueKind;
use super::joined_parts::JoinedParts;
use super::name_order::NameOrder;
use super::not_asked::names_a_spouse;
use super::numbered::takes_one;
use super::tables::table;
use super::values::{CellPart, cell_parts, from, from_all, quoted, transforms};
use super::words::{says, tokens};

/// A person has to say whether a spouse owns a part of the account.
const SPOUSE: &str =
    "a spouse's: are these accounts joint? If not, take all lines of owners[1] away";

/// A person has to say whether both are.
const SURNAMES: &str =
    "two family names of one person, as their headers count them: both are sent, in their order";

impl Maker<'_> {
    /// All columns that say the same, in their order: a mobile phone first, a second one last. Those of a person at work
    /// count only where there is no other.
    fn columns(&self, pick: &Pick) -> Vec<usize> {
        let mut same: Vec<&Pick> = self
            .picks
            .iter()
            .filter(|other| other.path() == pick.path() && other.concept.kind == pick.concept.kind)
            .collect();
        let rank = |pick: &Pick| {
            let tokens = tokens(&self.profile.columns[pick.column].name);
            let is = |word| tokens.iter().any(|token| token.is(word));
            // The number of a flat stands behind the street.
            if pick.concept.kind == ValueKind::Street {
                return if is("unit") && !is("street") && !is("line") {
                    2
                } else {
                    1
                };
            }
            match (pick.concept.kind, is("mobile"), is("secondary")) {
                (ValueKind::Phone, true, _) => 0,
                (ValueKind::Phone, _, true) => 2,
                _ => 1,
            }
        };
        same.sort_by_key(|pick| (rank(pick), pick.number, pick.column));
        let (work, own): (Vec<usize>, Vec<usize>) = same
            .iter()
            .map(|pick| pick.column)
            .partition(|column| self.is_work_phone(pick, *column));
        if own.is_empty() { work } else { own }
    }

    /// Whether a column is the phone of a person at work.
    fn is_work_phone(&self, pick: &Pick, column: usize) -> bool {
        let of_person = pick.concept.kind == ValueKind::Phone && pick.place.prefix != "entity.";
        let tokens = tokens(&self.profile.columns[column].name);
        let mut words = tokens.iter();
        let work = words.any(|token| token.is("employer/business")) || says(&tokens, WORK);
        of_person && work
    }

    fn line(&self, pick: &Pick, field: &str, value: String, note: &str) -> MappingLine {
        let of_spouse = || names_a_spouse(&tokens(&self.profile.columns[pick.column].name));
        let note = match note {
            "" if pick.place.prefix == "owners[1]." && of_spouse() => SPOUSE,
            note => note,
        };
        let notes = [note.to_owned(), self.beside(pick)];
        let notes: Vec<String> = notes.into_iter().filter(|note| !note.is_empty()).collect();
        MappingLine {
            path: self.at(pick, field),
            value,
            confidence: Some(pick.confidence),
            note: notes.join("; "),
            columns: vec![pick.column],
        }
    }

    /// The columns that only a number tells from a pick's, where its field takes one and nothing takes them.
    fn beside(&self, pick: &Pick) -> String {
        if !takes_one(pick.concept) || pick.confidence == Confidence::High {
            return String::new();
        }
        let is_used = |column: usize| {
            let mut picked = self.picks.iter();
            picked.any(|pick| pick.column == column) || self.joined.is_second(column)
        };
        let free = self.alike.beside(pick.column, |column| !is_used(column));
        match free.as_slice() {
            [] => String::new(),
            [one] => format!(
                "{} is called like it and feeds nothing: decide",
                quoted(&self.name(*one))
            ),
            several => format!(
                "{} columns are called like it and feed nothing: decide",
                several.len()
            ),
        }
    }

    /// A line that reads several columns.
    fn line_of(&self, pick: &Pick, columns: Vec<usize>, key: &str, last: &[String]) -> MappingLine {
        let names: Vec<String> = columns.iter().map(|column| self.name(*column)).collect();
        let value = match names.as_slice() {
            [one] => from(one, last),
            all => from_all(key, all, last),
        };
        MappingLine {
            columns,
            ..self.line(pick, pick.concept.field, value, "")
        }
    }

    pub(super) fn made(&mut self, pick: &Pick) -> Vec<MappingLine> {
        let column = &self.profile.columns[pick.column];
        let own = self.name(pick.column);
        let joined = ["join = \" \"".to_owned()];
        let one = match pick.concept.kind {
            ValueKind::Code => self.code(pick),
            // The country beside it says what its zeros are.
            ValueKind::PostalCode => {
                let place = format!("postal_code = {}", self.country(pick.place.prefix));
                self.line(pick, pick.concept.field, from(&own, &[place]), "")
            }
            ValueKind::Phone => self.phone(pick),
            ValueKind::Street => {
                let mut columns = self.columns(pick);
                let all = &self.profile.columns;
                if let Some(second) = JoinedParts::take_second_street(all, &mut columns) {
                    let note = format!("{} seems to be the same street", self.name(second));
                    let mut line = self.line_of(pick, columns, "columns", &[]);
                    line.confidence = line.confidence.min(Some(Confidence::Medium));
                    line.note = note;
                    return vec![line];
                }
                match self.joined.with_number(&mut columns) {
                    true => self.line_of(pick, columns, "columns", &joined),
                    false => self.line_of(pick, columns, "columns", &[]),
                }
            }
            ValueKind::Name
                if pick.concept.field == "familyName"
                    && self.joined.is_first_surname(pick.column) =>
            {
                let mut line = self.line_of(pick, self.joined.surnames(), "columns", &joined);
                if self.joined.are_surnames_counted() {
                    line.confidence = line.confidence.min(Some(Confidence::Medium));
                    line.note = SURNAMES.to_owned();
                }
                line
            }
            kind => match cell_parts(kind, column) {
                Some(parts) => {
                    let note = match kind {
                        ValueKind::FullName => NameOrder::of(column).note,
                        _ => "",
                    };
                    let line = |(field, cut): CellPart| {
                        let mut line = self.line(pick, field, from(&own, &cut), note);
                        if !note.is_empty() {
                            line.confidence = Some(pick.confidence.min(Confidence::Medium));
                        }
                        line
                    };
                    return parts.into_iter().map(line).collect();
                }
                None if kind == ValueKind::WholeAddress => {
                    let note = "a whole address, whose parts could not be told apart";
                    self.hint(pick, "streetAddress", note)
                }
                None => {
                    let made = transforms(kind, column, self.habits);
                    let value = from(&own, &made.transforms);
                    let mut line = self.line(pick, pick.concept.field, value, &made.note);
                    if made.open {
                        line.confidence = Some(pick.confidence.min(Confidence::Medium));
                    }
                    line
                }
            },
        };
        vec![one]
    }

    /// A column as it stands, for a person to look at.
    fn hint(&self, pick: &Pick, field: &str, note: &str) -> MappingLine {
        MappingLine {
            confidence: Some(Confidence::Low),
            ..self.line(pick, field, quoted(&self.name(pick.column)), note)
        }
    }

    fn code(&mut self, pick: &Pick) -> MappingLine {
        let field = pick.concept.field;
        let path = self.at(pick, field);
        let own = self.name(pick.column);
        let Some(mut table) = table(&path, &self.profile.columns[pick.column]) else {
            return self.hint(pick, field, "its values are no codes");
        };
        if table.is_plain() {
            return self.line(pick, field, quoted(&own), "");
        }
        let taken = |name: &String| self.mapping.tables.iter().any(|known| known.name == *name);
        while taken(&table.name) {
            table.name.push_str("_2");
        }
        let note = match table.open() {
            0 => String::new(),
            1 => "1 code without a meaning yet".into(),
            open => format!("{open} codes without a meaning yet"),
        };
        let lookup = format!("lookup = {}", quoted(&table.name));
        let line = self.line(pick, field, from(&own, &[lookup]), &note);
        if line.confidence != Some(Confidence::Low) || self.is_required(&path) {
            self.mapping.tables.push(table);
        }
        line
    }

    /// The country that a place names, as transforms take it.
    fn country(&self, prefix: &str) -> String {
        let country = self
            .find(prefix, "country")
            .filter(|country| country.confidence > Confidence::Low);
        country.map_or("\"US\"".to_owned(), |country| {
            let column = quoted(&self.name(country.column));
            format!("{{ region_column = {column}, default = \"US\" }}")
        })
    }

    fn phone(&self, pick: &Pick) -> MappingLine {
        let columns = self.columns(pick);
        // The country of whoever it is: of the home, or of the firm.
        let home = match pick.place.prefix {
            "owners[1]." => "owners[0].identity.personalAddress.".to_owned(),
            "entity." => "entity.registeredAddress.".to_owned(),
            prefix if prefix.starts_with("owners") => format!("{prefix}identity.personalAddress."),
            prefix => format!("{prefix}mailingAddress."),
        };
        let at_work = self.is_work_phone(pick, columns[0]);
        let region = format!("phone = {}", self.country(&home));
        let mut line = self.line_of(pick, columns, "first", &[region]);
        if at_work {
            line.confidence = Some(Confidence::Low);
        }
        line
    }
}

/// Words of phones at work that the table of words has for the work itself.
const WORK: &str = "work wrk office";
