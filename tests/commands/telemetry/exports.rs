//! What leaves, when, and what a run says of a collector that does not take it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::collector::Collector;
use crate::commands::refusing::tls;
use crate::commands::world::{Bakkt, Server, World, nobody, shown};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SECRET: &str = "sesame-4711-secret";

/// A customer of values that occur nowhere else, and those values.
const CUSTOMER: &str = "CUST-471100,zephyrantha@canary.example,Zephyrantha,Quillonde,1961-11-23,987004321,Wunderbaum,+15125550147";

/// A migration whose runs export to an address.
fn world_of(rows: &[String], endpoint: &str) -> World {
    let mut world = World::new(rows);
    set(&mut world, ENDPOINT, endpoint);
    // Spans leave at the end of the run, however long it takes.
    set(&mut world, "OTEL_BSP_SCHEDULE_DELAY", "3600000");
    world
}

fn set(world: &mut World, name: &str, value: &str) {
    world.environment.push((name.into(), value.into()));
}

fn rows(count: usize) -> Vec<String> {
    let row = |n: usize| crate::commands::world::row(&format!("A-{n}"));
    (1..=count).map(row).collect()
}

#[test]
fn the_numbers_are_those_of_the_report_and_hold_nothing_of_a_customer() {
    let (bakkt, collector) = (Bakkt::start(|_| {}), Collector::start());
    let mut all = rows(3);
    all.push(CUSTOMER.to_owned());
    all.push(crate::commands::world::blocked("A-9"));
    let mut world = world_of(&all, &collector.url);
    let headers = format!("authorization=Basic%20{SECRET},x-tenant=acme");
    set(&mut world, "OTEL_EXPORTER_OTLP_HEADERS", &headers);
    let attributes = "deployment.environment.name=test,service.name=other";
    set(&mut world, "OTEL_RESOURCE_ATTRIBUTES", attributes);
    set(&mut world, "OTEL_SERVICE_NAME", "acme moves");
    let line = bakkt.run("--json");
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = world.command(&words).output().unwrap();
    let told = shown(&output);
    assert!(!told.contains("OpenTelemetry"), "{told}");

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (values, about) = collector.metrics().unwrap();
    assert_eq!(values["rows{}"], report["read"].as_f64().unwrap());
    for (verdict, count) in report["verdicts"].as_object().unwrap() {
        let value = values[&format!("records{{verdict={verdict}}}")];
        assert_eq!(value, count.as_f64().unwrap(), "{verdict}");
    }
    for (state, count) in report["tasks"]["account"].as_object().unwrap() {
        if state != "planned" {
            let value = values[&format!("tasks{{kind=account,state={state}}}")];
            assert_eq!(value, count.as_f64().unwrap(), "{state}");
        }
    }
    assert_eq!(values["tasks{kind=account,state=accepted}"], 4.0);
    assert_eq!(values["run_tasks_done_total{outcome=accepted}"], 4.0);
    assert_eq!(values["rate_limit_per_second{call=upload}"], 10.0);
    for (name, says) in [
        ("service.name", "acme moves"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "test"),
        ("bakkt_migrate.sandbox", "false"),
    ] {
        assert_eq!(about.get(name).map(String::as_str), Some(says), "{about:?}");
    }

    let spans = collector.spans();
    let names: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["run", "plan", "send", "report"]));
    let run = spans.iter().find(|span| span.name == "run").unwrap();
    for span in spans.iter().filter(|span| span.name != "run") {
        assert_eq!(span.trace_id, run.trace_id);
        assert_eq!(span.parent_span_id, run.span_id);
    }
    let code = output.status.code().unwrap().to_string();
    assert_eq!(collector.exit_code(), code);
    for export in collector.exports() {
        let head = export.head.to_lowercase();
        let authorization = format!("authorization: basic {SECRET}\r\n");
        assert!(head.contains(&authorization), "{head}");
        assert!(head.contains("x-tenant: acme\r\n"), "{head}");
        assert!(
            head.contains("content-type: application/x-protobuf\r\n"),
            "{head}"
        );
    }
    nothing_leaks(&world, &collector, &told);
}

/// Neither has the collector anything of a customer, nor the program's words and files the secret.
fn nothing_leaks(world: &World, collector: &Collector, told: &str) {
    let place = world.path("").display().to_string();
    let also = [
        "a key",
        "export.csv",
        "mapping.toml",
        place.trim_end_matches('/'),
    ];
    for export in collector.exports() {
        for word in CUSTOMER.split(',').chain(also) {
            let mut windows = export.body.windows(word.len());
            assert!(!windows.any(|bytes| bytes == word.as_bytes()), "{word}");
        }
    }
    assert!(!told.contains(SECRET), "{told}");
    for file in world.files() {
        let bytes = std::fs::read(world.path(&file)).unwrap();
        let mut windows = bytes.windows(SECRET.len());
        assert!(!windows.any(|bytes| bytes == SECRET.as_bytes()), "{file}");
    }
}

#[test]
fn nothing_is_sent_unless_it_is_asked_for() {
    let (bakkt, collector) = (Bakkt::start(|_| {}), Collector::start());
    for (is_named, name, value) in [
        (false, "OTEL_METRICS_EXPORTER", "otlp"),
        (true, "OTEL_SDK_DISABLED", "true"),
    ] {
        let mut world = World::of(1);
        if is_named {
            set(&mut world, ENDPOINT, &collector.url);
        }
        set(&mut world, name, value);
        let shown = world.bakkt(&bakkt.run(""));
        assert!(shown.starts_with("exit code 0"), "{shown}");
        assert_eq!(collector.exports().len(), 0, "{name}");
    }
    let mut world = world_of(&rows(1), &collector.url);
    set(&mut world, "OTEL_METRICS_EXPORTER", "none");
    world.bakkt(&bakkt.run(""));
    assert_eq!(collector.bodies("/v1/metrics").len(), 0);
    assert_eq!(collector.bodies("/v1/traces").len(), 1);
}

#[test]
fn a_collector_that_takes_nothing_changes_nothing_and_is_told_once() {
    let answer =
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (failing, silent) = (Server::start(answer), Server::start(""));
    let bakkt = Bakkt::start(|_| {});
    let (wanted, _) = World::of(2).code(&bakkt.run(""));
    for (endpoint, why) in [
        (nobody(), "http://127.0.0.1:PORT: connection refused"),
        (failing.url, "http://127.0.0.1:PORT answered 500"),
        (silent.url, "http://127.0.0.1:PORT: no answer in time"),
    ] {
        let bakkt = Bakkt::start(|_| {});
        let mut world = world_of(&rows(2), &endpoint);
        set(&mut world, "OTEL_EXPORTER_OTLP_TIMEOUT", "500");
        set(
            &mut world,
            "OTEL_EXPORTER_OTLP_HEADERS",
            &format!("k={SECRET}"),
        );
        let shown = world.bakkt(&bakkt.run(""));
        assert!(
            shown.starts_with(&format!("exit code {wanted}\n")),
            "{shown}"
        );
        let told = format!("OpenTelemetry: 2 of 2 exports failed ({why})");
        assert_eq!(shown.matches(&told).count(), 1, "{shown}");
        assert_eq!(shown.matches("OpenTelemetry").count(), 1, "{shown}");
        assert!(!shown.contains(SECRET), "{shown}");
        assert_eq!(bakkt.ledger().accounts, 2);
    }
}

#[test]
fn it_is_reached_straight_and_only_where_its_certificate_is_trusted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let authority = folder.join("authority.pem").display().to_string();
    for (certificate, why) in [
        ("good.pem", "answered 404"),
        (
            "expired.pem",
            ": the certificate is refused: it has expired",
        ),
    ] {
        let (bakkt, (_runtime, url)) = (Bakkt::start(|_| {}), tls(certificate));
        let mut world = world_of(&rows(1), &url);
        set(&mut world, "OTEL_METRICS_EXPORTER", "none");
        set(&mut world, "SSL_CERT_FILE", &authority);
        set(&mut world, "HTTPS_PROXY", &nobody());
        set(&mut world, "ALL_PROXY", &nobody());
        let shown = world.bakkt(&bakkt.run(""));
        assert!(shown.starts_with("exit code 0"), "{shown}");
        assert!(
            shown.contains("the only export failed (https://"),
            "{shown}"
        );
        assert!(shown.contains(why), "{certificate}: {shown}");
    }
}

#[test]
fn a_body_is_packed_where_that_is_asked_for() {
    let (bakkt, collector) = (Bakkt::start(|_| {}), Collector::start());
    let mut world = world_of(&rows(2), &collector.url);
    set(&mut world, "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    let shown = world.bakkt(&bakkt.run(""));
    assert!(shown.starts_with("exit code 0"), "{shown}");
    let (values, about) = collector.metrics().unwrap();
    assert_eq!(values["rows{}"], 2.0);
    assert_eq!(about["service.name"], "bakkt-migrate");
}

#[test]
fn variables_that_cannot_be_kept_to_are_refused_before_anything_is_planned() {
    let bakkt = Bakkt::start(|_| {});
    for (name, value, part) in [
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            "set it to http/protobuf",
        ),
        (
            ENDPOINT,
            "http://collector.example:4318/sesame",
            "is plain http",
        ),
    ] {
        let mut world = world_of(&rows(1), "http://127.0.0.1:4318");
        set(&mut world, name, value);
        let shown = world.bakkt(&bakkt.run(""));
        assert!(shown.starts_with("exit code 2"), "{shown}");
        assert!(shown.contains(name) && shown.contains(part), "{shown}");
        assert!(!shown.contains("sesame"), "{shown}");
        assert!(world.bakkt("status acme").contains("no journal yet"));
    }
}

#[test]
fn a_run_that_is_stopped_exports_at_its_end() {
    let (bakkt, collector) = (Bakkt::start(|_| {}), Collector::start());
    let mut world = world_of(&rows(4), &collector.url);
    let slow = "create = \"1/min\"";
    world.change("acme/migration.toml", "create = \"unlimited\"", slow);
    set(&mut world, "OTEL_METRIC_EXPORT_INTERVAL", "20");
    let line = bakkt.run("");
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = world.command(&words);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = command.spawn().unwrap();
    // Metrics come while it sends, and not only at the end.
    while !collector
        .metrics()
        .is_some_and(|(values, _)| values.contains_key("run_tasks{}"))
    {
        assert!(run.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(4));
    assert_eq!(collector.exit_code(), "4");

    let (broken, collector) = (
        Server::start(
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        Collector::start(),
    );
    let world = world_of(&rows(8), &collector.url);
    let (code, _) = world.code(&format!("run acme --base-url {}", broken.url));
    assert_eq!(collector.exit_code(), code.to_string());
    let (values, _) = collector.metrics().unwrap();
    assert!(
        values
            .keys()
            .any(|name| name.starts_with("run_answers_total")),
        "{values:?}"
    );
}
