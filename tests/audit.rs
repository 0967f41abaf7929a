//! `audit` and `verify-report`: what was altered is found and named, and what was not is not.
//!
//! The tamperings of the journal stand in [`JOURNAL`], those of a sealed report in [`REPORT`]. Each is done to a copy of the same
//! migration, by somebody who may write to every file and knows how everything is made.

mod altered;
mod altered_events;
mod chain;
mod covered_up;
mod named_events;
mod sealed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;

use crate::commands::world::{Server, World, blocked, gap, nobody, row};
use crate::support::wait_for;
use chain::{again, without_triggers};

/// A migration that was sent, decided about, reported and sealed; its head and keys lie outside.
struct Recorded {
    world: World,
    /// The sealed report.
    sealed: PathBuf,
}

impl Recorded {
    fn new() -> Recorded {
        let rows: Vec<String> = (1..=4).map(|number| row(&format!("A-{number}"))).collect();
        let world = World::new(&[rows, vec![gap("G-1"), blocked("B-1"), blocked("B-2")]].concat());
        let run = world.code("run acme --sandbox --limit 2");
        assert_ne!(run.0, 1, "{}", run.1);
        let decided = [
            "exclude acme --sandbox --id B-1 --by Ada --reason closed-in-March",
            "waive acme --sandbox --id G-1 --field owners[0].phoneNumber --by Ben --reason has-none",
        ];
        for decision in decided {
            assert_eq!(world.code(decision).0, 0, "{decision}");
        }
        world.code("run acme --sandbox");
        world.code("report acme --sandbox --head-to head.json");
        Recorded {
            world,
            sealed: PathBuf::new(),
        }
    }

    /// The same with a sealed report; `None` where nothing makes keys.
    fn sealed() -> Option<Recorded> {
        let mut recorded = Recorded::new();
        let world = &recorded.world;
        for name in ["key", "other"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(world.path(name))
                .status();
            let Ok(made) = made else {
                eprintln!("left out: there is no ssh-keygen (Debian: openssh-client)");
                return None;
            };
            assert!(made.success());
        }
        let text = world.read("key.pub");
        let key = text.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let line = format!("ada@example.com namespaces=\"bakkt-migrate-report\" {key}\n");
        world.write("signers", &line);
        let (code, said) = world.code("report acme --sandbox --seal-with key");
        assert_ne!(code, 1, "{said}");
        let folders = fs::read_dir(world.path("acme/report/sandbox")).unwrap();
        let mut folders = folders.map(|entry| entry.unwrap().path());
        recorded.sealed = folders.find(|path| path.is_dir()).unwrap();
        Some(recorded)
    }

    /// A copy of the migration's folder, under another name.
    fn copy(&self, name: &str) -> PathBuf {
        copied(&self.world.path("acme"), &self.world.path(name))
    }

    /// What `audit` says of a folder.
    fn audit(&self, name: &str, more: &str) -> (i32, String) {
        self.world.code(&format!("audit {name} --sandbox {more}"))
    }
}

fn copied(from: &Path, to: &Path) -> PathBuf {
    let done = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .unwrap();
    assert!(done.success());
    to.to_owned()
}

/// A tampering of the journal, and words of what `audit` then says.
type Tampering = (&'static str, fn(&Connection), &'static str);

fn sql(db: &Connection, sql: &str) {
    without_triggers(db, |db| db.execute_batch(sql).unwrap());
}

/// Ways to alter a journal. The triggers are put back, where not for themselves.
const JOURNAL: [Tampering; 45] = [
    (
        "a trigger is dropped",
        |db| db.execute_batch("DROP TRIGGER operator_log_keeps").unwrap(),
        "trigger operator_log_keeps is missing",
    ),
    (
        "a trigger of the chain is made to do nothing",
        |db| {
            db.execute_batch("DROP TRIGGER entry_stays; CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT 1; END").unwrap()
        },
        "trigger entry_stays was changed",
    ),
    (
        "a view lies",
        |db| {
            db.execute_batch("DROP VIEW gap; CREATE VIEW gap AS SELECT 1 AS record, 1 AS path, 1 AS reason, 'G' AS level, 'open' AS status, 0 AS file, 0 AS row, 0 AS opened_at WHERE 0").unwrap()
        },
        "view gap was changed",
    ),
    (
        "a decision is deleted",
        |db| sql(db, "DELETE FROM operator_log WHERE id = 1"),
        "line 1 of the operator log does not fit",
    ),
    (
        "a decision is deleted with its entry",
        |db| {
            sql(
                db,
                "DELETE FROM entry WHERE kind = 'decision' AND body LIKE '%\"row\":1,%'; DELETE FROM operator_log WHERE id = 1",
            )
        },
        "is missing",
    ),
    (
        "a decision is deleted and the chain closed behind it",
        |db| {
            without_triggers(db, |db| {
                db.execute_batch("DELETE FROM entry WHERE kind = 'decision' AND body LIKE '%\"row\":1,%'; DELETE FROM operator_log WHERE id = 1").unwrap();
                again(db);
            })
        },
        "kept outside",
    ),
    (
        "a name is forged",
        |db| sql(db, "UPDATE operator_log SET by = 'Eve' WHERE id = 1"),
        "another name",
    ),
    (
        "a name is forged in the chain",
        |db| sql(db, "UPDATE entry SET body = replace(body, 'Ada', 'Eve')"),
        "its hash is not that of what it says",
    ),
    (
        "a name is forged in both and the chain computed anew",
        |db| {
            without_triggers(db, |db| {
                db.execute_batch("UPDATE operator_log SET by = 'Eve' WHERE by = 'Ada'; UPDATE entry SET body = replace(body, 'Ada', 'Eve')").unwrap();
                again(db);
            })
        },
        "kept outside",
    ),
    (
        "a reason is changed",
        |db| {
            sql(
                db,
                "UPDATE operator_log SET reason = 'asked to' WHERE id = 2",
            )
        },
        "another reason",
    ),
    (
        "a number is changed",
        |db| sql(db, "UPDATE operator_log SET count = count + 1 WHERE id = 2"),
        "another number",
    ),
    (
        "a time is changed",
        |db| sql(db, "UPDATE operator_log SET at = at - 1 WHERE id = 2"),
        "another time",
    ),
    (
        "a decision is about somebody else",
        |db| {
            sql(
                db,
                "UPDATE operator_log SET target = replace(target, 'B-1', 'B-2') WHERE id = 1",
            )
        },
        "about others",
    ),
    (
        "two decisions change places",
        |db| {
            sql(
                db,
                "UPDATE operator_log SET id = -1 WHERE id = 1; UPDATE operator_log SET id = 1 WHERE id = 2; UPDATE operator_log SET id = 2 WHERE id = -1",
            )
        },
        "line 1 of the operator log does not fit",
    ),
    (
        "a decision is made up",
        |db| {
            db.execute_batch("INSERT INTO operator_log SELECT 99, at, action, target, reason, count, by FROM operator_log WHERE id = 1").unwrap()
        },
        "line 99 of the operator log has no entry",
    ),
    (
        "two outcomes are swapped",
        |db| {
            db.execute_batch("CREATE TEMP TABLE was AS SELECT record, bakkt_id FROM task; UPDATE task SET bakkt_id = (SELECT w.bakkt_id FROM temp.was w WHERE w.record = 3 - task.record) WHERE record IN (1, 2)").unwrap()
        },
        "table task: rows 1 to 16",
    ),
    (
        "two customers are swapped",
        |db| {
            db.execute_batch("UPDATE record SET client_id = CASE id WHEN 1 THEN 'A-2' ELSE 'A-1' END WHERE id IN (1, 2)").unwrap()
        },
        "table record: rows 1 to 16",
    ),
    (
        "an outcome is changed",
        |db| {
            db.execute_batch("UPDATE task SET state = 5 WHERE record = 3")
                .unwrap()
        },
        "table task: rows 1 to 16",
    ),
    (
        "a status is changed",
        |db| {
            db.execute_batch("UPDATE task SET status = 'APPROVED' WHERE record = 4")
                .unwrap()
        },
        "crosswalk.csv; table",
    ),
    (
        "attempts are changed",
        |db| {
            db.execute_batch("UPDATE task SET attempts = 7 WHERE record = 1")
                .unwrap()
        },
        "reconciliation.csv; table",
    ),
    (
        "a row is deleted",
        |db| db.execute_batch("DELETE FROM record WHERE id = 7").unwrap(),
        "reconciliation.csv: 6 rows instead of 7",
    ),
    (
        "an outcome is changed, and what the checkpoint kept with it",
        |db| {
            db.execute_batch("UPDATE task SET attempts = 7 WHERE record = 1; UPDATE checkpoint_row SET hashes = zeroblob(length(hashes)) WHERE sheet = 'table task'").unwrap()
        },
        "table task: it changed, and the hashes of its at most 16 rows were changed too",
    ),
    (
        "who left a customer out is forged",
        |db| db.execute_batch("UPDATE person SET by = 'Eve'").unwrap(),
        "table person: row 1",
    ),
    (
        "a waiver is taken away",
        |db| db.execute_batch("DELETE FROM waiver").unwrap(),
        "table waiver: 0 rows instead of 1",
    ),
    (
        "a gap is closed by hand",
        |db| {
            db.execute_batch("UPDATE gap_set SET status = 'waived'")
                .unwrap()
        },
        "table gap_set",
    ),
    (
        "a run is deleted",
        |db| db.execute_batch("DELETE FROM run WHERE id = 1").unwrap(),
        "run 1 is not among the runs any more",
    ),
    (
        "a run is made up",
        |db| {
            db.execute_batch("INSERT INTO run (id, at) VALUES (9, 1)")
                .unwrap()
        },
        "run 9 has no entry",
    ),
    (
        "the target is another one",
        |db| {
            db.execute_batch("UPDATE meta SET value = 'https://api.bakkt.com' WHERE key = 'target'")
                .unwrap()
        },
        "the journal names another target",
    ),
    (
        "the tail is cut",
        |db| {
            sql(
                db,
                "DELETE FROM entry WHERE id >= (SELECT max(id) FROM entry WHERE kind = 'checkpoint'); DELETE FROM checkpoint_row",
            )
        },
        "is gone: the chain ends with entry",
    ),
    (
        "the chain is taken away",
        |db| sql(db, "DELETE FROM entry"),
        "the journal has no chain",
    ),
    (
        "the gaps of a customer are taken away",
        |db| {
            let changed = db.execute(
                "UPDATE record SET gap_set = NULL WHERE client_id = 'G-1' AND gap_set IS NOT NULL",
                [],
            );
            assert_eq!(changed.unwrap(), 1);
        },
        "table record: rows 1 to 16",
    ),
    (
        "two customers swap their gaps",
        |db| {
            db.execute_batch("CREATE TEMP TABLE was AS SELECT client_id, gap_set FROM record; UPDATE record SET gap_set = (SELECT w.gap_set FROM temp.was w WHERE w.client_id = CASE record.client_id WHEN 'G-1' THEN 'B-2' ELSE 'G-1' END) WHERE client_id IN ('G-1', 'B-2')").unwrap()
        },
        "table record: rows 1 to 16",
    ),
    (
        "a field that gaps name gets another name",
        |db| {
            db.execute_batch(
                "UPDATE word SET text = 'owners[0].nickname' WHERE text = 'owners[0].phoneNumber'",
            )
            .unwrap()
        },
        "table word: row",
    ),
    (
        "what an attempt came to is changed",
        |db| {
            db.execute_batch("UPDATE attempt SET answer = NULL WHERE task = 1")
                .unwrap()
        },
        "table attempt: rows 1 to 16",
    ),
    (
        "an attempt is deleted",
        |db| {
            db.execute_batch("DELETE FROM attempt WHERE task = 1")
                .unwrap()
        },
        "table attempt: rows 1 to 16",
    ),
    (
        "an update is made up",
        |db| {
            db.execute_batch("INSERT INTO sent_update VALUES (1, 'A-1', 1, x'00')")
                .unwrap()
        },
        "table sent_update: at most 16 rows instead of at most 0",
    ),
    (
        "a row of a backfill file is made up",
        |db| {
            db.execute_batch("INSERT INTO layer_row VALUES (1, 1, 1, 1, 'A-1')")
                .unwrap()
        },
        "table layer_row",
    ),
    (
        "a row that nothing uses is made up",
        |db| {
            db.execute_batch("INSERT INTO unused VALUES (1, 99, 1)")
                .unwrap()
        },
        "table unused",
    ),
    (
        "a gap of custody is made up",
        |db| {
            db.execute_batch("INSERT INTO custody_gap VALUES (1, 1, 1, 0, 0)")
                .unwrap()
        },
        "table custody_gap",
    ),
    (
        "a name of custody is made up",
        |db| {
            db.execute_batch("INSERT INTO custody_name VALUES (1, 1)")
                .unwrap()
        },
        "table custody_name",
    ),
    (
        "somebody is said to be forgotten",
        |db| {
            db.execute_batch("INSERT INTO erased VALUES ('erased:1', 1)")
                .unwrap()
        },
        "table erased: 1 rows instead of 0",
    ),
    (
        "a counter is changed",
        |db| {
            db.execute_batch("UPDATE counter SET count = count + 1 WHERE what = 0")
                .unwrap()
        },
        "counters of records by verdict that say something else than the rows",
    ),
    (
        "the plan is denied",
        |db| {
            db.execute_batch("DELETE FROM meta WHERE key = 'plan'")
                .unwrap()
        },
        "the journal does not say any more that anything is planned",
    ),
    (
        "the plan is of another day",
        |db| {
            db.execute_batch("UPDATE meta SET value = '2001-01-01' WHERE key = 'as_of'")
                .unwrap()
        },
        "another day of the plan",
    ),
    (
        "the plan is said to have read more",
        |db| {
            db.execute_batch("UPDATE meta SET value = '9' WHERE key = 'rows_read'")
                .unwrap()
        },
        "table meta: row",
    ),
];

#[test]
fn each_tampering_of_the_journal_is_found_and_named() {
    let recorded = Recorded::new();
    let (code, said) = recorded.audit("acme", "--head head.json");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Nothing was altered."), "{said}");
    let mut missed = Vec::new();
    for (number, (what, tamper, found)) in JOURNAL.iter().enumerate() {
        let name = format!("copy-{number}");
        let folder = recorded.copy(&name);
        tamper(&Connection::open(folder.join(".bakkt-migrate/sandbox/journal.db")).unwrap());
        let (code, said) = recorded.audit(&name, "--head head.json");
        if code != 1 || !said.contains(found) {
            missed.push(format!(
                "{what}: exit code {code}, without \"{found}\":\n{said}"
            ));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn a_checkpoint_of_an_earlier_version_is_no_alteration() {
    let recorded = Recorded::new();
    let folder = recorded.copy("earlier");
    let db = Connection::open(folder.join(".bakkt-migrate/sandbox/journal.db")).unwrap();
    let later = ["table record", "table attempt", "table task", "table word"];
    chain::checkpoint_without(&db, &later);
    drop(db);
    let (code, said) = recorded.audit("earlier", "");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("did not look at 4 of the tables"), "{said}");
    assert_ne!(recorded.world.code("report earlier --sandbox").0, 1);
    let (_, said) = recorded.audit("earlier", "");
    assert!(!said.contains("of the tables"), "{said}");
}

#[test]
fn a_report_whose_gaps_are_other_ones_than_its_lines_does_not_balance() {
    let recorded = Recorded::new();
    let folder = recorded.copy("altered");
    let db = Connection::open(folder.join(".bakkt-migrate/sandbox/journal.db")).unwrap();
    let change = "UPDATE record SET gap_set = NULL WHERE client_id = 'B-2' AND gap_set IS NOT NULL";
    assert_eq!(db.execute(change, []).unwrap(), 1);
    drop(db);
    let (code, said) = recorded.world.code("report altered --sandbox");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("counters of gaps by field"), "{said}");
}

#[test]
fn the_head_of_a_sealed_report_serves_when_its_signature_holds() {
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let sealed = recorded.sealed.display().to_string();
    let with = |more: &str| recorded.audit("acme", &format!("--head {sealed} {more}"));
    assert_eq!(with("--signers signers").0, 0);
    let (code, said) = with("");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("was not checked (--signers)"), "{said}");
    fs::write(recorded.sealed.join("gaps.csv"), "changed").unwrap();
    assert_eq!(with("--signers signers").0, 2);
}

#[test]
fn a_chain_that_was_computed_anew_shows_by_a_head_from_outside_alone() {
    let recorded = Recorded::new();
    let folder = recorded.copy("anew");
    let db = Connection::open(folder.join(".bakkt-migrate/sandbox/journal.db")).unwrap();
    without_triggers(&db, |db| {
        db.execute_batch(
            "UPDATE operator_log SET reason = 'asked to' WHERE id = 1;
             UPDATE entry SET body = replace(body, 'closed-in-March', 'asked to')",
        )
        .unwrap();
        again(db);
    });
    drop(db);
    // The last checkpoint saw the log as it was, so its root has to be forged as well.
    let db = Connection::open(folder.join(".bakkt-migrate/sandbox/journal.db")).unwrap();
    chain::forge_checkpoint(&db, "table operator_log");
    drop(db);
    let (code, said) = recorded.audit("anew", "");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("there is no head from outside"), "{said}");
    assert!(
        said.contains("Nothing that could be checked was altered."),
        "{said}"
    );
    let (code, said) = recorded.audit("anew", "--head head.json");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("kept outside"), "{said}");
}

#[test]
fn what_comes_after_a_head_is_no_alteration_and_a_killed_run_is_told() {
    let recorded = Recorded::new();
    let more = [
        "retry acme --sandbox --by Ada --reason again",
        "report acme --sandbox",
        "run acme --sandbox",
    ];
    for command in more {
        recorded.world.code(command);
        let (code, said) = recorded.audit("acme", "--head head.json");
        assert_eq!(code, 0, "{command}: {said}");
    }
    // As a run leaves it that is killed after its first answer.
    let folder = recorded.copy("killed");
    let db = Connection::open(folder.join(".bakkt-migrate/sandbox/journal.db")).unwrap();
    chain::begin_run(&db);
    db.execute_batch("UPDATE task SET attempts = attempts + 1 WHERE record = 1")
        .unwrap();
    drop(db);
    let (code, said) = recorded.audit("killed", "--head head.json");
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("no checkpoint after it") && said.contains("table task: rows 1 to 16"),
        "{said}"
    );
}

#[test]
fn a_report_covers_no_alteration_up() {
    let recorded = Recorded::new();
    let world = &recorded.world;
    let reported = || {
        let output = world.command(&["report", "acme", "--sandbox"]).output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    };
    let said = reported();
    assert!(!said.contains("not as its last checkpoint"), "{said}");
    assert_eq!(recorded.audit("acme", "--head head.json").0, 0);
    let db = Connection::open(world.path("acme/.bakkt-migrate/sandbox/journal.db")).unwrap();
    sql(&db, "UPDATE task SET bakkt_id = 'another' WHERE id = 1");
    drop(db);
    for _ in 0..2 {
        let said = reported();
        assert!(said.contains("not as its last checkpoint"), "{said}");
        let (code, said) = recorded.audit("acme", "--head head.json");
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("nothing was done between: "), "{said}");
        assert!(said.contains("table task"), "{said}");
    }
}

#[test]
fn a_look_at_the_plan_of_a_file_that_was_written_again_is_no_alteration() {
    let recorded = Recorded::new();
    let world = &recorded.world;
    let export = world.path("acme/export.csv");
    let bytes = fs::read(&export).unwrap();
    fs::remove_file(&export).unwrap();
    fs::write(&export, bytes).unwrap();
    let db = Connection::open(world.path("acme/.bakkt-migrate/sandbox/journal.db")).unwrap();
    let state = || {
        let sql = "SELECT group_concat(quote(state)) FROM fingerprint";
        db.query_row(sql, [], |row| row.get::<_, String>(0))
            .unwrap()
    };
    let before = state();
    // A file that is a few seconds old is read anew each time.
    wait_for("the file's new state", || {
        assert_ne!(world.code("plan acme --sandbox").0, 1);
        (state() != before).then_some(())
    });
    let (code, said) = recorded.audit("acme", "--head head.json");
    assert_ne!(code, 1, "{said}");
}

#[test]
fn a_look_at_what_would_be_leaves_the_journal_as_it_is() {
    let recorded = Recorded::new();
    let world = &recorded.world;
    let looked = |line: &str| {
        let (code, said) = world.code(line);
        assert!(matches!(code, 0 | 3), "{line}: {code} {said}");
        assert!(
            !said.contains("not as its last checkpoint"),
            "{line}: {said}"
        );
        let (code, said) = recorded.audit("acme", "--head head.json");
        assert_ne!(code, 1, "{line}: {said}");
    };
    world.write(
        "bf.csv",
        "clientAccountId,owners[0].phoneNumber\nX-9,+15125550143\n",
    );
    looked("backfill acme bf.csv --sandbox --dry-run");
    // A kind of gap that the journal has no word for.
    let row = row("A-1");
    world.change("acme/export.csv", &row, &row.replace("+15125550142", "12"));
    looked(
        "replan acme --sandbox --update-accepted --accept-changes owners[].phoneNumber --reason known --dry-run",
    );
    world.code("replan acme --sandbox --by Ada --reason known");
    let (code, said) = recorded.audit("acme", "--head head.json");
    assert_ne!(code, 1, "{said}");
}

#[test]
fn whoever_was_forgotten_stays_noted() {
    let recorded = Recorded::new();
    let world = &recorded.world;
    let forget = "forget acme --sandbox --id A-1 --by Ada --reason asked";
    let (code, said) = world.code(forget);
    assert_eq!(code, 0, "{said}");
    let db = Connection::open(world.path("acme/.bakkt-migrate/sandbox/journal.db")).unwrap();
    sql(&db, "DELETE FROM erased");
    drop(db);
    world.code("replan acme --sandbox --by Ada --reason again");
    let (code, said) = recorded.audit("acme", "--head head.json");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("not noted as forgotten"), "{said}");
}

#[test]
fn a_decision_needs_a_name_and_a_reason() {
    let mut world = World::new(&[row("A-1"), blocked("B-1")]);
    world.code("run acme --sandbox");
    let lines = [
        "exclude acme --sandbox --id B-1 --reason x",
        "retry acme --sandbox --reason x",
        "replan acme --sandbox --reason x",
        "links acme --base-url http://127.0.0.1:1 --reason x",
    ];
    world
        .environment
        .retain(|(name, _)| name != "BAKKT_OPERATOR");
    // Whatever git knows on this machine.
    let nobody = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ];
    let nobody = nobody.map(|(name, value)| (name.to_owned(), value.to_owned()));
    world.environment.extend(nobody);
    for line in &lines[..3] {
        let said = world.bakkt(line);
        assert!(
            said.contains("nobody is named who decides"),
            "{line}: {said}"
        );
        let said = world.bakkt(&format!("{line} --by unknown"));
        assert!(
            said.contains("nobody is named who decides"),
            "{line}: {said}"
        );
    }
    let said = world.bakkt("replan acme --sandbox --by Ada");
    assert!(said.contains("a decision without a reason"), "{said}");
    assert_eq!(world.code("replan acme --sandbox --dry-run").0, 0);
    world
        .environment
        .push(("BAKKT_OPERATOR".into(), "Ada Keeper".into()));
    assert_eq!(world.code(lines[0]).0, 0);
    let summary = world.code("report acme --sandbox --json").0;
    assert_eq!(summary, 0);
    let text = world.read("acme/report/sandbox/summary.json");
    assert!(text.contains("\"by\": \"Ada Keeper\""), "{text}");
}

#[test]
fn the_record_of_a_run_says_which_program_ran_on_which_bytes() {
    let world = World::of(2);
    world.code("run acme --sandbox");
    let text = world.read("acme/report/sandbox/summary.json");
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let record = &summary["audit"][0];
    let run = &record["runs"][0];
    let version = world.code("--version").1;
    for key in ["version", "commit", "build"] {
        let said = run[key].as_str().unwrap();
        assert!(
            !said.is_empty() && version.contains(said),
            "{key}: {said}, {version}"
        );
    }
    assert_eq!(
        run["arguments"],
        serde_json::json!(["run", "acme", "--sandbox"])
    );
    assert_eq!(run["tasks_after"]["account"]["accepted"], 2);
    assert_eq!(run["outcome"], "finished");
    for key in ["host", "user", "target", "dialect", "started", "ended"] {
        assert!(
            run[key].as_str().is_some_and(|said| !said.is_empty()),
            "{key}: {run}"
        );
    }
    let inputs = record["inputs"].as_array().unwrap();
    let names: Vec<&str> = inputs
        .iter()
        .map(|input| input["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["export.csv", "mapping.toml", "migration.toml"]);
    for input in inputs {
        let bytes =
            fs::read(world.path(&format!("acme/{}", input["name"].as_str().unwrap()))).unwrap();
        assert_eq!(input["size"], bytes.len());
        assert_eq!(input["sha256"], chain::sha256(&bytes));
    }
}

#[test]
fn a_head_that_cannot_be_sent_is_told_and_the_work_is_done() {
    let world = World::of(1);
    let said = world.bakkt(&format!("run acme --sandbox --head-to {}", nobody()));
    assert!(
        said.contains("the head of the chain was not sent to"),
        "{said}"
    );
    assert!(said.contains("accepted"), "{said}");
    let server = Server::start("HTTP/1.1 204 No Content\r\n\r\n");
    let said = world.bakkt(&format!("report acme --sandbox --head-to {}", server.url));
    assert!(!said.contains("was not sent"), "{said}");
    server.requests.recv().unwrap();
    world.write("mine.json", "something else\n");
    let said = world.bakkt("report acme --sandbox --head-to mine.json");
    assert!(
        said.contains("the head of the chain was not sent to mine.json"),
        "{said}"
    );
    assert_eq!(world.read("mine.json"), "something else\n");
}
