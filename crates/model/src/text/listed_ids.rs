//! Lines of a list of ids that mean the id of a row all the same: the one rule for `[exclude]` and for the lists that commands read.
//!
//! A list decides who is sent. A line that no row has as it is holds nobody, although a person meant somebody: programs write ids with
//! other capitals, zeros and punctuation, with letters in front of the number, and people put a label, a remark or a second id beside
//! them. Coarser than `key_marks`, because what follows is a question to a person and nothing that is taken for true. Left out on
//! purpose: which lines are a row's own (whoever knows the rows), and what is said of a line's place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ids::form_of;
use super::key_marks::LEAST_DIGITS;

/// More pieces than an id and what people write beside it have; of a longer line only its beginnings and single pieces are tried.
const MOST_PIECES: usize = 8;

/// How a line of a list differs from the id of a row that it may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// By its form: capitals, zeros in front, punctuation, characters that nobody sees.
    Form,
    /// By the letters in front of the number.
    Letters,
    /// By something in front of the id or behind it.
    Beside,
}

/// The lines of lists, by the forms in which a row's id may stand in them.
#[derive(Clone, Debug, Default)]
pub struct ListedIds {
    /// By the form of a line, or of a part of it.
    forms: HashMap<Box<str>, Vec<(u32, Likeness)>>,
    /// The same by the number of such a form, where it has letters in front.
    numbers: HashMap<Box<str>, Vec<u32>>,
}

impl ListedIds {
    /// Adds a line under a number of the caller's.
    pub fn add(&mut self, line: usize, text: &str) {
        let number = line as u32;
        self.add_part(number, text, Likeness::Form);
        for part in parts(text) {
            self.add_part(number, part, Likeness::Beside);
        }
    }

    fn add_part(&mut self, line: u32, text: &str, likeness: Likeness) {
        let form = form_of(text);
        if let Some(number) = number_behind_letters(&form) {
            let lines = self.numbers.entry(number.into()).or_default();
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        let lines = self.forms.entry(form.into()).or_default();
        if lines.last().is_none_or(|(last, _)| *last != line) {
            lines.push((line, likeness));
        }
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Calls `each` with every line that may mean the id of a row.
    pub fn each_meaning(&self, id: &str, mut each: impl FnMut(usize, Likeness)) {
        let form = form_of(id);
        for (line, likeness) in self.forms.get(form.as_str()).into_iter().flatten() {
            each(*line as usize, *likeness);
        }
        for line in self.numbers.get(form.as_str()).into_iter().flatten() {
            each(*line as usize, Likeness::Letters);
        }
        let number = number_behind_letters(&form);
        let lines = number.and_then(|number| self.forms.get(number));
        for (line, likeness) in lines.into_iter().flatten() {
            each(*line as usize, (*likeness).max(Likeness::Letters));
        }
    }
}

/// The rows that lines may mean, by the numbers of the lines.
#[derive(Clone, Debug, Default)]
pub struct Resemblances {
    found: BTreeMap<usize, Resemblance>,
}

/// The rows that one line may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resemblance {
    likeness: Likeness,
    /// The first two of the ids; the order in which rows are read changes nothing.
    ids: BTreeSet<String>,
}

impl Resemblances {
    /// Notes that a line may mean the id of a row.
    pub fn note(&mut self, line: usize, likeness: Likeness, id: &str) {
        let ids = BTreeSet::new();
        let one = self
            .found
            .entry(line)
            .or_insert(Resemblance { likeness, ids });
        one.likeness = one.likeness.min(likeness);
        one.ids.insert(id.to_owned());
        if one.ids.len() > 2 {
            one.ids.pop_last();
        }
    }

    /// That of a line.
    pub fn of_line(&self, line: usize) -> Option<&Resemblance> {
        self.found.get(&line)
    }
}

impl Resemblance {
    /// What the line looks like, behind "it": the ids of the rows, and never what the line says.
    pub fn text(&self) -> String {
        let ids = self.ids.iter().map(String::as_str).collect::<Vec<_>>();
        match (self.likeness, ids.as_slice()) {
            (Likeness::Form, _) => format!(
                "is {} in another form (capitals, zeros in front, blanks, punctuation or invisible characters)",
                ids.join(" or ")
            ),
            (Likeness::Letters, _) => format!(
                "is {} but for the letters in front of the number",
                ids.join(" or ")
            ),
            (Likeness::Beside, [_, _]) => {
                format!("holds several ids, such as {}", ids.join(" and "))
            }
            (Likeness::Beside, _) => {
                format!(
                    "holds {} with something in front or behind",
                    ids.join(" or ")
                )
            }
        }
    }
}

/// The number of an id that has nothing but letters in front of it.
fn number_behind_letters(form: &str) -> Option<&str> {
    let number = form.trim_start_matches(char::is_alphabetic);
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    (number.len() < form.len() && number.len() >= LEAST_DIGITS && is_number).then_some(number)
}

/// The parts of a line that may be a whole id, the line itself left out: every run of its pieces.
fn parts(text: &str) -> Vec<&str> {
    // Five groups of a UUID are no ids, and a list may have a million of them.
    if is_uuid(text) {
        return Vec::new();
    }
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut begin = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), begin) {
            (true, None) => begin = Some(at),
            (false, Some(start)) => {
                pieces.push((start, at));
                begin = None;
            }
            _ => {}
        }
    }
    let mut parts = Vec::new();
    for (first, (start, _)) in pieces.iter().enumerate() {
        for (last, (_, end)) in pieces.iter().enumerate().skip(first) {
            let is_whole = last + 1 - first == pieces.len();
            let is_tried = pieces.len() <= MOST_PIECES || first == 0 || first == last;
            if is_tried && !is_whole {
                parts.push(&text[*start..*end]);
            }
        }
    }
    parts
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str, ids: &[&str]) -> Option<String> {
        let mut listed = ListedIds::default();
        listed.add(7, line);
        let mut found = Resemblances::default();
        for id in ids {
            listed.each_meaning(id, |line, likeness| found.note(line, likeness, id));
        }
        found.of_line(7).map(Resemblance::text)
    }

    #[test]
    fn a_line_with_an_id_and_something_besides_is_told() {
        for (line, id) in [
            ("c1001", "C1001"),
            ("C-1001", "C1001"),
            ("124", "00124"),
            ("1,234,567", "1234567"),
            (
                "3FA85F64-5717-4562-B3FC-2C963F66AFA6",
                "3fa85f6457174562b3fc2c963f66afa6",
            ),
        ] {
            let text = told(line, &[id]).unwrap_or_default();
            assert!(
                text.contains(&format!("is {id} in another form")),
                "{line}: {text}"
            );
        }
        for (line, id) in [("1001", "C1001"), ("C1001", "1001"), ("C-1001", "1001")] {
            let text = told(line, &[id]).unwrap_or_default();
            assert!(text.contains("letters in front"), "{line}: {text}");
        }
        for (line, id) in [
            ("C1001-1", "C1001"),
            ("C1001 (joint)", "C1001"),
            ("C1001 Mara Quill", "C1001"),
            ("Account: C1001", "C1001"),
            ("Account: A-1001, closed", "A-1001"),
            ("c1001 # x", "C1001"),
            ("1001 # x", "C1001"),
            ("ï»¿A1", "A1"),
            ("A-1001/A-1003", "A-1003"),
            ("hold of 3 May for the estate of somebody, C1001", "C1001"),
        ] {
            let text = told(line, &[id]).unwrap_or_default();
            assert!(
                text.contains(&format!("holds {id} with something")),
                "{line}: {text}"
            );
        }
        for line in ["C1001 & C1003", "C1001/C1003", "1001+1003"] {
            let text = told(line, &["C1003", "C1002", "C1001"]).unwrap_or_default();
            assert_eq!(text, "holds several ids, such as C1001 and C1003", "{line}");
        }
    }

    #[test]
    fn another_id_is_not_taken_for_one() {
        for (line, id) in [
            ("C1001", "C1002"),
            ("B1001", "C1001"),
            ("C10011", "C1001"),
            ("12", "C12"),
            ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "5717"),
            ("Kundennummer", "C1001"),
        ] {
            assert_eq!(told(line, &[id]), None, "{line} {id}");
        }
    }
}
