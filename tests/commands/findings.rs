//! Findings, from `check` to the report.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use super::world::{Bakkt, World};

/// A customer: number, birth date, tax id, e-mail.
fn person(number: u32, born: &str, ssn: &str, email: &str) -> String {
    let last = char::from(b'A' + (number % 26) as u8);
    format!("F-{number},{email},Ann,Example{last},{born},{ssn},Austin,+15125550142")
}

/// A customer like no other.
fn plain(number: u32) -> String {
    let born = format!("19{}-02-03", 50 + number);
    let (ssn, email) = (
        format!("9870020{number:02}"),
        format!("p{number}@example.com"),
    );
    person(number, &born, &ssn, &email)
}

/// One minor, two with one tax id, and one person twice.
fn mixed() -> World {
    let twin = |id: &str| {
        let email = format!("{id}@example.com");
        format!("{id},{email},Mara,Quill,1984-03-31,987004000,Austin,+15125550142")
    };
    let world = World::new(&[
        plain(1),
        person(2, "2022-01-01", "987002002", "p2@example.com"),
        person(3, "1953-02-03", "987003000", "p3@example.com"),
        person(4, "1954-02-03", "987003000", "p4@example.com"),
        twin("T-1"),
        twin("T-2"),
    ]);
    world.change("acme/migration.toml", "same_person = \"silence\"\n", "");
    world
}

fn section(text: &str) -> &str {
    let found = text
        .split("\n\n")
        .find(|part| part.starts_with("findings ("));
    found.unwrap_or("").trim_end()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Kind, action and count of every finding of a `--json` object.
fn kinds(object: &Value) -> Vec<(String, String, u64)> {
    let word = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let all = object["findings"].as_array().unwrap().iter();
    all.map(|one| {
        (
            word(one, "kind"),
            word(one, "action"),
            one["count"].as_u64().unwrap(),
        )
    })
    .collect()
}

fn told(all: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    let owned = |(kind, action, count): &(&str, &str, u64)| {
        ((*kind).to_owned(), (*action).to_owned(), *count)
    };
    all.iter().map(owned).collect()
}

#[test]
fn check_says_what_where_and_what_to_do() {
    let (code, text) = mixed().code("check acme");
    assert_eq!(code, 0, "{text}");
    assert_snapshot!(section(&text), @r#"
    findings (5 in all; docs/findings.md)
                2  same_person: the same person (names, birth date and tax id) has several ids or is several owners of one account
                   export.csv:6 (T-1), export.csv:7 (T-2)
                   find out which id is right and exclude the others, or the person gets several accounts
                2  same_tax_id: different people or entities have the same tax id
                   export.csv:4 (F-3), export.csv:5 (F-4)
                   correct the tax ids: at most one of them is right
                1  minor_owner: an owner who must be of age is under 18
                   export.csv:3 (F-2) owners[0].identity.dateOfBirth `under 18`
                   check the birth date (also its century) and the role; a birth date cannot be changed later
    "#);
    let (_, text) = mixed().code("check acme --json");
    assert_snapshot!(serde_json::to_string_pretty(&json(&text)["findings"]).unwrap(), @r#"
    [
      {
        "action": "tell",
        "count": 2,
        "groups": 1,
        "kind": "same_person",
        "places": [
          {
            "file": "export.csv",
            "group": 1,
            "id": "T-1",
            "row": 6
          },
          {
            "file": "export.csv",
            "group": 1,
            "id": "T-2",
            "row": 7
          }
        ]
      },
      {
        "action": "tell",
        "count": 2,
        "groups": 1,
        "kind": "same_tax_id",
        "places": [
          {
            "file": "export.csv",
            "group": 1,
            "id": "F-3",
            "row": 4
          },
          {
            "file": "export.csv",
            "group": 1,
            "id": "F-4",
            "row": 5
          }
        ]
      },
      {
        "action": "tell",
        "count": 1,
        "kind": "minor_owner",
        "places": [
          {
            "file": "export.csv",
            "id": "F-2",
            "path": "owners[0].identity.dateOfBirth",
            "row": 3,
            "shape": "under 18"
          }
        ]
      }
    ]
    "#);
}

#[test]
fn nothing_found_nothing_said() {
    let world = World::new(&[plain(1), plain(2)]);
    let (code, text) = world.code("check acme");
    assert_eq!((code, section(&text)), (0, ""));
    assert_eq!(
        json(&world.code("check acme --json").1)["findings"],
        Value::Array(vec![])
    );
}

#[test]
fn an_exclusion_that_fits_no_row_is_a_finding_until_it_is_silenced() {
    let world = World::new(&[plain(1), plain(2)]);
    world.set("[exclude]\nids = { list = [\"F-1\", \"F-9\"], reason = \"legal hold\" }");
    let (_, object) = world.code("check acme --findings found.csv --json");
    assert_eq!(
        kinds(&json(&object)),
        told(&[("unused_exclusion", "tell", 1)])
    );
    let file = world.read("found.csv");
    assert!(
        file.contains("unused_exclusion,tell,migration.toml,"),
        "{file}"
    );
    world.change(
        "acme/migration.toml",
        "[findings]\n",
        "[findings]\nunused_exclusion = \"silence\"\n",
    );
    let (_, object) = world.code("check acme --json");
    assert_eq!(kinds(&json(&object)), told(&[]));
}

#[test]
fn every_finding_goes_into_a_file_that_only_its_owner_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let world = mixed();
    world.code("check acme --findings found.csv");
    assert_snapshot!(world.read("found.csv"), @r#"
    kind,action,file,row,clientAccountId,field,group,shape
    minor_owner,tell,export.csv,3,F-2,owners[0].identity.dateOfBirth,,under 18
    same_tax_id,tell,export.csv,4,F-3,,3,
    same_tax_id,tell,export.csv,5,F-4,,3,
    same_person,tell,export.csv,6,T-1,,5,
    same_person,tell,export.csv,7,T-2,,5,
    "#);
    let mode = fs::metadata(world.path("found.csv"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_told_is_sent_and_stands_in_the_report() {
    let (world, bakkt) = (mixed(), Bakkt::start(|_| {}));
    let (code, text) = world.code(&bakkt.run("--json"));
    assert_eq!((code, bakkt.ledger().accounts), (0, 6), "{text}");
    let all = told(&[
        ("same_person", "tell", 2),
        ("same_tax_id", "tell", 2),
        ("minor_owner", "tell", 1),
    ]);
    assert_eq!(kinds(&json(&text)), all);
    assert_snapshot!(world.read("acme/report/findings.csv"), @r#"
    kind,action,file,row,clientAccountId,field,group
    minor_owner,tell,export.csv,3,F-2,owners[0].identity.dateOfBirth,
    same_tax_id,tell,export.csv,4,F-3,,3
    same_tax_id,tell,export.csv,5,F-4,,3
    same_person,tell,export.csv,6,T-1,,5
    same_person,tell,export.csv,7,T-2,,5
    "#);
    let summary = json(&world.read("acme/report/summary.json"));
    assert_eq!(kinds(&summary["totals"]), all);
    let page = world.read("acme/report/report.html");
    for words in [
        "<h2 id=\"findings\">Findings</h2>",
        "<code>same_tax_id</code>",
        "different people or entities have the same tax id",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let status = world.code("status acme").1;
    assert!(
        status.contains("findings: same_person 2, same_tax_id 2, minor_owner 1"),
        "{status}"
    );
    // Not even a shape of a value is kept.
    let journal = fs::read(world.path("acme/.bakkt-migrate/journal.db")).unwrap();
    for value in [
        "987003000",
        "987004000",
        "1984-03-31",
        "2022-01-01",
        "years old",
        "p3@example.com",
    ] {
        assert!(
            !journal
                .windows(value.len())
                .any(|part| part == value.as_bytes()),
            "{value}"
        );
    }
}

#[test]
fn a_run_says_them_before_it_sends() {
    let (world, bakkt) = (mixed(), Bakkt::start(|_| {}));
    let shown = world.bakkt(&bakkt.run(""));
    let note = "findings: same_person 2, same_tax_id 2, minor_owner 1; `check` shows where, findings.csv of the report lists them all";
    assert!(shown.contains(note), "{shown}");
}

#[test]
fn whom_a_finding_blocks_is_not_sent_and_check_says_so_before() {
    let (world, bakkt) = (mixed(), Bakkt::start(|_| {}));
    world.change(
        "acme/migration.toml",
        "[findings]",
        "[findings]\nsame_person = \"block\"\nminor_owner = \"block\"",
    );
    let (code, text) = world.code("check acme --payloads payloads.jsonl --gaps gaps.csv --json");
    let checked = json(&text);
    assert_eq!(
        (code, checked["verdicts"]["blocked"].as_u64()),
        (3, Some(3)),
        "{text}"
    );
    assert_eq!(world.read("payloads.jsonl").lines().count(), 3);
    let (code, text) = world.code(&bakkt.run("--json"));
    let run = json(&text);
    assert_eq!((code, bakkt.ledger().accounts), (3, 3), "{text}");
    for key in ["verdicts", "read", "balanced"] {
        assert_eq!(checked[key], run[key], "{key}");
    }
    assert_eq!(kinds(&checked), kinds(&run));
    let reasons: Vec<String> = world
        .read("acme/report/reconciliation.csv")
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .skip(2)
                .take(3)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "F-1 ready ",
            "F-2 blocked finding: minor_owner",
            "F-3 ready ",
            "F-4 ready ",
            "T-1 blocked finding: same_person",
            "T-2 blocked finding: same_person",
        ]
    );
    let page = world.read("acme/report/report.html");
    assert!(
        page.contains("2 rows are blocked by a finding: same_person."),
        "{page}"
    );
    // The same command again sends nothing more.
    assert_eq!(world.code(&bakkt.run("")).0, 3);
    assert_eq!(bakkt.ledger().accounts, 3);
}

#[test]
fn what_blocks_is_drift_and_what_is_told_is_not() {
    let (world, bakkt) = (mixed(), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("--limit 1")).0, 0);
    world.change(
        "acme/migration.toml",
        "[findings]",
        "[findings]\npo_box = \"silence\"",
    );
    assert_eq!(world.code(&bakkt.run("--limit 1")).0, 0);
    world.change(
        "acme/migration.toml",
        "[findings]",
        "[findings]\nminor_owner = \"block\"",
    );
    let shown = world.bakkt(&bakkt.run(""));
    assert!(
        shown.contains(
            "since the plan was made, this changed: what blocks under [findings] in migration.toml"
        ),
        "{shown}"
    );
}

#[test]
fn a_new_plan_has_its_own_findings() {
    let (world, bakkt) = (mixed(), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("--limit 1")).0, 0);
    world.change("acme/export.csv", "2022-01-01", "1952-01-01");
    let replan = format!("replan acme --base-url {} --reason corrected", bakkt.url());
    let (code, text) = world.code(&format!("{replan} --json"));
    assert_eq!(code, 0, "{text}");
    assert_eq!(
        kinds(&json(&text)),
        told(&[("same_person", "tell", 2), ("same_tax_id", "tell", 2)])
    );
}

#[test]
fn mistakes_in_the_table_are_told() {
    let world = World::of(1);
    world.change(
        "acme/migration.toml",
        "[findings]",
        "[findings]\nunused_exclusion = \"block\"\nminors = \"tell\"",
    );
    let shown = world.bakkt("check acme");
    for words in ["exit code 2", "unused_exclusion", "tell, silence", "minors"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
}

/// Four customers with documents of a manifest: one names another customer's file, two claim one file.
fn with_documents() -> World {
    let world = World::new(&[plain(1), plain(2), plain(3), plain(4)]);
    world.set(
        "[documents]\nroot = \"files\"\nmanifest = \"documents.csv\"\nmapping = \"documents.toml\"",
    );
    world.write(
        "acme/documents.toml",
        "[fields]\nfile = \"FILE\"\nclientAccountId = \"ID\"\ndocumentType = { const = \"PASSPORT\" }\n",
    );
    world.write(
        "acme/documents.csv",
        "ID,FILE\nF-1,F-1_passport.pdf\nF-2,F-1_other.pdf\nF-3,shared/scan.pdf\nF-4,shared/scan.pdf\nF-4,F-4_passport.pdf\n",
    );
    fs::create_dir_all(world.path("acme/files/shared")).unwrap();
    for (name, more) in [
        ("F-1_passport", "1"),
        ("F-1_other", "2"),
        ("shared/scan", "3"),
        ("F-4_passport", "4"),
    ] {
        let text = format!("%PDF-1.4\n{more}\n%%EOF\n");
        world.write(&format!("acme/files/{name}.pdf"), &text);
    }
    world
}

#[test]
fn documents_of_other_customers_are_told_with_both_places() {
    let world = with_documents();
    let (_, text) = world.code("check acme");
    assert_snapshot!(section(&text), @r#"
    findings (4 in all; docs/findings.md)
                2  misplaced_document: a document of one customer whose file names another customer
                   documents.csv:3 (F-2), export.csv:2 (F-1)
                   correct the manifest or move the file: it would be sent for the wrong customer
                2  shared_document: one document that several customers claim
                   documents.csv:4 (F-3), documents.csv:5 (F-4)
                   find out whose document it is and take the other lines away
    "#);
    let bakkt = Bakkt::start(|_| {});
    let (_, text) = world.code(&bakkt.run("--json"));
    assert_eq!(
        kinds(&json(&text)),
        told(&[
            ("misplaced_document", "tell", 2),
            ("shared_document", "tell", 2)
        ])
    );
    assert_snapshot!(world.read("acme/report/findings.csv"), @r#"
    kind,action,file,row,clientAccountId,field,group
    misplaced_document,tell,export.csv,2,F-1,,1
    misplaced_document,tell,documents.csv,3,F-2,,1
    shared_document,tell,documents.csv,4,F-3,,3
    shared_document,tell,documents.csv,5,F-4,,3
    "#);
}

#[test]
fn a_copy_of_a_file_is_found_by_its_content() {
    let world = with_documents();
    world.write(
        "acme/documents.csv",
        "ID,FILE\nF-1,F-1_passport.pdf\nF-2,F-2_passport.pdf\nF-4,F-4_passport.pdf\n",
    );
    let passport = world.read("acme/files/F-1_passport.pdf");
    world.write("acme/files/F-2_passport.pdf", &passport);
    world.change(
        "acme/migration.toml",
        "[findings]",
        "[findings]\nshared_document = \"block\"",
    );
    // Nobody reads the files for a check.
    assert_eq!(
        json(&world.code("check acme --json").1)["findings"],
        Value::Array(vec![])
    );
    let bakkt = Bakkt::start(|_| {});
    let (code, text) = world.code(&bakkt.run("--json"));
    let run = json(&text);
    assert_eq!((code, bakkt.ledger().accounts), (3, 2), "{text}");
    assert_eq!(
        (&run["balanced"], kinds(&run)),
        (&true.into(), told(&[("shared_document", "block", 2)])),
        "{text}"
    );
    let documents = &run["documents"];
    assert_eq!(
        (&documents["sent"], &documents["account_not_sent"]),
        (&1.into(), &2.into()),
        "{text}"
    );
    let found = world.read("acme/report/findings.csv");
    assert_eq!(
        found,
        "kind,action,file,row,clientAccountId,field,group\n\
         shared_document,block,documents.csv,2,F-1,,1\n\
         shared_document,block,documents.csv,3,F-2,,1\n"
    );
}

#[test]
fn whom_a_document_blocks_is_not_sent_nor_are_the_documents() {
    let world = with_documents();
    world.change(
        "acme/migration.toml",
        "[findings]",
        "[findings]\nmisplaced_document = \"block\"\nshared_document = \"block\"",
    );
    let checked = json(&world.code("check acme --json").1);
    let bakkt = Bakkt::start(|_| {});
    let (code, text) = world.code(&bakkt.run("--json"));
    let run = json(&text);
    assert_eq!((code, bakkt.ledger().accounts), (3, 1), "{text}");
    assert_eq!(checked["verdicts"], run["verdicts"]);
    assert_eq!(run["balanced"], true, "{text}");
    let documents = &run["documents"];
    assert_eq!(
        (&documents["sent"], &documents["account_not_sent"]),
        (&1.into(), &4.into()),
        "{text}"
    );
}
