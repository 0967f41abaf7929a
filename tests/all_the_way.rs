//! A migration all the way: created, decided by webhooks (some twice, some in the wrong order, some never), read back,
//! every gap that can be backfilled closed by a filled workbook, and at the end a report that agrees with the sandbox's
//! ledger customer by customer.
//!
//! Owner of the agreement between commands; what each does alone is judged by its own tests. The same way for the samples
//! and for 12,000 generated customers. Left out on purpose: faults on the wire (`crash`, `events`).

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::export;
use crate::support::{Running, SandboxProcess, fill, json_of, program, wait_for};
use bakkt_contract::changes::by_hand;
use serde_json::Value;

/// How many customers are generated: so many that more than a page of 10,000 accounts is accepted, read back and reported.
const CUSTOMERS: u64 = 12_000;
const SECRET: &str = "a-shared-secret-of-the-tests";

/// Decisions of every kind; events that come twice, in the wrong order, or not at all.
const SANDBOX: &str = r#"
[decide]
after_ms = 50
jitter_ms = 200
risk_kyc = 0.03
risk_ofac = 0.01
documents = 0.04
review = 0.1
"#;

struct Way {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
    _receiver: Running,
}

impl Way {
    /// A migration whose receiver listens, and a sandbox that posts to it.
    fn prepare(fill: impl FnOnce(&Path)) -> Way {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("m");
        fs::create_dir(&dir).unwrap();
        fill(&dir);
        let mut receiver = Running::start(
            program()
                .args(["events", "serve"])
                .arg(&dir)
                .args(["--listen", "127.0.0.1:0"])
                .env("BAKKT_WEBHOOK_SECRET", SECRET)
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut line = String::new();
        let mut said = BufReader::new(receiver.0.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        // Whatever else it says must find its way out.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .unwrap_or_else(|| panic!("the receiver does not listen: {line:?}"));
        let config = format!(
            "{SANDBOX}\n[webhook]\nurl = \"{}/\"\nsecret = \"{SECRET}\"\nrepeat = 0.1\nswap = 0.2\nlose = 0.05\n",
            url.trim_end_matches('/')
        );
        let sandbox = SandboxProcess::start(folder.path(), &config);
        Way {
            folder,
            sandbox,
            _receiver: receiver,
        }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("m")
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg(name).arg(self.dir()).args(arguments);
        command
    }

    /// A command that talks to the sandbox; what it prints, and its exit code.
    fn ask(&self, name: &str, arguments: &[&str]) -> (Value, i32) {
        let url = self.sandbox.base_url();
        let mut command = self.command(name, &["--base-url", &url, "--json"]);
        json_of(command.args(arguments))
    }

    fn json(&self, name: &str) -> Value {
        json_of(&mut self.command(name, &["--json"])).0
    }

    /// What the sandbox knows of its decisions, when every event was sent or lost.
    fn decided(&self) -> Value {
        wait_for("every event sent", || {
            let (status, body) = self.sandbox.get("/_ledger/decisions")?;
            let told: Value = serde_json::from_slice(&body).ok()?;
            (status == 200 && told["events"]["pending"] == 0).then_some(told)
        })
    }

    fn sheet(&self, name: &str) -> Vec<HashMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.dir().join("report").join(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    }
}

/// As fast as the sandbox can.
fn unlimited(settings: &str) -> String {
    let lines = settings.lines().map(|line| {
        let key = line.split('=').next().unwrap_or_default().trim();
        match key {
            "create" | "lookup" | "upload" | "kyb" => format!("{key} = \"unlimited\"\n"),
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

fn sample(name: &str, dir: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name);
    crate::support::copy_folder(&from, dir);
    let settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    fs::write(dir.join("migration.toml"), unlimited(&settings)).unwrap();
}

fn generated(dir: &Path) {
    sample("acme", dir);
    let file = fs::File::create(dir.join("export.csv")).unwrap();
    let recipe = export::Recipe {
        rows: CUSTOMERS,
        seed: 7,
        clean: false,
    };
    export::write(&recipe, &mut std::io::BufWriter::new(file)).unwrap();
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// Everything, and what must be true at every station.
fn go(way: &Way) {
    let (sent, _) = way.ask("run", &["--yes"]);
    assert_eq!(sent["balanced"], true, "{}", sent["imbalances"]);
    let accepted = number(&sent["tasks"]["account"]["accepted"]);
    assert_eq!(accepted, way.sandbox.count("accounts"));
    let told = way.decided();
    let events = &told["events"];
    // Small samples need not have one of each kind.
    let kinds: &[&str] = match accepted > 10_000 {
        true => &["made", "sent", "lost", "repeats"],
        false => &["made", "sent", "repeats"],
    };
    for kind in kinds {
        assert!(number(&events[*kind]) > 0, "{kind}: {events}");
    }

    // Every event that was not lost is there, once.
    let totals = way.json("status");
    let heard = &totals["after"]["events"];
    let came = number(&events["made"]) - number(&events["lost"]);
    assert_eq!(number(&heard["events"]), came, "{heard} {events}");
    assert_eq!(number(&heard["unknown_events"]), 0);

    // Read back: nothing differs, and what was lost or contradicts itself is settled.
    let (_, code) = way.ask("verify", &["--content"]);
    let totals = way.json("status");
    let verified = &totals["after"]["verification"];
    assert_eq!(number(&verified["same"]), accepted, "{verified}");
    assert_eq!(number(&verified["differences"]), 0, "{verified}");
    assert_eq!(code, 0);
    agrees(way, &told, accepted);

    // Every gap that a person can fill, filled; who gets an account type by that may lack what nobody asked before.
    let before = number(&totals["gaps"]["open"]);
    let mut taken = Value::Null;
    for round in 1..7 {
        let Some(filled) = way.filled(round) else {
            break;
        };
        // What was filled in of agreements was acknowledged by both sides.
        let said = ["--reason", "all called", "--agreements-acknowledged"];
        taken = way
            .ask("backfill", &[&[filled.as_str()][..], &said].concat())
            .0;
    }
    let totals = way.json("status");
    let left: BTreeMap<String, u64> =
        serde_json::from_value(totals["gaps"]["by_field"].clone()).unwrap();
    let to_fill: Vec<_> = left
        .iter()
        .filter(|(path, open)| **open > 0 && can_be_filled(path))
        .collect();
    let closed = number(&totals["after"]["gaps_closed"]);
    assert!(closed > 0 && before > 0, "{taken}");
    let kept = kept_open(way);
    for (path, open) in to_fill {
        let kept = kept.get(path).copied().unwrap_or_default();
        assert_eq!(*open, kept, "{path} is still open: {taken}");
    }

    // The updates go, once each, and the new accounts of those who were blocked.
    let (sent, _) = way.ask("run", &["--yes"]);
    assert_eq!(sent["balanced"], true, "{}", sent["imbalances"]);
    let updates = number(&sent["after"]["updates_sent"]);
    let created = number(&sent["tasks"]["account"]["accepted"]) - accepted;
    assert!(updates + created > 0);
    assert_eq!(updates, way.sandbox.count("updated"));
    let accepted = number(&sent["tasks"]["account"]["accepted"]);
    assert_eq!(accepted, way.sandbox.count("accounts"));
    let told = way.decided();
    let (_, code) = way.ask("verify", &["--again"]);
    assert_eq!(code, 0);
    let totals = way.json("report");
    assert_eq!(totals["balanced"], true, "{}", totals["imbalances"]);
    assert_eq!(
        number(&totals["after"]["verification"]["same"]),
        accepted,
        "{}",
        totals["after"]
    );
    agrees(way, &told, accepted);
}

/// What no sheet can bring: documents, what goes by hand through Bakkt, rows that are broken, owners of whom nobody has a row,
/// and those who are entities (manual KYB).
fn can_be_filled(path: &str) -> bool {
    let elsewhere = ["(row)", "owners"].contains(&path) || path.starts_with("documents");
    let kinds = ["identityDocument", ".kind"];
    !elsewhere && !kinds.iter().any(|end| path.ends_with(end)) && !by_hand(path)
}

/// Gaps of customers who are in no sheet, because nobody knows their id: by field.
fn kept_open(way: &Way) -> HashMap<String, u64> {
    way.ask_report();
    let mut kept: HashMap<String, u64> = HashMap::new();
    for gap in way.sheet("gaps.csv") {
        if gap["clientAccountId"].is_empty() {
            *kept.entry(gap["path"].clone()).or_default() += 1;
        }
    }
    kept
}

impl Way {
    /// A sheet of all that is missing, filled in; none when there is nothing to fill in.
    fn filled(&self, round: u32) -> Option<String> {
        let path = |name: &str| self.folder.path().join(format!("{name}-{round}.xlsx"));
        let (sheet, filled) = (path("calls"), path("filled"));
        let mut command = self.command("gaps", &["--sheet", sheet.to_str().unwrap()]);
        let listed = command.output().unwrap();
        let said = String::from_utf8_lossy(&listed.stderr);
        assert!(sheet.exists() || round > 1, "{said}");
        let cells = sheet
            .exists()
            .then(|| fill::fill(&sheet, &filled, |_| true));
        (cells > Some(0)).then(|| filled.to_str().unwrap().to_owned())
    }

    fn ask_report(&self) {
        self.json("report");
    }
}

/// The report says of every customer what the sandbox decided, and of no other.
fn agrees(way: &Way, told: &Value, accepted: u64) {
    way.ask_report();
    let mut ours: HashMap<String, String> = way
        .sheet("decisions.csv")
        .into_iter()
        .map(|line| (line["clientAccountId"].clone(), line["decision"].clone()))
        .collect();
    assert_eq!(ours.len() as u64, accepted);
    let mut wrong = Vec::new();
    let theirs = told["accounts"].as_array().unwrap();
    for account in theirs {
        let id = account["id"].as_str().unwrap();
        let decision = ours.remove(id);
        let expected = expected(account);
        if decision.as_deref() != Some(expected) {
            wrong.push(format!("{account}: {decision:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, such as {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
    assert!(
        ours.is_empty(),
        "{} that the sandbox does not have",
        ours.len()
    );
}

/// The word of the report for what the sandbox decided.
fn expected(account: &Value) -> &'static str {
    match account["decision"].as_str() {
        Some("active") => "approved",
        Some("risk_kyc" | "risk_ofac") => "rejected",
        // A read-back tells that it goes on, and not what is wanted: only the event does.
        Some("documents") if account["events_sent"] != 0 => "documents wanted",
        _ => "undecided",
    }
}

#[test]
fn the_sample_of_people_goes_all_the_way() {
    go(&Way::prepare(|dir| sample("acme", dir)));
}

#[test]
fn the_sample_of_entities_goes_all_the_way() {
    go(&Way::prepare(|dir| sample("harbor", dir)));
}

#[test]
fn twelve_thousand_customers_go_all_the_way() {
    let way = Way::prepare(generated);
    go(&way);
    assert!(way.sandbox.count("accounts") > 10_000);
}
