//! The program that is told how a run ended.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::world::{Bakkt, Server, World};

/// A world whose runs tell a program with this script.
fn telling(script: &str, more: &str) -> World {
    let world = World::of(3);
    world.write("acme/tell.sh", &format!("#!/bin/sh\n{script}\n"));
    let path = world.path("acme/tell.sh");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.set(&format!(
        "[notify]\ncommand = [\"./tell.sh\", \"$HOME; two words\"]\n{more}"
    ));
    world
}

const KEEP: &str = "cat > told.json; env > told.env; printf %s \"$1\" > told.argument";

fn told(world: &World) -> Value {
    serde_json::from_str(&world.read("acme/told.json")).unwrap()
}

#[test]
fn it_is_told_how_a_run_ended_and_nothing_of_the_environment() {
    let bakkt = Bakkt::start(|_| {});
    let world = telling(KEEP, "");
    let shown = world.bakkt(&bakkt.run("--json"));
    let told = told(&world);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(told["outcome"], "finished");
    assert_eq!(told["exit_code"], 0);
    assert_eq!(told["migration"], "acme");
    assert_eq!(told["why"], Value::Null);
    assert_eq!(told["summary"]["tasks"]["account"]["accepted"], 3);
    let printed = shown.lines().find(|line| line.starts_with('{')).unwrap();
    let printed: Value = serde_json::from_str(printed).unwrap();
    assert_eq!(told["summary"], printed, "what --json prints");
    // No shell has read the arguments, and the key is in nobody's environment.
    assert_eq!(world.read("acme/told.argument"), "$HOME; two words");
    let variables = world.read("acme/told.env");
    let ours = ["PATH=", "PWD=", "SHLVL=", "_="];
    let is_ours = |line: &str| ours.iter().any(|name| line.starts_with(name));
    assert!(variables.lines().all(is_ours), "{variables}");
}

#[test]
fn it_is_told_why_a_run_stopped_by_itself() {
    let server = Server::start(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<html>no</html>",
    );
    let world = telling(KEEP, "");
    let shown = world.bakkt(&format!("run acme --base-url {}", server.url));
    let told = told(&world);
    assert!(shown.starts_with("exit code 4"), "{shown}");
    assert_eq!(told["outcome"], "stopped");
    assert_eq!(told["exit_code"], 4);
    let why = told["why"].as_str().unwrap();
    assert!(why.contains("5 failures in a row"), "{why}");
    assert_eq!(told["summary"]["tasks"]["account"]["open"], 3);
}

#[test]
fn what_it_does_changes_no_run() {
    let bakkt = Bakkt::start(|_| {});
    for (script, more, says) in [
        ("exit 7", "", "exit status: 7"),
        (
            "sleep 600",
            "timeout = \"200ms\"",
            "it took longer than 200ms",
        ),
        // What it leaves behind is ended as well, and nobody waits for who does not read.
        ("sleep 600 & wait", "timeout = \"200ms\"", "it took longer"),
        ("kill -9 $$", "", "signal: 9"),
    ] {
        let world = telling(script, more);
        let shown = world.bakkt(&bakkt.run(""));
        assert!(shown.starts_with("exit code 0"), "{script}: {shown}");
        assert!(shown.contains(says), "{script}: {shown}");
    }
    let world = telling("exit 0", "");
    std::fs::remove_file(world.path("acme/tell.sh")).unwrap();
    let shown = world.bakkt(&bakkt.run(""));
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert!(shown.contains("it could not be started"), "{shown}");
}

#[test]
fn a_command_line_is_no_list() {
    let world = World::of(1);
    world.set("[notify]\ncommand = \"mail -s done ops\"");
    let shown = world.bakkt("check acme");
    assert!(shown.starts_with("exit code 2"), "{shown}");
    assert!(shown.contains("no shell reads it"), "{shown}");
}

#[test]
fn a_run_that_sends_nothing_for_lack_of_a_yes_tells_nobody() {
    let world = telling(KEEP, "");
    let shown = world.bakkt("run acme --base-url https://127.0.0.1:1");
    assert!(shown.contains("add --yes"), "{shown}");
    assert!(!world.path("acme/told.json").exists());
}
