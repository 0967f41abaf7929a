//! The connections to object storages: the same HTTP client and the same TLS as to Bakkt.
//!
//! Owner of [`Connector`], by which the library of object storages sends its requests through reqwest as this program sets it up. So
//! there is one HTTP client and one TLS in the program, of the certificates that the computer trusts, and proxies of the environment
//! are ignored unless the variables of the storage name one (AWS_PROXY_URL and its like). Plain HTTP is spoken where
//! AWS_ALLOW_HTTP or its like allows it. Left out on purpose: retries, which the library bounds.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::{ClientConfigKey, ClientOptions};
use reqwest::Proxy;

use crate::api::{computer_tls, strict_client};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a storage may say nothing in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(30);
/// A connection that rested for longer is closed.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Makes clients for the library of object storages.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let cannot = |source: Box<dyn StdError + Send + Sync>| object_store::Error::Generic {
            store: "HTTP",
            source,
        };
        let set = |key| options.get_config_value(&key);
        let is_plain = set(ClientConfigKey::AllowHttp).as_deref() == Some("true");
        let mut client = strict_client()
            .tls_backend_preconfigured(computer_tls().map_err(|error| cannot(error.into()))?)
            .https_only(!is_plain)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(LONGEST_REST);
        if let Some(proxy) = set(ClientConfigKey::ProxyUrl) {
            client = client.proxy(Proxy::all(proxy).map_err(|error| cannot(error.into()))?);
        }
        let client = client.build().map_err(|error| cannot(error.into()))?;
        Ok(HttpClient::new(Client(client)))
    }
}

#[derive(Debug)]
struct Client(reqwest::Client);

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = reqwest::Url::parse(&parts.uri.to_string());
        let url = url.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = parts.headers;
        // Nothing is stored, so every body is a short one: a question for credentials.
        *request.body_mut() = body.as_bytes().cloned().map(reqwest::Body::from);
        let response = self.0.execute(request).await.map_err(told)?;
        let response: http::Response<reqwest::Body> = response.into();
        Ok(response.map(|body| HttpResponseBody::new(AnswerBody(body))))
    }
}

/// The body of an answer, with the library's errors.
struct AnswerBody(reqwest::Body);

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let polled = Pin::new(&mut self.0).poll_frame(cx);
        polled.map(|frame| frame.map(|frame| frame.map_err(told)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// An error of the client, as the library tells those that are tried again from others.
fn told(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_decode() || error.is_builder() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Interrupted
    };
    // The address holds the key.
    HttpError::new(kind, error.without_url())
}
