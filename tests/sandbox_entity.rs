//! The sandbox's own statement of entities: what it takes, and every way in which it refuses.
//!
//! Each refusal is one change to a request that it takes, and names the field that was changed.

use bakkt_sandbox::{Config, Sandbox};
use serde_json::{Value, json};

struct World {
    sandbox: Sandbox,
    client: reqwest::Client,
}

impl World {
    async fn new() -> World {
        let config = Config {
            key: Some("any".to_owned()),
            ..Config::default()
        };
        World {
            sandbox: Sandbox::start(config, 0).await.unwrap(),
            client: crate::support::http_client(),
        }
    }

    /// `code field` of every finding; nothing when the request was taken.
    async fn findings(&self, body: &Value) -> Vec<String> {
        let url = format!("{}/apex-crypto/api/v2/accounts", self.sandbox.base_url());
        let answer = self
            .client
            .post(url)
            .header("Authorization", "API-Key any")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        if status == 200 {
            assert_eq!(answer["request"]["entity"], body["entity"]);
            return Vec::new();
        }
        assert_eq!(status, 422, "{answer}");
        let findings = answer["validationErrors"].as_array().unwrap();
        let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
        findings
            .iter()
            .map(|finding| format!("{} {}", word(finding, "code"), word(finding, "field")))
            .collect()
    }
}

fn address() -> Value {
    json!({"city": "Austin", "country": "USA", "state": "TX", "postalCode": "73301",
        "streetAddress": ["12 Example Road"]})
}

fn owner(role: &str, id: &str) -> Value {
    json!({
        "role": role, "clientOwnerId": id, "emailAddress": "jane.sample@example.com", "mailingAddress": address(),
        "identity": {"givenName": "Jane", "familyName": "Sample", "dateOfBirth": "1980-02-03",
            "personalAddress": address(), "taxId": "987001234", "taxIdType": "SSN"},
    })
}

/// A business with all 23 fields and two owners.
fn business() -> Value {
    json!({
        "clientAccountId": "E-1",
        "accountType": "ENTITY",
        "owners": [owner("PRIMARY_OWNER", "o-1"), owner("BENEFICIAL_OWNER", "o-2")],
        "entity": {
            "entityLegalName": "Sample Harbor LLC", "entityType": "LLC", "entityTaxId": "000001234",
            "entityEmailAddress": "office@example.com", "entityPhoneNumber": "+15125550142",
            "operatingIndustry": "Shipping", "registeredAddress": address(), "operatingAddress": address(),
            "entityOfferings": "Berths", "entityFormationDate": "2010-04-05",
            "operatingCountries": ["USA", "CAN"], "sourceOfFunds": "Fees", "sourceOfCurrency": "None yet",
            "subjectToAMLRegulations": false, "entityRegistrationStatus": "NOT_APPLICABLE",
            "investmentObjective": "BALANCED", "investmentExperience": "LIMITED",
            "firmAnnualNetIncome": "UNDER_250K", "firmLiquidNetWorthUsdRange": "FROM_250K_TO_500K",
            "firmTotalNetWorthUsdRange": "FROM_10M_TO_20M", "dailyTransactionVolumeUsdRange": "OVER_50M",
            "dailyNotionalTradingVolumeUsdRange": "FROM_20M_TO_50M", "activeWalletAddress": "sample-wallet-1",
        },
    })
}

#[tokio::test]
async fn entities_are_taken_with_little_and_with_all() {
    let world = World::new().await;
    let all = business();
    assert_eq!(all["entity"].as_object().unwrap().len(), 23);
    assert_eq!(world.findings(&all).await, [""; 0]);
    let mut least = business();
    let must = [
        "entityLegalName",
        "entityType",
        "entityTaxId",
        "entityEmailAddress",
        "entityPhoneNumber",
        "operatingIndustry",
        "registeredAddress",
        "operatingAddress",
    ];
    let entity = least["entity"].as_object_mut().unwrap();
    entity.retain(|name, _| must.contains(&name.as_str()));
    assert_eq!(world.findings(&least).await, [""; 0]);
    // Longest name: characters count, not bytes.
    least["entity"]["entityLegalName"] = json!("ü".repeat(100));
    assert_eq!(world.findings(&least).await, [""; 0]);
    for account_type in ["CUSTODIAL", "ENTITY_PERSONAL_TRUST"] {
        let mut body = business();
        body["accountType"] = json!(account_type);
        body["owners"][1]["role"] = json!("TRUSTEE");
        assert_eq!(world.findings(&body).await, [""; 0]);
        body.as_object_mut().unwrap().remove("entity");
        assert_eq!(world.findings(&body).await, [""; 0]);
    }
    for name in must {
        let mut body = least.clone();
        body["entity"].as_object_mut().unwrap().remove(name);
        assert_eq!(
            world.findings(&body).await,
            [format!("MISSING entity.{name}")]
        );
    }
}

#[tokio::test]
async fn what_an_entity_cannot_hold_is_refused_by_name() {
    let world = World::new().await;
    let changes = [
        ("entityLegalName", json!("")),
        ("entityLegalName", json!("x".repeat(101))),
        ("entityType", json!("CLUB")),
        ("entityTaxId", json!(123)),
        ("entityEmailAddress", json!("office")),
        ("entityPhoneNumber", json!("512-555-0142")),
        ("operatingIndustry", json!(" ")),
        ("entityFormationDate", json!("04/05/2010")),
        ("operatingCountries", json!([])),
        ("operatingCountries[1]", json!(["USA", "US"])),
        ("subjectToAMLRegulations", json!("false")),
        ("entityRegistrationStatus", json!("REGISTERED")),
        ("investmentObjective", json!("WEALTH")),
        ("investmentExperience", json!("SOME")),
        ("firmAnnualNetIncome", json!("UNDER_25K")),
        ("firmLiquidNetWorthUsdRange", json!("OVER_5M")),
        ("firmTotalNetWorthUsdRange", json!(250000)),
        ("dailyTransactionVolumeUsdRange", json!("FROM_1M_TO_5M")),
        ("dailyNotionalTradingVolumeUsdRange", json!("")),
        ("activeWalletAddress", json!(null)),
        ("registeredAddress", json!("12 Example Road")),
    ];
    for (field, value) in changes {
        let mut body = business();
        body["entity"][field.split('[').next().unwrap()] = value;
        assert_eq!(
            world.findings(&body).await,
            [format!("INVALID entity.{field}")]
        );
    }
    let mut body = business();
    body["entity"]["legalName"] = json!("Sample");
    assert_eq!(
        world.findings(&body).await,
        ["NOT_ALLOWED entity.legalName"]
    );
    let mut body = business();
    let operating = body["entity"]["operatingAddress"].as_object_mut().unwrap();
    operating.remove("city");
    assert_eq!(
        world.findings(&body).await,
        ["MISSING entity.operatingAddress.city"]
    );
}

#[tokio::test]
async fn the_type_decides_on_entity_and_roles() {
    let world = World::new().await;
    let mut body = business();
    body["accountType"] = json!("INDIVIDUAL");
    assert_eq!(world.findings(&body).await, ["NOT_ALLOWED entity"]);
    body.as_object_mut().unwrap().remove("accountType");
    assert_eq!(world.findings(&body).await, ["NOT_ALLOWED entity"]);
    body["accountType"] = json!("JOINT");
    assert_eq!(world.findings(&body).await, ["INVALID accountType"]);

    let mut body = business();
    body["owners"][1]["role"] = json!("JOINT_OWNER");
    assert_eq!(world.findings(&body).await, ["INVALID owners[1].role"]);
    body["owners"][1]["role"] = json!("MINOR_OWNER");
    assert_eq!(world.findings(&body).await, ["INVALID owners[1].role"]);

    for account_type in ["CUSTODIAL", "INDIVIDUAL", "ENTITY_PERSONAL_TRUST"] {
        let mut body = business();
        body.as_object_mut().unwrap().remove("entity");
        body["accountType"] = json!(account_type);
        body["owners"][1]["role"] = json!("MINOR_OWNER");
        assert_eq!(world.findings(&body).await, ["INVALID owners[1].role"]);
        let owners = body["owners"].as_array_mut().unwrap();
        owners.push(owner("CUSTODIAN", "o-3"));
        assert_eq!(world.findings(&body).await, [""; 0]);
        body["owners"][2]["role"] = json!("GUARDIAN_CONSERVATOR");
        assert_eq!(world.findings(&body).await, [""; 0]);
    }
}
