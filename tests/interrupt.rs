//! Ctrl-C: the first one drains, the second one stops at once, and the same command goes on (invariant 11).

mod support;

use std::process::Stdio;

use support::{Running, SandboxProcess, json_of, program, wait_for};

#[path = "../examples/generate/export/mod.rs"]
#[allow(dead_code)]
mod export;

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
    fn new(sandbox: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        export::write(
            &export::Recipe {
                rows: 60,
                seed: 11,
                clean: true,
            },
            &mut bytes,
        )
        .unwrap();
        std::fs::write(folder.path().join("export.csv"), bytes).unwrap();
        std::fs::write(folder.path().join("migration.toml"), SETTINGS).unwrap();
        std::fs::write(
            folder.path().join("mapping.toml"),
            include_str!("../samples/acme/mapping.toml"),
        )
        .unwrap();
        let sandbox = SandboxProcess::start(folder.path(), sandbox);
        Case { folder, sandbox }
    }

    fn command(&self) -> std::process::Command {
        let mut program = program();
        program.arg("run").arg(self.folder.path()).args([
            "--json",
            "--base-url",
            &self.sandbox.base_url(),
        ]);
        program
    }
}

fn interrupt(running: &Running) {
    let id = running.0.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn the_first_ctrl_c_lets_what_is_on_its_way_end() {
    let case = Case::new("latency_ms = 40\n");
    let mut running = Running::start(case.command().stdout(Stdio::null()).stderr(Stdio::null()));
    wait_for("requests on their way", || {
        (case.sandbox.count("open_posts") > 0).then_some(())
    });
    interrupt(&running);
    assert_eq!(wait_for("the end of the run", || running.ended()), 4);
    let posts = case.sandbox.count("posts");
    assert!(posts < 60, "it stopped before the end");
    let (status, _) = json_of(program().args(["status", "--json"]).arg(case.folder.path()));
    let states = &status["tasks"]["account"];
    assert_eq!(
        (states["in_doubt"].as_u64(), states["accepted"].as_u64()),
        (Some(0), Some(posts))
    );
    let (totals, code) = json_of(&mut case.command());
    assert_eq!(
        (totals["tasks"]["account"]["accepted"].as_u64(), code),
        (Some(60), 0)
    );
    assert_eq!(case.sandbox.count("posts"), 60);
}

#[test]
fn the_second_ctrl_c_stops_at_once() {
    let case = Case::new("latency_ms = 15000\n");
    let mut running = Running::start(case.command().stdout(Stdio::null()).stderr(Stdio::null()));
    wait_for("requests on their way", || {
        (case.sandbox.count("open_posts") == 8).then_some(())
    });
    interrupt(&running);
    // Between the two it drains: nothing new leaves.
    wait_for("the first to be seen", || {
        interrupt(&running);
        running.ended()
    });
    assert_eq!(running.ended(), Some(4));
    assert_eq!(case.sandbox.count("posts"), 8);
    let (status, _) = json_of(program().args(["status", "--json"]).arg(case.folder.path()));
    assert_eq!(status["tasks"]["account"]["in_doubt"], 8);
}
