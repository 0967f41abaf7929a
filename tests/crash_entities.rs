//! The crash test with documents and KYB: businesses whose run is killed dozens of times against a sandbox with every
//! fault on, judged by the sandbox's ledger alone.
//!
//! Owner of the proof of invariants 1 and 6 for uploads and KYB: each account once, each document once with its hash,
//! owner and side, one KYB trigger for every complete business and only after its documents. A trigger whose answer was
//! lost is in doubt, one by one, until a person says what became of it. `CRASH_SEED` and `CRASH=small` as in the crash
//! test of individuals.

mod entities;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::Path;

use crate::crash::world::{self, Kill, World};
use crate::support::judge::Ledger;
use crate::support::{SandboxProcess, json_of, program, wait_for};
use entities::{Document, Expected};
use fastrand::Rng;

const FAULTS: &str = r#"
latency_ms = 10
latency_jitter_ms = 20
rate = { requests = 140, per_ms = 500, retry_after = true }
upload_rate = { requests = 40, per_ms = 500 }
unavailable = 0.004
reset_before = 0.03
reset_after = 0.03
late = 0.03
late_ms = 700
error_before = 0.03
error_after = 0.03
truncated = 0.03
unreadable = 0.03
stall = 0.02
stall_ms = 900
upload_cut = 0.03
lookup_fail = 0.06
max_faults_per_id = 3
"#;

#[test]
fn each_document_is_uploaded_once_and_kyb_is_triggered_once_after_them() {
    let small = std::env::var("CRASH").as_deref() == Ok("small");
    let (businesses, kills) = if small { (60, 12) } else { (200, 36) };
    let seed = std::env::var("CRASH_SEED")
        .ok()
        .map_or(7, |seed| seed.parse().unwrap());
    println!("CRASH_SEED={seed}");
    let mut left = VecDeque::from(kills_of(kills, seed));
    let (mut migrations, mut hits, mut lost_answers) = (0, 0, 0);
    // How much is done between two kills depends on the machine. When a migration has no work left, the next one has.
    while !left.is_empty() {
        let ended = killed_and_ended(businesses, seed + migrations, &mut left);
        migrations += 1;
        hits += ended.kills;
        lost_answers += ended.lost_answers;
    }
    println!("killed {hits} times in {migrations} migrations");
    assert!(
        hits * 10 >= kills * 8,
        "{hits} of {kills} kills hit: the test's sizes do not fit any more"
    );
    assert!(
        lost_answers > 0,
        "no answer to a KYB trigger was lost: the test's faults do not fit any more"
    );
}

struct Ended {
    /// Runs that were killed before they had ended by themselves.
    kills: usize,
    /// So often a person had to settle KYB triggers.
    lost_answers: usize,
}

/// Kills one migration until it has no work left or no kill is left, lets it end, and judges it. A kill that comes too
/// late is left for the next migration, and dropped when it was the first one of this.
fn killed_and_ended(businesses: usize, seed: u64, left: &mut VecDeque<Kill>) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let expected = entities::write(folder.path(), businesses, seed);
    let planned = world::payload_hashes(folder.path());
    assert_eq!(
        planned.keys().cloned().collect::<BTreeSet<_>>(),
        expected.accounts
    );
    let sandbox = SandboxProcess::start(folder.path(), &format!("seed = {seed}\n{FAULTS}"));
    let world = World {
        folder,
        sandbox,
        planned,
        settled: Default::default(),
    };
    let mut kills = 0;
    while let Some(kill) = left.pop_front() {
        if world.killed(kill).is_none() {
            println!("{kill:?}: the run ended before");
            if kills > 0 {
                left.push_front(kill);
            }
            break;
        }
        kills += 1;
    }
    world.to_the_end();
    for pause in [0, 60, 150] {
        world.killed(Kill::Anywhere(pause));
    }
    let mut lost_answers = 0;
    loop {
        let in_doubt = judge(&world, &expected);
        println!("{} KYB triggers in doubt", in_doubt.len());
        if in_doubt.is_empty() {
            return Ended {
                kills,
                lost_answers,
            };
        }
        lost_answers += 1;
        assert!(lost_answers < 20, "KYB never came to an end");
        settle(&world, &in_doubt);
        world.to_the_end();
    }
}

fn kills_of(count: usize, seed: u64) -> Vec<Kill> {
    let mut rng = Rng::with_seed(seed);
    let mut kills: Vec<Kill> = (0..count)
        .map(|place| match place % 6 {
            0 => Kill::InFlight(rng.u64(1..12)),
            1..=3 => Kill::Uploading(rng.u64(1..30)),
            4 => Kill::Screening(rng.u64(1..4)),
            _ if place % 12 == 5 => Kill::Anywhere(rng.u64(0..600)),
            // From one `settle_after` on they are asked about, and from two on sent again.
            _ => Kill::Settling(rng.u64(1500..3600)),
        })
        .collect();
    rng.shuffle(&mut kills);
    kills
}

/// What the sandbox has of documents and KYB.
struct Kept {
    documents: Vec<(Document, u64)>,
    triggered: BTreeMap<String, u64>,
}

impl Kept {
    fn read(world: &World) -> Kept {
        let (_, body) = world.sandbox.get("/_ledger").expect("a ledger");
        let ledger: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let list = |name: &str| ledger[name].as_array().expect("a list").iter();
        Kept {
            documents: list("documents")
                .map(|kept| {
                    let field = |name: &str| text(&kept[name]).unwrap_or_default();
                    let document = (
                        field("account"),
                        text(&kept["owner"]),
                        field("type"),
                        field("side"),
                        field("file"),
                    );
                    (document, kept["uploads_made"].as_u64().unwrap())
                })
                .collect(),
            triggered: list("kyb")
                .map(|kept| {
                    let times = kept["triggered"].as_u64().unwrap();
                    (text(&kept["account"]).unwrap(), times)
                })
                .collect(),
        }
    }
}

/// The ledger first, then the report. Returns the accounts whose KYB is in doubt, with whether it was taken.
fn judge(world: &World, expected: &Expected) -> BTreeMap<String, bool> {
    wait_for("the end of what the sandbox still handles", || {
        let now = world.sandbox.summary();
        let busy = ["open_posts", "open_uploads", "pending_late"];
        busy.iter().all(|name| now[name] == 0).then_some(())
    });
    let ledger: Ledger = world.sandbox.ledger();
    println!("{}", ledger.answers());
    world.agree(&ledger);
    let made = ledger
        .accounts
        .iter()
        .filter(|(_, account)| account.created);
    let made: BTreeSet<String> = made.map(|(id, _)| id.clone()).collect();
    assert_eq!(made, expected.accounts);

    let kept = Kept::read(world);
    let there: BTreeSet<Document> = kept
        .documents
        .iter()
        .map(|(document, _)| document.clone())
        .collect();
    assert_eq!(
        there.len(),
        kept.documents.len(),
        "a document is there under two ids"
    );
    assert!(
        there == expected.documents,
        "{} documents there, {} expected",
        there.len(),
        expected.documents.len()
    );
    for (document, times) in &kept.documents {
        assert_eq!(*times, 1, "uploads with effect of {document:?}");
    }
    let states = kyb_states(world.folder.path());
    assert_eq!(
        states.keys().cloned().collect::<BTreeSet<_>>(),
        expected.accounts
    );
    let mut in_doubt = BTreeMap::new();
    for (id, state) in &states {
        let times = kept.triggered.get(id).copied().unwrap_or_default();
        match (state.as_str(), expected.complete.contains(id)) {
            ("accepted", true) => assert_eq!(times, 1, "KYB triggers of {id}"),
            ("in doubt", true) => {
                assert!(times <= 1, "{id} was triggered {times} times");
                in_doubt.insert(id.clone(), times == 1);
            }
            ("held", false) => assert_eq!(times, 0, "{id} is not complete"),
            _ => panic!("KYB of {id} is {state}"),
        }
    }
    judge_totals(world, expected, in_doubt.len());
    in_doubt
}

/// The state of every account's KYB, as the report has it.
fn kyb_states(folder: &Path) -> BTreeMap<String, String> {
    json_of(program().args(["report", "--json"]).arg(folder));
    let mut reader = csv::Reader::from_path(folder.join("report/kyb.csv")).unwrap();
    let rows = reader
        .deserialize()
        .map(Result::<HashMap<String, String>, _>::unwrap);
    rows.map(|row| (row["clientAccountId"].clone(), row["state"].clone()))
        .collect()
}

fn judge_totals(world: &World, expected: &Expected, in_doubt: usize) {
    let (totals, code) = json_of(
        program()
            .args(["report", "--json"])
            .arg(world.folder.path()),
    );
    assert_eq!(totals["balanced"], true, "{totals}");
    // The incomplete ones need a person.
    assert_eq!(code, 3, "{totals}");
    let complete = expected.complete.len();
    let wanted = [
        ("account", "accepted", expected.accounts.len()),
        ("document", "planned", expected.documents.len()),
        ("document", "accepted", expected.documents.len()),
        ("kyb", "planned", expected.accounts.len()),
        ("kyb", "accepted", complete - in_doubt),
        ("kyb", "in_doubt", in_doubt),
        ("kyb", "held", expected.accounts.len() - complete),
    ];
    for (kind, state, count) in wanted {
        assert_eq!(
            totals["tasks"][kind][state], count,
            "{kind} {state} in {totals}"
        );
    }
}

/// What a person would hear from Bakkt.
fn settle(world: &World, in_doubt: &BTreeMap<String, bool>) {
    for (id, taken) in in_doubt {
        let outcome = if *taken { "accepted" } else { "not-taken" };
        if !taken {
            world.settled.lock().unwrap().insert(id.clone());
        }
        let mut resolve = program();
        resolve.arg("resolve").arg(world.folder.path());
        resolve.args([
            "--kyb",
            id,
            "--as",
            outcome,
            "--reason",
            "Bakkt says so",
            "--json",
        ]);
        let (_, code) = json_of(&mut resolve);
        assert_eq!(code, 0, "{id}");
    }
}
