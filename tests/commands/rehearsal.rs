//! Invented tax ids: let through in rehearsals, refused for Bakkt's production.

use super::world::{Bakkt, World};

const REFUSED: &str = "accounts.allow_unissued_tax_ids is on, and the target is Bakkt's production";

#[test]
fn invented_tax_ids_are_refused_for_bakkts_production() {
    let world = World::of(2);
    for target in [
        "",
        " --base-url https://api.bakkt.com",
        " --base-url https://API.Bakkt.com/",
        " --base-url https://api.bakkt.com.:443",
    ] {
        for command in ["run acme --yes", "run acme --yes --quiet"] {
            let said = world.bakkt(&format!("{command}{target}"));
            assert!(
                said.starts_with("exit code 2\n"),
                "{command}{target}: {said}"
            );
            assert!(said.contains(REFUSED), "{command}{target}: {said}");
        }
    }
    let files = world.files();
    assert!(
        !files.iter().any(|file| file.contains("journal")),
        "{files:?}"
    );
}

#[test]
fn a_check_is_refused_where_the_settings_name_the_production() {
    let world = World::of(2);
    assert_eq!(world.code("check acme").0, 0);
    world.set("[target]\nbase_url = \"https://api.bakkt.com\"");
    let said = world.bakkt("check acme");
    assert!(
        said.starts_with("exit code 2\n") && said.contains(REFUSED),
        "{said}"
    );
    // The same folder may be tried all the same.
    assert_eq!(world.code("run acme --sandbox --quiet").0, 0);
    world.change(
        "acme/migration.toml",
        "https://api.bakkt.com",
        "https://sandbox.api.bakkt.com",
    );
    assert_eq!(world.code("check acme").0, 0);
    world.change(
        "acme/migration.toml",
        "sandbox.api.bakkt.com",
        "api.bakkt.com",
    );
    world.change(
        "acme/migration.toml",
        "allow_unissued_tax_ids = true",
        "allow_unissued_tax_ids = false",
    );
    // Nobody was ever given these numbers.
    let (code, text) = world.code("check acme --json");
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &told["verdicts"]["blocked"]),
        (3, &2.into()),
        "{text}"
    );
}

#[test]
fn a_rehearsal_sends_them_and_nothing_else_does() {
    let (world, bakkt) = (World::of(2), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 2);
    let (world, bakkt) = (World::of(2), Bakkt::start(|_| {}));
    world.change(
        "acme/migration.toml",
        "allow_unissued_tax_ids = true",
        "allow_unissued_tax_ids = false",
    );
    assert_eq!(world.code(&bakkt.run("")).0, 3);
    assert_eq!(bakkt.ledger().accounts, 0);
}
