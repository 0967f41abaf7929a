//! What looks wrong in a column, in words, and what helps.
//!
//! Owner of the sentences. Each says a number of values and a form, never a value. Left out on purpose: what a record
//! lacks for Bakkt; that is `check`'s.

use super::Profile;
use super::classes::Class::{
    self, Capitals, CityState, Country, Date, Digits, Dmy, Email, Mdy, Money, MonthWord, Name,
    NameComma, Nine, Number, OnlyDmy, OnlyMdy, OpenRange, Phone, Postcode, ShortYear, State, Ymd,
    Zip,
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
    let mut found = FindingList::default();
    for (flaw, count) in &profile.flaws {
        let rows = if *count == 1 { "row" } else { "rows" };
        let text = format!(
            "{count} {rows} of this kind block their records: {}",
            flaw.text()
        );
        found.tell("broken_rows", *count, text);
    }
    let repeated = profile.repeated_headers;
    let text =
        format!("the header row stands among the rows {repeated} more times: it is passed over");
    found.tell("repeated_headers", repeated, text);
    for remark in &profile.remarks {
        let kind = match remark {
            _ if remark.starts_with("the encoding") => "encoding",
            _ if remark.starts_with("rows have quotes") => "quotes",
            _ => "header",
        };
        found.tell(kind, 1, remark.clone());
    }
    for column in &profile.columns {
        found.column = Some(column.name.clone());
        let count = column.broken;
        let text = "could not be read: broken characters or an error of a workbook";
        found.tell("broken", count, format!("{} {text}", values(count)));
        let count = column.placeholders;
        let text = "counted as empty; `placeholders = true` does the same in a mapping";
        let like = "placeholders such as N/A, 01/01/1900 or 999-99-9999";
        found.tell(
            "placeholders",
            count,
            format!("{like}: {} {text}", values(count)),
        );
        if column.share(Date) > 0.5 {
            found.of_dates(column);
        }
        found.of_numbers(column);
        found.of_words(column);
    }
    found.all
}

fn values(count: u64) -> String {
    if count == 1 {
        "1 value".into()
    } else {
        format!("{count} values")
    }
}

/// The findings so far, and the column that the next ones are of.
#[derive(Default)]
struct FindingList {
    all: Vec<Finding>,
    column: Option<String>,
}

impl FindingList {
    /// Notes what concerns at least one value.
    fn tell(&mut self, kind: &'static str, count: u64, text: String) {
        if count > 0 {
            self.all.push(Finding {
                column: self.column.clone(),
                kind,
                count,
                text,
            });
        }
    }

    fn of_dates(&mut self, column: &ColumnProfile) {
        let (mdy, dmy) = (column.count(OnlyMdy), column.count(OnlyDmy));
        if column.share(MonthWord) < 0.5 {
            let text = format!(
                "{} can only have the month first and {} only the day: two orders in one column",
                values(mdy),
                values(dmy)
            );
            self.tell("mixed_date_orders", mdy.min(dmy), text);
        }
        if mdy + dmy + column.count(MonthWord) == 0 {
            let text = "no value tells day and month apart (all days are 12 or less): ask whoever made the export";
            let count = column.count(Dmy).min(column.count(Mdy));
            self.tell("open_date_order", count, text.to_owned());
        }
        let year_first = column.count(Ymd);
        let other = column.count(Date).saturating_sub(year_first);
        let text = format!(
            "{} begin with the year and {} end with it: list both formats",
            values(year_first),
            values(other)
        );
        let swapped = column.date_forms.swapped();
        match swapped {
            0 => self.tell("two_date_spellings", year_first.min(other), text),
            _ => {
                let text = "are date cells, all with a day up to 12, beside texts that all have a greater one: a spreadsheet exchanged day and month of them; export again with dates as text";
                self.tell(
                    "swapped_dates",
                    swapped,
                    format!("{} {text}", values(swapped)),
                );
            }
        }
        let count = column.count(ShortYear);
        let text = "have a year of two digits: the century is a guess";
        self.tell("short_years", count, format!("{} {text}", values(count)));
    }

    fn of_numbers(&mut self, column: &ColumnProfile) {
        let ids = column.share(Digits) > 0.3
            && (column.share(Zip) > 0.8 || column.share(Nine) > 0.5 || column.all_distinct());
        if let Some((usual, _, short)) = column.lost_zeros().filter(|_| ids) {
            let text = format!(
                "{} of digits are shorter than the usual {usual}: zeros on the left were lost",
                values(short)
            );
            self.tell("lost_zeros", short, text);
        }
        if column.share(OpenRange) > 0.3 {
            let count = column.count(OpenRange);
            let text = "are ranges without a unit: of money, `unit` of `usd_range` says whether they are dollars or thousands";
            self.tell("open_unit", count, format!("{} {text}", values(count)));
        }
        // A dollar sign and USD are one.
        let others = CURRENCIES.iter().zip(column.currencies);
        let others = others.filter(|(mark, count)| !["$", "USD"].contains(mark) && *count > 0);
        let (marks, counts): (Vec<&str>, Vec<u64>) = others.unzip();
        let other: u64 = counts.iter().sum();
        let dollars: u64 = column.currencies.iter().sum::<u64>() - other;
        if dollars + column.count(Number) > other {
            let text = format!(
                "{} in {} beside dollars: ranges are in US dollars",
                values(other),
                marks.join(", ")
            );
            self.tell("two_currencies", other, text);
        }
    }

    fn of_words(&mut self, column: &ColumnProfile) {
        let names = column.part(column.count(Name) + column.count(NameComma)) > 0.8
            && column.average_length() > 3.5
            && column.distinct.count() > 20;
        if names && column.share(Capitals) > 0.5 {
            let count = column.count(Capitals);
            let text = "are all in capitals: `case = \"title\"` makes names of them, where Bakkt should have them so";
            self.tell("capitals", count, format!("{} {text}", values(count)));
        }
        let shapes = column.shapes.top(super::shapes::MOST);
        // Postal codes are numbers in one country and none in the next.
        let postal = column.share(Zip) + column.share(Postcode) > 0.9;
        let usual = TYPES.iter().find(|(class, _)| column.share(*class) > 0.8);
        if let Some((class, name)) = usual.filter(|_| !postal) {
            let count = column.filled - column.count(*class);
            let odd = shapes.iter().find(|(shape, _)| {
                *class != Date && !shape.contains('9') || *class == Email && !shape.contains('@')
            });
            let example = odd.map_or(String::new(), |(odd, _)| {
                format!(", such as {}", shape(odd))
            });
            let text = format!("{} among {name} that are none{example}", values(count));
            self.tell("mixed_types", count, text);
        }
        let states = column.share(State) > 0.8
            && column.share(CityState) < 0.1
            && column.share(Country) < 0.8;
        let codes = shapes.iter().filter(|(shape, _)| *shape == "AA");
        let short = codes.map(|(_, count)| count).sum::<u64>();
        let names = column.count(State).saturating_sub(short);
        if states {
            let text = format!(
                "{} are names of states and {} are codes: `us_state = true` reads both",
                values(names),
                values(short)
            );
            self.tell("two_state_spellings", names.min(short), text);
        }
    }
}

/// Forms of which a column has one; in a mixed column, what is left over stands out.
const TYPES: &[(Class, &str)] = &[
    (Date, "dates"),
    (Email, "e-mail addresses"),
    (Phone, "phone numbers"),
    (Money, "amounts"),
    (Number, "numbers"),
];
