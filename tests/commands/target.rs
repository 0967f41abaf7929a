//! Which Bakkt, with which key: everything that can be wrong with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use super::world::{Bakkt, Server, World, nobody};

#[test]
fn a_wrong_key_stops_and_the_right_one_goes_on() {
    let mut world = World::of(3);
    let bakkt = Bakkt::start(|config| config.api_key = Some("the key".into()));
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    error: Bakkt does not know the key (401)
      next: check BAKKT_API_KEY or [target] key_file; of the reference dialect, [target] logon_id and the password
    "#);
    assert_eq!(bakkt.ledger().accounts, 0);
    world.environment = vec![("BAKKT_API_KEY".into(), "  the key\n".into())];
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 3);
}

#[test]
fn a_wrong_key_stops_without_looking_first_too() {
    let world = World::of(3);
    world.set("[accounts]\non_existing = \"update\"");
    let bakkt = Bakkt::start(|config| config.api_key = Some("the key".into()));
    let (code, text) = world.code(&bakkt.run("--json"));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 2);
    assert_eq!(value["tasks"]["account"]["open"], 3, "{text}");
}

#[test]
fn no_key_at_all() {
    let mut world = World::of(1);
    world.no_key();
    assert_snapshot!(world.bakkt("run acme --base-url http://127.0.0.1:1"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: there is no key for http://127.0.0.1:PORT
      next: set BAKKT_API_KEY, or name a 0600 file as `key_file` under [target]
    "#);
    world.environment = vec![("BAKKT_API_KEY".into(), "  ".into())];
    assert_eq!(world.code("run acme --base-url http://127.0.0.1:1").0, 2);
    assert!(
        !world.path("acme/.bakkt-migrate").exists(),
        "nothing was begun"
    );
}

#[test]
fn a_key_file_is_for_its_owner_only() {
    let mut world = World::of(2);
    world.no_key();
    world.set("[target]\nkey_file = \"key\"");
    let bakkt = Bakkt::start(|config| config.api_key = Some("the key".into()));
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: the key file acme/key: No such file or directory (os error 2)
      next: it holds the key alone, and only its owner may read it (chmod 600)
    "#);
    world.write("acme/key", "the key\n");
    fs::set_permissions(world.path("acme/key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: the key file acme/key: others may read it
      next: it holds the key alone, and only its owner may read it (chmod 600)
    "#);
    fs::set_permissions(world.path("acme/key"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    world.write("acme/key", "\n");
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: the key file acme/key: it is empty
      next: it holds the key alone, and only its owner may read it (chmod 600)
    "#);
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let (mut world, bakkt) = (World::of(2), Bakkt::start(|_| {}));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        // Nothing listens there.
        let proxy = (name.into(), "http://127.0.0.1:1".into());
        world.environment.push(proxy);
    }
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 2);
}

#[test]
fn plain_http_is_for_loopback() {
    let world = World::of(1);
    assert_snapshot!(world.bakkt("run acme --base-url http://api.example.com --yes"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: --base-url: plain http is for loopback only; customers' data goes over https
      next: such as https://api.bakkt.com
    "#);
    assert_snapshot!(world.bakkt("run acme --base-url http://127.0.0.1.example.com --yes"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: --base-url: plain http is for loopback only; customers' data goes over https
      next: such as https://api.bakkt.com
    "#);
    assert_snapshot!(world.bakkt("run acme --base-url ftp://127.0.0.1 --yes"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: --base-url: "ftp://127.0.0.1" is not a URL with a host
      next: such as https://api.bakkt.com
    "#);
    world.set("[target]\nbase_url = \"http://localhost.example.com/\"");
    assert_snapshot!(world.bakkt("run acme --yes"), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: the configuration has 1 mistake

    error: plain http is for loopback only; customers' data goes over https
      --> migration.toml:30:12
       |
    30 | base_url = "http://localhost.example.com/"
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ such as https://api.bakkt.com

      next: correct it and run the command again
    "#);
}

#[test]
fn an_address_that_cannot_be_reached_stops_before_anything_is_read() {
    let world = World::of(1);
    for (url, why) in [
        ("http://127.0.0.1:99999", "\"99999\" is not a port"),
        ("http://127.0.0.1:0", "\"0\" is not a port"),
        ("http://127.0.0.1:", "\"\" is not a port"),
        ("http://localhost:8o80/v1", "\"8o80\" is not a port"),
        ("http://[::1]:70000", "\"70000\" is not a port"),
        ("http://[::1]8080", "\"8080\" is not a port"),
        ("https://a:b:443", "\"b:443\" is not a port"),
        (
            "https://256.1.1.1",
            "is not the name or the address of a host",
        ),
        ("https://[::g]", "is not the name or the address of a host"),
        ("https://[::1", "is not the name or the address of a host"),
        (
            "https://a..example.com",
            "is not the name or the address of a host",
        ),
        (
            "https://exam<ple>.com",
            "is not the name or the address of a host",
        ),
    ] {
        for command in ["run acme --yes", "plan acme"] {
            let said = world.bakkt(&format!("{command} --base-url {url}"));
            assert!(said.starts_with("exit code 2"), "{url}\n{said}");
            assert!(said.contains(why), "{url}\n{said}");
        }
    }
    for name in ["target", "custody"] {
        let url = "base_url = \"http://127.0.0.1:99999\"";
        world.set(&format!("[{name}]\n{url}"));
        let said = world.bakkt("run acme --yes");
        assert!(said.starts_with("exit code 2"), "{said}");
        assert!(said.contains("\"99999\" is not a port"), "{said}");
    }
    assert!(!world.path("acme/.bakkt-migrate").exists());
}

#[test]
fn settings_of_the_sandbox_need_the_sandbox() {
    let world = World::of(1);
    let bakkt = Bakkt::start(|_| {});
    for run in [bakkt.run("--yes"), "run acme --yes".to_owned()] {
        let said = world.bakkt(&format!("{run} --sandbox-config absent.toml"));
        assert!(said.starts_with("exit code 2"), "{said}");
        assert!(said.contains("--sandbox"), "{said}");
    }
    assert_eq!(bakkt.ledger().accounts, 0);
    assert!(!world.path("acme/.bakkt-migrate").exists());
}

#[test]
fn a_kind_of_custody_that_there_is_not_cannot_be_gated() {
    let world = World::of(1);
    world.write("faults.toml", "[custody]\ngated = [\"users\"]\n");
    let said = world.bakkt("run acme --sandbox --sandbox-config faults.toml");
    assert!(said.starts_with("exit code 2"), "{said}");
    let told = "custody.gated: \"users\" is not a kind of call; there are user, bank account";
    assert!(said.contains(told), "{said}");
}

#[test]
fn what_may_be_bakkt_is_asked_about() {
    let world = World::of(2);
    // In the hours of Bakkt's maintenance a line more is told.
    world.set("[window]\nmaintenance = \"none\"");
    assert_snapshot!(world.bakkt("run acme --base-url https://bakkt.invalid"), @r#"
    exit code 2
    --- stdout

    --- stderr
    2 accounts to send, 0 to settle, to https://bakkt.invalid
    time        no limits are set: as fast as Bakkt answers
    error: there is no terminal to ask on before sending
      next: add --yes when this run may send without asking
    "#);
}

#[test]
fn a_wrong_address_is_found_out() {
    let (world, bakkt) = (World::of(3), Bakkt::start(|_| {}));
    assert_snapshot!(world.bakkt(&format!("run acme --base-url {}/nowhere", bakkt.url())), @r#"
    exit code 2
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT/nowhere
    time        no limits are set: as fast as Bakkt answers
    error: there is no account service at this address (404)
      next: check [target] base_url, or --base-url: it ends before /apex-crypto
    "#);
}

#[test]
fn a_wrong_address_that_answers_pages() {
    let server = Server::start(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<html>no</html>",
    );
    let world = World::of(3);
    let line = format!("run acme --base-url {}", server.url);
    assert_snapshot!(world.bakkt(&line), @r#"
    exit code 4
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    error: 5 failures in a row and not one success between them; the last was: 404
      next: when Bakkt can be reached again, run the same command: it goes on where it stopped
    "#);
    let world = World::of(3);
    world.set("[accounts]\non_existing = \"update\"");
    assert_snapshot!(world.bakkt(&line), @r#"
    exit code 2
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    error: there is no account service at this address (404)
      next: check [target] base_url, or --base-url: it ends before /apex-crypto
    "#);
}

#[test]
fn a_redirect_is_not_followed() {
    let bakkt = Bakkt::start(|_| {});
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {}/apex-crypto/api/v2/accounts\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        bakkt.url()
    );
    let server = Server::start(answer.leak());
    let world = World::of(3);
    assert_snapshot!(world.bakkt(&format!("run acme --base-url {}", server.url)), @r#"
    exit code 2
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    error: the address points elsewhere (a redirect), which is not followed with customers' data
      next: check [target] base_url, or --base-url
    "#);
    let world = World::of(3);
    world.set("[accounts]\non_existing = \"update\"");
    assert_eq!(
        world.code(&format!("run acme --base-url {}", server.url)).0,
        2
    );
    assert_eq!((bakkt.ledger().posts, bakkt.ledger().gets), (0, 0));
}

#[test]
fn nobody_at_home_ends_the_run_and_loses_nothing() {
    let world = World::of(3);
    let line = format!("run acme --base-url {}", nobody());
    assert_snapshot!(world.bakkt(&line), @r#"
    exit code 4
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    3 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    error: 5 failures in a row and not one success between them; the last was: connection refused
      next: when Bakkt can be reached again, run the same command: it goes on where it stopped
    "#);
    assert_snapshot!(world.bakkt("status acme"), @r#"
    exit code 0
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        3
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for
    --- stderr
    "#);
}

#[test]
fn the_reference_dialect_logs_in() {
    let mut world = World::of(2);
    world.set("[target]\ndialect = \"reference\"");
    let bakkt = Bakkt::start(|config| {
        config.dialect = bakkt_sandbox::Dialect::Reference;
        config.logon_id = Some("acme".into());
        config.password = Some("word".into());
    });
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: there is no key for http://127.0.0.1:PORT
      next: set BAKKT_PASSWORD, or name a 0600 file as `key_file` under [target]
    "#);
    world.environment = vec![("BAKKT_PASSWORD".into(), "word".into())];
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: the reference dialect logs in, and there is no logon id
      next: add logon_id = ".." under [target]
    "#);
    world.change(
        "acme/migration.toml",
        "\"reference\"",
        "\"reference\"\nlogon_id = \"acme\"",
    );
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 2);
    let mut world = World::of(2);
    world.set("[target]\ndialect = \"reference\"\nlogon_id = \"acme\"");
    world.environment = vec![("BAKKT_PASSWORD".into(), "other".into())];
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout
    rows read   2    account tasks 2
      ready     2      open        2
      grace     0      held        0
      blocked   0      in doubt    0
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for

    report: acme/report/report.html
    --- stderr
    2 accounts to send, 0 to settle, to http://127.0.0.1:PORT
    time        no limits are set: as fast as Bakkt answers
    error: Bakkt does not know the key (401)
      next: check BAKKT_API_KEY or [target] key_file; of the reference dialect, [target] logon_id and the password
    "#);
}

#[test]
fn a_variable_that_is_empty_or_misspelt_is_told() {
    let mut world = World::of(1);
    let run = "run acme --base-url http://127.0.0.1:1";
    let mut told = |variables: &[(&str, &str)]| {
        let variables = variables.iter();
        world.environment = variables
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        world.bakkt(run)
    };
    let empty = told(&[("BAKKT_API_KEY", " ")]);
    assert!(
        empty.contains("exit code 2") && empty.contains("BAKKT_API_KEY is set, and empty"),
        "{empty}"
    );
    let misspelt = told(&[("BAKKT_APIKEY", "a key")]);
    assert!(
        misspelt.contains("exit code 2") && misspelt.contains("is BAKKT_API_KEY meant?"),
        "{misspelt}"
    );
    assert!(!misspelt.contains("a key "), "{misspelt}");
    world.set("[target]\ndialect = \"reference\"\nlogon_id = \"acme\"");
    world.environment = vec![("BAKKT_PASSWORD".into(), String::new())];
    let empty = world.bakkt(run);
    assert!(
        empty.contains("BAKKT_PASSWORD is set, and empty"),
        "{empty}"
    );
}
