//! The HTTP client.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::RwLock;

use super::address::{below, encode, secret_header};
use super::answers::AnswerCounts;
use super::connection::{ConnectionPool, ReservedConnection, SingleConnection};
use super::credentials::{Credentials, Login};
use super::custody::CustodyCall;
use super::mask::Secrets;
use super::pieces::{BegunUpload, ContentTrouble};
use super::receive::{ContentSink, read};
use super::route::ServerRoute;
use super::trouble::failed;
use bakkt_model::error::Failure;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::target::{Dialect, Target};

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
    /// answer to one of those. It counts for nothing until [`Client::confirm`] has shown whose it is.
    Unproven(Box<UnprovenReply>),
}

impl Reply {
    /// The status of an answer, proven or not, with the wish for a pause.
    pub(crate) fn status(&self) -> Option<(u16, Option<Duration>)> {
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
pub struct UnprovenReply {
    answer: Reply,
    line: SingleConnection,
}

/// Which connection a request goes out on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionChoice {
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
    lines: ConnectionPool,
    timeout: Duration,
    accounts: Url,
    documents: Url,
    log_in_at: Url,
    partners: Url,
    users: Url,
    dialect: Dialect,
    login: Login,
    header: RwLock<Option<HeaderValue>>,
    secrets: Secrets,
    answers: Arc<AnswerCounts>,
}

/// One request that is to be made.
struct RequestSpec<'a> {
    method: Method,
    url: Url,
    content: RequestContent,
    timeout: Duration,
    way: ConnectionChoice,
    expected: Expected<'a>,
    /// Beside that of authentication.
    headers: Vec<(&'static str, HeaderValue)>,
}

/// What a request brings along.
enum RequestContent {
    Nothing,
    Json(Bytes),
    Form(Form),
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
        let Credentials { login, proxy } = credentials;
        let secrets = Secrets::default();
        if let Some(proxy) = &proxy {
            secrets.add(proxy.expose_secret());
        }
        let route = ServerRoute::new(&target.way_out, proxy)?;
        let lines = ConnectionPool::new(base_url, route, timeout, in_flight * 2)?;
        let header = match &login {
            Login::Key(key) => Some(secret_header(&format!("API-Key {}", key.expose_secret()))?),
            Login::Logon { .. } => None,
        };
        match &login {
            Login::Key(key) => secrets.add(key.expose_secret()),
            Login::Logon { id, password } => {
                secrets.add(id);
                secrets.add(password.expose_secret());
            }
        }
        let url = |path: &str| {
            let url = Url::parse(&format!("{base_url}{path}"));
            url.map_err(|error| {
                Failure::configuration(format!("{base_url} is not an address: {error}"), "")
            })
        };
        Ok(Client {
            lines,
            timeout,
            accounts: url("/apex-crypto/api/v2/accounts")?,
            documents: url("/apex-crypto/api/v2/documents")?,
            dialect: target.dialect,
            log_in_at: url("/apex-crypto/api/v2/login")?,
            partners: url("/partner/v1/partner")?,
            users: url("/user")?,
            login,
            header: RwLock::new(header),
            secrets,
            answers: Arc::default(),
        })
    }

    /// How often the server answered with what.
    pub fn answers(&self) -> Arc<AnswerCounts> {
        self.answers.clone()
    }

    /// A client of fiat custody: the key goes as it is, behind a prefix if there is one.
    pub fn for_custody(
        target: &Target,
        (prefix, key): (&str, SecretString),
        proxy: Option<SecretString>,
        timeout: Duration,
        in_flight: usize,
    ) -> anyhow::Result<Client> {
        let header = secret_header(&format!("{prefix}{}", key.expose_secret()))?;
        let credentials = Credentials {
            login: Login::Key(key),
            proxy,
        };
        let mut client = Client::new(target, credentials, timeout, in_flight)?;
        client.header = RwLock::new(Some(header));
        Ok(client)
    }

    /// Makes a custody call, on a connection of its own: its answer does not always say whose it is.
    pub(crate) async fn custody(&self, call: CustodyCall<'_>) -> Reply {
        let url = match call.path {
            "" => self.users.clone(),
            path => below(&self.users, path),
        };
        let Some(headers) = call.headers() else {
            return Reply::NotSent("a session that no header can carry");
        };
        let (method, content) = match call.body {
            Some(body) => (Method::POST, RequestContent::Json(body.into_revealed())),
            None => (Method::GET, RequestContent::Nothing),
        };
        let spec = RequestSpec {
            content,
            way: ConnectionChoice::New,
            headers,
            ..self.call(method, url)
        };
        self.exchange(spec).await
    }

    /// What no answer that is kept may repeat of how we prove who we are.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Makes a connection ready for a request that still waits for its turn; to be dropped when that comes.
    pub(crate) async fn reserve(&self, way: ConnectionChoice) -> ReservedConnection<'_> {
        self.lines.reserve(way == ConnectionChoice::New).await
    }

    /// Creates or updates the account of this clientAccountId.
    pub(crate) async fn create(
        &self,
        client_id: &str,
        payload: Sensitive<Bytes>,
        way: ConnectionChoice,
    ) -> Reply {
        self.exchange(RequestSpec {
            content: RequestContent::Json(payload.into_revealed()),
            way,
            expected: Expected::Taken(client_id),
            ..self.call(Method::POST, self.accounts.clone())
        })
        .await
    }

    pub(crate) async fn lookup(&self, client_id: &str, way: ConnectionChoice) -> Reply {
        self.exchange(RequestSpec {
            way,
            expected: Expected::Told(Some(client_id)),
            ..self.question(Question::Account(client_id))
        })
        .await
    }

    /// Reads an account's opening status.
    pub(crate) async fn status(&self, client_id: &str) -> Reply {
        let url = below(&self.accounts, &format!("{}/status", encode(client_id)));
        self.exchange(self.call(Method::GET, url)).await
    }

    /// Reads the metadata of all documents of an account.
    pub(crate) async fn account_documents(&self, client_id: &str) -> Reply {
        let url = below(
            &self.documents,
            &format!("{}/accountDocumentMetadata", encode(client_id)),
        );
        self.exchange(self.call(Method::GET, url)).await
    }

    /// Reads a document's content: what a 200 brings goes to `take`, piece by piece, and not into the reply.
    pub(crate) async fn download(
        &self,
        uuid: &str,
        timeout: Duration,
        take: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Reply {
        let url = below(&self.documents, &encode(uuid));
        let call = RequestSpec {
            timeout,
            ..self.call(Method::GET, url)
        };
        self.exchange_with(call, Some(take)).await
    }

    /// Uploads a document; with trouble, its last piece never left.
    pub(crate) async fn upload(
        &self,
        uuid: &str,
        upload: BegunUpload,
        timeout: Duration,
        way: ConnectionChoice,
    ) -> (Reply, Option<ContentTrouble>) {
        let (file_part, metadata_part) = match self.dialect {
            Dialect::Guide => ("file", "request"),
            Dialect::Reference => ("document", "metadata"),
        };
        let body = reqwest::Body::wrap_stream(upload.pieces);
        let file = Part::stream_with_length(body, upload.size)
            .file_name(upload.file_name)
            .mime_str(upload.content_type);
        let mut metadata = Ok(Part::bytes(upload.metadata.into_revealed()));
        if self.dialect == Dialect::Guide {
            metadata = metadata.and_then(|part| part.mime_str("application/json"));
        }
        let (Ok(metadata), Ok(file)) = (metadata, file) else {
            return (Reply::NotSent("the request could not be built"), None);
        };
        let form = Form::new()
            .part(metadata_part, metadata)
            .part(file_part, file);
        let reply = self
            .exchange(RequestSpec {
                content: RequestContent::Form(form),
                timeout,
                way,
                expected: Expected::Taken(uuid),
                ..self.call(Method::POST, self.documents.clone())
            })
            .await;
        (reply, upload.end.get().copied())
    }

    /// Reads a document's metadata.
    pub(crate) async fn metadata(&self, uuid: &str, way: ConnectionChoice) -> Reply {
        self.exchange(RequestSpec {
            way,
            expected: Expected::Told(Some(uuid)),
            ..self.question(Question::Document(uuid))
        })
        .await
    }

    /// Triggers KYB screening; on a connection of its own, for its answer names nobody.
    pub(crate) async fn trigger_kyb(&self, client_id: &str) -> Reply {
        let url = below(
            &self.accounts,
            &format!("triggerKYBScreening/{}", encode(client_id)),
        );
        self.exchange(RequestSpec {
            way: ConnectionChoice::New,
            ..self.call(Method::POST, url)
        })
        .await
    }

    /// Asks for the link by which a customer verifies a document; on a connection of its own, for the answer does not say
    /// whose it is.
    pub(crate) async fn verification_link(&self, partner_id: &str, client_id: &str) -> Reply {
        let (partner, id) = (encode(partner_id), encode(client_id));
        let path = format!("{partner}/party/{id}/kyc/documentVerificationDetails");
        let url = below(&self.partners, &path);
        self.exchange(RequestSpec {
            way: ConnectionChoice::New,
            ..self.call(Method::GET, url)
        })
        .await
    }

    /// Shows whose an unproven answer is, by a last question on its connection: answers come in the order of their
    /// requests, so a surplus one would push another one in front of the answer to this question. Gives the answer
    /// and the answer to the question, which the caller still has to find fit; or the first is [`Reply::Lost`].
    pub(crate) async fn confirm(
        &self,
        unproven: UnprovenReply,
        question: Question<'_>,
    ) -> (Reply, Reply) {
        let lost = Reply::Lost("an answer that may belong to another request");
        let UnprovenReply { answer, mut line } = unproven;
        let header = match self.header().await {
            Ok(header) => header,
            Err(reply) => return (lost, reply),
        };
        let request = request(&line, self.question(question), Some(&header));
        // The last one on this connection, whatever it brings.
        let request = request.header(CONNECTION, "close");
        let asking = async {
            match line.send_on_the_same(request).await {
                Some(response) => read(response, None).await,
                None => Reply::Lost("the connection ended"),
            }
        };
        let told = tokio::time::timeout(self.timeout, asking).await;
        let told = told.unwrap_or(Reply::Lost("timeout"));
        match told {
            Reply::Answer { .. } => (self.settled(answer), told),
            told => (lost, told),
        }
    }

    fn call(&self, method: Method, url: Url) -> RequestSpec<'static> {
        RequestSpec {
            method,
            url,
            content: RequestContent::Nothing,
            timeout: self.timeout,
            way: ConnectionChoice::Kept,
            expected: Expected::Told(None),
            headers: Vec::new(),
        }
    }

    fn question(&self, question: Question<'_>) -> RequestSpec<'static> {
        let url = match question {
            Question::Account(id) => below(&self.accounts, &encode(id)),
            Question::Document(id) => below(&self.documents, &format!("{}/metadata", encode(id))),
        };
        self.call(Method::GET, url)
    }

    async fn exchange(&self, call: RequestSpec<'_>) -> Reply {
        self.exchange_with(call, None).await
    }

    async fn exchange_with(&self, call: RequestSpec<'_>, take: Option<ContentSink<'_>>) -> Reply {
        let header = match self.header().await {
            Ok(header) => header,
            Err(reply) => return reply,
        };
        let reply = self.carry(call, Some(&header), take).await;
        if matches!(reply.status(), Some((401, _))) && matches!(self.login, Login::Logon { .. }) {
            let mut current = self.header.write().await;
            if current.as_ref() == Some(&header) {
                *current = None;
            }
        }
        self.settled(reply)
    }

    /// A token that ran out is no refusal: the request was not taken, and the caller's retry logs in again.
    fn settled(&self, reply: Reply) -> Reply {
        let is_logon = matches!(self.login, Login::Logon { .. });
        match reply {
            Reply::Answer { status: 401, .. } if is_logon => Reply::NotSent("the token ran out"),
            reply => reply,
        }
    }

    /// Sends a request, and counts what came back.
    async fn carry(
        &self,
        call: RequestSpec<'_>,
        header: Option<&HeaderValue>,
        take: Option<ContentSink<'_>>,
    ) -> Reply {
        let reply = self.carried(call, header, take).await;
        self.answers.count(&reply);
        reply
    }

    /// Sends a request on the line that it is for, and judges whether its answer is its own.
    async fn carried(
        &self,
        call: RequestSpec<'_>,
        header: Option<&HeaderValue>,
        take: Option<ContentSink<'_>>,
    ) -> Reply {
        let kept = match call.way {
            ConnectionChoice::Kept => self.lines.kept(),
            ConnectionChoice::New => None,
        };
        let mut line = match kept.map_or_else(|| self.lines.unused(), Ok) {
            Ok(line) => line,
            Err(why) => return why.into(),
        };
        let (expected, timeout) = (call.expected, call.timeout);
        let request = request(&line, call, header);
        let asking = async {
            match line.send(request).await {
                Ok(response) => {
                    self.answers
                        .note_clock(response.headers(), SystemTime::now());
                    read(response, take).await
                }
                Err(error) => failed(&error),
            }
        };
        let reply = tokio::time::timeout(timeout, asking).await;
        let reply = reply.unwrap_or(Reply::Lost("timeout"));
        let Reply::Answer { status, body, .. } = &reply else {
            return reply;
        };
        let names = |id: &str| memchr::memmem::find(body.reveal(), id.as_bytes()).is_some();
        let says_not_taken = !matches!(status, 200 | 408 | 500..=502 | 504..);
        match expected {
            Expected::Taken(_) if says_not_taken && !line.is_first() => {
                return Reply::Unproven(Box::new(UnprovenReply {
                    answer: reply,
                    line,
                }));
            }
            Expected::Taken(id) if *status == 200 && names(id) => self.lines.keep(line),
            Expected::Told(id) if *status == 200 && id.is_none_or(names) => {
                self.lines.keep(line);
            }
            Expected::Told(_) if *status == 404 => self.lines.keep(line),
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
        let Login::Logon { id, password } = &self.login else {
            return Err(Reply::NotSent("no credentials"));
        };
        let body =
            serde_json::json!({"logonId": id, "password": password.expose_secret()}).to_string();
        let call = RequestSpec {
            content: RequestContent::Json(body.into()),
            ..self.call(Method::POST, self.log_in_at.clone())
        };
        match self.carry(call, None, None).await {
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

fn request(
    line: &SingleConnection,
    call: RequestSpec<'_>,
    header: Option<&HeaderValue>,
) -> RequestBuilder {
    let mut request = line.http().request(call.method.clone(), call.url);
    if let Some(header) = header {
        request = request.header(AUTHORIZATION, header.clone());
    }
    for (name, value) in call.headers {
        request = request.header(name, value);
    }
    match call.content {
        RequestContent::Json(body) => request.header(CONTENT_TYPE, "application/json").body(body),
        RequestContent::Form(form) => request.multipart(form),
        // An explicit length: some servers refuse a POST without one.
        RequestContent::Nothing if call.method == Method::POST => {
            request.header(CONTENT_LENGTH, "0")
        }
        RequestContent::Nothing => request,
    }
}
