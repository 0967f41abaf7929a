//! Commands that a message suggests can be copied into a shell as they stand, whatever the folder is called.

use std::process::Command;

use super::world::{World, gap, row};

/// A migration folder whose name a shell would take for several words, and for an option.
const FOLDERS: [&str; 2] = ["our customers", "-its 'own'"];

/// The arguments behind a command's name in a text, as a shell reads them: the first of them.
fn first_argument(text: &str, command: &str) -> String {
    let rest = text
        .split_once(command)
        .unwrap_or_else(|| panic!("{text}"))
        .1;
    let line: String = rest.chars().take_while(|c| !"`\n".contains(*c)).collect();
    let script = format!("set -- {line}; printf %s \"$1\"");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_suggested_command_names_its_folder_as_one_word() {
    for folder in FOLDERS {
        let world = World::new(&[gap("A-1"), row("A-2")]);
        std::fs::rename(world.path("acme"), world.path(folder)).unwrap();
        let argument = match folder.starts_with('-') {
            true => format!("./{folder}"),
            false => folder.to_owned(),
        };
        let run = |arguments: &[&str]| {
            let output = world.command(arguments).output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            String::from_utf8(text).unwrap()
        };
        run(&["run", "--sandbox", "--", folder]);
        let said = run(&["gaps", "--sandbox", "--sheet", "calls.xlsx", "--", folder]);
        assert_eq!(
            first_argument(&said, "bakkt-migrate backfill"),
            argument,
            "{said}"
        );
        let to_forget = ["forget", "--id", "A-1", "--reason", "request", "--", folder];
        let said = run(&to_forget);
        assert!(!said.contains(&format!("forget {folder}`")), "{said}");
        // A folder that `init` writes.
        let export = format!("./{folder}/export.csv");
        let new = format!("{folder} 2");
        let said = run(&["init", "--from", &export, "--", &new]);
        assert_eq!(
            first_argument(&said, "then: bakkt-migrate check"),
            format!("{argument} 2"),
            "{said}"
        );
    }
}
