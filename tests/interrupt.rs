//! Ctrl-C: the first one drains, the second one stops at once, and the same command goes on (invariant 11).

use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::Duration;

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
        Case::with_rows(60, sandbox)
    }

    fn with_rows(rows: u64, sandbox: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        export::write(
            &export::Recipe {
                rows,
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
    signal(running, "-INT");
}

fn signal(running: &Running, which: &str) {
    let id = running.0.id().to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args([which, &id]).status().unwrap().success());
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

/// A command that another program starts in its own place.
fn below(starter: &[&str], run: &std::process::Command) -> std::process::Command {
    let mut command = std::process::Command::new(starter[0]);
    command.args(&starter[1..]);
    command.arg(run.get_program()).args(run.get_args());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[test]
fn a_terminal_that_goes_away_lets_what_is_on_its_way_end() {
    let case = Case::new("latency_ms = 300\n");
    // The tests may run where a signal like this is ignored, which the program would inherit.
    let heeding: &[&str] = match cfg!(target_os = "linux") {
        true => &["env", "--default-signal=HUP"],
        false => &["env"],
    };
    let mut command = below(heeding, &case.command());
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    wait_for("requests on their way", || {
        (case.sandbox.count("open_posts") > 0).then_some(())
    });
    // The system and the shell both tell of it.
    signal(&running, "-HUP");
    signal(&running, "-HUP");
    assert_eq!(wait_for("the end of the run", || running.ended()), 4);
    let posts = case.sandbox.count("posts");
    assert!(posts < 60, "it stopped before the end");
    let (status, _) = json_of(program().args(["status", "--json"]).arg(case.folder.path()));
    assert_eq!(status["tasks"]["account"]["in_doubt"], 0);
    // Whoever starts it with `nohup` wants it to go on.
    let mut command = below(&["nohup"], &case.command());
    let mut running = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
    wait_for("requests on their way", || {
        (case.sandbox.count("open_posts") > 0).then_some(())
    });
    signal(&running, "-HUP");
    assert_eq!(wait_for("the end of the run", || running.ended()), 0);
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

/// A seed of its own for each test, so that moments differ from round to round and not from run to run.
fn moment(round: u64, most: u64) -> Duration {
    Duration::from_millis(fastrand::Rng::with_seed(round).u64(0..most))
}

fn interrupt_group(leader: u32) {
    let status = std::process::Command::new("kill")
        .args(["-INT", "--", &format!("-{leader}")])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn ctrl_c_stops_a_run_whose_output_goes_to_a_program_that_dies_first() {
    let rounds = std::env::var("ROUNDS").map_or(8, |rounds| rounds.parse::<u64>().unwrap());
    let case = Case::with_rows(40 * rounds, "latency_ms = 20\n");
    for round in 0..rounds {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut command = case.command();
        command
            .arg("-v")
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .process_group(0);
        let mut running = Running::start(&mut command);
        drop(command);
        let leader = running.0.id();
        let mut log = std::process::Command::new("cat");
        log.stdin(reader)
            .stdout(Stdio::null())
            .process_group(leader as i32);
        let mut log = Running::start(&mut log);
        // As soon as it has begun to send, or a little later.
        wait_for("a request", || {
            (case.sandbox.count("open_posts") > 0).then_some(())
        });
        std::thread::sleep(moment(round, 200));
        interrupt_group(leader);
        assert_eq!(wait_for("the end of the log", || log.ended()), -1);
        assert_eq!(
            wait_for("the end of the run", || running.ended()),
            4,
            "round {round}"
        );
    }
    let (totals, code) = json_of(&mut case.command());
    assert_eq!((totals["balanced"].as_bool(), code), (Some(true), 0));
    assert_eq!(case.sandbox.count("accounts"), 40 * rounds);
}

/// A stderr that nobody will ever read again.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn ctrl_c_stops_every_command_whose_stderr_is_closed() {
    let case = Case::with_rows(3000, "latency_ms = 400\n");
    let folder = case.folder.path().to_str().unwrap().to_owned();
    let url = case.sandbox.base_url();
    let (_, code) = json_of(case.command().args(["--limit", "20"]));
    assert_eq!(code, 0);
    let mapping = case.folder.path().join("mapping.toml");
    let changed = std::fs::read_to_string(&mapping).unwrap() + "\n# changed\n";
    let lines: [(&[&str], i32); 4] = [
        (&["verify", &folder, "--base-url", &url], 4),
        (&["events", "serve", &folder, "--listen", "127.0.0.1:0"], 0),
        (&["run", &folder, "--base-url", &url, "-vv"], 4),
        (&["replan", &folder, "--base-url", &url, "--reason", "x"], 4),
    ];
    for (arguments, expected) in lines {
        if arguments[0] == "replan" {
            std::fs::write(&mapping, &changed).unwrap();
        }
        let mut running = Running::start(
            program()
                .args(arguments)
                .env("BAKKT_WEBHOOK_SECRET", "a secret for tests")
                .stdout(Stdio::null())
                .stderr(closed()),
        );
        wait_for("the command to listen to signals", || {
            let threads = std::fs::read_dir(format!("/proc/{}/task", running.0.id())).ok()?;
            let mut names = threads
                .flatten()
                .filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
            names.any(|name| name.trim() == "signals").then_some(())
        });
        interrupt(&running);
        assert_eq!(
            wait_for("the end", || running.ended()),
            expected,
            "{arguments:?}"
        );
    }
}

/// What a pipe holds before a write to it waits.
const PIPE: usize = 65_536;

#[test]
fn the_second_ctrl_c_stops_at_once_even_when_nobody_reads_the_result() {
    let case = Case::new("");
    let (reader, mut writer) = std::io::pipe().unwrap();
    // Filled to the last byte: the next write waits for a reader.
    std::io::Write::write_all(&mut writer, &[b'x'; PIPE]).unwrap();
    let mut running = Running::start(case.command().stdout(writer).stderr(Stdio::null()));
    wait_for("all to be sent", || {
        (case.sandbox.count("accounts") == 60).then_some(())
    });
    interrupt(&running);
    wait_for("the end", || {
        interrupt(&running);
        running.ended()
    });
    assert_eq!(running.ended(), Some(4));
    drop(reader);
}

#[test]
fn a_check_that_is_stopped_leaves_nothing_of_the_payloads_it_was_writing() {
    let case = Case::with_rows(12_000, "");
    let folder = case.folder.path().canonicalize().unwrap();
    let names = || {
        let entries = std::fs::read_dir(&folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    for how in ["-INT", "-TERM"] {
        let mut check = program();
        check.arg("check").arg(&folder).arg("--payloads");
        check.arg(folder.join("payloads.jsonl"));
        let mut running = Running::start(check.stdout(Stdio::null()).stderr(Stdio::null()));
        let open = format!("/proc/{}/fd", running.0.id());
        wait_for("payloads half written", || {
            let open = std::fs::read_dir(&open).ok()?;
            let mut open = open.flatten().map(|entry| entry.path());
            open.any(|file| is_begun(&file, &folder)).then_some(())
        });
        signal(&running, how);
        assert_eq!(wait_for("the end of the check", || running.ended()), 4);
        assert_eq!(names(), before, "{how}");
    }
}

/// Whether an open file of a program is one below the folder that it has begun to write, under no name of its own yet.
fn is_begun(open: &std::path::Path, folder: &std::path::Path) -> bool {
    let Ok(name) = std::fs::read_link(open) else {
        return false;
    };
    let draft = name.to_string_lossy();
    let is_draft = draft.ends_with(" (deleted)") || draft.contains("/.draft-");
    let has_bytes = std::fs::metadata(open).is_ok_and(|facts| facts.len() > 0);
    name.starts_with(folder) && is_draft && has_bytes
}
