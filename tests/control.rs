//! `control` and `[window]`: a run that is steered while it sends.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::export;
use crate::support::{Running, SandboxProcess, json_of, program, wait_for};

const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
on_existing = "update"
[limits]
create = "100/s"
lookup = "100/s"
in_flight = 8
[retry]
request_timeout = "20s"
settle_after = "21s"
"#;

struct Case {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl Case {
    fn new(rows: u64, more: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        let recipe = export::Recipe {
            rows,
            seed: 11,
            clean: true,
        };
        export::write(&recipe, &mut bytes).unwrap();
        let write =
            |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        write("export.csv", &bytes);
        write("migration.toml", format!("{SETTINGS}{more}").as_bytes());
        write(
            "mapping.toml",
            include_bytes!("../samples/acme/mapping.toml"),
        );
        let sandbox = SandboxProcess::start(folder.path(), "latency_ms = 5\n");
        Case { folder, sandbox }
    }

    fn dir(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self) -> Command {
        let mut program = program();
        program.arg("run").arg(self.dir());
        program.args(["--json", "--base-url", &self.sandbox.base_url()]);
        program
    }

    fn start(&self) -> Running {
        Running::start(self.run().stdout(Stdio::null()).stderr(Stdio::null()))
    }

    /// `control` with these words, decided by N. Operator.
    fn control(&self, words: &[&str]) -> Output {
        let mut program = program();
        program.arg("control").arg(self.dir()).args(words);
        program.args(["--by", "N. Operator", "--reason", "Bakkt asked"]);
        program.output().unwrap()
    }

    fn does(&self, words: &[&str]) -> String {
        let output = self.control(words);
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {said}{error}");
        said.trim_end().to_owned()
    }

    fn refused(&self, words: &[&str], code: i32) -> String {
        let output = self.control(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn status(&self) -> String {
        let output = program().arg("status").arg(self.dir()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn posts(&self) -> u64 {
        self.sandbox.count("posts")
    }

    fn sends(&self) {
        let before = self.posts();
        wait_for("another request", || (self.posts() > before).then_some(()));
    }

    /// What `control` did, as the report repeats it.
    fn log(&self) -> Vec<String> {
        let summary = std::fs::read(self.dir().join("report/summary.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        let log = summary["operator_log"].as_array().unwrap();
        let line = |entry: &Value| {
            let part = |key: &str| entry[key].as_str().unwrap_or("").to_owned();
            assert_eq!(part("action"), "control");
            format!("{} by {}: {}", part("target"), part("by"), part("reason"))
        };
        log.iter().map(line).collect()
    }
}

#[test]
fn a_run_is_paused_goes_on_and_is_stopped() {
    let case = Case::new(900, "");
    let mut running = case.start();
    wait_for("requests", || (case.posts() > 20).then_some(()));
    assert_eq!(case.does(&["pause"]), "paused by N. Operator");
    wait_for("the last answer", || {
        (case.sandbox.count("open_posts") == 0).then_some(())
    });
    let before = case.posts();
    wait_for("what status tells", || {
        case.status()
            .contains("at present: paused by N. Operator")
            .then_some(())
    });
    assert_eq!(case.posts(), before, "nothing leaves while it is paused");
    assert_eq!(case.does(&["resume"]), "goes on");
    case.sends();
    assert!(case.does(&["stop"]).starts_with("stopping"));
    assert_eq!(wait_for("the end of the run", || running.ended()), 4);
    let reason = "by N. Operator: Bakkt asked";
    assert_eq!(
        case.log(),
        [
            format!("pause {reason}"),
            format!("resume {reason}"),
            format!("stop {reason}")
        ]
    );
    let (totals, code) = json_of(&mut case.run());
    assert_eq!(
        (totals["tasks"]["account"]["accepted"].as_u64(), code),
        (Some(900), 0)
    );
    assert_eq!(case.posts(), 900);
    assert_eq!(totals["tasks"]["account"]["in_doubt"].as_u64(), Some(0));
}

#[test]
fn rates_are_lowered_and_never_raised_above_the_settings() {
    let case = Case::new(900, "");
    let mut running = case.start();
    case.sends();
    for (words, what) in [
        (["rate", "create=101/s"], "more than 100/s"),
        (["rate", "create=unlimited"], "more than 100/s"),
        (["rate", "creates=10/s"], "no rate `creates`"),
        (["rate", "create=ten"], "not a rate"),
        (["rate", "create"], "how often"),
        (["in-flight", "9"], "1 to 8"),
        (["in-flight", "0"], "1 to 8"),
        (["in-flight", "few"], "one number"),
        (["pause", "now"], "takes no value"),
    ] {
        let said = case.refused(&words, 2);
        assert!(said.contains(what), "{words:?}: {said}");
    }
    assert_eq!(
        case.does(&["rate", "create=5/s", "lookup=1/min"]),
        "create at 5/s by N. Operator; lookup at 1/min by N. Operator"
    );
    case.does(&["in-flight", "2"]);
    // Whatever was on its way when the rate changed has arrived when the first of the new rate does.
    case.sends();
    case.sends();
    assert!(case.sandbox.count("open_posts") <= 2);
    wait_for("what status tells", || {
        case.status()
            .contains("create at 5/s by N. Operator")
            .then_some(())
    });
    case.does(&["rate", "create=limits", "lookup=limits"]);
    assert_eq!(
        case.does(&["in-flight", "limits"]),
        "as the settings have it"
    );
    assert_eq!(wait_for("the end of the run", || running.ended()), 0);
    assert_eq!(case.posts(), 900);
    let targets: Vec<String> = case.log();
    assert_eq!(
        targets.len(),
        6,
        "what was refused is no decision: {targets:?}"
    );
}

#[test]
fn a_run_that_was_killed_leaves_nothing_in_the_way() {
    let case = Case::new(900, "");
    let said = case.refused(&["pause"], 1);
    assert!(said.contains("is sending"), "{said}");
    let mut running = case.start();
    case.sends();
    case.does(&["rate", "create=20/s"]);
    running.kill();
    let said = case.refused(&["resume"], 1);
    assert!(said.contains("is sending"), "{said}");
    let mut running = case.start();
    // It asks about what was in doubt first, and is there from the beginning.
    wait_for("the next run", || {
        (case.control(&["pause"]).status.code() == Some(0)).then_some(())
    });
    case.does(&["stop"]);
    assert_eq!(wait_for("the end of the run", || running.ended()), 4);
    assert_eq!(case.log().len(), 3);
}

#[test]
fn decisions_need_a_reason() {
    let case = Case::new(1, "");
    let mut program = program();
    program.arg("control").arg(case.dir()).arg("pause");
    let without = program.output().unwrap();
    assert_eq!(without.status.code(), Some(2));
    let empty = program.args(["--reason", " "]).output().unwrap();
    assert_eq!(empty.status.code(), Some(2));
}

/// Hours that begin in two hours, and end in three.
fn later() -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let from = (now.hour() + 2) % 24;
    let to = (now.hour() + 3) % 24;
    format!("\n[window]\nsending = [\"{from:02}:00-{to:02}:00\"]\ntime_zone = \"UTC\"\n")
}

#[test]
fn outside_of_its_hours_a_run_waits_and_says_so() {
    let case = Case::new(50, &later());
    let mut running = Running::start(case.run().stdout(Stdio::null()).stderr(Stdio::piped()));
    wait_for("what status tells", || {
        let status = case.status();
        (status.contains("nothing is sent until") && status.contains("the hours under [window]"))
            .then_some(())
    });
    assert_eq!(case.posts(), 0);
    // A person does not change the hours.
    case.does(&["resume"]);
    assert_eq!(case.posts(), 0);
    case.does(&["stop"]);
    assert_eq!(wait_for("the end of the run", || running.ended()), 4);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut running.0.stderr.take().unwrap(), &mut said).unwrap();
    assert!(
        said.contains("window      nothing is sent before"),
        "{said}"
    );
    assert_eq!(case.posts(), 0);
}

#[test]
fn hours_that_make_no_sense_are_refused_with_their_place() {
    for (window, what) in [
        ("sending = [\"Mon-Fri 20:00-06:00\"]", "no `time_zone`"),
        ("sending = []\ntime_zone = \"UTC\"", "names no hours"),
        (
            "sending = [\"Mo 10:00-11:00\"]\ntime_zone = \"UTC\"",
            "names days that there are not",
        ),
        (
            "sending = [\"Mon 10-11\"]\ntime_zone = \"UTC\"",
            "names hours that there are not",
        ),
        (
            "closed = [\"10:00-10:00\"]\ntime_zone = \"UTC\"",
            "ends when it begins",
        ),
        ("closed = [\"Sun\", \"Sun\"]\ntime_zone = \"UTC\"", "twice"),
        (
            "closed = [\"Mon-Sun\"]\ntime_zone = \"UTC\"",
            "no time in which sending is allowed",
        ),
        (
            "sending = [\"Sat\"]\nclosed = [\"Sat-Sun\"]\ntime_zone = \"UTC\"",
            "no time in which sending is allowed",
        ),
        ("time_zone = \"Mars/Olympus\"", "no time zone"),
        ("maintenance = \"never\"", "maintenance"),
        ("open = [\"Sat\"]", "open"),
    ] {
        let case = Case::new(1, &format!("\n[window]\n{window}\n"));
        let output = program().arg("check").arg(case.dir()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{window}: {said}");
        assert!(said.contains(what), "{window}: {said}");
        assert!(said.contains("migration.toml:"), "{window}: {said}");
    }
}

#[test]
fn the_view_on_the_whole_terminal_needs_one() {
    let case = Case::new(1, "");
    let mut program = program();
    let output = program.arg("status").arg(case.dir()).arg("--watch");
    let output = output.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--watch needs a terminal"), "{said}");
    assert!(output.stdout.is_empty());
}

/// The view sends nothing, so there is nothing to say about requests, least of all in the middle of it.
#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_the_view_without_a_word() {
    let case = Case::new(2, "");
    let status = case.run().args(["--limit", "1"]).status().unwrap();
    assert_eq!(status.code(), Some(0));
    // A terminal, by way of util-linux.
    let shown = case.dir().join("shown");
    let line = format!(
        "echo $$ > pid; exec '{}' status . --watch",
        env!("CARGO_BIN_EXE_bakkt-migrate")
    );
    let mut script = Command::new("script");
    let script = script
        .args(["-qefc", &line])
        .arg(&shown)
        .current_dir(case.dir())
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let Ok(script) = script else {
        eprintln!("left out: there is no `script` (Debian: bsdutils)");
        return;
    };
    let mut script = Running(script);
    let text = || String::from_utf8_lossy(&std::fs::read(&shown).unwrap_or_default()).into_owned();
    // It has the whole terminal once the other screen is on.
    wait_for("the view", || {
        text().contains("\u{1b}[?1049h").then_some(())
    });
    let pid = std::fs::read_to_string(case.dir().join("pid")).unwrap();
    let sent = Command::new("kill").args(["-TERM", pid.trim()]).status();
    assert!(sent.unwrap().success());
    assert_eq!(wait_for("the end of the view", || script.ended()), 0);
    let shown = text();
    assert!(shown.contains("\u{1b}[?1049l"), "{shown:?}");
    assert!(!shown.contains("stopping"), "{shown:?}");
}
