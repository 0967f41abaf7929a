//! Sheets of fields, as CSV.

use serde_json::{Value, json};

use super::world::{THREE, World};
use crate::support::json_of;

const PHONE: &str = "/owners/0/phoneNumber";

#[test]
fn a_gap_that_is_filled_becomes_one_update_of_the_whole_dataset() {
    let world = World::sent(&THREE);
    assert_eq!((world.posts(), world.held("A-3")), (2, None));
    let before = world.held("A-1").unwrap();
    let (said, code) = world.backfill_with(
        "phones.csv",
        "clientAccountId,owners[0].phoneNumber,known: name\nA-1,(775) 555-0100,Ann Ash\nA-2,,Ann Ash\n",
        &["--reason", "call center", "--by", "kim"],
    );
    assert_eq!(code, 0, "{said}");
    let does = &said["does"];
    assert_eq!(
        (&said["rows"], &said["rows_taken"], &said["form"]),
        (&json!(2), &json!(2), &json!("fields"))
    );
    assert_eq!(
        (&does["changed"], &does["updates"], &does["created"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(
        does["closed"],
        json!([{"path": "owners[0].phoneNumber", "reason": "missing", "count": 1}])
    );
    // Nothing was sent yet.
    assert_eq!(
        (world.posts(), world.held("A-1").unwrap()),
        (2, before.clone())
    );
    let history = || {
        world.json("report", &[]);
        std::fs::read_to_string(world.dir().join("report/gap-history.csv")).unwrap()
    };
    assert!(history().contains(",\"closed, not at Bakkt yet\","));
    world.run();
    world.run();
    assert!(history().contains(",closed,"));
    let mut expected = before;
    expected["owners"][0]["phoneNumber"] = json!("+17755550100");
    assert_eq!((world.posts(), world.held("A-1").unwrap()), (3, expected));
    // What Bakkt holds is what is planned with the file.
    let (verified, code) = json_of(world.command("verify", &["--json"]).env("NO_COLOR", "1"));
    assert_eq!(code, 0, "{verified}");
    assert_eq!(
        world.asked("SELECT result, count(*) FROM verification GROUP BY result"),
        ["0 2"]
    );
    // The history knows the file and the row, and who took it.
    let closed = "SELECT client_id, p.text, layer, row FROM closed_gap JOIN word p ON p.id = path";
    assert_eq!(world.asked(closed), ["A-1 owners[0].phoneNumber 1 2"]);
    assert_eq!(world.asked("SELECT client_id FROM sent_update"), ["A-1"]);
    let log = "SELECT action, target, reason, count, by FROM operator_log";
    assert_eq!(world.asked(log), ["backfill phones.csv call center 1 kim"]);
}

#[test]
fn a_later_file_keeps_what_an_earlier_one_filled() {
    let world = World::sent(&THREE);
    world.backfill(
        "one.csv",
        "clientAccountId,owners[0].phoneNumber\nA-1,775-555-0100\n",
    );
    let (said, code) = world.backfill(
        "two.csv",
        "clientAccountId,owners[0].identity.maritalStatus,owners[0].phoneNumber\nA-1,single,\nA-2,Married,\u{2013}\n",
    );
    // The first one's update is still to come, with both.
    assert_eq!((code, &said["does"]["updates"]), (0, &json!(2)), "{said}");
    world.run();
    assert_eq!(world.posts(), 4, "one update each");
    assert_eq!(world.value("A-1", PHONE), "+17755550100");
    assert_eq!(
        world.value("A-1", "/owners/0/identity/maritalStatus"),
        "SINGLE"
    );
    assert_eq!(
        world.value("A-2", "/owners/0/identity/maritalStatus"),
        "MARRIED"
    );
    assert_eq!(world.value("A-2", PHONE), "+17755550101");
    // What is not readable takes the place of nothing that is.
    let (said, code) = world.backfill(
        "three.csv",
        "clientAccountId,owners[0].phoneNumber\nA-1,call me\n",
    );
    assert_eq!((code, &said["does"]["updates"]), (3, &json!(0)), "{said}");
    assert_eq!(said["left"][0]["outcome"], "invalid: not a phone number");
    world.run();
    assert_eq!(
        (world.posts(), world.value("A-1", PHONE)),
        (4, json!("+17755550100"))
    );
    // Another value does, by another update.
    world.backfill(
        "four.csv",
        "clientAccountId,owners[0].phoneNumber\nA-1,+44 20 7946 0018\n",
    );
    world.run();
    assert_eq!(
        (world.posts(), world.value("A-1", PHONE)),
        (5, json!("+442079460018"))
    );
    assert_eq!(world.asked("SELECT count(*) FROM sent_update"), ["3"]);
}

#[test]
fn what_was_withheld_goes_when_its_object_is_whole() {
    let world = World::sent(&THREE[1..2]);
    assert_eq!(world.value("A-2", "/investmentProfile"), json!(null));
    let (said, _) = world.backfill(
        "goals.csv",
        "clientAccountId,investmentProfile.accountGoals.investmentObjective\nA-2,capital preservation\n",
    );
    assert_eq!(said["withheld_now_sent"], 1, "{said}");
    world.run();
    assert_eq!(
        world.value("A-2", "/investmentProfile"),
        json!({
            "accountGoals": {"investmentObjective": "CAPITAL_PRESERVATION"},
            "customerProfile": {"annualIncomeRangeUsd": "FROM_50K_TO_100K"}
        })
    );
}

#[test]
fn a_list_of_which_nothing_is_sent_is_no_closed_gap() {
    let world = World::sent(&THREE[..2]);
    let closed =
        || world.asked("SELECT client_id, p.text FROM closed_gap JOIN word p ON p.id = path");
    let agreements = "clientAccountId,owners[0].agreements[0].name,owners[0].agreements[0].version,owners[0].agreements[0].eSignedDate,owners[0].phoneNumber\n";
    // Its version is not known, so nothing of it goes; of the first customer something else does.
    let (said, code) = world.backfill(
        "signed.csv",
        &format!("{agreements}A-1,Customer Agreement,,2024-01-02,7755550100\nA-2,Customer Agreement,,2024-01-02,\n"),
    );
    let opened =
        json!([{"path": "owners[0].agreements[0].version", "reason": "missing", "count": 2}]);
    assert_eq!((code, &said["does"]["opened"]), (3, &opened), "{said}");
    assert_eq!(closed(), ["A-1 owners[0].phoneNumber"], "{said}");
    world.run();
    for id in ["A-1", "A-2"] {
        assert_eq!(world.value(id, "/owners/0/agreements/0"), json!(null));
    }
    let (status, _) = world.json("status", &[]);
    assert_eq!(status["after"]["gaps_closed"], 1, "{status}");
    let (said, code) = world.backfill_with(
        "versions.csv",
        "clientAccountId,owners[0].agreements[0].version\nA-1,1.0\nA-2,1.0\n",
        &["--agreements-acknowledged", "--reason", "acknowledged"],
    );
    assert_eq!(code, 0, "{said}");
    world.run();
    assert_eq!(
        world.value("A-1", "/owners/0/agreements/0/version"),
        json!("1.0")
    );
    assert!(closed().contains(&"A-1 owners[0].agreements[0].version".to_owned()));
}

#[test]
fn who_was_blocked_is_created_by_the_next_run() {
    let world = World::sent(&THREE);
    let (said, code) = world.backfill(
        "mail.csv",
        "clientAccountId,owners[0].emailAddress\nA-3,a3@example.com\n",
    );
    assert_eq!(
        (code, &said["does"]["created"], &said["does"]["updates"]),
        (0, &json!(1), &json!(0)),
        "{said}"
    );
    world.run();
    assert_eq!(
        (world.posts(), world.value("A-3", "/owners/0/emailAddress")),
        (3, json!("a3@example.com"))
    );
    let closed = "SELECT client_id, p.text, layer, row FROM closed_gap JOIN word p ON p.id = path";
    assert_eq!(world.asked(closed), ["A-3 owners[0].emailAddress 1 2"]);
}

#[test]
fn a_key_in_another_form_is_named_and_nothing_of_its_row_taken() {
    let world = World::sent(&THREE);
    let (said, code) = world.backfill(
        "forms.csv",
        "clientAccountId,owners[0].phoneNumber\na1,775-555-0101\nA-0002,775-555-0102\nA-\u{200b}9,775-555-0103\nA-3-1,775-555-0104\n",
    );
    let all = said["left"].as_array().unwrap();
    let count = |begins: &str| -> u64 {
        let fits = |left: &&Value| left["outcome"].as_str().unwrap().starts_with(begins);
        all.iter()
            .filter(fits)
            .map(|left| left["count"].as_u64().unwrap())
            .sum()
    };
    assert_eq!((code, &said["rows_taken"]), (3, &json!(0)), "{said}");
    assert_eq!(
        count("unknown account; the plan has its id in another form"),
        3,
        "{said}"
    );
    assert_eq!(count("unknown account"), 4, "{said}");
}

#[test]
fn every_row_ends_somewhere() {
    let world = World::sent(&THREE);
    let text = "words for people,\n,\nclientAccountId,owners[0].phoneNumber,owners[1].phoneNumber\n\
        A-1,555,\nA-9,775-555-0100,\n,775-555-0100,\nA-2,775-555-0109,775-555-0108\nA-2,7755550101\n";
    let (said, code) = world.backfill("mixed.csv", text);
    assert_eq!(code, 3);
    let left = |outcome: &str, path: &str| json!({"outcome": outcome, "path": path, "count": 1});
    let all = said["left"].as_array().unwrap();
    for expected in [
        left("invalid: not a phone number", "owners[0].phoneNumber"),
        left("unknown account", ""),
        left("no clientAccountId", ""),
        left(
            "the account has no such owner or contact",
            "owners[1].phoneNumber",
        ),
        left("the row has fewer cells than the header", ""),
    ] {
        assert!(all.contains(&expected), "{expected} in {said}");
    }
    assert_eq!(
        (&said["rows"], &said["rows_taken"], all.len()),
        (&json!(5), &json!(2), 5),
        "{said}"
    );
    // The gap says where the value stands that does not fit.
    let gap = "SELECT f.name, f.role, g.row, w.text FROM gap g JOIN file f ON f.id = g.file JOIN word w ON w.id = g.reason";
    assert_eq!(
        world.asked(gap),
        ["mixed.csv (backfill 1) backfill 4 invalid: not a phone number"]
    );
    let file = "SELECT rows, (SELECT count(*) FROM part p WHERE p.file = f.id), (SELECT count(*) FROM unused u WHERE u.file = f.id) FROM file f WHERE role = 'backfill'";
    assert_eq!(world.asked(file), ["5 2 3"]);
    world.run();
    assert_eq!(world.value("A-2", PHONE), "+17755550109");
}

#[test]
fn a_look_leaves_no_trace() {
    let world = World::sent(&THREE);
    let before = world.state();
    let text = "clientAccountId,owners[0].phoneNumber\nA-1,775-555-0100\n";
    let (look, code) = world.backfill_with("phones.csv", text, &["--dry-run"]);
    assert_eq!((code, &look["dry_run"]), (0, &json!(true)));
    assert_eq!(world.state(), before);
    assert!(!world.path(".bakkt-migrate/layers").exists());
    assert!(!world.path(".bakkt-migrate/replan").exists());
    let (done, _) = world.backfill("phones.csv", text);
    assert_eq!(
        (&look["does"], &look["left"]),
        (&done["does"], &done["left"])
    );
}

#[test]
fn headers_that_are_no_fields_are_told_together() {
    let world = World::sent(&THREE);
    let file = world.folder.path().join("wrong.csv");
    std::fs::write(&file, "clientAccountId,owners[0].phonenumber,entity.entityType,owners[0].role,owners[0].role\nA-1,,,,\n").unwrap();
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    for wanted in [
        "`owners[0].phonenumber`",
        "did you mean `owners[0].phoneNumber`?",
        "more than once",
    ] {
        assert!(said.contains(wanted), "{said}");
    }
    std::fs::write(&file, "clientAccountId,entity.entityType\nA-1,LLC\n").unwrap();
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(
        said.contains("INDIVIDUAL has no `entity.entityType`"),
        "{said}"
    );
    std::fs::write(&file, "ID,SHOE\nA-1,9\n").unwrap();
    let said = world.refused("backfill", &[file.to_str().unwrap()], 2);
    assert!(
        said.contains("neither a sheet of fields") && !said.contains("SHOE"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_dir(world.path(".bakkt-migrate/layers"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn rows_of_one_customer_come_together() {
    let world = World::sent(&THREE);
    let text = "clientAccountId,owners[0].phoneNumber,owners[0].identity.maritalStatus\n\
        A-1,7755550199,\nA-2,,single\nA-1,,married\nA-1,(775) 555-0199,\n";
    let (said, code) = world.backfill("several.csv", text);
    let does = &said["does"];
    assert_eq!(
        (code, &said["rows_taken"], &does["updates"]),
        (0, &json!(4), &json!(2)),
        "{said}"
    );
    world.run();
    assert_eq!(world.posts(), 4);
    assert_eq!(world.value("A-1", PHONE), "+17755550199");
    assert_eq!(
        world.value("A-1", "/owners/0/identity/maritalStatus"),
        "MARRIED"
    );
}

/// A compliance officer asks what Bakkt lacks: a value that only the plan has closes nothing there.
#[test]
fn a_gap_is_open_until_bakkt_has_its_value() {
    let world = World::sent(&THREE);
    let due = "[grace]\ndays = 30\nfrom = \"2020-01-01\"\n";
    let settings = super::world::SETTINGS.replace("[grace]\ndays = 30\nfrom = \"accepted\"\n", due);
    world.write("migration.toml", &settings);
    let phones = ["--field", "owners[0].phoneNumber", "--past-due", "--json"];
    let listed = || {
        let mut gaps = crate::support::program();
        json_of(gaps.arg("gaps").arg(world.dir()).args(phones))
    };
    let (before, code) = listed();
    assert_eq!((before["gaps"].as_u64(), code), (Some(1), 3), "{before}");
    world.backfill(
        "phones.csv",
        "clientAccountId,owners[0].phoneNumber\nA-1,7755550100\n",
    );
    let still_open = |why: &str| {
        let (list, code) = listed();
        assert_eq!((list["gaps"].as_u64(), code), (Some(1), 3), "{list}");
        let reason = list["first"][0]["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("missing; ") && reason.contains(why),
            "{reason}"
        );
        let (status, _) = world.json("status", &[]);
        assert_eq!(status["gaps"]["not_at_bakkt"], 1, "{status}");
        assert_eq!(status["after"]["gaps_closed"], 0, "{status}");
        let (report, _) = world.json("report", &[]);
        assert_eq!(report["balanced"], true, "{report}");
        let lines = std::fs::read_to_string(world.dir().join("report/gaps.csv")).unwrap();
        let is_it = |line: &&str| line.contains(",A-1,owners[0].phoneNumber,");
        let line = lines.lines().find(is_it).unwrap();
        assert!(line.ends_with(",2020-01-31,not at Bakkt yet"), "{line}");
    };
    still_open("run sends it");
    // Nobody has to fill it in again.
    let sheet = world.path("sheet.xlsx");
    let sheet_path = sheet.to_str().unwrap();
    let mut gaps = crate::support::program();
    gaps.arg("gaps").arg(world.dir());
    let (said, _) = json_of(gaps.args(["--json", "--sheet", sheet_path, "--field", phones[1]]));
    assert_eq!(said["sheet"]["cells"], 0, "{said}");
    // Refused by Bakkt, as a run would note it.
    let update = "UPDATE task SET state = 5 WHERE kind = 1";
    let journal = world.path(".bakkt-migrate/journal.db");
    let journal = rusqlite::Connection::open(journal).unwrap();
    journal.execute(update, []).unwrap();
    let (refused, code) = listed();
    assert_eq!((refused["gaps"].as_u64(), code), (Some(1), 3));
    let reason = refused["first"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("refused.csv"), "{reason}");
    journal
        .execute("UPDATE task SET state = 0 WHERE kind = 1", [])
        .unwrap();
    drop(journal);
    world.run();
    let (after, code) = listed();
    assert_eq!((after["gaps"].as_u64(), code), (Some(0), 0), "{after}");
    let (status, _) = world.json("status", &[]);
    assert_eq!(status["after"]["gaps_closed"], 1, "{status}");
    assert!(status["gaps"].get("not_at_bakkt").is_none(), "{status}");
}

#[test]
fn an_account_that_was_there_before_and_was_left_alone_gets_no_update() {
    let world = World::of("existing = 1.0\n", &THREE);
    let (totals, _) = world.json("run", &["--yes"]);
    assert_eq!(totals["existed"]["different"], 2, "{totals}");
    let (said, code) = world.backfill(
        "phones.csv",
        "clientAccountId,owners[0].phoneNumber\nA-1,7755550100\n",
    );
    let does = &said["does"];
    assert_eq!(
        (
            code,
            &does["changed"],
            &does["updates"],
            &does["left_alone"]
        ),
        (3, &json!(0), &json!(0), &json!(1)),
        "{said}"
    );
    let (_, code) = world.json("run", &["--yes"]);
    assert_eq!((world.posts(), code), (0, 3));
    let history = world.dir().join("report/gap-history.csv");
    let history = std::fs::read_to_string(history).unwrap();
    assert!(history.contains("not at Bakkt yet"), "{history}");
}

#[test]
fn nothing_is_taken_before_there_is_a_plan_or_from_nowhere() {
    let world = World::new(&THREE);
    let file = world.folder.path().join("phones.csv");
    let name = file.to_str().unwrap();
    std::fs::write(
        &file,
        "clientAccountId,owners[0].phoneNumber\nA-1,7755550100\n",
    )
    .unwrap();
    let early = world.refused("backfill", &[name], 2);
    assert!(early.contains("no journal yet"), "{early}");
    world.run();
    let gone = world.refused("backfill", &[&format!("{name}.gone")], 2);
    assert!(
        gone.contains("cannot read") && gone.contains("filled sheet"),
        "{gone}"
    );
    let folder = world.refused("backfill", &[world.folder.path().to_str().unwrap()], 2);
    assert!(folder.contains("not a regular file"), "{folder}");
}

#[test]
fn what_is_no_backfill_file_is_told_by_its_own_name() {
    let world = World::sent(&THREE);
    for (name, text, code) in [
        ("empty.csv", "", 2),
        ("junk.xlsx", "PK\u{3}\u{4}junk", 1),
        ("other.csv", "a,b\n1,2\n3,4\n", 2),
        ("people.csv", "Ann,Ash\nBea,Ash\nCyd,Ash\n", 2),
    ] {
        let file = world.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let said = world.refused("backfill", &[file.to_str().unwrap()], code);
        assert!(
            said.contains(name) && (said.contains("next:") || said.contains("unpack")),
            "{said}"
        );
        assert!(
            !said.contains("0001") && !said.contains("[source]"),
            "{said}"
        );
    }
    let kept = std::fs::read_dir(world.path(".bakkt-migrate/layers")).unwrap();
    assert_eq!(kept.count(), 0, "nothing is kept of them");
}

#[test]
fn a_gap_that_a_row_opens_is_told() {
    let world = World::sent(&THREE);
    let (said, code) = world.backfill(
        "moved.csv",
        "clientAccountId,owners[0].identity.personalAddress.country\nA-2,Canada\n",
    );
    let opened = &said["does"]["opened"];
    assert_eq!(
        (code, &opened[0]["path"], &opened[0]["count"], &opened[1]),
        (
            3,
            &json!("owners[0].identity.personalAddress.postalCode"),
            &json!(1),
            &Value::Null
        ),
        "{said}"
    );
    let (said, code) = world.backfill(
        "code.csv",
        "clientAccountId,owners[0].identity.personalAddress.postalCode\nA-2,K1A 0B1\n",
    );
    assert_eq!((code, &said["does"]["opened"]), (0, &json!([])), "{said}");
    world.run();
    let code = "/owners/0/identity/personalAddress/postalCode";
    assert_eq!(world.value("A-2", code), "K1A 0B1");
}

/// Also of a row of which nothing else is taken.
#[test]
fn what_a_row_says_in_vain_is_a_gap_that_is_told() {
    let world = World::sent(&THREE);
    let (said, code) = world.backfill(
        "names.csv",
        "clientAccountId,owners[0].identity.maritalStatus,owners[0].phoneNumber\nA-1,complicated,+13125550119\nA-3,unclear,\n",
    );
    let opened = said["does"]["opened"].as_array().unwrap();
    let told: Vec<_> = opened
        .iter()
        .map(|gaps| gaps["path"].as_str().unwrap())
        .collect();
    let path = "owners[0].identity.maritalStatus";
    assert_eq!((code, told), (3, vec![path]), "{said}");
    let open = "SELECT count(*) FROM gap g JOIN word p ON p.id = g.path WHERE p.text LIKE '%maritalStatus'";
    assert_eq!(world.asked(open), ["2"]);
}

/// An empty cell and a dash are left alone; a placeholder is a cell that somebody filled in, and that closes no gap.
#[test]
fn placeholders_that_count_as_empty_cells_are_told() {
    let world = World::sent(&THREE);
    let text =
        "clientAccountId,owners[0].phoneNumber,owners[0].emailAddress\nA-1,N/A,–\nA-3,,unknown\n";
    let (said, code) = world.backfill("nothing.csv", text);
    assert_eq!((code, &said["does"]["changed"]), (0, &json!(0)), "{said}");
    assert_eq!(
        said["placeholders"],
        json!([{"path": "owners[0].emailAddress", "count": 1}, {"path": "owners[0].phoneNumber", "count": 1}]),
        "{said}"
    );
}
