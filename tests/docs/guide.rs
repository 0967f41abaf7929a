//! What a reader does with the pages: run the tour, copy command lines, look up commands and exit codes, follow links.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use regex::Regex;

use super::{code, page, root, table};

/// Every page that people read, from the top of the repository.
fn pages() -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["", "docs/"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                names.push(format!("{folder}{name}"));
            }
        }
    }
    names.sort();
    names
}

#[test]
fn every_command_and_exit_code_is_documented() {
    use clap::CommandFactory;
    let page = page("docs/commands.md");
    let command = bakkt_migrate::cli::Cli::command();
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    for sub in shown {
        assert!(
            page.contains(&format!("bakkt-migrate {}", sub.get_name())),
            "{}",
            sub.get_name()
        );
        for argument in sub
            .get_arguments()
            .filter_map(|argument| argument.get_long())
        {
            let shown = format!("--{argument}");
            assert!(
                ["--help", "--version"].contains(&&*shown) || page.contains(&shown),
                "{shown}"
            );
        }
    }
    let codes: Vec<String> = table(&page, "| code | meaning |")
        .iter()
        .map(|row| code(&row[0]).to_owned())
        .collect();
    assert_eq!(codes, ["0", "1", "2", "3", "4"]);
}

/// The command line of this program in a line of a page: an indented one, or one behind a prompt.
fn command_line(line: &str) -> Option<&str> {
    let line = line
        .strip_prefix("    ")
        .or_else(|| line.strip_prefix("$ "))?;
    let line = line.split(" #").next().unwrap().trim();
    line.find("bakkt-migrate ").map(|at| &line[at..])
}

/// Every command line that a page shows can be parsed.
#[test]
fn command_lines_of_the_pages_parse() {
    use clap::Parser;
    let mut count = 0;
    for name in pages() {
        let text = page(&name);
        for line in text.lines().filter_map(command_line) {
            let line = line.split(" > ").next().unwrap();
            // A quoted reason is one word.
            let mut words = Vec::new();
            for (place, piece) in line.split('"').enumerate() {
                if place % 2 == 1 {
                    words.push(piece);
                } else {
                    words.extend(piece.split_whitespace());
                }
            }
            count += 1;
            if let Err(error) = bakkt_migrate::cli::Cli::try_parse_from(&words) {
                panic!("{name}: {line}\n{error}");
            }
        }
    }
    assert!(count > 100, "{count}");
}

/// The name by which a link finds a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    heading
        .chars()
        .filter(|char| char.is_alphanumeric() || " -_".contains(*char))
        .map(|char| if char == ' ' { '-' } else { char })
        .collect()
}

/// A link to a file of the repository leads somewhere, and so does the heading that it names.
#[test]
fn links_lead_to_files() {
    for name in pages() {
        let text = page(&name);
        let folder = root().join(&name).parent().unwrap().to_owned();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .filter(|target| !target.starts_with("https://"))
        {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                root().join(&name)
            } else {
                folder.join(file)
            };
            assert!(file.exists(), "{name}: {target}");
            if !heading.is_empty() {
                let linked = fs::read_to_string(file).unwrap();
                let mut headings = linked.lines().filter(|line| line.starts_with('#'));
                assert!(
                    headings.any(|line| anchor(line) == heading),
                    "{name}: {target}"
                );
            }
        }
    }
}

/// From the README a reader comes to every page.
#[test]
fn the_readme_is_short_and_leads_to_every_page() {
    let readme = page("README.md");
    assert!(readme.lines().count() < 200, "keep the README short");
    let linked: BTreeSet<&str> = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    for name in pages() {
        assert!(
            name == "README.md" || linked.contains(name.as_str()),
            "{name}"
        );
    }
}

/// A command of the tour, and the lines that it is said to print; `…` stands for any others.
struct Step<'a> {
    command: &'a str,
    shown: Vec<&'a str>,
}

fn tour(readme: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step> = Vec::new();
    for block in readme.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => steps.push(Step {
                    command,
                    shown: Vec::new(),
                }),
                None => steps.last_mut().unwrap().shown.push(line),
            }
        }
    }
    steps
}

/// Runs a command of the tour in a folder; what it prints on stderr comes first.
fn output(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_bakkt-migrate"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap();
    let text = [output.stderr, output.stdout].concat();
    String::from_utf8(text).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, name) = entry.map(|one| (one.path(), one.file_name())).unwrap();
        // What a run of the samples in the repository has left there is no part of them.
        if [".bakkt-migrate", "report"].contains(&name.to_str().unwrap()) {
            continue;
        }
        let to = to.join(name);
        if from.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(from).unwrap(), to).unwrap();
        } else if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// Each line that the README shows of a command's output is printed by it, in the same order.
#[test]
fn the_tour_shows_what_the_commands_print() {
    let dir = tempfile::tempdir().unwrap();
    copy(&root().join("samples"), dir.path());
    let readme = page("README.md");
    let steps = tour(&readme);
    assert!(steps.len() >= 10);
    for Step { command, shown } in steps {
        let printed = output(command, dir.path());
        // How far reading has come is told when it takes longer than a person likes to wait.
        let is_progress = |line: &&str| line.starts_with("reading: ");
        let mut lines = printed.lines().filter(|line| !is_progress(line));
        let mut may_skip = false;
        for line in shown {
            if line == "…" {
                may_skip = true;
                continue;
            }
            let found = if may_skip {
                lines.any(|printed| printed == line)
            } else {
                lines.next() == Some(line)
            };
            assert!(found, "$ {command}\n{line}\nis not in\n{printed}");
            may_skip = false;
        }
        assert!(
            may_skip || lines.next().is_none(),
            "$ {command}\nprints more than is shown:\n{printed}"
        );
    }
}

/// The text of every source below a folder of the repository.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// ARCHITECTURE.md names functions and files that are there, and its glossary names what is in the code.
#[test]
fn the_architecture_speaks_of_this_code() {
    let architecture = page("ARCHITECTURE.md");
    let walk = super::section(&architecture, "## A row's way");
    let mut count = 0;
    for row in super::rows(walk) {
        let (function, file) = (code(&row[0]), code(&row[1]));
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("no {file}"));
        assert!(
            text.contains(&format!("fn {function}")),
            "no {function} in {file}"
        );
        count += 1;
    }
    assert!(count > 30, "{count}");

    let mut text = String::new();
    sources(&root().join("src"), &mut text);
    sources(&root().join("crates"), &mut text);
    let glossary = super::section(&architecture, "## Glossary");
    let terms: Vec<&str> = glossary
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| term"))
        .collect();
    assert!(terms.len() > 50);
    for line in terms {
        let last = line.trim_end_matches('|').rsplit(" | ").next().unwrap();
        for name in super::codes(last) {
            let name = name.rsplit("::").next().unwrap();
            assert!(text.contains(name), "{name} is not in the code: {line}");
        }
    }
}

/// The steps of the recipes of CONTRIBUTING.md name files, items and tests that are there. An item stands in a file of its step; it is
/// known by a capital or an underscore in its name.
#[test]
fn the_recipes_speak_of_this_code() {
    let contributing = page("CONTRIBUTING.md");
    let recipes = super::section(&contributing, "## Recipes");
    let mut all = String::new();
    for folder in ["tests", "crates", "src"] {
        sources(&root().join(folder), &mut all);
    }
    let test = Regex::new("^(?:[a-z_]+::)+([a-z_]+)$").unwrap();
    let item = Regex::new("^(?:[A-Z][A-Za-z_]*|[a-z]+_[a-z_]+)$").unwrap();
    let mut count = 0;
    for step in recipes.split("\n\n").flat_map(numbered) {
        let mut text = String::new();
        let names = super::codes(&step);
        // What the example of a recipe makes is not there.
        let is_there = |name: &&String| name.contains('/') && !name.ends_with("/count.rs");
        for file in names.iter().filter(is_there) {
            if file.ends_with(".rs") {
                let found = fs::read_to_string(root().join(file));
                text += &found.unwrap_or_else(|_| panic!("CONTRIBUTING.md, no {file}: {step}"));
            }
        }
        for name in &names {
            let found = match test.captures(name) {
                Some(test) => all.contains(&format!("fn {}", &test[1])),
                None if text.is_empty() || !item.is_match(name) => continue,
                None => Regex::new(&format!(r"\b(fn|enum|struct|type|const|static) {name}\b"))
                    .unwrap()
                    .is_match(&text),
            };
            assert!(found, "CONTRIBUTING.md, no {name} there: {step}");
            count += 1;
        }
    }
    assert!(count > 15, "{count}");
}

/// The items of a numbered list, each as one line.
fn numbered(list: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in list.lines() {
        match items.last_mut() {
            _ if line.starts_with(|c: char| c.is_ascii_digit()) => items.push(line.to_owned()),
            Some(item) => *item = format!("{item} {}", line.trim()),
            None => {}
        }
    }
    items
}
