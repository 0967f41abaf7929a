//! A migration of a few customers, and a sandbox.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{SandboxProcess, json_of, program, reason_for};

pub const HEADER: &str =
    "ID,FIRST,LAST,BORN,SSN,EMAIL,PHONE,STREET,CITY,STATE,ZIP,CTRY,INCOME,CITIZEN";

pub const MAPPING: &str = r#"
account_type = "INDIVIDUAL"
[fields]
clientAccountId = "ID"
"owners[0].role" = { const = "PRIMARY_OWNER" }
"owners[0].emailAddress" = "EMAIL"
"owners[0].phoneNumber" = { column = "PHONE", phone = "US" }
"owners[0].identity.givenName" = "FIRST"
"owners[0].identity.familyName" = "LAST"
"owners[0].identity.dateOfBirth" = { column = "BORN", date = "%Y-%m-%d" }
"owners[0].identity.taxId" = { column = "SSN", digits = true }
"owners[0].identity.taxIdType" = { const = "SSN" }
"owners[0].identity.citizenshipCountry" = { column = "CITIZEN", country = true }
"owners[0].identity.personalAddress.streetAddress" = { columns = ["STREET"] }
"owners[0].identity.personalAddress.city" = "CITY"
"owners[0].identity.personalAddress.state" = "STATE"
"owners[0].identity.personalAddress.postalCode" = "ZIP"
"owners[0].identity.personalAddress.country" = { column = "CTRY", country = true }
"investmentProfile.customerProfile.annualIncomeRangeUsd" = { column = "INCOME", usd_range = true }
"#;

pub const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
[grace]
days = 30
from = "accepted"
[limits]
create = "unlimited"
lookup = "unlimited"
[retry]
request_timeout = "2s"
settle_after = "2100ms"
backoff_first = "10ms"
backoff_most = "50ms"
breaker = 1
"#;

/// A customer of the export: id, e-mail address, phone.
pub type Customer<'a> = (&'a str, &'a str, &'a str);

/// One who lacks a phone, one who lacks nothing of the identity, one who is blocked.
pub const THREE: [Customer<'static>; 3] = [
    ("A-1", "a1@example.com", ""),
    ("A-2", "a2@example.com", "7755550101"),
    ("A-3", "", "7755550102"),
];

pub struct World {
    pub folder: tempfile::TempDir,
    pub sandbox: SandboxProcess,
}

impl World {
    pub fn new(customers: &[Customer<'_>]) -> World {
        World::of("", customers)
    }

    pub fn of(sandbox: &str, customers: &[Customer<'_>]) -> World {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = SandboxProcess::start(folder.path(), sandbox);
        let world = World { folder, sandbox };
        world.write("mapping.toml", MAPPING);
        world.write("migration.toml", SETTINGS);
        world.write("export.csv", &export(customers));
        world
    }

    /// One whose plan was sent.
    pub fn sent(customers: &[Customer<'_>]) -> World {
        let world = World::new(customers);
        world.run();
        world
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("migration")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.dir()).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn command(&self, command: &str, more: &[&str]) -> std::process::Command {
        let mut program = program();
        program
            .arg(command)
            .arg(self.dir())
            .args(more)
            .args(reason_for(command, more));
        if !matches!(command, "status" | "report" | "check") {
            program.args(["--base-url", &self.sandbox.base_url()]);
        }
        program
    }

    pub fn json(&self, command: &str, more: &[&str]) -> (Value, i32) {
        let (value, code) = json_of(self.command(command, more).arg("--json"));
        assert_eq!(value["balanced"], true, "{value}");
        (value, code)
    }

    /// Sends what is open.
    pub fn run(&self) -> Value {
        self.json("run", &["--yes"]).0
    }

    /// Takes a file with this text; what it said of it, and the exit code.
    pub fn backfill(&self, name: &str, text: &str) -> (Value, i32) {
        self.backfill_with(name, text, &[])
    }

    pub fn backfill_with(&self, name: &str, text: &str, more: &[&str]) -> (Value, i32) {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        self.backfill_file(&file, more)
    }

    pub fn backfill_file(&self, file: &Path, more: &[&str]) -> (Value, i32) {
        let mut all = vec![file.to_str().unwrap()];
        all.extend(more);
        let (value, code) = self.json("backfill", &all);
        (value["backfill"].clone(), code)
    }

    /// What a refused command says; it must end with this code.
    pub fn refused(&self, command: &str, more: &[&str], code: i32) -> String {
        let output = self.command(command, more).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        said
    }

    /// What Bakkt holds of a customer.
    pub fn held(&self, id: &str) -> Option<Value> {
        let path = format!("/apex-crypto/api/v2/accounts/{id}");
        let (status, body) = self.sandbox.get(&path).unwrap();
        let account: Value = serde_json::from_slice(&body).unwrap();
        (status == 200).then(|| account["request"].clone())
    }

    /// A value of it, by a JSON pointer.
    pub fn value(&self, id: &str, at: &str) -> Value {
        let held = self.held(id).unwrap_or_default();
        held.pointer(at).cloned().unwrap_or_default()
    }

    pub fn posts(&self) -> u64 {
        self.sandbox.count("posts")
    }

    /// Rows of a question to the journal, as texts.
    pub fn asked(&self, sql: &str) -> Vec<String> {
        let path = self.path(".bakkt-migrate/journal.db");
        let journal = rusqlite::Connection::open(path).unwrap();
        let mut statement = journal.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells = (0..columns).map(|column| {
                let value: rusqlite::types::Value = row.get(column)?;
                Ok(match value {
                    rusqlite::types::Value::Null => "-".to_owned(),
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => format!("{other:?}"),
                })
            });
            Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Bytes of the journal's tables, to tell whether anything changed.
    pub fn state(&self) -> Vec<String> {
        let tables = [
            "record",
            "gap",
            "task",
            "layer",
            "layer_row",
            "closed_gap",
            "operator_log",
            "fingerprint",
            "attempt",
            "part",
            "unused",
        ];
        let all = tables.iter().flat_map(|table| {
            let rows = self.asked(&format!("SELECT * FROM {table}"));
            rows.into_iter().map(move |row| format!("{table} {row}"))
        });
        all.collect()
    }
}

pub fn export(customers: &[Customer<'_>]) -> String {
    let mut text = format!("{HEADER}\n");
    for (id, email, phone) in customers {
        text.push_str(&format!(
            "{id},Ann,Ash,1980-02-03,987-65-4321,{email},{phone},1 Elm St,Reno,NV,89501,US,60000,US\n"
        ));
    }
    text
}
