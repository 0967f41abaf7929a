//! What the report says of decisions, read-backs, events and the history of gaps.
//!
//! Owner of the agreement between the page, the files and `--json` about them. Left out on purpose: how events and
//! read-backs come to be (`events`, `verify`).

use super::case::{Case, EVERYTHING, days};

/// Of the two accepted accounts, one was read back and differs; a gap was closed by a backfill file, one was let go.
const AFTER: &str = r#"
INSERT INTO meta VALUES ('verify_pass', '1'), ('verify_begun_at', '1795100000000'), ('verify_done_at', '1795100009000');
INSERT INTO word VALUES (30, 'different'), (31, 'owners[0].identity.employment.position');
INSERT INTO verification (task, pass, at, result, status, mode, can_trade, hash, documents, content) VALUES
  (1, 1, 1795100001000, 1, 'COMPLETE', 'OPEN', 1, NULL, 2, 1), (2, 1, 1795100002000, 0, 'REJECTED', 'OPEN', 0, NULL, 0, 0);
INSERT INTO difference VALUES (1, '', 1, 30), (1, 'd-1', 3, 30);
INSERT INTO layer (id, at, name, kept, hash, form, rows, changed) VALUES (1, 1795200000000, 'calls <48>.xlsx', '0001.xlsx', x'00', 'fields', 1, 1);
INSERT INTO word VALUES (40, 'restricted');
INSERT INTO layer_row VALUES (1, 7, 3, 40, 'C-1');
INSERT INTO closed_gap (client_id, path, reason, level, opened_at, closed_at, layer, row) VALUES
  ('C-1', 31, 2, 'G', 1795000000000, 1795200000000, 1, 4), ('C-5', 31, 2, 'G', 1795000000000, 1795300000000, 0, 0);
INSERT INTO waiver VALUES ('C-6', 1, 'M. Weaver', 'has no telephone', 1795400000000);
UPDATE gap SET status = 'waived' WHERE record = 6; UPDATE gap SET opened_at = 1795000000000;
INSERT INTO sent_update (client_id, at, hash) VALUES ('C-1', 1795200000000, x'00');
"#;

#[test]
fn decisions_history_and_differences_agree_everywhere() {
    let case = Case::new(&[EVERYTHING, AFTER]);
    let totals = case.write(days(30), false);
    assert!(totals.balanced, "{:?}", totals.imbalances);
    assert!(totals.needs_person());
    let after = &totals.after;
    assert_eq!((after.of("approved"), after.of("rejected")), (1, 1));
    assert_eq!(after.accounts(), 2);
    assert!(after.waiting.is_empty());
    assert_eq!((after.gaps_closed, after.gaps_waived), (2, 1));
    assert_eq!(after.updates_sent, 1);
    let read = &after.verification;
    assert_eq!((read.pass, read.complete, read.checked), (1, true, 2));
    assert_eq!((read.same, read.different, read.differences), (1, 1, 2));
    assert_eq!((read.documents, read.content), (2, 1));

    let summary: serde_json::Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    assert_eq!(summary["totals"], totals.json());
    let open: Vec<(&str, u64)> = summary["burn_down"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (day["day"].as_str().unwrap(), day["open"].as_u64().unwrap()))
        .collect();
    // Six were opened on the first day, of which two were closed and one was let go.
    assert_eq!(
        open,
        [
            ("2026-11-18", 6),
            ("2026-11-20", 5),
            ("2026-11-21", 4),
            ("2026-11-23", 3)
        ]
    );

    let lines = |name: &str| -> Vec<String> {
        let text = case.file(name);
        text.lines().skip(1).map(str::to_owned).collect()
    };
    let decisions = lines("decisions.csv");
    assert_eq!(decisions.len(), 2);
    assert!(
        decisions[0].starts_with("C-1,approved,42,"),
        "{decisions:?}"
    );
    assert!(
        decisions[1].ends_with(",REJECTED,OPEN,false,,"),
        "{decisions:?}"
    );
    assert_eq!(
        lines("verification.csv"),
        [
            "C-1,,owners[0].phoneNumber,different",
            "C-1,d-1,owners[0].emailAddress,different"
        ]
    );
    assert_eq!(
        lines("restricted.csv"),
        ["C-1,owners[0].emailAddress,calls <48>.xlsx,7"]
    );
    assert_eq!(after.restricted, 1);
    let history = lines("gap-history.csv");
    assert_eq!(history.len(), 3);
    assert!(
        history[0].contains("closed,2026-11-18T") && history[0].contains(",calls <48>.xlsx,4,")
    );
    assert!(history[1].contains(",(a new plan),,"), "{history:?}");
    assert!(
        history[2].contains(",waived,") && history[2].ends_with(",M. Weaver,has no telephone,")
    );

    let page = case.file("report.html");
    for text in [
        "Accounts by decision: approved 1, rejected 1",
        "Open gaps from 2026-11-18 to 2027-01-01: 3 now",
        "3 open, 2 closed, 1 waived. Updates that Bakkt accepted: 1.",
        "backfill file 1, calls &lt;48&gt;.xlsx",
        "Differences: 2;",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn nothing_of_it_is_shown_before_anything_was_accepted() {
    let case = Case::new(&[
        EVERYTHING,
        "UPDATE task SET state = 0 WHERE state = 4; DELETE FROM gap; UPDATE record SET verdict = 0 WHERE verdict = 1",
    ]);
    let totals = case.write(days(30), false);
    assert_eq!(totals.after.accounts(), 0);
    let page = case.file("report.html");
    for part in [
        "What Bakkt decided",
        "Read back from Bakkt",
        "Gaps over time",
    ] {
        assert!(!page.contains(part), "{part}");
    }
}
