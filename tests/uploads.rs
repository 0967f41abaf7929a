//! Uploads through the real program: what is planned goes out once, what changed is held, what came back goes out.
//!
//! The sandbox's ledger judges what was sent. Which files may be opened at all is judged in `documents`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::gatekeeper::Gatekeeper;
use crate::support::{SandboxProcess, json_of, program, reason_for};
use serde_json::Value;

const MAPPING: &str = r#"
account_type = "INDIVIDUAL"
[fields]
clientAccountId = "ID"
"owners[0].role" = { const = "PRIMARY_OWNER" }
"owners[0].clientOwnerId" = "ID"
"owners[0].emailAddress" = { const = "pat@example.com" }
"owners[0].phoneNumber" = { const = "+13125550123" }
"owners[0].identity.givenName" = { const = "Pat" }
"owners[0].identity.familyName" = { const = "Invented" }
"owners[0].identity.dateOfBirth" = { const = "1971-03-04" }
"owners[0].identity.taxId" = { const = "900123456" }
"owners[0].identity.taxIdType" = { const = "SSN" }
"owners[0].identity.personalAddress.streetAddress" = { const = "1 Harbor Way" }
"owners[0].identity.personalAddress.city" = { const = "Springfield" }
"owners[0].identity.personalAddress.state" = { const = "IL" }
"owners[0].identity.personalAddress.postalCode" = { const = "62701" }
"owners[0].identity.personalAddress.country" = { const = "USA" }
"#;

const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
[documents]
root = "documents"
pattern = "{clientAccountId}/{documentType}_{documentSide}.*"
[limits]
create = "unlimited"
lookup = "unlimited"
upload = "unlimited"
[retry]
request_timeout = "20s"
upload_timeout = "20s"
settle_after = "21s"
backoff_first = "10ms"
backoff_most = "50ms"
"#;

const IDS: [&str; 3] = ["A1", "A2", "A3"];

struct Case {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl Case {
    /// Three customers with a passport each, of several pieces, against a sandbox.
    fn new(sandbox: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = SandboxProcess::start(folder.path(), sandbox);
        let case = Case { folder, sandbox };
        fs::write(case.path("mapping.toml"), MAPPING).unwrap();
        fs::write(case.path("migration.toml"), SETTINGS).unwrap();
        fs::write(case.path("export.csv"), format!("ID\n{}\n", IDS.join("\n"))).unwrap();
        for id in IDS {
            fs::create_dir_all(case.path("documents").join(id)).unwrap();
            fs::write(case.passport(id), content(id, 400_000)).unwrap();
        }
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn passport(&self, id: &str) -> PathBuf {
        self.path("documents").join(id).join("PASSPORT_FRONT.pdf")
    }

    fn run(&self, command: &str, more: &[&str]) -> (Value, i32) {
        let mut run = program();
        run.arg(command).arg(self.folder.path());
        run.args(["--quiet", "--json", "--base-url", &self.sandbox.base_url()]);
        json_of(run.args(more).args(reason_for(command, more)))
    }

    /// Plans, and sends nothing.
    fn plan(&self) {
        self.run("run", &["--limit", "0"]);
        assert_eq!(self.sandbox.count("posts"), 0);
    }

    /// The accounts of the documents that the sandbox has, with the hash of each file.
    fn kept(&self) -> Vec<(String, String)> {
        let (_, body) = self.sandbox.get("/_ledger").unwrap();
        let ledger: Value = serde_json::from_slice(&body).unwrap();
        let documents = ledger["documents"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut kept: Vec<_> = documents
            .filter(|document| document["uploads_made"] != 0)
            .map(|document| (text(&document["account"]), text(&document["file"])))
            .collect();
        kept.sort();
        kept
    }
}

/// A file that begins as a PDF does.
fn content(seed: &str, size: usize) -> Vec<u8> {
    let mut bytes = format!("%PDF-1.7\n% {seed}\n").into_bytes();
    let letters = seed.bytes().cycle().enumerate();
    bytes.extend(letters.map(|(at, byte)| byte ^ (at % 251) as u8).take(size));
    bytes
}

fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

fn of(tasks: &Value, state: &str) -> u64 {
    tasks["tasks"]["document"][state].as_u64().unwrap()
}

fn all() -> Vec<(String, String)> {
    let whole = |id: &str| (id.to_owned(), hash(&content(id, 400_000)));
    IDS.map(whole).to_vec()
}

#[test]
fn each_document_goes_out_once_and_never_again() {
    let case = Case::new("");
    let (totals, code) = case.run("run", &[]);
    assert_eq!((of(&totals, "accepted"), code), (3, 0), "{totals}");
    assert_eq!(case.kept(), all());
    case.run("run", &[]);
    assert_eq!(case.sandbox.count("uploads"), 3);
    // A journal that was lost: what is there is found by looking first.
    fs::remove_dir_all(case.path(".bakkt-migrate")).unwrap();
    let (totals, code) = case.run("run", &[]);
    assert_eq!((of(&totals, "accepted"), code), (3, 0), "{totals}");
    assert_eq!(case.sandbox.count("uploads"), 3);
}

#[test]
fn a_file_that_changed_holds_its_task_and_nothing_else() {
    let mut other = content("A1", 400_000);
    *other.last_mut().unwrap() ^= 1;
    type Change = fn(&Path, &[u8]);
    let changes: [(&str, Change); 4] = [
        ("its last byte", |file, other| {
            fs::write(file, other).unwrap()
        }),
        ("shorter", |file, other| {
            fs::write(file, &other[..200_000]).unwrap()
        }),
        ("longer", |file, other| {
            fs::write(file, [other, b"x"].concat()).unwrap()
        }),
        ("gone", |file, _| fs::remove_file(file).unwrap()),
    ];
    for (what, change) in changes {
        let case = Case::new("");
        case.plan();
        change(&case.passport("A1"), &other);
        let (totals, code) = case.run("run", &[]);
        assert_eq!(
            (of(&totals, "accepted"), of(&totals, "held")),
            (2, 1),
            "{what}: {totals}"
        );
        assert_eq!(code, 3, "{what}: it needs a person");
        assert_eq!(case.kept(), all()[1..], "{what}");
        let said = fs::read_to_string(case.path("report/documents.csv")).unwrap();
        assert!(
            said.lines()
                .any(|line| line.contains(",A1,") && line.contains("held")),
            "{said}"
        );
        // As it was planned, it goes out with the next run.
        fs::write(case.passport("A1"), content("A1", 400_000)).unwrap();
        let (totals, code) = case.run("run", &[]);
        assert_eq!((of(&totals, "accepted"), code), (3, 0), "{what}: {totals}");
        assert_eq!(case.kept(), all(), "{what}");
    }
}

#[test]
fn a_replaced_file_is_a_new_document_after_replan() {
    let case = Case::new("");
    case.run("run", &[]);
    let newer = content("newer", 1000);
    fs::write(case.passport("A2"), &newer).unwrap();
    // A run does not look at folders again.
    case.run("run", &[]);
    assert_eq!(case.sandbox.count("uploads"), 3);
    let (planned, code) = case.run("replan", &[]);
    assert_eq!(code, 0, "{planned}");
    let expected = serde_json::json!({"unchanged": 2, "added": 1, "dropped": 0, "former": 1});
    assert_eq!(planned["replan"]["documents"], expected);
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (of(&totals, "accepted"), of(&totals, "planned"), code),
        (3, 3, 0),
        "{totals}"
    );
    let mut kept = all();
    kept.push(("A2".to_owned(), hash(&newer)));
    kept.sort();
    assert_eq!(case.kept(), kept);
    // The old one again: Bakkt has it, and it was never forgotten.
    fs::write(case.passport("A2"), content("A2", 400_000)).unwrap();
    case.run("replan", &[]);
    let (totals, _) = case.run("run", &[]);
    assert_eq!(of(&totals, "accepted"), 3, "{totals}");
    assert_eq!(case.sandbox.count("uploads"), 4);
}

#[test]
fn documents_of_a_refused_account_are_held() {
    let case = Case::new("refuse_id_containing = \"A2\"");
    let (totals, code) = case.run("run", &[]);
    assert_eq!(code, 3, "{totals}");
    assert_eq!(
        (of(&totals, "accepted"), of(&totals, "held")),
        (2, 1),
        "{totals}"
    );
    let kept: Vec<String> = case
        .kept()
        .into_iter()
        .map(|(account, _)| account)
        .collect();
    assert_eq!(kept, ["A1", "A3"]);
}

#[test]
fn a_refused_document_is_refused_with_its_reason() {
    let case = Case::new("refuse_documents = 1.0");
    let (totals, code) = case.run("run", &[]);
    assert_eq!((of(&totals, "refused"), code), (3, 3), "{totals}");
    // Not the wrong address: the accounts went on.
    assert_eq!(totals["tasks"]["account"]["accepted"], 3);
    assert!(case.kept().is_empty());
    let said = fs::read_to_string(case.path("report/refused.csv")).unwrap();
    assert_eq!(said.lines().count(), 4, "{said}");
    for value in ["Invented", "900123456", "pat@"] {
        assert!(!said.contains(value), "{value} in {said}");
    }
}

#[test]
fn a_refused_document_that_is_replaced_goes_out_under_a_number_of_its_own() {
    let case = Case::new("refuse_documents = 1.0");
    case.run("run", &[]);
    // The last one planned: its number is the highest.
    for round in 1..3 {
        fs::write(case.passport("A3"), content("newer", 1000 * round)).unwrap();
        case.run("replan", &[]);
        let (totals, code) = case.run("run", &[]);
        assert_eq!((of(&totals, "refused"), code), (3, 3), "{totals}");
        assert_eq!(case.sandbox.count("uploads"), 3 + round as u64);
    }
}

#[test]
fn documents_of_an_account_that_was_left_as_it_is_are_held() {
    let case = Case::new("existing = 1.0");
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (&totals["documents"]["left_alone"], code),
        (&Value::from(3), 3),
        "{totals}"
    );
    assert_eq!(totals["existed"]["different"], 3, "{totals}");
    assert_eq!(of(&totals, "held"), 3, "{totals}");
    assert_eq!(case.sandbox.count("uploads"), 0);
}

#[test]
fn a_key_that_is_revoked_while_documents_go_out_leaves_none_behind() {
    for passes in [1, 2] {
        let case = Case::new("");
        let uploads = "/apex-crypto/api/v2/documents ";
        let gate = Gatekeeper::revoking(&case.sandbox.base_url(), uploads, passes);
        let run = || {
            let mut run = program();
            run.arg("run").arg(case.folder.path());
            json_of(run.args(["--quiet", "--json", "--base-url", &gate.url]))
        };
        let (totals, code) = run();
        let accepted = passes.unsigned_abs();
        assert_eq!(
            (of(&totals, "accepted"), of(&totals, "refused"), code),
            (accepted, 0, 4),
            "{totals}"
        );
        gate.open();
        let (totals, code) = run();
        assert_eq!((of(&totals, "accepted"), code), (3, 0), "{totals}");
        assert_eq!(case.kept(), all());
    }
}

#[test]
fn documents_of_one_customer_that_are_forbidden_are_refused() {
    let case = Case::new("");
    let texts = vec!["\"A2\"".to_owned()];
    let uploads = "/apex-crypto/api/v2/documents ";
    let gate = Gatekeeper::forbidding(&case.sandbox.base_url(), uploads, texts);
    let mut run = program();
    run.arg("run").arg(case.folder.path());
    let (totals, code) = json_of(run.args(["--quiet", "--json", "--base-url", &gate.url]));
    let states = ["accepted", "refused", "open"].map(|state| of(&totals, state));
    assert_eq!((states, code), ([2, 1, 0], 3), "{totals}");
}
