//! The columns of the accounts' export that hold the clientAccountId, as far as the mapping says so plainly.
//!
//! Owner of that look: one of these names may stand above a list of ids. Whatever cannot be read here is told by whoever
//! reads settings and mappings in full; here it means that nothing is known.

use std::path::{Path, PathBuf};

use bakkt_files::toml_file::{Table, TomlFile};
use bakkt_model::error::Diagnostics;

/// Mappings that include each other end somewhere.
const MOST_FILES: usize = 100;

/// The names of the columns, for a folder with a migration.toml.
pub fn id_columns(dir: &Path) -> Vec<String> {
    let mut quiet = Diagnostics::default();
    let name = "migration.toml";
    let Ok(file) = TomlFile::load(&dir.join(name), name) else {
        return Vec::new();
    };
    let mapping = file.parse(&mut quiet).and_then(|document| {
        let source = document.root().table("source", &mut quiet)?;
        source.text("mapping", &mut quiet).map(str::to_owned)
    });
    mapping.map_or_else(Vec::new, |mapping| of_mapping(dir, mapping))
}

/// The nearest of a mapping and the files that it includes says it.
fn of_mapping(dir: &Path, mapping: String) -> Vec<String> {
    let mut quiet = Diagnostics::default();
    let mut queue = vec![PathBuf::from(mapping)];
    for number in 0..MOST_FILES {
        let Some(relative) = queue.get(number).cloned() else {
            break;
        };
        let Ok(file) = TomlFile::load(&dir.join(&relative), "") else {
            continue;
        };
        let Some(document) = file.parse(&mut quiet) else {
            continue;
        };
        let root = document.root();
        let fields = root.table("fields", &mut quiet);
        if let Some(columns) = fields.and_then(|fields| columns(&fields, &mut quiet)) {
            return columns;
        }
        let folder = relative.parent().unwrap_or(Path::new(""));
        for (name, _) in root.texts("include", &mut quiet).unwrap_or_default() {
            queue.push(folder.join(name));
        }
    }
    Vec::new()
}

fn columns(fields: &Table<'_>, quiet: &mut Diagnostics) -> Option<Vec<String>> {
    let value = fields.get("clientAccountId")?;
    if let Some(column) = value.as_text() {
        return Some(vec![column.trim().to_owned()]);
    }
    let table = value.is_table().then(|| value.table("", quiet)).flatten()?;
    let keys = ["column", "columns", "first"].into_iter();
    let texts = keys.filter_map(|key| table.texts(key, quiet)).flatten();
    Some(texts.map(|(text, _)| text.trim().to_owned()).collect())
}
