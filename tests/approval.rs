//! `plan`, `approve`, and a run that is refused until the right people have signed.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::export;
use crate::support::{SandboxProcess, json_of, program, wait_for};

const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
on_existing = "update"
[limits]
create = "unlimited"
lookup = "unlimited"
[retry]
request_timeout = "20s"
settle_after = "21s"
[approval]
required = 1
signers = "allowed_signers"
"#;

/// People with keys: approvers and a runner.
const PEOPLE: [&str; 4] = ["ada", "ben", "eve", "run"];

struct Case {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl Case {
    fn new() -> Case {
        Case::with_sandbox("")
    }

    fn with_sandbox(config: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let case = Case {
            sandbox: SandboxProcess::start(folder.path(), config),
            folder,
        };
        case.export(40, 11);
        case.write("migration.toml", SETTINGS);
        case.write("mapping.toml", include_str!("../samples/acme/mapping.toml"));
        for name in PEOPLE {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
                .arg(case.key(name))
                .status()
                .expect("ssh-keygen (Debian: openssh-client)");
            assert!(made.success());
        }
        // Eve has a key, and stands in no file.
        case.allow(&["ada", "ben", "run"]);
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self, name: &str) -> PathBuf {
        self.path(&format!("{name}.key"))
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn export(&self, rows: u64, seed: u64) {
        let mut bytes = Vec::new();
        let recipe = export::Recipe {
            rows,
            seed,
            clean: true,
        };
        export::write(&recipe, &mut bytes).unwrap();
        std::fs::write(self.path("export.csv"), bytes).unwrap();
    }

    fn allow(&self, names: &[&str]) {
        let line = |name: &&str| {
            let key = self.read(&format!("{name}.key.pub"));
            format!("{name}@example.com {key}")
        };
        let lines: String = names.iter().map(line).collect();
        self.write("allowed_signers", &lines);
    }

    fn command(&self, command: &str, more: &[&str]) -> Command {
        let mut program = program();
        program.arg(command).arg(self.folder.path());
        program
            .args(["--base-url", &self.sandbox.base_url()])
            .args(more);
        program
    }

    fn plan(&self) -> Value {
        let (plan, code) = json_of(&mut self.command("plan", &["--json"]));
        assert_eq!(code, 0);
        plan
    }

    fn hash(&self) -> String {
        self.plan()["plan"]["hash"].as_str().unwrap().to_owned()
    }

    fn approve_with(&self, name: &str, plans: &[&str], more: &[&str]) -> Output {
        let key = self.key(name);
        let key = key.to_str().unwrap();
        let args: Vec<&str> = ["--key", key, "--plan"]
            .into_iter()
            .chain(plans.iter().copied())
            .chain(more.iter().copied())
            .collect();
        self.command("approve", &args).output().unwrap()
    }

    fn approve(&self, name: &str, more: &[&str]) {
        let output = self.approve_with(name, &[&self.hash()], more);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }

    fn run_by(&self, name: &str, more: &[&str]) -> Output {
        let key = self.key(name);
        let args: Vec<&str> = ["--key", key.to_str().unwrap()]
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        self.command("run", &args).output().unwrap()
    }

    fn refuses(&self, name: &str, more: &[&str], why: &str) {
        let before = self.sandbox.count("posts");
        let output = self.run_by(name, more);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{why}: {said}");
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(self.sandbox.count("posts"), before, "{why}");
    }

    fn runs(&self, name: &str, more: &[&str]) -> String {
        let output = self.run_by(name, more);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        said
    }

    /// Replaces a text of the settings; it must be there.
    fn settings(&self, from: &str, to: &str) {
        let text = self.read("migration.toml");
        assert!(text.contains(from));
        self.write("migration.toml", &text.replace(from, to));
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_plan_is_shown_and_has_the_same_hash_until_something_of_it_changes() {
    let case = Case::new();
    let output = case.command("plan", &[]).output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let hash = case.hash();
    for part in [
        &format!("plan        {hash}"),
        "to send     40 accounts",
        "needs one person of allowed_signers",
        "time  ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let page = case.read("plan/plan.html");
    assert!(page.contains(&hash) && page.contains("40 accounts"));
    assert_eq!(case.hash(), hash);
    assert_eq!(case.sandbox.count("posts"), 0);
    // A replan of the same is the same plan.
    let replan = case
        .command("replan", &["--reason", "r", "--by", "N"])
        .output()
        .unwrap();
    assert!(replan.status.success(), "{}", said(&replan));
    assert_eq!(case.hash(), hash);
    case.settings("on_existing = \"update\"", "on_existing = \"skip\"");
    assert_ne!(case.hash(), hash);
    case.settings("on_existing = \"skip\"", "on_existing = \"update\"");
    assert_eq!(case.hash(), hash);
    case.export(41, 11);
    let replan = case
        .command("replan", &["--reason", "r", "--by", "N"])
        .output()
        .unwrap();
    assert!(replan.status.success(), "{}", said(&replan));
    assert_ne!(case.hash(), hash);
}

#[test]
fn a_run_needs_the_approval_of_another_person() {
    let case = Case::new();
    case.refuses("run", &[], "this plan is not approved");
    let without = case.command("run", &[]).output().unwrap();
    assert!(
        said(&without).contains("no key is named"),
        "{}",
        said(&without)
    );
    case.refuses("eve", &[], "may not run this");
    let by_eve = case.approve_with("eve", &[&case.hash()], &[]);
    assert!(
        said(&by_eve).contains("this key may not approve"),
        "{}",
        said(&by_eve)
    );
    let other = case.approve_with("ada", &[&"0".repeat(64)], &[]);
    assert!(
        said(&other).contains("the plan is not the one that you approve"),
        "{}",
        said(&other)
    );
    // The runner's own.
    case.approve("run", &[]);
    case.refuses("run", &[], "is by run@example.com, who runs this");
    case.approve("ada", &[]);
    let said = case.runs("run", &[]);
    assert!(
        said.contains("approved by ada@example.com; run by run@example.com"),
        "{said}"
    );
    assert_eq!(case.sandbox.count("posts"), 40);
}

#[test]
fn what_changes_after_an_approval_makes_it_void() {
    let case = Case::new();
    case.approve("ada", &[]);
    // Nobody runs what only this person approved.
    case.refuses("ada", &[], "is by ada@example.com, who runs this");
    // Another target.
    let elsewhere = SandboxProcess::start(case.folder.path(), "");
    let key = case.key("run");
    let output = program()
        .arg("run")
        .arg(case.folder.path())
        .args(["--base-url", &elsewhere.base_url(), "--key"])
        .arg(&key)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let why = format!(
        "its target is {}, this run's is {}",
        case.sandbox.base_url(),
        elsewhere.base_url()
    );
    assert!(said(&output).contains(&why), "{}", said(&output));
    assert_eq!(elsewhere.count("posts"), 0);
    // Another file of those who may approve.
    case.allow(&["ada", "ben", "eve", "run"]);
    case.refuses("run", &[], "another file of those who may approve");
    case.allow(&["ada", "ben", "run"]);
    // An approver who may not any more.
    case.allow(&["ben", "run"]);
    case.refuses("run", &[], "is not believed");
    case.allow(&["ada", "ben", "run"]);
    // Another export.
    case.export(41, 11);
    let drifted = case.run_by("run", &[]);
    assert_eq!(drifted.status.code(), Some(2));
    let replan = case
        .command("replan", &["--reason", "r", "--by", "N"])
        .output()
        .unwrap();
    assert!(replan.status.success(), "{}", said(&replan));
    case.refuses("run", &[], "is of another plan");
    // A customer who is left out.
    case.approve("ben", &[]);
    let id = case.read("export.csv");
    let id = id
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    let exclude = program()
        .arg("exclude")
        .arg(case.folder.path())
        .args(["--id", &id, "--reason", "r", "--by", "N"])
        .output()
        .unwrap();
    assert!(
        exclude
            .status
            .code()
            .is_some_and(|code| code != 1 && code != 2),
        "{}",
        said(&exclude)
    );
    case.refuses("run", &[], "is of another plan");
    case.approve("ben", &[]);
    // Approvals hold for longer than they may by now.
    case.settings("signers =", "valid = \"1h\"\nsigners =");
    case.refuses("run", &[], "holds for longer");
    case.approve("ben", &[]);
    let run = case.run_by("run", &[]);
    assert!(matches!(run.status.code(), Some(0 | 3)), "{}", said(&run));
    assert_eq!(case.sandbox.count("posts"), 40);
}

#[test]
fn an_approval_ends() {
    let case = Case::new();
    case.settings("signers =", "valid = \"1s\"\nsigners =");
    case.approve("ada", &[]);
    wait_for("the end of the approval", || {
        let text = said(&case.run_by("run", &["--limit", "0"]));
        text.contains("ended at").then_some(())
    });
    case.refuses("run", &[], "ended at");
}

#[test]
fn a_run_ends_with_its_approval() {
    let case = Case::new();
    case.settings("signers =", "valid = \"8s\"\nsigners =");
    case.settings("create = \"unlimited\"", "create = \"2/s\"");
    // On a slow machine it may have ended before the run begins.
    let run = wait_for("a run that began in time", || {
        case.approve("ada", &[]);
        let run = case.run_by("run", &[]);
        (run.status.code() != Some(2)).then_some(run)
    });
    let text = said(&run);
    assert_eq!(run.status.code(), Some(4), "{text}");
    assert!(text.contains("the approval ended at"), "{text}");
    let sent = case.sandbox.count("posts");
    assert!((1..40).contains(&sent), "{sent}");
    // Approved again, it goes on.
    case.settings("valid = \"8s\"", "valid = \"1h\"");
    case.settings("create = \"2/s\"", "create = \"unlimited\"");
    case.approve("ada", &[]);
    case.runs("run", &[]);
    assert_eq!(case.sandbox.count("posts"), 40);
}

#[test]
fn a_setting_of_custody_that_decides_who_gets_a_user_is_part_of_the_plan() {
    let case = Case::new();
    let hash_with = |custody: &str| {
        let settings = SETTINGS.to_owned() + custody;
        case.write("migration.toml", &settings);
        // What custody lacks is told by the exit code.
        let (plan, code) = json_of(&mut case.command("plan", &["--json"]));
        assert_eq!(code, 3);
        plan["plan"]["hash"].as_str().unwrap().to_owned()
    };
    let usual = hash_with("[custody]\n");
    assert_eq!(hash_with("[custody]\nafter_acceptance = true\n"), usual);
    let others = [
        hash_with("[custody]\nafter_acceptance = false\n"),
        hash_with("[custody]\nidempotency_window = \"20m\"\n"),
        hash_with("[custody]\nidempotency_window = \"30m\"\n"),
    ];
    let distinct: std::collections::BTreeSet<&String> = others.iter().chain([&usual]).collect();
    assert_eq!(distinct.len(), 4, "{usual} {others:?}");
}

#[test]
fn two_approvals_are_by_two_people() {
    let case = Case::new();
    case.settings("required = 1", "required = 2");
    case.approve("ada", &[]);
    case.approve("ada", &[]);
    case.refuses("run", &[], "1 of 2 approvals");
    case.approve("ben", &[]);
    case.runs("run", &[]);
}

/// Capitals and blanks make nobody a second person, neither among those who approve nor beside the runner.
#[test]
fn a_name_is_one_person_however_it_is_written() {
    let case = Case::new();
    case.settings("required = 1", "required = 2");
    let line = |principal: &str, name: &str| {
        let key = case.read(&format!("{name}.key.pub"));
        format!("{principal} {key}")
    };
    let lines = [
        line("ada@example.com", "ada"),
        line("\"ADA@Example.com\"", "ben"),
        line("run@example.com", "run"),
        line("\" Run@example.com \"", "eve"),
    ];
    case.write("allowed_signers", &lines.concat());
    case.approve("ada", &[]);
    case.approve("ben", &[]);
    case.refuses("run", &[], "1 of 2 approvals");
    case.approve("eve", &[]);
    case.refuses(
        "run",
        &[],
        "approver and runner have to be different people",
    );
}

/// Whether two keys of a pattern are of two people nobody can tell.
#[test]
fn a_pattern_is_no_person() {
    let case = Case::new();
    case.allow(&["ada", "ben", "run"]);
    let signers = case.read("allowed_signers");
    case.write("allowed_signers", &signers.replace("ben@", "*@"));
    let output = case.approve_with("ben", &[&case.hash()], &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("which is a pattern"), "{text}");
}

#[test]
fn nothing_can_be_approved_before_there_is_a_plan() {
    let case = Case::new();
    let output = case.approve_with("ada", &[&"ab".repeat(32)], &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("bakkt-migrate plan"), "{text}");
    assert!(!text.contains("bakkt-migrate run"), "{text}");
    assert!(!case.path(".bakkt-migrate").exists());
}

#[test]
fn a_pilot_of_no_accounts_cannot_be_approved() {
    let case = Case::new();
    let output = case.approve_with("ada", &[&case.hash()], &["--limit", "0"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("--limit"), "{text}");
}

#[test]
fn a_pilot_is_approved_with_its_number() {
    let case = Case::new();
    case.approve("ada", &["--limit", "10"]);
    case.refuses(
        "run",
        &[],
        "for a pilot of 10 accounts: run it with --limit 10",
    );
    case.refuses("run", &["--limit", "11"], "and not for 11");
    case.runs("run", &["--limit", "6"]);
    assert_eq!(case.sandbox.count("posts"), 6);
    case.refuses("run", &["--limit", "5"], "of which 4 are left");
    case.runs("run", &["--limit", "4"]);
    for more in [&["--limit", "1"][..], &[]] {
        let why = "for a pilot of 10 accounts, and all of them were sent";
        case.refuses("run", more, why);
    }
    assert_eq!(case.sandbox.count("posts"), 10);
    case.approve("ada", &[]);
    case.runs("run", &[]);
    assert_eq!(case.sandbox.count("posts"), 40);
}

/// Who had been sent and refused before the approval is sent again under it, and counts.
#[test]
fn a_pilot_counts_customers_who_were_sent_before_it() {
    let case = Case::with_sandbox("refuse = 1.0\n");
    let plan = case.hash();
    case.approve("ada", &["--limit", "12"]);
    case.run_by("run", &["--limit", "12"]);
    assert_eq!(case.sandbox.count("posts"), 12);
    let output = program()
        .arg("retry")
        .arg(case.folder.path())
        .args(["--reason", "a test", "--by", "ada"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(case.hash(), plan, "sent again");
    case.approve("ada", &["--limit", "3"]);
    case.run_by("run", &["--limit", "2"]);
    assert_eq!(case.sandbox.count("posts"), 14);
    case.refuses("run", &["--limit", "3"], "of which 1 are left");
    case.run_by("run", &["--limit", "1"]);
    case.refuses("run", &["--limit", "1"], "all of them were sent");
    assert_eq!(case.sandbox.count("posts"), 15);
}

/// What was sent and taken out since counts all the same: a pilot's number does not begin anew.
#[test]
fn a_pilot_counts_customers_who_were_left_out_and_came_back() {
    let case = Case::with_sandbox("refuse_id_containing = \"C1000000\"\n");
    let plan = case.hash();
    case.approve("ada", &["--limit", "3"]);
    let output = case.run_by("run", &["--limit", "3"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(case.sandbox.count("posts"), 3);
    let refused = case.read("report/refused.csv");
    let mut reader = csv::Reader::from_reader(refused.as_bytes());
    let column = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "clientAccountId");
    let ids: Vec<String> = reader
        .records()
        .map(|line| line.unwrap()[column.unwrap()].to_owned())
        .collect();
    assert_eq!(ids.len(), 3, "{refused}");
    case.write("ids.txt", &ids.join("\n"));
    let from = case.path("ids.txt");
    for more in [&[][..], &["--undo"]] {
        let output = program()
            .arg("exclude")
            .arg(case.folder.path())
            .args(["--reason", "a test", "--by", "ada", "--from"])
            .arg(&from)
            .args(more)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let replan = ["--reason", "a test", "--by", "ada"];
    let output = case.command("replan", &replan).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (again, _) = json_of(&mut case.command("plan", &["--json"]));
    assert_eq!(
        again["plan"]["hash"],
        plan.as_str(),
        "the one that was approved"
    );
    case.refuses("run", &["--limit", "3"], "all of them were sent");
    assert_eq!(case.sandbox.count("posts"), 3);
}

#[test]
fn the_sandbox_of_the_process_needs_no_approval() {
    let case = Case::new();
    let output = program()
        .arg("run")
        .arg(case.folder.path())
        .arg("--sandbox")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
