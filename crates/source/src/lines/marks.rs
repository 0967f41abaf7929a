//! Line ends, and bytes of a text that are no part of its rows: byte order marks, and the mark with which DOS ends a file.
//!
//! Owner of where a line ends. Left out on purpose: quotes, in which a line end is part of a cell (`lines`).

/// The byte order mark, which stands before a row where files were joined end to end.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The mark with which DOS ends a file. Programs that convert texts write the same character for a letter that they lost.
pub(super) const END_MARK: u8 = 0x1A;

/// How many bytes at both ends of what is left of a text are no part of its rows: marks before the next row, and, at the end of
/// the text, the mark with which DOS ends a file and the NULs that fill up its last block.
pub(super) fn unread(input: &[u8], ended: bool) -> (usize, usize) {
    let mut before = 0;
    while let Some(length) = mark(&input[before..], ended) {
        before += length;
    }
    let padding = |byte: &&u8| matches!(**byte, 0 | END_MARK);
    let rest = &input[before..];
    let last_row = ended && rest.last().is_some_and(|last| padding(&last));
    match last_row && memchr::memchr2(b'\n', b'\r', rest).is_none() {
        true => (before, rest.iter().rev().take_while(padding).count()),
        false => (before, 0),
    }
}

/// The length of the marks that a text begins with. An end mark right before the text of a cell is none: it may stand for the
/// cell's first letter.
pub(super) fn mark(input: &[u8], ended: bool) -> Option<usize> {
    if input.starts_with(BYTE_ORDER_MARK) {
        return Some(BYTE_ORDER_MARK.len());
    }
    let length = input.iter().take_while(|byte| **byte == END_MARK).count();
    let behind = &input[length..];
    let ends = match behind.first() {
        Some(byte) => matches!(byte, b'\n' | b'\r') || behind.starts_with(BYTE_ORDER_MARK),
        None => ended,
    };
    (length > 0 && ends).then_some(length)
}

/// Whether what is left of a text is no line but the marks at its end.
pub(super) fn is_end(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(*byte, 0 | END_MARK))
}

/// The first line without its end, and its length with it; none when its end is not there yet.
pub(super) fn line(input: &[u8], ended: bool) -> Option<(&[u8], usize)> {
    match memchr::memchr2(b'\n', b'\r', input) {
        Some(at) if input[at] == b'\n' => Some((&input[..at], at + 1)),
        Some(at) => match input.get(at + 1) {
            Some(b'\n') => Some((&input[..at], at + 2)),
            None if !ended => None,
            _ => Some((&input[..at], at + 1)),
        },
        None => ended.then_some((input, input.len())),
    }
}

/// Line ends; CR and LF together are one.
pub(super) fn breaks(bytes: &[u8]) -> u64 {
    memchr::memchr2_iter(b'\n', b'\r', bytes)
        .filter(|at| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
        .count() as u64
}

pub(super) fn spaces(input: &[u8]) -> usize {
    input.iter().take_while(|byte| **byte == b' ').count()
}
