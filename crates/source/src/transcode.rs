//! Bytes in any encoding → UTF-8, as a stream.
//!
//! Owner of [`Transcode`]. Invariant: what did not decode is the single byte 0xFF, which no UTF-8 has, and never a
//! replacement character: a cell with one cannot be sent. So is a byte of an encoding of single bytes that stands for a control
//! character: a library that wants to lose nothing gives it that meaning, and no export does. Nothing else is changed: NULs and
//! line ends stay as they are. Runs of ASCII, which most exports are, are copied as they stand.

use std::io::{self, Read};

use encoding_rs::DecoderResult;
use oem_cp::code_table::DECODING_TABLE_CP_MAP;

use super::carried::carried;
use super::encoding::{Decoder, Encoding, character};
use bakkt_model::error::{Failure, FailureKind, Mistakes};

/// What stands for a byte or a unit that did not decode.
pub const BROKEN: u8 = 0xFF;

const BUFFER: usize = 64 << 10;

/// A reader of UTF-8 over a reader of another encoding.
pub struct Transcode<R> {
    inner: R,
    /// What the file is called that must not end in the middle of a character.
    name: Option<String>,
    decoding: DecoderState,
    /// Bytes still to be passed over: the byte order mark.
    skip: usize,
    input: Vec<u8>,
    /// How much of `input` was read and is not decoded yet: at its end a character may be cut.
    filled: usize,
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Transcode<R> {
    /// Reads `inner` in an encoding, after the bytes of its byte order mark.
    pub fn new(inner: R, encoding: Encoding, skip_bom: usize) -> Self {
        Transcode {
            inner,
            name: None,
            decoding: DecoderState::of(encoding),
            skip: skip_bom,
            input: vec![0; BUFFER],
            filled: 0,
            output: Vec::with_capacity(BUFFER),
            given: 0,
            ended: false,
        }
    }

    /// The same of a file that must not end in the middle of a character: half of one in UTF-16 says that the file was cut, however
    /// well the rest of the row reads.
    pub fn whole_file(self, name: &str) -> Self {
        Transcode {
            name: Some(name.to_owned()),
            ..self
        }
    }

    /// The error of a file that was cut.
    fn refuse_half(&self, ready: &[u8]) -> io::Result<()> {
        let is_half = matches!(self.decoding, DecoderState::Utf16(_)) && ready.len() % 2 == 1;
        match self.name.as_deref().filter(|_| is_half && self.ended) {
            None => Ok(()),
            Some(name) => Err(carried(
                name,
                Failure {
                    kind: FailureKind::CannotGoOn,
                    message: format!("{name} ends in the middle of a character: it was cut"),
                    hint: "copy the file again, or have it exported again".to_owned(),
                    mistakes: Mistakes::default(),
                },
            )),
        }
    }

    /// Fills an exhausted output; it stays empty only at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.output.clear();
        self.given = 0;
        while self.output.is_empty() && !self.ended {
            let read = loop {
                match self.inner.read(&mut self.input[self.filled..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.ended = read == 0;
            self.filled += read;
            let skipped = self.skip.min(self.filled);
            self.skip -= skipped;
            let ready = &self.input[skipped..self.filled];
            self.refuse_half(ready)?;
            let used = skipped + self.decoding.decode(ready, self.ended, &mut self.output);
            self.input.copy_within(used..self.filled, 0);
            self.filled -= used;
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcode<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.given == self.output.len() {
            self.fill()?;
        }
        let rest = &self.output[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// The same of a whole text in memory.
pub fn whole(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(bytes.len());
    DecoderState::of(encoding).decode(bytes, true, &mut output);
    output
}

/// How bytes become characters, and where a stream stands in that.
enum DecoderState {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
    /// What each byte from 80 on stands for.
    SingleByte(Box<[Option<char>; 128]>),
    MultiByte(Box<encoding_rs::Decoder>),
    /// What each byte stands for.
    Ebcdic(Box<CharacterTable>),
}

/// What each byte of an encoding of single bytes stands for; none: nothing that an export has.
pub(crate) type CharacterTable = [Option<char>; 256];

/// The table of an encoding; none where a character may take several bytes. In UTF-8, single bytes are ASCII.
pub(crate) fn characters(encoding: Encoding) -> Option<Box<CharacterTable>> {
    let upper = match DecoderState::of(encoding) {
        DecoderState::Ebcdic(table) => return Some(table),
        DecoderState::SingleByte(table) => table,
        DecoderState::Utf8 => Box::new([None; 128]),
        DecoderState::Utf16(_) | DecoderState::MultiByte(_) => return None,
    };
    let mut table = Box::new([None; 256]);
    for (byte, entry) in (0..=0xFFu8).zip(table.iter_mut()) {
        *entry = match byte.is_ascii() {
            true => Some(char::from(byte)),
            false => upper[usize::from(byte & 0x7F)],
        };
    }
    Some(table)
}

impl DecoderState {
    fn of(encoding: Encoding) -> DecoderState {
        let table = |of: &dyn Fn(u8) -> Option<char>| {
            let mut table = Box::new([None; 128]);
            for (byte, entry) in (0x80..=0xFF).zip(table.iter_mut()) {
                *entry = of(byte).filter(|c| !c.is_control());
            }
            DecoderState::SingleByte(table)
        };
        let standard = encoding.standard();
        match (encoding.decoder(), standard) {
            (Decoder::SingleByte, Some(standard)) => table(&|byte| {
                let bytes = [byte];
                let text = standard.decode_without_bom_handling_and_without_replacement(&bytes)?;
                text.chars().next()
            }),
            (Decoder::MultiByte, Some(standard)) => {
                DecoderState::MultiByte(Box::new(standard.new_decoder_without_bom_handling()))
            }
            (Decoder::CodePage(page), _) => {
                let page = DECODING_TABLE_CP_MAP.get(&page);
                table(&|byte| page?.decode_char_checked(byte))
            }
            (Decoder::Table(characters), _) => {
                let characters: Vec<char> = characters.chars().collect();
                table(&|byte| characters.get(usize::from(byte & 0x7F)).copied())
            }
            (Decoder::Ebcdic, _) => {
                let mut table = Box::new([None; 256]);
                for (byte, entry) in (0..=0xFF).zip(table.iter_mut()) {
                    let kept = |c: &char| !c.is_control() || matches!(c, '\0' | '\t' | '\n' | '\r');
                    *entry = character(encoding, byte).filter(kept);
                }
                DecoderState::Ebcdic(table)
            }
            _ => match encoding {
                Encoding::Utf16Le => DecoderState::Utf16(u16::from_le_bytes),
                Encoding::Utf16Be => DecoderState::Utf16(u16::from_be_bytes),
                Encoding::Iso8859_1 => table(&|byte| Some(char::from(byte))),
                _ => DecoderState::Utf8,
            },
        }
    }

    /// Decodes what is whole of `input`, and all of it at the end; the number of bytes used.
    fn decode(&mut self, input: &[u8], ended: bool, output: &mut Vec<u8>) -> usize {
        match self {
            DecoderState::Utf8 => utf8(input, ended, output),
            DecoderState::Utf16(unit) => utf16(input, ended, *unit, output),
            DecoderState::SingleByte(table) => single(input, table, output),
            DecoderState::MultiByte(decoder) => multi(input, ended, decoder, output),
            DecoderState::Ebcdic(table) => {
                for byte in input {
                    match table[usize::from(*byte)] {
                        Some(c) => push(c, output),
                        None => output.push(BROKEN),
                    }
                }
                input.len()
            }
        }
    }
}

fn utf8(input: &[u8], ended: bool, output: &mut Vec<u8>) -> usize {
    let mut used = 0;
    for chunk in input.utf8_chunks() {
        output.extend_from_slice(chunk.valid().as_bytes());
        let broken = chunk.invalid();
        let last = used + chunk.valid().len() + broken.len() == input.len();
        if last && !ended && std::str::from_utf8(broken).is_err_and(|e| e.error_len().is_none()) {
            return input.len() - broken.len();
        }
        if !broken.is_empty() {
            output.push(BROKEN);
        }
        used += chunk.valid().len() + broken.len();
    }
    input.len()
}

fn utf16(input: &[u8], ended: bool, unit: fn([u8; 2]) -> u16, output: &mut Vec<u8>) -> usize {
    let units = input.chunks_exact(2).map(|two| unit([two[0], two[1]]));
    let mut used = 0;
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(c) => {
                push(c, output);
                used += 2 * c.len_utf16();
            }
            Err(half) => {
                let first = matches!(half.unpaired_surrogate(), 0xD800..0xDC00);
                // Its second half may come with the next bytes.
                if first && !ended && used + 4 > input.len() {
                    return used;
                }
                output.push(BROKEN);
                used += 2;
            }
        }
    }
    if ended && used < input.len() {
        output.push(BROKEN);
        used = input.len();
    }
    used
}

fn single(input: &[u8], table: &[Option<char>; 128], output: &mut Vec<u8>) -> usize {
    let mut rest = input;
    while !rest.is_empty() {
        let ascii = rest
            .iter()
            .position(|byte| *byte >= 0x80)
            .unwrap_or(rest.len());
        output.extend_from_slice(&rest[..ascii]);
        rest = &rest[ascii..];
        if let Some((&byte, more)) = rest.split_first() {
            match table[usize::from(byte & 0x7F)] {
                Some(c) => push(c, output),
                None => output.push(BROKEN),
            }
            rest = more;
        }
    }
    input.len()
}

/// The decoder keeps what a cut has left of a character; every byte is used.
fn multi(
    input: &[u8],
    ended: bool,
    decoder: &mut encoding_rs::Decoder,
    output: &mut Vec<u8>,
) -> usize {
    let (mut used, mut space) = (0, [0; 4096]);
    loop {
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(&input[used..], &mut space, ended);
        output.extend_from_slice(&space[..written]);
        used += read;
        match result {
            DecoderResult::InputEmpty => return input.len(),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => output.push(BROKEN),
        }
    }
}

fn push(c: char, output: &mut Vec<u8>) {
    if c.is_ascii() {
        output.push(c as u8);
    } else {
        output.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out so many bytes at a time, so that every character is cut somewhere.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn what_does_not_decode_is_one_byte_that_no_text_has() -> io::Result<()> {
        use Encoding::{Iso8859_1, Iso8859_15, Utf8, Utf16Be, Utf16Le, Windows1252};
        let table: &[(Encoding, &[u8], &[u8])] = &[
            (
                Utf8,
                "a\u{eb}\u{20ac}\u{1f600}\0\r\n".as_bytes(),
                "a\u{eb}\u{20ac}\u{1f600}\0\r\n".as_bytes(),
            ),
            (Utf8, b"Zo\xEB,x", b"Zo\xFF,x"),
            (Utf8, b"\xE2\x82,x", b"\xFF,x"),
            (Utf8, b"x\xE2\x82", b"x\xFF"),
            (Utf8, b"\xED\xA0\x80x", b"\xFF\xFF\xFFx"),
            (Utf8, b"\xFE#N/A", b"\xFF#N/A"),
            (
                Windows1252,
                b"\x80 \x92 \xEB \xFF \x9F",
                "\u{20ac} \u{2019} \u{eb} \u{ff} \u{178}".as_bytes(),
            ),
            (
                Windows1252,
                b"\x81\x8D\x8F\x90\x9D",
                b"\xFF\xFF\xFF\xFF\xFF",
            ),
            (Iso8859_1, b"Zo\xEB \xA4", "Zo\u{eb} \u{a4}".as_bytes()),
            (Iso8859_1, b"O\x92Neil", b"O\xFFNeil"),
            (
                Iso8859_15,
                b"\xA4 C\xBDur \xBE \x80",
                b"\xE2\x82\xAC C\xC5\x93ur \xC5\xB8 \xFF",
            ),
            (
                Utf16Le,
                b"a\0\xEB\0\xAC\x20\x3D\xD8\x00\xDE\0\0",
                "a\u{eb}\u{20ac}\u{1f600}\0".as_bytes(),
            ),
            (
                Utf16Be,
                b"\0a\0\xEB\x20\xAC\xD8\x3D\xDE\x00",
                "a\u{eb}\u{20ac}\u{1f600}".as_bytes(),
            ),
            // A half alone, before a character, at the end; two halves in the wrong order; an odd byte at the end.
            (Utf16Le, b"\x3D\xD8a\0", b"\xFFa"),
            (Utf16Le, b"a\0\x3D\xD8", b"a\xFF"),
            (Utf16Le, b"\x00\xDE\x3D\xD8a\0", b"\xFF\xFFa"),
            (Utf16Le, b"a\0b", b"a\xFF"),
            (Utf16Le, b"\x3D\xD8\x00", b"\xFF\xFF"),
        ];
        for (encoding, bytes, text) in table {
            assert_eq!(whole(*encoding, bytes), *text, "{encoding:?} {bytes:?}");
            for step in 1..=bytes.len() {
                let mut given = Vec::new();
                Transcode::new(Drip(bytes, step), *encoding, 0).read_to_end(&mut given)?;
                assert_eq!(given, *text, "{encoding:?} {bytes:?} by {step}");
            }
        }
        Ok(())
    }

    /// Every character that an encoding has, in texts of which every second character is ASCII.
    fn all_characters(encoding: Encoding) -> String {
        let beyond = match encoding.decoder() {
            Decoder::SingleByte | Decoder::CodePage(_) | Decoder::Table(_) => {
                let bytes: Vec<u8> = (0x80..=0xFF).collect();
                let text = whole(encoding, &bytes);
                let parts = text.split(|byte| *byte == BROKEN);
                parts
                    .map(|part| String::from_utf8_lossy(part).into_owned())
                    .collect()
            }
            Decoder::Ebcdic => ('\u{A0}'..='\u{FF}')
                .filter(|c| encoding != Encoding::Cp1140 || *c != '\u{A4}')
                .collect(),
            Decoder::Own if encoding == Encoding::Iso8859_1 => {
                ('\u{A0}'..='\u{FF}').collect::<String>()
            }
            Decoder::Own => "\u{eb}\u{20ac}\u{5f20}\u{1f600}".to_owned(),
            Decoder::MultiByte => match encoding {
                Encoding::EucKr => "\u{ae40}\u{ac00}\u{d7a3}".to_owned(),
                Encoding::Big5 => "\u{5f35}\u{5049}\u{738b}".to_owned(),
                Encoding::Gbk | Encoding::Gb18030 => "\u{5f20}\u{4f1f}\u{20ac}".to_owned(),
                _ => "\u{7530}\u{4e2d}\u{30bf}\u{3042}".to_owned(),
            },
        };
        beyond.chars().flat_map(|c| ['a', c, ',', c]).collect()
    }

    /// The bytes of a text as the libraries write them.
    fn encoded(encoding: Encoding, text: &str) -> Vec<u8> {
        match encoding.decoder() {
            Decoder::CodePage(page) => {
                let table = oem_cp::code_table::ENCODING_TABLE_CP_MAP
                    .get(&page)
                    .unwrap();
                oem_cp::encode_string_checked(text, table).unwrap()
            }
            Decoder::Table(characters) => {
                let byte = |c: char| match characters.chars().position(|one| one == c) {
                    Some(place) => 0x80 + place as u8,
                    None => c as u8,
                };
                text.chars().map(byte).collect()
            }
            Decoder::Ebcdic => {
                let byte = |c| (0..=0xFF).rfind(|byte| character(encoding, *byte) == Some(c));
                text.chars().filter_map(byte).collect()
            }
            Decoder::Own => match encoding {
                Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                Encoding::Iso8859_1 => text.chars().map(|c| c as u8).collect(),
                _ => text.as_bytes().to_vec(),
            },
            _ => {
                let (bytes, _, lost) = encoding.standard().unwrap().encode(text);
                assert!(!lost, "{encoding:?}");
                bytes.into_owned()
            }
        }
    }

    #[test]
    fn every_encoding_comes_back_as_it_was_written() -> io::Result<()> {
        for &encoding in Encoding::ALL {
            let text = all_characters(encoding);
            assert!(
                text.chars().filter(|c| !c.is_ascii()).count() >= 6,
                "{encoding:?}"
            );
            let bytes = encoded(encoding, &text);
            assert_eq!(whole(encoding, &bytes), text.as_bytes(), "{encoding:?}");
            for step in [1, 2, 3, 7, 64] {
                let mut given = Vec::new();
                Transcode::new(Drip(&bytes, step), encoding, 0).read_to_end(&mut given)?;
                assert_eq!(given, text.as_bytes(), "{encoding:?} by {step}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_character_that_is_cut_in_the_middle_is_one_that_did_not_decode() {
        for (encoding, bytes, text) in [
            (Encoding::ShiftJis, &b"a\x93,b"[..], &b"a\xFF,b"[..]),
            (Encoding::Gbk, b"a\xD5", b"a\xFF"),
            (Encoding::EucKr, b"\xFF,x", b"\xFF,x"),
            (Encoding::Windows1250, b"\x81\x83", b"\xFF\xFF"),
            (Encoding::Cp857, b"\xD5,x", b"\xFF,x"),
        ] {
            assert_eq!(whole(encoding, bytes), text, "{encoding:?}");
        }
    }

    #[test]
    fn the_byte_order_mark_is_no_text() -> io::Result<()> {
        for step in 1..4 {
            let mut given = String::new();
            let mark = Drip(b"\xEF\xBB\xBFID", step);
            Transcode::new(mark, Encoding::Utf8, 3).read_to_string(&mut given)?;
            assert_eq!(given, "ID");
        }
        Ok(())
    }

    #[test]
    fn long_texts_come_whole_over_every_border_of_the_buffer() -> io::Result<()> {
        let text: String = (0..50_000)
            .map(|i| ["a", "\u{eb}", "\u{20ac}", "\u{1f600}"][i % 4])
            .collect();
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (encoding, bytes) in [
            (Encoding::Utf8, text.as_bytes()),
            (Encoding::Utf16Le, &le),
            (Encoding::Utf16Be, &be),
        ] {
            for skip in 0..4 {
                // Bytes before, so that the borders fall elsewhere in a character.
                let before = [vec![b' '; skip], bytes.to_vec()].concat();
                let mut given = String::new();
                Transcode::new(before.as_slice(), encoding, skip).read_to_string(&mut given)?;
                assert!(given == text, "{encoding:?} {skip}");
            }
        }
        Ok(())
    }
}
