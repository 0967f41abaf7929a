//! The lines that one pick makes: its columns, with the transforms that its values need.
//!
//! Owner of what a kind of value comes to, by hand of `values` and `tables`. Left out on purpose: which lines a mapping
//! takes (`feeds`).

use super::columns::{Confidence, Pick};
use super::feeds::{Maker, MappingLine};
use super::fields::ValueKind;
use super::tables::table;
use super::values::{address_parts, from, from_all, quoted, transforms};
use super::words::{self, HeaderToken};
use crate::inspect::classes::Class;

impl Maker<'_> {
    /// All columns that say the same, in their order.
    fn columns(&self, pick: &Pick) -> Vec<usize> {
        let mut same: Vec<&Pick> = self
            .picks
            .iter()
            .filter(|other| other.path() == pick.path() && other.concept.kind == pick.concept.kind)
            .collect();
        let mobile = |pick: &Pick| {
            let tokens = words::tokens(&self.profile.columns[pick.column].name);
            let is = |word| tokens.iter().any(|token| token.is(word));
            match (is("mobile"), is("secondary")) {
                (true, _) => 0,
                (_, true) => 2,
                _ => 1,
            }
        };
        same.sort_by_key(|pick| match pick.concept.kind {
            ValueKind::Phone => (mobile(pick), pick.number, pick.column),
            _ => (0, pick.number, pick.column),
        });
        let all: Vec<usize> = same.iter().map(|pick| pick.column).collect();
        let own: Vec<usize> = all
            .iter()
            .copied()
            .filter(|column| !self.is_work_phone(pick, *column))
            .collect();
        if own.is_empty() { all } else { own }
    }

    /// Whether a column is the phone of a person at work.
    fn is_work_phone(&self, pick: &Pick, column: usize) -> bool {
        let of_person = pick.concept.kind == ValueKind::Phone && pick.place.prefix != "entity.";
        let tokens = words::tokens(&self.profile.columns[column].name);
        let work = |token: &HeaderToken| {
            token.is("employer")
                || token.is("business")
                || ["work", "wrk", "office"].contains(&token.spelled.as_str())
        };
        of_person && tokens.iter().any(work)
    }

    fn feed(&self, pick: &Pick, field: &str, value: String, note: &str) -> MappingLine {
        MappingLine {
            path: self.at(pick, field),
            value,
            confidence: Some(pick.confidence),
            note: note.to_owned(),
            columns: vec![pick.column],
        }
    }

    pub(super) fn made(&mut self, pick: &Pick) -> Vec<MappingLine> {
        let column = &self.profile.columns[pick.column];
        let own = self.name(pick.column);
        let field = pick.concept.field;
        match pick.concept.kind {
            ValueKind::Code => vec![self.code(pick)],
            ValueKind::PostalCode => vec![self.postal_code(pick)],
            ValueKind::Phone => vec![self.phone(pick)],
            ValueKind::Street => {
                let mut columns = self.columns(pick);
                let joined = self.joined.with_number(&mut columns);
                let names: Vec<String> = columns.iter().map(|column| self.name(*column)).collect();
                let value = match names.as_slice() {
                    [one] => quoted(one),
                    all if joined => from_all("columns", all, &["join = \" \"".into()]),
                    all => from_all("columns", all, &[]),
                };
                vec![MappingLine {
                    columns,
                    ..self.feed(pick, field, value, "")
                }]
            }
            ValueKind::FullName => ["given", "middle", "family"]
                .iter()
                .zip(["givenName", "middleNames", "familyName"])
                .map(|(part, field)| {
                    let field = if pick.place.prefix.starts_with("owners") {
                        format!("identity.{field}")
                    } else {
                        field.to_owned()
                    };
                    self.feed(
                        pick,
                        &field,
                        from(&own, &[format!("name = \"{part}\"")]),
                        "",
                    )
                })
                .collect(),
            ValueKind::CityState => {
                let part = |take: usize| format!("split = {{ by = \", \", take = {take} }}");
                vec![
                    self.feed(pick, "city", from(&own, &[part(0)]), ""),
                    self.feed(
                        pick,
                        "state",
                        from(&own, &[part(1), "us_state = true".into()]),
                        "",
                    ),
                ]
            }
            ValueKind::WholeAddress => self.whole_address(pick),
            ValueKind::Agreement if column.share(Class::Version) > 0.5 => vec![
                self.feed(
                    pick,
                    "agreements[0].name",
                    from(&own, &["split = { by = \" v\", take = 0 }".into()]),
                    "",
                ),
                self.feed(
                    pick,
                    "agreements[0].version",
                    from(&own, &["regex = ' v([0-9.]+)$'".into()]),
                    "",
                ),
            ],
            ValueKind::Agreement => vec![self.feed(pick, "agreements[0].name", quoted(&own), "")],
            ValueKind::Name
                if field == "familyName" && self.joined.is_first_surname(pick.column) =>
            {
                let columns = self.joined.surnames();
                let names: Vec<String> = columns.iter().map(|column| self.name(*column)).collect();
                let value = from_all("columns", &names, &["join = \" \"".into()]);
                let path = match pick.place.prefix.starts_with("owners") {
                    true => "identity.familyName",
                    false => "familyName",
                };
                vec![MappingLine {
                    columns,
                    ..self.feed(pick, path, value, "")
                }]
            }
            kind => {
                let made = transforms(kind, column, self.habits);
                let field = match (pick.concept.kind, pick.place.prefix.starts_with("owners")) {
                    (ValueKind::Name, true) => format!("identity.{field}"),
                    _ => field.to_owned(),
                };
                let mut feed = self.feed(pick, &field, from(&own, &made.transforms), &made.note);
                if made.open {
                    feed.confidence = Some(pick.confidence.min(Confidence::Medium));
                }
                vec![feed]
            }
        }
    }

    fn code(&mut self, pick: &Pick) -> MappingLine {
        let path = self.at(pick, pick.concept.field);
        let own = self.name(pick.column);
        let Some(mut table) = table(&path, &self.profile.columns[pick.column]) else {
            return MappingLine {
                confidence: Some(Confidence::Low),
                ..self.feed(
                    pick,
                    pick.concept.field,
                    quoted(&own),
                    "its values are no codes",
                )
            };
        };
        if table.is_plain() {
            return self.feed(pick, pick.concept.field, quoted(&own), "");
        }
        while self
            .mapping
            .tables
            .iter()
            .any(|known| known.name == table.name)
        {
            table.name.push_str("_2");
        }
        let note = match table.open() {
            0 => String::new(),
            1 => "1 code without a meaning yet".into(),
            open => format!("{open} codes without a meaning yet"),
        };
        let value = from(&own, &[format!("lookup = {}", quoted(&table.name))]);
        let feed = self.feed(pick, pick.concept.field, value, &note);
        if feed.confidence != Some(Confidence::Low) || self.is_required(&path) {
            self.mapping.tables.push(table);
        }
        feed
    }

    /// The country beside it says what its zeros are.
    fn postal_code(&self, pick: &Pick) -> MappingLine {
        let place = self.place(pick.place.prefix);
        let value = from(&self.name(pick.column), &[format!("postal_code = {place}")]);
        self.feed(pick, pick.concept.field, value, "")
    }

    /// The country that a place names, as transforms take it.
    fn place(&self, prefix: &str) -> String {
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
        let names: Vec<String> = columns.iter().map(|column| self.name(*column)).collect();
        // The country of whoever it is: of the home, or of the firm.
        let home = match pick.place.prefix {
            "owners[1]." => "owners[0].identity.personalAddress.".to_owned(),
            "entity." => "entity.registeredAddress.".to_owned(),
            prefix if prefix.starts_with("owners") => format!("{prefix}identity.personalAddress."),
            prefix => format!("{prefix}mailingAddress."),
        };
        let region = format!("phone = {}", self.place(&home));
        let value = match names.as_slice() {
            [one] => from(one, &[region]),
            all => from_all("first", all, &[region]),
        };
        let at_work = columns
            .iter()
            .any(|column| self.is_work_phone(pick, *column));
        let confidence = match at_work {
            true => Confidence::Low,
            false => pick.confidence,
        };
        MappingLine {
            columns,
            confidence: Some(confidence),
            ..self.feed(pick, pick.concept.field, value, "")
        }
    }

    fn whole_address(&self, pick: &Pick) -> Vec<MappingLine> {
        let column = &self.profile.columns[pick.column];
        let own = self.name(pick.column);
        let Some(parts) = address_parts(column) else {
            let hint = self.feed(
                pick,
                "streetAddress",
                quoted(&own),
                "a whole address, whose parts could not be told apart",
            );
            return vec![MappingLine {
                confidence: Some(Confidence::Low),
                ..hint
            }];
        };
        let by = quoted(&column.parts.1.to_string());
        parts
            .iter()
            .enumerate()
            .map(|(take, part)| {
                let mut transforms = vec![format!("split = {{ by = {by}, take = {take} }}")];
                match *part {
                    "state" => transforms.push("us_state = true".into()),
                    "country" => transforms.push("country = true".into()),
                    _ => {}
                }
                self.feed(pick, part, from(&own, &transforms), "")
            })
            .collect()
    }
}
