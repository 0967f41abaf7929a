//! What shells and `man` are told of the program.

use super::world::World;

#[test]
fn shells_complete_every_command_and_option() {
    let world = World::of(1);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let shown = world.bakkt(&format!("completions {shell}"));
        assert!(shown.starts_with("exit code 0"), "{shell}: {shown}");
        for word in ["manual-kyb", "rehash", "log-format"] {
            assert!(shown.contains(word), "{shell}: {word}");
        }
        assert!(
            !shown.contains("read-workbook"),
            "{shell}: a command of its own"
        );
    }
}

/// The words that bash offers after those that were typed, the last of which is begun.
fn bash_offers(world: &World, typed: &[&str]) -> Option<Vec<String>> {
    let script = "source ./completions.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($#-1)); \
        _bakkt__migrate bakkt-migrate \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", script, "bash", "bakkt-migrate"])
        .args(typed)
        .current_dir(world.path("."))
        .output();
    let Ok(output) = output else {
        eprintln!("left out: there is no bash");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn bash_completes_options_values_and_commands_below_commands() {
    let world = World::of(1);
    let (code, script) = world.code("completions bash");
    assert_eq!(code, 0);
    world.write("completions.bash", &script);
    for (typed, expected) in [
        (&["ru"][..], "run"),
        (&["run", "--san"], "--sandbox"),
        (&["-q", "run", "--san"], "--sandbox"),
        (&["run", "--log-format", ""], "json"),
        (&["manual-kyb", "--shar"], "--shard"),
        (&["sessions", ""], "wanted"),
        (&["sessions", "wanted", "--f"], "--for"),
        (&["control", "acme", "pa"], "pause"),
        (&["events", "import", "--san"], "--sandbox"),
    ] {
        let Some(offered) = bash_offers(&world, typed) else {
            return;
        };
        assert!(
            offered.iter().any(|word| word == expected),
            "{typed:?}: {expected} is not among {offered:?}"
        );
    }
}

#[test]
fn every_command_has_a_page() {
    let world = World::of(1);
    let shown = world.bakkt("man --out pages");
    assert!(shown.starts_with("exit code 0"), "{shown}");
    let pages: Vec<String> = std::fs::read_dir(world.path("pages"))
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in [
        "bakkt-migrate.1",
        "bakkt-migrate-run.1",
        "bakkt-migrate-events-serve.1",
    ] {
        assert!(pages.contains(&page.to_owned()), "{page}: {pages:?}");
    }
    assert!(
        !pages.iter().any(|page| page.contains("workbook")),
        "{pages:?}"
    );
    assert!(world.read("pages/bakkt-migrate-run.1").contains("rehash"));
    // Written again, they take the place of those that are there; a page of somebody else stays.
    assert!(world.bakkt("man --out pages").starts_with("exit code 0"));
    world.write("pages/bakkt-migrate-run.1", "mine\n");
    assert!(world.bakkt("man --out pages").starts_with("exit code 2"));
    assert_eq!(world.read("pages/bakkt-migrate-run.1"), "mine\n");
}

#[test]
fn a_folder_that_takes_no_pages_is_refused_before_one_is_written() {
    let world = World::of(1);
    std::fs::create_dir(world.path("pages")).unwrap();
    world.write("pages/bakkt-migrate-verify.1", "mine\n");
    let shown = world.bakkt("man --out pages");
    assert!(shown.starts_with("exit code 2"), "{shown}");
    assert!(shown.contains("bakkt-migrate-verify.1"), "{shown}");
    let there = std::fs::read_dir(world.path("pages")).unwrap();
    assert_eq!(there.count(), 1, "pages were written");
    world.write("file", "mine\n");
    let shown = world.bakkt("man --out file");
    assert!(shown.starts_with("exit code 2"), "{shown}");
    assert_eq!(world.read("file"), "mine\n");
}

#[test]
fn the_log_is_for_programs_where_it_is_asked_for() {
    let world = World::of(2);
    let shown = world.bakkt("run acme --sandbox -v --log-format json");
    let lines = shown.lines().filter(|line| line.starts_with('{'));
    let events: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!events.is_empty(), "{shown}");
    assert!(events.iter().all(|event| event["level"] == "INFO"));
}
