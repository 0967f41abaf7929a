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
}

impl Redis {
    /// Starts one; `None` where there is none to start.
    pub fn start() -> Option<Redis> {
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
            };
            redis.starts().then_some(redis)
        })
    }

    /// Its address, for `shared`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
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
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
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
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer == *b"+PONG"
    }
}
