//! What was worked out for a short text, remembered until another text takes its place.
//!
//! Owner of [`Memo`]: a table of one thread in which each text has one place, so that it neither grows nor is ever searched. Names,
//! states and codes repeat from row to row, and judging them costs many times what a look into the table does. Invariant: an
//! answer is given only for the very text that it was worked out for. Texts stay in memory until they are pushed out or the
//! thread ends, as those of the buffers do; nothing is written anywhere.
//! Left out on purpose: texts longer than [`LONGEST`], which are worked out each time.

/// Bytes of a text that the table takes.
const LONGEST: usize = 22;

/// Places of a table.
const PLACES: usize = 2048;

/// The text with zeros behind it, the question that was asked about it, and its length.
type Key = [u64; 3];

/// Answers by text.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    /// Empty until the first text comes.
    places: Vec<Option<(Key, V)>>,
}

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Memo { places: Vec::new() }
    }
}

impl<V: Copy> Memo<V> {
    /// The answer to a question, by its number, about a text: remembered, or worked out now.
    pub(crate) fn get(&mut self, question: u8, text: &str, answer: impl FnOnce() -> V) -> V {
        let Some(key) = key(question, text) else {
            return answer();
        };
        if self.places.is_empty() {
            self.places.resize(PLACES, None);
        }
        let place = &mut self.places[place(key)];
        match place {
            Some((known, value)) if *known == key => *value,
            _ => {
                let value = answer();
                *place = Some((key, value));
                value
            }
        }
    }
}

fn key(question: u8, text: &str) -> Option<Key> {
    let mut bytes = [0; 24];
    bytes[..LONGEST]
        .get_mut(..text.len())?
        .copy_from_slice(text.as_bytes());
    bytes[LONGEST] = question;
    bytes[LONGEST + 1] = text.len() as u8;
    let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|place| bytes[at + place]));
    Some([word(0), word(8), word(16)])
}

fn place([first, second, third]: Key) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (first ^ second.rotate_left(23) ^ third.rotate_left(46)).wrapping_mul(ODD);
    (mixed >> 40) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn answers_are_those_of_the_text(texts in prop::collection::vec(("[ab\\u{0}é]{0,24}", 0..3u8), 1..200)) {
            let mut memo = Memo::default();
            let mut kept = std::collections::BTreeMap::new();
            for (number, (text, question)) in texts.iter().enumerate() {
                let asked = memo.get(*question, text, || number);
                let first = *kept.entry((text, question)).or_insert(number);
                // What was pushed out, or is too long, is worked out again.
                prop_assert!(asked == number || texts[asked] == (text.clone(), *question) && asked >= first);
            }
        }

        #[test]
        fn the_same_text_is_worked_out_once(text in "\\PC{0,7}") {
            prop_assume!(text.len() <= LONGEST);
            let mut memo = Memo::default();
            prop_assert_eq!(memo.get(1, &text, || 1), 1);
            prop_assert_eq!(memo.get(1, &text, || 2), 1);
            prop_assert_eq!(memo.get(2, &text, || 3), 3);
        }
    }
}
