//! What is cut out of a cell before anything is made of it: the part that a pattern finds, and the parts between marks.
//!
//! Owner of [`CutPattern`] and [`Split`]. Left out on purpose: what a miss means (`feed`).

use regex::{CaptureLocations, Regex};

use super::Scratch;
use bakkt_model::text::trim;

/// What a cell must look like, and which part of it counts: the first group, or the whole match.
#[derive(Debug)]
pub struct CutPattern {
    /// The expression.
    pub regex: Regex,
    /// Its number in the mapping.
    pub number: usize,
}

/// A pattern as one thread uses it: what an expression needs to work belongs to the thread that uses it first, and others would
/// have to wait for each other.
#[derive(Debug)]
pub(super) struct OwnPattern {
    regex: Regex,
    groups: CaptureLocations,
}

impl OwnPattern {
    fn of(regex: &Regex) -> OwnPattern {
        OwnPattern {
            regex: regex.clone(),
            groups: regex.capture_locations(),
        }
    }

    fn find<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        if self.groups.len() < 2 {
            return self.regex.find(text).map(|found| trim(found.as_str()));
        }
        self.regex.captures_read(&mut self.groups, text)?;
        let (start, end) = self.groups.get(1).or_else(|| self.groups.get(0))?;
        text.get(start..end).map(trim)
    }
}

impl CutPattern {
    pub(super) fn find<'t>(&self, text: &'t str, scratch: &mut Scratch) -> Option<&'t str> {
        let patterns = &mut scratch.patterns;
        if patterns.len() <= self.number {
            patterns.resize_with(self.number + 1, || None);
        }
        patterns[self.number]
            .get_or_insert_with(|| OwnPattern::of(&self.regex))
            .find(text)
    }
}

/// Cutting one text into several.
#[derive(Debug)]
pub struct Split {
    /// Where to cut: at each of these.
    pub by: Vec<String>,
    /// Which part to take, from 0; none: all of them, as a list.
    pub take: Option<usize>,
    /// The single byte to cut at, the usual case, which is found several times faster.
    byte: Option<u8>,
    /// It cuts at blanks, of which several in a row are one.
    is_blank: bool,
}

impl Split {
    /// Cuts at each of some texts, none of them empty.
    pub(crate) fn new(by: Vec<String>, take: Option<usize>) -> Split {
        let byte = match by.as_slice() {
            [by] => match by.as_bytes() {
                [byte] if byte.is_ascii() => Some(*byte),
                _ => None,
            },
            _ => None,
        };
        let is_blank = matches!(by.as_slice(), [by] if by == " ");
        Split {
            by,
            take,
            byte,
            is_blank,
        }
    }

    pub(super) fn part<'t>(&self, text: &'t str, take: usize) -> Option<&'t str> {
        if self.is_blank {
            return text.split(' ').filter(|part| !part.is_empty()).nth(take);
        }
        let Some(cut) = self.byte else {
            return self.parts(text).nth(take);
        };
        // Parts are short: byte by byte is faster than a search that is started for each of them.
        let bytes = text.bytes().enumerate();
        let mut cuts = bytes.filter(|(_, byte)| *byte == cut).map(|(at, _)| at);
        let start = match take.checked_sub(1) {
            None => 0,
            Some(before) => cuts.nth(before)? + 1,
        };
        text.get(start..cuts.next().unwrap_or(text.len()))
    }

    /// All of them.
    pub(super) fn parts<'s, 't: 's>(&'s self, text: &'t str) -> impl Iterator<Item = &'t str> + 's {
        let mut rest = Some(text);
        std::iter::from_fn(move || {
            let text = rest?;
            let found = self
                .by
                .iter()
                .filter_map(|by| Some((find(text, by)?, by.len())));
            // The first one counts; of two that begin together, the longer.
            match found.min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length))) {
                Some((at, length)) => {
                    rest = text.get(at + length..);
                    text.get(..at)
                }
                None => rest.take(),
            }
        })
    }
}

/// Where a mark begins in a text. Cells and marks are short: a search by the mark's first byte is faster than one that
/// prepares itself.
fn find(text: &str, mark: &str) -> Option<usize> {
    let first = *mark.as_bytes().first()?;
    let mut from = 0;
    loop {
        let rest = text.as_bytes().get(from..)?;
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if text.as_bytes().get(at..)?.starts_with(mark.as_bytes()) {
            return Some(at);
        }
        from = at + 1;
    }
}
