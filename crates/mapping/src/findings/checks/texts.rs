//! The characters of texts: escapes, wrong encodings, what nobody sees, letters that look like others.
//!
//! Owner of which texts of a record are looked at. Most texts are plain ASCII without escapes, which a look at each of their bytes
//! shows; of the others, those that were sound before are not looked at again, since names and places repeat. Left out on
//! purpose: how each doubt is found (`entities`, `text`, `letters`).

use super::{Checks, RecordFindings, TextSlot};
use crate::draft::{Draft, SlotValue, TextSpan};
use crate::findings::{entities, letters, text};
use bakkt_model::finding::FindingKind;
use bakkt_source::shape::shape;

impl RecordFindings {
    pub(super) fn look_at_texts(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        fits: &impl Fn(u16) -> bool,
    ) {
        let slots = checks.texts.iter();
        for text in slots.filter(|text| draft.has_texts(text.slot)) {
            match draft.slot(text.slot) {
                SlotValue::Value { span, .. } => self.look_at_text(checks, text, draft, span, fits),
                SlotValue::List { first, last, .. } => {
                    for span in (first..last).filter_map(|item| draft.item_span(item)) {
                        self.look_at_text(checks, text, draft, span, fits);
                    }
                }
                _ => {}
            }
        }
    }

    fn look_at_text(
        &mut self,
        checks: &Checks,
        slot: &TextSlot,
        draft: &Draft,
        span: TextSpan,
        fits: &impl Fn(u16) -> bool,
    ) {
        let (bytes, length) = draft.bytes_from(span);
        if is_certainly_sound(bytes, length) {
            return;
        }
        let value = draft.text(span);
        let question = u32::from(slot.is_name) << 1 | u32::from(slot.is_wide_usual);
        if self.sound.find(question, value).is_some() {
            return;
        }
        let doubts = text_doubts(value, slot);
        if doubts.is_empty() {
            self.sound.keep(question, value, ());
        } else if fits(slot.field) {
            for doubt in doubts {
                self.add(&checks.rules, doubt.kind, Some(slot.field), || {
                    doubt.describe(value)
                });
            }
        }
    }
}

/// What a byte may be, of a text that is not sound: part of a character beyond ASCII, the first of an escape or a mark beside one in
/// the table of ASCII, or what stands for a lost letter; and two that begin an escape only together, `u00`.
const ODD: u8 = 1;
const LETTER: u8 = 2;
const ZERO: u8 = 4;

/// Bytes that are looked at together. Most texts are no longer.
const CHUNK: usize = 16;

/// Whether the bytes of a text, the first ones of a buffer, show that nothing is wrong with it. This is asked of every text, so
/// that what follows in the buffer is looked at as well and left out: that costs less than stopping at the end.
fn is_certainly_sound(bytes: &[u8], length: usize) -> bool {
    let (mut rest, mut left, mut classes) = (bytes, length, 0);
    loop {
        classes |= match rest.split_first_chunk::<CHUNK>() {
            Some((chunk, behind)) => {
                rest = behind;
                classes_of(chunk, left)
            }
            None => {
                let mut chunk = [0; CHUNK];
                chunk
                    .iter_mut()
                    .zip(rest)
                    .for_each(|(to, from)| *to = *from);
                rest = &[];
                classes_of(&chunk, left)
            }
        };
        if left <= CHUNK {
            return classes & ODD == 0 && classes != LETTER | ZERO;
        }
        left -= CHUNK;
    }
}

/// The places of a chunk's bytes.
const PLACES: [u8; CHUNK] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// What the first bytes of a chunk may be. Without a branch, so that all are looked at in one.
fn classes_of(chunk: &[u8; CHUNK], count: usize) -> u8 {
    let count = count.min(CHUNK) as u8;
    let mut classes = 0;
    for (byte, place) in chunk.iter().zip(PLACES) {
        let is_among = |first: u8, last: u8| byte.wrapping_sub(first) <= last - first;
        let odd = is_among(b'%', b'\'')
            | (*byte == b'+')
            | is_among(b'<', b'?')
            | is_among(b'\\', b'_')
            | (*byte == b'{')
            | (*byte >= 0x80);
        let class = (u8::from(odd) * ODD)
            | (u8::from(*byte == b'u') * LETTER)
            | (u8::from(*byte == b'0') * ZERO);
        classes |= class * u8::from(place < count);
    }
    classes
}

/// What is wrong with the characters of a text.
struct TextDoubt {
    kind: FindingKind,
    note: &'static str,
    /// What the text reads as, where that is known.
    reading: String,
}

impl TextDoubt {
    fn new(kind: FindingKind, note: &'static str) -> TextDoubt {
        TextDoubt {
            kind,
            note,
            reading: String::new(),
        }
    }

    /// The text and what it reads as, masked.
    fn describe(&self, text: &str) -> String {
        match self.reading.as_str() {
            "" => format!("{}: {}", shape(text), self.note),
            reading => format!("{} reads as {}: {}", shape(text), shape(reading), self.note),
        }
    }
}

/// Everything that is wrong with the characters of a text, which depends on nothing but the text and what it is for.
fn text_doubts(text: &str, slot: &TextSlot) -> Vec<TextDoubt> {
    let mut doubts = Vec::new();
    if entities::may_have(text.as_bytes())
        && let Some(read) = entities::unescape(text)
    {
        doubts.push(TextDoubt {
            kind: FindingKind::EscapedText,
            note: read.note,
            reading: read.text,
        });
    }
    if slot.is_name && text.contains('?') && text::has_lost_letter(text) {
        let note = "a question mark instead of a letter";
        doubts.push(TextDoubt::new(FindingKind::Mojibake, note));
    }
    if text.is_ascii() {
        return doubts;
    }
    if let Some(read) = text::mojibake(text, slot.is_name) {
        doubts.push(TextDoubt {
            kind: FindingKind::Mojibake,
            note: read.note,
            reading: read.text,
        });
    }
    if let Some(what) = text::hidden(text) {
        doubts.push(TextDoubt::new(FindingKind::InvisibleCharacter, what));
    }
    if let Some(what) = letters::look_alike(text, slot.is_wide_usual) {
        doubts.push(TextDoubt::new(FindingKind::LookAlikeLetters, what));
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_sound(text: &str) -> bool {
        is_certainly_sound(text.as_bytes(), text.len())
    }

    proptest! {
        #[test]
        fn what_is_certainly_sound_has_no_doubts(
            text in "([ -~]|[u0-9xX_]|&[a-z]{2,5};|[A-Za-z ]{0,9}|\\PC){0,12}",
            is_name in any::<bool>(),
        ) {
            let slot = TextSlot { slot: 0, field: 0, is_name, is_wide_usual: !is_name };
            prop_assert!(!is_sound(&text) || text_doubts(&text, &slot).is_empty());
        }

        #[test]
        fn what_follows_a_text_in_the_buffer_does_not_count(
            text in "[ -~]{0,50}|[a-zA-Z .,-]{0,50}",
            behind in "[ -~é]{0,40}",
        ) {
            let buffer = format!("{text}{behind}");
            let odd = |byte: u8| !byte.is_ascii() || b"&%\\=<>'+_?]^{".contains(&byte);
            let has_odd = text.bytes().any(odd) || text.contains('u') && text.contains('0');
            prop_assert_eq!(is_certainly_sound(buffer.as_bytes(), text.len()), !has_odd, "{}", text);
        }
    }

    #[test]
    fn most_texts_are_certainly_sound() {
        for text in [
            "Oscar",
            "350 Dogwood Dr.",
            "Gable (Moss), Inc.",
            "a-b/c:d;e",
            "100 Main",
        ] {
            assert!(is_sound(text), "{text}");
        }
        for text in [
            "O'Brien",
            "M?ller",
            "Zoë",
            "&amp;",
            "Mu00f1oz",
            "Gable & Moss",
        ] {
            assert!(!is_sound(text), "{text}");
        }
    }
}
