//! One section of a number format's code: its parts, and what it shows of a number.
//!
//! Owner of [`Section`]. Which section a number takes, and what is written then, `write` knows.

use super::ShownDay;
use super::ShownParts;
use super::currency::{belongs, dollars_abroad, foreign_currency, is_negative};

/// One section of a format.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub(super) condition: Option<(Comparison, f64)>,
    pub(super) tokens: Vec<FormatToken>,
    /// Letters of years in East Asian and Thai calendars stand in it, which are plain letters beside a number.
    has_era: bool,
    /// It is shown in a colour of its own.
    pub(super) has_color: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    Greater,
    GreaterOrEqual,
    Unequal,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum FormatToken {
    /// A digit, or a zero.
    Zero,
    /// A digit, or nothing.
    Hash,
    /// A digit, or a blank.
    Question,
    /// Characters that are shown as they are.
    Literal(String),
    /// The mark of a money that is written with a dollar sign and is not the dollar.
    ForeignDollars(String),
    /// A letter, digit or sign that fills the cell, as often as there is room.
    Fill,
    /// The number as it is without a format.
    General,
    /// The text of the cell.
    Text,
    Percent,
    /// Hours, seconds, AM/PM; minutes when they stand beside one.
    Time,
    /// Years.
    Year,
    /// Days, or days of the week.
    Day,
    /// Months or minutes.
    Month,
    /// Hours, minutes or seconds that count on.
    Elapsed,
    /// A decimal point.
    Point,
    /// A thousands separator; behind the last digit it scales the number.
    Comma,
    /// An exponent or a fraction.
    Exponent,
}

/// The sections of a code, at semicolons that are not quoted.
pub(super) fn split(code: &str) -> Vec<&str> {
    let (mut sections, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in code.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '"' => quoted = !quoted,
            '\\' | '_' | '*' if !quoted => escaped = true,
            ';' if !quoted => {
                sections.push(&code[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    sections.push(&code[start..]);
    sections
}

impl Section {
    pub(super) fn of(code: &str) -> Section {
        let mut section = Section {
            condition: None,
            tokens: Vec::new(),
            has_era: false,
            has_color: false,
        };
        let mut rest = code;
        while let Some(c) = rest.chars().next() {
            rest = section.take(c, rest);
        }
        section
    }

    /// Takes what `rest` begins with, and gives what follows it.
    fn take<'a>(&mut self, c: char, rest: &'a str) -> &'a str {
        let after = &rest[c.len_utf8()..];
        let word = |word: &str| {
            rest.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        for (name, token) in [
            ("General", FormatToken::General),
            ("AM/PM", FormatToken::Time),
            ("A/P", FormatToken::Time),
            ("E+", FormatToken::Exponent),
            ("E-", FormatToken::Exponent),
        ] {
            if word(name) {
                self.tokens.push(token);
                return &rest[name.len()..];
            }
        }
        let token = match c {
            '"' => {
                let (text, after) = after.split_once('"').unwrap_or((after, ""));
                self.literal(text);
                return after;
            }
            '[' => {
                let (inside, after) = after.split_once(']').unwrap_or((after, ""));
                self.bracket(inside);
                return after;
            }
            '\\' => {
                let length = after.chars().next().map_or(0, char::len_utf8);
                self.literal(&after[..length]);
                return &after[length..];
            }
            // The width of a character, which is no text, and a character that fills the cell.
            '_' | '*' => {
                let next = after.chars().next();
                let is_sign = |c: char| c.is_alphanumeric() || "+-\u{2212}(%".contains(c);
                if c == '*' && next.is_some_and(is_sign) {
                    self.tokens.push(FormatToken::Fill);
                }
                return &after[next.map_or(0, char::len_utf8)..];
            }
            '0' => FormatToken::Zero,
            '#' => FormatToken::Hash,
            '?' => FormatToken::Question,
            '@' => FormatToken::Text,
            '%' => FormatToken::Percent,
            'y' | 'Y' => FormatToken::Year,
            'd' | 'D' => FormatToken::Day,
            'm' | 'M' => FormatToken::Month,
            'h' | 'H' | 's' | 'S' => FormatToken::Time,
            '.' => FormatToken::Point,
            ',' => FormatToken::Comma,
            '/' => FormatToken::Exponent,
            _ => {
                self.has_era |= matches!(c.to_ascii_lowercase(), 'e' | 'g' | 'b');
                self.literal(&rest[..c.len_utf8()]);
                return after;
            }
        };
        self.tokens.push(token);
        after
    }

    /// Adds characters that are shown as they are, to those just before.
    fn literal(&mut self, text: &str) {
        if let Some(FormatToken::Literal(before)) = self.tokens.last_mut() {
            before.push_str(text);
        } else if !text.is_empty() {
            self.tokens.push(FormatToken::Literal(text.to_owned()));
        }
    }

    /// A condition, elapsed time, a currency or a colour; languages say nothing.
    fn bracket(&mut self, inside: &str) {
        let unit = inside.chars().next().unwrap_or(' ').to_ascii_lowercase();
        let elapsed = matches!(unit, 'h' | 'm' | 's')
            && inside.chars().all(|c| c.to_ascii_lowercase() == unit);
        if elapsed {
            self.tokens.push(FormatToken::Elapsed);
        } else if let Some(currency) = inside.strip_prefix('$') {
            let (symbol, locale) = currency.split_once('-').unwrap_or((currency, ""));
            match dollars_abroad(locale).filter(|_| symbol.trim() == "$") {
                Some(mark) => self.tokens.push(FormatToken::ForeignDollars(mark)),
                None => self.literal(symbol),
            }
        } else if let Some(condition) = condition(inside) {
            self.condition = self.condition.or(Some(condition));
        } else {
            self.has_color |= COLORS.iter().any(|color| word_begins(inside, color));
        }
    }

    /// Which parts of a date the section shows, if it shows one.
    pub(super) fn parts(&self) -> Option<ShownParts> {
        let when: Vec<FormatToken> = self.tokens.iter().filter(|t| is_when(t)).cloned().collect();
        if when.contains(&FormatToken::Elapsed) {
            return Some(ShownParts::Elapsed);
        }
        // Minutes stand between hours and seconds; what stands alone is a month.
        let time = when.contains(&FormatToken::Time);
        let month = when.iter().enumerate().any(|(at, token)| {
            let date = [FormatToken::Day, FormatToken::Year].map(Some);
            let beside = before(&when, at) == Some(FormatToken::Time)
                || after(&when, at) == Some(FormatToken::Time)
                    && !date.contains(&before(&when, at));
            *token == FormatToken::Month && !beside
        });
        let has = |token| when.contains(&token);
        let is_date = month || has(FormatToken::Day) || has(FormatToken::Year);
        let shown = ShownDay {
            year: has(FormatToken::Year) || self.has_era,
            // One letter of a month may be three of them.
            month: month && !self.has_run(&FormatToken::Month, |length| length == 5),
            // Three letters and more are a day of the week.
            day: self.has_run(&FormatToken::Day, |length| length <= 2),
        };
        match (is_date, time) {
            (true, _) if !shown.is_whole() => Some(ShownParts::PartOfDate(shown)),
            (true, false) => Some(ShownParts::Date),
            (true, true) => Some(ShownParts::DateTime),
            (false, true) => Some(ShownParts::Time),
            (false, false) => None,
        }
    }

    /// Whether a token stands so often in a row somewhere.
    fn has_run(&self, token: &FormatToken, fits: impl Fn(usize) -> bool) -> bool {
        let mut runs = self.tokens.chunk_by(|one, next| one == next);
        runs.any(|run| run[0] == *token && fits(run.len()))
    }

    /// Whether what it shows beside the digits belongs to the number: fixed places, letters, marks.
    pub(super) fn belongs(&self) -> bool {
        self.has_places() || self.has_letters()
    }

    /// Whether every place of a digit is fixed: two zeros at least, or a mark that parts the digits.
    fn has_places(&self) -> bool {
        let is_place = |token: &FormatToken| matches!(token, FormatToken::Zero | FormatToken::Hash);
        if !self.is_whole() {
            return false;
        }
        let zeros = self
            .tokens
            .iter()
            .filter(|t| **t == FormatToken::Zero)
            .count();
        let first = self.tokens.iter().position(is_place);
        let last = self.tokens.iter().rposition(is_place);
        let parted = first.zip(last).is_some_and(|(first, last)| {
            self.tokens[first..last]
                .iter()
                // Spaces and apostrophes part the thousands of a number, too.
                .any(|token| matches!(token, FormatToken::Literal(mark) if !mark.chars().all(is_thousands)))
        });
        zeros >= 2 || parted
    }

    /// Whether it shows the digits of a whole number one by one.
    pub(super) fn is_whole(&self) -> bool {
        use FormatToken::{Hash, Literal, Zero};
        let plain = |token: &FormatToken| matches!(token, Zero | Hash | Literal(_));
        self.tokens.iter().all(plain)
    }

    /// How many decimals it shows at least and at most; none where it shows the number otherwise: `0.00,` is in thousands,
    /// `0.00E+00` in scientific notation.
    pub(super) fn decimal_places(&self) -> (usize, usize) {
        use FormatToken::{Comma, Exponent, Hash, Point, Question, Zero};
        let mut parts = self.tokens.split(|token| *token == Point).skip(1);
        let (behind, others) = (parts.next().unwrap_or_default(), parts.next());
        let is_other = |token: &FormatToken| matches!(token, Exponent | Comma);
        if others.is_some() || behind.iter().any(is_other) {
            return (0, 0);
        }
        let is_place = |token: &&FormatToken| matches!(token, Zero | Hash | Question);
        let zeros = behind.iter().take_while(|token| **token == Zero);
        (zeros.count(), behind.iter().filter(is_place).count())
    }

    /// The mark of a currency that is not the dollar, where the section shows one.
    pub(super) fn foreign_currency(&self) -> Option<&str> {
        self.tokens.iter().find_map(|token| match token {
            FormatToken::Literal(text) => foreign_currency(text),
            FormatToken::ForeignDollars(mark) => Some(mark),
            _ => None,
        })
    }

    pub(super) fn has_letters(&self) -> bool {
        let belongs = |token: &FormatToken| match token {
            FormatToken::Literal(text) => belongs(text),
            FormatToken::Fill => true,
            _ => false,
        };
        self.tokens.iter().any(belongs)
    }

    pub(super) fn holds(&self, value: f64) -> bool {
        match self.condition {
            None => true,
            Some((Comparison::Less, bound)) => value < bound,
            Some((Comparison::LessOrEqual, bound)) => value <= bound,
            Some((Comparison::Equal, bound)) => value == bound,
            Some((Comparison::Greater, bound)) => value > bound,
            Some((Comparison::GreaterOrEqual, bound)) => value >= bound,
            Some((Comparison::Unequal, bound)) => value != bound,
        }
    }
}

impl Section {
    /// Whether a token stands in it.
    pub(super) fn has(&self, token: &FormatToken) -> bool {
        self.tokens.contains(token)
    }

    /// Whether a number or a text stands in it as it is. A colour alone shows it so.
    pub(super) fn is_general(&self) -> bool {
        self.has(&FormatToken::General)
            || self.has(&FormatToken::Text)
            || self.has_color && self.tokens.is_empty()
    }

    /// By how many places it shows the point further to the right: two where it shows hundredths.
    pub(super) fn shift(&self) -> i32 {
        match self.has(&FormatToken::Percent) {
            true => 2,
            false => 0,
        }
    }

    /// Whether digits of the number stand in it.
    pub(super) fn has_digits(&self) -> bool {
        self.tokens.iter().any(is_digit)
    }

    /// Whether it shows the number in thousands or millions: a comma behind the last digit.
    pub(super) fn is_scaled(&self) -> bool {
        let last = self.tokens.iter().rposition(is_digit);
        last.is_some_and(|last| self.tokens[last + 1..].contains(&FormatToken::Comma))
            || self
                .tokens
                .windows(2)
                .any(|pair| pair == [FormatToken::Comma, FormatToken::Point])
    }

    /// Whether literals stand between the digits.
    pub(super) fn letters_within(&self) -> bool {
        let first = self.tokens.iter().position(is_digit);
        let last = self.tokens.iter().rposition(is_digit);
        first.zip(last).is_some_and(|(first, last)| {
            self.tokens[first..last]
                .iter()
                .any(|token| matches!(token, FormatToken::Literal(_)))
        })
    }

    /// The literals before the number and those behind it, a point behind the digits among them.
    fn around(&self) -> (String, String) {
        let is_number = |token: &FormatToken| {
            is_digit(token) || matches!(token, FormatToken::General | FormatToken::Text)
        };
        let first = self.tokens.iter().position(is_number);
        let last = self.tokens.iter().rposition(is_number);
        let text = |tokens: &[FormatToken]| -> String {
            let texts = tokens.iter().map(|token| match token {
                FormatToken::Literal(text) => text,
                FormatToken::Point => ".",
                FormatToken::Comma => ",",
                _ => "",
            });
            texts.collect()
        };
        match first.zip(last) {
            Some((first, last)) => (text(&self.tokens[..first]), text(&self.tokens[last + 1..])),
            None => (text(&self.tokens), String::new()),
        }
    }

    /// Whether it writes a negative number, with a minus or in brackets.
    pub(super) fn is_negative(&self) -> bool {
        let (before, after) = self.around();
        is_negative(&before, &after)
    }

    /// Whether no digit of a zero stands in it.
    pub(super) fn is_without_zero(&self) -> bool {
        !(self.is_general() || self.has(&FormatToken::Zero) || self.has(&FormatToken::Exponent))
    }

    /// Whether nothing is seen of a number: no digit, no word and no dash, which stands for a zero.
    pub(super) fn hides(&self, value: f64) -> bool {
        if !self.is_without_zero() {
            return false;
        }
        if self.has_digits() {
            let places = i32::try_from(self.decimal_places().1).unwrap_or(i32::MAX);
            if value.abs() * 10_f64.powi(places.saturating_add(self.shift())) >= 0.5 {
                return false;
            }
        }
        let dash = |c: char| matches!(c, '-' | '\u{2212}' | '\u{2013}' | '\u{2014}');
        let has_dash = |token: &FormatToken| matches!(token, FormatToken::Literal(text) if text.contains(dash));
        value != 0.0 || !self.tokens.iter().any(has_dash)
    }
}

fn is_digit(token: &FormatToken) -> bool {
    use FormatToken::{Hash, Question, Zero};
    matches!(token, Zero | Hash | Question)
}

/// Names of colours in brackets.
const COLORS: [&str; 9] = [
    "black", "blue", "cyan", "green", "magenta", "red", "white", "yellow", "color",
];

fn word_begins(text: &str, word: &str) -> bool {
    let start = text.get(..word.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The nearest other token before a place.
fn before(when: &[FormatToken], at: usize) -> Option<FormatToken> {
    let same = &when[at];
    when[..at].iter().rev().find(|t| *t != same).cloned()
}

fn after(when: &[FormatToken], at: usize) -> Option<FormatToken> {
    let same = &when[at];
    when[at..].iter().find(|t| *t != same).cloned()
}

fn is_when(token: &FormatToken) -> bool {
    matches!(
        token,
        FormatToken::Time
            | FormatToken::Year
            | FormatToken::Day
            | FormatToken::Month
            | FormatToken::Elapsed
    )
}

fn condition(text: &str) -> Option<(Comparison, f64)> {
    let (comparison, bound) = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("<>", Comparison::Unequal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
        ("=", Comparison::Equal),
    ]
    .into_iter()
    .find_map(|(mark, comparison)| Some((comparison, text.strip_prefix(mark)?)))?;
    Some((comparison, bound.trim().parse().ok()?))
}

fn is_thousands(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '’')
}
