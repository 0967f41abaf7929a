//! A migration that was run against a sandbox of its own, and what the tests ask of both.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bakkt_journal::read::Verification;
use bakkt_journal::{Journal, Reader};
use serde_json::{Value, json};

use crate::export;
use crate::support::{SandboxProcess, json_of, program, reason_for, wait_for};

pub const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
on_existing = "update"
[limits]
create = "unlimited"
lookup = "unlimited"
in_flight = 4
[retry]
backoff_first = "10ms"
backoff_most = "50ms"
"#;

/// What the sample's mapping does not have.
const CONTACTS: &str = r#"
"trustedContacts[0].givenName" = { const = "Nadia" }
"trustedContacts[0].familyName" = { const = "Brook" }
"trustedContacts[0].phoneNumber" = { const = "+12125550123" }
"trustedContacts[1].givenName" = { const = "Omar" }
"trustedContacts[1].familyName" = { const = "Brook" }
"#;

/// A migration folder.
pub struct World {
    pub dir: PathBuf,
    url: String,
}

/// A finding: clientAccountId, clientDocumentId, path, kind.
pub type Found = (String, String, String, String);

/// An invented export of so many clean rows, with settings.
pub fn individuals(folder: &Path, sandbox: &SandboxProcess, rows: u64, settings: &str) -> World {
    let dir = folder.join("individuals");
    fs::create_dir(&dir).unwrap();
    let mut bytes = Vec::new();
    let recipe = export::Recipe {
        rows,
        seed: 23,
        clean: true,
    };
    export::write(&recipe, &mut bytes).unwrap();
    fs::write(dir.join("export.csv"), bytes).unwrap();
    fs::write(dir.join("migration.toml"), settings).unwrap();
    let mapping = include_str!("../../samples/acme/mapping.toml");
    fs::write(dir.join("mapping.toml"), format!("{mapping}{CONTACTS}")).unwrap();
    World {
        dir,
        url: sandbox.base_url(),
    }
}

/// The sample of entities, without its limits.
pub fn entities(folder: &Path, sandbox: &SandboxProcess) -> World {
    let dir = folder.join("entities");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/harbor");
    copy(&from, &dir);
    let settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    let settings = regex::Regex::new(r#""\d+/s""#)
        .unwrap()
        .replace_all(&settings, "\"unlimited\"");
    fs::write(dir.join("migration.toml"), &*settings).unwrap();
    World {
        dir,
        url: sandbox.base_url(),
    }
}

/// Copies a folder with its links as they are.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        let kind = fs::symlink_metadata(&path).unwrap();
        if name == ".bakkt-migrate" || name == "report" {
            continue;
        }
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), to.join(name)).unwrap();
        } else if kind.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

impl World {
    fn command(&self, name: &str) -> Command {
        let mut command = program();
        command
            // Of the reference dialect.
            .env("BAKKT_PASSWORD", crate::support::KEY)
            .arg(name)
            .arg(&self.dir)
            .args(["--base-url", &self.url]);
        command
    }

    /// Runs it to its end.
    pub fn run(&self) {
        let output = self.command("run").arg("--quiet").output().unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 3)), "{code:?}: {output:?}");
    }

    /// `replan` with further arguments.
    pub fn replan(&self, args: &[&str]) {
        let output = self
            .command("replan")
            .args(args)
            .args(reason_for("replan", args))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    /// `verify` with further arguments.
    pub fn verify(&self, args: &[&str]) -> Command {
        let mut command = self.command("verify");
        command.args(args);
        command
    }

    /// The `verify` object of `--json`, and the exit code.
    pub fn verified(&self, args: &[&str]) -> (Value, i32) {
        let (mut object, code) = json_of(self.verify(args).arg("--json"));
        (object["verify"].take(), code)
    }

    pub fn journal(&self) -> PathBuf {
        Journal::path(&self.dir.join(".bakkt-migrate"))
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.journal()).unwrap()
    }

    pub fn counts(&self) -> Verification {
        self.reader().verification().unwrap()
    }

    /// What the journal has of accounts that are not the same.
    pub fn found(&self) -> BTreeSet<Found> {
        let (reader, mut found) = (self.reader(), BTreeSet::new());
        let own = |text: Option<&str>| text.unwrap_or_default().to_owned();
        reader
            .each_difference(|line| {
                let (path, kind) = (line.path.to_owned(), line.kind.to_owned());
                found.insert((own(line.client_id), line.document.to_owned(), path, kind));
                Ok(())
            })
            .unwrap();
        found
    }
}

impl SandboxProcess {
    /// The account of an id, as a look-up shows it.
    pub fn account(&self, id: &str) -> Value {
        let path = format!("/apex-crypto/api/v2/accounts/{id}");
        let (status, body) = self.get(&path).expect("the sandbox answers");
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).unwrap()
    }

    pub fn benign(&self, id: &str) {
        self.tamper(&json!({"account": id, "op": "benign"}));
    }

    /// Waits until everything is decided.
    pub fn decided(&self) {
        wait_for("the end of all decisions", || {
            let (_, body) = self.get("/_ledger/decisions")?;
            let value: Value = serde_json::from_slice(&body).ok()?;
            (value["events"]["pending"] == 0).then_some(())
        });
    }

    /// How often each account was asked for.
    pub fn asked(&self) -> BTreeMap<String, usize> {
        let mut asked = BTreeMap::new();
        for request in self.ledger().requests {
            if request.kind == "GET" {
                *asked.entry(request.id.unwrap()).or_default() += 1;
            }
        }
        asked
    }
}
