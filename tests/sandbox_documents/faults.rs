//! Faults, refusals by share, rates and the budget of what is kept.

use bakkt_sandbox::{Config, Rate};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::world::*;

/// Every fault: its share, and what the ledger says of the answer and of the effect.
type Fault = (fn(&mut Config), &'static str, bool);
const FAULTS: [Fault; 9] = [
    (|config| config.forbid = 1.0, "403", false),
    (|config| config.unavailable = 1.0, "503", false),
    (|config| config.reset_before = 1.0, "reset", false),
    (|config| config.error_before = 1.0, "500", false),
    (|config| config.reset_after = 1.0, "reset", true),
    (|config| config.error_after = 1.0, "500", true),
    (|config| config.truncated = 1.0, "truncated", true),
    (|config| config.unreadable = 1.0, "unreadable", true),
    (|config| config.stall = 1.0, "stalled-200", true),
];

#[tokio::test]
async fn uploads_meet_the_faults_of_accounts() {
    for (set, answer, takes) in FAULTS {
        let world = World::new(always(set)).await;
        let _ = world.upload(&passport(1), FILE).await;
        let effect = if takes { "created" } else { "none" };
        assert_eq!(world.lines().await, [format!("UPLOAD {answer} {effect}")]);
        assert_eq!(world.summary().documents, u64::from(takes));
        // Only so many faults for an id.
        let after = world.upload(&passport(1), FILE).await.unwrap();
        assert_eq!(read(after).await["request"], passport(1), "{answer}");
        assert_eq!(world.summary().documents, 1);
        assert_eq!(world.summary().open_uploads, 0);
    }
}

#[tokio::test]
async fn kyb_triggers_meet_the_faults_of_accounts() {
    for (set, answer, takes) in FAULTS {
        let world = World::new(always(set)).await;
        for metadata in everything() {
            while !matches!(world.upload(&metadata, FILE).await, Ok(answer) if answer.status() == 200)
            {
            }
        }
        let sent = world.kyb("E-1").await;
        if answer == "unreadable" || answer == "truncated" {
            let text = sent.unwrap().text().await;
            assert_ne!(text.unwrap_or_default(), "success");
        }
        let effect = if takes { "triggered" } else { "none" };
        assert_eq!(
            world.lines().await.pop().unwrap(),
            format!("KYB {answer} {effect}")
        );
        assert_eq!(world.summary().kyb, u64::from(takes));
        assert_eq!(
            world.kyb("E-1").await.unwrap().text().await.unwrap(),
            "success"
        );
        assert_eq!(world.summary().kyb, 1 + u64::from(takes));
    }
}

#[tokio::test]
async fn a_late_upload_and_a_late_trigger_come_later() {
    let world = World::new(always(|config| config.late = 1.0)).await;
    for metadata in everything() {
        assert!(world.upload(&metadata, FILE).await.is_err());
    }
    assert_eq!(world.summary().uploads, 5);
    until(|| world.summary().pending_late == 0).await;
    assert_eq!(world.summary().documents, 5);
    assert!(world.kyb("E-1").await.is_err());
    until(|| world.summary().kyb == 1).await;
    let lines = world.lines().await;
    assert_eq!(lines[0], "UPLOAD reset later");
    assert_eq!(
        lines[lines.len() - 2..],
        ["KYB reset later", "APPEARED - triggered"]
    );
    let ledger = world.ledger().await;
    let requests = ledger["requests"].as_array().unwrap();
    let of = |kind: &str| requests.iter().find(|line| line["of"] == kind).unwrap();
    assert_eq!(of("UPLOAD")["account"], "E-1");
    assert_eq!(of("KYB")["id"], "E-1");
}

#[tokio::test]
async fn an_upload_is_cut_in_the_middle_and_leaves_nothing() {
    let world = World::new(always(|config| config.upload_cut = 1.0)).await;
    let large = vec![b'x'; 8 << 20];
    assert!(world.upload(&passport(1), &large).await.is_err());
    let file_first = body(&[file_part(FILE), metadata_part(&passport(2))]);
    assert!(world.post(DOCUMENTS, FORM, file_first).await.is_err());
    assert_eq!(world.lines().await, vec!["UPLOAD reset none"; 2]);
    let ledger = world.ledger().await;
    let line = &ledger["requests"][2];
    assert_eq!(
        (&line["id"], &line["file"]),
        (&json!(uuid(1)), &Value::Null)
    );
    assert_eq!(world.summary().documents, 0);
    assert_eq!(
        world.upload(&passport(1), &large).await.unwrap().status(),
        200
    );
    assert_eq!(world.summary().documents, 1);
}

#[tokio::test]
async fn a_client_that_dies_in_the_middle_leaves_nothing_but_its_line() {
    let world = World::new(Config::default()).await;
    let whole = body(&[metadata_part(&passport(1)), file_part(&[b'x'; 100_000])]);
    let head = format!(
        "POST {DOCUMENTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: API-Key k\r\nContent-Type: {FORM}\r\n\
         Content-Length: {}\r\n\r\n",
        whole.len()
    );
    let mut stream = tokio::net::TcpStream::connect(world.sandbox.addr())
        .await
        .unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&whole[..50_000]).await.unwrap();
    // It is in the ledger from its first byte on.
    until(|| world.summary().open_uploads == 1).await;
    let ledger = world.ledger().await;
    assert_eq!(
        (
            &ledger["requests"][2]["answer"],
            &ledger["requests"][2]["end"]
        ),
        (&json!("receiving"), &Value::Null)
    );
    drop(stream);
    until(|| world.summary().open_uploads == 0).await;
    assert_eq!(world.lines().await, ["UPLOAD incomplete none"]);
    assert_eq!(world.ledger().await["requests"][2]["id"], uuid(1));
    assert_eq!(world.summary().documents, 0);
}

#[tokio::test]
async fn refusals_by_share_are_sticky_and_repeat_what_was_said() {
    let config = Config {
        refuse_documents: 0.5,
        refuse_kyb: 1.0,
        ..Config::default()
    };
    let world = World::new(config).await;
    let mut careless = 0;
    let mut refused = 0;
    for number in 0..40 {
        let first = world.upload(&passport(number), FILE).await.unwrap();
        let status = first.status();
        if status == 404 {
            refused += 1;
            let message = read(first).await["message"].as_str().unwrap().to_owned();
            careless += u32::from(message.contains("customer passport"));
        }
        assert_eq!(
            world
                .upload(&passport(number), FILE)
                .await
                .unwrap()
                .status(),
            status
        );
    }
    assert!((5..35).contains(&refused), "{refused}");
    assert!(careless > 0);
    for metadata in everything() {
        let mut metadata = metadata;
        for number in 100..200 {
            metadata["clientDocumentId"] = json!(uuid(number));
            if world.upload(&metadata, FILE).await.unwrap().status() == 200 {
                break;
            }
        }
    }
    let answer = world.kyb("E-1").await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_lookup_of_metadata_can_fail() {
    let world = World::new(Config {
        lookup_fail: 1.0,
        max_faults_per_id: 3,
        ..Config::default()
    })
    .await;
    world.upload(&passport(1), FILE).await.unwrap();
    let path = format!("{DOCUMENTS}/{}/metadata", uuid(1));
    for _ in 0..3 {
        let _ = world.get(&path).await;
    }
    let mut lines = world.lines().await.split_off(1);
    lines.sort();
    assert_eq!(
        lines,
        [
            "METADATA 404-html none",
            "METADATA 500 none",
            "METADATA reset none"
        ]
    );
    assert_eq!(world.get(&path).await.unwrap().status(), 200);
}

#[tokio::test]
async fn uploads_and_triggers_pass_the_rate_or_one_of_their_own() {
    let rate = |requests| {
        Some(Rate {
            requests,
            per_ms: 600_000,
            retry_after: true,
            count_lookups: false,
        })
    };
    // Two accounts are there already.
    let world = World::new(Config {
        rate: rate(4),
        ..Config::default()
    })
    .await;
    assert_eq!(
        world.upload(&passport(1), FILE).await.unwrap().status(),
        200
    );
    assert_eq!(world.kyb("nobody").await.unwrap().status(), 404);
    let limited = world.upload(&passport(2), FILE).await.unwrap();
    assert_eq!(limited.status(), 429);
    assert!(limited.headers().contains_key("retry-after"));
    assert_eq!(world.kyb("E-1").await.unwrap().status(), 429);
    assert_eq!(world.summary().rate_limited, 2);
    assert_eq!(world.ledger().await["requests"][4]["id"], uuid(2));

    let config = Config {
        rate: rate(2),
        upload_rate: rate(1),
        kyb_rate: rate(1),
        ..Config::default()
    };
    let world = World::new(config).await;
    assert_eq!(
        world.upload(&passport(1), FILE).await.unwrap().status(),
        200
    );
    assert_eq!(
        world.upload(&passport(2), FILE).await.unwrap().status(),
        429
    );
    assert_eq!(world.kyb("nobody").await.unwrap().status(), 404);
    assert_eq!(world.kyb("nobody").await.unwrap().status(), 429);
}

#[tokio::test]
async fn content_is_kept_within_a_budget() {
    let world = World::new(Config::default()).await;
    let large = vec![b'x'; 33 << 20];
    for number in [1, 2] {
        assert_eq!(
            world
                .upload(&passport(number), &large)
                .await
                .unwrap()
                .status(),
            200
        );
    }
    let get = async |number| {
        world
            .get(&format!("{DOCUMENTS}/{}", uuid(number)))
            .await
            .unwrap()
    };
    assert_eq!(get(1).await.bytes().await.unwrap().len(), large.len());
    let over = get(2).await;
    assert_eq!(over.status(), 404);
    assert!(
        read(over).await["message"]
            .as_str()
            .unwrap()
            .contains("keep_documents")
    );
    // A document that is replaced gives its room back.
    assert_eq!(
        world.upload(&passport(1), FILE).await.unwrap().status(),
        200
    );
    assert_eq!(
        world.upload(&passport(2), &large).await.unwrap().status(),
        200
    );
    assert_eq!(get(2).await.bytes().await.unwrap().len(), large.len());

    let world = World::new(Config {
        keep_documents: false,
        ..Config::default()
    })
    .await;
    assert_eq!(
        world.upload(&passport(1), FILE).await.unwrap().status(),
        200
    );
    let path = format!("{DOCUMENTS}/{}", uuid(1));
    assert_eq!(world.get(&path).await.unwrap().status(), 404);
    assert_eq!(
        world
            .get(&format!("{path}/metadata"))
            .await
            .unwrap()
            .status(),
        200
    );
}
