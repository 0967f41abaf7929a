//! What the calls take, what they refuse, and what the ledger says of it.

use bakkt_sandbox::{Config, Dialect};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::world::*;

#[tokio::test]
async fn stores_reads_back_lists_and_stores_again() {
    let world = World::new(Config::default()).await;
    let metadata = passport(1);
    let stored = read(world.upload(&metadata, FILE).await.unwrap()).await;
    assert_eq!(stored["request"], metadata);
    assert_ne!(stored["id"], metadata["clientDocumentId"]);
    let one = format!("{DOCUMENTS}/{}", uuid(1));
    let text = world
        .get(&format!("{one}/metadata"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), stored);

    let content = world.get(&one).await.unwrap();
    assert_eq!(content.headers()["content-type"], "application/pdf");
    assert_eq!(content.bytes().await.unwrap(), FILE);

    // The file may come first.
    let certificate = own(2, "CERTIFICATE_OF_INCORPORATION");
    let other = body(&[file_part(b"other"), metadata_part(&certificate)]);
    assert_eq!(
        world.post(DOCUMENTS, FORM, other).await.unwrap().status(),
        200
    );
    let list = |id: &str| format!("{DOCUMENTS}/{id}/accountDocumentMetadata");
    let listed = read(world.get(&list("E-1")).await.unwrap()).await;
    assert_eq!(listed, json!({"documentMetadata": [metadata, certificate]}));
    let none = read(world.get(&list("I-1")).await.unwrap()).await;
    assert_eq!(none, json!({"documentMetadata": []}));

    let again = read(world.upload(&metadata, b"newer").await.unwrap()).await;
    assert_eq!(
        (&again["id"], &again["createdAt"]),
        (&stored["id"], &stored["createdAt"])
    );
    assert_eq!(
        world.get(&one).await.unwrap().bytes().await.unwrap(),
        "newer"
    );

    for path in [
        format!("{DOCUMENTS}/{}", uuid(9)),
        format!("{DOCUMENTS}/x/metadata"),
        list("nobody"),
    ] {
        let answer = world.get(&path).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(read(answer).await["code"], 404);
    }
    let expected = [
        "UPLOAD 200 created",
        "METADATA 200 none",
        "DOCUMENT 200 none",
        "UPLOAD 200 created",
        "DOCUMENTS 200 none",
        "DOCUMENTS 200 none",
        "UPLOAD 200 updated",
        "DOCUMENT 200 none",
        "DOCUMENT 404 none",
        "METADATA 404 none",
        "DOCUMENTS 404 none",
    ];
    assert_eq!(world.lines().await, expected);
}

#[tokio::test]
async fn the_ledger_tells_of_documents_by_hash_and_id_only() {
    let world = World::new(Config::default()).await;
    world.upload(&passport(1), FILE).await.unwrap();
    world.upload(&passport(1), b"newer").await.unwrap();
    let mut odd = passport(2);
    odd["documentType"] = json!("a name");
    world.upload(&odd, FILE).await.unwrap();

    let ledger = world.ledger().await;
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    assert_eq!(
        ledger["documents"],
        json!([{"id": uuid(1), "account": "E-1", "owner": "o-2", "type": "PASSPORT", "side": "FRONT",
            "file": hash(b"newer"), "uploads_made": 2}])
    );
    let line = &ledger["requests"][2];
    assert_eq!(
        *line,
        json!({"n": 5, "took": 6, "end": 7, "kind": "UPLOAD", "id": uuid(1), "account": "E-1", "owner": "o-2",
            "type": "PASSPORT", "side": "FRONT", "file": hash(FILE), "answer": "200", "effect": "created",
            "body": hash(passport(1).to_string().as_bytes())})
    );
    assert_eq!(ledger["requests"][4]["type"], Value::Null);
    let whole = ledger.to_string();
    for secret in ["sample jane", "customer passport", "a name", "2099"] {
        assert!(!whole.contains(secret), "{secret}");
    }
    // An account's ledger has its documents too.
    let of = read(world.get("/_ledger?id=E-1").await.unwrap()).await;
    assert_eq!(of["requests"].as_array().unwrap().len(), 4);
    assert_eq!(of["documents"].as_array().unwrap().len(), 1);
    let summary = world.summary();
    assert_eq!(
        (
            summary.uploads,
            summary.open_uploads,
            summary.documents,
            summary.refused_documents
        ),
        (3, 0, 1, 1)
    );
    assert_eq!(
        (summary.posts, summary.accounts, summary.updated),
        (2, 2, 0)
    );
}

#[tokio::test]
async fn metadata_that_does_not_fit_is_answered_404_by_name_of_the_field() {
    let world = World::new(Config::default()).await;
    let cases: [(bool, &str, Value, &str); 20] = [
        (
            true,
            "clientDocumentId",
            json!("3fa85f64"),
            "clientDocumentId",
        ),
        (true, "clientDocumentId", json!(""), "clientDocumentId"),
        (true, "clientDocumentId", Value::Null, "clientDocumentId"),
        (true, "account", json!("E-2"), "'E-2'"),
        (true, "account", json!(7), "account"),
        (true, "documentType", json!("PASSPORT_CARD"), "documentType"),
        (true, "documentType", json!("passport"), "documentType"),
        (true, "documentSide", json!("LEFT"), "documentSide"),
        (true, "issueCountry", json!("US"), "issueCountry"),
        (true, "issueCountry", json!("UK1"), "issueCountry"),
        (
            true,
            "documentExpiration",
            json!("2099-10-04"),
            "documentExpiration",
        ),
        (
            true,
            "documentExpiration",
            json!("2019-10-04T16:34:29Z"),
            "documentExpiration",
        ),
        (true, "clientOwnerId", json!("o-3"), "'o-3'"),
        (true, "description", json!(" "), "description"),
        (true, "kyb_item", json!("organization_chart"), "kyb_item"),
        (false, "clientOwnerId", json!("o-1"), "clientOwnerId"),
        (false, "documentSide", json!("BACK"), "documentSide"),
        (false, "documentSide", json!("UNSPECIFIED"), "documentSide"),
        (false, "issueCountry", json!(""), "issueCountry"),
        (false, "documentType", json!("RAW_CDD_DATA"), "documentType"),
    ];
    for (of_owner, field, value, named) in cases {
        let mut metadata = if of_owner {
            passport(1)
        } else {
            own(1, "ENTITY_DUE_DILIGENCE")
        };
        metadata[field] = value;
        refused(&world, &metadata, FILE, named).await;
    }
    for field in ["clientDocumentId", "account", "documentType"] {
        let mut metadata = passport(1);
        metadata.as_object_mut().unwrap().remove(field);
        refused(&world, &metadata, FILE, field).await;
    }
    for (kind, field) in [
        ("ENTITY_DUE_DILIGENCE", "documentSide"),
        ("CERTIFICATE_OF_INCORPORATION", "issueCountry"),
        ("CERTIFICATE_OF_BENEFICIAL_OWNERS", "issueCountry"),
    ] {
        let mut metadata = own(1, kind);
        metadata.as_object_mut().unwrap().remove(field);
        refused(&world, &metadata, FILE, field).await;
    }
    refused(&world, &passport(1), b"", "file").await;
    let not_json = body(&[
        part("request", "\r\nContent-Type: application/json", b"{"),
        file_part(FILE),
    ]);
    let answer = world.post(DOCUMENTS, FORM, not_json).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    let least =
        json!({"clientDocumentId": uuid(1), "account": "I-1", "documentType": "W_8BEN_FORM"});
    assert_eq!(world.upload(&least, b"1").await.unwrap().status(), 200);
    let summary = world.summary();
    assert_eq!(
        (summary.documents, summary.refused_documents),
        (1, summary.uploads - 1)
    );
}

async fn refused(world: &World, metadata: &Value, file: &[u8], named: &str) {
    let answer = world.upload(metadata, file).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{metadata}");
    let error = read(answer).await;
    assert_eq!(error["code"], 404);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(named), "{named}: {message}");
}

#[tokio::test]
async fn a_body_that_is_no_upload_is_answered_400() {
    let world = World::new(Config::default()).await;
    let (metadata, file) = (metadata_part(&passport(1)), file_part(FILE));
    let untyped = part("request", "", passport(1).to_string().as_bytes());
    let bodies = [
        (FORM, metadata.clone()),
        (FORM, body(std::slice::from_ref(&metadata))),
        (FORM, body(std::slice::from_ref(&file))),
        (
            FORM,
            body(&[metadata.clone(), metadata.clone(), file.clone()]),
        ),
        (
            FORM,
            body(&[metadata.clone(), file.clone(), part("more", "", b"")]),
        ),
        (FORM, body(&[untyped, file.clone()])),
        (FORM, b"--b-1\r\nno head at all".to_vec()),
        (
            "multipart/form-data; boundary=b-2",
            body(&[metadata.clone(), file.clone()]),
        ),
        ("application/json", body(&[metadata.clone(), file.clone()])),
    ];
    let many = bodies.len();
    for (kind, body) in bodies {
        let answer = world.post(DOCUMENTS, kind, body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(read(answer).await["code"], 400);
    }
    assert_eq!(world.lines().await, vec!["UPLOAD 400 none"; many]);
    let get = world
        .client
        .post(format!("{}{DOCUMENTS}", world.sandbox.base_url()));
    let answer = get
        .header("Content-Type", FORM)
        .body(body(&[metadata, file]));
    assert_eq!(
        answer.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(world.summary().documents, 0);
}

#[tokio::test]
async fn the_reference_dialect_has_other_parts_and_more_types() {
    let world = World::new(Config {
        dialect: Dialect::Reference,
        ..Config::default()
    })
    .await;
    let mut metadata = passport(1);
    metadata["documentType"] = json!("PASSPORT_CARD");
    let parts = [
        part("metadata", "", metadata.to_string().as_bytes()),
        part("document", "", FILE),
    ];
    assert_eq!(
        world
            .post(DOCUMENTS, FORM, body(&parts))
            .await
            .unwrap()
            .status(),
        200
    );
    let guide = body(&[metadata_part(&metadata), file_part(FILE)]);
    assert_eq!(
        world.post(DOCUMENTS, FORM, guide).await.unwrap().status(),
        400
    );
}

#[tokio::test]
async fn a_screening_starts_only_with_every_document() {
    for left_out in 0..=5 {
        let world = World::new(Config::default()).await;
        for (at, metadata) in everything().iter().enumerate() {
            if at != left_out {
                assert_eq!(world.upload(metadata, FILE).await.unwrap().status(), 200);
            }
        }
        let answer = world.kyb("E-1").await.unwrap();
        if left_out < 5 {
            assert_eq!(
                answer.status(),
                StatusCode::UNPROCESSABLE_ENTITY,
                "{left_out}"
            );
            assert_eq!(read(answer).await["code"], 422);
            assert_eq!(world.summary().kyb, 0);
            continue;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(answer.text().await.unwrap(), "success");
        world.kyb("E-1").await.unwrap();
        assert_eq!((world.summary().kyb, world.summary().kyb_posts), (2, 2));
        assert_eq!(
            world.ledger().await["kyb"],
            json!([{"account": "E-1", "triggered": 2}])
        );

        assert_eq!(
            world.kyb("I-1").await.unwrap().status(),
            StatusCode::UNPROCESSABLE_ENTITY
        );
        let unknown = world.kyb("nobody").await.unwrap();
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        assert_eq!(read(unknown).await["code"], 404);
        let lines = world.lines().await;
        let kyb: Vec<&String> = lines
            .iter()
            .filter(|line| line.starts_with("KYB"))
            .collect();
        assert_eq!(
            kyb,
            [
                "KYB 200 triggered",
                "KYB 200 triggered",
                "KYB 422 none",
                "KYB 404 none"
            ]
        );
    }
}

#[tokio::test]
async fn one_passport_is_identity_enough_and_the_back_alone_is_not() {
    for (side, status) in [("UNSPECIFIED", 200), ("BACK", 422)] {
        let world = World::new(Config::default()).await;
        let mut metadata = passport(5);
        metadata["documentSide"] = json!(side);
        for metadata in everything()[..3].iter().chain([&metadata]) {
            assert_eq!(world.upload(metadata, FILE).await.unwrap().status(), 200);
        }
        assert_eq!(world.kyb("E-1").await.unwrap().status(), status);
    }
}
