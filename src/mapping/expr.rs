//! The way out of the mapping language: minijinja expressions over the row.
//!
//! Owner of compiled expressions. They see `row.COLUMN` (trimmed text) for the columns that they name and nothing
//! else; fuel bounds what one row can cost. Slower than every other transform, and only paid for when used.

use minijinja::{Environment, UndefinedBehavior, Value};

use crate::source::{Cell, Row, header};
use crate::text::trim;

/// Instructions that one expression may take for one row.
const FUEL: u64 = 50_000;

/// All expressions of a mapping.
#[derive(Debug)]
pub struct Expressions {
    environment: Environment<'static>,
    columns: Vec<(String, usize)>,
    /// By expression: the columns that it names.
    used: Vec<Vec<(String, usize)>>,
}

/// The expressions, with one row to look at.
pub struct ForRow<'a> {
    environment: &'a Environment<'static>,
    row: Value,
}

impl Default for Expressions {
    fn default() -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        for (name, filter) in FILTERS {
            filter(&mut environment, name);
        }
        Expressions {
            environment,
            columns: Vec::new(),
            used: Vec::new(),
        }
    }
}

type AddFilter = fn(&mut Environment<'static>, &'static str);

/// The filters that an expression may use: those that give the same answer for the same row on any day.
const FILTERS: &[(&str, AddFilter)] = &[
    ("trim", |e, n| e.add_filter(n, minijinja::filters::trim)),
    ("upper", |e, n| e.add_filter(n, minijinja::filters::upper)),
    ("lower", |e, n| e.add_filter(n, minijinja::filters::lower)),
    ("title", |e, n| e.add_filter(n, minijinja::filters::title)),
    ("capitalize", |e, n| {
        e.add_filter(n, minijinja::filters::capitalize)
    }),
    ("replace", |e, n| {
        e.add_filter(n, minijinja::filters::replace)
    }),
    ("default", |e, n| {
        e.add_filter(n, minijinja::filters::default)
    }),
    ("length", |e, n| e.add_filter(n, minijinja::filters::length)),
    ("first", |e, n| e.add_filter(n, minijinja::filters::first)),
    ("last", |e, n| e.add_filter(n, minijinja::filters::last)),
    ("join", |e, n| e.add_filter(n, minijinja::filters::join)),
    ("split", |e, n| e.add_filter(n, minijinja::filters::split)),
    ("int", |e, n| e.add_filter(n, minijinja::filters::int)),
];

impl Expressions {
    /// Compiles one and returns its number; the error says what is wrong with it.
    pub fn add(&mut self, source: &str, headers: &[String]) -> Result<usize, String> {
        let name = self.used.len().to_string();
        let template = format!("{{{{ ({source}) }}}}");
        let plain = |error: minijinja::Error| {
            error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned)
        };
        self.environment
            .add_template_owned(name.clone(), template)
            .map_err(plain)?;
        let names = self
            .environment
            .get_template(&name)
            .map_err(plain)?
            .undeclared_variables(true);
        let mut own = Vec::new();
        for used in names {
            let column = match used.split_once('.') {
                Some(("row", column)) => column.to_owned(),
                _ => return Err(format!("`{used}` is not known here; columns are row.NAME")),
            };
            let index = header::find("the export", headers, &column)
                .map_err(|(what, help)| format!("{what}; {help}"))?;
            own.push((column, index));
        }
        own.sort_by_key(|(_, index)| *index);
        for column in &own {
            if !self.columns.contains(column) {
                self.columns.push(column.clone());
            }
        }
        self.used.push(own);
        Ok(self.used.len() - 1)
    }

    /// The columns that an expression names, with their indexes.
    pub fn used(&self, number: usize) -> &[(String, usize)] {
        &self.used[number]
    }

    /// Binds the columns that expressions name to a row.
    pub fn for_row(&self, row: &Row<'_>) -> ForRow<'_> {
        let row = if self.used.is_empty() {
            Value::UNDEFINED
        } else {
            Value::from_pairs(self.columns.iter().map(|(name, index)| {
                let text = match row.cell(*index) {
                    Cell::Text(text) => text,
                    Cell::Broken(_) => "",
                };
                (name.as_str(), text)
            }))
        };
        ForRow {
            environment: &self.environment,
            row,
        }
    }
}

impl ForRow<'_> {
    /// The trimmed result; `None` when the expression fails on this row.
    pub fn eval(&self, number: usize) -> Option<String> {
        let template = self.environment.get_template(&number.to_string()).ok()?;
        let context = minijinja::context! { row => self.row.clone() };
        Some(trim(&template.render(context).ok()?).to_owned())
    }
}
