//! What Bakkt must be asked to erase is never lost, and what `forget` does is no alteration.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use super::world::{CUSTOMERS, Customer, World, files_below, holding, local, said, state, status};
use crate::shards::world::World as Shards;
use crate::support::wait_for;

const ID: &str = "00700-A";
const WHY: [&str; 4] = ["--reason", "request 17", "--by", "kim"];

fn forget(world: &World, id: &str, more: &[&str]) -> (String, i32) {
    said(local(world, "forget", &WHY).args(["--id", id]).args(more))
}

/// An audit that has no head from outside finds nothing that was altered.
fn unaltered(world: &World) {
    let (text, code) = said(&mut local(world, "audit", &[]));
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("Nothing that could be checked was altered"),
        "{text}"
    );
}

/// Whether the journal notes that somebody was forgotten; one that cannot be read at the moment does not say.
fn is_erased(world: &World) -> bool {
    let path = state(world).join("journal.db");
    let asked = rusqlite::Connection::open(path)
        .and_then(|journal| journal.query_row("SELECT count(*) FROM erased", [], |row| row.get(0)));
    asked.is_ok_and(|count: i64| count > 0)
}

fn log(world: &World) -> Vec<String> {
    world.asked("SELECT action || ': ' || target FROM operator_log ORDER BY id")
}

#[test]
fn a_report_that_cannot_be_written_stops_a_forget_before_anything_goes() {
    let world = World::sent(&CUSTOMERS);
    let before = (status(&world), log(&world));
    let own = world.path("report/gaps.csv");
    fs::write(&own, "signed by me\n").unwrap();
    for more in [&["--dry-run"][..], &[]] {
        let (text, code) = forget(&world, ID, more);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("gaps.csv"), "{text}");
        assert_eq!((status(&world), log(&world)), before);
    }
    fs::remove_file(own).unwrap();
    let (text, code) = forget(&world, ID, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("account {ID}, at Bakkt ")), "{text}");
    assert!(holding(&state(&world), ID).is_empty());
}

/// The list of what Bakkt has is told to somebody, or nothing is erased.
#[test]
fn a_forget_whose_list_reaches_nobody_erases_nothing() {
    let world = World::sent(&CUSTOMERS);
    let before = (status(&world), log(&world));
    for json in [&[][..], &["--json"]] {
        // A reader that is gone before anything is written, and none at all.
        for stdout in ["| true", ">/dev/null", ">&-", ">/dev/full"] {
            let mut shell = std::process::Command::new("bash");
            let program = crate::support::program();
            let dir = world.dir();
            // The program begins when the reader has gone.
            let line = format!(
                "set -o pipefail; {{ sleep 0.3; exec \"$@\"; }} {stdout}; exit ${{PIPESTATUS[0]}}"
            );
            let shell = shell.args(["-c", &line, "bash"]).arg(program.get_program());
            let shell = shell.args(program.get_args()).arg("forget").arg(dir);
            let shell = shell.args(WHY).args(["--id", ID]).args(json);
            for (name, value) in program.get_envs() {
                if let Some(value) = value {
                    shell.env(name, value);
                }
            }
            let (text, code) = said(shell);
            assert_eq!(code, 1, "{stdout}: {text}");
            assert!(text.contains("nothing was erased"), "{stdout}: {text}");
            assert_eq!((status(&world), log(&world)), before, "{stdout}");
        }
    }
    let (text, code) = said(&mut local(
        &world,
        "close",
        &[&WHY[..], &["--yes"]].concat(),
    ));
    assert_eq!(code, 0, "no forget has begun: {text}");
}

#[test]
fn a_list_that_was_not_read_to_its_end_is_told_again() {
    for json in [false, true] {
        let world = World::sent(&CUSTOMERS);
        let mut command = local(&world, "forget", &WHY);
        let command = command.args(["--id", ID]).args(json.then_some("--json"));
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The pipe takes all of it, and the reader goes away after the first byte.
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0]).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("the list is kept"), "{text}");
        assert!(is_erased(&world));
        let (text, code) = forget(&world, ID, &[]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(&format!("account {ID}, at Bakkt ")), "{text}");
        // From then on it says that it was told, and no longer that there is nothing.
        for more in [&[][..], &["--dry-run"]] {
            let (text, code) = forget(&world, ID, more);
            assert_eq!(code, 0, "{text}");
            assert!(
                text.contains("was told when they were forgotten, on 2"),
                "{text}"
            );
            assert!(!text.contains("Bakkt has nothing"), "{text}");
            assert!(!text.contains("gone now"), "{text}");
            assert!(text.contains("export.csv: line 2"), "{text}");
        }
        let (text, _) = forget(&world, ID, &["--dry-run", "--json"]);
        let object: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(object["forgotten_before"].is_string(), "{text}");
    }
}

#[test]
fn shards_that_cannot_be_merged_stop_a_forget_before_anything_goes() {
    let world = Shards::new(8);
    world.run_all(2);
    let (text, code) = world.said("report", "", &["--merge"]);
    assert_eq!(code, 0, "{text}");
    let export = fs::read_to_string(world.dir().join("export.csv")).unwrap();
    let (kept, _) = export.trim_end().rsplit_once('\n').unwrap();
    world.write("export.csv", &format!("{kept}\n"));
    let (text, code) = world.said("replan", "0/2", &WHY);
    assert!(matches!(code, 0 | 3), "{text}");
    let id = [&WHY[..], &["--id", "C-0003"]].concat();
    let (text, code) = world.said("forget", "", &id);
    assert_eq!(code, 2, "{text}");
    assert!(!holding(&world.dir().join(".bakkt-migrate"), "C-0003").is_empty());
    let (text, code) = world.said("replan", "1/2", &WHY);
    assert!(matches!(code, 0 | 3), "{text}");
    let (text, code) = world.said("forget", "", &id);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("account C-0003, at Bakkt "), "{text}");
}

#[test]
fn what_bakkt_has_is_told_again_after_a_forget_that_was_cut_off() {
    let list = format!("account {ID}, at Bakkt ");
    for until_erased in [false, true, true] {
        let world = World::sent(&CUSTOMERS);
        let mut command = local(&world, "forget", &WHY);
        let command = command.args(["--id", ID]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        // Told before anything is erased.
        let stdout = child.stdout.take().unwrap();
        let mut told = BufReader::new(stdout).lines().map_while(Result::ok);
        assert!(told.any(|line| line.contains(&list)));
        wait_for("the erasure, or the end", || {
            let is_erased = !until_erased || is_erased(&world);
            (is_erased || child.try_wait().unwrap().is_some()).then_some(())
        });
        let _ = child.kill();
        child.wait().unwrap();
        unaltered(&world);
        let is_note = |path: &std::path::PathBuf| path.display().to_string().contains("forgetting");
        let is_left = files_below(&state(&world)).iter().any(is_note);
        if is_left {
            let (text, code) = said(local(&world, "close", &WHY).arg("--yes"));
            assert_eq!(code, 2, "{text}");
            assert!(text.contains("`forget` was begun"), "{text}");
        }
        let (text, code) = forget(&world, ID, &[]);
        assert_eq!(code, 0, "{text}");
        assert_eq!(text.contains(&list), is_left, "{text}");
        let left = files_below(&state(&world));
        assert!(!left.iter().any(is_note), "{left:?}");
    }
}

#[test]
fn a_lawful_erasure_is_no_alteration_whatever_the_id_is() {
    let customers: [Customer<'_>; 6] = [
        ("A-1", "a1@example.com", ""),
        ("Z 2", "a2@example.com", "7755550101"),
        ("5", "a5@example.com", "7755550102"),
        ("D-4", "a4@example.com", "7755550104"),
        ("D-4", "other@example.com", "7755550105"),
        ("Z 22", "a6@example.com", "7755550106"),
    ];
    let world = World::sent(&customers);
    let (text, code) = said(
        world
            .command("resolve", &["--duplicate", "D-4", "--by", "kim"])
            .args(["--take", "export.csv:6", "--reason", "newer"]),
    );
    assert_eq!(code, 0, "{text}");
    world.run();
    for id in ["Z 2", "Z 22", "5"] {
        let field = ["--id", id, "--field", "owners[0].identity.employment"];
        let (text, code) = said(local(&world, "waive", &WHY).args(field));
        assert!(matches!(code, 0 | 3), "{text}");
    }
    world.write(
        "calls 5.csv",
        "clientAccountId,owners[0].phoneNumber\nA-1,+17755550109\n",
    );
    let file = world.path("calls 5.csv");
    world.json(
        "backfill",
        &[file.to_str().unwrap(), "--reason", "called", "--by", "kim"],
    );
    world.run();
    unaltered(&world);
    for id in ["D-4", "Z 2", "5"] {
        let (text, code) = forget(&world, id, &[]);
        assert_eq!(code, 0, "{text}");
        unaltered(&world);
    }
    let log = log(&world).join("\n");
    assert!(log.contains("backfill: calls 5.csv"), "{log}");
    assert!(log.contains(" of Z 22\n"), "{log}");
    assert!(!log.contains("D-4") && !log.contains("Z 2\n"), "{log}");
}

#[test]
fn events_that_go_with_a_customer_are_no_alteration() {
    let world = World::sent(&CUSTOMERS);
    let events: Vec<String> = [ID, "B-2"]
        .iter()
        .map(|id| {
            format!(
                r#"{{"requestId":"r-{id}","partnerWebhookType":"PARTY_EVENT","partnerPartyRef":"{id}","partyStatus":"ACTIVE","reasonCode":"OTHER"}}"#
            )
        })
        .collect();
    // One of nobody that names somebody whose id only begins as this one.
    let other =
        format!(r#"{{"requestId":"r-9","partnerWebhookType":"FIAT_EVENT","note":"{ID}0"}}"#);
    let line = format!("{}\n{other}\n", events.join("\n"));
    world.write("events.jsonl", &line);
    let mut import = crate::support::program();
    let import = import.args(["events", "import"]).arg(world.dir());
    let (text, code) = said(import.arg(world.path("events.jsonl")));
    assert_eq!(code, 0, "{text}");
    let (text, code) = said(&mut local(&world, "report", &[]));
    assert!(matches!(code, 0 | 3), "{text}");
    fs::rename(world.path("report"), world.path("kept")).unwrap();
    let (text, code) = forget(&world, ID, &[]);
    assert_eq!(code, 0, "{text}");
    unaltered(&world);
    let events = rusqlite::Connection::open(state(&world).join("events.db")).unwrap();
    let left: i64 = events
        .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 2);
}

#[test]
fn heads_of_a_merged_report_are_those_of_each_shard() {
    let world = Shards::new(8);
    world.run_all(2);
    let heads = world.path("heads.json");
    let head_to = ["--merge", "--head-to", heads.to_str().unwrap()];
    let (text, code) = world.said("report", "", &head_to);
    assert_eq!(code, 0, "{text}");
    for shard in ["0/2", "1/2"] {
        let (text, code) = world.said("audit", shard, &["--head", heads.to_str().unwrap()]);
        assert_eq!(code, 0, "{text}");
        assert!(
            text.contains("the head from outside: in the chain"),
            "{text}"
        );
    }
    // Those of another migration are none of these.
    let text = fs::read_to_string(&heads).unwrap();
    let hash = |text: &str| text.replace(['5', '6', '7', '8', '9'], "4");
    let (before, behind) = text.split_once("\"heads\"").unwrap();
    fs::write(&heads, format!("{before}\"heads\"{}", hash(behind))).unwrap();
    let (text, code) = world.said("audit", "0/2", &["--head", heads.to_str().unwrap()]);
    assert_eq!(code, 1, "{text}");
}

#[test]
fn heads_of_shards_stand_beside_each_other_in_one_file() {
    let world = Shards::new(8);
    world.run_all(2);
    let heads = world.path("heads.json");
    let head_to = ["--head-to", heads.to_str().unwrap()];
    for shard in ["1/2", "0/2", "0/2"] {
        let (text, code) = world.said("report", shard, &head_to);
        assert_eq!(code, 0, "{text}");
    }
    let head = ["--head", heads.to_str().unwrap()];
    for shard in ["0/2", "1/2", "all"] {
        let (text, code) = world.said("audit", shard, &head);
        assert_eq!(code, 0, "{text}");
        let found = text.matches("the head from outside: in the chain").count();
        assert_eq!(found, if shard == "all" { 2 } else { 1 }, "{text}");
    }
    // A file of one shard says nothing of the other.
    let one = world.path("one.json");
    world.said("report", "0/2", &["--head-to", one.to_str().unwrap()]);
    let (text, code) = world.said("audit", "all", &["--head", one.to_str().unwrap()]);
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("there is no head from outside of this shard"),
        "{text}"
    );

    // One of an earlier version does not say whose it is: it is not replaced, and for all shards nobody can tell.
    let text = fs::read_to_string(&one).unwrap();
    fs::write(&one, text.replace(r#","shard":"0/2""#, "")).unwrap();
    let (text, code) = world.said("report", "1/2", &["--head-to", one.to_str().unwrap()]);
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("do not say of which shard they are"),
        "{text}"
    );
    let (text, code) = world.said("audit", "all", &["--head", one.to_str().unwrap()]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("name no shard"), "{text}");
    let (text, code) = world.said("audit", "1/2", &["--head", one.to_str().unwrap()]);
    assert_eq!(code, 1, "{text}");
}

/// The next entry of the chain would cover up what was altered before it.
#[test]
fn a_row_that_was_altered_before_a_command_shows_behind_it() {
    let world = World::sent(&CUSTOMERS);
    let commands: [(&str, Vec<&str>); 3] = [
        ("exclude", [&["--id", "C-3"][..], &WHY].concat()),
        ("forget", [&["--id", "D-4"][..], &WHY].concat()),
        ("close", [&["--yes"][..], &WHY].concat()),
    ];
    for (place, (command, more)) in commands.iter().enumerate() {
        if place == 0 {
            unaltered(&world);
        }
        let journal = rusqlite::Connection::open(state(&world).join("journal.db")).unwrap();
        let bakkt_id = format!("bk-{place}");
        let alter = "UPDATE task SET bakkt_id = ? WHERE record = 2";
        assert_eq!(journal.execute(alter, [bakkt_id]).unwrap(), 1);
        drop(journal);
        let (text, code) = said(&mut local(&world, command, more));
        assert_eq!(code, 0, "{text}");
        let told = "rows of the journal are not as its last checkpoint saw them";
        assert!(text.contains(told), "{command}: {text}");
        let (text, code) = said(&mut local(&world, "audit", &[]));
        assert_eq!(code, 1, "{text}");
        let found = text
            .matches("rows were not as the checkpoint before")
            .count();
        assert_eq!(found, place + 1, "{command}: {text}");
        assert!(text.contains("table task"), "{text}");
    }
}

#[test]
fn the_end_can_be_sealed() {
    let world = World::sent(&CUSTOMERS);
    let (text, code) = said(local(&world, "close", &WHY).arg("--yes"));
    assert_eq!(code, 0, "{text}");
    let key = world.folder.path().join("key");
    let mut made = std::process::Command::new("ssh-keygen");
    let made = made.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    let Ok(made) = made.status() else {
        eprintln!("left out: there is no ssh-keygen (Debian: openssh-client)");
        return;
    };
    assert!(made.success());
    let sealed = world.folder.path().join("sealed");
    let mut report = local(&world, "report", &["--seal-with"]);
    let (text, code) = said(report.arg(&key).arg("--out").arg(&sealed));
    assert!(code == 0 || code == 3, "{text}");
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let line = format!("ada@example.com namespaces=\"bakkt-migrate-report\" {public}");
    let signers = world.folder.path().join("signers");
    fs::write(&signers, line).unwrap();
    let mut verify = crate::support::program();
    let verify = verify.arg("verify-report").arg(&sealed);
    let (text, code) = said(verify.arg("--signers").arg(&signers));
    assert_eq!(code, 0, "{text}");
    let chain = fs::read_to_string(sealed.join("chain.jsonl")).unwrap();
    assert!(chain.contains(r#""kind":"close""#), "{chain}");
}
