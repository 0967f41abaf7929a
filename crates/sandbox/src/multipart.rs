//! Reads multipart/form-data piece by piece, as it arrives.
//!
//! Owner: the sandbox's uploads. Invariants: at most one piece and one boundary's length are held, whatever the size of
//! a part; where the pieces are cut changes nothing; what is not multipart is an error, never a guess. Left out on
//! purpose: what the parts mean (`receive`), and file names: they may say who a document is about.

use memchr::memmem::{Finder, find};

/// The head of a part may not be longer.
const LONGEST_HEAD: usize = 8 << 10;

/// What is read, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum MultipartEvent<'a> {
    /// A part begins.
    Part { name: String, content_type: String },
    /// Some of its content.
    Data(&'a [u8]),
    /// It is whole.
    PartEnd,
}

enum State {
    /// Before the first boundary, where nothing counts, or inside of a part.
    Content {
        inside: bool,
    },
    /// Right behind a boundary: another part, or the end.
    Boundary,
    Head,
    End,
}

/// A body that is being read.
pub(super) struct Multipart {
    delimiter: Finder<'static>,
    held: Vec<u8>,
    state: State,
}

impl Multipart {
    /// For a body of this Content-Type; None when it is not multipart/form-data with a boundary.
    pub(super) fn new(content_type: &str) -> Option<Multipart> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary")?;
        if boundary.is_empty() || boundary.len() > 70 {
            return None;
        }
        Some(Multipart {
            delimiter: Finder::new(&format!("\r\n--{boundary}")).into_owned(),
            // The first boundary may stand at the very beginning, without a line end before it.
            held: b"\r\n".to_vec(),
            state: State::Content { inside: false },
        })
    }

    /// Takes the next piece and tells what it brings.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        mut tell: impl FnMut(MultipartEvent<'_>),
    ) -> Result<(), &'static str> {
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(piece);
        let mut used = 0;
        while let Some(step) = self.step(&held[used..], &mut tell)? {
            used += step;
        }
        // What is left is short: less than a boundary, or a head that is not whole.
        held.drain(..used);
        self.held = held;
        Ok(())
    }

    /// Whether the last boundary has come.
    pub(super) fn ended(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// One step over what is there: how many bytes it used, or None when more must come first.
    fn step(
        &mut self,
        there: &[u8],
        tell: &mut impl FnMut(MultipartEvent<'_>),
    ) -> Result<Option<usize>, &'static str> {
        match self.state {
            State::Content { inside } => {
                if let Some(at) = self.delimiter.find(there) {
                    if inside {
                        if at > 0 {
                            tell(MultipartEvent::Data(&there[..at]));
                        }
                        tell(MultipartEvent::PartEnd);
                    }
                    self.state = State::Boundary;
                    return Ok(Some(at + self.delimiter.needle().len()));
                }
                // The end of what is there may be the beginning of a boundary.
                let sure = (there.len() + 1).saturating_sub(self.delimiter.needle().len());
                if inside && sure > 0 {
                    tell(MultipartEvent::Data(&there[..sure]));
                }
                Ok((sure > 0).then_some(sure))
            }
            State::Boundary => {
                let padding = there.iter().take_while(|b| matches!(b, b' ' | b'\t'));
                let padding = padding.count();
                match there.get(padding..padding + 2) {
                    None if padding > LONGEST_HEAD => Err("a boundary does not end its line"),
                    None => Ok(None),
                    Some(b"--") if padding == 0 => {
                        self.state = State::End;
                        Ok(Some(2))
                    }
                    // The line end stays: with it, a part without any head ends like one with a head.
                    Some(b"\r\n") => {
                        self.state = State::Head;
                        Ok(Some(padding))
                    }
                    Some(_) => Err("a boundary does not end its line"),
                }
            }
            State::Head => match find(there, b"\r\n\r\n") {
                Some(at) => {
                    let head = std::str::from_utf8(&there[..at]);
                    tell(part(head.map_err(|_| "the head of a part is not text")?)?);
                    self.state = State::Content { inside: true };
                    Ok(Some(at + 4))
                }
                None if there.len() > LONGEST_HEAD => Err("the head of a part is too long"),
                None => Ok(None),
            },
            State::End if there.is_empty() => Ok(None),
            State::End => Ok(Some(there.len())),
        }
    }
}

/// A part from its head.
fn part(head: &str) -> Result<MultipartEvent<'static>, &'static str> {
    let header = |wanted: &str| {
        head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim()
                .eq_ignore_ascii_case(wanted)
                .then(|| value.trim())
        })
    };
    let disposition = header("content-disposition").unwrap_or_default();
    let name = match disposition.split_once(';') {
        Some((kind, parameters)) if kind.trim().eq_ignore_ascii_case("form-data") => {
            parameter(parameters, "name")
        }
        _ => None,
    };
    Ok(MultipartEvent::Part {
        name: name.ok_or("a part has no name")?,
        content_type: header("content-type").unwrap_or_default().to_owned(),
    })
}

/// The value of a parameter, quoted or not.
fn parameter(mut text: &str, wanted: &str) -> Option<String> {
    loop {
        let (name, rest) = text.split_once('=')?;
        let rest = rest.trim_start();
        let (value, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted)?,
            None => match rest.split_once(';') {
                Some((value, behind)) => (value.trim().to_owned(), behind),
                None => (rest.trim().to_owned(), ""),
            },
        };
        let name = name.trim_start_matches([';', ' ', '\t']).trim();
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        text = behind;
    }
}

/// Text up to its closing quote, and what is behind it.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that is told of a body that comes in these pieces, with the data of a part put together.
    fn told<'a>(
        pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(Vec<String>, bool), &'static str> {
        let mut body =
            Multipart::new("multipart/form-data; charset=utf-8; boundary=\"b-1\"").unwrap();
        let mut lines: Vec<String> = Vec::new();
        let mut data = Vec::new();
        for piece in pieces {
            body.push(piece, |event| match event {
                MultipartEvent::Part { name, content_type } => {
                    lines.push(format!("{name} {content_type}"))
                }
                MultipartEvent::Data(bytes) => data.extend_from_slice(bytes),
                MultipartEvent::PartEnd => lines.push(format!(
                    "{:?}",
                    String::from_utf8_lossy(&std::mem::take(&mut data))
                )),
            })?;
        }
        Ok((lines, body.ended()))
    }

    const BODY: &[u8] = b"preamble\r\n--b-1 \r\nContent-Disposition: form-data; filename=\"a;name=x\\\".pdf\"; name=\"file\"\r\n\
        content-type: application/pdf\r\n\r\nsome\r\n--b-\r\n--b-1\r\nContent-Disposition: form-data; name=empty\r\n\r\n\
        \r\n--b-1--\r\nepilogue";

    #[test]
    fn where_the_pieces_are_cut_changes_nothing() {
        let whole = told(std::iter::once(BODY)).unwrap();
        assert_eq!(
            whole.0,
            [
                "file application/pdf",
                "\"some\\r\\n--b-\"",
                "empty ",
                "\"\""
            ]
        );
        assert!(whole.1);
        for size in 1..BODY.len() {
            assert_eq!(told(BODY.chunks(size)).unwrap(), whole, "{size}");
        }
    }

    #[test]
    fn little_is_held_of_a_large_part() {
        let mut body = Multipart::new("multipart/form-data; boundary=b-1").unwrap();
        let head = b"--b-1\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
        body.push(head, |_| {}).unwrap();
        let mut seen = 0;
        for _ in 0..1000 {
            body.push(&[b'\r'; 1000], |event| {
                if let MultipartEvent::Data(bytes) = event {
                    seen += bytes.len();
                }
            })
            .unwrap();
            assert!(body.held.len() < 10);
        }
        assert!(seen > 999_000 && !body.ended());
    }

    #[test]
    fn what_is_not_multipart_is_an_error() {
        for content_type in [
            "multipart/form-data",
            "multipart/mixed; boundary=b",
            "application/json; boundary=b",
            "multipart/form-data; boundary=",
        ] {
            assert!(Multipart::new(content_type).is_none(), "{content_type}");
        }
        let broken: [&[u8]; 4] = [
            b"--b-1x\r\n",
            b"--b-1\r\nContent-Type: text/plain\r\n\r\n",
            b"--b-1\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n",
            b"--b-1\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n",
        ];
        for body in broken {
            assert!(told(std::iter::once(body)).is_err());
        }
        let unended = told(std::iter::once(&BODY[..60])).unwrap();
        assert!(!unended.1);
    }
}
