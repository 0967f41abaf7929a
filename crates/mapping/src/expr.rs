//! The way out of the mapping language: minijinja expressions over the row.
//!
//! Owner of compiled expressions. They see `row.COLUMN` or `row["Any Header"]` (trimmed text, empty where the mapping says that the cell
//! counts as empty) for the columns that they name and nothing else; fuel bounds what one row can cost. Slower than every other transform, and only paid for when used.
//! Left out on purpose: a column whose name is only known when a row is read.

use std::collections::BTreeSet;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, ErrorKind, State, UndefinedBehavior, Value, escape_formatter};

use crate::missing::Missing;
use bakkt_model::error::nearest;
use bakkt_model::text::lost::{SCIENTIFIC, whole_number, why_lost};
use bakkt_model::text::trim;
use bakkt_source::{Cell, Row, header};

/// Instructions that one expression may take for one row.
const FUEL: u64 = 50_000;

/// All expressions of a mapping.
#[derive(Debug)]
pub(crate) struct Expressions {
    environment: Environment<'static>,
    /// By what expressions call them.
    columns: Vec<(String, usize)>,
    /// By expression: the columns that it names, by their headers.
    used: Vec<Vec<(String, usize)>>,
}

/// The expressions, with one row to look at.
pub(crate) struct ForRow<'a> {
    expressions: &'a Expressions,
    row: Value,
    /// What the columns are called, and their texts, where placeholders may count as empty.
    cells: Vec<(&'a str, &'a str)>,
}

/// What an expression gives for a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ExprResult {
    /// A text or a number, trimmed.
    Text(String),
    /// Whether something is so.
    Truth(bool),
    /// It fails on this row, or gives what no field takes.
    Failed(&'static str),
}

/// What is wrong where an expression cannot go on.
const FAILED: &str = "the expression failed";

/// What is wrong where `int` would cut something off.
const NOT_WHOLE: &str = "`int` was given a number that is not whole: its decimals would be lost";

/// What stands before the text of a result: its kind.
const TEXT: char = 't';
const TRUTH: char = 'b';
const LIST: char = 'l';

impl Default for Expressions {
    fn default() -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        // An expression is the one thing that its template writes.
        environment.set_formatter(|out, state, value| match value.kind() {
            ValueKind::Bool => Ok(write!(out, "{TRUTH}{}", value.is_true())?),
            ValueKind::None | ValueKind::Undefined => Ok(write!(out, "{TEXT}")?),
            ValueKind::String | ValueKind::Number => {
                write!(out, "{TEXT}")?;
                escape_formatter(out, state, value)
            }
            ValueKind::Invalid => escape_formatter(out, state, value),
            _ => Ok(write!(out, "{LIST}")?),
        });
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
    ("int", |e, n| e.add_filter(n, int)),
];

/// The filter of this name, but that it takes whole numbers only: minijinja's makes 2 of "2.5" and 0 of "NaN".
fn int(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    options: Kwargs,
) -> Result<Value, minijinja::Error> {
    let not_whole = || {
        Err(minijinja::Error::new(
            ErrorKind::InvalidOperation,
            NOT_WHOLE,
        ))
    };
    let text = match (value.as_str(), f64::try_from(value.clone())) {
        (Some(text), _) => trim(text),
        (None, Ok(number)) if number.fract() != 0.0 => return not_whole(),
        _ => return minijinja::filters::int(state, value, default, base, options),
    };
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let is_plain = !unsigned
        .bytes()
        .any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    let is_decimal = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let whole = match (unsigned.parse::<f64>(), is_decimal) {
        // A number in another base, or no number at all.
        (Err(_), _) => text.to_owned(),
        (Ok(_), true) if is_plain => text.to_owned(),
        (Ok(_), true) => match whole_number(unsigned) {
            Some(digits) if why_lost(unsigned) != Some(SCIENTIFIC) => format!("{sign}{digits}"),
            _ => return not_whole(),
        },
        // "NaN" and "inf", which no number is; a text that is none either takes the way of the default.
        (Ok(_), false) => "none".to_owned(),
    };
    minijinja::filters::int(state, &Value::from(whole), default, base, options)
}

impl Expressions {
    /// Compiles one and returns its number; the error says what is wrong with it.
    pub(crate) fn add(&mut self, source: &str, headers: &[String]) -> Result<usize, String> {
        let name = self.used.len().to_string();
        let column = |header: &str| {
            header::find("the export", headers, header)
                .map_err(|(what, help)| format!("{what}; {help}"))
        };
        refuse_unknown_words(source)?;
        let (source, in_brackets) = name_brackets(source, column)?;
        let template = format!("{{{{ ({source}) }}}}");
        let plain = |error: minijinja::Error| {
            error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned)
        };
        self.environment
            .add_template_owned(name.clone(), template)
            .map_err(plain)?;
        let template = self.environment.get_template(&name).map_err(plain)?;
        // In one order, so that of several mistakes the same one is told every time.
        let names: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
        let mut own = Vec::new();
        for used in names {
            let called = match used.split_once('.') {
                Some(("row", column)) => column.to_owned(),
                _ => {
                    return Err(format!(
                        "`{used}` is not known here; columns are row.NAME or row[\"Any Header\"]"
                    ));
                }
            };
            let known = in_brackets
                .iter()
                .find(|(_, index)| in_export(*index) == called);
            let (header, index) = match known {
                Some((header, index)) => (header.clone(), *index),
                None => (called.clone(), column(&called)?),
            };
            own.push((header, index));
            if !self.columns.iter().any(|(known, _)| *known == called) {
                self.columns.push((called, index));
            }
        }
        own.sort_by_key(|(_, index)| *index);
        let names = self.columns.iter().map(|(name, _)| (name.as_str(), "1"));
        let tried = template.render(minijinja::context! { row => Value::from_pairs(names) });
        if let Some(error) = tried.err().filter(is_mistake) {
            return Err(plain(error));
        }
        self.used.push(own);
        Ok(self.used.len() - 1)
    }

    /// The columns that an expression names, with their indexes.
    pub(crate) fn used(&self, number: usize) -> &[(String, usize)] {
        &self.used[number]
    }

    /// Binds the columns that expressions name to a row, of which some words are empty cells; `placeholders`: so may others be.
    pub(crate) fn for_row<'a>(
        &'a self,
        row: &Row<'a>,
        missing: &Missing,
        placeholders: bool,
    ) -> ForRow<'a> {
        let cells = self.columns.iter().map(|(name, index)| {
            let text = match row.cell(*index) {
                Cell::Text(text) if !missing.contains(text) => text,
                Cell::Text(_) | Cell::Broken(_) => "",
            };
            (name.as_str(), text)
        });
        let bound = match self.used.is_empty() {
            true => Value::UNDEFINED,
            false => Value::from_pairs(cells.clone()),
        };
        ForRow {
            expressions: self,
            row: bound,
            cells: match placeholders {
                true => cells.collect(),
                false => Vec::new(),
            },
        }
    }
}

/// Whether an expression is wrong by itself, whatever a row holds.
fn is_mistake(error: &minijinja::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownMethod
            | ErrorKind::MissingArgument
            | ErrorKind::TooManyArguments
    )
}

/// Refuses filters and tests that are not known: minijinja looks for one when a row comes to it.
fn refuse_unknown_words(source: &str) -> Result<(), String> {
    let (mut rest, mut before) = (source, "");
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match c {
            '"' | '\'' => literal(rest).map_or(rest.len(), |(_, behind)| rest.len() - behind.len()),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        let known = || FILTERS.iter().map(|(name, _)| *name);
        match before {
            "|" if is_word(c) && !known().any(|name| name == piece) => {
                let near = nearest(piece, known());
                let near = near.map(|near| format!("did you mean `{near}`?"));
                let all = || format!("there are {}", known().collect::<Vec<_>>().join(", "));
                return Err(format!(
                    "there is no filter `{piece}`; {}",
                    near.unwrap_or_else(all)
                ));
            }
            "is" if is_word(c) => {
                return Err("there are no tests (`is …`); compare with == and !=".to_owned());
            }
            _ => {}
        }
        if !piece.trim().is_empty() {
            // A column may be called `is`.
            before = if before == "." { "" } else { piece };
        }
        rest = behind;
    }
    Ok(())
}

/// What a column whose header stands in brackets is called, by its place in the export.
fn in_export(index: usize) -> String {
    format!("__column_{index}")
}

/// Puts a name for every `row["Any Header"]`, and gives the headers with their places in the export. A blank behind each name
/// ends it. The error is that of `column`, which finds the place of a header.
fn name_brackets(
    source: &str,
    column: impl Fn(&str) -> Result<usize, String>,
) -> Result<(String, Vec<(String, usize)>), String> {
    let (mut named, mut headers) = (String::with_capacity(source.len()), Vec::new());
    let (mut rest, mut before) = (source, ' ');
    while let Some(c) = rest.chars().next() {
        let word = !(before.is_alphanumeric() || matches!(before, '_' | '.'));
        if let Some((header, behind)) = bracket(rest).filter(|_| word) {
            let index = column(&header)?;
            named.push_str(&format!("row.{} ", in_export(index)));
            headers.push((header, index));
            rest = behind;
            before = ']';
            continue;
        }
        // A text of the expression itself stays as it is.
        let length = match c {
            '"' | '\'' => literal(rest).map_or(rest.len(), |(_, behind)| rest.len() - behind.len()),
            c => c.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        named.push_str(piece);
        (rest, before) = (behind, c);
    }
    Ok((named, headers))
}

/// The header of a `row["Any Header"]` that a text begins with, and what follows it.
fn bracket(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix("row")?.trim_start().strip_prefix('[')?;
    let (header, behind) = literal(inside.trim_start())?;
    Some((header, behind.trim_start().strip_prefix(']')?))
}

/// The text in quotes that a text begins with, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut letters = text.char_indices();
    let (_, quote) = letters.next().filter(|(_, c)| matches!(c, '"' | '\''))?;
    let mut inside = String::new();
    while let Some((at, c)) = letters.next() {
        match c {
            '\\' => inside.push(letters.next()?.1),
            c if c == quote => return Some((inside, &text[at + c.len_utf8()..])),
            c => inside.push(c),
        }
    }
    None
}

impl ForRow<'_> {
    /// The result of an expression. `is_placeholder` tells what counts as an empty cell where placeholders do.
    pub(crate) fn eval(&self, number: usize, is_placeholder: impl Fn(&str) -> bool) -> ExprResult {
        let empties = |text: &str| !text.is_empty() && is_placeholder(text);
        let row = match self.cells.iter().any(|(_, text)| empties(text)) {
            false => self.row.clone(),
            true => Value::from_pairs(self.cells.iter().map(|(name, text)| {
                let text = if empties(text) { "" } else { *text };
                (*name, text)
            })),
        };
        let environment = &self.expressions.environment;
        let template = environment.get_template(&number.to_string());
        let done = template.and_then(|template| template.render(minijinja::context! { row }));
        let done = match done {
            Ok(done) => done,
            Err(error) if error.detail() == Some(NOT_WHOLE) => {
                return ExprResult::Failed(NOT_WHOLE);
            }
            Err(_) => return ExprResult::Failed(FAILED),
        };
        if let Some(text) = done.strip_prefix(TEXT) {
            ExprResult::Text(trim(text).to_owned())
        } else if let Some(truth) = done.strip_prefix(TRUTH) {
            ExprResult::Truth(truth == "true")
        } else if done.starts_with(LIST) {
            ExprResult::Failed("the expression gives a list, which no field takes")
        } else {
            ExprResult::Failed(FAILED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_before_a_row_is_read() {
        let headers: Vec<String> = ["A", "B", "is"].map(str::to_owned).into();
        let says = |source: &str| Expressions::default().add(source, &headers).err();
        for (source, wrong) in [
            ("row.A | trm", "did you mean `trim`?"),
            ("row.A | nofilter", "there are trim, upper"),
            (
                "'x' if row.A == 'y' else row.B | nofilter",
                "no filter `nofilter`",
            ),
            ("row.A is defined", "there are no tests"),
            ("row.A is not nosuchtest", "there are no tests"),
            ("row.A | replace('a')", "missing argument"),
            ("range(3)", "`range` is not known here"),
            ("row.A | ", "unexpected"),
        ] {
            let said = says(source).unwrap_or_default();
            assert!(said.contains(wrong), "{source}: {said}");
        }
        for source in [
            "row.A | trim | upper",
            "row.A|default('| is x')",
            "row.is ~ row.A",
            "row.A | int + 1",
            "row.A if row.B == '' else '| nofilter'",
            "(row.A | split(' ') | first)",
            "row.A[0] if row.A else ''",
        ] {
            assert_eq!(says(source), None, "{source}");
        }
    }

    #[test]
    fn headers_in_brackets_are_found_and_texts_are_left_alone() {
        for (source, named, headers) in [
            ("row.A | trim", "row.A | trim", &[][..]),
            (r#"row["Any Header"]"#, "row.__column_0 ", &["Any Header"]),
            (
                r#"row [ 'a.b' ] ~ row["Straße"]"#,
                "row.__column_0  ~ row.__column_1 ",
                &["a.b", "Straße"],
            ),
            (r#"'row["x"]' ~ row.A"#, r#"'row["x"]' ~ row.A"#, &[]),
            (r#"row["say \"hi\""]"#, "row.__column_0 ", &["say \"hi\""]),
            (r#"arrow["x"]"#, r#"arrow["x"]"#, &[]),
            (r#"x.row["x"]"#, r#"x.row["x"]"#, &[]),
            (r#"row["x"#, r#"row["x"#, &[]),
            (r#"row[name]"#, r#"row[name]"#, &[]),
        ] {
            let known = |header: &str| headers.iter().position(|known| *known == header);
            let (text, found) =
                name_brackets(source, |header| known(header).ok_or("unknown".to_owned())).unwrap();
            let found: Vec<&str> = found.iter().map(|(header, _)| header.as_str()).collect();
            assert_eq!(
                (text.as_str(), found.as_slice()),
                (named, headers),
                "{source}"
            );
        }
        assert!(name_brackets(r#"row["x"]"#, |_| Err("unknown".to_owned())).is_err());
    }

    #[test]
    fn whole_numbers_lose_no_digit() {
        let headers = vec!["A".to_owned()];
        let given = |source: &str, cell: &str| {
            let mut expressions = Expressions::default();
            let number = expressions.add(source, &headers).unwrap();
            let row = Value::from_pairs([("A", cell)]);
            let for_row = ForRow {
                expressions: &expressions,
                row,
                cells: Vec::new(),
            };
            for_row.eval(number, |_| false)
        };
        let text = |text: &str| ExprResult::Text(text.to_owned());
        for (cell, wanted) in [
            ("17", text("17")),
            (" 007 ", text("7")),
            ("-3", text("-3")),
            ("2.0", text("2")),
            ("-2.00", text("-2")),
            ("12345678901234567891.0", text("12345678901234567891")),
            ("2.5", ExprResult::Failed(NOT_WHOLE)),
            ("-0.9", ExprResult::Failed(NOT_WHOLE)),
            ("1.000", ExprResult::Failed(NOT_WHOLE)),
            ("1.9E+18", ExprResult::Failed(NOT_WHOLE)),
            ("inf", ExprResult::Failed(FAILED)),
            ("NaN", ExprResult::Failed(FAILED)),
            ("x", ExprResult::Failed(FAILED)),
            ("", ExprResult::Failed(FAILED)),
        ] {
            assert_eq!(given("row.A | int", cell), wanted, "{cell}");
        }
        assert_eq!(given("row.A | int(default=0)", "x"), text("0"));
        assert_eq!(given("row.A | int(0)", "nan"), text("0"));
        assert_eq!(
            given("row.A | int(0)", "2.5"),
            ExprResult::Failed(NOT_WHOLE)
        );
        assert_eq!(given("row.A | int(base=16)", "0x1f"), text("31"));
        assert_eq!(
            given("(row.A | int / 2) | int", "5"),
            ExprResult::Failed(NOT_WHOLE)
        );
        assert_eq!(given("(row.A | int / 2) | int", "6"), text("3"));
        assert_eq!(given("row.A | int // 2", "5"), text("2"));
    }
}
