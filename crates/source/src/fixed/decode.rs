//! What the bytes of a field hold, as text.
//!
//! Owner of zoned and packed decimals, and of blanks around characters. Digits are kept as they are, zeros in front as well: a
//! number may be an id. Only where a field has decimals do zeros in front go. A field of blanks or of zero bytes holds nothing.

use super::{FieldKind, MOST_DIGITS};
use crate::ERROR_MARK;
use crate::transcode::{BROKEN, CharacterTable};
use bakkt_model::text::is_plain_bytes;

/// The error of a field that holds no packed decimal.
pub(crate) const BAD_PACKED: &str = "no packed decimal";

/// The error of a field that holds something else than digits.
pub(crate) const BAD_ZONED: &str = "no digits";

/// How the bytes of a file become characters and digits.
pub(super) struct Characters {
    table: Box<CharacterTable>,
    /// Bytes that are one printable character of ASCII; 0: any other.
    plain: [u8; 256],
    blank: u8,
    is_ebcdic: bool,
    /// Printable characters of ASCII stand for themselves.
    has_ascii: bool,
    /// No other byte is a character.
    is_ascii_alone: bool,
}

impl Characters {
    pub(super) fn new(table: Box<CharacterTable>) -> Characters {
        let mut plain = [0; 256];
        for (entry, character) in plain.iter_mut().zip(table.iter()) {
            let printable = character.filter(|c| matches!(c, ' '..='~'));
            *entry = printable.map_or(0, |c| c as u8);
        }
        let is_ebcdic = table[0xF0] == Some('0') && table[0x30] != Some('0');
        Characters {
            is_ascii_alone: table[0x80..].iter().all(Option::is_none),
            table,
            has_ascii: (b' '..=b'~').all(|byte| plain[usize::from(byte)] == byte),
            plain,
            blank: if is_ebcdic { 0x40 } else { b' ' },
            is_ebcdic,
        }
    }

    /// Where a line ends; none where its end is not there.
    pub(super) fn line_end(&self, bytes: &[u8]) -> Option<usize> {
        match self.is_ebcdic {
            true => memchr::memchr2(0x15, 0x25, bytes),
            false => memchr::memchr(b'\n', bytes),
        }
    }

    /// Whether a line has letters of several bytes, as UTF-8 has them, although a byte is a letter here. Where bytes beyond ASCII
    /// are letters, some of them may look so; all that are beyond ASCII do not.
    pub(super) fn has_wide(&self, line: &[u8]) -> bool {
        if !self.has_ascii || line.is_ascii() {
            return false;
        }
        match self.is_ascii_alone {
            true => line.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()),
            false => std::str::from_utf8(line).is_ok(),
        }
    }

    /// Of a record in which only ASCII is a letter, how many bytes its letters of several bytes have besides the first.
    pub(super) fn further_bytes(&self, record: &[u8]) -> usize {
        let is_further = |byte: &&u8| (0x80..0xC0).contains(*byte);
        match self.has_ascii && self.is_ascii_alone {
            true => record.iter().filter(is_further).count(),
            false => 0,
        }
    }

    /// Whether bytes hold nothing.
    pub(super) fn is_blank(&self, bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| *byte == self.blank) || bytes.iter().all(|byte| *byte == 0)
    }

    /// The text of a field replaces what is in the buffer.
    pub(super) fn read(&self, bytes: &[u8], kind: FieldKind, to: &mut Vec<u8>) {
        to.clear();
        match kind {
            FieldKind::Text => self.text(bytes, to),
            _ if self.is_blank(bytes) => {}
            FieldKind::Zoned { signed, decimals } => {
                let read = self.zoned(bytes, signed);
                write(read, decimals, BAD_ZONED, to);
            }
            FieldKind::Packed {
                digits,
                signed,
                decimals,
            } => write(packed(bytes, digits, signed), decimals, BAD_PACKED, to),
        }
    }

    fn text(&self, bytes: &[u8], to: &mut Vec<u8>) {
        let bytes = self.without_padding(bytes);
        let blanks = bytes.iter().take_while(|byte| **byte == self.blank);
        let bytes = &bytes[blanks.count()..];
        if self.has_ascii && is_plain_bytes(bytes) {
            return to.extend_from_slice(bytes);
        }
        for byte in bytes {
            match self.plain[usize::from(*byte)] {
                0 => match self.table[usize::from(*byte)] {
                    Some(character) => {
                        to.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    None => to.push(BROKEN),
                },
                plain => to.push(plain),
            }
        }
    }

    /// A field without the blanks and the zero bytes behind it, of which most fields have more than characters.
    fn without_padding<'b>(&self, mut bytes: &'b [u8]) -> &'b [u8] {
        while let Some((before, last)) = bytes.split_last_chunk::<8>() {
            if *last != [self.blank; 8] {
                break;
            }
            bytes = before;
        }
        let padding = |byte: &&u8| **byte == self.blank || **byte == 0;
        &bytes[..bytes.len() - bytes.iter().rev().take_while(padding).count()]
    }

    fn zoned(&self, bytes: &[u8], signed: bool) -> Option<Decimal> {
        let mut read = Decimal::default();
        let (last, before) = bytes.split_last()?;
        for byte in before {
            match self.plain[usize::from(*byte)] {
                digit @ b'0'..=b'9' => read.push(digit - b'0')?,
                _ => return None,
            }
        }
        // In EBCDIC the letters are the digits with a sign for their zone; extracts in ASCII kept the letters.
        let (digit, negative) = match self.plain[usize::from(*last)] {
            digit @ b'0'..=b'9' => (digit - b'0', false),
            b'{' if signed => (0, false),
            letter @ b'A'..=b'I' if signed => (letter - b'A' + 1, false),
            b'}' if signed => (0, true),
            letter @ b'J'..=b'R' if signed => (letter - b'J' + 1, true),
            letter @ b'p'..=b'y' if signed && !self.is_ebcdic => (letter - b'p', true),
            _ => return None,
        };
        read.push(digit)?;
        read.negative = negative;
        Some(read)
    }
}

/// Digits in order, and whether a minus stands before them.
#[derive(Default)]
struct Decimal {
    digits: [u8; MOST_DIGITS + 1],
    count: usize,
    negative: bool,
}

impl Decimal {
    fn push(&mut self, digit: u8) -> Option<()> {
        *self.digits.get_mut(self.count)? = b'0' + digit;
        self.count += 1;
        Some(())
    }
}

fn packed(bytes: &[u8], digits: usize, signed: bool) -> Option<Decimal> {
    let mut read = Decimal::default();
    let (last, before) = bytes.split_last()?;
    let halves = before.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
    let halves = halves.chain([last >> 4]);
    let unused = (2 * bytes.len() - 1).checked_sub(digits)?;
    for (place, half) in halves.enumerate() {
        if half > 9 || (place < unused && half != 0) {
            return None;
        }
        if place >= unused {
            read.push(half)?;
        }
    }
    read.negative = match last & 0xF {
        0xA | 0xC | 0xE | 0xF => false,
        0xB | 0xD if signed => true,
        _ => return None,
    };
    Some(read)
}

fn write(read: Option<Decimal>, decimals: usize, error: &str, to: &mut Vec<u8>) {
    let Some(read) = read else {
        to.push(ERROR_MARK);
        to.extend_from_slice(error.as_bytes());
        return;
    };
    let digits = &read.digits[..read.count];
    if read.negative && digits.iter().any(|digit| *digit != b'0') {
        to.push(b'-');
    }
    if decimals == 0 {
        to.extend_from_slice(digits);
        return;
    }
    let (whole, part) = digits.split_at(digits.len().saturating_sub(decimals));
    let zeros = whole.iter().take_while(|digit| **digit == b'0').count();
    match whole.get(zeros..) {
        Some([]) | None => to.push(b'0'),
        Some(whole) => to.extend_from_slice(whole),
    }
    to.push(b'.');
    // A field may have more decimals than digits.
    to.resize(to.len() + decimals - part.len(), b'0');
    to.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::Encoding;
    use crate::transcode::characters;

    fn read(encoding: Encoding, bytes: &[u8], kind: FieldKind) -> Vec<u8> {
        let mut text = Vec::new();
        let characters = Characters::new(characters(encoding).unwrap());
        characters.read(bytes, kind, &mut text);
        text
    }

    fn error(text: &str) -> Vec<u8> {
        [&[ERROR_MARK], text.as_bytes()].concat()
    }

    #[test]
    fn packed_decimals_are_read_digit_by_digit() {
        let kind = |digits, signed, decimals| FieldKind::Packed {
            digits,
            signed,
            decimals,
        };
        let table: &[(&[u8], FieldKind, &str)] = &[
            (b"\x12\x34\x5C", kind(5, true, 0), "12345"),
            (b"\x00\x01\x2C", kind(5, true, 0), "00012"),
            (b"\x00\x01\x2D", kind(5, true, 0), "-00012"),
            (b"\x00\x00\x0D", kind(5, true, 0), "00000"),
            (b"\x00\x01\x2F", kind(5, false, 2), "0.12"),
            (b"\x12\x34\x5D", kind(5, true, 2), "-123.45"),
            (b"\x01\x23\x4C", kind(4, true, 0), "1234"),
            (b"\x00\x7C", kind(3, true, 5), "0.00007"),
            (b"\x40\x40\x40", kind(5, true, 0), ""),
            (b"\x00\x00\x00", kind(5, true, 0), ""),
        ];
        for (bytes, kind, text) in table {
            assert_eq!(read(Encoding::Cp037, bytes, *kind), text.as_bytes());
        }
        let bad: &[(&[u8], FieldKind)] = &[
            (b"\x12\x3A\x5C", kind(5, true, 0)),
            (b"\x12\x34\x56", kind(5, true, 0)),
            (b"\x12\x34\x5D", kind(5, false, 0)),
            (b"\x12\x34\x5C", kind(4, true, 0)),
            (b"\x40\x40\x5C", kind(4, true, 0)),
        ];
        for (bytes, kind) in bad {
            assert_eq!(read(Encoding::Cp037, bytes, *kind), error(BAD_PACKED));
        }
    }

    #[test]
    fn zoned_decimals_are_read_in_ebcdic_and_in_ascii() {
        let kind = |signed, decimals| FieldKind::Zoned { signed, decimals };
        let table: &[(Encoding, &[u8], FieldKind, &str)] = &[
            (Encoding::Cp037, b"\xF0\xF1\xF2", kind(false, 0), "012"),
            (Encoding::Cp500, b"\xF0\xF1\xC2", kind(true, 0), "012"),
            (Encoding::Cp1140, b"\xF0\xF1\xD2", kind(true, 1), "-1.2"),
            (Encoding::Cp037, b"\x40\x40\x40", kind(true, 0), ""),
            (Encoding::Utf8, b"012", kind(false, 0), "012"),
            (Encoding::Utf8, b"01K", kind(true, 2), "-0.12"),
            (Encoding::Utf8, b"01{", kind(true, 0), "010"),
            (Encoding::Utf8, b"01r", kind(true, 0), "-012"),
            (Encoding::Utf8, b"   ", kind(true, 0), ""),
        ];
        for (encoding, bytes, kind, text) in table {
            assert_eq!(read(*encoding, bytes, *kind), text.as_bytes(), "{bytes:?}");
        }
        let bad: &[(Encoding, &[u8], bool)] = &[
            (Encoding::Cp037, b"012", true),
            (Encoding::Cp037, b"\xF0\xD1\xF2", true),
            (Encoding::Cp037, b"\xF0\xF1\xD2", false),
            (Encoding::Cp037, b"\xF0\xF1\xC2", false),
            (Encoding::Utf8, b" 12", false),
            (Encoding::Utf8, b"1.2", true),
        ];
        for (encoding, bytes, signed) in bad {
            assert_eq!(read(*encoding, bytes, kind(*signed, 0)), error(BAD_ZONED));
        }
    }

    #[test]
    fn text_has_no_blanks_around_it_and_no_padding() {
        let table: &[(Encoding, &[u8], &[u8])] = &[
            (Encoding::Cp037, b"\x40\xC1\x40\x82\x40\x40", b"A b"),
            (Encoding::Cp037, b"\xD4\xDC\x00\x00", "M\u{fc}".as_bytes()),
            (Encoding::Cp1140, b"\x9F", "\u{20ac}".as_bytes()),
            (Encoding::Cp500, b"\x4A\x5A", b"[]"),
            (Encoding::Cp037, b"\x00\x00", b""),
            (Encoding::Utf8, b" M\xC3\xBC ", b"M\xFF\xFF"),
            (Encoding::Windows1252, b" M\xFC ", "M\u{fc}".as_bytes()),
        ];
        for (encoding, bytes, text) in table {
            assert_eq!(read(*encoding, bytes, FieldKind::Text), *text, "{bytes:?}");
        }
    }
}
