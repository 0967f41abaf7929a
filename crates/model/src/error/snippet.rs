//! A line of a file with a marker under a part of it.
//!
//! Owner of what such a line looks like on a terminal: tabs are four blanks, what has no visible form is written out, a
//! long line is cut around its marker, and the marker counts columns of the terminal, not bytes.
//! Invariant: a snippet is short, however long the line, and holds nothing that a terminal would obey.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

/// The most columns of a line that are shown.
const WIDEST: usize = 120;
/// Columns before the marker that a cut line keeps.
const BEFORE: usize = 60;

/// A line, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Snippet {
    /// What is shown of the line.
    pub text: String,
    /// Columns before the marker.
    pub before: usize,
    /// Columns that the marker takes: at least one.
    pub width: usize,
}

impl Snippet {
    /// Of a line without its line end, with a marker under some of its bytes.
    pub fn new(line: &str, marked: Range<usize>) -> Snippet {
        let line = line.trim_end();
        // What is far from the marker is never looked at: a line may be a whole file.
        let near = 4 * WIDEST;
        let from = boundary(line, marked.start.saturating_sub(near));
        let end = marked.end.max(marked.start).min(marked.start + near) + near;
        let to = boundary(line, end);
        let pieces = |range: Range<usize>| {
            let inside = line.get(range).unwrap_or("");
            inside.chars().map(piece).collect::<Vec<_>>()
        };
        let start = boundary(line, marked.start);
        let end = boundary(line, marked.end).clamp(start, to.max(start));
        let (mut left, middle, right) = (pieces(from..start), pieces(start..end), pieces(end..to));
        if from == 0 {
            // What a line begins with says nothing.
            let blank = left.iter().take_while(|(text, _)| text.trim().is_empty());
            left.drain(..blank.count());
        }
        let whole = from == 0 && to == line.len();
        if whole && wide(&left) + wide(&middle) + wide(&right) <= WIDEST {
            return Snippet {
                before: wide(&left),
                width: wide(&middle).max(1),
                text: joined(&left) + &joined(&middle) + &joined(&right),
            };
        }
        let mut text = String::new();
        let mut kept = left.len();
        let mut room = BEFORE;
        while kept > 0 && left[kept - 1].1 < room {
            kept -= 1;
            room -= left[kept].1;
        }
        if kept > 0 || from > 0 {
            text.push('…');
        }
        let before = usize::from(!text.is_empty()) + wide(&left[kept..]);
        text.push_str(&joined(&left[kept..]));
        let mut used = before;
        let mut cut = to < line.len();
        let mut width = 0;
        for (number, (piece, columns)) in middle.iter().chain(&right).enumerate() {
            if used + columns > WIDEST {
                cut = true;
                break;
            }
            text.push_str(piece);
            used += columns;
            if number < middle.len() {
                width += columns;
            }
        }
        if cut {
            text.push('…');
        }
        Snippet {
            text,
            before,
            width: width.max(1),
        }
    }
}

/// The last character boundary up to a byte.
fn boundary(line: &str, at: usize) -> usize {
    let at = at.min(line.len());
    (0..=at)
        .rev()
        .find(|&at| line.is_char_boundary(at))
        .unwrap_or(0)
}

fn wide(pieces: &[(String, usize)]) -> usize {
    pieces.iter().map(|(_, columns)| columns).sum()
}

fn joined(pieces: &[(String, usize)]) -> String {
    pieces.iter().map(|(text, _)| text.as_str()).collect()
}

/// A character as it is shown, and its columns.
fn piece(c: char) -> (String, usize) {
    if c == '\t' {
        return ("    ".to_owned(), 4);
    }
    if is_hidden(c) {
        let text = c.escape_unicode().to_string();
        let columns = text.len();
        return (text, columns);
    }
    (c.to_string(), c.width().unwrap_or(0))
}

/// Characters that a terminal obeys or does not show: controls, marks of direction, blanks of no width, and tags, which
/// spell ASCII invisibly.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A text of one line in which whatever has no visible form is written out.
pub fn visible(text: &str) -> String {
    if !text.chars().any(is_hidden) {
        return text.to_owned();
    }
    let shown = |c: char| match c {
        '\n' => "; ".to_owned(),
        _ if is_hidden(c) => c.escape_unicode().to_string(),
        _ => c.to_string(),
    };
    text.trim_end().chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line with `[` and `]` around what is marked, as two lines.
    fn shown(line: &str) -> String {
        let (start, end) = (line.find('[').unwrap(), line.find(']').unwrap());
        let bare = line.replacen('[', "", 1).replacen(']', "", 1);
        let snippet = Snippet::new(&bare, start..end - 1);
        let blank = " ".repeat(snippet.before);
        format!("{}\n{blank}{}", snippet.text, "^".repeat(snippet.width))
    }

    #[test]
    fn the_marker_stands_under_the_text() {
        for (line, expected) in [
            ("key = [\"text\"]", "key = \"text\"\n      ^^^^^^"),
            ("\t\t[key] = 1", "key = 1\n^^^"),
            ("a\t= [1]", "a    = 1\n       ^"),
            ("\"Größe\" = [x]", "\"Größe\" = x\n          ^"),
            ("\"客户号\" = [x]", "\"客户号\" = x\n           ^"),
            ("\"e\u{301}\" = [x]", "\"e\u{301}\" = x\n      ^"),
            ("[客户] = 1", "客户 = 1\n^^^^"),
            ("open = {[]", "open = {\n        ^"),
            ("x = \u{1b}[]2J", "x = \\u{1b}2J\n          ^"),
            ("x = \u{202e}[y]", "x = \\u{202e}y\n            ^"),
        ] {
            assert_eq!(shown(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_its_marker() {
        let long = "x".repeat(100_000);
        for (line, before, width) in [
            (format!("[{long}]"), 0, WIDEST),
            (format!("{long}[here]{long}"), BEFORE, 4),
            (format!("{long}[here]"), BEFORE, 4),
            (format!("[here]{long}"), 0, 4),
            (format!("{long}[]"), BEFORE, 1),
            (
                format!("{}[客户]{}", "客".repeat(9_999), "客".repeat(9_999)),
                BEFORE - 1,
                4,
            ),
        ] {
            let text = shown(&line);
            let (text, marker) = text.split_once('\n').unwrap();
            assert_eq!(
                marker,
                format!("{}{}", " ".repeat(before), "^".repeat(width))
            );
            let columns: usize = text.chars().map(|c| c.width().unwrap()).sum();
            assert!(columns <= WIDEST + 2, "{columns}: {text}");
        }
    }

    #[test]
    fn marks_outside_of_the_line_are_no_trouble() {
        for (start, end) in [(0, 0), (9, 9), (3, 99), (99, 3), (2, 2)] {
            let snippet = Snippet::new("aéb  ", start..end);
            assert_eq!(snippet.text, "aéb");
            assert!(snippet.width >= 1);
        }
    }

    #[test]
    fn a_message_is_one_line_without_controls() {
        assert_eq!(visible("a\u{7}b\nc\n"), "a\\u{7}b; c");
        assert_eq!(visible("Größe"), "Größe");
    }
}
