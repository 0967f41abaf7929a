//! What tests that drive the program as a process share: starting it, a sandbox of its own, a migration folder.
//!
//! Owner: the integration tests. Invariants: every child started here dies with its handle; only loopback is spoken to;
//! a wait polls for a condition and gives up loudly, so no clock decides a verdict. Left out on purpose: what is right
//! or wrong about a ledger (`judge`).

pub mod fill;
pub mod gatekeeper;
pub mod judge;
pub mod needles;
pub mod redis;
pub mod small;
#[cfg(feature = "object-storage")]
pub mod stores;
pub mod update;
pub mod workbooks;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A client that talks to servers of this machine only.
pub fn http_client() -> reqwest::Client {
    http_client_builder().build().unwrap()
}

/// The same, for a test that sets more.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    // The client wants to know its cryptography, though nothing here is encrypted. Another test may have said so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// How long a condition may take before the test says that it never came.
const PATIENCE: Duration = Duration::from_secs(180);

/// The key of the program in tests, and of its sandboxes.
pub const KEY: &str = "a-key-for-tests";

/// The program, with none of the caller's credentials.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bakkt-migrate"));
    command
        .env_remove("BAKKT_PASSWORD")
        .env("BAKKT_API_KEY", KEY)
        .env("BAKKT_CUSTODY_KEY", KEY)
        .env_remove("BAKKT_SESSIONS_SECRET")
        .env_remove("BAKKT_WEBHOOK_SECRET")
        .env_remove("BAKKT_SANDBOX_KEY")
        .env_remove("BAKKT_REDIS_PASSWORD")
        .env_remove("RUST_LOG")
        .env("BAKKT_OPERATOR", "A Tester")
        .stdin(Stdio::null());
    command
}

/// The reason that a decision needs, unless one is among the arguments already.
pub fn reason_for(command: &str, more: &[&str]) -> &'static [&'static str] {
    let decides = matches!(command, "replan" | "backfill" | "links");
    // These ask for one themselves.
    let asks = ["--reason", "--accept-new-ids", "--agreements-acknowledged"];
    match decides && !more.iter().any(|argument| asks.contains(argument)) {
        true => &["--reason", "a test"],
        false => &[],
    }
}

/// Says in the chain of a journal that somebody works on it, as a command does that writes: what a test changes there by hand is no
/// alteration then.
pub fn note_work(state: &Path) {
    let journal = bakkt_journal::Journal::open(state).unwrap();
    let kind = bakkt_journal::chain::EntryKind::Work;
    let body = serde_json::json!({"what": "a test"});
    journal
        .append_entry(kind, bakkt_journal::now(), &body)
        .unwrap();
}

/// Polls until `condition` gives something. It rests for longer than it asks, so that what it waits for has the time.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        let asked = Instant::now();
        if let Some(found) = condition() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "this never came: {what}");
        std::thread::sleep(Duration::from_millis(1).max(asked.elapsed() * 2));
    }
}

/// A child that is killed when its handle goes.
pub struct Running(pub Child);

impl Running {
    pub fn start(command: &mut Command) -> Running {
        Running(command.spawn().expect("the program starts"))
    }

    /// SIGKILL; returns when the process is gone.
    pub fn kill(&mut self) {
        self.0.kill().expect("a child can be killed");
        self.0.wait().expect("a child can be waited for");
    }

    /// Its exit code once it has ended by itself.
    pub fn ended(&mut self) -> Option<i32> {
        let status = self.0.try_wait().expect("a child can be asked");
        status.map(|status| status.code().unwrap_or(-1))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A sandbox in a process of its own.
pub struct SandboxProcess {
    _running: Running,
    addr: String,
}

impl SandboxProcess {
    /// Starts one with a configuration, which is kept in `folder`.
    pub fn start(folder: &Path, config: &str) -> SandboxProcess {
        let file = folder.join("sandbox.toml");
        std::fs::write(&file, config).unwrap();
        let mut running = Running::start(
            program()
                .env("BAKKT_SANDBOX_KEY", KEY)
                .args(["sandbox", "--port", "0", "--config"])
                .arg(&file)
                .stdout(Stdio::piped()),
        );
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let addr = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("the sandbox does not listen: {line:?}"))
            .to_owned();
        SandboxProcess {
            _running: running,
            addr,
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// One GET on a connection of its own: status and body. None when it was cut.
    pub fn get(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.addr).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: API-Key {KEY}\r\nConnection: close\r\n\r\n",
            self.addr
        )
        .ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
        Some((status, answer.split_off(head + 4)))
    }

    /// Makes something other than it was sent.
    pub fn tamper(&self, wish: &Value) {
        let body = wish.to_string();
        let addr = self.base_url().replace("http://", "");
        let mut stream = TcpStream::connect(&addr).unwrap();
        write!(
            stream,
            "POST /_tamper HTTP/1.1\r\nHost: {addr}\r\nAuthorization: API-Key {KEY}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{body}: {answer}");
    }

    fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).expect("the sandbox answers");
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).expect("the sandbox answers with JSON")
    }

    /// The ledger's counters.
    pub fn summary(&self) -> Value {
        self.json("/_ledger/summary")
    }

    /// One of them.
    pub fn count(&self, name: &str) -> u64 {
        self.summary()[name].as_u64().expect("a counter")
    }

    /// What custody has made, and every request of it.
    pub fn custody(&self) -> Value {
        self.json("/_ledger/custody")
    }

    /// Everything.
    pub fn ledger(&self) -> judge::Ledger {
        judge::Ledger::read(&self.json("/_ledger"))
    }
}

/// The object that a `--json` command prints, and its exit code.
pub fn json_of(command: &mut Command) -> (Value, i32) {
    let output = command.output().expect("the program starts");
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {} {}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (value, output.status.code().unwrap_or(-1))
}

/// Copies a folder with its links as they are.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry
            .map(|entry| (entry.path(), entry.file_name()))
            .unwrap();
        let kind = std::fs::symlink_metadata(&path).unwrap();
        if name == ".bakkt-migrate" || name == "report" {
            continue;
        }
        if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&path).unwrap(), to.join(name)).unwrap();
        } else if kind.is_dir() {
            copy_folder(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
