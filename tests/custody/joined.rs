//! Custody of several exports and of several shards: nobody's recipients get lost, and the parts are the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::world::{IBANS, World, row, rows};
use crate::support::redis::Redis;
use crate::support::{copy_folder, json_of, program};

const RECIPIENTS: &str = r#"
[fields]
"custody.recipients[].accountName" = "PAYEE"
"custody.recipients[].currency" = { const = "EUR" }
"custody.recipients[].iban" = "IBAN"
"#;

#[test]
fn recipients_whose_key_was_changed_are_told_of_their_customer() {
    let world = World::new(
        &["A-01", "B-02", "C-3", "C3"].map(|id| {
            let email = format!("{}@example.com", id.to_lowercase());
            row(id, &email, "EUR", "N", "")
        }),
        "\n[source.recipients]\nfile = \"payees.csv\"\nmapping = \"payees.toml\"\nkey = \"ID\"\n",
        "",
    );
    world.write("payees.toml", RECIPIENTS);
    let payee = |id: &str| format!("{id},Some Payee,DE89370400440532013000");
    let payees = [payee("a1"), payee("B-02"), payee("C3"), payee("Z-9")];
    world.write(
        "payees.csv",
        &format!("ID,PAYEE,IBAN\n{}\n", payees.join("\n")),
    );
    let said = world.ended(&mut world.command(&["check"], &[]), 3);
    assert!(said.contains("customer's key in another form"), "{said}");
    assert!(said.contains("(A-01)"), "{said}");
    world.run(3);
    let gaps = world.sheet("custody-gaps.csv");
    let told: BTreeSet<&str> = gaps
        .iter()
        .filter(|gap| gap["reason"].contains("in another form"))
        .map(|gap| gap["clientAccountId"].as_str())
        .collect();
    assert_eq!(told, BTreeSet::from(["A-01"]), "{gaps:?}");
    let unused = world.sheet("unused.csv");
    assert_eq!(unused.len(), 2, "{unused:?}");
    assert_eq!(world.states()["recipient held needs a session"], 2);
}

#[test]
fn the_shards_of_the_sample_are_the_whole_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/meridian");
    let command = |dir: &Path, command: &str, more: &[&str]| {
        let mut program = program();
        program
            .arg(command)
            .arg(dir)
            .args(["--sandbox", "--json"])
            .args(more);
        program
    };
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    copy_folder(&sample, &whole);
    copy_folder(&sample, &parts);
    let (expected, _) = json_of(&mut command(&whole, "run", &["--yes"]));
    for shard in ["0/3", "1/3", "2/3"] {
        let (totals, _) = json_of(&mut command(&parts, "run", &["--yes", "--shard", shard]));
        assert_eq!(totals["balanced"], true, "{totals}");
    }
    let (merged, _) = json_of(&mut command(&parts, "report", &["--merge"]));
    assert!(expected["custody"]["user"]["accepted"].as_u64().unwrap() > 50);
    assert_eq!(merged["custody"], expected["custody"]);
    // All but what a journal gives by itself: numbers of tasks, keyed hashes, uuids and times.
    let lines = |dir: &Path, name: &str| -> BTreeSet<BTreeMap<String, String>> {
        let path = dir.join("report/sandbox").join(name);
        let mut reader = csv::Reader::from_path(path).unwrap();
        let rows = reader.deserialize::<BTreeMap<String, String>>();
        rows.map(|row| {
            let mut row = row.unwrap();
            row.retain(|column, _| {
                !["task", "item", "uuid", "lastChange"].contains(&column.as_str())
            });
            row
        })
        .collect()
    };
    for name in ["custody.csv", "custody-gaps.csv", "unused.csv"] {
        assert_eq!(lines(&parts, name), lines(&whole, name), "{name}");
    }
}

/// Who is left out in one shard, only that shard knows; the rows that nothing uses then are told by it.
#[test]
fn recipients_of_customers_whom_a_person_left_out_are_counted_over_shards() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/meridian");
    let dir = folder.path().join("parts");
    copy_folder(&sample, &dir);
    let said = |command: &str, more: &[&str]| {
        let mut program = program();
        let program = program.arg(command).arg(&dir);
        json_of(program.args(["--sandbox", "--json"]).args(more)).0
    };
    for shard in ["0/3", "1/3", "2/3"] {
        said("plan", &["--shard", shard]);
    }
    let rows = || {
        let merged = said("report", &["--merge"]);
        assert_eq!(merged["balanced"], true, "{}", merged["imbalances"]);
        let files = merged["files"].as_array().unwrap();
        let mut files = files.iter().filter(|file| file["role"] == "recipients");
        let file = files.next().unwrap();
        [&file["parts"], &file["unused"]].map(|count| count.as_u64().unwrap())
    };
    assert_eq!(rows(), [65, 2]);
    let ids = ["MD-00003", "MD-00004", "MD-00005", "MD-00028", "MD-00046"];
    for command in ["exclude", "replan"] {
        let mut program = program();
        program
            .arg(command)
            .arg(&dir)
            .args(["--sandbox", "--shard", "all"]);
        program.args(["--reason", "a test"]);
        if command == "exclude" {
            program.arg("--id").args(ids);
        }
        let ended = program.output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    }
    assert_eq!(rows(), [60, 7]);
}

#[test]
fn customers_of_two_shards_get_everything_once() {
    let world = World::new(&rows(8), "", "");
    let registry = world.folder.path().join("registry");
    let url = world.sandbox.base_url();
    let run = |shard: &str| {
        let more = ["--yes", "--base-url", &url, "--shard", shard, "--registry"];
        let mut command = world.command(&["run"], &more);
        command.arg(&registry).output().unwrap()
    };
    for shard in ["0/2", "1/2"] {
        run(shard);
    }
    assert_eq!(world.made().users.len(), 8);
    for shard in ["0/2", "1/2"] {
        // The file is of the whole migration; each shard takes its own customers' sessions.
        let sessions = (1..=8).map(|n| {
            let id = format!("A-{n}");
            serde_json::json!({"clientAccountId": id, "session": format!("sandbox-session {id}"),
                "issued_at": jiff::Timestamp::now().to_string()})
            .to_string()
        });
        let file = world.folder.path().join("sessions.jsonl");
        std::fs::write(&file, sessions.collect::<Vec<_>>().join("\n")).unwrap();
        super::world::private(&file);
        let mut import = world.command(&["sessions", "import"], &["--shard", shard]);
        world.ended(import.arg(&file), 0);
        let ended = run(shard);
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    }
    let made = world.made();
    made.has_nothing_twice();
    assert_eq!(
        (made.users.len(), made.accounts.len(), made.recipients.len()),
        (8, 16, 8)
    );
    let crosswalk = world.sheet("shard-1-of-2/custody-crosswalk.csv");
    assert!(!crosswalk.is_empty());
}

#[test]
fn shards_share_the_quota_of_custody_by_way_of_its_server() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let world = World::new(&rows(4), "", "");
    let settings = std::fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    let (of_accounts, of_custody) = settings.split_once("[custody]").unwrap();
    let shared = format!("[limits]\nshared = \"{}\"", redis.url());
    world.write(
        "migration.toml",
        &format!(
            "{}[custody]{}",
            of_accounts.replace("[limits]", &shared),
            of_custody.replace("\"unlimited\"", "\"100/s\"")
        ),
    );
    let url = world.sandbox.base_url();
    let run = |code: i32| {
        for shard in ["0/2", "1/2"] {
            let more = ["--yes", "--base-url", &url, "--shard", shard];
            world.ended(&mut world.command(&["run"], &more), code);
        }
    };
    run(3);
    assert_eq!(world.made().users.len(), 4);
    let lanes = redis.ask("KEYS *");
    assert!(lanes.contains("custody-user"), "{lanes}");
    assert!(!lanes.contains("custody-account"), "{lanes}");
    let sessions = (1..=4).map(|n| {
        let id = format!("A-{n}");
        serde_json::json!({"clientAccountId": id, "session": format!("sandbox-session {id}"),
            "issued_at": jiff::Timestamp::now().to_string()})
        .to_string()
    });
    let file = world.folder.path().join("sessions.jsonl");
    std::fs::write(&file, sessions.collect::<Vec<_>>().join("\n")).unwrap();
    super::world::private(&file);
    for shard in ["0/2", "1/2"] {
        let mut import = world.command(&["sessions", "import"], &["--shard", shard]);
        let imported = import.arg(&file).output().unwrap();
        assert!(
            imported.status.code().is_some_and(|code| code != 1),
            "{imported:?}"
        );
    }
    run(0);
    let made = world.made();
    made.has_nothing_twice();
    assert_eq!((made.accounts.len(), made.recipients.len()), (8, 4));
    let lanes = redis.ask("KEYS *");
    for lane in ["custody-account", "custody-recipient"] {
        assert!(lanes.contains(lane), "{lane}: {lanes}");
    }
    redis.stop();
    let numbers = world.folder.path().join("numbers.csv");
    let more = ["--base-url", &url, "--shard", "0/2", "--out"];
    let mut command = world.command(&["custody", "numbers"], &more);
    let said = world.ended(command.arg(&numbers), 4);
    assert!(said.contains("cannot be used"), "{said}");
}

#[test]
fn wrong_values_that_need_not_be_there_are_gaps_of_custody() {
    let ids = ["A-1", "A-2", "A-3", "A-4", "A-5", "A-6", "A-7"];
    let people = ids.map(|id| {
        let email = format!("{}@example.com", id.to_lowercase());
        row(id, &email, "EUR", "N", IBANS[0])
    });
    let world = World::new(&people, "", "");
    let mapping = std::fs::read_to_string(world.dir().join("mapping.toml")).unwrap();
    let more = "\"custody.dateOfBirth\" = \"SAV\"\n\"custody.phoneNumber\" = \"CCY\"\n\
        \"custody.recipients[0].mainRecipient\" = { column = \"PAYEE\", yes_no = true }\n\
        \"custody.recipients[0].accountName\" = \"FIRST\"\n";
    let kept = mapping
        .lines()
        .filter(|line| {
            !["CCY", "\"SAV\"", "PAYEE"]
                .iter()
                .any(|column| line.contains(column))
        })
        .map(|line| format!("{line}\n"));
    world.write("mapping.toml", &(kept.collect::<String>() + more));
    let good = |id: &str, first: &str, phone: &str, born: &str, main: &str| {
        let email = format!("{}@example.com", id.to_lowercase());
        format!(
            "{id},{email},{first},Example,1980-02-03,987001234,+15125550142,{phone},{born},{main},{}",
            IBANS[0]
        )
    };
    let tomorrow = (jiff::Zoned::now().date() + jiff::SignedDuration::from_hours(72)).to_string();
    world.export(&[
        good("A-1", "Ann", "+15125550143", "1981-02-03", "yes"),
        good("A-2", "Ann", "", "", "no"),
        good("A-3", "Ann", "", "x", "no"),
        good("A-4", "Ann", "", &tomorrow, "no"),
        good("A-5", "Ann", "312", "", "no"),
        good("A-6", "Ann", "", "", "maybe"),
        good("A-7", "Ann", "", "", ""),
    ]);
    world.run(3);
    let gaps: BTreeSet<String> = world
        .sheet("custody-gaps.csv")
        .iter()
        .map(|gap| format!("{} {}", gap["clientAccountId"], gap["path"]))
        .collect();
    let expected = [
        "A-3 custody.dateOfBirth",
        "A-4 custody.dateOfBirth",
        "A-5 custody.phoneNumber",
        "A-6 custody.recipients[0].mainRecipient",
    ];
    assert_eq!(gaps, expected.map(str::to_owned).into());
}
