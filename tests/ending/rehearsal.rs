//! `forget` where a migration was rehearsed: its state has the customer as well.

use super::world::{CUSTOMERS, World, holding, local, said, state};

const ID: &str = "00700-A";
const WHY: [&str; 4] = ["--reason", "request 17", "--by", "kim"];

/// A migration that was sent, after a rehearsal with a backfill file.
fn rehearsed() -> World {
    let world = World::new(&CUSTOMERS);
    let (text, code) = said(&mut local(&world, "run", &["--sandbox", "--yes"]));
    assert_eq!(code, 3, "{text}");
    let fill =
        format!("clientAccountId,owners[0].phoneNumber\nB-2,+17755550109\n{ID},+17755550100\n");
    world.write("fill.csv", &fill);
    let file = world.path("fill.csv");
    let file = [&[file.to_str().unwrap(), "--sandbox"][..], &WHY].concat();
    let (text, code) = said(&mut local(&world, "backfill", &file));
    assert_eq!(code, 0, "{text}");
    let (text, code) = said(&mut local(&world, "run", &["--sandbox", "--yes"]));
    assert_eq!(code, 3, "{text}");
    world.run();
    world
}

#[test]
fn what_a_rehearsal_has_of_the_customer_goes_as_well() {
    let world = rehearsed();
    let rehearsal = state(&world).join("sandbox");
    assert!(!holding(&rehearsal, ID).is_empty());
    let look = ["--id", ID, "--dry-run"];
    let (text, code) = said(&mut local(&world, "forget", &look));
    assert_eq!(code, 0, "{text}");
    let told = format!(
        "the state of the rehearsal in {} goes as well",
        rehearsal.display()
    );
    assert!(text.contains(&told), "{text}");
    assert!(!holding(&rehearsal, ID).is_empty());

    let (text, code) = said(local(&world, "forget", &["--id", ID]).args(WHY));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&told), "{text}");
    for text in [ID, "+17755550100"] {
        assert!(
            holding(&state(&world), text).is_empty(),
            "{:?}",
            holding(&state(&world), text)
        );
        assert!(holding(&world.path("report"), text).is_empty());
    }
    for more in [&[][..], &["--sandbox"]] {
        let (text, code) = said(&mut local(&world, "audit", more));
        assert_eq!(code, 3, "{text}");
    }
    // A later rehearsal does not have them either.
    let replan = [&["--sandbox"][..], &WHY].concat();
    let (text, code) = said(&mut local(&world, "replan", &replan));
    assert_eq!(code, 0, "{text}");
    assert!(holding(&rehearsal, ID).is_empty());
}

#[test]
fn a_state_that_keeps_the_customer_is_named() {
    let world = rehearsed();
    // A rehearsal alone leaves the migration as it is.
    let own = ["--id", "B-2", "--sandbox"];
    let (text, code) = said(local(&world, "forget", &own).args(WHY));
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("not erased: the state of the migration itself in"),
        "{text}"
    );
    assert!(!holding(&state(&world), "B-2").is_empty());
    // A closed one is changed no more.
    let close = [&["--sandbox", "--yes"][..], &WHY].concat();
    let (text, code) = said(&mut local(&world, "close", &close));
    assert_eq!(code, 0, "{text}");
    let (text, code) = said(local(&world, "forget", &["--id", ID]).args(WHY));
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("not erased: the state of the rehearsal in"),
        "{text}"
    );
    assert!(text.contains("was closed by kim"), "{text}");
}

#[test]
fn only_a_state_that_is_not_closed_is_called_so() {
    let world = rehearsed();
    let close = |more: &[&str]| {
        let (text, code) = said(local(&world, "close", &WHY).arg("--yes").args(more));
        assert_eq!(code, 0, "{text}");
        text
    };
    let text = close(&[]);
    assert!(
        text.contains("not closed: the state of a rehearsal"),
        "{text}"
    );
    // The folder is named as well, so that it can be run as it stands.
    assert!(text.contains(" --sandbox` does it"), "{text}");
    assert!(!text.contains("close --sandbox"), "{text}");
    for more in [&["--sandbox"][..], &[], &["--sandbox"]] {
        let text = close(more);
        assert!(!text.contains("not closed"), "{text}");
    }
    let text = close(&["--json"]);
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(object["other_state"].is_null(), "{text}");
}
