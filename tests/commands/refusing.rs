//! A server that refuses: for the rate, for the address, out of turn, or by its certificate.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::{Bakkt, Server, World};

fn total(json: &str, state: &str) -> u64 {
    let totals: Value = serde_json::from_str(json).unwrap();
    totals["tasks"]["account"][state].as_u64().unwrap()
}

fn patient(world: &World) {
    world.change(
        "acme/migration.toml",
        "request_timeout = \"60s\"\nsettle_after = \"61s\"",
        "request_timeout = \"1s\"\nsettle_after = \"1500ms\"",
    );
    world.change("acme/migration.toml", "breaker = 5", "breaker = 1000");
}

#[test]
fn nobody_whom_the_server_took_is_booked_as_refused() {
    let bakkt = Bakkt::start(|config| {
        config.surplus = 1.0;
        config.refuse = 0.1;
        config.latency_ms = 5;
        config.max_faults_per_id = 1_000_000;
    });
    let world = World::of(60);
    patient(&world);
    world.set("[accounts]\non_existing = \"update\"");
    let (code, json) = world.code(&bakkt.run("--json --yes"));
    let ledger = bakkt.whole_ledger();
    let mut answers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for request in ledger["requests"].as_array().unwrap() {
        if request["kind"] == "POST" {
            let answer = request["answer"].as_str().unwrap();
            let id = request["id"].as_str().unwrap();
            answers.entry(id).or_default().insert(answer);
        }
    }
    let count = |what: &str| {
        answers
            .values()
            .filter(|answers| answers.contains(what))
            .count() as u64
    };
    let (taken, refused) = (count("surplus-200"), count("422"));
    assert_eq!(taken + refused, 60, "{answers:?}");
    assert!(taken > 40 && refused > 0, "{answers:?}");
    assert_eq!(
        (total(&json, "accepted"), total(&json, "refused"), code),
        (taken, refused, 3)
    );
    assert_eq!(bakkt.ledger().updated, 0, "nobody was sent twice");
}

#[test]
fn a_refusal_on_a_kept_connection_is_confirmed_and_one_is_not_asked_about_twice() {
    let bakkt = Bakkt::start(|config| config.refuse = 1.0);
    let world = World::of(40);
    world.set("[accounts]\non_existing = \"update\"");
    let (code, json) = world.code(&bakkt.run("--json --yes"));
    assert_eq!(
        (total(&json, "refused"), total(&json, "in_doubt"), code),
        (40, 0, 3)
    );
    let ledger = bakkt.ledger();
    assert_eq!((ledger.posts, ledger.accounts), (40, 0));
    // Each on a connection that had served others before was asked about once; those on new ones were not.
    assert!(ledger.gets <= 40, "{}", ledger.gets);
}

#[test]
fn a_wish_for_an_absurd_pause_is_cut_and_told() {
    let bakkt = Bakkt::start(|config| {
        config.limited = 1.0;
        config.limited_retry_after = Some("1000000000".into());
        config.max_faults_per_id = 1;
    });
    let world = World::of(3);
    world.set("[accounts]\non_existing = \"update\"");
    world.change(
        "acme/migration.toml",
        "[retry]",
        "[retry]\nlongest_pause = \"1200ms\"",
    );
    let shown = world.bakkt(&bakkt.run("--yes -v"));
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(
        (bakkt.ledger().rate_limited, bakkt.ledger().accounts),
        (3, 3)
    );
    let log = world.read("acme/.bakkt-migrate/log.jsonl");
    for told in [&log, &shown] {
        assert!(
            told.contains("pausing, by what the server answers"),
            "{told}"
        );
    }
}

#[test]
fn every_text_of_a_wish_and_every_503_ends_well() {
    for (wish, status) in [
        ("-5", 503),
        ("1.5", 503),
        ("", 503),
        ("date+1", 429),
        ("soon", 429),
    ] {
        let bakkt = Bakkt::start(|config| {
            match status {
                503 => {
                    config.unavailable = 1.0;
                    config.unavailable_retry_after = wish.into();
                }
                _ => {
                    config.limited = 1.0;
                    config.limited_retry_after = Some(wish.into());
                }
            }
            config.max_faults_per_id = 1;
        });
        let world = World::of(2);
        patient(&world);
        world.set("[accounts]\non_existing = \"update\"");
        let (code, json) = world.code(&bakkt.run("--json --yes"));
        assert_eq!(
            (code, total(&json, "accepted")),
            (0, 2),
            "{status} {wish:?}"
        );
        assert_eq!(bakkt.ledger().posts, 4, "{status} {wish:?}");
    }
}

#[test]
fn a_403_before_the_first_success_names_the_list_of_addresses_before_the_key() {
    let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (setting, log_in) in [("update", false), ("skip", false), ("update", true)] {
        let server = Server::start(answer);
        let mut world = World::of(1);
        world.set(&format!("[accounts]\non_existing = \"{setting}\""));
        if log_in {
            world.set("[target]\ndialect = \"reference\"\nlogon_id = \"acme\"");
            world
                .environment
                .push(("BAKKT_PASSWORD".into(), "p".into()));
        }
        let shown = world.bakkt(&format!("run acme --base-url {} --yes", server.url));
        let (list, key) = (shown.find("address list"), shown.find("the key is right"));
        assert!(list.is_some() && list < key, "{setting}: {shown}");
        assert_eq!(
            server.requests.try_iter().count(),
            1,
            "{setting}: one is enough"
        );
    }
}

/// An id of Bakkt's for each customer.
fn account(id: &str) -> String {
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, id.as_bytes()).to_string()
}

/// Makes accounts of all customers but those that it forbids.
fn forbidding(forbids: impl Fn(&str) -> bool + Send + 'static) -> Server {
    Server::answering(move |body| {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let id = sent["clientAccountId"].as_str().unwrap_or_default();
        let (status, body) = match id {
            // A question: it has nobody.
            "" => ("404 Not Found", r#"{"code": 404, "message": "none"}"#.to_owned()),
            id if forbids(id) => ("403 Forbidden", String::new()),
            id => (
                "200 OK",
                serde_json::json!({"id": account(id), "status": "PENDING", "createdAt": "2126-01-01T00:00:00Z",
                    "request": {"clientAccountId": id}})
                .to_string(),
            ),
        };
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    })
}

#[test]
fn whoever_meets_a_403_when_the_key_is_revoked_stays_open() {
    let allowed = Arc::new(AtomicU64::new(5));
    let left = allowed.clone();
    let forbids = move |_: &str| {
        let take = |left: u64| left.checked_sub(1);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_err()
    };
    let server = forbidding(forbids);
    let world = World::of(20);
    world.set("[accounts]\non_existing = \"update\"");
    let run = format!("run acme --base-url {} --json --yes", server.url);
    let (code, said) = world.code(&run);
    assert_eq!(code, 4, "{said}");
    let (_, status) = world.code("status acme --json");
    let states = ["accepted", "refused", "open", "in_doubt"];
    assert_eq!(states.map(|state| total(&status, state)), [5, 0, 15, 0]);
    allowed.store(u64::MAX, Ordering::Relaxed);
    let (code, json) = world.code(&run);
    assert_eq!((code, total(&json, "accepted")), (0, 20), "{json}");
}

#[test]
fn a_customer_whom_bakkt_forbids_beside_others_is_refused() {
    let server = forbidding(|id| id.ends_with('7'));
    let world = World::of(20);
    world.set("[accounts]\non_existing = \"update\"");
    let run = format!("run acme --base-url {} --json --yes", server.url);
    let (code, json) = world.code(&run);
    assert_eq!(
        (code, total(&json, "accepted"), total(&json, "refused")),
        (3, 18, 2),
        "{json}"
    );
}

/// A server on loopback with a certificate of `tests/fixtures/tls`, that answers 404 to whoever trusts it.
pub fn tls(name: &str) -> (tokio::runtime::Runtime, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let read = |name: &str| Cursor::new(std::fs::read(folder.join(name)).unwrap());
    let certificates: Vec<_> = CertificateDer::pem_reader_iter(read(name))
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_reader(read("server_key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let _ = stream.read(&mut [0; 4096]).await;
                let answer =
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (runtime, url)
}

#[test]
fn a_refused_certificate_says_what_is_wrong_with_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let authority = folder.join("authority.pem").display().to_string();
    for (certificate, says) in [
        ("expired.pem", "certificate is refused: it has expired"),
        (
            "other_name.pem",
            "certificate is refused: it belongs to another server name",
        ),
        (
            "self_signed.pem",
            "certificate is refused: it is signed by itself",
        ),
        // This one is trusted, so what the server answers is what counts.
        (
            "good.pem",
            "there is no account service at this address (404)",
        ),
    ] {
        let (_runtime, url) = tls(certificate);
        let mut world = World::of(1);
        world.set("[accounts]\non_existing = \"update\"");
        world
            .environment
            .push(("SSL_CERT_FILE".into(), authority.clone()));
        let shown = world.bakkt(&format!("run acme --base-url {url} --yes"));
        assert!(
            shown.starts_with("exit code 2") && shown.contains(says),
            "{certificate}: {shown}"
        );
        assert!(!shown.contains("no connection"), "{certificate}: {shown}");
    }
}
