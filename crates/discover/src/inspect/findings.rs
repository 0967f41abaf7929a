//! What looks wrong in a column, in words, and what helps.
//!
//! Owner of the sentences. Each says a number of values and a form, never a value. Left out on purpose: what a record
//! lacks for Bakkt; that is `check`'s.

use super::Profile;
use super::classes::Class::{
    self, Capitals, CityState, Date, Digits, Dmy, Email, Money, MonthWord, Name, NameComma, Nine,
    Number, OnlyDmy, OnlyMdy, Phone, ShortYear, State, Ymd, Zip,
};
use super::column::{CURRENCIES, ColumnProfile};
use bakkt_source::shape::shape;

/// Something of a file or of a column of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The column's name; none: the file.
    pub column: Option<String>,
    /// A word for machines.
    pub kind: &'static str,
    /// How many values it concerns.
    pub count: u64,
    /// What it is and what helps.
    pub text: String,
}

/// Everything that looks wrong in a file.
pub(crate) fn of(profile: &Profile) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut of_file = |kind, count: u64, text: String| {
        if count > 0 {
            found.push(Finding {
                column: None,
                kind,
                count,
                text,
            });
        }
    };
    for (flaw, count) in &profile.flaws {
        let rows = if *count == 1 {
            "1 row".into()
        } else {
            format!("{count} rows")
        };
        of_file(
            "broken_rows",
            *count,
            format!("{rows} of this kind block their records: {}", flaw.text()),
        );
    }
    let repeated = profile.repeated_headers;
    of_file(
        "repeated_headers",
        repeated,
        format!("the header row stands among the rows {repeated} more times: it is passed over"),
    );
    for remark in &profile.remarks {
        let kind = match remark {
            _ if remark.starts_with("the encoding") => "encoding",
            _ if remark.starts_with("rows have quotes") => "quotes",
            _ => "header",
        };
        of_file(kind, 1, remark.clone());
    }
    for column in &profile.columns {
        for (kind, count, text) in of_column(column) {
            found.push(Finding {
                column: Some(column.name.clone()),
                kind,
                count,
                text,
            });
        }
    }
    found
}

/// The kind of a finding, how many cells it concerns, and its text.
type ColumnRemark = (&'static str, u64, String);

/// The rules: each looks at one column.
const RULES: &[fn(&ColumnProfile) -> Option<ColumnRemark>] = &[
    broken,
    placeholders,
    mixed_dates,
    open_dates,
    date_spellings,
    short_years,
    lost_zeros,
    currencies,
    capitals,
    mixed_types,
    state_spellings,
];

fn of_column(column: &ColumnProfile) -> Vec<ColumnRemark> {
    RULES.iter().filter_map(|rule| rule(column)).collect()
}

fn values(count: u64) -> String {
    if count == 1 {
        "1 value".into()
    } else {
        format!("{count} values")
    }
}

fn broken(column: &ColumnProfile) -> Option<ColumnRemark> {
    let text = format!(
        "{} could not be read: broken characters or an error of a workbook",
        values(column.broken)
    );
    (column.broken > 0).then_some(("broken", column.broken, text))
}

fn placeholders(column: &ColumnProfile) -> Option<ColumnRemark> {
    let count = column.placeholders;
    let text = format!(
        "placeholders such as N/A, 01/01/1900 or 999-99-9999: {} counted as empty; `placeholders = true` does the same in a mapping",
        values(count)
    );
    (count > 0).then_some(("placeholders", count, text))
}

/// Mostly dates.
fn dates(column: &ColumnProfile) -> bool {
    column.share(Date) > 0.5
}

fn mixed_dates(column: &ColumnProfile) -> Option<ColumnRemark> {
    let (mdy, dmy) = (column.count(OnlyMdy), column.count(OnlyDmy));
    let text = format!(
        "{} can only have the month first and {} only the day: two orders in one column",
        values(mdy),
        values(dmy)
    );
    (dates(column) && mdy > 0 && dmy > 0 && column.share(MonthWord) < 0.5).then_some((
        "mixed_date_orders",
        mdy.min(dmy),
        text,
    ))
}

fn open_dates(column: &ColumnProfile) -> Option<ColumnRemark> {
    let count = column.count(Dmy).min(column.count(Class::Mdy));
    let open = dates(column)
        && count > 0
        && column.count(OnlyMdy) == 0
        && column.count(OnlyDmy) == 0
        && column.count(MonthWord) == 0;
    open.then(|| ("open_date_order", count, "no value tells day and month apart (all days are 12 or less): ask whoever made the export".to_owned()))
}

fn date_spellings(column: &ColumnProfile) -> Option<ColumnRemark> {
    let year_first = column.count(Ymd);
    let other = column.count(Date).saturating_sub(year_first);
    let least = year_first.min(other);
    let text = format!(
        "{} begin with the year and {} end with it: list both formats",
        values(year_first),
        values(other)
    );
    (dates(column) && least > 0).then_some(("two_date_spellings", least, text))
}

fn short_years(column: &ColumnProfile) -> Option<ColumnRemark> {
    let count = column.count(ShortYear);
    let text = format!(
        "{} have a year of two digits: the century is a guess",
        values(count)
    );
    (dates(column) && count > 0).then_some(("short_years", count, text))
}

fn lost_zeros(column: &ColumnProfile) -> Option<ColumnRemark> {
    let (usual, _, short) = column.lost_zeros()?;
    let ids = column.share(Digits) > 0.3
        && (column.share(Zip) > 0.8 || column.share(Nine) > 0.5 || column.all_distinct());
    let text = format!(
        "{} of digits are shorter than the usual {usual}: zeros on the left were lost",
        values(short)
    );
    ids.then_some(("lost_zeros", short, text))
}

fn currencies(column: &ColumnProfile) -> Option<ColumnRemark> {
    // A dollar sign and USD are one.
    let dollars = column.currencies[0] + column.currencies[4];
    let others: Vec<(&str, u64)> = CURRENCIES
        .iter()
        .zip(column.currencies)
        .enumerate()
        .filter(|(place, (_, count))| !matches!(place, 0 | 4) && *count > 0)
        .map(|(_, (mark, count))| (*mark, count))
        .collect();
    let other: u64 = others.iter().map(|(_, count)| count).sum();
    let marks: Vec<&str> = others.iter().map(|(mark, _)| *mark).collect();
    let text = format!(
        "{} in {} beside dollars: ranges are in US dollars",
        values(other),
        marks.join(", ")
    );
    (other > 0 && dollars + column.count(Number) > other).then_some(("two_currencies", other, text))
}

fn capitals(column: &ColumnProfile) -> Option<ColumnRemark> {
    let names = column.count(Name) + column.count(NameComma);
    let count = column.count(Capitals);
    let names =
        column.part(names) > 0.8 && column.average_length() > 3.5 && column.distinct.count() > 20;
    let text = format!(
        "{} are all in capitals: `case = \"title\"` makes names of them, where Bakkt should have them so",
        values(count)
    );
    (names && column.share(Capitals) > 0.5).then_some(("capitals", count, text))
}

/// Forms of which a column has one; in a mixed column, what is left over stands out.
const TYPES: &[(Class, &str)] = &[
    (Date, "dates"),
    (Email, "e-mail addresses"),
    (Phone, "phone numbers"),
    (Money, "amounts"),
    (Number, "numbers"),
];

fn mixed_types(column: &ColumnProfile) -> Option<ColumnRemark> {
    // Postal codes are numbers in one country and none in the next.
    if column.share(Zip) + column.share(Class::Postcode) > 0.9 {
        return None;
    }
    let (class, name) = TYPES.iter().find(|(class, _)| column.share(*class) > 0.8)?;
    let count = column.filled - column.count(*class);
    let other = column
        .shapes
        .top(super::shapes::MOST)
        .into_iter()
        .map(|(shape, _)| shape)
        .find(|shape| {
            *class != Date && !shape.contains('9') || *class == Email && !shape.contains('@')
        });
    let example = other.map_or(String::new(), |other| format!(", such as {}", shape(other)));
    let text = format!("{} among {name} that are none{example}", values(count));
    (count > 0).then_some(("mixed_types", count, text))
}

fn state_spellings(column: &ColumnProfile) -> Option<ColumnRemark> {
    let whole = column.count(State);
    let short = column
        .shapes
        .top(super::shapes::MOST)
        .iter()
        .filter(|(shape, _)| *shape == "AA")
        .map(|(_, count)| count)
        .sum::<u64>();
    let names = whole.saturating_sub(short);
    let text = format!(
        "{} are names of states and {} are codes: `us_state = true` reads both",
        values(names),
        values(short)
    );
    (column.share(State) > 0.8
        && column.share(CityState) < 0.1
        && names > 0
        && short > 0
        && column.share(Class::Country) < 0.8)
        .then_some(("two_state_spellings", names.min(short), text))
}
