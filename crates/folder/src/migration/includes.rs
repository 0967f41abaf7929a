//! Mapping files and what they include.
//!
//! Owner of [`mapping_files`]. A file is known by where it lies, whatever spelling leads to it, and one that two others include is read
//! once. Invariant: a file that includes itself, also by way of others, is a mistake, whose place is told, and so is a field that two
//! included files feed in different ways. Left out on purpose: what a
//! mapping says (`mapping`).

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use bakkt_files::toml_file::{TomlFile, Value};
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
    rivals(&files, &includes, &places).into_result()?;
    Ok(files)
}

/// Where a file lies; of one that is not there, the name that leads to it.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The number of the file that is included.
fn number(include: &Include, places: &[PathBuf]) -> Option<usize> {
    places.iter().position(|place| *place == include.to)
}

/// A file, and those that it includes, also by way of others.
fn reached(first: usize, includes: &[Include], places: &[PathBuf]) -> Vec<usize> {
    let mut reached = vec![first];
    let mut next = 0;
    while let Some(&file) = reached.get(next) {
        next += 1;
        let own = includes.iter().filter(|one| one.from == file);
        for to in own.filter_map(|one| number(one, places)) {
            if !reached.contains(&to) {
                reached.push(to);
            }
        }
    }
    reached
}

/// Fields that two files feed in different ways, neither of which includes the other: nobody has said which of them counts.
fn rivals(files: &[TomlFile], includes: &[Include], places: &[PathBuf]) -> Diagnostics {
    let mut found = Diagnostics::default();
    let documents: Vec<_> = files
        .iter()
        .filter_map(|file| file.parse(&mut Diagnostics::default()))
        .collect();
    let roots: Vec<_> = documents.iter().map(|document| document.root()).collect();
    let below: Vec<_> = (0..files.len())
        .map(|file| reached(file, includes, places))
        .collect();
    let mut feeds: BTreeMap<&str, Vec<(usize, Value<'_>)>> = BTreeMap::new();
    for (number, root) in roots.iter().enumerate() {
        let fields = root.table("fields", &mut Diagnostics::default());
        for (target, value) in fields.iter().flat_map(|fields| fields.all()) {
            feeds.entry(target).or_default().push((number, value));
        }
    }
    for (target, feeds) in &feeds {
        let gives_way = |file: usize| {
            let mut others = feeds.iter().filter(|(other, _)| *other != file);
            others.any(|(other, _)| below[*other].contains(&file))
        };
        let mut counting = feeds.iter().filter(|(file, _)| !gives_way(*file));
        let Some((first, value)) = counting.next() else {
            continue;
        };
        if let Some((_, other)) = counting.find(|(_, other)| !other.is_same(value)) {
            let message = format!(
                "`{target}` is fed in {} as well, in another way",
                files[*first].name
            );
            let help = "keep one of them, or feed the field in the file that includes both";
            other.wrong_key(&mut found, message, help);
        }
    }
    found
}

/// Includes that lead back to the file that says them. Of a circle the one is told that was met last.
fn circles(includes: &[Include], places: &[PathBuf]) -> Diagnostics {
    let mut found = Diagnostics::default();
    for include in includes {
        let Some(first) = number(include, places).filter(|to| *to <= include.from) else {
            continue;
        };
        if reached(first, includes, places).contains(&include.from) {
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
