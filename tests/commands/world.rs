//! Folders, the binary, the sandbox, and servers that misbehave in one way each.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use bakkt_sandbox::{Config, LedgerSummary, Sandbox};
use regex::Regex;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The header of every export here.
pub const HEADER: &str = "ID,EMAIL,FIRST,LAST,BORN,SSN,CITY,PHONE";

const MAPPING: &str = r#"account_type = "INDIVIDUAL"

[fields]
clientAccountId = "ID"
"owners[0].role" = { const = "PRIMARY_OWNER" }
"owners[0].emailAddress" = "EMAIL"
"owners[0].phoneNumber" = "PHONE"
"owners[0].identity.givenName" = "FIRST"
"owners[0].identity.familyName" = "LAST"
"owners[0].identity.dateOfBirth" = "BORN"
"owners[0].identity.taxId" = "SSN"
"owners[0].identity.taxIdType" = { const = "SSN", when = "SSN" }
"owners[0].identity.personalAddress.streetAddress" = { const = "12 Sample Road" }
"owners[0].identity.personalAddress.city" = "CITY"
"owners[0].identity.personalAddress.state" = { const = "TX" }
"owners[0].identity.personalAddress.postalCode" = { const = "73301" }
"owners[0].identity.personalAddress.country" = { const = "USA" }
"#;

const SETTINGS: &str = r#"[source]
file = "export.csv"
mapping = "mapping.toml"

[limits]
create = "unlimited"
lookup = "unlimited"

[retry]
request_timeout = "60s"
settle_after = "61s"
backoff_first = "1ms"
backoff_most = "2ms"
breaker = 5

# The rows are all of one person.
[findings]
same_person = "silence"
default_birth_date = "silence"

[policy]
"owners[].agreements" = { level = "O", reason = "not asked for here" }
"owners[].identity.employment" = { level = "O", reason = "not asked for here" }
investmentProfile = { level = "O", reason = "not asked for here" }

[accounts]
allow_unissued_tax_ids = true
"#;

/// The binary under test. Cargo sets the variable when it runs tests; the fallback is where it built the binary.
pub fn binary() -> OsString {
    std::env::var_os("CARGO_BIN_EXE_bakkt-migrate")
        .unwrap_or_else(|| env!("CARGO_BIN_EXE_bakkt-migrate").into())
}

/// A complete customer.
pub fn row(id: &str) -> String {
    format!("{id},ann@example.com,Ann,Example,1980-02-03,987001234,Austin,+15125550142")
}

/// A customer with a gap.
pub fn gap(id: &str) -> String {
    format!("{id},ann@example.com,Ann,Example,1980-02-03,987001234,Austin,")
}

/// A customer who cannot be sent.
pub fn blocked(id: &str) -> String {
    format!("{id},,Ann,Example,1980-02-03,987001234,Austin,+15125550142")
}

/// A folder `acme` in a folder of its own, where commands are run.
pub struct World {
    place: TempDir,
    /// Environment for the binary.
    pub environment: Vec<(String, String)>,
}

impl World {
    /// A migration of these rows, with a key in the environment.
    pub fn new(rows: &[String]) -> World {
        let world = World {
            place: tempfile::tempdir().unwrap(),
            environment: vec![
                ("BAKKT_API_KEY".into(), "a key".into()),
                ("BAKKT_OPERATOR".into(), "A Tester".into()),
            ],
        };
        fs::create_dir(world.path("acme")).unwrap();
        world.write("acme/migration.toml", SETTINGS);
        world.write("acme/mapping.toml", MAPPING);
        world.export(rows);
        world
    }

    /// So many complete customers, `A-1` and so on.
    pub fn of(count: usize) -> World {
        let rows: Vec<String> = (1..=count).map(|n| row(&format!("A-{n}"))).collect();
        World::new(&rows)
    }

    /// A copy of it all, in a place of its own.
    pub fn copy(&self) -> World {
        let copy = World {
            place: tempfile::tempdir().unwrap(),
            environment: self.environment.clone(),
        };
        let done = Command::new("cp")
            .arg("-a")
            .arg(self.place.path().join("."))
            .arg(copy.place.path())
            .status();
        assert!(done.unwrap().success());
        copy
    }

    /// A path in the place where commands are run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Writes the export.
    pub fn export(&self, rows: &[String]) {
        self.write(
            "acme/export.csv",
            &format!("{HEADER}\n{}\n", rows.join("\n")),
        );
    }

    /// Replaces a text of a file; it must be there.
    pub fn change(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} holds no {from}");
        self.write(name, &text.replace(from, to));
    }

    /// Adds settings at the end.
    pub fn set(&self, more: &str) {
        let text = self.read("acme/migration.toml");
        // That table is there already.
        if let Some(line) = more.strip_prefix("[accounts]\n") {
            let with = format!("[accounts]\n{line}");
            return self.change("acme/migration.toml", "[accounts]", &with);
        }
        self.write("acme/migration.toml", &format!("{text}\n{more}\n"));
    }

    pub fn no_key(&mut self) {
        self.environment.retain(|(name, _)| name != "BAKKT_API_KEY");
    }

    /// The binary, ready to be started in the place.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .current_dir(self.place.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary: what it printed, and its exit code.
    pub fn bakkt(&self, line: &str) -> String {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        shown(&self.command(&arguments).output().unwrap())
    }

    /// Runs the binary: exit code and stdout.
    pub fn code(&self, line: &str) -> (i32, String) {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = self.command(&arguments).output().unwrap();
        (
            output.status.code().unwrap_or(-1),
            String::from_utf8(output.stdout).unwrap(),
        )
    }

    /// Every file below the place, sorted.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        list(self.place.path(), self.place.path(), &mut files);
        files.sort();
        files
    }
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

/// Exit code, stdout and stderr as one text; ports are no part of it.
pub fn shown(output: &Output) -> String {
    let code = output
        .status
        .code()
        .map_or("none".to_owned(), |code| code.to_string());
    let text = format!(
        "exit code {code}\n--- stdout\n{}\n--- stderr\n{}",
        String::from_utf8_lossy(&output.stdout).trim_end(),
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    let ports = Regex::new(r"127\.0\.0\.1:[0-9]+").unwrap();
    ports.replace_all(&text, "127.0.0.1:PORT").into_owned()
}

/// A sandbox that runs while this lives.
pub struct Bakkt {
    sandbox: Sandbox,
    _runtime: Runtime,
}

impl Bakkt {
    /// Starts it with some settings.
    pub fn start(set: impl FnOnce(&mut Config)) -> Bakkt {
        let runtime = Runtime::new().unwrap();
        let mut config = Config {
            key: Some("a key".to_owned()),
            ..Config::default()
        };
        set(&mut config);
        let sandbox = runtime.block_on(Sandbox::start(config, 0)).unwrap();
        Bakkt {
            sandbox,
            _runtime: runtime,
        }
    }

    pub fn url(&self) -> String {
        self.sandbox.base_url()
    }

    /// `run acme --base-url …` and more.
    pub fn run(&self, more: &str) -> String {
        format!("run acme --base-url {} {more}", self.url())
    }

    pub fn ledger(&self) -> LedgerSummary {
        self.sandbox.ledger()
    }

    /// Every request, as the sandbox tells it.
    pub fn whole_ledger(&self) -> serde_json::Value {
        let mut stream = TcpStream::connect(self.sandbox.addr()).unwrap();
        write!(
            stream,
            "GET /_ledger HTTP/1.1\r\nHost: {}\r\nAuthorization: API-Key a key\r\nConnection: close\r\n\r\n",
            self.sandbox.addr()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }
}

/// A server that gives every request the same answer; an empty one means that it never answers.
pub struct Server {
    pub url: String,
    /// One message per request that came.
    pub requests: std::sync::mpsc::Receiver<()>,
}

impl Server {
    /// Gives every request the same answer; keeps it waiting where that is empty.
    pub fn start(answer: &'static str) -> Server {
        Server::answering(move |_| answer.to_owned())
    }

    /// Gives each request, one after the other, the answer that is made of its body.
    pub fn answering(answer: impl Fn(&[u8]) -> String + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (told, requests) = std::sync::mpsc::channel();
        let answering = Arc::new(Mutex::new((answer, Vec::new())));
        // Ends with the test process. A connection that is open and says nothing holds up no other.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (answering, told) = (answering.clone(), told.clone());
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    let (head, body) = read_whole_request(&mut reader);
                    if head.is_empty() {
                        return;
                    }
                    let (answer, kept) = &mut *answering.lock().unwrap();
                    let _ = told.send(());
                    match answer(&body).as_str() {
                        "" => kept.push(reader),
                        answer => {
                            let _ = reader.get_mut().write_all(answer.as_bytes());
                        }
                    }
                });
            }
        });
        Server { url, requests }
    }
}

/// Reads one whole request and gives its head back.
///
/// The body is read to its end: closing a connection with bytes unread resets it, and the client may lose the answer
/// that was written before.
pub fn read_request(reader: &mut BufReader<TcpStream>) -> String {
    read_whole_request(reader).0
}

/// The same, with the body.
pub fn read_whole_request(reader: &mut BufReader<TcpStream>) -> (String, Vec<u8>) {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    (head, body)
}

/// The address of a port where nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
