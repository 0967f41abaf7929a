//! Number formats: what the code of a cell's format says about the meaning of its number.
//!
//! Owner of [`Format`]. A format decides whether a number is a date, a time, a percentage or a code whose zeros, dashes and
//! letters belong to it (`00000`, `000-00-0000`, `"C-"0`), and whether it is an amount of a currency that is not the dollar. A
//! fraction is written with the zeros behind it that the format shows: `100.1` is `100.10` under `0.00`. Separators of thousands,
//! exponents, fractions such as 1/2, rounding and colours are display, and are left out on purpose: the number keeps all of its
//! digits, and a whole number is whole. Invariant: where a format shows letters or fixed places, the
//! number is written exactly as it is shown, or not at all.

use super::serial::{ShownDay, ShownParts};

/// What a number in a cell is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Format {
    /// A number.
    #[default]
    Number,
    /// A number with at least so many decimals.
    Decimals(usize),
    /// A share of one, shown in hundredths.
    Percent,
    /// An amount of a currency that is not the dollar, with the mark of that currency.
    Money(String),
    /// A day, a time, or both.
    When(ShownParts),
    /// Letters, marks or fixed places that belong to the number: its sections, of which the number takes one.
    Written(Vec<Section>),
}

/// How a format shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberDisplay {
    /// As it is shown.
    Exactly,
    /// The format adds nothing to it: it is a plain number.
    Plain,
    /// What is shown is another number, or cannot be told.
    Otherwise,
}

/// One section of a format.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    condition: Option<(Comparison, f64)>,
    tokens: Vec<FormatToken>,
    /// Letters of years in East Asian and Thai calendars stand in it, which are plain letters beside a number.
    has_era: bool,
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

#[derive(Clone, Debug, PartialEq)]
enum FormatToken {
    /// A digit, or a zero.
    Zero,
    /// A digit, or nothing.
    Hash,
    /// A digit, or a blank.
    Question,
    /// Characters that are shown as they are.
    Literal(String),
    /// A letter or digit that fills the cell, as often as there is room.
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

impl Format {
    /// The format of a code.
    pub(crate) fn of(code: &str) -> Format {
        let sections: Vec<Section> = split(code).into_iter().map(Section::of).collect();
        let Some(first) = sections.first() else {
            return Format::Number;
        };
        if let Some(parts) = first.parts() {
            return Format::When(parts);
        }
        if first.tokens.contains(&FormatToken::Percent) {
            return Format::Percent;
        }
        if sections.iter().any(Section::belongs) {
            return Format::Written(sections);
        }
        if let Some(mark) = sections.iter().find_map(Section::foreign_currency) {
            return Format::Money(mark.to_owned());
        }
        match first.decimal_places() {
            (0, _) => Format::Number,
            (least, _) => Format::Decimals(least),
        }
    }

    /// The format of a number that stands for a code every workbook knows.
    pub(crate) fn built_in(id: u32) -> Format {
        match id {
            2 | 4 | 7 | 8 | 39 | 40 | 43 | 44 => Format::Decimals(2),
            9 | 10 | 67 | 68 => Format::Percent,
            14 | 15 | 30 | 31 => Format::When(ShownParts::Date),
            16 => Format::of("d-mmm"),
            17 => Format::of("mmm-yy"),
            18..=21 | 45 | 47 => Format::When(ShownParts::Time),
            22 => Format::When(ShownParts::DateTime),
            46 => Format::When(ShownParts::Elapsed),
            // Dates and times of East Asian calendars; which they are depends on the language.
            27..=29 | 32..=36 | 50..=58 | 71..=81 => Format::When(ShownParts::Whatever),
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
            has_era: false,
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
                if c == '*' && next.is_some_and(char::is_alphanumeric) {
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

    /// A condition, elapsed time, or a currency; colours and languages say nothing.
    fn bracket(&mut self, inside: &str) {
        let unit = inside.chars().next().unwrap_or(' ').to_ascii_lowercase();
        let elapsed = matches!(unit, 'h' | 'm' | 's')
            && inside.chars().all(|c| c.to_ascii_lowercase() == unit);
        if elapsed {
            self.tokens.push(FormatToken::Elapsed);
        } else if let Some(currency) = inside.strip_prefix('$') {
            let symbol = currency.split('-').next().unwrap_or("");
            self.literal(symbol);
        } else {
            self.condition = self.condition.or_else(|| condition(inside));
        }
    }

    /// Which parts of a date the section shows, if it shows one.
    fn parts(&self) -> Option<ShownParts> {
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
    fn belongs(&self) -> bool {
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
    fn is_whole(&self) -> bool {
        use FormatToken::{Hash, Literal, Zero};
        let plain = |token: &FormatToken| matches!(token, Zero | Hash | Literal(_));
        self.tokens.iter().all(plain)
    }

    /// How many decimals it shows at least and at most; none where it shows the number otherwise: `0.00,` is in thousands,
    /// `0.00E+00` in scientific notation.
    fn decimal_places(&self) -> (usize, usize) {
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
    fn foreign_currency(&self) -> Option<&str> {
        self.tokens.iter().find_map(|token| match token {
            FormatToken::Literal(text) => foreign_currency(text),
            _ => None,
        })
    }

    fn has_letters(&self) -> bool {
        let belongs = |token: &FormatToken| match token {
            FormatToken::Literal(text) => belongs(text),
            FormatToken::Fill => true,
            _ => false,
        };
        self.tokens.iter().any(belongs)
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

/// Currencies that stand beside a number, but for their signs.
const CURRENCIES: [&str; 30] = [
    "USD", "EUR", "GBP", "CHF", "CAD", "AUD", "JPY", "MXN", "BRL", "INR", "CNY", "SEK", "NOK",
    "DKK", "PLN", "CZK", "HUF", "US$", "R$", "kr", "kr.", "Fr.", "zł", "Kč", "Ft", "lei", "DM",
    "TL", "Rs", "Rs.",
];
/// Those of them that are the dollar.
const DOLLARS: [&str; 2] = ["USD", "US$"];
/// Signs of currencies, but for the dollar's.
const SIGNS: &str = "€£¥¢₹₽₩₺₪₫₱฿₴₦";

/// The mark of a currency that is not the dollar.
fn foreign_currency(text: &str) -> Option<&str> {
    let mark = without_signs(text);
    let named = CURRENCIES.contains(&mark) && !DOLLARS.contains(&mark);
    (named || mark.contains(|c| SIGNS.contains(c))).then_some(mark)
}

/// A text without what writes a negative number.
fn without_signs(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || "()+-\u{2212}".contains(c))
}

/// Whether characters around a number belong to it: letters, digits and marks do. Blanks, brackets, signs and currencies are
/// ways of writing an amount.
pub(crate) fn belongs(text: &str) -> bool {
    let text = without_signs(text);
    let amount =
        |c: char| c.is_whitespace() || "$%‰.,'’()+\u{2212}".contains(c) || SIGNS.contains(c);
    !text.chars().all(amount) && !CURRENCIES.contains(&text)
}

fn is_thousands(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '’')
}

/// Which section a number takes, and whether its sign is the section's own.
fn section_of(sections: &[Section], value: f64) -> Option<(&Section, bool)> {
    if sections.iter().any(|section| section.condition.is_some()) {
        // What a sign looks like under conditions depends on them all.
        let section = sections.iter().find(|section| section.holds(value))?;
        return (value >= 0.0).then_some((section, true));
    }
    match sections {
        [] => None,
        [_, negative, ..] if value < 0.0 => Some((negative, true)),
        [_, _, zero, ..] if value == 0.0 => Some((zero, true)),
        [first, ..] => Some((first, false)),
    }
}

/// Writes a number as its format shows it.
pub(crate) fn write_number(sections: &[Section], value: f64, out: &mut String) -> NumberDisplay {
    let Some((section, signed)) = section_of(sections, value) else {
        return NumberDisplay::Otherwise;
    };
    if !section.belongs() {
        // Nothing at all would be shown, or a dash for a zero.
        return NumberDisplay::Plain;
    }
    let has = |token: FormatToken| section.tokens.contains(&token);
    let digits = has(FormatToken::Zero) || has(FormatToken::Hash) || has(FormatToken::Question);
    let general = has(FormatToken::General) || has(FormatToken::Text);
    if has(FormatToken::Fill)
        || has(FormatToken::Exponent)
        || has(FormatToken::Question)
        || (digits && general)
    {
        return NumberDisplay::Otherwise;
    }
    if value < 0.0 && !signed {
        out.push('-');
    }
    let value = value.abs();
    if !digits && !general {
        // A word that stands for the number.
        section.write_around(out, |_| {});
        return NumberDisplay::Exactly;
    }
    if section.is_whole() {
        return match value.fract() == 0.0 && super::number::is_exact(value) {
            true => {
                section.write_digits(value, out);
                NumberDisplay::Exactly
            }
            false => NumberDisplay::Otherwise,
        };
    }
    let is_digit = |token: &FormatToken| matches!(token, FormatToken::Zero | FormatToken::Hash);
    let last = section.tokens.iter().rposition(is_digit);
    let scaled = last.is_some_and(|last| section.tokens[last..].contains(&FormatToken::Comma));
    let parted = digits && section.letters_within();
    if scaled || parted {
        return NumberDisplay::Otherwise;
    }
    let mut number = String::new();
    super::number::plain(value, 0, &mut number);
    if section.tokens.contains(&FormatToken::Point) {
        let decimals = number
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        let (least, most) = section.decimal_places();
        if decimals > most {
            return NumberDisplay::Otherwise;
        }
        if decimals == 0 && least > 0 {
            number.push('.');
        }
        number.extend(std::iter::repeat_n('0', least.saturating_sub(decimals)));
    }
    section.write_around(out, |out| out.push_str(&number));
    NumberDisplay::Exactly
}

/// Writes a text as its format shows it: with the letters that the section for texts has around it.
pub(crate) fn write_text(sections: &[Section], text: &str, out: &mut String) {
    let for_texts = |section: &&Section| section.tokens.contains(&FormatToken::Text);
    let section = sections.get(3).filter(for_texts);
    let section = section.or_else(|| sections.iter().find(for_texts));
    match section.filter(|section| section.has_letters()) {
        Some(section) => section.write_around(out, |out| out.push_str(text)),
        None => out.push_str(text),
    }
}

impl Section {
    /// Writes the literals, and the value once in the place of what stands for it.
    fn write_around(&self, out: &mut String, value: impl FnOnce(&mut String)) {
        let mut value = Some(value);
        for token in &self.tokens {
            match token {
                FormatToken::Literal(text) => out.push_str(text),
                FormatToken::Zero
                | FormatToken::Hash
                | FormatToken::General
                | FormatToken::Text => {
                    if let Some(value) = value.take() {
                        value(out);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether literals stand between the digits.
    fn letters_within(&self) -> bool {
        let is_digit = |token: &FormatToken| matches!(token, FormatToken::Zero | FormatToken::Hash);
        let first = self.tokens.iter().position(is_digit);
        let last = self.tokens.iter().rposition(is_digit);
        first.zip(last).is_some_and(|(first, last)| {
            self.tokens[first..last]
                .iter()
                .any(|token| matches!(token, FormatToken::Literal(_)))
        })
    }

    /// Writes a whole number into its places.
    fn write_digits(&self, value: f64, out: &mut String) {
        let digits = (value as u64).to_string();
        let digits = if value == 0.0 { "" } else { &digits };
        let is_place = |token: &FormatToken| matches!(token, FormatToken::Zero | FormatToken::Hash);
        let mut places = self.tokens.iter().filter(|t| is_place(t)).count();
        // More digits than places: the first place takes those that are left over.
        let (mut head, mut tail) = digits.split_at(digits.len().saturating_sub(places));
        for token in &self.tokens {
            match token {
                FormatToken::Literal(text) => out.push_str(text),
                FormatToken::Zero | FormatToken::Hash => {
                    out.push_str(std::mem::take(&mut head));
                    if tail.len() == places {
                        out.push_str(&tail[..1]);
                        tail = &tail[1..];
                    } else if *token == FormatToken::Zero {
                        out.push('0');
                    }
                    places -= 1;
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
