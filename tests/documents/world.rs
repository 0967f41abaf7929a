//! A migration folder with documents, and what is asked of it afterwards.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{SandboxProcess, json_of, program};

pub const PDF: &[u8] = b"%PDF-1.7 a document";
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a picture";

const HEADER: &str = "ID,EMAIL,LAST,BORN,SSN,CTRY,PHONE,O2_LAST,O2_SHARE,STATUS";
const MANIFEST: &str = "FILE,ACCT,TYPE,SIDE,COUNTRY,EXPIRES,NOTE,OWNER_ID,OWNER_NO,ITEMS";

const MAPPING: &str = r#"
[fields]
clientAccountId = "ID"
"owners[0].role" = { const = "PRIMARY_OWNER" }
"owners[0].emailAddress" = "EMAIL"
"owners[0].phoneNumber" = "PHONE"
"owners[0].identity.givenName" = { const = "Ann" }
"owners[0].identity.familyName" = "LAST"
"owners[0].identity.dateOfBirth" = "BORN"
"owners[0].identity.taxId" = "SSN"
"owners[0].identity.taxIdType" = { const = "SSN", when = "SSN" }
"owners[0].identity.personalAddress.streetAddress" = { const = "12 Sample Road" }
"owners[0].identity.personalAddress.city" = { const = "Austin" }
"owners[0].identity.personalAddress.state" = { const = "TX" }
"owners[0].identity.personalAddress.postalCode" = { const = "73301" }
"owners[0].identity.personalAddress.country" = "CTRY"
"owners[1].role" = { const = "JOINT_OWNER", when = "O2_LAST" }
"owners[1].emailAddress" = { column = "EMAIL", when = "O2_LAST" }
"owners[1].phoneNumber" = { column = "PHONE", when = "O2_LAST" }
"owners[1].clientOwnerId" = { const = "second", when = "O2_LAST" }
"owners[1].identity.givenName" = { const = "Ben", when = "O2_LAST" }
"owners[1].identity.familyName" = "O2_LAST"
"owners[1].identity.dateOfBirth" = { column = "BORN", when = "O2_LAST" }
"owners[1].identity.taxId" = { const = "987001235", when = "O2_LAST" }
"owners[1].identity.taxIdType" = { const = "SSN", when = "O2_LAST" }
"owners[1].identity.personalAddress.streetAddress" = { const = "12 Sample Road", when = "O2_LAST" }
"owners[1].identity.personalAddress.city" = { const = "Austin", when = "O2_LAST" }
"owners[1].identity.personalAddress.state" = { const = "TX", when = "O2_LAST" }
"owners[1].identity.personalAddress.postalCode" = { const = "73301", when = "O2_LAST" }
"owners[1].identity.personalAddress.country" = { column = "CTRY", when = "O2_LAST" }
"#;

/// KYB needs these, and only its account types have them.
const SHARES: &str = r#"
"owners[0].ownership_percent" = { const = "50" }
"owners[0].manages_entity" = { const = "true" }
"owners[1].ownership_percent" = "O2_SHARE"
"#;

const DOCUMENT_MAPPING: &str = r#"
[fields]
file = "FILE"
clientAccountId = "ACCT"
documentType = "TYPE"
documentSide = "SIDE"
issueCountry = "COUNTRY"
documentExpiration = { column = "EXPIRES", date = "%m/%d/%Y" }
description = "NOTE"
clientOwnerId = "OWNER_ID"
owner_place = "OWNER_NO"
kyb_item = { column = "ITEMS", split = { by = ";" } }
"#;

const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"

[accounts]
allow_unissued_tax_ids = true

[limits]
create = "unlimited"
lookup = "unlimited"
upload = "unlimited"
kyb = "unlimited"

[retry]
request_timeout = "60s"
settle_after = "61s"
backoff_first = "1ms"
backoff_most = "2ms"

[exclude.rules]
column = "STATUS"
equals = ["X"]
reason = "left out"

[policy]
"owners[].agreements" = { level = "O", reason = "not asked for here" }
"owners[].identity.employment" = { level = "O", reason = "not asked for here" }
investmentProfile = { level = "O", reason = "not asked for here" }
"#;

const FROM_MANIFEST: &str = "[documents]\nroot = \"documents\"\nmax_bytes = \"1KB\"\nmanifest = \"documents.csv\"\nmapping = \"documents.toml\"\n";

/// One document of the plan.
#[derive(Debug, PartialEq, Eq)]
pub struct Planned {
    pub verdict: i64,
    pub reason: String,
    pub uuid: bool,
    pub place: Option<u32>,
    pub what: String,
}

pub struct World {
    folder: TempDir,
}

impl World {
    /// Accounts of a type, with a manifest to be written.
    pub fn new(account_type: &str) -> World {
        let world = World {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(world.documents()).unwrap();
        let shares = if account_type == "INDIVIDUAL" {
            ""
        } else {
            SHARES
        };
        world.write(
            "mapping.toml",
            &format!("account_type = \"{account_type}\"\n{MAPPING}{shares}"),
        );
        world.write("documents.toml", DOCUMENT_MAPPING);
        world.settings(FROM_MANIFEST);
        world.accounts(&[account("A1")]);
        world.manifest(&[]);
        world
    }

    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn documents(&self) -> PathBuf {
        self.dir().join("documents")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.dir().join(name), text).unwrap();
    }

    /// The settings of every test, and some more.
    pub fn settings(&self, more: &str) {
        self.write("migration.toml", &format!("{SETTINGS}\n{more}"));
    }

    pub fn with_policy(&self, line: &str) {
        self.write(
            "migration.toml",
            &format!("{SETTINGS}{line}\n{FROM_MANIFEST}"),
        );
    }

    pub fn accounts(&self, rows: &[String]) {
        self.write("export.csv", &format!("{HEADER}\n{}\n", rows.join("\n")));
    }

    pub fn manifest(&self, rows: &[&str]) {
        self.write(
            "documents.csv",
            &format!("{MANIFEST}\n{}\n", rows.join("\n")),
        );
    }

    pub fn file(&self, path: &str, content: &[u8]) {
        let path = self.documents().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// What `check` prints.
    pub fn check(&self) -> String {
        let output = program().arg("check").arg(self.dir()).output().unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        format!("{out}{err}")
    }

    /// A sandbox of this folder's own.
    pub fn sandbox(&self) -> SandboxProcess {
        SandboxProcess::start(self.dir(), "")
    }

    /// One run against it: the summary and the exit code.
    pub fn run(&self, sandbox: &SandboxProcess, more: &[&str]) -> (Value, i32) {
        json_of(
            program()
                .arg("run")
                .arg(self.dir())
                .args(["--json", "--base-url", &sandbox.base_url()])
                .args(more),
        )
    }

    pub fn journal(&self) -> Connection {
        Connection::open(self.dir().join(".bakkt-migrate/journal.db")).unwrap()
    }

    /// The documents of the plan, in order.
    pub fn planned(&self) -> Vec<Planned> {
        let journal = self.journal();
        let mut rows = journal
            .prepare(
                "SELECT verdict, coalesce(r.text, ''), uuid IS NOT NULL, place, coalesce(t.text, '') || ' ' || coalesce(s.text, '')
                 FROM document d LEFT JOIN word r ON r.id = d.reason LEFT JOIN word t ON t.id = d.type
                 LEFT JOIN word s ON s.id = d.side ORDER BY d.id",
            )
            .unwrap();
        let rows = rows.query_map([], |row| {
            Ok(Planned {
                verdict: row.get(0)?,
                reason: row.get(1)?,
                uuid: row.get(2)?,
                place: row.get(3)?,
                what: row.get(4)?,
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Gaps of the plan as "clientAccountId path reason row".
    pub fn gaps(&self) -> Vec<String> {
        let journal = self.journal();
        let mut rows = journal
            .prepare(
                "SELECT c.client_id || ' ' || p.text || ' ' || r.text || ' ' || g.row FROM gap g JOIN record c ON c.id = g.record
                 JOIN word p ON p.id = g.path JOIN word r ON r.id = g.reason ORDER BY 1",
            )
            .unwrap();
        let rows = rows.query_map([], |row| row.get(0));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Tasks of a kind, as state and code.
    pub fn tasks(&self, kind: i64) -> Vec<(i64, String)> {
        let journal = self.journal();
        let mut rows = journal
            .prepare("SELECT state, coalesce(w.text, '') FROM task t LEFT JOIN word w ON w.id = t.code WHERE kind = ? ORDER BY t.id")
            .unwrap();
        let rows = rows.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}

/// A complete customer in the U.S.
pub fn account(id: &str) -> String {
    format!("{id},ann@example.com,Example,1980-02-03,987001234,USA,+15125550142,,,")
}

/// Two owners; the second owns so much.
pub fn joint(id: &str, share: &str) -> String {
    format!("{id},ann@example.com,Example,1980-02-03,987001234,USA,+15125550142,Other,{share},")
}

/// No U.S. person.
pub fn foreign(id: &str) -> String {
    format!("{id},ann@example.com,Example,1980-02-03,,DEU,+15125550142,,,")
}
