//! The usual shapes of a column's values.
//!
//! Owner of [`Shapes`], a table of at most [`MOST`] shapes with their counts. A full table makes room as Misra and Gries
//! do: every count goes down by one. So a shape that more than one value in [`MOST`] has stays, and its count is too low
//! by no more than [`Shapes::lost`]. A shape here has no lengths of words, so that names share one: `Aaaa Aaaa`.

use foldhash::HashMap;

use bakkt_source::shape::mask;

/// Shapes that are kept.
pub(crate) const MOST: usize = 64;

/// The longest shape, in characters.
const LONGEST: usize = 24;

/// Digits in a row that are counted; more are `9…`.
const DIGITS: usize = 12;

/// Writes the shape of a value into `out`: digits one by one, words by their case.
pub(crate) fn write(text: &str, out: &mut String) {
    out.clear();
    let (mut last, mut run, mut length) = ('\0', 0usize, 0usize);
    for c in text.chars() {
        let masked = mask(c);
        run = if masked == last { run + 1 } else { 1 };
        let after_capital = masked == 'a' && last == 'A';
        last = masked;
        let kept = match masked {
            'A' => run <= 4,
            'a' => run == 1,
            '9' => run <= DIGITS,
            _ => true,
        };
        if !kept {
            if masked == '9' && run == DIGITS + 1 {
                out.push('…');
            }
            continue;
        }
        if length >= LONGEST {
            out.push('…');
            return;
        }
        length += 1;
        match masked {
            'a' if after_capital => out.push_str("aaa"),
            'a' => out.push_str("aaaa"),
            masked => out.push(masked),
        }
    }
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    counts: HashMap<String, u64>,
    lost: u64,
}

impl Shapes {
    pub(crate) fn add(&mut self, shape: &str, count: u64) {
        if let Some(known) = self.counts.get_mut(shape) {
            *known += count;
        } else if self.counts.len() < MOST {
            self.counts.insert(shape.to_owned(), count);
        } else {
            let least = self.counts.values().copied().min().unwrap_or(0).min(count);
            self.lost += least;
            self.counts.retain(|_, known| {
                *known -= least;
                *known > 0
            });
            if count > least {
                self.add(shape, count - least);
            }
        }
    }

    /// Adds the table of another part of the same column.
    pub(crate) fn merge(&mut self, other: &Shapes) {
        self.lost += other.lost;
        for (shape, count) in other.top(MOST) {
            self.add(shape, count);
        }
    }

    /// The most frequent shapes, most frequent first.
    pub(crate) fn top(&self, most: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self
            .counts
            .iter()
            .map(|(shape, count)| (shape.as_str(), *count))
            .collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all.truncate(most);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        let mut out = String::new();
        write(text, &mut out);
        out
    }

    #[test]
    fn words_lose_their_length_and_numbers_keep_it() {
        for (text, wanted) in [
            ("Jo", "Aaaa"),
            ("Jane O'Neil", "Aaaa A'Aaaa"),
            ("DOE, JOHN", "AAA, AAAA"),
            ("o.k@mail.example", "aaaa.aaaa@aaaa.aaaa"),
            ("987-00-1234", "999-99-9999"),
            ("12345678901234", "999999999999…"),
            ("HB-00001", "AA-99999"),
            ("", ""),
        ] {
            assert_eq!(shape(text), wanted, "{text}");
        }
    }

    #[test]
    fn the_table_is_bounded_and_keeps_what_is_frequent() {
        let mut shapes = Shapes::default();
        for number in 0..10_000u64 {
            shapes.add(&format!("x{number}"), 1);
            shapes.add("often", 1);
        }
        assert!(shapes.counts.len() <= MOST);
        let top = shapes.top(1);
        assert_eq!(top[0].0, "often");
        assert!(top[0].1 + shapes.lost >= 10_000);
    }
}
