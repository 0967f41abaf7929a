//! `check`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use super::world::{Bakkt, World, blocked, gap, row};
use crate::support::{copy_folder, json_of, program};

fn mixed() -> World {
    let world = World::new(&[
        row("A-1"),
        gap("A-2"),
        blocked("A-3"),
        row("A-4"),
        String::new(),
        row("A-5"),
        gap("A-5"),
        row("A-6").replace("Austin", ""),
    ]);
    world.set("[exclude]\nids = { list = [\"A-4\"], reason = \"estate\" }");
    world
}

#[test]
fn the_summary_says_where_every_row_ends_and_why() {
    assert_snapshot!(mixed().bakkt("check acme"), @r#"
    exit code 3
    --- stdout
    export.csv: CSV, utf-8, comma between cells, header in line 1, 8 columns

    rows read   7    account tasks 2
      ready     1      open        2
      grace     1      held        0
      blocked   2      in doubt    0
      excluded  1      accepted    0
      duplicate 2      refused     0
    gaps open   3      gave up     0
    blank lines 1
    balances: every row and every task is accounted for

    time        no limits are set: as fast as Bakkt answers

    what blocks records (2 in all)
                1  owners[0].emailAddress missing (EMAIL; mapping.toml:6)
                   export.csv:4
                1  owners[0].identity.personalAddress.city missing (CITY; mapping.toml:14)
                   export.csv:9

    other gaps (1 in all)
                1  owners[0].phoneNumber missing (PHONE; mapping.toml:7)
                   export.csv:3
    --- stderr
    "#);
}

#[test]
fn lines_of_the_policy_that_change_nothing_are_told() {
    let world = World::new(&[row("A-1")]);
    let lines = "[policy]\n\
        \"owners[].identity.disclosures.politicallyExposed\" = { level = \"H\", reason = \"nothing feeds them\" }\n\
        \"owners[].agreements[].eSignedDate\" = { level = \"H\", reason = \"nor agreements\" }\n\
        \"owners[].identity.maritalStatus\" = { level = \"G\", reason = \"a gap\" }\n\
        \"owners[].phoneNumber\" = { level = \"G\", reason = \"as it is\" }\n\
        \"entity\" = { level = \"O\", reason = \"of another type\" }\n\
        \"kyb.ENTITY\" = { level = \"O\", reason = \"of another type\" }\n\
        ";
    let path = world.path("acme/migration.toml");
    let settings = fs::read_to_string(&path).unwrap();
    fs::write(&path, settings.replace("[policy]\n", lines)).unwrap();
    let said = world.bakkt("check acme");
    let told: Vec<&str> = said
        .lines()
        .filter_map(|line| {
            line.trim_start()
                .strip_prefix("[policy]: \"")?
                .split('"')
                .next()
        })
        .collect();
    assert_eq!(
        told,
        [
            "entity",
            "kyb.ENTITY",
            "owners[].agreements[].eSignedDate",
            "owners[].identity.disclosures.politicallyExposed",
            "owners[].phoneNumber",
        ],
        "{said}"
    );
}

#[test]
fn a_plan_counts_what_check_counted() {
    let (world, bakkt) = (mixed(), Bakkt::start(|_| {}));
    let object = |line: &str| -> serde_json::Value {
        serde_json::from_str(&world.code(line).1).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let checked = object("check acme --json");
    world.code(&bakkt.run("--limit 0"));
    let planned = object("status acme --json");
    assert_eq!(checked["verdicts"]["blocked"], 2, "{checked}");
    for key in [
        "read",
        "blank_lines",
        "lost_rows",
        "verdicts",
        "gaps",
        "findings",
        "balanced",
    ] {
        assert_eq!(checked[key], planned[key], "{key}");
    }
    let planned_tasks = |object: &serde_json::Value| object["tasks"]["account"]["planned"].clone();
    assert_eq!(planned_tasks(&checked), planned_tasks(&planned));
}

#[test]
fn rates_make_a_forecast() {
    let world = World::of(3);
    world.change(
        "acme/migration.toml",
        "create = \"unlimited\"",
        "create = \"1/min\"",
    );
    assert_snapshot!(world.bakkt("check acme"), @r#"
    exit code 0
    --- stdout
    export.csv: CSV, utf-8, comma between cells, header in line 1, 8 columns

    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    time        at least 4 min for 3 accounts at the configured rates; on_existing = "skip" looks each account up first, beside the creations: no more time
    --- stderr
    "#);
    world.set("[accounts]\non_existing = \"update\"");
    let (_, text) = world.code("check acme");
    assert!(
        text.contains("on_existing = \"update\" creates without looking first"),
        "{text}"
    );
}

#[test]
fn json_is_exactly_one_object_with_the_documented_keys() {
    let world = mixed();
    let (code, text) = world.code("check acme --json");
    assert_eq!(code, 3);
    let values: Vec<serde_json::Value> = serde_json::Deserializer::from_str(&text)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(values.len(), 1, "{text}");
    assert_eq!(text.lines().count(), 1);
    assert_snapshot!(serde_json::to_string_pretty(&values[0]).unwrap(), @r#"
    {
      "after": {
        "decisions": {},
        "events": {
          "events": 0,
          "other_types": 0,
          "repeats": 0,
          "unknown_accounts": 0,
          "unknown_events": 0,
          "unknown_words": 0,
          "unreadable": 0,
          "without_id": 0
        },
        "gaps_closed": 0,
        "gaps_waived": 0,
        "links": {
          "fetched": 0,
          "last_link": 0,
          "running_out": 0,
          "to_fetch": 0,
          "used_up": 0,
          "wanted": 0
        },
        "reasons": {},
        "restricted": 0,
        "strange_words": {},
        "updates_sent": 0,
        "verification": {
          "checked": 0,
          "complete": false,
          "content": 0,
          "differences": 0,
          "different": 0,
          "documents": 0,
          "not_comparable": 0,
          "pass": 0,
          "same": 0,
          "to_come": 0,
          "unknown": 0
        },
        "waiting": {}
      },
      "balanced": true,
      "blank_lines": 1,
      "documents": {
        "account_not_sent": 0,
        "bytes": 0,
        "changed": 0,
        "former": 0,
        "given": 0,
        "no_account": 0,
        "refused": 0,
        "same": 0,
        "sent": 0
      },
      "existed": {
        "different": 0,
        "equal": 0,
        "overwritten": 0
      },
      "files": [
        {
          "blank_lines": 1,
          "documents": 0,
          "name": "export.csv",
          "parts": 0,
          "records": 7,
          "role": "accounts",
          "rows": 7,
          "unused": 0
        }
      ],
      "findings": [],
      "former": 0,
      "gaps": {
        "by_field": {
          "owners[0].emailAddress": 1,
          "owners[0].identity.personalAddress.city": 1,
          "owners[0].phoneNumber": 1
        },
        "open": 3
      },
      "imbalances": [],
      "kyb": {
        "former": 0,
        "former_in_doubt": 0,
        "incomplete": 0,
        "manual": 0
      },
      "lost_rows": 0,
      "planned": true,
      "problem_kinds": 3,
      "problems": [
        {
          "blocks": true,
          "columns": [
            "EMAIL"
          ],
          "count": 1,
          "mapping": "mapping.toml:6",
          "other_shapes": 0,
          "path": "owners[0].emailAddress",
          "places": [
            {
              "file": "export.csv",
              "row": 4,
              "shape": ""
            }
          ],
          "reason": "missing",
          "shapes": []
        },
        {
          "blocks": true,
          "columns": [
            "CITY"
          ],
          "count": 1,
          "mapping": "mapping.toml:14",
          "other_shapes": 0,
          "path": "owners[0].identity.personalAddress.city",
          "places": [
            {
              "file": "export.csv",
              "row": 9,
              "shape": ""
            }
          ],
          "reason": "missing",
          "shapes": []
        },
        {
          "blocks": false,
          "columns": [
            "PHONE"
          ],
          "count": 1,
          "mapping": "mapping.toml:7",
          "other_shapes": 0,
          "path": "owners[0].phoneNumber",
          "places": [
            {
              "file": "export.csv",
              "row": 3,
              "shape": ""
            }
          ],
          "reason": "missing",
          "shapes": []
        }
      ],
      "read": 7,
      "tasks": {
        "account": {
          "accepted": 0,
          "gave_up": 0,
          "held": 0,
          "in_doubt": 0,
          "open": 2,
          "planned": 2,
          "refused": 0
        },
        "document": {
          "accepted": 0,
          "gave_up": 0,
          "held": 0,
          "in_doubt": 0,
          "open": 0,
          "planned": 0,
          "refused": 0
        },
        "kyb": {
          "accepted": 0,
          "gave_up": 0,
          "held": 0,
          "in_doubt": 0,
          "open": 0,
          "planned": 0,
          "refused": 0
        }
      },
      "unused_exclusions": [],
      "verdicts": {
        "blocked": 2,
        "duplicate": 2,
        "excluded": 1,
        "grace": 1,
        "ready": 1
      }
    }
    "#);
}

#[test]
fn it_changes_nothing_and_writes_only_what_was_asked_for() {
    let world = mixed();
    let before = world.files();
    world.code("check acme");
    assert_eq!(world.files(), before);

    // An earlier one that others may read is replaced by one that they may not.
    world.write("payloads.jsonl", "{\"clientAccountId\":\"old\"}\n");
    fs::set_permissions(
        world.path("payloads.jsonl"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    assert_snapshot!(world.bakkt("check acme --payloads payloads.jsonl --gaps gaps.csv --json --replace"), @r#"
    exit code 3
    --- stdout
    {"read":7,"verdicts":{"ready":1,"grace":1,"blocked":2,"excluded":1,"duplicate":2},"tasks":{"account":{"planned":2,"open":2,"held":0,"in_doubt":0,"accepted":0,"refused":0,"gave_up":0},"document":{"planned":0,"open":0,"held":0,"in_doubt":0,"accepted":0,"refused":0,"gave_up":0},"kyb":{"planned":0,"open":0,"held":0,"in_doubt":0,"accepted":0,"refused":0,"gave_up":0}},"gaps":{"open":3,"by_field":{"owners[0].emailAddress":1,"owners[0].identity.personalAddress.city":1,"owners[0].phoneNumber":1}},"balanced":true,"imbalances":[],"existed":{"equal":0,"different":0,"overwritten":0},"blank_lines":1,"lost_rows":0,"planned":true,"former":0,"documents":{"given":0,"sent":0,"refused":0,"same":0,"account_not_sent":0,"no_account":0,"bytes":0,"changed":0,"former":0},"kyb":{"incomplete":0,"manual":0,"former":0,"former_in_doubt":0},"files":[{"name":"export.csv","role":"accounts","rows":7,"records":7,"parts":0,"documents":0,"unused":0,"blank_lines":1}],"after":{"decisions":{},"reasons":{},"strange_words":{},"waiting":{},"updates_sent":0,"gaps_closed":0,"gaps_waived":0,"events":{"events":0,"repeats":0,"unreadable":0,"other_types":0,"unknown_words":0,"without_id":0,"unknown_accounts":0,"unknown_events":0},"verification":{"pass":0,"complete":false,"to_come":0,"checked":0,"same":0,"different":0,"unknown":0,"not_comparable":0,"documents":0,"content":0,"differences":0},"links":{"wanted":0,"fetched":0,"running_out":0,"last_link":0,"to_fetch":0,"used_up":0},"restricted":0},"findings":[],"problem_kinds":3,"problems":[{"path":"owners[0].emailAddress","reason":"missing","blocks":true,"count":1,"columns":["EMAIL"],"mapping":"mapping.toml:6","places":[{"file":"export.csv","row":4,"shape":""}],"shapes":[],"other_shapes":0},{"path":"owners[0].identity.personalAddress.city","reason":"missing","blocks":true,"count":1,"columns":["CITY"],"mapping":"mapping.toml:14","places":[{"file":"export.csv","row":9,"shape":""}],"shapes":[],"other_shapes":0},{"path":"owners[0].phoneNumber","reason":"missing","blocks":false,"count":1,"columns":["PHONE"],"mapping":"mapping.toml:7","places":[{"file":"export.csv","row":3,"shape":""}],"shapes":[],"other_shapes":0}],"unused_exclusions":[]}
    --- stderr
    payloads.jsonl holds customers' data: names, birth dates, tax ids. Only you can read it; delete it when you are done
    "#);
    for name in ["payloads.jsonl", "gaps.csv"] {
        let mode = fs::metadata(world.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(world.read("payloads.jsonl").lines().count(), 2);
    assert_snapshot!(world.read("gaps.csv"), @r#"
    file,row,clientAccountId,verdict,path,level,reason,columns,mapping,shape
    export.csv,3,A-2,grace,owners[0].phoneNumber,G,missing,PHONE,mapping.toml:7,
    export.csv,4,A-3,blocked,owners[0].emailAddress,W,missing,EMAIL,mapping.toml:6,
    export.csv,9,A-6,blocked,owners[0].identity.personalAddress.city,W,missing,CITY,mapping.toml:14,
    "#);
    let mut after = world.files();
    after.retain(|name| !before.contains(name));
    assert_eq!(after, ["gaps.csv", "payloads.jsonl"]);
    let (_, quiet) = (
        world.code("check acme"),
        world.bakkt("check acme --quiet --json --payloads payloads.jsonl --replace"),
    );
    assert!(quiet.ends_with("--- stderr\n"), "{quiet}");
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    assert_snapshot!(mixed().bakkt("check acme --gaps nowhere/gaps.csv"), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: cannot write nowhere/gaps.csv: the folder nowhere: No such file or directory (os error 2)
      next: make the folder first, or name another
    "#);
}

#[test]
fn exit_codes_of_a_check() {
    assert_eq!(World::of(2).code("check acme").0, 0);
    assert_eq!(World::new(&[gap("A-1")]).code("check acme").0, 0);
    assert_eq!(World::new(&[blocked("A-1")]).code("check acme").0, 3);
    assert_eq!(
        World::new(&[row("A-1"), row("A-1")]).code("check acme").0,
        3
    );
    assert_eq!(World::new(&[]).code("check acme").0, 2);
}

#[test]
fn wrong_arguments() {
    let world = World::of(1);
    for line in [
        "",
        "chekc acme",
        "check",
        "check acme --jsn",
        "run acme --sandbox --base-url http://127.0.0.1:1",
        "run acme --limit few",
        "run acme --sandbox-config x.toml",
    ] {
        assert_eq!(world.code(line).0, 2, "{line}");
    }
    assert_snapshot!(world.bakkt("check nowhere"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: there is no folder nowhere
      next: name the folder that holds migration.toml
    "#);
    assert_eq!(world.code("--help").0, 0);
    assert_eq!(world.code("--version").0, 0);
}

#[test]
fn mistakes_are_told_all_at_once() {
    let world = World::of(1);
    world.change("acme/mapping.toml", "\"EMAIL\"", "\"EMIAL\"");
    world.change("acme/mapping.toml", "\"TX\"", "\"\"");
    assert_snapshot!(world.bakkt("check acme"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: the configuration has 2 mistakes

    error: the export has no column `EMIAL`
     --> mapping.toml:6:28
      |
    6 | "owners[0].emailAddress" = "EMIAL"
      |                            ^^^^^^^ did you mean `EMAIL`?

    error: "" does not fit this field
      --> mapping.toml:15:56
       |
    15 | "owners[0].identity.personalAddress.state" = { const = "" }
       |                                                        ^^ a text that is not empty

      next: correct these 2 and run the command again
    "#);
    fs::remove_file(world.path("acme/mapping.toml")).unwrap();
    assert_snapshot!(world.bakkt("check acme"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: cannot read acme/mapping.toml: No such file or directory (os error 2)
      next: check the name, and that the file is readable UTF-8 text
    "#);
    fs::remove_file(world.path("acme/migration.toml")).unwrap();
    assert_snapshot!(world.bakkt("check acme"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: cannot read acme/migration.toml: No such file or directory (os error 2)
      next: check the name, and that the file is readable UTF-8 text
    "#);
}

/// Birth dates of very many looks, and nothing of them but their looks in the output.
#[test]
fn a_kind_of_gap_is_told_with_its_first_places_and_what_values_look_like() {
    let born = |n: usize, text: &str| row(&format!("A-{n}")).replace("1980-02-03", text);
    // No two of these look alike, and there are more of them than are told apart.
    let odd = |n: usize| born(n, &format!("{n:010b}").replace('0', "q").replace('1', "7"));
    // The second row is a duplicate of the first: a gap only once.
    let mut rows = vec![born(1, "02/03/80"), born(1, "02/03/80")];
    rows.extend((2..=400).map(|n| born(n, "02/03/80")));
    rows.extend((401..=1000).map(odd));
    let world = World::new(&rows);
    let (_, text) = world.code("check acme");
    let section = text
        .split("\n\n")
        .find(|part| part.starts_with("what blocks"));
    assert_snapshot!(section.unwrap(), @r#"
    what blocks records (1,000 in all)
            1,000  owners[0].identity.dateOfBirth invalid: not a date (BORN; mapping.toml:10)
                   export.csv:2 `99/99/99`, export.csv:4 `99/99/99`, export.csv:5 `99/99/99`, …
                   shapes: `99/99/99` 400, `999aaa9999` 1, `999aaa999a` 1, others 598
    "#);
    for value in ["qq", "02/03", "77"] {
        assert!(!text.contains(value), "{text}");
    }
    let (_, json) = world.code("check acme --json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let problem = &json["problems"][0];
    let shapes = problem["shapes"].as_array().unwrap();
    let counts = shapes.iter().map(|shape| shape["count"].as_u64().unwrap());
    let others = problem["other_shapes"].as_u64().unwrap();
    assert_eq!(counts.sum::<u64>() + others, 1000);
    assert_eq!(problem["count"], 1000);
}

/// A first page that can be read, whatever the mapping: kinds beyond the limit are counted.
#[test]
fn many_kinds_are_cut_and_their_count_is_not() {
    let world = World::of(2);
    let lines: String = (0..30)
        .map(|n| format!("\"owners[0].agreements[{n}].eSignedDate\" = \"FIRST\"\n"))
        .collect();
    let mapping = world.read("acme/mapping.toml");
    world.write("acme/mapping.toml", &format!("{mapping}{lines}"));
    let (_, text) = world.code("check acme");
    let section = text
        .split("\n\n")
        .find(|part| part.starts_with("other gaps"));
    let section = section.unwrap();
    let total: u64 = (section.split(['(', ' ']).nth(3).unwrap().parse()).unwrap();
    let kinds = section
        .lines()
        .filter(|line| line.starts_with("            2  "));
    assert_eq!(kinds.count(), 25);
    let rest: Vec<&str> = section.lines().last().unwrap().split_whitespace().collect();
    let [count, "of", kinds, "more", "kinds"] = rest[..] else {
        panic!("{section}");
    };
    assert_eq!(count.parse::<u64>().unwrap(), total - 50);
    assert_eq!(kinds.parse::<u64>().unwrap() * 2, total - 50);
}

#[test]
fn settings_and_mappings_that_are_pipes_are_refused_without_waiting() {
    for name in ["acme/migration.toml", "acme/mapping.toml"] {
        let world = World::of(1);
        let path = world.path(name);
        fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let said = world.bakkt("check acme");
        assert!(said.starts_with("exit code 2"), "{said}");
        assert!(said.contains("it is a pipe or a device"), "{said}");
    }
}

/// What is known before anything is sent is the same in both.
#[test]
fn the_object_has_documents_kyb_and_files_as_that_of_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let harbor = folder.path().join("harbor");
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/harbor"),
        &harbor,
    );
    let object = |command: &str, more: &[&str]| {
        let (object, _) = json_of(program().arg(command).arg(&harbor).arg("--json").args(more));
        object
    };
    let check = object("check", &[]);
    let plan = object("plan", &["--sandbox"]);
    let count = |totals: &Value, path: &str| totals.pointer(path).unwrap().as_u64().unwrap();
    for path in [
        "/documents/given",
        "/documents/refused",
        "/documents/account_not_sent",
        "/documents/no_account",
        "/documents/side_assumed",
        "/tasks/kyb/planned",
        "/tasks/kyb/held",
    ] {
        assert!(count(&plan, path) > 0, "{path}: {plan}");
        assert_eq!(count(&check, path), count(&plan, path), "{path}");
    }
    // Only the content of a file says whether it is a copy of another.
    let uploads = |totals| count(totals, "/documents/sent") + count(totals, "/documents/same");
    assert_eq!(uploads(&check), uploads(&plan));
    assert_eq!(
        count(&check, "/tasks/document/planned"),
        count(&check, "/documents/sent")
    );
    assert_eq!(check["files"], plan["files"]);
}
