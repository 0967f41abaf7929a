//! A small migration with custody, and what its ledger says.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{SandboxProcess, program};

const MAPPING: &str = r#"account_type = "INDIVIDUAL"

[fields]
clientAccountId = "ID"
"owners[0].role" = { const = "PRIMARY_OWNER" }
"owners[0].emailAddress" = "EMAIL"
"owners[0].phoneNumber" = "PHONE"
"owners[0].identity.givenName" = "FIRST"
"owners[0].identity.familyName" = "LAST"
"owners[0].identity.dateOfBirth" = "BORN"
"owners[0].identity.taxId" = "SSN"
"owners[0].identity.taxIdType" = { const = "SSN", when = "SSN" }
"owners[0].identity.personalAddress.streetAddress" = { const = "12 Sample Road" }
"owners[0].identity.personalAddress.city" = { const = "Austin" }
"owners[0].identity.personalAddress.state" = { const = "TX" }
"owners[0].identity.personalAddress.postalCode" = { const = "73301" }
"owners[0].identity.personalAddress.country" = { const = "USA" }
"custody.currencies" = { column = "CCY", split = { by = ";" } }
"custody.savings" = { column = "SAV", yes_no = true }
"custody.recipients[0].accountName" = "PAYEE"
"custody.recipients[0].currency" = { const = "EUR" }
"custody.recipients[0].iban" = "IBAN"
"#;

const SETTINGS: &str = r#"[source]
file = "export.csv"
mapping = "mapping.toml"

[limits]
create = "unlimited"
lookup = "unlimited"

[retry]
request_timeout = "400ms"
settle_after = "600ms"
backoff_first = "1ms"
backoff_most = "2ms"

[findings]
same_person = "silence"
default_birth_date = "silence"

[policy]
"owners[].agreements" = { level = "O", reason = "not asked for here" }
"owners[].identity.employment" = { level = "O", reason = "not asked for here" }
investmentProfile = { level = "O", reason = "not asked for here" }

[accounts]
allow_unissued_tax_ids = true

[custody]
users = "unlimited"
accounts = "unlimited"
recipients = "unlimited"
lookup = "unlimited"
"#;

/// IBANs with a good checksum.
pub const IBANS: [&str; 3] = [
    "DE89370400440532013000",
    "NL91ABNA0417164300",
    "FR1420041010050500013M02606",
];

/// A customer: id, e-mail address, currencies, savings, payee and IBAN.
pub fn row(id: &str, email: &str, currencies: &str, savings: &str, iban: &str) -> String {
    let payee = if iban.is_empty() { "" } else { "Some Payee" };
    format!(
        "{id},{email},Ann,Example,1980-02-03,987001234,+15125550142,{currencies},{savings},{payee},{iban}"
    )
}

/// So many customers with a bank account, a savings account and a recipient each.
pub fn rows(count: usize) -> Vec<String> {
    (1..=count)
        .map(|n| {
            row(
                &format!("A-{n}"),
                &format!("ann{n}@example.com"),
                "EUR",
                "Y",
                IBANS[n % IBANS.len()],
            )
        })
        .collect()
}

pub struct World {
    pub folder: tempfile::TempDir,
    pub sandbox: SandboxProcess,
}

impl World {
    /// A migration of these rows; `settings` stand at the end of `[custody]`, `sandbox` is the sandbox's configuration.
    pub fn new(rows: &[String], settings: &str, sandbox: &str) -> World {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = SandboxProcess::start(folder.path(), sandbox);
        let world = World { folder, sandbox };
        fs::create_dir(world.dir()).unwrap();
        world.write("mapping.toml", MAPPING);
        world.write("migration.toml", &format!("{SETTINGS}{settings}\n"));
        world.export(rows);
        world
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join("m")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.dir().join(name), text).unwrap();
    }

    pub fn export(&self, rows: &[String]) {
        let header = "ID,EMAIL,FIRST,LAST,BORN,SSN,PHONE,CCY,SAV,PAYEE,IBAN";
        self.write("export.csv", &format!("{header}\n{}\n", rows.join("\n")));
    }

    /// A command of this migration; `words` may be two, such as `sessions import`.
    pub fn command(&self, words: &[&str], arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(words).arg(self.dir()).args(arguments);
        command
    }

    /// Runs to the end with this exit code; what was said on stderr.
    pub fn run(&self, code: i32) -> String {
        let url = self.sandbox.base_url();
        self.ended(&mut self.command(&["run"], &["--base-url", &url]), code)
    }

    pub fn ended(&self, command: &mut Command, code: i32) -> String {
        let output: Output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{command:?}\n{said}\n{told}"
        );
        format!("{said}\n{told}")
    }

    /// Hands sessions of these customers in; `mark` makes them other ones than before.
    pub fn sessions(&self, ids: &[&str], mark: &str) {
        let now = jiff::Timestamp::now();
        let lines: Vec<String> = ids
            .iter()
            .map(|id| {
                let session = format!("sandbox-session {id}{mark}");
                serde_json::json!({"clientAccountId": id, "session": session, "issued_at": now.to_string()})
                    .to_string()
            })
            .collect();
        let file = self.folder.path().join("sessions.jsonl");
        fs::write(&file, lines.join("\n")).unwrap();
        private(&file);
        let mut command = self.command(&["sessions", "import"], &[]);
        self.ended(command.arg(&file), 0);
        fs::remove_file(file).unwrap();
    }

    /// What a sandbox has of custody.
    pub fn made(&self) -> Made {
        Made::of(&self.sandbox.custody())
    }

    /// The lines of a file of the report.
    pub fn sheet(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.dir().join("report").join(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    }

    /// How many custody tasks are in each state, with the code of what holds them.
    pub fn states(&self) -> BTreeMap<String, usize> {
        let mut states = BTreeMap::new();
        for line in self.sheet("custody.csv") {
            let key = format!("{} {} {}", line["kind"], line["state"], line["code"]);
            *states.entry(key.trim().to_owned()).or_default() += 1;
        }
        states
    }
}

/// Only its owner may read it.
pub fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Customers with what was made for them, and the requests.
#[derive(Debug, Default)]
pub struct Made {
    /// By external id: how many users.
    pub users: BTreeMap<String, usize>,
    /// By external id, kind and currency: how many.
    pub accounts: BTreeMap<(String, String, String), usize>,
    /// By external id and body: how many.
    pub recipients: BTreeMap<(String, String), usize>,
    pub requests: Vec<Value>,
    pub conflicts: u64,
}

impl Made {
    pub fn of(ledger: &Value) -> Made {
        let mut made = Made {
            requests: ledger["requests"].as_array().unwrap().clone(),
            conflicts: ledger["key_conflicts"].as_u64().unwrap(),
            ..Made::default()
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for user in ledger["users"].as_array().unwrap() {
            let client = text(&user["client"]);
            *made.users.entry(client.clone()).or_default() += 1;
            for account in user["accounts"].as_array().unwrap() {
                let key = (
                    client.clone(),
                    text(&account["kind"]),
                    text(&account["currency"]),
                );
                *made.accounts.entry(key).or_default() += 1;
            }
            for recipient in user["recipients"].as_array().unwrap() {
                let key = (client.clone(), text(&recipient["body"]));
                *made.recipients.entry(key).or_default() += 1;
            }
        }
        made
    }

    /// Nothing was made twice, and every POST of a key has one body.
    pub fn has_nothing_twice(&self) {
        assert!(
            self.users.values().all(|count| *count == 1),
            "{:?}",
            self.users
        );
        assert!(
            self.accounts.values().all(|count| *count == 1),
            "{:?}",
            self.accounts
        );
        assert!(
            self.recipients.values().all(|count| *count == 1),
            "{:?}",
            self.recipients
        );
        assert_eq!(self.conflicts, 0, "a key went out with two bodies");
        let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
        for request in self.posts() {
            let (key, body) = (
                request["key"].as_str().unwrap(),
                request["body"].as_str().unwrap(),
            );
            assert!(!key.is_empty(), "a POST without a key");
            assert_eq!(*bodies.entry(key).or_insert(body), body);
        }
    }

    pub fn posts(&self) -> impl Iterator<Item = &Value> {
        self.requests
            .iter()
            .filter(|request| request["call"] != "read")
    }

    /// The POSTs of a kind.
    pub fn of_kind<'m>(&'m self, kind: &'m str) -> Vec<&'m Value> {
        self.posts()
            .filter(|request| request["call"] == kind)
            .collect()
    }
}
