//! `links` against the real program and the sandbox: who gets a link, what is remembered of it, and where it is not.
//!
//! Nothing here waits for a link to run out: in the sandbox a lifetime of nothing makes each run out as it is made. The
//! events are put into the migration's events as a receiver puts them there.

mod stopped;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bakkt_journal::events::{ArrivedEvent, EventSource, EventStatement, Events};
use bakkt_journal::write::{FetchedLink, Link};
use bakkt_journal::{Journal, Reader, now};
use serde_json::Value;

use crate::events::receiver;
use crate::support::{SandboxProcess, json_of, program, reason_for, wait_for};

const PARTNER: &str = "partner_id = \"3fa85f64-5717-4562-b3fc-2c963f66afa6\"";

/// A migration of some accounts in a sandbox that decides them.
struct World {
    dir: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl World {
    fn new(accounts: u64, sandbox: &str) -> World {
        World::begun(tempfile::tempdir().unwrap(), accounts, sandbox)
    }

    fn begun(dir: tempfile::TempDir, accounts: u64, sandbox: &str) -> World {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
        for name in ["export.csv", "mapping.toml"] {
            std::fs::copy(samples.join(name), dir.path().join(name)).unwrap();
        }
        let sandbox = SandboxProcess::start(dir.path(), sandbox);
        let world = World { dir, sandbox };
        world.settings(PARTNER, "");
        let run = world.command("run", &["--yes", "--limit", &accounts.to_string()]);
        assert!(matches!(run.status.code(), Some(0 | 3)), "{run:?}");
        wait_for("all decisions", || {
            (world.decisions()["events"]["pending"] == 0).then_some(())
        });
        world
    }

    fn settings(&self, target: &str, retry: &str) {
        self.limited(target, "", retry);
    }

    fn limited(&self, target: &str, limits: &str, retry: &str) {
        let text = format!(
            "[source]\nfile = \"export.csv\"\nmapping = \"mapping.toml\"\n[accounts]\nallow_unissued_tax_ids = true\n[target]\n{target}\n\
             [limits]\ncreate = \"unlimited\"\nlookup = \"unlimited\"\n{limits}[retry]\nbackoff_first = \"1ms\"\n{retry}"
        );
        std::fs::write(self.dir.path().join("migration.toml"), text).unwrap();
    }

    fn prepared(&self, name: &str, more: &[&str]) -> Command {
        let mut command = program();
        command
            .arg(name)
            .arg(self.dir.path())
            .args(["--base-url", &self.sandbox.base_url()])
            .args(more)
            .args(reason_for(name, more));
        command
    }

    fn command(&self, name: &str, more: &[&str]) -> Output {
        self.prepared(name, more).output().unwrap()
    }

    /// `links --json --out NAME`: what it says, and its exit code.
    fn links(&self, name: &str, more: &[&str]) -> (Value, i32) {
        let out = self.dir.path().join(name);
        let mut command = self.prepared("links", more);
        let (mut said, code) = json_of(command.arg("--json").arg("--out").arg(out));
        (said["links"].take(), code)
    }

    fn decisions(&self) -> Value {
        let (_, body) = self.sandbox.get("/_ledger/decisions").unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The ids of accounts with this decision.
    fn ids(&self, decision: &str) -> Vec<String> {
        let decisions = self.decisions();
        let accounts = decisions["accounts"].as_array().unwrap().iter();
        let of = accounts.filter(|account| account["decision"] == decision);
        of.map(|account| account["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join(".bakkt-migrate")
    }

    /// Events come that ask these customers for documents, with a link that runs out at this time.
    fn asked(&self, ids: &[String], expires_at: i64) {
        let events: Vec<ArrivedEvent> = ids
            .iter()
            .map(|id| ArrivedEvent {
                at: now(),
                body: id.clone().into_bytes(),
                same: id.clone().into_bytes(),
                request_id: format!("r-{id}"),
                kind: Some("PARTY_EVENT".into()),
                said: Some(EventStatement {
                    client_id: id.clone(),
                    status: "UNDER_REVIEW".into(),
                    reason: Some("DOCUMENT_VERIFICATION".into()),
                    expires_at: Some(expires_at),
                    linked: true,
                }),
            })
            .collect();
        let mut open = Events::open(&self.state()).unwrap();
        open.add(&events, EventSource::Received).unwrap();
    }

    /// Client id → link and expiry, of a file that was written.
    fn file(&self, name: &str) -> BTreeMap<String, (String, String)> {
        let mut lines = csv::Reader::from_path(self.dir.path().join(name)).unwrap();
        assert_eq!(
            lines.headers().unwrap(),
            ["clientAccountId", "link", "expires"].as_slice()
        );
        let rows = lines.records().map(|row| row.unwrap());
        rows.map(|row| (row[0].to_owned(), (row[1].to_owned(), row[2].to_owned())))
            .collect()
    }

    /// What the log of decisions says of links, each with its number.
    fn logged(&self) -> Vec<(String, usize)> {
        let reader = Reader::open(&Journal::path(&self.state())).unwrap();
        let decided = reader.decisions().unwrap().into_iter();
        let said = decided.map(|one| {
            assert_eq!(one.by.as_deref(), Some("A Tester"));
            let what = one.target.strip_prefix("verification links ").unwrap();
            (what.to_owned(), usize::try_from(one.count).unwrap())
        });
        said.collect()
    }

    fn counts(&self) -> Value {
        counts(self.dir.path())
    }
}

fn counts(dir: &Path) -> Value {
    let reader = Reader::open(&Journal::path(&dir.join(".bakkt-migrate"))).unwrap();
    serde_json::to_value(reader.link_counts(now()).unwrap()).unwrap()
}

const FOR_LONG: &str = "seed = 4\n[decide]\ndocuments = 0.5\n";

#[test]
fn those_who_are_asked_get_their_link_and_are_left_out_while_it_is_good() {
    let world = World::new(16, FOR_LONG);
    let ids = world.ids("documents");
    assert!(ids.len() > 2 && ids.len() < 14, "{ids:?}");
    let far = now() + 3 * 24 * 3600 * 1000;
    world.asked(&ids, far);

    let (said, code) = world.links("one.csv", &[]);
    assert_eq!(
        (&said["fetched"], &said["left_out"], code),
        (&ids.len().into(), &0.into(), 0)
    );
    let first = world.file("one.csv");
    assert_eq!(first.keys().cloned().collect::<Vec<_>>(), ids);
    for (link, expires) in first.values() {
        assert!(link.starts_with("https://verify.example.com/"), "{link}");
        assert!(expires.parse::<jiff::Timestamp>().unwrap().as_millisecond() > now());
    }
    let mode = std::fs::metadata(world.dir.path().join("one.csv"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    assert_eq!(world.counts()["fetched"], ids.len());

    // Nobody needs one, so nothing is asked and nothing is written.
    let asked = world.sandbox.count("link_gets");
    let (said, code) = world.links("two.csv", &[]);
    assert_eq!(
        (&said["fetched"], &said["left_out"], code),
        (&0.into(), &ids.len().into(), 0)
    );
    assert_eq!(said["file"], Value::Null);
    assert!(!world.dir.path().join("two.csv").exists());
    assert_eq!(world.sandbox.count("link_gets"), asked);

    for (name, more) in [
        ("three.csv", ["--all"].as_slice()),
        ("four.csv", &["--renew-within", "100h"]),
    ] {
        assert_eq!(world.links(name, more).0["fetched"], ids.len());
        assert_eq!(world.file(name), first);
    }
    let one_call = ["are asked for", "were fetched"].map(|what| (what.to_owned(), ids.len()));
    assert_eq!(world.logged(), [&one_call[..]; 3].concat());

    // A file of an earlier version, with its own name for the ids, may be replaced as well.
    let earlier = world.dir.path().join("earlier.csv");
    std::fs::write(&earlier, "client id,link,expires\n").unwrap();
    world.links("earlier.csv", &["--all", "--replace"]);
    assert_eq!(world.file("earlier.csv"), first);
}

#[test]
fn links_run_out_three_times_and_that_is_told() {
    let world = World::new(6, "[decide]\ndocuments = 1.0\n[links]\nlifetime_ms = 0");
    let ids = world.ids("documents");
    assert_eq!(ids.len(), 6);
    // The one of the event ran out as it was made.
    world.asked(&ids, now() - 1);
    let expirations = || {
        let reader = Reader::open(&Journal::path(&world.state())).unwrap();
        let mut all = Vec::new();
        let each = |one: bakkt_journal::read::WantedLink| {
            all.push(one.link.map_or(-1, |link| link.expirations));
            Ok(())
        };
        reader.each_wanted_link(each).unwrap();
        all
    };
    assert_eq!(expirations(), [-1; 6]);
    let (said, code) = world.links("one.csv", &[]);
    assert_eq!((&said["fetched"], code), (&6.into(), 0));
    assert_eq!(expirations(), [1; 6]);
    let (said, _) = world.links("two.csv", &["--by", "J. Sample"]);
    assert_eq!(said["fetched"], 6);
    assert_eq!(expirations(), [2; 6]);
    let (one, two) = (world.file("one.csv"), world.file("two.csv"));
    assert!(ids.iter().all(|id| one[id].0 != two[id].0));

    // Two calls: it stays so, and Bakkt is asked each time.
    for name in ["three.csv", "four.csv"] {
        let (said, code) = world.links(name, &[]);
        assert_eq!((&said["fetched"], code), (&0.into(), 3));
        assert_eq!(said["used_up"], serde_json::json!(ids));
        assert_eq!(said["refused"], serde_json::json!([]));
        assert!(!world.dir.path().join(name).exists());
        assert_eq!(expirations(), [3; 6]);
    }
    assert_eq!(world.sandbox.count("link_gets"), 24);
    assert_eq!(world.counts()["used_up"], 6);
    let status = program().arg("status").arg(world.dir.path()).output();
    let status = status.unwrap();
    let said = String::from_utf8(status.stdout).unwrap();
    assert_eq!(status.status.code(), Some(3), "{said}");
    assert!(said.contains("links: wanted 6, used up 6"), "{said}");
    assert!(
        said.contains("customers whose verification links are used up 6"),
        "{said}"
    );
    let report = program().arg("report").arg(world.dir.path()).output();
    assert_eq!(report.unwrap().status.code(), Some(3));
    let page = std::fs::read_to_string(world.dir.path().join("report/report.html")).unwrap();
    assert!(page.contains("Customers whose verification links are used up"));
    assert!(!page.contains("Customers who are to verify a document"));
    let text = world.command("links", &[]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("used up all three links"), "{text}");
    let decided = Reader::open(&Journal::path(&world.state()))
        .unwrap()
        .decisions()
        .unwrap();
    assert_eq!(decided[2].by.as_deref(), Some("J. Sample"));
}

#[test]
fn the_last_link_is_told_before_it_runs_out() {
    let world = World::new(
        4,
        "[decide]\ndocuments = 1.0\n[links]\nlifetime_ms = 3600000",
    );
    let ids = world.ids("documents");
    world.asked(&ids, now() + 3_600_000);
    // Two ran out before, says the journal.
    let mut journal = Journal::open(&world.state()).unwrap();
    let link = |task| FetchedLink {
        task,
        at: 1,
        link: Link {
            expires_at: 2,
            expirations: 1,
            hash: [1; 32],
        },
    };
    let reader = Reader::open(&Journal::path(&world.state())).unwrap();
    let mut tasks = Vec::new();
    reader
        .each_wanted_link(|one| {
            tasks.push(one.task);
            Ok(())
        })
        .unwrap();
    drop(reader);
    journal
        .record_links(&[link(tasks[0]), link(tasks[1])])
        .unwrap();
    drop(journal);
    let (said, code) = world.links("one.csv", &[]);
    assert_eq!((&said["fetched"], code), (&4.into(), 0));
    assert_eq!(said["last_link"].as_array().unwrap().len(), 2);
    let counts = world.counts();
    assert_eq!(
        (&counts["running_out"], &counts["last_link"]),
        (&4.into(), &2.into())
    );
    // All of them run out within a day: they are fetched again with the next call.
    assert_eq!(world.links("two.csv", &[]).0["fetched"], 4);
}

#[test]
fn a_link_is_in_its_file_and_nowhere_else() {
    let world = World::new(5, "[decide]\ndocuments = 1.0\n");
    let ids = world.ids("documents");
    world.asked(&ids, now() + 3_600_000);
    let output = world.command("links", &["-vv"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let named = |entry: &std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name.starts_with("links-") && name.ends_with(".csv")).then_some(name)
    };
    let folder = || {
        std::fs::read_dir(world.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap())
    };
    let files: Vec<String> = folder().filter_map(|entry| named(&entry)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let links = world.file(&files[0]);
    assert_eq!(links.len(), 5);
    let (json, _) = world.links("more.csv", &["--all"]);
    let report = program()
        .arg("report")
        .arg(world.dir.path())
        .output()
        .unwrap();
    assert!(matches!(report.status.code(), Some(3 | 4)), "{report:?}");

    let mut seen: Vec<(PathBuf, Vec<u8>)> = vec![
        ("stdout".into(), output.stdout),
        ("stderr".into(), output.stderr),
        ("json".into(), json.to_string().into_bytes()),
        ("report".into(), report.stdout),
    ];
    let mut folders = vec![world.state(), world.dir.path().join("report")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => seen.push((path.clone(), std::fs::read(&path).unwrap())),
            }
        }
    }
    assert!(seen.len() > 10, "the journal, its key, the report's files");
    for (link, _) in links.values() {
        // What is secret in it is its last part.
        let secret = link.rsplit('/').next().unwrap().as_bytes();
        for (path, bytes) in &seen {
            let found = bytes.windows(secret.len()).any(|part| part == secret);
            assert!(!found, "a link is in {}", path.display());
        }
    }
}

#[test]
fn failures_are_asked_again_and_hold_up_nobody() {
    let faults = "seed = 2\nlookup_fail = 0.4\nmax_faults_per_id = 2\n[decide]\ndocuments = 1.0\n";
    let world = World::new(12, faults);
    let ids = world.ids("documents");
    world.asked(&ids, now() + 3_600_000);
    let mut fetched = 0;
    let mut calls = 0;
    // A page that says 404 is not asked about again in the same call.
    wait_for("every link", || {
        let (said, code) = world.links(&format!("{calls}.csv"), &[]);
        calls += 1;
        let failed = said["failed"].as_object().unwrap();
        fetched += said["fetched"].as_u64().unwrap();
        assert_eq!(code == 0, failed.is_empty(), "{said}");
        assert!(failed.keys().all(|why| why == "404"), "{said}");
        (fetched == ids.len() as u64).then_some(())
    });
    assert!(calls <= 3, "{calls}");

    // Nobody there: it says so, and notes nothing.
    let before = world.counts();
    world.settings(PARTNER, "attempts = 2");
    let mut command = world.prepared("links", &["--all", "--json"]);
    let World { dir, sandbox } = world;
    drop(sandbox);
    let (said, code) = json_of(&mut command);
    assert_eq!(code, 4);
    assert_eq!(said["links"]["failed"]["connection refused"], 12);
    assert_eq!(counts(dir.path()), before);
}

#[test]
fn from_the_webhook_to_the_file() {
    let dir = receiver::folder("");
    let mut serve = receiver::events(&["serve"], dir.path());
    let receiver = receiver::Receiver::start(&mut serve, 0);
    let config = format!(
        "seed = 4\n[decide]\nafter_ms = 5\ndocuments = 0.3\nrisk_kyc = 0.2\nreview = 0.2\n[webhook]\n\
         url = \"http://{}/\"\nsecret = \"{}\"\nrepeat = 0.4\nswap = 0.5\nlose = 0.2",
        receiver.addr,
        receiver::SECRET
    );
    let world = World::begun(dir, 40, &config);
    let told = world.decisions();
    let events = &told["events"];
    assert_eq!(events["given_up"], 0);
    let reader = Reader::open(&Journal::path(&world.state())).unwrap();
    let counts = serde_json::to_value(reader.event_counts().unwrap()).unwrap();
    assert_eq!(counts["events"], events["answered"]);
    assert_eq!(counts["repeats"], events["repeats"]);
    assert_eq!(counts["unknown_events"], 0);

    // One event that came says what was decided; none, or two that contradict each other, do not.
    let accounts = told["accounts"].as_array().unwrap().iter();
    let word = |account: &Value| match (
        account["events_sent"].as_u64(),
        account["decision"].as_str(),
    ) {
        (Some(0), _) => "undecided",
        (Some(1), Some("active")) => "approved or in review",
        (Some(1), Some("risk_kyc")) => "rejected",
        (Some(1), Some("documents")) => "documents wanted",
        (Some(2), Some("active")) => "unsettled",
        other => panic!("{other:?}"),
    };
    let expected: BTreeMap<String, &str> = accounts
        .map(|account| (account["id"].as_str().unwrap().to_owned(), word(account)))
        .collect();
    let mut seen = BTreeMap::new();
    reader
        .each_decision(|line| {
            if line.state == "accepted" {
                let word = match line.decision().word() {
                    "approved" | "in review" => "approved or in review",
                    word => word,
                };
                seen.insert(line.client_id.unwrap().to_owned(), word);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, expected);
    let wanted = expected
        .iter()
        .filter(|(_, word)| **word == "documents wanted");
    let wanted: Vec<&String> = wanted.map(|(id, _)| id).collect();
    assert!(wanted.len() > 2, "{expected:?}");

    // Beside the receiver.
    let (said, code) = world.links("one.csv", &[]);
    assert_eq!((&said["fetched"], code), (&wanted.len().into(), 0));
    assert_eq!(world.file("one.csv").keys().collect::<Vec<_>>(), wanted);
    assert_eq!(receiver.stop().0, 0);
}

#[test]
fn too_many_at_once_is_waited_out() {
    let rate = "rate = { requests = 2, per_ms = 400, count_lookups = true }";
    let world = World::new(3, &format!("{rate}\n[decide]\ndocuments = 1.0\n"));
    world.asked(&world.ids("documents"), now() + 3_600_000);
    let before = world.sandbox.count("rate_limited");
    let (said, code) = world.links("one.csv", &[]);
    assert_eq!((&said["fetched"], code), (&3.into(), 0));
    assert!(world.sandbox.count("rate_limited") > before);
}

#[test]
fn a_refusal_that_nothing_explains_is_for_a_person_and_is_not_noted() {
    let world = World::new(3, "[decide]\n");
    let ids = world.ids("active");
    world.asked(&ids[..2], now() + 3_600_000);
    let (said, code) = world.links("one.csv", &[]);
    assert_eq!((&said["refused"], code), (&serde_json::json!(ids[..2]), 3));
    assert_eq!(
        (&said["used_up"], &world.counts()["used_up"]),
        (&serde_json::json!([]), &0.into())
    );
    // One whose link ran out would be used up, but where nobody gets a link it may be the partner's id.
    world.asked(&ids[2..], now() - 1);
    let (said, code) = world.links("one.csv", &[]);
    assert_eq!((said["refused"].as_array().unwrap().len(), code), (3, 3));
    assert_eq!(world.counts()["used_up"], 0);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_asked() {
    let world = World::new(2, "[decide]\ndocuments = 1.0\n");
    let said = |output: Output| {
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, text) = said(world.command("links", &["--renew-within=-1h"]));
    assert!(
        code == Some(2) && text.contains("less than nothing"),
        "{text}"
    );
    // Nobody is asked for documents, as far as anybody knows.
    let none = world.command("links", &[]);
    assert_eq!(none.status.code(), Some(0));
    assert!(
        String::from_utf8(none.stdout)
            .unwrap()
            .contains("no customer is asked")
    );

    world.asked(&world.ids("documents"), now() + 3_600_000);
    let out = world.dir.path().join("there.csv");
    std::fs::write(&out, "mine").unwrap();
    let (code, text) = said(world.command("links", &["--out", out.to_str().unwrap()]));
    assert!(
        code == Some(2) && text.contains("is there already"),
        "{text}"
    );
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");

    world.settings("", "");
    let (code, text) = said(world.command("links", &[]));
    assert!(
        code == Some(2) && text.contains("ask your contact there"),
        "{text}"
    );
    world.settings("partner_id = \"acme\"", "");
    let (code, text) = said(world.command("links", &[]));
    assert!(
        code == Some(2) && text.contains("`partner_id` is no UUID"),
        "{text}"
    );
    assert_eq!(world.sandbox.count("link_gets"), 0);

    let empty = tempfile::tempdir().unwrap();
    let (code, text) = said(
        program()
            .args(["links", "--reason", "a test"])
            .arg(empty.path())
            .output()
            .unwrap(),
    );
    assert!(
        code == Some(2) && text.contains("has no journal yet"),
        "{text}"
    );
}
