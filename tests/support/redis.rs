//! A real Redis (or Valkey) for a test, on a free port of loopback, which ends with its handle.
//!
//! Where none is installed, a test says that it is left out; with TESTS_NEED_REDIS set (`.ci/run` sets it) it fails instead.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use super::{Running, wait_for};

/// A server that keeps every write before it answers, as one for a migration should.
pub struct Redis {
    folder: tempfile::TempDir,
    program: &'static str,
    port: u16,
    running: Option<Running>,
    is_encrypted: bool,
}

impl Redis {
    /// Starts one; `None` where there is none to start.
    pub fn start() -> Option<Redis> {
        Redis::starting(false)
    }

    /// The same over TLS, with the certificate of `tests/fixtures/tls` for 127.0.0.1; `None` also where the server knows no TLS.
    pub fn start_encrypted() -> Option<Redis> {
        Redis::starting(true)
    }

    fn starting(is_encrypted: bool) -> Option<Redis> {
        let is_installed = |name: &&str| {
            let mut asked = Command::new(name);
            asked.arg("--version").stdout(Stdio::null());
            asked.status().is_ok_and(|status| status.success())
        };
        let Some(program) = ["redis-server", "valkey-server"]
            .into_iter()
            .find(is_installed)
        else {
            let needed = std::env::var_os("TESTS_NEED_REDIS").is_some();
            assert!(
                !needed,
                "neither redis-server nor valkey-server is installed"
            );
            println!("left out: neither redis-server nor valkey-server is installed");
            return None;
        };
        (0..20).find_map(|_| {
            let mut redis = Redis {
                folder: tempfile::tempdir().unwrap(),
                program,
                // None of those that the system gives to clients: one that asks for such a port before anybody listens there
                // may be connected with itself.
                port: 15_000 + fastrand::u16(0..15_000),
                running: None,
                is_encrypted,
            };
            redis.starts().then_some(redis)
        })
    }

    /// Its address, for `shared`.
    pub fn url(&self) -> String {
        let scheme = if self.is_encrypted { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Kills it.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts it with what it had written.
    pub fn go_on(&mut self) {
        assert!(self.starts(), "the quota server starts again");
    }

    /// False where the port is taken.
    fn starts(&mut self) -> bool {
        let mut server = Command::new(self.program);
        server
            .args(["--bind", "127.0.0.1"])
            .args(if self.is_encrypted {
                encrypted_on(self.port)
            } else {
                vec!["--port".to_owned(), self.port.to_string()]
            })
            .args([
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
            ])
            .arg("--dir")
            .arg(self.folder.path())
            .stdout(Stdio::null());
        let mut running = Running::start(&mut server);
        let is_up = wait_for("the quota server", || match running.ended() {
            Some(_) => Some(false),
            None => self.answers_ping().then_some(true),
        });
        self.running = Some(running).filter(|_| is_up);
        is_up
    }

    fn answers_ping(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        if self.is_encrypted {
            return true;
        }
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == *b"+PONG"
    }
}

/// Options of a server that is reached over TLS alone.
fn encrypted_on(port: u16) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let file = |name: &str| folder.join(name).display().to_string();
    let options = [
        ("--port", "0".to_owned()),
        ("--tls-port", port.to_string()),
        ("--tls-cert-file", file("good.pem")),
        ("--tls-key-file", file("server_key.pem")),
        ("--tls-ca-cert-file", file("authority.pem")),
        ("--tls-auth-clients", "no".to_owned()),
    ];
    let words = options.into_iter();
    words
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
}
