//! A test's hand in what is stored: what a look-up says of it afterwards, and that nothing else notices.

use bakkt_sandbox::Config;
use serde_json::{Value, json};

use super::world::*;

impl World {
    /// The status of the answer to a wish.
    async fn tamper(&self, wish: Value) -> u16 {
        let answer = self.post("/_tamper", "application/json", wish.to_string());
        answer.await.unwrap().status().as_u16()
    }

    async fn shown(&self, path: &str) -> Value {
        read(self.get(path).await.unwrap()).await
    }
}

/// Every path that `theirs` has beyond `ours`, or has other than `ours`.
fn beyond(ours: &Value, theirs: &Value, path: &str, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, theirs) in theirs {
                match ours.get(name) {
                    Some(ours) => beyond(ours, theirs, &format!("{path}/{name}"), found),
                    None => found.push(format!("{path}/{name}")),
                }
            }
            for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
                found.push(format!("{path}/{name} gone"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                beyond(ours, theirs, &format!("{path}/{at}"), found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path} is {theirs}")),
    }
}

fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    beyond(before, after, "", &mut found);
    found
}

#[tokio::test]
async fn an_account_becomes_other_than_it_was_sent() {
    let world = World::new(Config::default()).await;
    let path = format!("{ACCOUNTS}/E-1");
    let before = world.shown(&path).await;
    let lines = world.lines().await.len();
    let steps = [
        (
            json!({"op": "set", "path": "/owners/1/emailAddress", "value": "other@example.com"}),
            "/request/owners/1/emailAddress is \"other@example.com\"",
        ),
        (
            json!({"op": "set", "path": "/owners/1/identity/personalAddress/streetAddress/-", "value": "Unit 1"}),
            "/request/owners/1/identity/personalAddress/streetAddress is [\"12 Example Road\",\"Unit 1\"]",
        ),
        (
            json!({"op": "set", "path": "/settlementMethod", "value": null}),
            "/request/settlementMethod",
        ),
        (
            json!({"op": "remove", "path": "/owners/0/identity/dateOfBirth"}),
            "/request/owners/0/identity/dateOfBirth gone",
        ),
        (
            json!({"op": "status", "value": "REJECTED"}),
            "/status is \"REJECTED\"",
        ),
        (
            json!({"op": "mode", "value": "LOCKED"}),
            "/mode is \"LOCKED\"",
        ),
    ];
    let mut expected: Vec<&str> = Vec::new();
    for (mut wish, difference) in steps {
        wish["account"] = json!("E-1");
        assert_eq!(world.tamper(wish).await, 200, "{difference}");
        expected.push(difference);
        expected.sort_unstable();
        let mut found = differences(&before, &world.shown(&path).await);
        found.sort_unstable();
        assert_eq!(found, expected);
    }
    assert_eq!(
        world.shown(&format!("{path}/status")).await["canTradeCrypto"],
        false
    );
    let wish = json!({"account": "E-1", "op": "can_trade", "value": true});
    assert_eq!(world.tamper(wish).await, 200);
    assert_eq!(
        world.shown(&format!("{path}/status")).await["canTradeCrypto"],
        true
    );
    // Only the look-ups are written down.
    assert_eq!(world.lines().await.len(), lines + 8);

    assert_eq!(
        world
            .tamper(json!({"account": "E-1", "op": "forget"}))
            .await,
        200
    );
    assert_eq!(world.get(&path).await.unwrap().status(), 404);
    assert!(world.account("E-1", "ENTITY").await);
    assert_eq!(world.shown(&path).await["status"], "PENDING");
}

#[tokio::test]
async fn a_benign_answer_says_the_same_in_other_words() {
    let world = World::new(Config::default()).await;
    let path = format!("{ACCOUNTS}/I-1");
    let before = world.shown(&path).await;
    assert_eq!(
        world
            .tamper(json!({"account": "I-1", "op": "benign"}))
            .await,
        200
    );
    let after = world.shown(&path).await;
    let found = differences(&before, &after);
    for more in [
        "/request/owners/0/bakktId",
        "/request/owners/0/identity/personalAddress/bakktId",
        "/request/owners/0/identity/middleNames",
        "/request/trustedContacts",
        "/request/riskScore",
    ] {
        assert!(found.iter().any(|path| path == more), "{found:?}");
    }
    // Nothing is other, nothing is gone.
    assert!(found.iter().all(|path| !path.contains(' ')), "{found:?}");
    assert_eq!(
        after["request"]["owners"][0]["identity"]["taxId"],
        "*****1234"
    );
    assert_eq!(
        after["request"]["owners"][0]["identity"]["middleNames"],
        Value::Null
    );
}

#[tokio::test]
async fn a_document_becomes_other_than_it_was_uploaded() {
    let world = World::new(Config::default()).await;
    world.upload(&passport(1), FILE).await.unwrap();
    let before = world.shown("/_ledger").await["documents"].clone();
    let one = format!("{DOCUMENTS}/{}", uuid(1));
    let wish = |op: &str, path: &str, value: &str| json!({"document": uuid(1), "op": op, "path": path, "value": value});
    assert_eq!(world.tamper(wish("set", "/issueCountry", "CAN")).await, 200);
    assert_eq!(world.tamper(wish("remove", "/description", "")).await, 200);
    let mut metadata = passport(1);
    metadata["issueCountry"] = json!("CAN");
    metadata.as_object_mut().unwrap().remove("description");
    assert_eq!(
        world.shown(&format!("{one}/metadata")).await["request"],
        metadata
    );
    let list = format!("{DOCUMENTS}/E-1/accountDocumentMetadata");
    assert_eq!(
        world.shown(&list).await["documentMetadata"],
        json!([metadata])
    );

    assert_eq!(world.tamper(wish("content", "", "")).await, 200);
    let content = world.get(&one).await.unwrap().bytes().await.unwrap();
    let flipped: Vec<u8> = FILE.iter().map(|byte| !byte).collect();
    assert_eq!(content, flipped);
    assert_eq!(world.shown("/_ledger").await["documents"], before);

    assert_eq!(world.tamper(wish("forget", "", "")).await, 200);
    assert_eq!(world.get(&one).await.unwrap().status(), 404);
    assert_eq!(world.shown(&list).await["documentMetadata"], json!([]));
    assert_eq!(
        world.upload(&passport(1), FILE).await.unwrap().status(),
        200
    );
    assert_eq!(world.get(&one).await.unwrap().bytes().await.unwrap(), FILE);
}

#[tokio::test]
async fn what_cannot_be_tampered_with_is_told() {
    let world = World::new(Config {
        keep_documents: false,
        ..Config::default()
    })
    .await;
    world.upload(&passport(1), FILE).await.unwrap();
    for (wish, status) in [
        (json!({"account": "nobody", "op": "forget"}), 404),
        (json!({"document": uuid(9), "op": "content"}), 404),
        (json!({"document": uuid(9), "op": "forget"}), 404),
        (json!({"document": uuid(1), "op": "content"}), 400),
        (
            json!({"document": uuid(1), "op": "status", "value": "X"}),
            400,
        ),
        (
            json!({"account": "E-1", "document": uuid(1), "op": "forget"}),
            400,
        ),
        (json!({"op": "forget"}), 400),
        (json!({"account": "E-1", "op": "rename"}), 400),
        (json!({"account": "E-1", "op": "status", "value": 1}), 400),
        (
            json!({"account": "E-1", "op": "can_trade", "value": "no"}),
            400,
        ),
        (json!({"account": "E-1", "op": "set", "value": 1}), 400),
        (
            json!({"account": "E-1", "op": "set", "path": "/no/where", "value": 1}),
            400,
        ),
        (
            json!({"account": "E-1", "op": "set", "path": "/owners/7", "value": 1}),
            400,
        ),
        (
            json!({"account": "E-1", "op": "remove", "path": "/owners/x"}),
            400,
        ),
        (
            json!({"account": "E-1", "op": "remove", "path": "/settlementMethod"}),
            400,
        ),
        (json!([1]), 400),
    ] {
        assert_eq!(world.tamper(wish.clone()).await, status, "{wish}");
    }
}
