//! The message about a file that reads equally well in two encodings.
//!
//! Owner of showing both readings without a customer's value: the place of the first cell in which they differ, its shape, and
//! the one letter of it that differs. Left out on purpose: finding out that there is a doubt (`encoding::find`).

use super::encoding::Encoding;
use super::export::SetBy;
use super::lines::{RowFormat, RowReader};
use super::shape::mask;
use super::{Cell, Rows, header};
use bakkt_model::error::Failure;

/// The most characters of a cell that are shown.
const LONGEST: usize = 40;

/// The error of a file, with its text in both encodings.
pub(crate) fn error(
    name: &str,
    readings: [(Encoding, &[u8]); 2],
    form: RowFormat,
    set_by: SetBy,
) -> anyhow::Error {
    let [(one, text), (other, other_text)] = readings;
    let shown = match differs(text, other_text, form) {
        Some((line, column, cells)) => {
            let [first, second] = cells;
            format!(
                ": line {line}, column {} is {first} in {}, and {second} in {}",
                header::position(column),
                one.word(),
                other.word()
            )
        }
        None => format!(": {} and {}", one.word(), other.word()),
    };
    Failure::configuration(
        format!("{name} reads equally well in two encodings{shown}"),
        set_by.encoding(one.word(), other.word()),
    )
}

/// The line and the column of the first cell that differs, and its two shapes.
fn differs(one: &[u8], other: &[u8], form: RowFormat) -> Option<(u64, usize, [String; 2])> {
    let mut passes = [one, other].map(|text| RowReader::new(text, form, 0, 1));
    loop {
        let mut rows = [Rows::default(), Rows::default()];
        for (pass, rows) in passes.iter_mut().zip(&mut rows) {
            // Reading from memory cannot fail.
            if !pass.next(rows).unwrap_or(false) {
                return None;
            }
        }
        let ((at, first), (_, second)) = (rows[0].iter().next()?, rows[1].iter().next()?);
        for (column, cells) in first.cells().zip(second.cells()).enumerate() {
            if cells.0 != cells.1 {
                let [one, other] = [text(cells.0), text(cells.1)];
                let shapes = [shape(&one, &other), shape(&other, &one)];
                return Some((at.row, column, shapes));
            }
        }
    }
}

fn text(cell: Cell<'_>) -> Vec<char> {
    match cell {
        Cell::Text(text) => text.chars().collect(),
        Cell::Broken(_) => vec![char::REPLACEMENT_CHARACTER],
    }
}

/// The shape of a text, with the first character that another reading has not, and its number.
fn shape(text: &[char], other: &[char]) -> String {
    let differs = (0..text.len()).find(|at| text.get(*at) != other.get(*at));
    let Some(place) = differs.filter(|at| !text[*at].is_ascii()) else {
        let masked: String = text.iter().take(LONGEST).map(|c| mask(*c)).collect();
        return format!("`{masked}`");
    };
    let from = place.saturating_sub(LONGEST / 2);
    let shown = text.iter().enumerate().skip(from).take(LONGEST);
    let masked: String = shown
        .map(|(at, c)| match at == place && !c.is_control() {
            true => *c,
            false => mask(*c),
        })
        .collect();
    format!("`{masked}` (U+{:04X})", u32::from(text[place]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_shown_and_no_name() {
        let chars = |text: &str| text.chars().collect::<Vec<char>>();
        let (one, other) = (chars("Novák Dvoøák"), chars("Novák Dvořák"));
        assert_eq!(shape(&one, &other), "`Aaaaa Aaaøaa` (U+00F8)");
        assert_eq!(shape(&other, &one), "`Aaaaa Aaařaa` (U+0159)");
        assert_eq!(shape(&chars("Jos"), &chars("José")), "`Aaa`");
    }
}
