//! Dates of which a spreadsheet exchanged day and month: it made date cells of those that it could read in its own order, whatever
//! was meant, and left the others as texts.
//!
//! Owner of that rule, which `inspect`, `init` and the findings of an export share. A date cell is read with its year in front. All of them
//! with a day up to 12, beside texts that all have a number above 12 in day or month, are no chance: of ten random dates that
//! all have such a day there are less than one in ten thousand. Left out on purpose: what a date means, which the mapping says.

/// How a cell writes a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateForm {
    /// It writes none, or in another way.
    #[default]
    Other,
    /// The year in front, and a day up to 12: `1984-05-03`.
    LowDay,
    /// The year in front, and a day above 12: `1984-05-25`.
    HighDay,
    /// The year at the end, and only the first number can be the day: `25/05/1984`.
    DayFirst,
    /// The same of the second one: `05/25/1984`.
    MonthFirst,
    /// The year at the end, and either number can be the day: `03/05/1984`.
    Open,
}

/// The highest number that is a day and a month as well.
const MONTHS: u8 = 12;

impl DateForm {
    /// The form of a cell.
    pub fn of(text: &str) -> DateForm {
        let text = text.trim();
        let date = text.split([' ', 'T']).next().unwrap_or_default();
        let mut parts = date.split(['-', '/', '.']);
        let parts = [parts.next(), parts.next(), parts.next(), parts.next()];
        let [Some(first), Some(second), Some(third), None] = parts else {
            return DateForm::Other;
        };
        let is_year =
            |part: &str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        let number = |part: &str| match part.as_bytes() {
            [b'0'..=b'9'] | [b'0'..=b'9', b'0'..=b'9'] => part.parse::<u8>().ok(),
            _ => None,
        };
        if is_year(first) {
            return match (number(second), number(third)) {
                (Some(1..=MONTHS), Some(1..=MONTHS)) => DateForm::LowDay,
                (Some(1..=MONTHS), Some(_)) => DateForm::HighDay,
                _ => DateForm::Other,
            };
        }
        match (number(first), number(second), is_year(third)) {
            (Some(1..=MONTHS), Some(1..=MONTHS), true) => DateForm::Open,
            (Some(_), Some(1..=MONTHS), true) => DateForm::DayFirst,
            (Some(1..=MONTHS), Some(_), true) => DateForm::MonthFirst,
            _ => DateForm::Other,
        }
    }

    /// Whether its day and its month may have been exchanged, and differ.
    pub(crate) fn may_be_swapped(self, text: &str) -> bool {
        self == DateForm::LowDay && text.trim().get(5..7) != text.trim().get(8..10)
    }
}

/// How the cells of a column write dates, counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct DateForms {
    low_day: u64,
    high_day: u64,
    day_first: u64,
    month_first: u64,
    open: u64,
}

/// The fewest date cells, and the fewest texts beside them, that say something.
const FEWEST_CELLS: u64 = 10;
const FEWEST_TEXTS: u64 = 5;

impl DateForms {
    /// Counts a cell.
    pub fn add(&mut self, form: DateForm) {
        match form {
            DateForm::Other => {}
            DateForm::LowDay => self.low_day += 1,
            DateForm::HighDay => self.high_day += 1,
            DateForm::DayFirst => self.day_first += 1,
            DateForm::MonthFirst => self.month_first += 1,
            DateForm::Open => self.open += 1,
        }
    }

    /// Adds the counts of another part of the same column.
    pub fn merge(&mut self, other: &DateForms) {
        self.low_day += other.low_day;
        self.high_day += other.high_day;
        self.day_first += other.day_first;
        self.month_first += other.month_first;
        self.open += other.open;
    }

    /// How many date cells seem to have day and month exchanged; 0 where nothing says so.
    pub fn swapped(&self) -> u64 {
        let (texts, others) = (
            self.day_first.max(self.month_first),
            self.day_first.min(self.month_first),
        );
        let are_told = texts >= FEWEST_TEXTS && others == 0 && self.open == 0;
        let are_low = self.low_day >= FEWEST_CELLS && self.high_day == 0;
        if are_told && are_low { self.low_day } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_cell_says_what_can_be_the_day() {
        for (text, form) in [
            ("1984-05-03", DateForm::LowDay),
            ("1984-05-03 00:00:00", DateForm::LowDay),
            ("1984/5/3", DateForm::LowDay),
            ("1984-05-25", DateForm::HighDay),
            ("25/05/1984", DateForm::DayFirst),
            ("25.5.1984", DateForm::DayFirst),
            ("05/25/1984", DateForm::MonthFirst),
            ("3/5/1984", DateForm::Open),
            ("", DateForm::Other),
            ("1984", DateForm::Other),
            ("25 May 1984", DateForm::Other),
            ("25/05/84", DateForm::Other),
            ("1984-25-05", DateForm::Other),
            ("25/25/1984", DateForm::Other),
            ("1-2-3-4", DateForm::Other),
            ("+1/2/1984", DateForm::Other),
            ("ä/1/1984", DateForm::Other),
        ] {
            assert_eq!(DateForm::of(text), form, "{text}");
        }
        let may_be = |text: &str| DateForm::of(text).may_be_swapped(text);
        assert!(may_be("1984-05-03") && !may_be("1984-05-05") && !may_be("1984-05-25"));
    }

    #[test]
    fn only_cells_that_all_have_a_low_day_beside_texts_that_have_none_are_swapped() {
        let of = |forms: &[(DateForm, u64)]| {
            let mut all = DateForms::default();
            for (form, count) in forms {
                (0..*count).for_each(|_| all.add(*form));
            }
            all.swapped()
        };
        let (low, high) = (DateForm::LowDay, DateForm::HighDay);
        let (day, month) = (DateForm::DayFirst, DateForm::MonthFirst);
        assert_eq!(of(&[(low, 30), (day, 30)]), 30);
        assert_eq!(of(&[(low, 10), (month, 5), (DateForm::Other, 9)]), 10);
        for forms in [
            &[(low, 30), (day, 30), (high, 1)][..],
            &[(low, 30), (day, 30), (DateForm::Open, 1)],
            &[(low, 30), (day, 30), (month, 1)],
            &[(low, 9), (day, 30)],
            &[(low, 30), (day, 4)],
            &[(low, 30)],
            &[(day, 30)],
        ] {
            assert_eq!(of(forms), 0, "{forms:?}");
        }
    }
}
