//! How well a column fits a field: by its header, and by its values.
//!
//! Owner of both numbers and of the total that they make. Invariant: pure arithmetic over a header's words and a
//! profile; nothing here knows a column or a field by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::codes::meaning;
use super::fields::{CONCEPTS, Concept, Group, PHRASES, Phrase, ValueKind};
use super::places::PlaceWords;
use super::tables;
use super::values::are_counted_days;
use super::words::{self, HeaderToken, WordSet};
use crate::inspect::classes::Class;
use crate::inspect::column::{ColumnProfile, MOST_CODES};
use crate::inspect::shapes;

/// A header at a place that it does not mark is worth so much of a match.
const UNMARKED: f64 = 0.35;

/// How much the header counts, and how much the values.
const BY_NAME: f64 = 0.7;
const BY_VALUE: f64 = 0.3;

/// What values alone are worth where the header says nothing.
const BY_VALUE_ALONE: f64 = 0.45;

/// Below this a column does not feed a field.
pub(crate) const LEAST: f64 = 0.3;

/// How well a column fits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fit {
    /// By its header, from 0 to 1.
    pub name: f64,
    /// By its values, from -1 (they speak against it) to 1.
    pub value: f64,
    /// Both together, from 0 to 1.
    pub total: f64,
    /// The header marks the place, or the place needs no mark.
    pub marked: bool,
    /// The header names the field, or the values are such as nothing else has. Else only its neighbours speak for it.
    pub is_told: bool,
}

/// A column as the guesser sees it.
#[derive(Clone, Debug)]
pub struct ColumnView<'a> {
    /// Its sums.
    pub column: &'a ColumnProfile,
    /// The words of its header.
    pub tokens: Vec<HeaderToken>,
    /// Place in the file.
    pub index: usize,
}

impl<'a> ColumnView<'a> {
    /// A column with words of its header.
    pub(crate) fn new(
        column: &'a ColumnProfile,
        tokens: Vec<HeaderToken>,
        index: usize,
    ) -> ColumnView<'a> {
        ColumnView {
            column,
            tokens,
            index,
        }
    }

    /// The header says nothing: no word of it is known but those that say little.
    pub(crate) fn mute(&self) -> bool {
        let little = |token: &HeaderToken| token.weight < 1.0 || token.words.is_empty();
        self.tokens.iter().all(little)
    }

    /// Everything that its words can stand for.
    pub(crate) fn words(&self) -> WordSet {
        let all = self.tokens.iter().map(|token| token.words);
        all.fold(WordSet::default(), WordSet::and)
    }

    /// The header names an id and the values are plain digits: their length says nothing of what they are.
    pub(crate) fn names_an_id(&self) -> bool {
        static IDS: LazyLock<WordSet> =
            LazyLock::new(|| WordSet::of("customer/account/id/agreement/document/token"));
        static OTHERS: LazyLock<WordSet> = LazyLock::new(|| {
            WordSet::of("tax/tin/ssn/ein/government/social/security/phone/mobile/birth/dob/zip")
        });
        let (ids, others) = (*IDS, *OTHERS);
        let words = self.words();
        let key = self.index == 0 && self.mute() && self.column.all_distinct();
        self.column.share(Class::Digits) > 0.9 && (key || words.meet(ids)) && !words.meet(others)
    }

    /// All words of its header stand in the table as they are spelled.
    pub(crate) fn sure(&self) -> bool {
        self.tokens.iter().all(|token| token.sure)
    }
}

/// A word that no table knows and that the headers of a group share; it marks this place.
pub(crate) type Label<'a> = (&'a str, usize);

/// What a column says about a concept at whatever place.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    /// Which concept.
    row: usize,
    /// The header has the words of one of the concept's phrases.
    named: bool,
    /// By its values.
    pub value: f64,
    /// Its values say so alone: the header says nothing.
    alone: bool,
    /// Its values say so whatever its header says.
    decisive: bool,
}

/// What a column says about every concept.
pub(crate) fn bases(seen: &ColumnView<'_>) -> Vec<Basis> {
    let (all, mute, is_id) = (seen.words(), seen.mute(), seen.names_an_id());
    let greets = is_salutation(seen.column);
    let one = |(row, concept): (usize, &Concept)| {
        let has = |phrase: &Phrase| phrase.words.iter().all(|words| words.meet(all));
        Basis {
            row,
            named: PHRASES[row].iter().any(has),
            value: by_value(seen.column, concept, greets),
            alone: mute
                && telling(seen.column, concept)
                && !(is_id && concept.kind.reads_numbers()),
            decisive: decisive(seen.column, concept),
        }
    };
    CONCEPTS.iter().enumerate().map(one).collect()
}

/// The fit of a column at a concept and a place. `labels` are the words that mark a place in this file alone.
pub(crate) fn fit(
    seen: &ColumnView<'_>,
    basis: Basis,
    ground: &PlaceWords,
    number: usize,
    labels: &[Label<'_>],
) -> Fit {
    let phrases = match (basis.named, basis.decisive) {
        (true, _) => PHRASES[basis.row].as_slice(),
        (_, true) => std::slice::from_ref(&*WORDLESS),
        _ => &[],
    };
    let (mut name, marked) = match phrases {
        [] => (0.0, false),
        phrases => by_name(&seen.tokens, phrases, ground, number, labels),
    };
    if !basis.named && basis.decisive && !basis.alone {
        name = BY_FORM_ALONE * if marked { 1.0 } else { UNMARKED } + 0.2 * name;
    }
    let value = basis.value;
    let mut total = if name >= LEAST {
        BY_NAME * name + BY_VALUE * value
    } else if basis.alone && ground.marks.is_empty() {
        BY_VALUE_ALONE * value
    } else {
        0.0
    };
    if value < -0.5 {
        total *= 0.5;
    }
    Fit {
        name,
        value,
        total: total.max(0.0),
        marked,
        is_told: name >= LEAST || basis.alone || basis.decisive,
    }
}

/// What a form that speaks for itself is worth as a name.
const BY_FORM_ALONE: f64 = 0.45;

/// The phrase of what needs no words.
static WORDLESS: LazyLock<Phrase> = LazyLock::new(|| Phrase {
    words: Vec::new(),
    may: WordSet::default(),
});

/// Whether nearly all values have a form that nothing else has, so that the header only says whose it is.
fn decisive(column: &ColumnProfile, concept: &Concept) -> bool {
    let most = |class: Class| column.share(class) > 0.9;
    match concept.kind {
        ValueKind::CityState => most(Class::CityState),
        ValueKind::Agreement => most(Class::Version),
        ValueKind::WholeAddress => column.parts.0 > 3 && most(Class::List),
        ValueKind::FirmTaxId => most(Class::Ein),
        ValueKind::Countries => {
            let lists = column.share(Class::List);
            lists > 0.1 && lists + column.share(Class::Country) > 0.9
        }
        ValueKind::TaxId => most(Class::Ssn),
        _ => concept.forms.contains(&Class::Email) && most(Class::Email),
    }
}

/// Whether values of a concept tell it from everything else.
fn telling(column: &ColumnProfile, concept: &Concept) -> bool {
    match concept.kind {
        ValueKind::TaxId
        | ValueKind::FirmTaxId
        | ValueKind::Phone
        | ValueKind::PostalCode
        | ValueKind::State => true,
        ValueKind::CityState | ValueKind::Street | ValueKind::Agreement => true,
        ValueKind::Code => speaking(column, concept),
        ValueKind::Text if concept.field.ends_with("Id") => {
            column.share(Class::Mixed) + column.share(Class::Digits) > 0.9 && column.length.0 > 3
        }
        _ => {
            let own = [Class::Email, Class::Company];
            own.iter().any(|class| concept.forms.contains(class))
                || concept.field.ends_with("dateOfBirth")
                || concept.field == "country"
        }
    }
}

/// Codes that speak for themselves: three or more, nearly all of them with an obvious meaning, each with its own.
fn speaking(column: &ColumnProfile, concept: &Concept) -> bool {
    // Numbers never speak for themselves; most columns are told apart here.
    let letters = |codes: &BTreeMap<String, u64>| {
        codes
            .keys()
            .any(|code| code.starts_with(char::is_alphabetic))
    };
    let Some(codes) = column.codes().filter(|codes| letters(codes)) else {
        return false;
    };
    let path = format!("x.{}", concept.field);
    let Some(words) = concept_words(concept) else {
        return false;
    };
    let known: Vec<(&str, u64)> = codes
        .iter()
        .filter_map(|(code, count)| Some((meaning(&path, code, words)?, *count)))
        .collect();
    let rows: u64 = known.iter().map(|(_, count)| count).sum();
    let mut different: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    different.sort_unstable();
    different.dedup();
    different.len() >= 3.min(words.len()) && column.part(rows) > 0.9
}

/// Words by field and group.
type FieldWords = HashMap<(&'static str, Group), &'static [&'static str]>;

/// The words that each concept's field takes, wherever it stands.
static WORDS: LazyLock<FieldWords> = LazyLock::new(|| {
    let words = |concept: &Concept| {
        let prefix = match concept.group {
            Group::Profile => "investmentProfile.",
            Group::Entity => "entity.",
            Group::Account | Group::Kept => "",
            _ => "owners[0].",
        };
        let words = tables::words(&format!("{prefix}{}", concept.field))?;
        Some(((concept.field, concept.group), words))
    };
    CONCEPTS.iter().filter_map(words).collect()
});

fn concept_words(concept: &Concept) -> Option<&'static [&'static str]> {
    WORDS.get(&(concept.field, concept.group)).copied()
}

/// The share of the header that phrase and place explain; and whether the place's marks are there.
fn by_name(
    tokens: &[HeaderToken],
    phrases: &[Phrase],
    ground: &PlaceWords,
    number: usize,
    labels: &[Label<'_>],
) -> (f64, bool) {
    let labelled = |token: &HeaderToken| {
        let found = labels.iter().find(|(label, _)| *label == token.spelled);
        found.map(|(_, place)| *place)
    };
    let here = tokens.iter().any(|token| labelled(token) == Some(number));
    let elsewhere = tokens
        .iter()
        .any(|token| labelled(token).is_some_and(|place| place != number));
    let plain: Vec<&HeaderToken> = tokens
        .iter()
        .filter(|token| labelled(token).is_none())
        .collect();
    let mut best: Option<(f64, bool)> = None;
    for (rank, phrase) in phrases.iter().enumerate() {
        // A word can be the place's or the phrase's, such as "postal": the place's first, then the phrase's first.
        for place_first in [true, false] {
            let Some((explained, marked)) = explained(&plain, phrase, ground, here, place_first)
            else {
                continue;
            };
            let score =
                explained * (1.0 - 0.005 * rank as f64) * if marked { 1.0 } else { UNMARKED };
            if best.is_none_or(|(best, _)| score > best) {
                best = Some((score, marked));
            }
        }
    }
    let best = best.unwrap_or_default();
    if elsewhere {
        (best.0 * UNMARKED, false)
    } else {
        best
    }
}

/// How much of a header a phrase at a place explains, and whether it has the place's marks. None: the phrase is not in it,
/// or it is someone else's.
fn explained(
    tokens: &[&HeaderToken],
    phrase: &Phrase,
    ground: &PlaceWords,
    here: bool,
    place_first: bool,
) -> Option<(f64, bool)> {
    let all: f64 = tokens.iter().map(|token| token.weight).sum();
    let mut left = tokens.to_vec();
    let mut take = |words: &WordSet| {
        let at = left.iter().position(|token| token.words.meet(*words));
        at.map(|at| left.remove(at)).is_some()
    };
    let mut marked = true;
    if !here && place_first {
        marked = ground.marks.iter().all(&mut take);
    }
    if !phrase.words.iter().all(&mut take) {
        return None;
    }
    if !here && !place_first {
        for marks in &ground.marks {
            marked &= take(marks);
        }
    }
    // Someone else's is nobody's here.
    if left.iter().any(|token| words::is_foreign(token)) {
        return None;
    }
    // What may stand there beside explains the header a little less than the phrase itself.
    let said = phrase.words.iter().copied().fold(phrase.may, WordSet::and);
    let unexplained: f64 = left
        .iter()
        .map(|token| {
            let may = token.words.meet(ground.may) || token.words.meet(phrase.may);
            token.weight
                * match (may, token.words.meet(said)) {
                    (true, _) => 0.04,
                    // Said twice, as in "agreement terms".
                    (_, true) => 0.1,
                    _ => 1.0,
                }
        })
        .sum();
    let share = if all > 0.0 {
        (all - unexplained) / all
    } else {
        0.0
    };
    let exact = if left.is_empty() { 1.0 } else { 0.99 };
    Some((share.powf(1.3) * exact, marked))
}

/// From a share of the values to what it says: most of them speak for it, few against it.
fn says(share: f64) -> f64 {
    ((share - 0.45) / 0.4).clamp(-1.0, 1.0)
}

/// What the values say for a concept; `greets`: they are salutations.
fn by_value(column: &ColumnProfile, concept: &Concept, greets: bool) -> f64 {
    if column.filled == 0 {
        return 0.0;
    }
    let share = |class| column.share(class);
    let of_forms = says(
        concept
            .forms
            .iter()
            .map(|form| share(*form))
            .sum::<f64>()
            .min(1.0),
    );
    let formed = [
        Class::Email,
        Class::Phone,
        Class::Date,
        Class::Ssn,
        Class::Money,
    ]
    .iter()
    .any(|class| share(*class) > 0.7);
    let distinct = column.part(column.distinct.count());
    // Plain digits are an id's whatever else has so many.
    let plain = share(Class::Digits) > 0.9;
    match concept.kind {
        ValueKind::Code if concept.field.ends_with("taxIdType") && are_documents(column) => -1.0,
        ValueKind::Code => codes(column, concept),
        ValueKind::YesNo => match column.codes() {
            Some(codes) if codes.len() <= 3 => of_forms.max(0.0),
            _ => -1.0,
        },
        ValueKind::Aside if concept.field == "suffix" && greets => 1.0,
        ValueKind::Aside => 0.0,
        ValueKind::Text if greets => -1.0,
        ValueKind::Name | ValueKind::FullName if greets => -1.0,
        ValueKind::Name if share(Class::Company) > 0.3 => -1.0,
        ValueKind::FullName => of_forms.min(match has_several_words(column) {
            true if column.average_length() > 7.0 => 1.0,
            _ => -0.6,
        }),
        // An id is not written in words.
        ValueKind::Text if concept.field.ends_with("Id") && share(Class::Name) > 0.5 => -1.0,
        ValueKind::Text if concept.field.ends_with("Id") => {
            says(if formed && !plain { 0.0 } else { distinct })
        }
        // 2.1 looks like an amount.
        ValueKind::Text if concept.field.ends_with("version") && column.length.1 <= 12 => {
            if share(Class::Date) > 0.7
                || share(Class::Email) > 0.1
                || distinct > 0.5 && column.filled > 9
            {
                -1.0
            } else {
                0.6
            }
        }
        ValueKind::Text if concept.forms.is_empty() && formed => -1.0,
        ValueKind::Text if concept.forms.is_empty() => {
            if share(Class::Integer) > 0.7 {
                -0.4
            } else {
                0.6
            }
        }
        // A second line of an address is anything.
        ValueKind::Street if formed || share(Class::List) > 0.7 => -1.0,
        // A house or a flat seldom has five digits; all of a column's never have.
        ValueKind::Street if share(Class::Zip) > 0.9 && column.part(column.lengths[5]) > 0.5 => {
            -1.0
        }
        ValueKind::Street => of_forms.max(0.0),
        ValueKind::WholeAddress if column.parts.0 < 3 => -1.0,
        // Only a header tells them from codes.
        ValueKind::Date if are_counted_days(column) => 0.3,
        ValueKind::Date if concept.field.ends_with("Birth") => {
            of_forms.min(if (1930.0..2012.0).contains(&column.average_year()) {
                1.0
            } else {
                0.0
            })
        }
        ValueKind::Percent | ValueKind::Integer if column.greatest > 100.0 => -0.5,
        // So few numbers are codes.
        ValueKind::Integer if column.codes().is_some_and(|codes| codes.len() <= 6) => {
            of_forms.min(0.2)
        }
        ValueKind::Amount if column.greatest < 1000.0 => -0.5,
        ValueKind::Countries if share(Class::List) > 0.2 => 1.0,
        // One each may be any country's column.
        ValueKind::Countries => of_forms.min(0.3),
        ValueKind::Country if share(Class::List) > 0.1 => -1.0,
        ValueKind::State if share(Class::Country) > 0.9 && column.length.0 > 2 => -0.5,
        _ => of_forms,
    }
}

/// Whether most usual values are several words, as whole names are and surnames are not.
fn has_several_words(column: &ColumnProfile) -> bool {
    let shapes = column.shapes.top(shapes::MOST);
    let (mut all, mut several) = (0, 0);
    for (shape, count) in shapes {
        all += count;
        several += if shape.contains([' ', ',']) { count } else { 0 };
    }
    several * 2 >= all
}

/// What people are addressed with.
const SALUTATIONS: &str = "mr mrs ms miss mx dr prof sir herr frau hr fr m mme mlle sr sra srta sig sigra signora signore dhr mevr \
    mw don dona dott dottssa dra rev pan pani panna hon ing mgr mag firma familie eheleute";

/// Whether a column holds nearly nothing but salutations.
fn is_salutation(column: &ColumnProfile) -> bool {
    let Some(codes) = column.codes() else {
        return false;
    };
    let known = |code: &str| {
        let text = code.replace('.', "").to_lowercase();
        let mut words = text.split_whitespace();
        !text.trim().is_empty()
            && words.all(|word| SALUTATIONS.split(' ').any(|known| known == word))
    };
    // A letter alone is a code of something else.
    let long = codes
        .keys()
        .any(|code| code.trim_end_matches('.').len() > 1);
    let rows: u64 = codes
        .iter()
        .filter(|(code, _)| known(code))
        .map(|(_, count)| count)
        .sum();
    long && column.part(rows) > 0.8
}

/// Words of documents that prove who somebody is, and of which none is a kind of tax id.
const DOCUMENTS: [&str; 9] = [
    "passport",
    "licen",
    "visa",
    "permit",
    "driver",
    "reisepass",
    "pasaporte",
    "passaport",
    "voter",
];

/// Whether most values name documents: the column says what was shown, and not which tax id somebody has.
fn are_documents(column: &ColumnProfile) -> bool {
    let Some(codes) = column.codes() else {
        return false;
    };
    let is_document = |code: &str| {
        let code = code.to_lowercase();
        DOCUMENTS.iter().any(|word| code.contains(word))
    };
    let known = codes.iter().filter(|(code, _)| is_document(code));
    column.part(known.map(|(_, count)| count).sum()) > 0.5
}

/// Few different short values; the better, the more of them have an obvious meaning there.
fn codes(column: &ColumnProfile, concept: &Concept) -> f64 {
    let Some(codes) = column.codes() else {
        return -1.0;
    };
    let few = codes.len() <= 12;
    if !few && (codes.len() > MOST_CODES || column.part(codes.len() as u64) >= 0.5) {
        return -1.0;
    }
    let Some(words) = concept_words(concept) else {
        return if few { 0.8 } else { 0.3 };
    };
    let path = format!("x.{}", concept.field);
    let (mut letters, mut known) = (0, 0);
    for (code, count) in codes
        .iter()
        .filter(|(code, _)| code.starts_with(char::is_alphabetic))
    {
        letters += count;
        known += count * u64::from(meaning(&path, code, words).is_some());
    }
    let (letters, known) = (column.part(letters), column.part(known));
    let spare = codes.len() as f64 - words.len() as f64;
    let number = match spare {
        // One or two are slips of the pen.
        spare if spare > 2.0 => -0.3,
        spare if spare > 0.0 => 0.5,
        0.0 => 0.9,
        _ => 0.6,
    };
    // Letters say which field it is, numbers only how many there are.
    let spoken = if letters > 0.0 { known / letters } else { 0.0 };
    (1.0 - letters) * number + letters * (number.min(0.6) * 0.4 + 1.2 * spoken - 0.4)
}
