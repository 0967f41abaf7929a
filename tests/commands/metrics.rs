//! What a run tells whoever watches it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use super::world::{Bakkt, World};

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Asks for a page; none while nobody answers.
fn page(port: u16, path: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.to_owned(), body.to_owned()))
}

/// The values of a page by name with labels.
fn values(page: &str) -> BTreeMap<&str, f64> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (
                name.strip_prefix("bakkt_migrate_").unwrap(),
                value.parse().unwrap(),
            )
        })
        .collect()
}

/// Whether Prometheus would take a page, where its tool is here.
fn prometheus_takes(page: &str) {
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut tool) = started else {
        eprintln!("left out: promtool is not here");
        return;
    };
    tool.stdin
        .take()
        .unwrap()
        .write_all(page.as_bytes())
        .unwrap();
    let output = tool.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_run_can_be_watched() {
    // Nobody gets an answer, so that the run is there to be looked at.
    let bakkt = Bakkt::start(|config| {
        config.stall = 1.0;
        config.stall_ms = 600_000;
    });
    let world = World::of(4);
    let port = free_port();
    let line = bakkt.run(&format!("--metrics-listen {port}"));
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let mut run = world
        .command(&words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (head, body) = loop {
        assert!(
            run.try_wait().unwrap().is_none(),
            "it ended before it was looked at"
        );
        match page(port, "/metrics") {
            Some(page) if page.0.starts_with("HTTP/1.1 200") => break page,
            _ => std::thread::yield_now(),
        }
    };
    assert_eq!(
        page(port, "/").unwrap().0.lines().next(),
        Some("HTTP/1.1 404 Not Found")
    );
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let values = values(&body);
    for (name, value) in [
        ("rows", 4.0),
        ("records{verdict=\"ready\"}", 4.0),
        ("records{verdict=\"blocked\"}", 0.0),
        ("tasks{kind=\"account\",state=\"accepted\"}", 0.0),
        ("run_tasks", 4.0),
        ("run_tasks_done_total{outcome=\"accepted\"}", 0.0),
        ("rate_limit_per_second{call=\"upload\"}", 10.0),
        ("balanced", 1.0),
    ] {
        assert_eq!(values.get(name), Some(&value), "{name}: {body}");
    }
    assert!(
        !values.contains_key("rate_limit_per_second{call=\"create\"}"),
        "unlimited"
    );
    assert!(values["run_last_progress_timestamp_seconds"] > 1.0e9);
    prometheus_takes(&body);
    // Nothing of a customer, and nothing of the key.
    for word in ["C1", "example", "key"] {
        assert!(!body.contains(word), "{word}: {body}");
    }
}

#[test]
fn every_metric_is_documented() {
    let page = include_str!("../../docs/operate.md");
    for metric in &bakkt_migrate::commands::metrics::numbers::METRICS {
        let name = format!("`{}`", metric.name);
        let is_row = |line: &str| line.starts_with('|') && line.contains(&name);
        assert!(page.lines().any(is_row), "{name}");
    }
}

#[test]
fn an_address_that_is_taken_is_told_before_anything_is_planned() {
    let bakkt = Bakkt::start(|_| {});
    let world = World::of(1);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let shown = world.bakkt(&bakkt.run(&format!("--metrics-listen {address}")));
    assert!(shown.starts_with("exit code 2"), "{shown}");
    assert!(shown.contains("name another port"), "{shown}");
    assert!(world.bakkt("status acme").contains("no journal yet"));
    let shown = world.bakkt(&bakkt.run("--metrics-listen nowhere"));
    assert!(shown.contains("neither a port"), "{shown}");
}
