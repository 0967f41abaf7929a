//! `forget`: nothing of the customer is left here, every count still balances, and nothing is sent again.

use std::fs;

use super::world::{CUSTOMERS, World, holding, local, rows, said, state, status};
use crate::support::workbooks::{Cell, Sheet, number, text, xlsx};
use crate::support::{json_of, wait_for};

const ID: &str = "00700-A";

fn forget(world: &World, id: &str, more: &[&str]) -> (String, i32) {
    let why = ["--id", id, "--reason", "request 17", "--by", "kim"];
    said(local(world, "forget", &why).args(more))
}

fn export(world: &World) -> String {
    fs::read_to_string(world.path("export.csv")).unwrap()
}

/// A migration in which the customer stands wherever one can stand.
fn everywhere() -> World {
    let world = World::sent(&CUSTOMERS);
    world.write(
        "fill.csv",
        &format!(
            "clientAccountId,owners[0].phoneNumber\nB-2,+17755550109\n{ID},+17755550100\nD-4,+17755550108\n"
        ),
    );
    let file = world.path("fill.csv");
    world.json(
        "backfill",
        &[file.to_str().unwrap(), "--reason", "called", "--by", "kim"],
    );
    world.run();
    let field = "investmentProfile";
    let mut waive = local(&world, "waive", &["--id", ID, "--field", field]);
    said(waive.args(["--reason", "has none", "--by", "kim"]));
    let event = format!(
        r#"{{"requestId":"r-1","partnerWebhookType":"PARTY_EVENT","partnerPartyRef":"{ID}","partyStatus":"ACTIVE","reasonCode":"OTHER"}}"#
    );
    world.write("events.jsonl", &format!("{event}\n"));
    let mut events = crate::support::program();
    events.args(["events", "import"]).arg(world.dir());
    let (text, code) = said(events.arg(world.path("events.jsonl")));
    assert_eq!(code, 0, "{text}");
    world.json("verify", &[]);
    world
}

#[test]
fn a_backfill_file_does_not_bring_the_customer_back() {
    let world = everywhere();
    let (text, code) = forget(&world, ID, &[]);
    assert_eq!(code, 0, "{text}");
    let file = world.path("fill.csv");
    let again = [file.to_str().unwrap(), "--reason", "called", "--by", "kim"];
    for more in [&["--dry-run"][..], &[]] {
        let (text, code) = said(world.command("backfill", &again).args(more));
        assert_eq!(code, 2, "{text}");
        let told = "rows of customers who were forgotten: 3\n";
        assert!(text.contains(told) && !text.contains(ID), "{text}");
    }
    assert!(holding(&state(&world), ID).is_empty());
    // Without that row it is taken as any other.
    world.write(
        "fill.csv",
        "clientAccountId,owners[0].phoneNumber\nB-2,+17755550107\n",
    );
    let (text, code) = said(&mut world.command("backfill", &again));
    assert_eq!(code, 0, "{text}");
}

#[test]
fn nothing_of_the_customer_is_left_and_everything_balances() {
    let world = everywhere();
    assert!(!holding(&state(&world), ID).is_empty());
    let before = status(&world);
    let (text, code) = forget(&world, ID, &["--dry-run"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("nothing was changed"), "{text}");
    assert_eq!(status(&world), before);

    let (text, code) = forget(&world, ID, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("account {ID}, at Bakkt ")), "{text}");
    assert!(text.contains("export.csv: line 2"), "{text}");
    assert_eq!(
        holding(&state(&world), ID),
        [""; 0].map(std::path::PathBuf::from)
    );
    assert_eq!(
        holding(&world.path("report"), ID),
        [""; 0].map(std::path::PathBuf::from)
    );
    assert!(holding(&state(&world), "+17755550100").is_empty());

    let after = status(&world);
    assert_eq!(after["balanced"], true, "{after}");
    assert_eq!(after["read"], before["read"]);
    assert_eq!(after["verdicts"]["excluded"], 1);
    let lines = rows(&world, "reconciliation.csv");
    let line = &lines[0];
    assert!(line["clientAccountId"].starts_with("erased:"), "{line:?}");
    assert_eq!(
        (line["verdict"].as_str(), line["row"].as_str()),
        ("excluded", "2")
    );
    assert_eq!(line["reason"], "erased at the customer's request");
    let (text, code) = said(&mut local(&world, "audit", &[]));
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("Nothing that could be checked was altered"),
        "{text}"
    );
    // Again: it is known that this customer was forgotten.
    assert_eq!(forget(&world, ID, &[]).1, 0);
    assert_eq!(forget(&world, "nobody", &[]).1, 2);
}

#[test]
fn no_plan_and_no_event_brings_the_customer_back() {
    let world = everywhere();
    let asked = |world: &World| {
        let requests = world.sandbox.ledger().requests;
        let of = requests
            .iter()
            .filter(|request| request.id.as_deref() == Some(ID));
        of.count()
    };
    assert_eq!(forget(&world, ID, &[]).1, 0);
    let before = asked(&world);
    world.run();
    world.json(
        "replan",
        &["--update-accepted", "--reason", "new export", "--by", "kim"],
    );
    world.run();
    world.json("verify", &["--again"]);
    // The export changes, and names the customer twice.
    let text = export(&world);
    let line = text.lines().find(|line| line.starts_with(ID)).unwrap();
    let more = line.replace("a1@example.com", "new@example.com");
    world.write("export.csv", &format!("{text}{more}\n"));
    // A list that names nobody else still leaves somebody out.
    world.write("hold.txt", &format!("{ID}\n"));
    let settings = fs::read_to_string(world.path("migration.toml")).unwrap();
    let hold = "[[exclude.ids]]\nfile = \"hold.txt\"\nreason = \"legal hold\"\n";
    world.write("migration.toml", &format!("{settings}{hold}"));
    world.json(
        "replan",
        &["--update-accepted", "--reason", "new export", "--by", "kim"],
    );
    let totals = world.run();
    assert_eq!(totals["verdicts"]["excluded"], 2, "{totals}");
    assert_eq!(asked(&world), before, "Bakkt hears nothing of the customer");
    let mut events = crate::support::program();
    events.args(["events", "import"]).arg(world.dir());
    assert_eq!(said(events.arg(world.path("events.jsonl"))).1, 0);
    assert!(holding(&state(&world), ID).is_empty());
    assert!(holding(&world.path("report"), ID).is_empty());
}

#[test]
fn a_killed_forget_ends_with_the_next_one() {
    for step in 0..4u32 {
        let world = everywhere();
        let why = ["--id", ID, "--reason", "request 17", "--by", "kim"];
        let mut child = local(&world, "forget", &why).spawn().unwrap();
        // Wherever it is by then: before its transaction, behind it, or done.
        wait_for("the name in the journal or the end", || {
            let is_there = step > 0 && !holding(&state(&world), "erased:").is_empty();
            let has_ended = child.try_wait().unwrap().is_some();
            (step == 0 || is_there || has_ended).then_some(())
        });
        for _ in 1..step {
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        let (text, code) = forget(&world, ID, &[]);
        assert_eq!(code, 0, "{text}");
        assert!(
            holding(&state(&world), ID).is_empty(),
            "{:?}",
            holding(&state(&world), ID)
        );
        assert_eq!(status(&world)["balanced"], true);
    }
}

#[test]
fn a_customer_in_doubt_is_not_forgotten() {
    let world = World::sent(&CUSTOMERS);
    let journal = rusqlite::Connection::open(state(&world).join("journal.db")).unwrap();
    journal
        .execute_batch("UPDATE task SET state = 3 WHERE record = 1")
        .unwrap();
    drop(journal);
    let (text, code) = forget(&world, ID, &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("in doubt"), "{text}");
    assert!(!holding(&state(&world), ID).is_empty());
    // Somebody else is.
    assert_eq!(
        said(&mut local(
            &world,
            "forget",
            &["--id", "D-4", "--reason", "r", "--by", "kim"]
        ))
        .1,
        0
    );
}

#[test]
fn a_filled_workbook_loses_the_row_and_keeps_the_others() {
    let world = World::sent(&CUSTOMERS);
    let row = |id: &str, phone: Cell| {
        vec![
            text(id),
            phone,
            text("PO Box 7\nBack door"),
            text("Boston"),
            text("massachusetts"),
            number(2134.0),
            text("United States"),
            Cell::Number(45443.0, "yyyy-mm-dd"),
        ]
    };
    let header = [
        "clientAccountId",
        "owners[0].phoneNumber",
        "owners[0].mailingAddress.streetAddress",
        "owners[0].mailingAddress.city",
        "owners[0].mailingAddress.state",
        "owners[0].mailingAddress.postalCode",
        "owners[0].mailingAddress.country",
        "known: since",
    ];
    let sheet = Sheet::new(
        "Backfill",
        vec![
            vec![text("Fill in what you know."), Cell::Empty],
            header.map(text).to_vec(),
            row("B-2", number(7_755_550_109.0)),
            row(ID, text("+17755550100")),
            row("D-4", Cell::Empty),
        ],
    );
    let file = world.path("calls.xlsx");
    fs::write(
        &file,
        xlsx(&[sheet, Sheet::new("Notes", vec![vec![text(ID)]])]),
    )
    .unwrap();
    world.json(
        "backfill",
        &[file.to_str().unwrap(), "--reason", "called", "--by", "kim"],
    );
    world.run();
    let (said, code) = forget(&world, ID, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        holding(&state(&world), ID).is_empty(),
        "{:?}",
        holding(&state(&world), ID)
    );
    assert!(holding(&state(&world), "17755550100").is_empty());
    // The others' plan is what it was: nothing drifts, and a new plan changes nothing.
    world.run();
    let (changes, _) = json_of(
        world
            .command("replan", &["--reason", "look", "--by", "kim"])
            .arg("--json"),
    );
    let changes = &changes["replan"];
    for kind in [
        "changed_not_sent",
        "changed_accepted",
        "added",
        "dropped",
        "former",
    ] {
        assert_eq!(changes[kind], 0, "{changes}");
    }
}
