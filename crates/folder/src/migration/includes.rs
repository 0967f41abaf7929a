//! Mapping files and what they include.
//!
//! Owner of [`mapping_files`]. A file is known by where it lies, whatever spelling leads to it, and one that two others include is read
//! once. Invariant: a file that includes itself, also by way of others, is a mistake, whose place is told. Left out on purpose: what a
//! mapping says (`mapping`).

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use bakkt_files::toml_file::TomlFile;
use bakkt_model::error::{Diagnostic, Diagnostics, ShownPath};

/// An `include` of a file.
struct Include {
    /// The file that says it, by its number.
    from: usize,
    to: PathBuf,
    at: Diagnostic,
}

/// The mapping and the files that it includes, nearest first.
pub(super) fn mapping_files(dir: &Path, name: &str) -> anyhow::Result<Vec<TomlFile>> {
    let (mut files, mut places): (Vec<TomlFile>, Vec<PathBuf>) = (Vec::new(), Vec::new());
    let mut includes: Vec<Include> = Vec::new();
    let mut queue = VecDeque::from([PathBuf::from(name)]);
    while let Some(relative) = queue.pop_front() {
        let place = real(&dir.join(&relative));
        if places.contains(&place) {
            continue;
        }
        let file = TomlFile::load(&dir.join(&relative), &relative.shown())?;
        let mut found = Diagnostics::default();
        if let Some(document) = file.parse(&mut found)
            && let Some(names) = document.root().texts("include", &mut found)
        {
            let folder = relative.parent().unwrap_or(Path::new(""));
            for (name, value) in names {
                let included = folder.join(name);
                includes.push(Include {
                    from: files.len(),
                    to: real(&dir.join(&included)),
                    at: value.place(),
                });
                queue.push_back(included);
            }
        }
        found.into_result()?;
        files.push(file);
        places.push(place);
    }
    circles(&includes, &places).into_result()?;
    Ok(files)
}

/// Where a file lies; of one that is not there, the name that leads to it.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Includes that lead back to the file that says them. Of a circle the one is told that was met last.
fn circles(includes: &[Include], places: &[PathBuf]) -> Diagnostics {
    let number = |include: &Include| places.iter().position(|place| *place == include.to);
    let mut found = Diagnostics::default();
    for include in includes {
        let Some(first) = number(include).filter(|to| *to <= include.from) else {
            continue;
        };
        let mut reached = vec![first];
        let mut next = 0;
        while let Some(&file) = reached.get(next) {
            next += 1;
            for to in includes
                .iter()
                .filter(|one| one.from == file)
                .filter_map(number)
            {
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        if reached.contains(&include.from) {
            let what = match first == include.from {
                true => "the file includes itself",
                false => "the file is included by the one that it includes",
            };
            found.push(Diagnostic {
                message: what.to_owned(),
                help: Some("take this name out of `include`".to_owned()),
                ..include.at.clone()
            });
        }
    }
    found
}
