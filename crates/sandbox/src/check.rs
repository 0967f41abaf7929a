//! Applies the contract's tables to a request and collects findings as a ValidationErrors answer shows them.
//!
//! Owner: the sandbox. Invariants: a good request allocates nothing here but the path on the stack; every finding
//! names its field and repeats the value, as the real service does, so that a client which stores messages is caught.
//! Left out on purpose: any judgement of what is *enough* (that is policy, and the client's).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::config::Dialect;
use super::contract::{ObjectField, REQUEST, ValueForm};
use super::contract_document::{METADATA, is_type};
use super::countries::is_country;

/// One entry of `validationErrors`.
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) field: String,
    pub(super) message: String,
    pub(super) rejected: Value,
}

/// What was found, in the order of the tables.
#[derive(Default)]
pub(super) struct Findings(pub(super) Vec<Finding>);

/// Where in the request the check is. A chain on the stack: it is written out only for a finding.
pub(super) enum Path<'a> {
    Top,
    Field(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Path::Top => {}
            Path::Field(parent, name) => {
                parent.write(out);
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            Path::Index(parent, index) => {
                parent.write(out);
                out.push_str(&format!("[{index}]"));
            }
        }
    }
}

impl Findings {
    /// A value that does not fit.
    pub(super) fn bad(
        &mut self,
        path: &Path<'_>,
        below: Option<&str>,
        complaint: &str,
        value: &Value,
    ) {
        self.add("INVALID", path, below, complaint, value);
    }

    /// Any finding; `below` is a field under `path`.
    pub(super) fn add(
        &mut self,
        code: &'static str,
        path: &Path<'_>,
        below: Option<&str>,
        complaint: &str,
        value: &Value,
    ) {
        let mut field = String::new();
        match below {
            Some(name) => Path::Field(path, name).write(&mut field),
            None => path.write(&mut field),
        }
        let message = match value {
            Value::Null => format!("{field} {complaint}"),
            Value::String(text) => format!("{field}: '{text}' {complaint}"),
            other => format!("{field}: {other} {complaint}"),
        };
        self.0.push(Finding {
            code,
            field,
            message,
            rejected: value.clone(),
        });
    }
}

/// Checks a whole request for an account.
pub(super) fn check(request: &Value, dialect: Dialect) -> Vec<Finding> {
    check_as(request, &REQUEST, dialect)
}

/// Checks the metadata of a document.
pub(super) fn check_metadata(metadata: &Value, dialect: Dialect) -> Vec<Finding> {
    check_as(metadata, &METADATA, dialect)
}

fn check_as(request: &Value, form: &ValueForm, dialect: Dialect) -> Vec<Finding> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut checker = Checker {
        dialect,
        today,
        findings: Findings::default(),
    };
    checker.value(request, form, &Path::Top);
    checker.findings.0
}

struct Checker {
    dialect: Dialect,
    today: Date,
    findings: Findings,
}

impl Checker {
    fn value(&mut self, value: &Value, form: &ValueForm, path: &Path<'_>) {
        let complaint = match (form, value) {
            (ValueForm::Object(fields, rule), Value::Object(object)) => {
                self.object(object, fields, path);
                if let Some(rule) = rule {
                    rule(object, self.dialect, path, &mut self.findings);
                }
                return;
            }
            (ValueForm::List(of, least), Value::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    self.value(element, of, &Path::Index(path, index));
                }
                if elements.len() >= *least {
                    return;
                }
                "is an empty list"
            }
            (ValueForm::Object(..), _) => "is not an object",
            (ValueForm::List(..), _) => "is not a list",
            (ValueForm::Flag, Value::Bool(_)) | (ValueForm::OneOfOrNull(_), Value::Null) => return,
            (ValueForm::Flag, _) => "is neither true nor false",
            (ValueForm::Whole, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                return;
            }
            (ValueForm::Whole, _) => "is not a whole number",
            (form, Value::String(text)) => match self.text(text, form) {
                Some(complaint) => complaint,
                None => return,
            },
            _ => "is not text",
        };
        self.findings.bad(path, None, complaint, value);
    }

    fn object(&mut self, object: &Map<String, Value>, fields: &[ObjectField], path: &Path<'_>) {
        let mut known = 0;
        for field in fields {
            match object.get(field.name) {
                Some(value) => {
                    known += 1;
                    self.value(value, &field.form, &Path::Field(path, field.name));
                }
                None if field.must => {
                    self.findings.add(
                        "MISSING",
                        path,
                        Some(field.name),
                        "is required",
                        &Value::Null,
                    );
                }
                None => {}
            }
        }
        // Only when the counts differ is there anything to look for.
        if known < object.len() {
            for (name, value) in object {
                if !fields.iter().any(|field| field.name == name) {
                    self.findings.add(
                        "NOT_ALLOWED",
                        path,
                        Some(name),
                        "is not a field of this object",
                        value,
                    );
                }
            }
        }
    }

    /// What is wrong with a text of this form.
    fn text(&self, text: &str, form: &ValueForm) -> Option<&'static str> {
        let (fits, complaint) = match form {
            ValueForm::FreeText => (true, ""),
            ValueForm::Text => (!text.trim().is_empty(), "is blank"),
            ValueForm::Name(most) => (
                !text.trim().is_empty() && text.chars().count() <= *most,
                "is blank or too long",
            ),
            ValueForm::AccountId => (
                !matches!(text.trim(), "" | "." | "..") && !text.chars().any(char::is_control),
                "is no name for an account",
            ),
            ValueForm::OneOf(words) | ValueForm::OneOfOrNull(words) => {
                (words.contains(&text), "is not one of the allowed words")
            }
            ValueForm::TaxIdType => (
                matches!(
                    (text, self.dialect),
                    ("SSN" | "ITIN" | "EIN", _)
                        | ("NATIONALID", Dialect::Guide)
                        | ("NATIONAL_ID", Dialect::Reference)
                ),
                "is not a type of tax id",
            ),
            ValueForm::DocumentType => (is_type(text, self.dialect), "is not a type of document"),
            ValueForm::Uuid => (is_uuid(text), "is not a UUID"),
            ValueForm::Email => (is_email(text), "is not an e-mail address"),
            ValueForm::Phone => (is_phone(text), "is not a phone number in E.164"),
            ValueForm::Date => (date(text).is_some(), "is not a date"),
            ValueForm::PastDate => (
                date(text).is_some_and(|day| day < self.today),
                "is not a date in the past",
            ),
            ValueForm::DateTime => (is_date_time(text), "is not a date and time"),
            ValueForm::Country => (is_country(text), "is not the three letters of a country"),
            ValueForm::Whole | ValueForm::Flag | ValueForm::Object(..) | ValueForm::List(..) => {
                (false, "is text")
            }
        };
        (!fits).then_some(complaint)
    }
}

/// Five groups of hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    let groups = text.split('-');
    let fits = |(group, length): (&str, usize)| {
        group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit())
    };
    text.len() == 36 && groups.zip([8, 4, 4, 4, 12]).all(fits)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let label = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !local
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "@,;:<>()[]\\\"".contains(c))
        && domain.contains('.')
        && domain.split('.').all(label)
}

fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else {
        return false;
    };
    (4..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `YYYY-MM-DD` and nothing else; the parser alone would take more.
fn date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, b)| {
            if at == 4 || at == 7 {
                *b == b'-'
            } else {
                b.is_ascii_digit()
            }
        });
    if shaped { text.parse().ok() } else { None }
}

fn is_date_time(text: &str) -> bool {
    // A suffix in brackets is an extension that RFC 3339 does not have.
    text.is_char_boundary(10)
        && text
            .as_bytes()
            .get(10)
            .is_some_and(|b| matches!(b, b'T' | b't'))
        && date(&text[..10]).is_some()
        && !text.contains('[')
        && text.parse::<Timestamp>().is_ok()
}
