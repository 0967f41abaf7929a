//! Accounts whose rows stand in several exports, from the command line to the sandbox's ledger.
//!
//! What is sent is judged by the ledger: every body is the one that `check --payloads` writes, and goes out once. What
//! became of every row is judged by the journal, file by file.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::support::{SandboxProcess, json_of, program, reason_for};
use bakkt_journal::{Journal, Reader};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const SETTINGS: &str = r#"
[source]
file = "accounts.csv"
mapping = "mapping.toml"
[source.owners]
file = "OWNERS"
mapping = "owners.toml"
key = "NO"
[source.trusted_contacts]
file = "contacts.csv"
mapping = "contacts.toml"
key = "NO"
[accounts]
allow_unissued_tax_ids = true
[limits]
create = "unlimited"
lookup = "unlimited"
[retry]
request_timeout = "20s"
settle_after = "21s"
backoff_first = "10ms"
backoff_most = "50ms"
"#;

const MAPPING: &str = r#"
account_type = "INDIVIDUAL"
[fields]
clientAccountId = { columns = ["NO"], join = "" }
"#;

const OWNERS: &str = r#"
[fields]
"owners[].role" = "ROLE"
"owners[].emailAddress" = "EMAIL"
"owners[].identity.givenName" = "FIRST"
"owners[].identity.familyName" = "LAST"
"owners[].identity.dateOfBirth" = "BORN"
"owners[].identity.taxId" = "SSN"
"owners[].identity.taxIdType" = { const = "SSN" }
"owners[].identity.personalAddress.streetAddress" = "STREET"
"owners[].identity.personalAddress.city" = { const = "Reno" }
"owners[].identity.personalAddress.state" = { const = "NV" }
"owners[].identity.personalAddress.postalCode" = { const = "89501" }
"owners[].identity.personalAddress.country" = { const = "USA" }
"#;

const CONTACTS: &str = r#"
[fields]
"trustedContacts[].givenName" = "FIRST"
"trustedContacts[].familyName" = "LAST"
"#;

const OWNER_HEADER: &str = "NO,ROLE,EMAIL,FIRST,LAST,BORN,SSN,STREET";

fn owner(account: &str, role: &str, number: usize) -> String {
    format!(
        "{account},{role},o{number}@example.com,Ann,Ash,1980-02-03,98700{number:04},{number} Elm St"
    )
}

struct Case {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl Case {
    /// Eighty accounts; of their owners, the second stand first, and the last accounts' come first.
    fn new(owners: &str, sandbox: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = SandboxProcess::start(folder.path(), sandbox);
        let case = Case { folder, sandbox };
        case.write("migration.toml", &SETTINGS.replace("OWNERS", owners));
        case.write("mapping.toml", MAPPING);
        case.write("owners.toml", OWNERS);
        case.write("contacts.toml", CONTACTS);
        let accounts: Vec<String> = (0..80).map(|n| format!("A{n}")).collect();
        case.write("accounts.csv", &format!("NO\n{}\n", accounts.join("\n")));
        case.write(
            "contacts.csv",
            "NO,FIRST,LAST\nA7,Tom,Ash\nA8,Una,Ash\nA7,Vic,Ash\n",
        );
        case.write(owners, &case_owners());
        case
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        if name.ends_with(".gz") {
            // Two members: exports that were put together.
            let (one, two) = text.split_at(text.len() / 2);
            let mut file = File::create(path).unwrap();
            for part in [one, two] {
                let mut member = GzEncoder::new(&mut file, Compression::fast());
                member.write_all(part.as_bytes()).unwrap();
                member.finish().unwrap();
            }
        } else {
            fs::write(path, text).unwrap();
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, command: &str, more: &[&str]) -> (Value, i32) {
        let mut program = program();
        program.arg(command).arg(self.path()).arg("--json");
        if command != "check" {
            program.args(["--base-url", &self.sandbox.base_url()]);
        }
        json_of(program.args(more).args(reason_for(command, more)))
    }

    /// Id and body of everything that a check would send.
    fn payloads(&self) -> HashMap<String, String> {
        let path = self.path().join("payloads.jsonl");
        self.run(
            "check",
            &["--payloads", path.to_str().unwrap(), "--replace"],
        );
        let text = fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| {
                let body: Value = serde_json::from_str(line).unwrap();
                (
                    body["clientAccountId"].as_str().unwrap().to_owned(),
                    line.to_owned(),
                )
            })
            .collect()
    }

    fn reader(&self) -> Reader {
        Reader::open(&Journal::path(&self.path().join(".bakkt-migrate"))).unwrap()
    }

    /// `name: rows = records + parts + unused`, file by file.
    fn files(&self) -> Vec<String> {
        let files = self.reader().files().unwrap();
        let line = |file: &bakkt_journal::read::FileRow| {
            assert!(file.balanced(), "{file:?}");
            let (name, rows) = (&file.name, file.rows);
            format!(
                "{name}: {rows} = {} + {} + {}",
                file.records, file.parts, file.unused
            )
        };
        files.iter().map(line).collect()
    }
}

fn case_owners() -> String {
    let mut rows = vec![OWNER_HEADER.to_owned()];
    for n in (0..80).rev() {
        let account = format!("A{n}");
        if n % 2 == 0 {
            rows.push(owner(&account, "JOINT_OWNER", 100 + n));
        }
        if n != 40 {
            rows.push(owner(&account, "PRIMARY_OWNER", n));
        }
    }
    rows.push(owner("gone", "PRIMARY_OWNER", 500));
    rows.push(owner("", "PRIMARY_OWNER", 501));
    rows.join("\n") + "\n"
}

/// Every body is the planned one, and every account that can be sent is there.
fn judge(case: &Case, planned: &HashMap<String, String>, hashed: impl Fn(&str) -> String) {
    let ledger = case.sandbox.ledger();
    let hashes: HashMap<String, String> = planned
        .iter()
        .map(|(id, body)| (id.clone(), hashed(body)))
        .collect();
    let complaints = ledger.complaints(&hashes);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let there: Vec<&String> = ledger.accounts.keys().collect();
    let mut ids: Vec<&String> = planned.keys().collect();
    ids.sort();
    assert_eq!(there, ids);
}

fn blake3(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex().to_string()
}

#[test]
fn owners_and_contacts_of_other_exports_are_sent_as_they_were_checked() {
    for owners in ["owners.csv", "owners.csv.gz"] {
        let case = Case::new(owners, "");
        let planned = case.payloads();
        assert_eq!(planned.len(), 79, "A40 has no PRIMARY_OWNER");
        let second: Value = serde_json::from_str(&planned["A8"]).unwrap();
        assert_eq!(second["owners"][0]["role"], "PRIMARY_OWNER");
        assert_eq!(second["owners"][1]["emailAddress"], "o108@example.com");
        let seventh: Value = serde_json::from_str(&planned["A7"]).unwrap();
        assert_eq!(seventh["trustedContacts"][1]["givenName"], "Vic");

        // The second start finds the plan, and the rows by the places that the first noted.
        let (totals, code) = case.run("run", &["--limit", "30"]);
        assert_eq!(
            (totals["tasks"]["account"]["accepted"].as_u64(), code),
            (Some(30), 3)
        );
        let (totals, code) = case.run("run", &[]);
        assert_eq!(
            (totals["tasks"]["account"]["accepted"].as_u64(), code),
            (Some(79), 3)
        );
        assert_eq!(totals["balanced"], true);
        assert_eq!(totals["lost_rows"], 1, "the row without a key");
        judge(&case, &planned, blake3);
        assert_eq!(
            case.files(),
            [
                "accounts.csv: 80 = 80 + 0 + 0".to_owned(),
                "contacts.csv: 3 = 0 + 3 + 0".to_owned(),
                format!("{owners}: 121 = 0 + 119 + 2"),
            ]
        );
        let unused = case.reader().unused().unwrap();
        let reasons: Vec<(&str, u64)> = unused
            .iter()
            .map(|unused| (unused.reason.as_str(), unused.count))
            .collect();
        assert_eq!(
            reasons,
            [("no account of the export has its key", 1), ("no key", 1)]
        );
        let left: Vec<String> = fs::read_dir(case.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("tmp"))
            .collect();
        assert!(left.is_empty(), "a spool was left: {left:?}");
    }
}

#[test]
fn a_changed_export_of_owners_stops_the_run_and_replan_takes_it() {
    let case = Case::new("owners.csv", "");
    let (_, code) = case.run("run", &["--limit", "5"]);
    assert_eq!(code, 3);
    case.write("owners.csv", &case_owners().replace("o61@", "p61@"));
    let output = program()
        .arg("run")
        .arg(case.path())
        .args(["--base-url", &case.sandbox.base_url()])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("this changed: the export owners.csv"),
        "{said}"
    );
    let (changes, _) = case.run("replan", &[]);
    assert_eq!(changes["replan"]["changed_not_sent"], 1);
    let (totals, code) = case.run("run", &[]);
    assert_eq!((totals["balanced"].as_bool(), code), (Some(true), 3));
    judge(&case, &case.payloads(), blake3);
}

#[test]
fn more_owners_than_a_list_has_room_for_block_the_account() {
    let case = Case::new("owners.csv", "");
    let mut owners = case_owners();
    for n in 0..70 {
        owners.push_str(&owner("A3", "JOINT_OWNER", 1000 + n));
        owners.push('\n');
    }
    case.write("owners.csv", &owners);
    let gaps = case.path().join("gaps.csv");
    let (totals, _) = case.run("check", &["--gaps", gaps.to_str().unwrap()]);
    assert_eq!(totals["verdicts"]["blocked"], 2);
    let gaps = fs::read_to_string(gaps).unwrap();
    let line = "accounts.csv,5,A3,blocked,owners,W,invalid: more rows than an account may have";
    assert!(gaps.contains(line), "{gaps}");
    let (totals, _) = case.run("run", &[]);
    assert_eq!(totals["balanced"], true);
    // The 65th and every further row of A3 is used by nothing.
    assert_eq!(case.files()[2], "owners.csv: 191 = 0 + 182 + 9");
}

#[test]
fn rows_of_one_export_that_are_one_account_are_sent_once() {
    let case = Case::new("owners.csv", "");
    let mapping = MAPPING.to_owned() + OWNERS.trim_start().trim_start_matches("[fields]");
    case.write("mapping.toml", &mapping);
    let settings = SETTINGS.replace("accounts.csv", "owners.csv");
    let (head, rest) = settings.split_once("[source.owners]").unwrap();
    let tail = rest.split_once("[source.trusted_contacts]").unwrap().1;
    case.write(
        "migration.toml",
        &format!("{head}group_by = \"NO\"\n[source.trusted_contacts]{tail}"),
    );
    // Below no other row, so that it puts no account in doubt.
    let keyless = owner("", "PRIMARY_OWNER", 501);
    let owners = case_owners().replace(&format!("{keyless}\n"), "");
    let owners = owners.replacen('\n', &format!("\n{keyless}\n"), 1);
    case.write("owners.csv", &owners);
    let planned = case.payloads();
    assert_eq!(planned.len(), 80);
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (totals["tasks"]["account"]["accepted"].as_u64(), code),
        (Some(80), 3)
    );
    judge(&case, &planned, blake3);
    assert_eq!(
        case.files(),
        [
            "owners.csv: 121 = 82 + 39 + 0",
            "contacts.csv: 3 = 0 + 3 + 0"
        ]
    );
}

/// Stdout and stderr.
fn said(command: &mut std::process::Command) -> [String; 2] {
    let done = command.output().unwrap();
    [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap())
}

/// A file whose keys are not those of the accounts is told before the first request, and ends in exit code 3.
#[test]
fn a_file_of_which_no_row_belongs_to_an_account_is_told() {
    let case = Case::new("owners.csv", "");
    case.write("accounts.csv", "NO\nA1\nA2\n");
    let owners = [1, 2].map(|n| owner(&format!("A{n}"), "PRIMARY_OWNER", n));
    case.write(
        "owners.csv",
        &format!("{OWNER_HEADER}\n{}\n", owners.join("\n")),
    );
    case.write("contacts.csv", "NO,FIRST,LAST\nZ71,Tom,Ash\nZ72,Una,Ash\n");
    let told = "no row of contacts.csv belongs to an account: compare its keys with those of the accounts (`key` and `account_key` under [source.trusted_contacts])";
    let check = said(program().arg("check").arg(case.path()));
    assert!(check[0].contains(told), "{check:?}");
    let (totals, code) = case.run("check", &[]);
    assert_eq!((code, &totals["verdicts"]["blocked"]), (3, &Value::from(0)));
    let of = |name: &str, count: &str| -> u64 {
        let mut files = totals["files"].as_array().unwrap().iter();
        files.find(|file| file["name"] == name).unwrap()[count]
            .as_u64()
            .unwrap()
    };
    assert_eq!(
        (of("owners.csv", "parts"), of("contacts.csv", "unused")),
        (2, 2)
    );
    let base = case.sandbox.base_url();
    let run = said(
        program()
            .arg("run")
            .arg(case.path())
            .args(["--yes", "--base-url", &base]),
    );
    assert!(run.iter().all(|text| text.contains(told)), "{run:?}");
    let (totals, code) = case.run("run", &[]);
    assert_eq!(
        (code, &totals["tasks"]["account"]["accepted"]),
        (3, &Value::from(2))
    );
    // One row that fits says that the keys are right.
    case.write("contacts.csv", "NO,FIRST,LAST\nA1,Tom,Ash\nZ72,Una,Ash\n");
    let (_, code) = case.run("check", &[]);
    assert_eq!(code, 0);
}
