//! Numbers and texts as the sections of their format show them.

use super::NumberDisplay;
use super::section::{Comparison, FormatToken, Section};
use crate::workbook::number;

/// What a section is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SectionRole {
    /// Numbers above zero, or all of them.
    Positive,
    /// Negative numbers, whose sign is the section's own.
    Negative,
    Zero,
    /// Numbers that a condition names.
    Conditional,
}

/// The sections for numbers: the fourth is for texts, and so is a last one that says so.
fn for_numbers(sections: &[Section]) -> &[Section] {
    let sections = &sections[..sections.len().min(3)];
    let has_condition = sections.iter().any(|section| section.condition.is_some());
    match sections {
        [rest @ .., last] if !rest.is_empty() && !has_condition && last.has(&FormatToken::Text) => {
            rest
        }
        _ => sections,
    }
}

/// Whether numbers and texts are plain under a format, and all of its sections show hundredths or none does.
pub(super) fn is_plain(sections: &[Section]) -> bool {
    let numbers = for_numbers(sections);
    let Some(first) = numbers.first() else {
        return true;
    };
    let has_condition = numbers.iter().any(|section| section.condition.is_some());
    let shows_texts = sections.get(3).is_none_or(Section::is_general)
        && !sections
            .iter()
            .any(|section| section.has(&FormatToken::Text) && section.has_letters());
    shows_texts
        && numbers.iter().enumerate().all(|(place, section)| {
            let role = match place {
                _ if has_condition => SectionRole::Conditional,
                0 => SectionRole::Positive,
                1 => SectionRole::Negative,
                _ => SectionRole::Zero,
            };
            let takes_zero =
                has_condition || role == SectionRole::Zero || numbers.len() < 3 && place == 0;
            let is_dash = role == SectionRole::Zero && section.is_without_zero();
            section.is_plain(role)
                && !(takes_zero && section.hides(0.0))
                && !(role != SectionRole::Zero && section.hides(1.0))
                && (is_dash
                    || section.has(&FormatToken::Percent) == first.has(&FormatToken::Percent))
        })
}

impl Section {
    /// Whether it adds nothing to a number of its own that changes it.
    fn is_plain(&self, role: SectionRole) -> bool {
        let shows_sign = match role {
            // What a sign looks like under conditions depends on them all.
            SectionRole::Conditional => self.is_negative() && !self.is_below_zero(),
            // A colour says that the number is negative.
            SectionRole::Negative => !(self.is_negative() || self.has_color),
            SectionRole::Positive => self.is_negative(),
            // A dash stands for a zero.
            SectionRole::Zero => !self.is_without_zero() && self.is_negative(),
        };
        !self.belongs() && !self.is_scaled() && !shows_sign
    }

    /// Whether its condition takes negative numbers only.
    fn is_below_zero(&self) -> bool {
        match self.condition {
            Some((Comparison::Less, bound)) => bound <= 0.0,
            Some((Comparison::LessOrEqual, bound)) => bound < 0.0,
            _ => false,
        }
    }
}

/// Which section a number takes, and what that section is for.
fn section_of(sections: &[Section], value: f64) -> Option<(&Section, SectionRole)> {
    let sections = for_numbers(sections);
    if sections.iter().any(|section| section.condition.is_some()) {
        let section = sections.iter().find(|section| section.holds(value))?;
        return Some((section, SectionRole::Conditional));
    }
    match sections {
        [] => None,
        [_, negative, ..] if value < 0.0 => Some((negative, SectionRole::Negative)),
        [_, _, zero] if value == 0.0 => Some((zero, SectionRole::Zero)),
        [first, ..] => Some((first, SectionRole::Positive)),
    }
}

/// Writes a number as its format shows it.
pub(crate) fn write_number(sections: &[Section], value: f64, out: &mut String) -> NumberDisplay {
    let Some((section, role)) = section_of(sections, value) else {
        return NumberDisplay::Otherwise;
    };
    if !section.belongs() && section.hides(value) {
        return match value == 0.0 {
            true => NumberDisplay::Empty,
            false => NumberDisplay::Hidden,
        };
    }
    if section.is_plain(role) {
        // An amount is one of a currency where another section alone shows its mark.
        match sections.iter().find_map(Section::foreign_currency) {
            Some(mark) => write_money(mark, value, out),
            None => section.write_plain(value, out),
        }
        return NumberDisplay::Exactly;
    }
    let digits = section.has_digits();
    let general = section.is_general();
    // What a sign looks like under conditions depends on them all; a negative number that is shown as a positive one is another.
    let sign_unclear = value < 0.0
        && match role {
            SectionRole::Conditional => true,
            SectionRole::Negative => !section.belongs(),
            SectionRole::Positive | SectionRole::Zero => false,
        };
    if section.has(&FormatToken::Fill)
        || section.has(&FormatToken::Exponent)
        || section.has(&FormatToken::Question)
        || section.is_scaled()
        || (digits && general)
        || sign_unclear
    {
        return NumberDisplay::Otherwise;
    }
    if value < 0.0 && role == SectionRole::Positive {
        out.push('-');
    }
    let value = value.abs();
    if !digits && !general {
        // A word that stands for the number.
        section.write_around(out, |_| {});
        return NumberDisplay::Exactly;
    }
    if section.is_whole() {
        return match value.fract() == 0.0 && number::is_exact(value) {
            true => {
                section.write_digits(value, out);
                NumberDisplay::Exactly
            }
            false => NumberDisplay::Otherwise,
        };
    }
    // Thousands separators are left out of the number, and not of digits that stand beside it.
    let is_mixed = section.has(&FormatToken::Comma) && section.shows_own_digits();
    if digits && section.letters_within() || is_mixed {
        return NumberDisplay::Otherwise;
    }
    let mut number = String::new();
    number::plain(value, section.shift(), &mut number);
    if section.has(&FormatToken::Point) {
        let decimals = number
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        let (least, most) = section.decimal_places();
        if decimals > most {
            return NumberDisplay::Otherwise;
        }
        if decimals == 0 && least > 0 {
            number.push('.');
        }
        number.extend(std::iter::repeat_n('0', least.saturating_sub(decimals)));
    }
    section.write_around(out, |out| out.push_str(&number));
    NumberDisplay::Exactly
}

/// Writes a text as its format shows it: with the letters that the section for texts has around it. False where it shows
/// something else, or nothing.
#[must_use]
pub(crate) fn write_text(sections: &[Section], text: &str, out: &mut String) -> bool {
    let for_texts = |section: &&Section| section.has(&FormatToken::Text);
    if sections.get(3).is_some_and(|section| !section.is_general()) {
        return false;
    }
    let section = sections.get(3).filter(for_texts);
    let section = section.or_else(|| sections.iter().find(for_texts));
    match section.filter(|section| section.has_letters()) {
        Some(section) => section.write_around(out, |out| out.push_str(text)),
        None => out.push_str(text),
    }
    true
}

impl Section {
    /// Writes the literals, and the value once in the place of what stands for it.
    fn write_around(&self, out: &mut String, value: impl FnOnce(&mut String)) {
        let mut value = Some(value);
        for token in &self.tokens {
            match token {
                FormatToken::Literal(text) => out.push_str(text),
                FormatToken::ForeignDollars(mark) => {
                    out.push_str(mark);
                    out.push(' ');
                }
                FormatToken::Percent => out.push('%'),
                FormatToken::Zero
                | FormatToken::Hash
                | FormatToken::General
                | FormatToken::Text => {
                    if let Some(value) = value.take() {
                        value(out);
                    }
                }
                _ => {}
            }
        }
    }

    /// Writes a number to which the section adds nothing but display or hundredths.
    fn write_plain(&self, value: f64, out: &mut String) {
        if self.has(&FormatToken::Percent) {
            number::plain(value, 2, out);
            out.push('%');
        } else {
            number::with_decimals(value, self.decimal_places().0, out);
        }
    }

    /// Whether digits stand in it that are not the number's.
    fn shows_own_digits(&self) -> bool {
        let has_digits = |token: &FormatToken| match token {
            FormatToken::Literal(text) => text.contains(|c: char| c.is_numeric()),
            _ => false,
        };
        self.tokens.iter().any(has_digits)
    }

    /// Writes a whole number into its places.
    fn write_digits(&self, value: f64, out: &mut String) {
        let digits = (value as u64).to_string();
        let digits = if value == 0.0 { "" } else { &digits };
        let is_place = |token: &FormatToken| matches!(token, FormatToken::Zero | FormatToken::Hash);
        let mut places = self.tokens.iter().filter(|t| is_place(t)).count();
        // More digits than places: the first place takes those that are left over.
        let (mut head, mut tail) = digits.split_at(digits.len().saturating_sub(places));
        for token in &self.tokens {
            match token {
                FormatToken::Literal(text) => out.push_str(text),
                FormatToken::Zero | FormatToken::Hash => {
                    out.push_str(std::mem::take(&mut head));
                    if tail.len() == places {
                        out.push_str(&tail[..1]);
                        tail = &tail[1..];
                    } else if *token == FormatToken::Zero {
                        out.push('0');
                    }
                    places -= 1;
                }
                _ => {}
            }
        }
    }
}

/// Writes an amount of a currency that is not the dollar.
pub(crate) fn write_money(mark: &str, value: f64, out: &mut String) {
    out.push_str(mark);
    if mark.ends_with(char::is_alphanumeric) {
        out.push(' ');
    }
    number::plain(value, 0, out);
}
