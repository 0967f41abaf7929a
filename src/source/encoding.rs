//! The encodings that exports come in, and finding out which one a file has.
//!
//! Owner of [`Encoding`] and of the rules of [`Encoding::find`]. They prefer a gap to a wrong character: a file that is
//! UTF-8 with broken places stays UTF-8, since read as Windows-1252 each of its characters would become two wrong ones.
//! Left out on purpose: UTF-32, and code pages that cannot be told from Windows-1252 without knowing the language;
//! the setting `encoding` cannot name them either.

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// Windows-1252: ISO-8859-1 with printable characters at 80 to 9F.
    Windows1252,
    /// ISO-8859-1, whose 80 to 9F are control characters.
    Iso8859_1,
    /// ISO-8859-15: ISO-8859-1 with the euro sign and seven other letters.
    Iso8859_15,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The encoding.
    pub encoding: Encoding,
    /// Bytes of the byte order mark, which is no text.
    pub bom: usize,
    /// Whether a person need not look.
    pub sure: bool,
    /// The evidence, as words for a sentence.
    pub why: &'static str,
}

/// How people write them; the first word of each is ours.
const WORDS: &[(Encoding, &[&str])] = &[
    (Encoding::Utf8, &["utf-8", "utf8"]),
    (
        Encoding::Utf16Le,
        &["utf-16le", "utf16le", "utf-16", "utf16", "ucs-2", "ucs2"],
    ),
    (Encoding::Utf16Be, &["utf-16be", "utf16be"]),
    (
        Encoding::Windows1252,
        &[
            "windows-1252",
            "windows1252",
            "cp1252",
            "cp-1252",
            "1252",
            "ansi",
            "win1252",
        ],
    ),
    (
        Encoding::Iso8859_1,
        &[
            "iso-8859-1",
            "iso8859-1",
            "iso88591",
            "latin1",
            "latin-1",
            "l1",
        ],
    ),
    (
        Encoding::Iso8859_15,
        &[
            "iso-8859-15",
            "iso8859-15",
            "iso885915",
            "latin9",
            "latin-9",
            "l9",
        ],
    ),
];

impl Encoding {
    /// All of them.
    pub const ALL: [Encoding; 6] = [
        Encoding::Utf8,
        Encoding::Utf16Le,
        Encoding::Utf16Be,
        Encoding::Windows1252,
        Encoding::Iso8859_1,
        Encoding::Iso8859_15,
    ];

    /// Its name in settings and messages.
    pub fn word(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16Le => "utf-16le",
            Encoding::Utf16Be => "utf-16be",
            Encoding::Windows1252 => "windows-1252",
            Encoding::Iso8859_1 => "iso-8859-1",
            Encoding::Iso8859_15 => "iso-8859-15",
        }
    }

    /// The encoding that a setting names, in any case, with `_` or a blank for `-`.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        let mut hits = WORDS
            .iter()
            .filter(|(_, words)| words.contains(&word.as_str()));
        hits.next().map(|(encoding, _)| *encoding)
    }

    /// How many bytes of a beginning are this encoding's byte order mark.
    pub fn bom(self, start: &[u8]) -> usize {
        let mark: &[u8] = match self {
            Encoding::Utf8 => b"\xEF\xBB\xBF",
            Encoding::Utf16Le => b"\xFF\xFE",
            Encoding::Utf16Be => b"\xFE\xFF",
            _ => return 0,
        };
        if start.starts_with(mark) {
            mark.len()
        } else {
            0
        }
    }

    /// The encoding of a file, from blocks of its bytes. The first block is the file's beginning; each begins at an
    /// even offset and may be cut inside of a character.
    pub fn find(blocks: &[&[u8]]) -> Found {
        let found = |encoding, sure, why| Found {
            encoding,
            bom: 0,
            sure,
            why,
        };
        let first = blocks.first().copied().unwrap_or_default();
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            let bom = encoding.bom(first);
            if bom > 0 {
                return Found {
                    encoding,
                    bom,
                    sure: true,
                    why: "a byte order mark",
                };
            }
        }
        if let Some(encoding) = wide(blocks) {
            return found(encoding, true, "every other byte is NUL");
        }
        let utf8 = Utf8::of(blocks);
        if utf8.broken == 0 && utf8.whole == 0 {
            return found(Encoding::Utf8, true, "ASCII only");
        }
        if utf8.broken == 0 {
            return found(Encoding::Utf8, true, "valid UTF-8");
        }
        // A quarter is enough: a text in one byte a character hardly ever has two that happen to be valid UTF-8.
        if utf8.whole * 4 >= utf8.broken {
            let sure = utf8.whole >= utf8.broken * 10;
            return found(Encoding::Utf8, sure, "UTF-8 with bytes that are not");
        }
        single(blocks)
    }
}

/// UTF-16 without a mark: most characters of an export are ASCII, so that one half of the bytes is mostly NUL and the
/// other is not.
fn wide(blocks: &[&[u8]]) -> Option<Encoding> {
    let (mut pairs, mut high, mut low) = (0usize, 0usize, 0usize);
    for pair in blocks.iter().flat_map(|block| block.chunks_exact(2)) {
        pairs += 1;
        high += usize::from(pair[0] == 0 && pair[1] != 0);
        low += usize::from(pair[1] == 0 && pair[0] != 0);
    }
    let mostly = |most: usize, least: usize| most * 4 >= pairs && least * 20 <= most;
    match pairs >= 2 {
        true if mostly(low, high) => Some(Encoding::Utf16Le),
        true if mostly(high, low) => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Characters beyond ASCII as UTF-8 counts them.
#[derive(Default)]
struct Utf8 {
    whole: usize,
    broken: usize,
}

impl Utf8 {
    fn of(blocks: &[&[u8]]) -> Utf8 {
        let mut count = Utf8::default();
        for (index, block) in blocks.iter().enumerate() {
            // What a cut left of a character at the block's beginning.
            let cut = block
                .iter()
                .take(3)
                .take_while(|byte| **byte & 0xC0 == 0x80)
                .count();
            let block = if index == 0 { block } else { &block[cut..] };
            let mut chunks = block.utf8_chunks().peekable();
            while let Some(chunk) = chunks.next() {
                let beyond = |byte: &&u8| **byte >= 0xC0;
                count.whole += chunk.valid().as_bytes().iter().filter(beyond).count();
                let broken = chunk.invalid();
                let cut = chunks.peek().is_none() && incomplete(broken);
                count.broken += usize::from(!broken.is_empty() && !cut);
            }
        }
        count
    }
}

/// Whether bytes at the end of a block are the beginning of a character.
fn incomplete(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// One byte a character: Windows-1252, unless what it would show is convincingly something else.
fn single(blocks: &[&[u8]]) -> Found {
    let found = |encoding, sure, why| Found {
        encoding,
        bom: 0,
        sure,
        why,
    };
    let (mut controls, mut euro, mut odd) = (false, false, false);
    for block in blocks {
        for (at, &byte) in block.iter().enumerate().filter(|(_, byte)| **byte >= 0x80) {
            let before = at.checked_sub(1).map_or(b' ', |at| block[at]);
            let after = block.get(at + 1).copied().unwrap_or(b' ');
            let inside = before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
            let touches = before.is_ascii_alphabetic() || after.is_ascii_alphabetic();
            controls |= byte < 0xA0;
            euro |= match byte {
                0xA4 => before.is_ascii_digit() || after.is_ascii_digit(),
                0xA6 | 0xA8 | 0xBC | 0xBD => inside,
                _ => false,
            };
            odd |= touches && !beside_letters(byte);
        }
    }
    if !controls && euro {
        return found(
            Encoding::Iso8859_15,
            false,
            "letters and euro signs where ISO-8859-15 has them",
        );
    }
    if odd {
        return found(
            Encoding::Windows1252,
            false,
            "no UTF-8, and signs inside of words as it shows it",
        );
    }
    found(
        Encoding::Windows1252,
        true,
        "no UTF-8, and letters where it has them",
    )
}

/// Whether what Windows-1252 has at a byte is often seen beside a letter: letters, and signs of typography.
fn beside_letters(byte: u8) -> bool {
    matches!(byte,
        0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0xFF | 0x8A | 0x8C | 0x8E | 0x9A | 0x9C | 0x9E | 0x9F | 0x83
        | 0x85 | 0x91..=0x97 | 0x99 | 0xA0 | 0xA9..=0xAB | 0xAD..=0xAE | 0xB0 | 0xB4 | 0xB7 | 0xBA | 0xBB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_them_in_many_ways() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::from_word(encoding.word()), Some(encoding));
        }
        for (word, encoding) in [
            ("UTF8", Encoding::Utf8),
            ("utf_16le", Encoding::Utf16Le),
            ("UTF-16", Encoding::Utf16Le),
            ("UTF-16BE", Encoding::Utf16Be),
            ("Windows 1252", Encoding::Windows1252),
            ("ANSI", Encoding::Windows1252),
            ("cp1252", Encoding::Windows1252),
            ("Latin1", Encoding::Iso8859_1),
            ("ISO_8859-1", Encoding::Iso8859_1),
            ("latin9", Encoding::Iso8859_15),
        ] {
            assert_eq!(Encoding::from_word(word), Some(encoding), "{word}");
        }
        assert_eq!(Encoding::from_word("ebcdic"), None);
        // To Windows it is UTF-16, to everybody else it is none.
        assert_eq!(Encoding::from_word("unicode"), None);
    }

    #[test]
    fn bytes_say_what_they_are() {
        use Encoding::{Iso8859_15, Utf8, Utf16Be, Utf16Le, Windows1252};
        let table: &[(&[u8], Encoding, usize, bool)] = &[
            (b"", Utf8, 0, true),
            (b"ID,NAME\n1,Ann\n", Utf8, 0, true),
            ("ID,NAME\n1,Zo\u{eb}\n".as_bytes(), Utf8, 0, true),
            ("ID,NAME\n1,\u{5f20}\u{4f1f}\n".as_bytes(), Utf8, 0, true),
            (b"\xEF\xBB\xBFID\n", Utf8, 3, true),
            // The mark decides, whatever follows.
            (b"\xEF\xBB\xBFID\nZo\xEB\n", Utf8, 3, true),
            (b"\xFF\xFEI\0D\0\n\0", Utf16Le, 2, true),
            (b"\xFE\xFF\0I\0D\0\n", Utf16Be, 2, true),
            (b"I\0D\0,\0N\0\n\0", Utf16Le, 0, true),
            (b"\0I\0D\0,\0N\0\n", Utf16Be, 0, true),
            // A field filled up with NULs, as fixed records have them, is no UTF-16.
            (
                b"ID,NAME\n1,Ann\0\0\0\0\0\0\n2,Bo\0\0\0\0\0\0\0\n",
                Utf8,
                0,
                true,
            ),
            // Two exports in one file: what is not UTF-8 becomes gaps, rather than what is to become two characters.
            (b"1,Zo\xC3\xAB\n2,Zo\xEB\n", Utf8, 0, false),
            (b"ID,NAME\n1,Zo\xEB\n2,M\xFCller\n", Windows1252, 0, true),
            (b"ID,NAME\n1,O\x92Neil\n", Windows1252, 0, true),
            (b"ID,NAME\n1,O\xB4Neil\n", Windows1252, 0, true),
            (b"ID,UNIT\n1,\xBD\n2,\xA71\n", Windows1252, 0, true),
            // As DOS wrote it: no letters for Windows-1252, so a person has to look.
            (b"ID,NAME\n1,M\x81ller\n2,Ren\x82\n", Windows1252, 0, false),
            (b"ID,LIMIT\n1,\xA4500\n", Iso8859_15, 0, false),
            (b"ID,NAME\n1,C\xBDur\n", Iso8859_15, 0, false),
            // With a character that only Windows-1252 has, the same byte is what it is there.
            (b"ID,LIMIT\n1,\xA4500\n2,O\x92Neil\n", Windows1252, 0, true),
        ];
        for (bytes, encoding, bom, sure) in table {
            let found = Encoding::find(&[bytes]);
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(
                (found.encoding, found.bom, found.sure),
                (*encoding, *bom, *sure),
                "{text:?}: {}",
                found.why
            );
        }
    }

    #[test]
    fn a_cut_inside_of_a_character_breaks_none() {
        let text = "ID,NAME\n1,Zo\u{eb}\n2,\u{1f600}\u{5f20}\n".as_bytes();
        for at in 0..=text.len() {
            for to in at..=text.len() {
                let found = Encoding::find(&[&text[..at], &text[to..]]);
                assert_eq!(
                    (found.encoding, found.sure),
                    (Encoding::Utf8, true),
                    "{at} {to}"
                );
            }
        }
        // A byte that is cut off is none that is wrong.
        assert_eq!(
            Encoding::find(&[b"ID\n", b"1,Zo\xEB,"]).encoding,
            Encoding::Windows1252
        );
    }
}
