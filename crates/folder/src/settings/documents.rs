//! `[documents]`: the folder of documents, and where they are spoken of.

use crate::documents::claim::DocumentField;
use crate::documents::content::{AcceptedTypes, TYPES};
use crate::documents::pattern::{Pattern, PatternSetting};
use bakkt_contract::countries;
use bakkt_contract::documents::{KYB_ITEM_NAMES, SIDES, TYPE_NAMES};
use bakkt_files::toml_file::{Table, Value};
use bakkt_mapping::exclude::WrittenPlace;
use bakkt_model::error::Diagnostics;

/// The table as written.
#[derive(Clone, Debug)]
pub struct DocumentSettings {
    /// The folder.
    pub root: String,
    /// No file is larger.
    pub max_bytes: u64,
    /// The types of content that are sent.
    pub accepted: AcceptedTypes,
    /// Where documents are spoken of.
    pub from: DocumentSource,
}

/// Where documents are spoken of.
#[derive(Clone, Debug)]
pub enum DocumentSource {
    /// A manifest with its mapping.
    Manifest {
        /// The manifest.
        file: String,
        /// Its mapping.
        mapping: String,
    },
    /// Patterns over the paths below the folder.
    Patterns(Vec<PatternSetting>),
}

/// Bytes of a file, unless the settings say otherwise.
const MAX_BYTES: u64 = 20_000_000;

/// Reads the table; `None` when there is none, or when it lacks what it needs.
pub(crate) fn read(root: &Table<'_>, found: &mut Diagnostics) -> Option<DocumentSettings> {
    let table = root.table("documents", found)?;
    let folder = table.text("root", found).map(str::to_owned);
    if table.get("root").is_none() {
        table.wrong(
            found,
            "[documents] has no `root`",
            "add root = \"..\", the folder of the documents",
        );
    }
    let max_bytes = max_bytes(&table, found);
    let accepted = accepted(&table, found);
    let from = source(&table, found);
    table.finish(found);
    Some(DocumentSettings {
        root: folder?,
        max_bytes,
        accepted,
        from: from?,
    })
}

/// The types of content that are sent.
fn accepted(table: &Table<'_>, found: &mut Diagnostics) -> AcceptedTypes {
    let Some(value) = table.get("accept") else {
        return AcceptedTypes::default();
    };
    let mut accepted = AcceptedTypes::NOTHING;
    let Some(words) = value.texts(found) else {
        return accepted;
    };
    if words.is_empty() {
        value.wrong(
            found,
            "`accept` names no type, so that no document could be sent",
            "name at least one type, or leave [documents] out",
        );
    }
    for (word, place) in words {
        if !accepted.add(word) {
            let known: Vec<&str> = TYPES.iter().map(|known| known.name).collect();
            place.wrong(
                found,
                format!("`{word}` is not a type of content that can be accepted"),
                format!("one of: {}", known.join(", ")),
            );
        }
    }
    accepted
}

fn source(table: &Table<'_>, found: &mut Diagnostics) -> Option<DocumentSource> {
    let (manifest, mapping) = (table.get("manifest"), table.get("mapping"));
    let patterns = table.get("pattern");
    match (manifest, mapping, patterns) {
        (Some(file), Some(mapping), None) => Some(DocumentSource::Manifest {
            file: file.text(found)?.to_owned(),
            mapping: mapping.text(found)?.to_owned(),
        }),
        (None, None, Some(_)) => {
            let mut written = Vec::new();
            let listed = table.get("pattern")?;
            let values = one_or_more(&listed, found)?;
            if values.is_empty() {
                let message = "`pattern` names no pattern, so that no document could be sent";
                listed.wrong(
                    found,
                    message,
                    "name at least one pattern, or leave [documents] out",
                );
            }
            for value in values {
                let at = value.place();
                let mut one = written_pattern(value, found)?;
                one.place = WrittenPlace {
                    file: at.file,
                    line: at.line,
                };
                if let Err((message, help)) = Pattern::compile(&one) {
                    value.wrong(found, message, help);
                }
                written.push(one);
            }
            Some(DocumentSource::Patterns(written))
        }
        _ => {
            table.wrong(
                found,
                "[documents] needs one place where documents are spoken of",
                "either `manifest` with `mapping`, or `pattern`",
            );
            None
        }
    }
}

/// The values of a list; a value that is none stands for a list of one.
fn one_or_more<'a>(value: &Value<'a>, found: &mut Diagnostics) -> Option<Vec<Value<'a>>> {
    if value.as_text().is_some() || value.is_table() {
        return Some(vec![*value]);
    }
    value.list(found)
}

/// A path, or a table of a path and of what it does not say.
fn written_pattern(value: Value<'_>, found: &mut Diagnostics) -> Option<PatternSetting> {
    if !value.is_table() {
        return Some(PatternSetting::from(value.text(found)?));
    }
    let table = value.table("documents.pattern", found)?;
    let path = table.text("path", found);
    let mut fixed = Vec::new();
    let words = |words: &[&'static str]| -> Vec<(&'static str, &'static str)> {
        words.iter().map(|word| (*word, *word)).collect()
    };
    for (key, field, known) in [
        ("documentType", DocumentField::Type, words(TYPE_NAMES)),
        ("documentSide", DocumentField::Side, words(SIDES)),
        ("kyb_item", DocumentField::KybItem, words(KYB_ITEM_NAMES)),
    ] {
        let word = table.choice(key, &known, found);
        fixed.extend(word.map(|word| (field, word.to_owned())));
    }
    if let Some(value) = table.get("issueCountry")
        && let Some(code) = value.text(found)
    {
        if !countries::is_alpha3(code) {
            let help = "an ISO 3166-1 alpha-3 code such as USA";
            value.wrong(found, "not a country", help);
        }
        fixed.push((DocumentField::Country, code.to_owned()));
    }
    let place = table.integer("owner_place", 1, MOST_OWNERS, found);
    fixed.extend(place.map(|place| (DocumentField::OwnerPlace, place.to_string())));
    if path.is_none() && table.get("path").is_none() {
        table.wrong(
            found,
            "the pattern has no `path`",
            "such as { path = \"{clientAccountId}_DL.*\", documentType = \"DRIVERS_LICENSE\" }",
        );
    }
    table.finish(found);
    Some(PatternSetting {
        path: path?.to_owned(),
        fixed,
        ..PatternSetting::default()
    })
}

/// The highest place that an owner can have.
const MOST_OWNERS: i64 = 64;

fn max_bytes(table: &Table<'_>, found: &mut Diagnostics) -> u64 {
    let Some(value) = table.get("max_bytes") else {
        return MAX_BYTES;
    };
    let size = value.text(found).map(parse_size);
    if size == Some(None) {
        value.wrong(
            found,
            "`max_bytes` is no size",
            "such as \"20MB\", \"500KB\" or \"32MiB\"; up to 1GB",
        );
    }
    size.flatten().unwrap_or(MAX_BYTES)
}

/// The largest size that a setting may name.
const LARGEST: u64 = 1_000_000_000;

fn parse_size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "B" => 1,
        "KB" => 1000,
        "KiB" => 1024,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => LARGEST,
        _ => return None,
    };
    let size = number.checked_mul(unit)?;
    (1..=LARGEST).contains(&size).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_fingerprint_never_changes() {
        let settings = DocumentSettings {
            root: "files".into(),
            max_bytes: 1,
            accepted: AcceptedTypes::default(),
            from: DocumentSource::Patterns(vec![PatternSetting {
                path: "{file}".into(),
                fixed: vec![(DocumentField::Side, "FRONT".into())],
                ..PatternSetting::default()
            }]),
        };
        assert_eq!(
            format!("{settings:?}"),
            "DocumentSettings { root: \"files\", max_bytes: 1, \
             accepted: Accepted([true, true, true, true, true, false, false]), \
             from: Patterns([Written { path: \"{file}\", fixed: [(Side, \"FRONT\")] }]) }"
        );
    }

    #[test]
    fn sizes_as_people_write_them() {
        for (text, size) in [
            ("20MB", Some(20_000_000)),
            ("20 MB", Some(20_000_000)),
            ("32MiB", Some(33_554_432)),
            ("512KiB", Some(524_288)),
            ("100B", Some(100)),
            ("1GB", Some(LARGEST)),
            ("2GB", None),
            ("0MB", None),
            ("20", None),
            ("MB", None),
            ("-1MB", None),
            ("99999999999999999999MB", None),
        ] {
            assert_eq!(parse_size(text), size, "{text}");
        }
    }
}
