//! The transforms of a feed: which steps a mapping's keys become, in their fixed order.
//!
//! Owner of the syntax of transforms. Every mistake in one is reported at its place and the rest of the feed is looked
//! at all the same. Left out on purpose: what a step does with a cell (`feed`).

use std::sync::Arc;

use regex::Regex;

use super::Compiler;
use crate::dates::ordered::{self, DateStyle, EPOCHS, ORDERS, SerialEpoch};
use crate::dates::words::{LANGUAGES, Language};
use crate::dates::{DEFAULT_PIVOT, DateFormats, PIVOT_AHEAD};
use crate::feed::{CutPattern, FieldMapping, Split, StrictLookup};
use crate::lookup::{Lookup, Otherwise};
use crate::missing::Missing;
use crate::names::{self, NameOrder, NamePart, NameTransform, PARTS};
use crate::step::{CountrySource, Dates, DigitsOf, LetterCase, Transform, YesNo};
use crate::target::{TargetForm, fits, words};
use bakkt_contract::{Form, countries};
use bakkt_files::toml_file::{Table, Value};
use bakkt_model::error::nearest;
use bakkt_model::text::{fold, same, trim};
use bakkt_source::workbook::serial::DayEpoch;

/// Transforms that come last, one of which a feed may have.
pub const FORMS: [&str; 10] = [
    "date",
    "phone",
    "name",
    "country",
    "us_state",
    "postal_code",
    "tax_id",
    "usd_range",
    "integer",
    "yes_no",
];

/// What `date` takes.
const FORMATS_HELP: &str =
    "formats are strftime's, such as \"%m/%d/%Y\"; or an order: \"mdy\", \"dmy\" or \"ymd\"";

/// The longest id that zeros are put in front of.
const MOST_DIGITS: i64 = 40;

impl Compiler<'_, '_> {
    pub(super) fn cutting(&mut self, table: &Table<'_>, feed: &mut FieldMapping) {
        if let Some(value) = table.get("regex")
            && let Some(pattern) = value.text(self.found)
        {
            match Regex::new(pattern) {
                Ok(regex) => {
                    feed.regex = Some(CutPattern {
                        regex,
                        number: self.feeds.len(),
                    })
                }
                Err(error) => value.wrong(
                    self.found,
                    "the regex does not compile",
                    last_line(&error.to_string()),
                ),
            }
        }
        let no_match = table.choice("no_match", &[("gap", false), ("empty", true)], self.found);
        feed.empties_misses = no_match == Some(true);
        if let Some(value) = table.get("no_match")
            && table.get("regex").is_none()
        {
            value.wrong_key(
                self.found,
                "`no_match` without `regex` has nothing to say",
                "add the pattern, or take it away",
            );
        }
        if let Some(split) = table.table("split", self.found) {
            let by: Vec<String> = split
                .texts("by", self.found)
                .unwrap_or_default()
                .into_iter()
                .map(|(by, _)| by.to_owned())
                .collect();
            if by.is_empty() || by.iter().any(String::is_empty) {
                split.wrong(
                    self.found,
                    "`split` needs `by`",
                    "split = { by = \";\", take = 0 }",
                );
            }
            let take = split
                .integer("take", 0, 1000, self.found)
                .map(|take| take as usize);
            feed.split = Some(Split::new(by, take));
            split.finish(self.found);
        }
        feed.join = table.text("join", self.found).map(str::to_owned);
    }

    pub(super) fn steps(&mut self, table: &Table<'_>, takes: TargetForm, feed: &mut FieldMapping) {
        for key in FORMS.into_iter().chain(["digits"]) {
            if let Some(value) = table.get(key).filter(Value::is_false) {
                let message = format!("`{key} = false` has nothing to say");
                value.wrong_key(self.found, message, "take it away");
            }
        }
        if table.boolean("digits", self.found) == Some(true) {
            feed.steps.push(Transform::Digits(DigitsOf::Text));
        }
        if let Some(width) = table.integer("pad", 1, MOST_DIGITS, self.found) {
            feed.steps.push(Transform::Pad(width as usize));
        }
        let cases = [
            ("upper", LetterCase::Upper),
            ("lower", LetterCase::Lower),
            ("title", LetterCase::Title),
        ];
        if let Some(case) = table.choice("case", &cases, self.found) {
            feed.steps.push(Transform::Case(case));
        }
        if let Some(value) = table.get("lookup") {
            let otherwise = table
                .get("otherwise")
                .and_then(|value| self.word(value, takes));
            self.unknown(table, otherwise.is_some(), feed);
            let lookup = self.lookup(value, takes, table);
            let form = takes.form();
            let own = match form {
                Form::Boolean => &["true", "false"],
                form => words(form),
            };
            let only_named = form == Form::AccountType;
            let otherwise = otherwise.map(|word| Otherwise::new(word, &lookup, own, only_named));
            feed.steps.push(Transform::Lookup(lookup, otherwise));
        }
        let mut forms = 0;
        for key in FORMS {
            if let Some(value) = table.get(key)
                && let Some(step) = self.form(key, value, takes)
            {
                forms += 1;
                feed.steps.push(step);
                if forms > 1 {
                    value.wrong_key(
                        self.found,
                        format!("`{key}` comes after another form"),
                        format!("one of {}", FORMS.join(", ")),
                    );
                }
            }
        }
        let form = takes.form();
        let counts = matches!(form, Form::Integer(..) | Form::Percent | Form::Usd(_))
            || feed
                .steps
                .iter()
                .any(|step| matches!(step, Transform::Integer(_) | Transform::UsdRange(..)));
        if let Some(Transform::Digits(number)) = feed.steps.first_mut() {
            *number = match form {
                _ if counts => DigitsOf::Number,
                Form::TaxId | Form::EntityTaxId => DigitsOf::TaxId,
                _ => DigitsOf::Text,
            };
        }
    }

    /// What a code that is in no table does.
    fn unknown(&mut self, table: &Table<'_>, otherwise: bool, feed: &mut FieldMapping) {
        let choices = [("gap", false), ("error", true)];
        let Some(value) = table.get("unknown") else {
            return;
        };
        if otherwise {
            value.wrong_key(
                self.found,
                "`unknown` beside `otherwise` has nothing to say",
                "with `otherwise` every code means something; take one of them away",
            );
        }
        if table.choice("unknown", &choices, self.found) == Some(true) {
            if !self.targets.rows {
                value.wrong(
                    self.found,
                    "`unknown = \"error\"` is for rows of customers",
                    "take it away: what cannot be read of a document is listed by `check`",
                );
            }
            let place = value.place();
            let columns = feed.columns.clone();
            feed.strict = Some(Arc::new(StrictLookup { place, columns }));
        }
    }

    fn lookup(&mut self, value: Value<'_>, takes: TargetForm, table: &Table<'_>) -> Lookup {
        let mut lookup = Lookup::default();
        let pairs = match value.as_text() {
            Some(name) => match self.lookups.get(name) {
                Some(pairs) => {
                    self.used_lookups.insert(name.to_owned());
                    pairs.clone()
                }
                None => {
                    let near = nearest(name, self.lookups.keys().map(String::as_str));
                    let help = near.map_or_else(
                        || format!("add a table [lookups.{name}]"),
                        |near| format!("did you mean \"{near}\"?"),
                    );
                    value.wrong(
                        self.found,
                        format!("there is no lookup table \"{name}\""),
                        help,
                    );
                    Vec::new()
                }
            },
            None => self.pairs("lookup", value),
        };
        self.idle_codes(&pairs, value, table);
        // A form that follows the table (a country's name, say) takes what the table gives.
        let last = FORMS.iter().all(|key| table.get(key).is_none());
        for (code, meaning) in pairs {
            if last && let Err(help) = fits(takes.form(), &meaning) {
                value.wrong(
                    self.found,
                    format!("the lookup's \"{meaning}\" (for {code}) does not fit this field"),
                    help,
                );
            }
            lookup.add(&code, meaning);
        }
        lookup
    }

    /// Reports codes that no cell can be: an empty cell has no code.
    fn idle_codes(&mut self, pairs: &[(String, String)], value: Value<'_>, table: &Table<'_>) {
        if pairs.is_empty() && value.as_text().is_none() {
            let help = "add the codes of the column: lookup = { M = \"MARRIED\" }";
            value.wrong(self.found, "the lookup has no codes", help);
        }
        // What other transforms make of a cell is looked up whatever it is.
        let as_it_stands = ["regex", "split", "digits", "pad"];
        let as_it_stands = as_it_stands.iter().all(|key| table.get(key).is_none());
        let is_idle = |code: &str| code.is_empty() || (as_it_stands && self.missing.contains(code));
        let idle: Vec<&str> = pairs
            .iter()
            .map(|(code, _)| trim(code))
            .filter(|code| is_idle(code))
            .collect();
        for code in idle {
            value.wrong(
                self.found,
                format!("the lookup's code \"{code}\" counts as an empty cell, so nothing is ever looked up by it"),
                "say with `default` what an empty cell means, or take the word out of `missing`",
            );
        }
    }

    /// Reports a form that gives what its field never takes.
    fn form_fits(&mut self, key: &str, value: Value<'_>, fits: bool, of: &str) {
        if !fits {
            value.wrong_key(
                self.found,
                format!("`{key}` on a field that takes no {of}"),
                "take it away",
            );
        }
    }

    fn form(&mut self, key: &str, value: Value<'_>, takes: TargetForm) -> Option<Transform> {
        let form = match takes {
            TargetForm::One(form) => Some(form),
            TargetForm::Lines(_) => None,
        };
        match key {
            "date" => {
                let pivot = match form.is_some_and(Form::may_lie_ahead) {
                    true => PIVOT_AHEAD,
                    false => DEFAULT_PIVOT,
                };
                let dates = self.date(value, pivot)?;
                Some(Transform::Date(dates, form.is_some_and(Form::is_date_time)))
            }
            "phone" => self.place("phone", value).map(Transform::Phone),
            "postal_code" => self.place("postal_code", value).map(Transform::PostalCode),
            "name" => self.name(value),
            "tax_id" => self.tax_id(value),
            "usd_range" => match form {
                Some(Form::Usd(scale)) => self
                    .amount_style(key, value)
                    .map(|style| Transform::UsdRange(scale, style)),
                _ => {
                    value.wrong_key(
                        self.found,
                        "`usd_range` on a field that takes no range",
                        "take it away",
                    );
                    None
                }
            },
            "integer" => self.decimal_mark(key, value).map(Transform::Integer),
            "yes_no" => {
                let fits = form == Some(Form::Boolean);
                self.form_fits(key, value, fits, "true or false");
                self.yes_no(value)
            }
            "country" => value.boolean(self.found)?.then_some(Transform::Country),
            _ => {
                self.form_fits(key, value, form == Some(Form::State), "state");
                match value.is_table() {
                    true => self
                        .place("us_state", value)
                        .map(Some)
                        .map(Transform::UsState),
                    false => value
                        .boolean(self.found)?
                        .then_some(Transform::UsState(None)),
                }
            }
        }
    }

    /// Compiles `date`: an order with its options, or formats. `pivot` counts where the mapping names none.
    fn date(&mut self, value: Value<'_>, pivot: u8) -> Option<Dates> {
        if value.is_table() {
            let table = value.table("date", self.found)?;
            return self.ordered(table, pivot);
        }
        let order = value.as_text().and_then(|word| find(&ORDERS, word));
        if let Some(order) = order {
            return Some(Dates::Ordered(Box::new(DateStyle {
                pivot,
                ..DateStyle::new(order)
            })));
        }
        let texts = value.texts(self.found)?;
        let formats: Vec<&str> = texts.into_iter().map(|(text, _)| text).collect();
        match DateFormats::compile(&formats) {
            Ok(formats) => Some(Dates::Formats(formats.with_pivot(pivot))),
            Err(why) => {
                value.wrong(self.found, why, FORMATS_HELP);
                None
            }
        }
    }

    /// Formats with the years that two digits mean.
    fn formats(&mut self, table: &Table<'_>, value: Value<'_>, usual: u8) -> Option<Dates> {
        let texts = value.texts(self.found)?;
        let formats: Vec<&str> = texts.into_iter().map(|(text, _)| text).collect();
        let pivot = table.integer("pivot", 0, 99, self.found);
        match DateFormats::compile(&formats) {
            Ok(formats) => {
                if let Some(value) = table.get("pivot").filter(|_| !formats.has_short_years()) {
                    value.wrong_key(
                        self.found,
                        "`pivot` has nothing to say: no format has a year of two digits (%y)",
                        "take it away",
                    );
                }
                let pivot = pivot.map_or(usual, |pivot| pivot as u8);
                Some(Dates::Formats(formats.with_pivot(pivot)))
            }
            Err(why) => {
                value.wrong(self.found, why, FORMATS_HELP);
                None
            }
        }
    }

    fn ordered(&mut self, table: Table<'_>, pivot: u8) -> Option<Dates> {
        if let Some(value) = table.get("formats") {
            let dates = self.formats(&table, value, pivot);
            if table.get("order").is_some() {
                table.wrong(
                    self.found,
                    "`formats` beside `order`",
                    "dates have formats or an order, not both",
                );
            }
            table.finish(self.found);
            return dates;
        }
        let order = table.choice("order", &ORDERS, self.found);
        if order.is_none() && table.get("order").is_none() {
            table.wrong(
                self.found,
                "`date` needs `order` or `formats`",
                "date = { order = \"mdy\" }, or \"dmy\" or \"ymd\"",
            );
        }
        let mut dates = DateStyle {
            pivot,
            ..DateStyle::new(order.unwrap_or(ORDERS[0].1))
        };
        if let Some(pivot) = table.integer("pivot", 0, 99, self.found) {
            dates.pivot = pivot as u8;
        }
        if let Some(codes) = table.texts("languages", self.found) {
            dates.languages = codes
                .into_iter()
                .filter_map(|(code, place)| self.language(code, place))
                .collect();
        }
        dates.excel = table.choice("excel", &EPOCHS, self.found);
        if let Some(value) = table.get("excel") {
            self.contradicted(value, dates.excel);
        }
        if let Some(value) = table.get("zone")
            && let Some(name) = value.text(self.found)
        {
            dates.zone = ordered::zone(name);
            if dates.zone.is_none() {
                value.wrong(
                    self.found,
                    format!("there is no time zone \"{name}\""),
                    "a name such as \"America/New_York\", or an offset such as \"-05:00\"",
                );
            }
        }
        table.finish(self.found);
        order.map(|_| Dates::Ordered(Box::new(dates)))
    }

    /// Reports an epoch that a workbook contradicts: its date cells follow its own, and the plain numbers beside them would be
    /// four years off.
    fn contradicted(&mut self, value: Value<'_>, epoch: Option<SerialEpoch>) {
        let others = |own: DayEpoch| epoch.is_some_and(|epoch| epoch != SerialEpoch::of(own));
        let mut files = self.targets.day_epochs.iter();
        let Some((file, own)) = files.find(|(_, own)| others(*own)) else {
            return;
        };
        let own = EPOCHS
            .iter()
            .find(|(_, epoch)| *epoch == SerialEpoch::of(*own));
        let own = own.map_or("", |(word, _)| word);
        value.wrong(
            self.found,
            format!("the workbook {file} counts days from {own}, not from the year of `excel`"),
            format!("excel = \"{own}\", for all of its files"),
        );
    }

    fn language(&mut self, code: &str, place: Value<'_>) -> Option<&'static Language> {
        let found = Language::find(code);
        if found.is_none() {
            let codes: Vec<&str> = LANGUAGES.iter().map(|language| language.code).collect();
            place.wrong(
                self.found,
                format!("\"{code}\" is no language whose months are known"),
                format!("one of: {}", codes.join(", ")),
            );
        }
        found
    }

    fn name(&mut self, value: Value<'_>) -> Option<Transform> {
        let plain = |part| NameTransform {
            part,
            habit: NameOrder::GivenFirst.into(),
            suffix: false,
            person: None,
        };
        if !value.is_table() {
            let part = value.choice("name", &PARTS, self.found)?;
            return Some(Transform::Name(plain(part)));
        }
        let table = value.table("name", self.found)?;
        let part = table.choice("part", &PARTS, self.found);
        if part.is_none() && table.get("part").is_none() {
            table.wrong(
                self.found,
                "`name` needs `part`",
                "name = { part = \"family\", order = \"family-first\" }",
            );
        }
        let order = table.choice("order", &names::ORDERS, self.found);
        let suffix = table.boolean("suffix", self.found) == Some(true);
        if suffix && part.is_some_and(|part| part != NamePart::Family) {
            table.wrong(
                self.found,
                "`suffix` belongs to the family name",
                "take it away: \"full\" has the suffix, \"given\" and \"middle\" never do",
            );
        }
        let family_names = table.integer("family_names", 1, 2, self.found);
        let person = table.integer("person", 1, 2, self.found);
        table.finish(self.found);
        let mut taking = plain(part?);
        taking.habit.order = order.unwrap_or(NameOrder::GivenFirst);
        taking.habit.family_names = family_names.unwrap_or(1) as u8;
        taking.suffix = suffix;
        taking.person = person.map(|person| person as usize - 1);
        Some(Transform::Name(taking))
    }

    fn tax_id(&mut self, value: Value<'_>) -> Option<Transform> {
        let parts = [("number", false), ("type", true)];
        if !value.is_table() {
            let kind = value.choice("tax_id", &parts, self.found)?;
            return Some(Transform::TaxId {
                kind,
                entity: false,
            });
        }
        let table = value.table("tax_id", self.found)?;
        let kind = table.choice("part", &parts, self.found);
        if kind.is_none() && table.get("part").is_none() {
            table.wrong(
                self.found,
                "`tax_id` needs `part`",
                "tax_id = { part = \"type\", entity = true }",
            );
        }
        let entity = table.boolean("entity", self.found) == Some(true);
        table.finish(self.found);
        Some(Transform::TaxId {
            kind: kind?,
            entity,
        })
    }

    fn yes_no(&mut self, value: Value<'_>) -> Option<Transform> {
        if !value.is_table() {
            return value
                .boolean(self.found)?
                .then(|| Transform::YesNo(YesNo::default()));
        }
        let table = value.table("yes_no", self.found)?;
        let mut words = |key| -> Vec<String> {
            let texts = table.texts(key, self.found).unwrap_or_default();
            texts
                .into_iter()
                .map(|(word, _)| trim(word).to_owned())
                .collect()
        };
        let (yes, no) = (words("yes"), words("no"));
        let both = yes
            .iter()
            .find(|word| no.iter().any(|other| same(word, other)));
        if let Some(word) = both {
            value.wrong(
                self.found,
                format!("\"{word}\" cannot mean both yes and no"),
                "take it out of one of the two lists",
            );
        }
        table.finish(self.found);
        let folded = |words: Vec<String>| words.iter().map(|word| fold(word)).collect();
        Some(Transform::YesNo(YesNo {
            yes: folded(yes),
            no: folded(no),
        }))
    }

    /// A region, or the column that names it and the region where it does not.
    fn place(&mut self, key: &str, value: Value<'_>) -> Option<CountrySource> {
        let (region, at, column) = if value.is_table() {
            let table = value.table(key, self.found)?;
            let column = table
                .get("region_column")
                .and_then(|value| self.columns(value, &mut Vec::new()));
            let region = table
                .get("default")
                .and_then(|value| Some((value.text(self.found)?, value)));
            table.finish(self.found);
            (
                region.map(|(text, _)| text),
                region.map_or(value, |(_, at)| at),
                column.and_then(|c| c.first().copied()),
            )
        } else {
            (Some(value.text(self.found)?), value, None)
        };
        if let Some(region) = region
            && countries::alpha3(region).and_then(countries::alpha2_of) != Some(region)
        {
            at.wrong(
                self.found,
                format!("\"{region}\" is no region"),
                "an ISO 3166-1 alpha-2 code such as \"US\"",
            );
        }
        Some(CountrySource {
            column,
            default: region.map(str::to_owned),
            missing: Missing::default(),
        })
    }
}

/// The meaning of a word.
fn find<T: Copy>(choices: &[(&str, T)], word: &str) -> Option<T> {
    let found = choices.iter().find(|(known, _)| *known == word);
    found.map(|(_, choice)| *choice)
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or(text).trim().to_owned()
}
