//! The twenty questions of docs/audit.md: each place that the page names is there, in the report of the sample.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{SandboxProcess, copy_folder, program};

/// The lines of the table: question, file, what is in it.
fn questions() -> Vec<[String; 3]> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md");
    let page = std::fs::read_to_string(page).unwrap();
    let table = page.split("| question | place | in it |").nth(1).unwrap();
    let lines = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = lines.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        <[&str; 3]>::try_from(cells).unwrap().map(str::to_owned)
    });
    cells.collect()
}

/// What stands between backticks.
fn codes(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn has_key(value: &Value, path: &str) -> bool {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(|item| has_key(item, path)),
        Value::Object(fields) => match (fields.get(first), rest) {
            (None, _) => false,
            (Some(_), "") => true,
            (Some(value), rest) => has_key(value, rest),
        },
        _ => false,
    }
}

/// A new key of somebody who may approve and run: the path of its file.
fn allowed_signer(dir: &Path, name: &str) -> String {
    let key = dir.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(dir.join(format!("{name}.pub"))).unwrap();
    let signers = dir.join("allowed_signers");
    let all = std::fs::read_to_string(&signers).unwrap_or_default();
    std::fs::write(&signers, format!("{all}{name} {public}")).unwrap();
    key.display().to_string()
}

#[test]
fn every_question_has_its_answer_in_the_report_of_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("harbor");
    copy_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/harbor"),
        &dir,
    );
    let sandbox = SandboxProcess::start(folder.path(), "seed = 7\n");
    let run = |command: &str, more: &[&str]| {
        let mut program = program();
        let output = program.arg(command).arg(&dir).args(more).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let target = sandbox.base_url();
    let [ada, rob] = ["ada", "rob"].map(|name| allowed_signer(&dir, name));
    let settings = dir.join("migration.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let approval = "\n[approval]\nrequired = 1\nsigners = \"allowed_signers\"\n";
    std::fs::write(&settings, text + approval).unwrap();
    let plan = run("plan", &["--base-url", &target, "--json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let plan = plan["plan"]["hash"].as_str().unwrap();
    run(
        "approve",
        &["--base-url", &target, "--plan", plan, "--key", &ada],
    );
    run("run", &["--quiet", "--base-url", &target, "--key", &rob]);
    run("verify", &["--quiet", "--base-url", &target]);
    run(
        "exclude",
        &["--id", "HB-00023", "--reason", "not served", "--by", "kim"],
    );
    run("report", &[]);
    let report = dir.join("report");
    let summary = std::fs::read_to_string(report.join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let questions = questions();
    assert_eq!(questions.len(), 20);
    for [question, place, inside] in &questions {
        let file = codes(place)[0];
        let text = std::fs::read_to_string(report.join(file)).unwrap();
        let first = inside.split(';').next().unwrap();
        for code in codes(first) {
            let is_there = match file {
                "summary.json" => has_key(&summary, code),
                "chain.jsonl" => text.contains(code),
                _ => text
                    .lines()
                    .next()
                    .unwrap()
                    .split(',')
                    .any(|column| column == code),
            };
            assert!(is_there, "{question}: {file} has no {code}");
        }
        for code in codes(inside).iter().filter(|code| code.ends_with(".csv")) {
            assert!(report.join(code).exists(), "{question}: {code}");
        }
    }
}
