//! Number formats: what the code of a cell's format says about the meaning of its number.
//!
//! Owner of [`Format`]. A format decides whether a number is a date, a time, a percentage or a code whose zeros, dashes and
//! letters belong to it (`00000`, `000-00-0000`, `"C-"0`), and whether it is an amount of a currency that is not the dollar. A
//! fraction is written with the zeros behind it that the format shows: `100.1` is `100.10` under `0.00`. Separators of thousands,
//! exponents, fractions such as 1/2, rounding and colours are display, and are left out on purpose: the number keeps all of its
//! digits, and a whole number is whole. Invariant: where a format shows letters, signs or fixed places, the
//! number is written exactly as it is shown, or not at all; a zero of which nothing is shown is an empty cell.

mod currency;
mod section;
mod write;

use super::serial::{ShownDay, ShownParts};

pub(crate) use currency::{belongs, is_negative};
pub use section::Section;
use section::{FormatToken, split};
pub(crate) use write::{write_money, write_number, write_text};

/// What a number in a cell is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format {
    /// A number.
    #[default]
    Number,
    /// A number with at least so many decimals.
    Decimals(usize),
    /// A share of one, shown in hundredths.
    Percent,
    /// An amount of a currency that is not the dollar, with the mark of that currency.
    Money(String),
    /// A day, a time, or both.
    When(ShownParts),
    /// Letters, signs, marks or fixed places that belong to the number, or a number that is not shown: the sections, of which the
    /// number takes one.
    Written(Vec<Section>),
}

/// How a format shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberDisplay {
    /// As it is shown.
    Exactly,
    /// Nothing is shown of a zero.
    Empty,
    /// Nothing is shown of another number.
    Hidden,
    /// What is shown is another number, or cannot be told.
    Otherwise,
}

impl Format {
    /// The format of a code.
    pub(crate) fn of(code: &str) -> Format {
        let sections: Vec<Section> = split(code).into_iter().map(Section::of).collect();
        let Some(first) = sections.first() else {
            return Format::Number;
        };
        if let Some(parts) = first.parts() {
            return Format::When(parts);
        }
        // A colour alone shows the number as it is.
        if sections.len() == 1 && first.tokens.is_empty() {
            return Format::Number;
        }
        if !write::is_plain(&sections) {
            return Format::Written(sections);
        }
        if first.has(&FormatToken::Percent) {
            return Format::Percent;
        }
        if let Some(mark) = sections.iter().find_map(Section::foreign_currency) {
            return Format::Money(mark.to_owned());
        }
        match first.decimal_places() {
            (0, _) => Format::Number,
            (least, _) => Format::Decimals(least),
        }
    }

    /// The format of a number that stands for a code every workbook knows.
    pub(crate) fn built_in(id: u32) -> Format {
        match id {
            2 | 4 | 7 | 8 | 39 | 40 | 43 | 44 => Format::Decimals(2),
            9 | 10 | 67 | 68 => Format::Percent,
            14 | 15 | 30 | 31 => Format::When(ShownParts::Date),
            16 => Format::of("d-mmm"),
            17 => Format::of("mmm-yy"),
            18..=21 | 45 | 47 => Format::When(ShownParts::Time),
            22 => Format::When(ShownParts::DateTime),
            46 => Format::When(ShownParts::Elapsed),
            // Dates and times of East Asian calendars; which they are depends on the language.
            27..=29 | 32..=36 | 50..=58 | 71..=81 => Format::When(ShownParts::Whatever),
            _ => Format::Number,
        }
    }
}

#[cfg(test)]
mod tests;
