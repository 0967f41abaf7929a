//! Characters of UTF-8 that were cut or damaged, in a file that is ASCII otherwise.
//!
//! Owner of the judgement whether nothing but such characters stands beyond ASCII: `Mar\xC3`, where a program cut a name by its
//! bytes, `Ma\xC0\x80ra`, half of a surrogate pair. Read as Windows-1252 each would become a wrong letter without a word. What
//! Windows-1252 has at such a place keeps it: `Ren\xE9`, `Andr\xE9\x92s`, `Wei\xDF`, `JOS\xC9`.

/// The most of them that are damage; more are another encoding.
const MOST: usize = 20;

/// Whether every byte beyond ASCII belongs to a character of UTF-8 that is broken.
pub(super) fn is_only_torn(blocks: &[&[u8]]) -> bool {
    let mut count = 0;
    let is_cut = blocks.len() > 1;
    for block in blocks {
        let mut at = 0;
        while let Some(begin) = block[at..].iter().position(|byte| *byte >= 0x80) {
            let begin = at + begin;
            let length = block[begin..].iter().position(u8::is_ascii);
            let end = length.map_or(block.len(), |length| begin + length);
            at = end;
            // What a block's end cuts says nothing.
            if is_cut && (begin == 0 || end == block.len()) {
                continue;
            }
            let before = begin.checked_sub(1).map(|before| block[before]);
            let after = block.get(end).copied();
            if !is_torn(before, &block[begin..end], after) {
                return false;
            }
            count += 1;
        }
    }
    (1..=MOST).contains(&count)
}

/// Whether bytes beyond ASCII between two others are broken characters of UTF-8 and no words of Windows-1252.
fn is_torn(before: Option<u8>, run: &[u8], after: Option<u8>) -> bool {
    let mut rest = run;
    while let Some((first, behind)) = rest.split_first() {
        let length = behind
            .iter()
            .take_while(|byte| **byte & 0xC0 == 0x80)
            .count();
        let (further, behind) = behind.split_at(length);
        let is_first = rest.len() == run.len();
        let is_last = behind.is_empty();
        let torn = match first {
            // A capital at the end of a word of small letters.
            0xC2..=0xDE if further.is_empty() => {
                *first != 0xD7
                    && is_first
                    && is_last
                    && before.is_some_and(|byte| byte.is_ascii_lowercase())
                    && !after.is_some_and(|byte| byte.is_ascii_alphanumeric())
            }
            0xC0..=0xFD => further.iter().any(|byte| is_no_text(*byte)),
            _ => false,
        };
        if !torn {
            return false;
        }
        rest = behind;
    }
    true
}

/// Whether Windows-1252 has a character for a byte that no text has behind a letter: no letter, quotation mark, dash or sign of
/// firms.
fn is_no_text(byte: u8) -> bool {
    !matches!(
        byte,
        0x85 | 0x8A | 0x8C | 0x8E | 0x91
            ..=0x97
                | 0x99
                | 0x9A
                | 0x9C
                | 0x9E
                | 0x9F
                | 0xA0
                | 0xA9
                | 0xAA
                | 0xAB
                | 0xAD
                | 0xAE
                | 0xB4
                | 0xB7
                | 0xBA
                | 0xBB
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_from_words() {
        for text in [
            &b"1,Mar\xC3"[..],
            b"1,Mar\xC3,x\n",
            b"1,\"Mar\xC3\"\n",
            b"1,Mar\xC3 X\n",
            b"1,Mar\xE2\x82,x\n",
            b"1,Ma\xC0\x80ra\n",
            b"1,Ma\xC1\xA1ra\n",
            b"1,Ma\xED\xB2\x80ra\n",
            b"1,Ma\xED\xA0\xBD\xED\xB8\x80ra\n",
            b"1,Ma\xF4\x90\x80\x80ra\n",
            b"1,Ma\xF8\x88\x80\x80\x80ra\n",
        ] {
            assert!(is_only_torn(&[text]), "{}", text.escape_ascii());
        }
        for text in [
            &b"1,Ann\n"[..],
            b"1,Ren\xE9\n",
            b"1,Andr\xE9\x92s\n",
            b"1,Caf\xE9\xAE\n",
            b"1,Wei\xDF\n",
            b"1,JOS\xC9\n",
            b"1,M\xFCller\n",
            b"1,Ma\x80ra\n",
            b"1,Smith\xD5s\n",
            b"1,S\xC3O PAULO\n",
            b"1,Mar\xC3\n2,Ren\xE9\n",
            // Cyrillic, Chinese and Greek in the encodings of their countries.
            b"1,\xC8\xE2\xE0\xED\n",
            b"1,\xD5\xC5\xC8\xFD\n",
            b"1,\xC3\xE9\xFE\xF1\n",
        ] {
            assert!(!is_only_torn(&[text]), "{}", text.escape_ascii());
        }
        assert!(!is_only_torn(&[&b"Mar\xC3,".repeat(MOST + 1)]));
        assert!(is_only_torn(&[b"1,Mar\xC3,x\n,Zo\xC3", b"\xAB\n"]));
    }
}
