//! What is not in the merchant's agreement, and keys that are wrong.

use super::world::{World, rows};

const KINDS: [&str; 4] = ["user", "bank account", "savings", "recipient"];

#[test]
fn a_kind_that_is_gated_from_the_first_call_stops_alone() {
    for (kind, as_404) in [
        ("user", false),
        ("bank account", true),
        ("savings", false),
        ("recipient", true),
    ] {
        let config = format!("[custody]\ngated = [\"{kind}\"]\ngated_as_404 = {as_404}\n");
        let world = World::new(&rows(3), "", &config);
        let said = world.run(3);
        if kind != "user" {
            world.sessions(&["A-1", "A-2", "A-3"], "");
            let said = world.run(3);
            assert!(
                said.contains("not in your agreement") || said.contains("not in the agreement"),
                "{said}"
            );
        } else {
            assert!(said.contains("not in the agreement"), "{said}");
        }
        let made = world.made();
        made.has_nothing_twice();
        // One answer says it: nobody is asked again and again.
        assert_eq!(made.of_kind(kind).len(), 1, "{kind}");
        let states = world.states();
        assert_eq!(
            states[&format!("{kind} held not in the agreement")],
            3,
            "{states:?}"
        );
        for other in KINDS
            .iter()
            .filter(|other| **other != kind && kind != "user")
        {
            assert_eq!(
                states[&format!("{other} accepted")],
                3,
                "{kind}: {states:?}"
            );
        }
        assert_eq!(
            world.sandbox.count("accounts"),
            3,
            "the accounts go whatever custody may"
        );
    }
}

#[test]
fn after_a_success_it_is_about_one_customer() {
    // One after the other: the third leaves after the second was answered.
    let settings = "in_flight = 1\n";
    let world = World::new(
        &rows(3),
        settings,
        "[custody]\nforbid_id_containing = \"A-2\"\n",
    );
    world.run(3);
    let states = world.states();
    assert_eq!(states["user accepted"], 2, "{states:?}");
    assert_eq!(states["user refused 403"], 1, "{states:?}");
    world.sessions(&["A-1", "A-3"], "");
    world.run(3);
    let states = world.states();
    assert_eq!(states["bank account accepted"], 2, "{states:?}");
    assert_eq!(states["bank account held user refused"], 1, "{states:?}");
    world.made().has_nothing_twice();
}

#[test]
fn a_wrong_key_stops_custody_and_says_which() {
    let world = World::new(&rows(2), "", "");
    let url = world.sandbox.base_url();
    let mut command = world.command(&["run"], &["--base-url", &url]);
    let said = world.ended(command.env("BAKKT_CUSTODY_KEY", "another"), 2);
    assert!(said.contains("BAKKT_CUSTODY_KEY"), "{said}");
    assert_eq!(world.sandbox.count("accounts"), 2);
    assert_eq!(world.made().users.len(), 0);
    // Nothing was taken, so nothing is in doubt.
    world.run(3);
    assert_eq!(world.made().users.len(), 2);
    world.made().has_nothing_twice();
}

#[test]
fn no_key_is_told_before_anything_is_sent() {
    let world = World::new(&rows(1), "", "");
    let url = world.sandbox.base_url();
    let mut command = world.command(&["run"], &["--base-url", &url]);
    let said = world.ended(command.env_remove("BAKKT_CUSTODY_KEY"), 2);
    assert!(said.contains("there is no custody key"), "{said}");
    assert_eq!(world.sandbox.count("accounts"), 0);
}

#[test]
fn the_key_goes_behind_the_prefix_of_the_settings() {
    let world = World::new(
        &rows(1),
        "header_prefix = \"Bearer \"\n",
        "[custody]\nheader_prefix = \"Bearer \"\n",
    );
    world.run(3);
    assert_eq!(world.made().users.len(), 1);
}

#[test]
fn a_user_waits_for_its_account_unless_the_settings_say_otherwise() {
    let refuses = "refuse_id_containing = \"A-1\"\n";
    let world = World::new(&rows(2), "", refuses);
    world.run(3);
    let states = world.states();
    assert_eq!(states["user held account"], 1, "{states:?}");
    assert_eq!(world.made().users.len(), 1);
    let world = World::new(&rows(2), "after_acceptance = false\n", refuses);
    world.run(3);
    assert_eq!(world.made().users.len(), 2);
    assert_eq!(world.sandbox.count("accounts"), 1);
}
