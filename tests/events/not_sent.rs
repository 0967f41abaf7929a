//! Events about customers whom Bakkt should not have: blocked, excluded or refused here, or in no plan at all.

use crate::commands::world::{Bakkt, World, blocked, row};
use crate::events::receiver::body;

#[test]
fn events_of_customers_who_were_not_sent_are_told_and_need_a_person() {
    let bakkt = Bakkt::start(|config| config.refuse_id_containing = Some("R-1".to_owned()));
    let world = World::new(&[
        row("A-1"),
        blocked("B-1"),
        row("R-1"),
        row("X-1"),
        row("X-1").replace("Austin", "Dallas"),
    ]);
    world.set("[exclude]\nids = { list = [\"E-1\"], reason = \"legal hold\" }");
    let rows = world.read("acme/export.csv");
    world.write("acme/export.csv", &format!("{rows}{}\n", row("E-1")));
    assert_eq!(world.code(&bakkt.run("--yes")).0, 3);
    let told: Vec<String> = ["A-1", "B-1", "E-1", "R-1", "X-1", "Z-9"]
        .iter()
        .map(|id| body(&format!("r-{id}"), id, "ACTIVE", "ENROLLMENT"))
        .collect();
    world.write("events.jsonl", &told.join("\n"));
    assert_eq!(world.code("events import acme events.jsonl").0, 0);

    let (code, said) = world.code("status acme");
    assert_eq!(code, 3);
    assert!(
        said.contains("of unknown accounts 1, of customers not sent or refused 4"),
        "{said}"
    );
    assert!(
        said.contains("accounts that events name and Bakkt should not have (unknown-events.csv) 5"),
        "{said}"
    );
    let (_, said) = world.code("report acme --json");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let events = &said["after"]["events"];
    assert_eq!(events["unknown_accounts"], 1, "{events}");
    assert_eq!(events["not_sent_accounts"], 4, "{events}");
    assert_eq!(events["not_sent_events"], 4, "{events}");
    let lines = world.read("acme/report/unknown-events.csv");
    let standing: Vec<(&str, &str)> = lines
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            (cells[0], cells[5])
        })
        .collect();
    assert_eq!(
        standing,
        [
            ("B-1", "blocked"),
            ("E-1", "excluded"),
            ("R-1", "refused"),
            ("X-1", "duplicate"),
            ("Z-9", "not in the plan"),
        ]
    );
    let page = world.read("acme/report/report.html");
    assert!(page.contains("Events of customers who were not sent, or whom Bakkt refused"));
    assert!(page.contains("Events of accounts that this migration does not know"));
}

/// An event of an unknown account alone, and a change that goes by hand alone: each is for a person.
#[test]
fn what_is_for_a_person_alone_ends_with_3() {
    let bakkt = Bakkt::start(|_| ());
    let world = World::of(2);
    assert_eq!(world.code(&bakkt.run("--yes")).0, 0);
    let other = world.copy();
    world.write("events.jsonl", &body("r-1", "Z-9", "ACTIVE", "ENROLLMENT"));
    assert_eq!(world.code("events import acme events.jsonl").0, 0);
    let (code, said) = world.code("status acme");
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("for a person: accounts that events name"),
        "{said}"
    );

    let rows = [row("A-1").replace("1980-02-03", "1980-03-02"), row("A-2")];
    other.export(&rows);
    let to = format!("--base-url {}", bakkt.url());
    let command = format!("replan acme {to} --update-accepted --reason corrected");
    assert_eq!(other.code(&command).0, 0);
    for command in [
        "status acme".to_owned(),
        bakkt.run("--yes"),
        "report acme".to_owned(),
    ] {
        let (code, said) = other.code(&command);
        assert_eq!(code, 3, "{command}: {said}");
        let words = "changes that no update may make (restricted.csv) 1";
        assert!(said.contains(words), "{command}: {said}");
    }
}
