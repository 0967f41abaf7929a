//! A sandbox with two accounts, and what is sent to it.
//!
//! Owner: the tests of documents and KYB in the sandbox. Invariant: bodies are written by hand, so that their parts can
//! come in any order and break off anywhere. Left out on purpose: what is right or wrong.

use std::time::Duration;

use bakkt_sandbox::{Config, Dialect, LedgerSummary, Sandbox};
use reqwest::{Client, Response};
use serde_json::{Value, json};

pub const ACCOUNTS: &str = "/apex-crypto/api/v2/accounts";
pub const DOCUMENTS: &str = "/apex-crypto/api/v2/documents";
pub const FILE: &[u8] = b"%PDF-1.7 an invented document";

pub struct World {
    pub sandbox: Sandbox,
    pub client: Client,
    reference: bool,
}

impl World {
    /// With an entity E-1 and an individual I-1.
    pub async fn new(config: Config) -> World {
        // Whatever faults are asked for are for documents and KYB.
        let reference = config.dialect == Dialect::Reference;
        let config = Config {
            key: Some("k".to_owned()),
            password: Some("p".to_owned()),
            ..config
        };
        let world = World {
            sandbox: Sandbox::start(config, 0).await.unwrap(),
            client: crate::support::http_client(),
            reference,
        };
        for (id, kind) in [("E-1", "ENTITY"), ("I-1", "INDIVIDUAL")] {
            while !world.account(id, kind).await {}
        }
        world
    }

    /// One try; whether it is there.
    pub async fn account(&self, id: &str, kind: &str) -> bool {
        let before = self.summary();
        let _ = self
            .post(ACCOUNTS, "application/json", account(id, kind))
            .await;
        until(|| self.summary().pending_late == 0).await;
        self.summary().accounts > before.accounts
    }

    pub fn summary(&self) -> LedgerSummary {
        self.sandbox.ledger()
    }

    pub async fn post(
        &self,
        path: &str,
        kind: &str,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Response> {
        let token = if self.reference {
            self.token().await
        } else {
            "API-Key k".to_owned()
        };
        let request = self
            .client
            .post(format!("{}{path}", self.sandbox.base_url()));
        request
            .header("Authorization", token)
            .header("Content-Type", kind)
            .body(body)
            .send()
            .await
    }

    pub async fn token(&self) -> String {
        let url = format!("{}/apex-crypto/api/v2/login", self.sandbox.base_url());
        let login = json!({"logonId": "me", "password": "p"}).to_string();
        let answer = self.client.post(url).body(login).send().await.unwrap();
        read(answer).await["token"].as_str().unwrap().to_owned()
    }

    pub async fn upload(&self, metadata: &Value, file: &[u8]) -> reqwest::Result<Response> {
        let body = body(&[metadata_part(metadata), file_part(file)]);
        self.post(DOCUMENTS, FORM, body).await
    }

    pub async fn kyb(&self, id: &str) -> reqwest::Result<Response> {
        self.post(
            &format!("{ACCOUNTS}/triggerKYBScreening/{id}"),
            "text/plain",
            "",
        )
        .await
    }

    pub async fn get(&self, path: &str) -> reqwest::Result<Response> {
        let request = self
            .client
            .get(format!("{}{path}", self.sandbox.base_url()));
        request.header("Authorization", "API-Key k").send().await
    }

    pub async fn ledger(&self) -> Value {
        read(self.get("/_ledger").await.unwrap()).await
    }

    /// `kind answer effect` of every request about documents and KYB, in order.
    pub async fn lines(&self) -> Vec<String> {
        let ledger = self.ledger().await;
        let requests = ledger["requests"].as_array().unwrap();
        let word = |line: &Value, name: &str| line[name].as_str().unwrap_or("-").to_owned();
        let others = ["POST", "LOGIN"];
        requests
            .iter()
            .filter(|line| !others.contains(&&*word(line, "kind")) && line["of"] != "POST")
            .map(|line| {
                ["kind", "answer", "effect"]
                    .map(|name| word(line, name))
                    .join(" ")
            })
            .collect()
    }
}

pub const FORM: &str = "multipart/form-data; boundary=b-1";

pub fn part(name: &str, head: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--b-1\r\nContent-Disposition: form-data; name=\"{name}\"{head}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

pub fn metadata_part(metadata: &Value) -> Vec<u8> {
    part(
        "request",
        "\r\nContent-Type: application/json",
        metadata.to_string().as_bytes(),
    )
}

pub fn file_part(file: &[u8]) -> Vec<u8> {
    part(
        "file",
        "; filename=\"sample jane.pdf\"\r\nContent-Type: application/pdf",
        file,
    )
}

pub fn body(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), b"--b-1--\r\n".to_vec()].concat()
}

pub async fn read(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

pub async fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("this never came");
}

pub fn account(id: &str, kind: &str) -> String {
    let address = json!({"city": "Austin", "country": "USA", "state": "TX", "postalCode": "73301",
        "streetAddress": ["12 Example Road"]});
    let owner = |role: &str, id: &str| {
        json!({
            "role": role, "clientOwnerId": id, "emailAddress": "jane.sample@example.com", "mailingAddress": address,
            "identity": {"givenName": "Jane", "familyName": "Sample", "dateOfBirth": "1980-02-03",
                "personalAddress": address, "taxId": "987001234", "taxIdType": "SSN"},
        })
    };
    let mut owners = vec![owner("PRIMARY_OWNER", "o-1")];
    if kind == "ENTITY" {
        owners.push(owner("BENEFICIAL_OWNER", "o-2"));
    }
    json!({"clientAccountId": id, "accountType": kind, "owners": owners}).to_string()
}

/// A clientDocumentId.
pub fn uuid(number: u32) -> String {
    format!("3fa85f64-5717-4562-b3fc-2c96{number:08x}")
}

/// An owner's document.
pub fn passport(number: u32) -> Value {
    json!({"clientDocumentId": uuid(number), "account": "E-1", "documentType": "PASSPORT", "clientOwnerId": "o-2",
        "documentSide": "FRONT", "issueCountry": "USA", "description": "customer passport",
        "documentExpiration": "2099-10-04T16:34:29.446Z"})
}

/// A document of the entity itself.
pub fn own(number: u32, kind: &str) -> Value {
    json!({"clientDocumentId": uuid(number), "account": "E-1", "documentType": kind, "documentSide": "FRONT",
        "issueCountry": "USA"})
}

/// One share at 1, and one fault for an id.
pub fn always(set: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config {
        max_faults_per_id: 1,
        late_ms: 30,
        stall_ms: 30,
        ..Config::default()
    };
    set(&mut config);
    config
}

/// Everything that a screening of E-1 needs.
pub fn everything() -> Vec<Value> {
    let mut front = passport(5);
    front["documentType"] = json!("DRIVERS_LICENSE");
    let mut back = front.clone();
    back["clientDocumentId"] = json!(uuid(6));
    back["documentSide"] = json!("BACK");
    vec![
        own(1, "CERTIFICATE_OF_INCORPORATION"),
        own(2, "CERTIFICATE_OF_BENEFICIAL_OWNERS"),
        own(3, "ENTITY_DUE_DILIGENCE"),
        front,
        back,
    ]
}
