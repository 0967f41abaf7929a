//! The mutations of the crash tests (`mutations/run.sh`) fit the program as it is.
//!
//! Owner of that question alone: whether the crash tests catch them takes half an hour, and whoever changes the lines that one of them
//! breaks should hear of it sooner.

use std::fs;
use std::path::Path;

/// The parts of a patch: the file of each, and the lines that must stand there.
fn parts(patch: &str) -> Vec<(String, Vec<String>)> {
    let mut parts: Vec<(String, Vec<String>)> = Vec::new();
    let mut file = String::new();
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("--- a/") {
            file = path.to_owned();
        } else if line.starts_with("@@") {
            parts.push((file.clone(), Vec::new()));
        } else if !line.starts_with(['+', '\\'])
            && let Some((_, lines)) = parts.last_mut()
            // A line that begins the part of another file is none of this one's.
            && !line.starts_with("diff ")
            && !line.starts_with("index ")
        {
            lines.push(line.get(1..).unwrap_or_default().to_owned());
        }
    }
    parts
}

#[test]
fn every_mutation_fits_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut checked = 0;
    for entry in fs::read_dir(root.join("tests/mutations")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "patch") {
            continue;
        }
        for (file, wanted) in parts(&fs::read_to_string(&path).unwrap()) {
            let text = fs::read_to_string(root.join(&file)).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let fits = lines.windows(wanted.len()).any(|lines| lines == wanted);
            assert!(fits, "{} does not fit {file} any more", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 8, "{checked} parts of patches");
}
