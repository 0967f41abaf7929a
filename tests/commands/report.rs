//! `status` and `report`.

use insta::assert_snapshot;

use super::world::{Bakkt, World, blocked, gap, row};

#[test]
fn before_there_is_a_journal() {
    let world = World::of(2);
    assert_snapshot!(world.bakkt("status acme"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: acme has no journal yet
      next: `bakkt-migrate run` makes one, or `plan` without sending
    "#);
    assert_snapshot!(world.bakkt("report acme"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: acme has no journal yet
      next: `bakkt-migrate run` makes one, or `plan` without sending
    "#);
    assert_snapshot!(world.bakkt("status nowhere"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: there is no folder nowhere
      next: name the folder that holds migration.toml
    "#);
    assert!(!world.path("acme/.bakkt-migrate").exists());
    assert_eq!(world.code("run acme --sandbox --quiet").0, 0);
    assert_snapshot!(world.bakkt("status acme"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: acme has no journal yet
      next: there is one of a sandbox run: add --sandbox
    "#);
    assert_eq!(world.code("status acme --sandbox").0, 0);
}

#[test]
fn a_real_journal_is_not_the_sandboxs() {
    let (world, bakkt) = (World::of(1), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_snapshot!(world.bakkt("status acme --sandbox"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: acme has no journal yet
      next: there is one of a real run: leave --sandbox away
    "#);
}

#[test]
fn after_some_of_the_work() {
    let world = World::new(&[row("A-1"), gap("A-2"), blocked("A-3"), row("A-4")]);
    let bakkt = Bakkt::start(|_| {});
    world.code(&bakkt.run("--limit 1"));
    assert_snapshot!(world.bakkt("status acme"), @r#"
    exit code 3
    --- stdout
    rows read   4    account tasks 3
      ready     2      open        2
      grace     1      held        0
      blocked   1      in doubt    0
      excluded  0      accepted    1
      duplicate 0      refused     0
    gaps open   2      gave up     0
    decisions: undecided 1
    balances: every row and every task is accounted for
    --- stderr
    "#);
    let (_, text) = world.code("status acme --json");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["tasks"]["account"]["open"], 2);
}

#[test]
fn a_report_goes_where_it_is_told() {
    let (world, bakkt) = (World::new(&[row("A-1"), gap("A-2")]), Bakkt::start(|_| {}));
    world.code(&bakkt.run(""));
    std::fs::remove_dir_all(world.path("acme/report")).unwrap();
    let before = world.files();
    assert_snapshot!(world.bakkt("report acme --out elsewhere/report"), @r#"
    exit code 0
    --- stdout
    rows read   2    account tasks 2
      ready     1      open        0
      grace     1      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    2
      duplicate 0      refused     0
    gaps open   1      gave up     0
    decisions: undecided 2
    balances: every row and every task is accounted for

    report: elsewhere/report/report.html
    --- stderr
    "#);
    let mut after = world.files();
    after.retain(|name| !before.contains(name));
    assert_snapshot!(after.join("\n"), @r#"
    elsewhere/report/agreements.csv
    elsewhere/report/chain.jsonl
    elsewhere/report/crosswalk.csv
    elsewhere/report/decisions.csv
    elsewhere/report/documents.csv
    elsewhere/report/findings.csv
    elsewhere/report/gap-history.csv
    elsewhere/report/gaps.csv
    elsewhere/report/kyb.csv
    elsewhere/report/manual-kyb.csv
    elsewhere/report/ownership.csv
    elsewhere/report/reconciliation.csv
    elsewhere/report/refused.csv
    elsewhere/report/report.html
    elsewhere/report/report.xlsx
    elsewhere/report/restricted.csv
    elsewhere/report/shared-ids.csv
    elsewhere/report/summary.json
    elsewhere/report/unacknowledged.csv
    elsewhere/report/unknown-events.csv
    elsewhere/report/unused.csv
    elsewhere/report/verification.csv
    "#);
    assert_snapshot!(world.bakkt("report acme --out acme/export.csv"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: acme/export.csv is not a folder
      next: name a folder, or one that is not there yet
    "#);
}
