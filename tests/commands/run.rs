//! `run`: sending, resuming, limits, what was there before, exit codes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use super::world::{Bakkt, World, blocked, gap, row};

#[test]
fn a_small_migration_in_the_sandbox_and_again() {
    let world = World::new(&[row("A-1"), gap("A-2"), row("A-3")]);
    assert_snapshot!(world.bakkt("run acme --sandbox"), @r#"
    exit code 0
    --- stdout
    rows read   3    account tasks 3
      ready     2      open        0
      grace     1      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    3
      duplicate 0      refused     0
    gaps open   1      gave up     0
    decisions: undecided 3
    balances: every row and every task is accounted for

    report: acme/report/sandbox/report.html
    --- stderr
    3 accounts to send, 0 to settle, to sandbox (in-process)
    time        no limits are set: as fast as Bakkt answers
    "#);
    assert_snapshot!(world.bakkt("run acme --sandbox"), @r#"
    exit code 0
    --- stdout
    rows read   3    account tasks 3
      ready     2      open        0
      grace     1      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    3
      duplicate 0      refused     0
    gaps open   1      gave up     0
    decisions: undecided 3
    balances: every row and every task is accounted for

    report: acme/report/sandbox/report.html
    --- stderr
    0 accounts to send, 0 to settle, to sandbox (in-process)
    time        no limits are set: as fast as Bakkt answers
    "#);
    assert_snapshot!(world.files().join("\n"), @r#"
    acme/.bakkt-migrate/sandbox/journal.db
    acme/.bakkt-migrate/sandbox/journal.key
    acme/.bakkt-migrate/sandbox/journal.lock
    acme/.bakkt-migrate/sandbox/log.jsonl
    acme/export.csv
    acme/mapping.toml
    acme/migration.toml
    acme/report/sandbox/agreements.csv
    acme/report/sandbox/chain.jsonl
    acme/report/sandbox/crosswalk.csv
    acme/report/sandbox/decisions.csv
    acme/report/sandbox/documents.csv
    acme/report/sandbox/findings.csv
    acme/report/sandbox/gap-history.csv
    acme/report/sandbox/gaps.csv
    acme/report/sandbox/kyb.csv
    acme/report/sandbox/manual-kyb.csv
    acme/report/sandbox/ownership.csv
    acme/report/sandbox/reconciliation.csv
    acme/report/sandbox/refused.csv
    acme/report/sandbox/report.html
    acme/report/sandbox/report.xlsx
    acme/report/sandbox/restricted.csv
    acme/report/sandbox/shared-ids.csv
    acme/report/sandbox/summary.json
    acme/report/sandbox/unacknowledged.csv
    acme/report/sandbox/unknown-events.csv
    acme/report/sandbox/unused.csv
    acme/report/sandbox/verification.csv
    "#);
    for (name, mode) in [
        ("", 0o700),
        ("/sandbox", 0o700),
        ("/sandbox/journal.db", 0o600),
        ("/sandbox/journal.key", 0o600),
    ] {
        let path = world.path(&format!("acme/.bakkt-migrate{name}"));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            mode,
            "{name}"
        );
    }
}

#[test]
fn a_second_run_sends_nothing() {
    let (world, bakkt) = (World::of(5), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    let first = bakkt.ledger();
    assert_eq!((first.posts, first.accounts), (5, 5));
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().posts, 5);
    assert_eq!(bakkt.ledger().gets, first.gets);
}

#[test]
fn records_that_need_a_person_end_with_3() {
    let world = World::new(&[row("A-1"), row("A-2"), blocked("A-3"), row("BAD-1")]);
    let bakkt = Bakkt::start(|config| config.refuse_id_containing = Some("BAD".into()));
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 3
    --- stdout
    rows read   4    account tasks 3
      ready     3      open        0
      grace     0      held        0
      blocked   1      in doubt    0
      excluded  0      accepted    2
      duplicate 0      refused     1
    gaps open   1      gave up     0
    decisions: undecided 2
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    "#);
    let log = world.read("acme/.bakkt-migrate/log.jsonl");
    let failures = world.read("acme/report/refused.csv");
    for private in ["ann@example.com", "987001234", "Example", "a key"] {
        assert!(
            !log.contains(private) && !failures.contains(private),
            "{private}"
        );
    }
    // Refused is refused: a run alone does not try again.
    assert_eq!(world.code(&bakkt.run("")).0, 3);
    assert_eq!(bakkt.ledger().posts, 3);
}

#[test]
fn limits_stop_early_and_the_rest_follows() {
    let (world, bakkt) = (World::of(7), Bakkt::start(|_| {}));
    assert_snapshot!(world.bakkt(&bakkt.run("--limit 3")), @r#"
    exit code 0
    --- stdout
    rows read   7    account tasks 7
      ready     7      open        4
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    3
      duplicate 0      refused     0
    gaps open   0      gave up     0
    decisions: undecided 3
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    4 tasks are still open, beyond what was asked for; a run without --only and --limit sends them
    "#);
    assert_eq!(bakkt.ledger().accounts, 3);
    // What was asked for is done, whatever is open beyond it.
    assert_eq!(world.code(&bakkt.run("--limit 0")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 3);
    assert_eq!(world.code(&bakkt.run("--limit 4")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 7);
    assert_eq!(bakkt.ledger().posts, 7);
}

#[test]
fn only_some_ids_and_never_unknown_ones() {
    let (world, bakkt) = (World::of(5), Bakkt::start(|_| {}));
    world.write("ids.txt", "A-4\n\n  A-2  \n");
    assert_eq!(world.code(&bakkt.run("--only ids.txt")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 2);
    // Done already, and nothing to do, though others are open still.
    let text = world.bakkt(&bakkt.run("--only ids.txt"));
    assert!(text.contains("exit code 0"), "{text}");
    assert!(
        text.contains("3 tasks are still open, beyond what was asked for"),
        "{text}"
    );
    assert_eq!(bakkt.ledger().posts, 2);
    world.write("some.txt", "A-1\n\nann@example.com\n");
    let text = world.bakkt(&bakkt.run("--only some.txt"));
    assert!(text.contains("exit code 3"), "{text}");
    assert!(
        text.contains("some.txt, line 3: the plan does not have such an id"),
        "{text}"
    );
    assert!(!text.contains("ann@"), "{text}");
    assert_eq!(bakkt.ledger().posts, 3);
    world.write("wrong.txt", "ann@example.com\nA-404\n");
    assert_snapshot!(world.bakkt(&bakkt.run("--only wrong.txt")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: --only names 2 ids that the plan does not have, and no other
      next: each line is one clientAccountId, as in reconciliation.csv; look at line 1 of wrong.txt first
    "#);
    assert_snapshot!(world.bakkt(&bakkt.run("--only nowhere.txt")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: cannot read nowhere.txt: No such file or directory (os error 2)
      next: a list is a text file with one clientAccountId on each line
    "#);
    assert_eq!(bakkt.ledger().posts, 3);
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 5);
}

#[test]
fn an_id_that_is_blocked_is_known_and_stays_blocked() {
    let (world, bakkt) = (
        World::new(&[row("A-1"), blocked("A-2")]),
        Bakkt::start(|_| {}),
    );
    world.write("ids.txt", "A-1\nA-2\n");
    let (code, _) = world.code(&bakkt.run("--only ids.txt"));
    assert_eq!(code, 3);
    assert_eq!(bakkt.ledger().posts, 1);
}

#[test]
fn json_is_one_object() {
    let (world, bakkt) = (World::of(2), Bakkt::start(|_| {}));
    let (code, text) = world.code(&bakkt.run("--json"));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0);
    assert_eq!(value["tasks"]["account"]["accepted"], 2);
    assert_eq!(value["balanced"], true);
}

fn existing(on_existing: &str) -> (World, Bakkt) {
    let world = World::of(3);
    world.set(&format!("[accounts]\non_existing = \"{on_existing}\""));
    (world, Bakkt::start(|config| config.existing = 1.0))
}

#[test]
fn accounts_that_existed_are_left_alone() {
    let (world, bakkt) = existing("skip");
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 3
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        0
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    3
      duplicate 0      refused     0
    gaps open   0      gave up     0
    existed before 3, of these with other data, left as they are 3
    decisions: undecided 3
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    "#);
    assert_eq!(bakkt.ledger().posts, 0);
}

#[test]
fn accounts_that_existed_are_overwritten() {
    let (world, bakkt) = existing("update");
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 0
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        0
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    3
      duplicate 0      refused     0
    gaps open   0      gave up     0
    existed before 3
    decisions: undecided 3
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    "#);
    assert_eq!((bakkt.ledger().posts, bakkt.ledger().gets), (3, 0));
}

#[test]
fn accounts_that_existed_stop_the_run() {
    let (world, bakkt) = existing("stop");
    // One at a time, so that it is always the same account that is found first.
    world.change("acme/migration.toml", "[limits]", "[limits]\nin_flight = 1");
    let text = world.bakkt(&bakkt.run(""));
    assert_eq!(bakkt.ledger().posts, 0);
    assert_snapshot!(text, @r#"
    exit code 4
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    error: the account A-1 existed before this migration, and on_existing is "stop"
      next: leave it out under [exclude], or set [accounts] on_existing to "skip" or "update"
    "#);
    let journal = world.bakkt("status acme");
    assert!(journal.starts_with("exit code 0"), "{journal}");
}

#[test]
fn nothing_leaves_when_the_export_changes_during_the_run() {
    // The plan is made; then a row changes in place, as long as before, and the file's fingerprint with it.
    let (world, bakkt) = (World::of(3), Bakkt::start(|_| {}));
    // What was asked for is done, whatever is open beyond it.
    assert_eq!(world.code(&bakkt.run("--limit 0")).0, 0);
    world.change("acme/export.csv", "A-2,ann", "A-2,bob");
    assert_eq!(world.code(&bakkt.run("")).0, 2);
    assert_eq!(bakkt.ledger().posts, 0);
    world.change("acme/export.csv", "A-2,bob", "A-2,ann");
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 3);
}

#[test]
fn the_sandbox_takes_settings() {
    let world = World::of(2);
    world.write("faults.toml", "refuse = 1.0\n");
    assert_eq!(
        world
            .code("run acme --sandbox --sandbox-config faults.toml")
            .0,
        3
    );
    world.write("faults.toml", "refuze = 1.0\n");
    assert_snapshot!(world.bakkt("run acme --sandbox --sandbox-config faults.toml"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: faults.toml: TOML parse error at line 1, column 1
      |
    1 | refuze = 1.0
      | ^^^^^^
    unknown field `refuze`, expected one of `seed`, `dialect`, `key`, `api_key`, `logon_id`, `password`, `token_uses`, `latency_ms`, `latency_jitter_ms`, `rate`, `upload_rate`, `kyb_rate`, `refuse`, `refuse_documents`, `refuse_kyb`, `forbid`, `limited`, `limited_retry_after`, `unavailable`, `unavailable_retry_after`, `reset_before`, `reset_after`, `upload_cut`, `late`, `late_ms`, `error_before`, `error_after`, `truncated`, `unreadable`, `stall`, `stall_ms`, `surplus`, `lookup_fail`, `max_faults_per_id`, `existing`, `refuse_id_containing`, `keep_documents`, `decide`, `webhook`, `links`, `custody`

      next: see docs/sandbox.md for what can be set
    "#);
}
