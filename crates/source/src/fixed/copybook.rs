//! Layouts written as COBOL copybooks: the part of them that says where fields stand.
//!
//! Owner of the subset that is read: groups, `PIC` of X, A, 9, S and V, `COMP-3`, fixed `OCCURS`, `FILLER`; `VALUE`, `JUSTIFIED`,
//! `INDEXED` and level 88 change nothing and are passed over. Whatever else moves fields or stores them in another way (`REDEFINES`,
//! `DEPENDING`, `COMP`, `SIGN`, `SYNC`) is a mistake with its line. Invariant: a copybook that is read without a mistake
//! gives every field the place that a compiler gives it.

use bakkt_model::error::{Diagnostic, Diagnostics, Snippet, nearest};

use super::{FieldKind, LONGEST_RECORD, LayoutField, MOST_DIGITS};
use crate::lines::MOST_COLUMNS;

/// Words that a description of a field may have, for the nearest right one.
const KNOWN: &[&str] = &[
    "PIC",
    "PICTURE",
    "IS",
    "OCCURS",
    "TIMES",
    "COMP-3",
    "COMPUTATIONAL-3",
    "PACKED-DECIMAL",
    "USAGE",
    "DISPLAY",
    "VALUE",
    "VALUES",
    "JUSTIFIED",
    "JUST",
    "RIGHT",
    "INDEXED",
    "BY",
];

/// Words of COBOL that are not read here, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    (
        "REDEFINES",
        "leave one of the two descriptions out of a copy of the copybook",
    ),
    (
        "DEPENDING",
        "records of changing length are not read; have the export written with all its elements",
    ),
    ("COMP", BINARY),
    ("COMPUTATIONAL", BINARY),
    ("BINARY", BINARY),
    ("COMP-1", BINARY),
    ("COMP-2", BINARY),
    ("COMP-4", BINARY),
    ("COMP-5", BINARY),
    (
        "SIGN",
        "have the number written with its sign in the last digit, or as COMP-3",
    ),
    (
        "SYNC",
        "give the fields with `fields`, each with its start and length",
    ),
    (
        "SYNCHRONIZED",
        "give the fields with `fields`, each with its start and length",
    ),
    ("COPY", "put the text of the other copybook in its place"),
    ("REPLACE", "put the text as it is after the replacement"),
];

const BINARY: &str =
    "binary numbers are not read; have the number written as COMP-3 or with digits";

/// A word of the copybook, and its line from 1.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    line: usize,
}

/// A description of a field or group, as it is written.
#[derive(Debug)]
struct Item {
    level: u32,
    name: String,
    line: usize,
    times: usize,
    /// Bytes, and what they hold; none: a group.
    holds: Option<(usize, FieldKind)>,
}

/// Where the fields of a copybook stand, and how many bytes it describes. Mistakes go to `found`; `name` is the file's.
pub fn parse(name: &str, text: &str, found: &mut Diagnostics) -> Option<(Vec<LayoutField>, usize)> {
    let mut parser = Parser {
        name,
        lines: text.lines().collect(),
        mistakes: 0,
        found,
    };
    let words = words(text);
    let mut items = Vec::new();
    for sentence in sentences(&words) {
        items.extend(parser.item(sentence));
    }
    if items.is_empty() && parser.mistakes == 0 {
        parser.wrong(
            1,
            "the copybook describes no field",
            "such as 05 CUST-NO PIC X(9).",
        );
    }
    if parser.mistakes > 0 {
        return None;
    }
    let mut laid = Vec::new();
    let mut rest = items.as_slice();
    let mut end = 0;
    while !rest.is_empty() {
        end = parser.lay(&mut rest, end, "", &mut laid)?;
    }
    parser.refuse_twice(&laid);
    let fields: Vec<LayoutField> = laid.into_iter().map(|(field, _)| field).collect();
    (parser.mistakes == 0).then_some((fields, end))
}

/// The words of a copybook, without sequence numbers, comments and what stands behind column 72. A full stop that ends a
/// sentence is a word.
fn words(text: &str) -> Vec<Word<'_>> {
    // In the fixed form the first six columns are a number or blank on every line, and the seventh says what the line is.
    let is_margin = |line: &str| {
        let margin = line.as_bytes().get(..7);
        line.trim().is_empty()
            || margin.is_some_and(|margin| {
                margin[..6]
                    .iter()
                    .all(|byte| byte.is_ascii_digit() || *byte == b' ')
                    && matches!(margin[6], b' ' | b'*' | b'/')
            })
    };
    let is_fixed = text.lines().all(is_margin);
    let mut words = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = match is_fixed {
            true => line.get(6..line.len().min(72)).unwrap_or_default(),
            false => line,
        };
        if line.trim_start().starts_with(['*', '/']) {
            continue;
        }
        let line = line.split("*>").next().unwrap_or_default();
        add_words(line, number + 1, &mut words);
    }
    words
}

fn add_words<'a>(line: &'a str, number: usize, words: &mut Vec<Word<'a>>) {
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            // A literal, of which nothing is read.
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let (word, behind) = rest.split_at(end);
        let text = word.trim_end_matches(['.', ',', ';']);
        if !text.is_empty() {
            words.push(Word { text, line: number });
        }
        if word.ends_with('.') {
            words.push(Word {
                text: ".",
                line: number,
            });
        }
        rest = behind.trim_start();
    }
}

fn sentences<'w, 'a>(words: &'w [Word<'a>]) -> impl Iterator<Item = &'w [Word<'a>]> {
    words
        .split(|word| word.text == ".")
        .filter(|sentence| !sentence.is_empty())
}

struct Parser<'p> {
    name: &'p str,
    lines: Vec<&'p str>,
    mistakes: usize,
    found: &'p mut Diagnostics,
}

impl Parser<'_> {
    fn wrong(&mut self, line: usize, message: impl Into<String>, help: impl Into<String>) {
        self.mistakes += 1;
        let shown = self.lines.get(line - 1).copied().unwrap_or_default();
        let text = shown.trim_start();
        let start = shown.len() - text.len();
        self.found.push(Diagnostic {
            file: self.name.to_owned(),
            line,
            column: shown[..start].chars().count() + 1,
            message: message.into(),
            help: Some(help.into()),
            snippet: Some(Snippet::new(shown, start..shown.trim_end().len())),
        });
    }

    /// One description; none where it adds nothing, or is wrong.
    fn item(&mut self, sentence: &[Word<'_>]) -> Option<Item> {
        let (first, rest) = sentence.split_first()?;
        let Ok(level) = first.text.parse::<u32>() else {
            let help = "each description begins with its level, such as 05, and the one before ends with a full stop";
            self.wrong(first.line, format!("`{}` is no level", first.text), help);
            return None;
        };
        match level {
            88 => return None,
            1..=49 | 77 => {}
            _ => {
                let message = format!("level {level} is not read");
                self.wrong(first.line, message, "levels from 01 to 49, and 88");
                return None;
            }
        }
        let is_clause =
            |word: &str| KNOWN.contains(&word) || REFUSED.iter().any(|(no, _)| *no == word);
        let (name, rest) = match rest.split_first() {
            Some((name, rest)) if !is_clause(&name.text.to_uppercase()) => (name.text, rest),
            _ => ("FILLER", rest),
        };
        let mut item = Item {
            level,
            name: name.to_owned(),
            line: first.line,
            times: 1,
            holds: None,
        };
        self.clauses(rest, &mut item)?;
        Some(item)
    }

    fn clauses(&mut self, words: &[Word<'_>], item: &mut Item) -> Option<()> {
        let (mut picture, mut is_packed) = (None, false);
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            match word.text.to_uppercase().as_str() {
                "PIC" | "PICTURE" => {
                    words.next_if(|word| word.text.eq_ignore_ascii_case("IS"));
                    picture = words.next();
                }
                "COMP-3" | "COMPUTATIONAL-3" | "PACKED-DECIMAL" => is_packed = true,
                "OCCURS" => {
                    let times = words.next().and_then(|times| times.text.parse().ok());
                    let times = times.filter(|times| (1..=MOST_COLUMNS).contains(times));
                    let Some(times) = times else {
                        let help = format!("OCCURS n TIMES, from 1 to {MOST_COLUMNS}");
                        self.wrong(word.line, "OCCURS without a number that is read", help);
                        return None;
                    };
                    if words
                        .peek()
                        .is_some_and(|word| word.text.eq_ignore_ascii_case("TO"))
                    {
                        let help = "records of changing length are not read; have the export written with all its elements";
                        self.wrong(word.line, "OCCURS without a fixed number", help);
                        return None;
                    }
                    item.times = times;
                }
                // What follows is a literal, or names of indexes: nothing that moves a field.
                "VALUE" | "VALUES" => {
                    words.next_if(|word| word.text.eq_ignore_ascii_case("IS"));
                    words.next();
                }
                "INDEXED" => {
                    words.next_if(|word| word.text.eq_ignore_ascii_case("BY"));
                    words.next();
                }
                "IS" | "TIMES" | "USAGE" | "DISPLAY" | "JUSTIFIED" | "JUST" | "RIGHT" | "BY" => {}
                other => {
                    self.unread(word.line, other);
                    return None;
                }
            }
        }
        let Some(picture) = picture else {
            if is_packed {
                let help = "give each field of the group its own COMP-3";
                self.wrong(item.line, "COMP-3 without a picture", help);
                return None;
            }
            return Some(());
        };
        match held(picture.text, is_packed) {
            Ok(holds) => item.holds = Some(holds),
            Err((message, help)) => {
                self.wrong(picture.line, message, help);
                return None;
            }
        }
        Some(())
    }

    fn unread(&mut self, line: usize, word: &str) {
        let refused = REFUSED.iter().find(|(known, _)| *known == word);
        let (message, help) = match (refused, nearest(word, KNOWN.iter().copied())) {
            (Some((_, help)), _) => (format!("{word} is not read"), (*help).to_owned()),
            (None, Some(name)) => (
                format!("unknown word `{word}`"),
                format!("did you mean `{name}`?"),
            ),
            (None, None) => (
                format!("unknown word `{word}`"),
                "read are PIC, COMP-3, OCCURS and VALUE; a description ends with a full stop"
                    .to_owned(),
            ),
        };
        self.wrong(line, message, help);
    }

    /// Gives the first item, and all below it, their places; the byte behind them.
    fn lay(
        &mut self,
        items: &mut &[Item],
        start: usize,
        index: &str,
        laid: &mut Vec<(LayoutField, usize)>,
    ) -> Option<usize> {
        let (item, rest) = items.split_first()?;
        let below = rest.iter().take_while(|below| below.level > item.level);
        let (children, rest) = rest.split_at(below.count());
        *items = rest;
        if item.holds.is_some() != children.is_empty() {
            let (message, help) = match children.is_empty() {
                true => (
                    "has neither a picture nor fields below it",
                    "add PIC, or take it out",
                ),
                false => ("has a picture and fields below it", "check the levels"),
            };
            self.wrong(item.line, format!("`{}` {message}", item.name), help);
            return None;
        }
        let mut at = start;
        for time in 1..=item.times {
            let index = match (item.times, index) {
                (1, _) => index.to_owned(),
                (_, "") => time.to_string(),
                _ => format!("{index},{time}"),
            };
            if let Some((length, kind)) = item.holds {
                if !item.name.eq_ignore_ascii_case("FILLER") {
                    let name = match index.as_str() {
                        "" => item.name.clone(),
                        index => format!("{}({index})", item.name),
                    };
                    let field = LayoutField {
                        name,
                        start: at,
                        length,
                        kind,
                    };
                    laid.push((field, item.line));
                }
                at += length;
            } else {
                let mut below = children;
                while !below.is_empty() {
                    at = self.lay(&mut below, at, &index, laid)?;
                }
            }
            if at > LONGEST_RECORD || laid.len() > MOST_COLUMNS {
                let message = format!(
                    "the record is longer than {LONGEST_RECORD} bytes, or has more than {MOST_COLUMNS} fields"
                );
                self.wrong(item.line, message, "check OCCURS and the lengths");
                return None;
            }
        }
        Some(at)
    }

    fn refuse_twice(&mut self, laid: &[(LayoutField, usize)]) {
        let mut seen = std::collections::BTreeMap::new();
        for (field, line) in laid {
            if let Some(first) = seen.insert(field.name.as_str(), *line) {
                let message = format!("`{}` stands in line {first} already", field.name);
                self.wrong(*line, message, "give one of the two another name");
            }
        }
    }
}

/// The bytes of a picture, and what they hold; else what is wrong with it, and what to do.
fn held(picture: &str, is_packed: bool) -> Result<(usize, FieldKind), (String, String)> {
    let wrong = || {
        (
            format!("the picture `{picture}` is not read"),
            "read are X and A, and 9, S9 and V, such as X(30), S9(7)V99; for an edited number, X with its length"
                .to_owned(),
        )
    };
    let upper = picture.to_uppercase();
    let mut rest = upper.as_str();
    let signed = rest.starts_with('S');
    rest = rest.trim_start_matches('S');
    let (mut characters, mut digits, mut decimals, mut point) = (0usize, 0usize, 0usize, false);
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        if letter == 'V' && !point {
            point = true;
            continue;
        }
        let mut times = 1;
        if let Some(behind) = rest.strip_prefix('(') {
            let (number, behind) = behind.split_once(')').ok_or_else(wrong)?;
            times = number
                .trim()
                .parse()
                .ok()
                .filter(|times| (1..=LONGEST_RECORD).contains(times))
                .ok_or_else(wrong)?;
            rest = behind;
        }
        match letter {
            'X' | 'A' => characters += times,
            '9' => digits += times,
            _ => return Err(wrong()),
        }
        if letter == '9' && point {
            decimals += times;
        }
    }
    let is_text = characters > 0;
    if is_text && (signed || point || is_packed) || characters + digits == 0 {
        return Err(wrong());
    }
    if is_text {
        return Ok((characters + digits, FieldKind::Text));
    }
    if digits > MOST_DIGITS {
        let message = format!("the picture `{picture}` has {digits} digits");
        return Err((message, format!("{MOST_DIGITS} is the most; X reads more")));
    }
    Ok(match is_packed {
        true => (
            digits / 2 + 1,
            FieldKind::Packed {
                digits,
                signed,
                decimals,
            },
        ),
        false => (digits, FieldKind::Zoned { signed, decimals }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        let mut found = Diagnostics::default();
        let parsed = parse("a.cpy", text, &mut found);
        assert!(found.is_empty(), "{:?}", found.into_result());
        let (fields, length) = parsed.unwrap();
        let shown = fields.iter().map(|field| {
            let kind = match field.kind {
                FieldKind::Text => "text".to_owned(),
                FieldKind::Zoned { signed, decimals } => format!("zoned {signed} {decimals}"),
                FieldKind::Packed {
                    digits,
                    signed,
                    decimals,
                } => format!("packed {digits} {signed} {decimals}"),
            };
            format!("{} {}+{} {kind}", field.name, field.start, field.length)
        });
        shown.chain([format!("= {length}")]).collect()
    }

    #[test]
    fn fields_stand_where_a_compiler_puts_them() {
        let text = "\
000100* THE CUSTOMER MASTER                                             ACME0001
000200 01  CUST-REC.                                                    ACME0002
000300     05  CUST-NO        PIC 9(9).                                 ACME0003
000400     05  NAME.                                                    ACME0004
000500         10  LAST-NM    PIC X(20).                                ACME0005
000600         10  FILLER     PIC X.                                    ACME0006
000700     05  OWNER OCCURS 2 TIMES INDEXED BY OWN-IX.                  ACME0007
000800         10  TAX-ID     PIC 9(9)  COMP-3.                         ACME0008
000900         10  PHONE      PIC X(3) OCCURS 2.                        ACME0009
001000     05  STAT           PIC X VALUE 'A. B'.                       ACME0010
001100         88  ACTIVE     VALUE 'A'.                                ACME0011
001200     05  BAL            PIC S9(7)V99                              ACME0012
001300                        USAGE IS COMP-3.                          ACME0013
001400     05  RATE           PIC SV9(3).                               ACME0014
";
        let expected = [
            "CUST-NO 0+9 zoned false 0",
            "LAST-NM 9+20 text",
            "TAX-ID(1) 30+5 packed 9 false 0",
            "PHONE(1,1) 35+3 text",
            "PHONE(1,2) 38+3 text",
            "TAX-ID(2) 41+5 packed 9 false 0",
            "PHONE(2,1) 46+3 text",
            "PHONE(2,2) 49+3 text",
            "STAT 52+1 text",
            "BAL 53+5 packed 9 true 2",
            "RATE 58+3 zoned true 3",
            "= 61",
        ];
        assert_eq!(fields(text), expected);
        let free = "01 R.\n*> free\n  02 A PIC XX. 02 B PIC IS 9(4)V9(2). 02 PIC X.\n";
        let expected = ["A 0+2 text", "B 2+6 zoned false 2", "= 9"];
        assert_eq!(fields(free), expected);
    }

    #[test]
    fn what_is_not_read_is_told_with_its_line() {
        let text = "\
01 R.
   05 A PIC X(3).
   05 B REDEFINES A PIC 9(3).
   05 C PIC S9(4) COMP.
   05 D PIC Z,ZZ9.
   05 E OCCURS 1 TO 5 TIMES DEPENDING ON A PIC X.
   05 F PICTUR X.
   05 G PIC 9(40).
   XX H PIC X.
   66 I PIC X.
";
        let mut found = Diagnostics::default();
        assert!(parse("a.cpy", text, &mut found).is_none());
        let error = found.into_result().unwrap_err();
        let told = bakkt_model::error::describe(&error, bakkt_model::error::Style::PLAIN);
        for (line, what) in [
            (3, "REDEFINES"),
            (4, "COMP is"),
            (5, "Z,ZZ9"),
            (6, "OCCURS"),
            (7, "PICTUR"),
            (8, "40 digits"),
            (9, "XX"),
            (10, "level 66"),
        ] {
            assert!(told.contains(&format!("a.cpy:{line}")), "{told}");
            assert!(told.contains(what), "{what}: {told}");
        }
        assert!(told.contains("did you mean `PICTURE`?"), "{told}");
        for wrong in [
            "01 R.",
            "01 A PIC X(3). 05 B PIC X.",
            "01 R. 05 A PIC X. 05 A PIC X.",
            "",
        ] {
            let mut found = Diagnostics::default();
            assert!(parse("a.cpy", wrong, &mut found).is_none(), "{wrong}");
            assert!(!found.is_empty());
        }
    }
}
