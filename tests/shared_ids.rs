//! One bakktId that is answered for several accounts: by a proxy or a cache that went wrong, or by Bakkt itself. Whose it is nobody can
//! ask, so the second account is in doubt and for a person; it is neither asked about nor sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::commands::world::{Bakkt, World, shown};
use crate::support::copy_folder;
use crate::support::gatekeeper::serve;

const CODE: &str = "id of another";
/// A proxy in front of the sandbox.
struct Proxy {
    url: String,
    /// The customer about whom answers to requests of a method have the bakktId that was answered first.
    spoils: Arc<Mutex<Option<(&'static str, &'static str)>>>,
    /// How often it was asked about customer, by method.
    asked: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Proxy {
    /// `loses`: the first creation of the customer loses its answer.
    fn start(bakkt: &Bakkt, spoils: Option<(&'static str, &'static str)>, loses: bool) -> Proxy {
        let asked: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let spoils = Arc::new(Mutex::new(spoils));
        let (counts, spoiled, first) = (asked.clone(), spoils.clone(), Mutex::new(None));
        let url = serve(&bakkt.url(), move |head, body, pass| {
            let answer = String::from_utf8_lossy(&pass()).into_owned();
            let line = head.lines().next().unwrap_or_default();
            let method = line.split(' ').next().unwrap_or_default();
            let body = String::from_utf8_lossy(body);
            let is_about = |id: &str| {
                let in_body = body.contains(&format!("\"{id}\""));
                in_body
                    || ["/", "="]
                        .iter()
                        .any(|c| line.contains(&format!("{c}{id} ")))
            };
            let wanted = spoiled.lock().unwrap().filter(|(_, id)| is_about(id));
            if is_about("A-2") || is_about("A-3") {
                let mut counts = counts.lock().unwrap();
                *counts.entry(method.to_owned()).or_default() += 1;
                if loses && wanted.is_some() && method == "POST" && counts["POST"] == 1 {
                    return Vec::new();
                }
            }
            let is_spoiled = wanted.is_some_and(|(wanted, _)| wanted == method);
            with_first_id(&answer, &mut first.lock().unwrap(), is_spoiled)
        });
        Proxy { url, spoils, asked }
    }

    fn spoil(&self, spoils: Option<(&'static str, &'static str)>) {
        *self.spoils.lock().unwrap() = spoils;
    }

    fn asked(&self) -> BTreeMap<String, u64> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer, with the bakktId that was answered first where it is to be spoiled.
fn with_first_id(answer: &str, first: &mut Option<String>, is_spoiled: bool) -> Vec<u8> {
    let Some(at) = answer.find("\"id\":\"").map(|at| at + 6) else {
        return answer.as_bytes().to_vec();
    };
    let end = at + answer[at..].find('"').unwrap();
    let (before, after) = (&answer[..at], &answer[end..]);
    let first = first.get_or_insert_with(|| answer[at..end].to_owned());
    match is_spoiled {
        true => format!("{before}{first}{after}").into_bytes(),
        false => answer.as_bytes().to_vec(),
    }
}

/// A server that answers every creation with the bakktId of the first.
fn one_for_all(bakkt: &Bakkt) -> String {
    let first = Mutex::new(None);
    serve(&bakkt.url(), move |head, _, pass| {
        let answer = String::from_utf8_lossy(&pass()).into_owned();
        with_first_id(
            &answer,
            &mut first.lock().unwrap(),
            head.starts_with("POST"),
        )
    })
}

/// Customers who are sent one after the other.
fn world(count: usize) -> World {
    let world = World::of(count);
    world.change("acme/migration.toml", "[limits]", "[limits]\nin_flight = 1");
    world.change("acme/migration.toml", "\"60s\"", "\"1s\"");
    world.change("acme/migration.toml", "\"61s\"", "\"1100ms\"");
    world
}

fn sheet(world: &World, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = world.read(name);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let line = |row: csv::StringRecord| {
        let cells = headers.iter().zip(row.iter());
        cells
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .collect()
    };
    reader.records().map(|row| line(row.unwrap())).collect()
}

/// The bakktIds of the crosswalk, by clientAccountId; no two are the same.
fn crosswalk(world: &World) -> BTreeMap<String, String> {
    let lines = sheet(world, "acme/report/crosswalk.csv");
    let mut ids: Vec<&String> = lines.iter().map(|line| &line["bakktId"]).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), lines.len(), "{lines:?}");
    let pair = |line: &BTreeMap<String, String>| {
        (line["clientAccountId"].clone(), line["bakktId"].clone())
    };
    lines.iter().map(pair).collect()
}

/// What is in doubt and for a person: clientAccountIds and messages.
fn for_a_person(world: &World) -> Vec<(String, String)> {
    let lines = sheet(world, "acme/report/refused.csv");
    let mut ours = lines.iter().filter(|line| line["code"] == CODE);
    let found: Vec<(String, String)> = ours
        .by_ref()
        .map(|line| (line["clientAccountId"].clone(), line["message"].clone()))
        .collect();
    found
}

fn run(world: &World, url: &str) -> (i32, Value) {
    let arguments = ["run", "acme", "--base-url", url, "--json", "--yes"];
    let output = world.command(&arguments).output().unwrap();
    let totals = serde_json::from_slice(&output.stdout);
    let totals = totals.unwrap_or_else(|_| panic!("{}", shown(&output)));
    (output.status.code().unwrap_or(-1), totals)
}

fn resolve(world: &World, id: &str, outcome: &str) -> String {
    let command = format!("resolve acme --account {id} --as {outcome} --reason looked-up");
    world.bakkt(&command)
}

#[test]
fn an_account_with_the_id_of_another_is_for_a_person_and_is_left_alone() {
    let bakkt = Bakkt::start(|_| {});
    let world = world(4);
    let proxy = Proxy::start(&bakkt, Some(("POST", "A-3")), false);
    let (code, totals) = run(&world, &proxy.url);
    let account = &totals["tasks"]["account"];
    assert_eq!(
        (code, &account["accepted"], &account["in_doubt"]),
        (3, &Value::from(3), &Value::from(1)),
        "{totals}"
    );
    assert_eq!(totals["shared_ids"], 1, "{totals}");
    assert_eq!(totals["balanced"], true, "{totals}");
    let ids = crosswalk(&world);
    assert_eq!(ids.len(), 3, "{ids:?}");
    let doubts = for_a_person(&world);
    assert_eq!(doubts.len(), 1, "{doubts:?}");
    assert_eq!(doubts[0].0, "A-3");
    assert!(doubts[0].1.contains(&ids["A-1"]), "{doubts:?}");
    let status = world.bakkt("status acme");
    assert!(status.starts_with("exit code 3"), "{status}");
    assert!(
        status.contains("accounts answered with the bakktId of another 1"),
        "{status}"
    );
    // Neither asked about nor sent again, and no new plan may lose it.
    proxy.spoil(None);
    let before = proxy.asked();
    assert_eq!(run(&world, &proxy.url).0, 3);
    assert_eq!(proxy.asked(), before);
    assert_eq!(bakkt.ledger().accounts, 4);
    let replan = format!("replan acme --base-url {} --reason why", proxy.url);
    let said = world.bakkt(&replan);
    assert!(said.contains("resolve --account"), "{said}");
    // A person says what they found out.
    let said = resolve(
        &world,
        "A-3",
        &format!("accepted --bakkt-id {}", ids["A-1"]),
    );
    assert!(
        said.contains("that bakktId is that of A-1 already"),
        "{said}"
    );
    let said = resolve(&world, "A-2", "accepted");
    assert!(said.contains("is not in doubt"), "{said}");
    let said = resolve(&world, "A-3", "not-taken");
    assert!(said.starts_with("exit code 0"), "{said}");
    let (code, totals) = run(&world, &proxy.url);
    assert_eq!(
        (code, &totals["tasks"]["account"]["accepted"]),
        (0, &Value::from(4))
    );
    assert_eq!(crosswalk(&world).len(), 4);
}

#[test]
fn a_person_names_the_id_of_an_account() {
    for with_id in [true, false] {
        let bakkt = Bakkt::start(|_| {});
        let world = world(3);
        let proxy = Proxy::start(&bakkt, Some(("POST", "A-2")), false);
        assert_eq!(run(&world, &proxy.url).0, 3);
        let own = "bk-4711-aabb";
        let with = format!("accepted --bakkt-id {own}");
        let outcome = if with_id { &with } else { "accepted" };
        let said = resolve(&world, "A-2", outcome);
        assert!(said.starts_with("exit code 0"), "{said}");
        assert_eq!(run(&world, &proxy.url).0, 0);
        let expected = if with_id { own } else { "" };
        assert_eq!(crosswalk(&world)["A-2"], expected);
    }
}

#[test]
fn an_answer_to_a_question_is_compared_as_well() {
    // A lost answer that is settled by asking, and an account that is looked up before it is sent.
    for (loses, existing) in [(true, 0.0), (false, 1.0)] {
        let bakkt = Bakkt::start(|config| config.existing = existing);
        let world = world(3);
        let proxy = Proxy::start(&bakkt, Some(("GET", "A-2")), loses);
        let (code, totals) = run(&world, &proxy.url);
        assert_eq!(
            (code, &totals["shared_ids"]),
            (3, &Value::from(1)),
            "{totals}"
        );
        assert_eq!(crosswalk(&world).len(), 2);
        assert_eq!(for_a_person(&world).len(), 1);
        let before = proxy.asked();
        assert_eq!(run(&world, &proxy.url).0, 3);
        assert_eq!(proxy.asked(), before);
    }
}

#[test]
fn an_update_that_is_answered_with_the_id_of_another_is_for_a_person() {
    let bakkt = Bakkt::start(|_| {});
    let world = world(3);
    let proxy = Proxy::start(&bakkt, None, false);
    let url = proxy.url.clone();
    assert_eq!(run(&world, &url).0, 0);
    let export = world.read("acme/export.csv");
    world.write("acme/export.csv", &export.replace("Austin", "Dallas"));
    proxy.spoil(Some(("POST", "A-3")));
    let replan = format!("replan acme --base-url {url} --update-accepted --reason moved");
    let said = world.bakkt(&replan);
    assert!(said.starts_with("exit code 0"), "{said}");
    let (code, totals) = run(&world, &url);
    assert_eq!(
        (code, &totals["shared_ids"]),
        (3, &Value::from(1)),
        "{totals}"
    );
    assert_eq!(totals["tasks"]["update"]["accepted"], 2, "{totals}");
    // It keeps the id that it has, which may be named; another's is none.
    let ids = crosswalk(&world);
    let said = resolve(
        &world,
        "A-3",
        &format!("accepted --bakkt-id {}", ids["A-1"]),
    );
    assert!(said.contains("is that of A-1 already"), "{said}");
    let said = resolve(
        &world,
        "A-3",
        &format!("accepted --bakkt-id {}", ids["A-3"]),
    );
    assert!(said.starts_with("exit code 0"), "{said}");
    proxy.spoil(None);
    assert_eq!(run(&world, &url).0, 0);
    assert_eq!(crosswalk(&world), ids);
}

#[test]
fn an_account_with_the_id_of_another_shards_is_for_a_person() {
    let bakkt = Bakkt::start(|_| {});
    let world = world(8);
    let url = one_for_all(&bakkt);
    let run = |shard: &str, limit: &str| {
        let line = format!(
            "run acme --base-url {url} --json --yes --shard {shard} --registry shards.db --limit {limit}"
        );
        let (code, json) = world.code(&line);
        (code, serde_json::from_str::<Value>(&json).unwrap())
    };
    let (code, totals) = run("0/2", "1");
    assert_eq!((code, totals.get("shared_ids")), (0, None), "{totals}");
    let (code, totals) = run("1/2", "1");
    assert_eq!(
        (code, &totals["shared_ids"]),
        (3, &Value::from(1)),
        "{totals}"
    );
    // A server that answers nothing else ends the run, and not one customer after the other.
    let (code, totals) = run("1/2", "100");
    let left = &totals["tasks"]["account"];
    assert_eq!(code, 3, "{totals}");
    assert_eq!(left["accepted"], 0, "{totals}");
}

#[test]
fn a_server_that_answers_one_id_for_all_stops_the_run() {
    let bakkt = Bakkt::start(|_| {});
    let world = world(30);
    let url = one_for_all(&bakkt);
    let (code, totals) = run(&world, &url);
    let account = &totals["tasks"]["account"];
    assert_eq!(
        (code, &account["accepted"]),
        (4, &Value::from(1)),
        "{totals}"
    );
    assert!(account["in_doubt"].as_u64().unwrap() < 8, "{totals}");
    assert!(account["open"].as_u64().unwrap() > 20, "{totals}");
}

/// Changes the journal of a state folder as an earlier version would have left it.
fn earlier(world: &World, state: &str, change: &str) {
    let db = rusqlite::Connection::open(world.path(state).join("journal.db")).unwrap();
    assert!(db.execute(change, []).unwrap() > 0, "{change}");
}

/// Who stands under an id that another has: what, clientAccountId and shard.
fn repeated(world: &World, folder: &str) -> Vec<[String; 3]> {
    let lines = sheet(world, &format!("{folder}/shared-ids.csv"));
    let ids: BTreeSet<String> = lines.iter().map(|line| line["id"].to_lowercase()).collect();
    assert!(ids.len() < 2, "{lines:?}");
    let cells = ["what", "clientAccountId", "shard"];
    let mut lines: Vec<_> = lines
        .iter()
        .map(|line| cells.map(|name| line[name].clone()))
        .collect();
    lines.sort();
    lines
}

#[test]
fn an_id_that_an_earlier_version_took_twice_is_found() {
    let bakkt = Bakkt::start(|_| {});
    let world = world(4);
    assert_eq!(run(&world, &bakkt.url()).0, 0);
    assert_eq!(repeated(&world, "acme/report"), [[""; 3]; 0]);
    let twice = "UPDATE task SET bakkt_id = (SELECT upper(bakkt_id) FROM task WHERE record = 1) WHERE record = 3";
    earlier(&world, "acme/.bakkt-migrate", twice);
    for command in ["report acme --json".to_owned(), bakkt.run("--json --yes")] {
        let (_, json) = world.code(&command);
        let totals: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(totals["repeated_ids"], 1, "{command}: {totals}");
        assert_eq!(
            repeated(&world, "acme/report"),
            [["account", "A-1", ""], ["account", "A-3", ""]]
        );
    }
    // What `audit` says of the change above is another matter.
    let said = world.bakkt("report acme");
    assert!(
        said.contains("ids of Bakkt's with two customers (shared-ids.csv) 1"),
        "{said}"
    );
    let page = world.read("acme/report/report.html");
    assert!(page.contains("under which two customers stand"), "{page}");
}

#[test]
fn an_id_that_two_shards_got_is_found_when_their_reports_are_merged() {
    let bakkt = Bakkt::start(|_| {});
    let world = world(8);
    let url = one_for_all(&bakkt);
    // Neither sees the journal of the other, as when both get the answer at the same moment.
    let of_shard = |command: &str, shard: u32| {
        let line = format!("{command} --json --shard {shard}/2 --state state-{shard}");
        let (code, json) = world.code(&line);
        (code, serde_json::from_str::<Value>(&json).unwrap())
    };
    let command = format!("run acme --base-url {url} --yes --registry shards.db --limit 1");
    for shard in 0..2 {
        let (code, totals) = of_shard(&command, shard);
        let accepted = &totals["tasks"]["account"]["accepted"];
        assert_eq!((code, accepted), (0, &Value::from(1)), "{totals}");
        assert_eq!(totals.get("repeated_ids"), None, "{totals}");
    }
    let line = "report acme --merge --json --state state-0 --state state-1";
    let (code, json) = world.code(line);
    let totals: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (code, &totals["repeated_ids"]),
        (3, &Value::from(1)),
        "{totals}"
    );
    let found = repeated(&world, "acme/report");
    let shards: BTreeSet<&str> = found.iter().map(|line| line[2].as_str()).collect();
    assert_eq!((found.len(), shards.len()), (2, 2), "{found:?}");
    let (code, totals) = of_shard("report acme", 1);
    assert_eq!((code, totals.get("repeated_ids")), (0, None), "{totals}");
    // A person found out under which id Bakkt has the second one.
    let second = &found.iter().find(|line| line[2] == "1/2").unwrap()[1];
    let resolve = |id: &str| {
        let both = "--state state-0 --state state-1 --reason looked-up";
        let line = format!("resolve acme --shard 1/2 --account {second} --as accepted");
        world.bakkt(&format!("{line} --bakkt-id {id} {both}"))
    };
    let taken = sheet(&world, "acme/report/shared-ids.csv")[0]["id"].clone();
    let said = resolve(&taken);
    assert!(said.contains("already in shard 0/2"), "{said}");
    let said = resolve("bk-4711-aabb");
    assert!(said.starts_with("exit code 0"), "{said}");
    let (code, json) = world.code(line);
    assert_eq!(code, 0, "{json}");
    assert_eq!(repeated(&world, "acme/report"), [[""; 3]; 0]);
    let said = resolve("bk-4711-ccdd");
    assert!(said.contains("not in doubt"), "{said}");
}

#[test]
fn the_id_of_a_document_that_another_one_has_is_corrected_by_a_person() {
    let bakkt = Bakkt::start(|_| {});
    let world = world(1);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/harbor");
    copy_folder(&sample, &world.path("harbor"));
    world.code(&format!(
        "run harbor --yes --quiet --base-url {}",
        bakkt.url()
    ));
    let lines = "SELECT d.uuid FROM task t JOIN document d ON d.id = t.document WHERE t.kind = 3 AND t.state = 4 AND t.bakkt_id <> '' ORDER BY t.id LIMIT 2";
    let db = rusqlite::Connection::open(world.path("harbor/.bakkt-migrate/journal.db")).unwrap();
    let mut statement = db.prepare(lines).unwrap();
    let uuids: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    drop(statement);
    drop(db);
    let resolve = |document: &str, more: &str| {
        world.bakkt(&format!(
            "resolve harbor --document {document} --as accepted {more} --reason looked-up"
        ))
    };
    let said = resolve(&uuids[1], "--bakkt-id doc-4711");
    assert!(
        said.contains("does not stand under the id of another"),
        "{said}"
    );
    let twice = format!(
        "UPDATE task SET bakkt_id = (SELECT t.bakkt_id FROM task t JOIN document d ON d.id = t.document WHERE t.kind = 3 AND d.uuid = '{}')
         WHERE kind = 3 AND document = (SELECT id FROM document WHERE uuid = '{}')",
        uuids[0], uuids[1]
    );
    earlier(&world, "harbor/.bakkt-migrate", &twice);
    let shared = || {
        world.code("report harbor");
        let lines = sheet(&world, "harbor/report/shared-ids.csv");
        let found: BTreeSet<String> = lines
            .iter()
            .map(|line| line["clientDocumentId"].clone())
            .collect();
        found
    };
    assert_eq!(shared(), uuids.iter().cloned().collect());
    assert!(resolve(&uuids[1], "").contains("--bakkt-id"));
    let taken = sheet(&world, "harbor/report/shared-ids.csv")[0]["id"].clone();
    let said = resolve(&uuids[1], &format!("--bakkt-id {taken}"));
    assert!(said.contains("already"), "{said}");
    let said = resolve(&uuids[1], "--bakkt-id doc-4711");
    assert!(said.starts_with("exit code 0"), "{said}");
    assert_eq!(shared(), BTreeSet::new());
    let log = world.read("harbor/report/summary.json");
    assert!(log.contains("resolve document: its id"), "{log}");
}
