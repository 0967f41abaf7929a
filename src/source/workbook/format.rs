//! Number formats: what the code of a cell's format says about the meaning of its number.
//!
//! Owner of [`Format`]. A format decides whether a number is a date, a time, a percentage or a code whose zeros and dashes
//! belong to it (`00000`, `000-00-0000`). How many decimals, which currency and which colour are display, and are left out
//! on purpose: the number keeps all of its digits.

use super::serial::Parts;

/// What a number in a cell is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format {
    /// A number.
    #[default]
    Number,
    /// A share of one, shown in hundredths.
    Percent,
    /// A day, a time, or both.
    When(Parts),
    /// Digits with fixed places: the first section whose condition holds.
    Digits(Vec<Section>),
}

/// One section of a format with fixed places.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    condition: Option<(Comparison, f64)>,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    Greater,
    GreaterOrEqual,
    Unequal,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    /// A digit, or a zero.
    Zero,
    /// A digit, or nothing.
    Hash,
    Literal(char),
    Percent,
    /// Hours, seconds, AM/PM; minutes when they stand beside one.
    Time,
    /// Years and days; months.
    Day,
    /// Months or minutes.
    Month,
    /// Hours, minutes or seconds that count on.
    Elapsed,
    /// What makes a number an ordinary one: a point, a thousands separator, an exponent, a fraction.
    Ordinary,
}

impl Format {
    /// The format of a code.
    pub fn of(code: &str) -> Format {
        let sections: Vec<Section> = split(code).into_iter().map(Section::of).collect();
        let Some(first) = sections.first() else {
            return Format::Number;
        };
        if let Some(parts) = first.parts() {
            return Format::When(parts);
        }
        if first.tokens.contains(&Token::Percent) {
            return Format::Percent;
        }
        if sections.iter().any(Section::has_places) {
            return Format::Digits(sections);
        }
        Format::Number
    }

    /// The format of a number that stands for a code every workbook knows.
    pub fn built_in(id: u32) -> Format {
        match id {
            9 | 10 => Format::Percent,
            14..=17 => Format::When(Parts::Date),
            18..=21 | 45 | 47 => Format::When(Parts::Time),
            22 => Format::When(Parts::DateTime),
            46 => Format::When(Parts::Elapsed),
            // Dates and times of East Asian calendars; which they are depends on the language.
            27..=36 | 50..=58 => Format::When(Parts::Whatever),
            _ => Format::Number,
        }
    }
}

/// The sections of a code, at semicolons that are not quoted.
fn split(code: &str) -> Vec<&str> {
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
    fn of(code: &str) -> Section {
        let mut section = Section {
            condition: None,
            tokens: Vec::new(),
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
            ("General", Token::Ordinary),
            ("AM/PM", Token::Time),
            ("A/P", Token::Time),
            ("E+", Token::Ordinary),
            ("E-", Token::Ordinary),
        ] {
            if word(name) {
                self.tokens.push(token);
                return &rest[name.len()..];
            }
        }
        let token = match c {
            '"' => {
                let (text, after) = after.split_once('"').unwrap_or((after, ""));
                self.tokens.extend(text.chars().map(Token::Literal));
                return after;
            }
            '[' => {
                let (inside, after) = after.split_once(']').unwrap_or((after, ""));
                self.bracket(inside);
                return after;
            }
            '\\' => {
                let literal = after.chars().next();
                self.tokens.extend(literal.map(Token::Literal));
                return &after[literal.map_or(0, char::len_utf8)..];
            }
            // The width of a character, and a character that fills the cell: no text.
            '_' | '*' => return &after[after.chars().next().map_or(0, char::len_utf8)..],
            '0' => Token::Zero,
            '#' => Token::Hash,
            '%' => Token::Percent,
            'y' | 'Y' | 'd' | 'D' => Token::Day,
            'm' | 'M' => Token::Month,
            'h' | 'H' | 's' | 'S' => Token::Time,
            '.' | ',' | '?' | '@' | '/' => Token::Ordinary,
            other => Token::Literal(other),
        };
        self.tokens.push(token);
        after
    }

    /// A condition, elapsed time, or a currency; colours and languages say nothing.
    fn bracket(&mut self, inside: &str) {
        let unit = inside.chars().next().unwrap_or(' ').to_ascii_lowercase();
        let elapsed = matches!(unit, 'h' | 'm' | 's')
            && inside.chars().all(|c| c.to_ascii_lowercase() == unit);
        if elapsed {
            self.tokens.push(Token::Elapsed);
        } else if let Some(currency) = inside.strip_prefix('$') {
            let symbol = currency.split('-').next().unwrap_or("");
            self.tokens.extend(symbol.chars().map(Token::Literal));
        } else {
            self.condition = self.condition.or_else(|| condition(inside));
        }
    }

    /// Which parts of a date the section shows, if it shows one.
    fn parts(&self) -> Option<Parts> {
        let when: Vec<Token> = self.tokens.iter().copied().filter(is_when).collect();
        if when.contains(&Token::Elapsed) {
            return Some(Parts::Elapsed);
        }
        // Minutes stand between hours and seconds; what stands alone is a month.
        let time = when.contains(&Token::Time);
        let month = when.iter().enumerate().any(|(at, token)| {
            let beside = before(&when, at) == Some(Token::Time)
                || after(&when, at) == Some(Token::Time) && before(&when, at) != Some(Token::Day);
            *token == Token::Month && !beside
        });
        match (month || when.contains(&Token::Day), time) {
            (true, false) => Some(Parts::Date),
            (true, true) => Some(Parts::DateTime),
            (false, true) => Some(Parts::Time),
            (false, false) => None,
        }
    }

    /// Whether every place of a digit is fixed: two zeros at least, or a mark that parts the digits.
    fn has_places(&self) -> bool {
        let is_place = |token: &Token| matches!(token, Token::Zero | Token::Hash);
        let only = |token: &Token| is_place(token) || matches!(token, Token::Literal(_));
        if !self.tokens.iter().all(only) {
            return false;
        }
        let zeros = self.tokens.iter().filter(|t| **t == Token::Zero).count();
        let first = self.tokens.iter().position(is_place);
        let last = self.tokens.iter().rposition(is_place);
        let parted = first.zip(last).is_some_and(|(first, last)| {
            self.tokens[first..last]
                .iter()
                // A space parts the thousands of a number, too.
                .any(|token| matches!(token, Token::Literal(mark) if *mark != ' '))
        });
        zeros >= 2 || parted
    }

    fn holds(&self, value: f64) -> bool {
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

/// The nearest other token before a place.
fn before(when: &[Token], at: usize) -> Option<Token> {
    let same = when[at];
    when[..at].iter().rev().copied().find(|t| *t != same)
}

fn after(when: &[Token], at: usize) -> Option<Token> {
    let same = when[at];
    when[at..].iter().copied().find(|t| *t != same)
}

fn is_when(token: &Token) -> bool {
    matches!(
        token,
        Token::Time | Token::Day | Token::Month | Token::Elapsed
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

/// Writes a whole number into fixed places; false when the format has none for it.
pub fn write_digits(sections: &[Section], value: f64, out: &mut String) -> bool {
    if value < 0.0 || value.fract() != 0.0 || !super::number::is_exact(value) {
        return false;
    }
    let section = sections.iter().find(|section| section.holds(value));
    let Some(section) = section.filter(|section| section.has_places()) else {
        return false;
    };
    let digits = (value as u64).to_string();
    let digits = if value == 0.0 { "" } else { &digits };
    let is_place = |token: &Token| matches!(token, Token::Zero | Token::Hash);
    let mut places = section.tokens.iter().filter(|t| is_place(t)).count();
    // More digits than places: the first place takes those that are left over.
    let (mut head, mut tail) = digits.split_at(digits.len().saturating_sub(places));
    for token in &section.tokens {
        match token {
            Token::Literal(mark) => out.push(*mark),
            Token::Zero | Token::Hash => {
                out.push_str(std::mem::take(&mut head));
                if tail.len() == places {
                    out.push_str(&tail[..1]);
                    tail = &tail[1..];
                } else if *token == Token::Zero {
                    out.push('0');
                }
                places -= 1;
            }
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_excel_shows() {
        use Format::{Number, Percent, When};
        for (code, format) in [
            ("General", Number),
            ("0", Number),
            ("0.00", Number),
            ("#,##0", Number),
            ("# ##0", Number),
            ("#\\ ##0", Number),
            ("#,##0.00\\ [$€-407];[Red]-#,##0.00", Number),
            (
                "_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)",
                Number,
            ),
            ("0.00E+00", Number),
            ("# ?/?", Number),
            ("@", Number),
            ("", Number),
            ("\"day\" 0", Number),
            ("0%", Percent),
            ("0.00%", Percent),
            ("mm-dd-yy", When(Parts::Date)),
            ("yyyy\\-mm\\-dd", When(Parts::Date)),
            ("d. mmmm yyyy", When(Parts::Date)),
            ("[$-409]mmmm\\ d\\,\\ yyyy;@", When(Parts::Date)),
            ("mmm-yy", When(Parts::Date)),
            ("mmm", When(Parts::Date)),
            ("m/d/yy h:mm", When(Parts::DateTime)),
            ("yyyy-mm-dd hh:mm:ss", When(Parts::DateTime)),
            ("dd/mm hh:mm", When(Parts::DateTime)),
            ("h:mm AM/PM", When(Parts::Time)),
            ("h:mm:ss", When(Parts::Time)),
            ("mm:ss", When(Parts::Time)),
            ("[h]:mm:ss", When(Parts::Elapsed)),
            ("[mm]:ss", When(Parts::Elapsed)),
            ("[Red]yyyy", When(Parts::Date)),
        ] {
            assert_eq!(Format::of(code), format, "{code}");
        }
    }

    #[test]
    fn fixed_places_keep_their_zeros_and_marks() {
        let phone = "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####";
        for (code, value, text) in [
            ("00000", 2139.0, "02139"),
            ("00000", 0.0, "00000"),
            ("00000", 123_456.0, "123456"),
            ("000-00-0000", 987_650_001.0, "987-65-0001"),
            ("000\\-00\\-0000", 20_003.0, "000-02-0003"),
            ("00000\\-0000", 21_390_123.0, "02139-0123"),
            (phone, 5_550_100.0, "555-0100"),
            (phone, 2_125_550_100.0, "(212) 555-0100"),
            ("\"C\"000000", 42.0, "C000042"),
        ] {
            let Format::Digits(sections) = Format::of(code) else {
                panic!("{code} has places");
            };
            let mut shown = String::new();
            assert!(write_digits(&sections, value, &mut shown));
            assert_eq!(shown, text, "{code}");
        }
        let Format::Digits(sections) = Format::of("00000") else {
            panic!("it has places");
        };
        for value in [-5.0, 1.5, 1e15, f64::NAN] {
            assert!(!write_digits(&sections, value, &mut String::new()));
        }
    }
}
