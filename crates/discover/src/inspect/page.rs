//! Profiles for people and for machines.
//!
//! Owner of the page that `inspect` prints and of its JSON. Invariant: names of columns, shapes and counts; never a value.

use std::fmt::Write;

use serde_json::{Value, json};

use super::classes::Class;
use super::column::ColumnProfile;
use super::findings::{self, Finding};
use super::{FileLink, Profile};
use bakkt_model::number::thousands;

/// What a column seems to feed.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// Fields, or a word for what the column is beside them.
    pub text: String,
    /// high, medium or low.
    pub confidence: &'static str,
}

/// A file and what its columns seem to mean, column by column.
pub type FileReading<'a> = (&'a Profile, Vec<Option<Meaning>>);

/// What a column's values look like: the first class that most of them have.
const LOOKS: &[(Class, &str)] = &[
    (Class::Email, "e-mail"),
    (Class::Ssn, "SSN-like"),
    (Class::Ein, "EIN-like"),
    (Class::Time, "date and time"),
    (Class::Date, "date"),
    (Class::Phone, "phone"),
    (Class::Percent, "percentage"),
    (Class::YesNo, "yes/no"),
    (Class::Nine, "nine digits"),
    (Class::State, "U.S. state"),
    (Class::Country, "country"),
    (Class::Money, "amount"),
    (Class::Company, "company"),
    (Class::Street, "street"),
    (Class::CityState, "city and state"),
    (Class::Version, "text, version"),
    (Class::NameComma, "name, reversed"),
];

/// What the values of a column look like, in a word or two.
pub(crate) fn looks_like(column: &ColumnProfile) -> &'static str {
    if column.filled == 0 {
        return "empty";
    }
    if column.filled > 4
        && column.part(column.distinct.count()) > 0.9
        && column.share(Class::Mixed).max(column.share(Class::Digits)) > 0.9
        && column.share(Class::Email) < 0.5
        && column.share(Class::Nine) < 0.5
    {
        return "id";
    }
    let few = column.codes().is_some()
        && column.distinct.count() * 4 < column.filled.max(8)
        && column.length.1 <= 4;
    let zip = column.share(Class::Zip) > 0.8 && column.share(Class::Digits) < 0.999
        || column.share(Class::Zip) > 0.95 && column.length.1 >= 5 && column.distinct.count() > 3;
    if zip && column.share(Class::Nine) < 0.5 {
        return "ZIP";
    }
    // A scale of codes begins with 0 and 1 as well.
    let most = |class| if class == Class::YesNo { 0.95 } else { 0.7 };
    let look = LOOKS
        .iter()
        .find(|(class, _)| column.share(*class) > most(*class));
    match look {
        Some((_, look)) => look,
        None if few => "code",
        None if column.share(Class::Integer) > 0.8 => "number",
        None if column.share(Class::Number) > 0.8 => "amount",
        None if column.share(Class::Zip) + column.share(Class::Postcode) > 0.8 => "postal code",
        None if column.share(Class::Name) > 0.8 => "name or word",
        None => "text",
    }
}

fn percent(part: f64) -> String {
    match part {
        0.0 => "–".into(),
        part if part < 0.01 => "<1 %".into(),
        part if part < 1.0 => format!("{} %", ((part * 100.0).round() as u64).min(99)),
        _ => "100 %".into(),
    }
}

fn bytes(count: u64) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{count} B")
    } else {
        format!("{size:.1} {}", units[unit])
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", thousands(number))
}

fn share(column: &ColumnProfile, rows: u64) -> f64 {
    if rows == 0 {
        0.0
    } else {
        column.filled as f64 / rows as f64
    }
}

fn distinct(column: &ColumnProfile) -> String {
    match column.distinct.exact() {
        true if column.filled > 1 && column.all_distinct() => "all".into(),
        true => column.distinct.count().to_string(),
        false => format!("~{}", column.distinct.count()),
    }
}

fn length(column: &ColumnProfile) -> String {
    match column.length {
        _ if column.filled == 0 => String::new(),
        (least, most, _) if least == most => least.to_string(),
        (least, most, _) => format!("{least}–{most}"),
    }
}

/// The page.
pub fn text(files: &[FileReading<'_>], links: &[FileLink]) -> String {
    let mut out = String::new();
    for (profile, meanings) in files {
        if !out.is_empty() {
            out.push('\n');
        }
        section(&mut out, profile, meanings);
    }
    for link in links {
        let (of, to) = (files[link.of].0, files[link.to].0);
        let _ = writeln!(
            out,
            "\n{} belongs to {}: {} of the values of `{}` are among those of `{}`",
            of.name,
            to.name,
            percent(link.share),
            of.columns[link.key].name,
            to.columns[link.account_key].name,
        );
    }
    out.truncate(out.trim_end().len());
    out
}

fn section(out: &mut String, profile: &Profile, meanings: &[Option<Meaning>]) {
    let _ = writeln!(out, "{}", profile.name);
    let mut about = profile.made.replace(", ", " · ");
    let _ = write!(
        about,
        " · {} · {}",
        count(profile.rows, "row", "rows"),
        bytes(profile.bytes)
    );
    if profile.blank_lines > 0 {
        let _ = write!(
            about,
            " · {}",
            count(profile.blank_lines, "blank line", "blank lines")
        );
    }
    let _ = writeln!(out, "  {about}\n");
    let heads = "|column|filled|distinct|length|usual shapes|looks like|seems to feed";
    let mut lines: Vec<Vec<String>> = vec![heads.split('|').map(str::to_owned).collect()];
    for (place, column) in profile.columns.iter().enumerate() {
        let shapes: Vec<String> = column
            .shapes
            .top(2)
            .iter()
            .map(|(shape, _)| (*shape).to_owned())
            .collect();
        let meaning = meanings.get(place).and_then(|meaning| meaning.as_ref());
        lines.push(vec![
            (place + 1).to_string(),
            column.name.clone(),
            percent(share(column, profile.rows)),
            distinct(column),
            length(column),
            shapes.join("  "),
            looks_like(column).into(),
            meaning.map_or(String::new(), |meaning| {
                format!("{} ({})", meaning.text, meaning.confidence)
            }),
        ]);
    }
    table(out, &lines);
    let found = findings::of(profile);
    if !found.is_empty() {
        let _ = writeln!(out, "\n  what looks wrong");
        let name = |finding: &Finding| match &finding.column {
            Some(column) => format!("  {column}"),
            None => "  (the file)".into(),
        };
        let line = |finding: &Finding| vec![name(finding), finding.text.clone()];
        table(out, &found.iter().map(line).collect::<Vec<_>>());
    }
}

/// Columns that are flush right.
const RIGHT: [usize; 4] = [0, 2, 3, 4];

/// Lines of as many cells each, two blanks between them; of more than two cells, some stand flush right.
fn table(out: &mut String, lines: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        let mut row = String::new();
        for (place, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = match columns > 2 && RIGHT.contains(&place) {
                true => write!(row, "  {cell:>width$}"),
                false => write!(row, "  {cell:<width$}"),
            };
        }
        let _ = writeln!(out, "{}", row.trim_end());
    }
}

/// The same for machines.
pub fn json(files: &[FileReading<'_>], links: &[FileLink]) -> Value {
    let file = |(profile, meanings): &FileReading<'_>| {
        let columns: Vec<Value> = profile
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| {
                one(
                    profile,
                    column,
                    meanings.get(place).and_then(|meaning| meaning.as_ref()),
                )
            })
            .collect();
        let findings: Vec<Value> = findings::of(profile)
            .iter()
            .map(|finding| json!({"column": finding.column, "kind": finding.kind, "count": finding.count, "text": finding.text}))
            .collect();
        json!({
            "file": profile.name, "made": profile.made, "bytes": profile.bytes, "rows": profile.rows,
            "blank_lines": profile.blank_lines, "rows_above_header": profile.titles, "repeated_headers": profile.repeated_headers, "broken_rows": profile.flaws.iter().map(|(flaw, count)| json!({"why": flaw.text(), "count": count})).collect::<Vec<_>>(), "files": profile.files,
            "columns": columns, "findings": findings,
        })
    };
    let links: Vec<Value> = links
        .iter()
        .map(|link| {
            let (of, to) = (files[link.of].0, files[link.to].0);
            json!({"file": of.name, "key": of.columns[link.key].name, "belongs_to": to.name,
                "account_key": to.columns[link.account_key].name, "share": round(link.share)})
        })
        .collect();
    json!({"files": files.iter().map(file).collect::<Vec<_>>(), "links": links})
}

fn one(profile: &Profile, column: &ColumnProfile, meaning: Option<&Meaning>) -> Value {
    let shapes: Vec<Value> = column
        .shapes
        .top(8)
        .iter()
        .map(|(shape, count)| json!({"shape": shape, "count": count}))
        .collect();
    let length = (column.filled > 0).then(|| json!({"least": column.length.0, "most": column.length.1, "average": round(column.average_length())}));
    json!({
        "column": column.name, "filled": column.filled, "fill_rate": round(share(column, profile.rows)),
        "broken": column.broken, "placeholders": column.placeholders,
        "distinct": column.distinct.count(), "distinct_exact": column.distinct.exact(), "length": length,
        "shapes": shapes, "looks_like": looks_like(column),
        "meaning": meaning.map(|meaning| json!({"fields": meaning.text, "confidence": meaning.confidence})),
    })
}

fn round(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}
