//! The HTTP client.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT,
};
use hyper::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::RwLock;

use super::body::{Body, FilePart, Metadata};
use super::connection::{Connections, Line, NoAnswer, NoConnection, Reserved};
use super::mask::Secrets;
use super::pieces::{Pieces, Upload};
use super::retry_after::retry_after;
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
        /// How long the server asks to wait, by its `Retry-After`.
        retry_after: Option<Duration>,
        /// The body; it repeats customers' data.
        body: Sensitive<Vec<u8>>,
    },
    /// The request did not leave: no connection was made.
    NotSent(&'static str),
    /// It did not leave, because the server's certificate was refused: what is wrong with that.
    NotTrusted(&'static str),
    /// It did not leave, because the log-in was refused, with this status.
    NoLogIn(u16),
    /// The request left or may have left; a whole answer did not come.
    Lost(&'static str),
    /// An answer that says that nothing was taken, on a connection that had served other requests before: it may be an
    /// answer to one of those. It counts for nothing until [`Client::confirm`] or [`Client::listen`] has shown whose it is.
    Unproven(Box<Unproven>),
}

impl Reply {
    /// The status of an answer, proven or not, with the wish for a pause.
    pub fn status(&self) -> Option<(u16, Option<Duration>)> {
        match self {
            Reply::Answer {
                status,
                retry_after,
                ..
            } => Some((*status, *retry_after)),
            Reply::Unproven(unproven) => unproven.answer.status(),
            _ => None,
        }
    }
}

/// See [`Reply::Unproven`].
#[derive(Debug)]
pub struct Unproven {
    answer: Reply,
    line: Line,
}

impl Unproven {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        self.answer.status().map_or(0, |(status, _)| status)
    }
}

/// Which connection a request goes out on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One that is kept, or a new one where there is none.
    Kept,
    /// A new one: its answer is certainly the answer to this request.
    New,
}

/// What is asked to confirm an answer.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// An account, by its clientAccountId.
    Account(&'a str),
    /// A document's metadata, by its UUID.
    Document(&'a str),
}

/// A client for one target.
#[derive(Debug)]
pub struct Client {
    connections: Connections,
    host: HeaderValue,
    timeout: Duration,
    accounts: String,
    documents: String,
    login: String,
    partners: String,
    dialect: Dialect,
    credentials: Credentials,
    header: RwLock<Option<HeaderValue>>,
    secrets: Secrets,
}

/// One request that is to be made.
struct Call<'a> {
    method: Method,
    path: String,
    content_type: Option<String>,
    body: Body,
    timeout: Duration,
    way: Way,
    expected: Expected<'a>,
}

/// What an answer has to hold, so that its connection is used again.
#[derive(Clone, Copy)]
enum Expected<'a> {
    /// To something that is sent: a 200 with this id. Any other answer has to be proven.
    Taken(&'a str),
    /// To a question: a 200 with this id, or a 404.
    Told(Option<&'a str>),
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
        let connections = Connections::new(base_url, timeout, in_flight * 2)?;
        let (_, rest) = base_url.split_once("://").unwrap_or(("", base_url));
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, String::new()),
        };
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
        let api = format!("{path}/apex-crypto/api/v2");
        Ok(Client {
            connections,
            host: HeaderValue::from_str(authority).map_err(|_| {
                Failure::configuration(
                    format!("\"{base_url}\" is not a URL"),
                    "check [target] base_url, or --base-url",
                )
            })?,
            timeout,
            accounts: format!("{api}/accounts"),
            documents: format!("{api}/documents"),
            dialect: target.dialect,
            login: format!("{api}/login"),
            partners: format!("{path}/partner/v1/partner"),
            credentials,
            header: RwLock::new(header),
            secrets,
        })
    }

    /// What no answer that is kept may repeat of how we prove who we are.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Makes a connection ready for a request that still waits for its turn; to be dropped when that comes.
    pub async fn reserve(&self, way: Way) -> Reserved<'_> {
        self.connections.reserve(way == Way::New).await
    }

    /// Creates or updates the account of this clientAccountId.
    pub async fn create(&self, client_id: &str, payload: Sensitive<Vec<u8>>, way: Way) -> Reply {
        self.exchange(Call {
            content_type: Some("application/json".to_owned()),
            body: Body::of(payload.into_revealed()),
            way,
            expected: Expected::Taken(client_id),
            ..self.call(Method::POST, self.accounts.clone())
        })
        .await
    }

    /// Reads an account.
    pub async fn lookup(&self, client_id: &str, way: Way) -> Reply {
        self.exchange(Call {
            way,
            expected: Expected::Told(Some(client_id)),
            ..self.question(Question::Account(client_id))
        })
        .await
    }

    /// Reads an account's opening status.
    pub async fn status(&self, client_id: &str) -> Reply {
        let path = format!("{}/{}/status", self.accounts, encode(client_id));
        self.exchange(self.call(Method::GET, path)).await
    }

    /// Reads the metadata of all documents of an account.
    pub async fn account_documents(&self, client_id: &str) -> Reply {
        let id = encode(client_id);
        let path = format!("{}/{id}/accountDocumentMetadata", self.documents);
        self.exchange(self.call(Method::GET, path)).await
    }

    /// Reads a document's content: what a 200 brings goes to `take`, piece by piece, and not into the reply.
    pub async fn download(
        &self,
        uuid: &str,
        timeout: Duration,
        take: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Reply {
        let path = format!("{}/{}", self.documents, encode(uuid));
        let call = Call {
            timeout,
            ..self.call(Method::GET, path)
        };
        self.exchange_with(call, Some(take)).await
    }

    /// Uploads a document; `true`: its file was not the planned one, so its last piece never left.
    pub async fn upload(
        &self,
        uuid: &str,
        upload: Upload,
        timeout: Duration,
        way: Way,
    ) -> (Reply, bool) {
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
        let metadata = Metadata {
            name: metadata_part,
            json: upload.metadata.reveal(),
            says_json: self.dialect == Dialect::Guide,
        };
        let file = FilePart {
            name: file_part,
            file_name: &upload.file_name,
            content_type: upload.content_type,
            pieces,
            size: upload.size,
        };
        let (body, content_type) = Body::form(&metadata, file);
        let reply = self
            .exchange(Call {
                content_type: Some(content_type),
                body,
                timeout,
                way,
                expected: Expected::Taken(uuid),
                ..self.call(Method::POST, self.documents.clone())
            })
            .await;
        (reply, changed.load(Ordering::Acquire))
    }

    /// Reads a document's metadata.
    pub async fn metadata(&self, uuid: &str, way: Way) -> Reply {
        self.exchange(Call {
            way,
            expected: Expected::Told(Some(uuid)),
            ..self.question(Question::Document(uuid))
        })
        .await
    }

    /// Triggers KYB screening; on a connection of its own, for its answer names nobody.
    pub async fn trigger_kyb(&self, client_id: &str) -> Reply {
        let path = format!(
            "{}/triggerKYBScreening/{}",
            self.accounts,
            encode(client_id)
        );
        self.exchange(Call {
            way: Way::New,
            ..self.call(Method::POST, path)
        })
        .await
    }

    /// Asks for the link by which a customer verifies a document; on a connection of its own, for the answer does not say
    /// whose it is.
    pub async fn verification_link(&self, partner_id: &str, client_id: &str) -> Reply {
        let path = format!(
            "{}/{}/party/{}/kyc/documentVerificationDetails",
            self.partners,
            encode(partner_id),
            encode(client_id)
        );
        self.exchange(Call {
            way: Way::New,
            ..self.call(Method::GET, path)
        })
        .await
    }

    /// Shows whose an unproven answer is, by a last question on its connection: answers come in the order of their
    /// requests, so a surplus one would push another one behind the answer to this question. Gives the answer,
    /// and the answer to the question; or the first is [`Reply::Lost`].
    pub async fn confirm(&self, unproven: Unproven, question: Question<'_>) -> (Reply, Reply) {
        let lost = || Reply::Lost("an answer that may belong to another request");
        let not_asked = Reply::NotSent("the connection ended");
        let Unproven { answer, mut line } = unproven;
        if !line.is_open().await {
            return (lost(), not_asked);
        }
        let mut call = self.question(question);
        let header = match self.header().await {
            Ok(header) => header,
            Err(reply) => return (lost(), reply),
        };
        let mut request = match self.request(&mut call, &header) {
            Ok(request) => request,
            Err(reply) => return (lost(), reply),
        };
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let asking = async {
            match line.send(request).await {
                Ok(response) => read(response, None).await,
                Err(_) => Reply::Lost("connection reset"),
            }
        };
        let told = tokio::time::timeout(self.timeout, asking).await;
        let told = told.unwrap_or(Reply::Lost("timeout"));
        let is_whole = matches!(told, Reply::Answer { .. });
        if is_whole && line.ends_in_order().await {
            (self.settled(answer), told)
        } else {
            (lost(), told)
        }
    }

    /// Shows whose an unproven answer is by listening for a moment: after a surplus one the real one would still come. For
    /// a server that wants fewer requests, not one more.
    pub async fn listen(&self, unproven: Unproven, time: Duration) -> Reply {
        match unproven.line.stays_silent(time).await {
            true => self.settled(unproven.answer),
            false => Reply::Lost("an answer that may belong to another request"),
        }
    }

    fn call(&self, method: Method, path: String) -> Call<'static> {
        Call {
            method,
            path,
            content_type: None,
            body: Body::of(Vec::new()),
            timeout: self.timeout,
            way: Way::Kept,
            expected: Expected::Told(None),
        }
    }

    fn question(&self, question: Question<'_>) -> Call<'static> {
        let path = match question {
            Question::Account(id) => format!("{}/{}", self.accounts, encode(id)),
            Question::Document(id) => format!("{}/{}/metadata", self.documents, encode(id)),
        };
        self.call(Method::GET, path)
    }

    fn request(&self, call: &mut Call<'_>, header: &HeaderValue) -> Result<Request<Body>, Reply> {
        let mut builder = Request::builder()
            .method(call.method.clone())
            .uri(&call.path)
            .header(HOST, self.host.clone())
            .header(ACCEPT, "*/*")
            .header(
                USER_AGENT,
                concat!("bakkt-migrate/", env!("CARGO_PKG_VERSION")),
            )
            .header(AUTHORIZATION, header.clone());
        if let Some(content_type) = &call.content_type {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        let body = std::mem::replace(&mut call.body, Body::of(Vec::new()));
        if call.method == Method::POST && hyper::body::Body::is_end_stream(&body) {
            // An explicit length: some servers refuse a POST without one.
            builder = builder.header(CONTENT_LENGTH, "0");
        }
        let request = builder.body(body);
        request.map_err(|_| Reply::NotSent("the request could not be built"))
    }

    async fn exchange(&self, call: Call<'_>) -> Reply {
        self.exchange_with(call, None).await
    }

    async fn exchange_with(&self, mut call: Call<'_>, take: Option<Take<'_>>) -> Reply {
        let header = match self.header().await {
            Ok(header) => header,
            Err(reply) => return reply,
        };
        let request = match self.request(&mut call, &header) {
            Ok(request) => request,
            Err(reply) => return reply,
        };
        let reply = self.carry(request, &call, take).await;
        if matches!(reply.status(), Some((401, _)))
            && matches!(self.credentials, Credentials::Logon { .. })
        {
            let mut current = self.header.write().await;
            if current.as_ref() == Some(&header) {
                *current = None;
            }
        }
        self.settled(reply)
    }

    /// A token that ran out is no refusal: the request was not taken, and the caller's retry logs in again.
    fn settled(&self, reply: Reply) -> Reply {
        let is_logon = matches!(self.credentials, Credentials::Logon { .. });
        match reply {
            Reply::Answer { status: 401, .. } if is_logon => Reply::NotSent("the token ran out"),
            reply => reply,
        }
    }

    /// Sends a request on the connection that it is for, and judges whether its answer is its own.
    async fn carry(
        &self,
        request: Request<Body>,
        call: &Call<'_>,
        take: Option<Take<'_>>,
    ) -> Reply {
        let kept = match call.way {
            Way::Kept => self.connections.kept().await,
            Way::New => None,
        };
        let mut line = match kept {
            Some(line) => line,
            None => match self.connections.unused().await {
                Ok(line) => line,
                Err(why) => return not_sent(why),
            },
        };
        let asking = async {
            let response = match line.send(request).await {
                Ok(response) => response,
                Err(NoAnswer::Lost) => return Reply::Lost("connection reset"),
                // The server had closed the kept one; nothing has left.
                Err(NoAnswer::NotSent(request)) => {
                    line = match self.connections.connect().await {
                        Ok(line) => line,
                        Err(why) => return not_sent(why),
                    };
                    match line.send(*request).await {
                        Ok(response) => response,
                        Err(NoAnswer::NotSent(_)) => return Reply::NotSent("no connection"),
                        Err(NoAnswer::Lost) => return Reply::Lost("connection reset"),
                    }
                }
            };
            read(response, take).await
        };
        let reply = tokio::time::timeout(call.timeout, asking).await;
        let reply = reply.unwrap_or(Reply::Lost("timeout"));
        let Reply::Answer { status, body, .. } = &reply else {
            return reply;
        };
        let names = |id: &str| memchr::memmem::find(body.reveal(), id.as_bytes()).is_some();
        let says_not_taken = !matches!(status, 200 | 408 | 500..=502 | 504..);
        match call.expected {
            Expected::Taken(_) if says_not_taken && !line.is_first() => {
                return Reply::Unproven(Box::new(Unproven {
                    answer: reply,
                    line,
                }));
            }
            Expected::Taken(id) if *status == 200 && names(id) => self.connections.keep(line),
            Expected::Told(id) if *status == 200 && id.is_none_or(names) => {
                self.connections.keep(line);
            }
            Expected::Told(_) if *status == 404 => self.connections.keep(line),
            // Anything else may have come out of turn: the connection ends here.
            _ => {}
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
        let mut call = Call {
            content_type: Some("application/json".to_owned()),
            body: Body::of(body.into_bytes()),
            ..self.call(Method::POST, self.login.clone())
        };
        let mut request = self.request(&mut call, &HeaderValue::from_static(""))?;
        request.headers_mut().remove(AUTHORIZATION);
        match self.carry(request, &call, None).await {
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
            Reply::Answer {
                status: status @ (401 | 403),
                ..
            } => Err(Reply::NoLogIn(status)),
            // It asks to wait: so does the request that needs it.
            reply @ Reply::Answer { status: 429, .. }
            | reply @ Reply::Answer {
                status: 503,
                retry_after: Some(_),
                ..
            } => Err(reply),
            Reply::Answer { .. } => Err(Reply::NotSent("the log-in failed")),
            reply @ Reply::NotTrusted(_) => Err(reply),
            // Nothing of the customer has left.
            _ => Err(Reply::NotSent("no log-in: the connection failed")),
        }
    }
}

fn not_sent(why: NoConnection) -> Reply {
    match why {
        NoConnection::Failed(why) => Reply::NotSent(why),
        NoConnection::Certificate(why) => Reply::NotTrusted(why),
    }
}

/// Where the content of a 200 goes.
type Take<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

async fn read(response: hyper::Response<Incoming>, mut take: Option<Take<'_>>) -> Reply {
    let (head, mut incoming) = response.into_parts();
    let status = head.status.as_u16();
    let retry_after = retry_after(&head.headers, SystemTime::now());
    let answer = |body: Vec<u8>| Reply::Answer {
        status,
        retry_after,
        body: Sensitive::new(body),
    };
    let mut body = Vec::new();
    loop {
        match (next(&mut incoming).await, &mut take) {
            (Ok(Some(piece)), Some(take)) if status == 200 => take(&piece),
            (Ok(Some(piece)), _) if body.len() + piece.len() <= LONGEST_ANSWER => {
                body.extend_from_slice(&piece)
            }
            (Ok(Some(_)), _) => return Reply::Lost("answer too long"),
            (Ok(None), _) => return answer(body),
            // A status whose body was cut still says that nothing was taken, where it says so at all.
            (Err(_), _) if matches!(status, 429 | 401) => return answer(Vec::new()),
            (Err(_), _) => return Reply::Lost("answer cut off"),
        }
    }
}

/// The next piece of a body; `None` at its end.
async fn next(incoming: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut *incoming).poll_frame(cx)).await {
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
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
