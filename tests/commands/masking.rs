//! What stays of a server that repeats a customer, and our key: in the journal, in files and in what is said.

use std::io::{BufReader, Write};
use std::net::TcpListener;

use super::world::{World, read_request};

/// A server that knows no account and refuses every creation with these bodies in turn.
fn refusing(bodies: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test process.
    std::thread::spawn(move || {
        let mut refusals = bodies.iter().cycle();
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let mut reader = BufReader::new(stream);
            let head = read_request(&mut reader);
            let (status, body) = if head.starts_with("POST") {
                ("422 Unprocessable", refusals.next().unwrap().as_str())
            } else {
                ("404 Not Found", r#"{"code":404,"message":"none"}"#)
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = reader.get_mut().write_all(answer.as_bytes());
        }
    });
    url
}

/// The cells of a column of `refused.csv`, in order.
fn refused(world: &World, column: &str) -> Vec<String> {
    let text = world.read("acme/report/refused.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == column)
        .unwrap();
    let rows = reader.records().map(|row| row.unwrap()[place].to_owned());
    let mut cells: Vec<String> = rows.collect();
    cells.sort();
    cells
}

fn people() -> Vec<String> {
    let row = |id: &str, first: &str, last: &str| {
        format!("{id},{first}@example.com,{first},{last},1980-02-03,987001234,Austin,+15125550142")
    };
    vec![
        row("P-1", "Ana", "Li"),
        row("P-2", "Bo", "Ng"),
        row("P-3", "Will", "Grant"),
    ]
}

#[test]
fn a_server_that_repeats_a_customer_or_our_key_leaves_neither_behind() {
    let mut world = World::new(&people());
    let key = "q7Xz-Secret-99pL";
    world.environment = vec![("BAKKT_API_KEY".into(), key.into())];
    // One after the other, so that each customer gets the answer that is about them.
    let unlimited = "create = \"unlimited\"";
    world.change(
        "acme/migration.toml",
        unlimited,
        &format!("{unlimited}\nin_flight = 1"),
    );
    let body = |code: &str, message: &str| {
        serde_json::json!({"code": code, "message": message}).to_string()
    };
    let url = refusing(vec![
        body(
            "ANA_LI",
            "customer Ana Li is on a list, key q7Xz-Secret-99pL",
        ),
        body("Li", "BO NG: KYC failed"),
        body(
            "RISK_OFAC",
            "Mr Will Grant may not open an account; will retry with 99pL",
        ),
    ]);
    let (code, said) = world.code(&format!("run acme --base-url {url}"));
    assert_eq!(code, 3, "{said}");
    assert_eq!(
        refused(&world, "message"),
        [
            "* may not open an account; * retry with *",
            "*: KYC failed",
            "customer * is on a list, key *-*-*"
        ]
    );
    let codes = refused(&world, "code");
    assert_eq!(codes[0], "RISK_OFAC");
    assert!(
        codes[1..].iter().all(|code| code.starts_with("code-")),
        "{codes:?}"
    );
    for file in world
        .files()
        .iter()
        .filter(|file| file.starts_with("acme/.bakkt") || file.starts_with("acme/report"))
    {
        let bytes = std::fs::read(world.path(file)).unwrap();
        for secret in ["ANA_LI", "Ana Li", "BO NG", "Will Grant", key, "99pL"] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {file}");
        }
    }
}

#[test]
fn codes_that_are_hidden_can_be_retried_and_excluded() {
    let world = World::new(&people());
    let body = serde_json::json!({"code": "ANA_LI", "message": "no"}).to_string();
    let url = refusing(vec![body]);
    let run = format!("run acme --base-url {url}");
    assert_eq!(world.code(&run).0, 3);
    let hidden = refused(&world, "code");
    assert_eq!(hidden.len(), 3);
    // P-1 has this value, the others do not: their code is no word of the vocabulary either.
    assert!(
        hidden
            .iter()
            .all(|code| *code == hidden[0] && code.starts_with("code-")),
        "{hidden:?}"
    );
    let said = world.bakkt(&format!("retry acme --code {} --reason again", hidden[0]));
    assert!(said.contains("exit code 0") && said.contains('3'), "{said}");
    assert_eq!(world.code(&run).0, 3);
    let said = world.bakkt("exclude acme --code ANA_LI --reason duplicates");
    assert!(said.contains("exit code 0") && said.contains('3'), "{said}");
    for file in world
        .files()
        .iter()
        .filter(|file| file.starts_with("acme/.bakkt"))
    {
        let bytes = std::fs::read(world.path(file)).unwrap();
        assert!(
            !bytes.windows(6).any(|window| window == b"ANA_LI"),
            "{file}"
        );
    }
}
