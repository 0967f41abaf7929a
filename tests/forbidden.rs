//! Answers of 403. A key that is revoked in the middle of a run, or an address that is taken off the list: nobody is booked as
//! refused for it, and the same command goes on. A customer who is forbidden beside others is refused.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::Value;

use crate::commands::world::{Bakkt, World, row};
use crate::custody;
use crate::support::Running;
use crate::support::gatekeeper::{Gatekeeper, serve};

const ACCOUNTS: &str = "/apex-crypto/api/v2/accounts ";

fn totals(json: &str, states: &[&str]) -> Vec<u64> {
    let totals: Value = serde_json::from_str(json).unwrap_or_else(|_| panic!("{json}"));
    let total = |state: &&str| totals["tasks"]["account"][*state].as_u64().unwrap();
    states.iter().map(total).collect()
}

/// Sixty customers, with so many requests on their way at once.
fn sixty(in_flight: usize, on_existing: &str) -> World {
    let world = World::of(60);
    world.set(&format!("[accounts]\non_existing = \"{on_existing}\""));
    let limits = format!("[limits]\nin_flight = {in_flight}");
    world.change("acme/migration.toml", "[limits]", &limits);
    world
}

fn run(world: &World, url: &str) -> (i32, String) {
    world.code(&format!("run acme --base-url {url} --json --yes"))
}

/// Forbids the customers with these numbers.
fn forbidding(bakkt: &Bakkt, numbers: &[u32]) -> Gatekeeper {
    let texts = numbers.iter().map(|number| format!("\"A-{number}\""));
    Gatekeeper::forbidding(&bakkt.url(), ACCOUNTS, texts.collect())
}

/// The customers that the report has as refused.
fn refused(world: &World) -> Vec<String> {
    let text = world.read("acme/report/refused.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let column = headers.iter().position(|name| name == "clientAccountId");
    let rows = reader.records().map(Result::unwrap);
    let mut ids: Vec<String> = rows.map(|row| row[column.unwrap()].to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn a_key_that_is_revoked_in_mid_run_leaves_nobody_behind() {
    let cases = [
        (1, 8, "update"),
        (20, 8, "update"),
        (59, 8, "update"),
        (3, 1, "update"),
        (37, 1, "skip"),
        (58, 1, "update"),
        (59, 1, "update"),
        (30, 32, "update"),
    ];
    for (passes, in_flight, on_existing) in cases {
        let bakkt = Bakkt::start(|config| config.latency_ms = 2);
        let world = sixty(in_flight, on_existing);
        let gate = Gatekeeper::revoking(&bakkt.url(), ACCOUNTS, passes);
        let (code, json) = run(&world, &gate.url);
        let states = ["accepted", "refused", "open", "in_doubt"];
        let accepted = passes.unsigned_abs();
        assert_eq!(
            (code, totals(&json, &states)),
            (4, vec![accepted, 0, 60 - accepted, 0]),
            "{passes} {in_flight}: {json}"
        );
        gate.open();
        let (code, json) = run(&world, &gate.url);
        assert_eq!(
            (code, totals(&json, &["accepted"])),
            (0, vec![60]),
            "{json}"
        );
        assert_eq!((bakkt.ledger().accounts, bakkt.ledger().updated), (60, 0));
    }
}

#[test]
fn customers_who_are_forbidden_are_refused_and_the_others_go_on() {
    let cases: [(&[u32], usize); 9] = [
        (&[1], 1),
        (&[30], 1),
        (&[60], 1),
        (&[60], 8),
        (&[30, 31], 1),
        (&[20, 21, 22, 23], 1),
        (&[57, 58, 59, 60], 1),
        (&[1, 2, 3, 4], 1),
        (&[1, 2, 59, 60], 8),
    ];
    for (numbers, in_flight) in cases {
        let bakkt = Bakkt::start(|_| {});
        let world = sixty(in_flight, "skip");
        let gate = forbidding(&bakkt, numbers);
        let (code, json) = run(&world, &gate.url);
        let count = numbers.len() as u64;
        assert_eq!(
            (code, totals(&json, &["accepted", "refused", "open"])),
            (3, vec![60 - count, count, 0]),
            "{numbers:?}: {json}"
        );
        let ids = numbers.iter().map(|number| format!("A-{number}"));
        assert_eq!(refused(&world), ids.collect::<Vec<_>>());
        assert_eq!(bakkt.ledger().accounts, 60 - count);
    }
}

#[test]
fn six_side_by_side_stop_the_run_until_they_are_left_out() {
    let bakkt = Bakkt::start(|_| {});
    let world = sixty(1, "update");
    let gate = forbidding(&bakkt, &[30, 31, 32, 33, 34, 35]);
    for _ in 0..2 {
        let said = world.bakkt(&format!("run acme --base-url {} --yes", gate.url));
        assert!(said.starts_with("exit code 4"), "{said}");
        for word in [
            "accounts of 5 customers (403)",
            "key",
            "filter",
            "[exclude]",
        ] {
            assert!(said.contains(word), "{word}: {said}");
        }
        let (_, status) = world.code("status acme --json");
        let states = totals(&status, &["accepted", "refused", "open"]);
        assert_eq!(states, [29, 0, 31], "{status}");
    }
    world.set(
        "[exclude]\nids = { list = [\"A-30\", \"A-31\", \"A-32\", \"A-33\", \"A-34\", \"A-35\"], reason = \"forbidden\" }",
    );
    let replan = format!("replan acme --base-url {} --reason why", gate.url);
    let (code, said) = world.code(&replan);
    assert_eq!(code, 0, "{said}");
    let (code, json) = run(&world, &gate.url);
    assert_eq!(
        (code, totals(&json, &["accepted"])),
        (0, vec![54]),
        "{json}"
    );
    assert_eq!((bakkt.ledger().accounts, bakkt.ledger().updated), (54, 0));
}

#[test]
fn who_was_forbidden_is_open_when_the_program_is_killed() {
    let bakkt = Bakkt::start(|_| {});
    let world = sixty(1, "update");
    world.export(&(1..=6).map(|n| row(&format!("A-{n}"))).collect::<Vec<_>>());
    // The second and third are forbidden, and the fourth gets no answer.
    let (told, waits) = channel();
    let told = Mutex::new(told);
    let url = serve(&bakkt.url(), move |_, body, pass| {
        let sent = String::from_utf8_lossy(body);
        if sent.contains("\"A-4\"") {
            let _ = told.lock().unwrap().send(());
            loop {
                std::thread::park();
            }
        }
        match sent.contains("\"A-2\"") || sent.contains("\"A-3\"") {
            true => {
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
            }
            false => pass(),
        }
    });
    let mut running =
        Running::start(&mut world.command(&["run", "acme", "--base-url", &url, "--yes"]));
    waits.recv().unwrap();
    running.kill();
    let (_, json) = world.code("status acme --json");
    let states = totals(
        &json,
        &["accepted", "refused", "open", "in_doubt", "planned"],
    );
    assert_eq!(states, [1, 0, 4, 1, 6], "{json}");
}

/// The state of each custody task of a kind, with how many there are.
fn states(world: &custody::world::World, kind: &str) -> BTreeMap<String, usize> {
    let mut states = world.states();
    states.retain(|state, _| state.starts_with(kind));
    states
}

#[test]
fn users_of_custody_wait_for_the_next_run_when_the_key_is_revoked() {
    use custody::world::{World, rows};
    for (passes, in_flight) in [(3, 1), (3, 8), (10, 1)] {
        let world = World::new(&rows(12), &format!("in_flight = {in_flight}\n"), "");
        let gate = Gatekeeper::revoking(&world.sandbox.base_url(), "/user ", passes);
        let run = || {
            let mut command = world.command(&["run"], &["--base-url", &gate.url]);
            world.ended(&mut command, 3)
        };
        let said = run();
        assert!(said.contains("forbidden by Bakkt"), "{said}");
        let lines = world.sheet("custody.csv");
        let mut held = lines.iter().filter(|line| line["code"] == "forbidden");
        assert!(held.all(|line| line["message"].starts_with("Bakkt forbids users of ")));
        let made = passes as usize;
        let found = states(&world, "user");
        assert_eq!(found["user accepted"], made, "{found:?}");
        assert_eq!(found["user held forbidden"], 12 - made, "{found:?}");
        gate.open();
        run();
        assert_eq!(states(&world, "user")["user accepted"], 12);
        world.made().has_nothing_twice();
    }
}

#[test]
fn bank_accounts_wait_for_the_next_run_when_the_key_is_revoked() {
    use custody::world::{World, rows};
    for (passes, in_flight) in [(2, 1), (3, 8), (11, 1)] {
        let world = World::new(&rows(12), &format!("in_flight = {in_flight}\n"), "");
        let path = "/user/bank-account/bakkt ";
        let gate = Gatekeeper::revoking(&world.sandbox.base_url(), path, passes);
        let run = |code| {
            let mut command = world.command(&["run"], &["--base-url", &gate.url]);
            world.ended(&mut command, code)
        };
        run(3);
        let ids: Vec<String> = (1..=12).map(|n| format!("A-{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        world.sessions(&ids, "");
        run(3);
        let made = passes as usize;
        let found = states(&world, "bank account");
        assert_eq!(found["bank account accepted"], made, "{found:?}");
        assert_eq!(found["bank account held forbidden"], 12 - made, "{found:?}");
        assert!(!world.states().keys().any(|state| state.contains("refused")));
        gate.open();
        run(0);
        world.made().has_nothing_twice();
    }
}

#[test]
fn a_customer_of_custody_is_refused_once_another_shows_it() {
    use custody::world::{World, rows};
    // Of the last one a question about another customer shows it.
    for id in ["A-3", "A-5"] {
        let forbids = format!("[custody]\nforbid_id_containing = \"{id}\"\n");
        let world = World::new(&rows(5), "in_flight = 1\n", &forbids);
        let said = world.run(3);
        let found = states(&world, "user");
        assert_eq!(
            (found["user accepted"], found["user refused 403"]),
            (4, 1),
            "{found:?}"
        );
        assert!(!said.contains("forbidden by Bakkt"), "{said}");
        world.made().has_nothing_twice();
    }
}

/// A world of one customer whose session is there, behind a gate that forbids what a function says of a request's head.
fn lone_customer(
    forbids: impl Fn(&str, &[u8]) -> bool + Send + Sync + 'static,
) -> (custody::world::World, String) {
    let row = custody::world::row("A-1", "ann1@example.com", "EUR;GBP", "", "");
    let world = custody::world::World::new(&[row], "in_flight = 1\n", "");
    let url = serve(
        &world.sandbox.base_url(),
        move |head, body, pass| match forbids(head, body) {
            true => {
                b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec()
            }
            false => pass(),
        },
    );
    (world, url)
}

#[test]
fn a_lone_customer_of_custody_is_refused_when_the_key_is_good() {
    // One of their accounts is forbidden, after another was made.
    let (world, url) = lone_customer(|head, body| {
        head.starts_with("POST /user/bank-account/bakkt ")
            && String::from_utf8_lossy(body).contains("GBP")
    });
    let run = |code| world.ended(&mut world.command(&["run"], &["--base-url", &url]), code);
    run(3);
    world.sessions(&["A-1"], "");
    run(3);
    let found = states(&world, "bank account");
    assert_eq!(found.get("bank account refused 403"), Some(&1), "{found:?}");
}

#[test]
fn a_person_says_that_bakkt_forbids_a_lone_customer() {
    // Nothing shows whom it is about: reading their user is forbidden as well.
    let (world, url) = lone_customer(|head, body| {
        let is_bank = head.starts_with("POST /user/bank-account/bakkt ");
        (is_bank && String::from_utf8_lossy(body).contains("GBP")) || head.starts_with("GET /user ")
    });
    let run = |code| world.ended(&mut world.command(&["run"], &["--base-url", &url]), code);
    run(3);
    world.sessions(&["A-1"], "");
    let said = run(3);
    assert!(said.contains("forbidden by Bakkt"), "{said}");
    let lines = world.sheet("custody.csv");
    let held = lines.iter().find(|line| line["code"] == "forbidden");
    let held = held.unwrap();
    assert!(held["message"].contains("--as refused"), "{held:?}");
    let resolve = |task: &str, code| {
        let arguments = ["--custody-task", task, "--as", "refused"];
        let mut command = world.command(&["resolve"], &arguments);
        world.ended(command.args(["--reason", "Bakkt says so"]), code)
    };
    resolve(&held["task"], 0);
    run(3);
    let found = states(&world, "bank account");
    assert_eq!(
        found.get("bank account refused forbidden"),
        Some(&1),
        "{found:?}"
    );
    let made = lines.iter().find(|line| line["state"] == "accepted");
    let said = resolve(&made.unwrap()["task"], 2);
    assert!(said.contains("is not held"), "{said}");
}
