//! Real servers of object storages for a test: moto (S3), Azurite (Azure), fake-gcs-server (Google), on free ports of loopback, each
//! ended with its handle.
//!
//! `scripts/test-tools.sh` installs them into `target/test-tools`. Where one is missing, a test says that it is left out; with
//! TESTS_NEED_OBJECT_STORES set (`.ci/run` sets it) it fails instead. Left out on purpose: servers that lie (`objects::hostile`).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Running, wait_for};

/// Which storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    S3,
    Azure,
    Google,
}

/// The name of every bucket and container.
pub const BUCKET: &str = "delivered";

/// What must be seen nowhere.
pub const SECRET: &str = "a-secret-of-the-storage";

/// The account of Azurite, and its key, which its handbook prints.
const ACCOUNT: &str = "devstoreaccount1";
const ACCOUNT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A server with an empty bucket.
pub struct Store {
    pub kind: Kind,
    folder: tempfile::TempDir,
    port: u16,
    _running: Running,
}

fn installed(kind: Kind) -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools");
    let program = tools.join(match kind {
        Kind::S3 => "python/bin/moto_server",
        Kind::Azure => "node_modules/.bin/azurite-blob",
        Kind::Google => "fake-gcs-server",
    });
    if program.exists() {
        return Some(program);
    }
    let is_needed = std::env::var_os("TESTS_NEED_OBJECT_STORES").is_some();
    assert!(!is_needed, "{} is not installed", program.display());
    println!(
        "left out: {} is not installed (scripts/test-tools.sh)",
        program.display()
    );
    None
}

impl Store {
    /// Starts one; `None` where it is not installed.
    pub fn start(kind: Kind) -> Option<Store> {
        let program = installed(kind)?;
        let store = (0..20).find_map(|_| {
            let port = 15_000 + fastrand::u16(0..15_000);
            let folder = tempfile::tempdir().unwrap();
            let (port_text, location) = (port.to_string(), folder.path().display().to_string());
            let host = format!("127.0.0.1:{port}");
            let mut server = Command::new(&program);
            server.args(match kind {
                Kind::S3 => vec!["-H", "127.0.0.1", "-p", &port_text],
                Kind::Azure => vec![
                    "--blobHost",
                    "127.0.0.1",
                    "--blobPort",
                    &port_text,
                    "--location",
                    &location,
                    "--silent",
                    "--skipApiVersionCheck",
                    "--disableTelemetry",
                ],
                Kind::Google => vec![
                    "-scheme",
                    "http",
                    "-host",
                    "127.0.0.1",
                    "-port",
                    &port_text,
                    "-backend",
                    "memory",
                    "-public-host",
                    &host,
                ],
            });
            let log = std::fs::File::create(folder.path().join("log")).unwrap();
            server
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log);
            let mut running = Running::start(&mut server);
            let is_up = wait_for("the object storage", || match running.ended() {
                Some(_) => Some(false),
                None => TcpStream::connect(("127.0.0.1", port)).ok().map(|_| true),
            });
            is_up.then_some(Store {
                kind,
                folder,
                port,
                _running: running,
            })
        });
        let store = store.expect("an object storage starts");
        store.make_bucket();
        Some(store)
    }

    /// `s3://bucket/` and a key.
    pub fn url(&self, key: &str) -> String {
        let scheme = match self.kind {
            Kind::S3 => "s3",
            Kind::Azure => "az",
            Kind::Google => "gs",
        };
        format!("{scheme}://{BUCKET}/{key}")
    }

    /// Variables by which the program finds it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let address = format!("http://127.0.0.1:{}", self.port);
        match self.kind {
            Kind::S3 => s3_variables(&address),
            Kind::Azure => vec![
                ("AZURE_STORAGE_USE_EMULATOR", "true".to_owned()),
                ("AZURITE_BLOB_STORAGE_URL", address),
            ],
            Kind::Google => vec![
                ("GOOGLE_BASE_URL", address),
                ("GOOGLE_SKIP_SIGNATURE", "true".to_owned()),
                ("GOOGLE_ALLOW_HTTP", "true".to_owned()),
            ],
        }
    }

    /// What the server wrote of its requests.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// How often an object was read, as far as its server says.
    pub fn reads(&self, key: &str) -> usize {
        let request = format!("GET /{BUCKET}/{key} ");
        self.log().matches(&request).count()
    }

    fn make_bucket(&self) {
        let (status, answer) = match self.kind {
            Kind::S3 => self.ask("PUT", &format!("/{BUCKET}"), &[], b""),
            Kind::Google => self.ask(
                "POST",
                "/storage/v1/b?project=test",
                &[("Content-Type", "application/json")],
                format!("{{\"name\":\"{BUCKET}\"}}").as_bytes(),
            ),
            Kind::Azure => self.ask_azure(&format!("/{BUCKET}"), "?restype=container", b""),
        };
        assert!(matches!(status, 200 | 201), "{status} {answer}");
    }

    /// Stores an object.
    pub fn put(&self, key: &str, content: &[u8]) {
        // Without a signature moto lets nobody replace an object; what it says is not looked at.
        let signature = "AWS4-HMAC-SHA256 Credential=test/20261130/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x";
        let plain = [
            ("Content-Type", "application/octet-stream"),
            ("Authorization", signature),
        ];
        let (status, answer) = match self.kind {
            Kind::S3 => self.ask("PUT", &format!("/{BUCKET}/{key}"), &plain, content),
            Kind::Google => {
                let path = format!(
                    "/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={}",
                    key.replace('/', "%2F")
                );
                self.ask("POST", &path, &plain, content)
            }
            Kind::Azure => self.ask_azure(&format!("/{BUCKET}/{key}"), "", content),
        };
        assert!(matches!(status, 200 | 201), "{status} {answer}");
    }

    /// Stores every file below a folder under a prefix.
    pub fn put_folder(&self, prefix: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let key = format!("{prefix}/{name}");
            // A link is what it leads to, as a person copies a folder; one that leads nowhere is nothing.
            if path.is_dir() {
                self.put_folder(&key, &path);
            } else if let Ok(content) = std::fs::read(&path) {
                self.put(&key, &content);
            }
        }
    }

    /// A request that Azurite lets its account make.
    fn ask_azure(&self, path: &str, query: &str, content: &[u8]) -> (u16, String) {
        let path = format!("/{ACCOUNT}{path}");
        let date = jiff::fmt::rfc2822::DateTimePrinter::new();
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let date = date.zoned_to_string(&now).unwrap().replace("+0000", "GMT");
        let is_blob = query.is_empty();
        let kind = if is_blob {
            "x-ms-blob-type:BlockBlob\n"
        } else {
            ""
        };
        let length = match content.len() {
            0 => String::new(),
            length => length.to_string(),
        };
        let resource = match is_blob {
            true => path.clone(),
            false => format!("{path}\nrestype:container"),
        };
        let signed = format!(
            "PUT\n\n\n{length}\n\napplication/octet-stream\n\n\n\n\n\n\n{kind}x-ms-date:{date}\nx-ms-version:2021-08-06\n/{ACCOUNT}{resource}"
        );
        let key = BASE64.decode(ACCOUNT_KEY.as_bytes()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(signed.as_bytes());
        let signature = BASE64.encode(&mac.finalize().into_bytes());
        let authorization = format!("SharedKey {ACCOUNT}:{signature}");
        let mut headers = vec![
            ("Content-Type", "application/octet-stream"),
            ("x-ms-date", &date),
            ("x-ms-version", "2021-08-06"),
            ("Authorization", &authorization),
        ];
        if is_blob {
            headers.push(("x-ms-blob-type", "BlockBlob"));
        }
        self.ask("PUT", &format!("{path}{query}"), &headers, content)
    }

    /// One request on a connection of its own: status and answer.
    fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        content: &[u8],
    ) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            content.len()
        )
        .unwrap();
        stream.write_all(content).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        (status.unwrap_or(0), answer)
    }
}

/// Variables of a storage that speaks S3.
pub fn s3_variables(address: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", address.to_owned()),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
    ]
}
