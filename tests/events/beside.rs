//! A run with a receiver beside it: what is in doubt is asked about when an event speaks of it, and nothing more; and what
//! the sandbox decides is what the journal hears.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use bakkt_journal::{Journal, Reader};

use super::receiver::{Receiver, SECRET, body, events, state};
use crate::support::{Running, SandboxProcess, json_of, program, wait_for};

/// Longer than any test waits.
const SLOW: &str = "[accounts]\nallow_unissued_tax_ids = true\non_existing = \"update\"\n[limits]\ncreate = \"unlimited\"\nlookup = \"unlimited\"\n\
    [retry]\nrequest_timeout = \"30s\"\nsettle_after = \"60m\"\n";

/// A migration of the sample, with more settings.
pub fn migration(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
    for name in ["export.csv", "mapping.toml"] {
        std::fs::copy(sample.join(name), folder.path().join(name)).unwrap();
    }
    let text = format!("[source]\nfile = \"export.csv\"\nmapping = \"mapping.toml\"\n{settings}");
    std::fs::write(folder.path().join("migration.toml"), text).unwrap();
    folder
}

struct World {
    dir: tempfile::TempDir,
    sandbox: SandboxProcess,
    receiver: Receiver,
    run: Running,
}

impl World {
    /// A run of so many accounts whose answers are all lost, and a receiver beside it.
    fn new(fault: &str, limit: u32) -> World {
        let dir = migration(SLOW);
        let config = format!("{fault} = 1.0\nmax_faults_per_id = 1\n");
        let sandbox = SandboxProcess::start(dir.path(), &config);
        let receiver = Receiver::start(&mut events(&["serve"], dir.path()), 0);
        let mut command: Command = program();
        command
            .args(["run", "--quiet", "--yes", "--limit", &limit.to_string()])
            .args(["--base-url", &sandbox.base_url()])
            .arg(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let run = Running::start(&mut command);
        wait_for("the creations", || {
            (sandbox.count("resets") == u64::from(limit)).then_some(())
        });
        World {
            dir,
            sandbox,
            receiver,
            run,
        }
    }

    /// The accounts that were posted.
    fn posted(&self) -> Vec<String> {
        let (_, ledger) = self.sandbox.get("/_ledger").unwrap();
        let ledger: Value = serde_json::from_slice(&ledger).unwrap();
        let requests = ledger["requests"].as_array().unwrap();
        let posts = requests.iter().filter(|request| request["kind"] == "POST");
        posts
            .map(|request| request["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn tasks(&self) -> Value {
        let (status, _) = json_of(program().args(["status", "--json"]).arg(self.dir.path()));
        status["tasks"]["account"].clone()
    }
}

#[test]
fn an_event_lets_a_doubt_be_settled_before_its_time() {
    let mut world = World::new("reset_after", 3);
    let mut sender = world.receiver.sender();
    for id in world.posted() {
        let event = body(&format!("r-{id}"), &id, "ACTIVE", "ENROLLMENT");
        assert_eq!(sender.event(&event), Some(200));
    }
    let code = wait_for("the run's end", || world.run.ended());
    assert_eq!(code, 3, "the sample has rows that need a person");
    let tasks = world.tasks();
    assert_eq!(
        (&tasks["accepted"], &tasks["in_doubt"]),
        (&3.into(), &0.into())
    );
    assert_eq!(
        (world.sandbox.count("posts"), world.sandbox.count("gets")),
        (3, 3)
    );
}

#[test]
fn what_a_prompted_question_does_not_find_counts_for_nothing() {
    let mut world = World::new("reset_before", 1);
    let id = world.posted().remove(0);
    let mut sender = world.receiver.sender();
    // More often than a waiting task would be asked about before it is sent again.
    for number in 1..=3 {
        let event = body(&format!("r{number}"), &id, "ACTIVE", "ENROLLMENT");
        assert_eq!(sender.event(&event), Some(200));
        wait_for("a question", || {
            (world.sandbox.count("gets") == number).then_some(())
        });
    }
    let other = body("r9", "somebody-else-1", "ACTIVE", "ENROLLMENT");
    assert_eq!(sender.event(&other), Some(200));
    let tasks = world.tasks();
    assert_eq!(
        (&tasks["accepted"], &tasks["in_doubt"]),
        (&0.into(), &1.into())
    );
    assert_eq!(world.run.ended(), None);
    world.run.kill();
    assert_eq!(
        (world.sandbox.count("posts"), world.sandbox.count("gets")),
        (1, 3)
    );
}

/// Every account gets its decision by webhook, some twice, some in the wrong order, and some answers to creations are lost:
/// the run ends although nothing in doubt is asked about for an hour.
#[test]
fn what_is_decided_while_a_run_goes_on_is_heard() {
    let dir = migration(SLOW);
    let receiver = Receiver::start(&mut events(&["serve"], dir.path()), 0);
    let config = format!(
        "reset_after = 0.2\nmax_faults_per_id = 1\n\
         decide = {{ after_ms = 50, jitter_ms = 100, risk_kyc = 0.1, risk_ofac = 0.05, documents = 0.1, review = 0.2 }}\n\
         webhook = {{ url = \"http://{}/\", secret = \"{SECRET}\", repeat = 0.2, swap = 0.5 }}\n",
        receiver.addr
    );
    let sandbox = SandboxProcess::start(dir.path(), &config);
    let mut run = Running::start(
        program()
            .args(["run", "--quiet", "--yes", "--base-url", &sandbox.base_url()])
            .arg(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let code = wait_for("the run's end", || run.ended());
    assert_eq!(code, 3, "the sample has rows that need a person");
    assert!(sandbox.count("resets") > 10);
    assert_eq!(sandbox.count("posts"), sandbox.count("accounts"));
    let told = wait_for("every event", || {
        let (_, told) = sandbox.get("/_ledger/decisions")?;
        let told: Value = serde_json::from_slice(&told).ok()?;
        (told["events"]["pending"] == 0).then_some(told)
    });
    receiver.stop();

    let reader = Reader::open(&Journal::path(&state(dir.path()))).unwrap();
    let counts = reader.event_counts().unwrap();
    assert_eq!(told["events"]["made"], counts.events);
    assert_eq!(told["events"]["repeats"], counts.repeats);
    assert_eq!(
        (counts.unreadable, counts.without_id, counts.unknown_events),
        (0, 0, 0)
    );
    let mut heard = Vec::new();
    reader
        .each_decision(|line| {
            if line.state == "accepted" {
                let id = line.client_id.unwrap().to_owned();
                heard.push((id, line.decision().word(), line.events));
            }
            Ok(())
        })
        .unwrap();
    heard.sort();
    let decided: Vec<(String, &str, u64)> = told["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| {
            let sent = account["events_sent"].as_u64().unwrap();
            let word = match account["decision"].as_str().unwrap() {
                // First in review, then active: nobody can tell which came last.
                "active" if sent == 2 => "unsettled",
                "active" => "approved",
                "documents" => "documents wanted",
                "risk_kyc" | "risk_ofac" => "rejected",
                other => panic!("{other}"),
            };
            (account["id"].as_str().unwrap().to_owned(), word, sent)
        })
        .collect();
    assert!(decided.len() > 200);
    assert_eq!(heard, decided);
    reasons_are_reported(dir.path(), &told);
}

/// The report says of every account that was turned down why, and counts it.
fn reasons_are_reported(dir: &Path, told: &Value) {
    let code = program()
        .args(["report", "--quiet"])
        .stdout(Stdio::null())
        .arg(dir)
        .status()
        .unwrap()
        .code();
    assert_eq!(code, Some(3));
    let report = |name: &str| std::fs::read_to_string(dir.join("report").join(name)).unwrap();
    let text = report("decisions.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let place = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (id, reason, status) = (
        place("clientAccountId"),
        place("reason"),
        place("partyStatus"),
    );
    let mut shown = std::collections::BTreeMap::new();
    for row in reader.records().map(Result::unwrap) {
        shown.insert(
            row[id].to_owned(),
            (row[reason].to_owned(), row[status].to_owned()),
        );
    }
    let mut counts = std::collections::BTreeMap::<&str, u64>::new();
    for account in told["accounts"].as_array().unwrap() {
        let (reason, status) = &shown[account["id"].as_str().unwrap()];
        let wanted = match account["decision"].as_str().unwrap() {
            "risk_kyc" => ("RISK_KYC", "INACTIVE"),
            "risk_ofac" => ("RISK_OFAC", "INACTIVE"),
            "documents" => ("DOCUMENT_VERIFICATION", "UNDER_REVIEW"),
            _ if account["events_sent"] == 1 => ("ENROLLMENT", "ACTIVE"),
            _ => ("ENROLLMENT PENDING_REVIEW", "ACTIVE UNDER_REVIEW"),
        };
        assert_eq!((reason.as_str(), status.as_str()), wanted, "{account}");
        *counts.entry(wanted.0).or_default() += 1;
    }
    let summary: Value = serde_json::from_str(&report("summary.json")).unwrap();
    let reasons = &summary["totals"]["after"]["reasons"];
    for word in ["RISK_KYC", "RISK_OFAC"] {
        assert_eq!(reasons["rejected"][word], counts[word], "{reasons}");
        assert!(report("report.html").contains(&format!("<td>{word}</td>")));
    }
}
