//! Case folders: an export and a mapping in, payloads and gaps out, compared byte for byte.
//!
//! Owner of `tests/cases/<name>/`. The first lines of a case's migration.toml say what it is about. Beside them stand
//! its mapping, its export, and what must come out: `expected.payloads.jsonl`, `expected.gaps.csv` and
//! `expected.totals.txt`, `expected.unused.txt` with the rows that nothing uses where an export stands beside that of the
//! accounts, `expected.findings.csv` where the case's name begins with `finding-` or `trap-`, or `expected.error.txt` where the case
//! cannot be run at all.
//! `UPDATE=1 cargo test --test program cases::` writes the expectations anew: read the difference before you commit it.
//! Every payload is also posted to a sandbox, which states the contract in its own words: it must take them all.

use std::fs;
use std::path::{Path, PathBuf};

use bakkt_sandbox::{Config, Dialect, Sandbox};

use crate::support::update;

const PAYLOADS: &str = "expected.payloads.jsonl";
const GAPS: &str = "expected.gaps.csv";
const TOTALS: &str = "expected.totals.txt";
const UNUSED: &str = "expected.unused.txt";
const ERROR: &str = "expected.error.txt";
/// Of the cases whose names begin with one of these.
const FINDINGS: &str = "expected.findings.csv";
const OF_FINDINGS: [&str; 2] = ["finding-", "trap-"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("migration.toml").exists())
        .collect();
    folders.sort();
    folders
}

/// What a case gives, by the name of the file that holds what it must give. A file that is not there is `None`.
type Outcome = [(&'static str, Option<Vec<u8>>); 6];

/// Runs `check --quiet` of the real binary on a case.
fn check(folder: &Path, more: &[&std::ffi::OsStr]) -> std::process::Output {
    let program = env!("CARGO_BIN_EXE_bakkt-migrate");
    let mut command = std::process::Command::new(program);
    command.args(["--quiet", "check"]).arg(folder).args(more);
    command.output().unwrap()
}

fn outcome(folder: &Path) -> Outcome {
    let scratch = tempfile::tempdir().unwrap();
    let (gaps, payloads) = (scratch.path().join("gaps"), scratch.path().join("payloads"));
    let findings = scratch.path().join("findings");
    let name = folder.file_name().unwrap().to_str().unwrap();
    let has_findings = OF_FINDINGS.iter().any(|begin| name.starts_with(begin));
    let mut more = vec![
        "--json".as_ref(),
        "--gaps".as_ref(),
        gaps.as_os_str(),
        "--payloads".as_ref(),
        payloads.as_os_str(),
    ];
    if has_findings {
        more.extend(["--findings".as_ref(), findings.as_os_str()]);
    }
    let output = check(folder, &more);
    let code = output.status.code().unwrap();
    if code == 0 || code == 3 {
        let text = String::from_utf8(output.stdout).unwrap();
        return [
            (PAYLOADS, Some(fs::read(payloads).unwrap())),
            (GAPS, Some(fs::read(gaps).unwrap())),
            (TOTALS, Some(totals(&text, code).into_bytes())),
            (UNUSED, unused(folder).map(String::into_bytes)),
            (FINDINGS, has_findings.then(|| fs::read(findings).unwrap())),
            (ERROR, None),
        ];
    }
    let text = String::from_utf8(output.stderr).unwrap();
    let text = text.replace(&*folder.to_string_lossy(), "DIR");
    let text = format!("{text}exit code {code}\n");
    [
        (PAYLOADS, None),
        (GAPS, None),
        (TOTALS, None),
        (UNUSED, None),
        (FINDINGS, None),
        (ERROR, Some(text.into_bytes())),
    ]
}

/// What a check for people says of rows that nothing uses.
fn unused(folder: &Path) -> Option<String> {
    let text = String::from_utf8(check(folder, &[]).stdout).unwrap();
    let sections = text.split("\n\n");
    let mut unused = sections.filter(|section| section.contains(" that nothing uses ("));
    let all: Vec<&str> = unused.by_ref().map(str::trim_end).collect();
    (!all.is_empty()).then(|| format!("{}\n", all.join("\n")))
}

/// The counts of rows, one a line, and the exit code.
fn totals(json: &str, code: i32) -> String {
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let verdicts = &json["verdicts"];
    let mut text = format!(
        "read {}\nblank lines {}\n",
        json["read"], json["blank_lines"]
    );
    let mut sum = 0;
    for name in ["ready", "grace", "blocked", "excluded", "duplicate"] {
        sum += verdicts[name].as_u64().unwrap();
        text.push_str(&format!("{name} {}\n", verdicts[name]));
    }
    assert_eq!(json["read"], sum, "every row ends somewhere, once");
    text.push_str(&format!("exit code {code}\n"));
    text
}

#[test]
fn every_case_gives_what_it_must() {
    let update = update::is_wanted();
    let mut wrong = Vec::new();
    for folder in folders() {
        for (name, given) in outcome(&folder) {
            let path = folder.join(name);
            let expected = fs::read(&path).ok();
            if given == expected {
                continue;
            }
            if update {
                update::write(&path, given.as_deref());
                continue;
            }
            wrong.push(format!(
                "--- {}\n{}",
                path.strip_prefix(root()).unwrap().display(),
                difference(expected.as_deref(), given.as_deref())
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE=1 cargo test --test program cases:: accepts these:\n{}",
        wrong.join("\n")
    );
}

/// The first line that differs.
fn difference(expected: Option<&[u8]>, given: Option<&[u8]>) -> String {
    let (Some(expected), Some(given)) = (expected, given) else {
        let there = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            None => "no such file".to_owned(),
        };
        return format!("expected: {}\ngiven: {}", there(expected), there(given));
    };
    let (expected, given) = (lines(expected), lines(given));
    let at = (0..)
        .find(|&at| expected.get(at) != given.get(at))
        .unwrap_or(0);
    let end = String::from("(end of file)");
    format!(
        "line {}\nexpected: {}\ngiven:    {}",
        at + 1,
        expected.get(at).unwrap_or(&end),
        given.get(at).unwrap_or(&end)
    )
}

fn lines(bytes: &[u8]) -> Vec<String> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect()
}

/// The payloads are those that every case must give: the test above shows that it gives them.
#[tokio::test]
async fn the_sandbox_takes_every_payload() {
    let client = crate::support::http_client();
    let mut posted = 0;
    for folder in folders() {
        let Ok(payloads) = fs::read_to_string(folder.join(PAYLOADS)) else {
            continue;
        };
        let settings = fs::read_to_string(folder.join("migration.toml")).unwrap();
        let dialect = if settings.contains("dialect = \"reference\"") {
            Dialect::Reference
        } else {
            Dialect::Guide
        };
        for (number, payload) in payloads.lines().enumerate() {
            let answer = post(&client, dialect, payload).await;
            assert!(
                answer.is_empty(),
                "{}, payload {}: {answer}",
                folder.display(),
                number + 1
            );
            posted += 1;
        }
    }
    assert!(posted > 50, "only {posted} payloads");
}

/// Posts one payload to a sandbox of its own; the answer's body, or nothing when it was taken.
async fn post(client: &reqwest::Client, dialect: Dialect, payload: &str) -> String {
    let config = Config {
        dialect,
        key: Some("any".to_owned()),
        ..Config::default()
    };
    let sandbox = Sandbox::start(config, 0).await.unwrap();
    let base = sandbox.base_url();
    let authorization = match dialect {
        Dialect::Guide => "API-Key any".to_owned(),
        Dialect::Reference => {
            let answer = client
                .post(format!("{base}/apex-crypto/api/v2/login"))
                .body(r#"{"logonId":"any","password":"any"}"#)
                .send()
                .await
                .unwrap();
            let answer: serde_json::Value =
                serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            answer["token"].as_str().unwrap().to_owned()
        }
    };
    let answer = client
        .post(format!("{base}/apex-crypto/api/v2/accounts"))
        .header("Authorization", authorization)
        .body(payload.to_owned())
        .send()
        .await
        .unwrap();
    let text = if answer.status() == 200 {
        String::new()
    } else {
        format!("{} {}", answer.status(), answer.text().await.unwrap())
    };
    sandbox.stop().await;
    text
}
