//! Every kind of tampering is found where it is, and nothing else is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::{Found, World, entities, individuals};
use crate::support::needles::Needles;
use crate::support::{SandboxProcess, program};

/// A wish without its account; a pointer that the account's request must have; what must be found.
type Case = (Value, &'static str, &'static [(&'static str, &'static str)]);

fn set(path: &str, value: Value) -> Value {
    json!({"op": "set", "path": path, "value": value})
}

fn remove(path: &str) -> Value {
    json!({"op": "remove", "path": path})
}

fn of_individuals() -> Vec<Case> {
    const OWNER: &str = "/owners/0/clientOwnerId";
    let stranger = json!({"clientOwnerId": "stranger", "role": "JOINT_OWNER"});
    vec![
        (
            set("/owners/0/phoneNumber", json!("+12125550199")),
            "/owners/0/phoneNumber",
            &[("owners[0].phoneNumber", "different")],
        ),
        (
            remove("/owners/0/phoneNumber"),
            "/owners/0/phoneNumber",
            &[("owners[0].phoneNumber", "missing")],
        ),
        (
            set("/owners/0/emailAddress", json!("Other@example.com")),
            OWNER,
            &[("owners[0].emailAddress", "different")],
        ),
        (
            set("/owners/0/identity/givenName", json!("Somebody")),
            OWNER,
            &[("owners[0].identity.givenName", "different")],
        ),
        (
            set("/owners/0/identity/familyName", json!("Else ")),
            OWNER,
            &[("owners[0].identity.familyName", "different")],
        ),
        (
            set("/owners/0/identity/dateOfBirth", json!("1901-01-01")),
            OWNER,
            &[("owners[0].identity.dateOfBirth", "different")],
        ),
        (
            set("/owners/0/identity/taxId", json!("987650000")),
            "/owners/0/identity/taxId",
            &[("owners[0].identity.taxId", "different")],
        ),
        (
            set("/owners/0/identity/taxId", json!("*****00-0")),
            "/owners/0/identity/taxId",
            &[("owners[0].identity.taxId", "different")],
        ),
        (
            remove("/owners/0/identity/taxId"),
            "/owners/0/identity/taxId",
            &[("owners[0].identity.taxId", "missing")],
        ),
        (
            set(
                "/owners/0/identity/personalAddress/streetAddress/0",
                json!("1 Nowhere"),
            ),
            OWNER,
            &[(
                "owners[0].identity.personalAddress.streetAddress",
                "different",
            )],
        ),
        (
            remove("/owners/0/identity/personalAddress"),
            OWNER,
            &[("owners[0].identity.personalAddress", "missing")],
        ),
        (
            set("/owners/0/mailingAddress/city", json!("Elsewhere")),
            "/owners/0/mailingAddress",
            &[("owners[0].mailingAddress.city", "different")],
        ),
        (
            remove("/owners/0/identity/employment"),
            "/owners/0/identity/employment",
            &[("owners[0].identity.employment", "missing")],
        ),
        (
            set(
                "/investmentProfile/customerProfile/annualIncomeRangeUsd",
                json!("OVER_9M"),
            ),
            "/investmentProfile",
            &[(
                "investmentProfile.customerProfile.annualIncomeRangeUsd",
                "different",
            )],
        ),
        (
            remove("/investmentProfile/accountGoals"),
            "/investmentProfile",
            &[("investmentProfile.accountGoals", "missing")],
        ),
        (
            remove("/owners/0/agreements/0"),
            "/owners/0/agreements/0",
            &[("owners[0].agreements", "missing")],
        ),
        (
            set("/owners/0/agreements/0/version", json!("99")),
            "/owners/0/agreements/0",
            &[("owners[0].agreements[0].version", "different")],
        ),
        (
            set(
                "/owners/0/agreements/-",
                json!({"name": "Terms", "version": "1"}),
            ),
            "/owners/0/agreements/0",
            &[("owners[0].agreements", "added")],
        ),
        (
            remove("/owners/1"),
            "/owners/1",
            &[("owners[1]", "missing")],
        ),
        (set("/owners/-", stranger), OWNER, &[("owners", "added")]),
        (
            set("/owners/0/clientOwnerId", json!("stranger")),
            OWNER,
            &[("owners[0]", "missing"), ("owners", "added")],
        ),
        (
            set("/trustedContacts/0/phoneNumber", json!("+12125550124")),
            "/trustedContacts/0",
            &[("trustedContacts[0].phoneNumber", "different")],
        ),
        (
            remove("/trustedContacts/0"),
            "/trustedContacts/0",
            &[("trustedContacts[0]", "missing")],
        ),
        (
            set("/accountType", json!("CUSTODIAL")),
            OWNER,
            &[("accountType", "different")],
        ),
        (
            set("/clientAccountId", json!("other")),
            OWNER,
            &[("clientAccountId", "different")],
        ),
        (json!({"op": "forget"}), OWNER, &[("account", "unknown")]),
        (
            json!({"op": "mode", "value": "CLOSED"}),
            OWNER,
            &[("mode", "closed")],
        ),
        (
            json!({"op": "mode", "value": "LOCKED"}),
            OWNER,
            &[("mode", "locked")],
        ),
        (
            json!({"op": "mode", "value": "CLOSING_ONLY"}),
            OWNER,
            &[("mode", "closing only")],
        ),
        (
            json!({"op": "status", "value": "REJECTED"}),
            OWNER,
            &[("status", "rejected")],
        ),
        (
            json!({"op": "mode", "value": "FROZEN"}),
            OWNER,
            &[("mode", "unknown word")],
        ),
        (
            json!({"op": "status", "value": "ON_HOLD"}),
            OWNER,
            &[("status", "unknown word")],
        ),
        (
            json!({"op": "can_trade", "value": false}),
            OWNER,
            &[("canTradeCrypto", "turned off")],
        ),
    ]
}

fn of_entities() -> Vec<Case> {
    const ENTITY: &str = "/entity/entityTaxId";
    vec![
        (
            set("/entity/entityTaxId", json!("001659720")),
            ENTITY,
            &[("entity.entityTaxId", "different")],
        ),
        (
            set("/entity/operatingCountries/0", json!("FRA")),
            "/entity/operatingCountries/0",
            &[("entity.operatingCountries", "different")],
        ),
        (
            remove("/entity/registeredAddress"),
            ENTITY,
            &[("entity.registeredAddress", "missing")],
        ),
        (
            set("/owners/1/role", json!("CUSTODIAN")),
            "/owners/1",
            &[("owners[1].role", "different")],
        ),
    ]
}

fn of_documents() -> Vec<(Value, &'static [(&'static str, &'static str)])> {
    vec![
        (
            set("/documentType", json!("VISA")),
            &[("documentType", "different")],
        ),
        (
            set("/documentExpiration", json!("2041-01-01T00:00:00Z")),
            &[("documentExpiration", "different")],
        ),
        (
            set("/clientOwnerId", json!("stranger")),
            &[("clientOwnerId", "different")],
        ),
        (
            set("/documentSide", json!("BACK")),
            &[("documentSide", "different")],
        ),
        (remove("/issueCountry"), &[("issueCountry", "missing")]),
        (json!({"op": "forget"}), &[("document", "missing")]),
        (json!({"op": "content"}), &[("content", "different")]),
    ]
}

/// Tampers with one account for each case, no account twice; the ids that were left alone stay in `free`.
fn tamper(
    sandbox: &SandboxProcess,
    cases: Vec<Case>,
    free: &mut BTreeSet<String>,
) -> BTreeSet<Found> {
    let mut wanted = BTreeSet::new();
    for (mut wish, must_have, found) in cases {
        let has = |id: &&String| {
            let request = &sandbox.account(id)["request"];
            // The tampering must show: what stands there is not what it is set to.
            let at = wish["path"].as_str().unwrap_or_default();
            request.pointer(must_have).is_some() && request.pointer(at) != wish.get("value")
        };
        let id = free
            .iter()
            .find(has)
            .unwrap_or_else(|| panic!("nobody has {must_have}"))
            .clone();
        free.remove(&id);
        wish["account"] = json!(id);
        sandbox.tamper(&wish);
        let line = |(path, kind): &(&str, &str)| {
            (
                id.clone(),
                String::new(),
                (*path).to_owned(),
                (*kind).to_owned(),
            )
        };
        wanted.extend(found.iter().map(line));
    }
    wanted
}

fn ids(sandbox: &SandboxProcess, world: &World) -> BTreeSet<String> {
    let start = if world.dir.ends_with("entities") {
        "HB-"
    } else {
        "C"
    };
    let accounts = sandbox.ledger().accounts.into_iter();
    let mine = accounts.filter(|(id, account)| id.starts_with(start) && account.created);
    mine.map(|(id, _)| id).collect()
}

/// Verifies, and compares what was found with what was done; what a person is told has every line.
fn must_find(world: &World, args: &[&str], wanted: &BTreeSet<Found>) {
    let output = world.verify(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let code = if wanted.is_empty() { 0 } else { 3 };
    let found = world.found();
    let wrong: Vec<&Found> = found.symmetric_difference(wanted).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{text}");
    assert_eq!(output.status.code(), Some(code), "{text}");
    for (id, document, path, kind) in wanted {
        let line = match document.as_str() {
            "" => format!("  {id}  {path}"),
            document => format!("  {id}  document {document}  {path}"),
        };
        let shown = text.lines().any(|shown| shown == line);
        assert!(shown, "{kind}: {line}\n{text}");
    }
}

/// `agreements.csv` says of whom Bakkt has other agreements than it was sent, or no owner or account to which they belong.
fn contradicted(world: &World, found: &BTreeSet<Found>) {
    let is_about = |(_, document, path, kind): &&Found| {
        let is_owner = path.len() == "owners[0]".len() && path.starts_with("owners[");
        let is_agreement = path.contains("].agreements") && kind != "added";
        document.is_empty() && (is_owner || is_agreement || path == "account")
    };
    let ids: BTreeSet<&str> = found
        .iter()
        .filter(is_about)
        .map(|one| one.0.as_str())
        .collect();
    program().arg("report").arg(&world.dir).output().unwrap();
    let mut reader = csv::Reader::from_path(world.dir.join("report/agreements.csv")).unwrap();
    let mut told = BTreeSet::new();
    for row in reader.records() {
        let row = row.unwrap();
        let is_said = &row[8] == "contradicted";
        let is_expected = ids.contains(&row[2]) && !["", "0"].contains(&&row[4]);
        assert_eq!(is_said, is_expected, "{row:?}");
        told.extend(is_said.then(|| row[2].to_owned()));
    }
    assert!(told.len() > 2, "{told:?}");
}

#[test]
fn every_tampering_with_an_account_is_found_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(folder.path(), "seed = 5\n[decide]\nafter_ms = 1\n");
    let world = individuals(folder.path(), &sandbox, 60, super::world::SETTINGS);
    world.run();
    sandbox.decided();
    must_find(&world, &[], &BTreeSet::new());
    let mut free = ids(&sandbox, &world);
    let cases = of_individuals();
    assert!(cases.len() > 25 && free.len() == 60);
    let wanted = tamper(&sandbox, cases, &mut free);
    // Everybody else is shown in other words.
    free.iter().for_each(|id| sandbox.benign(id));
    must_find(&world, &[], &wanted);
    contradicted(&world, &wanted);
    let counts = world.counts();
    assert_eq!((counts.pass, counts.to_come), (2, 0));
    assert_eq!(counts.results.iter().sum::<u64>(), 60);
    assert_eq!(
        (counts.results[0], counts.results[2]),
        (free.len() as u64, 1)
    );
    // No value is kept or told, neither what was sent nor what Bakkt has instead.
    let changed = [
        "Other@example.com",
        "Somebody",
        "1901-01-01",
        "987650000",
        "1 Nowhere",
        "Elsewhere",
        "OVER_9M",
        "Nadia Brook",
        "+12125550123",
    ];
    let needles = Needles::new(&changed);
    for folder in [".bakkt-migrate", "report"] {
        assert_eq!(
            needles.found_below(&world.dir.join(folder)),
            [] as [&str; 0]
        );
    }
    // What is wrong stays wrong, however often it was told.
    must_find(&world, &["--again"], &wanted);
    // Of the state alone, what was compared before still stands.
    must_find(&world, &["--status-only"], &wanted);
}

#[test]
fn every_tampering_with_an_entity_or_a_document_is_found_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = SandboxProcess::start(folder.path(), "seed = 5\n");
    let world = entities(folder.path(), &sandbox);
    world.run();
    // What becomes of the files here says nothing about what Bakkt has.
    std::fs::remove_dir_all(world.dir.join("documents/HB-00003")).unwrap();
    must_find(&world, &["--content"], &BTreeSet::new());
    let counts = world.counts();
    assert_eq!((counts.documents, counts.content), (226, 226));
    // A document of an earlier plan is no stranger.
    let manifest = world.dir.join("documents.csv");
    let lines = std::fs::read_to_string(&manifest).unwrap();
    let gone = lines.lines().nth(2).unwrap();
    std::fs::write(&manifest, lines.replacen(&format!("{gone}\n"), "", 1)).unwrap();
    world.replan(&[]);
    must_find(&world, &["--content"], &BTreeSet::new());
    let counts = world.counts();
    let former = counts.documents - counts.content;
    assert!(counts.documents == 226 && former > 1, "{counts:?}");
    let mut free = ids(&sandbox, &world);
    let mut wanted = tamper(&sandbox, of_entities(), &mut free);
    for (mut wish, found) in of_documents() {
        let ledger = sandbox.ledger();
        // The front of an owner's licence or passport has everything that a document can have.
        let fits = |id: &String, owner: bool| {
            let document = &ledger.documents[id];
            let front = document.side.as_deref() == Some("FRONT");
            let kind = document.document_type.as_str();
            let whole = !owner || matches!(kind, "DRIVERS_LICENSE" | "PASSPORT");
            free.contains(&document.account) && document.owner.is_some() == owner && front && whole
        };
        let owners = wish["path"] == "/documentExpiration" || wish["path"] == "/clientOwnerId";
        let uuid = ledger.documents.keys().find(|id| fits(id, owners)).unwrap();
        let account = ledger.documents[uuid].account.clone();
        free.remove(&account);
        wish["document"] = json!(uuid);
        sandbox.tamper(&wish);
        let line = |(path, kind): &(&str, &str)| {
            (
                account.clone(),
                uuid.clone(),
                (*path).to_owned(),
                (*kind).to_owned(),
            )
        };
        wanted.extend(found.iter().map(line));
    }
    // One that nobody sent, and the sent one gone from the list.
    let ledger = sandbox.ledger();
    let (uuid, document) = ledger
        .documents
        .iter()
        .find(|(_, one)| free.contains(&one.account))
        .unwrap();
    let other = "00000000-0000-4000-8000-000000000000";
    let mut wish = set("/clientDocumentId", json!(other));
    wish["document"] = json!(uuid);
    sandbox.tamper(&wish);
    free.remove(&document.account);
    for (document_id, path, kind) in [
        (other, "document", "added"),
        (uuid.as_str(), "clientDocumentId", "different"),
    ] {
        wanted.insert((
            document.account.clone(),
            document_id.into(),
            path.into(),
            kind.into(),
        ));
    }
    free.iter().for_each(|id| sandbox.benign(id));
    must_find(&world, &["--content"], &wanted);
    // Without the content, what only that shows is not known any more.
    wanted.retain(|(.., path, _)| path != "content");
    must_find(&world, &[], &wanted);
}
