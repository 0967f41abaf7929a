//! What one value can be: an e-mail address, a ZIP code, a name.
//!
//! Owner of the classes and of [`classes`], which says all that a value may belong to. A class is a form, not a meaning:
//! nine digits may be a tax id or an account number, and only the column tells. Left out on purpose: whether a value is
//! good for a field (`mapping`, `assess`).

use std::sync::LazyLock;

use foldhash::HashSet;

use super::dates;
use bakkt_contract::amounts::{self, DecimalMark};
use bakkt_contract::spans::AmountStyle;
use bakkt_contract::usd::{AmountUnit, Scale};
use bakkt_contract::{countries, forms, spans, us_states};

macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// A form that a value can have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Class { $($(#[doc = $doc])+ $name,)+ }

        impl Class {
            pub(crate) const COUNT: usize = [$(Class::$name),+].len();
        }
    };
}

classes! {
    /// A date, in any order.
    Date,
    /// A date that can be month, day, year.
    Mdy,
    /// A date that can only be month, day, year.
    OnlyMdy,
    /// A date that can be day, month, year.
    Dmy,
    /// A date that can only be day, month, year.
    OnlyDmy,
    /// A date that begins with its year.
    Ymd,
    /// A date whose month is a word.
    MonthWord,
    /// A date whose year has two digits.
    ShortYear,
    /// A date with a time behind it.
    Time,
    /// A date with a time and where that is from.
    Zone,
    /// An e-mail address.
    Email,
    /// A number as the U.S. writes a person's tax id, `999-99-9999`.
    Ssn,
    /// A number as the U.S. writes a firm's, `99-9999999`.
    Ein,
    /// Nine digits.
    Nine,
    /// A phone number.
    Phone,
    /// A U.S. ZIP code, or one that lost a zero.
    Zip,
    /// A postal code of letters and digits.
    Postcode,
    /// A U.S. state.
    State,
    /// A country.
    Country,
    /// Digits only.
    Digits,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A number written as money: with a symbol, separators or cents.
    Money,
    /// A range of numbers that may count anything, `25-50`.
    OpenRange,
    /// A number with a per cent sign.
    Percent,
    /// Yes or no, in some word.
    YesNo,
    /// Words of letters, as names are.
    Name,
    /// `DOE, JOHN`.
    NameComma,
    /// The name of a company.
    Company,
    /// A street with a number.
    Street,
    /// A city and its state in one cell.
    CityState,
    /// Ends with a version, as agreements do.
    Version,
    /// Several things parted by semicolons or bars.
    List,
    /// Letters, and all of them capitals.
    Capitals,
    /// Letters and digits in one word, as ids are.
    Mixed,
}

/// A set of classes, one bit each.
pub(crate) type ClassSet = u64;

/// The bit of a class.
pub(crate) const fn bit(class: Class) -> ClassSet {
    1 << class as u64
}

/// How many characters of each kind a value has.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    chars: usize,
    digits: usize,
    letters: usize,
    capitals: usize,
    spaces: usize,
}

impl Marks {
    fn of(text: &str) -> Marks {
        let mut marks = Marks::default();
        for c in text.chars() {
            marks.chars += 1;
            if c.is_ascii_digit() {
                marks.digits += 1;
            } else if c.is_alphabetic() {
                marks.letters += 1;
                marks.capitals += usize::from(c.is_uppercase());
            } else if c == ' ' {
                marks.spaces += 1;
            }
        }
        marks
    }
}

/// Everything that a trimmed value can be, and what it shows when it is a date.
pub(crate) fn classes(text: &str) -> (ClassSet, Option<dates::DateReadings>) {
    let marks = Marks::of(text);
    let mut set = 0;
    let mut add = |class: Class, is: bool| {
        if is {
            set |= bit(class);
        }
    };
    let date = dates::look(text);
    if let Some(date) = date {
        add(Class::Date, true);
        add(Class::Mdy, date.mdy);
        add(Class::OnlyMdy, date.mdy && !date.dmy && !date.ymd);
        add(Class::Dmy, date.dmy);
        add(Class::OnlyDmy, date.dmy && !date.mdy && !date.ymd);
        add(Class::Ymd, date.ymd);
        add(Class::MonthWord, date.word);
        add(Class::ShortYear, date.short_year);
        add(Class::Time, date.time);
        add(Class::Zone, date.zone);
    }
    if marks.digits > 0 {
        with_digits(text, marks, date.is_some(), &mut add);
    }
    if marks.letters > 0 {
        with_letters(text, marks, &mut add);
    }
    add(Class::Country, is_country(text, marks));
    add(Class::YesNo, YES_NO.has(text));
    add(
        Class::List,
        text.bytes().filter(|b| matches!(b, b';' | b'|')).count() > 0,
    );
    (set, date)
}

fn with_digits(text: &str, marks: Marks, date: bool, add: &mut impl FnMut(Class, bool)) {
    let all = marks.digits == marks.chars;
    add(Class::Digits, all);
    add(
        Class::Ssn,
        has_form(text, "999-99-9999") || has_form(text, "999 99 9999"),
    );
    add(Class::Ein, has_form(text, "99-9999999"));
    // In groups of three nine digits are a phone number of several countries.
    let threes = has_form(text, "999 999 999");
    add(
        Class::Nine,
        marks.digits == 9 && (all || marks.chars == 11 && !threes),
    );
    add(Class::Phone, !date && (threes || is_phone(text, marks)));
    let zips = ["99999", "99999-9999", "9999", "9999-9999", "999999999"];
    add(Class::Zip, zips.iter().any(|form| has_form(text, form)));
    let short = marks.chars <= 9 && marks.capitals == marks.letters;
    add(
        Class::Postcode,
        short
            && marks.letters > 0
            && marks.digits > 0
            && marks.digits + marks.letters + marks.spaces == marks.chars,
    );
    let plain =
        marks.digits == marks.chars || (text.starts_with('-') && marks.digits + 1 == marks.chars);
    add(Class::Integer, plain && marks.digits <= 18);
    let (head, percent) = match text.strip_suffix('%') {
        Some(head) => (head.trim_end(), true),
        None => (text, false),
    };
    let number = !date && (marks.letters <= 3 && is_amount(head, marks) || is_span(text, marks));
    add(Class::OpenRange, !date && is_open_range(text, marks));
    add(Class::Percent, percent && number);
    add(Class::Number, number);
    add(
        Class::Money,
        number && !percent && !plain && text.contains([',', '$', '€', '£', '.', '(', '\'']),
    );
    add(
        Class::Mixed,
        marks.letters > 0 && marks.spaces == 0 && marks.chars <= 40,
    );
    add(Class::Street, is_street(text, marks));
    add(Class::Version, marks.letters > 3 && ends_with_version(text));
}

fn with_letters(text: &str, marks: Marks, add: &mut impl FnMut(Class, bool)) {
    add(Class::Email, forms::is_email(text));
    add(
        Class::Capitals,
        marks.capitals == marks.letters && marks.letters > 2,
    );
    add(
        Class::State,
        marks.digits == 0 && marks.chars < 30 && us_states::two_letters(text).is_some(),
    );
    if marks.digits == 0 {
        let fits = |c: char| c.is_alphabetic() || " '’.-".contains(c);
        let words = marks.spaces + 1;
        add(
            Class::Name,
            words <= 4 && marks.letters > 0 && text.chars().all(fits),
        );
        add(
            Class::NameComma,
            text.split_once(',').is_some_and(|(family, given)| {
                !given.trim().is_empty()
                    && [family, given].iter().all(|part| part.chars().all(fits))
                    && !is_company(text)
            }),
        );
    }
    add(Class::Company, marks.spaces > 0 && is_company(text));
    add(Class::CityState, is_city_state(text));
}

/// Whether a text has a form in which `9` stands for a digit.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(byte, wanted)| match wanted {
                b'9' => byte.is_ascii_digit(),
                other => byte == other,
            })
}

fn is_phone(text: &str, marks: Marks) -> bool {
    let body = match text.find(['x', 'X', 'e', 'E']) {
        Some(end) if end > 6 => &text[..end],
        _ => text,
    };
    let fits = |byte: u8| byte.is_ascii_digit() || b" +-().#/".contains(&byte);
    let enough = match text.starts_with('+') {
        true => 8..=18,
        false => 10..=15,
    };
    enough.contains(&marks.digits) && body.bytes().all(fits) && !has_form(text, "99-9999999")
}

/// A number, whatever currency stands beside it: which one is for the field to judge. The text has digits.
fn is_amount(text: &str, marks: Marks) -> bool {
    let around = |c: char| c.is_whitespace() || "$€£¥".contains(c);
    let mut bare = text.trim_matches(around);
    if marks.letters > 0 {
        let words = ["USD", "EUR", "GBP", "CHF", "US$"];
        bare = words.iter().fold(bare, |bare, word| {
            let bare = bare.strip_prefix(word).unwrap_or(bare);
            bare.strip_suffix(word).unwrap_or(bare).trim_matches(around)
        });
    }
    amounts::parse(bare, DecimalMark::Dot).is_some()
}

/// A range of amounts, written with a mark that other numbers with a dash do not have.
fn is_span(text: &str, marks: Marks) -> bool {
    let marked = text.contains(['$', ',', 'k', 'K', '<', '>']) || marks.letters > 3;
    // An e-mail address is none, which is seen sooner.
    let fits = marked && marks.letters < 20 && !text.contains('@');
    let style = AmountStyle {
        point: DecimalMark::Dot,
        unit: AmountUnit::Dollars,
    };
    fits && spans::range_of(Scale::A, text, style).is_ok()
}

/// A range of numbers that may be dollars or thousands of them, if it is one of amounts: "25-50".
fn is_open_range(text: &str, marks: Marks) -> bool {
    let marked = text.contains(['-', '–', '—', '<', '>', '+', ' ']);
    marked
        && marks.chars <= 24
        && marks.letters <= 12
        && amounts::parse(text, DecimalMark::Dot).is_none()
        && spans::range_of(Scale::A, text, AmountStyle::default()) == Err(spans::OPEN_UNIT)
}

fn is_country(text: &str, marks: Marks) -> bool {
    let numbered = marks.digits > 0 && marks.chars > 3;
    (2..=60).contains(&marks.chars) && !numbered && countries::alpha3(text).is_some()
}

/// Words that are compared without regard to the case of ASCII letters.
struct WordList(HashSet<&'static [u8]>);

impl WordList {
    /// The longest word of any list, in bytes.
    const LONGEST: usize = 16;

    /// Of words in lower case, parted by spaces.
    fn new(words: &'static str) -> WordList {
        WordList(words.split(' ').map(str::as_bytes).collect())
    }

    fn has(&self, word: &str) -> bool {
        let mut lower = [0; WordList::LONGEST];
        let Some(lower) = lower.get_mut(..word.len()) else {
            return false;
        };
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        self.0.contains(&*lower)
    }
}

/// Words that say yes or no.
static YES_NO: LazyLock<WordList> =
    LazyLock::new(|| WordList::new("y n yes no true false t f 0 1 x"));

/// What company names end with or hold.
static COMPANY: LazyLock<WordList> = LazyLock::new(|| {
    WordList::new(
        "inc llc ltd limited corp corporation co company lp llp plc gmbh ag sa trust partners partnership holdings group \
         foundation fund bank associates enterprises estate",
    )
});

fn is_company(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric())
        .skip(1)
        .any(|word| COMPANY.has(word))
}

/// Words for ways.
static WAYS: LazyLock<WordList> = LazyLock::new(|| {
    WordList::new(
        "st street ave avenue rd road ln lane dr drive blvd way ct court pl place hwy row sq square box ter pkwy cir strasse \
         straße str rue via calle",
    )
});

fn is_street(text: &str, marks: Marks) -> bool {
    marks.spaces > 0
        && marks.letters > 2
        && (text.starts_with(|c: char| c.is_ascii_digit())
            || text.split([' ', '.', ',']).any(|word| WAYS.has(word)))
}

fn is_city_state(text: &str) -> bool {
    text.rsplit_once([',', ' ']).is_some_and(|(city, state)| {
        let (city, state) = (city.trim_end_matches([',', ' ']), state.trim());
        state.len() == 2
            && forms::is_state2(state)
            && city
                .chars()
                .all(|c| c.is_alphabetic() || " '.-".contains(c))
            && city.len() > 2
    })
}

fn ends_with_version(text: &str) -> bool {
    let Some((_, last)) = text.rsplit_once(' ') else {
        return false;
    };
    let number = last.trim_start_matches(['v', 'V', 'r']);
    number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && (number.len() < last.len() || number.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_it_can_be() {
        use Class::*;
        for (text, is, is_not) in [
            ("987-65-4321", vec![Ssn, Nine], vec![Date, Phone, Zip]),
            ("00-1659723", vec![Ein], vec![Phone, Date]),
            ("02169-5918", vec![Zip], vec![Ssn]),
            ("2169", vec![Zip, Digits], vec![Date]),
            ("612 345 000", vec![Phone], vec![Nine, Ssn]),
            ("BS1 0AA", vec![Postcode], vec![Zip, Street]),
            ("(518) 555-0116", vec![Phone], vec![Number]),
            ("312-555-0123 ext. 4", vec![Phone], vec![Date]),
            ("+44 117 496 0123", vec![Phone], vec![Date]),
            ("$1,747,000.00", vec![Number, Money], vec![Phone, Integer]),
            ("24%", vec![Percent], vec![Money]),
            ("25-50", vec![OpenRange], vec![Number, Date]),
            ("500 - 1,000", vec![OpenRange], vec![Date]),
            ("$25,000 - $50,000", vec![Number], vec![OpenRange]),
            ("25-50k", vec![Number], vec![OpenRange]),
            ("05/01/2002", vec![Date, Mdy, Dmy], vec![OnlyMdy, Number]),
            ("Jane O'Neil", vec![Name], vec![Company, Street]),
            ("DOE, JOHN Q", vec![NameComma, Capitals], vec![Name]),
            (
                "Beacon Cold Storage, Inc.",
                vec![Company],
                vec![NameComma, Street],
            ),
            ("202 Dock Lane", vec![Street], vec![Name, Number]),
            ("Raleigh, NC", vec![CityState], vec![]),
            ("Customer Agreement v2.1", vec![Version], vec![Name]),
            ("oscar@mail.example", vec![Email], vec![Name]),
            ("US", vec![Country], vec![State, Capitals]),
            ("US;Canada", vec![List], vec![Country]),
            ("HB-00001", vec![Mixed], vec![Name, Postcode]),
        ] {
            let (set, _) = classes(text);
            for class in is {
                assert!(set & bit(class) != 0, "{text} is {class:?}");
            }
            for class in is_not {
                assert!(set & bit(class) == 0, "{text} is not {class:?}");
            }
        }
    }
}
