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
