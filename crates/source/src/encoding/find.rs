//! Finding out which encoding a file has.
//!
//! Owner of the rules of [`Encoding::find`]: a byte order mark, then UTF-16 by its NULs, then UTF-8, then what reads like
//! words, where `chardetng` knows the frequencies of letters and `plausible` what no writer writes. They prefer a gap to a
//! wrong character: a file that is UTF-8 with broken places stays UTF-8, since read as Windows-1252 each of its characters
//! would become two wrong ones; and where two encodings read equally well, both are named, and a person has to choose.
//! Left out on purpose: languages. Nobody has said in which one the customers of an export are named.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::Encoding;
use super::plausible::{SampleWords, WordReading};
use super::torn::is_only_torn;

/// The encoding that was found, and the evidence for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodingGuess {
    /// The encoding.
    pub encoding: Encoding,
    /// Bytes of the byte order mark, which is no text.
    pub bom: usize,
    /// The evidence leaves no doubt, so that nobody has to confirm it.
    pub is_confident: bool,
    /// The evidence, as words for a sentence.
    pub why: &'static str,
    /// Another encoding in which the file reads as well, and differently: a person has to choose.
    pub rival: Option<Encoding>,
}

fn found(encoding: Encoding, sure: bool, why: &'static str) -> EncodingGuess {
    EncodingGuess {
        encoding,
        bom: 0,
        is_confident: sure,
        why,
        rival: None,
    }
}

impl Encoding {
    /// The encoding of a file, from blocks of its bytes. The first block is the file's beginning; each begins at an
    /// even offset and may be cut inside of a character.
    pub fn find(blocks: &[&[u8]]) -> EncodingGuess {
        let first = blocks.first().copied().unwrap_or_default();
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            let bom = encoding.bom(first);
            if bom > 0 {
                return EncodingGuess {
                    bom,
                    ..found(encoding, true, "a byte order mark")
                };
            }
        }
        if let Some(encoding) = wide(blocks) {
            return found(encoding, true, "every other byte is NUL");
        }
        let utf8 = Utf8::of(blocks);
        if utf8.broken == 0 && utf8.whole == 0 {
            return match escapes(blocks) {
                true => found(Encoding::Iso2022Jp, true, "escape sequences of ISO-2022-JP"),
                false => found(Encoding::Utf8, true, "ASCII only"),
            };
        }
        if utf8.broken == 0 {
            return found(Encoding::Utf8, true, "valid UTF-8");
        }
        let why = "UTF-8 with bytes that are not";
        if utf8.whole >= utf8.broken * 10 {
            return found(Encoding::Utf8, true, why);
        }
        let other = single(blocks);
        if utf8.whole == 0 && is_only_torn(blocks) {
            let reads = SampleWords::of(blocks).look(other.encoding).is_plausible();
            return EncodingGuess {
                rival: Some(other.encoding).filter(|_| reads),
                ..found(Encoding::Utf8, false, why)
            };
        }
        // A quarter is enough: a text in one byte a character hardly ever has two that happen to be valid UTF-8 and look
        // like a character of words.
        let look = SampleWords::of(blocks).look(Encoding::Utf8);
        if (look.all - look.odd) * 4 < utf8.broken {
            return other;
        }
        let reads = SampleWords::of(blocks).look(other.encoding).is_plausible();
        EncodingGuess {
            rival: Some(other.encoding).filter(|_| reads),
            ..found(Encoding::Utf8, false, why)
        }
    }
}

/// UTF-16 without a mark: most characters of an export are ASCII, so that one half of the bytes is mostly NUL and the
/// other is not.
fn wide(blocks: &[&[u8]]) -> Option<Encoding> {
    if !blocks.iter().any(|block| block.contains(&0)) {
        return None;
    }
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
        let beyond_ascii = |(_, block): &(usize, &&[u8])| !block.is_ascii();
        for (index, block) in blocks.iter().enumerate().filter(beyond_ascii) {
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

/// Whether ASCII has the escape sequences with which ISO-2022-JP begins its Japanese characters.
fn escapes(blocks: &[&[u8]]) -> bool {
    let has = |sequence: &[u8]| {
        let mut blocks = blocks.iter();
        blocks.any(|block| memchr::memmem::find(block, sequence).is_some())
    };
    has(b"\x1B$B") || has(b"\x1B$@")
}

/// Encodings that are tried beside Windows-1252 and what `chardetng` says, which knows none of these but the first.
const TRIED: [Encoding; 7] = [
    Encoding::Windows1250,
    Encoding::Macintosh,
    Encoding::Cp437,
    Encoding::Cp850,
    Encoding::Cp852,
    Encoding::Windows1254,
    Encoding::Windows1257,
];

/// The same for words without a Latin letter, as long as there are so few that frequencies say nothing.
const TRIED_ON_FEW: [Encoding; 9] = [
    Encoding::Windows1251,
    Encoding::Koi8R,
    Encoding::Ibm866,
    Encoding::Windows1253,
    Encoding::Gbk,
    Encoding::Big5,
    Encoding::ShiftJis,
    Encoding::EucJp,
    Encoding::EucKr,
];
const FEW: usize = 4;

/// All others of single bytes that somebody may have written names in, and that `chardetng` knows nothing of: each only counts
/// where it reads like one language.
const UNCOMMON: [Encoding; 27] = [
    Encoding::Iso8859_15,
    Encoding::Iso8859_3,
    Encoding::Iso8859_4,
    Encoding::Iso8859_10,
    Encoding::Iso8859_13,
    Encoding::Iso8859_14,
    Encoding::Iso8859_16,
    Encoding::MacCyrillic,
    Encoding::MacCentralEurope,
    Encoding::MacTurkish,
    Encoding::MacCroatian,
    Encoding::MacRomanian,
    Encoding::MacIcelandic,
    Encoding::MacGreek,
    Encoding::Cp720,
    Encoding::Cp737,
    Encoding::Cp775,
    Encoding::Cp855,
    Encoding::Cp857,
    Encoding::Cp860,
    Encoding::Cp861,
    Encoding::Cp862,
    Encoding::Cp863,
    Encoding::Cp864,
    Encoding::Cp865,
    Encoding::Cp869,
    Encoding::Koi8U,
];

/// Those of them that programs of DOS wrote, and so are as likely as a common one that reads as well; the others have to
/// read better.
const ON_A_PAR: [Encoding; 5] = [
    Encoding::Cp860,
    Encoding::Cp862,
    Encoding::Cp737,
    Encoding::Cp869,
    Encoding::Cp775,
];

/// So many words of a file are read in each of them.
const UNCOMMON_WORDS: usize = 2000;

/// Bytes beyond ASCII that some exports have between their cells: `§`, `¦`, `¬`, `¤`, `¶` and `·` of Windows-1252.
const DELIMITERS: [u8; 6] = [0xA7, 0xA6, 0xAC, 0xA4, 0xB6, 0xB7];

/// The one of these that nearly every line has as often as the first.
fn delimiter(blocks: &[&[u8]]) -> Option<u8> {
    let lines = blocks.first()?.split(|byte| matches!(byte, b'\n' | b'\r'));
    let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).take(200).collect();
    DELIMITERS.into_iter().find(|delimiter| {
        let count = |line: &&[u8]| memchr::memchr_iter(*delimiter, line).count();
        let first = lines.first().map_or(0, count);
        let same = lines.iter().filter(|line| count(line) == first).count();
        first > 0 && lines.len() > 1 && same * 10 >= lines.len() * 8
    })
}

/// A file that is no UTF: Windows-1252, unless it reads better as something else.
fn single(blocks: &[&[u8]]) -> EncodingGuess {
    // What stands between cells is no letter of theirs.
    let Some(delimiter) = delimiter(blocks) else {
        return read_best(blocks);
    };
    let plain = |byte: &u8| if *byte == delimiter { b',' } else { *byte };
    let replaced: Vec<Vec<u8>> = blocks
        .iter()
        .map(|block| block.iter().map(plain).collect())
        .collect();
    let blocks: Vec<&[u8]> = replaced.iter().map(Vec::as_slice).collect();
    match blocks.iter().all(|block| block.is_ascii()) {
        true => found(
            Encoding::Windows1252,
            true,
            "no UTF-8, and a delimiter where it has one",
        ),
        false => read_best(&blocks),
    }
}

/// The encoding in which the words of a file read best.
fn read_best(blocks: &[&[u8]]) -> EncodingGuess {
    use Encoding::{Iso8859_15, Windows1252};
    if euro(blocks) {
        return found(Iso8859_15, false, "euro signs where ISO-8859-15 has them");
    }
    let words = SampleWords::of(blocks);
    let western = words.look(Windows1252);
    let guess = guess(&words);
    let few = TRIED_ON_FEW.iter().filter(|_| words.count() < FEW);
    let mut others: Vec<(Encoding, WordReading)> = std::iter::once(guess)
        .chain(TRIED)
        .chain(few.copied())
        .map(|encoding| (encoding, words.look(encoding)))
        .filter(|(_, look)| look.text != western.text)
        .collect();
    prefer_latin_2(&words, &mut others);
    if western.is_plausible() {
        let rival = rival(&western, &others, guess)
            .or_else(|| foreign_words(&words, &western, &others))
            .or_else(|| latin_9(&words))
            .or_else(|| one_language(&words, &others));
        return EncodingGuess {
            rival,
            ..found(
                Windows1252,
                rival.is_none(),
                "no UTF-8, and letters where it has them",
            )
        };
    }
    let mut plausible: Vec<&(Encoding, WordReading)> = others
        .iter()
        .filter(|(_, look)| look.is_plausible())
        .collect();
    // A stable sort: of equals the guess stays first.
    plausible.sort_by_key(|(_, look)| look.odd);
    let uncommon = uncommon(&words, plausible.first().map(|(encoding, _)| *encoding));
    let why = "letters where it has them, and no other has";
    match (plausible.split_first(), uncommon) {
        (Some(((best, look), rest)), uncommon) => EncodingGuess {
            rival: rest
                .iter()
                .find(|(_, other)| other.text != look.text)
                .map(|(encoding, _)| *encoding)
                .or(uncommon),
            ..found(*best, false, why)
        },
        (None, Some(best)) => found(best, false, why),
        // Nothing reads well. Where something reads much better, or much reads badly, a person should know.
        (None, None) => {
            let best = others.iter().min_by_key(|(_, look)| look.odd);
            let much = western.odd > 2 && western.odd * 4 > western.all;
            let better = best.filter(|(_, look)| much || look.odd * 2 < western.odd);
            EncodingGuess {
                rival: better.map(|(encoding, _)| *encoding),
                ..found(
                    Windows1252,
                    false,
                    "no UTF-8, and signs inside of words as it shows it",
                )
            }
        }
    }
}

/// The uncommon encoding that reads best and differently from the best of the common ones, when no more speaks against it.
fn uncommon(words: &SampleWords<'_>, best: Option<Encoding>) -> Option<Encoding> {
    let words = words.at_most(UNCOMMON_WORDS);
    let best = best.map(|encoding| words.look(encoding));
    let reads = |encoding: Encoding| (encoding, words.look(encoding));
    let fits = |(encoding, look): &(Encoding, WordReading)| {
        let is_other = best.as_ref().is_none_or(|best| {
            let (own, others) = (look.against(), best.against());
            let is_as_good = own == others && ON_A_PAR.contains(encoding);
            best.text != look.text && (own < others || is_as_good)
        });
        is_other && look.is_plausible() && look.is_of_one_language()
    };
    let sound = UNCOMMON.into_iter().map(reads).filter(fits);
    sound
        .min_by_key(|(_, look)| look.against())
        .map(|(encoding, _)| encoding)
}

/// ISO-8859-15, where the words that it reads differently have signs beside letters for Windows-1252: one such word says it.
fn latin_9(words: &SampleWords<'_>) -> Option<Encoding> {
    use Encoding::{Iso8859_15, Windows1252};
    let differing = words.differing(Windows1252, Iso8859_15);
    let western = differing.look(Windows1252);
    let other = differing.look(Iso8859_15);
    (western.odd > other.odd && other.is_plausible()).then_some(Iso8859_15)
}

/// The encoding in which a file reads like one language, where it has letters of several for Windows-1252.
fn one_language(words: &SampleWords<'_>, others: &[(Encoding, WordReading)]) -> Option<Encoding> {
    let words = words.at_most(UNCOMMON_WORDS);
    let western = words.look(Encoding::Windows1252);
    if western.strange < 2 || western.strange * 4 <= western.all {
        return None;
    }
    let common = others.iter().map(|(encoding, _)| *encoding);
    let read = common
        .chain(UNCOMMON)
        .map(|encoding| (encoding, words.look(encoding)));
    let sound = read.filter(|(_, look)| {
        look.text != western.text && look.is_plausible() && look.is_of_one_language()
    });
    sound
        .min_by_key(|(_, look)| look.against())
        .map(|(encoding, _)| encoding)
}

/// What reads as well as Windows-1252 does, if anything: what the frequencies of letters speak for; or what has common
/// letters where Windows-1252 has, in a quarter of all places, such as are rare or stand wrong.
fn rival(
    western: &WordReading,
    others: &[(Encoding, WordReading)],
    guess: Encoding,
) -> Option<Encoding> {
    let doubtful = (western.odd + western.rare) * 4 > western.all;
    let fits = |(encoding, look): &&(Encoding, WordReading)| {
        look.is_plausible() && (*encoding == guess || (doubtful && look.rare <= western.rare / 4))
    };
    others.iter().find(fits).map(|(encoding, _)| *encoding)
}

/// ISO-8859-2 in the place of Windows-1250, where that has more signs inside of words: most letters of the two are the same.
fn prefer_latin_2(words: &SampleWords<'_>, others: &mut [(Encoding, WordReading)]) {
    let latin_2 = words.look(Encoding::Iso8859_2);
    for (encoding, look) in others {
        if *encoding == Encoding::Windows1250 && latin_2.odd < look.odd {
            (*encoding, *look) = (Encoding::Iso8859_2, latin_2.clone());
        }
    }
}

/// What reads a few words better than Windows-1252 among many that read the same in both: the Polish customers of a German
/// bank. Only the words that differ are looked at, and one letter is not enough to ask a person.
fn foreign_words(
    words: &SampleWords<'_>,
    western: &WordReading,
    others: &[(Encoding, WordReading)],
) -> Option<Encoding> {
    if western.odd + western.rare < 2 {
        return None;
    }
    let reads_better = |(encoding, all): &&(Encoding, WordReading)| {
        let differing = words.differing(Encoding::Windows1252, *encoding);
        let western = differing.look(Encoding::Windows1252);
        let look = differing.look(*encoding);
        let wrong = western.odd + western.rare;
        all.is_plausible()
            && wrong > 1
            && wrong * 4 > western.all
            && look.is_plausible()
            && look.rare <= western.rare / 4
    };
    let better = others.iter().filter(reads_better);
    better
        .min_by_key(|(_, look)| look.odd)
        .map(|(encoding, _)| *encoding)
}

/// What the frequencies of letters speak for.
fn guess(words: &SampleWords<'_>) -> Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&words.text(), false);
    let name = detector.guess(None, Utf8Detection::Deny).name();
    Encoding::from_word(name).unwrap_or(Encoding::Windows1252)
}

/// Whether there are euro signs beside numbers where only ISO-8859-15 has them, and nothing where it has control characters.
fn euro(blocks: &[&[u8]]) -> bool {
    let (mut controls, mut euro) = (false, false);
    for block in blocks {
        for (at, &byte) in block.iter().enumerate().filter(|(_, byte)| **byte >= 0x80) {
            let before = at.checked_sub(1).map_or(b' ', |at| block[at]);
            let after = block.get(at + 1).copied().unwrap_or(b' ');
            controls |= byte < 0xA0;
            euro |= byte == 0xA4
                && (before.is_ascii_digit() || after.is_ascii_digit())
                && !before.is_ascii_alphabetic()
                && !after.is_ascii_alphabetic();
        }
    }
    euro && !controls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_say_what_they_are() {
        use Encoding::{Cp437, Iso8859_15, Utf8, Utf16Be, Utf16Le, Windows1252};
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
            // A character that was cut, and damaged ones, in what is ASCII otherwise.
            (b"ID,NAME\n1,Mar\xC3\n2,Ann\n", Utf8, 0, false),
            (b"ID,NAME\n1,Ma\xC0\x80ra\n2,Ann\n", Utf8, 0, false),
            (b"ID,NAME\n1,Ma\xED\xB2\x80ra\n2,Ann\n", Utf8, 0, false),
            (b"ID,NAME\n1,Ren\xE9\n2,Ann\n", Windows1252, 0, true),
            (b"ID,NAME\n1,Ren\xE9\n2,Mar\xC3\n", Windows1252, 0, false),
            (b"ID,NAME\n1,O\x92Neil\n", Windows1252, 0, true),
            (b"ID,NAME\n1,O\xB4Neil\n", Windows1252, 0, true),
            (b"ID,UNIT\n1,\xBD\n2,\xA71\n", Windows1252, 0, true),
            // As DOS wrote it: no letters for Windows-1252.
            (b"ID,NAME\n1,M\x81ller\n2,Ren\x82\n", Cp437, 0, false),
            (b"ID,LIMIT\n1,\xA4500\n", Iso8859_15, 0, false),
            (b"ID,NAME\n1,C\xBDur\n", Iso8859_15, 0, false),
            // With a character that only Windows-1252 has, the same byte is what it is there.
            (b"ID,LIMIT\n1,\xA4500\n2,O\x92Neil\n", Windows1252, 0, true),
        ];
        for (bytes, encoding, bom, sure) in table {
            let found = Encoding::find(&[bytes]);
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(
                (found.encoding, found.bom, found.is_confident),
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
                    (found.encoding, found.is_confident),
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
