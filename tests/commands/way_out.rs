//! The way to Bakkt through a firm's proxy, and whom it makes the program trust.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use super::refusing::tls;
use super::world::{Bakkt, World, nobody, read_request};

/// A proxy that lets everybody through who says who they are, if they must; with the heads of what it was asked.
fn proxy(must_say: bool) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, heads) = channel();
    // Ends with the test process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let head = read_request(&mut reader);
            told.send(head.clone()).unwrap();
            let mut client = reader.into_inner();
            if must_say && !head.to_lowercase().contains("proxy-authorization:") {
                let answer =
                    "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
                client.write_all(answer.as_bytes()).unwrap();
                continue;
            }
            let address = head.split(' ').nth(1).unwrap().to_owned();
            let server = TcpStream::connect(address).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                std::thread::spawn(move || pass_on(from, to));
            }
        }
    });
    (url, heads)
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

fn authority() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    folder.join("authority.pem").display().to_string()
}

/// What a run says that goes through a proxy to a server with a certificate of the firm's own authority.
fn run(target: &str, credentials: Option<&str>) -> String {
    let (_runtime, url) = tls("good.pem");
    let mut world = World::of(1);
    world.set("[accounts]\non_existing = \"update\"");
    world.set(&format!("[target]\n{target}"));
    if let Some(credentials) = credentials {
        let variable = ("BAKKT_PROXY_CREDENTIALS".into(), credentials.into());
        world.environment.push(variable);
    }
    world.bakkt(&format!("run acme --base-url {url} --yes"))
}

#[test]
fn requests_leave_through_the_proxy_and_say_nothing_to_it() {
    let (url, heads) = proxy(true);
    let target = format!("proxy = \"{url}\"\nca_file = \"{}\"", authority());
    let shown = run(&target, Some("acme:secret"));
    // The server has no accounts: it was reached, and its certificate is trusted.
    assert!(shown.contains("there is no account service"), "{shown}");
    let heads: Vec<String> = heads.try_iter().collect();
    assert!(!heads.is_empty());
    for head in heads {
        assert!(head.starts_with("CONNECT 127.0.0.1:"), "{head}");
        // acme:secret
        assert!(head.contains("Basic YWNtZTpzZWNyZXQ="), "{head}");
        assert!(!head.contains("API-Key"), "{head}");
    }
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn what_is_wrong_with_the_way_is_told() {
    let (url, _heads) = proxy(true);
    let trusted = format!("ca_file = \"{}\"", authority());
    let lost = nobody();
    for (target, credentials, says) in [
        (format!("proxy = \"{url}\""), Some("acme:secret"), "ca_file"),
        (
            format!("proxy = \"{url}\"\n{trusted}"),
            None,
            "the proxy does not know you",
        ),
        (
            format!("proxy = \"{lost}\"\n{trusted}"),
            None,
            "connection refused",
        ),
        (
            format!("proxy = \"{url}\"\n{trusted}"),
            Some("acme"),
            "it holds user:password",
        ),
        (trusted.clone(), Some("acme:secret"), "no proxy is"),
        (
            "proxy = \"http://proxy\"".to_owned(),
            None,
            "its host (proxy) and a port",
        ),
        (
            "proxy = \"http://acme:secret@proxy:8080\"".to_owned(),
            None,
            "BAKKT_PROXY_CREDENTIALS",
        ),
        ("ca_file = \"acme/none.pem\"".to_owned(), None, "none.pem"),
        (
            "ca_file = \"export.csv\"".to_owned(),
            None,
            "there is no certificate in it",
        ),
    ] {
        let shown = run(&target, credentials);
        assert!(shown.contains(says), "{target}: {shown}");
    }
}

#[test]
fn a_stand_in_is_reached_straight() {
    let bakkt = Bakkt::start(|_| {});
    let world = World::of(3);
    world.set(&format!("[target]\nproxy = \"{}\"", nobody()));
    let shown = world.bakkt(&bakkt.run(""));
    assert!(shown.starts_with("exit code 0"), "{shown}");
}
