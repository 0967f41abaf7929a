//! What was worked out for a text, remembered until another text takes its place.
//!
//! Owner of [`Memo`]: a table of one thread in which each text has one place, so that it neither grows nor is ever searched. Names,
//! states and codes repeat from row to row, and reading them costs many times what a look into the table does. Invariant: an
//! answer is given only for the very text that it was worked out for, and for the same question about it. Texts stay in memory until
//! they are pushed out or the thread ends, as those of the buffers do; nothing is written anywhere. A text stands in its place
//! itself, one line of the processor's cache: to look it up costs one access to memory, and the answer another.
//! Left out on purpose: texts longer than [`LONGEST`], which are worked out each time.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// Bytes of the longest text that is remembered.
const LONGEST: usize = 58;

/// Places of a table.
const PLACES: usize = 2048;

/// What stands in a place: a line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Place {
    /// What was asked about the text.
    question: u32,
    /// Whether it was ever taken.
    is_taken: bool,
    length: u8,
    text: [u8; LONGEST],
}

impl Place {
    const FREE: Place = Place {
        question: 0,
        is_taken: false,
        length: 0,
        text: [0; LONGEST],
    };

    fn holds(&self, question: u32, text: &str) -> bool {
        self.is_taken
            && self.question == question
            && self.text.get(..usize::from(self.length)) == Some(text.as_bytes())
    }
}

/// Answers by text.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    /// Empty until the first answer comes.
    places: Vec<Place>,
    /// By place.
    answers: Vec<V>,
}

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Memo {
            places: Vec::new(),
            answers: Vec::new(),
        }
    }
}

impl<V: Clone + Default> Memo<V> {
    /// The answer to a question, by its number, about a text, where it is remembered.
    pub(crate) fn find(&self, question: u32, text: &str) -> Option<&V> {
        let number = place(question, text);
        let place = self.places.get(number)?;
        place
            .holds(question, text)
            .then(|| self.answers.get(number))?
    }

    /// Remembers the answer to a question about a text.
    pub(crate) fn keep(&mut self, question: u32, text: &str, answer: V) {
        if text.len() > LONGEST {
            return;
        }
        if self.places.is_empty() {
            self.places.resize(PLACES, Place::FREE);
            self.answers.resize(PLACES, V::default());
        }
        let number = place(question, text);
        let place = &mut self.places[number];
        (place.question, place.is_taken, place.length) = (question, true, text.len() as u8);
        place.text[..text.len()].copy_from_slice(text.as_bytes());
        self.answers[number] = answer;
    }
}

fn place(question: u32, text: &str) -> usize {
    let mut hasher = FixedState::with_seed(u64::from(question)).build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish() as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn answers_are_those_of_the_text(asked in prop::collection::vec(("[ab\\u{0}é]{0,70}", 0..3u32), 1..200)) {
            let mut memo = Memo::default();
            for (text, question) in &asked {
                let answer = (text.clone(), *question);
                if let Some(known) = memo.find(*question, text) {
                    prop_assert_eq!(known, &answer);
                }
                memo.keep(*question, text, answer.clone());
                prop_assert_eq!(memo.find(*question, text).is_some(), text.len() <= LONGEST);
            }
        }
    }
}
