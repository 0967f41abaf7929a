//! The characters of texts: escapes, wrong encodings, what nobody sees, letters that look like others.
//!
//! Owner of which texts of a record are looked at. Most texts are plain ASCII without escapes, which a look at each of their bytes
//! shows; of the others, those that were sound before are not looked at again, since names and places repeat. Left out on
//! purpose: how each doubt is found (`entities`, `text`, `letters`).

use super::{Checks, RecordFindings, TextSlot};
use crate::draft::{Draft, SlotValue};
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
        let slots = checks
            .texts
            .iter()
            .take_while(|text| text.slot < draft.len());
        for text in slots {
            match draft.slot(text.slot) {
                SlotValue::Value {
                    span,
                    constant: false,
                } => self.look_at_text(checks, text, draft.text(span), fits),
                SlotValue::List {
                    first,
                    last,
                    constant: false,
                } => {
                    for item in first..last {
                        if let Ok(line) = draft.item(item) {
                            self.look_at_text(checks, text, line, fits);
                        }
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
        value: &str,
        fits: &impl Fn(u16) -> bool,
    ) {
        if is_certainly_sound(value) {
            return;
        }
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

/// What a byte may be, of a text that is not sound: part of a character beyond ASCII, the first of an escape, or what stands for a
/// lost letter; and two that begin an escape only together, `u00`.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 128;
    while byte < 256 {
        classes[byte] = ODD;
        byte += 1;
    }
    let marks = b"&%\\=<'+_?";
    let mut place = 0;
    while place < marks.len() {
        classes[marks[place] as usize] = ODD;
        place += 1;
    }
    classes[b'u' as usize] = LETTER;
    classes[b'0' as usize] = ZERO;
    classes
};
const ODD: u8 = 1;
const LETTER: u8 = 2;
const ZERO: u8 = 4;

/// Whether the bytes of a text show that nothing is wrong with it. One look at each: this is asked of every text.
fn is_certainly_sound(text: &str) -> bool {
    let classes = text
        .bytes()
        .fold(0, |all, byte| all | CLASSES[usize::from(byte)]);
    classes & ODD == 0 && classes != LETTER | ZERO
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

    proptest! {
        #[test]
        fn what_is_certainly_sound_has_no_doubts(
            text in "([ -~]|[u0-9xX_]|&[a-z]{2,5};|[A-Za-z ]{0,9}|\\PC){0,12}",
            is_name in any::<bool>(),
        ) {
            let slot = TextSlot { slot: 0, field: 0, is_name, is_wide_usual: !is_name };
            prop_assert!(!is_certainly_sound(&text) || text_doubts(&text, &slot).is_empty());
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
            assert!(is_certainly_sound(text), "{text}");
        }
        for text in [
            "O'Brien",
            "M?ller",
            "Zoë",
            "&amp;",
            "Mu00f1oz",
            "Gable & Moss",
        ] {
            assert!(!is_certainly_sound(text), "{text}");
        }
    }
}
