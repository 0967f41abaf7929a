//! The report of documents, KYB, joined files and rows that nothing uses.

use bakkt_report::{Totals, status_lines};

use super::case::{Case, days};

/// Four accounts: E-1 with everything accepted and KYB triggered; E-2 that lacks something and has one of everything;
/// E-3 whose KYB is in doubt; I-4, blocked because an owner is an entity. Words: 1–9 are texts, 20–29 types, 30–39 sides.
const ENTITIES: &str = r#"
INSERT INTO meta VALUES ('plan', 'planned'), ('rows_read', '4');
INSERT INTO file (id, name, role, rows, blank_lines) VALUES (1, 'accounts.csv', 'accounts', 4, 0),
  (2, 'owners.csv', 'owners', 6, 1), (3, 'documents.csv', 'documents', 13, 0), (4, '{clientAccountId}/*', 'documents', 1, 0);
INSERT INTO word VALUES (1, 'owners[].kind'), (2, 'invalid: an owner that is an entity goes by manual KYB'),
  (3, 'no row of accounts.csv has its key'), (4, 'invalid: its content is no image and no PDF'), (5, 'its account is not sent'),
  (6, 'the same file for the same owner, type and side as an earlier one'), (7, 'no account of this plan'), (8, 'missing'),
  (9, 'owners[1].phoneNumber'), (10, '404/40'), (11, 'the document … cannot be read'), (12, 'changed'), (13, 'the file is not the planned one'),
  (14, 'incomplete'), (15, 'the KYB checklist lacks something: kyb.csv says what'), (16, 'documents'), (17, 'expired'),
  (20, 'PASSPORT'), (21, 'CERTIFICATE_OF_INCORPORATION'), (22, 'CERTIFICATE_OF_BENEFICIAL_OWNERS'), (23, 'ENTITY_DUE_DILIGENCE'),
  (30, 'FRONT');
INSERT INTO record (id, file, row, offset, length, client_id, verdict, reason, hash, gaps) VALUES (1, 1, 2, 0, 9, 'E-1', 0, NULL, x'00', 0), (2, 1, 3, 9, 9, 'E-2', 1, NULL, x'00', 1),
  (3, 1, 4, 18, 9, 'E-3', 0, NULL, x'00', 0), (4, 1, 5, 27, 9, 'I-4', 2, NULL, NULL, 2);
INSERT INTO gap (record, path, reason, level, status, file, row) VALUES (2, 9, 8, 'G', 'open', 2, 4), (4, 1, 2, 'H', 'open', 0, 0), (4, 9, 8, 'G', 'open', 0, 0);
INSERT INTO part VALUES (1, 1, 0, 2, 2, 0, 9), (2, 1, 0, 2, 3, 9, 9), (2, 1, 1, 2, 4, 18, 9), (3, 1, 0, 2, 5, 27, 9), (4, 1, 0, 2, 6, 36, 9);
INSERT INTO unused VALUES (2, 7, 3);
INSERT INTO owner VALUES (1, 0, 'o-1', 3), (2, 0, 'o-2', 1), (2, 1, 'o-3', 4), (3, 0, 'o-4', 3);
INSERT INTO document (id, record, file, row, offset, length, shown, place, type, side, proves, size, uuid, verdict, reason) VALUES
  (1, 1, 3, 2, 0, 1, NULL, NULL, 21, 30, 1, 100, 'u-1', 0, NULL), (2, 1, 3, 3, 0, 1, NULL, NULL, 22, 30, 16, 100, 'u-2', 0, NULL),
  (3, 1, 3, 4, 0, 1, NULL, NULL, 23, 30, 14, 100, 'u-3', 0, NULL), (4, 1, 3, 5, 0, 1, NULL, 0, 20, 30, 32, 100, 'u-4', 0, NULL),
  (5, 2, 3, 6, 0, 1, NULL, NULL, 21, 30, 1, 2000000, 'u-5', 0, NULL), (6, 2, 3, 7, 0, 1, NULL, NULL, 22, 30, 16, 100, 'u-6', 0, NULL),
  (7, 2, 3, 8, 0, 1, NULL, NULL, 23, 30, 2, 100, 'u-7', 0, NULL), (8, 2, 3, 9, 0, 1, NULL, 0, 20, 30, 32, 100, 'u-8', 0, NULL),
  (9, 2, 3, 10, 0, 1, NULL, 0, 20, 30, 32, 100, 'u-8', 2, 6), (10, 2, 3, 11, 0, 1, NULL, NULL, NULL, NULL, 0, 0, NULL, 1, 4),
  (11, 4, 3, 12, 0, 1, NULL, 0, 20, 30, 32, 100, NULL, 3, 5), (12, 0, 3, 13, 0, 1, NULL, NULL, 20, NULL, 0, 100, NULL, 4, 7),
  (13, 2, 3, 14, 0, 1, NULL, 0, 20, 30, 32, 100, NULL, 1, 17),
  (14, 3, 4, 0, 0, 0, 'E-3/*', 0, 20, 30, 32, 100, 'u-14', 0, NULL);
INSERT INTO task (id, record, kind, state, attempts, first_at, last_at, bakkt_id, document, code, field, message) VALUES
  (1, 1, 0, 4, 1, 1795000000000, 1795000000250, 'b-1', 0, NULL, NULL, NULL), (2, 2, 0, 4, 1, 1795000000000, 1795000000250, 'b-2', 0, NULL, NULL, NULL),
  (3, 3, 0, 4, 1, 1795000000000, 1795000000250, 'b-3', 0, NULL, NULL, NULL),
  (4, 1, 3, 4, 1, 1795000000000, 1795000000250, 'd-1', 1, NULL, NULL, NULL), (5, 1, 3, 4, 1, 1795000000000, 1795000000250, 'd-2', 2, NULL, NULL, NULL),
  (6, 1, 3, 4, 1, 1795000000000, 1795000000250, 'd-3', 3, NULL, NULL, NULL), (7, 1, 3, 4, 2, 1795000000000, 1795000000250, 'd-4', 4, NULL, NULL, NULL),
  (8, 2, 3, 4, 1, 1795000000000, 1795000000250, 'd-5', 5, NULL, NULL, NULL), (9, 2, 3, 5, 1, 1795000000000, 1795000000250, NULL, 6, 10, NULL, 11),
  (10, 2, 3, 0, 0, NULL, NULL, NULL, 7, NULL, NULL, NULL), (11, 2, 3, 1, 0, NULL, NULL, NULL, 8, 12, NULL, 13),
  (12, 3, 3, 4, 1, 1795000000000, 1795000000250, 'd-14', 14, NULL, NULL, NULL),
  (13, 1, 4, 4, 1, 1795000000000, 1795000000250, NULL, 0, NULL, NULL, NULL), (14, 2, 4, 1, 0, NULL, NULL, NULL, 0, 14, NULL, 15),
  (15, 3, 4, 3, 1, 1795000000000, 1795000000250, NULL, 0, NULL, NULL, NULL);
"#;

/// Left over from an earlier plan.
const FORMER: &str = "
INSERT INTO task (id, record, kind, state) VALUES (97, -97, 5, 4), (98, -98, 6, 4), (99, -99, 6, 3);
INSERT INTO former_task VALUES (97, 'u-97', 'F-1'), (98, NULL, 'F-1'), (99, NULL, 'F 2');";

fn totals(sql: &[&str]) -> Totals {
    Case::new(sql).totals()
}

#[test]
fn documents_and_kyb_are_counted() {
    let totals = totals(&[ENTITIES, FORMER]);
    assert!(totals.balanced, "{:?}", totals.imbalances);
    let json = totals.json();
    assert_eq!(
        json["tasks"]["document"].to_string(),
        r#"{"accepted":6,"gave_up":0,"held":1,"in_doubt":0,"open":1,"planned":9,"refused":1}"#
    );
    assert_eq!(
        json["tasks"]["kyb"].to_string(),
        r#"{"accepted":1,"gave_up":0,"held":1,"in_doubt":1,"open":0,"planned":3,"refused":0}"#
    );
    let documents = concat!(
        r#"{"account_not_sent":1,"bytes":2000800,"changed":1,"former":1,"given":14,"no_account":1,"#,
        r#""refused":2,"same":1,"sent":9}"#
    );
    assert_eq!(json["documents"].to_string(), documents);
    assert_eq!(
        json["kyb"].to_string(),
        r#"{"former":1,"former_in_doubt":1,"incomplete":1,"manual":1}"#
    );
    assert_eq!(totals.former, 0);
    assert_eq!(
        status_lines(&totals),
        "\
rows read   4    account tasks 3
  ready     2      open        0
  grace     1      held        0
  blocked   1      in doubt    0
  excluded  0      accepted    3
  duplicate 0      refused     0
gaps open   3      gave up     0
documents 14, uploads 9: open 1, held 1, accepted 6, refused 1
  not sent: refused before sending 2, same as an earlier one 1, account not sent 1, no account 1
KYB 3: held 1, in doubt 1, accepted 1
for a person: documents whose file has changed 1, KYB checklists that lack something 1, KYB triggers in doubt 2, accounts for manual KYB 1
rows of owners.csv that nothing uses 1
decisions: undecided 3
balances: every row and every task is accounted for
"
    );
}

#[test]
fn whatever_does_not_balance_is_said() {
    let cases = [
        (
            "UPDATE document SET verdict = 9 WHERE id = 10",
            "documents given are 14, but those sent and not sent add up to 13",
        ),
        (
            "UPDATE task SET state = 9 WHERE id = 10",
            "document tasks planned are 9, but their states add up to 8",
        ),
        (
            "DELETE FROM task WHERE id = 10",
            "document tasks planned are 8, but documents to be sent are 9",
        ),
        (
            "DELETE FROM task WHERE id = 10",
            "documents to be sent without a task: 1",
        ),
        (
            "UPDATE task SET document = 10 WHERE id = 10",
            "document tasks of a document that is not sent: 1",
        ),
        (
            "UPDATE task SET document = 99 WHERE id = 10",
            "documents to be sent without a task: 1",
        ),
        (
            "UPDATE task SET state = -1 WHERE id = 13",
            "KYB tasks planned are 3, but their states add up to 2",
        ),
        (
            "UPDATE task SET record = 4 WHERE id = 13",
            "KYB tasks of a record that is neither ready nor grace, or of no record: 1",
        ),
        (
            "DELETE FROM unused",
            "rows of owners.csv are 6, but those that are used and not used add up to 5",
        ),
        (
            "UPDATE file SET rows = 14 WHERE id = 3",
            "rows of documents.csv are 14, but those that are used and not used add up to 13",
        ),
    ];
    for (damage, said) in cases {
        let found = totals(&[ENTITIES, damage]).imbalances;
        assert!(found.iter().any(|line| line == said), "{damage}: {found:?}");
    }
    // While planning goes on, files are not read to their ends.
    let planning = "UPDATE meta SET value = 'planning' WHERE key = 'plan'; DELETE FROM unused";
    assert!(totals(&[ENTITIES, planning]).balanced);
}

#[test]
fn what_waits_for_a_person_is_said() {
    let calm = "DELETE FROM gap WHERE record = 4; UPDATE record SET verdict = 3 WHERE id = 4;
        UPDATE task SET state = 4, code = NULL WHERE id > 3";
    assert!(!totals(&[ENTITIES, calm]).needs_person());
    for one in [
        "UPDATE task SET state = 5 WHERE id = 5",
        "UPDATE task SET state = 6 WHERE id = 5",
        "UPDATE task SET state = 1, code = 12 WHERE id = 5",
        "UPDATE task SET state = 5 WHERE id = 13",
        "UPDATE task SET state = 3 WHERE id = 13",
        "UPDATE task SET state = 1, code = 14 WHERE id = 13",
        "INSERT INTO task (id, record, kind, state) VALUES (99, -99, 6, 3)",
    ] {
        assert!(totals(&[ENTITIES, calm, one]).needs_person(), "{one}");
    }
    for none in [
        "UPDATE task SET state = 3 WHERE id = 5",
        "UPDATE task SET state = 1, code = 16 WHERE id = 13",
        "INSERT INTO task (id, record, kind, state) VALUES (99, -99, 6, 4)",
    ] {
        assert!(!totals(&[ENTITIES, calm, none]).needs_person(), "{none}");
    }
}

#[test]
fn every_document_has_a_line() {
    let case = Case::new(&[ENTITIES]);
    case.write(days(90), false);
    assert_eq!(
        case.file("documents.csv"),
        "\
file,row,clientAccountId,ownerPlace,documentType,documentSide,outcome,reason,state,attempts,code,message,clientDocumentId,bytes,sideAssumed,sha256
documents.csv,2,E-1,,CERTIFICATE_OF_INCORPORATION,FRONT,sent,,accepted,1,,,u-1,100,,
documents.csv,3,E-1,,CERTIFICATE_OF_BENEFICIAL_OWNERS,FRONT,sent,,accepted,1,,,u-2,100,,
documents.csv,4,E-1,,ENTITY_DUE_DILIGENCE,FRONT,sent,,accepted,1,,,u-3,100,,
documents.csv,5,E-1,1,PASSPORT,FRONT,sent,,accepted,2,,,u-4,100,,
documents.csv,6,E-2,,CERTIFICATE_OF_INCORPORATION,FRONT,sent,,accepted,1,,,u-5,2000000,,
documents.csv,7,E-2,,CERTIFICATE_OF_BENEFICIAL_OWNERS,FRONT,sent,,refused,1,404/40,the document … cannot be read,u-6,100,,
documents.csv,8,E-2,,ENTITY_DUE_DILIGENCE,FRONT,sent,,open,0,,,u-7,100,,
documents.csv,9,E-2,1,PASSPORT,FRONT,sent,,held,0,changed,the file is not the planned one,u-8,100,,
documents.csv,10,E-2,1,PASSPORT,FRONT,same as an earlier one,\"the same file for the same owner, type and side as an earlier one\",,0,,,u-8,100,,
documents.csv,11,E-2,,,,refused before sending,invalid: its content is no image and no PDF,,0,,,,,,
documents.csv,12,I-4,1,PASSPORT,FRONT,account not sent,its account is not sent,,0,,,,100,,
documents.csv,13,,,PASSPORT,,no account,no account of this plan,,0,,,,100,,
documents.csv,14,E-2,1,PASSPORT,FRONT,refused before sending,expired,,0,,,,100,,
E-3/*,,E-3,1,PASSPORT,FRONT,sent,,accepted,1,,,u-14,100,,
"
    );
    assert_eq!(
        case.file("refused.csv").lines().last().unwrap(),
        "documents.csv,7,E-2,document refused,404/40,,the document … cannot be read,1,2026-11-18T11:06:40.250Z,,,"
    );
    assert_eq!(
        case.file("unused.csv"),
        "file,row,reason\nowners.csv,7,no row of accounts.csv has its key\n"
    );
    // A gap of a joined row stands in that row.
    let gaps = case.file("gaps.csv");
    assert!(gaps.contains("\nowners.csv,4,E-2,owners[1].phoneNumber,G,missing,"));
    let rows = case.file("reconciliation.csv");
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let of_documents_and_kyb = [
        "documents",
        "documentsAccepted",
        "documentsRefused",
        "documentsNotSent",
        "kybState",
    ]
    .map(|name| headers.iter().position(|column| column == name).unwrap());
    let beside: Vec<String> = reader
        .records()
        .map(|row| of_documents_and_kyb.map(|at| row.as_ref().unwrap()[at].to_owned()))
        .map(|cells| cells.join(","))
        .collect();
    assert_eq!(
        beside[..4],
        [
            "4,4,0,0,accepted",
            "4,1,1,3,held",
            "1,1,0,0,in doubt",
            "0,0,0,1,"
        ]
    );
}

#[test]
fn the_kyb_checklist_is_told_item_by_item() {
    let case = Case::new(&[ENTITIES, FORMER]);
    case.write(days(90), false);
    let kyb = case.file("kyb.csv");
    let of = |id: &str| -> Vec<&str> { kyb.lines().filter(|line| line.starts_with(id)).collect() };
    let ends = |lines: &[&str], end: &str| lines.iter().all(|line| line.ends_with(end));
    assert_eq!(of("E-1,accepted").len(), 7);
    assert!(ends(&of("E-1"), ",accepted,,"));
    let held = "incomplete,the KYB checklist lacks something: kyb.csv says what";
    let expected = [
        "certificate of incorporation or formation,,accepted",
        "\"bylaws, articles of association or operating agreement\",,planned",
        "shareholder registry,,missing",
        "organization chart,,missing",
        "certificate of beneficial owners,,missing",
        "passport or driver's licence (both sides) of an owner above 25 %,1,planned",
        "how much this owner owns (ownership_percent),2,missing",
        "one person who manages the entity (manages_entity),,missing",
    ];
    let expected: Vec<String> = expected
        .iter()
        .map(|item| format!("E-2,held,{item},{held}"))
        .collect();
    assert_eq!(of("E-2"), expected);
    let doubt = of("E-3").pop().unwrap();
    assert!(doubt.starts_with("E-3,in doubt,KYB trigger,,in doubt,,") && doubt.contains("resolve"));
    assert!(of("F 2").pop().unwrap().contains("resolve"));

    let summary: serde_json::Value = serde_json::from_str(&case.file("summary.json")).unwrap();
    assert_eq!(summary["kyb"]["complete"], 1);
    assert_eq!(summary["kyb"]["in_doubt"].to_string(), r#"["E-3","F 2"]"#);
    let waits = &summary["kyb"]["waits"];
    assert_eq!(
        waits["shareholder registry"].to_string(),
        r#"{"missing":1,"planned":0}"#
    );
    assert_eq!(waits.as_object().unwrap().len(), 7);
}

#[test]
fn the_page_says_what_waits_for_whom() {
    let case = Case::new(&[ENTITIES, FORMER]);
    case.write(days(90), true);
    let page = case.file("report.html");
    for said in [
        "14 documents were given = 9 to be sent (2,000 kB) + 5 not sent",
        "<td>invalid: its content is no image and no PDF</td><td class=\"num\">1</td>",
        "shareholder registry</th><td class=\"num\">1</td><td class=\"num\">0</td><td class=\"num\">1</td>",
        "bakkt-migrate resolve DIR --sandbox --kyb=E-3 --as accepted --reason",
        "2 KYB triggers were sent and their answer was lost",
        "1 of them are of an earlier plan",
        "1 accounts are blocked because an owner is an entity",
        "no row of accounts.csv has its key",
    ] {
        assert!(page.contains(said), "{said}");
    }
    // Most migrations have nothing of all that.
    let plain = Case::new(&["INSERT INTO meta VALUES ('plan', 'planned'), ('rows_read', '0')"]);
    plain.write(days(90), false);
    let page = plain.file("report.html");
    for section in ["id=\"documents\"", "id=\"kyb\"", "id=\"rows\""] {
        assert!(!page.contains(section), "{section}");
    }
}

#[test]
fn lists_are_cut_and_their_totals_are_not() {
    let many = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 199)
        INSERT INTO record (id, file, row, offset, length, client_id, verdict, reason, hash, gaps) SELECT i, 1, i, 0, 1, 'M-' || i, 0, NULL, x'00', 0 FROM n;
        INSERT INTO task (record, kind, state) SELECT id, 0, 4 FROM record WHERE id >= 100;
        INSERT INTO task (record, kind, state) SELECT id, 4, 3 FROM record WHERE id >= 100;
        UPDATE file SET rows = 104 WHERE id = 1; UPDATE meta SET value = '104' WHERE key = 'rows_read'";
    let case = Case::new(&[ENTITIES, many]);
    let totals = case.write(days(90), false);
    assert!(totals.balanced, "{:?}", totals.imbalances);
    let page = case.file("report.html");
    assert!(page.contains("101 KYB triggers were sent") && page.contains("71 more: see"));
    assert!(page.contains("--kyb=M-128 ") && !page.contains("--kyb=M-129 "));
    let lines = case
        .file("kyb.csv")
        .lines()
        .filter(|l| l.contains("resolve"))
        .count();
    assert_eq!(lines, 101);
    assert_eq!(case.totals(), totals);
}
