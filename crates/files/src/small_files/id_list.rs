//! Lists of clientAccountIds, one on each line.
//!
//! Owner of how a line becomes an id: quotes, delimiters behind it, `="A1"`, an apostrophe in front are what spreadsheets
//! add, and are no part of it. A line that can be no id is refused, because a list decides who is sent and who is not.
//! A header line stays in the list, marked: only whoever knows the ids can tell that it is none.
//! Invariant: no message holds what a line says, which may be anything.

use std::path::Path;

use super::{ReadFailure, is_blank, lines, read, trim};
use crate::output::cells::unguarded;

/// What may stand between the cells of a row.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// A byte order mark of UTF-8, read in an encoding of one byte a letter.
const MISREAD_MARK: &str = "\u{EF}\u{BB}\u{BF}";

/// What people write above a column of ids; small letters and digits alone.
const HEADERS: [&str; 20] = [
    "clientaccountid",
    "clientaccountids",
    "clientaccount",
    "clientid",
    "clientids",
    "accountid",
    "accountids",
    "account",
    "accounts",
    "accountno",
    "accountnumber",
    "acctno",
    "acctid",
    "customerid",
    "customerno",
    "customernumber",
    "id",
    "ids",
    "partnerpartyref",
    "externalid",
];

/// One id of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedId {
    /// The id, as an export's would be read.
    pub id: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// It reads like a header and stands first: no id, unless somebody has it.
    pub may_be_header: bool,
    /// It stands first and has letters alone, as headers do: it may be one that nobody here knows.
    pub may_be_words: bool,
}

/// The ids of a file.
#[derive(Clone, Debug, Default)]
pub struct IdList {
    /// The file, as a person named it.
    pub name: String,
    /// Its ids in the order of their lines.
    pub ids: Vec<ListedId>,
}

impl IdList {
    /// Reads a file. `columns` are the names of the columns that hold ids in the export, which may stand as a header.
    pub fn read(path: &Path, name: &str, columns: &[String]) -> Result<IdList, ReadFailure> {
        IdList::parse(&read(path)?, name, columns)
    }

    pub(crate) fn parse(text: &str, name: &str, columns: &[String]) -> Result<IdList, ReadFailure> {
        let mut list = IdList {
            name: name.to_owned(),
            ids: Vec::new(),
        };
        for (line, text) in lines(text) {
            if line == 1 && names_delimiter(text) {
                continue;
            }
            let wrong = |what| ReadFailure::at(line, what);
            let Some(cell) = only_cell(text).map_err(wrong)? else {
                continue;
            };
            let id = id(&cell).map_err(wrong)?;
            let is_first = list.ids.is_empty();
            list.ids.push(ListedId {
                may_be_header: is_first && is_header(&id, columns),
                may_be_words: is_first && is_words(&id),
                id,
                line,
            });
        }
        Ok(list)
    }

    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        self.ids.iter().all(|listed| listed.may_be_header)
    }
}

fn is_header(text: &str, columns: &[String]) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let text = plain(text);
    HEADERS.contains(&text.as_str()) || columns.iter().any(|column| plain(column) == text)
}

/// Whether a text has letters and no digit: ids nearly always have one, and headers nearly never.
fn is_words(text: &str) -> bool {
    text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_numeric)
}

/// The line by which a spreadsheet is told what stands between cells.
fn names_delimiter(line: &str) -> bool {
    let line = trim(line).trim_matches('"').to_ascii_lowercase();
    line.strip_prefix("sep=")
        .is_some_and(|rest| rest.chars().count() <= 1)
}

/// The only cell of a row that is not empty; none when all are.
fn only_cell(line: &str) -> Result<Option<String>, &'static str> {
    let (mut only, mut rest) = (None, trim_line(line));
    loop {
        let (cell, behind) = first_cell(rest)?;
        if !trim(&cell).is_empty() && only.replace(cell).is_some() {
            return Err(
                "there are several cells, and a list has one id on each line; put an id that holds a delimiter into quotes",
            );
        }
        match behind {
            Some(behind) => rest = behind,
            None => return Ok(only),
        }
    }
}

/// Without what surrounds the row; tabs stay, which part cells.
fn trim_line(line: &str) -> &str {
    line.trim_matches(|c| c != '\t' && is_blank(c))
}

/// The first cell of a row, unquoted, and what follows its delimiter.
fn first_cell(row: &str) -> Result<(String, Option<&str>), &'static str> {
    let begin = row.trim_start_matches(|c| c != '\t' && is_blank(c));
    // A formula that is a text may hold its quotes bare.
    let bare = begin.strip_prefix("=\"").map(|inner| ("=\"", inner));
    let Some((mark, inner)) = begin.strip_prefix('"').map(|inner| ("", inner)).or(bare) else {
        let end = begin.find(DELIMITERS);
        let cell = end.map_or(begin, |end| &begin[..end]).to_owned();
        return Ok((cell, end.map(|end| &begin[end + 1..])));
    };
    let mut cell = mark.to_owned();
    let mut rest = inner;
    loop {
        let end = rest.find('"').ok_or("there is a quote that never closes")?;
        cell.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => break,
        }
    }
    if !mark.is_empty() {
        cell.push('"');
    }
    let rest = rest.trim_start_matches(|c| c != '\t' && is_blank(c));
    let mut letters = rest.chars();
    match letters.next() {
        None => Ok((cell, None)),
        Some(c) if DELIMITERS.contains(&c) => Ok((cell, Some(letters.as_str()))),
        Some(_) => Err("there is something behind a closing quote"),
    }
}

/// The id that a cell holds.
fn id(cell: &str) -> Result<String, &'static str> {
    let cell = trim(cell);
    if cell.starts_with(MISREAD_MARK) {
        return Err(
            "it begins with a byte order mark that was read as three letters; save the file as UTF-8 once more, from a program that shows no such letters",
        );
    }
    // As this program writes what a spreadsheet would run.
    let own = unguarded(cell);
    let text = match cell
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) => inner.replace("\"\"", "\""),
        None if cell.starts_with('=') => {
            return Err("there is a formula; save the list with values");
        }
        None if own != cell => own.into_owned(),
        None => match cell.strip_prefix('\'') {
            Some(rest) => rest.strip_suffix('\'').unwrap_or(rest).to_owned(),
            None => cell.to_owned(),
        },
    };
    let id = trim(&text);
    if id.is_empty() {
        return Err("there are quotes and nothing in them");
    }
    if id.chars().any(|c| c != ' ' && is_blank(c)) {
        return Err("there are invisible characters inside an id");
    }
    if id.contains('\u{FFFD}') {
        return Err("there is a character that was lost when the file was saved");
    }
    if lost_digits(id) {
        return Err(
            "there is a number as a spreadsheet shortens it, and digits may be lost; format the column as text",
        );
    }
    if ERRORS.contains(&id) {
        return Err("there is the error of a formula instead of an id");
    }
    Ok(id.to_owned())
}

/// What spreadsheets show when a formula fails.
const ERRORS: [&str; 8] = [
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!",
];

/// Whether a text is a number in scientific notation, or one with an empty fraction. `12E45` can be an id.
fn lost_digits(id: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        text.split_once('.')
            .map_or(digits(text), |(whole, part)| digits(whole) && digits(part))
    };
    if let Some((whole, part)) = id.split_once('.')
        && digits(whole)
        && !part.is_empty()
        && part.bytes().all(|byte| byte == b'0')
    {
        return true;
    }
    let Some((mantissa, exponent)) = id.split_once(['E', 'e']) else {
        return false;
    };
    let signed = exponent.strip_prefix(['+', '-']);
    number(mantissa)
        && digits(signed.unwrap_or(exponent))
        && (signed.is_some() || mantissa.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<(String, usize)> {
        let list = IdList::parse(text, "ids.txt", &["CUST_NO".to_owned()]).unwrap();
        let ids = list.ids.into_iter().filter(|id| !id.may_be_header);
        ids.map(|listed| (listed.id, listed.line)).collect()
    }

    fn one(text: &str) -> String {
        let mut all = ids(text);
        assert_eq!(all.len(), 1, "{text:?}");
        all.remove(0).0
    }

    #[test]
    fn what_a_spreadsheet_adds_is_no_part_of_an_id() {
        for line in [
            "A1",
            "\"A1\"",
            "A1,,,",
            "A1;",
            "A1\t\t",
            "\"A1\";;",
            " A1 ",
            "\u{A0}A1\u{200B}",
            "\u{FEFF}A1",
            "=\"A1\"",
            "\"=\"\"A1\"\"\"",
            "'A1",
            "'A1'",
            "\"'A1\"",
            ",,A1",
            "A1\u{AD}",
            "\" A1 \"",
            "=\"A1\";",
        ] {
            assert_eq!(one(line), "A1", "{line:?}");
        }
        assert_eq!(one("'00124"), "00124");
        assert_eq!(one("\"A;1\";"), "A;1");
        assert_eq!(one("\"A\"\"1\""), "A\"1");
        assert_eq!(one("A 1"), "A 1");
        // As this program guards it in its own files.
        assert_eq!(one("'-A1"), "-A1");
        for id in ["12E45", "1E10", "A.0", "007"] {
            assert_eq!(one(id), id);
        }
    }

    #[test]
    fn lines_keep_their_numbers_and_headers_are_marked() {
        let listed = |ids: &[(&str, usize)]| -> Vec<(String, usize)> {
            ids.iter()
                .map(|(id, line)| ((*id).to_owned(), *line))
                .collect()
        };
        assert_eq!(ids("A1\r\n\r\n,,\r\nA2"), listed(&[("A1", 1), ("A2", 4)]));
        for header in [
            "clientAccountId",
            "ID",
            "\"Client Account Id\";",
            "cust_no",
            "\u{FEFF}id,",
        ] {
            assert_eq!(
                ids(&format!("{header}\nA1\n")),
                listed(&[("A1", 2)]),
                "{header}"
            );
        }
        assert_eq!(ids("sep=;\nid;\nA1;\n"), listed(&[("A1", 3)]));
        // Below the first line it is an id like any other.
        assert_eq!(ids("A1\nid\n").len(), 2);
        let empty = IdList::parse("\u{FEFF}id\n\n", "ids.txt", &[]).unwrap();
        assert!(empty.is_empty() && empty.ids.len() == 1);
    }

    #[test]
    fn what_can_be_no_list_is_refused_with_its_line() {
        for line in [
            "A1,Ann",
            "A1;;legal hold",
            "\"A1",
            "\"A1\"x",
            "A\u{200B}1",
            "A\u{A0}1",
            "1.90000E+18",
            "1E+11",
            "12345.0",
            "=A1",
            "#N/A",
            "A\u{FFFD}1",
            "\"''\"",
            "\u{EF}\u{BB}\u{BF}A1",
        ] {
            let wrong = IdList::parse(&format!("A0\n\n{line}\n"), "ids.txt", &[]).unwrap_err();
            assert_eq!(wrong.line, Some(3), "{line:?}");
            assert!(!wrong.what.contains("A1"), "{wrong}");
        }
    }
}
