//! What reaches the terminal: full disks, hostile names, core dumps.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use super::world::{Bakkt, Server, World, row, shown};

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let (world, bakkt) = (World::of(2), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    let lines = [
        "--help",
        "--version",
        "schema mapping",
        "check acme",
        "check acme --json",
        "gaps acme --json",
        "status acme",
        "report acme --json",
        "inspect acme/export.csv",
        "sandbox",
    ];
    for line in lines {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = world.command(&arguments).stdout(full).output().unwrap();
        let said = shown(&output);
        assert!(said.starts_with("exit code 1"), "{line}: {said}");
        assert!(said.contains("stdout"), "{line}: {said}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let world = World::of(2);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = world
        .command(&["schema", "mapping"])
        .stdout(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn names_give_a_terminal_no_orders() {
    let world = World::of(1);
    let hostile = "a\u{1b}[2J\u{202e}b\u{200b}\nx = 1\r.csv";
    let header = "ID\u{1b}[31m,MAIL\u{202e},FIRST,LAST";
    fs::write(
        world.path(hostile),
        format!("{header}\nC-1,a@example.com,Ann,Example\nC-2,b@example.com,Bob,Sample\n"),
    )
    .unwrap();
    for arguments in [
        &["inspect", hostile][..],
        &["inspect", "--json", hostile],
        &["init", "guessed", "--from", hostile],
        &["inspect", "no\u{1b}[2J\u{202e}\nsuch.csv"],
        &["check", "no\u{9b}2J\u{2066}folder"],
        &["check", "acme", "--no\u{1b}[2Jsuch"],
    ] {
        let output = world.command(arguments).output().unwrap();
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(text.clone()).unwrap();
            let bad = text.chars().find(|c| {
                (c.is_control() && !"\n\t".contains(*c)) || "\u{202e}\u{2066}\u{200b}".contains(*c)
            });
            assert_eq!(bad, None, "{arguments:?}: {text}");
            assert!(!text.contains("\nx = 1"), "{arguments:?}: {text}");
        }
    }
    let mapping = world.read("guessed/mapping.toml");
    assert!(
        !mapping.lines().any(|line| line.starts_with("x = 1")),
        "{mapping}"
    );
    assert!(
        !mapping.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\r']),
        "{mapping}"
    );
    let checked = shown(&world.command(&["check", "guessed"]).output().unwrap());
    assert!(!checked.contains("is not TOML"), "{checked}");
}

#[test]
fn there_are_no_core_dumps() {
    let world = World::new(&[row("A-1")]);
    let silent = Server::start("");
    let line = format!(
        "ulimit -c unlimited; exec {} run acme --base-url {}",
        super::world::binary().display(),
        silent.url
    );
    let mut child = std::process::Command::new("sh")
        .args(["-c", &line])
        .env_clear()
        .env("BAKKT_API_KEY", "a key")
        .current_dir(world.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    silent.requests.recv().unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.contains("core file"))
        .unwrap();
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    // Of the signals that dump core this one is not ignored by what a shell starts in the background.
    let killed = std::process::Command::new("kill")
        .args(["-ABRT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}
