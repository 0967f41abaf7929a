//! `[documents]`: the folder of documents, and where they are spoken of.

use crate::documents::content::{Accepted, TYPES};
use crate::documents::pattern::Pattern;
use crate::error::Diagnostics;
use crate::toml_file::Table;

/// The table as written.
#[derive(Clone, Debug)]
pub struct DocumentSettings {
    /// The folder.
    pub root: String,
    /// No file is larger.
    pub max_bytes: u64,
    /// The types of content that are sent.
    pub accepted: Accepted,
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
    Patterns(Vec<String>),
}

/// Bytes of a file, unless the settings say otherwise.
const MAX_BYTES: u64 = 20_000_000;

/// Reads the table; `None` when there is none, or when it lacks what it needs.
pub fn read(root: &Table<'_>, found: &mut Diagnostics) -> Option<DocumentSettings> {
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
fn accepted(table: &Table<'_>, found: &mut Diagnostics) -> Accepted {
    let Some(value) = table.get("accept") else {
        return Accepted::default();
    };
    let mut accepted = Accepted::NOTHING;
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
            let mut texts = Vec::new();
            for (text, place) in table.texts("pattern", found)? {
                if let Err((message, help)) = Pattern::compile(text) {
                    place.wrong(found, message, help);
                }
                texts.push(text.to_owned());
            }
            Some(DocumentSource::Patterns(texts))
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
