//! Drives the sandbox over HTTP and compares what it does with what its ledger says.
//!
//! Nothing here judges by a clock: waits poll the ledger until it says what must come.

use std::io::Write as _;
use std::time::Duration;

use bakkt_sandbox::{Config, Dialect, Rate, Sandbox};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

const ACCOUNTS: &str = "/apex-crypto/api/v2/accounts";

struct World {
    sandbox: Sandbox,
    client: Client,
}

async fn world(config: Config) -> World {
    // The key and the password that these tests send; some have others that are right.
    let config = Config {
        key: config.key.or(Some("k".to_owned())),
        password: config.password.or(Some("p".to_owned())),
        ..config
    };
    let sandbox = Sandbox::start(config, 0).await.unwrap();
    let client = crate::support::http_client_builder()
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    World { sandbox, client }
}

impl World {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.base_url())
    }

    async fn send(&self, body: impl Into<reqwest::Body>) -> reqwest::Result<Response> {
        let request = self.client.post(self.url(ACCOUNTS));
        request
            .header("Authorization", "API-Key k")
            .body(body)
            .send()
            .await
    }

    async fn post(&self, body: &Value) -> reqwest::Result<Response> {
        self.send(body.to_string()).await
    }

    async fn get(&self, path: &str) -> reqwest::Result<Response> {
        let request = self.client.get(self.url(path));
        request.header("Authorization", "API-Key k").send().await
    }

    async fn account(&self, id: &str) -> Response {
        self.get(&format!("{ACCOUNTS}/{id}")).await.unwrap()
    }

    async fn ledger(&self) -> Value {
        read(self.get("/_ledger").await.unwrap()).await
    }

    /// `answer effect` of every request, in order.
    async fn lines(&self) -> Vec<String> {
        let ledger = self.ledger().await;
        let requests = ledger["requests"].as_array().unwrap();
        let word = |line: &Value, name: &str| line[name].as_str().unwrap_or("-").to_owned();
        requests
            .iter()
            .map(|line| {
                format!(
                    "{} {} {}",
                    word(line, "kind"),
                    word(line, "answer"),
                    word(line, "effect")
                )
            })
            .collect()
    }
}

async fn read(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

fn request(id: &str) -> Value {
    let address = json!({"city": "Austin", "country": "USA", "state": "TX", "postalCode": "73301",
        "streetAddress": ["12 Example Road", "Unit 5"]});
    json!({
        "clientAccountId": id,
        "accountType": "INDIVIDUAL",
        "owners": [{
            "role": "PRIMARY_OWNER",
            "clientOwnerId": "o-1",
            "emailAddress": "jane.sample@example.com",
            "phoneNumber": "+15125550142",
            "mailingAddress": address,
            "agreements": [{"name": "Terms", "version": "3", "eSignedDate": "2020-01-02T03:04:05Z"}],
            "identity": {
                "givenName": "Jane", "familyName": "Sample", "dateOfBirth": "1980-02-03",
                "personalAddress": address,
                "taxId": "987001234", "taxIdType": "SSN",
                "employment": {"employerName": "Acme", "position": "Clerk", "yearsEmployed": 3},
                "disclosures": {"ofacSanctioned": null, "politicallyExposed": "NO_MATCH"},
            },
        }],
        "investmentProfile": {
            "accountGoals": {"investmentObjective": "GROWTH"},
            "customerProfile": {"annualIncomeRangeUsd": "UNDER_25K", "federalTaxBracket": 22},
        },
        "trustedContacts": [{"givenName": "Tom", "familyName": "Sample"}],
        "settlementMethod": "BAKKT_TPJ",
    })
}

/// A configuration with one share at 1, and one fault for an id.
fn always(set: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config {
        max_faults_per_id: 1,
        ..Config::default()
    };
    set(&mut config);
    config
}

#[tokio::test]
async fn creates_reads_back_and_updates() {
    let world = world(Config::default()).await;
    assert_eq!(world.account("A-1").await.status(), StatusCode::NOT_FOUND);
    let made = read(world.post(&request("A-1")).await.unwrap()).await;
    assert!(made["id"].as_str().unwrap().starts_with("bk-"));
    assert_eq!(
        (&made["status"], &made["mode"]),
        (&json!("PENDING"), &json!("OPEN"))
    );

    let text = world.account("A-1").await.text().await.unwrap();
    assert!(
        text.find("trustedContacts").unwrap() < text.find("accountType").unwrap(),
        "keys in another order"
    );
    let account: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(account, made);
    let owner = &account["request"]["owners"][0];
    assert_eq!(owner["identity"]["taxId"], "*****1234");
    assert!(owner["ownerId"].is_string());
    assert_eq!(account["request"]["enrollments"], json!([]));

    let mut changed = request("A-1");
    changed["owners"][0]["phoneNumber"] = json!("+15125550199");
    let updated = read(world.post(&changed).await.unwrap()).await;
    assert_eq!(
        (&updated["createdAt"], &updated["id"]),
        (&made["createdAt"], &made["id"])
    );
    assert_eq!(
        updated["request"]["owners"][0]["phoneNumber"],
        "+15125550199"
    );

    let status = read(world.get(&format!("{ACCOUNTS}/A-1/status")).await.unwrap()).await;
    assert_eq!(status["settlementMethod"], "BAKKT_TPJ");
    let expected = [
        "GET 404 none",
        "POST 200 created",
        "GET 200 none",
        "POST 200 updated",
        "STATUS 200 none",
    ];
    assert_eq!(world.lines().await, expected);

    let ledger = world.ledger().await;
    let accounts = json!([{"id": "A-1", "created": true, "posts_made": 2, "existed": false}]);
    assert_eq!(ledger["accounts"], accounts);
    let sent = blake3::hash(request("A-1").to_string().as_bytes())
        .to_hex()
        .to_string();
    assert_eq!(ledger["requests"][1]["body"], sent.as_str());
    assert_eq!(
        (&ledger["requests"][1]["n"], &ledger["requests"][1]["end"]),
        (&json!(3), &json!(4))
    );
    let summary = read(world.get("/_ledger/summary").await.unwrap()).await;
    assert_eq!(
        (&summary["posts"], &summary["gets"], &summary["accounts"]),
        (&json!(2), &json!(3), &json!(1))
    );
    assert_eq!(summary, json!(world.sandbox.ledger()));
    world.sandbox.stop().await;
}

#[tokio::test]
async fn broken_requests_are_refused_by_name_of_the_field() {
    let world = world(Config::default()).await;
    let cases: [(&str, Value, &str); 26] = [
        ("/clientAccountId", json!(".."), "clientAccountId"),
        ("/accountType", json!("JOINT"), "accountType"),
        ("/owners", json!([]), "owners"),
        ("/owners/0/role", json!("JOINT_OWNER"), "owners[0].role"),
        ("/owners/0/role", json!("OWNER"), "owners[0].role"),
        (
            "/owners/0/emailAddress",
            json!("jane at example"),
            "owners[0].emailAddress",
        ),
        (
            "/owners/0/phoneNumber",
            json!("512-555-0142"),
            "owners[0].phoneNumber",
        ),
        (
            "/owners/0/phoneNumber",
            Value::Null,
            "owners[0].phoneNumber",
        ),
        (
            "/owners/0/mailingAddress/streetAddress",
            json!([]),
            "owners[0].mailingAddress.streetAddress",
        ),
        (
            "/owners/0/mailingAddress/streetAddress/1",
            json!(" "),
            "owners[0].mailingAddress.streetAddress[1]",
        ),
        (
            "/owners/0/mailingAddress/country",
            json!("US"),
            "owners[0].mailingAddress.country",
        ),
        (
            "/owners/0/mailingAddress/state",
            json!("Texas"),
            "owners[0].mailingAddress.state",
        ),
        (
            "/owners/0/agreements/0/version",
            json!(3),
            "owners[0].agreements[0].version",
        ),
        (
            "/owners/0/agreements/0/eSignedDate",
            json!("2020-01-02"),
            "owners[0].agreements[0].eSignedDate",
        ),
        (
            "/owners/0/identity/dateOfBirth",
            json!("1980-02-30"),
            "owners[0].identity.dateOfBirth",
        ),
        (
            "/owners/0/identity/dateOfBirth",
            json!("2980-02-03"),
            "owners[0].identity.dateOfBirth",
        ),
        (
            "/owners/0/identity/taxId",
            json!("98700123"),
            "owners[0].identity.taxId",
        ),
        (
            "/owners/0/identity/taxIdType",
            json!("NATIONAL_ID"),
            "owners[0].identity.taxIdType",
        ),
        (
            "/owners/0/identity/employment",
            json!({"position": "x"}),
            "owners[0].identity.employment.employerName",
        ),
        (
            "/owners/0/identity/employment/yearsEmployed",
            json!(1.5),
            "owners[0].identity.employment.yearsEmployed",
        ),
        (
            "/owners/0/identity/disclosures/politicallyExposed",
            json!("NO"),
            "owners[0].identity.disclosures.politicallyExposed",
        ),
        (
            "/investmentProfile/accountGoals",
            json!({}),
            "investmentProfile.accountGoals.investmentObjective",
        ),
        (
            "/investmentProfile",
            json!({"accountGoals": {"investmentObjective": "INCOME"}}),
            "investmentProfile.customerProfile",
        ),
        (
            "/trustedContacts/0",
            json!({"givenName": "Tom"}),
            "trustedContacts[0].familyName",
        ),
        (
            "/trustedContacts/0",
            json!({"givenName": "T", "familyName": "S", "age": 3}),
            "trustedContacts[0].age",
        ),
        ("/settlementMethod", json!("CASH"), "settlementMethod"),
    ];
    for (pointer, value, field) in cases {
        let mut body = request("B-1");
        *body.pointer_mut(pointer).unwrap() = value.clone();
        assert_finding(&world, &body, field).await;
    }
    for (name, field) in [
        ("entity", "entity"),
        ("id", "id"),
        ("enrollments", "enrollments"),
    ] {
        let mut body = request("B-1");
        body[name] = json!({});
        assert_finding(&world, &body, field).await;
    }
    for (pointer, name) in [
        ("", "owners"),
        ("", "clientAccountId"),
        ("/owners/0", "clientOwnerId"),
        ("/owners/0", "mailingAddress"),
        ("/owners/0", "identity"),
        ("/owners/0/identity", "familyName"),
        ("/owners/0/identity", "taxIdType"),
        ("/owners/0/identity", "taxId"),
        ("/owners/0/identity", "personalAddress"),
    ] {
        let mut body = request("B-1");
        body.pointer_mut(pointer)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        let field = format!(
            "{}.{name}",
            pointer
                .trim_start_matches('/')
                .replace("/0", "[0]")
                .replace('/', ".")
        );
        assert_finding(&world, &body, field.trim_start_matches('.')).await;
    }
    let mut twice = request("B-1");
    let second = twice["owners"][0].clone();
    twice["owners"].as_array_mut().unwrap().push(second);
    assert_finding(&world, &twice, "owners[1].role").await;
    assert_finding(&world, &twice, "owners[1].clientOwnerId").await;
    assert_eq!(world.sandbox.ledger().accounts, 0);
    assert_eq!(world.sandbox.ledger().refused, world.sandbox.ledger().posts);
}

async fn assert_finding(world: &World, body: &Value, field: &str) {
    let response = world.post(body).await.unwrap();
    assert_eq!(
        response.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "{field}"
    );
    let answer = read(response).await;
    let findings = answer["validationErrors"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["field"] == field);
    let finding = finding.unwrap_or_else(|| panic!("{field} is not in {findings:?}"));
    if let Some(raw) = finding["rejectedValue"].as_str() {
        assert!(
            finding["message"].as_str().unwrap().contains(raw),
            "the message repeats the value"
        );
    }
}

#[tokio::test]
async fn what_is_optional_may_be_absent() {
    let world = world(Config {
        dialect: Dialect::Guide,
        ..Config::default()
    })
    .await;
    let mut least = request("C-1");
    for name in ["investmentProfile", "trustedContacts", "settlementMethod"] {
        least.as_object_mut().unwrap().remove(name);
    }
    let owner = least["owners"][0].as_object_mut().unwrap();
    owner.remove("phoneNumber");
    owner["agreements"] = json!([]);
    let identity = owner["identity"].as_object_mut().unwrap();
    for name in ["taxId", "taxIdType", "employment", "disclosures"] {
        identity.remove(name);
    }
    assert_eq!(world.post(&least).await.unwrap().status(), StatusCode::OK);
    least["owners"][0]["identity"]["taxId"] = json!("AB 12");
    least["owners"][0]["identity"]["taxIdType"] = json!("NATIONALID");
    assert_eq!(world.post(&least).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn every_fault_shows_in_the_ledger_as_it_was() {
    type Set = fn(&mut Config);
    // The fault, the status of the first answer (None: there is none), the ledger's line; the second POST is good.
    let cases: [(Set, Option<u16>, &str, &str); 10] = [
        (
            |c| c.forbid = 1.0,
            Some(403),
            "POST 403 none",
            "POST 200 created",
        ),
        (
            |c| c.unavailable = 1.0,
            Some(503),
            "POST 503 none",
            "POST 200 created",
        ),
        (
            |c| c.reset_before = 1.0,
            None,
            "POST reset none",
            "POST 200 created",
        ),
        (
            |c| c.reset_after = 1.0,
            None,
            "POST reset created",
            "POST 200 updated",
        ),
        (
            |c| c.error_before = 1.0,
            Some(500),
            "POST 500 none",
            "POST 200 created",
        ),
        (
            |c| c.error_after = 1.0,
            Some(500),
            "POST 500 created",
            "POST 200 updated",
        ),
        (
            |c| c.truncated = 1.0,
            Some(200),
            "POST truncated created",
            "POST 200 updated",
        ),
        (
            |c| c.unreadable = 1.0,
            Some(200),
            "POST unreadable created",
            "POST 200 updated",
        ),
        (
            |c| (c.stall, c.stall_ms) = (1.0, 20),
            Some(200),
            "POST stalled-200 created",
            "POST 200 updated",
        ),
        (
            |c| (c.latency_ms, c.latency_jitter_ms) = (2, 2),
            Some(200),
            "POST 200 created",
            "POST 200 updated",
        ),
    ];
    for (set, status, first, second) in cases {
        let world = world(always(set)).await;
        let answer = world.post(&request("D-1")).await;
        assert_eq!(
            answer.as_ref().ok().map(|answer| answer.status().as_u16()),
            status,
            "{first}"
        );
        if let Ok(answer) = answer {
            let headers = answer.headers().clone();
            assert_eq!(headers.get("retry-after").is_some(), status == Some(503));
            let body = answer.bytes().await;
            assert_eq!(body.is_err(), first.contains("truncated"), "{first}");
            if status == Some(403) {
                assert!(body.unwrap().starts_with(b"<!DOCTYPE html>"));
            }
        }
        assert_eq!(
            world.post(&request("D-1")).await.unwrap().status(),
            StatusCode::OK
        );
        assert_eq!(world.lines().await, [first, second]);
        let ledger = world.ledger().await;
        assert!(
            ledger["requests"]
                .as_array()
                .unwrap()
                .iter()
                .all(|line| line["end"].is_u64())
        );
        assert_eq!(world.sandbox.ledger().open_posts, 0);
        assert_eq!(
            world.sandbox.ledger().resets,
            u64::from(first.contains("reset"))
        );
    }
}

#[tokio::test]
async fn unreadable_answers_take_turns() {
    let world = world(always(|c| (c.unreadable, c.max_faults_per_id) = (1.0, 3))).await;
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let body = world
            .post(&request("D-2"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        kinds.push(match serde_json::from_str::<Value>(&body) {
            Err(_) => "no JSON",
            Ok(json) if json["request"]["clientAccountId"] == "D-2-other" => "another account",
            Ok(json) if json.get("request").is_none() => "another shape",
            Ok(_) => "readable",
        });
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["another account", "another shape", "no JSON"]);
}

#[tokio::test]
async fn lookups_fail_in_three_ways_and_then_work() {
    let world = world(always(|c| (c.lookup_fail, c.max_faults_per_id) = (1.0, 3))).await;
    for _ in 0..4 {
        let _ = world.get(&format!("{ACCOUNTS}/E-1")).await;
    }
    let mut lines = world.lines().await;
    assert_eq!(lines.pop().as_deref(), Some("GET 404 none"));
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["GET 404-html none", "GET 500 none", "GET reset none"]
    );
}

#[tokio::test]
async fn a_late_account_appears_after_its_request_was_cut() {
    let world = world(always(|c| (c.late, c.late_ms) = (1.0, 50))).await;
    assert!(world.post(&request("F-1")).await.is_err());
    until(|| world.sandbox.ledger().pending_late == 0).await;
    assert_eq!(
        world.lines().await,
        ["POST reset later", "APPEARED - created"]
    );
    assert_eq!(world.account("F-1").await.status(), StatusCode::OK);
    assert_eq!(world.ledger().await["accounts"][0]["posts_made"], 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_changes_nothing() {
    let world = world(always(|c| (c.stall, c.stall_ms) = (1.0, 200))).await;
    let mut socket = std::net::TcpStream::connect(world.sandbox.addr()).unwrap();
    let body = request("G-1").to_string();
    let head = format!(
        "POST {ACCOUNTS} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: API-Key k\r\ncontent-length: {}",
        body.len()
    );
    socket
        .write_all(format!("{head}\r\n\r\n{body}").as_bytes())
        .unwrap();
    until(|| world.sandbox.ledger().posts == 1).await;
    drop(socket);
    until(|| world.sandbox.ledger().open_posts == 0).await;
    assert_eq!(world.lines().await, ["POST stalled-200 created"]);
    assert!(world.ledger().await["requests"][0]["end"].is_u64());
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_refusal_sticks_and_repeats_values() {
    let world = world(Config {
        refuse: 0.5,
        seed: 7,
        ..Config::default()
    })
    .await;
    let mut refused = 0;
    for number in 0..40 {
        let body = request(&format!("H-{number}"));
        let first = world.post(&body).await.unwrap();
        let status = first.status();
        if status == StatusCode::UNPROCESSABLE_ENTITY {
            refused += 1;
            let answer = read(first).await;
            let finding = &answer["validationErrors"][0];
            let pointer = format!(
                "/{}",
                finding["field"]
                    .as_str()
                    .unwrap()
                    .replace('[', "/")
                    .replace(']', "")
                    .replace('.', "/")
            );
            assert_eq!(Some(&finding["rejectedValue"]), body.pointer(&pointer));
        }
        assert_eq!(
            world.post(&body).await.unwrap().status(),
            status,
            "the same again"
        );
    }
    assert!((8..=32).contains(&refused), "{refused} of 40");
    let named = self::world(Config {
        refuse_id_containing: Some("BAD".to_owned()),
        ..Config::default()
    })
    .await;
    assert_eq!(
        named.post(&request("x-BAD-1")).await.unwrap().status(),
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        named.post(&request("x-1")).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn decisions_do_not_depend_on_the_order() {
    let config = Config {
        forbid: 0.3,
        error_after: 0.3,
        refuse: 0.2,
        seed: 3,
        ..Config::default()
    };
    let mut outcomes = Vec::new();
    for backwards in [false, true] {
        let world = world(config.clone()).await;
        let mut ids: Vec<String> = (0..30).map(|number| format!("I-{number}")).collect();
        if backwards {
            ids.reverse();
        }
        let mut answers = Vec::new();
        for id in ids {
            answers.push((
                id.clone(),
                world.post(&request(&id)).await.unwrap().status(),
            ));
        }
        answers.sort();
        outcomes.push(answers);
    }
    assert_eq!(outcomes[0], outcomes[1]);
}

#[tokio::test]
async fn the_window_lets_so_many_through() {
    // A window far longer than the test.
    let rate = Rate {
        requests: 3,
        per_ms: 600_000,
        retry_after: true,
        count_lookups: false,
    };
    let world = world(Config {
        rate: Some(rate),
        ..Config::default()
    })
    .await;
    for number in 0..3 {
        assert_eq!(
            world
                .post(&request(&format!("J-{number}")))
                .await
                .unwrap()
                .status(),
            StatusCode::OK
        );
    }
    let limited = world.post(&request("J-3")).await.unwrap();
    assert_eq!(limited.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = limited.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=600).contains(&wait));
    assert_eq!(
        world.account("J-0").await.status(),
        StatusCode::OK,
        "lookups do not count"
    );
    assert_eq!(world.sandbox.ledger().rate_limited, 1);
}

#[tokio::test]
async fn keys_and_tokens_are_asked_for() {
    let world = world(Config {
        api_key: Some("right".to_owned()),
        ..Config::default()
    })
    .await;
    assert_eq!(
        world.post(&request("K-1")).await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let bare = world
        .client
        .post(world.url(ACCOUNTS))
        .body(request("K-1").to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(read(bare).await["code"], 401);
    assert_eq!(
        world.account("K-1").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        world.lines().await,
        ["POST 401 none", "POST 401 none", "GET 401 none"]
    );

    let config = Config {
        dialect: Dialect::Reference,
        logon_id: Some("firm".to_owned()),
        token_uses: Some(1),
        ..Config::default()
    };
    let world = self::world(config).await;
    let login = |logon: &str| {
        let body = json!({"logonId": logon, "password": "p"}).to_string();
        world
            .client
            .post(world.url("/apex-crypto/api/v2/login"))
            .body(body)
            .send()
    };
    assert_eq!(
        login("other").await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let token = read(login("firm").await.unwrap()).await["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut body = request("K-2");
    body["owners"][0]["identity"]["taxIdType"] = json!("NATIONAL_ID");
    for status in [StatusCode::OK, StatusCode::UNAUTHORIZED] {
        let sent = world
            .client
            .post(world.url(ACCOUNTS))
            .header("Authorization", &token);
        assert_eq!(
            sent.body(body.to_string()).send().await.unwrap().status(),
            status
        );
    }
}

#[tokio::test]
async fn ids_are_decoded_and_odd_requests_answered() {
    let world = world(Config::default()).await;
    assert_eq!(
        world.post(&request("Ä/1 ?#+%")).await.unwrap().status(),
        StatusCode::OK
    );
    let account = read(world.account("%C3%84%2F1%20%3F%23+%25").await).await;
    assert_eq!(account["request"]["clientAccountId"], "Ä/1 ?#+%");
    let filtered = read(
        world
            .get("/_ledger?id=%C3%84%2F1%20%3F%23+%25")
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(filtered["requests"].as_array().unwrap().len(), 2);

    assert_eq!(
        world.send("{not json").await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
    let unknown = world.get("/nowhere").await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(read(unknown).await["code"], 404);
    assert_eq!(
        world.get("/apex-crypto/api/status").await.unwrap().status(),
        StatusCode::OK
    );
    let large = vec![b' '; 5 << 20];
    // The answer may come while the body is still being sent, so either outcome is right; nothing is made of it.
    let _ = world.send(large).await;
    assert_eq!(world.sandbox.ledger().accounts, 1);
}

#[tokio::test]
async fn an_account_of_2019_stays_one_of_2019() {
    let world = world(Config {
        existing: 1.0,
        ..Config::default()
    })
    .await;
    let before = read(world.account("L-1").await).await;
    assert!(before["createdAt"].as_str().unwrap().starts_with("2019-"));
    assert_eq!(
        before["request"]["owners"][0]["identity"]["givenName"],
        "Former"
    );
    let after = read(world.post(&request("L-1")).await.unwrap()).await;
    assert_eq!(after["createdAt"], before["createdAt"]);
    assert_eq!(
        after["request"]["owners"][0]["identity"]["givenName"],
        "Jane"
    );
    let accounts = json!([{"id": "L-1", "created": false, "posts_made": 1, "existed": true}]);
    assert_eq!(world.ledger().await["accounts"], accounts);
    assert_eq!(world.lines().await, ["GET 200 none", "POST 200 updated"]);

    // What it had before fits the contract as well: sent back without what the service added, it is taken.
    let mut own = before["request"].clone();
    own.as_object_mut().unwrap().remove("enrollments");
    own["owners"][0].as_object_mut().unwrap().remove("ownerId");
    assert_eq!(world.post(&own).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_configuration_is_read_from_toml_and_checked() {
    let config = Config::from_toml(
        "seed = 9\ndialect = \"reference\"\nlate = 0.5\n[rate]\nrequests = 5\nper_ms = 1000\n",
    );
    let config = config.unwrap();
    assert_eq!(
        (config.seed, config.dialect, config.late),
        (9, Dialect::Reference, 0.5)
    );
    assert!(!config.rate.unwrap().retry_after);
    assert_eq!(config.max_faults_per_id, 3);
    assert!(
        Config::from_toml("lates = 1.0")
            .unwrap_err()
            .to_string()
            .contains("lates")
    );
    assert!(
        Config::from_toml("late = 1.5")
            .unwrap_err()
            .to_string()
            .contains("late = 1.5")
    );
    assert!(
        Sandbox::start(
            Config {
                stall: -0.1,
                ..Config::default()
            },
            0
        )
        .await
        .is_err()
    );
}

/// Status of one request with these headers.
async fn status_of(world: &World, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = world.client.request(method, world.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn nobody_without_the_key_learns_anything() {
    // A key of its own, which is another one every time.
    let sandbox = Sandbox::start(Config::default(), 0).await.unwrap();
    let other = Sandbox::start(Config::default(), 0).await.unwrap();
    assert_eq!(sandbox.key().len(), 32);
    assert_ne!(sandbox.key(), other.key());
    let right = format!("API-Key {}", sandbox.key());
    let world = World {
        sandbox,
        client: crate::support::http_client(),
    };
    let own = [
        ("GET", "/_ledger"),
        ("GET", "/_ledger/summary"),
        ("GET", "/_ledger/decisions"),
        ("POST", "/_tamper"),
    ];
    let api = [
        ("POST", ACCOUNTS.to_owned()),
        ("GET", format!("{ACCOUNTS}/A-1")),
        ("GET", format!("{ACCOUNTS}/A-1/status")),
        ("POST", format!("{ACCOUNTS}/triggerKYBScreening/A-1")),
        ("POST", "/apex-crypto/api/v2/documents".to_owned()),
        ("GET", "/apex-crypto/api/v2/documents/D-1".to_owned()),
        (
            "GET",
            "/apex-crypto/api/v2/documents/A-1/accountDocumentMetadata".to_owned(),
        ),
    ];
    for wrong in [
        &[][..],
        &[("Authorization", "API-Key k")],
        &[("Authorization", "API-Key ")],
        &[("Authorization", &right["API-Key ".len()..])],
    ] {
        for (method, path) in own {
            assert_eq!(
                status_of(&world, method, path, wrong).await,
                404,
                "{path} {wrong:?}"
            );
        }
        for (method, path) in &api {
            assert_eq!(
                status_of(&world, method, path, wrong).await,
                401,
                "{path} {wrong:?}"
            );
        }
    }
    let key = ("Authorization", right.as_str());
    assert_eq!(status_of(&world, "GET", "/_ledger", &[key]).await, 200);
    assert_eq!(
        status_of(&world, "GET", &format!("{ACCOUNTS}/A-1"), &[key]).await,
        404
    );
    // A page in a browser calls this address by a name of its own.
    for host in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
    ] {
        assert_eq!(
            status_of(&world, "GET", "/_ledger", &[key, ("Host", host)]).await,
            421,
            "{host}"
        );
    }
    for host in ["127.0.0.1", "localhost", "LOCALHOST:80"] {
        assert_eq!(
            status_of(&world, "GET", "/_ledger", &[key, ("Host", host)]).await,
            200,
            "{host}"
        );
    }
}

#[test]
fn a_stand_alone_sandbox_prints_the_key_that_it_made() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let lines = |key: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakkt-migrate"));
        command
            .env_remove("BAKKT_SANDBOX_KEY")
            .args(["sandbox", "--port", "0"]);
        if let Some(key) = key {
            command.env("BAKKT_SANDBOX_KEY", key);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let id = child.id().to_string();
        let mut out = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let first = out.next().unwrap_or_default();
        let told = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(told.success());
        let rest: Vec<String> = out.collect();
        child.wait().unwrap();
        (first, rest)
    };
    let (first, rest) = lines(None);
    assert!(
        first.starts_with("listening on http://127.0.0.1:"),
        "{first}"
    );
    let key = rest[0].strip_prefix("key ").unwrap();
    assert!(
        key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{key}"
    );
    // A key that somebody chose is not repeated; one that is empty is a mistake.
    let (first, rest) = lines(Some("chosen"));
    assert!(
        first.starts_with("listening on ") && !rest.join(" ").contains("chosen"),
        "{rest:?}"
    );
    assert_eq!(lines(Some("")).0, "");
    assert!(Config::from_toml("key = \" \"").is_err());
}
