//! Customers and shards: ids that change, decisions, and events find the shard they belong to.

use bakkt_model::shard::shard_of_id;

use super::world::World;
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
    let mut backfill = world.command(
        "backfill",
        "all",
        &["--base-url", &world.sandbox.base_url()],
    );
    let (said, code) = super::world::said(backfill.arg(&filled));
    assert_eq!(code, 0, "{said}");
    world.run_all(3);
    let (merged, code) = world.json("report", "", &["--merge"]);
    assert_eq!(code, 0, "{merged}");
    assert_eq!(merged["tasks"]["update"]["accepted"], 3);
    assert_eq!(merged["balanced"], true);
    assert_eq!(merged["after"]["gaps_closed"], 3);
}
