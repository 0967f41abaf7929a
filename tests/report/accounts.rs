//! The report of accounts, from a journal that has every verdict and every state.

use std::fs;

use bakkt_journal::{Journals, Reader};
use bakkt_model::grace::{Grace, GraceFrom};
use bakkt_report::status_lines;
use rusqlite::Connection;

use super::case::{Case, EVERYTHING, days, mode};

#[test]
fn totals_count_everything_once() {
    let totals = Case::new(&[EVERYTHING]).totals();
    assert_eq!(
        totals.json_text(),
        concat!(
            r#"{"read":12,"verdicts":{"ready":6,"grace":2,"blocked":1,"excluded":1,"duplicate":2},"#,
            r#""tasks":{"account":{"planned":8,"open":1,"held":1,"in_doubt":2,"accepted":2,"refused":1,"gave_up":1},"#,
            r#""document":{"planned":0,"open":0,"held":0,"in_doubt":0,"accepted":0,"refused":0,"gave_up":0},"#,
            r#""kyb":{"planned":0,"open":0,"held":0,"in_doubt":0,"accepted":0,"refused":0,"gave_up":0}},"#,
            r#""gaps":{"open":4,"by_field":{"owners[0].emailAddress":1,"owners[0].phoneNumber":3}},"#,
            r#""balanced":true,"imbalances":[],"existed":{"equal":0,"different":1,"overwritten":0},"#,
            r#""blank_lines":3,"lost_rows":0,"planned":true,"former":0,"#,
            r#""documents":{"given":0,"sent":0,"refused":0,"same":0,"account_not_sent":0,"no_account":0,"#,
            r#""bytes":0,"changed":0,"former":0},"kyb":{"incomplete":0,"manual":0,"former":0,"former_in_doubt":0},"#,
            r#""files":[{"name":"export.csv","role":"accounts","rows":12,"records":12,"parts":0,"documents":0,"#,
            r#""unused":0,"blank_lines":3}],"#,
            r#""after":{"decisions":{"undecided":2},"reasons":{},"strange_words":{},"waiting":{"more than 30 days":2},"updates_sent":0,"gaps_closed":0,"#,
            r#""gaps_waived":0,"events":{"events":0,"repeats":0,"unreadable":0,"other_types":0,"unknown_words":0,"without_id":0,"unknown_accounts":0,"#,
            r#""unknown_events":0},"verification":{"pass":0,"complete":false,"to_come":2,"checked":0,"same":0,"different":0,"#,
            r#""unknown":0,"not_comparable":0,"documents":0,"content":0,"differences":0},"#,
            r#""links":{"wanted":0,"fetched":0,"running_out":0,"last_link":0,"to_fetch":0,"used_up":0},"restricted":0},"findings":[]}"#
        )
    );
    assert_eq!(
        totals.json(),
        serde_json::from_str::<serde_json::Value>(&totals.json_text()).unwrap()
    );
    assert!(totals.needs_person());
    assert_eq!(
        status_lines(&totals),
        "\
rows read   12    account tasks 8
  ready      6      open        1
  grace      2      held        1
  blocked    1      in doubt    2
  excluded   1      accepted    2
  duplicate  2      refused     1
gaps open    4      gave up     1
existed before 1, of these with other data, left as they are 1, blank lines 3
decisions: undecided 2
balances: every row and every task is accounted for
"
    );
}

#[test]
fn an_empty_journal_balances_and_has_a_report() {
    let case = Case::new(&["INSERT INTO meta VALUES ('plan', 'planning')"]);
    let totals = case.write(Grace::default(), false);
    assert!(totals.balanced && !totals.planned && !totals.needs_person());
    assert!(status_lines(&totals).contains("the plan is not complete"));
    let page = case.file("report.html");
    assert!(page.contains("BALANCES") && page.contains("The plan is not complete."));
    assert!(page.contains("Nothing was sent yet.") && page.contains("Nothing waits for a person."));
    assert_eq!(
        case.file("gaps.csv"),
        "file,row,clientAccountId,path,level,reason,due,status\n"
    );
}

#[test]
fn whatever_does_not_balance_is_said() {
    let cases = [
        (
            "UPDATE meta SET value = '13' WHERE key = 'rows_read'",
            "rows read are 13, but the verdicts add up to 12",
        ),
        (
            "UPDATE record SET verdict = 9 WHERE id = 10",
            "rows read are 12, but the verdicts add up to 11",
        ),
        (
            "UPDATE record SET verdict = -1 WHERE id = 10",
            "rows read are 12, but the verdicts add up to 11",
        ),
        (
            "UPDATE task SET state = 7 WHERE id = 5",
            "account tasks planned are 8, but their states add up to 7",
        ),
        (
            "DELETE FROM task WHERE id = 5",
            "account tasks planned are 7, but ready and grace records are 8",
        ),
        (
            "DELETE FROM task WHERE id = 5",
            "ready and grace records without an account task: 1",
        ),
        (
            "UPDATE task SET record = 10 WHERE id = 5",
            "ready and grace records without an account task: 1",
        ),
        (
            "UPDATE task SET record = 10 WHERE id = 5",
            "account tasks of a record that is neither ready nor grace, or of no record: 1",
        ),
        (
            "UPDATE task SET record = 99 WHERE id = 5",
            "account tasks of a record that is neither ready nor grace, or of no record: 1",
        ),
        (
            "INSERT INTO task (id, record, kind, state) VALUES (99, 1, 1, 8)",
            "update tasks planned are 1, but their states add up to 0",
        ),
    ];
    for (damage, said) in cases {
        let case = Case::new(&[EVERYTHING, damage]);
        let totals = case.write(days(90), false);
        assert!(!totals.balanced, "{damage}");
        assert!(
            totals.imbalances.iter().any(|line| line == said),
            "{damage}: {:?}",
            totals.imbalances
        );
        let page = case.file("report.html");
        assert!(
            page.contains("DOES NOT BALANCE") && page.contains(said) && !page.contains("BALANCES:"),
            "{damage}"
        );
        assert!(
            status_lines(&totals)
                .contains(&format!("DOES NOT BALANCE\n  {}", totals.imbalances[0]))
        );
    }
}

#[test]
fn every_row_is_reconciled() {
    let case = Case::new(&[EVERYTHING]);
    case.write(days(90), false);
    assert_eq!(
        case.file("reconciliation.csv"),
        "\
file,row,clientAccountId,verdict,reason,accountState,bakktId,bakktStatus,existedBefore,attempts,firstSent,lastChange,gaps,code,field,documents,documentsAccepted,documentsRefused,documentsNotSent,kybState
export.csv,2,C-1,ready,,accepted,b-1,PENDING,no,2,2026-11-18T11:06:40.000Z,2026-11-18T11:07:40.500Z,0,,,0,0,0,0,
export.csv,3,<script>alert(1)</script>,grace,,accepted,b-2,COMPLETE,different,1,2026-11-18T11:06:40.000Z,2026-11-18T11:06:40.250Z,1,,,0,0,0,0,
export.csv,4,'=1+1,ready,,refused,,,,1,2026-11-18T11:06:40.000Z,2026-11-18T11:06:40.250Z,0,422/1004,owners[0].identity.taxId,0,0,0,0,
export.csv,5,'+15550100,ready,,gave up,,,,5,2026-11-18T11:06:40.000Z,2026-11-18T11:06:40.250Z,0,503,,0,0,0,0,
export.csv,6,C-5,ready,,open,,,,0,,,0,,,0,0,0,0,
export.csv,7,C-6,grace,,in doubt,,,,1,2026-11-18T11:06:40.000Z,2026-11-18T11:06:40.250Z,1,,,0,0,0,0,
export.csv,8,C-7,ready,,held,,,,0,,2026-11-18T11:06:40.250Z,0,waits,,0,0,0,0,
export.csv,9,C-8,ready,,in doubt,,,,1,2026-11-18T11:06:40.000Z,2026-11-18T11:06:40.000Z,0,,,0,0,0,0,
export.csv,10,,blocked,,,,,,0,,,2,,,0,0,0,0,
export.csv,12,C-10,excluded,left by hand,,,,,0,,,0,,,0,0,0,0,
export.csv,13,C-1,duplicate,identical copy,,,,,0,,,0,,,0,0,0,0,
export.csv,14,C-12,duplicate,\"same id, other data\",,,,,0,,,0,,,0,0,0,0,
"
    );
    assert_eq!(
        case.file("refused.csv"),
        "\
file,row,clientAccountId,state,code,field,message,attempts,lastChange,decision,decidedAt,decidedBy
export.csv,4,'=1+1,refused,422/1004,owners[0].identity.taxId,'=HYPERLINK(…) <b>is taken</b>,1,2026-11-18T11:06:40.250Z,,,
export.csv,5,'+15550100,gave up,503,,target is not ready,5,2026-11-18T11:06:40.250Z,,,
"
    );
    assert_eq!(
        case.file("crosswalk.csv"),
        "\
clientAccountId,bakktId,bakktStatus,createdAt,existedBefore
C-1,b-1,PENDING,2026-11-18T11:07:40Z,no
<script>alert(1)</script>,b-2,COMPLETE,2025-01-01T00:00:00Z,different
"
    );
}

#[test]
fn gaps_say_when_they_are_due() {
    let case = Case::new(&[EVERYTHING]);
    case.write(days(90), false);
    assert_eq!(
        case.file("gaps.csv"),
        "\
file,row,clientAccountId,path,level,reason,due,status
export.csv,3,<script>alert(1)</script>,owners[0].phoneNumber,G,missing,2027-02-16,open
export.csv,7,C-6,owners[0].phoneNumber,G,missing,after acceptance,open
export.csv,10,,owners[0].phoneNumber,G,missing,after acceptance,open
export.csv,10,,owners[0].emailAddress,W,invalid: no e-mail address,after acceptance,open
"
    );
    let due = |grace: Grace| -> (String, serde_json::Value) {
        case.write(grace, false);
        let summary: serde_json::Value = serde_json::from_str(&case.file("summary.json")).unwrap();
        (summary["due"].to_string(), summary["overdue"].clone())
    };
    assert_eq!(
        due(Grace::default()),
        (r#"[{"due":"not set","open":4}]"#.to_owned(), 0.into())
    );
    let soon = r#"[{"due":"2026-11-28","open":1},{"due":"after acceptance","open":3}]"#;
    assert_eq!(due(days(10)), (soon.to_owned(), 1.into()));
    assert!(case.file("report.html").contains("1 open gaps are overdue"));
    let fixed = Grace {
        days: Some(30),
        from: GraceFrom::Date("2027-01-01".parse().unwrap()),
    };
    assert_eq!(
        due(fixed),
        (
            r#"[{"due":"2027-01-31","open":1},{"due":"after acceptance","open":3}]"#.to_owned(),
            0.into()
        )
    );
}

#[test]
fn the_page_stands_alone_and_escapes_everything() {
    let case = Case::new(&[
        EVERYTHING,
        "UPDATE word SET text = '<script>' || id WHERE id IN (1, 5, 7, 13)",
    ]);
    case.write(days(90), true);
    let page = case.file("report.html");
    assert!(page.contains("SANDBOX: a rehearsal"));
    for unsafe_text in ["<script", "<b>", "<em>", "Wave 1 <one>"] {
        assert!(!page.contains(unsafe_text), "{unsafe_text}");
    }
    assert!(page.contains("&lt;script&gt;") && page.contains("Wave 1 &lt;one&gt;"));
    for outside in ["src=", "href=", "url(", "@import", "<link", "javascript:"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(
        page.contains("Throughput from 2026-11-18 11:06 to 2026-11-18 11:08: at most 2 per minute")
    );
    // The first run has no end and another came after it, so it was killed.
    assert!(page.contains("no end on record</td><td>killed</td>"));
    case.write(days(90), false);
    assert!(!case.file("report.html").contains("SANDBOX"));
}

#[test]
fn the_summary_explains_the_totals() {
    let case = Case::new(&[EVERYTHING]);
    let totals = case.write(days(90), false);
    let summary: serde_json::Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    assert_eq!(summary["totals"], totals.json());
    assert_eq!(summary["planned_at"], "2026-11-18T11:06:40.000Z");
    let part = |name: &str| summary[name].to_string();
    assert_eq!(
        part("reasons"),
        concat!(
            r#"[{"count":1,"reason":"identical copy","verdict":"duplicate"},"#,
            r#"{"count":1,"reason":"same id, other data","verdict":"duplicate"},"#,
            r#"{"count":1,"reason":"left by hand","verdict":"excluded"}]"#
        )
    );
    assert_eq!(
        part("gaps_by_field"),
        concat!(
            r#"[{"blocked":1,"level":"G","open":3,"path":"owners[0].phoneNumber","why":{"missing":3}},"#,
            r#"{"blocked":1,"level":"W","open":1,"path":"owners[0].emailAddress","why":{"invalid":1}}]"#
        )
    );
    assert_eq!(
        part("throughput"),
        concat!(
            r#"[{"accepted":1,"minute":"2026-11-18T11:06:00.000Z","sent":2},"#,
            r#"{"accepted":1,"minute":"2026-11-18T11:07:00.000Z","sent":1}]"#
        )
    );
    assert_eq!(summary["stops"].as_array().unwrap().len(), 3);
    assert_eq!(
        summary["policy"][0]["reason"],
        "agreed <em>on</em> 2 November"
    );
    assert_eq!(
        (&summary["runs"][0]["ended"], &summary["runs"][1]["outcome"]),
        (&().into(), &"finished".into())
    );
    assert_eq!(summary["operator_log"][0]["action"], "retry");
}

#[test]
fn a_long_list_keeps_its_total() {
    let many = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 144)
        INSERT INTO word SELECT i, 'entity.field' || i FROM n;
        INSERT INTO gap (record, path, reason, level, status) SELECT 6, id, 2, 'G', 'open' FROM word WHERE id >= 100;";
    let case = Case::new(&[EVERYTHING, many]);
    assert_eq!(case.write(days(90), false).gaps.open, 49);
    let page = case.file("report.html");
    // 47 kinds of field and level: 30 are shown, and the largest of them has 3 gaps.
    assert!(
        page.contains("17 further fields</th><td></td><td></td><td></td><td class=\"num\">17</td>")
    );
    assert!(page.contains("Total</th><td></td><td></td><td></td><td class=\"num\">49</td>"));
}

#[test]
fn files_are_private_whole_and_replaced() {
    let case = Case::new(&[EVERYTHING]);
    case.write(days(90), false);
    case.write(days(90), false);
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(case.report()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600);
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let expected = [
        "agreements.csv",
        "chain.jsonl",
        "crosswalk.csv",
        "decisions.csv",
        "documents.csv",
        "findings.csv",
        "gap-history.csv",
        "gaps.csv",
        "kyb.csv",
        "manual-kyb.csv",
        "ownership.csv",
        "reconciliation.csv",
        "refused.csv",
        "report.html",
        "report.xlsx",
        "restricted.csv",
        "shared-ids.csv",
        "summary.json",
        "unacknowledged.csv",
        "unknown-events.csv",
        "unused.csv",
        "verification.csv",
    ];
    assert_eq!(names, expected);
    assert_eq!(mode(&case.report()), 0o700);
}

#[test]
fn a_reader_sees_one_instant_and_holds_up_no_writer() {
    let case = Case::new(&[EVERYTHING]);
    let journals: Journals = Reader::open(&case.journal()).unwrap().into();
    let writer = Connection::open(case.journal()).unwrap();
    writer
        .execute_batch("UPDATE task SET state = 4 WHERE id = 5; UPDATE record SET gap_set = NULL")
        .unwrap();
    let before = case.write_of(vec![journals], days(90), false);
    assert_eq!((before.tasks.account.accepted, before.gaps.open), (2, 4));
    assert!(before.balanced);
    let after = case.totals();
    assert_eq!((after.tasks.account.accepted, after.gaps.open), (3, 0));
}

#[test]
fn a_report_counts_the_rows_and_not_the_counters() {
    let case = Case::new(&[EVERYTHING]);
    assert!(case.totals().balanced);
    let writer = Connection::open(case.journal()).unwrap();
    writer
        .execute_batch(
            "UPDATE task SET state = 6 WHERE id = 5; UPDATE record SET verdict = 2 WHERE verdict = 4",
        )
        .unwrap();
    let (status, report) = (case.status(), case.totals());
    assert_eq!(status.tasks.account.gave_up, 1);
    assert!(status.balanced);
    assert_eq!(report.tasks.account.gave_up, 2);
    assert_eq!(report.verdicts.blocked, 3);
    assert!(!report.balanced);
    for group in ["tasks by state", "records by verdict"] {
        let said = format!("counters of {group} that say something else than the rows: 2");
        assert!(report.imbalances.contains(&said), "{:?}", report.imbalances);
    }
}

#[test]
fn updates_are_counted_beside_the_accounts() {
    let update = "INSERT INTO task (id, record, kind, state, code) VALUES (99, 1, 1, 5, 7)";
    let case = Case::new(&[EVERYTHING, update]);
    let totals = case.write(days(90), false);
    assert!(totals.balanced, "{:?}", totals.imbalances);
    assert_eq!(
        (totals.tasks.account.planned, totals.tasks.update.refused),
        (8, 1)
    );
    assert!(
        case.file("refused.csv")
            .contains("export.csv,2,C-1,update refused,422/1004,,,0,,,,\n")
    );
    assert!(
        case.file("report.html")
            .contains("Updates of accounts, beside these: planned 1")
    );
}

#[test]
fn a_journal_that_is_not_there_is_named_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let error = format!("{:#}", Reader::open(&path).unwrap_err());
    assert!(error.contains("journal.db cannot be read"), "{error}");
    assert!(!path.exists());
}
