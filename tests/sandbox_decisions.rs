//! The sandbox after it took an account: decisions, and the events that tell of them.
//!
//! A receiver of the test's own, on loopback, keeps every delivery byte for byte and answers as it is told. The shares are
//! draws of a seed, so each count below is that of this seed, the same on every run.

mod receiver;

use std::collections::{BTreeMap, BTreeSet};

use bakkt_sandbox::{Config, Sandbox};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use receiver::Receiver;

const ACCOUNTS: &str = "/apex-crypto/api/v2/accounts";
const ENOUGH: u64 = 300;

struct World {
    sandbox: Sandbox,
    client: reqwest::Client,
}

impl World {
    async fn new(config: &str) -> World {
        let config = Config {
            key: Some("k".to_owned()),
            ..Config::from_toml(config).unwrap()
        };
        World {
            sandbox: Sandbox::start(config, 0).await.unwrap(),
            client: crate::support::http_client(),
        }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let request = request.header("Authorization", "API-Key k");
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sandbox.base_url());
        let (status, body) = self.ask(self.client.get(url)).await;
        assert_eq!(status, 200, "{path} {body}");
        body
    }

    async fn post(&self, body: &Value) -> Value {
        let url = format!("{}{ACCOUNTS}", self.sandbox.base_url());
        let (status, answer) = self.ask(self.client.post(url).body(body.to_string())).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Uploads what a screening wants, and starts it.
    async fn screen(&self, account: &str) {
        let base = self.sandbox.base_url();
        let types = [
            "CERTIFICATE_OF_INCORPORATION",
            "CERTIFICATE_OF_BENEFICIAL_OWNERS",
            "ENTITY_DUE_DILIGENCE",
            "PASSPORT",
        ];
        for (number, kind) in types.into_iter().enumerate() {
            let mut metadata = json!({"account": account, "documentType": kind, "documentSide": "FRONT",
                "clientDocumentId": format!("00000000-0000-5000-8000-00000000000{number}"), "issueCountry": "USA"});
            if kind == "PASSPORT" {
                metadata["clientOwnerId"] = json!("o-1");
            }
            let part = |text: String| reqwest::multipart::Part::text(text);
            let metadata = part(metadata.to_string())
                .mime_str("application/json")
                .unwrap();
            let form = reqwest::multipart::Form::new()
                .part("request", metadata)
                .part(
                    "file",
                    part("an invented document".to_owned()).file_name("a.pdf"),
                );
            let url = format!("{base}/apex-crypto/api/v2/documents");
            let (status, answer) = self.ask(self.client.post(url).multipart(form)).await;
            assert_eq!(status, 200, "{answer}");
        }
        let url = format!("{base}{ACCOUNTS}/triggerKYBScreening/{account}");
        assert_eq!(self.ask(self.client.post(url)).await.0, 200);
    }

    async fn decisions(&self) -> Value {
        self.get("/_ledger/decisions").await
    }

    /// Waits until everything is decided and told; returns the decisions.
    async fn settled(&self) -> Value {
        for _ in 0..10_000 {
            let decisions = self.decisions().await;
            if decisions["events"]["pending"] == 0 {
                return decisions;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("it never settles");
    }

    /// How often each decision was taken.
    async fn decided(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for account in self.settled().await["accounts"].as_array().unwrap() {
            let word = account["decision"].as_str().unwrap().to_owned();
            *counts.entry(word).or_default() += 1;
        }
        counts
    }
}

fn id(number: u64) -> String {
    format!("A-{number:04}")
}

fn request(id: &str, account_type: &str) -> Value {
    let address = json!({"city": "Austin", "country": "USA", "state": "TX", "postalCode": "73301",
        "streetAddress": ["12 Example Road"]});
    json!({
        "clientAccountId": id,
        "accountType": account_type,
        "owners": [{
            "role": "PRIMARY_OWNER", "clientOwnerId": "o-1", "emailAddress": "jane.sample@example.com",
            "mailingAddress": address,
            "identity": {"givenName": "Jane", "familyName": "Sample", "dateOfBirth": "1980-02-03",
                "personalAddress": address, "taxId": "987001234", "taxIdType": "SSN"},
        }],
    })
}

async fn open(world: &World, count: u64) {
    for number in 0..count {
        let made = world.post(&request(&id(number), "INDIVIDUAL")).await;
        assert_eq!(made["request"]["clientAccountId"], id(number));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

#[tokio::test]
async fn accounts_are_decided_by_their_shares_and_each_way_is_shown_and_told() {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let world = World::new(&format!(
        "seed = 3\n[decide]\nafter_ms = 20\njitter_ms = 20\nrisk_kyc = 0.1\nrisk_ofac = 0.1\ndocuments = 0.2\n\
         review = 0.2\n[webhook]\nurl = \"{url}\""
    ))
    .await;
    open(&world, ENOUGH).await;
    let counts = world.decided().await;
    let share = |word: &str| counts[word] as f64 / ENOUGH as f64;
    // Three standard deviations of so many draws are below 0.09.
    for (word, expected) in [
        ("risk_kyc", 0.1),
        ("risk_ofac", 0.1),
        ("documents", 0.2),
        ("active", 0.6),
    ] {
        assert!((share(word) - expected).abs() < 0.09, "{counts:?}");
    }
    let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for body in receiver.bodies() {
        let of = text(&body["partnerPartyRef"]).to_owned();
        told.entry(of).or_default().push(body);
    }
    let mut reviewed = 0;
    for account in world.decisions().await["accounts"].as_array().unwrap() {
        let of = text(&account["id"]);
        let says = |event: &Value| {
            format!(
                "{} {}",
                text(&event["partyStatus"]),
                text(&event["reasonCode"])
            )
        };
        let said: Vec<String> = told[of].iter().map(says).collect();
        let (events, shown): (&[&str], _) = match text(&account["decision"]) {
            "risk_kyc" => (&["INACTIVE RISK_KYC"], ("REJECTED", false)),
            "risk_ofac" => (&["INACTIVE RISK_OFAC"], ("REJECTED", false)),
            "documents" => (
                &["UNDER_REVIEW DOCUMENT_VERIFICATION"],
                ("IN_PROGRESS", false),
            ),
            _ if said.len() == 2 => {
                reviewed += 1;
                (
                    &["UNDER_REVIEW PENDING_REVIEW", "ACTIVE ENROLLMENT"],
                    ("COMPLETE", true),
                )
            }
            _ => (&["ACTIVE ENROLLMENT"], ("COMPLETE", true)),
        };
        assert_eq!(said, events, "{of}");
        assert_eq!(account["events_sent"], events.len());
        let read = world.get(&format!("{ACCOUNTS}/{of}")).await;
        let status = world.get(&format!("{ACCOUNTS}/{of}/status")).await;
        assert_eq!(
            (text(&read["status"]), text(&read["mode"])),
            (shown.0, "OPEN")
        );
        assert_eq!(status["canTradeCrypto"], shown.1);
        let link = &told[of][0]["verificationURL"];
        assert_eq!(
            link.is_string(),
            text(&account["decision"]) == "documents",
            "{link}"
        );
        assert_eq!(
            told[of][0]["verificationURLExpiry"].is_string(),
            link.is_string()
        );
    }
    assert!(
        (reviewed as f64 / ENOUGH as f64 - 0.2).abs() < 0.09,
        "{reviewed}"
    );
    let events = &world.decisions().await["events"];
    assert_eq!(events["made"], ENOUGH + reviewed);
    assert_eq!(events["answered"], events["made"]);
    // An update leaves it decided, and tells nothing.
    let again = world.post(&request(&id(0), "INDIVIDUAL")).await;
    assert_ne!(again["status"], "PENDING");
    assert_eq!(&world.settled().await["events"], events);
}

#[tokio::test]
async fn the_same_seed_decides_the_same_and_without_a_table_nothing_is_decided() {
    let config = "seed = 9\n[decide]\nrisk_kyc = 0.3\nreview = 0.3";
    let (one, other) = (World::new(config).await, World::new(config).await);
    for number in 0..60 {
        one.post(&request(&id(number), "INDIVIDUAL")).await;
        other.post(&request(&id(59 - number), "INDIVIDUAL")).await;
    }
    let (one, other) = (one.settled().await, other.settled().await);
    assert_eq!(one["accounts"], other["accounts"]);
    // Nobody listens, so nothing is made.
    assert_eq!(one["events"]["made"], 0);

    // What the page says of the counters is all of them.
    let page = include_str!("../docs/sandbox.md");
    let table = page.split("| of all events | meaning |").nth(1).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let documented: BTreeSet<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    let counters = one["events"].as_object().unwrap();
    assert_eq!(documented, counters.keys().map(String::as_str).collect());

    let before = World::new("").await;
    open(&before, 3).await;
    let decisions = before.settled().await;
    for account in decisions["accounts"].as_array().unwrap() {
        assert_eq!(account["decision"], "pending");
        assert_eq!(account["status"], "PENDING");
    }
}

#[tokio::test]
async fn events_repeat_swap_and_get_lost_as_configured() {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let world = World::new(&format!(
        "seed = 5\n[decide]\nafter_ms = 5\nreview = 1.0\n[webhook]\nurl = \"{url}\"\nrepeat = 0.3\nswap = 0.3\nlose = 0.2"
    ))
    .await;
    open(&world, 200).await;
    let decisions = world.settled().await;
    let events = &decisions["events"];
    let count = |name: &str| events[name].as_u64().unwrap();
    assert_eq!(count("made"), 400);
    assert_eq!(count("made"), count("answered") + count("lost"));
    assert_eq!((count("sent"), count("given_up")), (count("answered"), 0));
    let lost: u64 = decisions["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| account["events_lost"].as_u64().unwrap())
        .sum();
    assert_eq!(lost, count("lost"));
    assert!((40..=120).contains(&lost), "{lost}");

    let mut bytes: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let deliveries = receiver.deliveries();
    for delivery in &deliveries {
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        let request = text(&body["requestId"]).to_owned();
        let of = order
            .entry(text(&body["partnerPartyRef"]).to_owned())
            .or_default();
        let said = text(&body["partyStatus"]).to_owned();
        if !of.contains(&said) {
            of.push(said);
        }
        bytes
            .entry(request)
            .or_default()
            .insert(delivery.body.clone());
    }
    assert!(bytes.values().all(|bodies| bodies.len() == 1));
    assert_eq!(bytes.len() as u64, count("answered"));
    assert_eq!(
        deliveries.len() as u64,
        count("answered") + count("repeats")
    );
    assert!((60..=140).contains(&count("repeats")), "{events}");
    let both: Vec<&Vec<String>> = order.values().filter(|said| said.len() == 2).collect();
    let swapped = both.iter().filter(|said| said[0] == "ACTIVE").count() as f64;
    assert!(
        (swapped / both.len() as f64 - 0.3).abs() < 0.15,
        "{swapped} of {}",
        both.len()
    );
}

#[tokio::test]
async fn events_are_signed_over_their_raw_bytes() {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let world = World::new(&format!(
        "[decide]\nafter_ms = 1\n[webhook]\nurl = \"{url}hooks/bakkt\"\nsecret = \"0ne key\"\nheader = \"X-Signed\""
    ))
    .await;
    open(&world, 5).await;
    world.settled().await;
    let deliveries = receiver.deliveries();
    assert_eq!(deliveries.len(), 5);
    for delivery in deliveries {
        assert_eq!(delivery.path, "/hooks/bakkt");
        let given = delivery.header("x-signed").unwrap();
        let given = data_encoding::HEXLOWER.decode(given.as_bytes()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"0ne key").unwrap();
        mac.update(&delivery.body);
        mac.verify_slice(&given).unwrap();
    }
}

#[tokio::test]
async fn an_event_is_sent_again_until_it_is_answered_or_given_up() {
    let receiver = Receiver::start().await;
    // Every event is refused in turn: a redirect, a success that is not 200, an error.
    receiver.fail_first(3);
    let url = receiver.url();
    let webhook = |retries: u32| {
        format!(
            "[decide]\n[webhook]\nurl = \"{url}\"\nretries = {retries}\nretry_ms = 2\nsenders = 3"
        )
    };
    let world = World::new(&webhook(3)).await;
    open(&world, 20).await;
    let events = world.settled().await["events"].clone();
    assert_eq!(
        (&events["answered"], &events["given_up"]),
        (&json!(20), &json!(0))
    );
    assert_eq!(events["requests"], 80);
    let mut times: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for delivery in receiver.deliveries() {
        *times.entry(delivery.body).or_default() += 1;
    }
    assert_eq!(times.len(), 20, "the same bytes each time");
    assert!(times.values().all(|times| *times == 4));

    let world = World::new(&webhook(2)).await;
    world.post(&request("B-1", "INDIVIDUAL")).await;
    let events = world.settled().await["events"].clone();
    assert_eq!(
        (&events["answered"], &events["given_up"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn whoever_needs_a_screening_waits_for_it_and_old_accounts_were_decided_long_ago() {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let world = World::new(&format!("[decide]\n[webhook]\nurl = \"{url}\"")).await;
    for (id, account_type) in [
        ("C-1", "CUSTODIAL"),
        ("T-1", "ENTITY_PERSONAL_TRUST"),
        ("I-1", "INDIVIDUAL"),
    ] {
        world.post(&request(id, account_type)).await;
    }
    let decision =
        |decisions: &Value, at: usize| text(&decisions["accounts"][at]["decision"]).to_owned();
    let settled = world.settled().await;
    assert_eq!(
        [0, 1, 2].map(|at| decision(&settled, at)),
        ["pending", "active", "pending"]
    );
    world.screen("C-1").await;
    let settled = world.settled().await;
    assert_eq!(
        [0, 1, 2].map(|at| decision(&settled, at)),
        ["active", "active", "pending"]
    );
    assert_eq!(
        world.get(&format!("{ACCOUNTS}/C-1")).await["status"],
        "COMPLETE"
    );
    assert_eq!(settled["events"]["answered"], 2);

    let world = World::new(&format!(
        "existing = 1.0\n[decide]\n[webhook]\nurl = \"{url}\""
    ))
    .await;
    world.post(&request("I-2", "INDIVIDUAL")).await;
    let settled = world.settled().await;
    assert_eq!(decision(&settled, 0), "active");
    assert_eq!(settled["events"]["made"], 0);
}

const PARTNER: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

fn link_path(partner: &str, id: &str) -> String {
    format!("/partner/v1/partner/{partner}/party/{id}/kyc/documentVerificationDetails")
}

#[tokio::test]
async fn a_link_is_good_until_it_runs_out_and_three_may() {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let decide = format!("[decide]\ndocuments = 0.5\n[webhook]\nurl = \"{url}\"");
    let world = World::new(&decide).await;
    open(&world, 20).await;
    let decisions = world.settled().await;
    let mut told = 0;
    for event in receiver.bodies() {
        let of = text(&event["partnerPartyRef"]);
        let url = format!("{}{}", world.sandbox.base_url(), link_path(PARTNER, of));
        let (status, link) = world.ask(world.client.get(&url)).await;
        if event["reasonCode"] != "DOCUMENT_VERIFICATION" {
            assert_eq!((status, &link["code"]), (400, &json!(400)));
            continue;
        }
        told += 1;
        let again = world.ask(world.client.get(&url)).await;
        assert_eq!((200, &link), (again.0, &again.1));
        assert_eq!(link["verificationURL"], event["verificationURL"]);
        assert_eq!(
            link["verificationURLExpiry"],
            event["verificationURLExpiry"]
        );
    }
    let wanted = decisions["accounts"].as_array().unwrap().iter();
    assert_eq!(
        told,
        wanted
            .filter(|account| account["decision"] == "documents")
            .count()
    );
    assert!(told > 0);
    let url = format!("{}{}", world.sandbox.base_url(), link_path("me", &id(0)));
    assert_eq!(world.ask(world.client.get(url)).await.0, 400);

    // Each runs out as soon as it is made: the one that came with the event was the first.
    let world = World::new("[decide]\ndocuments = 1.0\n[links]\nlifetime_ms = 0").await;
    world.post(&request("A 1", "INDIVIDUAL")).await;
    world.settled().await;
    let url = format!(
        "{}{}",
        world.sandbox.base_url(),
        link_path(PARTNER, "A%201")
    );
    let mut links = Vec::new();
    for _ in 0..4 {
        let (status, link) = world.ask(world.client.get(&url)).await;
        links.push((status, text(&link["verificationURL"]).to_owned()));
    }
    assert_eq!(
        links.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        [200, 200, 400, 400]
    );
    assert_ne!(links[0].1, links[1].1);
    assert_eq!(world.get("/_ledger/summary").await["link_gets"], 4);
}

#[test]
fn what_cannot_be_is_refused() {
    for (config, complaint) in [
        ("[decide]\nreview = 1.5", "decide.review"),
        ("[decide]\nreview = 0.6\ndocuments = 0.6", "more than 1"),
        ("[webhook]\nurl = \"http://example.com/\"", "loopback"),
        ("[webhook]\nurl = \"https://127.0.0.1/\"", "loopback"),
        (
            "[webhook]\nurl = \"http://127.0.0.1:1/\"\nlose = 2.0",
            "webhook.lose",
        ),
        (
            "[webhook]\nurl = \"http://127.0.0.1:1/\"\nheader = \"a b\"",
            "webhook.header",
        ),
        (
            "[webhook]\nurl = \"http://127.0.0.1:1/\"\nsenders = 0",
            "webhook.senders",
        ),
        ("[webhook]\nsecret = \"x\"", "url"),
    ] {
        let error = Config::from_toml(config).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}

#[tokio::test]
async fn the_vendors_test_person_fails_kyc_and_everyone_else_passes() {
    let receiver = Receiver::start().await;
    let config = format!(
        "decide = {{}}\nwebhook = {{ url = \"{}\" }}\n",
        receiver.url()
    );
    let world = World::new(&config).await;
    for (id, given, family) in [
        ("T-1", "Maggic", "Dawn"),
        ("T-2", "Dawn", "Maggic"),
        ("T-3", "Maggic", "Down"),
        ("T-4", "Jane", "Dawn"),
    ] {
        let mut person = request(id, "INDIVIDUAL");
        person["owners"][0]["identity"]["givenName"] = json!(given);
        person["owners"][0]["identity"]["familyName"] = json!(family);
        world.post(&person).await;
    }
    let decisions = world.settled().await;
    let shown: Vec<String> = decisions["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| {
            format!(
                "{} {} {}",
                account["id"], account["status"], account["decision"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "\"T-1\" \"REJECTED\" \"risk_kyc\"",
            "\"T-2\" \"COMPLETE\" \"active\"",
            "\"T-3\" \"COMPLETE\" \"active\"",
            "\"T-4\" \"COMPLETE\" \"active\"",
        ]
    );
    let said: Vec<Value> = receiver
        .deliveries()
        .iter()
        .map(|delivery| serde_json::from_slice(&delivery.body).unwrap())
        .collect();
    let of = |id: &str| {
        said.iter()
            .find(|body| body["partnerPartyRef"] == id)
            .unwrap()
    };
    assert_eq!(
        (&of("T-1")["partyStatus"], &of("T-1")["reasonCode"]),
        (&json!("INACTIVE"), &json!("RISK_KYC"))
    );
    assert_eq!(
        (&of("T-2")["partyStatus"], &of("T-2")["reasonCode"]),
        (&json!("ACTIVE"), &json!("ENROLLMENT"))
    );
}
