//! A folder pattern: what the paths of documents say about them.
//!
//! Owner of the pattern's syntax: `{field}`, `*` inside one part of a path, everything else as it stands; and of what a
//! pattern says of all its documents beside the path ([`PatternSetting::fixed`]). Types, sides and
//! KYB items are found whatever their case; names are taken as they are, never decoded, but composed (NFC). A path is tried against the words of
//! the contract first, so that `A_1_DRIVERS_LICENSE_FRONT.png` is cut where its reader would cut it; only then is any text
//! taken for a type, so that a misspelled one is told as such.
//! Left out on purpose: walking the folder (`walk`).

use std::borrow::Cow;

use regex::{Captures, Match, Regex};
use unicode_normalization::UnicodeNormalization;

use super::claim::{Claim, ClaimValue, DocumentField, FIELDS};
use bakkt_contract::documents::{KYB_ITEM_NAMES, SIDES, TYPE_NAMES};
use bakkt_mapping::exclude::WrittenPlace;
use bakkt_model::error::nearest;
use bakkt_model::text::compose;

/// Parts the words of one `{kyb_item}`.
const AND: char = '+';

/// A pattern as it stands in the settings.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PatternSetting {
    /// The path with its fields.
    pub path: String,
    /// What is so for every document whose path fits: a field that the path does not say, and its value.
    pub fixed: Vec<(DocumentField, String)>,
    /// Where it is written.
    pub place: WrittenPlace,
}

// Part of the fingerprint of `[documents]`: plans of earlier versions hold this text.
impl std::fmt::Debug for PatternSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written")
            .field("path", &self.path)
            .field("fixed", &self.fixed)
            .finish()
    }
}

impl From<&str> for PatternSetting {
    fn from(path: &str) -> PatternSetting {
        PatternSetting {
            path: path.to_owned(),
            ..PatternSetting::default()
        }
    }
}

/// One compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    /// Where it is written.
    pub(crate) place: WrittenPlace,
    fixed: Vec<(DocumentField, String)>,
    pieces: Vec<Piece>,
    /// Only the contract's words.
    strict: Expressions,
    /// Any text in their place.
    loose: Expressions,
}

/// A path cannot be read with an id.
struct NoReading;

/// What a path must look like.
#[derive(Debug)]
struct Expressions {
    /// Before the clientAccountId; the whole path where a pattern has none.
    head: Regex,
    /// After it.
    tail: Option<Regex>,
    /// Only the contract's words are taken for types and sides.
    strict: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Any,
    Field(DocumentField),
}

/// Signs of other languages of patterns, which would stand for themselves here and fit no file: what is wrong, what to write.
const FOREIGN: [(&str, &str, &str); 3] = [
    (
        "**",
        "a pattern has no `**`",
        "`*` is any text inside one part of the path; give a pattern for each depth, such as [\"*/{clientAccountId}_{documentType}.*\", \"*/*/{clientAccountId}_{documentType}.*\"]",
    ),
    (
        "?",
        "a pattern has no `?`",
        "`*` stands for any text inside one part of the path",
    ),
    ("\\", "a pattern has no `\\`", "write `/` between folders"),
];

impl Pattern {
    /// Compiles one. The error is (what is wrong, what it should be).
    pub fn compile(written: &PatternSetting) -> Result<Pattern, (String, String)> {
        let PatternSetting {
            path: text,
            fixed,
            place,
        } = written;
        if let Some((_, message, help)) = FOREIGN.iter().find(|(sign, ..)| text.contains(sign)) {
            return Err(((*message).to_owned(), (*help).to_owned()));
        }
        let pieces = pieces(text)?;
        let fields: Vec<DocumentField> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Field(field) => Some(*field),
                _ => None,
            })
            .collect();
        for needed in [DocumentField::Account, DocumentField::Type] {
            if !fields.contains(&needed) && !fixed.iter().any(|(field, _)| *field == needed) {
                let name = needed.name();
                return Err((
                    format!("the pattern has no {{{name}}}"),
                    "such as \"{clientAccountId}/{documentType}_{documentSide}.*\"; a type that the path does not say stands \
                     beside it, as in { path = \"{clientAccountId}_DL.*\", documentType = \"DRIVERS_LICENSE\" }"
                        .into(),
                ));
            }
        }
        if let Some((field, _)) = fixed.iter().find(|(field, _)| fields.contains(field)) {
            let name = field.name();
            return Err((
                format!("the pattern says {name} twice"),
                format!("take {{{name}}} out of the path, or the key beside it away"),
            ));
        }
        let mut parts = text.split('/');
        if text.starts_with('/') || parts.any(|part| part.is_empty() || [".", ".."].contains(&part))
        {
            return Err((
                "the pattern is no path below the documents folder".into(),
                "names with `/` between them, none of them empty, `.` or `..`".into(),
            ));
        }
        Ok(Pattern {
            strict: expressions(&pieces, true)?,
            loose: expressions(&pieces, false)?,
            fixed: fixed.clone(),
            place: place.clone(),
            pieces,
        })
    }

    /// What a path can say, once for every id that it can be taken for; the shortest ids first. `path` is composed; `raw`
    /// is the same path as the disk has it.
    fn readings(&self, path: &str, raw: &str, expressions: &Expressions) -> Vec<Claim> {
        let Expressions { head, tail, .. } = expressions;
        let Some(tail) = tail else {
            let found = head.captures(path);
            let claim = found.and_then(|found| self.claim(texts(&found), raw));
            return claim.into_iter().collect();
        };
        let account = account_place(&self.pieces).unwrap_or_default();
        let before = account.checked_sub(1).map(|place| &self.pieces[place]);
        let after = self.pieces.get(account + 1);
        let mut all = Vec::new();
        for start in (0..path.len()).filter(|at| may_cut(before, path, *at, true)) {
            let Some(first) = head.captures(&path[..start]) else {
                continue;
            };
            let part = path[start..].find('/').map_or(path.len(), |at| start + at);
            for end in (start + 1..=part).filter(|at| may_cut(after, path, *at, false)) {
                let id = &path[start..end];
                let own = match self.tail_of(id, &path[end..], expressions) {
                    Ok(own) => own,
                    Err(NoReading) => continue,
                };
                let Some(last) = own.as_ref().unwrap_or(tail).captures(&path[end..]) else {
                    continue;
                };
                let rest = &path[end..];
                let account = Some(FieldText { text: id, rest });
                let said = texts(&first).chain([account]).chain(texts(&last));
                all.extend(self.claim(said, raw));
            }
        }
        all
    }

    /// Of a pattern that has the id twice: what follows the first one of an id, with that very id in it. Cut for itself, the
    /// second one would end somewhere else.
    fn tail_of(
        &self,
        id: &str,
        rest: &str,
        expressions: &Expressions,
    ) -> Result<Option<Regex>, NoReading> {
        let account = Piece::Field(DocumentField::Account);
        let Some(at) = self.pieces.iter().position(|piece| *piece == account) else {
            return Ok(None);
        };
        let tail = &self.pieces[at + 1..];
        if !tail.contains(&account) {
            return Ok(None);
        }
        // Most cuts of a path are no id that stands in it again.
        if !rest.contains(id) {
            return Err(NoReading);
        }
        let text = joined(tail, |before, piece| match *piece == account {
            true => format!("({})", regex::escape(id)),
            false => expression(before, piece, expressions.strict),
        });
        Regex::new(&format!("^{text}$"))
            .map(Some)
            .map_err(|_| NoReading)
    }

    /// What a path says whose fields have these texts, in the order of the pattern.
    fn claim<'a>(
        &self,
        texts: impl Iterator<Item = Option<FieldText<'a>>>,
        raw: &str,
    ) -> Option<Claim> {
        let mut claim = Claim::default();
        let fields = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            _ => None,
        });
        for (field, text) in fields.zip(texts) {
            let FieldText { text, rest } = text?;
            if *field == DocumentField::Type && is_longer_type(text, rest) {
                return None;
            }
            if *field == DocumentField::KybItem {
                claim.items = text
                    .split(AND)
                    .map(|word| Ok(word.to_lowercase()))
                    .collect();
                continue;
            }
            let value = ClaimValue::Text(match field {
                DocumentField::Type | DocumentField::Side | DocumentField::Country => {
                    text.to_uppercase()
                }
                // It is compared with cells, which have composed accents.
                _ => compose(text).unwrap_or_else(|| text.to_owned()),
            });
            // A field that stands twice says the same twice.
            if *claim.value(*field) != ClaimValue::Missing && *claim.value(*field) != value {
                return None;
            }
            claim.set(*field, value);
        }
        for (field, value) in &self.fixed {
            match field {
                DocumentField::KybItem => claim.items = vec![Ok(value.clone())],
                field => claim.set(*field, ClaimValue::Text(value.clone())),
            }
        }
        claim.set(DocumentField::File, ClaimValue::Text(raw.to_owned()));
        Some(claim)
    }

    /// The pattern with what is known filled in; `known` says what may be shown.
    pub(crate) fn shown<'a>(&self, known: impl Fn(DocumentField) -> Option<&'a str>) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Any => text.push('*'),
                Piece::Field(field) => match known(*field) {
                    Some(value) => text.push_str(value),
                    None => text.push_str(&format!("{{{}}}", field.name())),
                },
            }
        }
        text
    }
}

/// What a path says: the number of a pattern that it fits and what it says then, once for every clientAccountId that it can
/// be taken for. The first pattern comes first, and of one pattern the shortest id.
pub(crate) fn readings(patterns: &[Pattern], path: &str) -> Vec<(usize, Claim)> {
    // A Mac takes letters with accents apart; ids and patterns have them composed.
    let composed: Cow<'_, str> = match path.is_ascii() {
        true => path.into(),
        false => path.nfc().collect::<String>().into(),
    };
    let all = |expressions: fn(&Pattern) -> &Expressions| {
        let mut all: Vec<(usize, Claim)> = Vec::new();
        for (number, pattern) in patterns.iter().enumerate() {
            for claim in pattern.readings(&composed, path, expressions(pattern)) {
                let account = claim.value(DocumentField::Account);
                if !all
                    .iter()
                    .any(|(_, known)| known.value(DocumentField::Account) == account)
                {
                    all.push((number, claim));
                }
            }
        }
        all
    };
    let strict = all(|pattern| &pattern.strict);
    match strict.is_empty() {
        true => all(|pattern| &pattern.loose),
        false => strict,
    }
}

/// Which piece the clientAccountId is; the first, where a pattern has it twice.
fn account_place(pieces: &[Piece]) -> Option<usize> {
    let account = Piece::Field(DocumentField::Account);
    pieces.iter().position(|piece| *piece == account)
}

/// What a path has for a field.
struct FieldText<'a> {
    text: &'a str,
    /// What follows it, up to the end or to the clientAccountId.
    rest: &'a str,
}

/// The texts of all groups.
fn texts<'a>(found: &Captures<'a>) -> impl Iterator<Item = Option<FieldText<'a>>> {
    let whole = found.get_match().as_str();
    let text = |group: Match<'a>| FieldText {
        text: group.as_str(),
        rest: &whole[group.end()..],
    };
    let texts: Vec<_> = found.iter().skip(1).map(|group| group.map(text)).collect();
    texts.into_iter()
}

/// Whether the contract has a type that begins with this text and goes on in what follows: `PASSPORT_CARD.pdf` is no passport, however
/// a pattern cuts it.
fn is_longer_type(text: &str, rest: &str) -> bool {
    let goes_on = |name: &&str| {
        let (Some(begin), Some(more)) = (name.get(..text.len()), name.get(text.len()..)) else {
            return false;
        };
        let follows = rest.get(..more.len());
        !more.is_empty()
            && begin.eq_ignore_ascii_case(text)
            && follows.is_some_and(|follows| follows.eq_ignore_ascii_case(more))
            && !rest[more.len()..].starts_with(char::is_alphabetic)
    };
    TYPE_NAMES.iter().any(goes_on)
}

/// Whether an id can begin (`begins`) or end at a place of a path, next to a piece of the pattern. No id begins or ends
/// inside a word or number: `C1` is no id of `C10.pdf`. The contract's words alone need nothing between them and an id.
fn may_cut(piece: Option<&Piece>, path: &str, at: usize, begins: bool) -> bool {
    if !path.is_char_boundary(at) {
        return false;
    }
    let (before, after) = path.split_at(at);
    match piece {
        None => at == if begins { 0 } else { path.len() },
        Some(Piece::Text(text)) if begins => before.ends_with(text.as_str()),
        Some(Piece::Text(text)) => after.starts_with(text.as_str()),
        Some(Piece::Field(DocumentField::Type | DocumentField::Side | DocumentField::KybItem)) => {
            true
        }
        Some(Piece::Any | Piece::Field(_)) => {
            let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !(inside(before.chars().next_back()) && inside(after.chars().next()))
        }
    }
}

fn expressions(pieces: &[Piece], strict: bool) -> Result<Expressions, (String, String)> {
    let regex = |pieces: &[Piece]| {
        let text = joined(pieces, |before, piece| expression(before, piece, strict));
        Regex::new(&format!("^{text}$")).map_err(|_| {
            (
                "the pattern is too long".to_owned(),
                "several patterns may stand in a list".to_owned(),
            )
        })
    };
    let account = account_place(pieces);
    Ok(Expressions {
        head: regex(&pieces[..account.unwrap_or(pieces.len())])?,
        tail: account.map(|at| regex(&pieces[at + 1..])).transpose()?,
        strict,
    })
}

fn pieces(text: &str) -> Result<Vec<Piece>, (String, String)> {
    let text: String = text.nfc().collect();
    let (mut pieces, mut rest) = (Vec::new(), text.as_str());
    while let Some(at) = rest.find(['{', '}', '*']) {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_owned()));
        }
        let (special, after) = rest[at..].split_at(1);
        match (special, after.split_once('}')) {
            ("*", _) => {
                pieces.push(Piece::Any);
                rest = after;
            }
            ("{", Some((name, after))) => {
                pieces.push(Piece::Field(field(name)?));
                rest = after;
            }
            _ => {
                return Err((
                    "a brace of the pattern has no partner".into(),
                    "fields are written as {clientAccountId}".into(),
                ));
            }
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn field(name: &str) -> Result<DocumentField, (String, String)> {
    let names = || FIELDS.iter().filter(|(.., in_patterns)| *in_patterns);
    if let Some((field, ..)) = names().find(|(_, known, _)| *known == name) {
        return Ok(*field);
    }
    let help = match nearest(name, names().map(|(_, known, _)| *known)) {
        Some(near) => format!("did you mean {{{near}}}?"),
        None => format!(
            "one of: {}",
            names()
                .map(|(_, known, _)| *known)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    Err((format!("a pattern has no field {{{name}}}"), help))
}

/// What pieces match one behind the other; each is told by the one before it.
fn joined(pieces: &[Piece], of: impl Fn(Option<&Piece>, &Piece) -> String) -> String {
    let before = std::iter::once(None).chain(pieces.iter().map(Some));
    let texts = before.zip(pieces).map(|(before, piece)| of(before, piece));
    texts.collect()
}

/// What a piece of a pattern matches behind another one.
fn expression(before: Option<&Piece>, piece: &Piece, strict: bool) -> String {
    // Of words that begin alike, the longest.
    let words = |words: &[&str]| {
        let mut words = words.to_vec();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        format!("(?i:{})", words.join("|"))
    };
    let is_word = |piece: &Piece| {
        use DocumentField::{KybItem, Side, Type};
        matches!(piece, Piece::Field(Type | Side | KybItem))
    };
    match piece {
        Piece::Text(text) => regex::escape(text),
        // No word of the contract ends inside another word.
        Piece::Any if before.is_some_and(is_word) => r"(?:[^/\p{Alphabetic}][^/]*?)?".into(),
        Piece::Any => "[^/]*?".into(),
        Piece::Field(DocumentField::Type) if strict => format!("({})", words(TYPE_NAMES)),
        Piece::Field(DocumentField::Side) if strict => format!("({})", words(SIDES)),
        Piece::Field(DocumentField::KybItem) if strict => {
            let one = words(KYB_ITEM_NAMES);
            format!("({one}(?:\\+{one})*)")
        }
        Piece::Field(DocumentField::OwnerPlace) => "([0-9]+)".into(),
        Piece::Field(_) => "([^/]+?)".into(),
    }
}

#[cfg(test)]
mod tests;
