//! The transforms of a feed: which steps a mapping's keys become, in their fixed order.
//!
//! Owner of the syntax of transforms. Every mistake in one is reported at its place and the rest of the feed is looked
//! at all the same. Left out on purpose: what a step does with a cell (`feed`).

use regex::Regex;

use super::Compiler;
use crate::contract::{Form, countries};
use crate::error::nearest;
use crate::mapping::dates::DateFormats;
use crate::mapping::feed::{Case, Feed, Pattern, Split, Step};
use crate::mapping::lookup::Lookup;
use crate::mapping::target::{Takes, fits};
use crate::toml_file::{Table, Value};

impl Compiler<'_, '_> {
    pub(super) fn cutting(&mut self, table: &Table<'_>, feed: &mut Feed) {
        if let Some(value) = table.get("regex")
            && let Some(pattern) = value.text(self.found)
        {
            match Regex::new(pattern) {
                Ok(regex) => {
                    feed.regex = Some(Pattern {
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
        if let Some(split) = table.table("split", self.found) {
            let by = split.text("by", self.found).unwrap_or("").to_owned();
            if by.is_empty() {
                split.wrong(
                    self.found,
                    "`split` needs `by`",
                    "split = { by = \";\", take = 0 }",
                );
            }
            let take = split
                .integer("take", 0, 1000, self.found)
                .map(|take| take as usize);
            feed.split = Some(Split { by, take });
            split.finish(self.found);
        }
        feed.join = table.text("join", self.found).map(str::to_owned);
    }

    pub(super) fn steps(&mut self, table: &Table<'_>, takes: Takes, feed: &mut Feed) {
        if table.boolean("digits", self.found) == Some(true) {
            feed.steps.push(Step::Digits);
        }
        let cases = [
            ("upper", Case::Upper),
            ("lower", Case::Lower),
            ("title", Case::Title),
        ];
        if let Some(case) = table.choice("case", &cases, self.found) {
            feed.steps.push(Step::Case(case));
        }
        if let Some(value) = table.get("lookup") {
            let otherwise = table
                .get("otherwise")
                .and_then(|value| self.word(value, takes));
            let lookup = self.lookup(value, takes, table);
            feed.steps.push(Step::Lookup(lookup, otherwise));
        }
        let mut forms = 0;
        for key in [
            "date",
            "phone",
            "country",
            "us_state",
            "usd_range",
            "integer",
            "yes_no",
        ] {
            if let Some(value) = table.get(key)
                && let Some(step) = self.form(key, value, takes)
            {
                forms += 1;
                feed.steps.push(step);
                if forms > 1 {
                    value.wrong_key(
                        self.found,
                        format!("`{key}` comes after another form"),
                        "one of date, phone, country, us_state, usd_range, integer, yes_no",
                    );
                }
            }
        }
    }

    fn lookup(&mut self, value: Value<'_>, takes: Takes, table: &Table<'_>) -> Lookup {
        let mut lookup = Lookup::default();
        let pairs = match value.as_text() {
            Some(name) => match self.lookups.get(name) {
                Some(pairs) => pairs.clone(),
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
        // A form that follows the table (a country's name, say) takes what the table gives.
        let last = [
            "date",
            "phone",
            "country",
            "us_state",
            "usd_range",
            "integer",
            "yes_no",
        ]
        .iter()
        .all(|key| table.get(key).is_none());
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

    fn form(&mut self, key: &str, value: Value<'_>, takes: Takes) -> Option<Step> {
        let form = match takes {
            Takes::One(form) => Some(form),
            Takes::Lines(_) => None,
        };
        match key {
            "date" => {
                let formats: Vec<&str> = value
                    .texts(self.found)?
                    .into_iter()
                    .map(|(text, _)| text)
                    .collect();
                match DateFormats::compile(&formats) {
                    Ok(formats) => Some(Step::Date(formats, form == Some(Form::DateTime))),
                    Err(why) => {
                        value.wrong(
                            self.found,
                            why,
                            "formats are strftime's, such as \"%m/%d/%Y\"",
                        );
                        None
                    }
                }
            }
            "phone" => self.phone(value),
            "usd_range" => match form {
                Some(Form::Usd(scale)) => {
                    value.boolean(self.found)?.then_some(Step::UsdRange(scale))
                }
                _ => {
                    value.wrong_key(
                        self.found,
                        "`usd_range` on a field that takes no range",
                        "take it away",
                    );
                    None
                }
            },
            _ => {
                let step = match key {
                    "country" => Step::Country,
                    "us_state" => Step::UsState,
                    "integer" => Step::Integer,
                    _ => Step::YesNo,
                };
                value.boolean(self.found)?.then_some(step)
            }
        }
    }

    fn phone(&mut self, value: Value<'_>) -> Option<Step> {
        let (region, at, column) = if value.is_table() {
            let table = value.table("phone", self.found)?;
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
        Some(Step::Phone(region.map(str::to_owned), column))
    }
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or(text).trim().to_owned()
}
