//! Customers and shards: ids that change, decisions, and events find the shard they belong to.

use bakkt_model::shard::shard_of_id;

use super::world::World;
use crate::events::receiver::{self, Receiver};
use crate::support::small::export;

#[test]
fn ids_that_lost_their_zeros_open_no_second_account_in_another_shard() {
    let world = World::new(0);
    let ids: Vec<String> = (1..=60).map(|n| format!("{:07}", n * 13)).collect();
    let bare: Vec<String> = ids
        .iter()
        .map(|id| id.trim_start_matches('0').to_owned())
        .collect();
    // Most of them fall to another shard than before.
    let moved = ids
        .iter()
        .zip(&bare)
        .filter(|(id, bare)| shard_of_id(id, 4) != shard_of_id(bare, 4));
    assert!(moved.count() > 30);
    // The export gives everybody a tax id of the id's own: the person is told by the form of the id alone.
    world.customers(&ids);
    world.run_all(4);
    assert_eq!(world.sandbox.count("posts"), 60);
    world.customers(&bare);
    for number in 0..4 {
        let (said, code) = world.said("replan", &format!("{number}/4"), &[]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("would get a second account"), "{said}");
        assert!(
            said.contains("the ids seem to have changed their form: of 60 accounts"),
            "{said}"
        );
        let (said, code) = world.said("run", &format!("{number}/4"), &[]);
        assert_eq!(code, 2, "{said}");
    }
    assert_eq!(world.sandbox.count("posts"), 60);
    // Put back, everything is as it was.
    world.customers(&ids);
    world.run_all(4);
    assert_eq!(world.sandbox.count("posts"), 60);
}

#[test]
fn rows_that_share_an_id_meet_in_one_shard() {
    let world = World::new(0);
    let twice: Vec<String> = (1..=20)
        .flat_map(|n| [format!("T-{n}"), format!("T-{n}")])
        .collect();
    world.customers(&twice);
    let codes: Vec<i32> = (0..4)
        .map(|n| world.json("run", &format!("{n}/4"), &[]).1)
        .collect();
    assert!(codes.iter().all(|code| [0, 3].contains(code)), "{codes:?}");
    let (merged, _) = world.json("report", "", &["--merge"]);
    assert_eq!(merged["verdicts"]["duplicate"], 20);
    assert_eq!(merged["balanced"], true);
    assert_eq!(world.sandbox.count("posts"), 20);
}

#[test]
fn a_list_of_ids_goes_to_every_shard_and_each_takes_its_own() {
    let world = World::new(30);
    let list = world.path("ids.txt");
    std::fs::write(&list, "C-0003\nC-0007\nC-0021\n").unwrap();
    for shard in ["0/3", "1/3", "2/3"] {
        assert_eq!(world.json("run", shard, &["--limit", "0"]).1, 0);
    }
    let more = ["--from", list.to_str().unwrap(), "--reason", "they left"];
    let (said, code) = world.said("exclude", "all", &more);
    assert_eq!(code, 0, "{said}");
    let (said, code) = world.said("exclude", "", &more);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("has 3 shards"), "{said}");
    world.run_all(3);
    assert_eq!(world.sandbox.count("posts"), 27);
    let (merged, _) = world.json("report", "", &["--merge"]);
    assert_eq!(merged["verdicts"]["excluded"], 3);
}

#[test]
fn a_list_for_one_shard_tells_of_ids_that_belong_to_others() {
    let world = World::new(30);
    world.run_all(3);
    let list = world.path("ids.txt");
    std::fs::write(&list, "C-0003\nC-0007\nC-0021\n").unwrap();
    let list = list.to_str().unwrap();
    let others = |shard: u32| {
        let ids = ["C-0003", "C-0007", "C-0021"].iter();
        ids.filter(|id| shard_of_id(id, 3) != shard).count()
    };
    let shard = (0..3).find(|shard| others(*shard) == 2).unwrap();
    let one = format!("{shard}/3");
    let told = format!("ids.txt: 2 ids were left out because they do not belong to shard {one}");
    for (command, option) in [("verify", "--only"), ("run", "--only"), ("waive", "--from")] {
        let field = match command {
            "waive" => ["--field", "owners[0].phoneNumber", "--reason", "they left"].as_slice(),
            _ => &[],
        };
        let more = [&[option, list], field].concat();
        let (said, code) = world.said(command, &one, &more);
        // Customers of this shard have no such gap.
        assert_eq!(code, if command == "waive" { 3 } else { 0 }, "{said}");
        assert!(said.contains(&told), "{command}: {said}");
        assert!(
            !said.contains("the plan does not have"),
            "{command}: {said}"
        );
        let (said, _) = world.said(command, "all", &more);
        assert!(!said.contains("other shards"), "{command}: {said}");
        assert!(
            !said.contains("the plan does not have"),
            "{command}: {said}"
        );
    }
}

#[test]
fn events_go_to_the_shard_of_their_account() {
    let world = World::new(12);
    world.run_all(3);
    let body = |number: usize| {
        format!(
            r#"{{"requestId":"r{number}","partnerWebhookType":"PARTY_EVENT","partnerPartyRef":"C-{number:04}","partyStatus":"ACTIVE","reasonCode":"OTHER"}}"#
        )
    };
    let file = world.path("events.jsonl");
    std::fs::write(&file, (1..=12).map(body).collect::<Vec<_>>().join("\n")).unwrap();
    for _ in 0..2 {
        let mut import = crate::support::program();
        import
            .args(["events", "import"])
            .arg(world.dir())
            .arg(&file)
            .args(["--shard", "all"]);
        let (said, code) = super::world::said(&mut import);
        assert_eq!(code, 0, "{said}");
    }
    let (status, _) = world.json("status", "", &[]);
    assert_eq!(status["after"]["events"]["events"], 12, "{status}");
    assert_eq!(status["after"]["events"]["unknown_events"], 0);
    let (one, _) = world.json("status", "1/3", &[]);
    let mine = (1..=12)
        .filter(|n| shard_of_id(&format!("C-{n:04}"), 3) == 1)
        .count();
    assert_eq!(one["after"]["events"]["events"], mine);
}

/// Events of the customers 1 to 12, one a line.
fn events_file(world: &World) -> std::path::PathBuf {
    let file = world.path("events.jsonl");
    let lines: Vec<String> = (1..=12).map(event).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    file
}

fn event(number: usize) -> String {
    receiver::body(
        &format!("r{number}"),
        &format!("C-{number:04}"),
        "ACTIVE",
        "OTHER",
    )
}

/// How many of the customers 1 to 12 fall to a shard of three.
fn falling_to(shard: u32) -> usize {
    let ids = (1..=12).map(|n| format!("C-{n:04}"));
    ids.filter(|id| shard_of_id(id, 3) == shard).count()
}

fn import(world: &World, shard: &str, more: &[&str]) -> (String, i32) {
    let mut import = receiver::events(&["import"], &world.dir());
    import
        .arg(events_file(world))
        .args(["--shard", shard])
        .args(more);
    super::world::said(&mut import)
}

#[test]
fn events_of_a_shard_that_is_not_here_make_no_folder_of_it() {
    let world = World::new(12);
    let folder = |shard: u32| {
        let name = format!(".bakkt-migrate/shard-{shard}-of-3");
        world.dir().join(name)
    };
    let (said, code) = import(&world, "all", &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("has no shards yet"), "{said}");
    let (said, code) = import(&world, "all/3", &[]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("12 events belong to shards that are not here"),
        "{said}"
    );
    assert!((0..3).all(|shard| !folder(shard).exists()));
    for shard in ["0/3", "2/3"] {
        assert_eq!(world.json("run", shard, &[]).1, 0);
    }
    let (others, of_one) = (12 - falling_to(1), falling_to(1));
    for repeats in ["0 repeats", &format!("{others} repeats")] {
        let (said, code) = import(&world, "all", &[]);
        assert_eq!(code, 3, "{said}");
        let told = format!("not here and were not kept: shard 1/3 ({of_one}); import the file");
        assert!(said.contains(&told), "{said}");
        assert!(said.contains(repeats), "{said}");
    }
    assert!(!folder(1).exists());
    let events = |shard: &str| {
        let (status, _) = world.json("status", shard, &[]);
        status["after"]["events"]["events"].as_u64().unwrap() as usize
    };
    assert_eq!(events(""), others);

    // When its journal is here the same file is taken to its end, wherever that journal lies.
    let elsewhere = world.path("elsewhere");
    let state = ["--state", elsewhere.to_str().unwrap()];
    assert_eq!(world.json("run", "1/3", &state).1, 0);
    let (said, code) = import(&world, "all", &[&state[..], &["--json"]].concat());
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("not_here"), "{said}");
    assert!(!folder(1).exists() && !elsewhere.join("shard-0-of-3").exists());
    assert_eq!(
        world.json("status", "", &state).0["after"]["events"]["events"],
        12
    );
}

#[test]
fn a_shard_that_is_named_takes_no_events_of_others() {
    let world = World::new(12);
    world.run_all(3);
    let (said, code) = import(&world, "1/3", &["--json"]);
    assert_eq!(code, 3, "{said}");
    let told: serde_json::Value =
        serde_json::from_str(said.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    assert_eq!(told["events"], falling_to(1));
    assert_eq!(told["not_here"]["0/3"], falling_to(0));
    assert_eq!(told["not_here"]["2/3"], falling_to(2));
    let (status, _) = world.json("status", "1/3", &[]);
    assert_eq!(status["after"]["events"]["events"], falling_to(1));
    assert_eq!(status["after"]["events"]["unknown_events"], 0);
}

#[test]
fn a_receiver_takes_events_of_a_shard_as_soon_as_it_is_here() {
    let world = World::new(12);
    let mut serve = receiver::events(&["serve", "--shard", "all/3"], &world.dir());
    let receiver = Receiver::start(&mut serve, 0);
    let first = (1..=12).find(|n| shard_of_id(&format!("C-{n:04}"), 3) == 1);
    let event = event(first.unwrap());
    let mut sender = receiver.sender();
    assert_eq!(sender.event(&event), Some(503));
    assert!(!world.dir().join(".bakkt-migrate/shard-1-of-3").exists());
    assert_eq!(world.json("run", "1/3", &[]).1, 0);
    assert_eq!(sender.event(&event), Some(200));
    let (code, said) = receiver.stop();
    assert_eq!(
        (code, said.trim()),
        (3, "1 events, 0 repeats, 1 of shards that are not here")
    );
}

#[test]
fn a_backfill_file_is_taken_by_every_shard_for_its_own_customers() {
    let world = World::new(0);
    let ids: Vec<String> = (1..=18).map(|n| format!("C-{n:04}")).collect();
    let without_phone: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "")).collect();
    world.write("export.csv", &export(&without_phone));
    world.run_all(3);
    let filled = world.path("filled.csv");
    let rows = [
        ("C-0002", "7755550101"),
        ("C-0005", "7755550102"),
        ("C-0011", "7755550103"),
    ];
    std::fs::write(&filled, export(&rows)).unwrap();
    let own = rows
        .iter()
        .filter(|(id, _)| shard_of_id(id, 3) == 1)
        .count();
    let backfill = |shard: &str, more: &[&str]| {
        let url = world.sandbox.base_url();
        let more = [&["--base-url", &url, filled.to_str().unwrap()], more].concat();
        world.said("backfill", shard, &more)
    };
    let (said, code) = backfill("1/3", &["--dry-run", "--json"]);
    assert_eq!(code, 0, "{said}");
    let told: serde_json::Value =
        serde_json::from_str(said.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    let told = &told["backfill"];
    assert_eq!(
        (
            &told["rows"],
            &told["rows_taken"],
            &told["rows_of_other_shards"]
        ),
        (&3.into(), &own.into(), &(3 - own).into())
    );
    let (said, code) = backfill("1/3", &["--dry-run"]);
    assert_eq!(code, 0, "{said}");
    let line = format!("{:>11}  rows belong to other shards", 3 - own);
    assert!(said.contains(&line), "{said}");
    let (said, code) = backfill("all", &[]);
    assert_eq!(code, 0, "{said}");
    world.run_all(3);
    let (merged, code) = world.json("report", "", &["--merge"]);
    assert_eq!(code, 0, "{merged}");
    assert_eq!(merged["tasks"]["update"]["accepted"], 3);
    assert_eq!(merged["balanced"], true);
    assert_eq!(merged["after"]["gaps_closed"], 3);
}

/// The next command that is named can be run as it stands: it names the shard, and where its state lies.
#[test]
fn the_command_that_is_named_next_names_the_shard() {
    let world = World::new(6);
    world.run_all(2);
    let dir = world.dir();
    let sheet = world.path("calls.xlsx");
    let sheet = sheet.to_str().unwrap();
    let (said, _) = world.said("gaps", "0/2", &["--sheet", sheet]);
    let named = format!("backfill {} --shard 0/2 FILE", dir.display());
    assert!(said.contains(&named), "{said}");
    let file = world.path("cities.csv");
    let lines: Vec<String> = (1..=6).map(|n| format!("C-{n:04},Sparks")).collect();
    let text = format!(
        "clientAccountId,owners[0].identity.personalAddress.city\n{}\n",
        lines.join("\n")
    );
    std::fs::write(&file, text).unwrap();
    let url = world.sandbox.base_url();
    let more = [file.to_str().unwrap(), "--base-url", &url];
    let (said, _) = world.said("backfill", "all", &more);
    for shard in ["0/2", "1/2"] {
        let named = format!(
            "run {} --shard {shard} --base-url {url}` to send them",
            dir.display()
        );
        assert!(said.contains(&named), "{said}");
    }
}

#[test]
fn rows_of_a_backfill_file_that_are_not_taken_count_once_whichever_shard_has_their_customer() {
    let world = World::new(0);
    let ids: Vec<String> = (1..=18).map(|n| format!("C-{n:04}")).collect();
    let of_shard = |shard: u32| {
        let found = ids.iter().find(|id| shard_of_id(id, 2) == shard);
        found.unwrap().as_str()
    };
    // Twice and different: a duplicate, of each shard.
    let mut rows: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "")).collect();
    rows.extend([0, 1].map(|shard| (of_shard(shard), "7755550199")));
    world.write("export.csv", &export(&rows));
    for shard in ["0/2", "1/2"] {
        world.json("run", shard, &["--limit", "3"]);
    }
    let filled = world.path("filled.csv");
    let mut lines =
        "clientAccountId,owners[0].phoneNumber\n,+17755550101\nnobody,+17755550101\n".to_owned();
    for id in &ids {
        lines.push_str(&format!("{id},+17755550102\n"));
    }
    std::fs::write(&filled, lines).unwrap();
    let url = world.sandbox.base_url();
    world.said(
        "backfill",
        "all",
        &["--base-url", &url, filled.to_str().unwrap()],
    );
    // Taken, and then left out by a person, who is known to one shard.
    for shard in [0, 1] {
        let mut own = ids.iter().filter(|id| shard_of_id(id, 2) == shard);
        let last = own.next_back().unwrap();
        let (said, code) = world.said("exclude", "all", &["--id", last, "--reason", "why"]);
        assert!(code == 0 || code == 3, "{said}");
    }
    for shard in ["0/2", "1/2"] {
        let (said, code) = world.said("replan", shard, &[]);
        assert!(code == 0 || code == 3, "{said}");
    }
    let (merged, _) = world.json("report", "", &["--merge"]);
    assert_eq!(merged["balanced"], true, "{merged}");
}
