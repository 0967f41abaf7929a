//! What the tests of events share: the receiver as a process, a sender that keeps its connection, bodies and their
//! signatures, and a look into events.db.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::Connection;

use crate::support::{Running, program};

pub const SECRET: &str = "webhook-secret-8fK2vRw1";

/// A migration folder with nothing in it but settings.
pub fn folder(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[source]\nfile = \"export.csv\"\nmapping = \"mapping.toml\"\n{settings}");
    std::fs::write(folder.path().join("migration.toml"), text).unwrap();
    folder
}

/// `events` with the secret in its environment.
pub fn events(arguments: &[&str], dir: &Path) -> Command {
    let mut command = program();
    command.env("BAKKT_WEBHOOK_SECRET", SECRET);
    command.args(["-vv", "events", arguments[0]]).arg(dir);
    command.args(&arguments[1..]);
    command
}

/// A receiver in a process of its own.
pub struct Receiver {
    pub running: Running,
    pub addr: String,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Receiver {
    /// Starts one, on this port or a free one.
    pub fn start(command: &mut Command, port: u16) -> Receiver {
        command
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut running = Running::start(command);
        let mut stdout = BufReader::new(running.0.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let addr = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("the receiver does not listen: {line:?}"))
            .to_owned();
        Receiver {
            running,
            addr,
            stdout,
        }
    }

    pub fn port(&self) -> u16 {
        self.addr.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn sender(&self) -> Sender {
        Sender::new(self.addr.clone())
    }

    /// Ctrl-C; the exit code, and what it said at the end.
    pub fn stop(mut self) -> (i32, String) {
        let id = self.running.0.id().to_string();
        let told = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(told.success());
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        let status = self.running.0.wait().unwrap();
        (status.code().unwrap_or(-1), said)
    }
}

/// A client that keeps its connection for as long as it lasts.
pub struct Sender {
    addr: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Sender {
    pub fn new(addr: String) -> Sender {
        Sender {
            addr,
            connection: None,
        }
    }

    /// One signed event; the status, or None when nobody answered.
    pub fn event(&mut self, body: &str) -> Option<u16> {
        self.post("/", &[("X-Bakkt-Signature", &hex(body))], body.as_bytes())
    }

    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<u16> {
        self.send("POST", path, headers, body)
    }

    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<u16> {
        let status = self.exchange(method, path, headers, body).ok();
        if status.is_none() {
            self.connection = None;
        }
        status
    }

    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<u16> {
        if self.connection.is_none() {
            let stream = TcpStream::connect(&self.addr)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            self.connection = Some(BufReader::new(stream));
        }
        let connection = self.connection.as_mut().unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.addr);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        connection.get_mut().write_all(&bytes)?;
        let (status, ends) = answer(connection)?;
        if ends {
            self.connection = None;
        }
        Ok(status)
    }
}

/// Reads one answer to its end; and whether the connection ends behind it.
fn answer(connection: &mut BufReader<TcpStream>) -> std::io::Result<(u16, bool)> {
    let cut = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let status = line.get(9..12).and_then(|code| code.parse().ok());
    let (mut length, mut ends) = (0, false);
    loop {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(cut());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        ends |= line.trim_end().eq_ignore_ascii_case("connection: close");
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    status.map(|status| (status, ends)).ok_or_else(cut)
}

pub fn mac(body: &str) -> Vec<u8> {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.chain_update(body).finalize().into_bytes().to_vec()
}

/// The signature of a body, as the default settings want it.
pub fn hex(body: &str) -> String {
    data_encoding::HEXLOWER.encode(&mac(body))
}

/// The body of an event.
pub fn body(request: &str, account: &str, status: &str, reason: &str) -> String {
    serde_json::json!({
        "requestId": request,
        "partnerPartyRef": account,
        "partnerWebhookType": "PARTY_EVENT",
        "partyStatus": status,
        "reasonCode": reason,
    })
    .to_string()
}

pub fn state(dir: &Path) -> PathBuf {
    dir.join(".bakkt-migrate")
}

/// events.db of a state folder.
pub fn database(state: &Path) -> Connection {
    Connection::open(state.join("events.db")).unwrap()
}

/// The rows of a question, every one as a line.
pub fn lines(database: &Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells: rusqlite::Result<Vec<String>> = (0..columns)
            .map(|column| {
                let value: rusqlite::types::Value = row.get(column)?;
                Ok(match value {
                    rusqlite::types::Value::Null => "-".to_owned(),
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Text(text) => text,
                    other => format!("{other:?}"),
                })
            })
            .collect();
        Ok(cells?.join(" "))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
