//! What is read when less than everything is asked for, and what cannot be compared.

use std::fs;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::world::{SETTINGS, World, individuals};
use crate::support::{Running, SandboxProcess, json_of, program, wait_for};

fn reasons(world: &World) -> Vec<(String, u64)> {
    world.counts().reasons.into_iter().collect()
}

fn ids(sandbox: &SandboxProcess) -> Vec<String> {
    sandbox.ledger().accounts.into_keys().collect()
}

/// What asking changed: the ids that were asked for since.
fn asked_since(sandbox: &SandboxProcess, before: usize) -> Vec<String> {
    let requests = sandbox.ledger().requests.into_iter().skip(before);
    let gets = requests.filter(|request| request.kind == "GET");
    let mut asked: Vec<String> = gets.filter_map(|request| request.id).collect();
    asked.sort();
    asked
}

/// Events of these accounts are imported now.
fn heard(world: &World, events: &[(&str, &str)]) {
    let line = |(number, (id, status)): (usize, &(&str, &str))| {
        let request = format!("r-{number}");
        json!({"requestId": request, "partnerPartyRef": id, "partyStatus": status}).to_string()
    };
    let lines: Vec<String> = events.iter().enumerate().map(line).collect();
    let dump = world.dir.join("events.jsonl");
    fs::write(&dump, lines.join("\n")).unwrap();
    let mut import = program();
    import.args(["events", "import"]).args([&world.dir, &dump]);
    assert_eq!(import.output().unwrap().status.code(), Some(0));
}

#[test]
fn a_part_can_be_read_and_a_limit_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(folder.path(), "");
    let world = individuals(folder.path(), &sandbox, 20, SETTINGS);
    world.run();
    for (left, code) in [(12, 4), (4, 4), (0, 0)] {
        let (said, ended) = world.verified(&["--limit", "8"]);
        assert_eq!((said["left"].as_u64(), ended), (Some(left), code), "{said}");
        assert_eq!(said["pass"], 1);
    }
    let output = world.verify(&["--again", "--limit", "3"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("3 accounts to read back"), "{told}");
    let (said, ended) = world.verified(&[]);
    assert_eq!((said["left"].as_u64(), ended), (Some(0), 0), "{said}");
    let all = ids(&sandbox);
    let list = world.dir.join("list");
    fs::write(&list, format!("{}\n{}\n", all[3], all[7])).unwrap();
    let before = sandbox.ledger().requests.len();
    sandbox.tamper(&json!({"account": all[7], "op": "forget"}));
    let (said, code) = world.verified(&["--only", list.to_str().unwrap()]);
    assert_eq!((said["read"].as_u64(), code), (Some(2), 3), "{said}");
    // Asked twice before it is unknown.
    assert_eq!(
        asked_since(&sandbox, before),
        [&all[3], &all[7], &all[7]].map(String::clone)
    );
    assert_eq!(
        said["results"],
        json!({"same": 19, "different": 0, "unknown_to_bakkt": 1, "not_comparable": 0})
    );
    fs::write(&list, "C1\nC2\n").unwrap();
    let output = world
        .verify(&["--only", list.to_str().unwrap()])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told.contains("--only names 2 ids") && !told.contains("C1"),
        "{told}"
    );
}

#[test]
fn the_unsettled_are_read_and_events_make_a_state_expected() {
    let folder = tempfile::tempdir().unwrap();
    let config = "seed = 3\n[decide]\nafter_ms = 1\ndocuments = 0.3\nrisk_kyc = 0.2\n";
    let sandbox = SandboxProcess::start(folder.path(), config);
    let world = individuals(folder.path(), &sandbox, 30, SETTINGS);
    world.run();
    sandbox.decided();
    let (said, code) = world.verified(&[]);
    assert_eq!(code, 0, "a decision is no difference: {said}");
    let decided = |word: &str| said["decisions"][word].as_u64().unwrap_or(0);
    let (approved, rejected, undecided) = (
        decided("approved"),
        decided("rejected"),
        decided("undecided"),
    );
    assert!(approved > 0 && rejected > 0 && undecided > 0, "{said}");
    assert_eq!(approved + rejected + undecided, 30);
    let before = sandbox.ledger().requests.len();
    let (said, _) = world.verified(&["--unsettled"]);
    assert_eq!(said["read"], undecided);
    assert_eq!(asked_since(&sandbox, before).len() as u64, undecided);

    // Two whose events contradict each other, and one of which an event says that it is closed.
    let of_status = |status: &str| -> Vec<String> {
        let all = ids(&sandbox).into_iter();
        all.filter(|id| sandbox.account(id)["status"] == status)
            .collect()
    };
    let complete = of_status("COMPLETE");
    let [one, other, closed, locked] = [0, 1, 2, 3].map(|place| complete[place].clone());
    let events = Connection::open(world.journal().with_file_name("events.db")).unwrap();
    events
        .execute_batch(&bakkt_journal::EVENTS_SCHEMA.concat())
        .unwrap();
    events.pragma_update(None, "user_version", 1).unwrap();
    let later = bakkt_journal::now() + 3_600_000;
    for (id, status, reason) in [
        (&one, None, "OTHER"),
        (&other, None, "OTHER"),
        (&closed, Some("CLOSED"), "CLOSED"),
        (&locked, Some("ACTIVE"), ""),
    ] {
        events
            .execute(
                "INSERT INTO party VALUES (?, 2, 0, 0, ?, ?, ?, 0, NULL)",
                rusqlite::params![id, later, status, reason],
            )
            .unwrap();
    }
    drop(events);
    for (id, mode) in [(&closed, "CLOSED"), (&locked, "LOCKED")] {
        sandbox.tamper(&json!({"account": id, "op": "mode", "value": mode}));
    }
    let before = sandbox.ledger().requests.len();
    let (said, code) = world.verified(&["--unsettled"]);
    assert_eq!(
        (said["read"].as_u64(), code),
        (Some(undecided + 3), 0),
        "{said}"
    );
    let asked = asked_since(&sandbox, before);
    assert!(asked.contains(&one) && asked.contains(&other));
    // An event that came after the reading says otherwise; one that says the same asks for nothing.
    assert!(asked.contains(&closed) && !asked.contains(&locked));
    let (said, code) = world.verified(&["--status-only"]);
    assert_eq!((said["read"].as_u64(), code), (Some(30), 3), "{said}");
    let wanted: Value = json!([{"of": "account", "path": "mode", "kind": "locked", "count": 1}]);
    assert_eq!(said["differences"], wanted);
}

#[test]
fn an_event_that_comes_while_an_account_is_read_is_the_newer_word() {
    let folder = tempfile::tempdir().unwrap();
    let config = "latency_ms = 700\n[decide]\nafter_ms = 1\n";
    let sandbox = SandboxProcess::start(folder.path(), config);
    let world = individuals(folder.path(), &sandbox, 1, SETTINGS);
    world.run();
    sandbox.decided();
    let [id] = ids(&sandbox).try_into().unwrap();
    let mut reading = Running::start(
        world
            .verify(&["--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    wait_for("the question", || (sandbox.count("gets") > 0).then_some(()));
    heard(&world, &[(&id, "SUSPENDED")]);
    let code = wait_for("the end", || reading.ended());
    assert_eq!(code, 0);
    let (said, _) = json_of(program().arg("status").arg(&world.dir).arg("--json"));
    assert_eq!(
        said["after"]["decisions"],
        json!({"unsettled": 1}),
        "{said}"
    );
}

#[test]
fn a_part_that_goes_on_reads_again_who_was_heard_of_since() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[decide]\nafter_ms = 1\ndocuments = 1.0\n";
    let sandbox = SandboxProcess::start(folder.path(), config);
    let world = individuals(folder.path(), &sandbox, 3, SETTINGS);
    world.run();
    sandbox.decided();
    let (said, code) = world.verified(&["--unsettled", "--limit", "1"]);
    assert_eq!((said["read"].as_u64(), code), (Some(1), 4), "{said}");
    let [first] = sandbox
        .asked()
        .into_keys()
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    heard(&world, &[(&first, "ACTIVE"), (&first, "SUSPENDED")]);
    let (said, code) = world.verified(&["--unsettled"]);
    assert_eq!((said["read"].as_u64(), code), (Some(3), 0), "{said}");
    assert_eq!(sandbox.asked()[&first], 2);
}

#[test]
fn what_cannot_be_compared_is_told_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(folder.path(), "seed = 9\nexisting = 0.2\n");
    let settings = SETTINGS.replace("\"update\"", "\"skip\"");
    let world = individuals(folder.path(), &sandbox, 30, &settings);
    world.run();
    let existed = sandbox.ledger().accounts;
    let existed = existed.values().filter(|account| account.existed).count() as u64;
    assert!(existed > 0);
    let (said, code) = world.verified(&[]);
    assert_eq!(code, 0, "{said}");
    let of_old = "it existed before, with other data, and was left as it was";
    assert_eq!(reasons(&world), [(of_old.to_owned(), existed)]);

    // Another e-mail address, and somebody who is gone.
    let path = world.dir.join("export.csv");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let created = |line: &String| {
        let id = line.split(',').next().unwrap();
        let ledger = sandbox.ledger();
        ledger
            .accounts
            .get(id)
            .is_some_and(|account| account.created)
    };
    let places: Vec<usize> = (1..lines.len())
        .filter(|place| created(&lines[*place]))
        .collect();
    lines[places[0]] = lines[places[0]].replacen('@', ".new@", 1);
    assert!(lines[places[0]].contains(".new@"));
    lines.remove(places[1]);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let output = world.verify(&[]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("the export export.csv") && told.contains("replan"),
        "{told}"
    );

    world.replan(&[]);
    let (said, code) = world.verified(&[]);
    assert_eq!(code, 0, "{said}");
    let mut wanted = vec![
        (of_old.to_owned(), existed),
        ("the plan has other data than what was sent".to_owned(), 1),
        ("the plan no longer sends it".to_owned(), 1),
    ];
    wanted.sort();
    assert_eq!(reasons(&world), wanted);
    assert_eq!(world.counts().results, [28 - existed, 0, 0, existed + 2]);

    // Without any export, whether they are there is still known.
    fs::remove_file(&path).unwrap();
    let gone = fs::read_to_string(world.dir.join("report/crosswalk.csv")).unwrap();
    let id = gone.lines().nth(1).unwrap().split(',').next().unwrap();
    sandbox.tamper(&json!({"account": id, "op": "forget"}));
    let (said, code) = world.verified(&["--status-only"]);
    assert_eq!((said["read"].as_u64(), code), (Some(30), 3), "{said}");
    assert_eq!(said["results"]["unknown_to_bakkt"], 1);
}

#[test]
fn an_update_is_compared_once_bakkt_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(folder.path(), "");
    let world = individuals(folder.path(), &sandbox, 6, SETTINGS);
    world.run();
    assert_eq!(world.verified(&["--limit", "5"]).1, 4);
    let path = world.dir.join("export.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen('@', ".new@", 1)).unwrap();
    world.replan(&["--update-accepted"]);
    assert_eq!(world.verified(&[]).1, 0);
    // The first was read as it was sent.
    assert_eq!(world.counts().results, [6, 0, 0, 0]);
    assert_eq!(world.verified(&[]).1, 0);
    assert_eq!(
        reasons(&world),
        [("its update is not sent yet".to_owned(), 1)]
    );
    world.run();
    let (said, code) = world.verified(&["--again"]);
    assert_eq!((said["read"].as_u64(), code), (Some(6), 0), "{said}");
    assert_eq!(world.counts().results, [6, 0, 0, 0]);
    // Sent anew in the middle of a pass, it is read anew in that pass.
    assert_eq!(world.verified(&["--limit", "5"]).1, 4);
    fs::write(&path, text.replacen('@', ".newer@", 1)).unwrap();
    world.replan(&["--update-accepted"]);
    world.run();
    assert_eq!(world.counts().to_come, 2);
    let (said, code) = world.verified(&[]);
    assert_eq!((said["read"].as_u64(), code), (Some(2), 0), "{said}");
    assert_eq!(world.counts().results, [6, 0, 0, 0]);
}

#[test]
fn the_reference_dialect_is_read_back_too() {
    let folder = tempfile::tempdir().unwrap();
    // A token runs out in the middle of an account.
    let sandbox = SandboxProcess::start(folder.path(), "dialect = \"reference\"\ntoken_uses = 7\n");
    let settings = format!("{SETTINGS}[target]\ndialect = \"reference\"\nlogon_id = \"tests\"\n");
    let world = individuals(folder.path(), &sandbox, 30, &settings);
    world.run();
    let (said, code) = world.verified(&[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(world.counts().results, [30, 0, 0, 0]);
}

#[test]
fn the_sandbox_of_a_run_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let output = crate::support::program()
        .arg("verify")
        .arg(folder.path())
        .arg("--sandbox")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("--base-url")
    );
}
