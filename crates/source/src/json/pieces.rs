//! A text cut into its objects.
//!
//! Owner of [`Pieces`]. In lines, whatever stands in one is a piece, so a broken one costs one line. In an array, and where
//! objects run over several lines, a piece ends with the bracket that closes it; what stands between two pieces is checked, and
//! anything wrong ends the reading. Memory is bounded by the longest piece.

use std::io::{self, Read};

use bakkt_model::error::{Failure, FailureKind, Mistakes};

use crate::carried::carried;
use crate::lines::MAX_ROW;
use crate::read_ahead::ReadAhead;

/// How the objects of a text follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceForm {
    /// One a line.
    Lines,
    /// One behind the other, over any lines.
    Objects,
    /// In an array.
    Array,
}

impl PieceForm {
    /// How the objects follow each other, by the beginning of a text.
    pub(crate) fn of(start: &[u8]) -> PieceForm {
        let start = start.trim_ascii_start();
        if start.starts_with(b"[") {
            return PieceForm::Array;
        }
        // An object that does not end in its first line runs over several.
        let line = start.split(|byte| *byte == b'\n').next();
        let is_whole = line.is_some_and(|line| line.trim_ascii_end().ends_with(b"}"));
        let is_cut = !start.contains(&b'\n');
        match is_whole || is_cut {
            true => PieceForm::Lines,
            false => PieceForm::Objects,
        }
    }
}

/// A piece, and the line in which it begins; no text: it is too long.
pub(super) struct Piece<'p> {
    pub line: u64,
    pub text: Option<&'p [u8]>,
}

/// Reads pieces.
pub(super) struct Pieces<R> {
    input: ReadAhead<R>,
    name: String,
    form: PieceForm,
    line: u64,
    /// What comes next in an array.
    expected: Expected,
}

#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Begin,
    FirstObject,
    Object,
    CommaOrEnd,
    Nothing,
}

impl<R: Read> Pieces<R> {
    pub(super) fn new(input: R, name: &str, form: PieceForm) -> Pieces<R> {
        Pieces {
            input: ReadAhead::new(input),
            name: name.to_owned(),
            form,
            line: 1,
            expected: match form {
                PieceForm::Array => Expected::Begin,
                _ => Expected::Object,
            },
        }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        match self.form {
            PieceForm::Lines => self.next_line(),
            PieceForm::Objects | PieceForm::Array => self.next_object(),
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Piece<'_>>> {
        let mut searched = 0;
        loop {
            let rest = self.input.rest();
            let end = memchr::memchr(b'\n', &rest[searched..]).map(|end| searched + end);
            let (length, used) = match end {
                Some(end) => (end, end + 1),
                None if self.input.has_ended() && rest.is_empty() => return Ok(None),
                None if self.input.has_ended() => (rest.len(), rest.len()),
                None if rest.len() > MAX_ROW => return self.too_long_line(),
                None => {
                    searched = rest.len();
                    self.input.fill()?;
                    continue;
                }
            };
            let line = self.line;
            let text = rest[..length].trim_ascii();
            let (is_empty, fits) = (text.is_empty(), text.len() <= MAX_ROW);
            self.input.pass(used);
            self.line += 1;
            if is_empty {
                searched = 0;
                continue;
            }
            // Borrowed once more: the checker does not see that the loop ends here.
            let text = fits.then(|| self.input.used(used)[..length].trim_ascii());
            return Ok(Some(Piece { line, text }));
        }
    }

    /// Leaves out a line that is too long.
    fn too_long_line(&mut self) -> io::Result<Option<Piece<'_>>> {
        let line = self.line;
        loop {
            let rest = self.input.rest();
            if let Some(end) = memchr::memchr(b'\n', rest) {
                self.input.pass(end + 1);
                break;
            }
            let all = rest.len();
            self.input.pass(all);
            if !self.input.fill()? {
                break;
            }
        }
        self.line += 1;
        Ok(Some(Piece { line, text: None }))
    }

    fn next_object(&mut self) -> io::Result<Option<Piece<'_>>> {
        loop {
            let Some(byte) = self.peek()? else {
                let whole = match self.form {
                    PieceForm::Array => self.expected == Expected::Nothing,
                    _ => true,
                };
                return match whole {
                    true => Ok(None),
                    false => Err(self.cut("ends inside of its array")),
                };
            };
            match (byte, self.expected) {
                (b' ' | b'\t' | b'\r', _) => {}
                (b'\n', _) => self.line += 1,
                (b'[', Expected::Begin) => self.expected = Expected::FirstObject,
                (b'{', Expected::FirstObject | Expected::Object) => return self.object(),
                (b',', Expected::CommaOrEnd) => self.expected = Expected::Object,
                (b']', Expected::FirstObject | Expected::CommaOrEnd) => {
                    self.expected = Expected::Nothing;
                }
                (b'/', _) => return Err(self.unknown("has a comment, which JSON does not have")),
                (b']', Expected::Object) => {
                    return Err(self
                        .unknown("has a comma with nothing behind it, which JSON does not have"));
                }
                _ => return Err(self.wrong("is no JSON, or its elements are no objects")),
            }
            self.input.pass(1);
        }
    }

    /// The object that begins here.
    fn object(&mut self) -> io::Result<Option<Piece<'_>>> {
        let (first, mut depth, mut in_text, mut length) = (self.line, 0usize, false, 0);
        loop {
            let Some(&byte) = self.input.rest().get(length) else {
                if length > MAX_ROW {
                    return Err(self.wrong("has an object that is longer than a megabyte"));
                }
                if !self.input.fill()? {
                    return Err(self.cut("ends inside of an object"));
                }
                continue;
            };
            length += 1;
            match byte {
                b'\n' => self.line += 1,
                b'"' => in_text = !in_text,
                // What is escaped ends no text; if it is the last byte, the rest is looked at as it is.
                b'\\' if in_text => {
                    if length == self.input.rest().len() {
                        self.input.fill()?;
                    }
                    length += usize::from(length < self.input.rest().len());
                }
                b'{' | b'[' if !in_text => depth += 1,
                b'}' | b']' if !in_text => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        if self.form == PieceForm::Array {
            self.expected = Expected::CommaOrEnd;
        }
        self.input.pass(length);
        Ok(Some(Piece {
            line: first,
            text: (length <= MAX_ROW).then(|| self.input.used(length)),
        }))
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.input.rest().is_empty() && !self.input.fill()? {
            return Ok(None);
        }
        Ok(self.input.rest().first().copied())
    }

    fn wrong(&self, what: &str) -> io::Error {
        let hint = "give one object for each customer: JSON lines, or an array of objects (`jq -c '.customers[]'` makes lines of an array within)";
        self.error(FailureKind::Configuration, what, hint)
    }

    /// Something that programs write into JSON and that JSON does not have.
    fn unknown(&self, what: &str) -> io::Error {
        let hint = "take it out, or export again in JSON as RFC 8259 has it";
        self.error(FailureKind::Configuration, what, hint)
    }

    fn cut(&self, what: &str) -> io::Error {
        let hint =
            "it is damaged, or was not written to its end: copy the file again, or export again";
        self.error(FailureKind::CannotGoOn, what, hint)
    }

    fn error(&self, kind: FailureKind, what: &str, hint: &str) -> io::Error {
        let failure = Failure {
            kind,
            message: format!("line {} of {} {what}", self.line, self.name),
            hint: hint.to_owned(),
            mistakes: Mistakes::default(),
        };
        carried(&self.name, failure)
    }
}
