//! Exports in parts: files with one header row are one export, which a pattern names.
//!
//! Owner of the refusal of parts that are named one by one, and of the pattern that it proposes.

use std::path::{Path, PathBuf};

use bakkt_discover::inspect::Profile;
use bakkt_model::error::Failure;

const WILD: [char; 3] = ['*', '?', '['];

/// Whether a name is a pattern; a file that is called so is itself.
pub(super) fn is_pattern(file: &Path) -> bool {
    file.to_string_lossy().contains(WILD) && !file.exists()
}

/// A pattern from the root on: the folders before its first `*` as they are, the rest as it is written.
pub(super) fn whole_pattern(
    file: &Path,
    whole: &dyn Fn(&Path) -> anyhow::Result<PathBuf>,
) -> anyhow::Result<PathBuf> {
    let is_plain =
        |part: &std::path::Component<'_>| !part.as_os_str().to_string_lossy().contains(WILD);
    let folder: PathBuf = file.components().take_while(is_plain).collect();
    let rest = file.components().skip_while(is_plain);
    let folder = match folder.as_os_str().is_empty() {
        true => whole(Path::new("."))?,
        false => whole(&folder)?,
    };
    Ok(folder.join(rest.collect::<PathBuf>()))
}

/// Stops where several files have the very same header row: one of them would be read, and the customers of the others left out.
pub(super) fn refuse(files: &[PathBuf], profiles: &[Profile]) -> anyhow::Result<()> {
    for (place, first) in profiles.iter().enumerate() {
        let names = |profile: &Profile| -> Vec<String> {
            let columns = profile.columns.iter();
            columns.map(|column| column.name.clone()).collect()
        };
        let header = names(first);
        let parts: Vec<usize> = (place..profiles.len())
            .filter(|other| names(&profiles[*other]) == header)
            .collect();
        if parts.len() < 2 || header.len() < 2 {
            continue;
        }
        let named: Vec<&Path> = parts
            .iter()
            .filter_map(|part| files.get(*part))
            .map(PathBuf::as_path)
            .collect();
        return Err(Failure::configuration(
            format!(
                "{} and {} have the very same header row, as parts of one export have",
                first.name, profiles[parts[1]].name
            ),
            match pattern(&named) {
                Some(pattern) => format!("name the parts together, in quotes: --from '{pattern}'"),
                None => "put the parts, and nothing else, into one folder, and name them together, in quotes: --from 'parts/*.csv'"
                    .to_owned(),
            },
        ));
    }
    Ok(())
}

/// The pattern that fits some files and no other of their folder.
fn pattern(files: &[&Path]) -> Option<String> {
    let folder = files.first()?.parent()?;
    let names: Option<Vec<&str>> = files
        .iter()
        .map(|file| (file.parent() == Some(folder)).then(|| file.file_name()?.to_str())?)
        .collect();
    let names = names?;
    let first: Vec<char> = names.first()?.chars().collect();
    let all = |same: &dyn Fn(&str) -> bool| names.iter().all(|name| same(name));
    let mut start = String::new();
    for c in &first {
        start.push(*c);
        if !all(&|name| name.starts_with(&start)) {
            start.pop();
            break;
        }
    }
    let mut end = String::new();
    for c in first.iter().rev() {
        end.insert(0, *c);
        // What the beginning has taken is no end.
        let fits = |name: &str| name.ends_with(&end) && name.len() >= start.len() + end.len();
        if !all(&fits) {
            end.remove(0);
            break;
        }
    }
    let here = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let fitting = std::fs::read_dir(here).ok()?.filter(|entry| {
        let name = entry.as_ref().map(|entry| entry.file_name());
        name.is_ok_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with(&start)
                && name.ends_with(&end)
                && name.len() >= start.len() + end.len()
        })
    });
    let is_exact = fitting.count() == files.len();
    let is_telling = !start.is_empty() || !end.is_empty();
    let pattern = folder.join(format!("{start}*{end}")).to_str()?.to_owned();
    let is_plain = pattern.matches(WILD).count() == 1 && !pattern.contains(['\'', '\n']);
    (is_exact && is_telling && is_plain).then_some(pattern)
}
