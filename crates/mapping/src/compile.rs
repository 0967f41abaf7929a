//! Mapping files → [`Mapper`].
//!
//! Owner of the mapping language's syntax. Everything that can be wrong with a mapping is found here, before the
//! first row, and reported together: unknown keys, fields and columns (with the nearest right name), words that do
//! not fit their field, two feeds for one field. An including file's own entries win over the included ones.

mod amounts;
mod idle;
mod steps;

pub use steps::FORMS;

use std::collections::{BTreeMap, BTreeSet};

use super::expr::Expressions;
use super::feed::{FieldMapping, Route, TextSource, in_order};
use super::missing::Missing;
use super::step::Transform;
use super::target::{ACCOUNT_TYPE, OWED, TargetForm, fits, owed_leaf, resolve, words};
use super::{CompiledSheet, Mapper};
use bakkt_contract::Form;
use bakkt_contract::account::ACCOUNT_TYPES;
use bakkt_contract::custody::PREFIX;
use bakkt_files::toml_file::{Table, TomlFile, Value};
use bakkt_model::error::Diagnostics;
use bakkt_model::placeholder::KeptPlaceholders;
use bakkt_model::text::one_line;
use bakkt_source::header;
use bakkt_source::workbook::serial::DayEpoch;

/// Finds what a field takes, by its name and the account types. The error is (what is wrong, what it should be).
pub type Resolve<'t> = dyn Fn(&str, &[&str]) -> Result<TargetForm, (String, String)> + 't;

/// Which fields of a mapping file are compiled: one file feeds an account and its custody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MappingPart {
    /// All of them.
    #[default]
    Whole,
    /// Those of the account.
    Account,
    /// Those of custody.
    Custody,
}

impl MappingPart {
    fn has(self, target: &str) -> bool {
        match self {
            MappingPart::Whole => true,
            MappingPart::Account => !target.starts_with(PREFIX),
            MappingPart::Custody => target.starts_with(PREFIX),
        }
    }
}

/// What the feeds of a mapping may aim at.
#[derive(Clone, Copy)]
pub struct Targets<'t> {
    /// The mapping says an account type, which decides on its fields.
    pub account_type: bool,
    /// What is mapped are rows of customers, whose codes can end a run.
    pub rows: bool,
    /// Which of the file's fields these are.
    pub part: MappingPart,
    /// Files of the export that are workbooks, and from what their plain numbers count the days.
    pub day_epochs: &'t [(String, DayEpoch)],
    /// Its fields.
    pub resolve: &'t Resolve<'t>,
}

/// Compiles a mapping of accounts, every row one of them.
pub fn compile(files: &[TomlFile], headers: &[String], found: &mut Diagnostics) -> Option<Mapper> {
    let targets = Targets {
        account_type: true,
        rows: true,
        part: MappingPart::Whole,
        day_epochs: &[],
        resolve: &resolve,
    };
    compile_for(&targets, files, headers, found)
}

/// Compiles a mapping onto some fields.
pub fn compile_for(
    targets: &Targets<'_>,
    files: &[TomlFile],
    headers: &[String],
    found: &mut Diagnostics,
) -> Option<Mapper> {
    let (account_types, sheet) = compile_sheet(targets, files, headers, found)?;
    Some(Mapper::new(account_types, sheet, Vec::new(), &[]))
}

/// Compiles the mapping of one export: the account types that it says, and its sheet. `files[0]` is the mapping itself, the
/// rest are the files it includes, nearest first. `None` only when something was reported.
pub fn compile_sheet(
    targets: &Targets<'_>,
    files: &[TomlFile],
    headers: &[String],
    found: &mut Diagnostics,
) -> Option<(Vec<&'static str>, CompiledSheet)> {
    let mistakes = found.len();
    let mut documents = Vec::new();
    for file in files {
        documents.push(file.parse(found)?);
    }
    let mut compiler = Compiler {
        targets,
        headers,
        account_types: Vec::new(),
        lookups: BTreeMap::new(),
        used_lookups: BTreeSet::new(),
        fed: BTreeSet::new(),
        feeds: Vec::new(),
        expressions: Expressions::default(),
        missing: Missing::default(),
        found,
    };
    let roots: Vec<Table<'_>> = documents.iter().map(|document| document.root()).collect();
    for root in &roots {
        compiler.lookups(root);
    }
    let own_tables = roots[0].get("lookups").filter(Value::is_table);
    let own_tables = own_tables.and_then(|tables| tables.table("lookups", compiler.found));
    let (mut missing, mut placeholders) = (Vec::new(), None);
    for root in &roots {
        root.get("include");
        // The nearest file that says it counts.
        let said = root.boolean("placeholders", compiler.found);
        placeholders = placeholders.or(said);
        if let Some(words) = root.texts("missing", compiler.found) {
            missing.extend(words.into_iter().map(|(word, _)| word));
        }
    }
    compiler.missing = Missing::new(missing);
    for root in roots.iter().filter(|_| targets.account_type) {
        // Asked of every file, so that an included one may have it too; the nearest one counts. What may be fed
        // depends on it, so it comes before the first field.
        if let Some((types, feed)) = compiler.account_type(root)
            && compiler.account_types.is_empty()
        {
            compiler.account_types = types;
            compiler.feeds.extend(feed);
        }
    }
    let mut written = Vec::new();
    for root in &roots {
        written.extend(compiler.fields(root));
        if targets.part == MappingPart::Custody {
            // The account's part of the file has reported what is wrong with these.
            root.get("account_type");
            root.get("owed_if");
        }
        if targets.rows {
            compiler.owed(root);
        }
    }
    if targets.account_type {
        compiler.left_out(&written);
    }
    // Fields of custody are compiled by themselves, and a file that others include may have tables for all of them.
    if let Some(tables) = own_tables.filter(|_| targets.part == MappingPart::Whole) {
        compiler.unused_lookups(&tables);
    }
    let Compiler {
        account_types,
        feeds,
        expressions,
        missing,
        found,
        ..
    } = compiler;
    if account_types.is_empty() && targets.account_type && found.len() == mistakes {
        roots[0].wrong(
            found,
            "the mapping has no `account_type`",
            "add account_type = \"INDIVIDUAL\" at the top",
        );
    }
    for root in roots {
        root.finish(found);
    }
    let mut feeds = feeds;
    let steps = feeds.iter_mut().flat_map(|feed| &mut feed.steps);
    for place in steps.filter_map(Transform::place_mut) {
        place.missing.clone_from(&missing);
    }
    let (each, feeds) = feeds
        .into_iter()
        .partition(|feed| feed.target.contains("[]"));
    let mut remembered = 0..u16::MAX;
    let sheet = CompiledSheet {
        feeds: in_order(feeds, &mut remembered),
        each: in_order(each, &mut remembered),
        missing,
        placeholders: placeholders == Some(true),
        expressions,
    };
    (found.len() == mistakes).then_some((account_types, sheet))
}

struct Compiler<'a, 'f> {
    targets: &'a Targets<'a>,
    headers: &'a [String],
    account_types: Vec<&'static str>,
    lookups: BTreeMap<String, Vec<(String, String)>>,
    used_lookups: BTreeSet<String>,
    fed: BTreeSet<String>,
    feeds: Vec<FieldMapping>,
    expressions: Expressions,
    /// Words that count as an empty cell.
    missing: Missing,
    found: &'f mut Diagnostics,
}

impl Compiler<'_, '_> {
    /// The types that can occur, and the feed that says which, where the mapping does not.
    fn account_type(
        &mut self,
        root: &Table<'_>,
    ) -> Option<(Vec<&'static str>, Option<FieldMapping>)> {
        let value = root.get("account_type")?;
        let known = |word: &str| ACCOUNT_TYPES.iter().copied().find(|known| *known == word);
        if value.is_table() {
            let feed = self.feed(ACCOUNT_TYPE, TargetForm::One(Form::AccountType), value)?;
            let types = match feed.listed_words() {
                Some(words) => ACCOUNT_TYPES
                    .iter()
                    .copied()
                    .filter(|of| words.contains(of))
                    .collect(),
                None => ACCOUNT_TYPES.to_vec(),
            };
            return Some((types, Some(feed)));
        }
        let text = value.text(self.found)?;
        if !ACCOUNT_TYPES.contains(&text) {
            value.wrong(
                self.found,
                format!("account type \"{text}\" cannot be migrated"),
                format!("this version sends: {}", ACCOUNT_TYPES.join(", ")),
            );
        }
        Some((known(text).into_iter().collect(), None))
    }

    fn lookups(&mut self, root: &Table<'_>) {
        let Some(tables) = root.table("lookups", self.found) else {
            return;
        };
        for (name, value) in tables.all() {
            let pairs = self.pairs(name, value);
            self.lookups.entry(name.to_owned()).or_insert(pairs);
        }
    }

    fn pairs(&mut self, name: &str, value: Value<'_>) -> Vec<(String, String)> {
        let Some(table) = value.table(name, self.found) else {
            return Vec::new();
        };
        table
            .all()
            .into_iter()
            .filter_map(|(code, meaning)| Some((code.to_owned(), meaning.scalar(self.found)?)))
            .collect()
    }

    /// Compiles the fields of a file; returns those that there are, with their lines.
    fn fields<'t>(&mut self, root: &Table<'t>) -> Vec<(&'t str, Value<'t>)> {
        let Some(fields) = root.table("fields", self.found) else {
            return Vec::new();
        };
        let (mut own, mut known) = (Vec::new(), Vec::new());
        for (target, value) in fields.all() {
            if !self.targets.part.has(target) {
                continue;
            }
            // An included feed gives way to one of the file that includes it.
            if self.fed.contains(target) {
                continue;
            }
            own.push(target.to_owned());
            match (self.targets.resolve)(target, &self.account_types) {
                Ok(takes) => {
                    known.push((target, value));
                    if let Some(feed) = self.feed(target, takes, value) {
                        self.one_name(&feed, value);
                        self.feeds.push(feed);
                    }
                }
                Err((message, help)) => value.wrong_key(self.found, message, help),
            }
        }
        self.fed.extend(own);
        known
    }

    /// Reports a column that is a whole given name and the whole family name of the same person.
    fn one_name(&mut self, feed: &FieldMapping, value: Value<'_>) {
        let [given, family] = ["givenName", "familyName"];
        let other = match (
            feed.target.strip_suffix(given),
            feed.target.strip_suffix(family),
        ) {
            (Some(of), _) => format!("{of}{family}"),
            (_, Some(of)) => format!("{of}{given}"),
            _ => return,
        };
        let is_whole = |feed: &FieldMapping| {
            let one = matches!(&feed.source, TextSource::First(columns) if columns.len() == 1);
            one && feed.regex.is_none() && feed.split.is_none() && feed.steps.is_empty()
        };
        let mut others = self.feeds.iter().filter(|known| known.target == other);
        if is_whole(feed) && others.any(|known| is_whole(known) && known.reads == feed.reads) {
            value.wrong(
                self.found,
                format!("the same column is `{other}`, so everybody has one name twice"),
                "name the column of each, or cut both out of one with `name`",
            );
        }
    }

    /// Conditions under which fields are owed: feeds that say true or false.
    fn owed(&mut self, root: &Table<'_>) {
        let Some(conditions) = root.table("owed_if", self.found) else {
            return;
        };
        let mut own = Vec::new();
        for (target, value) in conditions.all() {
            let name = format!("{OWED}{target}");
            if self.fed.contains(&name) {
                continue;
            }
            let known = owed_leaf(target)
                .and_then(|leaf| (self.targets.resolve)(&leaf, &self.account_types));
            own.push(name.clone());
            match known {
                Ok(_) => {
                    let feed = self.feed(target, TargetForm::One(Form::Boolean), value);
                    self.feeds.extend(feed.map(|feed| FieldMapping {
                        target: name,
                        ..feed
                    }));
                }
                Err((message, help)) => value.wrong_key(self.found, message, help),
            }
        }
        self.fed.extend(own);
    }

    fn feed(&mut self, target: &str, takes: TargetForm, value: Value<'_>) -> Option<FieldMapping> {
        let mut feed = FieldMapping {
            target: target.to_owned(),
            written: {
                let at = value.place();
                format!("{}:{}", at.file, at.line)
            },
            columns: Vec::new(),
            reads: Vec::new(),
            source: TextSource::First(Vec::new()),
            when: None,
            regex: None,
            empties_misses: false,
            skips_unreadable: false,
            is_email: takes.form() == Form::Email,
            country: None,
            split: None,
            join: None,
            steps: Vec::new(),
            default: None,
            list: matches!(takes, TargetForm::Lines(_)),
            form: takes.form(),
            keeps: keeps(target, takes),
            words: words(takes.form()),
            strict: None,
            route: Route::Any,
            remembered: None,
            same_when: 0,
        };
        if value.as_text().is_some() {
            feed.source = TextSource::First(self.columns(value, &mut feed.columns)?);
            self.note_reads(&mut feed);
            return Some(feed);
        }
        let table = value.table(target, self.found)?;
        let source = self.source(&table, value, takes, &mut feed.columns);
        if let Some(when) = table.get("when") {
            feed.when = self
                .columns(when, &mut Vec::new())
                .and_then(|columns| columns.first().copied());
        }
        self.cutting(&table, &mut feed);
        self.steps(&table, takes, &mut feed);
        self.skipping(&table, takes, &mut feed);
        if let Some(default) = table.get("default") {
            feed.default = self.word(default, takes);
        }
        table.finish(self.found);
        feed.source = source?;
        self.note_reads(&mut feed);
        self.idle_transforms(&feed, value);
        let gives_list = matches!(feed.source, TextSource::All(_)) && feed.join.is_none()
            || feed
                .split
                .as_ref()
                .is_some_and(|split| split.take.is_none());
        if gives_list && !feed.list {
            value.wrong(
                self.found,
                format!("`{target}` takes one text, and this gives a list"),
                "add join = \" \" or split = { by = \"..\", take = 0 }",
            );
        }
        Some(feed)
    }

    /// What happens to a text that cannot be read, where `first` names further columns.
    fn skipping(&mut self, table: &Table<'_>, takes: TargetForm, feed: &mut FieldMapping) {
        let by_itself = feed.tells_readable(takes.form());
        let said = table.boolean("skip_unreadable", self.found);
        feed.skips_unreadable = said.unwrap_or(by_itself);
        if let Some(value) = table.get("skip_unreadable")
            && table.get("first").is_none()
        {
            value.wrong_key(
                self.found,
                "`skip_unreadable` has nothing to pass over",
                "it is for the columns of `first`",
            );
        }
    }

    fn note_reads(&self, feed: &mut FieldMapping) {
        match &feed.source {
            TextSource::First(columns) | TextSource::All(columns) => feed.reads.clone_from(columns),
            TextSource::Expr(number) => {
                let used = self.expressions.used(*number);
                feed.columns = used.iter().map(|(name, _)| name.clone()).collect();
                feed.reads = used.iter().map(|(_, index)| *index).collect();
            }
            TextSource::Const(_) | TextSource::Open => {}
        }
    }

    /// A transform that its source never reaches would be a silent mistake.
    fn idle_transforms(&mut self, feed: &FieldMapping, value: Value<'_>) {
        let several = matches!(feed.source, TextSource::All(_));
        let cut = feed.regex.is_some() || feed.split.is_some();
        let constant = matches!(feed.source, TextSource::Const(_));
        let changed = cut || feed.join.is_some() || !feed.steps.is_empty();
        let unfed = matches!(&feed.source, TextSource::First(columns) if columns.is_empty());
        let rules = [
            (
                unfed && (changed || feed.default.is_some()),
                "a field that is `unfed` takes no transforms",
                "take them away; `const` gives everybody the same text",
            ),
            (
                constant && (changed || feed.default.is_some()),
                "a constant takes no transforms",
                "write the text as it is to be sent; `when` may stay",
            ),
            (
                !constant && !several && feed.join.is_some(),
                "`join` has nothing to join",
                "it joins the texts of `columns`",
            ),
            (
                several && cut && feed.join.is_none(),
                "`regex` and `split` take one text, and `columns` gives a list",
                "add join = \" \"",
            ),
        ];
        for (_, message, help) in rules.into_iter().filter(|(idle, ..)| *idle) {
            value.wrong(self.found, message, help);
        }
    }

    /// The indexes of one column or several.
    fn columns(&mut self, value: Value<'_>, names: &mut Vec<String>) -> Option<Vec<usize>> {
        let mut indexes = Vec::new();
        let texts = value.texts(self.found)?;
        if texts.is_empty() {
            value.wrong(self.found, "no column is named", "name one: [\"COLUMN\"]");
        }
        for (name, place) in texts {
            match header::find("the export", self.headers, name) {
                Ok(index) if indexes.contains(&index) => place.wrong(
                    self.found,
                    "the column is named twice",
                    "take one of them away",
                ),
                Ok(index) => indexes.push(index),
                Err((what, help)) => place.wrong(self.found, what, help),
            }
            names.push(name.to_owned());
        }
        (!indexes.is_empty() && indexes.len() == names.len()).then_some(indexes)
    }

    fn source(
        &mut self,
        table: &Table<'_>,
        value: Value<'_>,
        takes: TargetForm,
        names: &mut Vec<String>,
    ) -> Option<TextSource> {
        let given: Vec<(&str, Value<'_>)> =
            ["column", "first", "columns", "const", "expr", "unfed"]
                .into_iter()
                .filter_map(|key| table.get(key).map(|value| (key, value)))
                .collect();
        let [(key, from)] = given[..] else {
            value.wrong(
                self.found,
                if given.is_empty() {
                    "the feed has no source"
                } else {
                    "the feed has more than one source"
                },
                "exactly one of: column, first, columns, const, expr, unfed",
            );
            return None;
        };
        match key {
            "columns" => self.columns(from, names).map(TextSource::All),
            "const" => self.word(from, takes).map(TextSource::Const),
            // A field that is known to have no column: no cell, so always missing.
            "unfed" => {
                if from.text(self.found)?.trim().is_empty() {
                    let help = "unfed = \"our system never had it\"";
                    from.wrong(self.found, "`unfed` does not say why", help);
                }
                Some(TextSource::First(Vec::new()))
            }
            "expr" => match self.expressions.add(from.text(self.found)?, self.headers) {
                Ok(number) => Some(TextSource::Expr(number)),
                Err(why) => {
                    from.wrong(
                        self.found,
                        format!("the expression does not compile: {why}"),
                        "expressions are minijinja, over row.COLUMN",
                    );
                    None
                }
            },
            _ => self.columns(from, names).map(TextSource::First),
        }
    }

    /// A text of the mapping itself, checked against the field's form.
    fn word(&mut self, value: Value<'_>, takes: TargetForm) -> Option<String> {
        let mut text = value.scalar(self.found)?;
        if takes.form().is_prose() {
            text = one_line(&text).into_owned();
        }
        if let Err(help) = fits(takes.form(), &text) {
            value.wrong(
                self.found,
                format!("\"{text}\" does not fit this field"),
                help,
            );
        }
        Some(text)
    }
}

/// What is a value in a field although it is a placeholder elsewhere.
fn keeps(target: &str, takes: TargetForm) -> KeptPlaceholders {
    match takes.form() {
        Form::ClientId | Form::OwnerId => KeptPlaceholders::Numbers,
        Form::Usd(_) | Form::Integer(..) | Form::Percent => KeptPlaceholders::Zeros,
        _ if target.ends_with("familyName") => KeptPlaceholders::Surnames,
        _ => KeptPlaceholders::Nothing,
    }
}

#[cfg(test)]
mod tests;
