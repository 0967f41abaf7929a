//! The HTTP client.

use std::error::Error as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::RwLock;

use super::mask::Secrets;
use super::pieces::{Pieces, Upload};
use crate::error::Failure;
use crate::sensitive::Sensitive;
use crate::settings::{Dialect, Target};

/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// How to prove who we are.
#[derive(Debug)]
pub enum Credentials {
    /// Guide dialect.
    Key(SecretString),
    /// Reference dialect: log in, then a token.
    Logon {
        /// The logon id.
        id: String,
        /// The password.
        password: SecretString,
    },
}

/// What came back from one request.
#[derive(Debug)]
pub enum Reply {
    /// A status and a whole body.
    Answer {
        /// HTTP status.
        status: u16,
        /// The `Retry-After` header, if it was a number of seconds.
        retry_after: Option<Duration>,
        /// The body; it repeats customers' data.
        body: Sensitive<Vec<u8>>,
    },
    /// The request did not leave: no connection was made.
    NotSent(&'static str),
    /// The request left or may have left; a whole answer did not come.
    Lost(&'static str),
}

/// A client for one target.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    accounts: String,
    documents: String,
    login: String,
    partners: String,
    dialect: Dialect,
    credentials: Credentials,
    header: RwLock<Option<HeaderValue>>,
    secrets: Secrets,
}

impl Client {
    /// Builds a client; sends nothing.
    pub fn new(
        target: &Target,
        credentials: Credentials,
        timeout: Duration,
        in_flight: usize,
    ) -> anyhow::Result<Client> {
        let base_url = &target.base_url;
        let http = reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .https_only(!crate::settings::is_stand_in(base_url))
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .pool_max_idle_per_host(in_flight * 2)
            .tcp_nodelay(true)
            .user_agent(concat!("bakkt-migrate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::cannot(format!("cannot set up HTTP: {error}"), ""))?;
        let header = match &credentials {
            Credentials::Key(key) => {
                Some(secret_header(&format!("API-Key {}", key.expose_secret()))?)
            }
            Credentials::Logon { .. } => None,
        };
        let secrets = Secrets::default();
        match &credentials {
            Credentials::Key(key) => secrets.add(key.expose_secret()),
            Credentials::Logon { id, password } => {
                secrets.add(id);
                secrets.add(password.expose_secret());
            }
        }
        let api = format!("{base_url}/apex-crypto/api/v2");
        Ok(Client {
            http,
            accounts: format!("{api}/accounts"),
            documents: format!("{api}/documents"),
            dialect: target.dialect,
            login: format!("{api}/login"),
            partners: format!("{base_url}/partner/v1/partner"),
            credentials,
            header: RwLock::new(header),
            secrets,
        })
    }

    /// What no answer that is kept may repeat of how we prove who we are.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Creates or updates an account.
    pub async fn create(&self, payload: Sensitive<Vec<u8>>) -> Reply {
        let request = self
            .http
            .post(&self.accounts)
            .header(CONTENT_TYPE, "application/json");
        self.send(request.body(payload.into_revealed())).await
    }

    /// Reads an account.
    pub async fn lookup(&self, client_id: &str) -> Reply {
        self.send(
            self.http
                .get(format!("{}/{}", self.accounts, encode(client_id))),
        )
        .await
    }

    /// Reads an account's opening status.
    pub async fn status(&self, client_id: &str) -> Reply {
        let url = format!("{}/{}/status", self.accounts, encode(client_id));
        self.send(self.http.get(url)).await
    }

    /// Reads the metadata of all documents of an account.
    pub async fn account_documents(&self, client_id: &str) -> Reply {
        let id = encode(client_id);
        let url = format!("{}/{id}/accountDocumentMetadata", self.documents);
        self.send(self.http.get(url)).await
    }

    /// Reads a document's content: what a 200 brings goes to `take`, piece by piece, and not into the reply.
    pub async fn download(
        &self,
        uuid: &str,
        timeout: Duration,
        take: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Reply {
        let url = format!("{}/{}", self.documents, encode(uuid));
        self.exchange(self.http.get(url).timeout(timeout), Some(take))
            .await
    }

    /// Uploads a document; `true`: its file was not the planned one, so its last piece never left.
    pub async fn upload(&self, upload: Upload, timeout: Duration) -> (Reply, bool) {
        let (file_part, metadata_part) = match self.dialect {
            Dialect::Guide => ("file", "request"),
            Dialect::Reference => ("document", "metadata"),
        };
        let (pieces, changed) = Pieces::start(upload.file, upload.size, upload.is_planned).await;
        let Some(pieces) = pieces else {
            return (
                Reply::NotSent("the file could not be read"),
                changed.load(Ordering::Acquire),
            );
        };
        let file = Part::stream_with_length(reqwest::Body::wrap_stream(pieces), upload.size)
            .file_name(upload.file_name)
            .mime_str(upload.content_type);
        let mut metadata = Part::bytes(upload.metadata.into_revealed());
        if self.dialect == Dialect::Guide {
            metadata = match metadata.mime_str("application/json") {
                Ok(part) => part,
                Err(_) => return (Reply::NotSent("the request could not be built"), false),
            };
        }
        let Ok(file) = file else {
            return (Reply::NotSent("the request could not be built"), false);
        };
        let form = Form::new()
            .part(metadata_part, metadata)
            .part(file_part, file);
        let request = self.http.post(&self.documents).timeout(timeout);
        let reply = self.send(request.multipart(form)).await;
        (reply, changed.load(Ordering::Acquire))
    }

    /// Reads a document's metadata.
    pub async fn metadata(&self, uuid: &str) -> Reply {
        self.send(
            self.http
                .get(format!("{}/{}/metadata", self.documents, encode(uuid))),
        )
        .await
    }

    /// Triggers KYB screening.
    pub async fn trigger_kyb(&self, client_id: &str) -> Reply {
        let url = format!(
            "{}/triggerKYBScreening/{}",
            self.accounts,
            encode(client_id)
        );
        // An explicit length: some servers refuse a POST without one.
        let request = self.http.post(url).header(CONTENT_LENGTH, "0");
        self.send(request).await
    }

    /// Asks for the link by which a customer verifies a document.
    pub async fn verification_link(&self, partner_id: &str, client_id: &str) -> Reply {
        let url = format!(
            "{}/{}/party/{}/kyc/documentVerificationDetails",
            self.partners,
            encode(partner_id),
            encode(client_id)
        );
        self.send(self.http.get(url)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        self.exchange(request, None).await
    }

    async fn exchange(&self, request: reqwest::RequestBuilder, take: Option<Take<'_>>) -> Reply {
        let header = match self.header().await {
            Ok(header) => header,
            Err(reply) => return reply,
        };
        let reply = receive(request.header(AUTHORIZATION, header.clone()), take).await;
        if matches!(reply, Reply::Answer { status: 401, .. })
            && matches!(self.credentials, Credentials::Logon { .. })
        {
            // The token ran out, and the request was not taken: a new token, and the caller's retry.
            let mut current = self.header.write().await;
            if current.as_ref() == Some(&header) {
                *current = None;
                return Reply::NotSent("the token ran out");
            }
            return Reply::NotSent("the token was renewed meanwhile");
        }
        reply
    }

    /// The header that proves who we are; logs in where that is needed.
    async fn header(&self) -> Result<HeaderValue, Reply> {
        if let Some(header) = self.header.read().await.as_ref() {
            return Ok(header.clone());
        }
        let mut current = self.header.write().await;
        if let Some(header) = current.as_ref() {
            return Ok(header.clone());
        }
        let header = self.log_in().await?;
        *current = Some(header.clone());
        Ok(header)
    }

    async fn log_in(&self) -> Result<HeaderValue, Reply> {
        let Credentials::Logon { id, password } = &self.credentials else {
            return Err(Reply::NotSent("no credentials"));
        };
        let body =
            serde_json::json!({"logonId": id, "password": password.expose_secret()}).to_string();
        let request = self
            .http
            .post(&self.login)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        match receive(request, None).await {
            Reply::Answer {
                status: 200, body, ..
            } => {
                let token = serde_json::from_slice::<serde_json::Value>(body.reveal())
                    .ok()
                    .and_then(|value| value.get("token")?.as_str().map(str::to_owned));
                token
                    .and_then(|token| {
                        self.secrets.add(&token);
                        secret_header(&token).ok()
                    })
                    .ok_or(Reply::NotSent("the log-in answered without a token"))
            }
            // A refused log-in stops the run, as a refused key does.
            reply @ Reply::Answer {
                status: 401 | 403, ..
            } => Err(match reply {
                Reply::Answer {
                    retry_after, body, ..
                } => Reply::Answer {
                    status: 401,
                    retry_after,
                    body,
                },
                other => other,
            }),
            Reply::Answer { .. } => Err(Reply::NotSent("the log-in failed")),
            // Nothing of the customer has left.
            Reply::NotSent(_) | Reply::Lost(_) => {
                Err(Reply::NotSent("no log-in: the connection failed"))
            }
        }
    }
}

/// Where the content of a 200 goes.
type Take<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

async fn receive(request: reqwest::RequestBuilder, mut take: Option<Take<'_>>) -> Reply {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(&error),
    };
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(|seconds: u64| Duration::from_secs(seconds.min(3600)));
    let mut body = Vec::new();
    loop {
        match (response.chunk().await, &mut take) {
            (Ok(Some(chunk)), Some(take)) if status == 200 => take(&chunk),
            (Ok(Some(chunk)), _) if body.len() + chunk.len() <= LONGEST_ANSWER => {
                body.extend_from_slice(&chunk)
            }
            (Ok(Some(_)), _) => return Reply::Lost("answer too long"),
            (Ok(None), _) => {
                return Reply::Answer {
                    status,
                    retry_after,
                    body: Sensitive::new(body),
                };
            }
            // A status whose body was cut still says that nothing was taken, where it says so at all.
            (Err(_), _) if matches!(status, 429 | 401) => {
                return Reply::Answer {
                    status,
                    retry_after,
                    body: Sensitive::new(Vec::new()),
                };
            }
            (Err(error), _) if error.is_timeout() => return Reply::Lost("timeout"),
            (Err(_), _) => return Reply::Lost("answer cut off"),
        }
    }
}

/// Connection refused and name not found are "not sent"; everything else may have left.
fn failed(error: &reqwest::Error) -> Reply {
    if error.is_connect() {
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(io) = inner.downcast_ref::<std::io::Error>() {
                return Reply::NotSent(match io.kind() {
                    std::io::ErrorKind::ConnectionRefused => "connection refused",
                    std::io::ErrorKind::TimedOut => "no connection in time",
                    _ => "no connection",
                });
            }
            cause = inner.source();
        }
        return Reply::NotSent("no connection");
    }
    if error.is_builder() {
        return Reply::NotSent("the request could not be built");
    }
    Reply::Lost(if error.is_timeout() {
        "timeout"
    } else {
        "connection reset"
    })
}

fn secret_header(text: &str) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::configuration(
            "the API key holds characters that no header can carry",
            "copy the key again, without line breaks",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Percent-encodes everything but unreserved characters.
fn encode(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len() + 8);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
