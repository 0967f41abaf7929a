//! One object as cells.
//!
//! Owner of the grammar (RFC 8259) and of what a value is as text: a text without its escapes, a number with the digits that are
//! written, `true` and `false` as words, null as nothing. Invariants: nothing is allocated for a value alone; nesting is bounded
//! by [`DEEPEST`]; a key that stands twice in one object is a flaw, even where the values are the same.

use jiff::Timestamp;

use crate::Flaw;
use crate::transcode::BROKEN;

/// Objects and arrays inside of each other.
const DEEPEST: usize = 32;

/// Bytes of the longest name of a column.
const LONGEST_NAME: usize = 1024;

/// Bytes of the names of all cells of an object.
const MOST_NAMES: usize = 8 << 20;

/// What stands around the milliseconds of a date of MongoDB, within its `$date`.
const COUNTED: &[u8] = b".$numberLong";

/// The cells of one object.
#[derive(Debug, Default)]
pub(super) struct Cells {
    text: Vec<u8>,
    paths: Vec<u8>,
    cells: Vec<CellPlace>,
    elements: usize,
    /// Where arrays stand whose elements are columns.
    arrays: Vec<(usize, usize)>,
    /// Keys of the objects that are open, for those that stand twice.
    keys: Vec<u8>,
    places: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct CellPlace {
    path: (usize, usize),
    text: (usize, usize),
    element: Option<usize>,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.paths.clear();
        self.cells.clear();
        self.arrays.clear();
        self.keys.clear();
        self.places.clear();
        self.elements = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// How many elements the array has that gives the rows.
    pub(super) fn elements(&self) -> usize {
        self.elements
    }

    /// The paths of the arrays whose elements are columns, and that have any.
    pub(super) fn arrays(&self) -> impl Iterator<Item = &[u8]> {
        self.arrays.iter().map(|path| &self.paths[path.0..path.1])
    }

    /// A cell: its column, the element that it is of, its text.
    pub(super) fn get(&self, place: usize) -> (&[u8], Option<usize>, &[u8]) {
        let CellPlace {
            path,
            text,
            element,
        } = self.cells[place];
        (
            &self.paths[path.0..path.1],
            element,
            &self.text[text.0..text.1],
        )
    }
}

/// Takes an object apart. With a flaw the cells are those before it.
pub(super) fn scan(text: &[u8], array: Option<&str>, cells: &mut Cells) -> Result<(), Flaw> {
    cells.clear();
    let mut scanner = Scanner {
        text,
        at: 0,
        path: Vec::new(),
        array: array.map(str::as_bytes),
        element: None,
        depth: 0,
        cells,
    };
    scanner.blanks();
    if scanner.peek() != Some(b'{') {
        return Err(Flaw::NotJson);
    }
    scanner.value()?;
    scanner.blanks();
    match scanner.at == text.len() {
        true => Ok(()),
        false => Err(scanner.wrong()),
    }
}

/// Whether a text begins with what programs write for a number that is none, as a whole word with or without a sign.
fn is_no_number(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 3] = [b"nan", b"inf", b"infinity"];
    let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+"));
    let unsigned = unsigned.unwrap_or(text);
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'#');
    let end = unsigned.iter().position(|byte| !goes_on(byte));
    let word = &unsigned[..end.unwrap_or(unsigned.len())];
    word.starts_with(b"1.#") || WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

struct Scanner<'s> {
    text: &'s [u8],
    at: usize,
    path: Vec<u8>,
    array: Option<&'s [u8]>,
    element: Option<usize>,
    depth: usize,
    cells: &'s mut Cells,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Flaw> {
        match self.peek() == Some(byte) {
            true => {
                self.at += 1;
                Ok(())
            }
            false => Err(self.wrong()),
        }
    }

    /// What is wrong with what stands here: something that programs write although JSON does not have it, or anything.
    fn wrong(&self) -> Flaw {
        let (before, rest) = self.text.split_at(self.at.min(self.text.len()));
        let ends = matches!(rest.first(), Some(b'}' | b']'));
        if is_no_number(rest) {
            Flaw::NoNumber
        } else if rest.starts_with(b"//") || rest.starts_with(b"/*") {
            Flaw::Comment
        } else if ends && before.trim_ascii_end().ends_with(b",") {
            Flaw::LastComma
        } else {
            Flaw::NotJson
        }
    }

    /// What stands here. Where it is no array although it should give rows, it is their only one.
    fn value(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            Some(b'[') | None => self.any_value(),
            _ if self.gives_rows() => self.only_element(),
            _ => self.any_value(),
        }
    }

    /// Whether the elements of what stands here are rows.
    fn gives_rows(&self) -> bool {
        self.element.is_none() && self.array == Some(self.path.as_slice())
    }

    /// Whether what stands here is an element that is a row. An array in the place of one makes no arrays of the others.
    fn is_element(&self) -> bool {
        let list = self.path.strip_suffix(b"[]");
        self.element.is_some() && list.is_some() && list == self.array
    }

    /// Converters from XML and many programs write an array of one element as that element, and one of none as null or as an empty
    /// text or object.
    fn only_element(&mut self) -> Result<(), Flaw> {
        let before = self.path.len();
        let cells = self.cells.cells.len();
        self.element = Some(0);
        self.path.extend_from_slice(b"[]");
        self.any_value()?;
        self.path.truncate(before);
        self.element = None;
        let is_empty = |cell: &CellPlace| cell.text.0 == cell.text.1;
        match self.cells.cells[cells..].iter().all(is_empty) {
            true => self.cells.cells.truncate(cells),
            false => self.cells.elements = 1,
        }
        Ok(())
    }

    fn any_value(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            Some(open @ (b'{' | b'[')) => {
                if self.depth == DEEPEST {
                    return Err(Flaw::TooDeep);
                }
                self.depth += 1;
                self.at += 1;
                match open {
                    b'{' => self.object()?,
                    _ => self.list()?,
                }
                self.depth -= 1;
                Ok(())
            }
            Some(b'"') => {
                let start = self.cells.text.len();
                let mut text = std::mem::take(&mut self.cells.text);
                let read = self.string(&mut text);
                self.cells.text = text;
                read?;
                self.cell(start)
            }
            Some(b't') => self.word(b"true", b"true"),
            Some(b'f') => self.word(b"false", b"false"),
            Some(b'n') => self.word(b"null", b""),
            _ => self.number(),
        }
    }

    fn object(&mut self) -> Result<(), Flaw> {
        let first = self.cells.places.len();
        let keys = self.cells.keys.len();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            let start = self.cells.keys.len();
            let mut text = std::mem::take(&mut self.cells.keys);
            let read = self.string(&mut text);
            self.cells.keys = text;
            read?;
            let key = &self.cells.keys[start..];
            if std::str::from_utf8(key).is_err() {
                return Err(Flaw::NotJson);
            }
            let before = self.path.len();
            if before > 0 {
                self.path.push(b'.');
            }
            self.path.extend_from_slice(key);
            if self.path.len() > LONGEST_NAME {
                return Err(Flaw::NotJson);
            }
            self.cells.places.push((start, self.cells.keys.len()));
            self.blanks();
            self.expect(b':')?;
            self.blanks();
            self.value()?;
            self.path.truncate(before);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.wrong()),
            }
        }
        let twice = self.has_twice(first);
        self.cells.places.truncate(first);
        self.cells.keys.truncate(keys);
        match twice {
            true => Err(Flaw::TwiceNamed),
            false => Ok(()),
        }
    }

    /// Whether two of the keys since a place are the same.
    fn has_twice(&mut self, first: usize) -> bool {
        let Cells { keys, places, .. } = &mut *self.cells;
        let key = |place: &(usize, usize)| &keys[place.0..place.1];
        let own = &mut places[first..];
        own.sort_unstable_by(|one, other| key(one).cmp(key(other)));
        own.windows(2).any(|pair| key(&pair[0]) == key(&pair[1]))
    }

    fn list(&mut self) -> Result<(), Flaw> {
        let gives_rows = self.gives_rows();
        let before = self.path.len();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        if !gives_rows && !self.is_element() {
            let path = self.path_kept()?;
            self.cells.arrays.push(path);
        }
        for number in 0.. {
            match gives_rows {
                true => {
                    self.element = Some(self.cells.elements);
                    self.path.extend_from_slice(b"[]");
                }
                false => self
                    .path
                    .extend_from_slice(format!("[{number}]").as_bytes()),
            }
            self.blanks();
            let first = self.cells.cells.len();
            self.value()?;
            match gives_rows {
                true if self.is_nobody(first) => self.cells.cells.truncate(first),
                true => self.cells.elements += 1,
                false => {}
            }
            self.path.truncate(before);
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.wrong()),
            }
        }
        self.at += 1;
        if gives_rows {
            self.element = None;
        }
        Ok(())
    }

    /// Whether the element that was just read is null, or an empty text, array or object, as programs leave in the place of one that
    /// they took out. An object with keys is somebody, whatever they hold.
    fn is_nobody(&self, first: usize) -> bool {
        self.cells.cells[first..].iter().all(|cell| {
            let path = &self.cells.paths[cell.path.0..cell.path.1];
            cell.text.0 == cell.text.1 && path == self.path
        })
    }

    /// A string without its quotes and escapes, behind what is there. What does not decode is marked.
    fn string(&mut self, to: &mut Vec<u8>) -> Result<(), Flaw> {
        self.expect(b'"')?;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
                .ok_or(Flaw::NotJson)?;
            for chunk in rest[..plain].utf8_chunks() {
                to.extend_from_slice(chunk.valid().as_bytes());
                if !chunk.invalid().is_empty() {
                    to.push(BROKEN);
                }
            }
            self.at += plain + 1;
            match rest[plain] {
                b'"' => return Ok(()),
                b'\\' => self.escape(to)?,
                _ => return Err(Flaw::NotJson),
            }
        }
    }

    fn escape(&mut self, to: &mut Vec<u8>) -> Result<(), Flaw> {
        let letter = self.peek().ok_or(Flaw::NotJson)?;
        self.at += 1;
        let character = match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unit(to),
            _ => return Err(Flaw::NotJson),
        };
        to.push(character);
        Ok(())
    }

    fn unit(&mut self, to: &mut Vec<u8>) -> Result<(), Flaw> {
        let mut units = [self.four()?, 0];
        let mut count = 1;
        // The second half of a pair follows at once, or the first stands alone.
        if matches!(units[0], 0xD800..0xDC00) && self.text[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.four()?;
            match second {
                0xDC00..0xE000 => {
                    units[1] = second;
                    count = 2;
                }
                _ => self.at = before,
            }
        }
        for decoded in char::decode_utf16(units[..count].iter().copied()) {
            match decoded {
                Ok(c) => to.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(_) => to.push(BROKEN),
            }
        }
        Ok(())
    }

    fn four(&mut self) -> Result<u16, Flaw> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Flaw::NotJson)?;
        self.at += 4;
        digits.iter().try_fold(0, |number, digit| {
            let value = char::from(*digit).to_digit(16).ok_or(Flaw::NotJson)?;
            Ok(number << 4 | value as u16)
        })
    }

    fn word(&mut self, word: &[u8], shown: &[u8]) -> Result<(), Flaw> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.wrong());
        }
        self.at += word.len();
        let start = self.cells.text.len();
        self.cells.text.extend_from_slice(shown);
        self.cell(start)
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let start = self.at;
        self.skip_one(b"-");
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => {
                self.at = start;
                return Err(self.wrong());
            }
        }
        if self.skip_one(b".") {
            if self.peek() == Some(b'#') {
                self.at = start;
                return Err(self.wrong());
            }
            self.digits()?;
        }
        let mut exponent = None;
        if self.skip_one(b"eE") {
            exponent = Some(self.at).filter(|_| !self.skip_one(b"+-"));
            self.digits()?;
        }
        let text = self.cells.text.len();
        // `1e3` may be a code in a text; here it is a number, which its sign says.
        let sign = exponent.unwrap_or(start);
        let cell = &mut self.cells.text;
        cell.extend_from_slice(&self.text[start..sign]);
        cell.extend(exponent.map(|_| b'+'));
        cell.extend_from_slice(&self.text[sign..self.at]);
        self.cell(text)
    }

    fn skip_one(&mut self, any: &[u8]) -> bool {
        let is_there = self.peek().is_some_and(|byte| any.contains(&byte));
        self.at += usize::from(is_there);
        is_there
    }

    fn digits(&mut self) -> Result<(), Flaw> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => Err(Flaw::NotJson),
        }
    }

    /// Adds the cell whose text begins at a place.
    fn cell(&mut self, start: usize) -> Result<(), Flaw> {
        if let Some(moment) = self.counted_date(start) {
            self.cells.text.truncate(start);
            self.cells.text.extend_from_slice(moment.as_bytes());
            self.path.truncate(self.path.len() - COUNTED.len());
        }
        let path = self.path_kept()?;
        self.cells.cells.push(CellPlace {
            path,
            text: (start, self.cells.text.len()),
            element: self.element,
        });
        Ok(())
    }

    /// The date that MongoDB writes as milliseconds, as it writes others: those before 1970 in its usual form, all in its
    /// canonical one.
    fn counted_date(&self, start: usize) -> Option<String> {
        let date = self.path.strip_suffix(COUNTED)?;
        let is_date = date.ends_with(b".$date") || date == b"$date";
        let text = std::str::from_utf8(self.cells.text.get(start..)?).ok()?;
        let count = text.parse().ok().filter(|_| is_date)?;
        Some(Timestamp::from_millisecond(count).ok()?.to_string())
    }

    /// Where the path that leads here stands from now on.
    fn path_kept(&mut self) -> Result<(usize, usize), Flaw> {
        if self.cells.paths.len() > MOST_NAMES {
            return Err(Flaw::TooLong);
        }
        let start = self.cells.paths.len();
        self.cells.paths.extend_from_slice(&self.path);
        Ok((start, self.cells.paths.len()))
    }
}
