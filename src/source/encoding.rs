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
    (Encoding::Utf8, &["utf-8", "utf8", "unicode"]),
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
